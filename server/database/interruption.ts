/** What stops a statement from outside: the asker's signal, or the end of the time it was given. */
import type { QueryOptions } from './database.ts';
import { cancelled, timedOut } from './databaseError.ts';

export interface Interruption {
  /** Aborts on either; its reason is the UserError to throw. */
  readonly signal: AbortSignal;
  /** To be called when the statement has ended. */
  stop(): void;
}

/** Begins to watch. @throws UserError when the signal has been given already */
export function watchInterruption({ signal, timeoutMs }: QueryOptions): Interruption {
  if (signal?.aborted) throw cancelled(signal);
  const controller = new AbortController();
  const onAbort = signal === undefined ? undefined : () => controller.abort(cancelled(signal));
  if (onAbort !== undefined) signal?.addEventListener('abort', onAbort, { once: true });
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => controller.abort(timedOut(timeoutMs)), timeoutMs);
  return {
    signal: controller.signal,
    stop() {
      clearTimeout(timer);
      if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
    },
  };
}

/** Waits for the promise, but not beyond the signal: then throws its reason, and lets the promise be. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** The same chunks; throws the signal's reason as soon as it is given, even while the source has nothing to give. */
export async function* untilAborted<T>(source: AsyncIterable<T> | Iterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let done = false;
  try {
    while (true) {
      const next = await orAborted(Promise.resolve(iterator.next()), signal);
      done = next.done === true;
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    done ||= !signal.aborted; // a source that has thrown has ended
    throw error;
  } finally {
    // Not awaited: a source that is waiting for something would return only after that.
    if (!done) Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
