import assert from 'node:assert/strict';
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';

import type { Database } from '../../../server/database/database.ts';
import { openPostgres } from '../../../server/database/postgres.ts';
import { UserError } from '../../../server/errors.ts';

const address = process.env['TEST_DATABASE_URL'];

/** A way to the server that can be cut and restored: what a restart of Postgres looks like from here. */
class Way {
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #port = 0;

  constructor(target: string) {
    this.#target = new URL(target);
  }

  get url(): string {
    const url = new URL(this.#target);
    url.hostname = '127.0.0.1';
    url.port = String(this.#port);
    return url.href;
  }

  async open(): Promise<void> {
    const server = createServer((near) => {
      const far = connectSocket(Number(this.#target.port), this.#target.hostname);
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    const bound = server.address();
    if (bound !== null && typeof bound === 'object') this.#port = bound.port;
    this.#server = server;
  }

  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

describe('a Postgres', { skip: address === undefined && 'TEST_DATABASE_URL is not set' }, () => {
  const url = address ?? '';
  const databases: Database[] = [];
  const ways: Way[] = [];
  let admin: Database;
  before(async () => {
    admin = await openPostgres(url, { pool: 1 });
  });
  after(async () => {
    await Promise.all(databases.map((database) => database.close()));
    await admin.close();
    await Promise.all(ways.map((way) => way.cut()));
  });

  async function open(pool: number, through = url): Promise<Database> {
    const database = await openPostgres(through, { pool });
    databases.push(database);
    return database;
  }

  async function pids(database: Database, count: number): Promise<number[]> {
    const rows = await Promise.all(
      Array.from({ length: count }, () =>
        database.query<{ pid: number }>('select pg_backend_pid() as pid, pg_sleep(0.05)'),
      ),
    );
    return [...new Set(rows.flatMap((row) => row.map(({ pid }) => pid)))];
  }

  test('that ends connections while they are idle is not noticed by the next statement', async () => {
    const database = await open(3);
    const before = await pids(database, 3);
    assert.equal(before.length, 3);
    await admin.query('select pg_terminate_backend(pid) from unnest($1::int4[]) as pid', [before]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(await database.query('select 1 as one'), [{ one: 1 }]);
  });

  test('that ends a connection in the midst of a statement makes it UNAVAILABLE, and the next goes on', async () => {
    const database = await open(1);
    const [pid] = await pids(database, 1);
    const running = assert.rejects(database.query('select pg_sleep(60)'), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.code, 'UNAVAILABLE');
      assert.doesNotMatch(error.message, /terminat|sleep/);
      return true;
    });
    await eventually(async () => {
      const rows = await admin.query("select from pg_stat_activity where pid = $1::int4 and query like '%sleep(60)%'", [
        pid ?? 0,
      ]);
      assert.equal(rows.length, 1);
    });
    await admin.query('select pg_terminate_backend($1::int4)', [pid ?? 0]);
    await running;
    assert.deepEqual(await database.query('select 1 as one'), [{ one: 1 }]);
  });

  test('that ends a connection within a transaction takes it back', async () => {
    const database = await open(2);
    await database.query('drop table if exists terminated; create table terminated (id integer)');
    await assert.rejects(
      database.transaction(async (transaction) => {
        const [row] = await transaction.query<{ pid: number }>(
          'insert into terminated values (1) returning pg_backend_pid() as pid',
        );
        await admin.query('select pg_terminate_backend($1::int4)', [row?.pid ?? 0]);
        await transaction.query('insert into terminated values (2)');
      }),
      { code: 'UNAVAILABLE' },
    );
    assert.deepEqual(await database.query('select * from terminated'), []);
    await database.query('drop table terminated');
  });

  test('that restarts is UNAVAILABLE meanwhile, and then serves and notifies as before', async () => {
    const way = new Way(url);
    ways.push(way);
    await way.open();
    const database = await open(4, way.url);
    const heard: string[] = [];
    const end = await database.listen('restarts', (payload) => heard.push(payload));
    const running = assert.rejects(database.query('select pg_sleep(60)'), { code: 'UNAVAILABLE' });
    await new Promise((resolve) => setTimeout(resolve, 100));

    await way.cut();
    await running;
    await assert.rejects(database.query('select 1'), { code: 'UNAVAILABLE' });
    await new Promise((resolve) => setTimeout(resolve, 300));

    await way.open();
    assert.deepEqual(await database.query('select 1 as one'), [{ one: 1 }]);
    await eventually(async () => {
      await database.query("select pg_notify('restarts', 'back')");
      assert.equal(heard.includes('back'), true);
    });
    await end();
  });

  test('whose connections are all in use lets the next ones wait, who can be stopped', async () => {
    const database = await open(2);
    const busy = [1, 2].map(() => database.query('select pg_sleep(0.7)'));
    const start = performance.now();
    await assert.rejects(database.query('select 1', [], { timeoutMs: 100 }), { code: 'TIMEOUT' });
    assert.ok(performance.now() - start < 500);
    assert.deepEqual(await database.query('select 1 as one'), [{ one: 1 }]);
    await Promise.all(busy);
    // The connection that came too late for the one that was stopped has not been lost.
    const both = [1, 2].map(() => database.query('select pg_sleep(0.05)'));
    await Promise.all(both);
  });

  test('is not asked to cancel what comes after a statement that has been stopped', async () => {
    const database = await open(2);
    for (let i = 0; i < 30; i++) {
      const stopped = database.query('select pg_sleep(0.02)', [], { timeoutMs: 15 + (i % 10) });
      await stopped.catch((error) => assert.equal(error.code, 'TIMEOUT'));
      assert.deepEqual(await database.query('select pg_sleep(0.01)::text as slept'), [{ slept: '' }]);
    }
  });

  test('whose own settings differ gives the same values', async () => {
    const role = `german_${process.pid}`;
    await admin.query(`create role ${role} login`);
    await admin.query(`alter role ${role} set datestyle = 'german'; alter role ${role} set timezone = 'Asia/Kolkata';
      alter role ${role} set bytea_output = 'escape'; alter role ${role} set extra_float_digits = 0`);
    const other = new URL(url);
    other.username = role;
    const theirs = await openPostgres(other.href);
    const values = [new Date(1_234_567_890_123), Uint8Array.of(0, 255, 92), 0.1 + 0.2];
    assert.deepEqual(
      Object.values(
        (await theirs.query('select $1::timestamptz as a, $2::bytea as b, $3::float8 as c', values))[0] ?? {},
      ),
      values,
    );
    await theirs.close();
    await admin.query(`drop role ${role}`);
  });

  test('builds no index in parallel with a pgvector in which that is a fault', async () => {
    const name = `parallel_${process.pid}`;
    await admin.query(`create database ${name}`);
    const other = new URL(url);
    other.pathname = `/${name}`;
    const theirs = await openPostgres(other.href, { pool: 1 });
    await theirs.query('create extension vector');
    await theirs.close();
    const again = await openPostgres(other.href, { pool: 1 });
    const [row] = await again.query<{ version: string; workers: string }>(
      "select extversion as version, current_setting('max_parallel_maintenance_workers') as workers from pg_extension where extname = 'vector'",
    );
    const [major = 0, minor = 0, patch = 0] = (row?.version ?? '').split('.').map(Number);
    if (major === 0 && (minor < 8 || (minor === 8 && patch < 2))) assert.equal(row?.workers, '0');
    await again.close();
    await admin.query(`drop database ${name}`);
  });
});

async function eventually(attempt: () => Promise<void>): Promise<void> {
  for (const start = performance.now(); ; ) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (performance.now() - start > 10_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
