/**
 * RotE: a relation turns and shifts (Chami, Wolf, Juan, Sala, Ravi and Ré, "Low-Dimensional Hyperbolic Knowledge Graph
 * Embeddings", ACL 2020, section 4.4's Euclidean twin of RotH):
 *
 *     score(h, r, t) = -|Rot(angles) h + r - t|^2 + b_h + b_t
 *
 * A relation's row: d / 2 angles, then the d numbers of the shift. Strong in few dimensions.
 */
import { type GraphModel, type Numbers, plainModel, type QueryParts, type Shape } from './model.ts';
import { addRotationGradient, rotate } from './rotation.ts';

function parts(relation: Numbers, dimension: number): { angles: Numbers; shift: Numbers } {
  return { angles: relation.subarray(0, dimension / 2), shift: relation.subarray(dimension / 2) };
}

export const rote: GraphModel = {
  ...plainModel,
  name: 'ROTE',
  measure: 'SQUARED_L2',
  biased: true,
  even: true,
  relationWidth: ({ dimension }: Shape) => dimension / 2 + dimension,
  angles: ({ dimension }: Shape) => dimension / 2,

  tailQuery({ entity: h, relation }, query) {
    const { angles, shift } = parts(relation, h.length);
    rotate(h, angles, 1, query.subarray(0, h.length));
    for (let k = 0; k < h.length; k++) query[k] = (query[k] ?? 0) + (shift[k] ?? 0);
  },
  tailQueryGradient({ entity: h, relation }, gradient, into) {
    const { angles } = parts(relation, h.length);
    const grown = parts(into.relation, h.length);
    addRotationGradient(h, angles, 1, gradient, into.entity, grown.angles);
    for (let k = 0; k < h.length; k++) grown.shift[k] = (grown.shift[k] ?? 0) + (gradient[k] ?? 0);
  },

  // |Rot h + r - t| = |h - Rot^-1 (t - r)|
  headQuery({ entity: t, relation }, query) {
    const { angles, shift } = parts(relation, t.length);
    for (let k = 0; k < t.length; k++) query[k] = (t[k] ?? 0) - (shift[k] ?? 0);
    const turned = query.subarray(0, t.length);
    rotate(turned, angles, -1, turned);
  },
  headQueryGradient({ entity: t, relation }: QueryParts, gradient, into) {
    const { angles, shift } = parts(relation, t.length);
    const grown = parts(into.relation, t.length);
    const difference = Float64Array.from(t, (value, k) => value - (shift[k] ?? 0));
    const byDifference = new Float64Array(t.length);
    addRotationGradient(difference, angles, -1, gradient, byDifference, grown.angles);
    for (let k = 0; k < t.length; k++) {
      into.entity[k] = (into.entity[k] ?? 0) + (byDifference[k] ?? 0);
      grown.shift[k] = (grown.shift[k] ?? 0) - (byDifference[k] ?? 0);
    }
  },
};
