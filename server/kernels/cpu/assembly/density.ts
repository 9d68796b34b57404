// densMAP's sums and forces, for any number of dimensions. Reference and derivation: ../../umap/density.ts.
//
// Every vertex gathers along its own row of the symmetric graph and writes its own place alone. Arrays of coordinates are kept
// dimension by dimension, each n values long.
import { firstLanes, gather, sum } from './lanes';
import { exp2, log2 } from './power';

// @ts-ignore: decorator
@inline
function squares(
  positions: usize, plane: usize, dimensions: i32, at: usize, i0: usize, i1: usize, i2: usize, i3: usize,
): v128 {
  let d2 = f32x4.splat(0);
  for (let c: i32 = 0; c < dimensions; c++) {
    const own = positions + <usize>c * plane;
    const difference = f32x4.sub(v128.load_splat<f32>(own + at), gather(own, i0, i1, i2, i3));
    d2 = f32x4.add(d2, f32x4.mul(difference, difference));
  }
  return d2;
}

/** 1 / (1 + a d^(2b)), 1 at distance 0. */
// @ts-ignore: decorator
@inline
function membership(d2: v128, a: f32, b: f32): v128 {
  const apart = f32x4.gt(d2, f32x4.splat(0));
  const power = exp2(f32x4.mul(f32x4.splat(b), log2(v128.bitselect(d2, f32x4.splat(1), apart))));
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, f32x4.mul(f32x4.splat(a), v128.and(power, apart))));
}

/**
 * Points first … last-1. sums f32 (2, n): of each point the sum of q over its row, and that of q d^2.
 * starts u32 (n + 1), columns u32; three more entries may be read past its end.
 */
export function densitySums(
  n: i32, dimensions: i32, starts: usize, columns: usize, positions: usize, a: f32, b: f32, sums: usize,
  first: i32, last: i32,
): void {
  const plane = <usize>n << 2;
  for (let i = first; i < last; i++) {
    const at = <usize>i << 2;
    let q = f32x4.splat(0), lengths = f32x4.splat(0);
    const end = load<u32>(starts + at, 4);
    for (let e = load<u32>(starts + at); e < end; e += 4) {
      const left = <i32>(end - e);
      const edge = columns + (<usize>e << 2);
      // Lanes past the end of the row take part with its first column, and count for nothing.
      const i0 = <usize>load<u32>(edge);
      const i1 = left > 1 ? <usize>load<u32>(edge, 4) : i0;
      const i2 = left > 2 ? <usize>load<u32>(edge, 8) : i0;
      const i3 = left > 3 ? <usize>load<u32>(edge, 12) : i0;
      const d2 = squares(positions, plane, dimensions, at, i0, i1, i2, i3);
      let own = membership(d2, a, b);
      if (left < 4) own = v128.and(own, firstLanes(left));
      q = f32x4.add(q, own);
      lengths = f32x4.add(lengths, f32x4.mul(own, d2));
    }
    store<f32>(sums + at, sum(q));
    store<f32>(sums + plane + at, sum(lengths));
  }
}

/** Points first … last-1. weights f32, as columns; terms f32 (2, n). forces f32 (dimensions, n): upon each point. scratch: 16 bytes per dimension, of this thread. */
export function densityForces(
  n: i32, dimensions: i32, starts: usize, columns: usize, weights: usize, positions: usize, a: f32, b: f32, terms: usize,
  forces: usize, scratch: usize, first: i32, last: i32,
): void {
  const plane = <usize>n << 2;
  const zero = f32x4.splat(0), one = f32x4.splat(1), four = f32x4.splat(4), least = f32x4.splat(-4);
  for (let i = first; i < last; i++) {
    const at = <usize>i << 2;
    memory.fill(scratch, 0, <usize>dimensions << 4);
    const own = v128.load_splat<f32>(terms + at), ownByLength = v128.load_splat<f32>(terms + plane + at);
    const end = load<u32>(starts + at, 4);
    for (let e = load<u32>(starts + at); e < end; e += 4) {
      const left = <i32>(end - e);
      const edge = <usize>e << 2;
      const i0 = <usize>load<u32>(columns + edge);
      const i1 = left > 1 ? <usize>load<u32>(columns + edge, 4) : i0;
      const i2 = left > 2 ? <usize>load<u32>(columns + edge, 8) : i0;
      const i3 = left > 3 ? <usize>load<u32>(columns + edge, 12) : i0;
      let weight = v128.load(weights + edge);
      if (left < 4) weight = v128.bitselect(weight, one, firstLanes(left));
      const d2 = squares(positions, plane, dimensions, at, i0, i1, i2, i3);
      const q = membership(d2, a, b);
      const bent = f32x4.mul(f32x4.splat(b), f32x4.sub(one, q));
      const ends = f32x4.add(own, gather(terms, i0, i1, i2, i3));
      const endsByLength = f32x4.add(ownByLength, gather(terms + plane, i0, i1, i2, i3));
      const apart = f32x4.gt(d2, zero);
      const byLength = f32x4.mul(f32x4.div(bent, v128.bitselect(d2, one, apart)), endsByLength);
      const bracket = f32x4.add(f32x4.mul(f32x4.sub(one, bent), ends), byLength);
      const force = v128.and(f32x4.div(f32x4.mul(f32x4.add(q, q), bracket), weight), apart);
      let doubled = f32x4.add(weight, weight);
      if (left < 4) doubled = v128.and(doubled, firstLanes(left));
      for (let c: i32 = 0; c < dimensions; c++) {
        const axis = positions + <usize>c * plane;
        const difference = f32x4.sub(v128.load_splat<f32>(axis + at), gather(axis, i0, i1, i2, i3));
        const clipped = f32x4.pmax(f32x4.pmin(f32x4.mul(force, difference), four), least);
        const to = scratch + (<usize>c << 4);
        v128.store(to, f32x4.add(v128.load(to), f32x4.mul(doubled, clipped)));
      }
    }
    for (let c: i32 = 0; c < dimensions; c++) {
      store<f32>(forces + <usize>c * plane + at, sum(v128.load(scratch + (<usize>c << 4))));
    }
  }
}
