/**
 * Embeddings in memory: who is nearest is told from there, exactly, in a few milliseconds, instead of by a scan of the table. A
 * thread of its own holds them; what has not been read yet, or has changed since, is answered by the database meanwhile.
 */
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';

import { sketchBytes } from '#kernels/sketch.ts';
import type { Database } from '../database/database.ts';
import { serveDatabase } from '../database/remote.ts';
import { startThread } from '../thread.ts';
import type { Embedding, Metric } from './embeddings.ts';
import type { Loaded, ResidentAnswer, ResidentRequest, ResidentStart, Searched } from './resident.worker.ts';

export interface ResidentOptions {
  /** Null: the embedded database, which is reached through this thread. */
  readonly databaseUrl: string | null;
  /** Memory for the vectors, in bytes; those that were not asked for longest give way. 0: nothing is kept. */
  readonly bytes: number;
}

export interface ResidentQuery {
  /** Of the embedding's dimension. */
  readonly vector: Float32Array;
  /** What is near. Default: the embedding's. */
  readonly metric?: Metric;
  /** Where places on the unit sphere around a mean are compared: the mean, and `vector` is such a place. */
  readonly around?: Float32Array | undefined;
  readonly first: number;
  /** Ids of items that are not wanted. */
  readonly exclude: readonly number[];
  /** Ids of the items among which to search, big-endian int64 each; null: all. */
  readonly among: Uint8Array | null;
}

type Kept = Pick<Embedding, 'id' | 'dimension' | 'metric' | 'itemCount' | 'version'>;

interface Entry {
  /** The version of the embedding that was read, or is being read. */
  readonly version: number;
  readonly bytes: number;
  /** REFUSED: float32 cannot compare these vectors, or they could not be read. */
  state: 'LOADING' | 'READY' | 'REFUSED';
  readonly loading: Promise<void>;
}

/** Of a WebAssembly memory. */
const ADDRESSABLE_BYTES = 4 * 2 ** 30;

export class Resident {
  readonly #database: Database;
  readonly #options: ResidentOptions;
  /** The one that was asked for last stands last. */
  readonly #entries = new Map<number, Entry>();
  readonly #calls = new Map<number, Call>();
  #thread: Thread | null = null;
  #lastCall = 0;
  #closed = false;

  constructor(database: Database, options: ResidentOptions) {
    this.#database = database;
    this.#options = options;
  }

  /** Whether these vectors are in memory as they are now. Where they are not, they will be read. */
  holds(embedding: Kept): boolean {
    const entry = this.#entries.get(embedding.id);
    if (entry?.version !== embedding.version) {
      if (entry?.state !== 'LOADING') this.#load(embedding);
      return false;
    }
    this.#entries.delete(embedding.id);
    this.#entries.set(embedding.id, entry);
    return entry.state === 'READY';
  }

  /** The nearest among the vectors of that version; null where they are not in memory. Ask `holds` first. */
  async search(embedding: Kept, query: ResidentQuery): Promise<Searched | null> {
    const entry = this.#entries.get(embedding.id);
    if (entry?.state !== 'READY' || entry.version !== embedding.version) return null;
    const found = await this.#call({ type: 'search', embeddingId: embedding.id, metric: embedding.metric, ...query });
    return found !== null && 'itemIds' in found ? found : null;
  }

  /** Waits until the vectors are in memory, or will not be. @returns whether they are */
  async settle(embedding: Kept): Promise<boolean> {
    this.holds(embedding);
    await this.#entries.get(embedding.id)?.loading;
    return this.holds(embedding);
  }

  /** Frees all. */
  async close(): Promise<void> {
    this.#closed = true;
    const thread = this.#thread;
    // A thread that ends while a graphics card works for it takes the whole process along: it is asked to end itself.
    if (thread !== null && Atomics.load(thread.state, 0) === 1) {
      const ended = new Promise((resolve) => thread.worker.once('exit', resolve));
      thread.worker.ref();
      thread.worker.postMessage({ id: ++this.#lastCall, type: 'end' } satisfies ResidentRequest & { id: number });
      await ended;
    }
    this.#end(new Error('The server is closing.'));
  }

  #load(embedding: Kept): void {
    const { itemCount, dimension: columns } = embedding;
    const bytes = itemCount * Math.ceil(columns / 4) * 16 + sketchBytes(itemCount, columns);
    const limit = Math.min(this.#options.bytes, ADDRESSABLE_BYTES / 2);
    if (this.#closed || embedding.itemCount === 0 || bytes > limit) return;
    this.#forget(embedding.id);
    for (const [id, entry] of this.#entries) {
      if (this.#bytesHeld() + bytes <= limit) break;
      if (entry.state !== 'LOADING') this.#forget(id);
    }
    if (this.#bytesHeld() + bytes > limit) return; // others are being read
    const { id, dimension, metric, version } = embedding;
    const loading = this.#call({ type: 'load', embedding: { id, dimension, metric } })
      .then((loaded) => {
        const read: Loaded | null = loaded !== null && 'version' in loaded ? loaded : null;
        // What was written while it was read will be read when it is asked for.
        entry.state = read?.version === version ? 'READY' : 'REFUSED';
        if (read?.version !== version && read?.version !== null) this.#forget(id);
      })
      .catch(() => this.#forget(id));
    const entry: Entry = { version, bytes, state: 'LOADING', loading };
    this.#entries.set(id, entry);
  }

  #forget(id: number): void {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    if (entry?.state === 'READY') this.#call({ type: 'drop', embeddingId: id }).catch(() => {});
  }

  #bytesHeld(): number {
    return [...this.#entries.values()].reduce((sum, { bytes, state }) => sum + (state === 'REFUSED' ? 0 : bytes), 0);
  }

  async #call(request: ResidentRequest): Promise<Loaded | Searched | null> {
    this.#thread ??= this.#start();
    const { worker } = this.#thread;
    const id = ++this.#lastCall;
    worker.ref();
    return await new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      worker.postMessage({ id, ...request });
    });
  }

  #start(): Thread {
    const { databaseUrl } = this.#options;
    const channel = databaseUrl === null ? new MessageChannel() : null;
    if (channel !== null) serveDatabase(this.#database, channel.port1);
    const state = new Int32Array(new SharedArrayBuffer(4));
    const data: ResidentStart = {
      state,
      database: channel === null ? { url: databaseUrl ?? '' } : { port: channel.port2 },
    };
    const worker = startThread(new URL('./resident.worker.ts', import.meta.url), {
      name: 'resident',
      data,
      transfer: channel === null ? [] : [channel.port2],
    })
      .on('message', (answer: ResidentAnswer) => this.#hear(answer))
      .on('error', (error) => ended(error))
      .on('exit', () => ended(new Error('The thread that holds embeddings has ended.')));
    const ended = (reason: unknown) => {
      if (this.#thread?.worker === worker) this.#end(reason);
    };
    worker.unref();
    channel?.port1.unref();
    return { worker, state, port: channel?.port1 ?? null };
  }

  #hear(answer: ResidentAnswer): void {
    const call = this.#calls.get(answer.id);
    this.#calls.delete(answer.id);
    if (this.#calls.size === 0) this.#thread?.worker.unref();
    if ('error' in answer) call?.reject(answer.error);
    else call?.resolve(answer.output);
  }

  /** Ends the thread, and with it what it held. */
  #end(reason: unknown): void {
    const thread = this.#thread;
    this.#thread = null;
    this.#entries.clear();
    void thread?.worker.terminate();
    thread?.port?.close();
    for (const { reject } of this.#calls.values()) reject(reason);
    this.#calls.clear();
  }
}

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort | null;
  /** As the thread has it: 1 while a graphics card may be at work for it. */
  readonly state: Int32Array;
}

interface Call {
  readonly resolve: (output: Loaded | Searched | null) => void;
  readonly reject: (reason: unknown) => void;
}
