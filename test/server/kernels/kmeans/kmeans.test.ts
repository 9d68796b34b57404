import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import {
  clustersOf,
  initializeKmeans,
  type Kmeans,
  type KmeansOptions,
  nearestCentersPlain,
  runKmeans,
} from '#kernels/kmeans/kmeans.ts';
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { cpuThreads } from '../../../../server/cpuThreads.ts';

const alone = await CpuBackend.create(null);
const threaded = await CpuBackend.create(cpuThreads(2));
after(() => {
  alone.close();
  threaded.close();
});

interface Golden {
  readonly clusters: number;
  readonly columns: number;
  readonly rows: readonly number[];
  readonly labels: readonly number[];
  readonly inertia: number;
}
const golden: Golden = JSON.parse(await readFile(new URL('../../../golden/kmeans.json', import.meta.url), 'utf8'));

test('finds the clusters of scikit-learn 1.2.1 (test/golden/kmeans.py), the best of its 50 starts', async () => {
  const matrix = createMatrix(golden.labels.length, golden.columns, Float32Array.from(golden.rows));
  const found = await cluster(alone, matrix, { clusters: golden.clusters, tolerance: 0 });
  assert.equal(found.converged, true);
  assert.ok(Math.abs(found.inertia - golden.inertia) < 1e-4 * golden.inertia, `${found.inertia}`);
  const pairs = new Set(golden.labels.map((label, i) => `${label} ${found.assignments[i]}`));
  assert.equal(pairs.size, golden.clusters);
});

describe('what has come to rest', () => {
  const matrix = spread(900, 21);

  for (const metric of ['EUCLIDEAN', 'COSINE'] as const) {
    test(`by ${metric} has each point at its nearest centre, and each centre at the mean of its points`, async () => {
      const kmeans = await initializeKmeans(alone, matrix, { clusters: 12, metric, tolerance: 0 });
      await runKmeans(alone, kmeans);
      assert.equal(kmeans.converged, true);
      const plain = nearestCentersPlain(kmeans.rows, kmeans.centers);
      assert.deepEqual(kmeans.assignments, plain);
      for (let k = 0; k < 12; k++) {
        const mean = new Float64Array(21);
        kmeans.assignments.forEach((own, i) => {
          if (own !== k) return;
          rowOf(kmeans.rows, i).forEach((value, c) => {
            mean[c] = (mean[c] ?? 0) + value;
          });
        });
        const size = kmeans.assignments.filter((own) => own === k).length;
        const length = metric === 'COSINE' ? Math.hypot(...mean) : size;
        rowOf(kmeans.centers, k).forEach((value, c) => {
          assert.equal(Math.abs(value - (mean[c] ?? 0) / length) < 1e-5, true);
        });
      }
    });
  }
});

test('no iteration makes the sum of squares larger', async () => {
  const kmeans = await initializeKmeans(alone, spread(700, 8), { clusters: 20, tolerance: 0 });
  let before = Number.POSITIVE_INFINITY;
  while (!kmeans.converged && kmeans.iteration < kmeans.iterations) {
    await runKmeans(alone, kmeans, kmeans.iteration + 1);
    const { inertia } = await clustersOf(alone, kmeans);
    assert.ok(inertia <= before * (1 + 1e-6), `${inertia} after ${before}`);
    before = inertia;
  }
  assert.equal(kmeans.iteration > 3, true);
});

test('is the same, bit for bit, with one thread and with two, in one run and interrupted', async () => {
  const options = { clusters: 30, iterations: 12, tolerance: 0 };
  const whole = await initializeKmeans(alone, spread(3000, 33), options);
  await runKmeans(alone, whole);
  const parts: Kmeans = await initializeKmeans(threaded, spread(3000, 33), options);
  await runKmeans(threaded, parts, 5);
  assert.equal(parts.iteration, 5);
  await runKmeans(alone, parts);
  assert.deepEqual(parts.centers, whole.centers);
  assert.deepEqual(parts.assignments, whole.assignments);
});

test('depends on the seed, and starts better than by chance', async () => {
  const matrix = spread(2000, 4);
  const one = await initializeKmeans(alone, matrix, { clusters: 9, seed: 1 });
  const other = await initializeKmeans(alone, matrix, { clusters: 9, seed: 2 });
  assert.notDeepEqual(one.centers, other.centers);
  // Nine clouds far apart: a centre in each from the start. By chance that happens once in a thousand times.
  for (const { rows, centers } of [one, other]) {
    const nearest = nearestCentersPlain(centers, rows); // the point that each centre is
    assert.equal(new Set(nearest.map((point) => point % 9)).size, 9);
  }
});

describe('with fewer points than clusters', () => {
  for (const n of [0, 1, 2, 3]) {
    test(`${n} points are ${n} clusters`, async () => {
      const { centers, assignments, inertia } = await cluster(alone, spread(n, 3), { clusters: 5 });
      assert.equal(centers.rows, n);
      assert.equal(new Set(assignments).size, n);
      assert.equal(inertia, 0);
    });
  }

  test('points of three kinds are three clusters', async () => {
    const matrix = createMatrix(
      90,
      2,
      Float32Array.from({ length: 180 }, (_, i) => 100 + (Math.floor(i / 2) % 3)),
    );
    const { centers, assignments, inertia } = await cluster(alone, matrix, { clusters: 8 });
    assert.equal(centers.rows, 3);
    assert.deepEqual([...assignments.subarray(0, 3)].sort(), [0, 1, 2]);
    assert.equal(inertia, 0);
  });

  test('equal points are one, also far from 0', async () => {
    for (const value of [0, 3, 1e6]) {
      const { centers } = await cluster(alone, createMatrix(40, 5, new Float32Array(200).fill(value)), { clusters: 4 });
      assert.equal(centers.rows, 1);
      assert.deepEqual(centers.data, new Float32Array(5).fill(value));
    }
  });
});

test('less than one cluster is refused', async () => {
  await assert.rejects(initializeKmeans(alone, spread(5, 2), { clusters: 0 }), /0 clusters were asked for/);
});

test('a cluster without points is given the farthest one', async () => {
  const matrix = spread(60, 2);
  const kmeans = await initializeKmeans(alone, matrix, { clusters: 3 });
  // Two centres at one place: the second has no points.
  kmeans.centers = createMatrix(3, 2, Float32Array.of(1, 1, 1, 1, -2, 0));
  await runKmeans(alone, kmeans);
  assert.equal(new Set((await clustersOf(alone, kmeans)).assignments).size, 3);
});

async function cluster(backend: CpuBackend, matrix: Matrix, options: KmeansOptions) {
  const kmeans = await initializeKmeans(backend, matrix, options);
  await runKmeans(backend, kmeans);
  return await clustersOf(backend, kmeans);
}

/** Nine clouds, point i in cloud i % 9, less their mean. */
function spread(n: number, d: number): Matrix {
  const random = createRandom(11);
  const centers = Array.from({ length: 9 }, () => Array.from({ length: d }, () => 10 * random.normal()));
  const matrix = createMatrix(n, d);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < d; c++) matrix.data[i * d + c] = (centers[i % 9]?.[c] ?? 0) + random.normal() / 2;
  }
  return matrix;
}
