/**
 * Where kernels run: on the processor, as WebAssembly on threads, or on a graphics card, as shaders. What takes long takes either
 * (`nearestNeighbors`, `startAlongComponents`, `runUmap`, …): the same input, options and seed, the same draws by chance. A run
 * on one of them gives the same bits each time; between the two the last bits differ, and a map with them, but not its quality.
 */
import type { CpuBackend } from './cpu/backend.ts';
import type { GpuBackend } from './gpu/backend.ts';

export type Backend = CpuBackend | GpuBackend;

/** The processor itself, or the one beside the card. */
export function processorOf(backend: Backend): CpuBackend {
  return backend.device === 'CPU' ? backend : backend.cpu;
}
