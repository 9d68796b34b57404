import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { encodeTexts } from '../../../server/models/encode.ts';
import { requireModel } from '../../../server/models/findModels.ts';
import { knownPooling, knownPrompts } from '../../../server/models/knownModels.ts';
import { normalizeRows, poolLayer, poolTokens } from '../../../server/models/pooling.ts';
import { openTokenizer } from '../../../server/models/tokenize.ts';
import { settingsFor, sharedDir, sharedModels, withShared, writeTextModel } from '../../helpers/models.ts';
import { scratchDir } from '../../helpers/runTask.ts';

const folder = await scratchDir();
await writeTextModel(join(folder, 'colours'));

async function encode(texts: readonly string[], purpose: 'query' | 'passage' = 'passage') {
  const settings = settingsFor(folder);
  return await encodeTexts(settings, await requireModel(settings, 'colours'), texts, purpose);
}

test('a text is the mean of its tokens, at length 1, whatever stands beside it in the batch', async () => {
  const texts = ['red', 'red green', 'blue blue blue blue blue', 'Green'];
  const { vectors, dimension, places } = await encode(texts);
  assert.equal(dimension, 3);
  assert.deepEqual(places, [0, 1, 2, 3]);
  const half = Math.fround(Math.SQRT1_2);
  const expected = [
    [1, 0, 0],
    [half, half, 0],
    [0, 0, 1],
    [0, 1, 0],
  ].flat();
  for (const [i, value] of expected.entries()) assert.ok(Math.abs((vectors[i] ?? 0) - value) < 1e-6);
  for (const [i, text] of texts.entries()) {
    const alone = await encode([text]);
    assert.deepEqual([...alone.vectors], [...vectors.subarray(i * 3, i * 3 + 3)], text);
  }
});

test('what is too long is cut, and counted', async () => {
  const { cut, vectors } = await encode([
    'red',
    `${'red '.repeat(16)}${'blue '.repeat(5)}`,
    `${'green '.repeat(200_000)}`,
  ]);
  assert.deepEqual(
    cut.map(({ index }) => index),
    [1, 2],
  );
  assert.equal(cut[0]?.tokens, 5);
  assert.deepEqual([...vectors.subarray(3, 6)], [1, 0, 0], 'of the second text, blue was cut off');
  assert.ok((cut[1]?.tokens ?? 0) > 0, 'a text of a megabyte');
});

test('a text that says nothing has no vector and says why; the rest goes on', async () => {
  const { places, refused, vectors } = await encode(['', ' \n', 'half \ud83d of a character', 'quite unknown', 'red']);
  assert.deepEqual(places, [4]);
  assert.deepEqual([...vectors], [1, 0, 0]);
  assert.deepEqual(refused.map(({ index, error }) => [index, error.message]).sort(), [
    [0, 'The text is empty.'],
    [1, 'The text is empty.'],
    [2, 'The text holds half of a character (a lone surrogate). Write it in UTF-8 anew.'],
    [3, 'The text "quite unknown" has no vector: the model knows none of the words.'],
  ]);
});

test('no texts are no vectors', async () => {
  const { places, vectors } = await encode([]);
  assert.deepEqual([places.length, vectors.length], [0, 0]);
});

test('how a family pools and what it wants before a text is known where its files do not tell', () => {
  assert.equal(knownPooling('all-MiniLM-L6-v2'), 'MEAN');
  assert.equal(knownPooling('bge-small-en-v1.5'), 'CLS');
  assert.equal(knownPooling('gte-small'), 'MEAN');
  assert.equal(knownPooling('Qwen3-Embedding-0.6B-ONNX'), 'LAST');
  assert.deepEqual(knownPrompts('multilingual-e5-small'), { query: 'query: ', passage: 'passage: ' });
  assert.deepEqual(knownPrompts('all-MiniLM-L6-v2'), { query: '', passage: '' });
});

test('tokens are pooled as the model says, filling left out', () => {
  // Two texts of three places, two numbers each; the second has one token.
  const states = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 100, 100, 100, 100);
  const mask = Uint8Array.of(1, 1, 1, 1, 0, 0);
  assert.deepEqual([...poolTokens(states, mask, 2, 'MEAN')], [3, 4, 7, 8]);
  assert.deepEqual([...poolTokens(states, mask, 2, 'CLS')], [1, 2, 7, 8]);
  assert.deepEqual([...poolTokens(states, mask, 2, 'LAST')], [5, 6, 7, 8]);
  assert.deepEqual([...poolTokens(states, mask, 2, 'MAX')], [5, 6, 7, 8]);
  assert.deepEqual([...poolTokens(states, new Uint8Array(6), 2, 'MEAN')], [0, 0, 0, 0], 'a text without tokens');
});

test('a layer is averaged over places, or its largest taken, or laid out', () => {
  // One picture, two channels of 1 x 2 places.
  const values = Float32Array.of(1, 3, -4, -8);
  assert.deepEqual(poolLayer(values, [1, 2, 1, 2], 'AVERAGE'), { vectors: Float32Array.of(2, -6), dimension: 2 });
  assert.deepEqual(poolLayer(values, [1, 2, 1, 2], 'MAX'), { vectors: Float32Array.of(3, -4), dimension: 2 });
  assert.deepEqual(poolLayer(values, [1, 2, 1, 2], 'FLATTEN'), { vectors: values, dimension: 4 });
  assert.deepEqual(
    poolLayer(values, [2, 2], 'AVERAGE'),
    { vectors: values, dimension: 2 },
    'two pictures of two numbers',
  );
  // One picture as two tokens of two numbers.
  assert.deepEqual(poolLayer(values, [1, 2, 2], 'AVERAGE'), { vectors: Float32Array.of(-1.5, -2.5), dimension: 2 });
  assert.deepEqual(poolLayer(values, [1, 2, 2], 'MAX'), { vectors: Float32Array.of(1, 3), dimension: 2 });
  assert.deepEqual(
    poolLayer(values, [1, 2, 2], null),
    { vectors: Float32Array.of(1, 3), dimension: 2 },
    'the first token',
  );
  assert.throws(() => poolLayer(values, [4], 'AVERAGE'), RangeError);
});

test('rows are brought to length 1, and a row of zeros stays', () => {
  assert.deepEqual([...normalizeRows(Float32Array.of(3, 4, 0, 0), 2)], [Math.fround(0.6), Math.fround(0.8), 0, 0]);
});

for (const [name, file, folderName, maxTokens] of [
  ['CLIP', 'clip-token-ids.json', 'tokenizers/clip', 77],
  ['MiniLM', 'minilm-token-ids.json', 'tokenizers/all-MiniLM-L6-v2', 256],
] as const) {
  withShared(
    `tokens are those of ${name}, in every case`,
    [`data/reference/${file}`, `models/${folderName}`],
    async () => {
      const { cases } = JSON.parse(await readFile(join(sharedDir, 'data/reference', file), 'utf8'));
      const tokenizer = openTokenizer(join(sharedModels, folderName), { maxTokens, isStatic: false });
      for (const { text, ids } of cases) {
        const encoded = tokenizer.encode(text);
        assert.deepEqual(encoded.ids, ids, text);
        assert.equal(encoded.cut, 0, text);
      }
      assert.ok(cases.length > 10);

      const long = tokenizer.encode('dog '.repeat(1000));
      const [first, second] = [cases[0].ids[0], cases[0].ids.at(-1)];
      assert.deepEqual([long.ids.length, long.ids[0], long.ids.at(-1)], [maxTokens, first, second], 'cut, and closed');
      assert.ok(long.cut > 0);
    },
  );
}

withShared('vectors are those of the reference of potion-base-2M', ['models/potion-base-2M'], async () => {
  const settings = settingsFor(sharedModels);
  const model = await requireModel(settings, 'potion-base-2M');
  assert.deepEqual([model.text?.dimension, model.text?.isStatic, model.text?.maxTokens], [64, true, 512]);
  const { pairs, sentence_embedding: vectors } = JSON.parse(
    await readFile(join(sharedModels, 'potion-base-2M/reference/expected.json'), 'utf8'),
  );
  for (const [text, expected] of Object.entries<number[]>(vectors)) {
    const { vectors: found } = await encodeTexts(settings, model, [text], 'passage');
    for (const [i, value] of expected.entries()) assert.ok(Math.abs((found[i] ?? 0) - value) < 1e-4, text);
  }
  const texts: string[] = pairs.flatMap(([a, b]: [string, string, number]) => [a, b]);
  const { vectors: rows, dimension } = await encodeTexts(settings, model, texts, 'passage');
  for (const [i, [a, b, cosine]] of pairs.entries()) {
    let sum = 0;
    for (let c = 0; c < dimension; c++)
      sum += (rows[2 * i * dimension + c] ?? 0) * (rows[(2 * i + 1) * dimension + c] ?? 0);
    assert.ok(Math.abs(sum - cosine) < 1e-4, `${a} / ${b}: ${sum} instead of ${cosine}`);
  }
  const { refused } = await encodeTexts(settings, model, ['日本語テキスト', '\u{10ffff}'], 'passage');
  for (const { error } of refused) assert.match(error.message, /knows none of the words/);
});
