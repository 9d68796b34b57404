/**
 * The formats of word2vec (https://code.google.com/archive/p/word2vec): a line `words dimension`, then words with their
 * numbers, as text (fastText's .vec is the same) or binary.
 */
import { UserError } from '../../errors.ts';
import type { ReadOptions, Rejected, Row, Source, Table } from './format.ts';
import { decodeWord, wordColumns, wordTable } from './glove.ts';
import { allFinite, nonFiniteReason } from './matrix.ts';
import { stemOf } from './source.ts';

const SPACE = 32;

/** What the first line `words dimension` promises, or null when it is another line. */
export function readWordHeader(head: Uint8Array): { words: number; dimension: number; bytes: number } | null {
  const end = head.indexOf(10);
  if (end === -1 || end > 32) return null;
  const [, words, dimension] =
    /^(\d{1,12}) (\d{1,6})\r?$/.exec(Buffer.from(head.subarray(0, end)).toString('latin1')) ?? [];
  if (words === undefined || Number(dimension) < 1) return null;
  return { words: Number(words), dimension: Number(dimension), bytes: end + 1 };
}

/** word2vec's text format and fastText's .vec: a first line of two numbers. */
export function word2vecTextTable(source: Source, words: number, dimension: number): Table {
  return wordTable(source, { format: 'word2vec', dimension, words });
}

/**
 * word2vec's binary format: the line `words dimension`, then for each word its bytes, a space, its numbers as
 * little-endian float32, and, as the C program writes it, a newline.
 */
export function word2vecBinaryTable(source: Source, words: number, dimension: number, headerBytes: number): Table {
  return {
    name: stemOf(source.name),
    file: source.name,
    group: null,
    format: 'word2vec binary',
    columns: wordColumns(dimension),
    rowCount: words,
    rows: (options) => binaryRows(source, words, dimension, headerBytes, options),
  };
}

const WORD_LIMIT_BYTES = 64 << 10; // word2vec's own limit is 100, phrases of others are longer

async function* binaryRows(
  source: Source,
  words: number,
  dimension: number,
  headerBytes: number,
  { signal, skip = 0 }: ReadOptions = {},
): AsyncGenerator<(Row | Rejected)[]> {
  let pending: Uint8Array = new Uint8Array(0);
  let index = 0;
  for await (const piece of source.open({ start: headerBytes })) {
    signal?.throwIfAborted();
    if (index >= words) break;
    const bytes = pending.length === 0 ? piece : Buffer.concat([pending, piece]);
    const records: (Row | Rejected)[] = [];
    let at = 0;
    while (index < words) {
      const start = bytes[at] === 10 ? at + 1 : at;
      const space = bytes.indexOf(SPACE, start);
      if (space === -1 && bytes.length - start > WORD_LIMIT_BYTES) throw noWord(source, index, dimension);
      const end = space + 1 + dimension * 4;
      if (space === -1 || end > bytes.length) break;
      if (space - start > WORD_LIMIT_BYTES) throw noWord(source, index, dimension);
      if (index >= skip) {
        const vector = new Float32Array(new Uint8Array(bytes.subarray(space + 1, end)).buffer); // aligned by the copy
        const word = decodeWord(bytes.subarray(start, space));
        const line = index + 1;
        if (!allFinite(vector)) records.push({ index, line, reason: nonFiniteReason(vector) });
        else if (word === '') records.push({ index, line, reason: 'there is no word before the numbers' });
        else records.push({ index, line, cells: [word, vector] });
      }
      index++;
      at = end;
    }
    pending = bytes.subarray(at);
    if (records.length > 0) yield records;
  }
  if (index < words) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${source.name} is cut off: its first line promises ${words} words, it has ${index}. Get the file again.`,
      { file: source.name, line: index + 1 },
    );
  }
}

function noWord(source: Source, index: number, dimension: number): UserError {
  return new UserError(
    'BAD_USER_INPUT',
    `Word ${index + 1} of ${source.name} has no end within ${WORD_LIMIT_BYTES} bytes. Are its vectors of ${dimension} float32, as its first line says?`,
    { file: source.name, line: index + 1 },
  );
}
