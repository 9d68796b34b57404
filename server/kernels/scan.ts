/**
 * The rows nearest to one vector, exactly, of a matrix that stays in the backend's memory: for questions that come one at a
 * time. A pass over all rows in float32 leaves the few that its rounding cannot tell apart from the nearest; these are
 * compared in float64.
 *
 * n rows, d columns, k nearest.
 */
import type { CpuBackend } from './cpu/backend.ts';
import { distance, type Metric } from './distance.ts';
import { type Matrix, rowOf } from './matrix.ts';
import type { RowsOnCard } from './scanOnGpu.ts';

/** A matrix in the memory of a backend, which nothing else is allocated in meanwhile. */
export interface ScannedRows {
  readonly rows: number;
  readonly columns: number;
  readonly metric: Metric;
  /** Offset of float32 (n, stride), the columns behind d being 0; of the query, float32 (stride); and of float32 (n). */
  readonly at: number;
  readonly stride: number;
  readonly query: number;
  readonly out: number;
  /** float64 (n): lengths of the rows. */
  readonly lengths: Float64Array;
  readonly longest: number;
}

export interface Nearest {
  /** Row numbers, nearest first; of equal distance the lower first. Fewer than k where there are fewer. */
  readonly rows: Uint32Array;
  /** float64, as distance.ts has them. */
  readonly distances: Float64Array;
}

/** Rows of a piece of work: a millisecond or so. */
const PIECE_NUMBERS = 4e6;
/** Below this share of the rows, those asked for are compared one by one. */
const FEW = 1 / 8;
/** 2^-24: half of the distance from 1 to the next float32. */
const ROUNDING = 2 ** -24;
/** Outside of these lengths squares vanish in float32, or overflow. */
export const SHORTEST = 1e-15;
export const LONGEST = 1e15;

/**
 * Puts a matrix into the memory of a backend, with its own place for queries.
 * @returns null where it has rows so long or short that float32 cannot compare them
 */
export function placeRows(backend: CpuBackend, matrix: Matrix, metric: Metric): ScannedRows | null {
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
  backend.float32(query, stride).fill(0);
  const values = backend.float32(at, rows * stride);
  if (stride === columns) values.set(matrix.data);
  else {
    values.fill(0);
    for (let i = 0; i < rows; i++) values.set(rowOf(matrix, i), i * stride);
  }
  return { rows, columns, metric, at, stride, query, out, lengths, longest };
}

/**
 * The k rows nearest to a vector of d numbers. Rows without a length are no answer under COSINE.
 * @param among row numbers, ascending; null: all
 * @param exclude row numbers that are no answer
 * @param card the same rows on a graphics card, where the pass over all is to be made there. @throws GpuError where it fails
 */
export async function nearestRows(
  backend: CpuBackend,
  placed: ScannedRows,
  vector: Float32Array,
  k: number,
  {
    among = null,
    exclude = [],
    card = null,
  }: {
    readonly among?: Uint32Array | null;
    readonly exclude?: readonly number[];
    readonly card?: RowsOnCard | null;
  } = {},
): Promise<Nearest> {
  const { rows: n, metric, lengths } = placed;
  const answers = (row: number): boolean => (metric !== 'COSINE' || (lengths[row] ?? 0) > 0) && !exclude.includes(row);
  const asked = among ?? Uint32Array.from({ length: n }, (_, row) => row);
  const candidates =
    among !== null && among.length < FEW * n
      ? asked.filter(answers)
      : await scanRows(backend, placed, vector, k, asked, answers, card);
  const values = backend.float32(placed.at, n * placed.stride);
  const far = Float64Array.from(candidates, (row) =>
    distanceOf(vector, values.subarray(row * placed.stride, row * placed.stride + placed.columns), metric),
  );
  const order = Array.from(candidates.keys())
    .sort((a, b) => (far[a] ?? 0) - (far[b] ?? 0) || (candidates[a] ?? 0) - (candidates[b] ?? 0))
    .slice(0, k);
  return {
    rows: Uint32Array.from(order, (place) => candidates[place] ?? 0),
    distances: Float64Array.from(order, (place) => far[place] ?? 0),
  };
}

/** A cosine does not leave -1 … 1 by its rounding. */
function distanceOf(a: Float32Array, b: Float32Array, metric: Metric): number {
  const far = distance(a, b, metric);
  return metric === 'COSINE' ? Math.min(2, Math.max(0, far)) : far;
}

/** The rows that may be among the k nearest as far as float32 tells. */
async function scanRows(
  backend: CpuBackend,
  placed: ScannedRows,
  vector: Float32Array,
  k: number,
  asked: Uint32Array,
  answers: (row: number) => boolean,
  card: RowsOnCard | null,
): Promise<Uint32Array> {
  const { rows: n, columns, metric, at, stride, query, out, lengths, longest } = placed;
  backend.float32(query, columns).set(vector);
  const squared = metric === 'EUCLIDEAN' ? 1 : 0;
  const rowsPerPiece = Math.max(1, Math.min(Math.ceil(n / backend.threadCount), Math.ceil(PIECE_NUMBERS / stride)));
  if (card !== null) await card.scan(vector, squared === 1, backend.float32(out, n));
  else {
    await backend.run('scan', Math.ceil(n / rowsPerPiece), (piece) => {
      const first = piece * rowsPerPiece;
      return [at, stride, first, Math.min(n, first + rowsPerPiece), query, out, squared];
    });
  }
  const scores = backend.float32(out, n);
  if (metric !== 'EUCLIDEAN') {
    for (let i = 0; i < n; i++)
      scores[i] = metric === 'COSINE' ? -(scores[i] ?? 0) / (lengths[i] || 1) : -(scores[i] ?? 0);
  }

  // A sum of d / 16 terms and four more additions (Higham 2002, section 4.2): of squares relative to the sum itself, of
  // products to the lengths, by which those of the cosine are divided. Twice: the row that is compared errs, too.
  const share = 2 * (stride / 16 + 8) * ROUNDING;
  let queryLength = 0;
  for (const value of vector) queryLength += value * value;
  queryLength = Math.sqrt(queryLength);
  const limit = kthSmallest(scores, asked, answers, k);
  const margin =
    metric === 'EUCLIDEAN' ? share * limit : share * queryLength * (metric === 'COSINE' ? 1 : longest) * 1.0001;
  return asked.filter((row) => (scores[row] ?? 0) <= limit + margin && answers(row));
}

/** The k-th smallest score of the rows asked for, or infinity where there are fewer. */
function kthSmallest(scores: Float32Array, asked: Uint32Array, answers: (row: number) => boolean, k: number): number {
  // A heap of the k smallest, the largest of them on top.
  const heap = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
  for (const row of asked) {
    const score = scores[row] ?? 0;
    if (score >= (heap[0] ?? 0) || !answers(row)) continue;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= k) break;
      if (child + 1 < k && (heap[child + 1] ?? 0) > (heap[child] ?? 0)) child++;
      if ((heap[child] ?? 0) <= score) break;
      heap[place] = heap[child] ?? 0;
      place = child;
    }
    heap[place] = score;
  }
  return heap[0] ?? 0;
}

/** The definition: every distance, sorted. */
export function nearestRowsPlain(
  matrix: Matrix,
  metric: Metric,
  vector: Float32Array,
  k: number,
  { among = null, exclude = [] }: { readonly among?: Uint32Array | null; readonly exclude?: readonly number[] } = {},
): Nearest {
  const found = Array.from(among ?? Array(matrix.rows).keys(), (row) => ({
    row,
    far: distanceOf(vector, rowOf(matrix, row), metric),
  }))
    .filter(({ row, far }) => !Number.isNaN(far) && !exclude.includes(row))
    .sort((a, b) => a.far - b.far || a.row - b.row)
    .slice(0, k);
  return {
    rows: Uint32Array.from(found, ({ row }) => row),
    distances: Float64Array.from(found, ({ far }) => far),
  };
}
