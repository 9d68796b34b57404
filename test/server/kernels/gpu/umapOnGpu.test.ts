import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { GpuBackend } from '#kernels/gpu/backend.ts';
import { nearestNeighbors } from '#kernels/knn.ts';
import { initializeUmap, runUmap, type Umap, umapCoordinates } from '#kernels/umap/umap.ts';

import { findGpu } from '../../../../server/gpu.ts';
import { gpuForTests } from '../../../helpers/gpu.ts';
import { firstColumns, groups, qualityOf } from '../../../helpers/rows.ts';

const gpu = await gpuForTests();
const N = 300;
const EPOCHS = 60;

describe("UMAP's layout on the graphics card", { skip: gpu.skip }, async () => {
  if (gpu.skip !== false) return;
  const backend = await gpu.backend();
  const { cpu } = backend;
  const rows = groups(N, 8);
  const neighbors = await nearestNeighbors(cpu, rows, 15, 'EUCLIDEAN');

  const begin = (components: number): Umap =>
    initializeUmap(neighbors, firstColumns(rows, components), { epochs: EPOCHS, seed: 7 });

  for (const components of [1, 2, 3, 4, 8]) {
    test(`goes where the processor goes in ${components} dimensions, for as long as rounding allows`, async () => {
      for (const [epochs, tolerance] of [
        [1, 1e-5],
        [3, 1e-3],
      ] as const) {
        const plain = begin(components);
        const fast = begin(components);
        await runUmap(cpu, plain, epochs);
        await runUmap(backend, fast, epochs);
        assert.equal(fast.layout.epoch, epochs);
        fast.layout.positions.forEach((value, i) => {
          assert.ok(Math.abs(value - (plain.layout.positions[i] ?? 0)) < tolerance, `epoch ${epochs}, ${i}: ${value}`);
        });
      }
    });
  }

  for (const components of [2, 3, 4, 10]) {
    test(`goes where the processor goes with densities in ${components} dimensions, in pieces and at once`, async () => {
      const dense = () =>
        initializeUmap(neighbors, firstColumns(rows, components), {
          epochs: EPOCHS,
          seed: 7,
          density: { share: 0.98 },
        });
      const [plain, whole, parts] = [dense(), dense(), dense()];
      await runUmap(cpu, plain, 3);
      await runUmap(backend, whole, 3); // the first epoch is without
      for (const epoch of [1, 2, 3]) await runUmap(backend, parts, epoch);
      assert.deepEqual(parts.layout, whole.layout);
      whole.layout.positions.forEach((value, i) => {
        assert.ok(Math.abs(value - (plain.layout.positions[i] ?? 0)) < 3e-3, `${i}: ${value}`);
      });
    });
  }

  test('makes a map as good as that of the processor', async () => {
    const plain = begin(2);
    const fast = begin(2);
    await runUmap(cpu, plain);
    await runUmap(backend, fast);
    const [expected, found] = [plain, fast].map((umap) => qualityOf(rows, umapCoordinates(umap)));
    assert.ok(Math.abs((found?.trustworthiness ?? 0) - (expected?.trustworthiness ?? 1)) < 0.01);
    assert.ok((found?.neighborRecall ?? 0) > (expected?.neighborRecall ?? 1) - 0.03);
  });

  test('gives the same bits again, stopped and gone on with, and in small pieces', async () => {
    const whole = begin(2);
    await runUmap(backend, whole);
    const parts = begin(2);
    const other = await gpu.backend({ pieceMs: 5 });
    for (const epoch of [1, 2, 17, EPOCHS]) await runUmap(other, parts, epoch);
    assert.deepEqual(parts.layout, whole.layout);
  });

  test('binds buffers to kernels as often for many epochs as for few', async () => {
    const found = await findGpu();
    assert.ok('device' in found);
    const { device } = found;
    const bind = device.createBindGroup.bind(device);
    let bound = 0;
    device.createBindGroup = (descriptor) => {
      bound++;
      return bind(descriptor);
    };
    // One dispatch a piece: parameters are bound to one place of each kernel.
    const one = new GpuBackend(device, { cpu, now: () => performance.now(), pieceMs: 1e-6 });
    const counts: number[] = [];
    const layout = begin(2);
    for (const epoch of [4, 8, EPOCHS]) {
      const before = bound;
      await runUmap(one, layout, epoch);
      counts.push(bound - before);
    }
    await one.close();
    assert.deepEqual(counts, [6, 4, 4], 'two kernels by turns, and their parameters once');
  });

  test('leaves the state as it was when it is stopped, or the card is lost', async () => {
    const umap = begin(2);
    await runUmap(backend, umap, 5);
    const before = structuredClone(umap.layout);
    const stop = new AbortController();
    const stopped = runUmap(backend, umap, EPOCHS, { signal: stop.signal, onEpoch: () => stop.abort() });
    await assert.rejects(stopped, { name: 'AbortError' });
    assert.deepEqual(umap.layout, before);

    const lost = await gpu.backend();
    await assert.rejects(runUmap(lost, umap, EPOCHS, { onEpoch: () => lost.close() }), /lost/);
    assert.deepEqual(umap.layout, before);
    await runUmap(cpu, umap);
    assert.ok(umap.layout.positions.every(Number.isFinite), 'and the processor goes on from there');
  });

  test('takes points that have hundreds of neighbours, and points that have none', async () => {
    // A star: 0 is everybody's only neighbour, but for the last point, which stays alone.
    const n = 200;
    const ids = Uint32Array.from({ length: n }, (_, i) => (i === 0 ? 1 : i === n - 1 ? 0xffffffff : 0));
    const distances = Float32Array.from(ids, (id) => (id === 0xffffffff ? Number.POSITIVE_INFINITY : 1));
    const star = { n, k: 1, ids, distances, recall: 1 };
    const [plain, fast] = [0, 1].map(() => initializeUmap(star, firstColumns(groups(n, 2), 2), { epochs: 20 }));
    if (!plain || !fast) return;
    await runUmap(cpu, plain, 1);
    await runUmap(backend, fast, 1);
    fast.layout.positions.forEach((value, i) => {
      assert.ok(Math.abs(value - (plain.layout.positions[i] ?? 0)) < 1e-4, `${i}: ${value}`);
    });
  });
});
