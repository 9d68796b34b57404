import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { Database } from '../../server/database/database.ts';
import { openPostgres } from '../../server/database/postgres.ts';
import { UserError } from '../../server/errors.ts';
import { migrateSchema } from '../../server/migrate.ts';
import { onEveryDatabase } from '../helpers/database.ts';

const ours = fileURLToPath(new URL('../../migrations/', import.meta.url));
const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

/** A folder with our migrations and these; what is null is left out. */
async function folderWith(files: Readonly<Record<string, string | null>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'embedding-map-migrations-'));
  folders.push(folder);
  for (const name of (await readdir(ours)).filter((name) => name.endsWith('.sql'))) {
    if (files[name] !== null) await writeFile(join(folder, name), await readFile(join(ours, name)));
  }
  for (const [name, sql] of Object.entries(files)) if (sql !== null) await writeFile(join(folder, name), sql);
  return folder;
}

const count = (await readdir(ours)).filter((name) => name.endsWith('.sql')).length;
const next = `${String(count + 1).padStart(6, '0')}_next.sql`;

onEveryDatabase((engine, open) => {
  /** Of the tests that leave it as it is. */
  let current: Database;
  before(async () => {
    current = await open();
  });

  const applied = (database: Database) =>
    database.query<{ number: number; name: string }>('select number, name from schema_migrations order by number');

  test('a database that is up to date is left as it is', async () => {
    const before = await current.query('select * from schema_migrations order by number');
    assert.equal(before.length, count);
    await migrateSchema(current);
    assert.deepEqual(await current.query('select * from schema_migrations order by number'), before);
  });

  test('line ends do not count: a checkout on Windows has others', async () => {
    const sql = await readFile(join(ours, '000001_datasets.sql'), 'utf8');
    await migrateSchema(current, await folderWith({ '000001_datasets.sql': sql.replaceAll('\n', '\r\n') }));
  });

  test('a new migration is applied once, and its statements all', async () => {
    const database = await open();
    const folder = await folderWith({ [next]: 'create table made (id integer); insert into made values (1);' });
    await migrateSchema(database, folder);
    await migrateSchema(database, folder);
    assert.deepEqual(await database.query('select * from made'), [{ id: 1 }]);
    assert.deepEqual((await applied(database)).at(-1), { number: count + 1, name: next });
  });

  test('a database newer than the code is refused', async () => {
    const database = await open();
    await migrateSchema(database, await folderWith({ [next]: 'create table made (id integer)' }));
    await assert.rejects(migrateSchema(database), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.code, 'UNAVAILABLE');
      assert.match(error.message, new RegExp(`newer than this version .* ${next}, .* Update embedding-map\\.$`));
      return true;
    });
  });

  test('an applied migration that was changed is refused', async () => {
    const sql = await readFile(join(ours, '000001_datasets.sql'), 'utf8');
    const folder = await folderWith({ '000001_datasets.sql': `${sql}\n-- changed`, [next]: 'create table made ()' });
    await assert.rejects(migrateSchema(current, folder), /another 000001_datasets\.sql .* Restore the file/);
    assert.equal((await applied(current)).length, count);
  });

  test('a migration that fails leaves nothing, keeps those before it, and is applied once it is mended', async () => {
    const database = await open();
    const second = `${String(count + 2).padStart(6, '0')}_broken.sql`;
    const good = 'create table good (id integer)';
    const broken = 'create table half (id integer); insert into half values (1); select 1 / 0;';
    await assert.rejects(
      migrateSchema(database, await folderWith({ [next]: good, [second]: broken })),
      new RegExp(`Migration ${second} failed, and nothing of it was kept`),
    );
    assert.deepEqual(
      await database.query("select to_regclass('good') is null as good, to_regclass('half') is null as half"),
      [{ good: false, half: true }],
    );
    assert.equal((await applied(database)).length, count + 1);
    await migrateSchema(database, await folderWith({ [next]: good, [second]: 'create table half (id integer)' }));
    assert.equal((await applied(database)).length, count + 2);
  });

  test('numbers run without a gap', async () => {
    await assert.rejects(
      migrateSchema(current, await folderWith({ '000002_embeddings.sql': null })),
      /000003_projections\.sql should have the number 2/,
    );
  });

  test('five that migrate an empty database at once apply each migration once', async () => {
    const database = await open();
    if (engine === 'pglite') {
      await database.query('drop schema public cascade; create schema public');
      await Promise.all(Array.from({ length: 5 }, () => migrateSchema(database)));
    } else {
      const [row] = await database.query<{ name: string }>('select current_database() as name');
      const address = new URL(process.env['TEST_DATABASE_URL'] ?? '');
      await database.query('drop schema public cascade; create schema public');
      address.pathname = `/${row?.name}`;
      const servers = await Promise.all(Array.from({ length: 5 }, () => openPostgres(address.href, { pool: 2 })));
      await Promise.all(servers.map((server) => migrateSchema(server)));
      await Promise.all(servers.map((server) => server.close()));
    }
    assert.deepEqual(
      (await applied(database)).map(({ number }) => number),
      Array.from({ length: count }, (_, i) => i + 1),
    );
  });

  if (engine === 'postgres') {
    test('a user who may not install pgvector is told the command for the one who may', async () => {
      const database = await open();
      const [row] = await database.query<{ name: string }>('select current_database() as name');
      const role = `${row?.name}_user`;
      await database.query(`
        drop schema public cascade;
        create role ${role} login;
        create schema public authorization ${role};`);
      const address = new URL(process.env['TEST_DATABASE_URL'] ?? '');
      address.pathname = `/${row?.name}`;
      address.username = role;
      const server = await openPostgres(address.href);
      await assert.rejects(migrateSchema(server), {
        code: 'UNAVAILABLE',
        message:
          'The user of DATABASE_URL may not install pgvector in the database. Have a superuser do it once: ' +
          `psql -d ${row?.name} -c 'create extension vector'`,
      });
      await database.query('create extension vector');
      await migrateSchema(server);
      await server.close();
      await database.query(`drop owned by ${role} cascade; drop role ${role}`);
    });
  }
});

describe('the files of migrations', () => {
  test('make no triggers and refer to large tables from nowhere, so that they can be distributed', async () => {
    for (const name of (await readdir(ours)).filter((name) => name.endsWith('.sql'))) {
      const sql = await readFile(join(ours, name), 'utf8');
      assert.doesNotMatch(sql, /create trigger/i, name);
      assert.doesNotMatch(sql, /references (items|images|vectors|projection_chunks)\b/i, name);
    }
  });
});
