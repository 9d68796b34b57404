// Nearest neighbours by tiles of a matrix product. Reference: ../../knn.ts.
//
// A matrix of n rows and d columns is *packed*: rows in panels of 8, inside a panel column by column, so that the
// 8 values of one column lie together: packed[(row >> 3) * 8 * d + column * 8 + (row & 7)]. The last panel is filled with zeros.
// Products are made of it tile by tile (tiles.ts).
//
// score(query, reference) = norm[reference] + scale * <query, reference>: smaller is nearer.
//   Euclidean: norm = |reference|^2, scale = -2 (the square of the query's own length is the same for all);
//   cosine of unit rows and inner product: norm = 0, scale = -1.
import { insert, isBefore } from './lists';
import { KEEP_BEST, PUT_OUT, tiles } from './tiles';

/** Rows first … last-1 of a row-major matrix into panels. `first` is a multiple of 8. */
export function pack(rows: usize, packed: usize, n: i32, d: i32, first: i32, last: i32): void {
  for (let panel = first >> 3; panel < (last + 7) >> 3; panel++) {
    const to = packed + (<usize>panel * 8 * <usize>d << 2);
    for (let lane = 0; lane < 8; lane++) {
      const row = (panel << 3) + lane;
      if (row >= n) {
        for (let c = 0; c < d; c++) store<f32>(to + (<usize>(c * 8 + lane) << 2), 0);
      } else {
        const from = rows + (<usize>row * <usize>d << 2);
        for (let c = 0; c < d; c++) store<f32>(to + (<usize>(c * 8 + lane) << 2), load<f32>(from + (<usize>c << 2)));
      }
    }
  }
}

/** norms[row] = |row|^2 of packed rows first … last-1, summed in f64. */
export function squaredNorms(packed: usize, norms: usize, d: i32, first: i32, last: i32): void {
  for (let row = first; row < last; row++) {
    const at = packed + ((<usize>(row >> 3) * 8 * <usize>d + <usize>(row & 7)) << 2);
    let sum: f64 = 0;
    for (let c = 0; c < d; c++) {
      const value = <f64>load<f32>(at + (<usize>c << 5));
      sum += value * value;
    }
    store<f32>(norms + (<usize>row << 2), <f32>sum);
  }
}

/**
 * All scores of queries firstHalf … lastHalf-1 (half panels of 4) against the references of panels firstPanel … lastPanel-1:
 * out f32 (4 * halves, 8 * panels), row by row.
 */
export function scores(
  queries: usize, references: usize, norms: usize, scale: f32, d: i32,
  firstHalf: i32, lastHalf: i32, firstPanel: i32, lastPanel: i32, out: usize,
): void {
  tiles(PUT_OUT, queries, references, norms, scale, 0, 0, d, firstHalf, lastHalf, firstPanel, lastPanel, 0, out, 0, 0, 0, 0);
}

/**
 * The k best references among panels firstPanel … lastPanel-1 for the queries of half panels firstHalf … lastHalf-1,
 * merged into the lists that are there. scores: f32 (queries, k), ascending; ids: u32 (queries, k).
 * With equal scores the smaller id stands first. References from n on are filling and left out.
 * excludeSelf: a query is not its own neighbour (queries and references are then the same matrix).
 */
export function search(
  queries: usize, references: usize, norms: usize, scale: f32, n: i32, queryCount: i32, d: i32,
  firstHalf: i32, lastHalf: i32, firstPanel: i32, lastPanel: i32,
  k: i32, scores: usize, ids: usize, excludeSelf: i32,
): void {
  tiles(
    KEEP_BEST, queries, references, norms, scale, n, queryCount, d, firstHalf, lastHalf, firstPanel, lastPanel, k, scores, ids, excludeSelf, 0, 0,
  );
}

/**
 * The best of a tile of inner products f32 (rows, columns), row by row, that a library has multiplied: those of rows firstRow … with rows
 * firstColumn … of the same matrix, merged into the lists of the rows that are there, as `search` has them; with bothWays also into those of the columns.
 * norms f32: Infinity from n on. worsts f32: the last score of each list, -Infinity from n on. Of equal scores the smaller id stands first,
 * whatever the order of the tiles. rows and columns are multiples of 4.
 */
export function selectPairs(
  products: usize, rows: i32, columns: i32, firstRow: i32, firstColumn: i32, norms: usize, scale: f32,
  k: i32, scores: usize, ids: usize, worsts: usize, bothWays: i32,
): void {
  const scales = f32x4.splat(scale);
  const columnNorms = norms + (<usize>firstColumn << 2), columnWorsts = worsts + (<usize>firstColumn << 2);
  const bytes = <usize>columns << 2;
  for (let r = 0; r < rows; r++) {
    const row = firstRow + r;
    const own = worsts + (<usize>row << 2);
    const from = products + <usize>r * bytes;
    const norm = v128.load_splat<f32>(norms + (<usize>row << 2));
    let worst = v128.load_splat<f32>(own);
    for (let at: usize = 0; at < bytes; at += 16) {
      const product = f32x4.mul(scales, v128.load(from + at));
      const score = f32x4.add(v128.load(columnNorms + at), product);
      if (v128.any_true(f32x4.le(score, worst))) {
        keepPairs(score, row, firstColumn + <i32>(at >> 2), k, scores, ids, worsts);
        worst = v128.load_splat<f32>(own);
      }
      if (!bothWays) continue;
      const back = f32x4.add(norm, product);
      if (v128.any_true(f32x4.le(back, v128.load(columnWorsts + at)))) {
        keepBack(back, row, firstColumn + <i32>(at >> 2), k, scores, ids, worsts);
      }
    }
  }
}

/** Merges the scores of four columns into the list of a row. */
function keepPairs(score: v128, row: i32, column: i32, k: i32, scores: usize, ids: usize, worsts: usize): void {
  insertPair(f32x4.extract_lane(score, 0), row, column, k, scores, ids, worsts);
  insertPair(f32x4.extract_lane(score, 1), row, column + 1, k, scores, ids, worsts);
  insertPair(f32x4.extract_lane(score, 2), row, column + 2, k, scores, ids, worsts);
  insertPair(f32x4.extract_lane(score, 3), row, column + 3, k, scores, ids, worsts);
}

/** Merges a row's scores into the lists of four columns. */
function keepBack(score: v128, row: i32, column: i32, k: i32, scores: usize, ids: usize, worsts: usize): void {
  insertPair(f32x4.extract_lane(score, 0), column, row, k, scores, ids, worsts);
  insertPair(f32x4.extract_lane(score, 1), column + 1, row, k, scores, ids, worsts);
  insertPair(f32x4.extract_lane(score, 2), column + 2, row, k, scores, ids, worsts);
  insertPair(f32x4.extract_lane(score, 3), column + 3, row, k, scores, ids, worsts);
}

function insertPair(score: f32, row: i32, id: i32, k: i32, scores: usize, ids: usize, worsts: usize): void {
  const list = scores + (<usize>row * <usize>k << 2);
  const end = list + (<usize>(k - 1) << 2), toIds = ids - scores;
  // What fills up a tile is at Infinity as a column, and has the threshold -Infinity as a row.
  if (!(score < Infinity) || id == row || !isBefore(score, id, load<f32>(end), load<u32>(end + toIds))) return;
  if (load<f32>(worsts + (<usize>row << 2)) == -Infinity) return;
  insert(list, end, toIds, score, id);
  store<f32>(worsts + (<usize>row << 2), load<f32>(end));
}

/**
 * Exact distances to the candidates of the rows at the places first … last-1 of order u32 (n) (0: as they lie), summed in f64, and the
 * best k of them in order. In an order in which rows lie near each other their candidates are still in the cache of the core.
 * rows f32 (n, d), row by row; candidates u32 (n, c), filled up with 0xffffffff; ids u32 (n, k), distances f32 (n, k).
 * metric 0 Euclidean: sqrt(sum (x - y)^2), free of the cancellation in the scores; 1 cosine of unit rows: 1 - <x, y>;
 * 2 inner product: -<x, y>.
 */
export function rerank(
  rows: usize, d: i32, order: usize, first: i32, last: i32, candidates: usize, c: i32, k: i32, ids: usize, distances: usize, metric: i32,
): void {
  const bytes = <usize>d << 2;
  for (let at = first; at < last; at++) {
    const query = order == 0 ? at : load<u32>(order + (<usize>at << 2));
    const x = rows + <usize>query * bytes;
    const list = distances + (<usize>query * <usize>k << 2);
    const names = ids + (<usize>query * <usize>k << 2);
    for (let place = 0; place < k; place++) {
      store<f32>(list + (<usize>place << 2), Infinity);
      store<u32>(names + (<usize>place << 2), 0xffffffff);
    }
    for (let candidate = 0; candidate < c; candidate++) {
      const id = load<u32>(candidates + ((<usize>query * <usize>c + <usize>candidate) << 2));
      if (id == 0xffffffff) continue;
      const y = rows + <usize>id * bytes;
      const distance = metric == 0
        ? Math.sqrt(squaredDifference(x, y, bytes))
        : metric == 1 ? Math.max(0, 1 - innerProduct(x, y, bytes)) : -innerProduct(x, y, bytes);
      const end = list + (<usize>(k - 1) << 2), toIds = ids - distances;
      if (isBefore(<f32>distance, id, load<f32>(end), load<u32>(end + toIds))) insert(list, end, toIds, <f32>distance, id);
    }
  }
}

function squaredDifference(x: usize, y: usize, bytes: usize): f64 {
  let low = f64x2.splat(0), high = f64x2.splat(0);
  const whole = bytes & ~15;
  for (let at: usize = 0; at < whole; at += 16) {
    const p = v128.load(x + at), q = v128.load(y + at);
    const a = f64x2.sub(f64x2.promote_low_f32x4(p), f64x2.promote_low_f32x4(q));
    const b = f64x2.sub(f64x2.promote_low_f32x4(upper(p)), f64x2.promote_low_f32x4(upper(q)));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  let sum = total(f64x2.add(low, high));
  for (let at = whole; at < bytes; at += 4) {
    const difference = <f64>load<f32>(x + at) - <f64>load<f32>(y + at);
    sum += difference * difference;
  }
  return sum;
}

function innerProduct(x: usize, y: usize, bytes: usize): f64 {
  let low = f64x2.splat(0), high = f64x2.splat(0);
  const whole = bytes & ~15;
  for (let at: usize = 0; at < whole; at += 16) {
    const p = v128.load(x + at), q = v128.load(y + at);
    low = f64x2.add(low, f64x2.mul(f64x2.promote_low_f32x4(p), f64x2.promote_low_f32x4(q)));
    high = f64x2.add(high, f64x2.mul(f64x2.promote_low_f32x4(upper(p)), f64x2.promote_low_f32x4(upper(q))));
  }
  let sum = total(f64x2.add(low, high));
  for (let at = whole; at < bytes; at += 4) sum += <f64>load<f32>(x + at) * <f64>load<f32>(y + at);
  return sum;
}

// @ts-ignore: decorator
@inline
function upper(v: v128): v128 {
  return i64x2.shuffle(v, v, 1, 1);
}

// @ts-ignore: decorator
@inline
function total(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}
