/**
 * New points on a map by t-SNE that is there and stays as it is (after Poličar, Stražar and Zupan 2021, "Embedding to reference
 * t-SNE space addresses batch effects in single-cell classification", Machine Learning): each begins at the median of its
 * neighbours and moves by t-SNE's forces with a small perplexity, where only the new point moves.
 *
 * Every point has its own affinities, which add up to 1, and its own sum of q over the points of the map, so it lands where it
 * lands, whatever is placed with it. Points of the map that are far count by cells: their number, at their mean.
 *
 * m new points, n points on the map, k neighbours of each new one among these, c components.
 */
import { NONE } from '../knn.ts';
import { createMatrix, type Matrix, rowOf } from '../matrix.ts';
import type { NewNeighbors } from '../umap/placeOnUmap.ts';
import { conditionalAffinities } from './affinities.ts';

export interface PlaceOnTsneOptions {
  /** Effective number of neighbours that pull. Larger places by a wider neighbourhood. At most a third of those given. */
  readonly perplexity?: number; // 5
  /** Factor of the affinities. Larger keeps points closer to their neighbours. */
  readonly exaggeration?: number; // 1.5
}

/** As openTSNE's: steps small and many, because a point begins where it belongs. */
const ITERATIONS = 250;
/** A point whose last step was shorter, in map units, has arrived: what is left of its way is a few times as long. */
const SHORTEST_STEP = 1e-4;
/** As openTSNE's, per point. */
const LEARNING_RATE = 0.1;
const MOMENTUM = 0.8;
/** Of a gradient, in map units. */
const LONGEST = 0.25;
/** Cells of the map along each axis: in all some four thousand. */
const CELLS: Readonly<Record<number, number>> = { 2: 64, 3: 16 };

/** A map by t-SNE made ready for new points: made once, used for as many as come. */
export interface TsneGround {
  readonly map: Matrix;
  readonly side: number;
  readonly low: Float64Array;
  /** Cells along each axis. */
  readonly cells: number;
  /** Uint32Array (cells^c + 1), and Uint32Array (n): the points of each cell. */
  readonly starts: Uint32Array;
  readonly points: Uint32Array;
  /** The cells that are not empty. */
  readonly filled: Uint32Array;
  /** Float64Array (filled, c): the mean of their points. */
  readonly means: Float64Array;
}

/** @param map (n, c), c 2 or 3 */
export function prepareTsne(map: Matrix): TsneGround {
  const { rows: n, columns: c, data } = map;
  const cells = CELLS[c];
  if (cells === undefined) throw new RangeError(`The map has ${c} components; wanted: 2 or 3.`);
  const low = new Float64Array(c).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(c).fill(Number.NEGATIVE_INFINITY);
  for (let at = 0; at < n * c; at++) {
    low[at % c] = Math.min(low[at % c] ?? 0, data[at] ?? 0);
    high[at % c] = Math.max(high[at % c] ?? 0, data[at] ?? 0);
  }
  const extent = high.reduce((most, value, x) => Math.max(most, value - (low[x] ?? 0)), 0);
  const side = extent > 0 ? extent / cells : 1;
  const cellOf = (i: number) => {
    let cell = 0;
    for (let x = c - 1; x >= 0; x--)
      cell = cell * cells + within(((data[i * c + x] ?? 0) - (low[x] ?? 0)) / side, cells);
    return cell;
  };
  const starts = new Uint32Array(cells ** c + 1);
  for (let i = 0; i < n; i++) starts[cellOf(i) + 1] = (starts[cellOf(i) + 1] ?? 0) + 1;
  for (let cell = 0; cell < starts.length - 1; cell++) starts[cell + 1] = (starts[cell + 1] ?? 0) + (starts[cell] ?? 0);
  const fill = starts.slice();
  const points = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    const cell = cellOf(i);
    const at = fill[cell] ?? 0;
    fill[cell] = at + 1;
    points[at] = i;
  }
  const filled = Uint32Array.from({ length: starts.length - 1 }, (_, cell) => cell).filter(
    (cell) => starts[cell] !== starts[cell + 1],
  );
  const means = new Float64Array(filled.length * c);
  filled.forEach((cell, place) => {
    const own = points.subarray(starts[cell], starts[cell + 1]);
    for (const i of own) {
      for (let x = 0; x < c; x++) {
        means[place * c + x] = (means[place * c + x] ?? 0) + (data[i * c + x] ?? 0) / own.length;
      }
    }
  });
  return { map, side, low, cells, starts, points, filled, means };
}

function within(place: number, cells: number): number {
  return Math.max(0, Math.min(cells - 1, Math.floor(place)));
}

/**
 * @param neighbors of each new point on the map, nearest first; 15 are enough for the usual perplexity
 * @returns (m, c); a point at distance 0 from one on the map lies on it, one without neighbours at the middle of the map
 */
export function placeOnTsne(neighbors: NewNeighbors, ground: TsneGround, options: PlaceOnTsneOptions = {}): Matrix {
  const { n: count, k, ids, distances } = neighbors;
  const { perplexity = 5, exaggeration = 1.5 } = options;
  const placed = createMatrix(count, ground.map.columns);
  for (let i = 0; i < count; i++) {
    const own = ids.subarray(i * k, (i + 1) * k);
    const far = distances.subarray(i * k, (i + 1) * k);
    rowOf(placed, i).set(placeOne(own, far, ground, Math.max(1, Math.min(perplexity, k / 3)), exaggeration));
  }
  return placed;
}

function placeOne(
  ids: Uint32Array,
  distances: Float32Array,
  ground: TsneGround,
  perplexity: number,
  exaggeration: number,
): Float64Array {
  const { map } = ground;
  const c = map.columns;
  const same = distances.findIndex((distance, place) => distance === 0 && ids[place] !== NONE);
  if (same >= 0) return Float64Array.from(rowOf(map, ids[same] ?? 0));
  const known = ids.filter((id) => id !== NONE);
  const y = medianOf(known.length > 0 ? known : ground.points, map);
  if (known.length === 0) return y;
  const affinities = conditionalAffinities(ids, distances, 1, ids.length, perplexity);
  const gradient = new Float64Array(c);
  const update = new Float64Array(c);
  const repulsion = repulsionOn(ground);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    gradient.fill(0);
    ids.forEach((j, place) => {
      if (j === NONE) return;
      let square = 1;
      for (let x = 0; x < c; x++) square += ((y[x] ?? 0) - (map.data[j * c + x] ?? 0)) ** 2;
      const pull = (exaggeration * (affinities[place] ?? 0)) / square;
      for (let x = 0; x < c; x++) {
        gradient[x] = (gradient[x] ?? 0) + pull * ((y[x] ?? 0) - (map.data[j * c + x] ?? 0));
      }
    });
    const { sum, forces } = repulsion(y);
    let length = 0;
    for (let x = 0; x < c; x++) {
      gradient[x] = (gradient[x] ?? 0) - (forces[x] ?? 0) / sum;
      length += (gradient[x] ?? 0) ** 2;
    }
    const scale = Math.min(1, LONGEST / Math.sqrt(length));
    let step = 0;
    for (let x = 0; x < c; x++) {
      update[x] = MOMENTUM * (update[x] ?? 0) - LEARNING_RATE * scale * (gradient[x] ?? 0);
      y[x] = (y[x] ?? 0) + (update[x] ?? 0);
      step = Math.max(step, Math.abs(update[x] ?? 0));
    }
    // A point may turn around in between: of a turn the gradient is not small.
    if (step < SHORTEST_STEP && LEARNING_RATE * Math.sqrt(length) < SHORTEST_STEP) break;
  }
  return y;
}

/** The sum of q, and the sums of q^2 (y - y_j) along each axis. */
interface Push {
  sum: number;
  readonly forces: Float64Array;
}

/**
 * What pushes a point of the map's surroundings: points in the cells around it one by one, those beyond by the means of their
 * cells. What is beyond changes slowly, and is summed anew only when the point has moved a tenth of a cell.
 */
export function repulsionOn(ground: TsneGround): (y: Float64Array) => Push {
  const { map, side, low, cells, starts, points, filled, means } = ground;
  const c = map.columns;
  const beyond: Push = { sum: 0, forces: new Float64Array(c) };
  const push: Push = { sum: 0, forces: new Float64Array(c) };
  const from = new Float64Array(c).fill(Number.NaN);
  // Points around one behind the other, three numbers each (0 where the map has two): nine tenths of the time goes through them.
  let near = new Float64Array(0);
  let nearNumbers = 0;
  return (y) => {
    const moved = from.reduce((most, value, x) => Math.max(most, Math.abs(value - (y[x] ?? 0))), 0);
    if (!(moved < side / 10)) {
      from.set(y);
      sumBeyond(y);
    }
    const [y0 = 0, y1 = 0, y2 = 0] = y;
    let { sum } = beyond;
    let [f0 = 0, f1 = 0, f2 = 0] = beyond.forces;
    for (let at = 0; at < nearNumbers; at += 3) {
      const d0 = y0 - (near[at] ?? 0);
      const d1 = y1 - (near[at + 1] ?? 0);
      const d2 = y2 - (near[at + 2] ?? 0);
      const q = 1 / (1 + d0 * d0 + d1 * d1 + d2 * d2);
      sum += q;
      f0 += q * q * d0;
      f1 += q * q * d1;
      f2 += q * q * d2;
    }
    push.sum = sum;
    push.forces.set(c === 2 ? [f0, f1] : [f0, f1, f2]);
    return push;
  };

  function fetchNear(around: readonly number[]): void {
    const count = around.reduce((sum, cell) => sum + (starts[cell + 1] ?? 0) - (starts[cell] ?? 0), 0);
    if (near.length < 3 * count) near = new Float64Array(3 * count);
    nearNumbers = 0;
    for (const cell of around) {
      for (let at = starts[cell] ?? 0; at < (starts[cell + 1] ?? 0); at++) {
        const i = (points[at] ?? 0) * c;
        for (let x = 0; x < c; x++) near[nearNumbers + x] = map.data[i + x] ?? 0;
        nearNumbers += 3;
      }
    }
  }

  /** Fills `beyond`, and `near` with the points of the cells that are not. */
  function sumBeyond(y: Float64Array): void {
    beyond.sum = 0;
    beyond.forces.fill(0);
    const around: number[] = [];
    const own = Array.from(y, (value, x) => Math.floor((value - (low[x] ?? 0)) / side));
    for (let place = 0; place < filled.length; place++) {
      const cell = filled[place] ?? 0;
      let rest = cell;
      let apart = 0;
      for (let x = 0; x < c; x++) {
        apart = Math.max(apart, Math.abs((rest % cells) - (own[x] ?? 0)));
        rest = Math.floor(rest / cells);
      }
      if (apart <= 1) {
        around.push(cell);
        continue;
      }
      const count = (starts[cell + 1] ?? 0) - (starts[cell] ?? 0);
      let square = 1;
      for (let x = 0; x < c; x++) square += ((y[x] ?? 0) - (means[place * c + x] ?? 0)) ** 2;
      const q = 1 / square;
      beyond.sum += count * q;
      for (let x = 0; x < c; x++) {
        beyond.forces[x] = (beyond.forces[x] ?? 0) + count * q * q * ((y[x] ?? 0) - (means[place * c + x] ?? 0));
      }
    }
    fetchNear(around);
  }
}

/** Axis by axis, over the given points. */
function medianOf(ids: Uint32Array, { columns, data }: Matrix): Float64Array {
  return Float64Array.from({ length: columns }, (_, x) => {
    const sorted = Float64Array.from(ids, (id) => data[id * columns + x] ?? 0).sort();
    const middle = sorted.length / 2;
    return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
  });
}
