/**
 * One claimed job from beginning to end: the task runs, a heartbeat renews the lease and looks whether the job is
 * still wanted, the ending is written. The heartbeat needs the thread: heavy work belongs to `compute.ts`.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { ModelSettings } from '../config.ts';
import type { Database } from '../database/database.ts';
import { toErrorRecord, UserError } from '../errors.ts';
import type { Cancellations } from './cancellations.ts';
import {
  type Claim,
  type Ending,
  endJob,
  LeaseLost,
  readWishes,
  releaseJob,
  renewLease,
  reportProgress,
  retryJob,
} from './claims.ts';
import { JobContext } from './jobContext.ts';
import { type JobResult, LEASE_MS } from './jobs.ts';
import type { Task } from './task.ts';

export interface RunOptions {
  readonly dataDir: string;
  /** Where models are found. Default: among the downloads in `dataDir`; they run on the fastest there is. */
  readonly models?: ModelSettings;
  readonly log: Log;
  /** Aborted when the worker is to stop: the job is handed over to another. */
  readonly stop: AbortSignal;
}

export interface RunJobOptions extends RunOptions {
  /** Have been listening since before the job was claimed. */
  readonly cancellations: Cancellations;
}

export type Log = Pick<Logger, 'info' | 'warn' | 'error'>;

/** Progress is written, and a wish to cancel looked for, this often. A cancelled job has a second to end. */
const HEARTBEAT_MS = 400;
const RENEWAL_MS = LEASE_MS / 3;

/** A task that was told to stop is given this long; then its ending is written, and its own writes bounce off the fence. */
const UNWINDING_MS = 400;
/** A task that has not stopped after this long never will. */
const STUCK_MS = 15_000;

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;

/** How long and how often the ending is tried to be written while the database does not answer. */
const ENDING_PATIENCE_MS = 30_000;
const ENDING_PAUSE_MS = 500;

/** Why the task was told to stop. */
type Interruption = 'CANCEL' | 'PAUSE' | 'STOP' | 'LOST';

/** @throws when the task does not stop although it was told to: this thread has to go then */
export async function runJob(
  database: Database,
  claim: Claim,
  task: Task<unknown, JobResult>,
  { dataDir, models, log, stop, cancellations }: RunJobOptions,
): Promise<void> {
  const told = new AbortController();
  let why: Interruption | null = null;
  const interrupt = (interruption: Interruption) => {
    why ??= interruption;
    told.abort(new UserError('CANCELLED', why === 'CANCEL' ? 'The job was cancelled.' : 'The job goes on later.'));
  };
  const context = new JobContext(database, claim, dataDir, told.signal, models);

  const work = Promise.resolve()
    .then(() => task(context, claim.input))
    .then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
  const over = new AbortController();
  const handOver = () => interrupt('STOP');
  stop.addEventListener('abort', handOver);
  if (stop.aborted) handOver();
  const stopReceiving = cancellations.receive((cancellation) => {
    const isMeant =
      'jobId' in cancellation ? cancellation.jobId === claim.id : cancellation.datasetId === context.datasetId;
    if (isMeant) interrupt(cancellation.wish);
  });
  const heartbeat = beat(database, claim, context, over.signal, interrupt, log);
  try {
    const outcome = await Promise.race([work, unwinding(told.signal, over.signal)]);
    const report = context.report();
    const rejections = context.takeRejections();
    const write = (ending: Ending) => endJob(database, claim, ending, report, rejections);
    await persist(claim, log, async () => {
      // What has returned has succeeded, even if it was told to stop at its last step.
      if (outcome !== null && 'result' in outcome) return await write({ state: 'SUCCEEDED', result: outcome.result });
      const error = outcome?.error;
      if (why === 'LOST' || error instanceof LeaseLost) throw new LeaseLost(claim.id);
      if (why === 'STOP' || why === 'PAUSE') return await releaseJob(database, claim);
      if (why === 'CANCEL' || isUserError(error, 'CANCELLED')) return await write({ state: 'CANCELLED' });
      if (!(error instanceof UserError) || error.code === 'UNAVAILABLE') {
        log.error({ err: error, job: claim.id, kind: claim.kind, attempt: claim.attempt }, 'A job failed');
        if (await retryJob(database, claim, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 4 ** (claim.attempt - 1)))) return;
      }
      await write({ state: 'FAILED', error: toErrorRecord(error) });
    });
    const settled = await Promise.race([work, sleep(STUCK_MS, null, { signal: over.signal })]);
    if (settled === null) throw new Error(`Job ${claim.id} (${claim.kind}) was told to stop and does not.`);
  } finally {
    over.abort();
    stop.removeEventListener('abort', handOver);
    stopReceiving();
    await heartbeat;
  }
}

/**
 * While the database does not answer there is nothing to be done but to go on: should the lease run out in the
 * meantime, the fence keeps what comes too late from being written.
 */
async function beat(
  database: Database,
  claim: Claim,
  context: JobContext,
  over: AbortSignal,
  interrupt: (interruption: Interruption) => void,
  log: Log,
): Promise<void> {
  let renewedAt = performance.now();
  while (await sleep(HEARTBEAT_MS, true, { signal: over }).catch(() => false)) {
    try {
      const news = context.takeNews();
      const due = performance.now() - renewedAt >= RENEWAL_MS;
      const asked = performance.now();
      const { cancelRequested, pauseRequested, perturbations } = await (news !== null
        ? reportProgress(database, claim, news)
        : due
          ? renewLease(database, claim)
          : readWishes(database, claim));
      if (news !== null || due) renewedAt = asked;
      context.tellPerturbations(perturbations);
      if (cancelRequested) interrupt('CANCEL');
      else if (pauseRequested) interrupt('PAUSE');
    } catch (error) {
      if (over.aborted) return;
      if (error instanceof LeaseLost) return interrupt('LOST');
      log.warn({ err: error, job: claim.id }, 'The heartbeat of a job failed');
    }
  }
}

/** Null when the task was told to stop and has had its time to do so. */
async function unwinding(told: AbortSignal, over: AbortSignal): Promise<null> {
  if (!told.aborted) await once(told, 'abort', { signal: over });
  return await sleep(UNWINDING_MS, null, { signal: over });
}

/** Writes the ending of a job, however often it takes. */
async function persist(claim: Claim, log: Log, write: () => Promise<void>): Promise<void> {
  const since = performance.now();
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (error instanceof LeaseLost) {
        log.warn({ job: claim.id, kind: claim.kind }, 'A job was given to another worker');
        return;
      }
      if (performance.now() - since > ENDING_PATIENCE_MS) throw error;
      log.warn({ err: error, job: claim.id }, 'The ending of a job could not be written yet');
      await sleep(ENDING_PAUSE_MS);
    }
  }
}

function isUserError(error: unknown, code: UserError['code']): boolean {
  return error instanceof UserError && error.code === code;
}
