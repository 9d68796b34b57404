/**
 * PaCMAP: pairwise controlled manifold approximation (Wang, Huang, Rudin and Shaposhnik 2021, "Understanding how dimension
 * reduction tools work", JMLR 22, algorithm 1), and LocalMAP (Wang, Sun, Huang and Rudin 2024, "Dimension reduction with locally
 * adjusted graphs", AAAI 2025), which goes on from it.
 *
 * Near pairs pull, further pairs push, and mid-near pairs pull at first, so that the whole finds its shape before the parts
 * do. The weights of the three change over three phases of 100, 100 and 250 iterations. LocalMAP lets go of near pairs that lie far apart on the
 * map in the last phase, and takes its further pairs from what lies close there, which sets groups apart that had run into each other.
 *
 * n points, c components. A run is a state that can be stopped, kept and resumed: `initialize`, then `run` until some iteration,
 * as often as wanted; the positions do not depend on where it was stopped, nor on the number of threads.
 */
import { type Backend, processorOf } from '../backend.ts';
import type { CpuBackend } from '../cpu/backend.ts';
import type { GpuBackend } from '../gpu/backend.ts';
import { cutRows } from '../graph.ts';
import type { Metric, Neighbors } from '../knn.ts';
import type { Matrix } from '../matrix.ts';
import { fromPlanes, scaleToDeviation, toPlanes } from '../planes.ts';
import { type PairForces, type PairLayout, type Pairs, rateOf } from './layout.ts';
import { runPairsOnGpu } from './layoutOnGpu.ts';
import { bothWays, furtherPairs, midPairs, nearerFurtherPairs, nearPairs } from './pairs.ts';

export interface PacmapOptions {
  /** Near pairs per point. Larger looks at wider neighbourhoods. Default: 10, and 15 more for each factor of ten beyond 10,000 points. */
  readonly neighbors?: number;
  /** Mid-near pairs per near pair. Larger holds on to the shape of the whole. */
  readonly midNearRatio?: number; // 0.5
  /** Further pairs per near pair. Larger pushes groups further apart. */
  readonly furtherRatio?: number; // 2
  /** Iterations of the three phases. Larger refines the map and takes longer in proportion. */
  readonly phases?: readonly [number, number, number]; // 100, 100, 250
  /** LocalMAP in the last phase. */
  readonly local?: boolean; // false
  /** Of LocalMAP: further pairs are looked for within this distance on the map. Larger looks at wider surroundings. */
  readonly reach?: number; // 10
  /** Of the pairs and of the noise at the start. */
  readonly seed?: number; // 42
}

export interface Pacmap {
  readonly n: number;
  readonly near: Uint32Array;
  readonly mid: Uint32Array;
  /** Of LocalMAP these change. */
  further: Uint32Array;
  readonly phases: readonly [number, number, number];
  readonly iterations: number;
  readonly local: boolean;
  readonly reach: number;
  readonly seed: number;
  readonly layout: PairLayout;
}

/** Neighbours beyond the near pairs, from which these are chosen. */
export const SPARE_NEIGHBORS = 50;
/** Standard deviation of the first component at the start: about that of the paper's 0.01 times the principal coordinates of data in [0, 1]. */
const START_DEVIATION = 0.05;
/** Noise at the start, so that equal points part. */
const START_NOISE = 1e-4;
/** Iterations for which LocalMAP's further pairs stay. */
const LOCAL_EVERY = 10;
/** A point costs as much as this many pairs besides its own. */
const POINT_COST = 8;

/** Near pairs per point where none are asked for. */
export function usualNeighbors(n: number): number {
  return n <= 10_000 ? 10 : Math.round(10 + 15 * (Math.log10(n) - 4));
}

/**
 * @param matrix (n, d): the vectors, among which mid-near pairs are looked for
 * @param neighbors `SPARE_NEIGHBORS` more than there will be near pairs, or all others where there are fewer
 * @param start (n, c), c 2 or 3: where the points begin, for example principal components
 */
export async function initializePacmap(
  backend: Backend,
  matrix: Matrix,
  metric: Metric,
  neighbors: Neighbors,
  start: Matrix,
  options: PacmapOptions = {},
  signal?: AbortSignal | undefined,
): Promise<Pacmap> {
  const { n, k } = neighbors;
  const {
    midNearRatio = 0.5,
    furtherRatio = 2,
    phases = [100, 100, 250],
    local = false,
    reach = 10,
    seed = 42,
  } = options;
  if (start.columns !== 2 && start.columns !== 3) {
    throw new RangeError(`The start has ${start.columns} components; wanted: 2 or 3.`);
  }
  const count = Math.min(options.neighbors ?? usualNeighbors(n), k);
  const others = (ratio: number) => Math.min(Math.round(ratio * count), n - 1);
  const near = nearPairs(neighbors, count);
  return {
    n,
    near,
    mid: await midPairs(processorOf(backend), matrix, metric, others(midNearRatio), seed, signal),
    further: furtherPairs(n, near, others(furtherRatio), seed),
    ...{ phases, local, reach, seed },
    iterations: phases[0] + phases[1] + phases[2],
    layout: {
      dimensions: start.columns,
      iteration: 0,
      positions: toPlanes(start, scaleToDeviation(start, START_DEVIATION), START_NOISE, seed),
      momentum: new Float32Array(n * start.columns),
      velocity: new Float32Array(n * start.columns),
    },
  };
}

/** The weights of the three kinds of pairs in an iteration, counted from 0 (algorithm 1, table of weights). */
export function forcesOf(
  { phases, local, reach }: Pick<Pacmap, 'phases' | 'local' | 'reach'>,
  iteration: number,
): PairForces {
  const [first, second] = phases;
  if (iteration < first) {
    const done = iteration / first;
    return { near: 2, mid: 1000 * (1 - done) + 3 * done, further: 1, reach: 0 };
  }
  if (iteration < first + second) return { near: 3, mid: 3, further: 1, reach: 0 };
  return { near: 1, mid: 0, further: 1, reach: local ? reach : 0 };
}

/** Where the points are: (n, c). */
export function pacmapCoordinates({ n, layout: { dimensions, positions } }: Pacmap): Matrix {
  return fromPlanes(positions, n, dimensions);
}

export interface PacmapRunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each iteration, on a graphics card after some; while it runs nothing else does. */
  readonly onIteration?: ((iteration: number) => void) | undefined;
}

/**
 * Goes on until `untilIteration` iterations are done. `pacmap` holds the state afterwards; when `signal` stopped it, that after the
 * last whole iteration, or on a graphics card as it was some iterations before.
 */
export async function runPacmap(
  on: Backend,
  pacmap: Pacmap,
  untilIteration: number = pacmap.iterations,
  { signal, onIteration }: PacmapRunOptions = {},
): Promise<void> {
  if (on.device === 'GPU') return await runOnCard(on, pacmap, untilIteration, { signal, onIteration });
  const backend = on;
  const { n, layout } = pacmap;
  const { dimensions } = layout;
  const length = dimensions * n;
  const before = backend.mark();
  const near = bothWays(n, pacmap.near);
  const nearAt = uploadPairs(backend, near);
  const midAt = uploadPairs(backend, bothWays(n, pacmap.mid));
  const momentum = backend.upload(layout.momentum);
  const velocity = backend.upload(layout.velocity);
  let from = backend.upload(layout.positions);
  let to = backend.allocate(length * 4);
  const mark = backend.mark();
  let furtherAt = uploadPairs(backend, bothWays(n, pacmap.further));
  const graph = { n, starts: near.starts, columns: near.columns, weights: new Float32Array(0) };
  const pieces = cutRows(graph, 4 * backend.threadCount, POINT_COST + 3 * (pacmap.further.length / Math.max(1, n)), 1);
  try {
    while (layout.iteration < Math.min(untilIteration, pacmap.iterations)) {
      const { iteration } = layout;
      const { near: nearWeight, mid: midWeight, further: furtherWeight, reach } = forcesOf(pacmap, iteration);
      if (isRenewal(pacmap, iteration)) {
        renewFurther(pacmap, backend.float32(from, length), iteration);
        backend.release(mark);
        furtherAt = uploadPairs(backend, bothWays(n, pacmap.further));
      }
      await backend.run('pairsStep', pieces.length - 1, (piece) => [
        ...[n, dimensions, ...nearAt, ...midAt, ...furtherAt, from, to, momentum, velocity],
        ...[nearWeight, midWeight, furtherWeight, reach, rateOf(iteration), pieces[piece] ?? 0, pieces[piece + 1] ?? 0],
      ]);
      [from, to] = [to, from];
      layout.iteration = iteration + 1;
      onIteration?.(layout.iteration);
      signal?.throwIfAborted();
    }
  } finally {
    layout.positions = backend.float32(from, length).slice();
    layout.momentum.set(backend.float32(momentum, length));
    layout.velocity.set(backend.float32(velocity, length));
    backend.release(before);
  }
}

/** The same on a graphics card, which is left where further pairs are chosen anew. */
async function runOnCard(
  backend: GpuBackend,
  pacmap: Pacmap,
  untilIteration: number,
  options: PacmapRunOptions,
): Promise<void> {
  const { n, layout } = pacmap;
  const end = Math.min(untilIteration, pacmap.iterations);
  while (layout.iteration < end) {
    const from = layout.iteration;
    if (isRenewal(pacmap, from)) renewFurther(pacmap, layout.positions, from);
    let until = from + 1;
    while (until < end && !isRenewal(pacmap, until)) until++;
    const kinds = () => ({
      near: bothWays(n, pacmap.near),
      mid: bothWays(n, pacmap.mid),
      further: bothWays(n, pacmap.further),
    });
    const pairs = { owner: pacmap.local ? null : pacmap, kinds };
    await runPairsOnGpu(backend, layout, pairs, until, (iteration) => forcesOf(pacmap, iteration), options);
  }
}

/** Whether LocalMAP chooses its further pairs anew before this iteration. */
function isRenewal({ phases, local, reach }: Pacmap, iteration: number): boolean {
  const intoLast = iteration - phases[0] - phases[1];
  return local && reach > 0 && intoLast >= 0 && intoLast % LOCAL_EVERY === 0;
}

function renewFurther(pacmap: Pacmap, positions: Float32Array, iteration: number): void {
  const { n, near, further, reach, seed } = pacmap;
  pacmap.further = nearerFurtherPairs(positions, n, near, further, reach, seed, iteration);
}

function uploadPairs(backend: CpuBackend, { starts, columns }: Pairs): readonly [number, number] {
  return [backend.upload(starts), backend.upload(columns)];
}
