/**
 * Approximate nearest neighbours by Euclid's distance, for more rows than every pair can be compared of: candidates from a
 * forest of random projection trees (Dasgupta and Freund 2008, "Random projection trees and low dimensional manifolds"), then
 * neighbours of neighbours until few lists change (NN-descent: Dong, Moses and Li 2011, "Efficient k-nearest neighbor graph
 * construction for generic similarity measures", WWW).
 *
 * Trees are cut at the median, so all leaves are of a size; rows of a leaf are compared by tiles of a matrix product. In the
 * descent every row reads the lists as they were and writes its own alone. So neither threads nor pieces change any bit: a list is
 * the best of a set of candidates, equal scores in the order of ids.
 *
 * n rows, d columns, k neighbours.
 */
import type { CpuBackend } from './cpu/backend.ts';
import { hash } from './hash.ts';
import { type Matrix, rowOf } from './matrix.ts';
import { NONE } from './neighbors.ts';

export interface DescentOptions {
  readonly signal?: AbortSignal | undefined;
  /** Share done, 0 to 1. */
  readonly onProgress?: ((done: number) => void) | undefined;
  /** Trees. More find more, and take longer in proportion. */
  readonly trees?: number | undefined; // 8
  /** Rounds of looking at neighbours' neighbours, at most. */
  readonly rounds?: number | undefined; // 4
  readonly seed?: number | undefined; // 0
  /**
   * Float32Array (n): of rows given only along some directions, what is to be added to squared distances for what lies beyond, of either
   * row. Not given: nothing.
   */
  readonly rests?: Float32Array | undefined;
}

/** In the backend's memory, allocated until the caller releases it. */
export interface Approximate {
  /** Offset of uint32 (n, k): neighbours, the nearest first, by sums of float32; 0xffffffff where there are fewer. */
  readonly ids: number;
  /** Offset of uint32 (n): the rows in the order of a tree, in which those near each other lie together. */
  readonly order: number;
}

/** Rows of a leaf, at most: 256 rows of 96 columns stay in the cache of a core, and a tile finds enough to do. */
const LEAF_ROWS = 256;
/**
 * Neighbours of a row, and of a neighbour, that are looked at in the descent: the work grows with the product. Of 15 neighbours of 1,500 rows
 * near a space of 30 dimensions 18 find .993, 15 .988; of 12,000 pictures of clothes .994 and .993, in a tenth more of the time.
 */
export const SOURCES = 18;
/** A round that puts fewer new ids into lists than this share of their places is the last (Dong et al. 2011, section 2.3: delta). */
const FEW = 0.01;
const ROWS_PER_PIECE = 2048;
const LEAVES_PER_PIECE = 8;
/** In an id: it came into the list in the last round. As in cpu/assembly/forest.ts. */
const FRESH = 0x80000000;

/** @throws what `signal` was aborted with, between two pieces of work */
export async function approximateNeighbors(
  backend: CpuBackend,
  { rows: n, columns: d, data }: Matrix,
  k: number,
  { signal, onProgress, trees = 8, rounds = 4, seed = 0, rests }: DescentOptions = {},
): Promise<Approximate> {
  const ids = backend.allocate(n * k * 4);
  const scores = backend.allocate(n * k * 4);
  const order = backend.allocate(n * 4);
  const kept = backend.mark();
  const width = Math.ceil(d / 4) * 4;
  const rows = backend.allocate(n * width * 4);
  const norms = backend.allocate(n * 4);
  const restsAt = backend.upload(rests ?? new Float32Array(n));
  uploadRows(backend, data, n, d, width, rows, norms, restsAt);
  const search = { backend, n, k, width, rows, norms, rests: restsAt, signal };

  const levels = Math.max(0, Math.ceil(Math.log2(n / LEAF_ROWS)));
  const steps = levels + trees + rounds;
  const report = (step: number) => onProgress?.(step / steps);
  const inForest = backend.mark();
  const orders = await growForest(search, trees, levels, seed, report);
  await joinLeaves(search, { ids, scores }, orders, trees, 2 ** levels, (tree) => report(levels + tree));
  backend.uint32(order, n).set(backend.uint32(orders, n));
  backend.release(inForest);
  // A single leaf has compared every pair.
  if (levels > 0) await descend(search, { ids, scores }, order, rounds, (round) => report(levels + trees + round));
  backend.release(kept);
  return { ids, order };
}

/** The rows in the backend's memory, as cpu/assembly/forest.ts wants them, and how many neighbours of each are looked for. */
interface Descent {
  readonly backend: CpuBackend;
  readonly n: number;
  readonly k: number;
  readonly width: number;
  readonly rows: number;
  readonly norms: number;
  readonly rests: number;
  readonly signal: AbortSignal | undefined;
}

/** Offsets of uint32 and float32 (n, k): the best so far of each row, nearest first. */
interface Lists {
  readonly ids: number;
  readonly scores: number;
}

/**
 * Every run of rows of every tree cut in two by the projection on the difference of two of its rows, level by level.
 * @returns offset of uint32 (trees, n): rows in the order of each tree, whose leaves lie one behind the other
 */
async function growForest(
  { backend, n, width, rows, signal }: Descent,
  trees: number,
  levels: number,
  seed: number,
  onLevel: (done: number) => void,
): Promise<number> {
  const orders = backend.allocate(trees * n * 4);
  for (let tree = 0; tree < trees; tree++) {
    const order = backend.uint32(orders + tree * n * 4, n);
    for (let i = 0; i < n; i++) order[i] = i;
  }
  const keys = backend.allocate(backend.threadCount * n * 4);
  for (let level = 0; level < levels; level++) {
    await backend.run(
      'forestLevel',
      trees,
      (tree, thread) => [
        ...[rows, width, n, orders + tree * n * 4, keys + thread * n * 4, 2 ** level],
        hash((hash(seed >>> 0) ^ tree) >>> 0),
      ],
      { signal },
    );
    onLevel(level + 1);
  }
  return orders;
}

/** The rows of each leaf compared with each other, tree by tree: fills the lists. */
async function joinLeaves(
  { backend, n, k, width, rows, norms, signal }: Descent,
  { ids, scores }: Lists,
  orders: number,
  trees: number,
  leaves: number,
  onTree: (done: number) => void,
): Promise<void> {
  backend.float32(scores, n * k).fill(Number.POSITIVE_INFINITY);
  backend.uint32(ids, n * k).fill(NONE);
  const largest = 8 * Math.ceil(Math.ceil(n / leaves) / 8);
  const scratchBytes = 4 * (largest * width + 2 * largest);
  const scratch = backend.allocate(backend.threadCount * scratchBytes);
  for (let tree = 0; tree < trees; tree++) {
    await backend.run(
      'forestJoin',
      Math.ceil(leaves / LEAVES_PER_PIECE),
      (piece, thread) => {
        const first = piece * LEAVES_PER_PIECE;
        return [
          ...[rows, width, n, norms, orders + tree * n * 4, leaves, first, Math.min(leaves, first + LEAVES_PER_PIECE)],
          ...[k, scores, ids, scratch + thread * scratchBytes],
        ];
      },
      { signal },
    );
    onTree(tree + 1);
  }
}

/** Rounds of looking at the neighbours of neighbours, those nearest and those to which a row is near, until few lists change. */
async function descend(
  { backend, n, k, width, rows, rests, signal }: Descent,
  lists: Lists,
  order: number,
  rounds: number,
  onRound: (done: number) => void,
): Promise<void> {
  const sources = Math.min(SOURCES, k);
  let now = lists;
  let next: Lists = { ids: backend.allocate(n * k * 4), scores: backend.allocate(n * k * 4) };
  const starts = backend.allocate((n + 1) * 4);
  const reverse = backend.allocate(n * sources * 4);
  const seen = backend.allocate(backend.threadCount * n * 4);
  const pieces = Math.ceil(n / ROWS_PER_PIECE);
  const found = backend.allocate(pieces * 4);
  const first = backend.uint32(now.ids, n * k);
  for (let at = 0; at < first.length; at++) first[at] = ((first[at] ?? 0) | FRESH) >>> 0;
  for (let round = 0; round < rounds; round++) {
    const { ids, scores } = now;
    const [startsNow, reverseNow] = [backend.uint32(starts, n + 1), backend.uint32(reverse, n * sources)];
    reverseLists(backend.uint32(ids, n * k), n, k, sources, startsNow, reverseNow);
    backend.uint32(seen, backend.threadCount * n).fill(0);
    await backend.run(
      'descend',
      pieces,
      (piece, thread) => {
        const first = piece * ROWS_PER_PIECE;
        return [
          ...[rows, width, k, sources, scores, ids, starts, reverse, next.scores, next.ids, seen + thread * n * 4],
          ...[found + piece * 4, rests, order, first, Math.min(n, first + ROWS_PER_PIECE)],
        ];
      },
      { signal },
    );
    [now, next] = [next, now];
    onRound(round + 1);
    const changed = backend.uint32(found, pieces).reduce((sum, count) => sum + count, 0);
    if (changed < FEW * n * k) break;
  }
  const last = backend.uint32(now.ids, n * k);
  const kept = backend.uint32(lists.ids, n * k);
  for (let at = 0; at < last.length; at++) {
    const id = last[at] ?? NONE;
    kept[at] = id === NONE ? NONE : (id & ~FRESH) >>> 0;
  }
}

/** Rows filled up to a width of a multiple of 4, and their squared lengths with what lies beyond. */
function uploadRows(
  backend: CpuBackend,
  data: Float32Array,
  n: number,
  d: number,
  width: number,
  rows: number,
  norms: number,
  rests: number,
): void {
  const to = backend.float32(rows, n * width);
  const lengths = backend.float32(norms, n);
  const beyond = backend.float32(rests, n);
  if (width === d) to.set(data);
  else {
    to.fill(0);
    for (let i = 0; i < n; i++) to.set(data.subarray(i * d, (i + 1) * d), i * width);
  }
  for (let i = 0; i < n; i++) {
    let squares = 0;
    for (let at = i * d; at < (i + 1) * d; at++) squares += (data[at] ?? 0) ** 2;
    lengths[i] = squares + (beyond[i] ?? 0);
  }
}

/**
 * For each row the rows that have it among their `sources` nearest, those to which it is nearest first, at most `sources` of them.
 * ids: (n, k), fresh or not; what comes out is as fresh. starts: (n + 1); reverse: (up to n * sources)
 */
function reverseLists(
  ids: Uint32Array,
  n: number,
  k: number,
  sources: number,
  starts: Uint32Array,
  reverse: Uint32Array,
): void {
  const counts = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    for (let place = 0; place < sources; place++) {
      const id = ids[i * k + place] ?? NONE;
      if (id === NONE) break;
      const j = (id & ~FRESH) >>> 0;
      counts[j] = Math.min(sources, (counts[j] ?? 0) + 1);
    }
  }
  starts[0] = 0;
  for (let i = 0; i < n; i++) starts[i + 1] = (starts[i] ?? 0) + (counts[i] ?? 0);
  const fill = starts.slice(0, n);
  for (let place = 0; place < sources; place++) {
    for (let i = 0; i < n; i++) {
      const id = ids[i * k + place] ?? NONE;
      if (id === NONE) continue;
      const j = (id & ~FRESH) >>> 0;
      const at = fill[j] ?? 0;
      if (at === starts[j + 1]) continue;
      reverse[at] = (i | (id & FRESH)) >>> 0;
      fill[j] = at + 1;
    }
  }
}

/**
 * One round of the descent, plainly: each row keeps the best k of its list and of the neighbours of those that are its neighbours or have it
 * as one. What cpu/assembly/forest.ts is compared with, all ids being fresh.
 * @param ids Uint32Array (n, k), nearest first. @returns the lists afterwards
 */
export function descendPlain(
  matrix: Matrix,
  ids: Uint32Array,
  k: number,
  sources: number,
  rests: Float32Array = new Float32Array(matrix.rows),
): Uint32Array {
  const n = matrix.rows;
  const starts = new Uint32Array(n + 1);
  const reverse = new Uint32Array(n * sources);
  reverseLists(ids, n, k, sources, starts, reverse);
  const lists = new Uint32Array(n * k).fill(NONE);
  for (let i = 0; i < n; i++) {
    const own = [...ids.subarray(i * k, (i + 1) * k)];
    const through = [...own.slice(0, sources), ...reverse.subarray(starts[i], starts[i + 1])];
    const theirs = through.flatMap((j) => [...ids.subarray(j * k, j * k + sources)]);
    const candidates = [...new Set([...own, ...theirs])].filter((j) => j !== i && j !== NONE);
    const x = rowOf(matrix, i);
    const scored = candidates.map((j) => ({
      j,
      score: rowOf(matrix, j).reduce(
        (sum, value, c) => sum + (value - (x[c] ?? 0)) ** 2,
        (rests[i] ?? 0) + (rests[j] ?? 0),
      ),
    }));
    scored.sort((a, b) => a.score - b.score || a.j - b.j);
    scored.slice(0, k).forEach(({ j }, place) => {
      lists[i * k + place] = j;
    });
  }
  return lists;
}
