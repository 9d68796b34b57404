/** The thread in which graph models are trained and evaluated: `server/graphs/graphKernels.ts` calls it. */
import { constants, setPriority } from 'node:os';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { frameToBytes } from '#kernels/frame.ts';
import {
  type Evaluation,
  type FalseTriples,
  fitJudgement,
  type Judgement,
  type JudgementMetrics,
  rankGraph,
  summarize,
  testJudgement,
} from '#kernels/kge/evaluate.ts';
import type { KnowledgeGraph } from '#kernels/kge/graph.ts';
import type { Parameters } from '#kernels/kge/parameters.ts';
import type { Ranks } from '#kernels/kge/rank.ts';
import { runTraining } from '#kernels/kge/train.ts';
import { createTraining, resultOfTraining, type Training, type TrainingOptions } from '#kernels/kge/training.ts';
import { trainingFromBytes, trainingToBytes } from '#kernels/kge/trainingBytes.ts';
import type { Matrix } from '#kernels/matrix.ts';
import { trainingMap } from '#kernels/trainingMap.ts';
import { cpuThreads } from './cpuThreads.ts';
import { UserError } from './errors.ts';
import { type KernelOptions, serveKernels } from './serveKernels.ts';

/** Where a training stands after a slice of it. */
export interface Slice extends Pick<Training, 'curve' | 'ended' | 'epoch'> {
  /** To be gone on with. */
  readonly state: ArrayBuffer;
  readonly best: { readonly epoch: number; readonly mrr: number } | null;
  /** What it has come to so far. */
  readonly parameters: Parameters;
  /** Where the entities were shown last, (entities, 2); null: nobody has looked. */
  readonly picture: Matrix | null;
}

/** Pictures come at least so far apart, and further where they would take more than a twentieth of the time. */
const PICTURE_MS = 500;
const PICTURE_SHARE = 0.05;

const kernels = {
  /**
   * Trains for some seconds, to the end of an epoch. `onProgress` takes the share of all epochs. Interim: FRAME, between epochs, where
   * the entities are along two principal components.
   */
  async train(
    input: {
      readonly graph: KnowledgeGraph;
      readonly options: TrainingOptions;
      /** Of the slice before; null at first. */
      readonly state: ArrayBuffer | null;
      readonly seconds: number;
      /** Where the entities were shown last. */
      readonly picture?: Matrix | null;
    },
    { onProgress, isWanted, give }: KernelOptions,
  ): Promise<Slice> {
    const { graph, options, state, seconds } = input;
    return await within(async (backend) => {
      const training = state === null ? createTraining(graph, options) : trainingFromBytes(state);
      const until = performance.now() + 1000 * seconds;
      let { picture = null } = input;
      let nextPicture = 0;
      const isPictureDue = () => performance.now() >= nextPicture && isWanted('FRAME');
      let due = isPictureDue();
      do {
        if (due) {
          const begun = performance.now();
          picture = await pictureOf(backend, training.parameters, picture);
          const [step, steps] = [training.epoch, options.epochs];
          give('FRAME', frameToBytes({ sequence: 0, progress: step / steps, step, steps, coordinates: picture }));
          nextPicture = performance.now() + Math.max(PICTURE_MS, (performance.now() - begun) / PICTURE_SHARE);
          due = false;
        }
        await runTraining(backend, graph, training, options.epochs, {
          isEnough() {
            due = isPictureDue();
            return due || performance.now() >= until;
          },
          onProgress: (done) => onProgress((training.epoch + done) / options.epochs),
        });
      } while (due && training.ended === null && training.epoch < options.epochs);
      const { curve, ended, epoch, best } = training;
      return {
        ...{ curve, ended, epoch },
        best: best === null ? null : { epoch: best.epoch, mrr: best.mrr },
        state: trainingToBytes(training),
        parameters: resultOfTraining(training),
        picture,
      };
    });
  },

  /** Where the entities are, turned to lie near where they were shown last. */
  async picture(input: { readonly parameters: Parameters; readonly before: Matrix | null }): Promise<Matrix> {
    return await within((backend) => pictureOf(backend, input.parameters, input.before));
  },

  /** Thresholds and probabilities; null without validation triples. */
  judge(input: {
    readonly graph: KnowledgeGraph;
    readonly parameters: Parameters;
    readonly falseTriples: FalseTriples;
    readonly seed: number;
  }): Judgement | null {
    return fitJudgement(input.graph, input.parameters, input.falseTriples, input.seed);
  },

  async evaluate(
    input: {
      readonly graph: KnowledgeGraph;
      readonly parameters: Parameters;
      readonly split: 'TEST' | 'VALIDATION';
      readonly falseTriples: FalseTriples;
      readonly judgement: Judgement | null;
      readonly seed: number;
    },
    { onProgress }: KernelOptions,
  ): Promise<{ ranks: Ranks; summary: Evaluation; judgement: JudgementMetrics | null }> {
    const { graph, parameters, split, falseTriples, judgement, seed } = input;
    return await within(async (backend) => {
      const ranks = await rankGraph(backend, graph, parameters, split, { onProgress });
      const triples = split === 'TEST' ? graph.test : graph.validation;
      return {
        ranks,
        summary: summarize(ranks, graph, triples),
        // Thresholds and probabilities were fitted on the validation triples: only the test can judge them.
        judgement:
          judgement === null || split === 'VALIDATION'
            ? null
            : testJudgement(graph, parameters, falseTriples, judgement, seed),
      };
    });
  },
};

export type GraphKernels = typeof kernels;

async function pictureOf(backend: CpuBackend, parameters: Parameters, before: Matrix | null): Promise<Matrix> {
  const { entityCount, dimension, entities } = parameters;
  return await trainingMap(backend, { rows: entityCount, columns: dimension, data: entities }, before);
}

/** A kernel refuses options and data by RangeErrors; here these are the caller's. */
async function within<Output>(work: (backend: CpuBackend) => Promise<Output>): Promise<Output> {
  const backend = await CpuBackend.create(cpuThreads());
  try {
    return await work(backend);
  } catch (error) {
    throw error instanceof RangeError ? new UserError('BAD_USER_INPUT', error.message) : error;
  } finally {
    backend.close();
  }
}

// Behind the threads that answer requests. Linux alone has a priority for each thread; elsewhere this is the process's.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

serveKernels(kernels);
