import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import {
  type ClusterEmbeddingInput,
  type ClusteringResult,
  clusterEmbedding,
} from '../../../server/clusterings/clusterEmbedding.ts';
import { findClustering, listClusters, requireClustering } from '../../../server/clusterings/clusterings.ts';
import type { Database } from '../../../server/database/database.ts';
import { removeDataset } from '../../../server/datasets/removeDataset.ts';
import type { Embedding } from '../../../server/embeddings/embeddings.ts';
import { cancelJob } from '../../../server/jobs/jobs.ts';
import type { Task } from '../../../server/jobs/task.ts';
import { removeProjection, replaceProjection } from '../../../server/projections/projections.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeEmbedding } from '../../helpers/maps.ts';
import { runTask, scratchDir } from '../../helpers/runTask.ts';

const dataDir = await scratchDir();

const words = [
  ['the apple', 'the pear', 'the plum'],
  ['the hammer', 'the saw', 'the plane'],
  ['the violin', 'the cello', 'the flute'],
] as const;
const kinds = ['fruit', 'tool', 'music'] as const;

/** Three groups in turn, far apart, with words and a category of their own; every tenth item lies anywhere. */
function groups(n: number, columns: number): Matrix {
  const random = createRandom(4);
  const matrix = createMatrix(n, columns);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < columns; c++) {
      const center = c === i % 3 ? 10 : 0;
      matrix.data[i * columns + c] = i % 10 === 9 ? 20 * random.uniform() - 5 : center + 0.4 * random.normal();
    }
  }
  return matrix;
}

async function makeGroups(database: Database, slug: string, n = 300, columns = 3): Promise<Embedding> {
  const items = Array.from({ length: n }, (_, i) => ({
    key: `item-${i}`,
    label: words[i % 3]?.[Math.floor(i / 3) % 3] ?? '',
    fields: { kind: kinds[i % 3] },
  }));
  const fields = [{ name: 'kind', type: 'CATEGORY' as const }];
  return await makeEmbedding(database, { slug, items, fields, matrix: groups(n, columns) });
}

async function cluster(database: Database, embedding: Embedding, input: object = {}) {
  const { job } = await runTask(
    database,
    'CLUSTER_EMBEDDING',
    clusterEmbedding,
    { embeddingId: embedding.id, projectionId: null, name: 'groups', method: 'HDBSCAN', seed: 42, ...input },
    { dataDir },
  );
  return job;
}

async function clustersOf(database: Database, { datasetId }: Embedding, layer = 0) {
  const clustering = await requireClustering(database, datasetId, 'groups');
  return { clustering, clusters: await listClusters(database, clustering, layer, 1000) };
}

onEveryDatabase((_engine, open) => {
  let database: Database;
  before(async () => {
    database = await open();
  });

  test('HDBSCAN finds the groups, with the words and values that set them apart and their most typical items', async () => {
    const embedding = await makeGroups(database, 'groups');
    const job = await cluster(database, embedding);
    assert.deepEqual([job.state, job.warnings], ['SUCCEEDED', []]);
    const { clustering, clusters } = await clustersOf(database, embedding);
    assert.equal(job.result?.clustering, clustering.id);
    assert.equal(clustering.count, 300);
    assert.equal(clustering.noiseCount > 10 && clustering.noiseCount < 60, true, `${clustering.noiseCount}`);
    assert.equal(clusters.length, 3);
    assert.equal(
      clusters.reduce((sum, { size }) => sum + size, clustering.noiseCount),
      300,
    );
    for (const { traits, terms, representatives, label } of clusters) {
      const kind = traits[0]?.value ?? '';
      const own: readonly string[] = words[kinds.findIndex((one) => kind.startsWith(one))] ?? [];
      assert.equal(kind !== '' && (traits[0]?.share ?? 0) > 0.9, true, JSON.stringify(traits));
      // "the" is everywhere, and so sets nothing apart.
      assert.deepEqual(terms.map(({ term }) => `the ${term}`).sort(), [...own].sort());
      assert.equal(label.split(', ').length, 3);
      assert.equal(representatives.length, 10);
      assert.equal(new Set(representatives.map((id) => (id - 1) % 3)).size, 1);
    }
  });

  test('where some groups have texts and others bare names, what every text is full of names no group', async () => {
    const sentences = (own: string, i: number) => `the ${own} of ${i % 7 === 0 ? 'a' : 'the'} kind that ${own}s have`;
    const items = Array.from({ length: 300 }, (_, i) => {
      const [group, own] = [i % 3, words[i % 3]?.[Math.floor(i / 3) % 3]?.slice(4) ?? ''];
      return { key: `item-${i}`, label: group === 2 ? own : sentences(own, i) };
    });
    const embedding = await makeEmbedding(database, { slug: 'texts', items, matrix: groups(300, 3) });
    await cluster(database, embedding, { method: 'KMEANS', kmeans: { clusters: 3 } });
    const { clusters } = await clustersOf(database, embedding);
    for (const { terms } of clusters) {
      const common = terms.filter(({ term }) => ['the', 'of', 'a', 'kind', 'that', 'have'].includes(term));
      assert.deepEqual([terms.length > 0, common], [true, []]);
    }
  });

  test('groups of bare words, none of which comes twice, are called by their most typical ones', async () => {
    const name = (i: number) => `${kinds[i % 3]}${[...String(i)].map((digit) => 'abcdefghij'[Number(digit)]).join('')}`;
    const items = Array.from({ length: 300 }, (_, i) => ({ key: name(i), label: name(i) }));
    const embedding = await makeEmbedding(database, { slug: 'words', items, matrix: groups(300, 3) });
    for (const method of ['KMEANS', 'HDBSCAN'] as const) {
      const job = await cluster(database, embedding, { method, kmeans: { clusters: 3 } });
      assert.equal(job.state, 'SUCCEEDED');
      const { clustering, clusters } = await clustersOf(database, embedding);
      for (const { label, representatives } of clusters) {
        const typical = representatives.slice(0, 3).map((id) => name(id - 1));
        assert.equal(label, typical.join(', '));
      }
      for (let layer = 1; layer <= clustering.layers.length; layer++) {
        for (const { label } of (await clustersOf(database, embedding, layer)).clusters)
          assert.match(label, /^\D+, \D+$/);
      }
    }
  });

  test('k-means puts every item into one of so many clusters', async () => {
    const embedding = await makeGroups(database, 'means');
    const job = await cluster(database, embedding, { method: 'KMEANS', kmeans: { clusters: 3 } });
    assert.deepEqual([job.state, job.warnings], ['SUCCEEDED', []]);
    const { clustering, clusters } = await clustersOf(database, embedding);
    assert.equal(clustering.noiseCount, 0);
    assert.equal(clustering.seed, 42);
    assert.deepEqual(clustering.layers, []);
    assert.deepEqual(clusters.map(({ traits }) => traits[0]?.value).sort(), [...kinds].sort());
    assert.equal(
      clusters.every(({ size }, i) => size <= (clusters[i - 1]?.size ?? size)),
      true,
    );
  });

  test('made anew, a clustering is the same, with the same id and the next version', async () => {
    const embedding = await makeGroups(database, 'again');
    const read = async () => {
      const { clustering, clusters } = await clustersOf(database, embedding);
      const items = await database.query(
        `select item_id, to_jsonb(clusters) as clusters, probability from cluster_items
          where clustering_id = $1::int order by item_id`,
        [clustering.id],
      );
      return { clustering, clusters, items };
    };
    await cluster(database, embedding);
    const first = await read();
    await cluster(database, embedding);
    const second = await read();
    assert.deepEqual(second.items, first.items);
    assert.deepEqual(second.clusters, first.clusters);
    assert.equal(second.clustering.id, first.clustering.id);
    assert.equal(second.clustering.version, first.clustering.version + 1);
  });

  test('the points of a map can be grouped, and go with the map', async () => {
    const embedding = await makeGroups(database, 'map');
    const projectionId = await database.transaction((transaction) =>
      replaceProjection(transaction, {
        embedding,
        name: 'first-two',
        method: 'PCA',
        components: 2,
        itemIds: Float64Array.from({ length: 300 }, (_, i) => i + 1),
        coordinates: groups(300, 2).data,
      }),
    );
    const job = await cluster(database, embedding, { projectionId });
    assert.equal(job.state, 'SUCCEEDED');
    const { clustering, clusters } = await clustersOf(database, embedding);
    assert.equal(clustering.projectionId, projectionId);
    assert.equal(clusters.length, 3);
    await removeProjection(database, { id: projectionId });
    assert.deepEqual(await leftovers(database, clustering.id), [0, 0, 0]);
  });

  test('a clustering goes with its data set', async () => {
    const embedding = await makeGroups(database, 'gone');
    await cluster(database, embedding);
    const { clustering } = await clustersOf(database, embedding);
    assert.deepEqual((await leftovers(database, clustering.id)).includes(0), false);
    await removeDataset(database, 'gone');
    assert.deepEqual(await leftovers(database, clustering.id), [0, 0, 0]);
  });

  test('a cancelled job ends in the middle of its work, and keeps nothing', async () => {
    const embedding = await makeGroups(database, 'cancelled', 4000, 300);
    const input = { embeddingId: embedding.id, projectionId: null, name: 'groups', method: 'KMEANS', seed: 1 } as const;
    const cancelled: Task<ClusterEmbeddingInput, ClusteringResult> = async (context, given) => {
      const work = clusterEmbedding(context, given);
      work.catch(() => {}); // it is awaited below, perhaps after it has ended
      await new Promise((resolve) => setTimeout(resolve, 30));
      await cancelJob(database, context.jobId);
      return await work;
    };
    const { job } = await runTask(
      database,
      'CLUSTER_EMBEDDING',
      cancelled,
      { ...input, kmeans: { clusters: 1000, iterations: 1000 } },
      { dataDir },
    );
    assert.equal(job.state, 'CANCELLED');
    assert.equal(await findClustering(database, embedding.datasetId, 'groups'), null);
  });

  test('what is asked for in vain is reduced, and said', async () => {
    for (const n of [1, 2, 3]) {
      const embedding = await makeGroups(database, `few-${n}`, n);
      const means = await cluster(database, embedding, { method: 'KMEANS', kmeans: { clusters: 7 } });
      assert.equal(means.state, 'SUCCEEDED');
      const [items, clusters] = n === 1 ? ['is 1 item', 'is 1 cluster'] : [`are ${n} items`, `are ${n} clusters`];
      assert.deepEqual(means.warnings, [`There ${items}, so there ${clusters} instead of 7.`]);
      const dense = await cluster(database, embedding, { hdbscan: { minClusterSize: 10 } });
      assert.equal(dense.state, 'SUCCEEDED');
      assert.match(dense.warnings.join(), /No groups stand out/);
      assert.match(dense.warnings.join(), /at least instead of 10/);
    }
    const none = await makeGroups(database, 'none', 0);
    const job = await cluster(database, none);
    assert.equal(job.state, 'FAILED');
    assert.match(job.error?.message ?? '', /has no vectors: there are no groups/);
  });

  test('another embedding of the data set cannot take the name', async () => {
    const embedding = await makeGroups(database, 'taken');
    await cluster(database, embedding);
    const [other] = await database.query<{ id: number }>(
      `insert into embeddings (dataset_id, name, dimension, metric) values ($1::int, 'other', 3, 'COSINE') returning id`,
      [embedding.datasetId],
    );
    const job = await cluster(database, { ...embedding, id: other?.id ?? 0 });
    assert.equal(job.error?.code, 'CONFLICT');
  });
});

/** Rows of a clustering in each of its tables. */
async function leftovers(database: Database, id: number): Promise<readonly number[]> {
  const counted = await database.query<{ count: number }>(
    `select (select count(*) from clusterings where id = $1::int) as count
     union all select count(*) from clusters where clustering_id = $1::int
     union all select count(*) from cluster_items where clustering_id = $1::int`,
    [id],
  );
  return counted.map(({ count }) => count);
}
