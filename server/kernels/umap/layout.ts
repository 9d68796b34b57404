/**
 * UMAP's layout as a gather: the plain form, and the oracle of cpu/assembly/layout.ts.
 *
 * In each epoch every vertex i sums the forces upon itself, from the positions of the epoch before:
 *   attraction  2 r(i,j) clip(-2ab d^(2b-2) / (1 + a d^(2b)) (y_i - y_j))        over its row of the symmetric graph,
 *               r = w / max w: the share of epochs in which the edge would be sampled; 2 since either end would move the other;
 *   repulsion   clip(2b / ((0.001 + d^2)(1 + a d^(2b))) (y_i - y_j))             over 64 points drawn at random,
 *               times rate * sum_j r(i,j) / 64: the expectation of `rate` negative samples per sampled edge
 * (gradients of McInnes, Healy and Melville 2018, section 3.2), each component clipped to ±4 as usual. Then a step of Adam
 * (Kingma and Ba 2015; beta1 0.5, beta2 0.9) with a learning rate that falls linearly from 1 to 0.
 *
 * No vertex writes another's position, so the order of work cannot change the result. The 64 random points are shared by the
 * 64 vertices of a block: hash(seed, epoch, block) draws them.
 */
import { hash } from '../hash.ts';
import type { Curve } from './curve.ts';
import type { Graph } from './fuzzyGraph.ts';

/** Vertices that share the points by which they are pushed, and how many these are: as BLOCK in cpu/assembly/layout.ts and layout.wgsl. */
export const BLOCK = 64;
/** Of each component of a force, and what keeps it finite at small distances: as in the authors' program. */
const CLIP = 4;
const SOFTENING = 0.001;
/** 2^32 over the golden ratio: epochs that follow each other have hashes far apart. */
const GOLDEN = 0x9e3779b1;
/** Of Adam: keeps a step finite where no force has been. */
const EPSILON = 1e-7;
export const BETA1 = 0.5;
export const BETA2 = 0.9;

/** Positions and the moments of Adam, each Float32Array (dimensions, n): dimension by dimension. */
export interface Layout {
  readonly dimensions: number;
  /** Epochs done. */
  epoch: number;
  positions: Float32Array;
  readonly momentum: Float32Array;
  readonly velocity: Float32Array;
}

export interface Forces extends Curve {
  /** Negative samples per edge times their strength. Larger pushes groups further apart. */
  readonly repulsion: number;
}

/**
 * One epoch of `total`. `graph.weights` are divided by the greatest, and those that are never sampled left out.
 * @param others Float32Array (dimensions, n): further forces upon each point, for example those of density.ts
 */
export function layoutEpoch(
  layout: Layout,
  graph: Graph,
  forces: Forces,
  total: number,
  seed: number,
  others: Float32Array = new Float32Array(layout.positions.length),
): void {
  const { n } = graph;
  const { epoch, positions: from } = layout;
  const to = new Float32Array(from.length);
  const pull = attraction(layout, graph, forces);
  const push = repulsion(layout, n, forces, seed);
  const step = adamStep(layout, 1 - epoch / total);
  for (let i = 0; i < n; i++) {
    const { degree, force: attracted } = pull(i);
    const repelled = push(i);
    const share = (forces.repulsion * degree) / BLOCK;
    for (let c = 0; c < layout.dimensions; c++) {
      const at = c * n + i;
      const force = (attracted[c] ?? 0) + share * (repelled[c] ?? 0) + (others[at] ?? 0);
      to[at] = (from[at] ?? 0) + step(at, force);
    }
  }
  layout.positions = to;
  layout.epoch = epoch + 1;
}

/** The attraction upon a vertex, and the sum of its row of the graph. The force is overwritten by the next call, as in `repulsion`. */
function attraction({ dimensions, positions }: Layout, { n, starts, columns, weights }: Graph, curve: Curve) {
  const force = new Float64Array(dimensions);
  const difference = new Float64Array(dimensions);
  return (i: number): { readonly degree: number; readonly force: Float64Array } => {
    force.fill(0);
    let degree = 0;
    for (let entry = starts[i] ?? 0; entry < (starts[i + 1] ?? 0); entry++) {
      const weight = weights[entry] ?? 0;
      degree += weight;
      const d2 = apart(positions, n, i, columns[entry] ?? 0, difference);
      if (d2 === 0) continue;
      const pull = pullAt(d2, curve);
      for (let c = 0; c < dimensions; c++) {
        force[c] = (force[c] ?? 0) + 2 * weight * clip(pull * (difference[c] ?? 0));
      }
    }
    return { degree, force };
  };
}

/** The repulsion upon a vertex of the points drawn for its block, before it is weighed. */
function repulsion({ dimensions, positions, epoch }: Layout, n: number, curve: Curve, seed: number) {
  const force = new Float64Array(dimensions);
  const difference = new Float64Array(dimensions);
  return (i: number): Float64Array => {
    force.fill(0);
    const key = hash((Math.imul(epoch + 1, GOLDEN) ^ (Math.floor(i / BLOCK) ^ seed)) >>> 0);
    for (let lane = 0; lane < BLOCK; lane++) {
      const d2 = apart(positions, n, i, hash((key + lane) >>> 0) % n, difference);
      if (d2 === 0) continue;
      const push = pushAt(d2, curve);
      for (let c = 0; c < dimensions; c++) force[c] = (force[c] ?? 0) + clip(push * (difference[c] ?? 0));
    }
    return force;
  };
}

/** How far Adam moves a coordinate along a force, by the moments of the forces so far (Kingma and Ba 2015, algorithm 1, and end of section 2). */
function adamStep({ momentum, velocity, epoch }: Layout, learningRate: number): (at: number, force: number) => number {
  const correction1 = 1 - BETA1 ** (epoch + 1);
  const correction2 = Math.sqrt(1 - BETA2 ** (epoch + 1));
  const rate = (learningRate * correction2) / correction1;
  return (at, force) => {
    const m = (momentum[at] ?? 0) + (1 - BETA1) * (force - (momentum[at] ?? 0));
    const v = (velocity[at] ?? 0) + (1 - BETA2) * (force * force - (velocity[at] ?? 0));
    momentum[at] = m;
    velocity[at] = v;
    return (rate * m) / (Math.sqrt(v) + EPSILON * correction2);
  };
}

/** Fills `difference` with y_i - y_j. @returns its squared length */
function apart(positions: Float32Array, n: number, i: number, j: number, difference: Float64Array): number {
  let d2 = 0;
  for (let c = 0; c < difference.length; c++) {
    const value = (positions[c * n + i] ?? 0) - (positions[c * n + j] ?? 0);
    difference[c] = value;
    d2 += value * value;
  }
  return d2;
}

/** What the attraction is times the difference of two places, by their squared distance, above 0. */
export function pullAt(d2: number, { a, b }: Curve): number {
  const power = d2 ** b;
  return (-2 * a * b * power) / (d2 * (a * power + 1));
}

/** The same of the repulsion. */
export function pushAt(d2: number, { a, b }: Curve): number {
  return (2 * b) / ((SOFTENING + d2) * (a * d2 ** b + 1));
}

/** A component of a force, within ±4. */
export function clip(force: number): number {
  return Math.max(-CLIP, Math.min(CLIP, force));
}
