/**
 * Items read in columns, as bytes: a million of them never become a million objects.
 */
import { decodeInt4, readCopy } from '../database/copyBinary.ts';
import type { Queryable } from '../database/database.ts';
import { type ClusterColumn, clusterColumnSql } from './clusterColumns.ts';
import type { Dataset, FieldType } from './datasets.ts';

/** `label`, the place of a field among `Dataset.fields`, or what a clustering tells of the item. */
export type ItemColumn = 'label' | number | ClusterColumn;

/** An item that was found. */
export interface ItemColumnsRow {
  /** Its place among the ids asked for. */
  readonly index: number;
  /** UTF-8. */
  readonly key: Uint8Array;
  /**
   * In the order of the columns, null where the item has no value of the field's type: UTF-8 of TEXT and CATEGORY, and of DATE
   * as it was imported and JSON; NUMBER as float8 and BOOLEAN as bool in the binary form of Postgres.
   */
  readonly values: readonly (Uint8Array | null)[];
}

/** Ids in one statement: some hundred kilobytes come back, so that neither memory nor the event loop is held for long. */
const IDS_AT_ONCE = 8192;

/** The items of these ids, in their order; those that are no longer there are left out. */
export async function* readItemColumns(
  database: Queryable,
  { id, fields }: Pick<Dataset, 'id' | 'fields'>,
  ids: Float64Array,
  columns: readonly ItemColumn[],
): AsyncGenerator<ItemColumnsRow, void, undefined> {
  const dataset = integer(id);
  const expressions = columns.map((column) => {
    if (column === 'label') return 'items.label';
    if (typeof column === 'object') return clusterColumnSql(column);
    const type = fields[column]?.type;
    if (type === undefined) throw new Error(`no field ${column}`);
    // `copy` takes no parameters: the name comes from the table itself, once per statement.
    const name = `(select datasets.fields -> ${integer(column)} ->> 'name' from datasets where datasets.id = ${dataset})`;
    return expressionOf(type, name);
  });
  const list = ['wanted.place::int4', 'items.key', ...expressions].join(', ');
  for (let start = 0; start < ids.length; start += IDS_AT_ONCE) {
    const wanted = Array.from(ids.subarray(start, start + IDS_AT_ONCE), integer).join(',');
    const rows = database.copyOut(
      `select ${list} from unnest('{${wanted}}'::bigint[]) with ordinality as wanted (id, place)
         join items on items.dataset_id = ${dataset} and items.id = wanted.id order by wanted.place`,
    );
    for await (const [place, key, ...values] of readCopy(rows, 2 + columns.length)) {
      if (!place || !key) throw new Error('a column of items that cannot be null is null');
      yield { index: start + decodeInt4(place) - 1, key, values };
    }
  }
}

function expressionOf(type: FieldType, name: string): string {
  const value = `items.fields -> ${name}`;
  switch (type) {
    case 'NUMBER':
      return `case jsonb_typeof(${value}) when 'number' then (${value})::float8 end`;
    case 'BOOLEAN':
      return `case jsonb_typeof(${value}) when 'boolean' then (${value})::boolean end`;
    case 'JSON':
      return `(${value})::text`;
    case 'TEXT':
    case 'CATEGORY':
    case 'DATE':
      return `items.fields ->> ${name}`;
  }
}

function integer(value: number): number {
  if (!Number.isSafeInteger(value)) throw new Error(`not a whole number: ${value}`);
  return value;
}
