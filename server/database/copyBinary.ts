/**
 * The binary format of `copy`, https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4 :
 * a header, rows, a trailer. A row is the number of fields as int16, then for each the length of its value in bytes
 * as int32 and the value; length -1 is null. All numbers are big-endian.
 */

/** `PGCOPY\n\xff\r\n\0`, flags (none), length of the header's extension (none). */
const header = Uint8Array.of(0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const trailer = Uint8Array.of(0xff, 0xff);
/** Postgres counts microseconds from 2000-01-01 UTC. */
const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1);
/** A Date reaches as far on both sides of 1970. */
const LARGEST_DATE_MS = 8.64e15;
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

const utf8 = new TextEncoder();
/** Longer texts are encoded faster as a whole than unit by unit. */
const SHORT_TEXT = 32;

/**
 * Builds the stream that `copyIn` wants:
 *
 *     const writer = new CopyWriter();
 *     for (const item of items) writer.row(2).int8(item.id).text(item.label);
 *     await database.copyIn('items (id, label)', [writer.finish()]);
 *
 * The types written must be those of the columns: Postgres does not convert here. For streams, yield `take()`
 * whenever `size` has grown, and `finish()` at the end.
 */
export class CopyWriter {
  #bytes = new Uint8Array(65_536);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;

  constructor() {
    this.#append(header);
  }

  /**
   * Makes room for so many bytes from here to the next `take`, in a buffer of their own. What fills it to the last byte is
   * given as it lies, and the next piece has as much room: rows of one length are so written without a second copy.
   */
  reserve(bytes: number): this {
    this.#replace(bytes);
    return this;
  }

  /** Bytes that `take` would give. */
  get size(): number {
    return this.#size;
  }

  /** Begins a row. As many values must follow. */
  row(fieldCount: number): this {
    const at = this.#grow(2); // may replace the view, so before it is looked at
    this.#view.setInt16(at, fieldCount);
    return this;
  }

  null(): this {
    const at = this.#grow(4);
    this.#view.setInt32(at, -1);
    return this;
  }

  boolean(value: boolean): this {
    const at = this.#field(1);
    this.#bytes[at] = value ? 1 : 0;
    return this;
  }

  int2(value: number): this {
    const at = this.#field(2);
    this.#view.setInt16(at, value);
    return this;
  }

  int4(value: number): this {
    const at = this.#field(4);
    this.#view.setInt32(at, value);
    return this;
  }

  /** A whole number up to 2^53 - 1 in size, or a bigint. */
  int8(value: number | bigint): this {
    const at = this.#field(8);
    this.#view.setBigInt64(at, BigInt(value));
    return this;
  }

  float4(value: number): this {
    const at = this.#field(4);
    this.#view.setFloat32(at, value);
    return this;
  }

  float8(value: number): this {
    const at = this.#field(8);
    this.#view.setFloat64(at, value);
    return this;
  }

  /** Also for varchar, name and json. Text with a NUL is refused by Postgres. */
  text(value: string): this {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    const at = this.#grow(4 + 3 * value.length);
    const written = this.#encode(value, at + 4);
    this.#view.setInt32(at, written);
    this.#size = at + 4 + written;
    return this;
  }

  /** Any value that JSON can hold. */
  json(value: unknown): this {
    return this.text(JSON.stringify(value));
  }

  /** Any value that JSON can hold. */
  jsonb(value: unknown): this {
    const text = JSON.stringify(value);
    const at = this.#grow(5 + 3 * text.length);
    this.#bytes[at + 4] = 1; // version of the format
    const written = this.#encode(text, at + 5);
    this.#view.setInt32(at, 1 + written);
    this.#size = at + 5 + written;
    return this;
  }

  bytea(value: Uint8Array): this {
    const at = this.#field(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** With or without hyphens. */
  uuid(value: string): this {
    const at = this.#field(16);
    const digits = value.replaceAll('-', '');
    if (!/^[0-9a-fA-F]{32}$/.test(digits)) throw new TypeError(`"${value}" is not a UUID.`);
    for (let i = 0; i < 16; i++) this.#bytes[at + i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
    return this;
  }

  /** For timestamptz. */
  timestamp(value: Date): this {
    const at = this.#field(8);
    this.#view.setBigInt64(at, BigInt(value.getTime() - POSTGRES_EPOCH_MS) * 1000n);
    return this;
  }

  /** For pgvector's vector: int16 dimension, int16 zero, float32 each. */
  vector(values: Float32Array): this {
    const at = this.#field(4 + 4 * values.length);
    this.#view.setInt16(at, values.length);
    this.#view.setInt16(at + 2, 0);
    if (littleEndian) {
      // Copied whole and turned in place: three times as fast as a call of setFloat32 for each.
      const start = at + 4;
      const target = this.#bytes.subarray(start, start + 4 * values.length);
      target.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      Buffer.from(target.buffer, target.byteOffset, target.byteLength).swap32();
    } else {
      for (const [i, value] of values.entries()) this.#view.setFloat32(at + 4 + 4 * i, value);
    }
    return this;
  }

  /** What has been written since the last time, in a buffer of its own. Only between rows. */
  take(): Uint8Array {
    const full = this.#size === this.#bytes.length;
    const taken = full ? this.#bytes : this.#bytes.slice(0, this.#size);
    this.#size = 0;
    if (full) this.#replace(taken.length);
    return taken;
  }

  /** The rest, and the end of the stream. */
  finish(): Uint8Array {
    this.#append(trailer);
    return this.take();
  }

  #append(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Room for a field of this length behind its length. @returns where the value belongs */
  #field(length: number): number {
    const at = this.#grow(4 + length);
    this.#view.setInt32(at, length);
    return at + 4;
  }

  /** @returns where the new room begins */
  #grow(length: number): number {
    const at = this.#size;
    this.#size += length;
    if (this.#size > this.#bytes.length) this.#replace(Math.max(this.#size, 2 * this.#bytes.length), at);
    return at;
  }

  /** Goes on in another buffer with what has been written. */
  #replace(length: number, written = this.#size): void {
    // Not filled with zeros first: each byte is written before it is given.
    const other = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
    other.set(this.#bytes.subarray(0, written));
    this.#bytes = other;
    this.#view = new DataView(other.buffer);
  }

  /** UTF-8 from here on. Keys are short and of ASCII mostly: by hand that takes a third of the time. @returns how many bytes */
  #encode(text: string, at: number): number {
    if (text.length <= SHORT_TEXT) {
      let i = 0;
      for (; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 0x7f) break;
        this.#bytes[at + i] = unit;
      }
      if (i === text.length) return i;
    }
    return utf8.encodeInto(text, this.#bytes.subarray(at)).written;
  }
}

/**
 * Reads the stream that `copyOut` gives, row by row: one value per field as bytes, null for null. The bytes are views
 * that stay valid. @throws when the stream is not one of `fieldCount` fields, or ends before its trailer
 */
export async function* readCopy(
  stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  fieldCount: number,
): AsyncGenerator<(Uint8Array | null)[], void, undefined> {
  let rest = new Uint8Array(0);
  let started = false;
  let ended = false;
  for await (const piece of stream) {
    const bytes = rest.length === 0 ? piece : concatenate(rest, piece);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    if (!started) {
      if (bytes.length < header.length) {
        rest = bytes.slice();
        continue;
      }
      if (header.subarray(0, 11).some((byte, i) => bytes[i] !== byte)) throw new Error('Not a stream of binary copy.');
      at = header.length + view.getInt32(15);
      started = true;
    }
    while (!ended) {
      const row = readRow(bytes, view, at, fieldCount);
      if (row === null) break;
      if (row === 'end') {
        ended = true;
      } else {
        yield row.values;
        at = row.next;
      }
    }
    rest = bytes.slice(at);
  }
  if (!ended) throw new Error('A stream of binary copy ended before its trailer.');
}

/** @returns null when the row goes on in the next piece */
function readRow(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  fieldCount: number,
): { readonly values: (Uint8Array | null)[]; readonly next: number } | 'end' | null {
  if (start + 2 > bytes.length) return null;
  const count = view.getInt16(start);
  if (count === -1) return 'end';
  if (count !== fieldCount) throw new Error(`Expected ${fieldCount} fields in a row of binary copy, got ${count}.`);
  const values: (Uint8Array | null)[] = [];
  let at = start + 2;
  for (let field = 0; field < fieldCount; field++) {
    if (at + 4 > bytes.length) return null;
    const length = view.getInt32(at);
    at += 4;
    if (length === -1) {
      values.push(null);
      continue;
    }
    if (at + length > bytes.length) return null;
    values.push(bytes.subarray(at, at + length));
    at += length;
  }
  return { values, next: at };
}

/**
 * Cuts a stream of binary copy into whole streams of about `size` bytes, each with a header and a trailer of its own,
 * without ever tearing a row.
 */
export class CopySplitter {
  readonly #size: number;
  #pieces: Uint8Array[] = [];
  #pending = 0;
  /** Bytes of the unfinished row or header, which go on in the next chunk. */
  #rest = new Uint8Array(0);
  #started = false;
  #ended = false;

  constructor(size: number) {
    this.#size = size;
  }

  /** @returns a whole stream when enough has come together; null otherwise. `chunk` must not be changed until then. */
  push(chunk: Uint8Array): Uint8Array<ArrayBuffer> | null {
    const bytes = this.#rest.length === 0 ? chunk : concatenate(this.#rest, chunk);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    if (!this.#started && bytes.length >= header.length) {
      if (header.subarray(0, 11).some((byte, i) => bytes[i] !== byte)) throw new Error('Not a stream of binary copy.');
      at = header.length + view.getInt32(15);
      this.#started = true;
    }
    const from = at;
    while (this.#started && !this.#ended) {
      const next = nextRow(bytes, view, at);
      if (next === null) break;
      if (next === 'end') this.#ended = true;
      else at = next;
    }
    if (at > from) {
      this.#pieces.push(bytes.subarray(from, at));
      this.#pending += at - from;
    }
    this.#rest = this.#ended ? new Uint8Array(0) : bytes.slice(at);
    return this.#pending >= this.#size ? this.#whole() : null;
  }

  /** The last stream, which may be without rows. @throws when the trailer has not come */
  finish(): Uint8Array<ArrayBuffer> {
    if (!this.#ended) throw new Error('A stream of binary copy ended before its trailer.');
    return this.#whole();
  }

  #whole(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(header.length + this.#pending + trailer.length);
    let at = 0;
    for (const part of [header, ...this.#pieces, trailer]) {
      whole.set(part, at);
      at += part.length;
    }
    this.#pieces = [];
    this.#pending = 0;
    return whole;
  }
}

/** @returns where the row after the one at `start` begins; null when that lies in the next chunk */
function nextRow(bytes: Uint8Array, view: DataView, start: number): number | 'end' | null {
  if (start + 2 > bytes.length) return null;
  const fieldCount = view.getInt16(start);
  if (fieldCount === -1) return 'end';
  if (fieldCount < 0) throw new Error(`A row of binary copy claims ${fieldCount} fields.`);
  let at = start + 2;
  for (let field = 0; field < fieldCount; field++) {
    if (at + 4 > bytes.length) return null;
    const length = view.getInt32(at);
    if (length < -1) throw new Error(`A field of binary copy claims ${length} bytes.`);
    at += 4 + Math.max(0, length);
  }
  return at > bytes.length ? null : at;
}

function concatenate(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

export function decodeBoolean(bytes: Uint8Array): boolean {
  return bytes[0] === 1;
}

export function decodeInt2(bytes: Uint8Array): number {
  return viewOf(bytes).getInt16(0);
}

export function decodeInt4(bytes: Uint8Array): number {
  return viewOf(bytes).getInt32(0);
}

/** @throws RangeError beyond 2^53 - 1 */
export function decodeInt8(bytes: Uint8Array): number {
  const value = Number(viewOf(bytes).getBigInt64(0));
  if (!Number.isSafeInteger(value)) throw new RangeError(`A number cannot hold the int8 ${value} exactly.`);
  return value;
}

export function decodeFloat4(bytes: Uint8Array): number {
  return viewOf(bytes).getFloat32(0);
}

export function decodeFloat8(bytes: Uint8Array): number {
  return viewOf(bytes).getFloat64(0);
}

/** Also for json. */
export function decodeText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

export function decodeJsonb(bytes: Uint8Array): unknown {
  return JSON.parse(decodeText(bytes.subarray(1)));
}

export function decodeUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Of timestamptz, to the millisecond. */
export function decodeTimestamp(bytes: Uint8Array): Date {
  // Shifted to be positive, so that the division rounds down; a number would not hold the microseconds of far years.
  const microseconds = viewOf(bytes).getBigInt64(0) + BigInt(POSTGRES_EPOCH_MS + LARGEST_DATE_MS) * 1000n;
  return new Date(Number(microseconds / 1000n - BigInt(LARGEST_DATE_MS)));
}

/** Of pgvector's vector; written into `target` where given, which must have its dimension. */
export function decodeVector(bytes: Uint8Array, target?: Float32Array): Float32Array {
  const view = viewOf(bytes);
  const dimension = view.getInt16(0);
  const values = target ?? new Float32Array(dimension);
  if (values.length !== dimension || bytes.length !== 4 + 4 * dimension) {
    throw new Error(`Expected a vector of ${values.length} numbers, got ${dimension} in ${bytes.length} bytes.`);
  }
  if (littleEndian) {
    const raw = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    raw.set(bytes.subarray(4));
    raw.swap32();
  } else {
    for (let i = 0; i < dimension; i++) values[i] = view.getFloat32(4 + 4 * i);
  }
  return values;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
