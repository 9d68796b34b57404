/**
 * The files of a graph become entities, relations and triples of a data set.
 *
 * First all files are read into tables of the import's own, by keys. There the graph is seen as a whole: what stands
 * twice, what is for training and for testing at once, which relation is an entity. Then its entities are imported as
 * the rows of a table are. The triples of a new data set, which nobody sees yet, follow piece by piece; those for one that
 * is there go over in the transaction that changes it. After an interruption the files are read anew unless they had been
 * read to their end. What is seen by nobody is written statement by statement: the embedded database answers others between.
 */
import type { Row as DatabaseRow, Parameter, Queryable } from '../database/database.ts';
import { UserError } from '../errors.ts';
import { applyStagedGraph, type NewRelation } from '../graphs/applyStagedGraph.ts';
import { arrangeStagedGraph } from '../graphs/arrangeStagedGraph.ts';
import { countTriples, deleteGraph, listRelations } from '../graphs/graphs.ts';
import {
  findStagedCircles,
  inspectStagedGraph,
  type Notice,
  type StagedCircle,
  takeUnfitTriples,
  type UnfitTriple,
} from '../graphs/inspectStagedGraph.ts';
import { checkSplit, type SplitOptions, shortfall, splitInto } from '../graphs/splitGraph.ts';
import {
  createStagedGraph,
  isStaged,
  readPropertyNames,
  readStagedEntities,
  readStagedRelations,
  stageDescriptions,
  stageTriples,
} from '../graphs/stagedGraph.ts';
import { type Turns, turnsWithin } from '../graphs/turns.ts';
import type { JobResult } from '../jobs/jobs.ts';
import type { Rejection, TaskContext } from '../jobs/task.ts';
import { findDataset } from './datasets.ts';
import { describeEntity, mergeProperties } from './describeEntity.ts';
import type { Column, Row, Table } from './formats/format.ts';
import type { GraphFile } from './formats/graphFile.ts';
import { type ImportOptions, importTables } from './importTables.ts';
import { dropStaging } from './staging.ts';

export interface GraphImportOptions extends Omit<ImportOptions, 'columns' | 'fill'> {
  /** How many triples to set aside by chance, where the files do not say it. Default: none. */
  readonly split?: SplitOptions | null;
}

const REJECTION_LIMIT = 100;
/** For sorting and joining all triples: with less, half a million of them go through files. */
const WORK_MEMORY = '64MB';
/** Entities that are made rows at once. */
const RANGE_ENTITIES = 5_000;

/** @throws UserError for anything about the files that the user can mend; then nothing of them is kept */
export async function importGraph(
  context: TaskContext,
  files: readonly GraphFile[],
  options: GraphImportOptions,
): Promise<JobResult> {
  if (options.split) checkSplit(options.split);
  if (context.checkpoint === null) await stageGraph(context, files, options);
  // What was staged goes in the last transaction: an attempt after that one has only its result to tell.
  const tables = (await isStaged(context.database, context.jobId)) ? [await entityTable(context, files)] : [];
  const result = await importTables(context, tables, {
    ...options,
    kind: 'GRAPH',
    projections: [],
    mayBeEmpty: true,
    fill: (datasetId) => fillGraph(context, datasetId, options),
    finish: async (transaction, dataset) => {
      if (!dataset.isNew) await finishGraph(context, turnsWithin(transaction), transaction, dataset, options);
      await dropStaging(transaction, context.jobId);
      await options.finish?.(transaction, dataset);
    },
  });
  await context.database.query('analyze relations, triples, false_triples');
  return result;
}

/** Each statement by itself; one that writes is a transaction of its own. */
function turnsOf(context: TaskContext): Turns {
  const { database, signal } = context;
  return {
    ask: (sql, parameters) => database.query(sql, parameters, { signal }),
    write: <R extends DatabaseRow>(sql: string, parameters: readonly Parameter[] = []) =>
      database.transaction(
        async (transaction) => {
          const rows = await transaction.query<R>(sql, parameters);
          await context.guard(transaction);
          return rows;
        },
        { signal, settings: { work_mem: WORK_MEMORY } },
      ),
  };
}

// The files ----------------------------------------------------------------------------------------------------------

async function stageGraph(
  context: TaskContext,
  files: readonly GraphFile[],
  options: GraphImportOptions,
): Promise<void> {
  const { database, jobId, signal } = context;
  await database.transaction(async (transaction) => {
    await dropStaging(transaction, jobId); // of an attempt that did not come to its end
    await createStagedGraph(transaction, jobId);
    await context.guard(transaction);
  });
  const left = new LeftOut(context, options.rejectionLimit ?? REJECTION_LIMIT);
  let number = 0;
  for (const [i, file] of files.entries()) {
    for (const warning of file.warnings) context.warn(warning);
    const { split, holds } = file;
    const staged = { number: i, split, holds, strict: !file.relationsAreEntities };
    let statements = 0;
    for await (const block of file.blocks({ signal })) {
      const descriptions = [
        ...block.entities.map((entity) => ({ ...entity, ofRelation: false })),
        ...block.relations.map((relation) => ({ ...relation, ofRelation: true })),
      ];
      await database.transaction(async (transaction) => {
        await stageTriples(transaction, jobId, staged, number, block.triples);
        await stageDescriptions(transaction, jobId, i, number + block.triples.length, descriptions);
        await context.guard(transaction);
      });
      await left.add(
        block.unfit.map(({ line, reason }) => ({ file: file.file, line, reason })),
        block.unfit.length,
      );
      number += block.triples.length + descriptions.length;
      statements += block.triples.length + descriptions.length + block.unfit.length;
      context.progress(`Reading ${file.file}`, null);
    }
    if (statements === 0) {
      throw new UserError('BAD_USER_INPUT', `There is nothing in ${file.file}. Leave it out, or get it again.`, {
        file: file.file,
      });
    }
  }
  await checkGraph(context, files, options, left);
}

/** Rows that are left out: reported, and too many of them end the import. */
class LeftOut {
  readonly #context: TaskContext;
  readonly #limit: number;
  readonly #first: Rejection[] = [];
  #count = 0;

  constructor(context: TaskContext, limit: number) {
    this.#context = context;
    this.#limit = limit;
  }

  /** @param rejections the first of them. @param count how many there are. @throws UserError beyond the limit */
  async add(rejections: readonly Rejection[], count: number): Promise<void> {
    this.#count += count;
    for (const rejection of rejections) if (this.#first.length < 3) this.#first.push(rejection);
    await this.#context.reject(rejections);
    if (this.#count > this.#limit) throw this.error(`more than the ${this.#limit} that may be left out`);
  }

  error(what: string): UserError {
    const [first] = this.#first;
    const reasons = this.#first.map(
      ({ file, line, reason }) => `${file}${line === null ? '' : `, line ${line}`}: ${reason}.`,
    );
    return new UserError(
      'BAD_USER_INPUT',
      `${this.#count} ${this.#count === 1 ? 'row' : 'rows'} cannot be imported, ${what}. ${reasons.join(' ')}`,
      first === undefined ? {} : { file: first.file, ...(first.line === null ? {} : { line: first.line }) },
    );
  }

  get count(): number {
    return this.#count;
  }
}

// The graph as a whole -----------------------------------------------------------------------------------------------

/** @throws UserError where what was read is no graph, or too much of it cannot stay */
async function checkGraph(
  context: TaskContext,
  files: readonly GraphFile[],
  options: GraphImportOptions,
  left: LeftOut,
): Promise<void> {
  const { database, jobId } = context;
  context.progress('Checking the graph', null);
  const where = ({ file, line }: { readonly file: number; readonly line: number | null }) =>
    `${files[file]?.file ?? ''}${line === null ? '' : `, line ${line}`}`;
  const turns = turnsOf(context);
  await arrangeStagedGraph(turns, jobId);
  const unfit = await takeUnfitTriples(turns, jobId, (options.rejectionLimit ?? REJECTION_LIMIT) + 1);
  const rejections = unfit.first.map((triple) => ({
    file: files[triple.file]?.file ?? '',
    line: triple.line,
    reason: reasonOf(triple, where(triple.other)),
  }));
  await left.add(rejections, unfit.count);
  const notices = await inspectStagedGraph(turns, jobId);
  if (notices.tripleCount === 0) {
    if (left.count > 0) throw left.error('and no other triple is there');
    if (!(await hasGraph(database, options))) throw noTriples(files);
  } else if (notices.entityCount === 1) {
    throw new UserError('BAD_USER_INPUT', `There is only one entity in ${namesOf(files)}. A graph has two at least.`, {
      file: files[0]?.file ?? '',
    });
  }
  if (options.split && notices.isSplit) {
    throw new UserError(
      'BAD_USER_INPUT',
      'The files say which triples are for validation and test; leave out the shares by which to split them.',
    );
  }
  for (const warning of warningsOf(notices, where)) context.warn(warning);
  for (const circle of await findStagedCircles(turns, jobId)) context.warn(warningOf(circle, where(circle)));
  await context.saveCheckpoint({ staged: true });
}

function reasonOf({ head, relation, tail, why, split, holds, other }: UnfitTriple, place: string): string {
  if (why === 'ENTITY') {
    return `"${shorten(relation)}", the relation of this triple, is an entity in ${place}; are the columns head, relation, tail?`;
  }
  const triple = `"${shorten(head)}" "${shorten(relation)}" "${shorten(tail)}"`;
  if (!holds && other.holds) return `${triple} is said not to hold, but stands as a fact in ${place}`;
  return `${triple}, which is for ${purposes[split]}, is there for ${purposes[other.split]} in ${place}; a model would have seen the answer`;
}

const purposes = { TRAIN: 'training', VALIDATION: 'validation', TEST: 'test' } as const;

function* warningsOf(
  notices: Awaited<ReturnType<typeof inspectStagedGraph>>,
  where: (place: Pick<Notice, 'file' | 'line'>) => string,
): Generator<string> {
  const { repeated, loops, unseenEntities, unseenRelations } = notices;
  if (repeated !== null) {
    yield `${count(repeated.count, 'triple stands', 'triples stand')} there more than once and counts once; the first in ${where(repeated)}.`;
  }
  if (loops !== null) {
    yield `${count(loops.count, 'triple leads', 'triples lead')} from an entity to itself; the first in ${where(loops)}: "${shorten(loops.head)}" "${shorten(loops.relation)}".`;
  }
  if (unseenRelations !== null) {
    yield `${count(unseenRelations.count, 'relation has', 'relations have')} no triple for training, so no model can learn it; the first is "${shorten(unseenRelations.relation)}" in ${where(unseenRelations)}.`;
  }
  if (unseenEntities !== null) {
    yield `${count(unseenEntities.count, 'entity is', 'entities are')} in triples for validation or test, but in none for training; the first in ${where(unseenEntities)}: "${shorten(unseenEntities.head)}" "${shorten(unseenEntities.relation)}" "${shorten(unseenEntities.tail)}".`;
  }
}

/** Entities of a circle that are named. */
const MOST_NAMED = 6;

function warningOf({ relation, entities }: StagedCircle, place: string): string {
  const named = entities.slice(0, MOST_NAMED).map((key) => `"${shorten(key)}"`);
  const more = entities.length > MOST_NAMED ? ` → … (${entities.length - 1} entities)` : '';
  return `"${shorten(relation)}" leads in a circle, where it should lead from the narrow to the wide: ${named.join(' → ')}${more}; the first in ${place}.`;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Whether the import goes into a graph that is there: then names alone may be imported. */
async function hasGraph(database: Queryable, { dataset }: GraphImportOptions): Promise<boolean> {
  const found = await findDataset(database, dataset);
  return found !== null && (await listRelations(database, found.id)).length > 0;
}

function noTriples(files: readonly GraphFile[]): UserError {
  return new UserError(
    'BAD_USER_INPUT',
    `There are no triples in ${namesOf(files)}. A new graph wants a file of triples: head, relation and tail in three columns, or RDF.`,
    { file: files[0]?.file ?? '' },
  );
}

function namesOf(files: readonly GraphFile[]): string {
  return [...new Set(files.map(({ file }) => file))].join(', ');
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text;
}

// Entities, relations, triples ---------------------------------------------------------------------------------------

/** The entities in the order in which they are first named, as a table that can be imported. */
async function entityTable({ database, jobId }: TaskContext, files: readonly GraphFile[]): Promise<Table> {
  const names = await readPropertyNames(database, jobId);
  const fields = names.filter((name) => name !== 'label');
  const columns: Column[] = [
    { name: 'key', type: 'text', role: 'key' },
    { name: 'label', type: 'text' },
    ...fields.map((name): Column => ({ name, type: name === 'description' ? 'text' : 'json' })),
  ];
  return {
    name: 'entities',
    file: namesOf(files),
    group: null,
    format: 'graph',
    columns,
    rowCount: null,
    async *rows({ signal } = {}) {
      for (let after = 0; ; after += RANGE_ENTITIES) {
        signal?.throwIfAborted();
        const entities = await readStagedEntities(database, jobId, after, RANGE_ENTITIES);
        yield entities.map(({ place, key, line, properties }): Row => {
          const { label, values } = describeEntity(key, mergeProperties(properties));
          return {
            index: place - 1,
            line: line ?? place,
            cells: [key, label, ...fields.map((name) => values.get(name) ?? null)],
          };
        });
        if (entities.length < RANGE_ENTITIES) return;
      }
    },
  };
}

/** Of a new data set: what an interrupted attempt has left of its graph goes first. */
async function fillGraph(context: TaskContext, datasetId: number, options: GraphImportOptions): Promise<void> {
  const { database, signal } = context;
  context.progress('Writing triples', null);
  await database.transaction(
    async (transaction) => {
      await deleteGraph(transaction, datasetId);
      await context.guard(transaction);
    },
    { signal },
  );
  const turns = turnsOf(context);
  const alone: Queryable = {
    query: turns.write,
    copyIn: (...parameters) => database.copyIn(...parameters),
    copyOut: (...parameters) => database.copyOut(...parameters),
  };
  await finishGraph(context, turns, alone, { id: datasetId, isNew: true }, options);
}

/** Relations and triples go over, and are split and counted. @param queryable writes where `turns` does */
async function finishGraph(
  context: TaskContext,
  turns: Turns,
  queryable: Queryable,
  { id: datasetId, isNew }: { readonly id: number; readonly isNew: boolean },
  { split }: GraphImportOptions,
): Promise<void> {
  const relations = (await readStagedRelations(queryable, context.jobId)).map(
    ({ key, used, properties }): NewRelation => {
      const merged = mergeProperties(properties);
      const { label, values } = describeEntity(key, merged);
      const description = values.get('description');
      return {
        ...{ key, used, name: label ?? key, label: merged.has('label') ? label : null },
        description: typeof description === 'string' ? description : null,
      };
    },
  );
  const { known, lost } = await applyStagedGraph(turns, context.jobId, { datasetId, isNew }, relations);
  if (known > 0) {
    context.warn(`${count(known, 'triple was', 'triples were')} in the graph already and stays as it was.`);
  }
  if (lost > 0) {
    context.warn(`${count(lost, 'triple was', 'triples were')} left out with an entity that could not be kept.`);
  }
  if (split) {
    const missing = shortfall(await splitInto(queryable, datasetId, split, context.signal), split);
    if (missing !== null) context.warn(missing);
  } else await countTriples(queryable, datasetId);
}
