import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from '../helpers/laws.ts';

import { alternate, median } from './alternate.ts';
import { type Figure, isMet, type Target, toJsonLine } from './figures.ts';

const figure = (value: number, raw: number | null, target: Target | null): Figure => ({
  bench: 'bench',
  engine: null,
  what: 'what',
  value,
  raw,
  unit: 'ms',
  target,
});

test('a promise is kept up to its limit and broken beyond, whichever way it is meant', () => {
  const cases: [Target, kept: number, broken: number][] = [
    [{ atMost: 50 }, 50, 50.1],
    [{ atLeast: 50 }, 50, 49.9],
    [{ atMostTimesRaw: 1.5 }, 15, 15.1],
    [{ atLeastTimesRaw: 0.5 }, 5, 4.9],
    [{ atMostAboveRaw: 2 }, 12, 12.1],
  ];
  for (const [target, kept, broken] of cases) {
    assert.equal(isMet(figure(kept, 10, target)), true);
    assert.equal(isMet(figure(broken, 10, target)), false);
    assert.equal(JSON.parse(toJsonLine(figure(broken, 10, target))).met, false);
  }
  assert.equal(isMet(figure(1, null, { atMostTimesRaw: 2 })), false, 'without the raw way nothing is shown');
  assert.equal(isMet(figure(1, null, null)), true);
});

test('as many values lie below the median as above it', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), (values) => {
      const middle = median(values);
      const below = values.filter((value) => value < middle).length;
      const above = values.filter((value) => value > middle).length;
      assert.ok(below <= values.length / 2 && above <= values.length / 2);
    }),
  );
});

test('ways take turns, and the first round does not count', async () => {
  const calls: string[] = [];
  let a = 100;
  const found = await alternate(
    {
      a: async () => {
        calls.push('a');
        return a--;
      },
      b: async () => {
        calls.push('b');
        return 7;
      },
    },
    3,
  );
  assert.deepEqual(calls, ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']);
  assert.deepEqual(found, { a: 98, b: 7 });
});
