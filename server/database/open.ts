/** Opens the database that the configuration names, and sees to it that it is one we can work with. */
import { join } from 'node:path';

import type { Config } from '../config.ts';
import { UserError } from '../errors.ts';
import type { Database } from './database.ts';
import { DatabaseError } from './databaseError.ts';
import { announceUrl, readUrl } from './lock.ts';
import { openPglite } from './pglite.ts';
import { openPostgres } from './postgres.ts';

type DatabaseConfig = Pick<Config, 'databaseUrl' | 'databasePool' | 'dataDir'>;

/** The first with `client_connection_check_interval`, `create extension` by trusted users, and all that our SQL uses. */
const OLDEST_POSTGRES = 15;
/** The first with iterative scans, without which a filtered search finds too little. */
const OLDEST_PGVECTOR = '0.8.0';
/** The first without CVE-2026-3172. */
const SAFE_PGVECTOR = '0.8.2';

/**
 * @param warn is told what works but should be mended
 * @throws UserError with what to do: the database cannot be reached, is too old, lacks pgvector, or is open elsewhere
 */
export async function openDatabase(
  config: DatabaseConfig,
  warn: (message: string) => void = (message) => process.emitWarning(message),
): Promise<Database> {
  if (config.databaseUrl === null) return openPglite(embeddedDirectory(config));
  const database = await connect(config.databaseUrl, config.databasePool);
  try {
    for (const warning of await checkVersions(database)) warn(warning);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Lets another process that wants the embedded database know where this one's pages are. */
export async function announceServer(config: DatabaseConfig, url: string): Promise<void> {
  if (config.databaseUrl === null) await announceUrl(embeddedDirectory(config), url);
}

/** Where the server is that has the embedded database open; null when there is none. */
export async function findServer(config: DatabaseConfig): Promise<string | null> {
  return config.databaseUrl === null ? readUrl(embeddedDirectory(config)) : null;
}

function embeddedDirectory(config: DatabaseConfig): string {
  return join(config.dataDir, 'pglite');
}

async function connect(url: string, pool: number): Promise<Database> {
  const { hostname, port, username, pathname } = new URL(url);
  const place = `The Postgres of DATABASE_URL (${hostname || 'localhost'}:${port || 5432})`;
  try {
    return await openPostgres(url, { pool });
  } catch (error) {
    if (error instanceof DatabaseError) {
      if (error.code === '3D000') {
        const name = pathname.slice(1);
        throw new UserError('UNAVAILABLE', `${place} has no database "${name}". Make it: createdb ${name}`);
      }
      if (error.code === '28P01' || error.code === '28000') {
        throw new UserError(
          'UNAVAILABLE',
          `${place} does not let the user "${username}" in. Check the user and the password in DATABASE_URL.`,
        );
      }
    }
    if (error instanceof UserError) {
      const cause = error.cause instanceof Error ? ` (${error.cause.message || error.cause.name})` : '';
      const refusal = new UserError(
        'UNAVAILABLE',
        `${place} cannot be reached${cause}. Start it, or correct DATABASE_URL, or unset that for the embedded database.`,
      );
      refusal.cause = error.cause;
      throw refusal;
    }
    throw error;
  }
}

/** @returns what should be mended. @throws UserError when it must be */
async function checkVersions(database: Database): Promise<string[]> {
  const [row] = await database.query<{
    postgres: number;
    name: string;
    installed: string | null;
    offered: string | null;
  }>(`
    select current_setting('server_version_num')::int4 / 10000 as postgres,
      current_database() as name,
      (select extversion from pg_extension where extname = 'vector') as installed,
      (select default_version from pg_available_extensions where name = 'vector') as offered`);
  if (row === undefined) throw new Error('The database did not tell its version.');
  return judgeVersions(row);
}

/** What `checkVersions` makes of what the database told. */
export function judgeVersions({
  postgres,
  name,
  installed,
  offered,
}: {
  readonly postgres: number;
  readonly name: string;
  readonly installed: string | null;
  readonly offered: string | null;
}): string[] {
  if (postgres < OLDEST_POSTGRES) {
    throw new UserError(
      'UNAVAILABLE',
      `The database is a Postgres ${postgres}; at least ${OLDEST_POSTGRES} is needed. Upgrade it, or name another by DATABASE_URL.`,
    );
  }
  const version = installed ?? offered;
  if (version === null) {
    throw new UserError(
      'UNAVAILABLE',
      `The Postgres server has no pgvector. Install it there, on Debian: apt install postgresql-${postgres}-pgvector`,
    );
  }
  if (isBefore(version, OLDEST_PGVECTOR)) {
    const update =
      offered !== null && !isBefore(offered, OLDEST_PGVECTOR)
        ? `Update it: psql -d ${name} -c 'alter extension vector update'`
        : `Install a later one on the server, then: psql -d ${name} -c 'alter extension vector update'`;
    throw new UserError(
      'UNAVAILABLE',
      `The database has pgvector ${version}; at least ${OLDEST_PGVECTOR} is needed. ${update}`,
    );
  }
  if (isBefore(version, SAFE_PGVECTOR)) {
    return [
      `pgvector ${version} has a fault by which parallel index builds may leak or crash (CVE-2026-3172). ` +
        `Indexes are built without them; update pgvector to ${SAFE_PGVECTOR} or later.`,
    ];
  }
  return [];
}

/** Compares the first three numbers; whatever follows them does not count. */
function isBefore(version: string, other: string): boolean {
  const [a, b] = [version, other].map((text) => (text.match(/\d+/g) ?? []).slice(0, 3).map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
