/**
 * A search on the graphics card: knn.wgsl, its tiles and its lists. Reference: `nearestNeighborsPlain` in knn.ts.
 *
 * q queries, d columns, k neighbours, c candidates.
 */
import type { Metric } from './distance.ts';
import type { GpuBackend } from './gpu/backend.ts';
import type { GpuRows, RowChunk } from './gpu/rows.ts';
import { shaders } from './gpu/shaders.ts';
import type { SearchOptions } from './knn.ts';

/** Queries of a tile, and references at a time: as TILE in knn.wgsl. */
const TILE = 64;
/** Candidates beyond k that are ranked again with exact differences: scores are rounded to 24 bits and may cancel. */
const SPARE_CANDIDATES = 8;
/** Multiply-adds of one workgroup: 20 ms of a software driver. */
const WORKGROUP_WORK = 2e7;
/** The lists of one chunk of queries take at most so much. */
const LIST_BYTES = 2 ** 26;
export const NONE = 0xffffffff;
/** Larger than any score. Infinity is not a number that every shader compiler respects. */
const GREATEST = 3.4028234663852886e38;

/** First and end of some rows. */
export type Range = readonly [first: number, end: number];

/** Which rows some queries, at most 64 that follow each other, are compared with. Ranges are ascending. */
export interface TilePlan {
  readonly queries: Range;
  readonly references: readonly Range[];
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

/** Rows on the card, and what they are called: row i there is `order[i]` here. */
export interface Side {
  readonly rows: GpuRows;
  readonly order?: Uint32Array | undefined;
}

export interface Search {
  readonly queries: Side;
  readonly references: Side;
  readonly k: number;
  readonly metric: Metric;
  readonly plan: readonly TilePlan[];
  /** Queries and references are the same rows, and none is its own neighbour. */
  readonly excludeSelf: boolean;
}

export interface Found {
  /** Uint32Array (q, k), nearest first, by their names here; 0xffffffff where there are fewer. */
  readonly ids: Uint32Array;
  /** Float32Array (q, k) */
  readonly distances: Float32Array;
}

/** The k nearest among the rows that the plan gives to each query. By the cosine, rows have length 1. */
export async function searchPlanned(
  backend: GpuBackend,
  { queries: { rows: own, order }, references: { rows, order: names }, k, metric, plan, excludeSelf }: Search,
  { signal, onProgress }: SearchOptions = {},
): Promise<Found> {
  const c = k + SPARE_CANDIDATES;
  const ids = new Uint32Array(own.rows * k).fill(NONE);
  const distances = new Float32Array(own.rows * k).fill(Number.POSITIVE_INFINITY);
  const search = await backend.kernel(shaders.knn, 'search');
  const measure = await backend.kernel(shaders.knn, 'measure');
  const pairs = own.chunks.length * rows.chunks.length;
  let done = 0;
  const outside = backend.mark();
  const norms = new Map<RowChunk, GPUBuffer>();
  for (const chunk of rows.chunks) norms.set(chunk, await normsOf(backend, chunk, rows, metric, signal));

  for (const queries of own.chunks) {
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
      exclude_self: excludeSelf ? 1 : 0,
    });
    for (const [references, normsAt] of norms) {
      const inside = backend.mark();
      const { tiles, ranges, rounds, rangeRows } = layTiles(plan, queries, references, rows.columns);
      const tilesAt = backend.upload('tiles', tiles);
      const rangesAt = backend.upload('ranges', ranges);
      const buffers = {
        0: queries.buffer,
        1: references.buffer,
        2: normsAt,
        3: tilesAt,
        4: rangesAt,
        5: scoresAt,
        6: idsAt,
      };
      await backend.run(
        // A long list costs time for each reference that no multiply-add tells of.
        `search ${c}`,
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
    for (let i = 0; i < queries.rows; i++) {
      const from = i * c;
      const candidates = { ids: found.subarray(from, from + c), distances: exact.subarray(from, from + c) };
      const to = k * (order === undefined ? queries.first + i : (order[queries.first + i] ?? 0));
      keepBest(candidates, names, { ids: ids.subarray(to, to + k), distances: distances.subarray(to, to + k) });
    }
  }
  backend.release(outside);
  return { ids, distances };
}

/** What belongs to a score of a reference alone, float32 (rows): of EUCLIDEAN its squared length, otherwise 0. */
async function normsOf(
  backend: GpuBackend,
  { rows: references, buffer }: RowChunk,
  { quads, columns }: GpuRows,
  metric: Metric,
  signal: AbortSignal | undefined,
): Promise<GPUBuffer> {
  const norms = backend.allocate('norms', references * 4);
  if (metric !== 'EUCLIDEAN') return norms;
  const kernel = await backend.kernel(shaders.knn, 'lengths');
  const buffers = { 1: buffer, 5: norms };
  const unused = { k: 0, queries: 0, query_base: 0, reference_base: 0, range: 0, scale: 0, metric: 0, exclude_self: 0 };
  await backend.run(
    'lengths',
    1,
    [
      {
        kernel,
        blocks: Math.ceil(references / 64),
        work: 64 * columns,
        buffers: () => buffers,
        parameters: () => ({ ...unused, references, quads }),
      },
    ],
    { signal },
  );
  return norms;
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

/** Of the candidates of a query the best in order, those of equal distances by their names. */
function keepBest(candidates: Found, names: Uint32Array | undefined, { ids, distances }: Found): void {
  const k = ids.length;
  let count = 0;
  for (let i = 0; i < candidates.ids.length; i++) {
    const found = candidates.ids[i] ?? NONE;
    if (found === NONE) break; // the lists are filled from the front
    const id = names === undefined ? found : (names[found] ?? NONE);
    const distance = candidates.distances[i] ?? 0;
    let place = Math.min(count, k - 1);
    if (count === k) {
      const last = distances[place] ?? 0;
      if (distance > last || (distance === last && id >= (ids[place] ?? 0))) continue;
    }
    for (; place > 0; place--) {
      const before = distances[place - 1] ?? 0;
      const name = ids[place - 1] ?? 0;
      if (before < distance || (before === distance && name < id)) break;
      distances[place] = before;
      ids[place] = name;
    }
    distances[place] = distance;
    ids[place] = id;
    count = Math.min(count + 1, k);
  }
}
