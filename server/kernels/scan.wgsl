// One query against rows: inner products, or squared distances. Reference: `nearestRowsPlain` in scan.ts; host: scanOnGpu.ts.
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
