/**
 * Tables `embeddings`, `models` and the writing side of `vectors`: one vector per item, from one model.
 * Small embeddings share the partition `vectors_default`; a large one has a partition `vectors_<id>`. Reading and
 * searching stand in vectors.ts and nearest.ts.
 */
import { CopyWriter } from '../database/copyBinary.ts';
import type { Queryable, Row } from '../database/database.ts';
import { type Dataset, type DatasetRow, datasetColumns } from '../datasets/datasets.ts';
import { didYouMean, UserError } from '../errors.ts';

export const metrics = ['COSINE', 'EUCLIDEAN', 'INNER_PRODUCT'] as const;
export type Metric = (typeof metrics)[number];

/** How the vectors of an embedding are made of items. */
export interface Recipe {
  /** Name of the model. */
  readonly model: string;
  readonly modality: 'TEXT' | 'IMAGE';
  /** The field whose text is read; null: the label. Of pictures: the field with their addresses; null: they are the items' own. */
  readonly field: string | null;
  /** The tensor that is read instead of the model's output; null: the output. */
  readonly layer: string | null;
  readonly pooling: 'AVERAGE' | 'MAX' | 'FLATTEN' | null;
}

export interface Embedding {
  readonly id: number;
  readonly datasetId: number;
  /** Unique in the data set. */
  readonly name: string;
  readonly model: { readonly name: string; readonly description: string | null } | null;
  /** How the vectors were made here; null where they were imported. */
  readonly recipe: Recipe | null;
  /** Numbers per vector. */
  readonly dimension: number;
  readonly metric: Metric;
  /** How many items have a vector. */
  readonly itemCount: number;
  /** Whether the vectors lie in a partition of their own, `vectors_<id>`. */
  readonly partitioned: boolean;
  /** Rises with every change of the vectors. */
  readonly version: number;
  readonly index: IndexRecord | null;
}

/** An HNSW index as it was built. */
export interface IndexRecord {
  readonly precision: 'FULL' | 'HALF' | 'BINARY';
  readonly links: number;
  readonly efConstruction: number;
  readonly recall: IndexRecall | null;
}

/** Recall of an index, measured against exact search on a sample. */
export interface IndexRecall {
  readonly recall: number;
  readonly neighbors: number;
  readonly sample: number;
  readonly efSearch: number;
  readonly millisecondsIndex: number;
  readonly millisecondsExact: number;
}

/** From this many vectors on, an embedding has a partition of its own, and with it a statistics and an index of its own. */
export const PARTITION_ITEMS = 5_000;

/** pgvector's limit for the type `vector`. */
export const MAX_DIMENSION = 16_000;

interface EmbeddingRow extends Omit<Embedding, 'model'>, Row {
  readonly modelName: string | null;
  readonly modelDescription: string | null;
}

const select = `select embeddings.id, dataset_id as "datasetId", embeddings.name, dimension, metric,
  item_count as "itemCount", partitioned, version, index, recipe, models.name as "modelName", models.description as "modelDescription"
  from embeddings left join models on models.id = model_id`;

/** The embeddings of a data set, in the order in which they were made. */
export async function listEmbeddings(database: Queryable, datasetId: number): Promise<Embedding[]> {
  const rows = await database.query<EmbeddingRow>(`${select} where dataset_id = $1::int order by embeddings.id`, [
    datasetId,
  ]);
  return rows.map(toEmbedding);
}

/** The embedding of that name, or null. */
export async function findEmbedding(database: Queryable, datasetId: number, name: string): Promise<Embedding | null> {
  const [row] = await database.query<EmbeddingRow>(
    `${select} where dataset_id = $1::int and embeddings.name = $2::text`,
    [datasetId, name],
  );
  return row === undefined ? null : toEmbedding(row);
}

/** The data set of that slug with its embeddings of these names, in one trip to the database; or null. */
export async function findDatasetWithEmbeddings(
  database: Queryable,
  slug: string,
  names: readonly string[],
): Promise<{ dataset: Dataset; embeddings: Embedding[] } | null> {
  const [row] = await database.query<DatasetRow & { readonly named: EmbeddingRow[] | null }>(
    `select ${datasetColumns},
            (select jsonb_agg(found) from
              (${select} where dataset_id = datasets.id and embeddings.name = any ($2::text[])) found) as named
       from datasets where slug = $1::text and importing_job is null`,
    [slug, names],
    { prepared: true },
  );
  if (row === undefined) return null;
  const { named, ...dataset } = row;
  return { dataset, embeddings: (named ?? []).map(toEmbedding) };
}

/** The embedding of that name. @throws UserError NOT_FOUND with the names that there are */
export async function requireEmbedding(database: Queryable, datasetId: number, name: string): Promise<Embedding> {
  const all = await listEmbeddings(database, datasetId);
  const found = all.find((embedding) => embedding.name === name);
  if (found !== undefined) return found;
  const names = all.map((embedding) => embedding.name);
  const near = didYouMean(name, names) || (names.length > 0 ? ` There is ${names.join(', ')}.` : '');
  throw new UserError('NOT_FOUND', `The data set has no embedding "${name}".${near}`);
}

/** The embeddings of these ids, in their order, null where there is none. */
export async function findEmbeddingsById(database: Queryable, ids: readonly number[]): Promise<(Embedding | null)[]> {
  const rows = await database.query<EmbeddingRow>(`${select} where embeddings.id = any ($1::int[])`, [ids]);
  const byId = new Map(rows.map((row) => [row.id, toEmbedding(row)]));
  return ids.map((id) => byId.get(id) ?? null);
}

function toEmbedding({ modelName, modelDescription, ...row }: EmbeddingRow): Embedding {
  return { ...row, model: modelName === null ? null : { name: modelName, description: modelDescription } };
}

export interface NewEmbedding {
  readonly datasetId: number;
  readonly name: string;
  /** Name of the model that made the vectors, where it is known. */
  readonly model: string | null;
  readonly dimension: number;
  readonly metric: Metric;
  /** Whether it gets a partition of its own from the start: to be chosen from `PARTITION_ITEMS` on. */
  readonly partitioned: boolean;
  readonly recipe?: Recipe;
}

/** An embedding without vectors. @throws UserError BAD_USER_INPUT for a dimension beyond pgvector's */
export async function createEmbedding(transaction: Queryable, embedding: NewEmbedding): Promise<Embedding> {
  const { datasetId, name, model, dimension, metric, partitioned, recipe } = embedding;
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > MAX_DIMENSION) {
    throw new UserError('BAD_USER_INPUT', `Vectors have 1 to ${MAX_DIMENSION} numbers; these have ${dimension}.`);
  }
  const [created] = await transaction.query<{ id: number }>(
    `insert into embeddings (dataset_id, name, model_id, dimension, metric, recipe)
     values ($1::int, $2::text, $3::int, $4::int, $5::text, $6::jsonb) returning id`,
    [
      datasetId,
      name,
      model === null ? null : await modelId(transaction, model),
      dimension,
      metric,
      recipe === undefined ? null : JSON.stringify(recipe),
    ],
  );
  if (created === undefined) throw new Error('insert … returning gave no row');
  if (partitioned) await partitionEmbedding(transaction, { id: created.id, dimension });
  const [found] = await findEmbeddingsById(transaction, [created.id]);
  if (found === undefined || found === null) throw new Error(`embedding ${created.id} is not there`);
  return found;
}

async function modelId(transaction: Queryable, name: string): Promise<number> {
  await transaction.query('insert into models (name) values ($1::text) on conflict (name) do nothing', [name]);
  const [found] = await transaction.query<{ id: number }>('select id from models where name = $1::text', [name]);
  if (found === undefined) throw new Error(`model ${name} is not there`);
  return found.id;
}

/**
 * Gives an embedding a partition of its own and moves what vectors it has. A check holds the dimension, and the
 * vectors are laid out for reading: in their row wherever that fits into a page, or else aside as they are. With
 * 70,000 x 784 on Postgres 15 an exact search takes 92 ms so, 175 ms from the table aside, 280 ms from there compressed;
 * with 20,000 x 1024, where half of each page stays empty, still 20 ms against 63.
 */
export async function partitionEmbedding(
  transaction: Queryable,
  { id, dimension }: Pick<Embedding, 'id' | 'dimension'>,
): Promise<void> {
  const table = `vectors_${integer(id)}`;
  await transaction.query(`create table ${table} (like vectors including defaults including constraints)`);
  await transaction.query(`alter table ${table} alter vector set storage external`);
  await transaction.query(`alter table ${table} set (toast_tuple_target = 8160)`);
  // Statistics of vectors serve no plan, and to gather them means to read them; of the ids, a small sample tells all.
  await transaction.query(
    `alter table ${table} alter vector set statistics 0, alter embedding_id set statistics 1, alter item_id set statistics 10`,
  );
  await transaction.query(`alter table ${table} add check (vector_dims(vector) = ${integer(dimension)})`);
  await transaction.query(
    `with moved as (delete from vectors_default where embedding_id = ${integer(id)} returning *)
     insert into ${table} select * from moved`,
  );
  // Shown to hold beforehand, so that attaching does not read the table again.
  await transaction.query(`alter table ${table} add constraint ${table}_of check (embedding_id = ${integer(id)})`);
  await transaction.query(`alter table vectors attach partition ${table} for values in (${integer(id)})`);
  await transaction.query(`alter table ${table} drop constraint ${table}_of`);
  await transaction.query('update embeddings set partitioned = true where id = $1::int', [id]);
}

/**
 * Bulk load by binary COPY, straight into the partition.
 * @param ids item ids, ascending
 * @param vectors one or several arrays that together are a matrix (ids.length, dimension), row-major, finite; each of
 *   whole rows
 */
export async function appendVectors(
  transaction: Queryable,
  embedding: Pick<Embedding, 'id' | 'dimension' | 'partitioned'>,
  ids: ArrayLike<number>,
  vectors: Float32Array | readonly Float32Array[],
): Promise<void> {
  const { id, dimension, partitioned } = embedding;
  const blocks = vectors instanceof Float32Array ? [vectors] : vectors;
  const numbers = blocks.reduce((sum, block) => sum + block.length, 0);
  if (numbers !== ids.length * dimension) {
    throw new Error(`${ids.length} ids, but ${numbers} numbers at ${dimension} per vector`);
  }
  const table = partitioned ? `vectors_${integer(id)}` : 'vectors_default';
  await transaction.copyIn(
    `${table} (embedding_id, item_id, vector)`,
    vectorRows(blocks, dimension, (writer, i) => {
      writer.row(3);
      writer.int4(id);
      writer.int8(ids[i] ?? 0);
    }),
  );
}

/**
 * Lets the planner know how many vectors there are: one that thinks of thousands where there are hundred thousands sorts all of them for each
 * range that is read. Of vectors only the ids are looked at: the rest serves no plan.
 */
export async function analyzeVectors(
  database: Queryable,
  { id, partitioned }: Pick<Embedding, 'id' | 'partitioned'>,
): Promise<void> {
  const table = partitioned ? `vectors_${integer(id)}` : 'vectors_default';
  await database.query(`analyze ${table} (embedding_id, item_id)`);
}

/** Removes the vectors of this item and of those that came after it. */
export async function deleteVectorsFrom(
  transaction: Queryable,
  { id }: Pick<Embedding, 'id'>,
  itemId: number,
): Promise<void> {
  await transaction.query('delete from vectors where embedding_id = $1::int and item_id >= $2::bigint', [id, itemId]);
}

/** Removes the vectors of these items, and counts the rest. @returns how many there were */
export async function deleteVectors(
  transaction: Queryable,
  { id }: Pick<Embedding, 'id'>,
  itemIds: readonly number[],
): Promise<number> {
  const [deleted] = await transaction.query<{ count: number }>(
    `with gone as (delete from vectors where embedding_id = $1::int and item_id = any ($2::bigint[]) returning 1)
     select count(*) as count from gone`,
    [id, itemIds],
  );
  const count = deleted?.count ?? 0;
  if (count > 0) await touchEmbedding(transaction, id);
  return count;
}

/** All vectors anew, in place of those there are. Who reads them meanwhile waits, or sees those of before. */
export async function replaceVectors(
  transaction: Queryable,
  embedding: Pick<Embedding, 'id' | 'dimension' | 'partitioned'>,
  ids: ArrayLike<number>,
  vectors: Float32Array,
): Promise<void> {
  // Emptied, not deleted row by row: what is replaced often would otherwise grow each time until it is vacuumed.
  if (embedding.partitioned) await transaction.query(`truncate vectors_${integer(embedding.id)}`);
  else await transaction.query('delete from vectors_default where embedding_id = $1::int', [embedding.id]);
  await appendVectors(transaction, embedding, ids, vectors);
  await touchEmbedding(transaction, embedding.id);
}

const PIECE_BYTES = 1 << 20;

/** Binary COPY of vectors, each row begun by `begin`; in pieces of about a megabyte. */
export function* vectorRows(
  blocks: readonly Float32Array[],
  dimension: number,
  begin: (writer: CopyWriter, i: number) => void,
): Generator<Uint8Array> {
  const writer = new CopyWriter();
  yield writer.take(); // the header, so that all that follows are rows
  let row = 0;
  for (const block of blocks) {
    for (let at = 0; at < block.length; at += dimension) {
      begin(writer, row++);
      writer.vector(block.subarray(at, at + dimension));
      if (row === 1) writer.reserve(Math.ceil(PIECE_BYTES / writer.size) * writer.size); // each row is as long
      if (writer.size >= PIECE_BYTES) yield writer.take();
    }
  }
  yield writer.finish();
}

/** Records that the vectors have changed: raises the version, counts them, and forgets the recall that was measured before. */
export async function touchEmbedding(transaction: Queryable, id: number): Promise<void> {
  await transaction.query(
    `update embeddings set version = version + 1, index = jsonb_set(index, '{recall}', 'null'),
            item_count = (select count(*) from vectors where embedding_id = $1::int)
      where id = $1::int`,
    [id],
  );
}

/** Records that so many vectors were added; they need not be counted for that. */
export async function recordAppended(transaction: Queryable, id: number, added: number): Promise<void> {
  await transaction.query(
    `update embeddings set version = version + 1, index = jsonb_set(index, '{recall}', 'null'),
            item_count = item_count + $2::bigint
      where id = $1::int`,
    [id, added],
  );
}

/** Records how many vectors a new embedding has. */
export async function countEmbedding(transaction: Queryable, id: number, itemCount: number): Promise<void> {
  await transaction.query('update embeddings set item_count = $2::bigint where id = $1::int', [id, itemCount]);
}

/** Removes an embedding with its vectors and maps. */
export async function dropEmbedding(
  transaction: Queryable,
  { id, partitioned }: Pick<Embedding, 'id' | 'partitioned'>,
): Promise<void> {
  if (partitioned) await transaction.query(`drop table vectors_${integer(id)}`);
  else await transaction.query('delete from vectors_default where embedding_id = $1::int', [id]);
  await transaction.query('delete from embeddings where id = $1::int', [id]);
}

/** What may stand in a statement as text. */
function integer(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not a whole number: ${value}`);
  return value;
}
