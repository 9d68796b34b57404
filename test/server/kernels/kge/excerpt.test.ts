import assert from 'node:assert/strict';
import { test } from 'node:test';

import { excerptOf } from '#kernels/kge/excerpt.ts';
import { modelNames } from '#kernels/kge/model.ts';
import { createParameters, type Parameters } from '#kernels/kge/parameters.ts';
import { scoreTriple } from '#kernels/kge/score.ts';
import { type NewTriple, poseNewEntity, solveNewEntity } from '#kernels/kge/solveEntity.ts';

function someModel(model: (typeof modelNames)[number], reciprocal: boolean): Parameters {
  return createParameters(20, 4, {
    ...{ model, dimension: 8, reciprocal, seed: 3 },
    ...(model === 'TUCKER' ? { relationDimension: 3 } : {}),
    initialization: { distribution: 'NORMAL', scale: 0.5 },
  });
}

const entities = [7, 0, 19, 7];
const relations = [3, 1];

for (const model of modelNames) {
  for (const reciprocal of model === 'ROTH' || model === 'ROTE' ? [true] : [true, false]) {
    test(`an excerpt of ${model}${reciprocal ? ' with inverses' : ''} scores its triples as the whole does`, () => {
      const whole = someModel(model, reciprocal);
      const part = excerptOf(whole, entities, relations);
      if (model !== 'TUCKER') assert.equal(2 * part.relations.length, whole.relations.length);
      for (const [head, inWhole] of entities.entries()) {
        for (const [relation, of] of relations.entries()) {
          for (const [tail, to] of entities.entries()) {
            const score = scoreTriple(part, head, relation, tail);
            const wanted = scoreTriple(whole, inWhole, of, to);
            // What TuckER mixes is rounded to float32 once more.
            if (model === 'TUCKER') assert.ok(Math.abs(score - wanted) < 1e-6);
            else assert.equal(score, wanted);
            if (!reciprocal) continue;
            const back = scoreTriple(part, tail, relations.length + relation, head);
            const wantedBack = scoreTriple(whole, to, whole.relationCount + of, inWhole);
            assert.ok(Math.abs(back - wantedBack) < 1e-6);
          }
        }
      }
    });
  }
}

test('of many triples, which are looked at in turn, none is forgotten', () => {
  const parameters = someModel('COMPLEX', true);
  // Nineteen that agree with each other, then one of another relation: only who looks at the last one gets it right.
  const triples: NewTriple[] = Array.from({ length: 40 }, () => ({ is: 'HEAD', relation: 0, other: 2 }));
  triples.push({ is: 'HEAD', relation: 2, other: 11 });
  const lossOfLast = (given: readonly NewTriple[]) => {
    const { vector, bias } = solveNewEntity(poseNewEntity(parameters, given));
    const start = { vector, bias };
    return solveNewEntity(poseNewEntity(parameters, triples.slice(-1)), { steps: 0, start }).loss;
  };
  assert.ok(lossOfLast(triples) < lossOfLast(triples.slice(0, -1)) - 0.1);
});
