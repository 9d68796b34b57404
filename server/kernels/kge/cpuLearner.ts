/**
 * Learning on the CPU backend, or, slowly, in plain TypeScript. A step
 *
 *     makes the queries of a batch of (entity, relation)
 *     compares them with all entities, or with their answer and sampled negatives
 *     takes the gradient back through the queries to entities and relations
 *     adds the regularizer of each triple and, where asked for, the loss by relations
 *     moves what has a gradient
 *
 * B queries a step.
 */
import type { CpuBackend } from '../cpu/backend.ts';
import type { Random } from '../random.ts';
import { type Batch, relationRow } from './batches.ts';
import { CpuTable } from './cpuTable.ts';
import type { QueryIndex } from './graph.ts';
import type { Learner } from './learner.ts';
import type { Loss, LossName } from './losses.ts';
import { measures } from './measure.ts';
import type { GraphModel, Numbers } from './model.ts';
import { graphModels } from './models.ts';
import { drawNegatives } from './negatives.ts';
import { descend, type Step } from './optimizer.ts';
import type { Parameters } from './parameters.ts';
import { entityTableShape, keepEntities, loadEntities, modelAsker, rankBatch, rankTriples } from './rank.ts';
import { addPenaltyGradient } from './regularize.ts';
import { type Capacity, PlainTable, type Table, type TableShape } from './table.ts';
import type { Objective, Training, TrainingOptions } from './training.ts';

/** What a run works with. */
interface Run {
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
  readonly batch: number;
}

/**
 * Allocates; the caller releases the backend to its mark when done.
 * @param backend null: in plain TypeScript
 * @param batch queries of a step at most
 */
export function cpuLearner(backend: CpuBackend | null, training: Training, index: QueryIndex, batch: number): Learner {
  const { options, parameters } = training;
  const model = graphModels[parameters.model];
  const { objective, relationWeight = 0 } = options;
  const isSampled = objective.kind === 'NEGATIVE_SAMPLING';
  const shape = entityTableShape(parameters);
  const ranked = rankBatch(shape);
  const entities = createTable(backend, shape, {
    queries: Math.max(batch, ranked),
    scored: isSampled ? ranked : Math.max(batch, ranked),
    group: isSampled ? Math.min(batch, objective.shared ?? 32) : 0,
    negatives: isSampled ? objective.negatives : 0,
    dense: !isSampled,
  });
  loadEntities(entities, parameters);
  entities.first.set(training.entityMoments.first);
  if (training.entityMoments.second.length > 0) entities.second.set(training.entityMoments.second);
  const relationWidth = model.relationWidth(parameters);
  const run: Run = {
    ...{ training, options, model, parameters, entities, relationWidth, index, batch },
    relationTable:
      relationWeight === 0
        ? null
        : createTable(
            backend,
            {
              count: parameters.relations.length / relationWidth,
              ...{ dimension: relationWidth, measure: 'INNER_PRODUCT', biased: false },
            },
            { queries: batch, scored: batch, group: 0, negatives: 0, dense: true },
          ),
    relationGradients: new Float32Array(parameters.relations.length),
    sharedGradients: new Float32Array(parameters.shared.length),
  };
  return {
    async learn(batches, random, signal) {
      let lost = 0;
      for (const batch of batches) {
        signal?.throwIfAborted();
        lost += await runStep(run, batch, random);
      }
      return lost;
    },
    rank: (triples, known, rankOptions) =>
      rankTriples(entities, modelAsker(entities, parameters), triples, known, ranked, rankOptions),
    async keep(what) {
      keepEntities(entities, parameters);
      if (what === 'PARAMETERS') return;
      training.entityMoments.first.set(entities.first);
      if (training.entityMoments.second.length > 0) training.entityMoments.second.set(entities.second);
    },
  };
}

function createTable(backend: CpuBackend | null, shape: TableShape, capacity: Capacity): Table {
  return backend === null ? new PlainTable(shape, capacity) : new CpuTable(backend, shape, capacity);
}

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

function makeQueries(run: Run, batch: Batch, random: Random): Asked | null {
  const { model, parameters, entities, relationWidth } = run;
  const { dimension: d } = parameters;
  const { stride, values, queries } = entities;
  const width = d + measures[model.measure].extra;
  const asked = dropOut(run, batch, random);
  for (let i = 0; i < batch.count; i++) {
    const entity = batch.entities[i] ?? 0;
    const { row, asTail } = relationRow(run.parameters, batch.relations[i] ?? 0);
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
      const { row } = relationRow(run.parameters, batch.relations[Math.floor(at / relationWidth)] ?? 0);
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
    const { row, asTail } = relationRow(run.parameters, batch.relations[i] ?? 0);
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
    const { row, asTail } = relationRow(run.parameters, batch.relations[i] ?? 0);
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
    const { row } = relationRow(run.parameters, batch.relations[i] ?? 0);
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
  else for (const relation of batch.relations) rows.add(relationRow(run.parameters, relation).row);
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
