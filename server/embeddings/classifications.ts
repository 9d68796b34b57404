/** Tables `classifications` and `classification_chunks`: how probable each label is for each item of an embedding. */
import type { Queryable, Row } from '../database/database.ts';
import { didYouMean, UserError } from '../errors.ts';
import type { Embedding } from './embeddings.ts';
import { decodeFloats, decodeIds, encodeFloats, encodeIds } from './itemValues.ts';

export interface Classification {
  readonly id: number;
  readonly embeddingId: number;
  /** Unique in the embedding. */
  readonly name: string;
  readonly labels: readonly string[];
  /** Sentences with `{}` where the label goes. */
  readonly templates: readonly string[];
  readonly model: string;
  readonly logitScale: number;
  /** Items. */
  readonly count: number;
  /** Of the vectors that were looked at. */
  readonly embeddingVersion: number;
  /** Rises each time it is made anew. */
  readonly version: number;
}

const columns = `id, embedding_id as "embeddingId", name, labels, templates, model, logit_scale as "logitScale", count,
  embedding_version as "embeddingVersion", version`;

interface ClassificationRow extends Classification, Row {}

/** In the order in which they were made. */
export async function listClassifications(database: Queryable, embeddingId: number): Promise<Classification[]> {
  return await database.query<ClassificationRow>(
    `select ${columns} from classifications where embedding_id = $1::int order by id`,
    [embeddingId],
  );
}

/** Of these ids, in their order, null where there is none. */
export async function findClassificationsById(
  database: Queryable,
  ids: readonly number[],
): Promise<(Classification | null)[]> {
  const rows = await database.query<ClassificationRow>(
    `select ${columns} from classifications where id = any ($1::int[])`,
    [ids],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** @throws UserError NOT_FOUND with the names that there are */
export async function requireClassification(
  database: Queryable,
  embeddingId: number,
  name: string,
): Promise<Classification> {
  const all = await listClassifications(database, embeddingId);
  const found = all.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = all.map((each) => each.name);
  const near = didYouMean(name, names) || (names.length > 0 ? ` There is ${names.join(', ')}.` : '');
  throw new UserError('NOT_FOUND', `The embedding has no classification "${name}".${near}`);
}

export interface NewClassification extends Omit<Classification, 'id' | 'embeddingId' | 'count' | 'version'> {
  readonly embedding: Pick<Embedding, 'id'>;
  readonly itemIds: Float64Array;
  /** (itemIds.length, labels) */
  readonly probabilities: Float32Array;
}

/** Rows of a chunk: half a megabyte of ids. */
const CHUNK_ITEMS = 65_536;

/**
 * Keeps a classification in place of the one of that name, whose version it goes on counting. To be called in a transaction.
 * @returns its id
 * @throws UserError NOT_FOUND where the embedding was removed meanwhile
 */
export async function replaceClassification(transaction: Queryable, made: NewClassification): Promise<number> {
  const { embedding, name, labels, templates, model, logitScale, embeddingVersion, itemIds, probabilities } = made;
  const k = labels.length;
  const [kept] = await transaction.query<{ id: number }>(
    `insert into classifications (embedding_id, name, labels, templates, model, logit_scale, count, embedding_version)
     select id, $2::text, $3::jsonb, $4::jsonb, $5::text, $6::float8, $7::bigint, $8::bigint from embeddings where id = $1::int
     on conflict (embedding_id, name) do update set labels = excluded.labels, templates = excluded.templates,
       model = excluded.model, logit_scale = excluded.logit_scale, count = excluded.count,
       embedding_version = excluded.embedding_version, version = classifications.version + 1, created_at = now()
     returning id`,
    [
      embedding.id,
      name,
      JSON.stringify(labels),
      JSON.stringify(templates),
      model,
      logitScale,
      itemIds.length,
      embeddingVersion,
    ],
  );
  if (kept === undefined) throw new UserError('NOT_FOUND', 'The embedding was removed meanwhile.');
  await writeProbabilities(transaction, kept.id, k, { itemIds, values: probabilities });
  return kept.id;
}

/** In place of those there are. */
async function writeProbabilities(
  transaction: Queryable,
  id: number,
  k: number,
  { itemIds, values }: Probabilities,
): Promise<void> {
  await transaction.query('delete from classification_chunks where classification_id = $1::int', [id]);
  for (let chunk = 0; chunk * CHUNK_ITEMS < itemIds.length; chunk++) {
    const from = chunk * CHUNK_ITEMS;
    await transaction.query(
      `insert into classification_chunks (classification_id, chunk, item_ids, probabilities)
       values ($1::int, $2::int, $3::bytea, $4::bytea)`,
      [
        id,
        chunk,
        encodeIds(itemIds.subarray(from, from + CHUNK_ITEMS)),
        encodeFloats(values.subarray(from * k, (from + CHUNK_ITEMS) * k)),
      ],
    );
  }
}

/** Takes items out of all classifications of an embedding; of the others it stays known what was told. */
export async function dropClassifiedItems(
  transaction: Queryable,
  embedding: Pick<Embedding, 'id'>,
  gone: ReadonlySet<number>,
): Promise<void> {
  for (const classification of await listClassifications(transaction, embedding.id)) {
    const { itemIds, values } = await readProbabilities(transaction, classification);
    const rows = [...itemIds.keys()].filter((row) => !gone.has(itemIds[row] ?? 0));
    if (rows.length === itemIds.length) continue;
    const k = classification.labels.length;
    const left = new Float32Array(rows.length * k);
    for (const [to, from] of rows.entries()) left.set(values.subarray(from * k, (from + 1) * k), to * k);
    await transaction.query('update classifications set count = $2::bigint, version = version + 1 where id = $1::int', [
      classification.id,
      rows.length,
    ]);
    await writeProbabilities(transaction, classification.id, k, {
      itemIds: Float64Array.from(rows, (row) => itemIds[row] ?? 0),
      values: left,
    });
  }
}

export async function removeClassification(database: Queryable, { id }: Pick<Classification, 'id'>): Promise<void> {
  await database.query('delete from classifications where id = $1::int', [id]);
}

/** Items, ascending, and their probabilities, (itemIds.length, labels) row by row. */
export interface Probabilities {
  readonly itemIds: Float64Array;
  readonly values: Float32Array;
}

export async function readProbabilities(
  database: Queryable,
  { id, count, labels }: Classification,
): Promise<Probabilities> {
  const itemIds = new Float64Array(count);
  const values = new Float32Array(count * labels.length);
  let at = 0;
  for (let chunk = 0; at < count; chunk++) {
    const [found] = await database.query<{ itemIds: Uint8Array; probabilities: Uint8Array }>(
      `select item_ids as "itemIds", probabilities from classification_chunks
        where classification_id = $1::int and chunk = $2::int`,
      [id, chunk],
    );
    const ids = found === undefined ? null : decodeIds(found.itemIds);
    if (found === undefined || ids === null || at + ids.length > count) {
      throw new UserError('CONFLICT', 'The classification was made anew meanwhile. Ask again.');
    }
    itemIds.set(ids, at);
    values.set(decodeFloats(found.probabilities), at * labels.length);
    at += ids.length;
  }
  return { itemIds, values };
}

/** The place of the most probable label of each item; of equal ones, the first. */
export function mostProbable(values: Float32Array, labels: number): Uint32Array {
  const best = new Uint32Array(values.length / labels);
  for (let i = 0; i < best.length; i++) {
    for (let label = 1; label < labels; label++) {
      if ((values[i * labels + label] ?? 0) > (values[i * labels + (best[i] ?? 0)] ?? 0)) best[i] = label;
    }
  }
  return best;
}
