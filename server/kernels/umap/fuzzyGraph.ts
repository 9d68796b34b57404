/**
 * From neighbours to the graph that UMAP lays out (McInnes, Healy and Melville 2018, algorithms 2 and 3).
 *
 * n points, k neighbours, none its own. The graph is symmetric, in compressed rows.
 */
import type { CpuBackend } from '../cpu/backend.ts';
import { type Graph, symmetricGraph, symmetricGraphOn } from '../graph.ts';
import { type Neighbors, NONE } from '../neighbors.ts';

export type { Graph };

export interface FuzzyGraphOptions {
  /** Nearest neighbours that are taken to be connected for certain (membership 1), may be broken. Larger makes the map tie local groups more. */
  readonly localConnectivity?: number; // 1
  /** 1: an edge counts when either end says so (fuzzy union); 0: when both do (intersection); between: a blend. */
  readonly setOperationMix?: number; // 1
}

/** Bandwidths are not smaller than this share of the mean distance, so that equal points do not divide by nothing. */
const LEAST_BANDWIDTH = 1e-3; // as in cpu/assembly/neighborGraph.ts
/** Of the sum of a row's memberships: Newton's method reaches it in six steps or so, and in thirteen at most of 20,000 rows drawn by chance. */
const SUM_ERROR = 1e-5;
const MOST_STEPS = 64;
const ROWS_PER_PIECE = 2048;

/**
 * @param ids Uint32Array (n, k), nearest first; 0xffffffff where there are fewer
 * @param distances Float32Array (n, k), ascending
 */
export function fuzzyGraph(
  ids: Uint32Array,
  distances: Float32Array,
  n: number,
  k: number,
  { localConnectivity = 1, setOperationMix = 1 }: FuzzyGraphOptions = {},
): Graph {
  const memberships = directedMemberships(ids, distances, n, k, localConnectivity);
  const mix = setOperationMix;
  // mix * (A + A' - A∘A') + (1 - mix) * A∘A': the fuzzy union (McInnes et al. 2018, algorithm 1), blended with the intersection.
  return symmetricGraph(
    ids,
    memberships,
    n,
    k,
    (there, back) => mix * (there + back - there * back) + (1 - mix) * there * back,
  );
}

/** The same by a backend's threads, up to the last digits of float32. Reference: `fuzzyGraph`. */
export async function fuzzyGraphOn(
  backend: CpuBackend,
  { ids, distances, n, k }: Pick<Neighbors, 'ids' | 'distances' | 'n' | 'k'>,
  { localConnectivity = 1, setOperationMix: mix = 1 }: FuzzyGraphOptions = {},
  signal?: AbortSignal | undefined,
): Promise<Graph> {
  const before = backend.mark();
  const idsAt = backend.upload(ids);
  const distancesAt = backend.upload(distances);
  const out = backend.allocate(n * k * 4);
  const scratchBytes = (k + 4) * 4;
  const scratch = backend.allocate(backend.threadCount * scratchBytes);
  const whole = Math.floor(localConnectivity);
  const shape = [k, whole, localConnectivity - whole, meanDistance(distances)];
  await backend.run(
    'memberships',
    Math.ceil(n / ROWS_PER_PIECE),
    (piece, thread) => {
      const first = piece * ROWS_PER_PIECE;
      const rows = [first, Math.min(n, first + ROWS_PER_PIECE)];
      return [idsAt, distancesAt, ...shape, ...rows, out, scratch + thread * scratchBytes];
    },
    { signal },
  );
  const memberships = backend.float32(out, n * k).slice();
  backend.release(before);
  return await symmetricGraphOn(backend, ids, memberships, n, k, { ofSum: mix, ofProduct: 1 - 2 * mix }, signal);
}

/**
 * w(i, j) = exp(-max(0, d(i, j) - rho_i) / sigma_i), where rho_i is the distance to the nearest neighbours and sigma_i is such that
 * the memberships of row i add up to log2(k + 1): the definition counts the point itself among its neighbours. @returns Float32Array (n, k)
 */
export function directedMemberships(
  ids: Uint32Array,
  distances: Float32Array,
  n: number,
  k: number,
  localConnectivity: number,
): Float32Array {
  const memberships = new Float32Array(n * k);
  const target = Math.log2(k + 1);
  const meanOfAll = meanDistance(distances);
  const whole = Math.floor(localConnectivity);
  const part = localConnectivity - whole;

  for (let i = 0; i < n; i++) {
    const row = distances.subarray(i * k, (i + 1) * k);
    const rho = nearestDistance(row, whole, part);
    let sigma = bandwidth(row, rho, target);
    let sumOfRow = 0;
    let found = 0;
    for (const distance of row) {
      if (!Number.isFinite(distance)) continue;
      sumOfRow += distance;
      found++;
    }
    sigma = Math.max(sigma, LEAST_BANDWIDTH * (rho > 0 ? sumOfRow / Math.max(1, found) : meanOfAll));
    for (let j = 0; j < k; j++) {
      const distance = row[j] ?? Number.POSITIVE_INFINITY;
      if (ids[i * k + j] === NONE) continue;
      memberships[i * k + j] = distance <= rho || sigma === 0 ? 1 : Math.exp(-(distance - rho) / sigma);
    }
  }
  return memberships;
}

function meanDistance(distances: Float32Array): number {
  let total = 0;
  for (let at = 0; at < distances.length; at++) {
    const distance = distances[at] ?? 0;
    if (distance < Number.POSITIVE_INFINITY) total += distance;
  }
  return total / Math.max(1, distances.length);
}

/**
 * sigma > 0 such that the memberships of a row add up to `target`; 0 where so many are at distance rho or less that no sigma is small
 * enough, Infinity where there are too few.
 *
 * By Newton's method on the logarithm of the sum, as a function of 1 / sigma: it falls and is convex, so from 0 each step goes
 * towards the root and none beyond it.
 */
function bandwidth(row: Float32Array, rho: number, target: number): number {
  let precision = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    let sum = 0;
    let slope = 0;
    for (const distance of row) {
      const beyond = distance - rho;
      if (beyond <= 0) sum += 1;
      else if (beyond < Number.POSITIVE_INFINITY) {
        const membership = Math.exp(-beyond * precision);
        sum += membership;
        slope += membership * beyond;
      }
    }
    if (sum - target < SUM_ERROR) break;
    if (slope === 0) return 0;
    precision += (sum / slope) * Math.log(sum / target);
  }
  return 1 / precision;
}

/** The distance to the `whole + part`-th neighbour that is not at distance 0, between two by interpolation. */
function nearestDistance(row: Float32Array, whole: number, part: number): number {
  const apart = row.filter((distance) => distance > 0 && Number.isFinite(distance));
  if (apart.length === 0) return 0;
  if (apart.length < whole) return apart[apart.length - 1] ?? 0;
  const before = whole === 0 ? 0 : (apart[whole - 1] ?? 0);
  const after = apart[whole] ?? before;
  return before + part * (after - before);
}
