import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldTypes } from '../../../server/datasets/datasets.ts';
import { FieldValues, mergeFields, UnfitValue, widen } from '../../../server/datasets/fieldValues.ts';
import type { Cell } from '../../../server/datasets/formats/format.ts';
import fc from '../../helpers/laws.ts';

const anyType = fc.constantFrom(...fieldTypes);
const storable = fc.string({ unit: 'binary' }).filter((text) => text !== '' && !text.includes('\0'));

function typeOf(cells: readonly Cell[], before: (typeof fieldTypes)[number] | null = null) {
  const values = new FieldValues('field', before);
  for (const cell of cells) values.add(cell);
  return values.type;
}

test('a value is read from the JSON as it was, halves of surrogate pairs apart', () => {
  const scalars = fc.oneof(storable, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean());
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), scalars, (name, value) => {
      const read: Record<string, unknown> = JSON.parse(`{${new FieldValues(name, null).add(value)}}`);
      assert.deepEqual(Object.keys(read), [name]);
      const kept = typeof value === 'string' ? value.toWellFormed() : Object.is(value, -0) ? 0 : value;
      assert.deepEqual(Object.values(read)[0], kept);
    }),
  );
});

test('types widen to the same type in whatever order they come', () => {
  fc.assert(
    fc.property(anyType, anyType, anyType, (a, b, c) => {
      assert.equal(widen(a, a), a);
      assert.equal(widen(a, b), widen(b, a));
      assert.equal(widen(widen(a, b), c), widen(a, widen(b, c)));
    }),
  );
});

test('the type of a field is told from its values', () => {
  assert.equal(typeOf([1, 2.5, null]), 'NUMBER');
  assert.equal(typeOf([true, false]), 'BOOLEAN');
  assert.equal(typeOf([new Date(0)]), 'DATE');
  assert.equal(typeOf(['a', 'b', 'a', 'b']), 'CATEGORY');
  assert.equal(typeOf(['a', 'b', 'c']), 'TEXT');
  assert.equal(typeOf(Array.from({ length: 1000 }, (_, i) => `value ${i % 300}`)), 'TEXT'); // too many
  assert.equal(typeOf(['x'.repeat(101), 'x'.repeat(101)]), 'TEXT'); // too long for a name
  assert.equal(typeOf([{ a: 1 }, [1, 2]]), 'JSON');
  assert.equal(typeOf([1, 'large']), 'TEXT');
  assert.equal(typeOf([1, { a: 1 }]), 'JSON');
  assert.equal(typeOf([null, '', Number.NaN]), null);
  assert.equal(typeOf(['a', 'a'], 'NUMBER'), 'TEXT');
});

test('that a field of numbers became one of texts by a few words is said', () => {
  const oddWord = (cells: readonly Cell[]) => {
    const values = new FieldValues('price', null);
    for (const cell of cells) values.add(cell);
    return values.oddWord;
  };
  const numbers = Array.from({ length: 60 }, (_, i) => String(i));
  assert.equal(
    oddWord([...numbers, 'unknown']),
    'The field "price" holds texts: 60 of its values are numbers, but "unknown" is not. Leave such cells empty to have numbers.',
  );
  assert.match(
    oddWord([...numbers.map(Number), 'unknown', 'sold', null]) ?? '',
    /60 of its values are numbers, but 2, the first "unknown", are not\./,
  );
  assert.equal(oddWord(numbers), null, 'postal codes are texts on purpose');
  assert.equal(oddWord([...numbers, 'a', 'b', 'c', 'd']), null, 'many words are no slip');
  assert.equal(oddWord([...numbers, { a: 1 }, 'unknown']), null);
});

test('what Postgres cannot keep is refused', () => {
  const values = new FieldValues('field', null);
  let deep: Cell = 'bottom';
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  for (const cell of ['a\0b', { 'a\0b': 1 }, [['\0']], deep]) assert.throws(() => values.add(cell), UnfitValue);
  assert.equal(values.type, null);
});

test('a data set keeps its fields in their order and gets the new ones behind them', () => {
  const size = new FieldValues('size', 'NUMBER');
  size.add('large');
  const fresh = new FieldValues('fresh', null);
  fresh.add(true);
  const before = [
    { name: 'size', type: 'NUMBER' as const },
    { name: 'old', type: 'DATE' as const },
  ];
  assert.deepEqual(mergeFields(before, [fresh, size, new FieldValues('empty', null)]), [
    { name: 'size', type: 'TEXT' },
    { name: 'old', type: 'DATE' },
    { name: 'fresh', type: 'BOOLEAN' },
  ]);
  assert.deepEqual([size.isMixed, fresh.isMixed], [true, false]);
});
