/**
 * Training a knowledge graph model. An epoch asks every query once, in an order by chance, and a step of it
 *
 *     makes the queries of a batch of (entity, relation)
 *     compares them with all entities, or with their answer and sampled negatives
 *     takes the gradient back through the queries to entities and relations
 *     adds the regularizer of each triple and, where asked for, the loss by relations
 *     moves what has a gradient
 *
 * N triples, B queries a step. Chance comes from the seed and the number of the epoch, so a training that was stopped after an
 * epoch and goes on ends with the same bits.
 */
import type { CpuBackend } from '../cpu/backend.ts';
import { createRandom, permutation, type Random } from '../random.ts';
import { CpuTable } from './cpuTable.ts';
import { indexQueries, type KnowledgeGraph, type QueryIndex } from './graph.ts';
import type { Loss, LossName } from './losses.ts';
import { measures } from './measure.ts';
import type { GraphModel, Numbers } from './model.ts';
import { graphModels } from './models.ts';
import { bernoulliShares, drawNegatives } from './negatives.ts';
import { descend, type Step } from './optimizer.ts';
import type { Parameters } from './parameters.ts';
import { entityTableShape, keepEntities, loadEntities, modelAsker, rankBatch, rankTriples } from './rank.ts';
import { addPenaltyGradient } from './regularize.ts';
import { type Capacity, PlainTable, type Table, type TableShape, type Targets } from './table.ts';
import type { CurvePoint, Objective, Training, TrainingOptions } from './training.ts';

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
 * @param backend null: in plain TypeScript, slowly
 */
export async function runTraining(
  backend: CpuBackend | null,
  graph: KnowledgeGraph,
  training: Training,
  untilEpoch: number = training.options.epochs,
  { signal, onEpoch, onProgress, isEnough }: RunTrainingOptions = {},
): Promise<void> {
  const before = backend?.mark() ?? 0;
  const run = prepare(backend, graph, training);
  try {
    while (training.ended === null && training.epoch < untilEpoch) {
      const loss = await runEpoch(run, { signal, onProgress });
      training.epoch++;
      const mrr = isDue(training, graph) ? await validate(run, signal) : null;
      const point = { epoch: training.epoch, loss, mrr, rate: training.rate };
      training.curve.push(point);
      if (!Number.isFinite(loss))
        throw new RangeError(`The loss of epoch ${training.epoch} is ${loss}: lower the rate.`);
      judge(training, mrr, run);
      onEpoch?.(point);
      if (isEnough?.() === true) break;
    }
    keep(run);
  } finally {
    backend?.release(before);
  }
}

/** What a run works with. */
interface Run {
  readonly graph: KnowledgeGraph;
  readonly training: Training;
  readonly options: TrainingOptions;
  readonly model: GraphModel;
  readonly parameters: Parameters;
  readonly entities: Table;
  /** Of the auxiliary loss; null without. */
  readonly relationTable: Table | null;
  readonly relationWidth: number;
  readonly relationGradients: Float32Array;
  readonly sharedGradients: Float32Array;
  /** Queries of the training triples. */
  readonly index: QueryIndex;
  /** Training and validation triples, which a validation leaves out. */
  readonly known: QueryIndex;
  readonly batch: number;
  readonly rankBatch: number;
}

function prepare(backend: CpuBackend | null, graph: KnowledgeGraph, training: Training): Run {
  const { options, parameters } = training;
  const model = graphModels[parameters.model];
  const { objective, relationWeight = 0 } = options;
  const index = indexQueries(graph, [graph.train]);
  const batch = Math.min(options.batch, unitsOf(index, objective, graph));
  const isSampled = objective.kind === 'NEGATIVE_SAMPLING';
  const shape = entityTableShape(parameters);
  const ranked = rankBatch(shape);
  const group = isSampled ? Math.min(batch, objective.shared ?? 32) : 0;
  const entities = createTable(backend, shape, {
    queries: Math.max(batch, ranked),
    scored: isSampled ? ranked : Math.max(batch, ranked),
    group,
    negatives: isSampled ? objective.negatives : 0,
    dense: !isSampled,
  });
  loadEntities(entities, parameters);
  entities.first.set(training.entityMoments.first);
  if (training.entityMoments.second.length > 0) entities.second.set(training.entityMoments.second);
  const relationWidth = model.relationWidth(parameters);
  const rows = parameters.relations.length / relationWidth;
  return {
    graph,
    training,
    options,
    model,
    parameters,
    entities,
    relationTable:
      relationWeight === 0
        ? null
        : createTable(
            backend,
            { count: rows, dimension: relationWidth, measure: 'INNER_PRODUCT', biased: false },
            { queries: batch, scored: batch, group: 0, negatives: 0, dense: true },
          ),
    relationWidth,
    relationGradients: new Float32Array(parameters.relations.length),
    sharedGradients: new Float32Array(parameters.shared.length),
    index,
    known: indexQueries(graph, [graph.train, graph.validation]),
    batch,
    rankBatch: ranked,
  };
}

function createTable(backend: CpuBackend | null, shape: TableShape, capacity: Capacity): Table {
  return backend === null ? new PlainTable(shape, capacity) : new CpuTable(backend, shape, capacity);
}

/** Writes what was learnt into the training. */
function keep({ training, entities, parameters }: Run): void {
  keepEntities(entities, parameters);
  training.entityMoments.first.set(entities.first);
  if (training.entityMoments.second.length > 0) training.entityMoments.second.set(entities.second);
}

// An epoch ----------------------------------------------------------------------------------------------------------

/** How many things an epoch goes through: queries, or triples from both sides. */
function unitsOf(index: QueryIndex, objective: Objective, graph: KnowledgeGraph): number {
  const byQuery = objective.kind === 'K_VS_ALL' || (objective.kind === 'ONE_VS_ALL' && (objective.unique ?? true));
  return byQuery ? index.entities.length : (graph.train.length / 3) * 2;
}

/** Steps between two calls of `onProgress`. */
const STEPS_PER_REPORT = 20;

/** @returns the mean loss of a query */
async function runEpoch(
  run: Run,
  { signal, onProgress }: Pick<RunTrainingOptions, 'signal' | 'onProgress'>,
): Promise<number> {
  const { training, options, index, graph, batch } = run;
  const { seed = 42, objective } = options;
  const random = createRandom(seed * 2 ** 20 + training.epoch + 1);
  const units = unitsOf(index, objective, graph);
  const order = permutation(units, random);
  const batches = batchesOf(run, order, random);
  let lost = 0;
  let weight = 0;
  for (let start = 0, number = 0; start < units; start += batch, number++) {
    signal?.throwIfAborted();
    const asked = batches(start, Math.min(batch, units - start));
    lost += await runStep(run, asked, random);
    for (const factor of run.entities.factors.subarray(0, asked.count)) weight += factor;
    if (number % STEPS_PER_REPORT === 0) onProgress?.(start / units);
  }
  return lost / weight;
}

/** The queries of a step with the answers that are wanted. */
interface Batch {
  readonly count: number;
  readonly entities: Int32Array;
  /** R + r asks for heads of r. */
  readonly relations: Int32Array;
  readonly targets: Targets;
  /** What each query's loss counts; they sum to about 1. */
  readonly factors: Float32Array;
}

/** Makes the batch of units start … start + count - 1 of the order. */
function batchesOf(run: Run, order: Uint32Array, random: Random): (start: number, count: number) => Batch {
  const { index, options, graph } = run;
  const { objective } = options;
  if (unitsOf(index, objective, graph) !== index.entities.length || objective.kind === 'NEGATIVE_SAMPLING') {
    return batchesOfTriples(run, order, random);
  }
  return (start, count) => {
    const entities = new Int32Array(count);
    const relations = new Int32Array(count);
    const starts = new Int32Array(count + 1);
    const factors = new Float32Array(count);
    const isWeighted = objective.kind === 'ONE_VS_ALL';
    // Of all queries, a batch has this share of the triples on average.
    const triples = (run.batch * index.answers.length) / index.entities.length;
    for (let i = 0; i < count; i++) {
      const query = order[start + i] ?? 0;
      entities[i] = index.entities[query] ?? 0;
      relations[i] = index.relations[query] ?? 0;
      const answers = (index.starts[query + 1] ?? 0) - (index.starts[query] ?? 0);
      starts[i + 1] = (starts[i] ?? 0) + answers;
      factors[i] = isWeighted ? answers / triples : 1 / run.batch;
    }
    const answers = new Int32Array(starts[count] ?? 0);
    const weights = new Float32Array(answers.length);
    for (let i = 0; i < count; i++) {
      const query = order[start + i] ?? 0;
      const from = starts[i] ?? 0;
      const to = starts[i + 1] ?? 0;
      answers.set(index.answers.subarray(index.starts[query] ?? 0, index.starts[query + 1] ?? 0), from);
      // Under LOGISTIC each answer is wanted whole; under SOFTMAX all answers share one probability.
      const isWhole = objective.kind === 'K_VS_ALL' && objective.loss === 'LOGISTIC';
      weights.fill((factors[i] ?? 0) / (isWhole ? 1 : to - from), from, to);
    }
    return { count, entities, relations, targets: { starts, answers, weights }, factors };
  };
}

/** Unit 2 i asks for the tail of triple i, unit 2 i + 1 for its head; BERNOULLI draws the side. */
function batchesOfTriples(run: Run, order: Uint32Array, random: Random): (start: number, count: number) => Batch {
  const { graph, index, options, batch } = run;
  const { objective } = options;
  const isSampled = objective.kind === 'NEGATIVE_SAMPLING';
  const shares = isSampled && objective.sides === 'BERNOULLI' ? bernoulliShares(index) : null;
  const isSubsampled = isSampled && objective.subsampling === true;
  const counts = isSubsampled ? subsamplingWeights(graph, index) : null;
  return (start, count) => {
    const entities = new Int32Array(count);
    const relations = new Int32Array(count);
    const answers = new Int32Array(count);
    const factors = new Float32Array(count).fill(1 / batch);
    for (let i = 0; i < count; i++) {
      const unit = order[start + i] ?? 0;
      const at = 3 * (unit >> 1);
      const head = graph.train[at] ?? 0;
      const relation = graph.train[at + 1] ?? 0;
      const tail = graph.train[at + 2] ?? 0;
      const asksHead = shares === null ? unit % 2 === 1 : random.uniform() < (shares[relation] ?? 0.5);
      entities[i] = asksHead ? tail : head;
      relations[i] = asksHead ? graph.relationCount + relation : relation;
      answers[i] = asksHead ? head : tail;
      if (counts !== null) factors[i] = counts[unit >> 1] ?? 1;
    }
    if (counts !== null) {
      const sum = factors.reduce((total, factor) => total + factor, 0);
      for (let i = 0; i < count; i++) factors[i] = ((factors[i] ?? 0) / sum) * (count / batch);
    }
    const starts = Int32Array.from({ length: count + 1 }, (_, i) => i);
    return { count, entities, relations, targets: { starts, answers, weights: factors.slice() }, factors };
  };
}

/** 1 / sqrt(count of (h, r) + count of (t, r)), counts from 4 on (Sun et al. 2019, as their code has it). float32 (N). */
function subsamplingWeights({ train, relationCount }: KnowledgeGraph, index: QueryIndex): Float32Array {
  const countOf = new Map<number, number>();
  index.entities.forEach((entity, query) => {
    const answers = (index.starts[query + 1] ?? 0) - (index.starts[query] ?? 0);
    countOf.set(entity * 2 * relationCount + (index.relations[query] ?? 0), answers);
  });
  return Float32Array.from({ length: train.length / 3 }, (_, i) => {
    const relation = train[3 * i + 1] ?? 0;
    const byHead = countOf.get((train[3 * i] ?? 0) * 2 * relationCount + relation) ?? 1;
    const byTail = countOf.get((train[3 * i + 2] ?? 0) * 2 * relationCount + relationCount + relation) ?? 1;
    return 1 / Math.sqrt(3 + byHead + 3 + byTail);
  });
}

// A step ------------------------------------------------------------------------------------------------------------

/** @returns the loss, each query by its factor */
async function runStep(run: Run, batch: Batch, random: Random): Promise<number> {
  const { training, options, entities } = run;
  const { objective } = options;
  training.step++;
  const step: Step = { optimizer: options.optimizer, rate: training.rate, number: training.step };

  const asked = makeQueries(run, batch, random);
  entities.factors.set(batch.factors);
  let lost: number;
  if (objective.kind === 'NEGATIVE_SAMPLING') {
    const { negatives: count, filtered = true } = objective;
    const group = Math.min(run.batch, objective.shared ?? 32);
    const drawn = drawNegatives(
      { group, count },
      batch.entities,
      batch.relations,
      batch.count,
      run.parameters.entityCount,
      filtered ? run.index : null,
      random,
    );
    lost = await entities.compareSampled(batch.count, batch.targets.answers, drawn, lossOf(objective));
  } else {
    const loss: LossName = objective.kind === 'K_VS_ALL' ? objective.loss : 'SOFTMAX';
    const smoothing = objective.kind === 'K_VS_ALL' ? (objective.smoothing ?? 0) : 0;
    lost = await entities.compareAll(batch.count, batch.targets, loss, smoothing);
  }

  takeBack(run, batch, asked);
  if (run.relationTable !== null) await learnRelations(run, run.relationTable, batch, random);
  regularize(run, batch);

  if (objective.kind === 'NEGATIVE_SAMPLING') {
    const ids = new Int32Array(2 * batch.count);
    ids.set(batch.entities);
    ids.set(batch.targets.answers, batch.count);
    await entities.updateRows(step, ids);
  } else await entities.updateAll(step);
  updateRelations(run, batch, step);
  return lost;
}

function lossOf(objective: Objective & { readonly kind: 'NEGATIVE_SAMPLING' }): Loss {
  const { loss, margin, temperature = 1, negativeWeight = 1 } = objective;
  return { name: loss, margin: margin ?? (loss === 'SELF_ADVERSARIAL' ? 9 : 1), temperature, negativeWeight };
}

/** What the queries were made of, where that is not the rows themselves: copies with numbers left out, and what was kept. */
interface Asked {
  readonly entities: Float32Array;
  readonly relations: Float32Array;
  /** 0 where a number was left out, otherwise 1 / the share that was not. */
  readonly entityMasks: Float32Array;
  readonly relationMasks: Float32Array;
}

/** Row of the relation in the table of relations, and whether the model is asked for tails. */
function relationRow({ parameters }: Run, relation: number): { row: number; asTail: boolean } {
  const { reciprocal, relationCount } = parameters;
  if (reciprocal || relation < relationCount) return { row: relation, asTail: true };
  return { row: relation - relationCount, asTail: false };
}

function makeQueries(run: Run, batch: Batch, random: Random): Asked | null {
  const { model, parameters, entities, relationWidth } = run;
  const { dimension: d } = parameters;
  const { stride, values, queries } = entities;
  const width = d + measures[model.measure].extra;
  const asked = dropOut(run, batch, random);
  for (let i = 0; i < batch.count; i++) {
    const entity = batch.entities[i] ?? 0;
    const { row, asTail } = relationRow(run, batch.relations[i] ?? 0);
    const parts = {
      entity:
        asked === null
          ? values.subarray(entity * stride, entity * stride + d)
          : asked.entities.subarray(i * d, (i + 1) * d),
      relation:
        asked === null
          ? parameters.relations.subarray(row * relationWidth, (row + 1) * relationWidth)
          : asked.relations.subarray(i * relationWidth, (i + 1) * relationWidth),
      shared: parameters.shared,
    };
    const query = queries.subarray(i * stride, i * stride + width);
    if (asTail) model.tailQuery(parts, query);
    else model.headQuery?.(parts, query);
    entities.biases[i] = model.biased ? (values[entity * stride + d] ?? 0) : 0;
  }
  return asked;
}

function dropOut(run: Run, batch: Batch, random: Random): Asked | null {
  const { options, parameters, entities, relationWidth } = run;
  const dropped = options.dropout;
  if (dropped === undefined || (dropped.entities === 0 && dropped.relations === 0)) return null;
  const { dimension: d } = parameters;
  const mask = (length: number, share: number) =>
    Float32Array.from({ length }, () => (share > 0 && random.uniform() < share ? 0 : 1 / (1 - share)));
  const entityMasks = mask(batch.count * d, dropped.entities);
  const relationMasks = mask(batch.count * relationWidth, dropped.relations);
  return {
    entityMasks,
    relationMasks,
    entities: entityMasks.map((kept, at) => {
      const entity = batch.entities[Math.floor(at / d)] ?? 0;
      return kept * (entities.values[entity * entities.stride + (at % d)] ?? 0);
    }),
    relations: relationMasks.map((kept, at) => {
      const { row } = relationRow(run, batch.relations[Math.floor(at / relationWidth)] ?? 0);
      return kept * (parameters.relations[row * relationWidth + (at % relationWidth)] ?? 0);
    }),
  };
}

/** Where the gradient of a query's known entity goes: into the table's, or, when few rows move, into a row of its own. */
function entityGradient({ entities, options }: Run, entity: number, number: number): Float32Array {
  const { stride } = entities;
  if (options.objective.kind === 'NEGATIVE_SAMPLING') {
    return entities.further.subarray(number * stride, (number + 1) * stride);
  }
  return entities.gradients.subarray(entity * stride, (entity + 1) * stride);
}

function takeBack(run: Run, batch: Batch, asked: Asked | null): void {
  const { model, parameters, entities, relationWidth, relationGradients, sharedGradients } = run;
  const { dimension: d } = parameters;
  const { stride, values, queryGradients } = entities;
  if (run.options.objective.kind === 'NEGATIVE_SAMPLING') entities.further.fill(0, 0, 2 * batch.count * stride);
  const byEntity = new Float32Array(asked === null ? 0 : d);
  const byRelation = new Float32Array(asked === null ? 0 : relationWidth);
  for (let i = 0; i < batch.count; i++) {
    const entity = batch.entities[i] ?? 0;
    const { row, asTail } = relationRow(run, batch.relations[i] ?? 0);
    const gradient = queryGradients.subarray(i * stride, (i + 1) * stride);
    const grown = entityGradient(run, entity, i);
    const relation = relationGradients.subarray(row * relationWidth, (row + 1) * relationWidth);
    const back = asTail ? model.tailQueryGradient : model.headQueryGradient;
    if (asked === null) {
      const parts = {
        entity: values.subarray(entity * stride, entity * stride + d),
        relation: parameters.relations.subarray(row * relationWidth, (row + 1) * relationWidth),
        shared: parameters.shared,
      };
      back?.(parts, gradient, { entity: grown.subarray(0, d), relation, shared: sharedGradients });
    } else {
      const parts = {
        entity: asked.entities.subarray(i * d, (i + 1) * d),
        relation: asked.relations.subarray(i * relationWidth, (i + 1) * relationWidth),
        shared: parameters.shared,
      };
      back?.(parts, gradient, { entity: byEntity.fill(0), relation: byRelation.fill(0), shared: sharedGradients });
      addMasked(byEntity, asked.entityMasks.subarray(i * d, (i + 1) * d), grown);
      addMasked(byRelation, asked.relationMasks.subarray(i * relationWidth, (i + 1) * relationWidth), relation);
    }
    if (model.biased) grown[d] = (grown[d] ?? 0) + (entities.biasGradients[i] ?? 0);
  }
}

function addMasked(from: Numbers, mask: Numbers, into: Numbers): void {
  for (let k = 0; k < from.length; k++) into[k] = (into[k] ?? 0) + (from[k] ?? 0) * (mask[k] ?? 0);
}

/**
 * The auxiliary loss: a softmax over all relations for (head, ?, tail) (Chen, Minervini, Riedel and Stenetorp, "Relation
 * Prediction as an Auxiliary Training Objective for Improving Multi-Relational Graph Representations", AKBC 2021, equation 2). Of a
 * query with many answers one is drawn, and counts for all.
 */
async function learnRelations(run: Run, table: Table, batch: Batch, random: Random): Promise<void> {
  const { model, parameters, entities, relationWidth, relationGradients, options } = run;
  const { relationQuery, relationQueryGradient } = model;
  if (relationQuery === null || relationQueryGradient === null) return;
  const { dimension: d } = parameters;
  const { stride, values } = entities;
  const rows = table.shape.count;
  for (let row = 0; row < rows; row++) {
    table.values.set(parameters.relations.subarray(row * relationWidth, (row + 1) * relationWidth), row * table.stride);
  }
  const { starts, answers } = batch.targets;
  const drawn = new Int32Array(batch.count);
  const wanted = new Int32Array(batch.count);
  const vectorOf = (entity: number) => values.subarray(entity * stride, entity * stride + d);
  const endsOf = (i: number) => {
    const { row, asTail } = relationRow(run, batch.relations[i] ?? 0);
    const [known, asked] = [batch.entities[i] ?? 0, drawn[i] ?? 0];
    return { row, head: asTail ? known : asked, tail: asTail ? asked : known };
  };
  for (let i = 0; i < batch.count; i++) {
    const from = starts[i] ?? 0;
    drawn[i] = answers[from + random.below(Math.max(1, (starts[i + 1] ?? 0) - from))] ?? 0;
    const { row, head, tail } = endsOf(i);
    wanted[i] = row;
    relationQuery(
      vectorOf(head),
      vectorOf(tail),
      table.queries.subarray(i * table.stride, i * table.stride + relationWidth),
    );
    table.factors[i] = (options.relationWeight ?? 0) * (batch.factors[i] ?? 0);
  }
  const weights = table.factors.slice(0, batch.count);
  const one = Int32Array.from({ length: batch.count + 1 }, (_, i) => i);
  await table.compareAll(batch.count, { starts: one, answers: wanted, weights }, 'SOFTMAX', 0);
  for (let i = 0; i < batch.count; i++) {
    const { head, tail } = endsOf(i);
    const gradient = table.queryGradients.subarray(i * table.stride, i * table.stride + relationWidth);
    const byHead = entityGradient(run, head, i).subarray(0, d);
    const byTail = entityGradient(run, tail, i).subarray(0, d);
    relationQueryGradient(vectorOf(head), vectorOf(tail), gradient, byHead, byTail);
  }
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < relationWidth; k++) {
      const at = row * table.stride + k;
      const to = row * relationWidth + k;
      relationGradients[to] = (relationGradients[to] ?? 0) + (table.gradients[at] ?? 0);
    }
  }
  table.gradients.fill(0);
}

/** Of each triple its head, its relation and its tail, by the share that the triple has in the batch. */
function regularize(run: Run, batch: Batch): void {
  const { options, model, parameters, entities, relationWidth, relationGradients } = run;
  const penalty = options.regularizer;
  if (!penalty) return;
  const { dimension: d } = parameters;
  const { stride, values } = entities;
  const angles = model.angles(parameters);
  const { starts, answers } = batch.targets;
  for (let i = 0; i < batch.count; i++) {
    const entity = batch.entities[i] ?? 0;
    const { row } = relationRow(run, batch.relations[i] ?? 0);
    const factor = batch.factors[i] ?? 0;
    const known = values.subarray(entity * stride, entity * stride + d);
    const { name } = penalty;
    addPenaltyGradient(name, model.complex, known, penalty.entities * factor, entityGradient(run, entity, i));
    const relation = parameters.relations.subarray(row * relationWidth, (row + 1) * relationWidth);
    const grown = relationGradients.subarray(row * relationWidth, (row + 1) * relationWidth);
    addPenaltyGradient(name, model.complex, relation, penalty.relations * factor, grown, angles);
    const from = starts[i] ?? 0;
    const to = starts[i + 1] ?? 0;
    for (let at = from; at < to; at++) {
      const answer = answers[at] ?? 0;
      const vector = values.subarray(answer * stride, answer * stride + d);
      const gradient = entityGradient(run, answer, batch.count + i);
      addPenaltyGradient(name, model.complex, vector, (penalty.entities * factor) / (to - from), gradient);
    }
  }
}

/** Relations that the batch has named, all where the auxiliary loss looks at all, and what they share. */
function updateRelations(run: Run, batch: Batch, step: Step): void {
  const { training, parameters, relationGradients, sharedGradients, relationWidth } = run;
  const { first, second } = training.relationMoments;
  const rows = new Set<number>();
  if (run.relationTable !== null) for (let row = 0; row < run.relationTable.shape.count; row++) rows.add(row);
  else for (const relation of batch.relations) rows.add(relationRow(run, relation).row);
  for (const row of rows) {
    descend(
      step,
      parameters.relations,
      relationGradients,
      first,
      second,
      row * relationWidth,
      (row + 1) * relationWidth,
    );
  }
  const shared = training.sharedMoments;
  descend(step, parameters.shared, sharedGradients, shared.first, shared.second, 0, parameters.shared.length);
}

// Validation --------------------------------------------------------------------------------------------------------

function isDue({ epoch, options }: Training, { validation }: KnowledgeGraph): boolean {
  const { validateEvery = 5, epochs } = options;
  return validateEvery > 0 && validation.length > 0 && (epoch % validateEvery === 0 || epoch === epochs);
}

/** MRR on the validation triples, filtered by training and validation triples: the test's are not known yet. */
async function validate(run: Run, signal: AbortSignal | undefined): Promise<number> {
  const { graph, options, entities, parameters, known } = run;
  const triples = graph.validation.subarray(0, 3 * (options.validationTriples ?? graph.validation.length / 3));
  const ranks = await rankTriples(entities, modelAsker(entities, parameters), triples, known, run.rankBatch, {
    signal,
  });
  let sum = 0;
  ranks.optimistic.forEach((optimistic, task) => {
    sum += 2 / (optimistic + (ranks.pessimistic[task] ?? 0));
  });
  return sum / ranks.optimistic.length;
}

/** Keeps the best, lowers the rate on a plateau and at the steps of its schedule, stops what does not get better. */
function judge(training: Training, mrr: number | null, run: Run): void {
  const { options } = training;
  if (mrr !== null) {
    if (training.best === null || mrr > training.best.mrr) {
      keepEntities(run.entities, training.parameters);
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
