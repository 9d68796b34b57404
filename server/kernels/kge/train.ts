/**
 * Training a knowledge graph model. An epoch asks every query once, in an order by chance; then, where it is time for it, the
 * validation triples are ranked, the best is kept, and it is seen whether to go on.
 *
 * Chance comes from the seed and the number of the epoch, so a training that was stopped after an epoch and goes on ends with the
 * same bits. On a graphics card the draws are the same, and the last bits of sums are not.
 */
import { type Backend, processorOf } from '../backend.ts';
import { createRandom, permutation } from '../random.ts';
import { type Asking, type Batch, batchesOf, unitsOf } from './batches.ts';
import { cpuLearner } from './cpuLearner.ts';
import { libraryOf } from './cpuTable.ts';
import { gpuLearner } from './gpuLearner.ts';
import { learnsOnGpu } from './gpuModel.ts';
import { indexQueries, type KnowledgeGraph, type QueryIndex } from './graph.ts';
import type { Learner } from './learner.ts';
import { entityTableShape } from './rank.ts';
import type { CurvePoint, Training } from './training.ts';

export interface RunTrainingOptions {
  /** Looked at between steps. What it stops is of no use any more: go on from what was kept before. */
  readonly signal?: AbortSignal | undefined;
  /** After each epoch. While it runs nothing else does. */
  readonly onEpoch?: ((point: CurvePoint) => void) | undefined;
  /** The share of the epoch that is done, now and then. */
  readonly onProgress?: ((done: number) => void) | undefined;
  /** Asked after each epoch: true ends the run there, to be gone on with later. */
  readonly isEnough?: (() => boolean) | undefined;
}

/**
 * Goes on until `untilEpoch` epochs are done, or the training has ended.
 * @param backend null: in plain TypeScript, slowly. A graphics card is used where `learnsOnGpu` says so, otherwise the processor beside it
 * @throws GpuError where the card fails: the training is then as it was after its last call, but for `best`, `curve` and what counts
 *   epochs, and is to be read anew from where it was kept
 */
export async function runTraining(
  backend: Backend | null,
  graph: KnowledgeGraph,
  training: Training,
  untilEpoch: number = training.options.epochs,
  { signal, onEpoch, onProgress, isEnough }: RunTrainingOptions = {},
): Promise<void> {
  const before = markOf(backend);
  try {
    const run = await prepare(backend, graph, training);
    while (training.ended === null && training.epoch < untilEpoch) {
      const loss = await runEpoch(run, { signal, onProgress });
      training.epoch++;
      training.library = run.library;
      if (!Number.isFinite(loss)) {
        throw new RangeError(`The loss of epoch ${training.epoch} is ${loss}: lower the rate.`);
      }
      const mrr = isDue(training, graph) ? await validate(run, signal) : null;
      const point = { epoch: training.epoch, loss, mrr, rate: training.rate };
      training.curve.push(point);
      await judge(training, mrr, run.learner);
      onEpoch?.(point);
      if (isEnough?.() === true) break;
    }
    await run.learner.keep('ALL');
  } finally {
    before();
  }
}

/** @returns what releases the backend to where it is now */
function markOf(backend: Backend | null): () => void {
  if (backend === null) return () => {};
  const cpu = processorOf(backend);
  const mark = cpu.mark();
  const card = backend.device === 'GPU' ? backend.mark() : 0;
  return () => {
    cpu.release(mark);
    if (backend.device === 'GPU') backend.release(card);
  };
}

interface Run extends Asking {
  readonly training: Training;
  readonly learner: Learner;
  /** What multiplies matrices beside WebAssembly; null: nothing. */
  readonly library: string | null;
  /** Training and validation triples, which a validation leaves out. */
  readonly known: QueryIndex;
}

async function prepare(backend: Backend | null, graph: KnowledgeGraph, training: Training): Promise<Run> {
  const { options } = training;
  const index = indexQueries(graph, [graph.train]);
  const batch = Math.min(options.batch, unitsOf(index, options.objective, graph));
  const card = backend?.device === 'GPU' && learnsOnGpu(options) === null ? backend : null;
  const cpu = backend === null ? null : processorOf(backend);
  const library = card === null && cpu !== null ? await libraryOf(cpu, entityTableShape(training.parameters)) : null;
  const learner = card === null ? cpuLearner(cpu, training, index, batch) : await gpuLearner(card, training, batch);
  return {
    graph,
    training,
    options,
    learner,
    library,
    index,
    batch,
    known: indexQueries(graph, [graph.train, graph.validation]),
  };
}

/** Steps between two calls of `onProgress`. */
const STEPS_PER_REPORT = 20;

/** @returns the mean loss of a query */
async function runEpoch(
  run: Run,
  { signal, onProgress }: Pick<RunTrainingOptions, 'signal' | 'onProgress'>,
): Promise<number> {
  const { training, options, index, graph, batch, learner } = run;
  const { seed = 42, objective } = options;
  const random = createRandom(seed * 2 ** 20 + training.epoch + 1);
  const units = unitsOf(index, objective, graph);
  const order = permutation(units, random);
  const batchAt = batchesOf(run, order, random);
  let weight = 0;
  function* batches(): Generator<Batch> {
    for (let start = 0, number = 0; start < units; start += batch, number++) {
      if (number % STEPS_PER_REPORT === 0) onProgress?.(start / units);
      const next = batchAt(start, Math.min(batch, units - start));
      for (const factor of next.factors) weight += factor;
      yield next;
    }
  }
  return (await learner.learn(batches(), random, signal)) / weight;
}

function isDue({ epoch, options }: Training, { validation }: KnowledgeGraph): boolean {
  const { validateEvery = 5, epochs } = options;
  return validateEvery > 0 && validation.length > 0 && (epoch % validateEvery === 0 || epoch === epochs);
}

/** So many of the triples, evenly spaced: those of a database stand in the order of their relations. */
function evenly(triples: Int32Array, wanted = Number.POSITIVE_INFINITY): Int32Array {
  const n = triples.length / 3;
  if (wanted >= n) return triples;
  return Int32Array.from({ length: 3 * wanted }, (_, i) => {
    const row = Math.floor((Math.floor(i / 3) * n) / wanted);
    return triples[3 * row + (i % 3)] ?? 0;
  });
}

/** MRR on the validation triples, filtered by training and validation triples: the test's are not known yet. */
async function validate(run: Run, signal: AbortSignal | undefined): Promise<number> {
  const { graph, options, learner, known } = run;
  const ranks = await learner.rank(evenly(graph.validation, options.validationTriples), known, { signal });
  let sum = 0;
  ranks.optimistic.forEach((optimistic, task) => {
    sum += 2 / (optimistic + (ranks.pessimistic[task] ?? 0));
  });
  return sum / ranks.optimistic.length;
}

/** Keeps the best, lowers the rate on a plateau and at the steps of its schedule, stops what does not get better. */
async function judge(training: Training, mrr: number | null, learner: Learner): Promise<void> {
  const { options } = training;
  if (mrr !== null) {
    if (training.best === null || mrr > training.best.mrr) {
      await learner.keep('PARAMETERS');
      const { parameters } = training;
      training.best = {
        epoch: training.epoch,
        mrr,
        parameters: {
          ...parameters,
          entities: parameters.entities.slice(),
          biases: parameters.biases.slice(),
          relations: parameters.relations.slice(),
          shared: parameters.shared.slice(),
        },
      };
      training.waited = 0;
      training.waitedForRate = 0;
    } else {
      training.waited++;
      training.waitedForRate++;
    }
    const { patience = 5, plateau } = options;
    if (plateau && training.waitedForRate > plateau.patience) {
      training.rate *= plateau.factor;
      training.waitedForRate = 0;
    }
    if (patience > 0 && training.waited >= patience) training.ended = 'EARLY';
  }
  const reached = options.rateSteps?.find(({ epoch }) => epoch === training.epoch);
  if (reached !== undefined) training.rate *= reached.factor;
  if (training.ended === null && training.epoch >= options.epochs) training.ended = 'EPOCHS';
}
