// The repulsion of t-SNE on a map of 3 dimensions, by a tree (Barnes and Hut 1986; for t-SNE van der Maaten 2014, section 4.2).
// Reference: repulsionPlain of ../../tsne/gradient.ts, which it equals where `theta` is 0.
//
// Points are sorted along Morton's curve, so a cell of the octree is a run of them, and four points that follow each other are
// near each other: they walk the tree together, one to a lane, and a cell counts as one point when it does for all four.
// Nodes stand in the order of a walk: the first child is the next node, `skip` the node behind all that is below.

/** Points that a leaf may hold: below this the pairs are cheaper than the tree. */
const LEAF = 8;
/** Bits of a coordinate in the code. */
const BITS = 16;
const NODE_BYTES: usize = 32;
// node: center x, y, z f32 | points f32 | side^2 f32 | skip u32 | first u32 | last u32; inner nodes have last = 0.

/** Spreads 16 bits so that two empty ones follow each. */
// @ts-ignore: decorator
@inline
function spreadBits(value: u64): u64 {
  let v = value;
  v = (v | (v << 32)) & 0x1f00000000ffff;
  v = (v | (v << 16)) & 0x1f0000ff0000ff;
  v = (v | (v << 8)) & 0x100f00f00f00f00f;
  v = (v | (v << 4)) & 0x10c30c30c30c30c3;
  return (v | (v << 2)) & 0x1249249249249249;
}

/**
 * Sorts the points and builds the tree.
 * positions f32 (3, n). low: the least coordinate of each axis; side: of the cube from there that holds all, above 0.
 * order u32 (n); sorted f32 (3, n rounded up to 4), filled up with the last point; nodes: 2 n of 32 bytes.
 * scratch: 32 n + 16,512 bytes.
 */
export function treeBuild(
  n: i32, positions: usize, lowX: f32, lowY: f32, lowZ: f32, side: f32, order: usize, sorted: usize, nodes: usize, scratch: usize,
): void {
  const plane = <usize>n << 2;
  const padded = <usize>((n + 3) & ~3) << 2;
  let codes = scratch, otherCodes = scratch + (<usize>n << 3);
  let names = order, otherNames = scratch + (<usize>n << 4);
  const counts = scratch + <usize>n * 24 + 64;
  const most: f32 = 65535;
  const scale = <f32>65536 / side;
  for (let i = 0; i < n; i++) {
    const at = positions + (<usize>i << 2);
    const x = <u64>max<f32>(0, min(most, (load<f32>(at) - lowX) * scale));
    const y = <u64>max<f32>(0, min(most, (load<f32>(at + plane) - lowY) * scale));
    const z = <u64>max<f32>(0, min(most, (load<f32>(at + plane + plane) - lowZ) * scale));
    store<u64>(codes + (<usize>i << 3), spreadBits(x) | (spreadBits(y) << 1) | (spreadBits(z) << 2));
    store<u32>(names + (<usize>i << 2), i);
  }
  // Radix sort by 12 bits, four times: stable, so equal codes stay in the order of the points.
  for (let shift: u64 = 0; shift < 48; shift += 12) {
    memory.fill(counts, 0, 4097 << 2);
    for (let i = 0; i < n; i++) {
      const at = counts + (<usize>((load<u64>(codes + (<usize>i << 3)) >> shift) & 4095) << 2);
      store<u32>(at, load<u32>(at, 4) + 1, 4);
    }
    for (let digit: usize = 0; digit < 4096; digit++) {
      const at = counts + (digit << 2);
      store<u32>(at, load<u32>(at, 4) + load<u32>(at), 4);
    }
    for (let i = 0; i < n; i++) {
      const code = load<u64>(codes + (<usize>i << 3));
      const at = counts + (<usize>((code >> shift) & 4095) << 2);
      const place = <usize>load<u32>(at);
      store<u32>(at, <u32>place + 1);
      store<u64>(otherCodes + (place << 3), code);
      store<u32>(otherNames + (place << 2), load<u32>(names + (<usize>i << 2)));
    }
    const swapCodes = codes; codes = otherCodes; otherCodes = swapCodes;
    const swapNames = names; names = otherNames; otherNames = swapNames;
  }
  // Four passes: names are in `order` and codes at the start of the scratch again. Behind the codes: sums of what lies before.
  for (let place = 0; place < <i32>(padded >> 2); place++) {
    const from = positions + (<usize>load<u32>(order + (<usize>min(place, n - 1) << 2)) << 2);
    const to = sorted + (<usize>place << 2);
    store<f32>(to, load<f32>(from));
    store<f32>(to + padded, load<f32>(from + plane));
    store<f32>(to + padded + padded, load<f32>(from + plane + plane));
  }
  const sums = scratch + (<usize>n << 3);
  let x: f64 = 0, y: f64 = 0, z: f64 = 0;
  for (let place = 0; place <= n; place++) {
    const at = sums + <usize>place * 24;
    store<f64>(at, x);
    store<f64>(at, y, 8);
    store<f64>(at, z, 16);
    if (place == n) break;
    const from = sorted + (<usize>place << 2);
    x += <f64>load<f32>(from);
    y += <f64>load<f32>(from + padded);
    z += <f64>load<f32>(from + padded + padded);
  }
  grow(0, n, codes, sums, nodes, 0, side);
}

/** The node of the points first … last-1, and all below it. @returns the number of the next node */
function grow(first: i32, last: i32, codes: usize, sums: usize, nodes: usize, number: i32, side: f32): i32 {
  const node = nodes + <usize>number * NODE_BYTES;
  const points = last - first;
  const low = sums + <usize>first * 24, high = sums + <usize>last * 24;
  store<f32>(node, <f32>((load<f64>(high) - load<f64>(low)) / <f64>points));
  store<f32>(node, <f32>((load<f64>(high, 8) - load<f64>(low, 8)) / <f64>points), 4);
  store<f32>(node, <f32>((load<f64>(high, 16) - load<f64>(low, 16)) / <f64>points), 8);
  store<f32>(node, <f32>points, 12);
  // The smallest cell that holds them: the digits that the first and the last have in common.
  const differ = load<u64>(codes + (<usize>first << 3)) ^ load<u64>(codes + (<usize>(last - 1) << 3));
  const depth = differ == 0 ? BITS : (<i32>clz<u64>(differ) - 16) / 3;
  const width = side / <f32>(1 << depth);
  store<f32>(node, width * width, 16);
  let next = number + 1;
  if (points <= LEAF || depth == BITS) {
    store<u32>(node, first, 24);
    store<u32>(node, last, 28);
  } else {
    store<u32>(node, 0, 28);
    const shift = <u64>(3 * (BITS - 1 - depth));
    let from = first;
    while (from < last) {
      const digit = load<u64>(codes + (<usize>from << 3)) >> shift;
      let to = from + 1, end = last;
      while (to < end) {
        const middle = (to + end) >> 1;
        if (load<u64>(codes + (<usize>middle << 3)) >> shift == digit) to = middle + 1;
        else end = middle;
      }
      next = grow(from, to, codes, sums, nodes, next, side);
      from = to;
    }
  }
  store<u32>(node, next, 20);
  return next;
}

/**
 * Groups firstGroup … lastGroup-1 of four sorted points. forces f32 (3, n): the sum of q^2 (y_i - y_j), by the points' own numbers.
 * sums f64 (groups): each group's sum of q, without the points themselves. A cell counts as one point when side < theta * distance.
 */
export function treeForces(
  n: i32, order: usize, sorted: usize, nodes: usize, theta: f32, forces: usize, sums: usize, firstGroup: i32, lastGroup: i32,
): void {
  const padded = <usize>((n + 3) & ~3) << 2;
  const plane = <usize>n << 2;
  const one = f32x4.splat(1), zero = f32x4.splat(0);
  const squared = f32x4.splat(theta * theta);
  const all = load<u32>(nodes, 20);
  for (let group = firstGroup; group < lastGroup; group++) {
    const at = sorted + (<usize>group << 4);
    const x = v128.load(at), y = v128.load(at + padded), z = v128.load(at + padded + padded);
    let fx = zero, fy = zero, fz = zero, total = zero;
    let number: u32 = 0;
    while (number < all) {
      const node = nodes + <usize>number * NODE_BYTES;
      let dx = f32x4.sub(x, v128.load_splat<f32>(node)), dy = f32x4.sub(y, v128.load_splat<f32>(node, 4));
      let dz = f32x4.sub(z, v128.load_splat<f32>(node, 8));
      let d2 = f32x4.add(f32x4.mul(dx, dx), f32x4.add(f32x4.mul(dy, dy), f32x4.mul(dz, dz)));
      if (i32x4.all_true(f32x4.lt(v128.load_splat<f32>(node, 16), f32x4.mul(squared, d2)))) {
        const q = f32x4.div(one, f32x4.add(one, d2));
        const share = f32x4.mul(v128.load_splat<f32>(node, 12), q);
        const push = f32x4.mul(share, q);
        total = f32x4.add(total, share);
        fx = f32x4.add(fx, f32x4.mul(push, dx));
        fy = f32x4.add(fy, f32x4.mul(push, dy));
        fz = f32x4.add(fz, f32x4.mul(push, dz));
        number = load<u32>(node, 20);
        continue;
      }
      const last = load<u32>(node, 28);
      for (let place: u32 = last == 0 ? 0 : load<u32>(node, 24); place < last; place++) {
        const other = sorted + (<usize>place << 2);
        dx = f32x4.sub(x, v128.load_splat<f32>(other));
        dy = f32x4.sub(y, v128.load_splat<f32>(other + padded));
        dz = f32x4.sub(z, v128.load_splat<f32>(other + padded + padded));
        d2 = f32x4.add(f32x4.mul(dx, dx), f32x4.add(f32x4.mul(dy, dy), f32x4.mul(dz, dz)));
        const q = f32x4.div(one, f32x4.add(one, d2));
        const push = f32x4.mul(q, q);
        total = f32x4.add(total, q);
        fx = f32x4.add(fx, f32x4.mul(push, dx));
        fy = f32x4.add(fy, f32x4.mul(push, dy));
        fz = f32x4.add(fz, f32x4.mul(push, dz));
      }
      number++;
    }
    // Each point has met itself, at q = 1.
    let sum: f64 = 0;
    sum += keep(n, group << 2, order, forces, plane, f32x4.extract_lane(fx, 0), f32x4.extract_lane(fy, 0), f32x4.extract_lane(fz, 0), f32x4.extract_lane(total, 0));
    sum += keep(n, (group << 2) + 1, order, forces, plane, f32x4.extract_lane(fx, 1), f32x4.extract_lane(fy, 1), f32x4.extract_lane(fz, 1), f32x4.extract_lane(total, 1));
    sum += keep(n, (group << 2) + 2, order, forces, plane, f32x4.extract_lane(fx, 2), f32x4.extract_lane(fy, 2), f32x4.extract_lane(fz, 2), f32x4.extract_lane(total, 2));
    sum += keep(n, (group << 2) + 3, order, forces, plane, f32x4.extract_lane(fx, 3), f32x4.extract_lane(fy, 3), f32x4.extract_lane(fz, 3), f32x4.extract_lane(total, 3));
    store<f64>(sums + (<usize>group << 3), sum);
  }
}

// @ts-ignore: decorator
@inline
function keep(n: i32, place: i32, order: usize, forces: usize, plane: usize, x: f32, y: f32, z: f32, total: f32): f64 {
  if (place >= n) return 0;
  const at = forces + (<usize>load<u32>(order + (<usize>place << 2)) << 2);
  store<f32>(at, x);
  store<f32>(at + plane, y);
  store<f32>(at + plane + plane, z);
  return <f64>total - 1;
}
