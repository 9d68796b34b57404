/** Data sets with vectors, made directly: what an import leaves behind. */
import type { Database } from '../../server/database/database.ts';
import {
  createDataset,
  type Dataset,
  type Field,
  publishDataset,
  requireDataset,
} from '../../server/datasets/datasets.ts';
import { appendItems } from '../../server/datasets/items.ts';
import {
  appendVectors,
  countEmbedding,
  createEmbedding,
  type Embedding,
  type Metric,
  requireEmbedding,
} from '../../server/embeddings/embeddings.ts';

export interface GivenItem {
  readonly key: string;
  readonly label?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** A data set of these items, with ids from 1. */
export async function makeDataset(
  database: Database,
  slug: string,
  items: readonly GivenItem[],
  fields: readonly Field[] = [],
): Promise<Dataset> {
  await database.transaction(async (transaction) => {
    const id = await createDataset(
      transaction,
      { slug, title: slug, description: null, kind: 'VECTOR', licence: null, source: null },
      '00000000-0000-4000-8000-000000000001',
    );
    await appendItems(transaction, id, 1, {
      keys: items.map(({ key }) => key),
      labels: items.map(({ label }) => label ?? null),
      fields: items.map((item) => JSON.stringify(item.fields ?? {})),
    });
    await publishDataset(transaction, id, { fields, itemCount: items.length });
  });
  return requireDataset(database, slug);
}

/** An embedding whose row i is the vector of item i + 1. */
export async function makeEmbedding(
  database: Database,
  dataset: Pick<Dataset, 'id'>,
  name: string,
  metric: Metric,
  dimension: number,
  vectors: Float32Array,
  { partitioned = false }: { readonly partitioned?: boolean } = {},
): Promise<Embedding> {
  await database.transaction(async (transaction) => {
    const embedding = { datasetId: dataset.id, name, model: null, dimension, metric, partitioned };
    const { id } = await createEmbedding(transaction, embedding);
    const ids = Array.from({ length: vectors.length / dimension }, (_, i) => i + 1);
    await appendVectors(transaction, { id, dimension, partitioned }, ids, vectors);
    await countEmbedding(transaction, id, ids.length);
  });
  return requireEmbedding(database, dataset.id, name);
}
