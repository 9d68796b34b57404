/** Ids of items by the million: as bytes, for as numbers they would be as many objects. */
import type { Queryable, QueryOptions } from '../database/database.ts';
import type { Condition } from './conditions.ts';
import type { Dataset } from './datasets.ts';

/**
 * The ids of the items that match, in any order: big-endian int64 one behind the other.
 * @param condition compiled with `firstParameter` 1
 */
export async function readItemIds(
  database: Queryable,
  { id }: Pick<Dataset, 'id'>,
  { sql, parameters }: Condition,
  options: QueryOptions = {},
): Promise<Uint8Array> {
  const [row] = await database.query<{ ids: Uint8Array | null }>(
    `select string_agg(int8send(id), ''::bytea) as ids from items
      where dataset_id = $${parameters.length + 1}::int and (${sql})`,
    [...parameters, id],
    options,
  );
  return row?.ids ?? new Uint8Array(0);
}

/** Item id `i` of such bytes. */
export function itemIdAt(ids: Uint8Array, i: number): number {
  const view = new DataView(ids.buffer, ids.byteOffset, ids.byteLength);
  return view.getUint32(8 * i) * 2 ** 32 + view.getUint32(8 * i + 4);
}
