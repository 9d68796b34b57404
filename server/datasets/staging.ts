/**
 * Tables `import_<job>_items`, `_images`, `_vectors`: rows on their way into a data set that is there already. They
 * wait here while an import reads its files, and go over in one statement each, within one transaction.
 */
import { CopyWriter } from '../database/copyBinary.ts';
import type { Queryable } from '../database/database.ts';
import { type Embedding, type Recipe, vectorRows } from '../embeddings/embeddings.ts';
import { type Image, imageRows } from './images.ts';
import { type ItemColumns, JSONB_VERSION } from './items.ts';

/** The name is made of the job's id, whose form is checked: nothing else ever stands in a statement. */
export function stagingName(jobId: string): string {
  const digits = jobId.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/.test(digits)) throw new Error(`not a job: ${jobId}`);
  return `import_${digits}`;
}

export async function createStaging(transaction: Queryable, jobId: string): Promise<void> {
  const name = stagingName(jobId);
  await transaction.query(`
    create table ${name}_items (number bigint primary key, key text not null, label text, fields jsonb not null);
    create table ${name}_images (
      number bigint primary key, media_type text not null, width integer, height integer, channels smallint, bytes bytea not null
    );
    alter table ${name}_images alter bytes set storage external;
    create table ${name}_vectors (number bigint primary key, vector vector not null);
    alter table ${name}_vectors alter vector set storage external;
  `);
}

/** Those of a graph: see server/graphs/stagedGraph.ts. */
export const graphParts = 'triples descriptions uses mentions relations found entities said edges places'.split(' ');

/** Removes what is there of it. */
export async function dropStaging(transaction: Queryable, jobId: string): Promise<void> {
  const name = stagingName(jobId);
  const parts = ['items', 'images', 'vectors', 'ids', ...graphParts];
  await transaction.query(`drop table if exists ${parts.map((part) => `${name}_${part}`).join(', ')}`);
}

/** The jobs for which there are such tables. */
export async function listStaging(database: Queryable): Promise<string[]> {
  const rows = await database.query<{ job: string }>(
    `select distinct substring(tablename from '^import_([0-9a-f]{32})_')::uuid::text as job from pg_tables
      where schemaname = current_schema() and tablename ~ '^import_[0-9a-f]{32}_(items|triples)$'`,
  );
  return rows.map(({ job }) => job);
}

/** What waits is numbered from 0 in the order of the files. */
export async function stageItems(
  transaction: Queryable,
  jobId: string,
  first: number,
  { keys, labels, fields }: ItemColumns,
): Promise<void> {
  await transaction.copyIn(`${stagingName(jobId)}_items (number, key, label, fields)`, rows());

  function* rows(): Generator<Uint8Array> {
    const writer = new CopyWriter();
    for (const [i, key] of keys.entries()) {
      writer.row(4);
      writer.int8(first + i);
      writer.text(key);
      const label = labels[i] ?? null;
      if (label === null) writer.null();
      else writer.text(label);
      writer.text(`${JSONB_VERSION}${fields[i] ?? '{}'}`);
      if (i % 5000 === 4999) yield writer.take();
    }
    yield writer.finish();
  }
}

export async function stageImages(
  transaction: Queryable,
  jobId: string,
  first: number,
  images: readonly (Image | null)[],
): Promise<void> {
  await transaction.copyIn(
    `${stagingName(jobId)}_images (number, media_type, width, height, channels, bytes)`,
    imageRows(images, (writer, i) => {
      writer.row(6);
      writer.int8(first + i);
    }),
  );
}

/** @param vectors together (n, dimension), of the items numbered from `first` on */
export async function stageVectors(
  transaction: Queryable,
  jobId: string,
  first: number,
  vectors: readonly Float32Array[],
  dimension: number,
): Promise<void> {
  await transaction.copyIn(
    `${stagingName(jobId)}_vectors (number, vector)`,
    vectorRows(vectors, dimension, (writer, i) => {
      writer.row(2);
      writer.int8(first + i);
    }),
  );
}

/** Finds out which items that wait are there already, and gives the others ids. The data set must be locked. */
export async function numberStagedItems(transaction: Queryable, jobId: string, datasetId: number): Promise<void> {
  const name = stagingName(jobId);
  const dataset = integer(datasetId);
  await transaction.query(`analyze ${name}_items`);
  const [next] = await transaction.query<{ id: number }>('select next_item_id as id from datasets where id = $1::int', [
    dataset,
  ]);
  const firstId = integer(next?.id ?? 1);
  await transaction.query(
    `create table ${name}_ids as
     select staged.number,
            coalesce(items.id, ${firstId} - 1 + count(*) filter (where items.id is null) over (order by staged.number)) as item_id,
            items.id is null as added
       from ${name}_items staged left join items on items.dataset_id = ${dataset} and items.key = staged.key`,
  );
  await transaction.query(`analyze ${name}_ids`);
  await transaction.query(
    `update datasets set next_item_id = next_item_id + (select count(*) from ${name}_ids where added) where id = $1::int`,
    [dataset],
  );
}

/** How many of the items that wait, and have been numbered, are there already. */
export async function countKnown(transaction: Queryable, jobId: string): Promise<number> {
  const [counted] = await transaction.query<{ count: number }>(
    `select count(*) as count from ${stagingName(jobId)}_ids where not added`,
  );
  return counted?.count ?? 0;
}

/**
 * The items that are there and of which something else waits than what a vector was made of: another text, another picture. To be asked
 * after `numberStagedItems` and before `applyStagedItems`.
 */
export async function findOutdated(
  transaction: Queryable,
  jobId: string,
  datasetId: number,
  { modality, field }: Pick<Recipe, 'modality' | 'field'>,
): Promise<number[]> {
  const name = stagingName(jobId);
  const there = `join ${name}_ids ids using (number)
       join items on items.dataset_id = $1::int and items.id = ids.item_id`;
  const rows = await (field === null && modality === 'IMAGE'
    ? transaction.query<{ id: number }>(
        `select ids.item_id as id from ${name}_images staged ${there}
           left join images on images.dataset_id = $1::int and images.item_id = ids.item_id
          where not ids.added and staged.bytes is distinct from images.bytes`,
        [datasetId],
      )
    : transaction.query<{ id: number }>(
        `select ids.item_id as id from ${name}_items staged ${there}
          where not ids.added
            and case when $2::text is null then coalesce(staged.label, items.label) is distinct from items.label
                     else staged.fields ? $2::text and staged.fields ->> $2::text is distinct from items.fields ->> $2::text end`,
        [datasetId, field],
      ));
  return rows.map(({ id }) => id);
}

/**
 * Puts items and pictures that wait, and have been numbered, into the data set: those whose key is there are changed, the others added in
 * their order. A label or field that the import does not give stays as it was. The data set must be locked.
 */
export async function applyStagedItems(transaction: Queryable, jobId: string, datasetId: number): Promise<void> {
  const name = stagingName(jobId);
  const dataset = integer(datasetId);
  await transaction.query(
    `update items set label = coalesce(staged.label, items.label), fields = items.fields || staged.fields
       from ${name}_items staged join ${name}_ids ids using (number)
      where not ids.added and items.dataset_id = $1::int and items.id = ids.item_id
        and (coalesce(staged.label, items.label), items.fields || staged.fields) is distinct from (items.label, items.fields)`,
    [dataset],
  );
  await transaction.query(
    `insert into items (dataset_id, id, key, label, fields)
     select $1::int, ids.item_id, staged.key, coalesce(staged.label, staged.key), staged.fields
       from ${name}_items staged join ${name}_ids ids using (number)
      where ids.added order by number`,
    [dataset],
  );
  await transaction.query(
    `insert into images (dataset_id, item_id, media_type, width, height, channels, bytes)
     select $1::int, ids.item_id, staged.media_type, staged.width, staged.height, staged.channels, staged.bytes
       from ${name}_images staged join ${name}_ids ids using (number)
     on conflict (dataset_id, item_id) do update
       set media_type = excluded.media_type, width = excluded.width, height = excluded.height,
           channels = excluded.channels, bytes = excluded.bytes`,
    [dataset],
  );
}

/** Puts vectors that wait into an embedding, after their items: those that are there are replaced. */
export async function applyStagedVectors(
  transaction: Queryable,
  jobId: string,
  embedding: Pick<Embedding, 'id'>,
): Promise<void> {
  const name = stagingName(jobId);
  await transaction.query(
    `insert into vectors (embedding_id, item_id, vector)
     select $1::int, ids.item_id, staged.vector from ${name}_vectors staged join ${name}_ids ids using (number)
     on conflict (embedding_id, item_id) do update set vector = excluded.vector`,
    [embedding.id],
  );
}

/** The ids that the items got, in the order of the files; after `applyStagedItems`. */
export async function readStagedIds(transaction: Queryable, jobId: string): Promise<Float64Array> {
  const rows = await transaction.query<{ id: number }>(
    `select item_id as id from ${stagingName(jobId)}_ids order by number`,
  );
  return Float64Array.from(rows, ({ id }) => id);
}

function integer(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not a whole number: ${value}`);
  return value;
}
