/**
 * One step of t-SNE, exact, over all pairs: the plain form, and the oracle of cpu/assembly/tsneStep.ts with either way to the
 * repulsion (tsne/grid.ts, cpu/assembly/tsneTree.ts).
 *
 * With q(i,j) = 1 / (1 + |y_i - y_j|^2) and Z the sum of q over all pairs, the gradient is (van der Maaten 2014, equation 8,
 * without its factor of 4, which is in the learning rate as usual)
 *   a sum_j p(i,j) q(i,j) (y_i - y_j)  -  1/Z sum_j q(i,j)^2 (y_i - y_j),
 * a being the exaggeration. The step has momentum and a gain for every coordinate (Jacobs 1988, as in van der Maaten and
 * Hinton 2008, section 3.4), and is no longer than `longest`.
 */
import type { Graph } from '../graph.ts';

/** All Float32Array (dimensions, n): dimension by dimension. */
export interface TsneLayout {
  readonly dimensions: number;
  /** Iterations done. */
  iteration: number;
  positions: Float32Array;
  /** The last moves. */
  readonly updates: Float32Array;
  readonly gains: Float32Array;
}

export interface TsneStep {
  readonly exaggeration: number;
  readonly learningRate: number;
  readonly momentum: number;
  /** Of a move, in map units. */
  readonly longest: number;
}

/** What a gain grows by while a coordinate keeps its direction, is multiplied by when that turns, and the least: as in van der Maaten's program. */
export const GAIN_GROWS = 0.2;
export const GAIN_SHRINKS = 0.8;
export const GAIN_LEAST = 0.01;

export interface Repulsion {
  /** Float64Array (dimensions, n): sum over j of q^2 (y_i - y_j). */
  readonly forces: Float64Array;
  /** Z: the sum of q over all pairs (i, j) and (j, i). */
  readonly sum: number;
}

/** By the definition: every pair. */
export function repulsionPlain(positions: Float32Array, n: number, dimensions: number): Repulsion {
  const forces = new Float64Array(dimensions * n);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (i === j) continue;
      let square = 1;
      for (let c = 0; c < dimensions; c++) square += ((positions[c * n + i] ?? 0) - (positions[c * n + j] ?? 0)) ** 2;
      sum += 1 / square;
      for (let c = 0; c < dimensions; c++) {
        const difference = (positions[c * n + i] ?? 0) - (positions[c * n + j] ?? 0);
        forces[c * n + i] = (forces[c * n + i] ?? 0) + difference / square ** 2;
      }
    }
  }
  return { forces, sum };
}

export function tsneStepPlain(layout: TsneLayout, graph: Graph, step: TsneStep): void {
  const { n, starts, columns, weights } = graph;
  const { dimensions, positions: from, updates, gains } = layout;
  const { forces, sum } = repulsionPlain(from, n, dimensions);
  const to = new Float32Array(from.length);
  const move = new Float64Array(dimensions);
  for (let i = 0; i < n; i++) {
    const gradient = new Float64Array(dimensions);
    for (let entry = starts[i] ?? 0; entry < (starts[i + 1] ?? 0); entry++) {
      const j = columns[entry] ?? 0;
      let square = 1;
      for (let c = 0; c < dimensions; c++) square += ((from[c * n + i] ?? 0) - (from[c * n + j] ?? 0)) ** 2;
      const pull = (step.exaggeration * (weights[entry] ?? 0)) / square;
      for (let c = 0; c < dimensions; c++) {
        gradient[c] = (gradient[c] ?? 0) + pull * ((from[c * n + i] ?? 0) - (from[c * n + j] ?? 0));
      }
    }
    let length = 0;
    for (let c = 0; c < dimensions; c++) {
      const at = c * n + i;
      const slope = (gradient[c] ?? 0) - (forces[at] ?? 0) / sum;
      const update = updates[at] ?? 0;
      const gain = gains[at] ?? 1;
      const next = slope * update < 0 ? gain + GAIN_GROWS : Math.max(GAIN_LEAST, gain * GAIN_SHRINKS);
      gains[at] = next;
      const value = step.momentum * update - step.learningRate * next * slope;
      move[c] = value;
      length += value * value;
    }
    const scale = Math.min(1, step.longest / Math.sqrt(length));
    for (let c = 0; c < dimensions; c++) {
      const at = c * n + i;
      updates[at] = (move[c] ?? 0) * scale;
      to[at] = (from[at] ?? 0) + (updates[at] ?? 0);
    }
  }
  layout.positions = to;
  layout.iteration++;
}

/**
 * What t-SNE minimises: the Kullback-Leibler divergence sum p log (p / (q / Z)), over the pairs that have an affinity.
 * @param sum Z
 */
export function divergence(positions: Float32Array, dimensions: number, graph: Graph, sum: number): number {
  const { n, starts, columns, weights } = graph;
  let total = 0;
  for (let i = 0; i < n; i++) {
    for (let entry = starts[i] ?? 0; entry < (starts[i + 1] ?? 0); entry++) {
      const j = columns[entry] ?? 0;
      let square = 1;
      for (let c = 0; c < dimensions; c++) square += ((positions[c * n + i] ?? 0) - (positions[c * n + j] ?? 0)) ** 2;
      const p = weights[entry] ?? 0;
      total += p * Math.log(p * square * sum);
    }
  }
  return total;
}
