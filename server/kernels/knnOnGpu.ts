/**
 * Nearest neighbours on the graphics card: knn.wgsl, its tiles and its lists. Reference: `nearestNeighborsPlain` in knn.ts.
 *
 * n rows, d columns, k neighbours, c candidates.
 */
import type { Metric } from './distance.ts';
import type { GpuBackend } from './gpu/backend.ts';
import { type GpuRows, type RowChunk, uploadRows } from './gpu/rows.ts';
import { shaders } from './gpu/shaders.ts';
import type { Neighbors, SearchOptions } from './knn.ts';
import type { Matrix } from './matrix.ts';

/** Queries of a tile, and references at a time: as TILE in knn.wgsl. */
const TILE = 64;
/** Candidates beyond k that are ranked again with exact differences: scores are rounded to 24 bits and may cancel. */
const SPARE_CANDIDATES = 8;
/** Multiply-adds of one workgroup: 20 ms of a software driver. */
const WORKGROUP_WORK = 2e7;
/** The lists of one chunk of queries take at most so much. */
const LIST_BYTES = 2 ** 26;
const NONE = 0xffffffff;
/** Larger than any score. Infinity is not a number that every shader compiler respects. */
const GREATEST = 3.4028234663852886e38;

/** First and end of some rows. */
export type Range = readonly [first: number, end: number];

/** Which rows some queries, at most 64 that follow each other, are compared with. Ranges are ascending. */
export interface TilePlan {
  readonly queries: Range;
  readonly references: readonly Range[];
}

/**
 * Every row with every other, exactly.
 * @param matrix for the metric COSINE: of unit rows
 */
export async function nearestNeighborsOnGpu(
  backend: GpuBackend,
  matrix: Matrix,
  k: number,
  metric: Metric,
  options: SearchOptions = {},
): Promise<Neighbors> {
  const before = backend.mark();
  try {
    const rows = uploadRows(backend, matrix, { mostRows: listedRows(backend, k) });
    const all: Range = [0, matrix.rows];
    const found = await searchPlanned(backend, matrix, rows, k, metric, tilesOf([all], [all]), options);
    return { ...found, recall: 1 };
  } finally {
    backend.release(before);
  }
}

/** Rows of a chunk whose lists of candidates fit into a buffer. */
export function listedRows(backend: GpuBackend, k: number): number {
  return Math.floor(Math.min(LIST_BYTES, backend.bufferBytes) / (4 * (k + SPARE_CANDIDATES)));
}

/** Tiles over ranges of queries, each of which is compared with the same references. */
export function tilesOf(queries: readonly Range[], references: readonly Range[]): TilePlan[] {
  return queries.flatMap(([first, end]) =>
    Array.from({ length: Math.ceil((end - first) / TILE) }, (_, i) => ({
      queries: [first + i * TILE, Math.min(end, first + (i + 1) * TILE)] as const,
      references,
    })),
  );
}

/**
 * The k nearest among the rows that the plan gives to each query.
 * @param rows `matrix` on the card, in the order that ids are meant in
 */
export async function searchPlanned(
  backend: GpuBackend,
  matrix: Matrix,
  rows: GpuRows,
  k: number,
  metric: Metric,
  plan: readonly TilePlan[],
  { signal, onProgress }: SearchOptions = {},
): Promise<Omit<Neighbors, 'recall'>> {
  const n = matrix.rows;
  const c = k + SPARE_CANDIDATES;
  const ids = new Uint32Array(n * k).fill(NONE);
  const distances = new Float32Array(n * k).fill(Number.POSITIVE_INFINITY);
  const search = await backend.kernel(shaders.knn, 'search');
  const measure = await backend.kernel(shaders.knn, 'measure');
  const norms = rows.chunks.map((chunk) => uploadNorms(backend, matrix, chunk, metric));
  const pairs = rows.chunks.length ** 2;
  let done = 0;

  for (const queries of rows.chunks) {
    const before = backend.mark();
    const scoresAt = backend.upload('scores', new Float32Array(queries.rows * c).fill(GREATEST));
    const idsAt = backend.upload('candidates', new Uint32Array(queries.rows * c).fill(NONE));
    const distancesAt = backend.allocate('distances', queries.rows * c * 4);
    const parametersFor = (references: RowChunk) => ({
      k: c,
      quads: rows.quads,
      queries: queries.rows,
      references: references.rows,
      query_base: queries.first,
      reference_base: references.first,
      range: 0,
      scale: metric === 'EUCLIDEAN' ? -2 : -1,
      metric: { EUCLIDEAN: 0, COSINE: 1, INNER_PRODUCT: 2 }[metric],
      exclude_self: 1,
    });
    for (const [place, references] of rows.chunks.entries()) {
      const inside = backend.mark();
      const { tiles, ranges, rounds, rangeRows } = layTiles(plan, queries, references, rows.columns);
      const tilesAt = backend.upload('tiles', tiles);
      const rangesAt = backend.upload('ranges', ranges);
      const buffers = {
        0: queries.buffer,
        1: references.buffer,
        2: at(norms, place),
        3: tilesAt,
        4: rangesAt,
        5: scoresAt,
        6: idsAt,
      };
      await backend.run(
        'search',
        rounds,
        [
          {
            kernel: search,
            blocks: tiles.length / 4,
            work: TILE * rangeRows * rows.columns,
            buffers: () => buffers,
            parameters: (range) => ({ ...parametersFor(references), range }),
          },
        ],
        { signal, onRounds: (round) => onProgress?.((done + round / rounds) / pairs) },
      );
      onProgress?.(++done / pairs);
      backend.release(inside);
    }
    for (const references of rows.chunks) {
      const buffers = { 0: queries.buffer, 1: references.buffer, 6: idsAt, 7: distancesAt };
      await backend.run(
        'measure',
        1,
        [
          {
            kernel: measure,
            blocks: Math.ceil((queries.rows * c) / 64),
            work: 64 * rows.columns,
            buffers: () => buffers,
            parameters: () => parametersFor(references),
          },
        ],
        { signal },
      );
    }
    const found = new Uint32Array(await backend.read(idsAt, queries.rows * c * 4));
    const exact = new Float32Array(await backend.read(distancesAt, queries.rows * c * 4));
    backend.release(before);
    const from = queries.first * k;
    const to = from + queries.rows * k;
    keepBest(found, exact, c, k, ids.subarray(from, to), distances.subarray(from, to));
  }
  return { n, k, ids, distances };
}

/** The tiles of a chunk of queries, and for each the ranges of a chunk of references, cut so that a workgroup is soon done. */
function layTiles(plan: readonly TilePlan[], queries: RowChunk, references: RowChunk, columns: number) {
  const rangeRows = Math.max(1, Math.round(WORKGROUP_WORK / (TILE * columns) / TILE)) * TILE;
  const tiles: number[] = [];
  const ranges: number[] = [];
  let rounds = 0;
  let known: readonly Range[] | null = null;
  let firstRange = 0;
  for (const tile of plan) {
    const [first, end] = intersect(tile.queries, queries);
    if (first >= end) continue;
    if (tile.references !== known) {
      known = tile.references;
      firstRange = ranges.length / 2;
      for (const wanted of known) {
        const [from, until] = intersect(wanted, references);
        for (let start = from; start < until; start += rangeRows) {
          ranges.push(start - references.first, Math.min(until, start + rangeRows) - references.first);
        }
      }
    }
    const endRange = ranges.length / 2;
    rounds = Math.max(rounds, endRange - firstRange);
    tiles.push(first - queries.first, end - queries.first, firstRange, endRange);
  }
  return { tiles: Uint32Array.from(tiles), ranges: Uint32Array.from(ranges), rounds, rangeRows };
}

function intersect([first, end]: Range, { first: start, rows }: RowChunk): Range {
  return [Math.max(first, start), Math.min(end, start + rows)];
}

function uploadNorms(backend: GpuBackend, matrix: Matrix, { first, rows }: RowChunk, metric: Metric): GPUBuffer {
  const { columns, data } = matrix;
  const norms = new Float32Array(rows);
  if (metric === 'EUCLIDEAN') {
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      const start = (first + i) * columns;
      for (let j = start; j < start + columns; j++) sum += (data[j] ?? 0) ** 2;
      norms[i] = sum;
    }
  }
  return backend.upload('norms', norms);
}

/** Of the c candidates of each query the best k in order, those of equal distances by their ids. */
function keepBest(
  candidates: Uint32Array,
  measured: Float32Array,
  c: number,
  k: number,
  ids: Uint32Array,
  distances: Float32Array,
): void {
  for (let from = 0, to = 0; from < candidates.length; from += c, to += k) {
    let count = 0;
    for (let i = from; i < from + c; i++) {
      const id = candidates[i] ?? NONE;
      const distance = measured[i] ?? 0;
      if (id === NONE) break; // the lists are filled from the front
      let place = Math.min(count, k - 1);
      if (count === k) {
        const last = distances[to + place] ?? 0;
        if (distance > last || (distance === last && id >= (ids[to + place] ?? 0))) continue;
      }
      for (; place > 0; place--) {
        const before = distances[to + place - 1] ?? 0;
        const name = ids[to + place - 1] ?? 0;
        if (before < distance || (before === distance && name < id)) break;
        distances[to + place] = before;
        ids[to + place] = name;
      }
      distances[to + place] = distance;
      ids[to + place] = id;
      count = Math.min(count + 1, k);
    }
  }
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new Error(`There is nothing at ${index} of ${list.length}.`);
  return value;
}
