/**
 * Vectors with their names as the files that other programs read: an Arrow stream, NumPy's .npy beside a table of names, word2vec's
 * text, and what the Embedding Projector (https://projector.tensorflow.org) takes. Each is made while it is sent.
 */
import { setImmediate } from 'node:timers/promises';

import type { VectorTable } from './vectorTable.ts';

export const vectorFormats = [
  'ARROW',
  'NPY',
  'METADATA',
  'WORD2VEC',
  'PROJECTOR_TENSORS',
  'PROJECTOR_BYTES',
  'PROJECTOR_CONFIG',
] as const;
export type VectorFormat = (typeof vectorFormats)[number];

/** What a row is called in word2vec's text, which has one name only. */
export const rowNames = ['KEY', 'LABEL'] as const;
export type RowName = (typeof rowNames)[number];

interface Kind {
  /** What the name of the file ends with; the projector tells `.bytes` from text by it. */
  readonly ending: string;
  readonly mediaType: string;
  /** Whether compressing saves something: float32 values hardly compress. */
  readonly isText: boolean;
}

const kinds: { readonly [Format in VectorFormat]: Kind } = {
  ARROW: { ending: '.arrow', mediaType: 'application/vnd.apache.arrow.stream', isText: false },
  NPY: { ending: '.npy', mediaType: 'application/octet-stream', isText: false },
  METADATA: { ending: '.metadata.tsv', mediaType: 'text/tab-separated-values; charset=utf-8', isText: true },
  WORD2VEC: { ending: '.word2vec.txt', mediaType: 'text/plain; charset=utf-8', isText: true },
  PROJECTOR_TENSORS: { ending: '.tensors.tsv', mediaType: 'text/tab-separated-values; charset=utf-8', isText: true },
  PROJECTOR_BYTES: { ending: '.tensors.bytes', mediaType: 'application/octet-stream', isText: false },
  PROJECTOR_CONFIG: { ending: '.projector.json', mediaType: 'application/json; charset=utf-8', isText: true },
};

/** What rows the vectors are of: the items of an embedding, or the relations of the graph model that it belongs to. */
export type VectorRows = 'items' | 'relations';

/** A file that can be fetched. */
export interface VectorFile extends Omit<Kind, 'ending'> {
  readonly format: VectorFormat;
  readonly name: string;
  /** Relative to the server. */
  readonly url: string;
}

/** The files of an embedding, or of the relations of its graph model. @param stem what their names begin with */
export function vectorFiles(
  { id, version }: { readonly id: number; readonly version: number },
  rows: VectorRows,
  stem: string,
  rowName: RowName,
): VectorFile[] {
  return vectorFormats.map((format) => {
    const { ending, mediaType, isText } = kinds[format];
    const name = stem.replace(/[^\w-]+/g, '-') + ending;
    const query = format === 'WORD2VEC' && rowName === 'LABEL' ? '?name=label' : '';
    return { format, name, mediaType, isText, url: `/exports/${rows}/${id}/${version}/${name}${query}` };
  });
}

/** What the file of that name is, by its ending, or null. */
export function vectorFormatOf(name: string): (Kind & { readonly format: VectorFormat; readonly stem: string }) | null {
  const format = vectorFormats.find((each) => name.endsWith(kinds[each].ending));
  return format === undefined ? null : { format, ...kinds[format], stem: name.slice(0, -kinds[format].ending.length) };
}

/** Characters of text that are sent at a time: some milliseconds of work, between which others get their turn. */
const PIECE_CHARACTERS = 2 ** 16;

/**
 * The bytes of a file, in pieces.
 * @param base address of the folder in which the projector finds the other files, with a slash at its end
 */
export async function* writeVectorFile(
  format: VectorFormat,
  table: VectorTable,
  { rowName, title, stem, base }: { rowName: RowName; title: string; stem: string; base: string },
): AsyncGenerator<Uint8Array | string, void, undefined> {
  switch (format) {
    case 'ARROW': {
      // Arrow takes 0.2 s to load: not before it is needed.
      const { streamVectors } = await import('./streamVectors.ts');
      return yield* streamVectors(table, { withLabels: true });
    }
    case 'NPY':
      yield npyHeader(table.rowCount, table.dimension);
      return yield* rawNumbers(table);
    case 'PROJECTOR_BYTES':
      return yield* rawNumbers(table);
    case 'METADATA': {
      const fields = table.fields ?? [];
      yield `${['key', 'label', ...(table.biased ? ['bias'] : []), ...fields.map(tableCell)].join('\t')}\n`;
      return yield* lines(table, (key, label, _numbers, bias, values) =>
        [
          ...[tableCell(key), tableCell(label)],
          ...(bias === null ? [] : [numberText(bias)]),
          ...fields.map((name) => fieldCell(values[name])),
        ].join('\t'),
      );
    }
    case 'WORD2VEC':
      yield `${table.rowCount} ${table.dimension}\n`;
      return yield* lines(
        table,
        (key, label, numbers) => `${word(rowName === 'KEY' ? key : label)} ${numbersText(numbers, ' ')}`,
      );
    case 'PROJECTOR_TENSORS':
      return yield* lines(table, (_key, _label, numbers) => numbersText(numbers, '\t'));
    case 'PROJECTOR_CONFIG': {
      const entry = {
        tensorName: title,
        tensorShape: [table.rowCount, table.dimension],
        tensorPath: base + stem + kinds.PROJECTOR_BYTES.ending,
        metadataPath: base + stem + kinds.METADATA.ending,
      };
      yield `${JSON.stringify({ embeddings: [entry] }, null, 2)}\n`;
    }
  }
}

async function* rawNumbers({ batches }: VectorTable): AsyncGenerator<Uint8Array, void, undefined> {
  // The array of a batch is written anew for the next one.
  for await (const { values } of batches()) yield new Uint8Array(values.slice().buffer);
}

type Fields = Readonly<Record<string, unknown>>;

async function* lines(
  { dimension, batches }: VectorTable,
  lineOf: (key: string, label: string, numbers: Float32Array, bias: number | null, fields: Fields) => string,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const { rowCount, keys, labels, values, biases, fields } of batches()) {
    for (let row = 0; row < rowCount; row++) {
      const numbers = values.subarray(row * dimension, (row + 1) * dimension);
      const bias = biases?.[row] ?? null;
      const json = fields?.[row];
      const ofItem: Fields = json === undefined ? {} : JSON.parse(decoder.decode(json));
      text += `${lineOf(decoder.decode(keys[row]), decoder.decode(labels[row]), numbers, bias, ofItem)}\n`;
      if (text.length < PIECE_CHARACTERS) continue;
      yield text;
      text = '';
      await setImmediate();
    }
  }
  if (text !== '') yield text;
}

/** Digits from which every float32 comes back: ceil(1 + 24 log10 2) (IEEE 754-2019, 5.12.2). */
const FLOAT32_DIGITS = 9;

function numbersText(numbers: Float32Array, divider: string): string {
  let text = '';
  for (let k = 0; k < numbers.length; k++) {
    text += (k === 0 ? '' : divider) + numberText(numbers[k] ?? 0);
  }
  return text;
}

function numberText(number: number): string {
  // Of -0 all of JavaScript's texts lose the sign.
  if (Object.is(number, -0)) return '-0';
  // Longer whole numbers are taken for names by what reads tables.
  return Number.isInteger(number) && Math.abs(number) < 1e9 ? String(number) : number.toPrecision(FLOAT32_DIGITS);
}

/** A name on a line of its own cell. The projector knows no quotes, tables do: only where a name begins with one is it put in quotes. */
function tableCell(text: string): string {
  const cell = text.replace(/[\t\r\n]/g, ' ');
  return cell.startsWith('"') ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** What an item has in a field; nothing where it has none. */
function fieldCell(value: unknown): string {
  if (value === undefined || value === null) return '';
  return tableCell(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** word2vec's readers divide at every white space. */
function word(text: string): string {
  return text.replace(/\s/gu, '_');
}

/** Version 1.0 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): the numbers begin at a multiple of 64. */
function npyHeader(rows: number, columns: number): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, ' ', 'latin1');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(length, 8);
  header.write(text, 10, 'latin1');
  header.write('\n', 9 + length, 'latin1');
  return header;
}
