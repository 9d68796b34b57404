/** Computes a map of an embedding: vectors → coordinates, their quality, the map in place of the one of that name, its files. */
import { join } from 'node:path';

import type { Metric } from '#kernels/distance.ts';
import type { MapMethod, MapOptions } from '#kernels/map.ts';
import { createMatrix, rowOf } from '#kernels/matrix.ts';
import { stateToBytes } from '#kernels/state.ts';
import type { DeviceWanted } from '../backends.ts';
import { buffersOf, runKernel } from '../compute.ts';
import type { Queryable } from '../database/database.ts';
import { type Dataset, findDatasetsById } from '../datasets/datasets.ts';
import type { FilterInput } from '../datasets/filters.ts';
import { itemIdAt, readItemIds } from '../datasets/itemIds.ts';
import { type Embedding, findEmbeddingsById } from '../embeddings/embeddings.ts';
import { readMatrix, type Vectors } from '../embeddings/vectors.ts';
import { UserError } from '../errors.ts';
import type { TaskContext } from '../jobs/task.ts';
import { removeCheckpoints } from './checkpoints.ts';
import { layOut, type Start } from './layOut.ts';
import { pointsFile, pointsVersion, sweepPoints, usualColumns } from './pointsFile.ts';
import {
  findProjectionsById,
  type ProjectionMethod,
  readPoints,
  replaceProjection,
  requireProjection,
} from './projections.ts';
import { readTarget, type TargetInput } from './readTarget.ts';
import { axisOf, type ResolvedAxis } from './resolveAxes.ts';
import { filterItems } from './resultColumns.ts';
import { usualOptions } from './usualOptions.ts';

export interface ProjectEmbeddingInput extends Pick<MapOptions, 'pca' | 'umap' | 'tsne' | 'pacmap'> {
  readonly embeddingId: number;
  /** A map of that name is replaced when the new one is done. */
  readonly name: string;
  readonly method: ProjectionMethod;
  /** 2 or 3; of UMAP up to 10. */
  readonly components: number;
  /** By which items are near, of methods that move points; default: the embedding's. */
  readonly metric?: Metric | undefined;
  readonly seed: number;
  /** Where there is no graphics card, or it fails, the processor does the work, and the job has a warning. */
  readonly device: DeviceWanted;
  /** Of the method CUSTOM: as many as components. */
  readonly axes?: readonly ResolvedAxis[] | undefined;
  /** Whether the vectors are first put on the unit sphere around their mean. */
  readonly spherize?: boolean | undefined;
  /** Only these items; all when absent. */
  readonly filter?: FilterInput | undefined;
  /** Name of a map of the same embedding: points begin where they are there, and the new map is turned to lie on it. */
  readonly startFrom?: string | undefined;
  /** Of UMAP and t-SNE: items alike by it are drawn together. */
  readonly target?: TargetInput | undefined;
}

// What of the whole work each stage takes, measured on 70,000 x 784: PCA 10 s, quality 4 s, reading 3 s, files 2 s.
const READ_END = 0.15;
const LAYOUT_END = 0.65;
const QUALITY_END = 0.85;
const KEEP_END = 0.9;

/**
 * The result replaces a map of the same name. The same vectors, options and seed give the same coordinates, bit for bit.
 * @throws UserError CANCELLED where the data set or the embedding is removed meanwhile
 */
export async function projectEmbedding(
  context: TaskContext,
  input: ProjectEmbeddingInput,
): Promise<{ dataset: number; embedding: number; projection: number }> {
  try {
    return await computeMap(context, input);
  } catch (error) {
    if (error instanceof UserError && error.code === 'NOT_FOUND') throw removed();
    throw error;
  }
}

async function computeMap(
  context: TaskContext,
  input: ProjectEmbeddingInput,
): Promise<{ dataset: number; embedding: number; projection: number }> {
  const { database, signal } = context;
  const { embeddingId, name, method, components, seed, device, axes, filter, startFrom, target, ...rest } = input;
  const { metric: other, ...options } = rest;
  if (method === 'GIVEN') {
    throw new UserError('BAD_USER_INPUT', 'A map of the method GIVEN comes with the data and cannot be computed.');
  }
  const [embedding] = await findEmbeddingsById(database, [embeddingId]);
  if (!embedding) throw removed();
  const metric = other ?? embedding.metric;
  await context.worksOn(embedding.datasetId);
  const dataset = await datasetOf(context, embedding);
  const stage = (words: string, from: number, to: number) => (fraction: number) =>
    context.progress(words, from + (to - from) * fraction);

  const onRead = stage('Reading vectors', 0, READ_END);
  onRead(0);
  const all = await readMatrix(database, embedding, { signal, onProgress: onRead });
  if (all.ids.length === 0) {
    throw new UserError('BAD_USER_INPUT', `The embedding "${embedding.name}" has no vectors: there is nothing to map.`);
  }
  const vectors =
    filter === undefined
      ? all
      : subsetOf(
          all,
          await readItemIds(database, dataset, await filterItems(database, dataset, filter, { embedding })),
        );
  const start = startFrom === undefined ? null : await readStart(database, embedding, startFrom, components, vectors);

  const known = target === undefined ? null : await readTarget(database, dataset, target, method, vectors.ids);

  const layout = await layOut(
    context,
    vectors,
    { start, target: known },
    {
      ...{ method, components, seed, device, ...options },
      ...(target === undefined ? {} : withTargetWeight(method, options, target.weight)),
      ...(axes === undefined ? {} : { axes: axes.map(axisOf) }),
      metric,
      of: { datasetId: embedding.datasetId, embeddingId: embedding.id },
      onProgress: stage(layoutWords[method], READ_END, LAYOUT_END),
    },
  );
  for (const note of layout.notes) context.warn(note);

  const onQuality = stage('Measuring the quality', LAYOUT_END, QUALITY_END);
  onQuality(0);
  const quality = await runKernel(
    'quality',
    { matrix: layout.matrix, map: layout.coordinates, metric, seed, found: layout.neighbors },
    { signal, onProgress: onQuality, transfer: buffersOf(layout.matrix) },
  );

  if (quality !== null && quality.points === null) {
    context.warn(`The map has ${vectors.ids.length} points, too many to measure for each how far it can be trusted.`);
  }

  context.progress('Keeping the map', QUALITY_END);
  const projectionId = await database.transaction(
    async (transaction) => {
      const id = await replaceProjection(transaction, {
        embedding,
        name,
        method,
        components,
        seed,
        parameters: {
          ...usualOptions[method],
          ...(method !== 'UMAP' || startFrom !== undefined ? {} : { initialization: 'PCA' }),
          ...layout.parameters,
          ...(other === undefined ? {} : { metric: other }),
          ...(axes === undefined
            ? {}
            : { axes: axes.map(({ label }) => label), axisEnds: axes.map(({ ends }) => ends) }),
          ...(startFrom === undefined ? {} : { startFrom }),
          ...(target === undefined ? {} : { targetField: target.field }),
        },
        filter,
        transform: layout.transform === null ? undefined : stateToBytes(layout.transform),
        device: layout.device,
        milliseconds: layout.milliseconds,
        ...(layout.explainedVariance === null ? {} : { explainedVariance: layout.explainedVariance }),
        ...(quality === null ? {} : { quality: quality.whole, measures: quality.points?.data }),
        embeddingVersion: vectors.version,
        datasetVersion: dataset.version,
        itemIds: vectors.ids,
        coordinates: layout.coordinates.data,
      });
      await context.guard(transaction);
      return id;
    },
    { signal },
  );

  await removeCheckpoints(context);
  await writeFiles(context, projectionId);
  return { dataset: embedding.datasetId, embedding: embedding.id, projection: projectionId };
}

/** Among the options of the method. */
function withTargetWeight(
  method: MapMethod,
  { umap, tsne }: Pick<ProjectEmbeddingInput, 'umap' | 'tsne'>,
  targetWeight: number,
): Pick<ProjectEmbeddingInput, 'umap' | 'tsne'> {
  return method === 'TSNE' ? { tsne: { ...tsne, targetWeight } } : { umap: { ...umap, targetWeight } };
}

const layoutWords: { readonly [Method in MapMethod]: string } = {
  PCA: 'Finding the principal components',
  UMAP: 'Laying out the neighbours',
  TSNE: 'Laying out the neighbours',
  PACMAP: 'Laying out the neighbours',
  LOCALMAP: 'Laying out the neighbours',
  CUSTOM: 'Placing the items along the axes',
};

/**
 * The files that will be asked for first. The map is kept already: where the items change meanwhile, they are made when
 * they are asked for.
 */
async function writeFiles(context: TaskContext, projectionId: number): Promise<void> {
  const { database, dataDir, signal } = context;
  context.progress('Writing the points', KEEP_END);
  const cacheDir = join(dataDir, 'cache');
  await sweepPoints(database, cacheDir);
  const [projection] = await findProjectionsById(database, [projectionId]);
  const [embedding] = projection ? await findEmbeddingsById(database, [projection.embeddingId]) : [];
  const [dataset] = embedding ? await findDatasetsById(database, [embedding.datasetId]) : [];
  if (!projection || !dataset) return;
  for (const columns of [[], usualColumns(dataset)]) {
    signal.throwIfAborted();
    const version = pointsVersion(projection, dataset, columns);
    try {
      await pointsFile(database, cacheDir, { projectionId, version, columns });
    } catch (error) {
      if (!(error instanceof UserError && error.code === 'NOT_FOUND')) throw error;
    }
  }
}

async function datasetOf({ database }: TaskContext, { datasetId }: Embedding): Promise<Dataset> {
  const [dataset] = await findDatasetsById(database, [datasetId]);
  if (!dataset) throw removed();
  return dataset;
}

/** The vectors of some items. @throws UserError where none of them has one */
function subsetOf({ ids, matrix, version }: Vectors, among: Uint8Array): Vectors {
  const wanted = new Set(Array.from({ length: among.length / 8 }, (_, i) => itemIdAt(among, i)));
  const rows = Array.from(ids.keys()).filter((row) => wanted.has(ids[row] ?? 0));
  if (rows.length === 0) {
    throw new UserError('BAD_USER_INPUT', 'No item with a vector matches the filter: there is nothing to map.');
  }
  const subset = createMatrix(rows.length, matrix.columns);
  for (const [to, from] of rows.entries()) rowOf(subset, to).set(rowOf(matrix, from));
  return { ids: Float64Array.from(rows, (row) => ids[row] ?? 0), matrix: subset, version };
}

/** Where the items are on a map of that name, NaN for those that are not on it. @throws UserError where none is, or it has other axes */
async function readStart(
  database: Queryable,
  embedding: Embedding,
  name: string,
  components: number,
  { ids }: Vectors,
): Promise<Start> {
  const projection = await requireProjection(database, embedding.id, name).catch((error: unknown) => {
    throw error instanceof UserError ? new UserError('BAD_USER_INPUT', error.message) : error;
  });
  if (projection.components !== components) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The map "${name}" has ${projection.components} components, the new one is to have ${components}.`,
    );
  }
  const places = new Map<number, Float32Array>();
  for await (const { itemIds, coordinates } of readPoints(database, projection)) {
    itemIds.forEach((id, i) => {
      places.set(id, coordinates.subarray(i * components, (i + 1) * components));
    });
  }
  const coordinates = createMatrix(ids.length, components);
  let placed = 0;
  ids.forEach((id, row) => {
    const place = places.get(id);
    if (place === undefined) rowOf(coordinates, row).fill(Number.NaN);
    else {
      rowOf(coordinates, row).set(place);
      placed++;
    }
  });
  if (placed === 0) throw new UserError('BAD_USER_INPUT', `None of the items is on the map "${name}".`);
  return { coordinates, version: `${projection.id}-${projection.version}` };
}

function removed(): UserError {
  return new UserError('CANCELLED', 'The data set was removed meanwhile.');
}
