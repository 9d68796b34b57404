/**
 * Trains a model of a graph: triples → vectors of entities and relations, an embedding of the entities, probabilities, an evaluation.
 * Where several settings are given each is tried, and the best on the validation triples is kept.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { frameFromBytes } from '#kernels/frame.ts';
import type { KnowledgeGraph } from '#kernels/kge/graph.ts';
import type { Parameters } from '#kernels/kge/parameters.ts';
import type { CurvePoint } from '#kernels/kge/training.ts';
import type { Matrix } from '#kernels/matrix.ts';
import type { DeviceWanted } from '../backends.ts';
import { Wishes } from '../compute.ts';
import { findDatasetsById, lockDataset } from '../datasets/datasets.ts';
import { findEmbeddingsById } from '../embeddings/embeddings.ts';
import { UserError } from '../errors.ts';
import type { Slice } from '../graphKernels.worker.ts';
import type { TaskContext } from '../jobs/task.ts';
import { FrameWriter } from '../projections/frames.ts';
import { replaceProjection } from '../projections/projections.ts';
import { evaluateModel } from './evaluateGraph.ts';
import { runGraphKernel, toKnowledgeGraph } from './graphKernels.ts';
import { checkGraphModelName, replaceGraphModel, type Trial } from './graphModels.ts';
import { readTriples, type Triples } from './graphs.ts';
import { requirePreset } from './presets.ts';
import { type Settings, trainingOptions } from './settings.ts';
import { CURVE_MS, TrainingCurve } from './trainingCurve.ts';

export interface TrainGraphInput {
  readonly datasetId: number;
  /** Of the model and its embedding. One of that name is replaced when the new one is done. */
  readonly name: string;
  readonly preset: string | null;
  /** What is tried; one or several. */
  readonly settings: readonly Settings[];
  readonly seed: number;
  readonly device: DeviceWanted;
  /** Whether the test triples are ranked when it is done. */
  readonly evaluate: boolean;
}

/** Where a training stands: the checkpoint of its job, and what a client is shown of it. Its curve is the job's. */
export interface TrainingProgress {
  /** Number of the settings that are being tried, from 0. */
  readonly trial: number;
  readonly trials: readonly Trial[];
  readonly epoch: number;
  readonly epochs: number;
  /** Spent on this trial so far. */
  readonly milliseconds: number;
  /** For the epochs that are left of all trials; it ends sooner when validation does not get better. */
  readonly millisecondsLeft: number | null;
  /** The best trial before this one. */
  readonly bestTrial: number | null;
}

/** The map that shows the entities while they are learnt, and is left of them. */
export const GRAPH_MAP = 'pca-2d';

/** A checkpoint at least this often: the state is read and written each time. */
const SLICE_SECONDS = 10;
/** A state of a gigabyte takes seconds to be kept: then slices are so many times longer than that, and at most so long. */
const SLICES_PER_KEEPING = 10;
const MOST_SLICE_SECONDS = 120;
/** Who looks on sees the first of it soon. */
const FIRST_SLICE_SECONDS = 1;

// What of the whole work each stage takes.
const READ_END = 0.03;
const TRAIN_END = 0.9;
const KEEP_END = 0.95;

/** @throws UserError CANCELLED where the data set is removed meanwhile */
export async function trainGraph(
  context: TaskContext,
  input: TrainGraphInput,
): Promise<{ dataset: number; embedding: number; graphModel: number }> {
  const { database, signal } = context;
  const { datasetId, name, preset, seed } = input;
  await context.worksOn(datasetId);
  await checkGraphModelName(database, datasetId, name);
  const [dataset] = await findDatasetsById(database, [datasetId]);
  if (!dataset) throw removed();
  context.progress('Reading the graph', 0);
  const triples = await readTriples(database, datasetId, { signal });
  checkGraph(triples);
  if (preset !== null) {
    const { dataset: meant } = requirePreset(preset);
    if (meant !== null && meant !== dataset.slug) {
      context.warn(
        `The preset "${preset}" was measured on "${meant}": on "${dataset.slug}" it is a start and promises nothing.`,
      );
    }
  }
  if (triples.validation.length === 0) {
    context.warn('The graph has no validation triples: all epochs are trained, and scores are not made probabilities.');
  }

  const graph = toKnowledgeGraph(triples);
  const itemIds = Float64Array.from(triples.entityIds);
  const curveOfJob = new TrainingCurve(context);
  const wishes = new Wishes((interim, bytes) => {
    if (interim === 'CURVE') curveOfJob.take(bytes);
    else void frames.write(frameFromBytes(bytes)).catch(() => {});
  });
  const frames = new FrameWriter(context, { datasetId, embeddingId: null, itemIds }, () => wishes.wish('FRAME'));
  const asking = setInterval(() => wishes.wish('CURVE'), CURVE_MS);
  const trained = await tryAll(context, input, graph, { wishes, curve: curveOfJob }).finally(() => {
    clearInterval(asking);
    return frames.close({ keep: context.signal.aborted });
  });
  const falseTriples = { validation: triples.validationFalse, test: triples.testFalse };
  context.progress('Fitting probabilities', TRAIN_END);
  const { parameters, curve, best, settings, trials, milliseconds, device, matrixLibrary } = trained;
  const judgement = await runGraphKernel('judge', { graph, parameters, falseTriples, seed }, { signal });

  const map = await runGraphKernel('picture', { parameters, before: trained.picture }, { signal });

  context.progress('Keeping the model', KEEP_END);
  const model = await database.transaction(
    async (transaction) => {
      await lockDataset(transaction, datasetId);
      const kept = await replaceGraphModel(transaction, {
        ...{ datasetId, name, preset, settings, seed, parameters, judgement, curve, best, device, milliseconds },
        kind: parameters.model,
        matrixLibrary,
        trials: input.settings.length > 1 ? trials : [],
        relationIds: Array.from(triples.relationIds),
        entityIds: triples.entityIds,
        datasetVersion: dataset.version,
      });
      const [embedding] = await findEmbeddingsById(transaction, [kept.embeddingId]);
      if (!embedding) throw removed();
      await replaceProjection(transaction, {
        ...{ embedding, name: GRAPH_MAP, method: 'PCA', components: 2, device: 'CPU', itemIds },
        coordinates: map.data,
      });
      await context.guard(transaction);
      return kept;
    },
    { signal },
  );
  if (input.evaluate && triples.test.length > 0) {
    context.progress('Evaluating on the test triples', KEEP_END);
    await evaluateModel(context, {
      model,
      parameters,
      graph,
      falseTriples,
      judgement,
      split: 'TEST',
      device: input.device,
    });
  }
  await removeStates(context);
  return { dataset: datasetId, embedding: model.embeddingId, graphModel: model.id };
}

/** @throws UserError BAD_USER_INPUT for a graph that nothing can be learnt of */
function checkGraph({ entityIds, train, validation, test }: Triples): void {
  if (train.length === 0) {
    const others = (validation.length + test.length) / 3;
    throw new UserError(
      'BAD_USER_INPUT',
      others === 0
        ? 'The data set has no triples: it is no graph.'
        : `The graph has no training triples, only ${others} set aside. Split it anew.`,
    );
  }
  if (entityIds.length < 2) throw new UserError('BAD_USER_INPUT', 'A graph of one entity has nothing to tell apart.');
}

/** Who looks on while it is trained. */
interface Watched {
  readonly wishes: Wishes;
  readonly curve: TrainingCurve;
}

interface Trained {
  readonly settings: Settings;
  readonly parameters: Parameters;
  readonly curve: readonly CurvePoint[];
  readonly best: { readonly epoch: number; readonly mrr: number } | null;
  readonly trials: readonly Trial[];
  readonly device: 'GPU' | 'CPU';
  readonly matrixLibrary: string | null;
  /** Of all trials. */
  readonly milliseconds: number;
  /** Where the entities were shown last; null: nobody has looked. */
  readonly picture: Matrix | null;
}

/** Trains with each of the settings, going on where an earlier attempt of the job has stopped. */
async function tryAll(
  context: TaskContext,
  input: TrainGraphInput,
  graph: KnowledgeGraph,
  watched: Watched,
): Promise<Trained> {
  let progress = (context.checkpoint ?? firstProgress) as TrainingProgress;
  let best: Omit<Trained, 'trials' | 'milliseconds'> | null = null;
  if (progress.bestTrial !== null) best = await again(context, input, graph, progress);
  for (let trial = progress.trial; trial < input.settings.length; trial++) {
    const settings = input.settings[trial] ?? {};
    const found = await train(context, input, graph, settings, { ...progress, trial }, watched);
    const milliseconds = found.progress.milliseconds;
    const mrr = found.best?.mrr ?? null;
    const { device } = found;
    const trials = [...progress.trials, { settings, epochs: found.progress.epoch, mrr, device, milliseconds }];
    const isBetter = best === null || (mrr ?? 0) > (best.best?.mrr ?? 0);
    if (isBetter) {
      const { parameters, curve, picture, matrixLibrary } = found;
      best = { settings, parameters, curve, device, matrixLibrary, best: found.best, picture };
      await writeState(context, `best-${trial}`, found.state);
    }
    progress = { ...firstProgress, trials, trial: trial + 1, bestTrial: isBetter ? trial : progress.bestTrial };
    await context.saveCheckpoint(progress);
  }
  if (best === null) throw new Error('no settings were tried');
  const milliseconds = progress.trials.reduce((sum, trial) => sum + trial.milliseconds, 0);
  return { ...best, trials: progress.trials, milliseconds };
}

const firstProgress: TrainingProgress = {
  ...{ trial: 0, trials: [], epoch: 0, epochs: 0, milliseconds: 0, millisecondsLeft: null, bestTrial: null },
};

/** What an earlier trial, kept as bytes, had come to. */
async function again(context: TaskContext, input: TrainGraphInput, graph: KnowledgeGraph, progress: TrainingProgress) {
  const trial = progress.bestTrial ?? 0;
  const settings = input.settings[trial] ?? {};
  const options = trainingOptions(settings, input.seed);
  const state = await readState(context, `best-${trial}`);
  if (state === null) throw new UserError('CONFLICT', 'What the training had reached is no longer there. Begin anew.');
  const { parameters, curve, best, library } = await runGraphKernel('train', {
    ...{ graph, options, state, seconds: 0, device: 'CPU' },
  });
  const device = progress.trials[trial]?.device ?? 'CPU';
  return { settings, parameters, curve, best, device, matrixLibrary: library, picture: null };
}

/** One trial, slice by slice. */
async function train(
  context: TaskContext,
  { settings: all, seed, device: asked }: TrainGraphInput,
  graph: KnowledgeGraph,
  settings: Settings,
  begun: TrainingProgress,
  { wishes, curve: curveOfJob }: Watched,
) {
  const { signal } = context;
  const options = trainingOptions(settings, seed);
  const { trial } = begun;
  let state = begun.epoch > 0 ? await readState(context, `trial-${trial}`) : null;
  // A state that is gone is begun anew.
  let progress = {
    ...begun,
    epochs: options.epochs,
    ...(state === null ? { epoch: 0, milliseconds: 0 } : {}),
  };
  await curveOfJob.begin(trial, progress.epoch);
  await context.saveCheckpoint(progress);
  const words = all.length === 1 ? 'Training' : `Training with settings ${trial + 1} of ${all.length}`;
  const report = (done: number) => {
    const share = (trial + Math.min(1, done)) / all.length;
    context.progress(
      `${words}: epoch ${Math.min(options.epochs, Math.floor(done * options.epochs) + 1)}`,
      READ_END + (TRAIN_END - READ_END) * share,
    );
  };
  report(progress.epoch / options.epochs);
  let picture: Matrix | null = null;
  let device = asked;
  let seconds = SLICE_SECONDS;
  const told = new Set<string>();
  for (;;) {
    signal.throwIfAborted();
    const startedAt = performance.now();
    const slice: Slice = await runGraphKernel(
      'train',
      { graph, options, state, seconds: state === null ? FIRST_SLICE_SECONDS : seconds, picture, device },
      { signal, wishes, onProgress: report, transfer: state === null ? [] : [state] },
    );
    const milliseconds = progress.milliseconds + performance.now() - startedAt;
    const { epoch, curve, best, parameters } = slice;
    picture = slice.picture;
    for (const note of slice.notes) if (!told.has(note)) context.warn(note);
    for (const note of slice.notes) told.add(note);
    // Where there was no card, or it has failed, the processor goes on.
    device = slice.device;
    const left = (milliseconds / Math.max(1, epoch)) * (options.epochs * (all.length - trial) - epoch);
    await curveOfJob.reach(curve);
    progress = { ...progress, epoch, milliseconds, millisecondsLeft: slice.ended === null ? left : 0 };
    const matrixLibrary = slice.library;
    if (slice.ended !== null) {
      return { progress, parameters, curve, best, picture, device, matrixLibrary, state: slice.state };
    }
    state = slice.state;
    // Gone on with is what lies in the file. Were it ahead of the curve, this would have a gap.
    await context.saveCheckpoint(progress);
    await writeState(context, `trial-${trial}`, state);
    const keeping = (performance.now() - startedAt) / 1000 - slice.seconds;
    seconds = Math.min(MOST_SLICE_SECONDS, Math.max(SLICE_SECONDS, SLICES_PER_KEEPING * keeping));
    report(epoch / options.epochs);
  }
}

// States lie as files beside the uploads, where every machine that works for this database finds them.

function folderOf({ dataDir, jobId }: TaskContext): string {
  return join(dataDir, 'trainings', jobId);
}

async function writeState(context: TaskContext, name: string, state: ArrayBuffer): Promise<void> {
  const folder = folderOf(context);
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}.bin`);
  await writeFile(`${file}.unfinished`, new Uint8Array(state));
  await rename(`${file}.unfinished`, file);
}

async function readState(context: TaskContext, name: string): Promise<ArrayBuffer | null> {
  const bytes = await readFile(join(folderOf(context), `${name}.bin`)).catch(() => null);
  return bytes === null ? null : Uint8Array.from(bytes).buffer;
}

async function removeStates(context: TaskContext): Promise<void> {
  await rm(folderOf(context), { recursive: true, force: true });
}

function removed(): UserError {
  return new UserError('CANCELLED', 'The data set was removed meanwhile.');
}
