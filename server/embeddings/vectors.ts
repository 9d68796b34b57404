/**
 * Table `vectors`, read: all vectors of an embedding as one matrix, or those of some items; and the forms that a vector
 * has in SQL. Writing stands in embeddings.ts, searching in nearest.ts.
 */
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { decodeInt8, decodeVector, readCopy } from '../database/copyBinary.ts';
import type { Queryable } from '../database/database.ts';
import { UserError } from '../errors.ts';
import type { Embedding, IndexRecord } from './embeddings.ts';

/** What is read at once. PGlite holds as much again, and a cancelled read ends after as much. */
const RANGE_BYTES = 8 * 2 ** 20;
/** How often a read is begun again when the vectors have changed under it. */
const ATTEMPTS = 3;

export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** Called with the share that has been read, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
}

/** All vectors of an embedding: row i is the vector of item `ids[i]`. Ordered by item id. */
export interface Vectors {
  readonly ids: Float64Array;
  /** (ids.length, dimension) */
  readonly matrix: Matrix;
  /** The version of the embedding that was read. */
  readonly version: number;
}

/**
 * Reads all vectors of an embedding, in ranges, so that other statements get their turn between them.
 * @throws UserError NOT_FOUND when the embedding is removed meanwhile, CONFLICT when its vectors change again and again
 */
export async function readMatrix(
  database: Queryable,
  embedding: Pick<Embedding, 'id' | 'dimension'>,
  options: ReadOptions = {},
): Promise<Vectors> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { version, count } = await stateOf(database, embedding.id);
    const ids = new Float64Array(count);
    const matrix = createMatrix(count, embedding.dimension);
    const complete = await readInto(database, embedding, ids, matrix, options);
    if (complete && (await stateOf(database, embedding.id)).version === version) return { ids, matrix, version };
  }
  throw new UserError('CONFLICT', 'The vectors change while they are read. Try again when the import has ended.');
}

/** The version of the vectors, and how many there are. */
async function stateOf(database: Queryable, id: number): Promise<{ version: number; count: number }> {
  const [state] = await database.query<{ version: number; count: number }>(
    `select version, (select count(*) from vectors where embedding_id = $1::int) as count
       from embeddings where id = $1::int`,
    [id],
  );
  if (state === undefined) throw new UserError('NOT_FOUND', 'The embedding was removed meanwhile.');
  return state;
}

/** Fills `ids` and `matrix`. @returns whether there were exactly as many vectors as they hold */
async function readInto(
  database: Queryable,
  { id, dimension }: Pick<Embedding, 'id' | 'dimension'>,
  ids: Float64Array,
  matrix: Matrix,
  { signal, onProgress }: ReadOptions,
): Promise<boolean> {
  const rangeRows = Math.max(1, Math.floor(RANGE_BYTES / (4 * dimension)));
  let row = 0;
  let lastId = -1;
  for (;;) {
    signal?.throwIfAborted();
    const from = row;
    const range = database.copyOut(
      `select item_id, vector from vectors where embedding_id = ${integer(id)} and item_id > ${integer(lastId)}
        order by item_id limit ${rangeRows}`,
      signal === undefined ? {} : { signal },
    );
    for await (const [itemId, vector] of readCopy(range, 2)) {
      if (row === ids.length) return false;
      if (!itemId || !vector) throw new Error('A column of vectors that cannot be null is null.');
      lastId = decodeInt8(itemId);
      ids[row] = lastId;
      decodeVector(vector, rowOf(matrix, row));
      row++;
    }
    onProgress?.(ids.length === 0 ? 1 : row / ids.length);
    if (row - from < rangeRows) return row === ids.length;
  }
}

/** An item's vector in the embedding $2. The bound says nothing new, but without it a merge goes through all vectors up to $3 first. */
const vectorBeyond = 'vectors.embedding_id = $2::int and vectors.item_id = items.id and vectors.item_id > $3::bigint';

/** Ids of items that have no vector in an embedding, ascending, from beyond `after` on. */
export async function listUnembedded(
  database: Queryable,
  { id, datasetId }: Pick<Embedding, 'id' | 'datasetId'>,
  { after, first }: { readonly after: number; readonly first: number },
): Promise<number[]> {
  const rows = await database.query<{ id: number }>(
    `select items.id from items
       left join vectors on ${vectorBeyond}
      where items.dataset_id = $1::int and items.id > $3::bigint and vectors.item_id is null
      order by items.id limit $4::int`,
    [datasetId, id, after, first],
  );
  return rows.map((row) => row.id);
}

/** How many items have no vector in an embedding, beyond `after`. */
export async function countUnembedded(
  database: Queryable,
  { id, datasetId }: Pick<Embedding, 'id' | 'datasetId'>,
  after: number,
): Promise<number> {
  const [counted] = await database.query<{ count: number }>(
    `select count(*) as count from items
       left join vectors on ${vectorBeyond}
      where items.dataset_id = $1::int and items.id > $3::bigint and vectors.item_id is null`,
    [datasetId, id, after],
  );
  return counted?.count ?? 0;
}

/** The vectors of these items, in their order, null for those that have none in this embedding. */
export async function readVectors(
  database: Queryable,
  embedding: Pick<Embedding, 'id'>,
  itemIds: readonly number[],
): Promise<(Float32Array | null)[]> {
  const rows = await database.query<{ id: number; bytes: Uint8Array }>(
    `select item_id as id, vector_send(vector) as bytes from vectors
      where embedding_id = $1::int and item_id = any ($2::bigint[])`,
    [embedding.id, itemIds],
  );
  const byId = new Map(rows.map(({ id, bytes }) => [id, decodeVector(bytes)]));
  return itemIds.map((id) => byId.get(id) ?? null);
}

/** The text of a vector as Postgres reads it, `[1,0.5,-2]`: each float32 comes back the same. */
export function vectorText(vector: Float32Array): string {
  return `[${vector.join(',')}]`;
}

/** The vector as the index of that precision sees it. Index and search must agree in this letter for letter. */
export function indexedForm(vector: string, precision: IndexRecord['precision'], dimension: number): string {
  const d = integer(dimension);
  switch (precision) {
    case 'FULL':
      return `(${vector}::vector(${d}))`;
    case 'HALF':
      return `(${vector}::halfvec(${d}))`;
    case 'BINARY':
      return `(binary_quantize(${vector})::bit(${d}))`;
  }
}

/** A number that may stand in a statement as text. */
export function integer(value: number): number {
  if (!Number.isSafeInteger(value)) throw new Error(`not a whole number: ${value}`);
  return value;
}
