/**
 * Layers: the same hierarchy cut at several sizes, from many small clusters to few large ones.
 *
 * Let the least size m of a cluster grow. Small leaves of the condensed tree vanish one by one, and what they had split off
 * from becomes a leaf instead: every cluster is a leaf for m in an interval (birth, death], its *size persistence*. A layer is
 * the leaves at some m, and the better, the larger the sum of death - birth over them: the total persistence of Bot, Strich
 * and McInnes (2025, "Persistent Multiscale Density-based Clustering"). They take its peaks; here the best is taken first,
 * and each next one that has few clusters in common with those taken, so that a broad slope gives a layer, too.
 */
import type { CondensedTree } from './condensedTree.ts';

export interface Layer {
  /** Least size of a cluster in this layer. */
  readonly minClusterSize: number;
  /** The sum of death - birth over its clusters, in points. */
  readonly persistence: number;
  /** Clusters of the condensed tree, ascending: none is within another. */
  readonly clusters: Uint32Array;
}

export interface LayersOptions {
  /** Most layers. */
  readonly most?: number; // 5
  /** Share of clusters that two layers may have in common (Jaccard). */
  readonly similarity?: number; // 0.3
}

/** Layers of less than this share of the greatest persistence say little. */
const LEAST_SHARE = 0.1;

/** By cluster: a leaf for all least sizes above `births`, up to `deaths`; never where births >= deaths. */
export interface SizeIntervals {
  readonly births: Float64Array;
  readonly deaths: Float64Array;
}

export function sizeIntervals({ parents, sizes }: CondensedTree): SizeIntervals {
  const count = parents.length;
  // The second largest part of each split: with a least size above it, the split is none.
  const largest = new Float64Array(count);
  const second = new Float64Array(count);
  parents.forEach((parent, cluster) => {
    if (parent < 0) return;
    const size = sizes[cluster] ?? 0;
    if (size > (largest[parent] ?? 0)) {
      second[parent] = largest[parent] ?? 0;
      largest[parent] = size;
    } else if (size > (second[parent] ?? 0)) {
      second[parent] = size;
    }
  });
  const births = new Float64Array(count);
  const deaths = new Float64Array(count);
  for (let cluster = count - 1; cluster >= 0; cluster--) {
    births[cluster] = Math.max(births[cluster] ?? 0, second[cluster] ?? 0);
    const parent = parents[cluster] ?? -1;
    if (parent < 0) continue; // the root is no cluster
    deaths[cluster] = Math.min(sizes[cluster] ?? 0, second[parent] ?? 0);
    births[parent] = Math.max(births[parent] ?? 0, births[cluster] ?? 0);
  }
  return { births, deaths };
}

/** The layers, from the finest to the coarsest. None where nothing splits. */
export function findLayers(tree: CondensedTree, { most = 5, similarity = 0.3 }: LayersOptions = {}): Layer[] {
  const { births, deaths } = sizeIntervals(tree);
  const alive = Array.from(births.keys()).filter((cluster) => (births[cluster] ?? 0) < (deaths[cluster] ?? 0));
  // The sum changes only where an interval ends: it is the same for all sizes between two of these.
  const cuts = [...new Set(alive.map((cluster) => deaths[cluster] ?? 0))].sort((a, b) => a - b);
  const sums = new Float64Array(cuts.length);
  const placeOf = new Map(cuts.map((cut, place) => [cut, place]));
  const firstAbove = (size: number): number => {
    let low = 0;
    let high = cuts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cuts[middle] ?? 0) > size) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const steps = new Float64Array(cuts.length + 1);
  for (const cluster of alive) {
    const birth = births[cluster] ?? 0;
    const death = deaths[cluster] ?? 0;
    const from = firstAbove(birth);
    const to = (placeOf.get(death) ?? 0) + 1;
    steps[from] = (steps[from] ?? 0) + death - birth;
    steps[to] = (steps[to] ?? 0) - (death - birth);
  }
  let running = 0;
  for (let place = 0; place < cuts.length; place++) {
    running += steps[place] ?? 0;
    sums[place] = running;
  }

  const best = sums.reduce((most, sum) => Math.max(most, sum), 0);
  const candidates = cuts
    .map((minClusterSize, place) => ({ minClusterSize, persistence: sums[place] ?? 0 }))
    .filter(({ persistence }) => persistence >= LEAST_SHARE * best)
    .sort((a, b) => b.persistence - a.persistence || a.minClusterSize - b.minClusterSize);
  const layers: Layer[] = [];
  for (const { minClusterSize, persistence } of candidates) {
    if (layers.length === most) break;
    const clusters = Uint32Array.from(
      alive.filter((cluster) => (births[cluster] ?? 0) < minClusterSize && minClusterSize <= (deaths[cluster] ?? 0)),
    );
    if (clusters.length < 2 || layers.some((layer) => jaccard(layer.clusters, clusters) > similarity)) continue;
    layers.push({ minClusterSize, persistence, clusters });
  }
  return layers.sort((a, b) => a.minClusterSize - b.minClusterSize);
}

function jaccard(a: Uint32Array, b: Uint32Array): number {
  const inA = new Set(a);
  const both = b.filter((cluster) => inA.has(cluster)).length;
  return both / (a.length + b.length - both);
}
