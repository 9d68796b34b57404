/**
 * Learning on a graphics card, by full softmax or logistic loss: the steps of cpuLearner.ts, with tables, gradients and the optimizer's state
 * on the card. Per step
 *
 *     makes the queries of a batch of (entity, relation)                      look_up, make_queries
 *     scores all entities                                                     Q E', a product of matrices
 *     makes of the scores the loss and its gradient                           measure, level, gradient, settle
 *     takes it back to queries and entities                                   G E and G' Q, two more products
 *     the same with relations for entities, where the loss by relations is asked for
 *     adds up what belongs to one row, adds the regularizer, moves all        gather …, penalize, update
 *
 * What a batch consists of goes to the card as lists, many steps at a time; meanwhile those of the next are made.
 */
import { deepProduct, type GpuMatrix, MOVED, product, slicesOf } from '../gemmOnGpu.ts';
import type { GpuBackend, Stage } from '../gpu/backend.ts';
import { shaders } from '../gpu/shaders.ts';
import type { Random } from '../random.ts';
import type { Batch } from './batches.ts';
import { type GpuLists, type GpuStep, layStep, StepWriter } from './gpuLists.ts';
import {
  chunkParameters,
  compareIdle,
  type Each,
  type EntityChunk,
  emptyRows,
  type GpuModel,
  type GpuRows,
  learnParameters,
  lookUp,
  placeModel,
  placeRows,
  readRows,
  scoreQueries,
  sumOverEntities,
} from './gpuModel.ts';
import { rankOnGpu } from './gpuRanks.ts';
import type { Learner } from './learner.ts';
import { graphModels } from './models.ts';
import { corrections, EPSILON } from './optimizer.ts';
import type { Moments, Training } from './training.ts';

/** Steps whose lists are made at a time, and the numbers that they may have: 8 MiB. */
const STEPS = 64;
const WORDS = 2 ** 21;

/** Invocations of a workgroup, as in learn.wgsl. */
const LANES = 64;

/** Queries that are ranked at a time, at least: a tile of gemm.wgsl. */
const LEAST_RANKED = 128;

/** Rows that learn. */
interface Learning extends GpuRows {
  readonly gradients: GPUBuffer;
  /** The optimizer's state. */
  readonly firstMoments: GPUBuffer;
  /** Of ADAM; a place holder otherwise. */
  readonly secondMoments: GPUBuffer;
}

interface Run {
  readonly model: GpuModel;
  readonly training: Training;
  readonly entities: readonly (Learning & EntityChunk)[];
  readonly relations: Learning;
  readonly core: Learning | null;
  /** Gradients of `model.matrices`. */
  readonly matrixGradients: GPUBuffer;
  readonly queryGradients: GpuMatrix;
  /** Of the loss by relations; null without. */
  readonly byRelations: ByRelations | null;
  /** Between the stages of a comparison. */
  readonly peaks: GPUBuffer;
  readonly levels: GPUBuffer;
  readonly parts: GPUBuffer;
  /** Bound where a shader names what a model has no use for. */
  readonly nothing: { readonly read: GPUBuffer; readonly written: GPUBuffer };
}

interface ByRelations {
  /** (B, d): rows of the answers that were drawn. */
  readonly asked: GpuMatrix;
  readonly queries: GpuMatrix;
  readonly gradients: GpuMatrix;
  /** (B, rows of relations) */
  readonly scores: GpuMatrix;
}

/**
 * Puts a training on the card; it is to be released with the backend. `learnsOnGpu` says which trainings.
 * @param batch queries of a step at most
 * @throws GpuError where it has no room
 */
export async function gpuLearner(backend: GpuBackend, training: Training, batch: number): Promise<Learner> {
  const { parameters, options } = training;
  const model = await placeModel(backend, parameters, Math.max(batch, LEAST_RANKED));
  const run = prepare(backend, model, training);
  return {
    learn: (batches, random, signal) => learn(run, batches, random, signal),
    rank: (triples, known, rankOptions) => rankOnGpu(model, triples, known, rankOptions),
    async keep(what) {
      for (const chunk of run.entities) await readRows(backend, chunk, parameters.entities, chunk.first);
      await readRows(backend, run.relations, parameters.relations);
      if (run.core !== null) await readRows(backend, run.core, parameters.shared);
      if (what === 'PARAMETERS') return;
      for (const moment of options.optimizer === 'ADAM' ? (['first', 'second'] as const) : (['first'] as const)) {
        const momentsOf = <Rows extends Learning>(rows: Rows): Rows => ({ ...rows, buffer: rows[`${moment}Moments`] });
        for (const chunk of run.entities) {
          // Moments of entities are kept with the rows' filling.
          const whole = { ...momentsOf(chunk), width: 4 * chunk.quads };
          await readRows(backend, whole, training.entityMoments[moment], chunk.first);
        }
        await readRows(backend, momentsOf(run.relations), training.relationMoments[moment]);
        if (run.core !== null) await readRows(backend, momentsOf(run.core), training.sharedMoments[moment]);
      }
    },
  };
}

function prepare(backend: GpuBackend, model: GpuModel, training: Training): Run {
  const { options, entityMoments, relationMoments, sharedMoments } = training;
  const { batch, queries, relations, core, matrices, allSlices } = model;
  const nothing = { read: backend.allocate('nothing', 16), written: backend.allocate('nothing', 16) };
  const learning = <Rows extends GpuRows>(
    rows: Rows,
    { first, second }: Moments,
    width = rows.width,
    from = 0,
  ): Rows & Omit<Learning, keyof GpuRows> => {
    const some = { first: from, rows: rows.rows };
    return {
      ...rows,
      gradients: backend.allocate('gradients', rows.rows * rows.quads * 16),
      firstMoments: placeRows(backend, 'moments', first, width, some).buffer,
      secondMoments: second.length === 0 ? nothing.written : placeRows(backend, 'moments', second, width, some).buffer,
    };
  };
  const matrix = (label: string, quads: number): GpuMatrix => ({
    buffer: backend.allocate(label, batch * quads * 16),
    quads,
  });
  const rows = learning(relations, relationMoments);
  const queryGradients = matrix('gradients of queries', queries.quads);
  const slices = Math.max(allSlices, Math.ceil(relations.rows / 4096));
  return {
    ...{ model, training, queryGradients, nothing },
    entities: model.chunks.map((chunk) => learning(chunk, entityMoments, 4 * chunk.quads, chunk.first)),
    relations: rows,
    core: core === null ? null : learning(core, sharedMoments),
    matrixGradients:
      core === null ? rows.gradients : emptyRows(backend, 'gradients', matrices.rows, matrices.width).buffer,
    byRelations:
      (options.relationWeight ?? 0) === 0
        ? null
        : {
            asked: matrix('answers', queries.quads),
            queries: matrix('queries', relations.quads),
            gradients: matrix('gradients of queries', relations.quads),
            scores: matrix('scores', Math.ceil(relations.rows / 4)),
          },
    peaks: backend.allocate('peaks', batch * slices * 8),
    levels: backend.allocate('levels', batch * 4),
    parts: backend.allocate('parts', batch * slices * 4),
  };
}

/** @returns the loss, each query by its factor */
async function learn(
  run: Run,
  batches: Iterable<Batch>,
  random: Random,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { backend } = run.model;
  const iterator = batches[Symbol.iterator]();
  let lost = 0;
  let next = laySteps(run, iterator, random);
  while (next.steps.length > 0) {
    signal?.throwIfAborted();
    const lists = next;
    const before = backend.mark();
    const words = backend.upload('lists', lists.words);
    const queries = lists.steps.reduce((sum, { count }) => sum + count, 0);
    const losses = backend.allocate('losses', queries * 4);
    const stages = await stagesOf(run, lists.steps, words, losses);
    await backend.run('kge', lists.steps.length, stages, {
      signal,
      meanwhile: () => {
        next = laySteps(run, iterator, random);
      },
    });
    for (const loss of new Float32Array(await backend.read(losses, queries * 4))) lost += loss;
    backend.release(before);
  }
  return lost;
}

/** The lists of the next steps; of none when all batches are done. */
function laySteps(
  { training, entities, relations, model, byRelations }: Run,
  batches: Iterator<Batch>,
  random: Random,
): GpuLists {
  const { options, parameters } = training;
  const writer = new StepWriter();
  const steps: GpuStep[] = [];
  const { objective } = options;
  const most = Math.min(WORDS, model.backend.bufferBytes / 8); // what a step adds is less than the other half
  while (steps.length < STEPS && writer.length < most) {
    const { value: batch, done } = batches.next();
    if (done === true) break;
    training.step++;
    const [correction1, correction2] = corrections({
      optimizer: options.optimizer,
      rate: training.rate,
      number: training.step,
    });
    steps.push(
      layStep(writer, batch, random, {
        parameters,
        chunks: entities,
        relationRows: relations.rows,
        regularizer: options.regularizer ?? null,
        relationWeight: byRelations === null ? 0 : (options.relationWeight ?? 0),
        targetShare: 1 - (objective.kind === 'K_VS_ALL' ? (objective.smoothing ?? 0) : 0),
        // The matrices of relations that no query names have no gradient: they are told so.
        allMatrices: model.core !== null || byRelations !== null,
        allRelations: byRelations !== null,
        optimizer: { rate: training.rate, correction1, correction2 },
      }),
    );
  }
  return { words: writer.words, steps };
}

/** All stages of a step, by their round's lists. */
async function stagesOf(run: Run, steps: readonly GpuStep[], lists: GPUBuffer, losses: GPUBuffer): Promise<Stage[]> {
  const { model, training, entities, queryGradients, byRelations } = run;
  const { gemm, queries, parameters } = model;
  const { objective } = training.options;
  const each =
    (value: (step: GpuStep) => number): Each =>
    (round) => {
      const step = steps[round];
      if (step === undefined) throw new Error(`There is no step ${round}.`);
      return value(step);
    };
  const count = each((step) => step.count);
  const askedAt = each((step) => step.askedAt);
  const smoothing = objective.kind === 'K_VS_ALL' ? (objective.smoothing ?? 0) : 0;
  const d = parameters.dimension;
  return [
    ...(await scoreQueries(model, lists, { count, askedAt })),
    ...(await compare(run, lists, losses, entities, {
      ...{ count, each, wanted: (step) => step.wanted, settles: true },
      logistic: objective.kind === 'K_VS_ALL' && objective.loss === 'LOGISTIC',
      uniform: smoothing / parameters.entityCount,
    })),
    ...sumOverEntities(model, queryGradients, count),
    ...entities.map((chunk) =>
      product(gemm, {
        ...{ kind: 'AT_B' as const, left: chunk.scores, right: queries },
        to: { buffer: chunk.gradients, quads: chunk.quads },
        ...{ rows: chunk.rows, columns: d, depth: count },
      }),
    ),
    ...(byRelations === null ? [] : await learnRelations(run, byRelations, lists, losses, each)),
    ...(await gatherRelations(run, lists, each)),
    ...(await gatherEntities(run, lists, each)),
    ...(await update(run, lists, each)),
  ];
}

type EachStep = (value: (step: GpuStep) => number) => Each;

/** From scores to the gradient by them, and the loss of each query. */
async function compare(
  { model: { backend }, peaks, levels, parts }: Run,
  lists: GPUBuffer,
  losses: GPUBuffer,
  chunks: readonly EntityChunk[],
  {
    count,
    each,
    wanted,
    settles,
    logistic,
    uniform,
  }: {
    readonly count: Each;
    readonly each: EachStep;
    readonly wanted: (step: GpuStep) => GpuStep['wanted'];
    readonly settles: boolean;
    readonly logistic: boolean;
    readonly uniform: number;
  },
): Promise<Stage[]> {
  const [measure, level, gradient, settle] = await Promise.all(
    (['measure', 'level', 'gradient', 'settle'] as const).map((name) => backend.kernel(shaders.kgeCompare, name)),
  );
  if (!measure || !level || !gradient || !settle) throw new Error('a kernel is missing');
  const all = chunks.reduce((sum, { slices }) => sum + slices, 0);
  const fixed = { ...compareIdle, all_slices: all, logistic: Number(logistic), uniform };
  const places = {
    factorsAt: each((step) => wanted(step).factorsAt),
    startsAt: each((step) => wanted(step).startsAt),
    answersAt: each((step) => wanted(step).answersAt),
    weightsAt: each((step) => wanted(step).weightsAt),
    lossAt: each((step) => step.lossAt),
  };
  const parameters = (round: number) => ({
    ...{ ...fixed, count: count(round), factors_at: places.factorsAt(round), starts_at: places.startsAt(round) },
    ...{ answers_at: places.answersAt(round), weights_at: places.weightsAt(round), loss_at: places.lossAt(round) },
  });
  const perQuery = { blocks: (round: number) => Math.ceil(count(round) / 64), work: 64 * all * MOVED };
  const leveled = { 2: peaks, 3: levels };
  const settled = { 0: lists, 3: levels, 4: parts, 5: losses };
  const stages = chunks.map((chunk): { readonly measure: Stage; readonly gradient: Stage } => {
    const measured = { 1: chunk.scores.buffer, 2: peaks };
    const found = { 0: lists, 1: chunk.scores.buffer, 3: levels, 4: parts };
    const common = {
      blocks: (round: number) => count(round) * chunk.slices,
      work: Math.min(chunk.rows, 4096) * MOVED,
      parameters: (round: number) => ({ ...parameters(round), ...chunkParameters(chunk) }),
    };
    return {
      measure: { ...common, kernel: measure, buffers: () => measured },
      gradient: { ...common, kernel: gradient, buffers: () => found },
    };
  });
  return [
    ...(logistic
      ? []
      : [...stages.map((stage) => stage.measure), { ...perQuery, kernel: level, buffers: () => leveled, parameters }]),
    ...stages.map((stage) => stage.gradient),
    ...(settles ? [{ ...perQuery, kernel: settle, buffers: () => settled, parameters }] : []),
  ];
}

/** The loss by relations: gradients of all relations, and of the relation queries. */
async function learnRelations(
  run: Run,
  { asked, queries, gradients, scores }: ByRelations,
  lists: GPUBuffer,
  losses: GPUBuffer,
  each: EachStep,
): Promise<Stage[]> {
  const { model, relations } = run;
  const { backend, gemm, known, constants } = model;
  const make = await backend.kernel(shaders.kgeLearn, 'make_relation_queries', constants);
  const count = each((step) => step.count);
  const askedAt = each((step) => step.askedAt);
  const buffers = { 0: lists, 2: known.buffer, 3: asked.buffer, 5: queries.buffer };
  const fixed = learnParameters(model);
  const chunk = { ...relations, first: 0, scores, slices: Math.ceil(relations.rows / 4096), sliceBase: 0 };
  const { rows, width } = relations;
  return [
    ...(await lookUp(model, lists, asked, { count, askedAt, which: 3 })),
    {
      ...{ kernel: make, blocks: count, work: width * MOVED, buffers: () => buffers },
      parameters: (round) => ({ ...fixed, asked_at: askedAt(round) }),
    },
    product(gemm, {
      kind: 'A_BT',
      left: queries,
      right: relations,
      to: scores,
      rows: count,
      columns: rows,
      depth: width,
    }),
    ...(await compare(run, lists, losses, [chunk], {
      ...{ count, each, wanted: (step) => step.relationWanted, settles: false, logistic: false, uniform: 0 },
    })),
    product(gemm, {
      ...{ kind: 'A_B', left: scores, right: relations, to: gradients },
      ...{ rows: count, columns: width, depth: rows },
    }),
    product(gemm, {
      ...{ kind: 'AT_B', left: scores, right: queries, to: { buffer: relations.gradients, quads: relations.quads } },
      ...{ rows, columns: width, depth: count },
    }),
  ];
}

/** Workgroups of a row of so many numbers: `place_of` in learn.wgsl, where those of ComplEx go by pairs. */
function tilesOf({ constants }: GpuModel, width: number): number {
  return Math.ceil((constants.MODEL === 1 ? width / 2 : width) / LANES);
}

/** Gradients of the relations that the batch names, and of the core. */
async function gatherRelations(run: Run, lists: GPUBuffer, each: EachStep): Promise<Stage[]> {
  const { model, relations, core, matrixGradients, queryGradients, byRelations } = run;
  const { backend, gemm, matrices, known, constants } = model;
  const BY_RELATIONS = Number(byRelations !== null);
  const gather = await backend.kernel(shaders.kgeLearn, 'gather_relations', { ...constants, BY_RELATIONS });
  const buffers = { 0: lists, 2: known.buffer, 6: queryGradients.buffer, 8: matrixGradients };
  const fixed = learnParameters(model);
  const tiles = tilesOf(model, matrices.width);
  const askedAt = each((step) => step.askedAt);
  const rowsAt = each((step) => step.matrices.rowsAt);
  const contributionsAt = each((step) => step.matrices.contributionsAt);
  const gathered: Stage = {
    ...{ kernel: gather, blocks: each((step) => step.matrices.count * tiles), work: LANES * 4 * MOVED },
    buffers: () => buffers,
    parameters: (round) => ({
      ...{ ...fixed, asked_at: askedAt(round), rows_at: rowsAt(round), contributions_at: contributionsAt(round) },
    }),
  };
  return [
    gathered,
    ...(core === null ? [] : takeBackCore(run, core)),
    ...(await penalize(run, lists, relations, each, (step) => step.relationPenalties, 0)),
  ];

  /** M_r = sum_k r_k W_k, and so by r_k <W_k, M'>, by W_k sum_r r_k M'. */
  function takeBackCore({ relations }: Run, core: Learning): Stage[] {
    const left = { buffer: matrixGradients, quads: matrices.quads };
    const { rows, quads, width } = relations;
    const slices = slicesOf(rows, quads, core.width, 2 ** 26);
    const between = backend.allocate('slices', slices.count * rows * quads * 16);
    return [
      ...deepProduct(gemm, {
        ...{ kind: 'A_BT', to: { buffer: relations.gradients, quads }, rows, columns: width, between },
        parts: [{ left, right: core, depth: core.width, slices }],
      }),
      product(gemm, {
        ...{ kind: 'AT_B', left: relations, right: left, to: { buffer: core.gradients, quads: core.quads } },
        ...{ rows: core.rows, columns: core.width, depth: rows },
      }),
    ];
  }
}

/** What the batch has found out about its entities, added to their gradients. */
async function gatherEntities(run: Run, lists: GPUBuffer, each: EachStep): Promise<Stage[]> {
  const { model, entities, queryGradients, byRelations, nothing } = run;
  const { backend, matrices, known, constants } = model;
  const BY_RELATIONS = Number(byRelations !== null);
  const gather = await backend.kernel(shaders.kgeLearn, 'gather_entities', { ...constants, BY_RELATIONS });
  const fixed = learnParameters(model);
  const tiles = tilesOf(model, model.parameters.dimension);
  const askedAt = each((step) => step.askedAt);
  const contributionsAt = each((step) => step.contributionsAt);
  const stages: Stage[] = [];
  for (const [number, chunk] of entities.entries()) {
    const buffers = {
      ...{ 0: lists, 2: known.buffer, 3: byRelations?.asked.buffer ?? nothing.written, 4: matrices.buffer },
      ...{ 6: queryGradients.buffer, 7: byRelations?.gradients.buffer ?? nothing.read, 8: chunk.gradients },
    };
    const rowsAt = each((step) => step.entities[number]?.rowsAt ?? 0);
    stages.push({
      ...{ kernel: gather, blocks: each((step) => (step.entities[number]?.count ?? 0) * tiles) },
      ...{ work: LANES * (constants.MODEL === 2 ? chunk.width : 4) * MOVED, buffers: () => buffers },
      parameters: (round) => ({
        ...{ ...fixed, asked_at: askedAt(round), rows_at: rowsAt(round), contributions_at: contributionsAt(round) },
        chunk_first: chunk.first,
      }),
    });
    const list = (step: GpuStep) => step.entityPenalties[number] ?? { at: 0, count: 0 };
    stages.push(...(await penalize(run, lists, chunk, each, list, chunk.first)));
  }
  return stages;
}

/** Adds the regularizer's gradient to that of some rows. */
async function penalize(
  { model: { backend, parameters }, training: { options } }: Run,
  lists: GPUBuffer,
  { buffer, gradients, quads, width }: Learning,
  each: EachStep,
  list: (step: GpuStep) => { readonly at: number; readonly count: number },
  first: number,
): Promise<Stage[]> {
  const { regularizer } = options;
  if (!regularizer) return [];
  const kernel = await backend.kernel(shaders.kgeLearn, 'penalize');
  const isComplex = graphModels[parameters.model].complex;
  const buffers = { 0: lists, 1: buffer, 8: gradients };
  const fixed = {
    ...{ ...learnIdle, dimension: width, stride: 4 * quads, chunk_first: first },
    penalty: regularizer.name === 'L2' ? 0 : isComplex ? 2 : 1,
  };
  const penaltiesAt = each((step) => list(step).at);
  return [
    {
      ...{ kernel, blocks: each((step) => list(step).count), work: width * MOVED, buffers: () => buffers },
      parameters: (round) => ({ ...fixed, penalties_at: penaltiesAt(round) }),
    },
  ];
}

const learnIdle = {
  ...{ dimension: 0, stride: 0, width: 0, relation_stride: 0, chunk_first: 0, chunk_rows: 0, asked_at: 0, which: 0 },
  ...{ rows_at: 0, contributions_at: 0, penalties_at: 0, penalty: 0, listed: 0, rows: 0, quads: 0, rate: 0 },
  ...{ correction1: 1, correction2: 1, epsilon: 0 },
};

/** Moves all entities, the relations that the batch names, and what they share. */
async function update(run: Run, lists: GPUBuffer, each: EachStep): Promise<Stage[]> {
  const { model, training, entities, relations, core } = run;
  const { optimizer } = training.options;
  const kernel = await model.backend.kernel(shaders.kgeLearn, 'update', { ADAM: Number(optimizer === 'ADAM') });
  const epsilon = EPSILON[optimizer];
  const rate = each((step) => step.rate);
  const correction1 = each((step) => step.correction1);
  const correction2 = each((step) => step.correction2);
  const of = (table: Learning, rows: Each, rowsAt: Each | null): Stage => {
    const buffers = { 0: lists, 9: table.buffer, 10: table.gradients, 11: table.firstMoments, 12: table.secondMoments };
    return {
      ...{ kernel, blocks: (round) => Math.ceil((rows(round) * table.quads) / 256), work: 256 * 4 * 5 * MOVED },
      buffers: () => buffers,
      parameters: (round) => ({
        ...{ ...learnIdle, quads: table.quads, rows: rows(round), epsilon },
        ...{ listed: Number(rowsAt !== null), rows_at: rowsAt?.(round) ?? 0 },
        ...{ rate: rate(round), correction1: correction1(round), correction2: correction2(round) },
      }),
    };
  };
  return [
    ...entities.map((chunk) => of(chunk, () => chunk.rows, null)),
    of(
      relations,
      each((step) => step.relations.count),
      each((step) => step.relations.rowsAt),
    ),
    ...(core === null ? [] : [of(core, () => core.rows, null)]),
  ];
}
