import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCopy, rangeOf, takesEncoding } from '../../../server/routes/conditions.ts';
import fc from '../../helpers/laws.ts';

test('an entity tag is found alone, in a list, as a weak one and by the star', () => {
  for (const given of ['"a"', '"b", "a"', 'W/"a"', '*']) assert.ok(hasCopy(given, '"a"'), given);
  for (const given of [undefined, '', '"b"', 'a', '"a-br"']) assert.ok(!hasCopy(given, '"a"'), String(given));
});

test('an encoding is taken when it is named, or by the star, and its weight is not zero', () => {
  for (const given of ['br', 'gzip, deflate, br', 'BR;q=0.5', '*', 'gzip;q=1, *;q=0.1']) {
    assert.ok(takesEncoding(given, 'br'), given);
  }
  for (const given of [undefined, '', 'gzip', 'br;q=0', 'br;q=0.0, *', 'brotli', '*;q=0']) {
    assert.ok(!takesEncoding(given, 'br'), String(given));
  }
});

test('a range is the part of the body that RFC 9110 says', () => {
  const size = 1000;
  const cases: readonly [string, ReturnType<typeof rangeOf>][] = [
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=10-', { start: 10, end: 999 }],
    ['bytes=-10', { start: 990, end: 999 }],
    ['bytes=-5000', { start: 0, end: 999 }],
    ['bytes=990-5000', { start: 990, end: 999 }],
    ['bytes=1000-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-4', null],
    ['bytes=-', null],
    ['bytes=0-1,5-6', null],
    ['lines=0-1', null],
  ];
  for (const [given, wanted] of cases) assert.deepEqual(rangeOf(given, size), wanted, given);
  assert.equal(rangeOf(undefined, size), null);
});

test('no range reaches beyond the body', () => {
  const whole = fc.nat({ max: 50 });
  fc.assert(
    fc.property(fc.option(whole), fc.option(whole), whole, (first, last, size) => {
      const range = rangeOf(`bytes=${first ?? ''}-${last ?? ''}`, size);
      if (range === null || range === 'unsatisfiable') return;
      assert.ok(0 <= range.start && range.start <= range.end && range.end < size);
    }),
  );
});
