/** From vectors to a map by PaCMAP or LocalMAP: neighbours, pairs, a start along the principal components, the iterations. */
import type { Backend } from '../backend.ts';
import { type Metric, nearestNeighbors } from '../knn.ts';
import { createMatrix, type Matrix } from '../matrix.ts';
import { startAlongComponents } from '../subspace.ts';
import {
  initializePacmap,
  type PacmapOptions,
  type PacmapRunOptions,
  pacmapCoordinates,
  runPacmap,
  SPARE_NEIGHBORS,
  usualNeighbors,
} from './pacmap.ts';

export interface PacmapProjection {
  /** (n, c) */
  readonly coordinates: Matrix;
  /** Near pairs per point: as many as asked for, or all others where there are fewer. */
  readonly neighbors: number;
  /** Share of the true neighbours that were found, 1 for an exact search. */
  readonly neighborRecall: number;
}

// What of the work each part takes, measured on 10,000 x 784 and 60,000 x 784.
const NEIGHBORS_END = 0.4;
const PAIRS_END = 0.5;

/**
 * @param components coordinates per row, 2 or 3
 * @throws what `signal` was aborted with
 */
export async function projectByPacmap(
  backend: Backend,
  {
    matrix,
    components,
    metric,
    options = {},
  }: {
    readonly matrix: Matrix;
    readonly components: number;
    readonly metric: Metric;
    readonly options?: PacmapOptions;
  },
  { signal, onProgress }: Pick<PacmapRunOptions, 'signal'> & { readonly onProgress?: (done: number) => void } = {},
): Promise<PacmapProjection> {
  const n = matrix.rows;
  const neighbors = Math.min(options.neighbors ?? usualNeighbors(n), n - 1);
  if (neighbors < 1) return { coordinates: createMatrix(n, components), neighbors: 0, neighborRecall: 1 };
  const found = await nearestNeighbors(backend, matrix, Math.min(neighbors + SPARE_NEIGHBORS, n - 1), metric, {
    signal,
    onProgress: (done) => onProgress?.(done * NEIGHBORS_END),
  });
  const start = await startAlongComponents(backend, matrix, components, metric, { known: found.principal, signal });
  const pacmap = await initializePacmap(backend, matrix, metric, found, start, { ...options, neighbors }, signal);
  onProgress?.(PAIRS_END);
  await runPacmap(backend, pacmap, pacmap.iterations, {
    signal,
    onIteration: (iteration) => onProgress?.(PAIRS_END + ((1 - PAIRS_END) * iteration) / pacmap.iterations),
  });
  return { coordinates: pacmapCoordinates(pacmap), neighbors, neighborRecall: found.recall };
}
