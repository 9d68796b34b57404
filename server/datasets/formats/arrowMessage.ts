/**
 * The metadata of Arrow's messages, as far as telling them apart and uncompressing them takes: a FlatBuffer
 * (https://flatbuffers.dev/internals) of the schema in
 * https://github.com/apache/arrow/blob/main/format/Message.fbs
 */
import { compressors } from 'hyparquet-compressors';

export const SCHEMA = 1;
const DICTIONARY_BATCH = 2;
/** Root, vtable and table of a Message, up to where an aligned footer follows. */
const MESSAGE_BYTES = 40;
const UNION = 14;
const LZ4_FRAME = 0;
const ZSTD = 1;
const STORED = -1n; // in front of a buffer that compression would only have made larger
const ALIGNMENT = 8;
const INFLATED_LIMIT_BYTES = 2 ** 31 - 1;

export interface MessageHeader {
  /** 1 schema, 2 dictionary batch, 3 record batch. */
  readonly type: number;
  readonly bodyLength: number;
  /** Where the message's table, and the record batch's in it, stand. */
  readonly table: number;
  readonly batch: number;
}

/** @throws RangeError when offsets lead out of the metadata */
export function readMessageHeader(view: DataView): MessageHeader {
  const table = view.getUint32(0, true);
  const typeAt = fieldAt(view, table, 1);
  const headerAt = fieldAt(view, table, 2);
  const lengthAt = fieldAt(view, table, 3);
  const type = typeAt === null ? 0 : view.getUint8(typeAt);
  let batch = headerAt === null ? 0 : follow(view, headerAt);
  if (type === DICTIONARY_BATCH && batch !== 0) {
    const dataAt = fieldAt(view, batch, 1);
    batch = dataAt === null ? 0 : follow(view, dataAt);
  }
  const bodyLength = lengthAt === null ? 0 : Number(view.getBigInt64(lengthAt, true));
  return { type, bodyLength, table, batch };
}

const FIELD_LIMIT = 100_000;
const NESTING_LIMIT = 64;
/** Most rows of a batch beyond what its body has bits for: columns of nulls and of runs have no bits of their own. */
const EMPTY_ROW_LIMIT = 1 << 27;
/** Of a struct FieldNode: how many values a column has, and how many of them are null, as int64. */
const NODE_BYTES = 16;

/**
 * Checks the counts in a message's metadata against its bytes: the decoder trusts them, and a damaged one would keep
 * it counting for hours.
 * @throws RangeError for a count or an offset that leads out of the metadata
 */
export function checkMessage(view: DataView, { type, table, batch, bodyLength }: MessageHeader): void {
  if (type === SCHEMA) {
    const headerAt = fieldAt(view, table, 2);
    if (headerAt !== null) checkFields(view, follow(view, headerAt), 1, { left: FIELD_LIMIT }, 0);
    return;
  }
  if (batch === 0) return;
  const rowsAt = fieldAt(view, batch, 0);
  const rows = rowsAt === null ? 0 : Number(view.getBigInt64(rowsAt, true));
  if (rows < 0 || (rows > bodyLength * 8 && rows > EMPTY_ROW_LIMIT)) throw new RangeError(`a batch of ${rows} rows`);
  const [firstColumn] = vectorAt(view, batch, 1, NODE_BYTES);
  if (firstColumn !== undefined && view.getBigInt64(firstColumn, true) !== BigInt(rows)) {
    throw new RangeError(`a batch of ${rows} rows with a column of ${view.getBigInt64(firstColumn, true)}`);
  }
  vectorAt(view, batch, 2, 16);
  vectorAt(view, batch, 4, 8);
}

/** The fields of a schema (its field 1) or of a field (its field 5), and theirs. */
function checkFields(view: DataView, table: number, slot: number, fields: { left: number }, depth: number): void {
  vectorAt(view, table, slot === 1 ? 2 : 6, 4); // metadata
  if (slot === 1) vectorAt(view, table, 3, 8); // features
  const children = vectorAt(view, table, slot, 4);
  fields.left -= children.length;
  if (depth > NESTING_LIMIT || fields.left < 0) throw new RangeError('a schema of too many fields');
  for (const child of children) {
    const field = follow(view, child);
    const typeAt = fieldAt(view, field, 3);
    // A union lists its types; no other type has a vector there.
    if (typeAt !== null && view.getUint8(fieldAt(view, field, 2) ?? 0) === UNION)
      vectorAt(view, follow(view, typeAt), 1, 4);
    checkFields(view, field, 5, fields, depth + 1);
  }
}

/** Where the elements of a table's vector stand. @throws RangeError when they do not fit into the metadata */
function vectorAt(view: DataView, table: number, field: number, elementBytes: number): readonly number[] {
  const at = fieldAt(view, table, field);
  if (at === null) return [];
  const vector = follow(view, at);
  const length = view.getUint32(vector, true);
  if (vector + 4 + length * elementBytes > view.byteLength) throw new RangeError(`a list of ${length}`);
  return Array.from({ length }, (_, i) => vector + 4 + i * elementBytes);
}

/**
 * The message of a schema, from the footer of a file: some writers put it nowhere else. A Message table is laid out in
 * front of the footer and refers to the schema in it.
 * @throws RangeError when offsets lead out of the footer
 */
export function schemaMessage(footer: Buffer): Buffer {
  const view = new DataView(footer.buffer, footer.byteOffset, footer.length);
  const table = view.getUint32(0, true);
  const versionAt = fieldAt(view, table, 0);
  const schemaAt = fieldAt(view, table, 1);
  if (schemaAt === null) throw new RangeError('a footer without a schema');
  const schema = follow(view, schemaAt);

  const message = Buffer.alloc(MESSAGE_BYTES + Math.ceil(footer.length / ALIGNMENT) * ALIGNMENT);
  message.writeUInt32LE(16, 0); // the root: the table behind its vtable
  message.writeUInt16LE(12, 4); // vtable: its bytes, the table's bytes, then where each field stands
  message.writeUInt16LE(24, 6);
  for (const [field, offset] of [8, 10, 4, 16].entries()) message.writeUInt16LE(offset, 8 + 2 * field);
  message.writeInt32LE(12, 16); // table: back to the vtable
  message.writeUInt32LE(MESSAGE_BYTES + schema - 20, 20); // header
  message.writeInt16LE(versionAt === null ? 0 : view.getInt16(versionAt, true), 24);
  message.writeUInt8(SCHEMA, 26);
  footer.copy(message, MESSAGE_BYTES); // the body's length stays 0
  return message;
}

/**
 * A batch with its buffers uncompressed, and its metadata saying so; as it is, where it is not compressed.
 * @throws Error when the compression is none of Arrow's or the bytes do not decode
 */
export function inflateBatch(
  metadata: Buffer,
  { table, batch }: MessageHeader,
  body: Buffer,
): { metadata: Buffer; body: Uint8Array } {
  const patched = Buffer.from(metadata);
  const view = new DataView(patched.buffer, patched.byteOffset, patched.length);
  const compressionAt = batch === 0 ? null : fieldAt(view, batch, 3);
  const buffersAt = batch === 0 ? null : fieldAt(view, batch, 2);
  const lengthAt = fieldAt(view, table, 3);
  if (compressionAt === null || buffersAt === null || lengthAt === null) return { metadata, body };
  const compression = follow(view, compressionAt);
  const codecAt = fieldAt(view, compression, 0);
  const codec = codecAt === null ? LZ4_FRAME : view.getInt8(codecAt);

  const buffers = follow(view, buffersAt);
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (let i = 0; i < view.getUint32(buffers, true); i++) {
    const at = buffers + 4 + 16 * i; // a struct of two int64: where in the body, how long
    const start = Number(view.getBigInt64(at, true));
    const packed = body.subarray(start, start + Number(view.getBigInt64(at + 8, true)));
    const part = inflateBuffer(packed, codec);
    const padded = new Uint8Array(Math.ceil(part.length / ALIGNMENT) * ALIGNMENT);
    padded.set(part);
    parts.push(padded);
    view.setBigInt64(at, BigInt(offset), true);
    view.setBigInt64(at + 8, BigInt(part.length), true);
    offset += padded.length;
    if (offset > INFLATED_LIMIT_BYTES) throw new Error('a batch larger than 2 GiB');
  }
  view.setBigInt64(lengthAt, BigInt(offset), true);
  leaveOut(view, batch, 3, table);
  return { metadata: patched, body: Buffer.concat(parts) };
}

/** Its length when uncompressed as int64, or -1 where it is not compressed, then the bytes. Empty buffers have neither. */
function inflateBuffer(packed: Buffer, codec: number): Uint8Array {
  if (packed.length === 0) return packed;
  const length = packed.readBigInt64LE(0);
  const bytes = packed.subarray(8);
  if (length === STORED) return bytes;
  if (length < 0n || length > INFLATED_LIMIT_BYTES) throw new Error(`a buffer of ${length} bytes`);
  const inflated =
    codec === LZ4_FRAME ? readLz4Frame(bytes, Number(length)) : codec === ZSTD ? readZstd(bytes, Number(length)) : null;
  if (inflated === null) throw new Error(`compression ${codec} is none of Arrow's`);
  if (inflated.length !== Number(length)) throw new Error(`a buffer of ${inflated.length} bytes; wanted: ${length}`);
  return inflated;
}

function readZstd(bytes: Uint8Array, length: number): Uint8Array {
  const { ZSTD: inflate } = compressors;
  if (inflate === undefined) throw new Error('ZSTD cannot be read');
  return inflate(bytes, length);
}

/** The LZ4 frame format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md */
export function readLz4Frame(bytes: Uint8Array, length: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== 0x184d2204) throw new Error('no LZ4 frame');
  const flags = view.getUint8(4);
  const hasBlockChecksum = (flags & 0x10) !== 0;
  const hasContentSize = (flags & 0x08) !== 0;
  const hasDictionary = (flags & 0x01) !== 0;
  let at = 7 + (hasContentSize ? 8 : 0) + (hasDictionary ? 4 : 0); // magic, flags, block size, …, header checksum
  const output = new Uint8Array(length);
  let filled = 0;
  for (let size = view.getUint32(at, true); size !== 0; size = view.getUint32(at, true)) {
    const stored = (size & 0x80000000) !== 0;
    const block = bytes.subarray(at + 4, at + 4 + (size & 0x7fffffff));
    if (stored) {
      output.set(block, filled);
      filled += block.length;
    } else {
      filled = readLz4Block(block, output, filled);
    }
    at += 4 + block.length + (hasBlockChecksum ? 4 : 0);
  }
  return output.subarray(0, filled);
}

/**
 * One block, which may repeat bytes of the blocks before it.
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 * @returns how far the output is filled now
 */
function readLz4Block(block: Uint8Array, output: Uint8Array, start: number): number {
  let filled = start;
  let at = 0;
  const length = (nibble: number): number => {
    let total = nibble;
    if (nibble === 15) {
      let more = 255;
      while (more === 255) {
        more = block[at++] ?? 0;
        total += more;
      }
    }
    return total;
  };
  while (at < block.length) {
    const token = block[at++] ?? 0;
    const literals = length(token >> 4);
    if (at + literals > block.length || filled + literals > output.length)
      throw new Error('LZ4 literals out of bounds');
    output.set(block.subarray(at, at + literals), filled);
    at += literals;
    filled += literals;
    if (at === block.length) break; // the last sequence has no match
    const distance = (block[at] ?? 0) | ((block[at + 1] ?? 0) << 8);
    at += 2;
    const match = length(token & 15) + 4;
    if (distance === 0 || distance > filled || filled + match > output.length)
      throw new Error('LZ4 match out of bounds');
    // A match may overlap what it makes, so it is copied byte by byte there.
    if (distance >= match) output.copyWithin(filled, filled - distance, filled - distance + match);
    else for (let i = 0; i < match; i++) output[filled + i] = output[filled + i - distance] ?? 0;
    filled += match;
  }
  return filled;
}

/** Where a table's field stands, or null where it is left out. Fields are numbered as in the schema. */
function fieldAt(view: DataView, table: number, field: number): number | null {
  const slot = slotAt(view, table, field);
  const offset = slot === null ? 0 : view.getUint16(slot, true);
  return offset === 0 ? null : table + offset;
}

function slotAt(view: DataView, table: number, field: number): number | null {
  const vtable = table - view.getInt32(table, true);
  return 4 + 2 * field < view.getUint16(vtable, true) ? vtable + 4 + 2 * field : null;
}

/** Where an offset leads: to a table, or to a vector with its length in front. */
function follow(view: DataView, at: number): number {
  return at + view.getUint32(at, true);
}

/** Leaves a field out of a table. Tables of one shape may share the list of their fields: not with `other`. */
function leaveOut(view: DataView, table: number, field: number, other: number): void {
  const slot = slotAt(view, table, field);
  if (slot === null) return;
  if (slot === slotAt(view, other, field)) throw new Error('a batch whose metadata cannot be taken apart');
  view.setUint16(slot, 0, true);
}
