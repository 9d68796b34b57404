/** Workers that die in the midst of an import. */
import assert from 'node:assert/strict';

import type { Database } from '../../server/database/database.ts';
import { claimJob, takeBackFrom } from '../../server/jobs/claims.ts';
import { JobContext } from '../../server/jobs/jobContext.ts';
import type { JobKind } from '../../server/jobs/jobs.ts';
import type { TaskContext } from '../../server/jobs/task.ts';

class Death extends Error {}

/**
 * The database as a process sees it that dies after its `when`th commit. One that dies before a commit leaves what one
 * leaves that died after the commit before.
 */
export function dying(database: Database, when: number): Database {
  let count = 0;
  const transaction: Database['transaction'] = async (work, queryOptions) => {
    const result = await database.transaction(work, queryOptions);
    if (++count === when) throw new Death();
    return result;
  };
  return {
    engine: database.engine,
    query: (...parameters) => database.query(...parameters),
    copyIn: (...parameters) => database.copyIn(...parameters),
    copyOut: (...parameters) => database.copyOut(...parameters),
    listen: (...parameters) => database.listen(...parameters),
    close: () => database.close(),
    transaction,
  };
}

/** Begins the job as a worker that dies. @returns whether it died, and did not come through before */
export async function beginAndDie(
  database: Database,
  job: { readonly id: string; readonly kind: JobKind },
  seen: Database,
  work: (context: TaskContext) => Promise<unknown>,
  dataDir = '',
): Promise<boolean> {
  const claim = await claimJob(database, { worker: 'dies', kinds: [job.kind], id: job.id });
  assert.ok(claim);
  const context = new JobContext(seen, claim, dataDir, new AbortController().signal);
  const died = await work(context).then(
    () => false,
    (error: unknown) => {
      assert.ok(error instanceof Death, String(error));
      return true;
    },
  );
  await takeBackFrom(database, 'dies');
  return died;
}
