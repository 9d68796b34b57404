import type { Database } from './database.ts';

/** What runs: `Postgres 17.6` or `PGlite, Postgres 18.6`, and the version of pgvector in the database. */
export async function readVersions(database: Database): Promise<{ database: string; pgvector: string }> {
  const [versions] = await database.query<{ postgres: string; pgvector: string }>(
    `select current_setting('server_version') as postgres, extversion as pgvector
       from pg_extension where extname = 'vector'`,
  );
  if (versions === undefined) throw new Error('The database has no extension vector, although it was migrated.');
  const postgres = `Postgres ${versions.postgres.split(' ', 1)[0]}`; // Debian adds where the package comes from
  return {
    database: database.engine === 'pglite' ? `PGlite, ${postgres}` : postgres,
    pgvector: versions.pgvector,
  };
}
