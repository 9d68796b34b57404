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

/** @throws RangeError without triples, or for an entity or relation that is not there */
export function solveEntity(parameters: Parameters, triples: readonly NewTriple[], options: SolveOptions = {}): Solved {
  const { steps = STEPS, penalty = PENALTY, seed = 1 } = options;
  const { entityCount, relationCount, dimension: d } = parameters;
  if (triples.length === 0) throw new RangeError('A new entity is placed by its triples; there are none.');
  for (const { relation, other } of triples) {
    if (!(relation >= 0 && relation < relationCount)) throw new RangeError(`There is no relation ${relation}.`);
    if (!(other >= 0 && other < entityCount)) throw new RangeError(`There is no entity ${other}.`);
  }
  const model = graphModels[parameters.model];
  const sample = sampleEntities(entityCount, options.sample ?? SAMPLE, seed);
  const questions = triples.map((triple) => questionTo(parameters, triple, sample));
  const x = options.start === undefined ? start(parameters, questions) : Float64Array.from(options.start.vector);
  let bias = options.start?.bias ?? 0;
  const sums = new Float64Array(d + 1);
  const gradient = new Float64Array(d);
  let loss = 0;
  for (let step = 0; step <= steps; step++) {
    gradient.fill(0);
    let byBias = 0;
    loss = 0;
    triples.forEach((triple, i) => {
      loss += lossOfAnswer(parameters, triple, x, sample, gradient);
      const asked = lossAsAnswer(parameters, questions[i] ?? null, x, bias, gradient);
      loss += asked.loss;
      byBias += asked.byBias;
    });
    loss /= triples.length;
    if (step === steps) break;
    for (let k = 0; k < d; k++) gradient[k] = (gradient[k] ?? 0) / triples.length;
    addPenaltyGradient('N3', model.complex, x, penalty, gradient);
    for (let k = 0; k < d; k++) x[k] = (x[k] ?? 0) - moved(sums, k, gradient[k] ?? 0);
    bias -= moved(sums, d, byBias / triples.length);
  }
  return { vector: Float32Array.from(x), bias, loss };
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
  gradient: Float64Array,
): number {
  const { biases } = parameters;
  const measure = measures[graphModels[parameters.model].measure];
  const query = queryFrom(parameters, x, is, relation);
  if (query === null) return 0;
  const right = entityOf(parameters, other);
  const scoreOf = (e: number) => measure.score(query.values, entityOf(parameters, e)) + (biases[e] ?? 0);
  const rightScore = scoreOf(other);
  const scores = sample.map((e) => (e === other ? Number.NEGATIVE_INFINITY : scoreOf(e)));
  const level = logSumExp([rightScore, ...scores]);
  const byQuery = new Float64Array(query.values.length);
  const ignored = new Float64Array(x.length);
  measure.addGradient(query.values, right, Math.exp(rightScore - level) - 1, byQuery, ignored);
  sample.forEach((e, at) => {
    const share = Math.exp((scores[at] ?? 0) - level);
    if (share > 0) measure.addGradient(query.values, entityOf(parameters, e), share, byQuery, ignored);
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
function start(parameters: Parameters, questions: readonly (Question | null)[]): Float64Array {
  const d = parameters.dimension;
  const isHyperbolic = graphModels[parameters.model].measure === 'HYPERBOLIC';
  const x = new Float64Array(d);
  for (const question of questions) {
    if (question === null) continue;
    const place = question.query.slice(0, d);
    if (isHyperbolic) logMap(place, question.query[d] ?? 1, place);
    for (let k = 0; k < d; k++) x[k] = (x[k] ?? 0) + (place[k] ?? 0) / questions.length;
  }
  return x;
}
