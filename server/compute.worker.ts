/** The thread in which kernels run: each is begun, and driven step by step so that its progress is seen. */
import { constants, setPriority } from 'node:os';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import type { Metric } from '#kernels/knn.ts';
import type { Matrix } from '#kernels/matrix.ts';
import { initializePca, type PcaOptions, resultOfPca, runPca } from '#kernels/pca.ts';
import { initializeQuality, type QualityOptions, resultOfQuality, runQuality } from '#kernels/quality.ts';
import { projectByUmap } from '#kernels/umap/projectByUmap.ts';
import type { UmapOptions } from '#kernels/umap/umap.ts';
import { cpuThreads } from './cpuThreads.ts';
import { type KernelOptions, serveKernels } from './serveKernels.ts';

const kernels = {
  /** The matrix, whose memory was handed over, comes back with the result. */
  pca({ matrix, ...options }: { readonly matrix: Matrix } & PcaOptions, { onProgress }: KernelOptions) {
    const state = initializePca(matrix, options);
    while (runPca(state, state.step + 1)) onProgress(state.step / state.steps);
    return { matrix, ...resultOfPca(state) };
  },

  async umap(
    input: {
      readonly matrix: Matrix;
      readonly components: number;
      readonly metric: Metric;
      readonly neighbors: number;
      readonly options: UmapOptions;
    },
    { onProgress }: KernelOptions,
  ) {
    const backend = await CpuBackend.create(cpuThreads());
    try {
      return { matrix: input.matrix, ...(await projectByUmap(backend, input, { onProgress })) };
    } finally {
      backend.close();
    }
  },

  /** Null where there are too few rows for the measures to be defined. */
  quality(
    { matrix, map, ...options }: { readonly matrix: Matrix; readonly map: Matrix } & QualityOptions,
    { onProgress }: KernelOptions,
  ) {
    const state = initializeQuality(matrix, map, options);
    if (state === null) return null;
    while (runQuality(state, state.step + 1)) onProgress(state.step / state.steps);
    return resultOfQuality(state);
  },
};

export type ServerKernels = typeof kernels;

// Behind the threads that answer requests. Linux alone has a priority for each thread; elsewhere this is the process's.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

serveKernels(kernels);
