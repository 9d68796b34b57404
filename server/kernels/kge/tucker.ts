/**
 * TuckER: one core tensor for all relations (Balažević, Allen and Hospedales, "TuckER: Tensor Factorization for Knowledge
 * Graph Completion", EMNLP 2019, equation 2):
 *
 *     score(h, r, t) = sum_kij W_kij r_k h_i t_j,  W (e, d, d) for relations of e numbers
 *
 * A relation mixes e matrices that all relations share: RESCAL with few numbers a relation. The paper's batch normalisation is
 * left out; dropout is an option of training.
 */
import { type GraphModel, type Numbers, plainModel, type Shape } from './model.ts';

/** sum_k W_k r_k: the matrix (d, d) of a relation, as RESCAL has it. */
export function mixed(core: Numbers, relation: Numbers, d: number): Float64Array {
  const matrix = new Float64Array(d * d);
  for (let k = 0; k < relation.length; k++) {
    const weight = relation[k] ?? 0;
    const from = k * d * d;
    for (let at = 0; at < matrix.length; at++) matrix[at] = (matrix[at] ?? 0) + weight * (core[from + at] ?? 0);
  }
  return matrix;
}

/** Adds, for the gradient `factor_i * gradient_j` by the mixed matrix, what it is by relation and core. */
function addMixedGradient(
  core: Numbers,
  relation: Numbers,
  rows: Numbers,
  columns: Numbers,
  relationGradient: Numbers,
  coreGradient: Numbers,
): void {
  const d = rows.length;
  for (let k = 0; k < relation.length; k++) {
    const weight = relation[k] ?? 0;
    let sum = 0;
    for (let i = 0; i < d; i++) {
      const from = (k * d + i) * d;
      const row = rows[i] ?? 0;
      for (let j = 0; j < d; j++) {
        const g = row * (columns[j] ?? 0);
        sum += g * (core[from + j] ?? 0);
        coreGradient[from + j] = (coreGradient[from + j] ?? 0) + g * weight;
      }
    }
    relationGradient[k] = (relationGradient[k] ?? 0) + sum;
  }
}

export const tucker: GraphModel = {
  ...plainModel,
  name: 'TUCKER',
  measure: 'INNER_PRODUCT',
  relationWidth: ({ relationDimension }: Shape) => relationDimension,
  sharedWidth: ({ dimension, relationDimension }: Shape) => relationDimension * dimension * dimension,

  tailQuery({ entity: h, relation, shared }, query) {
    const d = h.length;
    const matrix = mixed(shared, relation, d);
    for (let j = 0; j < d; j++) {
      let sum = 0;
      for (let i = 0; i < d; i++) sum += (h[i] ?? 0) * (matrix[i * d + j] ?? 0);
      query[j] = sum;
    }
  },
  tailQueryGradient({ entity: h, relation, shared }, gradient, into) {
    const d = h.length;
    const matrix = mixed(shared, relation, d);
    for (let i = 0; i < d; i++) {
      let sum = 0;
      for (let j = 0; j < d; j++) sum += (matrix[i * d + j] ?? 0) * (gradient[j] ?? 0);
      into.entity[i] = (into.entity[i] ?? 0) + sum;
    }
    addMixedGradient(shared, relation, h, gradient.subarray(0, d), into.relation, into.shared);
  },

  headQuery({ entity: t, relation, shared }, query) {
    const d = t.length;
    const matrix = mixed(shared, relation, d);
    for (let i = 0; i < d; i++) {
      let sum = 0;
      for (let j = 0; j < d; j++) sum += (matrix[i * d + j] ?? 0) * (t[j] ?? 0);
      query[i] = sum;
    }
  },
  headQueryGradient({ entity: t, relation, shared }, gradient, into) {
    const d = t.length;
    const matrix = mixed(shared, relation, d);
    for (let j = 0; j < d; j++) {
      let sum = 0;
      for (let i = 0; i < d; i++) sum += (matrix[i * d + j] ?? 0) * (gradient[i] ?? 0);
      into.entity[j] = (into.entity[j] ?? 0) + sum;
    }
    addMixedGradient(shared, relation, gradient.subarray(0, d), t, into.relation, into.shared);
  },
};
