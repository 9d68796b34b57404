/**
 * Where a map in the making stands, as files under `DATA_DIR/checkpoints/JOB`: the state of a kernel is megabytes, too much
 * for the job's row, which names the newest file instead. A file is whole or not there at all, whenever its process dies.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { TaskContext } from '../jobs/task.ts';

/** What the job's row keeps. */
interface Checkpoint {
  readonly file: string;
  /** What the state was made of: where it is something else by now, the state is of no use. */
  readonly madeOf: string;
  /** Time spent on it so far. */
  readonly milliseconds: number;
}

export interface KeptState {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly milliseconds: number;
}

type Job = Pick<TaskContext, 'dataDir' | 'jobId' | 'checkpoint' | 'saveCheckpoint'>;

/** The state that was kept last, or null where there is none that was made of the same. */
export async function readCheckpoint(job: Job, madeOf: string): Promise<KeptState | null> {
  const { checkpoint } = job;
  if (!isCheckpoint(checkpoint) || checkpoint.madeOf !== madeOf) return null;
  const bytes = await readFile(join(folderOf(job), checkpoint.file)).catch(() => null);
  return bytes === null ? null : { bytes: new Uint8Array(bytes), milliseconds: checkpoint.milliseconds };
}

/** Keeps a state in place of the one before. @throws when the job was cancelled or is another worker's by now */
export async function writeCheckpoint(job: Job, madeOf: string, { bytes, milliseconds }: KeptState): Promise<void> {
  const folder = folderOf(job);
  await mkdir(folder, { recursive: true });
  // A name of its own: a worker that was given up for dead does not write over what another goes on from.
  const file = `${randomUUID()}.state`;
  await writeFile(join(folder, `${file}.part`), bytes);
  await rename(join(folder, `${file}.part`), join(folder, file));
  const before = job.checkpoint;
  await job.saveCheckpoint({ file, madeOf, milliseconds } satisfies Checkpoint);
  if (isCheckpoint(before)) await rm(join(folder, before.file), { force: true });
}

/** Removes what a job has kept. */
export async function removeCheckpoints(job: Pick<TaskContext, 'dataDir' | 'jobId'>): Promise<void> {
  await rm(folderOf(job), { recursive: true, force: true });
}

/** Removes what jobs have kept that have ended. @param open ids of those that have not */
export async function sweepCheckpoints(dataDir: string, open: readonly string[]): Promise<void> {
  for (const jobId of await readdir(join(dataDir, 'checkpoints')).catch(() => [])) {
    if (!open.includes(jobId)) await removeCheckpoints({ dataDir, jobId });
  }
}

function folderOf({ dataDir, jobId }: Pick<TaskContext, 'dataDir' | 'jobId'>): string {
  return join(dataDir, 'checkpoints', jobId);
}

function isCheckpoint(value: unknown): value is Checkpoint {
  return (
    typeof value === 'object' &&
    value !== null &&
    'file' in value &&
    typeof value.file === 'string' &&
    /^[0-9a-f-]+\.state$/.test(value.file) &&
    'madeOf' in value &&
    typeof value.madeOf === 'string' &&
    'milliseconds' in value &&
    typeof value.milliseconds === 'number'
  );
}
