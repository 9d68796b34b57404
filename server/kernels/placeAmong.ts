/**
 * New points on a map whose own rule for them is not known, or is none: each in the middle of its neighbours there, the nearer ones
 * counting for more, by the memberships of UMAP (McInnes, Healy and Melville 2018, algorithms 2 and 3). Each by itself.
 *
 * m new points, n points on the map, k neighbours of each new one among these, c components.
 */
import { NONE } from './knn.ts';
import { createMatrix, type Matrix, rowOf } from './matrix.ts';
import { directedMemberships } from './umap/fuzzyGraph.ts';
import type { NewNeighbors } from './umap/placeOnUmap.ts';

/**
 * @param map (n, c)
 * @returns (m, c); a point at distance 0 from one on the map lies on it, one without neighbours at the middle of the map
 */
export function placeAmong({ n: count, k, ids, distances }: NewNeighbors, map: Matrix): Matrix {
  const placed = createMatrix(count, map.columns);
  for (let i = 0; i < count; i++) {
    const own = ids.subarray(i * k, (i + 1) * k);
    const far = distances.subarray(i * k, (i + 1) * k);
    const same = far.findIndex((distance, place) => distance === 0 && own[place] !== NONE);
    if (same >= 0) {
      rowOf(placed, i).set(rowOf(map, own[same] ?? 0));
      continue;
    }
    const known = own.some((id) => id !== NONE);
    const weights = known ? directedMemberships(own, far, 1, k, 1) : new Float32Array(map.rows).fill(1);
    const rows = known ? own : Uint32Array.from({ length: map.rows }, (_, row) => row);
    const sum = new Float64Array(map.columns);
    let whole = 0;
    rows.forEach((row, place) => {
      if (row === NONE) return;
      const weight = weights[place] ?? 0;
      whole += weight;
      for (let c = 0; c < sum.length; c++) sum[c] = (sum[c] ?? 0) + weight * (map.data[row * map.columns + c] ?? 0);
    });
    rowOf(placed, i).set(sum.map((value) => (whole > 0 ? value / whole : 0)));
  }
  return placed;
}
