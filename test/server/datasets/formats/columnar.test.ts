import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  type Codec,
  CompressionType,
  compressionRegistry,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  tableFromArrays,
  tableToIPC,
} from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';

import { readLz4Frame } from '../../../../server/datasets/formats/arrowMessage.ts';
import type { Table } from '../../../../server/datasets/formats/format.ts';
import { openTables } from '../../../../server/datasets/formats/openTables.ts';
import { cellsOf, piecesSource, readTable } from './pieces.ts';
import { arrowBytes, parquetBytes, vectorOf } from './samples.ts';

let scratchDir = '';
before(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'formats-'));
});
after(() => rm(scratchDir, { recursive: true }));

async function open(name: string, bytes: Uint8Array): Promise<Table> {
  const [table] = await openTables([piecesSource(name, bytes)], { scratchDir });
  assert.ok(table);
  return table;
}

test('Parquet has the values written, whatever the size of pages and row groups', async () => {
  const expected = Array.from({ length: 500 }, (_, row) => [
    row,
    row % 7 === 3 ? null : `name ${row}`,
    vectorOf(row),
    new Date(Date.UTC(2024, 0, 1 + (row % 28))),
  ]);
  for (const options of [{}, { pageSize: 64 }, { rowGroupSize: 33 }, { rowGroupSize: 100, pageSize: 200 }]) {
    const table = await open('a.parquet', parquetBytes(500, options));
    assert.equal(table.rowCount, 500);
    assert.deepEqual(await cellsOf(table), expected, JSON.stringify(options));
  }
});

test('Parquet within a gzip is laid on disk to be read', async () => {
  assert.equal((await readTable(await open('a.parquet.gz', gzipSync(parquetBytes(50))))).rows.length, 50);
});

test('lists of Parquet with nulls, of other lengths and empty are rows kept out', async () => {
  const rows = [[1, 2, 3], null, [], [4, 5], [6, null, 7], [8, 9, 10], [1, 1, 1], [2, 2, 2]];
  const bytes = parquetWriteBuffer({
    columnData: [{ name: 'v', data: rows }],
    schema: [
      { name: 'root', num_children: 1 },
      { name: 'v', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
    ],
  });
  const table = await open('a.parquet', new Uint8Array(bytes));
  const { rejected } = await readTable(table);
  assert.deepEqual(await cellsOf(table), [[[1, 2, 3]], [[8, 9, 10]], [[1, 1, 1]], [[2, 2, 2]]]);
  assert.deepEqual(
    rejected.map(({ line, reason }) => `${line}: ${reason.slice(0, 36)}`),
    [
      '2: the vector "v" is missing',
      '3: "v" has 0 numbers; wanted: 3, as in ',
      '4: "v" has 2 numbers; wanted: 3, as in ',
      '5: number 2 of the vector is NaN; wante',
    ],
  );
});

test('a table of numbered columns in Parquet is one vector', async () => {
  const columnData = Array.from({ length: 6 }, (_, i) => ({
    name: `dim_${i}`,
    data: Float32Array.of(i, i + 0.5),
    type: 'FLOAT' as const,
  }));
  const bytes = parquetWriteBuffer({ columnData: [{ name: 'id', data: ['a', 'b'], type: 'STRING' }, ...columnData] });
  const table = await open('a.parquet', new Uint8Array(bytes));
  assert.deepEqual(table.columns.at(-1), { name: 'dim', type: 'vector', dimension: 6 });
  assert.deepEqual(await cellsOf(table), [
    ['a', [0, 1, 2, 3, 4, 5]],
    ['b', [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]],
  ]);
});

test('Arrow has the values written, in any number of batches, as a stream and as a file', async () => {
  const words = ['the', 'of', 'façade', 'at name@domain.com', '日本', '"', ',', 'end'];
  const expected = Array.from({ length: 30 }, (_, row) => [
    words[row % 8],
    vectorOf(row),
    row % 3 === 0 ? null : row / 2,
  ]);
  for (const format of ['stream', 'file'] as const) {
    for (const batches of [1, 4]) {
      const table = await open('a.arrow', arrowBytes(30, format, batches));
      assert.deepEqual(await cellsOf(table), expected, `${format} of ${batches}`);
    }
  }
});

test('Arrow cut off anywhere in a batch says so', async () => {
  const bytes = arrowBytes(30, 'stream');
  await assert.rejects(
    open('a.arrow', bytes.slice(0, -60)).then(readTable),
    /a.arrow is cut off\. Get the file again\./,
  );
});

// A frame by hand, as doc/lz4_Frame_format.md and lz4_Block_format.md of lz4 1.10 describe it: linked blocks, the first
// "abcabcabcabcX" as literals and an overlapping match, the second stored, the third matching into the first.
test('LZ4 frames with linked and stored blocks are read', () => {
  const header = Buffer.from('04224d18404000', 'hex');
  const first = Buffer.from([0x35, 0x61, 0x62, 0x63, 3, 0, 0x10, 0x58]);
  const third = Buffer.from([0x00, 15, 0, 0x50, 0x56, 0x57, 0x58, 0x59, 0x5a]);
  const size = (bytes: number, stored = false) => {
    const field = Buffer.alloc(4);
    field.writeUInt32LE(stored ? (bytes | 0x80000000) >>> 0 : bytes);
    return field;
  };
  const stored = Buffer.from('12');
  const frame = Buffer.concat([
    header,
    size(first.length),
    first,
    size(2, true),
    stored,
    size(third.length),
    third,
    size(0),
  ]);
  const text = 'abcabcabcabcX12abcaVWXYZ';
  assert.equal(Buffer.from(readLz4Frame(frame, text.length)).toString(), text);
});

/** Compresses bytes that are all zero, as those of the test's column are, and nothing else. */
const lz4OfZeros: Codec = {
  encode(bytes) {
    if (bytes.length < 64 || bytes.some((byte) => byte !== 0)) {
      return Buffer.concat([Buffer.from('04224d1860400000000000', 'hex'), bytes]); // larger, so it is not kept
    }
    const matched = bytes.length - 1 - 5; // a zero, its repetition, and 5 literals, with which every block ends
    const rest = matched - 4 - 15;
    const lengths = [...new Array<number>(Math.floor(rest / 255)).fill(255), rest % 255];
    const block = Buffer.from([0x1f, 0, 1, 0, ...lengths, 0x50, 0, 0, 0, 0, 0]);
    const frame = Buffer.from('04224d1860400000000000', 'hex');
    frame.writeUInt32LE(block.length, 7);
    return Buffer.concat([frame, block, Buffer.alloc(4)]);
  },
  decode: (bytes) => bytes,
};

test('Arrow with compressed buffers is read as without', async () => {
  compressionRegistry.set(CompressionType.LZ4_FRAME, lz4OfZeros);
  const table = tableFromArrays({
    n: new Float64Array(1000),
    text: Array.from({ length: 1000 }, (_, i) => `text ${i}`),
  });
  const plain = await cellsOf(await open('a.arrow', tableToIPC(table)));
  for (const Writer of [RecordBatchStreamWriter, RecordBatchFileWriter]) {
    const writer = new Writer({ compressionType: CompressionType.LZ4_FRAME });
    const bytes = Buffer.from(writer.writeAll(table).toUint8Array(true));
    // apache-arrow 21.2.0 writes the compressed length in front of a buffer; the format wants the uncompressed.
    const frame = bytes.indexOf(Buffer.from('04224d18', 'hex'));
    assert.ok(frame > 0, 'it holds an LZ4 frame');
    bytes.writeBigInt64LE(8000n, frame - 8);
    assert.deepEqual(await cellsOf(await open('a.arrow', bytes)), plain);
  }
  assert.deepEqual(plain[999], [0, 'text 999']);
});
