/** A map from its first step to its last, on whatever it is to run on. */
import { type Backend, processorOf } from '#kernels/backend.ts';
import { frameToBytes } from '#kernels/frame.ts';
import { GpuError } from '#kernels/gpu/backend.ts';
import { beginMap, type MapOptions, type MapResult, type MapRun, resumeMap } from '#kernels/map.ts';
import type { Matrix } from '#kernels/matrix.ts';
import type { DeviceWanted, OpenBackend, openBackend } from './backends.ts';
import type { KernelOptions } from './serveKernels.ts';

export interface MapInput extends MapOptions {
  readonly matrix: Matrix;
  /** A run of the same that was kept; null: it begins. */
  readonly kept: Uint8Array<ArrayBuffer> | null;
  readonly device: DeviceWanted;
}

export interface MapOutput extends MapResult {
  /** Where it was computed to its end. */
  readonly device: 'GPU' | 'CPU';
}

/**
 * Interims: FRAME is a frame, CHECKPOINT what `kept` takes. Where a graphics card fails, the processor goes on from where it was,
 * and a note says so.
 */
export async function runMap(
  { matrix, kept, device, ...options }: MapInput,
  kernel: KernelOptions,
  openOne: typeof openBackend,
): Promise<MapOutput> {
  const opened: OpenBackend[] = [];
  const notes: string[] = [];
  const open = async (wanted: DeviceWanted): Promise<Backend> => {
    const made = await openOne(wanted, matrix.rows, kernel.hold);
    opened.push(made);
    notes.push(...made.notes);
    return made.backend;
  };
  const { signal, onProgress } = kernel;
  let state = kept;
  let wanted = device;
  let askedForCard = false;
  try {
    for (;;) {
      const backend = () => {
        askedForCard = true;
        return open(wanted);
      };
      const processor = async () => processorOf(await open('CPU'));
      const tools = { signal, onProgress, backend, processor };
      let run: MapRun | null = null;
      try {
        run = state === null ? await beginMap(matrix, options, tools) : await resumeMap(matrix, options, state, tools);
        await drive(run, kernel);
        const result = run.result();
        const card = opened.at(-1)?.card ?? null;
        const gemmLibrary = opened
          .map(({ backend }) => processorOf(backend).openedLibrary)
          .find((name) => name !== null);
        const usedLibrary = gemmLibrary === undefined ? {} : { gemmLibrary };
        if (device === 'GPU' && !askedForCard) notes.push(`${options.method} is computed on the processor.`);
        return {
          ...result,
          device: card === null ? 'CPU' : 'GPU',
          notes: [...notes, ...result.notes],
          parameters: { ...result.parameters, ...usedLibrary, ...(card === null ? {} : { graphicsCard: card }) },
        };
      } catch (error) {
        if (!(error instanceof GpuError)) throw error;
        notes.push(`${error.message} The processor went on.`);
        state = run?.keep() ?? state;
        wanted = 'CPU';
      }
    }
  } finally {
    for (const made of opened) made.close();
  }
}

/** Steps are taken together until about so many milliseconds have passed: each time costs a copy of the state. */
const PACE_MS = 80;

/** Takes a run to its end, and gives what is wanted between its steps. */
async function drive(run: MapRun, kernel: KernelOptions): Promise<void> {
  const { signal, onProgress, isWanted, give } = kernel;
  let pace = 1;
  while (run.step < run.steps) {
    signal.throwIfAborted();
    for (const share of kernel.perturbations().slice(run.perturbations)) run.perturb(share);
    const begun = performance.now();
    const from = run.step;
    await run.advance(from + pace);
    const stepMs = (performance.now() - begun) / Math.max(1, run.step - from);
    pace = Math.max(1, Math.floor(PACE_MS / Math.max(stepMs, 0.01)));
    const progress = run.prepared + (1 - run.prepared) * (run.step / run.steps);
    onProgress(progress);
    const coordinates = isWanted('FRAME') ? run.coordinates() : null;
    if (coordinates !== null) {
      const { step, steps } = run;
      give('FRAME', frameToBytes({ sequence: 0, progress, step, steps, coordinates }));
    }
    if (isWanted('CHECKPOINT')) give('CHECKPOINT', run.keep());
  }
}
