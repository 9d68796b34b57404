import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { nearestNeighbors } from '#kernels/knn.ts';
import { initializePacmap, pacmapCoordinates, runPacmap } from '#kernels/pacmap/pacmap.ts';

import { gpuForTests } from '../../../helpers/gpu.ts';
import { firstColumns, groups, qualityOf } from '../../../helpers/rows.ts';

const gpu = await gpuForTests();
const N = 200;

describe('the layout of PaCMAP and LocalMAP on the graphics card', { skip: gpu.skip }, async () => {
  if (gpu.skip !== false) return;
  const backend = await gpu.backend();
  const { cpu } = backend;
  const rows = groups(N, 8);
  const neighbors = await nearestNeighbors(cpu, rows, 60, 'EUCLIDEAN');

  const begin = (components: number, local: boolean) =>
    initializePacmap(backend, rows, 'EUCLIDEAN', neighbors, firstColumns(rows, components), {
      ...{ phases: [20, 20, 40], local, seed: 7 },
    });

  for (const components of [2, 3]) {
    test(`goes where the processor goes in ${components} dimensions, for as long as rounding allows`, async () => {
      const [plain, fast] = [await begin(components, false), await begin(components, false)];
      await runPacmap(cpu, plain, 5);
      await runPacmap(backend, fast, 5);
      fast.layout.positions.forEach((value, i) => {
        assert.ok(Math.abs(value - (plain.layout.positions[i] ?? 0)) < 1e-3, `${i}: ${value}`);
      });
    });
  }

  for (const local of [false, true]) {
    const name = local ? 'LocalMAP' : 'PaCMAP';
    test(`makes a map by ${name} as good as that of the processor, the same bits again, interrupted or not`, async () => {
      const [plain, fast, parts] = [await begin(2, local), await begin(2, local), await begin(2, local)];
      await runPacmap(cpu, plain);
      await runPacmap(backend, fast);
      const [expected, found] = [plain, fast].map((pacmap) => qualityOf(rows, pacmapCoordinates(pacmap)));
      assert.ok((found?.trustworthiness ?? 0) > (expected?.trustworthiness ?? 1) - 0.01);
      assert.ok((found?.neighborRecall ?? 0) > (expected?.neighborRecall ?? 1) - 0.03);
      for (const iteration of [1, 40, 47, 50, 80]) await runPacmap(backend, parts, iteration);
      assert.deepEqual(parts, fast);
    });
  }
});
