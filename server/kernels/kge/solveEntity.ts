/**
 * A new entity without retraining: its vector is solved for with all else held fixed. Each of its triples is a query, from it or to
 * it, and the vector x minimises what the training minimised for these alone:
 *
 *     sum over triples (x, r, t): softmax loss of t among a sample of entities
 *     sum over triples (h, r, x): softmax loss of x among the same
 *     + weight * N3(x)
 *
 * by Adagrad from the mean of the entities that stand in such triples. With reciprocal relations (h, r, x) is also a query from x.
 */
import { createRandom } from '../random.ts';
import { logSumExp } from './losses.ts';
import { measures } from './measure.ts';
import type { Numbers } from './model.ts';
import { graphModels } from './models.ts';
import { entityOf, type Parameters, relationOf } from './parameters.ts';
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
  /** Steps of Adagrad. Default: 200. */
  readonly steps?: number;
  /** Entities by chance that the answers are compared with. Default: 500, or all. */
  readonly sample?: number;
  /** Weight of N3. Default: 0.01. */
  readonly penalty?: number;
  /** Of the sample. Default: 1. */
  readonly seed?: number;
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

const RATE = 0.1;

/** @throws RangeError without triples, or for an entity or relation that is not there */
export function solveEntity(parameters: Parameters, triples: readonly NewTriple[], options: SolveOptions = {}): Solved {
  const { steps = 200, penalty = 0.01, seed = 1 } = options;
  const { entityCount, relationCount, dimension: d, biases } = parameters;
  if (triples.length === 0) throw new RangeError('A new entity is placed by its triples; there are none.');
  for (const { relation, other } of triples) {
    if (!(relation >= 0 && relation < relationCount)) throw new RangeError(`There is no relation ${relation}.`);
    if (!(other >= 0 && other < entityCount)) throw new RangeError(`There is no entity ${other}.`);
  }
  const model = graphModels[parameters.model];
  const measure = measures[model.measure];
  const random = createRandom(seed);
  const size = Math.min(options.sample ?? 500, entityCount);
  const sample =
    size === entityCount
      ? Array.from({ length: size }, (_, e) => e)
      : Array.from({ length: size }, () => random.below(entityCount));

  const x = options.start === undefined ? start(parameters, triples) : Float64Array.from(options.start.vector);
  let bias = options.start?.bias ?? 0;
  const sums = new Float64Array(d + 1);
  const gradient = new Float64Array(d);
  const shared = new Float64Array(parameters.shared.length);
  let loss = 0;
  for (let step = 0; step <= steps; step++) {
    gradient.fill(0);
    let byBias = 0;
    loss = 0;
    for (const { is, relation, other } of triples) {
      const known = { vector: entityOf(parameters, other), bias: biases[other] ?? 0 };
      // From x: who answers? To x: does x answer?
      const fromX = is === 'HEAD' || parameters.reciprocal || model.headQuery !== null;
      const row = relationOf(parameters, is === 'TAIL' && parameters.reciprocal ? relationCount + relation : relation);
      const asTail = is === 'HEAD' || parameters.reciprocal;
      if (fromX) {
        const parts = { entity: x, relation: row, shared: parameters.shared };
        const query = new Float64Array(queryWidth(parameters));
        if (asTail) model.tailQuery(parts, query);
        else model.headQuery?.(parts, query);
        const scores = [measure.score(query, known.vector) + known.bias];
        for (const e of sample) {
          scores.push(
            e === other ? Number.NEGATIVE_INFINITY : measure.score(query, entityOf(parameters, e)) + (biases[e] ?? 0),
          );
        }
        const level = logSumExp(scores);
        loss += level - (scores[0] ?? 0);
        const byQuery = new Float64Array(query.length);
        const ignored = new Float64Array(d);
        measure.addGradient(query, known.vector, Math.exp((scores[0] ?? 0) - level) - 1, byQuery, ignored);
        sample.forEach((e, at) => {
          const share = Math.exp((scores[at + 1] ?? 0) - level);
          if (share > 0) measure.addGradient(query, entityOf(parameters, e), share, byQuery, ignored);
        });
        const into = { entity: gradient, relation: new Float64Array(row.length), shared };
        if (asTail) model.tailQueryGradient(parts, byQuery, into);
        else model.headQueryGradient?.(parts, byQuery, into);
      }
      // Asked from the other end.
      const back = relationOf(parameters, is === 'HEAD' && parameters.reciprocal ? relationCount + relation : relation);
      const backAsTail = is === 'TAIL' || parameters.reciprocal;
      if (!backAsTail && model.headQuery === null) continue;
      const query = new Float64Array(queryWidth(parameters));
      const parts = { entity: known.vector, relation: back, shared: parameters.shared };
      if (backAsTail) model.tailQuery(parts, query);
      else model.headQuery?.(parts, query);
      const own = measure.score(query, x) + bias;
      const others = sample.map((e) => measure.score(query, entityOf(parameters, e)) + (biases[e] ?? 0));
      const level = logSumExp([own, ...others]);
      loss += level - own;
      measure.addGradient(query, x, Math.exp(own - level) - 1, new Float64Array(query.length), gradient);
      if (model.biased) byBias += Math.exp(own - level) - 1;
    }
    loss /= triples.length;
    if (step === steps) break;
    for (let k = 0; k < d; k++) gradient[k] = (gradient[k] ?? 0) / triples.length;
    addPenaltyGradient('N3', model.complex, x, penalty, gradient);
    for (let k = 0; k < d; k++) x[k] = (x[k] ?? 0) - moved(sums, k, gradient[k] ?? 0);
    bias -= moved(sums, d, byBias / triples.length);
  }
  return { vector: Float32Array.from(x), bias, loss };
}

/** Adagrad's step of one number. */
function moved(sums: Float64Array, k: number, gradient: number): number {
  const sum = (sums[k] ?? 0) + gradient * gradient;
  sums[k] = sum;
  return sum === 0 ? 0 : (RATE * gradient) / Math.sqrt(sum);
}

/** The mean of what the triples ask for: for a distance, of the points at which x would be right; otherwise a small start. */
function start(parameters: Parameters, triples: readonly NewTriple[]): Float64Array {
  const { dimension: d, reciprocal, relationCount } = parameters;
  const model = graphModels[parameters.model];
  const x = new Float64Array(d);
  for (const { is, relation, other } of triples) {
    const query = new Float64Array(queryWidth(parameters));
    const parts = {
      entity: entityOf(parameters, other),
      relation: relationOf(parameters, is === 'HEAD' && reciprocal ? relationCount + relation : relation),
      shared: parameters.shared,
    };
    if (is === 'TAIL' || reciprocal) model.tailQuery(parts, query);
    else model.headQuery?.(parts, query);
    for (let k = 0; k < d; k++) x[k] = (x[k] ?? 0) + (query[k] ?? 0) / triples.length;
  }
  return x;
}
