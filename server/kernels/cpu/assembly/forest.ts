// Candidates for nearest neighbours from a forest of random projection trees, and by looking at neighbours' neighbours.
// Reference and derivation: ../../nnDescent.ts.
//
// rows f32 (n, width): row by row, width a multiple of 4, filled up with zeros. norms f32 (n): squared lengths.
// scores f32 (n, k), ascending, filled up with infinity; ids u32 (n, k), 0xffffffff there. Score: the squared distance.
// Where rows lie only along some directions, `rests` f32 (n) says what is to be added to it of either row for what lies beyond, and norms contain it.
// Equal scores stand in the order of ids, so that a list does not depend on the order in which it was filled.
import { sum } from './lanes';

// @ts-ignore: decorator
@inline
function hash(u: u32): u32 {
  // PCG-RXS-M-XS, 32 bits (O'Neill 2014).
  const state = u * 747796405 + 2891336453;
  const word = ((state >> ((state >> 28) + 4)) ^ state) * 277803737;
  return (word >> 22) ^ word;
}

/** Where part `part` of `parts` of n begins. */
// @ts-ignore: decorator
@inline
function border(n: i32, part: i32, parts: i32): i32 {
  return <i32>((<u64>n * <u64>part) / <u64>parts);
}

/**
 * Cuts each of the `parts` runs of a tree in two halves, by the projection on the difference of two of its rows.
 * order u32 (n): the rows in the order of the tree. keys: scratch f32 (n).
 */
export function forestLevel(rows: usize, width: i32, n: i32, order: usize, keys: usize, parts: i32, seed: i32): void {
  const step = <usize>width << 2;
  for (let part = 0; part < parts; part++) {
    const first = border(n, part, parts), last = border(n, part + 1, parts);
    const middle = border(n, 2 * part + 1, 2 * parts);
    const count = <u32>(last - first);
    if (count < 2) continue;
    const key = hash(<u32>seed ^ hash(<u32>parts + <u32>part));
    const one = hash(key) % count;
    const other = (one + 1 + (hash(key + 1) % (count - 1))) % count;
    const a = rows + <usize>load<u32>(order + (<usize>(first + one) << 2)) * step;
    const b = rows + <usize>load<u32>(order + (<usize>(first + other) << 2)) * step;
    for (let place = first; place < last; place++) {
      const x = rows + <usize>load<u32>(order + (<usize>place << 2)) * step;
      let left = f32x4.splat(0);
      for (let at: usize = 0; at < step; at += 16) {
        left = f32x4.add(left, f32x4.mul(v128.load(x + at), f32x4.sub(v128.load(a + at), v128.load(b + at))));
      }
      store<f32>(keys + (<usize>place << 2), sum(left));
    }
    select(order, keys, first, last - 1, middle);
  }
}

// @ts-ignore: decorator
@inline
function before(key: f32, id: u32, otherKey: f32, otherId: u32): bool {
  return key < otherKey || (key == otherKey && id < otherId);
}

/** Hoare's selection: smaller keys stand before `middle` afterwards, others from there on. Of equal keys the smaller row comes first. */
function select(order: usize, keys: usize, from: i32, to: i32, middle: i32): void {
  let low = from, high = to;
  while (low < high) {
    const pivotAt = <usize>((low + high) >> 1) << 2;
    const pivot = load<f32>(keys + pivotAt);
    const pivotId = load<u32>(order + pivotAt);
    let i = low, j = high;
    while (i <= j) {
      while (before(load<f32>(keys + (<usize>i << 2)), load<u32>(order + (<usize>i << 2)), pivot, pivotId)) i++;
      while (before(pivot, pivotId, load<f32>(keys + (<usize>j << 2)), load<u32>(order + (<usize>j << 2)))) j--;
      if (i > j) break;
      const a = <usize>i << 2, b = <usize>j << 2;
      const key = load<f32>(keys + a), id = load<u32>(order + a);
      store<f32>(keys + a, load<f32>(keys + b));
      store<u32>(order + a, load<u32>(order + b));
      store<f32>(keys + b, key);
      store<u32>(order + b, id);
      i++;
      j--;
    }
    if (middle <= j) high = j;
    else if (middle >= i) low = i;
    else return;
  }
}

/**
 * Compares the rows of each leaf with each other, leaves firstLeaf … lastLeaf-1 of `leaves`, and keeps what is near in the lists of both.
 * scratch, of this thread: 4 * (m * width + 2 * m + 8) bytes, with m the rows of the largest leaf rounded up to 8.
 */
export function forestJoin(
  rows: usize, width: i32, n: i32, norms: usize, order: usize, leaves: i32, firstLeaf: i32, lastLeaf: i32,
  k: i32, scores: usize, ids: usize, scratch: usize,
): void {
  const step = <usize>width << 2;
  const panelBytes = <usize>width << 5;
  for (let leaf = firstLeaf; leaf < lastLeaf; leaf++) {
    const first = border(n, leaf, leaves), count = border(n, leaf + 1, leaves) - first;
    const panels = (count + 7) >> 3;
    const lengths = scratch, worst = lengths + (<usize>panels << 5), tile = worst + (<usize>panels << 5);
    const packed = tile + 32;
    const list = order + (<usize>first << 2);
    // In panels of 8 rows, as in knn.ts. What fills the last panel is infinitely far and wants no neighbours.
    for (let i = 0; i < panels << 3; i++) {
      const to = packed + <usize>(i >> 3) * panelBytes + (<usize>(i & 7) << 2);
      if (i >= count) {
        for (let c = 0; c < width; c++) store<f32>(to + (<usize>c << 5), 0);
        store<f32>(lengths + (<usize>i << 2), Infinity);
        store<f32>(worst + (<usize>i << 2), -Infinity);
        continue;
      }
      const row = <usize>load<u32>(list + (<usize>i << 2));
      const from = rows + row * step;
      for (let c = 0; c < width; c++) store<f32>(to + (<usize>c << 5), load<f32>(from + (<usize>c << 2)));
      store<f32>(lengths + (<usize>i << 2), load<f32>(norms + (row << 2)));
      store<f32>(worst + (<usize>i << 2), load<f32>(scores + ((row * <usize>k + <usize>(k - 1)) << 2)));
    }
    for (let panel = 0; panel < panels; panel++) {
      for (let half = 0; half < (panel + 1) << 1; half++) {
        let q = packed + <usize>(half >> 1) * panelBytes + (<usize>(half & 1) << 4);
        let r = packed + <usize>panel * panelBytes;
        const end = r + panelBytes;
        let a0 = f32x4.splat(0), b0 = f32x4.splat(0);
        let a1 = f32x4.splat(0), b1 = f32x4.splat(0);
        let a2 = f32x4.splat(0), b2 = f32x4.splat(0);
        let a3 = f32x4.splat(0), b3 = f32x4.splat(0);
        while (r < end) {
          const left = v128.load(r), right = v128.load(r, 16);
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
        const query = half << 2, reference = panel << 3;
        meet(a0, b0, query, reference, lengths, worst, tile, list, k, scores, ids);
        meet(a1, b1, query + 1, reference, lengths, worst, tile, list, k, scores, ids);
        meet(a2, b2, query + 2, reference, lengths, worst, tile, list, k, scores, ids);
        meet(a3, b3, query + 3, reference, lengths, worst, tile, list, k, scores, ids);
      }
    }
  }
}

/** Keeps what is near among one row and eight others of a leaf, all given by their places in it. */
// @ts-ignore: decorator
@inline
function meet(
  left: v128, right: v128, query: i32, reference: i32, lengths: usize, worst: usize, tile: usize, list: usize,
  k: i32, scores: usize, ids: usize,
): void {
  const own = v128.load_splat<f32>(lengths + (<usize>query << 2));
  const others = lengths + (<usize>reference << 2), limits = worst + (<usize>reference << 2);
  const minusTwo = f32x4.splat(-2);
  const near = f32x4.add(f32x4.add(own, v128.load(others)), f32x4.mul(minusTwo, left));
  const far = f32x4.add(f32x4.add(own, v128.load(others, 16)), f32x4.mul(minusTwo, right));
  const limit = v128.load_splat<f32>(worst + (<usize>query << 2));
  const wanted = v128.or(
    f32x4.le(near, f32x4.pmax(limit, v128.load(limits))),
    f32x4.le(far, f32x4.pmax(limit, v128.load(limits, 16))),
  );
  if (!v128.any_true(wanted)) return;
  v128.store(tile, near);
  v128.store(tile, far, 16);
  keepNear(query, reference, worst, tile, list, k, scores, ids);
}

function keepNear(query: i32, reference: i32, worst: usize, tile: usize, list: usize, k: i32, scores: usize, ids: usize): void {
  const row = load<u32>(list + (<usize>query << 2));
  for (let lane = 0; lane < 8; lane++) {
    const place = reference + lane;
    const score = load<f32>(tile + (<usize>lane << 2));
    if (place <= query || score == Infinity) continue; // a pair is met once, and what only fills a panel never
    const limit = worst + (<usize>query << 2), otherLimit = worst + (<usize>place << 2);
    const isNear = score <= load<f32>(limit), isNearToo = score <= load<f32>(otherLimit);
    if (!isNear && !isNearToo) continue;
    const other = load<u32>(list + (<usize>place << 2));
    if (isNear) store<f32>(limit, insert(scores, ids, row, k, score, other));
    if (isNearToo) store<f32>(otherLimit, insert(scores, ids, other, k, score, row));
  }
}

/** Puts an id into the list of a row, unless it is there: the score of a pair is always the same. @returns the worst score of the list */
function insert(scores: usize, ids: usize, row: u32, k: i32, score: f32, id: u32): f32 {
  const list = scores + ((<usize>row * <usize>k) << 2);
  const names = ids + ((<usize>row * <usize>k) << 2);
  const end = list + (<usize>(k - 1) << 2);
  const toNames = names - list;
  const worst = load<f32>(end);
  if (!before(score, id, worst, load<u32>(end + toNames))) return worst;
  let at = end;
  while (at > list && before(score, id, load<f32>(at - 4), load<u32>(at - 4 + toNames))) at -= 4;
  if (at > list && load<u32>(at - 4 + toNames) == id) return worst;
  shift(at, end, toNames);
  store<f32>(at, score);
  store<u32>(at + toNames, id);
  return load<f32>(end);
}

/** Moves what lies from `at` to before `end` one place on, and so the names: lists are short, and a call of memory.copy is not. */
// @ts-ignore: decorator
@inline
function shift(at: usize, end: usize, toNames: usize): void {
  for (let place = end; place > at; place -= 4) {
    store<f32>(place, load<f32>(place - 4));
    store<u32>(place + toNames, load<u32>(place - 4 + toNames));
  }
}

/** Set on an id that came into the list in the last round. */
const FRESH: u32 = 0x80000000;

/**
 * The rows at the places first … last-1 of order u32 (n) look at the neighbours of their neighbours: of the `sources` nearest and of the
 * rows of which they are such a neighbour (reverseStarts u32 (n + 1), reverse u32: fresh where the neighbourhood is), at the `sources`
 * nearest of each. Pairs of which neither half is fresh were looked at before.
 * scores, ids: as they are, ids fresh or not; newScores, newIds: the lists afterwards. seen u32 (n): scratch of this thread, 0 at
 * the start of a round. found u32: how many ids this piece has put into lists.
 */
export function descend(
  rows: usize, width: i32, k: i32, sources: i32, scores: usize, ids: usize, reverseStarts: usize, reverse: usize,
  newScores: usize, newIds: usize, seen: usize, found: usize, rests: usize, order: usize, first: i32, last: i32,
): void {
  const listBytes = <usize>k << 2;
  let count: u32 = 0;
  for (let at = first; at < last; at++) {
    const i = load<u32>(order + (<usize>at << 2));
    const list = newScores + <usize>i * listBytes, names = newIds + <usize>i * listBytes;
    const own = ids + <usize>i * listBytes;
    const stamp = i + 1;
    store<u32>(seen + (<usize>i << 2), stamp);
    memory.copy(list, scores + <usize>i * listBytes, listBytes);
    for (let place: usize = 0; place < listBytes; place += 4) {
      const id = load<u32>(own + place);
      store<u32>(names + place, id == 0xffffffff ? id : id & ~FRESH);
      if (id != 0xffffffff) store<u32>(seen + (<usize>(id & ~FRESH) << 2), stamp);
    }
    for (let place = 0; place < sources; place++) {
      const id = load<u32>(own + (<usize>place << 2));
      if (id == 0xffffffff) break;
      count += visit(rows, width, rests, k, sources, i, id, ids, list, names, seen, stamp);
    }
    const end = load<u32>(reverseStarts + (<usize>i << 2), 4);
    for (let entry = load<u32>(reverseStarts + (<usize>i << 2)); entry < end; entry++) {
      count += visit(rows, width, rests, k, sources, i, load<u32>(reverse + (<usize>entry << 2)), ids, list, names, seen, stamp);
    }
  }
  store<u32>(found, count);
}

function visit(
  rows: usize, width: i32, rests: usize, k: i32, sources: i32, i: u32, through: u32, ids: usize, list: usize, names: usize,
  seen: usize, stamp: u32,
): u32 {
  const step = <usize>width << 2;
  const x = rows + <usize>i * step;
  const rest = load<f32>(rests + (<usize>i << 2));
  const freshHalf = through & FRESH;
  const theirs = ids + ((<usize>(through & ~FRESH) * <usize>k) << 2);
  let count: u32 = 0;
  for (let place = 0; place < sources; place++) {
    const id = load<u32>(theirs + (<usize>place << 2));
    if (id == 0xffffffff) break;
    if (((id | freshHalf) & FRESH) == 0) continue;
    const j = id & ~FRESH;
    const mark = seen + (<usize>j << 2);
    if (load<u32>(mark) == stamp) continue;
    store<u32>(mark, stamp);
    const y = rows + <usize>j * step;
    let left = f32x4.splat(0);
    for (let at: usize = 0; at < step; at += 16) {
      const difference = f32x4.sub(v128.load(x + at), v128.load(y + at));
      left = f32x4.add(left, f32x4.mul(difference, difference));
    }
    const score = sum(left) + (rest + load<f32>(rests + (<usize>j << 2)));
    const end = list + (<usize>(k - 1) << 2);
    const toNames = names - list;
    if (!before(score, j, load<f32>(end), load<u32>(end + toNames) & ~FRESH)) continue;
    let to = end;
    while (to > list && before(score, j, load<f32>(to - 4), load<u32>(to - 4 + toNames) & ~FRESH)) to -= 4;
    shift(to, end, toNames);
    store<f32>(to, score);
    store<u32>(to + toNames, j | FRESH);
    count++;
  }
  return count;
}
