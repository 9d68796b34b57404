// Products of packed rows (knn.ts), tile by tile: four queries (half a panel) with eight references (a panel). Eight accumulators of four
// lanes stay in registers, and every loaded value is used four or eight times.
import { insert, insertOnce, isBefore } from './lists';

// What becomes of a tile: known where `tiles` is inlined, so that each use has a loop without a choice in it.
/** The best references of each query: `search` of knn.ts. */
export const KEEP_BEST = 0;
/** Every score: `scores` of knn.ts. */
export const PUT_OUT = 1;
/** The nearest of each row of a leaf, found from either row of a pair: `forestJoin` of forest.ts. */
export const JOIN = 2;

/**
 * Queries of the half panels firstHalf … lastHalf-1 with the references of panels firstPanel … lastPanel-1.
 * KEEP_BEST: score = norm[reference] + scale * product, into the lists scores, ids (queries, k). References from n on are filling, as
 * are queries from queryCount on. excludeSelf: queries and references are the same matrix, and none is its own neighbour.
 * PUT_OUT: the same score, into scores f32 (4 * halves, 8 * panels).
 * JOIN: queries and references are one matrix, whose rows are `names` u32 of all; norms: Infinity for filling. Squared distance,
 * norm + norm + scale * product, into the lists scores, ids (all, k) of both rows. worsts f32: the last score of the list of each of
 * the rows here, -Infinity for filling.
 */
// @ts-ignore: decorator
@inline
export function tiles(
  use: i32, queries: usize, references: usize, norms: usize, scale: f32, n: i32, queryCount: i32, d: i32,
  firstHalf: i32, lastHalf: i32, firstPanel: i32, lastPanel: i32, k: i32, scores: usize, ids: usize, excludeSelf: i32,
  worsts: usize, names: usize,
): void {
  const scales = f32x4.splat(scale);
  const panelBytes = <usize>d << 5;
  const rowBytes = <usize>(lastPanel - firstPanel) << 5;
  for (let half = firstHalf; half < lastHalf; half++) {
    const queryAt = queries + <usize>(half >> 1) * panelBytes + (<usize>(half & 1) << 4);
    const query = half << 2;
    let worst0: f32 = 0, worst1: f32 = 0, worst2: f32 = 0, worst3: f32 = 0;
    if (use == KEEP_BEST) {
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
      if (use == JOIN) {
        join(a0, b0, scales, query, reference, norms, worsts, names, k, scores, ids);
        join(a1, b1, scales, query + 1, reference, norms, worsts, names, k, scores, ids);
        join(a2, b2, scales, query + 2, reference, norms, worsts, names, k, scores, ids);
        join(a3, b3, scales, query + 3, reference, norms, worsts, names, k, scores, ids);
        continue;
      }
      const normsLeft = v128.load(norms + (<usize>reference << 2));
      const normsRight = v128.load(norms + (<usize>reference << 2), 16);
      const left0 = f32x4.add(normsLeft, f32x4.mul(scales, a0)), right0 = f32x4.add(normsRight, f32x4.mul(scales, b0));
      const left1 = f32x4.add(normsLeft, f32x4.mul(scales, a1)), right1 = f32x4.add(normsRight, f32x4.mul(scales, b1));
      const left2 = f32x4.add(normsLeft, f32x4.mul(scales, a2)), right2 = f32x4.add(normsRight, f32x4.mul(scales, b2));
      const left3 = f32x4.add(normsLeft, f32x4.mul(scales, a3)), right3 = f32x4.add(normsRight, f32x4.mul(scales, b3));
      if (use == KEEP_BEST) {
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

/** The worst score of a query's list; past the last query -Infinity, which nothing is below. */
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
  const toIds = ids - scores;
  keepOne(f32x4.extract_lane(left, 0), reference, n, query, k, list, toIds, excludeSelf);
  keepOne(f32x4.extract_lane(left, 1), reference + 1, n, query, k, list, toIds, excludeSelf);
  keepOne(f32x4.extract_lane(left, 2), reference + 2, n, query, k, list, toIds, excludeSelf);
  keepOne(f32x4.extract_lane(left, 3), reference + 3, n, query, k, list, toIds, excludeSelf);
  keepOne(f32x4.extract_lane(right, 0), reference + 4, n, query, k, list, toIds, excludeSelf);
  keepOne(f32x4.extract_lane(right, 1), reference + 5, n, query, k, list, toIds, excludeSelf);
  keepOne(f32x4.extract_lane(right, 2), reference + 6, n, query, k, list, toIds, excludeSelf);
  keepOne(f32x4.extract_lane(right, 3), reference + 7, n, query, k, list, toIds, excludeSelf);
  return load<f32>(list + (<usize>(k - 1) << 2));
}

function keepOne(score: f32, id: i32, n: i32, query: i32, k: i32, list: usize, toIds: usize, excludeSelf: i32): void {
  // References come in the order of their ids, so that an equal score is never before what is there.
  const end = list + (<usize>(k - 1) << 2);
  if (score < load<f32>(end) && id < n && !(excludeSelf && id == query)) insert(list, end, toIds, score, id);
}

/** Keeps what is near among one row and eight others of a leaf, all given by their places in it. */
// @ts-ignore: decorator
@inline
function join(
  left: v128, right: v128, scales: v128, query: i32, reference: i32, norms: usize, worsts: usize, names: usize,
  k: i32, scores: usize, ids: usize,
): void {
  const own = v128.load_splat<f32>(norms + (<usize>query << 2));
  const others = norms + (<usize>reference << 2), limits = worsts + (<usize>reference << 2);
  const near = f32x4.add(f32x4.add(own, v128.load(others)), f32x4.mul(scales, left));
  const far = f32x4.add(f32x4.add(own, v128.load(others, 16)), f32x4.mul(scales, right));
  const limit = v128.load_splat<f32>(worsts + (<usize>query << 2));
  const wanted = v128.or(
    f32x4.le(near, f32x4.pmax(limit, v128.load(limits))),
    f32x4.le(far, f32x4.pmax(limit, v128.load(limits, 16))),
  );
  if (v128.any_true(wanted)) joinAll(near, far, query, reference, worsts, names, k, scores, ids);
}

function joinAll(
  left: v128, right: v128, query: i32, reference: i32, worsts: usize, names: usize, k: i32, scores: usize, ids: usize,
): void {
  joinPair(f32x4.extract_lane(left, 0), query, reference, worsts, names, k, scores, ids);
  joinPair(f32x4.extract_lane(left, 1), query, reference + 1, worsts, names, k, scores, ids);
  joinPair(f32x4.extract_lane(left, 2), query, reference + 2, worsts, names, k, scores, ids);
  joinPair(f32x4.extract_lane(left, 3), query, reference + 3, worsts, names, k, scores, ids);
  joinPair(f32x4.extract_lane(right, 0), query, reference + 4, worsts, names, k, scores, ids);
  joinPair(f32x4.extract_lane(right, 1), query, reference + 5, worsts, names, k, scores, ids);
  joinPair(f32x4.extract_lane(right, 2), query, reference + 6, worsts, names, k, scores, ids);
  joinPair(f32x4.extract_lane(right, 3), query, reference + 7, worsts, names, k, scores, ids);
}

/** Merges the score of a pair into the lists of both rows, where it is near. */
function joinPair(
  score: f32, query: i32, place: i32, worsts: usize, names: usize, k: i32, scores: usize, ids: usize,
): void {
  if (place <= query || score == Infinity) return; // a pair is met once, and what only fills a panel never
  const limit = worsts + (<usize>query << 2), otherLimit = worsts + (<usize>place << 2);
  const isNear = score <= load<f32>(limit), isNearToo = score <= load<f32>(otherLimit);
  if (!isNear && !isNearToo) return;
  const row = load<u32>(names + (<usize>query << 2)), other = load<u32>(names + (<usize>place << 2));
  if (isNear) store<f32>(limit, joinOne(row, other, score, k, scores, ids));
  if (isNearToo) store<f32>(otherLimit, joinOne(other, row, score, k, scores, ids));
}

/** Merges a score into the list of a row. Another tree may have found the pair before. @returns the worst score of the list */
function joinOne(row: u32, id: u32, score: f32, k: i32, scores: usize, ids: usize): f32 {
  const list = scores + ((<usize>row * <usize>k) << 2);
  const end = list + (<usize>(k - 1) << 2), toIds = ids - scores;
  const worst = load<f32>(end);
  if (!isBefore(score, id, worst, load<u32>(end + toIds))) return worst;
  insertOnce(list, end, toIds, score, id);
  return load<f32>(end);
}
