/** Table `uploads`: files that were sent and wait to be imported. The bytes lie under the data directory. */
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { Queryable, Row } from '../database/database.ts';
import { UserError } from '../errors.ts';

export interface Upload {
  /** A uuid. */
  readonly id: string;
  /** The file's name as it was given, without folders. */
  readonly name: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

interface UploadRow extends Upload, Row {}

const UNUSED_DAYS = 7;

/** Where the bytes of an upload lie. */
export function uploadPath(dataDir: string, id: string): string {
  if (!isUuid(id)) throw new Error(`not an id of an upload: ${id}`);
  return join(dataDir, 'uploads', id);
}

/**
 * Keeps a stream as a file. What is cut off or too long leaves nothing.
 * @throws UserError LIMIT_EXCEEDED beyond `limitBytes`, BAD_USER_INPUT where nothing came
 */
export async function storeUpload(
  database: Queryable,
  dataDir: string,
  name: string,
  stream: AsyncIterable<Uint8Array>,
  limitBytes: number,
): Promise<Upload> {
  const id = randomUUID();
  const path = uploadPath(dataDir, id);
  const partial = `${path}.part`;
  const hash = createHash('sha256');
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length;
      if (bytes > limitBytes) {
        done(new UserError('LIMIT_EXCEEDED', `The upload is larger than the ${limitBytes} bytes that are allowed.`));
        return;
      }
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await mkdir(join(dataDir, 'uploads'), { recursive: true });
  try {
    await pipeline(stream, measure, createWriteStream(partial, { flags: 'wx', mode: 0o600 }));
    if (bytes === 0) throw new UserError('BAD_USER_INPUT', `The upload ${plainName(name)} is empty.`);
    const upload = { id, name: plainName(name), bytes, sha256: hash.digest('hex') };
    await rename(partial, path);
    await database.query(
      'insert into uploads (id, name, bytes, sha256) values ($1::uuid, $2::text, $3::bigint, $4::text)',
      [upload.id, upload.name, upload.bytes, upload.sha256],
    );
    return upload;
  } catch (error) {
    await Promise.all([rm(partial, { force: true }), rm(path, { force: true })]);
    throw error;
  }
}

/** The upload of that id, or null. */
export async function findUpload(database: Queryable, id: string): Promise<Upload | null> {
  if (!isUuid(id)) return null;
  const [found] = await database.query<UploadRow>('select id, name, bytes, sha256 from uploads where id = $1::uuid', [
    id,
  ]);
  return found ?? null;
}

/** The uploads of these ids, in their order. @throws UserError NOT_FOUND naming the one that is not there */
export async function requireUploads(database: Queryable, ids: readonly string[]): Promise<Upload[]> {
  return Promise.all(
    ids.map(async (id) => {
      const found = await findUpload(database, id);
      if (found === null) {
        throw new UserError(
          'NOT_FOUND',
          `There is no upload "${id.slice(0, 80)}". Uploads are removed ${UNUSED_DAYS} days after they were sent: send the file again by POST /uploads.`,
        );
      }
      return found;
    }),
  );
}

/** Removes uploads older than a week, but not those `inUse`, which jobs that are not done still name. */
export async function sweepUploads(database: Queryable, dataDir: string, inUse: readonly string[] = []): Promise<void> {
  const old = await database.query<{ id: string }>(
    `delete from uploads where created_at < now() - make_interval(days => $1::int) and not id::text = any ($2::text[])
     returning id`,
    [UNUSED_DAYS, inUse],
  );
  await Promise.all(old.map(({ id }) => rm(uploadPath(dataDir, id), { force: true })));
}

/** The name without folders and control characters, cut to what any file system takes. */
function plainName(name: string): string {
  const base = name.toWellFormed().replace(/^.*[/\\]/s, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  const plain = base.replace(/[\u0000-\u001f\u007f]/g, '').slice(0, 255);
  return plain === '' ? 'file' : plain;
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
