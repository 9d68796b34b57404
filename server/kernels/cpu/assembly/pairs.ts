// One iteration of PaCMAP and LocalMAP, in 2 or 3 dimensions. Reference and derivation: ../../pacmap/layout.ts.
import { firstLanes, gather, sum } from './lanes';

/** Forces upon the point at hand, summed by `pull`: a function can return one value only. */
let pulledX: f32 = 0;
let pulledY: f32 = 0;
let pulledZ: f32 = 0;

/**
 * Adds to pulledX, pulledY, pulledZ: scale * sum over the row of 2 c / (c + D)^2 (y_i - y_j), with D = 1 + |y_i - y_j|^2;
 * where reach is above 0 each part times reach / (2 sqrt D).
 */
// @ts-ignore: decorator
@inline
function pull(
  starts: usize, columns: usize, from: usize, plane: usize, at: usize, third: bool, c: f32, scale: f32, reach: f32,
): void {
  const x = v128.load_splat<f32>(from + at), y = v128.load_splat<f32>(from + plane + at);
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  const z = third ? v128.load_splat<f32>(from + plane + plane + at) : zero;
  const cs = f32x4.splat(c), twice = f32x4.splat(2 * c), half = f32x4.splat(<f32>0.5 * reach);
  let gx = zero, gy = zero, gz = zero;
  const end = load<u32>(starts + at, 4);
  for (let e = load<u32>(starts + at); e < end; e += 4) {
    const edge = <usize>e << 2;
    const left = <i32>(end - e);
    // Lanes past the end of the row take part without force, with the row's first column.
    const i0 = <usize>load<u32>(columns + edge);
    const i1 = left > 1 ? <usize>load<u32>(columns + edge, 4) : i0;
    const i2 = left > 2 ? <usize>load<u32>(columns + edge, 8) : i0;
    const i3 = left > 3 ? <usize>load<u32>(columns + edge, 12) : i0;
    const dx = f32x4.sub(x, gather(from, i0, i1, i2, i3));
    const dy = f32x4.sub(y, gather(from + plane, i0, i1, i2, i3));
    let d = f32x4.add(one, f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy)));
    let dz = zero;
    if (third) {
      dz = f32x4.sub(z, gather(from + plane + plane, i0, i1, i2, i3));
      d = f32x4.add(d, f32x4.mul(dz, dz));
    }
    const sumOf = f32x4.add(cs, d);
    let force = f32x4.div(twice, f32x4.mul(sumOf, sumOf));
    if (reach > 0) force = f32x4.div(f32x4.mul(force, half), f32x4.sqrt(d));
    if (left < 4) force = v128.and(force, firstLanes(left));
    gx = f32x4.add(gx, f32x4.mul(force, dx));
    gy = f32x4.add(gy, f32x4.mul(force, dy));
    if (third) gz = f32x4.add(gz, f32x4.mul(force, dz));
  }
  pulledX += scale * sum(gx);
  pulledY += scale * sum(gy);
  pulledZ += scale * sum(gz);
}

/**
 * Points first … last-1. Three kinds of pairs, each in rows that hold the other ends: starts u32 (n + 1), columns u32 (three more may be read).
 * from, to, momentum, velocity f32 (dimensions, n). nearWeight, midWeight, farWeight: of the kinds in this iteration.
 * reach: of LocalMAP, 0 for PaCMAP. rate: of Adam, its corrections included (beta1 0.9, beta2 0.999).
 */
export function pairsStep(
  n: i32, dimensions: i32, nearStarts: usize, near: usize, midStarts: usize, mid: usize, farStarts: usize, far: usize,
  from: usize, to: usize, momentum: usize, velocity: usize,
  nearWeight: f32, midWeight: f32, farWeight: f32, reach: f32, rate: f32, first: i32, last: i32,
): void {
  const plane = <usize>n << 2;
  const third = dimensions == 3;
  for (let i = first; i < last; i++) {
    const at = <usize>i << 2;
    pulledX = 0;
    pulledY = 0;
    pulledZ = 0;
    pull(nearStarts, near, from, plane, at, third, 10, nearWeight, reach);
    if (midWeight > 0) pull(midStarts, mid, from, plane, at, third, 10000, midWeight, 0);
    pull(farStarts, far, from, plane, at, third, 1, -farWeight, 0);
    adam(pulledX, from + at, to + at, momentum + at, velocity + at, rate);
    adam(pulledY, from + plane + at, to + plane + at, momentum + plane + at, velocity + plane + at, rate);
    if (third) {
      const offset = plane + plane + at;
      adam(pulledZ, from + offset, to + offset, momentum + offset, velocity + offset, rate);
    }
  }
}

// @ts-ignore: decorator
@inline
function adam(gradient: f32, from: usize, to: usize, momentum: usize, velocity: usize, rate: f32): void {
  const m0 = load<f32>(momentum), v0 = load<f32>(velocity);
  const m = m0 + <f32>0.1 * (gradient - m0);
  const v = v0 + <f32>0.001 * (gradient * gradient - v0);
  store<f32>(momentum, m);
  store<f32>(velocity, v);
  store<f32>(to, load<f32>(from) - (rate * m) / (Mathf.sqrt(v) + <f32>1e-7));
}
