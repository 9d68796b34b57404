/** What an import into a data set that is there means for embeddings that were made of its items here: vectors go, and are to be made. */
import type { Queryable } from '../database/database.ts';
import { deleteVectors, listEmbeddings } from '../embeddings/embeddings.ts';
import { addJob } from '../jobs/jobs.ts';
import { findOutdated } from './staging.ts';

/**
 * A vector of a text that is no longer the item's would be found for what the item no longer is.
 * @returns what was removed, in sentences
 */
export async function removeOutdated(transaction: Queryable, jobId: string, datasetId: number): Promise<string[]> {
  const told: string[] = [];
  for (const embedding of await listEmbeddings(transaction, datasetId)) {
    if (embedding.recipe === null) continue;
    const ids = await findOutdated(transaction, jobId, datasetId, embedding.recipe);
    const count = ids.length === 0 ? 0 : await deleteVectors(transaction, embedding, ids);
    if (count === 0) continue;
    const what = embedding.recipe.modality === 'TEXT' ? 'text' : 'picture';
    told.push(
      `${count} ${count === 1 ? 'item has' : 'items have'} another ${what} now, and no vector in "${embedding.name}" until \`embedItems\` is asked for that name again; an import with \`embed\` asks by itself.`,
    );
  }
  return told;
}

/** Items that have no vector get one in each embedding that was made here. */
export async function queueEmbeddings(transaction: Queryable, datasetId: number): Promise<void> {
  for (const { name, recipe, metric } of await listEmbeddings(transaction, datasetId)) {
    if (recipe === null) continue;
    const input = { datasetId, name, recipe, metric, projections: null };
    await addJob(transaction, { kind: 'EMBED_ITEMS', input, datasetId });
  }
}
