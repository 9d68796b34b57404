/**
 * A sketch of each row, some dozens of numbers for some hundreds, by which most rows are ruled out as nearest: its coordinates along m
 * orthonormal directions, and the length of what is left of it beyond them. For rows x, q and their sketches x', q':
 *   |x' - q'| <= |x - q|   and   <x', q'> >= <x, q>,
 * because along the directions both are the same, and beyond them the lengths differ by no more than the vectors (triangle inequality),
 * and have no smaller product (Cauchy and Schwarz). The directions are those in which a sample of the rows has most of its length, so
 * that little is beyond. The first of them make a coarse sketch by themselves, which leaves few rows for the fine one.
 */
import type { CpuBackend } from './cpu/backend.ts';
import { UNIT_ROUNDOFF } from './distance.ts';
import type { Matrix } from './matrix.ts';
import { alongDirections, centeredProducts, principalDirections, sampleRows } from './subspace.ts';

// n rows, d columns, m directions.

export interface Sketches {
  /** Offset of float32 (m, width): orthonormal rows, each followed by zeros; and of float32 (m): a query along them. */
  readonly directions: number;
  readonly along: number;
  /** From the coarsest on. */
  readonly levels: readonly Sketch[];
}

export interface Sketch {
  /** Offset of float32 (n, stride), and of float32 (stride) for that of a query; m + 1 numbers. */
  readonly at: number;
  readonly query: number;
  readonly stride: number;
  /** How far a sketch may be off by rounding, at the most, as a share of its row's length. */
  readonly error: number;
}

/**
 * Directions of each level; with the length of what is left, whole vectors of four. 48 numbers of 784 hold nine tenths of the length of
 * pictures of clothes. Of 60,000 of these 16 leave some 2,500, and 48 of those 700.
 */
const LEVELS = [15, 47];
const DIRECTIONS = Math.max(...LEVELS);
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
  return isWorthIt(rows, columns) ? rows * LEVELS.reduce((sum, m) => sum + m + 1, 0) * 4 : 0;
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
): Promise<Sketches | null> {
  const { rows: n, columns: d } = matrix;
  if (!isWorthIt(n, d)) return null;
  const found = await findDirections(backend, matrix);
  const wide = new Float64Array(DIRECTIONS * placed.width);
  for (let k = 0; k < DIRECTIONS; k++) wide.set(found.subarray(k * d, (k + 1) * d), k * placed.width);
  const directions = backend.upload(Float32Array.from(wide));
  const along = backend.allocate(DIRECTIONS * 4);
  const levels = LEVELS.map((m) => {
    const stride = m + 1;
    return {
      at: backend.allocate(n * stride * 4),
      query: backend.allocate(stride * 4),
      stride,
      error: errorAlong(m, d),
    };
  });
  const center = new Float64Array(placed.width);
  for (let first = 0; first < n; first += ROWS_PER_STEP) {
    const rows = Math.min(ROWS_PER_STEP, n - first);
    const from = placed.at + first * placed.width * 4;
    const { data } = await alongDirections(backend, from, rows, placed.width, wide, center, undefined);
    for (const level of levels) {
      const m = level.stride - 1;
      const sketches = backend.float32(level.at + first * level.stride * 4, rows * level.stride);
      for (let i = 0; i < rows; i++) {
        const row = data.subarray(i * DIRECTIONS, i * DIRECTIONS + m);
        const length = lengths[first + i] ?? 0;
        const left = beyond(row, length);
        sketches.set(row, i * level.stride);
        sketches[i * level.stride + m] = left;
        level.error = Math.max(level.error, errorAlong(m, d) + errorBeyond(left, length, errorAlong(m, d)));
      }
    }
  }
  return { directions, along, levels };
}

/** A coordinate is a sum of d products in float32: off by no more than d roundings of the row's length (Higham 2002, section 3.1). */
function errorAlong(m: number, d: number): number {
  return Math.sqrt(m) * d * UNIT_ROUNDOFF * 1.01;
}

/** The square of what is left is off by twice as much, and so itself by that over itself, or by the root of that where it is small. */
function errorBeyond(left: number, length: number, error: number): number {
  return length > 0 ? Math.min(Math.sqrt(2 * error), (2 * error * length) / left) : 0;
}

/**
 * Makes the sketches of a query, in their places.
 * @param query offset of float32 (width), `length` its length
 */
export async function sketchQuery(
  backend: CpuBackend,
  { directions, along, levels }: Sketches,
  placed: { readonly query: number; readonly stride: number },
  length: number,
): Promise<void> {
  const { query, stride } = placed;
  await backend.run('scan', 1, () => [directions, stride, 0, 0, DIRECTIONS, query, along, 0]);
  for (const level of levels) {
    const m = level.stride - 1;
    const coordinates = backend.float32(along, m);
    const sketch = backend.float32(level.query, level.stride);
    sketch.set(coordinates);
    sketch[m] = beyond(coordinates, length);
  }
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
