/**
 * A filter, as clients write it, becomes one boolean SQL expression over the table `items`.
 *
 * What a field holds is JSON and may differ from item to item, so each value is read through a `case` on its JSON type
 * and no cast can fail while the statement runs. A value of another type than the field's counts as no value, except
 * for `isNull`. Where there is no value, comparisons are null: `where` takes that for false, `not` is written as
 * `is not true` and `ne` as `is distinct from`, and so the answer is the one of two-valued logic.
 */
import type { Parameter } from '../database/database.ts';
import { didYouMean, UserError } from '../errors.ts';
import { clusterColumnNames, clusterColumnSql, findClusterColumn } from './clusterColumns.ts';
import type { Condition } from './conditions.ts';
import type { Dataset, Field } from './datasets.ts';

/** As the input `Filter` of schema.graphql, which says what each means. */
export interface FilterInput {
  readonly and?: readonly FilterInput[] | null | undefined;
  readonly or?: readonly FilterInput[] | null | undefined;
  readonly not?: FilterInput | null | undefined;
  readonly field?: string | null | undefined;
  readonly eq?: unknown;
  readonly ne?: unknown;
  readonly in?: readonly unknown[] | null | undefined;
  readonly lt?: unknown;
  readonly lte?: unknown;
  readonly gt?: unknown;
  readonly gte?: unknown;
  readonly contains?: string | null | undefined;
  readonly startsWith?: string | null | undefined;
  readonly matches?: string | null | undefined;
  readonly isNull?: boolean | null | undefined;
  readonly search?: string | null | undefined;
}

const DEPTH_LIMIT = 12; // filters within filters
const CONDITION_LIMIT = 200; // operators, `and`, `or`, `not` and `search` together
const LIST_LIMIT = 1000; // values of `in`
const TEXT_LIMIT_CHARACTERS = 10_000;

const combinations = ['and', 'or', 'not', 'field', 'search'] as const;
const operators = ['eq', 'ne', 'in', 'lt', 'lte', 'gt', 'gte', 'contains', 'startsWith', 'matches', 'isNull'] as const;
type Operator = (typeof operators)[number];

/** The expression of the index `items_text`, letter for letter: another could not use it. */
export const TEXT_OF_ITEM = `(to_tsvector('english', items.label) || jsonb_to_tsvector('english', items.fields, '["string"]'))`;

/**
 * Dates are kept as `Date.toISOString()` writes them, so their order as texts is their order in time, and no cast is
 * needed. Whatever looks otherwise is no date.
 */
const INSTANT_PATTERN = '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$';

/** How the values of a type are read in SQL, which operators they have, and how a client writes one. */
interface Comparison {
  /** The SQL type that values are compared as. */
  readonly type: string;
  readonly operators: readonly Operator[];
  /** The SQL expression of the value; `name` is that of the field. */
  read(name: string): string;
  /** What a client gave, as a value of `type`; null where it is none. */
  parse(value: unknown): Parameter;
  /** What a client should have given. */
  readonly wanted: string;
  /** Added to the comparison, where the order of texts matters. */
  readonly collation: string;
}

const equality = ['eq', 'ne', 'in', 'isNull'] as const;
const order = ['lt', 'lte', 'gt', 'gte'] as const;

const text: Comparison = {
  type: 'text',
  operators,
  // Categories are often numbers or truth values, and their text is what people see and ask for.
  read: (name) =>
    `case when jsonb_typeof(items.fields -> ${name}) in ('string', 'number', 'boolean') then items.fields ->> ${name} end`,
  parse: parseText,
  wanted: 'a text',
  collation: ' collate "C"', // the same order in every database: by code point
};

const comparisons: Record<Field['type'], Comparison> = {
  TEXT: text,
  CATEGORY: text,
  NUMBER: {
    type: 'numeric', // what JSON numbers are in Postgres: no conversion, no overflow
    operators: [...equality, ...order],
    read: (name) =>
      `case when jsonb_typeof(items.fields -> ${name}) = 'number' then (items.fields -> ${name})::numeric end`,
    parse: (value) => (typeof value === 'number' ? String(value) : null),
    wanted: 'a number',
    collation: '',
  },
  BOOLEAN: {
    type: 'boolean',
    operators: equality,
    read: (name) =>
      `case when jsonb_typeof(items.fields -> ${name}) = 'boolean' then (items.fields -> ${name})::boolean end`,
    parse: (value) => (typeof value === 'boolean' ? value : null),
    wanted: 'true or false',
    collation: '',
  },
  DATE: {
    type: 'text',
    operators: [...equality, ...order],
    read: (name) => `case when items.fields ->> ${name} ~ '${INSTANT_PATTERN}' then items.fields ->> ${name} end`,
    parse: (value) => (typeof value === 'string' ? parseInstant(value) : null),
    wanted: 'an instant in ISO 8601, for example "2026-03-01" or "2026-03-01T12:00:00Z", from the year 0 to 9999',
    collation: ' collate "C"',
  },
  JSON: {
    type: 'jsonb',
    operators: equality,
    read: (name) => `nullif(items.fields -> ${name}, 'null'::jsonb)`,
    parse: parseJson,
    wanted: 'a JSON value',
    collation: '',
  },
};

/** What was found out about items beside their fields, under one name that filters can use. */
export interface ItemValues {
  /** Ascending. */
  readonly itemIds: Float64Array;
  /** One per item: numbers, or places in `labels`. NaN for none. */
  readonly values: Float32Array;
  /** The texts that the values stand for; null: they are numbers. */
  readonly labels: readonly string[] | null;
}

export interface FilterResults {
  /** All that there are: what a mistyped one is compared with. */
  readonly names: readonly string[];
  /** Of those that the filter uses: see `foreignNames`. */
  readonly values: ReadonlyMap<string, ItemValues>;
}

/** float32 that were kept, compared as Postgres holds them. */
const found = { ...comparisons.NUMBER, type: 'float8' };

/** A field with what is needed to compare it. */
interface Subject {
  readonly name: string;
  /** As messages call it. */
  readonly title: string;
  readonly comparison: Comparison;
  /** The SQL expression of the value. */
  readonly value: string;
  /** The SQL expression that tells whether there is none. */
  readonly missing: string;
}

/**
 * Compiles a filter over the items of a data set.
 * @param results what the filter may name beside fields and clusterings
 * @param firstParameter the number of the first placeholder; the statement around has those below
 * @throws UserError BAD_USER_INPUT where the filter makes no sense, LIMIT_EXCEEDED where it is too deep or too large
 */
export function compileFilter(
  filter: FilterInput,
  dataset: FilterDataset,
  firstParameter = 1,
  results: FilterResults = { names: [], values: new Map() },
): Condition {
  const parameters: Parameter[] = [];
  /** By field, so that the values of one that is named twice go to the database once. */
  const subjects = new Map<string, Subject>();
  let conditions = 0;

  const bind = (value: Parameter, type: string): string => {
    parameters.push(value);
    return `$${firstParameter + parameters.length - 1}::${type}`;
  };

  const count = (): void => {
    conditions++;
    if (conditions > CONDITION_LIMIT) {
      throw new UserError(
        'LIMIT_EXCEEDED',
        `The filter has more than ${CONDITION_LIMIT} conditions. Ask for less at once.`,
      );
    }
  };

  const compile = (node: FilterInput, depth: number): string => {
    if (depth > DEPTH_LIMIT) {
      throw new UserError('LIMIT_EXCEEDED', `The filter is nested more than ${DEPTH_LIMIT} deep. Write it flatter.`);
    }
    const given = combinations.filter((name) => node[name] !== undefined && node[name] !== null);
    const asked = operators.filter((name) => node[name] !== undefined);
    const [combination] = given;
    if (given.length > 1) {
      throw wrong(
        `A filter has ${list(given)} side by side. Give one of them, and combine several filters by \`and\` or \`or\`.`,
      );
    }
    if (asked.length > 0 && combination !== 'field') {
      throw wrong(`A filter has ${list(asked)} without the \`field\` that is meant. Name it beside the operator.`);
    }
    if (node.field !== undefined && node.field !== null) return compileField(node, node.field, asked);
    count();
    if (node.and) return junction(node.and, 'and', depth);
    if (node.or) return junction(node.or, 'or', depth);
    if (node.not) return `((${compile(node.not, depth + 1)}) is not true)`;
    if (node.search !== undefined && node.search !== null) {
      return `(${TEXT_OF_ITEM} @@ websearch_to_tsquery('english', ${bind(checkText(node.search, '`search`'), 'text')}))`;
    }
    throw wrong('A filter is empty. Give `and`, `or`, `not`, `search`, or a `field` with an operator.');
  };

  const junction = (nodes: readonly FilterInput[], word: 'and' | 'or', depth: number): string =>
    nodes.length === 0
      ? String(word === 'and')
      : `(${nodes.map((node) => compile(node, depth + 1)).join(` ${word} `)})`;

  const compileField = (node: FilterInput, field: string, asked: readonly Operator[]): string => {
    const subject = subjects.get(field) ?? findSubject(field, dataset, results, bind);
    subjects.set(field, subject);
    if (asked.length === 0) {
      throw wrong(
        `A filter names ${subject.title} and no operator. Give one of ${list(subject.comparison.operators)}.`,
      );
    }
    const parts = asked.map((operator) => {
      count();
      if (!subject.comparison.operators.includes(operator)) {
        throw wrong(`\`${operator}\` does not fit ${subject.title}. What fits: ${list(subject.comparison.operators)}.`);
      }
      return compileOperator(subject, operator, node[operator], bind);
    });
    return `(${parts.join(' and ')})`;
  };

  return { sql: compile(filter, 1), parameters };
}

type FilterDataset = Pick<Dataset, 'fields'> & Partial<Pick<Dataset, 'clusterings'>>;

/** The names that a filter uses and that are neither of the items themselves nor of a clustering. Never throws. */
export function foreignNames(filter: FilterInput, dataset: FilterDataset): string[] {
  const names = new Set<string>();
  const visit = (node: FilterInput, depth: number): void => {
    if (depth > DEPTH_LIMIT) return; // `compileFilter` says so
    if (typeof node.field === 'string' && !isOwnField(node.field, dataset)) names.add(node.field);
    for (const inner of [...(node.and ?? []), ...(node.or ?? []), ...(node.not ? [node.not] : [])])
      visit(inner, depth + 1);
  };
  visit(filter, 1);
  return [...names];
}

function isOwnField(name: string, { fields, clusterings = [] }: FilterDataset): boolean {
  return (
    name === 'key' ||
    name === 'label' ||
    fields.some((field) => field.name === name) ||
    findClusterColumn(clusterings, name) !== null
  );
}

type Bind = (value: Parameter, type: string) => string;

/**
 * Values that lie in no table by item go along with the statement. An item's place among the ids is found by halves:
 * `width_bucket` gives that of the largest id that is not above it, which is 0, where arrays have nothing, below the first.
 */
function subjectOf(name: string, { itemIds, values, labels }: ItemValues, bind: Bind): Subject {
  const there = [...itemIds.keys()].filter((i) => !Number.isNaN(values[i]));
  const ids = bind(
    there.map((i) => itemIds[i] ?? 0),
    'bigint[]',
  );
  const place = `width_bucket(items.id, ${ids})`;
  const read = (numbers: string) => `case when (${ids})[${place}] = items.id then ${numbers} end`;
  const given = there.map((i) => values[i] ?? 0);
  const value =
    labels === null
      ? `(${read(`(${bind(given, 'float8[]')})[${place}]`)})`
      : `(${read(
          `(${bind([...labels], 'text[]')})[(${bind(
            given.map((at) => at + 1),
            'int[]',
          )})[${place}]]`,
        )})`;
  const comparison = labels === null ? found : text;
  return { name, title: `\`${name}\``, comparison, value, missing: `(${value} is null)` };
}

function findSubject(
  name: string,
  { fields, clusterings = [] }: FilterDataset,
  results: FilterResults,
  bind: Bind,
): Subject {
  if (name === 'key' || name === 'label') {
    return { name, title: `\`${name}\``, comparison: text, value: `items.${name}`, missing: 'false' };
  }
  const field = fields.find((candidate) => candidate.name === name);
  const clusterColumn = field === undefined ? findClusterColumn(clusterings, name) : null;
  if (clusterColumn !== null) {
    const value = clusterColumnSql(clusterColumn);
    return {
      name,
      title: `\`${name}\``,
      comparison: comparisons[clusterColumn.type],
      value,
      missing: `(${value} is null)`,
    };
  }
  if (field === undefined) {
    const values = results.values.get(name);
    if (values !== undefined) return subjectOf(name, values, bind);
    const names = [
      ...['key', 'label', ...fields.map((candidate) => candidate.name)],
      ...[...clusterColumnNames(clusterings), ...results.names],
    ];
    const shown = name.slice(0, 100);
    throw wrong(
      `There is no field "${shown}".${didYouMean(shown, names) || ` There are ${list(names.slice(0, 20))}.`}`,
    );
  }
  const comparison = comparisons[field.type];
  const placeholder = bind(name, 'text');
  return {
    name,
    title: `the field "${name}" of type ${field.type}`,
    comparison,
    value: `(${comparison.read(placeholder)})`,
    missing: `(coalesce(items.fields -> ${placeholder}, 'null') = 'null')`,
  };
}

function compileOperator(subject: Subject, operator: Operator, given: unknown, bind: Bind): string {
  const { comparison, value } = subject;
  const one = (): string => bind(parseValue(subject, operator, given), comparison.type);
  switch (operator) {
    case 'eq':
      return `${value} = ${one()}`;
    case 'ne':
      return `${value} is distinct from ${one()}`;
    case 'lt':
      return `${value} < ${one()}${comparison.collation}`;
    case 'lte':
      return `${value} <= ${one()}${comparison.collation}`;
    case 'gt':
      return `${value} > ${one()}${comparison.collation}`;
    case 'gte':
      return `${value} >= ${one()}${comparison.collation}`;
    case 'in': {
      if (!Array.isArray(given)) throw wrong(`\`in\` needs a list of values, got ${kindOf(given)}.`);
      if (given.length > LIST_LIMIT) {
        throw new UserError('LIMIT_EXCEEDED', `\`in\` has ${given.length} values; ${LIST_LIMIT} are allowed.`);
      }
      const values = given.map((entry) => parseValue(subject, operator, entry));
      // As texts and then cast: drivers write lists of texts alike, lists of other types each in its own way.
      return `${value} = any(${bind(values.map(String), 'text[]')}::${comparison.type}[])`;
    }
    case 'contains':
      return `${value} ilike '%' || ${bind(escapePattern(parsePattern(operator, given)), 'text')} || '%'`;
    case 'startsWith':
      return `${value} ilike ${bind(escapePattern(parsePattern(operator, given)), 'text')} || '%'`;
    case 'matches':
      return `${value} ~* ${bind(parsePattern(operator, given), 'text')}`;
    case 'isNull':
      if (typeof given !== 'boolean') throw wrong(`\`isNull\` needs true or false, got ${kindOf(given)}.`);
      return given ? subject.missing : `(not ${subject.missing})`;
  }
}

function parseValue(subject: Subject, operator: Operator, given: unknown): Parameter {
  if (given === null) {
    throw wrong(`\`${operator}\` on ${subject.title} got null, which nothing is compared with. Ask by \`isNull\`.`);
  }
  if (typeof given === 'number' && !Number.isFinite(given)) {
    throw wrong(`\`${operator}\` on ${subject.title} got ${given}. Give a finite number.`);
  }
  if (typeof given === 'string') checkText(given, `\`${operator}\``);
  const value = subject.comparison.parse(given);
  if (value === null) {
    throw wrong(`\`${operator}\` on ${subject.title} got ${kindOf(given)}; wanted: ${subject.comparison.wanted}.`);
  }
  return typeof value === 'string' ? checkText(value, `\`${operator}\``) : value;
}

function parsePattern(operator: Operator, given: unknown): string {
  if (typeof given !== 'string') throw wrong(`\`${operator}\` needs a text, got ${kindOf(given)}.`);
  return checkText(given, `\`${operator}\``);
}

/** Postgres has no text with U+0000. */
export function checkText(given: string, title: string): string {
  if (given.length > TEXT_LIMIT_CHARACTERS) {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `The text of ${title} has ${given.length} characters; ${TEXT_LIMIT_CHARACTERS} are allowed.`,
    );
  }
  if (given.includes('\u0000')) {
    throw wrong(`The text of ${title} contains the character U+0000, which no item can have. Leave it out.`);
  }
  return given;
}

function parseText(given: unknown): string | null {
  if (typeof given === 'number') return plainDecimal(given);
  return typeof given === 'string' || typeof given === 'boolean' ? String(given) : null;
}

/** The text of a number as Postgres gives that of a JSON number: without an exponent. */
function plainDecimal(value: number): string {
  const [, sign, digit, fraction = '', exponent] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(String(value)) ?? [];
  if (digit === undefined) return String(value);
  const zeros = Number(exponent);
  return zeros < 0
    ? `${sign}0.${'0'.repeat(-zeros - 1)}${digit}${fraction}`
    : `${sign}${(digit + fraction).padEnd(zeros + 1, '0')}`; // exponents begin at 21, and there are 17 digits at most
}

function parseJson(given: unknown): string | null {
  const json = given === undefined ? null : JSON.stringify(given);
  // JSON.stringify writes so what jsonb refuses: U+0000, and halves of surrogate pairs. An escaped \ does not begin it.
  if (json !== null && /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(json)) {
    throw wrong(
      'A text in the JSON value contains a character that no item can have: U+0000 or half a surrogate pair.',
    );
  }
  return json;
}

/** The pattern of `like` that stands for the text itself. */
function escapePattern(given: string): string {
  return given.replaceAll(/[\\%_]/g, '\\$&');
}

/** The instant as `Date.toISOString()` writes it, or null; a day is its midnight in UTC, a time without offset is UTC. */
function parseInstant(given: string): string | null {
  const [, day, time, offset] =
    /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(given) ?? [];
  if (day === undefined || isoString(`${day}T00:00:00Z`)?.slice(0, 10) !== day) return null; // February 30 would become March 2
  const instant = isoString(`${day}T${time ?? '00:00'}${offset ?? 'Z'}`);
  return instant?.length === 24 ? instant : null;
}

function isoString(given: string): string | null {
  const date = new Date(given);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? `the text ${JSON.stringify(value.slice(0, 100))}` : String(value);
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function wrong(message: string): UserError {
  return new UserError('BAD_USER_INPUT', message);
}
