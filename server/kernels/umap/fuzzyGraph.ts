/**
 * From neighbours to the graph that UMAP lays out (McInnes, Healy and Melville 2018, algorithms 2 and 3).
 *
 * n points, k neighbours, none its own. The graph is symmetric, in compressed rows.
 */
import { type Graph, symmetricGraph } from '../graph.ts';

export type { Graph };

export interface FuzzyGraphOptions {
  /** Nearest neighbours that are taken to be connected for certain (membership 1), may be broken. Larger makes the map tie local groups more. */
  readonly localConnectivity?: number; // 1
  /** 1: an edge counts when either end says so (fuzzy union); 0: when both do (intersection); between: a blend. */
  readonly setOperationMix?: number; // 1
}

/** Bandwidths are not smaller than this share of the mean distance, so that equal points do not divide by nothing. */
const LEAST_BANDWIDTH = 1e-3;

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

/**
 * w(i, j) = exp(-max(0, d(i, j) - rho_i) / sigma_i), where rho_i is the distance to the nearest neighbours and sigma_i is such that
 * the memberships of row i add up to log2 k. @returns Float32Array (n, k)
 */
export function directedMemberships(
  ids: Uint32Array,
  distances: Float32Array,
  n: number,
  k: number,
  localConnectivity: number,
): Float32Array {
  const memberships = new Float32Array(n * k);
  const target = Math.log2(k + 1); // the definition counts the point itself among its k neighbours
  let total = 0;
  for (const distance of distances) if (Number.isFinite(distance)) total += distance;
  const meanOfAll = total / Math.max(1, distances.length);
  const whole = Math.floor(localConnectivity);
  const part = localConnectivity - whole;

  for (let i = 0; i < n; i++) {
    const row = distances.subarray(i * k, (i + 1) * k);
    const rho = nearestDistance(row, whole, part);
    let low = 0;
    let high = Number.POSITIVE_INFINITY;
    let sigma = 1;
    // 64 bisections narrow any span of doubles to one.
    for (let step = 0; step < 64; step++) {
      let sum = 0;
      for (const distance of row) sum += distance > rho ? Math.exp(-(distance - rho) / sigma) : 1;
      if (Math.abs(sum - target) < 1e-5) break;
      if (sum > target) {
        high = sigma;
        sigma = (low + high) / 2;
      } else {
        low = sigma;
        sigma = high === Number.POSITIVE_INFINITY ? sigma * 2 : (low + high) / 2;
      }
    }
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
      if (ids[i * k + j] === 0xffffffff) continue;
      memberships[i * k + j] = distance <= rho || sigma === 0 ? 1 : Math.exp(-(distance - rho) / sigma);
    }
  }
  return memberships;
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
