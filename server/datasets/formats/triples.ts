/**
 * Graphs as tables of text: triples (`train.tsv`, `edges.csv`), names of entities and of relations (`entities.tsv`,
 * `relations.tsv`). Without a line of names, triples are head, relation, tail, and names are key, label, description,
 * as the data sets of the field have it. Which part a file plays is told from its name and its line of names.
 */
import { UserError } from '../../errors.ts';
import { csvTable } from './csv.ts';
import { type Cell, isRejected, type ReadOptions, type Row, type Source, type Table } from './format.ts';
import {
  type Description,
  type GraphFile,
  type Property,
  type Split,
  type TripleRecord,
  type Unfit,
  unfitKey,
  unfitText,
} from './graphFile.ts';

/** Which columns hold the triples, where they are not called by one of the usual names. */
export interface TripleColumns {
  readonly head?: string | null;
  readonly relation?: string | null;
  readonly tail?: string | null;
  readonly split?: string | null;
}

/** The names under which the parts of a triple go, in lower case. */
const names = {
  head: ['head', 'subject', 'source', 'from', 'start', 'h', 's'],
  relation: ['relation', 'predicate', 'property', 'edge', 'type', 'label', 'r', 'p'],
  tail: ['tail', 'object', 'target', 'to', 'end', 't', 'o'],
  split: ['split', 'set', 'subset'],
} as const;
type Part = keyof typeof names;

const keyNames = ['key', 'id', 'entity', 'entity_id', 'relation', 'relation_id', 'node', 'iri', 'uri'];

export type GraphRole = 'triples' | 'entities' | 'relations';

/** The part that a file plays by its name. */
export function roleOfName(name: string): GraphRole {
  const base = baseOf(name);
  if (/^(relations?|predicates?|properties|edge_?types?)\b|^relation2/.test(base)) return 'relations';
  if (/^(entit(y|ies)|nodes?|types|labels|names|descriptions|synsets)\b|^entity2/.test(base)) return 'entities';
  return 'triples';
}

/** What the triples of a file are for, by its name: `train.tsv`, `valid.txt`, `test_negatives.tsv`. */
export function splitOfName(name: string): Split | null {
  const [word = ''] = baseOf(name).split(/[-_.]/);
  if (/^train(ing)?$/.test(word)) return 'TRAIN';
  if (/^(valid(ation)?|dev)$/.test(word)) return 'VALIDATION';
  return /^test(ing)?$/.test(word) ? 'TEST' : null;
}

function baseOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).toLowerCase();
}

/** Whether a line of names is that of triples: it has a head, a relation and a tail. */
export function isTripleHeader(cells: readonly string[], columns: TripleColumns = {}): boolean {
  return (['head', 'relation', 'tail'] as const).every((part) => placeOf(cells, part, columns) !== -1);
}

function placeOf(cells: readonly string[], part: Part, columns: TripleColumns): number {
  const given = columns[part];
  if (given) return cells.findIndex((cell) => cell.trim() === given);
  for (const name of names[part]) {
    const place = cells.findIndex((cell) => cell.trim().toLowerCase() === name);
    if (place !== -1) return place;
  }
  return -1;
}

/** A file of triples. @throws UserError where it has not three columns, or not those that were named */
export async function tripleFile(source: Source, columns: TripleColumns = {}): Promise<GraphFile> {
  let isNamed = false;
  const table = await csvTable(source, {
    isHeader: (cells) => {
      isNamed = isTripleHeader(cells, columns) || namesAny(cells, columns);
      return isNamed;
    },
    names: ['head', 'relation', 'tail'],
    isText: () => true,
  });
  const cells = table.columns.map(({ name }) => name);
  for (const part of ['head', 'relation', 'tail'] as const) {
    if (columns[part] && placeOf(cells, part, columns) === -1) {
      throw wrong(table, 1, `has no column "${columns[part]}", which was named as ${part}. There is ${quoted(cells)}`);
    }
  }
  const [head = -1, relation = -1, tail = -1] = (['head', 'relation', 'tail'] as const).map((part) =>
    placeOf(cells, part, columns),
  );
  if (Math.min(head, relation, tail) === -1 || (!isNamed && cells.length !== 3)) {
    throw wrong(
      table,
      1,
      `has ${count(cells.length)} in its first line; wanted: head, relation and tail, or a line that names these three among others`,
    );
  }
  const split = placeOf(cells, 'split', columns);
  const ignored = cells.filter((_, i) => ![head, relation, tail, split].includes(i));
  const holds = !/negative|false/.test(baseOf(source.name));
  return {
    file: table.file,
    format: table.format,
    split: splitOfName(source.name),
    holds,
    relationsAreEntities: false,
    warnings:
      ignored.length === 0
        ? []
        : [`${quoted(ignored)} of ${table.file} was left out: a triple is a head, a relation and a tail.`],
    async *blocks(options) {
      for await (const block of rowsOf(table, options)) {
        const triples: TripleRecord[] = [];
        const unfit: Unfit[] = [...block.unfit];
        for (const { line, cells } of block.rows) {
          const record = readTriple(line, textOf(cells[head]), textOf(cells[relation]), textOf(cells[tail]));
          const told = split === -1 ? null : readSplit(line, textOf(cells[split]));
          if ('reason' in record) unfit.push(record);
          else if (told !== null && typeof told === 'object') unfit.push(told);
          else triples.push(told === null ? record : { ...record, split: told });
        }
        yield { triples, entities: [], relations: [], unfit };
      }
    },
  };
}

/** A line that has some of the names that were asked for is a line of names, although others are missing. */
function namesAny(cells: readonly string[], { head, relation, tail }: TripleColumns): boolean {
  return [head, relation, tail].some((name) => typeof name === 'string' && cells.some((cell) => cell.trim() === name));
}

/** The triple of these keys, or why it is none. */
export function readTriple(line: number | null, head: string, relation: string, tail: string): TripleRecord | Unfit {
  const reason = unfitKey('the head', head) ?? unfitKey('the relation', relation) ?? unfitKey('the tail', tail);
  return reason === null ? { line, head, relation, tail } : { line, reason };
}

function readSplit(line: number, text: string): Split | Unfit | null {
  if (text === '') return null;
  return (
    splitOfName(text) ?? { line, reason: `the split is "${text.slice(0, 60)}"; wanted: train, validation or test` }
  );
}

/** A file of names and what else is known of entities or relations. @throws UserError where two columns share a name */
export async function namesFile(source: Source, role: 'entities' | 'relations'): Promise<GraphFile> {
  const second = baseOf(source.name).startsWith('types') ? ['types'] : ['label', 'description', 'types'];
  const table = await csvTable(source, {
    isHeader: ([first = '']) => keyNames.includes(first.trim().toLowerCase()),
    names: ['key', ...second],
    ragged: true,
    isText: (name) => /^(key|id|entity|relation|node|label|name|title|text|description|types?|iri|uri)/i.test(name),
  });
  const properties = table.columns.slice(1).map(({ name, type }) => ({ name: propertyOf(name), type }));
  return {
    file: table.file,
    format: table.format,
    split: null,
    holds: true,
    relationsAreEntities: false,
    warnings: [],
    async *blocks(options) {
      for await (const { rows, unfit } of rowsOf(table, options)) {
        const found: Description[] = [];
        const left: Unfit[] = [...unfit];
        for (const { line, cells } of rows) {
          const record = describe(line, cells, properties);
          if ('reason' in record) left.push(record);
          else found.push(record);
        }
        yield {
          triples: [],
          entities: role === 'entities' ? found : [],
          relations: role === 'relations' ? found : [],
          unfit: left,
        };
      }
    },
  };
}

/** What a column of names is called in an item: of the usual names, the first that fits. */
function propertyOf(name: string): string {
  const lower = name.toLowerCase();
  if (/^(label|name|title|text)$/.test(lower)) return 'label';
  if (/^(description|definition|gloss|comment)$/.test(lower)) return 'description';
  return /^types?$/.test(lower) ? 'types' : name;
}

function describe(
  line: number,
  [first, ...cells]: readonly Cell[],
  columns: readonly { readonly name: string }[],
): Description | Unfit {
  const key = textOf(first);
  const properties: Record<string, readonly Property[]> = {};
  const wrongKey = unfitKey('the key', key);
  if (wrongKey !== null) return { line, reason: wrongKey };
  for (const [i, { name }] of columns.entries()) {
    const value = cells[i] ?? null;
    if (value === null || value === '' || value instanceof Float32Array || value instanceof Uint8Array) continue;
    const reason = typeof value === 'string' ? unfitText(`the ${name} of "${key.slice(0, 60)}"`, value) : null;
    if (reason !== null) return { line, reason };
    const values = name === 'types' ? textOf(value).split(/\s*[,;|]\s*/) : [value];
    properties[name] = [
      ...(properties[name] ?? []),
      ...values.filter((part) => part !== '').map((part) => ({ value: part })),
    ];
  }
  return { line, key, properties };
}

interface TextRows {
  readonly rows: readonly Row[];
  readonly unfit: readonly Unfit[];
}

async function* rowsOf(table: Table, options: Pick<ReadOptions, 'signal'> = {}): AsyncGenerator<TextRows> {
  for await (const block of table.rows(options)) {
    const rows: Row[] = [];
    const unfit: Unfit[] = [];
    for (const record of block) {
      if (isRejected(record)) unfit.push({ line: record.line, reason: record.reason });
      else rows.push(record);
    }
    yield { rows, unfit };
  }
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'string' ? cell : cell === null || cell === undefined ? '' : String(cell);
}

function count(columns: number): string {
  return columns === 1 ? 'one column' : `${columns} columns`;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name.slice(0, 60)}"`).join(', ');
}

function wrong({ file }: Table, line: number, what: string): UserError {
  return new UserError('BAD_USER_INPUT', `${file} ${what}.`, { file, line });
}
