/**
 * The rows nearest to one vector, exactly, of a matrix that stays in the backend's memory: for questions that come one at a
 * time. A pass over the rows in float32 leaves the few that its rounding cannot tell apart from the nearest; these are
 * compared in float64. Where the rows have sketches (sketch.ts), passes over these come first, and leave those whose bound is no larger
 * than the distance of the nearest: of 60,000 pictures of clothes some 700.
 *
 * n rows, d columns, k nearest.
 */
import type { CpuBackend } from './cpu/backend.ts';
import { distance, type Metric, UNIT_ROUNDOFF } from './distance.ts';
import { type Matrix, rowOf } from './matrix.ts';
import type { RowsOnCard } from './scanOnGpu.ts';
import {
  ask,
  leastScores,
  listOf,
  type OnCard,
  type PassedRows,
  type RowsLeft,
  rowsLeft,
  rowsWithin,
  ruleOut,
  sums32,
  sumsOf,
  takeOut,
} from './scanPasses.ts';
import { type Sketches, sketchQuery, sketchRows } from './sketch.ts';

/** A matrix in the memory of a backend, which nothing else is allocated in meanwhile. */
export interface ScannedRows extends PassedRows {
  readonly columns: number;
  readonly metric: Metric;
  /** float64 (n): lengths of the rows; and their offset. */
  readonly lengths: Float64Array;
  readonly lengthsAt: number;
  readonly longest: number;
  /** Null: there is none, because a pass over the rows themselves is as fast. */
  readonly sketch: Sketches | null;
}

export interface Nearest {
  /** Row numbers, nearest first; of equal distance the lower first. Fewer than k where there are fewer. */
  readonly rows: Uint32Array;
  /** float64, as distance.ts has them. */
  readonly distances: Float64Array;
}

/** Below this share of the rows, those asked for are gone through by their names. */
export const FEW = 1 / 8;
/** Outside of these lengths squares vanish in float32, or overflow. */
export const SHORTEST = 1e-15;
export const LONGEST = 1e15;

/**
 * Puts a matrix into the memory of a backend, with its own place for queries.
 * @returns null where it has rows so long or short that float32 cannot compare them
 */
export async function placeRows(backend: CpuBackend, matrix: Matrix, metric: Metric): Promise<ScannedRows | null> {
  const { rows, columns } = matrix;
  const lengths = new Float64Array(rows);
  let longest = 0;
  for (let i = 0; i < rows; i++) {
    let squares = 0;
    for (const value of rowOf(matrix, i)) squares += value * value;
    const length = Math.sqrt(squares);
    if (!(length <= LONGEST) || (length < SHORTEST && length > 0)) return null;
    lengths[i] = length;
    longest = Math.max(longest, length);
  }
  const stride = Math.ceil(columns / 4) * 4;
  const at = backend.allocate(rows * stride * 4);
  const query = backend.allocate(stride * 4);
  const out = backend.allocate(rows * 4);
  const list = backend.allocate(rows * 4);
  const found = backend.allocate(4);
  const lengthsAt = backend.allocate(rows * 8);
  backend.float64(lengthsAt, rows).set(lengths);
  backend.float32(query, stride).fill(0);
  const values = backend.float32(at, rows * stride);
  if (stride === columns) values.set(matrix.data);
  else {
    values.fill(0);
    for (let i = 0; i < rows; i++) values.set(rowOf(matrix, i), i * stride);
  }
  const sketch = await sketchRows(backend, matrix, lengths, { at, width: stride });
  return { rows, columns, metric, at, stride, query, out, list, found, lengths, lengthsAt, longest, sketch };
}

export interface ScanOptions {
  /** What is near; that with which the rows were placed when absent. What is in memory serves each. */
  readonly metric?: Metric;
  /** Row numbers, ascending; null: all. */
  readonly among?: Uint32Array | null;
  /** Row numbers that are no answer. */
  readonly exclude?: readonly number[];
  /** The same rows on a graphics card, where the pass over all is to be made there. */
  readonly card?: RowsOnCard | null;
}

/** What is asked, and where. */
interface Question {
  readonly backend: CpuBackend;
  readonly placed: ScannedRows;
  readonly vector: Float32Array;
  readonly length: number;
  readonly k: number;
  readonly exclude: readonly number[];
}

/**
 * The k rows nearest to a vector of d numbers. Rows without a length are no answer under COSINE.
 * @throws GpuError where the card fails
 */
export async function nearestRows(
  backend: CpuBackend,
  given: ScannedRows,
  vector: Float32Array,
  k: number,
  { metric = given.metric, among = null, exclude = [], card = null }: ScanOptions = {},
): Promise<Nearest> {
  const placed = metric === given.metric ? given : { ...given, metric };
  const question: Question = { backend, placed, vector, length: lengthOf(vector), k, exclude };
  let left = ask(backend, placed, vector, among);
  const few = left.count < FEW * placed.rows;
  if (!few && card === null) left = await scanSketches(question, left);
  left = await scanRows(question, left, few ? null : card);
  return nearestOf(rowsLeft(backend, placed, left), distanceTo(question), k);
}

/** Those of the rows that are nearest, by the distance that is answered with. */
export function nearestOf(rows: Uint32Array, distanceOf: (row: number) => number, k: number): Nearest {
  const candidates = Array.from(rows, (row) => ({ row, far: distanceOf(row) }));
  candidates.sort((a, b) => a.far - b.far || a.row - b.row);
  const nearest = candidates.slice(0, k);
  return {
    rows: Uint32Array.from(nearest, ({ row }) => row),
    distances: Float64Array.from(nearest, ({ far }) => far),
  };
}

function distanceTo({ backend, placed, vector }: Question): (row: number) => number {
  const { rows, columns, stride, at, metric } = placed;
  const values = backend.float32(at, rows * stride);
  return (row) => exactDistance(vector, values.subarray(row * stride, row * stride + columns), metric);
}

/** The distance that is answered with, of sums in float64. A cosine does not leave -1 … 1 by its rounding. */
export function exactDistance(a: Float32Array, b: Float32Array, metric: Metric): number {
  const far = distance(a, b, metric);
  return metric === 'COSINE' ? Math.min(2, Math.max(0, far)) : far;
}

/**
 * The rows whose bounds do not rule out that they are among the k nearest: the bound is no larger than the k-th score of those whose
 * bounds are least (Seidl and Kriegel 1998, "Optimal multi-step k-nearest neighbor search", without its order).
 * @returns all that are asked for where there is no sketch
 */
async function scanSketches(question: Question, asked: RowsLeft): Promise<RowsLeft> {
  const { backend, placed, length, k } = question;
  const { metric, longest, sketch } = placed;
  if (sketch === null) return asked;
  await sketchQuery(backend, sketch, placed, length);
  let left = asked;
  for (const { at, stride, query, error } of sketch.levels) {
    // What a bound may be off: the sketches of a row and of the query by `error` of their lengths, the pass by its rounding.
    const rounding = roundingOf(stride);
    const slack = (2 * error + rounding) * length * (metric === 'COSINE' ? 1 : longest) * 1.0001;
    const most = (score: number): number =>
      metric === 'EUCLIDEAN' ? (Math.sqrt(score) + error * (longest + length)) ** 2 * (1 + rounding) : score + slack;
    await scores32(question, { ...placed, at, stride, query }, left);
    left = await ruleOut(backend, placed, left, k, (rows) => scoresAtMost(question, rows), most);
  }
  return left;
}

/** No less than the scores of some rows, as `scores32` has them. */
async function scoresAtMost({ backend, placed, length }: Question, rows: Uint32Array): Promise<Float64Array> {
  const { metric, stride, longest, lengths } = placed;
  const sums = await sumsOf(backend, placed, metric === 'EUCLIDEAN', rows);
  const share = roundingOf(stride);
  if (metric === 'EUCLIDEAN') return Float64Array.from(sums, (sum) => sum * (1 + share));
  if (metric === 'INNER_PRODUCT') return Float64Array.from(sums, (sum) => share * length * longest - sum);
  return Float64Array.from(sums, (sum, i) => share * length - sum / (lengths[rows[i] ?? 0] ?? 1));
}

/** The rows that may be among the k nearest as far as float32 tells. */
async function scanRows(question: Question, asked: RowsLeft, card: RowsOnCard | null): Promise<RowsLeft> {
  const { backend, placed, length, vector, k } = question;
  const { metric, stride, longest } = placed;
  await scores32(question, placed, asked, card === null ? null : { card, vector });
  const { largest } = await leastScores(backend, placed, asked, k);
  // Of squares relative to the sum itself, of products to the lengths, by which those of the cosine are divided.
  const share = roundingOf(stride);
  const margin =
    metric === 'EUCLIDEAN' ? share * largest : share * length * (metric === 'COSINE' ? 1 : longest) * 1.0001;
  return await rowsWithin(backend, placed, asked, largest + margin);
}

/** A sum of d / 16 terms and four more additions (Higham 2002, section 4.2). Twice: the row that is compared errs, too. */
function roundingOf(stride: number): number {
  return 2 * (stride / 16 + 8) * UNIT_ROUNDOFF;
}

/**
 * Puts in place, for each row that is left, the squared distance to the query, or what a cosine or an inner product is but for the query's
 * length, negated; Infinity for rows that are no answer.
 */
async function scores32(
  { backend, exclude }: Question,
  placed: PassedRows & Pick<ScannedRows, 'metric' | 'lengthsAt'>,
  left: RowsLeft,
  onCard: OnCard | null = null,
): Promise<void> {
  const { metric, out, lengthsAt } = placed;
  await sums32(backend, placed, metric === 'EUCLIDEAN', left, onCard);
  if (metric !== 'EUCLIDEAN') {
    const by = metric === 'COSINE' ? lengthsAt : 0;
    await backend.run('negate', 1, () => [out, left.count, listOf(placed, left), by]);
  }
  takeOut(backend, placed, left, exclude);
}

function lengthOf(vector: Float32Array): number {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.sqrt(squares);
}

/** The definition: every distance, sorted. */
export function nearestRowsPlain(
  matrix: Matrix,
  metric: Metric,
  vector: Float32Array,
  k: number,
  { among = null, exclude = [] }: Pick<ScanOptions, 'among' | 'exclude'> = {},
): Nearest {
  const found = Array.from(among ?? Array(matrix.rows).keys(), (row) => ({
    row,
    far: exactDistance(vector, rowOf(matrix, row), metric),
  }))
    .filter(({ row, far }) => !Number.isNaN(far) && !exclude.includes(row))
    .sort((a, b) => a.far - b.far || a.row - b.row)
    .slice(0, k);
  return {
    rows: Uint32Array.from(found, ({ row }) => row),
    distances: Float64Array.from(found, ({ far }) => far),
  };
}
