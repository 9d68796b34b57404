import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, permutation, sample, xoshiro128 } from '#kernels/random.ts';
import fc from '../../helpers/laws.ts';

test('xoshiro128** gives the numbers of its authors’ xoshiro128starstar.c (version 1.1) from the state 1, 2, 3, 4', () => {
  const random = xoshiro128(1, 2, 3, 4);
  const given = Array.from({ length: 10 }, () => random.uint32());
  const wanted = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804];
  assert.deepEqual(given, wanted);
});

test('the same seed gives the same numbers, another seed others', () => {
  const draw = (seed: number) =>
    Array.from(
      { length: 5 },
      (
        (random) => () =>
          random.uint32()
      )(createRandom(seed)),
    );
  assert.deepEqual(draw(42), draw(42));
  for (const other of [43, 0, -1, 2 ** 40]) assert.notDeepEqual(draw(other), draw(42));
});

test('uniform numbers lie in [0, 1) with mean 1/2 and variance 1/12, normal ones have mean 0 and variance 1', () => {
  const random = createRandom(1);
  const moments = (draw: () => number) => {
    const values = Array.from({ length: 100_000 }, draw);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { values, mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
  };
  const uniform = moments(random.uniform);
  assert.ok(uniform.values.every((value) => value >= 0 && value < 1));
  assert.ok(Math.abs(uniform.mean - 1 / 2) < 0.004 && Math.abs(uniform.variance - 1 / 12) < 0.002);
  const normal = moments(random.normal);
  assert.ok(normal.values.every(Number.isFinite));
  assert.ok(Math.abs(normal.mean) < 0.015 && Math.abs(normal.variance - 1) < 0.02);
});

test('each number below a limit is as likely as the others, also where the limit does not divide 2^32', () => {
  const random = createRandom(2);
  const limit = 6;
  const counts = new Array<number>(limit).fill(0);
  for (let i = 0; i < 60_000; i++) {
    const drawn = random.below(limit);
    counts[drawn] = (counts[drawn] ?? 0) + 1;
  }
  // Standard deviation of a count: 91.
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 400, counts.join());
});

test('a permutation has every number once', () => {
  fc.assert(
    fc.property(fc.nat({ max: 200 }), fc.integer(), (count, seed) => {
      const order = permutation(count, createRandom(seed));
      assert.deepEqual(
        Array.from(order).sort((a, b) => a - b),
        Array.from({ length: count }, (_, i) => i),
      );
    }),
  );
});

test('a sample has different numbers in ascending order, as many as asked for or as there are', () => {
  fc.assert(
    fc.property(fc.nat({ max: 100 }), fc.nat({ max: 120 }), fc.integer(), (count, size, seed) => {
      const chosen = Array.from(sample(count, size, createRandom(seed)));
      assert.equal(chosen.length, Math.min(count, size));
      assert.ok(chosen.every((value, i) => value < count && value > (chosen[i - 1] ?? -1)));
    }),
  );
});

test('every item is in the sample equally often', () => {
  const counts = new Array<number>(10).fill(0);
  const random = createRandom(3);
  for (let i = 0; i < 10_000; i++)
    for (const chosen of sample(10, 3, random)) counts[chosen] = (counts[chosen] ?? 0) + 1;
  // Standard deviation of a count: 46.
  for (const count of counts) assert.ok(Math.abs(count - 3000) < 200, counts.join());
});
