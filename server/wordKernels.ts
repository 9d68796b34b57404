/** Kernels of words, as `compute.worker.ts` runs them. */
import { CpuBackend } from '#kernels/cpu/backend.ts';
import { frameToBytes } from '#kernels/frame.ts';
import { type Matrix, normalizeRows } from '#kernels/matrix.ts';
import { stateFromBytes, stateToBytes } from '#kernels/state.ts';
import { trainingMap } from '#kernels/trainingMap.ts';
import { type Analogies, type AnalogyMethod, initializeAnalogies, runAnalogies } from '#kernels/word2vec/analogies.ts';
import type { Corpus } from '#kernels/word2vec/corpus.ts';
import {
  chunksOf,
  initializeWord2vec,
  type KeptWord2vec,
  keepWord2vec,
  resumeWord2vec,
  runWord2vec,
  vectorsOf,
  type Word2vecOptions,
} from '#kernels/word2vec/word2vec.ts';
import { cpuThreads } from './cpuThreads.ts';
import type { KernelOptions } from './serveKernels.ts';

/** Vectors of words and where these are on the map. */
interface LearntWords {
  /** (words, dimension) */
  readonly vectors: Matrix;
  /** (words, 2) */
  readonly map: Matrix;
}

export const wordKernels = {
  /**
   * Vectors of words. Interims: FRAME is a frame whose steps are epochs, CURVE float64, the number of all chunks and the losses of those done,
   * CHECKPOINT a state, which can be given as `kept`.
   */
  async word2vec(
    {
      corpus,
      options,
      kept,
    }: {
      readonly corpus: Corpus;
      readonly options: Word2vecOptions;
      readonly kept: Uint8Array<ArrayBuffer> | null;
    },
    { onProgress, isWanted, give }: KernelOptions,
  ): Promise<LearntWords & { readonly curve: Float64Array }> {
    const backend = await CpuBackend.create(cpuThreads());
    try {
      const before = kept === null ? null : stateFromBytes<LearntWords & { readonly word2vec: KeptWord2vec }>(kept);
      const word2vec =
        before === null ? initializeWord2vec(corpus, options) : resumeWord2vec(corpus, options, before.word2vec);
      const chunks = chunksOf(word2vec);
      let map = before?.map ?? null;
      const learnt = async (): Promise<LearntWords> => {
        const vectors = vectorsOf(word2vec);
        map = await trainingMap(backend, vectors, map);
        return { vectors, map };
      };
      const curve = () => Float64Array.from([chunks, ...word2vec.losses]);
      await runWord2vec(backend, word2vec, chunks, {
        async onChunk(chunk, look) {
          onProgress(chunk / chunks);
          if (isWanted('CURVE')) give('CURVE', new Uint8Array(curve().buffer));
          const [isFrame, isCheckpoint] = [isWanted('FRAME'), isWanted('CHECKPOINT')];
          if (!isFrame && !isCheckpoint) return;
          look();
          const now = await learnt();
          if (isFrame) {
            const [progress, steps] = [chunk / chunks, options.epochs ?? 1];
            const step = Math.floor(progress * steps);
            give('FRAME', frameToBytes({ sequence: 0, progress, step, steps, coordinates: now.map }));
          }
          if (isCheckpoint) give('CHECKPOINT', stateToBytes({ ...now, word2vec: keepWord2vec(word2vec) }));
        },
      });
      return { ...(await learnt()), curve: curve() };
    } finally {
      backend.close();
    }
  },

  /** The map of words that have learnt nothing yet. */
  async trainingMap({ vectors }: { readonly vectors: Matrix }): Promise<Matrix> {
    const backend = await CpuBackend.create(null);
    try {
      return await trainingMap(backend, vectors, null);
    } finally {
      backend.close();
    }
  },

  /** The answer to each analogy, a word's number, by both methods. */
  analogies(
    { matrix, questions }: { readonly matrix: Matrix; readonly questions: Uint32Array },
    { onProgress }: KernelOptions,
  ): { readonly [Method in AnalogyMethod]: Uint32Array } {
    const unit = normalizeRows(matrix);
    const answers = (method: AnalogyMethod, from: number): Uint32Array => {
      const state: Analogies = initializeAnalogies(unit, questions, method);
      while (runAnalogies(state)) onProgress(from + state.row / unit.rows / 2);
      return state.answers;
    };
    return { ADD: answers('ADD', 0), MULTIPLY: answers('MULTIPLY', 0.5) };
  },
};
