// Nearest neighbours by tiles of a matrix product. Reference: ../../knn.ts.
//
// A matrix of n rows and d columns is *packed*: rows in panels of 8, inside a panel column by column, so that the
// 8 values of one column lie together: packed[(row >> 3) * 8 * d + column * 8 + (row & 7)]. The last panel is filled with zeros.
// One tile is 4 queries (half a panel) against 8 references (a panel): 8 accumulators of 4 lanes stay in registers,
// and every loaded value is used 4 or 8 times.
//
// score(query, reference) = norm[reference] + scale * <query, reference>: smaller is nearer.
//   Euclidean: norm = |reference|^2, scale = -2 (the square of the query's own length is the same for all);
//   cosine of unit rows and inner product: norm = 0, scale = -1.

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
  tiles(false, queries, references, norms, scale, 0, 0, d, firstHalf, lastHalf, firstPanel, lastPanel, 0, out, 0, 0);
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
    true, queries, references, norms, scale, n, queryCount, d, firstHalf, lastHalf, firstPanel, lastPanel, k, scores, ids, excludeSelf,
  );
}

/** Tile by tile, the scores: the best of them kept, as `search` says, or all put out, as `scores` says. Which is known where this is inlined. */
// @ts-ignore: decorator
@inline
function tiles(
  keepBest: bool, queries: usize, references: usize, norms: usize, scale: f32, n: i32, queryCount: i32, d: i32,
  firstHalf: i32, lastHalf: i32, firstPanel: i32, lastPanel: i32, k: i32, scores: usize, ids: usize, excludeSelf: i32,
): void {
  const scales = f32x4.splat(scale);
  const panelBytes = <usize>d << 5;
  const rowBytes = <usize>(lastPanel - firstPanel) << 5;
  for (let half = firstHalf; half < lastHalf; half++) {
    const queryAt = queries + <usize>(half >> 1) * panelBytes + (<usize>(half & 1) << 4);
    const query = half << 2;
    let worst0: f32 = 0, worst1: f32 = 0, worst2: f32 = 0, worst3: f32 = 0;
    if (keepBest) {
      // Past the last query the threshold is -infinity: nothing is kept.
      worst0 = threshold(scores, query, k, queryCount);
      worst1 = threshold(scores, query + 1, k, queryCount);
      worst2 = threshold(scores, query + 2, k, queryCount);
      worst3 = threshold(scores, query + 3, k, queryCount);
    }
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
      const reference = panel << 3;
      const normsLeft = v128.load(norms + (<usize>reference << 2));
      const normsRight = v128.load(norms + (<usize>reference << 2), 16);
      const left0 = f32x4.add(normsLeft, f32x4.mul(scales, a0)), right0 = f32x4.add(normsRight, f32x4.mul(scales, b0));
      const left1 = f32x4.add(normsLeft, f32x4.mul(scales, a1)), right1 = f32x4.add(normsRight, f32x4.mul(scales, b1));
      const left2 = f32x4.add(normsLeft, f32x4.mul(scales, a2)), right2 = f32x4.add(normsRight, f32x4.mul(scales, b2));
      const left3 = f32x4.add(normsLeft, f32x4.mul(scales, a3)), right3 = f32x4.add(normsRight, f32x4.mul(scales, b3));
      if (keepBest) {
        const t0 = f32x4.splat(worst0), t1 = f32x4.splat(worst1), t2 = f32x4.splat(worst2), t3 = f32x4.splat(worst3);
        if (better(left0, right0, t0)) worst0 = keep(left0, right0, reference, n, query, k, scores, ids, excludeSelf);
        if (better(left1, right1, t1)) worst1 = keep(left1, right1, reference, n, query + 1, k, scores, ids, excludeSelf);
        if (better(left2, right2, t2)) worst2 = keep(left2, right2, reference, n, query + 2, k, scores, ids, excludeSelf);
        if (better(left3, right3, t3)) worst3 = keep(left3, right3, reference, n, query + 3, k, scores, ids, excludeSelf);
      } else {
        const to = scores + <usize>((half - firstHalf) << 2) * rowBytes + (<usize>(panel - firstPanel) << 5);
        put(to, left0, right0);
        put(to + rowBytes, left1, right1);
        put(to + 2 * rowBytes, left2, right2);
        put(to + 3 * rowBytes, left3, right3);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function put(to: usize, left: v128, right: v128): void {
  v128.store(to, left);
  v128.store(to, right, 16);
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
  const names = ids + (<usize>row * <usize>k << 2);
  let place = k - 1;
  // What fills up a tile is at Infinity as a column, and has the threshold -Infinity as a row.
  if (!(score < Infinity) || id == row || !isBefore(score, id, list, names, place)) return;
  if (load<f32>(worsts + (<usize>row << 2)) == -Infinity) return;
  while (place > 0 && isBefore(score, id, list, names, place - 1)) {
    store<f32>(list + (<usize>place << 2), load<f32>(list + (<usize>(place - 1) << 2)));
    store<u32>(names + (<usize>place << 2), load<u32>(names + (<usize>(place - 1) << 2)));
    place--;
  }
  store<f32>(list + (<usize>place << 2), score);
  store<u32>(names + (<usize>place << 2), id);
  store<f32>(worsts + (<usize>row << 2), load<f32>(list + (<usize>(k - 1) << 2)));
}

// @ts-ignore: decorator
@inline
function isBefore(score: f32, id: i32, list: usize, names: usize, place: i32): bool {
  const other = load<f32>(list + (<usize>place << 2));
  return score < other || (score == other && <u32>id < load<u32>(names + (<usize>place << 2)));
}

// @ts-ignore: decorator
@inline
function threshold(scores: usize, query: i32, k: i32, queryCount: i32): f32 {
  return query < queryCount ? load<f32>(scores + (<usize>(query * k + k - 1) << 2)) : -Infinity;
}

// @ts-ignore: decorator
@inline
function better(left: v128, right: v128, worst: v128): bool {
  return v128.any_true(v128.or(f32x4.lt(left, worst), f32x4.lt(right, worst)));
}

/** Merges 8 scores into the list of one query. @returns the worst score of the list */
function keep(
  left: v128, right: v128, reference: i32, n: i32, query: i32, k: i32, scores: usize, ids: usize, excludeSelf: i32,
): f32 {
  const list = scores + (<usize>(query * k) << 2);
  const names = ids + (<usize>(query * k) << 2);
  insert(f32x4.extract_lane(left, 0), reference, n, query, k, list, names, excludeSelf);
  insert(f32x4.extract_lane(left, 1), reference + 1, n, query, k, list, names, excludeSelf);
  insert(f32x4.extract_lane(left, 2), reference + 2, n, query, k, list, names, excludeSelf);
  insert(f32x4.extract_lane(left, 3), reference + 3, n, query, k, list, names, excludeSelf);
  insert(f32x4.extract_lane(right, 0), reference + 4, n, query, k, list, names, excludeSelf);
  insert(f32x4.extract_lane(right, 1), reference + 5, n, query, k, list, names, excludeSelf);
  insert(f32x4.extract_lane(right, 2), reference + 6, n, query, k, list, names, excludeSelf);
  insert(f32x4.extract_lane(right, 3), reference + 7, n, query, k, list, names, excludeSelf);
  return load<f32>(list + (<usize>(k - 1) << 2));
}

function insert(score: f32, id: i32, n: i32, query: i32, k: i32, list: usize, names: usize, excludeSelf: i32): void {
  let place = k - 1;
  if (!(score < load<f32>(list + (<usize>place << 2))) || id >= n || (excludeSelf && id == query)) return;
  while (place > 0 && score < load<f32>(list + (<usize>(place - 1) << 2))) {
    store<f32>(list + (<usize>place << 2), load<f32>(list + (<usize>(place - 1) << 2)));
    store<u32>(names + (<usize>place << 2), load<u32>(names + (<usize>(place - 1) << 2)));
    place--;
  }
  store<f32>(list + (<usize>place << 2), score);
  store<u32>(names + (<usize>place << 2), <u32>id);
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
      const sum = metric == 0
        ? Math.sqrt(squaredDifference(x, y, bytes))
        : metric == 1 ? Math.max(0, 1 - innerProduct(x, y, bytes)) : -innerProduct(x, y, bytes);
      const distance = <f32>sum;
      let place = k - 1;
      const worst = load<f32>(list + (<usize>place << 2));
      if (distance > worst || (distance == worst && id >= load<u32>(names + (<usize>place << 2)))) continue;
      while (place > 0) {
        const before = load<f32>(list + (<usize>(place - 1) << 2));
        const name = load<u32>(names + (<usize>(place - 1) << 2));
        if (before < distance || (before == distance && name < id)) break;
        store<f32>(list + (<usize>place << 2), before);
        store<u32>(names + (<usize>place << 2), name);
        place--;
      }
      store<f32>(list + (<usize>place << 2), distance);
      store<u32>(names + (<usize>place << 2), id);
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
