/**
 * The third file, `embedding-map-compute.js`: maps of vectors that never leave the page, by the kernels that the server runs. In a
 * worker it serves one map; as a thread of that worker it runs pieces of kernels; in the page itself, where no worker may be, it
 * does nothing until `serve` is called.
 */

import { projectOntoAxes } from '#kernels/axes.ts';
import type { Backend } from '#kernels/backend.ts';
import { CpuBackend, type CpuCall, type CpuThread, type CpuThreads, callFunction } from '#kernels/cpu/backend.ts';
import type { Metric } from '#kernels/distance.ts';
import { frameToBytes } from '#kernels/frame.ts';
import { GpuBackend, GpuError } from '#kernels/gpu/backend.ts';
import { beginMap, type MapOptions, type MapResult, type MapRun, resumeMap } from '#kernels/map.ts';
import { checkMapOptions } from '#kernels/mapOptions.ts';
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { transformPca } from '#kernels/pca.ts';
import { checkShare } from '#kernels/perturb.ts';
import { placeAmong } from '#kernels/placeAmong.ts';
import { type Nearest, nearestRows, placeRows, type ScannedRows } from '#kernels/scan.ts';
import { spherize } from '#kernels/spherize.ts';
import { placeOnTsne, prepareTsne } from '#kernels/tsne/placeOnTsne.ts';
import { placeOnUmap } from '#kernels/umap/placeOnUmap.ts';

import { findPageGpu } from './gpu.ts';

export interface ComputeRequests {
  /** Makes the map; frames and progress come meanwhile. */
  readonly map: {
    readonly matrix: Matrix;
    readonly options: MapOptions;
    /** AUTO: a graphics card where the browser gives a real one and there are so many rows that it is worth it. */
    readonly device: 'AUTO' | 'GPU' | 'CPU';
  };
  /** Where rows would lie on the map that was made. */
  readonly place: { readonly rows: Matrix };
  /** Lets the map in the making rest, or go on: it ends at the same bits. */
  readonly pause: { readonly paused: boolean };
  /** Pushes the points of the map in the making, before its next step. */
  readonly perturb: { readonly share: number | undefined };
  readonly nearest: { readonly row: number; readonly first: number; readonly metric: Metric };
}

export interface ComputeAnswers {
  readonly map: {
    readonly coordinates: Matrix;
    readonly parameters: MapResult['parameters'];
    readonly notes: readonly string[];
    readonly explainedVariance: readonly number[] | null;
    readonly device: 'GPU' | 'CPU';
    readonly threads: number;
    readonly milliseconds: number;
  };
  readonly place: Matrix;
  readonly pause: null;
  readonly perturb: null;
  readonly nearest: Nearest;
}

export type ComputeName = keyof ComputeRequests;
export type ComputeCall = {
  readonly [Name in ComputeName]: { readonly id: number; readonly name: Name; readonly input: ComputeRequests[Name] };
}[ComputeName];

export type ComputeAnswer =
  | { readonly type: 'progress'; readonly progress: number }
  | { readonly type: 'frame'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'output'; readonly id: number; readonly output: ComputeAnswers[ComputeName] }
  /** `mistake`: what was given cannot be taken. */
  | { readonly type: 'error'; readonly id: number; readonly message: string; readonly mistake: boolean };

/** Below so many rows a card is not worth the time that it takes to begin. */
const WORTH_ROWS = 2000;
const FRAME_MS = 100;
/** Steps are taken together until about so many milliseconds have passed. */
const PACE_MS = 60;
/** As on the server: neighbours that place a point where the method does not say how many. */
const NEIGHBORS = 15;

/** Answers what comes through the port, about one map. */
export function serve(port: MessagePort): void {
  const page = new PageMap((answer) => port.postMessage(answer));
  port.onmessage = async ({ data }: MessageEvent<ComputeCall>) => {
    const { id } = data;
    try {
      port.postMessage({ type: 'output', id, output: await page.answer(data) } satisfies ComputeAnswer);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      port.postMessage({ type: 'error', id, message, mistake: error instanceof RangeError } satisfies ComputeAnswer);
    }
  };
}

class PageMap {
  readonly #tell: (answer: ComputeAnswer) => void;
  #made: { readonly matrix: Matrix; readonly options: MapOptions; readonly result: MapResult } | null = null;
  #rows: Promise<Known> | null = null;
  #onSphere: Promise<Known> | null = null;
  /** Shares of pushes that the map is to be given. */
  #pushes: (number | undefined)[] = [];
  /** Resolves when the map may go on. */
  #rest: { readonly over: Promise<void>; readonly end: () => void } | null = null;

  constructor(tell: (answer: ComputeAnswer) => void) {
    this.#tell = tell;
  }

  async answer(call: ComputeCall): Promise<ComputeAnswers[ComputeName]> {
    if (call.name === 'map') return await this.#make(call.input);
    if (call.name === 'place') return await this.#place(call.input.rows);
    if (call.name === 'pause') return this.#pause(call.input.paused);
    if (call.name === 'perturb') return this.#perturb(call.input.share);
    return await this.#nearest(call.input);
  }

  async #make({ matrix, options, device }: ComputeRequests['map']): Promise<ComputeAnswers['map']> {
    checkMapOptions(options);
    if (!['AUTO', 'GPU', 'CPU'].includes(device)) {
      throw new RangeError(`device is ${JSON.stringify(device)}; wanted: one of AUTO, GPU, CPU.`);
    }
    const begun = performance.now();
    const cpu = await CpuBackend.create(pageThreads());
    const gpu = device === 'CPU' ? null : await openGpu(cpu, device === 'GPU' || matrix.rows >= WORTH_ROWS, device);
    const notes =
      device === 'GPU' && gpu === null ? ['The browser gives no graphics card. The processor does the work.'] : [];
    try {
      // What no method has asked for has computed nothing.
      let used: 'GPU' | 'CPU' = 'CPU';
      const tools = (backend: Backend) => ({
        backend: async () => {
          used = backend.device;
          return backend;
        },
        processor: async () => cpu,
        onProgress: (progress: number) => this.#tell({ type: 'progress', progress }),
      });
      let run: MapRun | null = null;
      let result: MapResult;
      try {
        run = await beginMap(matrix, options, tools(gpu ?? cpu));
        result = await this.#drive(run);
      } catch (error) {
        // Where the card fails, the processor goes on from where it was.
        if (!(error instanceof GpuError)) throw error;
        notes.push(`${error.message} The processor went on.`);
        const begunAgain = run === null ? beginMap : resumeFrom(run.keep());
        result = await this.#drive(await begunAgain(matrix, options, tools(cpu)));
      }
      if (device === 'GPU' && gpu !== null && used === 'CPU' && notes.length === 0) {
        notes.push(`${options.method} is computed on the processor.`);
      }
      this.#made = { matrix, options, result };
      const { coordinates, parameters, explainedVariance } = result;
      return {
        ...{ coordinates, parameters, explainedVariance, device: used, threads: cpu.threadCount },
        notes: [...notes, ...result.notes],
        milliseconds: performance.now() - begun,
      };
    } finally {
      gpu?.close();
      cpu.close();
    }
  }

  #pause(paused: boolean): null {
    if (!paused) {
      this.#rest?.end();
      this.#rest = null;
    } else if (this.#rest === null) {
      let end = () => {};
      const over = new Promise<void>((resolve) => {
        end = resolve;
      });
      this.#rest = { over, end };
    }
    return null;
  }

  #perturb(share: number | undefined): null {
    if (share !== undefined) checkShare(share);
    this.#pushes.push(share);
    return null;
  }

  async #drive(run: MapRun): Promise<MapResult> {
    let pace = 1;
    let shownAt = Number.NEGATIVE_INFINITY;
    while (run.step < run.steps) {
      await breathe(); // a wish to pause, or a push, may have come
      await this.#rest?.over;
      for (const share of this.#pushes.splice(0)) run.perturb(share);
      const begun = performance.now();
      const from = run.step;
      await run.advance(from + pace);
      const now = performance.now();
      pace = Math.max(1, Math.floor(PACE_MS / Math.max((now - begun) / Math.max(1, run.step - from), 0.01)));
      const { step, steps } = run;
      const progress = run.prepared + (1 - run.prepared) * (step / steps);
      const coordinates = now - shownAt >= FRAME_MS ? run.coordinates() : null;
      if (coordinates === null) this.#tell({ type: 'progress', progress });
      else {
        shownAt = now;
        this.#tell({ type: 'frame', bytes: frameToBytes({ sequence: step, progress, step, steps, coordinates }) });
      }
    }
    return run.result();
  }

  /** As the server's `place`: exactly by PCA and along axes, otherwise among the neighbours, each row by itself. */
  async #place(rows: Matrix): Promise<Matrix> {
    const { matrix, options, result } = this.#finished();
    if (rows.columns !== matrix.columns) {
      throw new RangeError(`The vectors of the map have ${matrix.columns} numbers, got ${rows.columns}.`);
    }
    const { coordinates, transform, parameters } = result;
    const mean = transform?.mean;
    const given = mean === undefined ? rows : spherize(rows, mean);
    if (transform?.pca) return transformPca(transform.pca, given);
    if (transform?.axes) return projectOntoAxes(given, transform.axes, options.metric);
    const { neighbors } = parameters;
    const k = options.method === 'UMAP' && typeof neighbors === 'number' ? neighbors : NEIGHBORS;
    const placed = createMatrix(rows.rows, coordinates.columns);
    const ground = options.method === 'TSNE' ? prepareTsne(coordinates) : null;
    const { backend, rows: known } = mean === undefined ? await this.#known() : await this.#knownOnSphere(mean);
    for (let i = 0; i < rows.rows; i++) {
      const near = await nearestRows(backend, known, rowOf(given, i), k);
      const found = { n: 1, k: near.rows.length, ids: near.rows, distances: Float32Array.from(near.distances) };
      const { data } =
        options.method === 'UMAP'
          ? placeOnUmap(found, coordinates, { ...options.umap, seed: options.seed })
          : ground !== null
            ? placeOnTsne(found, ground)
            : placeAmong(found, coordinates);
      rowOf(placed, i).set(data);
    }
    return placed;
  }

  async #nearest({ row, first, metric }: ComputeRequests['nearest']): Promise<Nearest> {
    const { matrix } = this.#finished();
    const { backend, rows } = await this.#known();
    return await nearestRows(backend, rows, rowOf(matrix, row), first, { metric, exclude: [row] });
  }

  #finished() {
    if (this.#made === null) throw new Error('The map is not made yet.');
    return this.#made;
  }

  /** The rows, ready to be searched. */
  #known(): Promise<Known> {
    const { matrix, options } = this.#finished();
    this.#rows ??= know(matrix, options.metric);
    return this.#rows;
  }

  /** The rows where the map was made of them. */
  #knownOnSphere(mean: Float32Array): Promise<Known> {
    this.#onSphere ??= know(spherize(this.#finished().matrix, mean), 'EUCLIDEAN');
    return this.#onSphere;
  }
}

/** Lets this thread hear what has been sent to it: a promise alone does not. */
async function breathe(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  await new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage(null);
  });
  port1.close();
}

interface Known {
  readonly backend: CpuBackend;
  readonly rows: ScannedRows;
}

async function know(matrix: Matrix, metric: Metric): Promise<Known> {
  const backend = await CpuBackend.create(null);
  const rows = await placeRows(backend, matrix, metric);
  if (rows === null) throw new RangeError('The vectors are too long, or too short, to be compared.');
  return { backend, rows };
}

/** As `beginMap`, from a run that was kept. */
function resumeFrom(kept: Uint8Array): typeof beginMap {
  return (matrix, options, tools) => resumeMap(matrix, options, kept, tools);
}

/** Null where there is none, or none that is worth it. */
async function openGpu(cpu: CpuBackend, isWorth: boolean, device: 'AUTO' | 'GPU'): Promise<GpuBackend | null> {
  const found = isWorth ? await findPageGpu() : null;
  if (found === null) return null;
  if (found.software && device === 'AUTO') {
    found.device.destroy();
    return null;
  }
  return new GpuBackend(found.device, { cpu, now: () => performance.now() });
}

// Threads -----------------------------------------------------------------------------------------------------------

const THREAD = 'embedding-map thread';

/** As many as processors where the page is isolated from other origins, so that threads may share memory; null: the calling one. */
function pageThreads(): CpuThreads | null {
  if (!isWorker() || !globalThis.crossOriginIsolated || navigator.hardwareConcurrency < 2) return null;
  return { count: navigator.hardwareConcurrency, start: startThread };
}

async function startThread(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<CpuThread> {
  const worker = new Worker(globalThis.location.href, { type: 'module', name: THREAD });
  const heard = (): Promise<void> =>
    new Promise((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = ({ message }) => reject(new Error(`A thread has failed: ${message}`));
    });
  worker.postMessage({ module, memory });
  await heard();
  return {
    async run(calls) {
      worker.postMessage({ calls });
      await heard();
    },
    close: () => worker.terminate(),
  };
}

type ThreadMessage =
  | { readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory }
  | { readonly calls: readonly CpuCall[] };

/** The thread's side: instantiates the module over the shared memory and runs the pieces that it is sent. */
function serveThread(): void {
  let instance: WebAssembly.Instance | null = null;
  globalThis.onmessage = async ({ data }: MessageEvent<ThreadMessage>) => {
    if ('module' in data) instance = await WebAssembly.instantiate(data.module, { env: { memory: data.memory } });
    else if (instance !== null) for (const call of data.calls) callFunction(instance, call);
    globalThis.postMessage(null);
  };
}

function isWorker(): boolean {
  return 'WorkerGlobalScope' in globalThis;
}

if (isWorker()) {
  if (Reflect.get(globalThis, 'name') === THREAD) serveThread();
  else {
    globalThis.onmessage = ({ ports: [port] }: MessageEvent) => {
      if (port !== undefined) serve(port);
    };
    globalThis.postMessage('ready');
  }
}
