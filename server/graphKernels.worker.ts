/** The thread in which graph models are trained and evaluated, and what else of graphs takes long: `server/graphs/graphKernels.ts` calls it. */
import { constants, setPriority } from 'node:os';

import { type Backend, processorOf } from '#kernels/backend.ts';
import { CpuBackend } from '#kernels/cpu/backend.ts';
import { frameToBytes } from '#kernels/frame.ts';
import { GpuError } from '#kernels/gpu/backend.ts';
import { indexNames, type NameIndex } from '#kernels/graph/names.ts';
import { type NamePairs, pairNamesakes } from '#kernels/graph/namesakes.ts';
import { fitAnswers, measureAnswers, showAnswers } from '#kernels/kge/answerCalibration.ts';
import { createAnswerer } from '#kernels/kge/answerer.ts';
import {
  type Evaluation,
  type FalseTriples,
  type FullJudgement,
  type FullJudgementMetrics,
  fitJudgement,
  rankGraph,
  summarize,
  testJudgement,
} from '#kernels/kge/evaluate.ts';
import { learnsOnGpu, ranksOnGpu } from '#kernels/kge/gpuModel.ts';
import type { KnowledgeGraph } from '#kernels/kge/graph.ts';
import type { Parameters } from '#kernels/kge/parameters.ts';
import type { Ranks } from '#kernels/kge/rank.ts';
import { type NewEntityProblem, type Solved, type SolveOptions, solveNewEntity } from '#kernels/kge/solveEntity.ts';
import { runTraining } from '#kernels/kge/train.ts';
import {
  type CurvePoint,
  createTraining,
  resultOfTraining,
  type Training,
  type TrainingOptions,
} from '#kernels/kge/training.ts';
import { trainingFromBytes, trainingToBytes } from '#kernels/kge/trainingBytes.ts';
import type { Matrix } from '#kernels/matrix.ts';
import { trainingMap } from '#kernels/trainingMap.ts';
import { type DeviceWanted, openBackend } from './backends.ts';
import { cpuThreads } from './cpuThreads.ts';
import { UserError } from './errors.ts';
import { pointsToBytes } from './graphs/trainingCurve.ts';
import { type KernelOptions, serveKernels } from './serveKernels.ts';

/** Where a training stands after a slice of it. */
export interface Slice extends Pick<Training, 'curve' | 'ended' | 'epoch'> {
  /** To be gone on with. */
  readonly state: ArrayBuffer;
  readonly best: { readonly epoch: number; readonly mrr: number } | null;
  /** Spent on epochs. */
  readonly seconds: number;
  readonly device: 'GPU' | 'CPU';
  /** What multiplied matrices on the processor beside WebAssembly, by name and version; null: nothing. */
  readonly library: string | null;
  /** What whoever has asked should know. */
  readonly notes: readonly string[];
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
   * Trains for some seconds, to the end of an epoch. `onProgress` takes the share of all epochs. Interims, between epochs: FRAME, where
   * the entities are along two principal components; CURVE, what was measured since it was given last, as `pointsToBytes` writes it.
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
      readonly device: DeviceWanted;
    },
    { signal, hold, onProgress, isWanted, give }: KernelOptions,
  ): Promise<Slice> {
    const { graph, options, state, seconds, device } = input;
    const work = { asked: device, rows: graph.entityCount, refusal: learnsOnGpu(options), hold };
    const { output, ...where } = await onDevice(work, async (backend) => {
      const training = state === null ? createTraining(graph, options) : trainingFromBytes(state);
      const begunWith = training.library;
      const startedAt = performance.now();
      const until = startedAt + 1000 * seconds;
      let { picture = null } = input;
      let nextPicture = 0;
      let fresh: CurvePoint[] = [];
      const isPictureDue = () => performance.now() >= nextPicture && isWanted('FRAME');
      let due = isPictureDue();
      do {
        if (due) {
          const begun = performance.now();
          picture = await pictureOf(processorOf(backend), training.parameters, picture);
          const [step, steps] = [training.epoch, options.epochs];
          give('FRAME', frameToBytes({ sequence: 0, progress: step / steps, step, steps, coordinates: picture }));
          nextPicture = performance.now() + Math.max(PICTURE_MS, (performance.now() - begun) / PICTURE_SHARE);
          due = false;
        }
        await runTraining(backend, graph, training, options.epochs, {
          signal,
          onEpoch(point) {
            fresh.push(point);
            if (!isWanted('CURVE')) return;
            give('CURVE', pointsToBytes(fresh));
            fresh = [];
          },
          isEnough() {
            due = isPictureDue();
            return due || performance.now() >= until;
          },
          onProgress: (done) => onProgress((training.epoch + done) / options.epochs),
        });
      } while (due && training.ended === null && training.epoch < options.epochs);
      return { training, begunWith, picture, seconds: (performance.now() - startedAt) / 1000 };
    });
    const { training, picture, begunWith } = output;
    const { curve, ended, epoch, best, library } = training;
    const isOther = state !== null && library !== begunWith;
    return {
      ...{ curve, ended, epoch, picture, library, seconds: output.seconds, ...where },
      notes: isOther ? [...where.notes, otherLibrary(begunWith, library)] : where.notes,
      best: best === null ? null : { epoch: best.epoch, mrr: best.mrr },
      state: trainingToBytes(training),
      parameters: resultOfTraining(training),
    };
  },

  /** Where the entities are, turned to lie near where they were shown last. */
  async picture(input: { readonly parameters: Parameters; readonly before: Matrix | null }): Promise<Matrix> {
    return await within((backend) => pictureOf(backend, input.parameters, input.before));
  },

  /** Thresholds and probabilities; null without validation triples. */
  async judge(
    input: {
      readonly graph: KnowledgeGraph;
      readonly parameters: Parameters;
      readonly falseTriples: FalseTriples;
      readonly seed: number;
    },
    { signal }: KernelOptions,
  ): Promise<FullJudgement | null> {
    const { graph, parameters, falseTriples, seed } = input;
    const judgement = fitJudgement(graph, parameters, falseTriples, seed);
    if (judgement === null) return null;
    const shown = await showAnswers(graph, await createAnswerer(parameters), 'VALIDATION', signal);
    return { ...judgement, answers: fitAnswers(shown, 2 * graph.relationCount) };
  },

  async evaluate(
    input: {
      readonly graph: KnowledgeGraph;
      readonly parameters: Parameters;
      readonly split: 'TEST' | 'VALIDATION';
      readonly falseTriples: FalseTriples;
      readonly judgement: FullJudgement | null;
      readonly seed: number;
      readonly device: DeviceWanted;
    },
    { signal, hold, onProgress }: KernelOptions,
  ): Promise<{
    ranks: Ranks;
    summary: Evaluation;
    judgement: FullJudgementMetrics | null;
    device: 'GPU' | 'CPU';
    notes: readonly string[];
  }> {
    const { graph, parameters, split, falseTriples, judgement, seed, device } = input;
    const { model, entityCount } = parameters;
    const refusal = ranksOnGpu(model) ? null : `${model} is evaluated on the processor.`;
    const { output: ranks, ...where } = await onDevice({ asked: device, rows: entityCount, refusal, hold }, (backend) =>
      rankGraph(backend, graph, parameters, split, { signal, onProgress }),
    );
    const triples = split === 'TEST' ? graph.test : graph.validation;
    const found = { ranks, ...where, summary: summarize(ranks, graph, triples) };
    // Thresholds and probabilities were fitted on the validation triples: only the test can judge them.
    if (judgement === null || split === 'VALIDATION') return { ...found, judgement: null };
    const judged = testJudgement(graph, parameters, falseTriples, judgement, seed);
    if (judged === null || judgement.answers === null) {
      return { ...found, judgement: judged === null ? null : { ...judged, answers: null } };
    }
    const shown = await showAnswers(graph, await createAnswerer(parameters), 'TEST', signal);
    return { ...found, judgement: { ...judged, answers: measureAnswers(judgement.answers, shown) } };
  },

  /** An index of names. One text is sent sooner than hundreds of thousands. @param input.names parted by U+0000 */
  indexNames(input: { readonly names: string }): NameIndex {
    return indexNames(input.names.split('\0'));
  },

  /** Pairs of names that are nearly the same. @param input.names parted by U+0000 */
  pairNamesakes(input: { readonly names: string; readonly least: number }): NamePairs {
    return pairNamesakes(input.names.split('\0'), input.least);
  },

  solveNewEntity(input: { readonly problem: NewEntityProblem; readonly options: SolveOptions }): Solved {
    return solveNewEntity(input.problem, input.options);
  },
};

function otherLibrary(before: string | null, now: string | null): string {
  const [from, to] = [before ?? 'WebAssembly', now ?? 'WebAssembly'];
  return `Matrices were multiplied by ${from} before, and by ${to} now: the last bits of the numbers differ.`;
}

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

/**
 * Work on a graphics card where that is wanted and possible, otherwise on the processor, which begins anew where the card fails. A kernel
 * refuses options and data by RangeErrors; here these are the caller's.
 * @param refusal why the card cannot do it; null where it can
 */
async function onDevice<Output>(
  {
    asked,
    rows,
    refusal,
    hold,
  }: {
    readonly asked: DeviceWanted;
    readonly rows: number;
    readonly refusal: string | null;
    readonly hold: KernelOptions['hold'];
  },
  work: (backend: Backend) => Promise<Output>,
): Promise<{ output: Output; device: 'GPU' | 'CPU'; notes: readonly string[] }> {
  const notes = refusal !== null && asked === 'GPU' ? [refusal] : [];
  let wanted = refusal === null ? asked : 'CPU';
  for (;;) {
    const opened = await openBackend(wanted, rows, hold);
    notes.push(...opened.notes);
    try {
      return { output: await work(opened.backend), device: opened.backend.device, notes };
    } catch (error) {
      if (error instanceof RangeError) throw new UserError('BAD_USER_INPUT', error.message);
      if (!(error instanceof GpuError)) throw error;
      notes.push(`${error.message} The processor went on.`);
      wanted = 'CPU';
    } finally {
      opened.close();
    }
  }
}

// Behind the threads that answer requests. Linux alone has a priority for each thread; elsewhere this is the process's.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

serveKernels(kernels);
