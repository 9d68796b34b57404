/** Matrices for the tests of kernels, and what is asked of maps of them. */
import { hash } from '#kernels/hash.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { initializeQuality, type Quality, resultOfQuality, runQuality } from '#kernels/quality.ts';

/** n x d numbers in [-1, 1), the same for the same seed. */
export function randomRows(n: number, d: number, seed: number): Matrix {
  return createMatrix(
    n,
    d,
    Float32Array.from({ length: n * d }, (_, i) => hash((hash(seed) ^ hash(i)) >>> 0) / 2 ** 31 - 1),
  );
}

/** Points around three centres in turn. */
export function groups(n: number, d: number): Matrix {
  return createMatrix(
    n,
    d,
    Float32Array.from({ length: n * d }, (_, i) => (i % d === Math.floor(i / d) % 3 ? 3 : 0) + hash(i) / 2 ** 32),
  );
}

/** The first columns of each row. */
export function firstColumns({ rows, columns, data }: Matrix, count: number): Matrix {
  return createMatrix(
    rows,
    count,
    Float32Array.from({ length: rows * count }, (_, i) => data[Math.floor(i / count) * columns + (i % count)] ?? 0),
  );
}

/** Trustworthiness and so on, by every row. */
export function qualityOf(rows: Matrix, map: Matrix): Quality {
  const state = initializeQuality(rows, map, { metric: 'EUCLIDEAN', sample: rows.rows, seed: 1 });
  if (state === null) throw new Error('too few rows');
  runQuality(state);
  return resultOfQuality(state);
}
