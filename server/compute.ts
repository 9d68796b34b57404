/**
 * Runs kernels in threads of their own. A kernel computes without a pause; so that it can be stopped all the same,
 * its thread is ended, and the next call starts another. A thread that uses a graphics card is asked instead.
 */
import type { Transferable, Worker } from 'node:worker_threads';

import type { Matrix } from '#kernels/matrix.ts';
import { PERTURBATIONS_MOST } from '#kernels/perturb.ts';
import type { ServerKernels } from './compute.worker.ts';
import { fromErrorRecord } from './errors.ts';
import {
  type Interim,
  interims,
  type KernelAnswer,
  type KernelCall,
  type Kernels,
  type SharedWishes,
  threadStates,
} from './serveKernels.ts';
import { startThread } from './thread.ts';

export interface RunKernelOptions {
  /** Takes the share done, 0 to 1, a few times a second. */
  readonly onProgress?: (done: number) => void;
  /** What is wanted before the end, and who takes it. */
  readonly wishes?: Wishes;
  /** Ends the kernel, whatever it does; the call throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Buffers of the input that are handed over and not copied: the caller cannot use them any more. */
  readonly transfer?: readonly Transferable[];
}

export type RunKernel<K extends Kernels> = <Name extends keyof K & string>(
  name: Name,
  input: Parameters<K[Name]>[0],
  options?: RunKernelOptions,
) => Promise<Awaited<ReturnType<K[Name]>>>;

/** What a running kernel is to give before its end: each wish is granted once, as soon as the kernel has the bytes. And how it is pushed. */
export class Wishes {
  readonly shared: SharedWishes = {
    interims: new Int32Array(new SharedArrayBuffer(4 * interims.length)),
    perturbationCount: new Int32Array(new SharedArrayBuffer(4)),
    shares: new Float64Array(new SharedArrayBuffer(8 * PERTURBATIONS_MOST)),
  };
  readonly take: (interim: Interim, bytes: Uint8Array<ArrayBuffer>) => void;

  constructor(take: (interim: Interim, bytes: Uint8Array<ArrayBuffer>) => void) {
    this.take = take;
  }

  wish(interim: Interim): void {
    Atomics.store(this.shared.interims, interims.indexOf(interim), 1);
  }

  /** @param shares of all pushes so far, the first first: at most `PERTURBATIONS_MOST` */
  perturb(shares: readonly number[]): void {
    const { perturbationCount, shares: shared } = this.shared;
    shared.set(shares);
    Atomics.store(perturbationCount, 0, shares.length);
  }
}

/** A thread that was held when it was to end is looked at so often: let go for so long without an answer, it is ended. */
const STOP_AGAIN_MS = 50;

/** A thread that waits for work keeps its compiled code and its memory so long. */
const IDLE_MS = 30_000;

/**
 * `await runKernel('map', { matrix, kept: null, ...options }, { signal, onProgress, transfer: buffersOf(matrix) })`
 * @throws UserError as the kernel threw it, or the reason of `signal`
 */
export const runKernel = kernelThreads<ServerKernels>(new URL('./compute.worker.ts', import.meta.url));

/** What of a matrix can be handed over to another thread; memory that is shared need not be. */
export function buffersOf({ data }: Matrix): ArrayBuffer[] {
  return data.buffer instanceof ArrayBuffer ? [data.buffer] : [];
}

/**
 * Threads on a module that calls `serveKernels` with a table of type `K`. As many as calls at a time.
 * @param idleMs how long a thread waits for more work before it ends
 */
export function kernelThreads<K extends Kernels>(module: URL, idleMs = IDLE_MS): RunKernel<K> {
  const idle: KernelThread[] = [];

  return async function run<Name extends keyof K & string>(
    name: Name,
    input: Parameters<K[Name]>[0],
    { signal, onProgress, wishes, transfer = [] }: RunKernelOptions = {},
  ): Promise<Awaited<ReturnType<K[Name]>>> {
    signal?.throwIfAborted();
    let thread = idle.pop();
    while (thread?.ended === true) thread = idle.pop();
    thread ??= new KernelThread(module, idleMs);

    const abort = () => thread.stop(signal?.reason);
    signal?.addEventListener('abort', abort);
    try {
      const output = await thread.call<Awaited<ReturnType<K[Name]>>>(
        { name, input, wishes: wishes?.shared ?? null },
        transfer,
        { onProgress, onInterim: wishes?.take },
      );
      signal?.throwIfAborted();
      return output;
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
      if (!thread.ended) idle.push(thread);
    }
  };
}

/** A call of a kernel that has no answer yet. */
interface Call {
  readonly resolve: (output: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly hearing: Hearing;
}

/** Who takes what a kernel says before its end. */
interface Hearing {
  readonly onProgress: ((done: number) => void) | undefined;
  readonly onInterim: ((interim: Interim, bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
}

class KernelThread {
  readonly #worker: Worker;
  readonly #idleMs: number;
  #call: Call | null = null;
  #leaving: NodeJS.Timeout | undefined;
  #ended = false;
  readonly #state = new Int32Array(new SharedArrayBuffer(4));

  constructor(module: URL, idleMs: number) {
    this.#idleMs = idleMs;
    this.#worker = startThread(module, { name: 'compute', data: { state: this.#state } })
      .on('message', (answer: KernelAnswer) => this.#hear(answer))
      .on('messageerror', (error) => this.end(error))
      .on('error', (error) => this.end(error))
      .on('exit', () => this.end(new Error('The thread of a kernel ended without an answer.')));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** One at a time. The thread keeps the process alive only meanwhile. */
  async call<Output>(message: KernelCall, transfer: readonly Transferable[], hearing: Hearing): Promise<Output> {
    clearTimeout(this.#leaving);
    this.#worker.ref();
    try {
      return await new Promise<Output>((resolve, reject) => {
        // The thread's table says that the kernel of this name gives this type.
        this.#call = { resolve: (output) => resolve(output as Output), reject, hearing };
        this.#worker.postMessage(message, transfer);
      });
    } finally {
      this.#call = null;
      this.#rest();
    }
  }

  /** Waits for more work, and ends after a while. A thread that is still held, as while a driver compiles, keeps the process alive. */
  #rest(): void {
    if (Atomics.load(this.#state, 0) === threadStates.held) {
      this.#leaving = setTimeout(() => this.#rest(), STOP_AGAIN_MS);
    } else {
      this.#worker.unref();
      this.#leaving = setTimeout(() => this.#leave(), this.#idleMs).unref();
    }
  }

  #leave(): void {
    if (this.#isHeld()) this.#rest();
    else this.end(null);
  }

  /**
   * Ends the thread at once, or, where it is held, asks it to end its call, which takes some 20 ms on a graphics card, and ends it once it
   * is held no longer and has not answered.
   */
  stop(reason: unknown): void {
    if (this.#isHeld()) {
      this.#worker.postMessage('stop');
      this.#stopLater(reason, this.#call);
    } else this.end(reason);
  }

  #stopLater(reason: unknown, call: Call | null): void {
    let wasFree = false;
    const again = setInterval(() => {
      const isFree = Atomics.load(this.#state, 0) === threadStates.free;
      if (this.#call !== call || call === null) clearInterval(again);
      else if (isFree && wasFree && !this.#isHeld()) {
        clearInterval(again);
        this.end(reason);
      }
      wasFree = isFree;
    }, STOP_AGAIN_MS);
  }

  /** Whether the thread is held; if not, it cannot be held any more. */
  #isHeld(): boolean {
    return Atomics.compareExchange(this.#state, 0, threadStates.free, threadStates.ended) === threadStates.held;
  }

  /** Ends the thread at once; a call that waits is told the reason. */
  end(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#call?.reject(reason);
    void this.#worker.terminate();
  }

  #hear(answer: KernelAnswer): void {
    if (answer.type === 'progress') this.#call?.hearing.onProgress?.(answer.done);
    else if (answer.type === 'interim') this.#call?.hearing.onInterim?.(answer.interim, answer.bytes);
    else if (answer.type === 'output') this.#call?.resolve(answer.output);
    else this.#call?.reject(answer.type === 'userError' ? fromErrorRecord(answer.record) : answer.error);
  }
}
