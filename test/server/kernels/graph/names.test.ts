import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { indexNames, piecesOf, similarNames } from '#kernels/graph/names.ts';
import { pairNamesakes } from '#kernels/graph/namesakes.ts';

const words = ['elephant', 'elegant', 'relevant', 'Éléphant', 'dog', 'hot dog', 'dogs', '犬', ''];

test('the names nearest in spelling come first; case and accents do not count', () => {
  const index = indexNames(words);
  const found = (text: string) => similarNames(index, text, 3).map(({ name }) => words[name]);
  assert.deepEqual(found('elephamt'), ['elephant', 'Éléphant', 'elegant']);
  assert.deepEqual(found('DOG'), ['dog', 'hot dog', 'dogs']);
  assert.deepEqual(found('犬'), ['犬']);
  assert.deepEqual(found(''), []);
});

test('the index finds what a comparison with every name finds', () => {
  const texts = fc.string({ unit: fc.constantFrom(...'abcde '), maxLength: 8 });
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 30 }), texts, (names, text) => {
      const plain = names
        .map((name, i) => {
          const [a, b] = [new Set(piecesOf(text)), new Set(piecesOf(name))];
          const shared = [...a].filter((piece) => b.has(piece)).length;
          return { name: i, similarity: shared === 0 ? 0 : (2 * shared) / (a.size + b.size) };
        })
        .filter(({ similarity }) => similarity >= 0.3)
        .sort((a, b) => b.similarity - a.similarity || a.name - b.name);
      assert.deepEqual(similarNames(indexNames(names), text, 100), plain);
    }),
    { seed: 2, numRuns: 200 },
  );
});

test('of many names those that are nearly the same are paired, wherever the slip is', () => {
  const names = [
    'Ada Lovelace',
    'Charles Babbage',
    'ada  lovelace!',
    'Xharles Babbage',
    'Charles Babbagt',
    'Alan Turing',
    '',
  ];
  const { first, second, similarity } = pairNamesakes(names, 0.7);
  const paired = Array.from(first, (name, i) => `${name} ${second[i]}`);
  assert.deepEqual(paired.sort(), ['0 2', '1 3', '1 4']);
  assert.equal(similarity[0], 1);
});
