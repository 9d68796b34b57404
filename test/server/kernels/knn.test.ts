import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { hash } from '#kernels/hash.ts';
import { type Metric, nearestNeighbors, nearestNeighborsPlain } from '#kernels/knn.ts';
import { createMatrix, type Matrix, normalizeRows, rowOf } from '#kernels/matrix.ts';

import { cpuThreads } from '../../../server/cpuThreads.ts';

const metrics: readonly Metric[] = ['EUCLIDEAN', 'COSINE', 'INNER_PRODUCT'];

/** n x d numbers in [-1, 1), the same for the same seed. */
function randomRows(n: number, d: number, seed: number): Matrix {
  return createMatrix(
    n,
    d,
    Float32Array.from({ length: n * d }, (_, i) => hash((hash(seed) ^ hash(i)) >>> 0) / 2 ** 31 - 1),
  );
}

describe('nearest neighbours', async () => {
  const alone = await CpuBackend.create(null);
  const threaded = await CpuBackend.create(cpuThreads(2));
  after(() => {
    alone.close();
    threaded.close();
  });

  for (const metric of metrics) {
    test(`by ${metric} are those of the definition, for shapes that do not fill a tile`, async () => {
      for (const [n, d, k] of [
        [1, 3, 2],
        [2, 1, 1],
        [9, 5, 4],
        [65, 17, 15],
        [203, 33, 15],
      ] as const) {
        const rows = randomRows(n, d, n);
        const wanted = nearestNeighborsPlain(rows, k, metric);
        const found = await nearestNeighbors(alone, rows, k, metric);
        assert.deepEqual([...found.ids], [...wanted.ids], `${n} x ${d}`);
        found.distances.forEach((distance, i) => {
          const exact = wanted.distances[i] ?? 0;
          assert.ok(distance === exact || Math.abs(distance - exact) < 2e-6, `${distance} for ${exact}`);
        });
      }
    });
  }

  test('are the same, bit for bit, with one thread and with two', async () => {
    const rows = randomRows(3000, 40, 7);
    const one = await nearestNeighbors(alone, rows, 15, 'EUCLIDEAN');
    const two = await nearestNeighbors(threaded, rows, 15, 'EUCLIDEAN');
    assert.deepEqual(two.ids, one.ids);
    assert.deepEqual(two.distances, one.distances);
  });

  test('of equal points are at distance 0, in the order of their ids, far from the origin too', async () => {
    const n = 40;
    const rows = createMatrix(n, 8, new Float32Array(n * 8).fill(1000.25));
    const { ids, distances } = await nearestNeighbors(alone, rows, 3, 'EUCLIDEAN');
    assert.deepEqual([...ids.subarray(0, 3)], [1, 2, 3]);
    assert.deepEqual([...ids.subarray(3, 6)], [0, 2, 3]);
    assert.ok(distances.every((distance) => distance === 0));
  });

  test('follow the points when these are given in another order', async () => {
    const n = 300;
    const d = 12;
    const rows = randomRows(n, d, 3);
    const order = Array.from({ length: n }, (_, i) => (i * 7) % n); // 7 and 300 have no common divisor
    const moved = createMatrix(n, d);
    order.forEach((from, to) => {
      moved.data.set(rowOf(rows, from), to * d);
    });
    const before = await nearestNeighbors(alone, rows, 10, 'COSINE');
    const afterwards = await nearestNeighbors(alone, moved, 10, 'COSINE');
    order.forEach((from, to) => {
      const names = [...afterwards.ids.subarray(to * 10, (to + 1) * 10)].map((id) => order[id]);
      assert.deepEqual(names, [...before.ids.subarray(from * 10, (from + 1) * 10)]);
    });
  });

  test('by cosine do not depend on the lengths of the vectors', async () => {
    const rows = randomRows(100, 6, 11);
    const scaled = createMatrix(
      100,
      6,
      rows.data.map((value, i) => value * (1 + (Math.floor(i / 6) % 5))),
    );
    const plain = await nearestNeighbors(alone, rows, 5, 'COSINE');
    const found = await nearestNeighbors(alone, scaled, 5, 'COSINE');
    assert.deepEqual(found.ids, plain.ids);
    assert.ok(normalizeRows(createMatrix(1, 6)).data.every((value) => value === 0));
  });

  test('among many wide rows are found but for a few, and the share is told', async () => {
    // Near a space of 30 dimensions.
    const [n, d, inner] = [1500, 300, 30];
    const inside = randomRows(n, inner, 21);
    const axes = randomRows(inner, d, 22);
    const rows = randomRows(n, d, 23);
    for (let i = 0; i < n; i++) {
      const row = rowOf(rows, i);
      row.forEach((noise, c) => {
        row[c] = 0.02 * noise;
      });
      rowOf(inside, i).forEach((weight, axis) => {
        const direction = rowOf(axes, axis);
        for (let c = 0; c < d; c++) row[c] = (row[c] ?? 0) + weight * (direction[c] ?? 0);
      });
    }
    const found = await nearestNeighbors(threaded, rows, 15, 'EUCLIDEAN', { exactWork: 0 });
    assert.ok(found.recall > 0.99 && found.recall <= 1, `${found.recall}`);
    assert.ok(found.distances.every(Number.isFinite));
  });

  test('stop within a piece when they are not wanted any more', async () => {
    const rows = randomRows(4000, 64, 5);
    const stop = new AbortController();
    const stopped = nearestNeighbors(threaded, rows, 15, 'EUCLIDEAN', {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await assert.rejects(stopped, /enough/);
  });
});
