/** The thread that keeps embeddings in memory and answers who is nearest. Started by `resident.ts`. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import type { Metric } from '#kernels/distance.ts';
import { GpuBackend, GpuError } from '#kernels/gpu/backend.ts';
import type { Matrix } from '#kernels/matrix.ts';
import { nearestRows, placeRows, type ScannedRows } from '#kernels/scan.ts';
import { placeOnCard, type RowsOnCard } from '#kernels/scanOnGpu.ts';
import { nearestOnSphere, type Sphere, sphereAround } from '#kernels/scanSphere.ts';
import { chooseGpu } from '../backends.ts';
import { readComputeDevice } from '../config.ts';
import { cpuThreads } from '../cpuThreads.ts';
import type { Database } from '../database/database.ts';
import { openPostgres } from '../database/postgres.ts';
import { connectDatabase } from '../database/remote.ts';
import type { Embedding } from './embeddings.ts';
import { readMatrix } from './vectors.ts';

/** What the thread is given: where the vectors are. */
export interface ResidentStart {
  readonly database: { readonly url: string } | { readonly port: MessagePort };
  /** Shared: 1 once a graphics card works for the thread, which then is not to be ended, but told to end itself. */
  readonly state: Int32Array;
}

export type ResidentRequest =
  | { readonly type: 'load'; readonly embedding: Pick<Embedding, 'id' | 'dimension' | 'metric'> }
  | {
      readonly type: 'search';
      readonly embeddingId: number;
      readonly vector: Float32Array;
      readonly metric: Metric;
      readonly around?: Float32Array | undefined;
      readonly first: number;
      readonly exclude: readonly number[];
      /** Ids of the items among which to search, big-endian int64 each, in any order; null: all. */
      readonly among: Uint8Array | null;
    }
  | { readonly type: 'drop'; readonly embeddingId: number }
  | { readonly type: 'end' };

/** Of a load: the version of the embedding that was read, or null where float32 cannot compare its vectors. */
export interface Loaded {
  readonly version: number | null;
}

/** Of a search: item ids, nearest first, and how far each is. */
export interface Searched {
  readonly itemIds: Float64Array;
  readonly distances: Float64Array;
  /** Where the pass over all rows is made. */
  readonly device: 'GPU' | 'CPU';
}

export type ResidentAnswer =
  | { readonly id: number; readonly output: Loaded | Searched | null }
  | { readonly id: number; readonly error: Error };

interface Kept {
  readonly backend: CpuBackend;
  readonly placed: ScannedRows;
  /** Item of each row, ascending. */
  readonly itemIds: Float64Array;
  /** Where a graphics card was found to be faster; null: the processor. */
  card: { readonly rows: RowsOnCard; readonly backend: GpuBackend } | null;
  /** The sphere that was asked for last: maps of one embedding mostly have the same. */
  sphere: Sphere | null;
}

/** Fewer numbers than this are gone through before another thread has been told to. */
const ALONE_NUMBERS = 2e6;

/** A pass over fewer numbers takes the processor a millisecond or two, which is what the way to a card and back takes. */
const CARD_NUMBERS = 4e6;
/** Passes by which card and processor are compared; the fastest counts. */
const TRIALS = 3;

const { database: from, state }: ResidentStart = workerData.data;
const kept = new Map<number, Kept>();
let opened: Promise<Database> | null = null;

const working = new Set<Promise<void>>();

parentPort?.on('message', (request: ResidentRequest & { readonly id: number }) => {
  const work = answer(request).finally(() => working.delete(work));
  working.add(work);
});

async function answer({ id, ...request }: ResidentRequest & { readonly id: number }): Promise<void> {
  try {
    const answer: ResidentAnswer = { id, output: await answerTo(request) };
    parentPort?.postMessage(answer);
  } catch (error) {
    const answer: ResidentAnswer = { id, error: error instanceof Error ? error : new Error(String(error)) };
    parentPort?.postMessage(answer);
  }
}

async function answerTo(request: ResidentRequest): Promise<Loaded | Searched | null> {
  switch (request.type) {
    case 'load':
      return await load(request.embedding);
    case 'search':
      return await search(request);
    case 'drop':
      drop(request.embeddingId);
      return null;
    case 'end':
      return await end();
  }
}

async function load(embedding: Pick<Embedding, 'id' | 'dimension' | 'metric'>): Promise<Loaded> {
  opened ??= 'port' in from ? Promise.resolve(connectDatabase(from.port)) : openPostgres(from.url, { pool: 1 });
  const { ids, matrix, version } = await readMatrix(await opened, embedding);
  const backend = await CpuBackend.create(matrix.data.length < ALONE_NUMBERS ? null : cpuThreads());
  const placed = await placeRows(backend, matrix, embedding.metric);
  drop(embedding.id);
  if (placed === null) {
    backend.close();
    return { version: null };
  }
  const found: Kept = { backend, placed, itemIds: ids, card: null, sphere: null };
  found.card = await placeWhereFaster(found, matrix);
  kept.set(embedding.id, found);
  return { version };
}

/** The card's device, looked for once. */
let opening: ReturnType<typeof chooseGpu> | null = null;

/** Puts the rows on the graphics card as well, and keeps them there where that answers sooner, or COMPUTE_DEVICE wants it. */
async function placeWhereFaster({ backend, placed, itemIds }: Kept, matrix: Matrix): Promise<Kept['card']> {
  const device = readComputeDevice();
  if (device === 'cpu' || (device === 'auto' && matrix.data.length < CARD_NUMBERS) || itemIds.length === 0) return null;
  opening ??= chooseGpu('AUTO', itemIds.length, () => {
    Atomics.store(state, 0, 1);
    return () => Atomics.store(state, 0, 0);
  });
  const { gpu } = await opening;
  if (gpu === null) return null;
  const card = new GpuBackend(gpu.device, { cpu: backend, now: () => performance.now() });
  try {
    const rows = await placeOnCard(card, matrix);
    const query = matrix.data.slice(0, matrix.columns);
    const fastest = async (card: RowsOnCard | null) => {
      let least = Number.POSITIVE_INFINITY;
      for (let trial = 0; trial < TRIALS; trial++) {
        const begun = performance.now();
        await nearestRows(backend, placed, query, 10, { card });
        least = Math.min(least, performance.now() - begun);
      }
      return least;
    };
    if (device === 'gpu' || (await fastest(rows)) < (await fastest(null))) return { rows, backend: card };
  } catch (error) {
    // What the card cannot do, or has no room for, the processor does.
    if (!(error instanceof GpuError)) throw error;
  }
  card.release(0);
  return null;
}

/** Ends the thread when all that was asked is answered and the card has nothing to do. */
async function end(): Promise<never> {
  await Promise.allSettled([...working]); // this request is not among them yet
  for (const id of kept.keys()) drop(id);
  const gpu = (await opening)?.gpu;
  gpu?.device.destroy();
  gpu?.letGo();
  process.exit(0);
}

/** One at a time for each embedding: queries share a place in its memory. */
const turns = new Map<number, Promise<unknown>>();

async function search(request: ResidentRequest & { readonly type: 'search' }): Promise<Searched> {
  const turn = (turns.get(request.embeddingId) ?? Promise.resolve()).catch(() => {}).then(() => searchNow(request));
  turns.set(request.embeddingId, turn);
  return await turn;
}

async function searchNow({
  embeddingId,
  vector,
  metric,
  around,
  first,
  exclude,
  among,
}: ResidentRequest & { readonly type: 'search' }): Promise<Searched> {
  const found = kept.get(embeddingId);
  if (found === undefined) throw new Error(`Embedding ${embeddingId} is not in memory.`);
  const { backend, placed, itemIds } = found;
  const options = {
    among: among === null ? null : rowsOf(among, itemIds),
    exclude: exclude.map((itemId) => rowOf(itemId, itemIds)),
  };
  const sphere = around === undefined ? null : await sphereOf(found, around);
  const search = (card: RowsOnCard | null) =>
    sphere === null
      ? nearestRows(backend, placed, vector, first, { ...options, metric, card })
      : nearestOnSphere(backend, placed, sphere, vector, first, { ...options, card });
  const { rows, distances } = await search(found.card?.rows ?? null).catch((error: unknown) => {
    if (!(error instanceof GpuError)) throw error;
    found.card = null; // the processor answers from now on
    return search(null);
  });
  return {
    itemIds: Float64Array.from(rows, (row) => itemIds[row] ?? 0),
    distances,
    device: found.card === null ? 'CPU' : 'GPU',
  };
}

async function sphereOf(found: Kept, mean: Float32Array): Promise<Sphere> {
  const { sphere } = found;
  if (sphere?.mean.every((value, j) => value === mean[j]) === true) return sphere;
  found.sphere = await sphereAround(found.backend, found.placed, mean, sphere);
  return found.sphere;
}

function drop(embeddingId: number): void {
  const found = kept.get(embeddingId);
  kept.delete(embeddingId);
  // Who searches in it comes to his end.
  void (turns.get(embeddingId) ?? Promise.resolve())
    .catch(() => {})
    .then(() => {
      found?.card?.backend.release(0);
      found?.backend.close();
    });
}

/** The rows of these items, ascending; items without a vector have none. */
function rowsOf(among: Uint8Array, itemIds: Float64Array): Uint32Array {
  const view = new DataView(among.buffer, among.byteOffset, among.byteLength);
  const rows = new Uint32Array(among.length / 8);
  let count = 0;
  for (let at = 0; at < among.length; at += 8) {
    const row = rowOf(view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4), itemIds);
    if (row >= 0) rows[count++] = row;
  }
  return rows.subarray(0, count).sort();
}

/** The row of an item, or -1. */
function rowOf(itemId: number, itemIds: Float64Array): number {
  let low = 0;
  let high = itemIds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((itemIds[middle] ?? 0) < itemId) low = middle + 1;
    else high = middle;
  }
  return itemIds[low] === itemId ? low : -1;
}
