/** Lines of text in blocks, without a string per line. */
import { isUtf8 } from 'node:buffer';

import { UserError } from '../../errors.ts';
import type { Source } from './format.ts';

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
/** A line beyond this is no line but a file of another kind: a vector of 16,000 numbers takes 400 kB. */
export const LINE_LIMIT_BYTES = 64 << 20;

export interface LineBlock {
  /** Number of the first line, from 1. */
  readonly firstLine: number;
  readonly bytes: Buffer;
  /** For each line, where its newline stands, or where the bytes end. */
  readonly ends: readonly number[];
}

/** The bytes of a text in UTF-8 without a byte order mark; UTF-16 with one is turned into UTF-8. */
export async function* utf8Bytes(source: Source, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  let head: Buffer | null = Buffer.alloc(0);
  let decoder: TextDecoder | null = null;
  for await (const piece of source.open()) {
    signal?.throwIfAborted();
    let bytes = piece;
    if (head !== null) {
      head = Buffer.concat([head, piece]);
      if (head.length < 3) continue;
      decoder = utf16Decoder(head);
      bytes = startsWithUtf8Mark(head) ? head.subarray(3) : head;
      head = null;
    }
    yield decoder === null ? bytes : Buffer.from(decoder.decode(bytes, { stream: true }));
  }
  if (head !== null) yield utf16Decoder(head) === null ? head : Buffer.alloc(0);
  if (decoder !== null) yield Buffer.from(decoder.decode());
}

/** The decoder for what a byte order mark announces as UTF-16, or null. The decoder drops the mark itself. */
function utf16Decoder(head: Uint8Array): TextDecoder | null {
  if (head[0] === 0xff && head[1] === 0xfe) return new TextDecoder('utf-16le');
  return head[0] === 0xfe && head[1] === 0xff ? new TextDecoder('utf-16be') : null;
}

function startsWithUtf8Mark(head: Uint8Array): boolean {
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf;
}

/** The beginning of a text, decoded as `utf8Bytes` would. */
export function decodeHead(head: Uint8Array): Buffer {
  const decoder = utf16Decoder(head);
  if (decoder !== null) return Buffer.from(decoder.decode(head, { stream: true }));
  return Buffer.from(startsWithUtf8Mark(head) ? head.subarray(3) : head);
}

/** Most lines in a block, however short they are. */
const BLOCK_LINES = 4096;

/**
 * Whole lines of a text in blocks of at most a piece of the source. A last line without newline counts; nothing after a
 * last newline does not.
 * @throws UserError when a line is longer than 64 MiB
 */
export async function* lineBlocks(
  pieces: AsyncIterable<Uint8Array>,
  file: string,
  firstLine = 1,
): AsyncGenerator<LineBlock> {
  let line = firstLine;
  let carried: Uint8Array[] = [];
  let carriedBytes = 0;
  for await (const piece of pieces) {
    const last = piece.lastIndexOf(NEWLINE);
    if (last === -1) {
      if (piece.length > 0) carried.push(piece);
      carriedBytes += piece.length;
      if (carriedBytes > LINE_LIMIT_BYTES) throw tooLong(file, line);
      continue;
    }
    const whole = piece.subarray(0, last);
    const bytes =
      carried.length > 0 ? Buffer.concat([...carried, whole]) : Buffer.from(whole.buffer, whole.byteOffset, last);
    for (const block of blocksOf(bytes, line)) {
      yield block;
      line += block.ends.length;
    }
    carried = last + 1 < piece.length ? [piece.subarray(last + 1)] : [];
    carriedBytes = piece.length - last - 1;
  }
  if (carriedBytes > 0) {
    const bytes = Buffer.concat(carried);
    yield { firstLine: line, bytes, ends: [bytes.length] };
  }
}

function* blocksOf(bytes: Buffer, firstLine: number): Generator<LineBlock> {
  let start = 0;
  let line = firstLine;
  let ends: number[] = [];
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
    ends.push(at - start);
    if (ends.length < BLOCK_LINES) continue;
    yield { firstLine: line, bytes: bytes.subarray(start, at), ends };
    start = at + 1;
    line += ends.length;
    ends = [];
  }
  ends.push(bytes.length - start);
  yield { firstLine: line, bytes: bytes.subarray(start), ends };
}

/** Where a line ends when a carriage return before its newline is left out. */
export function withoutReturn(bytes: Uint8Array, start: number, end: number): number {
  return end > start && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
}

/** The lines of a block with their numbers, carriage returns left out. */
export function* linesOf({
  firstLine,
  bytes,
  ends,
}: LineBlock): Generator<{ line: number; start: number; end: number }> {
  let start = 0;
  let line = firstLine;
  for (const end of ends) {
    yield { line: line++, start, end: withoutReturn(bytes, start, end) };
    start = end + 1;
  }
}

/** The first line of a block that is not UTF-8, or null. */
export function firstLineNotUtf8(block: LineBlock): number | null {
  if (isUtf8(block.bytes)) return null;
  for (const { line, start, end } of linesOf(block)) if (!isUtf8(block.bytes.subarray(start, end))) return line;
  return null;
}

/** The sentence for text in another encoding. */
export function notUtf8(file: string, line: number): UserError {
  return new UserError(
    'BAD_USER_INPUT',
    `Line ${line} of ${file} is not UTF-8. Save the file as UTF-8, for example with: iconv -f latin1 -t utf-8.`,
    { file, line },
  );
}

function tooLong(file: string, line: number): UserError {
  return new UserError(
    'LIMIT_EXCEEDED',
    `Line ${line} of ${file} is longer than ${LINE_LIMIT_BYTES} bytes. Is it a text file with a row per line?`,
    { file, line },
  );
}
