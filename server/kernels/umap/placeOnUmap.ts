/**
 * New points on a map by UMAP that is there and stays as it is: each begins at the mean of its neighbours, weighted by membership,
 * and moves by the forces of the layout (layout.ts), where only the new point moves (McInnes, Healy and Melville 2018; umap-learn's
 * `transform`).
 *
 * Every point is placed by itself: its memberships are divided by its own greatest, and its random points are drawn by a hash of its
 * neighbours. So it lands where it lands, whatever is placed with it, and in whatever order.
 *
 * m new points, n points on the map, k neighbours of each new one among these, c components.
 */
import { hash } from '../hash.ts';
import { type Neighbors, NONE } from '../knn.ts';
import { createMatrix, type Matrix, rowOf } from '../matrix.ts';
import { type Curve, fitCurve } from './curve.ts';
import { directedMemberships } from './fuzzyGraph.ts';
import { clip, pullAt, pushAt } from './layout.ts';
import type { UmapOptions } from './umap.ts';

/** Where the new points' neighbours are. ids name rows of the map. */
export type NewNeighbors = Pick<Neighbors, 'n' | 'k' | 'ids' | 'distances'>;

export type PlaceOnUmapOptions = Pick<
  UmapOptions,
  'minDist' | 'spread' | 'negativeRate' | 'repulsionStrength' | 'localConnectivity' | 'seed'
>;

/** Enough for a point that begins among its neighbours. */
const EPOCHS = 100;
/** Of the layout's: the map has settled, and so the steps are small from the first. */
const LEARNING_RATE = 0.25;
/** Random points of an epoch. */
const NEGATIVES = 32;

/**
 * @param neighbors of each new point on the map, nearest first, as many as the map was made with
 * @param map (n, c)
 * @param options with which the map was made
 * @returns (m, c); a point at distance 0 from one on the map lies on it, one without neighbours at the middle of the map
 */
export function placeOnUmap(neighbors: NewNeighbors, map: Matrix, options: PlaceOnUmapOptions = {}): Matrix {
  const { n: count, k, ids, distances } = neighbors;
  const {
    minDist = 0.1,
    spread = 1,
    negativeRate = 5,
    repulsionStrength = 1,
    localConnectivity = 1,
    seed = 42,
  } = options;
  const curve = fitCurve(minDist, spread);
  const repulsion = negativeRate * repulsionStrength;
  const placed = createMatrix(count, map.columns);
  for (let i = 0; i < count; i++) {
    const own = ids.subarray(i * k, (i + 1) * k);
    const far = distances.subarray(i * k, (i + 1) * k);
    const memberships = directedMemberships(own, far, 1, k, localConnectivity);
    rowOf(placed, i).set(placeOne(own, far, memberships, map, curve, repulsion, keyOf(own, far, seed)));
  }
  return placed;
}

function placeOne(
  ids: Uint32Array,
  distances: Float32Array,
  memberships: Float32Array,
  map: Matrix,
  curve: Curve,
  repulsion: number,
  key: number,
): Float64Array {
  const same = distances.findIndex((distance, place) => distance === 0 && ids[place] !== NONE);
  if (same >= 0) return Float64Array.from(rowOf(map, ids[same] ?? 0));
  const y = weightedMean(ids, memberships, map);
  const greatest = memberships.reduce((most, weight) => Math.max(most, weight), 0);
  if (greatest === 0) return y;
  const degree = memberships.reduce((sum, weight) => sum + weight, 0) / greatest;
  const c = map.columns;
  const force = new Float64Array(c);
  const repelled = new Float64Array(c);
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    force.fill(0);
    repelled.fill(0);
    for (let place = 0; place < ids.length; place++) {
      const weight = (memberships[place] ?? 0) / greatest;
      const j = ids[place] ?? NONE;
      if (j === NONE || weight === 0) continue;
      const d2 = squaredDistance(y, map, j);
      if (d2 === 0) continue;
      const pull = pullAt(d2, curve);
      for (let x = 0; x < c; x++) {
        force[x] = (force[x] ?? 0) + weight * clip(pull * ((y[x] ?? 0) - (map.data[j * c + x] ?? 0)));
      }
    }
    for (let draw = 0; draw < NEGATIVES; draw++) {
      const j = hash((key + epoch * NEGATIVES + draw) >>> 0) % map.rows;
      const d2 = squaredDistance(y, map, j);
      if (d2 === 0) continue;
      const push = pushAt(d2, curve);
      for (let x = 0; x < c; x++) {
        repelled[x] = (repelled[x] ?? 0) + clip(push * ((y[x] ?? 0) - (map.data[j * c + x] ?? 0)));
      }
    }
    const rate = LEARNING_RATE * (1 - epoch / EPOCHS);
    const share = (repulsion * degree) / NEGATIVES;
    for (let x = 0; x < c; x++) y[x] = (y[x] ?? 0) + rate * clip((force[x] ?? 0) + share * (repelled[x] ?? 0));
  }
  return y;
}

/** Of the neighbours on the map; the middle of the map where there are none. */
function weightedMean(ids: Uint32Array, weights: Float32Array, map: Matrix): Float64Array {
  const mean = new Float64Array(map.columns);
  let total = 0;
  ids.forEach((id, place) => {
    if (id === NONE) return;
    const weight = weights[place] ?? 0;
    total += weight;
    rowOf(map, id).forEach((value, x) => {
      mean[x] = (mean[x] ?? 0) + weight * value;
    });
  });
  if (total > 0) return mean.map((sum) => sum / total);
  for (let i = 0; i < map.rows; i++) {
    rowOf(map, i).forEach((value, x) => {
      mean[x] = (mean[x] ?? 0) + value / map.rows;
    });
  }
  return mean;
}

/** A number that belongs to a point: made of its neighbours and how far they are. */
export function keyOf(ids: Uint32Array, distances: Float32Array, seed: number): number {
  const bits = new Uint32Array(distances.slice().buffer);
  let key = hash(seed >>> 0);
  ids.forEach((id, place) => {
    key = hash((hash((key ^ id) >>> 0) ^ (bits[place] ?? 0)) >>> 0);
  });
  return key;
}

function squaredDistance(y: Float64Array, { columns, data }: Matrix, j: number): number {
  let sum = 0;
  for (let x = 0; x < columns; x++) sum += ((y[x] ?? 0) - (data[j * columns + x] ?? 0)) ** 2;
  return sum;
}
