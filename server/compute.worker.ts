/** The thread in which kernels run. */
import { constants, setPriority } from 'node:os';

import { bySize, type HdbscanOptions, hdbscan, type Partition } from '#kernels/hdbscan/hdbscan.ts';
import { clustersOf, initializeKmeans, type KmeansOptions, runKmeans } from '#kernels/kmeans/kmeans.ts';
import { type Metric, nearestNeighbors } from '#kernels/knn.ts';
import type { Matrix } from '#kernels/matrix.ts';
import { neighborOverlap } from '#kernels/overlap.ts';
import { type PointQualityOptions, pointQuality } from '#kernels/pointQuality.ts';
import { measureQuality, type Quality, type QualityOptions } from '#kernels/quality.ts';
import { representatives } from '#kernels/representatives.ts';
import { isGpuUsual, openBackend, openProcessor } from './backends.ts';
import { type MapInput, type MapOutput, runMap } from './runMap.ts';
import { type KernelOptions, serveKernels } from './serveKernels.ts';
import { wordKernels } from './wordKernels.ts';

const kernels = {
  ...wordKernels,

  /** The matrix, whose memory was handed over, comes back with the result. */
  async map(input: MapInput, kernel: KernelOptions): Promise<MapOutput & { readonly matrix: Matrix }> {
    return { matrix: input.matrix, ...(await runMap(input, kernel, openBackend)) };
  },

  /** What computes maps whose device is AUTO. */
  async device(_input: null, { hold }: KernelOptions): Promise<'GPU' | 'CPU'> {
    return (await isGpuUsual(hold)) ? 'GPU' : 'CPU';
  },

  /** Of the whole map, and of each point. Null where there are too few rows for the measures to be defined. */
  async quality(
    {
      matrix,
      map,
      ...options
    }: { readonly matrix: Matrix; readonly map: Matrix } & QualityOptions & PointQualityOptions,
    { hold, onProgress }: KernelOptions,
  ): Promise<{ readonly whole: Quality; readonly points: Matrix | null } | null> {
    const backend = await openProcessor(hold);
    try {
      const whole = await measureQuality(backend, matrix, map, options, {
        onProgress: (done) => onProgress(WHOLE_END * done),
      });
      if (whole === null || matrix.rows > POINTS_LIMIT) return whole && { whole, points: null };
      const points = await pointQuality(backend, matrix, map, options, {
        onProgress: (done) => onProgress(WHOLE_END + (1 - WHOLE_END) * done),
      });
      return { whole, points };
    } finally {
      backend.close();
    }
  },

  /** Of each row, the share of its neighbours that are the same in both matrices, and how well the neighbours were found. */
  async overlap(
    {
      first,
      second,
      neighbors,
    }: {
      readonly first: { readonly matrix: Matrix; readonly metric: Metric };
      readonly second: { readonly matrix: Matrix; readonly metric: Metric };
      readonly neighbors: number;
    },
    { hold, onProgress }: KernelOptions,
  ) {
    const backend = await openProcessor(hold);
    try {
      const find = ({ matrix, metric }: typeof first, from: number) =>
        nearestNeighbors(backend, matrix, neighbors, metric, { onProgress: (done) => onProgress(from + done / 2) });
      const here = await find(first, 0);
      const there = await find(second, 0.5);
      return { overlaps: neighborOverlap(here, there), recall: here.recall * there.recall };
    } finally {
      backend.close();
    }
  },

  /** Clusters by size, with the rows that stand for them, `most` of each. */
  async kmeans(
    { matrix, most, ...options }: { readonly matrix: Matrix; readonly most: number } & KmeansOptions,
    { hold, onProgress }: KernelOptions,
  ) {
    const backend = await openProcessor(hold);
    try {
      const kmeans = await initializeKmeans(backend, matrix, options);
      await runKmeans(backend, kmeans, kmeans.iterations, {
        onIteration: (iteration) => onProgress(iteration / kmeans.iterations),
      });
      const { centers, assignments, ...found } = await clustersOf(backend, kmeans);
      const labels = bySize(Int32Array.from(assignments), centers.rows);
      const count = centers.rows;
      return { ...found, labels, count, representatives: representatives(matrix, labels, count, null, most).rows };
    } finally {
      backend.close();
    }
  },

  /** The clusters and the layers, each with the rows that stand for its clusters, `most` of each. */
  async hdbscan(
    input: { readonly matrix: Matrix; readonly options: HdbscanOptions; readonly most: number },
    { hold, onProgress }: KernelOptions,
  ) {
    const { matrix, options, most } = input;
    const backend = await openProcessor(hold);
    try {
      const { clusters, layers, neighborRecall } = await hdbscan(backend, matrix, options, { onProgress });
      const layerOf = ({ minClusterSize, labels, count, probabilities }: Partition) => ({
        ...{ minClusterSize, labels, count },
        representatives: representatives(matrix, labels, count, probabilities, most).rows,
      });
      return { layers: [clusters, ...layers].map(layerOf), probabilities: clusters.probabilities, neighborRecall };
    } finally {
      backend.close();
    }
  },
};

/** Beyond so many points only the whole is measured: to know the neighbours of each takes minutes. */
const POINTS_LIMIT = 200_000;

/** Share of the whole map's measures in the time of all measures. */
const WHOLE_END = 0.5;

export type ServerKernels = typeof kernels;

// Behind the threads that answer requests. Linux alone has a priority for each thread; elsewhere this is the process's.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

serveKernels(kernels);
