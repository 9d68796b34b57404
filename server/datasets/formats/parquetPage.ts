/**
 * One page of a Parquet column, decoded by hyparquet. What the page says of itself is checked first: a damaged length
 * or run would otherwise send the decoder into a loop without end, or make it fill the memory.
 */
import type { CompressionCodec, DecodedArray, PageHeader } from 'hyparquet';
import { readPage } from 'hyparquet/src/column.js';
import { convert, convertWithDictionary } from 'hyparquet/src/convert.js';
import { decompressPage, readDataPage, readDataPageV2 } from 'hyparquet/src/datapage.js';
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from 'hyparquet/src/schema.js';

export type Decoder = Parameters<typeof readDataPage>[2];

export interface PageValues {
  readonly values: DecodedArray;
  readonly definitionLevels: readonly number[];
  readonly repetitionLevels: readonly number[];
}

/** The values of a dictionary page. */
export function readDictionary(bytes: Buffer, header: PageHeader, decoder: Decoder): DecodedArray {
  checkSize(header.uncompressed_page_size, PAGE_LIMIT_BYTES);
  checkSize(header.dictionary_page_header?.num_values, header.uncompressed_page_size * 8);
  const reader = { view: viewOf(bytes), offset: 0 };
  const { data = [] } = readPage(reader, header, decoder, undefined, undefined, 0);
  return convert(data, decoder);
}

/** Writers make pages of 1 MiB. */
export const PAGE_LIMIT_BYTES = 1 << 30;

/**
 * Values and levels of a data page of either version.
 * @param most how many values the column chunk still has
 */
export function readDataPageValues(
  bytes: Buffer,
  header: PageHeader,
  decoder: Decoder,
  dictionary: DecodedArray | undefined,
  most: number,
): PageValues & { readonly count: number } {
  checkSize(header.uncompressed_page_size, PAGE_LIMIT_BYTES);
  const { data_page_header: first, data_page_header_v2: second } = header;
  if (first !== undefined) {
    const count = checkSize(first.num_values, most);
    const page = inflated(bytes, header.uncompressed_page_size, decoder.codec, decoder);
    const view = viewOf(page);
    let offset = 0;
    for (const level of levelsOf(decoder)) {
      if (level === 0) continue;
      const length = checkSize(view.getUint32(offset, true), view.byteLength - offset - 4);
      checkRuns(view, offset + 4, widthOf(level), count);
      offset += 4 + length;
    }
    checkValues(view, offset, first.encoding, decoder, count);
    const { dataPage, ...levels } = readDataPage(page, first, decoder);
    return {
      ...withLevels(levels),
      count,
      values: convertWithDictionary(dataPage, dictionary, first.encoding, decoder),
    };
  }
  if (second === undefined) throw new Error(`a page of type ${header.type}`);
  const count = checkSize(second.num_values, most);
  checkSize(second.num_nulls, count);
  const repetitionBytes = checkSize(second.repetition_levels_byte_length, bytes.length);
  const definitionBytes = checkSize(second.definition_levels_byte_length, bytes.length - repetitionBytes);
  const levelBytes = repetitionBytes + definitionBytes;
  const packed = bytes.subarray(levelBytes);
  const codec = second.is_compressed === false ? 'UNCOMPRESSED' : decoder.codec;
  const data = inflated(packed, header.uncompressed_page_size - levelBytes, codec, decoder);
  const [repetition, definition] = levelsOf(decoder);
  const view = viewOf(bytes);
  if (repetition > 0) checkRuns(view, 0, widthOf(repetition), count);
  if (definition > 0) checkRuns(view, repetitionBytes, widthOf(definition), count);
  checkValues(viewOf(data), 0, second.encoding, decoder, count);
  const whole = Buffer.concat([bytes.subarray(0, levelBytes), data]);
  const plain = { ...header, data_page_header_v2: { ...second, is_compressed: false } };
  const { dataPage, ...levels } = readDataPageV2(whole, plain, decoder);
  return {
    ...withLevels(levels),
    count,
    values: convertWithDictionary(dataPage, dictionary, second.encoding, decoder),
  };
}

function withLevels({
  definitionLevels = [],
  repetitionLevels,
}: {
  definitionLevels?: number[] | undefined;
  repetitionLevels: number[];
}) {
  return { definitionLevels, repetitionLevels };
}

function inflated(bytes: Uint8Array, length: number, codec: CompressionCodec, { compressors }: Decoder): Uint8Array {
  return decompressPage(bytes, checkSize(length, PAGE_LIMIT_BYTES), codec, compressors);
}

function levelsOf({ schemaPath }: Decoder): readonly [number, number] {
  return [getMaxRepetitionLevel(schemaPath), getMaxDefinitionLevel(schemaPath)];
}

/** Bits that hold numbers up to `most`. */
function widthOf(most: number): number {
  return 32 - Math.clz32(most);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function checkSize(size: number | undefined, most: number): number {
  if (size === undefined || !Number.isSafeInteger(size) || size < 0 || size > most) {
    throw new Error(`a page says ${size} where ${most} is the most`);
  }
  return size;
}

/** Values in runs: indices into a dictionary, and booleans. */
function checkValues(view: DataView, offset: number, encoding: string, { type }: Decoder, count: number): void {
  if (count === 0 || offset >= view.byteLength) return;
  if (encoding === 'RLE' && type === 'BOOLEAN') checkRuns(view, offset + 4, 1, count);
  else if (encoding.endsWith('_DICTIONARY')) {
    const width = view.getUint8(offset);
    if (width > 32) throw new Error(`indices of ${width} bits`);
    if (width > 0) checkRuns(view, offset + 1, width, count);
  }
}

/**
 * Walks over runs of repeated and of packed values, which may be 7 more than wanted and not more.
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE
 */
function checkRuns(view: DataView, start: number, width: number, count: number): void {
  let offset = start;
  for (let seen = 0; seen < count && offset < view.byteLength; ) {
    let header = 0;
    let shift = 0;
    let byte = 0x80;
    while (byte & 0x80) {
      if (offset >= view.byteLength || shift > 28) throw new Error('a run without a length');
      byte = view.getUint8(offset++);
      header += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    }
    const packed = header % 2 === 1;
    const length = Math.floor(header / 2) * (packed ? 8 : 1);
    seen += length;
    offset += packed ? Math.floor(header / 2) * width : Math.ceil(width / 8);
    if (seen > count + 7) throw new Error(`a run of ${length} values where ${count} are wanted`);
  }
}
