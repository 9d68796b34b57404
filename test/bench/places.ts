/** Where a benchmark has its database: a folder and, for Postgres, a database of its own; both are gone afterwards. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Config, readConfig } from '../../server/config.ts';
import type { Database } from '../../server/database/database.ts';
import { openDatabase } from '../../server/database/open.ts';
import { openPostgres } from '../../server/database/postgres.ts';
import { addJob, type Job, type NewJob } from '../../server/jobs/jobs.ts';
import { tasks } from '../../server/jobs/tasks.ts';
import { workHere } from '../../server/jobs/work.ts';
import { migrateSchema } from '../../server/migrate.ts';

export type Engine = Database['engine'];

export interface Place {
  readonly engine: Engine;
  readonly config: Config;
  /** The environment that gives `config`. */
  readonly environment: Readonly<Record<string, string>>;
}

const postgresUrl = process.env['TEST_DATABASE_URL'] ?? '';

/** PGlite always; Postgres where `TEST_DATABASE_URL` names a superuser's database. */
export const engines: readonly Engine[] = postgresUrl === '' ? ['pglite'] : ['pglite', 'postgres'];

export async function withPlace<T>(engine: Engine, use: (place: Place) => Promise<T>): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'embedding-map-bench-'));
  const name = `embedding_map_bench_${randomUUID().replaceAll('-', '')}`;
  const address = new URL(postgresUrl || 'postgres://localhost');
  address.pathname = `/${name}`;
  const environment = {
    PORT: '0',
    DATA_DIR: dataDir,
    DEMO_DATASETS: 'none',
    LOG_LEVEL: 'error',
    ...(engine === 'postgres' ? { DATABASE_URL: address.href } : {}),
  };
  if (engine === 'postgres') await asAdmin(`create database ${name}`);
  try {
    return await use({ engine, config: readConfig(environment), environment });
  } finally {
    if (engine === 'postgres') await asAdmin(`drop database ${name} with (force)`);
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function asAdmin(statement: string): Promise<void> {
  const admin = await openPostgres(postgresUrl, { pool: 2 });
  try {
    await admin.query(statement);
  } finally {
    await admin.close();
  }
}

export async function withDatabase<T>(place: Place, use: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase(place.config, () => {});
  try {
    await migrateSchema(database);
    return await use(database);
  } finally {
    await database.close();
  }
}

/** Does a job here, as the command line does. */
export async function doJob(database: Database, { config }: Place, job: NewJob): Promise<Job> {
  const silent = () => {};
  const added = await addJob(database, { ...job, reserved: true });
  const done = await workHere(database, added.id, {
    worker: 'bench',
    tasks,
    dataDir: config.dataDir,
    log: { info: silent, warn: silent, error: console.error },
    stop: new AbortController().signal,
  });
  if (done.state !== 'SUCCEEDED') throw new Error(`${job.kind} ended as ${done.state}: ${done.error?.message}`);
  return done;
}
