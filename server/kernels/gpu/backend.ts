/**
 * The GPU backend: shaders, on a device that it is given (Dawn's in Node, `navigator.gpu`'s in a browser).
 *
 * Long work is rounds of stages: a stage is a kernel over so many workgroups, none of which reads what another one of the same
 * stage writes; a round is all stages in turn. So a run can be cut between any two workgroups without changing a bit. It is cut
 * into pieces of some 20 ms: shorter than a frame or two of a screen that the same card draws, far below what makes a driver think
 * that the card hangs (2 s on Windows), and between two of them work can be stopped. How much fits is measured as it runs.
 */
import type { CpuBackend } from '../cpu/backend.ts';
import { PieceSize } from './pieceSize.ts';

/** The card cannot do this: it is lost, too small, or refuses. The same work can be done on the processor. */
export class GpuError extends Error {}

export interface GpuOptions {
  /** For what is not done on the card, and where it would not be worth the way. */
  readonly cpu: CpuBackend;
  /** A clock, in milliseconds: by it the pieces are sized. */
  readonly now: () => number;
  /** Length of a piece in milliseconds. Larger is faster by some percent, and stops later. */
  readonly pieceMs?: number; // 20
  /** Bytes of one buffer, where these are to be less than the device allows. */
  readonly bufferBytes?: number | undefined;
}

/** A numeric field of a shader's `struct Parameters`. */
type Values = Readonly<Record<string, number>>;

/** An entry point of a shader, compiled. */
export interface GpuKernel {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  /** Of the buffers, group 0. */
  readonly layout: GPUBindGroupLayout;
  /** Group 1: the parameters, by their slot; made when first used. */
  readonly slots: GPUBindGroup[];
  readonly fields: readonly { readonly name: string; readonly type: 'u32' | 'i32' | 'f32' }[];
}

/** A kernel over workgroups 0 … blocks - 1. The shader adds `parameters.first` to its workgroup's number. */
export interface Stage {
  readonly kernel: GpuKernel;
  readonly blocks: number | ((round: number) => number);
  /** Of one workgroup, in multiply-adds or the like, so that stages can be compared. */
  readonly work: number;
  /** Buffers by their number in group 0. What is bound to a kernel once need not be made again: give the same object again. */
  readonly buffers: (round: number) => Readonly<Record<number, GPUBuffer>>;
  /** The fields of the shader's `struct Parameters` but `first`. */
  readonly parameters: (round: number) => Values;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called when so many rounds are done; not after each, where a piece holds several. */
  readonly onRounds?: ((done: number) => void) | undefined;
  /** Called once, while the card is busy with the first pieces: for what is to be made ready for the next run. */
  readonly meanwhile?: (() => void) | undefined;
}

// https://www.w3.org/TR/webgpu/#namespacedef-gpubufferusage; Node has no such globals.
const MAP_READ = 0x01;
const COPY_SRC = 0x04;
const COPY_DST = 0x08;
const UNIFORM = 0x40;
const STORAGE = 0x80;
const READ = 1; // GPUMapMode

/** Parameters of one dispatch begin at multiples of this, the most that a device may ask for. */
const SLOT_BYTES = 256;
const DISPATCHES_PER_PIECE = 512;
/** By which the first piece after a rest is smaller: a large card idles at a sixth of its clock (345 of 1980 MHz on an H100). */
const AFTER_REST = 4;
/** Pieces that the card has at a time: one that runs, and the next, so that it need not wait for us in between. */
const PIECES_BEGUN = 2;

interface Piece {
  readonly work: number;
  /** Rounds that are over when it is done. */
  readonly rounds: number;
  readonly begunAt: number;
  readonly done: Promise<void>;
}

export class GpuBackend {
  readonly device = 'GPU';
  readonly cpu: CpuBackend;
  readonly #device: GPUDevice;
  readonly #options: GpuOptions;
  readonly #kernels = new Map<string, Promise<GpuKernel>>();
  readonly #pieceSizes = new Map<string, PieceSize>();
  readonly #slots: GPUBuffer;
  /** What was last made of some buffers, and for which kernel. */
  readonly #groups = new WeakMap<object, { readonly kernel: GpuKernel; readonly group: GPUBindGroup }>();
  #buffers: GPUBuffer[] = [];
  readonly #kept = new WeakMap<object, unknown>();
  readonly #keptBuffers: GPUBuffer[] = [];
  #allocations: Promise<GPUError | null>[] = [];
  #lost: GPUDeviceLostInfo | null = null;
  #longestPieceMs = 0;

  constructor(device: GPUDevice, options: GpuOptions) {
    this.cpu = options.cpu;
    this.#device = device;
    this.#options = options;
    this.#slots = device.createBuffer({
      label: 'parameters',
      size: DISPATCHES_PER_PIECE * SLOT_BYTES,
      usage: UNIFORM | COPY_DST,
    });
    void device.lost.then((info) => {
      this.#lost = info;
    });
  }

  /** Bytes that one buffer can have. */
  get bufferBytes(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#device.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize, this.#options.bufferBytes ?? Number.POSITIVE_INFINITY);
  }

  /** Of the pieces so far, but for the first of each kind, whose length cannot be known. */
  get longestPieceMs(): number {
    return this.#longestPieceMs;
  }

  /**
   * Compiles an entry point, once.
   * @param constants values of the shader's `override`s
   * @throws GpuError with the compiler's words
   */
  kernel(shader: string, entryPoint: string, constants: Values = {}): Promise<GpuKernel> {
    const key = JSON.stringify([shader, entryPoint, constants]);
    const known = this.#kernels.get(key);
    if (known !== undefined) return known;
    const made = this.#compile(shader, entryPoint, constants);
    this.#kernels.set(key, made);
    return made;
  }

  async #compile(code: string, entryPoint: string, constants: Values): Promise<GpuKernel> {
    this.#check();
    const [, body] = /struct Parameters \{([^}]*)\}/.exec(code) ?? [];
    if (body === undefined) throw new Error(`The shader of ${entryPoint} has no struct Parameters.`);
    const fields = [...body.matchAll(/^\s*(\w+): (u32|i32|f32),/gm)].map(([, name = '', type]) => ({
      name,
      type: type === 'u32' ? 'u32' : type === 'i32' ? 'i32' : 'f32',
    })) satisfies GpuKernel['fields'];
    this.#device.pushErrorScope('validation'); // what is wrong is asked for below
    const module = this.#device.createShaderModule({ label: entryPoint, code });
    void this.#device.popErrorScope();
    try {
      const compute = { module, entryPoint, constants };
      const pipeline = await this.#device.createComputePipelineAsync({ label: entryPoint, layout: 'auto', compute });
      return { label: entryPoint, pipeline, layout: pipeline.getBindGroupLayout(0), slots: [], fields };
    } catch (error) {
      this.#check();
      const { messages } = await module.getCompilationInfo();
      const [wrong] = messages.filter(({ type }) => type === 'error');
      const reason = wrong === undefined ? messageOf(error) : `line ${wrong.lineNum}: ${wrong.message}`;
      throw new GpuError(`The graphics card's driver refuses the shader ${entryPoint}: ${reason}`);
    }
  }

  /** Buffers in use, to be given back to `release`. */
  mark(): number {
    return this.#buffers.length;
  }

  /** Frees all that was allocated since `mark`. */
  release(mark: number): void {
    for (const buffer of this.#buffers.splice(mark)) buffer.destroy();
  }

  /**
   * What `make` has allocated for `owner` stays until the backend is closed, and is not made twice: for what many calls need.
   */
  keep<T>(owner: object, make: () => T): T {
    const known = this.#kept.get(owner);
    // What is kept for an owner is what was made for it.
    if (known !== undefined) return known as T;
    const before = this.#buffers;
    this.#buffers = this.#keptBuffers;
    try {
      const made = make();
      this.#kept.set(owner, made);
      return made;
    } finally {
      this.#buffers = before;
    }
  }

  /** A buffer of zeros. @throws GpuError beyond what the device allows */
  allocate(label: string, bytes: number): GPUBuffer {
    this.#check();
    if (bytes > this.bufferBytes) {
      throw new GpuError(
        `${Math.ceil(bytes / 2 ** 20)} MiB are wanted in one piece (${label}); the graphics card gives ${Math.floor(this.bufferBytes / 2 ** 20)} MiB.`,
      );
    }
    this.#device.pushErrorScope('out-of-memory');
    // Bindings are not empty, and their length is a multiple of 4; of 16, so that whole vectors can be read at the end.
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    const buffer = this.#device.createBuffer({ label, size, usage: STORAGE | COPY_SRC | COPY_DST });
    this.#allocations.push(this.#device.popErrorScope());
    this.#buffers.push(buffer);
    return buffer;
  }

  /** Copies an array in. */
  upload(label: string, values: Float32Array | Uint32Array): GPUBuffer {
    const buffer = this.allocate(label, values.byteLength);
    this.write(buffer, values);
    return buffer;
  }

  /** Copies an array into a buffer, from byte `offset` on. */
  write(buffer: GPUBuffer, values: Float32Array | Uint32Array, offset = 0): void {
    // Shared memory is not taken by every implementation: a copy of it is.
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#device.queue.writeBuffer(buffer, offset, bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice());
  }

  /** What the first `bytes` bytes of a buffer hold when all that was begun is done. */
  async read(buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    await this.#settle();
    const size = Math.max(4, Math.ceil(bytes / 4) * 4);
    const staging = this.#device.createBuffer({ label: 'reading', size, usage: MAP_READ | COPY_DST });
    try {
      const encoder = this.#device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
      this.#device.queue.submit([encoder.finish()]);
      await staging.mapAsync(READ);
      return staging.getMappedRange(0, size).slice(0, bytes);
    } catch (error) {
      this.#check();
      throw new GpuError(`Reading from the graphics card failed: ${messageOf(error)}`);
    } finally {
      staging.destroy();
    }
  }

  /**
   * Runs the stages, `rounds` times over, a piece at a time.
   * @param kind pieces of the same kind are sized by what was measured before
   * @throws GpuError when the card fails, or what `signal` was aborted with, between two pieces
   */
  async run(
    kind: string,
    rounds: number,
    stages: readonly Stage[],
    { signal, onRounds, meanwhile }: RunOptions = {},
  ): Promise<void> {
    const known = this.#pieceSizes.get(kind);
    const size = known ?? new PieceSize(this.#options.pieceMs ?? 20);
    this.#pieceSizes.set(kind, size);
    const place = { round: 0, stage: 0, block: 0 };
    const begun: Piece[] = [];
    let measured = known !== undefined;
    // A card that had nothing to do has lowered its clock, and takes a while to raise it again.
    size.work = Math.max(1, size.work / AFTER_REST);
    let idleSince = Number.NEGATIVE_INFINITY;
    let isFirst = true;
    await this.#settle();
    try {
      while (place.round < rounds || begun.length > 0) {
        signal?.throwIfAborted();
        // The next piece waits at the card while this one runs. As long as nothing is known of their length, it does not.
        while (place.round < rounds && begun.length < (measured ? PIECES_BEGUN : 1)) {
          begun.push(this.#begin(place, rounds, stages, size.work));
        }
        if (isFirst) meanwhile?.();
        isFirst = false;
        const piece = begun.shift();
        if (piece === undefined) break;
        await piece.done;
        const now = this.#options.now();
        const milliseconds = now - Math.max(piece.begunAt, idleSince);
        idleSince = now;
        size.learn(piece.work, milliseconds);
        if (measured) this.#longestPieceMs = Math.max(this.#longestPieceMs, milliseconds);
        measured = true;
        onRounds?.(piece.rounds);
      }
    } finally {
      // Whoever stops may end the thread: then nothing is to be under way any more.
      await Promise.allSettled(begun.map(({ done }) => done));
    }
  }

  /** Goes on from `place`, for about so much work. */
  #begin(
    place: { round: number; stage: number; block: number },
    rounds: number,
    stages: readonly Stage[],
    budget: number,
  ): Piece {
    const most = this.#device.limits.maxComputeWorkgroupsPerDimension;
    const slots = new DataView(new ArrayBuffer(DISPATCHES_PER_PIECE * SLOT_BYTES));
    let dispatches = 0;
    let done = 0;
    this.#device.pushErrorScope('validation');
    this.#device.pushErrorScope('internal');
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    while (place.round < rounds && dispatches < DISPATCHES_PER_PIECE && (done === 0 || done < budget)) {
      const stage = stages[place.stage];
      if (stage === undefined) {
        place.round++;
        place.stage = 0;
        continue;
      }
      const affordable = Math.max(1, Math.floor((budget - done) / stage.work));
      const all = typeof stage.blocks === 'number' ? stage.blocks : stage.blocks(place.round);
      const blocks = Math.min(affordable, most, all - place.block);
      if (blocks > 0) {
        this.#encode(pass, stage, place, blocks, slots, dispatches++);
        done += blocks * stage.work;
        place.block += blocks;
      }
      if (place.block >= all) {
        place.stage++;
        place.block = 0;
      }
    }
    if (place.stage === stages.length) {
      place.round++;
      place.stage = 0;
    }
    pass.end();
    this.#device.queue.writeBuffer(this.#slots, 0, slots.buffer, 0, Math.max(1, dispatches) * SLOT_BYTES);
    this.#device.queue.submit([encoder.finish()]);
    const faults = [this.#device.popErrorScope(), this.#device.popErrorScope()];
    const finished = this.#finish(this.#device.queue.onSubmittedWorkDone(), faults);
    finished.catch(() => {}); // heard of when it is waited for, which may be later
    return { work: done, rounds: place.round, begunAt: this.#options.now(), done: finished };
  }

  async #finish(submitted: Promise<unknown>, faults: readonly Promise<GPUError | null>[]): Promise<void> {
    await submitted.catch((error: unknown) => this.#refuse(error));
    this.#check();
    for (const fault of await Promise.all(faults)) if (fault !== null) this.#refuse(fault);
  }

  #encode(
    pass: GPUComputePassEncoder,
    { kernel, buffers, parameters }: Stage,
    { round, block }: { readonly round: number; readonly block: number },
    blocks: number,
    slots: DataView,
    slot: number,
  ): void {
    const { pipeline, slots: bound, fields, label } = kernel;
    const values: Values = { ...parameters(round), first: block };
    fields.forEach(({ name, type }, i) => {
      const value = values[name];
      if (value === undefined) throw new Error(`The shader ${label} wants the parameter ${name}.`);
      const at = slot * SLOT_BYTES + 4 * i;
      if (type === 'f32') slots.setFloat32(at, value, true);
      else if (type === 'i32') slots.setInt32(at, value, true);
      else slots.setUint32(at, value, true);
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.#bind(kernel, buffers(round)));
    bound[slot] ??= this.#device.createBindGroup({
      layout: pipeline.getBindGroupLayout(1),
      entries: [{ binding: 0, resource: { buffer: this.#slots, offset: slot * SLOT_BYTES, size: SLOT_BYTES } }],
    });
    pass.setBindGroup(1, bound[slot]);
    pass.dispatchWorkgroups(blocks);
  }

  #bind(kernel: GpuKernel, buffers: Readonly<Record<number, GPUBuffer>>): GPUBindGroup {
    const known = this.#groups.get(buffers);
    if (known?.kernel === kernel) return known.group;
    const entries = Object.entries(buffers).map(([binding, buffer]) => ({
      binding: Number(binding),
      resource: { buffer },
    }));
    const group = this.#device.createBindGroup({ label: kernel.label, layout: kernel.layout, entries });
    this.#groups.set(buffers, { kernel, group });
    return group;
  }

  /** Waits until it is known whether what was allocated is there. */
  async #settle(): Promise<void> {
    this.#check();
    for (const fault of await Promise.all(this.#allocations.splice(0))) {
      if (fault !== null) throw new GpuError(`The graphics card's memory is full: ${fault.message}`);
    }
  }

  #check(): void {
    if (this.#lost === null) return;
    throw new GpuError(`The graphics card was lost: ${this.#lost.message || this.#lost.reason}`);
  }

  #refuse(error: unknown): never {
    this.#check();
    throw new GpuError(`The graphics card refuses the work: ${messageOf(error)}`);
  }

  /**
   * Ends the device; what the processor holds beside it stays.
   * @returns when the driver compiles no more: before, its thread must not be ended
   */
  async close(): Promise<void> {
    this.release(0);
    this.#device.destroy();
    await Promise.allSettled(this.#kernels.values());
  }
}

/** The first line: the rest is the driver's inner life. */
function messageOf(error: unknown): string {
  const message =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : `${error}`;
  return message.split('\n')[0] ?? '';
}
