/**
 * GloVe's text format: a word and its numbers per line, divided by spaces. word2vec.ts reads the same lines behind a
 * first line `words dimension`. Words may hold spaces (`at name@domain.com` in glove.840B) and bytes that are not
 * UTF-8 (words cut in two by word2vec's C program): numbers are counted from the right, and what is not UTF-8 is taken
 * for Latin-1.
 */
import { isUtf8 } from 'node:buffer';

import { UserError } from '../../errors.ts';
import type { Column, ReadOptions, Rejected, Row, Source, Table } from './format.ts';
import { decodeHead, type LineBlock, lineBlocks, linesOf, utf8Bytes } from './lines.ts';
import { readNumber } from './numberText.ts';
import { stemOf } from './source.ts';

const SPACE = 32;
// Below this, sentences with numbers in them (`page 3 4 5`) would pass for vectors.
const LEAST_DIMENSION = 3;

/** The columns of every format of word vectors. */
export function wordColumns(dimension: number): readonly Column[] {
  return [
    { name: 'word', type: 'text', role: 'key' },
    { name: 'vectors', type: 'vector', dimension },
  ];
}

/** A word in the encoding it is in. */
export function decodeWord(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

/**
 * The numbers per line, when the lines of `head` are words with vectors and no line of column names; otherwise null.
 * It is the count that most lines end with, for a word may end with a number.
 */
export function gloveDimension(head: Uint8Array, whole: boolean): number | null {
  const text = decodeHead(head).toString('latin1');
  const lines = text.split('\n').slice(0, 100);
  if (!whole && lines.length > 1 && lines.length < 100) lines.pop();
  const counts = lines
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .map((line) => {
      const tokens = line.split(' ');
      const numbers = tokens.length - 1 - tokens.findLastIndex((token) => Number.isNaN(numberOf(token)));
      return { numbers: Math.min(numbers, tokens.length - 1), tokens: tokens.length };
    });
  const dimension = mostCommon(counts.map(({ numbers }) => numbers));
  // The last line may be cut off; every other must have its numbers.
  if (dimension < LEAST_DIMENSION || counts.slice(0, -1).some(({ numbers }) => numbers < dimension)) return null;
  // Lines of numbers alone are a matrix, not words.
  const allNumbers = counts.every(({ numbers, tokens }) => numbers === tokens - 1);
  if (allNumbers && lines.every((line) => line === '' || !Number.isNaN(numberOf(line.split(' ')[0] ?? ''))))
    return null;
  return dimension;
}

/** Of equals the smaller; 0 for nothing. */
function mostCommon(counts: readonly number[]): number {
  const times = new Map<number, number>();
  for (const count of counts) times.set(count, (times.get(count) ?? 0) + 1);
  const [most] = [...times].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return most?.[0] ?? 0;
}

function numberOf(token: string): number {
  const bytes = Buffer.from(token, 'latin1');
  return readNumber(bytes, 0, bytes.length);
}

/** GloVe's text format: `dimension` numbers per line, as `gloveDimension` told. */
export function gloveTable(source: Source, dimension: number): Table {
  return wordTable(source, { format: 'GloVe', dimension, words: null });
}

/** The table of such lines; `words` is what a first line promises, null where there is none. */
export function wordTable(
  source: Source,
  { format, dimension, words }: { format: string; dimension: number; words: number | null },
): Table {
  return {
    name: stemOf(source.name),
    file: source.name,
    group: null,
    format,
    columns: wordColumns(dimension),
    rowCount: words,
    rows: (options) => wordRows(source, dimension, words, options),
  };
}

/** @throws UserError when there are fewer words than the first line promises */
async function* wordRows(
  source: Source,
  dimension: number,
  words: number | null,
  { signal, skip = 0 }: ReadOptions = {},
): AsyncGenerator<(Row | Rejected)[]> {
  const headerLines = words === null ? 0 : 1;
  let blankFrom: number | null = null; // lines without anything at the end of the file are none
  let next = 0;
  for await (const block of lineBlocks(utf8Bytes(source, signal), source.name)) {
    const records: (Row | Rejected)[] = [];
    for (const { line, start, end } of linesOf(block)) {
      const index = line - 1 - headerLines;
      if (index < 0) continue;
      if (end === start) {
        blankFrom ??= index;
        continue;
      }
      for (let blank = blankFrom ?? index; blank < index; blank++) {
        if (blank >= skip) records.push({ index: blank, line: blank + 1 + headerLines, reason: 'the line is empty' });
      }
      blankFrom = null;
      next = index + 1;
      if (index < skip) continue;
      if (words !== null && index >= words) {
        records.push({ index, line, reason: `the first line promises ${words} words, this is one more` });
      } else {
        records.push(readWord(block, start, end, dimension, index, line));
      }
    }
    if (records.length > 0) yield records;
  }
  if (words !== null && next < words) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${source.name} is cut off: its first line promises ${words} words, it has ${next}. Get the file again.`,
      { file: source.name, line: next + 1 + headerLines },
    );
  }
}

/** One line, read from its end: numbers, then what is left is the word. */
function readWord(
  { bytes }: LineBlock,
  start: number,
  lineEnd: number,
  dimension: number,
  index: number,
  line: number,
): Row | Rejected {
  const vector = new Float32Array(dimension);
  let end = lineEnd;
  while (end > start && bytes[end - 1] === SPACE) end--; // fastText and word2vec end each line with a space
  for (let i = dimension - 1; i >= 0; i--) {
    const space = bytes.lastIndexOf(SPACE, end - 1);
    if (space < start) {
      return { index, line, reason: `there are ${dimension - i - 1} numbers after the word; wanted: ${dimension}` };
    }
    const number = readNumber(bytes, space + 1, end);
    vector[i] = number;
    if (!Number.isFinite(vector[i])) {
      const text = decodeWord(bytes.subarray(space + 1, end)).slice(0, 40);
      const wanted = `wanted: a word and ${dimension} finite numbers`;
      return {
        index,
        line,
        reason: `"${text}", number ${i + 1} of the vector, is not a number that can be kept; ${wanted}`,
      };
    }
    end = space;
  }
  if (end === start) return { index, line, reason: 'there is no word before the numbers' };
  return { index, line, cells: [decodeWord(bytes.subarray(start, end)), vector] };
}
