/**
 * The points of a map as a file: an Arrow IPC stream with the columns key, x, y, for three components z, then those asked
 * for. It is made once for each version and choice of columns, and lies under `DATA_DIR/cache/points` until a later one
 * takes its place.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createBrotliCompress } from 'node:zlib';

import type { Queryable } from '../database/database.ts';
import { clusterColumnNames, findClusterColumn } from '../datasets/clusterColumns.ts';
import { type Dataset, findDatasetsById } from '../datasets/datasets.ts';
import { findEmbeddingsById } from '../embeddings/embeddings.ts';
import type { ToldColumn } from '../embeddings/itemColumns.ts';
import { didYouMean, UserError } from '../errors.ts';
import { findProjectionsById, measureColumns, type Projection, readPoints } from './projections.ts';
import { listResultColumns } from './resultColumns.ts';

/** As in the schema. */
export interface Points {
  readonly count: number;
  readonly url: string;
  readonly mediaType: string;
  readonly version: string;
}

/** A file that can be sent. */
export interface PointsFile {
  readonly path: string;
  readonly bytes: number;
  /** The same, compressed by Brotli; null where that saves less than a tenth. */
  readonly brotli: { readonly path: string; readonly bytes: number } | null;
  /** Of the uncompressed bytes, with its quotation marks. */
  readonly etag: string;
}

export const ARROW_STREAM = 'application/vnd.apache.arrow.stream';

const COLUMNS_LIMIT = 64;
/** Files kept for one map; the oldest go first. */
const FILES_LIMIT = 16;
/** For so long after a newer one is there, the files of an old version may still be asked for by who has its address. */
const OLD_VERSION_MS = 10 * 60_000;

/** Where the points of a map can be fetched. @throws UserError where a column is none of the data set's */
export async function pointsOf(
  projection: Projection,
  columns: readonly string[],
  { database }: { readonly database: Queryable },
): Promise<Points> {
  const dataset = await datasetOf(database, projection);
  const told = await toldColumns(database, projection, columns);
  const asked = checkColumns(projection, dataset, told, columns);
  const version = pointsVersion(projection, dataset, asked, told);
  const [ofMap, ofItems, made] = version.split('-'); // those of clusterings and the like are of columns alone
  const query = new URLSearchParams(asked.map((column) => ['columns', column])).toString();
  return {
    count: projection.count,
    url: `/points/${projection.id}/${version}${query === '' ? '' : `?${query}`}`,
    mediaType: ARROW_STREAM,
    version: `${ofMap}-${ofItems}-${made}`,
  };
}

/**
 * What the bytes depend on beside the columns: the version of the map and that of the items; when the map was made, so
 * that a cache which outlives its database is not taken for that of another; and the versions of the clusterings, and of
 * what was told of the items, whose columns are asked for.
 */
export function pointsVersion(
  { version, createdAt }: Pick<Projection, 'version' | 'createdAt'>,
  dataset: Pick<Dataset, 'version' | 'fields' | 'clusterings'>,
  columns: readonly string[],
  told: readonly ToldColumn[] = [],
): string {
  const own = `${version}-${dataset.version}-${createdAt.getTime().toString(36)}`;
  const clusterings = columns.flatMap((column) => {
    const found = dataset.fields.some(({ name }) => name === column)
      ? null
      : findClusterColumn(dataset.clusterings, column);
    return found === null ? [] : [`${found.clustering.id}.${found.clustering.version}`];
  });
  const others = told.filter(({ name }) => columns.includes(name)).map(({ name, version: at }) => `${name} ${at}`);
  const versions = [...clusterings, ...others];
  if (versions.length === 0) return own;
  return `${own}-${createHash('sha256').update(versions.join(' ')).digest('hex').slice(0, 12)}`;
}

/** Columns that a map is usually asked for beside none: the label and the fields that it can be coloured by. */
export function usualColumns(dataset: Pick<Dataset, 'fields'>): string[] {
  const colours = dataset.fields.filter(({ type }) => type === 'CATEGORY' || type === 'NUMBER');
  return ['label', ...colours.map(({ name }) => name)].slice(0, COLUMNS_LIMIT);
}

const underWay = new Map<string, Promise<PointsFile>>();

/**
 * The file of that version, made if it is not there; asked for several times at once, it is made once.
 * @param cacheDir `DATA_DIR/cache`
 * @throws UserError NOT_FOUND where the version is no longer the newest and its file is gone
 */
export async function pointsFile(
  database: Queryable,
  cacheDir: string,
  { projectionId, version, columns }: { projectionId: number; version: string; columns: readonly string[] },
): Promise<PointsFile> {
  const directory = join(cacheDir, 'points');
  const name = fileName(projectionId, version, [...new Set(columns)]);
  const path = join(directory, name);
  let making = underWay.get(path);
  if (making === undefined) {
    making = findFile(path)
      .then((ready) => ready ?? makeFile(database, directory, path, projectionId, version, columns))
      .finally(() => underWay.delete(path));
    underWay.set(path, making);
  }
  return await making;
}

/** Removes the files of maps that are no more, and what an interrupted run left behind. */
export async function sweepPoints(database: Queryable, cacheDir: string): Promise<void> {
  const directory = join(cacheDir, 'points');
  const names = await readdir(directory).catch(() => []);
  const ids = [...new Set(names.map((name) => Number.parseInt(name, 10)).filter(Number.isSafeInteger))];
  const found = await findProjectionsById(database, ids);
  const gone = new Set(ids.filter((_, i) => found[i] === null));
  for (const name of names) {
    const path = join(directory, name);
    if (gone.has(Number.parseInt(name, 10))) await rm(path, { force: true });
    else if (name.endsWith('.part') && (await ageOf(path)) > 24 * 3_600_000) await rm(path, { force: true });
  }
}

function fileName(projectionId: number, version: string, columns: readonly string[]): string {
  const chosen = createHash('sha256').update(JSON.stringify(columns)).digest('hex').slice(0, 32);
  return `${projectionId}-${version}-${chosen}.arrow`;
}

async function findFile(path: string): Promise<PointsFile | null> {
  const found = await stat(path).catch(() => null);
  if (found === null) return null;
  const brotli = await stat(`${path}.br`).catch(() => null);
  return {
    path,
    bytes: found.size,
    brotli: brotli === null ? null : { path: `${path}.br`, bytes: brotli.size },
    etag: `"${path.slice(path.lastIndexOf('/') + 1).replace(/\.arrow$/, '')}"`,
  };
}

async function makeFile(
  database: Queryable,
  directory: string,
  path: string,
  projectionId: number,
  version: string,
  columns: readonly string[],
): Promise<PointsFile> {
  const { projection, dataset, told } = await requireVersion(database, projectionId, version, columns);
  const asked = checkColumns(projection, dataset, told, columns);
  await mkdir(directory, { recursive: true });
  const unfinished = `${path}.${randomUUID()}.part`;
  try {
    // Arrow takes 0.2 s to load: not before it is needed.
    const { writePoints } = await import('./writePoints.ts');
    const points = { components: projection.components, chunks: readPoints(database, projection) };
    await writePoints(database, points, dataset, { asked, told }, unfinished);
    // Read in many statements: had anything changed between them, the address would promise other bytes.
    await requireVersion(database, projectionId, version, columns);
    const compressed = `${unfinished}.br.part`;
    if (await compress(unfinished, compressed)) await rename(compressed, `${path}.br`);
    else await rm(compressed, { force: true });
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  await sweepOld(directory, projectionId, version);
  const made = await findFile(path);
  if (made === null) throw new Error(`the file of points ${path} is gone`);
  return made;
}

async function requireVersion(
  database: Queryable,
  projectionId: number,
  version: string,
  columns: readonly string[],
): Promise<{ projection: Projection; dataset: Dataset; told: ToldColumn[] }> {
  const [projection] = await findProjectionsById(database, [projectionId]);
  if (projection) {
    const dataset = await datasetOf(database, projection);
    const told = await toldColumns(database, projection, columns);
    if (pointsVersion(projection, dataset, columns, told) === version) return { projection, dataset, told };
  }
  throw new UserError(
    'NOT_FOUND',
    'These points are no longer there: the map or its items have changed. Ask for `Projection.points` again.',
  );
}

async function datasetOf(database: Queryable, { embeddingId }: Projection): Promise<Dataset> {
  const [embedding] = await findEmbeddingsById(database, [embeddingId]);
  const [dataset] = embedding ? await findDatasetsById(database, [embedding.datasetId]) : [];
  if (!dataset) throw new UserError('NOT_FOUND', 'The data set was removed meanwhile.');
  return dataset;
}

/** What was told of the items: asked for only where a column has such a name. */
export async function toldColumns(
  database: Queryable,
  { embeddingId }: Pick<Projection, 'embeddingId'>,
  columns: readonly string[],
): Promise<ToldColumn[]> {
  if (!columns.some((column) => column.includes(':'))) return [];
  const [embedding] = await findEmbeddingsById(database, [embeddingId]);
  return embedding ? await listResultColumns(database, embedding.datasetId, embedding) : [];
}

/** @returns the columns without repetition */
export function checkColumns(
  { measured }: Pick<Projection, 'measured'>,
  { fields, clusterings }: Dataset,
  told: readonly ToldColumn[],
  columns: readonly string[],
): string[] {
  const asked = [...new Set(columns)];
  if (asked.length > COLUMNS_LIMIT) {
    throw new UserError('LIMIT_EXCEEDED', `Points take ${COLUMNS_LIMIT} columns at most; these are ${asked.length}.`);
  }
  const names = [
    ...['label', ...fields.map(({ name }) => name), ...(measured ? measureColumns : [])],
    ...told.map(({ name }) => name),
  ];
  for (const column of asked) {
    if (names.includes(column) || findClusterColumn(clusterings, column) !== null) continue;
    const near =
      didYouMean(column, [...names, ...clusterColumnNames(clusterings)]) ||
      ` There is ${names.map((name) => `"${name}"`).join(', ')}.`;
    throw new UserError('BAD_USER_INPUT', `There is no column "${column}" for the points.${near}`);
  }
  return asked;
}

async function sweepOld(directory: string, projectionId: number, version: string): Promise<void> {
  const own = (await readdir(directory)).filter(
    (name) => name.startsWith(`${projectionId}-`) && name.endsWith('.arrow'),
  );
  const ofMap = version.split('-').slice(0, 3).join('-'); // whatever the versions of the clusterings
  const files = await Promise.all(own.map(async (name) => ({ name, age: await ageOf(join(directory, name)) })));
  files.sort((a, b) => a.age - b.age);
  for (const [place, { name, age }] of files.entries()) {
    const old = !name.startsWith(`${projectionId}-${ofMap}-`) && age > OLD_VERSION_MS;
    if (!old && place < FILES_LIMIT) continue;
    await rm(join(directory, name), { force: true });
    await rm(join(directory, `${name}.br`), { force: true });
  }
}

async function ageOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  return found === null ? 0 : Date.now() - found.mtimeMs;
}

/** Compression is worth its while where it saves at least this share. */
const SAVED_SHARE = 0.1;
const BROTLI_QUALITY = 4;

/** @returns whether the compressed file is worth to be kept */
async function compress(from: string, to: string): Promise<boolean> {
  const brotli = createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } });
  await pipeline(createReadStream(from, { highWaterMark: 2 ** 18 }), brotli, createWriteStream(to));
  const [before, after] = await Promise.all([stat(from), stat(to)]);
  return after.size <= before.size * (1 - SAVED_SHARE);
}
