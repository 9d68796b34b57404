/** Computes a map of an embedding: vectors → coordinates, their quality, the map in place of the one of that name, its files. */
import { join } from 'node:path';

import type { Metric } from '#kernels/knn.ts';
import type { Matrix } from '#kernels/matrix.ts';
import type { Quality } from '#kernels/quality.ts';
import type { UmapOptions } from '#kernels/umap/umap.ts';
import { runKernel } from '../compute.ts';
import { findDatasetsById } from '../datasets/datasets.ts';
import { type Embedding, findEmbeddingsById } from '../embeddings/embeddings.ts';
import { readMatrix } from '../embeddings/vectors.ts';
import { UserError } from '../errors.ts';
import type { TaskContext } from '../jobs/task.ts';
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
  readonly umap?: UmapInput | undefined;
}

export interface UmapInput extends Omit<UmapOptions, 'seed'> {
  /** Nearest neighbours per item, 2 to 200; 15. */
  readonly neighbors?: number;
}

/** What a method makes of the vectors, and hands the vectors back. */
interface Layout {
  readonly matrix: Matrix;
  /** (matrix.rows, components) */
  readonly coordinates: Matrix;
  readonly explainedVariance?: readonly number[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly device: 'GPU' | 'CPU';
}

interface LayoutOptions extends Pick<ProjectEmbeddingInput, 'components' | 'seed' | 'umap'> {
  readonly metric: Metric;
  readonly signal: AbortSignal;
  /** Takes what the user should know although the map is made. */
  readonly warn: (message: string) => void;
  /** Takes the share done, 0 to 1. */
  readonly onProgress: (fraction: number) => void;
}

/** How a method is computed. The buffer of the matrix is handed over to the kernel's thread and comes back. */
const methods: { readonly [Method in ProjectionMethod]?: (matrix: Matrix, options: LayoutOptions) => Promise<Layout> } =
  {
    // Of the vectors as they are, whatever the metric: lengths and offsets are part of what differs. The quality is measured
    // in the embedding's metric, and so tells what that costs.
    async PCA(matrix, { components, signal, onProgress }) {
      const transfer = buffersOf(matrix);
      const found = await runKernel('pca', { matrix, components }, { signal, onProgress, transfer });
      return {
        matrix: found.matrix,
        coordinates: found.coordinates,
        explainedVariance: Array.from(found.pca.explainedVarianceRatio),
        parameters: {},
        device: 'CPU',
      };
    },

    async UMAP(matrix, { components, seed, metric, umap = {}, signal, onProgress, warn }) {
      const { neighbors = 15, ...options } = umap;
      const found = await runKernel(
        'umap',
        { matrix, components, metric, neighbors, options: { ...options, seed } },
        { signal, onProgress, transfer: buffersOf(matrix) },
      );
      if (found.neighbors < neighbors) {
        warn(`There are ${matrix.rows} items, so ${found.neighbors} neighbours are looked at instead of ${neighbors}.`);
      }
      const parameters = { ...umap, neighbors: found.neighbors, neighborRecall: found.neighborRecall };
      return { matrix: found.matrix, coordinates: found.coordinates, parameters, device: 'CPU' };
    },
  };

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
  const compute = methods[method];
  if (compute === undefined) {
    throw new UserError(
      'BAD_USER_INPUT',
      `A map of method ${method} comes with the data and cannot be computed. Ask for ${Object.keys(methods).join(' or ')}.`,
    );
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

  const onLayout = stage(layoutWords[method], READ_END, LAYOUT_END);
  onLayout(0);
  const started = performance.now();
  const layout = await compute(vectors.matrix, {
    ...{ components, seed, umap, signal },
    metric: embedding.metric,
    onProgress: onLayout,
    warn: (message) => context.warn(message),
  });
  const milliseconds = performance.now() - started;
  if (!layout.coordinates.data.every(Number.isFinite)) {
    throw new UserError(
      'BAD_USER_INPUT',
      'The vectors are so long that coordinates go beyond the range of 32-bit numbers. Scale them down and import them anew.',
    );
  }

  const onQuality = stage('Measuring the quality', LAYOUT_END, QUALITY_END);
  onQuality(0);
  const quality: Quality | null = await runKernel(
    'quality',
    { matrix: layout.matrix, map: layout.coordinates, metric: embedding.metric, seed },
    { signal, onProgress: onQuality, transfer: buffersOf(layout.matrix) },
  );

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
        milliseconds,
        ...(layout.explainedVariance === undefined ? {} : { explainedVariance: layout.explainedVariance }),
        ...(quality === null ? {} : { quality }),
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

  await writeFiles(context, projectionId);
  return { dataset: embedding.datasetId, embedding: embedding.id, projection: projectionId };
}

const layoutWords: { readonly [Method in ProjectionMethod]: string } = {
  PCA: 'Finding the principal components',
  UMAP: 'Laying out the neighbours',
  GIVEN: 'Placing the points',
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
  const version = pointsVersion(projection, dataset);
  for (const columns of [[], usualColumns(dataset)]) {
    signal.throwIfAborted();
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

/** What can be handed over to another thread; memory that is shared need not be. */
function buffersOf({ data }: Matrix): ArrayBuffer[] {
  return data.buffer instanceof ArrayBuffer ? [data.buffer] : [];
}
