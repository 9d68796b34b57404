/** Threads of Node for the CPU backend of the kernels. */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import type { CpuThread, CpuThreads } from '#kernels/cpu/backend.ts';
import { libraryModels } from './models/libraryModels.ts';

/**
 * @param count how many; default: one per processor
 * @param hold given, matrices are multiplied by onnxruntime, where this machine has it. Of the thread's `KernelOptions`: whoever ends
 *   a thread, or the process, while onnxruntime runs in it or in a thread that it has started, aborts the process. Where nobody ends
 *   threads, `() => () => {}`
 */
export function cpuThreads(count: number = availableParallelism(), hold?: () => () => void): CpuThreads {
  return {
    count,
    async start(module, memory): Promise<CpuThread> {
      const worker = new Worker(new URL('./kernelThread.mjs', import.meta.url), {
        workerData: { module, memory },
        execArgv: [],
      });
      worker.unref();
      await once(worker, 'message');
      const ask = async (message: object): Promise<unknown> => {
        worker.ref();
        worker.postMessage(message);
        const [answer] = await once(worker, 'message'); // rejects when the thread fails
        worker.unref();
        return answer;
      };
      let isOpen = false;
      return {
        async run(calls) {
          const letGo = hold !== undefined && calls.some((call) => !('name' in call)) ? hold() : null;
          try {
            await ask({ calls });
          } finally {
            letGo?.();
          }
        },
        ...(hold === undefined
          ? {}
          : {
              async openLibrary() {
                isOpen = true;
                const letGo = hold();
                try {
                  const name = await ask({ models: libraryModels() });
                  return typeof name === 'string' ? name : null;
                } finally {
                  letGo();
                }
              },
            }),
        close() {
          if (isOpen) worker.postMessage('end');
          else void worker.terminate();
        },
      };
    },
  };
}
