// Products of a matrix with itself and with a narrow one, for principal components. References: ../../pca.ts.
import { sum } from './lanes';

/** Rows whose products are summed in f32 before they go into the f64 sums: 64 keeps the relative error near 1e-6. */
const ROWS = 64;

/**
 * sums += X'X for the rows firstRow … lastRow-1 of X less `center`, and the columns firstColumn … lastColumn-1 of the result, upper triangle by tiles of 4 x 8.
 * X f32 (n, d) row by row; center f32 (d); sums f64 (d, d); centered: scratch f32 (64, d rounded up to 8) of this thread.
 * firstColumn is a multiple of 4.
 */
export function gram(
  rows: usize, d: i32, center: usize, firstRow: i32, lastRow: i32, firstColumn: i32, lastColumn: i32, sums: usize, centered: usize,
): void {
  const width = (d + 7) & ~7;
  const step = <usize>width << 2;
  const zero = f32x4.splat(0);
  for (let row = firstRow; row < lastRow; row += ROWS) {
    const count = min(ROWS, lastRow - row);
    for (let r = 0; r < count; r++) {
      const from = rows + (<usize>(row + r) * <usize>d << 2);
      const to = centered + <usize>r * step;
      for (let c = firstColumn & ~7; c < d; c++) {
        store<f32>(to + (<usize>c << 2), load<f32>(from + (<usize>c << 2)) - load<f32>(center + (<usize>c << 2)));
      }
      for (let c = d; c < width; c++) store<f32>(to + (<usize>c << 2), 0);
    }
    const end = centered + <usize>count * step;
    for (let i = firstColumn; i < lastColumn; i += 4) {
      for (let j = i & ~7; j < d; j += 8) {
        const p = centered + (<usize>i << 2), q = centered + (<usize>j << 2);
        addOuterProducts(false, p, end + (<usize>i << 2), step, 0, 0, 0, zero, zero, zero, zero, q, step, sums, d, i, j, d);
      }
    }
  }
}

/**
 * sums f64 (·, columns) at rows i … i + 3, those before `last`, and columns j … j + 7: += the sum, in f32, of x y' over the lines from
 * `from` to before `stop`. x: four numbers that follow each other; where `isOffset`, known where this is inlined, those at 0, i1, i2 and i3
 * bytes, less m0 … m3. y: eight numbers of the line of `others`.
 */
// @ts-ignore: decorator
@inline
function addOuterProducts(
  isOffset: bool, from: usize, stop: usize, step: usize, i1: usize, i2: usize, i3: usize, m0: v128, m1: v128, m2: v128, m3: v128,
  others: usize, stepOfOthers: usize, sums: usize, columns: i32, i: i32, j: i32, last: i32,
): void {
  let p = from, q = others;
  let a0 = f32x4.splat(0), b0 = f32x4.splat(0), a1 = f32x4.splat(0), b1 = f32x4.splat(0);
  let a2 = f32x4.splat(0), b2 = f32x4.splat(0), a3 = f32x4.splat(0), b3 = f32x4.splat(0);
  while (p < stop) {
    const left = v128.load(q), right = v128.load(q, 16);
    const x0 = isOffset ? f32x4.sub(v128.load_splat<f32>(p), m0) : v128.load_splat<f32>(p);
    const x1 = isOffset ? f32x4.sub(v128.load_splat<f32>(p + i1), m1) : v128.load_splat<f32>(p, 4);
    a0 = f32x4.add(a0, f32x4.mul(x0, left));
    b0 = f32x4.add(b0, f32x4.mul(x0, right));
    a1 = f32x4.add(a1, f32x4.mul(x1, left));
    b1 = f32x4.add(b1, f32x4.mul(x1, right));
    const x2 = isOffset ? f32x4.sub(v128.load_splat<f32>(p + i2), m2) : v128.load_splat<f32>(p, 8);
    const x3 = isOffset ? f32x4.sub(v128.load_splat<f32>(p + i3), m3) : v128.load_splat<f32>(p, 12);
    a2 = f32x4.add(a2, f32x4.mul(x2, left));
    b2 = f32x4.add(b2, f32x4.mul(x2, right));
    a3 = f32x4.add(a3, f32x4.mul(x3, left));
    b3 = f32x4.add(b3, f32x4.mul(x3, right));
    p += step;
    q += stepOfOthers;
  }
  addTile(sums, columns, i, j, a0, b0);
  if (i + 1 < last) addTile(sums, columns, i + 1, j, a1, b1);
  if (i + 2 < last) addTile(sums, columns, i + 2, j, a2, b2);
  if (i + 3 < last) addTile(sums, columns, i + 3, j, a3, b3);
}

function addTile(sums: usize, d: i32, i: i32, j: i32, left: v128, right: v128): void {
  const at = sums + ((<usize>i * <usize>d + <usize>j) << 3);
  add(at, 0, f32x4.extract_lane(left, 0));
  if (j + 1 < d) add(at, 1, f32x4.extract_lane(left, 1));
  if (j + 2 < d) add(at, 2, f32x4.extract_lane(left, 2));
  if (j + 3 < d) add(at, 3, f32x4.extract_lane(left, 3));
  if (j + 4 < d) add(at, 4, f32x4.extract_lane(right, 0));
  if (j + 5 < d) add(at, 5, f32x4.extract_lane(right, 1));
  if (j + 6 < d) add(at, 6, f32x4.extract_lane(right, 2));
  if (j + 7 < d) add(at, 7, f32x4.extract_lane(right, 3));
}

// @ts-ignore: decorator
@inline
function add(at: usize, lane: usize, value: f32): void {
  store<f64>(at + (lane << 3), load<f64>(at + (lane << 3)) + <f64>value);
}

/**
 * out = (X - center) V' for rows firstRow … lastRow-1. X f32 (n, d); V packed as in knn.ts (c rows of d); out f32 (n, c).
 * offsets f32 (c rounded up to 8): <center, V's row>, so that X need not be centred first.
 */
export function project(
  rows: usize, d: i32, firstRow: i32, lastRow: i32, packed: usize, offsets: usize, c: i32, out: usize,
): void {
  for (let row = firstRow; row < lastRow; row++) {
    const from = rows + (<usize>row * <usize>d << 2);
    const end = from + (<usize>d << 2);
    for (let j = 0; j < c; j += 8) {
      let v = packed + (<usize>(j >> 3) * <usize>d << 5);
      let a = f32x4.splat(0), b = f32x4.splat(0);
      for (let x = from; x < end; x += 4) {
        const value = v128.load_splat<f32>(x);
        a = f32x4.add(a, f32x4.mul(value, v128.load(v)));
        b = f32x4.add(b, f32x4.mul(value, v128.load(v, 16)));
        v += 32;
      }
      a = f32x4.sub(a, v128.load(offsets + (<usize>j << 2)));
      b = f32x4.sub(b, v128.load(offsets + (<usize>j << 2), 16));
      const to = out + ((<usize>row * <usize>c + <usize>j) << 2);
      store<f32>(to, f32x4.extract_lane(a, 0));
      if (j + 1 < c) store<f32>(to, f32x4.extract_lane(a, 1), 4);
      if (j + 2 < c) store<f32>(to, f32x4.extract_lane(a, 2), 8);
      if (j + 3 < c) store<f32>(to, f32x4.extract_lane(a, 3), 12);
      if (j + 4 < c) store<f32>(to, f32x4.extract_lane(b, 0), 16);
      if (j + 5 < c) store<f32>(to, f32x4.extract_lane(b, 1), 20);
      if (j + 6 < c) store<f32>(to, f32x4.extract_lane(b, 2), 24);
      if (j + 7 < c) store<f32>(to, f32x4.extract_lane(b, 3), 28);
    }
  }
}

/**
 * out f32 (n): the squared lengths of what is left of rows firstRow … lastRow-1 of X less `center` beyond their coordinates f32 (n, c)
 * along orthonormal directions, times `share`. X f32 (n, d), d a multiple of 4 or not; center f32 (d).
 */
export function beyond(
  rows: usize, d: i32, center: usize, firstRow: i32, lastRow: i32, coordinates: usize, c: i32, share: f32, out: usize,
): void {
  for (let row = firstRow; row < lastRow; row++) {
    const squares = squaredLength(rows + (<usize>row * <usize>d << 2), center, d);
    const along = squaredLength(coordinates + (<usize>row * <usize>c << 2), 0, c);
    store<f32>(out + (<usize>row << 2), share * max<f32>(0, squares - along));
  }
}

/** center 0: none. */
// @ts-ignore: decorator
@inline
function squaredLength(x: usize, center: usize, d: i32): f32 {
  const bytes = <usize>d << 2, whole = bytes & ~15;
  let squares = f32x4.splat(0);
  for (let at: usize = 0; at < whole; at += 16) {
    let value = v128.load(x + at);
    if (center != 0) value = f32x4.sub(value, v128.load(center + at));
    squares = f32x4.add(squares, f32x4.mul(value, value));
  }
  let length = sum(squares);
  for (let at = whole; at < bytes; at += 4) {
    const value = load<f32>(x + at) - (center == 0 ? 0 : load<f32>(center + at));
    length += value * value;
  }
  return length;
}

/**
 * out[b, row] = <X's row, W's column b> in double precision, each summed from the first number to the last, for four columns and the
 * rows firstRow … lastRow-1. X f32 (n, d); W f64 (d, 4); out f64 (4, n).
 */
export function wideProducts(rows: usize, n: i32, d: i32, firstRow: i32, lastRow: i32, wide: usize, out: usize): void {
  const step = <usize>d << 2, next = <usize>n << 3;
  for (let row = firstRow; row < lastRow; row += 4) {
    // Behind the last row the last one again, whose products are not kept.
    const x0 = rows + <usize>row * step;
    const x1 = rows + <usize>min(row + 1, lastRow - 1) * step;
    const x2 = rows + <usize>min(row + 2, lastRow - 1) * step;
    const x3 = rows + <usize>min(row + 3, lastRow - 1) * step;
    let a0 = f64x2.splat(0), a1 = f64x2.splat(0), a2 = f64x2.splat(0), a3 = f64x2.splat(0);
    let b0 = f64x2.splat(0), b1 = f64x2.splat(0), b2 = f64x2.splat(0), b3 = f64x2.splat(0);
    let w = wide;
    for (let at: usize = 0; at < step; at += 4) {
      const u = v128.load(w), v = v128.load(w, 16);
      const y0 = f64x2.splat(<f64>load<f32>(x0 + at)), y1 = f64x2.splat(<f64>load<f32>(x1 + at));
      const y2 = f64x2.splat(<f64>load<f32>(x2 + at)), y3 = f64x2.splat(<f64>load<f32>(x3 + at));
      a0 = f64x2.add(a0, f64x2.mul(y0, u));
      b0 = f64x2.add(b0, f64x2.mul(y0, v));
      a1 = f64x2.add(a1, f64x2.mul(y1, u));
      b1 = f64x2.add(b1, f64x2.mul(y1, v));
      a2 = f64x2.add(a2, f64x2.mul(y2, u));
      b2 = f64x2.add(b2, f64x2.mul(y2, v));
      a3 = f64x2.add(a3, f64x2.mul(y3, u));
      b3 = f64x2.add(b3, f64x2.mul(y3, v));
      w += 32;
    }
    const to = out + (<usize>row << 3);
    keepWide(to, next, a0, b0);
    if (row + 1 < lastRow) keepWide(to + 8, next, a1, b1);
    if (row + 2 < lastRow) keepWide(to + 16, next, a2, b2);
    if (row + 3 < lastRow) keepWide(to + 24, next, a3, b3);
  }
}

// @ts-ignore: decorator
@inline
function keepWide(to: usize, next: usize, a: v128, b: v128): void {
  store<f64>(to, f64x2.extract_lane(a, 0));
  store<f64>(to + next, f64x2.extract_lane(a, 1));
  store<f64>(to + 2 * next, f64x2.extract_lane(b, 0));
  store<f64>(to + 3 * next, f64x2.extract_lane(b, 1));
}

/**
 * sums += (X - center)' P for the rows firstRow … lastRow-1 and the columns firstColumn … lastColumn-1 of X.
 * X f32 (n, d); center f32 (d); P f32 (n, c), read in vectors: eight more numbers may be read past its end; sums f64 (d, c).
 */
export function crossProducts(
  rows: usize, d: i32, center: usize, firstRow: i32, lastRow: i32, firstColumn: i32, lastColumn: i32,
  projected: usize, c: i32, sums: usize,
): void {
  const step = <usize>d << 2, stepOfP = <usize>c << 2;
  for (let row = firstRow; row < lastRow; row += ROWS) {
    const end = rows + <usize>min(lastRow, row + ROWS) * step;
    for (let i = firstColumn; i < lastColumn; i += 4) {
      // Columns past the end are the last one again, and are not added.
      const i1 = <usize>(min(i + 1, d - 1) - i) << 2, i2 = <usize>(min(i + 2, d - 1) - i) << 2, i3 = <usize>(min(i + 3, d - 1) - i) << 2;
      const at = <usize>i << 2;
      const m0 = v128.load_splat<f32>(center + at), m1 = v128.load_splat<f32>(center + at + i1);
      const m2 = v128.load_splat<f32>(center + at + i2), m3 = v128.load_splat<f32>(center + at + i3);
      for (let j = 0; j < c; j += 8) {
        const p = rows + <usize>row * step + at, q = projected + <usize>row * stepOfP + (<usize>j << 2);
        addOuterProducts(true, p, end + at, step, i1, i2, i3, m0, m1, m2, m3, q, stepOfP, sums, c, i, j, lastColumn);
      }
    }
  }
}
