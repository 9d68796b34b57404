// What the points of a map feel of their neighbours: the half that all methods share. With gpu/flatVector.wgsl or, in more than
// three dimensions, gpu/wideVector.wgsl. A method adds `struct Parameters` with the fields `first` and `segments`, and the function
// `pull`: the force along one edge.
//
// Rows of the graph are cut into segments of at most 32 edges, so that a point with thousands of neighbours does not keep all
// others waiting. One invocation sums one segment and writes its own place alone; whoever sums the segments of a point does so
// in their order. No atomics: the same numbers each time.
//
// Positions are (n, dimensions), point by point.

struct Pull {
  force: Vector,
  weight: f32, // the sum of the weights of the edges
};

@group(1) @binding(0) var<uniform> parameters: Parameters;

@group(0) @binding(0) var<storage, read> segments: array<vec4u>; // point, first edge, end, 0
@group(0) @binding(1) var<storage, read> columns: array<u32>; // the other end of each edge
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> positions: array<f32>; // before this round
@group(0) @binding(4) var<storage, read_write> pulls: array<Pull>; // (segments)

fn position(i: u32) -> Vector {
  return place_at(i * dimensions);
}

@compute @workgroup_size(64)
fn gather(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (parameters.first + group.x) * 64u + lane;
  if (at >= parameters.segments) {
    return;
  }
  let segment = segments[at];
  let own = position(segment.x);
  var force = Vector();
  var sum = 0.0;
  for (var edge = segment.y; edge < segment.z; edge++) {
    let weight = weights[edge];
    force = plus(force, pull(weight, minus(own, position(columns[edge]))));
    sum += weight;
  }
  pulls[at] = Pull(force, sum);
}
