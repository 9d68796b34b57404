import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import type { Database } from '../../../server/database/database.ts';
import { UserError } from '../../../server/errors.ts';
import {
  type Claim,
  claimJob,
  endJob,
  guardJob,
  LeaseLost,
  REJECTIONS_KEPT,
  type Report,
  readWishes,
  releaseJob,
  renewLease,
  reportProgress,
  retryJob,
  saveCheckpoint,
  takeBackAbandoned,
  takeBackFrom,
} from '../../../server/jobs/claims.ts';
import {
  addJob,
  cancelJob,
  cancelJobsOf,
  findJob,
  type Job,
  type JobKind,
  type JobState,
  listJobs,
  listOpenJobs,
  listRejections,
  pauseJob,
  perturbJob,
  requireJob,
  resumeJob,
  watchJob,
} from '../../../server/jobs/jobs.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import fc from '../../helpers/laws.ts';

const kinds: readonly JobKind[] = ['PROJECT_EMBEDDING'];
const silence: Report = { stage: null, progress: null, warnings: [] };
const none = { count: 0, first: [] };
const done = { state: 'SUCCEEDED', result: {} } as const;

onEveryDatabase((engine, open) => {
  let database: Database;
  before(async () => {
    database = await open();
  });

  const add = (input: unknown = {}) => addJob(database, { kind: 'PROJECT_EMBEDDING', input });
  const claim = async (job: Job, worker = 'worker'): Promise<Claim> => {
    const claimed = await claimJob(database, { worker, kinds, id: job.id });
    assert.ok(claimed !== null, 'the job could not be claimed');
    return claimed;
  };
  const stateOf = async (job: Job): Promise<JobState> => (await requireJob(database, job.id)).state;
  /** As if the worker had been silent for longer than its lease. */
  const letLeaseRunOut = (job: Job) =>
    database.query(`update jobs set lease_until = clock_timestamp() - interval '1 minute' where id = $1::uuid`, [
      job.id,
    ]);
  const letSuspicionAge = (job: Job) =>
    database.query(`update jobs set suspected_at = suspected_at - interval '1 minute' where id = $1::uuid`, [job.id]);
  const abandon = async (job: Job) => {
    await letLeaseRunOut(job);
    await takeBackAbandoned(database);
    await letSuspicionAge(job);
    await takeBackAbandoned(database);
  };

  test(`${engine}: one key gives one job, however many ask at once, until that job has ended`, async () => {
    const ask = () =>
      addJob(database, { kind: 'PROJECT_EMBEDDING', input: { a: 1, b: [2] }, idempotencyKey: 'one key' });
    const jobs = await Promise.all(Array.from({ length: 8 }, ask));
    assert.equal(new Set(jobs.map(({ id }) => id)).size, 1);

    const [first] = jobs;
    assert.ok(first !== undefined);
    await endJob(database, await claim(first), done, silence, none);
    assert.notEqual((await ask()).id, first.id);
  });

  test(`${engine}: a key that belongs to a job with another input is refused`, async () => {
    const key = { kind: 'PROJECT_EMBEDDING', idempotencyKey: 'another key' } as const;
    await addJob(database, { ...key, input: { seed: 1 } });
    await assert.rejects(addJob(database, { ...key, input: { seed: 2 } }), (error) => {
      return error instanceof UserError && error.code === 'CONFLICT' && error.message.includes('another key');
    });
    // The same key for work of another kind is another matter.
    await addJob(database, { ...key, kind: 'INDEX_EMBEDDING', input: { seed: 2 } });
  });

  test(`${engine}: each job is claimed once, by however many workers at once, the longest waiting first`, async () => {
    await drain(database);
    const added: string[] = [];
    for (let i = 0; i < 6; i++) added.push((await add({ i })).id);
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, i) => claimJob(database, { worker: `worker ${i}`, kinds })),
    );
    const claimed = claims.flatMap((one) => (one === null ? [] : [one.id]));
    assert.deepEqual(claimed.toSorted(), added.toSorted());

    await drain(database);
    const first = await add();
    await add();
    assert.equal((await claimJob(database, { worker: 'worker', kinds }))?.id, first.id);
  });

  test(`${engine}: an import does not wait for maps that were asked for before`, async () => {
    await drain(database);
    const map = await add();
    const late = await addJob(database, { kind: 'IMPORT_DATASET', input: {} });
    const known: readonly JobKind[] = ['PROJECT_EMBEDDING', 'IMPORT_DATASET'];
    assert.equal((await claimJob(database, { worker: 'one', kinds: known }))?.id, late.id);
    assert.equal((await claimJob(database, { worker: 'two', kinds: known }))?.id, map.id);
  });

  test(`${engine}: a worker leaves alone what it does not know`, async () => {
    await drain(database);
    const job = await addJob(database, { kind: 'INDEX_EMBEDDING', input: {} });
    assert.equal(await claimJob(database, { worker: 'older', kinds }), null);
    assert.equal((await claimJob(database, { worker: 'newer', kinds: ['INDEX_EMBEDDING'] }))?.id, job.id);
  });

  test(`${engine}: a reserved job is claimed by its id at once, by others only after the length of a lease`, async () => {
    await drain(database);
    const job = await addJob(database, { kind: 'PROJECT_EMBEDDING', input: {}, reserved: true });
    assert.equal(await claimJob(database, { worker: 'other', kinds }), null);
    assert.equal((await claim(job)).id, job.id);
  });

  /** The writes a worker can make, all of which name its claim. */
  const writes: Record<string, (claim: Claim) => Promise<unknown>> = {
    renew: (mine) => renewLease(database, mine),
    report: (mine) => reportProgress(database, mine, { stage: 'x', progress: 0.5, warnings: [] }),
    guard: (mine) => database.transaction((transaction) => guardJob(transaction, mine)),
    checkpoint: (mine) => saveCheckpoint(database, mine, { by: mine.fence }, { count: 1, first: [] }),
    finish: (mine) => endJob(database, mine, done, silence, none),
    fail: (mine) =>
      endJob(database, mine, { state: 'FAILED', error: { code: 'CONFLICT', message: '' } }, silence, none),
    release: (mine) => releaseJob(database, mine),
  };
  const ends = new Set(['finish', 'fail']);

  for (const [name, write] of Object.entries(writes)) {
    test(`${engine}: a worker whose job is another's by now cannot ${name}; the other can`, async () => {
      const job = await add();
      const old = await claim(job, 'old');
      const row = () => database.query('select * from jobs where id = $1::uuid', [job.id]);
      const isRefused = async () => {
        const unchanged = await row();
        await assert.rejects(write(old), LeaseLost);
        assert.deepEqual(await row(), unchanged);
      };
      await abandon(job);
      await isRefused();
      const next = await claim(job, 'next');
      await isRefused();
      await write(next);
      await isRefused();
    });
  }

  test(`${engine}: whatever happens in whatever order, only the newest claim of a running job writes`, async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ type: 'claim' } as const) },
      { weight: 2, arbitrary: fc.constant({ type: 'abandon' } as const) },
      {
        weight: 5,
        arbitrary: fc.record({
          type: fc.constant('write' as const),
          write: fc.constantFrom(...Object.keys(writes)),
          by: fc.nat(2),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 14 }), async (steps) => {
        const job = await add();
        await database.query('update jobs set attempts_limit = 1000 where id = $1::uuid', [job.id]);
        const claims: Claim[] = [];
        let owner: Claim | null = null;
        let over = false;
        for (const one of steps) {
          if (one.type === 'claim') {
            const claimed = await claimJob(database, { worker: `worker ${claims.length}`, kinds, id: job.id });
            assert.equal(claimed !== null, owner === null && !over, 'claimed exactly when it waits');
            if (claimed !== null) {
              claims.push(claimed);
              owner = claimed;
            }
          } else if (one.type === 'abandon') {
            await abandon(job);
            owner = null;
          } else {
            const by = claims[one.by];
            const write = writes[one.write];
            if (by === undefined || write === undefined) continue;
            const row = () => database.query('select * from jobs where id = $1::uuid', [job.id]);
            const unchanged = await row();
            if (by === owner) {
              await write(by);
              if (ends.has(one.write)) over = true;
              if (ends.has(one.write) || one.write === 'release') owner = null;
            } else {
              await assert.rejects(write(by), LeaseLost);
              assert.deepEqual(await row(), unchanged);
            }
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test(`${engine}: a job that ended cannot be claimed, cancelled, ended or taken back any more`, async () => {
    for (const state of ['SUCCEEDED', 'FAILED', 'CANCELLED'] as const) {
      const job = await add();
      const mine = await claim(job);
      const error = { code: 'CONFLICT', message: 'no' } as const;
      await endJob(database, mine, state === 'SUCCEEDED' ? done : { state, error }, silence, none);
      const ended = await requireJob(database, job.id);
      assert.equal(ended.state, state);

      for (const change of [cancelJob, pauseJob, resumeJob]) assert.deepEqual(await change(database, job.id), ended);
      await abandon(job);
      await takeBackFrom(database, null);
      assert.equal(await claimJob(database, { worker: 'worker', kinds, id: job.id }), null);
      assert.deepEqual(await findJob(database, job.id), ended);
    }
  });

  test(`${engine}: a job that waits is cancelled at once, one at work is asked to stop`, async () => {
    const waits = await add();
    const cancelled = await cancelJob(database, waits.id);
    assert.equal(cancelled.state, 'CANCELLED');
    assert.ok(cancelled.finishedAt !== null);

    const works = await add();
    const mine = await claim(works);
    assert.equal((await cancelJob(database, works.id)).state, 'RUNNING');
    assert.deepEqual(await renewLease(database, mine), {
      cancelRequested: true,
      pauseRequested: false,
      perturbations: [],
    });
  });

  test(`${engine}: a job that waits is paused at once; nobody claims it until it is resumed, and then whoever is free`, async () => {
    await drain(database);
    const job = await add({ seed: 1 });
    assert.equal((await pauseJob(database, job.id)).state, 'PAUSED');
    assert.deepEqual(await pauseJob(database, job.id), await requireJob(database, job.id));
    assert.equal(await claimJob(database, { worker: 'worker', kinds }), null);
    assert.equal(await claimJob(database, { worker: 'worker', kinds, id: job.id }), null);
    assert.equal((await resumeJob(database, job.id)).state, 'QUEUED');
    assert.equal((await claimJob(database, { worker: 'worker', kinds }))?.id, job.id);
  });

  test(`${engine}: a job at work is asked to pause, and rests however its worker puts it down, with its checkpoint and all its attempts`, async () => {
    const putDown: Record<string, (job: Job, mine: Claim) => Promise<unknown>> = {
      'handed over': (_job, mine) => releaseJob(database, mine),
      tripped: (_job, mine) => retryJob(database, mine, 0),
      died: (job) => abandon(job),
      'died with its process': () => takeBackFrom(database, null),
    };
    for (const [how, put] of Object.entries(putDown)) {
      const job = await add();
      const mine = await claim(job);
      await saveCheckpoint(database, mine, { epoch: 7 }, none);
      assert.equal((await pauseJob(database, job.id)).state, 'RUNNING', how);
      assert.deepEqual(
        await renewLease(database, mine),
        { cancelRequested: false, pauseRequested: true, perturbations: [] },
        how,
      );
      await put(job, mine);
      const rests = await requireJob(database, job.id);
      assert.deepEqual([rests.state, rests.finishedAt], ['PAUSED', null], how);
      await assert.rejects(saveCheckpoint(database, mine, { epoch: 8 }, none), LeaseLost, how);
      await resumeJob(database, job.id);
      const again = await claim(job);
      assert.deepEqual(again.checkpoint, { epoch: 7 }, how);
      assert.deepEqual(
        await renewLease(database, again),
        { cancelRequested: false, pauseRequested: false, perturbations: [] },
        how,
      );
      await endJob(database, again, done, silence, none);
    }
  });

  test(`${engine}: pushes are told to whoever works at the job, in their order, and outlive its worker; so many and no more`, async () => {
    const job = await add();
    assert.equal((await perturbJob(database, job.id, 0.1, 3)).state, 'QUEUED');
    const mine = await claim(job);
    assert.deepEqual(mine.perturbations, [0.1], 'asked for before it was begun');
    await perturbJob(database, job.id, 0.25, 3);
    const told = { cancelRequested: false, pauseRequested: false, perturbations: [0.1, 0.25] };
    assert.deepEqual(await readWishes(database, mine), told);
    assert.deepEqual(await renewLease(database, mine), told);
    assert.deepEqual(await reportProgress(database, mine, silence), told);
    await releaseJob(database, mine);
    await pauseJob(database, job.id);
    assert.equal((await perturbJob(database, job.id, 1, 3)).state, 'PAUSED');
    await assert.rejects(perturbJob(database, job.id, 0.5, 3), (error) => {
      return error instanceof UserError && error.code === 'CONFLICT' && /pushed 3 times already/.test(error.message);
    });
    await resumeJob(database, job.id);
    const again = await claim(job);
    assert.deepEqual(again.perturbations, [0.1, 0.25, 1]);
    await endJob(database, again, done, silence, none);
    const ended = await requireJob(database, job.id);
    assert.deepEqual(await perturbJob(database, job.id, 0.5, 3), ended, 'one that has ended stays as it is');
  });

  test(`${engine}: who resumes a job before its worker has put it down has it go on`, async () => {
    const job = await add();
    const mine = await claim(job);
    await pauseJob(database, job.id);
    assert.equal((await resumeJob(database, job.id)).state, 'RUNNING');
    assert.deepEqual(await renewLease(database, mine), {
      cancelRequested: false,
      pauseRequested: false,
      perturbations: [],
    });
    await releaseJob(database, mine); // it had heard of the pause already
    assert.equal(await stateOf(job), 'QUEUED');
  });

  test(`${engine}: a paused job is open: its key is taken, its data set lists it, and it can be cancelled`, async () => {
    const asked = { kind: 'PROJECT_EMBEDDING', input: {}, idempotencyKey: 'paused', datasetId: 4711 } as const;
    const job = await addJob(database, asked);
    await pauseJob(database, job.id);
    const again = await addJob(database, asked);
    assert.deepEqual([again.id, again.state], [job.id, 'PAUSED']);
    assert.deepEqual(
      (await listOpenJobs(database, 4711, 10)).map(({ id }) => id),
      [job.id],
    );
    const { state, finishedAt } = await cancelJob(database, job.id);
    assert.equal(state, 'CANCELLED');
    assert.ok(finishedAt !== null);
    const works = await add();
    const mine = await claim(works);
    await pauseJob(database, works.id);
    await cancelJob(database, works.id);
    await pauseJob(database, works.id); // it is to end, and not to rest
    await releaseJob(database, mine);
    assert.equal(await stateOf(works), 'CANCELLED');
  });

  test(`${engine}: from the moment a job is cancelled, none of its transactions commits`, async () => {
    const job = await add();
    const mine = await claim(job);
    await cancelJob(database, job.id);
    await database.query('create table if not exists written_late (job_id uuid)');
    for (const last of [
      (transaction: Parameters<typeof guardJob>[0]) => guardJob(transaction, mine),
      (transaction: Parameters<typeof guardJob>[0]) => saveCheckpoint(transaction, mine, 1, none),
    ]) {
      const late = database.transaction(async (transaction) => {
        await transaction.query('insert into written_late values ($1::uuid)', [job.id]);
        await last(transaction);
      });
      await assert.rejects(late, (error) => error instanceof UserError && error.code === 'CANCELLED');
    }
    assert.deepEqual(await database.query('select * from written_late'), []);
  });

  test(`${engine}: the removal of a data set cancels its jobs and no others`, async () => {
    const ofOne = [1, 1, 2].map((datasetId) => addJob(database, { kind: 'PROJECT_EMBEDDING', input: {}, datasetId }));
    const [waits, works, other] = await Promise.all(ofOne);
    assert.ok(waits !== undefined && works !== undefined && other !== undefined);
    const mine = await claim(works);
    await cancelJobsOf(database, 1);
    assert.equal(await stateOf(waits), 'CANCELLED');
    assert.deepEqual(await renewLease(database, mine), {
      cancelRequested: true,
      pauseRequested: false,
      perturbations: [],
    });
    assert.equal(await stateOf(other), 'QUEUED');
  });

  test(`${engine}: two who cancel at once have one effect`, async () => {
    const job = await add();
    const both = await Promise.all([cancelJob(database, job.id), cancelJob(database, job.id)]);
    assert.deepEqual(both[0], both[1]);
  });

  test(`${engine}: after the database was away, who still lives keeps his job although every lease is over`, async () => {
    const job = await add();
    const mine = await claim(job);
    await letLeaseRunOut(job);
    await takeBackAbandoned(database);
    assert.equal(await stateOf(job), 'RUNNING');
    await renewLease(database, mine);
    await takeBackAbandoned(database);
    await letSuspicionAge(job);
    await takeBackAbandoned(database);
    await renewLease(database, mine);
    assert.equal(await stateOf(job), 'RUNNING');
  });

  test(`${engine}: a job whose worker stays silent goes on with its checkpoint, elsewhere`, async () => {
    const job = await add();
    const dead = await claim(job, 'dead');
    await saveCheckpoint(database, dead, { row: 5 }, none);
    await abandon(job);
    const next = await claim(job, 'next');
    assert.deepEqual(next.checkpoint, { row: 5 });
    assert.equal(next.attempt, 2);
    assert.ok(next.fence > dead.fence);
  });

  test(`${engine}: a job that was to be cancelled when its worker died is cancelled`, async () => {
    const job = await add();
    await claim(job);
    await cancelJob(database, job.id);
    await abandon(job);
    assert.equal(await stateOf(job), 'CANCELLED');
  });

  test(`${engine}: a job that kills its workers is given up after three of them, unless it got any further`, async () => {
    const deadly = await add();
    const slow = await add();
    for (let attempt = 1; attempt <= 3; attempt++) {
      await claim(deadly);
      await saveCheckpoint(database, await claim(slow), attempt, none);
      await abandon(deadly);
      await abandon(slow);
    }
    const failed = await requireJob(database, deadly.id);
    assert.equal(failed.state, 'FAILED');
    assert.equal(failed.error?.code, 'INTERNAL_SERVER_ERROR');
    assert.match(failed.error?.message ?? '', /begun 3 times/);
    assert.equal(await stateOf(slow), 'QUEUED');
  });

  test(`${engine}: handed over in good order, a job can be begun any number of times`, async () => {
    const job = await add();
    for (let attempt = 1; attempt <= 5; attempt++) await releaseJob(database, await claim(job));
    assert.equal(await stateOf(job), 'QUEUED');
    assert.equal((await claim(job)).attempt, 6);
  });

  test(`${engine}: a job is begun anew so often, and no more`, async () => {
    const job = await add();
    assert.equal(await retryJob(database, await claim(job), 0), true);
    assert.equal(await retryJob(database, await claim(job), 0), true);
    const last = await claim(job);
    assert.equal(await retryJob(database, last, 0), false);
    await endJob(database, last, done, silence, none);
  });

  test(`${engine}: only the jobs of the worker that died are taken back`, async () => {
    const [one, other] = [await add(), await add()];
    await claim(one, 'dead');
    await claim(other, 'living');
    await takeBackFrom(database, 'dead');
    assert.equal(await stateOf(one), 'QUEUED');
    assert.equal(await stateOf(other), 'RUNNING');
  });

  test(`${engine}: all rows left out are counted, the first thousand are kept, in order`, async () => {
    const job = await add();
    const mine = await claim(job);
    const row = (line: number) => ({ file: 'a.csv', line, reason: `Row ${line} is ragged.` });
    const rows = (from: number, count: number) => ({
      count,
      first: Array.from({ length: Math.min(count, REJECTIONS_KEPT) }, (_, i) => row(from + i)),
    });
    await saveCheckpoint(database, mine, 1, rows(1, 998));
    await saveCheckpoint(database, mine, 2, rows(999, 5000));
    await endJob(database, mine, done, silence, { count: 1, first: [{ file: 'b.csv', line: null, reason: 'Empty.' }] });
    assert.equal((await requireJob(database, job.id)).rejectedCount, 5999);
    const kept = await listRejections(database, job.id, 10_000);
    assert.deepEqual(
      kept,
      Array.from({ length: REJECTIONS_KEPT }, (_, i) => row(i + 1)),
    );
    assert.deepEqual(await listRejections(database, job.id, 2), kept.slice(0, 2));
  });

  test(`${engine}: rows left out in a transaction that is rolled back do not count`, async () => {
    const job = await add();
    const mine = await claim(job);
    const rejections = { count: 1, first: [{ file: 'a.csv', line: 1, reason: 'Odd.' }] };
    const failing = database.transaction(async (transaction) => {
      await saveCheckpoint(transaction, mine, { row: 1 }, rejections);
      throw new Error('the disk is full');
    });
    await assert.rejects(failing, /the disk is full/);
    await saveCheckpoint(database, mine, { row: 1 }, rejections);
    assert.equal((await requireJob(database, job.id)).rejectedCount, 1);
  });

  test(`${engine}: text that Postgres cannot keep is mended, not refused`, async () => {
    const odd = 'a\0b\uD800c';
    const mended = 'a\u{FFFD}b\u{FFFD}c';
    const job = await addJob(database, { kind: 'PROJECT_EMBEDDING', input: { title: odd }, idempotencyKey: odd });
    assert.deepEqual(job.input, { title: mended });
    const mine = await claim(job);
    await reportProgress(database, mine, { stage: odd, progress: 0.25, warnings: [odd] });
    await saveCheckpoint(database, mine, [odd], { count: 1, first: [{ file: odd, line: 1, reason: odd }] });
    const error = { code: 'BAD_USER_INPUT', message: odd, file: odd, line: 3 } as const;
    await endJob(database, mine, { state: 'FAILED', error }, { stage: odd, progress: 0.25, warnings: [odd] }, none);
    const ended = await requireJob(database, job.id);
    assert.equal(ended.stage, mended);
    assert.equal(ended.progress, 0.25);
    assert.deepEqual(ended.warnings, [mended]);
    assert.deepEqual(ended.error, { ...error, message: mended, file: mended });
    assert.deepEqual(await listRejections(database, job.id, 1), [{ file: mended, line: 1, reason: mended }]);
  });

  test(`${engine}: pages of any size, one after the other, are all jobs, the newest first`, async () => {
    const states = [undefined, 'QUEUED', 'CANCELLED'] as const;
    for (const state of states) {
      const filter = state === undefined ? {} : { state };
      const all = await listJobs(database, { first: 1000, ...filter });
      assert.equal(all.totalCount, all.jobs.length);
      assert.equal(all.hasNextPage, false);
      const times = all.jobs.map(({ createdAt }) => createdAt.getTime());
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
      );
      for (const first of [1, 7]) {
        const ids: string[] = [];
        for (let more = true; more; ) {
          const after = ids.at(-1);
          const page = await listJobs(database, { first, ...filter, ...(after === undefined ? {} : { after }) });
          ids.push(...page.jobs.map(({ id }) => id));
          more = page.hasNextPage;
        }
        assert.deepEqual(
          ids,
          all.jobs.map(({ id }) => id),
        );
      }
    }
  });

  test(`${engine}: a job that does not exist is not found, whatever its id looks like`, async () => {
    for (const id of [randomUUID(), '', '1', `'; drop table jobs`, randomUUID().toUpperCase()]) {
      assert.equal(await findJob(database, id), null);
      const notFound = (error: unknown) => error instanceof UserError && error.code === 'NOT_FOUND';
      for (const change of [cancelJob, pauseJob, resumeJob]) await assert.rejects(change(database, id), notFound);
      await assert.rejects(watchJob(database, id).next(), notFound);
    }
  });

  for (const [how, watched] of [
    ['by notifications', (given: Database) => given],
    ['although notifications get lost', (given: Database) => withListen(given, async () => async () => {})],
    [
      'although it cannot listen',
      (given: Database) => withListen(given, () => Promise.reject(new Error('no session of its own'))),
    ],
  ] as const) {
    test(`${engine}: a watcher sees every state that lasts, ${how}, and comes to an end`, async () => {
      const job = await add();
      const seen: Job[] = [];
      let mine: Claim | undefined;
      for await (const state of watchJob(watched(database), job.id)) {
        seen.push(state);
        if (seen.length === 1) mine = await claim(job);
        else if (mine === undefined) assert.fail('it was not claimed');
        else if (seen.length === 2)
          await reportProgress(database, mine, { stage: 'half', progress: 0.5, warnings: [] });
        else if (seen.length === 3) await endJob(database, mine, { ...done, result: { projection: 3 } }, silence, none);
      }
      assert.deepEqual(
        seen.map(({ state, progress, result }) => ({ state, progress, result })),
        [
          { state: 'QUEUED', progress: null, result: null },
          { state: 'RUNNING', progress: null, result: null },
          { state: 'RUNNING', progress: 0.5, result: null },
          { state: 'SUCCEEDED', progress: 1, result: { projection: 3 } },
        ],
      );
    });
  }

  test(`${engine}: a thousand who watch are told by a handful of statements`, async () => {
    const job = await add();
    let statements = 0;
    const counting = withListen(database, database.listen.bind(database));
    const counted: Database = {
      ...counting,
      query: (sql, parameters, options) => {
        statements++;
        return counting.query(sql, parameters, options);
      },
    };
    const watches = Array.from({ length: 1000 }, () => watchJob(counted, job.id));
    await Promise.all(watches.map((watch) => watch.next()));
    const next = watches.map((watch) => watch.next());
    statements = 0;
    await claim(job);
    for (const { value } of await Promise.all(next)) assert.equal(value?.state, 'RUNNING');
    assert.ok(statements < 20, `${statements} statements`);
    await Promise.all(watches.map((watch) => watch.return()));
  });

  test(`${engine}: a watcher is told within 200 ms, and who has enough leaves at once`, async () => {
    const job = await add();
    const enough = new AbortController();
    const watch = watchJob(database, job.id, enough.signal);
    await watch.next();
    const asked = performance.now();
    const next = watch.next();
    await claim(job);
    assert.equal((await next).value?.state, 'RUNNING');
    assert.ok(performance.now() - asked < 200, `told after ${performance.now() - asked} ms`);

    const last = watch.next();
    enough.abort();
    assert.equal((await last).done, true);
  });
});

function withListen(database: Database, listen: Database['listen']): Database {
  return {
    engine: database.engine,
    query: database.query.bind(database),
    copyIn: database.copyIn.bind(database),
    copyOut: database.copyOut.bind(database),
    transaction: database.transaction.bind(database),
    close: database.close.bind(database),
    listen,
  };
}

/** Nothing waits any more. */
async function drain(database: Database): Promise<void> {
  await database.query(`update jobs set state = 'CANCELLED', finished_at = now() where state in ('QUEUED', 'RUNNING')`);
}
