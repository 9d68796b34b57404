/** A small valid file of each format, written by hand from its description or by another implementation. */
import { gzipSync } from 'node:zlib';
import {
  Dictionary,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  Int32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { zipSync } from 'fflate';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { pack } from 'tar-stream';

import { utf8 } from './pieces.ts';

export interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Rows of the table, or of the largest of its tables. */
  readonly rows: number;
  /** Whether a cut can go unseen within the last row, as in every format of lines. */
  readonly lines: boolean;
}

const WORDS = ['the', 'of', 'façade', 'at name@domain.com', '日本', '"', ',', 'end'];
const DIMENSION = 5;

/** Numbers that float32 holds exactly and few digits write. */
export function vectorOf(row: number, dimension = DIMENSION): number[] {
  return Array.from({ length: dimension }, (_, i) => ((row * 31 + i * 7) % 64) / 8 - 4);
}

/** An .npy as numpy.lib.format describes it. */
export function npyBytes(descr: string, shape: readonly number[], data: Uint8Array, fortran = false): Uint8Array {
  const shapeText = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shapeText}, }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(length, 8);
  header.write(text, 10, 'latin1');
  header.write('\n', 10 + length - 1);
  return Buffer.concat([header, data]);
}

export function float32Bytes(values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

function vectorsOf(rows: number): number[] {
  return Array.from({ length: rows }, (_, row) => vectorOf(row)).flat();
}

export function idxBytes(type: number, shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt8(type, 2);
  header.writeUInt8(shape.length, 3);
  for (const [i, length] of shape.entries()) header.writeUInt32BE(length, 4 + 4 * i);
  return Buffer.concat([header, data]);
}

export function fvecsBytes(rows: readonly (readonly number[])[]): Uint8Array {
  return Buffer.concat(rows.flatMap((row) => [new Uint8Array(Int32Array.of(row.length).buffer), float32Bytes(row)]));
}

export function word2vecBytes(words: readonly string[], newline: string): Uint8Array {
  const vectors = words.flatMap((word, row) => [utf8(`${word} `), float32Bytes(vectorOf(row)), utf8(newline)]);
  return Buffer.concat([utf8(`${words.length} ${DIMENSION}\n`), ...vectors]);
}

export function parquetBytes(rows: number, options: { rowGroupSize?: number; pageSize?: number } = {}): Uint8Array {
  const indices = Array.from({ length: rows }, (_, row) => row);
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: 'id', data: Int32Array.from(indices) },
      { name: 'name', data: indices.map((row) => (row % 7 === 3 ? null : `name ${row}`)) },
      { name: 'embedding', data: indices.map((row) => vectorOf(row)) },
      { name: 'seen', data: indices.map((row) => new Date(Date.UTC(2024, 0, 1 + (row % 28)))) },
    ],
    schema: [
      { name: 'root', num_children: 4 },
      { name: 'id', type: 'INT32', repetition_type: 'REQUIRED' },
      { name: 'name', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      { name: 'embedding', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'FLOAT', repetition_type: 'OPTIONAL' },
      { name: 'seen', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type: 'OPTIONAL' },
    ],
    ...options,
  });
  return new Uint8Array(buffer);
}

/** Written by Apache Arrow's own JavaScript implementation, with as many record batches as asked for. */
export function arrowBytes(rows: number, format: 'stream' | 'file', batches = 3): Uint8Array {
  const step = Math.ceil(rows / batches);
  const list = new FixedSizeList(DIMENSION, new Field('item', new Float32(), false));
  const word = new Dictionary(new Utf8(), new Int32(), 7);
  const words = vectorFromArray(WORDS, new Utf8());
  const fields = [new Field('word', word), new Field('vector', list), new Field('number', new Float64(), true)];
  const schema = new Schema(fields);
  const parts = Array.from({ length: batches }, (_, batch) => {
    const indices = Array.from({ length: Math.min(step, rows - batch * step) }, (_, i) => batch * step + i);
    const keys = Int32Array.from(indices, (row) => row % WORDS.length);
    const values = float32Data(indices.flatMap((row) => vectorOf(row)));
    const numbers = vectorFromArray(
      indices.map((row) => (row % 3 === 0 ? null : row / 2)),
      new Float64(),
    );
    const children = [
      makeData({ type: word, data: keys, dictionary: words }),
      makeData({ type: list, length: indices.length, child: values }),
      numbers.data[0],
    ].filter((data) => data !== undefined);
    return new RecordBatch(schema, makeData({ type: new Struct(fields), length: indices.length, children }));
  });
  return tableToIPC(new Table(parts), format);
}

function float32Data(values: readonly number[]) {
  return makeData({ type: new Float32(), data: Float32Array.from(values) });
}

export async function tarBytes(members: Readonly<Record<string, Uint8Array>>): Promise<Uint8Array> {
  const archive = pack();
  for (const [name, bytes] of Object.entries(members)) archive.entry({ name }, Buffer.from(bytes));
  archive.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of archive) if (piece instanceof Uint8Array) pieces.push(piece);
  return Buffer.concat(pieces);
}

const CSV = [
  'id;name;note;x_0;x_1;x_2;x_3',
  '1;"a ""b""";;0.5;1;-2;1e-3',
  '2;"two',
  'lines; and more";späße;1;2;3;4',
  '3;;日本語;4;5;6;7',
  '4;z;"";7;8;9;10',
].join('\r\n');

const JSON_ROWS = [
  { id: 1, text: 'a "quoted" {brace} [bracket]', vector: [0.5, 1, -2], at: '2024-02-29' },
  { id: 2, text: 'späße 日本語 \\', vector: [1, 2, 3], at: '2024-03-01', nested: { a: [1, { b: null }] } },
  { id: 3, text: null, vector: [4, 5, 6], at: '2024-03-02' },
];

/** One of each. */
export async function samples(): Promise<readonly Sample[]> {
  const npy = npyBytes('<f4', [12, DIMENSION], float32Bytes(vectorsOf(12)));
  const glove = WORDS.map((word, row) => `${word} ${vectorOf(row).join(' ')}`).join('\n');
  const images = idxBytes(
    8,
    [6, 3, 4],
    Uint8Array.from({ length: 72 }, (_, i) => i),
  );
  return [
    { name: 'rows.csv', bytes: utf8(`${CSV}\r\n`), rows: 4, lines: true },
    { name: 'marked.csv', bytes: Buffer.concat([Uint8Array.of(0xef, 0xbb, 0xbf), utf8(CSV)]), rows: 4, lines: true },
    { name: 'excel.csv', bytes: Buffer.from(`\ufeff${CSV}`, 'utf16le'), rows: 4, lines: true },
    { name: 'tensor.tsv', bytes: utf8(tensorText(9)), rows: 9, lines: true },
    { name: 'rows.jsonl', bytes: utf8(JSON_ROWS.map((row) => JSON.stringify(row)).join('\n')), rows: 3, lines: true },
    { name: 'list.json', bytes: utf8(JSON.stringify(JSON_ROWS, null, 2)), rows: 3, lines: false },
    { name: 'glove.txt', bytes: utf8(glove), rows: WORDS.length, lines: true },
    { name: 'text.vec', bytes: utf8(`${WORDS.length} ${DIMENSION}\n${glove}\n`), rows: WORDS.length, lines: true },
    { name: 'google.bin', bytes: word2vecBytes(['a', 'façade', 'c_d'], '\n'), rows: 3, lines: false },
    { name: 'gensim.bin', bytes: word2vecBytes(['a', 'façade', 'c_d'], ''), rows: 3, lines: false },
    { name: 'vectors.npy', bytes: npy, rows: 12, lines: false },
    { name: 'arrays.npz', bytes: zipSync({ 'vectors.npy': npy }), rows: 12, lines: false },
    {
      name: 'base.fvecs',
      bytes: fvecsBytes(Array.from({ length: 7 }, (_, row) => vectorOf(row))),
      rows: 7,
      lines: false,
    },
    { name: 'images-idx3-ubyte.gz', bytes: gzipSync(images), rows: 6, lines: false },
    { name: 'rows.parquet', bytes: parquetBytes(40, { rowGroupSize: 25, pageSize: 128 }), rows: 40, lines: false },
    { name: 'stream.arrow', bytes: arrowBytes(20, 'stream'), rows: 20, lines: false },
    { name: 'file.arrow', bytes: arrowBytes(20, 'file'), rows: 20, lines: false },
    {
      name: 'vectors.zip',
      bytes: zipSync({ 'a/vectors.npy': npy, 'a/README.md': utf8('what it is') }),
      rows: 12,
      lines: false,
    },
    { name: 'vectors.tar.gz', bytes: gzipSync(await tarBytes({ 'a/vectors.npy': npy })), rows: 12, lines: false },
  ];
}

export function tensorText(rows: number): string {
  return Array.from({ length: rows }, (_, row) => `${vectorOf(row).join('\t')}\n`).join('');
}
