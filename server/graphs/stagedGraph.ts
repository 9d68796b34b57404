/**
 * Tables `import_<job>_triples`, `_descriptions` and what is made of them: a graph on its way into a data set. It waits
 * here as the files tell it, by keys; then it is numbered and checked as a whole, and goes over in one transaction.
 * What an import that died has left is removed with the rest of its staging: see server/datasets/staging.ts.
 */
import { findCircle } from '#kernels/graph/circle.ts';
import { CopyWriter } from '../database/copyBinary.ts';
import type { Queryable, Row } from '../database/database.ts';
import type { Description, Property, Split, TripleRecord } from '../datasets/formats/graphFile.ts';
import { localName } from '../datasets/formats/rdf.ts';
import { stagingName } from '../datasets/staging.ts';

export async function createStagedGraph(transaction: Queryable, jobId: string): Promise<void> {
  const name = stagingName(jobId);
  await transaction.query(`
    create table ${name}_triples (
      number bigint primary key, -- in the order of the files, together with the descriptions
      file smallint not null, -- number of the file
      line bigint,
      head text not null,
      relation text not null,
      tail text not null,
      split text, -- null: the files do not say
      holds boolean not null,
      strict boolean not null -- whether its relation must not be an entity
    );
    create table ${name}_descriptions (
      number bigint primary key,
      file smallint not null,
      line bigint,
      of_relation boolean not null,
      key text not null,
      properties jsonb not null
    );
  `);
}

/** Whether a graph of this import waits. */
export async function isStaged(database: Queryable, jobId: string): Promise<boolean> {
  const [found] = await database.query<{ is: boolean }>('select to_regclass($1::text) is not null as is', [
    `${stagingName(jobId)}_triples`,
  ]);
  return found?.is ?? false;
}

/** What a file says of all its triples. */
export interface StagedFile {
  readonly number: number;
  readonly split: Split | null;
  readonly holds: boolean;
  readonly strict: boolean;
}

const PIECE_BYTES = 1 << 20;

/** @param first the number of the first triple */
export async function stageTriples(
  transaction: Queryable,
  jobId: string,
  file: StagedFile,
  first: number,
  triples: readonly TripleRecord[],
): Promise<void> {
  if (triples.length === 0) return;
  await transaction.copyIn(
    `${stagingName(jobId)}_triples (number, file, line, head, relation, tail, split, holds, strict)`,
    rows(),
  );

  function* rows(): Generator<Uint8Array> {
    const writer = new CopyWriter();
    for (const [i, { line, head, relation, tail, split = file.split }] of triples.entries()) {
      writer
        .row(9)
        .int8(first + i)
        .int2(file.number);
      if (line === null) writer.null();
      else writer.int8(line);
      writer.text(head).text(relation).text(tail);
      if (split === null) writer.null();
      else writer.text(split);
      writer.boolean(file.holds).boolean(file.strict);
      if (writer.size >= PIECE_BYTES) yield writer.take();
    }
    yield writer.finish();
  }
}

/** @param first the number of the first description */
export async function stageDescriptions(
  transaction: Queryable,
  jobId: string,
  file: number,
  first: number,
  descriptions: readonly (Description & { readonly ofRelation: boolean })[],
): Promise<void> {
  if (descriptions.length === 0) return;
  await transaction.copyIn(
    `${stagingName(jobId)}_descriptions (number, file, line, of_relation, key, properties)`,
    rows(),
  );

  function* rows(): Generator<Uint8Array> {
    const writer = new CopyWriter();
    for (const [i, { line, key, properties, ofRelation }] of descriptions.entries()) {
      writer
        .row(6)
        .int8(first + i)
        .int2(file);
      if (line === null) writer.null();
      else writer.int8(line);
      writer.boolean(ofRelation).text(key).jsonb(toStored(properties));
      if (writer.size >= PIECE_BYTES) yield writer.take();
    }
    yield writer.finish();
  }
}

/** JSON knows no dates, so what is more than a bare value says what it is. */
type StoredProperty =
  | string
  | number
  | boolean
  | { readonly date: string }
  | { readonly text: string; readonly language: string };

function toStored(properties: Description['properties']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, values]) => [
      name,
      values.map(({ value, language }) => {
        if (value instanceof Date) return { date: value.toISOString() };
        const kept = typeof value === 'string' ? value.toWellFormed() : value;
        return language === undefined ? kept : { text: kept, language };
      }),
    ]),
  );
}

function fromStored(stored: StoredProperty): Property {
  if (typeof stored !== 'object') return { value: stored };
  if ('date' in stored) return { value: new Date(stored.date) };
  return { value: stored.text, language: stored.language };
}

/**
 * Numbers entities and relations in the order in which they are first named, and makes edges of the triples: after
 * this, `_entities` (place from 1, key), `_relations` and `_edges` are there, and `_said`: what is said of entities, by place.
 */
export async function arrangeStagedGraph(transaction: Queryable, jobId: string): Promise<void> {
  const name = stagingName(jobId);
  await transaction.query(`analyze ${name}_triples`);
  await transaction.query(`analyze ${name}_descriptions`);
  // A relation that is described, as RDF does, is no entity for that alone.
  await transaction.query(
    `create table ${name}_relations as
     select row_number() over (order by min(number))::int as id, relation as key from ${name}_triples group by relation`,
  );
  await transaction.query(`analyze ${name}_relations`);
  await transaction.query(
    `create table ${name}_entities as
     select row_number() over (order by min(mention)) as place, mentioned.key, min(mention) as mention
       from (select head as key, 2 * number as mention, true as in_triple from ${name}_triples
             union all
             select tail, 2 * number + 1, true from ${name}_triples
             union all
             select key, 2 * number, false from ${name}_descriptions where not of_relation) mentioned
       left join ${name}_relations relations on relations.key = mentioned.key
      group by mentioned.key having bool_or(in_triple or relations.key is null)`,
  );
  await transaction.query(
    `alter table ${name}_entities add primary key (place); create unique index on ${name}_entities (key)`,
  );
  await transaction.query(`analyze ${name}_entities`);
  // In the order in which they will be read: a page is then one piece of it, and not as many look-ups as it has entities.
  await transaction.query(
    `create table ${name}_said as
     select place, number, line, properties from ${name}_descriptions descriptions
       join ${name}_entities entities on entities.key = descriptions.key
      where not of_relation order by place, number`,
  );
  await transaction.query(`create index on ${name}_said (place)`);
  await transaction.query(`analyze ${name}_said`);
  // Of equal triples the first is kept, those that hold before those that do not, and those to learn from before the rest.
  await transaction.query(
    `create table ${name}_edges as
     select number, file, line, strict, holds, split, relation, head, tail,
            first_value(number) over (
              partition by relation, head, tail
              order by not holds, array_position(array['TRAIN', 'VALIDATION', 'TEST'], split), number
            ) as kept
       from (select number, file, line, strict, holds, coalesce(split, 'TRAIN') as split,
                    relations.id as relation, heads.place as head, tails.place as tail
               from ${name}_triples triples
               join ${name}_relations relations on relations.key = triples.relation
               join ${name}_entities heads on heads.key = triples.head
               join ${name}_entities tails on tails.key = triples.tail) numbered`,
  );
  await transaction.query(`alter table ${name}_edges add primary key (number)`);
  await transaction.query(`analyze ${name}_edges`);
}

/** A triple that cannot stay: its relation is an entity, or it stands elsewhere for another purpose. */
export interface UnfitTriple {
  readonly number: number;
  readonly file: number;
  readonly line: number | null;
  readonly head: string;
  readonly relation: string;
  readonly tail: string;
  readonly split: Split;
  readonly holds: boolean;
  readonly why: 'ENTITY' | 'ELSEWHERE';
  /** Where the relation is an entity, or where the triple stands that is kept. */
  readonly other: {
    readonly file: number;
    readonly line: number | null;
    readonly split: Split;
    readonly holds: boolean;
  };
}

interface UnfitRow extends Row {
  readonly number: number;
  readonly file: number;
  readonly line: number | null;
  readonly head: string;
  readonly relation: string;
  readonly tail: string;
  readonly split: Split;
  readonly holds: boolean;
  readonly isEntity: boolean;
  readonly otherFile: number;
  readonly otherLine: number | null;
  readonly otherSplit: Split | null;
  readonly otherHolds: boolean | null;
}

/** Takes the triples that cannot stay out of the edges. @returns those of them that come first, and how many there are */
export async function takeUnfitTriples(
  transaction: Queryable,
  jobId: string,
  limit: number,
): Promise<{ first: UnfitTriple[]; count: number }> {
  const name = stagingName(jobId);
  const unfit = `
    with named as (
      select relations.id, entities.mention / 2 as mention
        from ${name}_relations relations join ${name}_entities entities on entities.key = relations.key
    ), unfit as (
      select number, max(mention) as mention, max(kept) as kept
        from (select edges.number, named.mention, null::bigint as kept
                from ${name}_edges edges join named on named.id = edges.relation where edges.strict
              union all
              select edges.number, null, kept.number
                from ${name}_edges edges join ${name}_edges kept on kept.number = edges.kept
               where edges.kept <> edges.number and (kept.split, kept.holds) is distinct from (edges.split, edges.holds)) reasons
       group by number
    )`;
  const rows = await transaction.query<UnfitRow>(
    `${unfit}
     select unfit.number, triples.file, triples.line, triples.head, triples.relation, triples.tail,
            coalesce(triples.split, 'TRAIN') as split, triples.holds, unfit.mention is not null as "isEntity",
            coalesce(other.file, described.file) as "otherFile", coalesce(other.line, described.line) as "otherLine",
            coalesce(other.split, 'TRAIN') as "otherSplit", other.holds as "otherHolds"
       from unfit
       join ${name}_triples triples on triples.number = unfit.number
       left join ${name}_triples other on other.number = coalesce(unfit.mention, unfit.kept)
       left join ${name}_descriptions described on described.number = unfit.mention
      order by unfit.number limit $1::int`,
    [limit],
  );
  const gone = await transaction.query(
    `${unfit} delete from ${name}_edges using unfit where ${name}_edges.number = unfit.number returning 1 as gone`,
  );
  return { first: rows.map(toUnfit), count: gone.length };
}

function toUnfit({ isEntity, otherFile, otherLine, otherSplit, otherHolds, ...row }: UnfitRow): UnfitTriple {
  const other = { file: otherFile, line: otherLine, split: otherSplit ?? 'TRAIN', holds: otherHolds ?? true };
  return { ...row, why: isEntity ? 'ENTITY' : 'ELSEWHERE', other };
}

/** Something that stays although it may surprise: how often it is met, and where first. */
export interface Notice {
  readonly count: number;
  readonly file: number;
  readonly line: number | null;
  readonly head: string;
  readonly relation: string;
  readonly tail: string;
}

export interface Notices {
  /** Triples that stood there before, for the same purpose; they count once. */
  readonly repeated: Notice | null;
  /** Triples from an entity to itself. */
  readonly loops: Notice | null;
  /** Entities in triples of VALIDATION and TEST that no triple of TRAIN names. */
  readonly unseenEntities: Notice | null;
  /** Relations that have no triple in TRAIN. */
  readonly unseenRelations: Notice | null;
  readonly entityCount: number;
  /** Triples that hold. */
  readonly tripleCount: number;
  /** Whether the files say which triples are for VALIDATION or TEST. */
  readonly isSplit: boolean;
}

/** Drops repetitions, and tells what else is to be known of the graph. */
export async function inspectStagedGraph(transaction: Queryable, jobId: string): Promise<Notices> {
  const name = stagingName(jobId);
  const notice = async (sql: string): Promise<Notice | null> => {
    const [found] = await transaction.query<Notice & Row>(
      `with met as (${sql})
       select met.count, triples.file, triples.line, triples.head, triples.relation, triples.tail
         from met join ${name}_triples triples on triples.number = met.first`,
    );
    return found ?? null;
  };
  const repeated = await notice(
    `select count(*) as count, min(number) as first from ${name}_edges where kept <> number`,
  );
  await transaction.query(`delete from ${name}_edges where kept <> number`);
  const loops = await notice(
    `select count(*) as count, min(number) as first from ${name}_edges where head = tail and holds`,
  );
  const unseenEntities = await notice(
    `select count(*) as count, min(first) as first
       from (select place, min(number) as first
               from (select head as place, number, split from ${name}_edges where holds
                     union all select tail, number, split from ${name}_edges where holds) ends
              group by place having bool_and(split <> 'TRAIN')) unseen`,
  );
  const unseenRelations = await notice(
    `select count(*) as count, min(first) as first
       from (select min(number) as first from ${name}_edges where holds
              group by relation having bool_and(split <> 'TRAIN')) unseen`,
  );
  const [counted] = await transaction.query<{ entities: number; triples: number; split: boolean }>(
    `select (select count(*) from ${name}_entities) as entities,
            (select count(*) from ${name}_edges where holds) as triples,
            exists (select from ${name}_edges where holds and split <> 'TRAIN') as split`,
  );
  return {
    ...{ repeated, loops, unseenEntities, unseenRelations },
    entityCount: counted?.entities ?? 0,
    tripleCount: counted?.triples ?? 0,
    isSplit: counted?.split ?? false,
  };
}

/** A relation that leads back to where it began. */
export interface StagedCircle {
  readonly relation: string;
  /** The entities along it, the first once more at the end. */
  readonly entities: readonly string[];
  /** Of its first triple. */
  readonly file: number;
  readonly line: number | null;
}

/** Relations that lead from the narrow to the wide, however they are written: `_hypernym`, `rdfs:subClassOf`, `is a`. */
const HIERARCHIES = new Set(
  'hypernym instancehypernym subclassof subpropertyof broader isa isakindof kindof subtypeof partof'.split(' '),
);

/** Of each relation that is a hierarchy by its name, a circle where it has one. */
export async function findStagedCircles(transaction: Queryable, jobId: string): Promise<StagedCircle[]> {
  const name = stagingName(jobId);
  const relations = await transaction.query<{ id: number; key: string }>(
    `select id, key from ${name}_relations order by id`,
  );
  const circles: StagedCircle[] = [];
  for (const { id, key } of relations) {
    if (
      !HIERARCHIES.has(
        localName(key)
          .toLowerCase()
          .replace(/[^a-z]/g, ''),
      )
    )
      continue;
    const edges = await transaction.query<{ head: number; tail: number; number: number }>(
      `select head, tail, number from ${name}_edges where relation = $1::int and holds order by number`,
      [id],
    );
    const heads = Float64Array.from(edges, ({ head }) => head);
    const tails = Float64Array.from(edges, ({ tail }) => tail);
    const nodes = edges.reduce((most, { head, tail }) => Math.max(most, head + 1, tail + 1), 0);
    const around = findCircle(heads, tails, nodes).map((edge) => edges[edge]?.number ?? 0);
    if (around.length === 0) continue;
    const triples = await transaction.query<{ head: string; tail: string; file: number; line: number | null }>(
      `select head, tail, file, line from ${name}_triples where number = any ($1::bigint[])
        order by array_position($1::bigint[], number)`,
      [around],
    );
    const [first] = triples;
    if (first === undefined) continue;
    const entities = [...triples.map(({ head }) => head), first.head];
    circles.push({ relation: key, entities, file: first.file, line: first.line });
  }
  return circles;
}

/** An entity with all that is said of it, in the order of the files. */
export interface StagedEntity {
  /** From 1, without gaps. */
  readonly place: number;
  readonly key: string;
  readonly line: number | null;
  readonly properties: readonly Description['properties'][];
}

/** The entities of the places after `after`, at most `limit`. */
export async function readStagedEntities(
  database: Queryable,
  jobId: string,
  after: number,
  limit: number,
): Promise<StagedEntity[]> {
  const name = stagingName(jobId);
  const rows = await database.query<{
    place: number;
    key: string;
    line: number | null;
    properties: Readonly<Record<string, readonly StoredProperty[]>> | null;
  }>(
    `select entities.place, entities.key, said.line, said.properties
       from (select place, key from ${name}_entities where place > $1::bigint and place <= $1::bigint + $2::bigint) entities
       left join (select * from ${name}_said where place > $1::bigint and place <= $1::bigint + $2::bigint) said
              on said.place = entities.place
      order by entities.place, said.number`,
    [after, limit],
  );
  const entities: (StagedEntity & { properties: Description['properties'][] })[] = [];
  for (const { place, key, line, properties } of rows) {
    let last = entities.at(-1);
    if (last?.place !== place) {
      last = { place, key, line, properties: [] };
      entities.push(last);
    }
    if (properties !== null) last.properties.push(fromStoredAll(properties));
  }
  return entities;
}

function fromStoredAll(properties: Readonly<Record<string, readonly StoredProperty[]>>): Description['properties'] {
  return Object.fromEntries(Object.entries(properties).map(([name, values]) => [name, values.map(fromStored)]));
}

/** The names of all properties of entities, by name. */
export async function readPropertyNames(database: Queryable, jobId: string): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `select distinct jsonb_object_keys(properties) as name from ${stagingName(jobId)}_descriptions
      where not of_relation order by 1`,
  );
  return rows.map(({ name }) => name);
}

/** A relation with all that is said of it. `used`: some triple has it. */
export interface StagedRelation {
  readonly key: string;
  readonly used: boolean;
  readonly properties: readonly Description['properties'][];
}

/** The relations of the triples, and those that are described as relations. */
export async function readStagedRelations(database: Queryable, jobId: string): Promise<StagedRelation[]> {
  const name = stagingName(jobId);
  const rows = await database.query<{
    key: string;
    used: boolean;
    properties: Readonly<Record<string, readonly StoredProperty[]>> | null;
  }>(
    `select named.key, named.used, descriptions.properties
       from (select key, bool_or(used) as used, min(id) as id
               from (select key, id, exists (select from ${name}_edges where relation = id) as used from ${name}_relations
                     union all
                     select key, null, false from ${name}_descriptions where of_relation) all_named
              group by key) named
       left join (select key, number, properties from ${name}_descriptions
                   where key in (select key from ${name}_relations
                                 union all select key from ${name}_descriptions where of_relation)) descriptions
              on descriptions.key = named.key
      order by named.id, named.key, descriptions.number`,
  );
  const relations: (StagedRelation & { properties: Description['properties'][] })[] = [];
  for (const { key, used, properties } of rows) {
    let last = relations.at(-1);
    if (last?.key !== key) {
      last = { key, used, properties: [] };
      relations.push(last);
    }
    if (properties !== null) last.properties.push(fromStoredAll(properties));
  }
  return relations;
}

/** A relation as it is to be kept; what is null stays as it was, where the relation is there already. */
export interface NewRelation {
  readonly key: string;
  /** Its label where nothing gives it one. */
  readonly name: string;
  readonly label: string | null;
  readonly description: string | null;
  /** Whether it is added where it is not there. */
  readonly used: boolean;
}

/**
 * Puts the edges into the data set, after its items. The data set must be locked or be the import's own.
 * @returns how many triples were added, and how many were there already and stay as they were
 */
export async function applyStagedGraph(
  transaction: Queryable,
  jobId: string,
  datasetId: number,
  relations: readonly NewRelation[],
): Promise<{ added: number; known: number; lost: number }> {
  const name = stagingName(jobId);
  const used = relations.filter((relation) => relation.used);
  await transaction.query(
    `insert into relations (dataset_id, key, label, description)
     select $1::int, key, label, description
       from unnest($2::text[], $3::text[], $4::text[]) as given (key, label, description)
     on conflict (dataset_id, key) do nothing`,
    [
      datasetId,
      used.map(({ key }) => key),
      used.map(({ name: own, label }) => label ?? own),
      used.map(({ description }) => description),
    ],
  );
  const named = relations.filter(({ label, description }) => label !== null || description !== null);
  await transaction.query(
    `update relations set label = coalesce(given.label, relations.label), description = coalesce(given.description, relations.description)
       from unnest($2::text[], $3::text[], $4::text[]) as given (key, label, description)
      where dataset_id = $1::int and relations.key = given.key`,
    [
      datasetId,
      named.map(({ key }) => key),
      named.map(({ label }) => label),
      named.map(({ description }) => description),
    ],
  );
  // What has become of the places: an item each, unless an entity could not be kept.
  await transaction.query(
    `create table ${name}_ids_of_places as
     select place, items.id from ${name}_entities entities
       join items on items.dataset_id = ${Math.trunc(datasetId)} and items.key = entities.key`,
  );
  await transaction.query(`analyze ${name}_ids_of_places`);
  const edges = `
       from ${name}_edges edges
       join ${name}_relations staged on staged.id = edges.relation
       join relations on relations.dataset_id = $1::int and relations.key = staged.key
       join ${name}_ids_of_places heads on heads.place = edges.head
       join ${name}_ids_of_places tails on tails.place = edges.tail`;
  const insert = `insert into triples (dataset_id, relation_id, head, tail, split)
     select $1::int, relations.id, heads.id, tails.id, edges.split ${edges} where holds
      order by relations.id, heads.id, tails.id`;
  const countOf = async (counted: string, parameters: readonly number[]): Promise<number> => {
    const [row] = await transaction.query<{ count: number }>(counted, parameters);
    return row?.count ?? 0;
  };
  const all = await countOf(`select count(*) as count from ${name}_edges where holds`, []);
  const ofDataset = 'from triples where dataset_id = $1::int';
  let [kept, added] = [0, 0];
  if ((await countOf(`select count(*) as count from (select ${ofDataset} limit 1) one`, [datasetId])) === 0) {
    // No two edges are equal, so none of them can be there: a third less work than looking.
    await transaction.query(insert, [datasetId]);
    kept = added = await countOf(`select count(*) as count ${ofDataset}`, [datasetId]);
  } else {
    kept = await countOf(`select count(*) as count ${edges} where holds`, [datasetId]);
    added = await countOf(
      `with added as (${insert} on conflict (dataset_id, relation_id, head, tail) do nothing returning 1)
       select count(*) as count from added`,
      [datasetId],
    );
  }
  await transaction.query(
    `insert into false_triples (dataset_id, relation_id, head, tail, split)
     select $1::int, relations.id, heads.id, tails.id, edges.split ${edges} where not holds and edges.split <> 'TRAIN'
     on conflict (dataset_id, relation_id, head, tail) do nothing`,
    [datasetId],
  );
  await transaction.query(`drop table ${name}_ids_of_places`);
  return { added, known: kept - added, lost: all - kept };
}
