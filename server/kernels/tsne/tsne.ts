/**
 * t-SNE: t-distributed stochastic neighbour embedding (van der Maaten and Hinton 2008; van der Maaten 2014), with the schedule
 * that later work has settled on (Belkina et al. 2019, "Automated optimized parameters for t-SNE", Nature Communications 10;
 * Kobak and Berens 2019, "The art of using t-SNE for single-cell transcriptomics", ibid.): a start along the principal
 * components, exaggerated affinities at first, a learning rate of n / exaggeration.
 *
 * In each iteration: the repulsion of all pairs, by a grid (2 dimensions: grid.ts) or a tree (3: cpu/assembly/tsneTree.ts); then
 * attraction by the affinities, and a step (gradient.ts).
 *
 * n points, c components. A run is a state that can be stopped, kept and resumed: `initialize`, then `run` until some iteration,
 * as often as wanted; the positions do not depend on where it was stopped, nor on the number of threads.
 */
import { type Backend, processorOf } from '../backend.ts';
import type { CpuBackend } from '../cpu/backend.ts';
import { cutRows, type Graph } from '../graph.ts';
import type { Neighbors } from '../knn.ts';
import type { Matrix } from '../matrix.ts';
import { fromPlanes, scaleToDeviation, toPlanes } from '../planes.ts';
import { affinities } from './affinities.ts';
import { divergence, type TsneLayout, type TsneStep } from './gradient.ts';
import { runTsneOnGpu } from './gradientOnGpu.ts';
import { type Grid, gridFor, halfOf, kernelSpectra, selfAffinity, turns } from './grid.ts';

export interface TsneOptions {
  /** Effective number of neighbours of each point, above 1. Larger looks at wider neighbourhoods. At most a third of the neighbours known. */
  readonly perplexity?: number; // 30
  /** Steps in all. Larger lets the map unfold further. */
  readonly iterations?: number; // 1000
  /** Factor of the affinities at first, from 1. Larger gathers groups more tightly before they find their places. */
  readonly earlyExaggeration?: number; // 12
  /** Steps with it. Larger gives groups more time to find their places. */
  readonly earlyIterations?: number; // 250
  /** Factor of the affinities afterwards, from 1. Larger shows groups as such, further apart; above 1 for very many points. */
  readonly exaggeration?: number; // 1
  /** Length of the steps, above 0. Larger is faster until it scatters the points. Default: n / exaggeration, n / 12 at first. */
  readonly learningRate?: number;
  /** Share of the last move that is kept, 0 to 1. Larger is faster and less steady. */
  readonly momentum?: number; // 0.8
  /** Of the noise at the start. */
  readonly seed?: number; // 42
}

export interface Tsne {
  readonly affinities: Graph;
  /** What was used: at most a third of the neighbours. */
  readonly perplexity: number;
  readonly iterations: number;
  readonly earlyExaggeration: number;
  readonly earlyIterations: number;
  readonly exaggeration: number;
  /** Null: n / exaggeration. */
  readonly learningRate: number | null;
  readonly momentum: number;
  readonly layout: TsneLayout;
}

/** Standard deviation of the first component at the start (Kobak and Berens 2019): so small that no pair is apart yet. */
const START_DEVIATION = 1e-4;
/** Noise at the start, so that equal points part: a hundredth of that. */
const START_NOISE = 1e-6;
/** No point goes further in one step, in map units: far less than the extent of any map, far more than a usual step. */
const LONGEST_MOVE = 5;
/** Cells of the tree count as points where their side is below this share of the distance: the usual compromise (van der Maaten 2014, section 5). */
const THETA = 0.5;
/** A point costs as much as this many edges besides its own: its repulsion and its step. */
const POINT_COST = 16;

/**
 * @param neighbors three times the perplexity of them, or all others where there are fewer
 * @param start (n, c), c 2 or 3: where the points begin, for example principal components
 * @param made the affinities, of `perplexityFor`, where they are made already (`affinitiesOn`); otherwise they are made here, plainly
 */
export function initializeTsne(
  neighbors: Neighbors,
  start: Matrix,
  options: TsneOptions = {},
  made?: Graph | undefined,
): Tsne {
  const { n, k, ids, distances } = neighbors;
  const { perplexity = 30, iterations = 1000, earlyExaggeration = 12, earlyIterations = 250 } = options;
  const { exaggeration = 1, learningRate = null, momentum = 0.8, seed = 42 } = options;
  if (!(perplexity > 1)) throw new RangeError(`perplexity is ${perplexity}; wanted: more than 1.`);
  if (start.columns !== 2 && start.columns !== 3) {
    throw new RangeError(`The start has ${start.columns} components; wanted: 2 or 3.`);
  }
  const used = perplexityFor(neighbors, perplexity);
  return {
    affinities: made ?? affinities(ids, distances, n, k, used),
    perplexity: used,
    ...{ iterations, earlyExaggeration, earlyIterations: Math.min(earlyIterations, iterations) },
    ...{ exaggeration, learningRate, momentum },
    layout: {
      dimensions: start.columns,
      iteration: 0,
      positions: toPlanes(start, scaleToDeviation(start, START_DEVIATION), START_NOISE, seed),
      updates: new Float32Array(n * start.columns),
      gains: new Float32Array(n * start.columns).fill(1),
    },
  };
}

/** The perplexity that is used: at most a third of the neighbours, at least 1. */
export function perplexityFor({ n, k }: Pick<Neighbors, 'n' | 'k'>, perplexity = 30): number {
  return Math.max(1, Math.min(perplexity, Math.min(k, n - 1) / 3));
}

/** Where the points are, around 0: (n, c). */
export function tsneCoordinates({ affinities: { n }, layout: { dimensions, positions } }: Tsne): Matrix {
  const centred = positions.slice();
  for (let c = 0; c < dimensions; c++) {
    const plane = centred.subarray(c * n, (c + 1) * n);
    const mean = plane.reduce((sum, value) => sum + value, 0) / n;
    plane.forEach((value, i) => {
      plane[i] = value - mean;
    });
  }
  return fromPlanes(centred, n, dimensions);
}

export interface TsneRunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each iteration, on a graphics card after some; while it runs nothing else does. */
  readonly onIteration?: ((iteration: number) => void) | undefined;
}

/** Points up to which a graphics card compares all pairs. Beyond it the grid and the tree, which need not, are as fast on the processor. */
const ALL_PAIRS_POINTS = 250_000;

/**
 * Goes on until `untilIteration` iterations are done. `tsne.layout` holds the state afterwards; when `signal` stopped it, that after
 * the last whole iteration, or on a graphics card as it was before.
 */
export async function runTsne(
  on: Backend,
  tsne: Tsne,
  untilIteration: number = tsne.iterations,
  { signal, onIteration }: TsneRunOptions = {},
): Promise<void> {
  const { affinities: graph, layout } = tsne;
  const { n } = graph;
  if (on.device === 'GPU' && n <= ALL_PAIRS_POINTS) {
    const options = { signal, onIteration };
    return await runTsneOnGpu(on, tsne, untilIteration, (iteration) => stepOf(tsne, iteration), options);
  }
  const backend = processorOf(on);
  const { dimensions } = layout;
  const length = dimensions * n;
  const before = backend.mark();
  const graphAt = [backend.upload(graph.starts), backend.upload(graph.columns), backend.upload(graph.weights)];
  const updates = backend.upload(layout.updates);
  const gains = backend.upload(layout.gains);
  let from = backend.upload(layout.positions);
  let to = backend.allocate(length * 4);
  const forces = backend.allocate(length * 4);
  const pieces = cutRows(graph, 2 * backend.threadCount, POINT_COST, 1);
  const bounds = backend.allocate(pieces.length * 2 * dimensions * 4);
  const repulsion = dimensions === 2 ? repulsionByGrid(backend, n) : repulsionByTree(backend, n);
  let box = boundsOf(layout.positions, n, dimensions);
  try {
    while (layout.iteration < Math.min(untilIteration, tsne.iterations)) {
      const { exaggeration, learningRate, momentum, longest } = stepOf(tsne, layout.iteration);
      const sum = await repulsion(from, forces, box, signal);
      const step = [exaggeration, 1 / sum, learningRate, momentum, longest];
      // From here to the end of the iteration all or nothing: the signal is looked at between iterations.
      await backend.run('tsneStep', pieces.length - 1, (piece) => [
        ...[n, dimensions, ...graphAt, from, to, forces, updates, gains, ...step],
        ...[bounds + piece * 2 * dimensions * 4, pieces[piece] ?? 0, pieces[piece + 1] ?? 0],
      ]);
      box = joinBounds(backend.float32(bounds, (pieces.length - 1) * 2 * dimensions), dimensions);
      [from, to] = [to, from];
      layout.iteration++;
      onIteration?.(layout.iteration);
      signal?.throwIfAborted();
    }
  } finally {
    layout.positions = backend.float32(from, length).slice();
    layout.updates.set(backend.float32(updates, length));
    layout.gains.set(backend.float32(gains, length));
    backend.release(before);
  }
}

/** What holds in an iteration. */
function stepOf(tsne: Tsne, iteration: number): TsneStep {
  const exaggeration = iteration < tsne.earlyIterations ? tsne.earlyExaggeration : tsne.exaggeration;
  const { affinities, learningRate, momentum } = tsne;
  return { exaggeration, learningRate: learningRate ?? affinities.n / exaggeration, momentum, longest: LONGEST_MOVE };
}

/** The Kullback-Leibler divergence of the map from the affinities: what t-SNE makes small. Comparable between maps of the same affinities. */
export async function tsneDivergence(on: Backend, { affinities: graph, layout }: Tsne): Promise<number> {
  const { n } = graph;
  const { dimensions, positions } = layout;
  const backend = processorOf(on);
  const before = backend.mark();
  try {
    const at = backend.upload(positions);
    const forces = backend.allocate(positions.byteLength);
    const repulsion = dimensions === 2 ? repulsionByGrid(backend, n) : repulsionByTree(backend, n);
    const sum = await repulsion(at, forces, boundsOf(positions, n, dimensions));
    return divergence(positions, dimensions, graph, sum);
  } finally {
    backend.release(before);
  }
}

/** Least and greatest coordinate along each axis. */
interface Bounds {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * Fills `forces`, float32 (c, n), with sum over j of q^2 (y_i - y_j) for `positions`, which lie within `bounds`.
 * @returns Z, the sum of q over all pairs
 */
export type RepulsionOf = (positions: number, forces: number, bounds: Bounds, signal?: AbortSignal) => Promise<number>;

/** By interpolation on a grid: grid.ts. It allocates at once what it needs, and more as the map grows. */
export function repulsionByGrid(backend: CpuBackend, n: number): RepulsionOf {
  const order = backend.allocate(n * 4);
  const tables = gridTables(backend);
  return async (positions, forces, { low, high }, signal) => {
    const grid = gridFor([low[0] ?? 0, low[1] ?? 0], [high[0] ?? 0, high[1] ?? 0]);
    const { size, perUnit, originX, originY } = grid;
    const at = tables(grid);
    const half = halfOf(size);
    const [xs, ys] = [positions, positions + 4 * n];
    const place = [originX, originY, perUnit, size];
    const scratchOf = (thread: number) => at.scratch + thread * at.scratchBytes;
    const run = (...parameters: Parameters<typeof backend.run>) => backend.run(...parameters);
    const cut = (units: number) => cutEvenly(units, 2 * backend.threadCount);

    await run('gridSort', 1, () => [n, ys, originY, perUnit, size, order, at.rowStarts], { signal });
    const bands = cut(size / 16);
    await run('gridRows', bands.count, (piece, thread) => [
      ...[xs, ys, ...place, half, order, at.rowStarts, at.turns, at.spectrum, scratchOf(thread), ...bands.range(piece)],
    ]);
    const columns = cut(half / 4);
    await run('gridColumns', columns.count, (piece, thread) => [
      ...[
        size,
        half,
        at.turns,
        at.spectrum,
        at.kernels,
        at.fields,
        at.sums,
        scratchOf(thread),
        ...columns.range(piece),
      ],
    ]);
    const rows = cut(size / 8);
    await run('gridFields', rows.count, (piece, thread) => [
      ...[size, half, at.turns, at.fields, at.nodes, scratchOf(thread), ...rows.range(piece)],
    ]);
    const points = cut(n);
    await run('gridForces', points.count, (piece) => [
      ...[xs, ys, ...place, at.nodes, forces, forces + 4 * n, ...points.range(piece)],
    ]);
    const total = backend.float64(at.sums, half / 4).reduce((sum, part) => sum + part, 0);
    return total - n * at.self;
  };
}

/** What a grid needs in memory, made anew where it changes. The last made lies last in memory, so it is freed before the next. */
function gridTables(backend: CpuBackend) {
  let made: { readonly size: number; readonly perUnit: number; readonly at: ReturnType<typeof make> } | null = null;
  return (grid: Grid) => {
    if (made?.size !== grid.size || made.perUnit !== grid.perUnit) {
      if (made !== null) backend.release(made.at.mark);
      made = { size: grid.size, perUnit: grid.perUnit, at: make(grid) };
    }
    return made.at;
  };

  function make(grid: Grid) {
    const { size } = grid;
    const mark = backend.mark();
    const plane = (size / 2) * halfOf(size) * 4;
    const scratchBytes = 3 * 32 * size; // as the functions of tsneGrid.ts ask for, at the most
    const at = {
      mark,
      turns: backend.upload(turns(size)),
      kernels: backend.upload(kernelSpectra(grid)),
      rowStarts: backend.allocate((size / 2 + 1) * 4),
      spectrum: backend.allocate(2 * plane),
      fields: backend.allocate(4 * plane),
      nodes: backend.allocate(2 * (size / 2) ** 2 * 4),
      sums: backend.allocate((halfOf(size) / 4) * 8),
      scratch: backend.allocate(backend.threadCount * scratchBytes),
      scratchBytes,
      self: selfAffinity(grid.perUnit),
    };
    // Columns that only fill up the last group of four are read, and never written.
    backend.float32(at.spectrum, (2 * plane) / 4).fill(0);
    return at;
  }
}

/** By a tree: cpu/assembly/tsneTree.ts. */
export function repulsionByTree(backend: CpuBackend, n: number, theta = THETA): RepulsionOf {
  const groups = Math.ceil(n / 4);
  const order = backend.allocate(n * 4);
  const sorted = backend.allocate(3 * groups * 4 * 4);
  const nodes = backend.allocate(2 * n * 32);
  const scratch = backend.allocate(32 * n + 16_512); // as treeBuild asks for
  const sums = backend.allocate(groups * 8);
  const pieces = cutEvenly(groups, 8 * backend.threadCount);
  return async (positions, forces, { low, high }, signal) => {
    const side = Math.max(...high.map((value, c) => value - (low[c] ?? 0)), 1e-20);
    await backend.run(
      'treeBuild',
      1,
      () => [n, positions, low[0] ?? 0, low[1] ?? 0, low[2] ?? 0, side, order, sorted, nodes, scratch],
      { signal },
    );
    await backend.run('treeForces', pieces.count, (piece) => [
      ...[n, order, sorted, nodes, theta, forces, sums, ...pieces.range(piece)],
    ]);
    return backend.float64(sums, groups).reduce((sum, part) => sum + part, 0);
  };
}

/** 0 … units - 1 in up to `pieces` runs of about the same length. */
function cutEvenly(units: number, pieces: number) {
  const count = Math.min(units, pieces);
  const border = (piece: number) => Math.floor((piece * units) / count);
  return { count, range: (piece: number): readonly number[] => [border(piece), border(piece + 1)] };
}

/** Of positions, float32 (c, n). */
export function boundsOf(positions: Float32Array, n: number, dimensions: number): Bounds {
  const planes = Array.from({ length: dimensions }, (_, c) => positions.subarray(c * n, (c + 1) * n));
  return {
    low: planes.map((plane) => plane.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)),
    high: planes.map((plane) => plane.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)),
  };
}

/** From those of pieces, float32 (pieces, 2, c). */
function joinBounds(parts: Float32Array, dimensions: number): Bounds {
  const low = new Array<number>(dimensions).fill(Number.POSITIVE_INFINITY);
  const high = new Array<number>(dimensions).fill(Number.NEGATIVE_INFINITY);
  parts.forEach((value, at) => {
    const c = at % dimensions;
    if (at % (2 * dimensions) < dimensions) low[c] = Math.min(low[c] ?? 0, value);
    else high[c] = Math.max(high[c] ?? 0, value);
  });
  return { low, high };
}
