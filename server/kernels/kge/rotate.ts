/**
 * RotatE: a relation turns each complex coordinate (Sun, Deng, Nie and Tang, "RotatE: Knowledge Graph Embedding by Relational
 * Rotation in Complex Space", ICLR 2019, equation 3):
 *
 *     score(h, r, t) = -sum_k |h_k r_k - t_k|,  r_k = exp(i angle_k)
 *
 * Symmetric where all angles are 0 or pi; the inverse turns back; rotations are composed by adding angles. The paper's fixed
 * margin gamma is part of its loss: see losses.ts.
 */
import { type GraphModel, plainModel, type QueryParts, type Shape } from './model.ts';
import { addRotationGradient, rotate as turn } from './rotation.ts';

export const rotate: GraphModel = {
  ...plainModel,
  name: 'ROTATE',
  measure: 'MODULUS',
  even: true,
  complex: true,
  relationWidth: ({ dimension }: Shape) => dimension / 2,
  angles: ({ dimension }: Shape) => dimension / 2,

  tailQuery: ({ entity: h, relation }, query) => turn(h, relation, 1, query),
  tailQueryGradient: ({ entity: h, relation }: QueryParts, gradient, into) =>
    addRotationGradient(h, relation, 1, gradient, into.entity, into.relation),

  // |h r - t| = |h - t conj(r)|, since |r| = 1.
  headQuery: ({ entity: t, relation }, query) => turn(t, relation, -1, query),
  headQueryGradient: ({ entity: t, relation }: QueryParts, gradient, into) =>
    addRotationGradient(t, relation, -1, gradient, into.entity, into.relation),
};
