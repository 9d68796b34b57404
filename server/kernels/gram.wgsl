// Products of a matrix with itself and with a narrow one. Reference: subspace.ts on the processor, `gramNaive` in gram.ts.
//
// gram     one workgroup per pair of 64 columns and slice of rows: (X - mean)' (X - mean), 16 rows at a time through the workgroup's
//          memory, 256 invocations with 4 x 4 sums each. Only pairs of columns at or above the diagonal are computed.
// add_up   one invocation per sum: adds the slices to it in their order. A round is both, for so many slices as have room.
// project  one invocation per row: (X - mean) V', for few directions V.
//
// Rows are `quads` vectors of 4 columns, filled up with zeros; so are the mean and the directions.

struct Parameters {
  first: u32, // workgroup
  rows: u32, // in the buffer
  quads: u32,
  slices: u32, // of a round
  slice_rows: u32,
  slice_base: u32, // number of the round's first slice
  directions: u32,
};

@group(1) @binding(0) var<uniform> parameters: Parameters;

@group(0) @binding(0) var<storage, read> matrix: array<vec4f>; // (rows, quads)
@group(0) @binding(1) var<storage, read> mean: array<vec4f>; // (quads)
@group(0) @binding(2) var<storage, read> pairs: array<vec2u>; // first quads of the two sides
@group(0) @binding(3) var<storage, read_write> parts: array<vec4f>; // (slices, pairs, 64, 16)
@group(0) @binding(4) var<storage, read_write> sums: array<vec4f>; // (pairs, 64, 16)
@group(0) @binding(5) var<storage, read> directions: array<vec4f>; // (directions, quads)
@group(0) @binding(6) var<storage, read_write> coordinates: array<f32>; // (rows, directions)

const TILE_QUADS = 16u; // 64 columns
const TILE_SUMS = 1024u; // vectors of 4
const ROWS = 16u; // at a time

var<workgroup> left: array<vec4f, 256>; // (ROWS, TILE_QUADS)
var<workgroup> right: array<vec4f, 256>;

fn centered(row: u32, end: u32, quad: u32) -> vec4f {
  if (row >= end || quad >= parameters.quads) {
    return vec4f(0);
  }
  return matrix[row * parameters.quads + quad] - mean[quad];
}

@compute @workgroup_size(256)
fn gram(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let number = parameters.first + group.x;
  let slice = number % parameters.slices;
  let pair = number / parameters.slices;
  let sides = pairs[pair];
  let across = lane & 15u;
  let down = lane >> 4u;
  let begin = (parameters.slice_base + slice) * parameters.slice_rows;
  let end = min(parameters.rows, begin + parameters.slice_rows);
  var sums_of = array<vec4f, 4>(); // of column 4 * down + c on the left with columns 4 * across … on the right
  for (var first = begin; first < end; first += ROWS) {
    let x = centered(first + down, end, sides.x + across);
    let y = centered(first + down, end, sides.y + across);
    workgroupBarrier();
    left[lane] = x;
    right[lane] = y;
    workgroupBarrier();
    // Summed up by 16 rows, so that no long row of numbers is added to one that grows.
    var block = array<vec4f, 4>();
    for (var row = 0u; row < ROWS; row++) {
      let a = left[row * TILE_QUADS + down];
      let b = right[row * TILE_QUADS + across];
      block[0] += a.x * b;
      block[1] += a.y * b;
      block[2] += a.z * b;
      block[3] += a.w * b;
    }
    for (var c = 0u; c < 4u; c++) {
      sums_of[c] += block[c];
    }
  }
  let to = (slice * arrayLength(&pairs) + pair) * TILE_SUMS;
  for (var c = 0u; c < 4u; c++) {
    parts[to + (4u * down + c) * TILE_QUADS + across] = sums_of[c];
  }
}

@compute @workgroup_size(256)
fn add_up(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (parameters.first + group.x) * 256u + lane;
  let all = arrayLength(&pairs) * TILE_SUMS;
  if (at >= all) {
    return;
  }
  var sum = sums[at];
  for (var slice = 0u; slice < parameters.slices; slice++) {
    sum += parts[slice * all + at];
  }
  sums[at] = sum;
}

// Directions at a time, in registers.
const AT_A_TIME = 4u;

@compute @workgroup_size(64)
fn project(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = (parameters.first + group.x) * 64u + lane;
  if (row >= parameters.rows) {
    return;
  }
  let quads = parameters.quads;
  for (var direction = 0u; direction < parameters.directions; direction += AT_A_TIME) {
    var along = array<vec4f, AT_A_TIME>();
    for (var quad = 0u; quad < quads; quad++) {
      let x = matrix[row * quads + quad] - mean[quad];
      for (var k = 0u; k < min(AT_A_TIME, parameters.directions - direction); k++) {
        along[k] += x * directions[(direction + k) * quads + quad];
      }
    }
    for (var k = 0u; k < min(AT_A_TIME, parameters.directions - direction); k++) {
      coordinates[row * parameters.directions + direction + k] = (along[k].x + along[k].y) + (along[k].z + along[k].w);
    }
  }
}
