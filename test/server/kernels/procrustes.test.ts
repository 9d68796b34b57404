import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { alignPoints, movePoints } from '#kernels/procrustes.ts';
import { createRandom } from '#kernels/random.ts';
import fc from '../../helpers/laws.ts';

function cloud(rows: number, columns: number, seed: number): Matrix {
  const random = createRandom(seed);
  return createMatrix(rows, columns, Float32Array.from({ length: rows * columns }, random.normal));
}

const squares = (a: Matrix, b: Matrix): number =>
  a.data.reduce((sum, value, i) => sum + (value - (b.data[i] ?? 0)) ** 2, 0);

/** Turned by an angle in the plane of two axes, perhaps mirrored, and moved. */
function moved({ rows, columns, data }: Matrix, angle: number, mirrored: boolean): Matrix {
  const result = createMatrix(rows, columns, data.slice());
  for (let i = 0; i < rows; i++) {
    const row = rowOf(result, i);
    const [x = 0, y = 0] = row;
    row[0] = (mirrored ? -1 : 1) * (Math.cos(angle) * x - Math.sin(angle) * y) + 3;
    row[1] = Math.sin(angle) * x + Math.cos(angle) * y - 7;
  }
  return result;
}

test('points that were turned, mirrored and moved come back, and rows without a place do not count', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 4, max: 30 }),
      fc.constantFrom(2, 3),
      fc.integer(),
      fc.double({ min: -4, max: 4, noNaN: true }),
      fc.boolean(),
      (rows, columns, seed, angle, mirrored) => {
        const target = cloud(rows, columns, seed);
        const points = moved(target, angle, mirrored);
        const known = createMatrix(rows, columns, target.data.slice());
        rowOf(points, 0).fill(50); // wherever it is
        rowOf(known, 0).fill(Number.NaN);
        const back = movePoints(points, alignPoints(points, known));
        rowOf(back, 0).set(rowOf(target, 0));
        assert.ok(squares(back, target) < 1e-8 * rows * columns);
      },
    ),
  );
});

test('no other turn brings the points nearer, and distances between them stay', () => {
  const target = cloud(40, 2, 1);
  const points = cloud(40, 2, 2);
  const best = movePoints(points, alignPoints(points, target));
  for (let degree = 0; degree < 360; degree += 3) {
    for (const mirrored of [false, true]) {
      const other = moved(points, (degree * Math.PI) / 180, mirrored);
      // Moved to where the best one has its middle.
      for (const axis of [0, 1]) {
        const mean = (of: Matrix) => of.data.reduce((sum, value, i) => sum + (i % 2 === axis ? value / 40 : 0), 0);
        const difference = mean(best) - mean(other);
        for (let i = 0; i < 40; i++) other.data[2 * i + axis] = (other.data[2 * i + axis] ?? 0) + difference;
      }
      assert.ok(squares(best, target) <= squares(other, target) + 1e-4);
    }
  }
  const apart = (of: Matrix, i: number, j: number) =>
    Math.hypot((of.data[2 * i] ?? 0) - (of.data[2 * j] ?? 0), (of.data[2 * i + 1] ?? 0) - (of.data[2 * j + 1] ?? 0));
  for (let i = 1; i < 40; i++) assert.ok(Math.abs(apart(best, 0, i) - apart(points, 0, i)) < 1e-5);
});

test('points in one place or on one line are finite after it', () => {
  for (const columns of [2, 3]) {
    const place = createMatrix(5, columns, new Float32Array(5 * columns).fill(2));
    const line = createMatrix(5, columns);
    for (let i = 0; i < 5; i++) rowOf(line, i)[0] = i;
    for (const [points, target] of [
      [place, place],
      [line, place],
      [place, line],
      [line, cloud(5, columns, 1)],
    ] as const) {
      const back = movePoints(points, alignPoints(points, target));
      assert.ok(back.data.every(Number.isFinite));
    }
    const turned = createMatrix(5, columns);
    for (let i = 0; i < 5; i++) rowOf(turned, i)[1] = -i;
    assert.ok(squares(movePoints(line, alignPoints(line, turned)), turned) < 1e-9, 'a line is turned onto a line');
  }
  assert.throws(() => alignPoints(cloud(3, 2, 1), cloud(3, 3, 1)), /Points of 3 x 2 cannot lie on 3 x 3/);
});
