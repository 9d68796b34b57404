// Powers of four numbers at once.

/** log2 of positive normal numbers; absolute error below 1e-6. With m in [sqrt(1/2), sqrt(2)) and t = (m - 1) / (m + 1):
 *  log2 m = 2 / ln 2 * (t + t^3/3 + t^5/5 + t^7/7 + …), and the fifth term is below 4e-8. */
// @ts-ignore: decorator
@inline
export function log2(x: v128): v128 {
  // Adding the distance between 1 and sqrt(1/2) moves the border of the exponent to sqrt(1/2).
  const shifted = i32x4.sub(x, i32x4.splat(0x3f3504f3));
  const exponent = f32x4.convert_i32x4_s(i32x4.shr_s(shifted, 23));
  const mantissa = i32x4.sub(x, v128.and(shifted, i32x4.splat(<i32>0xff800000)));
  const one = f32x4.splat(1);
  const t = f32x4.div(f32x4.sub(mantissa, one), f32x4.add(mantissa, one));
  const t2 = f32x4.mul(t, t);
  let series = f32x4.add(f32x4.splat(0.2), f32x4.mul(t2, f32x4.splat(0.14285715)));
  series = f32x4.add(f32x4.splat(0.33333334), f32x4.mul(t2, series));
  series = f32x4.add(one, f32x4.mul(t2, series));
  return f32x4.add(exponent, f32x4.mul(f32x4.mul(t, f32x4.splat(2.88539)), series));
}

/**
 * 2^x for x in [-126, 126], cut to that range; relative error below 3e-7: Taylor's series to the sixth power on [-1/2, 1/2].
 * x is rounded by adding 1.5 * 2^23, whose last bits are then the whole number: V8 makes one instruction of that, and of pmin and pmax,
 * and some seven of min, max (which care for NaN) and trunc_sat.
 */
// @ts-ignore: decorator
@inline
export function exp2(x: v128): v128 {
  return exp2Within(f32x4.pmax(f32x4.pmin(x, f32x4.splat(126)), f32x4.splat(-126)));
}

/** The same of what is in that range already. */
// @ts-ignore: decorator
@inline
export function exp2Within(cut: v128): v128 {
  const magic = f32x4.splat(12582912);
  const shifted = f32x4.add(cut, magic);
  const f = f32x4.sub(cut, f32x4.sub(shifted, magic));
  let series = f32x4.add(f32x4.splat(0.0013333558), f32x4.mul(f, f32x4.splat(0.00015403530)));
  series = f32x4.add(f32x4.splat(0.0096181291), f32x4.mul(f, series));
  series = f32x4.add(f32x4.splat(0.055504109), f32x4.mul(f, series));
  series = f32x4.add(f32x4.splat(0.24022651), f32x4.mul(f, series));
  series = f32x4.add(f32x4.splat(0.69314718), f32x4.mul(f, series));
  series = f32x4.add(f32x4.splat(1), f32x4.mul(f, series));
  return i32x4.add(series, i32x4.shl(shifted, 23));
}
