// Four numbers at a time.

/** array[i0], array[i1], array[i2], array[i3]. */
// @ts-ignore: decorator
@inline
export function gather(array: usize, i0: usize, i1: usize, i2: usize, i3: usize): v128 {
  let v = v128.load_splat<f32>(array + (i0 << 2));
  v = v128.load_lane<f32>(array + (i1 << 2), v, 1);
  v = v128.load_lane<f32>(array + (i2 << 2), v, 2);
  return v128.load_lane<f32>(array + (i3 << 2), v, 3);
}

// @ts-ignore: decorator
@inline
export function sum(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** All ones in the first `count` lanes. */
// @ts-ignore: decorator
@inline
export function firstLanes(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}
