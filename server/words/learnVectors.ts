/**
 * Learns in a thread of kernels. Meanwhile the loss is recorded, pictures go to whoever watches, and the state is kept so often
 * that no more than seconds are lost when the process dies.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { frameFromBytes } from '#kernels/frame.ts';
import type { Matrix } from '#kernels/matrix.ts';
import { stateFromBytes } from '#kernels/state.ts';
import type { Corpus } from '#kernels/word2vec/corpus.ts';
import type { Word2vecOptions } from '#kernels/word2vec/word2vec.ts';
import { runKernel, Wishes } from '../compute.ts';
import type { CurvePoint, TaskContext } from '../jobs/task.ts';
import { FrameWriter, type PointItems } from '../projections/frames.ts';

/** What has been learnt so far. */
export interface Learnt {
  /** (words, dimension) */
  readonly vectors: Matrix;
  /** (words, 2): where the words are on the map. */
  readonly map: Matrix;
}

export interface LearnOptions {
  readonly options: Word2vecOptions;
  /** The words as items of their data set. */
  readonly points: PointItems;
  /** A state that was kept, to be gone on with. */
  readonly kept: Uint8Array<ArrayBuffer> | null;
  readonly onProgress: (fraction: number) => void;
  /** Keeps a state, with what has been learnt up to there. */
  readonly keep: (state: Uint8Array<ArrayBuffer>, learnt: Learnt) => Promise<void>;
}

/** The curve of the loss, over epochs. */
export const LOSS = 'loss';
const CURVE_POINTS = 200;
const CURVE_MS = 250;

/** The state is kept soon for the first time, then this often, and less often where that would take more than a twentieth of the time. */
const KEEP_MS = 1000;
const KEEP_SHARE = 0.05;

export async function learnVectors(
  context: TaskContext,
  corpus: Corpus,
  { options, points, kept, onProgress, keep }: LearnOptions,
): Promise<Learnt> {
  const { signal } = context;
  const over = new AbortController();
  const curve = new LossCurve(context, options.epochs ?? 1);
  let keeping: Promise<void> | null = null;

  const wishes = new Wishes((interim, bytes) => {
    if (interim === 'FRAME') void frames.write(frameFromBytes(bytes)).catch(() => {});
    else if (interim === 'CURVE') void curve.record(new Float64Array(bytes.buffer)).catch(() => {});
    else {
      // Where it cannot be kept the work goes on: that the job is lost or cancelled, the heartbeat finds out.
      keeping = keep(bytes, stateFromBytes<Learnt>(bytes)).catch(() => {});
    }
  });
  const frames = new FrameWriter(context, points, () => wishes.wish('FRAME'));
  const wishing = (async () => {
    let pause = 0;
    let keptAt = performance.now();
    while (await sleep(CURVE_MS, true, { signal: over.signal }).catch(() => false)) {
      wishes.wish('CURVE');
      if (keeping !== null || performance.now() - keptAt < pause) continue;
      const begun = performance.now();
      wishes.wish('CHECKPOINT');
      while (keeping === null && !over.signal.aborted)
        await sleep(20, undefined, { signal: over.signal }).catch(() => {});
      await keeping;
      keeping = null;
      keptAt = performance.now();
      pause = Math.max(KEEP_MS, (keptAt - begun) / KEEP_SHARE);
    }
  })();
  try {
    const { curve: losses, ...learnt } = await runKernel(
      'word2vec',
      { corpus, options, kept },
      {
        signal,
        wishes,
        onProgress,
      },
    );
    await keeping;
    await curve.record(losses);
    return learnt;
  } finally {
    over.abort();
    await Promise.all([wishing, keeping, frames.close({ keep: signal.aborted })]);
  }
}

/** Losses of chunks, gathered to some two hundred points. */
class LossCurve {
  readonly #context: Pick<TaskContext, 'record'>;
  readonly #epochs: number;
  #written = 0;

  constructor(context: Pick<TaskContext, 'record'>, epochs: number) {
    this.#context = context;
    this.#epochs = epochs;
  }

  /** @param losses the number of all chunks, then the loss of each that is done */
  async record(losses: Float64Array): Promise<void> {
    const [chunks = 0] = losses;
    const size = Math.ceil(chunks / CURVE_POINTS);
    const points: CurvePoint[] = [];
    for (let from = 1; from < losses.length; from += size) {
      const to = Math.min(from + size, chunks + 1);
      if (to > losses.length) break; // the rest of these is still to come
      const value = losses.subarray(from, to).reduce((sum, loss) => sum + loss, 0) / (to - from);
      points.push({ at: ((to - 1) * this.#epochs) / chunks, value });
    }
    const fresh = points.slice(this.#written);
    this.#written = points.length;
    await this.#context.record(LOSS, fresh);
  }
}
