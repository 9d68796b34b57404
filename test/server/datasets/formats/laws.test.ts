import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isMatrixTable, isRejected, type Source, type Table } from '../../../../server/datasets/formats/format.ts';
import { openTables } from '../../../../server/datasets/formats/openTables.ts';
import { UserError } from '../../../../server/errors.ts';
import fc from '../../../helpers/laws.ts';
import { piecesSource, type Reading, readTable } from './pieces.ts';
import { samples } from './samples.ts';

let scratchDir = '';
before(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'formats-'));
});
after(() => rm(scratchDir, { recursive: true }));

async function open(source: Source): Promise<Table> {
  const [table] = await openTables([source], { scratchDir });
  assert.ok(table);
  return table;
}

/** An Arrow stream ends with a mark, word2vec's file with a newline: both may be missing without harm to a row. */
function isTrailer(name: string, length: number, whole: number): boolean {
  const bytes = name === 'stream.arrow' ? 8 : name === 'google.bin' ? 1 : 0;
  return length >= whole - bytes;
}

/** The rows of a source until an error that a user can mend ends them. */
async function readUntilError(source: Source): Promise<Reading & { readonly error: UserError | null }> {
  const reading: Reading = { rows: [], rejected: [], records: [] };
  try {
    const table = await open(source);
    for await (const block of table.rows()) {
      for (const record of block) {
        reading.records.push(record);
        if (isRejected(record)) reading.rejected.push(record);
        else reading.rows.push(record);
      }
    }
  } catch (error) {
    assert.ok(error instanceof UserError, `no error for users: ${error instanceof Error ? error.stack : error}`);
    assert.match(error.message, /\S.{10,}\.$/s, 'a sentence');
    return { ...reading, error };
  }
  return { ...reading, error: null };
}

const MATRICES = new Set(
  'vectors.npy arrays.npz base.fvecs images-idx3-ubyte.gz vectors.zip vectors.tar.gz'.split(' '),
);

/** Formats whose metadata count what follows: a count that is believed becomes rows that were never there. */
const COUNTED = new Set(['rows.parquet', 'stream.arrow', 'file.arrow']);
/** In any byte of a little-endian count it makes the count many times larger. */
const ODD = 17;

for (const sample of await samples()) {
  const { name, bytes, rows, lines } = sample;

  test(`${name} has its rows, none of them bad, numbered from 0`, async () => {
    const reading = await readTable(await open(piecesSource(name, bytes)));
    assert.deepEqual(reading.rejected, []);
    assert.equal(reading.rows.length, rows);
    assert.deepEqual(
      reading.rows.map(({ index }) => index),
      Array.from({ length: rows }, (_, i) => i),
    );
  });

  test(`${name} in pieces of any size gives the same rows`, async () => {
    const whole = await readTable(await open(piecesSource(name, bytes)));
    const cuts = fc.array(fc.nat(bytes.length), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        assert.deepEqual(await readTable(await open(piecesSource(name, bytes, places))), whole);
      }),
      { numRuns: 10 },
    );
    const everywhere = Array.from(bytes.keys());
    assert.deepEqual(await readTable(await open(piecesSource(name, bytes, everywhere))), whole);
  });

  test(`${name} read from any record on gives the rest of the records`, async () => {
    const whole = await readTable(await open(piecesSource(name, bytes)));
    for (let skip = 0; skip <= rows + 1; skip++) {
      const rest = await readTable(await open(piecesSource(name, bytes)), { skip });
      assert.deepEqual(rest.records, whole.records.slice(skip), `from ${skip}`);
    }
  });

  test(`${name} cut off anywhere gives a sentence, or the rows before the cut`, async () => {
    const whole = await readTable(await open(piecesSource(name, bytes)));
    const step = Math.max(1, Math.floor(bytes.length / 120));
    for (let length = 0; length < bytes.length; length += step) {
      const cut = await readUntilError(piecesSource(name, bytes.slice(0, length)));
      const said = cut.error !== null || cut.rejected.length > 0;
      // What a line of text lost at its end cannot be seen; and the first lines tell what the columns are.
      const sure = lines ? cut.rows.slice(0, Math.max(0, cut.rows.length - 1)) : cut.rows;
      if (lines && cut.rows.length <= 2) continue;
      assert.deepEqual(sure, whole.rows.slice(0, sure.length), `cut at ${length} of ${bytes.length}`);
      if (!lines)
        assert.ok(
          said || cut.rows.length < rows || isTrailer(name, length, bytes.length),
          `cut at ${length} says nothing`,
        );
    }
  });

  test(`${name} with bytes changed gives rows or sentences, never another error`, async () => {
    const changes = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(changes, async (changed) => {
        const damaged = Uint8Array.from(bytes);
        for (const [at, byte] of changed) damaged[at] = byte;
        await readUntilError(piecesSource(name, damaged));
      }),
      { numRuns: 30 },
    );
  });

  if (COUNTED.has(name)) {
    test(`${name} with one byte changed gives rows or sentences, and no more rows than it can have`, async () => {
      for (let at = 0; at < bytes.length; at += 3) {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = damaged[at] === ODD ? 0 : ODD;
        const { records } = await readUntilError(piecesSource(name, damaged));
        assert.ok(records.length <= rows, `${records.length} rows with byte ${at} changed`);
      }
    });
  }

  test(`${name} stops when it is told to`, async () => {
    const table = await open(piecesSource(name, bytes));
    const reason = new Error('stopped');
    await assert.rejects(readTable(table, { signal: AbortSignal.abort(reason) }), reason);
  });

  if (!MATRICES.has(name)) continue;
  test(`${name} as a matrix has the numbers of its rows`, async () => {
    const table = await open(piecesSource(name, bytes));
    assert.ok(isMatrixTable(table));
    const { rows: read } = await readTable(table);
    const { dimension } = table.matrix;
    let next = 0;
    for await (const block of table.matrix.blocks()) {
      assert.ok(!isRejected(block));
      assert.equal(block.firstIndex, next);
      assert.equal(block.values.length, block.count * dimension);
      for (let i = 0; i < block.count; i++) {
        assert.deepEqual(block.values.slice(i * dimension, (i + 1) * dimension), read[next + i]?.cells[0]);
      }
      next += block.count;
    }
    assert.equal(next, rows);
  });
}
