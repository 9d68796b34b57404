/**
 * Nearest neighbours of the rows of a matrix among the rows of the same matrix, as lists of neighbors.ts.
 *
 * n rows, d columns, k neighbours.
 */
import type { Backend } from './backend.ts';
import type { CpuBackend } from './cpu/backend.ts';
import type { Metric } from './distance.ts';
import { nearestNeighborsOnGpu } from './knnOnGpu.ts';
import { type Matrix, normalizeRows, rowOf, takeRows } from './matrix.ts';
import { nearestPairs, pairsAreWorth, uploadBlocks } from './nearestPairs.ts';
import { type Neighbors, NONE, SPARE_CANDIDATES } from './neighbors.ts';
import { approximateNeighbors } from './nnDescent.ts';
import { findPrincipal, firstColumns, squaresBeyond } from './subspace.ts';

export { type Neighbors, NONE } from './neighbors.ts';
export type { Metric };

export interface SearchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Share done, 0 to 1. */
  readonly onProgress?: ((done: number) => void) | undefined;
  /** n^2 d multiply-adds up to which every pair is compared. Larger is exact for more, and takes longer. */
  readonly exactWork?: number | undefined; // 1.5e10, or where a library multiplies n^2 (d + 200) of 1e11: about a second on two cores
  /** Principal coordinates that are wanted beside the neighbours where the rows are at hand for them: on a graphics card. */
  readonly principal?: number | undefined;
}

/** Every pair, one by one: the definition. */
export function nearestNeighborsPlain(matrix: Matrix, k: number, metric: Metric): Neighbors {
  const n = matrix.rows;
  const ids = new Uint32Array(n * k).fill(NONE);
  const distances = new Float32Array(n * k).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < n; i++) {
    const x = rowOf(matrix, i);
    const all = Array.from({ length: n }, (_, j) => ({
      j,
      distance: Math.fround(distance(x, rowOf(matrix, j), metric)),
    })).filter(({ j }) => j !== i);
    all.sort((p, q) => p.distance - q.distance || p.j - q.j);
    all.slice(0, k).forEach(({ j, distance: value }, place) => {
      ids[i * k + place] = j;
      distances[i * k + place] = value;
    });
  }
  return { n, k, ids, distances, recall: 1 };
}

function distance(x: Float32Array, y: Float32Array, metric: Metric): number {
  let dot = 0;
  let squares = 0;
  let xx = 0;
  let yy = 0;
  x.forEach((value, c) => {
    const other = y[c] ?? 0;
    dot += value * other;
    squares += (value - other) ** 2;
    xx += value * value;
    yy += other * other;
  });
  if (metric === 'EUCLIDEAN') return Math.sqrt(squares);
  if (metric === 'INNER_PRODUCT') return -dot;
  return 1 - dot / Math.sqrt(xx * yy);
}

/** n^2 d multiply-adds that take about a second on two cores. */
const EXACT_WORK = 1.5e10;
/**
 * With a library every pair is compared as long as that takes no longer than a forest and its descent: 10,000 x 784 (Fashion-MNIST) in 1.7 s of
 * the processor against 1.9, 20,000 x 784 in 4.9 against 3.9, 10,000 x 100 in .5 as well as 20,000 x 100 in 1.2 each. Picking the best of a pair's
 * products takes as long as some 200 columns.
 */
const LIBRARY_WORK = 1e11;
const SELECTION_COLUMNS = 200;
/** References of one piece: 64 panels of 8 rows stay in the cache of a core at some hundred columns. */
const PANELS_PER_PIECE = 64;
/** Work of one piece, multiply-adds: some 20 ms at 20 G/s. */
const PIECE_WORK = 4e8;
/**
 * Columns that are compared first, and candidates per neighbour that are then ranked with all columns: of 60,000 pictures of clothes 128 and
 * 2.4 find .986 of 15 true neighbours in 8.5 s of the processor, 96 and 3 find .984 in 8.3.
 */
const REDUCED_COLUMNS = 128;
const REDUCING_ITERATIONS = 2;
/**
 * What lies beyond those columns is partly the same of two neighbours. So much of its squared length counts for how far they are apart:
 * of 60,000 pictures of clothes, along 96 columns, .95 of 15 true neighbours are then the nearest 30; were all of it counted .93, or none .92.
 */
const SHARE_BEYOND = 0.7;
/** As many as a map has coordinates at most, so that it can start along them. */
const PRINCIPAL_KEPT = 10;
const CANDIDATES_PER_NEIGHBOR = 2.4;
/** Below this many columns there is nothing to be gained by fewer, above it their covariance grows too large. */
const WIDE_FROM = 256;
const WIDE_UNTIL = 4096;
/** Queries on which the recall of an approximate search is measured. */
const RECALL_SAMPLE = 128;
const RECALL_WINDOW = 16_384;

/**
 * Exactly where that is affordable, by every pair, which a library multiplies where there is one (nearestPairs.ts); otherwise candidates are looked for by a forest and its descent (nnDescent.ts), of
 * wide rows along the directions of most variance, and ranked by exact distances over all columns. What is approximate says how often
 * it found the true neighbours.
 */
export async function nearestNeighbors(
  backend: Backend,
  matrix: Matrix,
  k: number,
  metric: Metric,
  options: SearchOptions = {},
): Promise<Neighbors> {
  const { rows: n, columns: d } = matrix;
  const unit = metric === 'COSINE' ? normalizeRows(matrix) : matrix;
  if (backend.device === 'GPU') return await nearestNeighborsOnGpu(backend, unit, k, metric, options);
  const before = backend.mark();
  try {
    const library = pairsAreWorth(unit) ? await backend.gemmLibrary() : null;
    const { exactWork } = options;
    const isAffordable =
      exactWork === undefined && library !== null
        ? n * n * (d + SELECTION_COLUMNS) <= LIBRARY_WORK
        : n * n * d <= (exactWork ?? EXACT_WORK);
    const isExact = isAffordable || metric === 'INNER_PRODUCT';
    if (isExact && library !== null) {
      const count = k + SPARE_CANDIDATES;
      const rows = { at: uploadBlocks(backend, unit), n, d };
      const candidates = await nearestPairs(backend, rows.at, unit, count, metric, options);
      return { ...(await rerank(backend, rows, candidates, count, k, metric, options)), recall: 1 };
    }
    const rows = { at: backend.upload(unit.data), n, d };
    // Unit rows are near by cosine when they are near by Euclid's distance; for the inner product there is no such distance.
    if (isExact) {
      const count = k + SPARE_CANDIDATES;
      const packed = await packRows(backend, unit, options.signal);
      const { candidates } = await search(backend, packed, packed, count, metric, true, options);
      return { ...(await rerank(backend, rows, candidates, count, k, metric, options)), recall: 1 };
    }
    const wide = d >= WIDE_FROM && d <= WIDE_UNTIL;
    const count = Math.max(k + SPARE_CANDIDATES, wide ? Math.round(CANDIDATES_PER_NEIGHBOR * k) : 0);
    const principal = wide
      ? await findPrincipal(backend, rows.at, unit, REDUCED_COLUMNS, REDUCING_ITERATIONS, options.signal)
      : null;
    const rests =
      principal === null
        ? undefined
        : await squaresBeyond(backend, rows.at, d, principal, SHARE_BEYOND, options.signal);
    const near = await approximateNeighbors(backend, principal?.coordinates ?? unit, count, { ...options, rests });
    const found = await rerank(backend, rows, near.ids, count, k, metric, options, near.order);
    const recall = await measureRecall(backend, unit, found, metric, options);
    return {
      ...found,
      recall,
      ...(principal === null ? {} : { principal: firstColumns(principal.coordinates, PRINCIPAL_KEPT) }),
    };
  } finally {
    backend.release(before);
  }
}

/** A matrix in the backend's memory: row by row, or packed. */
export interface Stored {
  readonly at: number;
  readonly n: number;
  readonly d: number;
}

/** Every pair, by tiles of a matrix product. @returns offsets of uint32 (queries, c) and float32 (queries, c): nearest first, by their scores */
export async function search(
  backend: CpuBackend,
  queries: Stored,
  references: Stored,
  c: number,
  metric: Metric,
  excludeSelf: boolean,
  { signal, onProgress }: SearchOptions,
): Promise<{ readonly candidates: number; readonly scores: number }> {
  const { n, d } = references;
  const panels = Math.ceil(n / 8);
  const norms = backend.allocate(panels * 8 * 4);
  backend.float32(norms, panels * 8).fill(0);
  if (metric === 'EUCLIDEAN') await backend.run('squaredNorms', 1, () => [references.at, norms, d, 0, n], { signal });
  const scores = backend.allocate(queries.n * c * 4);
  const candidates = backend.allocate(queries.n * c * 4);
  backend.float32(scores, queries.n * c).fill(Number.POSITIVE_INFINITY);
  backend.uint32(candidates, queries.n * c).fill(NONE);

  // References outside, queries inside: every query meets the references in the order of their ids, so equal scores keep it.
  const halves = Math.ceil(queries.n / 4);
  const affordable = 2 * Math.floor(PIECE_WORK / (PANELS_PER_PIECE * 8 * d * 8));
  const halvesPerPiece = Math.max(2, Math.min(affordable, 2 * Math.ceil(halves / 4 / backend.threadCount)));
  const queryPieces = Math.ceil(halves / halvesPerPiece);
  const referencePieces = Math.ceil(panels / PANELS_PER_PIECE);
  for (let reference = 0; reference < referencePieces; reference++) {
    const firstPanel = reference * PANELS_PER_PIECE;
    const lastPanel = Math.min(panels, firstPanel + PANELS_PER_PIECE);
    await backend.run(
      'search',
      queryPieces,
      (piece) => {
        const first = piece * halvesPerPiece;
        return [
          ...[queries.at, references.at, norms, metric === 'EUCLIDEAN' ? -2 : -1, n, queries.n, d],
          ...[first, Math.min(halves, first + halvesPerPiece), firstPanel, lastPanel],
          ...[c, scores, candidates, excludeSelf ? 1 : 0],
        ];
      },
      { signal },
    );
    onProgress?.((reference + 1) / referencePieces);
  }
  return { candidates, scores };
}

/** The best k of c candidates by exact distances, of rows row by row. order: offset of uint32 (n), in which to go through them; 0: as they lie */
async function rerank(
  backend: CpuBackend,
  { at, n, d }: Stored,
  candidates: number,
  c: number,
  k: number,
  metric: Metric,
  { signal }: SearchOptions,
  order = 0,
): Promise<Omit<Neighbors, 'recall'>> {
  const ids = backend.allocate(n * k * 4);
  const distances = backend.allocate(n * k * 4);
  const code = { EUCLIDEAN: 0, COSINE: 1, INNER_PRODUCT: 2 }[metric];
  const rowsPerPiece = 512;
  await backend.run(
    'rerank',
    Math.ceil(n / rowsPerPiece),
    (piece) => {
      const first = piece * rowsPerPiece;
      return [at, d, order, first, Math.min(n, first + rowsPerPiece), candidates, c, k, ids, distances, code];
    },
    { signal },
  );
  return { n, k, ids: backend.uint32(ids, n * k).slice(), distances: backend.float32(distances, n * k).slice() };
}

/**
 * The nearest k of c candidates that are given for each row, nearest first.
 * @param candidates lists of Uint32Array (n, c); 0xffffffff stands for none
 * @returns for each list its Uint32Array (n, k)
 */
export async function rankCandidates(
  backend: CpuBackend,
  matrix: Matrix,
  candidates: readonly Uint32Array[],
  c: number,
  k: number,
  metric: Metric,
  signal?: AbortSignal | undefined,
): Promise<Uint32Array[]> {
  const before = backend.mark();
  try {
    const unit = metric === 'COSINE' ? normalizeRows(matrix) : matrix;
    const rows = { at: backend.upload(unit.data), n: unit.rows, d: unit.columns };
    const ranked: Uint32Array[] = [];
    for (const list of candidates) {
      const mark = backend.mark();
      ranked.push((await rerank(backend, rows, backend.upload(list), c, k, metric, { signal })).ids);
      backend.release(mark);
    }
    return ranked;
  } finally {
    backend.release(before);
  }
}

/** Mean share of the true neighbours of a sample of rows, evenly spread, that are among those found. */
async function measureRecall(
  backend: CpuBackend,
  matrix: Matrix,
  { n, k, ids }: Omit<Neighbors, 'recall'>,
  metric: Metric,
  { signal }: SearchOptions,
): Promise<number> {
  const count = Math.min(n, RECALL_SAMPLE);
  const chosen = Array.from({ length: count }, (_, i) => Math.floor((i * n) / count));
  const queries = await packRows(backend, takeRows(matrix, Uint32Array.from(chosen)), signal);
  // Against a window of rows at a time, so that the rows need not lie in the memory twice.
  const exact = chosen.map(() => [] as { readonly id: number; readonly score: number }[]);
  for (let first = 0; first < n; first += RECALL_WINDOW) {
    const mark = backend.mark();
    const last = Math.min(n, first + RECALL_WINDOW);
    const { columns: d, data } = matrix;
    const part = { rows: last - first, columns: d, data: data.subarray(first * d, last * d) };
    const window = await packRows(backend, part, signal);
    const found = await search(backend, queries, window, k + 1, metric, false, { signal });
    chosen.forEach((row, i) => {
      for (let at = i * (k + 1); at < (i + 1) * (k + 1); at++) {
        const id = first + (backend.uint32(found.candidates, count * (k + 1))[at] ?? 0);
        const score = backend.float32(found.scores, count * (k + 1))[at] ?? 0;
        if (score < Number.POSITIVE_INFINITY && id !== row) exact[i]?.push({ id, score });
      }
    });
    backend.release(mark);
  }
  let hits = 0;
  chosen.forEach((row, i) => {
    const found = new Set(ids.subarray(row * k, (row + 1) * k));
    const wanted = exact[i]?.sort((a, b) => a.score - b.score || a.id - b.id).slice(0, k) ?? [];
    hits += wanted.filter(({ id }) => found.has(id)).length;
  });
  return hits / (count * Math.min(k, n - 1));
}

/** Into panels of 8 rows (cpu/assembly/knn.ts), through a window, so that the rows need not lie in the backend's memory twice. */
export async function packRows(
  backend: CpuBackend,
  { rows: n, columns: d, data }: Matrix,
  signal: AbortSignal | undefined,
): Promise<Stored> {
  const at = backend.allocate(Math.ceil(n / 8) * 8 * d * 4);
  const window = 8 * Math.max(1, Math.floor(2 ** 21 / (8 * d)));
  const before = backend.mark();
  const staging = backend.allocate(window * d * 4);
  for (let first = 0; first < n; first += window) {
    const count = Math.min(window, n - first);
    backend.float32(staging, count * d).set(data.subarray(first * d, (first + count) * d));
    await backend.run('pack', 1, () => [staging, at + first * d * 4, count, d, 0, count], { signal });
  }
  backend.release(before);
  return { at, n, d };
}
