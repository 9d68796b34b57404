/**
 * Arrow IPC (https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc),
 * streams and files, decoded by flechette. The messages are told apart here and handed over some at a time: memory
 * holds the dictionaries and as many record batches as make 32 MiB, or one where it is larger.
 */
import { type DataType, type Table as Decoded, type ExtractionOptions, Type, tableFromIPC } from '@uwdata/flechette';

import { UserError } from '../../errors.ts';
import { checkColumns } from './arrowColumns.ts';
import {
  checkMessage,
  inflateBatch,
  type MessageHeader,
  readMessageHeader,
  SCHEMA,
  schemaMessage,
} from './arrowMessage.ts';
import type { Cell, ColumnType, OpenOptions, ReadOptions, Rejected, Row, Source, Table } from './format.ts';
import { readRange, seekableSource, stemOf } from './source.ts';
import { readTyped, tellColumns, toCell, toVector } from './typedRows.ts';

const FILE_MAGIC = 'ARROW1';
const FILE_START = 8; // the magic, padded
const FILE_END = 10; // the footer's length, the magic
const CONTINUATION = 0xffffffff;
const GROUP_BYTES = 32 << 20;
const METADATA_LIMIT_BYTES = 64 << 20;
const BATCH_LIMIT_BYTES = 2 ** 31 - 1; // a batch lies in one buffer
const SAMPLE_ROWS = 256;
const RECORDS_PER_BLOCK = 2048;
const EXTRACTION: ExtractionOptions = { useDate: true, useBigInt: true };

const RECORD_BATCH = 3;

export function isArrow(head: Buffer): boolean {
  if (head.toString('latin1', 0, FILE_MAGIC.length) === FILE_MAGIC) return true;
  if (head.length < 8 || head.readUInt32LE(0) !== CONTINUATION) return false;
  const length = head.readUInt32LE(4);
  return length > 0 && length < METADATA_LIMIT_BYTES;
}

interface Message {
  readonly type: number;
  /** The whole message: marker, length and metadata, then the body, at the start of a buffer of its own. */
  readonly bytes: Uint8Array;
}

/** @throws UserError when the schema cannot be read */
export async function arrowTable(given: Source, options: OpenOptions): Promise<Table> {
  const head = await readRange(given, 0, FILE_MAGIC.length);
  const isFile = head.toString('latin1') === FILE_MAGIC;
  const source = isFile ? await seekableSource(given, options.scratchDir, options.signal) : given;
  const schema = await decodeGroup(source, [await firstMessage(source, options.signal)], 0);
  const described = schema.schema.fields.map(({ name, type }) => ({ name, ...describe(type) }));
  const sample: Cell[][] = [];
  for await (const rows of cellBlocks(source, described, options.signal)) {
    sample.push(...rows.slice(0, SAMPLE_ROWS));
    break;
  }
  const columns = tellColumns(described, sample);
  return {
    name: stemOf(source.name),
    file: source.name,
    group: null,
    format: 'Arrow',
    columns: columns.map(({ column }) => column),
    rowCount: null,
    rows: (read) => arrowRows(source, described, columns, read),
  };
}

interface Described {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether it is a list of numbers. */
  readonly list: boolean;
}

function describe(type: DataType): { type: ColumnType; list: boolean } {
  switch (type.typeId) {
    case Type.Dictionary:
      return describe(type.dictionary);
    case Type.RunEndEncoded: {
      const values = type.children[1];
      return values === undefined ? { type: 'json', list: false } : describe(values.type);
    }
    case Type.FixedSizeList:
    case Type.List:
    case Type.LargeList:
    case Type.ListView:
    case Type.LargeListView: {
      const element = type.children[0]?.type.typeId;
      return { type: 'json', list: element === Type.Float || element === Type.Int };
    }
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
    case Type.Null:
      return { type: 'text', list: false };
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
      return { type: 'image', list: false };
    case Type.Struct:
      return { type: isImageStruct(type.children) ? 'image' : 'json', list: false };
    case Type.Bool:
      return { type: 'boolean', list: false };
    case Type.Date:
    case Type.Timestamp:
      return { type: 'date', list: false };
    case Type.Int:
    case Type.Float:
    case Type.Decimal:
    case Type.Time:
    case Type.Duration:
      return { type: 'number', list: false };
    default:
      return { type: 'json', list: false };
  }
}

/** Hugging Face's images: `{bytes, path}`. */
function isImageStruct(children: readonly { readonly name: string; readonly type: DataType }[]): boolean {
  return children.some(({ name, type }) => name === 'bytes' && describe(type).type === 'image');
}

async function* arrowRows(
  source: Source,
  described: readonly Described[],
  columns: ReturnType<typeof tellColumns>,
  { signal, skip = 0 }: ReadOptions = {},
): AsyncGenerator<(Row | Rejected)[]> {
  let index = 0;
  for await (const block of cellBlocks(source, described, signal)) {
    const records: (Row | Rejected)[] = [];
    for (const cells of block) {
      if (index >= skip) records.push(readTyped(cells, columns, index));
      index++;
    }
    if (records.length > 0) yield records;
  }
}

/** The rows of the file, each with a cell per column of the file. */
async function* cellBlocks(
  source: Source,
  described: readonly Described[],
  signal?: AbortSignal,
): AsyncGenerator<Cell[][]> {
  const prelude: Message[] = []; // the schema and the dictionaries so far
  let group: Message[] = [];
  let bytes = 0;
  let done = 0;
  for await (const message of messages(source, signal)) {
    if (message.type !== RECORD_BATCH) {
      if (group.length > 0) yield* decodedRows(await decodeGroup(source, [...prelude, ...group], done), described);
      done += group.length;
      group = [];
      bytes = 0;
      prelude.push(message);
      continue;
    }
    group.push(message);
    bytes += message.bytes.length;
    if (bytes < GROUP_BYTES) continue;
    yield* decodedRows(await decodeGroup(source, [...prelude, ...group], done), described);
    done += group.length;
    group = [];
    bytes = 0;
  }
  if (group.length > 0) yield* decodedRows(await decodeGroup(source, [...prelude, ...group], done), described);
}

async function decodeGroup(source: Source, group: readonly Message[], batchesBefore: number): Promise<Decoded> {
  try {
    const table = tableFromIPC(
      group.map(({ bytes }) => bytes),
      EXTRACTION,
    );
    checkColumns(table);
    return table;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw wrong(source, `cannot be read at record batch ${batchesBefore + 1}: ${reason}`);
  }
}

function* decodedRows(table: Decoded, described: readonly Described[]): Generator<Cell[][]> {
  for (let first = 0; first < table.numRows; first += RECORDS_PER_BLOCK) {
    const count = Math.min(RECORDS_PER_BLOCK, table.numRows - first);
    const rows = Array.from({ length: count }, () => new Array<Cell>(described.length).fill(null));
    for (const [i, { type, list }] of described.entries()) {
      const column = table.getChildAt(i);
      for (let row = 0; row < count; row++) {
        const value: unknown = column.at(first + row);
        const cells = rows[row];
        if (cells !== undefined)
          cells[i] = list ? listCell(value) : type === 'image' ? imageCell(value) : toCell(value);
      }
    }
    yield rows;
  }
}

/** Values are views of the whole batch; a copy lets it go. */
function listCell(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (value instanceof Float32Array) return value.slice();
  return isIterable(value) ? toVector(value) : null;
}

function imageCell(value: unknown): Cell {
  if (value instanceof Uint8Array) return value.slice();
  if (typeof value !== 'object' || value === null || !('bytes' in value)) return null;
  return value.bytes instanceof Uint8Array ? value.bytes.slice() : null;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

async function firstMessage(source: Source, signal?: AbortSignal): Promise<Message> {
  for await (const message of messages(source, signal)) {
    if (message.type === SCHEMA) return message;
    break;
  }
  throw wrong(source, 'is cut off or damaged: it does not begin with a schema');
}

/** The messages of a stream, or of a file between its magic and its footer, which alone surely has the schema. */
async function* messages(source: Source, signal?: AbortSignal): AsyncGenerator<Message> {
  const isFile = (await readRange(source, 0, FILE_MAGIC.length)).toString('latin1') === FILE_MAGIC;
  if (isFile) {
    const { schema, start } = await readFooter(source);
    yield schema;
    yield* streamed(source, new ByteQueue(source.open({ start: FILE_START, end: start })), true, signal);
  } else {
    yield* streamed(source, new ByteQueue(source.open()), false, signal);
  }
}

async function readFooter(source: Source): Promise<{ readonly schema: Message; readonly start: number }> {
  const size = source.size ?? 0;
  const tail = await readRange(source, Math.max(0, size - FILE_END), FILE_END); // the footer's length, and the magic
  if (tail.length < FILE_END || tail.toString('latin1', 4) !== FILE_MAGIC) throw cutOff(source);
  const length = tail.readInt32LE(0);
  const start = size - FILE_END - length;
  if (length <= 0 || start < FILE_START) throw cutOff(source);
  try {
    const metadata = schemaMessage(await readRange(source, start, length));
    const view = new DataView(metadata.buffer, metadata.byteOffset, metadata.length);
    checkMessage(view, readMessageHeader(view));
    return { schema: { type: SCHEMA, bytes: framed(metadata, new Uint8Array(0)) }, start };
  } catch (error) {
    throw error instanceof RangeError ? wrong(source, 'is damaged: its footer cannot be read') : error;
  }
}

async function* streamed(
  source: Source,
  bytes: ByteQueue,
  isFile: boolean,
  signal?: AbortSignal,
): AsyncGenerator<Message> {
  while (true) {
    signal?.throwIfAborted();
    const prefix = await bytes.take(4);
    if (prefix === null) {
      if (bytes.left > 0) throw cutOff(source);
      return; // the mark at the end may be left out
    }
    const marker = prefix.readUInt32LE(0);
    // Before version 0.15 the length stood at once.
    const length = marker === CONTINUATION ? (await bytes.take(4))?.readUInt32LE(0) : marker;
    if (length === undefined) throw cutOff(source);
    if (length === 0) return;
    if (length > METADATA_LIMIT_BYTES) throw wrong(source, 'is damaged: a message of impossible length');
    const metadata = await bytes.take(length);
    if (metadata === null) throw cutOff(source);
    const message = await readMessage(source, metadata, bytes);
    if (!isFile || message.type !== SCHEMA) yield message;
  }
}

async function readMessage(source: Source, metadata: Buffer, bytes: ByteQueue): Promise<Message> {
  const view = new DataView(metadata.buffer, metadata.byteOffset, metadata.length);
  let header: MessageHeader;
  try {
    header = readMessageHeader(view);
    checkMessage(view, header);
  } catch {
    throw wrong(source, 'is damaged: a message that cannot be read');
  }
  if (header.bodyLength < 0 || header.bodyLength > BATCH_LIMIT_BYTES) {
    throw wrong(source, `has a record batch of ${header.bodyLength} bytes. Write it in batches of at most 2 GiB`);
  }
  const body = await bytes.take(header.bodyLength);
  if (body === null) throw cutOff(source);
  let whole: { metadata: Buffer; body: Uint8Array };
  try {
    whole = header.type === SCHEMA ? { metadata, body } : inflateBatch(metadata, header, body);
  } catch (error) {
    throw wrong(
      source,
      `has a compressed batch that cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
  return { type: header.type, bytes: framed(whole.metadata, whole.body) };
}

/** A message of its marker, its length, its metadata and its body, in a buffer of its own, for the body's alignment. */
function framed(metadata: Uint8Array, body: Uint8Array): Uint8Array {
  const message = new Uint8Array(8 + metadata.length + body.length);
  const view = new DataView(message.buffer);
  view.setUint32(0, CONTINUATION, true);
  view.setUint32(4, metadata.length, true);
  message.set(metadata, 8);
  message.set(body, 8 + metadata.length);
  return message;
}

/** Hands out exact numbers of bytes from pieces of any size. */
class ByteQueue {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Bytes read and not taken. */
  get left(): number {
    return this.#heldBytes;
  }

  /** The next bytes without taking them; fewer where there are no more. */
  async peek(count: number): Promise<Buffer> {
    while (this.#heldBytes < count) {
      const next = await this.#pieces.next();
      if (next.done) break;
      this.#held.push(next.value);
      this.#heldBytes += next.value.length;
    }
    if (this.#held.length > 1) this.#held = [Buffer.concat(this.#held)];
    const [held = new Uint8Array(0)] = this.#held;
    return Buffer.from(held.buffer, held.byteOffset, Math.min(count, held.length));
  }

  /** The next bytes, or null where there are fewer. */
  async take(count: number): Promise<Buffer | null> {
    const bytes = await this.peek(count);
    if (bytes.length < count) return null;
    const [held = new Uint8Array(0)] = this.#held;
    this.#held = held.length > count ? [held.subarray(count)] : [];
    this.#heldBytes -= count;
    return bytes;
  }
}

function cutOff(source: Source): UserError {
  return wrong(source, 'is cut off. Get the file again');
}

function wrong(source: Source, what: string): UserError {
  return new UserError('BAD_USER_INPUT', `${source.name} ${what}.`, { file: source.name });
}
