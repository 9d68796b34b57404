import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseValue } from 'graphql';
import { BigIntValue, DateTime, JSONValue, Vector } from '../../../server/resolvers/scalars.ts';
import fc from '../../helpers/laws.ts';

const vectors = fc
  .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 50 })
  .map((numbers) => Float32Array.from(numbers));

test('a vector comes back from what it is given as, bit for bit, from a variable and from the document', () => {
  fc.assert(
    fc.property(vectors, (vector) => {
      const base64 = Vector.serialize(vector);
      assert.deepEqual(Vector.parseValue(base64), vector);
      assert.deepEqual(Vector.parseLiteral(parseValue(JSON.stringify(base64))), vector);
      // JSON and GraphQL write -0 as 0.
      const list = Float32Array.from(vector, (value) => value + 0);
      assert.deepEqual(Vector.parseValue([...list]), list);
      assert.deepEqual(Vector.parseLiteral(parseValue(`[${list.join(', ')}]`)), list);
    }),
  );
});

test('the base64 of a vector is that of little-endian float32', () => {
  assert.equal(Vector.serialize(Float32Array.of(1, -2)), 'AACAPwAAAMA=');
});

test('a part of a larger buffer is written as that part', () => {
  assert.equal(Vector.serialize(Float32Array.of(9, 1, -2, 9).subarray(1, 3)), 'AACAPwAAAMA=');
});

test('what is no vector is refused with what is wrong with it', () => {
  const refused: readonly (readonly [unknown, RegExp])[] = [
    [[], /has 0 numbers/],
    ['', /has 0 numbers/],
    [new Array(16_001).fill(0), /has 16001 numbers/],
    [[1, Number.NaN], /Number 2 .* not a finite/],
    [[1e39], /Number 1 .* not a finite/],
    [['1'], /Number 1 .* not a number/],
    [[null], /Number 1 .* not a number/],
    [{ 0: 1 }, /list of numbers/],
    [1, /list of numbers/],
    [null, /list of numbers/],
    ['AACAPwA=', /holds 5 bytes/], // an odd length
    ['AACAP', /not base64/],
    ['AACA Pw==', /not base64/],
    ['ÄÖÜß', /not base64/],
    ['AADAfw==', /not a finite/], // NaN
    ['AACAfw==', /not a finite/], // Infinity
  ];
  for (const [value, message] of refused) {
    assert.throws(() => Vector.parseValue(value), { code: 'BAD_USER_INPUT', message });
  }
});

test('whole numbers stay numbers up to 2^53 - 1 and become digits beyond', () => {
  assert.equal(BigIntValue.serialize(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  assert.equal(BigIntValue.serialize(5n), 5);
  assert.equal(BigIntValue.serialize(2n ** 60n), '1152921504606846976');
  assert.throws(() => BigIntValue.serialize(2 ** 53), TypeError);
  assert.throws(() => BigIntValue.serialize(0.5), TypeError);
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      assert.equal(BigIntValue.parseValue(value), value);
      assert.equal(BigIntValue.parseValue(String(value)), value);
      assert.equal(BigIntValue.parseLiteral(parseValue(String(value))), value);
    }),
  );
  for (const value of ['1e3', '', '9007199254740992', 1.5, true, null, '0x10']) {
    assert.throws(() => BigIntValue.parseValue(value), { code: 'BAD_USER_INPUT' });
  }
});

test('instants are ISO 8601 in UTC', () => {
  const date = new Date('2026-03-01T12:00:00.000Z');
  assert.equal(DateTime.serialize(date), '2026-03-01T12:00:00.000Z');
  assert.deepEqual(DateTime.parseValue('2026-03-01T13:00:00+01:00'), date);
  for (const value of ['yesterday', '2026-99-01', 5, null]) {
    assert.throws(() => DateTime.parseValue(value), { code: 'BAD_USER_INPUT' });
  }
});

test('JSON in the document is the value that it would be in a variable', () => {
  const literal = parseValue('{ a: [1, 2.5, "x", true, null, {b: RED}], n: -3 }');
  assert.deepEqual(JSONValue.parseLiteral(literal), { a: [1, 2.5, 'x', true, null, { b: 'RED' }], n: -3 });
});

test('a property called __proto__ is a property', () => {
  const value = JSONValue.parseLiteral(parseValue('{ __proto__: { admin: true } }'));
  assert.deepEqual(Object.keys(Object(value)), ['__proto__']);
  assert.equal(Object(value).admin, undefined);
});
