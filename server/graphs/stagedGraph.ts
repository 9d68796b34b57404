/**
 * Tables `import_<job>_triples`, `_descriptions` and what is made of them: a graph on its way into a data set. It waits
 * here as the files tell it, by keys; then it is numbered and checked as a whole, and goes over in one transaction.
 * What an import that died has left is removed with the rest of its staging: see server/datasets/staging.ts.
 */
import { findCircle } from '#kernels/graph/circle.ts';
import { CopyWriter } from '../database/copyBinary.ts';
import type { Parameter, Queryable, Row } from '../database/database.ts';
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
    -- What arrangeStagedGraph makes of them.
    create table ${name}_uses (key text not null, number bigint not null);
    create table ${name}_mentions (key text not null, mention bigint not null, in_triple boolean not null);
    create table ${name}_relations (id integer not null, key text not null);
    create table ${name}_found (key text not null, mention bigint not null);
    create table ${name}_entities (place bigint not null, key text not null, mention bigint not null);
    create table ${name}_said (place bigint not null, number bigint not null, line bigint, properties jsonb not null);
    create table ${name}_edges (
      number bigint not null,
      file smallint not null,
      line bigint,
      strict boolean not null,
      holds boolean not null,
      split text not null,
      relation integer not null,
      head bigint not null,
      tail bigint not null,
      kept bigint not null -- number of the equal triple that stays
    );
    -- Statistics of texts and JSON mean to sort thirty thousand of them, and serve no plan here.
    alter table ${name}_descriptions alter properties set statistics 0, alter key set statistics 10;
    alter table ${name}_said alter properties set statistics 0;
    alter table ${name}_triples alter head set statistics 10, alter relation set statistics 10, alter tail set statistics 10;
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

/** How statements on what waits are asked, so that on the embedded database others get their turn between them. */
export interface Turns {
  /** One that changes nothing, or only what no result depends on. */
  ask<R extends Row = Row>(sql: string, parameters?: readonly Parameter[]): Promise<R[]>;
  /** One that writes: kept while the import is still the worker's. */
  write<R extends Row = Row>(sql: string, parameters?: readonly Parameter[]): Promise<R[]>;
}

/** All within one transaction, for a data set that others see. */
export function turnsWithin(transaction: Queryable): Turns {
  return {
    ask: (sql, parameters) => transaction.query(sql, parameters),
    write: (sql, parameters) => transaction.query(sql, parameters),
  };
}

/**
 * Rows of the files, and entities, that one statement goes through: the embedded database answers nobody meanwhile. Of WordNet's
 * that is half a second at most; as one statement each, entities, edges and triples took 3 to 5 s.
 */
const SLICE_ROWS = 150_000;
const SLICE_TRIPLES = 50_000;

/** Ranges [from, to) that cover 0 to `end`. */
function* slices(end: number, size: number): Generator<readonly [from: number, to: number]> {
  for (let from = 0; from < end; from += size) yield [from, Math.min(end, from + size)];
}

async function numberOf(turns: Turns, sql: string, parameters: readonly Parameter[] = []): Promise<number> {
  const [row] = await turns.ask<{ number: number | null }>(sql, parameters);
  return row?.number ?? 0;
}

/**
 * Numbers entities and relations in the order in which they are first named, and makes edges of the triples: after
 * this, `_entities` (place from 1, key), `_relations` and `_edges` are there, and `_said`: what is said of entities, by place.
 * Slice by slice: what is found in each range of the files is put together by ranges of a hash of the key.
 */
export async function arrangeStagedGraph(turns: Turns, jobId: string): Promise<void> {
  const name = stagingName(jobId);
  await turns.ask(`analyze ${name}_triples`);
  await turns.ask(`analyze ${name}_descriptions`);
  const end =
    1 +
    (await numberOf(
      turns,
      `select greatest((select max(number) from ${name}_triples), (select max(number) from ${name}_descriptions)) as number`,
    ));
  // A relation that is described, as RDF does, is no entity for that alone.
  for (const range of slices(end, SLICE_ROWS)) {
    await turns.write(
      `insert into ${name}_uses select relation, min(number) from ${name}_triples
        where number >= $1::bigint and number < $2::bigint group by relation`,
      range,
    );
    await turns.write(
      `insert into ${name}_mentions
       select key, min(mention), bool_or(in_triple)
         from (select head as key, 2 * number as mention, true as in_triple from ${name}_triples
                where number >= $1::bigint and number < $2::bigint
               union all
               select tail, 2 * number + 1, true from ${name}_triples where number >= $1::bigint and number < $2::bigint
               union all
               select key, 2 * number, false from ${name}_descriptions
                where not of_relation and number >= $1::bigint and number < $2::bigint) mentioned
        group by key`,
      range,
    );
  }
  await turns.write(
    `insert into ${name}_relations
     select row_number() over (order by min(number)), key from ${name}_uses group by key`,
  );
  await turns.ask(`analyze ${name}_relations`);
  const parts = Math.ceil((await numberOf(turns, `select count(*) as number from ${name}_mentions`)) / SLICE_ROWS);
  for (let part = 0; part < parts; part++) {
    await turns.write(
      `insert into ${name}_found
       select mentions.key, min(mention)
         from ${name}_mentions mentions left join ${name}_relations relations on relations.key = mentions.key
        where abs(hashtext(mentions.key)::bigint) % $1::bigint = $2::bigint
        group by mentions.key having bool_or(in_triple or relations.key is null)`,
      [parts, part],
    );
  }
  await turns.write(`create index on ${name}_found (mention)`);
  await turns.ask(`analyze ${name}_found`);
  let placed = 0;
  for (const [from, to] of slices(2 * end, 2 * SLICE_ROWS)) {
    const [added] = await turns.write<{ count: number }>(
      `with added as (
         insert into ${name}_entities
         select $1::bigint + row_number() over (order by mention), key, mention from ${name}_found
          where mention >= $2::bigint and mention < $3::bigint order by mention
         returning 1
       ) select count(*) as count from added`,
      [placed, from, to],
    );
    placed += added?.count ?? 0;
  }
  await turns.write(`alter table ${name}_entities add primary key (place)`);
  await turns.write(`create unique index on ${name}_entities (key)`);
  await turns.ask(`analyze ${name}_entities`);
  for (const range of slices(end, SLICE_ROWS)) {
    // In the order in which they will be read, as far as one slice goes: look-ups of one page then lie together.
    await turns.write(
      `insert into ${name}_said
       select place, number, line, properties from ${name}_descriptions descriptions
         join ${name}_entities entities on entities.key = descriptions.key
        where not of_relation and number >= $1::bigint and number < $2::bigint order by place, number`,
      range,
    );
    await turns.write(
      `insert into ${name}_edges
       select number, file, line, strict, holds, coalesce(split, 'TRAIN'), relations.id, heads.place, tails.place, number
         from ${name}_triples triples
         join ${name}_relations relations on relations.key = triples.relation
         join ${name}_entities heads on heads.key = triples.head
         join ${name}_entities tails on tails.key = triples.tail
        where number >= $1::bigint and number < $2::bigint order by number`,
      range,
    );
  }
  await turns.write(`create index on ${name}_said (place)`);
  await turns.write(`alter table ${name}_edges add primary key (number)`);
  await turns.ask(`analyze ${name}_said`);
  await turns.ask(`analyze ${name}_edges`);
  // Of equal triples the first is kept, those that hold before those that do not, and those to learn from before the rest.
  const count = await numberOf(turns, `select count(*) as number from ${name}_edges`);
  const shares = Math.ceil(count / SLICE_ROWS);
  for (let share = 0; share < shares; share++) {
    await turns.write(
      `update ${name}_edges edges set kept = firsts.kept
         from (select number,
                      first_value(number) over (
                        partition by relation, head, tail
                        order by not holds, array_position(array['TRAIN', 'VALIDATION', 'TEST'], split), number
                      ) as kept
                 from ${name}_edges where head % $1::bigint = $2::bigint) firsts
        where edges.number = firsts.number and firsts.kept <> edges.number`,
      [shares, share],
    );
  }
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
  turns: Turns,
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
  const rows = await turns.ask<UnfitRow>(
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
  const gone = await turns.write(
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
export async function inspectStagedGraph(turns: Turns, jobId: string): Promise<Notices> {
  const name = stagingName(jobId);
  const notice = async (sql: string): Promise<Notice | null> => {
    const [found] = await turns.ask<Notice & Row>(
      `with met as (${sql})
       select met.count, triples.file, triples.line, triples.head, triples.relation, triples.tail
         from met join ${name}_triples triples on triples.number = met.first`,
    );
    return found ?? null;
  };
  const repeated = await notice(
    `select count(*) as count, min(number) as first from ${name}_edges where kept <> number`,
  );
  await turns.write(`delete from ${name}_edges where kept <> number`);
  const loops = await notice(
    `select count(*) as count, min(number) as first from ${name}_edges where head = tail and holds`,
  );
  const [counted] = await turns.ask<{ entities: number; triples: number; split: boolean }>(
    `select (select count(*) from ${name}_entities) as entities,
            (select count(*) from ${name}_edges where holds) as triples,
            exists (select from ${name}_edges where holds and split <> 'TRAIN') as split`,
  );
  const isSplit = counted?.split ?? false;
  // Where all are to learn from, none is unseen.
  const unseen = (sql: string) => (isSplit ? notice(sql) : null);
  const unseenEntities = await unseen(
    `select count(*) as count, min(first) as first
       from (select place, min(number) as first
               from (select head as place, number, split from ${name}_edges where holds
                     union all select tail, number, split from ${name}_edges where holds) ends
              group by place having bool_and(split <> 'TRAIN')) unseen`,
  );
  const unseenRelations = await unseen(
    `select count(*) as count, min(first) as first
       from (select min(number) as first from ${name}_edges where holds
              group by relation having bool_and(split <> 'TRAIN')) unseen`,
  );
  return {
    ...{ repeated, loops, unseenEntities, unseenRelations },
    entityCount: counted?.entities ?? 0,
    tripleCount: counted?.triples ?? 0,
    isSplit,
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

/** Edges that are read at once. */
const RANGE_EDGES = 30_000;

/** Of each relation that is a hierarchy by its name, a circle where it has one. */
export async function findStagedCircles(turns: Turns, jobId: string): Promise<StagedCircle[]> {
  const name = stagingName(jobId);
  const relations = await turns.ask<{ id: number; key: string }>(`select id, key from ${name}_relations order by id`);
  const circles: StagedCircle[] = [];
  for (const { id, key } of relations) {
    const readEdges = (after: number) =>
      turns.ask<{ head: number; tail: number; number: number }>(
        `select head, tail, number from ${name}_edges where relation = $1::int and holds and number > $2::bigint
          order by number limit ${RANGE_EDGES}`,
        [id, after],
      );
    if (
      !HIERARCHIES.has(
        localName(key)
          .toLowerCase()
          .replace(/[^a-z]/g, ''),
      )
    )
      continue;
    const edges: { head: number; tail: number; number: number }[] = [];
    for (let range = await readEdges(-1); range.length > 0; range = await readEdges(edges.at(-1)?.number ?? 0)) {
      edges.push(...range);
    }
    const heads = Float64Array.from(edges, ({ head }) => head);
    const tails = Float64Array.from(edges, ({ tail }) => tail);
    const nodes = edges.reduce((most, { head, tail }) => Math.max(most, head + 1, tail + 1), 0);
    const around = findCircle(heads, tails, nodes).map((edge) => edges[edge]?.number ?? 0);
    if (around.length === 0) continue;
    const triples = await turns.ask<{ head: string; tail: string; file: number; line: number | null }>(
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
               from (select key, id, id in (select relation from ${name}_edges group by relation) as used from ${name}_relations
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
 * @param isNew whether the data set has no triples yet
 * @returns how many triples were added, and how many were there already and stay as they were
 */
export async function applyStagedGraph(
  turns: Turns,
  jobId: string,
  { datasetId, isNew }: { readonly datasetId: number; readonly isNew: boolean },
  relations: readonly NewRelation[],
): Promise<{ added: number; known: number; lost: number }> {
  const name = stagingName(jobId);
  const used = relations.filter((relation) => relation.used);
  await turns.write(
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
  await turns.write(
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
  const places = await numberOf(turns, `select max(place) as number from ${name}_entities`);
  await turns.write(
    `drop table if exists ${name}_places; create table ${name}_places (place bigint not null, id bigint not null)`,
  );
  for (const [from, to] of slices(places + 1, SLICE_ROWS)) {
    await turns.write(
      `insert into ${name}_places
       select place, items.id from ${name}_entities entities
         join items on items.dataset_id = ${Math.trunc(datasetId)} and items.key = entities.key
        where place >= $1::bigint and place < $2::bigint`,
      [from, to],
    );
  }
  await turns.write(`create index on ${name}_places (place)`);
  await turns.ask(`analyze ${name}_places`);
  const edges = `
       from ${name}_edges edges
       join ${name}_relations staged on staged.id = edges.relation
       join relations on relations.dataset_id = $1::int and relations.key = staged.key
       join ${name}_places heads on heads.place = edges.head
       join ${name}_places tails on tails.place = edges.tail`;
  let kept = 0;
  let added = 0;
  for (const part of await partsOfEdges(turns, name, places)) {
    const here = `edges.relation = any ($2::int[]) and edges.head >= $3::bigint and edges.head < $4::bigint`;
    const parameters = [datasetId, part.relations, part.from, part.to];
    // No two edges are equal, so in a new data set none of them can be there: a third less work than looking.
    const [found] = await turns.write<{ added: number }>(
      `with added as (
         insert into triples (dataset_id, relation_id, head, tail, split)
         select $1::int, relations.id, heads.id, tails.id, edges.split ${edges} where holds and ${here}
          order by relations.id, heads.id, tails.id
         ${isNew ? '' : 'on conflict (dataset_id, relation_id, head, tail) do nothing'} returning 1
       ) select count(*) as added from added`,
      parameters,
    );
    added += found?.added ?? 0;
    if (!isNew) {
      kept += await numberOf(turns, `select count(*) as number ${edges} where holds and ${here}`, parameters);
    }
  }
  if (isNew) kept = added;
  const all = await numberOf(turns, `select count(*) as number from ${name}_edges where holds`);
  await turns.write(
    `insert into false_triples (dataset_id, relation_id, head, tail, split)
     select $1::int, relations.id, heads.id, tails.id, edges.split ${edges} where not holds and edges.split <> 'TRAIN'
     on conflict (dataset_id, relation_id, head, tail) do nothing`,
    [datasetId],
  );
  return { added, known: kept - added, lost: all - kept };
}

/** Edges of these staged relations, whose heads have places in [from, to). */
interface PartOfEdges {
  readonly relations: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** Parts of about as many edges: small relations together, large ones in ranges of their heads; in the order of the primary key. */
async function partsOfEdges(turns: Turns, name: string, places: number): Promise<PartOfEdges[]> {
  const counts = await turns.ask<{ relation: number; count: number }>(
    `select relation, count(*) as count from ${name}_edges where holds group by relation order by relation`,
  );
  const parts: PartOfEdges[] = [];
  let together: number[] = [];
  let size = 0;
  const all = { from: 0, to: places + 1 };
  for (const { relation, count } of counts) {
    if (size + count > SLICE_TRIPLES && together.length > 0) {
      parts.push({ relations: together, ...all });
      together = [];
      size = 0;
    }
    if (count <= SLICE_TRIPLES) {
      together.push(relation);
      size += count;
      continue;
    }
    const heads = Math.ceil((places + 1) / Math.ceil(count / SLICE_TRIPLES));
    for (const [from, to] of slices(places + 1, heads)) parts.push({ relations: [relation], from, to });
  }
  if (together.length > 0) parts.push({ relations: together, ...all });
  return parts;
}
