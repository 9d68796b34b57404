/**
 * A push at the points of a map while it is made. What a map owes to its vectors it falls back into; what it owes to chance, and to where
 * its points began, it does not.
 *
 * n points, c components. Positions are Float32Array (c, n), as the layouts keep them (planes.ts).
 */
import { hash } from './hash.ts';
import type { MapMethod } from './map.ts';

/** A push that was given. */
export interface Perturbation {
  /** Steps that were done before it. */
  readonly step: number;
  /** How far points went, in the root mean square, as a share of how far they were from their middle. */
  readonly share: number;
}

/** Methods that move points from where they begin, step by step: of the others the vectors give the places. */
export const movingMethods: readonly string[] = ['UMAP', 'TSNE', 'PACMAP', 'LOCALMAP'] satisfies readonly MapMethod[];

/** A push that shows: neighbours part, and groups keep their sides. */
export const USUAL_SHARE = 0.25;
/** So often a map can be pushed. */
export const PERTURBATIONS_MOST = 100;

/** @throws RangeError for a share that cannot be meant */
export function checkShare(share: number): void {
  if (!(share > 0 && share <= 1)) throw new RangeError(`share is ${share}; wanted: above 0, and at most 1.`);
}

/**
 * The positions after a push: to each coordinate a number of the normal distribution, of the deviation share × r / √c, where r is the
 * root mean square distance of the points from their middle. Drawn by seed and place, so that whoever pushes, and on however many threads,
 * pushes alike.
 */
export function perturb(positions: Float32Array, dimensions: number, share: number, seed: number): Float32Array {
  const deviation = (share * radiusOf(positions, dimensions)) / Math.sqrt(dimensions);
  return positions.map((value, at) => value + deviation * normal(seed, at));
}

/** Root mean square distance of the points from their middle. */
export function radiusOf(positions: Float32Array, dimensions: number): number {
  const n = positions.length / dimensions;
  let squares = 0;
  for (let c = 0; c < dimensions; c++) {
    const plane = positions.subarray(c * n, (c + 1) * n);
    const middle = plane.reduce((sum, value) => sum + value, 0) / n;
    for (const value of plane) squares += (value - middle) ** 2;
  }
  return n === 0 ? 0 : Math.sqrt(squares / n);
}

/** So that these draws have nothing to do with those at the start (planes.ts), which are of the same seed. */
const SALT = 0x70757368;

/** Box and Muller (1958), as in random.ts, of two hashes. */
function normal(seed: number, at: number): number {
  const uniform = (place: number) => hash((hash((seed ^ SALT) >>> 0) ^ hash(place)) >>> 0) / 2 ** 32;
  // 1 - u lies in (0, 1], so the logarithm is finite.
  return Math.sqrt(-2 * Math.log(1 - uniform(2 * at))) * Math.cos(2 * Math.PI * uniform(2 * at + 1));
}
