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
import type { CpuBackend } from './cpu/backend.ts';
import type { Metric } from './distance.ts';
import { type Neighbors, nearestNeighbors } from './knn.ts';
import { createMatrix, type Matrix, normalizeRows } from './matrix.ts';
import { initializePca, type Pca, type PcaState, resultOfPca, runPca } from './pca.ts';
import { stateFromBytes, stateToBytes } from './state.ts';
import { principalCoordinates } from './subspace.ts';
import { initializeUmap, runUmap, type Umap, type UmapOptions, umapCoordinates } from './umap/umap.ts';

// n rows, d columns, c components.

export const mapMethods = ['PCA', 'UMAP'] as const;
export type MapMethod = (typeof mapMethods)[number];

export interface MapOptions {
  readonly method: MapMethod;
  /** Coordinates per row, 2 or 3. */
  readonly components: number;
  /** Of the distances between rows. */
  readonly metric: Metric;
  /** Of every choice by chance. */
  readonly seed: number;
  readonly umap?: UmapMapOptions | undefined;
}

export interface UmapMapOptions extends Omit<UmapOptions, 'seed'> {
  /** Nearest neighbours per row, from 2; of all rows but itself where there are fewer. */
  readonly neighbors?: number; // 15
}

export interface MapTools {
  /** Asked for once, and only by methods that need it. */
  readonly backend: () => Promise<CpuBackend>;
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
  /** What `resumeMap` takes. */
  keep(): Uint8Array<ArrayBuffer>;
  /** @throws Error before the last step */
  result(): MapResult;
}

export interface MapResult {
  /** (n, c) */
  readonly coordinates: Matrix;
  /** The options of the method as they were used. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Sentences for the reader: what was asked for and could not be done as it was. */
  readonly notes: readonly string[];
  /** Share of the variance along each component, of PCA. */
  readonly explainedVariance: readonly number[] | null;
  /** What places further rows exactly, of PCA. */
  readonly pca: Pca | null;
  /** The neighbours among the rows, where the method has looked for them. */
  readonly neighbors: Neighbors | null;
}

/** Begins a map. @throws RangeError for a matrix or options that the method cannot take */
export async function beginMap(matrix: Matrix, options: MapOptions, tools: MapTools): Promise<MapRun> {
  return await methods[options.method](matrix, options, tools, null);
}

/** Goes on with a run that was kept. @throws RangeError where the bytes are none of a run */
export async function resumeMap(
  matrix: Matrix,
  options: MapOptions,
  kept: Uint8Array,
  tools: MapTools,
): Promise<MapRun> {
  return await methods[options.method](matrix, options, tools, kept);
}

type Method = (matrix: Matrix, options: MapOptions, tools: MapTools, kept: Uint8Array | null) => Promise<MapRun>;

const methods: { readonly [Name in MapMethod]: Method } = { PCA: mapByPca, UMAP: mapByUmap };

/**
 * Of the rows as they are, whatever the metric: lengths and offsets are part of what differs. Quality is measured in the
 * embedding's metric, and so tells what that costs.
 */
async function mapByPca(
  matrix: Matrix,
  { components }: MapOptions,
  _tools: MapTools,
  kept: Uint8Array | null,
): Promise<MapRun> {
  const state: PcaState =
    kept === null
      ? initializePca(matrix, { components })
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
    keep() {
      const { matrix: _, ...rest } = state;
      return stateToBytes(rest);
    },
    result() {
      const { pca, coordinates } = resultOfPca(state);
      const explainedVariance = Array.from(pca.explainedVarianceRatio);
      return { coordinates, parameters: {}, notes: [], explainedVariance, pca, neighbors: null };
    },
  };
}

/** Shares of the whole work of UMAP, measured on 10,000 x 784 and 60,000 x 784. */
const NEIGHBORS_END = 0.5;
const GRAPH_END = 0.55;

interface UmapState {
  readonly neighbors: Neighbors;
  readonly umap: Umap;
}

/** Neighbours, a start along the principal components, the graph, the epochs. */
async function mapByUmap(
  matrix: Matrix,
  options: MapOptions,
  tools: MapTools,
  kept: Uint8Array | null,
): Promise<MapRun> {
  const n = matrix.rows;
  const { neighbors: asked = 15, ...umapOptions } = options.umap ?? {};
  const k = Math.min(asked, n - 1);
  const notes = k < asked ? [`There are ${n} items, so ${k} neighbours are looked at instead of ${asked}.`] : [];
  const parameters = { ...options.umap, neighbors: k };
  if (k < 1) return alone(createMatrix(n, options.components), { ...parameters, neighborRecall: 1 }, notes);

  const backend = await tools.backend();
  const state = kept === null ? await begin() : stateFromBytes<UmapState>(kept);
  const { umap, neighbors } = state;
  return {
    get step() {
      return umap.layout.epoch;
    },
    steps: umap.epochs,
    prepared: GRAPH_END,
    advance: (untilStep) => runUmap(backend, umap, untilStep, { signal: tools.signal }),
    coordinates: () => umapCoordinates(umap),
    keep: () => stateToBytes(state),
    result: () => ({
      coordinates: umapCoordinates(umap),
      parameters: { ...parameters, neighborRecall: neighbors.recall },
      notes,
      explainedVariance: null,
      pca: null,
      neighbors,
    }),
  };

  async function begin(): Promise<UmapState> {
    const { metric, components, seed } = options;
    const { signal, onProgress } = tools;
    const found = await nearestNeighbors(backend, matrix, k, metric, {
      signal,
      onProgress: (done) => onProgress?.(done * NEIGHBORS_END),
    });
    const before = backend.mark();
    const unit = metric === 'COSINE' ? normalizeRows(matrix) : matrix;
    const start = await principalCoordinates(backend, backend.upload(unit.data), unit, components, signal);
    backend.release(before);
    onProgress?.(GRAPH_END);
    return { neighbors: found, umap: initializeUmap(found, start, { ...umapOptions, seed }) };
  }
}

/** A run without steps, of rows that have no neighbours. */
function alone(coordinates: Matrix, parameters: Readonly<Record<string, unknown>>, notes: readonly string[]): MapRun {
  return {
    step: 0,
    steps: 0,
    prepared: 1,
    async advance() {},
    coordinates: () => coordinates,
    keep: () => stateToBytes({}),
    result: () => ({ coordinates, parameters, notes, explainedVariance: null, pca: null, neighbors: null }),
  };
}
