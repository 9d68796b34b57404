/** What learns: on the processor (cpuLearner.ts), or on a graphics card (gpuLearner.ts). */
import type { Random } from '../random.ts';
import type { Batch } from './batches.ts';
import type { QueryIndex } from './graph.ts';
import type { RankOptions, Ranks } from './rank.ts';

export interface Learner {
  /**
   * Makes a step of each batch, in their order. Batches are asked for some steps before they are learnt.
   * @param random for what a step leaves to chance: in the order of the steps, each after its batch was made
   * @returns the loss, each query by its factor
   */
  learn(batches: Iterable<Batch>, random: Random, signal: AbortSignal | undefined): Promise<number>;
  /** Ranks by what has been learnt so far: see `rankTriples`. */
  rank(triples: Int32Array, known: QueryIndex, options: RankOptions): Promise<Ranks>;
  /** Writes what was learnt into the training: the parameters, or all that it needs to be gone on with. */
  keep(what: 'PARAMETERS' | 'ALL'): Promise<void>;
}
