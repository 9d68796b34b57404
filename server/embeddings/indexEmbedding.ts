/**
 * Builds the graph index (HNSW) of an embedding, puts it in the place of the one there is, and measures its recall.
 *
 * On Postgres the index is built `concurrently`: searches and imports go on meanwhile. Such a build that is killed leaves
 * an invalid index behind, so each attempt has a name of its own, and whatever is left of others is removed first.
 * PGlite has one connection, which builds and does nothing else until it has ended; there all is one transaction.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Database, Queryable } from '../database/database.ts';
import { DatabaseError } from '../database/databaseError.ts';
import { lockDataset } from '../datasets/datasets.ts';
import { UserError } from '../errors.ts';
import type { TaskContext } from '../jobs/task.ts';
import { type Embedding, findEmbeddingsById, type IndexRecord, type Metric, partitionEmbedding } from './embeddings.ts';
import { measureRecall } from './measureRecall.ts';
import { HALF_LIMIT } from './nearest.ts';
import { indexedForm, integer } from './vectors.ts';

export interface IndexInput {
  readonly embeddingId: number;
  /** How the vectors are kept in the index. Default: FULL up to 2000 dimensions, HALF above. */
  readonly precision?: IndexRecord['precision'] | null | undefined;
  /** Links per node (m), 2 to 100. Larger finds more, is larger, and takes longer to build. Default: 16. */
  readonly links?: number | null | undefined;
  /** Candidates looked at while building, 4 to 1000 and twice `links` at least. Larger finds more and takes longer. Default: 64. */
  readonly efConstruction?: number | null | undefined;
}

type Precision = IndexRecord['precision'];
type Build = Omit<IndexRecord, 'recall'>;

/** What pgvector's index takes. */
const DIMENSION_LIMIT: Record<Precision, number> = { FULL: 2000, HALF: 4000, BINARY: 64_000 };

/** The operator class: what the index orders by. */
const operatorClass: Record<Precision, (metric: Metric) => string> = {
  FULL: (metric) => `vector_${metricName[metric]}_ops`,
  HALF: (metric) => `halfvec_${metricName[metric]}_ops`,
  BINARY: () => 'bit_hamming_ops',
};
const metricName: Record<Metric, string> = { COSINE: 'cosine', EUCLIDEAN: 'l2', INNER_PRODUCT: 'ip' };

/** From here on an exact search of Postgres takes longer than a reader notices: about 60 ms at 784 dimensions on two cores. */
const WANTED_ITEMS = 50_000;

/** Most memory that a build asks for. PGlite lives within 2 GiB in all. */
const MEMORY_LIMIT_BYTES = { postgres: 2 * 2 ** 30, pglite: 512 * 2 ** 20 };
/** Below this version parallel builds could overflow a buffer (CVE-2026-3172). */
const PARALLEL_BUILD_VERSION = [0, 8, 2];

const POLL_MS = 500;
/** The share of the work that is the build; the rest measures recall. */
const BUILD_SHARE = 0.9;
const LOW_RECALL = 0.9;

const NUMERIC_VALUE_OUT_OF_RANGE = '22003';
/** No room for the memory that parallel workers share, as in a container with a small /dev/shm; or no memory at all. */
const OUT_OF_RESOURCES = ['53100', '53200'];

/**
 * Whether an import should have an index built when it has ended. On PGlite nobody is made to wait for a build of a minute
 * that he has not asked for.
 */
export function indexWanted(engine: Database['engine'], itemCount: number, dimension: number): boolean {
  return engine === 'postgres' && itemCount >= WANTED_ITEMS && dimension <= DIMENSION_LIMIT.HALF;
}

/**
 * The job that builds an index, to be given to `addJob`: while one of the same embedding is under way, it is that one, or a
 * CONFLICT when it differs.
 */
export function indexJob({ id, datasetId, dimension }: Embedding, build: Omit<IndexInput, 'embeddingId'> = {}) {
  return {
    kind: 'INDEX_EMBEDDING',
    input: { embeddingId: id, ...checkIndexInput(build, dimension) } satisfies IndexInput,
    datasetId,
    idempotencyKey: `index of embedding ${id}`,
  } as const;
}

/**
 * Checks what is to be built, and fills in the defaults.
 * @throws UserError BAD_USER_INPUT that says which number is out of range
 */
export function checkIndexInput(input: Omit<IndexInput, 'embeddingId'>, dimension: number): Build {
  const precision = input.precision ?? (dimension <= DIMENSION_LIMIT.FULL ? 'FULL' : 'HALF');
  const links = checkRange('links', input.links ?? 16, 2, 100);
  const efConstruction = checkRange('efConstruction', input.efConstruction ?? 64, 4, 1000);
  if (efConstruction < 2 * links) {
    throw wrong(`\`efConstruction\` is ${efConstruction}; it must be twice \`links\` at least, ${2 * links}.`);
  }
  if (dimension > DIMENSION_LIMIT[precision]) {
    const fitting = (['HALF', 'BINARY'] as const).filter((other) => dimension <= DIMENSION_LIMIT[other]);
    throw wrong(
      `An index of precision ${precision} takes up to ${DIMENSION_LIMIT[precision]} dimensions; these vectors have ${dimension}. What fits: ${fitting.join(', ')}.`,
    );
  }
  return { precision, links, efConstruction };
}

/** Bytes of the index of an embedding on disk; 0 where there is none. */
export async function indexBytes(database: Queryable, embedding: Pick<Embedding, 'id'>): Promise<number> {
  const [sum] = await database.query<{ bytes: number }>(
    `select coalesce(sum(pg_relation_size(indexrelid)), 0)::bigint as bytes
       from pg_index join pg_class on pg_class.oid = indexrelid join pg_am on pg_am.oid = relam
      where indrelid = to_regclass($1::text) and amname = 'hnsw' and indisvalid`,
    [tableOf(embedding)],
  );
  return sum?.bytes ?? 0;
}

/** The verb: builds, replaces, measures. @throws UserError where the embedding is gone or cannot have such an index */
export async function indexEmbedding(context: TaskContext, input: IndexInput): Promise<{ embedding: number }> {
  const { database } = context;
  const found = await requireEmbedding(database, input.embeddingId);
  const build = checkIndexInput(input, found.dimension);
  if (found.itemCount === 0) throw wrong('The embedding has no vectors yet: there is nothing to build an index of.');
  await context.worksOn(found.datasetId);

  const embedding = await toOwnPartition(context, found);
  await warnOfZeros(context, embedding);
  const name = `${tableOf(embedding)}_hnsw_${context.jobId.slice(0, 8)}_${integer(context.attempt)}`;
  if (!/^[a-z0-9_]+$/.test(name)) throw new Error(`not the id of a job: ${context.jobId}`);
  if (database.engine === 'pglite') await buildAtOnce(context, embedding, build, name);
  else await buildConcurrently(context, embedding, build, name);

  await storeRecall(context, embedding.id);
  return { embedding: embedding.id };
}

/** A small embedding shares its table with others, and an index is of a whole table. */
async function toOwnPartition(context: TaskContext, embedding: Embedding): Promise<Embedding> {
  if (embedding.partitioned) return embedding;
  context.progress('Giving the vectors a table of their own', null);
  await context.database.transaction(
    async (transaction) => {
      await lockDataset(transaction, embedding.datasetId); // no import writes to the shared table meanwhile
      const current = await requireEmbedding(transaction, embedding.id);
      if (!current.partitioned) await partitionEmbedding(transaction, current);
      await context.guard(transaction);
    },
    { signal: context.signal },
  );
  return { ...embedding, partitioned: true };
}

async function warnOfZeros(context: TaskContext, { id, metric }: Embedding): Promise<void> {
  if (metric !== 'COSINE') return;
  const [counted] = await context.database.query<{ zeros: number }>(
    'select count(*) as zeros from vectors where embedding_id = $1::int and vector_norm(vector) = 0',
    [id],
    { signal: context.signal },
  );
  const zeros = counted?.zeros ?? 0;
  if (zeros > 0) context.warn(`${zeros} vectors are zero: they have no direction, and the index does not find them.`);
}

/** `create index` with its options, without the setting of memory. */
function definition(embedding: Embedding, { precision, links, efConstruction }: Build, name: string): string {
  return `${name} on ${tableOf(embedding)}
    using hnsw (${indexedForm('vector', precision, embedding.dimension)} ${operatorClass[precision](embedding.metric)})
    with (m = ${integer(links)}, ef_construction = ${integer(efConstruction)})`;
}

async function buildAtOnce(context: TaskContext, embedding: Embedding, build: Build, name: string): Promise<void> {
  const { database, signal } = context;
  const settings = await buildSettings(context, embedding, build);
  context.progress('Building the index; the embedded database does nothing else until it has ended', null);
  try {
    await database.transaction(
      async (transaction) => {
        await transaction.query(`create index ${definition(embedding, build, name)}`);
        await replaceIndex(transaction, embedding, build, name);
        await context.guard(transaction);
      },
      { signal, settings },
    );
  } catch (error) {
    throw explainBuildError(error);
  }
}

async function buildConcurrently(
  context: TaskContext,
  embedding: Embedding,
  build: Build,
  name: string,
): Promise<void> {
  const { database, signal } = context;
  await removeLeftovers(context, embedding);
  const settings = await buildSettings(context, embedding, build);
  context.progress('Building the index', 0);
  const ended = new AbortController();
  const watching = watchBuild(context, embedding, AbortSignal.any([signal, ended.signal]));
  const create = (more: Readonly<Record<string, string>> = {}) =>
    database.query(`create index concurrently ${definition(embedding, build, name)}`, [], {
      signal,
      settings: { ...settings, ...more },
    });
  try {
    await create().catch(async (error: unknown) => {
      if (!(error instanceof DatabaseError) || !OUT_OF_RESOURCES.includes(error.code)) throw error;
      context.warn(
        'The database has too little shared memory for several processes to build: one builds, and takes longer.',
      );
      await dropIndex(database, name);
      await create({ max_parallel_maintenance_workers: '0' });
    });
    await database.transaction(async (transaction) => {
      await replaceIndex(transaction, embedding, build, name);
      await context.guard(transaction);
    });
  } catch (error) {
    // Whatever this leaves the next attempt removes: a dead connection must not hide the reason of the failure.
    await dropIndex(database, name).catch(() => {});
    throw explainBuildError(error);
  } finally {
    ended.abort();
    await watching;
  }
}

/** Puts the new index in the place of the others. */
async function replaceIndex(transaction: Queryable, embedding: Embedding, build: Build, name: string): Promise<void> {
  const table = tableOf(embedding);
  const indexes = await listIndexes(transaction, table);
  for (const other of indexes) {
    if (other.valid && other.name !== name) await transaction.query(`drop index ${other.name}`);
  }
  await transaction.query(`alter index ${name} rename to ${table}_hnsw`);
  const record: IndexRecord = { ...build, recall: null };
  await transaction.query('update embeddings set index = $2::jsonb where id = $1::int', [
    embedding.id,
    JSON.stringify(record),
  ]);
}

/** Removes what killed builds have left: invalid indexes, and a build of this job that goes on although its worker is dead. */
async function removeLeftovers({ database, jobId, signal }: TaskContext, embedding: Embedding): Promise<void> {
  const table = tableOf(embedding);
  const own = `${table}_hnsw_${jobId.slice(0, 8)}_`;
  for (const { name, valid, builder } of await listIndexes(database, table)) {
    if (valid && !name.startsWith(own)) continue;
    if (builder !== null && !name.startsWith(own)) continue; // another job is at it
    if (builder !== null) await database.query('select pg_cancel_backend($1::int)', [builder]);
    await dropIndex(database, name, signal);
  }
}

interface IndexState {
  readonly name: string;
  readonly valid: boolean;
  /** Process that is building it; null where none is. */
  readonly builder: number | null;
}

async function listIndexes(database: Queryable, table: string): Promise<IndexState[]> {
  const indexes = await database.query<{ name: string; valid: boolean; builder: number | null }>(
    `select relname as name, indisvalid as valid, building.pid as builder
       from pg_index join pg_class on pg_class.oid = indexrelid join pg_am on pg_am.oid = relam
       left join pg_stat_progress_create_index building on building.index_relid = indexrelid
      where indrelid = $1::regclass and amname = 'hnsw'`,
    [table],
  );
  const unknown = indexes.find(({ name }) => !/^[a-z0-9_]+$/.test(name));
  if (unknown !== undefined) throw new Error(`an index that is not ours: ${unknown.name}`);
  return indexes;
}

async function dropIndex(database: Queryable, name: string, signal?: AbortSignal): Promise<void> {
  await database.query(`drop index concurrently if exists ${name}`, [], signal === undefined ? {} : { signal });
}

/** Settings for the session that builds. A graph that does not fit into memory takes many times as long. */
async function buildSettings(
  context: TaskContext,
  embedding: Embedding,
  build: Build,
): Promise<Record<string, string>> {
  const { engine } = context.database;
  const [server] = await context.database.query<{ memory: number; version: string }>(
    `select pg_size_bytes(current_setting('maintenance_work_mem')) as memory, extversion as version
       from pg_extension where extname = 'vector'`,
  );
  if (server === undefined) throw new Error('the extension vector is not there');
  const needed = graphBytes(embedding, build);
  const limit = Math.max(server.memory, MEMORY_LIMIT_BYTES[engine]);
  if (needed > limit) {
    context.warn(
      `The graph takes about ${megabytes(needed)} MB while it is built and ${megabytes(limit)} MB are allowed: building takes much longer. Precision HALF or BINARY or fewer links need less${engine === 'postgres' ? '; or raise maintenance_work_mem on the server' : ''}.`,
    );
  }
  return {
    maintenance_work_mem: `${Math.ceil(Math.max(server.memory, Math.min(needed, limit)) / 1024)}kB`,
    ...(isBefore(server.version, PARALLEL_BUILD_VERSION) ? { max_parallel_maintenance_workers: '0' } : {}),
  };
}

/**
 * Memory of the graph while it is built. Per node 32 bytes a link and 275 beside the vector, as pgvector 0.8.0 on 64-bit
 * told with m from 8 to 64 and 16 MB (by the number of rows after which it gave up), within 1 %.
 */
function graphBytes({ itemCount, dimension }: Embedding, { precision, links }: Build): number {
  const bitsPerNumber = { FULL: 32, HALF: 16, BINARY: 1 }[precision];
  return Math.ceil(itemCount * 1.03 * ((dimension * bitsPerNumber) / 8 + 32 * links + 275)) + 2 ** 20;
}

/** Reports how far the build is, read by another connection, until the signal. */
async function watchBuild(context: TaskContext, embedding: Embedding, signal: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await sleep(POLL_MS, undefined, { signal });
      const [state] = await context.database.query<{ phase: string; fraction: number | null }>(
        `select phase, blocks_done::float8 / nullif(blocks_total, 0) as fraction
           from pg_stat_progress_create_index where relid = $1::regclass`,
        [tableOf(embedding)],
        { signal },
      );
      if (state === undefined) continue;
      if (state.phase.startsWith('building index'))
        context.progress('Building the index', BUILD_SHARE * (state.fraction ?? 0));
      else if (state.phase.startsWith('waiting')) context.progress('Waiting for others who use the vectors', null);
      else if (state.phase.startsWith('index validation')) context.progress('Checking the index', BUILD_SHARE);
    }
  } catch {
    // Ended, or the database cannot be asked: the build itself tells.
  }
}

/** Measures the index that is in place now and keeps the result, unless the vectors have changed meanwhile. */
async function storeRecall(context: TaskContext, embeddingId: number): Promise<void> {
  const { database, signal } = context;
  const embedding = await requireEmbedding(database, embeddingId);
  context.progress('Measuring recall', BUILD_SHARE);
  const recall = await measureRecall(database, embedding, {
    signal,
    onProgress: (fraction) => context.progress('Measuring recall', BUILD_SHARE + (1 - BUILD_SHARE) * fraction),
  });
  await database.transaction(async (transaction) => {
    await transaction.query(
      `update embeddings set index = jsonb_set(index, '{recall}', $3::jsonb) where id = $1::int and version = $2::bigint`,
      [embedding.id, embedding.version, JSON.stringify(recall)],
    );
    await context.guard(transaction);
  });
  if (recall.recall < LOW_RECALL) {
    context.warn(
      `The index finds ${(100 * recall.recall).toFixed(1)} % of the true neighbours at efSearch ${recall.efSearch}. A larger efSearch, more links, a larger efConstruction or a higher precision finds more.`,
    );
  }
}

async function requireEmbedding(database: Queryable, id: number): Promise<Embedding> {
  const [embedding] = await findEmbeddingsById(database, [id]);
  if (!embedding) throw new UserError('NOT_FOUND', 'The embedding was removed meanwhile.');
  return embedding;
}

function explainBuildError(error: unknown): unknown {
  if (!(error instanceof DatabaseError) || error.code !== NUMERIC_VALUE_OUT_OF_RANGE) return error;
  return wrong(
    `The vectors have numbers beyond ${HALF_LIMIT}, the largest that HALF can hold. Build with precision FULL, or scale the vectors.`,
  );
}

function tableOf({ id }: Pick<Embedding, 'id'>): string {
  return `vectors_${integer(id)}`;
}

function isBefore(version: string, wanted: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  const differing = wanted.findIndex((part, i) => (parts[i] ?? 0) !== part);
  return differing !== -1 && (parts[differing] ?? 0) < (wanted[differing] ?? 0);
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}

function checkRange(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw wrong(`\`${name}\` is ${value}; it can be a whole number from ${least} to ${most}.`);
}

function wrong(message: string): UserError {
  return new UserError('BAD_USER_INPUT', message);
}
