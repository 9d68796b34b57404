import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import type { Metric } from '#kernels/distance.ts';
import { nearestNeighbors } from '#kernels/knn.ts';
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { pointMeasures, pointQuality, pointQualityPlain } from '#kernels/pointQuality.ts';
import { initializeQuality, resultOfQuality, runQuality } from '#kernels/quality.ts';
import { createRandom } from '#kernels/random.ts';

import { cpuThreads } from '../../../server/cpuThreads.ts';
import golden from '../../golden/quality.json' with { type: 'json' };

const backend = await CpuBackend.create(cpuThreads(2));
after(() => backend.close());

function cloud(rows: number, columns: number, seed: number): Matrix {
  const random = createRandom(seed);
  return createMatrix(rows, columns, Float32Array.from({ length: rows * columns }, random.normal));
}

/** The first two columns: a map that keeps some of what is near. */
function firstTwo({ rows, columns, data }: Matrix): Matrix {
  return createMatrix(
    rows,
    2,
    Float32Array.from({ length: 2 * rows }, (_, i) => data[(i >> 1) * columns + (i & 1)] ?? 0),
  );
}

async function measure(matrix: Matrix, map: Matrix, metric: Metric, more: object = {}): Promise<Matrix> {
  const measured = await pointQuality(backend, matrix, map, { metric, seed: 1, ...more });
  assert.ok(measured);
  return measured;
}

const columnOf = ({ rows, columns, data }: Matrix, column: number): number[] =>
  Array.from({ length: rows }, (_, i) => data[i * columns + column] ?? Number.NaN);

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

test('with every row a reference, each point has what the definitions give it', async () => {
  for (const metric of ['COSINE', 'EUCLIDEAN', 'INNER_PRODUCT'] as const) {
    for (const rows of [9, 41, 130]) {
      const matrix = cloud(rows, 5, rows);
      const map = firstTwo(matrix);
      for (let i = 0; i < rows; i += 3) rowOf(map, i).fill(0.5); // equal places
      const measured = await measure(matrix, map, metric, { neighbors: 4 });
      const wanted = pointQualityPlain(matrix, map, metric, 4);
      for (let i = 0; i < rows; i++) {
        for (let c = 0; c < 3; c++) {
          const error = Math.abs((rowOf(measured, i)[c] ?? 0) - (rowOf(wanted, i)[c] ?? 1));
          assert.ok(error < 1e-6, `${metric}, ${rows} rows: ${pointMeasures[c]} of point ${i}`);
        }
      }
    }
  }
});

test('the mean over all points is the trustworthiness of scikit-learn', async () => {
  const matrix = createMatrix(golden.rows.length / golden.columns, golden.columns, Float32Array.from(golden.rows));
  const map = createMatrix(matrix.rows, 2, Float32Array.from(golden.map));
  const measured = await measure(matrix, map, 'EUCLIDEAN', { neighbors: golden.neighbors });
  for (const [c, name] of (['trustworthiness', 'continuity', 'neighborRecall'] as const).entries()) {
    assert.ok(Math.abs(mean(columnOf(measured, c)) - golden.euclidean[name]) < 1e-6, name);
  }
});

test('a sample of references tells nearly the same, and the means are those of the whole map', async () => {
  const matrix = cloud(1250, 6, 2);
  const map = firstTwo(matrix);
  const exact = await measure(matrix, map, 'EUCLIDEAN', { references: 1250 });
  const sampled = await measure(matrix, map, 'EUCLIDEAN', { references: 250 });
  const state = initializeQuality(matrix, map, { metric: 'EUCLIDEAN', seed: 1, sample: 1250 });
  assert.ok(state);
  runQuality(state);
  const whole = resultOfQuality(state);
  for (const [c, name] of pointMeasures.entries()) {
    const [one, other] = [columnOf(exact, c), columnOf(sampled, c)];
    assert.ok(one.every((value) => value >= -1 && value <= 1));
    assert.ok(Math.abs(mean(one) - mean(other)) < 0.05, `${name}: ${mean(one)} and ${mean(other)}`);
    // A correlation from one point is not that of all pairs: the point's own place counts in it.
    if (name === 'rankCorrelation') continue;
    assert.ok(Math.abs(mean(one) - (whole[name] ?? 0)) < 0.01, `${name}: ${mean(one)} and ${whole[name]}`);
  }
});

test('a point that was put elsewhere has the least trust of all', async () => {
  const matrix = cloud(300, 2, 4);
  const map = createMatrix(300, 2, matrix.data.slice());
  rowOf(map, 17).set([-(rowOf(matrix, 17)[0] ?? 0) * 3, 9]);
  const measured = await measure(matrix, map, 'EUCLIDEAN');
  const recalls = columnOf(measured, pointMeasures.indexOf('neighborRecall'));
  assert.equal(recalls.indexOf(Math.min(...recalls)), 17);
});

test('neighbours that are known already are taken, and lead to the same', async () => {
  const matrix = cloud(200, 6, 5);
  const found = await nearestNeighbors(backend, matrix, 30, 'COSINE');
  const map = firstTwo(matrix);
  assert.deepEqual(await measure(matrix, map, 'COSINE', { found }), await measure(matrix, map, 'COSINE'));
});

test('less than three rows have no quality, and equal rows no correlation but all the trust', async () => {
  for (const rows of [0, 1, 2]) {
    assert.equal(
      await pointQuality(backend, cloud(rows, 3, 1), cloud(rows, 2, 1), { metric: 'COSINE', seed: 1 }),
      null,
    );
  }
  const same = createMatrix(10, 2, new Float32Array(20).fill(1));
  const measured = await measure(same, same, 'COSINE');
  assert.deepEqual(columnOf(measured, 0), new Array(10).fill(1));
  assert.ok(columnOf(measured, 4).every(Number.isNaN));
});
