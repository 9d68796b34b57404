// Negative sampling for word vectors, skip-gram and CBOW. Reference and derivation: ../../word2vec/negativeSampling.ts.
//
// A piece works at some words only, given by their blocks (the number of a word modulo the number of blocks, a power of 2), so
// that pieces which run at the same time never write to the same row.
//
// Rows are f32, `width` numbers long, a multiple of 4. Three output rows are looked at at a time, against two input rows or one:
// the vectors of a tile are read once for all its products.
import { hash } from './hash';
import { exp2, log2 } from './power';

/** Between sentences. */
const END: u32 = 0xffffffff;
const LOG2_E: f32 = 1.4426950408889634;
const LN_2: f64 = 0.6931471805599453;
/** Scores are cut at ±30, in units of log2: e^30 is 1e13, and a tile takes the logarithm of the product of two, 1e26, which float32 holds. */
const LARGEST: f32 = 43.280851226668903;

/**
 * kept = tokens[from … to-1] without the words that chance leaves out; END before and after it.
 * tokens u32; keep u32: of each word, the largest draw at which it stays; count u32: how many there are then.
 */
export function subsample(tokens: usize, from: u32, to: u32, keep: usize, key: u32, kept: usize, count: usize): void {
  let out = kept;
  for (let t = from; t < to; t++) {
    const word = load<u32>(tokens + (<usize>t << 2));
    if (word == END || hash(key + (t - from)) <= load<u32>(keep + (<usize>word << 2))) {
      store<u32>(out, word);
      out += 4;
    }
  }
  store<u32>(kept - 4, END);
  store<u32>(out, END);
  store<u32>(count, <u32>((out - kept) >> 2));
}

/**
 * Skip-gram over the words of `kept` that are in outBlock, with the words near them that are in inBlock.
 * inputs, outputs f32 (words, width); limits u32, aliases u32: the table of negatives of outBlock, `size` words.
 * scratch of this thread: 2 window + negatives + 3 of u32, from the next multiple of 16 on `width` of f32.
 * loss f64 (2): the sum of -log sigma over all scores, and the number of pairs of words.
 */
export function skipGram(
  kept: usize, count: usize, blocks: u32, inBlock: u32, outBlock: u32, window: u32, negatives: u32, width: u32,
  inputs: usize, outputs: usize, limits: usize, aliases: usize, size: u32,
  windowKey: u32, negativeKey: u32, learningRate: f32, scratch: usize, loss: usize,
): void {
  const n = load<u32>(count);
  const step = <usize>width << 2;
  const contexts = scratch;
  const rows = scratch + (<usize>window << 3);
  const empty = (rows + (<usize>(negatives + 3) << 2) + 15) & ~15;
  memory.fill(empty, 0, step);
  let sum: f64 = 0;
  let pairs: u64 = 0;
  for (let p: u32 = 0; p < n; p++) {
    const word = load<u32>(kept + (<usize>p << 2));
    if (word == END || (word & (blocks - 1)) != outBlock) continue;
    const near = 1 + hash(windowKey + p) % window;
    const found = collect(kept + (<usize>p << 2), near, blocks, inBlock, inputs, step, contexts);
    if (found == 0) continue;
    const drawn = draw(word, negatives, hash(negativeKey + p * blocks + inBlock), blocks, outBlock, limits, aliases, size, outputs, step, rows);
    for (let r = drawn; r % 3 != 0; r++) store<u32>(rows + (<usize>r << 2), <u32>empty);
    pairs += found;
    let c: u32 = 0;
    while (c < found) {
      const first = load<u32>(contexts + (<usize>c << 2));
      const second = c + 1 < found ? load<u32>(contexts + (<usize>c << 2), 4) : first;
      if (second != first) {
        for (let r: u32 = 0; r < drawn; r += 3) sum += tileOfTwo(first, second, rows + (<usize>r << 2), step, learningRate, r == 0, drawn - r);
        c += 2;
      } else {
        for (let r: u32 = 0; r < drawn; r += 3) sum += tileOfOne(first, first, rows + (<usize>r << 2), step, learningRate, r == 0, drawn - r);
        c += 1;
      }
    }
  }
  store<f64>(loss, sum * LN_2);
  store<f64>(loss, <f64>pairs, 8);
}

/**
 * CBOW, one half: for the words first … last-1 of `kept` that are in outBlock, the mean of the words near them against the word
 * and its negatives. Output rows learn at once; what the inputs are to learn goes to errors f32 (last - first, width), and which ones
 * to `blocks` lists by the block of the input, of listBytes each: pairs of u32, the addresses of an input and of an error.
 * ends u32 (blocks): the ends of the lists. scratch: as above, and `width` of f32 more.
 */
export function cbowOutputs(
  kept: usize, first: u32, last: u32, blocks: u32, outBlock: u32, window: u32, negatives: u32, width: u32,
  inputs: usize, outputs: usize, limits: usize, aliases: usize, size: u32,
  windowKey: u32, negativeKey: u32, learningRate: f32, errors: usize, lists: usize, listBytes: usize, ends: usize,
  scratch: usize, loss: usize,
): void {
  const step = <usize>width << 2;
  const contexts = scratch;
  const rows = scratch + (<usize>window << 3);
  const empty = (rows + (<usize>(negatives + 3) << 2) + 15) & ~15;
  for (let b: u32 = 0; b < blocks; b++) store<u32>(ends + (<usize>b << 2), <u32>(lists + <usize>b * listBytes));
  const mean = empty + step;
  memory.fill(empty, 0, step);
  let sum: f64 = 0;
  let pairs: u64 = 0;
  for (let p = first; p < last; p++) {
    const word = load<u32>(kept + (<usize>p << 2));
    if (word == END || (word & (blocks - 1)) != outBlock) continue;
    const near = 1 + hash(windowKey + p) % window;
    const error = errors + <usize>(p - first) * step;
    const found = collectAll(kept + (<usize>p << 2), near, blocks, inputs, step, contexts, ends, error);
    if (found == 0) continue;
    const share = f32x4.splat(<f32>1 / <f32>found);
    for (let at: usize = 0; at < step; at += 16) {
      let x = f32x4.splat(0);
      for (let c: u32 = 0; c < found; c++) x = f32x4.add(x, v128.load(<usize>load<u32>(contexts + (<usize>c << 2)) + at));
      v128.store(mean + at, f32x4.mul(x, share));
    }
    memory.fill(error, 0, step);
    const drawn = draw(word, negatives, hash(negativeKey + p * blocks), blocks, outBlock, limits, aliases, size, outputs, step, rows);
    for (let r = drawn; r % 3 != 0; r++) store<u32>(rows + (<usize>r << 2), <u32>empty);
    for (let r: u32 = 0; r < drawn; r += 3) sum += tileOfOne(mean, error, rows + (<usize>r << 2), step, learningRate, r == 0, drawn - r);
    pairs++;
  }
  store<f64>(loss, sum * LN_2);
  store<f64>(loss, <f64>pairs, 8);
}

/** CBOW, the other half: the inputs of a list learn. list … end: pairs of addresses, as `cbowOutputs` leaves them. */
export function cbowInputs(list: usize, end: usize, width: u32): void {
  const step = <usize>width << 2;
  const last = load<u32>(end);
  for (let pair = list; pair < <usize>last; pair += 8) {
    const x = <usize>load<u32>(pair), error = <usize>load<u32>(pair, 4);
    for (let at: usize = 0; at < step; at += 16) v128.store(x + at, f32x4.add(v128.load(x + at), v128.load(error + at)));
  }
}

/** Rows of the words of `block` up to `near` places before and after `at`, not beyond the sentence. @returns how many */
// @ts-ignore: decorator
@inline
function collect(at: usize, near: u32, blocks: u32, block: u32, inputs: usize, step: usize, contexts: usize): u32 {
  let found: u32 = 0;
  let first = at;
  for (let k: u32 = 0; k < near && load<u32>(first - 4) != END; k++) first -= 4;
  for (let q = first; q < at; q += 4) {
    const word = load<u32>(q);
    if ((word & (blocks - 1)) != block) continue;
    store<u32>(contexts + (<usize>found << 2), <u32>(inputs + <usize>word * step));
    found++;
  }
  let q = at;
  for (let k: u32 = 0; k < near; k++) {
    q += 4;
    const word = load<u32>(q);
    if (word == END) break;
    if ((word & (blocks - 1)) != block) continue;
    store<u32>(contexts + (<usize>found << 2), <u32>(inputs + <usize>word * step));
    found++;
  }
  return found;
}

/** The same of all blocks; each row goes with `error` to the end of the list of its block, too. */
// @ts-ignore: decorator
@inline
function collectAll(at: usize, near: u32, blocks: u32, inputs: usize, step: usize, contexts: usize, ends: usize, error: usize): u32 {
  let first = at;
  for (let k: u32 = 0; k < near && load<u32>(first - 4) != END; k++) first -= 4;
  let last = at;
  for (let k: u32 = 0; k < near && load<u32>(last, 4) != END; k++) last += 4;
  let found: u32 = 0;
  for (let q = first; q <= last; q += 4) {
    if (q == at) continue;
    const word = load<u32>(q);
    const row = <u32>(inputs + <usize>word * step);
    store<u32>(contexts + (<usize>found << 2), row);
    found++;
    const end = ends + (<usize>(word & (blocks - 1)) << 2);
    const pair = <usize>load<u32>(end);
    store<u32>(pair, row);
    store<u32>(pair, <u32>error, 4);
    store<u32>(end, <u32>pair + 8);
  }
  return found;
}

/** The row of the word, then those of its negatives; none twice. @returns how many */
// @ts-ignore: decorator
@inline
function draw(
  word: u32, negatives: u32, key: u32, blocks: u32, block: u32, limits: usize, aliases: usize, size: u32, outputs: usize, step: usize, rows: usize,
): u32 {
  let drawn: u32 = 1;
  store<u32>(rows, <u32>(outputs + <usize>word * step));
  for (let k: u32 = 0; k < negatives; k++) {
    // Walker's alias method: a column by chance, and the word itself or its alias by another.
    const column = hash(key + (k << 1)) % size;
    const own = hash(key + (k << 1) + 1) <= load<u32>(limits + (<usize>column << 2));
    const negative = own ? column : load<u32>(aliases + (<usize>column << 2));
    const row = <u32>(outputs + <usize>(negative * blocks + block) * step);
    let isNew = true;
    for (let r: u32 = 0; r < drawn; r++) if (load<u32>(rows + (<usize>r << 2)) == row) isNew = false;
    store<u32>(rows + (<usize>drawn << 2), row);
    if (isNew) drawn++;
  }
  return drawn;
}

/** (sum of a, sum of b, sum of c, 0) */
// @ts-ignore: decorator
@inline
function sums(a: v128, b: v128, c: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const zero = f32x4.splat(0);
  const cd = f32x4.add(v128.shuffle<f32>(c, zero, 0, 4, 1, 5), v128.shuffle<f32>(c, zero, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** e^score, of the negated score in lane 0 where that is the word itself. */
// @ts-ignore: decorator
@inline
function exponentials(scores: v128, hasWord: bool): v128 {
  const sign = hasWord ? f32x4(-LOG2_E, LOG2_E, LOG2_E, LOG2_E) : f32x4.splat(LOG2_E);
  const z = f32x4.mul(scores, sign);
  return exp2(f32x4.pmax(f32x4.pmin(z, f32x4.splat(LARGEST)), f32x4.splat(-LARGEST)));
}

/** learningRate (label - sigma(score)): q = e/(1+e) is sigma(score), or 1 - sigma(score) in the lane of the word; 0 where there is no row. */
// @ts-ignore: decorator
@inline
function coefficients(learningRate: f32, hasWord: bool, left: u32): v128 {
  const own = hasWord ? learningRate : -learningRate;
  return f32x4(own, left > 1 ? -learningRate : 0, left > 2 ? -learningRate : 0, 0);
}

// @ts-ignore: decorator
@inline
function present(left: u32): v128 {
  return f32x4(1, left > 1 ? 1 : 0, left > 2 ? 1 : 0, 0);
}

// @ts-ignore: decorator
@inline
function logSum(v: v128): f64 {
  const l = log2(v);
  return <f64>(
    f32x4.extract_lane(l, 0) + f32x4.extract_lane(l, 1) + (f32x4.extract_lane(l, 2) + f32x4.extract_lane(l, 3))
  );
}

/** Two input rows against three output rows. @returns the sum of -log2 sigma */
function tileOfTwo(first: usize, second: usize, rows: usize, step: usize, learningRate: f32, hasWord: bool, left: u32): f64 {
  const row0 = <usize>load<u32>(rows), row1 = <usize>load<u32>(rows, 4), row2 = <usize>load<u32>(rows, 8);
  let a0 = f32x4.splat(0), a1 = f32x4.splat(0), a2 = f32x4.splat(0);
  let b0 = f32x4.splat(0), b1 = f32x4.splat(0), b2 = f32x4.splat(0);
  for (let at: usize = 0; at < step; at += 16) {
    const x0 = v128.load(first + at), x1 = v128.load(second + at);
    const y0 = v128.load(row0 + at);
    a0 = f32x4.add(a0, f32x4.mul(x0, y0));
    b0 = f32x4.add(b0, f32x4.mul(x1, y0));
    const y1 = v128.load(row1 + at);
    a1 = f32x4.add(a1, f32x4.mul(x0, y1));
    b1 = f32x4.add(b1, f32x4.mul(x1, y1));
    const y2 = v128.load(row2 + at);
    a2 = f32x4.add(a2, f32x4.mul(x0, y2));
    b2 = f32x4.add(b2, f32x4.mul(x1, y2));
  }
  const one = f32x4.splat(1);
  const coefficient = coefficients(learningRate, hasWord, left);
  const ea = exponentials(sums(a0, a1, a2), hasWord), eb = exponentials(sums(b0, b1, b2), hasWord);
  const ga = f32x4.mul(f32x4.div(ea, f32x4.add(one, ea)), coefficient);
  const gb = f32x4.mul(f32x4.div(eb, f32x4.add(one, eb)), coefficient);
  const is = present(left);
  const loss = logSum(f32x4.mul(f32x4.add(one, f32x4.mul(ea, is)), f32x4.add(one, f32x4.mul(eb, is))));

  const g00 = v128.shuffle<f32>(ga, ga, 0, 0, 0, 0), g01 = v128.shuffle<f32>(ga, ga, 1, 1, 1, 1), g02 = v128.shuffle<f32>(ga, ga, 2, 2, 2, 2);
  const g10 = v128.shuffle<f32>(gb, gb, 0, 0, 0, 0), g11 = v128.shuffle<f32>(gb, gb, 1, 1, 1, 1), g12 = v128.shuffle<f32>(gb, gb, 2, 2, 2, 2);
  for (let at: usize = 0; at < step; at += 16) {
    const x0 = v128.load(first + at), x1 = v128.load(second + at);
    const y0 = v128.load(row0 + at), y1 = v128.load(row1 + at), y2 = v128.load(row2 + at);
    v128.store(first + at, f32x4.add(x0, f32x4.add(f32x4.mul(g00, y0), f32x4.add(f32x4.mul(g01, y1), f32x4.mul(g02, y2)))));
    v128.store(second + at, f32x4.add(x1, f32x4.add(f32x4.mul(g10, y0), f32x4.add(f32x4.mul(g11, y1), f32x4.mul(g12, y2)))));
    v128.store(row0 + at, f32x4.add(y0, f32x4.add(f32x4.mul(g00, x0), f32x4.mul(g10, x1))));
    v128.store(row1 + at, f32x4.add(y1, f32x4.add(f32x4.mul(g01, x0), f32x4.mul(g11, x1))));
    v128.store(row2 + at, f32x4.add(y2, f32x4.add(f32x4.mul(g02, x0), f32x4.mul(g12, x1))));
  }
  return loss;
}

/** One input row against three output rows; what it learns is added to `learner`, which may be the row itself. @returns the sum of -log2 sigma */
function tileOfOne(input: usize, learner: usize, rows: usize, step: usize, learningRate: f32, hasWord: bool, left: u32): f64 {
  const row0 = <usize>load<u32>(rows), row1 = <usize>load<u32>(rows, 4), row2 = <usize>load<u32>(rows, 8);
  let a0 = f32x4.splat(0), a1 = f32x4.splat(0), a2 = f32x4.splat(0);
  for (let at: usize = 0; at < step; at += 16) {
    const x = v128.load(input + at);
    a0 = f32x4.add(a0, f32x4.mul(x, v128.load(row0 + at)));
    a1 = f32x4.add(a1, f32x4.mul(x, v128.load(row1 + at)));
    a2 = f32x4.add(a2, f32x4.mul(x, v128.load(row2 + at)));
  }
  const one = f32x4.splat(1);
  const e = exponentials(sums(a0, a1, a2), hasWord);
  const g = f32x4.mul(f32x4.div(e, f32x4.add(one, e)), coefficients(learningRate, hasWord, left));
  const loss = logSum(f32x4.add(one, f32x4.mul(e, present(left))));

  const g0 = v128.shuffle<f32>(g, g, 0, 0, 0, 0), g1 = v128.shuffle<f32>(g, g, 1, 1, 1, 1), g2 = v128.shuffle<f32>(g, g, 2, 2, 2, 2);
  for (let at: usize = 0; at < step; at += 16) {
    const x = v128.load(input + at);
    const y0 = v128.load(row0 + at), y1 = v128.load(row1 + at), y2 = v128.load(row2 + at);
    v128.store(learner + at, f32x4.add(v128.load(learner + at), f32x4.add(f32x4.mul(g0, y0), f32x4.add(f32x4.mul(g1, y1), f32x4.mul(g2, y2)))));
    v128.store(row0 + at, f32x4.add(y0, f32x4.mul(g0, x)));
    v128.store(row1 + at, f32x4.add(y1, f32x4.mul(g1, x)));
    v128.store(row2 + at, f32x4.add(y2, f32x4.mul(g2, x)));
  }
  return loss;
}
