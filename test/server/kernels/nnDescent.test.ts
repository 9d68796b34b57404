import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { hash } from '#kernels/hash.ts';
import { NONE, nearestNeighborsPlain } from '#kernels/knn.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { approximateNeighbors, type DescentOptions, descendPlain, SOURCES } from '#kernels/nnDescent.ts';

import { cpuThreads } from '../../../server/cpuThreads.ts';

describe('approximate neighbours', async () => {
  const alone = await CpuBackend.create(null);
  const threaded = await CpuBackend.create(cpuThreads(2));
  after(() => {
    alone.close();
    threaded.close();
  });

  test('of rows that fit into one leaf are all that there are', async () => {
    for (const [n, d, k] of [
      [1, 3, 4],
      [2, 1, 1],
      [9, 5, 4],
      [203, 33, 15],
      [256, 6, 300],
    ] as const) {
      const rows = wholeRows(n, d, n);
      assert.deepEqual(await find(alone, rows, k), nearestNeighborsPlain(rows, k, 'EUCLIDEAN').ids, `${n} x ${d}`);
    }
  });

  test('are found among many rows, more of them with more trees and rounds', async () => {
    const rows = randomRows(1500, 12, 1);
    const wanted = nearestNeighborsPlain(rows, 10, 'EUCLIDEAN').ids;
    const few = recall(await find(threaded, rows, 10, { trees: 1, rounds: 0 }), wanted, 10);
    const more = recall(await find(threaded, rows, 10, { trees: 6, rounds: 0 }), wanted, 10);
    const most = recall(await find(threaded, rows, 10, { trees: 6, rounds: 3 }), wanted, 10);
    assert.ok(few > 0.2 && few < more && more < most && most > 0.97, `${few} ${more} ${most}`);
  });

  test('by one round of the descent are those of the plain form', async () => {
    const rows = wholeRows(800, 9, 2);
    for (const k of [8, 20]) {
      const forest = await find(alone, rows, k, { trees: 2, rounds: 0 });
      const found = await find(alone, rows, k, { trees: 2, rounds: 1 });
      assert.deepEqual(found, descendPlain(rows, forest, k, Math.min(SOURCES, k)));
    }
  });

  test('of rows given along some directions only are ranked with what lies beyond', async () => {
    const [n, k] = [700, 9];
    const rows = wholeRows(n, 8, 6);
    const rests = wholeRows(n, 1, 7).data.map((value) => value * value);
    const forest = await find(alone, rows, k, { trees: 2, rounds: 0, rests });
    const found = await find(alone, rows, k, { trees: 2, rounds: 1, rests });
    assert.deepEqual(found, descendPlain(rows, forest, k, k, rests));
    assert.notDeepEqual(found, descendPlain(rows, forest, k, k));
    // In a leaf every pair is compared: as with one column more for each row, in which it alone has something.
    const whole = await find(alone, wholeRows(256, 8, 6), k, { rests: rests.subarray(0, 256) });
    const apart = createMatrix(256, 8 + 256);
    for (let i = 0; i < 256; i++) {
      apart.data.set(rows.data.subarray(i * 8, i * 8 + 8), i * (8 + 256));
      apart.data[i * (8 + 256) + 8 + i] = Math.sqrt(rests[i] ?? 0);
    }
    assert.deepEqual(whole, nearestNeighborsPlain(apart, k, 'EUCLIDEAN').ids);
  });

  test('are the same, bit for bit, with one thread and with two; and others by another seed', async () => {
    const rows = randomRows(3000, 10, 3);
    const one = await find(alone, rows, 12, { trees: 3, rounds: 2 });
    assert.deepEqual(await find(threaded, rows, 12, { trees: 3, rounds: 2 }), one);
    assert.notDeepEqual(await find(alone, rows, 12, { trees: 3, rounds: 2, seed: 1 }), one);
  });

  test('are each named once, never a row itself, and the nearest stand first', async () => {
    const rows = randomRows(2000, 5, 4);
    const k = 15;
    const ids = await find(threaded, rows, k);
    for (let i = 0; i < 2000; i++) {
      const row = [...ids.subarray(i * k, (i + 1) * k)];
      assert.equal(new Set(row).size, k);
      assert.ok(!row.includes(i) && !row.includes(NONE));
      const squares = row.map((j) => squaredDistance(rows, i, j));
      assert.ok(squares.every((square, at) => at === 0 || square >= (squares[at - 1] ?? 0) - 1e-5));
    }
  });

  test('of rows that are all equal are the first of their leaf', async () => {
    const rows = createMatrix(1000, 4, new Float32Array(4000).fill(3));
    const ids = await find(alone, rows, 5, { trees: 1 });
    assert.deepEqual([...ids.subarray(0, 5)], [1, 2, 3, 4, 5]);
    assert.ok(ids.every((id) => id < 1000));
  });

  test('stop when they are not wanted any more', async () => {
    const stop = new AbortController();
    const stopped = approximateNeighbors(threaded, randomRows(3000, 8, 5), 10, {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await assert.rejects(stopped, /enough/);
  });

  async function find(
    backend: CpuBackend,
    rows: Matrix,
    k: number,
    options: DescentOptions = {},
  ): Promise<Uint32Array> {
    const before = backend.mark();
    const at = (await approximateNeighbors(backend, rows, k, options)).ids;
    const ids = backend.uint32(at, rows.rows * k).slice();
    backend.release(before);
    return ids;
  }
});

/** n x d numbers in [-1, 1), the same for the same seed. */
function randomRows(n: number, d: number, seed: number): Matrix {
  return createMatrix(
    n,
    d,
    Float32Array.from({ length: n * d }, (_, i) => hash((hash(seed) ^ hash(i)) >>> 0) / 2 ** 31 - 1),
  );
}

/** The same of whole numbers, whose distances are exact in float32, and often equal. */
function wholeRows(n: number, d: number, seed: number): Matrix {
  const { data } = randomRows(n, d, seed);
  return createMatrix(
    n,
    d,
    data.map((value) => Math.round(9 * value)),
  );
}

function squaredDistance({ columns, data }: Matrix, i: number, j: number): number {
  let sum = 0;
  for (let c = 0; c < columns; c++) sum += ((data[i * columns + c] ?? 0) - (data[j * columns + c] ?? 0)) ** 2;
  return sum;
}

function recall(found: Uint32Array, wanted: Uint32Array, k: number): number {
  const hits = wanted.filter((id, at) => {
    const row = Math.floor(at / k);
    return found.subarray(row * k, (row + 1) * k).includes(id);
  });
  return hits.length / wanted.length;
}
