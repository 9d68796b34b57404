import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../../server/database/database.ts';
import type { Dataset } from '../../../server/datasets/datasets.ts';
import { compileFilter, type FilterInput } from '../../../server/datasets/filters.ts';
import { type Embedding, metrics, requireEmbedding, touchEmbedding } from '../../../server/embeddings/embeddings.ts';
import {
  checkIndexInput,
  type IndexInput,
  indexBytes,
  indexEmbedding,
  indexWanted,
} from '../../../server/embeddings/indexEmbedding.ts';
import { type NearestQuery, nearestItems, nearestToItem } from '../../../server/embeddings/nearest.ts';
import { readVectors } from '../../../server/embeddings/vectors.ts';
import { addJob, cancelJob, type Job, requireJob } from '../../../server/jobs/jobs.ts';
import { workHere } from '../../../server/jobs/work.ts';
import { createRandom } from '../../../server/kernels/random.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeDataset, makeEmbedding } from '../../helpers/embeddings.ts';
import fc from '../../helpers/laws.ts';

/** Points around centres, as embeddings lie: (rows, dimension), row-major. */
function clustered(rows: number, dimension: number, seed: number): Float32Array {
  const CLUSTERS = 50;
  const random = createRandom(seed);
  const centres = Float32Array.from({ length: CLUSTERS * dimension }, () => random.normal());
  return Float32Array.from({ length: rows * dimension }, (_, i) => {
    const cluster = Math.floor(i / dimension) % CLUSTERS;
    return (centres[cluster * dimension + (i % dimension)] ?? 0) + 0.7 * random.normal();
  });
}

/** Beyond 20,000, so that a filtered search may take the index; small otherwise. */
const MANY = 21_000;
const MANY_DIMENSION = 8;
const FEW = 5000;
const FEW_DIMENSION = 64;

onEveryDatabase((engine, open) => {
  let database: Database;
  let many: Dataset;
  let few: Dataset;

  before(async () => {
    database = await open();
    many = await makeDataset(
      database,
      'many',
      Array.from({ length: MANY }, (_, i) => ({ key: `${i}`, fields: { third: i % 3, rare: i % 3000, place: i } })),
      [
        { name: 'third', type: 'NUMBER' },
        { name: 'rare', type: 'NUMBER' },
        { name: 'place', type: 'NUMBER' },
      ],
    );
    few = await makeDataset(
      database,
      'few',
      Array.from({ length: FEW }, (_, i) => ({ key: `${i}` })),
    );
  });

  const log = { info: () => {}, warn: () => {}, error: () => {} };

  /** The job, as a worker does it, to its end. */
  const build = async (input: IndexInput): Promise<Job> => {
    const job = await addJob(database, { kind: 'INDEX_EMBEDDING', input });
    return work(job.id);
  };
  const work = (jobId: string, onEnd = () => {}): Promise<Job> =>
    workHere(database, jobId, {
      worker: 'test',
      dataDir: '/data',
      log,
      stop: new AbortController().signal,
      tasks: { INDEX_EMBEDDING: (context, input) => indexEmbedding(context, input as IndexInput).finally(onEnd) },
    });

  const succeed = async (input: IndexInput): Promise<Job> => {
    const job = await build(input);
    assert.equal(job.state, 'SUCCEEDED', JSON.stringify(job.error));
    assert.deepEqual(job.result, { embedding: input.embeddingId });
    return job;
  };

  const hnswIndexes = async ({ id }: Embedding): Promise<{ name: string; definition: string; valid: boolean }[]> =>
    database.query<{ name: string; definition: string; valid: boolean }>(
      `select relname as name, pg_get_indexdef(indexrelid) as definition, indisvalid as valid
         from pg_index join pg_class on pg_class.oid = indexrelid join pg_am on pg_am.oid = relam
        where indrelid = to_regclass($1::text) and amname = 'hnsw'`,
      [`vectors_${id}`],
    );

  const again = ({ datasetId, name }: Embedding): Promise<Embedding> => requireEmbedding(database, datasetId, name);

  /** Share of the true neighbours that the index finds, over some items. Also: its distances are the true ones. */
  const recallOf = async (embedding: Embedding, efSearch: number): Promise<number> => {
    let found = 0;
    const sample = Array.from({ length: 20 }, (_, i) => 1 + i * Math.floor(embedding.itemCount / 20));
    for (const id of sample) {
      const [vector] = await readVectors(database, embedding, [id]);
      assert.ok(vector);
      const query = { vector, first: 10, exclude: [id], efSearch };
      const byIndex = await nearestItems(database, embedding, { ...query, method: 'INDEX' });
      const exactly = await nearestItems(database, embedding, { ...query, method: 'EXACT' });
      assert.equal(byIndex.search.method, 'INDEX');
      assert.equal(byIndex.search.exact, false);
      assert.equal(byIndex.search.complete, true);
      assert.equal(byIndex.hits.length, 10);
      assert.ok(byIndex.hits.every(({ itemId }) => itemId !== id));
      const truth = new Map(exactly.hits.map(({ itemId, distance }) => [itemId, distance]));
      for (const { itemId, distance } of byIndex.hits) {
        const exact = truth.get(itemId);
        if (exact !== undefined) found++;
        // The index tells it in float32.
        if (exact !== undefined) assert.ok(Math.abs(distance - exact) <= 1e-5 * Math.max(1, Math.abs(exact)));
      }
    }
    return found / (10 * sample.length);
  };

  test('the index finds what comparing every vector finds, at each precision, and tells how often', async () => {
    const vectors = clustered(FEW, FEW_DIMENSION, 1);
    const made = await makeEmbedding(database, few, 'cosine', 'COSINE', FEW_DIMENSION, vectors);
    assert.equal(await indexBytes(database, made), 0);
    const bytes: number[] = [];
    for (const [precision, floor] of [
      ['FULL', 0.95],
      ['HALF', 0.95],
      ['BINARY', 0.8],
    ] as const) {
      const job = await succeed({ embeddingId: made.id, precision });
      const embedding = await again(made);
      assert.equal(embedding.partitioned, true);
      assert.ok(embedding.index);
      const { recall, ...index } = embedding.index;
      assert.deepEqual(index, { precision, links: 16, efConstruction: 64 });
      assert.ok(recall);
      assert.equal(recall.sample, 50);
      assert.equal(recall.neighbors, 10);
      assert.equal(recall.efSearch, 100);
      assert.ok(recall.millisecondsIndex > 0 && recall.millisecondsExact > 0);
      assert.ok(recall.recall >= floor && recall.recall <= 1, `${precision}: ${recall.recall}`);
      assert.equal(job.warnings.length, recall.recall < 0.9 ? 1 : 0);
      const [only, ...others] = await hnswIndexes(embedding);
      assert.deepEqual(others, []);
      assert.equal(only?.valid, true);
      assert.equal(only?.name, `vectors_${made.id}_hnsw`);
      const measured = await recallOf(embedding, 100);
      assert.ok(measured >= floor, `${precision}: ${measured}`);
      if (precision === 'FULL') assert.ok((await recallOf(embedding, 400)) >= 0.99);
      bytes.push(await indexBytes(database, embedding));
    }
    const [full = 0, half = 0, binary = 0] = bytes;
    assert.ok(full > half && half > binary && binary > 0, `${bytes}`);
  });

  test('so it does for the other metrics', async () => {
    for (const metric of ['EUCLIDEAN', 'INNER_PRODUCT'] as const) {
      const vectors = clustered(2000, 16, 2);
      const made = await makeEmbedding(database, few, metric, metric, 16, vectors, { partitioned: true });
      await succeed({ embeddingId: made.id, links: 24, efConstruction: 100 });
      const embedding = await again(made);
      assert.ok((embedding.index?.recall?.recall ?? 0) >= 0.95);
      const found = await recallOf(embedding, 200);
      assert.ok(found >= 0.95, `${metric}: ${found}`);
    }
  });

  test('an item asked for by its key has the neighbours of its vector', async () => {
    for (const metric of metrics) {
      const vectors = clustered(2500, 16, 5);
      const made = await makeEmbedding(database, few, `by key ${metric}`, metric, 16, vectors, { partitioned: true });
      const full = { embeddingId: made.id, precision: 'FULL' } as const;
      await succeed(full);
      const embedding = await again(made);
      for (const id of [1, 777, 2500]) {
        const [vector] = await readVectors(database, embedding, [id]);
        assert.ok(vector);
        const query = { first: 10, efSearch: 100, method: 'INDEX', withItems: true } as const;
        const byVector = await nearestItems(database, embedding, { ...query, vector, exclude: [id] });
        const byKey = await nearestToItem(database, embedding, `${id - 1}`, query);
        assert.deepEqual(byKey?.hits, byVector.hits);
        assert.deepEqual({ ...byKey.search, milliseconds: 0 }, { ...byVector.search, milliseconds: 0 });
      }
      const first = { first: 10, method: 'INDEX' } as const;
      const none = null;
      const other = metric === 'COSINE' ? 'EUCLIDEAN' : 'COSINE';
      assert.equal(await nearestToItem(database, embedding, '0', { ...first, metric: other }), none);
      const [vector] = await readVectors(database, embedding, [1]);
      assert.ok(vector);
      await assert.rejects(nearestItems(database, embedding, { ...first, vector, metric: other }), {
        code: 'BAD_USER_INPUT',
        message: `The index has the order of ${metric} and cannot search by ${other}. Search by AUTO or EXACT.`,
      });
      const { search, hits } = await nearestItems(database, embedding, { vector, first: 10, metric: other });
      assert.deepEqual([search.method, search.metric, search.exact, search.complete], ['EXACT', other, true, true]);
      const ofOther = { ...embedding, metric: other, index: null } as const;
      assert.deepEqual(hits, (await nearestItems(database, ofOther, { vector, first: 10 })).hits);
      assert.equal(await nearestToItem(database, embedding, 'nobody', first), none);
      assert.equal(await nearestToItem(database, embedding, '2600', first), none, 'an item without a vector');
      assert.equal(await nearestToItem(database, embedding, 'no\u0000key', first), none);
      assert.equal(await nearestToItem(database, embedding, '0', { first: 10, method: 'EXACT' }), none);
      assert.equal(await nearestToItem(database, embedding, '0', { first: 10 }), none, 'so few are compared in memory');
      await assert.rejects(nearestToItem(database, embedding, '0', { first: 0, method: 'INDEX' }), {
        code: 'BAD_USER_INPUT',
      });
      const everything = await nearestToItem(database, embedding, '0', { first: 1000, method: 'INDEX' });
      assert.equal(everything?.hits.length, 1000);
    }
  });

  test('a filtered search finds as many as there are, or says that there may be more', async () => {
    const vectors = clustered(MANY, MANY_DIMENSION, 3);
    const made = await makeEmbedding(database, many, 'filtered', 'COSINE', MANY_DIMENSION, vectors, {
      partitioned: true,
    });
    await succeed({ embeddingId: made.id, links: 8, efConstruction: 32 });
    const embedding = await again(made);
    const search = (filter: FilterInput | null, query: Omit<NearestQuery, 'vector'>) =>
      nearestItems(database, embedding, {
        ...query,
        vector: vectors.subarray(0, MANY_DIMENSION),
        condition: filter === null ? undefined : compileFilter(filter, many, 1),
      });

    const auto = await search(null, { first: 10 });
    assert.equal(auto.search.method, 'INDEX');
    // So many leave nothing out that the index is taken, and so few that every one is looked at.
    const most = await search({ field: 'place', gte: 20 }, { first: 10, exclude: [40] });
    assert.equal(most.search.method, 'INDEX');
    assert.ok(most.hits.every(({ itemId }) => itemId > 20 && itemId !== 40));
    const third = await search({ field: 'third', eq: 1 }, { first: 10 });
    assert.equal(third.search.method, 'EXACT');
    // Few are asked of many: the index. Many of many: all are looked at.
    assert.equal((await search(null, { first: 1000, efSearch: 1000 })).search.method, 'INDEX');
    assert.equal((await search(null, { first: 10, method: 'EXACT' })).search.exact, true);

    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: MANY }),
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom('AUTO' as const, 'INDEX' as const),
        fc.constantFrom('place', 'rare', 'third'),
        async (least, first, method, field) => {
          const filter: FilterInput = {
            field,
            gte: field === 'place' ? least : field === 'rare' ? least % 3000 : least % 3,
          };
          const matching = await database.query<{ id: number }>(
            `select id from items where dataset_id = ${many.id} and (fields ->> '${field}')::int >= ${filter.gte}`,
          );
          const { hits, search: info } = await search(filter, { first, method });
          const matches = new Set(matching.map(({ id }) => id));
          assert.ok(hits.every(({ itemId }) => matches.has(itemId)));
          assert.equal(new Set(hits.map(({ itemId }) => itemId)).size, hits.length);
          assert.deepEqual(
            hits,
            hits.toSorted((a, b) => a.distance - b.distance || a.itemId - b.itemId),
          );
          const all = hits.length === Math.min(first, matches.size);
          if (method === 'AUTO') assert.ok(all && info.complete);
          if (!all) assert.equal(info.complete, false);
        },
      ),
      { numRuns: 25 },
    );

    // What no walk of bearable length finds.
    const needle = await search({ field: 'place', in: [20_999, 20_998] }, { first: 10, method: 'INDEX' });
    assert.ok(needle.hits.length < 10);
    assert.equal(needle.search.complete, false);
    const looked = await search({ field: 'place', in: [20_999, 20_998] }, { first: 10 });
    assert.deepEqual(looked.hits.map(({ itemId }) => itemId).sort(), [20_999, 21_000]);
    assert.equal(looked.search.complete, true);
  });

  test('what asks for more than there is gets all, and that is complete', async () => {
    const vectors = clustered(50, 4, 4);
    const made = await makeEmbedding(database, few, 'fifty', 'EUCLIDEAN', 4, vectors);
    await succeed({ embeddingId: made.id });
    const embedding = await again(made);
    const vector = vectors.subarray(0, 4);
    for (const method of ['AUTO', 'INDEX', 'EXACT'] as const) {
      const { hits, search } = await nearestItems(database, embedding, { vector, first: 1000, exclude: [1], method });
      assert.equal(hits.length, 49);
      assert.equal(search.complete, true);
    }
    assert.equal(embedding.index?.recall?.sample, 50);
  });

  test('equal vectors are answered in the order of import, by the index too', async () => {
    const vectors = new Float32Array(40 * 2).fill(1);
    const made = await makeEmbedding(database, few, 'equal', 'COSINE', 2, vectors, { partitioned: true });
    await succeed({ embeddingId: made.id });
    const embedding = await again(made);
    assert.equal(embedding.index?.recall?.recall, 1);
    const query = { vector: Float32Array.of(2, 2), first: 40 };
    for (const method of ['INDEX', 'EXACT'] as const) {
      const { hits } = await nearestItems(database, embedding, { ...query, method });
      assert.deepEqual(
        hits.map(({ itemId }) => itemId),
        Array.from({ length: 40 }, (_, i) => i + 1),
      );
      assert.ok(hits.every(({ distance }) => Math.abs(distance) < 1e-6));
    }
  });

  test('a change of the vectors makes the recall unknown', async () => {
    const embedding = await requireEmbedding(database, few.id, 'equal');
    await database.transaction((transaction) => touchEmbedding(transaction, embedding.id));
    const touched = await again(embedding);
    assert.equal(touched.index?.recall, null);
    assert.equal(touched.index?.precision, 'FULL');
  });

  test('numbers that half precision cannot hold are told, and leave nothing behind', async () => {
    const vectors = clustered(200, 4, 5);
    vectors[42] = 1e5;
    const made = await makeEmbedding(database, few, 'large', 'EUCLIDEAN', 4, vectors);
    const job = await build({ embeddingId: made.id, precision: 'HALF' });
    assert.equal(job.state, 'FAILED');
    assert.match(job.error?.message ?? '', /beyond 65504, the largest that HALF can hold\. Build with precision FULL/);
    assert.equal(job.error?.code, 'BAD_USER_INPUT');
    assert.deepEqual(await hnswIndexes(made), []);
    assert.equal((await again(made)).index, null);
    await succeed({ embeddingId: made.id });

    // With an index of halves, a target that it cannot hold is searched exactly.
    const small = await makeEmbedding(database, few, 'small', 'EUCLIDEAN', 4, clustered(200, 4, 6));
    await succeed({ embeddingId: small.id, precision: 'HALF' });
    const query = { vector: Float32Array.of(1e5, 0, 0, 0), first: 3 };
    const half = await again(small);
    assert.equal((await nearestItems(database, half, query)).search.method, 'EXACT');
    await assert.rejects(nearestItems(database, half, { ...query, method: 'INDEX' }), {
      code: 'BAD_USER_INPUT',
      message: /16 bits/,
    });
  });

  test('zero vectors, which cosine cannot place, are told', async () => {
    const vectors = clustered(100, 4, 7);
    vectors.fill(0, 4, 12);
    const made = await makeEmbedding(database, few, 'zeros', 'COSINE', 4, vectors);
    const job = await succeed({ embeddingId: made.id });
    assert.match(job.warnings.join(), /2 vectors are zero: they have no direction/);
    const { hits } = await nearestItems(database, await again(made), { vector: vectors.subarray(0, 4), first: 100 });
    assert.equal(hits.length, 98);
    assert.ok(hits.every(({ distance }) => Number.isFinite(distance)));
  });

  test('an embedding without vectors, and one that is gone, have no index', async () => {
    const made = await makeEmbedding(database, few, 'none', 'COSINE', 4, new Float32Array(0));
    assert.match((await build({ embeddingId: made.id })).error?.message ?? '', /no vectors yet/);
    assert.equal((await build({ embeddingId: 2 ** 31 - 1 })).error?.code, 'NOT_FOUND');
  });

  test('a build that is cancelled ends within a second and leaves the index that was there', async () => {
    const embedding = await requireEmbedding(database, many.id, 'filtered');
    const before = await hnswIndexes(embedding);
    assert.equal(before.length, 1);
    const { id } = await addJob(database, {
      kind: 'INDEX_EMBEDDING',
      input: { embeddingId: embedding.id, links: 100, efConstruction: 1000 } satisfies IndexInput,
    });
    let taskEnded = Number.NaN;
    const ended = work(id, () => {
      taskEnded = performance.now();
    });
    if (engine === 'postgres') {
      for (;;) {
        const { stage, progress } = await requireJob(database, id);
        if (stage === 'Building the index' && progress !== null && progress > 0) break;
        await sleep(20);
      }
    } else {
      await sleep(1500); // the engine builds, and answers nothing
    }
    const asked = performance.now();
    const cancelled = cancelJob(database, id);
    const job = await ended;
    await cancelled;
    assert.equal(job.state, 'CANCELLED');
    assert.ok(taskEnded - asked < 1000, `${taskEnded - asked} ms`);
    for (let tries = 0; (await hnswIndexes(embedding)).length > 1 && tries < 50; tries++) await sleep(100);
    assert.deepEqual(await hnswIndexes(embedding), before);
    assert.deepEqual(await again(embedding), embedding);
  });

  if (engine === 'postgres') {
    test('what a killed build has left is removed by the next', async () => {
      const vectors = clustered(200, 4, 8);
      vectors[0] = 1e5;
      const made = await makeEmbedding(database, few, 'leftover', 'EUCLIDEAN', 4, vectors, { partitioned: true });
      await assert.rejects(
        database.query(
          `create index concurrently vectors_${made.id}_hnsw_0_1 on vectors_${made.id} using hnsw ((vector::halfvec(4)) halfvec_l2_ops)`,
        ),
      );
      assert.deepEqual(
        (await hnswIndexes(made)).map(({ valid }) => valid),
        [false],
      );
      await succeed({ embeddingId: made.id });
      assert.deepEqual(
        (await hnswIndexes(made)).map(({ name, valid }) => ({ name, valid })),
        [{ name: `vectors_${made.id}_hnsw`, valid: true }],
      );
    });
  }
});

test('an index is wanted where exact searches become slow and building it disturbs nobody', () => {
  assert.equal(indexWanted('postgres', 49_999, 784), false);
  assert.equal(indexWanted('postgres', 50_000, 784), true);
  assert.equal(indexWanted('postgres', 50_000, 4000), true);
  assert.equal(indexWanted('postgres', 50_000, 4001), false);
  assert.equal(indexWanted('pglite', 1_000_000, 784), false);
});

test('what an index is to be made of is checked, and what is not said is filled in', () => {
  const usual = { links: 16, efConstruction: 64 };
  assert.deepEqual(checkIndexInput({}, 2000), { precision: 'FULL', ...usual });
  assert.deepEqual(checkIndexInput({ precision: null, links: null }, 2001), { precision: 'HALF', ...usual });
  assert.deepEqual(checkIndexInput({ precision: 'BINARY', links: 100, efConstruction: 200 }, 16_000), {
    precision: 'BINARY',
    links: 100,
    efConstruction: 200,
  });
  for (const [input, dimension, message] of [
    [
      { precision: 'FULL' },
      2001,
      /FULL takes up to 2000 dimensions; these vectors have 2001\. What fits: HALF, BINARY/,
    ],
    [{ precision: 'HALF' }, 4001, /HALF takes up to 4000 dimensions; these vectors have 4001\. What fits: BINARY/],
    [{}, 4001, /What fits: BINARY/],
    [{ links: 1 }, 3, /`links` is 1; it can be a whole number from 2 to 100/],
    [{ links: 101 }, 3, /`links` is 101/],
    [{ links: 2.5 }, 3, /`links` is 2.5/],
    [{ efConstruction: 3 }, 3, /`efConstruction` is 3; it can be a whole number from 4 to 1000/],
    [{ efConstruction: 1001 }, 3, /`efConstruction` is 1001/],
    [{ links: 33 }, 3, /`efConstruction` is 64; it must be twice `links` at least, 66/],
  ] as const) {
    assert.throws(() => checkIndexInput(input, dimension), { name: 'UserError', code: 'BAD_USER_INPUT', message });
  }
});
