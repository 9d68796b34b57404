/**
 * Search by words and by vectors at once. Each gives a list; the lists are joined by reciprocal rank fusion (Cormack, Clarke and
 * Büttcher 2009): the score of an item is the sum of 1 / (k + rank) over the lists in which it stands. Ranks need no common scale.
 */
import type { Database } from '../database/database.ts';
import type { Condition } from '../datasets/conditions.ts';
import { searchText } from '../datasets/searchText.ts';
import { UserError } from '../errors.ts';
import type { Embedding } from './embeddings.ts';
import { type NearestAnswer, nearestItems } from './nearest.ts';

export interface HybridQuery {
  /** In the syntax of web search. */
  readonly text: string;
  /** Of the embedding's dimension. */
  readonly vector: Float32Array;
  /** Ids of items that are not wanted. */
  readonly exclude?: readonly number[];
  /** How many, 1 to 1000. */
  readonly first: number;
  /** The constant of the fusion, 1 to 1000; the paper's is 60. */
  readonly k: number;
  /** Length of each list; default: 100, or twice `first` when that is more. */
  readonly candidates?: number | null | undefined;
  /** Which items; compiled with `firstParameter` 1. */
  readonly condition?: Condition | undefined;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface HybridHit {
  readonly itemId: number;
  readonly score: number;
  /** From 1; null where it is not in that list. */
  readonly textRank: number | null;
  readonly vectorRank: number | null;
  readonly distance: number | null;
}

const LIST_LIMIT = 1000;
const USUAL_LIST = 100;

/** @throws UserError BAD_USER_INPUT for numbers out of range, and as `nearestItems` does */
export async function hybridItems(
  database: Database,
  embedding: Embedding,
  query: HybridQuery,
): Promise<{ hits: HybridHit[]; search: NearestAnswer['search'] }> {
  const { text, vector, first, k, condition, exclude = [], signal, timeoutMs } = query;
  const candidates = query.candidates ?? Math.min(LIST_LIMIT, Math.max(USUAL_LIST, 2 * first));
  for (const [name, value] of [
    ['first', first],
    ['k', k],
    ['candidates', candidates],
  ] as const) {
    if (!Number.isInteger(value) || value < 1 || value > LIST_LIMIT)
      throw new UserError(
        'BAD_USER_INPUT',
        `\`${name}\` is ${value}; it can be a whole number from 1 to ${LIST_LIMIT}.`,
      );
  }
  const limits = { ...(signal === undefined ? {} : { signal }), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  const [words, near] = await Promise.all([
    searchText(database, { id: embedding.datasetId }, { text, first: candidates, condition, exclude, ...limits }),
    nearestItems(database, embedding, { vector, first: candidates, condition, exclude, ...limits }),
  ]);
  return { hits: fuse(words, near.hits, k).slice(0, first), search: near.search };
}

/** Best first; of the same score, the nearer, then the one imported first. */
export function fuse(
  words: readonly number[],
  near: readonly { readonly itemId: number; readonly distance: number }[],
  k: number,
): HybridHit[] {
  const textRanks = new Map(words.map((id, i) => [id, i + 1]));
  const vectorRanks = new Map(near.map(({ itemId, distance }, i) => [itemId, { rank: i + 1, distance }]));
  const ids = new Set([...textRanks.keys(), ...vectorRanks.keys()]);
  const hits = [...ids].map((itemId): HybridHit => {
    const textRank = textRanks.get(itemId) ?? null;
    const found = vectorRanks.get(itemId) ?? null;
    const score = (textRank === null ? 0 : 1 / (k + textRank)) + (found === null ? 0 : 1 / (k + found.rank));
    return { itemId, score, textRank, vectorRank: found?.rank ?? null, distance: found?.distance ?? null };
  });
  const place = ({ vectorRank }: HybridHit) => vectorRank ?? Number.POSITIVE_INFINITY;
  return hits.sort(
    (a, b) => b.score - a.score || (place(a) === place(b) ? 0 : place(a) - place(b)) || a.itemId - b.itemId,
  );
}
