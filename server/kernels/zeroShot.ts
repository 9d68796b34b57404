/**
 * Zero-shot classification (Radford et al. 2021, 3.1): a label is the mean direction of its prompts' vectors, and how probable
 * it is for a thing is the softmax over scaled cosines.
 *
 * n things, k labels, p prompts per label, d numbers per vector. Cosines are summed in double precision.
 */
import { type Matrix, rowOf } from './matrix.ts';

/**
 * The directions of labels from the vectors of their prompts (section 3.1.4): each prompt brought to length 1, the mean of a
 * label's prompts, brought to length 1 again.
 * @param prompts (k p, d), label by label; none of them zero
 * @returns (k, d); zeros where the prompts of a label cancel out
 */
export function labelDirections(prompts: Matrix, promptsPerLabel: number): Matrix {
  if (promptsPerLabel < 1 || prompts.rows % promptsPerLabel !== 0) {
    throw new RangeError(`${prompts.rows} prompts are no whole number of labels with ${promptsPerLabel} each`);
  }
  const k = prompts.rows / promptsPerLabel;
  const d = prompts.columns;
  const data = new Float32Array(k * d);
  for (let label = 0; label < k; label++) {
    const sum = new Float64Array(d);
    for (let p = 0; p < promptsPerLabel; p++) {
      const prompt = rowOf(prompts, label * promptsPerLabel + p);
      const length = norm(prompt);
      if (length > 0) for (let c = 0; c < d; c++) sum[c] = (sum[c] ?? 0) + (prompt[c] ?? 0) / length;
    }
    const length = norm(sum);
    if (length > 0) for (let c = 0; c < d; c++) data[label * d + c] = (sum[c] ?? 0) / length;
  }
  return { rows: k, columns: d, data };
}

/**
 * Cosines of a vector with the directions of labels.
 * @param directions (k, d), of length 1
 * @returns k cosines; 0 for a vector of zeros
 */
export function similarities(vector: ArrayLike<number>, directions: Matrix): Float64Array {
  const { rows, columns, data } = directions;
  const length = norm(vector);
  const cosines = new Float64Array(rows);
  if (length === 0) return cosines;
  for (let label = 0; label < rows; label++) {
    let sum = 0;
    for (let c = 0, at = label * columns; c < columns; c++, at++) sum += (vector[c] ?? 0) * (data[at] ?? 0);
    cosines[label] = sum / length;
  }
  return cosines;
}

/** The softmax of scaled cosines: k probabilities that make 1. The largest is taken away first, so that nothing overflows. */
export function probabilities(cosines: Float64Array, scale: number): Float64Array {
  const most = cosines.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = cosines.map((cosine) => Math.exp(scale * (cosine - most)));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

function norm(vector: ArrayLike<number>): number {
  let sum = 0;
  for (let c = 0; c < vector.length; c++) sum += (vector[c] ?? 0) ** 2;
  return Math.sqrt(sum);
}
