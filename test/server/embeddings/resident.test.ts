import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { Database } from '../../../server/database/database.ts';
import type { Dataset } from '../../../server/datasets/datasets.ts';
import { compileFilter } from '../../../server/datasets/filters.ts';
import { appendItems } from '../../../server/datasets/items.ts';
import {
  appendVectors,
  type Embedding,
  metrics,
  requireEmbedding,
  touchEmbedding,
} from '../../../server/embeddings/embeddings.ts';
import { nearestItems } from '../../../server/embeddings/nearest.ts';
import { Resident } from '../../../server/embeddings/resident.ts';
import { createRandom } from '../../../server/kernels/random.ts';
import { spherize } from '../../../server/kernels/spherize.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeDataset, makeEmbedding } from '../../helpers/embeddings.ts';
import fc from '../../helpers/laws.ts';

const DIMENSION = 5;
const COUNT = 500;
const random = createRandom(11);
const whole = Float32Array.from({ length: COUNT * DIMENSION }, () => random.below(5) - 2);
for (let i = 0; i < COUNT; i++) {
  const row = whole.subarray(i * DIMENSION, (i + 1) * DIMENSION);
  if (row.every((value) => value === 0)) row[0] = 1;
}
const broken = Float32Array.from({ length: COUNT * DIMENSION }, () => random.normal());
const items = Array.from({ length: COUNT }, (_, i) => ({ key: `${i}`, fields: { group: i % 7 } }));

onEveryDatabase((engine, open) => {
  let database: Database;
  let dataset: Dataset;
  let resident: Resident;
  const embeddings: Embedding[] = [];

  before(async () => {
    database = await open();
    // In the embedded database the vectors are read through this thread; in Postgres by a connection of their own.
    const [{ url = '' } = {}] =
      engine === 'pglite' ? [] : await database.query<{ url: string }>('select current_database() as url');
    const databaseUrl =
      engine === 'pglite'
        ? null
        : Object.assign(new URL(process.env['TEST_DATABASE_URL'] ?? ''), { pathname: `/${url}` }).href;
    resident = new Resident(database, { databaseUrl, bytes: 2 ** 24 });
    dataset = await makeDataset(database, 'near', items, [{ name: 'group', type: 'NUMBER' }]);
    for (const metric of metrics) {
      for (const [name, vectors] of [
        ['whole', whole],
        ['broken', broken],
      ] as const) {
        embeddings.push(await makeEmbedding(database, dataset, `${metric} ${name}`, metric, DIMENSION, vectors));
      }
    }
  });
  after(() => resident.close());

  const queries = fc.record({
    values: fc
      .array(fc.integer({ min: -2, max: 2 }), { minLength: DIMENSION, maxLength: DIMENSION })
      .filter((values) => values.some((value) => value !== 0)),
    first: fc.integer({ min: 1, max: 60 }),
    exclude: fc.uniqueArray(fc.integer({ min: 0, max: COUNT + 5 }), { maxLength: 5 }),
    groups: fc.option(fc.uniqueArray(fc.nat(8), { maxLength: 4 })),
  });

  test('from memory come the answers of the database: filters, exclusions, ties and distances', async () => {
    for (const embedding of embeddings) assert.ok(await resident.settle(embedding));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...embeddings),
        queries,
        fc.constantFrom(undefined, ...metrics),
        async (embedding, { values, first, exclude, groups }, metric) => {
          const query = {
            vector: Float32Array.from(values),
            first,
            exclude,
            metric,
            method: 'EXACT' as const,
            ...(groups === null ? {} : { condition: compileFilter({ field: 'group', in: groups }, dataset, 1) }),
          };
          const given = await nearestItems(database, embedding, { ...query, resident });
          const wanted = await nearestItems(database, embedding, query);
          assert.deepEqual([given.search.resident, given.search.exact, given.search.complete], [true, true, true]);
          assert.equal(wanted.search.resident, false);
          // To the last bit, also where sums in float32, as the database adds them, differ in the last digits.
          assert.deepEqual(given.hits, wanted.hits);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('from memory come the answers of the database on the sphere around a mean, which other questions do not change', async () => {
    for (const embedding of embeddings) assert.ok(await resident.settle(embedding));
    // Means at a row, where a row has no direction, and beside it.
    const means = [Float32Array.of(0, 0, 0, 0, 0), whole.slice(0, DIMENSION), broken.slice(DIMENSION, 2 * DIMENSION)];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...embeddings),
        queries,
        fc.constantFrom(...means),
        async (embedding, { values, first, exclude, groups }, around) => {
          const data = Float32Array.from(values);
          const query = {
            vector: spherize({ rows: 1, columns: DIMENSION, data }, around).data,
            around,
            first,
            exclude,
            ...(groups === null ? {} : { condition: compileFilter({ field: 'group', in: groups }, dataset, 1) }),
          };
          const given = await nearestItems(database, embedding, { ...query, resident });
          const wanted = await nearestItems(database, embedding, query);
          assert.deepEqual([given.search.resident, given.search.exact, given.search.metric], [true, true, 'EUCLIDEAN']);
          assert.equal(wanted.search.resident, false);
          assert.deepEqual(given.hits, wanted.hits);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('after a write the answer is that of the new vectors, from the database first and then from memory', async () => {
    const old = await makeEmbedding(database, dataset, 'written', 'EUCLIDEAN', DIMENSION, whole);
    assert.ok(await resident.settle(old));
    const far = Float32Array.from({ length: DIMENSION }, () => 9);
    await database.transaction(async (transaction) => {
      await appendItems(transaction, dataset.id, COUNT + 1, { keys: ['new'], labels: [null], fields: ['{}'] });
      await appendVectors(transaction, old, [COUNT + 1], far);
      await touchEmbedding(transaction, old.id);
    });
    const fresh = await requireEmbedding(database, dataset.id, 'written');
    const query = { vector: far, first: 1, resident };
    const first = await nearestItems(database, fresh, query);
    assert.deepEqual([first.hits[0]?.itemId, first.search.resident], [COUNT + 1, false]);
    assert.ok(await resident.settle(fresh));
    const second = await nearestItems(database, fresh, query);
    assert.deepEqual([second.hits, second.search.resident], [first.hits, true]);
  });

  test('what was asked for longest ago gives way, and what does not fit at all stays in the database', async () => {
    if (engine !== 'pglite') return; // the same on both
    const databaseUrl = null;
    const [a, b, c] = embeddings;
    assert.ok(a && b && c);
    const bytes = COUNT * 8 * 4;
    const small = new Resident(database, { databaseUrl, bytes: 2 * bytes });
    for (const embedding of [a, b]) assert.ok(await small.settle(embedding));
    assert.ok(small.holds(a));
    assert.ok(await small.settle(c));
    assert.ok(small.holds(a) && small.holds(c));
    assert.equal(small.holds(b), false, 'it was asked for before the others');
    await small.close();
    const none = new Resident(database, { databaseUrl, bytes: bytes - 1 });
    assert.equal(await none.settle(a), false);
    await none.close();
  });

  test('vectors or questions beyond float32 are left to the database', async () => {
    const long = Float32Array.from({ length: 2 * DIMENSION }, (_, i) => (i === 0 ? 1e16 : 1));
    const pair = await makeDataset(database, 'long', items.slice(0, 2));
    const embedding = await makeEmbedding(database, pair, 'long', 'EUCLIDEAN', DIMENSION, long);
    assert.equal(await resident.settle(embedding), false);
    const [first] = embeddings;
    assert.ok(first);
    const { search } = await nearestItems(database, first, {
      vector: Float32Array.of(1e16, 0, 0, 0, 0),
      first: 1,
      resident,
    });
    assert.equal(search.resident, false);
  });
});
