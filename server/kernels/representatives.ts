/**
 * The rows that stand for each cluster: those that belong to it most firmly, and of these the ones nearest to its middle.
 *
 * n rows, d columns, k clusters, at most m rows for each.
 */
import { createMatrix, type Matrix } from './matrix.ts';

export interface Representatives {
  /** By cluster: rows, the most typical first. */
  readonly rows: readonly Uint32Array[];
}

/**
 * @param labels Int32Array (n): from 0 to k - 1, or below 0 for rows that are in no cluster
 * @param firmness Float32Array (n), larger is firmer; null: all alike, so that only the middle counts
 */
export function representatives(
  matrix: Matrix,
  labels: Int32Array,
  k: number,
  firmness: Float32Array | null,
  m: number,
): Representatives {
  const { columns: d, data } = matrix;
  const { sizes, middles } = middlesOf(matrix, labels, k);
  const starts = new Uint32Array(k + 1);
  for (let cluster = 0; cluster < k; cluster++) starts[cluster + 1] = (starts[cluster] ?? 0) + (sizes[cluster] ?? 0);
  const members = new Uint32Array(starts[k] ?? 0);
  const fill = starts.slice(0, k);
  const squares = new Float64Array(labels.length);
  labels.forEach((label, row) => {
    if (label < 0) return;
    const at = fill[label] ?? 0;
    fill[label] = at + 1;
    members[at] = row;
    let square = 0;
    for (let c = 0; c < d; c++) square += ((data[row * d + c] ?? 0) - (middles.data[label * d + c] ?? 0)) ** 2;
    squares[row] = square;
  });
  const rows = Array.from({ length: k }, (_, cluster) =>
    members
      .slice(starts[cluster], starts[cluster + 1])
      .sort(
        (a, b) =>
          (firmness === null ? 0 : (firmness[b] ?? 0) - (firmness[a] ?? 0)) ||
          (squares[a] ?? 0) - (squares[b] ?? 0) ||
          a - b,
      )
      .slice(0, m),
  );
  return { rows };
}

function middlesOf(
  { columns: d, data }: Matrix,
  labels: Int32Array,
  k: number,
): { readonly sizes: Uint32Array; readonly middles: Matrix } {
  const sizes = new Uint32Array(k);
  const sums = new Float64Array(k * d);
  labels.forEach((label, row) => {
    if (label < 0) return;
    sizes[label] = (sizes[label] ?? 0) + 1;
    for (let c = 0; c < d; c++) sums[label * d + c] = (sums[label * d + c] ?? 0) + (data[row * d + c] ?? 0);
  });
  const middles = createMatrix(k, d);
  for (let i = 0; i < k * d; i++) middles.data[i] = (sums[i] ?? 0) / Math.max(1, sizes[Math.floor(i / d)] ?? 0);
  return { sizes, middles };
}
