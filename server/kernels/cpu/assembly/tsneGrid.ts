// The repulsion of t-SNE on a map of 2 dimensions, by a grid and Fourier's transform. Reference and derivation: ../../tsne/grid.ts.
//
// size: M, the nodes of the periodic grid along each axis; a multiple of 8. The points lie within the first half, M/2 nodes;
// the other half keeps the periods apart. half: M/2 + 1 columns of a spectrum of real rows, rounded up to a multiple of 4.
//
// Per iteration: gridSort, gridRows, gridColumns, gridFields, gridForces. A piece of each writes to its own place.
import { transform } from './fft';

/** Weights of the nodes -1, 0, 1, 2 for a point `t` behind node 0, by Lagrange's cubic. */
// @ts-ignore: decorator
@inline
function w0(t: f32): f32 { return -t * (t - 1) * (t - 2) * (<f32>1 / 6); }
// @ts-ignore: decorator
@inline
function w1(t: f32): f32 { return (t + 1) * (t - 1) * (t - 2) * <f32>0.5; }
// @ts-ignore: decorator
@inline
function w2(t: f32): f32 { return -(t + 1) * t * (t - 2) * <f32>0.5; }
// @ts-ignore: decorator
@inline
function w3(t: f32): f32 { return (t + 1) * t * (t - 1) * (<f32>1 / 6); }

/** Node 0 of a coordinate, in 1 … most: cells at the border hold what rounding puts beyond it. */
// @ts-ignore: decorator
@inline
function cellOf(position: f32, most: i32): i32 {
  return max(1, min(most, <i32>Mathf.floor(position)));
}

/** order u32 (n): the points by the row of their cell, then by number. rowStarts u32 (M/2 + 1). ys f32 (n). */
export function gridSort(n: i32, ys: usize, originY: f32, perUnit: f32, size: i32, order: usize, rowStarts: usize): void {
  const rows = size >> 1, most = rows - 3;
  memory.fill(rowStarts, 0, <usize>(rows + 1) << 2);
  for (let i = 0; i < n; i++) {
    const row = cellOf((load<f32>(ys + (<usize>i << 2)) - originY) * perUnit, most);
    const at = rowStarts + (<usize>row << 2);
    store<u32>(at, load<u32>(at, 4) + 1, 4);
  }
  for (let row = 0; row < rows; row++) {
    const at = rowStarts + (<usize>row << 2);
    store<u32>(at, load<u32>(at, 4) + load<u32>(at), 4);
  }
  // Filling moves every start to its row's end, which is the start of the next: they are moved back afterwards.
  for (let i = 0; i < n; i++) {
    const row = cellOf((load<f32>(ys + (<usize>i << 2)) - originY) * perUnit, most);
    const at = rowStarts + (<usize>row << 2);
    const place = load<u32>(at);
    store<u32>(at, place + 1);
    store<u32>(order + (<usize>place << 2), i);
  }
  for (let row = rows; row > 0; row--) {
    const at = rowStarts + (<usize>row << 2);
    store<u32>(at, load<u32>(at - 4));
  }
  store<u32>(rowStarts, 0);
}

/**
 * Spreads the points over the nodes of eight rows at a time and transforms these: bands firstBand … lastBand-1 of 8 rows.
 * spectrum f32 (2, M/2, half): real, then imaginary parts. scratch: 2 * 32 * M bytes of this thread.
 */
export function gridRows(
  xs: usize, ys: usize, originX: f32, originY: f32, perUnit: f32, size: i32, half: i32,
  order: usize, rowStarts: usize, table: usize, spectrum: usize, scratch: usize, firstBand: i32, lastBand: i32,
): void {
  const rows = size >> 1, most = rows - 3;
  const other = scratch + (<usize>size << 5);
  const plane = <usize>rows * <usize>half << 2;
  const width = <usize>half << 2;
  const halves = f32x4.splat(0.5);
  for (let band = firstBand; band < lastBand; band++) {
    const first = band << 3;
    memory.fill(scratch, 0, <usize>size << 5);
    const begin = load<u32>(rowStarts + (<usize>max(0, first - 2) << 2));
    const end = load<u32>(rowStarts + (<usize>min(rows, first + 9) << 2));
    for (let place = begin; place < end; place++) {
      const point = <usize>load<u32>(order + (<usize>place << 2)) << 2;
      const x = (load<f32>(xs + point) - originX) * perUnit, y = (load<f32>(ys + point) - originY) * perUnit;
      const column = cellOf(x, most), row = cellOf(y, most);
      const t = x - <f32>column, u = y - <f32>row;
      const a0 = w0(t), a1 = w1(t), a2 = w2(t), a3 = w3(t);
      const at = scratch + (<usize>(column - 1) << 5);
      spread(at, row - 1 - first, w0(u), a0, a1, a2, a3);
      spread(at, row - first, w1(u), a0, a1, a2, a3);
      spread(at, row + 1 - first, w2(u), a0, a1, a2, a3);
      spread(at, row + 2 - first, w3(u), a0, a1, a2, a3);
    }
    // Even rows are the real, odd rows the imaginary parts of four lines: with Z their transform,
    // even = (Z(k) + Z*(M - k)) / 2 and odd = (Z(k) - Z*(M - k)) / 2i.
    const found = transform(scratch, other, size, table, 0);
    const to = spectrum + <usize>first * width;
    for (let k = 0; k <= size >> 1; k++) {
      const here = found + (<usize>k << 5), there = found + (<usize>((size - k) % size) << 5);
      const zr = v128.load(here), zi = v128.load(here, 16), yr = v128.load(there), yi = v128.load(there, 16);
      const evenR = f32x4.mul(halves, f32x4.add(zr, yr)), evenI = f32x4.mul(halves, f32x4.sub(zi, yi));
      const oddR = f32x4.mul(halves, f32x4.add(zi, yi)), oddI = f32x4.mul(halves, f32x4.sub(yr, zr));
      const out = to + (<usize>k << 2);
      v128.store_lane<f32>(out, evenR, 0);
      v128.store_lane<f32>(out + width, oddR, 0);
      v128.store_lane<f32>(out + 2 * width, evenR, 1);
      v128.store_lane<f32>(out + 3 * width, oddR, 1);
      v128.store_lane<f32>(out + 4 * width, evenR, 2);
      v128.store_lane<f32>(out + 5 * width, oddR, 2);
      v128.store_lane<f32>(out + 6 * width, evenR, 3);
      v128.store_lane<f32>(out + 7 * width, oddR, 3);
      const outI = out + plane;
      v128.store_lane<f32>(outI, evenI, 0);
      v128.store_lane<f32>(outI + width, oddI, 0);
      v128.store_lane<f32>(outI + 2 * width, evenI, 1);
      v128.store_lane<f32>(outI + 3 * width, oddI, 1);
      v128.store_lane<f32>(outI + 4 * width, evenI, 2);
      v128.store_lane<f32>(outI + 5 * width, oddI, 2);
      v128.store_lane<f32>(outI + 6 * width, evenI, 3);
      v128.store_lane<f32>(outI + 7 * width, oddI, 3);
    }
  }
}

/** Adds one row of a point's weights, where the row is one of the band's eight: even rows lie in the first 16 bytes, odd ones behind. */
// @ts-ignore: decorator
@inline
function spread(at: usize, row: i32, weight: f32, a0: f32, a1: f32, a2: f32, a3: f32): void {
  if (<u32>row > 7) return;
  const to = at + (<usize>(row >> 1) << 2) + (<usize>(row & 1) << 4);
  store<f32>(to, load<f32>(to) + weight * a0);
  store<f32>(to, load<f32>(to, 32) + weight * a1, 32);
  store<f32>(to, load<f32>(to, 64) + weight * a2, 64);
  store<f32>(to, load<f32>(to, 96) + weight * a3, 96);
}

/**
 * Columns of the spectrum, four at a time: transformed, multiplied by those of the kernels, transformed back.
 * Groups firstGroup … lastGroup-1 of 4 columns.
 * kernels f32 (half / 4, M, 3, 4): per group and row the transforms of q, of x q^2 and of y q^2, the last two imaginary, all divided by M^2.
 * fields f32 (2, 2, M/2, half): the row spectra of both forces, real and imaginary. sums f64 (half / 4): each group's share of the sum of q.
 */
export function gridColumns(
  size: i32, half: i32, table: usize, spectrum: usize, kernels: usize, fields: usize, sums: usize, scratch: usize,
  firstGroup: i32, lastGroup: i32,
): void {
  const rows = size >> 1;
  const width = <usize>half << 2;
  const plane = <usize>rows * width;
  const length = <usize>size << 5;
  const one = scratch, two = scratch + length, kept = two + length;
  for (let group = firstGroup; group < lastGroup; group++) {
    const columns = spectrum + (<usize>group << 4);
    for (let row: usize = 0; row < <usize>rows; row++) {
      v128.store(one + (row << 5), v128.load(columns + row * width));
      v128.store(one + (row << 5), v128.load(columns + plane + row * width), 16);
    }
    memory.fill(one + (<usize>rows << 5), 0, length >> 1);
    const density = transform(one, two, size, table, 0);
    const kernel = kernels + <usize>group * <usize>size * 48;
    // Columns 0 and M/2 are their own mirrors; the others stand for two; what fills the last group for none.
    const column = group << 2;
    const share = f32x4(mirrors(column, rows), mirrors(column + 1, rows), mirrors(column + 2, rows), mirrors(column + 3, rows));
    let sum: f64 = 0;
    let at = kernel;
    for (let row: usize = 0; row < <usize>size; row++) {
      const r = v128.load(density + (row << 5)), i = v128.load(density + (row << 5), 16);
      const power = f32x4.mul(share, f32x4.mul(v128.load(at), f32x4.add(f32x4.mul(r, r), f32x4.mul(i, i))));
      sum += <f64>f32x4.extract_lane(power, 0) + <f64>f32x4.extract_lane(power, 1)
        + <f64>f32x4.extract_lane(power, 2) + <f64>f32x4.extract_lane(power, 3);
      const x = v128.load(at, 16);
      v128.store(kept + (row << 5), f32x4.neg(f32x4.mul(i, x)));
      v128.store(kept + (row << 5), f32x4.mul(r, x), 16);
      at += 48;
    }
    store<f64>(sums + (<usize>group << 3), sum);
    const free = density == one ? two : one;
    back(kept, free, size, rows, table, fields + (<usize>group << 4), width, plane);
    at = kernel;
    for (let row: usize = 0; row < <usize>size; row++) {
      const r = v128.load(density + (row << 5)), i = v128.load(density + (row << 5), 16);
      const y = v128.load(at, 32);
      v128.store(kept + (row << 5), f32x4.neg(f32x4.mul(i, y)));
      v128.store(kept + (row << 5), f32x4.mul(r, y), 16);
      at += 48;
    }
    back(kept, free, size, rows, table, fields + 2 * plane + (<usize>group << 4), width, plane);
  }
}

function mirrors(column: i32, rows: i32): f32 {
  return column == 0 || column == rows ? 1 : column < rows ? 2 : 0;
}

/** Transforms four columns back and keeps the first half of the rows. */
function back(
  from: usize, free: usize, size: i32, rows: i32, table: usize, to: usize, width: usize, plane: usize,
): void {
  const found = transform(from, free, size, table, 16);
  for (let row: usize = 0; row < <usize>rows; row++) {
    v128.store(to + row * width, v128.load(found + (row << 5)));
    v128.store(to + plane + row * width, v128.load(found + (row << 5), 16));
  }
}

/**
 * Rows of both spectra, four at a time, transformed back: the forces at the nodes. Groups firstGroup … lastGroup-1 of 4 rows.
 * nodes f32 (2, M/2, M/2).
 */
export function gridFields(
  size: i32, half: i32, table: usize, fields: usize, nodes: usize, scratch: usize, firstGroup: i32, lastGroup: i32,
): void {
  const rows = <usize>size >> 1;
  const width = <usize>half << 2;
  const plane = rows * width;
  const other = scratch + (<usize>size << 5);
  for (let group = firstGroup; group < lastGroup; group++) {
    const row = fields + (<usize>group << 2) * width;
    // With X and Y the spectra of two real rows, X + i Y is that of x + i y; behind the middle X and Y are mirrored and conjugate.
    for (let k: usize = 0; k <= rows; k++) {
      const at = row + (k << 2);
      const xr = lines(at, width), xi = lines(at + plane, width);
      const yr = lines(at + 2 * plane, width), yi = lines(at + 3 * plane, width);
      const here = scratch + (k << 5);
      v128.store(here, f32x4.sub(xr, yi));
      v128.store(here, f32x4.add(xi, yr), 16);
      if (k == 0 || k == rows) continue;
      const there = scratch + ((<usize>size - k) << 5);
      v128.store(there, f32x4.add(xr, yi));
      v128.store(there, f32x4.sub(yr, xi), 16);
    }
    const found = transform(scratch, other, size, table, 16);
    const out = nodes + (<usize>group << 2) * rows * 4;
    const second = rows * rows << 2;
    for (let column: usize = 0; column < rows; column++) {
      const x = v128.load(found + (column << 5)), y = v128.load(found + (column << 5), 16);
      const to = out + (column << 2);
      v128.store_lane<f32>(to, x, 0);
      v128.store_lane<f32>(to + (rows << 2), x, 1);
      v128.store_lane<f32>(to + (rows << 3), x, 2);
      v128.store_lane<f32>(to + (rows * 12), x, 3);
      v128.store_lane<f32>(to + second, y, 0);
      v128.store_lane<f32>(to + second + (rows << 2), y, 1);
      v128.store_lane<f32>(to + second + (rows << 3), y, 2);
      v128.store_lane<f32>(to + second + (rows * 12), y, 3);
    }
  }
}

/** One number of each of four rows. */
// @ts-ignore: decorator
@inline
function lines(at: usize, width: usize): v128 {
  let v = v128.load_splat<f32>(at);
  v = v128.load_lane<f32>(at + width, v, 1);
  v = v128.load_lane<f32>(at + 2 * width, v, 2);
  return v128.load_lane<f32>(at + 3 * width, v, 3);
}

/** The forces at the points first … last-1, from those at the nodes around. xs, ys, forcesX, forcesY f32 (n). */
export function gridForces(
  xs: usize, ys: usize, originX: f32, originY: f32, perUnit: f32, size: i32, nodes: usize, forcesX: usize, forcesY: usize,
  first: i32, last: i32,
): void {
  const rows = size >> 1, most = rows - 3;
  const line = <usize>rows << 2;
  const second = line * <usize>rows;
  for (let i = first; i < last; i++) {
    const point = <usize>i << 2;
    const x = (load<f32>(xs + point) - originX) * perUnit, y = (load<f32>(ys + point) - originY) * perUnit;
    const column = cellOf(x, most), row = cellOf(y, most);
    const t = x - <f32>column, u = y - <f32>row;
    const along = f32x4(w0(t), w1(t), w2(t), w3(t));
    const v0 = f32x4.splat(w0(u)), v1 = f32x4.splat(w1(u)), v2 = f32x4.splat(w2(u)), v3 = f32x4.splat(w3(u));
    const at = nodes + ((<usize>(row - 1) * <usize>rows + <usize>(column - 1)) << 2);
    store<f32>(forcesX + point, total(along, at, line, v0, v1, v2, v3));
    store<f32>(forcesY + point, total(along, at + second, line, v0, v1, v2, v3));
  }
}

// @ts-ignore: decorator
@inline
function total(along: v128, at: usize, line: usize, v0: v128, v1: v128, v2: v128, v3: v128): f32 {
  const sum = f32x4.mul(
    along,
    f32x4.add(
      f32x4.add(f32x4.mul(v0, v128.load(at)), f32x4.mul(v1, v128.load(at + line))),
      f32x4.add(f32x4.mul(v2, v128.load(at + 2 * line)), f32x4.mul(v3, v128.load(at + 3 * line))),
    ),
  );
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3));
}
