/**
 * Removes items with all that is kept of them: vectors, pictures, points on maps, places in groups, what was told of them, triples. What
 * was computed of all items keeps the others as they were, and says that it is stale.
 */
import { dropClusteredItems } from '../clusterings/clusterings.ts';
import type { Database, Queryable } from '../database/database.ts';
import { dropClassifiedItems } from '../embeddings/classifications.ts';
import { dropComparedItems } from '../embeddings/comparisons.ts';
import { deleteVectors, listEmbeddings } from '../embeddings/embeddings.ts';
import { UserError } from '../errors.ts';
import { listGraphModels } from '../graphs/graphModels.ts';
import { deleteTriplesOf } from '../graphs/graphs.ts';
import { listOpenJobs } from '../jobs/jobs.ts';
import { dropPoints } from '../projections/projections.ts';
import { filterItems } from '../projections/resultColumns.ts';
import { type Dataset, lockDataset, requireDataset, updateDataset } from './datasets.ts';
import type { FilterInput } from './filters.ts';
import { deleteImages } from './images.ts';
import { deleteItems, findItemIdsByKeys, listItemIds } from './items.ts';

/** Exactly one of both. */
export interface WhichItems {
  readonly keys?: readonly string[] | null | undefined;
  readonly filter?: FilterInput | null | undefined;
}

export interface RemovedItems {
  readonly count: number;
  /** Keys that no item had. */
  readonly missingKeys: readonly string[];
}

export const KEYS_LIMIT = 10_000;
const JOBS_LOOKED_AT = 1000;

/**
 * @throws UserError NOT_FOUND, BAD_USER_INPUT where it is not said which items, CONFLICT where a graph model was learnt of them (the rows of a
 *   model are the items) and while jobs are at work on them, which would write what they have read before
 */
export async function removeItems(database: Database, slug: string, which: WhichItems): Promise<RemovedItems> {
  checkWhich(which);
  const { id } = await requireDataset(database, slug);
  return await database.transaction(async (transaction) => {
    const dataset = await lockDataset(transaction, id);
    await refuseLearnt(transaction, dataset);
    await refuseAtWork(transaction, dataset);
    const { ids, missingKeys } = await findItems(transaction, dataset, which);
    if (ids.length > 0) await removeItemsById(transaction, dataset, ids);
    return { count: ids.length, missingKeys };
  });
}

function checkWhich({ keys, filter }: WhichItems): void {
  if ((keys == null) === (filter == null)) {
    throw new UserError(
      'BAD_USER_INPUT',
      `Say which items by \`keys\` or by \`filter\`: ${keys == null ? 'none came' : 'both came'}. To remove all of them, remove the data set.`,
    );
  }
  if (keys != null && (keys.length === 0 || keys.length > KEYS_LIMIT)) {
    throw new UserError('BAD_USER_INPUT', `"keys" names ${keys.length} items; wanted: 1 to ${KEYS_LIMIT}.`);
  }
}

async function refuseLearnt(transaction: Queryable, { id, slug }: Dataset): Promise<void> {
  const models = await listGraphModels(transaction, id);
  if (models.length === 0) return;
  const names = models.map(({ name }) => `"${name}"`).join(', ');
  throw new UserError(
    'CONFLICT',
    `The entities of "${slug}" are rows of its graph models (${names}). Remove these first by \`removeGraphModel\`, and train anew afterwards.`,
  );
}

async function refuseAtWork(transaction: Queryable, { id, slug }: Dataset): Promise<void> {
  const jobs = (await listOpenJobs(transaction, id, JOBS_LOOKED_AT)).filter(({ state }) => state !== 'QUEUED');
  if (jobs.length === 0) return;
  const kinds = [...new Set(jobs.map(({ kind }) => kind))].join(', ');
  throw new UserError(
    'CONFLICT',
    `Jobs are at work on "${slug}" (${kinds}) and have read what is to be removed. Wait until they have ended, or cancel them, and ask again.`,
  );
}

async function findItems(
  transaction: Queryable,
  dataset: Dataset,
  { keys, filter }: WhichItems,
): Promise<{ ids: number[]; missingKeys: string[] }> {
  if (keys != null) {
    const distinct = [...new Set(keys)];
    const lawful = distinct.filter((key) => !key.includes('\0')); // no item's key has it, and no statement takes it
    const found = await findItemIdsByKeys(transaction, dataset.id, lawful);
    const there = new Set(lawful.filter((_, i) => found[i] !== null));
    return {
      ids: found.filter((itemId) => itemId !== null),
      missingKeys: distinct.filter((key) => !there.has(key)),
    };
  }
  const condition = await filterItems(transaction, dataset, filter ?? {}, { firstParameter: 2 });
  return { ids: [...(await listItemIds(transaction, dataset.id, condition))], missingKeys: [] };
}

async function removeItemsById(transaction: Queryable, { id, fields }: Dataset, ids: readonly number[]): Promise<void> {
  const gone = new Set(ids);
  for (const embedding of await listEmbeddings(transaction, id)) {
    await deleteVectors(transaction, embedding, ids);
    await dropPoints(transaction, embedding, gone);
    await dropClassifiedItems(transaction, embedding, gone);
    await dropComparedItems(transaction, embedding, gone);
  }
  await dropClusteredItems(transaction, id, ids);
  await deleteTriplesOf(transaction, id, ids);
  await deleteImages(transaction, id, ids);
  await deleteItems(transaction, id, ids);
  await updateDataset(transaction, id, fields, {});
}
