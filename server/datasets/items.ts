/**
 * Table `items`: what a data set is a collection of. Ids are given out in the order of import, from 1, and never twice.
 */
import { CopyWriter, decodeInt8 } from '../database/copyBinary.ts';
import type { Queryable, Row } from '../database/database.ts';
import { type Condition, throwConditionError } from './conditions.ts';
import type { Dataset } from './datasets.ts';

export interface Item {
  readonly datasetId: number;
  /** Unique in the data set. */
  readonly id: number;
  /** Unique in the data set; what the data's owner calls it. */
  readonly key: string;
  readonly label: string;
  /** By name of the field; a field that is absent has no value. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly image: ItemImage | null;
}

/** What is known of a picture without reading it. */
export interface ItemImage {
  readonly mediaType: string;
  readonly width: number | null;
  readonly height: number | null;
}

/** An item with its picture's columns, as `itemColumns` reads it. */
export interface ItemRow extends Row {
  readonly datasetId: number;
  readonly id: number;
  readonly key: string;
  readonly label: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly mediaType: string | null;
  readonly width: number | null;
  readonly height: number | null;
}

export const itemColumns = `items.dataset_id as "datasetId", items.id, items.key, items.label, items.fields,
  images.media_type as "mediaType", images.width, images.height`;
export const itemTables =
  'items left join images on images.dataset_id = items.dataset_id and images.item_id = items.id';

const everything: Condition = { sql: 'true', parameters: [] };

/**
 * A page of items in the order of import.
 * @param after id of the last item of the page before
 * @param filter compiled with `firstParameter` 1
 */
export async function listItems(
  database: Queryable,
  dataset: Pick<Dataset, 'id'>,
  { first, after = 0, filter = everything }: { readonly first: number; readonly after?: number; filter?: Condition },
): Promise<{ items: Item[]; hasNextPage: boolean }> {
  const n = filter.parameters.length;
  const rows = await database
    .query<ItemRow>(
      `select ${itemColumns} from ${itemTables}
        where items.dataset_id = $${n + 1}::int and items.id > $${n + 2}::bigint and (${filter.sql})
        order by items.id limit $${n + 3}::int`,
      [...filter.parameters, dataset.id, after, first + 1],
    )
    .catch(throwConditionError);
  return { items: rows.slice(0, first).map(toItem), hasNextPage: rows.length > first };
}

/** How many items there are, of those that the filter (compiled with `firstParameter` 1) leaves. */
export async function countItems(
  database: Queryable,
  dataset: Pick<Dataset, 'id' | 'itemCount'>,
  filter?: Condition,
): Promise<number> {
  if (filter === undefined) return dataset.itemCount;
  const n = filter.parameters.length;
  const [counted] = await database
    .query<{ count: number }>(
      `select count(*) as count from items where dataset_id = $${n + 1}::int and (${filter.sql})`,
      [...filter.parameters, dataset.id],
    )
    .catch(throwConditionError);
  return counted?.count ?? 0;
}

/**
 * The ids of all items that a filter leaves, ascending. They come as bytes: as rows, 265,000 hold up the thread for .2 s.
 * @param filter compiled with `firstParameter` 2
 */
export async function listItemIds(database: Queryable, datasetId: number, filter: Condition): Promise<Float64Array> {
  const [row] = await database
    .query<{ ids: Uint8Array | null }>(
      `select string_agg(int8send(items.id), ''::bytea order by items.id) as ids
         from items where items.dataset_id = $1::int and (${filter.sql})`,
      [datasetId, ...filter.parameters],
    )
    .catch(throwConditionError);
  const bytes = row?.ids ?? new Uint8Array(0);
  return Float64Array.from({ length: bytes.length / INT8_BYTES }, (_, i) =>
    decodeInt8(bytes.subarray(INT8_BYTES * i, INT8_BYTES * (i + 1))),
  );
}

const INT8_BYTES = 8;

/** The items of these ids, in their order, null where there is none. */
export async function findItemsById(
  database: Queryable,
  datasetId: number,
  ids: readonly number[],
): Promise<(Item | null)[]> {
  const rows = await database.query<ItemRow>(
    `select ${itemColumns} from ${itemTables} where items.dataset_id = $1::int and items.id = any ($2::bigint[])`,
    [datasetId, ids],
  );
  const byId = new Map(rows.map((row) => [row.id, toItem(row)]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** The item of that key, or null. */
export async function findItemByKey(database: Queryable, datasetId: number, key: string): Promise<Item | null> {
  const [row] = await database.query<ItemRow>(
    `select ${itemColumns} from ${itemTables} where items.dataset_id = $1::int and items.key = $2::text`,
    [datasetId, key],
  );
  return row === undefined ? null : toItem(row);
}

/** The ids of the items of these keys, in their order, null where there is none. */
export async function findItemIdsByKeys(
  database: Queryable,
  datasetId: number,
  keys: readonly string[],
): Promise<(number | null)[]> {
  const rows = await database.query<{ id: number; key: string }>(
    'select id, key from items where dataset_id = $1::int and key = any ($2::text[])',
    [datasetId, keys],
  );
  const ids = new Map(rows.map(({ id, key }) => [key, id]));
  return keys.map((key) => ids.get(key) ?? null);
}

/** The texts of these items with their keys, in the order of ids: of a field, or the label where `field` is null. Null: it has none. */
export async function readItemTexts(
  database: Queryable,
  datasetId: number,
  ids: readonly number[],
  field: string | null,
): Promise<{ id: number; key: string; text: string | null }[]> {
  return await database.query<{ id: number; key: string; text: string | null }>(
    `select id, key, case when $3::text is null then label else fields ->> $3::text end as text from items
      where dataset_id = $1::int and id = any ($2::bigint[]) order by id`,
    [datasetId, ids, field],
  );
}

export function toItem({ datasetId, id, key, label, fields, mediaType, width, height }: ItemRow): Item {
  return { datasetId, id, key, label, fields, image: mediaType === null ? null : { mediaType, width, height } };
}

/** Items in columns, so that a million of them are no million objects. */
export interface ItemColumns {
  readonly keys: readonly string[];
  /** Null: there is none of its own; a new item is then labelled by its key. */
  readonly labels: readonly (string | null)[];
  /** JSON text of an object. */
  readonly fields: readonly string[];
}

/** The binary form of jsonb is this byte, a version, and the JSON text. */
export const JSONB_VERSION = '\u0001';

/** Bulk load: item i gets the id `firstId + i`. */
export async function appendItems(
  transaction: Queryable,
  datasetId: number,
  firstId: number,
  { keys, labels, fields }: ItemColumns,
): Promise<void> {
  await transaction.copyIn('items (dataset_id, id, key, label, fields)', rows());

  function* rows(): Generator<Uint8Array> {
    const writer = new CopyWriter();
    for (const [i, key] of keys.entries()) {
      writer.row(5);
      writer.int4(datasetId);
      writer.int8(firstId + i);
      writer.text(key);
      writer.text(labels[i] ?? key);
      writer.text(`${JSONB_VERSION}${fields[i] ?? '{}'}`);
      if (i % 5000 === 4999) yield writer.take();
    }
    yield writer.finish();
  }
}

export async function deleteItems(transaction: Queryable, datasetId: number, ids: readonly number[]): Promise<void> {
  await transaction.query('delete from items where dataset_id = $1::int and id = any ($2::bigint[])', [datasetId, ids]);
}

/** Turns the values of fields from numbers and the like into the texts they print as. */
export async function fieldsToText(transaction: Queryable, datasetId: number, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await transaction.query(
      `update items set fields = jsonb_set(fields, array[$2::text], to_jsonb(fields ->> $2::text))
        where dataset_id = $1::int and jsonb_typeof(fields -> $2::text) not in ('string', 'null')`,
      [datasetId, name],
    );
  }
}
