// One step of t-SNE, exact, over all pairs. Reference and derivation: gradient.ts. With gpu/gather.wgsl.
//
// gather   one invocation per segment of a row of the affinities: attraction.
// repel    one workgroup per 1024 points and slice of all points: their repulsion, 256 others at a time through the workgroup's
//          memory, and the workgroup's share of Z. Every place is written by one invocation: no atomics.
// total    one workgroup: Z.
// step     one invocation per point: the slices in their order, then momentum and gains.

struct Parameters {
  first: u32, // workgroup
  segments: u32,
  n: u32,
  slices: u32,
  slice_points: u32, // a multiple of 256
  groups: u32, // workgroups of `repel`
  exaggeration: f32,
  learning_rate: f32,
  momentum: f32,
  longest: f32, // of a move, in map units
};

@group(0) @binding(5) var<storage, read> segment_starts: array<u32>; // (n + 1)
@group(0) @binding(6) var<storage, read_write> next: array<f32>; // positions after this step
@group(0) @binding(7) var<storage, read_write> moves: array<vec2f>; // (n, dimensions): the last move, the gain
@group(0) @binding(8) var<storage, read_write> pushes: array<vec3f>; // (slices, n): sum of q^2 (y_i - y_j)
@group(0) @binding(9) var<storage, read_write> sums: array<f32>; // (groups): sum of q
@group(0) @binding(10) var<storage, read_write> z: array<f32>; // (1)

// p q (y_i - y_j)
fn pull(weight: f32, difference: vec3f) -> vec3f {
  return (weight / (1.0 + dot(difference, difference))) * difference;
}

const TILE = 256u;
const POINTS = 1024u; // of a workgroup: four for each invocation, so that another's position is read once for four forces
var<workgroup> others: array<vec3f, TILE>;
var<workgroup> shares: array<f32, TILE>;

@compute @workgroup_size(256)
fn repel(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let number = parameters.first + group.x;
  let slice = number % parameters.slices;
  let n = parameters.n;
  let own = (number / parameters.slices) * POINTS + lane + vec4u(0, TILE, 2 * TILE, 3 * TILE);
  let last = n - 1u;
  let a = position(min(own.x, last));
  let b = position(min(own.y, last));
  let c = position(min(own.z, last));
  let d = position(min(own.w, last));
  let x = vec4f(a.x, b.x, c.x, d.x);
  let y = vec4f(a.y, b.y, c.y, d.y);
  let z_ = vec4f(a.z, b.z, c.z, d.z);
  var force_x = vec4f(0);
  var force_y = vec4f(0);
  var force_z = vec4f(0);
  var sum = vec4f(0);
  let end = min(n, (slice + 1u) * parameters.slice_points);
  for (var tile = slice * parameters.slice_points; tile < end; tile += TILE) {
    workgroupBarrier();
    others[lane] = position(min(tile + lane, last));
    workgroupBarrier();
    // Summed up tile by tile, so that no long row of small numbers is added to a large one.
    var tile_x = vec4f(0);
    var tile_y = vec4f(0);
    var tile_z = vec4f(0);
    var tile_sum = vec4f(0);
    let tile_end = min(end, tile + TILE);
    for (var j = 0u; j < tile_end - tile; j++) {
      let other = others[j];
      let from_x = x - other.x;
      let from_y = y - other.y;
      var squares = fma(from_y, from_y, fma(from_x, from_x, vec4f(1)));
      if (dimensions == 3u) {
        let from_z = z_ - other.z;
        squares = fma(from_z, from_z, squares);
        let q = 1.0 / squares;
        tile_z = fma(q * q, from_z, tile_z);
        tile_x = fma(q * q, from_x, tile_x);
        tile_y = fma(q * q, from_y, tile_y);
        tile_sum += q;
      } else {
        let q = 1.0 / squares;
        tile_x = fma(q * q, from_x, tile_x);
        tile_y = fma(q * q, from_y, tile_y);
        tile_sum += q;
      }
    }
    force_x += tile_x;
    force_y += tile_y;
    force_z += tile_z;
    // A point's own share is 1, and pushes nothing.
    sum += tile_sum - select(vec4f(0), vec4f(1), (own >= vec4u(tile)) & (own < vec4u(tile_end)));
  }
  let to = slice * n + own;
  if (own.x < n) {
    pushes[to.x] = vec3f(force_x.x, force_y.x, force_z.x);
  }
  if (own.y < n) {
    pushes[to.y] = vec3f(force_x.y, force_y.y, force_z.y);
  }
  if (own.z < n) {
    pushes[to.z] = vec3f(force_x.z, force_y.z, force_z.z);
  }
  if (own.w < n) {
    pushes[to.w] = vec3f(force_x.w, force_y.w, force_z.w);
  }
  sum = select(vec4f(0), sum, own < vec4u(n));
  add_up(lane, (sum.x + sum.y) + (sum.z + sum.w));
  if (lane == 0u) {
    sums[number] = shares[0];
  }
}

@compute @workgroup_size(256)
fn total(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var at = lane; at < parameters.groups; at += TILE) {
    sum += sums[at];
  }
  add_up(lane, sum);
  if (lane == 0u) {
    z[0] = shares[0];
  }
}

// shares[0] becomes the sum over the workgroup, pair by pair.
fn add_up(lane: u32, share: f32) {
  workgroupBarrier();
  shares[lane] = share;
  for (var half = TILE / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      shares[lane] += shares[lane + half];
    }
  }
}

const GAIN_GROWS = 0.2;
const GAIN_SHRINKS = 0.8;
const GAIN_LEAST = 0.01;

@compute @workgroup_size(64)
fn step(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (parameters.first + group.x) * 64u + lane;
  if (i >= parameters.n) {
    return;
  }
  var attraction = vec3f(0);
  for (var segment = segment_starts[i]; segment < segment_starts[i + 1u]; segment++) {
    attraction += pulls[segment].force;
  }
  var repulsion = vec3f(0);
  for (var slice = 0u; slice < parameters.slices; slice++) {
    repulsion += pushes[slice * parameters.n + i];
  }
  let slope = parameters.exaggeration * attraction - repulsion / z[0];
  var motion = vec3f(0);
  for (var c = 0u; c < dimensions; c++) {
    let at = i * dimensions + c;
    let before = moves[at];
    var gain = max(GAIN_LEAST, before.y * GAIN_SHRINKS);
    if (slope[c] * before.x < 0.0) {
      gain = before.y + GAIN_GROWS;
    }
    moves[at].y = gain;
    motion[c] = parameters.momentum * before.x - parameters.learning_rate * gain * slope[c];
  }
  let distance_ = length(motion);
  if (distance_ > parameters.longest) {
    motion *= parameters.longest / distance_;
  }
  let own = position(i);
  for (var c = 0u; c < dimensions; c++) {
    let at = i * dimensions + c;
    moves[at].x = motion[c];
    next[at] = own[c] + motion[c];
  }
}
