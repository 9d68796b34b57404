/** A file compressed with gzip as a source of what is in it. */
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { UserError } from '../../errors.ts';
import type { Source } from './format.ts';

// DEFLATE makes of a byte 1032 at most, and of real data 3 to 30. What is beyond both bounds was made to fill disks.
const BOMB_RATIO = 250;
const BOMB_BYTES = 256 << 20;

/** Whether so many bytes out of so few are an attack. */
export function isBomb(unpackedBytes: number, packedBytes: number): boolean {
  return unpackedBytes > BOMB_BYTES && unpackedBytes > packedBytes * BOMB_RATIO;
}

export function bombError(file: string): UserError {
  return new UserError(
    'LIMIT_EXCEEDED',
    `${file} unpacks to more than ${BOMB_BYTES} bytes and ${BOMB_RATIO} times its size, as only files made to fill disks do. Unpack it yourself if you trust it.`,
    { file },
  );
}

export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;
}

/** What is in a gzip, under its name without `.gz`; `.tgz` becomes `.tar`. */
export function gunzipSource(source: Source): Source {
  return {
    name: source.name.replace(/\.gz$/i, '').replace(/\.tgz$/i, '.tar'),
    size: null,
    seekable: false,
    open: (range) => ranged(unpacked(source), range),
  };
}

async function* unpacked(source: Source): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  pipeline(Readable.from(source.open()), gunzip, () => undefined); // an error reaches the loop through gunzip
  let total = 0;
  try {
    for await (const piece of gunzip) {
      total += piece.length;
      if (source.size !== null && isBomb(total, source.size)) throw bombError(source.name);
      yield piece;
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'Z_BUF_ERROR') throw damaged(source, 'is cut off: the gzip in it does not end');
    if (typeof code === 'string' && code.startsWith('Z_')) throw damaged(source, 'is damaged: its gzip cannot be read');
    throw error;
  }
}

function damaged(source: Source, what: string): UserError {
  return new UserError('BAD_USER_INPUT', `${source.name} ${what}. Get the file again.`, { file: source.name });
}

/** A range of a stream that can only be read from its beginning. */
export async function* ranged(
  pieces: AsyncIterable<Uint8Array>,
  range: { readonly start: number; readonly end?: number } = { start: 0 },
): AsyncGenerator<Uint8Array> {
  const end = range.end ?? Number.POSITIVE_INFINITY;
  if (range.start >= end) return;
  let at = 0;
  for await (const piece of pieces) {
    const from = Math.max(0, range.start - at);
    const to = Math.min(piece.length, end - at);
    at += piece.length;
    if (from < to) yield piece.subarray(from, to);
    if (at >= end) return;
  }
}
