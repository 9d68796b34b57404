/**
 * A map whose axes have a meaning: each runs from one place among the vectors to another, from "man" to "woman", say, or from the
 * middle of some items to that of others. A row lies on it at 0 where it is as far along as the first place, and at 1 where it is as
 * far along as the second.
 *
 * n rows, d columns, c axes:  t(x) = <x - from, to - from> / |to - from|^2. Where the metric is the cosine, lengths mean nothing, and rows
 * are brought to length 1 first.
 */
import type { Metric } from './distance.ts';
import { createMatrix, type Matrix, rowOf } from './matrix.ts';

export interface Axis {
  /** float32 (d): where 0 is, and where 1 is. Not the same. */
  readonly from: Float32Array;
  readonly to: Float32Array;
}

/** @returns (n, c). @throws RangeError for an axis of another length than the rows, or without a direction */
export function projectOntoAxes(rows: Matrix, axes: readonly Axis[], metric: Metric): Matrix {
  const { columns: d } = rows;
  const directions = axes.map((axis, k) => directionOf(axis, d, k));
  const coordinates = createMatrix(rows.rows, axes.length);
  for (let i = 0; i < rows.rows; i++) {
    const x = rowOf(rows, i);
    let squares = 0;
    for (const value of x) squares += value * value;
    const scale = metric === 'COSINE' && squares > 0 ? 1 / Math.sqrt(squares) : 1;
    directions.forEach(({ direction, offset }, k) => {
      let along = 0;
      for (let j = 0; j < d; j++) along += (x[j] ?? 0) * (direction[j] ?? 0);
      coordinates.data[i * axes.length + k] = along * scale - offset;
    });
  }
  return coordinates;
}

/** (to - from) / |to - from|^2, and <from, direction>. */
function directionOf({ from, to }: Axis, d: number, k: number): { direction: Float64Array; offset: number } {
  if (from.length !== d || to.length !== d) {
    throw new RangeError(`The ends of axis ${k + 1} have ${from.length} and ${to.length} numbers, the rows ${d}.`);
  }
  const difference = Float64Array.from(to, (value, j) => value - (from[j] ?? 0));
  const squares = difference.reduce((sum, value) => sum + value * value, 0);
  if (!(squares > 0)) throw new RangeError(`The ends of axis ${k + 1} are the same: it has no direction.`);
  const direction = difference.map((value) => value / squares);
  return { direction, offset: direction.reduce((sum, value, j) => sum + value * (from[j] ?? 0), 0) };
}
