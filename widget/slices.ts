/**
 * Long loops without long tasks: work runs in slices of a few milliseconds, between which the browser may paint and
 * answer the user. A worker would need a second file or an inline blob, and a page's content security policy may
 * forbid either; slices work wherever the script itself may run.
 */
import { giveWay } from '#kernels/giveWay.ts';

/** A task of 50 ms is felt as a stall; 6 leave room for what shares the thread, and for machines a few times slower. */
const SLICE_MS = 6;

/** Rows between two looks at the clock: about 0.2 ms of the loops here. */
const ROWS_PER_LOOK = 2048;

/** Calls `visit` for 0 … count - 1 in order, in slices. @throws the signal's reason when it is aborted */
export async function eachInSlices(
  count: number,
  visit: (index: number) => void,
  signal?: AbortSignal | undefined,
): Promise<void> {
  let began = performance.now();
  for (let start = 0; start < count; start += ROWS_PER_LOOK) {
    const end = Math.min(count, start + ROWS_PER_LOOK);
    for (let index = start; index < end; index++) visit(index);
    if (end < count && performance.now() - began > SLICE_MS) {
      await breathe();
      signal?.throwIfAborted();
      began = performance.now();
    }
  }
}

interface Scheduling {
  readonly scheduler?: { yield?: () => Promise<void> };
}

/** Resolves in a task of its own, ahead of timers: `scheduler.yield` where there is one, else a message to itself. */
export function breathe(): Promise<void> {
  const { scheduler }: Scheduling = globalThis;
  if (scheduler?.yield) return scheduler.yield();
  return giveWay();
}
