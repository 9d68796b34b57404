/** Table `datasets`: named collections of items. A data set that an import is still making is seen by that import alone. */
import type { Queryable, Row } from '../database/database.ts';
import { didYouMean, UserError } from '../errors.ts';
import type { ClusteringColumns } from './clusterColumns.ts';
import { type Condition, throwConditionError } from './conditions.ts';

export const datasetKinds = ['TEXT', 'IMAGE', 'GRAPH', 'VECTOR'] as const;
export type DatasetKind = (typeof datasetKinds)[number];

export const fieldTypes = ['TEXT', 'CATEGORY', 'NUMBER', 'BOOLEAN', 'DATE', 'JSON'] as const;
export type FieldType = (typeof fieldTypes)[number];

/** A field that the items have. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
}

export interface Dataset {
  readonly id: number;
  /** The name in queries and addresses. */
  readonly slug: string;
  readonly title: string;
  readonly description: string | null;
  readonly kind: DatasetKind;
  readonly licence: string | null;
  readonly source: string | null;
  /** In the order of the columns. */
  readonly fields: readonly Field[];
  /** What has been found among its items; columns of points and filters name it. */
  readonly clusterings: readonly ClusteringColumns[];
  readonly itemCount: number;
  /** Rises with every change of the items. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export const datasetColumns = `id, slug, title, description, kind, licence, source, fields, item_count as "itemCount", version,
  created_at as "createdAt", updated_at as "updatedAt",
  (select coalesce(jsonb_agg(jsonb_build_object('id', clusterings.id, 'name', clusterings.name,
            'version', clusterings.version, 'layers', jsonb_array_length(clusterings.layers)) order by clusterings.id), '[]')
     from clusterings where clusterings.dataset_id = datasets.id) as clusterings`;

export interface DatasetRow extends Dataset, Row {}

/** A page of data sets by slug, and how many there are in all. */
export async function listDatasets(
  database: Queryable,
  { first, after = '' }: { readonly first: number; readonly after?: string },
): Promise<{ datasets: Dataset[]; hasNextPage: boolean; totalCount: number }> {
  const [datasets, counted] = await Promise.all([
    database.query<DatasetRow>(
      `select ${datasetColumns} from datasets where importing_job is null and slug > $1::text order by slug limit $2::int`,
      [after, first + 1],
    ),
    database.query<{ count: number }>('select count(*) as count from datasets where importing_job is null'),
  ]);
  return {
    datasets: datasets.slice(0, first),
    hasNextPage: datasets.length > first,
    totalCount: counted[0]?.count ?? 0,
  };
}

/** The data set of that slug, or null. */
export async function findDataset(database: Queryable, slug: string): Promise<Dataset | null> {
  const [found] = await database.query<DatasetRow>(
    `select ${datasetColumns} from datasets where slug = $1::text and importing_job is null`,
    [slug],
  );
  return found ?? null;
}

/** The data set of that slug. @throws UserError NOT_FOUND with the slugs that are spelled alike */
export async function requireDataset(database: Queryable, slug: string): Promise<Dataset> {
  const found = await findDataset(database, slug);
  if (found !== null) return found;
  const slugs = await database.query<{ slug: string }>(
    'select slug from datasets where importing_job is null order by slug limit 1000',
  );
  const near = didYouMean(
    slug,
    slugs.map((row) => row.slug),
  );
  throw new UserError('NOT_FOUND', `There is no data set "${slug}".${near}`);
}

/** The data sets of these ids, in their order, null where there is none. */
export async function findDatasetsById(database: Queryable, ids: readonly number[]): Promise<(Dataset | null)[]> {
  const found = await database.query<DatasetRow>(
    `select ${datasetColumns} from datasets where id = any ($1::int[]) and importing_job is null`,
    [ids],
  );
  const byId = new Map(found.map((dataset) => [dataset.id, dataset]));
  return ids.map((id) => byId.get(id) ?? null);
}

export interface FieldValue {
  /** As JSON; null for the items that have none. */
  readonly value: unknown;
  readonly count: number;
}

/**
 * The values of a field with the number of items that have each, most frequent first.
 * @param filter compiled with `firstParameter` 1
 * @throws UserError where the data set has no such field, or one of a type with too many values
 */
export async function countValues(
  database: Queryable,
  dataset: Dataset,
  field: string,
  first: number,
  filter: Condition = everything,
): Promise<FieldValue[]> {
  const found = dataset.fields.find(({ name }) => name === field);
  if (found === undefined) {
    const names = dataset.fields.map(({ name }) => name);
    throw new UserError(
      'BAD_USER_INPUT',
      `The data set "${dataset.slug}" has no field "${field}".${didYouMean(field, names)}`,
    );
  }
  if (!['CATEGORY', 'BOOLEAN', 'TEXT'].includes(found.type)) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The field "${field}" is of type ${found.type}; values can be counted of CATEGORY, BOOLEAN and TEXT.`,
    );
  }
  const n = filter.parameters.length;
  return database
    .query<FieldValue & Row>(
      `select nullif(fields -> $${n + 1}::text, 'null') as value, count(*) as count
         from items where dataset_id = $${n + 2}::int and (${filter.sql})
        group by 1 order by 2 desc, 1 limit $${n + 3}::int`,
      [...filter.parameters, field, dataset.id, first],
    )
    .catch(throwConditionError);
}

const everything: Condition = { sql: 'true', parameters: [] };

/** @throws UserError where a slug is not lower-case letters, digits and hyphens */
export function checkSlug(slug: string): void {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(slug)) return;
  const shown = slug.length > 80 ? `${slug.slice(0, 80)}…` : slug;
  throw new UserError(
    'BAD_USER_INPUT',
    `The name of a data set has lower-case letters, digits and hyphens, begins with no hyphen and is 63 long at most; "${shown}" is not such a name.`,
  );
}

export interface NewDataset {
  readonly slug: string;
  readonly title: string;
  readonly description: string | null;
  readonly kind: DatasetKind;
  readonly licence: string | null;
  readonly source: string | null;
}

/**
 * The id of a new, empty data set that only the import `jobId` sees until `publishDataset`.
 * @throws UserError CONFLICT where the slug is taken
 */
export async function createDataset(transaction: Queryable, dataset: NewDataset, jobId: string): Promise<number> {
  const [created] = await transaction.query<{ id: number }>(
    `insert into datasets (slug, title, description, kind, licence, source, importing_job)
     values ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::uuid)
     on conflict (slug) do nothing returning id`,
    [dataset.slug, dataset.title, dataset.description, dataset.kind, dataset.licence, dataset.source, jobId],
  );
  if (created === undefined) {
    throw new UserError(
      'CONFLICT',
      `The data set "${dataset.slug}" is there already, or another import is making it now. Try again when that has ended, or choose another name.`,
    );
  }
  return created.id;
}

/** Makes the data set visible to all. */
export async function publishDataset(
  transaction: Queryable,
  id: number,
  whole: { readonly fields: readonly Field[]; readonly itemCount: number },
): Promise<void> {
  await transaction.query(
    `update datasets set importing_job = null, fields = $2::jsonb, item_count = $3::bigint,
            next_item_id = $3::bigint + 1, created_at = now(), updated_at = now()
      where id = $1::int`,
    [id, JSON.stringify(whole.fields), whole.itemCount],
  );
}

export interface DatasetDetails {
  readonly title?: string | null;
  readonly description?: string | null;
  readonly kind?: DatasetKind | null;
}

/** Records that the items have changed: counts them, and keeps what is given of the rest. */
export async function updateDataset(
  transaction: Queryable,
  id: number,
  fields: readonly Field[],
  { title = null, description = null, kind = null }: DatasetDetails,
): Promise<void> {
  await transaction.query(
    `update datasets set fields = $2::jsonb, version = version + 1, updated_at = now(),
            item_count = (select count(*) from items where dataset_id = $1::int),
            title = coalesce($3::text, title), description = coalesce($4::text, description), kind = coalesce($5::text, kind)
      where id = $1::int`,
    [id, JSON.stringify(fields), title, description, kind],
  );
}

/** Keeps other changes of the data set and its items out until the transaction ends. @throws UserError NOT_FOUND */
export async function lockDataset(transaction: Queryable, id: number): Promise<Dataset> {
  const [locked] = await transaction.query<DatasetRow>(
    `select ${datasetColumns} from datasets where id = $1::int for no key update`,
    [id],
  );
  if (locked === undefined) throw new UserError('NOT_FOUND', 'The data set was removed meanwhile.');
  return locked;
}

/** The data set that this import is making, or null. */
export async function findDatasetOfImport(
  database: Queryable,
  jobId: string,
): Promise<{ id: number; slug: string } | null> {
  const [found] = await database.query<{ id: number; slug: string }>(
    'select id, slug from datasets where importing_job = $1::uuid',
    [jobId],
  );
  return found ?? null;
}

/** The jobs that are making a data set, dead ones included. */
export async function listImports(database: Queryable): Promise<string[]> {
  const rows = await database.query<{ job: string }>(
    'select importing_job as job from datasets where importing_job is not null',
  );
  return rows.map(({ job }) => job);
}

/** Removes a data set with its items and pictures; its embeddings must be gone. See removeDataset.ts. */
export async function deleteDataset(transaction: Queryable, id: number): Promise<void> {
  await transaction.query('delete from images where dataset_id = $1::int', [id]);
  await transaction.query('delete from items where dataset_id = $1::int', [id]);
  await transaction.query('delete from datasets where id = $1::int', [id]);
}
