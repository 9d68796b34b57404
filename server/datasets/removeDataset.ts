/** Removes a data set with its items, pictures, embeddings, maps and graph. */
import type { Database, Queryable } from '../database/database.ts';
import { dropEmbedding, listEmbeddings } from '../embeddings/embeddings.ts';
import { deleteGraph } from '../graphs/graphs.ts';
import { type Dataset, deleteDataset, lockDataset, requireDataset } from './datasets.ts';

/** @returns what it was. @throws UserError NOT_FOUND */
export async function removeDataset(database: Database, slug: string): Promise<Dataset> {
  const dataset = await requireDataset(database, slug);
  await database.transaction((transaction) => removeDatasetById(transaction, dataset.id));
  return dataset;
}

/** The same within a transaction, and also for a data set that an import has not finished. */
export async function removeDatasetById(transaction: Queryable, id: number): Promise<void> {
  await lockDataset(transaction, id);
  for (const embedding of await listEmbeddings(transaction, id)) await dropEmbedding(transaction, embedding);
  await deleteGraph(transaction, id);
  await deleteDataset(transaction, id);
}
