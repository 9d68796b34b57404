import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { nearestNeighborsPlain } from '../../../server/kernels/knn.ts';
import { neighborOverlap } from '../../../server/kernels/overlap.ts';
import { createRandom } from '../../../server/kernels/random.ts';
import { labelDirections, probabilities, similarities } from '../../../server/kernels/zeroShot.ts';

const SEED = 5;
const matrix = (rows: number, columns: number, values: readonly number[]) => ({
  rows,
  columns,
  data: Float32Array.from(values),
});

test('probabilities are the softmax of scaled cosines: those of the CLIP paper come from its logits', () => {
  // 100 times cosines; the formula of the README of openai/CLIP.
  const found = probabilities(Float64Array.of(0.2555, 0.2009, 0.1975), 100);
  const weights = [25.55, 20.09, 19.75].map(Math.exp);
  const sum = weights.reduce((a, b) => a + b);
  for (const [i, weight] of weights.entries()) assert.ok(Math.abs((found[i] ?? 0) - weight / sum) < 1e-12);
});

test('probabilities make one, keep the order of cosines, and do not overflow', () => {
  const cosine = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(cosine, { minLength: 2, maxLength: 20 }),
      fc.double({ min: 0.01, max: 1000, noNaN: true }),
      (cosines, scale) => {
        const found = probabilities(Float64Array.from(cosines), scale);
        assert.ok(Math.abs(found.reduce((a, b) => a + b) - 1) < 1e-9);
        for (let i = 1; i < cosines.length; i++) {
          if ((cosines[i] ?? 0) > (cosines[i - 1] ?? 0)) assert.ok((found[i] ?? 0) >= (found[i - 1] ?? 0));
        }
      },
    ),
    { seed: SEED, numRuns: 200 },
  );
});

test('a label is the mean direction of its prompts, whatever their lengths', () => {
  const prompts = matrix(4, 2, [3, 0, 0, 0.5, 0, -7, 0, -1]);
  const found = labelDirections(prompts, 2);
  const half = Math.fround(Math.SQRT1_2);
  assert.deepEqual([...found.data], [half, half, 0, -1]);
  assert.throws(() => labelDirections(prompts, 3), RangeError);
});

test('a cosine does not depend on the length of a vector, and zeros are like nothing', () => {
  const directions = matrix(2, 2, [1, 0, 0, 1]);
  assert.deepEqual([...similarities([3, 4], directions)], [0.6, 0.8]);
  assert.deepEqual([...similarities([30, 40], directions)], [0.6, 0.8]);
  assert.deepEqual([...similarities([0, 0], directions)], [0, 0]);
});

test('neighbours overlap wholly with themselves, and do so from either side', () => {
  const random = createRandom(SEED);
  const draw = () =>
    matrix(
      40,
      3,
      Array.from({ length: 120 }, () => random.uniform() - 0.5),
    );
  const a = nearestNeighborsPlain(draw(), 5, 'COSINE');
  const b = nearestNeighborsPlain(draw(), 5, 'EUCLIDEAN');
  assert.ok(neighborOverlap(a, a).every((share) => share === 1));
  assert.deepEqual(neighborOverlap(a, b), neighborOverlap(b, a));
  const expected = Array.from({ length: 40 }, (_, i) => {
    const there = [...b.ids.subarray(i * 5, i * 5 + 5)];
    return Math.fround([...a.ids.subarray(i * 5, i * 5 + 5)].filter((id) => there.includes(id)).length / 5);
  });
  assert.deepEqual([...neighborOverlap(a, b)], expected);
});

test('what has fewer neighbours than asked for is compared by those it has', () => {
  const two = nearestNeighborsPlain(matrix(2, 1, [0, 1]), 3, 'EUCLIDEAN');
  assert.deepEqual([...neighborOverlap(two, two)], [1, 1]);
  assert.throws(() => neighborOverlap(two, { ...two, k: 2 }), RangeError);
});
