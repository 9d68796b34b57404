/** What kernels run on in this thread: the processor, and a graphics card where one is wanted and there. */
import type { Backend } from '#kernels/backend.ts';
import { CpuBackend } from '#kernels/cpu/backend.ts';
import { GpuBackend } from '#kernels/gpu/backend.ts';
import { readComputeDevice, readComputeGemm } from './config.ts';
import { cpuThreads } from './cpuThreads.ts';
import { findGpu, type Gpu } from './gpu.ts';

export type DeviceWanted = 'AUTO' | 'GPU' | 'CPU';

export interface OpenBackend {
  readonly backend: Backend;
  /** As its driver calls the graphics card; null where there is none. */
  readonly card: string | null;
  /** What whoever has asked should know. */
  readonly notes: readonly string[];
  close(): void;
}

/** Below so many rows a card is not worth the time that it takes to begin. */
const WORTH_ROWS = 2000;

/**
 * A backend of its own, to be closed. Where a graphics card is asked for and there is none, the processor, and a note.
 * @param device AUTO: a card where there is one and the work is worth it; not one in software, which is slower than the processor
 * @param hold of the thread's `KernelOptions`: from now on the card may be at work
 */
export async function openBackend(device: DeviceWanted, rows: number, hold: () => () => void): Promise<OpenBackend> {
  const { gpu, notes } = await chooseGpu(device, rows, hold);
  const cpu = await openProcessor(hold);
  if (gpu === null) return { backend: cpu, card: null, notes, close: () => cpu.close() };
  const backend = new GpuBackend(gpu.device, { cpu, now: () => performance.now() });
  return {
    ...{ backend, card: gpu.name, notes },
    close() {
      cpu.close();
      void backend.close().then(() => gpu.letGo());
    },
  };
}

/**
 * The processor, on a thread for each of its cores, to be closed. Where COMPUTE_GEMM allows it, onnxruntime multiplies matrices for it.
 * @param hold of the thread's `KernelOptions`: meanwhile the thread must not be ended
 */
export function openProcessor(hold: () => () => void): Promise<CpuBackend> {
  return CpuBackend.create(readComputeGemm() === 'wasm' ? cpuThreads() : cpuThreads(undefined, hold));
}

/** Whether maps whose device is AUTO are computed on a graphics card, if they are large enough. */
export async function isGpuUsual(hold: () => () => void): Promise<boolean> {
  const { gpu } = await chooseGpu('AUTO', WORTH_ROWS, hold);
  gpu?.device.destroy();
  gpu?.letGo();
  return gpu !== null;
}

/**
 * A device by itself, to be destroyed and let go by the caller; null with reasons where there is none to be used. As `openBackend`.
 */
export async function chooseGpu(
  device: DeviceWanted,
  rows: number,
  hold: () => () => void,
): Promise<{ gpu: (Gpu & { letGo(): void }) | null; notes: readonly string[] }> {
  const usual = readComputeDevice();
  if (usual === 'cpu') {
    const notes = device === 'GPU' ? ['This server computes on the processor alone: COMPUTE_DEVICE is cpu.'] : [];
    return { gpu: null, notes };
  }
  const asked = device === 'GPU' || (device === 'AUTO' && usual === 'gpu');
  if (device === 'CPU' || (!asked && rows < WORTH_ROWS)) return { gpu: null, notes: [] };
  const letGo = hold();
  const found = await findGpu();
  if ('missing' in found) {
    letGo();
    return { gpu: null, notes: asked ? [`${found.missing} The processor does the work.`] : [] };
  }
  if (!found.software) return { gpu: { ...found, letGo }, notes: [] };
  if (asked) {
    return {
      gpu: { ...found, letGo },
      notes: [`The graphics card is one in software (${found.name}): right, but slower than the processor.`],
    };
  }
  found.device.destroy();
  letGo();
  return { gpu: null, notes: [] };
}
