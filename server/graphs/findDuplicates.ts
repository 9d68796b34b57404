/** Entities that are suspiciously alike: near in the model and alike in name, perhaps one thing under two keys. */
import type { Queryable } from '../database/database.ts';
import { similarityOf } from './explainLink.ts';
import { readLabels } from './findEntities.ts';
import { runGraphKernel } from './graphKernels.ts';
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
  const { datasetId } = model;
  const { ids, labels } = await readLabels(database, datasetId);
  signal.throwIfAborted();
  const pairs = await runGraphKernel('pairNamesakes', { names: labels.join('\0'), least: leastNames }, { signal });
  const found: Omit<Duplicate, 'sharedTriples'>[] = [];
  for (const [i, names] of pairs.similarity.entries()) {
    const [itemId, otherId] = [ids[pairs.first[i] ?? 0] ?? 0, ids[pairs.second[i] ?? 0] ?? 0];
    const vectors = similarityOf(model, itemId, otherId);
    if (vectors !== null && vectors >= leastVectors) found.push({ datasetId, itemId, otherId, vectors, names });
    if (i % PAIRS_AT_ONCE === PAIRS_AT_ONCE - 1) await pause(signal);
  }
  found.sort((a, b) => b.vectors * b.names - a.vectors * a.names || a.itemId - b.itemId || a.otherId - b.otherId);
  const duplicates: Duplicate[] = [];
  for (const pair of found.slice(0, first)) {
    const sharedTriples = await countSharedTriples(database, datasetId, pair.itemId, pair.otherId);
    duplicates.push({ ...pair, sharedTriples });
  }
  return duplicates;
}
