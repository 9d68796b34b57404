/**
 * How far a map can be trusted: trustworthiness and continuity (Venna and Kaski, "Neighborhood preservation in nonlinear
 * projection methods", ICANN 2001) and the recall of neighbours look at what is near; the accuracy of random triplets (Wang,
 * Huang, Rudin and Shaposhnik, "Understanding how dimension reduction tools work", JMLR 22, 2021) and the rank correlation of
 * distances (Kobak and Berens, "The art of using t-SNE", Nature Communications 10, 2019) at the whole.
 *
 * Where there are many rows, the measures are means over a sample of them. Only those whose neighbours are looked at
 * are sampled: neighbours and ranks are always taken among all rows, so the figures do not depend on the sample's size
 * but for its error. With every row in the sample, trustworthiness is what scikit-learn's function of that name gives,
 * and the rank correlation what scipy.stats.spearmanr gives for all distances.
 * On the map distance is Euclidean; in the embedding it is the embedding's metric. Equal distances rank by row number.
 */
import type { CpuBackend } from './cpu/backend.ts';
import type { Metric } from './distance.ts';
import { hash } from './hash.ts';
import type { Matrix } from './matrix.ts';
import { createRandom, sample } from './random.ts';
import { spearman } from './spearman.ts';

// n rows, d columns, k neighbours, q rows in the sample. Ranks are from 1, the row itself left out.

export interface QualityOptions {
  /** Of the embedding. */
  readonly metric: Metric;
  /** Neighbours looked at per row (k). Larger asks about wider neighbourhoods. At most (n - 1) / 2. Default: 15. */
  readonly neighbors?: number;
  /** Rows in the sample. Larger is more exact and takes longer. Default: as many as 10e9 multiplications allow, 100 to 500. */
  readonly sample?: number;
  /** Of the choice of the sample. */
  readonly seed: number;
}

export interface Quality {
  /** Whether neighbours on the map are neighbours in the embedding, 0 to 1. */
  readonly trustworthiness: number;
  /** Whether neighbours in the embedding are neighbours on the map, 0 to 1. */
  readonly continuity: number;
  /** Mean share of the k nearest in the embedding that are among the k nearest on the map. */
  readonly neighborRecall: number;
  /** Share of random triplets (i, a, b) of which a is nearer to i than b both in the embedding and on the map, or on neither. */
  readonly tripletAccuracy: number;
  /**
   * Spearman's correlation of the distances between the sampled rows, in the embedding and on the map, -1 to 1; null where all
   * distances of one of them are equal.
   */
  readonly rankCorrelation: number | null;
  readonly neighbors: number;
  readonly sample: number;
}

export interface QualityTools {
  readonly signal?: AbortSignal | undefined;
  /** Share done, 0 to 1. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

export interface QualityState {
  readonly matrix: Matrix;
  readonly map: Matrix;
  readonly metric: Metric;
  readonly neighbors: number;
  readonly sample: Uint32Array;
  /** Steps done, and how many there are. */
  step: number;
  readonly steps: number;
  readonly seed: number;
  /** Squared lengths of the rows. */
  readonly squares: Float64Array;
  /** Distances between the sampled rows, pair by pair: (0, 1), (0, 2), … (1, 2), …; only their order counts. */
  readonly pairsInEmbedding: Float64Array;
  readonly pairsOnMap: Float64Array;
  /** Sums over the sample so far. */
  intruded: number;
  missed: number;
  kept: number;
  agreed: number;
}

/** As many as UMAP looks at by default, so that the measures are of what it was to keep. */
const NEIGHBORS = 15;
const SAMPLE_MOST = 500;
/** The mean of a share over 100 rows errs by less than 0.05. */
const SAMPLE_LEAST = 100;
/** 4 s on one core of an AMD EPYC (Zen 5), Node 20: 182 rows of 70,000 x 784. */
const MULTIPLICATIONS = 10e9;
/** Rows of the sample compared at a time with all rows. */
const BATCH = 4;
/** Triplets per row of the sample: 20,000 in 100 rows, whose share errs by 0.0035. */
const TRIPLETS = 200;

/** @returns null where there are too few rows for the measures to be defined: less than 3 */
export function initializeQuality(matrix: Matrix, map: Matrix, options: QualityOptions): QualityState | null {
  const { rows, columns } = matrix;
  if (map.rows !== rows) throw new RangeError(`The map has ${map.rows} rows, the embedding ${rows}.`);
  const neighbors = Math.min(options.neighbors ?? NEIGHBORS, Math.floor((rows - 1) / 2));
  if (neighbors < 1) return null;
  const affordable = Math.floor(MULTIPLICATIONS / (rows * columns));
  const size = options.sample ?? Math.max(SAMPLE_LEAST, Math.min(SAMPLE_MOST, affordable));
  const chosen = sample(rows, size, createRandom(options.seed));
  const squares = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = i * columns, end = j + columns; j < end; j++) sum += (matrix.data[j] ?? 0) ** 2;
    squares[i] = sum;
  }
  const { metric, seed } = options;
  const pairs = (chosen.length * (chosen.length - 1)) / 2;
  return {
    ...{ matrix, map, metric, neighbors, sample: chosen, seed, squares },
    ...{ step: 0, steps: Math.ceil(chosen.length / BATCH) },
    ...{ pairsInEmbedding: new Float64Array(pairs), pairsOnMap: new Float64Array(pairs) },
    ...{ intruded: 0, missed: 0, kept: 0, agreed: 0 },
  };
}

/** Goes on until `untilStep` steps are done, or all. @returns whether there is more to do */
export function runQuality(state: QualityState, untilStep = state.steps): boolean {
  const inEmbedding = new Float64Array(BATCH * state.matrix.rows);
  lookAt(state, untilStep, (batch) => {
    multiplyWithAll(state.matrix, batch, inEmbedding);
    return inEmbedding;
  });
  return state.step < state.steps;
}

/** Rows of one piece of work: 3 ms of 784 columns. */
const PIECE_ROWS = 1024;
/** What the products of some steps may take in the memory of the backend, beside as much for rows of the matrix. */
const PRODUCT_BYTES = 32 * 2 ** 20;

/**
 * The same to its end on the threads of a backend, with the same bits: the products are summed in the same order.
 * @returns null where there are too few rows for the measures to be defined: less than 3
 * @throws what `signal` was aborted with
 */
export async function measureQuality(
  backend: CpuBackend,
  matrix: Matrix,
  map: Matrix,
  options: QualityOptions,
  { signal, onProgress }: QualityTools = {},
): Promise<Quality | null> {
  const state = initializeQuality(matrix, map, options);
  if (state === null) return null;
  const { rows, columns } = matrix;
  const before = backend.mark();
  try {
    const atOnce = Math.max(1, Math.min(state.steps, Math.floor(PRODUCT_BYTES / (BATCH * rows * 8))));
    const blockRows = Math.min(rows, Math.max(PIECE_ROWS, Math.floor(PRODUCT_BYTES / (columns * 4))));
    const products = atOnce * BATCH * rows;
    const wideAt = backend.allocate(atOnce * BATCH * columns * 8);
    const productsAt = backend.allocate(products * 8);
    const blockAt = backend.allocate(blockRows * columns * 4);
    while (state.step < state.steps) {
      const first = state.step;
      const count = Math.min(atOnce, state.steps - first);
      const wide = backend.float64(wideAt, count * BATCH * columns);
      for (let s = 0; s < count; s++) fillWide(matrix, batchOf(state, first + s), wide.subarray(s * BATCH * columns));
      for (let from = 0; from < rows; from += blockRows) {
        const blockCount = Math.min(blockRows, rows - from);
        const block = matrix.data.subarray(from * columns, (from + blockCount) * columns);
        backend.float32(blockAt, block.length).set(block);
        const perStep = Math.ceil(blockCount / PIECE_ROWS);
        await backend.run(
          'wideProducts',
          count * perStep,
          (piece) => {
            const step = Math.floor(piece / perStep);
            const row = (piece % perStep) * PIECE_ROWS;
            const out = productsAt + (step * BATCH * rows + from) * 8;
            const w = wideAt + step * BATCH * columns * 8;
            return [blockAt, rows, columns, row, Math.min(blockCount, row + PIECE_ROWS), w, out];
          },
          { signal },
        );
      }
      lookAt(state, first + count, (_, step) => {
        return backend.float64(productsAt + (step - first) * BATCH * rows * 8, BATCH * rows);
      });
      onProgress?.(state.step / state.steps);
    }
    return resultOfQuality(state);
  } finally {
    backend.release(before);
  }
}

function batchOf({ sample: chosen }: QualityState, step: number): Uint32Array {
  return chosen.subarray(step * BATCH, (step + 1) * BATCH);
}

/** @param productsOf the inner products of a step's rows with all rows, (BATCH, n); they are used up */
function lookAt(
  state: QualityState,
  untilStep: number,
  productsOf: (batch: Uint32Array, step: number) => Float64Array,
): void {
  const { matrix, map, neighbors, squares, metric } = state;
  const { rows } = matrix;
  const onMap = new Float64Array(rows);
  for (; state.step < Math.min(untilStep, state.steps); state.step++) {
    const batch = batchOf(state, state.step);
    const inEmbedding = productsOf(batch, state.step);
    batch.forEach((row, b) => {
      const far = inEmbedding.subarray(b * rows, (b + 1) * rows);
      toDistances(far, squares, metric);
      distancesOnMap(map, row, onMap);
      state.agreed += agreeingTriplets(state, row, far, onMap);
      keepPairs(state, state.step * BATCH + b, far, onMap);
      far[row] = Number.POSITIVE_INFINITY;
      onMap[row] = Number.POSITIVE_INFINITY;
      const neighborsInEmbedding = nearest(far, neighbors);
      const neighborsOnMap = nearest(onMap, neighbors);
      state.intruded += excessRanks(far, neighborsOnMap, neighbors);
      state.missed += excessRanks(onMap, neighborsInEmbedding, neighbors);
      state.kept += neighborsOnMap.filter((neighbor) => neighborsInEmbedding.includes(neighbor)).length;
    });
  }
}

/** What a finished run has found. @throws Error before the last step */
export function resultOfQuality(state: QualityState): Quality {
  if (state.step < state.steps) throw new Error(`The quality is at step ${state.step} of ${state.steps}.`);
  const { rows } = state.matrix;
  const { neighbors, sample: rowsLookedAt } = state;
  const q = rowsLookedAt.length;
  // The largest sum of excess ranks that a row can have is k (2n - 3k - 1) / 2.
  const share = (sum: number): number => 1 - (2 * sum) / (q * neighbors * (2 * rows - 3 * neighbors - 1));
  return {
    trustworthiness: share(state.intruded),
    continuity: share(state.missed),
    neighborRecall: state.kept / (q * neighbors),
    tripletAccuracy: state.agreed / (q * TRIPLETS),
    rankCorrelation: rankCorrelation(state.pairsInEmbedding, state.pairsOnMap),
    neighbors,
    sample: q,
  };
}

/** How many of a row's random pairs are in the same order in the embedding and on the map. */
function agreeingTriplets({ seed }: QualityState, row: number, far: Float64Array, onMap: Float64Array): number {
  const key = hash((hash(seed >>> 0) ^ row) >>> 0);
  const others = far.length - 1;
  let agreed = 0;
  for (let t = 0; t < TRIPLETS; t++) {
    // One of the others, and another of the rest.
    const first = hash((key + 2 * t) >>> 0) % others;
    const second = (first + 1 + (hash((key + 2 * t + 1) >>> 0) % (others - 1))) % others;
    const a = first < row ? first : first + 1;
    const b = second < row ? second : second + 1;
    if ((far[a] ?? 0) < (far[b] ?? 0) === (onMap[a] ?? 0) < (onMap[b] ?? 0)) agreed++;
  }
  return agreed;
}

/** Keeps the distances from row `place` of the sample to those behind it. */
function keepPairs(state: QualityState, place: number, far: Float64Array, onMap: Float64Array): void {
  const { sample: rows, squares, metric, pairsInEmbedding, pairsOnMap } = state;
  const q = rows.length;
  const square = squares[rows[place] ?? 0] ?? 0;
  let at = place * q - (place * (place + 1)) / 2;
  for (let other = place + 1; other < q; other++) {
    const row = rows[other] ?? 0;
    // What `toDistances` leaves out because it is the same for all that are compared with one row.
    const value = far[row] ?? 0;
    pairsInEmbedding[at] =
      metric === 'EUCLIDEAN'
        ? Math.max(0, value + square)
        : metric === 'COSINE'
          ? value / Math.sqrt(square || 1)
          : value;
    pairsOnMap[at++] = onMap[row] ?? 0;
  }
}

/** Spearman's (spearman.ts); null where all of one are equal. */
function rankCorrelation(a: Float64Array, b: Float64Array): number | null {
  const found = spearman(a, b);
  return Number.isNaN(found) ? null : found;
}

/**
 * Inner products of up to four rows with all rows: products[b * n + i], in the same order of sums as the squared lengths,
 * so that equal rows have a distance of exactly 0. Four by four at a time, as in gram.ts.
 */
function multiplyWithAll({ rows, columns, data }: Matrix, batch: Uint32Array, products: Float64Array): void {
  const wide = new Float64Array(columns * BATCH);
  fillWide({ rows, columns, data }, batch, wide);
  for (let i = 0; i < rows; i += 4) {
    // Behind the last row the last one again, whose products are not kept.
    const r0 = i * columns;
    const r1 = Math.min(i + 1, rows - 1) * columns;
    const r2 = Math.min(i + 2, rows - 1) * columns;
    const r3 = Math.min(i + 3, rows - 1) * columns;
    let [s00, s01, s02, s03] = [0, 0, 0, 0];
    let [s10, s11, s12, s13] = [0, 0, 0, 0];
    let [s20, s21, s22, s23] = [0, 0, 0, 0];
    let [s30, s31, s32, s33] = [0, 0, 0, 0];
    for (let j = 0, w = 0; j < columns; j++, w += BATCH) {
      const a = data[r0 + j] ?? 0;
      const b = data[r1 + j] ?? 0;
      const c = data[r2 + j] ?? 0;
      const d = data[r3 + j] ?? 0;
      const w0 = wide[w + 0] ?? 0;
      const w1 = wide[w + 1] ?? 0;
      const w2 = wide[w + 2] ?? 0;
      const w3 = wide[w + 3] ?? 0;
      s00 += a * w0;
      s01 += a * w1;
      s02 += a * w2;
      s03 += a * w3;
      s10 += b * w0;
      s11 += b * w1;
      s12 += b * w2;
      s13 += b * w3;
      s20 += c * w0;
      s21 += c * w1;
      s22 += c * w2;
      s23 += c * w3;
      s30 += d * w0;
      s31 += d * w1;
      s32 += d * w2;
      s33 += d * w3;
    }
    store(products, rows, i, s00, s01, s02, s03);
    store(products, rows, i + 1, s10, s11, s12, s13);
    store(products, rows, i + 2, s20, s21, s22, s23);
    store(products, rows, i + 3, s30, s31, s32, s33);
  }
}

/** Up to four rows, number by number beside each other. */
function fillWide({ columns, data }: Matrix, batch: Uint32Array, wide: Float64Array): void {
  batch.forEach((row, b) => {
    for (let j = 0; j < columns; j++) wide[j * BATCH + b] = data[row * columns + j] ?? 0;
  });
}

function store(products: Float64Array, rows: number, i: number, a: number, b: number, c: number, d: number): void {
  if (i >= rows) return;
  products[i] = a;
  products[rows + i] = b;
  products[2 * rows + i] = c;
  products[3 * rows + i] = d;
}

/** Inner products with one row → numbers in the order of the distances from it. */
function toDistances(products: Float64Array, squares: Float64Array, metric: Metric): void {
  for (let i = 0; i < products.length; i++) {
    const product = products[i] ?? 0;
    const square = squares[i] ?? 0;
    if (metric === 'EUCLIDEAN') products[i] = square - 2 * product;
    else if (metric === 'COSINE') products[i] = square === 0 ? 0 : -product / Math.sqrt(square);
    else products[i] = -product;
  }
}

/** Squared distances on the map from one row. */
function distancesOnMap({ rows, columns, data }: Matrix, row: number, distances: Float64Array): void {
  const own = data.subarray(row * columns, (row + 1) * columns);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < columns; j++) {
      const difference = (data[i * columns + j] ?? 0) - (own[j] ?? 0);
      sum += difference * difference;
    }
    distances[i] = sum;
  }
}

/** The `count` rows of least distance, nearest first; of equals the lower row number. */
function nearest(distances: Float64Array, count: number): Uint32Array {
  const rows = new Uint32Array(count);
  const found = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  let filled = 0;
  for (let i = 0; i < distances.length; i++) {
    const distance = distances[i] ?? 0;
    if (!(distance < (found[count - 1] ?? 0))) continue;
    let at = Math.min(filled, count - 1);
    for (; at > 0 && distance < (found[at - 1] ?? 0); at--) {
      found[at] = found[at - 1] ?? 0;
      rows[at] = rows[at - 1] ?? 0;
    }
    found[at] = distance;
    rows[at] = i;
    filled = Math.min(filled + 1, count);
  }
  return rows;
}

/** Over the given rows, the sum of rank - k where the rank by distance is beyond k. */
function excessRanks(distances: Float64Array, rows: Uint32Array, neighbors: number): number {
  const sorted = Array.from(rows, (row) => ({ row, distance: distances[row] ?? 0 })).sort(
    (a, b) => a.distance - b.distance || a.row - b.row,
  );
  const limits = Float64Array.from(sorted, ({ distance }) => distance);
  const most = limits.at(-1) ?? 0;
  // Of each row, before which of the sorted it stands: few rows are as near as the farthest of them.
  const falling = new Uint32Array(sorted.length);
  for (let i = 0; i < distances.length; i++) {
    const distance = distances[i] ?? 0;
    if (distance > most) continue;
    let at = 0;
    while (
      at < sorted.length &&
      ((limits[at] ?? 0) < distance || ((limits[at] ?? 0) === distance && (sorted[at]?.row ?? 0) <= i))
    )
      at++;
    if (at < sorted.length) falling[at] = (falling[at] ?? 0) + 1;
  }
  let [excess, nearer] = [0, 0];
  for (const count of falling) {
    nearer += count;
    excess += Math.max(0, 1 + nearer - neighbors);
  }
  return excess;
}
