import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createMatrix } from '#kernels/matrix.ts';
import { representatives } from '#kernels/representatives.ts';

// Two clusters on a line and a row that is in none: 0 1 2 and 10 11 15.
const matrix = createMatrix(7, 1, Float32Array.of(0, 1, 2, 10, 11, 15, 6));
const labels = Int32Array.of(0, 0, 0, 1, 1, 1, -1);

test('the rows nearest to the middle of a cluster stand for it, rows of no cluster for none', () => {
  const { rows } = representatives(matrix, labels, 2, null, 2);
  assert.deepEqual(
    rows.map((some) => [...some]),
    [
      [1, 0],
      [4, 3],
    ],
  );
});

test('how firmly a row belongs comes before how near it is', () => {
  const firmness = Float32Array.of(1, 0.5, 1, 0.2, 0.3, 0.9, 0);
  const { rows } = representatives(matrix, labels, 2, firmness, 3);
  assert.deepEqual(
    rows.map((some) => [...some]),
    [
      [0, 2, 1],
      [5, 4, 3],
    ],
  );
});

test('a cluster without rows has none to stand for it', () => {
  assert.deepEqual(
    representatives(matrix, labels, 3, null, 5).rows.map(({ length }) => length),
    [3, 3, 0],
  );
});
