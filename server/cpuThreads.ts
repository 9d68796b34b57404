/** Threads of Node for the CPU backend of the kernels. */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import type { CpuThread, CpuThreads } from '#kernels/cpu/backend.ts';

/** @param count how many; default: one per processor */
export function cpuThreads(count: number = availableParallelism()): CpuThreads {
  return {
    count,
    async start(module, memory): Promise<CpuThread> {
      const worker = new Worker(new URL('./kernelThread.mjs', import.meta.url), {
        workerData: { module, memory },
        execArgv: [],
      });
      worker.unref();
      await once(worker, 'message');
      return {
        async run(name, parameters) {
          worker.ref();
          worker.postMessage({ name, parameters });
          await once(worker, 'message'); // rejects when the thread fails
          worker.unref();
        },
        close() {
          void worker.terminate();
        },
      };
    },
  };
}
