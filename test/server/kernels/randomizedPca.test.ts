import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { beginMap, resumeMap } from '#kernels/map.ts';
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { initializePca, type Pca, resultOfPca, runPca, transformPca } from '#kernels/pca.ts';
import { createRandom } from '#kernels/random.ts';
import { initializeRandomizedPca, isDear, resultOfRandomizedPca, runRandomizedPca } from '#kernels/randomizedPca.ts';

import { cpuThreads } from '../../../server/cpuThreads.ts';

const alone = await CpuBackend.create(null);
const threaded = await CpuBackend.create(cpuThreads(2));
after(() => {
  alone.close();
  threaded.close();
});

/** Rows along 60 directions whose deviations fall as 1 / sqrt(k), away from 0, with noise in all columns. */
function wide(rows: number, columns: number): Matrix {
  const random = createRandom(5);
  const directions = Float32Array.from({ length: 60 * columns }, () => random.normal() / Math.sqrt(columns));
  const matrix = createMatrix(rows, columns, new Float32Array(rows * columns).fill(3));
  for (let i = 0; i < rows; i++) {
    const row = rowOf(matrix, i);
    for (let r = 0; r < 60; r++) {
      const along = (10 * random.normal()) / Math.sqrt(r + 1);
      for (let j = 0; j < columns; j++) row[j] = (row[j] ?? 0) + along * (directions[r * columns + j] ?? 0);
    }
    for (let j = 0; j < columns; j++) row[j] = (row[j] ?? 0) + 0.02 * random.normal();
  }
  return matrix;
}

function exactly(matrix: Matrix, components: number): { pca: Pca; coordinates: Matrix } {
  const state = initializePca(matrix, { components });
  runPca(state);
  return resultOfPca(state);
}

/** 1 - |cosine| of the directions. */
function turned(one: Pca, other: Pca, k: number): number {
  const d = one.mean.length;
  let dot = 0;
  for (let j = k * d; j < (k + 1) * d; j++) dot += (one.loadings[j] ?? 0) * (other.loadings[j] ?? 0);
  return 1 - Math.abs(dot);
}

for (const [rows, columns] of [
  [700, 150],
  [150, 701],
] as const) {
  test(`of ${rows} x ${columns} the first directions are exact to ten digits, all variances to three`, async () => {
    const matrix = wide(rows, columns);
    const exact = exactly(matrix, 20);
    const state = initializeRandomizedPca(matrix, { components: 20 });
    assert.equal(await runRandomizedPca(threaded, state), false);
    const { pca, coordinates, residual } = resultOfRandomizedPca(state);
    for (const k of [0, 1, 2]) assert.ok(turned(pca, exact.pca, k) < 1e-10, `${k}: ${turned(pca, exact.pca, k)}`);
    exact.pca.explainedVariance.forEach((variance, k) => {
      assert.ok(Math.abs((pca.explainedVariance[k] ?? 0) / variance - 1) < 1e-3, `${k}: ${pca.explainedVariance[k]}`);
      assert.ok(Math.abs((pca.explainedVarianceRatio[k] ?? 0) - (exact.pca.explainedVarianceRatio[k] ?? 0)) < 1e-4);
    });
    for (const [k, tolerance] of [
      [0, 1e-4],
      [1, 1e-4],
    ] as const) {
      for (let i = 0; i < rows; i++) {
        const apart = Math.abs((coordinates.data[i * 20 + k] ?? 0) - (exact.coordinates.data[i * 20 + k] ?? 0));
        assert.ok(apart < tolerance, `row ${i}, component ${k}: ${apart}`);
      }
    }
    // What is left tells how far the variances are off, at the most.
    assert.ok(residual > 0 && residual < 0.05, `${residual}`);
    exact.pca.explainedVariance.forEach((variance, k) => {
      assert.ok(Math.abs((pca.explainedVariance[k] ?? 0) / variance - 1) <= residual, `${k}`);
    });
    const again = transformPca(pca, matrix);
    again.data.forEach((value, at) => {
      assert.ok(Math.abs(value - (coordinates.data[at] ?? 0)) < 1e-4, `${at}: ${value} and ${coordinates.data[at]}`);
    });
  });
}

test('more passes leave less', async () => {
  const matrix = wide(300, 200);
  const left: number[] = [];
  for (const passes of [2, 5, 10]) {
    const state = initializeRandomizedPca(matrix, { components: 5, passes });
    await runRandomizedPca(alone, state);
    left.push(resultOfRandomizedPca(state).residual);
  }
  assert.ok((left[0] ?? 0) > (left[1] ?? 1) && (left[1] ?? 0) > (left[2] ?? 1), left.join(' '));
});

test('rows of lower rank, equal rows and constant columns give directions as far as there are some, and finite places', async () => {
  const flat = createMatrix(50, 30);
  for (let i = 0; i < 50; i++) rowOf(flat, i).fill(7).fill(i, 3, 5);
  for (const [matrix, rank] of [
    [flat, 1],
    [createMatrix(50, 30, new Float32Array(1500).fill(0.1)), 0],
  ] as const) {
    const state = initializeRandomizedPca(matrix, { components: 3 });
    await runRandomizedPca(alone, state);
    const { pca, coordinates } = resultOfRandomizedPca(state);
    assert.equal(pca.explainedVariance.filter((variance) => variance > 0).length, rank);
    assert.ok(coordinates.data.every(Number.isFinite) && pca.loadings.every(Number.isFinite));
  }
});

test('what is no number, and more components than there are, is refused', async () => {
  const matrix = createMatrix(4, 5);
  matrix.data[7] = Number.NaN;
  await assert.rejects(
    runRandomizedPca(alone, initializeRandomizedPca(matrix, { components: 2 })),
    /Row 1, column 2 is NaN/,
  );
  assert.throws(
    () => initializeRandomizedPca(matrix, { components: 5 }),
    /Components are from 1 to 4 for 4 x 5, got 5/,
  );
});

test('a map of wide rows is made by it, and kept after any step it ends at the same bits on one thread as on two', async () => {
  const matrix = wide(1100, 1100);
  assert.ok(isDear(matrix) && !isDear({ rows: 70_000, columns: 784 }) && isDear({ rows: 1_000_000, columns: 784 }));
  const options = { method: 'PCA', components: 2, metric: 'EUCLIDEAN', seed: 42 } as const;
  const whole = await beginMap(matrix, options, { backend: async () => threaded });
  await whole.advance(whole.steps);
  const one = { backend: async () => alone };
  let parts = await beginMap(matrix, options, one);
  for (const share of [0.1, 0.6]) {
    await parts.advance(Math.floor(share * parts.steps));
    parts = await resumeMap(matrix, options, parts.keep(), one);
  }
  await parts.advance(parts.steps);
  assert.deepEqual(parts.result(), whole.result());
  const { parameters, explainedVariance, transform } = whole.result();
  assert.equal(parameters['solver'], 'RANDOMIZED');
  assert.ok(Number(parameters['residual']) < 0.01);
  assert.equal(explainedVariance?.length, 10);
  assert.equal(transform?.pca?.components, 2);
});
