/**
 * ComplEx: DistMult over the complex numbers (Trouillon, Welbl, Riedel, Gaussier and Bouchard, "Complex Embeddings for Simple
 * Link Prediction", ICML 2016, equation 11):
 *
 *     score(h, r, t) = Re sum_k h_k r_k conj(t_k)
 *
 * A relation with real r is symmetric, one with imaginary r antisymmetric, and conj(r) is the inverse of r.
 */
import { type GraphModel, type Numbers, plainModel, type QueryParts } from './model.ts';

/** product = x y, or conj(x) y. */
function multiply(x: Numbers, y: Numbers, product: Numbers, conjugate: boolean): void {
  const half = x.length / 2;
  const sign = conjugate ? -1 : 1;
  for (let k = 0; k < half; k++) {
    const a = x[k] ?? 0;
    const b = sign * (x[half + k] ?? 0);
    const c = y[k] ?? 0;
    const d = y[half + k] ?? 0;
    product[k] = a * c - b * d;
    product[half + k] = a * d + b * c;
  }
}

/** What the gradient by that product is by its factors: by y conj(x) g, by x conj(y) g, conjugated where x was. */
function addProductGradient(
  x: Numbers,
  y: Numbers,
  gradient: Numbers,
  xGradient: Numbers,
  yGradient: Numbers,
  conjugate: boolean,
): void {
  const half = x.length / 2;
  const sign = conjugate ? -1 : 1;
  for (let k = 0; k < half; k++) {
    const a = x[k] ?? 0;
    const b = sign * (x[half + k] ?? 0);
    const c = y[k] ?? 0;
    const d = y[half + k] ?? 0;
    const real = gradient[k] ?? 0;
    const imaginary = gradient[half + k] ?? 0;
    xGradient[k] = (xGradient[k] ?? 0) + real * c + imaginary * d;
    xGradient[half + k] = (xGradient[half + k] ?? 0) + sign * (imaginary * c - real * d);
    yGradient[k] = (yGradient[k] ?? 0) + real * a + imaginary * b;
    yGradient[half + k] = (yGradient[half + k] ?? 0) + imaginary * a - real * b;
  }
}

export const complex: GraphModel = {
  ...plainModel,
  name: 'COMPLEX',
  measure: 'INNER_PRODUCT',
  even: true,
  complex: true,

  // Re (h r) conj(t) is the inner product of h r and t as real vectors.
  tailQuery: ({ relation, entity: h }, query) => multiply(relation, h, query, false),
  tailQueryGradient: ({ relation, entity: h }: QueryParts, gradient, into) =>
    addProductGradient(relation, h, gradient, into.relation, into.entity, false),

  // Re h r conj(t) = Re conj(h) (conj(r) t)
  headQuery: ({ relation, entity: t }, query) => multiply(relation, t, query, true),
  headQueryGradient: ({ relation, entity: t }: QueryParts, gradient, into) =>
    addProductGradient(relation, t, gradient, into.relation, into.entity, true),

  // Re h r conj(t) = Re conj(r) (conj(h) t)
  relationQuery: (head, tail, query) => multiply(head, tail, query, true),
  relationQueryGradient: (head, tail, gradient, headGradient, tailGradient) =>
    addProductGradient(head, tail, gradient, headGradient, tailGradient, true),
};
