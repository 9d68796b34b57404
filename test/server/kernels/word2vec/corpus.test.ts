import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hash } from '#kernels/hash.ts';
import { CorpusBuilder, END, wordsOf } from '#kernels/word2vec/corpus.ts';
import { drawNegative, negativesTable } from '#kernels/word2vec/negatives.ts';

test('words are letters and digits of any script, with apostrophes and hyphens inside', () => {
  assert.deepEqual(wordsOf("The well-known  cat's “tail”, 42nd—naïve!"), [
    ...['the', 'well-known', "cat's", 'tail', '42nd', 'naïve'],
  ]);
  assert.deepEqual(wordsOf('Привет, мир: こんにちは 世界'), ['привет', 'мир', 'こんにちは', '世界']);
  assert.deepEqual(wordsOf('New York', { lowerCase: false }), ['New', 'York']);
});

test('half a surrogate pair parts words and is none itself', () => {
  assert.deepEqual(wordsOf('a\ud83db \udc00 c 😀'), ['a', 'b', 'c']);
  assert.deepEqual(wordsOf(''), []);
});

test('a text of a megabyte without a blank is no word, and neither is one of blanks', () => {
  assert.deepEqual(wordsOf(`${'a'.repeat(1 << 20)} b`), ['b']);
  assert.deepEqual(wordsOf(' '.repeat(1 << 20)), []);
});

test('words are numbered by how often they occur, and can be read back as they stood', () => {
  const sentences = fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 6 }), { maxLength: 20 });
  fc.assert(
    fc.property(sentences, fc.integer({ min: 1, max: 4 }), (given, minCount) => {
      const builder = new CorpusBuilder();
      for (const sentence of given) builder.add(sentence);
      const { words, counts, tokens, wordCount, wordsRead } = builder.finish(minCount);
      const all = given.flat();
      assert.equal(wordsRead, all.length);
      const often = (word: string) => all.filter((other) => other === word).length;
      assert.deepEqual([...counts], words.map(often));
      assert.deepEqual(
        [...counts],
        [...counts].sort((a, b) => b - a),
      );
      assert.deepEqual(new Set(words), new Set(all.filter((word) => often(word) >= minCount)));
      const kept = given.map((sentence) => sentence.filter((word) => words.includes(word))).filter((s) => s.length > 0);
      assert.equal(wordCount, kept.flat().length);
      assert.deepEqual(
        [...tokens],
        kept.flatMap((sentence) => [...sentence.map((word) => words.indexOf(word)), END]),
      );
    }),
    { seed: 1 },
  );
});

test('a sentence of 25,000 words becomes three', () => {
  const builder = new CorpusBuilder();
  builder.add(new Array(25_000).fill('word'));
  const { tokens, wordCount } = builder.finish(1);
  assert.equal(wordCount, 25_000);
  assert.deepEqual(
    [...tokens.entries()].filter(([, token]) => token === END).map(([i]) => i),
    [10_000, 20_001, 25_002],
  );
});

test('negatives are drawn in proportion to their counts to the power of 3/4, each block its own words', () => {
  const counts = Float64Array.from({ length: 40 }, (_, i) => Math.ceil(1000 / (i + 1)));
  for (const [blocks, block] of [
    [1, 0],
    [4, 3],
  ] as const) {
    const table = negativesTable(counts, blocks, block);
    const own = [...counts].filter((_, word) => word % blocks === block);
    assert.equal(table.size, own.length);
    const total = own.reduce((sum, count) => sum + count ** 0.75, 0);
    const shares = new Float64Array(table.size);
    for (const [c, limit] of table.limits.entries()) {
      const stays = (limit + 1) / 2 ** 32;
      shares[c] = (shares[c] ?? 0) + stays / table.size;
      const alias = table.aliases[c] ?? 0;
      shares[alias] = (shares[alias] ?? 0) + (1 - stays) / table.size;
    }
    for (const [c, count] of own.entries()) assert.ok(Math.abs((shares[c] ?? 0) - count ** 0.75 / total) < 1e-8);

    const draws = new Float64Array(table.size);
    for (let k = 0; k < 20_000; k++) {
      const drawn = drawNegative(table, hash(k), k % 5);
      draws[drawn] = (draws[drawn] ?? 0) + 1 / 20_000;
    }
    // Three standard deviations of the most frequent one.
    const share = shares[0] ?? 0;
    assert.ok(Math.abs((draws[0] ?? 0) - share) < 3 * Math.sqrt((share * (1 - share)) / 20_000));
  }
});
