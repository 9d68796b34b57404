/** The thread's side of `compute.ts`: one call at a time comes in; progress, what is wanted meanwhile, and one answer go out. */
import { parentPort, workerData } from 'node:worker_threads';

import { type ErrorRecord, toErrorRecord, UserError } from './errors.ts';

/** What a caller may want of a kernel before it is done: where the points are now, what it can be gone on with from, what it has measured. */
export const interims = ['FRAME', 'CHECKPOINT', 'CURVE'] as const;
export type Interim = (typeof interims)[number];

/** What a thread may be, as a number in memory that it shares with whoever started it. */
export const threadStates = { free: 0, held: 1, ended: 2 } as const;

export interface KernelOptions {
  /** Aborted when the caller has had enough while the thread is held. */
  readonly signal: AbortSignal;
  /**
   * From now on the thread is not ended at any moment, but asked to stop, by `signal`: until the function that this gives is called.
   * A thread that ends while a graphics card or onnxruntime works for it takes the whole process along. Held several times, it is
   * held until all are let go. Throws the signal's reason once that is aborted.
   */
  readonly hold: () => () => void;
  /** Takes the share done, 0 to 1, as often as you like. */
  readonly onProgress: (done: number) => void;
  /** Whether the caller waits for that; asked once it is answered no until it is wished again. Cheap: a read of memory. */
  readonly isWanted: (interim: Interim) => boolean;
  /** The shares of all pushes that the caller has asked for (kernels/perturb.ts), the first first. As cheap. */
  readonly perturbations: () => readonly number[];
  /** Gives it. The bytes are handed over. */
  readonly give: (interim: Interim, bytes: Uint8Array<ArrayBuffer>) => void;
}

/** Arrays in, arrays out, under a name. */
export type Kernels = { readonly [name: string]: (input: never, options: KernelOptions) => unknown };

/** A call as it comes to the thread. */
export interface KernelCall {
  readonly name: string;
  readonly input: unknown;
  /** What the caller wants meanwhile; null: nothing ever. */
  readonly wishes: SharedWishes | null;
}

/** In memory that is shared, since a kernel computes without a pause. */
export interface SharedWishes {
  /** A place per interim: 1 where it is wanted. */
  readonly interims: Int32Array;
  /** How many of the shares hold. */
  readonly perturbationCount: Int32Array;
  /** Of each push. */
  readonly shares: Float64Array;
}

export type KernelAnswer =
  | { readonly type: 'progress'; readonly done: number }
  | { readonly type: 'interim'; readonly interim: Interim; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'output'; readonly output: unknown }
  | { readonly type: 'userError'; readonly record: ErrorRecord }
  | { readonly type: 'error'; readonly error: Error };

const PROGRESS_MS = 100;

/** Of the call that is being answered. */
let stop = new AbortController();
let holds = 0;

/**
 * As `KernelOptions.hold`, for what has no options at hand. Where no thread of kernels runs there is nothing to hold.
 * @returns what lets go. @throws the reason of the signal
 */
export function holdThread(): () => void {
  const state: Int32Array | undefined = workerData?.data?.state;
  if (state === undefined) return () => {};
  stop.signal.throwIfAborted();
  const before = Atomics.compareExchange(state, 0, threadStates.free, threadStates.held);
  if (before === threadStates.ended) throw new Error('The thread is being ended.');
  holds++;
  let isHeld = true;
  return () => {
    if (isHeld && --holds === 0) Atomics.compareExchange(state, 0, threadStates.held, threadStates.free);
    isHeld = false;
  };
}

/** Answers the calls that come to this thread. */
export function serveKernels(kernels: Kernels): void {
  parentPort?.on('message', async (message: (KernelCall & { input: never }) | 'stop') => {
    if (message === 'stop') {
      stop.abort();
      return;
    }
    const { name, input, wishes } = message;
    stop = new AbortController();
    const answer = (message: KernelAnswer, transfer: ArrayBuffer[] = []) => parentPort?.postMessage(message, transfer);
    let reportedAt = Number.NEGATIVE_INFINITY;
    const options: KernelOptions = {
      signal: stop.signal,
      hold: holdThread,
      onProgress(done) {
        const now = performance.now();
        if (now - reportedAt < PROGRESS_MS) return;
        reportedAt = now;
        answer({ type: 'progress', done });
      },
      isWanted: (interim) => wishes !== null && Atomics.exchange(wishes.interims, interims.indexOf(interim), 0) === 1,
      perturbations: () =>
        wishes === null ? [] : [...wishes.shares.subarray(0, Atomics.load(wishes.perturbationCount, 0))],
      give: (interim, bytes) => answer({ type: 'interim', interim, bytes }, [bytes.buffer]),
    };
    try {
      const kernel = kernels[name];
      if (kernel === undefined) throw new Error(`There is no kernel ${name}.`);
      const output = await kernel(input, options);
      answer({ type: 'output', output }, buffersOf(output));
    } catch (error) {
      if (error instanceof UserError) answer({ type: 'userError', record: toErrorRecord(error) });
      else answer({ type: 'error', error: error instanceof Error ? error : new Error(String(error)) });
    }
  });
}

/** The buffers of the arrays in a plain value: they are handed over and not copied. */
function buffersOf(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (value instanceof ArrayBuffer) {
    found.add(value);
  } else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) buffersOf(part, found);
  }
  return [...found];
}
