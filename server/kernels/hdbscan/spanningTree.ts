/**
 * The minimum spanning tree of the mutual reachability graph (Campello, Moulavi and Sander 2013, definitions 5 to 7), which
 * holds all that the hierarchy is made of.
 *
 * n points, m = minSamples. core(i): distance from i to its m-th nearest point, itself counted as the first, so 0 for m = 1.
 * The weight between i and j is the mutual reachability distance max(core(i), core(j), d(i, j)).
 *
 * Several trees may be of least weight, but their weights, sorted, are the same, and so is the hierarchy of the components
 * that are left when all edges longer than some length are removed: what is made of a tree does not depend on which it is.
 */
import type { Matrix } from '../matrix.ts';
import { createKdTree, createWalk, type KdTree, nearestPlaces, type PlaceNeighbors, type Walk } from './kdTree.ts';
import { createUnionFind, find, type UnionFind, union } from './unionFind.ts';

/** n - 1 edges, in no order. */
export interface SpanningTree {
  readonly n: number;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly weights: Float64Array;
}

/** Every pair, by the algorithm of Prim (1957), O(n^2 d): the definition. */
export function spanningTreePlain({ rows: n, columns: d, data }: Matrix, minSamples: number): SpanningTree {
  const squareOf = (i: number, j: number): number => {
    let square = 0;
    for (let c = 0; c < d; c++) square += ((data[i * d + c] ?? 0) - (data[j * d + c] ?? 0)) ** 2;
    return square;
  };
  const core = Float64Array.from({ length: n }, (_, i) => {
    const squares = Float64Array.from({ length: n }, (_, j) => squareOf(i, j)).sort();
    return squares[Math.min(minSamples, n) - 1] ?? 0;
  });
  const tree = emptyTree(n);
  const inside = new Uint8Array(n);
  const nearest = new Uint32Array(n);
  const squares = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  let added = 0;
  for (let edge = 0; edge < n - 1; edge++) {
    inside[added] = 1;
    let next = -1;
    for (let j = 0; j < n; j++) {
      if (inside[j] === 1) continue;
      const square = Math.max(core[added] ?? 0, core[j] ?? 0, squareOf(added, j));
      if (square < (squares[j] ?? 0)) {
        squares[j] = square;
        nearest[j] = added;
      }
      if (next < 0 || (squares[j] ?? 0) < (squares[next] ?? 0)) next = j;
    }
    setEdge(tree, edge, nearest[next] ?? 0, next, Math.sqrt(squares[next] ?? 0));
    added = next;
  }
  return tree;
}

/** Neighbours that are kept for every point at least: most shortest edges are among them, and need no search. */
const LEAST_NEIGHBORS = 8;
/** What of the work the neighbours take, measured on 100,000 x 2; the rest are the rounds. */
const NEIGHBORS_SHARE = 0.65;

/**
 * The same for few dimensions, by rounds of Borůvka (1926) on a k-d tree, as McInnes and Healy (2017, "Accelerated
 * Hierarchical Density Based Clustering", section 3.2): in each round every component finds its shortest edge to another
 * one and is joined along it, so that at least half of the components go. A search leaves out boxes all of whose points
 * are of its own component, and those farther than the shortest edge that its component has found so far.
 */
export function spanningTree(
  matrix: Matrix,
  minSamples: number,
  onProgress: (done: number) => void = () => {},
): SpanningTree {
  const { rows: n } = matrix;
  const result = emptyTree(n);
  if (n < 2) return result;
  const tree = createKdTree(matrix);
  const k = Math.min(n - 1, Math.max(minSamples - 1, LEAST_NEIGHBORS));
  const neighbors = nearestPlaces(tree, k, (done) => onProgress(done * NEIGHBORS_SHARE));
  const core = new Float64Array(n);
  const kth = Math.min(minSamples - 1, k);
  if (kth > 0) for (let i = 0; i < n; i++) core[i] = neighbors.squares[i * k + kth - 1] ?? 0;
  const leastCore = leastOfNodes(tree, core);

  const components = createUnionFind(n);
  const round: Round = {
    ...{ tree, neighbors, k, core, leastCore, walk: createWalk(tree) },
    componentOf: new Uint32Array(n),
    nodeComponents: new Int32Array(tree.starts.length),
    ...{ shortest: new Float64Array(n), shortestFrom: new Uint32Array(n), shortestTo: new Uint32Array(n) },
  };
  let edges = 0;
  while (edges < n - 1) {
    for (let place = 0; place < n; place++) round.componentOf[place] = find(components, place);
    labelNodes(tree, round.componentOf, round.nodeComponents);
    round.shortest.fill(Number.POSITIVE_INFINITY);
    for (let query = 0; query < n; query++) {
      if (lookAmongNeighbors(round, query)) lookInTree(round, query);
    }
    edges = joinComponents(round, components, result, edges);
    onProgress(NEIGHBORS_SHARE + ((1 - NEIGHBORS_SHARE) * edges) / (n - 1));
  }
  return result;
}

/** A round of Borůvka: which component each point is of, and the shortest edge out of each so far. Lengths are squared. */
interface Round {
  readonly tree: KdTree;
  readonly walk: Walk;
  /** The k nearest of each point, nearest first, and the distance to the m-th. */
  readonly neighbors: PlaceNeighbors;
  readonly k: number;
  readonly core: Float64Array;
  /** By node: the least core distance of its points. */
  readonly leastCore: Float64Array;
  readonly componentOf: Uint32Array;
  /** By node: the component that all its points are of, or `MIXED`. */
  readonly nodeComponents: Int32Array;
  /** By component. */
  readonly shortest: Float64Array;
  readonly shortestFrom: Uint32Array;
  readonly shortestTo: Uint32Array;
}

/**
 * Whether the edge from a point to one of its neighbours is the shortest so far out of its component.
 * @returns whether a shorter one may lead to a point that is not among them
 */
function lookAmongNeighbors(round: Round, query: number): boolean {
  const { neighbors, k, core, componentOf, shortest, shortestFrom, shortestTo } = round;
  const own = componentOf[query] ?? 0;
  const ownCore = core[query] ?? 0;
  if (ownCore >= (shortest[own] ?? 0)) return false; // none of its edges is shorter than its core distance
  const list = query * k;
  for (let entry = list; entry < list + k; entry++) {
    const square = neighbors.squares[entry] ?? 0;
    if (square >= (shortest[own] ?? 0)) break;
    const place = neighbors.places[entry] ?? 0;
    if (componentOf[place] === own) continue;
    const weight = Math.max(ownCore, core[place] ?? 0, square);
    if (weight >= (shortest[own] ?? 0)) continue;
    shortest[own] = weight;
    shortestFrom[own] = query;
    shortestTo[own] = place;
  }
  // Whatever is not among the neighbours is at least as far as the last of them.
  return (neighbors.squares[list + k - 1] ?? 0) < (shortest[own] ?? 0);
}

/** The same with all points of other components, by boxes, the nearest first. */
function lookInTree(round: Round, query: number): void {
  const { tree, walk, core, leastCore, componentOf, nodeComponents, shortest, shortestFrom, shortestTo } = round;
  const { d, points, starts, ends } = tree;
  const firstLeaf = starts.length >> 1;
  const own = componentOf[query] ?? 0;
  const ownCore = core[query] ?? 0;
  walk.begin(query);
  for (let node = walk.next(shortest[own] ?? 0); node >= 0; node = walk.next(shortest[own] ?? 0)) {
    if (nodeComponents[node] === own || (leastCore[node] ?? 0) >= (shortest[own] ?? 0)) continue;
    if (node < firstLeaf) {
      walk.descend(node);
      continue;
    }
    for (let place = starts[node] ?? 0; place < (ends[node] ?? 0); place++) {
      if (componentOf[place] === own) continue;
      const cores = Math.max(ownCore, core[place] ?? 0);
      if (cores >= (shortest[own] ?? 0)) continue;
      let square = 0;
      for (let c = 0; c < d; c++) {
        const difference = (points[query * d + c] ?? 0) - (points[place * d + c] ?? 0);
        square += difference * difference;
      }
      const weight = Math.max(cores, square);
      if (weight >= (shortest[own] ?? 0)) continue;
      shortest[own] = weight;
      shortestFrom[own] = query;
      shortestTo[own] = place;
    }
  }
}

/** Each component joined along its shortest edge. @returns how many edges the spanning tree then has */
function joinComponents(round: Round, components: UnionFind, result: SpanningTree, edgesSoFar: number): number {
  const { tree, shortest, shortestFrom, shortestTo } = round;
  const { rows } = tree;
  let edges = edgesSoFar;
  for (let component = 0; component < shortest.length; component++) {
    const square = shortest[component] ?? 0;
    if (square === Number.POSITIVE_INFINITY) continue;
    const from = shortestFrom[component] ?? 0;
    const to = shortestTo[component] ?? 0;
    // Two components may have chosen edges of one length to each other: the second finds them joined.
    if (!union(components, from, to)) continue;
    setEdge(result, edges++, rows[from] ?? 0, rows[to] ?? 0, Math.sqrt(square));
  }
  return edges;
}

/** The least core distance of each node's points: from the leaves up. */
function leastOfNodes({ starts, ends }: KdTree, core: Float64Array): Float64Array {
  const least = new Float64Array(starts.length).fill(Number.POSITIVE_INFINITY);
  const firstLeaf = starts.length >> 1;
  for (let node = starts.length - 1; node >= 0; node--) {
    if (node < firstLeaf) {
      least[node] = Math.min(least[2 * node + 1] ?? 0, least[2 * node + 2] ?? 0);
      continue;
    }
    for (let place = starts[node] ?? 0; place < (ends[node] ?? 0); place++) {
      least[node] = Math.min(least[node] ?? 0, core[place] ?? 0);
    }
  }
  return least;
}

const MIXED = -1;

/** The component that all points of a node are of, or `MIXED`. */
function labelNodes({ starts, ends }: KdTree, componentOf: Uint32Array, nodeComponents: Int32Array): void {
  const firstLeaf = starts.length >> 1;
  for (let node = starts.length - 1; node >= 0; node--) {
    if (node < firstLeaf) {
      const left = nodeComponents[2 * node + 1] ?? MIXED;
      nodeComponents[node] = left === nodeComponents[2 * node + 2] ? left : MIXED;
      continue;
    }
    const start = starts[node] ?? 0;
    const first = componentOf[start] ?? 0;
    let same = true;
    for (let place = start + 1; place < (ends[node] ?? 0); place++) same = same && componentOf[place] === first;
    nodeComponents[node] = same ? first : MIXED;
  }
}

export function emptyTree(n: number): SpanningTree {
  const edges = Math.max(0, n - 1);
  return { n, from: new Uint32Array(edges), to: new Uint32Array(edges), weights: new Float64Array(edges) };
}

export function setEdge(tree: SpanningTree, edge: number, from: number, to: number, weight: number): void {
  tree.from[edge] = from;
  tree.to[edge] = to;
  tree.weights[edge] = weight;
}
