/**
 * The CPU backend: one WebAssembly module over one memory, run piece by piece, by as many threads as it is given.
 *
 * A piece is one call of an exported function; pieces of one step write to different places, so that neither their number nor
 * their order matters, and each takes some milliseconds, so that between two of them work can be stopped.
 */
import { giveWay } from '../giveWay.ts';
import type { LibraryCall } from './library.ts';
import { wasm } from './wasm.ts';

/** The functions of assembly/index.ts. All take byte offsets and numbers. */
export type CpuFunction =
  | 'beyond'
  | 'cbowInputs'
  | 'cbowOutputs'
  | 'clusterSums'
  | 'conditionals'
  | 'crossProducts'
  | 'densityForces'
  | 'densitySums'
  | 'descend'
  | 'forestJoin'
  | 'forestLevel'
  | 'gram'
  | 'gridColumns'
  | 'gridFields'
  | 'gridForces'
  | 'gridRows'
  | 'gridSort'
  | 'joinRows'
  | 'kgeAnswers'
  | 'kgeBackward'
  | 'kgeCount'
  | 'kgeSampled'
  | 'kgeScores'
  | 'kgeUpdate'
  | 'kgeUpdateRows'
  | 'least'
  | 'memberships'
  | 'negate'
  | 'pack'
  | 'pairsStep'
  | 'project'
  | 'rerank'
  | 'scan'
  | 'scores'
  | 'search'
  | 'selectPairs'
  | 'skipGram'
  | 'sphereBounds'
  | 'squaredNorms'
  | 'subsample'
  | 'transposeCount'
  | 'transposeFill'
  | 'treeBuild'
  | 'treeForces'
  | 'tsneStep'
  | 'umapEpoch'
  | 'umapEpochWide'
  | 'wideProducts'
  | 'within';

/** One call of an exported function. */
export interface FunctionCall {
  readonly name: CpuFunction;
  readonly parameters: readonly number[];
}

/** What a thread does at once: functions of the module, and what a library does where there is one. */
export type CpuCall = FunctionCall | LibraryCall;

/** A thread that has instantiated `module` over `memory`. Made by the platform: worker_threads in Node, Worker in a browser. */
export interface CpuThread {
  /** Does the calls of a piece, one after another. */
  run(calls: readonly CpuCall[]): Promise<void>;
  /** Opens the library that multiplies matrices in this thread. @returns its name and version; null where there is none */
  openLibrary?(): Promise<string | null>;
  close(): void;
}

export interface CpuThreads {
  /** How many. */
  readonly count: number;
  start(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<CpuThread>;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onPiece?: ((done: number) => void) | undefined;
}

/** Steps of one piece between two of which the calling thread hears messages: each takes at most some milliseconds, and to hear takes 20 µs. */
const STEPS_UNHEARD = 8;
const PAGE_BYTES = 65_536;
const MOST_PAGES = 65_536; // 4 GiB, the end of 32-bit addresses
/** The first page is the module's own: tables of exp and log lie there. `asc --initialMemory 1` refuses to compile more. */
const FIRST_BYTE = PAGE_BYTES;

export class CpuBackend {
  readonly device = 'CPU';
  readonly #memory: WebAssembly.Memory;
  /** In the calling thread. */
  readonly #own: WebAssembly.Instance;
  #alone = 0;
  readonly #threads: readonly CpuThread[];
  #gemm: Promise<string | null> | null = null;
  #library: string | null = null;
  #end = FIRST_BYTE;

  private constructor(memory: WebAssembly.Memory, own: WebAssembly.Instance, threads: readonly CpuThread[]) {
    this.#memory = memory;
    this.#own = own;
    this.#threads = threads;
  }

  /** @param threads null: everything runs in the calling thread, a piece at a time */
  static async create(threads: CpuThreads | null): Promise<CpuBackend> {
    const module = await WebAssembly.compile(decodeBase64(wasm));
    const memory = new WebAssembly.Memory({ initial: 16, maximum: MOST_PAGES, shared: true });
    const own = await WebAssembly.instantiate(module, { env: { memory } });
    if (threads === null) return new CpuBackend(memory, own, [ownThread(own)]);
    const started = Array.from({ length: threads.count }, () => threads.start(module, memory));
    return new CpuBackend(memory, own, await Promise.all(started));
  }

  get threadCount(): number {
    return this.#threads.length;
  }

  /**
   * The library that multiplies matrices on all threads (`LibraryCall`s among those of a piece), by name and version; null where there
   * is none and WebAssembly does it. Opened when it is first asked for, which takes a tenth of a second.
   */
  gemmLibrary(): Promise<string | null> {
    this.#gemm ??= Promise.all(this.#threads.map((thread) => thread.openLibrary?.() ?? null)).then((found) => {
      if (found.every((name) => name === found[0])) this.#library = found[0] ?? null;
      return this.#library;
    });
    return this.#gemm;
  }

  /** The library that has been opened, to be recorded with what it took part in; null: none yet. */
  get openedLibrary(): string | null {
    return this.#library;
  }

  /** Bytes in use, to be given back to `release`. */
  mark(): number {
    return this.#end;
  }

  /** Frees all that was allocated since `mark`. */
  release(mark: number): void {
    this.#end = mark;
  }

  /** @returns the offset of `bytes` bytes, aligned to 64, of undefined content. @throws RangeError beyond 4 GiB */
  allocate(bytes: number): number {
    const start = this.#end;
    // 16 more: kernels may load, but not use, a whole vector at the very end.
    const end = start + Math.ceil((bytes + 16) / 64) * 64;
    const missing = Math.ceil((end - this.#memory.buffer.byteLength) / PAGE_BYTES);
    if (missing > 0) {
      if (end > MOST_PAGES * PAGE_BYTES) {
        throw new RangeError(`The CPU backend addresses 4 GiB; ${Math.ceil(end / 2 ** 20)} MiB were asked for.`);
      }
      this.#memory.grow(missing);
    }
    this.#end = end;
    return start;
  }

  /** A view that is valid until the next `allocate`. */
  float32(offset: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, offset, length);
  }

  float64(offset: number, length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, offset, length);
  }

  uint32(offset: number, length: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, offset, length);
  }

  /** Copies an array in. @returns its offset */
  upload(values: Float32Array | Uint32Array): number {
    const offset = this.allocate(values.byteLength);
    if (values instanceof Float32Array) this.float32(offset, values.length).set(values);
    else this.uint32(offset, values.length).set(values);
    return offset;
  }

  /**
   * Calls `name` once per piece. `parameters` is given the number of the thread, for its scratch space.
   * @throws what `signal` was aborted with, between two pieces
   */
  async run(
    name: CpuFunction,
    pieces: number,
    parameters: (piece: number, thread: number) => readonly number[],
    options: RunOptions = {},
  ): Promise<void> {
    await this.runCalls(pieces, (piece, thread) => [{ name, parameters: parameters(piece, thread) }], options);
  }

  /**
   * The same with several calls a piece, one after another in one thread. When it throws, no thread is at work any more.
   * @throws what `signal` was aborted with, between two pieces
   */
  async runCalls(
    pieces: number,
    callsOf: (piece: number, thread: number) => readonly CpuCall[],
    options: RunOptions = {},
  ): Promise<void> {
    if (pieces === 1) {
      const calls = callsOf(0, 0);
      options.signal?.throwIfAborted();
      // Where there is nothing to share, no other thread is woken: that takes longer than the small piece itself, and on a machine
      // that is busy with other things a hundred times as long.
      if (calls.every((call) => 'name' in call)) {
        for (const call of calls) callFunction(this.#own, call);
        if (++this.#alone % STEPS_UNHEARD === 0) await giveWay();
      } else await this.#threads[0]?.run(calls);
      options.onPiece?.(1);
      return;
    }
    let next = 0;
    let done = 0;
    const ends = await Promise.allSettled(
      this.#threads.map(async (thread, number) => {
        while (next < pieces) {
          options.signal?.throwIfAborted();
          const piece = next++;
          try {
            await thread.run(callsOf(piece, number));
          } catch (error) {
            next = pieces;
            throw error;
          }
          options.onPiece?.(++done);
        }
      }),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  close(): void {
    for (const thread of this.#threads) thread.close();
  }
}

/** The calling thread itself. It gives way after each piece, so that messages are heard. */
function ownThread(instance: WebAssembly.Instance): CpuThread {
  return {
    async run(calls) {
      for (const call of calls) callFunction(instance, call);
      await giveWay();
    },
    close() {},
  };
}

/** Calls one function of an instance of the module. */
export function callFunction(instance: WebAssembly.Instance, call: CpuCall): void {
  if (!('name' in call)) throw new Error('There is no library in this thread: ask for `gemmLibrary` first.');
  const kernel = instance.exports[call.name];
  if (typeof kernel !== 'function') throw new Error(`The module exports no function "${call.name}".`);
  kernel(...call.parameters);
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
