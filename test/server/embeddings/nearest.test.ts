import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Database } from '../../../server/database/database.ts';
import type { Dataset } from '../../../server/datasets/datasets.ts';
import { compileFilter, type FilterInput } from '../../../server/datasets/filters.ts';
import { type Embedding, type Metric, metrics } from '../../../server/embeddings/embeddings.ts';
import { nearestItems } from '../../../server/embeddings/nearest.ts';
import { createRandom } from '../../../server/kernels/random.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeDataset, makeEmbedding } from '../../helpers/embeddings.ts';
import fc from '../../helpers/laws.ts';

const DIMENSION = 3;
const COUNT = 400;

const random = createRandom(7);
/** Whole numbers from -2 to 2, so that many vectors are equal or equally far, and float32 sums are exact. None is zero. */
const rows = Array.from({ length: COUNT }, () => {
  const row = Array.from({ length: DIMENSION }, () => random.below(5) - 2);
  return row.every((value) => value === 0) ? [1, 0, 0] : row;
});
const items = rows.map((_, i) => ({ key: `${i}`, fields: i % 11 === 0 ? {} : { group: i % 7, rare: `${i % 100}` } }));

/** As pgvector computes it. */
function distanceOf(a: readonly number[], b: readonly number[], metric: Metric): number {
  const sum = (of: (i: number) => number) => a.reduce((total, _, i) => total + of(i), 0);
  const dot = sum((i) => (a[i] ?? 0) * (b[i] ?? 0));
  if (metric === 'INNER_PRODUCT') return 0 - dot;
  if (metric === 'EUCLIDEAN') return Math.sqrt(sum((i) => ((a[i] ?? 0) - (b[i] ?? 0)) ** 2));
  const lengths = Math.sqrt(sum((i) => (a[i] ?? 0) ** 2) * sum((i) => (b[i] ?? 0) ** 2));
  return 1 - Math.max(-1, Math.min(1, dot / lengths));
}

const similarityOf: Record<Metric, (distance: number) => number> = {
  COSINE: (distance) => 1 - distance,
  EUCLIDEAN: (distance) => 1 / (1 + distance),
  INNER_PRODUCT: (distance) => 0 - distance,
};

const target = fc
  .array(fc.integer({ min: -2, max: 2 }), { minLength: DIMENSION, maxLength: DIMENSION })
  .filter((values) => values.some((value) => value !== 0));
const groups = fc.uniqueArray(fc.nat({ max: 7 }), { maxLength: 4 });

onEveryDatabase((_engine, open) => {
  let database: Database;
  let dataset: Dataset;
  const embeddings: Embedding[] = [];

  before(async () => {
    database = await open();
    dataset = await makeDataset(database, 'near', items, [
      { name: 'group', type: 'NUMBER' },
      { name: 'rare', type: 'CATEGORY' },
    ]);
    for (const metric of metrics) {
      for (const partitioned of [false, true]) {
        const vectors = Float32Array.from(rows.flat());
        const name = `${metric} ${partitioned}`;
        embeddings.push(await makeEmbedding(database, dataset, name, metric, DIMENSION, vectors, { partitioned }));
      }
    }
  });

  const condition = (filter: FilterInput) => compileFilter(filter, dataset, 1);

  test('an exact search finds what comparing every vector finds, in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...embeddings),
        target,
        fc.integer({ min: 1, max: 1000 }),
        fc.uniqueArray(fc.integer({ min: 0, max: COUNT + 5 }), { maxLength: 10 }),
        fc.option(groups),
        fc.constantFrom('AUTO' as const, 'EXACT' as const),
        fc.constantFrom(undefined, ...metrics),
        async (embedding, values, first, exclude, groups, method, asked) => {
          const metric = asked ?? embedding.metric;
          const { hits, search } = await nearestItems(database, embedding, {
            vector: Float32Array.from(values),
            first,
            exclude,
            condition: groups === null ? undefined : condition({ field: 'group', in: groups }),
            method,
            metric: asked,
          });
          const wanted = rows
            .map((row, i) => ({ itemId: i + 1, distance: distanceOf(row, values, metric) }))
            .filter(({ itemId }) => !exclude.includes(itemId))
            .filter(
              ({ itemId }) => groups === null || groups.some((group) => items[itemId - 1]?.fields.group === group),
            )
            .sort((a, b) => a.distance - b.distance || a.itemId - b.itemId)
            .slice(0, first);
          assert.deepEqual(
            hits,
            wanted.map((hit) => ({ ...hit, similarity: similarityOf[metric](hit.distance) })),
          );
          const { milliseconds, ...rest } = search;
          assert.deepEqual(rest, {
            ...{ method: 'EXACT', exact: true, metric, complete: true, device: 'CPU', resident: false },
          });
          assert.ok(milliseconds > 0);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('a search that cannot be is told what is wrong', async () => {
    const [embedding] = embeddings;
    assert.ok(embedding);
    const vector = Float32Array.of(1, 2, 3);
    for (const [query, message] of [
      [{ first: 0 }, /`first` is 0; it can be a whole number from 1 to 1000/],
      [{ first: -1 }, /`first` is -1/],
      [{ first: 1e9 }, /`first` is 1000000000/],
      [{ first: 1.5 }, /`first` is 1.5/],
      [{ first: 1, efSearch: 0 }, /`efSearch` is 0; it can be a whole number from 1 to 1000/],
      [{ first: 1, efSearch: 1001 }, /`efSearch` is 1001/],
      [{ first: 1, method: 'INDEX' }, /The embedding has no index\. Build one by the mutation `indexEmbedding`/],
      [{ first: 1, condition: condition({ field: 'key', matches: '(' }) }, /`matches` cannot be read/],
    ] as const) {
      await assert.rejects(nearestItems(database, embedding, { vector, ...query }), {
        name: 'UserError',
        code: 'BAD_USER_INPUT',
        message,
      });
    }
  });

  test('distances that float32 cannot hold are refused, not answered as infinite', async () => {
    for (const embedding of embeddings.filter(({ metric }) => metric !== 'COSINE')) {
      const vector = Float32Array.of(3e38, -3e38, 3e38);
      await assert.rejects(nearestItems(database, embedding, { vector, first: 3 }), {
        code: 'BAD_USER_INPUT',
        message: /exceed what float32 holds/,
      });
    }
  });

  test('a search can be stopped', async () => {
    const [embedding] = embeddings;
    assert.ok(embedding);
    const query = { vector: Float32Array.of(1, 2, 3), first: 3, signal: AbortSignal.abort() };
    await assert.rejects(nearestItems(database, embedding, query), { code: 'CANCELLED' });
  });
});
