/**
 * Steps of descent. The twins in cpu/assembly/kge.ts do whole tables; these do the relations, and are what those are compared with.
 *
 *   ADAGRAD  sums += g^2, x -= rate g / (sqrt(sums) + 1e-10) (Duchi, Hazan and Singer, JMLR 12, 2011)
 *   ADAM     m = .9 m + .1 g, v = .999 v + .001 g^2, x -= rate (m / (1 - .9^t)) / (sqrt(v / (1 - .999^t)) + 1e-8) (Kingma and Ba,
 *            ICLR 2015). Where a batch touches few rows, only these move: their moments wait in between ("lazy" Adam).
 */

const optimizerNames = ['ADAGRAD', 'ADAM'] as const;
export type OptimizerName = (typeof optimizerNames)[number];

export interface Step {
  readonly optimizer: OptimizerName;
  readonly rate: number;
  /** Number of the step, from 1. */
  readonly number: number;
}

/** As in the papers, and as in cpu/assembly/kge.ts. */
const BETA1 = 0.9;
const BETA2 = 0.999;
export const EPSILON: { readonly [Name in OptimizerName]: number } = { ADAGRAD: 1e-10, ADAM: 1e-8 };

/** 1 - beta^t of both moments. */
export function corrections({ number }: Step): readonly [number, number] {
  return [1 - BETA1 ** number, 1 - BETA2 ** number];
}

/**
 * Moves values from … to-1 against their gradients, which become 0.
 * @param first sums of ADAGRAD, first moments of ADAM; `second`: second moments of ADAM
 */
export function descend(
  step: Step,
  values: Float32Array,
  gradients: Float32Array,
  first: Float32Array,
  second: Float32Array,
  from: number,
  to: number,
): void {
  const { optimizer, rate } = step;
  const [correction1, correction2] = corrections(step);
  for (let k = from; k < to; k++) {
    const g = gradients[k] ?? 0;
    gradients[k] = 0;
    if (optimizer === 'ADAGRAD') {
      const sum = (first[k] ?? 0) + g * g;
      first[k] = sum;
      values[k] = (values[k] ?? 0) - (rate * g) / (Math.sqrt(sum) + EPSILON.ADAGRAD);
    } else {
      const m = BETA1 * (first[k] ?? 0) + (1 - BETA1) * g;
      const v = BETA2 * (second[k] ?? 0) + (1 - BETA2) * g * g;
      first[k] = m;
      second[k] = v;
      values[k] = (values[k] ?? 0) - (rate * (m / correction1)) / (Math.sqrt(v / correction2) + EPSILON.ADAM);
    }
  }
}
