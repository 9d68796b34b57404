// Queries of bilinear models, and how what is learnt by them comes back. References: complex.ts, distmult.ts, rescal.ts, regularize.ts,
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
  asked_at: u32, // in `lists`, (queries, 4): entity, row of the relation, 1 where tails are asked for, the answer that was drawn
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
