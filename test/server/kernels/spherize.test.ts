import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { meanOfRows, spherize } from '#kernels/spherize.ts';

import fc from '../../helpers/laws.ts';

function cloud(rows: number, columns: number, seed: number): Matrix {
  const random = createRandom(seed);
  return createMatrix(
    rows,
    columns,
    Float32Array.from({ length: rows * columns }, () => random.normal() + 3),
  );
}

const shapes = fc.record({
  rows: fc.integer({ min: 1, max: 40 }),
  columns: fc.integer({ min: 1, max: 12 }),
  seed: fc.integer(),
});

test('every row has length 1, but one that is the mean, which is 0', () => {
  fc.assert(
    fc.property(shapes, ({ rows, columns, seed }) => {
      const matrix = cloud(rows, columns, seed);
      const mean = meanOfRows(matrix);
      rowOf(matrix, 0).set(mean);
      const sphere = spherize(matrix, mean);
      for (let i = 0; i < rows; i++) {
        const length = Math.hypot(...rowOf(sphere, i));
        assert.ok(i === 0 ? length === 0 : Math.abs(length - 1) < 1e-6, `row ${i}: ${length}`);
      }
    }),
  );
});

test('rows that are moved together, and stretched around their mean, lie at the same places', () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: -2, max: 3 }), ({ rows, columns, seed }, power) => {
      const matrix = cloud(rows, columns, seed);
      const other = createMatrix(
        rows,
        columns,
        matrix.data.map((value) => value * 2 ** power + 5),
      );
      const one = spherize(matrix, meanOfRows(matrix));
      const same = spherize(other, meanOfRows(other));
      const unsure = rows === 1; // it is the mean, and its direction is nothing but rounding
      one.data.forEach((value, i) => {
        assert.ok(unsure || Math.abs(value - (same.data[i] ?? 0)) < 1e-2, `${value} and ${same.data[i]}`);
      });
    }),
  );
});

test('the numbers are those of a plain reckoning', () => {
  const sphere = spherize(
    createMatrix(3, 2, Float32Array.of(1, 2, 3, 6, 5, 1)),
    meanOfRows(createMatrix(3, 2, Float32Array.of(1, 2, 3, 6, 5, 1))),
  );
  const wanted = [-2 / Math.sqrt(5), -1 / Math.sqrt(5), 0, 1, 2 / Math.sqrt(8), -2 / Math.sqrt(8)];
  sphere.data.forEach((value, i) => {
    assert.ok(Math.abs(value - (wanted[i] ?? 0)) < 1e-6);
  });
});
