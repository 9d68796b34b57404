/** From vectors to a map by t-SNE: neighbours, affinities, a start along the principal components, the iterations. */
import type { Backend } from '../backend.ts';
import { type Metric, nearestNeighbors } from '../knn.ts';
import { createMatrix, type Matrix } from '../matrix.ts';
import { startAlongComponents } from '../subspace.ts';
import { NEIGHBORS_PER_PERPLEXITY } from './affinities.ts';
import {
  initializeTsne,
  runTsne,
  type TsneOptions,
  type TsneRunOptions,
  tsneCoordinates,
  tsneDivergence,
} from './tsne.ts';

export interface TsneProjection {
  /** (n, c), around 0. */
  readonly coordinates: Matrix;
  /** The one asked for, or a third of the other points where that is less; 0 where there is no other. */
  readonly perplexity: number;
  /** Neighbours that were looked at. */
  readonly neighbors: number;
  /** Share of the true neighbours among them, 1 for an exact search. */
  readonly neighborRecall: number;
  /** Kullback-Leibler divergence of the map from the affinities at the end. */
  readonly divergence: number;
}

// What of the work each part takes, measured on 10,000 x 784 and 60,000 x 784.
const NEIGHBORS_END = 0.2;
const AFFINITIES_END = 0.25;

/**
 * @param components coordinates per row, 2 or 3
 * @throws what `signal` was aborted with
 */
export async function projectByTsne(
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
    readonly options?: TsneOptions;
  },
  { signal, onProgress }: Pick<TsneRunOptions, 'signal'> & { readonly onProgress?: (done: number) => void } = {},
): Promise<TsneProjection> {
  const n = matrix.rows;
  const k = Math.min(Math.ceil(NEIGHBORS_PER_PERPLEXITY * (options.perplexity ?? 30)), n - 1);
  if (k < 1) {
    return { coordinates: createMatrix(n, components), perplexity: 0, neighbors: 0, neighborRecall: 1, divergence: 0 };
  }
  const found = await nearestNeighbors(backend, matrix, k, metric, {
    signal,
    onProgress: (done) => onProgress?.(done * NEIGHBORS_END),
  });
  const start = await startAlongComponents(backend, matrix, components, metric, { known: found.principal, signal });
  const tsne = initializeTsne(found, start, options);
  onProgress?.(AFFINITIES_END);
  await runTsne(backend, tsne, tsne.iterations, {
    signal,
    onIteration: (iteration) => onProgress?.(AFFINITIES_END + ((1 - AFFINITIES_END) * iteration) / tsne.iterations),
  });
  return {
    coordinates: tsneCoordinates(tsne),
    perplexity: tsne.perplexity,
    neighbors: k,
    neighborRecall: found.recall,
    divergence: await tsneDivergence(backend, tsne),
  };
}
