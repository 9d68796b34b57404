/**
 * The tables `jobs`, `job_rejections` and `job_points`: work that takes time, as those see it who ask for it. What a worker does with a job
 * is in claims.ts. All times are the database's. Each visible change is told on the channel `jobs`, with the job's id.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import DataLoader from 'dataloader';

import type { Database, Parameter, Queryable } from '../database/database.ts';
import { type ErrorRecord, UserError } from '../errors.ts';
import { Bell } from './bell.ts';
import { tellThreads } from './cancellations.ts';
import type { CurvePoint, Rejection } from './task.ts';

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

/** How often a job may be begun without a new checkpoint. */
export const ATTEMPTS = 3;

/** How long a watcher trusts that it has missed no notification, in milliseconds. */
const WATCH_POLL_MS = 1500;
const WATCH_GATHER_MS = 5;

/** The moment so many milliseconds from now, by the clock of the database. */
export const after = (parameter: string) => `clock_timestamp() + ${parameter}::integer * interval '1 millisecond'`;

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

/** JSON as jsonb can keep it. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'string' ? storable(part) : part));
}

/** Text as Postgres can keep it: U+0000 and halves of surrogate pairs become U+FFFD. */
export function storable(text: string): string {
  return text.replace(/\0|\p{Surrogate}/gu, '\u{FFFD}');
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
