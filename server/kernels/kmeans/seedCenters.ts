/**
 * Where k-means begins: k-means++ (Arthur and Vassilvitskii 2007), each next centre a point drawn with a chance in proportion
 * to its squared distance from the centres so far; in the greedy form of the same paper's section 5, of several drawn the one
 * that leaves the smallest sum of squares.
 *
 * m rows of a sample, d columns, k centres.
 */
import type { CpuBackend } from '../cpu/backend.ts';
import { packRows } from '../knn.ts';
import { createMatrix, type Matrix, rowOf, takeRows } from '../matrix.ts';
import { createRandom, type Random, sample } from '../random.ts';

/** Drawn for each centre: as many as a panel of the backend holds, since fewer cost the same. */
const CANDIDATES = 8;
/** Rows that are looked at: all up to here, beyond it so many for each centre. */
const SAMPLE_LEAST = 8192;
const SAMPLE_PER_CLUSTER = 32;
/** Squared distances below this share of the squares they come from are rounding: the rows are equal. */
const ROUNDING = 1e-5;
/** Half panels in one piece of work. */
const HALVES_PER_PIECE = 256;

/** @returns (k, d), rows of `rows`; fewer than `clusters` when no others differ from them */
export async function seedCenters(
  backend: CpuBackend,
  rows: Matrix,
  clusters: number,
  seed: number,
  signal?: AbortSignal | undefined,
): Promise<Matrix> {
  const random = createRandom(seed);
  const m = Math.min(rows.rows, Math.max(SAMPLE_LEAST, SAMPLE_PER_CLUSTER * clusters));
  if (m === 0) return createMatrix(0, rows.columns);
  const looked = takeRows(rows, sample(rows.rows, m, random));
  const norms = Float64Array.from({ length: m }, (_, i) =>
    rowOf(looked, i).reduce((sum, value) => sum + value ** 2, 0),
  );
  const before = backend.mark();
  try {
    const packed = await packRows(backend, looked, signal);
    const nearest = new Float64Array(m).fill(Number.POSITIVE_INFINITY);
    const chosen: number[] = [];
    let candidates = [random.below(m)];
    while (candidates.length > 0) {
      const squares = await squaresTo(backend, packed.at, looked, norms, candidates, signal);
      const best = leastSum(squares, nearest, candidates.length);
      chosen.push(candidates[best] ?? 0);
      for (let i = 0; i < m; i++) nearest[i] = Math.min(nearest[i] ?? 0, squares[i * CANDIDATES + best] ?? 0);
      candidates = chosen.length < clusters ? draw(nearest, random) : [];
    }
    return takeRows(looked, Uint32Array.from(chosen));
  } finally {
    backend.release(before);
  }
}

/** Squared distances of all rows to some of them. @returns Float64Array (m, 8), of which the first columns are valid */
async function squaresTo(
  backend: CpuBackend,
  at: number,
  rows: Matrix,
  norms: Float64Array,
  some: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const { rows: m, columns: d } = rows;
  const before = backend.mark();
  const panel = await packRows(backend, takeRows(rows, Uint32Array.from(some)), signal);
  const panelNorms = backend.allocate(CANDIDATES * 4);
  backend.float32(panelNorms, CANDIDATES).set(Array.from({ length: CANDIDATES }, (_, c) => norms[some[c] ?? 0] ?? 0));
  const halves = Math.ceil(m / 4);
  const out = backend.allocate(halves * 4 * CANDIDATES * 4);
  await backend.run(
    'scores',
    Math.ceil(halves / HALVES_PER_PIECE),
    (piece) => {
      const first = piece * HALVES_PER_PIECE;
      const last = Math.min(halves, first + HALVES_PER_PIECE);
      return [at, panel.at, panelNorms, -2, d, first, last, 0, 1, out + first * 4 * CANDIDATES * 4];
    },
    { signal },
  );
  const scores = backend.float32(out, m * CANDIDATES);
  const squares = new Float64Array(m * CANDIDATES);
  for (let i = 0; i < m; i++) {
    for (let c = 0; c < some.length; c++) {
      const square = (scores[i * CANDIDATES + c] ?? 0) + (norms[i] ?? 0);
      const rounding = ROUNDING * ((norms[i] ?? 0) + (norms[some[c] ?? 0] ?? 0));
      squares[i * CANDIDATES + c] = square > rounding ? square : 0;
    }
  }
  backend.release(before);
  return squares;
}

/** The candidate with which the squared distances to the nearest centre have the least sum. */
function leastSum(squares: Float64Array, nearest: Float64Array, candidates: number): number {
  const sums = new Float64Array(candidates);
  nearest.forEach((square, i) => {
    for (let c = 0; c < candidates; c++) {
      sums[c] = (sums[c] ?? 0) + Math.min(square, squares[i * CANDIDATES + c] ?? 0);
    }
  });
  return sums.reduce((best, sum, c) => (sum < (sums[best] ?? 0) ? c : best), 0);
}

/** Rows by chance, each in proportion to its squared distance; none where all are 0. */
function draw(nearest: Float64Array, random: Random): number[] {
  const until = new Float64Array(nearest.length);
  let sum = 0;
  nearest.forEach((square, i) => {
    sum += square;
    until[i] = sum;
  });
  if (!(sum > 0)) return [];
  return Array.from({ length: CANDIDATES }, () => {
    const wanted = random.uniform() * sum;
    let low = 0;
    let high = until.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((until[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}
