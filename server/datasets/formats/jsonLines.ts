/**
 * JSON: one value per line, or values one after the other, or one array of them. Objects are rows and their fields
 * columns; a list of numbers, a text or another value that is no object is a row of one column. Columns and types are
 * told from the first 4 MiB; fields that only later rows have come together as an object in the column `other`.
 */
import { isUtf8 } from 'node:buffer';

import { UserError } from '../../errors.ts';
import type { Cell, Column, ReadOptions, Rejected, Row, Source, Table } from './format.ts';
import { decodeHead, LINE_LIMIT_BYTES, lineBlocks, linesOf, utf8Bytes } from './lines.ts';
import { readRange, stemOf } from './source.ts';
import { commonLength, isDateText, readCell, vectorReason } from './textCells.ts';

const SAMPLE_BYTES = 4 << 20;
const RECORDS_PER_BLOCK = 1000;

const QUOTE = 34;
const BACKSLASH = 92;
const NEWLINE = 10;
const SPACE = 32;
const COMMA = 44;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/** The table in a JSON file. @throws UserError when it holds no rows */
export async function jsonTable(source: Source, signal?: AbortSignal): Promise<Table> {
  const sample: Cell[] = [];
  let sampled = 0;
  let whole = true;
  for await (const texts of jsonTexts(source, signal)) {
    for (const { text } of texts) {
      if (sampled >= SAMPLE_BYTES) {
        whole = false;
        break;
      }
      sampled += text?.length ?? 0;
      const value = parse(text ?? '');
      if (value !== undefined) sample.push(value);
    }
    if (!whole) break;
  }
  if (sample.length === 0) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${source.name} holds no JSON value. Wanted: an object per line, or a list of them.`,
      {
        file: source.name,
      },
    );
  }
  const layout = tellLayout(sample, stemOf(source.name), whole);
  return {
    name: stemOf(source.name),
    file: source.name,
    group: null,
    format: 'JSON',
    columns: layout.columns,
    rowCount: null,
    rows: (options) => jsonRows(source, layout, options),
  };
}

interface Layout {
  readonly columns: readonly Column[];
  /** Whether rows are objects; otherwise each is the one cell of its row. */
  readonly objects: boolean;
  /** The fields that have columns of their own, when the last column collects the others. */
  readonly known: ReadonlySet<string> | null;
}

const OTHER = 'other';

function tellLayout(sample: readonly Cell[], stem: string, whole: boolean): Layout {
  const objects = sample.filter(isObject);
  if (objects.length === 0) {
    const type = typeOfValues(sample);
    return { columns: [{ name: type.type === 'vector' ? 'vectors' : stem, ...type }], objects: false, known: null };
  }
  const known = new Set(objects.flatMap((object) => Object.keys(object)));
  const columns = [...known].map((name): Column => {
    return { name, ...typeOfValues(objects.map((object) => fieldOf(object, name))) };
  });
  if (whole || known.has(OTHER)) return { columns, objects: true, known: null };
  return { columns: [...columns, { name: OTHER, type: 'json' }], objects: true, known };
}

function typeOfValues(values: readonly Cell[]): Pick<Column, 'type' | 'dimension'> {
  const present = values.filter((value) => value !== null);
  if (present.length === 0) return { type: 'text' };
  if (present.every((value) => typeof value === 'number')) return { type: 'number' };
  if (present.every((value) => typeof value === 'boolean')) return { type: 'boolean' };
  if (present.every((value) => typeof value === 'string')) {
    return { type: present.every(isDateText) ? 'date' : 'text' };
  }
  const lists = present.filter(isNumberList);
  const dimension = lists.length === present.length ? commonLength(lists) : null;
  return dimension === null ? { type: 'json' } : { type: 'vector', dimension };
}

async function* jsonRows(
  source: Source,
  layout: Layout,
  { signal, skip = 0 }: ReadOptions = {},
): AsyncGenerator<(Row | Rejected)[]> {
  let index = 0;
  for await (const texts of jsonTexts(source, signal)) {
    const records: (Row | Rejected)[] = [];
    for (const text of texts) {
      if (index >= skip) records.push(readRecord(text, index, layout));
      index++;
    }
    if (records.length > 0) yield records;
  }
}

function readRecord({ line, text }: JsonText, index: number, { columns, objects, known }: Layout): Row | Rejected {
  const reject = (reason: string): Rejected => ({ index, line, reason });
  if (text === null) return reject('it is not UTF-8');
  if (text === '') return reject('the line is empty');
  let value: Cell;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return reject(`it is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (isObject(value) !== objects) {
    return reject(
      objects ? 'it is no object with fields, unlike the rows before' : 'it is an object, unlike the rows before',
    );
  }
  const cells: Cell[] = [];
  for (const column of columns) {
    const cell = isObject(value) ? fieldOf(value, column.name) : value;
    if (column.type === 'vector') {
      const vector = readVector(cell, column);
      if (typeof vector === 'string') return reject(vector);
      cells.push(vector);
    } else {
      cells.push(readField(cell, column));
    }
  }
  if (known !== null && isObject(value)) cells[cells.length - 1] = otherFields(value, known);
  return { index, line, cells };
}

/** A vector, or why the row is kept out. */
function readVector(cell: Cell, column: Column): Float32Array | string {
  if (cell === null) return `the vector "${column.name}" is missing`;
  if (!Array.isArray(cell)) return `"${column.name}" is no list of numbers`;
  const wrong = cell.findIndex((value) => typeof value !== 'number');
  if (wrong !== -1) return `number ${wrong + 1} of "${column.name}" is ${JSON.stringify(cell[wrong]).slice(0, 40)}`;
  const vector = Float32Array.from(cell);
  return vectorReason(vector, column) ?? vector;
}

function readField(cell: Cell, { type }: Column): Cell {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : null; // 1e999 is JSON
  return type === 'date' && typeof cell === 'string' && isDateText(cell) ? readCell(cell, 'date') : cell;
}

function otherFields(value: JsonObject, known: ReadonlySet<string>): Cell {
  const others = Object.entries(value).filter(([name]) => !known.has(name));
  return others.length === 0 ? null : Object.fromEntries(others);
}

type JsonObject = { readonly [key: string]: Cell };

function isObject(value: Cell): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of its own, not one that every object inherits (`constructor`), or null. */
function fieldOf(object: JsonObject, name: string): Cell {
  return Object.hasOwn(object, name) ? (object[name] ?? null) : null;
}

function isNumberList(value: Cell): value is readonly number[] {
  return Array.isArray(value) && value.length > 1 && value.every((item) => typeof item === 'number');
}

/** A value as it stands in the file. */
interface JsonText {
  readonly line: number;
  /** Null: not UTF-8. Empty: an empty line. */
  readonly text: string | null;
}

/** The values of the file in blocks, as text. @throws UserError when a list or the last value has no end */
async function* jsonTexts(source: Source, signal?: AbortSignal): AsyncGenerator<JsonText[]> {
  const head = decodeHead(await readRange(source, 0, SAMPLE_BYTES));
  const pieces = utf8Bytes(source, signal);
  if (isLines(head)) yield* lineTexts(source, pieces);
  else yield* scannedTexts(source, pieces);
}

/** Whether each line is a value: the first is one, and, when it is a list, another line follows. */
function isLines(head: Buffer): boolean {
  const [first = '', ...rest] = head.toString('utf8').trimStart().split('\n', 2);
  const value = parse(first);
  return value !== undefined && (!Array.isArray(value) || (rest[0] ?? '').trim() !== '');
}

function parse(text: string): Cell | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function* lineTexts(source: Source, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<JsonText[]> {
  const empty: JsonText[] = []; // empty lines at the end of the file are none
  for await (const block of lineBlocks(pieces, source.name)) {
    const texts: JsonText[] = [];
    for (const { line, start, end } of linesOf(block)) {
      const text = textOf(block.bytes.subarray(start, end));
      if (text === '') {
        empty.push({ line, text });
      } else {
        if (empty.length > 0) texts.push(...empty.splice(0));
        texts.push({ line, text });
      }
    }
    yield texts;
  }
}

function textOf(bytes: Buffer): string | null {
  return isUtf8(bytes) ? bytes.toString('utf8').trim() : null;
}

/** The bytes that matter within brackets: most of a file of vectors are digits. */
const TELLING = new Uint8Array(256);
for (const byte of [QUOTE, NEWLINE, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT]) TELLING[byte] = 1;

/** Values within one list, or one after the other over any number of lines: found by counting brackets. */
async function* scannedTexts(source: Source, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<JsonText[]> {
  let bytes: Buffer = Buffer.alloc(0);
  let at = 0; // the next byte to look at
  let start = -1; // where the present value begins, -1 between values
  let line = 1;
  let startLine = 1;
  let depth = 0; // brackets open within the present value
  let inText = false;
  let list: 'unknown' | 'no' | 'open' | 'closed' = 'unknown';
  let texts: JsonText[] = [];
  for await (const piece of pieces) {
    const kept = start === -1 ? bytes.length : start;
    if (bytes.length - kept > LINE_LIMIT_BYTES) throw wrong(source, startLine, 'holds a value larger than 64 MiB');
    bytes = kept === bytes.length ? bufferOf(piece) : Buffer.concat([bytes.subarray(kept), piece]);
    at -= kept;
    if (start !== -1) start = 0;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (inText) {
        if (byte === BACKSLASH) at++;
        else if (byte === QUOTE) inText = false;
        else if (byte === NEWLINE) line++;
        continue;
      }
      if (depth > 0 && TELLING[byte] === 0) continue;
      if (byte === NEWLINE) line++;
      const blank = byte <= SPACE;
      if (start === -1) {
        if (blank || (byte === COMMA && list === 'open')) continue;
        if (list === 'unknown') {
          list = byte === OPEN_LIST ? 'open' : 'no';
          if (list === 'open') continue;
        }
        if (list === 'closed') throw wrong(source, line, 'goes on behind the end of its list');
        if (byte === CLOSE_LIST && list === 'open') {
          list = 'closed';
          continue;
        }
        start = at;
        startLine = line;
      }
      let end = -1;
      if (byte === QUOTE) inText = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
      else if ((byte === CLOSE_OBJECT || byte === CLOSE_LIST) && depth > 0) {
        depth--;
        if (depth === 0) end = at + 1;
      } else if (depth === 0 && (blank || byte === COMMA || byte === CLOSE_LIST)) {
        end = at;
        if (byte === CLOSE_LIST && list === 'open') list = 'closed';
      }
      if (end === -1) continue;
      texts.push({ line: startLine, text: textOf(bytes.subarray(start, end)) });
      start = -1;
      if (texts.length === RECORDS_PER_BLOCK) {
        yield texts;
        texts = [];
      }
    }
  }
  if (start !== -1 && list === 'no' && depth === 0 && !inText) {
    texts.push({ line: startLine, text: textOf(bytes.subarray(start)) });
    start = -1;
  }
  yield texts;
  if (start !== -1) throw wrong(source, startLine, 'is cut off within a value');
  if (list === 'open') throw wrong(source, line, 'is cut off: the list that it begins is not closed');
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function wrong(source: Source, line: number, what: string): UserError {
  return new UserError('BAD_USER_INPUT', `${source.name} ${what} (line ${line}). Get or save it again.`, {
    file: source.name,
    line,
  });
}
