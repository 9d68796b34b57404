/**
 * RotH: RotE in the Poincaré ball (Chami, Wolf, Juan, Sala, Ravi and Ré, "Low-Dimensional Hyperbolic Knowledge Graph
 * Embeddings", ACL 2020, equations 3, 4 and 7 without attention):
 *
 *     score(h, r, t) = -d_c(Rot(angles) exp(h) (+) exp(r), exp(t))^2 + b_h + b_t
 *
 * exp is the exponential map at 0, (+) Möbius addition, and -c the curvature, learnt per relation; hierarchies fit into few
 * dimensions. A relation's row: d / 2 angles, the d numbers of the shift (a tangent vector), and one number whose softplus is c.
 * Right addition is no isometry, so heads have no query: they are predicted through reciprocal relations, or one by one.
 */
import { type GraphModel, type Numbers, plainModel, type Shape } from './model.ts';
import { addExpGradient, addMobiusGradient, expMap, mobiusAdd, sigmoid, softplus } from './poincare.ts';
import { addRotationGradient, rotate } from './rotation.ts';

function parts(relation: Numbers, d: number): { angles: Numbers; shift: Numbers; bend: number } {
  return {
    angles: relation.subarray(0, d / 2),
    shift: relation.subarray(d / 2, d / 2 + d),
    bend: relation[d / 2 + d] ?? 0,
  };
}

/**
 * A relation that wants to be flat lowers its number for ever, and from -104 on its softplus is none in float32. A ball of this curvature
 * is flat to the last digit.
 */
const LEAST_CURVATURE = 1e-30;

/** The points whose sum is the query. exp commutes with rotation, so the tangent vector is turned. */
function pointsOf(h: Numbers, relation: Numbers) {
  const { angles, shift, bend } = parts(relation, h.length);
  const c = Math.max(LEAST_CURVATURE, softplus(bend));
  const turned = new Float64Array(h.length);
  rotate(h, angles, 1, turned);
  const z = new Float64Array(h.length);
  const y = new Float64Array(h.length);
  expMap(turned, c, z);
  expMap(shift, c, y);
  return { angles, shift, bend, c, turned, z, y };
}

export const roth: GraphModel = {
  ...plainModel,
  name: 'ROTH',
  measure: 'HYPERBOLIC',
  biased: true,
  even: true,
  relationWidth: ({ dimension }: Shape) => dimension / 2 + dimension + 1,
  angles: ({ dimension }: Shape) => dimension / 2,

  // The query is the point, then c: the measure needs it.
  tailQuery({ entity: h, relation }, query) {
    const { c, z, y } = pointsOf(h, relation);
    mobiusAdd(z, y, c, query);
    query[h.length] = c;
  },
  tailQueryGradient({ entity: h, relation }, gradient, into) {
    const d = h.length;
    const { angles, shift, bend, c, turned, z, y } = pointsOf(h, relation);
    const byZ = new Float64Array(d);
    const byY = new Float64Array(d);
    const byTurned = new Float64Array(d);
    const grown = parts(into.relation, d);
    let byC = (gradient[d] ?? 0) + addMobiusGradient(z, y, c, gradient, byZ, byY);
    byC += addExpGradient(turned, c, byZ, byTurned);
    byC += addExpGradient(shift, c, byY, grown.shift);
    addRotationGradient(h, angles, 1, byTurned, into.entity, grown.angles);
    const at = d / 2 + d;
    into.relation[at] = (into.relation[at] ?? 0) + byC * sigmoid(bend);
  },
};
