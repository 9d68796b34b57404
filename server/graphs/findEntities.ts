/** Entities by name: a question asks for "dog", and a slip is answered with what is meant. */
import { type NameIndex, similarNames } from '#kernels/graph/names.ts';
import type { Queryable } from '../database/database.ts';
import type { Condition } from '../datasets/conditions.ts';
import type { Dataset } from '../datasets/datasets.ts';
import { TYPES_DIVIDER } from '../datasets/describeEntity.ts';
import { UserError } from '../errors.ts';
import { runGraphKernel } from './graphKernels.ts';
import { integer } from './graphs.ts';

/** What of an entity a text was found by. */
export type MatchedBy = 'KEY' | 'LABEL' | 'TEXT' | 'MEANING' | 'SPELLING';

export interface EntityMatch {
  readonly datasetId: number;
  readonly itemId: number;
  readonly by: MatchedBy;
  /** 1 for the same key or label, less for what is only alike. */
  readonly similarity: number;
}

/** Triples of each entity that a list of them is ordered by, the most connected first. */
const DEGREE = `(select count(*) from (select 1 from triples where triples.dataset_id = items.dataset_id and head = items.id limit 1000) heads)
  + (select count(*) from (select 1 from triples where triples.dataset_id = items.dataset_id and tail = items.id limit 1000) tails)`;

/** The same expression as that of the index `items_text`: see server/datasets/filters.ts. */
const TEXT_OF_ITEM = `(to_tsvector('english', items.label) || jsonb_to_tsvector('english', items.fields, '["string"]'))`;

/** Entities of one label that are looked at. */
const MOST_NAMESAKES = 200;
/** Least share of three-letter pieces that makes a spelling alike. */
const LEAST_SIMILARITY = 0.4;

/** Finds entities by what a text says, nearest first: see meaning.ts. */
export type ByMeaning = (text: string, first: number) => Promise<readonly { itemId: number; similarity: number }[]>;

/** A text of so many words describes rather than names: it is taken by its meaning before its spelling, */
const WORDS_OF_DESCRIPTION = 3;
/** unless it is spelled so much like a name that it is one with a slip. */
const SLIP_SIMILARITY = 0.6;

/**
 * The entities that a text may mean, best first: by key, by label, the most connected first where several bear it, by
 * words of label and fields, by meaning, by spelling.
 * @param condition which entities; compiled with `firstParameter` 4
 */
export async function findEntities(
  database: Queryable,
  dataset: Pick<Dataset, 'id' | 'version'>,
  text: string,
  first: number,
  condition: Condition | null = null,
  byMeaning: ByMeaning | null = null,
): Promise<EntityMatch[]> {
  const found = new Map<number, EntityMatch>();
  const add = (by: MatchedBy, ids: readonly { readonly id: number; readonly similarity: number }[]): void => {
    for (const { id, similarity } of ids) {
      if (!found.has(id)) found.set(id, { datasetId: dataset.id, itemId: id, by, similarity });
    }
  };
  const shown = checkText(text);
  add('KEY', exactly(await queryIds(database, dataset, shown, 'items.key = $2::text', 'items.key', first, condition)));
  if (found.size < first) add('LABEL', exactly(await findNamesakes(database, dataset, shown, first, condition)));
  if (found.size < first) {
    const where = `${TEXT_OF_ITEM} @@ websearch_to_tsquery('english', $2::text)`;
    const rank = `ts_rank(${TEXT_OF_ITEM}, websearch_to_tsquery('english', $2::text), 1) desc`;
    const ids = await queryIds(database, dataset, shown, where, rank, first, condition);
    add(
      'TEXT',
      ids.map((id) => ({ id, similarity: 0.5 })),
    );
  }
  if (found.size >= first) return [...found.values()].slice(0, first);
  const spelled = await findSimilar(database, dataset, shown, first, condition);
  const describes = shown.split(/\s+/u).length >= WORDS_OF_DESCRIPTION;
  add('SPELLING', describes ? spelled.filter(({ similarity }) => similarity >= SLIP_SIMILARITY) : spelled);
  if (found.size < first && byMeaning !== null) {
    const near = await byMeaning(shown, first);
    add(
      'MEANING',
      near.map(({ itemId, similarity }) => ({ id: itemId, similarity })),
    );
  }
  add('SPELLING', spelled);
  return [...found.values()].slice(0, first);
}

function exactly(ids: readonly number[]): { id: number; similarity: number }[] {
  return ids.map((id) => ({ id, similarity: 1 }));
}

/** At which end of which relation an entity is said to stand. */
export interface Role {
  readonly relationId: number;
  readonly end: 'HEAD' | 'TAIL';
}

/** Triples of an item in a role, at most 1000. */
function standing({ relationId, end }: Role): string {
  return `(select count(*) from (select 1 from triples where triples.dataset_id = items.dataset_id
    and relation_id = ${integer(relationId)} and ${end === 'HEAD' ? 'head' : 'tail'} = items.id limit 1000) standing)`;
}

/** Those that bear the label, upper and lower case alike, the most connected first, in that role before all others. */
async function findNamesakes(
  database: Queryable,
  dataset: Pick<Dataset, 'id'>,
  text: string,
  first: number,
  condition: Condition | null,
  role: Role | null = null,
): Promise<number[]> {
  // The index `items_label` knows the hash.
  const where =
    'hashtextextended(lower(items.label), 0) = hashtextextended(lower($2::text), 0) and lower(items.label) = lower($2::text)';
  const order = `${role === null ? '' : `${standing(role)} desc, `}${DEGREE} desc`;
  return queryIds(database, dataset, text, where, order, Math.min(first, MOST_NAMESAKES), condition);
}

async function queryIds(
  database: Queryable,
  { id }: Pick<Dataset, 'id'>,
  text: string,
  where: string,
  order: string,
  first: number,
  condition: Condition | null,
): Promise<number[]> {
  const rows = await database.query<{ id: number }>(
    `select items.id from items where items.dataset_id = $1::int and ${where} and (${condition?.sql ?? 'true'})
      order by ${order}, items.id limit $3::int`,
    [id, text, first, ...(condition?.parameters ?? [])],
  );
  return rows.map((row) => row.id);
}

// Spelling -----------------------------------------------------------------------------------------------------------

interface Names {
  readonly version: number;
  readonly ids: Float64Array;
  readonly index: NameIndex;
}

/** The names of the graphs that were asked last. WordNet's 265,000 take 30 MB. */
const MOST_GRAPHS = 4;
const remembered = new Map<number, Promise<Names>>();

async function findSimilar(
  database: Queryable,
  dataset: Pick<Dataset, 'id' | 'version'>,
  text: string,
  first: number,
  condition: Condition | null,
): Promise<{ id: number; similarity: number }[]> {
  const { ids, index } = await namesOf(database, dataset);
  const similar = similarNames(index, text, condition === null ? first : 10 * first, LEAST_SIMILARITY);
  const found = similar.map(({ name, similarity }) => ({ id: ids[name] ?? 0, similarity }));
  if (condition === null) return found;
  const allowed = await database.query<{ id: number }>(
    `select items.id from items where items.dataset_id = $1::int and items.id = any ($2::bigint[])
        and $3::int is not null and (${condition.sql})`,
    [dataset.id, found.map(({ id }) => id), first, ...condition.parameters],
  );
  const kept = new Set(allowed.map(({ id }) => id));
  return found.filter(({ id }) => kept.has(id)).slice(0, first);
}

async function namesOf(database: Queryable, { id, version }: Pick<Dataset, 'id' | 'version'>): Promise<Names> {
  const known = await remembered.get(id)?.catch(() => null);
  if (known?.version === version) return known;
  const reading = readNames(database, id, version);
  remembered.delete(id);
  remembered.set(id, reading);
  for (const oldest of remembered.keys()) {
    if (remembered.size <= MOST_GRAPHS) break;
    remembered.delete(oldest);
  }
  return reading.catch((error: unknown) => {
    remembered.delete(id);
    throw error;
  });
}

/** Rows that are read at a time: others have their turn between. */
const RANGE_ROWS = 5_000;
/** Characters of a label that tell it from others. */
const LABEL_CHARACTERS = 100;

/** The labels of all items, by ids, each up to its hundredth character. */
export async function readLabels(
  database: Queryable,
  datasetId: number,
): Promise<{ readonly ids: Float64Array; readonly labels: string[] }> {
  const ids: number[] = [];
  const labels: string[] = [];
  for (;;) {
    const rows = await database.query<{ id: number; label: string }>(
      `select id, left(label, ${LABEL_CHARACTERS}) as label from items
        where dataset_id = ${integer(datasetId)} and id > ${integer(ids.at(-1) ?? 0)} order by id limit ${RANGE_ROWS}`,
    );
    for (const { id, label } of rows) {
      ids.push(id);
      labels.push(label);
    }
    if (rows.length < RANGE_ROWS) return { ids: Float64Array.from(ids), labels };
  }
}

async function readNames(database: Queryable, datasetId: number, version: number): Promise<Names> {
  const { ids, labels } = await readLabels(database, datasetId);
  return { version, ids, index: await runGraphKernel('indexNames', { names: labels.join('\0') }) };
}

/** The condition that an entity has one of these types. @param parameter the number of its placeholder */
export function hasType(types: readonly string[], parameter: number): Condition {
  return {
    sql: `string_to_array(items.fields ->> 'types', '${TYPES_DIVIDER}') && $${parameter}::text[]`,
    parameters: [types],
  };
}

// One entity ---------------------------------------------------------------------------------------------------------

/** The entity that a name means, and the others that bear it. */
export interface NamedEntity {
  readonly itemId: number;
  readonly others: readonly number[];
}

const MOST_OTHERS = 20;

export interface NamingOptions {
  readonly byMeaning?: ByMeaning | null;
  /** What the question says of it beside its name. */
  readonly role?: Role | null;
}

/**
 * The entity of a key, or of a label: of several that bear it, the one that stands most often in the role that the question gives it,
 * otherwise the most connected. In WordNet "dog" is the key of the word, but what is a kind of dog is a kind of the animal.
 * @throws UserError NOT_FOUND with what is spelled alike
 */
export async function requireEntity(
  database: Queryable,
  dataset: Pick<Dataset, 'id' | 'slug' | 'version'>,
  name: string,
  { byMeaning = null, role = null }: NamingOptions = {},
): Promise<NamedEntity> {
  const text = checkText(name);
  const named = await findNamed(database, dataset, text, role);
  if (named !== null) return named;
  const near = await findEntities(database, dataset, text, 3, null, byMeaning);
  const rows = await database.query<{ key: string; label: string }>(
    'select key, label from items where dataset_id = $1::int and id = any ($2::bigint[]) order by array_position($2::bigint[], id)',
    [dataset.id, near.map((match) => match.itemId)],
  );
  const meant = rows.map(({ key, label }) => (key === label ? `"${key}"` : `"${label}" (${key})`));
  const last = meant.pop();
  const hint =
    last === undefined ? '' : ` Did you mean ${meant.length === 0 ? last : `${meant.join(', ')} or ${last}`}?`;
  throw new UserError('NOT_FOUND', `The data set "${dataset.slug}" has no entity "${text.slice(0, 100)}".${hint}`);
}

async function findNamed(
  database: Queryable,
  dataset: Pick<Dataset, 'id'>,
  text: string,
  role: Role | null,
): Promise<NamedEntity | null> {
  const [byKey] = await database.query<{ id: number; stands: boolean }>(
    `select items.id, ${role === null ? 'true' : `${standing(role)} > 0`} as stands
       from items where items.dataset_id = $1::int and items.key = $2::text`,
    [dataset.id, text],
  );
  if (byKey?.stands) return { itemId: byKey.id, others: [] };
  const [itemId, ...others] = await findNamesakes(database, dataset, text, MOST_OTHERS + 1, null, role);
  if (byKey === undefined) return itemId === undefined ? null : { itemId, others };
  // Of one that stands nowhere in that role, a namesake that does is more likely to be meant.
  if (itemId === undefined || role === null || !(await stands(database, dataset, itemId, role))) {
    return { itemId: byKey.id, others: [] };
  }
  return { itemId, others: [...new Set([byKey.id, ...others])] };
}

async function stands(database: Queryable, { id }: Pick<Dataset, 'id'>, itemId: number, role: Role): Promise<boolean> {
  const [found] = await database.query<{ stands: boolean }>(
    `select ${standing(role)} > 0 as stands from items where items.dataset_id = $1::int and items.id = $2::bigint`,
    [id, itemId],
  );
  return found?.stands ?? false;
}

/**
 * The entity that a question means, where slips and descriptions are let pass: of that key or label, with or without an article, or
 * the first that `findEntities` finds; the others it finds are told.
 * @throws UserError NOT_FOUND where nothing is alike
 */
export async function meantEntity(
  database: Queryable,
  dataset: Pick<Dataset, 'id' | 'slug' | 'version'>,
  name: string,
  { byMeaning = null, role = null }: NamingOptions = {},
): Promise<NamedEntity> {
  const text = checkText(name);
  const withoutArticle = text.replace(/^(?:an?|the) (?=\S)/iu, '');
  for (const each of new Set([text, withoutArticle])) {
    const named = await findNamed(database, dataset, each, role);
    if (named !== null) return named;
  }
  const [first, ...others] = await findEntities(database, dataset, withoutArticle, 1 + MOST_ALIKE, null, byMeaning);
  if (first !== undefined) return { itemId: first.itemId, others: others.map(({ itemId }) => itemId) };
  throw new UserError('NOT_FOUND', `The data set "${dataset.slug}" has no entity like "${text.slice(0, 100)}".`);
}

/** Told beside the one that is meant. */
const MOST_ALIKE = 5;

const TEXT_LIMIT_CHARACTERS = 1000;

/** @throws UserError BAD_USER_INPUT for a text that can be no name */
function checkText(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '')
    throw new UserError('BAD_USER_INPUT', 'The name of an entity is empty. Give its key or its label.');
  if (trimmed.includes('\0')) {
    throw new UserError('BAD_USER_INPUT', 'The name of an entity holds the character U+0000, which no entity has.');
  }
  if (trimmed.length > TEXT_LIMIT_CHARACTERS) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The name of an entity has ${trimmed.length} characters; at most ${TEXT_LIMIT_CHARACTERS} are looked for.`,
    );
  }
  return trimmed;
}
