/**
 * From the spanning tree to the hierarchy of clusters (Campello, Moulavi and Sander 2013, algorithms 1 and 2; in the form of
 * McInnes and Healy 2017, section 2.4, "the condensed tree").
 *
 * Edges are removed from the longest to the shortest, those of one length at the same time. When a cluster falls apart,
 * parts of fewer than `minClusterSize` points leave it as noise; with one larger part it goes on as that part; with several
 * it ends, and each of them begins as a cluster of its own.
 *
 * lambda = 1 / length: a density. It grows on the way down.
 */
import type { SpanningTree } from './spanningTree.ts';
import { createUnionFind, find, union } from './unionFind.ts';

/** Clusters are numbered from the root, 0, which has all points; parents before their children. */
export interface CondensedTree {
  /** Points. */
  readonly n: number;
  /** By cluster: the one that it was a part of; -1 for the root. */
  readonly parents: Int32Array;
  /** By cluster: points at its beginning. */
  readonly sizes: Uint32Array;
  /** By cluster: lambda at which it begins; 0 for the root. */
  readonly births: Float64Array;
  /** By cluster: lambda at which it splits, or its last points leave it. */
  readonly deaths: Float64Array;
  /** By point: the last cluster that it belongs to. */
  readonly clusterOf: Uint32Array;
  /** By point: lambda at which it leaves that cluster. */
  readonly lambdas: Float64Array;
}

/** The tree of merges, from the shortest edge to the longest: merge m is node n + m; nodes below n are the points. */
interface Dendrogram {
  readonly n: number;
  /** Uint32Array (n - 1, 2) */
  readonly children: Uint32Array;
  /** By merge: length of its edge. */
  readonly lengths: Float64Array;
  /** By node: points. */
  readonly sizes: Uint32Array;
}

/** @param minClusterSize from 2 */
export function condenseTree(tree: SpanningTree, minClusterSize: number): CondensedTree {
  const { n } = tree;
  const parents: number[] = [-1];
  const sizes: number[] = [n];
  const births: number[] = [0];
  const deaths: number[] = [0];
  const clusterOf = new Uint32Array(n);
  const lambdas = new Float64Array(n);
  if (n > 1) {
    const dendrogram = mergeByLength(tree);
    const lambdaOf = densityOf(dendrogram.lengths);
    const leave = (node: number, cluster: number, lambda: number) =>
      eachPoint(dendrogram, node, (point) => {
        clusterOf[point] = cluster;
        lambdas[point] = lambda;
      });
    const open = [{ node: 2 * n - 2, cluster: 0 }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { node, cluster } = next;
      const lambda = lambdaOf(dendrogram.lengths[node - n] ?? 0);
      const parts = partsOf(dendrogram, node);
      const large = parts.filter((part) => (dendrogram.sizes[part] ?? 0) >= minClusterSize);
      for (const part of parts) if (!large.includes(part)) leave(part, cluster, lambda);
      deaths[cluster] = lambda;
      for (const part of large) {
        if (large.length === 1) {
          open.push({ node: part, cluster });
          continue;
        }
        open.push({ node: part, cluster: parents.length });
        parents.push(cluster);
        sizes.push(dendrogram.sizes[part] ?? 0);
        births.push(lambda);
        deaths.push(lambda);
      }
    }
  }
  return {
    n,
    parents: Int32Array.from(parents),
    sizes: Uint32Array.from(sizes),
    births: Float64Array.from(births),
    deaths: Float64Array.from(deaths),
    clusterOf,
    lambdas,
  };
}

/** Kruskal (1956): the edges in the order of their lengths, each a merge of two components. */
function mergeByLength({ n, from, to, weights }: SpanningTree): Dendrogram {
  const order = Uint32Array.from(weights.keys()).sort((p, q) => (weights[p] ?? 0) - (weights[q] ?? 0) || p - q);
  const components = createUnionFind(n);
  const nodeOf = Uint32Array.from({ length: n }, (_, i) => i); // of the component that an element stands for
  const children = new Uint32Array(2 * (n - 1));
  const sizes = new Uint32Array(2 * n - 1).fill(1, 0, n);
  order.forEach((edge, merge) => {
    const left = nodeOf[find(components, from[edge] ?? 0)] ?? 0;
    const right = nodeOf[find(components, to[edge] ?? 0)] ?? 0;
    children[2 * merge] = left;
    children[2 * merge + 1] = right;
    sizes[n + merge] = (sizes[left] ?? 0) + (sizes[right] ?? 0);
    union(components, from[edge] ?? 0, to[edge] ?? 0);
    nodeOf[find(components, from[edge] ?? 0)] = n + merge;
  });
  return { n, children, lengths: Float64Array.from(order, (edge) => weights[edge] ?? 0), sizes };
}

/** What a node falls into when its edge goes, and with it all others of the same length. */
function partsOf({ n, children, lengths }: Dendrogram, node: number): number[] {
  const length = lengths[node - n];
  const parts: number[] = [];
  const open = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next !== node && (next < n || lengths[next - n] !== length)) parts.push(next);
    else open.push(children[2 * (next - n) + 1] ?? 0, children[2 * (next - n)] ?? 0);
  }
  return parts;
}

function eachPoint({ n, children }: Dendrogram, node: number, visit: (point: number) => void): void {
  const open = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next < n) visit(next);
    else open.push(children[2 * (next - n) + 1] ?? 0, children[2 * (next - n)] ?? 0);
  }
}

/** Equal points lie at length 0, whose density would be infinite: 0 counts as half the least length that is not. */
function densityOf(lengths: Float64Array): (length: number) => number {
  const least = lengths.find((length) => length > 0) ?? 2;
  return (length) => 1 / (length > 0 ? length : least / 2);
}
