// One query against rows: inner products, or squared distances. Reference: ../../scan.ts.
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
