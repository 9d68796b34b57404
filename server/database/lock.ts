/**
 * One process for each directory of the embedded database: two would lose each other's rows without a word.
 *
 * On Linux the lock is an abstract Unix socket named after the directory. The kernel frees it when the process dies,
 * however it dies, so there is nothing stale to be judged; processes in different network namespaces (containers) do
 * not see each other's. Elsewhere it is a file with the holder's process id, which counts as long as that process lives.
 * The file beside the directory is written on both: it says who holds the lock, and where that one's pages are.
 */
import { createHash } from 'node:crypto';
import { readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';

import { UserError } from '../errors.ts';

export interface DirectoryLock {
  release(): Promise<void>;
}

/** What the file beside the directory says. */
interface Holder {
  readonly pid: number;
  readonly url?: string;
}

/**
 * Takes the lock of an existing directory. A process that lives is never robbed of it.
 * @throws UserError UNAVAILABLE that names the process that holds it
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const path = await realpath(directory);
  const file = fileOf(path);
  if (process.platform === 'linux') {
    const socket = await bindSocket(path);
    if (socket === null) throw refusal(path, await readHolder(file));
    await writeHolder(file, { pid: process.pid });
    return {
      async release() {
        await rm(file, { force: true });
        await new Promise((resolve) => socket.close(resolve));
      },
    };
  }
  await takeFile(path, file);
  return { release: () => rm(file, { force: true }) };
}

/** Lets whoever is refused the directory that this process holds know where its pages are. */
export async function announceUrl(directory: string, url: string): Promise<void> {
  const file = fileOf(await realpath(directory));
  await writeHolder(file, { pid: process.pid, url });
}

/** Where the pages are of whoever holds the directory; null when that one has none, or nobody holds it. */
export async function readUrl(directory: string): Promise<string | null> {
  const path = await realpath(directory).catch(() => directory);
  return (await readHolder(fileOf(path)))?.url ?? null;
}

function fileOf(path: string): string {
  return `${path}.lock`;
}

/** @returns null when another process has bound it */
function bindSocket(path: string): Promise<Server | null> {
  const name = createHash('sha256').update(path).digest('hex').slice(0, 32);
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(`\0embedding-map-${name}`, () => {
      server.unref();
      resolve(server);
    });
  });
}

async function takeFile(path: string, file: string): Promise<void> {
  const content = JSON.stringify({ pid: process.pid } satisfies Holder);
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await writeFile(file, content, { flag: 'wx' });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = await readHolder(file);
    if (holder === null || isAlive(holder.pid)) throw refusal(path, holder);
    // Renamed before it is removed: of several that find the dead holder's file, one gets it.
    const stale = `${file}.${process.pid}`;
    await rename(file, stale).catch(() => {});
    await rm(stale, { force: true });
  }
  throw refusal(path, await readHolder(file));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function readHolder(file: string): Promise<Holder | null> {
  try {
    const holder: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof holder !== 'object' || holder === null || !('pid' in holder) || !Number.isInteger(holder.pid))
      return null;
    const url = 'url' in holder && typeof holder.url === 'string' ? { url: holder.url } : {};
    return { pid: Number(holder.pid), ...url };
  } catch {
    return null; // it is being written, or was removed
  }
}

async function writeHolder(file: string, holder: Holder): Promise<void> {
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, JSON.stringify(holder));
  await rename(fresh, file);
}

function refusal(path: string, holder: Holder | null): UserError {
  const who = holder === null ? 'Another process' : `Process ${holder.pid}`;
  const where = holder?.url === undefined ? '' : `, which serves ${holder.url},`;
  return new UserError(
    'UNAVAILABLE',
    `${who}${where} has the embedded database in ${path} open, and only one can. ` +
      'Use that one, or stop it, or give this one a directory of its own by DATA_DIR, or a Postgres by DATABASE_URL.',
  );
}
