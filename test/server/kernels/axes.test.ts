import assert from 'node:assert/strict';
import { test } from 'node:test';

import { projectOntoAxes } from '#kernels/axes.ts';
import { createMatrix } from '#kernels/matrix.ts';
import fc from '../../helpers/laws.ts';

const vector = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 4, maxLength: 4 });

test('the ends of an axis lie at 0 and at 1, what is halfway at a half, and what is across changes nothing', () => {
  fc.assert(
    fc.property(vector, vector, (a, b) => {
      fc.pre(a.some((value, i) => value !== b[i]));
      const [from, to] = [Float32Array.from(a), Float32Array.from(b)];
      const half = from.map((value, i) => (value + (to[i] ?? 0)) / 2);
      // At a right angle to the axis: two numbers changed places, one with its sign.
      const [x, y] = [(to[0] ?? 0) - (from[0] ?? 0), (to[1] ?? 0) - (from[1] ?? 0)];
      const across = Float32Array.of((half[0] ?? 0) - y, (half[1] ?? 0) + x, half[2] ?? 0, half[3] ?? 0);
      const rows = createMatrix(4, 4, Float32Array.from([...from, ...to, ...half, ...across]));
      const { data } = projectOntoAxes(rows, [{ from, to }], 'EUCLIDEAN');
      [0, 1, 0.5, 0.5].forEach((wanted, i) => {
        assert.ok(Math.abs((data[i] ?? Number.NaN) - wanted) < 1e-5);
      });
    }),
  );
});

test('where the metric is the cosine, rows of any length lie in the same place, and zero rows have one', () => {
  const axes = [
    { from: Float32Array.of(1, 0), to: Float32Array.of(0, 1) },
    { from: Float32Array.of(0, 0), to: Float32Array.of(1, 0) },
  ];
  const rows = createMatrix(4, 2, Float32Array.of(3, 4, 30, 40, 0, 0, 0, 5));
  const { data, columns } = projectOntoAxes(rows, axes, 'COSINE');
  assert.equal(columns, 2);
  assert.deepEqual(data.subarray(0, 2), data.subarray(2, 4));
  assert.ok(data.every(Number.isFinite));
  assert.ok(Math.abs((data[6] ?? 0) - 1) < 1e-6, 'the direction of the end itself');
});

test('an axis without a direction, or of another length, is refused in words', () => {
  const rows = createMatrix(1, 2, Float32Array.of(1, 2));
  const same = Float32Array.of(1, 1);
  assert.throws(() => projectOntoAxes(rows, [{ from: same, to: same }], 'EUCLIDEAN'), /axis 1 are the same/);
  const axis = { from: Float32Array.of(1), to: Float32Array.of(2) };
  assert.throws(() => projectOntoAxes(rows, [axis], 'EUCLIDEAN'), /axis 1 have 1 and 1 numbers, the rows 2/);
});
