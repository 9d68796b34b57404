/**
 * A sketch of each row, some dozens of numbers for some hundreds, by which most rows are ruled out as nearest: its coordinates along m
 * orthonormal directions, and the length of what is left of it beyond them. For rows x, q and their sketches x', q':
 *   |x' - q'| <= |x - q|   and   <x', q'> >= <x, q>,
 * because along the directions both are the same, and beyond them the lengths differ by no more than the vectors (triangle inequality),
 * and have no smaller product (Cauchy and Schwarz). The directions are those in which a sample of the rows has most of its length, so
 * that little is beyond.
 */
import type { CpuBackend } from './cpu/backend.ts';
import { UNIT_ROUNDOFF } from './distance.ts';
import type { Matrix } from './matrix.ts';
import { alongDirections, centeredProducts, principalDirections, sampleRows } from './subspace.ts';

// n rows, d columns, m directions.

export interface Sketch {
  /** Offset of float32 (n, stride), and of float32 (stride) for that of a query; m + 1 numbers, then zeros. */
  readonly at: number;
  readonly query: number;
  readonly stride: number;
  /** float64 (m, d), orthonormal rows. */
  readonly directions: Float64Array;
  /** How far a sketch may be off by rounding, at the most, as a share of its row's length. */
  readonly error: number;
}

/** With the length of what is left, whole vectors of four. 48 of 784 hold nine tenths of the length of pictures of clothes. */
const DIRECTIONS = 47;
/** Rows in which directions are looked for. */
const SAMPLE = 2048;
const ITERATIONS = 3;
/** Fewer numbers are gone through in two milliseconds; fewer columns are no more than a sketch. */
const LEAST_NUMBERS = 4e6;
const LEAST_COLUMNS = 3 * DIRECTIONS;
const MOST_COLUMNS = 4096;
const ROWS_PER_STEP = 8192;

function isWorthIt(rows: number, columns: number): boolean {
  return rows * columns >= LEAST_NUMBERS && columns >= LEAST_COLUMNS && columns <= MOST_COLUMNS;
}

/** Bytes of the sketches of so many rows. */
export function sketchBytes(rows: number, columns: number): number {
  return isWorthIt(rows, columns) ? rows * (DIRECTIONS + 1) * 4 : 0;
}

/**
 * @param placed offset of float32 (n, width): the rows in the backend's memory, each followed by zeros
 * @returns null where a sketch would not be worth it
 */
export async function sketchRows(
  backend: CpuBackend,
  matrix: Matrix,
  lengths: Float64Array,
  placed: { readonly at: number; readonly width: number },
): Promise<Sketch | null> {
  const { rows: n, columns: d } = matrix;
  if (!isWorthIt(n, d)) return null;
  const directions = await findDirections(backend, matrix);
  const m = DIRECTIONS;
  const stride = m + 1;
  const at = backend.allocate(n * stride * 4);
  const query = backend.allocate(stride * 4);
  const wide = new Float64Array(m * placed.width);
  for (let k = 0; k < m; k++) wide.set(directions.subarray(k * d, (k + 1) * d), k * placed.width);
  // A coordinate is a sum of d products in float32: off by no more than d roundings of the row's length (Higham 2002, section 3.1).
  const error = Math.sqrt(m) * d * UNIT_ROUNDOFF * 1.01;
  let largest = 0;
  for (let first = 0; first < n; first += ROWS_PER_STEP) {
    const rows = Math.min(ROWS_PER_STEP, n - first);
    const from = placed.at + first * placed.width * 4;
    const along = await alongDirections(
      backend,
      from,
      rows,
      placed.width,
      wide,
      new Float64Array(placed.width),
      undefined,
    );
    const sketches = backend.float32(at + first * stride * 4, rows * stride);
    for (let i = 0; i < rows; i++) {
      const row = along.data.subarray(i * m, (i + 1) * m);
      sketches.set(row, i * stride);
      const length = lengths[first + i] ?? 0;
      const left = beyond(row, length);
      sketches[i * stride + m] = left;
      // Its square is off by twice as much, and so itself by that over itself, or by the root of that where it is small.
      if (length > 0) largest = Math.max(largest, Math.min(Math.sqrt(2 * error), (2 * error * length) / left));
    }
  }
  return { at, query, stride, directions, error: error + largest };
}

/** The sketch of a query, and its length. */
export function sketchOf(
  { directions, stride }: Sketch,
  vector: Float32Array,
): { query: Float32Array; length: number } {
  const d = vector.length;
  const query = new Float32Array(stride);
  let squares = 0;
  for (let k = 0; k < stride - 1; k++) {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += (directions[k * d + j] ?? 0) * (vector[j] ?? 0);
    query[k] = sum;
    squares += sum * sum;
  }
  const squaredLength = vector.reduce((sum, value) => sum + value * value, 0);
  query[stride - 1] = Math.sqrt(Math.max(0, squaredLength - squares));
  return { query, length: Math.sqrt(squaredLength) };
}

function beyond(along: Float32Array, length: number): number {
  let squares = 0;
  for (const value of along) squares += value * value;
  return Math.sqrt(Math.max(0, length * length - squares));
}

/** float64 (m, d): where most of the length of a sample is. */
async function findDirections(backend: CpuBackend, matrix: Matrix): Promise<Float64Array> {
  const d = matrix.columns;
  const before = backend.mark();
  const some = sampleRows(matrix, SAMPLE);
  // About 0, not about the mean: it is lengths that are to be held.
  const products = await centeredProducts(
    backend,
    backend.upload(some.data),
    new Float64Array(d),
    some.rows,
    d,
    undefined,
  );
  backend.release(before);
  return await principalDirections(backend, products, d, DIRECTIONS, ITERATIONS);
}
