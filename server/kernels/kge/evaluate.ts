/**
 * How good a graph model is, in all that is usually asked: ranks of both sides with each way to break ties and above chance, by
 * relation, by kind of relation, by frequency; and where triples are known to be false, whether true ones are told from them.
 */
import { type Backend, processorOf } from '../backend.ts';
import { createRandom, type Random } from '../random.ts';
import type { AnswerCalibration } from './answerCalibration.ts';
import {
  type Calibration,
  type CalibrationMetrics,
  calibrationMetrics,
  fitCalibration,
  probabilityOf,
} from './calibrate.ts';
import { type ClassificationMetrics, classify, fitThresholds, type Judged, type Thresholds } from './classify.ts';
import { CpuTable } from './cpuTable.ts';
import { placeModel, ranksOnGpu } from './gpuModel.ts';
import { rankOnGpu } from './gpuRanks.ts';
import { indexQueries, type KnowledgeGraph, knownAnswers, type QueryIndex } from './graph.ts';
import {
  type AdjustedMetrics,
  adjustedMetrics,
  allTasks,
  chanceOf,
  kindsOfRelations,
  type RankMetrics,
  type RelationKind,
  rankMetrics,
  relationKinds,
  tasksByFrequency,
  tasksOfRelations,
  tasksOfSide,
} from './metrics.ts';
import type { Parameters } from './parameters.ts';
import {
  entityTableShape,
  loadEntities,
  modelAsker,
  type RankOptions,
  type Ranks,
  rankBatch,
  rankTriples,
} from './rank.ts';
import { type Side, scoreTriple } from './score.ts';

/** Ranks of some tasks, summed up. */
export interface RankSummary {
  /** Ties in the middle: what is to be reported. */
  readonly realistic: RankMetrics;
  readonly optimistic: RankMetrics;
  readonly pessimistic: RankMetrics;
  /** What is above chance. */
  readonly adjusted: AdjustedMetrics;
}

export interface Evaluation {
  readonly both: RankSummary;
  readonly heads: RankSummary;
  readonly tails: RankSummary;
  /** Relations that the triples name, by index. */
  readonly byRelation: readonly { readonly relation: number; readonly summary: RankSummary }[];
  readonly byKind: readonly { readonly kind: RelationKind; readonly summary: RankSummary }[];
  /** By how many training triples name the answer, from `least` to `most`. */
  readonly byFrequency: readonly { readonly least: number; readonly most: number; readonly summary: RankSummary }[];
}

/**
 * The ranks of triples. On a graphics card where the model's scores are products of matrices, otherwise on the processor.
 * @throws GpuError where the card fails
 */
export async function rankGraph(
  backend: Backend,
  graph: KnowledgeGraph,
  parameters: Parameters,
  split: 'TEST' | 'VALIDATION',
  options: RankOptions = {},
): Promise<Ranks> {
  const { triples, known } = rankedSplit(graph, split);
  const shape = entityTableShape(parameters);
  const batch = rankBatch(shape);
  const card = backend.device === 'GPU' && ranksOnGpu(parameters.model) ? backend : null;
  const cpu = processorOf(backend);
  const before = (card ?? cpu).mark();
  try {
    if (card !== null) return await rankOnGpu(await placeModel(card, parameters, batch), triples, known, options);
    const table = new CpuTable(cpu, shape, { queries: batch, scored: batch, group: 0, negatives: 0, dense: false });
    loadEntities(table, parameters);
    return await rankTriples(table, modelAsker(table, parameters), triples, known, batch, options);
  } finally {
    (card ?? cpu).release(before);
  }
}

/** What is ranked, and what is left out: while a model is chosen the test triples are not known. */
function rankedSplit(graph: KnowledgeGraph, split: 'TEST' | 'VALIDATION'): { triples: Int32Array; known: QueryIndex } {
  const { train, validation, test } = graph;
  return split === 'TEST'
    ? { triples: test, known: indexQueries(graph, [train, validation, test]) }
    : { triples: validation, known: indexQueries(graph, [train, validation]) };
}

/** Ranks, summed up in every way. @param triples those that were ranked */
export function summarize(ranks: Ranks, graph: KnowledgeGraph, triples: Int32Array): Evaluation {
  const summary = (tasks: ArrayLike<number>): RankSummary => {
    const realistic = rankMetrics(ranks, tasks);
    return {
      realistic,
      optimistic: rankMetrics(ranks, tasks, 'OPTIMISTIC'),
      pessimistic: rankMetrics(ranks, tasks, 'PESSIMISTIC'),
      adjusted: adjustedMetrics(realistic, chanceOf(ranks, tasks)),
    };
  };
  const kinds = kindsOfRelations(indexQueries(graph, [graph.train]));
  const relations = Array.from({ length: graph.relationCount }, (_, relation) => relation);
  const ofRelations = (wanted: (relation: number) => boolean) => tasksOfRelations(ranks, triples, wanted);
  return {
    both: summary(allTasks(ranks)),
    heads: summary(tasksOfSide(ranks, 'HEAD')),
    tails: summary(tasksOfSide(ranks, 'TAIL')),
    byRelation: relations
      .map((relation) => ({ relation, tasks: ofRelations((other) => other === relation) }))
      .filter(({ tasks }) => tasks.length > 0)
      .map(({ relation, tasks }) => ({ relation, summary: summary(tasks) })),
    byKind: relationKinds
      .map((kind) => ({ kind, tasks: ofRelations((relation) => kinds[relation] === kind) }))
      .filter(({ tasks }) => tasks.length > 0)
      .map(({ kind, tasks }) => ({ kind, summary: summary(tasks) })),
    byFrequency: tasksByFrequency(ranks, triples, graph.train, graph.entityCount).map(({ least, most, tasks }) => ({
      least,
      most,
      summary: summary(tasks),
    })),
  };
}

// True or false -----------------------------------------------------------------------------------------------------

/** The scores of triples (n, 3), as answers of one side. float32 (n). */
export function scoreList(parameters: Parameters, triples: Int32Array, side: Side = 'TAIL'): Float32Array {
  return Float32Array.from({ length: triples.length / 3 }, (_, i) => {
    const [head = 0, relation = 0, tail = 0] = triples.subarray(3 * i, 3 * i + 3);
    return scoreTriple(parameters, head, relation, tail, side);
  });
}

/**
 * A false triple for each true one: its head or its tail replaced by an entity by chance such that no split has the result. Where every
 * entity is a right answer at that end the other is replaced, and where that is so at both there is none: the triple is left out. Easier
 * to tell than false triples that somebody chose, so probabilities fitted on them are told to be.
 */
export function corrupt(graph: KnowledgeGraph, triples: Int32Array, seed: number): Int32Array {
  const known = indexQueries(graph, [graph.train, graph.validation, graph.test]);
  const random = createRandom(seed);
  const corrupted = triples.slice();
  let count = 0;
  for (let i = 0; i < triples.length; i += 3) {
    const [head = 0, relation = 0, tail = 0] = triples.subarray(i, i + 3);
    const heads = knownAnswers(known, tail, graph.relationCount + relation);
    const tails = knownAnswers(known, head, relation);
    const isHeadFirst = random.below(2) === 0;
    const replacesHead = (isHeadFirst ? heads : tails).length < graph.entityCount ? isHeadFirst : !isHeadFirst;
    const other = drawOther(replacesHead ? heads : tails, graph.entityCount, random);
    if (other === null) continue;
    corrupted.set(replacesHead ? [other, relation, tail] : [head, relation, other], count);
    count += 3;
  }
  return corrupted.slice(0, count);
}

/** An entity by chance that is none of the answers, which ascend; null where all are. */
function drawOther(answers: Int32Array, entityCount: number, random: Random): number | null {
  const others = entityCount - answers.length;
  if (others === 0) return null;
  for (let tries = 0; tries < TRIES; tries++) {
    const entity = random.below(entityCount);
    if (!answers.includes(entity)) return entity;
  }
  // The answers are nearly all there are: one of the others is drawn by its number among them.
  let entity = random.below(others);
  for (const answer of answers) if (answer <= entity) entity++;
  return entity;
}

/** Draws before the others are counted: of a hundredth of the entities one draw in 23,000 would not have been enough. */
const TRIES = 1000;

export interface Judgement {
  readonly thresholds: Thresholds;
  /** Of a triple that is as likely true as false before. */
  readonly calibration: Calibration;
  /** Whether false triples came with the graph; otherwise they are by chance. */
  readonly chosen: boolean;
}

/** All that makes of scores what somebody can read; the probabilities of answers are fitted by themselves. */
export interface FullJudgement extends Judgement {
  /** Null where no answer could be shown. */
  readonly answers: AnswerCalibration | null;
}

/** False triples that come with a graph; empty where it has none. */
export interface FalseTriples {
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

/** Thresholds and probabilities from the validation triples; null where there are none, or nothing is false. */
export function fitJudgement(
  graph: KnowledgeGraph,
  parameters: Parameters,
  { validation }: FalseTriples,
  seed: number,
): Judgement | null {
  if (graph.validation.length === 0) return null;
  const chosen = validation.length > 0;
  const wrong = chosen ? validation : corrupt(graph, graph.validation, seed);
  if (wrong.length === 0) return null;
  const judged = judge(parameters, graph.validation, wrong, ['TAIL']);
  // Heads are asked for as well: their scores, through the inverse, are calibrated together with the tails'.
  const both = judge(parameters, graph.validation, wrong, ['TAIL', 'HEAD']);
  return {
    thresholds: fitThresholds(judged, graph.relationCount),
    calibration: fitCalibration(both.scores, both.labels),
    chosen,
  };
}

export interface JudgementMetrics {
  readonly classification: ClassificationMetrics;
  readonly calibration: CalibrationMetrics;
  readonly chosen: boolean;
}

export interface FullJudgementMetrics extends JudgementMetrics {
  readonly answers: CalibrationMetrics | null;
}

/** How well a judgement does on the test triples; null where there are none, or nothing is false. */
export function testJudgement(
  graph: KnowledgeGraph,
  parameters: Parameters,
  { test }: FalseTriples,
  { thresholds, calibration }: Judgement,
  seed: number,
): JudgementMetrics | null {
  if (graph.test.length === 0) return null;
  const chosen = test.length > 0;
  const wrong = chosen ? test : corrupt(graph, graph.test, seed + 1);
  if (wrong.length === 0) return null;
  const judged = judge(parameters, graph.test, wrong, ['TAIL']);
  const probabilities = judged.scores.map((score) => probabilityOf(calibration, score));
  return {
    classification: classify(judged, thresholds),
    calibration: calibrationMetrics(probabilities, judged.labels),
    chosen,
  };
}

function judge(parameters: Parameters, right: Int32Array, wrong: Int32Array, sides: readonly Side[]): Judged {
  const lists = sides.flatMap((side) => [
    { triples: right, label: 1, scores: scoreList(parameters, right, side) },
    { triples: wrong, label: 0, scores: scoreList(parameters, wrong, side) },
  ]);
  const count = lists.reduce((sum, { scores }) => sum + scores.length, 0);
  const judged = { scores: new Float32Array(count), relations: new Int32Array(count), labels: new Uint8Array(count) };
  let at = 0;
  for (const { triples, label, scores } of lists) {
    judged.scores.set(scores, at);
    judged.labels.fill(label, at, at + scores.length);
    for (let i = 0; i < scores.length; i++) judged.relations[at + i] = triples[3 * i + 1] ?? 0;
    at += scores.length;
  }
  return judged;
}
