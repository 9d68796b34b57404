/** The loop of a worker: claim, run, again. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Database } from '../database/database.ts';
import { Bell } from './bell.ts';
import { Cancellations } from './cancellations.ts';
import { claimJob, takeBackAbandoned } from './claims.ts';
import { hasEnded, type Job, type JobKind, type JobResult, jobKinds, requireJob } from './jobs.ts';
import { type RunOptions, runJob } from './runJob.ts';
import type { Task } from './task.ts';

/** What this worker can do. The input is the JSON that the job was added with. */
export type Tasks = { readonly [Kind in JobKind]?: Task<unknown, JobResult> };

export interface WorkOptions extends RunOptions {
  /** Names this worker among all that claim from the database. */
  readonly worker: string;
  readonly tasks: Tasks;
}

/** How long a worker trusts that it has missed no notification; so soon an abandoned job is seen, too. */
const POLL_MS = 1000;

/** Works at one job after the other until `stop` is aborted; the one at hand is handed over to another worker then. */
export async function work(database: Database, options: WorkOptions): Promise<void> {
  const { worker, stop, log } = options;
  const kinds = kindsOf(options.tasks);
  const bell = new Bell();
  const unlisten = await database.listen('jobs', () => bell.ring()).catch(() => async () => {});
  const cancellations = new Cancellations();
  let lookedAt = Number.NEGATIVE_INFINITY;
  const claimNext = async () => {
    if (performance.now() - lookedAt >= POLL_MS) {
      await takeBackAbandoned(database);
      lookedAt = performance.now();
    }
    cancellations.forget();
    return await claimJob(database, { worker, kinds });
  };
  try {
    while (!stop.aborted) {
      bell.mute();
      const claim = await claimNext().catch((error: unknown) => {
        log.warn({ err: error, worker }, 'No job could be claimed');
        return null;
      });
      if (claim === null) await bell.heard(POLL_MS, stop);
      else await runJob(database, claim, taskOf(options.tasks, claim.kind), { ...options, cancellations });
    }
  } finally {
    cancellations.close();
    await unlisten();
  }
}

/**
 * Works at one job until it has ended, here, or elsewhere if another worker has it. Meant for a command that waits.
 * @returns the job as it ended; where `stop` was aborted, as it then stands
 */
export async function workHere(database: Database, jobId: string, options: WorkOptions): Promise<Job> {
  const kinds = kindsOf(options.tasks);
  const cancellations = new Cancellations();
  try {
    for (;;) {
      const job = await requireJob(database, jobId);
      if (hasEnded(job.state) || options.stop.aborted) return job;
      await takeBackAbandoned(database);
      cancellations.forget();
      const claim = await claimJob(database, { worker: options.worker, kinds, id: jobId });
      if (claim === null) await sleep(POLL_MS, undefined, { signal: options.stop }).catch(() => {});
      else await runJob(database, claim, taskOf(options.tasks, claim.kind), { ...options, cancellations });
    }
  } finally {
    cancellations.close();
  }
}

function kindsOf(tasks: Tasks): JobKind[] {
  return jobKinds.filter((kind) => tasks[kind] !== undefined);
}

function taskOf(tasks: Tasks, kind: JobKind): Task<unknown, JobResult> {
  const task = tasks[kind];
  if (task === undefined) throw new Error(`This worker cannot do ${kind}.`);
  return task;
}
