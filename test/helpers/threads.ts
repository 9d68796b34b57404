import type { CpuThreads } from '#kernels/cpu/backend.ts';
import { cpuThreads } from '../../server/cpuThreads.ts';

/** Threads as the server has them, with onnxruntime to multiply matrices. Nobody ends the thread that starts them. */
export function libraryThreads(count?: number): CpuThreads {
  return cpuThreads(count, () => () => {});
}
