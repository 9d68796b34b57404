// One step of t-SNE, exact, over all pairs. Reference and derivation: gradient.ts. With gpu/gather.wgsl.
//
// gather   one invocation per segment of a row of the affinities: attraction.
// repel    one workgroup per 256 points and slice of all points: their repulsion, 256 others at a time through the workgroup's
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
var<workgroup> others: array<vec3f, TILE>;
var<workgroup> shares: array<f32, TILE>;

@compute @workgroup_size(256)
fn repel(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let number = parameters.first + group.x;
  let slice = number % parameters.slices;
  let i = (number / parameters.slices) * TILE + lane;
  let n = parameters.n;
  let own = position(min(i, n - 1u));
  var force = vec3f(0);
  var sum = 0.0;
  let end = min(n, (slice + 1u) * parameters.slice_points);
  for (var tile = slice * parameters.slice_points; tile < end; tile += TILE) {
    workgroupBarrier();
    others[lane] = position(min(tile + lane, n - 1u));
    workgroupBarrier();
    // Summed up tile by tile, so that no long row of small numbers is added to a large one.
    var tile_force = vec3f(0);
    var tile_sum = 0.0;
    for (var j = 0u; j < min(TILE, end - tile); j++) {
      let difference = own - others[j];
      let q = select(1.0 / (1.0 + dot(difference, difference)), 0.0, tile + j == i);
      tile_force += (q * q) * difference;
      tile_sum += q;
    }
    force += tile_force;
    sum += tile_sum;
  }
  if (i < n) {
    pushes[slice * n + i] = force;
  } else {
    sum = 0.0;
  }
  add_up(lane, sum);
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
    attraction += pulls[segment].xyz;
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
