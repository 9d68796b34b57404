/**
 * A database of one's own for each test file, migrated, on both drivers. It is a copy of a template that is made once for
 * each state of `migrations/` and kept in the system's folder for temporary files, or beside the test databases of Postgres.
 */
import { createHash, randomUUID } from 'node:crypto';
import { cpSync, existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import packageJson from '../../package.json' with { type: 'json' };
import type { Database } from '../../server/database/database.ts';
import { openPglite } from '../../server/database/pglite.ts';
import { openPostgres } from '../../server/database/postgres.ts';
import { migrateSchema, readMigrations } from '../../server/migrate.ts';

export type Engine = Database['engine'];

/**
 * Registers the same tests for PGlite and, where `TEST_DATABASE_URL` names a superuser's database, for Postgres:
 *
 *     onEveryDatabase((engine, open) => {
 *       test('a data set is found by its slug', async () => {
 *         const database = await open();
 *
 * Every call of `open` gives another fresh database; all are closed and removed after the last of the tests.
 */
export function onEveryDatabase(register: (engine: Engine, open: () => Promise<Database>) => void): void {
  describe('on PGlite', () => register('pglite', opener(openPgliteCopy)));
  const url = process.env['TEST_DATABASE_URL'];
  if (url !== undefined && url !== '') {
    describe('on Postgres', () =>
      register(
        'postgres',
        opener(() => openPostgresCopy(url)),
      ));
  } else {
    test('on Postgres', (context) => {
      if (process.env['CI'] === 'true' && !process.env['SKIP_POSTGRES']) {
        throw new Error('TEST_DATABASE_URL is not set: the tests would not run on Postgres. See .ci/postgres.sh.');
      }
      context.skip('TEST_DATABASE_URL is not set');
    });
  }
}

/** A fresh database, and what removes it. */
interface Copy {
  readonly database: Database;
  remove(): Promise<void>;
}

function opener(openCopy: () => Promise<Copy>): () => Promise<Database> {
  const copies: Copy[] = [];
  after(() => Promise.all(copies.map((copy) => copy.remove())));
  return async () => {
    const copy = await openCopy();
    copies.push(copy);
    return copy.database;
  };
}

async function openPgliteCopy(): Promise<Copy> {
  const directory = await copyPgliteTemplate();
  const database = await openPglite(join(directory, 'pglite'));
  return {
    database,
    async remove() {
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** @returns a new folder with a migrated, closed database in its `pglite`: a DATA_DIR to start from */
export async function copyPgliteTemplate(): Promise<string> {
  const template = join(tmpdir(), `embedding-map-pglite-${await templateKey()}`);
  if (!existsSync(template)) {
    const unfinished = await mkdtemp(`${template}-`);
    const database = await openPglite(join(unfinished, 'pglite'));
    await migrateSchema(database);
    // A copy is quicker without the two thirds of the files that are the templates of databases nobody makes.
    await database.query("update pg_database set datistemplate = false where datname <> 'postgres'");
    await database.query('drop database template1');
    await database.query('drop database template0');
    await database.close();
    // Where another test file was faster, its template is as good.
    await rename(unfinished, template).catch(() => rm(unfinished, { recursive: true }));
  }
  const directory = await mkdtemp(join(tmpdir(), 'embedding-map-test-'));
  cpSync(template, directory, { recursive: true }); // a quarter of the work of `cp`, or less
  return directory;
}

async function openPostgresCopy(url: string): Promise<Copy> {
  const copy = await copyPostgresTemplate(url);
  const database = await openPostgres(copy.url, { pool: 10 });
  return {
    database,
    async remove() {
      await database.close();
      await copy.remove();
    },
  };
}

/** @returns the address of a new, migrated database: a DATABASE_URL to start from */
export async function copyPostgresTemplate(url: string): Promise<{ readonly url: string; remove(): Promise<void> }> {
  const name = `embedding_map_test_${randomUUID().replaceAll('-', '')}`;
  return {
    url: await createPostgresCopy(url, name),
    remove: () => withAdmin(url, async (admin) => void (await admin.query(`drop database ${name} with (force)`))),
  };
}

/** @returns the address of the new database, which is migrated */
async function createPostgresCopy(url: string, name: string): Promise<string> {
  const template = `embedding_map_template_${await templateKey()}`;
  await withAdmin(url, async (admin) => {
    await admin.transaction(async (lock) => {
      await lock.query('select pg_advisory_xact_lock(20260101)');
      const found = await admin.query('select from pg_database where datname = $1::text', [template]);
      if (found.length > 0) return;
      const unfinished = `${template}_unfinished`;
      await admin.query(`drop database if exists ${unfinished} with (force)`);
      await admin.query(`create database ${unfinished}`);
      const database = await openPostgres(withName(url, unfinished), { pool: 2 });
      await migrateSchema(database);
      await database.close();
      await admin.query(`alter database ${unfinished} rename to ${template}`);
    });
    await admin.query(`create database ${name} template ${template}`);
  });
  return withName(url, name);
}

async function withAdmin<T>(url: string, work: (admin: Database) => Promise<T>): Promise<T> {
  const admin = await openPostgres(url, { pool: 2 });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

function withName(url: string, name: string): string {
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.href;
}

let key: Promise<string> | null = null;

/** Changes with the migrations and with the engine. */
function templateKey(): Promise<string> {
  key ??= readMigrations(fileURLToPath(new URL('../../migrations/', import.meta.url))).then((migrations) => {
    const hash = createHash('sha256');
    for (const { name, sha256 } of migrations) hash.update(`${name} ${sha256} `);
    const { dependencies } = packageJson;
    hash.update(dependencies['@electric-sql/pglite']).update(dependencies['@electric-sql/pglite-pgvector']);
    return hash.digest('hex').slice(0, 16);
  });
  return key;
}
