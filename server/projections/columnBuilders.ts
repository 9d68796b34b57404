/**
 * From values as the database sends them to the columns of Arrow, without an object per value: one builder per column.
 */
import { Bool, type Data, type DataType, Float64, Int32, makeData, TimestampMillisecond, Utf8 } from 'apache-arrow';
import { decodeBoolean, decodeFloat8, decodeText } from '../database/copyBinary.ts';
import type { FieldType } from '../datasets/datasets.ts';
import { UserError } from '../errors.ts';

export interface ColumnBuilder {
  readonly type: DataType;
  /** Adds a value in the form that `readItemColumns` gives it in, or null. */
  add(value: Uint8Array | null): void;
  /** What has been added since the last time. */
  take(): Data;
}

/** The builder for a field of that type; texts and categories, many alike, get a dictionary. */
export function builderOf(type: FieldType): ColumnBuilder {
  switch (type) {
    case 'TEXT':
    case 'CATEGORY':
      return new DictionaryBuilder();
    case 'NUMBER':
      return new NumberBuilder();
    case 'BOOLEAN':
      return new BooleanBuilder();
    case 'DATE':
      return new DateBuilder();
    case 'JSON':
      return new TextBuilder();
  }
}

/** Offsets in Arrow's utf8 are int32. */
const TEXT_BYTES_LIMIT = 2 ** 31 - 1;

/** UTF-8 texts one behind the other. */
export class TextBuilder implements ColumnBuilder {
  readonly type = new Utf8();
  #bytes = new Uint8Array(2 ** 16);
  #offsets = new Int32Array(2 ** 10);
  #length = 0;
  #validity = new Validity();

  add(value: Uint8Array | null): void {
    this.#validity.add(value !== null);
    const from = this.#offsets[this.#length] ?? 0;
    const to = from + (value?.length ?? 0);
    if (to > TEXT_BYTES_LIMIT) {
      throw new UserError(
        'LIMIT_EXCEEDED',
        'The texts of a column take more than 2 GiB together. Leave the column out.',
      );
    }
    this.#bytes = grown(this.#bytes, to, bytes);
    if (value !== null) this.#bytes.set(value, from);
    this.#length++;
    this.#offsets = grown(this.#offsets, this.#length + 1, integers);
    this.#offsets[this.#length] = to;
  }

  take(): Data<Utf8> {
    const valueOffsets = this.#offsets.slice(0, this.#length + 1);
    const data = this.#bytes.slice(0, valueOffsets[this.#length]);
    this.#length = 0;
    return makeData({ type: this.type, ...this.#validity.take(), valueOffsets, data });
  }

  /** Text `i` of those added since `take`: a view. */
  at(i: number): Uint8Array {
    return this.#bytes.subarray(this.#offsets[i], this.#offsets[i + 1]);
  }
}

/** Places in a dictionary, which grows with each text not seen before. */
export class DictionaryBuilder implements ColumnBuilder {
  readonly type = new Int32();
  readonly #texts = new TextBuilder();
  readonly #numbers = new Numbers(integers);
  #count = 0;
  /** Hashes of the texts, and a table from hash to place + 1 (0: free) with linear probing, at most half full. */
  #hashes = new Int32Array(2 ** 10);
  #table = new Int32Array(2 ** 11);

  add(value: Uint8Array | null): void {
    this.#numbers.add(value === null ? null : this.#placeOf(value));
  }

  take(): Data<Int32> {
    return makeData({ type: this.type, ...this.#numbers.take() });
  }

  /** The texts by their places. Called once, after the last `take`. */
  takeTexts(): Data<Utf8> {
    return this.#texts.take();
  }

  #placeOf(text: Uint8Array): number {
    const hash = hashOf(text);
    const mask = this.#table.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const place = (this.#table[slot] ?? 0) - 1;
      if (place < 0) break;
      if (this.#hashes[place] === hash && equal(this.#texts.at(place), text)) return place;
    }
    const place = this.#count++;
    this.#texts.add(text);
    this.#hashes = grown(this.#hashes, this.#count, integers);
    this.#hashes[place] = hash;
    if (2 * this.#count <= this.#table.length) this.#enter(place);
    else {
      this.#table = new Int32Array(2 * this.#table.length);
      for (let each = 0; each < this.#count; each++) this.#enter(each);
    }
    return place;
  }

  #enter(place: number): void {
    const mask = this.#table.length - 1;
    let slot = (this.#hashes[place] ?? 0) & mask;
    while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
    this.#table[slot] = place + 1;
  }
}

class NumberBuilder implements ColumnBuilder {
  readonly type = new Float64();
  readonly #numbers = new Numbers(floats);

  add(value: Uint8Array | null): void {
    this.#numbers.add(value === null ? null : decodeFloat8(value));
  }

  take(): Data<Float64> {
    return makeData({ type: this.type, ...this.#numbers.take() });
  }
}

/** Milliseconds since 1970 in UTC; what is no date is null. */
class DateBuilder implements ColumnBuilder {
  readonly type = new TimestampMillisecond();
  readonly #numbers = new Numbers(floats);

  add(value: Uint8Array | null): void {
    const milliseconds = value === null ? Number.NaN : Date.parse(decodeText(value));
    this.#numbers.add(Number.isNaN(milliseconds) ? null : milliseconds);
  }

  take(): Data<TimestampMillisecond> {
    const { data, ...rest } = this.#numbers.take();
    return makeData({ type: this.type, ...rest, data: BigInt64Array.from(data, BigInt) });
  }
}

class BooleanBuilder implements ColumnBuilder {
  readonly type = new Bool();
  readonly #values = new Validity();
  readonly #validity = new Validity();

  add(value: Uint8Array | null): void {
    this.#validity.add(value !== null);
    this.#values.add(value !== null && decodeBoolean(value));
  }

  take(): Data<Bool> {
    const { nullBitmap: data } = this.#values.take();
    return makeData({ type: this.type, ...this.#validity.take(), data });
  }
}

/** A bit per value, the lowest first: set where there is one. */
class Validity {
  #bits = new Uint8Array(2 ** 7);
  #length = 0;
  #nulls = 0;

  add(valid: boolean): void {
    const at = this.#length >> 3;
    this.#bits = grown(this.#bits, at + 1, bytes);
    const bit = 1 << (this.#length & 7);
    this.#bits[at] = valid ? (this.#bits[at] ?? 0) | bit : (this.#bits[at] ?? 0) & ~bit;
    this.#length++;
    if (!valid) this.#nulls++;
  }

  take(): { length: number; nullCount: number; nullBitmap: Uint8Array } {
    const taken = {
      length: this.#length,
      nullCount: this.#nulls,
      nullBitmap: this.#bits.slice(0, (this.#length + 7) >> 3),
    };
    this.#length = 0;
    this.#nulls = 0;
    return taken;
  }
}

class Numbers<T extends Int32Array | Float64Array> {
  readonly #make: (length: number) => T;
  #data: T;
  readonly #validity = new Validity();
  #length = 0;

  constructor(make: (length: number) => T) {
    this.#make = make;
    this.#data = make(2 ** 10);
  }

  add(value: number | null): void {
    this.#validity.add(value !== null);
    this.#data = grown(this.#data, this.#length + 1, this.#make);
    this.#data[this.#length++] = value ?? 0;
  }

  take(): { length: number; nullCount: number; nullBitmap: Uint8Array; data: T } {
    const data = this.#make(this.#length);
    data.set(this.#data.subarray(0, this.#length));
    this.#length = 0;
    return { ...this.#validity.take(), data };
  }
}

type Growing = Uint8Array | Int32Array | Float64Array;

const bytes = (length: number) => new Uint8Array(length);
const integers = (length: number) => new Int32Array(length);
const floats = (length: number) => new Float64Array(length);

/** The array, or one of twice the length with the same beginning, so that it has room for `length`. */
function grown<T extends Growing>(array: T, length: number, make: (length: number) => T): T {
  if (length <= array.length) return array;
  const larger = make(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}

/** FNV-1a, 32 bits (Fowler, Noll, Vo). */
function hashOf(text: Uint8Array): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ (text[i] ?? 0), 0x01000193);
  // The lowest bits choose the slot: let the upper ones have a say.
  return hash ^ (hash >>> 15);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
