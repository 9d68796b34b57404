/**
 * A new entity without retraining: its vector is solved for with all else held fixed. Each of its triples is a query, from it or to
 * it, and the vector x minimises what the training minimised for these alone:
 *
 *     sum over triples (x, r, t): softmax loss of t among a sample of entities
 *     sum over triples (h, r, x): softmax loss of x among the same
 *     + weight * N3(x)
 *
 * by Adagrad from the mean of what the triples ask for. With reciprocal relations (h, r, x) is also a query from x.
 */
import { createRandom } from '../random.ts';
import { excerptOf } from './excerpt.ts';
import { logSumExp } from './losses.ts';
import { measures } from './measure.ts';
import type { Numbers } from './model.ts';
import { graphModels } from './models.ts';
import { entityOf, type Parameters, relationOf } from './parameters.ts';
import { logMap } from './poincare.ts';
import { addPenaltyGradient } from './regularize.ts';
import { queryWidth } from './score.ts';

/** A triple of the new entity, seen from it. */
export interface NewTriple {
  /** Which end the new entity is. */
  readonly is: 'HEAD' | 'TAIL';
  readonly relation: number;
  /** The other end: one of the graph's entities. */
  readonly other: number;
}

export interface SolveOptions {
  /** Steps of Adagrad. */
  readonly steps?: number; // 200
  /** Entities by chance that the answers are compared with; all where there are no more. */
  readonly sample?: number; // 500
  /** Weight of N3. Larger keeps the vector shorter. */
  readonly penalty?: number; // 0.01
  /** Of the sample. */
  readonly seed?: number; // 1
  /** Where it begins, as far as something else than triples tells. Default: the mean of what the triples ask for. */
  readonly start?: { readonly vector: Numbers; readonly bias: number };
}

export interface Solved {
  /** (d) */
  readonly vector: Float32Array;
  /** Its bias; 0 for models without. */
  readonly bias: number;
  /** Mean loss of a triple at the end. */
  readonly loss: number;
}

const STEPS = 200;
const SAMPLE = 500;
const PENALTY = 0.01;
/** Of Adagrad: the first step moves every number by as much. */
const RATE = 0.1;
/** Triples that a step looks at; of more, the next ones in turn. A hundred would take five times as long, and end at the same loss. */
const TRIPLES_A_STEP = 20;

/** What has a smaller share of the probability moves nothing that float32 could tell: of a model that has learnt, most entities. */
const LEAST_SHARE = 1e-9;

/** What is to be solved: a model of the entities and relations that matter for it, and the triples of the new one, by places in it. */
export interface NewEntityProblem {
  readonly parameters: Parameters;
  readonly triples: readonly NewTriple[];
  /** Entities that answers are compared with. */
  readonly sample: readonly number[];
}

/**
 * @param options of which `sample` and `seed` count
 * @throws RangeError without triples, or for an entity or relation that is not there
 */
export function poseNewEntity(
  parameters: Parameters,
  triples: readonly NewTriple[],
  { sample: wanted = SAMPLE, seed = 1 }: SolveOptions = {},
): NewEntityProblem {
  const { entityCount, relationCount } = parameters;
  if (triples.length === 0) throw new RangeError('A new entity is placed by its triples; there are none.');
  for (const { relation, other } of triples) {
    if (!(relation >= 0 && relation < relationCount)) throw new RangeError(`There is no relation ${relation}.`);
    if (!(other >= 0 && other < entityCount)) throw new RangeError(`There is no entity ${other}.`);
  }
  const sample = sampleEntities(entityCount, wanted, seed);
  const entities = [...new Set([...sample, ...triples.map(({ other }) => other)])];
  const relations = [...new Set(triples.map(({ relation }) => relation))];
  const placeOf = new Map(entities.map((entity, place) => [entity, place]));
  return {
    parameters: excerptOf(parameters, entities, relations),
    triples: triples.map(({ is, relation, other }) => ({
      is,
      relation: relations.indexOf(relation),
      other: placeOf.get(other) ?? 0,
    })),
    sample: sample.map((entity) => placeOf.get(entity) ?? 0),
  };
}

/** @param options of which `steps`, `penalty` and `start` count */
export function solveNewEntity(
  { parameters, triples, sample }: NewEntityProblem,
  { steps = STEPS, penalty = PENALTY, start: begin }: SolveOptions = {},
): Solved {
  const { dimension: d } = parameters;
  const model = graphModels[parameters.model];
  const asked: readonly Asked[] = triples.map((triple) => ({
    triple,
    question: questionTo(parameters, triple, sample),
  }));
  const rows = sample.map((entity) => entityOf(parameters, entity));
  const x = begin === undefined ? start(parameters, asked) : Float64Array.from(begin.vector);
  let bias = begin?.bias ?? 0;
  const sums = new Float64Array(d + 1);
  const gradient = new Float64Array(d);

  /** Fills `gradient` with the mean over these triples. @returns their mean loss and its derivative by the bias */
  const look = (at: readonly Asked[]): { loss: number; byBias: number } => {
    gradient.fill(0);
    let [loss, byBias] = [0, 0];
    for (const { triple, question } of at) {
      loss += lossOfAnswer(parameters, triple, x, sample, rows, gradient);
      const answered = lossAsAnswer(parameters, question, x, bias, gradient);
      loss += answered.loss;
      byBias += answered.byBias;
    }
    for (let k = 0; k < d; k++) gradient[k] = (gradient[k] ?? 0) / at.length;
    return { loss: loss / at.length, byBias: byBias / at.length };
  };

  for (let step = 0; step < steps; step++) {
    const { byBias } = look(inTurn(asked, step));
    addPenaltyGradient('N3', model.complex, x, penalty, gradient);
    for (let k = 0; k < d; k++) x[k] = (x[k] ?? 0) - moved(sums, k, gradient[k] ?? 0);
    bias -= moved(sums, d, byBias);
  }
  return { vector: Float32Array.from(x), bias, loss: look(asked).loss };
}

/** Both in one. @throws RangeError as `poseNewEntity` */
export function solveEntity(parameters: Parameters, triples: readonly NewTriple[], options: SolveOptions = {}): Solved {
  return solveNewEntity(poseNewEntity(parameters, triples, options), options);
}

/** The triples of a step: all, or so many that each has its turn as often. */
function inTurn<Triple>(triples: readonly Triple[], step: number): readonly Triple[] {
  const n = triples.length;
  if (n <= TRIPLES_A_STEP) return triples;
  return Array.from({ length: TRIPLES_A_STEP }, (_, i) => triples[(step * TRIPLES_A_STEP + i) % n]).filter(
    (triple) => triple !== undefined,
  );
}

/** Entities by chance, or all where there are no more. */
function sampleEntities(entityCount: number, wanted: number, seed: number): number[] {
  const random = createRandom(seed);
  const size = Math.min(wanted, entityCount);
  return Array.from({ length: size }, (_, e) => (size === entityCount ? e : random.below(entityCount)));
}

/** The query from an entity along a triple's relation to its other end, and how a gradient goes back through it. */
interface Query {
  readonly values: Float64Array;
  /** Adds the gradient by the entity. */
  readonly addGradient: (byQuery: Float64Array, byEntity: Float64Array) => void;
}

/**
 * @param entity that asks: the head of the triple, or its tail
 * @returns null where the model has no such query: of heads without reciprocal relations
 */
function queryFrom(parameters: Parameters, entity: Numbers, is: 'HEAD' | 'TAIL', relation: number): Query | null {
  const { reciprocal, relationCount, shared } = parameters;
  const model = graphModels[parameters.model];
  const isReversed = is === 'TAIL' && reciprocal;
  const row = relationOf(parameters, isReversed ? relationCount + relation : relation);
  const [make, makeGradient] =
    is === 'HEAD' || reciprocal
      ? [model.tailQuery, model.tailQueryGradient]
      : [model.headQuery, model.headQueryGradient];
  if (make === null || makeGradient === null) return null;
  const parts = { entity, relation: row, shared };
  const values = new Float64Array(queryWidth(parameters));
  make(parts, values);
  const ignored = { relation: new Float64Array(row.length), shared: new Float64Array(shared.length) };
  return {
    values,
    addGradient: (byQuery, byEntity) => makeGradient(parts, byQuery, { ...ignored, entity: byEntity }),
  };
}

/** The new entity asks, and the other end of its triple answers. Adds the gradient by x. @returns the loss */
function lossOfAnswer(
  parameters: Parameters,
  { is, relation, other }: NewTriple,
  x: Float64Array,
  sample: readonly number[],
  rows: readonly Numbers[],
  gradient: Float64Array,
): number {
  const { biases } = parameters;
  const measure = measures[graphModels[parameters.model].measure];
  const query = queryFrom(parameters, x, is, relation);
  if (query === null) return 0;
  const right = entityOf(parameters, other);
  const scoreOf = (row: Numbers, e: number) => measure.score(query.values, row) + (biases[e] ?? 0);
  const rightScore = scoreOf(right, other);
  const scores = rows.map((row, at) => {
    const e = sample[at] ?? 0;
    return e === other ? Number.NEGATIVE_INFINITY : scoreOf(row, e);
  });
  const level = logSumExp([rightScore, ...scores]);
  const byQuery = new Float64Array(query.values.length);
  const ignored = new Float64Array(x.length);
  measure.addGradient(query.values, right, Math.exp(rightScore - level) - 1, byQuery, ignored);
  rows.forEach((row, at) => {
    const share = Math.exp((scores[at] ?? 0) - level);
    if (share > LEAST_SHARE) measure.addGradient(query.values, row, share, byQuery, ignored);
  });
  query.addGradient(byQuery, gradient);
  return level - rightScore;
}

/** What the other end of a triple asks, which the new entity is to answer: the same in every step. */
interface Question {
  readonly query: Float64Array;
  /** Scores of the sample. */
  readonly others: readonly number[];
}

/** A triple of the new entity, and what its other end asks: null where the model has no such query. */
interface Asked {
  readonly triple: NewTriple;
  readonly question: Question | null;
}

/** @returns null where the model has no such query */
function questionTo(
  parameters: Parameters,
  { is, relation, other }: NewTriple,
  sample: readonly number[],
): Question | null {
  const measure = measures[graphModels[parameters.model].measure];
  const query = queryFrom(parameters, entityOf(parameters, other), is === 'HEAD' ? 'TAIL' : 'HEAD', relation)?.values;
  if (query === undefined) return null;
  const scoreOf = (e: number) => measure.score(query, entityOf(parameters, e)) + (parameters.biases[e] ?? 0);
  return { query, others: sample.map(scoreOf) };
}

/** The new entity answers. Adds the gradient by x. @returns the loss, and its derivative by the bias */
function lossAsAnswer(
  parameters: Parameters,
  question: Question | null,
  x: Float64Array,
  bias: number,
  gradient: Float64Array,
): { readonly loss: number; readonly byBias: number } {
  const model = graphModels[parameters.model];
  const measure = measures[model.measure];
  if (question === null) return { loss: 0, byBias: 0 };
  const { query, others } = question;
  const own = measure.score(query, x) + bias;
  const level = logSumExp([own, ...others]);
  const byScore = Math.exp(own - level) - 1;
  measure.addGradient(query, x, byScore, new Float64Array(query.length), gradient);
  return { loss: level - own, byBias: model.biased ? byScore : 0 };
}

/** Adagrad's step of one number. */
function moved(sums: Float64Array, k: number, gradient: number): number {
  const sum = (sums[k] ?? 0) + gradient * gradient;
  sums[k] = sum;
  return sum === 0 ? 0 : (RATE * gradient) / Math.sqrt(sum);
}

/**
 * The mean of what the triples ask for: for a distance, of the places at which x would be right; for an inner product, of directions
 * along which its score grows. In the Poincaré ball entities are tangent vectors, and queries points.
 */
function start(parameters: Parameters, asked: readonly Asked[]): Float64Array {
  const d = parameters.dimension;
  const isHyperbolic = graphModels[parameters.model].measure === 'HYPERBOLIC';
  const x = new Float64Array(d);
  for (const { question } of asked) {
    if (question === null) continue;
    const place = question.query.slice(0, d);
    if (isHyperbolic) logMap(place, question.query[d] ?? 1, place);
    for (let k = 0; k < d; k++) x[k] = (x[k] ?? 0) + (place[k] ?? 0) / asked.length;
  }
  return x;
}
