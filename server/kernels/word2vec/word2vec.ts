/**
 * word2vec: vectors of words from the company they keep (Mikolov, Chen, Corrado and Dean 2013, arXiv:1301.3781; Mikolov,
 * Sutskever, Chen, Corrado and Dean 2013, arXiv:1310.4546), by negative sampling, skip-gram or CBOW.
 *
 * V words, d dimensions, B blocks. A run is a state that can be stopped, kept and resumed: `initialize`, then `run` until some
 * chunk, as often as wanted; the vectors do not depend on where it was stopped, nor on the number of threads.
 *
 * Threads share nothing that they write: words are dealt into B blocks, and a piece of work looks only at inputs of one block and
 * outputs of one block. Over a chunk of text there are B rounds of B pieces, in round s the blocks (i, (i + s) mod B): no two
 * pieces of a round have a block in common, so they can run side by side, and the result is that of running them one by one
 * (the stratification of Gemulla, Nijkamp, Haas and Sismanis 2011, "Large-scale matrix factorization with distributed SGD").
 */
import type { CpuBackend } from '../cpu/backend.ts';
import { hash } from '../hash.ts';
import { createMatrix, type Matrix } from '../matrix.ts';
import { type Corpus, END } from './corpus.ts';
import { type NegativesTable, negativesTable } from './negatives.ts';

/** SKIP_GRAM: each word near predicts the word. CBOW: their mean predicts it. */
export type Word2vecMethod = 'SKIP_GRAM' | 'CBOW';

export interface Word2vecOptions {
  readonly method?: Word2vecMethod; // SKIP_GRAM
  /** Numbers per vector. Larger keeps finer differences, and needs more text. */
  readonly dimension?: number; // 100
  /** Words that count as near, to either side, at most; each time the reach is drawn from 1 to this. Larger is more about topics, smaller more about grammar. */
  readonly window?: number; // 5
  /** Words drawn by chance that a word is told apart from. Larger helps with little text. */
  readonly negatives?: number; // 5
  /** Times the text is gone through. */
  readonly epochs?: number; // 5
  /** Of the first step; falls linearly to 0. */
  readonly learningRate?: number; // 0.025, of CBOW 0.05
  /** Words that make up a larger share of the text are left out by chance; 0: none is. Smaller leaves out more of the frequent words. */
  readonly subsample?: number; // 1e-3
  readonly seed?: number; // 42
}

export interface Word2vec {
  readonly corpus: Corpus;
  readonly options: Required<Word2vecOptions>;
  /** V rows of `width` numbers, d of them used: the vectors, as which a word is near others; and as which it has others near. */
  readonly inputs: Float32Array;
  readonly outputs: Float32Array;
  readonly width: number;
  readonly blocks: number;
  /** Of each word, the largest draw at which it is not left out. */
  readonly keep: Uint32Array;
  /** Of each block. */
  readonly tables: readonly NegativesTable[];
  /** Borders in `corpus.tokens`. */
  readonly borders: Uint32Array;
  /** Chunks done, of all epochs together. */
  chunk: number;
  /** Of each chunk done, the mean over its pairs of -log sigma(word) - sum of log sigma(-negative): (1 + negatives) log 2 at first. */
  readonly losses: number[];
}

/** Tokens after which a chunk ends with the sentence. */
const CHUNK_TOKENS = 32_768;
/** With few words a block would have too few negatives. */
const BLOCKS = 4;
const LEAST_WORDS_PER_BLOCK = 64;
/** The learning rate does not fall below this share of its start, as in word2vec.c. */
const LEAST_RATE = 1e-4;
/**
 * Inputs begin between -r/(2d) and r/(2d), with r = 1 as in word2vec.c. CBOW looks at means of some six of them, which are shorter: of
 * 3,000,000 words in 5 epochs it answers .048 of Google's analogies with r = 1, .053 with 2 (gensim's), .055 with 4 (means of seeds).
 */
const RANGES = { SKIP_GRAM: 1, CBOW: 4 } as const satisfies { readonly [Method in Word2vecMethod]: number };
/**
 * Words that CBOW looks at before the inputs learn: 256 give the same scores as 4,096 and cost a tenth more. Of few words each is met
 * often, so that less may be learnt of it at once.
 */
const CBOW_WORDS = 4096;
const CBOW_WORDS_PER_WORD = 4;
/** Words near those words at most: two for each of a window of 5. */
const CBOW_PAIRS = 2 * 5 * CBOW_WORDS;

export function initializeWord2vec(corpus: Corpus, given: Word2vecOptions = {}): Word2vec {
  const options = withDefaults(given);
  const { words, counts } = corpus;
  if (words.length < 2) {
    throw new RangeError(
      `There are ${words.length} different words; wanted: 2 at least, since a word is known by others.`,
    );
  }
  const width = Math.ceil(options.dimension / 4) * 4;
  const blocks = words.length < BLOCKS * LEAST_WORDS_PER_BLOCK ? 1 : BLOCKS;
  return {
    corpus,
    options,
    inputs: smallVectors(
      words.length,
      options.dimension,
      width,
      RANGES[options.method] / options.dimension,
      options.seed,
    ),
    outputs: new Float32Array(words.length * width),
    width,
    blocks,
    keep: keepLimits(counts, corpus.wordCount, options.subsample),
    tables: Array.from({ length: blocks }, (_, block) => negativesTable(counts, blocks, block)),
    borders: cutChunks(corpus.tokens),
    chunk: 0,
    losses: [],
  };
}

/** Chunks of all epochs. */
export function chunksOf({ borders, options }: Word2vec): number {
  return (borders.length - 1) * options.epochs;
}

/** The vectors of the words: (V, d). */
export function vectorsOf({ corpus, inputs, width, options: { dimension } }: Word2vec): Matrix {
  const vectors = createMatrix(corpus.words.length, dimension);
  for (let w = 0; w < corpus.words.length; w++) {
    vectors.data.set(inputs.subarray(w * width, w * width + dimension), w * dimension);
  }
  return vectors;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each chunk; while it runs nothing else does. `look` brings the vectors of the state up to date, which costs a copy. */
  readonly onChunk?: ((chunk: number, look: () => void) => void | Promise<void>) | undefined;
}

/** Goes on until `untilChunk` chunks are done. The state holds what was done also when `signal` stopped it, between two chunks. */
export async function runWord2vec(
  backend: CpuBackend,
  word2vec: Word2vec,
  untilChunk: number = chunksOf(word2vec),
  { signal, onChunk }: RunOptions = {},
): Promise<void> {
  const { inputs, outputs, options, blocks } = word2vec;
  const before = backend.mark();
  const places = upload(backend, word2vec);
  const train = options.method === 'CBOW' ? trainCbow : trainSkipGram;
  const losses = () => backend.float64(places.losses, 2 * blocks * blocks);
  const look = () => {
    inputs.set(backend.float32(places.inputs, inputs.length));
    outputs.set(backend.float32(places.outputs, outputs.length));
  };
  try {
    const end = Math.min(untilChunk, chunksOf(word2vec));
    while (word2vec.chunk < end) {
      signal?.throwIfAborted();
      const step = stepOf(word2vec, word2vec.chunk);
      const { tokens, keep, kept, count } = places;
      await backend.run('subsample', 1, () => [tokens, step.from, step.to, keep, step.keepKey, kept, count]);
      losses().fill(0);
      await train(backend, word2vec, places, step);
      word2vec.losses.push(lossOf(losses()));
      word2vec.chunk++;
      await onChunk?.(word2vec.chunk, look);
    }
  } finally {
    look();
    backend.release(before);
  }
}

async function trainSkipGram(backend: CpuBackend, word2vec: Word2vec, places: Places, step: Step): Promise<void> {
  const { blocks, width, tables, options } = word2vec;
  const { window, negatives } = options;
  for (let round = 0; round < blocks; round++) {
    await backend.run('skipGram', blocks, (inBlock, thread) => {
      const outBlock = (inBlock + round) % blocks;
      return [
        ...[places.kept, places.count, blocks, inBlock, outBlock, window, negatives, width],
        ...[places.inputs, places.outputs, places.limits[outBlock] ?? 0, places.aliases[outBlock] ?? 0],
        ...[tables[outBlock]?.size ?? 0, step.windowKey, step.negativeKey, step.learningRate],
        ...[places.scratch + thread * places.scratchBytes, places.losses + 16 * (round * blocks + inBlock)],
      ];
    });
  }
}

/** The outputs of each block learn at once, the inputs when some thousand words have been looked at. */
async function trainCbow(backend: CpuBackend, word2vec: Word2vec, places: Places, step: Step): Promise<void> {
  const { blocks, width, tables, options } = word2vec;
  const { window, negatives } = options;
  const [kept = 0] = backend.uint32(places.count, 1);
  const sums = new Float64Array(2 * blocks);
  const batch = cbowBatch(word2vec);
  for (let first = 0; first < kept; first += batch) {
    const last = Math.min(kept, first + batch);
    await backend.run('cbowOutputs', blocks, (block, thread) => [
      ...[places.kept, first, last, blocks, block, window, negatives, width],
      ...[places.inputs, places.outputs, places.limits[block] ?? 0, places.aliases[block] ?? 0],
      ...[tables[block]?.size ?? 0, step.windowKey, step.negativeKey, step.learningRate, places.errors],
      ...[places.lists + block * blocks * LIST_BYTES, LIST_BYTES, places.ends + block * ENDS_BYTES],
      ...[places.scratch + thread * places.scratchBytes, places.losses + 16 * block],
    ]);
    for (const [i, value] of backend.float64(places.losses, sums.length).entries()) sums[i] = (sums[i] ?? 0) + value;
    await backend.runCalls(blocks, (inBlock) =>
      Array.from({ length: blocks }, (_, outBlock) => ({
        name: 'cbowInputs',
        parameters: [
          places.lists + (outBlock * blocks + inBlock) * LIST_BYTES,
          places.ends + outBlock * ENDS_BYTES + 4 * inBlock,
          width,
        ],
      })),
    );
  }
  backend.float64(places.losses, sums.length).set(sums);
}

/** Places in the text that CBOW looks at before the inputs learn. */
export function cbowBatch({ corpus, options }: Word2vec): number {
  const { window } = options;
  return Math.min(CBOW_WORDS, CBOW_WORDS_PER_WORD * corpus.words.length, Math.floor(CBOW_PAIRS / (2 * window)));
}

/** Of each pair two addresses. The ends of a block's lists have a line of the cache for themselves. */
const LIST_BYTES = 8 * CBOW_PAIRS;
const ENDS_BYTES = 64;

/** Where things lie in the backend. */
type Places = ReturnType<typeof upload>;

function upload(
  backend: CpuBackend,
  { corpus, keep, inputs, outputs, tables, borders, options, width, blocks }: Word2vec,
) {
  const { window, negatives, method } = options;
  const longest = borders.reduce((most, border, i) => Math.max(most, border - (borders[i - 1] ?? 0)), 0);
  // Addresses of the rows near a word and of the rows it is told apart from, an empty row, a mean.
  const scratchBytes = Math.ceil((4 * (2 * window + negatives + 3) + 16 + 8 * width) / 64) * 64;
  return {
    tokens: backend.upload(corpus.tokens),
    keep: backend.upload(keep),
    inputs: backend.upload(inputs),
    outputs: backend.upload(outputs),
    limits: tables.map(({ limits }) => backend.upload(limits)),
    aliases: tables.map(({ aliases }) => backend.upload(aliases)),
    kept: backend.allocate(4 * (longest + 2)) + 4, // an end before the first word
    count: backend.allocate(4),
    losses: backend.allocate(16 * blocks * blocks),
    ...(method === 'CBOW'
      ? {
          errors: backend.allocate(4 * width * CBOW_WORDS),
          lists: backend.allocate(LIST_BYTES * blocks * blocks),
          ends: backend.allocate(ENDS_BYTES * blocks),
        }
      : { errors: 0, lists: 0, ends: 0 }),
    scratch: backend.allocate(scratchBytes * backend.threadCount),
    scratchBytes,
  };
}

/** What a chunk is learnt with. */
export interface Step {
  /** Borders of the chunk in the tokens. */
  readonly from: number;
  readonly to: number;
  readonly learningRate: number;
  /** What is drawn with: words to leave out, reaches of windows, negatives. */
  readonly keepKey: number;
  readonly windowKey: number;
  readonly negativeKey: number;
}

export function stepOf({ borders, corpus, options }: Word2vec, chunk: number): Step {
  const chunks = borders.length - 1;
  const epoch = Math.floor(chunk / chunks);
  const from = borders[chunk % chunks] ?? 0;
  const to = borders[(chunk % chunks) + 1] ?? 0;
  const done = (epoch + from / corpus.tokens.length) / options.epochs;
  const key = hash((hash(options.seed >>> 0) + chunk) >>> 0);
  return {
    from,
    to,
    learningRate: options.learningRate * Math.max(LEAST_RATE, 1 - done),
    keepKey: hash(key),
    windowKey: hash((key + 1) >>> 0),
    negativeKey: hash((key + 2) >>> 0),
  };
}

/** The mean over all pairs, from pairs of sums and numbers. */
export function lossOf(losses: Float64Array): number {
  let sum = 0;
  let pairs = 0;
  for (let i = 0; i < losses.length; i += 2) {
    sum += losses[i] ?? 0;
    pairs += losses[i + 1] ?? 0;
  }
  return pairs === 0 ? 0 : sum / pairs;
}

/** @throws RangeError for an option that cannot be */
function withDefaults(given: Word2vecOptions): Required<Word2vecOptions> {
  const method = given.method ?? 'SKIP_GRAM';
  const { dimension = 100, window = 5, negatives = 5, epochs = 5, subsample = 1e-3, seed = 42 } = given;
  const learningRate = given.learningRate ?? (method === 'CBOW' ? 0.05 : 0.025);
  for (const [name, value, least, most] of [
    ['dimension', dimension, 1, 4096],
    ['window', window, 1, 100],
    ['negatives', negatives, 1, 100],
    ['epochs', epochs, 1, 10_000],
  ] as const) {
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new RangeError(`${name} is ${value}; wanted: a whole number from ${least} to ${most}.`);
  }
  if (!(learningRate > 0 && learningRate <= 1)) {
    throw new RangeError(`learningRate is ${learningRate}; wanted: above 0, up to 1.`);
  }
  if (!(subsample >= 0 && subsample <= 1)) throw new RangeError(`subsample is ${subsample}; wanted: 0 to 1.`);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed is ${seed}; wanted: a whole number.`);
  return { method, dimension, window, negatives, epochs, learningRate, subsample, seed };
}

/**
 * A word with the share f of the text stays with probability (sqrt(f/t) + 1) t/f: the form in word2vec.c, not that in the paper
 * (section 2.3), which would leave out a little more.
 */
function keepLimits(counts: Float64Array, wordCount: number, subsample: number): Uint32Array {
  return Uint32Array.from(counts, (count) => {
    const ratio = count / (subsample * wordCount);
    const probability = subsample === 0 ? 1 : (Math.sqrt(ratio) + 1) / ratio;
    return Math.min(0xffffffff, Math.floor(probability * 2 ** 32));
  });
}

/** Numbers of a range around 0; zeros beyond d. */
function smallVectors(count: number, dimension: number, width: number, range: number, seed: number): Float32Array {
  const vectors = new Float32Array(count * width);
  const key = hash(seed >>> 0);
  for (let w = 0; w < count; w++) {
    for (let i = 0; i < dimension; i++) {
      vectors[w * width + i] = (hash((hash(w) ^ (key + i)) >>> 0) / 2 ** 32 - 0.5) * range;
    }
  }
  return vectors;
}

/** A chunk ends with the sentence in which it becomes long enough. */
function cutChunks(tokens: Uint32Array): Uint32Array {
  const borders = [0];
  for (let at = CHUNK_TOKENS; at < tokens.length; at += CHUNK_TOKENS) {
    const end = tokens.indexOf(END, at - 1) + 1;
    if (end === tokens.length) break;
    borders.push(end);
    at = end;
  }
  borders.push(tokens.length);
  return Uint32Array.from(borders);
}

/** What `resumeWord2vec` needs beside the corpus and the options. */
export interface KeptWord2vec extends Pick<Word2vec, 'inputs' | 'outputs' | 'chunk'> {
  readonly losses: Float64Array;
}

export function keepWord2vec({ inputs, outputs, chunk, losses }: Word2vec): KeptWord2vec {
  return { inputs, outputs, chunk, losses: Float64Array.from(losses) };
}

/** Goes on with a run that was kept. @throws RangeError where it is none of this corpus and these options */
export function resumeWord2vec(corpus: Corpus, given: Word2vecOptions, kept: KeptWord2vec): Word2vec {
  const begun = initializeWord2vec(corpus, given);
  const { inputs, outputs, chunk, losses } = kept;
  if (inputs.length !== begun.inputs.length || outputs.length !== begun.outputs.length || losses.length !== chunk) {
    throw new RangeError(`The state has ${inputs.length} numbers; wanted: ${begun.inputs.length}.`);
  }
  return { ...begun, inputs, outputs, chunk, losses: Array.from(losses) };
}
