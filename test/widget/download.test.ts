import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parse } from 'csv-parse/sync';
import { type Row, toCsv, toJson } from '../../widget/download.ts';
import fc from '../helpers/laws.ts';

const row = fc.record({
  item: fc.record({
    key: fc.string({ minLength: 1 }),
    label: fc.string(),
    fields: fc.dictionary(
      fc.stringMatching(/^[a-wA-W]{1,6}$/),
      fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.constant(null)),
    ),
    image: fc.constant(null),
  }),
  coordinates: fc.tuple(fc.double({ noNaN: true }), fc.double({ noNaN: true })),
}) satisfies fc.Arbitrary<Row>;

test('a CSV that another library reads has each item, its coordinates, and each field', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
      const lines: Record<string, string>[] = parse(toCsv(rows), { columns: true });
      assert.equal(lines.length, rows.length);
      for (const [i, { item, coordinates }] of rows.entries()) {
        const line = lines[i];
        assert.equal(line?.['x'], String(coordinates[0]));
        for (const [name, value] of Object.entries(item.fields)) {
          if (name !== 'key' && name !== 'label') assert.equal(line?.[name], value === null ? '' : String(value));
        }
      }
    }),
  );
});

test('JSON has the same, with the types of the fields', () => {
  const item = { key: 'a', label: 'A', fields: { size: 3, tags: ['x'], nothing: null }, image: null };
  assert.deepEqual(JSON.parse(toJson([{ item, coordinates: [1, 2, 3] }])), [
    { key: 'a', label: 'A', x: 1, y: 2, z: 3, fields: { size: 3, tags: ['x'], nothing: null } },
  ]);
});
