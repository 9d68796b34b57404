/**
 * DistMult: a relation weighs each direction (Yang, Yih, He, Gao and Deng, "Embedding Entities and Relations for Learning and
 * Inference in Knowledge Bases", ICLR 2015, equation 2 with a diagonal matrix):
 *
 *     score(h, r, t) = sum_k h_k r_k t_k
 *
 * Every relation is symmetric: score(h, r, t) = score(t, r, h).
 */
import { type GraphModel, type Numbers, plainModel, type QueryParts } from './model.ts';

function multiply(x: Numbers, y: Numbers, product: Numbers): void {
  for (let k = 0; k < x.length; k++) product[k] = (x[k] ?? 0) * (y[k] ?? 0);
}

function addProductGradient(x: Numbers, y: Numbers, gradient: Numbers, xGradient: Numbers, yGradient: Numbers): void {
  for (let k = 0; k < x.length; k++) {
    const g = gradient[k] ?? 0;
    xGradient[k] = (xGradient[k] ?? 0) + g * (y[k] ?? 0);
    yGradient[k] = (yGradient[k] ?? 0) + g * (x[k] ?? 0);
  }
}

const query = ({ entity, relation }: QueryParts, out: Numbers) => multiply(entity, relation, out);
const queryGradient = ({ entity, relation }: QueryParts, gradient: Numbers, into: QueryParts) =>
  addProductGradient(entity, relation, gradient, into.entity, into.relation);

export const distmult: GraphModel = {
  ...plainModel,
  name: 'DISTMULT',
  measure: 'INNER_PRODUCT',
  tailQuery: query,
  tailQueryGradient: queryGradient,
  headQuery: query,
  headQueryGradient: queryGradient,
  relationQuery: multiply,
  relationQueryGradient: addProductGradient,
};
