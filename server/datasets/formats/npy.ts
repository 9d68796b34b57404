/**
 * NumPy's .npy, versions 1 to 3: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * Arrays of two and more dimensions are vectors, one per index of the first; arrays of one dimension, and of n x 1,
 * are a column of numbers, booleans or texts. Pickled objects are never opened.
 */
import { endianness } from 'node:os';

import { UserError } from '../../errors.ts';
import type { Cell, ColumnType, Matrix, MatrixBlock, OpenOptions, ReadOptions, Row, Source, Table } from './format.ts';
import { finiteBlocks, matrixTable, recordBlocks } from './matrix.ts';
import { readRange, seekableSource, stemOf } from './source.ts';

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
const HEADER_LIMIT_BYTES = 1 << 20; // a header of NumPy's own is a line of some hundred bytes
// Column-major arrays are read in blocks of this size: one range per column and block, so larger means fewer ranges.
const COLUMN_MAJOR_BLOCK_BYTES = 64 << 20;

export function isNpy(head: Uint8Array): boolean {
  return MAGIC.equals(head.subarray(0, MAGIC.length));
}

interface ElementType {
  readonly kind: 'f' | 'i' | 'u' | 'b' | 'U' | 'S';
  /** Bytes per element. */
  readonly bytes: number;
  readonly littleEndian: boolean;
}

interface Header {
  readonly element: ElementType;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Byte at which the numbers begin. */
  readonly start: number;
}

/**
 * The table in an .npy file. `group` is the .npz it comes from.
 * @throws UserError when the header is not NumPy's, the type cannot be read, or the file is shorter than promised
 */
export async function npyTable(source: Source, options: OpenOptions, group: string | null = null): Promise<Table> {
  const header = await readHeader(source);
  const { element, shape, start, fortranOrder } = header;
  const [rowCount = 0, ...rest] = shape;
  const width = rest.reduce((product, length) => product * length, 1);
  const expected = start + rowCount * width * element.bytes;
  if (source.size !== null && source.size < expected) {
    throw wrong(
      source,
      `is cut off: an array of ${shape.join(' x ')} needs ${expected} bytes, the file has ${source.size}. Get it again`,
    );
  }
  const name = stemOf(source.name);
  const table = { name, file: source.name, group, format: 'NumPy' };
  if (width === 1) {
    return {
      ...table,
      columns: [{ name, type: columnTypeOf(element) }],
      rowCount,
      rows: (read) => scalarRows(source, header, rowCount, read),
    };
  }
  if (width === 0) throw wrong(source, `has the shape ${shape.join(' x ')}: its rows hold no numbers`);
  if (element.kind === 'U' || element.kind === 'S') {
    throw wrong(source, `is a table of texts of ${shape.join(' x ')}; save each of its columns as an array of its own`);
  }
  const seekable = fortranOrder ? await seekableSource(source, options.scratchDir, options.signal) : source;
  const blocks = fortranOrder ? columnMajorBlocks : rowMajorBlocks;
  const pixels = pixelsOf(element, rest);
  const matrix: Matrix = {
    rowCount,
    dimension: width,
    ...(pixels && { pixels }),
    blocks: (read) => finiteBlocks(blocks(seekable, header, rowCount, width, read), width),
  };
  return matrixTable({ ...table, column: name, matrix });
}

/** Bytes of an image per row: n x height x width, or with 1, 3 or 4 channels behind. */
function pixelsOf(element: ElementType, [height, width, channels = 1, more]: readonly number[]): Matrix['pixels'] {
  if (element.kind !== 'u' || element.bytes !== 1 || height === undefined || width === undefined) return undefined;
  return more === undefined && [1, 3, 4].includes(channels) ? { width, height, channels } : undefined;
}

async function readHeader(source: Source): Promise<Header> {
  const head = await readRange(source, 0, 12);
  const major = head[6] ?? 0;
  if (!isNpy(head) || head.length < 12) throw wrong(source, 'is cut off within its header. Get it again');
  if (major < 1 || major > 3) throw wrong(source, `has the .npy version ${major}; 1, 2 and 3 are read`);
  const lengthBytes = major === 1 ? 2 : 4;
  const length = head.readUIntLE(8, lengthBytes);
  if (length > HEADER_LIMIT_BYTES) throw wrong(source, `has a header of ${length} bytes; it is damaged`);
  const start = 8 + lengthBytes + length;
  const bytes = await readRange(source, 8 + lengthBytes, length);
  if (bytes.length < length) throw wrong(source, 'is cut off within its header. Get it again');
  const text = bytes.toString(major === 3 ? 'utf8' : 'latin1');

  const descr = /'descr'\s*:\s*(?:'([^']*)'|(\[))/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shapeText = /'shape'\s*:\s*\(([\d\sL,]*)\)/.exec(text)?.[1];
  if (!descr || !order || shapeText === undefined) {
    throw wrong(source, `has a header that is not NumPy's: ${text.slice(0, 80).trim()}`);
  }
  if (descr[2]) throw wrong(source, 'holds records of named fields; save each field as an array of its own');
  const shape = shapeText
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => Number.parseInt(part, 10));
  if (shape.length === 0) throw wrong(source, 'holds a single value; wanted: an array with a row per item');
  if (!Number.isSafeInteger(shape.reduce((product, part) => product * part, 8))) {
    throw wrong(source, `promises an array of ${shape.join(' x ')}; it is damaged`);
  }
  return { element: elementType(source, descr[1] ?? ''), fortranOrder: order === 'True', shape, start };
}

function elementType(source: Source, descr: string): ElementType {
  const [, order, kind, digits] = /^([<>|=]?)([a-zA-Z?])(\d*)$/.exec(descr) ?? [];
  const size = Number(digits);
  const littleEndian = order === '>' ? false : order === '<' || order === '|' || endianness() === 'LE';
  if (kind === 'O') {
    throw wrong(
      source,
      'holds Python objects (pickle), which are never opened; save texts with dtype=str and vectors as float32',
    );
  }
  if (kind === 'f' && [2, 4, 8].includes(size)) return { kind, bytes: size, littleEndian };
  if ((kind === 'i' || kind === 'u') && [1, 2, 4, 8].includes(size)) return { kind, bytes: size, littleEndian };
  if (kind === 'b' || kind === '?') return { kind: 'b', bytes: 1, littleEndian };
  if (kind === 'U' && size > 0) return { kind, bytes: size * 4, littleEndian };
  if (kind === 'S' && size > 0) return { kind, bytes: size, littleEndian };
  throw wrong(
    source,
    `holds numbers of the type "${descr}"; read are f2, f4, f8, i1 to i8, u1 to u8, bool, str and bytes`,
  );
}

function columnTypeOf({ kind }: ElementType): ColumnType {
  if (kind === 'U' || kind === 'S') return 'text';
  return kind === 'b' ? 'boolean' : 'number';
}

async function* rowMajorBlocks(
  source: Source,
  { element, start }: Header,
  recordCount: number,
  width: number,
  options?: ReadOptions,
): AsyncGenerator<MatrixBlock> {
  const layout = { source, start, recordBytes: width * element.bytes, recordCount };
  for await (const { firstIndex, count, bytes } of recordBlocks(layout, options)) {
    yield { firstIndex, count, values: toFloat32(bytes, element) };
  }
}

/** Reads, for a block of rows, its part of every column and puts it where it belongs. */
async function* columnMajorBlocks(
  source: Source,
  { element, start, shape }: Header,
  rowCount: number,
  width: number,
  options: ReadOptions = {},
): AsyncGenerator<MatrixBlock> {
  const blockRows = Math.max(1, Math.floor(COLUMN_MAJOR_BLOCK_BYTES / (width * 4)));
  const targets = rowMajorPositions(shape.slice(1));
  for (let firstIndex = options.skip ?? 0; firstIndex < rowCount; firstIndex += blockRows) {
    const count = Math.min(blockRows, rowCount - firstIndex);
    const values = new Float32Array(count * width);
    for (const [column, target] of targets.entries()) {
      options.signal?.throwIfAborted();
      const from = start + (column * rowCount + firstIndex) * element.bytes;
      const numbers = toFloat32(new Uint8Array(await readRange(source, from, count * element.bytes)), element);
      for (let row = 0; row < count; row++) values[row * width + target] = numbers[row] ?? 0;
    }
    yield { firstIndex, count, values };
  }
}

/** Where each element of a row in column-major order stands in row-major order. */
function rowMajorPositions(shape: readonly number[]): number[] {
  let positions = [0];
  let stride = shape.reduce((product, length) => product * length, 1);
  for (const length of shape) {
    stride /= length;
    const before = positions;
    // The first axis varies fastest, so a later axis repeats all before it.
    positions = Array.from({ length }, (_, i) => before.map((position) => position + i * stride)).flat();
  }
  return positions;
}

async function* scalarRows(
  source: Source,
  { element, start }: Header,
  recordCount: number,
  options?: ReadOptions,
): AsyncGenerator<Row[]> {
  const layout = { source, start, recordBytes: element.bytes, recordCount, blockRecords: 4096 };
  for await (const { firstIndex, count, bytes } of recordBlocks(layout, options)) {
    const cells = toCells(bytes, element);
    yield Array.from({ length: count }, (_, i) => ({
      index: firstIndex + i,
      line: firstIndex + i + 1,
      cells: [cells[i] ?? null],
    }));
  }
}

/** Numbers as float32. Little-endian f4 is what the bytes are already: nothing is copied. */
function toFloat32(bytes: Uint8Array<ArrayBuffer>, element: ElementType): Float32Array {
  const numbers = typed(bytes, element);
  if (numbers instanceof Float32Array) return numbers;
  if (numbers instanceof BigInt64Array || numbers instanceof BigUint64Array) return Float32Array.from(numbers, Number);
  return new Float32Array(numbers);
}

function toCells(bytes: Uint8Array<ArrayBuffer>, element: ElementType): Cell[] {
  if (element.kind === 'U' || element.kind === 'S') return toTexts(bytes, element);
  if (element.kind === 'b') return Array.from(bytes, (byte) => byte !== 0);
  const numbers = typed(bytes, element);
  if (numbers instanceof BigInt64Array || numbers instanceof BigUint64Array) return Array.from(numbers, exactInteger);
  return Array.from(numbers, (value) => (Number.isFinite(value) ? value : null));
}

/** An integer as a number where that is exact, otherwise as its digits. */
export function exactInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** Fixed-width texts, ended by zeros: UTF-32 for U, bytes (taken for UTF-8) for S. */
function toTexts(bytes: Uint8Array<ArrayBuffer>, element: ElementType): string[] {
  const texts: string[] = [];
  if (element.kind === 'S') {
    const buffer = Buffer.from(bytes.buffer);
    for (let at = 0; at < bytes.length; at += element.bytes) {
      texts.push(buffer.toString('utf8', at, at + element.bytes).replace(/\0+$/, ''));
    }
    return texts;
  }
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += element.bytes) {
    let text = '';
    for (let i = at; i < at + element.bytes; i += 4) {
      const code = view.getUint32(i, element.littleEndian);
      if (code !== 0) text += code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
    }
    texts.push(text);
  }
  return texts;
}

type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** The bytes seen as the numbers they are; turned around in place where their order is not this machine's. */
function typed(bytes: Uint8Array<ArrayBuffer>, { kind, bytes: size, littleEndian }: ElementType): Numbers {
  const { buffer, length } = bytes;
  if (littleEndian !== (endianness() === 'LE') && size > 1) {
    const turned = Buffer.from(buffer, 0, length);
    if (size === 2) turned.swap16();
    else if (size === 4) turned.swap32();
    else turned.swap64();
  }
  const count = length / size;
  if (kind === 'f') {
    if (size === 2) return Float32Array.from(new Uint16Array(buffer, 0, count), fromFloat16);
    return size === 4 ? new Float32Array(buffer, 0, count) : new Float64Array(buffer, 0, count);
  }
  if (kind === 'i') {
    if (size === 1) return new Int8Array(buffer, 0, count);
    if (size === 2) return new Int16Array(buffer, 0, count);
    return size === 4 ? new Int32Array(buffer, 0, count) : new BigInt64Array(buffer, 0, count);
  }
  if (size === 1) return new Uint8Array(buffer, 0, count);
  if (size === 2) return new Uint16Array(buffer, 0, count);
  return size === 4 ? new Uint32Array(buffer, 0, count) : new BigUint64Array(buffer, 0, count);
}

/** IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction. */
export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function wrong(source: Source, what: string): UserError {
  return new UserError('BAD_USER_INPUT', `${source.name} ${what}.`, { file: source.name });
}
