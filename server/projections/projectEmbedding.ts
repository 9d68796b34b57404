/** Computes a map of an embedding: vectors → coordinates, their quality, the map in place of the one of that name, its files. */
import { join } from 'node:path';

import type { MapMethod, UmapMapOptions } from '#kernels/map.ts';
import { buffersOf, runKernel } from '../compute.ts';
import { findDatasetsById } from '../datasets/datasets.ts';
import { type Embedding, findEmbeddingsById } from '../embeddings/embeddings.ts';
import { readMatrix } from '../embeddings/vectors.ts';
import { UserError } from '../errors.ts';
import type { TaskContext } from '../jobs/task.ts';
import { removeCheckpoints } from './checkpoints.ts';
import { layOut } from './layOut.ts';
import { pointsFile, pointsVersion, sweepPoints, usualColumns } from './pointsFile.ts';
import { findProjectionsById, type ProjectionMethod, replaceProjection } from './projections.ts';

export interface ProjectEmbeddingInput {
  readonly embeddingId: number;
  /** A map of that name is replaced when the new one is done. */
  readonly name: string;
  readonly method: ProjectionMethod;
  /** 2 or 3. */
  readonly components: number;
  readonly seed: number;
  readonly device: 'AUTO' | 'GPU' | 'CPU';
  /** Of the method UMAP; what is missing has its default. */
  readonly umap?: UmapMapOptions | undefined;
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
  { embeddingId, name, method, components, seed, device, umap }: ProjectEmbeddingInput,
): Promise<{ dataset: number; embedding: number; projection: number }> {
  const { database, signal } = context;
  if (method === 'GIVEN') {
    throw new UserError('BAD_USER_INPUT', 'A map of the method GIVEN comes with the data and cannot be computed.');
  }
  if (device === 'GPU') {
    throw new UserError(
      'UNAVAILABLE',
      `${method} is not computed on a graphics card here. Ask for the device AUTO or CPU.`,
    );
  }
  const [embedding] = await findEmbeddingsById(database, [embeddingId]);
  if (!embedding) throw removed();
  await context.worksOn(embedding.datasetId);
  const datasetVersion = await versionOfDataset(context, embedding);
  const stage = (words: string, from: number, to: number) => (fraction: number) =>
    context.progress(words, from + (to - from) * fraction);

  const onRead = stage('Reading vectors', 0, READ_END);
  onRead(0);
  const vectors = await readMatrix(database, embedding, { signal, onProgress: onRead });
  if (vectors.ids.length === 0) {
    throw new UserError('BAD_USER_INPUT', `The embedding "${embedding.name}" has no vectors: there is nothing to map.`);
  }

  const layout = await layOut(context, vectors, {
    ...{ method, components, seed, umap },
    metric: embedding.metric,
    onProgress: stage(layoutWords[method], READ_END, LAYOUT_END),
  });
  for (const note of layout.notes) context.warn(note);

  const onQuality = stage('Measuring the quality', LAYOUT_END, QUALITY_END);
  onQuality(0);
  const quality = await runKernel(
    'quality',
    { matrix: layout.matrix, map: layout.coordinates, metric: embedding.metric, seed, found: layout.neighbors },
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
        parameters: layout.parameters,
        device: layout.device,
        milliseconds: layout.milliseconds,
        ...(layout.explainedVariance === null ? {} : { explainedVariance: layout.explainedVariance }),
        ...(quality === null ? {} : { quality: quality.whole, measures: quality.points?.data }),
        embeddingVersion: vectors.version,
        datasetVersion,
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

const layoutWords: { readonly [Method in MapMethod]: string } = {
  PCA: 'Finding the principal components',
  UMAP: 'Laying out the neighbours',
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

async function versionOfDataset({ database }: TaskContext, { datasetId }: Embedding): Promise<number> {
  const [dataset] = await findDatasetsById(database, [datasetId]);
  if (!dataset) throw removed();
  return dataset.version;
}

function removed(): UserError {
  return new UserError('CANCELLED', 'The data set was removed meanwhile.');
}
