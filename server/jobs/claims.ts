/**
 * What a worker does with a job. It claims it for the length of a lease, and renews that; `fence` rises with every claim, and each write
 * of a worker names the fence of its claim: a worker that was given up for dead finds its writes refused.
 */
import type { Parameter, Queryable } from '../database/database.ts';
import { type ErrorRecord, UserError } from '../errors.ts';
import { ATTEMPTS, after, type JobKind, type JobResult, LEASE_MS, storable, toJson } from './jobs.ts';
import type { CurvePoint, Pace, Rejection } from './task.ts';

/** Rows that are kept of those left out; beyond, they are counted only. */
export const REJECTIONS_KEPT = 1000;

/**
 * An abandoned job is taken back only when its lease was seen to be over this long ago. After the database was busy
 * or away, all leases are over at once; in this span those who still live renew theirs first.
 */
const SUSPICION_MS = 1000;

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
 * The main question of a worker: find me a job to do. The longest waiting first; but an import, which takes seconds and which all
 * else is about, before the maps and demo data sets that wait for minutes.
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
       order by kind <> 'IMPORT_DATASET', run_after
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
