import { checkClustering } from '../clusterings/checkClustering.ts';
import {
  type Clustering as ClusteringRecord,
  findClustering,
  isStale,
  type LayerRecord,
  listClusterings,
  listClusters,
  nameTaken,
  removeClustering,
  requireClustering,
} from '../clusterings/clusterings.ts';
import { requireDataset } from '../datasets/datasets.ts';
import { requireEmbedding } from '../embeddings/embeddings.ts';
import { UserError } from '../errors.ts';
import type {
  ClusteringResolvers,
  ClusterLayerResolvers,
  ClusterResolvers,
  DatasetResolvers,
  MutationResolvers,
} from '../generated/schema.ts';
import { addJob } from '../jobs/jobs.ts';
import { requireProjection } from '../projections/projections.ts';
import type { Context } from './context.ts';
import { encodeId } from './ids.ts';

/** A layer with the clustering that it belongs to. */
export interface LayerOf extends LayerRecord {
  readonly clustering: ClusteringRecord;
  /** From 1. */
  readonly layer: number;
}

export const datasetClusterings = {
  clusterings: ({ id }, _arguments, { reading }) => listClusterings(reading, id),
  clustering: ({ id }, { name }, { reading }) => findClustering(reading, id, name),
} satisfies DatasetResolvers;

export const Clustering: ClusteringResolvers = {
  id: ({ id }) => encodeId(['Clustering', id]),
  embedding: (clustering, _arguments, context) => embeddingOf(clustering, context),
  projection: ({ projectionId }, _arguments, { loaders }) =>
    projectionId === null ? null : loaders.projections.load(projectionId),
  clusters: (clustering, { first }, { reading, budget }) => listClusters(reading, clustering, 0, budget.page(first)),
  layers: (clustering) => clustering.layers.map((layer, i) => ({ ...layer, clustering, layer: i + 1 })),
  async stale(clustering, _arguments, context) {
    const { loaders } = context;
    const embedding = await embeddingOf(clustering, context);
    const dataset = await loaders.datasets.load(clustering.datasetId);
    const projection =
      clustering.projectionId === null ? null : await loaders.projections.load(clustering.projectionId);
    return dataset === null || isStale(clustering, embedding, dataset, projection);
  },
};

export const ClusterLayer: ClusterLayerResolvers = {
  clusters: ({ clustering, layer }, { first }, { reading, budget }) =>
    listClusters(reading, clustering, layer, budget.page(first)),
};

export const Cluster: ClusterResolvers = {
  async representatives({ datasetId, representatives }, { first }, { loaders, budget }) {
    const ids = representatives.slice(0, budget.page(first));
    const items = await Promise.all(ids.map((itemId) => loaders.items.load({ datasetId, itemId })));
    return items.filter((item) => item !== null); // some may have been removed since
  },
  async place({ clusteringId, layer, number }, { projection }, { loaders }) {
    const clustering = await loaders.clusterings.load(clusteringId);
    if (clustering === null) throw new UserError('NOT_FOUND', 'The clustering was removed meanwhile.');
    const places = await loaders.clusterPlaces.load({ clustering, projection });
    return places[layer]?.[number] ?? null;
  },
};

async function embeddingOf({ embeddingId }: ClusteringRecord, { loaders }: Context) {
  const embedding = await loaders.embeddings.load(embeddingId);
  if (embedding === null) throw new UserError('NOT_FOUND', 'The embedding was removed meanwhile.');
  return embedding;
}

export const clusteringMutations = {
  async clusterEmbedding(_root, { input }, { database }) {
    const dataset = await requireDataset(database, input.dataset);
    const embedding = await requireEmbedding(database, dataset.id, input.embedding);
    const projection =
      typeof input.projection === 'string' ? await requireProjection(database, embedding.id, input.projection) : null;
    const { name, method, seed } = input;
    const wanted = { name, method, seed, kmeans: input.kmeans ?? undefined, hdbscan: input.hdbscan ?? undefined };
    checkClustering(wanted);
    const there = await findClustering(database, dataset.id, name);
    if (there !== null && there.embeddingId !== embedding.id) throw nameTaken(name);
    const job = await addJob(database, {
      kind: 'CLUSTER_EMBEDDING',
      input: { embeddingId: embedding.id, projectionId: projection?.id ?? null, ...wanted },
      datasetId: dataset.id,
    });
    return { job };
  },
  async removeClustering(_root, { input }, { database }) {
    const dataset = await requireDataset(database, input.dataset);
    const clustering = await requireClustering(database, dataset.id, input.clustering);
    await removeClustering(database, clustering);
    return { removedId: encodeId(['Clustering', clustering.id]) };
  },
} satisfies MutationResolvers;
