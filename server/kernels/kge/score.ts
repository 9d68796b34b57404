/**
 * The scores of a model: of one triple, of all tails of (head, relation, ?), of all heads of (?, relation, tail), and of all
 * relations between two entities. Larger is more plausible; what a score means differs between models and is made a
 * probability by calibrate.ts.
 *
 *     const scores = scoreTails(parameters, head, relation); // float32 (E)
 *
 * Entities are given by index, 0 to E - 1; relations 0 to R - 1.
 */
import { measures } from './measure.ts';
import type { Numbers } from './model.ts';
import { graphModels } from './models.ts';
import { entityOf, type Parameters, relationOf } from './parameters.ts';

/** Which end of a triple is asked for. */
export type Side = 'HEAD' | 'TAIL';

/** A query with how its answers are to be compared: measure(vector, entity) + bias + the entity's own bias. */
export interface Query {
  readonly vector: Float32Array;
  /** Of the known entity; 0 for models without biases. */
  readonly bias: number;
}

/** Numbers of a query vector: d, and for RotH the curvature. */
export function queryWidth({ model, dimension }: Pick<Parameters, 'model' | 'dimension'>): number {
  return dimension + measures[graphModels[model].measure].extra;
}

/**
 * The query that answers are compared with, or null where the model has none (heads of RotH without reciprocal relations).
 * @param entity the known end
 */
export function queryOf(parameters: Parameters, side: Side, entity: number, relation: number): Query | null {
  const vector = new Float32Array(queryWidth(parameters));
  const isMade = makeQuery(parameters, side, entityOf(parameters, entity), relation, vector);
  return isMade ? { vector, bias: parameters.biases[entity] ?? 0 } : null;
}

/** The same from the vector of an entity, which need not be one of the graph's. @returns whether there is such a query */
export function makeQuery(
  parameters: Parameters,
  side: Side,
  entity: Numbers,
  relation: number,
  query: Numbers,
): boolean {
  const model = graphModels[parameters.model];
  const asTail = side === 'TAIL' || parameters.reciprocal;
  const row = relationOf(
    parameters,
    side === 'HEAD' && parameters.reciprocal ? parameters.relationCount + relation : relation,
  );
  const parts = { entity, relation: row, shared: parameters.shared };
  if (asTail) model.tailQuery(parts, query);
  else if (model.headQuery !== null) model.headQuery(parts, query);
  else return false;
  return true;
}

/**
 * The score of (head, relation, tail).
 * @param side as whose answer it is scored; with reciprocal relations the two differ a little
 */
export function scoreTriple(
  parameters: Parameters,
  head: number,
  relation: number,
  tail: number,
  side: Side = 'TAIL',
): number {
  const [known, asked] = side === 'TAIL' ? [head, tail] : [tail, head];
  const query = queryOf(parameters, side, known, relation);
  if (query === null) return scoreTriple(parameters, head, relation, tail, 'TAIL');
  const bias = query.bias + (parameters.biases[asked] ?? 0);
  return measures[graphModels[parameters.model].measure].score(query.vector, entityOf(parameters, asked)) + bias;
}

/** float32 (E): the score of each entity as tail of (head, relation, ?). */
export function scoreTails(parameters: Parameters, head: number, relation: number): Float32Array {
  return scoreAll(parameters, 'TAIL', head, relation);
}

/** float32 (E): the score of each entity as head of (?, relation, tail). */
export function scoreHeads(parameters: Parameters, relation: number, tail: number): Float32Array {
  return scoreAll(parameters, 'HEAD', tail, relation);
}

function scoreAll(parameters: Parameters, side: Side, known: number, relation: number): Float32Array {
  const query = queryOf(parameters, side, known, relation);
  if (query !== null) return compareWithAll(parameters, query);
  // The model has no query for heads: each is scored as if its tail were asked for.
  return Float32Array.from({ length: parameters.entityCount }, (_, head) =>
    scoreTriple(parameters, head, relation, known),
  );
}

/** float32 (E): how each entity answers a query. */
export function compareWithAll(parameters: Parameters, { vector, bias }: Query): Float32Array {
  const { entities, entityCount, dimension: d, biases, model } = parameters;
  const { measure } = graphModels[model];
  const scores = new Float32Array(entityCount);
  if (measure === 'INNER_PRODUCT') innerProducts(entities, vector, d, scores);
  else {
    const { score } = measures[measure];
    for (let e = 0; e < entityCount; e++) scores[e] = score(vector, entities.subarray(e * d, (e + 1) * d));
  }
  if (biases.length > 0) for (let e = 0; e < entityCount; e++) scores[e] = (scores[e] ?? 0) + bias + (biases[e] ?? 0);
  return scores;
}

/** Four sums at a time: 40,943 x 200 take 7 ms instead of 21. */
function innerProducts(entities: Float32Array, query: Float32Array, d: number, scores: Float32Array): void {
  const whole = d - (d % 4);
  for (let e = 0, at = 0; e < scores.length; e++, at += d) {
    let a = 0;
    let b = 0;
    let c = 0;
    let f = 0;
    let k = 0;
    for (; k < whole; k += 4) {
      a += (query[k] ?? 0) * (entities[at + k] ?? 0);
      b += (query[k + 1] ?? 0) * (entities[at + k + 1] ?? 0);
      c += (query[k + 2] ?? 0) * (entities[at + k + 2] ?? 0);
      f += (query[k + 3] ?? 0) * (entities[at + k + 3] ?? 0);
    }
    for (; k < d; k++) a += (query[k] ?? 0) * (entities[at + k] ?? 0);
    scores[e] = a + b + (c + f);
  }
}

/** float32 (R): the score of each relation, without inverses, between two entities. */
export function scoreRelations(parameters: Parameters, head: number, tail: number): Float32Array {
  return Float32Array.from({ length: parameters.relationCount }, (_, relation) =>
    scoreTriple(parameters, head, relation, tail),
  );
}

/** What a loss gains by each part of a triple. */
export interface TripleGradient {
  readonly head: Float64Array;
  readonly relation: Float64Array;
  readonly tail: Float64Array;
  readonly shared: Float64Array;
  /** By the biases of head and tail alike; 0 for models without. */
  readonly bias: number;
}

/** The gradient of `scoreTriple`, from the vectors themselves: the model's law, spelled out. */
export function tripleGradient(
  parameters: Pick<Parameters, 'model' | 'dimension' | 'relationDimension'>,
  head: Numbers,
  relation: Numbers,
  tail: Numbers,
  shared: Numbers,
  side: Side = 'TAIL',
): TripleGradient {
  const model = graphModels[parameters.model];
  const measure = measures[model.measure];
  const [known, asked] = side === 'TAIL' ? [head, tail] : [tail, head];
  const [make, takeBack] =
    side === 'TAIL' ? [model.tailQuery, model.tailQueryGradient] : [model.headQuery, model.headQueryGradient];
  if (make === null || takeBack === null) throw new RangeError(`${model.name} has no query for heads.`);
  const parts = { entity: known, relation, shared };
  const query = new Float64Array(known.length + measure.extra);
  make(parts, query);
  const byQuery = new Float64Array(query.length);
  const byAsked = new Float64Array(asked.length);
  measure.addGradient(query, asked, 1, byQuery, byAsked);
  const byKnown = new Float64Array(known.length);
  const byRelation = new Float64Array(relation.length);
  const byShared = new Float64Array(shared.length);
  takeBack(parts, byQuery, { entity: byKnown, relation: byRelation, shared: byShared });
  const [byHead, byTail] = side === 'TAIL' ? [byKnown, byAsked] : [byAsked, byKnown];
  return { head: byHead, relation: byRelation, tail: byTail, shared: byShared, bias: model.biased ? 1 : 0 };
}
