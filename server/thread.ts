/**
 * Starts a thread on a TypeScript module, whichever way this process came to read TypeScript.
 */
import { type Transferable, Worker } from 'node:worker_threads';

export interface ThreadOptions {
  /** What the module finds as `workerData.data`. */
  readonly data?: unknown;
  /** What of `data` is handed over and not copied: ports, buffers. */
  readonly transfer?: readonly Transferable[];
  /** Shown by debuggers. */
  readonly name?: string;
}

/** `startThread(new URL('./pglite.worker.ts', import.meta.url), { data, transfer: [port] })` */
export function startThread(module: URL, { data, transfer = [], name = '' }: ThreadOptions = {}): Worker {
  return new Worker(new URL('./thread.mjs', import.meta.url), {
    workerData: { module: module.href, data },
    transferList: [...transfer],
    name,
    execArgv: [], // the parent's `--import` would only be loaded a second time
  });
}
