/**
 * UMAP with a target: points of one category, or of near numbers, are drawn together by making the edges weaker that the
 * target speaks against (McInnes, Healy and Melville 2018, section 4.4 and umap-learn's `categorical_simplicial_set_intersection`).
 * Afterwards each point is connected as surely as before: its strongest edge counts 1 again.
 *
 * n points. Edges stay, only their weights change, so that the cost is that of one pass over the graph.
 */
import type { Graph } from '../graph.ts';

export type Target =
  /** Of each point a category, from 0; -1 where it is not known. */
  | { readonly categories: Int32Array }
  /** Of each point a number; NaN where it is not known. */
  | { readonly numbers: Float32Array };

/** What an edge keeps whose ends are not both known: exp(-1), umap-learn's `unknown_dist`. */
const UNKNOWN = Math.exp(-1);
/** What an edge between two categories keeps at the least: its logarithm, 2.5 / (1 - weight) at most. */
const FAR_MOST = 1e12;

/**
 * @param weight how much the target counts against the vectors, 0 (not at all) to 1 (alone)
 * @throws RangeError where the target has not as many entries as the graph has points
 */
export function withTarget(graph: Graph, target: Target, weight: number): Graph {
  const { n, starts, columns, weights } = graph;
  checkTarget(target, weight, n);
  if (weight === 0) return graph;
  const kept = 'categories' in target ? byCategory(target.categories, weight) : byNumber(target.numbers, weight);
  const changed = new Float32Array(weights.length);
  const greatest = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    for (let entry = starts[i] ?? 0; entry < (starts[i + 1] ?? 0); entry++) {
      const value = (weights[entry] ?? 0) * kept(i, columns[entry] ?? 0);
      changed[entry] = value;
      greatest[i] = Math.max(greatest[i] ?? 0, value);
    }
  }
  // Each end sees the edge as a share of its own strongest; an edge counts when either end says so (the fuzzy union).
  for (let i = 0; i < n; i++) {
    for (let entry = starts[i] ?? 0; entry < (starts[i + 1] ?? 0); entry++) {
      const there = share(changed[entry] ?? 0, greatest[i] ?? 0);
      const back = share(changed[entry] ?? 0, greatest[columns[entry] ?? 0] ?? 0);
      changed[entry] = there + back - there * back;
    }
  }
  return { n, starts, columns, weights: changed };
}

/** @throws RangeError where the target has not as many entries as there are points, or for a weight that cannot be */
export function checkTarget(target: Target, weight: number, n: number): void {
  const given = 'categories' in target ? target.categories.length : target.numbers.length;
  if (given !== n)
    throw new RangeError(`The target is known of ${given} points; wanted: of ${n}, as many as there are.`);
  if (!(weight >= 0 && weight <= 1)) throw new RangeError(`targetWeight is ${weight}; wanted: from 0 to 1.`);
}

function share(value: number, greatest: number): number {
  return greatest > 0 ? value / greatest : 0;
}

/** exp(-2.5 / (1 - weight)) between categories: .0067 at a weight of .5. */
function byCategory(categories: Int32Array, weight: number): (i: number, j: number) => number {
  const apart = Math.exp(-Math.min(FAR_MOST, 2.5 / (1 - weight)));
  return (i, j) => {
    const a = categories[i] ?? -1;
    const b = categories[j] ?? -1;
    if (a < 0 || b < 0) return UNKNOWN;
    return a === b ? 1 : apart;
  };
}

/** Standard deviations apart at which an edge keeps 1/e of its weight, at a weight of .5: numbers as near as the nearest twentieth or so. */
export const SCALE = 0.1;

/**
 * exp(-|a - b| / (scale * deviation)) to the power weight / (1 - weight): the membership by the number and that by the vectors are
 * multiplied, one of them counting more, as in umap-learn's intersection of two fuzzy sets.
 */
function byNumber(numbers: Float32Array, weight: number): (i: number, j: number) => number {
  const deviation = deviationOf(numbers);
  if (!(deviation > 0)) return () => 1;
  const power = Math.min(FAR_MOST, weight / (1 - weight));
  return (i, j) => {
    const apart = Math.abs((numbers[i] ?? Number.NaN) - (numbers[j] ?? Number.NaN));
    return Number.isFinite(apart) ? Math.exp((-apart / (SCALE * deviation)) * power) : UNKNOWN;
  };
}

/** Of the numbers that are known. */
export function deviationOf(numbers: Float32Array): number {
  const known = numbers.filter(Number.isFinite);
  const mean = known.reduce((sum, value) => sum + value / known.length, 0);
  return Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2 / known.length, 0));
}
