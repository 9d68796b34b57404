// Knowledge graph models: queries against candidates, losses of the scores, and the way back. References: ../../kge/measure.ts,
// ../../kge/losses.ts, ../../kge/optimizer.ts.
//
// B queries and C candidates of d numbers. Rows of both are `stride` floats apart, a multiple of 4 beyond d; where models have
// biases, column d of a candidate's row is its own. Rows of queries are allocated up to a multiple of 4, of candidates up to 8.
// Scores f32 (B, W): row i belongs to query i, W is C rounded up to 8. A loss turns scores into *weights* in place, from which
//   query gradient i     = sum_j weight_ij candidate_j + own_i query_i
//   candidate gradient j = sum_i weight_ij query_i + own_j candidate_j
// so that the way back is two matrix products too, but for L1 and MODULUS, whose gradients know only signs and directions.
//
// measure: 0 INNER_PRODUCT, 1 L1, 2 L2, 3 SQUARED_L2, 4 MODULUS, 5 HYPERBOLIC. loss: 0 SOFTMAX, 1 LOGISTIC, 2 SELF_ADVERSARIAL, 3 MARGIN.
import { exp2Within, log2 } from './power';

const LOG2_E: f32 = 1.4426950408889634;
const LN_2: f32 = 0.6931471805599453;
/** Up to this a distance has no direction, and no gradient: as LEAST_DISTANCE in measure.ts. */
const LEAST_DISTANCE: f32 = 1e-12;

// Scores ------------------------------------------------------------------------------------------------------------

/** Rows 0 … count-1, `stride` floats apart, into panels of 8 as in knn.ts, d columns; filled up with zeros. */
function packRows(rows: usize, stride: i32, d: i32, count: i32, packed: usize): void {
  for (let first = 0; first < count; first += 8) {
    for (let lane = 0; lane < 8; lane++) {
      let to = packed + (<usize>lane << 2);
      if (first + lane < count) {
        const from = rows + (<usize>(first + lane) * <usize>stride << 2);
        for (let k = 0; k < d; k++) {
          store<f32>(to, load<f32>(from + (<usize>k << 2)));
          to += 32;
        }
      } else {
        for (let k = 0; k < d; k++) {
          store<f32>(to, 0);
          to += 32;
        }
      }
    }
    packed += <usize>d << 5;
  }
}

/** One tile's step: what a pair of coordinates adds to the sum of the measure. */
// @ts-ignore: decorator
@inline
function term(measure: i32, sum: v128, query: v128, candidates: v128): v128 {
  if (measure == 0) return f32x4.add(sum, f32x4.mul(query, candidates));
  const difference = f32x4.sub(query, candidates);
  if (measure == 1) return f32x4.add(sum, f32x4.abs(difference));
  return f32x4.add(sum, f32x4.mul(difference, difference));
}

/** Sums over the coordinates for 4 queries and all panels; rows of scores are `w` floats apart. measure 0, 1, or 2 for squares. */
// @ts-ignore: decorator
@inline
function sumTiles(measure: i32, queries: usize, stride: i32, d: i32, packed: usize, panels: i32, scores: usize, w: i32): void {
  const q1 = <usize>stride << 2, q2 = <usize>stride << 3, q3 = q1 + q2;
  const s1 = <usize>w << 2, s2 = <usize>w << 3, s3 = s1 + s2;
  let r = packed;
  for (let panel = 0; panel < panels; panel++) {
    let q = queries;
    const end = r + (<usize>d << 5);
    let a0 = f32x4.splat(0), b0 = f32x4.splat(0), a1 = f32x4.splat(0), b1 = f32x4.splat(0);
    let a2 = f32x4.splat(0), b2 = f32x4.splat(0), a3 = f32x4.splat(0), b3 = f32x4.splat(0);
    while (r < end) {
      const left = v128.load(r), right = v128.load(r, 16);
      const x0 = v128.load_splat<f32>(q), x1 = v128.load_splat<f32>(q + q1);
      a0 = term(measure, a0, x0, left);
      b0 = term(measure, b0, x0, right);
      a1 = term(measure, a1, x1, left);
      b1 = term(measure, b1, x1, right);
      const x2 = v128.load_splat<f32>(q + q2), x3 = v128.load_splat<f32>(q + q3);
      a2 = term(measure, a2, x2, left);
      b2 = term(measure, b2, x2, right);
      a3 = term(measure, a3, x3, left);
      b3 = term(measure, b3, x3, right);
      r += 32;
      q += 4;
    }
    v128.store(scores, a0);
    v128.store(scores, b0, 16);
    v128.store(scores + s1, a1);
    v128.store(scores + s1, b1, 16);
    v128.store(scores + s2, a2);
    v128.store(scores + s2, b2, 16);
    v128.store(scores + s3, a3);
    v128.store(scores + s3, b3, 16);
    scores += 32;
  }
}

/** Sums of moduli of complex differences for one query and all panels. */
function sumModuli(query: usize, d: i32, packed: usize, panels: i32, scores: usize): void {
  const half = <usize>(d >> 1);
  for (let panel = 0; panel < panels; panel++) {
    let a = f32x4.splat(0), b = f32x4.splat(0);
    for (let k: usize = 0; k < half; k++) {
      const real = v128.load_splat<f32>(query + (k << 2)), imaginary = v128.load_splat<f32>(query + ((half + k) << 2));
      const x = packed + (k << 5), y = packed + ((half + k) << 5);
      const leftReal = f32x4.sub(real, v128.load(x)), leftImaginary = f32x4.sub(imaginary, v128.load(y));
      const rightReal = f32x4.sub(real, v128.load(x, 16)), rightImaginary = f32x4.sub(imaginary, v128.load(y, 16));
      a = f32x4.add(a, f32x4.sqrt(f32x4.add(f32x4.mul(leftReal, leftReal), f32x4.mul(leftImaginary, leftImaginary))));
      b = f32x4.add(b, f32x4.sqrt(f32x4.add(f32x4.mul(rightReal, rightReal), f32x4.mul(rightImaginary, rightImaginary))));
    }
    v128.store(scores, a);
    v128.store(scores, b, 16);
    scores += 32;
    packed += <usize>d << 5;
  }
}

/**
 * scores = measure(query, candidate) + the biases of both, for all of a block. For HYPERBOLIC the inner products are kept behind the
 * scores, (B, W) as well: the way back needs them. biases f32 (B) of the queries, 0 for none; biased: whether candidates have one.
 */
function scoreBlock(
  measure: i32, d: i32, queries: usize, stride: i32, biases: usize, b: i32, candidates: usize, count: i32, biased: i32,
  packed: usize, scores: usize,
): void {
  packRows(candidates, stride, d, count, packed);
  const panels = (count + 7) >> 3;
  const w = panels << 3;
  const queryBytes = <usize>stride << 2, rowBytes = <usize>w << 2;
  const sums = measure == 5 ? scores + <usize>((b + 3) & ~3) * rowBytes : scores;
  for (let i = 0; i < b; i += 4) {
    const q = queries + <usize>i * queryBytes, s = sums + <usize>i * rowBytes;
    if (measure == 0 || measure == 5) sumTiles(0, q, stride, d, packed, panels, s, w);
    else if (measure == 1) sumTiles(1, q, stride, d, packed, panels, s, w);
    else if (measure == 4) {
      for (let own = i; own < min(i + 4, b); own++) {
        sumModuli(queries + <usize>own * queryBytes, d, packed, panels, sums + <usize>own * rowBytes);
      }
    } else sumTiles(2, q, stride, d, packed, panels, s, w);
  }
  for (let i = 0; i < b; i++) {
    const bias = biases ? load<f32>(biases + (<usize>i << 2)) : 0;
    const row = scores + <usize>i * rowBytes;
    if (measure == 5) {
      hyperbolicRow(d, queries + <usize>i * queryBytes, stride, candidates, count, sums + <usize>i * rowBytes, row);
    } else if (measure != 0) {
      for (let at: usize = 0; at < rowBytes; at += 16) {
        const sum = v128.load(row + at);
        v128.store(row + at, f32x4.neg(measure == 2 ? f32x4.sqrt(sum) : sum));
      }
    }
    if (biased) {
      for (let j = 0; j < count; j++) {
        const at = row + (<usize>j << 2);
        store<f32>(at, load<f32>(at) + bias + load<f32>(candidates + ((<usize>j * <usize>stride + <usize>d) << 2)));
      }
    }
  }
}

// HYPERBOLIC: kge/poincare.ts in this language. The results of `squaredDistance` lie in globals.
let hScore: f64 = 0, hByXx: f64 = 0, hByXv: f64 = 0, hByLength: f64 = 0, hByC: f64 = 0;

function squaredDistance(xx: f64, xv: f64, length: f64, c: f64): void {
  const root = Math.sqrt(c);
  let factor: f64 = 1, factorByLength = (-2 * c) / 3, factorByC = (-length * length) / 3, tanh = root * length;
  if (tanh >= 1e-8) {
    tanh = Math.tanh(root * length);
    factor = tanh / (root * length);
    const change = 1 - tanh * tanh - factor;
    factorByLength = change / (length * length);
    factorByC = change / (2 * c);
  }
  const inside = Math.max(1e-7, 1 - c * xx);
  const insideY = Math.max(1e-7, 1 - tanh * tanh);
  const apart = Math.max(0, xx - 2 * factor * xv + (tanh * tanh) / c);
  const scale = (2 * c) / (inside * insideY);
  const u = scale * apart;
  const span = Math.sqrt(u * (u + 2));
  const angle = Math.log1p(u + span);
  const byU = span > 1e-9 ? (-2 * angle) / (c * span) : -2 / c;
  const tanhOverLength = factor * root;
  const tanhByC = (insideY * length) / (2 * root);
  const apartByC = -2 * xv * factorByC + (2 * tanh * tanhByC) / c - (tanh * tanh) / (c * c);
  hScore = -(angle * angle) / c;
  hByXx = byU * (scale + (u * c) / inside);
  hByXv = byU * -2 * factor * scale;
  hByLength = byU * (scale * (-2 * xv * factorByLength + (2 * tanhOverLength * root * insideY) / c) + 2 * u * tanhOverLength * root);
  hByC = byU * (u / c + scale * apartByC + (u * xx) / inside + (u * 2 * tanh * tanhByC) / insideY) + (angle * angle) / (c * c);
}

export function hyperbolicScore(xx: f64, xv: f64, length: f64, c: f64): f64 {
  squaredDistance(xx, xv, length, c);
  return hScore;
}

function squareOf(row: usize, d: i32): f64 {
  let sum: f64 = 0;
  for (let k = 0; k < d; k++) {
    const value = <f64>load<f32>(row + (<usize>k << 2));
    sum += value * value;
  }
  return sum;
}

function hyperbolicRow(d: i32, query: usize, stride: i32, candidates: usize, count: i32, dots: usize, scores: usize): void {
  const xx = squareOf(query, d);
  const c = <f64>load<f32>(query + (<usize>d << 2));
  for (let j = 0; j < count; j++) {
    const candidate = candidates + (<usize>j * <usize>stride << 2);
    squaredDistance(xx, <f64>load<f32>(dots + (<usize>j << 2)), Math.sqrt(squareOf(candidate, d)), c);
    store<f32>(scores + (<usize>j << 2), <f32>hScore);
  }
}

// Losses ------------------------------------------------------------------------------------------------------------

/** Times what the derivative by the score is per unit of weight: see `weights` at the top. */
// @ts-ignore: decorator
@inline
function weigh(measure: i32, gradient: v128, score: v128): v128 {
  if (measure == 2) {
    const distance = f32x4.neg(score);
    return v128.and(f32x4.gt(distance, f32x4.splat(LEAST_DISTANCE)), f32x4.div(gradient, distance));
  }
  if (measure == 3) return f32x4.add(gradient, gradient);
  return gradient;
}

// @ts-ignore: decorator
@inline
function weighOne(measure: i32, gradient: f32, score: f32): f32 {
  if (measure == 2) return -score > LEAST_DISTANCE ? gradient / -score : 0;
  return measure == 3 ? gradient + gradient : gradient;
}

/**
 * Below e^-30, a share no sum in f32 can see, all is 0: smaller numbers would become denormal in the products with what they weigh,
 * and these are thirty times as slow (measured: a step of WN18RR in 43 ms instead of 3).
 */
const NOTHING: f32 = -30;

/** 2^x for x up to 126, cut below -126 only. */
// @ts-ignore: decorator
@inline
function power(x: v128): v128 {
  return exp2Within(f32x4.pmax(x, f32x4.splat(-126)));
}

// @ts-ignore: decorator
@inline
function exp(x: v128): v128 {
  return v128.and(f32x4.gt(x, f32x4.splat(NOTHING)), power(f32x4.mul(x, f32x4.splat(LOG2_E))));
}

// @ts-ignore: decorator
@inline
function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  const against = power(f32x4.pmin(f32x4.mul(x, f32x4.splat(-LOG2_E)), f32x4.splat(126)));
  return v128.and(f32x4.gt(x, f32x4.splat(NOTHING)), f32x4.div(one, f32x4.add(one, against)));
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|) */
// @ts-ignore: decorator
@inline
function softplus(x: v128): v128 {
  const rest = log2(f32x4.add(f32x4.splat(1), exp(f32x4.neg(f32x4.abs(x)))));
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), f32x4.mul(rest, f32x4.splat(LN_2)));
}

// @ts-ignore: decorator
@inline
function total(x: v128): f32 {
  return (f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1)) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

// @ts-ignore: decorator
@inline
function largest(x: v128): f32 {
  return max(max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)), max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)));
}

/** The greatest of a row of w scores. */
function greatest(row: usize, w: i32): f32 {
  let most = f32x4.splat(-Infinity);
  for (let at: usize = 0; at < <usize>w << 2; at += 16) most = f32x4.pmax(most, v128.load(row + at));
  return largest(most);
}

/** sum exp(rate (score - most)) of a row; what is excluded, at -infinity, adds nothing that f32 can see. */
function sumOfPowers(row: usize, w: i32, most: f32, rate: f32): f32 {
  let sum = f32x4.splat(0);
  for (let at: usize = 0; at < <usize>w << 2; at += 16) {
    sum = f32x4.add(sum, exp(f32x4.mul(f32x4.sub(v128.load(row + at), f32x4.splat(most)), f32x4.splat(rate))));
  }
  return total(sum);
}

/**
 * Scores of one positive, at `slot`, and its negatives, all else, into weights. What is left out has the score -infinity.
 * @returns the loss times `factor`
 */
function lossOfRow(
  loss: i32, measure: i32, row: usize, w: i32, slot: i32, factor: f32, margin: f32, temperature: f32, negativeWeight: f32,
): f32 {
  const bytes = <usize>w << 2;
  const at = row + (<usize>slot << 2);
  const positive = load<f32>(at);
  if (loss == 0) {
    const most = greatest(row, w);
    const sum = sumOfPowers(row, w, most, 1);
    const share = f32x4.splat(factor / sum);
    for (let j: usize = 0; j < bytes; j += 16) {
      const score = v128.load(row + j);
      v128.store(row + j, weigh(measure, f32x4.mul(exp(f32x4.sub(score, f32x4.splat(most))), share), score));
    }
    store<f32>(at, load<f32>(at) - weighOne(measure, factor, positive));
    return factor * (most + <f32>Math.log(<f64>sum) - positive);
  }
  store<f32>(at, -Infinity);
  if (loss == 1) {
    const scale = f32x4.splat(factor * negativeWeight);
    let losses = f32x4.splat(0);
    for (let j: usize = 0; j < bytes; j += 16) {
      const score = v128.load(row + j);
      losses = f32x4.add(losses, softplus(score));
      v128.store(row + j, weigh(measure, f32x4.mul(scale, sigmoid(score)), score));
    }
    const own = -factor / <f32>(1 + Math.exp(<f64>positive));
    store<f32>(at, weighOne(measure, own, positive));
    return factor * (negativeWeight * total(losses) + <f32>softplusOne(<f64>-positive));
  }
  if (loss == 2) {
    const most = greatest(row, w);
    const sum = sumOfPowers(row, w, most, temperature);
    // 0 where all negatives are left out.
    const scale = f32x4.splat(sum > 0 ? <f32>0.5 * factor / sum : 0);
    let losses = f32x4.splat(0);
    for (let j: usize = 0; j < bytes; j += 16) {
      const score = v128.load(row + j);
      const power = exp(f32x4.mul(f32x4.sub(score, f32x4.splat(most)), f32x4.splat(temperature)));
      const raised = f32x4.add(score, f32x4.splat(margin));
      const share = f32x4.mul(power, scale);
      losses = f32x4.add(losses, f32x4.mul(share, softplus(raised)));
      v128.store(row + j, weigh(measure, f32x4.mul(share, sigmoid(raised)), score));
    }
    const own = -(<f32>0.5 * factor) / <f32>(1 + Math.exp(<f64>(margin + positive)));
    store<f32>(at, weighOne(measure, own, positive));
    return total(losses) + <f32>0.5 * factor * <f32>softplusOne(<f64>-(margin + positive));
  }
  const scale = f32x4.splat(factor * negativeWeight);
  let losses = f32x4.splat(0), active = f32x4.splat(0);
  for (let j: usize = 0; j < bytes; j += 16) {
    const score = v128.load(row + j);
    const above = f32x4.pmax(f32x4.add(score, f32x4.splat(margin - positive)), f32x4.splat(0));
    const gradient = v128.and(f32x4.gt(above, f32x4.splat(0)), scale);
    losses = f32x4.add(losses, above);
    active = f32x4.add(active, gradient);
    v128.store(row + j, weigh(measure, gradient, score));
  }
  store<f32>(at, weighOne(measure, -total(active), positive));
  return factor * negativeWeight * total(losses);
}

function softplusOne(x: f64): f64 {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

// The way back ------------------------------------------------------------------------------------------------------

/** Rows of the right matrix that a product works on at a time: with 8 columns of each they stay in the first cache. */
const DEPTH = 256;
/** Rows of the result that are done together when the left matrix is read by columns: a line of the cache. */
const LINE = 16;

/** out (b, d) += A B, A f32 (b, k) in rows of rowStep bytes, b up to a multiple of 4, B in rows of `stride` floats. */
function addProduct(a: usize, rowStep: usize, b: i32, k: i32, rows: usize, stride: i32, d: i32, out: usize): void {
  const bytes = <usize>stride << 2;
  for (let first = 0; first < k; first += DEPTH) {
    const depth = min(DEPTH, k - first);
    const left = a + (<usize>first << 2), right = rows + <usize>first * bytes;
    for (let c = 0; c < d; c += 8) {
      const columns = <usize>c << 2;
      for (let i = 0; i < b; i += 4) {
        addTile(left + <usize>i * rowStep, rowStep, 4, depth, right + columns, bytes, d - c, out + <usize>i * bytes + columns);
      }
    }
  }
}

/**
 * out (w, d) += A' B, A f32 (b, w) in rows of rowStep bytes. Sixteen columns of A at a time are copied to `lines` f32 (256, 16): read where
 * they are, each of their lines would be fetched four times, from few places of the cache.
 */
function addTransposedProduct(
  a: usize, rowStep: usize, b: i32, w: i32, rows: usize, stride: i32, d: i32, out: usize, lines: usize,
): void {
  const bytes = <usize>stride << 2;
  for (let first = 0; first < b; first += DEPTH) {
    const depth = min(DEPTH, b - first);
    const right = rows + <usize>first * bytes;
    for (let j = 0; j < w; j += LINE) {
      const width = min(LINE, w - j);
      const from = a + <usize>first * rowStep + (<usize>j << 2);
      for (let i = 0; i < depth; i++) {
        const to = lines + (<usize>i << 6), line = from + <usize>i * rowStep;
        v128.store(to, v128.load(line));
        v128.store(to, v128.load(line, 16), 16);
        if (width <= 8) continue;
        v128.store(to, v128.load(line, 32), 32);
        v128.store(to, v128.load(line, 48), 48);
      }
      for (let c = 0; c < d; c += 8) {
        const columns = <usize>c << 2;
        for (let own = 0; own < width; own += 4) {
          addTile(lines + (<usize>own << 2), 4, 64, depth, right + columns, bytes, d - c, out + <usize>(j + own) * bytes + columns);
        }
      }
    }
  }
}

/**
 * A tile of 4 rows and up to 8 columns of a product, `columns` being left: the weights of row i lie `rowStep` bytes apart, those of one
 * row `step`. Behind the last column stand biases and curvatures, which are no part of it.
 */
// @ts-ignore: decorator
@inline
function addTile(
  p: usize, rowStep: usize, step: usize, depth: i32, q: usize, bytes: usize, columns: i32, at: usize,
): void {
  const stop = q + <usize>depth * bytes;
  const r1 = rowStep, r2 = rowStep << 1, r3 = r1 + r2;
  if (columns > 4) {
    let a0 = f32x4.splat(0), b0 = f32x4.splat(0), a1 = f32x4.splat(0), b1 = f32x4.splat(0);
    let a2 = f32x4.splat(0), b2 = f32x4.splat(0), a3 = f32x4.splat(0), b3 = f32x4.splat(0);
    while (q < stop) {
      const x = v128.load(q), y = v128.load(q, 16);
      const w0 = v128.load_splat<f32>(p), w1 = v128.load_splat<f32>(p + r1);
      a0 = f32x4.add(a0, f32x4.mul(w0, x));
      b0 = f32x4.add(b0, f32x4.mul(w0, y));
      a1 = f32x4.add(a1, f32x4.mul(w1, x));
      b1 = f32x4.add(b1, f32x4.mul(w1, y));
      const w2 = v128.load_splat<f32>(p + r2), w3 = v128.load_splat<f32>(p + r3);
      a2 = f32x4.add(a2, f32x4.mul(w2, x));
      b2 = f32x4.add(b2, f32x4.mul(w2, y));
      a3 = f32x4.add(a3, f32x4.mul(w3, x));
      b3 = f32x4.add(b3, f32x4.mul(w3, y));
      p += step;
      q += bytes;
    }
    const inside = lanesBefore(columns - 4);
    addTo(at, a0);
    addTo(at + 16, v128.and(b0, inside));
    addTo(at + bytes, a1);
    addTo(at + bytes + 16, v128.and(b1, inside));
    addTo(at + 2 * bytes, a2);
    addTo(at + 2 * bytes + 16, v128.and(b2, inside));
    addTo(at + 3 * bytes, a3);
    addTo(at + 3 * bytes + 16, v128.and(b3, inside));
  } else {
    let a0 = f32x4.splat(0), a1 = f32x4.splat(0), a2 = f32x4.splat(0), a3 = f32x4.splat(0);
    while (q < stop) {
      const x = v128.load(q);
      a0 = f32x4.add(a0, f32x4.mul(v128.load_splat<f32>(p), x));
      a1 = f32x4.add(a1, f32x4.mul(v128.load_splat<f32>(p + r1), x));
      a2 = f32x4.add(a2, f32x4.mul(v128.load_splat<f32>(p + r2), x));
      a3 = f32x4.add(a3, f32x4.mul(v128.load_splat<f32>(p + r3), x));
      p += step;
      q += bytes;
    }
    const inside = lanesBefore(columns);
    addTo(at, v128.and(a0, inside));
    addTo(at + bytes, v128.and(a1, inside));
    addTo(at + 2 * bytes, v128.and(a2, inside));
    addTo(at + 3 * bytes, v128.and(a3, inside));
  }
}

/** All bits in the lanes before `count`. */
// @ts-ignore: decorator
@inline
function lanesBefore(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

// @ts-ignore: decorator
@inline
function addTo(at: usize, value: v128): void {
  v128.store(at, f32x4.add(v128.load(at), value));
}

/**
 * Adds to the gradients of queries and candidates what the weights of a block say, and to column d of the candidates' the gradient
 * by their biases, and to biasGradients f32 (B) that by the queries'. Gradients have the rows of what they belong to. lines: scratch f32 (256, 16), and behind it f32 (W).
 */
function backwardBlock(
  measure: i32, d: i32, queries: usize, stride: i32, b: i32, candidates: usize, count: i32, biased: i32,
  scores: usize, queryGradients: usize, candidateGradients: usize, biasGradients: usize, lines: usize,
): void {
  const w = ((count + 7) >> 3) << 3;
  const rowBytes = <usize>w << 2, strideBytes = <usize>stride << 2;
  const columnSums = lines + (DEPTH * LINE << 2);
  if (biased || measure == 2 || measure == 3) sumColumns(scores, rowBytes, b, columnSums);
  if (biased) {
    // A weight of SQUARED_L2 is twice the gradient by the score.
    const share: f32 = measure == 3 ? 0.5 : 1;
    for (let i = 0; i < b; i++) add32(biasGradients + (<usize>i << 2), share * sumOfRow(scores + <usize>i * rowBytes, rowBytes));
    for (let j = 0; j < count; j++) {
      add32(candidateGradients + <usize>j * strideBytes + (<usize>d << 2), share * load<f32>(columnSums + (<usize>j << 2)));
    }
  }
  if (measure == 1 || measure == 4) {
    for (let j = 0; j < count; j++) {
      const candidate = candidates + <usize>j * strideBytes, by = candidateGradients + <usize>j * strideBytes;
      for (let i = 0; i < b; i++) {
        const weight = load<f32>(scores + <usize>i * rowBytes + (<usize>j << 2));
        if (weight == 0) continue;
        const query = queries + <usize>i * strideBytes, byQuery = queryGradients + <usize>i * strideBytes;
        if (measure == 1) pullBySigns(weight, d, query, candidate, byQuery, by);
        else pullByDirections(weight, d, query, candidate, byQuery, by);
      }
    }
    return;
  }
  if (measure == 5) hyperbolicWeights(d, queries, stride, b, candidates, count, w, scores, queryGradients, candidateGradients);
  addProduct(scores, rowBytes, b, count, candidates, stride, d, queryGradients);
  addTransposedProduct(scores, rowBytes, b, w, queries, stride, d, candidateGradients, lines);
  if (measure == 2 || measure == 3) {
    for (let i = 0; i < b; i++) {
      const own = sumOfRow(scores + <usize>i * rowBytes, rowBytes);
      addColumns(queryGradients + <usize>i * strideBytes, queries + <usize>i * strideBytes, -own, d);
    }
    for (let j = 0; j < count; j++) {
      const own = load<f32>(columnSums + (<usize>j << 2));
      addColumns(candidateGradients + <usize>j * strideBytes, candidates + <usize>j * strideBytes, -own, d);
    }
  }
}

function sumOfRow(row: usize, bytes: usize): f32 {
  let sum = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) sum = f32x4.add(sum, v128.load(row + at));
  return total(sum);
}

/** sums (w) of all rows, row by row: by columns each would be a line of the cache. */
function sumColumns(scores: usize, rowBytes: usize, b: i32, sums: usize): void {
  memory.copy(sums, scores, rowBytes);
  for (let i = 1; i < b; i++) {
    const row = scores + <usize>i * rowBytes;
    for (let at: usize = 0; at < rowBytes; at += 16) addTo(sums + at, v128.load(row + at));
  }
}

// @ts-ignore: decorator
@inline
function add32(at: usize, value: f32): void {
  store<f32>(at, load<f32>(at) + value);
}

/** row += factor * other over d floats: what follows in a candidate's row is its bias. */
function addColumns(row: usize, other: usize, factor: f32, d: i32): void {
  const scale = f32x4.splat(factor);
  const whole = <usize>(d & ~3) << 2;
  for (let at: usize = 0; at < whole; at += 16) addTo(row + at, f32x4.mul(scale, v128.load(other + at)));
  for (let at = whole; at < <usize>d << 2; at += 4) store<f32>(row + at, load<f32>(row + at) + factor * load<f32>(other + at));
}

function pullBySigns(weight: f32, d: i32, query: usize, candidate: usize, byQuery: usize, by: usize): void {
  const scale = f32x4.splat(weight), zero = f32x4.splat(0);
  const whole = <usize>(d & ~3) << 2;
  for (let at = whole; at < <usize>d << 2; at += 4) {
    const difference = load<f32>(query + at) - load<f32>(candidate + at);
    const pulled: f32 = difference > 0 ? weight : difference < 0 ? -weight : 0;
    store<f32>(byQuery + at, load<f32>(byQuery + at) - pulled);
    store<f32>(by + at, load<f32>(by + at) + pulled);
  }
  for (let at: usize = 0; at < whole; at += 16) {
    const difference = f32x4.sub(v128.load(query + at), v128.load(candidate + at));
    const up = v128.and(f32x4.gt(difference, zero), scale), down = v128.and(f32x4.lt(difference, zero), scale);
    const pulled = f32x4.sub(up, down);
    v128.store(byQuery + at, f32x4.sub(v128.load(byQuery + at), pulled));
    addTo(by + at, pulled);
  }
}

function pullByDirections(weight: f32, d: i32, query: usize, candidate: usize, byQuery: usize, by: usize): void {
  const half = <usize>(d >> 1) << 2;
  for (let at: usize = 0; at < half; at += 4) {
    const real = load<f32>(query + at) - load<f32>(candidate + at);
    const imaginary = load<f32>(query + at + half) - load<f32>(candidate + at + half);
    const modulus = sqrt<f32>(real * real + imaginary * imaginary);
    const scale: f32 = modulus > LEAST_DISTANCE ? weight / modulus : 0;
    store<f32>(byQuery + at, load<f32>(byQuery + at) - scale * real);
    store<f32>(byQuery + at + half, load<f32>(byQuery + at + half) - scale * imaginary);
    store<f32>(by + at, load<f32>(by + at) + scale * real);
    store<f32>(by + at + half, load<f32>(by + at + half) + scale * imaginary);
  }
}

/** Gradients by the scores into weights of inner products; adds what goes by lengths and curvature. The inner products lie behind. */
function hyperbolicWeights(
  d: i32, queries: usize, stride: i32, b: i32, candidates: usize, count: i32, w: i32, scores: usize,
  queryGradients: usize, candidateGradients: usize,
): void {
  const rowBytes = <usize>w << 2, strideBytes = <usize>stride << 2;
  const dots = scores + <usize>((b + 3) & ~3) * rowBytes;
  for (let i = 0; i < b; i++) {
    const query = queries + <usize>i * strideBytes, byQuery = queryGradients + <usize>i * strideBytes;
    const xx = squareOf(query, d);
    const c = <f64>load<f32>(query + (<usize>d << 2));
    let own: f64 = 0, byC: f64 = 0;
    for (let j = 0; j < count; j++) {
      const at = <usize>i * rowBytes + (<usize>j << 2);
      const gradient = <f64>load<f32>(scores + at);
      if (gradient == 0) continue;
      const candidate = candidates + <usize>j * strideBytes;
      squaredDistance(xx, <f64>load<f32>(dots + at), Math.sqrt(squareOf(candidate, d)), c);
      store<f32>(scores + at, <f32>(gradient * hByXv));
      own += gradient * hByXx;
      byC += gradient * hByC;
      addColumns(candidateGradients + <usize>j * strideBytes, candidate, <f32>(gradient * hByLength), d);
    }
    addColumns(byQuery, query, <f32>(2 * own), d);
    const at = byQuery + (<usize>d << 2);
    store<f32>(at, load<f32>(at) + <f32>byC);
  }
}

// What is exported --------------------------------------------------------------------------------------------------

/** Candidates of a block: scores of B x 512 stay in the second cache together with its rows. */
const BLOCK = 512;

// @ts-ignore: decorator
@inline
function blockScores(scores: usize, first: i32, b: i32, planes: i32): usize {
  return scores + (<usize>first * <usize>((b + 3) & ~3) * <usize>planes << 2);
}

/** Floats in a row of scores of `count` candidates: up to a multiple of 8, or, where a library multiplies, a whole block each time. */
// @ts-ignore: decorator
@inline
function widthOf(count: i32, whole: i32): i32 {
  return whole ? BLOCK : (count + 7) & ~7;
}

/**
 * Scores of B queries against candidates first … last-1 (first a multiple of 512), block by block: a block of C candidates from
 * `first` on takes (B rounded up to 4) x (C rounded up to 8) floats, and begins at first x (B rounded up to 4), all times two for
 * HYPERBOLIC. sums f32 (blocks, B, 2): the greatest score and the sum of exp(score - greatest) in each block; 0: not wanted.
 * multiplied: a library has written the inner products, in rows of 512 floats in the last block as well; biases are not added.
 */
export function kgeScores(
  measure: i32, d: i32, queries: usize, stride: i32, biases: usize, b: i32, candidates: usize, biased: i32,
  first: i32, last: i32, packed: usize, scores: usize, sums: usize, multiplied: i32,
): void {
  for (let start = first; start < last; start += BLOCK) {
    const count = min(BLOCK, last - start);
    const rows = candidates + (<usize>start * <usize>stride << 2);
    const block = blockScores(scores, start, b, measure == 5 ? 2 : 1);
    if (!multiplied) scoreBlock(measure, d, queries, stride, biases, b, rows, count, biased, packed, block);
    const w = widthOf(count, multiplied);
    for (let i = 0; i < b; i++) {
      const row = block + (<usize>i * <usize>w << 2);
      for (let j = count; j < w; j++) store<f32>(row + (<usize>j << 2), -Infinity);
      if (sums == 0) continue;
      const at = sums + (((<usize>(start / BLOCK) * <usize>b + <usize>i) * 2) << 2);
      const most = greatest(row, w);
      store<f32>(at, most);
      store<f32>(at, sumOfPowers(row, w, most, 1), 4);
    }
  }
}

/**
 * The way back from scores of candidates first … last-1 as `kgeScores` left them, under a loss over all candidates:
 *   loss 0 (SOFTMAX): gradient = factor_i softmax_ij - factor_i smoothing / C - target weight, levels f32 (B) being ln sum exp;
 *   loss 1 (LOGISTIC): gradient = factor_i (sigmoid(score) - smoothing / C) - target weight.
 * factors f32 (B); uniform = smoothing / C. Targets of block k: targetStarts u32 (blocks + 1) into targetQueries, targetCandidates
 * u32 and targetWeights f32, which are used up. Adds to candidateGradients (rows as candidates) and queryGradients, biasGradients
 * (of this piece). losses f64: adds what neither levels nor targets say: sum factor_i (softplus(score) for LOGISTIC - smoothing / C score).
 * multiplied: as in kgeScores; the weights are left where the scores were, for the library to multiply, and no gradient is touched.
 */
export function kgeBackward(
  measure: i32, loss: i32, d: i32, queries: usize, stride: i32, b: i32, candidates: usize, biased: i32,
  first: i32, last: i32, scores: usize, levels: usize, factors: usize, uniform: f32,
  targetStarts: usize, targetQueries: usize, targetCandidates: usize, targetWeights: usize,
  queryGradients: usize, candidateGradients: usize, biasGradients: usize, losses: usize, lines: usize, multiplied: i32,
): void {
  for (let start = first; start < last; start += BLOCK) {
    const count = min(BLOCK, last - start);
    const w = widthOf(count, multiplied);
    const block = blockScores(scores, start, b, measure == 5 ? 2 : 1);
    const from = load<u32>(targetStarts + (<usize>(start / BLOCK) << 2)), to = load<u32>(targetStarts + (<usize>(start / BLOCK) << 2), 4);
    for (let target = from; target < to; target++) {
      const at = targetWeights + (<usize>target << 2);
      store<f32>(at, weighOne(measure, load<f32>(at), load<f32>(targetAt(block, w, start, target, targetQueries, targetCandidates))));
    }
    for (let i = 0; i < b; i++) {
      const row = block + (<usize>i * <usize>w << 2);
      const factor = load<f32>(factors + (<usize>i << 2));
      const lost = loss == 0
        ? softmaxRow(measure, row, w, load<f32>(levels + (<usize>i << 2)), factor, uniform)
        : logisticRow(measure, row, w, factor, uniform);
      store<f64>(losses, load<f64>(losses) + <f64>lost);
      for (let j = count; j < w; j++) store<f32>(row + (<usize>j << 2), 0);
    }
    for (let i = b; i < ((b + 3) & ~3); i++) memory.fill(block + (<usize>i * <usize>w << 2), 0, <usize>w << 2);
    for (let target = from; target < to; target++) {
      const at = targetAt(block, w, start, target, targetQueries, targetCandidates);
      store<f32>(at, load<f32>(at) - load<f32>(targetWeights + (<usize>target << 2)));
    }
    if (multiplied) continue;
    const offset = <usize>start * <usize>stride << 2;
    backwardBlock(
      measure, d, queries, stride, b, candidates + offset, count, biased, block, queryGradients, candidateGradients + offset, biasGradients,
      lines,
    );
  }
}

// @ts-ignore: decorator
@inline
function targetAt(block: usize, w: i32, start: i32, target: u32, targetQueries: usize, targetCandidates: usize): usize {
  const query = load<u32>(targetQueries + (<usize>target << 2)), candidate = load<u32>(targetCandidates + (<usize>target << 2));
  return block + ((<usize>query * <usize>w + <usize>candidate - <usize>start) << 2);
}

function softmaxRow(measure: i32, row: usize, w: i32, level: f32, factor: f32, uniform: f32): f32 {
  const scale = f32x4.splat(factor), less = f32x4.splat(factor * uniform);
  let sum = f32x4.splat(0);
  for (let at: usize = 0; at < <usize>w << 2; at += 16) {
    const score = v128.load(row + at);
    // What fills up the block is at -infinity and counts nothing.
    if (uniform != 0) sum = f32x4.add(sum, v128.and(f32x4.gt(score, f32x4.splat(-Infinity)), score));
    const gradient = f32x4.sub(f32x4.mul(scale, exp(f32x4.sub(score, f32x4.splat(level)))), less);
    v128.store(row + at, weigh(measure, gradient, score));
  }
  return -factor * uniform * total(sum);
}

function logisticRow(measure: i32, row: usize, w: i32, factor: f32, uniform: f32): f32 {
  const scale = f32x4.splat(factor), less = f32x4.splat(uniform);
  let losses = f32x4.splat(0);
  for (let at: usize = 0; at < <usize>w << 2; at += 16) {
    const score = v128.load(row + at);
    // What fills up the block is at -infinity and has no loss.
    const there = f32x4.gt(score, f32x4.splat(-Infinity));
    losses = f32x4.add(losses, v128.and(there, f32x4.sub(softplus(score), f32x4.mul(less, score))));
    v128.store(row + at, weigh(measure, f32x4.mul(scale, f32x4.sub(sigmoid(score), less)), score));
  }
  return factor * total(losses);
}

/**
 * One group of b queries that share their negatives, from scores to gradients. Candidates: the b positives, one of each query, then
 * the negatives; ids u32 (count) name their rows in `table`. Query i's positive is candidate i; the other positives are left out,
 * and so are the pairs of exclusions u32 (exclusionCount, 2): query, candidate.
 * factors f32 (b): what each query's loss counts. Writes queryGradients (b rows), candidateGradients (count rows), biasGradients f32 (b)
 * and losses f32 (b). scratch: rows (count rounded up to 8, stride), panels (the same, d), scores (b rounded up to 4, count rounded up to 8) twice,
 * gradients (b rounded up to 4, stride): the products write whole tiles, and the rows that follow in queryGradients are other groups';
 * and lines as in backwardBlock.
 */
export function kgeSampled(
  measure: i32, loss: i32, d: i32, table: usize, stride: i32, biased: i32, queries: usize, biases: usize, b: i32,
  ids: usize, count: i32, exclusions: usize, exclusionCount: i32, factors: usize,
  margin: f32, temperature: f32, negativeWeight: f32, scratch: usize,
  queryGradients: usize, candidateGradients: usize, biasGradients: usize, losses: usize,
): void {
  const w = (count + 7) & ~7;
  const strideBytes = <usize>stride << 2;
  const rows = scratch;
  const packed = rows + <usize>w * strideBytes;
  const scores = packed + (<usize>w * <usize>d << 2);
  for (let j = 0; j < count; j++) {
    memory.copy(rows + <usize>j * strideBytes, table + <usize>load<u32>(ids + (<usize>j << 2)) * strideBytes, strideBytes);
  }
  scoreBlock(measure, d, queries, stride, biases, b, rows, count, biased, packed, scores);
  for (let i = 0; i < b; i++) {
    const row = scores + (<usize>i * <usize>w << 2);
    for (let j = 0; j < b; j++) if (j != i) store<f32>(row + (<usize>j << 2), -Infinity);
    for (let j = count; j < w; j++) store<f32>(row + (<usize>j << 2), -Infinity);
  }
  for (let pair = 0; pair < exclusionCount; pair++) {
    const at = exclusions + (<usize>pair << 3);
    store<f32>(scores + ((<usize>load<u32>(at) * <usize>w + <usize>load<u32>(at, 4)) << 2), -Infinity);
  }
  for (let i = 0; i < b; i++) {
    const row = scores + (<usize>i * <usize>w << 2);
    const lost = lossOfRow(loss, measure, row, w, i, load<f32>(factors + (<usize>i << 2)), margin, temperature, negativeWeight);
    store<f32>(losses + (<usize>i << 2), lost);
    for (let j = count; j < w; j++) store<f32>(row + (<usize>j << 2), 0);
  }
  for (let i = b; i < ((b + 3) & ~3); i++) memory.fill(scores + (<usize>i * <usize>w << 2), 0, <usize>w << 2);
  const fours = <usize>((b + 3) & ~3);
  const gradients = scores + (fours * <usize>w << 3);
  memory.fill(gradients, 0, fours * strideBytes);
  memory.fill(candidateGradients, 0, <usize>w * strideBytes);
  memory.fill(biasGradients, 0, <usize>b << 2);
  backwardBlock(measure, d, queries, stride, b, rows, count, biased, scores, gradients, candidateGradients, biasGradients, gradients + fours * strideBytes);
  memory.copy(queryGradients, gradients, <usize>b * strideBytes);
}

/**
 * How many of all candidates have a greater score than each threshold, and how many the same: counts u32 (n, 2), added to.
 * thresholds f32 (n), each for the query of rows u32 (n); scores of candidates first … last-1 as `kgeScores` left them for b queries.
 */
export function kgeCount(
  n: i32, b: i32, planes: i32, first: i32, last: i32, scores: usize, rows: usize, thresholds: usize, counts: usize, multiplied: i32,
): void {
  for (let start = first; start < last; start += BLOCK) {
    const count = min(BLOCK, last - start);
    const w = widthOf(count, multiplied);
    const block = blockScores(scores, start, b, planes);
    for (let i = 0; i < n; i++) {
      const threshold = f32x4.splat(load<f32>(thresholds + (<usize>i << 2)));
      const row = block + (<usize>load<u32>(rows + (<usize>i << 2)) * <usize>w << 2);
      let greater = i32x4.splat(0), equal = i32x4.splat(0);
      for (let at: usize = 0; at < <usize>w << 2; at += 16) {
        const score = v128.load(row + at);
        greater = i32x4.sub(greater, f32x4.gt(score, threshold));
        equal = i32x4.sub(equal, f32x4.eq(score, threshold));
      }
      const to = counts + (<usize>i << 3);
      store<u32>(to, load<u32>(to) + <u32>totalOf(greater));
      store<u32>(to, load<u32>(to, 4) + <u32>totalOf(equal), 4);
    }
  }
}

// @ts-ignore: decorator
@inline
function totalOf(x: v128): i32 {
  return i32x4.extract_lane(x, 0) + i32x4.extract_lane(x, 1) + i32x4.extract_lane(x, 2) + i32x4.extract_lane(x, 3);
}

// Updates -----------------------------------------------------------------------------------------------------------

/**
 * One step of the optimizer over floats first … last-1 (multiples of 4); gradients are zeroed. optimizer 0 Adagrad: sums += g^2,
 * x -= rate g / (sqrt(sums) + epsilon); 1 Adam with corrections 1 - beta^t: x -= rate (m / correction1) / (sqrt(v / correction2) + epsilon).
 */
export function kgeUpdate(
  optimizer: i32, values: usize, gradients: usize, first: usize, second: usize, from: i32, to: i32,
  rate: f32, epsilon: f32, correction1: f32, correction2: f32,
): void {
  const zero = f32x4.splat(0);
  for (let at = <usize>from << 2; at < <usize>to << 2; at += 16) {
    step(optimizer, values + at, v128.load(gradients + at), first + at, second + at, rate, epsilon, correction1, correction2);
    v128.store(gradients + at, zero);
  }
}

/**
 * The same for rows that were touched, numbers firstRow … lastRow-1 of the list `touched` u32: the gradient of a row is the sum of
 * contributions starts[number] … starts[number + 1]-1, each the byte offset of a row of `columns` floats (a multiple of 4).
 */
export function kgeUpdateRows(
  optimizer: i32, values: usize, first: usize, second: usize, columns: i32, touched: usize, starts: usize, contributions: usize,
  firstRow: i32, lastRow: i32, rate: f32, epsilon: f32, correction1: f32, correction2: f32,
): void {
  for (let number = firstRow; number < lastRow; number++) {
    const row = <usize>load<u32>(touched + (<usize>number << 2)) * <usize>columns << 2;
    const from = starts + (<usize>number << 2);
    const begin = load<u32>(from), end = load<u32>(from, 4);
    for (let at: usize = 0; at < <usize>columns << 2; at += 16) {
      let gradient = f32x4.splat(0);
      for (let c = begin; c < end; c++) {
        gradient = f32x4.add(gradient, v128.load(<usize>load<u32>(contributions + (<usize>c << 2)) + at));
      }
      step(optimizer, values + row + at, gradient, first + row + at, second + row + at, rate, epsilon, correction1, correction2);
    }
  }
}

/** Of Adam: as in ../../kge/optimizer.ts. */
const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;

// @ts-ignore: decorator
@inline
function step(
  optimizer: i32, value: usize, gradient: v128, first: usize, second: usize,
  rate: f32, epsilon: f32, correction1: f32, correction2: f32,
): void {
  let change: v128;
  if (optimizer == 0) {
    const sum = f32x4.add(v128.load(first), f32x4.mul(gradient, gradient));
    v128.store(first, sum);
    change = f32x4.div(f32x4.mul(f32x4.splat(rate), gradient), f32x4.add(f32x4.sqrt(sum), f32x4.splat(epsilon)));
  } else {
    const m = f32x4.add(f32x4.mul(f32x4.splat(BETA1), v128.load(first)), f32x4.mul(f32x4.splat(1 - BETA1), gradient));
    const v = f32x4.add(
      f32x4.mul(f32x4.splat(BETA2), v128.load(second)),
      f32x4.mul(f32x4.splat(1 - BETA2), f32x4.mul(gradient, gradient)),
    );
    v128.store(first, m);
    v128.store(second, v);
    const direction = f32x4.div(m, f32x4.splat(correction1));
    const size = f32x4.add(f32x4.sqrt(f32x4.div(v, f32x4.splat(correction2))), f32x4.splat(epsilon));
    change = f32x4.div(f32x4.mul(f32x4.splat(rate), direction), size);
  }
  v128.store(value, f32x4.sub(v128.load(value), change));
}
