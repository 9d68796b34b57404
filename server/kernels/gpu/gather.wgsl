// What the points of a map feel of their neighbours: the half that all methods share. A method adds `struct Parameters` with the
// fields `first` and `segments`, and the function `pull`: the force along one edge.
//
// Rows of the graph are cut into segments of at most 32 edges, so that a point with thousands of neighbours does not keep all
// others waiting. One invocation sums one segment and writes its own place alone; whoever sums the segments of a point does so
// in their order. No atomics: the same numbers each time.
//
// Positions are (n, dimensions), point by point.

override dimensions: u32 = 2u;

@group(1) @binding(0) var<uniform> parameters: Parameters;

@group(0) @binding(0) var<storage, read> segments: array<vec4u>; // point, first edge, end, 0
@group(0) @binding(1) var<storage, read> columns: array<u32>; // the other end of each edge
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> positions: array<f32>; // before this round
@group(0) @binding(4) var<storage, read_write> pulls: array<vec4f>; // of a segment: the force, and the sum of the weights

fn position(i: u32) -> vec3f {
  let at = i * dimensions;
  if (dimensions == 3u) {
    return vec3f(positions[at], positions[at + 1u], positions[at + 2u]);
  }
  return vec3f(positions[at], positions[at + 1u], 0.0);
}

@compute @workgroup_size(64)
fn gather(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (parameters.first + group.x) * 64u + lane;
  if (at >= parameters.segments) {
    return;
  }
  let segment = segments[at];
  let own = position(segment.x);
  var force = vec3f(0);
  var sum = 0.0;
  for (var edge = segment.y; edge < segment.z; edge++) {
    let weight = weights[edge];
    let difference = own - position(columns[edge]);
    force += pull(weight, difference);
    sum += weight;
  }
  pulls[at] = vec4f(force, sum);
}
