// What clustering needs beside the nearest centre, which is `search` with k = 1, and all `scores`. Rows are packed as knn.ts describes.
// References: ../../kmeans/kmeans.ts and ../../hdbscan/neighborTree.ts.

/**
 * sums f64 (k, d), columns firstColumn … lastColumn-1: adds every packed row to the sum of its cluster. Pieces take columns, so
 * that each sum is one thread's and its order that of the rows.
 */
export function clusterSums(
  packed: usize, n: i32, d: i32, assignments: usize, sums: usize, firstColumn: i32, lastColumn: i32,
): void {
  for (let row = 0; row < n; row++) {
    let from = packed + ((<usize>(row >> 3) * 8 * <usize>d + <usize>(row & 7)) << 2) + (<usize>firstColumn << 5);
    let to = sums + ((<usize>load<u32>(assignments + (<usize>row << 2)) * <usize>d + <usize>firstColumn) << 3);
    for (let c = firstColumn; c < lastColumn; c++) {
      store<f64>(to, load<f64>(to) + <f64>load<f32>(from));
      from += 32;
      to += 8;
    }
  }
}
