import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { distance } from '#kernels/distance.ts';
import { hash } from '#kernels/hash.ts';
import { NONE } from '#kernels/knn.ts';
import { type MapOptions, makeMap } from '#kernels/map.ts';
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { placeOnTsne, prepareTsne, repulsionOn } from '#kernels/tsne/placeOnTsne.ts';
import { type NewNeighbors, placeOnUmap } from '#kernels/umap/placeOnUmap.ts';

import { cpuThreads } from '../../../server/cpuThreads.ts';

const K = 15;

describe('new points', async () => {
  const backend = await CpuBackend.create(cpuThreads(2));
  after(() => backend.close());
  const rows = blobs(400, 0);
  const strangers = blobs(60, 1);
  const near = neighborsAmong(strangers, rows);
  const places: readonly [string, (neighbors: NewNeighbors, map: Matrix) => Matrix, Matrix][] = [
    ['UMAP', placeOnUmap, await umap(rows)],
    ['t-SNE', (neighbors, map) => placeOnTsne(neighbors, prepareTsne(map)), await tsne(rows, 2)],
    ['t-SNE in three dimensions', (neighbors, map) => placeOnTsne(neighbors, prepareTsne(map)), await tsne(rows, 3)],
  ];

  for (const [name, place, map] of places) {
    test(`land on a map by ${name} among their own group`, () => {
      const placed = place(near, map);
      assert.ok(placed.data.every(Number.isFinite));
      const around = neighborsAmong(placed, map);
      const same = around.ids.filter((id, at) => id % 3 === Math.floor(at / K) % 3).length;
      assert.ok(same / around.ids.length > 0.95, `${same / around.ids.length}`);
    });

    test(`land on a map by ${name} where they land alone, whatever comes with them, in whatever order`, () => {
      const placed = place(near, map);
      for (const i of [0, 7, 59]) assert.deepEqual(place(only(near, [i]), map).data, rowOf(placed, i));
      const backwards = place(
        only(
          near,
          Array.from({ length: 60 }, (_, i) => 59 - i),
        ),
        map,
      );
      for (let i = 0; i < 60; i++) assert.deepEqual(rowOf(backwards, 59 - i), rowOf(placed, i));
    });

    test(`that are on a map by ${name} already stay where they are`, () => {
      const placed = place(neighborsAmong(rows, rows), map);
      assert.deepEqual(placed.data, map.data);
    });

    test(`that are on a map by ${name}, but do not say so, land near where they are`, () => {
      const others = neighborsAmong(rows, rows, 1);
      const placed = place(others, map);
      const off = Array.from({ length: 400 }, (_, i) => distance(rowOf(placed, i), rowOf(map, i), 'EUCLIDEAN'));
      const extent = Math.max(...map.data) - Math.min(...map.data);
      const median = off.sort((a, b) => a - b)[200] ?? Number.NaN;
      assert.ok(median < 0.1 * extent, `${median} of ${extent}`);
    });

    test(`without a neighbour, or with one, land on a map by ${name} somewhere`, () => {
      const ids = new Uint32Array(2 * K).fill(NONE);
      const distances = new Float32Array(2 * K).fill(Number.POSITIVE_INFINITY);
      ids[0] = 3;
      distances[0] = 1;
      assert.ok(place({ n: 2, k: K, ids, distances }, map).data.every(Number.isFinite));
    });
  }

  test('are pushed by cells of the map almost as by all of its points', () => {
    for (const components of [2, 3]) {
      const random = createRandom(components);
      const map = createMatrix(
        3000,
        components,
        Float32Array.from({ length: 3000 * components }, () => 20 * random.normal()),
      );
      const repulsion = repulsionOn(prepareTsne(map));
      for (let i = 0; i < 10; i++) {
        const y = Float64Array.from({ length: components }, () => 25 * random.normal());
        const { sum, forces: found } = repulsion(y);
        const wanted = new Float64Array(components);
        let total = 0;
        for (let j = 0; j < 3000; j++) {
          const q = 1 / (1 + distance(Float32Array.from(y), rowOf(map, j), 'EUCLIDEAN') ** 2);
          total += q;
          rowOf(map, j).forEach((value, x) => {
            wanted[x] = (wanted[x] ?? 0) + q * q * ((y[x] ?? 0) - value);
          });
        }
        assert.ok(Math.abs(sum - total) < 0.02 * total, `${sum} for ${total}`);
        const scale = total * 0.01;
        wanted.forEach((force, x) => {
          assert.ok(Math.abs((found[x] ?? 0) - force) < scale, `${found[x]} for ${force}`);
        });
      }
    }
  });

  async function umap(matrix: Matrix): Promise<Matrix> {
    return await made(matrix, { method: 'UMAP', components: 2, umap: { epochs: 100, neighbors: K } });
  }

  async function tsne(matrix: Matrix, components: number): Promise<Matrix> {
    const tsne = { perplexity: 15, iterations: 300, earlyIterations: 100 };
    return await made(matrix, { method: 'TSNE', components, tsne });
  }

  async function made(matrix: Matrix, options: Omit<MapOptions, 'metric' | 'seed'>): Promise<Matrix> {
    const whole = { metric: 'EUCLIDEAN', seed: 42, ...options } as const;
    return (await makeMap(matrix, whole, { backend: async () => backend })).coordinates;
  }
});

/** The nearest of `references` for each query, the definition. @param skip as many of the nearest are left out */
function neighborsAmong(queries: Matrix, references: Matrix, skip = 0): NewNeighbors {
  const ids = new Uint32Array(queries.rows * K);
  const distances = new Float32Array(queries.rows * K);
  for (let i = 0; i < queries.rows; i++) {
    const all = Array.from({ length: references.rows }, (_, j) => ({
      j,
      far: distance(rowOf(queries, i), rowOf(references, j), 'EUCLIDEAN'),
    }));
    all.sort((a, b) => a.far - b.far || a.j - b.j);
    all.slice(skip, skip + K).forEach(({ j, far }, place) => {
      ids[i * K + place] = j;
      distances[i * K + place] = far;
    });
  }
  return { n: queries.rows, k: K, ids, distances };
}

function only({ k, ids, distances }: NewNeighbors, rows: readonly number[]): NewNeighbors {
  const chosen = {
    n: rows.length,
    k,
    ids: new Uint32Array(rows.length * k),
    distances: new Float32Array(rows.length * k),
  };
  rows.forEach((row, at) => {
    chosen.ids.set(ids.subarray(row * k, (row + 1) * k), at * k);
    chosen.distances.set(distances.subarray(row * k, (row + 1) * k), at * k);
  });
  return chosen;
}

/** Points around three centres in turn. */
function blobs(n: number, seed: number): Matrix {
  const d = 8;
  const rows = Float32Array.from({ length: n * d }, (_, i) => {
    const group = Math.floor(i / d) % 3;
    return (i % d === group ? 3 : 0) + hash(i + seed * 0x1000000) / 2 ** 32;
  });
  return createMatrix(n, d, rows);
}
