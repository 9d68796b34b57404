/**
 * A k-d tree over points of few dimensions (Bentley 1975; cut at the median of the widest side, as Friedman, Bentley and
 * Finkel 1977): nearest neighbours, and the shortest edge out of a group of points. Both are exact.
 *
 * n points, d columns. The tree is complete: node v has the children 2v + 1 and 2v + 2, and its points lie together, at the
 * *places* starts[v] … ends[v] - 1. Everything that is indexed by place has the points of a leaf side by side.
 * Distances are kept squared: comparing needs no root.
 */
import type { Matrix } from '../matrix.ts';

/** Most points in a leaf: the tree is as deep as makes it no more than this. */
const LEAF_POINTS = 10;

export interface KdTree {
  readonly n: number;
  readonly d: number;
  /** Levels; nodes of the last one are leaves. */
  readonly depth: number;
  /** The row of the point at each place. */
  readonly rows: Uint32Array;
  /** Float64Array (n, d), by place. */
  readonly points: Float64Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Float64Array (nodes, d): the least and the largest coordinates of a node's points. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** @param matrix of finite numbers, at least one row */
export function createKdTree({ rows: n, columns: d, data }: Matrix): KdTree {
  const depth = Math.max(1, 1 + Math.ceil(Math.log2(Math.max(1, n / LEAF_POINTS))));
  const nodes = 2 ** depth - 1;
  const rows = Uint32Array.from({ length: n }, (_, i) => i);
  const starts = new Uint32Array(nodes);
  const ends = new Uint32Array(nodes);
  const lower = new Float64Array(nodes * d).fill(Number.POSITIVE_INFINITY);
  const upper = new Float64Array(nodes * d).fill(Number.NEGATIVE_INFINITY);
  ends[0] = n;
  for (let node = 0; node < nodes; node++) {
    const start = starts[node] ?? 0;
    const end = ends[node] ?? 0;
    for (let place = start; place < end; place++) {
      const row = (rows[place] ?? 0) * d;
      for (let c = 0; c < d; c++) {
        const value = data[row + c] ?? 0;
        if (value < (lower[node * d + c] ?? 0)) lower[node * d + c] = value;
        if (value > (upper[node * d + c] ?? 0)) upper[node * d + c] = value;
      }
    }
    const left = 2 * node + 1;
    if (left >= nodes) continue;
    const middle = (start + end) >> 1;
    select(rows, data, d, widestSide(lower, upper, node, d), start, middle, end);
    starts[left] = start;
    ends[left] = middle;
    starts[left + 1] = middle;
    ends[left + 1] = end;
  }
  const points = new Float64Array(n * d);
  for (let place = 0; place < n; place++) {
    for (let c = 0; c < d; c++) points[place * d + c] = data[(rows[place] ?? 0) * d + c] ?? 0;
  }
  return { n, d, depth, rows, points, starts, ends, lower, upper };
}

function widestSide(lower: Float64Array, upper: Float64Array, node: number, d: number): number {
  let widest = 0;
  let width = -1;
  for (let c = 0; c < d; c++) {
    const side = (upper[node * d + c] ?? 0) - (lower[node * d + c] ?? 0);
    if (side > width) {
      width = side;
      widest = c;
    }
  }
  return widest;
}

/** Orders rows[start … end-1] so that none before `middle` has a larger coordinate c than one from there on (Hoare 1961). */
function select(
  rows: Uint32Array,
  data: Float32Array,
  d: number,
  c: number,
  start: number,
  middle: number,
  end: number,
): void {
  let low = start;
  let high = end - 1;
  while (low < high) {
    const pivot = data[(rows[(low + high) >> 1] ?? 0) * d + c] ?? 0;
    let i = low;
    let j = high;
    while (i <= j) {
      while ((data[(rows[i] ?? 0) * d + c] ?? 0) < pivot) i++;
      while ((data[(rows[j] ?? 0) * d + c] ?? 0) > pivot) j--;
      if (i <= j) {
        const moved = rows[i] ?? 0;
        rows[i++] = rows[j] ?? 0;
        rows[j--] = moved;
      }
    }
    if (middle <= j) high = j;
    else if (middle >= i) low = i;
    else return;
  }
}

/** Neighbours by place. */
export interface PlaceNeighbors {
  readonly k: number;
  /** Uint32Array (n, k): places, nearest first, never the point itself. */
  readonly places: Uint32Array;
  /** Float64Array (n, k): squared distances, ascending. */
  readonly squares: Float64Array;
}

/** The k nearest other points of each, k below n. `onProgress` takes the share done. */
export function nearestPlaces(tree: KdTree, k: number, onProgress?: (done: number) => void): PlaceNeighbors {
  const { n, d, points, starts, ends } = tree;
  const places = new Uint32Array(n * k);
  const squares = new Float64Array(n * k).fill(Number.POSITIVE_INFINITY);
  const firstLeaf = starts.length >> 1;
  const walk = createWalk(tree);
  for (let query = 0; query < n && k > 0; query++) {
    const list = query * k;
    const last = list + k - 1;
    walk.begin(query);
    for (let node = walk.next(squares[last] ?? 0); node >= 0; node = walk.next(squares[last] ?? 0)) {
      if (node < firstLeaf) {
        walk.descend(node);
        continue;
      }
      for (let place = starts[node] ?? 0; place < (ends[node] ?? 0); place++) {
        if (place === query) continue;
        let square = 0;
        for (let c = 0; c < d; c++) {
          const difference = (points[query * d + c] ?? 0) - (points[place * d + c] ?? 0);
          square += difference * difference;
        }
        if (!(square < (squares[last] ?? 0))) continue;
        let at = last;
        while (at > list && square < (squares[at - 1] ?? 0)) {
          squares[at] = squares[at - 1] ?? 0;
          places[at] = places[at - 1] ?? 0;
          at--;
        }
        squares[at] = square;
        places[at] = place;
      }
    }
    if (query % 4096 === 0) onProgress?.(query / n);
  }
  return { k, places, squares };
}

/** A way through the tree from the nearest box to the farthest that is still near enough. */
export interface Walk {
  /** Starts anew, for the point at a place. */
  begin(query: number): void;
  /** The next node whose box is nearer than `bound`, squared; -1: there is none. */
  next(bound: number): number;
  /** Adds both children of a node, the nearer one to come first. */
  descend(node: number): void;
}

export function createWalk({ d, depth, points, lower, upper }: KdTree): Walk {
  const nodes = new Uint32Array(depth + 2);
  const squares = new Float64Array(depth + 2);
  let height = 0;
  let from = 0;

  const squareTo = (node: number): number => {
    let square = 0;
    for (let c = 0; c < d; c++) {
      const value = points[from + c] ?? 0;
      const below = (lower[node * d + c] ?? 0) - value;
      const above = value - (upper[node * d + c] ?? 0);
      const outside = below > 0 ? below : above > 0 ? above : 0;
      square += outside * outside;
    }
    return square;
  };
  const push = (node: number, square: number): void => {
    nodes[height] = node;
    squares[height++] = square;
  };

  return {
    begin(query) {
      from = query * d;
      height = 0;
      push(0, 0);
    },
    next(bound) {
      while (height > 0) {
        height--;
        if ((squares[height] ?? 0) < bound) return nodes[height] ?? 0;
      }
      return -1;
    },
    descend(node) {
      const left = 2 * node + 1;
      const toLeft = squareTo(left);
      const toRight = squareTo(left + 1);
      if (toLeft <= toRight) {
        push(left + 1, toRight);
        push(left, toLeft);
      } else {
        push(left, toLeft);
        push(left + 1, toRight);
      }
    },
  };
}
