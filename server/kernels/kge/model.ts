/**
 * What a knowledge graph model is: a rule that makes of head and relation a *query*, and a measure by which the query is
 * compared with candidate tails.
 *
 *     score(h, r, t) = measure(tailQuery(h, r), t) [+ bias of h + bias of t]
 *
 * So one comparison serves a single triple, all tails, training and evaluation; and the gradient of a score is the gradient of
 * the measure, taken back through the query. The same holds for heads, by `headQuery`, where the model has one.
 *
 * d numbers an entity (`dimension`). Complex numbers lie in halves: the d / 2 real parts, then the d / 2 imaginary parts.
 */

/** Numbers in a row; float32 in parameters, float64 where digits are counted. */
export type Numbers = Float32Array | Float64Array;

export const modelNames = [
  'TRANSE_L1',
  'TRANSE_L2',
  'DISTMULT',
  'COMPLEX',
  'ROTATE',
  'RESCAL',
  'ROTE',
  'ROTH',
  'TUCKER',
] as const;
export type ModelName = (typeof modelNames)[number];

/** How a query is compared with an entity: see measure.ts. */
export type MeasureName = 'INNER_PRODUCT' | 'L1' | 'L2' | 'SQUARED_L2' | 'MODULUS' | 'HYPERBOLIC';

/** How many numbers the rows have. */
export interface Shape {
  /** Numbers of an entity (d). */
  readonly dimension: number;
  /** Numbers of a relation before the model's own layout; only TuckER lets it differ from d. */
  readonly relationDimension: number;
}

/** What a query was made of: the known entity, the relation, and what all relations share (TuckER's core; otherwise empty). */
export interface QueryParts {
  readonly entity: Numbers;
  readonly relation: Numbers;
  readonly shared: Numbers;
}

export interface GraphModel {
  readonly name: ModelName;
  readonly measure: MeasureName;
  /** Whether each entity has a bias that is added to the scores of its triples. */
  readonly biased: boolean;
  /** Whether d is to be even: halves of complex numbers, or pairs that are turned. */
  readonly even: boolean;
  /** Whether N3 sees pairs as complex numbers, and so takes their moduli. */
  readonly complex: boolean;
  relationWidth(shape: Shape): number;
  sharedWidth(shape: Shape): number;
  /** The numbers of a relation that are angles: they start anywhere in the circle and are not regularised. From 0 up to this. */
  angles(shape: Shape): number;

  /** query (queryWidth): what tails of (entity, relation, ?) are compared with. */
  tailQuery(parts: QueryParts, query: Numbers): void;
  /** Adds to `into` what the gradient of a loss by the query is by its parts. */
  tailQueryGradient(parts: QueryParts, gradient: Numbers, into: QueryParts): void;
  /** The same for heads of (?, relation, entity); null where a model has none and each head is to be scored by itself. */
  readonly headQuery: ((parts: QueryParts, query: Numbers) => void) | null;
  readonly headQueryGradient: ((parts: QueryParts, gradient: Numbers, into: QueryParts) => void) | null;
  /**
   * relation query (relationWidth): its inner product with a relation's row is the score of (head, relation, tail). Only models
   * that are linear in the relation have it; the auxiliary loss by relations asks for it.
   */
  readonly relationQuery: ((head: Numbers, tail: Numbers, query: Numbers) => void) | null;
  readonly relationQueryGradient:
    | ((head: Numbers, tail: Numbers, gradient: Numbers, headGradient: Numbers, tailGradient: Numbers) => void)
    | null;
}

/** Most models: a relation has d numbers, nothing is shared, there are no angles, no biases, and relations are not predicted. */
export const plainModel = {
  biased: false,
  even: false,
  complex: false,
  relationWidth: ({ dimension }: Shape) => dimension,
  sharedWidth: () => 0,
  angles: () => 0,
  headQuery: null,
  headQueryGradient: null,
  relationQuery: null,
  relationQueryGradient: null,
};
