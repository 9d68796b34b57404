/** Sources of bytes and the few ways in which formats read them. */
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { UserError } from '../../errors.ts';
import type { Source } from './format.ts';

// Fewer, larger reads: 1 MiB reads a cached file at 2 GB/s, Node's default of 64 KiB at 0.9 GB/s.
const READ_BYTES = 1 << 20;

/** A file on disk, under `name` or its own base name. @throws UserError when there is no such file */
export async function fileSource(path: string, name = basename(path)): Promise<Source> {
  const { size } = await statOrRefuse(path, name);
  return {
    name,
    size,
    seekable: true,
    open: ({ start, end, pieceBytes = READ_BYTES } = { start: 0 }) => {
      const last = Math.min(end ?? size, size) - 1; // a stream's end is inclusive
      return last < start ? nothing() : createReadStream(path, { start, end: last, highWaterMark: pieceBytes });
    },
  };
}

/**
 * All files in a folder and its sub-folders, by name, named relative to the folder. Hidden files and links are passed
 * over. @throws UserError when there is no such folder
 */
export async function folderSources(path: string): Promise<Source[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => {
    throw new UserError('BAD_USER_INPUT', `There is no folder ${basename(path)}.`, { file: basename(path) });
  });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(path, '/').length).replaceAll('\\', '/'))
    .filter((name) => !name.split('/').some((part) => part.startsWith('.')))
    .sort();
  return Promise.all(names.map((name) => fileSource(join(path, name), name)));
}

/** Bytes in memory as a source, given out in pieces of `pieceBytes`. */
export function bytesSource(name: string, bytes: Uint8Array, pieceBytes = READ_BYTES): Source {
  return {
    name,
    size: bytes.length,
    seekable: true,
    async *open({ start, end } = { start: 0 }) {
      const last = Math.min(end ?? bytes.length, bytes.length);
      for (let at = start; at < last; at += pieceBytes) yield bytes.slice(at, Math.min(last, at + pieceBytes));
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function statOrRefuse(path: string, name: string): Promise<{ size: number }> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile()) throw new UserError('BAD_USER_INPUT', `There is no file ${name}.`);
  return found;
}

/** Up to `length` bytes from `start`; fewer where the source ends. */
export async function readRange(source: Source, start: number, length: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let missing = length;
  if (length > 0) {
    for await (const piece of source.open({ start, end: start + length })) {
      pieces.push(piece.length > missing ? piece.subarray(0, missing) : piece);
      missing -= Math.min(missing, piece.length);
      if (missing === 0) break;
    }
  }
  return Buffer.concat(pieces);
}

/** The source itself where it is seekable, otherwise a copy of its bytes in the scratch folder. */
export async function seekableSource(source: Source, scratchDir: string, signal?: AbortSignal): Promise<Source> {
  if (source.seekable && source.size !== null) return source;
  const path = join(scratchDir, `${copies++}`);
  await pipeline(source.open(), createWriteStream(path), { ...(signal && { signal }) });
  return fileSource(path, source.name);
}

let copies = 0;

/** The name without folder and without extensions that tell a format: `train-images` of `a/train-images.npy.gz`. */
export function stemOf(name: string): string {
  const base = name.slice(name.lastIndexOf('/') + 1);
  const stem = base.replace(/\.gz$/i, '').replace(/\.[A-Za-z0-9]{1,8}$/, '');
  return stem === '' ? base : stem;
}

/** The extension in lower case without the dot, `.gz` apart; '' when there is none. */
export function extensionOf(name: string): string {
  return /\.([A-Za-z0-9]{1,8})$/.exec(name.replace(/\.gz$/i, ''))?.[1]?.toLowerCase() ?? '';
}
