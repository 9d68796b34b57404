/**
 * Tables `import_<job>_triples`, `_descriptions` and what is made of them: a graph on its way into a data set. It waits
 * here as the files tell it, by keys; then it is numbered (arrangeStagedGraph.ts) and checked (inspectStagedGraph.ts) as a whole, and goes
 * over in one transaction (applyStagedGraph.ts). What an import that died has left is removed with the rest of its staging: see
 * server/datasets/staging.ts.
 */
import { CopyWriter } from '../database/copyBinary.ts';
import type { Queryable } from '../database/database.ts';
import type { Description, Property, Split, TripleRecord } from '../datasets/formats/graphFile.ts';
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
