import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { findPrincipal, squaresBeyond } from '#kernels/subspace.ts';

describe('principal coordinates to some digits', async () => {
  const backend = await CpuBackend.create(null);
  after(() => backend.close());

  test('and what lies beyond them make up the squared length of a row less the mean', async () => {
    for (const [n, d, c] of [
      [50, 9, 4],
      [400, 30, 7],
      [9000, 12, 12],
    ] as const) {
      const rows = spreadRows(n, d, n);
      const at = backend.upload(rows.data);
      const principal = await findPrincipal(backend, at, rows, c, 5, undefined);
      const beyond = await squaresBeyond(backend, at, d, principal, 1, undefined);
      const half = await squaresBeyond(backend, at, d, principal, 0.5, undefined);
      for (let i = 0; i < n; i += 7) {
        const whole = rowOf(rows, i).reduce((sum, value, j) => sum + (value - (principal.mean[j] ?? 0)) ** 2, 0);
        const along = rowOf(principal.coordinates, i).reduce((sum, value) => sum + value ** 2, 0);
        assert.ok(Math.abs(along + (beyond[i] ?? 0) - whole) < 1e-5 * whole, `${along} + ${beyond[i]} for ${whole}`);
        assert.ok(Math.abs((half[i] ?? 0) - (beyond[i] ?? 0) / 2) < 1e-5 * whole);
      }
    }
  });

  test('of more rows than directions are looked for in are nearly those of all rows', async () => {
    // Column j varies by 1 / (1 + j): the directions are the columns.
    const rows = spreadRows(40_000, 6, 1);
    const { coordinates, mean } = await findPrincipal(backend, backend.upload(rows.data), rows, 3, 20, undefined);
    assert.equal(coordinates.rows, 40_000);
    for (let i = 0; i < rows.rows; i += 101) {
      for (let j = 0; j < 3; j++) {
        const wanted = (rows.data[i * 6 + j] ?? 0) - (mean[j] ?? 0);
        assert.ok(Math.abs(Math.abs(coordinates.data[i * 3 + j] ?? 0) - Math.abs(wanted)) < 0.15, `${i} ${j}`);
      }
    }
  });
});

/** Normally distributed, column j with a deviation of 1 / (1 + j) about j. */
function spreadRows(n: number, d: number, seed: number): Matrix {
  const random = createRandom(seed);
  return createMatrix(
    n,
    d,
    Float32Array.from({ length: n * d }, (_, at) => (at % d) + random.normal() / (1 + (at % d))),
  );
}
