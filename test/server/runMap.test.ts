import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import type { MapOptions } from '#kernels/map.ts';

import type { OpenBackend } from '../../server/backends.ts';
import { runMap } from '../../server/runMap.ts';
import { gpuForTests } from '../helpers/gpu.ts';
import { groups, qualityOf } from '../helpers/rows.ts';

const gpu = await gpuForTests();

describe('a map whose graphics card fails', { skip: gpu.skip }, async () => {
  if (gpu.skip !== false) return;
  const cpu = await CpuBackend.create(null);
  const matrix = groups(150, 6);
  const options: MapOptions = {
    ...{ method: 'UMAP', components: 2, metric: 'EUCLIDEAN', seed: 7 },
    umap: { epochs: 40 },
  };

  for (const [when, lostAfter] of [
    ['while neighbours are looked for', 'progress'],
    ['in the middle of its epochs', 'step'],
  ] as const) {
    test(`${when} is made by the processor, from where it was`, async () => {
      const backend = await gpu.backend();
      const opened: string[] = [];
      const progress: number[] = [];
      const output = await runMap(
        { matrix, kept: null, device: 'GPU', ...options },
        {
          signal: new AbortController().signal,
          hold: () => () => {},
          // Asked after the first step, which is one epoch.
          isWanted() {
            if (lostAfter === 'step') backend.close();
            return false;
          },
          perturbations: () => [],
          give: () => {},
          onProgress(done) {
            progress.push(done);
            if (lostAfter === 'progress') backend.close();
          },
        },
        async (device): Promise<OpenBackend> => {
          opened.push(device);
          if (device === 'CPU') return { backend: cpu, card: null, notes: [], close() {} };
          return { backend, card: 'a card', notes: ['what to know'], close() {} };
        },
      );
      assert.deepEqual(opened, ['GPU', 'CPU']);
      assert.equal(output.device, 'CPU');
      assert.equal(output.notes[0], 'what to know');
      assert.match(output.notes[1] ?? '', /^The graphics card was lost.* The processor went on\.$/);
      assert.ok(qualityOf(matrix, output.coordinates).trustworthiness > 0.85);
      // What the card had done before is not done again.
      assert.deepEqual(
        progress,
        progress.toSorted((a, b) => a - b),
      );
    });
  }
});
