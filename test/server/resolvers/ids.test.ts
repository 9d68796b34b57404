import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeId,
  decodeJobId,
  decodeNumberCursor,
  decodeTextCursor,
  encodeCursor,
  encodeId,
  type NodeId,
} from '../../../server/resolvers/ids.ts';
import fc from '../../helpers/laws.ts';

const small = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const large = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const ids: fc.Arbitrary<NodeId> = fc.oneof(
  fc.tuple(fc.constantFrom('Dataset', 'Embedding', 'Projection'), small),
  fc.tuple(fc.constant('Item'), small, large),
  fc.tuple(fc.constant('Job'), fc.uuid()),
);

test('an id comes back as what it was made of', () => {
  fc.assert(fc.property(ids, (id) => assert.deepEqual(decodeId(encodeId(id)), id)));
});

test('an id that the server did not make is refused, whatever it is', () => {
  const forge = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const forged = [
    '',
    '1',
    'Dataset:1',
    'é',
    'x'.repeat(100_000),
    forge(null),
    forge([]),
    forge({}),
    forge(['Dataset']),
    forge(['Dataset', 0]),
    forge(['Dataset', -1]),
    forge(['Dataset', 1.5]),
    forge(['Dataset', '1']),
    forge(['Dataset', 2 ** 31]),
    forge(['Dataset', 1, 2]),
    forge(['Item', 1]),
    forge(['Item', 1, 2 ** 53]),
    forge(['Job', 'x; drop table jobs']),
    forge(['constructor', 1]),
    forge(['__proto__', 1]),
    forge(['toString']),
  ];
  for (const id of forged) assert.throws(() => decodeId(id), { code: 'BAD_USER_INPUT' }, id.slice(0, 50));
  fc.assert(fc.property(fc.string(), (id) => assert.throws(() => decodeId(id), { code: 'BAD_USER_INPUT' })));
});

test('the id of something else is no id of a job', () => {
  assert.throws(() => decodeJobId(encodeId(['Dataset', 1])), { code: 'BAD_USER_INPUT', message: /that of a Dataset/ });
});

test('a cursor comes back as the place it was made of, in its own list only', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), fc.string({ maxLength: 60 }), large, (list, other, place) => {
      const cursor = encodeCursor(list, place);
      assert.equal(decodeNumberCursor(list, cursor), place);
      if (other !== list) assert.throws(() => decodeNumberCursor(other, cursor), { code: 'BAD_USER_INPUT' });
      assert.throws(() => decodeTextCursor(list, cursor), { code: 'BAD_USER_INPUT' });
      assert.equal(decodeTextCursor(list, encodeCursor(list, other)), other);
    }),
  );
});
