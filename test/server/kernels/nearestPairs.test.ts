import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { hash } from '#kernels/hash.ts';
import { type Metric, nearestNeighbors, nearestNeighborsPlain } from '#kernels/knn.ts';
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { pairsAreWorth, tournament } from '#kernels/nearestPairs.ts';
import { libraryThreads } from '../../helpers/threads.ts';

const plain = await CpuBackend.create(null);
const one = await CpuBackend.create(libraryThreads(1));
const two = await CpuBackend.create(libraryThreads(2));
after(() => {
  one.close();
  two.close();
});

/** n x d numbers in [-1, 1), the same for the same seed. */
function randomRows(n: number, d: number, seed: number): Matrix {
  return createMatrix(
    n,
    d,
    Float32Array.from({ length: n * d }, (_, i) => hash((hash(seed) ^ hash(i)) >>> 0) / 2 ** 31 - 1),
  );
}

test('in a tournament everybody meets everybody once, and nobody two at a time', () => {
  assert.deepEqual(tournament(0), []);
  for (const players of [1, 2, 3, 4, 7, 10, 21]) {
    const met = new Set<string>();
    for (const round of tournament(players)) {
      const busy = round.flat();
      assert.equal(new Set(busy).size, busy.length, `${players}: ${round.join(' ')}`);
      for (const [i, j] of round) {
        assert.ok(i < j && j < players);
        met.add(`${i} ${j}`);
      }
    }
    assert.equal(met.size, (players * (players - 1)) / 2);
  }
});

describe('neighbours by a library', () => {
  // The least that is worth it: blocks of 1,024 rows, three of them, the last not full; and of 512.
  const shapes = [
    [2500, 90],
    [1400, 260],
  ] as const;
  const metrics: readonly Metric[] = ['EUCLIDEAN', 'COSINE', 'INNER_PRODUCT'];

  for (const metric of metrics) {
    test(`by ${metric} are those that WebAssembly finds, bit for bit, on one thread and on two`, async () => {
      for (const [n, d] of shapes) {
        const rows = randomRows(n, d, n);
        assert.ok(pairsAreWorth(rows), `${n} x ${d} are multiplied by the library`);
        const wanted = await nearestNeighbors(plain, rows, 15, metric, { exactWork: 1e12 });
        for (const backend of [one, two]) {
          assert.deepEqual(await nearestNeighbors(backend, rows, 15, metric), wanted, `${n} x ${d}`);
        }
      }
    });
  }

  test('are those of the definition', async () => {
    const rows = randomRows(1500, 256, 4);
    const found = await nearestNeighbors(two, rows, 5, 'EUCLIDEAN');
    const some = createMatrix(120, 256, rows.data.slice(0, 120 * 256));
    assert.equal(found.recall, 1);
    const among = nearestNeighborsPlain(some, 119, 'EUCLIDEAN');
    for (let i = 0; i < 120; i++) {
      // Whoever of the first 120 is nearer than the fifth found must have been found.
      const farthest = found.distances[i * 5 + 4] ?? 0;
      const nearer = [...among.ids.subarray(i * 119, (i + 1) * 119)].filter(
        (_, place) => (among.distances[i * 119 + place] ?? 0) < farthest,
      );
      for (const id of nearer) assert.ok(found.ids.subarray(i * 5, (i + 1) * 5).includes(id), `${i}: ${id}`);
    }
  });

  test('of equal points stand in the order of their ids, also across blocks, and none is its own', async () => {
    const [n, d] = [1600, 256];
    const rows = createMatrix(n, d);
    const pattern = randomRows(1, d, 8);
    for (let i = 0; i < n; i++) rowOf(rows, i).set(pattern.data);
    const { ids, distances } = await nearestNeighbors(two, rows, 3, 'EUCLIDEAN');
    assert.ok(distances.every((distance) => distance === 0));
    for (let i = 0; i < n; i++) {
      const first = [0, 1, 2, 3].filter((id) => id !== i).slice(0, 3);
      assert.deepEqual([...ids.subarray(3 * i, 3 * i + 3)], first, `${i}`);
    }
  });

  test('stop within a piece when they are not wanted any more', async () => {
    const rows = randomRows(6000, 300, 5);
    const stop = new AbortController();
    let pieces = 0;
    const found = nearestNeighbors(two, rows, 15, 'EUCLIDEAN', {
      signal: stop.signal,
      onProgress: () => ++pieces === 2 && stop.abort(new Error('enough')),
    });
    await assert.rejects(found, /enough/);
    assert.equal(pieces, 2);
  });
});
