/** A file larger than the memory that reading it may take. */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';

import { isMatrixTable, isRejected, type Source } from '../../../../server/datasets/formats/format.ts';
import { ranged } from '../../../../server/datasets/formats/gzip.ts';
import { openTables } from '../../../../server/datasets/formats/openTables.ts';
import { utf8 } from './pieces.ts';
import { npyBytes, vectorOf } from './samples.ts';

const PIECE_BYTES = 1 << 20;
/** Half of what a file of a gigabyte may take. Each file here would take more if it were held as rows or as bytes. */
const LIMIT_BYTES = 250 << 20;

/** A head, then one piece again and again. */
function repeated(name: string, head: Uint8Array, piece: Uint8Array, times: number): Source {
  async function* pieces() {
    yield head.slice();
    for (let i = 0; i < times; i++) yield piece.slice();
  }
  const size = head.length + times * piece.length;
  return { name, size, seekable: true, open: (range) => ranged(pieces(), range) };
}

/** Most memory beyond the start's while `work` calls `look`, garbage collected at times as in any long run. */
async function extraMemory(work: (look: () => void) => Promise<void>): Promise<number> {
  const used = () => process.memoryUsage().rss;
  const start = used();
  let most = 0;
  await work(() => {
    most = Math.max(most, used() - start);
  });
  return most;
}

async function checkMemory(source: Source, expectedRows: number): Promise<void> {
  let rows = 0;
  const extra = await extraMemory(async (look) => {
    const [table] = await openTables([source], { scratchDir: tmpdir() });
    assert.ok(table);
    if (isMatrixTable(table)) {
      for await (const block of table.matrix.blocks()) {
        assert.ok(!isRejected(block));
        rows += block.count;
        look();
      }
    } else {
      for await (const block of table.rows()) {
        rows += block.length;
        assert.ok(block.length <= 4096, `a block of ${block.length} rows`);
        look();
      }
    }
  });
  assert.equal(rows, expectedRows);
  assert.ok(extra < LIMIT_BYTES, `${(extra / 2 ** 20).toFixed(0)} MiB beyond the start`);
}

test('an .npy of 640 MB is read in little memory', async () => {
  const piece = new Uint8Array(PIECE_BYTES);
  const head = npyBytes('<f4', [640 * 1024, 256], new Uint8Array(0));
  await checkMemory(repeated('a.npy', head, piece, 640), 640 * 1024);
});

test('a CSV of 200 MB is read in little memory', async () => {
  const line = utf8(`word,"a text, quoted",1,2,3,4\n`);
  const piece = Buffer.concat(new Array(Math.floor(PIECE_BYTES / line.length)).fill(line));
  const rows = piece.length / line.length;
  await checkMemory(repeated('a.csv', utf8('word,text,v0,v1,v2,v3\n'), piece, 200), rows * 200);
});

test('JSON Lines of 200 MB are read in little memory', async () => {
  const line = utf8(`{"id":1,"vector":[${vectorOf(3, 64).join(',')}]}\n`);
  const piece = Buffer.concat(new Array(Math.floor(PIECE_BYTES / line.length)).fill(line));
  await checkMemory(repeated('a.jsonl', new Uint8Array(0), piece, 200), (piece.length / line.length) * 200);
});

test('a list of JSON of 100 MB on one line is read in little memory', async () => {
  const item = utf8(`{"id":1,"vector":[${vectorOf(3, 64).join(',')}]},`);
  const piece = Buffer.concat(new Array(Math.floor(PIECE_BYTES / item.length)).fill(item));
  async function* pieces() {
    yield utf8('[');
    for (let i = 0; i < 100; i++) yield piece.slice();
    yield utf8('{"id":2,"vector":null}]');
  }
  const source: Source = { name: 'a.json', size: null, seekable: false, open: (range) => ranged(pieces(), range) };
  await checkMemory(source, (piece.length / item.length) * 100 + 1);
});
