/**
 * What keeps numbers small. With moduli |z_k| for complex models and |x_k| for real ones:
 *
 *   N3  sum |z_k|^3 of head, relation and tail of each triple (Lacroix, Usunier and Obozinski, ICML 2018, equation 8)
 *   L2  sum |z_k|^2 of the same
 */
import type { Numbers } from './model.ts';

export const regularizerNames = ['N3', 'L2'] as const;
export type RegularizerName = (typeof regularizerNames)[number];

/**
 * Adds `weight` times the gradient of the penalty of a row.
 * @param from the first number that counts: angles stand before it
 */
export function addPenaltyGradient(
  name: RegularizerName,
  isComplex: boolean,
  row: Numbers,
  weight: number,
  gradient: Numbers,
  from = 0,
): void {
  const half = row.length / 2;
  if (name === 'L2') {
    for (let k = from; k < row.length; k++) gradient[k] = (gradient[k] ?? 0) + 2 * weight * (row[k] ?? 0);
  } else if (isComplex && from === 0) {
    for (let k = 0; k < half; k++) {
      const real = row[k] ?? 0;
      const imaginary = row[half + k] ?? 0;
      const factor = 3 * weight * Math.sqrt(real * real + imaginary * imaginary);
      gradient[k] = (gradient[k] ?? 0) + factor * real;
      gradient[half + k] = (gradient[half + k] ?? 0) + factor * imaginary;
    }
  } else {
    for (let k = from; k < row.length; k++) {
      const x = row[k] ?? 0;
      gradient[k] = (gradient[k] ?? 0) + 3 * weight * Math.abs(x) * x;
    }
  }
}

/** The penalty itself, for the tests of its gradient. */
export function penaltyOf(name: RegularizerName, isComplex: boolean, row: Numbers, from = 0): number {
  const half = row.length / 2;
  let sum = 0;
  if (name === 'N3' && isComplex && from === 0) {
    for (let k = 0; k < half; k++) sum += Math.hypot(row[k] ?? 0, row[half + k] ?? 0) ** 3;
  } else for (let k = from; k < row.length; k++) sum += Math.abs(row[k] ?? 0) ** (name === 'N3' ? 3 : 2);
  return sum;
}
