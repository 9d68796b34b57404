import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { largest } from '#kernels/graph/largest.ts';

test('the largest are those that stand first when all are sorted', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.NaN))),
      fc.nat(12),
      (values, count) => {
        const sorted = Array.from(values.keys())
          .filter((place) => !Number.isNaN(values[place]) && place % 3 !== 0)
          .sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);
        assert.deepEqual(
          largest(values, count, (place) => place % 3 === 0),
          sorted.slice(0, count),
        );
      },
    ),
    { seed: 4, numRuns: 300 },
  );
});
