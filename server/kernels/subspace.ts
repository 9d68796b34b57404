/**
 * The directions that hold most of the variance, and the rows along them: subspace iteration on the covariance with a
 * Rayleigh-Ritz step (Golub and Van Loan, Matrix Computations, 4th ed., 8.2.4; the random start as in Halko, Martinsson
 * and Tropp 2011, algorithm 4.4). Not exact, as pca.ts is, but good to some digits in a tenth of the time: enough for a
 * start of a map, and to look for candidates in fewer dimensions.
 *
 * n rows, d columns, c directions.
 */
import { type Backend, processorOf } from './backend.ts';
import type { CpuBackend } from './cpu/backend.ts';
import type { Metric } from './distance.ts';
import { symmetricEigen } from './eigen.ts';
import type { GpuBackend } from './gpu/backend.ts';
import type { GpuRows } from './gpu/rows.ts';
import { productsOnGpu } from './gramOnGpu.ts';
import { createMatrix, type Matrix, normalizeRows, takeRows } from './matrix.ts';
import { orthonormalize } from './orthonormalize.ts';
import { createRandom, sample } from './random.ts';

/** Directions beyond those asked for: they make the iteration converge faster (Halko et al. 2011, section 4.2). */
const SPARE_DIRECTIONS = 8;
/** Multiplications with the covariance: each takes the error of a direction times the ratio of its variance to the next beyond the basis. */
const ITERATIONS = 5;
/** Above this many columns their covariance grows too large: they are first mixed at random (Johnson and Lindenstrauss 1984). */
export const SKETCH_ABOVE = 4096;
const SKETCH_COLUMNS = 512;
/**
 * Rows in which directions are looked for, where there are more: what a covariance of so many is off (1 / sqrt(n), below 1 %) blurs the last
 * of them. Of 60,000 pictures of clothes all of them take 1.3 s more of the processor.
 */
const SAMPLED_ROWS = 16_384;
/** Rows between two looks at the signal. */
const ROWS_PER_STEP = 8192;
const ROWS_PER_PIECE = 512;
const GRAM_ROWS = 64; // as ROWS in cpu/assembly/gram.ts

export interface Principal {
  /** float32 (n, c): the rows less a mean (of many rows that of a sample) along each direction, the one of most variance first. */
  readonly coordinates: Matrix;
  /** float64 (d): that mean. */
  readonly mean: Float64Array;
}

/**
 * The principal coordinates alone, of any number of columns, and of as many directions as asked for: those that there are not are 0.
 * @param rows offset of float32 (n, d) in the backend's memory
 * @param iterations fewer are faster, and blur the last directions, between which distances hardly differ
 * @returns float32 (n, c)
 */
export async function principalCoordinates(
  backend: CpuBackend,
  rows: number,
  matrix: Matrix,
  c: number,
  signal?: AbortSignal | undefined,
  iterations = ITERATIONS,
): Promise<Matrix> {
  const { rows: n, columns: d } = matrix;
  if (d > SKETCH_ABOVE) {
    const before = backend.mark();
    const sketch = await alongDirections(backend, rows, n, d, randomDirections(d), new Float64Array(d), signal);
    const narrow = await principalCoordinates(backend, backend.upload(sketch.data), sketch, c, signal, iterations);
    backend.release(before);
    return narrow;
  }
  const { coordinates } = await findPrincipal(backend, rows, matrix, Math.min(c, d), iterations, signal);
  return widen(coordinates, c);
}

/** Of no more columns than their covariance can be made of, along no more directions than columns. @param rows as above */
export async function findPrincipal(
  backend: CpuBackend,
  rows: number,
  matrix: Matrix,
  c: number,
  iterations: number,
  signal: AbortSignal | undefined,
): Promise<Principal> {
  const { rows: n, columns: d } = matrix;
  const before = backend.mark();
  const few = n > SAMPLED_ROWS ? sampleRows(matrix, SAMPLED_ROWS) : matrix;
  const mean = columnMeans(few.data, few.rows, d);
  const fewAt = few === matrix ? rows : backend.upload(few.data);
  const covariance = await centeredProducts(backend, fewAt, mean, few.rows, d, signal);
  const directions = await principalDirections(backend, covariance, d, c, iterations, signal);
  const coordinates = await alongDirections(backend, rows, n, d, directions, mean, signal);
  backend.release(before);
  return { coordinates, mean };
}

/**
 * `share` of the squared length of what is left of each row beyond its principal coordinates. float32 (n)
 * @param rows offset of float32 (n, d) in the backend's memory
 */
export async function squaresBeyond(
  backend: CpuBackend,
  rows: number,
  d: number,
  { coordinates, mean }: Principal,
  share: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const before = backend.mark();
  const { rows: n, columns: c, data } = coordinates;
  const along = backend.upload(data);
  const center = backend.upload(Float32Array.from(mean));
  const out = backend.allocate(n * 4);
  await backend.run(
    'beyond',
    Math.ceil(n / ROWS_PER_STEP),
    (piece) => {
      const first = piece * ROWS_PER_STEP;
      return [rows, d, center, first, Math.min(n, first + ROWS_PER_STEP), along, c, share, out];
    },
    { signal },
  );
  const squares = backend.float32(out, n).slice();
  backend.release(before);
  return squares;
}

/** So many of the rows, at most, drawn by chance. */
export function sampleRows(matrix: Matrix, most: number): Matrix {
  return takeRows(matrix, sample(matrix.rows, most, createRandom(0)));
}

/** Columns of zeros added, up to `c` of them. */
function widen(narrow: Matrix, c: number): Matrix {
  const { rows: n, columns: count } = narrow;
  if (count === c) return narrow;
  const wide = createMatrix(n, c);
  for (let i = 0; i < n; i++) wide.data.set(narrow.data.subarray(i * count, (i + 1) * count), i * c);
  return wide;
}

/** (n, c): the first c columns, of at least as many. */
export function firstColumns({ rows, columns, data }: Matrix, c: number): Matrix {
  const first = createMatrix(rows, c);
  for (let i = 0; i < rows; i++) first.data.set(data.subarray(i * columns, i * columns + c), i * c);
  return first;
}

/**
 * Where the points of a map begin: their principal coordinates; by the cosine, those of the rows at length 1. (n, c)
 * @param known principal coordinates of these rows, where some are known: `nearestNeighbors` may have come by them
 */
export async function startAlongComponents(
  on: Backend,
  matrix: Matrix,
  components: number,
  metric: Metric,
  { known, signal }: { readonly known?: Matrix | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<Matrix> {
  if (known !== undefined && known.columns >= components) return firstColumns(known, components);
  const rows = metric === 'COSINE' ? normalizeRows(matrix) : matrix;
  const { columns: d } = rows;
  const onCard = on.device === 'GPU' && d <= SKETCH_ABOVE;
  const backend = onCard ? on : processorOf(on);
  const before = backend.mark();
  try {
    if (backend.device === 'CPU') {
      return await principalCoordinates(backend, backend.upload(rows.data), rows, components, signal);
    }
    return await principalOnGpu(backend, rows, components, signal);
  } finally {
    backend.release(before);
  }
}

/** The principal coordinates, (n, c), of no more than 4,096 columns. @param there the rows, where they are on the card already */
export async function principalOnGpu(
  backend: GpuBackend,
  matrix: Matrix,
  components: number,
  signal: AbortSignal | undefined,
  there?: GpuRows | undefined,
): Promise<Matrix> {
  const { columns: d } = matrix;
  const products = productsOnGpu(backend, matrix, signal, there);
  // Near the mean is enough for a center: by what it is off, products of all rows are off by its square times their number.
  const some = sampleRows(matrix, SAMPLED_ROWS);
  const mean = columnMeans(some.data, some.rows, d);
  const covariance = await products.centered(mean);
  const count = Math.min(components, d);
  const directions = await principalDirections(processorOf(backend), covariance, d, count, ITERATIONS, signal);
  return widen(await products.along(directions, mean), components);
}

/** The rows less `center` along each direction. directions: float64 (c, d). @returns (n, c) */
export async function alongDirections(
  backend: CpuBackend,
  rows: number,
  n: number,
  d: number,
  directions: Float64Array,
  center: Float64Array,
  signal: AbortSignal | undefined,
): Promise<Matrix> {
  const before = backend.mark();
  const count = directions.length / d;
  const packed = backend.allocate(Math.ceil(count / 8) * 8 * d * 4);
  const staging = backend.upload(Float32Array.from(directions));
  await backend.run('pack', 1, () => [staging, packed, count, d, 0, count], { signal });
  const offsets = new Float32Array(Math.ceil(count / 8) * 8);
  for (let k = 0; k < count; k++) {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += (directions[k * d + j] ?? 0) * (center[j] ?? 0);
    offsets[k] = sum;
  }
  const offsetsAt = backend.upload(offsets);
  const out = backend.allocate(n * count * 4);
  await backend.run(
    'project',
    Math.ceil(n / ROWS_PER_PIECE),
    (piece) => {
      const first = piece * ROWS_PER_PIECE;
      return [rows, d, first, Math.min(n, first + ROWS_PER_PIECE), packed, offsetsAt, count, out];
    },
    { signal },
  );
  const coordinates = createMatrix(n, count, backend.float32(out, n * count).slice());
  backend.release(before);
  return coordinates;
}

/** float64 (512, d), normally distributed: distances along them are those of all columns, within a tenth or so. */
function randomDirections(d: number): Float64Array {
  const random = createRandom(1);
  return Float64Array.from({ length: SKETCH_COLUMNS * d }, () => random.normal() / Math.sqrt(SKETCH_COLUMNS));
}

function columnMeans(data: Float32Array, n: number, d: number): Float64Array {
  const mean = new Float64Array(d);
  let i = 0;
  // Four rows at a time: the sums are read and written a quarter as often.
  for (; i + 4 <= n; i += 4) {
    const [a, b, c, e] = [i * d, (i + 1) * d, (i + 2) * d, (i + 3) * d];
    for (let j = 0; j < d; j++) {
      const sum = (data[a + j] ?? 0) + (data[b + j] ?? 0) + ((data[c + j] ?? 0) + (data[e + j] ?? 0));
      mean[j] = (mean[j] ?? 0) + sum;
    }
  }
  for (; i < n; i++) for (let j = 0; j < d; j++) mean[j] = (mean[j] ?? 0) + (data[i * d + j] ?? 0);
  return mean.map((sum) => sum / n);
}

/** (X - mean)' (X - mean), float64 (d, d). */
export async function centeredProducts(
  backend: CpuBackend,
  rows: number,
  mean: Float64Array,
  n: number,
  d: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const before = backend.mark();
  const center = backend.upload(Float32Array.from(mean));
  const sums = backend.allocate(d * d * 8);
  backend.float64(sums, d * d).fill(0);
  const scratchBytes = GRAM_ROWS * Math.ceil(d / 8) * 8 * 4;
  const scratch = backend.allocate(backend.threadCount * scratchBytes);
  const borders = cutTriangle(d, 3 * backend.threadCount);
  for (let first = 0; first < n; first += ROWS_PER_STEP) {
    await backend.run(
      'gram',
      borders.length - 1,
      (piece, thread) => [
        ...[rows, d, center, first, Math.min(n, first + ROWS_PER_STEP)],
        ...[borders[piece] ?? 0, borders[piece + 1] ?? 0, sums, scratch + thread * scratchBytes],
      ],
      { signal },
    );
  }
  const products = backend.float64(sums, d * d).slice();
  backend.release(before);
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) products[i * d + j] = products[j * d + i] ?? 0;
  return products;
}

/** Borders, multiples of 4, that cut the rows of an upper triangle into parts of about equal area. */
function cutTriangle(d: number, parts: number): number[] {
  const borders = [0];
  for (let part = 1; part < parts; part++) {
    const border = Math.round((d * (1 - Math.sqrt(1 - part / parts))) / 4) * 4;
    if (border > (borders.at(-1) ?? 0) && border < d) borders.push(border);
  }
  return [...borders, d];
}

/**
 * float64 (c, d): orthonormal rows, the direction of most variance first, the largest part of each positive. The products are multiplied in
 * float32, at length 1 at most: the directions are good to six digits or so.
 */
export async function principalDirections(
  backend: CpuBackend,
  products: Float64Array,
  d: number,
  c: number,
  iterations: number,
  signal?: AbortSignal | undefined,
): Promise<Float64Array> {
  const width = Math.min(d, c + SPARE_DIRECTIONS);
  const random = createRandom(0);
  let largest = 0;
  for (const value of products) largest = Math.max(largest, Math.abs(value));
  const scaled = new Float32Array(products.length);
  for (let at = 0; at < scaled.length; at++) scaled[at] = (products[at] ?? 0) / (largest || 1);
  const before = backend.mark();
  const rows = backend.upload(scaled);
  const center = new Float64Array(d);
  // The products are symmetric: their rows along those of a basis are the basis times the products.
  const multiply = async (basis: Float64Array): Promise<Float64Array> => {
    const { data } = await alongDirections(backend, rows, d, d, basis, center, signal);
    const image = new Float64Array(width * d);
    for (let j = 0; j < d; j++) for (let i = 0; i < width; i++) image[i * d + j] = data[j * width + i] ?? 0;
    return image;
  };
  let basis = orthonormalize(
    Float64Array.from({ length: width * d }, () => random.normal()),
    width,
    d,
  );
  for (let iteration = 0; iteration < iterations; iteration++) {
    basis = orthonormalize(await multiply(basis), width, d);
  }
  const image = await multiply(basis);
  backend.release(before);
  const small = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += (image[i * d + k] ?? 0) * (basis[j * d + k] ?? 0);
      small[i * width + j] = sum;
      small[j * width + i] = sum;
    }
  }
  const { vectors } = symmetricEigen(small, width);
  const directions = new Float64Array(c * d);
  for (let i = 0; i < c; i++) {
    const direction = directions.subarray(i * d, (i + 1) * d);
    for (let j = 0; j < width; j++) {
      const weight = vectors[i * width + j] ?? 0;
      for (let k = 0; k < d; k++) direction[k] = (direction[k] ?? 0) + weight * (basis[j * d + k] ?? 0);
    }
    const greatest = direction.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
    if (greatest < 0) for (let k = 0; k < d; k++) direction[k] = -(direction[k] ?? 0);
  }
  return directions;
}
