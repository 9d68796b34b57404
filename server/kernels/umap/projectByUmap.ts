/** From vectors to a map by UMAP: neighbours, a start along the principal components, the graph, the epochs. */
import type { Backend } from '../backend.ts';
import { type Metric, nearestNeighbors } from '../knn.ts';
import { createMatrix, type Matrix } from '../matrix.ts';
import { startAlongComponents } from '../subspace.ts';
import { initializeUmap, type RunOptions, runUmap, type UmapStartOptions, umapCoordinates } from './umap.ts';

export interface UmapProjection {
  /** (n, c) */
  readonly coordinates: Matrix;
  /** Neighbours that were looked at: as many as asked for, or all others where there are fewer. */
  readonly neighbors: number;
  /** Share of the true neighbours among them, 1 for an exact search. */
  readonly neighborRecall: number;
}

// What of the work each part takes, measured on 10,000 x 784 and 60,000 x 784.
const NEIGHBORS_END = 0.5;
const GRAPH_END = 0.55;

/**
 * @param components coordinates per row, from 1 to 10; 2 and 3 for maps, more for clustering
 * @param neighbors nearest neighbours per row, from 2
 */
export async function projectByUmap(
  backend: Backend,
  {
    matrix,
    components,
    metric,
    neighbors,
    options,
  }: {
    readonly matrix: Matrix;
    readonly components: number;
    readonly metric: Metric;
    readonly neighbors: number;
    readonly options: UmapStartOptions;
  },
  { signal, onProgress }: Pick<RunOptions, 'signal'> & { readonly onProgress?: (done: number) => void } = {},
): Promise<UmapProjection> {
  const n = matrix.rows;
  const k = Math.min(neighbors, n - 1);
  if (k < 1) return { coordinates: createMatrix(n, components), neighbors: 0, neighborRecall: 1 };
  const found = await nearestNeighbors(backend, matrix, k, metric, {
    signal,
    onProgress: (done) => onProgress?.(done * NEIGHBORS_END),
  });

  const start = await startAlongComponents(backend, matrix, components, metric, { known: found.principal, signal });
  const umap = initializeUmap(found, start, options);
  onProgress?.(GRAPH_END);
  await runUmap(backend, umap, umap.epochs, {
    signal,
    onEpoch: (epoch) => onProgress?.(GRAPH_END + ((1 - GRAPH_END) * epoch) / umap.epochs),
  });
  return { coordinates: umapCoordinates(umap), neighbors: k, neighborRecall: found.recall };
}
