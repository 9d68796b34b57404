import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { createRandom } from '#kernels/random.ts';
import { type Corpus, CorpusBuilder, END } from '#kernels/word2vec/corpus.ts';
import { trainChunkPlain } from '#kernels/word2vec/negativeSampling.ts';
import {
  chunksOf,
  initializeWord2vec,
  runWord2vec,
  vectorsOf,
  type Word2vec,
  type Word2vecOptions,
} from '#kernels/word2vec/word2vec.ts';

import { cpuThreads } from '../../../../server/cpuThreads.ts';

/** Sentences of words that follow Zipf's law. */
function zipf(words: number, sentences: number, length: number): Corpus {
  const random = createRandom(7);
  const builder = new CorpusBuilder();
  for (let s = 0; s < sentences; s++) {
    builder.add(Array.from({ length }, () => `w${Math.floor(words ** random.uniform()) - 1}`));
  }
  return builder.finish(1);
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? 0))), 0);
}

describe('word2vec', async () => {
  const alone = await CpuBackend.create(null);
  const threaded = await CpuBackend.create(cpuThreads(2));
  after(() => {
    alone.close();
    threaded.close();
  });
  const small = zipf(400, 300, 12);
  const few = zipf(30, 100, 9);

  const cases: readonly (readonly [string, Corpus, Word2vecOptions])[] = [
    ['skip-gram', small, { dimension: 30, epochs: 2, window: 4 }],
    ['skip-gram of few words', few, { dimension: 7, epochs: 3, negatives: 4 }],
    ['CBOW', small, { method: 'CBOW', dimension: 30, epochs: 2, window: 4 }],
    ['CBOW of wide windows', zipf(400, 2, 4000), { method: 'CBOW', dimension: 8, epochs: 1, window: 100 }],
    ['CBOW of few words', few, { method: 'CBOW', dimension: 7, epochs: 3, negatives: 1 }],
  ];

  for (const [name, corpus, options] of cases) {
    test(`${name}: the fast kernel does what the plain one does`, async () => {
      const plain = initializeWord2vec(corpus, options);
      while (plain.chunk < chunksOf(plain)) trainChunkPlain(plain);
      const fast = initializeWord2vec(corpus, options);
      assert.equal(fast.blocks, corpus === few ? 1 : 4);
      await runWord2vec(alone, fast);
      // Sums of 24 bits, in another order, over some thousand steps.
      assert.ok(largestDifference(fast.inputs, plain.inputs) < 1e-4);
      assert.ok(largestDifference(fast.outputs, plain.outputs) < 1e-4);
      assert.deepEqual(
        fast.losses.map((loss) => loss.toFixed(4)),
        plain.losses.map((loss) => loss.toFixed(4)),
      );
    });

    test(`${name}: threads change no bit, and neither does a stop`, async () => {
      const one = initializeWord2vec(corpus, options);
      await runWord2vec(alone, one);
      const other = initializeWord2vec(corpus, options);
      await runWord2vec(threaded, other, 1);
      assert.equal(other.chunk, 1);
      // What is kept in between is what a checkpoint has.
      const resumed: Word2vec = { ...initializeWord2vec(corpus, options), chunk: 1, losses: [...other.losses] };
      resumed.inputs.set(other.inputs);
      resumed.outputs.set(other.outputs);
      await runWord2vec(threaded, resumed);
      assert.deepEqual(resumed.inputs, one.inputs);
      assert.deepEqual(resumed.outputs, one.outputs);
      assert.deepEqual(resumed.losses, one.losses);
    });
  }

  test('another seed gives other vectors', async () => {
    const [a, b] = [initializeWord2vec(few, { seed: 1 }), initializeWord2vec(few, { seed: 2 })];
    await runWord2vec(alone, a);
    await runWord2vec(alone, b);
    assert.ok(largestDifference(a.inputs, b.inputs) > 0.01);
  });

  test('at first a pair costs (1 + negatives) log 2, and less and less afterwards', async () => {
    for (const method of ['SKIP_GRAM', 'CBOW'] as const) {
      const builder = new CorpusBuilder();
      for (let s = 0; s < 200; s++) builder.add(Array.from({ length: 20 }, (_, i) => `w${(s * 20 + i * i) % 1000}`));
      const corpus = builder.finish(1);
      const still = initializeWord2vec(corpus, { method, learningRate: 1e-9, epochs: 1 });
      await runWord2vec(alone, still);
      // Of the five negatives from the 250 words of a block, one in twenty is there already and left out.
      const [first = 0] = still.losses;
      assert.ok(first < 6 * Math.LN2 && first > 5.7 * Math.LN2, `${first}`);
      const learning = initializeWord2vec(corpus, { method, epochs: 20, learningRate: 0.05 });
      await runWord2vec(alone, learning);
      assert.ok((learning.losses.at(-1) ?? 9) < (learning.losses[0] ?? 0) - 0.5);
    }
  });

  test('words of one company are nearest to each other', async () => {
    const random = createRandom(3);
    const groups = ['abcdefgh', 'ijklmnop', 'qrstuvwx'].map((letters) => [...letters]);
    const builder = new CorpusBuilder();
    for (let s = 0; s < 1500; s++) {
      const group = groups[random.below(3)] ?? [];
      builder.add(Array.from({ length: 10 }, () => group[random.below(8)] ?? ''));
    }
    const corpus = builder.finish(5);
    for (const method of ['SKIP_GRAM', 'CBOW'] as const) {
      const word2vec = initializeWord2vec(corpus, { method, dimension: 16, subsample: 0, epochs: 8 });
      await runWord2vec(alone, word2vec);
      const { data, columns } = vectorsOf(word2vec);
      const vectorOf = (word: string) => {
        const at = corpus.words.indexOf(word) * columns;
        return data.subarray(at, at + columns);
      };
      const cosine = (a: Float32Array, b: Float32Array) => {
        const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
        return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
      };
      for (const group of groups) {
        const [first = ''] = group;
        const near = Math.min(...group.map((word) => cosine(vectorOf(first), vectorOf(word))));
        const others = groups.filter((other) => other !== group).flat();
        const far = Math.max(...others.map((word) => cosine(vectorOf(first), vectorOf(word))));
        assert.ok(near > far + 0.2, `${method}: ${near} within, ${far} without`);
      }
    }
  });

  test('frequent words are left out by chance, rare ones never', () => {
    const { keep, corpus } = initializeWord2vec(small, { subsample: 1e-2 });
    const [most = 0] = corpus.counts;
    const ratio = most / (1e-2 * corpus.wordCount);
    assert.ok(Math.abs((keep[0] ?? 0) / 2 ** 32 - (Math.sqrt(ratio) + 1) / ratio) < 1e-6);
    assert.equal(keep.at(-1), 0xffffffff);
    assert.ok(initializeWord2vec(small, { subsample: 0 }).keep.every((limit) => limit === 0xffffffff));
  });

  test('a chunk ends with a sentence, and all of them are the text', () => {
    const { borders, corpus } = initializeWord2vec(zipf(100, 9000, 10));
    assert.equal(borders[0], 0);
    assert.equal(borders.at(-1), corpus.tokens.length);
    assert.ok(borders.length > 3);
    for (const border of borders.subarray(1)) assert.equal(corpus.tokens[border - 1], END);
  });

  test('an option that cannot be is refused with what came and what was wanted', () => {
    const wrong: readonly (readonly [Word2vecOptions, RegExp])[] = [
      [{ window: 0 }, /window is 0; wanted: a whole number from 1 to 100/],
      [{ dimension: 0 }, /dimension is 0/],
      [{ negatives: 0 }, /negatives is 0/],
      [{ epochs: 1.5 }, /epochs is 1.5/],
      [{ learningRate: 0 }, /learningRate is 0; wanted: above 0, up to 1/],
      [{ subsample: Number.NaN }, /subsample is NaN; wanted: 0 to 1/],
      [{ seed: 0.5 }, /seed is 0.5/],
    ];
    for (const [options, message] of wrong) assert.throws(() => initializeWord2vec(few, options), message);
    const builder = new CorpusBuilder();
    builder.add(['alone', 'alone']);
    assert.throws(() => initializeWord2vec(builder.finish(1)), /1 different words; wanted: 2 at least/);
    assert.throws(() => initializeWord2vec(builder.finish(9)), /0 different words/);
  });
});
