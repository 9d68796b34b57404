import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inflateSync } from 'node:zlib';

import { isMatrixTable, isRejected, type Table } from '../../../../server/datasets/formats/format.ts';
import { recordBlocks } from '../../../../server/datasets/formats/matrix.ts';
import { openTables } from '../../../../server/datasets/formats/openTables.ts';
import { fileSource } from '../../../../server/datasets/formats/source.ts';
import fc from '../../../helpers/laws.ts';
import { cellsOf, piecesSource, readTable, utf8 } from './pieces.ts';
import { float32Bytes, fvecsBytes, idxBytes, npyBytes, vectorOf, word2vecBytes } from './samples.ts';

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

test('records in blocks are those of the file, whatever its pieces, each block in a buffer of its own', async () => {
  const bytes = Uint8Array.from({ length: 700 }, (_, i) => i % 251);
  const path = join(scratchDir, 'records');
  await writeFile(path, bytes);
  const file = await fileSource(path);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 0, max: 3 }),
      fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 6 }),
      async (recordBytes, blockRecords, start, skip, cuts) => {
        const recordCount = Math.floor((bytes.length - start) / recordBytes);
        const wanted = bytes.slice(start + skip * recordBytes, start + recordCount * recordBytes);
        for (const source of [file, piecesSource('records', bytes, cuts)]) {
          const layout = { source, start, recordBytes, recordCount, blockRecords };
          const blocks = [];
          for await (const block of recordBlocks(layout, { skip })) {
            assert.equal(block.firstIndex, skip + blocks.length * blockRecords);
            assert.equal(block.bytes.length, block.count * recordBytes);
            assert.equal(block.bytes.byteLength, block.bytes.buffer.byteLength);
            blocks.push(block.bytes);
          }
          assert.deepEqual(new Uint8Array(Buffer.concat(blocks)), wanted);
        }
      },
    ),
    { numRuns: 60 },
  );
});

// Written by NumPy 2.4.6, numpy.lib.format.write_array and numpy.savez_compressed; the .npy then by zlib.compress.
const golden = {
  // np.array([[0.5, -2, 65504], [6e-8, 1, -0.25]], dtype='<f2')
  half: 'eNqb7BfqGxDJyFDGUK2eklqcXKRupaBuk2akrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgrGmjoKtQpkAy4GC4YD/6sZGRhsGLYAALSRHs0=',
  // np.arange(6, dtype='>f8').reshape(3, 2) / 4
  bigEndian:
    'eNqb7BfqGxDJyFDGUK2eklqcXKRupaBuk2ahrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RrGOgpGmjoKtQpkAy4GFHDBHkI/gNIvoPQHKP3FHgDgRiEn',
  // np.asfortranarray(np.arange(24, dtype='<i2').reshape(2, 3, 4))
  fortran:
    'eNqb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mkrqOgnpZfVFKUmBefX5SSChIPKSpNBQoXZyQWpAK5GkY6CsY6CiaaOgq1CmQCLgYGHgYWBgEGDgYRBkYGXgZWBkEGTgZRBiYGPgY2BiEGLgYxBmYGfgZ2BmEGbgZxBgCNVRx2',
  // np.array(['the', 'façade', '日本', '']), version (3, 0)
  unicode:
    'eNqb7BfqGxDJzFDCwMBQrZ6SWpxcpG6loG4Taqauo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GiY6mjoKtQpkAy6QvRlAnMqACtKAOBGIn0PpFKiap0BCJ52BaAAAu/QhAg==',
  // np.array([b'ab', b'c'])
  bytes: 'eNqb7BfqGxDJyFDGUK2eklqcXKRupaBeE2ykrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOpo6CrUKFACuxKRkBgDWJRyq',
  // np.array([1, -2, 2**53 + 1], dtype='<i8')
  integers:
    'eNqb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mhrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RrGOpo6CrUKFAAuRgYI+PcfAiB8BQYASusjeg==',
  // np.array([True, False])
  booleans: 'eNqb7BfqGxDJyFDGUK2eklqcXKRupaBek2SorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOpo6CrUKFAAuRgYAoZgbkw==',
  // np.savez_compressed(f, vectors=np.arange(6, dtype='<f4').reshape(3, 2), labels=np.array(['a', 'b', 'c']), other=np.arange(2))
  npz: 'UEsDBC0AAAAIAAAAIQDMypy9//////////8LABQAdmVjdG9ycy5ucHkBABAAmAAAAAAAAABVAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6CkaaOgq1CmQDLgYwaLAHEg5ABMQNQLzAAQBQSwMELQAAAAgAAAAhAH6NQVf//////////woAFABsYWJlbHMubnB5AQAQAIwAAAAAAAAATQAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuE2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RrGOpo6CrUKFACuRAYGhiQgTgZiAFBLAwQtAAAACAAAACEAfmr7yf//////////CQAUAG90aGVyLm5weQEAEACQAAAAAAAAAEkAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNpoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaRjqaOgq1ChQALgYoYITSAFBLAQItAy0AAAAIAAAAIQDMypy9VQAAAJgAAAALAAAAAAAAAAAAAACAAQAAAAB2ZWN0b3JzLm5weVBLAQItAy0AAAAIAAAAIQB+jUFXTQAAAIwAAAAKAAAAAAAAAAAAAACAAZIAAABsYWJlbHMubnB5UEsBAi0DLQAAAAgAAAAhAH5q+8lJAAAAkAAAAAkAAAAAAAAAAAAAAIABGwEAAG90aGVyLm5weVBLBQYAAAAAAwADAKgAAACfAQAAAAA=',
};

const goldenNpy = (name: Exclude<keyof typeof golden, 'npz'>) =>
  open(`${name}.npy`, inflateSync(Buffer.from(golden[name], 'base64')));

test('arrays that NumPy wrote have the numbers that it wrote', async () => {
  assert.deepEqual(await cellsOf(await goldenNpy('half')), [[[0.5, -2, 65504]], [[2 ** -24, 1, -0.25]]]);
  assert.deepEqual(await cellsOf(await goldenNpy('bigEndian')), [[[0, 0.25]], [[0.5, 0.75]], [[1, 1.25]]]);
  assert.deepEqual(await cellsOf(await goldenNpy('fortran')), [
    [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    [[12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]],
  ]);
  assert.deepEqual(await cellsOf(await goldenNpy('unicode')), [['the'], ['façade'], ['日本'], ['']]);
  assert.deepEqual(await cellsOf(await goldenNpy('bytes')), [['ab'], ['c']]);
  assert.deepEqual(await cellsOf(await goldenNpy('integers')), [[1], [-2], ['9007199254740993']]);
  assert.deepEqual(await cellsOf(await goldenNpy('booleans')), [[true], [false]]);
});

test('the arrays of an .npz with as many rows are one group', async () => {
  const tables = await openTables([piecesSource('data.npz', Buffer.from(golden.npz, 'base64'))], { scratchDir });
  assert.deepEqual(
    tables.map(({ name, group, rowCount, columns }) => ({ name, group, rowCount, type: columns[0]?.type })),
    [
      { name: 'vectors', group: 'data 3', rowCount: 3, type: 'vector' },
      { name: 'labels', group: 'data 3', rowCount: 3, type: 'text' },
      { name: 'other', group: 'data 2', rowCount: 2, type: 'number' },
    ],
  );
  const [vectors, labels] = tables;
  assert.ok(vectors && labels);
  assert.deepEqual(await cellsOf(vectors), [[[0, 1]], [[2, 3]], [[4, 5]]]);
  assert.deepEqual(await cellsOf(labels), [['a'], ['b'], ['c']]);
});

test('every type of number comes out as written', async () => {
  const values = [1, 2, 3, 100];
  const types: readonly (readonly [string, Uint8Array])[] = [
    ['<f8', new Uint8Array(Float64Array.from(values).buffer)],
    ['|i1', new Uint8Array(Int8Array.from(values).buffer)],
    ['<i2', new Uint8Array(Int16Array.from(values).buffer)],
    ['<i4', new Uint8Array(Int32Array.from(values).buffer)],
    ['<i8', new Uint8Array(BigInt64Array.from(values, BigInt).buffer)],
    ['|u1', Uint8Array.from(values)],
    ['<u2', new Uint8Array(Uint16Array.from(values).buffer)],
    ['<u4', new Uint8Array(Uint32Array.from(values).buffer)],
    ['<u8', new Uint8Array(BigUint64Array.from(values, BigInt).buffer)],
    ['>i4', Buffer.from(Int32Array.from(values).buffer).swap32()],
    ['>f4', Buffer.from(Float32Array.from(values).buffer).swap32()],
  ];
  for (const [descr, bytes] of types) {
    assert.deepEqual(await cellsOf(await open('a.npy', npyBytes(descr, [2, 2], bytes))), [[[1, 2]], [[3, 100]]], descr);
  }
});

test('a row with NaN or an infinity is kept out, and the rows around it are not', async () => {
  const values = [1, 2, Number.NaN, 4, 5, 6, Number.NEGATIVE_INFINITY, 8, 9, 10];
  const table = await open('a.npy', npyBytes('<f4', [5, 2], float32Bytes(values)));
  const { rows, rejected } = await readTable(table);
  assert.deepEqual(
    rows.map(({ index }) => index),
    [0, 2, 4],
  );
  assert.deepEqual(
    rejected.map(({ line, reason }) => `${line}: ${reason}`),
    [
      '2: number 1 of the vector is NaN; wanted: finite numbers within the range of float32',
      '4: number 1 of the vector is -Infinity; wanted: finite numbers within the range of float32',
    ],
  );
  assert.ok(isMatrixTable(table));
  const blocks: number[] = [];
  for await (const block of table.matrix.blocks())
    if (!isRejected(block)) blocks.push(block.firstIndex, ...block.values);
  assert.deepEqual(blocks, [0, 1, 2, 2, 5, 6, 4, 9, 10]);
});

test('a column of numbers has null where NumPy has NaN', async () => {
  const bytes = float32Bytes([1.5, Number.NaN, Number.POSITIVE_INFINITY]);
  assert.deepEqual(await cellsOf(await open('a.npy', npyBytes('<f4', [3], bytes))), [[1.5], [null], [null]]);
});

test('bytes of images in .npy and IDX are pixels of their size', async () => {
  const npy = await open('a.npy', npyBytes('|u1', [2, 3, 4, 3], new Uint8Array(72)));
  assert.ok(isMatrixTable(npy));
  assert.deepEqual(npy.matrix.pixels, { width: 4, height: 3, channels: 3 });
  const idx = await open(
    'train-images-idx3-ubyte',
    idxBytes(
      8,
      [2, 3, 4],
      Uint8Array.from({ length: 24 }, (_, i) => i),
    ),
  );
  assert.ok(isMatrixTable(idx));
  assert.deepEqual(idx.matrix.pixels, { width: 4, height: 3, channels: 1 });
  assert.equal(idx.group, 'train');
  assert.deepEqual((await cellsOf(idx))[1], [[12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]]);
});

test('IDX of other types is read big-endian', async () => {
  const floats = Buffer.from(Float32Array.of(0.5, -2, 3, 4).buffer).swap32();
  assert.deepEqual(await cellsOf(await open('a.idx', idxBytes(13, [2, 2], floats))), [[[0.5, -2]], [[3, 4]]]);
  const shorts = Buffer.from(Int16Array.of(-1, 300).buffer).swap16();
  const labels = await open('train-labels-idx1', idxBytes(11, [2], shorts));
  assert.deepEqual(await cellsOf(labels), [[-1], [300]]);
  assert.deepEqual(labels.columns, [{ name: 'label', type: 'number', role: 'label' }]);
});

test('.fvecs, .ivecs and .bvecs have their numbers', async () => {
  assert.deepEqual(
    await cellsOf(
      await open(
        'a.fvecs',
        fvecsBytes([
          [0.5, 1],
          [2, -3],
        ]),
      ),
    ),
    [[[0.5, 1]], [[2, -3]]],
  );
  const ivecs = new Uint8Array(Int32Array.of(2, 7, 8, 2, 9, -1).buffer);
  assert.deepEqual(await cellsOf(await open('a.ivecs', ivecs)), [[[7, 8]], [[9, -1]]]);
  const bvecs = Buffer.from('0300000001020303000000040506', 'hex');
  assert.deepEqual(await cellsOf(await open('a.bvecs', bvecs)), [[[1, 2, 3]], [[4, 5, 6]]]);
});

test('a vector of another dimension in the middle of .fvecs ends the reading with its number', async () => {
  const bytes = Buffer.concat([
    fvecsBytes([
      [1, 2],
      [3, 4],
    ]),
    new Uint8Array(Int32Array.of(9, 0, 0).buffer),
  ]);
  await assert.rejects(open('a.fvecs', bytes).then(readTable), {
    name: 'UserError',
    message: /^Vector 3 of a.fvecs says that it has 9 numbers; wanted: 2/,
  });
});

test('word2vec writes a newline after each vector, gensim does not, and both are read', async () => {
  for (const newline of ['\n', '']) {
    assert.deepEqual(await cellsOf(await open('w.bin', word2vecBytes(['of', 'caf\u00e9'], newline))), [
      ['of', vectorOf(0)],
      ['caf\u00e9', vectorOf(1)],
    ]);
  }
});

test('what cannot be read says why, and what to do', async () => {
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['o.npy', npyBytes('|O', [2], new Uint8Array(16)), /holds Python objects \(pickle\), which are never opened/],
    ['c.npy', npyBytes('<c8', [2, 2], new Uint8Array(32)), /holds numbers of the type "<c8"; read are f2/],
    ['s.npy', npyBytes('<f4', [2, 2], new Uint8Array(12)), /an array of 2 x 2 needs \d+ bytes, the file has \d+/],
    ['z.npy', npyBytes('<f4', [2, 0], new Uint8Array(0)), /its rows hold no numbers/],
    ['h.npy', Buffer.from('\x93NUMPY\x01\x00\xff', 'latin1'), /cut off within its header/],
    ['v.npy', Buffer.from('\x93NUMPY\x09\x00\x10\x00abcdefghijklmnop', 'latin1'), /has the .npy version 9/],
    ['i.idx', idxBytes(8, [2, 3, 4], new Uint8Array(23)), /2 x 3 x 4 numbers need 40 bytes, the file has 39/],
    ['f.fvecs', fvecsBytes([[1, 2, 3]]).slice(0, 15), /no whole number of them/],
    ['e.npy', new Uint8Array(0), /^e.npy is empty\.$/],
    ['x.dat', Uint8Array.of(1, 2, 3, 0, 255), /begins with 01 02 03 00 ff.*Understood are CSV/],
    ['page.csv', utf8('<!DOCTYPE html><html></html>'), /begins with 3c 21 44.*<!DOCTYPE html/],
    ['a.npz', utf8('404: Not Found'), /is named \.npz, but its content is another/],
  ];
  for (const [name, bytes, message] of cases) {
    await assert.rejects(open(name, bytes), { name: 'UserError', message, code: 'BAD_USER_INPUT' });
  }
});
