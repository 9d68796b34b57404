/**
 * From joined tables to batches of items as the database takes them. Knows no database: the same files give the same
 * batches, however often they are read, so that an interrupted import finds its place again by counting batches.
 */
import { UserError } from '../errors.ts';
import type { Rejection } from '../jobs/task.ts';
import type { ColumnPlace, ColumnRoles } from './columnRoles.ts';
import type { Field } from './datasets.ts';
import { FieldValues, UnfitValue } from './fieldValues.ts';
import { type Cell, isRejected, type Row } from './formats/format.ts';
import type { Image } from './images.ts';
import { joinTables, type MatrixSlice, type Piece, type Slice, type Strand } from './joinTables.ts';
import { KeyLines } from './keyLines.ts';
import { httpsAddress } from './pictureAddress.ts';
import { type Picture, pixelImage, readDataUrl, readPicture, THUMBNAIL, UnfitPicture } from './pictures.ts';

/** A batch is full at so many rows, if not told otherwise, or bytes, whichever comes first. */
export const BATCH_ROWS = 10_000;
export const BATCH_BYTES = 16 << 20;

const KEY_LIMIT_BYTES = 1000; // an entry of a b-tree takes at most 2,700
const LABEL_FROM_TEXT_LENGTH = 200;
/** A tsvector takes a megabyte; what a text adds to it is at most four times its own length. */
const TEXT_LIMIT_BYTES = 256 << 10;
const REASONS_SHOWN = 3;

export interface Batch {
  readonly keys: readonly string[];
  readonly labels: readonly (string | null)[];
  readonly fields: readonly string[];
  /** One per item, where the data set has pictures at all. */
  readonly images: readonly (Image | null)[] | null;
  /** One after the other a matrix (keys.length, dimension); each holds whole rows. Null where there are no vectors. */
  readonly vectors: readonly Float32Array[] | null;
  /** Rows left out since the batch before. */
  readonly rejections: readonly Rejection[];
  /** Items before this batch. */
  readonly offset: number;
  /** Records read, bad ones included, up to the end of this batch. */
  readonly recordCount: number;
  /** Whether more items follow. */
  readonly full: boolean;
}

export interface AssemblyOptions {
  readonly roles: ColumnRoles;
  /** Numbers per vector; null: no vectors. */
  readonly dimension: number | null;
  /** Whether vectors are made of the pictures. */
  readonly vectorsFromImages: boolean;
  /** Whether a vector of zeros is a bad row: it has no direction to compare. */
  readonly refuseZero: boolean;
  /** Fields of the data set that the items go into. */
  readonly fieldsBefore: readonly Field[];
  readonly rejectionLimit: number;
  /** Default: BATCH_ROWS. */
  readonly batchRows?: number | undefined;
  readonly signal: AbortSignal;
}

/** Reads tables once, as batches. What it has learnt of fields and coordinates can be asked when it is through. */
export class Assembly {
  readonly fieldValues: readonly FieldValues[];
  /** Item i of the import has the coordinates `i * components …`; NaN where it has none. */
  readonly coordinates = new Floats();
  itemCount = 0;
  rejectedCount = 0;

  readonly #strands: readonly Strand[];
  readonly #options: AssemblyOptions;
  readonly #keyLines = new KeyLines();
  readonly #files: string[] = [];
  readonly #firstReasons: Rejection[] = [];
  #recordCount = 0;
  #batch: BatchInMaking;

  constructor(strands: readonly Strand[], options: AssemblyOptions) {
    this.#strands = strands;
    this.#options = options;
    const before = new Map(options.fieldsBefore.map(({ name, type }) => [name, type]));
    this.fieldValues = options.roles.fields.map(({ name }) => new FieldValues(name, before.get(name) ?? null));
    this.#batch = new BatchInMaking(0, options);
  }

  /** @throws UserError where the tables do not fit together or too many rows are bad */
  async *batches(): AsyncGenerator<Batch> {
    for await (const piece of joinTables(this.#strands, this.#options.signal)) {
      this.#options.signal.throwIfAborted();
      const [only] = piece.slices;
      if (piece.slices.length === 1 && only !== undefined && 'values' in only)
        yield* this.#addMatrix(only, piece.count);
      else yield* this.#addRows(piece);
    }
    if (this.#batch.keys.length > 0 || this.#batch.rejections.length > 0) yield this.#close(false);
  }

  /** A matrix that stands alone: its rows go on as they lie, without a copy. */
  *#addMatrix({ table, firstIndex, values }: MatrixSlice, count: number): Generator<Batch> {
    const { dimension } = this.#options;
    if (dimension === null) throw new Error('a matrix, but no vectors are wanted');
    let good = 0; // row at which the present run of good rows begins
    const addRun = (end: number) => {
      if (end > good) this.#batch.addVectors(this.#scaled(values.subarray(good * dimension, end * dimension)));
      good = end;
    };
    for (let i = 0; i < count; i++) {
      const vector = values.subarray(i * dimension, (i + 1) * dimension);
      this.#recordCount++;
      if (this.#isZero(vector)) {
        addRun(i);
        good = i + 1;
        this.#reject(table.file, firstIndex + i + 1, zeroReason);
      } else {
        this.#addItem(String(this.#recordCount), null, '', this.#pixelImage(vector));
      }
      if (this.#batch.isFull) {
        addRun(i + 1);
        yield this.#close(true);
      }
    }
    addRun(count);
  }

  async *#addRows(piece: Piece): AsyncGenerator<Batch> {
    const pictures = await this.#readPictures(piece);
    for (let i = 0; i < piece.count; i++) {
      this.#recordCount++;
      this.#addRow(piece, i, pictures?.[i] ?? null);
      if (this.#batch.isFull) yield this.#close(true);
    }
  }

  #addRow(piece: Piece, i: number, picture: Picture | UnfitPicture | null): void {
    const bad = piece.slices.map((slice) => badRecord(slice, i)).find((rejection) => rejection !== null);
    if (bad) {
      this.#reject(bad.file, bad.line, bad.reason);
      return;
    }
    const { roles, vectorsFromImages } = this.#options;
    const cellOf = (column: ColumnPlace): Cell => cellAt(piece.slices[column.strand], i, column);
    const main = roles.key ?? roles.vector[0] ?? roles.fields[0] ?? roles.image ?? null;
    const { file, line } = placeOf(piece.slices[main?.strand ?? 0], i);
    if (picture instanceof UnfitPicture) {
      this.#reject(file, line, `the image is ${picture.message}`);
      return;
    }
    try {
      const key = roles.key === null ? String(this.#recordCount) : toKey(cellOf(roles.key));
      const label = this.#labelOf(cellOf);
      const vector = vectorsFromImages ? (picture?.pixels ?? null) : this.#vectorOf(cellOf);
      const coordinates = roles.coordinates.map(cellOf);
      const values = this.#fieldsOf(cellOf);
      const textBytes = values.length + (label?.length ?? 0);
      if (textBytes > TEXT_LIMIT_BYTES / 3 && Buffer.byteLength(values) + textBytes > TEXT_LIMIT_BYTES) {
        throw new UnfitValue(`its texts are longer than ${TEXT_LIMIT_BYTES >> 10} KiB; split it into several items`);
      }
      if (roles.key !== null) {
        const first = this.#keyLines.add(key, { file: this.#fileNumber(file), line: line ?? 0 });
        if (first !== null) {
          const where =
            this.#files[first.file] === file ? `line ${first.line}` : `${this.#files[first.file]}, line ${first.line}`;
          throw new UnfitValue(`the key "${shorten(key)}" was there already, in ${where}`);
        }
      }
      const pixels = roles.pixels === null || vector === null ? null : this.#pixelImage(vector);
      this.#addItem(key, label, values, picture?.image ?? pixels);
      if (vector !== null) this.#batch.addVectors(this.#scaled(vector));
      if (coordinates.length > 0) {
        const given = coordinates.every((cell) => typeof cell === 'number');
        for (const cell of coordinates) this.coordinates.push(given ? Number(cell) : Number.NaN);
      }
    } catch (error) {
      if (!(error instanceof UnfitValue)) throw error;
      this.#reject(file, line, error.message);
    }
  }

  #addItem(key: string, label: string | null, fields: string, image: Image | null): void {
    this.#batch.add(key, label, fields, image);
    this.itemCount++;
  }

  #labelOf(cellOf: (column: ColumnPlace) => Cell): string | null {
    const { label, text, key } = this.#options.roles;
    const own = label === null || label === key ? '' : toText(cellOf(label)).trim();
    if (own !== '') return checkText('label', own);
    const long = text === null ? '' : toText(cellOf(text)).trim();
    if (long === '') return null;
    const characters = [...long.slice(0, 2 * LABEL_FROM_TEXT_LENGTH)];
    if (characters.length <= LABEL_FROM_TEXT_LENGTH) return checkText('text', long);
    return checkText('text', `${characters.slice(0, LABEL_FROM_TEXT_LENGTH).join('')}…`);
  }

  #fieldsOf(cellOf: (column: ColumnPlace) => Cell): string {
    let text = '';
    const { fields, image } = this.#options.roles;
    for (const [i, column] of fields.entries()) {
      const cell = cellOf(column);
      if (image !== null && isSame(column, image) && httpsAddress(cell) === null) continue;
      // Classes that a format knows as labels are names, also where they are written as numbers.
      const part = this.fieldValues[i]?.add(column.role === 'label' && cell !== null ? toText(cell) : cell) ?? '';
      if (part !== '') text += text === '' ? part : `,${part}`;
    }
    return text;
  }

  #vectorOf(cellOf: (column: ColumnPlace) => Cell): Float32Array | null {
    const { roles, dimension } = this.#options;
    if (dimension === null) return null;
    const columns = roles.vector.length > 0 ? roles.vector : roles.coordinates;
    const [first] = columns;
    if (columns.length === 1 && first !== undefined && first.type === 'vector') {
      const vector = cellOf(first);
      if (!(vector instanceof Float32Array)) throw new UnfitValue('it has no vector');
      if (vector.length !== dimension) {
        throw new UnfitValue(`its vector has ${vector.length} numbers; the vectors before it have ${dimension}`);
      }
      if (this.#isZero(vector)) throw new UnfitValue(zeroReason);
      return vector;
    }
    const vector = new Float32Array(dimension);
    for (const [i, column] of columns.entries()) {
      const cell = cellOf(column);
      if (typeof cell !== 'number') {
        const got = cell === null || cell === '' ? 'nothing' : `"${shorten(toText(cell))}"`;
        throw new UnfitValue(`the column "${column.name}" holds ${got}; wanted: a number of the vector`);
      }
      vector[i] = cell;
      if (!Number.isFinite(vector[i])) {
        throw new UnfitValue(`the column "${column.name}" holds ${cell}, which is beyond the range of float32`);
      }
    }
    if (this.#isZero(vector)) throw new UnfitValue(zeroReason);
    return vector;
  }

  #isZero(vector: Float32Array): boolean {
    if (!this.#options.refuseZero) return false;
    for (const value of vector) if (value !== 0) return false;
    return true;
  }

  #pixelImage(vector: Float32Array): Image | null {
    const { pixels } = this.#options.roles;
    return pixels === null ? null : pixelImage(vector, pixels);
  }

  /** Samples of pixels become 0 to 1. */
  #scaled(vectors: Float32Array): Float32Array {
    return this.#options.roles.pixels === null ? vectors : vectors.map((sample) => sample / 255);
  }

  async #readPictures(piece: Piece): Promise<(Picture | UnfitPicture | null)[] | null> {
    const { roles, vectorsFromImages } = this.#options;
    const column = roles.image;
    if (column === null) return null;
    const read = async (i: number) => {
      if (badRecord(piece.slices[column.strand], i) !== null) return null;
      const cell = cellAt(piece.slices[column.strand], i, column);
      if (cell === null || cell === '') return vectorsFromImages ? new UnfitPicture('missing') : null;
      if (httpsAddress(cell) !== null) {
        return vectorsFromImages
          ? new UnfitPicture('at an address, from which nothing is fetched: give the file itself, or vectors')
          : null;
      }
      const bytes = cell instanceof Uint8Array ? cell : typeof cell === 'string' ? readDataUrl(cell) : null;
      if (bytes === null) {
        return new UnfitPicture(
          `"${shorten(toText(cell))}", which is neither among the files nor a data URL nor an https address`,
        );
      }
      return readPicture(bytes, vectorsFromImages).catch((error: unknown) => {
        if (error instanceof UnfitPicture) return error;
        throw error;
      });
    };
    const pictures: (Picture | UnfitPicture | null)[] = new Array(piece.count).fill(null);
    // As many at once as libvips has threads; each holds one decoded picture.
    let next = 0;
    const lane = async () => {
      while (next < piece.count) {
        const i = next++;
        pictures[i] = await read(i);
        this.#options.signal.throwIfAborted();
      }
    };
    await Promise.all(Array.from({ length: 4 }, lane));
    return pictures;
  }

  #reject(file: string, line: number | null, reason: string): void {
    const rejection = { file, line, reason };
    this.#batch.rejections.push(rejection);
    this.rejectedCount++;
    if (this.#firstReasons.length < REASONS_SHOWN) this.#firstReasons.push(rejection);
    if (this.rejectedCount > this.#options.rejectionLimit) throw this.#tooManyRejections();
  }

  #tooManyRejections(): TooManyRejections {
    const { rejectionLimit } = this.#options;
    return new TooManyRejections(
      `${this.rejectedCount} rows cannot be imported, more than the ${rejectionLimit} that may be left out. ${this.reasons()}`,
      this.#firstReasons[0],
      this.#batch.rejections,
    );
  }

  /** The first reasons for which rows were left out, as sentences. */
  reasons(): string {
    return this.#firstReasons
      .map(({ file, line, reason }) => `${file}${line === null ? '' : `, line ${line}`}: ${reason}.`)
      .join(' ');
  }

  #fileNumber(file: string): number {
    const found = this.#files.lastIndexOf(file);
    return found >= 0 ? found : this.#files.push(file) - 1;
  }

  #close(full: boolean): Batch {
    const batch = this.#batch.close(this.#recordCount, full, this.#options.roles);
    this.#batch = new BatchInMaking(this.itemCount, this.#options);
    return batch;
  }
}

function isSame(a: ColumnPlace, b: ColumnPlace): boolean {
  return a.strand === b.strand && a.cell === b.cell;
}

/** Too many rows are bad. Knows those that no batch has reported yet. */
export class TooManyRejections extends UserError {
  readonly unreported: readonly Rejection[];

  constructor(message: string, first: Rejection | undefined, unreported: readonly Rejection[]) {
    super('BAD_USER_INPUT', message, {
      ...(first === undefined ? {} : { file: first.file }),
      ...(first?.line == null ? {} : { line: first.line }),
    });
    this.unreported = unreported;
  }
}

class BatchInMaking {
  readonly keys: string[] = [];
  readonly labels: (string | null)[] = [];
  readonly fields: string[] = [];
  readonly images: (Image | null)[] = [];
  readonly rejections: Rejection[] = [];
  readonly #offset: number;
  readonly #rows: number;
  readonly #dimension: number | null;
  readonly #vectors: Float32Array[] = [];
  readonly #vectorBytes: number;
  #bytes = 0;

  constructor(offset: number, { dimension, batchRows = BATCH_ROWS }: AssemblyOptions) {
    this.#offset = offset;
    this.#dimension = dimension;
    this.#rows = batchRows;
    this.#vectorBytes = 4 * (dimension ?? 0);
  }

  get isFull(): boolean {
    return this.keys.length >= this.#rows || this.#bytes >= BATCH_BYTES;
  }

  add(key: string, label: string | null, fields: string, image: Image | null): void {
    this.keys.push(key);
    this.labels.push(label);
    this.fields.push(`{${fields}}`);
    this.images.push(image);
    this.#bytes += key.length + fields.length + (image?.bytes.length ?? 0) + this.#vectorBytes + 64;
  }

  /** The vectors of the items that are added before or after, as many in all as there are items. */
  addVectors(vectors: Float32Array): void {
    this.#vectors.push(vectors);
  }

  close(recordCount: number, full: boolean, roles: ColumnRoles): Batch {
    return {
      keys: this.keys,
      labels: this.labels,
      fields: this.fields,
      images: roles.image === null && roles.pixels === null ? null : this.images,
      vectors: this.#dimension === null ? null : this.#vectors,
      rejections: this.rejections,
      offset: this.#offset,
      recordCount,
      full,
    };
  }
}

/** Numbers one after the other, in one array that grows. */
export class Floats {
  #values = new Float32Array(1024);
  #length = 0;

  get values(): Float32Array {
    return this.#values.subarray(0, this.#length);
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float32Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }
}

const zeroReason = 'its vector is zero and has no direction, which COSINE compares; choose EUCLIDEAN, or leave it out';

/** Numbers of the vectors that the roles give; null where there are none. */
export function dimensionOf(roles: ColumnRoles, vectorsFromImages: boolean): number | null {
  if (vectorsFromImages) return THUMBNAIL.width * THUMBNAIL.height * THUMBNAIL.channels;
  const [first] = roles.vector;
  if (first?.type === 'vector') return first.dimension;
  return roles.vector.length || roles.coordinates.length || null;
}

function badRecord(slice: Slice | undefined, i: number): Rejection | null {
  if (slice === undefined || 'values' in slice) return null;
  const record = 'rejected' in slice ? slice.rejected : slice.rows[i];
  if (record === undefined || !isRejected(record)) return null;
  return { file: record.file ?? slice.table.file, line: record.line, reason: record.reason };
}

function rowAt(slice: Slice | undefined, i: number): Row | null {
  const record = slice !== undefined && 'rows' in slice ? slice.rows[i] : undefined;
  return record === undefined || isRejected(record) ? null : record;
}

function cellAt(slice: Slice | undefined, i: number, { cell, dimension }: ColumnPlace): Cell {
  if (slice !== undefined && 'values' in slice) {
    const width = dimension ?? 0;
    return slice.values.subarray(i * width, (i + 1) * width);
  }
  return rowAt(slice, i)?.cells[cell] ?? null;
}

function placeOf(slice: Slice | undefined, i: number): { file: string; line: number | null } {
  if (slice === undefined) return { file: '', line: null };
  const line = 'values' in slice ? slice.firstIndex + i + 1 : (rowAt(slice, i)?.line ?? null);
  return { file: slice.table.file, line };
}

function toKey(cell: Cell): string {
  const key = toText(cell);
  if (key === '') throw new UnfitValue('it has no key');
  if (key.includes('\0')) throw new UnfitValue('its key holds the character U+0000, which cannot be stored');
  if (!key.isWellFormed()) throw new UnfitValue('its key holds half a surrogate pair, which is no character');
  if (key.length > KEY_LIMIT_BYTES / 3 && Buffer.byteLength(key) > KEY_LIMIT_BYTES) {
    throw new UnfitValue(
      `its key "${shorten(key)}" has ${Buffer.byteLength(key)} bytes; at most ${KEY_LIMIT_BYTES} are kept`,
    );
  }
  return key;
}

function checkText(what: string, text: string): string {
  if (text.includes('\0')) throw new UnfitValue(`its ${what} holds the character U+0000, which cannot be stored`);
  return text.toWellFormed();
}

function toText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return cell;
  if (cell instanceof Date) return cell.toISOString();
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

function shorten(text: string): string {
  const plain = text.toWellFormed().replaceAll('\0', '\ufffd');
  return plain.length > 60 ? `${plain.slice(0, 60).toWellFormed()}…` : plain;
}
