/**
 * Tables of text: fields divided by comma, semicolon, tab, bar or space, with or without a line of names, quoted as
 * RFC 4180 has it. Delimiter, header and types are told from the beginning of the file.
 */

import { UserError } from '../../errors.ts';
import type { Column, ReadOptions, Rejected, Row, Source, Table } from './format.ts';
import {
  decodeHead,
  firstLineNotUtf8,
  LINE_LIMIT_BYTES,
  type LineBlock,
  lineBlocks,
  linesOf,
  notUtf8,
  utf8Bytes,
} from './lines.ts';
import { isNumberText } from './numberText.ts';
import { splitQuoted, type TextRecord } from './quotedRecords.ts';
import { extensionOf, readRange, stemOf } from './source.ts';
import {
  commonLength,
  type FileColumn,
  gatherColumns,
  isMissing,
  readTexts,
  readVectorText,
  typeOfTexts,
} from './textCells.ts';

const DELIMITERS = ['\t', ',', ';', '|', ' '] as const;
const SAMPLE_BYTES = 1 << 20;
const SAMPLE_ROWS = 1000;
const QUOTE = 34;
/** A row's end of fewer numbers are columns of their own. */
const LEAST_UNNAMED_NUMBERS = 4;

interface Layout {
  /** Null: one column. */
  readonly delimiter: string | null;
  readonly quoted: boolean;
  readonly header: boolean;
  readonly fieldCount: number;
  /** Whether a row may end early. */
  readonly ragged: boolean;
  /** Columns of numbers with a comma for the point. */
  readonly commas: readonly number[];
  readonly columns: readonly FileColumn[];
}

/** What is known of a text file beforehand; the rest is told from its beginning. */
export interface KnownLayout {
  /** Whether a first row of these cells names the columns. */
  isHeader?(cells: readonly string[]): boolean;
  /** The names of the columns that no header names, from the first on. */
  readonly names?: readonly string[];
  /** Columns, by name, whose cells are texts whatever they look like: `007` is no number, and `NA` is not missing. */
  isText?(name: string): boolean;
  /** Whether what a row lacks at its end is missing: names have a description or none. A tab divides then wherever there is one. */
  readonly ragged?: boolean;
}

/** The table in a text file. @throws UserError when columns share a name */
export async function csvTable(source: Source, known: KnownLayout = {}): Promise<Table> {
  const head = await readRange(source, 0, SAMPLE_BYTES);
  const layout = tellLayout(source, decodeHead(head), head.length < SAMPLE_BYTES, known);
  return {
    name: stemOf(source.name),
    file: source.name,
    group: null,
    format: layout.delimiter === '\t' || layout.delimiter === null ? 'TSV' : 'CSV',
    columns: layout.columns.map(({ column }) => column),
    rowCount: null,
    rows: (options) => textRows(source, layout, options),
  };
}

function tellLayout(source: Source, sample: Buffer, whole: boolean, known: KnownLayout): Layout {
  const end = whole ? sample.length : sample.lastIndexOf(10) + 1 || sample.length;
  const text = sample.subarray(0, end).toString('utf8');
  const lines = text.split(/\r?\n/, SAMPLE_ROWS).filter((line) => line !== '');
  const tabbed = known.ragged && lines.some((line) => line.includes('\t'));
  const delimiter = tabbed ? '\t' : tellDelimiter([lines, withQuotesClosed(lines)]);
  const quoted = delimiter !== ' ' && isQuoted(text, delimiter);
  const split = (line: string) => (delimiter === null ? [line] : line.split(delimiter));
  const written = quoted ? sampleQuoted(text, delimiter) : lines.map(split);
  const commas = delimiter === ',' || known.isText !== undefined ? [] : columnsWithCommas(written.slice(1));
  const rows = written.map((row) => withPoints(row, commas));
  const [first = []] = rows;
  const ragged = known.ragged === true;
  const fieldCount = ragged ? rows.reduce((most, row) => Math.max(most, row.length), 0) : first.length;
  const even = ragged ? rows : rows.filter((row) => row.length === fieldCount);
  const header = known.isHeader?.(first) ?? isHeader(even, extensionOf(source.name));
  const body = header ? even.slice(1) : even;
  const columns = Array.from({ length: fieldCount }, (_, i): Column => {
    const unnamed = known.names?.[i] ?? (fieldCount === 1 ? stemOf(source.name) : `column${i + 1}`);
    const name = (header && first[i]?.trim()) || unnamed;
    return { name, type: known.isText?.(name) ? 'text' : typeOfTexts(body.map((row) => row[i] ?? '')) };
  });
  refuseDoubles(source, columns);
  const nearly = columns.map((column, i): Column => {
    const isText =
      column.type !== 'text' || known.isText?.(column.name) || !isNearlyNumbers(body.map((row) => row[i] ?? ''));
    return isText ? column : { ...column, type: 'number' };
  });
  // What is no part of a vector stays what it was.
  const gathered = (header ? gatherColumns(nearly) : gatherUnnamed(nearly)).map(({ column, positions }) => ({
    column: positions.length > 1 ? column : (columns[positions[0] ?? 0] ?? column),
    positions,
  }));
  const measuredColumns = gathered.map((column) => measured(column, body));
  return { delimiter, quoted, header, fieldCount, ragged, commas, columns: measuredColumns };
}

/** A number as half of the world writes it: `1.234,5`. */
const COMMA_NUMBER = /^[-+]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?$/;
/** What the other half writes for a thousand times as much. */
const THOUSANDS = /^[-+]?[1-9]\d{0,2},\d{3}$/;

/** The columns in which every cell is such a number, and one at least can be nothing else. */
function columnsWithCommas(rows: readonly (readonly string[])[]): number[] {
  const [first = []] = rows;
  return [...first.keys()].filter((i) => {
    const present = rows.map((row) => row[i]?.trim() ?? '').filter((text) => !isMissing(text));
    const isSure = present.some((text) => text.includes(',') && !THOUSANDS.test(text));
    return isSure && present.every((text) => COMMA_NUMBER.test(text));
  });
}

function withPoints(texts: readonly string[], commas: readonly number[]): readonly string[] {
  if (commas.length === 0) return texts;
  return texts.map((text, i) =>
    commas.includes(i) && COMMA_NUMBER.test(text.trim()) ? text.trim().replaceAll('.', '').replace(',', '.') : text,
  );
}

/** From this share of numbers on, a word among a vector's numbers makes its row a bad one, and not the column one of words. */
const NUMBERS_SHARE = 0.9;

function isNearlyNumbers(texts: readonly string[]): boolean {
  const present = texts.filter((text) => !isMissing(text));
  return present.length > 0 && present.filter(isNumberText).length >= NUMBERS_SHARE * present.length;
}

/**
 * The delimiter that divides the lines most evenly, of equals the one that gives most fields; null: one column.
 * `readings` are the lines as they stand and as they are when quotes may hold newlines.
 */
function tellDelimiter(readings: readonly (readonly string[])[]): string | null {
  let best: { delimiter: string; even: number; fields: number } | null = null;
  for (const lines of readings) {
    for (const delimiter of DELIMITERS) {
      const counts = lines.map((line) => countOutsideQuotes(line, delimiter));
      const [expected = 0] = counts;
      if (expected === 0) continue;
      // Blanks divide prose as well.
      if (delimiter === ' ' && !lines.every((line) => line.split(' ').every(isNumberText))) continue;
      const even = counts.filter((count) => count === expected).length / counts.length;
      const better = best === null || even > best.even || (even === best.even && expected > best.fields);
      if (even > 0.5 && better) best = { delimiter, even, fields: expected };
    }
  }
  return best?.delimiter ?? null;
}

/** Lines joined with those after them until their quotes are even in number. */
function withQuotesClosed(lines: readonly string[]): string[] {
  const joined: string[] = [];
  let open = '';
  for (const line of lines) {
    open = open === '' ? line : `${open}\n${line}`;
    if ((open.match(/"/g)?.length ?? 0) % 2 === 1) continue;
    joined.push(open);
    open = '';
  }
  return joined; // what is open at the end of the sample is left out
}

function countOutsideQuotes(line: string, delimiter: string): number {
  let count = 0;
  let quoted = false;
  for (const character of line) {
    if (character === '"') quoted = !quoted;
    else if (character === delimiter && !quoted) count++;
  }
  return count;
}

/**
 * Whether quotes enclose fields. Files with tabs often have no such rule (the Embedding Projector's metadata, lists of
 * tokens), so there every field that begins with a quote must also end with one.
 */
function isQuoted(text: string, delimiter: string | null): boolean {
  if (delimiter !== '\t' && delimiter !== null) return true;
  const fields = text.split(/[\t\n]/).filter((field) => field.startsWith('"'));
  return fields.length > 0 && fields.every((field) => /^"(?:[^"]|"")*"\r?$/.test(field));
}

/** The rows of a sample, which may end within a quoted field: reading on will tell whether that has an end. */
function sampleQuoted(text: string, delimiter: string | null): (readonly string[])[] {
  const { records } = splitQuoted(text.replace(/\r?\n$/, ''), delimiter, 1);
  return records
    .map(({ texts }) => texts)
    .filter((texts) => texts.length > 1 || texts[0] !== '')
    .slice(0, SAMPLE_ROWS);
}

/**
 * Whether the first row names the columns. It does unless one of its cells is a value: a number, a date, a list. Names
 * that count up (`0, 1, 2, …` as pandas names unnamed columns) are names. A file of one column has none, as in the
 * Embedding Projector's metadata, except a .csv, where RFC 4180's readers expect one.
 */
function isHeader(rows: readonly (readonly string[])[], extension: string): boolean {
  const [first = [], second = [], ...rest] = rows;
  const isValue = (text: string) =>
    !isMissing(text) && ['number', 'date', 'vector', 'json'].includes(typeOfTexts([text]));
  if (first.length === 1) return extension === 'csv' && second.length > 0 && !first.some(isValue);
  if (first.some(isValue)) return countsUp(first) && !countsUp(second);
  const below = [second, ...rest];
  if (first.some((_, i) => typeOfTexts(below.map((row) => row[i] ?? '')) !== 'text')) return true;
  // Where all is text: names differ, and stand in their own columns again at most by chance (`word` in a list of words).
  const again = first.filter((cell, i) => below.some((row) => row[i] === cell && !isMissing(cell)));
  return new Set(first).size === first.length && again.length < 2;
}

function countsUp(cells: readonly string[]): boolean {
  const numbers = cells.filter(isNumberText).map(Number);
  const [start = -1] = numbers;
  const others = cells.filter((cell) => !isNumberText(cell));
  return (
    numbers.length >= 3 &&
    (start === 0 || start === 1) &&
    numbers.every((number, i) => number === start + i) &&
    others.every((cell) => typeOfTexts([cell]) === 'text')
  );
}

function refuseDoubles(source: Source, columns: readonly Column[]): void {
  const seen = new Map<string, number>();
  for (const [i, { name }] of columns.entries()) {
    const before = seen.get(name);
    if (before !== undefined) {
      throw new UserError(
        'BAD_USER_INPUT',
        `Columns ${before + 1} and ${i + 1} of ${source.name} are both named "${name}". Rename one of them.`,
        { file: source.name, line: 1 },
      );
    }
    seen.set(name, i);
  }
}

/** Columns without names: numbers alone are a vector, and so is a row's end of four numbers or more. */
function gatherUnnamed(columns: readonly Column[]): FileColumn[] {
  const first = columns.findLastIndex(({ type }) => type !== 'number') + 1;
  const length = columns.length - first;
  const single = (column: Column, i: number): FileColumn => ({ column, positions: [i] });
  if (length < (first === 0 ? 2 : LEAST_UNNAMED_NUMBERS)) return columns.map(single);
  const positions = Array.from({ length }, (_, i) => first + i);
  return [
    ...columns.slice(0, first).map(single),
    { column: { name: 'vectors', type: 'vector', dimension: length }, positions },
  ];
}

/** A column of lists with the length that most of them have, or else the first. */
function measured(field: FileColumn, body: readonly (readonly string[])[]): FileColumn {
  const [position = 0] = field.positions;
  if (field.column.type !== 'vector' || field.column.dimension !== undefined) return field;
  const lists = body.map((row) => readVectorText(row[position] ?? '')).filter((list) => list !== null);
  return { ...field, column: { ...field.column, dimension: commonLength(lists) ?? lists[0]?.length ?? 0 } };
}

async function* textRows(
  source: Source,
  layout: Layout,
  { signal, skip = 0 }: ReadOptions = {},
): AsyncGenerator<(Row | Rejected)[]> {
  let index = layout.header ? -1 : 0;
  let empty: number[] = []; // lines without anything at the end of the file are none
  for await (const records of textRecords(source, layout, signal)) {
    const block: (Row | Rejected)[] = [];
    for (const { line, texts } of records) {
      if (texts.length === 1 && texts[0] === '') {
        empty.push(line);
        continue;
      }
      for (const emptyLine of empty) {
        if (index >= Math.max(skip, 0)) block.push(emptyRecord(layout, index, emptyLine));
        if (index >= 0) index++; // above the line of names an empty line is no record
      }
      if (empty.length > 0) empty = [];
      if (index >= skip) block.push(readRecord(layout, index, line, texts));
      index++;
    }
    if (block.length > 0) yield block;
  }
}

/** In a file of one column an empty line is a missing value: a list of labels must keep its count. */
function emptyRecord({ fieldCount, columns }: Layout, index: number, line: number): Row | Rejected {
  const [only] = columns;
  if (fieldCount === 1 && only?.column.type !== 'vector') return { index, line, cells: [null] };
  return { index, line, reason: 'the line is empty' };
}

function readRecord(
  { fieldCount, columns, ragged, commas }: Layout,
  index: number,
  line: number,
  texts: readonly string[],
): Row | Rejected {
  if (ragged ? texts.length > fieldCount : texts.length !== fieldCount) {
    return { index, line, reason: `the row has ${texts.length} fields; wanted: ${fieldCount}, as in the first` };
  }
  const cells = readTexts(withPoints(texts, commas), columns);
  return typeof cells === 'string' ? { index, line, reason: cells } : { index, line, cells };
}

/** Blocks without a quote are split at once; from the first quote on records may span blocks. */
async function* textRecords(source: Source, layout: Layout, signal?: AbortSignal): AsyncGenerator<TextRecord[]> {
  const blocks = checkedBlocks(source, signal);
  for (let next = await blocks.next(); !next.done; next = await blocks.next()) {
    const block = next.value;
    if (layout.quoted && block.bytes.includes(QUOTE)) {
      yield* quotedRecords(source, layout, block, blocks);
      return;
    }
    yield plainRecords(block, layout.delimiter);
  }
}

async function* checkedBlocks(source: Source, signal?: AbortSignal): AsyncGenerator<LineBlock> {
  for await (const block of lineBlocks(utf8Bytes(source, signal), source.name)) {
    const bad = firstLineNotUtf8(block);
    if (bad !== null) throw notUtf8(source.name, bad);
    yield block;
  }
}

function plainRecords(block: LineBlock, delimiter: string | null): TextRecord[] {
  const records: TextRecord[] = [];
  for (const { line, start, end } of linesOf(block)) {
    const text = block.bytes.toString('utf8', start, end);
    records.push({ line, texts: delimiter === null ? [text] : text.split(delimiter) });
  }
  return records;
}

/** Records may begin in one block and end in another: what is open is held back until a block with a quote comes. */
async function* quotedRecords(
  source: Source,
  { delimiter }: Layout,
  first: LineBlock,
  rest: AsyncGenerator<LineBlock>,
): AsyncGenerator<TextRecord[]> {
  let held: string[] = [];
  let heldLength = 0;
  let line = first.firstLine;
  for (let block: LineBlock | null = first; block !== null; block = await nextOf(rest)) {
    held.push(block.bytes.toString('utf8'));
    heldLength += block.bytes.length;
    if (heldLength > LINE_LIMIT_BYTES) throw neverClosed(source, line);
    if (held.length > 1 && !block.bytes.includes(QUOTE)) continue;
    const text = held.join('\n');
    const { records, open } = splitQuoted(text, delimiter, line);
    yield records;
    held = open === null ? [] : [text.slice(open.start)];
    heldLength = open === null ? 0 : text.length - open.start;
    line = open?.line ?? block.firstLine + block.ends.length;
  }
  if (held.length > 0) throw neverClosed(source, line);
}

async function nextOf(blocks: AsyncGenerator<LineBlock>): Promise<LineBlock | null> {
  const next = await blocks.next();
  return next.done ? null : next.value;
}

function neverClosed(source: Source, line: number): UserError {
  return new UserError(
    'BAD_USER_INPUT',
    `The row that begins at line ${line} of ${source.name} opens a quote that is never closed. Is the file cut off? Double a quote within a field.`,
    { file: source.name, line },
  );
}
