/** Full-text search over label and texts of the items, ranked. */
import type { Queryable } from '../database/database.ts';
import { type Condition, throwConditionError } from './conditions.ts';
import type { Dataset } from './datasets.ts';
import { checkText, TEXT_OF_ITEM } from './filters.ts';

export interface TextQuery {
  /** In the syntax of web search. */
  readonly text: string;
  /** How many. */
  readonly first: number;
  /** Which items; compiled with `firstParameter` 1. */
  readonly condition?: Condition | undefined;
  /** Ids of items that are not wanted. */
  readonly exclude?: readonly number[];
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Ids of the items that match, best first: by how close together the words stand and how often (cover density: Clarke, Cormack
 * and Tudhope 2000), long texts counting less; of equal ones, the first that was imported.
 */
export async function searchText(
  database: Queryable,
  { id }: Pick<Dataset, 'id'>,
  { text, first, condition, exclude = [], signal, timeoutMs }: TextQuery,
): Promise<number[]> {
  const parameters = [...(condition?.parameters ?? [])];
  const n = parameters.length;
  const rows = await database
    .query<{ id: number }>(
      `select items.id from items, websearch_to_tsquery('english', $${n + 1}::text) asked
        where items.dataset_id = $${n + 2}::int and ${TEXT_OF_ITEM} @@ asked
          and items.id <> all ($${n + 3}::bigint[]) and (${condition?.sql ?? 'true'})
        order by ts_rank_cd(${TEXT_OF_ITEM}, asked, 1) desc, items.id
        limit $${n + 4}::int`,
      [...parameters, checkText(text, '`text`'), id, exclude, first],
      { ...(signal === undefined ? {} : { signal }), ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    )
    .catch(throwConditionError);
  return rows.map((row) => row.id);
}
