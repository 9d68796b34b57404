/**
 * What happens, as values of a field of `Subscription`: `(job) => ({ job })`. A generator that waits does not hear `return`:
 * `stopped`, which its signal is to follow, wakes it.
 */
export function asValues<Change, Value>(
  changes: AsyncGenerator<Change, void>,
  stopped: AbortController,
  toValue: (change: Change) => Value,
): AsyncIterableIterator<Value> {
  return {
    async next() {
      const { done, value } = await changes.next();
      return done === true ? { done, value: undefined } : { done: false, value: toValue(value) };
    },
    async return() {
      stopped.abort();
      await changes.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
