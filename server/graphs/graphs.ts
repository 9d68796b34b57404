/**
 * Tables `relations`, `triples` and `false_triples`: the graph of a data set whose items are entities. Triples are
 * written by an import (stagedGraph.ts) and change their split by splitGraph.ts; both call `countTriples` afterwards.
 */
import { decodeInt4, decodeInt8, decodeText, readCopy } from '../database/copyBinary.ts';
import type { Queryable, Row } from '../database/database.ts';
import type { Dataset } from '../datasets/datasets.ts';
import { type Split, splits } from '../datasets/formats/graphFile.ts';
import { didYouMean, UserError } from '../errors.ts';

export { type Split, splits } from '../datasets/formats/graphFile.ts';

export interface Relation {
  readonly id: number;
  readonly datasetId: number;
  /** Unique in the data set; what the data's owner calls it. */
  readonly key: string;
  readonly label: string;
  readonly description: string | null;
  /** Triples, by split. */
  readonly trainCount: number;
  readonly validationCount: number;
  readonly testCount: number;
  /** Distinct heads and tails of its triples in TRAIN. */
  readonly headCount: number;
  readonly tailCount: number;
}

const columns = `id, dataset_id as "datasetId", key, label, description, train_count as "trainCount",
  validation_count as "validationCount", test_count as "testCount", head_count as "headCount", tail_count as "tailCount"`;

interface RelationRow extends Relation, Row {}

/** The relations of a data set, by key. */
export async function listRelations(database: Queryable, datasetId: number): Promise<Relation[]> {
  return database.query<RelationRow>(
    `select ${columns} from relations where dataset_id = $1::int order by key collate "C"`,
    [datasetId],
  );
}

/** The relations of these ids, in their order, null where there is none. */
export async function findRelationsById(database: Queryable, ids: readonly number[]): Promise<(Relation | null)[]> {
  const rows = await database.query<RelationRow>(`select ${columns} from relations where id = any ($1::int[])`, [ids]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** The relation of that key, or null. */
export async function findRelation(database: Queryable, datasetId: number, key: string): Promise<Relation | null> {
  const [found] = await database.query<RelationRow>(
    `select ${columns} from relations where dataset_id = $1::int and key = $2::text`,
    [datasetId, key],
  );
  return found ?? null;
}

/**
 * The relations of these keys, in their order. A label stands for its key where only one relation has it.
 * @throws UserError NOT_FOUND with what is spelled alike
 */
export async function requireRelations(
  database: Queryable,
  dataset: Pick<Dataset, 'id' | 'slug'>,
  keys: readonly string[],
): Promise<Relation[]> {
  if (keys.length === 0) return [];
  const all = await listRelations(database, dataset.id);
  return keys.map((key) => {
    const found = relationNamed(all, key);
    if (found !== null) return found;
    const shown = key.slice(0, 100);
    const near =
      didYouMean(shown, [...new Set(all.flatMap((relation) => [relation.key, relation.label]))]) ||
      ` There is ${all.slice(0, 10).map(nameOf).join(', ')}${all.length > 10 ? ', …' : ''}.`;
    throw new UserError(
      'NOT_FOUND',
      all.length === 0
        ? `The data set "${dataset.slug}" has no relations: it is no graph.`
        : `The data set "${dataset.slug}" has no relation "${shown}".${near}`,
    );
  });
}

/** The relation of that key, or of that label where one alone bears it, upper and lower case alike; null where there is none. */
export function relationNamed(all: readonly Relation[], name: string): Relation | null {
  const named = all.find((relation) => relation.key === name);
  if (named !== undefined) return named;
  const labelled = all.filter(({ label }) => label.toLowerCase() === name.toLowerCase());
  return labelled.length === 1 ? (labelled[0] ?? null) : null;
}

function nameOf({ key }: Relation): string {
  return `"${key}"`;
}

/** How many tails a head has, and how many heads a tail, on average over the triples in TRAIN. */
export type RelationKind = 'ONE_TO_ONE' | 'ONE_TO_MANY' | 'MANY_TO_ONE' | 'MANY_TO_MANY';

/** What is above it is many. Bordes et al. 2013, section 4.3. */
const MANY = 1.5;

/** The kind of a relation; null while it has no triple in TRAIN. */
export function relationKind(relation: Pick<Relation, 'trainCount' | 'headCount' | 'tailCount'>): RelationKind | null {
  const { trainCount, headCount, tailCount } = relation;
  if (trainCount === 0) return null;
  const manyTails = trainCount / headCount > MANY;
  const manyHeads = trainCount / tailCount > MANY;
  if (manyTails) return manyHeads ? 'MANY_TO_MANY' : 'ONE_TO_MANY';
  return manyHeads ? 'MANY_TO_ONE' : 'ONE_TO_ONE';
}

/** The entities that are known to answer (entity, relation, ?) or (?, relation, entity), with the split of each triple. */
export async function findKnownEnds(
  database: Queryable,
  datasetId: number,
  side: 'HEAD' | 'TAIL',
  itemId: number,
  relationId: number,
): Promise<Map<number, Split>> {
  const [given, asked] = side === 'TAIL' ? ['head', 'tail'] : ['tail', 'head'];
  const rows = await database.query<{ id: number; split: Split }>(
    `select ${asked} as id, split from triples
      where dataset_id = $1::int and relation_id = $2::int and ${given} = $3::bigint`,
    [datasetId, relationId, itemId],
  );
  return new Map(rows.map(({ id, split }) => [id, split]));
}

/** What `findKnownEnds` finds of each of these questions, in their order, in one statement. */
export async function findKnownEndsOfAll(
  database: Queryable,
  datasetId: number,
  side: 'HEAD' | 'TAIL',
  asked: readonly { readonly itemId: number; readonly relationId: number }[],
): Promise<Map<number, Split>[]> {
  const [given, wanted] = side === 'TAIL' ? ['head', 'tail'] : ['tail', 'head'];
  const rows = await database.query<{ n: number; id: number; split: Split }>(
    `select asked.n, ${wanted} as id, split
       from unnest($2::bigint[], $3::int[]) with ordinality as asked (item_id, relation_id, n)
       join triples on dataset_id = $1::int and triples.relation_id = asked.relation_id and ${given} = asked.item_id`,
    [datasetId, asked.map(({ itemId }) => itemId), asked.map(({ relationId }) => relationId)],
  );
  const found = asked.map(() => new Map<number, Split>());
  for (const { n, id, split } of rows) found[n - 1]?.set(id, split);
  return found;
}

/** The relations that are known to lead from one entity to another, with the split of each triple. */
export async function findRelationsBetween(
  database: Queryable,
  datasetId: number,
  head: number,
  tail: number,
): Promise<Map<number, Split>> {
  const rows = await database.query<{ id: number; split: Split }>(
    `select relation_id as id, split from triples where dataset_id = $1::int and head = $2::bigint and tail = $3::bigint`,
    [datasetId, head, tail],
  );
  return new Map(rows.map(({ id, split }) => [id, split]));
}

/** The relations that lead from some entity to itself. A pass over all triples. */
export async function findReflexiveRelations(database: Queryable, datasetId: number): Promise<Set<number>> {
  const rows = await database.query<{ id: number }>(
    'select distinct relation_id as id from triples where dataset_id = $1::int and head = tail',
    [datasetId],
  );
  return new Set(rows.map(({ id }) => id));
}

/** The triples in TRAIN of which an entity is head or tail, at most `first`. */
export async function findTriplesOf(
  database: Queryable,
  datasetId: number,
  itemId: number,
  first: number,
): Promise<{ headId: number; relationId: number; tailId: number }[]> {
  return database.query<{ headId: number; relationId: number; tailId: number } & Row>(
    `select head as "headId", relation_id as "relationId", tail as "tailId" from triples
      where dataset_id = $1::int and (head = $2::bigint or tail = $2::bigint) and split = 'TRAIN'
      order by relation_id, head, tail limit $3::int`,
    [datasetId, itemId, first],
  );
}

/** Rows that are read at a time: others have their turn between. */
const RANGE_TRIPLES = 5_000;

/** The triples of a relation, by head and tail, at most `first`. */
export async function findTriplesOfRelation(
  database: Queryable,
  datasetId: number,
  relationId: number,
  first: number,
): Promise<{ headId: number; tailId: number; split: Split }[]> {
  const found: { headId: number; tailId: number; split: Split }[] = [];
  for (;;) {
    const last = found.at(-1) ?? { headId: 0, tailId: 0 };
    const wanted = Math.min(RANGE_TRIPLES, first - found.length);
    const rows = await database.query<{ headId: number; tailId: number; split: Split } & Row>(
      `select head as "headId", tail as "tailId", split from triples
        where dataset_id = $1::int and relation_id = $2::int and (head, tail) > ($3::bigint, $4::bigint)
        order by head, tail limit $5::int`,
      [datasetId, relationId, last.headId, last.tailId, wanted],
    );
    for (const row of rows) found.push(row);
    if (rows.length < wanted || found.length === first) return found;
  }
}

/** How many triples two entities have alike, the one in the place of the other. */
export async function countSharedTriples(
  database: Queryable,
  datasetId: number,
  a: number,
  b: number,
): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `select (select count(*) from triples mine join triples other using (dataset_id, relation_id, tail)
              where dataset_id = $1::int and mine.head = $2::bigint and other.head = $3::bigint)
          + (select count(*) from triples mine join triples other using (dataset_id, relation_id, head)
              where dataset_id = $1::int and mine.tail = $2::bigint and other.tail = $3::bigint) as count`,
    [datasetId, a, b],
  );
  return row?.count ?? 0;
}

/** Triples that one statement counts: half a second's work of the embedded database. */
const COUNTED_TRIPLES = 200_000;

/** Counts the triples of each relation anew, some relations at a time. To be called whenever triples have changed, by who changes them. */
export async function countTriples(transaction: Queryable, datasetId: number): Promise<void> {
  const sizes = await transaction.query<{ id: number; size: number }>(
    `select relations.id, coalesce(size, 0) as size
       from relations left join (select relation_id, count(*) as size from triples where dataset_id = $1::int group by relation_id) counted
         on counted.relation_id = relations.id
      where relations.dataset_id = $1::int order by relations.id`,
    [datasetId],
  );
  let together: number[] = [];
  let triples = 0;
  for (const [i, { id, size }] of sizes.entries()) {
    together.push(id);
    triples += size;
    if (i < sizes.length - 1 && triples + (sizes[i + 1]?.size ?? 0) <= COUNTED_TRIPLES) continue;
    await countTriplesOf(transaction, datasetId, together);
    together = [];
    triples = 0;
  }
}

async function countTriplesOf(
  transaction: Queryable,
  datasetId: number,
  relationIds: readonly number[],
): Promise<void> {
  await transaction.query(
    `update relations
        set train_count = coalesce(train, 0), validation_count = coalesce(validation, 0), test_count = coalesce(test, 0),
            head_count = coalesce(heads, 0), tail_count = coalesce(tails, 0)
       from relations all_relations left join (
              select relation_id, count(*) filter (where split = 'TRAIN') as train,
                     count(*) filter (where split = 'VALIDATION') as validation, count(*) filter (where split = 'TEST') as test,
                     count(distinct head) filter (where split = 'TRAIN') as heads,
                     count(distinct tail) filter (where split = 'TRAIN') as tails
                from triples where dataset_id = $1::int and relation_id = any ($2::int[]) group by relation_id
            ) counted on counted.relation_id = all_relations.id
      where all_relations.id = any ($2::int[]) and relations.id = all_relations.id`,
    [datasetId, relationIds],
  );
}

/**
 * Gives triples, by the ids of their relation, head and tail, a split; all others are for training.
 * @param moved in ranges of any size
 */
export async function writeSplits(
  transaction: Queryable,
  datasetId: number,
  moved: Iterable<{
    readonly split: Split;
    readonly relations: readonly number[];
    readonly heads: readonly number[];
    readonly tails: readonly number[];
  }>,
): Promise<void> {
  await transaction.query("update triples set split = 'TRAIN' where dataset_id = $1::int and split <> 'TRAIN'", [
    datasetId,
  ]);
  for (const { split, relations, heads, tails } of moved) {
    await transaction.query(
      `update triples set split = $2::text
         from unnest($3::int[], $4::bigint[], $5::bigint[]) as moved (relation_id, head, tail)
        where dataset_id = $1::int and triples.relation_id = moved.relation_id
          and triples.head = moved.head and triples.tail = moved.tail`,
      [datasetId, split, relations, heads, tails],
    );
  }
}

/** Removes the graph of a data set. */
export async function deleteGraph(transaction: Queryable, datasetId: number): Promise<void> {
  await transaction.query('delete from triples where dataset_id = $1::int', [datasetId]);
  await transaction.query('delete from false_triples where dataset_id = $1::int', [datasetId]);
  await transaction.query('delete from relations where dataset_id = $1::int', [datasetId]);
}

/** Removes the triples that name one of these items, and counts the rest. */
export async function deleteTriplesOf(
  transaction: Queryable,
  datasetId: number,
  itemIds: readonly number[],
): Promise<void> {
  for (const table of ['triples', 'false_triples']) {
    await transaction.query(
      `delete from ${table}
        where dataset_id = $1::int and (head = any ($2::bigint[]) or tail = any ($2::bigint[]))`,
      [datasetId, itemIds],
    );
  }
  await countTriples(transaction, datasetId);
}

/**
 * A graph as arrays. Entities and relations are numbered from 0 in the order of their ids; triples are rows
 * (n, 3) of head, relation and tail by these numbers, ordered by relation, head and tail.
 */
export interface Triples {
  /** Items of the data set, all of them, whether a triple names them or not. */
  readonly entityIds: Float64Array;
  readonly entityKeys: readonly string[];
  readonly relationIds: Int32Array;
  readonly relationKeys: readonly string[];
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
  /** Triples known not to hold; empty where the data set has none. */
  readonly validationFalse: Int32Array;
  readonly testFalse: Int32Array;
}

export interface ReadTriplesOptions {
  readonly signal?: AbortSignal;
}

/** What is read at once: some megabytes, which PGlite holds as a whole. */
const RANGE_ROWS = 200_000;

/** All triples of a data set, in ranges, so that other statements get their turn between them. */
export async function readTriples(
  database: Queryable,
  datasetId: number,
  options: ReadTriplesOptions = {},
): Promise<Triples> {
  const entities = await readEntities(database, datasetId, options);
  const relations = await database.query<{ id: number; key: string }>(
    'select id, key from relations where dataset_id = $1::int order by id',
    [datasetId],
  );
  const relationIds = Int32Array.from(relations, ({ id }) => id);
  const places: Places = {
    entities: new Map(Array.from(entities.ids, (id, place) => [id, place])),
    relations: new Map(relations.map(({ id }, place) => [id, place])),
  };
  const known = await readRows(database, datasetId, 'triples', places, options);
  const untrue = await readRows(database, datasetId, 'false_triples', places, options);
  return {
    entityIds: entities.ids,
    entityKeys: entities.keys,
    relationIds,
    relationKeys: relations.map(({ key }) => key),
    train: ofSplit(known, 'TRAIN'),
    validation: ofSplit(known, 'VALIDATION'),
    test: ofSplit(known, 'TEST'),
    validationFalse: ofSplit(untrue, 'VALIDATION'),
    testFalse: ofSplit(untrue, 'TEST'),
  };
}

interface Entities {
  readonly ids: Float64Array;
  readonly keys: readonly string[];
}

async function readEntities(database: Queryable, datasetId: number, { signal }: ReadTriplesOptions): Promise<Entities> {
  const ids: number[] = [];
  const keys: string[] = [];
  for (;;) {
    const before = ids.length;
    const rows = database.copyOut(
      `select id, key from items where dataset_id = ${integer(datasetId)} and id > ${integer(ids.at(-1) ?? 0)}
        order by id limit ${RANGE_ROWS}`,
      signal === undefined ? {} : { signal },
    );
    for await (const [id, key] of readCopy(rows, 2)) {
      if (!id || !key) throw new Error('A column of items that cannot be null is null.');
      ids.push(decodeInt8(id));
      keys.push(decodeText(key));
    }
    if (ids.length - before < RANGE_ROWS) return { ids: Float64Array.from(ids), keys };
  }
}

/** Where an id stands in the order of ids. */
interface Places {
  readonly entities: ReadonlyMap<number, number>;
  readonly relations: ReadonlyMap<number, number>;
}

/** Triples (n, 3) and the split of each. */
interface TripleRows {
  readonly triples: Int32Array;
  readonly splits: readonly Split[];
}

async function readRows(
  database: Queryable,
  datasetId: number,
  table: 'triples' | 'false_triples',
  places: Places,
  { signal }: ReadTriplesOptions,
): Promise<TripleRows> {
  const numbers: number[] = [];
  const splits: Split[] = [];
  let last = [0, 0, 0];
  for (;;) {
    const before = splits.length;
    const rows = database.copyOut(
      `select relation_id, head, tail, split from ${table}
        where dataset_id = ${integer(datasetId)} and (relation_id, head, tail) > (${last.map(integer).join(', ')})
        order by relation_id, head, tail limit ${RANGE_ROWS}`,
      signal === undefined ? {} : { signal },
    );
    for await (const [relationId, head, tail, split] of readCopy(rows, 4)) {
      if (!relationId || !head || !tail || !split) throw new Error('A column of triples that cannot be null is null.');
      last = [decodeInt4(relationId), decodeInt8(head), decodeInt8(tail)];
      numbers.push(
        placeOf(places.entities, last[1]),
        placeOf(places.relations, last[0]),
        placeOf(places.entities, last[2]),
      );
      splits.push(toSplit(decodeText(split)));
    }
    if (splits.length - before < RANGE_ROWS) return { triples: Int32Array.from(numbers), splits };
  }
}

function ofSplit({ triples, splits }: TripleRows, split: Split): Int32Array {
  let length = 0;
  for (const other of splits) if (other === split) length += 3;
  const chosen = new Int32Array(length);
  let at = 0;
  for (const [i, other] of splits.entries()) {
    if (other !== split) continue;
    chosen.set(triples.subarray(3 * i, 3 * i + 3), at);
    at += 3;
  }
  return chosen;
}

function placeOf(places: ReadonlyMap<number, number>, id: number | undefined): number {
  const place = places.get(id ?? 0);
  if (place === undefined) throw new UserError('CONFLICT', 'The graph changes while it is read. Try again.');
  return place;
}

function toSplit(text: string): Split {
  const found = splits.find((split) => split === text);
  if (found === undefined) throw new Error(`"${text}" is no split`);
  return found;
}

/** A number that may stand in a statement as text. */
export function integer(value: number): number {
  if (!Number.isSafeInteger(value)) throw new Error(`not a whole number: ${value}`);
  return value;
}
