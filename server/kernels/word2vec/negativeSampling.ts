/**
 * Negative sampling, word by word: the plain form, and the oracle of cpu/assembly/word2vec.ts.
 *
 * For a word w and a vector x that is to predict it (of a word near, or the mean of those), with the output vectors y and K words
 * w_k drawn by chance, what is to become large is
 *   log sigma(y_w x) + sum_k log sigma(-y_k x)                                        (Mikolov et al. 2013, arXiv:1310.4546, eq. 4)
 * by steps along its gradient: with g = rate (label - sigma(y x)), label 1 for w and 0 for w_k,
 *   x += g y,   y += g x.
 * Words near are taken two at a time and outputs three at a time; the six products of such a tile are of the vectors before it.
 * For CBOW the whole error goes to each word near, not its share of the mean: as in word2vec.c.
 */
import { hash } from '../hash.ts';
import { END } from './corpus.ts';
import { drawNegative } from './negatives.ts';
import { cbowBatch, lossOf, type Step, stepOf, type Word2vec } from './word2vec.ts';

/** Beyond it the sigmoid is 0 or 1 to 1e-13: as LARGEST in cpu/assembly/word2vec.ts. */
const LARGEST_SCORE = 30;

/** The next chunk. Equal to `runWord2vec` but for the rounding of sums. */
export function trainChunkPlain(word2vec: Word2vec): void {
  const { corpus, keep, blocks, options, chunk } = word2vec;
  const step = stepOf(word2vec, chunk);
  const kept = corpus.tokens
    .subarray(step.from, step.to)
    .filter((word, i) => word === END || hash((step.keepKey + i) >>> 0) <= (keep[word] ?? 0));
  const losses = new Float64Array(2);
  if (options.method === 'CBOW') {
    trainCbow(word2vec, kept, step, losses);
  } else {
    for (let round = 0; round < blocks; round++) {
      for (let inBlock = 0; inBlock < blocks; inBlock++) {
        trainSkipGram(word2vec, kept, step, inBlock, (inBlock + round) % blocks, losses);
      }
    }
  }
  word2vec.losses.push(lossOf(losses));
  word2vec.chunk++;
}

function trainSkipGram(
  word2vec: Word2vec,
  kept: Uint32Array,
  { windowKey, negativeKey, learningRate }: Step,
  inBlock: number,
  outBlock: number,
  losses: Float64Array,
): void {
  const { inputs, blocks, options } = word2vec;
  for (const [p, word] of kept.entries()) {
    if (word === END || word % blocks !== outBlock) continue;
    const near = wordsNear(kept, p, 1 + (hash((windowKey + p) >>> 0) % options.window)).filter(
      (other) => other % blocks === inBlock,
    );
    if (near.length === 0) continue;
    const key = hash((negativeKey + p * blocks + inBlock) >>> 0);
    const ys = outputsFor(word2vec, word, key);
    losses[1] = (losses[1] ?? 0) + near.length;
    for (let c = 0; c < near.length; ) {
      const pair = near[c] === near[c + 1] ? near.slice(c, c + 1) : near.slice(c, c + 2);
      const xs = pair.map((other) => row(word2vec, inputs, other));
      for (let r = 0; r < ys.length; r += 3) {
        losses[0] = (losses[0] ?? 0) + learn(xs, xs, ys.slice(r, r + 3), r === 0, learningRate);
      }
      c += pair.length;
    }
  }
}

function trainCbow(word2vec: Word2vec, kept: Uint32Array, step: Step, losses: Float64Array): void {
  const { inputs, width, blocks, options } = word2vec;
  const batch = cbowBatch(word2vec);
  for (let first = 0; first < kept.length; first += batch) {
    const errors: (readonly [near: number[], error: Float32Array])[] = [];
    for (let p = first; p < Math.min(kept.length, first + batch); p++) {
      const word = kept[p] ?? END;
      if (word === END) continue;
      const near = wordsNear(kept, p, 1 + (hash((step.windowKey + p) >>> 0) % options.window));
      if (near.length === 0) continue;
      const mean = new Float32Array(width).map(
        (_, i) => near.reduce((sum, other) => sum + (inputs[other * width + i] ?? 0), 0) / near.length,
      );
      const error = new Float32Array(width);
      const ys = outputsFor(word2vec, word, hash((step.negativeKey + p * blocks) >>> 0));
      for (let r = 0; r < ys.length; r += 3) {
        losses[0] = (losses[0] ?? 0) + learn([mean], [error], ys.slice(r, r + 3), r === 0, step.learningRate);
      }
      losses[1] = (losses[1] ?? 0) + 1;
      errors.push([near, error]);
    }
    for (const [near, error] of errors) {
      for (const other of near) add(row(word2vec, inputs, other), 1, error);
    }
  }
}

/** Up to `reach` words before and after place p, not beyond the sentence. */
function wordsNear(kept: Uint32Array, p: number, reach: number): number[] {
  let first = p;
  let last = p;
  while (first > Math.max(0, p - reach) && kept[first - 1] !== END) first--;
  while (last < Math.min(kept.length - 1, p + reach) && kept[last + 1] !== END) last++;
  return [...kept.subarray(first, p), ...kept.subarray(p + 1, last + 1)];
}

/** The output vectors of the word, then of its negatives, each once. */
function outputsFor(word2vec: Word2vec, word: number, key: number): Float32Array[] {
  const { blocks, tables, outputs, options } = word2vec;
  const block = word % blocks;
  const table = tables[block];
  if (table === undefined) throw new Error(`no table of negatives for block ${block}`);
  const drawn = Array.from({ length: options.negatives }, (_, k) => drawNegative(table, key, k) * blocks + block);
  return [...new Set([word, ...drawn])].map((other) => row(word2vec, outputs, other));
}

/** A tile. `xs` predict, `learners` take what they learn (themselves, or errors). @returns the sum of -log sigma */
function learn(
  xs: readonly Float32Array[],
  learners: readonly Float32Array[],
  ys: readonly Float32Array[],
  firstIsWord: boolean,
  learningRate: number,
): number {
  let loss = 0;
  const rates = xs.map((x) =>
    ys.map((y, r) => {
      const label = firstIsWord && r === 0 ? 1 : 0;
      const score = Math.max(-LARGEST_SCORE, Math.min(LARGEST_SCORE, dot(x, y)));
      loss += Math.log1p(Math.exp(label === 1 ? -score : score));
      return learningRate * (label - 1 / (1 + Math.exp(-score)));
    }),
  );
  const before = xs.map((x) => x.slice());
  for (const [c, learner] of learners.entries()) {
    for (const [r, y] of ys.entries()) add(learner, rates[c]?.[r] ?? 0, y);
  }
  for (const [r, y] of ys.entries()) {
    for (const [c, x] of before.entries()) add(y, rates[c]?.[r] ?? 0, x);
  }
  return loss;
}

function row({ width }: Word2vec, rows: Float32Array, word: number): Float32Array {
  return rows.subarray(word * width, (word + 1) * width);
}

function dot(x: Float32Array, y: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] ?? 0) * (y[i] ?? 0);
  return sum;
}

/** x += factor y */
function add(x: Float32Array, factor: number, y: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = (x[i] ?? 0) + factor * (y[i] ?? 0);
}
