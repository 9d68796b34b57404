// The fast Fourier transform of four lines at once, one to a lane. Reference: ../../fft.ts.
//
// Stockham's self-sorting form (Van Loan 1992, "Computational Frameworks for the Fast Fourier Transform", 1.7), by factors of 4,
// with one of 3 or 2 where the length has them. A line of `length` complex numbers is interleaved by vectors: real parts of
// the four lines (16 bytes), imaginary parts of the four lines (16 bytes), and so on.

/**
 * sum over j of x[j] exp(-2 pi i j k / length), not scaled. length: 2^a or 3 * 2^a.
 * x: the input; y: as long, scratch. table f32 (length, 2): cosine and sine of -2 pi p / length.
 * real: 0, or 16 to take the parts for each other, which makes the inverse transform (conjugate in, conjugate out, up to i).
 * @returns x or y: where the result is
 */
export function transform(x: usize, y: usize, length: i32, table: usize, real: usize): usize {
  let n = length;
  let s: usize = 1;
  let from = x, to = y;
  if (n % 3 == 0) {
    radix3(from, to, n, s, table, real);
    n /= 3;
    s *= 3;
    const swap = from; from = to; to = swap;
  }
  while (n >= 4) {
    radix4(from, to, n, s, table, real);
    n >>= 2;
    s <<= 2;
    const swap = from; from = to; to = swap;
  }
  if (n == 2) {
    radix2(from, to, s, real);
    return to;
  }
  return from;
}

// A pass of factor r: s interleaved lines of n numbers become r s lines of n / r. From the places q + s (p + j n / r), j = 0 … r - 1, to
// q + s (r p + k): the transform of these r, times exp(-2 pi i p k / n), which stands at p k s in the table.

function radix3(from: usize, to: usize, n: i32, s: usize, table: usize, real: usize): void {
  const imaginary: usize = 16 - real;
  const m = n / 3;
  const half = f32x4.splat(0.5), root = f32x4.splat(0.8660254037844386);
  const far = <usize>m * s << 5;
  for (let p: usize = 0; p < <usize>m; p++) {
    const w1 = table + ((p * s) << 3), w2 = table + ((p * s) << 4);
    const c1 = v128.load_splat<f32>(w1), s1 = v128.load_splat<f32>(w1, 4);
    const c2 = v128.load_splat<f32>(w2), s2 = v128.load_splat<f32>(w2, 4);
    for (let q: usize = 0; q < s; q++) {
      const a = from + ((q + s * p) << 5), b = a + far, c = b + far;
      const ar = v128.load(a + real), ai = v128.load(a + imaginary);
      const br = v128.load(b + real), bi = v128.load(b + imaginary);
      const cr = v128.load(c + real), ci = v128.load(c + imaginary);
      const sumR = f32x4.add(br, cr), sumI = f32x4.add(bi, ci);
      const midR = f32x4.sub(ar, f32x4.mul(half, sumR)), midI = f32x4.sub(ai, f32x4.mul(half, sumI));
      // -i sin(60°) (b - c)
      const offR = f32x4.mul(root, f32x4.sub(bi, ci)), offI = f32x4.mul(root, f32x4.sub(cr, br));
      const out = to + ((q + s * (3 * p)) << 5);
      v128.store(out + real, f32x4.add(ar, sumR));
      v128.store(out + imaginary, f32x4.add(ai, sumI));
      store2(out + (s << 5), real, imaginary, f32x4.add(midR, offR), f32x4.add(midI, offI), c1, s1);
      store2(out + (s << 6), real, imaginary, f32x4.sub(midR, offR), f32x4.sub(midI, offI), c2, s2);
    }
  }
}

function radix4(from: usize, to: usize, n: i32, s: usize, table: usize, real: usize): void {
  const imaginary: usize = 16 - real;
  const m = n >> 2;
  const far = <usize>m * s << 5;
  for (let p: usize = 0; p < <usize>m; p++) {
    const w1 = table + ((p * s) << 3), w2 = table + ((p * s) << 4), w3 = table + ((p * s * 3) << 3);
    const c1 = v128.load_splat<f32>(w1), s1 = v128.load_splat<f32>(w1, 4);
    const c2 = v128.load_splat<f32>(w2), s2 = v128.load_splat<f32>(w2, 4);
    const c3 = v128.load_splat<f32>(w3), s3 = v128.load_splat<f32>(w3, 4);
    for (let q: usize = 0; q < s; q++) {
      const a = from + ((q + s * p) << 5), b = a + far, c = b + far, d = c + far;
      const ar = v128.load(a + real), ai = v128.load(a + imaginary);
      const br = v128.load(b + real), bi = v128.load(b + imaginary);
      const cr = v128.load(c + real), ci = v128.load(c + imaginary);
      const dr = v128.load(d + real), di = v128.load(d + imaginary);
      const acR = f32x4.add(ar, cr), acI = f32x4.add(ai, ci), amR = f32x4.sub(ar, cr), amI = f32x4.sub(ai, ci);
      const bdR = f32x4.add(br, dr), bdI = f32x4.add(bi, di), bmR = f32x4.sub(br, dr), bmI = f32x4.sub(bi, di);
      const out = to + ((q + s * (4 * p)) << 5);
      v128.store(out + real, f32x4.add(acR, bdR));
      v128.store(out + imaginary, f32x4.add(acI, bdI));
      // (a - c) -/+ i (b - d)
      store2(out + (s << 5), real, imaginary, f32x4.add(amR, bmI), f32x4.sub(amI, bmR), c1, s1);
      store2(out + (s << 6), real, imaginary, f32x4.sub(acR, bdR), f32x4.sub(acI, bdI), c2, s2);
      store2(out + (s * 3 << 5), real, imaginary, f32x4.sub(amR, bmI), f32x4.add(amI, bmR), c3, s3);
    }
  }
}

/** The last pass: every factor of the table is 1. */
function radix2(from: usize, to: usize, s: usize, real: usize): void {
  const imaginary: usize = 16 - real;
  const far = s << 5;
  for (let q: usize = 0; q < s; q++) {
    const a = from + (q << 5), b = a + far;
    const ar = v128.load(a + real), ai = v128.load(a + imaginary);
    const br = v128.load(b + real), bi = v128.load(b + imaginary);
    const out = to + (q << 5);
    v128.store(out + real, f32x4.add(ar, br));
    v128.store(out + imaginary, f32x4.add(ai, bi));
    v128.store(out + far + real, f32x4.sub(ar, br));
    v128.store(out + far + imaginary, f32x4.sub(ai, bi));
  }
}

/** Stores (r + i m)(c + i s). */
// @ts-ignore: decorator
@inline
function store2(at: usize, real: usize, imaginary: usize, r: v128, m: v128, c: v128, s: v128): void {
  v128.store(at + real, f32x4.sub(f32x4.mul(r, c), f32x4.mul(m, s)));
  v128.store(at + imaginary, f32x4.add(f32x4.mul(r, s), f32x4.mul(m, c)));
}
