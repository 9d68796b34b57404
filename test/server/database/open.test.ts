import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { announceServer, judgeVersions, openDatabase } from '../../../server/database/open.ts';
import { UserError } from '../../../server/errors.ts';

const address = process.env['TEST_DATABASE_URL'];
const embedded = { databaseUrl: null, databasePool: 10 };

describe('versions', () => {
  const good = { postgres: 17, name: 'maps', installed: '0.8.2', offered: '0.8.2' };

  test('that are new enough are let pass', () => {
    assert.deepEqual(judgeVersions(good), []);
    assert.deepEqual(judgeVersions({ ...good, postgres: 15, installed: null }), []);
    assert.deepEqual(judgeVersions({ ...good, installed: '0.10.0' }), []);
    assert.deepEqual(judgeVersions({ ...good, installed: '1.0' }), []);
    assert.deepEqual(judgeVersions({ ...good, installed: '0.8.6-yb-1.0' }), []);
  });

  test('that work but have a fault are named', () => {
    for (const installed of ['0.8.0', '0.8.1', '0.8.0-yb-1.0']) {
      assert.match(judgeVersions({ ...good, installed })[0] ?? '', /CVE-2026-3172.*update pgvector to 0\.8\.2/);
    }
  });

  const refused: readonly [string, Parameters<typeof judgeVersions>[0], RegExp][] = [
    ['an old Postgres', { ...good, postgres: 14 }, /is a Postgres 14; at least 15 is needed/],
    ['no pgvector', { ...good, installed: null, offered: null }, /apt install postgresql-17-pgvector/],
    [
      'an old pgvector',
      { ...good, installed: '0.7.4', offered: '0.7.4' },
      /has pgvector 0\.7\.4; .* Install a later one/,
    ],
    [
      'an old pgvector where a later one is at hand',
      { ...good, installed: '0.7.4' },
      /Update it: psql -d maps -c 'alter extension vector update'$/,
    ],
  ];
  for (const [what, versions, sentence] of refused) {
    test(`with ${what} are refused with what to do`, () => {
      assert.throws(
        () => judgeVersions(versions),
        (error) => {
          assert.ok(error instanceof UserError);
          assert.equal(error.code, 'UNAVAILABLE');
          assert.match(error.message, sentence);
          return true;
        },
      );
    });
  }
});

test('the embedded database lies under DATA_DIR, and one who is refused it is told where its pages are', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'embedding-map-open-'));
  const config = { ...embedded, dataDir };
  const database = await openDatabase(config);
  assert.equal(database.engine, 'pglite');
  await assert.rejects(
    openDatabase(config),
    new RegExp(`Process ${process.pid} has the embedded database in ${dataDir}`),
  );
  await announceServer(config, 'http://127.0.0.1:4321/');
  await assert.rejects(openDatabase(config), /which serves http:\/\/127\.0\.0\.1:4321\//);
  await database.close();
  await rm(dataDir, { recursive: true });
});

test('a Postgres that is not there is named, without the password', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
  await new Promise((resolve) => server.close(resolve));
  const url = `postgres://someone:secret@127.0.0.1:${port}/maps`;
  await assert.rejects(openDatabase({ databaseUrl: url, databasePool: 2, dataDir: '' }), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(
      error.message,
      new RegExp(`\\(127\\.0\\.0\\.1:${port}\\) cannot be reached \\(.*ECONNREFUSED.*\\)\\. Start it`),
    );
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
});

describe('a Postgres that is there', { skip: address === undefined && 'TEST_DATABASE_URL is not set' }, () => {
  const url = new URL(address ?? 'postgres://');

  test('is opened, and what should be mended is told', async () => {
    const warnings: string[] = [];
    const config = { databaseUrl: url.href, databasePool: 2, dataDir: '' };
    const database = await openDatabase(config, (message) => warnings.push(message));
    assert.equal(database.engine, 'postgres');
    const [row] = await database.query<{ version: string }>(
      "select coalesce((select extversion from pg_extension where extname = 'vector'), default_version) as version from pg_available_extensions where name = 'vector'",
    );
    assert.equal(warnings.length, /^0\.8\.[01]/.test(row?.version ?? '') ? 1 : 0);
    await database.close();
  });

  test('without the database is told how to make it', async () => {
    const other = new URL(url);
    other.pathname = '/absent_database';
    await assert.rejects(openDatabase({ databaseUrl: other.href, databasePool: 2, dataDir: '' }), {
      code: 'UNAVAILABLE',
      message: /has no database "absent_database"\. Make it: createdb absent_database$/,
    });
  });

  test('that does not know the user says so', async () => {
    const other = new URL(url);
    other.username = 'absent_user';
    await assert.rejects(openDatabase({ databaseUrl: other.href, databasePool: 2, dataDir: '' }), {
      code: 'UNAVAILABLE',
      message: /does not let the user "absent_user" in/,
    });
  });
});
