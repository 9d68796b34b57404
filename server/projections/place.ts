/**
 * Where a new vector would lie on a map that is there, and who is near it. By PCA and along axes exactly; by UMAP and t-SNE as these
 * move a point among its neighbours while the others stay; on other maps in the middle of its neighbours. What it takes is kept
 * in memory from the first question on.
 */
import { projectOntoAxes } from '#kernels/axes.ts';
import type { Metric } from '#kernels/distance.ts';
import { NONE } from '#kernels/knn.ts';
import type { MapTransform } from '#kernels/map.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { transformPca } from '#kernels/pca.ts';
import { placeAmong } from '#kernels/placeAmong.ts';
import { spherize } from '#kernels/spherize.ts';
import { stateFromBytes } from '#kernels/state.ts';
import { placeOnTsne, prepareTsne, type TsneGround } from '#kernels/tsne/placeOnTsne.ts';
import { type NewNeighbors, type PlaceOnUmapOptions, placeOnUmap } from '#kernels/umap/placeOnUmap.ts';
import type { Database } from '../database/database.ts';
import type { Condition } from '../datasets/conditions.ts';
import type { Embedding } from '../embeddings/embeddings.ts';
import { type Hit, type NearestQuery, nearestItems } from '../embeddings/nearest.ts';
import type { ResolvedTarget } from '../embeddings/targets.ts';
import { UserError } from '../errors.ts';
import { metricOf, type Projection, readPoints, readTransform } from './projections.ts';

export interface PlaceQuery extends Pick<NearestQuery, 'resident' | 'signal' | 'timeoutMs'> {
  readonly target: ResolvedTarget;
  /** Whether only the direction of the vector means something, as that of a sum of directions. */
  readonly direction?: boolean;
  /** The items that the map shows, compiled with `firstParameter` 1; all when absent. */
  readonly condition?: Condition | undefined;
}

export interface Placement {
  /** As many as the map has components. */
  readonly coordinates: Float32Array;
  /** The items on the map that are nearest in the embedding, those in the target left out, nearest first. @param first 1 to 100 */
  readonly neighbors: (first: number) => Promise<readonly Hit[]>;
}

/** Most neighbours that can be asked for. */
export const NEIGHBORS_LIMIT = 100;
/** Neighbours among which those that are on the map are looked for, at the most. */
const SEARCH_LIMIT = 1000;
/** Neighbours that place a point where the method does not say how many. */
const NEIGHBORS = 15;

/** @throws UserError NOT_FOUND where the map was removed meanwhile */
export async function placeOnMap(
  database: Database,
  embedding: Embedding,
  projection: Projection,
  query: PlaceQuery,
): Promise<Placement> {
  const map = await mapInMemory(database, projection);
  const { vector, exclude } = query.target;
  const metric = metricOf(projection, embedding);
  if (metric === 'COSINE' && vector.every((value) => value === 0)) {
    throw new UserError(
      'BAD_USER_INPUT',
      'Every number of the vector is 0: it has no direction, and COSINE, by which the map was made, compares directions.',
    );
  }
  const found = new Map<number, Promise<Hit[]>>();
  const search = (first: number) => {
    const known =
      [...found].find(([count]) => count >= first)?.[1] ?? searchOnMap(database, embedding, map, query, metric, first);
    found.set(first, known);
    return known;
  };
  const neighbors = async (first: number) => {
    const hits = await search(first + Math.min(exclude.length, NEIGHBORS_LIMIT));
    return hits.filter(({ itemId }) => !exclude.includes(itemId)).slice(0, first);
  };
  const { transform } = map;
  if (transform === null) {
    const hits = await search(neighborsToPlace(projection));
    return { coordinates: placeByNeighbors(projection, map, hits), neighbors };
  }
  const { pca, axes, mean, length } = transform;
  const scale = query.direction === true ? length / (Math.hypot(...vector) || 1) : 1;
  const scaled = { rows: 1, columns: vector.length, data: vector.map((value) => value * scale) };
  const row = mean === undefined ? scaled : spherize(scaled, mean);
  if (pca !== undefined) return { coordinates: transformPca(pca, row).data, neighbors };
  if (axes !== undefined) return { coordinates: projectOntoAxes(row, axes, embedding.metric).data, neighbors };
  // Those near it on the sphere on which the map was made place it; those that are told are the embedding's own.
  const onSphere = { ...query, target: { vector: row.data, exclude } };
  const near = await searchOnMap(database, embedding, map, onSphere, 'EUCLIDEAN', neighborsToPlace(projection), mean);
  const hits = mean === undefined ? near : near.map(asThere).sort(byDistance);
  return { coordinates: placeByNeighbors(projection, map, hits), neighbors };
}

/** As many as UMAP was made with; t-SNE and the others need few. */
function neighborsToPlace({ method, parameters }: Projection): number {
  const { neighbors = NEIGHBORS } = parameters as { readonly neighbors?: number };
  return method === 'UMAP' ? Math.max(1, neighbors) : NEIGHBORS;
}

/** A point among its neighbours, by the method of the map. */
function placeByNeighbors(projection: Projection, map: MapInMemory, hits: readonly Hit[]): Float32Array {
  const { method, parameters, seed } = projection;
  const near = hits.slice(0, neighborsToPlace(projection));
  const found: NewNeighbors = {
    n: 1,
    k: Math.max(1, near.length),
    ids:
      near.length === 0 ? Uint32Array.of(NONE) : Uint32Array.from(near, ({ itemId }) => map.rows.get(itemId) ?? NONE),
    distances:
      near.length === 0 ? Float32Array.of(Number.POSITIVE_INFINITY) : Float32Array.from(near, (hit) => hit.distance),
  };
  switch (method) {
    case 'UMAP':
      // The record of the map holds the options that the kernel was given.
      return placeOnUmap(found, map.points, { ...(parameters as PlaceOnUmapOptions), seed: seed ?? 0 }).data;
    case 'TSNE':
      return placeOnTsne(found, map.ground()).data;
    default:
      return placeAmong(found, map.points).data;
  }
}

/** The nearest that are on the map, the target's own items among them: a point that is there lies where it is. */
async function searchOnMap(
  database: Database,
  embedding: Embedding,
  map: MapInMemory,
  { target: { vector }, condition, ...options }: PlaceQuery,
  metric: Metric,
  wanted: number,
  around?: Float32Array,
): Promise<Hit[]> {
  // Items that came after the map was made are not on it: where some are among the nearest, further ones are looked for.
  for (let first = wanted; ; first = SEARCH_LIMIT) {
    const { hits } = await nearestItems(database, embedding, { ...options, vector, metric, around, first, condition });
    const onMap = hits.filter(({ itemId }) => map.rows.has(itemId));
    if (onMap.length >= wanted || hits.length < first || first === SEARCH_LIMIT) return onMap.slice(0, wanted);
  }
}

/** Distances on the sphere that float32 cannot tell from none. */
const SAME_PLACE = 1e-6;

/** What lies in the direction of an item is told to be where that is. */
function asThere(hit: Hit): Hit {
  return hit.distance < SAME_PLACE ? { ...hit, distance: 0 } : hit;
}

function byDistance(a: Hit, b: Hit): number {
  return a.distance - b.distance || a.itemId - b.itemId;
}

interface MapInMemory {
  readonly version: number;
  /** (n, components) */
  readonly points: Matrix;
  /** Row of each item. */
  readonly rows: ReadonlyMap<number, number>;
  /** What places vectors; null where their neighbours do, as they are. */
  readonly transform: MapTransform | null;
  /** The map made ready for new points of t-SNE. */
  readonly ground: () => TsneGround;
}

/** Points of all maps that are kept; those that were not asked for longest give way. A million take some hundred megabytes. */
const POINTS_LIMIT = 3_000_000;

const kept = new WeakMap<Database, Map<number, { readonly count: number; readonly map: Promise<MapInMemory> }>>();

async function mapInMemory(database: Database, projection: Projection): Promise<MapInMemory> {
  const maps = kept.get(database) ?? new Map();
  kept.set(database, maps);
  const found = maps.get(projection.id);
  maps.delete(projection.id);
  const entry =
    found !== undefined && (await found.map.catch(() => null))?.version === projection.version
      ? found
      : { count: projection.count, map: readMap(database, projection) };
  maps.set(projection.id, entry);
  let count = 0;
  for (const { count: own } of maps.values()) count += own;
  for (const [id, { count: own }] of maps) {
    if (count <= POINTS_LIMIT || id === projection.id) break;
    maps.delete(id);
    count -= own;
  }
  return await entry.map;
}

async function readMap(database: Database, projection: Projection): Promise<MapInMemory> {
  const { components, count, version } = projection;
  const bytes = await readTransform(database, projection);
  const points = createMatrix(count, components);
  const rows = new Map<number, number>();
  for await (const { itemIds, coordinates } of readPoints(database, projection)) {
    if (rows.size + itemIds.length > count) throw changed();
    points.data.set(coordinates, rows.size * components);
    for (const id of itemIds) rows.set(id, rows.size);
  }
  if (rows.size !== count) throw changed();
  return {
    ...{ version, points, rows },
    transform: bytes === null ? null : stateFromBytes<MapTransform>(bytes),
    ground: once(() => prepareTsne(points)),
  };
}

function changed(): UserError {
  return new UserError('CONFLICT', 'The map has changed while it was read. Ask again.');
}

/** Does it when it is first asked for. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
