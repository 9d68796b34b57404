/**
 * Reads by id, gathered: what the fields of one answer ask for in the same turn is one statement, and nothing is read twice.
 */
import DataLoader from 'dataloader';
import { type Clustering, findClusteringsById } from '../clusterings/clusterings.ts';
import { type ClusterPlaces, clusterPlaces } from '../clusterings/clusterPlaces.ts';
import type { Queryable } from '../database/database.ts';
import { type Dataset, findDatasetsById } from '../datasets/datasets.ts';
import { findItemsById, type Item } from '../datasets/items.ts';
import { type Embedding, findEmbedding, findEmbeddingsById } from '../embeddings/embeddings.ts';
import { findGraphModelsById, type GraphModel } from '../graphs/graphModels.ts';
import { findRelationsById, type Relation } from '../graphs/graphs.ts';
import { findProjectionsById, type Projection, requireProjection } from '../projections/projections.ts';
import { findEvaluationsById, type WordEvaluation } from '../words/evaluations.ts';

interface ItemKey {
  readonly datasetId: number;
  readonly itemId: number;
}

/** A clustering, and the map on which its clusters are looked for. */
interface PlacesKey {
  readonly clustering: Clustering;
  readonly projection: string;
}

export interface Loaders {
  readonly datasets: DataLoader<number, Dataset | null>;
  readonly items: DataLoader<ItemKey, Item | null, string>;
  readonly embeddings: DataLoader<number, Embedding | null>;
  readonly embeddingsByName: DataLoader<readonly [datasetId: number, name: string], Embedding | null, string>;
  readonly projections: DataLoader<number, Projection | null>;
  readonly clusterings: DataLoader<number, Clustering | null>;
  /** @throws UserError NOT_FOUND where there is no such map */
  readonly clusterPlaces: DataLoader<PlacesKey, ClusterPlaces, string>;
  readonly relations: DataLoader<number, Relation | null>;
  readonly graphModels: DataLoader<number, GraphModel | null>;
  readonly evaluations: DataLoader<number, WordEvaluation | null>;
}

/** For one operation: what it has read once stays as it was. */
export function createLoaders(database: Queryable): Loaders {
  return {
    datasets: new DataLoader((ids) => findDatasetsById(database, ids)),
    items: new DataLoader((keys) => findItems(database, keys), {
      cacheKeyFn: ({ datasetId, itemId }) => `${datasetId}:${itemId}`,
    }),
    embeddings: new DataLoader((ids) => findEmbeddingsById(database, ids)),
    embeddingsByName: new DataLoader(
      (keys) => Promise.all(keys.map(([datasetId, name]) => findEmbedding(database, datasetId, name))),
      { cacheKeyFn: ([datasetId, name]) => `${datasetId}:${name}` },
    ),
    projections: new DataLoader((ids) => findProjectionsById(database, ids)),
    clusterings: new DataLoader((ids) => findClusteringsById(database, ids)),
    clusterPlaces: new DataLoader((keys) => Promise.all(keys.map((key) => findPlaces(database, key))), {
      cacheKeyFn: ({ clustering, projection }) => `${clustering.id}:${projection}`,
    }),
    relations: new DataLoader((ids) => findRelationsById(database, ids)),
    graphModels: new DataLoader((ids) => findGraphModelsById(database, ids)),
    evaluations: new DataLoader((ids) => findEvaluationsById(database, ids)),
  };
}

async function findPlaces(database: Queryable, { clustering, projection: name }: PlacesKey): Promise<ClusterPlaces> {
  const projection = await requireProjection(database, clustering.embeddingId, name);
  return await clusterPlaces(database, clustering, projection);
}

/** One statement for each data set, in the order of `keys`. */
async function findItems(database: Queryable, keys: readonly ItemKey[]): Promise<(Item | null)[]> {
  const found = new Map<ItemKey, Item | null>();
  for (const datasetId of new Set(keys.map((key) => key.datasetId))) {
    const wanted = keys.filter((key) => key.datasetId === datasetId);
    const items = await findItemsById(
      database,
      datasetId,
      wanted.map((key) => key.itemId),
    );
    wanted.forEach((key, i) => {
      found.set(key, items[i] ?? null);
    });
  }
  return keys.map((key) => found.get(key) ?? null);
}
