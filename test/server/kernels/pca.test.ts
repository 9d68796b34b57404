import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addToGram, completeGram, createGram, gramNaive } from '#kernels/gram.ts';
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { initializePca, type Pca, resultOfPca, runPca, transformPca } from '#kernels/pca.ts';
import { createRandom, permutation } from '#kernels/random.ts';
import golden from '../../golden/quality.json' with { type: 'json' };
import fc from '../../helpers/laws.ts';

function pcaOf(matrix: Matrix, components: number): { pca: Pca; coordinates: Matrix } {
  const state = initializePca(matrix, { components });
  assert.equal(runPca(state), false);
  return resultOfPca(state);
}

/** Rows whose columns have standard deviations 3, 2, 1.5, … and some correlation. */
function cloud(rows: number, columns: number, seed: number): Matrix {
  const random = createRandom(seed);
  const matrix = createMatrix(rows, columns);
  for (let i = 0; i < rows; i++) {
    const shared = random.normal();
    for (let j = 0; j < columns; j++) {
      matrix.data[i * columns + j] = (random.normal() + shared) * (1 + 2 / (1 + j)) + j;
    }
  }
  return matrix;
}

function assertClose(given: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  assert.equal(given.length, wanted.length);
  for (let i = 0; i < given.length; i++) {
    const error = Math.abs((given[i] ?? Number.NaN) - (wanted[i] ?? Number.NaN));
    assert.ok(error <= tolerance, `number ${i}: ${given[i]}, wanted ${wanted[i]}`);
  }
}

test('the blocked products are those of the plain loops, over rows and over columns, in pieces or at once', () => {
  const shape = fc.record({ rows: fc.integer({ min: 1, max: 20 }), columns: fc.integer({ min: 1, max: 20 }) });
  fc.assert(
    fc.property(shape, fc.constantFrom('rows', 'columns'), fc.integer(), ({ rows, columns }, over, seed) => {
      const matrix = cloud(rows, columns, seed);
      const mean = Float64Array.from({ length: columns }, (_, j) => j / 2);
      const gram = createGram(matrix, over);
      const lines = over === 'rows' ? rows : columns;
      const cut = lines >> 1;
      addToGram(gram, matrix, mean, 0, cut);
      addToGram(gram, matrix, mean, cut, lines);
      assertClose(completeGram(gram), gramNaive(matrix, mean, over), 1e-9);
    }),
  );
});

test('components, variances and ratios are those of scikit-learn', () => {
  const matrix = createMatrix(golden.rows.length / golden.columns, golden.columns, Float32Array.from(golden.rows));
  const { pca } = pcaOf(matrix, 3);
  assertClose(pca.explainedVariance, golden.explainedVariance, 1e-9);
  assertClose(pca.explainedVarianceRatio, golden.explainedVarianceRatio, 1e-10);
  for (let k = 0; k < 3; k++) {
    const wanted = golden.loadings.slice(k * golden.columns, (k + 1) * golden.columns);
    const ours = pca.loadings.subarray(k * golden.columns, (k + 1) * golden.columns);
    const largest = wanted.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
    assertClose(
      ours,
      wanted.map((value) => value * Math.sign(largest)),
      1e-9,
    );
  }
});

test('what the dropped components miss is the sum of their variances', () => {
  for (const [rows, columns] of [
    [60, 7],
    [9, 30],
  ] as const) {
    const matrix = cloud(rows, columns, 4);
    const all = pcaOf(matrix, Math.min(rows - 1, columns));
    const { pca, coordinates } = pcaOf(matrix, 2);
    let error = 0;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const along = [0, 1].reduce(
          (sum, k) => sum + (coordinates.data[i * 2 + k] ?? 0) * (pca.loadings[k * columns + j] ?? 0),
          0,
        );
        error += ((matrix.data[i * columns + j] ?? 0) - (pca.mean[j] ?? 0) - along) ** 2;
      }
    }
    const dropped = all.pca.explainedVariance.subarray(2).reduce((sum, value) => sum + value, 0);
    assert.ok(Math.abs(error / (rows - 1) - dropped) < 1e-4 * dropped, `${error / (rows - 1)}, ${dropped}`);
    assertClose([all.pca.explainedVarianceRatio.reduce((sum, value) => sum + value, 0)], [1], 1e-12);
  }
});

test('rows in another order have the same coordinates in that order', () => {
  const matrix = cloud(50, 6, 5);
  const order = permutation(50, createRandom(1));
  const shuffled = createMatrix(50, 6);
  for (const [to, from] of order.entries()) rowOf(shuffled, to).set(rowOf(matrix, from));
  const [one, other] = [pcaOf(matrix, 3), pcaOf(shuffled, 3)];
  for (const [to, from] of order.entries()) {
    assertClose(rowOf(other.coordinates, to), rowOf(one.coordinates, from), 1e-5);
  }
});

test('a turn of the space does not change the map, but for its mirror images', () => {
  const matrix = cloud(40, 3, 6);
  const turned = createMatrix(40, 3);
  const [c, s] = [Math.cos(1), Math.sin(1)];
  for (let i = 0; i < 40; i++) {
    const [x = 0, y = 0, z = 0] = rowOf(matrix, i);
    rowOf(turned, i).set([c * x - s * y, s * x + c * y, z + 100]);
  }
  const [one, other] = [pcaOf(matrix, 3), pcaOf(turned, 3)];
  assertClose(other.pca.explainedVariance, one.pca.explainedVariance, 1e-3);
  for (let k = 0; k < 3; k++) {
    const axis = ({ coordinates }: typeof one) =>
      Array.from({ length: 40 }, (_, i) => coordinates.data[i * 3 + k] ?? 0);
    const [a, b] = [axis(one), axis(other)];
    const sign = Math.sign(a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0));
    assertClose(
      b.map((value) => value * sign),
      a,
      2e-3,
    );
  }
});

test('more columns than rows give what the covariance gives', () => {
  const wide = cloud(12, 40, 7);
  const { pca, coordinates } = pcaOf(wide, 3);
  // The same rows with the covariance forced: repeated four times, they have more rows than columns.
  const tall = createMatrix(48, 40);
  for (let copy = 0; copy < 4; copy++) tall.data.set(wide.data, copy * wide.data.length);
  const other = pcaOf(tall, 3);
  assertClose(pca.loadings, other.pca.loadings, 1e-9);
  assertClose(coordinates.data, other.coordinates.data.subarray(0, coordinates.data.length), 1e-5);
});

test('a run stopped after each step ends with the same bits as one run, and a rerun too', () => {
  const matrix = cloud(3000, 30, 8);
  const whole = pcaOf(matrix, 3);
  const state = initializePca(matrix, { components: 3 });
  assert.throws(() => resultOfPca(state), /step 0/);
  let stops = 0;
  while (runPca(state, state.step + 1)) stops++;
  assert.equal(stops, state.steps - 1);
  assert.deepEqual(resultOfPca(state), whole);
  assert.deepEqual(pcaOf(matrix, 3), whole);
});

test('the coordinates of the rows are those that transform gives', () => {
  const matrix = cloud(100, 5, 9);
  const { pca, coordinates } = pcaOf(matrix, 3);
  assert.deepEqual(transformPca(pca, matrix), coordinates);
  assert.throws(() => transformPca(pca, createMatrix(1, 4)), /rows of 5 numbers, got rows of 4/);
});

test('the largest loading of each component is positive', () => {
  for (let seed = 0; seed < 10; seed++) {
    const { pca } = pcaOf(cloud(20, 4, seed), 3);
    for (let k = 0; k < 3; k++) {
      const loading = Array.from(pca.loadings.subarray(k * 4, (k + 1) * 4));
      assert.equal(Math.max(...loading), Math.max(...loading.map(Math.abs)));
    }
  }
});

test('data without spread, or with less than was asked for, has zeros there and never NaN', () => {
  const same = createMatrix(5, 3, new Float32Array(15).fill(0.1));
  const cases: Record<string, Matrix> = {
    'one row': createMatrix(1, 3, Float32Array.of(1, 2, 3)),
    'equal rows': same,
    'one column': createMatrix(4, 1, Float32Array.of(1, 2, 3, 4)),
    'a constant column': createMatrix(3, 2, Float32Array.of(1, 7, 2, 7, 3, 7)),
    'two rows': createMatrix(2, 4, Float32Array.of(1, 2, 3, 4, 5, 6, 7, 9)),
    'a column twice': createMatrix(4, 2, Float32Array.of(1, 1, 2, 2, 3, 3, 5, 5)),
    'three rows on a line': createMatrix(3, 3, Float32Array.of(0, 0, 0, 1, 1, 1, 2, 2, 2)),
  };
  for (const [name, matrix] of Object.entries(cases)) {
    const { pca, coordinates } = pcaOf(matrix, 3);
    for (const numbers of [
      pca.mean,
      pca.loadings,
      pca.explainedVariance,
      pca.explainedVarianceRatio,
      coordinates.data,
    ]) {
      assert.ok(numbers.every(Number.isFinite), name);
    }
    const rank = name === 'one row' || name === 'equal rows' ? 0 : 1;
    assert.equal(pca.explainedVariance.filter((value) => value > 0).length, rank, name);
    for (let i = 0; i < matrix.rows; i++) {
      assert.ok(
        rowOf(coordinates, i)
          .subarray(rank)
          .every((value) => value === 0),
        name,
      );
    }
    if (rank === 1) assertClose([pca.explainedVarianceRatio[0] ?? 0], [1], 1e-12);
  }
});

test('many components of many columns, by the full way, are orthonormal', () => {
  const { pca } = pcaOf(cloud(400, 120, 10), 100);
  for (let k = 0; k < 100; k += 9) {
    for (let l = 0; l <= k; l += 9) {
      let product = 0;
      for (let j = 0; j < 120; j++) product += (pca.loadings[k * 120 + j] ?? 0) * (pca.loadings[l * 120 + j] ?? 0);
      assert.ok(Math.abs(product - (k === l ? 1 : 0)) < 1e-11);
    }
  }
});

test('what has no components is refused in words', () => {
  assert.throws(() => initializePca(createMatrix(0, 3), { components: 2 }), /need rows and columns, got 0 x 3/);
  for (const components of [0, 101, 1.5]) {
    assert.throws(() => initializePca(createMatrix(2, 2), { components }), /from 1 to 100/);
  }
  const state = initializePca(createMatrix(2, 2, Float32Array.of(1, 2, Number.NaN, 4)), { components: 2 });
  assert.throws(() => runPca(state), /Row 1, column 0 is NaN/);
});
