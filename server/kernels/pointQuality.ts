/**
 * How far each single point of a map can be trusted: the measures of quality.ts for one point at a time, for every point.
 *
 * n rows, d columns, k neighbours, m references. The k nearest are taken among all rows. How far beyond k an intruder ranks, and
 * the two measures of the whole, are told by m references, rows drawn by chance: with every row a reference the ranks are
 * exact, and the mean over all points is then what quality.ts gives with every row in its sample.
 */
import type { CpuBackend } from './cpu/backend.ts';
import { distance, type Metric } from './distance.ts';
import { hash } from './hash.ts';
import { type Neighbors, NONE, nearestNeighbors, packRows } from './knn.ts';
import { createMatrix, type Matrix, rowOf, takeRows } from './matrix.ts';
import { createRandom, permutation, sample } from './random.ts';

/** The measures, in the order in which each point has them. */
export const pointMeasures = [
  'trustworthiness',
  'continuity',
  'neighborRecall',
  'tripletAccuracy',
  'rankCorrelation',
] as const;

export interface PointQualityOptions {
  /** Of the embedding. */
  readonly metric: Metric;
  /** Neighbours looked at per point (k); at most (n - 1) / 2. Default: 15. */
  readonly neighbors?: number;
  /** Rows that ranks are told by (m). Larger is more exact and takes longer. Default: as many as 4e10 multiplications allow, 500 to 2,000. */
  readonly references?: number;
  /** Of the choice of the references. */
  readonly seed: number;
  /** The nearest of each row in the embedding, `neighbors` or more of them, where they are known already. */
  readonly found?: Neighbors | null | undefined;
}

export interface PointQualityTools {
  readonly signal?: AbortSignal | undefined;
  /** Share done, 0 to 1. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

const NEIGHBORS = 15;
/** 1 s on two cores of an AMD EPYC (Zen 5): 850 references for 60,000 x 784. */
const MULTIPLICATIONS = 4e10;
/**
 * Of 10,000 rows each then stands for five: a rank of 1,000 errs by some 70, and trustworthiness by .0005 for each intruder. What is
 * done for every pair of row and reference beside its product takes longer than that.
 */
const REFERENCES_MOST = 2000;
const REFERENCES_LEAST = 500;
/** Pairs of references whose order is compared, per point: the share errs by 0.03. */
const TRIPLETS = 256;
/** References whose distances are correlated, per point: the correlation errs by less than 0.1. */
const CORRELATED = 128;
/** Rows compared at a time, and those of one piece of work. */
const BLOCK_ROWS = 1024;
const PIECE_ROWS = 64;

/**
 * The measures of every row: float32 (n, 5), in the order of `pointMeasures`; NaN where a measure has no meaning, as a correlation
 * where all distances are equal. Null where there are too few rows: less than 3.
 */
export async function pointQuality(
  backend: CpuBackend,
  matrix: Matrix,
  map: Matrix,
  options: PointQualityOptions,
  { signal, onProgress }: PointQualityTools = {},
): Promise<Matrix | null> {
  const { rows: n, columns: d } = matrix;
  const { metric } = options;
  const k = Math.min(options.neighbors ?? NEIGHBORS, Math.floor((n - 1) / 2));
  if (map.rows !== n) throw new RangeError(`The map has ${map.rows} rows, the embedding ${n}.`);
  if (k < 1) return null;
  const given = options.found;
  const found =
    given && given.n === n && given.k >= k ? given : await nearestNeighbors(backend, matrix, k, metric, { signal });
  const onMap = await nearestNeighbors(backend, map, k, 'EUCLIDEAN', { signal });
  const affordable = Math.floor(MULTIPLICATIONS / (n * d));
  const m = Math.min(n, options.references ?? Math.min(REFERENCES_MOST, Math.max(REFERENCES_LEAST, affordable)));
  const random = createRandom(options.seed);
  const drawn = sample(n, m, random);
  const references = permutation(m, random).map((place) => drawn[place] ?? 0);
  const compare = new Comparison(matrix, map, metric, references, found, onMap, k);

  const before = backend.mark();
  try {
    const packed = await packRows(backend, takeRows(matrix, references), signal);
    const offsets = backend.upload(new Float32Array(Math.ceil(m / 8) * 8));
    const rowsAt = backend.allocate(Math.min(n, BLOCK_ROWS) * d * 4);
    const productsAt = backend.allocate(Math.min(n, BLOCK_ROWS) * m * 4);
    const measures = createMatrix(n, pointMeasures.length);
    for (let first = 0; first < n; first += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, n - first);
      backend.float32(rowsAt, count * d).set(matrix.data.subarray(first * d, (first + count) * d));
      await backend.run(
        'project',
        Math.ceil(count / PIECE_ROWS),
        (piece) => {
          const from = piece * PIECE_ROWS;
          return [rowsAt, d, from, Math.min(count, from + PIECE_ROWS), packed.at, offsets, m, productsAt];
        },
        { signal },
      );
      for (let i = 0; i < count; i++) {
        const products = backend.float32(productsAt + i * m * 4, m);
        compare.measure(first + i, products, rowOf(measures, first + i));
      }
      onProgress?.((first + count) / n);
    }
    return measures;
  } finally {
    backend.release(before);
  }
}

/** One row after the other against the references. */
class Comparison {
  readonly #matrix: Matrix;
  readonly #map: Matrix;
  readonly #metric: Metric;
  readonly #references: Uint32Array;
  /** Place of each row among the references, or -1. */
  readonly #place: Int32Array;
  readonly #squares: Float64Array;
  readonly #near: Neighbors;
  readonly #nearOnMap: Neighbors;
  readonly #k: number;
  readonly #far: Float64Array;
  readonly #farOnMap: Float64Array;
  /** Of the neighbours whose rank is asked for, by distance: distances, rows, and how many references fall before each. */
  readonly #limits: Float64Array;
  readonly #rows: Uint32Array;
  readonly #falling: Uint32Array;
  readonly #chosen = new Float64Array(CORRELATED);
  readonly #chosenOnMap = new Float64Array(CORRELATED);

  constructor(
    matrix: Matrix,
    map: Matrix,
    metric: Metric,
    references: Uint32Array,
    near: Neighbors,
    nearOnMap: Neighbors,
    k: number,
  ) {
    this.#matrix = matrix;
    this.#map = map;
    this.#metric = metric;
    this.#references = references;
    this.#place = new Int32Array(matrix.rows).fill(-1);
    references.forEach((row, place) => {
      this.#place[row] = place;
    });
    this.#squares = Float64Array.from({ length: matrix.rows }, (_, i) => {
      let sum = 0;
      for (const value of rowOf(matrix, i)) sum += value * value;
      return sum;
    });
    this.#near = near;
    this.#nearOnMap = nearOnMap;
    this.#k = k;
    this.#limits = new Float64Array(k);
    this.#rows = new Uint32Array(k);
    this.#falling = new Uint32Array(k);
    this.#far = new Float64Array(references.length);
    this.#farOnMap = new Float64Array(references.length);
  }

  /** @param products inner products of the row with the references. @param out the measures, in their order */
  measure(row: number, products: Float32Array, out: Float32Array): void {
    const k = this.#k;
    const n = this.#matrix.rows;
    this.#lookAt(row, products);
    const near = neighborsOf(this.#near, row, k);
    const nearOnMap = neighborsOf(this.#nearOnMap, row, k);
    const intruders = nearOnMap.filter((other) => !near.includes(other));
    const missed = near.filter((other) => !nearOnMap.includes(other));
    // The largest sum of excess ranks that a row can have is k (2n - 3k - 1) / 2.
    const share = (excess: number): number => 1 - (2 * excess) / (k * (2 * n - 3 * k - 1));
    out[0] = share(this.#excess(row, intruders, this.#far, (other) => this.#distance(row, other)));
    out[1] = share(this.#excess(row, missed, this.#farOnMap, (other) => this.#distanceOnMap(row, other)));
    out[2] = (nearOnMap.length - intruders.length) / k;
    out[3] = this.#triplets(row);
    out[4] = this.#correlation(row);
  }

  /** Fills the distances from a row to the references; only their order counts. */
  #lookAt(row: number, products: Float32Array): void {
    for (let r = 0; r < this.#references.length; r++) {
      const other = this.#references[r] ?? 0;
      this.#far[r] = this.#order(products[r] ?? 0, other);
      this.#farOnMap[r] = this.#distanceOnMap(row, other);
    }
  }

  /** An inner product with one row → a number in the order of the distances from it. */
  #order(product: number, other: number): number {
    const square = this.#squares[other] ?? 0;
    if (this.#metric === 'EUCLIDEAN') return square - 2 * product;
    if (this.#metric === 'COSINE') return square === 0 ? 0 : -product / Math.sqrt(square);
    return -product;
  }

  #distance(row: number, other: number): number {
    const place = this.#place[other] ?? -1;
    if (place >= 0) return this.#far[place] ?? 0;
    const { columns: d, data } = this.#matrix;
    let product = 0;
    for (let j = 0; j < d; j++) product += (data[row * d + j] ?? 0) * (data[other * d + j] ?? 0);
    return this.#order(product, other);
  }

  #distanceOnMap(row: number, other: number): number {
    const { columns, data } = this.#map;
    let sum = 0;
    for (let c = 0; c < columns; c++) {
      const difference = (data[row * columns + c] ?? 0) - (data[other * columns + c] ?? 0);
      sum += difference * difference;
    }
    return sum;
  }

  /** Sum over `others` of rank - k, as far as the references tell; equal distances rank by row number. */
  #excess(row: number, others: readonly number[], far: Float64Array, distanceTo: (other: number) => number): number {
    const references = this.#references;
    const self = this.#place[row] ?? -1;
    const each = (this.#matrix.rows - 1) / (references.length - (self >= 0 ? 1 : 0));
    const sorted = others
      .map((other) => ({ other, limit: distanceTo(other) }))
      .sort((a, b) => a.limit - b.limit || a.other - b.other);
    const count = sorted.length;
    const most = sorted.at(-1)?.limit ?? Number.NEGATIVE_INFINITY;
    // Of each reference, before how many of the sorted it stands: counted by where it falls between them.
    const [limits, rows, falling] = [this.#limits, this.#rows, this.#falling];
    falling.fill(0, 0, count);
    for (const [i, { limit, other }] of sorted.entries()) {
      limits[i] = limit;
      rows[i] = other;
    }
    for (let r = 0; r < references.length; r++) {
      const value = far[r] ?? 0;
      if (!(value <= most) || r === self) continue;
      let [from, to] = [0, count];
      while (from < to) {
        const middle = (from + to) >> 1;
        const limit = limits[middle] ?? 0;
        if (value < limit || (value === limit && (references[r] ?? 0) < (rows[middle] ?? 0))) to = middle;
        else from = middle + 1;
      }
      if (from < count) falling[from] = (falling[from] ?? 0) + 1;
    }
    let [excess, nearer] = [0, 0];
    for (let i = 0; i < count; i++) {
      nearer += falling[i] ?? 0;
      excess += Math.max(0, 1 + each * nearer - this.#k);
    }
    return excess;
  }

  /** Share of pairs of references that are in the same order from the row, in the embedding and on the map. */
  #triplets(row: number): number {
    const [far, farOnMap] = [this.#far, this.#farOnMap];
    const self = this.#place[row] ?? -1;
    const m = far.length;
    // References are in no order, so neighbours among them are pairs by chance; each point begins with another.
    const start = hash(row) % m;
    let compared = 0;
    let agreed = 0;
    for (let t = 0; compared < TRIPLETS && t < m * (m - 1); t++) {
      const a = (start + t) % m;
      const b = (a + 1 + Math.floor(t / m)) % m;
      if (a === self || b === self) continue;
      compared++;
      if ((far[a] ?? 0) < (far[b] ?? 0) === (farOnMap[a] ?? 0) < (farOnMap[b] ?? 0)) agreed++;
    }
    return compared === 0 ? Number.NaN : agreed / compared;
  }

  /** Spearman's, of a few references. */
  #correlation(row: number): number {
    const self = this.#place[row] ?? -1;
    const m = this.#far.length;
    const start = hash(row) % m;
    const [far, farOnMap] = [this.#chosen, this.#chosenOnMap];
    let count = 0;
    for (let i = 0; i < m && count < CORRELATED; i++) {
      const r = (start + i) % m;
      if (r === self) continue;
      far[count] = this.#far[r] ?? 0;
      farOnMap[count++] = this.#farOnMap[r] ?? 0;
    }
    const sorted = far.slice(0, count).sort();
    const sortedOnMap = farOnMap.slice(0, count).sort();
    let [xx, yy, xy] = [0, 0, 0];
    for (let i = 0; i < count; i++) {
      const x = centredRank(sorted, far[i] ?? 0);
      const y = centredRank(sortedOnMap, farOnMap[i] ?? 0);
      xx += x * x;
      yy += y * y;
      xy += x * y;
    }
    return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : Number.NaN;
  }
}

/** Twice the rank of a value, less its mean: how many of the sorted are less, less how many are more. */
function centredRank(sorted: Float64Array, value: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? 0) < value) from = middle + 1;
    else to = middle;
  }
  let upTo = from;
  while (upTo < sorted.length && sorted[upTo] === value) upTo++;
  return from - (sorted.length - upTo);
}

/** The first k neighbours of a row. */
function neighborsOf({ ids, k: stride }: Neighbors, row: number, k: number): number[] {
  const list: number[] = [];
  for (let at = row * stride; at < row * stride + k; at++) {
    const id = ids[at] ?? NONE;
    if (id !== NONE) list.push(id);
  }
  return list;
}

/**
 * Trustworthiness, continuity and recall of each point by their definitions, all distances sorted: what the fast way is compared
 * with. float32 (n, 3)
 */
export function pointQualityPlain(matrix: Matrix, map: Matrix, metric: Metric, k: number): Matrix {
  const n = matrix.rows;
  const ranked = (of: Matrix, by: Metric, row: number): number[] =>
    Array.from({ length: n }, (_, other) => ({ other, far: distance(rowOf(of, row), rowOf(of, other), by) }))
      .filter(({ other }) => other !== row)
      .sort((a, b) => a.far - b.far || a.other - b.other)
      .map(({ other }) => other);
  const excess = (near: readonly number[], ranks: readonly number[]): number =>
    near.reduce((sum, other) => sum + Math.max(0, ranks.indexOf(other) + 1 - k), 0);
  const measures = createMatrix(n, 3);
  for (let row = 0; row < n; row++) {
    const [high, low] = [ranked(matrix, metric, row), ranked(map, 'EUCLIDEAN', row)];
    const [near, nearOnMap] = [high.slice(0, k), low.slice(0, k)];
    const share = (sum: number): number => 1 - (2 * sum) / (k * (2 * n - 3 * k - 1));
    const kept = near.filter((other) => nearOnMap.includes(other)).length;
    rowOf(measures, row).set([share(excess(nearOnMap, high)), share(excess(near, low)), kept / k]);
  }
  return measures;
}
