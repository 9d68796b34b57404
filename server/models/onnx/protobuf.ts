/**
 * The wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding), as much of it as an ONNX file needs.
 *
 * A library would turn the whole file into objects; a model is hundreds of megabytes of weights around some kilobytes of
 * graph. Here a message is walked field by field, weights are stepped over, and what stays as it is is copied as bytes.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes that can be looked at in pieces: a file, or memory. */
export interface Bytes {
  readonly length: number;
  /** The bytes `from` to `to`; a view that holds until the next call. */
  slice(from: number, to: number): Uint8Array;
}

/** Bytes in memory. */
export function memoryBytes(bytes: Uint8Array): Bytes {
  return { length: bytes.length, slice: (from, to) => bytes.subarray(from, to) };
}

const WINDOW_BYTES = 64 << 10;

/** Lends the bytes of a file, of which only the parts that are looked at are read, in windows of 64 KiB. */
export function withFile<T>(path: string, use: (bytes: Bytes) => T): T {
  const file = openSync(path, 'r');
  try {
    const length = fstatSync(file).size;
    let window = new Uint8Array(0);
    let windowFrom = 0;
    return use({
      length,
      slice(from, to) {
        if (from < windowFrom || to > windowFrom + window.length) {
          window = new Uint8Array(Math.min(Math.max(to - from, WINDOW_BYTES), length - from));
          windowFrom = from;
          const got = readSync(file, window, 0, window.length, from);
          if (got < window.length) throw new RangeError('the file ends too soon');
        }
        return window.subarray(from - windowFrom, to - windowFrom);
      },
    });
  } finally {
    closeSync(file);
  }
}

/** Kinds of value on the wire. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** One field of a message. */
export interface Field {
  readonly number: number;
  /** Where the field begins, its tag included. */
  readonly start: number;
  /** Where its value begins. */
  readonly from: number;
  /** Where the field ends. */
  readonly to: number;
  /** The value of an integer, as int64; 0 for the other kinds. */
  readonly value: number;
}

/** A tag and a length, or a tag and an integer, take at most 5 + 10 bytes. */
const HEADER_BYTES = 16;

/** The fields of the message between `from` and `to`. @throws RangeError where that is no message */
export function* fieldsOf(bytes: Bytes, from = 0, to = bytes.length): Generator<Field, void, undefined> {
  let at = from;
  while (at < to) {
    const head = bytes.slice(at, Math.min(at + HEADER_BYTES, to));
    const tag = readVarint(head, 0);
    const number = Math.floor(tag.value / 8);
    if (number < 1) throw new RangeError('a field has the number 0');
    const start = at;
    let valueFrom = at + tag.length;
    let valueTo: number;
    let value = 0;
    switch (tag.value % 8) {
      case VARINT: {
        const read = readVarint(head, tag.length);
        value = read.value;
        valueTo = valueFrom + read.length;
        break;
      }
      case FIXED64:
        valueTo = valueFrom + 8;
        break;
      case LENGTH: {
        const read = readVarint(head, tag.length);
        valueFrom += read.length;
        valueTo = valueFrom + read.value;
        break;
      }
      case FIXED32:
        valueTo = valueFrom + 4;
        break;
      default:
        throw new RangeError(`a field is of the kind ${tag.value % 8}`);
    }
    if (valueTo > to || valueTo < valueFrom) throw new RangeError('a field is longer than what it stands in');
    yield { number, start, from: valueFrom, to: valueTo, value };
    at = valueTo;
  }
}

const decoder = new TextDecoder();

/** The text of a field. */
export function textOf(bytes: Bytes, { from, to }: Pick<Field, 'from' | 'to'>): string {
  return decoder.decode(bytes.slice(from, to));
}

/** The integers of a repeated field that is packed, or the one of a field that is not. */
export function integersOf(bytes: Bytes, field: Field): number[] {
  if (field.from === field.to || field.value !== 0) return field.from === field.to ? [] : [field.value];
  const packed = bytes.slice(field.from, field.to);
  const found: number[] = [];
  for (let at = 0; at < packed.length; ) {
    const { value, length } = readVarint(packed, at);
    found.push(value);
    at += length;
  }
  return found;
}

/** Seven bits a byte, the lowest first; the highest bit says that there is another. Negative numbers take ten bytes. */
function readVarint(bytes: Uint8Array, at: number): { value: number; length: number } {
  let value = 0;
  let factor = 1;
  for (let length = 1; length <= 10; length++) {
    const byte = bytes[at + length - 1];
    if (byte === undefined) throw new RangeError('it ends within a number');
    if (length === 10) return { value: readSigned(bytes.subarray(at, at + 10)), length };
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, length };
    factor *= 128;
  }
  throw new RangeError('a number does not end');
}

/** An int64 whose highest bit is set: ten bytes, of which a double keeps no more than the size. */
function readSigned(bytes: Uint8Array): number {
  const value = bytes.reduceRight((sum, byte) => (sum << 7n) | BigInt(byte & 0x7f), 0n);
  return Number(BigInt.asIntN(64, value));
}

// Writing -----------------------------------------------------------------------------------------------------------

/** An integer from 0 on. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return Uint8Array.from(bytes);
}

/** A field that holds an integer from 0 on. */
export function integerField(number: number, value: number): Uint8Array[] {
  return [varint(number * 8 + VARINT), varint(value)];
}

/** A field that holds bytes: a text, or a message of the given parts. */
export function bytesField(number: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [varint(number * 8 + LENGTH), varint(length), ...parts];
}

const encoder = new TextEncoder();

/** A field that holds a text. */
export function textField(number: number, text: string): Uint8Array[] {
  return bytesField(number, [encoder.encode(text)]);
}

/** The parts in one piece. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
