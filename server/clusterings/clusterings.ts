/**
 * Tables `clusterings`, `clusters` and `cluster_items`: groups of items, and which item is in which. Layer 0 is the clustering
 * itself; from 1 on, its layers, the finest first. Clusters are numbered from 0, the largest first.
 */
import { CopyWriter } from '../database/copyBinary.ts';
import type { Queryable, Row } from '../database/database.ts';
import type { Dataset } from '../datasets/datasets.ts';
import type { Embedding } from '../embeddings/embeddings.ts';
import { didYouMean, UserError } from '../errors.ts';
import type { Projection } from '../projections/projections.ts';

export const clusteringMethods = ['KMEANS', 'HDBSCAN'] as const;
export type ClusteringMethod = (typeof clusteringMethods)[number];

export interface Clustering {
  readonly id: number;
  readonly datasetId: number;
  readonly embeddingId: number;
  /** The map whose points were grouped; null: the vectors. */
  readonly projectionId: number | null;
  /** Unique in the data set. */
  readonly name: string;
  readonly method: ClusteringMethod;
  readonly seed: number | null;
  /** The options of the method as they were used. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Of the computation, without reading and writing. */
  readonly milliseconds: number | null;
  /** Items. */
  readonly count: number;
  /** Items in no cluster. */
  readonly noiseCount: number;
  readonly layers: readonly LayerRecord[];
  /** Rises each time it is made anew. */
  readonly version: number;
  /** Of the embedding, the data set and the map when it was made. */
  readonly embeddingVersion: number;
  readonly datasetVersion: number;
  readonly projectionVersion: number | null;
  readonly createdAt: Date;
}

/** A layer beside the clustering itself. */
export interface LayerRecord {
  readonly minClusterSize: number;
  /** Clusters. */
  readonly count: number;
  readonly noiseCount: number;
}

export interface Cluster extends ClusterMeaning {
  readonly clusteringId: number;
  readonly datasetId: number;
  readonly layer: number;
  readonly number: number;
  /** Items. */
  readonly size: number;
  /** Item ids, the most typical first. */
  readonly representatives: readonly number[];
}

/** What sets a cluster apart from the others. */
export interface ClusterMeaning {
  /** What people read; unique in the layer. */
  readonly label: string;
  readonly terms: readonly ClusterTerm[];
  readonly traits: readonly ClusterTrait[];
}

/** A word that is frequent in the cluster and rare elsewhere. */
export interface ClusterTerm {
  readonly term: string;
  readonly score: number;
  /** Items of the cluster that have it, of those that were read. */
  readonly count: number;
}

/** A value of a field that is frequent in the cluster and rare elsewhere. */
export interface ClusterTrait {
  readonly field: string;
  readonly value: string;
  /** Share of the cluster's items that have it, and of all others. */
  readonly share: number;
  readonly shareElsewhere: number;
}

interface ClusteringRow extends Clustering, Row {}
interface ClusterRow extends Cluster, Row {}

const columns = `id, dataset_id as "datasetId", embedding_id as "embeddingId", projection_id as "projectionId", name, method, seed,
  parameters, milliseconds, count, noise_count as "noiseCount", layers, version, embedding_version as "embeddingVersion",
  dataset_version as "datasetVersion", projection_version as "projectionVersion", created_at as "createdAt"`;

/** The clusterings of a data set, in the order in which they were first made. */
export async function listClusterings(database: Queryable, datasetId: number): Promise<Clustering[]> {
  return await database.query<ClusteringRow>(
    `select ${columns} from clusterings where dataset_id = $1::int order by id`,
    [datasetId],
  );
}

/** The clustering of that name, or null. */
export async function findClustering(database: Queryable, datasetId: number, name: string): Promise<Clustering | null> {
  const [found] = await database.query<ClusteringRow>(
    `select ${columns} from clusterings where dataset_id = $1::int and name = $2::text`,
    [datasetId, name],
  );
  return found ?? null;
}

/** The clustering of that name. @throws UserError NOT_FOUND with the names that there are */
export async function requireClustering(database: Queryable, datasetId: number, name: string): Promise<Clustering> {
  const all = await listClusterings(database, datasetId);
  const found = all.find((clustering) => clustering.name === name);
  if (found !== undefined) return found;
  const names = all.map((clustering) => clustering.name);
  const near = didYouMean(name, names) || (names.length > 0 ? ` There is ${names.join(', ')}.` : '');
  throw new UserError('NOT_FOUND', `The data set has no clustering "${name}".${near}`);
}

/** The clusterings of these ids, in their order, null where there is none. */
export async function findClusteringsById(database: Queryable, ids: readonly number[]): Promise<(Clustering | null)[]> {
  const rows = await database.query<ClusteringRow>(`select ${columns} from clusterings where id = any ($1::int[])`, [
    ids,
  ]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** The largest clusters of a layer. */
export async function listClusters(
  database: Queryable,
  { id }: Pick<Clustering, 'id'>,
  layer: number,
  first: number,
): Promise<Cluster[]> {
  return await database.query<ClusterRow>(
    `select clustering_id as "clusteringId", dataset_id as "datasetId", layer, number, size, label,
            to_jsonb(representatives) as representatives, terms, traits
       from clusters join clusterings on clusterings.id = clustering_id
      where clustering_id = $1::int and layer = $2::int order by number limit $3::int`,
    [id, layer, first],
  );
}

/** Whether items, vectors or the map have changed since the clustering was made. */
export function isStale(
  clustering: Pick<Clustering, 'embeddingVersion' | 'datasetVersion' | 'projectionVersion'>,
  embedding: Pick<Embedding, 'version'>,
  dataset: Pick<Dataset, 'version'>,
  projection: Pick<Projection, 'version'> | null,
): boolean {
  return (
    clustering.embeddingVersion !== embedding.version ||
    clustering.datasetVersion !== dataset.version ||
    clustering.projectionVersion !== (projection?.version ?? null)
  );
}

/** Removes a clustering with its clusters. */
export async function removeClustering(database: Queryable, { id }: Pick<Clustering, 'id'>): Promise<void> {
  await database.query('delete from clusterings where id = $1::int', [id]);
}

/** Takes items out of all clusterings of a data set. What is told of the clusters stays as it was found. */
export async function dropClusteredItems(
  transaction: Queryable,
  datasetId: number,
  itemIds: readonly number[],
): Promise<void> {
  await transaction.query(
    `delete from cluster_items using clusterings
      where clusterings.dataset_id = $1::int and cluster_items.clustering_id = clusterings.id
        and cluster_items.item_id = any ($2::bigint[])`,
    [datasetId, itemIds],
  );
}

export interface NewClustering {
  readonly embedding: Pick<Embedding, 'id' | 'datasetId'>;
  readonly projection: Pick<Projection, 'id' | 'version'> | null;
  readonly name: string;
  readonly method: ClusteringMethod;
  readonly seed: number | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly milliseconds: number;
  /** Of the vectors and the items that it was made of. */
  readonly embeddingVersion: number;
  readonly datasetVersion: number;
  /** Item of each row. */
  readonly itemIds: Float64Array;
  /** The clustering itself, then its layers. */
  readonly layers: readonly NewLayer[];
  /** By row; null where the method knows none. */
  readonly probabilities: Float32Array | null;
}

export interface NewLayer {
  /** Null for the clustering itself. */
  readonly minClusterSize: number | null;
  /** By row: the number of the cluster, or -1. */
  readonly labels: Int32Array;
  readonly clusters: readonly (ClusterMeaning & Pick<Cluster, 'size' | 'representatives'>)[];
}

/**
 * Keeps a clustering in place of the one of that name, whose version it goes on counting. To be called in a transaction.
 * @returns its id
 * @throws UserError NOT_FOUND when the embedding was removed meanwhile, CONFLICT when the name is another embedding's
 */
export async function replaceClustering(transaction: Queryable, clustering: NewClustering): Promise<number> {
  const { embedding, projection, itemIds, layers, probabilities } = clustering;
  const [own, ...others] = layers;
  if (own === undefined) throw new Error('a clustering without the clustering itself');
  const noise = ({ labels }: NewLayer) => labels.reduce((count, label) => count + (label < 0 ? 1 : 0), 0);
  const [kept] = await transaction.query<{ id: number; embeddingId: number }>(
    `insert into clusterings (dataset_id, embedding_id, projection_id, name, method, seed, parameters, milliseconds, count,
       noise_count, layers, embedding_version, dataset_version, projection_version)
     select dataset_id, id, $2::int, $3::text, $4::text, $5::int, $6::jsonb, $7::float8, $8::bigint, $9::bigint, $10::jsonb,
       $11::bigint, $12::bigint, $13::bigint
       from embeddings where id = $1::int
     on conflict (dataset_id, name) do update set projection_id = excluded.projection_id, method = excluded.method,
       seed = excluded.seed, parameters = excluded.parameters, milliseconds = excluded.milliseconds, count = excluded.count,
       noise_count = excluded.noise_count, layers = excluded.layers, version = clusterings.version + 1,
       embedding_version = excluded.embedding_version, dataset_version = excluded.dataset_version,
       projection_version = excluded.projection_version, created_at = now()
     returning id, embedding_id as "embeddingId"`,
    [
      embedding.id,
      projection?.id ?? null,
      clustering.name,
      clustering.method,
      clustering.seed,
      JSON.stringify(clustering.parameters),
      clustering.milliseconds,
      itemIds.length,
      noise(own),
      JSON.stringify(
        others.map(
          (layer): LayerRecord => ({
            minClusterSize: layer.minClusterSize ?? 0,
            count: layer.clusters.length,
            noiseCount: noise(layer),
          }),
        ),
      ),
      clustering.embeddingVersion,
      clustering.datasetVersion,
      projection?.version ?? null,
    ],
  );
  if (kept === undefined) throw new UserError('NOT_FOUND', 'The embedding was removed meanwhile.');
  if (kept.embeddingId !== embedding.id) throw nameTaken(clustering.name);
  await transaction.query('delete from clusters where clustering_id = $1::int', [kept.id]);
  await transaction.query('delete from cluster_items where clustering_id = $1::int', [kept.id]);
  for (const [layer, { clusters }] of layers.entries()) {
    await transaction.query(
      `insert into clusters (clustering_id, layer, number, size, label, representatives, terms, traits)
       select $1::int, $2::int, place - 1, (cluster->>'size')::bigint, cluster->>'label',
              array(select jsonb_array_elements_text(cluster->'representatives')::bigint), cluster->'terms', cluster->'traits'
         from jsonb_array_elements($3::jsonb) with ordinality as given (cluster, place)`,
      [kept.id, layer, JSON.stringify(clusters)],
    );
  }
  const labels = layers.map((layer) => layer.labels);
  await transaction.copyIn(
    'cluster_items (clustering_id, item_id, clusters, probability)',
    itemRows(kept.id, itemIds, labels, probabilities),
  );
  return kept.id;
}

export function nameTaken(name: string): UserError {
  return new UserError(
    'CONFLICT',
    `Another embedding of the data set has a clustering "${name}". Choose another name, or remove that one.`,
  );
}

const PIECE_BYTES = 1 << 20;
const OID_OF_INTEGER = 23;

function* itemRows(
  clusteringId: number,
  itemIds: Float64Array,
  labels: readonly Int32Array[],
  probabilities: Float32Array | null,
): Generator<Uint8Array> {
  const writer = new CopyWriter();
  // The binary form of integer[]: dimensions, no nulls, type; length and first place; then each with its length.
  const array = new DataView(new ArrayBuffer(20 + 8 * labels.length));
  [1, 0, OID_OF_INTEGER, labels.length, 1].forEach((value, i) => {
    array.setInt32(4 * i, value);
  });
  for (let row = 0; row < itemIds.length; row++) {
    labels.forEach((layer, i) => {
      array.setInt32(20 + 8 * i, 4);
      array.setInt32(24 + 8 * i, layer[row] ?? -1);
    });
    writer.row(4);
    writer.int4(clusteringId);
    writer.int8(itemIds[row] ?? 0);
    writer.bytea(new Uint8Array(array.buffer));
    if (probabilities === null) writer.null();
    else writer.float4(probabilities[row] ?? 0);
    if (writer.size >= PIECE_BYTES) yield writer.take();
  }
  yield writer.finish();
}

interface ItemRow extends Row {
  readonly itemId: number;
  readonly clusters: readonly number[];
}

const ITEMS_AT_ONCE = 65_536;

/** The items of a clustering with their clusters in each layer, by item id. */
export async function readClusterItems(
  database: Queryable,
  { id, layers, count }: Pick<Clustering, 'id' | 'layers' | 'count'>,
): Promise<{ readonly itemIds: Float64Array; readonly labels: readonly Int32Array[] }> {
  const itemIds = new Float64Array(count);
  const labels = Array.from({ length: layers.length + 1 }, () => new Int32Array(count).fill(-1));
  let filled = 0;
  for (let last = -1; ; ) {
    const rows: readonly ItemRow[] = await database.query<ItemRow>(
      `select item_id as "itemId", to_jsonb(clusters) as clusters from cluster_items
        where clustering_id = $1::int and item_id > $2::bigint order by item_id limit $3::int`,
      [id, last, ITEMS_AT_ONCE],
    );
    for (const { itemId, clusters } of rows) {
      if (filled === count) break;
      itemIds[filled] = itemId;
      labels.forEach((layer, i) => {
        layer[filled] = clusters[i] ?? -1;
      });
      filled++;
      last = itemId;
    }
    if (rows.length < ITEMS_AT_ONCE || filled === count) break;
  }
  return { itemIds: itemIds.subarray(0, filled), labels: labels.map((layer) => layer.subarray(0, filled)) };
}
