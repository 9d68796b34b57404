// Candidates for nearest neighbours from a forest of random projection trees, and by looking at neighbours' neighbours.
// Reference and derivation: ../../nnDescent.ts.
//
// rows f32 (n, width): row by row, width a multiple of 4, filled up with zeros. norms f32 (n): squared lengths.
// scores f32 (n, k), ascending, filled up with infinity; ids u32 (n, k), 0xffffffff there. Score: the squared distance.
// Where rows lie only along some directions, `rests` f32 (n) says what is to be added to it of either row for what lies beyond, and norms contain it.
// Equal scores stand in the order of ids, so that a list does not depend on the order in which it was filled.
import { hash } from './hash';
import { sum } from './lanes';
import { isBefore, shift } from './lists';
import { JOIN, tiles } from './tiles';

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

/** Hoare's selection: smaller keys stand before `middle` afterwards, others from there on. Of equal keys the smaller row comes first. */
function select(order: usize, keys: usize, from: i32, to: i32, middle: i32): void {
  let low = from, high = to;
  while (low < high) {
    const pivotAt = <usize>((low + high) >> 1) << 2;
    const pivot = load<f32>(keys + pivotAt);
    const pivotId = load<u32>(order + pivotAt);
    let i = low, j = high;
    while (i <= j) {
      while (isBefore(load<f32>(keys + (<usize>i << 2)), load<u32>(order + (<usize>i << 2)), pivot, pivotId)) i++;
      while (isBefore(pivot, pivotId, load<f32>(keys + (<usize>j << 2)), load<u32>(order + (<usize>j << 2)))) j--;
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
 * scratch, of this thread: 4 * (m * width + 2 * m) bytes, with m the rows of the largest leaf rounded up to 8.
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
    const lengths = scratch, worsts = lengths + (<usize>panels << 5), packed = worsts + (<usize>panels << 5);
    const list = order + (<usize>first << 2);
    // In panels of 8 rows, as in knn.ts. What fills the last panel is infinitely far and wants no neighbours.
    for (let i = 0; i < panels << 3; i++) {
      const to = packed + <usize>(i >> 3) * panelBytes + (<usize>(i & 7) << 2);
      if (i >= count) {
        for (let c = 0; c < width; c++) store<f32>(to + (<usize>c << 5), 0);
        store<f32>(lengths + (<usize>i << 2), Infinity);
        store<f32>(worsts + (<usize>i << 2), -Infinity);
        continue;
      }
      const row = <usize>load<u32>(list + (<usize>i << 2));
      const from = rows + row * step;
      for (let c = 0; c < width; c++) store<f32>(to + (<usize>c << 5), load<f32>(from + (<usize>c << 2)));
      store<f32>(lengths + (<usize>i << 2), load<f32>(norms + (row << 2)));
      store<f32>(worsts + (<usize>i << 2), load<f32>(scores + ((row * <usize>k + <usize>(k - 1)) << 2)));
    }
    // A panel with the halves up to its own: every pair once.
    for (let panel = 0; panel < panels; panel++) {
      tiles(JOIN, packed, packed, lengths, -2, count, count, width, 0, (panel + 1) << 1, panel, panel + 1, k, scores, ids, 0, worsts, list);
    }
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
    if (!isBefore(score, j, load<f32>(end), load<u32>(end + toNames) & ~FRESH)) continue;
    let to = end;
    while (to > list && isBefore(score, j, load<f32>(to - 4), load<u32>(to - 4 + toNames) & ~FRESH)) to -= 4;
    shift(to, end, toNames);
    store<f32>(to, score);
    store<u32>(to + toNames, j | FRESH);
    count++;
  }
  return count;
}
