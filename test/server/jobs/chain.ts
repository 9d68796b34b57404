/**
 * A task whose every step depends on the one before and leaves a row: a step lost, repeated or done by two workers
 * at once shows in the rows or in the end.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Database, Queryable } from '../../../server/database/database.ts';
import type { JobResult } from '../../../server/jobs/jobs.ts';
import type { TaskContext } from '../../../server/jobs/task.ts';

export interface ChainInput {
  readonly steps: number;
  readonly pauseMs: number;
}

interface Link {
  readonly step: number;
  readonly value: number;
}

export async function createChainTable(database: Queryable): Promise<void> {
  await database.query('create table chain_steps (job_id uuid, step integer, value bigint, attempt integer)');
}

export async function chain(context: TaskContext, input: unknown): Promise<JobResult> {
  const { steps, pauseMs } = input as ChainInput;
  let { step, value } = (context.checkpoint ?? { step: 0, value: 1 }) as Link;
  while (step < steps) {
    await sleep(pauseMs, undefined, { signal: context.signal });
    value = next(value);
    step++;
    await context.database.transaction(async (transaction) => {
      await transaction.query(
        'insert into chain_steps (job_id, step, value, attempt) values ($1::uuid, $2::integer, $3::bigint, $4::integer)',
        [context.jobId, step, value, context.attempt],
      );
      await context.saveCheckpoint({ step, value }, transaction);
    });
    context.progress(`Step ${step}`, step / steps);
  }
  return { projection: value };
}

/** What the steps must have been, however often the work was interrupted. */
export function chainValues(steps: number): number[] {
  const values = [1];
  for (let step = 0; step < steps; step++) values.push(next(values.at(-1) ?? 1));
  return values.slice(1);
}

/** One of the generators of Park and Miller, with the multiplier 48271 and the modulus 2^31 - 1. */
function next(value: number): number {
  return (value * 48271) % 2147483647;
}

export async function readChain(database: Database, jobId: string): Promise<{ values: number[]; attempts: number[] }> {
  const rows = await database.query<{ value: number; attempt: number }>(
    'select value, attempt from chain_steps where job_id = $1::uuid order by step, attempt',
    [jobId],
  );
  return { values: rows.map(({ value }) => value), attempts: rows.map(({ attempt }) => attempt) };
}
