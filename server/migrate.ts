/** Brings the tables up to date: the files of `migrations/`, in the order of their numbers, each once. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import type { Database, Queryable } from './database/database.ts';
import { DatabaseError } from './database/databaseError.ts';
import { UserError } from './errors.ts';

/** Any number, but the same for all who migrate; it spells "map". */
const LOCK = 0x6d6170;

const ourMigrations = fileURLToPath(new URL('../migrations/', import.meta.url));

export interface Migration {
  readonly number: number;
  /** The file's, such as `000001_datasets.sql`. */
  readonly name: string;
  readonly sql: string;
  /** Of the file with Unix line ends. */
  readonly sha256: string;
}

/**
 * Applies what has not been applied yet, one transaction for each file. Of several that do so at once, one does it and
 * the others wait.
 * @throws UserError UNAVAILABLE when the database was migrated by a later version or with other files: it is left alone
 */
export async function migrateSchema(database: Database, directory: string = ourMigrations): Promise<void> {
  const migrations = await readMigrations(directory);
  while (await database.transaction((transaction) => applyNext(transaction, migrations))) {
    // Until there is none left.
  }
}

/** The files `NNNNNN_name.sql` of a folder; their numbers run from 1 without a gap. */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{6}_.+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name, i) => {
      const number = Number(name.slice(0, 6));
      if (number !== i + 1) throw new Error(`Migration ${name} should have the number ${i + 1}.`);
      const sql = (await readFile(`${directory}/${name}`, 'utf8')).replaceAll('\r\n', '\n');
      return { number, name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/** @returns whether there was one to apply */
async function applyNext(transaction: Queryable, migrations: readonly Migration[]): Promise<boolean> {
  const [session] = await transaction.query<{ database: string }>(
    'select pg_advisory_xact_lock($1::bigint), current_database() as database',
    [LOCK],
  );
  await transaction.query(`
    create table if not exists schema_migrations (
      number integer primary key,
      name text not null,
      sha256 text not null,
      applied_at timestamptz not null default now()
    )`);
  const applied = await transaction.query<{ number: number; name: string; sha256: string }>(
    'select number, name, sha256 from schema_migrations order by number',
  );
  for (const [i, { number, name, sha256 }] of applied.entries()) {
    const known = migrations[i];
    if (known === undefined) {
      throw new UserError(
        'UNAVAILABLE',
        `The database is newer than this version of embedding-map: it has migration ${name}, and ` +
          `${migrations.at(-1)?.name ?? 'none'} is the last one known here. Update embedding-map.`,
      );
    }
    if (known.number !== number || known.sha256 !== sha256) {
      throw new UserError(
        'UNAVAILABLE',
        `The database was made with another ${name} than the ${known.name} that lies here: a migration must not be ` +
          'changed once it has been applied. Restore the file, and put the change into a new migration.',
      );
    }
  }
  const next = migrations[applied.length];
  if (next === undefined) return false;
  try {
    await transaction.query(next.sql);
  } catch (error) {
    if (error instanceof DatabaseError && error.code === '42501' && error.message.includes('extension')) {
      throw new UserError(
        'UNAVAILABLE',
        'The user of DATABASE_URL may not install pgvector in the database. Have a superuser do it once: ' +
          `psql -d ${session?.database} -c 'create extension vector'`,
      );
    }
    throw new Error(`Migration ${next.name} failed, and nothing of it was kept.`, { cause: error });
  }
  await transaction.query(
    'insert into schema_migrations (number, name, sha256) values ($1::integer, $2::text, $3::text)',
    [next.number, next.name, next.sha256],
  );
  return true;
}
