import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Database } from '../../../server/database/database.ts';
import { throwConditionError } from '../../../server/datasets/conditions.ts';
import { countValues, type Dataset, type Field } from '../../../server/datasets/datasets.ts';
import { compileFilter, type FilterInput, type ItemValues } from '../../../server/datasets/filters.ts';
import { countItems, listItems } from '../../../server/datasets/items.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { type GivenItem, makeDataset } from '../../helpers/embeddings.ts';
import fc from '../../helpers/laws.ts';

const fields: readonly Field[] = [
  { name: 'price', type: 'NUMBER' },
  { name: 'text', type: 'TEXT' },
  { name: 'kind', type: 'CATEGORY' },
  { name: 'sold', type: 'BOOLEAN' },
  { name: 'made', type: 'DATE' },
  { name: 'more', type: 'JSON' },
  { name: `it's "odd" $1 \\`, type: 'TEXT' },
  { name: '__proto__', type: 'NUMBER' },
];

// Characters that mean something to SQL, `like`, JSON or regular expressions, and some whose case matters.
const odd = fc.string({
  unit: fc.constantFrom(...`aAbéÉ😀\uffee%_\\'"$:;-({[ ]}).*+?^|`),
  maxLength: 6,
});
// Words that the English stemmer leaves alone, and that cannot be part of the odd ones.
const word = fc.constantFrom('zork', 'blim', 'quux', 'vlup');
const words = fc.array(word, { minLength: 1, maxLength: 3 }).map((some) => some.join(' '));
const text = fc.oneof(odd, words);
const number = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0.1, 1e300, -1e300, 5e-324, 2 ** 53),
);
const instant = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
  .map((date) => date.toISOString());
const someInstant = fc.oneof(instant, fc.constantFrom('2026-03-01T00:00:00.000Z', '2026-03-01T12:30:00.000Z'));
const json = fc.oneof(
  fc.constantFrom(-1, 0, 1, 0.1, 2 ** 53),
  text,
  fc.boolean(),
  fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
  fc.record({ a: fc.integer({ min: 0, max: 2 }), b: text }, { requiredKeys: [] }),
);
/** What import has told from most values; but any item may hold something else there, or nothing. */
const valuesOf: Record<Field['type'], fc.Arbitrary<unknown>> = {
  NUMBER: number,
  TEXT: text,
  CATEGORY: fc.oneof(fc.constantFrom('a', 'b', 'Ankle boot'), fc.integer({ min: 0, max: 9 }), fc.boolean()),
  BOOLEAN: fc.boolean(),
  DATE: someInstant,
  JSON: json,
};
const anyValue = (field: Field): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 6, arbitrary: valuesOf[field.type] },
    { weight: 2, arbitrary: fc.constantFrom(undefined, null) },
    { weight: 1, arbitrary: fc.oneof(json, someInstant, fc.constantFrom('2026-02-30', 'true', '1e400', 'null')) },
  );
const item: fc.Arbitrary<GivenItem> = fc.tuple(text, text, ...fields.map(anyValue)).map(([key, label, ...values]) => ({
  key,
  label,
  fields: Object.fromEntries(fields.flatMap(({ name }, i) => (values[i] === undefined ? [] : [[name, values[i]]]))),
}));

const given: readonly GivenItem[] = fc.sample(item, { numRuns: 300, seed: 20260301 }).map((one, i) => ({
  key: `${one.key}${i}`,
  label: one.label || `unlabelled ${i}`,
  fields: JSON.parse(JSON.stringify(one.fields)),
}));

const regularExpression = fc
  .array(fc.constantFrom('a', 'B', 'é', '.', '[ab]', '(a|b)', 'a*', 'b+', '\\(', '\\\\', 'z', 'k'), {
    minLength: 1,
    maxLength: 4,
  })
  .chain((parts) => fc.constantFrom(parts.join(''), `^${parts.join('')}`, `${parts.join('')}$`));

const conditionOn = ({ name, type }: Pick<Field, 'name' | 'type'>): fc.Arbitrary<FilterInput> => {
  const value = valuesOf[type];
  const textual = type === 'TEXT' || type === 'CATEGORY';
  const order = textual || type === 'NUMBER' || type === 'DATE' ? { lt: value, lte: value, gt: value, gte: value } : {};
  const patterns = textual ? { contains: odd, startsWith: fc.oneof(odd, words), matches: regularExpression } : {};
  return fc
    .record(
      { eq: value, ne: value, in: fc.array(value, { maxLength: 4 }), isNull: fc.boolean(), ...order, ...patterns },
      { requiredKeys: [] },
    )
    .map((operators) => Object.entries(operators))
    .filter((operators) => operators.length > 0)
    .map((operators) => ({ field: name, ...Object.fromEntries(operators.slice(0, 2)) }));
};

const titles: readonly Pick<Field, 'name' | 'type'>[] = [
  { name: 'key', type: 'TEXT' },
  { name: 'label', type: 'TEXT' },
];

/** What was found out about some of the items; of some of these, nothing. Items are numbered from 1. */
const labels = ['a', 'Ankle boot', 'zork'];
const known = given.map((_, i) => i + 1).filter((id) => id % 5 !== 1);
const results = new Map<string, ItemValues>([
  [
    'found:number',
    {
      itemIds: Float64Array.from(known),
      values: Float32Array.from(known, (id) => (id % 7 === 0 ? Number.NaN : (id % 9) / 2 - 2)),
      labels: null,
    },
  ],
  ['found:label', { itemIds: Float64Array.from(known), values: Float32Array.from(known, (id) => id % 3), labels }],
]);
const findings: readonly Pick<Field, 'name' | 'type'>[] = [
  { name: 'found:number', type: 'NUMBER' },
  { name: 'found:label', type: 'CATEGORY' },
];
const condition = fc.oneof(
  ...[...fields, ...titles, ...findings].map(conditionOn),
  fc
    .oneof(
      word,
      fc.tuple(word, word).map(([a, b]) => `${a} or ${b}`),
      fc.tuple(word, word).map(([a, b]) => `${a} -${b}`),
    )
    .map((search) => ({ search })),
);
const filter: fc.Arbitrary<FilterInput> = fc.letrec<{ filter: FilterInput }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    condition,
    tie('filter').map((not) => ({ not })),
    fc.array(tie('filter'), { maxLength: 3 }).map((and) => ({ and })),
    fc.array(tie('filter'), { maxLength: 3 }).map((or) => ({ or })),
  ),
})).filter;

/** The filter, evaluated plainly. */
function holds(node: FilterInput, one: GivenItem, id: number): boolean {
  if (node.and) return node.and.every((other) => holds(other, one, id));
  if (node.or) return node.or.some((other) => holds(other, one, id));
  if (node.not) return !holds(node.not, one, id);
  if (node.search) return searchHolds(node.search, one);
  const field = [...fields, ...titles, ...findings].find(({ name }) => name === node.field);
  assert.ok(field);
  const raw = worthOf(field.name, one, id);
  return Object.entries(node).every(
    ([operator, wanted]) => operator === 'field' || operatorHolds(operator, raw, field.type, wanted),
  );
}

function worthOf(name: string, one: GivenItem, id: number): unknown {
  if (name === 'key') return one.key;
  if (name === 'label') return one.label;
  const found = results.get(name);
  if (found === undefined) return own(one.fields, name);
  const value = found.values[found.itemIds.indexOf(id)];
  if (value === undefined || Number.isNaN(value)) return null;
  return found.labels === null ? value : found.labels[value];
}

function own(record: object | undefined, name: string): unknown {
  return Object.entries(record ?? {}).find(([key]) => key === name)?.[1];
}

function operatorHolds(operator: string, raw: unknown, type: Field['type'], wanted: unknown): boolean {
  const missing = raw === undefined || raw === null;
  if (operator === 'isNull') return missing === wanted;
  const value = missing ? null : readAs(type, raw);
  if (operator === 'ne') return value === null || !isDeepStrictEqual(value, readAs(type, wanted));
  if (value === null) return false;
  if (operator === 'eq') return isDeepStrictEqual(value, readAs(type, wanted));
  if (operator === 'in')
    return Array.isArray(wanted) && wanted.some((one) => isDeepStrictEqual(value, readAs(type, one)));
  if (operator === 'contains') return String(value).toLowerCase().includes(String(wanted).toLowerCase());
  if (operator === 'startsWith') return String(value).toLowerCase().startsWith(String(wanted).toLowerCase());
  if (operator === 'matches') return new RegExp(String(wanted), 'iu').test(String(value));
  const order = compare(value, readAs(type, wanted));
  return { lt: order < 0, lte: order <= 0, gt: order > 0, gte: order >= 0 }[operator] ?? false;
}

/** The value as the field's type has it, or null where it is of another. */
function readAs(type: Field['type'], raw: unknown): unknown {
  switch (type) {
    case 'TEXT':
    case 'CATEGORY':
      return ['string', 'number', 'boolean'].includes(typeof raw) ? String(raw) : null;
    case 'NUMBER':
      return typeof raw === 'number' ? raw + 0 : null; // -0 is 0
    case 'BOOLEAN':
      return typeof raw === 'boolean' ? raw : null;
    case 'DATE':
      return typeof raw === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(raw) ? raw : null;
    case 'JSON':
      return JSON.parse(JSON.stringify(raw));
  }
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b))); // by code point
}

function searchHolds(search: string, { label, fields }: GivenItem): boolean {
  const has = (wanted: string) => [label, ...textsOf(fields)].some((some) => some?.split(' ').includes(wanted));
  const [, first = '', how, second = ''] = /^(\w+)(?: (or |-)(\w+))?$/.exec(search) ?? [];
  if (how === 'or ') return has(first) || has(second);
  return has(first) && (how !== '-' || !has(second));
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

onEveryDatabase((_engine, open) => {
  let database: Database;
  let dataset: Dataset;

  before(async () => {
    database = await open();
    dataset = await makeDataset(database, 'filtered', given, fields);
  });

  async function find(filter: FilterInput): Promise<number[]> {
    const { sql, parameters } = compileFilter(filter, dataset, 2, { names: [...results.keys()], values: results });
    const rows = await database.query<{ id: number }>(
      `select id from items where dataset_id = $1::int and ${sql} order by id`,
      [dataset.id, ...parameters],
    );
    return rows.map(({ id }) => id);
  }

  test('a filter finds the items for which it holds, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(filter, async (filter) => {
        assert.deepEqual(
          await find(filter),
          given.flatMap((one, i) => (holds(filter, one, i + 1) ? [i + 1] : [])),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('an item is found by each of its own values', async () => {
    for (const [i, one] of given.slice(0, 40).entries()) {
      for (const { name, type } of fields) {
        const value = readAs(type, own(one.fields, name) ?? null);
        if (value === null) continue;
        assert.ok((await find({ field: name, eq: value })).includes(i + 1), `${name} ${JSON.stringify(value)}`);
      }
      assert.deepEqual(await find({ field: 'key', eq: one.key }), [i + 1]);
    }
  });

  test('a number that is a category is found as a number, however large or small', async () => {
    const numbers = [1e21, -1.25e300, 5e-324, 1.5e-7, -0, 0.1, 123456789];
    const items = numbers.map((kind, i) => ({ key: `${i}`, fields: { kind } }));
    const { id } = await makeDataset(database, 'numbers', items, fields);
    for (const [i, kind] of numbers.entries()) {
      for (const filter of [
        { field: 'kind', eq: kind },
        { field: 'kind', in: [kind] },
      ]) {
        const { sql, parameters } = compileFilter(filter, dataset);
        const found = await database.query<{ key: string }>(
          `select key from items where dataset_id = ${id} and ${sql}`,
          parameters,
        );
        assert.deepEqual(found, [{ key: `${i}` }]);
      }
    }
  });

  test('days and offsets are instants in UTC', async () => {
    const noon = await find({ field: 'made', eq: '2026-03-01T12:30:00.000Z' });
    assert.ok(noon.length > 0);
    assert.deepEqual(await find({ field: 'made', eq: '2026-03-01T14:30+02:00' }), noon);
    assert.deepEqual(await find({ field: 'made', eq: '2026-03-01T12:30' }), noon);
    assert.deepEqual(await find({ field: 'made', gt: '2026-03-01', lt: '2026-03-02' }), noon);
  });

  test('full-text search knows the forms of a word', async () => {
    const words = await makeDataset(database, 'words', [
      { key: 'a', label: 'Running shoes', fields: { note: 'for the city' } },
      { key: 'b', label: 'Shoe polish', fields: { notes: ['used by runners', 'black'] } },
      { key: 'c', label: 'Hat' },
    ]);
    const search = async (search: string) => {
      const { sql, parameters } = compileFilter({ search }, words, 1);
      const found = await database.query<{ key: string }>(
        `select key from items where dataset_id = ${words.id} and ${sql} order by id`,
        parameters,
      );
      return found.map(({ key }) => key).join('');
    };
    assert.equal(await search('shoe'), 'ab');
    assert.equal(await search('run cities'), 'a');
    assert.equal(await search('"black"'), 'b');
    assert.equal(await search('shoes -polish'), 'a');
    assert.equal(await search('hats or polish'), 'bc');
    assert.equal(await search(`'; drop table items; -- " ( & | ! <-> :*`), '');
  });

  test('a regular expression that cannot be read has a sentence', async () => {
    for (const matches of ['(', 'a{2,1}', '[', '*a', '\\']) {
      const message = /regular expression in `matches` cannot be read/;
      await assert.rejects(find({ field: 'text', matches }).catch(throwConditionError), {
        name: 'UserError',
        code: 'BAD_USER_INPUT',
        message,
      });
      const filter = compileFilter({ field: 'text', matches }, dataset);
      await assert.rejects(listItems(database, dataset, { first: 1, filter }), { name: 'UserError', message });
      await assert.rejects(countItems(database, dataset, filter), { name: 'UserError', message });
      await assert.rejects(countValues(database, dataset, 'kind', 1, filter), { name: 'UserError', message });
    }
  });

  test('other errors of a statement come back as they are', async () => {
    await assert.rejects(database.query('select 1 / 0').catch(throwConditionError), { code: '22012' });
  });
});

const dataset = { fields };
const nested = (depth: number): FilterInput => (depth === 1 ? { field: 'key', eq: '' } : { not: nested(depth - 1) });

test('a filter that makes no sense is told what is wrong', () => {
  const wrong: [FilterInput, RegExp][] = [
    [{}, /A filter is empty/],
    [{ and: null }, /A filter is empty/],
    [{ and: [{}] }, /A filter is empty/],
    [{ field: 'price' }, /names the field "price" of type NUMBER and no operator.*`eq`, `ne`, `in`, `isNull`, `lt`/],
    [{ eq: 1 }, /has `eq` without the `field`/],
    [{ field: 'price', eq: 1, and: [] }, /has `and`, `field` side by side/],
    [{ search: 'a', field: 'label', eq: 'b' }, /has `field`, `search` side by side/],
    [{ search: 'a', eq: 'b' }, /has `eq` without/],
    [{ field: 'prise', eq: 1 }, /no field "prise"\. Did you mean "price"\?/],
    [{ field: 'x', eq: 1 }, /no field "x"\. There are `key`, `label`, `price`/],
    [{ field: 'constructor', eq: 1 }, /no field "constructor"/],
    [{ field: 'price', contains: '1' }, /`contains` does not fit the field "price" of type NUMBER/],
    [{ field: 'sold', lt: true }, /`lt` does not fit the field "sold" of type BOOLEAN/],
    [{ field: 'made', matches: '2' }, /`matches` does not fit the field "made" of type DATE/],
    [{ field: 'more', gt: 1 }, /`gt` does not fit the field "more" of type JSON/],
    [{ field: 'price', eq: '1' }, /`eq` on the field "price" of type NUMBER got the text "1"; wanted: a number/],
    [{ field: 'price', in: [1, 'two'] }, /`in` on the field "price" of type NUMBER got the text "two"/],
    [{ field: 'price', eq: Number.NaN }, /got NaN\. Give a finite number/],
    [{ field: 'price', lt: Number.POSITIVE_INFINITY }, /got Infinity\. Give a finite number/],
    [{ field: 'price', eq: null }, /got null.*`isNull`/],
    [{ field: 'price', in: [null] }, /got null.*`isNull`/],
    [{ field: 'text', in: null }, /`in` needs a list of values, got null/],
    [{ field: 'text', eq: ['a'] }, /got a list; wanted: a text/],
    [{ field: 'text', contains: null }, /`contains` needs a text, got null/],
    [{ field: 'sold', eq: 'true' }, /wanted: true or false/],
    [{ field: 'made', eq: 5 }, /wanted: an instant in ISO 8601/],
    [{ field: 'made', eq: '2026-02-30' }, /got the text "2026-02-30"; wanted: an instant/],
    [{ field: 'made', eq: 'yesterday' }, /wanted: an instant/],
    [{ field: 'made', eq: '9999-12-31T23:59-01:00' }, /from the year 0 to 9999/],
    [{ field: 'key', eq: 'a\u0000' }, /`eq` contains the character U\+0000/],
    [{ field: 'more', eq: { a: '\u0000' } }, /contains a character that no item can have/],
    [{ field: 'more', eq: { '\ud800': 1 } }, /contains a character that no item can have/],
    [{ search: '\u0000' }, /`search` contains the character U\+0000/],
  ];
  for (const [filter, message] of wrong) {
    assert.throws(
      () => compileFilter(filter, dataset),
      { name: 'UserError', code: 'BAD_USER_INPUT', message },
      `${message}`,
    );
  }
});

test('a filter may be as large as the limits say, and no larger', () => {
  const many = (count: number): FilterInput => ({
    and: Array.from({ length: count - 1 }, () => ({ field: 'price', gt: 1 })),
  });
  const within: FilterInput[] = [
    nested(12),
    many(200),
    { field: 'price', in: Array.from({ length: 1000 }, (_, i) => i) },
    { field: 'text', contains: 'x'.repeat(10_000) },
    { field: 'more', eq: { text: '\\u0000' } },
  ];
  for (const filter of within) compileFilter(filter, dataset);
  const beyond: [FilterInput, RegExp][] = [
    [nested(13), /nested more than 12 deep/],
    [nested(500), /nested more than 12 deep/],
    [many(201), /more than 200 conditions/],
    [{ or: Array.from({ length: 10_000 }, () => ({ and: [] })) }, /more than 200 conditions/],
    [{ field: 'price', in: Array.from({ length: 1001 }, (_, i) => i) }, /has 1001 values; 1000 are allowed/],
    [{ field: 'text', contains: '%'.repeat(10_001) }, /has 10001 characters; 10000 are allowed/],
    [{ search: 'x'.repeat(10_001) }, /has 10001 characters/],
  ];
  for (const [filter, message] of beyond) {
    assert.throws(() => compileFilter(filter, dataset), { name: 'UserError', code: 'LIMIT_EXCEEDED', message });
  }
});

test('placeholders are numbered from the first that is free', () => {
  const filter: FilterInput = { or: [{ field: 'price', gte: 1, lt: 2 }, { not: { field: 'key', startsWith: 'a' } }] };
  for (const first of [1, 7]) {
    const { sql, parameters } = compileFilter(filter, dataset, first);
    const used = [...sql.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number));
    assert.deepEqual(
      [...new Set(used)].sort((a, b) => a - b),
      parameters.map((_, i) => first + i),
    );
  }
});
