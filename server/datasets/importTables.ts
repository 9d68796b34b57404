/**
 * Tables become items, pictures, vectors and maps of a data set.
 *
 * A new data set is filled directly and seen by nobody until it is whole: vectors and items side by side, each in
 * transactions of their own. Rows for a data set that is there wait in tables of their own and go over in one transaction.
 * Each batch is committed together with a checkpoint that counts batches: after an interruption the files are read again
 * from their beginning, because keys, types and coordinates are to be known of all rows, but what was written is not
 * written again. Vectors that were there before their items are removed first.
 */
import type { Database, Queryable } from '../database/database.ts';
import {
  analyzeVectors,
  appendVectors,
  countEmbedding,
  createEmbedding,
  deleteVectorsFrom,
  type Embedding,
  findEmbedding,
  findEmbeddingsById,
  type Metric,
  PARTITION_ITEMS,
  partitionEmbedding,
  touchEmbedding,
} from '../embeddings/embeddings.ts';
import { UserError } from '../errors.ts';
import type { JobResult } from '../jobs/jobs.ts';
import type { TaskContext } from '../jobs/task.ts';
import { Assembly, type Batch, dimensionOf, TooManyRejections } from './assembleBatches.ts';
import { assignColumns, type ColumnNames, type ColumnRoles } from './columnRoles.ts';
import {
  checkSlug,
  createDataset,
  type Dataset,
  type DatasetKind,
  findDataset,
  findDatasetsById,
  lockDataset,
  publishDataset,
  updateDataset,
} from './datasets.ts';
import { mergeFields } from './fieldValues.ts';
import type { Table } from './formats/format.ts';
import { appendImages } from './images.ts';
import { makeMaps, type ProjectionOptions } from './importMaps.ts';
import { appendItems, fieldsToText } from './items.ts';
import { arrangeTables, countRecords } from './joinTables.ts';
import { sweepImports } from './removeImport.ts';
import { queueEmbeddings, removeOutdated } from './removeOutdated.ts';
import {
  applyStagedItems,
  applyStagedVectors,
  countKnown,
  createStaging,
  dropStaging,
  numberStagedItems,
  readStagedIds,
  stageImages,
  stageItems,
  stageVectors,
} from './staging.ts';

export interface ImportOptions {
  /** Slug of the data set, which is made when there is none. */
  readonly dataset: string;
  readonly title?: string | null;
  readonly description?: string | null;
  /** Default: told from the columns. */
  readonly kind?: DatasetKind | null;
  readonly licence?: string | null;
  readonly source?: string | null;
  /** Name of the embedding. Default: `vectors`, `pixels` or `coordinates`, by what the vectors are. */
  readonly embedding?: string | null;
  /** Name of the model that made the vectors. */
  readonly model?: string | null;
  /** Default: COSINE; EUCLIDEAN for pixels and coordinates. */
  readonly metric?: Metric | null;
  readonly columns?: ColumnNames | null;
  /** Rows that may be left out. Default 100. */
  readonly rejectionLimit?: number | null;
  /** Rows written in one transaction, at most. Default: 10,000. */
  readonly batchRows?: number;
  /** Maps to make when the vectors are in. Default: PCA in 2 and 3 components. */
  readonly projections?: readonly ProjectionOptions[] | null;
  /** Whether the embeddings that were made here get vectors of the items without one, in jobs that follow. Default: no. */
  readonly embed?: boolean | null;
  /** Whether tables without rows are fine: of a graph, relations alone may be named. Default: no. */
  readonly mayBeEmpty?: boolean;
  /** Writes what else belongs to a new data set, after its items and before it becomes whole; again after an interruption. */
  readonly fill?: (datasetId: number) => Promise<void>;
  /** What is to be written in the same transaction in which the data set becomes whole. */
  readonly finish?: (
    transaction: Queryable,
    dataset: { readonly id: number; readonly isNew: boolean },
  ) => Promise<void>;
}

const REJECTION_LIMIT = 100;

/** @throws UserError for anything about the files or the names that the user can mend */
export async function importTables(
  context: TaskContext,
  tables: readonly Table[],
  options: ImportOptions,
): Promise<JobResult> {
  checkSlug(options.dataset);
  const state = readState(context.checkpoint) ?? (await begin(context, tables, options));
  return state.result ?? carryOut(context, tables, options, state);
}

/** How far an import is: its checkpoint. */
interface ImportState {
  readonly datasetId: number;
  /** Whether the import makes the data set. */
  readonly isNew: boolean;
  /** The embedding, once it is made; of a data set that was there, only at the end. */
  readonly embeddingId: number | null;
  /** Batches written. */
  readonly batches: number;
  /** What it made, when all is done. */
  readonly result: JobResult | null;
}

function readState(checkpoint: unknown): ImportState | null {
  return isState(checkpoint) ? checkpoint : null;
}

function isState(checkpoint: unknown): checkpoint is ImportState {
  return typeof checkpoint === 'object' && checkpoint !== null && 'datasetId' in checkpoint && 'batches' in checkpoint;
}

/** What the tables are to become, told before anything is written. */
interface Plan {
  readonly strands: ReturnType<typeof arrangeTables>;
  readonly roles: ColumnRoles;
  /** Null: the tables give no vectors. */
  readonly vectors: {
    readonly name: string;
    readonly model: string | null;
    readonly dimension: number;
    readonly metric: Metric;
    readonly fromImages: boolean;
    readonly fromCoordinates: boolean;
  } | null;
  readonly kind: DatasetKind;
}

function makePlan(tables: readonly Table[], options: ImportOptions): Plan {
  const strands = arrangeTables(tables);
  const roles = assignColumns(strands, options.columns ?? {});
  const fromImages = roles.vector.length === 0 && roles.image !== null && roles.coordinates.length === 0;
  const fromCoordinates = roles.vector.length === 0 && roles.coordinates.length > 0;
  const dimension = dimensionOf(roles, fromImages);
  const arePixels = fromImages || roles.pixels !== null;
  const vectors =
    dimension === null
      ? null
      : {
          name: options.embedding ?? (arePixels ? 'pixels' : fromCoordinates ? 'coordinates' : 'vectors'),
          model: options.model ?? (arePixels ? 'pixels' : null),
          dimension,
          metric: options.metric ?? (arePixels || fromCoordinates ? 'EUCLIDEAN' : 'COSINE'),
          fromImages,
          fromCoordinates,
        };
  checkProjections(options.projections ?? [], roles, dimension !== null);
  const told = roles.image !== null || roles.pixels !== null ? 'IMAGE' : isText(roles) ? 'TEXT' : 'VECTOR';
  return { strands, roles, vectors, kind: options.kind ?? told };
}

function checkProjections(projections: readonly ProjectionOptions[], roles: ColumnRoles, areVectors: boolean): void {
  for (const { name, method } of projections) {
    if (method === 'GIVEN' && roles.coordinates.length === 0) {
      throw new UserError(
        'BAD_USER_INPUT',
        `There are no columns of coordinates for the map "${name}" by the method GIVEN. Name them as coordinates.`,
      );
    }
    if (!areVectors) {
      throw new UserError('BAD_USER_INPUT', `There are no vectors of which a map "${name}" could be made.`);
    }
  }
}

function isText({ text, key, label }: ColumnRoles): boolean {
  return text !== null || [key, label].some((column) => /^(word|token)s?$/i.test(column?.name ?? ''));
}

async function begin(context: TaskContext, tables: readonly Table[], options: ImportOptions): Promise<ImportState> {
  const plan = makePlan(tables, options);
  await sweepImports(context.database);
  return context.database.transaction(async (transaction) => {
    const there = await findDataset(transaction, options.dataset);
    if (there !== null) await checkEmbedding(transaction, there, plan, options);
    const datasetId =
      there?.id ??
      (await createDataset(
        transaction,
        {
          slug: options.dataset,
          title: options.title ?? options.dataset,
          description: options.description ?? null,
          kind: plan.kind,
          licence: options.licence ?? null,
          source: options.source ?? null,
        },
        context.jobId,
      ));
    if (there !== null) await createStaging(transaction, context.jobId);
    const state = { datasetId, isNew: there === null, embeddingId: null, batches: 0, result: null };
    await context.worksOn(datasetId, transaction);
    await context.saveCheckpoint(state, transaction);
    return state;
  });
}

/** New vectors for an embedding that is there must be of its kind. */
async function checkEmbedding(
  transaction: Queryable,
  { id, slug }: Dataset,
  { vectors }: Plan,
  { metric = null }: ImportOptions,
): Promise<Embedding | null> {
  const there = vectors === null ? null : await findEmbedding(transaction, id, vectors.name);
  if (vectors === null || there === null) return null;
  if (there.dimension !== vectors.dimension) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The vectors have ${vectors.dimension} numbers, those of the embedding "${there.name}" of "${slug}" have ${there.dimension}. Give the new vectors an embedding of their own by another name.`,
    );
  }
  if (metric !== null && metric !== there.metric) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The embedding "${there.name}" of "${slug}" is compared by ${there.metric}, not by ${metric}. Leave the metric out, or name another embedding.`,
    );
  }
  return there;
}

async function carryOut(
  context: TaskContext,
  tables: readonly Table[],
  options: ImportOptions,
  state: ImportState,
): Promise<JobResult> {
  const plan = makePlan(tables, options);
  const [dataset] = state.isNew ? [null] : await findDatasetsById(context.database, [state.datasetId]);
  if (!state.isNew && !dataset) throw new UserError('NOT_FOUND', 'The data set was removed meanwhile.');
  const before = dataset ? await checkEmbedding(context.database, dataset, plan, options) : null;
  const assembly = new Assembly(plan.strands, {
    roles: plan.roles,
    dimension: plan.vectors?.dimension ?? null,
    vectorsFromImages: plan.vectors?.fromImages ?? false,
    refuseZero: (before?.metric ?? plan.vectors?.metric) === 'COSINE',
    fieldsBefore: dataset?.fields ?? [],
    rejectionLimit: options.rejectionLimit ?? REJECTION_LIMIT,
    batchRows: options.batchRows,
    signal: context.signal,
  });
  for (const { name } of plan.roles.ignored) {
    context.warn(`The column "${name}" of vectors was left out: an import makes one embedding.`);
  }
  const write = state.isNew ? fillDataset(context, plan, state) : stageBatches(context, plan, state);
  const total = countRecords(plan.strands);
  let number = 0;
  try {
    for await (const batch of ahead(assembly.batches())) {
      number++;
      if (number <= state.batches) continue; // written before the interruption
      await write.batch(batch, number);
      context.progress('Reading rows', total === null ? null : batch.recordCount / total);
    }
    await write.settle();
  } catch (error) {
    await write.settle().catch(() => {}); // nothing is to be written while what is there is removed
    if (error instanceof TooManyRejections) await context.reject(error.unreported);
    throw error;
  }
  if (assembly.itemCount === 0 && !options.mayBeEmpty) throw nothingLeft(tables, assembly);
  for (const { oddWord } of assembly.fieldValues) if (oddWord !== null) context.warn(oddWord);
  context.progress('Finishing', null);
  return await write.finish(assembly, options);
}

function nothingLeft(tables: readonly Table[], assembly: Assembly): UserError {
  const files = [...new Set(tables.map(({ file }) => file))].join(', ');
  return new UserError(
    'BAD_USER_INPUT',
    assembly.rejectedCount === 0
      ? `There are no rows in ${files}.`
      : `Not one of the ${assembly.rejectedCount} rows in ${files} can be imported. ${assembly.reasons()}`,
    { file: tables[0]?.file ?? files },
  );
}

/** Where batches go. */
interface Writer {
  /** Writes a batch and, in the same transaction, which rows were left out and that so many batches are written. */
  batch(batch: Batch, number: number): Promise<void>;
  /** Ends when nothing is being written any more. @throws what kept a batch from being written */
  settle(): Promise<void>;
  /** Makes the data set whole, and queues its maps. */
  finish(assembly: Assembly, options: ImportOptions): Promise<JobResult>;
}

/**
 * Batches are committed without waiting for the disk: a Postgres that loses its power loses the last of them together with their
 * checkpoints, in the order in which they were written, and the import goes on from there. What makes the data set whole waits.
 */
const UNHURRIED = { synchronous_commit: 'off' };

/** Straight into a data set that nobody sees yet. The items are numbered from 1 in the order of the files. */
function fillDataset(context: TaskContext, { vectors, roles }: Plan, begun: ImportState): Writer {
  const { database, signal } = context;
  let state = begun;
  let embedding: Embedding | null = null;

  const requireEmbedding = async (batch: Batch): Promise<Embedding | null> => {
    if (vectors === null || embedding !== null) return embedding;
    if (state.embeddingId !== null) {
      [embedding = null] = await findEmbeddingsById(database, [state.embeddingId]);
      if (embedding === null) throw new UserError('NOT_FOUND', 'The embedding was removed meanwhile.');
      await removeVectorsFrom(embedding, batch.offset + 1);
      return embedding;
    }
    embedding = await database.transaction(async (transaction) => {
      const partitioned = batch.full || batch.keys.length >= PARTITION_ITEMS;
      const { name, model, dimension, metric } = vectors;
      const created = await createEmbedding(transaction, {
        ...{ datasetId: state.datasetId, name, model, dimension, metric, partitioned },
      });
      state = { ...state, embeddingId: created.id };
      await context.saveCheckpoint(state, transaction);
      return created;
    });
    return embedding;
  };

  /** The attempt that was interrupted may have written vectors whose items it did not come to write. */
  const removeVectorsFrom = (into: Embedding, firstId: number): Promise<void> =>
    database.transaction(
      async (transaction) => {
        await deleteVectorsFrom(transaction, into, firstId);
        await context.guard(transaction);
      },
      { signal },
    );

  const writeVectors = async (into: Embedding | null, { vectors: rows, keys, offset }: Batch): Promise<void> => {
    if (into === null || rows === null || keys.length === 0) return;
    await database.transaction(
      async (transaction) => {
        const ids = Float64Array.from(keys, (_, i) => offset + 1 + i);
        await appendVectors(transaction, into, ids, rows);
        await context.guard(transaction);
      },
      { signal, settings: UNHURRIED },
    );
  };

  const writeItems = (batch: Batch, number: number, vectorsWritten: Promise<void>): Promise<void> =>
    database.transaction(
      async (transaction) => {
        const firstId = batch.offset + 1;
        if (batch.keys.length > 0) {
          await appendItems(transaction, state.datasetId, firstId, batch);
          if (batch.images !== null) await appendImages(transaction, state.datasetId, firstId, batch.images);
        }
        await vectorsWritten;
        state = { ...state, batches: number };
        await context.reject(batch.rejections);
        await context.saveCheckpoint(state, transaction);
      },
      { signal, settings: UNHURRIED },
    );

  /** Items are written in the order of batches, one batch behind the vectors at most. */
  let itemsWritten = Promise.resolve();

  return {
    async batch(batch, number) {
      const into = await requireEmbedding(batch);
      // On Postgres one connection copies the vectors while another keeps the indexes of the items, of this batch or still of
      // the one before. Where only one is left in the pool they come one after the other: vectors wait for nobody, and ask first.
      const vectorsWritten = writeVectors(into, batch);
      const before = itemsWritten;
      itemsWritten = before.then(() => writeItems(batch, number, vectorsWritten));
      itemsWritten.catch(() => {}); // told by `settle`
      try {
        await Promise.all([vectorsWritten, before]);
      } catch (error) {
        await Promise.allSettled([vectorsWritten, itemsWritten]);
        throw error;
      }
    },

    settle: () => itemsWritten,

    async finish(assembly, options) {
      const { datasetId, embeddingId } = state;
      await analyze(database, embedding);
      await options.fill?.(datasetId);
      return await database.transaction(async (transaction) => {
        const mixed = assembly.fieldValues.filter(({ isMixed }) => isMixed).map(({ name }) => name);
        await fieldsToText(transaction, datasetId, mixed);
        const { itemCount } = assembly;
        await publishDataset(transaction, datasetId, { fields: mergeFields([], assembly.fieldValues), itemCount });
        if (embeddingId !== null) await countEmbedding(transaction, embeddingId, itemCount);
        const ids = Float64Array.from({ length: itemCount }, (_, i) => i + 1);
        const projection = await makeMaps(transaction, {
          engine: database.engine,
          datasetId,
          embeddingId,
          assembly,
          ids,
          roles,
          asked: options.projections ?? null,
        });
        await options.finish?.(transaction, { id: datasetId, isNew: true });
        return await keepResult(context, transaction, { ...state, datasetId, embeddingId }, projection);
      });
    },
  };
}

/** Into tables of the import's own, and at the end into the data set by key. */
function stageBatches(context: TaskContext, { vectors, roles, kind }: Plan, begun: ImportState): Writer {
  const { database, signal, jobId } = context;
  let state = begun;
  return {
    async batch(batch, number) {
      await database.transaction(
        async (transaction) => {
          if (batch.keys.length > 0) {
            await stageItems(transaction, jobId, batch.offset, batch);
            if (batch.images !== null) await stageImages(transaction, jobId, batch.offset, batch.images);
            if (vectors !== null && batch.vectors !== null) {
              await stageVectors(transaction, jobId, batch.offset, batch.vectors, vectors.dimension);
            }
          }
          state = { ...state, batches: number };
          await context.reject(batch.rejections);
          await context.saveCheckpoint(state, transaction);
        },
        { signal },
      );
    },

    settle: async () => {},

    async finish(assembly, options) {
      const { datasetId } = state;
      const [embedding, result] = await database.transaction(
        async (transaction) => {
          const dataset = await lockDataset(transaction, datasetId);
          await numberStagedItems(transaction, jobId, datasetId);
          const known = roles.key === null ? await countKnown(transaction, jobId) : 0;
          if (known > 0) context.warn(numbersAsKeys(known));
          const outdated = await removeOutdated(transaction, jobId, datasetId);
          await applyStagedItems(transaction, jobId, datasetId);
          const mixed = assembly.fieldValues.filter(({ isMixed }) => isMixed).map(({ name }) => name);
          await fieldsToText(transaction, datasetId, mixed);
          const given = { title: options.title ?? null, description: options.description ?? null };
          await updateDataset(transaction, datasetId, mergeFields(dataset.fields, assembly.fieldValues), {
            ...given,
            kind: options.kind === undefined || options.kind === null ? null : kind,
          });
          const into = await embeddingFor(transaction, datasetId, vectors, assembly.itemCount);
          if (into !== null) {
            await applyStagedVectors(transaction, jobId, into);
            await touchEmbedding(transaction, into.id);
          }
          const ids = await readStagedIds(transaction, jobId);
          const embeddingId = into?.id ?? null;
          const projection = await makeMaps(transaction, {
            engine: database.engine,
            datasetId,
            embeddingId,
            assembly,
            ids,
            roles,
            asked: options.projections ?? null,
          });
          if (options.embed) await queueEmbeddings(transaction, datasetId);
          else for (const warning of outdated) context.warn(warning);
          await options.finish?.(transaction, { id: datasetId, isNew: false });
          await dropStaging(transaction, jobId);
          return [into, await keepResult(context, transaction, { ...state, embeddingId }, projection)] as const;
        },
        { signal },
      );
      await analyze(database, embedding);
      return result;
    },
  };
}

function numbersAsKeys(known: number): string {
  return `The rows have no keys, so their numbers were taken for them: ${known} ${known === 1 ? 'item that was there has' : 'items that were there have'} changed. To add items instead, name a column as key.`;
}

/** The embedding for the vectors that wait, with a partition of its own where it gets large. */
async function embeddingFor(
  transaction: Queryable,
  datasetId: number,
  vectors: Plan['vectors'],
  itemCount: number,
): Promise<Embedding | null> {
  if (vectors === null) return null;
  const there = await findEmbedding(transaction, datasetId, vectors.name);
  const { name, model, dimension, metric } = vectors;
  if (there === null) {
    const partitioned = itemCount >= PARTITION_ITEMS;
    return createEmbedding(transaction, { datasetId, name, model, dimension, metric, partitioned });
  }
  if (!there.partitioned && there.itemCount + itemCount >= PARTITION_ITEMS) {
    await partitionEmbedding(transaction, there);
    return { ...there, partitioned: true };
  }
  return there;
}

async function keepResult(
  context: TaskContext,
  transaction: Queryable,
  state: ImportState,
  projection: number | null,
): Promise<JobResult> {
  const result = {
    dataset: state.datasetId,
    ...(state.embeddingId === null ? {} : { embedding: state.embeddingId }),
    ...(projection === null ? {} : { projection }),
  };
  await context.saveCheckpoint({ ...state, result }, transaction);
  return result;
}

/** So that the next queries are planned well. */
async function analyze(database: Database, embedding: Embedding | null): Promise<void> {
  await database.query('analyze items, images');
  if (embedding !== null) await analyzeVectors(database, embedding);
}

/** Asks for the next value while the last one is still being dealt with. */
async function* ahead<T>(values: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = values.next();
  try {
    for (;;) {
      const { value, done } = await next;
      if (done) return;
      next = values.next();
      next.catch(() => {}); // it is awaited above, once this value has been dealt with
      yield value;
    }
  } finally {
    await values.return(undefined);
  }
}
