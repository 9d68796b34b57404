/**
 * How far two vectors are from each other: the plain functions, which every faster way is compared with.
 * Vectors of the same length; sums in float64. The same words and numbers as pgvector's `<=>`, `<->` and `<#>`.
 */

/** As in the schema: COSINE from 0 to 2, EUCLIDEAN from 0, INNER_PRODUCT negated. Smaller is nearer. */
export type Metric = 'COSINE' | 'EUCLIDEAN' | 'INNER_PRODUCT';

/** 2^-24, the unit roundoff of float32: half of the distance from 1 to the next number. */
export const UNIT_ROUNDOFF = 2 ** -24;

/** The distance of `a` and `b`. NaN for the cosine of a zero vector, which has no direction. */
export function distance(a: Float32Array, b: Float32Array, metric: Metric): number {
  switch (metric) {
    case 'COSINE':
      return 1 - innerProduct(a, b) / Math.sqrt(innerProduct(a, a) * innerProduct(b, b));
    case 'EUCLIDEAN':
      return euclidean(a, b);
    case 'INNER_PRODUCT':
      return -innerProduct(a, b);
  }
}

export function innerProduct(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function euclidean(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}
