import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMatrix, matrixFromBytes, matrixToBytes, rowOf } from '#kernels/matrix.ts';
import fc from '../../helpers/laws.ts';

test('a matrix comes back from its bytes', () => {
  const matrix = fc
    .nat({ max: 5 })
    .chain((columns) =>
      fc
        .nat({ max: 5 })
        .chain((rows) =>
          fc
            .float32Array({ minLength: rows * columns, maxLength: rows * columns })
            .map((data) => createMatrix(rows, columns, data)),
        ),
    );
  fc.assert(fc.property(matrix, (given) => assert.deepEqual(matrixFromBytes(matrixToBytes(given)), given)));
});

test('bytes that are not a matrix are refused with what is wrong', () => {
  const bytes = matrixToBytes(createMatrix(2, 3));
  const changed = (at: number, value: number) => {
    const copy = bytes.slice(0);
    new Uint8Array(copy)[at] = value;
    return copy;
  };
  assert.throws(() => matrixFromBytes(bytes.slice(0, 10)), /header of 16 bytes, got 10/);
  assert.throws(() => matrixFromBytes(changed(0, 0)), /not the bytes of a matrix/);
  assert.throws(() => matrixFromBytes(changed(4, 9)), /version 9, expected version 1/);
  assert.throws(() => matrixFromBytes(changed(5, 2)), /type 2/);
  assert.throws(() => matrixFromBytes(changed(8, 200)), /200 x 3 takes 2416 bytes, got 40/);
  assert.throws(() => createMatrix(2, 2, new Float32Array(3)), /2 x 2 takes 4 numbers, got 3/);
});

test('a row is a view', () => {
  const matrix = createMatrix(2, 2, Float32Array.of(1, 2, 3, 4));
  rowOf(matrix, 1)[0] = 9;
  assert.deepEqual(Array.from(matrix.data), [1, 2, 9, 4]);
});
