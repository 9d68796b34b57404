/**
 * t-SNE drawn to what is known of the points beside their vectors: among the neighbours of a point those alike count for more. The formula
 * is ours, after UMAP's target (umap/target.ts): of the shares p(j | i) of point i's neighbours (van der Maaten and Hinton 2008, equation 1)
 * those whose value is known as well as that of i become
 *
 *     p'(j | i) = K_i p(j | i) m(i, j)^a / sum_l p(l | i) m(i, l)^a,      a = weight / (1 - weight),   K_i = sum_l p(l | i)
 *
 * with both sums over them: a part of the whole as large as before, dealt out anew. m is 1 for the same category and e^-5 for another; of
 * numbers e^-(|a - b| / (deviation / 10)). Whatever has no value keeps its share and draws no one. At a weight of 1 the most alike
 * alone count; where all are as much alike, everything stays as it is.
 *
 * n points, k neighbours.
 */
import { NONE } from '../neighbors.ts';
import { checkTarget, deviationOf, SCALE, type Target } from '../umap/target.ts';

export interface DrawnTo {
  readonly target: Target;
  /** How much it counts against the vectors, 0 (not at all) to 1 (alone). */
  readonly weight: number;
}

/** -log m of another category: at a weight of .5 such a neighbour keeps .0067 against one alike, as in UMAP. */
const APART = 5;
/** What stands for weight / (1 - weight) at a weight of 1: all but the most alike vanish. */
const MOST = 1e12;

/**
 * @param conditional Float32Array (n, k): p(j | i)
 * @returns the same of a target; `conditional` itself at a weight of 0
 * @throws RangeError where the target has not as many entries as there are points, or for a weight that cannot be
 */
export function drawnConditionals(
  ids: Uint32Array,
  conditional: Float32Array,
  n: number,
  k: number,
  { target, weight }: DrawnTo,
): Float32Array {
  checkTarget(target, weight, n);
  if (weight === 0) return conditional;
  const power = Math.min(MOST, weight / (1 - weight));
  const apart = apartBy(target);
  const drawn = conditional.slice();
  const costs = new Float64Array(k);
  for (let i = 0; i < n; i++) {
    let least = Number.POSITIVE_INFINITY;
    for (let j = 0; j < k; j++) {
      const id = ids[i * k + j] ?? NONE;
      const cost = id === NONE || conditional[i * k + j] === 0 ? Number.NaN : apart(i, id);
      costs[j] = cost;
      if (cost < least) least = cost;
    }
    let before = 0;
    let after = 0;
    // Against the most alike, whose factor is 1: so no row vanishes.
    const factorOf = (j: number) => Math.exp(-power * ((costs[j] ?? 0) - least));
    for (let j = 0; j < k; j++) {
      if (Number.isNaN(costs[j])) continue;
      const share = conditional[i * k + j] ?? 0;
      before += share;
      after += share * factorOf(j);
    }
    for (let j = 0; j < k; j++) {
      if (Number.isNaN(costs[j])) continue;
      drawn[i * k + j] = ((conditional[i * k + j] ?? 0) * factorOf(j) * before) / after;
    }
  }
  return drawn;
}

/** -log m of two points, from 0; NaN where a value is not known. */
function apartBy(target: Target): (i: number, j: number) => number {
  if ('categories' in target) {
    const { categories } = target;
    return (i, j) => {
      const a = categories[i] ?? -1;
      const b = categories[j] ?? -1;
      if (a < 0 || b < 0) return Number.NaN;
      return a === b ? 0 : APART;
    };
  }
  const { numbers } = target;
  const deviation = deviationOf(numbers);
  return (i, j) => {
    const apart = Math.abs((numbers[i] ?? Number.NaN) - (numbers[j] ?? Number.NaN));
    if (!Number.isFinite(apart)) return Number.NaN;
    return deviation > 0 ? apart / (SCALE * deviation) : 0;
  };
}
