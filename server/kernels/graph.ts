/**
 * Weighted graphs of neighbours, in compressed rows, and how a directed one becomes symmetric.
 *
 * n points, k neighbours, none its own.
 */
import type { CpuBackend } from './cpu/backend.ts';
import { NONE } from './knn.ts';

export interface Graph {
  readonly n: number;
  /** Uint32Array (n + 1): row i is entries starts[i] … starts[i + 1] - 1. */
  readonly starts: Uint32Array;
  /** Uint32Array (entries): the other end, ascending in each row. */
  readonly columns: Uint32Array;
  /** Float32Array (entries): strength of the edge, above 0. */
  readonly weights: Float32Array;
}

/**
 * The symmetric graph whose edge (i, j) weighs `combine(w(i, j), w(j, i))`, 0 standing for an edge that is not there; edges of 0 or less
 * are left out. By counting, with no comparison and no hashing: O(n k).
 * @param ids Uint32Array (n, k); 0xffffffff where there are fewer
 * @param weights Float32Array (n, k)
 * @param combine symmetric in its two numbers
 */
export function symmetricGraph(
  ids: Uint32Array,
  weights: Float32Array,
  n: number,
  k: number,
  combine: (there: number, back: number) => number,
): Graph {
  // Transposed once, rows ascend; transposed twice, these are the rows themselves, ascending.
  const rows = Uint32Array.from({ length: n + 1 }, (_, i) => i * k);
  const incoming = transpose({ n, starts: rows, columns: ids, weights });
  const outgoing = transpose(incoming);

  const starts = new Uint32Array(n + 1);
  const columns = new Uint32Array(2 * incoming.columns.length);
  const combined = new Float32Array(columns.length);
  let count = 0;
  for (let i = 0; i < n; i++) {
    let p = outgoing.starts[i] ?? 0;
    let q = incoming.starts[i] ?? 0;
    const endOut = outgoing.starts[i + 1] ?? 0;
    const endIn = incoming.starts[i + 1] ?? 0;
    while (p < endOut || q < endIn) {
      const out = p < endOut ? (outgoing.columns[p] ?? 0) : NONE;
      const into = q < endIn ? (incoming.columns[q] ?? 0) : NONE;
      const column = Math.min(out, into);
      const there = out === column ? (outgoing.weights[p++] ?? 0) : 0;
      const back = into === column ? (incoming.weights[q++] ?? 0) : 0;
      const weight = Math.fround(combine(there, back)); // the least may be 0 in float32
      if (weight <= 0) continue;
      columns[count] = column;
      combined[count] = weight;
      count++;
    }
    starts[i + 1] = count;
  }
  return { n, starts, columns: columns.slice(0, count), weights: combined.slice(0, count) };
}

/** How the weights of an edge there and back become one: ofSum (there + back) + ofProduct there back. */
export interface Combination {
  readonly ofSum: number;
  readonly ofProduct: number;
}

/** Entries, n k, up to which the backend's memory has room: each takes 40 bytes there. */
const MOST_ENTRIES = 2 ** 26;

/** The same by a backend's threads, each of which writes the rows of its own. Reference: `symmetricGraph`, which does it for what is too large. */
export async function symmetricGraphOn(
  backend: CpuBackend,
  ids: Uint32Array,
  weights: Float32Array,
  n: number,
  k: number,
  { ofSum, ofProduct }: Combination,
  signal?: AbortSignal | undefined,
): Promise<Graph> {
  if (n * k > MOST_ENTRIES) {
    return symmetricGraph(ids, weights, n, k, (there, back) => ofSum * (there + back) + ofProduct * there * back);
  }
  const before = backend.mark();
  const pieces = Math.min(n, backend.threadCount);
  const rowsOf = (piece: number) => [Math.floor((piece * n) / pieces), Math.floor(((piece + 1) * n) / pieces)];
  try {
    const starts = backend.upload(Uint32Array.from({ length: n + 1 }, (_, i) => i * k));
    const incoming = await turn({ starts, columns: backend.upload(ids), weights: backend.upload(weights) }, n * k);
    const outgoing = await turn(incoming, incoming.entries);
    const rows = [outgoing.starts, outgoing.columns, outgoing.weights];
    rows.push(incoming.starts, incoming.columns, incoming.weights, ofSum, ofProduct);
    const counts = backend.allocate(n * 4);
    await backend.run('joinRows', pieces, (piece) => [...rows, ...rowsOf(piece), counts, 0, 0, 0], { signal });
    const joined = backend.allocate((n + 1) * 4);
    const entries = addUp(backend.uint32(counts, n), backend.uint32(joined, n + 1));
    const [columnsAt, weightsAt] = [backend.allocate(entries * 4), backend.allocate(entries * 4)];
    await backend.run(
      'joinRows',
      pieces,
      (piece) => [...rows, ...rowsOf(piece), counts, joined, columnsAt, weightsAt],
      { signal },
    );
    return {
      n,
      starts: backend.uint32(joined, n + 1).slice(),
      columns: backend.uint32(columnsAt, entries).slice(),
      weights: backend.float32(weightsAt, entries).slice(),
    };
  } finally {
    backend.release(before);
  }

  /** Every edge the other way, in the backend's memory. */
  async function turn(
    graph: { readonly starts: number; readonly columns: number; readonly weights: number },
    all: number,
  ) {
    const counts = backend.allocate(n * 4);
    const parameters = (piece: number) => [graph.columns, all, ...rowsOf(piece), counts];
    await backend.run('transposeCount', pieces, parameters, { signal });
    const turned = backend.allocate((n + 1) * 4);
    const entries = addUp(backend.uint32(counts, n), backend.uint32(turned, n + 1));
    const fill = backend.upload(backend.uint32(turned, n).slice());
    const [columns, moved] = [backend.allocate(entries * 4), backend.allocate(entries * 4)];
    await backend.run(
      'transposeFill',
      pieces,
      (piece) => [graph.starts, graph.columns, graph.weights, n, ...rowsOf(piece), fill, columns, moved],
      { signal },
    );
    return { starts: turned, columns, weights: moved, entries };
  }
}

/** starts, (n + 1), of rows of so many entries. @returns their sum */
function addUp(counts: Uint32Array, starts: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    starts[i] = sum;
    sum += counts[i] ?? 0;
  }
  starts[counts.length] = sum;
  return sum;
}

/** Every edge the other way, rows ascending; edges to nowhere are left out. */
export function transpose({ n, starts, columns, weights }: Graph): Graph {
  const startsOfTransposed = new Uint32Array(n + 1);
  for (const j of columns) if (j !== NONE) startsOfTransposed[j + 1] = (startsOfTransposed[j + 1] ?? 0) + 1;
  for (let i = 0; i < n; i++)
    startsOfTransposed[i + 1] = (startsOfTransposed[i + 1] ?? 0) + (startsOfTransposed[i] ?? 0);
  const fill = startsOfTransposed.slice(0, n);
  const from = new Uint32Array(startsOfTransposed[n] ?? 0);
  const moved = new Float32Array(from.length);
  for (let i = 0; i < n; i++) {
    for (let entry = starts[i] ?? 0; entry < (starts[i + 1] ?? 0); entry++) {
      const j = columns[entry] ?? NONE;
      if (j === NONE) continue;
      const at = fill[j] ?? 0;
      fill[j] = at + 1;
      from[at] = i;
      moved[at] = weights[entry] ?? 0;
    }
  }
  return { n, starts: startsOfTransposed, columns: from, weights: moved };
}

/**
 * Borders of up to `pieces` runs of points that cost about as much each, where a point costs as much as its edges and `perPoint` edges more.
 * @param unit points are cut in units of so many. @returns borders in units, from 0 to ceil(n / unit)
 */
export function cutRows({ n, starts }: Graph, pieces: number, perPoint: number, unit: number): number[] {
  const units = Math.ceil(n / unit);
  const costUntil = (border: number) => {
    const point = Math.min(n, border * unit);
    return (starts[point] ?? 0) + perPoint * point;
  };
  const borders = [0];
  for (let border = 1; border < units && borders.length < pieces; border++) {
    if (costUntil(border) >= (costUntil(units) * borders.length) / pieces) borders.push(border);
  }
  borders.push(units);
  return borders;
}
