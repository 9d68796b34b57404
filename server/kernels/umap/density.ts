/**
 * densMAP: a map by UMAP whose dense places are dense and whose sparse places are sparse (Narayan, Berger and Cho 2021, "Assessing
 * single-cell transcriptomic variability through density-preserving data visualization", Nature Biotechnology 39).
 *
 * The local radius of a point is the mean squared distance to those it is connected to (ibid., Methods, "Local radius"):
 *   among the vectors  R_i = sum_j w(i,j) d(i,j)^2 / sum_j w(i,j)          over its row of the fuzzy graph,
 *   on the map         S_i = sum_j q(i,j) |y_i - y_j|^2 / sum_j q(i,j)     over the same edges, q = 1 / (1 + a |y_i - y_j|^(2b)).
 * In the last epochs the layout also makes the correlation of log S with log R large: it follows the gradient of
 *   weight * M * corr(log S, log R),   M = sum of the weights of all edges,
 * beside that of UMAP's cross-entropy; M makes both of one size (umap-learn's `dens_lambda`). With r_i = log R_i at mean 0 and deviation
 * 1, s_i = log S_i, and sigma^2 = var s + shift, by the chain rule:
 *   d corr / d s_i          = (r_i - cov(s, r) (s_i - mean s) / sigma^2) / (n sigma) =: c_i
 *   d s_i / d |y_i - y_j|^2 = q / Q_i * ((1 - b (1 - q)) / S_i + b (1 - q) / |y_i - y_j|^2),   Q_i = sum_j q(i,j)
 * and an edge moves y_i by both its ends' share of that, times 2 (y_i - y_j): twice, since either end would move the other, and clipped to
 * ±4 for an edge of weight 1, both as attraction does.
 *
 * n points. The plain form, and the oracle of cpu/assembly/density.ts and density.wgsl.
 */
import { symmetricGraph } from '../graph.ts';
import { type Neighbors, NONE } from '../knn.ts';
import type { Curve } from './curve.ts';
import type { Graph } from './fuzzyGraph.ts';
import { clip } from './layout.ts';

export interface DensityOptions {
  /** How much densities count against neighbours, from 0. Larger keeps them better, and neighbours worse. */
  readonly weight?: number; // 2
  /** Share of the epochs, the last ones, in which they count, 0 to 1. Larger gives them more time. */
  readonly share?: number; // 0.3
  /** Added to the variance of the map's log radii, above 0. Larger holds back maps whose radii hardly differ yet. */
  readonly varianceShift?: number; // 0.1
}

export interface Density extends Required<DensityOptions> {
  /** Float32Array (n): log radii among the vectors, at mean 0 and deviation 1; NaN where a point is connected to none. */
  readonly radii: Float32Array;
}

/** Least radius, against the logarithm of 0: of the map in its units, of the vectors as a share of the mean radius. */
const LEAST_RADIUS = 1e-8;

/** @param neighbors of the graph's points: from them come the lengths of its edges */
export function densityOf(graph: Graph, neighbors: Neighbors, options: DensityOptions): Density {
  const { weight = 2, share = 0.3, varianceShift = 0.1 } = options;
  return { weight, share, varianceShift, radii: standardize(logRadii(graph, neighbors)) };
}

/** The first epoch in which densities count; all that there are, where they never do. */
export function firstDenseEpoch({ weight, share }: Density, epochs: number): number {
  return weight > 0 ? Math.round((1 - share) * epochs) : epochs;
}

/**
 * log R_i of each point, Float64Array (n); NaN where it is connected to none.
 * @param graph of these neighbours, in which some of their edges may be left out
 */
export function logRadii(
  graph: Graph,
  { n, k, ids, distances }: Pick<Neighbors, 'n' | 'k' | 'ids' | 'distances'>,
): Float64Array {
  // An edge of length 0 is none to `symmetricGraph`.
  const lengths = distances.map((distance, at) => (ids[at] === NONE ? 0 : Math.max(distance, 1.2e-38)));
  const all = symmetricGraph(ids, lengths, n, k, Math.max);
  const radii = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let at = all.starts[i] ?? 0;
    let sum = 0;
    let weights = 0;
    for (let entry = graph.starts[i] ?? 0; entry < (graph.starts[i + 1] ?? 0); entry++) {
      const j = graph.columns[entry] ?? 0;
      while ((all.columns[at] ?? NONE) < j) at++;
      const weight = graph.weights[entry] ?? 0;
      sum += weight * (all.weights[at] ?? 0) ** 2;
      weights += weight;
    }
    radii[i] = weights > 0 ? sum / weights : Number.NaN;
  }
  const known = radii.filter((radius) => !Number.isNaN(radius));
  const least = (LEAST_RADIUS * known.reduce((sum, radius) => sum + radius, 0)) / Math.max(1, known.length);
  return radii.map((radius) => Math.log(radius + (least || LEAST_RADIUS)));
}

function standardize(values: Float64Array): Float32Array {
  const { mean, deviation } = momentsOf(values);
  return Float32Array.from(values, (value) => (deviation > 0 ? (value - mean) / deviation : 0 * value));
}

/** Of those that are numbers. */
function momentsOf(values: Float64Array): { mean: number; deviation: number; count: number } {
  let count = 0;
  let sum = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    count++;
    sum += value;
  }
  const mean = sum / Math.max(1, count);
  let squares = 0;
  for (const value of values) if (!Number.isNaN(value)) squares += (value - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / Math.max(1, count)), count };
}

/**
 * Q_i and Q_i S_i of each point, Float32Array (2, n): the first half the sums of q, the second those of q |y_i - y_j|^2.
 * @param positions Float32Array (dimensions, n)
 */
export function mapSums(positions: Float32Array, dimensions: number, graph: Graph, { a, b }: Curve): Float32Array {
  const { n, starts, columns } = graph;
  const sums = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    let q = 0;
    let lengths = 0;
    for (let entry = starts[i] ?? 0; entry < (starts[i + 1] ?? 0); entry++) {
      const d2 = squaredDistance(positions, n, dimensions, i, columns[entry] ?? 0);
      const membership = 1 / (1 + a * d2 ** b);
      q += membership;
      lengths += membership * d2;
    }
    sums[i] = q;
    sums[n + i] = lengths;
  }
  return sums;
}

/**
 * What of the gradient belongs to a point and not to an edge, Float32Array (2, n): weight * M * c_i / (Q_i S_i), then
 * weight * M * c_i / Q_i; zeros for a point without edges.
 * @param sums as `mapSums` gives them
 */
export function densityTerms(
  { radii, weight, varianceShift }: Density,
  { n, weights }: Graph,
  sums: Float32Array,
): Float32Array {
  const logs = logMapRadii(sums, n);
  const { mean, deviation, count } = momentsOf(logs);
  const variance = deviation ** 2 + varianceShift;
  let covariance = 0;
  for (let i = 0; i < n; i++) if (isKnown(i)) covariance += ((logs[i] ?? 0) - mean) * (radii[i] ?? 0);
  covariance /= Math.max(1, count);
  let edges = 0;
  for (const each of weights) edges += each / 2;
  const factor = (weight * edges) / (Math.max(1, count) * Math.sqrt(variance));
  const terms = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    if (!isKnown(i)) continue;
    const q = sums[i] ?? 0;
    const c = factor * ((radii[i] ?? 0) - (covariance * ((logs[i] ?? 0) - mean)) / variance);
    terms[i] = c / (q * Math.exp(logs[i] ?? 0));
    terms[n + i] = c / q;
  }
  return terms;

  function isKnown(i: number): boolean {
    return (sums[i] ?? 0) > 0 && !Number.isNaN(radii[i]);
  }
}

/** log S_i, NaN for a point without edges. */
function logMapRadii(sums: Float32Array, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    const q = sums[i] ?? 0;
    return q > 0 ? Math.log(LEAST_RADIUS + (sums[n + i] ?? 0) / q) : Number.NaN;
  });
}

/** The force of density upon each point, Float32Array (dimensions, n). @param terms as `densityTerms` gives them */
export function densityForces(
  positions: Float32Array,
  dimensions: number,
  { n, starts, columns, weights }: Graph,
  { a, b }: Curve,
  terms: Float32Array,
): Float32Array {
  const forces = new Float32Array(n * dimensions);
  for (let i = 0; i < n; i++) {
    for (let entry = starts[i] ?? 0; entry < (starts[i + 1] ?? 0); entry++) {
      const j = columns[entry] ?? 0;
      const weight = weights[entry] ?? 0;
      const d2 = squaredDistance(positions, n, dimensions, i, j);
      if (d2 === 0) continue;
      const q = 1 / (1 + a * d2 ** b);
      const bent = b * (1 - q);
      const ends = (terms[i] ?? 0) + (terms[j] ?? 0);
      const endsByLength = (terms[n + i] ?? 0) + (terms[n + j] ?? 0);
      const force = (2 * q * ((1 - bent) * ends + (bent / d2) * endsByLength)) / weight;
      for (let c = 0; c < dimensions; c++) {
        const at = c * n + i;
        const difference = (positions[at] ?? 0) - (positions[c * n + j] ?? 0);
        forces[at] = (forces[at] ?? 0) + 2 * weight * clip(force * difference);
      }
    }
  }
  return forces;
}

/** Correlation of the log radii on the map with those among the vectors, -1 to 1: what densMAP makes large. 0 where either does not differ. */
export function densityCorrelation({ radii }: Density, sums: Float32Array): number {
  const logs = logMapRadii(sums, radii.length);
  const { mean, deviation, count } = momentsOf(logs);
  let sum = 0;
  logs.forEach((value, i) => {
    if (!Number.isNaN(value) && !Number.isNaN(radii[i])) sum += (value - mean) * (radii[i] ?? 0);
  });
  return deviation > 0 ? sum / count / deviation : 0;
}

function squaredDistance(positions: Float32Array, n: number, dimensions: number, i: number, j: number): number {
  let sum = 0;
  for (let c = 0; c < dimensions; c++) sum += ((positions[c * n + i] ?? 0) - (positions[c * n + j] ?? 0)) ** 2;
  return sum;
}
