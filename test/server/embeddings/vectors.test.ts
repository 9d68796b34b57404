import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Database, Parameter, Queryable } from '../../../server/database/database.ts';
import type { Dataset } from '../../../server/datasets/datasets.ts';
import { appendVectors, touchEmbedding } from '../../../server/embeddings/embeddings.ts';
import {
  countUnembedded,
  listUnembedded,
  readMatrix,
  readVectors,
  vectorText,
} from '../../../server/embeddings/vectors.ts';
import { UserError } from '../../../server/errors.ts';
import { rowOf } from '../../../server/kernels/matrix.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeDataset, makeEmbedding } from '../../helpers/embeddings.ts';
import fc from '../../helpers/laws.ts';

/** At 2000 numbers each, 18 MB: three ranges of 8. */
const ROWS = 2200;

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });

/** The most rows that any step of a plan gave. */
function mostRows(plan: unknown): number {
  if (typeof plan !== 'object' || plan === null) return 0;
  return Math.max(
    ...Object.entries(plan).map(([name, value]) => (name === 'Actual Rows' ? Number(value) : mostRows(value))),
  );
}

onEveryDatabase((_engine, open) => {
  let database: Database;
  let dataset: Dataset;

  before(async () => {
    database = await open();
    dataset = await makeDataset(
      database,
      'read',
      Array.from({ length: ROWS }, (_, i) => ({ key: `${i}` })),
    );
  });

  test('the text of a vector is read as the same numbers, bit for bit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(float32, { minLength: 1, maxLength: 20 }), async (values) => {
        const vector = Float32Array.from(values);
        const [row] = await database.query<{ bytes: Uint8Array }>('select vector_send($1::vector) as bytes', [
          vectorText(vector),
        ]);
        const bytes = Buffer.from(row?.bytes ?? []).subarray(4);
        const read = Float32Array.from(vector, (_, i) => bytes.readFloatBE(4 * i));
        assert.deepEqual(
          read.map((value) => value + 0),
          vector.map((value) => value + 0),
        ); // -0 is written as 0
      }),
      { numRuns: 50 },
    );
  });

  test('all vectors are read in the order of their items, over several ranges, with growing progress', async () => {
    const dimension = 2000;
    const vectors = Float32Array.from({ length: ROWS * dimension }, (_, i) => Math.fround(Math.sin(i)));
    for (const partitioned of [false, true]) {
      const name = `many ${partitioned}`;
      const embedding = await makeEmbedding(database, dataset, name, 'EUCLIDEAN', dimension, vectors, { partitioned });
      const heard: number[] = [];
      const read = await readMatrix(database, embedding, { onProgress: (fraction) => heard.push(fraction) });
      assert.deepEqual(
        read.ids,
        Float64Array.from({ length: ROWS }, (_, i) => i + 1),
      );
      assert.equal(Buffer.compare(Buffer.from(read.matrix.data.buffer), Buffer.from(vectors.buffer)), 0);
      assert.equal(read.version, embedding.version);
      assert.ok(heard.length >= 3 && heard.at(-1) === 1);
      assert.deepEqual(
        heard,
        heard.toSorted((a, b) => a - b),
      );
      const [last, none, first] = await readVectors(database, embedding, [ROWS, ROWS + 1, 1]);
      assert.deepEqual(last, rowOf(read.matrix, ROWS - 1));
      assert.equal(none, null);
      assert.deepEqual(first, rowOf(read.matrix, 0));
    }
  });

  test('which items lack a vector beyond one is found without a look at the vectors before it', async () => {
    const [dimension, after] = [4, ROWS - 100];
    const embedding = await makeEmbedding(database, dataset, 'most', 'EUCLIDEAN', dimension, new Float32Array(0));
    const ids = Array.from({ length: ROWS - 3 }, (_, i) => i + 1).filter((id) => id !== 5 && id !== after + 7);
    await appendVectors(database, embedding, ids, new Float32Array(ids.length * dimension).fill(1));
    // Of so few the planner looks each up; of a million it merges, as here.
    await database.transaction(async (transaction) => {
      await transaction.query('set local enable_nestloop = off');
      await transaction.query('set local enable_hashjoin = off');
      let plan: unknown;
      const watched: Queryable = Object.assign(Object.create(transaction), {
        async query(sql: string, parameters: readonly Parameter[]) {
          const [row] = await transaction.query(`explain (analyze, format json) ${sql}`, parameters);
          plan = row?.['QUERY PLAN'];
          return await transaction.query(sql, parameters);
        },
      });
      const without = [after + 7, ROWS - 2, ROWS - 1, ROWS];
      assert.deepEqual(await listUnembedded(watched, embedding, { after, first: 10 }), without);
      assert.ok(mostRows(plan) <= 100, `a step of the plan gave ${mostRows(plan)} rows: ${JSON.stringify(plan)}`);
      assert.equal(await countUnembedded(watched, embedding, after), without.length);
      assert.ok(mostRows(plan) <= 100);
    });
    assert.deepEqual(await listUnembedded(database, embedding, { after: 0, first: 2 }), [5, after + 7]);
    assert.equal(await countUnembedded(database, embedding, 0), 5);
  });

  test('an embedding without vectors is a matrix without rows', async () => {
    const embedding = await makeEmbedding(database, dataset, 'empty', 'EUCLIDEAN', 3, new Float32Array(0));
    const { ids, matrix } = await readMatrix(database, embedding);
    assert.equal(ids.length, 0);
    assert.deepEqual({ ...matrix }, { rows: 0, columns: 3, data: new Float32Array(0) });
  });

  test('vectors that change while they are read are read again', async () => {
    const vectors = new Float32Array(5 * 2).fill(1);
    const embedding = await makeEmbedding(database, dataset, 'changing', 'EUCLIDEAN', 2, vectors);
    let changes = 0;
    // The vectors change at the first word of progress, after they were counted.
    const changing: Database = Object.assign(Object.create(database), {
      async *copyOut(select: string) {
        if (changes++ === 0) {
          await database.transaction(async (transaction) => {
            await appendVectors(transaction, embedding, [6], Float32Array.of(2, 2));
            await touchEmbedding(transaction, embedding.id);
          });
        }
        yield* database.copyOut(select);
      },
      query: database.query.bind(database),
    });
    const { ids, version } = await readMatrix(changing, embedding);
    assert.deepEqual([...ids], [1, 2, 3, 4, 5, 6]);
    assert.equal(version, embedding.version + 1);
  });

  test('a read ends when it is cancelled, or when the embedding is gone', async () => {
    const embedding = await makeEmbedding(database, dataset, 'cancelled', 'EUCLIDEAN', 2, new Float32Array(4).fill(1));
    const cancelled = new UserError('CANCELLED', 'enough');
    await assert.rejects(readMatrix(database, embedding, { signal: AbortSignal.abort(cancelled) }), cancelled);
    await assert.rejects(readMatrix(database, { id: 2 ** 31 - 1, dimension: 2 }), { code: 'NOT_FOUND' });
  });
});
