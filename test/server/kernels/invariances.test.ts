/** What must not matter to a kernel: units, turns and moves of the space, and the order of the rows. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { hdbscan } from '#kernels/hdbscan/hdbscan.ts';
import { spanningTree } from '#kernels/hdbscan/spanningTree.ts';
import { clustersOf, initializeKmeans, runKmeans } from '#kernels/kmeans/kmeans.ts';
import { nearestNeighbors } from '#kernels/knn.ts';
import { type MapMethod, makeMap } from '#kernels/map.ts';
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { orthonormalize } from '#kernels/orthonormalize.ts';
import { initializePca, resultOfPca, runPca } from '#kernels/pca.ts';
import { alignPoints, movePoints } from '#kernels/procrustes.ts';
import { createRandom, permutation } from '#kernels/random.ts';
import { initializeRandomizedPca, resultOfRandomizedPca, runRandomizedPca } from '#kernels/randomizedPca.ts';

import { cpuThreads } from '../../../server/cpuThreads.ts';
import fc from '../../helpers/laws.ts';

const backend = await CpuBackend.create(cpuThreads(2));
after(() => backend.close());

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

function cloud(rows: number, columns: number, seed: number): Matrix {
  const random = createRandom(seed);
  return createMatrix(rows, columns, Float32Array.from({ length: rows * columns }, random.normal));
}

/** Groups of points, one after the other by turns, far apart. */
function groups(rows: number, columns: number, count: number, seed: number): Matrix {
  const matrix = cloud(rows, columns, seed);
  for (let i = 0; i < rows; i++) {
    const row = rowOf(matrix, i);
    const axis = (i % count) % columns;
    row[axis] = (row[axis] ?? 0) + 25 * (1 + Math.floor((i % count) / columns));
  }
  return matrix;
}

/** Turned by an orthogonal matrix drawn by chance, mirrored as often as not, and moved. */
function turned({ rows, columns, data }: Matrix, seed: number): Matrix {
  const random = createRandom(seed);
  const basis = orthonormalize(Float64Array.from({ length: columns ** 2 }, random.normal), columns, columns);
  const moved = createMatrix(rows, columns);
  const away = Array.from({ length: columns }, () => 10 * random.normal());
  for (let i = 0; i < rows; i++) {
    for (let a = 0; a < columns; a++) {
      let sum = away[a] ?? 0;
      for (let b = 0; b < columns; b++) sum += (basis[a * columns + b] ?? 0) * (data[i * columns + b] ?? 0);
      moved.data[i * columns + a] = sum;
    }
  }
  return moved;
}

/** As labels, the same parts: each label of one is one label of the other. */
function assertSameParts(one: ArrayLike<number>, other: ArrayLike<number>): void {
  const pairs = new Set(Array.from(one, (label, i) => `${label} ${other[i]}`));
  assert.equal(pairs.size, new Set(Array.from(one)).size);
  assert.equal(pairs.size, new Set(Array.from(other)).size);
}

for (const method of ['PCA', 'UMAP', 'TSNE', 'PACMAP', 'LOCALMAP'] satisfies MapMethod[]) {
  test(`a map by ${method} does not know the unit of the numbers: of twice, or a thousandth as long rows it is the same bits`, async () => {
    const matrix = groups(120, 7, 4, 3);
    const options = {
      ...{ method, components: 2, metric: 'EUCLIDEAN' as const, seed: 5 },
      ...{ umap: { epochs: 40 }, tsne: { iterations: 60, earlyIterations: 30 } },
    };
    const map = async (scale: number) => {
      const scaled = createMatrix(
        matrix.rows,
        matrix.columns,
        matrix.data.map((value) => value * scale),
      );
      return (await makeMap(scaled, options, { backend: async () => backend })).coordinates.data;
    };
    const plain = await map(1);
    for (const scale of [2, 2 ** -10]) {
      assert.deepEqual(await map(scale), method === 'PCA' ? plain.map((value) => value * scale) : plain);
    }
  });
}

test('clusters by HDBSCAN are the same of points that are turned, mirrored, moved and scaled, in either way to the tree', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, fc.constantFrom(2, 3, 14), fc.constantFrom(1, 0.01, 300), async (seed, columns, scale) => {
      const matrix = groups(90, columns, 3, seed);
      const other = turned(matrix, seed + 1);
      for (let at = 0; at < other.data.length; at++) other.data[at] = (other.data[at] ?? 0) * scale;
      const options = { minClusterSize: 8 };
      const [one, same] = [await hdbscan(backend, matrix, options), await hdbscan(backend, other, options)];
      assertSameParts(one.clusters.labels, same.clusters.labels);
      one.clusters.probabilities.forEach((probability, i) => {
        assert.ok(Math.abs(probability - (same.clusters.probabilities[i] ?? 0)) < 1e-2);
      });
    }),
    { numRuns: 20 },
  );
});

test('with more samples no edge of the spanning tree, one by one in their order, becomes shorter', () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(1, 2, 3), (seed, columns) => {
      const matrix = cloud(150, columns, seed);
      const lengths = [1, 2, 5, 12].map((minSamples) => spanningTree(matrix, minSamples).weights.toSorted());
      for (let more = 1; more < lengths.length; more++) {
        lengths[more]?.forEach((length, i) => {
          assert.ok(length >= (lengths[more - 1]?.[i] ?? 0));
        });
      }
    }),
    { numRuns: 30 },
  );
});

test('clusters by k-means are the same of points that are turned and moved, where these lie apart', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const matrix = groups(120, 5, 4, seed);
      const parts = async (rows: Matrix) => {
        const state = await initializeKmeans(backend, rows, { clusters: 4, seed });
        await runKmeans(backend, state);
        return (await clustersOf(backend, state)).assignments;
      };
      const given = await parts(matrix);
      assertSameParts(given, await parts(turned(matrix, seed + 1)));
      assertSameParts(
        given,
        Array.from({ length: 120 }, (_, i) => i % 4),
      );
    }),
    { numRuns: 15 },
  );
});

test('neighbours are the same of points that are turned and moved, and of rows in another order they are in that order', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, fc.integer({ min: 2, max: 30 }), async (seed, columns) => {
      const matrix = cloud(80, columns, seed);
      const k = 9;
      const { ids, distances } = await nearestNeighbors(backend, matrix, k, 'EUCLIDEAN');
      const other = await nearestNeighbors(backend, turned(matrix, seed + 1), k, 'EUCLIDEAN');
      other.distances.forEach((far, at) => {
        assert.ok(Math.abs(far - (distances[at] ?? 0)) < 1e-4 * (1 + far));
      });
      const order = permutation(80, createRandom(seed));
      const shuffled = createMatrix(80, columns);
      order.forEach((row, place) => {
        rowOf(shuffled, place).set(rowOf(matrix, row));
      });
      const found = await nearestNeighbors(backend, shuffled, k, 'EUCLIDEAN');
      order.forEach((row, place) => {
        const here = Array.from(found.ids.subarray(place * k, (place + 1) * k), (id) => order[id]);
        assert.deepEqual(here, [...ids.subarray(row * k, (row + 1) * k)]);
      });
    }),
    { numRuns: 30 },
  );
});

test('approximate neighbours are at their true distances, none nearer than the true one of its rank', async () => {
  const matrix = cloud(1500, 24, 7);
  const k = 8;
  const found = await nearestNeighbors(backend, matrix, k, 'EUCLIDEAN', { exactWork: 0 });
  const exact = await nearestNeighbors(backend, matrix, k, 'EUCLIDEAN');
  let hits = 0;
  found.distances.forEach((far, at) => {
    const row = Math.floor(at / k);
    const id = found.ids[at] ?? 0;
    const own = Math.hypot(...rowOf(matrix, row).map((value, c) => value - (rowOf(matrix, id)[c] ?? 0)));
    assert.ok(Math.abs(own - far) < 1e-5 * far && far >= (exact.distances[at] ?? 0) * (1 - 1e-6));
    if (exact.ids.subarray(row * k, (row + 1) * k).includes(id)) hits++;
  });
  assert.ok(found.recall < 1 && Math.abs(hits / found.ids.length - found.recall) < 0.05, `${found.recall}`);
});

test('the variances of randomized principal components are never above the exact ones, and near them', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, fc.integer({ min: 20, max: 60 }), async (seed, columns) => {
      const matrix = cloud(150, columns, seed);
      const components = 5;
      const exactState = initializePca(matrix, { components });
      runPca(exactState);
      const exact = resultOfPca(exactState).pca.explainedVariance;
      const state = initializeRandomizedPca(matrix, { components, seed, passes: 3 });
      await runRandomizedPca(backend, state);
      const given = resultOfRandomizedPca(state).pca.explainedVariance;
      given.forEach((variance, i) => {
        const most = exact[i] ?? 0; // Cauchy's interlacing: a part of the space holds no more
        assert.ok(variance <= most * (1 + 1e-5) && variance > 0.9 * most, `${variance} of ${most}`);
      });
    }),
    { numRuns: 10 },
  );
});

test('where points come to lie by alignment does not depend on how they were turned before, and once is enough', () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(2, 3), (seed, columns) => {
      const [points, target] = [cloud(25, columns, seed), cloud(25, columns, seed + 1)];
      const aligned = movePoints(points, alignPoints(points, target));
      const other = turned(points, seed + 2);
      const motion = alignPoints(other, target);
      const again = movePoints(other, motion);
      const twice = movePoints(aligned, alignPoints(aligned, target));
      for (let at = 0; at < aligned.data.length; at++) {
        assert.ok(Math.abs((again.data[at] ?? 0) - (aligned.data[at] ?? 0)) < 1e-3);
        assert.ok(Math.abs((twice.data[at] ?? 0) - (aligned.data[at] ?? 0)) < 1e-3);
      }
      for (let a = 0; a < columns; a++) {
        for (let b = 0; b < columns; b++) {
          let sum = 0;
          for (let c = 0; c < columns; c++) {
            sum += (motion.rotation[a * columns + c] ?? 0) * (motion.rotation[b * columns + c] ?? 0);
          }
          assert.ok(Math.abs(sum - (a === b ? 1 : 0)) < 1e-9, 'rows of a rotation are orthonormal');
        }
      }
    }),
    { numRuns: 60 },
  );
});
