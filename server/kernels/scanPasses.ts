/**
 * The passes of scan.ts and scanSphere.ts over rows in the backend's memory, in float32: one puts a score in place for each row that is
 * still in question, others find the least of these, and leave the rows that are within a limit. So each pass goes through fewer.
 *
 * n rows, k nearest.
 */
import type { CpuBackend } from './cpu/backend.ts';
import { UNIT_ROUNDOFF } from './distance.ts';
import { NONE } from './neighbors.ts';
import type { RowsOnCard } from './scanOnGpu.ts';

/** What the passes read and write, as offsets. */
export interface PassedRows {
  /** How many. */
  readonly rows: number;
  /** float32 (n, stride), the columns behind the last being 0; and the query, float32 (stride). */
  readonly at: number;
  readonly stride: number;
  readonly query: number;
  /** float32 (n): scores, one for each row that is left; uint32 (n): which these are; uint32 (1): how many. */
  readonly out: number;
  readonly list: number;
  readonly found: number;
}

/** The rows that are still in question: those that the list names, ascending, or all. */
export interface RowsLeft {
  readonly count: number;
  readonly listed: boolean;
}

/** The pass over all rows on a graphics card, and the query once more. */
export interface OnCard {
  readonly card: RowsOnCard;
  readonly vector: Float32Array;
}

/** Of a piece of work: a millisecond or so. So little is not shared, since to wake a thread on a busy machine takes longer. */
const PIECE_NUMBERS = 4e6;
/** Rows per neighbour, those of least bounds, that are compared to know how far the nearest can be. */
const LIKELY = 2;
/** The largest number of float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** Puts a question in place. @param among as in `ScanOptions` */
export function ask(
  backend: CpuBackend,
  { rows, query, list }: PassedRows,
  vector: Float32Array,
  among: Uint32Array | null,
): RowsLeft {
  backend.float32(query, vector.length).set(vector);
  if (among === null || among.length === rows) return { count: rows, listed: false };
  backend.uint32(list, among.length).set(among);
  return { count: among.length, listed: true };
}

/** Offset of the names of the rows that are left; 0: all rows are. */
export function listOf({ list }: Pick<PassedRows, 'list'>, { listed }: RowsLeft): number {
  return listed ? list : 0;
}

/** Which they are. */
export function rowsLeft(
  backend: CpuBackend,
  { list }: Pick<PassedRows, 'list'>,
  { count, listed }: RowsLeft,
): Uint32Array {
  return listed ? backend.uint32(list, count).slice() : Uint32Array.from({ length: count }, (_, row) => row);
}

/**
 * Puts in place |row - query|^2, or <row, query>, for each row that is left: float32.
 * @throws GpuError where the card fails
 */
export async function sums32(
  backend: CpuBackend,
  placed: PassedRows,
  isSquared: boolean,
  left: RowsLeft,
  onCard: OnCard | null = null,
): Promise<void> {
  const { rows: n, at, stride, query, out } = placed;
  const { count } = left;
  const list = listOf(placed, left);
  if (onCard !== null) {
    const scores = backend.float32(out, n);
    await onCard.card.scan(onCard.vector, isSquared, scores);
    const named = left.listed ? backend.uint32(list, count) : [];
    named.forEach((row, place) => {
      scores[place] = scores[row] ?? 0;
    });
    return;
  }
  const mostRows = Math.max(1, Math.floor(PIECE_NUMBERS / stride));
  const rowsPerPiece = count <= mostRows ? mostRows : Math.min(Math.ceil(count / backend.threadCount), mostRows);
  await backend.run('scan', Math.ceil(count / rowsPerPiece), (piece) => {
    const first = piece * rowsPerPiece;
    return [at, stride, list, first, Math.min(count, first + rowsPerPiece), query, out, Number(isSquared)];
  });
}

/** Sees to it that some rows, where they are left, are no answer. */
export function takeOut(
  backend: CpuBackend,
  { out, list }: Pick<PassedRows, 'out' | 'list'>,
  { count, listed }: RowsLeft,
  exclude: readonly number[],
): void {
  const scores = backend.float32(out, count);
  for (const row of exclude) {
    const place = listed ? backend.uint32(list, count).indexOf(row) : row;
    if (place >= 0 && place < count) scores[place] = Number.POSITIVE_INFINITY;
  }
}

/** The k rows of the least scores in place, and the largest of these scores: Infinity where there are fewer that are an answer. */
export async function leastScores(
  backend: CpuBackend,
  placed: Pick<PassedRows, 'out' | 'list'>,
  left: RowsLeft,
  k: number,
): Promise<{ readonly rows: readonly number[]; readonly largest: number }> {
  const before = backend.mark();
  const heap = backend.allocate(k * 4);
  const places = backend.allocate(k * 4);
  await backend.run('least', 1, () => [placed.out, left.count, k, heap, places]);
  const list = backend.uint32(placed.list, left.count);
  const found = Array.from(backend.uint32(places, k)).filter((place) => place !== NONE);
  const largest = backend.float32(heap, 1)[0] ?? Number.POSITIVE_INFINITY;
  backend.release(before);
  return { rows: left.listed ? found.map((place) => list[place] ?? 0) : found, largest };
}

/** The rows of a score no larger than the limit; never those that are no answer. */
export async function rowsWithin(
  backend: CpuBackend,
  placed: Pick<PassedRows, 'out' | 'list' | 'found'>,
  left: RowsLeft,
  limit: number,
): Promise<RowsLeft> {
  const { out, list, found } = placed;
  // To float32, from below the limit may not fall.
  const most = Math.min(limit + Math.abs(limit) * 2 * UNIT_ROUNDOFF, LARGEST);
  await backend.run('within', 1, () => [out, left.count, listOf(placed, left), most, list, found]);
  return { count: backend.uint32(found, 1)[0] ?? 0, listed: true };
}

/**
 * What is left of rows whose bounds are in place, once it is known how far those can be whose bounds are least.
 * @param k nearest are looked for
 * @param scoresOf no less than the scores of some rows
 * @param most bound of a row that may have this score
 */
export async function ruleOut(
  backend: CpuBackend,
  placed: PassedRows,
  left: RowsLeft,
  k: number,
  scoresOf: (rows: Uint32Array) => Promise<Float64Array>,
  most: (score: number) => number,
): Promise<RowsLeft> {
  const { rows } = await leastScores(backend, placed, left, LIKELY * k);
  const scores = (await scoresOf(Uint32Array.from(rows))).sort();
  return await rowsWithin(backend, placed, left, most(scores[k - 1] ?? Number.POSITIVE_INFINITY));
}

/** As `sums32`, of a few rows: what is in place stays. */
export async function sumsOf(
  backend: CpuBackend,
  placed: PassedRows,
  isSquared: boolean,
  rows: Uint32Array,
): Promise<Float32Array> {
  const before = backend.mark();
  const [list, out] = [backend.upload(rows), backend.allocate(rows.byteLength)];
  await sums32(backend, { ...placed, list, out }, isSquared, { count: rows.length, listed: true });
  const sums = backend.float32(out, rows.length).slice();
  backend.release(before);
  return sums;
}
