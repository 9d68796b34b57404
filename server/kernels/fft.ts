/**
 * The discrete Fourier transform by its definition's recursion (Cooley and Tukey 1965): sum over j of x_j exp(-2 pi i j k / n).
 * Plain, in float64: the oracle of cpu/assembly/fft.ts, and what makes tables that are made once.
 */

/** In place, not scaled; n is the length of both arrays, any number (fast where its prime factors are small). */
export function fourier(real: Float64Array, imaginary: Float64Array): void {
  const n = real.length;
  const cosines = Float64Array.from({ length: n }, (_, p) => Math.cos((2 * Math.PI * p) / n));
  const sines = Float64Array.from({ length: n }, (_, p) => -Math.sin((2 * Math.PI * p) / n));
  const scratchReal = new Float64Array(n);
  const scratchImaginary = new Float64Array(n);
  recurse(real, imaginary, scratchReal, scratchImaginary, 0, n);

  /** The `length` numbers from `first` on. Every `factor`-th belongs to one part, each part is transformed, and they are put together. */
  function recurse(
    re: Float64Array,
    im: Float64Array,
    otherRe: Float64Array,
    otherIm: Float64Array,
    first: number,
    length: number,
  ): void {
    if (length === 1) return;
    const factor = leastFactor(length);
    const m = length / factor;
    for (let part = 0; part < factor; part++) {
      for (let j = 0; j < m; j++) {
        otherRe[first + part * m + j] = re[first + j * factor + part] ?? 0;
        otherIm[first + part * m + j] = im[first + j * factor + part] ?? 0;
      }
    }
    for (let part = 0; part < factor; part++) recurse(otherRe, otherIm, re, im, first + part * m, m);
    const turn = n / length;
    for (let k = 0; k < length; k++) {
      let sumRe = 0;
      let sumIm = 0;
      for (let part = 0; part < factor; part++) {
        const at = first + part * m + (k % m);
        const angle = (((part * k) % length) * turn) % n;
        const c = cosines[angle] ?? 0;
        const s = sines[angle] ?? 0;
        const a = otherRe[at] ?? 0;
        const b = otherIm[at] ?? 0;
        sumRe += a * c - b * s;
        sumIm += a * s + b * c;
      }
      re[first + k] = sumRe;
      im[first + k] = sumIm;
    }
  }
}

function leastFactor(n: number): number {
  for (let factor = 2; factor * factor <= n; factor++) if (n % factor === 0) return factor;
  return n;
}
