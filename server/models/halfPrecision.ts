/** float16 (IEEE 754 binary16) to and from float32. Node 20 has no Float16Array, and onnxruntime takes the bits as uint16. */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The nearest float16, ties to even; beyond 65,504 infinite. */
export function toHalf(value: number): number {
  float[0] = value;
  const from = bits[0] ?? 0;
  const sign = (from >>> 16) & 0x8000;
  const exponent = (from >>> 23) & 0xff;
  const fraction = from & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  const shifted = exponent - 112;
  if (shifted >= 31) return sign | 0x7c00;
  if (shifted <= 0) {
    // Below 2^-14 the leading 1 is written out, and the fraction is the number of steps of 2^-24.
    if (shifted < -10) return sign;
    return sign | rounded(fraction | 0x800000, 14 - shifted);
  }
  // What rounds up over the fraction rightly raises the exponent.
  return sign | rounded((shifted << 23) | fraction, 13);
}

/** `value / 2^places`, rounded to the nearest, ties to even. */
function rounded(value: number, places: number): number {
  const half = 1 << (places - 1);
  const rest = value & ((1 << places) - 1);
  const floor = value >>> places;
  return rest > half || (rest === half && (floor & 1) === 1) ? floor + 1 : floor;
}

export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function toHalves(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, toHalf);
}

export function fromHalves(halves: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: halves.length }, (_, i) => fromHalf(halves[i] ?? 0));
}
