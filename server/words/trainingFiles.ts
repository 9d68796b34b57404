/**
 * Where a training stands, as files under `DATA_DIR/checkpoints/JOB`: too much for the job's row, which names the newest state.
 * A file is whole or not there at all, whenever its process dies. The folder is swept with those of maps in the making.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { stateFromBytes, stateToBytes } from '#kernels/state.ts';
import type { Corpus } from '#kernels/word2vec/corpus.ts';
import type { TaskContext } from '../jobs/task.ts';

type Job = Pick<TaskContext, 'dataDir' | 'jobId'>;

const CORPUS = 'corpus.state';

/** The corpus as it was when the job began, whatever has become of the texts; null where it was not kept. */
export async function readCorpus(job: Job): Promise<Corpus | null> {
  const bytes = await readFile(join(folderOf(job), CORPUS)).catch(() => null);
  return bytes === null ? null : stateFromBytes<Corpus>(bytes);
}

export async function writeCorpus(job: Job, corpus: Corpus): Promise<void> {
  await write(job, CORPUS, stateToBytes(corpus));
}

/** A state that was kept; null where its file is gone. */
export async function readState(job: Job, file: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const bytes = await readFile(join(folderOf(job), file)).catch(() => null);
  return bytes === null ? null : new Uint8Array(bytes);
}

/** Writes a state; when `name` has made the job's row name its file, the one before goes. */
export async function writeState(
  job: Job & Pick<TaskContext, 'checkpoint'>,
  bytes: Uint8Array,
  name: (file: string) => Promise<unknown>,
): Promise<void> {
  const { state: before }: { readonly state?: unknown } = Object(job.checkpoint);
  // A name of its own: a worker that was given up for dead does not write over what another goes on from.
  const file = `${randomUUID()}.state`;
  await write(job, file, bytes);
  await name(file);
  if (typeof before === 'string') await rm(join(folderOf(job), before), { force: true });
}

/** Removes all that the job has kept. */
export async function removeStates(job: Job): Promise<void> {
  await rm(folderOf(job), { recursive: true, force: true });
}

async function write(job: Job, file: string, bytes: Uint8Array): Promise<void> {
  const folder = folderOf(job);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${file}.part`), bytes);
  await rename(join(folder, `${file}.part`), join(folder, file));
}

function folderOf({ dataDir, jobId }: Job): string {
  return join(dataDir, 'checkpoints', jobId);
}
