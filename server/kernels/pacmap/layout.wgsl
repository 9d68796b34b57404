// One iteration of PaCMAP's or LocalMAP's layout. Reference and derivation: layout.ts. With gpu/gather.wgsl.
//
// gather   one invocation per segment of a point's pairs: the gradient. The weight of an edge is the kind of its pair.
// step     one invocation per point: a step of Adam.

struct Parameters {
  first: u32, // workgroup
  segments: u32,
  n: u32,
  near: f32, // weights of the three kinds of pairs
  mid: f32,
  further: f32,
  reach: f32, // of LocalMAP, 0 for PaCMAP
  rate: f32, // learning rate with Adam's corrections
};

@group(0) @binding(5) var<storage, read> segment_starts: array<u32>; // (n + 1)
@group(0) @binding(6) var<storage, read_write> next: array<f32>; // positions after this iteration
@group(0) @binding(7) var<storage, read_write> moments: array<vec2f>; // (n, dimensions): Adam's

// Kinds, as layoutOnGpu.ts writes them.
const NEAR = 0.0;
const MID = 1.0;

fn pull(kind: f32, difference: vec3f) -> vec3f {
  let d = 1.0 + dot(difference, difference);
  if (kind == NEAR) {
    let torn = select(1.0, parameters.reach / (2.0 * sqrt(d)), parameters.reach > 0.0);
    return ((parameters.near * torn * 20.0) / ((10.0 + d) * (10.0 + d))) * difference;
  }
  if (kind == MID) {
    return ((parameters.mid * 2e4) / ((1e4 + d) * (1e4 + d))) * difference;
  }
  return ((-parameters.further * 2.0) / ((1.0 + d) * (1.0 + d))) * difference;
}

@compute @workgroup_size(64)
fn step(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (parameters.first + group.x) * 64u + lane;
  if (i >= parameters.n) {
    return;
  }
  var slope = vec3f(0);
  for (var segment = segment_starts[i]; segment < segment_starts[i + 1u]; segment++) {
    slope += pulls[segment].force;
  }
  let own = position(i);
  for (var c = 0u; c < dimensions; c++) {
    let at = i * dimensions + c;
    let before = moments[at];
    let m = before.x + 0.1 * (slope[c] - before.x);
    let v = before.y + 0.001 * (slope[c] * slope[c] - before.y);
    moments[at] = vec2f(m, v);
    next[at] = own[c] - parameters.rate * m / (sqrt(v) + 1e-7);
  }
}
