/**
 * The layout of PaCMAP and LocalMAP as a gather: the plain form, and the oracle of cpu/assembly/pairs.ts.
 *
 * With D = 1 + |y_i - y_j|^2 the losses of the three kinds of pairs are (Wang, Huang, Rudin and Shaposhnik 2021, "Understanding
 * how dimension reduction tools work", JMLR 22, table 1)
 *   near       w D / (10 + D),        gradient  w 20 / (10 + D)^2 (y_i - y_j),
 *   mid-near   w D / (10^4 + D),      gradient  w 2e4 / (10^4 + D)^2 (y_i - y_j),
 *   further    w 1 / (1 + D),         gradient -w 2 / (1 + D)^2 (y_i - y_j);
 * in the last phase of LocalMAP (Wang, Sun, Huang and Rudin 2024, "Dimension reduction with locally adjusted graphs", section 4) that of
 * near pairs is also times reach / (2 sqrt D), so that pairs which the map has torn apart let go of each other.
 * A pair moves both its ends, so every point sums over all pairs that it belongs to, from the positions before; then Adam (Kingma and
 * Ba 2015; beta1 0.9, beta2 0.999) with a learning rate of 1. No point writes another's position: the order of work changes nothing.
 */

/** Pairs in rows: of point i the other ends are columns[starts[i]] … columns[starts[i + 1] - 1]. */
export interface Pairs {
  readonly starts: Uint32Array;
  readonly columns: Uint32Array;
}

/** Positions and the moments of Adam, each Float32Array (dimensions, n): dimension by dimension. */
export interface PairLayout {
  readonly dimensions: number;
  /** Iterations done. */
  iteration: number;
  positions: Float32Array;
  readonly momentum: Float32Array;
  readonly velocity: Float32Array;
}

export interface PairForces {
  readonly near: number;
  readonly mid: number;
  readonly further: number;
  /** Of LocalMAP, in map units; 0 for PaCMAP. */
  readonly reach: number;
}

/** Of Adam: as in cpu/assembly/pairs.ts. */
export const BETA1 = 0.9;
export const BETA2 = 0.999;
const LEARNING_RATE = 1;

/** Adam's step with both corrections of its moments, for the iteration after `iteration`. */
export function rateOf(iteration: number): number {
  return (LEARNING_RATE * Math.sqrt(1 - BETA2 ** (iteration + 1))) / (1 - BETA1 ** (iteration + 1));
}

export function pairsStepPlain(
  layout: PairLayout,
  kinds: { readonly near: Pairs; readonly mid: Pairs; readonly further: Pairs },
  forces: PairForces,
): void {
  const { dimensions, positions: from, momentum, velocity } = layout;
  const n = from.length / dimensions;
  const to = new Float32Array(from.length);
  const rate = rateOf(layout.iteration);
  for (let i = 0; i < n; i++) {
    const gradient = new Float64Array(dimensions);
    gatherFrom(kinds.near, i, gradient, (d) => {
      const torn = forces.reach > 0 ? forces.reach / (2 * Math.sqrt(d)) : 1;
      return (forces.near * torn * 20) / (10 + d) ** 2;
    });
    gatherFrom(kinds.mid, i, gradient, (d) => (forces.mid * 2e4) / (1e4 + d) ** 2);
    gatherFrom(kinds.further, i, gradient, (d) => (-forces.further * 2) / (1 + d) ** 2);
    for (let c = 0; c < dimensions; c++) {
      const at = c * n + i;
      const slope = gradient[c] ?? 0;
      const m = (momentum[at] ?? 0) + (1 - BETA1) * (slope - (momentum[at] ?? 0));
      const v = (velocity[at] ?? 0) + (1 - BETA2) * (slope * slope - (velocity[at] ?? 0));
      momentum[at] = m;
      velocity[at] = v;
      to[at] = (from[at] ?? 0) - (rate * m) / (Math.sqrt(v) + 1e-7);
    }
  }
  layout.positions = to;
  layout.iteration++;

  function gatherFrom({ starts, columns }: Pairs, i: number, gradient: Float64Array, force: (d: number) => number) {
    for (let entry = starts[i] ?? 0; entry < (starts[i + 1] ?? 0); entry++) {
      const j = columns[entry] ?? 0;
      let d = 1;
      for (let c = 0; c < dimensions; c++) d += ((from[c * n + i] ?? 0) - (from[c * n + j] ?? 0)) ** 2;
      const pull = force(d);
      for (let c = 0; c < dimensions; c++) {
        gradient[c] = (gradient[c] ?? 0) + pull * ((from[c * n + i] ?? 0) - (from[c * n + j] ?? 0));
      }
    }
  }
}
