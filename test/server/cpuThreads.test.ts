import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hash } from '#kernels/hash.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { runKernel } from '../../server/compute.ts';

/** n x d numbers in [-1, 1), the same each time. */
function rows(n: number, d: number): Matrix {
  return createMatrix(
    n,
    d,
    Float32Array.from({ length: n * d }, (_, i) => hash(i) / 2 ** 31 - 1),
  );
}

test('what is stopped while onnxruntime multiplies ends within moments and leaves the process alive', async () => {
  const [matrix, map] = [rows(6000, 300), rows(6000, 2)];
  const input = {
    first: { matrix, metric: 'EUCLIDEAN' },
    second: { matrix: map, metric: 'EUCLIDEAN' },
    neighbors: 15,
  } as const;
  // Ended within a product the thread would take the process along: `terminate called after throwing an instance of 'Napi::Error'`.
  for (let time = 0; time < 2; time++) {
    const abort = new AbortController();
    let stoppedAt = 0;
    const stopped = runKernel('overlap', input, {
      signal: abort.signal,
      onProgress() {
        if (stoppedAt > 0) return;
        stoppedAt = performance.now();
        abort.abort(new Error('enough'));
      },
    });
    await assert.rejects(stopped, /enough/);
    assert.ok(stoppedAt > 0 && performance.now() - stoppedAt < 3000, `${performance.now() - stoppedAt} ms`);
  }
  const few = {
    ...input,
    first: { matrix: rows(1600, 256), metric: 'EUCLIDEAN' as const },
    second: { matrix: rows(1600, 2), metric: 'EUCLIDEAN' as const },
  };
  const { overlaps, recall } = await runKernel('overlap', few);
  assert.equal(overlaps.length, 1600);
  assert.equal(recall, 1);
});
