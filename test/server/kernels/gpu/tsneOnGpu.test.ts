import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { nearestNeighbors } from '#kernels/knn.ts';
import { tsneStepPlain } from '#kernels/tsne/gradient.ts';
import { initializeTsne, runTsne, type Tsne, tsneCoordinates, tsneDivergence } from '#kernels/tsne/tsne.ts';

import { gpuForTests } from '../../../helpers/gpu.ts';
import { firstColumns, groups, qualityOf } from '../../../helpers/rows.ts';

const gpu = await gpuForTests();
// More than a tile of 256, and no multiple of it.
const N = 300;
const ITERATIONS = 100;

describe("t-SNE's steps on the graphics card", { skip: gpu.skip }, async () => {
  if (gpu.skip !== false) return;
  const backend = await gpu.backend();
  const { cpu } = backend;
  const rows = groups(N, 8);
  const neighbors = await nearestNeighbors(cpu, rows, 30, 'EUCLIDEAN');

  const begin = (components: number): Tsne =>
    initializeTsne(neighbors, firstColumns(rows, components), {
      ...{ perplexity: 10, iterations: ITERATIONS, earlyIterations: 50, seed: 7 },
    });

  for (const components of [2, 3]) {
    test(`are those of the definition in ${components} dimensions, for as long as rounding allows`, async () => {
      const plain = begin(components);
      const fast = begin(components);
      const step = { exaggeration: 12, learningRate: N / 12, momentum: 0.8, longest: 5 };
      for (let iteration = 0; iteration < 5; iteration++) tsneStepPlain(plain.layout, plain.affinities, step);
      await runTsne(backend, fast, 5);
      const extent = plain.layout.positions.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      fast.layout.positions.forEach((value, i) => {
        assert.ok(Math.abs(value - (plain.layout.positions[i] ?? 0)) < 1e-3 * extent, `${i}: ${value}`);
      });
      assert.deepEqual(fast.layout.iteration, 5);
    });
  }

  test('make a map as good as that of the processor', async () => {
    const plain = begin(2);
    const fast = begin(2);
    await runTsne(cpu, plain);
    await runTsne(backend, fast);
    const [expected, found] = [plain, fast].map((tsne) => qualityOf(rows, tsneCoordinates(tsne)));
    assert.ok((found?.trustworthiness ?? 0) > (expected?.trustworthiness ?? 1) - 0.01);
    assert.ok((found?.neighborRecall ?? 0) > (expected?.neighborRecall ?? 1) - 0.03);
    const divergence = await tsneDivergence(backend, fast);
    assert.ok(Math.abs(divergence - (await tsneDivergence(cpu, plain))) < 0.05 * divergence);
  });

  test('give the same bits again, stopped and gone on with, and in small pieces', async () => {
    const whole = begin(2);
    await runTsne(backend, whole);
    const parts = begin(2);
    const other = await gpu.backend({ pieceMs: 5 });
    for (const iteration of [1, 49, 66, ITERATIONS]) await runTsne(other, parts, iteration);
    assert.deepEqual(parts.layout, whole.layout);
  });

  test('leave the state as it was when they are stopped, or the card is lost', async () => {
    const tsne = begin(2);
    await runTsne(backend, tsne, 5);
    const before = structuredClone(tsne.layout);
    const stop = new AbortController();
    const stopped = runTsne(backend, tsne, ITERATIONS, { signal: stop.signal, onIteration: () => stop.abort() });
    await assert.rejects(stopped, { name: 'AbortError' });
    assert.deepEqual(tsne.layout, before);

    const lost = await gpu.backend();
    await assert.rejects(runTsne(lost, tsne, ITERATIONS, { onIteration: () => lost.close() }), /lost/);
    assert.deepEqual(tsne.layout, before);
  });

  test('of points that are all at one place stay finite', async () => {
    const tsne = begin(2);
    tsne.layout.positions.fill(1);
    await runTsne(backend, tsne, 3);
    assert.ok(tsne.layout.positions.every(Number.isFinite));
  });
});
