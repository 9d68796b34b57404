import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { distance } from '#kernels/distance.ts';
import { hash } from '#kernels/hash.ts';
import { NONE, nearestNeighborsPlain } from '#kernels/knn.ts';
import { makeMap } from '#kernels/map.ts';
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { pairsStepPlain } from '#kernels/pacmap/layout.ts';
import {
  forcesOf,
  initializePacmap,
  type Pacmap,
  type PacmapOptions,
  pacmapCoordinates,
  runPacmap,
} from '#kernels/pacmap/pacmap.ts';
import { bothWays, furtherPairs, midPairs, nearerFurtherPairs, nearPairs } from '#kernels/pacmap/pairs.ts';

import { cpuThreads } from '../../../../server/cpuThreads.ts';

describe('pairs', async () => {
  const backend = await CpuBackend.create(null);
  after(() => backend.close());
  const matrix = blobs(120, 6);
  const near = nearestNeighborsPlain(matrix, 40, 'EUCLIDEAN');

  test('near are the neighbours by a distance that counts less where points are sparse', () => {
    // Four points in a row, the last far off: seen from the third, the second is as near as the fourth once both are scaled.
    const ids = Uint32Array.of(1, 2, 0, 2, 1, 0);
    const distances = Float32Array.of(1, 2, 1, 4, 4, 8);
    // Scales are the mean distance to the last neighbour here: 2, 4 and 8.
    const ends = nearPairs({ n: 3, k: 2, ids, distances, recall: 1 }, 1);
    // From 0: 1/(2*4) against 4/(2*8); from 1: 1/(4*2) against 16/(4*8); from 2: 16/(8*4) against 64/(8*2).
    assert.deepEqual([...ends], [1, 0, 1]);
    const same = nearPairs(near, 5);
    for (let i = 0; i < 120; i++) {
      const row = same.subarray(i * 5, (i + 1) * 5);
      assert.equal(new Set(row).size, 5);
      assert.ok(row.every((j) => near.ids.subarray(i * 40, (i + 1) * 40).includes(j)));
    }
  });

  test('mid-near are nearer than most and further than the nearest; further ones are no neighbours; none is its own', async () => {
    const mid = await midPairs(backend, matrix, 'EUCLIDEAN', 6, 1);
    const ends = nearPairs(near, 10);
    const further = furtherPairs(120, ends, 20, 1);
    const mean = (list: Uint32Array) =>
      list.reduce((sum, j, at) => {
        const i = Math.floor((at * 120) / list.length);
        assert.ok(j < 120 && j !== i);
        return sum + distance(rowOf(matrix, i), rowOf(matrix, j), 'EUCLIDEAN') / list.length;
      }, 0);
    assert.ok(mean(ends) < mean(mid) && mean(mid) < mean(further), `${mean(ends)} ${mean(mid)} ${mean(further)}`);
    for (let i = 0; i < 120; i++) {
      const row = further.subarray(i * 20, (i + 1) * 20);
      assert.equal(new Set(row).size, 20);
      assert.ok(row.every((j) => !ends.subarray(i * 10, (i + 1) * 10).includes(j)));
    }
  });

  test('of LocalMAP are close on the map, where any are', () => {
    const ends = nearPairs(near, 5);
    const before = furtherPairs(120, ends, 10, 1);
    const positions = Float32Array.from({ length: 240 }, (_, at) => (at < 120 ? at : 0)); // in a row, 1 apart
    const found = nearerFurtherPairs(positions, 120, ends, before, 12, 1, 0);
    const close = found.filter((j, at) => Math.abs(j - Math.floor(at / 10)) < 12).length;
    assert.ok(close / found.length > 0.95, `${close / found.length}`);
    assert.notDeepEqual(nearerFurtherPairs(positions, 120, ends, before, 12, 1, 10), found);
  });

  test('belong to both ends, as often as they are given', () => {
    const { starts, columns } = bothWays(3, Uint32Array.of(1, 2, 0, NONE, NONE, 1));
    assert.deepEqual([...starts], [0, 3, 6, 8]);
    assert.deepEqual(
      [0, 1, 2].map((i) => [...columns.subarray(starts[i], starts[i + 1])].sort()),
      [
        [1, 1, 2],
        [0, 0, 2],
        [0, 1],
      ],
    );
  });
});

test('the weights of the phases are those of the paper', () => {
  const phases = [100, 100, 250] as const;
  const at = (iteration: number) => forcesOf({ phases, local: false, reach: 10 }, iteration);
  assert.deepEqual(at(0), { near: 2, mid: 1000, further: 1, reach: 0 });
  assert.equal(at(50).mid, 501.5);
  assert.deepEqual(at(100), { near: 3, mid: 3, further: 1, reach: 0 });
  assert.deepEqual(at(200), { near: 1, mid: 0, further: 1, reach: 0 });
  assert.equal(forcesOf({ phases, local: true, reach: 10 }, 200).reach, 10);
});

describe('a run', async () => {
  const alone = await CpuBackend.create(null);
  const threaded = await CpuBackend.create(cpuThreads(2));
  after(() => {
    alone.close();
    threaded.close();
  });

  for (const components of [2, 3]) {
    test(`moves points in ${components} dimensions as the plain form does, in every phase`, async () => {
      for (const phases of [
        [3, 0, 0],
        [0, 3, 0],
        [0, 0, 3],
      ] as const) {
        const fast = await start(components, { phases, local: true });
        const plain = await start(components, { phases, local: true });
        // LocalMAP draws its pairs anew in the first iteration; the plain form is given them.
        await runPacmap(alone, fast, 1);
        plain.further = fast.further;
        for (let step = 0; step < 3; step++) advance(plain, step);
        await runPacmap(alone, fast, 3);
        fast.layout.positions.forEach((position, i) => {
          const wanted = plain.layout.positions[i] ?? 0;
          assert.ok(Math.abs(position - wanted) < 2e-3, `${position} for ${wanted}`);
        });
      }
    });
  }

  for (const local of [false, true]) {
    test(`of ${local ? 'LocalMAP' : 'PaCMAP'} is the same, bit for bit, with one thread and with two, in one run and interrupted`, async () => {
      const options = { phases: [10, 10, 40], local } as const;
      const whole = await start(2, options);
      await runPacmap(alone, whole);
      const stopped = await start(2, options);
      const stop = new AbortController();
      const onIteration = (iteration: number) => iteration === 35 && stop.abort(new Error('enough'));
      await assert.rejects(runPacmap(threaded, stopped, 60, { signal: stop.signal, onIteration }), /enough/);
      assert.equal(stopped.layout.iteration, 35);
      await runPacmap(threaded, stopped);
      assert.deepEqual(pacmapCoordinates(stopped), pacmapCoordinates(whole));
    });

    test(`of ${local ? 'LocalMAP' : 'PaCMAP'} puts points of one group together`, async () => {
      const pacmap = await start(2, { local });
      await runPacmap(threaded, pacmap);
      const near = nearestNeighborsPlain(pacmapCoordinates(pacmap), 10, 'EUCLIDEAN');
      const same = near.ids.filter((id, at) => id % 3 === Math.floor(at / 10) % 3).length;
      assert.ok(same / near.ids.length > 0.95, `${same / near.ids.length}`);
    });
  }

  test('refuses a start of other than two or three components', async () => {
    await assert.rejects(start(4, {}), /The start has 4 components; wanted: 2 or 3/);
  });

  function advance(plain: Pacmap, iteration: number) {
    const kinds = {
      near: bothWays(plain.n, plain.near),
      mid: bothWays(plain.n, plain.mid),
      further: bothWays(plain.n, plain.further),
    };
    pairsStepPlain(plain.layout, kinds, forcesOf(plain, iteration));
  }

  async function start(components: number, options: PacmapOptions) {
    const matrix = blobs(300, 10);
    const where = Float32Array.from({ length: 300 * components }, (_, i) => hash(i) / 2 ** 31 - 1);
    const near = nearestNeighborsPlain(matrix, 40, 'EUCLIDEAN');
    return initializePacmap(alone, matrix, 'EUCLIDEAN', near, createMatrix(300, components, where), options);
  }
});

describe('a map by PaCMAP', async () => {
  const backend = await CpuBackend.create(null);
  after(() => backend.close());
  const project = (matrix: Matrix, components: number, local: boolean) =>
    makeMap(
      matrix,
      {
        ...{ method: local ? 'LOCALMAP' : 'PACMAP', components, metric: 'EUCLIDEAN', seed: 42 },
        pacmap: { phases: [5, 5, 20] },
      },
      { backend: async () => backend },
    );

  for (const n of [0, 1, 2, 3, 4, 17]) {
    test(`of ${n} points has finite coordinates and says how many neighbours there were`, async () => {
      for (const local of [false, true]) {
        const { coordinates, parameters } = await project(blobs(n, 5), 2, local);
        assert.equal(coordinates.rows, n);
        assert.equal(parameters['neighbors'], Math.max(0, Math.min(10, n - 1)));
        assert.ok(coordinates.data.every(Number.isFinite));
      }
    });
  }

  test('of equal points and of constant columns is finite', async () => {
    for (const matrix of [
      createMatrix(60, 4, new Float32Array(240).fill(2)),
      createMatrix(
        60,
        3,
        Float32Array.from({ length: 180 }, (_, i) => (i % 3 === 0 ? i : 1)),
      ),
    ]) {
      assert.ok((await project(matrix, 3, true)).coordinates.data.every(Number.isFinite));
    }
  });
});

/** Points around three centres in turn. */
function blobs(n: number, d: number): Matrix {
  const rows = Float32Array.from({ length: n * d }, (_, i) => {
    const group = Math.floor(i / d) % 3;
    return (i % d === group ? 3 : 0) + hash(i) / 2 ** 32;
  });
  return createMatrix(n, d, rows);
}
