// One query against rows: inner products, or squared distances; the least of them, and the rows that are within a limit.
// Reference: ../../scan.ts.
//
// Rows lie one behind the other, `stride` values apart, a multiple of 4; what is behind the last column is 0. Each sum is
// made of 16 parts, one per lane of four accumulators, so that its rounding grows with a sixteenth of the columns.
import { sum } from './lanes';

/**
 * out[at] = <row, query>, or |row - query|^2 where `squared`, for the places first … last-1 of `list` u32, which names rows; list 0: of the
 * rows themselves. out f32.
 */
export function scan(
  rows: usize, stride: i32, list: usize, first: i32, last: i32, query: usize, out: usize, squared: i32,
): void {
  const bytes = <usize>stride << 2;
  const whole = bytes & ~63;
  for (let at = first; at < last; at++) {
    const row = list == 0 ? <usize>at : <usize>load<u32>(list + (<usize>at << 2));
    let x = rows + row * bytes;
    let q = query;
    const end = x + whole;
    const rest = x + bytes;
    let a = f32x4.splat(0), b = f32x4.splat(0), c = f32x4.splat(0), d = f32x4.splat(0);
    if (squared) {
      for (; x < end; x += 64, q += 64) {
        const u = f32x4.sub(v128.load(x), v128.load(q)), v = f32x4.sub(v128.load(x, 16), v128.load(q, 16));
        const w = f32x4.sub(v128.load(x, 32), v128.load(q, 32)), y = f32x4.sub(v128.load(x, 48), v128.load(q, 48));
        a = f32x4.add(a, f32x4.mul(u, u));
        b = f32x4.add(b, f32x4.mul(v, v));
        c = f32x4.add(c, f32x4.mul(w, w));
        d = f32x4.add(d, f32x4.mul(y, y));
      }
      for (; x < rest; x += 16, q += 16) {
        const u = f32x4.sub(v128.load(x), v128.load(q));
        a = f32x4.add(a, f32x4.mul(u, u));
      }
    } else {
      for (; x < end; x += 64, q += 64) {
        a = f32x4.add(a, f32x4.mul(v128.load(x), v128.load(q)));
        b = f32x4.add(b, f32x4.mul(v128.load(x, 16), v128.load(q, 16)));
        c = f32x4.add(c, f32x4.mul(v128.load(x, 32), v128.load(q, 32)));
        d = f32x4.add(d, f32x4.mul(v128.load(x, 48), v128.load(q, 48)));
      }
      for (; x < rest; x += 16, q += 16) a = f32x4.add(a, f32x4.mul(v128.load(x), v128.load(q)));
    }
    store<f32>(out + (<usize>at << 2), sum(f32x4.add(f32x4.add(a, b), f32x4.add(c, d))));
  }
}

/** scores[at] = -scores[at] / length of its row, f64, or Infinity where that is 0; `lengths` 0: divided by nothing. `list` as in `scan`. */
export function negate(scores: usize, count: i32, list: usize, lengths: usize): void {
  for (let at: usize = 0; at < <usize>count; at++) {
    const place = scores + (at << 2);
    let score = -(<f64>load<f32>(place));
    if (lengths != 0) {
      const row = list == 0 ? at : <usize>load<u32>(list + (at << 2));
      const length = load<f64>(lengths + (row << 3));
      score = length > 0 ? score / length : Infinity;
    }
    store<f32>(place, <f32>score);
  }
}

/**
 * Bounds of squared distances on a sphere, less a constant, of inner products with its centre's rows (../../scanSphere.ts):
 * bounds[at] = all - (products[at] - ofMean) scales[row] + slack slacks[row]. All f32; `list` as in `scan`.
 */
export function sphereBounds(
  products: usize, count: i32, list: usize, scales: usize, slacks: usize, ofMean: f32, all: f32, slack: f32, bounds: usize,
): void {
  for (let at: usize = 0; at < <usize>count; at++) {
    const row = list == 0 ? at : <usize>load<u32>(list + (at << 2));
    const score = (load<f32>(products + (at << 2)) - ofMean) * load<f32>(scales + (row << 2));
    store<f32>(bounds + (at << 2), all - score + slack * load<f32>(slacks + (row << 2)));
  }
}

/** The k least scores, f32, and their places, u32, in no order; Infinity and 0xffffffff where there are fewer below Infinity. */
export function least(scores: usize, count: i32, k: i32, heap: usize, places: usize): void {
  for (let i = 0; i < k; i++) {
    store<f32>(heap + (<usize>i << 2), Infinity);
    store<u32>(places + (<usize>i << 2), 0xffffffff);
  }
  let top = load<f32>(heap); // the largest of the heap
  const whole = count & ~3;
  for (let at = 0; at < whole; at += 4) {
    if (!v128.any_true(f32x4.lt(v128.load(scores + (<usize>at << 2)), f32x4.splat(top)))) continue;
    for (let i = at; i < at + 4; i++) top = offer(scores, i, k, heap, places, top);
  }
  for (let at = whole; at < count; at++) top = offer(scores, at, k, heap, places, top);
}

/** Puts a score in place of the largest where it is smaller. @returns the largest after that */
function offer(scores: usize, at: i32, k: i32, heap: usize, places: usize, top: f32): f32 {
  const score = load<f32>(scores + (<usize>at << 2));
  if (!(score < top)) return top;
  let place: usize = 0;
  for (;;) {
    let child: usize = 2 * place + 1;
    if (child >= <usize>k) break;
    if (child + 1 < <usize>k && load<f32>(heap + ((child + 1) << 2)) > load<f32>(heap + (child << 2))) child++;
    const larger = load<f32>(heap + (child << 2));
    if (larger <= score) break;
    store<f32>(heap + (place << 2), larger);
    store<u32>(places + (place << 2), load<u32>(places + (child << 2)));
    place = child;
  }
  store<f32>(heap + (place << 2), score);
  store<u32>(places + (place << 2), at);
  return load<f32>(heap);
}

/** to[0 … found-1] = the rows of scores no larger than the limit, in their order, and found[0] = how many. `list` as in `scan`; may be `to`. */
export function within(scores: usize, count: i32, list: usize, limit: f32, to: usize, found: usize): void {
  let end = to;
  const limits = f32x4.splat(limit);
  for (let at = 0; at < count; at += 4) {
    // What lies behind the last is not looked at below.
    if (!v128.any_true(f32x4.le(v128.load(scores + (<usize>at << 2)), limits))) continue;
    const last = min(at + 4, count);
    for (let i = at; i < last; i++) {
      if (!(load<f32>(scores + (<usize>i << 2)) <= limit)) continue;
      store<u32>(end, list == 0 ? <u32>i : load<u32>(list + (<usize>i << 2)));
      end += 4;
    }
  }
  store<u32>(found, <u32>((end - to) >> 2));
}
