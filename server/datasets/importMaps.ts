/** Maps of what an import has written: coordinates that came with it, and those that are queued to be computed. */
import type { Database, Queryable } from '../database/database.ts';
import { type Embedding, findEmbeddingsById } from '../embeddings/embeddings.ts';
import { indexJob, indexWanted } from '../embeddings/indexEmbedding.ts';
import { addJob } from '../jobs/jobs.ts';
import { type ProjectionMethod, replaceProjection } from '../projections/projections.ts';
import type { Assembly } from './assembleBatches.ts';
import type { ColumnRoles } from './columnRoles.ts';

export interface ProjectionOptions {
  readonly name: string;
  readonly method: ProjectionMethod;
  readonly components: number;
  /** Whether the groups on it are found as well. */
  readonly clusters?: boolean | null;
}

const SEED = 42;

export interface MapsToMake {
  readonly engine: Database['engine'];
  readonly datasetId: number;
  readonly embeddingId: number | null;
  readonly assembly: Assembly;
  /** Item ids in the order of the files. */
  readonly ids: Float64Array;
  readonly roles: ColumnRoles;
  /** What is wanted; null: the usual ones. */
  readonly asked: readonly ProjectionOptions[] | null;
}

/** Writes the coordinates that came with the data, and queues the maps that are to be computed and the index, if it is time for one. */
export async function makeMaps(transaction: Queryable, maps: MapsToMake): Promise<number | null> {
  const { engine, embeddingId, assembly, ids, roles, asked } = maps;
  const [embedding] = embeddingId === null ? [] : await findEmbeddingsById(transaction, [embeddingId]);
  if (!embedding) return null;
  const components = roles.coordinates.length;
  let given: number | null = null;
  if (components > 0) {
    const name = asked?.find(({ method }) => method === 'GIVEN')?.name ?? 'given';
    given = await writeCoordinates(transaction, embedding, name, components, ids, assembly.coordinates.values);
  }
  const onlyGiven = roles.vector.length === 0 && components > 0;
  await queueMaps(transaction, engine, embedding, asked ?? (onlyGiven ? [] : null));
  return given;
}

/**
 * Queues the maps that are to be computed, and the index if it is time for one.
 * @param asked null: the usual ones, as far as the vectors allow
 */
export async function queueMaps(
  transaction: Queryable,
  engine: Database['engine'],
  embedding: Embedding,
  asked: readonly ProjectionOptions[] | null,
): Promise<void> {
  for (const { name, method, components, clusters } of asked ?? defaultMaps) {
    if (method === 'GIVEN') continue;
    if (asked === null && (embedding.dimension < components || embedding.itemCount <= components)) continue;
    await addJob(transaction, {
      kind: 'PROJECT_EMBEDDING',
      input: {
        ...{ embeddingId: embedding.id, name, method, components, seed: SEED, device: 'AUTO' },
        ...(clusters === true ? { clusters } : {}),
      },
      datasetId: embedding.datasetId,
    });
  }
  if (embedding.index === null && indexWanted(engine, embedding.itemCount, embedding.dimension)) {
    await addJob(transaction, indexJob(embedding));
  }
}

const defaultMaps: readonly ProjectionOptions[] = [
  { name: 'umap-2d', method: 'UMAP', components: 2, clusters: true },
  { name: 'pca-2d', method: 'PCA', components: 2 },
  { name: 'pca-3d', method: 'PCA', components: 3 },
];

/** @param coordinates (ids.length, components), NaN for an item that has none */
async function writeCoordinates(
  transaction: Queryable,
  embedding: Embedding,
  name: string,
  components: number,
  ids: Float64Array,
  coordinates: Float32Array,
): Promise<number> {
  const placed = Array.from(ids.keys()).filter((i) => !Number.isNaN(coordinates[i * components]));
  const points = new Float32Array(placed.length * components);
  for (const [to, from] of placed.entries()) {
    points.set(coordinates.subarray(from * components, (from + 1) * components), to * components);
  }
  return replaceProjection(transaction, {
    embedding,
    name,
    method: 'GIVEN',
    components,
    itemIds: Float64Array.from(placed, (i) => ids[i] ?? 0),
    coordinates: points,
  });
}
