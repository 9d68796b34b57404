// One epoch of UMAP's layout in up to ten dimensions, as layout.wgsl does it in two or three. Reference and derivation: layout.ts.
// With gpu/hash.wgsl.
//
// gather   one invocation per segment of a row of the graph (gpu/gather.wgsl): attraction.
// step     one workgroup per block of 64 points, which share 64 points drawn at random: repulsion, then a step of Adam.

override dimensions: u32 = 4u;

struct Parameters {
  first: u32, // workgroup
  segments: u32,
  n: u32,
  epoch: u32,
  seed: u32,
  a: f32, // of the curve
  b: f32,
  repulsion: f32, // negative rate times strength
  rate: f32, // learning rate, and Adam's corrections: rate * sqrt(1 - 0.9^t) / (1 - 0.5^t)
  epsilon: f32,
};

@group(1) @binding(0) var<uniform> parameters: Parameters;

@group(0) @binding(0) var<storage, read> segments: array<vec4u>; // point, first edge, end, 0
@group(0) @binding(1) var<storage, read> columns: array<u32>; // the other end of each edge
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> positions: array<f32>; // (n, dimensions), before this epoch
@group(0) @binding(4) var<storage, read_write> pulls: array<f32>; // (segments, dimensions + 1): the force, and the sum of the weights
@group(0) @binding(5) var<storage, read> segment_starts: array<u32>; // (n + 1)
@group(0) @binding(6) var<storage, read_write> next: array<f32>; // positions after this epoch
@group(0) @binding(7) var<storage, read_write> moments: array<vec2f>; // (n, dimensions): Adam's

const MOST = 10u;
const BLOCK = 64u;
const SOFTENING = 0.001;

var<workgroup> negatives: array<f32, 640>; // (MOST, BLOCK)

@compute @workgroup_size(64)
fn gather(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (parameters.first + group.x) * 64u + lane;
  if (at >= parameters.segments) {
    return;
  }
  let segment = segments[at];
  var force = array<f32, MOST>();
  var sum = 0.0;
  for (var edge = segment.y; edge < segment.z; edge++) {
    let weight = weights[edge];
    sum += weight;
    var difference = array<f32, MOST>();
    var d2 = 0.0;
    for (var c = 0u; c < dimensions; c++) {
      difference[c] = positions[segment.x * dimensions + c] - positions[columns[edge] * dimensions + c];
      d2 += difference[c] * difference[c];
    }
    if (d2 == 0.0) {
      continue;
    }
    // 2 r clip(-2ab d^(2b-2) / (1 + a d^(2b)) (y_i - y_j))
    let power = pow(d2, parameters.b);
    let factor = (-2.0 * parameters.a * parameters.b * power) / (d2 * (parameters.a * power + 1.0));
    for (var c = 0u; c < dimensions; c++) {
      force[c] += 2.0 * weight * clamp(factor * difference[c], -4.0, 4.0);
    }
  }
  let to = at * (dimensions + 1u);
  for (var c = 0u; c < dimensions; c++) {
    pulls[to + c] = force[c];
  }
  pulls[to + dimensions] = sum;
}

@compute @workgroup_size(64)
fn step(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = parameters.first + group.x;
  let key = hash(((parameters.epoch + 1u) * 0x9e3779b1u) ^ (block ^ parameters.seed));
  let drawn = hash(key + lane) % parameters.n;
  for (var c = 0u; c < dimensions; c++) {
    negatives[c * BLOCK + lane] = positions[drawn * dimensions + c];
  }
  workgroupBarrier();
  let i = block * BLOCK + lane;
  if (i >= parameters.n) {
    return;
  }
  var own = array<f32, MOST>();
  var force = array<f32, MOST>();
  var degree = 0.0;
  for (var c = 0u; c < dimensions; c++) {
    own[c] = positions[i * dimensions + c];
  }
  for (var segment = segment_starts[i]; segment < segment_starts[i + 1u]; segment++) {
    let begin = segment * (dimensions + 1u);
    for (var c = 0u; c < dimensions; c++) {
      force[c] += pulls[begin + c];
    }
    degree += pulls[begin + dimensions];
  }
  var repelled = array<f32, MOST>();
  for (var other = 0u; other < BLOCK; other++) {
    var d2 = 0.0;
    for (var c = 0u; c < dimensions; c++) {
      let difference = own[c] - negatives[c * BLOCK + other];
      d2 += difference * difference;
    }
    if (d2 == 0.0) {
      continue;
    }
    // clip(2b / ((0.001 + d^2) (1 + a d^(2b))) (y_i - y_j))
    let factor = (2.0 * parameters.b) / ((SOFTENING + d2) * (parameters.a * pow(d2, parameters.b) + 1.0));
    for (var c = 0u; c < dimensions; c++) {
      repelled[c] += clamp(factor * (own[c] - negatives[c * BLOCK + other]), -4.0, 4.0);
    }
  }
  let share = parameters.repulsion * degree / f32(BLOCK);
  for (var c = 0u; c < dimensions; c++) {
    let at = i * dimensions + c;
    let sum = force[c] + share * repelled[c];
    let before = moments[at];
    let m = before.x + 0.5 * (sum - before.x);
    let v = before.y + 0.1 * (sum * sum - before.y);
    moments[at] = vec2f(m, v);
    next[at] = own[c] + parameters.rate * m / (sqrt(v) + parameters.epsilon);
  }
}
