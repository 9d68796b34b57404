import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { kernelThreads } from '../../../server/compute.ts';
import { describeModel } from '../../../server/models/describeModel.ts';
import type { InferenceKernels } from '../../../server/models/inference.worker.ts';
import { onnxModel, writeImageModel } from '../../helpers/models.ts';
import { scratchDir } from '../../helpers/runTask.ts';

const run = kernelThreads<InferenceKernels>(new URL('../../../server/models/inference.worker.ts', import.meta.url));

/** Takes a second or so for the pictures below: a thousand sums of each number, one after another. */
async function writeSlowModel(folder: string): Promise<void> {
  await writeImageModel(folder);
  const steps = Array.from({ length: 1000 }, (_, i) => ({
    operator: 'Add',
    inputs: [i === 0 ? 'pixel_values' : `sum ${i}`, 'pixel_values'],
    output: `sum ${i + 1}`,
  }));
  const model = onnxModel({
    inputs: [{ name: 'pixel_values', type: 1, dimensions: ['batch', 3, 4, 4] }],
    outputs: [{ name: 'features', type: 1, dimensions: ['batch', 3] }],
    nodes: [
      ...steps,
      { operator: 'GlobalAveragePool', inputs: ['sum 1000'], output: 'pooled' },
      { operator: 'Flatten', inputs: ['pooled'], output: 'features' },
    ],
  });
  await writeFile(join(folder, 'onnx', 'model.onnx'), model);
}

test('a model that is stopped while it runs leaves the process alive, and the next call finds a thread', async () => {
  const folder = await scratchDir();
  await writeSlowModel(folder);
  const { image: tower, problem } = describeModel('slow', folder);
  assert.ok(tower !== null, problem ?? '');
  const settings = { device: 'cpu', modelMemoryBytes: 2 ** 30 } as const;
  const pictures = (count: number) => new Float32Array(count * 48).fill(1);
  const input = (count: number) => ({ tower, layer: null, pooling: null, batch: pictures(count), settings });
  await run('images', input(1)); // loads it
  const { milliseconds } = await run('images', input(10_000));
  const abort = new AbortController();
  // Four times as much: on a busy machine a run may take half of what the one before took.
  const stopped = run('images', input(40_000), { signal: abort.signal });
  // Ended here the thread would take the process along: `terminate called after throwing an instance of 'Napi::Error'`.
  setTimeout(() => abort.abort(new Error('enough')), milliseconds);
  await assert.rejects(stopped, /enough/);
  const { vectors } = await run('images', input(1));
  assert.deepEqual([...vectors], [1001, 1001, 1001]);
});
