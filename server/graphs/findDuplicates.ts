/** Entities that are suspiciously alike: near in the model and alike in name, perhaps one thing under two keys. */
import { pairNamesakes } from '#kernels/graph/namesakes.ts';
import type { Queryable } from '../database/database.ts';
import { findItemsById } from '../datasets/items.ts';
import { similarityOf } from './explainLink.ts';
import { countSharedTriples } from './graphs.ts';
import type { ResidentModel } from './residentModels.ts';
import { pause } from './reviewRelation.ts';

/** Two entities, and how alike they are. */
export interface Duplicate {
  readonly datasetId: number;
  readonly itemId: number;
  readonly otherId: number;
  /** Cosine of their vectors, -1 to 1. */
  readonly vectors: number;
  /** Share of three-letter pieces that their labels have in common, 0 to 1. */
  readonly names: number;
  /** Triples that both have alike, but for themselves. */
  readonly sharedTriples: number;
}

const RANGE_ITEMS = 5_000;
/** Pairs between two pauses for other questions. */
const PAIRS_AT_ONCE = 2_000;

/**
 * Pairs of entities whose names are alike by `leastNames` and whose vectors by `leastVectors`, the most alike first by the
 * product of both.
 */
export async function findDuplicates(
  database: Queryable,
  model: ResidentModel,
  {
    first,
    leastNames,
    leastVectors,
  }: { readonly first: number; readonly leastNames: number; readonly leastVectors: number },
  signal: AbortSignal,
): Promise<Duplicate[]> {
  const { datasetId, entityIds } = model;
  const labels: string[] = [];
  for (let at = 0; at < entityIds.length; at += RANGE_ITEMS) {
    const items = await findItemsById(database, datasetId, [...entityIds.subarray(at, at + RANGE_ITEMS)]);
    for (const item of items) labels.push(item?.label ?? '');
  }
  await pause(signal);
  const found: Omit<Duplicate, 'sharedTriples'>[] = [];
  for (const [i, { first: a, second: b, similarity }] of pairNamesakes(labels, leastNames).entries()) {
    const [itemId, otherId] = [entityIds[a] ?? 0, entityIds[b] ?? 0];
    const vectors = similarityOf(model, itemId, otherId);
    if (vectors !== null && vectors >= leastVectors)
      found.push({ datasetId, itemId, otherId, vectors, names: similarity });
    if (i % PAIRS_AT_ONCE === PAIRS_AT_ONCE - 1) await pause(signal);
  }
  found.sort((a, b) => b.vectors * b.names - a.vectors * a.names || a.itemId - b.itemId || a.otherId - b.otherId);
  const pairs: Duplicate[] = [];
  for (const pair of found.slice(0, first)) {
    pairs.push({ ...pair, sharedTriples: await countSharedTriples(database, datasetId, pair.itemId, pair.otherId) });
  }
  return pairs;
}
