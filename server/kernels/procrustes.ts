/**
 * Turns, mirrors and moves one set of points so that it lies on another as well as it can: the orthogonal Procrustes problem
 * (Schönemann, "A generalized solution of the orthogonal Procrustes problem", Psychometrika 31, 1966). Sizes stay: distances on a
 * map have a meaning.
 *
 * n points, c components.
 */
import { symmetricEigen } from './eigen.ts';
import { createMatrix, type Matrix } from './matrix.ts';

export interface Motion {
  /** float64 (c, c), orthogonal: y = rotation (x - from) + to. */
  readonly rotation: Float64Array;
  /** float64 (c). */
  readonly from: Float64Array;
  readonly to: Float64Array;
}

/** Singular values below this share of the largest are rounding: along these directions the points tell nothing. */
const RANK = 1e-9;

/**
 * The motion that brings `points` nearest to `target`, in the sum of squares, over the rows that are finite in both. Where there are none,
 * or they are all in one place, it turns nothing.
 */
export function alignPoints(points: Matrix, target: Matrix): Motion {
  const { columns: c } = points;
  if (target.rows !== points.rows || target.columns !== c) {
    throw new RangeError(`Points of ${points.rows} x ${c} cannot lie on ${target.rows} x ${target.columns}.`);
  }
  const rows: number[] = [];
  for (let i = 0; i < points.rows; i++) if (isFiniteRow(points, i) && isFiniteRow(target, i)) rows.push(i);
  const from = meanOf(points, rows);
  const to = meanOf(target, rows);
  // M = sum (y - to) (x - from)'; the rotation is U V' of M = U S V'.
  const product = new Float64Array(c * c);
  for (const i of rows) {
    for (let a = 0; a < c; a++) {
      const y = (target.data[i * c + a] ?? 0) - (to[a] ?? 0);
      for (let b = 0; b < c; b++) {
        product[a * c + b] = (product[a * c + b] ?? 0) + y * ((points.data[i * c + b] ?? 0) - (from[b] ?? 0));
      }
    }
  }
  return { rotation: orthogonalPart(product, c), from, to };
}

/** The points after a motion. Rows that are not finite stay so. */
export function movePoints({ rows, columns: c, data }: Matrix, { rotation, from, to }: Motion): Matrix {
  const moved = createMatrix(rows, c);
  for (let i = 0; i < rows; i++) {
    for (let a = 0; a < c; a++) {
      let sum = to[a] ?? 0;
      for (let b = 0; b < c; b++) sum += (rotation[a * c + b] ?? 0) * ((data[i * c + b] ?? 0) - (from[b] ?? 0));
      moved.data[i * c + a] = sum;
    }
  }
  return moved;
}

/** U V' of a (c, c) product U S V': from the eigenvectors V of M'M, and U = M V / S, completed where S is 0. */
function orthogonalPart(product: Float64Array, c: number): Float64Array {
  const squared = new Float64Array(c * c);
  for (let a = 0; a < c; a++) {
    for (let b = 0; b < c; b++) {
      let sum = 0;
      for (let k = 0; k < c; k++) sum += (product[k * c + a] ?? 0) * (product[k * c + b] ?? 0);
      squared[a * c + b] = sum;
    }
  }
  const { values, vectors } = symmetricEigen(squared, c);
  const largest = Math.sqrt(Math.max(0, values[0] ?? 0));
  const left: Float64Array[] = [];
  const right = Array.from({ length: c }, (_, k) => vectors.subarray(k * c, (k + 1) * c));
  for (const [k, v] of right.entries()) {
    const length = Math.sqrt(Math.max(0, values[k] ?? 0));
    const u = new Float64Array(c);
    if (length > RANK * largest) {
      for (let a = 0; a < c; a++)
        for (let b = 0; b < c; b++) u[a] = (u[a] ?? 0) + (product[a * c + b] ?? 0) * (v[b] ?? 0);
    }
    // Where the points tell nothing, as little is turned as can be: towards v itself, or else along an axis.
    left.push(orthogonalTo(left, [u, v, ...Array.from({ length: c }, (_, axis) => unit(axis, c))]));
  }
  const rotation = new Float64Array(c * c);
  for (const [k, u] of left.entries()) {
    const v = right[k];
    for (let a = 0; a < c; a++) {
      for (let b = 0; b < c; b++) rotation[a * c + b] = (rotation[a * c + b] ?? 0) + (u[a] ?? 0) * (v?.[b] ?? 0);
    }
  }
  return rotation;
}

/** The first of the candidates that is not spanned by `basis`, made orthogonal to it and of length 1. */
function orthogonalTo(basis: readonly Float64Array[], candidates: readonly Float64Array[]): Float64Array {
  for (const candidate of candidates) {
    const before = Math.hypot(...candidate);
    if (before === 0) continue;
    const x = Float64Array.from(candidate, (value) => value / before);
    for (let pass = 0; pass < 2; pass++) {
      for (const y of basis) {
        const along = y.reduce((sum, value, a) => sum + value * (x[a] ?? 0), 0);
        for (let a = 0; a < x.length; a++) x[a] = (x[a] ?? 0) - along * (y[a] ?? 0);
      }
    }
    const length = Math.hypot(...x);
    if (length > 1e-6) return x.map((value) => value / length);
  }
  throw new Error('Some axis is always outside of what is spanned.');
}

function unit(axis: number, c: number): Float64Array {
  const x = new Float64Array(c);
  x[axis] = 1;
  return x;
}

function isFiniteRow({ columns, data }: Matrix, row: number): boolean {
  for (let at = row * columns; at < (row + 1) * columns; at++) if (!Number.isFinite(data[at])) return false;
  return true;
}

function meanOf({ columns: c, data }: Matrix, rows: readonly number[]): Float64Array {
  const mean = new Float64Array(c);
  for (const i of rows) for (let a = 0; a < c; a++) mean[a] = (mean[a] ?? 0) + (data[i * c + a] ?? 0);
  return mean.map((sum) => (rows.length === 0 ? 0 : sum / rows.length));
}
