/**
 * UMAP: Uniform Manifold Approximation and Projection (McInnes, Healy and Melville 2018, arXiv:1802.03426), laid out by a
 * gather over the symmetric graph with shared negatives and Adam: see layout.ts.
 *
 * n points, k neighbours, c components. A run is a state that can be stopped, kept and resumed: `initialize`, then `run` until
 * some epoch, as often as wanted; the positions do not depend on where it was stopped, nor on the number of threads.
 */
import { type Backend, processorOf } from '../backend.ts';
import type { Graph } from '../graph.ts';
import type { Neighbors } from '../knn.ts';
import { createMatrix, type Matrix } from '../matrix.ts';
import { fromPlanes, toPlanes } from '../planes.ts';
import { createRandom } from '../random.ts';
import { fitCurve } from './curve.ts';
import { type Density, type DensityOptions, densityOf } from './density.ts';
import { fuzzyGraph } from './fuzzyGraph.ts';
import type { Forces, Layout } from './layout.ts';
import { runUmapOnCpu } from './layoutOnCpu.ts';
import { runUmapOnGpu } from './layoutOnGpu.ts';
import { spectralStart } from './spectral.ts';
import { type Target, withTarget } from './target.ts';

export interface UmapOptions {
  /** Least distance between neighbours on the map, in map units, 0 to `spread`. Larger spreads groups out; smaller packs them. */
  readonly minDist?: number; // 0.1
  /** Scale of the map in map units, above 0. Larger draws groups wider. */
  readonly spread?: number; // 1
  /** Times every edge is looked at. Larger refines the map and takes longer in proportion. Default 200. */
  readonly epochs?: number;
  /** Random points that push, for every edge that pulls. Larger pushes groups further apart; costs nothing here. */
  readonly negativeRate?: number; // 5
  /** Strength of their push. Larger pushes groups further apart. */
  readonly repulsionStrength?: number; // 1
  /** Neighbours taken to be connected for certain. Larger ties local groups together. */
  readonly localConnectivity?: number; // 1
  /** 1: union of both ends' views; 0: intersection. Smaller leaves only mutual neighbours connected. */
  readonly setOperationMix?: number; // 1
  /** Seed of the noise at the start and of the random points. */
  readonly seed?: number; // 42
}

/** Beside the numbers: where points begin, and what else is known of them. */
export interface UmapStartOptions extends UmapOptions {
  /**
   * Where points begin: GIVEN, at the start given, along the principal components or on another map; SPECTRAL, by the graph alone, which
   * shows what hangs together (spectral.ts); RANDOM, which shows what of a map is chance.
   */
  readonly initialization?: 'GIVEN' | 'SPECTRAL' | 'RANDOM'; // GIVEN
  /** A category or a number of each point that draws those alike together: supervised, or semi-supervised where some are not known. */
  readonly target?: Target | undefined;
  /** How much the target counts against the vectors, 0 to 1. Larger separates categories more. Ignored without a target. */
  readonly targetWeight?: number; // 0.5
  /** The graph of the neighbours (`fuzzyGraphOn`), of the same options, where it is made already; otherwise it is made here, plainly. */
  readonly graph?: Graph | undefined;
  /** Given: dense places are dense on the map, too, as densMAP makes them (density.ts). */
  readonly density?: DensityOptions | undefined;
}

export interface Umap {
  readonly graph: Graph;
  readonly forces: Forces;
  /** Null: densities are left as they come. */
  readonly density: Density | null;
  readonly epochs: number;
  readonly seed: number;
  readonly layout: Layout;
}

/** Extent of the start: the coordinate farthest from 0 is put here. */
const START_EXTENT = 10;
const START_NOISE = 1e-4;
/** For clustering more than three are useful; beyond ten the map is no map. */
export const COMPONENTS_MOST = 10;

/**
 * @param start (n, c), c from 2 to 10: where the points begin, for example principal components; spread to an extent of 10
 */
export function initializeUmap(neighbors: Neighbors, start: Matrix, options: UmapStartOptions = {}): Umap {
  const { n, k, ids, distances } = neighbors;
  const { epochs = 200, seed = 42, negativeRate = 5, repulsionStrength = 1 } = options;
  const { localConnectivity = 1, setOperationMix = 1, minDist = 0.1, spread = 1 } = options;
  const { initialization = 'GIVEN', target, targetWeight = 0.5, density } = options;
  if (!(start.columns >= 1 && start.columns <= COMPONENTS_MOST)) {
    throw new RangeError(`The start has ${start.columns} components; wanted: from 1 to ${COMPONENTS_MOST}.`);
  }
  const untargeted = options.graph ?? fuzzyGraph(ids, distances, n, k, { localConnectivity, setOperationMix });
  const graph = target === undefined ? untargeted : withTarget(untargeted, target, targetWeight);
  const begin = {
    GIVEN: () => start,
    SPECTRAL: () => spectralStart(graph, start),
    RANDOM: () => randomStart(start, seed),
  };
  const prepared = prepareForEpochs(graph, epochs);
  return {
    graph: prepared,
    density: density === undefined ? null : densityOf(prepared, neighbors, density),
    forces: { ...fitCurve(minDist, spread), repulsion: negativeRate * repulsionStrength },
    epochs,
    seed,
    layout: {
      dimensions: start.columns,
      epoch: 0,
      positions: spreadStart(begin[initialization](), seed),
      momentum: new Float32Array(n * start.columns),
      velocity: new Float32Array(n * start.columns),
    },
  };
}

/**
 * The same run with other forces from here on, for a map that is changed while it is watched. What is not given stays as it is.
 * @param options minDist and spread belong together: of one alone the other has its default
 */
export function withForces(
  umap: Umap,
  options: Pick<UmapOptions, 'minDist' | 'spread' | 'negativeRate' | 'repulsionStrength'>,
): Umap {
  const { minDist, spread, negativeRate = 5, repulsionStrength = 1 } = options;
  const curve = minDist === undefined && spread === undefined ? umap.forces : fitCurve(minDist ?? 0.1, spread ?? 1);
  const pushes = options.negativeRate !== undefined || options.repulsionStrength !== undefined;
  const repulsion = pushes ? negativeRate * repulsionStrength : umap.forces.repulsion;
  return { ...umap, forces: { a: curve.a, b: curve.b, repulsion } };
}

/** Where the points are: (n, c). */
export function umapCoordinates({ graph: { n }, layout: { dimensions, positions } }: Umap): Matrix {
  return fromPlanes(positions, n, dimensions);
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each epoch, on a graphics card after some; while it runs nothing else does. */
  readonly onEpoch?: ((epoch: number) => void) | undefined;
}

/**
 * Goes on until `untilEpoch` epochs are done. `umap.layout` holds the state afterwards; when `signal` stopped it, that after the last
 * whole epoch, or on a graphics card as it was before.
 */
export async function runUmap(
  on: Backend,
  umap: Umap,
  untilEpoch: number = umap.epochs,
  { signal, onEpoch }: RunOptions = {},
): Promise<void> {
  if (on.device === 'GPU') return await runUmapOnGpu(on, umap, untilEpoch, { signal, onEpoch });
  await runUmapOnCpu(processorOf(on), umap, untilEpoch, { signal, onEpoch });
}

/** Divides weights by the greatest and leaves out edges that would be sampled less than once in all epochs. */
function prepareForEpochs(graph: Graph, epochs: number): Graph {
  const { n } = graph;
  const greatest = graph.weights.reduce((most, weight) => Math.max(most, weight), 0);
  const starts = new Uint32Array(n + 1);
  const columns = new Uint32Array(graph.columns.length);
  const weights = new Float32Array(graph.weights.length);
  let count = 0;
  for (let i = 0; i < n; i++) {
    for (let entry = graph.starts[i] ?? 0; entry < (graph.starts[i + 1] ?? 0); entry++) {
      const weight = (graph.weights[entry] ?? 0) / greatest;
      if (!(weight >= 1 / epochs)) continue; // nor where all weigh nothing: a target that counts alone may have none alike
      columns[count] = graph.columns[entry] ?? 0;
      weights[count] = weight;
      count++;
    }
    starts[i + 1] = count;
  }
  return { n, starts, columns: columns.slice(0, count), weights: weights.slice(0, count) };
}

/** Scaled so that the farthest coordinate is 10, with noise so that equal points part. */
function spreadStart(start: Matrix, seed: number): Float32Array {
  const extent = start.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return toPlanes(start, extent > 0 ? START_EXTENT / extent : 0, START_NOISE, seed);
}

/** Anywhere in a cube. */
function randomStart({ rows, columns }: Matrix, seed: number): Matrix {
  const random = createRandom(seed);
  return createMatrix(
    rows,
    columns,
    Float32Array.from({ length: rows * columns }, () => 2 * random.uniform() - 1),
  );
}
