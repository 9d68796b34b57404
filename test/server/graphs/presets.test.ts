import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createTraining } from '#kernels/kge/training.ts';
import { presets, requirePreset } from '../../../server/graphs/presets.ts';
import { mergeSettings, trainingOptions } from '../../../server/graphs/settings.ts';

const smallest = {
  ...{ entityCount: 2, relationCount: 1 },
  ...{ train: Int32Array.of(0, 0, 1), validation: new Int32Array(0), test: new Int32Array(0) },
};

describe('presets', () => {
  test('can all be trained, and have a name of their own', () => {
    for (const { name, settings } of presets) {
      const training = createTraining(smallest, trainingOptions(settings, 42));
      assert.equal(training.parameters.dimension, settings.dimension, name);
    }
    assert.equal(new Set(presets.map(({ name }) => name)).size, presets.length);
  });

  test('promise nothing where no data set is named', () => {
    for (const { dataset, expected } of presets) assert.ok(dataset !== null || expected === null);
  });

  test('of the published sizes count two reals for each complex number', () => {
    for (const name of ['fb15k-237-complex-n3-rp', 'wn18rr-complex-n3']) {
      assert.equal(requirePreset(name).settings.dimension, 2 * 1000, name);
    }
  });

  test('lower the rate of rote-32 to .001 at epoch 80, unless the caller has steps of his own', () => {
    const { settings } = requirePreset('rote-32');
    const options = trainingOptions(settings, 42);
    const [step] = options.rateSteps ?? [];
    assert.equal(step?.epoch, 80);
    assert.equal(options.rate * (step?.factor ?? 1), 0.001);
    const own = [{ epoch: 3, factor: 0.5 }];
    assert.deepEqual(trainingOptions(mergeSettings(settings, { rateSteps: own }), 42).rateSteps, own);
  });
});
