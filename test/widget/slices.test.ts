import assert from 'node:assert/strict';
import { test } from 'node:test';

import { eachInSlices } from '../../widget/slices.ts';

test('a long loop visits each row once and in order, and lets others run in between', async () => {
  let others = 0;
  const timer = setInterval(() => others++, 1);
  const visited: number[] = [];
  const spin = (i: number) => {
    visited.push(i);
    for (const until = performance.now() + 0.002; performance.now() < until; );
  };
  await eachInSlices(50_000, spin);
  clearInterval(timer);
  assert.equal(visited.length, 50_000);
  assert(visited.every((value, i) => value === i));
  assert(others > 2, `others ran ${others} times`);
});

test('a loop that is no longer wanted stops with the reason', async () => {
  const stop = new AbortController();
  let visits = 0;
  const loop = eachInSlices(
    10_000_000,
    () => {
      visits++;
    },
    stop.signal,
  );
  stop.abort(new Error('no longer wanted'));
  await assert.rejects(loop, /no longer wanted/);
  assert(visits < 10_000_000);
});
