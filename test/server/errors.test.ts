import assert from 'node:assert/strict';
import { test } from 'node:test';

import { didYouMean, fromErrorRecord, toErrorRecord, UserError } from '../../server/errors.ts';

test('of an error that is not for users only a general sentence is kept', () => {
  const record = toErrorRecord(new Error('select secret from "/home/someone"'));
  assert.equal(record.code, 'INTERNAL_SERVER_ERROR');
  assert.doesNotMatch(JSON.stringify(record), /secret|someone|select/);
  assert.deepEqual(toErrorRecord('thrown text'), record);
});

test('an error for users survives the way through a record', () => {
  for (const place of [{}, { file: 'a.csv' }, { file: 'a.csv', line: 7 }]) {
    const error = new UserError('BAD_USER_INPUT', 'Row 7 is empty.', place);
    const again = fromErrorRecord(toErrorRecord(error));
    assert.deepEqual(
      { ...again.place, code: again.code, message: again.message },
      { ...place, code: error.code, message: error.message },
    );
  }
});

test('a mistyped name is answered with the names nearest to it, the nearest first', () => {
  assert.equal(didYouMean('digts', ['emoji', 'digits', 'digests']), ' Did you mean "digits" or "digests"?');
  assert.equal(didYouMean('DIGITS', ['digits']), ' Did you mean "digits"?');
  assert.equal(didYouMean('words', ['digits', 'emoji']), '');
  assert.equal(didYouMean('', []), '');
});
