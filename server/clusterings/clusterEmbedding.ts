/** Finds groups among the vectors of an embedding, or among the points of one of its maps, and what sets them apart. */
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { itemsThere } from '#kernels/notes.ts';
import { runKernel } from '../compute.ts';
import type { Database } from '../database/database.ts';
import { type Dataset, findDatasetsById } from '../datasets/datasets.ts';
import { type Embedding, findEmbeddingsById, type Metric } from '../embeddings/embeddings.ts';
import { readMatrix } from '../embeddings/vectors.ts';
import { UserError } from '../errors.ts';
import type { TaskContext } from '../jobs/task.ts';
import { findProjectionsById, type Projection, readPoints } from '../projections/projections.ts';
import { type ClusteringMethod, findClustering, type NewLayer, nameTaken, replaceClustering } from './clusterings.ts';
import { meaningOfClusters } from './meaningOfClusters.ts';

export interface ClusterEmbeddingInput {
  readonly embeddingId: number;
  /** The map whose points are grouped; null: the vectors. */
  readonly projectionId: number | null;
  /** A clustering of that name is replaced when the new one is done. */
  readonly name: string;
  readonly method: ClusteringMethod;
  readonly seed: number;
  /** Of the method; what is missing has its default. */
  readonly kmeans?: KmeansInput | undefined;
  readonly hdbscan?: HdbscanInput | undefined;
}

export interface KmeansInput {
  /** 1 to 1000. Default: the square root of half the items, 2 to 100. */
  readonly clusters?: number | null | undefined;
  readonly iterations?: number;
}

export interface HdbscanInput {
  /** From 2. Default: half the square root of the items, 5 at least. */
  readonly minClusterSize?: number | null | undefined;
  readonly minSamples?: number;
  readonly selection?: 'EOM' | 'LEAF';
  readonly epsilon?: number;
  readonly allowSingleCluster?: boolean;
}

export interface ClusteringResult {
  readonly dataset: number;
  readonly embedding: number;
  readonly projection?: number;
  readonly clustering: number;
}

/** Representatives that are kept of each cluster. */
export const REPRESENTATIVES = 10;

// About what of the whole work each stage takes.
const READ_END = 0.15;
const CLUSTERS_END = 0.5;
const MEANING_END = 0.75;

/**
 * The result replaces a clustering of the same name. The same rows, options and seed give the same clusters.
 * @throws UserError CANCELLED where the data set, the embedding or the map is removed meanwhile
 */
export async function clusterEmbedding(context: TaskContext, input: ClusterEmbeddingInput): Promise<ClusteringResult> {
  try {
    return await findClusters(context, input);
  } catch (error) {
    if (error instanceof UserError && error.code === 'NOT_FOUND') throw removed();
    throw error;
  }
}

async function findClusters(context: TaskContext, input: ClusterEmbeddingInput): Promise<ClusteringResult> {
  const { database, signal } = context;
  const { name, method } = input;
  const [embedding] = await findEmbeddingsById(database, [input.embeddingId]);
  if (!embedding) throw removed();
  await context.worksOn(embedding.datasetId);
  const dataset = await datasetOf(database, embedding);
  const there = await findClustering(database, dataset.id, name);
  if (there !== null && there.embeddingId !== embedding.id) throw nameTaken(name);
  const stage = (words: string, from: number, to: number) => (fraction: number) =>
    context.progress(words, from + (to - from) * fraction);

  const onRead = stage(input.projectionId === null ? 'Reading vectors' : 'Reading the map', 0, READ_END);
  onRead(0);
  const rows = await readRows(context, embedding, input.projectionId, onRead);
  if (rows.itemIds.length === 0) {
    throw new UserError('BAD_USER_INPUT', `The embedding "${embedding.name}" has no vectors: there are no groups.`);
  }

  const onClusters = stage('Finding clusters', READ_END, CLUSTERS_END);
  onClusters(0);
  const started = performance.now();
  const found = await methods[method](rows, input, {
    signal,
    onProgress: onClusters,
    warn: (message) => context.warn(message),
  });
  const milliseconds = performance.now() - started;

  const onMeaning = stage('Telling them apart', CLUSTERS_END, MEANING_END);
  onMeaning(0);
  const meanings = await meaningOfClusters(database, dataset, rows.itemIds, found.layers, {
    signal,
    onProgress: onMeaning,
  });

  context.progress('Keeping the clusters', MEANING_END);
  const clusteringId = await database.transaction(
    async (transaction) => {
      const id = await replaceClustering(transaction, {
        embedding,
        projection: rows.projection,
        name,
        method,
        seed: found.seed,
        parameters: found.parameters,
        milliseconds,
        embeddingVersion: rows.version,
        datasetVersion: dataset.version,
        itemIds: rows.itemIds,
        probabilities: found.probabilities,
        layers: found.layers.map(({ minClusterSize, labels, count, representatives }, layer): NewLayer => {
          const sizes = new Uint32Array(count);
          for (const label of labels) if (label >= 0) sizes[label] = (sizes[label] ?? 0) + 1;
          return {
            minClusterSize,
            labels,
            clusters: (meanings[layer] ?? []).map((meaning, cluster) => ({
              ...meaning,
              size: sizes[cluster] ?? 0,
              representatives: Array.from(representatives[cluster] ?? [], (row) => rows.itemIds[row] ?? 0),
            })),
          };
        }),
      });
      await context.guard(transaction);
      return id;
    },
    { signal },
  );
  return {
    dataset: dataset.id,
    embedding: embedding.id,
    ...(rows.projection === null ? {} : { projection: rows.projection.id }),
    clustering: clusteringId,
  };
}

/** What is grouped: row i belongs to item `itemIds[i]`. Ordered by item id. */
interface Rows {
  readonly itemIds: Float64Array;
  readonly matrix: Matrix;
  readonly metric: Metric;
  /** Of the embedding. */
  readonly version: number;
  readonly projection: Projection | null;
}

async function readRows(
  { database, signal }: TaskContext,
  embedding: Embedding,
  projectionId: number | null,
  onProgress: (done: number) => void,
): Promise<Rows> {
  if (projectionId === null) {
    const { ids, matrix, version } = await readMatrix(database, embedding, { signal, onProgress });
    return { itemIds: ids, matrix, metric: embedding.metric, version, projection: null };
  }
  const [projection] = await findProjectionsById(database, [projectionId]);
  if (!projection) throw removed();
  const { components, count } = projection;
  const ids = new Float64Array(count);
  const points = createMatrix(count, components);
  let read = 0;
  for await (const chunk of readPoints(database, projection)) {
    signal.throwIfAborted();
    if (read + chunk.itemIds.length > count) throw changed();
    ids.set(chunk.itemIds, read);
    points.data.set(chunk.coordinates, read * components);
    read += chunk.itemIds.length;
    onProgress(read / count);
  }
  const [now] = await findProjectionsById(database, [projectionId]);
  if (read !== count || now?.version !== projection.version) throw changed();

  const order = Uint32Array.from(ids.keys()).sort((a, b) => (ids[a] ?? 0) - (ids[b] ?? 0));
  const matrix = createMatrix(count, components);
  order.forEach((from, to) => {
    matrix.data.set(points.data.subarray(from * components, (from + 1) * components), to * components);
  });
  return {
    itemIds: Float64Array.from(order, (from) => ids[from] ?? 0),
    matrix,
    metric: 'EUCLIDEAN',
    version: projection.embeddingVersion,
    projection,
  };
}

interface FoundLayer {
  readonly minClusterSize: number | null;
  readonly labels: Int32Array;
  /** Clusters. */
  readonly count: number;
  /** By cluster: rows. */
  readonly representatives: readonly Uint32Array[];
}

interface Found {
  /** The clustering itself, then its layers. */
  readonly layers: readonly FoundLayer[];
  readonly probabilities: Float32Array | null;
  readonly seed: number | null;
  readonly parameters: Readonly<Record<string, unknown>>;
}

interface FindOptions {
  readonly signal: AbortSignal;
  /** Takes the share done, 0 to 1. */
  readonly onProgress: (fraction: number) => void;
  /** Takes what the user should know although there is a result. */
  readonly warn: (message: string) => void;
}

/** How a method is computed. The rows are handed over to the kernel's thread. */
const methods: {
  readonly [Method in ClusteringMethod]: (
    rows: Rows,
    input: Pick<ClusterEmbeddingInput, 'seed' | 'kmeans' | 'hdbscan'>,
    options: FindOptions,
  ) => Promise<Found>;
} = {
  async KMEANS({ matrix, metric }, { seed, kmeans = {} }, { signal, onProgress, warn }) {
    const n = matrix.rows;
    const wanted = kmeans.clusters ?? Math.max(2, Math.min(100, Math.round(Math.sqrt(n / 2))));
    const { iterations = 100 } = kmeans;
    const found = await runKernel(
      'kmeans',
      { matrix, metric, clusters: wanted, iterations, seed, most: REPRESENTATIVES },
      { signal, onProgress, transfer: buffersOf(matrix) },
    );
    if (found.count < wanted) {
      warn(
        n < wanted
          ? `${itemsThere(n)}, so ${clustersThere(found.count)} instead of ${wanted}.`
          : `${found.count === 1 ? 'All items are alike' : `The items are of ${found.count} kinds that differ`}, so ${clustersThere(found.count)} instead of ${wanted}.`,
      );
    }
    if (!found.converged) warn(`After ${found.iterations} iterations the clusters were still changing.`);
    const { labels, count, representatives, inertia } = found;
    return {
      layers: [{ minClusterSize: null, labels, count, representatives }],
      probabilities: null,
      seed,
      parameters: { clusters: count, iterations: found.iterations, inertia },
    };
  },

  async HDBSCAN({ matrix, metric }, { hdbscan = {} }, { signal, onProgress, warn }) {
    const n = matrix.rows;
    const wanted = hdbscan.minClusterSize ?? Math.max(5, Math.round(Math.sqrt(n) / 2));
    const minClusterSize = Math.max(2, Math.min(wanted, n));
    const { minSamples = 5, selection = 'EOM', epsilon = 0, allowSingleCluster = false } = hdbscan;
    const options = { metric, minClusterSize, minSamples, selection, epsilon, allowSingleCluster };
    const found = await runKernel(
      'hdbscan',
      { matrix, options, most: REPRESENTATIVES },
      { signal, onProgress, transfer: buffersOf(matrix) },
    );
    if (minClusterSize < wanted && hdbscan.minClusterSize !== undefined && hdbscan.minClusterSize !== null) {
      warn(`${itemsThere(n)}, so a cluster has ${minClusterSize} at least instead of ${wanted}.`);
    }
    if (minSamples > n) {
      warn(
        `${itemsThere(n)}, so ${n === 1 ? '1 sample makes' : `${n} samples make`} a place dense instead of ${minSamples}.`,
      );
    }
    if (found.layers[0]?.count === 0) {
      warn(
        'No groups stand out: all items are noise. A smaller minClusterSize may find some, and allowSingleCluster takes all as one.',
      );
    }
    if (matrix.columns > FEW_COLUMNS && found.neighborRecall < 1) {
      warn(
        `The neighbours were looked for approximately: ${(100 * found.neighborRecall).toFixed(1)} % of the true ones were found.`,
      );
    }
    return {
      layers: found.layers,
      probabilities: found.probabilities,
      seed: null,
      parameters: {
        ...{ minClusterSize, minSamples: Math.min(minSamples, n), selection, epsilon, allowSingleCluster },
        neighborRecall: found.neighborRecall,
      },
    };
  },
};

function clustersThere(count: number): string {
  return count === 1 ? 'there is 1 cluster' : `there are ${count} clusters`;
}

/** Up to so many columns HDBSCAN is exact. */
const FEW_COLUMNS = 10;

async function datasetOf(database: Database, { datasetId }: Embedding): Promise<Dataset> {
  const [dataset] = await findDatasetsById(database, [datasetId]);
  if (!dataset) throw removed();
  return dataset;
}

function removed(): UserError {
  return new UserError('CANCELLED', 'The data set or the map was removed meanwhile.');
}

function changed(): UserError {
  return new UserError('CONFLICT', 'The map has changed while it was read. Ask again.');
}

/** What can be handed over to another thread; memory that is shared need not be. */
function buffersOf({ data }: Matrix): ArrayBuffer[] {
  return data.buffer instanceof ArrayBuffer ? [data.buffer] : [];
}
