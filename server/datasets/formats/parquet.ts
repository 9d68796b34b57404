/**
 * Parquet (https://parquet.apache.org/docs/file-format), decoded by hyparquet. Columns of values and of lists are read
 * page by page, so that a row group of any size takes the memory of a page per column; what is nested deeper is read
 * by row group. Lists of numbers are vectors; a struct with `bytes` (Hugging Face's images) is an image.
 */
import { isUtf8 } from 'node:buffer';
import {
  type ColumnMetaData,
  type DecodedArray,
  type FileMetaData,
  type PageHeader,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getTreePath } from 'hyparquet/src/schema.js';
import { compressors } from 'hyparquet-compressors';

import { UserError } from '../../errors.ts';
import type { Cell, ColumnType, OpenOptions, ReadOptions, Rejected, Row, Source, Table } from './format.ts';
import { isImage } from './images.ts';
import { PAGE_LIMIT_BYTES, readDataPageValues, readDictionary } from './parquetPage.ts';
import { readRange, seekableSource, stemOf } from './source.ts';
import { readTyped, tellColumns, toCell, toVector } from './typedRows.ts';

const SAMPLE_ROWS = 256;
const RECORDS_PER_BLOCK = 2048;
/** A page header is some dozen bytes and two values of statistics. */
const HEADER_BYTES = 64 << 10;
const READ_BYTES = 1 << 20;

export function isParquet(head: Buffer): boolean {
  const magic = head.toString('latin1', 0, 4);
  return magic === 'PAR1' || magic === 'PARE';
}

/** A column of the file, and how it is read. */
interface FileColumn {
  readonly name: string;
  /** `value`: one value per row; `list`: a list of values per row; `nested`: anything else. */
  readonly kind: 'value' | 'list' | 'nested';
  /** From the root of the schema down to the leaf (to the column itself where it is nested). */
  readonly path: readonly SchemaTree[];
  readonly type: ColumnType;
}

interface File {
  readonly source: Source;
  readonly metadata: FileMetaData;
  readonly columns: readonly FileColumn[];
}

/** @throws UserError when the footer is missing, damaged or encrypted */
export async function parquetTable(given: Source, options: OpenOptions): Promise<Table> {
  const source = await seekableSource(given, options.scratchDir, options.signal);
  const head = await readRange(source, 0, 4);
  if (head.toString('latin1') === 'PARE') throw wrong(source, 'is encrypted. Save it without encryption');
  const file = await readFooter(source).catch(() => {
    throw wrong(source, 'is cut off or damaged: its footer, at the end of the file, cannot be read. Get it again');
  });
  const { metadata } = file;
  const promised = metadata.row_groups.reduce((sum, { num_rows }) => sum + Number(num_rows), 0);
  if (promised !== Number(metadata.num_rows) || promised < 0) {
    throw wrong(
      source,
      `is damaged: it promises ${metadata.num_rows} rows and has groups of ${promised}. Get it again`,
    );
  }
  const sample = await sampleCells(file, options.signal);
  const described = file.columns.map(({ name, kind, type }, i) => ({
    name,
    type: columnType(kind, type, () => sample.map((cells) => cells[i] ?? null)),
    list: kind === 'list' && type === 'number',
  }));
  const columns = tellColumns(described, sample);
  const decoded = described.map(({ type }) => type);
  return {
    name: stemOf(source.name),
    file: source.name,
    group: null,
    format: 'Parquet',
    columns: columns.map(({ column }) => column),
    rowCount: Number(metadata.num_rows),
    rows: (read) => parquetRows(file, decoded, columns, read),
  };
}

/** Row groups and schema. A schema that promises more children than there are is found only when it is made a tree. */
async function readFooter(source: Source): Promise<File> {
  const metadata = await parquetMetadataAsync(asyncBuffer(source), { geoparquet: false });
  return { source, metadata, columns: parquetSchema(metadata).children.map(fileColumn) };
}

function columnType(kind: FileColumn['kind'], type: ColumnType, sample: () => readonly Cell[]): ColumnType {
  if (kind === 'value') return type === 'image' ? bytesType(sample()) : type;
  return kind === 'list' && type === 'number' ? type : 'json';
}

function asyncBuffer(source: Source) {
  const size = source.size ?? 0;
  return {
    byteLength: size,
    slice: async (start: number, end = size): Promise<ArrayBuffer> => {
      const bytes = await readRange(source, start, end - start);
      return new Uint8Array(bytes).buffer;
    },
  };
}

function fileColumn(tree: SchemaTree): FileColumn {
  const { name } = tree.element;
  const bytes = tree.children.find((child) => child.element.name === 'bytes' && child.element.type === 'BYTE_ARRAY');
  if (bytes !== undefined && tree.element.repetition_type !== 'REPEATED') {
    return { name, kind: 'value', path: [tree, bytes], type: 'image' };
  }
  const path = [tree];
  for (let node = tree; node.children.length === 1 && node.children[0] !== undefined; ) {
    node = node.children[0];
    path.push(node);
  }
  const leaf = path.at(-1);
  const repeated = path.filter(({ element }) => element.repetition_type === 'REPEATED').length;
  const isStruct = repeated === 0 ? path.length > 1 : path.length > 3;
  if (leaf === undefined || leaf.children.length > 0 || repeated > 1 || isStruct) {
    return { name, kind: 'nested', path: [tree], type: 'json' };
  }
  return { name, kind: repeated === 1 ? 'list' : 'value', path, type: leafType(leaf) };
}

/** `image` stands for bytes of a kind that only a look at them tells. */
function leafType({ element: { type, converted_type, logical_type } }: SchemaTree): ColumnType {
  const logical = logical_type?.type;
  if (type === 'BOOLEAN') return 'boolean';
  if (converted_type === 'DECIMAL' || logical === 'FLOAT16') return 'number';
  if (converted_type === 'DATE' || converted_type?.startsWith('TIMESTAMP')) return 'date';
  if (logical === 'DATE' || logical === 'TIMESTAMP' || type === 'INT96') return 'date';
  if (converted_type === 'JSON' || logical === 'JSON') return 'json';
  if (converted_type === 'UTF8' || converted_type === 'ENUM' || logical === 'STRING' || logical === 'ENUM')
    return 'text';
  if (logical === 'UUID') return 'text';
  return type === 'BYTE_ARRAY' || type === 'FIXED_LEN_BYTE_ARRAY' ? 'image' : 'number';
}

/** Bytes without a type: images where they begin like one, otherwise the text that old writers did not name as such. */
function bytesType(cells: readonly Cell[]): ColumnType {
  const bytes = cells.filter((cell) => cell instanceof Uint8Array);
  if (bytes.length === 0 || bytes.some((cell) => isImage('', cell))) return 'image';
  return bytes.every((cell) => isUtf8(cell)) ? 'text' : 'image';
}

async function sampleCells(file: File, signal?: AbortSignal): Promise<readonly (readonly Cell[])[]> {
  const rows: (readonly Cell[])[] = [];
  for (let group = 0; group < file.metadata.row_groups.length && rows.length === 0; group++) {
    for await (const block of groupCells(file, group, signal)) {
      rows.push(...block.slice(0, SAMPLE_ROWS));
      break;
    }
  }
  return rows;
}

async function* parquetRows(
  file: File,
  types: readonly ColumnType[],
  columns: ReturnType<typeof tellColumns>,
  { signal, skip = 0 }: ReadOptions = {},
): AsyncGenerator<(Row | Rejected)[]> {
  let index = 0;
  for (const [group, { num_rows }] of file.metadata.row_groups.entries()) {
    if (index + Number(num_rows) <= skip) {
      index += Number(num_rows);
      continue;
    }
    for await (const block of groupCells(file, group, signal)) {
      const records: (Row | Rejected)[] = [];
      for (const cells of block) {
        if (index >= skip) records.push(readTyped(withTexts(cells, types), columns, index));
        index++;
      }
      if (records.length > 0) yield records;
    }
  }
}

/** Bytes that were told to be text, as text. */
function withTexts(cells: Cell[], types: readonly ColumnType[]): Cell[] {
  for (const [i, cell] of cells.entries()) {
    if (types[i] === 'text' && cell instanceof Uint8Array) cells[i] = Buffer.from(cell).toString('utf8');
  }
  return cells;
}

/** The rows of a row group, each with a cell per column of the file. */
async function* groupCells(file: File, group: number, signal?: AbortSignal): AsyncGenerator<Cell[][]> {
  const { source, metadata, columns } = file;
  const rowGroup = metadata.row_groups[group];
  const rowCount = Number(rowGroup?.num_rows ?? 0);
  if (rowGroup === undefined || rowCount === 0) return;
  try {
    const nested = await nestedCells(file, group, rowCount);
    const chunks = new Map(rowGroup.columns.map(({ meta_data: data }) => [data?.path_in_schema.join('.'), data]));
    const readers = columns.map((column) => {
      const values = nested.get(column.name);
      if (values !== undefined) return new CellReader(onePage(values), rowCount);
      const chunk = chunks.get(column.path.at(-1)?.path.join('.'));
      if (chunk === undefined) throw new Error(`there is no column chunk for ${column.name}`);
      return new CellReader(pageCells(file, column, chunk, signal), rowCount);
    });
    for (let read = 0; read < rowCount; ) {
      signal?.throwIfAborted();
      let count = Math.min(RECORDS_PER_BLOCK, rowCount - read);
      for (const reader of readers) count = Math.min(count, await reader.available());
      const rows = Array.from({ length: count }, (): Cell[] => new Array<Cell>(readers.length).fill(null));
      for (const [column, reader] of readers.entries()) reader.take(rows, column);
      yield rows;
      read += count;
    }
  } catch (error) {
    if (error instanceof UserError || signal?.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw wrong(source, `cannot be read in row group ${group + 1}: ${reason}. Is the file damaged? Get it again`);
  }
}

/** Cells of part of a column. */
type Page = ArrayLike<unknown>;

async function* onePage(page: Page): AsyncGenerator<Page> {
  yield page;
}

/** Hands out the cells of one column, whatever the size of its pages. */
class CellReader {
  readonly #pages: AsyncIterator<Page>;
  #page: Page = [];
  #at = 0;
  #missing: number;

  constructor(pages: AsyncIterator<Page>, rowCount: number) {
    this.#pages = pages;
    this.#missing = rowCount;
  }

  /** How many cells can be taken at once: at least one. */
  async available(): Promise<number> {
    while (this.#at === this.#page.length) {
      const next = await this.#pages.next();
      if (next.done) throw new Error(`a column ends ${this.#missing} values too early`);
      this.#page = next.value;
      this.#at = 0;
    }
    return this.#page.length - this.#at;
  }

  take(rows: Cell[][], column: number): void {
    for (const row of rows) row[column] = toCell(this.#page[this.#at++]);
    this.#missing -= rows.length;
  }
}

async function nestedCells(
  { source, metadata, columns }: File,
  group: number,
  rowCount: number,
): Promise<Map<string, Page>> {
  const names = columns.filter(({ kind }) => kind === 'nested').map(({ name }) => name);
  const cells = new Map<string, Page>();
  if (names.length === 0) return cells;
  const rowStart = metadata.row_groups.slice(0, group).reduce((sum, { num_rows }) => sum + Number(num_rows), 0);
  let rows: unknown[][] = [];
  await parquetRead({
    file: asyncBuffer(source),
    metadata,
    columns: names,
    compressors,
    rowStart,
    rowEnd: rowStart + rowCount,
    onComplete: (complete) => {
      rows = complete;
    },
  });
  for (const [i, name] of names.entries())
    cells.set(
      name,
      rows.map((row) => row[i]),
    );
  return cells;
}

/** The cells of a column chunk, page by page. */
async function* pageCells(
  { source, metadata }: File,
  { path, kind, type }: FileColumn,
  chunk: ColumnMetaData,
  signal?: AbortSignal,
): AsyncGenerator<Page> {
  const { codec, dictionary_page_offset, data_page_offset, total_compressed_size, path_in_schema, num_values } = chunk;
  const leaf = path.at(-1);
  if (leaf === undefined) return;
  const schemaPath = getTreePath(parquetSchema(metadata), path_in_schema);
  const { element } = leaf;
  const decoder = {
    pathInSchema: path_in_schema,
    type: chunk.type,
    element,
    schemaPath,
    codec,
    compressors,
    parsers: DEFAULT_PARSERS,
    utf8: false,
  };
  const levels = {
    value: getMaxDefinitionLevel(schemaPath),
    lists: getMaxRepetitionLevel(schemaPath) > 0,
    // Up to the list itself, and the list's own level: below it there is no list, or an empty one.
    element: getMaxDefinitionLevel(schemaPath.slice(0, schemaPath.findIndex(isRepeated) + 1)),
  };
  const start = Number(dictionary_page_offset || data_page_offset);
  const window = new ByteWindow(source, start, start + Number(total_compressed_size));
  const rows = kind === 'list' ? new ListRows(type === 'number', levels.value, levels.element) : null;
  let dictionary: DecodedArray | undefined;
  for (let seen = 0; seen < Number(num_values); ) {
    signal?.throwIfAborted();
    const header = await readHeader(window);
    const size = header.compressed_page_size;
    if (!Number.isSafeInteger(size) || size < 0 || size > PAGE_LIMIT_BYTES) throw new Error(`a page of ${size} bytes`);
    const bytes = await window.take(size);
    if (header.type === 'DICTIONARY_PAGE') {
      dictionary = readDictionary(bytes, header, decoder);
      continue;
    }
    const page = readDataPageValues(bytes, header, decoder, dictionary, Number(num_values) - seen);
    const { values, definitionLevels, repetitionLevels, count } = page;
    seen += count;
    if (count === 0) continue;
    if (rows === null) yield withNulls(values, definitionLevels, levels.value);
    else yield rows.add(values, definitionLevels, repetitionLevels);
  }
  if (rows !== null) yield rows.end();
}

function isRepeated({ element }: SchemaTree): boolean {
  return element.repetition_type === 'REPEATED';
}

/** Values with a null wherever the level says that there is none. */
function withNulls(values: DecodedArray, definitionLevels: readonly number[], most: number): Page {
  if (definitionLevels.length === values.length || definitionLevels.length === 0) return values;
  let next = 0;
  return definitionLevels.map((level) => (level === most ? values[next++] : null));
}

/** Puts lists together from values and levels (S. Melnik et al., Dremel, VLDB 2010, section 4). */
class ListRows {
  readonly #numbers: boolean;
  readonly #valueLevel: number;
  readonly #elementLevel: number;
  /** The row not yet known to be complete: a page may end within it. */
  #open: unknown[] | DecodedArray | null | undefined;

  constructor(numbers: boolean, valueLevel: number, elementLevel: number) {
    this.#numbers = numbers;
    this.#valueLevel = valueLevel;
    this.#elementLevel = elementLevel;
  }

  /** The rows that a page completes. */
  add(values: DecodedArray, definitionLevels: readonly number[], repetitionLevels: readonly number[]): Page {
    const complete: unknown[] = [];
    const whole = definitionLevels.length === 0 || values.length === repetitionLevels.length;
    let next = 0;
    for (let i = 0; i < repetitionLevels.length; ) {
      const continues = repetitionLevels[i] !== 0;
      let end = i + 1;
      while (end < repetitionLevels.length && repetitionLevels[end] !== 0) end++;
      let row: unknown[] | DecodedArray | null;
      if (whole) {
        row = values.slice(i, end);
      } else {
        row = [];
        for (let at = i; at < end; at++) {
          const level = definitionLevels[at] ?? 0;
          if (level === this.#valueLevel) row.push(values[next++]);
          else if (level >= this.#elementLevel) row.push(null);
          else if (level < this.#elementLevel - 1) row = null;
          if (row === null) break;
        }
      }
      if (continues) {
        this.#open = [...(this.#open ?? []), ...(row ?? [])];
      } else {
        if (this.#open !== undefined) complete.push(this.#finished(this.#open));
        this.#open = row;
      }
      i = end;
    }
    return complete;
  }

  end(): Page {
    return this.#open === undefined ? [] : [this.#finished(this.#open)];
  }

  #finished(row: unknown[] | DecodedArray | null): unknown {
    if (row === null || !this.#numbers) return row;
    return row instanceof Float32Array ? row : toVector(row);
  }
}

/** The bytes of a column chunk, read piece by piece as they are needed. */
class ByteWindow {
  readonly #source: Source;
  #position: number;
  readonly #end: number;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(source: Source, start: number, end: number) {
    this.#source = source;
    this.#position = start;
    this.#end = end;
  }

  /** At least `count` bytes from here on where there are as many, not yet taken. */
  async peek(count: number): Promise<Buffer> {
    if (this.#bytes.length < count && this.#position < this.#end) {
      const wanted = Math.max(count - this.#bytes.length, READ_BYTES);
      const read = await readRange(this.#source, this.#position, Math.min(wanted, this.#end - this.#position));
      this.#position = read.length === 0 ? this.#end : this.#position + read.length;
      this.#bytes = this.#bytes.length === 0 ? read : Buffer.concat([this.#bytes, read]);
    }
    return this.#bytes;
  }

  async take(count: number): Promise<Buffer> {
    const bytes = await this.peek(count);
    if (bytes.length < count) throw new Error(`${count - bytes.length} bytes are missing`);
    this.#bytes = bytes.subarray(count);
    return bytes.subarray(0, count);
  }
}

async function readHeader(window: ByteWindow): Promise<PageHeader> {
  const bytes = await window.peek(HEADER_BYTES);
  if (bytes.length === 0) throw new Error('a column chunk ends too early');
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 };
  const header = parquetHeader(reader);
  await window.take(reader.offset);
  return header;
}

function wrong(source: Source, what: string): UserError {
  return new UserError('BAD_USER_INPUT', `${source.name} ${what}.`, { file: source.name });
}
