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
import { NONE, SPARE_CANDIDATES } from './neighbors.ts';

/** Queries of a tile, and references at a time: as TILE in knn.wgsl. */
const TILE = 64;
/** Multiply-adds of one workgroup: 20 ms of a software driver. */
const WORKGROUP_WORK = 2e7;
/**
 * Columns below which a pair of rows takes as long as with so many: a fourth of the invocations look at its score, one score after another,
 * and keep their lists in the card's memory. A software driver takes 340 ns for a pair of two columns.
 */
const LEAST_COLUMNS = 100;
/** The lists of one chunk of queries take at most so much. */
const LIST_BYTES = 2 ** 26;
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
  search: Search,
  { signal, onProgress }: SearchOptions = {},
): Promise<Found> {
  const { queries, references, k, metric } = search;
  const own = queries.rows;
  const c = k + SPARE_CANDIDATES;
  const ids = new Uint32Array(own.rows * k).fill(NONE);
  const distances = new Float32Array(own.rows * k).fill(Number.POSITIVE_INFINITY);
  const outside = backend.mark();
  const norms = new Map<RowChunk, GPUBuffer>();
  for (const chunk of references.rows.chunks) {
    norms.set(chunk, await normsOf(backend, chunk, references.rows, metric, signal));
  }
  const pairs = own.chunks.length * norms.size;
  let done = 0;
  for (const chunk of own.chunks) {
    const before = backend.mark();
    const lists = {
      scores: backend.upload('scores', new Float32Array(chunk.rows * c).fill(GREATEST)),
      ids: backend.upload('candidates', new Uint32Array(chunk.rows * c).fill(NONE)),
      distances: backend.allocate('distances', chunk.rows * c * 4),
    };
    for (const [others, normsAt] of norms) {
      const onShare = (share: number) => onProgress?.((done + share) / pairs);
      await findCandidates(backend, search, lists, chunk, others, normsAt, { signal, onProgress: onShare });
      onProgress?.(++done / pairs);
    }
    for (const others of norms.keys()) await measureCandidates(backend, search, lists, chunk, others, signal);
    const found = new Uint32Array(await backend.read(lists.ids, chunk.rows * c * 4));
    const exact = new Float32Array(await backend.read(lists.distances, chunk.rows * c * 4));
    backend.release(before);
    for (let i = 0; i < chunk.rows; i++) {
      const from = i * c;
      const candidates = { ids: found.subarray(from, from + c), distances: exact.subarray(from, from + c) };
      const to = k * (queries.order === undefined ? chunk.first + i : (queries.order[chunk.first + i] ?? 0));
      keepBest(candidates, references.order, {
        ids: ids.subarray(to, to + k),
        distances: distances.subarray(to, to + k),
      });
    }
  }
  backend.release(outside);
  return { ids, distances };
}

/** The c candidates of each query of a chunk, on the card: scores, ids, and exact distances, (rows, c). */
interface Candidates {
  readonly scores: GPUBuffer;
  readonly ids: GPUBuffer;
  readonly distances: GPUBuffer;
}

/** Merges the best of a chunk of references, by their scores, into the candidates of a chunk of queries. */
async function findCandidates(
  backend: GpuBackend,
  search: Search,
  lists: Candidates,
  queries: RowChunk,
  references: RowChunk,
  norms: GPUBuffer,
  { signal, onProgress }: SearchOptions,
): Promise<void> {
  const kernel = await backend.kernel(shaders.knn, 'search');
  const { columns } = search.references.rows;
  const inside = backend.mark();
  const { tiles, ranges, rounds, rangeRows } = layTiles(search.plan, queries, references, columns);
  const tilesAt = backend.upload('tiles', tiles);
  const rangesAt = backend.upload('ranges', ranges);
  const rows = { 0: queries.buffer, 1: references.buffer, 2: norms };
  const buffers = { ...rows, 3: tilesAt, 4: rangesAt, 5: lists.scores, 6: lists.ids };
  await backend.run(
    // A long list costs time for each reference that no multiply-add tells of.
    `search ${search.k + SPARE_CANDIDATES}`,
    rounds,
    [
      {
        kernel,
        blocks: tiles.length / 4,
        work: TILE * rangeRows * pairWork(columns),
        buffers: () => buffers,
        parameters: (range) => ({ ...parametersOf(search, queries, references), range }),
      },
    ],
    { signal, onRounds: (round) => onProgress?.(round / rounds) },
  );
  backend.release(inside);
}

/** Exact distances, of sums of differences, to those candidates of a chunk of queries that are of a chunk of references. */
async function measureCandidates(
  backend: GpuBackend,
  search: Search,
  lists: Candidates,
  queries: RowChunk,
  references: RowChunk,
  signal: AbortSignal | undefined,
): Promise<void> {
  const kernel = await backend.kernel(shaders.knn, 'measure');
  const buffers = { 0: queries.buffer, 1: references.buffer, 6: lists.ids, 7: lists.distances };
  await backend.run(
    'measure',
    1,
    [
      {
        kernel,
        blocks: Math.ceil((queries.rows * (search.k + SPARE_CANDIDATES)) / 64),
        work: 64 * search.references.rows.columns,
        buffers: () => buffers,
        parameters: () => parametersOf(search, queries, references),
      },
    ],
    { signal },
  );
}

/** Of knn.wgsl. */
function parametersOf({ references, k, metric, excludeSelf }: Search, own: RowChunk, others: RowChunk) {
  return {
    k: k + SPARE_CANDIDATES,
    quads: references.rows.quads,
    queries: own.rows,
    references: others.rows,
    query_base: own.first,
    reference_base: others.first,
    range: 0,
    scale: metric === 'EUCLIDEAN' ? -2 : -1,
    metric: { EUCLIDEAN: 0, COSINE: 1, INNER_PRODUCT: 2 }[metric],
    exclude_self: excludeSelf ? 1 : 0,
  };
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

/** Multiply-adds, or what takes as long, of a query and a reference. */
function pairWork(columns: number): number {
  return Math.max(LEAST_COLUMNS, columns);
}

/** The tiles of a chunk of queries, and for each the ranges of a chunk of references, cut so that a workgroup is soon done. */
function layTiles(plan: readonly TilePlan[], queries: RowChunk, references: RowChunk, columns: number) {
  const rangeRows = Math.max(1, Math.round(WORKGROUP_WORK / (TILE * pairWork(columns)) / TILE)) * TILE;
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
