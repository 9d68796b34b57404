/**
 * Approximate neighbours by an inverted file (Jegou, Douze and Schmid 2011, "Product quantization for nearest neighbor search",
 * TPAMI 33, section IV, without the quantization): rows are put into the cells of their nearest centres, and compared with the rows
 * of the cells that are nearest to their own. All rows of a cell look into the same cells, so that the search is made of the same
 * tiles as that of all pairs. Into how many is told by a sample whose true neighbours are found first.
 *
 * n rows, d columns, k neighbours.
 */
import type { Metric } from './distance.ts';
import type { GpuBackend } from './gpu/backend.ts';
import { uploadRows } from './gpu/rows.ts';
import type { Neighbors, SearchOptions } from './knn.ts';
import { createMatrix, type Matrix, takeRows } from './matrix.ts';
import { NONE } from './neighbors.ts';
import { createRandom, sample } from './random.ts';
import { listedRows, type Range, searchPlanned, type TilePlan, tilesOf } from './searchOnGpu.ts';

/** Cells per square root of n: with two, a row meets as many centres as rows of half its cell. */
const CELLS = 2;
/** Rows per cell that its centre is learned of, and how often. */
const ROWS_PER_CELL = 64;
const ITERATIONS = 8;
/** Rows whose true neighbours are found first. */
const SAMPLE = 512;
/** Share of the true neighbours that are to be in the cells that are looked into. */
const WANTED_RECALL = 0.97;
const SEED = 1;

/** @param matrix for the metric COSINE: of rows of length 1, whose cells are those of Euclid's distance */
export async function nearestByCells(
  backend: GpuBackend,
  matrix: Matrix,
  k: number,
  metric: Exclude<Metric, 'INNER_PRODUCT'>,
  { signal, onProgress }: SearchOptions = {},
): Promise<Neighbors> {
  const n = matrix.rows;
  const before = backend.mark();
  try {
    const count = Math.min(n, Math.max(1, Math.round(CELLS * Math.sqrt(n))));
    const centers = await learnCenters(backend, matrix, count, signal);
    const cellOf = await nearestCenters(backend, matrix, centers, signal);
    const { order, starts } = sortByCell(cellOf, count);
    const nearCells = await cellsByDistance(backend, centers, signal);

    // Half of the sample tells how many cells are looked into, the other half what is found there.
    const chosen = sample(n, Math.min(n, SAMPLE), createRandom(SEED));
    const side = { rows: uploadRows(backend, matrix, { mostRows: listedRows(backend, k), order }), order };
    const truth = await searchAll(backend, matrix, chosen, side, k, metric, signal);
    const probes = probesWanted(truth, chosen, cellOf, nearCells, k);

    const plan: TilePlan[] = [];
    for (let cell = 0; cell < count; cell++) {
      const looked = nearCells[cell]?.subarray(0, probes) ?? [];
      const ranges = joinRanges(Array.from(looked, (other) => [starts[other] ?? 0, starts[other + 1] ?? 0] as const));
      plan.push(...tilesOf([[starts[cell] ?? 0, starts[cell + 1] ?? 0]], ranges));
    }
    const search = { queries: side, references: side, k, metric, plan, excludeSelf: true };
    const found = await searchPlanned(backend, search, { signal, onProgress });
    return { n, k, ...found, recall: recallOf(found.ids, truth, chosen, k) };
  } finally {
    backend.release(before);
  }
}

/** Lloyd's iterations on a sample, from centres that are rows. @returns (count, d) */
async function learnCenters(
  backend: GpuBackend,
  matrix: Matrix,
  count: number,
  signal: AbortSignal | undefined,
): Promise<Matrix> {
  const d = matrix.columns;
  const random = createRandom(SEED);
  const rows = takeRows(matrix, sample(matrix.rows, ROWS_PER_CELL * count, random));
  let centers = takeRows(rows, sample(rows.rows, count, random));
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const nearest = await nearestCenters(backend, rows, centers, signal);
    const sums = new Float64Array(count * d);
    const sizes = new Uint32Array(count);
    nearest.forEach((cell, i) => {
      sizes[cell] = (sizes[cell] ?? 0) + 1;
      for (let j = 0; j < d; j++) sums[cell * d + j] = (sums[cell * d + j] ?? 0) + (rows.data[i * d + j] ?? 0);
    });
    const moved = createMatrix(count, d);
    for (let cell = 0; cell < count; cell++) {
      const size = sizes[cell] ?? 0;
      // A centre that nobody is near to stays: what was there once may come back.
      for (let j = cell * d; j < (cell + 1) * d; j++) {
        moved.data[j] = size > 0 ? (sums[j] ?? 0) / size : (centers.data[j] ?? 0);
      }
    }
    centers = moved;
  }
  return centers;
}

/** @returns uint32 (n): the nearest centre of each row */
async function nearestCenters(
  backend: GpuBackend,
  matrix: Matrix,
  centers: Matrix,
  signal: AbortSignal | undefined,
): Promise<Uint32Array> {
  const { ids } = await nearestAmong(backend, matrix, centers, 1, 'EUCLIDEAN', signal);
  // Of a row so long that its distances are no numbers there is no nearest.
  return ids.map((cell) => (cell === NONE ? 0 : cell));
}

/** By cell: all cells, the nearest centre first; the cell's own is the first of all. */
async function cellsByDistance(
  backend: GpuBackend,
  centers: Matrix,
  signal: AbortSignal | undefined,
): Promise<Uint32Array[]> {
  const count = centers.rows;
  const most = Math.min(count, MOST_PROBES);
  const { ids } = await nearestAmong(backend, centers, centers, most, 'EUCLIDEAN', signal);
  return Array.from({ length: count }, (_, cell) => {
    const others = ids.subarray(cell * most, (cell + 1) * most).filter((id) => id !== cell && id !== NONE);
    return Uint32Array.from([cell, ...others]);
  });
}

/** Cells that are looked into at most. */
const MOST_PROBES = 512;

/** The k nearest references of each query, by all pairs. */
async function nearestAmong(
  backend: GpuBackend,
  queries: Matrix,
  references: Matrix,
  k: number,
  metric: Metric,
  signal: AbortSignal | undefined,
) {
  const before = backend.mark();
  const own = { rows: uploadRows(backend, queries, { mostRows: listedRows(backend, k) }) };
  const other = { rows: uploadRows(backend, references) };
  const plan = tilesOf([[0, queries.rows]], [[0, references.rows]]);
  const search = { queries: own, references: other, k, metric, plan, excludeSelf: false };
  const found = await searchPlanned(backend, search, { signal });
  backend.release(before);
  return found;
}

/** The true neighbours of some rows: uint32 (rows, k + 1), among which a row itself may be. */
async function searchAll(
  backend: GpuBackend,
  matrix: Matrix,
  chosen: Uint32Array,
  references: { readonly rows: ReturnType<typeof uploadRows>; readonly order: Uint32Array },
  k: number,
  metric: Metric,
  signal: AbortSignal | undefined,
): Promise<Uint32Array> {
  const queries = { rows: uploadRows(backend, takeRows(matrix, chosen)) };
  const plan = tilesOf([[0, chosen.length]], [[0, matrix.rows]]);
  const search = { queries, references, k: k + 1, metric, plan, excludeSelf: false };
  return (await searchPlanned(backend, search, { signal })).ids;
}

/** How many cells hold the wanted share of the true neighbours of every other row that was chosen. */
function probesWanted(
  truth: Uint32Array,
  chosen: Uint32Array,
  cellOf: Uint32Array,
  nearCells: readonly Uint32Array[],
  k: number,
): number {
  const places: number[] = [];
  for (let i = 0; i < chosen.length; i += 2) {
    const row = chosen[i] ?? 0;
    const cells = nearCells[cellOf[row] ?? 0] ?? new Uint32Array();
    for (const id of neighborsOf(truth, i, row, k)) {
      const place = cells.indexOf(cellOf[id] ?? 0);
      places.push(place < 0 ? cells.length : place);
    }
  }
  places.sort((a, b) => a - b);
  const last = places[Math.ceil(WANTED_RECALL * places.length) - 1] ?? 0;
  return last + 1;
}

/** Mean share of the true neighbours that were found, of the other half of the rows. */
function recallOf(ids: Uint32Array, truth: Uint32Array, chosen: Uint32Array, k: number): number {
  let hits = 0;
  let all = 0;
  for (let i = 1; i < chosen.length; i += 2) {
    const row = chosen[i] ?? 0;
    const found = new Set(ids.subarray(row * k, (row + 1) * k));
    for (const id of neighborsOf(truth, i, row, k)) {
      all++;
      if (found.has(id)) hits++;
    }
  }
  return all > 0 ? hits / all : 1;
}

function neighborsOf(truth: Uint32Array, i: number, row: number, k: number): Uint32Array {
  return truth
    .subarray(i * (k + 1), (i + 1) * (k + 1))
    .filter((id) => id !== row && id !== NONE)
    .subarray(0, k);
}

/** Rows by their cells, in each in their order. starts: uint32 (count + 1), where the rows of each cell begin. */
function sortByCell(cellOf: Uint32Array, count: number): { readonly order: Uint32Array; readonly starts: Uint32Array } {
  const starts = new Uint32Array(count + 1);
  for (const cell of cellOf) starts[cell + 1] = (starts[cell + 1] ?? 0) + 1;
  for (let cell = 0; cell < count; cell++) starts[cell + 1] = (starts[cell + 1] ?? 0) + (starts[cell] ?? 0);
  const fill = starts.slice();
  const order = new Uint32Array(cellOf.length);
  cellOf.forEach((cell, row) => {
    const at = fill[cell] ?? 0;
    fill[cell] = at + 1;
    order[at] = row;
  });
  return { order, starts };
}

/** Ascending, and those that touch as one. */
function joinRanges(ranges: readonly Range[]): Range[] {
  const joined: [number, number][] = [];
  for (const [first, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (first === end) continue;
    if (last !== undefined && last[1] === first) last[1] = end;
    else joined.push([first, end]);
  }
  return joined;
}
