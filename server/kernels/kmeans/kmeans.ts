/**
 * k-means (Lloyd 1982, "Least squares quantization in PCM"): points go to the nearest centre, centres to the mean of their
 * points, until nothing changes. With the metric COSINE on the sphere (Dhillon and Modha 2001): rows and means have length 1.
 *
 * n points, d columns, k clusters. A run is a state that can be stopped, kept and resumed: `initialize`, then `run` until some
 * iteration, as often as wanted. Centres depend neither on where it was stopped nor on the number of threads.
 */
import type { CpuBackend } from '../cpu/backend.ts';
import { type Metric, packRows, type Stored, search } from '../knn.ts';
import { createMatrix, type Matrix, normalizeRows, rowOf } from '../matrix.ts';
import { seedCenters } from './seedCenters.ts';

export interface KmeansOptions {
  /** How many clusters, from 1. With fewer points, or fewer that differ, there are fewer: see `Clusters.centers`. */
  readonly clusters: number;
  /** INNER_PRODUCT is no distance: its points are compared by Euclid's, as with EUCLIDEAN. */
  readonly metric?: Metric; // EUCLIDEAN
  /** Most iterations. */
  readonly iterations?: number; // 100
  /** Squared way of all centres together, as a share of the mean variance of a column, below which it ends. Larger ends earlier; 0: when no point changes. */
  readonly tolerance?: number; // 1e-4
  /** Seed of the first centres. */
  readonly seed?: number; // 42
}

export interface Kmeans {
  /** (n, d): the points less their mean, or of length 1. */
  readonly rows: Matrix;
  /** float64 (d): what was taken away from them. */
  readonly mean: Float64Array;
  readonly spherical: boolean;
  readonly iterations: number;
  /** In squared units of the rows. */
  readonly tolerance: number;
  /** (k, d), as the rows are. */
  centers: Matrix;
  /** By point: the nearest centre in the last iteration. */
  assignments: Uint32Array;
  /** Iterations done. */
  iteration: number;
  /** Whether it has come to rest. */
  converged: boolean;
}

export interface Clusters {
  /** (k, d), in the units of the points; k may be less than was asked for. */
  readonly centers: Matrix;
  /** Uint32Array (n): the nearest centre of each point; each centre has one at least. */
  readonly assignments: Uint32Array;
  /** Float32Array (n): the distance to it, Euclid's, of rows of length 1 where the metric is COSINE. */
  readonly distances: Float32Array;
  /** The sum of the squared distances. */
  readonly inertia: number;
  readonly iterations: number;
  readonly converged: boolean;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each iteration. */
  readonly onIteration?: ((iteration: number) => void) | undefined;
}

/** @param matrix (n, d), finite. @throws RangeError for less than one cluster */
export async function initializeKmeans(
  backend: CpuBackend,
  matrix: Matrix,
  { clusters, metric = 'EUCLIDEAN', iterations = 100, tolerance = 1e-4, seed = 42 }: KmeansOptions,
  { signal }: RunOptions = {},
): Promise<Kmeans> {
  if (!(clusters >= 1)) throw new RangeError(`${clusters} clusters were asked for; wanted: 1 or more.`);
  const spherical = metric === 'COSINE';
  const { rows, mean } = spherical
    ? { rows: normalizeRows(matrix), mean: new Float64Array(matrix.columns) }
    : center(matrix);
  return {
    rows,
    mean,
    spherical,
    iterations,
    tolerance: tolerance * meanSquare(rows),
    centers: await seedCenters(backend, rows, clusters, seed, signal),
    assignments: new Uint32Array(rows.rows),
    iteration: 0,
    converged: rows.rows === 0,
  };
}

/** Goes on until it has come to rest, or `untilIteration` iterations are done. */
export async function runKmeans(
  backend: CpuBackend,
  kmeans: Kmeans,
  untilIteration: number = kmeans.iterations,
  { signal, onIteration }: RunOptions = {},
): Promise<void> {
  const before = backend.mark();
  try {
    const packed = await packRows(backend, kmeans.rows, signal);
    while (!kmeans.converged && kmeans.iteration < Math.min(untilIteration, kmeans.iterations)) {
      const assignments = await nearestCenters(backend, packed, kmeans.centers, signal);
      fillEmptyClusters(kmeans, assignments);
      const centers = await meansOf(backend, packed, kmeans, assignments, signal);
      const way = squaredWay(kmeans.centers, centers);
      const settled = kmeans.iteration > 0 && assignments.every((cluster, i) => cluster === kmeans.assignments[i]);
      kmeans.centers = centers;
      kmeans.assignments = assignments;
      kmeans.iteration++;
      kmeans.converged = settled || way <= kmeans.tolerance;
      onIteration?.(kmeans.iteration);
    }
  } finally {
    backend.release(before);
  }
}

/** The clusters as they are after the iterations that were run. */
export async function clustersOf(backend: CpuBackend, kmeans: Kmeans, { signal }: RunOptions = {}): Promise<Clusters> {
  const { rows, mean, iteration, converged } = kmeans;
  const before = backend.mark();
  const packed = await packRows(backend, rows, signal);
  const assignments = await nearestCenters(backend, packed, kmeans.centers, signal);
  backend.release(before);
  fillEmptyClusters(kmeans, assignments);

  const used = [...new Set(assignments)].sort((a, b) => a - b);
  const placeOf = new Map(used.map((cluster, place) => [cluster, place]));
  const centers = createMatrix(used.length, rows.columns);
  for (const [place, cluster] of used.entries()) {
    rowOf(kmeans.centers, cluster).forEach((value, c) => {
      centers.data[place * rows.columns + c] = value + (mean[c] ?? 0);
    });
  }
  const distances = new Float32Array(rows.rows);
  let inertia = 0;
  for (let i = 0; i < rows.rows; i++) {
    const square = squareBetween(rows, i, kmeans.centers, assignments[i] ?? 0);
    distances[i] = Math.sqrt(square);
    inertia += square;
  }
  return {
    centers,
    assignments: assignments.map((cluster) => placeOf.get(cluster) ?? 0),
    distances,
    inertia,
    iterations: iteration,
    converged,
  };
}

/** The nearest centre of each row, the first where several are: the definition. */
export function nearestCentersPlain(rows: Matrix, centers: Matrix): Uint32Array {
  return Uint32Array.from({ length: rows.rows }, (_, i) => {
    let nearest = 0;
    for (let j = 1; j < centers.rows; j++) {
      if (squareBetween(rows, i, centers, j) < squareBetween(rows, i, centers, nearest)) nearest = j;
    }
    return nearest;
  });
}

/** The same by tiles of a matrix product. */
async function nearestCenters(
  backend: CpuBackend,
  packed: Stored,
  centers: Matrix,
  signal: AbortSignal | undefined,
): Promise<Uint32Array> {
  const before = backend.mark();
  try {
    const references = await packRows(backend, centers, signal);
    const { candidates: nearest } = await search(backend, packed, references, 1, 'EUCLIDEAN', false, { signal });
    return backend.uint32(nearest, packed.n).slice();
  } finally {
    backend.release(before);
  }
}

/**
 * A cluster that has lost its points is given the point that is farthest from its own centre, so that no centre is wasted.
 * Where all points lie upon centres there is nothing to give: then there are more clusters than points that differ.
 */
function fillEmptyClusters({ rows, centers }: Kmeans, assignments: Uint32Array): void {
  const sizes = new Uint32Array(centers.rows);
  for (const cluster of assignments) sizes[cluster] = (sizes[cluster] ?? 0) + 1;
  const empty = Array.from(sizes.keys()).filter((cluster) => sizes[cluster] === 0);
  if (empty.length === 0) return;
  const squares = Float64Array.from(assignments, (cluster, i) => squareBetween(rows, i, centers, cluster));
  const farthest = Array.from(squares.keys()).sort((a, b) => (squares[b] ?? 0) - (squares[a] ?? 0) || a - b);
  for (const i of farthest) {
    if (!((squares[i] ?? 0) > 0)) return;
    const from = assignments[i] ?? 0;
    if ((sizes[from] ?? 0) < 2) continue;
    const to = empty.shift();
    if (to === undefined) return;
    assignments[i] = to;
    sizes[from] = (sizes[from] ?? 0) - 1;
    sizes[to] = 1;
  }
}

/** The mean of each cluster's rows, brought to length 1 on the sphere; a centre without rows stays where it is. */
async function meansOf(
  backend: CpuBackend,
  { at, n, d }: Stored,
  { centers: { rows: k, data: before }, spherical }: Kmeans,
  assignments: Uint32Array,
  signal: AbortSignal | undefined,
): Promise<Matrix> {
  const mark = backend.mark();
  const assignmentsAt = backend.upload(assignments);
  const sumsAt = backend.allocate(k * d * 8);
  backend.float64(sumsAt, k * d).fill(0);
  const pieces = Math.min(d, 4 * backend.threadCount);
  const border = (piece: number) => Math.floor((piece * d) / pieces);
  await backend.run(
    'clusterSums',
    pieces,
    (piece) => [at, n, d, assignmentsAt, sumsAt, border(piece), border(piece + 1)],
    { signal },
  );
  const sums = backend.float64(sumsAt, k * d);
  const sizes = new Uint32Array(k);
  for (const cluster of assignments) sizes[cluster] = (sizes[cluster] ?? 0) + 1;
  const centers = createMatrix(k, d);
  for (let cluster = 0; cluster < k; cluster++) {
    const size = sizes[cluster] ?? 0;
    for (let c = cluster * d; c < (cluster + 1) * d; c++) {
      centers.data[c] = size === 0 ? (before[c] ?? 0) : (sums[c] ?? 0) / size;
    }
  }
  backend.release(mark);
  return spherical ? normalizeRows(centers) : centers;
}

function squareBetween(rows: Matrix, i: number, others: Matrix, j: number): number {
  const d = rows.columns;
  let square = 0;
  for (let c = 0; c < d; c++) {
    const difference = (rows.data[i * d + c] ?? 0) - (others.data[j * d + c] ?? 0);
    square += difference * difference;
  }
  return square;
}

function squaredWay(from: Matrix, to: Matrix): number {
  let square = 0;
  for (let i = 0; i < from.rows; i++) square += squareBetween(from, i, to, i);
  return square;
}

/** Less the mean, squares are no larger than the spread asks for, and their differences lose fewer digits. */
function center({ rows: n, columns: d, data }: Matrix): { rows: Matrix; mean: Float64Array } {
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let c = 0; c < d; c++) mean[c] = (mean[c] ?? 0) + (data[i * d + c] ?? 0);
  for (let c = 0; c < d; c++) mean[c] = (mean[c] ?? 0) / Math.max(1, n);
  const rows = createMatrix(n, d);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < d; c++) rows.data[i * d + c] = (data[i * d + c] ?? 0) - (mean[c] ?? 0);
  }
  return { rows, mean };
}

function meanSquare({ rows, columns, data }: Matrix): number {
  let square = 0;
  for (const value of data) square += value * value;
  return square / Math.max(1, rows * columns);
}
