/** How often the index of an embedding finds what an exact search finds, and how much time it saves. */
import type { Database } from '../database/database.ts';
import { UserError } from '../errors.ts';
import type { Embedding, IndexRecall } from './embeddings.ts';
import { EF_SEARCH_DEFAULT, type Hit, nearestItems } from './nearest.ts';
import { readVectors } from './vectors.ts';

const NEIGHBORS = 10;
const SAMPLE = 50;
/** Where exact searches are slow, so many queries are enough: the mean of 200 neighbours is known to 0.03. */
const LEAST_SAMPLE = 20;
const BUDGET_MS = 30_000;

export interface MeasureOptions {
  readonly signal?: AbortSignal;
  /** Called with the share that has been measured, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
}

/**
 * Recall of the ten nearest, mean over items that are drawn by chance, with the search's default settings. The sample is
 * always the same for the same version of the embedding. Whatever lies no farther than the tenth true neighbour counts as
 * found, so that it does not matter which of several equally near items an answer has.
 * @throws UserError NOT_FOUND when the embedding has no vectors any more
 */
export async function measureRecall(
  database: Database,
  embedding: Embedding,
  { signal, onProgress }: MeasureOptions = {},
): Promise<IndexRecall> {
  const drawn = await database.query<{ id: number }>(
    `select item_id as id from vectors where embedding_id = $1::int
      order by hashint8extended(item_id, $2::bigint), item_id limit $3::int`,
    [embedding.id, embedding.version, SAMPLE],
    signal === undefined ? {} : { signal },
  );
  const millisecondsIndex: number[] = [];
  const millisecondsExact: number[] = [];
  const started = performance.now();
  let recall = 0;
  let sample = 0;
  for (const { id } of drawn) {
    if (sample >= LEAST_SAMPLE && performance.now() - started > BUDGET_MS) break;
    const [vector] = await readVectors(database, embedding, [id]);
    if (!vector || vector.every((value) => value === 0)) continue; // removed meanwhile; or without a direction
    const query = { vector, first: NEIGHBORS, exclude: [id], ...(signal === undefined ? {} : { signal }) };
    const byIndex = await nearestItems(database, embedding, { ...query, method: 'INDEX' });
    const exactly = await nearestItems(database, embedding, { ...query, method: 'EXACT' });
    const farthest = exactly.hits.at(-1);
    if (farthest === undefined) continue;
    // One of them, or as near as they are; by the index the distances are told in float32.
    const nearest = new Set(exactly.hits.map(({ itemId }) => itemId));
    const isFound = ({ itemId, distance }: Hit) => nearest.has(itemId) || distance <= farthest.distance;
    const found = byIndex.hits.filter(isFound).length;
    recall += Math.min(1, found / exactly.hits.length);
    sample++;
    millisecondsIndex.push(byIndex.search.milliseconds);
    millisecondsExact.push(exactly.search.milliseconds);
    onProgress?.(sample / drawn.length);
  }
  if (sample === 0)
    throw new UserError('NOT_FOUND', 'The embedding has too few vectors to measure the recall of its index.');
  return {
    recall: recall / sample,
    neighbors: NEIGHBORS,
    sample,
    efSearch: EF_SEARCH_DEFAULT,
    millisecondsIndex: median(millisecondsIndex),
    millisecondsExact: median(millisecondsExact),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
