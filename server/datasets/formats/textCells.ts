/** What the cells of a text file mean: types told from a sample, then each cell read as its column's type. */
import type { Cell, Column, ColumnType } from './format.ts';
import { allFinite, nonFiniteReason } from './matrix.ts';
import { isNumberText, parseNumber } from './numberText.ts';

// What pandas, R and spreadsheets write where a value is missing.
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '#n/a', '-']);
const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;
const BOOLEAN = /^(?:true|false)$/i;
/** Columns named alike and numbered are one vector from this many on; `x1, x2, x3` are three numbers. */
const LEAST_SPREAD_COLUMNS = 4;

export function isMissing(text: string): boolean {
  return text.length <= 4 && MISSING.has(text.trim().toLowerCase());
}

/** The type that every cell of the sample has, missing ones apart; text when there is none. */
export function typeOfTexts(texts: readonly string[]): ColumnType {
  const present = texts.filter((text) => !isMissing(text));
  if (present.length === 0) return 'text';
  if (present.every(isPlainNumber)) return 'number';
  if (present.every((text) => BOOLEAN.test(text))) return 'boolean';
  if (present.every(isDateText)) return 'date';
  // Lists of numbers are no prose: the odd ones among them are bad rows.
  if (present.filter((text) => readVectorText(text) !== null).length * 2 > present.length) return 'vector';
  if (present.every(isJsonText)) return 'json';
  return 'text';
}

/** A number that survives being one: no leading zeros as in postal codes, no integer beyond 2^53. */
function isPlainNumber(text: string): boolean {
  if (!isNumberText(text)) return false;
  if (/^[-+]?0\d/.test(text)) return false;
  return !/^[-+]?\d+$/.test(text) || Number.isSafeInteger(Number(text));
}

export function isDateText(text: string): boolean {
  return DATE.test(text) && !Number.isNaN(Date.parse(text));
}

function isJsonText(text: string): boolean {
  return /^\s*[[{]/.test(text) && parseJson(text) !== undefined;
}

function parseJson(text: string): Cell | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `[0.1, 0.2]` as JSON, pgvector and Python write it, or `[0.1 0.2]` as NumPy prints it; null for anything else. */
export function readVectorText(text: string): Float32Array | null {
  const inner = /^\s*\[([^[\]]*)\]\s*$/.exec(text)?.[1]?.trim();
  if (!inner) return null;
  const parts = inner.includes(',') ? inner.split(',') : inner.split(/\s+/);
  if (parts.length < 2) return null;
  const vector = new Float32Array(parts.length);
  for (let i = 0; i < parts.length; i++) {
    const value = parseNumber((parts[i] ?? '').trim());
    if (Number.isNaN(value)) return null;
    vector[i] = value;
  }
  return vector;
}

/** The cell that a text is in a column of this type; the text itself where it is something else. Not for vectors. */
export function readCell(text: string, type: ColumnType): Cell {
  if (type === 'text') return text === '' ? null : text;
  if (isMissing(text)) return null;
  if (type === 'number') return isPlainNumber(text) ? Number(text) : text;
  if (type === 'boolean') return BOOLEAN.test(text) ? text.toLowerCase() === 'true' : text;
  if (type === 'date') return isDateText(text) ? new Date(withZone(text)) : text;
  if (type === 'json') return parseJson(text) ?? text;
  return text;
}

/** A time without a zone is UTC: the same file must mean the same on every machine. */
function withZone(text: string): string {
  return text.length > 10 && !/(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? `${text.replace(' ', 'T')}Z` : text;
}

/** The length that most lists have, or null when fewer than half agree: then they are no vectors. */
export function commonLength(lists: readonly { readonly length: number }[]): number | null {
  const counts = new Map<number, number>();
  for (const { length } of lists) counts.set(length, (counts.get(length) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most !== undefined && most[1] * 2 > lists.length ? most[0] : null;
}

/** A column of the table as it comes out of one or of several columns of the file. */
export interface FileColumn {
  readonly column: Column;
  /** Positions in the file: several for a vector spread over columns. */
  readonly positions: readonly number[];
}

/**
 * Columns of the file as columns of the table: numbered columns of numbers (`dim_0`, `dim_1`, …, or `0`, `1`, …) are
 * gathered into one vector, named as they are without the number.
 */
export function gatherColumns(columns: readonly Column[]): FileColumn[] {
  const gathered: FileColumn[] = [];
  for (let first = 0; first < columns.length; ) {
    const column = columns[first];
    if (column === undefined) break;
    const length = spreadLength(columns, first);
    if (length >= LEAST_SPREAD_COLUMNS) {
      const stem = column.name.replace(/\[?\d+\]?$/, '').replace(/[\s._-]+$/, '');
      const positions = Array.from({ length }, (_, i) => first + i);
      const name = uniqueName(stem === '' ? 'vectors' : stem, columns);
      gathered.push({ column: { name, type: 'vector', dimension: length }, positions });
      first += length;
    } else {
      gathered.push({ column, positions: [first] });
      first++;
    }
  }
  return gathered;
}

/** How many columns from `first` on are numbers whose names count up from 0 or 1. */
function spreadLength(columns: readonly Column[], first: number): number {
  const [, stem, start] = /^(.*?)\[?(\d{1,6})\]?$/.exec(columns[first]?.name ?? '') ?? [];
  const number = Number(start);
  if (stem === undefined || number > 1) return 0;
  let length = 0;
  for (; first + length < columns.length; length++) {
    const column = columns[first + length];
    const [, otherStem, other] = /^(.*?)\[?(\d{1,6})\]?$/.exec(column?.name ?? '') ?? [];
    if (column?.type !== 'number' || otherStem !== stem || Number(other) !== number + length) break;
  }
  return length;
}

function uniqueName(name: string, columns: readonly Column[]): string {
  return columns.some((column) => column.name === name) ? `${name}_vector` : name;
}

/** The cells of a row of texts, or why the row is kept out. */
export function readTexts(texts: readonly string[], columns: readonly FileColumn[]): Cell[] | string {
  const cells: Cell[] = [];
  for (const { column, positions } of columns) {
    if (column.type !== 'vector') {
      cells.push(readCell(texts[positions[0] ?? 0] ?? '', column.type));
      continue;
    }
    const vector = positions.length > 1 ? spreadVector(texts, positions) : oneVector(texts[positions[0] ?? 0] ?? '');
    if (typeof vector === 'string') return vector;
    const reason = vectorReason(vector, column);
    if (reason !== null) return reason;
    cells.push(vector);
  }
  return cells;
}

function spreadVector(texts: readonly string[], positions: readonly number[]): Float32Array | string {
  const vector = new Float32Array(positions.length);
  for (let i = 0; i < positions.length; i++) {
    const text = (texts[positions[i] ?? 0] ?? '').trim();
    const value = parseNumber(text);
    if (Number.isNaN(value)) return `"${text.slice(0, 40)}", number ${i + 1} of the vector, is not a number`;
    vector[i] = value;
  }
  return vector;
}

function oneVector(text: string): Float32Array | string {
  if (text === '') return 'the vector is missing';
  return readVectorText(text) ?? `"${text.slice(0, 40)}" is not a list of numbers`;
}

/** Why a vector is kept out of its column, or null. */
export function vectorReason(vector: Float32Array, column: Column): string | null {
  if (vector.length !== column.dimension) {
    return `"${column.name}" has ${vector.length} numbers; wanted: ${column.dimension}, as in the rows before`;
  }
  return allFinite(vector) ? null : nonFiniteReason(vector);
}
