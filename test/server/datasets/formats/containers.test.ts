import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { strToU8, type Zippable, zipSync } from 'fflate';
import sharp from 'sharp';
import { pack } from 'tar-stream';

import type { Table } from '../../../../server/datasets/formats/format.ts';
import { openTables } from '../../../../server/datasets/formats/openTables.ts';
import { cellsOf, piecesSource, readTable, utf8 } from './pieces.ts';
import { float32Bytes, npyBytes, tarBytes, tensorText, vectorOf } from './samples.ts';

let scratchDir = '';
before(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'formats-'));
});
after(() => rm(scratchDir, { recursive: true }));

const open = (files: Readonly<Record<string, Uint8Array>>): Promise<Table[]> =>
  openTables(
    Object.entries(files).map(([name, bytes]) => piecesSource(name, bytes)),
    { scratchDir },
  );

async function openOne(files: Readonly<Record<string, Uint8Array>>): Promise<Table> {
  const [table, ...others] = await open(files);
  assert.ok(table);
  assert.equal(others.length, 0);
  return table;
}

const picture = (color: string, width = 4, height = 4): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: color } })
    .png()
    .toBuffer();

const CSV = utf8('id,name\n1,a\n2,b\n');

test('what is in archives within archives is found, notices and leftovers are not', async () => {
  const inner = zipSync({ 'deep/rows.csv': CSV, '__MACOSX/._rows.csv': utf8('x'), 'deep/.DS_Store': utf8('y') });
  const table = await openOne({ 'a.tar.gz': gzipSync(await tarBytes({ 'inner.zip': inner, LICENSE: utf8('MIT') })) });
  assert.deepEqual(await cellsOf(table), [
    [1, 'a'],
    [2, 'b'],
  ]);
});

test('a stored and a deflated member are the same', async () => {
  for (const level of [0, 9] as const) {
    assert.equal(
      (await readTable(await openOne({ 'a.zip': zipSync({ 'rows.csv': [CSV, { level }] }) }))).rows.length,
      2,
    );
  }
});

test('what other programs keep for themselves is refused with what to save instead', async () => {
  const xml = utf8('<?xml version="1.0"?><x/>');
  const files: readonly (readonly [string, Uint8Array, RegExp])[] = [
    [
      'sheet.xlsx',
      zipSync({ '[Content_Types].xml': xml, 'xl/workbook.xml': xml }),
      /is an Excel workbook\. Save the sheet as CSV/,
    ],
    ['text.docx', zipSync({ '[Content_Types].xml': xml, 'word/document.xml': xml }), /is a Word document/],
    ['sheet.ods', zipSync({ mimetype: utf8('application/x'), 'content.xml': xml }), /is an OpenDocument file/],
    ['v.pt', zipSync({ 'v/data.pkl': utf8('x'), 'v/data/0': utf8('x') }), /is a file of PyTorch.*numpy\.save/],
    [
      'v.pkl',
      Uint8Array.of(0x80, 4, 0x95, 0, 0, 0),
      /is a Python pickle, which is never opened\. Save arrays by numpy\.save/,
    ],
    ['v.h5', Uint8Array.of(0x89, 72, 68, 70, 13, 10, 26, 10), /is HDF5/],
    [
      'v.safetensors',
      Uint8Array.from([9, 0, 0, 0, 0, 0, 0, 0, ...utf8('{"a":{}} ')]),
      /safetensors\. Save the tensor as \.npy/,
    ],
    ['t.db', utf8('SQLite format 3\0'), /is an SQLite database\. Export its table as CSV/],
    ['t.pdf', utf8('%PDF-1.7\n%\0\n'), /is a PDF/],
  ];
  for (const [name, bytes, message] of files) {
    await assert.rejects(
      open({ [name]: bytes }),
      (error: Error) => message.test(error.message) && error.message.startsWith(name),
      name,
    );
  }
});

test('archives made to deceive are refused with a sentence', async () => {
  const twice = Buffer.from(zipSync({ 'rows.csv': CSV, 'rowt.csv': CSV }));
  for (let at = twice.indexOf('rowt.csv'); at !== -1; at = twice.indexOf('rowt.csv')) twice.write('rows.csv', at);
  const encrypted = Buffer.from(zipSync({ 'rows.csv': CSV }));
  encrypted.writeUInt16LE(1, encrypted.indexOf(Buffer.from('504b0102', 'hex')) + 8);
  const damaged = Buffer.from(zipSync({ 'rows.csv': [CSV, { level: 0 }] }));
  const named = (name: string): Zippable => ({ [name]: CSV });
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [zipSync(named('../../etc/rows.csv')), /named "\.\.\/\.\.\/etc\/rows\.csv", which leads out of the archive/],
    [zipSync(named('/etc/rows.csv')), /which leads out of the archive/],
    [zipSync(named('C:/rows.csv')), /which leads out of the archive/],
    [zipSync(named('a\\..\\..\\rows.csv')), /which leads out of the archive/],
    [twice, /holds two files named "rows\.csv"/],
    [encrypted, /rows\.csv in a\.zip is encrypted\. Pack it without a password\./],
    [damaged.subarray(0, -30), /a\.zip is cut off or damaged: the list of its files, at its end, is missing/],
    [zipSync({}), /a\.zip holds no file to import/],
  ];
  for (const [bytes, message] of cases) await assert.rejects(open({ 'a.zip': bytes }), { name: 'UserError', message });
  const link = zipSync({ 'rows.csv': [strToU8('/etc/passwd'), { os: 3, attrs: 0o120777 << 16 }] });
  await assert.rejects(open({ 'a.zip': link }), /rows\.csv in a\.zip is a link\. Links are not followed/);
});

test('a TAR with a link, or with a name that leads out of it, is refused', async () => {
  const linked = pack();
  linked.entry({ name: 'rows.csv', type: 'symlink', linkname: '/etc/passwd' });
  linked.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of linked) if (piece instanceof Uint8Array) pieces.push(piece);
  await assert.rejects(
    open({ 'a.tar': Buffer.concat(pieces) }),
    /which is no file but a symlink\. Links are not followed/,
  );
  await assert.rejects(open({ 'a.tar': await tarBytes({ '../rows.csv': CSV }) }), /which leads out of the archive/);
});

test('a member whose bytes are not what the archive says is damaged', async () => {
  const bytes = Buffer.from(zipSync({ 'rows.csv': [utf8(`id,name\n${'1,a\n'.repeat(5000)}`), { level: 9 }] }));
  bytes.writeUInt32LE(7, bytes.indexOf(Buffer.from('504b0102', 'hex')) + 16); // its checksum in the list of files
  await assert.rejects(openOne({ 'a.zip': bytes }).then(readTable), /rows\.csv in a\.zip is damaged/);
});

test('a gzip that unpacks to 250 times its size and more than 256 MiB is a bomb', async () => {
  const zeros = gzipSync(Buffer.alloc(16 << 20));
  const bomb = Buffer.concat(Array.from({ length: 20 }, () => zeros)); // members of one gzip, one after the other
  const header = gzipSync(npyBytes('|u1', [20, 16 << 20], new Uint8Array(0)));
  const table = await openOne({ 'a.npy.gz': Buffer.concat([header, bomb]) });
  await assert.rejects(readTable(table), { name: 'UserError', code: 'LIMIT_EXCEEDED' });
});

test('images in folders are rows with their folder, joined with the table that names them', async () => {
  const table = await openOne({
    'photos/cats/1.png': await picture('red'),
    'photos/dogs/2.png': await picture('blue'),
    'photos/dogs/3.png': await picture('green'),
    'photos/labels.csv': utf8('file,caption\ncats/1.png,a cat\n2.png,a dog\nnone.png,nothing\n'),
  });
  assert.deepEqual(
    table.columns.map(({ name, type }) => `${name} ${type}`),
    ['key text', 'image image', 'folder text', 'file text', 'caption text'],
  );
  const { rows, rejected } = await readTable(table);
  assert.deepEqual(
    rows.map(({ cells: [key, , ...rest] }) => [key, ...rest]),
    [
      ['cats/1', 'cats', 'cats/1.png', 'a cat'],
      ['dogs/2', 'dogs', '2.png', 'a dog'],
      ['dogs/3', 'dogs', null, null],
    ],
  );
  assert.deepEqual(rejected, [
    { index: 3, line: 4, reason: '"none.png" is not among the images', file: 'photos/labels.csv' },
  ]);
  assert.deepEqual(rows[0]?.cells[1], await picture('red'));
});

test('what poses as an image is kept out, and its row says what it is', async () => {
  const svg = (inside: string) => utf8(`<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8">${inside}</svg>`);
  const bomb = Buffer.from(await picture('red'));
  bomb.writeUInt32BE(60_000, 16); // width and height in the header of a PNG
  bomb.writeUInt32BE(60_000, 20);
  const posing: Readonly<Record<string, readonly [Uint8Array, RegExp | null]>> = {
    'good.png': [await picture('red'), null],
    'good.svg': [svg('<circle r="3"/><use href="#a"/>'), null],
    'html.png': [
      utf8('<!DOCTYPE html><html><script>alert(1)</script></html>'),
      /it is no image: it begins with "<!DOCTYPE html>/,
    ],
    'empty.png': [new Uint8Array(0), /the image is empty/],
    'cut.png': [(await picture('red')).subarray(0, 20), /cannot be decoded/],
    'bomb.png': [bomb, /pixels|cannot be decoded/],
    'script.svg': [svg('<script>alert(1)</script>'), /the SVG holds a script/],
    'handler.svg': [svg('<circle onload="alert(1)" r="3"/>'), /the SVG holds an event handler/],
    'remote.svg': [svg('<image href="http://192.0.2.1/a.png"/>'), /the SVG refers to another file/],
    'file.svg': [svg('<image xlink:href="file:///etc/passwd"/>'), /the SVG refers to another file/],
    'style.svg': [
      svg('<style>@import url(http://192.0.2.1/a.css)</style>'),
      /the SVG (?:refers to another file|imports a style sheet)/,
    ],
    'foreign.svg': [svg('<foreignObject><p>x</p></foreignObject>'), /the SVG holds a foreign document/],
    'entity.svg': [
      utf8(`<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"/>`),
      /no image|declares entities/,
    ],
  };
  const files = Object.fromEntries(Object.entries(posing).map(([name, [bytes]]) => [name, bytes]));
  const { records } = await readTable(await openOne(files));
  for (const [i, [name, [, message]]] of Object.entries(posing).entries()) {
    const record = records[i];
    assert.ok(record);
    if (message === null) assert.ok('cells' in record, `${name}: ${JSON.stringify(record)}`);
    else assert.match('reason' in record ? record.reason : 'taken', message, name);
  }
});

test("the files that a projector's config names are one group", async () => {
  const sprite = await sharp(Buffer.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]), {
    raw: { width: 2, height: 2, channels: 3 },
  })
    .resize(8, 8, { kernel: 'nearest' })
    .png()
    .toBuffer();
  const config = {
    embeddings: [
      {
        tensorName: 'digits',
        tensorShape: [3, 2],
        tensorPath: 'digits.bytes',
        metadataPath: 'oss_data/labels.tsv',
        sprite: { imagePath: 'sprite.png', singleImageDim: [4, 4] },
      },
      { tensorName: 'text', tensorPath: 'text.tsv' },
    ],
  };
  const tables = await open({
    'p/projector_config.json': utf8(JSON.stringify(config)),
    'p/digits.bytes': float32Bytes([1, 2, 3, 4, 5, 6]),
    'p/oss_data/labels.tsv': utf8('one\ntwo\nthree\n'),
    'p/sprite.png': sprite,
    'p/text.tsv': utf8(tensorText(4)),
  });
  assert.deepEqual(
    tables.map(({ name, group }) => `${name} of ${group}`),
    ['digits of digits', 'labels of digits', 'sprite of digits', 'text of text'],
  );
  const [digits, labels, images, text] = tables;
  assert.ok(digits && labels && images && text);
  assert.deepEqual(await cellsOf(digits), [[[1, 2]], [[3, 4]], [[5, 6]]]);
  assert.deepEqual(await cellsOf(labels), [['one'], ['two'], ['three']]);
  assert.deepEqual((await cellsOf(text))[3], [vectorOf(3)]);
  const colors = await Promise.all(
    (await cellsOf(images)).map(async ([image]) => {
      assert.ok(image instanceof Uint8Array);
      const { data, info } = await sharp(image).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      assert.deepEqual([info.width, info.height], [4, 4]);
      return [...data.subarray(0, 3)];
    }),
  );
  assert.deepEqual(colors, [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
  ]);
});

test('a tensor without a config has as many rows as the metadata beside it', async () => {
  const tables = await open({ 'a.bytes': float32Bytes([1, 2, 3, 4, 5, 6]), 'a.tsv': utf8('one\ntwo\n') });
  const tensor = tables.find(({ format }) => format === 'tensor');
  assert.ok(tensor);
  assert.deepEqual(await cellsOf(tensor), [[[1, 2, 3]], [[4, 5, 6]]]);
  await assert.rejects(
    open({ 'a.bytes': float32Bytes([1, 2]) }),
    /is a tensor without a header\. Import it with its metadata/,
  );
  await assert.rejects(
    open({ 'a.bytes': float32Bytes([1, 2, 3]), 'a.tsv': utf8('one\ntwo\n') }),
    /Its 12 bytes are no float32 vectors of 2 rows/,
  );
});

test('a config that names what is not there says so', async () => {
  const config = utf8(JSON.stringify({ embeddings: [{ tensorName: 'a', tensorPath: 'gone.tsv' }] }));
  await assert.rejects(open({ 'projector_config.json': config }), /names gone\.tsv, which is not among the files/);
});
