/**
 * The tables `jobs` and `job_rejections`: work that takes time.
 *
 * A worker claims a job for the length of a lease and renews it; all times are the database's. `fence` rises with
 * every claim, and each write of a worker names the fence of its claim: a worker that was given up for dead finds its
 * writes refused. Each visible change is told on the channel `jobs`, with the job's id.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import DataLoader from 'dataloader';

import type { Database, Parameter, Queryable } from '../database/database.ts';
import { type ErrorRecord, UserError } from '../errors.ts';
import { Bell } from './bell.ts';
import { tellThreads } from './cancellations.ts';
import type { CurvePoint, Pace, Rejection } from './task.ts';

export const jobKinds = [
  'IMPORT_DATASET',
  'LOAD_DATASET',
  'PROJECT_EMBEDDING',
  'CLUSTER_EMBEDDING',
  'INDEX_EMBEDDING',
  'SPLIT_GRAPH',
  'TRAIN_GRAPH',
  'EVALUATE_GRAPH',
  'TRAIN_WORD_VECTORS',
  'EVALUATE_WORD_VECTORS',
  'EMBED_ITEMS',
  'FETCH_MODEL',
  'CLASSIFY_ITEMS',
  'COMPARE_EMBEDDINGS',
] as const;
export type JobKind = (typeof jobKinds)[number];

export type JobState = 'QUEUED' | 'RUNNING' | 'PAUSED' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

/** What a job made, by id. */
export interface JobResult {
  readonly dataset?: number;
  readonly embedding?: number;
  readonly projection?: number;
  readonly clustering?: number;
  readonly graphModel?: number;
  readonly evaluation?: number;
}

export interface Job {
  /** A uuid. */
  readonly id: string;
  readonly kind: JobKind;
  readonly input: unknown;
  readonly state: JobState;
  /** What it is doing, in words. */
  readonly stage: string | null;
  /** 0 to 1; null while it cannot be told. */
  readonly progress: number | null;
  /** How fast it goes, where that is known. */
  readonly itemsPerSecond: number | null;
  readonly secondsLeft: number | null;
  readonly error: ErrorRecord | null;
  readonly warnings: readonly string[];
  readonly rejectedCount: number;
  readonly result: JobResult | null;
  /** How often it was begun. */
  readonly attempts: number;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** How long a worker may be silent before its job is another's, in milliseconds. It renews three times in that span. */
export const LEASE_MS = 15_000;

/** Rows that are kept of those left out; beyond, they are counted only. */
export const REJECTIONS_KEPT = 1000;

/**
 * An abandoned job is taken back only when its lease was seen to be over this long ago. After the database was busy
 * or away, all leases are over at once; in this span those who still live renew theirs first.
 */
const SUSPICION_MS = 1000;

/** How often a job may be begun without a new checkpoint. */
const ATTEMPTS = 3;

/** How long a watcher trusts that it has missed no notification, in milliseconds. */
const WATCH_POLL_MS = 1500;
const WATCH_GATHER_MS = 5;

/** The moment so many milliseconds from now, by the clock of the database. */
const after = (parameter: string) => `clock_timestamp() + ${parameter}::integer * interval '1 millisecond'`;

interface JobRow extends Record<string, unknown> {
  id: string;
  kind: JobKind;
  input: unknown;
  state: JobState;
  stage: string | null;
  progress: number | null;
  items_per_second: number | null;
  seconds_left: number | null;
  error: ErrorRecord | null;
  warnings: string[];
  rejected_count: number;
  result: JobResult | null;
  attempts: number;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
}

const columns = `id, kind, input, state, stage, progress, items_per_second, seconds_left, error, warnings,
  rejected_count, result, attempts, created_at, started_at, finished_at`;

function toJob(row: JobRow): Job {
  return {
    id: row.id,
    kind: row.kind,
    input: row.input,
    state: row.state,
    stage: row.stage,
    progress: row.progress,
    itemsPerSecond: row.items_per_second,
    secondsLeft: row.state === 'RUNNING' ? row.seconds_left : null,
    error: row.error,
    warnings: row.warnings,
    rejectedCount: row.rejected_count,
    result: row.result,
    attempts: row.attempts,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

// Asking ------------------------------------------------------------------------------------------------------------

export interface NewJob {
  readonly kind: JobKind;
  /** JSON, checked already: the verb trusts it. */
  readonly input: unknown;
  /** The data set it works on: its removal cancels the job. */
  readonly datasetId?: number;
  /** The same key gives the same job while that job has not ended. */
  readonly idempotencyKey?: string;
  /** Kept for the process that adds it, for the length of a lease: see `workHere`. */
  readonly reserved?: boolean;
  /** Begun after so many milliseconds at the earliest: jobs that are added meanwhile go before it. */
  readonly delayMs?: number;
}

/**
 * Adds a job, or gives the one that is under way with the same key.
 * @throws UserError CONFLICT when the key belongs to a job with another input
 */
export async function addJob(database: Queryable, job: NewJob): Promise<Job> {
  const input = toJson(job.input);
  const key = job.idempotencyKey === undefined ? null : storable(job.idempotencyKey);
  for (;;) {
    const [added] = await database.query<JobRow>(
      `with added as (
         insert into jobs (id, kind, input, dataset_id, idempotency_key, attempts_limit, run_after)
         values ($1::uuid, $2::text, $3::jsonb, $4::integer, $5::text, $6::integer, ${after('$7')})
         on conflict (kind, idempotency_key) where ${isOpen} do nothing
         returning *
       )
       select ${columns}, pg_notify('jobs', id::text) from added`,
      [
        ...[randomUUID(), job.kind, input, job.datasetId ?? null, key, ATTEMPTS],
        job.reserved === true ? LEASE_MS : (job.delayMs ?? 0),
      ],
    );
    if (added !== undefined) return toJob(added);

    const [same] = await database.query<JobRow & { same_input: boolean }>(
      `select ${columns}, input = $3::jsonb as same_input from jobs
       where kind = $1::text and idempotency_key = $2::text and ${isOpen}`,
      [job.kind, key, input],
    );
    if (same === undefined) continue; // it has ended since: the key is free again
    if (!same.same_input) {
      throw new UserError(
        'CONFLICT',
        `The idempotency key "${key}" belongs to a job that is under way with another input. Choose another key.`,
      );
    }
    return toJob(same);
  }
}

export async function findJob(database: Queryable, id: string): Promise<Job | null> {
  const [job] = await findJobs(database, [id]);
  return job ?? null;
}

/** The jobs of these ids, in their order, null where there is none. */
async function findJobs(database: Queryable, ids: readonly string[]): Promise<(Job | null)[]> {
  const rows = await database.query<JobRow>(`select ${columns} from jobs where id = any ($1::uuid[])`, [
    ids.filter(isUuid),
  ]);
  const byId = new Map(rows.map((row) => [row.id, toJob(row)]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** What the job's task has kept last, as JSON; null where it has kept nothing. */
export async function findCheckpoint(database: Queryable, id: string): Promise<unknown> {
  const [row] = await database.query<{ checkpoint: unknown }>('select checkpoint from jobs where id = $1::uuid', [id]);
  return row?.checkpoint ?? null;
}

/** @throws UserError NOT_FOUND */
export async function requireJob(database: Queryable, id: string): Promise<Job> {
  const job = await findJob(database, id);
  if (job === null) throw new UserError('NOT_FOUND', `There is no job "${id.slice(0, 100)}".`);
  return job;
}

/** The jobs of a data set that have not ended, newest first. */
export async function listOpenJobs(database: Queryable, datasetId: number, first: number): Promise<Job[]> {
  const rows = await database.query<JobRow>(
    `select ${columns} from jobs
     where dataset_id = $1::integer and ${isOpen}
     order by created_at desc, id desc
     limit $2::integer`,
    [datasetId, first],
  );
  return rows.map(toJob);
}

/** A page of jobs, newest first. `after` is the id of the last job of the page before. */
export async function listJobs(
  database: Queryable,
  { first, after, state }: { readonly first: number; readonly after?: string; readonly state?: JobState },
): Promise<{ jobs: Job[]; hasNextPage: boolean; totalCount: number }> {
  if (after !== undefined) await requireJob(database, after);
  const rows = await database.query<JobRow>(
    `select ${columns} from jobs
     where ($1::text is null or state = $1::text)
       and ($2::uuid is null or (created_at, id) < (select created_at, id from jobs where id = $2::uuid))
     order by created_at desc, id desc
     limit $3::integer`,
    [state ?? null, after ?? null, first + 1],
  );
  const [count] = await database.query<{ count: number }>(
    'select count(*) as count from jobs where ($1::text is null or state = $1::text)',
    [state ?? null],
  );
  return { jobs: rows.slice(0, first).map(toJob), hasNextPage: rows.length > first, totalCount: count?.count ?? 0 };
}

/** The first rows that an import left out. */
export async function listRejections(database: Queryable, jobId: string, first: number): Promise<Rejection[]> {
  return await database.query<{ file: string; line: number | null; reason: string }>(
    'select file, line, reason from job_rejections where job_id = $1::uuid order by number limit $2::integer',
    [jobId, first],
  );
}

/** What a job has measured as it went, in order. */
export async function listCurves(
  database: Queryable,
  jobId: string,
): Promise<{ readonly name: string; readonly points: readonly CurvePoint[] }[]> {
  return await database.query<{ name: string; points: CurvePoint[] }>(
    `select curve as name, jsonb_agg(jsonb_build_object('at', at, 'value', value) order by at) as points
       from job_points where job_id = $1::uuid group by curve order by curve`,
    [jobId],
  );
}

/**
 * The job now and after each change, until it has ended or `signal` is aborted. Notifications make it prompt; where
 * they do not arrive (a pool in front of Postgres that swallows them), it looks by itself every 1.5 seconds.
 * @throws UserError NOT_FOUND
 */
export async function* watchJob(database: Database, id: string, signal?: AbortSignal): AsyncGenerator<Job, void> {
  const bell = new Bell();
  const unlisten = await database
    .listen('jobs', (changed) => {
      if (changed === id) bell.ring();
    })
    .catch(() => async () => {});
  try {
    let seen = '';
    while (signal?.aborted !== true) {
      bell.mute(); // what rings from here on is news to the next look
      const job = (await gathered(database).load(id)) ?? (await requireJob(database, id));
      const now = JSON.stringify(job);
      if (now !== seen) yield job;
      seen = now;
      if (hasEnded(job.state)) return;
      await bell.heard(WATCH_POLL_MS, signal);
    }
  } finally {
    void unlisten().catch(() => {}); // who leaves does not wait for a database that is busy
  }
}

const gatherers = new WeakMap<Database, DataLoader<string, Job | null>>();

/** Thousands who watch look at their jobs together: in one statement every few milliseconds. */
function gathered(database: Database): DataLoader<string, Job | null> {
  const found = gatherers.get(database);
  if (found !== undefined) return found;
  const gatherer = new DataLoader<string, Job | null>((ids) => findJobs(database, ids), {
    cache: false,
    maxBatchSize: 1000,
    batchScheduleFn: (look) => setTimeout(look, WATCH_GATHER_MS),
  });
  gatherers.set(database, gatherer);
  return gatherer;
}

/** Has not ended. */
const isOpen = `state in ('QUEUED', 'RUNNING', 'PAUSED')`;

export function hasEnded(state: JobState): boolean {
  return state === 'SUCCEEDED' || state === 'FAILED' || state === 'CANCELLED';
}

// Cancelling --------------------------------------------------------------------------------------------------------

/**
 * Asks a job to stop: one that waits or is paused is cancelled at once, one at work within a second. One that has ended stays as it is.
 * @throws UserError NOT_FOUND
 */
export async function cancelJob(database: Queryable, id: string): Promise<Job> {
  if (isUuid(id)) {
    tellThreads({ jobId: id, wish: 'CANCEL' });
    await cancel(database, 'id = $1::uuid', [id]);
  }
  return await requireJob(database, id);
}

/**
 * Cancels what waits or works for a data set that is about to be removed. Call it before the transaction that removes,
 * not in it: from then on no transaction of these jobs commits (see `guardJob`), and each side would wait for the other.
 */
export async function cancelJobsOf(database: Queryable, datasetId: number): Promise<void> {
  tellThreads({ datasetId, wish: 'CANCEL' });
  await cancel(database, 'dataset_id = $1::integer', [datasetId]);
}

/** Cancels what waits or works for an embedding that is about to be removed, as `cancelJobsOf` does for a data set. */
export async function cancelJobsOfEmbedding(database: Queryable, embeddingId: number): Promise<void> {
  const rows = await database.query<{ id: string }>(
    `select id from jobs where ${isOpen} and input -> 'embeddingId' = to_jsonb($1::integer)`,
    [embeddingId],
  );
  for (const { id } of rows) await cancelJob(database, id);
}

async function cancel(database: Queryable, which: string, parameters: readonly Parameter[]): Promise<void> {
  await database.query(
    `with asked as (
       update jobs set
         cancel_requested = true,
         state = case state when 'RUNNING' then state else 'CANCELLED' end,
         finished_at = case state when 'RUNNING' then null else clock_timestamp() end
       where ${which} and ${isOpen} and not cancel_requested
       returning id
     )
     select pg_notify('jobs', id::text) from asked`,
    parameters,
  );
}

// Pausing -----------------------------------------------------------------------------------------------------------

/** So long the database has to take note of a pause before the threads of this process are told. */
const PAUSE_PATIENCE_MS = 200;

/**
 * Asks a job to rest until it is resumed: one that waits is paused at once, one at work within a second, as its checkpoint
 * has it. One that has ended stays as it is, and so does one that is to be cancelled.
 * @throws UserError NOT_FOUND
 */
export async function pauseJob(database: Queryable, id: string): Promise<Job> {
  if (isUuid(id)) {
    const asked = database.query(
      `with asked as (
         update jobs set
           state = case state when 'QUEUED' then 'PAUSED' else state end,
           pause_requested = state = 'RUNNING'
         where id = $1::uuid and state in ('QUEUED', 'RUNNING') and not cancel_requested
         returning id
       )
       select pg_notify('jobs', id::text) from asked`,
      [id],
    );
    // A worker that heard of it before the database did would put the job down as one that waits, and begin it anew. Only a
    // database that is kept by the job's own statement has to be freed first.
    await Promise.race([asked, sleep(PAUSE_PATIENCE_MS)]);
    tellThreads({ jobId: id, wish: 'PAUSE' });
    await asked;
  }
  return await requireJob(database, id);
}

/**
 * Lets a paused job go on from its checkpoint, as soon as a worker is free. Any other stays as it is; one that was only asked
 * to pause is no longer.
 * @throws UserError NOT_FOUND
 */
export async function resumeJob(database: Queryable, id: string): Promise<Job> {
  if (isUuid(id)) {
    await database.query(
      `with asked as (
         update jobs set
           state = case state when 'PAUSED' then 'QUEUED' else state end,
           run_after = case state when 'PAUSED' then clock_timestamp() else run_after end,
           pause_requested = false
         where id = $1::uuid and (state = 'PAUSED' or pause_requested)
         returning id
       )
       select pg_notify('jobs', id::text) from asked`,
      [id],
    );
  }
  return await requireJob(database, id);
}

// Perturbing --------------------------------------------------------------------------------------------------------

/**
 * Asks a job to push the points of its map: one at work does within a second, one that waits or is paused as soon as it is at work. One
 * that has ended stays as it is, and so does one that is to be cancelled.
 * @param share of the push: kernels/perturb.ts @param most so often a job can be asked
 * @throws UserError NOT_FOUND, and CONFLICT where it was asked as often as it can be
 */
export async function perturbJob(database: Queryable, id: string, share: number, most: number): Promise<Job> {
  const job = await requireJob(database, id);
  const [asked] = await database.query<{ is_full: boolean }>(
    `with open as (
       select id, jsonb_array_length(perturbations) >= $3::integer as is_full from jobs
       where id = $1::uuid and ${isOpen} and not cancel_requested
       for update
     ), pushed as (
       update jobs set perturbations = perturbations || to_jsonb($2::float8)
       from open where jobs.id = open.id and not is_full
     )
     select is_full from open`,
    [id, share, most],
  );
  if (asked?.is_full === true) {
    throw new UserError(
      'CONFLICT',
      `The map was pushed ${most} times already, which is the most. Let it come to its end.`,
    );
  }
  return job;
}

// Working -----------------------------------------------------------------------------------------------------------

/** A job in the hands of a worker. */
export interface Claim {
  readonly id: string;
  readonly kind: JobKind;
  readonly input: unknown;
  readonly datasetId: number | null;
  readonly attempt: number;
  readonly checkpoint: unknown;
  readonly warnings: readonly string[];
  /** As in `Wishes`. */
  readonly perturbations: readonly number[];
  /** Names this claim in every write. */
  readonly fence: number;
}

/** The job belongs to another worker by now, or to none: whatever its old worker still does counts for nothing. */
export class LeaseLost extends Error {
  constructor(jobId: string) {
    super(`The lease of job ${jobId} was lost.`);
    this.name = 'LeaseLost';
  }
}

/** Only the worker of this claim writes, and only while the job runs. */
const isMine = `id = $1::uuid and fence = $2::bigint and state = 'RUNNING'`;

/**
 * The main question of a worker: find me a job to do. The longest waiting first.
 * @param kinds what this worker can do: an older version leaves alone what only a newer one knows
 * @param id only this job, and at once
 */
export async function claimJob(
  database: Queryable,
  { worker, kinds, id }: { readonly worker: string; readonly kinds: readonly JobKind[]; readonly id?: string },
): Promise<Claim | null> {
  interface Row extends Record<string, unknown> {
    id: string;
    kind: JobKind;
    input: unknown;
    dataset_id: number | null;
    attempts: number;
    checkpoint: unknown;
    warnings: string[];
    perturbations: number[];
    fence: number;
  }
  const [row] = await database.query<Row>(
    `with next as (
       select id from jobs
       where state = 'QUEUED' and kind = any ($2::text[])
         and case when $4::uuid is null then run_after <= clock_timestamp() else id = $4::uuid end
       order by run_after
       limit 1
       for update skip locked
     ), claimed as (
       update jobs set
         state = 'RUNNING',
         worker = $1::text,
         fence = fence + 1,
         attempts = attempts + 1,
         lease_until = ${after('$3')},
         suspected_at = null,
         progress = null,
         started_at = coalesce(started_at, clock_timestamp())
       from next
       where jobs.id = next.id
       returning jobs.*
     )
     select id, kind, input, dataset_id, attempts, checkpoint, warnings, perturbations, fence, pg_notify('jobs', id::text)
     from claimed`,
    [worker, kinds, LEASE_MS, id ?? null],
  );
  if (row === undefined) return null;
  return {
    id: row.id,
    kind: row.kind,
    input: row.input,
    datasetId: row.dataset_id,
    attempt: row.attempts,
    checkpoint: row.checkpoint,
    warnings: row.warnings,
    perturbations: row.perturbations,
    fence: row.fence,
  };
}

/** What somebody wants of a job at work. */
export interface Wishes {
  readonly cancelRequested: boolean;
  readonly pauseRequested: boolean;
  /** Shares of all pushes at the points of its map (kernels/perturb.ts), the first first. */
  readonly perturbations: readonly number[];
}

interface WishesRow extends Record<string, unknown> {
  readonly cancel_requested: boolean;
  readonly pause_requested: boolean;
  readonly perturbations: readonly number[];
}

const wishes = 'cancel_requested, pause_requested, perturbations';

/** Keeps the job for another lease. @throws LeaseLost */
export async function renewLease(database: Queryable, claim: Claim): Promise<Wishes> {
  return await mine(
    claim,
    database.query<WishesRow>(
      `update jobs set lease_until = ${after('$3')}, suspected_at = null where ${isMine} returning ${wishes}`,
      [claim.id, claim.fence, LEASE_MS],
    ),
  );
}

/** Whether someone wants the job to stop. @throws LeaseLost */
export async function readWishes(database: Queryable, claim: Claim): Promise<Wishes> {
  return await mine(
    claim,
    database.query<WishesRow>(`select ${wishes} from jobs where ${isMine}`, [claim.id, claim.fence]),
  );
}

/** What a running job says about itself. */
export interface Report {
  readonly stage: string | null;
  /** 0 to 1; null while it cannot be told. */
  readonly progress: number | null;
  readonly pace?: Pace | null;
  /** All of them, those of earlier attempts included. */
  readonly warnings: readonly string[];
}

/** Writes what the job says, and keeps it for another lease. @throws LeaseLost */
export async function reportProgress(database: Queryable, claim: Claim, report: Report): Promise<Wishes> {
  return await mine(
    claim,
    database.query<WishesRow>(
      `with reported as (
         update jobs set
           stage = $4::text,
           progress = $5::real,
           warnings = $6::jsonb,
           items_per_second = $7::real,
           seconds_left = $8::real,
           lease_until = ${after('$3')},
           suspected_at = null
         where ${isMine}
         returning id, ${wishes}
       )
       select ${wishes}, pg_notify('jobs', id::text) from reported`,
      [claim.id, claim.fence, LEASE_MS, ...reportParameters(report)],
    ),
  );
}

/** The job is still this worker's, and wanted; its row is held until the transaction ends. @throws LeaseLost, UserError CANCELLED */
export async function guardJob(transaction: Queryable, claim: Claim): Promise<void> {
  const { cancelRequested } = await renewLease(transaction, claim);
  if (cancelRequested) throw cancelled();
}

/** Rows that were left out since the last checkpoint: all counted, the first kept. */
export interface Rejections {
  readonly count: number;
  readonly first: readonly Rejection[];
}

/** The rows left out are counted from where the job's row stands, and kept up to `REJECTIONS_KEPT`. */
const keepRejections = `kept as (
  insert into job_rejections (job_id, number, file, line, reason)
  select written.id, written.rejected_count - $4::bigint + number, file, line, reason
  from written, unnest($5::text[], $6::bigint[], $7::text[]) with ordinality as rejected (file, line, reason, number)
  where written.rejected_count - $4::bigint + number <= ${REJECTIONS_KEPT}
)`;

function rejectionParameters({ count, first }: Rejections): Parameter[] {
  return [
    count,
    first.map(({ file }) => storable(file)),
    first.map(({ line }) => line),
    first.map(({ reason }) => storable(reason)),
  ];
}

/** Keeps where the work stands, and the rows left out up to there. @throws LeaseLost, UserError CANCELLED */
export async function saveCheckpoint(
  database: Queryable,
  claim: Claim,
  checkpoint: unknown,
  rejections: Rejections,
): Promise<void> {
  const { cancelRequested } = await mine(
    claim,
    database.query<WishesRow>(
      `with written as (
         update jobs set
           checkpoint = $8::jsonb,
           attempts_limit = attempts + ${ATTEMPTS},
           rejected_count = rejected_count + $4::bigint,
           lease_until = ${after('$3')},
           suspected_at = null
         where ${isMine}
         returning id, rejected_count, ${wishes}
       ), ${keepRejections}
       select ${wishes} from written`,
      [claim.id, claim.fence, LEASE_MS, ...rejectionParameters(rejections), toJson(checkpoint)],
    ),
  );
  if (cancelRequested) throw cancelled();
}

/** Says which data set the job works on: its removal cancels the job. @throws LeaseLost */
export async function setDatasetOfJob(database: Queryable, claim: Claim, datasetId: number): Promise<void> {
  await mine(
    claim,
    database.query<WishesRow>(`update jobs set dataset_id = $3::integer where ${isMine} returning ${wishes}`, [
      claim.id,
      claim.fence,
      datasetId,
    ]),
  );
}

/** Keeps points of a curve, in place of those that were measured at the same time before an interruption. @throws LeaseLost */
export async function recordPoints(
  database: Queryable,
  claim: Claim,
  curve: string,
  points: readonly CurvePoint[],
): Promise<void> {
  await mine(
    claim,
    database.query<WishesRow>(
      `with written as (
         select id, ${wishes} from jobs where ${isMine} for key share
       ), kept as (
         insert into job_points (job_id, curve, at, value)
         select written.id, $3::text, at, value from written, unnest($4::float8[], $5::float8[]) as points (at, value)
         on conflict (job_id, curve, at) do update set value = excluded.value
       )
       select ${wishes} from written`,
      [claim.id, claim.fence, curve, points.map(({ at }) => at), points.map(({ value }) => value)],
    ),
  );
}

/** Forgets the points of a curve that were measured later than `at`. @throws LeaseLost */
export async function forgetPoints(database: Queryable, claim: Claim, curve: string, at: number): Promise<void> {
  await mine(
    claim,
    database.query<WishesRow>(
      `with written as (
         select id, ${wishes} from jobs where ${isMine} for key share
       ), gone as (
         delete from job_points using written
          where job_points.job_id = written.id and curve = $3::text and at > $4::float8
       )
       select ${wishes} from written`,
      [claim.id, claim.fence, curve, at],
    ),
  );
}

/** How the work at a job came to its end. */
export type Ending =
  | { readonly state: 'SUCCEEDED'; readonly result: JobResult }
  | { readonly state: 'FAILED'; readonly error: ErrorRecord }
  | { readonly state: 'CANCELLED' };

/**
 * The job is over. One that failed while someone wanted it to stop was cancelled: its data set may be gone.
 * @throws LeaseLost
 */
export async function endJob(
  database: Queryable,
  claim: Claim,
  ending: Ending,
  report: Report,
  rejections: Rejections,
): Promise<void> {
  const result = ending.state === 'SUCCEEDED' ? toJson(ending.result) : null;
  const error = ending.state === 'FAILED' ? toJson(ending.error) : null;
  await mine(
    claim,
    database.query<WishesRow>(
      `with written as (
         update jobs set
           state = case when $3::text = 'FAILED' and cancel_requested then 'CANCELLED' else $3::text end,
           result = $8::jsonb,
           error = case when not cancel_requested then $9::jsonb end,
           cancel_requested = cancel_requested or $3::text = 'CANCELLED',
           stage = $10::text,
           progress = case $3::text when 'SUCCEEDED' then 1 else $11::real end,
           warnings = $12::jsonb,
           items_per_second = $13::real,
           seconds_left = $14::real,
           rejected_count = rejected_count + $4::bigint,
           checkpoint = null,
           pause_requested = false,
           worker = null,
           lease_until = null,
           suspected_at = null,
           finished_at = clock_timestamp()
         where ${isMine}
         returning id, rejected_count, ${wishes}
       ), ${keepRejections}
       select ${wishes}, pg_notify('jobs', id::text) from written`,
      [
        claim.id,
        claim.fence,
        ending.state,
        ...rejectionParameters(rejections),
        result,
        error,
        ...reportParameters(report),
      ],
    ),
  );
}

/**
 * Begins the job anew after a while, unless it was begun too often already or someone wants it to stop.
 * @returns whether it will be begun anew @throws LeaseLost
 */
export async function retryJob(database: Queryable, claim: Claim, delayMs: number): Promise<boolean> {
  const rows = await database.query(
    `with queued as (
       update jobs set state = ${waiting}, ${givenBack}, run_after = ${after('$3')}
       where ${isMine} and attempts < attempts_limit and not cancel_requested
       returning id
     )
     select pg_notify('jobs', id::text) from queued`,
    [claim.id, claim.fence, delayMs],
  );
  return rows.length > 0;
}

/**
 * Hands the job over to whoever is free, or puts it down where it is to be paused, in good order: this attempt does not count
 * against it. @throws LeaseLost
 */
export async function releaseJob(database: Queryable, claim: Claim): Promise<void> {
  await mine(
    claim,
    database.query<WishesRow>(
      `with released as (
         update jobs set
           state = case when cancel_requested then 'CANCELLED' else ${waiting} end,
           finished_at = case when cancel_requested then clock_timestamp() end,
           attempts_limit = attempts_limit + 1,
           ${givenBack}
         where ${isMine}
         returning id, ${wishes}
       )
       select ${wishes}, pg_notify('jobs', id::text) from released`,
      [claim.id, claim.fence],
    ),
  );
}

/** The fence rises here too, not at the next claim only: what the old worker still writes is refused from now on. */
const givenBack = 'worker = null, lease_until = null, suspected_at = null, pause_requested = false, fence = fence + 1';

/** How a job that nobody has in hand any more waits. */
const waiting = `case when pause_requested then 'PAUSED' else 'QUEUED' end`;

/**
 * Takes back the jobs of workers that are silent, for others to go on with. One that was to be cancelled is; one that
 * has worn out its workers has failed.
 */
export async function takeBackAbandoned(database: Queryable): Promise<void> {
  await database.query(
    `update jobs set suspected_at = clock_timestamp()
     where id in (
       select id from jobs
       where state = 'RUNNING' and lease_until < clock_timestamp() and suspected_at is null
       for update skip locked
     )`,
  );
  await takeBack(
    database,
    `lease_until < clock_timestamp() and suspected_at < clock_timestamp() - ${SUSPICION_MS} * interval '1 millisecond'`,
    [],
  );
}

/** Takes back the jobs of a worker that is known to be dead; null: of all workers. */
export async function takeBackFrom(database: Queryable, worker: string | null): Promise<void> {
  await takeBack(database, '($1::text is null or worker = $1::text)', [worker]);
}

async function takeBack(database: Queryable, which: string, parameters: readonly Parameter[]): Promise<void> {
  const wornOut: ErrorRecord = {
    code: 'INTERNAL_SERVER_ERROR',
    message: `The job was begun ${ATTEMPTS} times, and each time its worker died without getting any further.`,
  };
  const state = `case
    when cancel_requested then 'CANCELLED'
    when attempts >= attempts_limit then 'FAILED'
    else ${waiting}
  end`;
  await database.query(
    `with abandoned as (
       select id, ${state} as next_state from jobs
       where state = 'RUNNING' and ${which}
       for update skip locked
     ), taken as (
       update jobs set
         state = next_state,
         ${givenBack},
         error = case next_state when 'FAILED' then '${JSON.stringify(wornOut)}'::jsonb end,
         finished_at = case when next_state in ('CANCELLED', 'FAILED') then clock_timestamp() end
       from abandoned
       where jobs.id = abandoned.id
       returning jobs.id
     )
     select pg_notify('jobs', id::text) from taken`,
    parameters,
  );
}

async function mine(claim: Claim, rows: Promise<WishesRow[]>): Promise<Wishes> {
  const [row] = await rows;
  if (row === undefined) throw new LeaseLost(claim.id);
  return {
    cancelRequested: row.cancel_requested,
    pauseRequested: row.pause_requested,
    perturbations: row.perturbations,
  };
}

function cancelled(): UserError {
  return new UserError('CANCELLED', 'The job was cancelled.');
}

function reportParameters({ stage, progress, warnings, pace }: Report): Parameter[] {
  return [
    stage === null ? null : storable(stage),
    progress,
    toJson(warnings),
    pace?.itemsPerSecond ?? null,
    pace?.secondsLeft ?? null,
  ];
}

/** JSON as jsonb can keep it. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'string' ? storable(part) : part));
}

/** Text as Postgres can keep it: U+0000 and halves of surrogate pairs become U+FFFD. */
function storable(text: string): string {
  return text.replace(/\0|\p{Surrogate}/gu, '\u{FFFD}');
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
