/**
 * Tables `projections` and `projection_chunks`: maps. The points of a map lie in chunks in one shuffled order, so that any
 * prefix is a fair sample; they are read together, never row by row.
 */
import { pointMeasures } from '#kernels/pointQuality.ts';
import type { Quality } from '#kernels/quality.ts';
import { createRandom, permutation } from '#kernels/random.ts';
import type { Queryable, Row } from '../database/database.ts';
import type { Dataset } from '../datasets/datasets.ts';
import { type Embedding, type Metric, metrics } from '../embeddings/embeddings.ts';
import { didYouMean, UserError } from '../errors.ts';

/** Columns of the points that say how far each can be trusted: `quality.trustworthiness` and the like. */
export const measureColumns = pointMeasures.map((measure) => `quality.${measure}`);

/** The place of a column of that name among `pointMeasures`, or null. */
export function measureOfColumn(name: string): number | null {
  const place = measureColumns.indexOf(name);
  return place < 0 ? null : place;
}

/** GIVEN: the coordinates came with the data. */
export const projectionMethods = ['PCA', 'UMAP', 'TSNE', 'PACMAP', 'LOCALMAP', 'CUSTOM', 'GIVEN'] as const;
export type ProjectionMethod = (typeof projectionMethods)[number];

export interface Projection {
  readonly id: number;
  readonly embeddingId: number;
  /** Unique in the embedding. */
  readonly name: string;
  readonly method: ProjectionMethod;
  readonly components: number;
  readonly seed: number | null;
  /** The options of the method as they were used. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly device: 'GPU' | 'CPU' | null;
  /** Of the computation, without reading and writing. */
  readonly milliseconds: number | null;
  /** The share of the variance along each component. */
  readonly explainedVariance: readonly number[] | null;
  readonly quality: Quality | null;
  /** Which items it shows, as it was asked for; null: all. */
  readonly filter: unknown;
  /** Whether each point has its own measures of quality. */
  readonly measured: boolean;
  /** Points. */
  readonly count: number;
  /** Rises each time the map is made anew. */
  readonly version: number;
  /** Of the embedding and of the data set when the map was made. */
  readonly embeddingVersion: number;
  readonly datasetVersion: number;
  readonly createdAt: Date;
}

/** By which items were taken to be near on a map: what was asked for is told with the options, where it was another than the embedding's. */
export function metricOf(
  { parameters }: Pick<Projection, 'parameters'>,
  embedding: { readonly metric: Metric },
): Metric {
  return metrics.find((metric) => metric === parameters['metric']) ?? embedding.metric;
}

interface ProjectionRow extends Projection, Row {}

const columns = `id, embedding_id as "embeddingId", name, method, components, seed, parameters, device, milliseconds,
  explained_variance as "explainedVariance", quality, measured, filter, count, version, embedding_version as "embeddingVersion",
  dataset_version as "datasetVersion", created_at as "createdAt"`;

/** The maps of an embedding, in the order in which they were first made. */
export async function listProjections(database: Queryable, embeddingId: number): Promise<Projection[]> {
  return await database.query<ProjectionRow>(
    `select ${columns} from projections where embedding_id = $1::int order by id`,
    [embeddingId],
  );
}

/** The map of that name, or null. */
export async function findProjection(
  database: Queryable,
  embeddingId: number,
  name: string,
): Promise<Projection | null> {
  const [found] = await database.query<ProjectionRow>(
    `select ${columns} from projections where embedding_id = $1::int and name = $2::text`,
    [embeddingId, name],
  );
  return found ?? null;
}

/** The map of that name. @throws UserError NOT_FOUND with the names that there are */
export async function requireProjection(database: Queryable, embeddingId: number, name: string): Promise<Projection> {
  const all = await listProjections(database, embeddingId);
  const found = all.find((projection) => projection.name === name);
  if (found !== undefined) return found;
  const names = all.map((projection) => projection.name);
  const near = didYouMean(name, names) || (names.length > 0 ? ` There is ${names.join(', ')}.` : '');
  throw new UserError('NOT_FOUND', `The embedding has no projection "${name}".${near}`);
}

/** The maps of these ids, in their order, null where there is none. */
export async function findProjectionsById(database: Queryable, ids: readonly number[]): Promise<(Projection | null)[]> {
  const rows = await database.query<ProjectionRow>(`select ${columns} from projections where id = any ($1::int[])`, [
    ids,
  ]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** Removes a map with its points. Its files are swept when the next one is made. */
export async function removeProjection(database: Queryable, { id }: Pick<Projection, 'id'>): Promise<void> {
  await database.query('delete from projections where id = $1::int', [id]);
}

/** Whether what a map was made of has changed since: its vectors, and where a filter or a field had a part in it, the items. */
export function isStale(
  {
    embeddingVersion,
    datasetVersion,
    filter,
    parameters,
  }: Pick<Projection, 'embeddingVersion' | 'datasetVersion' | 'filter' | 'parameters'>,
  embedding: Pick<Embedding, 'version'>,
  dataset: Pick<Dataset, 'version'>,
): boolean {
  const hasItems = filter !== null || parameters['targetField'] !== undefined;
  return embeddingVersion !== embedding.version || (hasItems && datasetVersion !== dataset.version);
}

export interface NewProjection {
  readonly embedding: Pick<Embedding, 'id'>;
  readonly name: string;
  readonly method: ProjectionMethod;
  readonly components: number;
  readonly seed?: number;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly device?: 'GPU' | 'CPU';
  readonly milliseconds?: number;
  readonly explainedVariance?: readonly number[];
  readonly quality?: Quality;
  /** Of the vectors and the items that the map was made of. Default: as they are now. */
  readonly embeddingVersion?: number;
  readonly datasetVersion?: number;
  /** Which items it shows, as it was asked for: JSON. */
  readonly filter?: unknown;
  /** What places further vectors exactly. */
  readonly transform?: Uint8Array | undefined;
  /** Item of each point. */
  readonly itemIds: Float64Array;
  /** (itemIds.length, components), all finite. */
  readonly coordinates: Float32Array;
  /** (itemIds.length, measures): how far each point can be trusted, in the order of `pointMeasures`; NaN for none. */
  readonly measures?: Float32Array | undefined;
}

/** Points of a chunk: half a megabyte of ids, as much of coordinates; also the rows of a batch in the file of points. */
export const CHUNK_POINTS = 65_536;
/** One for all maps, so that maps of the same items have them in the same order and one can move into the other. */
const ORDER_SEED = 1;

/** The row of each point, in the order in which a map of so many rows keeps its points. */
export function orderOfPoints(count: number): Uint32Array {
  return permutation(count, createRandom(ORDER_SEED));
}

/**
 * Keeps a map in place of the one of that name, whose version it goes on counting. To be called in a transaction.
 * @returns its id
 * @throws UserError NOT_FOUND when the embedding was removed meanwhile
 */
export async function replaceProjection(transaction: Queryable, projection: NewProjection): Promise<number> {
  const { itemIds, coordinates, components, quality, explainedVariance } = projection;
  const count = itemIds.length;
  if (coordinates.length !== count * components) {
    throw new Error(`${count} points of ${components} components, but ${coordinates.length} coordinates`);
  }
  const [kept] = await transaction.query<{ id: number }>(
    `insert into projections (embedding_id, name, method, components, seed, parameters, device, milliseconds,
       explained_variance, quality, measured, count, embedding_version, dataset_version, filter, transform)
     select embeddings.id, $2::text, $3::text, $4::int, $5::int, $6::jsonb, $7::text, $8::float8,
       $9::float8[], $10::jsonb, $11::boolean, $12::bigint, coalesce($13::bigint, embeddings.version),
       coalesce($14::bigint, datasets.version), $15::jsonb, $16::bytea
       from embeddings join datasets on datasets.id = dataset_id where embeddings.id = $1::int
     on conflict (embedding_id, name) do update set method = excluded.method, components = excluded.components,
       seed = excluded.seed, parameters = excluded.parameters, device = excluded.device,
       milliseconds = excluded.milliseconds, explained_variance = excluded.explained_variance, quality = excluded.quality,
       measured = excluded.measured, count = excluded.count, version = projections.version + 1, embedding_version = excluded.embedding_version,
       dataset_version = excluded.dataset_version, filter = excluded.filter, transform = excluded.transform,
       created_at = now()
     returning id`,
    [
      projection.embedding.id,
      projection.name,
      projection.method,
      components,
      projection.seed ?? null,
      JSON.stringify(projection.parameters ?? {}),
      projection.device ?? null,
      projection.milliseconds ?? null,
      explainedVariance === undefined ? null : [...explainedVariance],
      quality === undefined ? null : JSON.stringify(quality),
      projection.measures !== undefined,
      count,
      projection.embeddingVersion ?? null,
      projection.datasetVersion ?? null,
      projection.filter === undefined ? null : JSON.stringify(projection.filter),
      projection.transform ?? null,
    ],
  );
  if (kept === undefined) throw new UserError('NOT_FOUND', 'The embedding was removed meanwhile.');
  await transaction.query('delete from projection_chunks where projection_id = $1::int', [kept.id]);

  const order = orderOfPoints(count);
  for (let chunk = 0; chunk * CHUNK_POINTS < count; chunk++) {
    const rows = order.subarray(chunk * CHUNK_POINTS, (chunk + 1) * CHUNK_POINTS);
    await transaction.query(
      `insert into projection_chunks (projection_id, chunk, item_ids, coordinates, measures)
       values ($1::int, $2::int, $3::bytea, $4::bytea, $5::bytea)`,
      [
        kept.id,
        chunk,
        idsToBytes(itemIds, rows),
        rowsToBytes(coordinates, components, rows),
        projection.measures === undefined ? null : rowsToBytes(projection.measures, pointMeasures.length, rows),
      ],
    );
  }
  return kept.id;
}

/** Takes the points of these items off all maps of an embedding; the others stay where they are. */
export async function dropPoints(
  transaction: Queryable,
  embedding: Pick<Embedding, 'id'>,
  itemIds: ReadonlySet<number>,
): Promise<void> {
  for (const projection of await listProjections(transaction, embedding.id)) {
    const { id, components } = projection;
    let dropped = 0;
    let chunk = 0;
    for await (const { itemIds: ids, coordinates, measures } of readPoints(transaction, projection)) {
      const rows = Uint32Array.from([...ids.keys()].filter((row) => !itemIds.has(ids[row] ?? 0)));
      if (rows.length < ids.length) {
        await transaction.query(
          `update projection_chunks set item_ids = $3::bytea, coordinates = $4::bytea, measures = $5::bytea
            where projection_id = $1::int and chunk = $2::int`,
          [
            id,
            chunk,
            idsToBytes(ids, rows),
            rowsToBytes(coordinates, components, rows),
            measures === null ? null : rowsToBytes(measures, pointMeasures.length, rows),
          ],
        );
      }
      dropped += ids.length - rows.length;
      chunk++;
    }
    if (dropped > 0) {
      await transaction.query('update projections set count = count - $2::bigint where id = $1::int', [id, dropped]);
    }
  }
}

/** The ids of these rows, as little-endian int64. */
function idsToBytes(itemIds: Float64Array, rows: Uint32Array): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(rows.length * 8));
  for (const [to, from] of rows.entries()) bytes.setBigInt64(to * 8, BigInt(itemIds[from] ?? 0), true);
  return new Uint8Array(bytes.buffer);
}

/** These rows of a matrix, as little-endian float32. */
function rowsToBytes(values: Float32Array, columns: number, rows: Uint32Array): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(rows.length * columns * 4));
  for (const [to, from] of rows.entries()) {
    for (let c = 0; c < columns; c++) {
      bytes.setFloat32((to * columns + c) * 4, values[from * columns + c] ?? 0, true);
    }
  }
  return new Uint8Array(bytes.buffer);
}

/** What places further vectors on a map exactly, or null where their neighbours place them. */
export async function readTransform(database: Queryable, { id }: Pick<Projection, 'id'>): Promise<Uint8Array | null> {
  const [found] = await database.query<{ transform: Uint8Array | null }>(
    'select transform from projections where id = $1::int',
    [id],
  );
  return found?.transform ?? null;
}

/** Points of a map in its order. */
export interface PointsChunk {
  readonly itemIds: Float64Array;
  /** (itemIds.length, components) */
  readonly coordinates: Float32Array;
  /** (itemIds.length, measures), in the order of `pointMeasures`; null where they were not measured. */
  readonly measures: Float32Array | null;
}

/** The points of a map, `CHUNK_POINTS` at a time. A map replaced meanwhile gives points of both: compare the versions. */
export async function* readPoints(
  database: Queryable,
  { id }: Pick<Projection, 'id'>,
): AsyncGenerator<PointsChunk, void, undefined> {
  for (let chunk = 0; ; chunk++) {
    const [found] = await database.query<{ itemIds: Uint8Array; coordinates: Uint8Array; measures: Uint8Array | null }>(
      `select item_ids as "itemIds", coordinates, measures from projection_chunks
        where projection_id = $1::int and chunk = $2::int`,
      [id, chunk],
    );
    if (found === undefined) return;
    const ids = viewOf(found.itemIds);
    yield {
      itemIds: Float64Array.from({ length: ids.byteLength / 8 }, (_, i) => Number(ids.getBigInt64(i * 8, true))),
      coordinates: toNumbers(found.coordinates),
      measures: found.measures === null ? null : toNumbers(found.measures),
    };
  }
}

function toNumbers(bytes: Uint8Array): Float32Array {
  const view = viewOf(bytes);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(i * 4, true));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
