/** The thread that keeps embeddings in memory and answers who is nearest. Started by `resident.ts`. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { nearestRows, placeRows, type ScannedRows } from '#kernels/scan.ts';
import { cpuThreads } from '../cpuThreads.ts';
import type { Database } from '../database/database.ts';
import { openPostgres } from '../database/postgres.ts';
import { connectDatabase } from '../database/remote.ts';
import type { Embedding } from './embeddings.ts';
import { readMatrix } from './vectors.ts';

/** What the thread is given: where the vectors are. */
export interface ResidentStart {
  readonly database: { readonly url: string } | { readonly port: MessagePort };
}

export type ResidentRequest =
  | { readonly type: 'load'; readonly embedding: Pick<Embedding, 'id' | 'dimension' | 'metric'> }
  | {
      readonly type: 'search';
      readonly embeddingId: number;
      readonly vector: Float32Array;
      readonly first: number;
      readonly exclude: readonly number[];
      /** Ids of the items among which to search, big-endian int64 each, in any order; null: all. */
      readonly among: Uint8Array | null;
    }
  | { readonly type: 'drop'; readonly embeddingId: number };

/** Of a load: the version of the embedding that was read, or null where float32 cannot compare its vectors. */
export interface Loaded {
  readonly version: number | null;
}

/** Of a search: item ids, nearest first, and how far each is. */
export interface Searched {
  readonly itemIds: Float64Array;
  readonly distances: Float64Array;
}

export type ResidentAnswer =
  | { readonly id: number; readonly output: Loaded | Searched | null }
  | { readonly id: number; readonly error: Error };

interface Kept {
  readonly backend: CpuBackend;
  readonly placed: ScannedRows;
  /** Item of each row, ascending. */
  readonly itemIds: Float64Array;
}

/** Fewer numbers than this are gone through before another thread has been told to. */
const ALONE_NUMBERS = 2e6;

const { database: from }: ResidentStart = workerData.data;
const kept = new Map<number, Kept>();
let opened: Promise<Database> | null = null;

parentPort?.on('message', async ({ id, ...request }: ResidentRequest & { readonly id: number }) => {
  try {
    const answer: ResidentAnswer = { id, output: await answerTo(request) };
    parentPort?.postMessage(answer);
  } catch (error) {
    const answer: ResidentAnswer = { id, error: error instanceof Error ? error : new Error(String(error)) };
    parentPort?.postMessage(answer);
  }
});

async function answerTo(request: ResidentRequest): Promise<Loaded | Searched | null> {
  switch (request.type) {
    case 'load':
      return await load(request.embedding);
    case 'search':
      return await search(request);
    case 'drop':
      drop(request.embeddingId);
      return null;
  }
}

async function load(embedding: Pick<Embedding, 'id' | 'dimension' | 'metric'>): Promise<Loaded> {
  opened ??= 'port' in from ? Promise.resolve(connectDatabase(from.port)) : openPostgres(from.url, { pool: 1 });
  const { ids, matrix, version } = await readMatrix(await opened, embedding);
  const backend = await CpuBackend.create(matrix.data.length < ALONE_NUMBERS ? null : cpuThreads());
  const placed = placeRows(backend, matrix, embedding.metric);
  drop(embedding.id);
  if (placed === null) {
    backend.close();
    return { version: null };
  }
  kept.set(embedding.id, { backend, placed, itemIds: ids });
  return { version };
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
  first,
  exclude,
  among,
}: ResidentRequest & { readonly type: 'search' }): Promise<Searched> {
  const found = kept.get(embeddingId);
  if (found === undefined) throw new Error(`Embedding ${embeddingId} is not in memory.`);
  const { backend, placed, itemIds } = found;
  const { rows, distances } = await nearestRows(backend, placed, vector, first, {
    among: among === null ? null : rowsOf(among, itemIds),
    exclude: exclude.map((itemId) => rowOf(itemId, itemIds)),
  });
  return { itemIds: Float64Array.from(rows, (row) => itemIds[row] ?? 0), distances };
}

function drop(embeddingId: number): void {
  kept.get(embeddingId)?.backend.close();
  kept.delete(embeddingId);
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
