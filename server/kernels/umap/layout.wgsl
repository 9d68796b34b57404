// One epoch of UMAP's layout, in up to ten dimensions. Reference and derivation: layout.ts. With gpu/gather.wgsl and gpu/hash.wgsl.
//
// gather   one invocation per segment of a row of the graph: attraction.
// step     one workgroup per block of 64 points: they share 64 points drawn at random, by the same hash as on the processor;
//          repulsion, then a step of Adam. Each point writes its own position, in the buffer of the next epoch.

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

@group(0) @binding(5) var<storage, read> segment_starts: array<u32>; // (n + 1)
@group(0) @binding(6) var<storage, read_write> next: array<f32>; // positions after this epoch
@group(0) @binding(7) var<storage, read_write> moments: array<vec2f>; // (n, dimensions): Adam's

const BLOCK = 64u;
const CLIP = 4.0;
const SOFTENING = 0.001;

// 2 r clip(-2ab d^(2b-2) / (1 + a d^(2b)) (y_i - y_j))
fn pull(weight: f32, difference: Vector) -> Vector {
  let d2 = squares(difference);
  if (d2 == 0.0) {
    return Vector();
  }
  let power = pow(d2, parameters.b);
  let factor = (-2.0 * parameters.a * parameters.b * power) / (d2 * (parameters.a * power + 1.0));
  return times(2.0 * weight, clip(times(factor, difference), CLIP));
}

// clip(2b / ((0.001 + d^2) (1 + a d^(2b))) (y_i - y_j))
fn push(difference: Vector) -> Vector {
  let d2 = squares(difference);
  if (d2 == 0.0) {
    return Vector();
  }
  let factor = (2.0 * parameters.b) / ((SOFTENING + d2) * (parameters.a * pow(d2, parameters.b) + 1.0));
  return clip(times(factor, difference), CLIP);
}

var<workgroup> negatives: array<Vector, BLOCK>;

@compute @workgroup_size(64)
fn step(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = parameters.first + group.x;
  let key = hash(((parameters.epoch + 1u) * 0x9e3779b1u) ^ (block ^ parameters.seed));
  negatives[lane] = position(hash(key + lane) % parameters.n);
  workgroupBarrier();
  let i = block * BLOCK + lane;
  if (i >= parameters.n) {
    return;
  }
  let own = position(i);
  var attracted = Pull();
  for (var segment = segment_starts[i]; segment < segment_starts[i + 1u]; segment++) {
    attracted.force = plus(attracted.force, pulls[segment].force);
    attracted.weight += pulls[segment].weight;
  }
  var repelled = Vector();
  for (var other = 0u; other < BLOCK; other++) {
    repelled = plus(repelled, push(minus(own, negatives[other])));
  }
  let force = plus(attracted.force, times(parameters.repulsion * attracted.weight / f32(BLOCK), repelled));
  for (var c = 0u; c < dimensions; c++) {
    let at = i * dimensions + c;
    let before = moments[at];
    let along = component(force, c);
    let m = before.x + 0.5 * (along - before.x);
    let v = before.y + 0.1 * (along * along - before.y);
    moments[at] = vec2f(m, v);
    next[at] = component(own, c) + parameters.rate * m / (sqrt(v) + parameters.epsilon);
  }
}
