// Products of matrices, (m, k) by (k, n). Host: gemmOnGpu.ts, where the plain form stands.
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
  slice_base: u32, // number of the first slice in `product`
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

// Where a tile along the depth has vector `quad` of a row. Rows 4 i + 0 … 3 lie apart, and the last bits are mixed: neither
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
