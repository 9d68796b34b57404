import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Eigen, krylovEigen, largestEigen, symmetricEigen } from '#kernels/eigen.ts';
import { createRandom } from '#kernels/random.ts';
import fc from '../../helpers/laws.ts';

/** Eigenvalues by Jacobi's rotations, largest first: slow, and different from what is tested. */
function jacobiValues(matrix: Float64Array, size: number): number[] {
  const a = Array.from({ length: size }, (_, i) => Array.from(matrix.subarray(i * size, (i + 1) * size)));
  const at = (i: number, j: number) => a[i]?.[j] ?? 0;
  const set = (i: number, j: number, value: number) => {
    const row = a[i];
    if (row) row[j] = value;
  };
  for (let sweep = 0; sweep < 60; sweep++) {
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        if (at(p, q) === 0) continue;
        const theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let k = 0; k < size; k++) {
          const [x, y] = [at(k, p), at(k, q)];
          set(k, p, c * x - s * y);
          set(k, q, s * x + c * y);
        }
        for (let k = 0; k < size; k++) {
          const [x, y] = [at(p, k), at(q, k)];
          set(p, k, c * x - s * y);
          set(q, k, s * x + c * y);
        }
      }
    }
  }
  return a.map((row, i) => row[i] ?? 0).sort((x, y) => y - x);
}

function assertEigen(matrix: Float64Array, size: number, { values, vectors }: Eigen, tolerance = 1e-11): void {
  const scale = Math.max(1, ...Array.from(matrix, Math.abs)) * size;
  for (const [k, value] of values.entries()) {
    assert.ok(value <= (values[k - 1] ?? Number.POSITIVE_INFINITY));
    for (let i = 0; i < size; i++) {
      let product = 0;
      for (let j = 0; j < size; j++) product += (matrix[i * size + j] ?? 0) * (vectors[k * size + j] ?? 0);
      const error = Math.abs(product - value * (vectors[k * size + i] ?? 0));
      assert.ok(error <= tolerance * scale, `A v - λ v = ${error} for λ = ${value}`);
    }
    for (let l = 0; l <= k; l++) {
      let product = 0;
      for (let j = 0; j < size; j++) product += (vectors[k * size + j] ?? 0) * (vectors[l * size + j] ?? 0);
      assert.ok(Math.abs(product - (k === l ? 1 : 0)) < 1e-11, `v${k} v${l} = ${product}`);
    }
  }
}

/** Q diag(values) Q' for a Q by chance. */
function withValues(values: readonly number[], seed: number): Float64Array {
  const size = values.length;
  const random = createRandom(seed);
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = values[i] ?? 0;
  const v = Float64Array.from({ length: size }, random.normal);
  for (let reflection = 0; reflection < 3; reflection++) {
    v.forEach((_, i) => {
      v[i] = random.normal();
    });
    const length = v.reduce((sum, x) => sum + x * x, 0);
    for (const [from, step] of [[1, size] as const, [size, 1] as const]) {
      for (let i = 0; i < size; i++) {
        let along = 0;
        for (let j = 0; j < size; j++) along += (matrix[i * from + j * step] ?? 0) * (v[j] ?? 0);
        for (let j = 0; j < size; j++) {
          const at = i * from + j * step;
          matrix[at] = (matrix[at] ?? 0) - ((2 * along) / length) * (v[j] ?? 0);
        }
      }
    }
  }
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) matrix[i * size + j] = matrix[j * size + i] ?? 0;
  return matrix;
}

const symmetric = fc.integer({ min: 1, max: 12 }).chain((size) =>
  fc
    .array(fc.oneof(fc.constant(0), fc.integer({ min: -3, max: 3 }), fc.double({ min: -1e3, max: 1e3, noNaN: true })), {
      minLength: size * size,
      maxLength: size * size,
    })
    .map((entries) => {
      const matrix = Float64Array.from(entries);
      for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) matrix[i * size + j] = matrix[j * size + i] ?? 0;
      return { size, matrix };
    }),
);

test('all pairs of a symmetric matrix are eigenpairs, orthonormal, with the values that Jacobi finds', () => {
  fc.assert(
    fc.property(symmetric, ({ size, matrix }) => {
      const before = Float64Array.from(matrix);
      const eigen = symmetricEigen(matrix, size);
      assert.deepEqual(matrix, before, 'the matrix is left as it is');
      assertEigen(matrix, size, eigen);
      const scale = Math.max(1, ...Array.from(matrix, Math.abs)) * size;
      for (const [k, value] of jacobiValues(matrix, size).entries()) {
        assert.ok(Math.abs(value - (eigen.values[k] ?? 0)) < 1e-11 * scale);
      }
    }),
  );
});

test('the Krylov way finds the largest pairs, whatever the spectrum', () => {
  const size = 300;
  const spectra: Record<string, readonly number[]> = {
    'falling off': Array.from({ length: size }, (_, i) => 0.8 ** i),
    'slowly falling off': Array.from({ length: size }, (_, i) => 1 / (1 + i / 50)),
    'three equal ones': Array.from({ length: size }, (_, i) => (i < 3 ? 2 : 1 / (1 + i))),
    'all equal': new Array<number>(size).fill(3),
    'rank one': Array.from({ length: size }, (_, i) => (i === 0 ? 5 : 0)),
    nothing: new Array<number>(size).fill(0),
    'some negative': Array.from({ length: size }, (_, i) => 1 - i / 100),
  };
  for (const [name, values] of Object.entries(spectra)) {
    const matrix = withValues(values, 1);
    const eigen = krylovEigen(matrix, size, 3);
    assertEigen(matrix, size, eigen, 1e-12);
    for (let k = 0; k < 3; k++) {
      const error = Math.abs((eigen.values[k] ?? 0) - (values[k] ?? 0));
      assert.ok(error < 1e-11 * Math.max(...values.map(Math.abs), 1), `${name}: value ${k} is off by ${error}`);
    }
  }
});

test('both ways give the same, and the same bits each time', () => {
  const size = 320;
  const matrix = withValues(
    Array.from({ length: size }, (_, i) => 0.9 ** i),
    2,
  );
  const [few, all] = [largestEigen(matrix, size, 3), symmetricEigen(matrix, size)];
  for (let k = 0; k < 3; k++) {
    let along = 0;
    for (let j = 0; j < size; j++) along += (few.vectors[k * size + j] ?? 0) * (all.vectors[k * size + j] ?? 0);
    assert.ok(Math.abs(Math.abs(along) - 1) < 1e-10);
  }
  assert.deepEqual(largestEigen(matrix, size, 3), few);
  assert.deepEqual(symmetricEigen(matrix, size), all);
});
