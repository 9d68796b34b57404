// From neighbours to the graphs that maps are laid out by. References: ../../umap/fuzzyGraph.ts, ../../tsne/affinities.ts, ../../graph.ts.
//
// n points, k neighbours. ids u32 (n, k), 0xffffffff where there are fewer; distances f32 (n, k), ascending, Infinity there.
// What is found of a row depends on nothing but the row.
import { firstLanes, sum } from './lanes';
import { exp2 } from './power';

const NONE: u32 = 0xffffffff;
/** Precision at which all but the nearest have vanished, though f32 can tell their distances apart: as in affinities.ts. */
const STEEPEST: f64 = 1e30;

/**
 * UMAP's memberships of rows first … last-1: out f32 (n, k).
 * whole, part: of the local connectivity. meanOfAll: of all distances. scratch f32 (k + 4) of this thread.
 */
export function memberships(
  ids: usize, distances: usize, k: i32, whole: i32, part: f64, meanOfAll: f64, first: i32, last: i32, out: usize, scratch: usize,
): void {
  const target = Math.log(<f64>(k + 1)) * 1.4426950408889634;
  for (let i = first; i < last; i++) {
    const offset = <usize>i * <usize>k << 2;
    const row = distances + offset, names = ids + offset, weights = out + offset;
    let found = 0, near = 0;
    let total: f64 = 0;
    for (; found < k; found++) {
      const distance = load<f32>(row + (<usize>found << 2));
      if (!(distance < Infinity)) break;
      if (!(distance > 0)) near++;
      total += <f64>distance;
    }
    const rho = nearestDistance(row, near, found, whole, part);
    for (let j = 0; j < found; j++) {
      store<f32>(scratch + (<usize>j << 2), <f32>max<f64>(0, <f64>load<f32>(row + (<usize>j << 2)) - rho));
    }
    let sigma = bandwidth(scratch, found, target);
    sigma = max(sigma, 1e-3 * (rho > 0 ? total / <f64>max(1, found) : meanOfAll));
    const scale = finite(-1 / sigma);
    for (let j = 0; j < k; j += 4) {
      const left = k - j;
      const weight = sigma == 0 ? f32x4.splat(1) : power(f32x4.mul(f32x4.splat(scale), v128.load(scratch + (<usize>j << 2))));
      for (let lane = 0; lane < min(4, left); lane++) {
        const at = <usize>(j + lane) << 2;
        const isNear = j + lane < found && load<f32>(scratch + at) == 0;
        const known = load<u32>(names + at) != NONE && j + lane < found;
        store<f32>(weights + at, !known ? 0 : isNear ? 1 : laneOf(weight, lane));
      }
    }
  }
}

/** 2^x, and 0 where that is no more than a rounding of anything. */
// @ts-ignore: decorator
@inline
function power(x: v128): v128 {
  return v128.and(exp2(x), f32x4.gt(x, f32x4.splat(-126)));
}

/** From powers of e to powers of 2; times 0 it is still 0. */
// @ts-ignore: decorator
@inline
function finite(exponent: f64): f32 {
  return <f32>max<f64>(-1e38, exponent * 1.4426950408889634);
}

// @ts-ignore: decorator
@inline
function beyondNearest(row: usize, j: i32, nearest: f64): f64 {
  const distance = <f64>load<f32>(row + (<usize>j << 2));
  return distance * distance - nearest * nearest;
}

// @ts-ignore: decorator
@inline
function laneOf(v: v128, lane: i32): f32 {
  if (lane == 0) return f32x4.extract_lane(v, 0);
  if (lane == 1) return f32x4.extract_lane(v, 1);
  if (lane == 2) return f32x4.extract_lane(v, 2);
  return f32x4.extract_lane(v, 3);
}

/** The distance to the `whole + part`-th of those above 0, which are row[near … found-1]; between two by interpolation. */
// @ts-ignore: decorator
@inline
function nearestDistance(row: usize, near: i32, found: i32, whole: i32, part: f64): f64 {
  const apart = found - near;
  if (apart == 0) return 0;
  if (apart < whole) return <f64>load<f32>(row + (<usize>(found - 1) << 2));
  const before = whole == 0 ? 0 : <f64>load<f32>(row + (<usize>(near + whole - 1) << 2));
  const after = whole < apart ? <f64>load<f32>(row + (<usize>(near + whole) << 2)) : before;
  return before + part * (after - before);
}

/** sigma such that the sum of exp(-beyond / sigma) is `target`: Newton's method on its logarithm, from 1 / sigma = 0. beyond f32 (count) */
// @ts-ignore: decorator
@inline
function bandwidth(beyond: usize, count: i32, target: f64): f64 {
  let precision: f64 = 0;
  for (let step = 0; step < 64; step++) {
    const scale = f32x4.splat(finite(-precision));
    let sums = f32x4.splat(0), slopes = f32x4.splat(0);
    for (let j = 0; j < count; j += 4) {
      const inside = firstLanes(count - j);
      const far = v128.and(v128.load(beyond + (<usize>j << 2)), inside);
      const weight = v128.and(power(f32x4.mul(scale, far)), inside);
      sums = f32x4.add(sums, weight);
      slopes = f32x4.add(slopes, f32x4.mul(weight, far));
    }
    const all = <f64>sum(sums), slope = <f64>sum(slopes);
    // Sums of f32 tell no less than a millionth apart.
    if (all - target < 1e-5) break;
    if (slope == 0) return 0;
    precision += (all / slope) * Math.log(all / target);
  }
  return 1 / precision;
}

/**
 * t-SNE's conditional affinities of rows first … last-1: out f32 (n, k), rows of sum 1. Each row is sought from where the one before it
 * ended, from `first` on: pieces must be cut alike in every run. scratch f32 (2, k + 4) of this thread.
 */
export function conditionals(
  ids: usize, distances: usize, k: i32, perplexity: f64, first: i32, last: i32, out: usize, scratch: usize,
): void {
  const squares = scratch, weights = scratch + (<usize>(k + 4) << 2);
  let guess: f64 = 1;
  for (let i = first; i < last; i++) {
    const offset = <usize>i * <usize>k << 2;
    let found = 0;
    while (found < k && load<u32>(ids + offset + (<usize>found << 2)) != NONE) found++;
    memory.fill(out + offset, 0, <usize>k << 2);
    if (found == 0) continue;
    const nearest = <f64>load<f32>(distances + offset);
    let mean: f64 = 0;
    for (let j = 0; j < found; j++) mean += beyondNearest(distances + offset, j, nearest) / <f64>found;
    // In units of the mean, whose square stays finite. All may be equally near.
    const unit: f64 = mean > 0 ? 1 / mean : 0;
    for (let j = 0; j < found; j++) {
      store<f32>(squares + (<usize>j << 2), <f32>(unit * beyondNearest(distances + offset, j, nearest)));
    }
    const wanted = Math.log(min(perplexity, <f64>found));
    let low: f64 = 0, high: f64 = Infinity;
    let precision = guess;
    let total = <f64>found;
    for (let step = 0; step < 100; step++) {
      const scale = f32x4.splat(finite(-precision));
      let sums = f32x4.splat(0), firsts = f32x4.splat(0), seconds = f32x4.splat(0);
      for (let j = 0; j < found; j += 4) {
        const inside = firstLanes(found - j);
        const square = v128.and(v128.load(squares + (<usize>j << 2)), inside);
        const weight = v128.and(power(f32x4.mul(scale, square)), inside);
        v128.store(weights + (<usize>j << 2), weight);
        const product = f32x4.mul(weight, square);
        sums = f32x4.add(sums, weight);
        firsts = f32x4.add(firsts, product);
        seconds = f32x4.add(seconds, f32x4.mul(product, square));
      }
      total = <f64>sum(sums);
      if (mean == 0) break;
      const moment = <f64>sum(firsts) / total;
      const variance = <f64>sum(seconds) / total - moment * moment;
      const excess = Math.log(total) + precision * moment - wanted;
      if (Math.abs(excess) < 1e-5) break;
      if (excess > 0) low = precision;
      else high = precision;
      let next = precision + excess / (precision * variance);
      if (!(next > low && next < high)) next = high == Infinity ? precision * 2 : (low + high) / 2;
      next = min(next, STEEPEST);
      if (next == precision) break;
      precision = next;
    }
    // No row is like one whose entropy cannot be had.
    guess = mean > 0 && precision < 1e3 ? precision : 1;
    const share = <f32>(1 / total);
    for (let j = 0; j < found; j++) store<f32>(out + offset + (<usize>j << 2), share * load<f32>(weights + (<usize>j << 2)));
  }
}

/** counts u32 (n): of the `entries` columns, how many name each of the rows first … last-1. */
export function transposeCount(columns: usize, entries: i32, first: i32, last: i32, counts: usize): void {
  memory.fill(counts + (<usize>first << 2), 0, <usize>(last - first) << 2);
  const end = columns + (<usize>entries << 2);
  for (let at = columns; at < end; at += 4) {
    const j = load<u32>(at);
    if (j < <u32>first || j >= <u32>last) continue;
    const count = counts + (<usize>j << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
}

/**
 * The edges to the rows first … last-1 the other way. starts u32 (n + 1), columns u32, weights f32: as they are; fill u32 (n): where each
 * row of `from` u32 and `moved` f32 begins, and where it ends afterwards.
 */
export function transposeFill(
  starts: usize, columns: usize, weights: usize, n: i32, first: i32, last: i32, fill: usize, from: usize, moved: usize,
): void {
  for (let i = 0; i < n; i++) {
    const end = load<u32>(starts + (<usize>i << 2), 4);
    for (let entry = load<u32>(starts + (<usize>i << 2)); entry < end; entry++) {
      const j = load<u32>(columns + (<usize>entry << 2));
      if (j < <u32>first || j >= <u32>last) continue;
      const place = fill + (<usize>j << 2);
      const at = <usize>load<u32>(place) << 2;
      store<u32>(place, load<u32>(place) + 1);
      store<u32>(from + at, i);
      store<f32>(moved + at, load<f32>(weights + (<usize>entry << 2)));
    }
  }
}

/**
 * Rows first … last-1 of the symmetric graph: of edges there and back, both ascending, weight = ofSum (there + back) + ofProduct there back,
 * where that is above 0. columns 0: counts u32 (n) are found; otherwise starts u32 (n + 1) says where they are put.
 */
export function joinRows(
  outStarts: usize, outColumns: usize, outWeights: usize, inStarts: usize, inColumns: usize, inWeights: usize,
  ofSum: f64, ofProduct: f64, first: i32, last: i32, counts: usize, starts: usize, columns: usize, weights: usize,
): void {
  for (let i = first; i < last; i++) {
    const row = <usize>i << 2;
    let p = load<u32>(outStarts + row), q = load<u32>(inStarts + row);
    const endOut = load<u32>(outStarts + row, 4), endIn = load<u32>(inStarts + row, 4);
    const begun = columns == 0 ? 0 : load<u32>(starts + row);
    let at = begun;
    while (p < endOut || q < endIn) {
      const out = p < endOut ? load<u32>(outColumns + (<usize>p << 2)) : NONE;
      const into = q < endIn ? load<u32>(inColumns + (<usize>q << 2)) : NONE;
      const column = min(out, into);
      let there: f64 = 0, back: f64 = 0;
      if (out == column) {
        there = <f64>load<f32>(outWeights + (<usize>p << 2));
        p++;
      }
      if (into == column) {
        back = <f64>load<f32>(inWeights + (<usize>q << 2));
        q++;
      }
      const weight = <f32>(ofSum * (there + back) + ofProduct * there * back);
      if (weight <= 0) continue;
      if (columns != 0) {
        store<u32>(columns + (<usize>at << 2), column);
        store<f32>(weights + (<usize>at << 2), weight);
      }
      at++;
    }
    if (columns == 0) store<u32>(counts + row, at - begun);
  }
}
