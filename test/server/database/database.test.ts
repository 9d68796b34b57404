import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MessageChannel, Worker } from 'node:worker_threads';
import {
  CopyWriter,
  decodeBoolean,
  decodeFloat4,
  decodeFloat8,
  decodeInt2,
  decodeInt4,
  decodeInt8,
  decodeJsonb,
  decodeText,
  decodeTimestamp,
  decodeUuid,
  decodeVector,
  readCopy,
} from '../../../server/database/copyBinary.ts';
import type { Database, Parameter } from '../../../server/database/database.ts';
import { DatabaseError } from '../../../server/database/databaseError.ts';
import { connectDatabase, serveDatabase } from '../../../server/database/remote.ts';
import { UserError } from '../../../server/errors.ts';
import { type Engine, onEveryDatabase } from '../../helpers/database.ts';
import fc from '../../helpers/laws.ts';

onEveryDatabase((engine, open) => {
  keepsThePromisesOfThePort(engine, open);

  describe('seen from another thread', () => {
    const opened: Database[] = [];
    after(() => Promise.all(opened.map((database) => database.close())));

    keepsThePromisesOfThePort(engine, async () => {
      const { port1, port2 } = new MessageChannel();
      serveDatabase(await open(), port1);
      const database = connectDatabase(port2, engine);
      opened.push(database);
      return database;
    });

    test('a thread that is killed within a transaction leaves nothing of it, and frees the database', async () => {
      const database = await open();
      await database.query('create table killed (id integer)');
      const { port1, port2 } = new MessageChannel();
      serveDatabase(database, port1);
      const thread = new Worker(new URL('../../helpers/insertForEver.mjs', import.meta.url), {
        workerData: { port: port2, table: 'killed' },
        transferList: [port2],
        execArgv: [],
      });
      await new Promise((resolve) => thread.once('message', resolve));
      await thread.terminate();
      await eventually(async () => {
        await database.query('insert into killed values (-1)', [], { timeoutMs: 1000 });
      });
      assert.deepEqual(await database.query('select id from killed'), [{ id: -1 }]);
    });
  });
});

/** What the comments of database.ts say, as tests. */
function keepsThePromisesOfThePort(engine: Engine, open: () => Promise<Database>): void {
  let database: Database;
  let tables = 0;
  before(async () => {
    database = await open();
  });

  async function createTable(columns: string): Promise<string> {
    const name = `t${++tables}`;
    await database.query(`create table ${name} (${columns})`);
    return name;
  }

  test('it says which engine it is', () => {
    assert.equal(database.engine, engine);
  });

  describe('values', () => {
    const equal = Object.is;

    /** A law: what goes in as this type comes out of it. */
    function comesBack<T extends Parameter>(type: string, arbitrary: fc.Arbitrary<T>): void {
      test(`${type} comes back as it went in, alone and in arrays`, async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(fc.option(arbitrary), { minLength: 1, maxLength: 5 }), async (values) => {
            const [row] = await database.query(
              `select $1::${type} as one, $2::${type}[] as many, $3::${type}[][] as nested`,
              [values[0] ?? null, values, [values, values]],
            );
            assert.deepStrictEqual(row, { one: values[0] ?? null, many: values, nested: [values, values] });
          }),
          { numRuns: 60 },
        );
      });
    }

    const nameless = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'));
    comesBack('int2', fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }));
    comesBack('int4', fc.integer());
    comesBack('int8', fc.maxSafeInteger());
    comesBack('oid', fc.nat({ max: 2 ** 32 - 1 }));
    comesBack('float8', fc.double());
    comesBack('float4', fc.float());
    comesBack('boolean', fc.boolean());
    comesBack('text', nameless);
    comesBack('varchar', nameless);
    comesBack('bytea', fc.uint8Array());
    comesBack('uuid', fc.uuid());
    comesBack(
      'timestamptz',
      fc.date({ min: new Date('-004000-01-01'), max: new Date('+250000-01-01'), noInvalidDate: true }),
    );
    comesBack('numeric', fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map(String));
    comesBack(
      'date',
      fc
        .date({ min: new Date('1900'), max: new Date('2100'), noInvalidDate: true })
        .map((d) => d.toISOString().slice(0, 10)),
    );

    test('the edges of float8 come back to the bit', async () => {
      for (const value of [
        0,
        -0,
        5e-324,
        -5e-324,
        2.2250738585072014e-308,
        Number.MAX_VALUE,
        1 / 3,
        Infinity,
        -Infinity,
        NaN,
      ]) {
        const [row] = await database.query('select $1::float8 as value', [value]);
        assert.ok(equal(row?.['value'], value), `${value} came back as ${row?.['value']}`);
      }
    });

    test('json comes back parsed', async () => {
      await fc.assert(
        fc.asyncProperty(fc.jsonValue({ noUnicodeString: false }), async (value) => {
          const text = JSON.stringify(value);
          if (text.includes('\\u0000')) return; // Postgres refuses NUL in any text
          const [row] = await database.query('select $1::json as json, $2::jsonb as jsonb', [text, text]);
          assert.deepStrictEqual(row?.['json'], JSON.parse(text));
          // jsonb keeps numbers as numeric, which has no -0.
          assert.deepStrictEqual(row?.['jsonb'], JSON.parse(text.replace(/-0(?![.\d])/g, '0')));
        }),
        { numRuns: 60 },
      );
    });

    test('a vector comes back as text', async () => {
      const [row] = await database.query('select $1::vector as vector, $1::vector <-> $2::vector as distance', [
        '[1,2.5,-3]',
        '[1,2.5,1]',
      ]);
      assert.deepEqual(row, { vector: '[1,2.5,-3]', distance: 4 });
    });

    test('an int8 that a number cannot hold is an error, and as text it is none', async () => {
      await assert.rejects(database.query('select 9007199254740993::int8 as large'), /int8 9007199254740993/);
      assert.deepEqual(await database.query("select '9007199254740993'::int8::text as large"), [
        { large: '9007199254740993' },
      ]);
      assert.deepEqual(await database.query('select $1::int8::text as large', [2n ** 62n]), [
        { large: String(2n ** 62n) },
      ]);
    });

    test('a bytea of 5 MB comes back', async () => {
      const bytes = Uint8Array.from({ length: 5_000_000 }, (_, i) => i * 7);
      const [row] = await database.query('select $1::bytea as bytes', [bytes]);
      assert.deepEqual(row?.['bytes'], bytes);
    });

    test('a column that is null in one row is null in that row only', async () => {
      assert.deepEqual(await database.query('select nullif(i, 2) as i from generate_series(1, 3) as i order by 1'), [
        { i: 1 },
        { i: 3 },
        { i: null },
      ]);
    });
  });

  describe('statements', () => {
    test('several without parameters give the rows of the last', async () => {
      assert.deepEqual(await database.query('select 1 as a; select 2 as b, 3 as c'), [{ b: 2, c: 3 }]);
      assert.deepEqual(await database.query('select 1 as a; create temporary table gone (); drop table gone'), []);
      assert.deepEqual(await database.query(''), []);
    });

    test('a refused one tells its SQLSTATE and the constraint, and the next goes on', async () => {
      const table = await createTable('id integer primary key, v vector constraint dims check (vector_dims(v) = 2)');
      await database.query(`insert into ${table} values (1, '[1,2]')`);
      const cases: readonly [string, readonly Parameter[], string, string | undefined][] = [
        ['selec', [], '42601', undefined],
        ['select * from absent', [], '42P01', undefined],
        ['select $1::integer', ['x'], '22P02', undefined],
        ['select 1 / $1::integer', [0], '22012', undefined],
        [`insert into ${table} values (1, '[1,2]')`, [], '23505', `${table}_pkey`],
        [`insert into ${table} values ($1::integer, $2::vector)`, [2, '[1]'], '23514', 'dims'],
        ['select 1; select 1 / 0', [], '22012', undefined],
      ];
      for (const [sql, parameters, code, constraint] of cases) {
        await assert.rejects(database.query(sql, parameters), (error) => {
          assert.ok(error instanceof DatabaseError, String(error));
          assert.deepEqual([error.code, error.constraint], [code, constraint]);
          return true;
        });
        assert.deepEqual(await database.query('select $1::integer as next', [1]), [{ next: 1 }]);
      }
    });

    test('the wrong number of parameters is refused, and the next goes on', async () => {
      await assert.rejects(database.query('select $1::integer, $2::integer', [1]), DatabaseError);
      assert.deepEqual(await database.query('select 1 as next'), [{ next: 1 }]);
    });

    test('one that is kept prepared answers as any other, before and after its table has changed', async () => {
      const table = await createTable('id integer primary key, name text');
      const ask = (id: number) =>
        database.query(`select name from ${table} where id = $1::integer`, [id], { prepared: true });
      for (let id = 0; id < 20; id++) {
        assert.deepEqual(await ask(id), []);
        await database.query(`insert into ${table} values ($1::integer, $2::text)`, [id, `name ${id}`]);
        assert.deepEqual(await ask(id), [{ name: `name ${id}` }]);
      }
      await database.query(`alter table ${table} add column more integer; create index on ${table} (name)`);
      assert.deepEqual(await ask(7), [{ name: 'name 7' }]);
      await assert.rejects(database.query('select 1 / $1::integer', [0], { prepared: true }), DatabaseError);
      assert.deepEqual(await database.query('select 6 / $1::integer as two', [3], { prepared: true }), [{ two: 2 }]);
    });

    test('300 at once, mixed with transactions and failures, each get their own answer', async () => {
      const table = await createTable('id integer primary key');
      const answers = await Promise.all(
        Array.from({ length: 300 }, async (_, i) => {
          if (i % 10 === 3) return database.query('select 1 / $1::integer', [0]).catch((error) => error.code);
          if (i % 10 === 7) {
            return database.transaction(async (transaction) => {
              await transaction.query(`insert into ${table} values ($1::integer)`, [i]);
              const rows = await transaction.query(`select id as i from ${table} where id = $1::integer`, [i]);
              return rows;
            });
          }
          return database.query('select $1::integer as i, pg_sleep(random() * 0.002)::text as slept', [i]);
        }),
      );
      for (const [i, answer] of answers.entries()) {
        if (i % 10 === 3) assert.equal(answer, '22012');
        else assert.equal(answer[0].i, i);
      }
      assert.deepEqual(await database.query(`select count(*) from ${table}`), [{ count: 30 }]);
    });
  });

  describe('transactions', () => {
    test('one that returns is kept whole', async () => {
      const table = await createTable('id integer');
      const result = await database.transaction(async (transaction) => {
        await transaction.query(`insert into ${table} values (1)`);
        await transaction.query(`insert into ${table} values (2)`);
        return 'result';
      });
      assert.equal(result, 'result');
      assert.deepEqual(await database.query(`select count(*) from ${table}`), [{ count: 2 }]);
    });

    test('one that throws leaves nothing, and the error is the same one', async () => {
      const table = await createTable('id integer');
      const reason = new Error('changed my mind');
      await assert.rejects(
        database.transaction(async (transaction) => {
          await transaction.query(`insert into ${table} values (1)`);
          throw reason;
        }),
        (error) => error === reason,
      );
      assert.deepEqual(await database.query(`select * from ${table}`), []);
    });

    test('after a refused statement the rest is refused, and nothing is kept even when the work goes on', async () => {
      const table = await createTable('id integer');
      await assert.rejects(
        database.transaction(async (transaction) => {
          await transaction.query(`insert into ${table} values (1)`);
          await assert.rejects(transaction.query('select 1 / 0'), { code: '22012' });
          await assert.rejects(transaction.query(`insert into ${table} values (2)`), { code: '25P02' });
        }),
        { code: '25P02' },
      );
      assert.deepEqual(await database.query(`select * from ${table}`), []);
    });

    test('nobody sees what is not committed', async () => {
      const table = await createTable('id integer');
      let look: Promise<unknown[]> = Promise.resolve([]);
      await database.transaction(async (transaction) => {
        await transaction.query(`insert into ${table} values (1)`);
        look = database.query(`select * from ${table}`);
        if (engine === 'postgres') assert.deepEqual(await look, []);
      });
      // The embedded engine lets the reader wait, so that it sees what has been committed meanwhile.
      assert.deepEqual(await look, engine === 'postgres' ? [] : [{ id: 1 }]);
    });

    test('statements asked at once within one are carried out in order', async () => {
      const table = await createTable('position serial, id integer');
      await database.transaction(async (transaction) => {
        await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            transaction.query(`insert into ${table} (id) values ($1::integer)`, [i]),
          ),
        );
      });
      const rows = await database.query<{ id: number }>(`select id from ${table} order by position`);
      assert.deepEqual(
        rows.map(({ id }) => id),
        Array.from({ length: 20 }, (_, i) => i),
      );
    });

    test('one that has ended answers no more', async () => {
      let escaped: Parameters<Parameters<Database['transaction']>[0]>[0] | undefined;
      await database.transaction(async (transaction) => {
        escaped = transaction;
      });
      await assert.rejects(async () => escaped?.query('select 1'), /has ended/);
      await assert.rejects(async () => escaped?.copyIn('absent', []), /has ended/);
    });

    test('many at once that add to one number lose none of it', async () => {
      const table = await createTable('value integer');
      await database.query(`insert into ${table} values (0)`);
      await Promise.all(
        Array.from({ length: 30 }, () =>
          database.transaction(async (transaction) => {
            const [row] = await transaction.query<{ value: number }>(`select value from ${table} for update`);
            await transaction.query(`update ${table} set value = $1::integer`, [(row?.value ?? 0) + 1]);
          }),
        ),
      );
      assert.deepEqual(await database.query(`select value from ${table}`), [{ value: 30 }]);
    });
  });

  describe('bulk loads and reads', () => {
    const row = fc.record({
      int2: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
      int4: fc.integer(),
      int8: fc.maxSafeInteger(),
      float4: fc.float(),
      float8: fc.double(),
      boolean: fc.boolean(),
      text: fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')),
      jsonb: fc.dictionary(
        fc.string({ unit: 'grapheme-ascii' }),
        fc.oneof(fc.integer(), fc.boolean(), fc.constant(null)),
      ),
      bytea: fc.uint8Array({ maxLength: 300 }),
      uuid: fc.uuid(),
      timestamp: fc.date({ min: new Date('-004000-01-01'), max: new Date('+250000-01-01'), noInvalidDate: true }),
      vector: fc
        .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 20 })
        .map((values) => Float32Array.from(values)),
    });

    test('rows come out of a bulk read as they went into a bulk load, whatever the pieces', async () => {
      const table = await createTable(
        'position integer, a int2, b int4, c int8, d float4, e float8, f boolean, g text, h jsonb, i bytea, j uuid, k timestamptz, l vector, m text',
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(row, { maxLength: 20 }),
          fc.integer({ min: 1, max: 300 }),
          async (rows, pieceBytes) => {
            const writer = new CopyWriter();
            for (const [position, r] of rows.entries()) {
              writer.row(14).int4(position).int2(r.int2).int4(r.int4).int8(r.int8).float4(r.float4).float8(r.float8);
              writer.boolean(r.boolean).text(r.text).jsonb(r.jsonb).bytea(r.bytea).uuid(r.uuid).timestamp(r.timestamp);
              writer.vector(r.vector).null();
            }
            await database.query(`truncate ${table}`);
            assert.equal(await database.copyIn(table, inPieces(writer.finish(), pieceBytes)), rows.length);
            const back = [];
            for await (const values of readCopy(
              database.copyOut(`select a, b, c, d, e, f, g, h, i, j, k, l, m from ${table} order by position`),
              13,
            )) {
              const [a, b, c, d, e, f, g, h, i, j, k, l, m] = values;
              assert.ok(a && b && c && d && e && f && g && h && i && j && k && l);
              assert.equal(m, null);
              back.push({
                int2: decodeInt2(a),
                int4: decodeInt4(b),
                int8: decodeInt8(c),
                float4: decodeFloat4(d),
                float8: decodeFloat8(e),
                boolean: decodeBoolean(f),
                text: decodeText(g),
                jsonb: decodeJsonb(h),
                bytea: Uint8Array.from(i),
                uuid: decodeUuid(j),
                timestamp: decodeTimestamp(k),
                vector: decodeVector(l),
              });
            }
            assert.deepStrictEqual(
              back,
              rows.map((r) => ({ ...r, jsonb: { ...r.jsonb } })),
            );
          },
        ),
        { numRuns: 40 },
      );
    });

    test('vectors keep -0, the smallest numbers and the largest', async () => {
      const table = await createTable('v vector');
      const values = Float32Array.of(
        -0,
        0,
        1.401298464324817e-45,
        -1.1754943508222875e-38,
        3.4028234663852886e38,
        1 / 3,
      );
      await database.copyIn(table, [new CopyWriter().row(1).vector(values).finish()]);
      for await (const [bytes] of readCopy(database.copyOut(`select v from ${table}`), 1)) {
        assert.ok(bytes);
        assert.deepStrictEqual(decodeVector(bytes), values);
        assert.ok(Object.is(decodeVector(bytes)[0], -0));
      }
    });

    test('40 MB in pieces come in whole, and out again', async () => {
      const table = await createTable('id int4, v vector');
      const count = 20_000;
      async function* pieces() {
        const writer = new CopyWriter();
        const values = new Float32Array(500);
        for (let id = 0; id < count; id++) {
          values.fill(id);
          writer.row(2).int4(id).vector(values);
          if (writer.size > 1_000_000) yield writer.take();
        }
        yield writer.finish();
      }
      assert.equal(await database.copyIn(table, pieces()), count);
      let next = 0;
      for await (const [id, v] of readCopy(database.copyOut(`select id, v from ${table} order by id`), 2)) {
        assert.ok(id && v);
        assert.equal(decodeInt4(id), next);
        assert.equal(decodeVector(v)[499], next);
        next++;
      }
      assert.equal(next, count);
    });

    /** More than is loaded in one piece, so that some of it is there before it breaks. */
    async function* manyRowsThen(end: () => Uint8Array): AsyncGenerator<Uint8Array> {
      const writer = new CopyWriter();
      for (let id = 0; id < 20; id++) {
        writer.row(2).int4(id).bytea(new Uint8Array(1_200_000));
        yield writer.take();
      }
      yield end();
    }
    const broken: readonly [string, () => Uint8Array, RegExp | { code: string }][] = [
      ['whose source fails', () => fail(new Error('the disk is gone')), /the disk is gone/],
      ['that is torn off', () => Uint8Array.of(0, 2, 0), /.*/],
      ['of nonsense', () => Uint8Array.of(0, 7, 0, 0, 0, 0), /.*/],
      ['that breaks a constraint', () => wholeRow(3).subarray(19), { code: '23505' }],
    ];
    for (const [what, end, expected] of broken) {
      test(`a bulk load ${what} leaves nothing behind, and the next goes on`, async () => {
        const table = await createTable('id int4 primary key, bytes bytea');
        await assert.rejects(database.copyIn(table, manyRowsThen(end)), expected);
        assert.deepEqual(await database.query(`select id from ${table}`), []);
        assert.equal(await database.copyIn(table, [wholeRow(1)]), 1);
      });

      test(`a bulk load ${what} fails the transaction it is in`, async () => {
        const table = await createTable('id int4 primary key, bytes bytea');
        await assert.rejects(
          database.transaction(async (transaction) => {
            await transaction.query(`insert into ${table} values (100)`);
            await assert.rejects(transaction.copyIn(table, manyRowsThen(end)), expected);
          }),
          { code: '25P02' },
        );
        assert.deepEqual(await database.query(`select id from ${table}`), []);
      });
    }

    test('a bulk load into nothing is refused', async () => {
      await assert.rejects(database.copyIn('absent (id)', [wholeRow(1)]), { code: '42P01' });
      await assert.rejects(database.copyIn('absent (id)', []));
      assert.deepEqual(await database.query('select 1 as next'), [{ next: 1 }]);
    });

    test('a bulk load without rows is none', async () => {
      const table = await createTable('id integer');
      assert.equal(await database.copyIn(table, [new CopyWriter().finish()]), 0);
    });

    test('a bulk read can be left early, and what comes after it is not disturbed', async () => {
      const select = 'select i from generate_series(1, 300000) as i';
      for await (const _ of database.copyOut(select)) break;
      assert.deepEqual(await database.query('select 1 as next'), [{ next: 1 }]);
      await database.transaction(async (transaction) => {
        for await (const _ of transaction.copyOut(select)) break;
        assert.deepEqual(await transaction.query('select 2 as next'), [{ next: 2 }]);
      });
      await assert.rejects(async () => {
        for await (const _ of database.copyOut(select)) throw new Error('the reader failed');
      }, /the reader failed/);
      assert.deepEqual(await database.query('select 3 as next'), [{ next: 3 }]);
    });

    test('a bulk read that is refused on the way says so, and spoils no later one', async () => {
      await assert.rejects(
        async () => {
          for await (const _ of database.copyOut('select 1 / (200000 - i) from generate_series(1, 200000) as i'));
        },
        { code: '22012' },
      );
      const rows = [];
      for await (const [bytes] of readCopy(database.copyOut('select 5::int4'), 1))
        rows.push(bytes && decodeInt4(bytes));
      assert.deepEqual(rows, [5]);
    });
  });

  describe('notifications', () => {
    test('each listener hears what is sent to its channel, until it ends', async () => {
      const heard: string[] = [];
      const endFirst = await database.listen('first', (payload) => heard.push(`first ${payload}`));
      const endSecond = await database.listen('first', (payload) => heard.push(`second ${payload}`));
      const endOther = await database.listen('other', (payload) => heard.push(`other ${payload}`));
      await database.query("select pg_notify('first', 'a')");
      await database.query("select pg_notify('other', 'b')");
      await eventually(() => assert.deepEqual(heard.toSorted(), ['first a', 'other b', 'second a']));
      await endFirst();
      await database.query("select pg_notify('first', 'c')");
      await eventually(() => assert.equal(heard.includes('second c'), true));
      await Promise.all([endSecond(), endOther()]);
      await database.query("select pg_notify('first', 'd')");
      await database.query('select 1');
      assert.deepEqual(heard.toSorted(), ['first a', 'other b', 'second a', 'second c']);
    });

    test('what a transaction sends is heard when it is committed, and not otherwise', async () => {
      const heard: string[] = [];
      const end = await database.listen('transactions', (payload) => heard.push(payload));
      await database
        .transaction(async (transaction) => {
          await transaction.query("select pg_notify('transactions', 'rolled back')");
          throw new Error('no');
        })
        .catch(() => {});
      await database.transaction(async (transaction) => {
        await transaction.query("select pg_notify('transactions', 'committed')");
      });
      await eventually(() => assert.deepEqual(heard, ['committed']));
      await end();
    });

    test('a channel has a plain name', async () => {
      await assert.rejects(
        database.listen('jobs"; drop table items', () => {}),
        /cannot name a channel/,
      );
    });
  });

  describe('stopping', () => {
    // Some minutes, were it left to run.
    const slow = 'select count(*) from generate_series(1, 4000000000)';

    test('a signal stops a statement within a second, and those that wait behind it are carried out', async () => {
      const table = await createTable('id integer');
      const controller = new AbortController();
      const stopped = database.query(slow, [], { signal: controller.signal });
      const queued = Array.from({ length: 5 }, (_, i) => database.query(`insert into ${table} values (${i})`));
      await pause(200);
      const start = performance.now();
      controller.abort();
      await assert.rejects(stopped, (error) => error instanceof UserError && error.code === 'CANCELLED');
      assert.ok(performance.now() - start < 1000);
      await Promise.all(queued);
      assert.deepEqual(await database.query(`select count(*) from ${table}`), [{ count: 5 }]);
    });

    test('the reason of the signal is what is thrown, where it is meant for users', async () => {
      const controller = new AbortController();
      const stopped = database.query(slow, [], { signal: controller.signal });
      await pause(50);
      const reason = new UserError('CANCELLED', 'The job was cancelled.');
      controller.abort(reason);
      await assert.rejects(stopped, (error) => error === reason);
    });

    test('a signal given before stops before anything is done', async () => {
      const table = await createTable('id integer');
      const signal = AbortSignal.abort();
      await assert.rejects(database.query(`insert into ${table} values (1)`, [], { signal }), { code: 'CANCELLED' });
      await assert.rejects(
        database.transaction(() => assert.fail(), { signal }),
        { code: 'CANCELLED' },
      );
      assert.deepEqual(await database.query(`select * from ${table}`), []);
    });

    test('one that waits can be stopped, and what runs before it is not disturbed', async () => {
      const controller = new AbortController();
      const running = database.query("select 'done' as it, pg_sleep(0.5)::text as slept");
      const waiting = database.query('select pg_sleep(10)', [], { signal: controller.signal });
      await pause(100);
      controller.abort();
      await assert.rejects(waiting, { code: 'CANCELLED' });
      assert.equal((await running)[0]?.['it'], 'done');
    });

    test('a limit of time stops a statement', async () => {
      const start = performance.now();
      await assert.rejects(database.query(slow, [], { timeoutMs: 300 }), { code: 'TIMEOUT' });
      assert.ok(performance.now() - start < 1300);
      assert.deepEqual(await database.query('select 1 as next', [], { timeoutMs: 5000 }), [{ next: 1 }]);
    });

    test('a statement that is stopped within a transaction takes all of it back', async () => {
      const table = await createTable('id integer');
      await assert.rejects(
        database.transaction(async (transaction) => {
          await transaction.query(`insert into ${table} values (1)`);
          await assert.rejects(transaction.query(slow, [], { timeoutMs: 200 }), { code: 'TIMEOUT' });
          await transaction.query(`insert into ${table} values (2)`);
        }),
        { code: '25P02' },
      );
      assert.deepEqual(await database.query(`select * from ${table}`), []);
    });

    test('a whole transaction can be stopped, also while it asks nothing', async () => {
      const table = await createTable('id integer');
      const controller = new AbortController();
      const stopped = database.transaction(
        async (transaction) => {
          await transaction.query(`insert into ${table} values (1)`);
          setTimeout(() => controller.abort(), 50);
          await pause(60_000);
        },
        { signal: controller.signal },
      );
      await assert.rejects(stopped, { code: 'CANCELLED' });
      assert.deepEqual(await database.query(`select * from ${table}`), []);
    });

    test('a bulk load whose source has stalled can be stopped', async () => {
      const table = await createTable('id int4, bytes bytea');
      const controller = new AbortController();
      async function* stalls() {
        yield new CopyWriter().row(2).int4(1).bytea(new Uint8Array(20_000_000)).take();
        setTimeout(() => controller.abort(), 200);
        await pause(60_000);
      }
      const start = performance.now();
      await assert.rejects(database.copyIn(table, stalls(), { signal: controller.signal }), { code: 'CANCELLED' });
      assert.ok(performance.now() - start < 3000);
      assert.deepEqual(await database.query(`select * from ${table}`), []);
    });

    test('a bulk read can be stopped', async () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 200);
      await assert.rejects(
        async () => {
          const select = 'select count(*) from generate_series(1, 4000000000)';
          for await (const _ of database.copyOut(select, { signal: controller.signal }));
        },
        { code: 'CANCELLED' },
      );
      assert.deepEqual(await database.query('select 1 as next'), [{ next: 1 }]);
    });

    test('whoever listens still hears after others were stopped', async () => {
      const heard: string[] = [];
      const end = await database.listen('survivors', (payload) => heard.push(payload));
      await assert.rejects(database.query(slow, [], { timeoutMs: 100 }), { code: 'TIMEOUT' });
      await database.query("select pg_notify('survivors', 'still here')");
      await eventually(() => assert.deepEqual(heard, ['still here']));
      await end();
    });
  });

  test('settings hold for the statement or the transaction that they were given for, and for no other', async () => {
    const read = `select current_setting('work_mem') as memory, current_setting('application_name') as name`;
    const settings = { work_mem: '7MB', application_name: `it's "odd"` };
    const [usual] = await database.query(read);
    const wanted = [{ memory: '7MB', name: `it's "odd"` }];
    assert.deepEqual(await database.query(read, [], { settings }), wanted);
    await assert.rejects(database.query('select 1 / 0', [], { settings }), DatabaseError);
    assert.deepEqual(await database.transaction((transaction) => transaction.query(read), { settings }), wanted);
    await assert.rejects(
      database.transaction(() => Promise.reject(new Error('no')), { settings }),
      /no/,
    );
    for (let i = 0; i < 12; i++) assert.deepEqual(await database.query(read), [usual]);
    await assert.rejects(
      database.query(read, [], { settings: { 'a; drop table items': '' } }),
      /cannot name a setting/,
    );
    assert.deepEqual(await database.query(read), [usual]);
  });

  test('closing lets what was asked before end, and nothing new begin', async () => {
    const closing = await open();
    await closing.query('create table kept (id integer)');
    const asked = Array.from({ length: 20 }, () =>
      closing.query('insert into kept select 1 from pg_sleep(0.02) returning id'),
    );
    const closed = closing.close();
    await assert.rejects(closing.query('select 1'), { code: 'UNAVAILABLE' });
    for (const rows of await Promise.all(asked)) assert.deepEqual(rows, [{ id: 1 }]);
    await closed;
    await closing.close();
  });
}

function wholeRow(id: number): Uint8Array {
  return new CopyWriter().row(2).int4(id).bytea(Uint8Array.of(1)).finish();
}

function fail(error: Error): never {
  throw error;
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}

/** Tries again until it does not throw, for ten seconds. */
async function eventually(attempt: () => unknown): Promise<void> {
  for (const start = performance.now(); ; ) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (performance.now() - start > 10_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
