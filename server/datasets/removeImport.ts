/** What an import has written that will not be gone on with is removed: where it fails for good, and where its worker died. */
import type { Database } from '../database/database.ts';
import { UserError } from '../errors.ts';
import { findJob, hasEnded } from '../jobs/jobs.ts';
import type { TaskContext } from '../jobs/task.ts';
import { findDatasetOfImport, listImports } from './datasets.ts';
import { removeDatasetById } from './removeDataset.ts';
import { dropStaging, listStaging } from './staging.ts';

/** Runs an import, and removes what it has written where it fails for good. */
export async function importOrNothing<T>(context: TaskContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (await isFinal(context, error)) await discardImport(context.database, context.jobId);
    throw error;
  }
}

/** How often and how long it is looked for how a job that was told to stop has ended, in milliseconds. */
const ENDING_POLL_MS = 100;
const ENDING_PATIENCE_MS = 5000;

/** Whether no later attempt will go on where this one stopped. */
export async function isFinal({ database, jobId, signal }: TaskContext, error: unknown): Promise<boolean> {
  if (!signal.aborted) return error instanceof UserError && error.code !== 'UNAVAILABLE';
  for (let waited = 0; waited < ENDING_PATIENCE_MS; waited += ENDING_POLL_MS) {
    const job = await findJob(database, jobId);
    if (job === null || hasEnded(job.state)) return true;
    if (job.state === 'QUEUED' || job.state === 'PAUSED') return false;
    await new Promise((resolve) => setTimeout(resolve, ENDING_POLL_MS));
  }
  return false;
}

/** Removes what an import that will not be gone on with has written. */
export async function discardImport(database: Database, jobId: string): Promise<void> {
  await database.transaction(async (transaction) => {
    const dataset = await findDatasetOfImport(transaction, jobId);
    if (dataset !== null) await removeDatasetById(transaction, dataset.id);
    await dropStaging(transaction, jobId);
  });
}

/** Removes what imports have left whose worker died at their last attempt, or that were cancelled while they waited. */
export async function sweepImports(database: Database): Promise<void> {
  const jobIds = new Set([...(await listImports(database)), ...(await listStaging(database))]);
  for (const jobId of jobIds) {
    const job = await findJob(database, jobId);
    if (job === null || hasEnded(job.state)) await discardImport(database, jobId);
  }
}
