/** Jobs that are waited for, here and on the server's own pages. */
import type { JobState } from './answers.ts';
import type { Client } from './client.ts';

/** Held against the schema by a test. */
export const jobDocuments = {
  job: `query MapJob($id: ID!) {
  job(id: $id) { id state stage progress rejectedCount warnings error { code message file line } result { dataset { slug } } }
}`,
} as const;

export interface Job {
  readonly id: string;
  readonly state: JobState;
  readonly stage: string | null;
  readonly progress: number | null;
  readonly rejectedCount: number | string;
  readonly warnings: readonly string[];
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly file: string | null;
    readonly line: number | null;
  } | null;
  readonly result: { readonly dataset: { readonly slug: string } | null } | null;
}

const POLL_MS = 300;

export function hasEnded(state: JobState): boolean {
  return state === 'SUCCEEDED' || state === 'FAILED' || state === 'CANCELLED';
}

/**
 * Waits until a job has ended.
 * @param tell is told where it stands, again and again, until then
 * @returns the job as it ended; null: the server no longer knows it
 */
export async function follow(
  client: Client,
  id: string,
  tell: (job: Job) => void,
  signal?: AbortSignal,
): Promise<Job | null> {
  for (;;) {
    const { job } = await client.ask<{ job: Job | null }>(jobDocuments.job, { id }, signal);
    if (job === null || hasEnded(job.state)) return job;
    tell(job);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    signal?.throwIfAborted();
  }
}

/** Waits until a job has succeeded, as `follow` does. @throws Error why it has not */
export async function finished(
  client: Client,
  id: string,
  tell: (job: Job) => void,
  signal?: AbortSignal,
): Promise<Job> {
  const job = await follow(client, id, tell, signal);
  if (job === null) throw new Error('The server no longer knows the work.');
  if (job.state === 'SUCCEEDED') return job;
  if (job.error === null) throw new Error(job.state === 'CANCELLED' ? 'It was cancelled.' : 'It failed.');
  const { message, file, line } = job.error;
  throw new Error(file === null ? message : `${message} (${file}${line === null ? '' : `, line ${line}`})`);
}
