/** Loads the data set that a manifest describes: from a folder, from a package of this installation, or from the network. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { Database, Queryable } from '../database/database.ts';
import { UserError } from '../errors.ts';
import { addJob, type Job, type JobResult } from '../jobs/jobs.ts';
import type { TaskContext } from '../jobs/task.ts';
import { findDataset, requireDataset } from './datasets.ts';
import { withScratchDir } from './importFiles.ts';
import { importGraph } from './importGraph.ts';
import { importTables } from './importTables.ts';
import {
  type Manifest,
  type ManifestFile,
  type ManifestState,
  manifestState,
  recordManifest,
  requireManifest,
} from './manifests.ts';
import { removeDataset } from './removeDataset.ts';
import { importOrNothing } from './removeImport.ts';

export interface LoadInput {
  /** Slug of the manifest. */
  readonly slug: string;
  /** Folders of this machine in which the files are looked for first. */
  readonly folders: readonly string[];
}

export interface LoadOptions {
  /** A folder with the files, in the layout of their source. */
  readonly from?: string | null;
  /** A folder with one folder per data set. */
  readonly datasetsDir?: string | null;
  /** Whether a data set that was removed is loaded again. Default: yes; a server that starts leaves it alone. */
  readonly evenIfRemoved?: boolean;
  /** Begun after so many milliseconds at the earliest. */
  readonly delayMs?: number;
}

/** How a data set stood when it was asked for, and the job that loads it where there is something to do. */
export interface QueuedManifest {
  readonly state: ManifestState;
  readonly job: Job | null;
}

/** Adds the job that loads a data set. @throws UserError NOT_FOUND where no manifest has that name */
export async function queueManifest(
  database: Database,
  slug: string,
  options: LoadOptions = {},
): Promise<QueuedManifest> {
  const manifest = await requireManifest(slug);
  const state = await manifestState(database, manifest);
  if (state === 'LOADED' || (state === 'REMOVED' && options.evenIfRemoved === false)) return { state, job: null };
  const folders = [
    ...(options.from ? [resolve(options.from)] : []),
    ...(options.datasetsDir ? [join(resolve(options.datasetsDir), slug)] : []),
  ];
  const input: LoadInput = { slug, folders };
  const idempotencyKey = [slug, ...folders].join(' ');
  const { delayMs = 0 } = options;
  const job = await addJob(database, { kind: 'LOAD_DATASET', input, idempotencyKey, delayMs });
  return { state, job };
}

/** @throws UserError where the files cannot be had or are not what the manifest says */
export async function loadManifest(context: TaskContext, { slug, folders }: LoadInput): Promise<JobResult> {
  const manifest = await requireManifest(slug);
  return importOrNothing(context, async () => {
    if (context.checkpoint === null) await makeRoom(context.database, manifest);
    const paths: string[] = [];
    const files = await filesToLoad(manifest, folders);
    for (const file of files) paths.push(await obtainFile(context, slug, file, folders));
    return withScratchDir(context, async (scratchDir) => {
      const reading = { scratchDir, signal: context.signal };
      const { title, description, licence, source } = manifest;
      const options = {
        ...{ dataset: slug, title, description, licence, source, rejectionLimit: 0 },
        finish: (transaction: Queryable, { id }: { readonly id: number }) => recordManifest(transaction, manifest, id),
      };
      if ('openGraph' in manifest) {
        const { split = null } = manifest;
        return importGraph(context, await manifest.openGraph(paths, reading), { ...options, split });
      }
      const { embedding, kind, projections } = manifest;
      return importTables(context, await manifest.open(paths, reading), {
        ...options,
        kind,
        embedding: embedding?.name ?? null,
        model: embedding?.model ?? null,
        metric: embedding?.metric ?? null,
        projections,
      });
    });
  });
}

/** The files as their source has them, or as others hand them on where a folder has all of those. */
async function filesToLoad(manifest: Manifest, folders: readonly string[]): Promise<readonly ManifestFile[]> {
  const others = manifest.otherFiles ?? [];
  for (const folder of others.length === 0 ? [] : folders) {
    const sizes = await Promise.all(others.map(({ name }) => sizeOf(join(folder, name))));
    if (sizes.every((size) => size !== null)) return others;
  }
  return manifest.files;
}

/** An older edition of the same data set gives way; somebody else's data set of that name does not. */
async function makeRoom(database: Database, manifest: Manifest): Promise<void> {
  const state = await manifestState(database, manifest);
  if (state === 'LOADED' || state === 'EDITED') {
    const { slug } = await requireDataset(database, manifest.slug);
    await removeDataset(database, slug);
  } else if ((await findDataset(database, manifest.slug)) !== null) {
    throw new UserError(
      'CONFLICT',
      `There is a data set "${manifest.slug}" already that was not made from the manifest of that name. Remove it first if it may go.`,
    );
  }
}

type DownloadContext = Pick<TaskContext, 'dataDir' | 'signal' | 'progress'>;

/** The path of a file that is what the manifest says: found, or downloaded into the data directory. */
export async function obtainFile(
  context: DownloadContext,
  slug: string,
  file: ManifestFile,
  folders: readonly string[],
): Promise<string> {
  for (const folder of folders) {
    const path = join(folder, file.name);
    if ((await sizeOf(path)) === null) continue;
    await checkFile(path, file, context.signal);
    return path;
  }
  if ('folder' in file.from) throw new UserError('BAD_USER_INPUT', `There is no file ${file.name} in the folder.`);
  const path =
    'package' in file.from
      ? packagePath(file, file.from.package, file.from.path)
      : await download(context, slug, file, file.from.url);
  await checkFile(path, file, context.signal);
  return path;
}

function packagePath(file: ManifestFile, name: string, path: string): string {
  try {
    return createRequire(import.meta.url).resolve(`${name}/${path}`);
  } catch {
    throw new UserError(
      'BAD_USER_INPUT',
      `The package ${name}, which has ${file.name}, is not installed. Install it by npm, or give a folder with the file by --from.`,
      { file: file.name },
    );
  }
}

async function checkFile(path: string, file: ManifestFile, signal: AbortSignal): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { signal });
  if (hash.digest('hex') === file.sha256) return;
  const size = await sizeOf(path);
  throw new UserError(
    'BAD_USER_INPUT',
    `${file.name} is not the file that the manifest names: ${size === file.bytes ? 'its SHA-256 differs' : `it has ${size} bytes instead of ${file.bytes}`}. Get it again from its source.`,
    { file: file.name },
  );
}

/**
 * Downloads into the data directory, going on where an earlier attempt was cut off.
 * @throws UserError UNAVAILABLE when the network fails, upon which the job is tried again
 */
async function download(context: DownloadContext, slug: string, file: ManifestFile, url: string): Promise<string> {
  const folder = join(context.dataDir, 'downloads', slug);
  const path = join(folder, file.name);
  if ((await sizeOf(path)) === file.bytes) return path;
  await mkdir(folder, { recursive: true });
  const partial = `${path}.part`;
  try {
    await fetchRest(context, file, url, partial);
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof UserError) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new UserError(
      'UNAVAILABLE',
      `${file.name} could not be downloaded from ${url} (${cause instanceof Error ? cause.message : cause}). Without network, get the files elsewhere and name their folder: npm run migrate -- --dataset ${slug} --from FOLDER.`,
      { file: file.name },
    );
  }
  await checkFile(partial, file, context.signal).catch(async (error: unknown) => {
    await rm(partial, { force: true }); // to begin anew next time
    throw error;
  });
  await rename(partial, path);
  return path;
}

async function fetchRest(context: DownloadContext, file: ManifestFile, url: string, partial: string): Promise<void> {
  const had = (await sizeOf(partial)) ?? 0;
  if (had === file.bytes) return;
  const from = had < file.bytes ? had : 0;
  const response = await fetch(url, {
    signal: context.signal,
    headers: from > 0 ? { range: `bytes=${from}-` } : {},
  });
  if (!response.ok || response.body === null) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${url} answered ${response.status} ${response.statusText}. If ${file.name} has moved, get it elsewhere and name its folder by --from.`,
      { file: file.name },
    );
  }
  const resumed = response.status === 206;
  let bytes = resumed ? from : 0;
  const measure = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length;
      context.progress(`Downloading ${file.name}`, bytes / file.bytes);
      if (bytes > file.bytes) done(new Error(`more than the ${file.bytes} bytes that the manifest promises`));
      else done(null, chunk);
    },
  });
  const target = createWriteStream(partial, { flags: resumed ? 'a' : 'w' });
  await pipeline(Readable.from(response.body), measure, target, { signal: context.signal });
  if (bytes < file.bytes) throw new Error(`it ended after ${bytes} of ${file.bytes} bytes`);
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    (found) => (found.isFile() ? found.size : null),
    () => null,
  );
}
