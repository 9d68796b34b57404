import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createAnswerer } from '#kernels/kge/answerer.ts';
import { modelNames } from '#kernels/kge/model.ts';
import { graphModels } from '#kernels/kge/models.ts';
import { createParameters, type Parameters } from '#kernels/kge/parameters.ts';
import { compareWithAll, queryOf } from '#kernels/kge/score.ts';
import { createRandom } from '#kernels/random.ts';

function parametersOf(model: (typeof modelNames)[number], entityCount: number, dimension: number): Parameters {
  // Not so near to the edge of the ball that its 1 - |x|^2 is all that is left of float32.
  const initialization = { distribution: 'NORMAL', scale: model === 'ROTH' ? 0.05 : 0.4 } as const;
  const made = createParameters(entityCount, 3, { model, dimension, seed: 5, initialization });
  const random = createRandom(8);
  return { ...made, biases: made.biases.map(() => random.normal()) };
}

function query(parameters: Parameters, entity: number, side: 'TAIL' | 'HEAD' = 'TAIL') {
  const made = queryOf(parameters, side, entity, 1);
  assert.ok(made);
  return made;
}

describe('one question against all entities', () => {
  for (const name of modelNames) {
    test(`${name} answers as it does in plain TypeScript`, async () => {
      // Every rest that a row can have behind whole vectors of 4 and 16 numbers.
      const widths = graphModels[name].even ? [2, 4, 6, 8, 10, 16, 20, 26, 50] : [1, 3, 4, 7, 16, 17, 22, 37];
      for (const dimension of widths.filter((width) => name !== 'TUCKER' || width < 20)) {
        const parameters = parametersOf(name, 61, dimension);
        const { answer } = await createAnswerer(parameters);
        for (const side of ['TAIL', 'HEAD'] as const) {
          const asked = query(parameters, 7, side);
          const plain = compareWithAll(parameters, asked);
          const fast = await answer(asked);
          const scale = Math.max(1, ...plain.map(Math.abs));
          fast.forEach((score, entity) => {
            assert.ok(
              Math.abs(score - (plain[entity] ?? 0)) < 3e-6 * scale,
              `${dimension}: ${score}, ${plain[entity]}`,
            );
          });
        }
      }
    });
  }

  test('in several pieces, and several questions at once: each gets its own answer', async () => {
    // Two pieces and the beginning of a third.
    const parameters = parametersOf('ROTE', 2 * 2 ** 15 + 9, 32);
    const { answer } = await createAnswerer(parameters);
    const asked = [1, 2, 3].map((entity) => query(parameters, entity));
    const together = await Promise.all(asked.map((each) => answer(each)));
    for (const [i, each] of asked.entries()) {
      assert.deepEqual(together[i], await answer(each));
      const plain = compareWithAll(parameters, each);
      for (const at of [0, 2 ** 15 - 1, 2 ** 15, 2 ** 16 + 8]) {
        assert.ok(Math.abs((together[i]?.[at] ?? 0) - (plain[at] ?? 0)) < 1e-4);
      }
    }
  });

  test('the entities that it was made of are its own from then on', async () => {
    const given = parametersOf('DISTMULT', 5, 4);
    const { parameters, answer } = await createAnswerer(given);
    assert.deepEqual(Float32Array.from(parameters.entities), given.entities);
    const before = await answer(query(given, 0));
    given.entities.fill(0);
    assert.deepEqual(await answer(query(parameters, 0)), before);
  });
});
