import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { pino } from 'pino';

import type { Database } from '../../../server/database/database.ts';
import { openPglite } from '../../../server/database/pglite.ts';
import { addJob, cancelJob, type Job, LEASE_MS, requireJob, watchJob } from '../../../server/jobs/jobs.ts';
import { startWorkers, type Workers } from '../../../server/jobs/workers.ts';
import { copyPgliteTemplate, onEveryDatabase } from '../../helpers/database.ts';
import { readsTypescript } from '../../helpers/typescript.ts';
import { chainValues, createChainTable, readChain } from './chain.ts';

/** The embedded database is opened again to stop a statement, and the machine may be busy with other tests. */
const CANCEL_MS = 15_000;

const steps = 20;
const job = { kind: 'PROJECT_EMBEDDING', input: { steps, pauseMs: 100 } } as const;

/** A process that works at the chains of this database. */
async function startProcess(place: string, ...nodeOptions: string[]): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./chainProcess.ts', import.meta.url));
  const child = spawn(process.execPath, [...readsTypescript, ...nodeOptions, script, place], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function stop(child: ChildProcess): Promise<void> {
  child.stdin?.end();
  await once(child, 'exit');
  assert.equal(child.exitCode, 0);
}

async function ended(database: Database, { id }: Job): Promise<Job> {
  let last = await requireJob(database, id);
  for await (const state of watchJob(database, id)) last = state;
  return last;
}

async function stepsDone(database: Database, atLeast: number): Promise<void> {
  for (;;) {
    const [row] = await database.query<{ count: number }>('select count(*) as count from chain_steps');
    if (row !== undefined && row.count >= atLeast) return;
    await sleep(20);
  }
}

/** Every step once, each from the one before, whoever did it; the end is the one of an uninterrupted run. */
async function assertWhole(database: Database, done: Job, attempts: number): Promise<void> {
  const expected = chainValues(steps);
  const { values, attempts: by } = await readChain(database, done.id);
  assert.deepEqual(values, expected);
  assert.deepEqual(done.result, { projection: expected.at(-1) });
  assert.equal(done.state, 'SUCCEEDED');
  assert.equal(done.attempts, attempts);
  assert.equal(new Set(by).size, attempts, 'each attempt got further');
}

onEveryDatabase((engine, open) => {
  let database: Database;
  let workers: Workers;

  before(async () => {
    database = await open();
    await createChainTable(database);
    workers = await startWorkers(
      database,
      { databaseUrl: await urlOf(database), dataDir: '.', logLevel: 'silent', workers: 1 },
      { log: pino({ level: 'silent' }), module: new URL('./chain.worker.ts', import.meta.url) },
    );
  });

  after(() => workers.stop());

  test(`${engine}: a worker's thread that dies is replaced, and its job goes on without waiting for the lease`, async () => {
    const asked = performance.now();
    const done = await ended(database, await addJob(database, { kind: 'INDEX_EMBEDDING', input: {} }));
    assert.deepEqual(done.result, { embedding: 2 });
    assert.ok(performance.now() - asked < LEASE_MS / 2, `${performance.now() - asked} ms`);
  });

  test(`${engine}: a job in a worker's thread is cancelled while its long statement keeps the database busy`, async () => {
    let told = 0;
    const unlisten = await database.listen('jobs', () => told++);
    const added = await addJob(database, { kind: 'LOAD_DATASET', input: {} });
    while (told < 2) await sleep(10); // that it was added, and claimed; to be asked, the database may be too busy
    await sleep(300);
    const asked = performance.now();
    assert.equal((await cancelJob(database, added.id)).id, added.id);
    assert.equal((await ended(database, added)).state, 'CANCELLED');
    assert.ok(performance.now() - asked < CANCEL_MS, `${performance.now() - asked} ms`);
    await unlisten();
  });

  test(`${engine}: workers that stop leave their job to the next ones`, async () => {
    await database.query('truncate chain_steps');
    const added = await addJob(database, job);
    await stepsDone(database, 3);
    await workers.stop();
    assert.equal((await requireJob(database, added.id)).state, 'QUEUED');
    workers = await startWorkers(
      database,
      { databaseUrl: await urlOf(database), dataDir: '.', logLevel: 'silent', workers: 1 },
      { log: pino({ level: 'silent' }), module: new URL('./chain.worker.ts', import.meta.url) },
    );
    await assertWhole(database, await ended(database, added), 2);
  });

  if (engine === 'postgres') {
    test('postgres: a process that is killed mid-job: another goes on once its lease is over, with the same end', async () => {
      await workers.stop();
      const place = (await urlOf(database)) ?? assert.fail();
      const both = await Promise.all([startProcess(place), startProcess(place)]);
      await database.query('truncate chain_steps');
      const added = await addJob(database, job);
      await stepsDone(database, 4);
      // A worker is named after its host, its process, its number and its life.
      const [holder] = await database.query(
        'select split_part(worker, $2::text, 2) as pid from jobs where id = $1::uuid',
        [added.id, '/'],
      );
      const first = both.find(({ pid }) => pid === Number(holder?.['pid']));
      const second = both.find((process) => process !== first);
      assert.ok(first !== undefined && second !== undefined);
      await kill(first);
      const killedAt = performance.now();
      const done = await ended(database, added);
      const tookMs = performance.now() - killedAt;
      await assertWhole(database, done, 2);
      assert.ok(tookMs < LEASE_MS + 6000, `${tookMs} ms`);

      // The clock of a worker counts for nothing: neither does a fast one take a living job, nor does a slow one lose its own.
      const dayMs = 24 * 60 * 60 * 1000;
      for (const shiftMs of [dayMs, -dayMs]) {
        const shift = `data:text/javascript,const now=Date.now;Date.now=()=>now()+${shiftMs}`;
        const skewed = await startProcess(place, '--import', shift);
        const next = await addJob(database, job);
        await assertWhole(database, await ended(database, next), 1);
        await stop(skewed);
      }
      await stop(second);
    });
  }
});

test('pglite: a whole process that is killed mid-job goes on at its next start, without waiting, with the same end', async () => {
  const directory = await copyPgliteTemplate();
  const place = join(directory, 'pglite');
  try {
    let database = await openPglite(place);
    await createChainTable(database);
    const added = await addJob(database, job);
    await database.close();

    const child = await startProcess(place);
    for (let changes = 0; changes < 3; changes++) await once(child.stdout ?? assert.fail(), 'data');
    await kill(child);

    database = await openPglite(place);
    assert.equal((await requireJob(database, added.id)).state, 'RUNNING');
    const { values } = await readChain(database, added.id);
    assert.ok(values.length > 0 && values.length < steps, `${values.length} steps before it was killed`);
    const startedAt = performance.now();
    const workers = await startWorkers(
      database,
      { databaseUrl: null, dataDir: directory, logLevel: 'silent', workers: 1 },
      { log: pino({ level: 'silent' }), module: new URL('./chain.worker.ts', import.meta.url) },
    );
    const done = await ended(database, added);
    assert.ok(performance.now() - startedAt < LEASE_MS / 2);
    await assertWhole(database, done, 2);
    await workers.stop();
    await database.close();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

/** Where other processes find the same database; null for one that only this process can have. */
async function urlOf(database: Database): Promise<string | null> {
  if (database.engine === 'pglite') return null;
  const [row] = await database.query<{ name: string }>('select current_database() as name');
  const url = new URL(process.env['TEST_DATABASE_URL'] ?? '');
  url.pathname = `/${row?.name}`;
  return url.href;
}
