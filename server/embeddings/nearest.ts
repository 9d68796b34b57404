/**
 * The items nearest to a vector, exactly or by the index; exactly from memory, where the embedding is held there.
 *
 * An HNSW index serves one shape of statement only: `order by` its own expression and an operator, ascending, with a
 * `limit`, and nothing else in the order. So ties are broken, and candidates of a coarser index re-ranked, outside; and
 * the exact search is the same statement without the cast, which no index fits.
 *
 * pgvector adds in float32. What is told exactly is therefore measured once more, in float64 as from memory: the same question has
 * the same answer to the last bit, wherever the vectors are.
 */
import { UNIT_ROUNDOFF } from '#kernels/distance.ts';
import { exactDistance, LONGEST, SHORTEST } from '#kernels/scan.ts';
import { distanceOnSphere } from '#kernels/spherize.ts';
import { decodeVector } from '../database/copyBinary.ts';
import type { Database, Parameter, Queryable, QueryOptions } from '../database/database.ts';
import { type Condition, throwConditionError } from '../datasets/conditions.ts';
import { readItemIds } from '../datasets/itemIds.ts';
import { type Item, type ItemRow, itemColumns, itemTables, toItem } from '../datasets/items.ts';
import { UserError } from '../errors.ts';
import type { Embedding, IndexRecord, Metric } from './embeddings.ts';
import type { Resident } from './resident.ts';
import { indexedForm, integer, vectorText } from './vectors.ts';

export interface NearestQuery {
  /** Of the embedding's dimension; not zero under COSINE. See targets.ts. */
  readonly vector: Float32Array;
  /** What is near. Another than the embedding's own is searched exactly: an index has the order of one. Default: the embedding's. */
  readonly metric?: Metric | undefined;
  /**
   * What is taken from every vector before it is brought to length 1, float32 of the embedding's dimension: what is compared are places
   * on the unit sphere around it, by their Euclidean distance whatever the metric. The query's vector is one of length 1 already, or 0.
   */
  readonly around?: Float32Array | undefined;
  /** How many, 1 to 1000. */
  readonly first: number;
  /** Ids of items that are not wanted. */
  readonly exclude?: readonly number[];
  /** Which items; compiled with `firstParameter` 1. */
  readonly condition?: Condition | undefined;
  readonly method?: 'AUTO' | 'EXACT' | 'INDEX';
  /** Candidates kept while the index is walked, 1 to 1000. Default: 100, or `first` when that is more. */
  readonly efSearch?: number | null | undefined;
  /** Whether the items are to come with the hits where the database finds them, which saves a second question. */
  readonly withItems?: boolean;
  /** What holds embeddings in memory, where there is such. */
  readonly resident?: Resident | undefined;
  /** Longest run in milliseconds. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Hit {
  readonly itemId: number;
  /** In the metric of the search, always finite; smaller is nearer. */
  readonly distance: number;
  /** The cosine, 1 / (1 + distance) for EUCLIDEAN, or the inner product; larger is nearer. */
  readonly similarity: number;
  /** Where it came with the hit. */
  readonly item?: Item | undefined;
}

export interface NearestAnswer {
  /** Nearest first; of the same distance, the one that was imported first. */
  readonly hits: readonly Hit[];
  readonly search: {
    readonly method: 'EXACT' | 'INDEX';
    readonly exact: boolean;
    readonly metric: Metric;
    /** False when fewer than `first` were found although more may match. */
    readonly complete: boolean;
    readonly device: 'CPU';
    /** Whether the vectors were in memory, not in the database. */
    readonly resident: boolean;
    readonly milliseconds: number;
  };
}

const FIRST_LIMIT = 1000;
/** pgvector's own limit of hnsw.ef_search. */
const EF_SEARCH_LIMIT = 1000;
export const EF_SEARCH_DEFAULT = 100;

/** Below so many matching items an exact search takes some ten milliseconds: the true answer is cheaper than a guess. */
const FEW_ITEMS = 20_000;
/** The walk through the index looks at about twenty items per candidate; among fewer, looking at all is no slower. */
const ITEMS_PER_CANDIDATE = 20;
/** Items on which a filter is tried to tell how many it leaves: a lookup each, a millisecond together. A scan is dearer. */
const SAMPLE_ITEMS = 200;
/** How far a filtered walk goes on before it gives up, pgvector's default. At 25 µs each it has then cost as much as an exact search. */
const SCAN_LIMIT_TUPLES = 20_000;

/**
 * Candidates per answer, re-ranked by the full vectors. With 20,000 x 384 clustered vectors and one bit per number, recall of
 * ten neighbours is 0.30 from 10 candidates and 0.84 from 100; halves of a number change only the order of near ties.
 */
const OVERSAMPLING: Record<IndexRecord['precision'], number> = { FULL: 1, HALF: 2, BINARY: 10 };

/** The largest number of float16. */
export const HALF_LIMIT = 65_504;

const distanceOperator: Record<Metric, string> = { COSINE: '<=>', EUCLIDEAN: '<->', INNER_PRODUCT: '<#>' };

/** Up to so many numbers AUTO compares all that are in memory, in some ten milliseconds, rather than to guess by an index. */
const RESIDENT_NUMBERS = 1e8;

/**
 * Searches. AUTO takes the index where there is one, many items match and they are not in memory; it turns to the exact search where the
 * index has found fewer than it should.
 * @throws UserError BAD_USER_INPUT for numbers out of range, INDEX without an index, or distances beyond what float32 holds
 */
export async function nearestItems(
  database: Database,
  embedding: SearchedEmbedding,
  given: NearestQuery,
): Promise<NearestAnswer> {
  const query = given.around === undefined ? given : { ...given, metric: 'EUCLIDEAN' as const };
  const { first, exclude = [], method = 'AUTO', metric = embedding.metric, resident } = query;
  const efSearch = checkedEfSearch(query);
  if (method === 'INDEX') checkIndex(embedding, query);
  const index = metric === embedding.metric && query.around === undefined ? embedding.index : null;

  const started = performance.now();
  const answer = (hits: Hit[], used: 'EXACT' | 'INDEX', fromMemory = false): NearestAnswer => ({
    hits,
    search: {
      method: used,
      exact: used === 'EXACT',
      metric,
      complete: used === 'EXACT' || hits.length === first || hits.length >= embedding.itemCount - exclude.length,
      device: 'CPU',
      resident: fromMemory,
      milliseconds: performance.now() - started,
    },
  });

  try {
    if (method === 'EXACT' || (method === 'AUTO' && (index === null || isFew(embedding)))) {
      const found = await searchResident(database, embedding, query, resident);
      if (found !== null) return answer(toHits(found, metric, first), 'EXACT', true);
    }
    if (
      index !== null &&
      (method === 'INDEX' || (method === 'AUTO' && (await indexPays(database, embedding, query, efSearch))))
    ) {
      const found = answer(
        toHits(await searchIndex(database, embedding, index, query, efSearch), metric, first),
        'INDEX',
      );
      if (method === 'INDEX' || found.search.complete) return found;
    }
    return answer(toHits(await searchExactly(database, embedding, query), metric, first), 'EXACT');
  } catch (error) {
    throwConditionError(error);
  }
}

/**
 * The items nearest to an item, where the index serves alone: its vector is looked up by the statement that searches, which
 * saves a trip to the database and the sending of the vector there and back.
 * @returns null where that cannot be or finds nothing; `resolveTarget` and `nearestItems` then search, or say what is wrong
 */
export async function nearestToItem(
  database: Database,
  embedding: SearchedEmbedding,
  key: string,
  query: Omit<NearestQuery, 'vector' | 'exclude' | 'condition'>,
): Promise<NearestAnswer | null> {
  const { first, method = 'AUTO', metric = embedding.metric } = query;
  const { index } = embedding;
  const efSearch = checkedEfSearch(query);
  if (metric !== embedding.metric) return null;
  if (index?.precision !== 'FULL' || method === 'EXACT' || key.includes('\u0000')) return null;
  if (method === 'AUTO' && (isFew(embedding) || !isMany(embedding, first, efSearch))) return null;
  const started = performance.now();
  const found = await searchIndex(database, embedding, index, { ...query, item: key }, efSearch);
  if (found.length === 0 || !found.every(({ distance }) => Number.isFinite(distance))) return null;
  const complete = found.length >= Math.min(first, embedding.itemCount - 1);
  if (method === 'AUTO' && !complete) return null;
  const milliseconds = performance.now() - started;
  const search = {
    ...({ method: 'INDEX', exact: false, metric, complete, device: 'CPU', resident: false } as const),
    milliseconds,
  };
  return { hits: toHits(found, metric, first), search };
}

interface Found {
  readonly itemId: number;
  readonly distance: number;
  readonly item?: Item | undefined;
  /** Where it was asked for: the vector as Postgres sends it. */
  readonly bytes?: Uint8Array | undefined;
}

type Searched = Pick<Embedding, 'id' | 'datasetId' | 'dimension' | 'metric'>;
type SearchedEmbedding = Searched & Pick<Embedding, 'itemCount' | 'index' | 'version'>;

/** The candidates kept while the index is walked. @throws UserError for numbers out of range */
function checkedEfSearch({ first, efSearch }: Pick<NearestQuery, 'first' | 'efSearch'>): number {
  checkRange('first', first, FIRST_LIMIT);
  if (efSearch != null) checkRange('efSearch', efSearch, EF_SEARCH_LIMIT);
  return efSearch ?? Math.min(EF_SEARCH_LIMIT, Math.max(EF_SEARCH_DEFAULT, first));
}

/** Whether all numbers are compared in memory sooner than an index is worth its misses. */
function isFew({ itemCount, dimension }: Pick<Embedding, 'itemCount' | 'dimension'>): boolean {
  return itemCount * dimension <= RESIDENT_NUMBERS;
}

/** Whether the walk through the index looks at less than all. */
function isMany({ itemCount }: Pick<Embedding, 'itemCount'>, first: number, efSearch: number): boolean {
  return itemCount >= ITEMS_PER_CANDIDATE * Math.max(efSearch, first);
}

/** Compares every vector in memory; null where they are not there, or cannot be compared there with this one. */
async function searchResident(
  database: Database,
  embedding: Searched & Pick<Embedding, 'itemCount' | 'version'>,
  query: NearestQuery,
  resident: Resident | undefined,
): Promise<Found[] | null> {
  const { vector, metric = embedding.metric, around, first, exclude = [], condition } = query;
  if (resident?.holds(embedding) !== true || !isComparable(vector)) return null;
  const among =
    condition === undefined
      ? null
      : await readItemIds(database, { id: embedding.datasetId }, condition, options(query));
  const found = await resident.search(embedding, { vector, metric, around, first, exclude, among });
  if (found === null) return null;
  return Array.from(found.itemIds, (itemId, i) => ({ itemId, distance: found.distances[i] ?? 0 }));
}

/** Whether float32 neither loses nor overflows the squares of its numbers. */
function isComparable(vector: Float32Array): boolean {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  return length === 0 || (length >= SHORTEST && length <= LONGEST);
}

/**
 * Compares every vector. The database finds a few more than are wanted, so that those are among them which float64 tells to be nearer;
 * where it cannot tell the last of them from the last that is wanted, many more.
 */
async function searchExactly(database: Queryable, embedding: Searched, query: NearestQuery): Promise<Found[]> {
  const { first, vector, metric = embedding.metric, around } = query;
  const measured = { ...query, withVectors: true };
  const few = await scanTable(database, embedding, measured, first + SPARE);
  const isRelative = metric !== 'COSINE' && around === undefined;
  const decided = few.length < first + SPARE || isDecided(few, embedding.dimension, isRelative, first);
  const found = decided ? few : await scanTable(database, embedding, measured, first + MANY_SPARE);
  return measure(found, (row) =>
    around === undefined ? exactDistance(vector, row, metric) : distanceOnSphere(row, around, vector),
  );
}

/** Rows beyond those wanted that are measured. Of 70,000 pictures the tenth and the eleventh neighbour are some thousandths apart. */
const SPARE = 6;
const MANY_SPARE = 100;

/**
 * Whether no row beyond those found can be nearer than the last one wanted, as far as the rounding of float32 goes.
 * @param isRelative to the distances; otherwise to length 1
 */
function isDecided(found: readonly Found[], dimension: number, isRelative: boolean, first: number): boolean {
  const [lastWanted, last] = [found[first - 1]?.distance ?? 0, found.at(-1)?.distance ?? 0];
  // A sum of d terms errs by d roundings at most (Higham 2002, section 4.2); one of products relative to the lengths, of which
  // those that are compared here are the measure.
  const size = isRelative ? Math.max(Math.abs(lastWanted), Math.abs(last)) : 1;
  return last - lastWanted > 2 * (dimension + 4) * UNIT_ROUNDOFF * size;
}

/** In float64, what float32 could tell at all. */
function measure(found: readonly Found[], distanceTo: (row: Float32Array) => number): Found[] {
  return found.map(({ bytes, ...one }) =>
    bytes === undefined || !Number.isFinite(one.distance) ? one : { ...one, distance: distanceTo(decodeVector(bytes)) },
  );
}

/** Ties are broken by the statement: a sort takes place anyway. */
async function scanTable(
  database: Queryable,
  embedding: Searched,
  query: NearestQuery & ReadQuery,
  most: number,
): Promise<Found[]> {
  const { values, bind } = binder(query.condition);
  const vector = bind(vectorText(query.vector), 'vector');
  const compared =
    query.around === undefined ? 'vector' : `l2_normalize(vector - ${bind(vectorText(query.around), 'vector')})`;
  const matches =
    query.condition === undefined
      ? ''
      : `and exists (select from items where items.dataset_id = ${bind(embedding.datasetId, 'int')}
                        and items.id = vectors.item_id and (${query.condition.sql}))`;
  const statement = `select item_id as "itemId", ${compared} ${distanceOperator[query.metric ?? embedding.metric]} ${vector} as distance
       from vectors
      where embedding_id = ${bind(embedding.id, 'int')} ${exclusion(query, bind)} ${matches}
      order by distance, item_id limit ${bind(most, 'int')}`;
  return await readFound(database, embedding, query, statement, { values, bind });
}

type ReadQuery = Pick<NearestQuery, 'withItems' | 'signal' | 'timeoutMs'> &
  Pick<QueryOptions, 'prepared'> & { readonly withVectors?: boolean };

/** What a statement finds, nearest first, with the items and vectors where they are wanted. */
async function readFound(
  database: Queryable,
  { id, datasetId }: Searched,
  query: ReadQuery,
  statement: string,
  { values, bind }: Binder,
): Promise<Found[]> {
  const { withItems = false, withVectors = false } = query;
  if (!withItems && !withVectors) {
    return await database.query<Found & Record<string, unknown>>(statement, values, options(query));
  }
  // They are joined to what was found, after the limit: the walk through an index stays as it is.
  const joined = [
    withItems
      ? `left join (${itemTables}) on items.dataset_id = ${bind(datasetId, 'int')} and items.id = found."itemId"`
      : '',
    withVectors
      ? `left join vectors kept on kept.embedding_id = ${bind(id, 'int')} and kept.item_id = found."itemId"`
      : '',
  ];
  const columns = ['found."itemId"', 'found.distance'];
  if (withItems) columns.push(itemColumns);
  if (withVectors) columns.push('vector_send(kept.vector) as bytes');
  const rows = await database.query<Found & Partial<ItemRow> & Record<string, unknown>>(
    `select ${columns.join(', ')} from (${statement}) found ${joined.join(' ')} order by found.distance, found."itemId"`,
    values,
    options(query),
  );
  return rows.map((row) => ({
    itemId: row.itemId,
    distance: row.distance,
    item: isItemRow(row) ? toItem(row) : undefined,
    bytes: row.bytes,
  }));
}

/** Whether the item came along, and is there. */
function isItemRow(row: Partial<ItemRow>): row is ItemRow {
  return row.id !== undefined && row.id !== null;
}

/** Limits in the statements that are kept planned: what is found beyond those wanted is left out. */
const PLANNED_LIMITS = [10, 20, 50, 100, 200, 500, 1000];

/** A query, or one whose vector is that of an item, which is then not among the answers. */
type IndexQuery = Omit<NearestQuery, 'vector'> & ({ readonly vector: Float32Array } | { readonly item: string });

/**
 * Walks the index. The filter is asked in a subquery of its own, one item at a time: written as a join, Postgres would
 * rather look for the matching items first and sort them.
 */
async function searchIndex(
  database: Database,
  embedding: Searched,
  { precision }: Pick<IndexRecord, 'precision'>,
  query: IndexQuery,
  efSearch: number,
): Promise<Found[]> {
  const { values, bind } = binder(query.condition);
  const { before, vector, exclude } = 'item' in query ? itemOrigin(embedding, query.item, bind) : origin(query, bind);
  const matches =
    query.condition === undefined
      ? ''
      : `and (select ${query.condition.sql} from items
               where items.dataset_id = ${bind(embedding.datasetId, 'int')} and items.id = vectors.item_id)`;
  const operator = distanceOperator[embedding.metric];
  const candidates = query.first * OVERSAMPLING[precision];
  const most = Math.max(candidates, precision === 'FULL' ? 0 : efSearch);
  // Without a filter the statement is one of few, which connections keep planned: which partition it reads and about how many rows
  // are wanted stand in it, since no plan for any partition and any number of rows would take the index.
  const [id, limit] =
    query.condition === undefined
      ? [integer(embedding.id), PLANNED_LIMITS.find((planned) => planned >= most) ?? most]
      : [bind(embedding.id, 'int'), bind(most, 'int')];
  const statement = (
    condition: string,
  ) => `${before} select item_id as "itemId", vector ${operator} ${vector} as distance
       from vectors
      where embedding_id = ${id} ${exclude} ${matches} ${condition}
      order by ${indexedForm('vector', precision, embedding.dimension)}
               ${precision === 'BINARY' ? '<~>' : operator} ${indexedForm(vector, precision, embedding.dimension)}
      limit ${limit}`;
  const walk = {
    'hnsw.ef_search': String(Math.min(EF_SEARCH_LIMIT, Math.max(efSearch, candidates))),
    'hnsw.iterative_scan': 'strict_order',
    'hnsw.max_scan_tuples': String(SCAN_LIMIT_TUPLES),
  };
  if (query.condition === undefined) {
    // Set by the statement itself, for itself: a condition on nothing but settings is judged before the walk begins. So there
    // is one trip to the database and not three.
    const set = Object.entries(walk).map(
      ([name, value]) => `set_config('${name}', ${bind(value, 'text')}, true) is not null`,
    );
    const whole = statement(`and (select ${set.join(' and ')})`);
    // A coarse index gives more candidates than are wanted in the end: their items are not worth it.
    return await readFound(
      database,
      embedding,
      { ...query, withItems: query.withItems === true && precision === 'FULL', prepared: true },
      whole,
      { values, bind },
    );
  }
  return await database.transaction(
    (transaction) => transaction.query<Found & Record<string, unknown>>(statement(''), values),
    { ...options(query), settings: { ...walk, enable_seqscan: 'off', enable_sort: 'off' } },
  );
}

/** What a search starts from, as SQL. */
interface Origin {
  /** Stands before the statement. */
  readonly before: string;
  readonly vector: string;
  readonly exclude: string;
}

function origin(query: Pick<NearestQuery, 'vector' | 'exclude'>, bind: Bind): Origin {
  return { before: '', vector: bind(vectorText(query.vector), 'vector'), exclude: exclusion(query, bind) };
}

/** The vector of an item. Where there is none nothing is found: that is judged before the walk begins, as the settings are. */
function itemOrigin({ id, datasetId }: Searched, key: string, bind: Bind): Origin {
  return {
    before: `with target as materialized (
        select items.id, vectors.vector from items
          join vectors on vectors.embedding_id = ${integer(id)} and vectors.item_id = items.id
         where items.dataset_id = ${bind(datasetId, 'int')} and items.key = ${bind(key, 'text')})`,
    vector: '(select vector from target)',
    exclude: 'and (select id from target) is not null and item_id <> (select id from target)',
  };
}

/** Whether the index is worth it: there are many items, and many of them match. */
async function indexPays(
  database: Queryable,
  embedding: Pick<Embedding, 'id' | 'datasetId' | 'itemCount' | 'index'>,
  query: NearestQuery,
  efSearch: number,
): Promise<boolean> {
  const { itemCount, index } = embedding;
  if (!isMany(embedding, query.first, efSearch)) return false;
  if (index?.precision === 'HALF' && !fitsHalf(query.vector)) return false;
  if (query.condition === undefined) return true;
  return itemCount > FEW_ITEMS && (await estimateMatches(database, embedding, query, query.condition)) > FEW_ITEMS;
}

/** How many items match, told from a sample. */
async function estimateMatches(
  database: Queryable,
  { datasetId, itemCount }: Pick<Embedding, 'datasetId' | 'itemCount'>,
  query: NearestQuery,
  condition: Condition,
): Promise<number> {
  const { values, bind } = binder(condition);
  const [counted] = await database.query<{ matching: number; looked: number }>(
    `select count(*) filter (where ${condition.sql}) as matching, count(*) as looked from items
      where dataset_id = ${bind(datasetId, 'int')} and id = any (${bind(sampleIds(itemCount), 'bigint[]')})`,
    values,
    options(query),
  );
  if (counted === undefined || counted.looked === 0) return 0;
  return (counted.matching / counted.looked) * itemCount;
}

/** Ids between 1 and `count`, scattered by multiples of the golden ratio: no period of the data lies in step with them. */
function sampleIds(count: number): number[] {
  const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;
  return Array.from({ length: SAMPLE_ITEMS }, (_, i) => 1 + Math.floor((((i + 1) * GOLDEN_RATIO) % 1) * count));
}

/** Values of a statement: those of the condition first, as it was compiled, then ours. */
function binder(condition: Condition | undefined): Binder {
  const values: Parameter[] = [...(condition?.parameters ?? [])];
  return { values, bind: (value, type) => `$${values.push(value)}::${type}` };
}

type Bind = (value: Parameter, type: string) => string;

interface Binder {
  readonly values: Parameter[];
  readonly bind: Bind;
}

function exclusion({ exclude = [] }: Pick<NearestQuery, 'exclude'>, bind: Bind): string {
  return exclude.length === 0 ? '' : `and item_id <> all (${bind(exclude, 'bigint[]')})`;
}

function options({ signal, timeoutMs, prepared = false }: ReadQuery): QueryOptions {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(prepared ? { prepared } : {}),
  };
}

/** The `first` nearest, in order. @throws UserError where the distances are beyond what the database computes with */
function toHits(found: readonly Found[], metric: Metric, first: number): Hit[] {
  const finite = found.filter(({ distance }) => Number.isFinite(distance));
  if (finite.length === 0 && found.length > 0) {
    throw new UserError(
      'BAD_USER_INPUT',
      'The numbers of the vectors are so large that their distances exceed what float32 holds. Scale them down.',
    );
  }
  return finite
    .sort((a, b) => a.distance - b.distance || a.itemId - b.itemId)
    .slice(0, first)
    .map(({ itemId, distance, item }) => ({
      ...{ itemId, distance: distance + 0, similarity: similarityOf(distance, metric) }, // no -0
      ...(item === undefined ? {} : { item }),
    }));
}

/** The same as a similarity: larger is nearer. */
export function similarityOf(distance: number, metric: Metric): number {
  switch (metric) {
    case 'COSINE':
      return 1 - distance;
    case 'EUCLIDEAN':
      return 1 / (1 + distance);
    case 'INNER_PRODUCT':
      return 0 - distance;
  }
}

function checkRange(name: string, value: number, limit: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= limit) return;
  throw new UserError('BAD_USER_INPUT', `\`${name}\` is ${value}; it can be a whole number from 1 to ${limit}.`);
}

function checkIndex(
  { index, metric: own }: Pick<Embedding, 'index' | 'metric'>,
  { vector, metric = own }: Pick<NearestQuery, 'vector' | 'metric'>,
): void {
  if (index === null) {
    throw new UserError(
      'BAD_USER_INPUT',
      'The embedding has no index. Build one by the mutation `indexEmbedding`, or search by AUTO or EXACT.',
    );
  }
  if (metric !== own) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The index has the order of ${own} and cannot search by ${metric}. Search by AUTO or EXACT.`,
    );
  }
  if (index.precision === 'HALF' && !fitsHalf(vector)) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The index keeps numbers in 16 bits, up to ${HALF_LIMIT}, and the vector has a larger one. Search by EXACT.`,
    );
  }
}

function fitsHalf(vector: Float32Array): boolean {
  return vector.every((value) => Math.abs(value) <= HALF_LIMIT);
}
