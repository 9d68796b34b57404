// One step of t-SNE: the attraction of each point by its row of the affinities, its repulsion, and the move. Reference: ../../tsne/gradient.ts.
import { firstLanes, gather, sum } from './lanes';

/**
 * Points first … last-1, in 2 or 3 dimensions.
 * starts u32 (n + 1), columns u32, weights f32: the affinities; three more entries may be read past their end.
 * from, to, repulsion, updates, gains f32 (dimensions, n): positions before and after, the sum of q^2 (y_i - y_j), the last moves, the gains.
 * exaggeration: of the affinities. perSum: 1 / sum of q. longest: of a move. bounds f32 (2, dimensions): least and greatest position, of this piece.
 */
export function tsneStep(
  n: i32, dimensions: i32, starts: usize, columns: usize, weights: usize, from: usize, to: usize, repulsion: usize,
  updates: usize, gains: usize, exaggeration: f32, perSum: f32, learningRate: f32, momentum: f32, longest: f32,
  bounds: usize, first: i32, last: i32,
): void {
  const plane = <usize>n << 2;
  const third = dimensions == 3;
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  let lowX: f32 = Infinity, lowY: f32 = Infinity, lowZ: f32 = Infinity;
  let highX: f32 = -Infinity, highY: f32 = -Infinity, highZ: f32 = -Infinity;
  for (let i = first; i < last; i++) {
    const at = <usize>i << 2;
    const x = v128.load_splat<f32>(from + at), y = v128.load_splat<f32>(from + plane + at);
    const z = third ? v128.load_splat<f32>(from + plane + plane + at) : zero;
    let gx = zero, gy = zero, gz = zero;
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
      const dx = f32x4.sub(x, gather(from, i0, i1, i2, i3));
      const dy = f32x4.sub(y, gather(from + plane, i0, i1, i2, i3));
      let d2 = f32x4.add(one, f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy)));
      let dz = zero;
      if (third) {
        dz = f32x4.sub(z, gather(from + plane + plane, i0, i1, i2, i3));
        d2 = f32x4.add(d2, f32x4.mul(dz, dz));
      }
      const pull = f32x4.div(weight, d2);
      gx = f32x4.add(gx, f32x4.mul(pull, dx));
      gy = f32x4.add(gy, f32x4.mul(pull, dy));
      if (third) gz = f32x4.add(gz, f32x4.mul(pull, dz));
    }
    let ux = move(exaggeration * sum(gx) - perSum * load<f32>(repulsion + at), updates + at, gains + at, learningRate, momentum);
    let uy = move(
      exaggeration * sum(gy) - perSum * load<f32>(repulsion + plane + at), updates + plane + at, gains + plane + at, learningRate, momentum,
    );
    let uz: f32 = 0;
    if (third) {
      const offset = plane + plane + at;
      uz = move(exaggeration * sum(gz) - perSum * load<f32>(repulsion + offset), updates + offset, gains + offset, learningRate, momentum);
    }
    const length = Mathf.sqrt(ux * ux + uy * uy + uz * uz);
    if (length > longest) {
      const scale = longest / length;
      ux *= scale;
      uy *= scale;
      uz *= scale;
    }
    const nx = load<f32>(from + at) + ux, ny = load<f32>(from + plane + at) + uy;
    store<f32>(updates + at, ux);
    store<f32>(updates + plane + at, uy);
    store<f32>(to + at, nx);
    store<f32>(to + plane + at, ny);
    lowX = min(lowX, nx);
    highX = max(highX, nx);
    lowY = min(lowY, ny);
    highY = max(highY, ny);
    if (third) {
      const offset = plane + plane + at;
      const nz = load<f32>(from + offset) + uz;
      store<f32>(updates + offset, uz);
      store<f32>(to + offset, nz);
      lowZ = min(lowZ, nz);
      highZ = max(highZ, nz);
    }
  }
  store<f32>(bounds, lowX);
  store<f32>(bounds, lowY, 4);
  const high = bounds + (<usize>dimensions << 2);
  if (third) store<f32>(bounds, lowZ, 8);
  store<f32>(high, highX);
  store<f32>(high, highY, 4);
  if (third) store<f32>(high, highZ, 8);
}

/** The gain grows while a coordinate keeps its direction and shrinks when it turns (Jacobs 1988). @returns the new move */
// @ts-ignore: decorator
@inline
function move(gradient: f32, updates: usize, gains: usize, learningRate: f32, momentum: f32): f32 {
  const update = load<f32>(updates);
  let gain = load<f32>(gains);
  gain = gradient * update < 0 ? gain + <f32>0.2 : max(gain * <f32>0.8, <f32>0.01);
  store<f32>(gains, gain);
  return momentum * update - learningRate * gain * gradient;
}
