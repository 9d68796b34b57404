/**
 * Principal components of wide data, without their covariance: randomized subspace iteration (Halko, Martinsson and Tropp 2011,
 * "Finding structure with randomness", SIAM Review 53, algorithm 4.4, with the oversampling of section 4.2) and a Rayleigh-Ritz step
 * (Golub and Van Loan, Matrix Computations, 4th ed., 8.1).
 *
 *     basis = orthonormal(random (l, d))
 *     so many times: basis = orthonormal(basis X'X)          one pass over the rows: X'X is never made
 *     eigenvectors of basis X'X basis' (l, l), turned back by the basis, are the components
 *
 * Each pass takes the error of component k times the ratio of the (l+1)-th variance to the k-th. How far it has come is known: what is
 * left of X'X v - lambda v, as a share of lambda, is `residual` (the direction is off by no more than that divided by the relative gap to
 * the next variance; the variance by its square).
 *
 * n rows, d columns, c components, l directions in the basis. Rows lie in the backend's memory some thousands at a time, products are
 * summed in float32 over 64 rows, in float64 beyond. The pieces are fixed: neither threads nor interruptions change a bit.
 */
import type { CpuBackend } from './cpu/backend.ts';
import { symmetricEigen } from './eigen.ts';
import { createMatrix, type Matrix } from './matrix.ts';
import { orthonormalize } from './orthonormalize.ts';
import { findMean, normalizeLoading, type Pca } from './pca.ts';
import { createRandom } from './random.ts';

export interface RandomizedPcaOptions {
  /** Directions that are looked for, 1 to 100, at most the lesser of rows and columns. */
  readonly components: number;
  /** Coordinates per row, of the first of them. Default: all. */
  readonly coordinates?: number;
  /** Of the basis at the beginning. */
  readonly seed?: number; // 0
  /** Passes over the rows. Larger is more exact, in proportion to the time. */
  readonly passes?: number; // 12
}

/** A run that can be stopped after any step and gone on with. */
export interface RandomizedPcaState {
  readonly matrix: Matrix;
  readonly components: number;
  readonly passes: number;
  step: number;
  readonly steps: number;
  readonly mean: Float64Array;
  /** float64 (l, d), orthonormal rows. */
  basis: Float64Array;
  /** float64 (d, l): X'X basis', as far as it is summed. */
  readonly sums: Float64Array;
  /** Variance of all columns times n, summed in the first pass. */
  squares: number;
  readonly coordinates: Matrix;
  pca: Pca | null;
  /** Of the components, largest. */
  residual: number;
}

/**
 * Whether it is to be preferred to pca.ts, which is exact: where the products of the covariance, or of the rows, would take more than some
 * 10 s, or their eigenvectors would. Measured in CPU seconds, 10 directions, exact and randomized: 3,000 x 512 1.0 and 0.25, 3,000 x 1,024
 * 2.4 and 0.3, 1,500 x 2,048 3.8 and 0.24; 50 directions of 2,000 x 1,024 5.6 and 0.43.
 */
export function isDear({ rows, columns }: Pick<Matrix, 'rows' | 'columns'>): boolean {
  const side = Math.min(rows, columns);
  return side > EXACT_SIDE || (rows * columns * side) / 2 > EXACT_MULTIPLICATIONS;
}

const EXACT_SIDE = 1024;
const EXACT_MULTIPLICATIONS = 2.4e10;

/** Directions beyond those asked for. */
const SPARE_DIRECTIONS = 10;
const PASSES = 12;
/** Numbers of the matrix in the backend's memory at a time: 64 MiB. */
const WINDOW_NUMBERS = 2 ** 24;
const GRAM_ROWS = 64; // as ROWS in cpu/assembly/gram.ts

/** @throws RangeError for more components than rows or columns */
export function initializeRandomizedPca(
  matrix: Matrix,
  { components, coordinates = components, seed = 0, passes = PASSES }: RandomizedPcaOptions,
): RandomizedPcaState {
  const { rows, columns } = matrix;
  if (!(components >= 1 && components <= Math.min(rows, columns))) {
    throw new RangeError(
      `Components are from 1 to ${Math.min(rows, columns)} for ${rows} x ${columns}, got ${components}.`,
    );
  }
  const width = Math.min(components + SPARE_DIRECTIONS, rows, columns);
  const random = createRandom(seed);
  const basis = Float64Array.from({ length: width * columns }, () => random.normal());
  const windows = Math.ceil(rows / rowsOfWindow(columns));
  return {
    ...{ matrix, components, passes, step: 0, steps: 1 + (passes + 1) * windows },
    mean: new Float64Array(columns),
    basis: orthonormalize(basis, width, columns),
    sums: new Float64Array(columns * width),
    squares: 0,
    coordinates: createMatrix(rows, coordinates),
    ...{ pca: null, residual: Number.NaN },
  };
}

function rowsOfWindow(columns: number): number {
  return Math.max(1, Math.floor(WINDOW_NUMBERS / columns / GRAM_ROWS)) * GRAM_ROWS;
}

/** Goes on until `untilStep` steps are done, or all. @returns whether there is more to do */
export async function runRandomizedPca(
  backend: CpuBackend,
  state: RandomizedPcaState,
  untilStep = state.steps,
  signal?: AbortSignal | undefined,
): Promise<boolean> {
  const { matrix, mean, passes } = state;
  const { rows, columns } = matrix;
  const most = rowsOfWindow(columns);
  const windows = Math.ceil(rows / most);
  for (; state.step < Math.min(untilStep, state.steps); state.step++) {
    signal?.throwIfAborted();
    if (state.step === 0) {
      findMean(matrix, mean);
      continue;
    }
    const pass = Math.floor((state.step - 1) / windows);
    const window = (state.step - 1) % windows;
    const first = window * most;
    const end = Math.min(rows, first + most);
    if (pass === passes) {
      if (state.pca !== null) await placeRows(backend, state, state.pca, first, end);
      continue;
    }
    await addProducts(backend, state, first, end);
    if (pass === 0) state.squares += squaresOf(matrix, mean, first, end);
    if (window + 1 < windows) continue;
    if (pass + 1 === passes) findComponents(state);
    else state.basis = orthonormalize(transposed(state.sums, columns), state.basis.length / columns, columns);
    state.sums.fill(0);
  }
  return state.step < state.steps;
}

/** What a finished run has found. @throws Error before the last step */
export function resultOfRandomizedPca({ pca, coordinates, residual, step, steps }: RandomizedPcaState): {
  pca: Pca;
  coordinates: Matrix;
  residual: number;
} {
  if (pca === null || step < steps) throw new Error(`The principal components are at step ${step} of ${steps}.`);
  return { pca, coordinates, residual };
}

/** sums += X'X basis' for some rows, X less its mean. */
async function addProducts(backend: CpuBackend, state: RandomizedPcaState, first: number, end: number): Promise<void> {
  const { matrix, mean, basis, sums } = state;
  const { columns: d } = matrix;
  const width = basis.length / d;
  const before = backend.mark();
  const window = backend.upload(matrix.data.subarray(first * d, end * d));
  const projected = await alongDirections(backend, window, end - first, d, basis, mean);
  const center = backend.upload(Float32Array.from(mean));
  const sumsAt = backend.allocate(sums.byteLength);
  backend.float64(sumsAt, sums.length).set(sums);
  const pieces = 4 * backend.threadCount;
  const border = (piece: number) => Math.min(d, Math.ceil((piece * d) / pieces / 4) * 4);
  await backend.run('crossProducts', pieces, (piece) => [
    ...[window, d, center, 0, end - first, border(piece), border(piece + 1), projected, width, sumsAt],
  ]);
  sums.set(backend.float64(sumsAt, sums.length));
  backend.release(before);
}

const ROWS_PER_PIECE = 512;

/** The rows less `mean` along each direction: offset of float32 (rows, directions). */
async function alongDirections(
  backend: CpuBackend,
  rowsAt: number,
  rows: number,
  d: number,
  directions: Float64Array,
  mean: Float64Array,
): Promise<number> {
  const count = directions.length / d;
  const out = backend.allocate((rows * count + 8) * 4);
  const packed = backend.allocate(Math.ceil(count / 8) * 8 * d * 4);
  const staging = backend.upload(Float32Array.from(directions));
  await backend.run('pack', 1, () => [staging, packed, count, d, 0, count]);
  const offsets = new Float32Array(Math.ceil(count / 8) * 8);
  for (let k = 0; k < count; k++) {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += (directions[k * d + j] ?? 0) * (mean[j] ?? 0);
    offsets[k] = sum;
  }
  const offsetsAt = backend.upload(offsets);
  await backend.run('project', Math.ceil(rows / ROWS_PER_PIECE), (piece) => {
    const first = piece * ROWS_PER_PIECE;
    return [rowsAt, d, first, Math.min(rows, first + ROWS_PER_PIECE), packed, offsetsAt, count, out];
  });
  return out;
}

/** Coordinates of some rows. */
async function placeRows(
  backend: CpuBackend,
  { matrix, coordinates }: RandomizedPcaState,
  { mean, loadings }: Pca,
  first: number,
  end: number,
): Promise<void> {
  const { columns: d } = matrix;
  const { columns: c } = coordinates;
  const before = backend.mark();
  const window = backend.upload(matrix.data.subarray(first * d, end * d));
  const placed = await alongDirections(backend, window, end - first, d, loadings.subarray(0, c * d), mean);
  coordinates.data.set(backend.float32(placed, (end - first) * c), first * c);
  backend.release(before);
}

/** The Rayleigh-Ritz step: `sums` is X'X basis'. */
function findComponents(state: RandomizedPcaState): void {
  const { matrix, components, mean, basis, sums, squares } = state;
  const { rows, columns: d } = matrix;
  const width = basis.length / d;
  const small = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += (basis[i * d + k] ?? 0) * (sums[k * width + j] ?? 0);
      small[i * width + j] = sum;
    }
  }
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < i; j++) small[i * width + j] = small[j * width + i] ?? 0;
  }
  const { values, vectors } = symmetricEigen(small, width);
  // Below this a variance is rounding: products are in float32.
  const least = 2 ** -22 * (values[0] ?? 0);
  const loadings = new Float64Array(components * d);
  const explainedVariance = new Float64Array(components);
  const explainedVarianceRatio = new Float64Array(components);
  let residual = 0;
  for (let k = 0; k < components; k++) {
    const value = values[k] ?? 0;
    if (!(value > least)) continue;
    const loading = loadings.subarray(k * d, (k + 1) * d);
    let left = 0;
    for (let column = 0; column < d; column++) {
      let along = 0;
      let image = 0;
      for (let i = 0; i < width; i++) {
        const weight = vectors[k * width + i] ?? 0;
        along += weight * (basis[i * d + column] ?? 0);
        image += weight * (sums[column * width + i] ?? 0);
      }
      loading[column] = along;
      left += (image - value * along) ** 2;
    }
    residual = Math.max(residual, Math.sqrt(left) / value);
    normalizeLoading(loading);
    explainedVariance[k] = value / (rows - 1);
    explainedVarianceRatio[k] = Math.min(1, value / squares);
  }
  state.pca = { components, mean, loadings, explainedVariance, explainedVarianceRatio };
  state.residual = residual;
}

function squaresOf({ columns, data }: Matrix, mean: Float64Array, first: number, end: number): number {
  let sum = 0;
  for (let i = first; i < end; i++) {
    const row = i * columns;
    for (let j = 0; j < columns; j++) sum += ((data[row + j] ?? 0) - (mean[j] ?? 0)) ** 2;
  }
  return sum;
}

/** float64 (d, l) to (l, d). */
function transposed(values: Float64Array, d: number): Float64Array {
  const l = values.length / d;
  const turned = new Float64Array(values.length);
  for (let i = 0; i < d; i++) for (let k = 0; k < l; k++) turned[k * d + i] = values[i * l + k] ?? 0;
  return turned;
}
