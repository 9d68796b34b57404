import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyLines } from '../../../server/datasets/keyLines.ts';
import fc from '../../helpers/laws.ts';

test('a key is known from the second time on, with the place of the first, as in a map', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 3 }), { maxLength: 200 }), (keys) => {
      const lines = new KeyLines();
      const map = new Map<string, { file: number; line: number }>();
      for (const [line, key] of keys.entries()) {
        const place = { file: line % 3, line };
        assert.deepEqual(lines.add(key, place), map.get(key) ?? null);
        if (!map.has(key)) map.set(key, place);
      }
    }),
  );
});

test('a hundred thousand keys are kept apart, while the table grows', () => {
  const lines = new KeyLines();
  for (let i = 0; i < 100_000; i++) assert.equal(lines.add(`key ${i}`, { file: 0, line: i }), null);
  for (let i = 0; i < 100_000; i += 997)
    assert.deepEqual(lines.add(`key ${i}`, { file: 1, line: 0 }), { file: 0, line: i });
});
