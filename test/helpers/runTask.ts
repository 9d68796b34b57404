/** Runs a verb as a job, in this thread, until the job has ended. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import type { Database } from '../../server/database/database.ts';
import { addJob, findJob, type Job, type JobKind, type JobResult, listRejections } from '../../server/jobs/jobs.ts';
import type { Rejection, Task, TaskContext } from '../../server/jobs/task.ts';
import { workHere } from '../../server/jobs/work.ts';

const silent = { info() {}, warn() {}, error() {} };

/** A folder that is removed after the tests of the file. */
export async function scratchDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'embedding-map-test-'));
  after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Ended {
  readonly job: Job;
  readonly rejections: readonly Rejection[];
}

/** @param jobId of a job that is there already, to be gone on with */
export async function runTask<Input>(
  database: Database,
  kind: JobKind,
  task: Task<Input, JobResult>,
  input: Input,
  { dataDir, jobId }: { readonly dataDir: string; readonly jobId?: string },
): Promise<Ended> {
  const added = jobId === undefined ? await addJob(database, { kind, input }) : await findJob(database, jobId);
  if (added === null) throw new Error(`no job ${jobId}`);
  const job = await workHere(database, added.id, {
    worker: 'test',
    dataDir,
    log: silent,
    stop: new AbortController().signal,
    tasks: { [kind]: (context: TaskContext) => task(context, input) },
  });
  return { job, rejections: await listRejections(database, job.id, 1000) };
}
