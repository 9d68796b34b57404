/**
 * A spanning tree of the mutual reachability graph for points of many dimensions, where no tree of boxes helps: of the
 * edges between nearest neighbours (Kruskal 1956), and of the shortest edges between the components that these leave.
 *
 * n points, k neighbours each, m = minSamples, at most k + 1. An edge that is not between neighbours is at least as long as
 * both ends' core distances, so its weight is its length: that is what makes the second step one of plain distances. Within
 * a component the tree may take a longer way than the true one, where the shortest edge is between no neighbours.
 */
import type { CpuBackend } from '../cpu/backend.ts';
import { type Neighbors, NONE, packRows } from '../knn.ts';
import { type Matrix, takeRows } from '../matrix.ts';
import { emptyTree, type SpanningTree, setEdge } from './spanningTree.ts';
import { createUnionFind, find, type UnionFind, union } from './unionFind.ts';

/**
 * Rows between which the edges that join components are looked for. With more points these are a sample, evenly taken from
 * every component, and the joining edges are the shortest within it.
 */
const JOINING_ROWS = 8192;
/** Of a component, however small the share of it. */
const JOINING_ROWS_LEAST = 4;
/** Queries of which the scores with all others are kept at a time: 16 MB at 8192 rows. */
const QUERIES_AT_ONCE = 512;

/**
 * @param rows (n, d): what the neighbours were found among; of length 1 where their metric was COSINE
 * @param neighbors with Euclid's distances of `rows`
 */
export async function neighborTree(
  backend: CpuBackend,
  rows: Matrix,
  neighbors: Neighbors,
  minSamples: number,
  signal?: AbortSignal | undefined,
): Promise<SpanningTree> {
  const { n, k, ids, distances } = neighbors;
  const tree = emptyTree(n);
  const core = new Float32Array(n);
  const kth = Math.min(minSamples - 1, k);
  if (kth > 0) for (let i = 0; i < n; i++) core[i] = finite(distances[i * k + kth - 1]);

  const weights = new Float32Array(n * k);
  for (let entry = 0; entry < n * k; entry++) {
    const j = ids[entry] ?? NONE;
    const distance = distances[entry] ?? 0;
    weights[entry] =
      j === NONE ? Number.POSITIVE_INFINITY : Math.max(distance, core[Math.floor(entry / k)] ?? 0, core[j] ?? 0);
  }
  const components = createUnionFind(n);
  let edges = 0;
  for (const entry of ascending(weights)) {
    const weight = weights[entry] ?? 0;
    if (edges === n - 1 || weight === Number.POSITIVE_INFINITY) break;
    const i = Math.floor(entry / k);
    const j = ids[entry] ?? 0;
    if (union(components, i, j)) setEdge(tree, edges++, i, j, weight);
  }
  if (edges < n - 1) await joinComponents(backend, rows, components, tree, edges, signal);
  return tree;
}

/** Rounds of Borůvka (1926) with plain distances, every pair of a sample: each component's shortest edge to another. */
async function joinComponents(
  backend: CpuBackend,
  rows: Matrix,
  components: UnionFind,
  tree: SpanningTree,
  edgesSoFar: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const chosen = sampleOfEach(components, rows.rows);
  const before = backend.mark();
  try {
    const sample = await placeSample(backend, rows, chosen, signal);
    let edges = edgesSoFar;
    while (edges < tree.n - 1) {
      const groups = Uint32Array.from(chosen, (row) => find(components, row));
      const shortest = new Map<number, Edge>();
      for (let first = 0; first < sample.m; first += QUERIES_AT_ONCE) {
        await scoreQueries(backend, sample, first, signal);
        shortenEdges(backend, sample, first, groups, shortest);
      }
      if (shortest.size === 0) throw new RangeError('The rows are too long: their squares are beyond 32-bit numbers.');
      for (const { from, to } of shortest.values()) {
        const i = chosen[from] ?? 0;
        const j = chosen[to] ?? 0;
        if (union(components, i, j)) setEdge(tree, edges++, i, j, distanceOf(rows, i, j));
      }
    }
  } finally {
    backend.release(before);
  }
}

/** Between two rows of the sample; squared. */
interface Edge {
  readonly from: number;
  readonly to: number;
  readonly square: number;
}

/** m rows in the backend's memory, packed, their squared lengths, and room for the scores of some queries with all: row by row, `width` each. */
interface Sample {
  readonly m: number;
  readonly columns: number;
  readonly packed: number;
  readonly norms: number;
  readonly scores: number;
  readonly width: number;
}

async function placeSample(
  backend: CpuBackend,
  rows: Matrix,
  chosen: Uint32Array,
  signal: AbortSignal | undefined,
): Promise<Sample> {
  const { length: m } = chosen;
  const { columns } = rows;
  const { at: packed } = await packRows(backend, takeRows(rows, chosen), signal);
  const width = Math.ceil(m / 8) * 8;
  const norms = backend.allocate(width * 4);
  backend.float32(norms, width).fill(0);
  await backend.run('squaredNorms', 1, () => [packed, norms, columns, 0, m], { signal });
  return { m, columns, packed, norms, scores: backend.allocate(QUERIES_AT_ONCE * width * 4), width };
}

/** |y|^2 - 2 <x, y> of the queries x from `first` on, at most `QUERIES_AT_ONCE`, with all rows y of the sample. */
async function scoreQueries(
  backend: CpuBackend,
  { m, columns, packed, norms, scores, width }: Sample,
  first: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const halves = { first: first / 4, last: Math.ceil(Math.min(m, first + QUERIES_AT_ONCE) / 4) };
  const perPiece = Math.ceil((halves.last - halves.first) / (4 * backend.threadCount));
  await backend.run(
    'scores',
    Math.ceil((halves.last - halves.first) / perPiece),
    (piece) => {
      const from = halves.first + piece * perPiece;
      const to = Math.min(halves.last, from + perPiece);
      const out = scores + (from - halves.first) * 4 * width * 4;
      return [packed, packed, norms, -2, columns, from, to, 0, width / 8, out];
    },
    { signal },
  );
}

/** Puts the edge from each of these queries to the nearest row of another group in place of its group's, where it is shorter. */
function shortenEdges(
  backend: CpuBackend,
  { m, norms, scores: scoresAt, width }: Sample,
  first: number,
  groups: Uint32Array,
  shortest: Map<number, Edge>,
): void {
  const scores = backend.float32(scoresAt, QUERIES_AT_ONCE * width);
  const squares = backend.float32(norms, m);
  for (let i = first; i < Math.min(m, first + QUERIES_AT_ONCE); i++) {
    const group = groups[i] ?? 0;
    const base = (i - first) * width;
    let nearest = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let j = 0; j < m; j++) {
      const score = scores[base + j] ?? 0;
      if (score < least && groups[j] !== group) {
        least = score;
        nearest = j;
      }
    }
    const square = least + (squares[i] ?? 0);
    if (nearest >= 0 && square < (shortest.get(group)?.square ?? Number.POSITIVE_INFINITY)) {
      shortest.set(group, { from: i, to: nearest, square });
    }
  }
}

/** All rows, or of each component as many as its share of `JOINING_ROWS`, evenly spread; ascending. */
function sampleOfEach(components: UnionFind, n: number): Uint32Array {
  if (n <= JOINING_ROWS) return Uint32Array.from({ length: n }, (_, i) => i);
  const seen = new Map<number, number>();
  const chosen: number[] = [];
  for (let i = 0; i < n; i++) {
    const component = find(components, i);
    const size = components.sizes[component] ?? 1;
    const wanted = Math.min(size, Math.max(JOINING_ROWS_LEAST, Math.floor((size * JOINING_ROWS) / n)));
    const place = seen.get(component) ?? 0;
    seen.set(component, place + 1);
    if (Math.floor(((place + 1) * wanted) / size) > Math.floor((place * wanted) / size)) chosen.push(i);
  }
  return Uint32Array.from(chosen);
}

function distanceOf({ columns: d, data }: Matrix, i: number, j: number): number {
  let square = 0;
  for (let c = 0; c < d; c++) square += ((data[i * d + c] ?? 0) - (data[j * d + c] ?? 0)) ** 2;
  return Math.fround(Math.sqrt(square));
}

function finite(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) ? value : 0;
}

/** Three digits of 11 bits are 32 and more: a pass fewer than of 8, and 2,048 counters are in the first-level cache. */
const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;

/**
 * Places in the order of their values, which are 0 or more, equal ones in the order of the places. As bits such floats have
 * the order of whole numbers, which are sorted digit by digit, the lowest first: of 1.5 million in a quarter of the time of `sort`.
 */
export function ascending(values: Float32Array): Uint32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let order = Uint32Array.from({ length: values.length }, (_, i) => i);
  let sorted = new Uint32Array(values.length);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    const starts = new Uint32Array(DIGITS + 1);
    for (const value of bits) {
      const digit = (value >>> shift) & (DIGITS - 1);
      starts[digit + 1] = (starts[digit + 1] ?? 0) + 1;
    }
    for (let digit = 0; digit < DIGITS; digit++) starts[digit + 1] = (starts[digit + 1] ?? 0) + (starts[digit] ?? 0);
    for (const place of order) {
      const digit = ((bits[place] ?? 0) >>> shift) & (DIGITS - 1);
      const at = starts[digit] ?? 0;
      starts[digit] = at + 1;
      sorted[at] = place;
    }
    [order, sorted] = [sorted, order];
  }
  return order;
}
