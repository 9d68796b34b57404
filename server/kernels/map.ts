/**
 * A map of a matrix by any of the methods: one kind of run for all, so that whoever drives it needs not know which it is.
 *
 *     const run = await beginMap(matrix, { method: 'UMAP', components: 2, metric: 'COSINE', seed: 42 }, { backend });
 *     while (run.step < run.steps) {
 *       await run.advance(run.step + 1);
 *       show(run.coordinates());
 *     }
 *     const { coordinates, parameters, notes } = run.result();
 *
 * A run can be kept as bytes after any step and gone on with from there, by `resumeMap` on the same matrix with the same
 * options: it ends at the same coordinates, bit for bit, whatever the number of threads.
 */
import { type Axis, projectOntoAxes } from './axes.ts';
import { type Backend, processorOf } from './backend.ts';
import type { CpuBackend } from './cpu/backend.ts';
import type { Metric } from './distance.ts';
import { type Neighbors, NONE, nearestNeighbors } from './knn.ts';
import { createMatrix, type Matrix, rowOf, withinRange } from './matrix.ts';
import { itemsThere } from './notes.ts';
import {
  initializePacmap,
  type Pacmap,
  type PacmapOptions,
  pacmapCoordinates,
  runPacmap,
  SPARE_NEIGHBORS,
  usualNeighbors,
} from './pacmap/pacmap.ts';
import { initializePca, type Pca, type PcaState, resultOfPca, runPca } from './pca.ts';
import { checkShare, type Perturbation, perturb, USUAL_SHARE } from './perturb.ts';
import { alignPoints, movePoints } from './procrustes.ts';
import {
  initializeRandomizedPca,
  isDear,
  type RandomizedPcaOptions,
  type RandomizedPcaState,
  resultOfRandomizedPca,
  runRandomizedPca,
} from './randomizedPca.ts';
import { meanOfRows, spherize } from './spherize.ts';
import { stateFromBytes, stateToBytes } from './state.ts';
import { startAlongComponents } from './subspace.ts';
import { affinitiesOn, NEIGHBORS_PER_PERPLEXITY } from './tsne/affinities.ts';
import { initializeTsne, perplexityFor, runTsne, type Tsne, type TsneOptions, tsneCoordinates } from './tsne/tsne.ts';
import { type Density, densityCorrelation, mapSums } from './umap/density.ts';
import { fuzzyGraphOn } from './umap/fuzzyGraph.ts';
import type { Target } from './umap/target.ts';
import { initializeUmap, runUmap, type Umap, type UmapStartOptions, umapCoordinates, withForces } from './umap/umap.ts';

// n rows, d columns, c components, k neighbours.

export const mapMethods = ['PCA', 'UMAP', 'TSNE', 'PACMAP', 'LOCALMAP', 'CUSTOM'] as const;
export type MapMethod = (typeof mapMethods)[number];

export interface MapOptions {
  readonly method: MapMethod;
  /** Coordinates per row, 2 or 3; of UMAP up to 10. */
  readonly components: number;
  /** Of the distances between rows. */
  readonly metric: Metric;
  /** Of every choice by chance. */
  readonly seed: number;
  /**
   * Whether the rows are first put on the unit sphere around their mean, where distances are Euclidean whatever the metric. Not of
   * CUSTOM, whose axes lie among the rows as they are.
   */
  readonly spherize?: boolean | undefined; // false
  readonly pca?: PcaMapOptions | undefined;
  readonly umap?: UmapMapOptions | undefined;
  readonly tsne?: TsneMapOptions | undefined;
  /** Of PACMAP and LOCALMAP. */
  readonly pacmap?: Omit<PacmapOptions, 'seed' | 'local'> | undefined;
  /** Of CUSTOM: as many as components. */
  readonly axes?: readonly Axis[] | undefined;
  /**
   * (n, c): where the points begin, instead of along the principal components, for methods that move them; NaN for a row that
   * has no place yet and begins among its neighbours. The map is turned so that it lies on these places as well as it can.
   */
  readonly start?: Matrix | null | undefined;
  /** Of UMAP and t-SNE: what is known of the rows beside their numbers, which draws those alike together. */
  readonly target?: Target | undefined;
}

export interface PcaMapOptions {
  /** Directions whose share of the variance is told, from `components` to 100. */
  readonly directions?: number; // 10
}

/** Where points begin that have no given start: along the principal components, by the graph alone, or anywhere. */
export const umapInitializations = ['PCA', 'SPECTRAL', 'RANDOM'] as const;

export interface UmapMapOptions extends Omit<UmapStartOptions, 'seed' | 'initialization' | 'target' | 'graph'> {
  /** Nearest neighbours per row, from 2; of all rows but itself where there are fewer. */
  readonly neighbors?: number; // 15
  /** Not looked at where a start is given. */
  readonly initialization?: (typeof umapInitializations)[number]; // PCA
}

export interface TsneMapOptions extends Omit<TsneOptions, 'seed'> {
  /** How much the target counts against the vectors, 0 (not at all) to 1 (alone). Not looked at where there is none. */
  readonly targetWeight?: number; // 0.5
}

/** What can be changed between two steps of a run. */
export interface LiveOptions {
  readonly umap?: Pick<UmapMapOptions, 'minDist' | 'spread' | 'negativeRate' | 'repulsionStrength'>;
  readonly tsne?: Pick<TsneOptions, 'exaggeration' | 'learningRate' | 'momentum'>;
}

export interface MapTools {
  /** Asked for once, and only by methods that need it. */
  readonly backend: () => Promise<Backend>;
  /** In its place by what runs on no graphics card. Default: that of `backend`. */
  readonly processor?: (() => Promise<CpuBackend>) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Takes the share of the whole work that is done, 0 to 1, while a run is begun. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

export interface MapRun {
  /** Steps done, and how many there are. */
  readonly step: number;
  readonly steps: number;
  /** Share of the whole work that was done before the first step: finding neighbours, for example. */
  readonly prepared: number;
  /** Goes on until `untilStep` steps are done, or all. */
  advance(untilStep: number): Promise<void>;
  /** (n, c): where the points are now; null while the method has no places for them. */
  coordinates(): Matrix | null;
  /**
   * From here on with other forces, for a map that is changed while it is watched. What is not given stays as it is; the result tells the
   * last. @throws RangeError by a method that has nothing to change
   */
  change(live: LiveOptions): void;
  /**
   * Pushes the points, to see whether they fall back into the same shape: perturb.ts. The speed that they had stays. It is part of what is
   * kept, and the result tells it. After the last step nothing brings them back.
   * @param share above 0 to 1 @throws RangeError by a method that moves no points, for another share, and after the last step
   */
  perturb(share?: number): void;
  /** How often that was done. */
  readonly perturbations: number;
  /** What `resumeMap` takes. */
  keep(): Uint8Array<ArrayBuffer>;
  /** @throws Error before the last step */
  result(): MapResult;
}

/** What places further rows on a map. */
export interface MapTransform {
  /** Exactly: along these components or axes. With neither they are placed by their neighbours. */
  readonly pca?: Pca;
  readonly axes?: readonly Axis[];
  /** float32 (d): the mean around which rows are put on the unit sphere before anything else; absent: they are taken as they are. */
  readonly mean?: Float32Array;
  /** Mean length of the rows, for what is known by its direction only. */
  readonly length: number;
}

export interface MapResult {
  /** (n, c) */
  readonly coordinates: Matrix;
  /** The options of the method as they were used. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Sentences for the reader: what was asked for and could not be done as it was. */
  readonly notes: readonly string[];
  /** Share of the variance along each direction, of PCA. */
  readonly explainedVariance: readonly number[] | null;
  /** Null where further rows are placed by their neighbours. */
  readonly transform: MapTransform | null;
  /** The neighbours among the rows, where the method has looked for them. */
  readonly neighbors: Neighbors | null;
}

/** Begins a map. @throws RangeError for a matrix or options that the method cannot take */
export async function beginMap(matrix: Matrix, options: MapOptions, tools: MapTools): Promise<MapRun> {
  return await runOf(matrix, options, tools, null);
}

/** A map from its first step to its last. @throws RangeError for a matrix or options that the method cannot take */
export async function makeMap(matrix: Matrix, options: MapOptions, tools: MapTools): Promise<MapResult> {
  const run = await beginMap(matrix, options, tools);
  await run.advance(run.steps);
  return run.result();
}

/** Goes on with a run that was kept. @throws RangeError where the bytes are none of a run */
export async function resumeMap(
  matrix: Matrix,
  options: MapOptions,
  kept: Uint8Array,
  tools: MapTools,
): Promise<MapRun> {
  return await runOf(matrix, options, tools, kept);
}

async function runOf(matrix: Matrix, options: MapOptions, tools: MapTools, kept: Uint8Array | null): Promise<MapRun> {
  const { method, spherize: isAsked = false, ...given } = options;
  if (!isAsked) return await methods[method](matrix, options, tools, kept);
  if (method === 'CUSTOM') throw new RangeError('Axes lie among the rows as they are: CUSTOM cannot spherize.');
  const mean = meanOfRows(matrix);
  const run = await methods[method](spherize(matrix, mean), { ...given, method, metric: 'EUCLIDEAN' }, tools, kept);
  return {
    get step() {
      return run.step;
    },
    steps: run.steps,
    prepared: run.prepared,
    advance: (untilStep) => run.advance(untilStep),
    coordinates: () => run.coordinates(),
    change: (live) => run.change(live),
    perturb: (share) => run.perturb(share),
    get perturbations() {
      return run.perturbations;
    },
    keep: () => run.keep(),
    result() {
      const result = run.result();
      return {
        ...result,
        parameters: { ...result.parameters, spherize: true },
        transform: { ...result.transform, mean, length: meanLength(matrix) },
        // They are those on the sphere, and not those that the rows have.
        neighbors: null,
      };
    },
  };
}

type Method = (matrix: Matrix, options: MapOptions, tools: MapTools, kept: Uint8Array | null) => Promise<MapRun>;

const methods: { readonly [Name in MapMethod]: Method } = {
  PCA: mapByPca,
  UMAP: (...run) => mapByNeighbors(...run, umap),
  TSNE: (...run) => mapByNeighbors(...run, tsne),
  PACMAP: (...run) => mapByNeighbors(...run, pacmap),
  LOCALMAP: (...run) => mapByNeighbors(...run, pacmap),
  CUSTOM: mapByAxes,
};

const DIRECTIONS = 10;

/**
 * Of the rows as they are, whatever the metric: lengths and offsets are part of what differs. Quality is measured in the
 * embedding's metric, and so tells what that costs.
 */
async function mapByPca(
  matrix: Matrix,
  { components, pca: { directions = DIRECTIONS } = {} }: MapOptions,
  tools: MapTools,
  kept: Uint8Array | null,
): Promise<MapRun> {
  const looked = Math.max(components, Math.min(directions, matrix.rows, matrix.columns));
  if (isDear(matrix))
    return await mapByRandomizedPca(matrix, { components: looked, coordinates: components }, tools, kept);
  const state: PcaState =
    kept === null
      ? initializePca(matrix, { components: looked, coordinates: components })
      : { ...stateFromBytes<Omit<PcaState, 'matrix'>>(kept), matrix };
  return {
    get step() {
      return state.step;
    },
    steps: state.steps,
    prepared: 0,
    async advance(untilStep) {
      runPca(state, untilStep);
    },
    coordinates: () => null,
    ...unchangeable('PCA'),
    keep() {
      const { matrix: _, ...rest } = state;
      return stateToBytes(rest);
    },
    result() {
      const { pca, coordinates } = resultOfPca(state);
      return { ...resultAlong(pca, coordinates, matrix), parameters: { directions: looked, solver: 'EXACT' } };
    },
  };
}

/** Of wide data: to some digits, in a small part of the time. The residual tells how many. */
async function mapByRandomizedPca(
  matrix: Matrix,
  options: RandomizedPcaOptions,
  { backend, processor, signal }: MapTools,
  kept: Uint8Array | null,
): Promise<MapRun> {
  const on = processor === undefined ? processorOf(await backend()) : await processor();
  const state =
    kept === null
      ? initializeRandomizedPca(matrix, options)
      : { ...stateFromBytes<Omit<RandomizedPcaState, 'matrix'>>(kept), matrix };
  return {
    get step() {
      return state.step;
    },
    steps: state.steps,
    prepared: 0,
    async advance(untilStep) {
      await runRandomizedPca(on, state, untilStep, signal);
    },
    coordinates: () => null,
    ...unchangeable('PCA'),
    keep() {
      const { matrix: _, ...rest } = state;
      return stateToBytes(rest);
    },
    result() {
      const { pca, coordinates, residual } = resultOfRandomizedPca(state);
      const parameters = { directions: options.components, solver: 'RANDOMIZED', residual };
      return { ...resultAlong(pca, coordinates, matrix), parameters };
    },
  };
}

function resultAlong(pca: Pca, coordinates: Matrix, matrix: Matrix): Omit<MapResult, 'parameters'> {
  return {
    ...{ coordinates, notes: [...alike(matrix), ...fewerDirections(matrix, coordinates.columns)], neighbors: null },
    explainedVariance: Array.from(pca.explainedVarianceRatio),
    transform: { pca: firstOf(pca, coordinates.columns), length: meanLength(matrix) },
  };
}

function meanLength(matrix: Matrix): number {
  let sum = 0;
  for (let i = 0; i < matrix.rows; i++) {
    let squares = 0;
    for (const value of rowOf(matrix, i)) squares += value * value;
    sum += Math.sqrt(squares);
  }
  return sum / matrix.rows;
}

/** The first components alone. */
function firstOf(pca: Pca, components: number): Pca {
  return {
    components,
    mean: pca.mean,
    loadings: pca.loadings.slice(0, components * pca.mean.length),
    explainedVariance: pca.explainedVariance.slice(0, components),
    explainedVarianceRatio: pca.explainedVarianceRatio.slice(0, components),
  };
}

async function mapByAxes(matrix: Matrix, { axes = [], metric }: MapOptions): Promise<MapRun> {
  const coordinates = projectOntoAxes(matrix, axes, metric);
  return madeAtOnce({
    ...{ coordinates, parameters: {}, notes: [], explainedVariance: null, neighbors: null },
    transform: { axes, length: meanLength(matrix) },
  });
}

/** What a method that moves points among their neighbours is. */
interface Layout<State> {
  /** Neighbours per row that are looked at, where there are as many. */
  readonly neighbors: (options: MapOptions, n: number) => number;
  /** Shares of the whole work after the neighbours, and after what comes before the first step. */
  readonly neighborsEnd: number;
  readonly begunEnd: number;
  readonly begin: (given: Begun) => State | Promise<State>;
  readonly stepOf: (state: State) => number;
  readonly stepsOf: (state: State) => number;
  readonly advance: (
    backend: Backend,
    state: State,
    untilStep: number,
    options: { readonly signal?: AbortSignal | undefined },
  ) => Promise<void>;
  readonly coordinates: (state: State) => Matrix;
  /** The part of the state in which positions are kept: Float32Array (dimensions, n). */
  readonly layoutOf: (state: State) => { readonly dimensions: number; positions: Float32Array };
  /** The same with other forces; absent where none can be changed. */
  readonly change?: (state: State, options: Pick<MapOptions, 'umap' | 'tsne'>) => State;
  /** The options as they were used, and what of them could not be; of no state where a row has no neighbours. */
  readonly told: (
    options: MapOptions,
    n: number,
    state: State | null,
  ) => { readonly parameters: Readonly<Record<string, unknown>>; readonly notes: readonly string[] };
}

interface Begun {
  readonly backend: Backend;
  readonly matrix: Matrix;
  readonly options: MapOptions;
  readonly found: Neighbors;
  /** (n, c) */
  readonly start: Matrix;
  readonly signal: AbortSignal | undefined;
}

/** Neighbours, a start, steps. */
async function mapByNeighbors<State>(
  matrix: Matrix,
  options: MapOptions,
  tools: MapTools,
  kept: Uint8Array | null,
  layout: Layout<State>,
): Promise<MapRun> {
  const n = matrix.rows;
  const { signal, onProgress } = tools;
  const k = Math.min(layout.neighbors(options, n), n - 1);
  if (k < 1) {
    const coordinates = createMatrix(n, options.components);
    const told = layout.told(options, n, null);
    return madeAtOnce({ ...told, coordinates, explainedVariance: null, transform: null, neighbors: null });
  }
  const backend = await tools.backend();
  const run = kept === null ? await begin() : stateFromBytes<Run<State>>(kept);
  const { found } = run;
  const coordinates = (): Matrix => {
    const placed = layout.coordinates(run.state);
    return options.start ? movePoints(placed, alignPoints(placed, options.start)) : placed;
  };
  return {
    get step() {
      return layout.stepOf(run.state);
    },
    steps: layout.stepsOf(run.state),
    prepared: layout.begunEnd,
    advance: (untilStep) => layout.advance(backend, run.state, untilStep, { signal }),
    coordinates,
    change(live) {
      if (layout.change === undefined) return nothingToChange(options.method);
      run.live = { umap: { ...run.live.umap, ...live.umap }, tsne: { ...run.live.tsne, ...live.tsne } };
      run.state = layout.change(run.state, withLive(options, run.live));
    },
    perturb(share = USUAL_SHARE) {
      checkShare(share);
      if (layout.stepOf(run.state) >= layout.stepsOf(run.state)) {
        throw new RangeError('The map is made: pushed now, its points would stay where they are pushed.');
      }
      const pushed = layout.layoutOf(run.state);
      // Each push has draws of its own.
      const seed = options.seed + run.perturbations.length;
      pushed.positions = perturb(pushed.positions, pushed.dimensions, share, seed);
      run.perturbations.push({ step: layout.stepOf(run.state), share });
    },
    get perturbations() {
      return run.perturbations.length;
    },
    keep: () => stateToBytes(run),
    result() {
      if (layout.stepOf(run.state) < layout.stepsOf(run.state)) {
        throw new Error(`The map is at step ${layout.stepOf(run.state)} of ${layout.stepsOf(run.state)}.`);
      }
      const { parameters, notes } = layout.told(withLive(options, run.live), n, run.state);
      return {
        ...{ coordinates: coordinates(), explainedVariance: null, transform: null, neighbors: found },
        notes: [...alike(matrix), ...notes],
        parameters: {
          ...parameters,
          neighborRecall: found.recall,
          ...(run.perturbations.length === 0 ? {} : { perturbations: run.perturbations }),
        },
      };
    },
  };

  async function begin(): Promise<Run<State>> {
    const { metric, components } = options;
    // All methods take distances in any unit.
    const rows = withinRange(matrix);
    const found = await nearestNeighbors(backend, rows, k, metric, {
      signal,
      principal: options.start ? undefined : components,
      onProgress: (done) => onProgress?.(done * layout.neighborsEnd),
    });
    const start = options.start
      ? amongNeighbors(options.start, found)
      : await startAlongComponents(backend, rows, components, metric, { known: found.principal, signal });
    const state = await layout.begin({ backend, matrix: rows, options, found, start, signal });
    onProgress?.(layout.begunEnd);
    return { state, found, live: {}, perturbations: [] };
  }
}

/** What is kept of a run. */
interface Run<State> {
  state: State;
  readonly found: Neighbors;
  /** What was changed on the way. */
  live: LiveOptions;
  readonly perturbations: Perturbation[];
}

function withLive(options: MapOptions, { umap, tsne }: LiveOptions): MapOptions {
  return {
    ...options,
    ...(options.method === 'UMAP' && umap ? { umap: { ...options.umap, ...umap } } : {}),
    ...(options.method === 'TSNE' && tsne ? { tsne: { ...options.tsne, ...tsne } } : {}),
  };
}

/**
 * Where rows begin that have no place: in the middle of their neighbours that have one, round by round, as long as there are
 * such; and in the middle of all in the end. The whole is moved so that its middle is 0.
 */
function amongNeighbors(start: Matrix, { k, ids }: Neighbors): Matrix {
  const { rows: n, columns: c } = start;
  const places = createMatrix(n, c, start.data.slice());
  const isPlaced = (i: number): boolean => !Number.isNaN(places.data[i * c]);
  let waiting = Array.from({ length: n }, (_, i) => i).filter((i) => !isPlaced(i));
  const middle = middleOf(places, isPlaced);
  while (waiting.length > 0) {
    const found = waiting.map((i) => {
      const near = Array.from(ids.subarray(i * k, (i + 1) * k)).filter((j) => j !== NONE && isPlaced(j));
      return near.map((j) => places.data.subarray(j * c, (j + 1) * c));
    });
    const before = waiting.length;
    const placed = waiting.map((i, at) => ({ i, near: found[at] ?? [] })).filter(({ near }) => near.length > 0);
    for (const { i, near } of placed) {
      for (let a = 0; a < c; a++) places.data[i * c + a] = near.reduce((sum, y) => sum + (y[a] ?? 0), 0) / near.length;
    }
    waiting = waiting.filter((i) => !isPlaced(i));
    if (waiting.length === before) {
      for (const i of waiting) places.data.set(middle, i * c);
      break;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < c; a++) places.data[i * c + a] = (places.data[i * c + a] ?? 0) - (middle[a] ?? 0);
  }
  return places;
}

function middleOf({ rows, columns: c, data }: Matrix, counts: (row: number) => boolean): Float64Array {
  const sums = new Float64Array(c);
  let count = 0;
  for (let i = 0; i < rows; i++) {
    if (!counts(i)) continue;
    count++;
    for (let a = 0; a < c; a++) sums[a] = (sums[a] ?? 0) + (data[i * c + a] ?? 0);
  }
  return sums.map((sum) => (count === 0 ? 0 : sum / count));
}

// Shares of the whole work were measured on 10,000 x 784 and 60,000 x 784.

const umap: Layout<Umap> = {
  neighbors: ({ umap: { neighbors = 15 } = {} }) => neighbors,
  neighborsEnd: 0.5,
  begunEnd: 0.55,
  async begin({ backend, found, start, options: { umap: given = {}, start: places, target, seed }, signal }) {
    const { neighbors: _, initialization = 'PCA', ...rest } = given;
    const from = places || initialization === 'PCA' ? 'GIVEN' : initialization;
    const graph = await fuzzyGraphOn(processorOf(backend), found, rest, signal);
    return initializeUmap(found, start, { ...rest, initialization: from, target, seed, graph });
  },
  stepOf: ({ layout }) => layout.epoch,
  stepsOf: ({ epochs }) => epochs,
  advance: runUmap,
  coordinates: umapCoordinates,
  layoutOf: ({ layout }) => layout,
  change: (state, { umap = {} }) => withForces(state, umap),
  told({ umap: given }, n, state) {
    const asked = given?.neighbors ?? 15;
    const neighbors = Math.max(0, Math.min(asked, n - 1));
    const density = state?.density ? { densityCorrelation: densityReached(state, state.density) } : {};
    return { parameters: { ...given, neighbors, ...density }, notes: fewerNeighbors(n, asked, neighbors) };
  },
};

function densityReached({ graph, forces, layout: { positions, dimensions } }: Umap, density: Density): number {
  return densityCorrelation(density, mapSums(positions, dimensions, graph, forces));
}

const tsne: Layout<Tsne> = {
  neighbors: ({ tsne: { perplexity = 30 } = {} }) => Math.ceil(NEIGHBORS_PER_PERPLEXITY * perplexity),
  neighborsEnd: 0.2,
  begunEnd: 0.25,
  async begin({ backend, found, start, options: { tsne: given, target, seed }, signal }) {
    const perplexity = perplexityFor(found, given?.perplexity);
    const { targetWeight: weight = 0.5, ...rest } = given ?? {};
    const drawnTo = target === undefined ? undefined : { target, weight };
    const affinities = await affinitiesOn(processorOf(backend), found, perplexity, { drawnTo, signal });
    return initializeTsne(found, start, { ...rest, seed }, affinities);
  },
  stepOf: ({ layout }) => layout.iteration,
  stepsOf: ({ iterations }) => iterations,
  advance: runTsne,
  coordinates: tsneCoordinates,
  layoutOf: ({ layout }) => layout,
  change(state, { tsne: { exaggeration, learningRate, momentum } = {} }) {
    const { exaggeration: before, learningRate: length, momentum: kept } = state;
    return {
      ...state,
      ...{ exaggeration: exaggeration ?? before, learningRate: learningRate ?? length, momentum: momentum ?? kept },
    };
  },
  told({ tsne: given }, n, state) {
    const asked = given?.perplexity ?? 30;
    const perplexity = state?.perplexity ?? 0;
    const reduced = `${itemsThere(n)}, so the perplexity is ${Number(perplexity.toFixed(2))} instead of ${asked}.`;
    return { parameters: { ...given, perplexity }, notes: perplexity < asked ? [reduced] : [] };
  },
};

const pacmap: Layout<Pacmap> = {
  neighbors: ({ pacmap: given }, n) => Math.min(given?.neighbors ?? usualNeighbors(n), n - 1) + SPARE_NEIGHBORS,
  neighborsEnd: 0.4,
  begunEnd: 0.5,
  begin({ backend, matrix, found, start, options: { pacmap: given, metric, method, seed }, signal }) {
    const options = { ...given, seed, local: method === 'LOCALMAP' };
    return initializePacmap(backend, matrix, metric, found, start, options, signal);
  },
  stepOf: ({ layout }) => layout.iteration,
  stepsOf: ({ iterations }) => iterations,
  advance: runPacmap,
  coordinates: pacmapCoordinates,
  layoutOf: ({ layout }) => layout,
  told({ pacmap: given }, n) {
    const asked = given?.neighbors ?? usualNeighbors(n);
    const neighbors = Math.max(0, Math.min(asked, n - 1));
    return { parameters: { ...given, neighbors }, notes: fewerNeighbors(n, asked, neighbors) };
  },
};

function fewerNeighbors(n: number, asked: number, neighbors: number): string[] {
  if (neighbors >= asked) return [];
  const looked = neighbors === 1 ? '1 neighbour is' : `${neighbors} neighbours are`;
  return [`${itemsThere(n)}, so ${looked} looked at instead of ${asked}.`];
}

/** Where there is nothing to see, it is said. */
function alike(matrix: Matrix): string[] {
  const { rows: n, columns, data } = matrix;
  if (n < 2 || !data.every((value, at) => value === data[at % columns])) return [];
  return [`All ${n} items have the same vector: the map tells nothing apart.`];
}

function fewerDirections({ rows: n, columns }: Matrix, components: number): string[] {
  const most = Math.min(columns, n - 1);
  if (most >= components || n === 1) return [];
  const directions = most === 1 ? '1 direction' : `${most} directions`;
  const numbers = columns === 1 ? '1 number' : `${columns} numbers`;
  return [`${itemsThere(n)} of ${numbers}, which can differ along ${directions}: the other coordinates are 0.`];
}

function nothingToChange(method: string): never {
  throw new RangeError(`Nothing of ${method} can be changed while it runs.`);
}

/** Of a run whose points are where the vectors have them. */
function unchangeable(method: string): Pick<MapRun, 'change' | 'perturb' | 'perturbations'> {
  return {
    change: () => nothingToChange(method),
    perturb() {
      throw new RangeError(`The points of ${method} lie where the vectors have them: there is nothing to push.`);
    },
    perturbations: 0,
  };
}

/** A run without steps. */
function madeAtOnce(result: MapResult): MapRun {
  return {
    step: 0,
    steps: 0,
    prepared: 1,
    async advance() {},
    coordinates: () => result.coordinates,
    ...unchangeable('this map'),
    keep: () => stateToBytes({}),
    result: () => result,
  };
}
