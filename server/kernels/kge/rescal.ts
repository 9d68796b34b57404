/**
 * RESCAL: a relation is a full matrix (Nickel, Tresp and Kriegel, "A Three-Way Model for Collective Learning on
 * Multi-Relational Data", ICML 2011, equation 2):
 *
 *     score(h, r, t) = h' M t,  M (d, d) row by row
 *
 * Symmetric where M = M', and M' is the inverse of M; as general as a bilinear score can be, at d^2 numbers a relation.
 */
import { type GraphModel, plainModel, type Shape } from './model.ts';

export const rescal: GraphModel = {
  ...plainModel,
  name: 'RESCAL',
  measure: 'INNER_PRODUCT',
  relationWidth: ({ dimension }: Shape) => dimension * dimension,

  // h' M
  tailQuery({ entity: h, relation: m }, query) {
    const d = h.length;
    query.fill(0, 0, d);
    for (let i = 0; i < d; i++) {
      const x = h[i] ?? 0;
      for (let j = 0; j < d; j++) query[j] = (query[j] ?? 0) + x * (m[i * d + j] ?? 0);
    }
  },
  tailQueryGradient({ entity: h, relation: m }, gradient, into) {
    const d = h.length;
    for (let i = 0; i < d; i++) {
      const x = h[i] ?? 0;
      let sum = 0;
      for (let j = 0; j < d; j++) {
        const g = gradient[j] ?? 0;
        sum += g * (m[i * d + j] ?? 0);
        into.relation[i * d + j] = (into.relation[i * d + j] ?? 0) + g * x;
      }
      into.entity[i] = (into.entity[i] ?? 0) + sum;
    }
  },

  // M t
  headQuery({ entity: t, relation: m }, query) {
    const d = t.length;
    for (let i = 0; i < d; i++) {
      let sum = 0;
      for (let j = 0; j < d; j++) sum += (m[i * d + j] ?? 0) * (t[j] ?? 0);
      query[i] = sum;
    }
  },
  headQueryGradient({ entity: t, relation: m }, gradient, into) {
    const d = t.length;
    for (let i = 0; i < d; i++) {
      const g = gradient[i] ?? 0;
      for (let j = 0; j < d; j++) {
        into.entity[j] = (into.entity[j] ?? 0) + g * (m[i * d + j] ?? 0);
        into.relation[i * d + j] = (into.relation[i * d + j] ?? 0) + g * (t[j] ?? 0);
      }
    }
  },

  // <h t', M>
  relationQuery(head, tail, query) {
    const d = head.length;
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) query[i * d + j] = (head[i] ?? 0) * (tail[j] ?? 0);
  },
  relationQueryGradient(head, tail, gradient, headGradient, tailGradient) {
    const d = head.length;
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) {
        const g = gradient[i * d + j] ?? 0;
        headGradient[i] = (headGradient[i] ?? 0) + g * (tail[j] ?? 0);
        tailGradient[j] = (tailGradient[j] ?? 0) + g * (head[i] ?? 0);
      }
    }
  },
};
