import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CopySplitter, CopyWriter, readCopy } from '../../../server/database/copyBinary.ts';
import fc from '../../helpers/laws.ts';

const rows = fc.array(fc.array(fc.option(fc.uint8Array({ maxLength: 50 })), { minLength: 3, maxLength: 3 }), {
  maxLength: 30,
});

function write(values: readonly (readonly (Uint8Array | null)[])[]): Uint8Array {
  const writer = new CopyWriter();
  for (const row of values) {
    writer.row(row.length);
    for (const value of row) value === null ? writer.null() : writer.bytea(value);
  }
  return writer.finish();
}

function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.slice(at, at + size);
    at += size;
  }
}

async function read(stream: Iterable<Uint8Array>): Promise<(Uint8Array | null)[][]> {
  const found = [];
  for await (const row of readCopy(stream, 3)) found.push(row.map((value) => (value === null ? null : value.slice())));
  return found;
}

const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 });

test('rows are read as they were written, however the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(rows, sizes, async (values, pieces) => {
      assert.deepEqual(await read(cut(write(values), pieces)), values);
    }),
  );
});

test('a stream may outgrow its memory at any byte', async () => {
  // Three nulls are 14 bytes a row: with 0 to 13 bytes before, each place in a row comes to lie at the end of 64 KiB.
  for (let before = 0; before < 14; before++) {
    const first = [new Uint8Array(before), null, null];
    const values = [first, ...Array.from({ length: 4_700 }, () => [null, null, null])];
    assert.deepEqual(await read([write(values)]), values);
  }
});

test('writing in takes gives the same stream as writing at once', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 20 }), (texts) => {
      const whole = new CopyWriter();
      for (const text of texts) whole.row(1).text(text);
      const inTakes = new CopyWriter();
      const taken = [];
      for (const text of texts) taken.push(inTakes.row(1).text(text).take());
      assert.deepEqual(Buffer.concat([...taken, inTakes.finish()]), Buffer.from(whole.finish()));
    }),
  );
});

describe('a stream split into whole streams', () => {
  test('has the same rows in the same order, however it comes in, and each stream about the size asked for', async () => {
    await fc.assert(
      fc.asyncProperty(rows, sizes, fc.integer({ min: 1, max: 1000 }), async (values, pieces, size) => {
        const splitter = new CopySplitter(size);
        const found = [];
        for (const piece of cut(write(values), pieces)) {
          const whole = splitter.push(piece);
          if (whole !== null) {
            // Beyond the size asked for there is at most one piece, and what was left of the row before.
            assert.ok(
              whole.length <= size + 200 + 3 * 54 + 2 + 21,
              `${whole.length} bytes where ${size} were asked for`,
            );
            found.push(...(await read([whole])));
          }
        }
        found.push(...(await read([splitter.finish()])));
        assert.deepEqual(found, values);
      }),
    );
  });

  test('is refused without its trailer, without its header, and with a row that cannot be', () => {
    const whole = write([[null, null, null]]);
    const torn = new CopySplitter(1000);
    torn.push(whole.subarray(0, -1));
    assert.throws(() => torn.finish(), /before its trailer/);
    assert.throws(() => new CopySplitter(1000).push(whole.subarray(1)), /Not a stream of binary copy/);
    const wrong = whole.slice();
    new DataView(wrong.buffer).setInt32(21, -2);
    assert.throws(() => new CopySplitter(1000).push(wrong), /claims -2 bytes/);
  });
});

test('a stream that is torn, has other fields or is something else is refused', async () => {
  const whole = write([[null, Uint8Array.of(1), null]]);
  await assert.rejects(read([whole.subarray(0, -3)]), /before its trailer/);
  await assert.rejects(read([Buffer.from('id,label\n1,one\n2,two')]), /Not a stream of binary copy/);
  const two = new CopyWriter().row(2).null().null().finish();
  await assert.rejects(read([two]), /Expected 3 fields in a row of binary copy, got 2/);
});

test('a text that is no UUID is refused', () => {
  assert.throws(() => new CopyWriter().row(1).uuid('not-a-uuid'), /"not-a-uuid" is not a UUID/);
});
