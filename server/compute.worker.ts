/** The thread in which kernels run: each is begun, and driven step by step so that its progress is seen. */
import { constants, setPriority } from 'node:os';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { bySize, type HdbscanOptions, hdbscan, type Partition } from '#kernels/hdbscan/hdbscan.ts';
import { clustersOf, initializeKmeans, type KmeansOptions, runKmeans } from '#kernels/kmeans/kmeans.ts';
import { beginMap, type MapOptions, type MapResult, type MapRun, resumeMap } from '#kernels/map.ts';
import { type Matrix, matrixToBytes } from '#kernels/matrix.ts';
import { type PointQualityOptions, pointQuality } from '#kernels/pointQuality.ts';
import { initializeQuality, type Quality, type QualityOptions, resultOfQuality, runQuality } from '#kernels/quality.ts';
import { representatives } from '#kernels/representatives.ts';
import { cpuThreads } from './cpuThreads.ts';
import { type KernelOptions, serveKernels } from './serveKernels.ts';

const kernels = {
  /** The matrix, whose memory was handed over, comes back with the result. Interims: FRAME is a matrix, CHECKPOINT what `kept` takes. */
  async map(
    {
      matrix,
      kept,
      ...options
    }: { readonly matrix: Matrix; readonly kept: Uint8Array<ArrayBuffer> | null } & MapOptions,
    { onProgress, ...wanted }: KernelOptions,
  ): Promise<MapResult & { readonly matrix: Matrix; readonly device: 'CPU' }> {
    const begun: Promise<CpuBackend>[] = [];
    const backend = () => {
      const made = CpuBackend.create(cpuThreads());
      begun.push(made);
      return made;
    };
    const tools = { onProgress, backend };
    try {
      const run =
        kept === null ? await beginMap(matrix, options, tools) : await resumeMap(matrix, options, kept, tools);
      await drive(run, { onProgress, ...wanted });
      return { matrix, device: 'CPU', ...run.result() };
    } finally {
      for (const made of begun) (await made).close();
    }
  },

  /** Of the whole map, and of each point. Null where there are too few rows for the measures to be defined. */
  async quality(
    {
      matrix,
      map,
      ...options
    }: { readonly matrix: Matrix; readonly map: Matrix } & QualityOptions & PointQualityOptions,
    { onProgress }: KernelOptions,
  ): Promise<{ readonly whole: Quality; readonly points: Matrix | null } | null> {
    const state = initializeQuality(matrix, map, options);
    if (state === null) return null;
    while (runQuality(state, state.step + 1)) onProgress((WHOLE_END * state.step) / state.steps);
    if (matrix.rows > POINTS_LIMIT) return { whole: resultOfQuality(state), points: null };
    const backend = await CpuBackend.create(cpuThreads());
    try {
      const points = await pointQuality(backend, matrix, map, options, {
        onProgress: (done) => onProgress(WHOLE_END + (1 - WHOLE_END) * done),
      });
      return { whole: resultOfQuality(state), points };
    } finally {
      backend.close();
    }
  },

  /** Clusters by size, with the rows that stand for them, `most` of each. */
  async kmeans(
    { matrix, most, ...options }: { readonly matrix: Matrix; readonly most: number } & KmeansOptions,
    { onProgress }: KernelOptions,
  ) {
    const backend = await CpuBackend.create(cpuThreads());
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
    { onProgress }: KernelOptions,
  ) {
    const { matrix, options, most } = input;
    const backend = await CpuBackend.create(cpuThreads());
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

/** Steps are taken together until about so many milliseconds have passed: each time costs a copy of the state. */
const PACE_MS = 80;

/** Takes a run to its end, and gives what is wanted between its steps. */
async function drive(run: MapRun, { onProgress, isWanted, give }: KernelOptions): Promise<void> {
  let pace = 1;
  while (run.step < run.steps) {
    const begun = performance.now();
    const from = run.step;
    await run.advance(from + pace);
    const stepMs = (performance.now() - begun) / Math.max(1, run.step - from);
    pace = Math.max(1, Math.floor(PACE_MS / Math.max(stepMs, 0.01)));
    onProgress(run.prepared + (1 - run.prepared) * (run.step / run.steps));
    const coordinates = isWanted('FRAME') ? run.coordinates() : null;
    if (coordinates !== null) give('FRAME', new Uint8Array(matrixToBytes(coordinates)));
    if (isWanted('CHECKPOINT')) give('CHECKPOINT', run.keep());
  }
}

export type ServerKernels = typeof kernels;

// Behind the threads that answer requests. Linux alone has a priority for each thread; elsewhere this is the process's.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

serveKernels(kernels);
