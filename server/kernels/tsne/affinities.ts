/**
 * From neighbours to the affinities of t-SNE (van der Maaten and Hinton 2008, equation 1 and section 3.1; on nearest neighbours
 * only: van der Maaten 2014, section 4.1).
 *
 * n points, k neighbours, none its own.
 */
import type { CpuBackend } from '../cpu/backend.ts';
import { type Graph, symmetricGraph, symmetricGraphOn } from '../graph.ts';
import { type Neighbors, NONE } from '../knn.ts';
import { type DrawnTo, drawnConditionals } from './target.ts';

/** Neighbours per unit of perplexity: beyond three times the perplexity a Gaussian has nothing left (van der Maaten 2014). */
export const NEIGHBORS_PER_PERPLEXITY = 3;

/**
 * p(i, j) = (p(j | i) + p(i | j)) / 2n: symmetric, all of them together 1.
 * @param ids Uint32Array (n, k), nearest first; 0xffffffff where there are fewer
 * @param distances Float32Array (n, k), ascending
 * @param perplexity effective number of neighbours of each point, above 1 and below k
 */
export function affinities(ids: Uint32Array, distances: Float32Array, n: number, k: number, perplexity: number): Graph {
  const conditional = conditionalAffinities(ids, distances, n, k, perplexity);
  return symmetricGraph(ids, conditional, n, k, (there, back) => (there + back) / (2 * n));
}

/** Precision at which all but the nearest have vanished; where as many are equally near, no precision gives the entropy. */
const STEEPEST = 1e30;
/** Beyond it, in units of the mean square, a row is one of those: at 1,000 a neighbour at a hundredth of the mean has e^-10 left. */
const HOPELESS = 1e3;
/** Of the entropy, in nats: a millionth of the perplexity. */
const ENTROPY_ERROR = 1e-6;
/** So many doublings reach STEEPEST from 1. */
const MOST_STEPS = 100;
/** In a piece each row is sought from where the one before it ended, so pieces are cut alike for any number of threads. */
const ROWS_PER_PIECE = 1024;

/**
 * The same by a backend's threads, to five digits of the entropy. Reference: `affinities`.
 * @param drawnTo what is known of the points beside their vectors, which draws those alike together
 */
export async function affinitiesOn(
  backend: CpuBackend,
  { ids, distances, n, k }: Pick<Neighbors, 'ids' | 'distances' | 'n' | 'k'>,
  perplexity: number,
  { drawnTo, signal }: { readonly drawnTo?: DrawnTo | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<Graph> {
  const before = backend.mark();
  const idsAt = backend.upload(ids);
  const distancesAt = backend.upload(distances);
  const out = backend.allocate(n * k * 4);
  const scratchBytes = 2 * (k + 4) * 4;
  const scratch = backend.allocate(backend.threadCount * scratchBytes);
  await backend.run(
    'conditionals',
    Math.ceil(n / ROWS_PER_PIECE),
    (piece, thread) => {
      const first = piece * ROWS_PER_PIECE;
      const rows = [first, Math.min(n, first + ROWS_PER_PIECE)];
      return [idsAt, distancesAt, k, perplexity, ...rows, out, scratch + thread * scratchBytes];
    },
    { signal },
  );
  const found = backend.float32(out, n * k).slice();
  backend.release(before);
  const conditional = drawnTo === undefined ? found : drawnConditionals(ids, found, n, k, drawnTo);
  return await symmetricGraphOn(backend, ids, conditional, n, k, { ofSum: 1 / (2 * n), ofProduct: 0 }, signal);
}

/**
 * p(j | i) = exp(-b_i d(i, j)^2) / sum, where the precision b_i is such that the entropy of row i is log(perplexity): found by
 * Newton's method within a bracket that halves where a step would leave it. Rows add up to 1.
 * @returns Float32Array (n, k)
 */
export function conditionalAffinities(
  ids: Uint32Array,
  distances: Float32Array,
  n: number,
  k: number,
  perplexity: number,
): Float32Array {
  const shares = new Float32Array(n * k);
  const squares = new Float64Array(k);
  const weights = new Float64Array(k);
  let guess = 1;
  for (let i = 0; i < n; i++) {
    let found = 0;
    while (found < k && ids[i * k + found] !== NONE) found++;
    if (found === 0) continue;
    // The nearest counts as 0: a common factor leaves the shares as they are, and no exponential vanishes.
    const nearest = (distances[i * k] ?? 0) ** 2;
    let mean = 0;
    for (let j = 0; j < found; j++) mean += ((distances[i * k + j] ?? 0) ** 2 - nearest) / found;
    // In units of the mean square, whose own square stays finite: at precision 1 about half of the neighbours count.
    for (let j = 0; j < found; j++) {
      squares[j] = mean > 0 ? ((distances[i * k + j] ?? 0) ** 2 - nearest) / mean : 0;
    }
    const row = { squares, weights, found };
    const precision = mean > 0 ? findPrecision(row, Math.log(Math.min(perplexity, found)), guess) : guess;
    const { sum } = gaussian(row, precision);
    // No row is like one whose entropy cannot be had: from there the search would not come back.
    guess = mean > 0 && precision < HOPELESS ? precision : 1;
    for (let j = 0; j < found; j++) shares[i * k + j] = (weights[j] ?? 0) / sum;
  }
  return shares;
}

/** The neighbours of a point: `found` squared distances less that of the nearest, and room for what each weighs. */
interface Row {
  readonly squares: Float64Array;
  readonly weights: Float64Array;
  readonly found: number;
}

/** Fills the weights with exp(-b d^2). @returns their sum, and mean and variance of d^2 under them */
function gaussian({ squares, weights, found }: Row, precision: number) {
  let sum = 0;
  let first = 0;
  let second = 0;
  for (let j = 0; j < found; j++) {
    const square = squares[j] ?? 0;
    const weight = Math.exp(-precision * square);
    weights[j] = weight;
    sum += weight;
    first += weight * square;
    second += weight * square * square;
  }
  first /= sum;
  return { sum, mean: first, variance: second / sum - first * first };
}

/** The precision b at which the entropy H(b) = log sum + b <d^2> is as wanted; dH/db = -b var(d^2). @param guess where to begin */
function findPrecision(row: Row, wanted: number, guess: number): number {
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let precision = guess;
  for (let step = 0; step < MOST_STEPS; step++) {
    const { sum, mean, variance } = gaussian(row, precision);
    const excess = Math.log(sum) + precision * mean - wanted;
    if (Math.abs(excess) < ENTROPY_ERROR) break;
    if (excess > 0) low = precision;
    else high = precision;
    let next = precision + excess / (precision * variance);
    if (!(next > low && next < high)) next = high === Number.POSITIVE_INFINITY ? precision * 2 : (low + high) / 2;
    next = Math.min(next, STEEPEST);
    if (next === precision) break;
    precision = next;
  }
  return precision;
}
