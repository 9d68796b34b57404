// What clustering needs beside the nearest centre, which is `search` with k = 1. Rows are packed as knn.ts describes.
// References: ../../kmeans/kmeans.ts and ../../hdbscan/neighborTree.ts.

/**
 * All scores of queries firstHalf … lastHalf-1 (half panels of 4) against the references of panels firstPanel … lastPanel-1:
 * out f32 (4 * halves, 8 * panels), row by row, = norm[reference] + scale * <query, reference>.
 */
export function scores(
  queries: usize, references: usize, norms: usize, scale: f32, d: i32,
  firstHalf: i32, lastHalf: i32, firstPanel: i32, lastPanel: i32, out: usize,
): void {
  const scales = f32x4.splat(scale);
  const panelBytes = <usize>d << 5;
  const rowBytes = <usize>(lastPanel - firstPanel) << 5;
  for (let half = firstHalf; half < lastHalf; half++) {
    const queryAt = queries + <usize>(half >> 1) * panelBytes + (<usize>(half & 1) << 4);
    for (let panel = firstPanel; panel < lastPanel; panel++) {
      let q = queryAt;
      let r = references + <usize>panel * panelBytes;
      const end = r + panelBytes;
      let a0 = f32x4.splat(0), b0 = f32x4.splat(0);
      let a1 = f32x4.splat(0), b1 = f32x4.splat(0);
      let a2 = f32x4.splat(0), b2 = f32x4.splat(0);
      let a3 = f32x4.splat(0), b3 = f32x4.splat(0);
      while (r < end) {
        const left = v128.load(r);
        const right = v128.load(r, 16);
        const q0 = v128.load_splat<f32>(q);
        a0 = f32x4.add(a0, f32x4.mul(q0, left));
        b0 = f32x4.add(b0, f32x4.mul(q0, right));
        const q1 = v128.load_splat<f32>(q, 4);
        a1 = f32x4.add(a1, f32x4.mul(q1, left));
        b1 = f32x4.add(b1, f32x4.mul(q1, right));
        const q2 = v128.load_splat<f32>(q, 8);
        a2 = f32x4.add(a2, f32x4.mul(q2, left));
        b2 = f32x4.add(b2, f32x4.mul(q2, right));
        const q3 = v128.load_splat<f32>(q, 12);
        a3 = f32x4.add(a3, f32x4.mul(q3, left));
        b3 = f32x4.add(b3, f32x4.mul(q3, right));
        r += 32;
        q += 32;
      }
      const normsAt = norms + (<usize>panel << 5);
      const to = out + <usize>((half - firstHalf) << 2) * rowBytes + (<usize>(panel - firstPanel) << 5);
      put(to, normsAt, scales, a0, b0);
      put(to + rowBytes, normsAt, scales, a1, b1);
      put(to + 2 * rowBytes, normsAt, scales, a2, b2);
      put(to + 3 * rowBytes, normsAt, scales, a3, b3);
    }
  }
}

// @ts-ignore: decorator
@inline
function put(to: usize, norms: usize, scales: v128, left: v128, right: v128): void {
  v128.store(to, f32x4.add(v128.load(norms), f32x4.mul(scales, left)));
  v128.store(to, f32x4.add(v128.load(norms, 16), f32x4.mul(scales, right)), 16);
}

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
