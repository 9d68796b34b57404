// Written by `npm run generate` from the *.wgsl of this folder's parent. Do not edit.
export const shaders = {
  // gemm.wgsl
  gemm: `// Products of matrices, (m, k) by (k, n). Host: gemmOnGpu.ts, where the plain form stands.
//
// multiply  one workgroup per tile of 128 x 128 sums and slice of the depth k, 16 of the depth at a time through the workgroup's
//           memory. Each of the 256 invocations has 8 x 8 sums: for each 4 of the depth it reads 16 vectors and does 256
//           multiply-adds.
// add_up    one invocation per 4 sums: adds the slices in their order.
//
// A side lies along the depth (its rows are m's or n's, 4 of the depth in a vector) or across it (its rows are k's, 4 m's or n's in
// a vector): so one kernel does A B', A B and A' B. What fills up the last vector of a row is zeros.

override LEFT_ACROSS: bool = false;
override RIGHT_ACROSS: bool = false;

struct Parameters {
  first: u32, // workgroup
  rows: u32, // m
  columns: u32, // n
  depth: u32, // k
  left_quads: u32, // vectors of 4 in a row of the left side
  right_quads: u32,
  to_quads: u32, // of the product
  slice_depth: u32, // a multiple of 16
  slice_base: u32, // number of the first slice in \`product\`
  slices: u32, // of add_up: all there are
};

@group(1) @binding(0) var<uniform> parameters: Parameters;

@group(0) @binding(0) var<storage, read> left: array<vec4f>;
@group(0) @binding(1) var<storage, read> right: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> product: array<vec4f>; // (slices, m, to_quads)
@group(0) @binding(3) var<storage, read_write> total: array<vec4f>; // (m, to_quads)

const TILE = 128u;
const DEPTH = 16u;

// 8 KiB each, together the 16 KiB that every device has.
var<workgroup> left_tile: array<vec4f, 512>;
var<workgroup> right_tile: array<vec4f, 512>;

// Where a tile along the depth has vector \`quad\` of a row. Rows 4 i + 0 … 3 lie apart, and the last bits are mixed: neither
// those that write (4 vectors of 2 rows at a time) nor those that read (every fourth row) meet in one bank.
fn along(row: u32, quad: u32) -> u32 {
  return (quad << 7u) | ((row & 3u) << 5u) | ((row >> 2u) ^ ((quad << 1u) | (row & 1u)));
}

fn left_along(row: u32, quad: u32, end: u32) -> vec4f {
  if (row < parameters.rows && 4u * quad < end) {
    return left[row * parameters.left_quads + quad];
  }
  return vec4f(0);
}

fn left_across(k: u32, quad: u32, end: u32) -> vec4f {
  if (k < end && quad < parameters.left_quads) {
    return left[k * parameters.left_quads + quad];
  }
  return vec4f(0);
}

fn right_along(row: u32, quad: u32, end: u32) -> vec4f {
  if (row < parameters.columns && 4u * quad < end) {
    return right[row * parameters.right_quads + quad];
  }
  return vec4f(0);
}

fn right_across(k: u32, quad: u32, end: u32) -> vec4f {
  if (k < end && quad < parameters.right_quads) {
    return right[k * parameters.right_quads + quad];
  }
  return vec4f(0);
}

// sum + a B: 4 of the depth. B's columns are rows of the right side.
fn add(sum: vec4f, a: vec4f, b: mat4x4f) -> vec4f {
  return fma(vec4f(a.w), b[3], fma(vec4f(a.z), b[2], fma(vec4f(a.y), b[1], fma(vec4f(a.x), b[0], sum))));
}

@compute @workgroup_size(256)
fn multiply(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let number = parameters.first + group.x;
  let down = (parameters.rows + TILE - 1u) / TILE;
  let tiles = down * ((parameters.columns + TILE - 1u) / TILE);
  let slice = number / tiles;
  let tile = number - slice * tiles;
  let top = TILE * (tile % down);
  let side = TILE * (tile / down);
  let begin = slice * parameters.slice_depth;
  let end = min(parameters.depth, begin + parameters.slice_depth);

  // 32 invocations that run together take 4 x 8 of the 16 x 16.
  let y = ((lane >> 6u) << 2u) | ((lane >> 3u) & 3u);
  let x = (((lane >> 5u) & 1u) << 3u) | (lane & 7u);
  // What this one loads.
  let row = lane >> 2u;
  let quad = lane & 3u;
  let k = lane >> 5u;
  let across = lane & 31u;

  // Rows 4 y + 0 … 3 and 64 + 4 y + 0 … 3, each in columns 4 x … and 64 + 4 x ….
  var c00 = vec4f(0); var c01 = vec4f(0);
  var c10 = vec4f(0); var c11 = vec4f(0);
  var c20 = vec4f(0); var c21 = vec4f(0);
  var c30 = vec4f(0); var c31 = vec4f(0);
  var c40 = vec4f(0); var c41 = vec4f(0);
  var c50 = vec4f(0); var c51 = vec4f(0);
  var c60 = vec4f(0); var c61 = vec4f(0);
  var c70 = vec4f(0); var c71 = vec4f(0);

  var l0 = vec4f(0); var l1 = vec4f(0);
  var r0 = vec4f(0); var r1 = vec4f(0);
  for (var at = begin; at < end + DEPTH; at += DEPTH) {
    // The numbers for the next round are on their way while this one computes: the round before the first only fetches.
    if (at > begin) {
      workgroupBarrier();
      if (LEFT_ACROSS) {
        left_tile[lane] = l0;
        left_tile[lane + 256u] = l1;
      } else {
        left_tile[along(row, quad)] = l0;
        left_tile[along(row + 64u, quad)] = l1;
      }
      if (RIGHT_ACROSS) {
        right_tile[lane] = r0;
        right_tile[lane + 256u] = r1;
      } else {
        right_tile[along(row, quad)] = r0;
        right_tile[along(row + 64u, quad)] = r1;
      }
      workgroupBarrier();
    }
    if (at < end) {
      if (LEFT_ACROSS) {
        l0 = left_across(at + k, (top >> 2u) + across, end);
        l1 = left_across(at + k + 8u, (top >> 2u) + across, end);
      } else {
        l0 = left_along(top + row, (at >> 2u) + quad, end);
        l1 = left_along(top + row + 64u, (at >> 2u) + quad, end);
      }
      if (RIGHT_ACROSS) {
        r0 = right_across(at + k, (side >> 2u) + across, end);
        r1 = right_across(at + k + 8u, (side >> 2u) + across, end);
      } else {
        r0 = right_along(side + row, (at >> 2u) + quad, end);
        r1 = right_along(side + row + 64u, (at >> 2u) + quad, end);
      }
    }
    if (at > begin) {
      for (var q = 0u; q < 4u; q++) {
        var b0: mat4x4f;
        var b1: mat4x4f;
        if (RIGHT_ACROSS) {
          let b = 128u * q + x;
          b0 = mat4x4f(right_tile[b], right_tile[b + 32u], right_tile[b + 64u], right_tile[b + 96u]);
          b1 = mat4x4f(right_tile[b + 16u], right_tile[b + 48u], right_tile[b + 80u], right_tile[b + 112u]);
        } else {
          let n = 4u * x;
          b0 = transpose(mat4x4f(right_tile[along(n, q)], right_tile[along(n + 1u, q)], right_tile[along(n + 2u, q)], right_tile[along(n + 3u, q)]));
          b1 = transpose(mat4x4f(right_tile[along(n + 64u, q)], right_tile[along(n + 65u, q)], right_tile[along(n + 66u, q)], right_tile[along(n + 67u, q)]));
        }
        if (LEFT_ACROSS) {
          let a = 128u * q + y;
          let a0 = transpose(mat4x4f(left_tile[a], left_tile[a + 32u], left_tile[a + 64u], left_tile[a + 96u]));
          c00 = add(c00, a0[0], b0); c01 = add(c01, a0[0], b1);
          c10 = add(c10, a0[1], b0); c11 = add(c11, a0[1], b1);
          c20 = add(c20, a0[2], b0); c21 = add(c21, a0[2], b1);
          c30 = add(c30, a0[3], b0); c31 = add(c31, a0[3], b1);
          let a1 = transpose(mat4x4f(left_tile[a + 16u], left_tile[a + 48u], left_tile[a + 80u], left_tile[a + 112u]));
          c40 = add(c40, a1[0], b0); c41 = add(c41, a1[0], b1);
          c50 = add(c50, a1[1], b0); c51 = add(c51, a1[1], b1);
          c60 = add(c60, a1[2], b0); c61 = add(c61, a1[2], b1);
          c70 = add(c70, a1[3], b0); c71 = add(c71, a1[3], b1);
        } else {
          let m = 4u * y;
          let a0 = left_tile[along(m, q)];
          c00 = add(c00, a0, b0); c01 = add(c01, a0, b1);
          let a1 = left_tile[along(m + 1u, q)];
          c10 = add(c10, a1, b0); c11 = add(c11, a1, b1);
          let a2 = left_tile[along(m + 2u, q)];
          c20 = add(c20, a2, b0); c21 = add(c21, a2, b1);
          let a3 = left_tile[along(m + 3u, q)];
          c30 = add(c30, a3, b0); c31 = add(c31, a3, b1);
          let a4 = left_tile[along(m + 64u, q)];
          c40 = add(c40, a4, b0); c41 = add(c41, a4, b1);
          let a5 = left_tile[along(m + 65u, q)];
          c50 = add(c50, a5, b0); c51 = add(c51, a5, b1);
          let a6 = left_tile[along(m + 66u, q)];
          c60 = add(c60, a6, b0); c61 = add(c61, a6, b1);
          let a7 = left_tile[along(m + 67u, q)];
          c70 = add(c70, a7, b0); c71 = add(c71, a7, b1);
        }
      }
    }
  }

  let base = (parameters.slice_base + slice) * parameters.rows;
  let m = top + 4u * y;
  let n = (side >> 2u) + x;
  put(base, m, n, c00, c01);
  put(base, m + 1u, n, c10, c11);
  put(base, m + 2u, n, c20, c21);
  put(base, m + 3u, n, c30, c31);
  put(base, m + 64u, n, c40, c41);
  put(base, m + 65u, n, c50, c51);
  put(base, m + 66u, n, c60, c61);
  put(base, m + 67u, n, c70, c71);
}

fn put(base: u32, m: u32, n: u32, near: vec4f, far: vec4f) {
  if (m >= parameters.rows) {
    return;
  }
  let to = (base + m) * parameters.to_quads;
  if (n < parameters.to_quads) {
    product[to + n] = near;
  }
  if (n + 16u < parameters.to_quads) {
    product[to + n + 16u] = far;
  }
}

@compute @workgroup_size(256)
fn add_up(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (parameters.first + group.x) * 256u + lane;
  let all = parameters.rows * parameters.to_quads;
  if (at >= all) {
    return;
  }
  var sum = product[at];
  for (var slice = 1u; slice < parameters.slices; slice++) {
    sum += product[slice * all + at];
  }
  total[at] = sum;
}
`,
  // gpu/flatVector.wgsl
  flatVector: `// A place on a map, or a force: in two dimensions, where the third is 0, or in three. wideVector.wgsl is its twin for others.
override dimensions: u32 = 2u;

alias Vector = vec3f;

fn place_at(at: u32) -> Vector {
  if (dimensions == 3u) {
    return vec3f(positions[at], positions[at + 1u], positions[at + 2u]);
  }
  return vec3f(positions[at], positions[at + 1u], 0.0);
}

fn component(v: Vector, index: u32) -> f32 {
  return v[index];
}

fn plus(v: Vector, w: Vector) -> Vector {
  return v + w;
}

fn minus(v: Vector, w: Vector) -> Vector {
  return v - w;
}

fn times(factor: f32, v: Vector) -> Vector {
  return factor * v;
}

fn squares(v: Vector) -> f32 {
  return dot(v, v);
}

// Each component within ±most.
fn clip(v: Vector, most: f32) -> Vector {
  return clamp(v, vec3f(-most), vec3f(most));
}
`,
  // gpu/gather.wgsl
  gather: `// What the points of a map feel of their neighbours: the half that all methods share. With gpu/flatVector.wgsl or, in more than
// three dimensions, gpu/wideVector.wgsl. A method adds \`struct Parameters\` with the fields \`first\` and \`segments\`, and the function
// \`pull\`: the force along one edge.
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
`,
  // gpu/hash.wgsl
  hash: `// PCG-RXS-M-XS, 32 bits (O'Neill 2014): the twin of ../hash.ts, bit for bit.
fn hash(u: u32) -> u32 {
  let state = u * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}
`,
  // gpu/wideVector.wgsl
  wideVector: `// A place on a map, or a force: in up to twelve dimensions. flatVector.wgsl is its twin for two and three.
override dimensions: u32 = 4u;

// Four components each; those beyond \`dimensions\` are 0. Not an array: that is kept in slow memory as soon as it is indexed by a variable.
struct Vector {
  a: vec4f,
  b: vec4f,
  c: vec4f,
};

fn place_at(at: u32) -> Vector {
  var place = Vector(four_at(at, 0u), vec4f(0), vec4f(0));
  if (dimensions > 4u) {
    place.b = four_at(at, 4u);
  }
  if (dimensions > 8u) {
    place.c = four_at(at, 8u);
  }
  return place;
}

// Components from \`first\` on. Reading past the end of a buffer is defined in WGSL, and gives one of its numbers.
fn four_at(at: u32, first: u32) -> vec4f {
  let begin = at + first;
  let all = vec4f(positions[begin], positions[begin + 1u], positions[begin + 2u], positions[begin + 3u]);
  return select(vec4f(0), all, first + vec4u(0, 1, 2, 3) < vec4u(dimensions));
}

fn component(v: Vector, index: u32) -> f32 {
  if (index < 4u) {
    return v.a[index];
  }
  if (index < 8u) {
    return v.b[index - 4u];
  }
  return v.c[index - 8u];
}

fn plus(v: Vector, w: Vector) -> Vector {
  return Vector(v.a + w.a, v.b + w.b, v.c + w.c);
}

fn minus(v: Vector, w: Vector) -> Vector {
  return Vector(v.a - w.a, v.b - w.b, v.c - w.c);
}

fn times(factor: f32, v: Vector) -> Vector {
  return Vector(factor * v.a, factor * v.b, factor * v.c);
}

fn squares(v: Vector) -> f32 {
  return dot(v.a, v.a) + dot(v.b, v.b) + dot(v.c, v.c);
}

// Each component within ±most.
fn clip(v: Vector, most: f32) -> Vector {
  let least = vec4f(-most);
  return Vector(clamp(v.a, least, -least), clamp(v.b, least, -least), clamp(v.c, least, -least));
}
`,
  // gram.wgsl
  gram: `// Products of a matrix with itself and with a narrow one. Reference: subspace.ts on the processor, \`gramNaive\` in gram.ts.
//
// gram     one workgroup per pair of 64 columns and slice of rows: (X - mean)' (X - mean), 16 rows at a time through the workgroup's
//          memory, 256 invocations with 4 x 4 sums each. Only pairs of columns at or above the diagonal are computed.
// add_up   one invocation per sum: adds the slices to it in their order. A round is both, for so many slices as have room.
// project  one invocation per row: (X - mean) V', for few directions V.
//
// Rows are \`quads\` vectors of 4 columns, filled up with zeros; so are the mean and the directions.

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
`,
  // kge/compare.wgsl
  kgeCompare: `// What is done with the scores of queries: softmax or logistic loss and its gradient, and ranks. References: \`compareAll\` in table.ts,
// \`rankTriples\` in rank.ts. Host: gpuModel.ts, gpuLearner.ts, gpuRanks.ts.
//
// A table of candidates lies in chunks, and its scores with it: (queries, quads) vectors of 4, of which \`columns\` numbers count. A chunk is cut
// in slices of 4,096 columns. In order, \`all_slices\` being those of all chunks:
//
// measure   one workgroup per query and slice: the greatest score of the slice, and the sum of e^(score - greatest)
// level     one invocation per query: ln of the sum of e^score over all slices
// gradient  one workgroup per query and slice: scores become the gradient by them,
//             SOFTMAX   factor * (e^(score - level) - uniform) - weight where it is wanted
//             LOGISTIC  factor * (1 / (1 + e^-score) - uniform) - weight where it is wanted
// settle    one invocation per query: its loss
//
// pick      one invocation per task: the score of the right answer
// count     one workgroup per task: candidates that are not known with a greater score, and with the same

struct Parameters {
  first: u32, // workgroup
  count: u32, // queries, or tasks
  columns: u32, // of the chunk
  quads: u32, // vectors of 4 in a row of scores
  chunk_first: u32, // candidate of column 0
  slices: u32, // of the chunk
  slice_base: u32, // number of its first slice among all
  all_slices: u32,
  factors_at: u32, // in \`lists\`: float32 (queries)
  starts_at: u32, // (queries + 1): what is wanted of query i is answers[starts[i]] … answers[starts[i + 1] - 1], none twice
  answers_at: u32,
  weights_at: u32, // float32
  loss_at: u32, // in \`losses\`
  logistic: u32,
  uniform: f32, // share of the targets that each candidate has
  tasks_at: u32, // (tasks, 4): query, answer, first of what is known, end
  known_at: u32,
};

@group(1) @binding(0) var<uniform> parameters: Parameters;

@group(0) @binding(0) var<storage, read> lists: array<u32>;
@group(0) @binding(1) var<storage, read_write> scores: array<f32>; // (queries, 4 * quads)
@group(0) @binding(2) var<storage, read_write> peaks: array<vec2f>; // (queries, all_slices)
@group(0) @binding(3) var<storage, read_write> levels: array<f32>; // (queries)
@group(0) @binding(4) var<storage, read_write> parts: array<f32>; // (queries, all_slices): of the loss
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;
@group(0) @binding(6) var<storage, read_write> thresholds: array<f32>; // (tasks)
@group(0) @binding(7) var<storage, read_write> counts: array<vec2u>; // (tasks): greater, the same

const SLICE = 4096u;
const LANES = 256u;
const EACH = 16u; // of a slice, for an invocation
const LEAST = -3.4028234663852886e38;

var<workgroup> shared_numbers: array<f32, 256>;

// The sum of what all lanes have, or the greatest of it: always in the same order.
fn reduce(lane: u32, value: f32, greatest: bool) -> f32 {
  workgroupBarrier();
  shared_numbers[lane] = value;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      let other = shared_numbers[lane + half];
      shared_numbers[lane] = select(shared_numbers[lane] + other, max(shared_numbers[lane], other), greatest);
    }
  }
  workgroupBarrier();
  return shared_numbers[0];
}

@compute @workgroup_size(256)
fn measure(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let number = parameters.first + group.x;
  let query = number / parameters.slices;
  let slice = number - query * parameters.slices;
  let row = query * parameters.quads * 4u;
  let begin = slice * SLICE;
  var greatest = LEAST;
  for (var j = 0u; j < EACH; j++) {
    let column = begin + j * LANES + lane;
    if (column < parameters.columns) {
      greatest = max(greatest, scores[row + column]);
    }
  }
  greatest = reduce(lane, greatest, true);
  var sum = 0.0;
  for (var j = 0u; j < EACH; j++) {
    let column = begin + j * LANES + lane;
    if (column < parameters.columns) {
      sum += exp(scores[row + column] - greatest);
    }
  }
  sum = reduce(lane, sum, false);
  if (lane == 0u) {
    peaks[query * parameters.all_slices + parameters.slice_base + slice] = vec2f(greatest, sum);
  }
}

@compute @workgroup_size(64)
fn level(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let query = (parameters.first + group.x) * 64u + lane;
  if (query >= parameters.count) {
    return;
  }
  let start = query * parameters.all_slices;
  var greatest = LEAST;
  for (var slice = 0u; slice < parameters.all_slices; slice++) {
    greatest = max(greatest, peaks[start + slice].x);
  }
  var sum = 0.0;
  for (var slice = 0u; slice < parameters.all_slices; slice++) {
    let peak = peaks[start + slice];
    sum += peak.y * exp(peak.x - greatest);
  }
  levels[query] = greatest + log(sum);
}

@compute @workgroup_size(256)
fn gradient(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let number = parameters.first + group.x;
  let query = number / parameters.slices;
  let slice = number - query * parameters.slices;
  let row = query * parameters.quads * 4u;
  let begin = slice * SLICE;
  let end = min(parameters.columns, begin + SLICE);
  let start = lists[parameters.starts_at + query] + lane;
  let until = lists[parameters.starts_at + query + 1u];
  var lost = 0.0;
  for (var at = start; at < until; at += LANES) {
    let column = lists[parameters.answers_at + at] - parameters.chunk_first; // below 0 it is very large
    if (column >= begin && column < end) {
      lost -= bitcast<f32>(lists[parameters.weights_at + at]) * scores[row + column];
    }
  }
  storageBarrier();
  workgroupBarrier();
  let factor = bitcast<f32>(lists[parameters.factors_at + query]);
  let top = levels[query];
  for (var j = 0u; j < EACH; j++) {
    let column = begin + j * LANES + lane;
    if (column < end) {
      let score = scores[row + column];
      var share = exp(score - top);
      if (parameters.logistic == 1u) {
        let small = exp(-abs(score));
        share = select(small, 1.0, score >= 0.0) / (1.0 + small);
        lost += factor * (max(score, 0.0) + log(1.0 + small));
      }
      lost -= factor * parameters.uniform * score;
      scores[row + column] = factor * (share - parameters.uniform);
    } else if (column < 4u * parameters.quads) {
      scores[row + column] = 0.0;
    }
  }
  storageBarrier();
  workgroupBarrier();
  for (var at = start; at < until; at += LANES) {
    let column = lists[parameters.answers_at + at] - parameters.chunk_first;
    if (column >= begin && column < end) {
      scores[row + column] -= bitcast<f32>(lists[parameters.weights_at + at]);
    }
  }
  lost = reduce(lane, lost, false);
  if (lane == 0u) {
    parts[query * parameters.all_slices + parameters.slice_base + slice] = lost;
  }
}

@compute @workgroup_size(64)
fn settle(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let query = (parameters.first + group.x) * 64u + lane;
  if (query >= parameters.count) {
    return;
  }
  var lost = 0.0;
  if (parameters.logistic == 0u) {
    lost = bitcast<f32>(lists[parameters.factors_at + query]) * levels[query];
  }
  for (var slice = 0u; slice < parameters.all_slices; slice++) {
    lost += parts[query * parameters.all_slices + slice];
  }
  losses[parameters.loss_at + query] = lost;
}

@compute @workgroup_size(64)
fn pick(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let task = (parameters.first + group.x) * 64u + lane;
  if (task >= parameters.count) {
    return;
  }
  let at = parameters.tasks_at + 4u * task;
  let column = lists[at + 1u] - parameters.chunk_first;
  if (column < parameters.columns) {
    thresholds[task] = scores[lists[at] * parameters.quads * 4u + column];
  }
}

var<workgroup> greater_of: array<u32, 256>;
var<workgroup> equal_of: array<u32, 256>;

@compute @workgroup_size(256)
fn count(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let task = parameters.first + group.x;
  let at = parameters.tasks_at + 4u * task;
  let row = lists[at] * parameters.quads * 4u;
  let answer = lists[at + 1u];
  let threshold = thresholds[task];
  var greater = 0u;
  var equal = 0u;
  for (var column = lane; column < parameters.columns; column += LANES) {
    let score = scores[row + column];
    greater += select(0u, 1u, score > threshold);
    equal += select(0u, 1u, score == threshold);
  }
  for (var known = lists[at + 2u] + lane; known < lists[at + 3u]; known += LANES) {
    let other = lists[parameters.known_at + known];
    let column = other - parameters.chunk_first;
    if (other != answer && column < parameters.columns) {
      let score = scores[row + column];
      greater -= select(0u, 1u, score > threshold);
      equal -= select(0u, 1u, score == threshold);
    }
  }
  greater_of[lane] = greater;
  equal_of[lane] = equal;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      greater_of[lane] += greater_of[lane + half];
      equal_of[lane] += equal_of[lane + half];
    }
  }
  if (lane == 0u) {
    // Chunk after chunk.
    let before = select(vec2u(0u), counts[task], parameters.chunk_first > 0u);
    counts[task] = before + vec2u(greater_of[0], equal_of[0]);
  }
}
`,
  // kge/learn.wgsl
  kgeLearn: `// Queries of bilinear models, and how what is learnt by them comes back. References: complex.ts, distmult.ts, rescal.ts, regularize.ts,
// optimizer.ts; the steps' order: cpuLearner.ts. Host: gpuModel.ts, gpuLearner.ts.
//
// look_up                one workgroup per query: copies its entity's row, where the chunk has it
// make_queries           one workgroup per query: of the known entity and the relation
// make_relation_queries  one workgroup per query: of head and tail, for the loss by relations
// gather_relations       one workgroup per 64 numbers of a relation that the batch names: what its queries' gradients are by them
// gather_entities        one workgroup per 64 numbers of an entity of the chunk that the batch names: adds what the gradients are by them
// penalize               one workgroup per row: adds the gradient of the regularizer
// update                 one invocation per 4 numbers: a step of descent
//
// A number's gradient is added up by one invocation, in the order of the lists: no atomics, the same bits each time. Relations are few and
// their queries many: were all numbers of a relation one workgroup's, a large card would have some dozens, of which one may be long.
// Models: 0 DISTMULT; 1 COMPLEX; 2 a matrix (d, d) a relation, which is RESCAL, and TUCKER when its core is mixed.

override MODEL: u32 = 0u;
// Whether there is a loss by relations, which has written gradients of all relations before.
override BY_RELATIONS: bool = false;
override ADAM: bool = false;

struct Parameters {
  first: u32, // workgroup
  dimension: u32, // d
  stride: u32, // numbers between rows of entities
  width: u32, // numbers of a relation
  relation_stride: u32,
  chunk_first: u32, // entity of row 0
  chunk_rows: u32,
  asked_at: u32, // in \`lists\`, (queries, 4): entity, row of the relation, 1 where tails are asked for, the answer that was drawn
  which: u32, // of these four: what look_up copies
  rows_at: u32, // (rows, 3): row, first and end of its contributions
  contributions_at: u32, // gather_relations: queries; gather_entities: 4 * query + 0 as known, 1 as head, 2 as tail of a relation query
  penalties_at: u32, // (rows, 2): row, weight (float32)
  penalty: u32, // 0 L2, 1 N3, 2 N3 of complex numbers
  listed: u32, // update: 1 where rows_at says which rows
  rows: u32, // update: how many
  quads: u32, // update: vectors of 4 in a row
  rate: f32,
  correction1: f32, // 1 - beta^t
  correction2: f32,
  epsilon: f32,
};

@group(1) @binding(0) var<uniform> parameters: Parameters;

@group(0) @binding(0) var<storage, read> lists: array<u32>;
@group(0) @binding(1) var<storage, read> rows_of: array<f32>; // of the chunk; for penalize: of the table
@group(0) @binding(2) var<storage, read_write> known: array<f32>; // (queries, stride)
@group(0) @binding(3) var<storage, read_write> asked: array<f32>; // (queries, stride): rows of the answers that were drawn
@group(0) @binding(4) var<storage, read> relations: array<f32>; // (rows, relation_stride)
@group(0) @binding(5) var<storage, read_write> queries: array<f32>; // (queries, stride), or (queries, relation_stride)
@group(0) @binding(6) var<storage, read> query_gradients: array<f32>; // (queries, stride)
@group(0) @binding(7) var<storage, read> relation_query_gradients: array<f32>; // (queries, relation_stride)
@group(0) @binding(8) var<storage, read_write> gradients: array<f32>; // (rows, stride or relation_stride)

@group(0) @binding(9) var<storage, read_write> values: array<vec4f>; // (rows, quads), and so on
@group(0) @binding(10) var<storage, read> by_values: array<vec4f>; // gradients
@group(0) @binding(11) var<storage, read_write> first_moments: array<vec4f>;
@group(0) @binding(12) var<storage, read_write> second_moments: array<vec4f>;

const LANES = 64u;

@compute @workgroup_size(64)
fn look_up(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let query = parameters.first + group.x;
  let row = lists[parameters.asked_at + 4u * query + parameters.which] - parameters.chunk_first;
  if (row >= parameters.chunk_rows) {
    return;
  }
  for (var k = lane; k < parameters.stride; k += LANES) {
    known[query * parameters.stride + k] = rows_of[row * parameters.stride + k];
  }
}

// 1, and for a query that asks for heads, which goes through the conjugate, -1.
fn sign_of(query: u32) -> f32 {
  return select(-1.0, 1.0, lists[parameters.asked_at + 4u * query + 2u] == 1u);
}

fn relation_of(query: u32) -> u32 {
  return lists[parameters.asked_at + 4u * query + 1u] * parameters.relation_stride;
}

@compute @workgroup_size(64)
fn make_queries(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let query = parameters.first + group.x;
  let d = parameters.dimension;
  let row = query * parameters.stride;
  let relation = relation_of(query);
  let sign = sign_of(query);
  if (MODEL == 0u) {
    for (var k = lane; k < d; k += LANES) {
      queries[row + k] = known[row + k] * relations[relation + k];
    }
  } else if (MODEL == 1u) {
    // relation * known, or conj(relation) * known.
    let half = d / 2u;
    for (var k = lane; k < half; k += LANES) {
      let a = relations[relation + k];
      let b = sign * relations[relation + half + k];
      let real = known[row + k];
      let imaginary = known[row + half + k];
      queries[row + k] = a * real - b * imaginary;
      queries[row + half + k] = a * imaginary + b * real;
    }
  } else {
    // h' M, or M t.
    let down = select(1u, d, sign > 0.0);
    let across = select(d, 1u, sign > 0.0);
    for (var k = lane; k < d; k += LANES) {
      var sum = 0.0;
      for (var i = 0u; i < d; i++) {
        sum = fma(known[row + i], relations[relation + i * down + k * across], sum);
      }
      queries[row + k] = sum;
    }
  }
}

@compute @workgroup_size(64)
fn make_relation_queries(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let query = parameters.first + group.x;
  let d = parameters.dimension;
  let start = query * parameters.stride;
  let row = query * parameters.relation_stride;
  let is_head = sign_of(query) > 0.0; // the known entity
  if (MODEL == 0u) {
    for (var k = lane; k < d; k += LANES) {
      queries[row + k] = known[start + k] * asked[start + k];
    }
  } else if (MODEL == 1u) {
    // conj(head) * tail
    let half = d / 2u;
    for (var k = lane; k < half; k += LANES) {
      let x = vec2f(known[start + k], known[start + half + k]);
      let y = vec2f(asked[start + k], asked[start + half + k]);
      let head = select(y, x, is_head);
      let tail = select(x, y, is_head);
      queries[row + k] = head.x * tail.x + head.y * tail.y;
      queries[row + half + k] = head.x * tail.y - head.y * tail.x;
    }
  } else {
    // head tail'
    for (var at = lane; at < d * d; at += LANES) {
      let i = at / d;
      let j = at - i * d;
      let head = select(asked[start + i], known[start + i], is_head);
      let tail = select(known[start + j], asked[start + j], is_head);
      queries[row + at] = head * tail;
    }
  }
}

@compute @workgroup_size(64)
fn gather_relations(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let d = parameters.dimension;
  let half = d / 2u;
  let numbers = select(parameters.width, half, MODEL == 1u); // those of ComplEx by pairs
  let place = place_of(parameters.first + group.x, numbers);
  let at = parameters.rows_at + 3u * place.x;
  let to = lists[at] * parameters.relation_stride;
  let begin = lists[at + 1u];
  let end = lists[at + 2u];
  let k = place.y + lane;
  if (k >= numbers) {
    return;
  }
  var sum = vec2f(0);
  if (BY_RELATIONS) {
    sum.x = gradients[to + k];
    if (MODEL == 1u) {
      sum.y = gradients[to + half + k];
    }
  }
  for (var number = begin; number < end; number++) {
    let query = lists[parameters.contributions_at + number];
    let row = query * parameters.stride;
    if (MODEL == 0u) {
      sum.x = fma(query_gradients[row + k], known[row + k], sum.x);
    } else if (MODEL == 1u) {
      let g = vec2f(query_gradients[row + k], query_gradients[row + half + k]);
      let h = vec2f(known[row + k], known[row + half + k]);
      sum += vec2f(dot(g, h), sign_of(query) * (g.y * h.x - g.x * h.y));
    } else {
      let i = k / d;
      let j = k - i * d;
      let is_tail = sign_of(query) > 0.0; // asked for
      let down = row + select(j, i, is_tail);
      let across = row + select(i, j, is_tail);
      sum.x = fma(known[down], query_gradients[across], sum.x);
    }
  }
  gradients[to + k] = sum.x;
  if (MODEL == 1u) {
    gradients[to + half + k] = sum.y;
  }
}

// Which row of a list a workgroup works at, and the first of its 64 numbers, of so many in a row.
fn place_of(workgroup: u32, numbers: u32) -> vec2u {
  let tiles = (numbers + LANES - 1u) / LANES;
  let row = workgroup / tiles;
  return vec2u(row, (workgroup - row * tiles) * LANES);
}

@compute @workgroup_size(64)
fn gather_entities(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let d = parameters.dimension;
  let half = d / 2u;
  let numbers = select(d, half, MODEL == 1u);
  let place = place_of(parameters.first + group.x, numbers);
  let at = parameters.rows_at + 3u * place.x;
  let to = (lists[at] - parameters.chunk_first) * parameters.stride;
  let begin = lists[at + 1u];
  let end = lists[at + 2u];
  let k = place.y + lane;
  if (k >= numbers) {
    return;
  }
  var sum = vec2f(gradients[to + k], 0);
  if (MODEL == 1u) {
    sum.y = gradients[to + half + k];
  }
  for (var number = begin; number < end; number++) {
    let code = lists[parameters.contributions_at + number];
    let query = code >> 2u;
    let part = code & 3u;
    let row = query * parameters.stride;
    let sign = sign_of(query);
    if (part == 0u) {
      let relation = relation_of(query);
      if (MODEL == 0u) {
        sum.x = fma(query_gradients[row + k], relations[relation + k], sum.x);
      } else if (MODEL == 1u) {
        let g = vec2f(query_gradients[row + k], query_gradients[row + half + k]);
        let a = relations[relation + k];
        let b = sign * relations[relation + half + k];
        sum += vec2f(g.x * a + g.y * b, g.y * a - g.x * b);
      } else {
        let down = select(d, 1u, sign > 0.0);
        let across = select(1u, d, sign > 0.0);
        for (var j = 0u; j < d; j++) {
          sum.x = fma(relations[relation + j * down + k * across], query_gradients[row + j], sum.x);
        }
      }
    } else if (BY_RELATIONS) {
      // The other end: where this one is the head, the tail.
      let is_head = part == 1u;
      let other_is_asked = is_head == (sign > 0.0);
      let g_at = query * parameters.relation_stride;
      if (MODEL == 0u) {
        let other = select(known[row + k], asked[row + k], other_is_asked);
        sum.x = fma(relation_query_gradients[g_at + k], other, sum.x);
      } else if (MODEL == 1u) {
        let g = vec2f(relation_query_gradients[g_at + k], relation_query_gradients[g_at + half + k]);
        let x = vec2f(known[row + k], known[row + half + k]);
        let y = vec2f(asked[row + k], asked[row + half + k]);
        let other = select(x, y, other_is_asked);
        if (is_head) {
          sum += vec2f(g.x * other.x + g.y * other.y, g.x * other.y - g.y * other.x);
        } else {
          sum += vec2f(g.x * other.x - g.y * other.y, g.y * other.x + g.x * other.y);
        }
      } else {
        let down = select(1u, d, is_head);
        let across = select(d, 1u, is_head);
        for (var j = 0u; j < d; j++) {
          let other = select(known[row + j], asked[row + j], other_is_asked);
          sum.x = fma(relation_query_gradients[g_at + k * down + j * across], other, sum.x);
        }
      }
    }
  }
  gradients[to + k] = sum.x;
  if (MODEL == 1u) {
    gradients[to + half + k] = sum.y;
  }
}

@compute @workgroup_size(64)
fn penalize(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = parameters.penalties_at + 2u * (parameters.first + group.x);
  let row = (lists[at] - parameters.chunk_first) * parameters.stride;
  let weight = bitcast<f32>(lists[at + 1u]);
  let half = parameters.dimension / 2u;
  for (var k = lane; k < parameters.dimension; k += LANES) {
    let x = rows_of[row + k];
    var factor = 2.0 * weight;
    if (parameters.penalty == 1u) {
      factor = 3.0 * weight * abs(x);
    } else if (parameters.penalty == 2u) {
      let other = rows_of[row + select(k - half, k + half, k < half)];
      factor = 3.0 * weight * sqrt(x * x + other * other);
    }
    gradients[row + k] = fma(factor, x, gradients[row + k]);
  }
}

@compute @workgroup_size(256)
fn update(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let number = (parameters.first + group.x) * 256u + lane;
  if (number >= parameters.rows * parameters.quads) {
    return;
  }
  var at = number;
  if (parameters.listed == 1u) {
    let row = number / parameters.quads;
    at = lists[parameters.rows_at + 3u * row] * parameters.quads + number - row * parameters.quads;
  }
  let g = by_values[at];
  if (ADAM) {
    let m = 0.9 * first_moments[at] + 0.1 * g;
    let v = 0.999 * second_moments[at] + 0.001 * g * g;
    first_moments[at] = m;
    second_moments[at] = v;
    values[at] -= parameters.rate * (m / parameters.correction1) / (sqrt(v / parameters.correction2) + parameters.epsilon);
  } else {
    let sum = first_moments[at] + g * g;
    first_moments[at] = sum;
    values[at] -= parameters.rate * g / (sqrt(sum) + parameters.epsilon);
  }
}
`,
  // knn.wgsl
  knn: `// Nearest neighbours by tiles of a matrix product. Reference: knn.ts; the tiles' host: knnOnGpu.ts.
//
// search   one workgroup per tile of 64 queries, against the references of the ranges that belong to the tile. 64 x 64 inner
//          products at a time, of 16 columns at a time: 256 invocations with 4 x 4 products each. Then 64 of the invocations
//          look through the scores of one query each and keep the best \`k\` in its list. A list has one owner: no atomics.
// lengths  one invocation per reference: its squared length, into \`scores\`.
// measure  one invocation per query and candidate: the exact distance, by differences.
//
// Rows are \`quads\` vectors of 4 columns, filled up with zeros.
//   score(query, reference) = norm[reference] + scale * <query, reference>: smaller is nearer.
//   Euclidean: norm = |reference|^2, scale = -2; cosine of unit rows and inner product: norm = 0, scale = -1.

struct Parameters {
  first: u32, // workgroup
  k: u32, // length of the lists
  quads: u32,
  queries: u32, // rows in the buffer
  references: u32, // rows in the buffer
  query_base: u32, // number of the buffer's first row among all
  reference_base: u32,
  range: u32, // which of its ranges a tile looks at
  scale: f32,
  metric: u32, // 0 Euclidean, 1 cosine of unit rows, 2 inner product
  exclude_self: u32,
};

@group(1) @binding(0) var<uniform> parameters: Parameters;

@group(0) @binding(0) var<storage, read> queries: array<vec4f>; // (queries, quads)
@group(0) @binding(1) var<storage, read> references: array<vec4f>; // (references, quads)
@group(0) @binding(2) var<storage, read> norms: array<f32>; // (references)
@group(0) @binding(3) var<storage, read> tiles: array<vec4u>; // (tiles): first query, end, first of its ranges, end of these
@group(0) @binding(4) var<storage, read> ranges: array<vec2u>; // first reference, end
@group(0) @binding(5) var<storage, read_write> scores: array<f32>; // (queries, k), ascending
@group(0) @binding(6) var<storage, read_write> ids: array<u32>; // (queries, k), numbers among all
@group(0) @binding(7) var<storage, read_write> distances: array<f32>; // (queries, k)

const NONE = 0xffffffffu;
const TILE = 64u;
const QUADS = 4u; // of columns, at a time
const STRIDE = 65u; // of a quad in \`shared_memory\`; one more than a tile, so that the lanes write to different banks

// Slices of queries and references while they are multiplied, then the products: 16 KiB, which every device has.
var<workgroup> shared_memory: array<vec4f, 1024>;

@compute @workgroup_size(256)
fn search(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = tiles[parameters.first + group.x];
  let place = tile.z + parameters.range;
  if (place >= tile.w) {
    return;
  }
  let range = ranges[place];
  let k = parameters.k;
  let quads = parameters.quads;
  let across = lane & 15u; // references across, across + 16, …
  let down = lane >> 4u; // queries 4 * down … 4 * down + 3
  let row = lane >> 2u; // what this invocation loads
  let quad = lane & 3u;
  let query = tile.x + lane; // whose scores it looks through
  let owner = lane < TILE && query < tile.y;
  let list = query * k;
  var worst = 0.0;
  if (owner) {
    worst = scores[list + k - 1u];
  }
  let query_row = tile.x + row;
  for (var reference = range.x; reference < range.y; reference += TILE) {
    let reference_row = reference + row;
    var products = array<vec4f, 4>(); // products[j]: of four queries with reference across + 16 * j
    for (var at = 0u; at < quads; at += QUADS) {
      let column = at + quad;
      var left = vec4f(0);
      var right = vec4f(0);
      if (column < quads) {
        if (query_row < tile.y) {
          left = queries[query_row * quads + column];
        }
        if (reference_row < range.y) {
          right = references[reference_row * quads + column];
        }
      }
      workgroupBarrier();
      shared_memory[quad * STRIDE + row] = left;
      shared_memory[(QUADS + quad) * STRIDE + row] = right;
      workgroupBarrier();
      for (var q = 0u; q < QUADS; q++) {
        let own = q * STRIDE + 4u * down;
        let a = shared_memory[own];
        let b = shared_memory[own + 1u];
        let c = shared_memory[own + 2u];
        let d = shared_memory[own + 3u];
        for (var j = 0u; j < 4u; j++) {
          let other = shared_memory[(QUADS + q) * STRIDE + across + 16u * j];
          products[j] += vec4f(dot(a, other), dot(b, other), dot(c, other), dot(d, other));
        }
      }
    }
    workgroupBarrier();
    for (var j = 0u; j < 4u; j++) {
      shared_memory[(across + 16u * j) * 16u + down] = products[j];
    }
    workgroupBarrier();
    if (owner) {
      let own = lane >> 2u;
      let part = lane & 3u;
      let count = min(TILE, range.y - reference);
      for (var r = 0u; r < count; r++) {
        let score = norms[reference + r] + parameters.scale * shared_memory[r * 16u + own][part];
        if (score < worst) {
          let id = parameters.reference_base + reference + r;
          if (parameters.exclude_self == 0u || id != parameters.query_base + query) {
            worst = keep(list, k, score, id);
          }
        }
      }
    }
  }
}

// Puts a score in its place in an ascending list, behind its equals. Returns the list's last score.
fn keep(list: u32, k: u32, score: f32, id: u32) -> f32 {
  var place = k - 1u;
  while (place > 0u && score < scores[list + place - 1u]) {
    scores[list + place] = scores[list + place - 1u];
    ids[list + place] = ids[list + place - 1u];
    place--;
  }
  scores[list + place] = score;
  ids[list + place] = id;
  return scores[list + k - 1u];
}

// Sums of 16 quads are added up by themselves: so few numbers in a row keep the error near that of one operation.
const BLOCK_QUADS = 16u;

@compute @workgroup_size(64)
fn lengths(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = (parameters.first + group.x) * 64u + lane;
  if (row >= parameters.references) {
    return;
  }
  let quads = parameters.quads;
  var sum = 0.0;
  for (var block = 0u; block < quads; block += BLOCK_QUADS) {
    var part = 0.0;
    for (var quad = block; quad < min(quads, block + BLOCK_QUADS); quad++) {
      let a = references[row * quads + quad];
      part += dot(a, a);
    }
    sum += part;
  }
  scores[row] = sum;
}

@compute @workgroup_size(64)
fn measure(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (parameters.first + group.x) * 64u + lane;
  if (at >= parameters.queries * parameters.k) {
    return;
  }
  let id = ids[at];
  if (id == NONE || id < parameters.reference_base || id - parameters.reference_base >= parameters.references) {
    return;
  }
  let quads = parameters.quads;
  let x = (at / parameters.k) * quads;
  let y = (id - parameters.reference_base) * quads;
  var sum = 0.0;
  for (var block = 0u; block < quads; block += BLOCK_QUADS) {
    var part = vec4f(0);
    for (var quad = block; quad < min(quads, block + BLOCK_QUADS); quad++) {
      let a = queries[x + quad];
      let b = references[y + quad];
      if (parameters.metric == 0u) {
        let difference = a - b;
        part += difference * difference;
      } else {
        part += a * b;
      }
    }
    sum += (part.x + part.y) + (part.z + part.w);
  }
  switch parameters.metric {
    case 0u: {
      distances[at] = sqrt(sum);
    }
    case 1u: {
      distances[at] = max(0.0, 1.0 - sum);
    }
    default: {
      distances[at] = -sum;
    }
  }
}
`,
  // pacmap/layout.wgsl
  pacmapLayout: `// One iteration of PaCMAP's or LocalMAP's layout. Reference and derivation: layout.ts. With gpu/gather.wgsl.
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
`,
  // scan.wgsl
  scan: `// One query against rows: inner products, or squared distances. Reference: \`nearestRowsPlain\` in scan.ts; host: scanOnGpu.ts.
//
// 16 invocations per row, 4 rows a workgroup. A row's sum is made of 64 parts, which are added in one order: its rounding grows with
// less than a sixteenth of the columns, as scan.ts takes it to.

struct Parameters {
  first: u32, // workgroup
  rows: u32, // in the buffer
  quads: u32, // vectors of 4 in a row; what is behind the last column is 0
  squared: u32, // 1: |row - query|^2, 0: <row, query>
};

@group(1) @binding(0) var<uniform> parameters: Parameters;

@group(0) @binding(0) var<storage, read> rows: array<vec4f>; // (rows, quads)
@group(0) @binding(1) var<storage, read> query: array<vec4f>; // (quads)
@group(0) @binding(2) var<storage, read_write> scores: array<f32>; // (rows)

const LANES = 16u;
const ROWS = 4u;

var<workgroup> parts: array<f32, 64>;

@compute @workgroup_size(64)
fn scan(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = (parameters.first + group.x) * ROWS + lane / LANES;
  let own = lane % LANES;
  var sum = vec4f(0);
  if (row < parameters.rows) {
    for (var quad = own; quad < parameters.quads; quad += LANES) {
      let x = rows[row * parameters.quads + quad];
      let q = query[quad];
      if (parameters.squared == 1u) {
        sum += (x - q) * (x - q);
      } else {
        sum += x * q;
      }
    }
  }
  parts[lane] = (sum.x + sum.y) + (sum.z + sum.w);
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (own < half) {
      parts[lane] += parts[lane + half];
    }
  }
  if (own == 0u && row < parameters.rows) {
    scores[row] = parts[lane];
  }
}
`,
  // tsne/gradient.wgsl
  tsneGradient: `// One step of t-SNE, exact, over all pairs. Reference and derivation: gradient.ts. With gpu/gather.wgsl.
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
  groups: u32, // workgroups of \`repel\`
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
`,
  // umap/density.wgsl
  umapDensity: `// What densMAP adds to an epoch of UMAP's layout. Reference and derivation: density.ts. With gpu/gather.wgsl.
//
// sums     one invocation per segment of a row of the graph: the sums of q and of q d^2.
// radii    one per point: its sums over its segments, in their order.
// moments  one workgroup: mean and variance of the map's log radii, and their covariance with those of the vectors.
// terms    one per point: what of the gradient belongs to it and not to an edge.
// forces   one per segment: the force of density, added to what \`gather\` has summed of attraction.

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

// \`gather\` is not used here.
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
`,
  // umap/layout.wgsl
  umapLayout: `// One epoch of UMAP's layout, in up to ten dimensions. Reference and derivation: layout.ts. With gpu/gather.wgsl and gpu/hash.wgsl.
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
`,
} as const;
