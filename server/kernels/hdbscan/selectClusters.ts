/** Which clusters of the hierarchy are *the* clusters, which points they have, and how firmly. */
import type { CondensedTree } from './condensedTree.ts';

export interface SelectOptions {
  /**
   * EOM, excess of mass: those clusters, none within another, whose stabilities have the greatest sum; large ones and
   * small ones side by side. LEAF: the smallest that there are; more of them, and alike in size.
   */
  readonly selection?: 'EOM' | 'LEAF'; // EOM
  /** Length below which no cluster is split any more. Larger joins more of the small ones. 0: no such length. */
  readonly epsilon?: number; // 0
  /** Whether all points together may be the one cluster. */
  readonly allowSingleCluster?: boolean; // false
}

/** The label of a point that no cluster has. */
const NOISE = -1;

export interface Assignment {
  /** Clusters of the condensed tree that were selected, ascending. */
  readonly clusters: Uint32Array;
  /** By point: its place in `clusters`, or `NOISE`. */
  readonly labels: Int32Array;
  /** By point: 0 for noise, to 1 for those that stay until their cluster ends. */
  readonly probabilities: Float32Array;
}

/**
 * Stability (Campello et al. 2013, equation 3): the sum over a cluster's points of lambda at which they leave it less
 * lambda at which it began. @returns Float64Array by cluster
 */
export function stabilities({ parents, sizes, births, clusterOf, lambdas }: CondensedTree): Float64Array {
  const sums = new Float64Array(parents.length);
  clusterOf.forEach((cluster, point) => {
    sums[cluster] = (sums[cluster] ?? 0) + (lambdas[point] ?? 0) - (births[cluster] ?? 0);
  });
  parents.forEach((parent, cluster) => {
    if (parent < 0) return;
    const stayed = (births[cluster] ?? 0) - (births[parent] ?? 0);
    sums[parent] = (sums[parent] ?? 0) + (sizes[cluster] ?? 0) * stayed;
  });
  return sums;
}

/** The clusters that are selected, ascending: none is within another. */
export function selectClusters(
  tree: CondensedTree,
  { selection = 'EOM', epsilon = 0, allowSingleCluster = false }: SelectOptions = {},
): Uint32Array {
  const { parents } = tree;
  const count = parents.length;
  const isParent = new Uint8Array(count);
  for (const parent of parents) if (parent >= 0) isParent[parent] = 1;

  // From the leaves up (algorithm 3): a cluster is as good as itself or as its best descendants together.
  const selected = new Uint8Array(count);
  const own = stabilities(tree);
  const best = new Float64Array(count);
  for (let cluster = count - 1; cluster >= 0; cluster--) {
    const below = best[cluster] ?? 0; // the sum over its children, who come later in the numbering
    const eligible = cluster > 0 || allowSingleCluster;
    const better = selection === 'LEAF' ? isParent[cluster] === 0 : (own[cluster] ?? 0) >= below;
    selected[cluster] = eligible && better ? 1 : 0;
    const value = selected[cluster] === 1 ? (own[cluster] ?? 0) : below;
    const parent = parents[cluster] ?? -1;
    if (parent >= 0) best[parent] = (best[parent] ?? 0) + value;
  }

  // From the root down: what lies within a selected one is not; with an epsilon, nor what began at a lesser length
  // (Malzer and Baum 2020, "A Hybrid Approach To Hierarchical Density-based Cluster Selection", section 3).
  const within = new Uint8Array(count);
  if (epsilon > 0) {
    for (let cluster = count - 1; cluster >= 0; cluster--) {
      if (selected[cluster] !== 1) continue;
      const target = firstLongBirth(tree, cluster, epsilon, allowSingleCluster);
      if (target === cluster) continue;
      selected[cluster] = 0;
      selected[target] = 1;
    }
  }
  const result: number[] = [];
  for (let cluster = 0; cluster < count; cluster++) {
    const parent = parents[cluster] ?? -1;
    const covered = parent >= 0 && (within[parent] === 1 || selected[parent] === 1);
    within[cluster] = covered ? 1 : 0;
    if (selected[cluster] === 1 && !covered) result.push(cluster);
  }
  return Uint32Array.from(result);
}

/** The cluster, or the nearest of those around it that began at a length of `epsilon` or more. */
function firstLongBirth({ parents, births }: CondensedTree, cluster: number, epsilon: number, single: boolean): number {
  let at = cluster;
  while ((births[at] ?? 0) > 1 / epsilon) {
    const parent = parents[at] ?? -1;
    if (parent < 0 || (parent === 0 && !single)) break;
    at = parent;
  }
  return at;
}

/** The points of the selected clusters. */
export function assignPoints(
  { parents, deaths, clusterOf, lambdas, n }: CondensedTree,
  clusters: Uint32Array,
): Assignment {
  const placeOf = new Int32Array(parents.length).fill(NOISE);
  clusters.forEach((cluster, place) => {
    placeOf[cluster] = place;
  });
  parents.forEach((parent, cluster) => {
    if (parent >= 0 && placeOf[cluster] === NOISE) placeOf[cluster] = placeOf[parent] ?? NOISE;
  });
  // The densest that a cluster gets, in itself or in what it splits into.
  const densest = deaths.slice();
  for (let cluster = parents.length - 1; cluster > 0; cluster--) {
    const parent = parents[cluster] ?? 0;
    densest[parent] = Math.max(densest[parent] ?? 0, densest[cluster] ?? 0);
  }
  const labels = new Int32Array(n);
  const probabilities = new Float32Array(n);
  for (let point = 0; point < n; point++) {
    const place = placeOf[clusterOf[point] ?? 0] ?? NOISE;
    labels[point] = place;
    const most = place === NOISE ? 0 : (densest[clusters[place] ?? 0] ?? 0);
    probabilities[point] = most > 0 ? (lambdas[point] ?? 0) / most : 0;
  }
  return { clusters, labels, probabilities };
}
