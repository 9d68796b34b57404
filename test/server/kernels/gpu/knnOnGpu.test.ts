import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { distance } from '#kernels/distance.ts';
import { type Metric, NONE, nearestNeighbors, nearestNeighborsPlain } from '#kernels/knn.ts';
import { createMatrix, rowOf } from '#kernels/matrix.ts';

import { gpuForTests } from '../../../helpers/gpu.ts';
import { groups, randomRows } from '../../../helpers/rows.ts';

const gpu = await gpuForTests();
const metrics: readonly Metric[] = ['EUCLIDEAN', 'COSINE', 'INNER_PRODUCT'];

function assertNear(found: Float32Array, wanted: Float32Array): void {
  found.forEach((value, i) => {
    const exact = wanted[i] ?? 0;
    assert.ok(value === exact || Math.abs(value - exact) < 2e-6, `${value} for ${exact}`);
  });
}

describe('nearest neighbours on the graphics card', { skip: gpu.skip }, async () => {
  if (gpu.skip !== false) return;
  const backend = await gpu.backend();

  for (const metric of metrics) {
    test(`by ${metric} are those of the definition, for shapes that do not fill a tile`, async () => {
      for (const [n, d, k] of [
        [1, 3, 2],
        [2, 1, 1],
        [9, 5, 4],
        [65, 17, 15],
        [203, 33, 200],
      ] as const) {
        const rows = randomRows(n, d, n);
        const wanted = nearestNeighborsPlain(rows, k, metric);
        const found = await nearestNeighbors(backend, rows, k, metric);
        assert.equal(found.recall, 1);
        assertNear(found.distances, wanted.distances);
        // Neighbours whose distances are the same but for rounding may change places.
        found.ids.forEach((id, at) => {
          const i = Math.floor(at / k);
          const expected = wanted.distances[at] ?? 0;
          if (id === wanted.ids[at]) return;
          const truly = distance(rowOf(rows, i), rowOf(rows, id), metric);
          assert.ok(Math.abs(truly - expected) < 2e-6, `${n} x ${d}: ${id} is at ${truly} from ${i}, not ${expected}`);
        });
        for (let i = 0; i < n; i++) {
          const row = [...found.ids.subarray(i * k, (i + 1) * k)].filter((id) => id !== NONE);
          assert.equal(new Set(row).size, Math.min(k, n - 1));
          assert.ok(!row.includes(i));
        }
      }
    });
  }

  test('are the same, bit for bit, run after run, in one buffer and in many, in large pieces and in small', async () => {
    const rows = randomRows(150, 20, 7);
    const whole = await nearestNeighbors(backend, rows, 15, 'EUCLIDEAN');
    const again = await nearestNeighbors(backend, rows, 15, 'EUCLIDEAN');
    // 4 KiB are 51 rows of 20 columns, and lists of 44.
    const split = await nearestNeighbors(await gpu.backend({ bufferBytes: 4096, pieceMs: 1 }), rows, 15, 'EUCLIDEAN');
    for (const found of [again, split]) {
      assert.deepEqual(found.ids, whole.ids);
      assert.deepEqual(found.distances, whole.distances);
    }
  });

  test('of equal points are at distance 0, in the order of their ids, far from the origin too', async () => {
    const n = 70;
    const rows = createMatrix(n, 8, new Float32Array(n * 8).fill(1000.25));
    const { ids, distances } = await nearestNeighbors(backend, rows, 3, 'EUCLIDEAN');
    assert.deepEqual([...ids.subarray(0, 3)], [1, 2, 3]);
    assert.deepEqual([...ids.subarray(3, 6)], [0, 2, 3]);
    assert.ok(distances.every((distance) => distance === 0));
  });

  test('of points that are nearly the same are in the order of their exact distances', async () => {
    // Scores near 10^6 have a resolution of 1/16; the true squared distances are 10^-6 and more.
    const n = 8;
    const rows = createMatrix(n, 2);
    for (let i = 0; i < n; i++) rows.data.set([1000 + ((i * 3) % n) / 1024, 0], 2 * i);
    const wanted = nearestNeighborsPlain(rows, 3, 'EUCLIDEAN');
    const found = await nearestNeighbors(backend, rows, 3, 'EUCLIDEAN');
    assert.deepEqual(found.ids, wanted.ids);
    assert.deepEqual(found.distances, wanted.distances);
  });

  for (const metric of ['EUCLIDEAN', 'COSINE'] as const) {
    test(`cell by cell, by ${metric}, are found but for a few, as many as is told, the same each time`, async () => {
      const [n, k] = [500, 8];
      const rows = groups(n, 6);
      const wanted = nearestNeighborsPlain(rows, k, metric);
      const found = await nearestNeighbors(backend, rows, k, metric, { exactWork: 0 });
      let hits = 0;
      for (let i = 0; i < n; i++) {
        const row = found.ids.subarray(i * k, (i + 1) * k);
        const true_ = new Set(wanted.ids.subarray(i * k, (i + 1) * k));
        hits += row.filter((id) => true_.has(id)).length;
        assert.ok(!row.includes(i) && !row.includes(NONE));
        row.forEach((id, place) => {
          const exact = distance(rowOf(rows, i), rowOf(rows, id), metric);
          assert.ok(Math.abs((found.distances[i * k + place] ?? 0) - exact) < 2e-6);
        });
      }
      const recall = hits / (n * k);
      assert.ok(recall > 0.9, `${recall}`);
      assert.ok(recall < 1, 'or else all cells were looked into, and nothing was tried');
      assert.ok(Math.abs(found.recall - recall) < 0.03, `${found.recall} is told of ${recall}`);
      if (metric === 'COSINE') return;
      const again = await nearestNeighbors(backend, rows, k, metric, { exactWork: 0 });
      assert.deepEqual(again, found);
    });
  }
});
