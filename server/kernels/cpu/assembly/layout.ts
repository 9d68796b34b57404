// One epoch of UMAP's layout, for 2 or 3 dimensions. Reference and derivation: ../../umap/layout.ts.
//
// Every vertex gathers the forces of its own row of the symmetric graph and of 64 points drawn at random, which it shares
// with the 63 other vertices of its block. It reads the positions of the epoch before and writes its own alone, so neither
// the number of threads nor their pace can change the result.
//
// Arrays of coordinates are kept dimension by dimension, each `stride` values long.
import { firstLanes, gather, sum } from './lanes';
import { hash } from './hash';
import { exp2, log2 } from './power';

/** As in ../../umap/layout.ts. */
const BLOCK = 64;

// @ts-ignore: decorator
@inline
function clip(force: v128): v128 {
  return f32x4.pmax(f32x4.pmin(force, f32x4.splat(4)), f32x4.splat(-4));
}

/**
 * Blocks firstBlock … lastBlock-1 of 64 vertices.
 * starts u32 (n + 1), columns u32, weights f32: the graph, weights divided by the greatest; three more entries may be read past its end.
 * from, to, momentum, velocity f32 (dimensions, stride); negatives f32 (dimensions, 64), scratch of this thread.
 * a, b: the curve. repulsion: negative rate times repulsion strength. learningRate: of this epoch.
 * others f32 (dimensions, stride): further forces upon each vertex; 0: none.
 * correction1, correction2: 1 - 0.5^t and sqrt(1 - 0.9^t) of Adam (Kingma and Ba 2015, algorithm 1, with beta1 = 0.5, beta2 = 0.9).
 */
export function umapEpoch(
  n: i32, dimensions: i32, stride: i32, starts: usize, columns: usize, weights: usize,
  from: usize, to: usize, momentum: usize, velocity: usize, negatives: usize,
  a: f32, b: f32, repulsion: f32, learningRate: f32, correction1: f32, correction2: f32,
  epoch: i32, seed: i32, firstBlock: i32, lastBlock: i32, others: usize,
): void {
  const plane = <usize>stride << 2;
  const third = dimensions == 3;
  const zero = f32x4.splat(0);
  const as_ = f32x4.splat(a), bs = f32x4.splat(b);
  const attraction = f32x4.splat(-2 * a * b), repelling = f32x4.splat(2 * b);
  for (let block = firstBlock; block < lastBlock; block++) {
    const key = hash((<u32>(epoch + 1) * 0x9e3779b1) ^ (<u32>block ^ <u32>seed));
    for (let lane: u32 = 0; lane < <u32>BLOCK; lane++) {
      const j = <usize>(hash(key + lane) % <u32>n);
      store<f32>(negatives + (<usize>lane << 2), load<f32>(from + (j << 2)));
      store<f32>(negatives + (<usize>lane << 2), load<f32>(from + plane + (j << 2)), BLOCK * 4);
      if (third) store<f32>(negatives + (<usize>lane << 2), load<f32>(from + plane + plane + (j << 2)), BLOCK * 8);
    }
    const last = min((block + 1) * BLOCK, n);
    for (let i = block * BLOCK; i < last; i++) {
      const at = <usize>i << 2;
      const x = v128.load_splat<f32>(from + at), y = v128.load_splat<f32>(from + plane + at);
      const z = third ? v128.load_splat<f32>(from + plane + plane + at) : zero;
      let gx = zero, gy = zero, gz = zero, degrees = zero;
      const end = load<u32>(starts + at, 4);
      for (let e = load<u32>(starts + at); e < end; e += 4) {
        const edge = <usize>e << 2;
        const left = <i32>(end - e);
        // Lanes past the end of the row take part with weight 0 and the row's first column.
        const i0 = <usize>load<u32>(columns + edge);
        const i1 = left > 1 ? <usize>load<u32>(columns + edge, 4) : i0;
        const i2 = left > 2 ? <usize>load<u32>(columns + edge, 8) : i0;
        const i3 = left > 3 ? <usize>load<u32>(columns + edge, 12) : i0;
        let weight = v128.load(weights + edge);
        if (left < 4) weight = v128.and(weight, firstLanes(left));
        degrees = f32x4.add(degrees, weight);
        const dx = f32x4.sub(x, gather(from, i0, i1, i2, i3));
        const dy = f32x4.sub(y, gather(from + plane, i0, i1, i2, i3));
        let d2 = f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy));
        let dz = zero;
        if (third) {
          dz = f32x4.sub(z, gather(from + plane + plane, i0, i1, i2, i3));
          d2 = f32x4.add(d2, f32x4.mul(dz, dz));
        }
        const pull = pulling(d2, as_, bs, attraction);
        const doubled = f32x4.add(weight, weight);
        gx = f32x4.add(gx, f32x4.mul(doubled, clip(f32x4.mul(pull, dx))));
        gy = f32x4.add(gy, f32x4.mul(doubled, clip(f32x4.mul(pull, dy))));
        if (third) gz = f32x4.add(gz, f32x4.mul(doubled, clip(f32x4.mul(pull, dz))));
      }
      let rx = zero, ry = zero, rz = zero;
      for (let lane: usize = 0; lane < <usize>BLOCK * 4; lane += 16) {
        const dx = f32x4.sub(x, v128.load(negatives + lane));
        const dy = f32x4.sub(y, v128.load(negatives + lane, BLOCK * 4));
        let d2 = f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy));
        let dz = zero;
        if (third) {
          dz = f32x4.sub(z, v128.load(negatives + lane, BLOCK * 8));
          d2 = f32x4.add(d2, f32x4.mul(dz, dz));
        }
        const push = pushing(d2, as_, bs, repelling);
        rx = f32x4.add(rx, clip(f32x4.mul(push, dx)));
        ry = f32x4.add(ry, clip(f32x4.mul(push, dy)));
        if (third) rz = f32x4.add(rz, clip(f32x4.mul(push, dz)));
      }
      const share = (repulsion * sum(degrees)) / <f32>BLOCK;
      const rate = (learningRate * correction2) / correction1;
      const epsilon = <f32>1e-7 * correction2;
      adam(sum(gx) + share * sum(rx) + other(others, at), from + at, to + at, momentum + at, velocity + at, rate, epsilon);
      adam(sum(gy) + share * sum(ry) + other(others, plane + at), from + plane + at, to + plane + at, momentum + plane + at, velocity + plane + at, rate, epsilon);
      if (third) {
        const offset: usize = plane + plane + at;
        adam(sum(gz) + share * sum(rz) + other(others, offset), from + offset, to + offset, momentum + offset, velocity + offset, rate, epsilon);
      }
    }
  }
}

/** The same for any number of dimensions. negatives is followed by scratch of this thread: three vectors per dimension. */
export function umapEpochWide(
  n: i32, dimensions: i32, stride: i32, starts: usize, columns: usize, weights: usize,
  from: usize, to: usize, momentum: usize, velocity: usize, negatives: usize,
  a: f32, b: f32, repulsion: f32, learningRate: f32, correction1: f32, correction2: f32,
  epoch: i32, seed: i32, firstBlock: i32, lastBlock: i32, others: usize,
): void {
  const plane = <usize>stride << 2;
  const vectors = <usize>dimensions << 4;
  const differences = negatives + (<usize>dimensions << 8), pulled = differences + vectors, pushed = pulled + vectors;
  const zero = f32x4.splat(0);
  const as_ = f32x4.splat(a), bs = f32x4.splat(b);
  const attraction = f32x4.splat(-2 * a * b), repelling = f32x4.splat(2 * b);
  const rate = (learningRate * correction2) / correction1;
  const epsilon = <f32>1e-7 * correction2;
  for (let block = firstBlock; block < lastBlock; block++) {
    const key = hash((<u32>(epoch + 1) * 0x9e3779b1) ^ (<u32>block ^ <u32>seed));
    for (let lane: u32 = 0; lane < <u32>BLOCK; lane++) {
      const j = <usize>(hash(key + lane) % <u32>n) << 2;
      for (let c: usize = 0; c < <usize>dimensions; c++) {
        store<f32>(negatives + (c << 8) + (<usize>lane << 2), load<f32>(from + c * plane + j));
      }
    }
    const last = min((block + 1) * BLOCK, n);
    for (let i = block * BLOCK; i < last; i++) {
      const at = <usize>i << 2;
      memory.fill(pulled, 0, vectors << 1);
      let degrees = zero;
      const end = load<u32>(starts + at, 4);
      for (let e = load<u32>(starts + at); e < end; e += 4) {
        const edge = <usize>e << 2;
        const left = <i32>(end - e);
        const i0 = <usize>load<u32>(columns + edge);
        const i1 = left > 1 ? <usize>load<u32>(columns + edge, 4) : i0;
        const i2 = left > 2 ? <usize>load<u32>(columns + edge, 8) : i0;
        const i3 = left > 3 ? <usize>load<u32>(columns + edge, 12) : i0;
        let weight = v128.load(weights + edge);
        if (left < 4) weight = v128.and(weight, firstLanes(left));
        degrees = f32x4.add(degrees, weight);
        let d2 = zero;
        for (let c: usize = 0; c < <usize>dimensions; c++) {
          const own = from + c * plane;
          const difference = f32x4.sub(v128.load_splat<f32>(own + at), gather(own, i0, i1, i2, i3));
          v128.store(differences + (c << 4), difference);
          d2 = f32x4.add(d2, f32x4.mul(difference, difference));
        }
        const pull = pulling(d2, as_, bs, attraction);
        const doubled = f32x4.add(weight, weight);
        for (let c: usize = 0; c < vectors; c += 16) {
          const force = f32x4.mul(doubled, clip(f32x4.mul(pull, v128.load(differences + c))));
          v128.store(pulled + c, f32x4.add(v128.load(pulled + c), force));
        }
      }
      for (let lane: usize = 0; lane < <usize>BLOCK * 4; lane += 16) {
        let d2 = zero;
        for (let c: usize = 0; c < <usize>dimensions; c++) {
          const difference = f32x4.sub(v128.load_splat<f32>(from + c * plane + at), v128.load(negatives + (c << 8) + lane));
          v128.store(differences + (c << 4), difference);
          d2 = f32x4.add(d2, f32x4.mul(difference, difference));
        }
        const push = pushing(d2, as_, bs, repelling);
        for (let c: usize = 0; c < vectors; c += 16) {
          v128.store(pushed + c, f32x4.add(v128.load(pushed + c), clip(f32x4.mul(push, v128.load(differences + c)))));
        }
      }
      const share = (repulsion * sum(degrees)) / <f32>BLOCK;
      for (let c: usize = 0; c < <usize>dimensions; c++) {
        const offset = c * plane + at;
        const force = sum(v128.load(pulled + (c << 4))) + share * sum(v128.load(pushed + (c << 4)));
        adam(force + other(others, offset), from + offset, to + offset, momentum + offset, velocity + offset, rate, epsilon);
      }
    }
  }
}

/** attraction d^(2b) / (d^2 (1 + a d^(2b))) by d^2, where attraction is -2ab: times a difference, the pull along it. 0 at distance 0. */
// @ts-ignore: decorator
@inline
function pulling(d2: v128, a: v128, b: v128, attraction: v128): v128 {
  const one = f32x4.splat(1);
  const apart = f32x4.gt(d2, f32x4.splat(0));
  const power = exp2(f32x4.mul(b, log2(v128.bitselect(d2, one, apart))));
  const pull = f32x4.div(f32x4.mul(attraction, power), f32x4.mul(d2, f32x4.add(f32x4.mul(a, power), one)));
  return v128.and(pull, apart);
}

/**
 * repelling / ((0.001 + d^2) (1 + a d^(2b))) by d^2, where repelling is 2b: times a difference, the push along it.
 * At distance 0 the power is some small number and the push finite, along no direction.
 */
// @ts-ignore: decorator
@inline
function pushing(d2: v128, a: v128, b: v128, repelling: v128): v128 {
  const power = exp2(f32x4.mul(b, log2(d2)));
  const stretched = f32x4.add(f32x4.mul(a, power), f32x4.splat(1));
  return f32x4.div(repelling, f32x4.mul(f32x4.add(f32x4.splat(0.001), d2), stretched));
}

// @ts-ignore: decorator
@inline
function other(forces: usize, at: usize): f32 {
  return forces == 0 ? 0 : load<f32>(forces + at);
}

// @ts-ignore: decorator
@inline
function adam(force: f32, from: usize, to: usize, momentum: usize, velocity: usize, rate: f32, epsilon: f32): void {
  const m0 = load<f32>(momentum), v0 = load<f32>(velocity);
  const m = m0 + <f32>0.5 * (force - m0);
  const v = v0 + <f32>0.1 * (force * force - v0);
  store<f32>(momentum, m);
  store<f32>(velocity, v);
  store<f32>(to, load<f32>(from) + (rate * m) / (Mathf.sqrt(v) + epsilon));
}
