/**
 * Positions on a map while it is made: Float32Array (c, n), dimension by dimension, as the layouts keep them, because four
 * neighbours in memory are then four points of one dimension.
 */
import { hash } from './hash.ts';
import { createMatrix, type Matrix } from './matrix.ts';

/** Point by point, as maps are kept: (n, c). */
export function fromPlanes(positions: Float32Array, n: number, dimensions: number): Matrix {
  const coordinates = createMatrix(n, dimensions);
  for (let c = 0; c < dimensions; c++) {
    for (let i = 0; i < n; i++) coordinates.data[i * dimensions + c] = positions[c * n + i] ?? 0;
  }
  return coordinates;
}

/** A start times `scale`, with noise from -`noise` to `noise`, so that equal points part. */
export function toPlanes({ rows: n, columns, data }: Matrix, scale: number, noise: number, seed: number): Float32Array {
  const positions = new Float32Array(n * columns);
  for (let c = 0; c < columns; c++) {
    for (let i = 0; i < n; i++) {
      const drawn = hash((hash(seed >>> 0) ^ hash(i * columns + c)) >>> 0) / 2 ** 31 - 1;
      positions[c * n + i] = (data[i * columns + c] ?? 0) * scale + noise * drawn;
    }
  }
  return positions;
}

/** What brings the standard deviation of the first component to `deviation`; 0 where it has none. */
export function scaleToDeviation({ rows: n, columns, data }: Matrix, deviation: number): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const value = data[i * columns] ?? 0;
    sum += value;
    squares += value * value;
  }
  const variance = n > 0 ? squares / n - (sum / n) ** 2 : 0;
  return variance > 0 ? deviation / Math.sqrt(variance) : 0;
}
