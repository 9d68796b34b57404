import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { splitTriples, TEST, TRAIN, VALIDATION } from '#kernels/graph/splitTriples.ts';

const ENTITIES = 20;
const RELATIONS = 4;
const graphs = fc
  .array(fc.tuple(fc.nat(ENTITIES - 1), fc.nat(RELATIONS - 1), fc.nat(ENTITIES - 1)), { maxLength: 80 })
  .map((rows) => Int32Array.from(rows.flat()));

test('whatever is met in validation or test is met in training too', () => {
  fc.assert(
    fc.property(graphs, fc.integer({ min: 0, max: 1000 }), (triples, seed) => {
      const splits = splitTriples(triples, ENTITIES, RELATIONS, { validation: 0.3, test: 0.3, seed });
      const trained = new Set<string>();
      for (const [i, split] of splits.entries()) {
        if (split !== TRAIN) continue;
        const [head, relation, tail] = triples.subarray(3 * i);
        for (const name of [`e${head}`, `r${relation}`, `e${tail}`]) trained.add(name);
      }
      for (let i = 0; i < splits.length; i++) {
        const [head, relation, tail] = triples.subarray(3 * i);
        for (const name of [`e${head}`, `r${relation}`, `e${tail}`]) assert.ok(trained.has(name), name);
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

/** Every entity and relation has triples to spare. */
const dense = Int32Array.from(
  { length: 3 * 1000 },
  (_, i) => [Math.floor(i / 3) % 50, Math.floor(i / 3) % 3, (7 * Math.floor(i / 3) + 1) % 50][i % 3] ?? 0,
);

test('as many are set aside as were asked for, where they can be spared', () => {
  const splits = splitTriples(dense, 50, 3, { validation: 0.05, test: 0.1, seed: 42 });
  assert.equal(splits.filter((split) => split === VALIDATION).length, 50);
  assert.equal(splits.filter((split) => split === TEST).length, 100);
});

test('a seed splits alike each time, and another differently', () => {
  const split = (seed: number) => splitTriples(dense, 50, 3, { validation: 0.05, test: 0.1, seed });
  assert.deepEqual(split(7), split(7));
  assert.notDeepEqual(split(7), split(8));
});

test('a chain has no link to spare', () => {
  const chain = Int32Array.from([0, 0, 1, 1, 0, 2, 2, 0, 3]);
  assert.ok(
    splitTriples(chain, 4, 1, { validation: 0.3, test: 0.3, seed: 1 }).filter((split) => split !== TRAIN).length <= 1,
  );
});

test('shares that leave nothing to learn from are refused', () => {
  assert.throws(() => splitTriples(dense, 50, 3, { validation: 0.5, test: 0.5, seed: 1 }), RangeError);
  assert.throws(() => splitTriples(dense, 50, 3, { validation: -0.1, test: 0.5, seed: 1 }), RangeError);
});
