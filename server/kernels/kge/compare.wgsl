// What is done with the scores of queries: softmax or logistic loss and its gradient, and ranks. References: `compareAll` in table.ts,
// `rankTriples` in rank.ts. Host: gpuModel.ts, gpuLearner.ts, gpuRanks.ts.
//
// A table of candidates lies in chunks, and its scores with it: (queries, quads) vectors of 4, of which `columns` numbers count. A chunk is cut
// in slices of 4,096 columns. In order, `all_slices` being those of all chunks:
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
  factors_at: u32, // in `lists`: float32 (queries)
  starts_at: u32, // (queries + 1): what is wanted of query i is answers[starts[i]] … answers[starts[i + 1] - 1], none twice
  answers_at: u32,
  weights_at: u32, // float32
  loss_at: u32, // in `losses`
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
