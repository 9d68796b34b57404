import assert from 'node:assert/strict';
import { test } from 'node:test';

import { kernelThreads } from '../../server/compute.ts';
import { UserError } from '../../server/errors.ts';
import type { TestKernels } from './compute.kernels.ts';

const run = kernelThreads<TestKernels>(new URL('./compute.kernels.ts', import.meta.url));

test('arrays go in and come out, and those handed over are gone here', async () => {
  const kept = Float32Array.of(1, 2, 3);
  assert.deepEqual(await run('double', { values: kept }), { values: Float32Array.of(2, 4, 6) });
  assert.equal(kept.length, 3);

  const given = Float32Array.of(4);
  assert.deepEqual(await run('double', { values: given }, { transfer: [given.buffer] }), {
    values: Float32Array.of(8),
  });
  assert.equal(given.length, 0);
});

test('calls at the same time do not mix', async () => {
  const delays = [60, 10, 40, 0, 25];
  assert.deepEqual(await Promise.all(delays.map((delay) => run('later', delay))), delays);
});

test('while a kernel computes, this thread is free and hears of progress, rising and a few times a second', async () => {
  const heard: number[] = [];
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 10);
  assert.equal(await run('hold', 1000, { onProgress: (done) => heard.push(done) }), 'held');
  clearInterval(ticking);
  assert.ok(ticks > 30, `${ticks} ticks of 10 ms in a second`);
  assert.ok(heard.length >= 3 && heard.length <= 11, `${heard.length} reports in a second, throttled to 10`);
  assert.deepEqual(
    heard,
    heard.toSorted((a, b) => a - b),
  );
});

test('a kernel that never pauses is stopped at once, with the reason given, and the next call finds a thread', async () => {
  const abort = new AbortController();
  const held = run('hold', 60_000, { signal: abort.signal, onProgress: () => abort.abort(new Error('enough')) });
  let abortedAt = 0;
  abort.signal.addEventListener('abort', () => {
    abortedAt = performance.now();
  });
  await assert.rejects(held, /^Error: enough$/);
  assert.ok(performance.now() - abortedAt < 1000);
  assert.equal(await run('later', 1), 1);
});

test('a kernel that holds its thread is asked to stop, and the thread lives on', async () => {
  const before = await run('thread', undefined);
  const abort = new AbortController();
  const held = run('onCard', 100, { signal: abort.signal, onProgress: () => abort.abort(new Error('enough')) });
  let abortedAt = 0;
  abort.signal.addEventListener('abort', () => {
    abortedAt = performance.now();
  });
  await assert.rejects(held, /^Error: enough$/);
  assert.ok(performance.now() - abortedAt >= 90, 'not before the card is let go');
  assert.equal(await run('thread', undefined), before);
});

test('a signal that was aborted before starts nothing', async () => {
  await assert.rejects(run('hold', 60_000, { signal: AbortSignal.abort(new Error('too late')) }), /too late/);
});

test('an error for the user keeps its code, message and place across the thread', async () => {
  await assert.rejects(run('refuse', 'Got 3 numbers, wanted 4.'), (error) => {
    assert.ok(error instanceof UserError);
    assert.equal(error.code, 'BAD_USER_INPUT');
    assert.equal(error.message, 'Got 3 numbers, wanted 4.');
    assert.deepEqual(error.place, { file: 'a.csv', line: 7 });
    return true;
  });
});

test('an error of ours keeps its message and its stack, which names the kernel', async () => {
  await assert.rejects(run('fail', 'shape'), (error) => {
    assert.ok(error instanceof RangeError && !(error instanceof UserError));
    assert.equal(error.message, 'shape');
    assert.match(error.stack ?? '', /compute\.kernels\.ts/);
    return true;
  });
});

test('a thread that dies rejects its call, and the next call finds another', async () => {
  await assert.rejects(run('exit', undefined), /ended without an answer/);
  assert.equal(await run('later', 2), 2);
});

test('input that cannot be sent is an error of the call', async () => {
  await assert.rejects(run('double', { values: new Float32Array(1), ...{ odd: () => 0 } }), { name: 'DataCloneError' });
  assert.equal(await run('later', 3), 3);
});
