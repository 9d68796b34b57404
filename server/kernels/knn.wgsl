// Nearest neighbours by tiles of a matrix product. Reference: knn.ts; the tiles' host: knnOnGpu.ts.
//
// search   one workgroup per tile of 64 queries, against the references of the ranges that belong to the tile. 64 x 64 inner
//          products at a time, of 16 columns at a time: 256 invocations with 4 x 4 products each. Then 64 of the invocations
//          look through the scores of one query each and keep the best `k` in its list. A list has one owner: no atomics.
// lengths  one invocation per reference: its squared length, into `scores`.
// measure  one invocation per query and candidate: the exact distance, by differences.
//
// Rows are `quads` vectors of 4 columns, filled up with zeros.
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
const STRIDE = 65u; // of a quad in `shared_memory`; one more than a tile, so that the lanes write to different banks

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
