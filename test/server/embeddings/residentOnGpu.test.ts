import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { Database } from '../../../server/database/database.ts';
import { appendItems } from '../../../server/datasets/items.ts';
import {
  appendVectors,
  type Embedding,
  metrics,
  requireEmbedding,
  touchEmbedding,
} from '../../../server/embeddings/embeddings.ts';
import { Resident } from '../../../server/embeddings/resident.ts';
import { createRandom } from '../../../server/kernels/random.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeDataset, makeEmbedding } from '../../helpers/embeddings.ts';
import { gpuForTests } from '../../helpers/gpu.ts';

const gpu = await gpuForTests();
const DIMENSION = 12;
const COUNT = 300;

onEveryDatabase((engine, open) => {
  // The same on both: what differs is how the vectors are read.
  if (gpu.skip !== false || engine !== 'pglite') return;
  const usual = process.env['COMPUTE_DEVICE'];
  const random = createRandom(3);
  const vectors = Float32Array.from({ length: COUNT * DIMENSION }, () => random.normal());
  let database: Database;
  let onCard: Resident;
  let onProcessor: Resident;
  const residentWith = (device: string) => {
    process.env['COMPUTE_DEVICE'] = device; // a thread has the environment of its start
    return new Resident(database, { databaseUrl: null, bytes: 2 ** 24 });
  };

  before(async () => {
    database = await open();
  });
  after(async () => {
    await Promise.all([onCard.close(), onProcessor.close()]);
    if (usual === undefined) delete process.env['COMPUTE_DEVICE'];
    else process.env['COMPUTE_DEVICE'] = usual;
  });

  test("embeddings in the memory of a graphics card give the answers of those in the processor's", async () => {
    const dataset = await makeDataset(
      database,
      'near',
      Array.from({ length: COUNT }, (_, i) => ({ key: `${i}` })),
    );
    const embeddings: Embedding[] = [];
    for (const metric of metrics) {
      embeddings.push(await makeEmbedding(database, dataset, metric, metric, DIMENSION, vectors));
    }
    const [first] = embeddings;
    assert.ok(first);
    onCard = residentWith('gpu');
    assert.ok(await onCard.settle(first));
    onProcessor = residentWith('cpu');
    assert.ok(await onProcessor.settle(first));
    for (const embedding of embeddings) {
      assert.ok((await onCard.settle(embedding)) && (await onProcessor.settle(embedding)));
      for (let query = 0; query < 5; query++) {
        const vector = Float32Array.from({ length: DIMENSION }, () => random.normal());
        const other = metrics[query];
        const wanted = { vector, first: 9, exclude: [query + 1], among: null, ...(other ? { metric: other } : {}) };
        const [card, processor] = [await onCard.search(embedding, wanted), await onProcessor.search(embedding, wanted)];
        assert.deepEqual([card?.device, processor?.device], ['GPU', 'CPU']);
        assert.deepEqual({ ...card, device: null }, { ...processor, device: null });
      }
    }
  });

  test('after a write the card has the new vectors', async () => {
    const [dataset] = await database.query<{ id: number }>('select id from datasets');
    assert.ok(dataset);
    const old = await requireEmbedding(database, dataset.id, 'EUCLIDEAN');
    const far = Float32Array.from({ length: DIMENSION }, () => 9);
    await database.transaction(async (transaction) => {
      await appendItems(transaction, dataset.id, COUNT + 1, { keys: ['new'], labels: [null], fields: ['{}'] });
      await appendVectors(transaction, old, [COUNT + 1], far);
      await touchEmbedding(transaction, old.id);
    });
    const fresh = await requireEmbedding(database, dataset.id, 'EUCLIDEAN');
    const wanted = { vector: far, first: 1, exclude: [], among: null };
    assert.equal(await onCard.search(fresh, wanted), null);
    assert.ok(await onCard.settle(fresh));
    const found = await onCard.search(fresh, wanted);
    assert.deepEqual([found?.device, [...(found?.itemIds ?? [])]], ['GPU', [COUNT + 1]]);
  });
});
