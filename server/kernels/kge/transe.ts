/**
 * TransE: a relation is a translation (Bordes, Usunier, García-Durán, Weston and Yakhnenko, "Translating Embeddings for
 * Modeling Multi-relational Data", NIPS 2013, equation 1's dissimilarity):
 *
 *     score(h, r, t) = -|h + r - t|, in the L1 or the L2 norm
 *
 * Relations may be composed (r1 + r2) and inverted (-r); a symmetric one would have to be r = 0.
 */
import { type GraphModel, type MeasureName, type ModelName, plainModel, type QueryParts } from './model.ts';

function transe(name: ModelName, measure: MeasureName): GraphModel {
  return {
    ...plainModel,
    name,
    measure,

    // |h + r - t| = |(h + r) - t|
    tailQuery({ entity: h, relation: r }, query) {
      for (let k = 0; k < h.length; k++) query[k] = (h[k] ?? 0) + (r[k] ?? 0);
    },
    tailQueryGradient: (_parts, gradient, into) => addTranslation(gradient, into, 1),

    // |h + r - t| = |(t - r) - h|
    headQuery({ entity: t, relation: r }, query) {
      for (let k = 0; k < t.length; k++) query[k] = (t[k] ?? 0) - (r[k] ?? 0);
    },
    headQueryGradient: (_parts, gradient, into) => addTranslation(gradient, into, -1),
  };
}

function addTranslation(gradient: QueryParts['entity'], { entity, relation }: QueryParts, sign: number): void {
  for (let k = 0; k < entity.length; k++) {
    entity[k] = (entity[k] ?? 0) + (gradient[k] ?? 0);
    relation[k] = (relation[k] ?? 0) + sign * (gradient[k] ?? 0);
  }
}

export const transeL1 = transe('TRANSE_L1', 'L1');
export const transeL2 = transe('TRANSE_L2', 'L2');
