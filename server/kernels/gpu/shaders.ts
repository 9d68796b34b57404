// Written by `npm run generate` from the *.wgsl of this folder's parent. Do not edit.
export const shaders = {
  // gpu/gather.wgsl
  gather: `// What the points of a map feel of their neighbours: the half that all methods share. A method adds \`struct Parameters\` with the
// fields \`first\` and \`segments\`, and the function \`pull\`: the force along one edge.
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
`,
  // gpu/hash.wgsl
  hash: `// PCG-RXS-M-XS, 32 bits (O'Neill 2014): the twin of ../hash.ts, bit for bit.
fn hash(u: u32) -> u32 {
  let state = u * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
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
  // knn.wgsl
  knn: `// Nearest neighbours by tiles of a matrix product. Reference: knn.ts; the tiles' host: knnOnGpu.ts.
//
// search   one workgroup per tile of 64 queries, against the references of the ranges that belong to the tile. 64 x 64 inner
//          products at a time, of 16 columns at a time: 256 invocations with 4 x 4 products each. Then 64 of the invocations
//          look through the scores of one query each and keep the best \`k\` in its list. A list has one owner: no atomics.
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
    slope += pulls[segment].xyz;
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
`,
  // umap/layout.wgsl
  umapLayout: `// One epoch of UMAP's layout. Reference and derivation: layout.ts. With gpu/gather.wgsl and gpu/hash.wgsl.
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
const SOFTENING = 0.001;

fn clip(force: vec3f) -> vec3f {
  return clamp(force, vec3f(-4), vec3f(4));
}

// 2 r clip(-2ab d^(2b-2) / (1 + a d^(2b)) (y_i - y_j))
fn pull(weight: f32, difference: vec3f) -> vec3f {
  let d2 = dot(difference, difference);
  if (d2 == 0.0) {
    return vec3f(0);
  }
  let power = pow(d2, parameters.b);
  let factor = (-2.0 * parameters.a * parameters.b * power) / (d2 * (parameters.a * power + 1.0));
  return 2.0 * weight * clip(factor * difference);
}

// clip(2b / ((0.001 + d^2) (1 + a d^(2b))) (y_i - y_j))
fn push(difference: vec3f) -> vec3f {
  let d2 = dot(difference, difference);
  if (d2 == 0.0) {
    return vec3f(0);
  }
  let factor = (2.0 * parameters.b) / ((SOFTENING + d2) * (parameters.a * pow(d2, parameters.b) + 1.0));
  return clip(factor * difference);
}

var<workgroup> negatives: array<vec3f, BLOCK>;

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
  var attracted = vec4f(0);
  for (var segment = segment_starts[i]; segment < segment_starts[i + 1u]; segment++) {
    attracted += pulls[segment];
  }
  var repelled = vec3f(0);
  for (var other = 0u; other < BLOCK; other++) {
    repelled += push(own - negatives[other]);
  }
  let force = attracted.xyz + (parameters.repulsion * attracted.w / f32(BLOCK)) * repelled;
  for (var c = 0u; c < dimensions; c++) {
    let at = i * dimensions + c;
    let before = moments[at];
    let m = before.x + 0.5 * (force[c] - before.x);
    let v = before.y + 0.1 * (force[c] * force[c] - before.y);
    moments[at] = vec2f(m, v);
    next[at] = own[c] + parameters.rate * m / (sqrt(v) + parameters.epsilon);
  }
}
`,
} as const;
