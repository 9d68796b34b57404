/**
 * What an epoch asks, batch by batch: its queries in an order by chance, each with the answers that are wanted.
 */
import type { Random } from '../random.ts';
import type { KnowledgeGraph, QueryIndex } from './graph.ts';
import { bernoulliShares } from './negatives.ts';
import type { Parameters } from './parameters.ts';
import type { Targets } from './table.ts';
import type { Objective, TrainingOptions } from './training.ts';

/** What batches are made of. */
export interface Asking {
  readonly graph: KnowledgeGraph;
  readonly options: TrainingOptions;
  /** Queries of the training triples. */
  readonly index: QueryIndex;
  /** Queries in a batch. */
  readonly batch: number;
}

/** Answers of a query in one softmax at most. On UMLS (ComplEx with N3) a test MRR of .946 with 1, .945 with 4, .938 with 8, .930 with all. */
const ANSWERS = 4;

/** How many things an epoch goes through: queries or parts of them, or triples from both sides. */
export function unitsOf(index: QueryIndex, objective: Objective, graph: KnowledgeGraph): number {
  const most = mostAnswers(objective);
  if (most === null) return (graph.train.length / 3) * 2;
  let units = 0;
  for (let query = 0; query < index.entities.length; query++) units += partsOf(index, query, most);
  return units;
}

/** Answers that a query is asked with at a time; null where triples are asked one by one. */
function mostAnswers(objective: Objective): number | null {
  if (objective.kind === 'K_VS_ALL') return Number.MAX_SAFE_INTEGER;
  if (objective.kind === 'NEGATIVE_SAMPLING' || objective.unique === false) return null;
  return objective.answers ?? ANSWERS;
}

/** Units that a query is. */
function partsOf(index: QueryIndex, query: number, most: number): number {
  return Math.ceil(((index.starts[query + 1] ?? 0) - (index.starts[query] ?? 0)) / most);
}

/** The queries of a step with the answers that are wanted. */
export interface Batch {
  readonly count: number;
  readonly entities: Int32Array;
  /** R + r asks for heads of r. */
  readonly relations: Int32Array;
  readonly targets: Targets;
  /** What each query's loss counts; they sum to about 1. */
  readonly factors: Float32Array;
}

/** Makes the batch of units start … start + count - 1 of the order. */
export function batchesOf(asking: Asking, order: Uint32Array, random: Random): (start: number, count: number) => Batch {
  const { index, options, graph, batch } = asking;
  const { objective } = options;
  const most = mostAnswers(objective);
  if (most === null) return batchesOfTriples(asking, order, random);
  const units = unitsOf(index, objective, graph);
  const queryOf = new Int32Array(units);
  const partOf = new Int32Array(units);
  for (let query = 0, unit = 0; query < index.entities.length; query++) {
    for (let part = 0; part < partsOf(index, query, most); part++, unit++) {
      queryOf[unit] = query;
      partOf[unit] = part;
    }
  }
  return (start, count) => {
    const entities = new Int32Array(count);
    const relations = new Int32Array(count);
    const starts = new Int32Array(count + 1);
    const factors = new Float32Array(count);
    const isWeighted = objective.kind === 'ONE_VS_ALL';
    // Of all units, a batch has this share of the triples on average.
    const triples = (batch * index.answers.length) / units;
    const answers: number[] = [];
    for (let i = 0; i < count; i++) {
      const unit = order[start + i] ?? 0;
      const query = queryOf[unit] ?? 0;
      entities[i] = index.entities[query] ?? 0;
      relations[i] = index.relations[query] ?? 0;
      const end = index.starts[query + 1] ?? 0;
      const step = partsOf(index, query, most);
      for (let at = (index.starts[query] ?? 0) + (partOf[unit] ?? 0); at < end; at += step) {
        answers.push(index.answers[at] ?? 0);
      }
      starts[i + 1] = answers.length;
      factors[i] = isWeighted ? (answers.length - (starts[i] ?? 0)) / triples : 1 / batch;
    }
    const weights = new Float32Array(answers.length);
    // Under LOGISTIC each answer is wanted whole; under SOFTMAX all answers share one probability.
    const isWhole = objective.kind === 'K_VS_ALL' && objective.loss === 'LOGISTIC';
    for (let i = 0; i < count; i++) {
      const [from, to] = [starts[i] ?? 0, starts[i + 1] ?? 0];
      weights.fill((factors[i] ?? 0) / (isWhole ? 1 : to - from), from, to);
    }
    return { count, entities, relations, targets: { starts, answers: Int32Array.from(answers), weights }, factors };
  };
}

/** Unit 2 i asks for the tail of triple i, unit 2 i + 1 for its head; BERNOULLI draws the side. */
function batchesOfTriples(asking: Asking, order: Uint32Array, random: Random): (start: number, count: number) => Batch {
  const { graph, index, options, batch } = asking;
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

/** Row of a batch's relation in the table of relations, and whether the model is asked for tails. */
export function relationRow(
  { reciprocal, relationCount }: Pick<Parameters, 'reciprocal' | 'relationCount'>,
  relation: number,
): { row: number; asTail: boolean } {
  if (reciprocal || relation < relationCount) return { row: relation, asTail: true };
  return { row: relation - relationCount, asTail: false };
}
