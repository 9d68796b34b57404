import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slugOf } from '../../../widget/pages/importFiles.ts';
import fc from '../../helpers/laws.ts';

test('whatever a file is called, its data set has a name that the server takes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (title) => {
      assert.match(slugOf(title), /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
    }),
  );
  assert.equal(slugOf('Größte Wörter (2024)'), 'gro-te-worter-2024');
});
