import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Database } from '../../../server/database/database.ts';
import { createDataset, findDataset, publishDataset } from '../../../server/datasets/datasets.ts';
import { appendItems, findItemIdsByKeys } from '../../../server/datasets/items.ts';
import { removeDataset } from '../../../server/datasets/removeDataset.ts';
import {
  appendVectors,
  createEmbedding,
  findEmbedding,
  listEmbeddings,
  partitionEmbedding,
  requireEmbedding,
} from '../../../server/embeddings/embeddings.ts';
import { UserError } from '../../../server/errors.ts';
import { onEveryDatabase } from '../../helpers/database.ts';

const jobId = '00000000-0000-4000-8000-000000000001';

async function makeDataset(database: Database, slug: string, count: number): Promise<number> {
  return database.transaction(async (transaction) => {
    const id = await createDataset(
      transaction,
      { slug, title: slug, description: null, kind: 'VECTOR', licence: null, source: null },
      jobId,
    );
    const keys = Array.from({ length: count }, (_, i) => `key ${i}`);
    await appendItems(transaction, id, 1, { keys, labels: keys.map(() => null), fields: keys.map(() => '{}') });
    await publishDataset(transaction, id, { fields: [], itemCount: count });
    return id;
  });
}

async function readVectors(database: Database, embeddingId: number): Promise<Map<number, string>> {
  const rows = await database.query<{ id: number; vector: string }>(
    'select item_id as id, vector::text as vector from vectors where embedding_id = $1::int order by item_id',
    [embeddingId],
  );
  return new Map(rows.map(({ id, vector }) => [id, vector]));
}

onEveryDatabase((_engine, open) => {
  test('an embedding that gets a partition of its own keeps its vectors, and its neighbours theirs', async () => {
    const database = await open();
    const datasetId = await makeDataset(database, 'moved', 3);
    const [a, b] = await database.transaction(async (transaction) => {
      const common = { datasetId, model: null, dimension: 2, metric: 'EUCLIDEAN' as const, partitioned: false };
      const a = await createEmbedding(transaction, { ...common, name: 'a' });
      const b = await createEmbedding(transaction, { ...common, name: 'b' });
      await appendVectors(transaction, a, [1, 2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
      await appendVectors(transaction, b, [1, 3], Float32Array.of(7, 8, 9, 10));
      return [a, b];
    });
    const before = await readVectors(database, a.id);
    await database.transaction((transaction) => partitionEmbedding(transaction, a));
    assert.deepEqual(await readVectors(database, a.id), before);
    assert.deepEqual([...(await readVectors(database, b.id)).keys()], [1, 3]);
    const moved = await requireEmbedding(database, datasetId, 'a');
    assert.equal(moved.partitioned, true);
    await appendVectors(database, moved, [4], Float32Array.of(0.5, -1));
    assert.equal((await readVectors(database, a.id)).get(4), '[0.5,-1]');
    await assert.rejects(appendVectors(database, { ...moved, dimension: 3 }, [5], Float32Array.of(1, 2, 3)));
  });

  test('models are named once and shared by embeddings', async () => {
    const database = await open();
    const datasetId = await makeDataset(database, 'shared', 1);
    const common = { datasetId, model: 'minilm', dimension: 3, metric: 'COSINE' as const };
    await createEmbedding(database, { ...common, name: 'small', partitioned: false });
    await createEmbedding(database, { ...common, name: 'large', partitioned: true });
    const embeddings = await listEmbeddings(database, datasetId);
    assert.deepEqual(
      embeddings.map(({ name, model }) => [name, model?.name]),
      [
        ['small', 'minilm'],
        ['large', 'minilm'],
      ],
    );
    await assert.rejects(requireEmbedding(database, datasetId, 'smal'), /no embedding "smal"\. Did you mean "small"\?/);
    await assert.rejects(
      createEmbedding(database, { ...common, dimension: 16_001, name: 'huge', partitioned: false }),
      (error: unknown) => error instanceof UserError && error.code === 'BAD_USER_INPUT',
    );
  });

  test('a data set goes with its items, pictures, vectors and partitions', async () => {
    const database = await open();
    const datasetId = await makeDataset(database, 'gone', 2);
    const stays = await makeDataset(database, 'stays', 2);
    for (const partitioned of [true, false]) {
      const name = String(partitioned);
      const embedding = await createEmbedding(database, {
        ...{ datasetId, name, model: null, dimension: 2, metric: 'COSINE', partitioned },
      });
      await appendVectors(database, embedding, [1, 2], Float32Array.of(1, 2, 3, 4));
    }
    const removed = await removeDataset(database, 'gone');
    assert.equal(removed.id, datasetId);
    assert.equal(await findDataset(database, 'gone'), null);
    const [left] = await database.query(
      `select (select count(*) from vectors) as vectors, (select count(*) from items) as items,
              (select count(*) from embeddings) as embeddings,
              (select count(*) from pg_class where relname ~ '^vectors_[0-9]+$') as partitions`,
    );
    assert.deepEqual(left, { vectors: 0, items: 2, embeddings: 0, partitions: 0 });
    assert.deepEqual(await findItemIdsByKeys(database, stays, ['key 1', 'none', 'key 0']), [2, null, 1]);
    assert.equal(await findEmbedding(database, datasetId, 'true'), null);
  });
});
