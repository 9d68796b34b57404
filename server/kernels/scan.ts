/**
 * The rows nearest to one vector, exactly, of a matrix that stays in the backend's memory: for questions that come one at a
 * time. A pass over the rows in float32 leaves the few that its rounding cannot tell apart from the nearest; these are
 * compared in float64. Where the rows have a sketch (sketch.ts), a pass over that comes first, and leaves those whose bound is no larger
 * than the distance of the nearest: of 60,000 pictures of clothes some 1,500.
 *
 * n rows, d columns, k nearest.
 */
import type { CpuBackend } from './cpu/backend.ts';
import { distance, type Metric, UNIT_ROUNDOFF } from './distance.ts';
import { type Matrix, rowOf } from './matrix.ts';
import type { RowsOnCard } from './scanOnGpu.ts';
import { type Sketch, sketchOf, sketchRows } from './sketch.ts';

/** A matrix in the memory of a backend, which nothing else is allocated in meanwhile. */
export interface ScannedRows {
  readonly rows: number;
  readonly columns: number;
  readonly metric: Metric;
  /** Offset of float32 (n, stride), the columns behind d being 0; of the query, float32 (stride); of float32 (n); and of uint32 (n). */
  readonly at: number;
  readonly stride: number;
  readonly query: number;
  readonly out: number;
  readonly list: number;
  /** float64 (n): lengths of the rows. */
  readonly lengths: Float64Array;
  readonly longest: number;
  /** uint32 (n): all row numbers. */
  readonly all: Uint32Array;
  /** Null: there is none, because a pass over the rows themselves is as fast. */
  readonly sketch: Sketch | null;
}

export interface Nearest {
  /** Row numbers, nearest first; of equal distance the lower first. Fewer than k where there are fewer. */
  readonly rows: Uint32Array;
  /** float64, as distance.ts has them. */
  readonly distances: Float64Array;
}

/** Of a piece of work: a millisecond or so. So little is not shared, since to wake a thread on a busy machine takes longer. */
const PIECE_NUMBERS = 4e6;
/** Below this share of the rows, those asked for are gone through by their names. */
export const FEW = 1 / 8;
/** Rows per neighbour, those of least bounds, that are compared to know how far the nearest can be. */
export const LIKELY = 2;
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
  backend.float32(query, stride).fill(0);
  const values = backend.float32(at, rows * stride);
  if (stride === columns) values.set(matrix.data);
  else {
    values.fill(0);
    for (let i = 0; i < rows; i++) values.set(rowOf(matrix, i), i * stride);
  }
  const all = Uint32Array.from(lengths.keys());
  const sketch = await sketchRows(backend, matrix, lengths, { at, width: stride });
  return { rows, columns, metric, at, stride, query, out, list, lengths, longest, all, sketch };
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
  const { rows: n, lengths, all } = placed;
  const answers = (row: number): boolean => (metric !== 'COSINE' || (lengths[row] ?? 0) > 0) && !exclude.includes(row);
  const asked = among ?? all;
  const few = among !== null && among.length < FEW * n;
  const possible = few || card !== null ? asked : await scanSketch(backend, placed, vector, k, asked, answers);
  const near = await scanRows(backend, placed, vector, k, possible, answers, few ? null : card);
  const distanceOfRow = distanceTo(backend, placed, vector);
  const candidates = Array.from(near, (row) => ({ row, far: distanceOfRow(row) }));
  candidates.sort((a, b) => a.far - b.far || a.row - b.row);
  const nearest = candidates.slice(0, k);
  return {
    rows: Uint32Array.from(nearest, ({ row }) => row),
    distances: Float64Array.from(nearest, ({ far }) => far),
  };
}

function distanceTo(
  backend: CpuBackend,
  { rows, columns, stride, at, metric }: ScannedRows,
  vector: Float32Array,
): (row: number) => number {
  const values = backend.float32(at, rows * stride);
  return (row) => exactDistance(vector, values.subarray(row * stride, row * stride + columns), metric);
}

/** The distance that is answered with, of sums in float64. A cosine does not leave -1 … 1 by its rounding. */
export function exactDistance(a: Float32Array, b: Float32Array, metric: Metric): number {
  const far = distance(a, b, metric);
  return metric === 'COSINE' ? Math.min(2, Math.max(0, far)) : far;
}

/**
 * The rows whose bounds do not rule out that they are among the k nearest: the bound is no larger than the k-th distance of those whose
 * bounds are least (Seidl and Kriegel 1998, "Optimal multi-step k-nearest neighbor search", without its order).
 * @returns all that are asked for where there is no sketch
 */
async function scanSketch(
  backend: CpuBackend,
  placed: ScannedRows,
  vector: Float32Array,
  k: number,
  asked: Uint32Array,
  answers: (row: number) => boolean,
): Promise<Uint32Array> {
  const { metric, longest, sketch } = placed;
  if (sketch === null) return asked;
  const { query, length } = sketchOf(sketch, vector);
  backend.float32(sketch.query, sketch.stride).set(query);
  const on = { ...placed, at: sketch.at, stride: sketch.stride, query: sketch.query };
  const bounds = await scores32(backend, on, asked);
  const distanceOfRow = distanceTo(backend, placed, vector);
  // What a bound may be off: the sketches of a row and of the query by `error` of their lengths, the pass by its rounding.
  const rounding = 2 * (sketch.stride / 16 + 8) * UNIT_ROUNDOFF;
  const most = (distanceOfKth: number): number => {
    if (metric === 'EUCLIDEAN') return (distanceOfKth + sketch.error * (longest + length)) ** 2 * (1 + rounding);
    const slack = (2 * sketch.error + rounding) * 1.0001;
    return metric === 'COSINE' ? (distanceOfKth - 1 + slack) * length : distanceOfKth + slack * length * longest;
  };
  const nearest = new Float64Array(k).fill(Number.POSITIVE_INFINITY); // a heap, the farthest on top
  for (const row of rowsOfSmallest(bounds, asked, answers, LIKELY * k)) pushSmaller(nearest, distanceOfRow(row));
  return within(bounds, asked, most(nearest[0] ?? Number.POSITIVE_INFINITY), answers);
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
  const { columns, metric, stride, query, longest } = placed;
  backend.float32(query, columns).set(vector);
  const scores = await scores32(backend, placed, asked, card === null ? null : { card, vector });

  // A sum of d / 16 terms and four more additions (Higham 2002, section 4.2): of squares relative to the sum itself, of
  // products to the lengths, by which those of the cosine are divided. Twice: the row that is compared errs, too.
  const share = 2 * (stride / 16 + 8) * UNIT_ROUNDOFF;
  let queryLength = 0;
  for (const value of vector) queryLength += value * value;
  queryLength = Math.sqrt(queryLength);
  const limit = kthSmallest(scores, asked, answers, k);
  const margin =
    metric === 'EUCLIDEAN' ? share * limit : share * queryLength * (metric === 'COSINE' ? 1 : longest) * 1.0001;
  return within(scores, asked, limit + margin, answers);
}

/**
 * Squared distances to the query, or what a cosine or an inner product is but for the query's length, negated: float32, one for each row
 * asked for.
 */
async function scores32(
  backend: CpuBackend,
  placed: Omit<ScannedRows, 'sketch'>,
  asked: Uint32Array,
  onCard: { readonly card: RowsOnCard; readonly vector: Float32Array } | null = null,
): Promise<Float32Array> {
  const { metric, lengths } = placed;
  const scores = await sums32(backend, placed, metric === 'EUCLIDEAN', asked, onCard);
  if (metric === 'EUCLIDEAN') return scores;
  for (let i = 0; i < scores.length; i++) {
    const length = metric === 'COSINE' ? lengths[asked[i] ?? 0] || 1 : 1;
    scores[i] = -(scores[i] ?? 0) / length;
  }
  return scores;
}

/**
 * |row - query|^2, or <row, query>: float32, one for each row asked for. A view, which the next question writes to, where all are.
 * @throws GpuError where the card fails
 */
export async function sums32(
  backend: CpuBackend,
  { rows: n, at, stride, query, out, list }: Omit<ScannedRows, 'sketch'>,
  isSquared: boolean,
  asked: Uint32Array,
  onCard: { readonly card: RowsOnCard; readonly vector: Float32Array } | null = null,
): Promise<Float32Array> {
  const byName = onCard === null && asked.length < FEW * n;
  const count = byName ? asked.length : n;
  if (byName) backend.uint32(list, count).set(asked);
  const mostRows = Math.max(1, Math.floor(PIECE_NUMBERS / stride));
  const rowsPerPiece = count <= mostRows ? mostRows : Math.min(Math.ceil(count / backend.threadCount), mostRows);
  if (onCard !== null) await onCard.card.scan(onCard.vector, isSquared, backend.float32(out, n));
  else {
    await backend.run('scan', Math.ceil(count / rowsPerPiece), (piece) => {
      const first = piece * rowsPerPiece;
      return [
        at,
        stride,
        byName ? list : 0,
        first,
        Math.min(count, first + rowsPerPiece),
        query,
        out,
        Number(isSquared),
      ];
    });
  }
  const found = backend.float32(out, count);
  // All rows are asked for in their order, or some, or those listed.
  return asked.length === count ? found : Float32Array.from(asked, (row) => found[row] ?? 0);
}

/** The k-th smallest score of the rows asked for, or infinity where there are fewer. */
export function kthSmallest(
  scores: Float32Array | Float64Array,
  asked: Uint32Array,
  answers: (row: number) => boolean,
  k: number,
): number {
  // A heap of the k smallest, the largest of them on top.
  const heap = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
  let most = heap[0] ?? 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] ?? 0;
    if (!(score < most && answers(asked[i] ?? 0))) continue;
    pushSmaller(heap, score);
    most = heap[0] ?? 0;
  }
  return most;
}

/** The rows of the k smallest scores; of equal ones those that come first. */
export function rowsOfSmallest(
  scores: Float32Array | Float64Array,
  asked: Uint32Array,
  answers: (row: number) => boolean,
  k: number,
): readonly number[] {
  const heap = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
  let most = heap[0] ?? 0;
  // Few are among the smallest when they are met, and fewer at the end: k (1 + ln(n / k)) where they come in no order.
  const met: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] ?? 0;
    if (!(score < most && answers(asked[i] ?? 0))) continue;
    pushSmaller(heap, score);
    most = heap[0] ?? 0;
    met.push(i);
  }
  const chosen = met.filter((i) => (scores[i] ?? 0) <= most);
  return chosen.slice(0, k).map((i) => asked[i] ?? 0);
}

/** The rows of a score no larger than the limit. */
export function within(
  scores: Float32Array | Float64Array,
  asked: Uint32Array,
  limit: number,
  answers: (row: number) => boolean,
): Uint32Array {
  const rows: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    const row = asked[i] ?? 0;
    if ((scores[i] ?? 0) <= limit && answers(row)) rows.push(row);
  }
  return Uint32Array.from(rows);
}

/** Puts a number in place of the largest, which is on top, where it is smaller. @returns whether it was */
export function pushSmaller(heap: Float64Array, value: number): boolean {
  if (value >= (heap[0] ?? 0)) return false;
  let place = 0;
  for (;;) {
    let child = 2 * place + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] ?? 0) > (heap[child] ?? 0)) child++;
    if ((heap[child] ?? 0) <= value) break;
    heap[place] = heap[child] ?? 0;
    place = child;
  }
  heap[place] = value;
  return true;
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
