/**
 * Rows on the unit sphere around their mean: x ↦ (x - m) / |x - m|. What all rows have in common, and how long each is, no longer
 * counts; what is left is the direction in which a row differs from the rest (the Embedding Projector calls it "sphereize data"; for
 * word vectors the mean is what is taken away first by Mu and Viswanath 2018, "All-but-the-top", algorithm 1, step 1).
 */
import { createMatrix, type Matrix, rowOf } from './matrix.ts';

// n rows, d columns.

/** The mean of the rows: float32 (d), of sums in float64. */
export function meanOfRows(matrix: Matrix): Float32Array {
  const sums = new Float64Array(matrix.columns);
  for (let i = 0; i < matrix.rows; i++) {
    const row = rowOf(matrix, i);
    for (let j = 0; j < row.length; j++) sums[j] = (sums[j] ?? 0) + (row[j] ?? 0);
  }
  return Float32Array.from(sums, (sum) => sum / Math.max(1, matrix.rows));
}

/**
 * New rows (n, d) without the mean, each of length 1. A row that is the mean has no direction: it becomes 0.
 * @param mean of these rows, or of those that they come among
 */
export function spherize(matrix: Matrix, mean: Float32Array): Matrix {
  const sphere = createMatrix(matrix.rows, matrix.columns);
  for (let i = 0; i < matrix.rows; i++) {
    const from = rowOf(matrix, i);
    const to = rowOf(sphere, i);
    let squares = 0;
    for (let j = 0; j < to.length; j++) {
      const rest = (from[j] ?? 0) - (mean[j] ?? 0);
      to[j] = rest;
      squares += rest * rest;
    }
    const length = Math.sqrt(squares);
    if (length > 0) for (let j = 0; j < to.length; j++) to[j] = (to[j] ?? 0) / length;
  }
  return sphere;
}

/**
 * How far a row (d), once it is on the sphere around the mean, is from a place there (d): 0 to 2, along the chord. To the bit what `spherize`
 * and `distance` tell, without room for the row.
 */
export function distanceOnSphere(row: Float32Array, mean: Float32Array, place: Float32Array): number {
  let squares = 0;
  for (let j = 0; j < row.length; j++) {
    const rest = (row[j] ?? 0) - (mean[j] ?? 0);
    squares += rest * rest;
  }
  const length = Math.sqrt(squares) || 1;
  let sum = 0;
  for (let j = 0; j < row.length; j++) {
    const onSphere = Math.fround(Math.fround((row[j] ?? 0) - (mean[j] ?? 0)) / length);
    const difference = onSphere - (place[j] ?? 0);
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}
