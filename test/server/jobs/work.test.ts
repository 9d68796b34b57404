import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { kernelThreads } from '../../../server/compute.ts';
import type { Database } from '../../../server/database/database.ts';
import { UserError } from '../../../server/errors.ts';
import { takeBackFrom } from '../../../server/jobs/claims.ts';
import {
  addJob,
  cancelJob,
  cancelJobsOf,
  findCheckpoint,
  type Job,
  type JobResult,
  listRejections,
  pauseJob,
  requireJob,
  resumeJob,
  watchJob,
} from '../../../server/jobs/jobs.ts';
import type { Task } from '../../../server/jobs/task.ts';
import { work, workHere } from '../../../server/jobs/work.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import type { TestKernels } from '../compute.kernels.ts';

const runKernel = kernelThreads<TestKernels>(new URL('../compute.kernels.ts', import.meta.url));

/** The longest that a job goes on working after it was cancelled. */
const CANCEL_MS = 1000;
/** To stop a statement PGlite is opened again; until then nobody can read that the job has ended. Half a second; while other tests run: */
const REOPEN_MS = 15_000;

type TestTask = Task<unknown, JobResult>;

onEveryDatabase((engine, open) => {
  let database: Database;
  const running: { stop: AbortController; ended: Promise<void> }[] = [];
  const logged: unknown[] = [];

  before(async () => {
    database = await open();
  });

  afterEach(async () => {
    for (const { stop } of running) stop.abort();
    await Promise.all(running.splice(0).map(({ ended }) => ended));
    logged.length = 0;
  });

  const log = {
    info: () => {},
    warn: (entry: unknown) => void logged.push(entry),
    error: (entry: unknown) => void logged.push(entry),
  };

  /** A worker that does this whatever it is asked; stopped after the test. */
  const startWorker = (task: TestTask, worker = 'worker') => {
    const stop = new AbortController();
    const options = { worker, dataDir: '/data', log, stop: stop.signal, tasks: { PROJECT_EMBEDDING: task } };
    const one = { stop, ended: work(database, options) };
    running.push(one);
    return one;
  };
  const add = (input: unknown = {}, datasetId?: number) =>
    addJob(database, { kind: 'PROJECT_EMBEDDING', input, ...(datasetId === undefined ? {} : { datasetId }) });
  const ended = async (job: Job): Promise<Job> => {
    let last = job;
    for await (const state of watchJob(database, job.id)) last = state;
    return last;
  };
  const begun = async (job: Job): Promise<void> => {
    for await (const { state } of watchJob(database, job.id)) if (state === 'RUNNING') return;
  };

  test(`${engine}: a task is given the job's input and gives its result`, async () => {
    startWorker(async (context, input) => {
      assert.deepEqual(input, { dataset: 'digits', seed: 42 });
      assert.equal(context.attempt, 1);
      assert.equal(context.dataDir, '/data');
      assert.equal(context.checkpoint, null);
      return { projection: 7 };
    });
    const job = await ended(await add({ dataset: 'digits', seed: 42 }));
    assert.equal(job.state, 'SUCCEEDED');
    assert.deepEqual(job.result, { projection: 7 });
    assert.equal(job.progress, 1);
    assert.ok(job.startedAt !== null && job.finishedAt !== null && job.startedAt <= job.finishedAt);
  });

  test(`${engine}: a job that is added is begun within half a second`, async () => {
    startWorker(async () => ({}));
    const tookMs: number[] = [];
    for (let i = 0; i < 5; i++) {
      await sleep(50);
      const asked = performance.now();
      await ended(await add());
      tookMs.push(performance.now() - asked);
    }
    assert.ok(Math.min(...tookMs) < 500, `${tookMs} ms`);
  });

  test(`${engine}: what a job says is seen while it runs: stage, progress, warnings once each, rows left out`, async () => {
    startWorker(async (context) => {
      for (let i = 0; i < 1000; i++) context.progress('Reading', i / 2000);
      context.warn('Two items have the same label.');
      context.warn('Two items have the same label.');
      await context.reject([{ file: 'a.csv', line: 3, reason: 'Ragged.' }]);
      await context.saveCheckpoint({ row: 3 });
      await sleep(600);
      context.progress('Writing', 7);
      await context.reject([{ file: 'a.csv', line: 9, reason: 'Empty.' }]);
      return {};
    });
    const job = await add();
    const seen: Job[] = [];
    for await (const state of watchJob(database, job.id)) seen.push(state);
    const reading = seen.find(({ stage }) => stage === 'Reading');
    assert.ok(reading !== undefined && Math.abs((reading.progress ?? 0) - 0.4995) < 1e-6);
    assert.equal(reading.rejectedCount, 1);
    const last = seen.at(-1);
    assert.deepEqual(last?.warnings, ['Two items have the same label.']);
    assert.equal(last?.rejectedCount, 2);
    assert.equal((await listRejections(database, job.id, 10)).length, 2);
    assert.ok(seen.length < 8, `${seen.length} states for a thousand reports`);
  });

  const neverending: Record<string, TestTask> = {
    'it waits': async (context) => {
      await once(context.signal, 'abort');
      throw context.signal.reason;
    },
    'a kernel computes without a pause': async (context) => {
      await runKernel('hold', 60_000, { signal: context.signal });
      return {};
    },
    'a long statement runs': async (context) => {
      await context.database.query('select pg_sleep(60)', [], { signal: context.signal });
      return {};
    },
    'a transaction with a long statement runs': async (context) => {
      await context.database.transaction(
        async (transaction) => {
          await context.guard(transaction);
          await transaction.query('select pg_sleep(60)', [], { signal: context.signal });
        },
        { signal: context.signal },
      );
      return {};
    },
    'it does not listen': async () => {
      await sleep(CANCEL_MS + 1500);
      return { projection: 1 };
    },
  };
  for (const [doing, task] of Object.entries(neverending)) {
    test(`${engine}: a cancelled job ends within a second while ${doing}`, async () => {
      let begin = () => {};
      const begunHere = new Promise<void>((resolve) => {
        begin = resolve;
      });
      let stoppedAt = 0;
      startWorker((context, input) => {
        begin();
        return task(context, input).finally(() => {
          stoppedAt = performance.now();
        });
      });
      const job = await add();
      await begunHere; // the database may be too busy to tell
      await sleep(300);
      const asked = performance.now();
      await cancelJob(database, job.id);
      const last = await ended(job);
      const seenMs = performance.now() - asked;
      assert.equal(last.state, 'CANCELLED');
      assert.equal(last.error, null);
      const reopenMs = engine === 'pglite' && doing.includes('statement') ? REOPEN_MS : 0;
      assert.ok(seenMs < CANCEL_MS + reopenMs, `seen after ${seenMs} ms`);
      if (doing !== 'it does not listen') {
        assert.ok(stoppedAt > asked && stoppedAt - asked < CANCEL_MS, `stopped after ${stoppedAt - asked} ms`);
        return;
      }
      while (stoppedAt === 0) await sleep(50);
      await sleep(50);
      assert.equal((await requireJob(database, job.id)).state, 'CANCELLED');
    });
  }

  for (const [told, pause] of [
    ['here', (id: string) => pauseJob(database, id)],
    [
      'by another process, which can only write to the database',
      (id: string) => database.query('update jobs set pause_requested = true where id = $1::uuid', [id]),
    ],
  ] as const) {
    test(`${engine}: a job that is paused ${told} stops within a second, frees its worker, and goes on from its checkpoint`, async () => {
      const found: unknown[] = [];
      startWorker(async (context, input) => {
        if (input === 'other') return {};
        found.push(context.checkpoint);
        if (context.checkpoint !== null) return { projection: 3 };
        await context.saveCheckpoint({ epoch: 5 });
        await once(context.signal, 'abort');
        throw context.signal.reason;
      });
      const job = await add('this');
      await begun(job);
      while (found.length === 0 || (await findCheckpoint(database, job.id)) === null) await sleep(10);
      const asked = performance.now();
      await pause(job.id);
      while ((await requireJob(database, job.id)).state === 'RUNNING') await sleep(10);
      assert.ok(performance.now() - asked < CANCEL_MS, `${performance.now() - asked} ms`);
      assert.equal((await ended(await add('other'))).state, 'SUCCEEDED');
      assert.equal((await requireJob(database, job.id)).state, 'PAUSED');

      await resumeJob(database, job.id);
      const last = await ended(job);
      assert.deepEqual([last.state, last.result, last.attempts], ['SUCCEEDED', { projection: 3 }, 2]);
      assert.deepEqual(found, [null, { epoch: 5 }]);
    });
  }

  test(`${engine}: a job that is paused while its long statement keeps the database rests, and is not begun anew`, async () => {
    const attempts: number[] = [];
    let begin = () => {};
    const begunHere = new Promise<void>((resolve) => {
      begin = resolve;
    });
    startWorker(async (context) => {
      attempts.push(context.attempt);
      begin();
      await context.database.query('select pg_sleep(60)', [], { signal: context.signal });
      return {};
    });
    const job = await add();
    await begunHere; // the database is too busy to tell
    await sleep(300);
    await pauseJob(database, job.id);
    while ((await requireJob(database, job.id)).state === 'RUNNING') await sleep(10);
    await sleep(300);
    assert.equal((await requireJob(database, job.id)).state, 'PAUSED');
    assert.deepEqual(attempts, [1]);
    await cancelJob(database, job.id);
  });

  test(`${engine}: a job is cancelled although its worker has not heard yet that it has claimed it`, async () => {
    startWorker(neverending['a long statement runs'] ?? assert.fail());
    const job = await add();
    while ((await requireJob(database, job.id)).state === 'QUEUED');
    await cancelJob(database, job.id);
    assert.equal((await ended(job)).state, 'CANCELLED');
  });

  test(`${engine}: a job is cancelled within a second by another process, which can only write to the database`, async () => {
    startWorker(neverending['a kernel computes without a pause'] ?? assert.fail());
    const job = await add();
    await begun(job);
    const asked = performance.now();
    await database.query('update jobs set cancel_requested = true where id = $1::uuid', [job.id]);
    while ((await requireJob(database, job.id)).state === 'RUNNING') await sleep(10);
    assert.equal((await requireJob(database, job.id)).state, 'CANCELLED');
    assert.ok(performance.now() - asked < CANCEL_MS, `${performance.now() - asked} ms`);
  });

  test(`${engine}: the removal of a data set ends the job that works on it, also where that was found out on the way`, async () => {
    let works = () => {};
    const working = new Promise<void>((resolve) => {
      works = resolve;
    });
    startWorker(async (context) => {
      await context.worksOn(77);
      works();
      await sleep(60_000, undefined, { signal: context.signal });
      return {};
    });
    const job = await add();
    await working;
    await cancelJobsOf(database, 77);
    assert.equal((await ended(job)).state, 'CANCELLED');
  });

  test(`${engine}: a job that trips over its data set having gone was cancelled, and has not failed`, async () => {
    startWorker(async (context) => {
      await context.database.query('update jobs set cancel_requested = true where id = $1::uuid', [context.jobId]);
      throw new UserError('NOT_FOUND', 'There is no data set "digits".');
    });
    const last = await ended(await add());
    assert.equal(last.state, 'CANCELLED');
    assert.equal(last.error, null);
  });

  test(`${engine}: what the user can mend fails at once, with code, message, file and line`, async () => {
    let attempts = 0;
    startWorker(async () => {
      attempts++;
      throw new UserError('BAD_USER_INPUT', 'Row 7 has 3 numbers, wanted 4.', { file: 'a.npy', line: 7 });
    });
    const job = await ended(await add());
    assert.equal(job.state, 'FAILED');
    assert.deepEqual(job.error, {
      code: 'BAD_USER_INPUT',
      message: 'Row 7 has 3 numbers, wanted 4.',
      file: 'a.npy',
      line: 7,
    });
    assert.equal(job.result, null);
    assert.equal(attempts, 1);
  });

  test(`${engine}: what is our fault is tried again, and goes on from its checkpoint`, async () => {
    const found: unknown[] = [];
    startWorker(async (context) => {
      found.push(context.checkpoint);
      if (context.attempt === 1) {
        await context.saveCheckpoint({ row: 5 });
        throw new Error('out of luck');
      }
      return {};
    });
    const job = await ended(await add());
    assert.equal(job.state, 'SUCCEEDED');
    assert.equal(job.attempts, 2);
    assert.deepEqual(found, [null, { row: 5 }]);
  });

  test(`${engine}: what stays our fault fails after three attempts; the log has all, the user no detail`, async () => {
    startWorker(async () => {
      throw new Error('relation "secret_table" does not exist at /srv/server/x.ts:7');
    });
    const job = await add();
    while ((await requireJob(database, job.id)).state !== 'FAILED') {
      await database.query('update jobs set run_after = clock_timestamp() where id = $1::uuid', [job.id]);
      await sleep(50);
    }
    const failed = await requireJob(database, job.id);
    assert.equal(failed.attempts, 3);
    assert.equal(failed.error?.code, 'INTERNAL_SERVER_ERROR');
    const [stored] = await database.query('select jobs::text as everything from jobs where id = $1::uuid', [job.id]);
    assert.doesNotMatch(String(stored?.['everything']), /secret|\.ts|at /);
    const errors = logged.filter((entry) => String((entry as { err?: unknown }).err).includes('secret_table'));
    assert.equal(errors.length, 3);
  });

  test(`${engine}: a worker that stops hands its job over at once, with the checkpoint, and no step is done twice`, async () => {
    const steps: string[] = [];
    let twoDone = () => {};
    const half = new Promise<void>((resolve) => {
      twoDone = resolve;
    });
    const task =
      (worker: string): TestTask =>
      async (context) => {
        for (let step = Number(context.checkpoint ?? 0); step < 4; step++) {
          await sleep(200, undefined, { signal: context.signal });
          await context.saveCheckpoint(step + 1);
          steps.push(`${step} by ${worker}`);
          if (steps.length === 2) twoDone();
        }
        return { projection: 4 };
      };
    const first = startWorker(task('first'), 'first');
    const job = await add();
    await half;
    startWorker(task('second'), 'second');
    const asked = performance.now();
    first.stop.abort();
    await first.ended;
    assert.ok(performance.now() - asked < 1000, `stopped after ${performance.now() - asked} ms`);
    const last = await ended(job);
    assert.equal(last.state, 'SUCCEEDED');
    assert.equal(last.attempts, 2);
    assert.deepEqual(steps, ['0 by first', '1 by first', '2 by second', '3 by second']);
  });

  test(`${engine}: a worker that was given up for dead stops when it notices, and writes nothing more`, async () => {
    const outcomes: unknown[] = [];
    startWorker(async (context) => {
      if (context.attempt > 1) return { projection: 2 };
      await once(context.signal, 'abort');
      outcomes.push(await context.saveCheckpoint({ row: 1 }).catch((error: Error) => error.name));
      outcomes.push(
        await context.database
          .transaction((transaction) => context.guard(transaction))
          .catch((error: Error) => error.name),
      );
      return { projection: 1 };
    }, 'dead');
    const job = await add();
    await begun(job);
    await takeBackFrom(database, 'dead');
    const last = await ended(job);
    assert.deepEqual(last.result, { projection: 2 });
    assert.deepEqual(outcomes, ['LeaseLost', 'LeaseLost']);
  });

  test(`${engine}: two workers share the jobs, and each job is done once`, async () => {
    const done = new Map<string, number>();
    const task: TestTask = async (context) => {
      done.set(context.jobId, (done.get(context.jobId) ?? 0) + 1);
      return {};
    };
    const jobs = await Promise.all(Array.from({ length: 20 }, (_, i) => add({ i })));
    startWorker(task, 'one');
    startWorker(task, 'other');
    for (const job of jobs) assert.equal((await ended(job)).state, 'SUCCEEDED');
    assert.deepEqual(
      jobs.map(({ id }) => done.get(id)),
      jobs.map(() => 1),
    );
  });

  test(`${engine}: a command does one job to its end, and leaves the others`, async () => {
    const [other, mine] = [await add(), await add()];
    const options = { worker: 'command', dataDir: '/data', log, stop: new AbortController().signal };
    const tasks = { PROJECT_EMBEDDING: async () => ({ projection: 9 }) };
    const job = await workHere(database, mine.id, { ...options, tasks });
    assert.deepEqual(job.result, { projection: 9 });
    assert.equal((await requireJob(database, other.id)).state, 'QUEUED');
    await cancelJob(database, other.id);
  });
});
