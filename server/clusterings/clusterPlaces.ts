/** Where the clusters of a clustering lie on a map of the same embedding: told once for each version of both. */
import type { Queryable } from '../database/database.ts';
import { type Projection, readPoints } from '../projections/projections.ts';
import { type Clustering, readClusterItems } from './clusterings.ts';

/** As in the schema. Each list has a number per component. */
export interface ClusterPlace {
  readonly center: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

/** By layer, by cluster; null for those none of whose items are on the map. */
export type ClusterPlaces = readonly (readonly (ClusterPlace | null)[])[];

/** Share of a cluster's items that may lie outside of its box on each side: some stray far from the others. */
const STRAYING = 0.02;

const KEPT = 32;
const kept = new Map<string, Promise<ClusterPlaces>>();

/** The places, computed when they are first asked for. */
export function clusterPlaces(
  database: Queryable,
  clustering: Clustering,
  projection: Projection,
): Promise<ClusterPlaces> {
  const versions = [
    clustering.version,
    clustering.createdAt.getTime(),
    projection.version,
    projection.createdAt.getTime(),
  ];
  const key = [clustering.id, projection.id, ...versions].join(' ');
  let places = kept.get(key);
  if (places === undefined) {
    places = computePlaces(database, clustering, projection);
    places.catch(() => kept.delete(key));
  }
  kept.delete(key); // to the end: the oldest go first
  kept.set(key, places);
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT) break;
    kept.delete(oldest);
  }
  return places;
}

async function computePlaces(
  database: Queryable,
  clustering: Clustering,
  projection: Projection,
): Promise<ClusterPlaces> {
  const { components } = projection;
  const { itemIds, labels } = await readClusterItems(database, clustering);
  const rowOf = new Map<number, number>();
  itemIds.forEach((id, row) => {
    rowOf.set(id, row);
  });
  const coordinates = new Float32Array(itemIds.length * components).fill(Number.NaN);
  for await (const chunk of readPoints(database, projection)) {
    chunk.itemIds.forEach((id, i) => {
      const row = rowOf.get(id);
      if (row === undefined) return;
      coordinates.set(chunk.coordinates.subarray(i * components, (i + 1) * components), row * components);
    });
  }
  return labels.map((layer) => placesOf(layer, coordinates, components));
}

function placesOf(labels: Int32Array, coordinates: Float32Array, components: number): (ClusterPlace | null)[] {
  const members: number[][] = [];
  labels.forEach((label, row) => {
    if (label < 0 || Number.isNaN(coordinates[row * components])) return;
    members[label] ??= [];
    members[label].push(row);
  });
  return Array.from(members, (rows) => (rows === undefined ? null : placeOf(rows, coordinates, components)));
}

/**
 * The middle is the member that is nearest to the medians: where a cluster is bent, the medians may lie outside of it. The
 * box leaves out a few stray items on each side.
 */
export function placeOf(rows: readonly number[], coordinates: Float32Array, components: number): ClusterPlace {
  const axes = Array.from({ length: components }, (_, c) =>
    Float32Array.from(rows, (row) => coordinates[row * components + c] ?? 0).sort(),
  );
  const at = (axis: Float32Array, share: number) => axis[Math.round(share * (axis.length - 1))] ?? 0;
  const medians = axes.map((axis) => at(axis, 0.5));
  let nearest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    let square = 0;
    for (let c = 0; c < components; c++) square += ((coordinates[row * components + c] ?? 0) - (medians[c] ?? 0)) ** 2;
    if (square >= least) continue;
    least = square;
    nearest = row;
  }
  return {
    center: Array.from(coordinates.subarray(nearest * components, (nearest + 1) * components)),
    lower: axes.map((axis) => at(axis, STRAYING)),
    upper: axes.map((axis) => at(axis, 1 - STRAYING)),
  };
}
