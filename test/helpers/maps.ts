/** Data sets with an embedding, made as an import makes them. */
import type { Matrix } from '#kernels/matrix.ts';
import type { Database } from '../../server/database/database.ts';
import { createDataset, type Field, publishDataset } from '../../server/datasets/datasets.ts';
import { appendItems } from '../../server/datasets/items.ts';
import {
  appendVectors,
  countEmbedding,
  createEmbedding,
  type Embedding,
  type Metric,
  requireEmbedding,
} from '../../server/embeddings/embeddings.ts';

export interface MapSource {
  readonly slug: string;
  readonly fields?: readonly Field[];
  /** Items with their ids from 1 on. */
  readonly items: readonly { readonly key: string; readonly label?: string; readonly fields?: object }[];
  /** A row per item. */
  readonly matrix: Matrix;
  readonly metric?: Metric;
}

/** The data set, published, with its embedding `vectors`. */
export async function makeEmbedding(database: Database, source: MapSource): Promise<Embedding> {
  const { slug, items, matrix, fields = [], metric = 'EUCLIDEAN' } = source;
  return await database.transaction(async (transaction) => {
    const jobId = '00000000-0000-4000-8000-000000000001';
    const about = { slug, title: slug, description: null, kind: 'VECTOR' as const, licence: null, source: null };
    const datasetId = await createDataset(transaction, about, jobId);
    await appendItems(transaction, datasetId, 1, {
      keys: items.map(({ key }) => key),
      labels: items.map(({ label }) => label ?? null),
      fields: items.map((item) => JSON.stringify(item.fields ?? {})),
    });
    const created = await createEmbedding(transaction, {
      datasetId,
      name: 'vectors',
      model: null,
      dimension: matrix.columns,
      metric,
      partitioned: false,
    });
    const ids = Array.from({ length: matrix.rows }, (_, i) => i + 1);
    await appendVectors(transaction, created, ids, matrix.data);
    await countEmbedding(transaction, created.id, ids.length);
    await publishDataset(transaction, datasetId, { fields, itemCount: items.length });
    return await requireEmbedding(transaction, datasetId, 'vectors');
  });
}
