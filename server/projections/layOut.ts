/**
 * Lays out vectors in a thread of kernels. Meanwhile the state is kept so often that no more than seconds are lost when
 * the process dies, and frames go to whoever watches.
 */
import { frameFromBytes } from '#kernels/frame.ts';
import type { MapOptions, MapResult } from '#kernels/map.ts';
import type { Matrix } from '#kernels/matrix.ts';
import type { DeviceWanted } from '../backends.ts';
import { buffersOf, runKernel, Wishes } from '../compute.ts';
import type { Vectors } from '../embeddings/vectors.ts';
import { UserError } from '../errors.ts';
import type { TaskContext } from '../jobs/task.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoints.ts';
import { FrameWriter, type PointItems } from './frames.ts';
import type { KnownTarget } from './readTarget.ts';

/** To be raised when the state of a kernel changes its form: what an older version has kept is then begun anew. */
const STATE_VERSION = 3;
/** The state is kept this often, and less often where that would take more than a twentieth of the time. */
const CHECKPOINT_MS = 1000;
const CHECKPOINT_SHARE = 0.05;

/** Where points begin. */
export interface Start {
  /** (n, components), NaN for a row that has no place yet. */
  readonly coordinates: Matrix;
  /** Names the map that it was read from, as it was. */
  readonly version: string;
}

/** What is known beside the vectors. */
export interface Beside {
  readonly start: Start | null;
  readonly target: KnownTarget | null;
}

export interface Layout extends MapResult {
  /** The vectors, handed back. */
  readonly matrix: Matrix;
  readonly device: 'GPU' | 'CPU';
  /** Of the computation, in all attempts together. */
  readonly milliseconds: number;
}

/**
 * Where the job has kept a state of the same vectors, it is gone on with, and ends at the same coordinates bit for bit.
 * @param vectors whose memory is handed over
 * @throws UserError BAD_USER_INPUT where coordinates leave the range of float32
 */
export async function layOut(
  context: TaskContext,
  { matrix, ids, version }: Vectors,
  { start, target }: Beside,
  {
    onProgress,
    of,
    ...options
  }: MapOptions & {
    /** Whose map it will be. */
    readonly of: Omit<PointItems, 'itemIds'>;
    readonly device: DeviceWanted;
    readonly onProgress: (fraction: number) => void;
  },
): Promise<Layout> {
  const { signal } = context;
  onProgress(0);
  const madeOf = JSON.stringify([STATE_VERSION, version, ids.length, start?.version, target?.version]);
  const kept = await readCheckpoint(context, madeOf);
  const started = performance.now() - (kept?.milliseconds ?? 0);

  const wishes = new Wishes((interim, bytes) => {
    if (interim === 'FRAME') void frames.write(frameFromBytes(bytes)).catch(() => {});
    else void checkpoints.write(bytes);
  });
  const deaf = context.hearPerturbations((shares) => wishes.perturb(shares));
  const frames = new FrameWriter(context, { ...of, itemIds: ids }, () => wishes.wish('FRAME'));
  const checkpoints = new Checkpoints(
    () => wishes.wish('CHECKPOINT'),
    (bytes) => writeCheckpoint(context, madeOf, { bytes, milliseconds: performance.now() - started }),
  );
  try {
    const layout = await runKernel(
      'map',
      { matrix, kept: kept?.bytes ?? null, start: start?.coordinates, target: target?.target, ...options },
      {
        signal,
        wishes,
        transfer: buffersOf(matrix),
        onProgress,
      },
    );
    if (!layout.coordinates.data.every(Number.isFinite)) {
      throw new UserError(
        'BAD_USER_INPUT',
        'The vectors are so long that coordinates go beyond the range of 32-bit numbers. Scale them down and import them anew.',
      );
    }
    return { ...layout, milliseconds: performance.now() - started };
  } finally {
    deaf();
    await Promise.all([frames.close({ keep: signal.aborted }), checkpoints.close()]);
  }
}

/** Wishes for a state now and then, and writes it. */
class Checkpoints {
  readonly #wish: () => void;
  readonly #keep: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>;
  #timer: NodeJS.Timeout;
  #writing: Promise<void> = Promise.resolve();

  constructor(wish: () => void, keep: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>) {
    this.#wish = wish;
    this.#keep = keep;
    this.#timer = setTimeout(wish, CHECKPOINT_MS).unref();
  }

  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const begun = performance.now();
    // Where it cannot be kept the work goes on: that the job is lost or cancelled, the heartbeat finds out.
    this.#writing = this.#keep(bytes)
      .catch(() => {})
      .then(() => {
        const pause = Math.max(CHECKPOINT_MS, (performance.now() - begun) / CHECKPOINT_SHARE);
        this.#timer = setTimeout(this.#wish, pause).unref();
      });
    return this.#writing;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    clearTimeout(this.#timer);
  }
}
