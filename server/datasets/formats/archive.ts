/**
 * ZIP and TAR as sources, one per file in them. Nothing is unpacked to disk but what cannot be read otherwise: a
 * member of a ZIP is inflated when it is opened, a member of a TAR is a range of it.
 */
import { pipeline, Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { extract } from 'tar-stream';
import {
  type Entry,
  fromRandomAccessReaderPromise,
  getFileNameLowLevel,
  RandomAccessReader,
  type ZipFile,
} from 'yauzl';

import { UserError } from '../../errors.ts';
import type { OpenOptions, Source } from './format.ts';
import { bombError, isBomb, ranged } from './gzip.ts';
import { readRange, seekableSource } from './source.ts';

/** Most files in one archive. Each costs some hundred bytes of memory; ImageNet has 1,281,167 in its training part. */
const MEMBER_LIMIT = 2_000_000;

export function isZip(head: Buffer): boolean {
  const signature = head.subarray(0, 4).toString('latin1');
  return signature === 'PK\x03\x04' || signature === 'PK\x05\x06'; // the second: an archive of nothing
}

/** Whether the first 512 bytes are a header of TAR: its checksum is right. */
export function isTar(head: Buffer): boolean {
  if (head.length < 512 || head[0] === 0) return false;
  const stored = Number.parseInt(head.toString('latin1', 148, 156).replaceAll('\0', ' ').trim(), 8);
  let sum = 8 * 32; // the checksum's own field counts as blanks
  for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += head[i] ?? 0;
  return sum === stored;
}

/** What nobody wants to import: what operating systems leave behind. */
function isLeftover(path: string): boolean {
  return path.split('/').some((part) => part === '__MACOSX' || part.startsWith('.') || part === 'Thumbs.db');
}

/** @throws UserError for a name that leads out of the archive, or that came before */
function checkMember(archive: Source, path: string, seen: Set<string>): void {
  const refuse = (what: string): UserError =>
    new UserError('BAD_USER_INPUT', `${archive.name} ${what}. It was made to deceive; it is not read.`, {
      file: archive.name,
    });
  const shown = JSON.stringify(path.slice(0, 200));
  if (path.includes('\0')) throw refuse(`holds a file whose name ${shown} has a zero byte in it`);
  if (path.startsWith('/') || path.includes('\\') || /^[A-Za-z]:/.test(path) || path.split('/').includes('..')) {
    throw refuse(`holds a file named ${shown}, which leads out of the archive`);
  }
  if (seen.has(path)) throw refuse(`holds two files named ${shown}`);
  seen.add(path);
  if (seen.size > MEMBER_LIMIT) {
    throw new UserError('LIMIT_EXCEEDED', `${archive.name} holds more than ${MEMBER_LIMIT} files.`, {
      file: archive.name,
    });
  }
}

/** The files of a TAR in its order. @throws UserError when it is cut off, holds links or names that lead out of it */
export async function tarMembers(archive: Source, options: OpenOptions): Promise<Source[]> {
  const source = await seekableSource(archive, options.scratchDir, options.signal);
  const members: Source[] = [];
  const seen = new Set<string>();
  const entries = extract();
  pipeline(Readable.from(source.open()), entries, () => undefined); // an error reaches the loop through entries
  try {
    for await (const entry of entries) {
      options.signal?.throwIfAborted();
      const { name, type, size = 0 } = entry.header;
      const byteOffset: unknown = Reflect.get(entry.header, 'byteOffset'); // not in the package's types
      if (typeof byteOffset !== 'number') throw new Error('tar-stream no longer says where an entry begins');
      entry.resume();
      if (type === 'directory') continue;
      if (type !== 'file' && type !== 'contiguous-file') {
        throw new UserError(
          'BAD_USER_INPUT',
          `${archive.name} holds ${JSON.stringify(name.slice(0, 200))}, which is no file but a ${type}. Links are not followed; pack the files themselves.`,
          { file: archive.name },
        );
      }
      const path = name.replace(/^(?:\.\/)+/, '');
      checkMember(archive, path, seen);
      if (isLeftover(path)) continue;
      members.push(rangeSource(source, path, byteOffset, size));
    }
  } catch (error) {
    if (error instanceof UserError || options.signal?.aborted) throw error;
    throw new UserError('BAD_USER_INPUT', `${archive.name} is cut off or damaged. Get the file again.`, {
      file: archive.name,
    });
  }
  return members;
}

function rangeSource(source: Source, name: string, offset: number, size: number): Source {
  return {
    name,
    size,
    seekable: true,
    open: ({ start, end } = { start: 0 }) =>
      source.open({ start: offset + start, end: offset + Math.min(end ?? size, size) }),
  };
}

const LINK = 0o120000;
const FILE_TYPE = 0o170000;
const STORED = 0;
const DEFLATED = 8;

/** The files of a ZIP in its order. @throws UserError when it is cut off, encrypted, a bomb, or has names or links that lead out */
export async function zipMembers(archive: Source, options: OpenOptions): Promise<Source[]> {
  const source = await seekableSource(archive, options.scratchDir, options.signal);
  const size = source.size ?? 0;
  const members: Source[] = [];
  const seen = new Set<string>();
  let unpacked = 0;
  try {
    // Names are decoded and checked here, to say what is wrong with them.
    const zip = await fromRandomAccessReaderPromise(new SourceReader(source), size, {
      autoClose: false,
      decodeStrings: false,
    });
    for await (const entry of zip.eachEntry()) {
      options.signal?.throwIfAborted();
      const path = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false);
      checkMember(archive, path, seen);
      if (path.endsWith('/') || isLeftover(path)) continue;
      checkEntry(archive, entry, path);
      unpacked += entry.uncompressedSize;
      if (isBomb(unpacked, size)) throw bombError(archive.name);
      members.push(memberSource(archive, source, zip, entry, path));
    }
  } catch (error) {
    if (error instanceof UserError || options.signal?.aborted) throw error;
    throw new UserError(
      'BAD_USER_INPUT',
      `${archive.name} is cut off or damaged: ${reasonOf(error)}. Get the file again.`,
      {
        file: archive.name,
      },
    );
  }
  return members;
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.includes('End of central directory') ? 'the list of its files, at its end, is missing' : message;
}

function checkEntry(archive: Source, entry: Entry, path: string): void {
  const refuse = (what: string): UserError =>
    new UserError('BAD_USER_INPUT', `${path} in ${archive.name} ${what}.`, { file: archive.name });
  if (entry.isEncrypted()) throw refuse('is encrypted. Pack it without a password');
  if (((entry.externalFileAttributes >>> 16) & FILE_TYPE) === LINK) {
    throw refuse('is a link. Links are not followed; pack the file itself');
  }
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) {
    throw refuse(`is compressed by method ${entry.compressionMethod}; read are 0 (stored) and 8 (deflate)`);
  }
}

/** A stored member is a range of the archive; a deflated one is inflated from its beginning, its checksum checked. */
function memberSource(archive: Source, source: Source, zip: ZipFile, entry: Entry, name: string): Source {
  const size = entry.uncompressedSize;
  const begin = async (): Promise<number> => {
    const header = await zip.readLocalFileHeaderPromise(entry, { minimal: true }).catch(() => {
      throw damaged(archive, name);
    });
    return header.fileDataStart;
  };
  if (entry.compressionMethod === STORED) {
    return {
      name,
      size,
      seekable: true,
      async *open(range) {
        yield* rangeSource(source, name, await begin(), size).open(range);
      },
    };
  }
  return {
    name,
    size,
    seekable: false,
    open: (range) => ranged(inflated(archive, source, begin, entry, name), range),
  };
}

async function* inflated(
  archive: Source,
  source: Source,
  begin: () => Promise<number>,
  entry: Entry,
  name: string,
): AsyncGenerator<Uint8Array> {
  const start = await begin();
  const inflate = createInflateRaw({ chunkSize: 1 << 18 });
  const packed = source.open({ start, end: start + entry.compressedSize });
  pipeline(Readable.from(packed), inflate, () => undefined); // an error reaches the loop through inflate
  let bytes = 0;
  let checksum = 0;
  try {
    for await (const piece of inflate) {
      bytes += piece.length;
      checksum = crc32(piece, checksum);
      if (bytes > entry.uncompressedSize) throw damaged(archive, name);
      yield piece;
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    throw typeof code === 'string' && code.startsWith('Z_') ? damaged(archive, name) : error;
  }
  if (bytes !== entry.uncompressedSize || checksum !== entry.crc32) throw damaged(archive, name);
}

function damaged(archive: Source, name: string): UserError {
  return new UserError(
    'BAD_USER_INPUT',
    `${name} in ${archive.name} is damaged: it is not what the archive says. Get the file again.`,
    {
      file: archive.name,
    },
  );
}

class SourceReader extends RandomAccessReader {
  readonly #source: Source;

  constructor(source: Source) {
    super();
    this.#source = source;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#source.open({ start, end }));
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    readRange(this.#source, position, length).then((bytes) => {
      if (bytes.length < length) callback(new Error('the file ends too early'));
      else {
        bytes.copy(buffer, offset);
        callback(null);
      }
    }, callback);
  }
}
