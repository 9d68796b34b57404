import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { distance, type Metric } from '#kernels/distance.ts';
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import {
  initializeQuality,
  measureQuality,
  type Quality,
  type QualityOptions,
  resultOfQuality,
  runQuality,
} from '#kernels/quality.ts';
import { createRandom, permutation } from '#kernels/random.ts';
import { cpuThreads } from '../../../server/cpuThreads.ts';
import golden from '../../golden/quality.json' with { type: 'json' };

function qualityOf(matrix: Matrix, map: Matrix, options: Partial<QualityOptions> = {}): Quality {
  const state = initializeQuality(matrix, map, { metric: 'EUCLIDEAN', seed: 1, ...options });
  assert.ok(state);
  assert.equal(runQuality(state), false);
  return resultOfQuality(state);
}

function cloud(rows: number, columns: number, seed: number): Matrix {
  const random = createRandom(seed);
  return createMatrix(rows, columns, Float32Array.from({ length: rows * columns }, random.normal));
}

/** By the definitions, word for word: all distances, sorted. */
function naive(matrix: Matrix, map: Matrix, metric: Metric, k: number) {
  const n = matrix.rows;
  const ranks = (of: Matrix, by: Metric) =>
    Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => j)
        .filter((j) => j !== i)
        .map((j) => ({ j, far: distance(rowOf(of, i), rowOf(of, j), by) }))
        .sort((a, b) => a.far - b.far || a.j - b.j)
        .map(({ j }) => j),
    );
  const [high, low] = [ranks(matrix, metric), ranks(map, 'EUCLIDEAN')];
  const excess = (order: number[][], others: number[][]) =>
    order.reduce(
      (sum, ranked, i) =>
        sum + (others[i] ?? []).slice(0, k).reduce((part, j) => part + Math.max(0, ranked.indexOf(j) + 1 - k), 0),
      0,
    );
  const share = (sum: number) => 1 - (2 * sum) / (n * k * (2 * n - 3 * k - 1));
  const kept = high.reduce(
    (sum, ranked, i) => sum + ranked.slice(0, k).filter((j) => low[i]?.slice(0, k).includes(j)).length,
    0,
  );
  return {
    trustworthiness: share(excess(high, low)),
    continuity: share(excess(low, high)),
    neighborRecall: kept / (n * k),
  };
}

function assertClose(given: number, wanted: number, what = '', tolerance = 1e-9): void {
  assert.ok(Math.abs(given - wanted) < tolerance, `${what} ${given}, wanted ${wanted}`);
}

test('trustworthiness, continuity, recall and rank correlation are those of scikit-learn and scipy', () => {
  const matrix = createMatrix(golden.rows.length / golden.columns, golden.columns, Float32Array.from(golden.rows));
  const map = createMatrix(matrix.rows, 2, Float32Array.from(golden.map));
  const { neighbors } = golden;
  const euclidean = qualityOf(matrix, map, { neighbors });
  assertClose(euclidean.trustworthiness, golden.euclidean.trustworthiness);
  assertClose(euclidean.continuity, golden.euclidean.continuity);
  assertClose(euclidean.neighborRecall, golden.euclidean.neighborRecall);
  assert.deepEqual([euclidean.neighbors, euclidean.sample], [neighbors, matrix.rows]);
  const cosine = qualityOf(matrix, map, { neighbors, metric: 'COSINE' });
  assertClose(cosine.trustworthiness, golden.cosine.trustworthiness);
  assertClose(cosine.neighborRecall, golden.cosine.neighborRecall);
  assertClose(euclidean.rankCorrelation ?? Number.NaN, golden.euclidean.rankCorrelation);
  assertClose(cosine.rankCorrelation ?? Number.NaN, golden.cosine.rankCorrelation);
});

test('the measures are those of the definitions, in each metric, with odd numbers of rows and with equal distances', () => {
  for (const metric of ['COSINE', 'EUCLIDEAN', 'INNER_PRODUCT'] as const) {
    for (const rows of [9, 40, 61]) {
      const matrix = cloud(rows, 5, rows);
      const map = cloud(rows, 2, rows + 1);
      // A third of the places on the map are equal.
      for (let i = 0; i < rows; i += 3) rowOf(map, i).fill(0.5);
      const wanted = naive(matrix, map, metric, 4);
      const given = qualityOf(matrix, map, { metric, neighbors: 4 });
      assertClose(given.trustworthiness, wanted.trustworthiness);
      assertClose(given.continuity, wanted.continuity);
      assertClose(given.neighborRecall, wanted.neighborRecall);
    }
  }
});

test('a map that is the embedding itself is perfect, with duplicates too', () => {
  const matrix = cloud(50, 2, 1);
  for (let i = 10; i < 20; i++) rowOf(matrix, i).set(rowOf(matrix, 0));
  const { neighbors: _, sample: __, ...measures } = qualityOf(matrix, matrix);
  // Distances from products round otherwise than from differences, which turns a few pairs that are nearly equal.
  for (const [name, measure] of Object.entries(measures)) assertClose(measure ?? 0, 1, name, 1e-6);
});

test('on a map by chance half of the triplets agree, and distances do not correlate', () => {
  const { tripletAccuracy, rankCorrelation } = qualityOf(cloud(400, 5, 1), cloud(400, 2, 2));
  assert.ok(Math.abs(tripletAccuracy - 0.5) < 0.02, `${tripletAccuracy}`);
  assert.ok(Math.abs(rankCorrelation ?? 1) < 0.05, `${rankCorrelation}`);
});

test('rows in another order have the same quality, and a map turned and shrunk too', () => {
  const matrix = cloud(80, 6, 2);
  const map = cloud(80, 2, 3);
  const order = permutation(80, createRandom(4));
  const [shuffled, shuffledMap] = [createMatrix(80, 6), createMatrix(80, 2)];
  for (const [to, from] of order.entries()) {
    rowOf(shuffled, to).set(rowOf(matrix, from));
    const [x = 0, y = 0] = rowOf(map, from);
    rowOf(shuffledMap, to).set([(x - y) / 2, (x + y) / 2]);
  }
  const [one, other] = [qualityOf(matrix, map), qualityOf(shuffled, shuffledMap)];
  assertClose(other.trustworthiness, one.trustworthiness);
  assertClose(other.continuity, one.continuity);
  assertClose(other.neighborRecall, one.neighborRecall);
});

test('a sample measures what all rows measure, within its error', () => {
  const matrix = cloud(1500, 4, 5);
  const map = createMatrix(
    1500,
    2,
    Float32Array.from({ length: 3000 }, (_, i) => matrix.data[(i >> 1) * 4 + (i & 1)] ?? 0),
  );
  const all = qualityOf(matrix, map, { sample: 1500 });
  const some = qualityOf(matrix, map, { sample: 150 });
  assert.deepEqual([all.sample, some.sample], [1500, 150]);
  assert.ok(Math.abs(all.neighborRecall - some.neighborRecall) < 0.03);
  assert.ok(Math.abs(all.trustworthiness - some.trustworthiness) < 0.02);
  assert.ok(Math.abs(all.continuity - some.continuity) < 0.02);
  assert.notDeepEqual(qualityOf(matrix, map, { sample: 150, seed: 2 }), some);
});

test('a run stopped after each step ends with the same bits as one run', () => {
  const matrix = cloud(70, 3, 6);
  const map = cloud(70, 2, 7);
  const whole = qualityOf(matrix, map);
  const state = initializeQuality(matrix, map, { metric: 'EUCLIDEAN', seed: 1 });
  assert.ok(state);
  assert.throws(() => resultOfQuality(state), /step 0/);
  while (runQuality(state, state.step + 1));
  assert.deepEqual(resultOfQuality(state), whole);
});

test('on one thread or two the threads of a backend give the bits of the plain run', async () => {
  const backends = await Promise.all([1, 2].map((threads) => CpuBackend.create(cpuThreads(threads))));
  try {
    for (const [rows, columns, sample, metric] of [
      [3, 1, 3, 'EUCLIDEAN'],
      [70, 3, 70, 'INNER_PRODUCT'],
      [1027, 5, 101, 'COSINE'],
      [2901, 3000, 6, 'EUCLIDEAN'], // more than a block of 32 MiB
      [45_001, 2, 130, 'EUCLIDEAN'], // products of more than that
    ] as const) {
      const [matrix, map] = [cloud(rows, columns, 8), cloud(rows, 2, 9)];
      const options = { metric, sample, seed: 1 };
      const plain = qualityOf(matrix, map, options);
      for (const backend of backends) {
        const done: number[] = [];
        const tools = { onProgress: (share: number) => done.push(share) };
        assert.deepEqual(await measureQuality(backend, matrix, map, options, tools), plain);
        assert.equal(done.at(-1), 1);
        assert.deepEqual(
          done,
          done.toSorted((a, b) => a - b),
        );
      }
    }
    for (const backend of backends) {
      assert.equal(await measureQuality(backend, cloud(2, 3, 1), cloud(2, 2, 1), { metric: 'COSINE', seed: 1 }), null);
      const stopped = { signal: AbortSignal.abort(new Error('enough')) };
      const [matrix, map] = [cloud(50, 3, 1), cloud(50, 2, 1)];
      await assert.rejects(measureQuality(backend, matrix, map, { metric: 'COSINE', seed: 1 }, stopped), /enough/);
    }
  } finally {
    for (const backend of backends) backend.close();
  }
});

test('few rows have few neighbours, and less than three no quality', () => {
  for (const rows of [0, 1, 2]) {
    assert.equal(initializeQuality(cloud(rows, 3, 1), cloud(rows, 2, 1), { metric: 'COSINE', seed: 1 }), null);
  }
  assert.equal(qualityOf(cloud(3, 3, 1), cloud(3, 2, 1)).neighbors, 1);
  assert.equal(qualityOf(cloud(20, 3, 1), cloud(20, 2, 1)).neighbors, 9);
  const same = createMatrix(10, 2, new Float32Array(20).fill(1));
  const equal = qualityOf(same, same, { metric: 'COSINE' });
  assert.deepEqual([equal.trustworthiness, equal.continuity, equal.neighborRecall], [1, 1, 1]);
  assert.equal(equal.rankCorrelation, null, 'distances that are all equal correlate with nothing');
  assert.throws(() => initializeQuality(cloud(3, 3, 1), cloud(4, 2, 1), { metric: 'COSINE', seed: 1 }), /4 rows.*3/);
});
