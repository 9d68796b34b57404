/** Table `comparisons`: of two embeddings of one data set, how alike the neighbours of each item are. */
import type { Queryable, Row } from '../database/database.ts';
import { UserError } from '../errors.ts';
import type { Embedding } from './embeddings.ts';
import { decodeFloats, decodeIds, encodeFloats, encodeIds } from './itemValues.ts';

export interface Comparison {
  readonly id: number;
  readonly embeddingId: number;
  readonly otherId: number;
  /** Neighbours per item. */
  readonly neighbors: number;
  readonly meanOverlap: number;
  /** Items with a vector in both. */
  readonly count: number;
  /** Of the vectors that were compared. */
  readonly embeddingVersion: number;
  readonly otherVersion: number;
  /** Rises each time it is made anew. */
  readonly version: number;
}

const columns = `id, embedding_id as "embeddingId", other_id as "otherId", neighbors, mean_overlap as "meanOverlap", count,
  embedding_version as "embeddingVersion", other_version as "otherVersion", version`;

interface ComparisonRow extends Comparison, Row {}

/** Those that an embedding is part of, on either side. */
export async function listComparisons(database: Queryable, embeddingId: number): Promise<Comparison[]> {
  return await database.query<ComparisonRow>(
    `select ${columns} from comparisons where embedding_id = $1::int or other_id = $1::int order by id`,
    [embeddingId],
  );
}

/** Of these ids, in their order, null where there is none. */
export async function findComparisonsById(database: Queryable, ids: readonly number[]): Promise<(Comparison | null)[]> {
  const rows = await database.query<ComparisonRow>(`select ${columns} from comparisons where id = any ($1::int[])`, [
    ids,
  ]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

export interface NewComparison extends Omit<Comparison, 'id' | 'count' | 'version'> {
  readonly itemIds: Float64Array;
  readonly overlaps: Float32Array;
}

/** Keeps a comparison in place of the one of these two. @returns its id @throws UserError NOT_FOUND where one of them is gone */
export async function replaceComparison(transaction: Queryable, made: NewComparison): Promise<number> {
  const [kept] = await transaction.query<{ id: number }>(
    `insert into comparisons (embedding_id, other_id, neighbors, mean_overlap, count, embedding_version, other_version, item_ids, shares)
     select here.id, there.id, $3::int, $4::float8, $5::bigint, $6::bigint, $7::bigint, $8::bytea, $9::bytea
       from embeddings here, embeddings there where here.id = $1::int and there.id = $2::int
     on conflict (embedding_id, other_id) do update set neighbors = excluded.neighbors, mean_overlap = excluded.mean_overlap,
       count = excluded.count, embedding_version = excluded.embedding_version, other_version = excluded.other_version,
       item_ids = excluded.item_ids, shares = excluded.shares, version = comparisons.version + 1, created_at = now()
     returning id`,
    [
      made.embeddingId,
      made.otherId,
      made.neighbors,
      made.meanOverlap,
      made.itemIds.length,
      made.embeddingVersion,
      made.otherVersion,
      encodeIds(made.itemIds),
      encodeFloats(made.overlaps),
    ],
  );
  if (kept === undefined) throw new UserError('NOT_FOUND', 'An embedding was removed meanwhile.');
  return kept.id;
}

/** The comparison of these two, whichever is named first. @throws UserError NOT_FOUND */
export async function requireComparison(
  database: Queryable,
  one: Pick<Embedding, 'id' | 'name'>,
  other: Pick<Embedding, 'id' | 'name'>,
): Promise<Comparison> {
  const found = (await listComparisons(database, one.id)).find(({ embeddingId, otherId }) =>
    [embeddingId, otherId].includes(other.id),
  );
  if (found !== undefined && one.id !== other.id) return found;
  throw new UserError('NOT_FOUND', `"${one.name}" and "${other.name}" have not been compared.`);
}

/** Takes items out of all comparisons that an embedding is part of; the others keep what they have in common. */
export async function dropComparedItems(
  transaction: Queryable,
  embedding: Pick<Embedding, 'id'>,
  gone: ReadonlySet<number>,
): Promise<void> {
  for (const comparison of await listComparisons(transaction, embedding.id)) {
    const { itemIds, overlaps } = await readOverlaps(transaction, comparison);
    const rows = [...itemIds.keys()].filter((row) => !gone.has(itemIds[row] ?? 0));
    if (rows.length === itemIds.length) continue;
    const left = Float32Array.from(rows, (row) => overlaps[row] ?? 0);
    await transaction.query(
      `update comparisons set item_ids = $2::bytea, shares = $3::bytea, count = $4::bigint, mean_overlap = $5::float8,
              version = version + 1
        where id = $1::int`,
      [
        comparison.id,
        encodeIds(Float64Array.from(rows, (row) => itemIds[row] ?? 0)),
        encodeFloats(left),
        rows.length,
        left.reduce((sum, share) => sum + share, 0) / Math.max(1, rows.length),
      ],
    );
  }
}

export async function removeComparison(database: Queryable, { id }: Pick<Comparison, 'id'>): Promise<void> {
  await database.query('delete from comparisons where id = $1::int', [id]);
}

/** Items, ascending, and the share of neighbours that each has in both embeddings. */
export async function readOverlaps(
  database: Queryable,
  { id }: Pick<Comparison, 'id'>,
): Promise<{ itemIds: Float64Array; overlaps: Float32Array }> {
  const [found] = await database.query<{ itemIds: Uint8Array; shares: Uint8Array }>(
    'select item_ids as "itemIds", shares from comparisons where id = $1::int',
    [id],
  );
  if (found === undefined) throw new UserError('NOT_FOUND', 'The comparison was removed meanwhile.');
  return { itemIds: decodeIds(found.itemIds), overlaps: decodeFloats(found.shares) };
}
