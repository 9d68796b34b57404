/**
 * HDBSCAN: hierarchical density-based clustering (Campello, Moulavi and Sander 2013, "Density-Based Clustering Based on
 * Hierarchical Density Estimates"; McInnes and Healy 2017, "Accelerated Hierarchical Density Based Clustering").
 *
 * n points, d columns. Clusters are where points lie dense, whatever their shape and however many; what lies between them is
 * noise. There is no chance in it: the same points in another order have the same clusters.
 */
import type { CpuBackend } from '../cpu/backend.ts';
import { type Metric, nearestNeighbors } from '../knn.ts';
import { type Matrix, normalizeRows } from '../matrix.ts';
import { condenseTree } from './condensedTree.ts';
import { findLayers } from './layers.ts';
import { neighborTree } from './neighborTree.ts';
import { assignPoints, type SelectOptions, selectClusters } from './selectClusters.ts';
import { type SpanningTree, spanningTree } from './spanningTree.ts';

export interface HdbscanOptions extends SelectOptions {
  /** INNER_PRODUCT is no distance: its points are compared by Euclid's. COSINE: by Euclid's, of rows of length 1, which has the same order. */
  readonly metric?: Metric; // EUCLIDEAN
  /** Least points of a cluster, from 2. Larger finds fewer and larger ones. */
  readonly minClusterSize: number;
  /** A point is dense when so many, itself counted, are near, from 1. Larger leaves more of them as noise, and bridges between clusters matter less. */
  readonly minSamples?: number; // 5
}

/** One way of parting the points. */
export interface Partition {
  /** Least points of a cluster. */
  readonly minClusterSize: number;
  /** Clusters. */
  readonly count: number;
  /** Int32Array (n): from 0, by size, the largest first; -1 for noise. */
  readonly labels: Int32Array;
  /** Float32Array (n): how firmly a point belongs to its cluster, 0 for noise, to 1. */
  readonly probabilities: Float32Array;
}

export interface Hdbscan {
  readonly clusters: Partition;
  /** The hierarchy at several sizes, from many small clusters to few large ones. */
  readonly layers: readonly Partition[];
  /** Share of the true neighbours that were found on the way: 1 where the tree is exact. */
  readonly neighborRecall: number;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Share done, 0 to 1. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** Up to so many columns a tree of boxes finds neighbours faster than comparing all pairs. */
const FEW_COLUMNS = 10;
/** Neighbours of a point that are looked at where there are more columns. */
const NEIGHBORS = 15;
/** What of the work the spanning tree takes. */
const TREE_SHARE = 0.9;

/** @param matrix (n, d), finite. @throws RangeError for sizes out of their range */
export async function hdbscan(
  backend: CpuBackend,
  matrix: Matrix,
  { metric = 'EUCLIDEAN', minClusterSize, minSamples = 5, ...selection }: HdbscanOptions,
  { signal, onProgress }: RunOptions = {},
): Promise<Hdbscan> {
  if (!(minClusterSize >= 2)) throw new RangeError(`minClusterSize is ${minClusterSize}; wanted: 2 or more.`);
  if (!(minSamples >= 1)) throw new RangeError(`minSamples is ${minSamples}; wanted: 1 or more.`);
  const onTree = (done: number) => onProgress?.(TREE_SHARE * done);

  const rows = metric === 'COSINE' ? normalizeRows(matrix) : matrix;
  const { tree, neighborRecall } =
    rows.columns <= FEW_COLUMNS
      ? { tree: spanningTree(rows, minSamples, onTree), neighborRecall: 1 }
      : await treeOfNeighbors(backend, rows, minSamples, { signal, onProgress: onTree });
  onProgress?.(TREE_SHARE);

  const hierarchy = condenseTree(tree, minClusterSize);
  const partition = (clusters: Uint32Array, size: number): Partition => {
    const { labels, probabilities } = assignPoints(hierarchy, clusters);
    return { minClusterSize: size, count: clusters.length, labels: bySize(labels, clusters.length), probabilities };
  };
  return {
    clusters: partition(selectClusters(hierarchy, selection), minClusterSize),
    layers: findLayers(hierarchy).map((layer) => partition(layer.clusters, layer.minClusterSize)),
    neighborRecall,
  };
}

async function treeOfNeighbors(
  backend: CpuBackend,
  rows: Matrix,
  minSamples: number,
  { signal, onProgress }: RunOptions,
): Promise<{ readonly tree: SpanningTree; readonly neighborRecall: number }> {
  const k = Math.min(rows.rows - 1, Math.max(NEIGHBORS, minSamples - 1));
  const neighbors =
    k < 1
      ? { n: rows.rows, k: 0, ids: new Uint32Array(), distances: new Float32Array(), recall: 1 }
      : await nearestNeighbors(backend, rows, k, 'EUCLIDEAN', { signal, onProgress });
  return { tree: await neighborTree(backend, rows, neighbors, minSamples, signal), neighborRecall: neighbors.recall };
}

/** Labels numbered by size, the largest first; of one size, in the order of their first points. */
export function bySize(labels: Int32Array, count: number): Int32Array {
  const sizes = new Uint32Array(count);
  const firsts = new Int32Array(count).fill(-1);
  labels.forEach((label, point) => {
    if (label < 0) return;
    sizes[label] = (sizes[label] ?? 0) + 1;
    if ((firsts[label] ?? 0) < 0) firsts[label] = point;
  });
  const order = Array.from(sizes.keys()).sort(
    (a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0) || (firsts[a] ?? 0) - (firsts[b] ?? 0),
  );
  const rankOf = new Int32Array(count);
  order.forEach((label, rank) => {
    rankOf[label] = rank;
  });
  return labels.map((label) => (label < 0 ? label : (rankOf[label] ?? 0)));
}
