// What densMAP adds to an epoch of UMAP's layout. Reference and derivation: density.ts. With gpu/gather.wgsl.
//
// sums     one invocation per segment of a row of the graph: the sums of q and of q d^2.
// radii    one per point: its sums over its segments, in their order.
// moments  one workgroup: mean and variance of the map's log radii, and their covariance with those of the vectors.
// terms    one per point: what of the gradient belongs to it and not to an edge.
// forces   one per segment: the force of density, added to what `gather` has summed of attraction.

struct Parameters {
  first: u32, // workgroup
  segments: u32,
  n: u32,
  a: f32, // of the curve
  b: f32,
  factor: f32, // weight times the sum of all edges' weights
  shift: f32, // of the variance
};

@group(0) @binding(5) var<storage, read> segment_starts: array<u32>; // (n + 1)
@group(0) @binding(6) var<storage, read> wanted: array<vec2f>; // (n): log radius among the vectors; whether there is one
@group(0) @binding(7) var<storage, read_write> sums_of: array<vec2f>; // (segments)
@group(0) @binding(8) var<storage, read_write> point_sums: array<vec2f>; // (n)
@group(0) @binding(9) var<storage, read_write> moments_of: array<f32>; // mean, variance, covariance, count
@group(0) @binding(10) var<storage, read_write> terms_of: array<vec2f>; // (n)

const LEAST_RADIUS = 1e-8;
const CLIP = 4.0;

// `gather` is not used here.
fn pull(weight: f32, difference: Vector) -> Vector {
  return times(weight, difference);
}

fn membership(d2: f32) -> f32 {
  if (d2 == 0.0) {
    return 1.0;
  }
  return 1.0 / (1.0 + parameters.a * pow(d2, parameters.b));
}

@compute @workgroup_size(64)
fn sums(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (parameters.first + group.x) * 64u + lane;
  if (at >= parameters.segments) {
    return;
  }
  let segment = segments[at];
  let own = position(segment.x);
  var sum = vec2f(0);
  for (var edge = segment.y; edge < segment.z; edge++) {
    let d2 = squares(minus(own, position(columns[edge])));
    let q = membership(d2);
    sum += vec2f(q, q * d2);
  }
  sums_of[at] = sum;
}

@compute @workgroup_size(64)
fn radii(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (parameters.first + group.x) * 64u + lane;
  if (i >= parameters.n) {
    return;
  }
  var sum = vec2f(0);
  for (var segment = segment_starts[i]; segment < segment_starts[i + 1u]; segment++) {
    sum += sums_of[segment];
  }
  point_sums[i] = sum;
}

fn is_known(i: u32) -> bool {
  return point_sums[i].x > 0.0 && wanted[i].y > 0.0;
}

fn log_radius(i: u32) -> f32 {
  return log(LEAST_RADIUS + point_sums[i].y / point_sums[i].x);
}

var<workgroup> partial: array<vec4f, 256>;

// The sum over all lanes, by halves.
fn total(lane: u32, value: vec4f) -> vec4f {
  partial[lane] = value;
  for (var half = 128u; half > 0u; half = half >> 1u) {
    workgroupBarrier();
    if (lane < half) {
      partial[lane] += partial[lane + half];
    }
  }
  workgroupBarrier();
  let all = partial[0];
  workgroupBarrier();
  return all;
}

@compute @workgroup_size(256)
fn moments(@builtin(local_invocation_index) lane: u32) {
  var own = vec4f(0);
  for (var i = lane; i < parameters.n; i += 256u) {
    if (is_known(i)) {
      own += vec4f(1.0, log_radius(i), 0.0, 0.0);
    }
  }
  let first = total(lane, own);
  let count = max(first.x, 1.0);
  let mean = first.y / count;
  own = vec4f(0);
  for (var i = lane; i < parameters.n; i += 256u) {
    if (is_known(i)) {
      let apart = log_radius(i) - mean;
      own += vec4f(apart * apart, apart * wanted[i].x, 0.0, 0.0);
    }
  }
  let second = total(lane, own);
  if (lane == 0u) {
    moments_of[0] = mean;
    moments_of[1] = second.x / count + parameters.shift;
    moments_of[2] = second.y / count;
    moments_of[3] = count;
  }
}

@compute @workgroup_size(64)
fn terms(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (parameters.first + group.x) * 64u + lane;
  if (i >= parameters.n) {
    return;
  }
  if (!is_known(i)) {
    terms_of[i] = vec2f(0);
    return;
  }
  let variance = moments_of[1];
  let s = log_radius(i);
  let factor = parameters.factor / (moments_of[3] * sqrt(variance));
  let c = factor * (wanted[i].x - moments_of[2] * (s - moments_of[0]) / variance);
  let q = point_sums[i].x;
  terms_of[i] = vec2f(c / (q * exp(s)), c / q);
}

@compute @workgroup_size(64)
fn forces(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (parameters.first + group.x) * 64u + lane;
  if (at >= parameters.segments) {
    return;
  }
  let segment = segments[at];
  let own = position(segment.x);
  let term = terms_of[segment.x];
  var force = Vector();
  for (var edge = segment.y; edge < segment.z; edge++) {
    let j = columns[edge];
    let difference = minus(own, position(j));
    let d2 = squares(difference);
    if (d2 == 0.0) {
      continue;
    }
    let q = membership(d2);
    let bent = parameters.b * (1.0 - q);
    let ends = term + terms_of[j];
    let push = 2.0 * q * ((1.0 - bent) * ends.x + (bent / d2) * ends.y) / weights[edge];
    force = plus(force, times(2.0 * weights[edge], clip(times(push, difference), CLIP)));
  }
  pulls[at].force = plus(pulls[at].force, force);
}
