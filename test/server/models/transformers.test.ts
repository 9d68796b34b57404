/** Transformers run by onnxruntime, against the same network in plain TypeScript: no real weights are needed to be numerically right. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { labelDirections, probabilities, similarities } from '../../../server/kernels/zeroShot.ts';
import { type Encoded, encodePictures, encodeTexts } from '../../../server/models/encode.ts';
import { requireModel } from '../../../server/models/findModels.ts';
import { settingsFor } from '../../helpers/models.ts';
import { scratchDir } from '../../helpers/runTask.ts';
import { captions, SIDE, unit, writeSentenceEncoder, writeTowerPair } from '../../helpers/transformers.ts';

const folder = await scratchDir();
const settings = settingsFor(folder);

/** A text, and its tokens between [CLS] and [SEP]. */
const texts: readonly (readonly [string, readonly string[]])[] = [
  ['The cat sat on the mat', ['the', 'cat', 'sat', 'on', 'the', 'mat']],
  ['Dogs', ['dog', '##s']],
  ['the dog ran far away, ranning', ['the', 'dog', 'ran', 'far', 'away', '[UNK]', 'ran', '##ning']],
  ['cat', ['cat']],
];

function near(found: Encoded, row: number, expected: readonly number[], what: string): void {
  assert.equal(found.dimension, expected.length);
  for (const [c, value] of expected.entries()) {
    const got = found.vectors[row * found.dimension + c] ?? Number.NaN;
    assert.ok(Math.abs(got - value) < 1e-5, `${what}, ${c}: ${got}, not ${value}`);
  }
}

type Pool = (states: readonly (readonly number[])[]) => number[];
const mean: Pool = (states) =>
  (states[0] ?? []).map((_, c) => states.reduce((sum, row) => sum + (row[c] ?? 0), 0) / states.length);
const first: Pool = (states) => [...(states[0] ?? [])];
const last: Pool = (states) => [...(states.at(-1) ?? [])];
const largest: Pool = (states) => (states[0] ?? []).map((_, c) => Math.max(...states.map((row) => row[c] ?? 0)));

/** The name of the folder, further files, and how the states of the tokens become one. */
const poolings: readonly (readonly [string, Readonly<Record<string, object>>, Pool])[] = [
  ['all-tiny-L1', {}, mean],
  ['bge-tiny-en', {}, first],
  ['qwen3-embedding-tiny', {}, last],
  ['told-cls', { '1_Pooling/config.json': { pooling_mode_cls_token: true, pooling_mode_mean_tokens: false } }, first],
  ['told-last', { '1_Pooling/config.json': { pooling_mode_lasttoken: true } }, last],
  ['told-max', { '1_Pooling/config.json': { pooling_mode_max_tokens: true } }, largest],
  // Against its name: the file is right.
  ['bge-told-mean', { '1_Pooling/config.json': { pooling_mode_mean_tokens: true } }, mean],
];

for (const [name, more, pool] of poolings) {
  test(`a transformer's states become one vector, whatever stands beside the text in the batch: ${name}`, async () => {
    const network = await writeSentenceEncoder(join(folder, name), more);
    const model = await requireModel(settings, name);
    assert.deepEqual([model.problem, model.text?.dimension, model.text?.maxTokens], [null, 8, 16]);
    assert.deepEqual(
      model.text?.inputs.map((input) => [input.name, input.type]),
      ['input_ids', 'attention_mask', 'token_type_ids'].map((input) => [input, 'int64']),
    );
    const found = await encodeTexts(
      settings,
      model,
      texts.map(([text]) => text),
      'passage',
    );
    assert.deepEqual(found.places, [0, 1, 2, 3]);
    for (const [row, [text, tokens]] of texts.entries()) {
      near(found, row, unit(pool(network.states(network.idsOf('[CLS]', ...tokens, '[SEP]')))), text);
    }
  });
}

test('a text that asks gets what the model wants before it; one that is looked for does not', async () => {
  const network = await writeSentenceEncoder(join(folder, 'asking'), {
    'config_sentence_transformers.json': { prompts: { query: 'far away ', passage: '' } },
  });
  const model = await requireModel(settings, 'asking');
  const expected = (...tokens: string[]) => unit(mean(network.states(network.idsOf('[CLS]', ...tokens, '[SEP]'))));
  near(await encodeTexts(settings, model, ['cat'], 'query'), 0, expected('far', 'away', 'cat'), 'a question');
  near(await encodeTexts(settings, model, ['cat'], 'passage'), 0, expected('cat'), 'a passage');
});

test('a text that is too long for the network is cut before its last special token', async () => {
  const network = await writeSentenceEncoder(join(folder, 'cut'));
  const model = await requireModel(settings, 'cut');
  const found = await encodeTexts(settings, model, ['dog '.repeat(40), 'cat'], 'passage');
  assert.deepEqual(found.cut, [{ index: 0, tokens: 40 - 14 }]);
  const kept = network.idsOf('[CLS]', ...Array.from({ length: 14 }, () => 'dog'), '[SEP]');
  near(found, 0, unit(mean(network.states(kept))), 'sixteen tokens');
});

/** A picture of one colour above another, as bytes and as the model takes it. */
function picture(above: readonly number[], below: readonly number[]) {
  const colourAt = (i: number) => (i < (SIDE * SIDE) / 2 ? above : below);
  const bytes = Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => colourAt(Math.floor(i / 3))[i % 3] ?? 0);
  const [means, deviations] = [
    [0.5, 0.4, 0.3],
    [0.2, 0.3, 0.4],
  ];
  const pixels = Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
    const channel = Math.floor(i / SIDE ** 2);
    const value = (colourAt(i % SIDE ** 2)[channel] ?? 0) / 255;
    return (value - (means?.[channel] ?? 0)) / (deviations?.[channel] ?? 1);
  });
  return {
    encoded: { bytes, mediaType: 'application/x-pixels', width: SIDE, height: SIDE, channels: 3 },
    pixels,
  };
}

const said = ['a photo of a red square', 'blue', 'green square'];
const pictures = [
  picture([255, 0, 0], [10, 20, 30]),
  picture([0, 80, 255], [0, 0, 0]),
  picture([7, 7, 7], [0, 255, 9]),
];

/** The id of each word, between start and end. */
function idsOf(text: string): number[] {
  return ['<start>', ...text.split(' '), '<end>'].map((word) => captions.indexOf(word));
}

test('both towers of a pair are what the network says: causal attention up to the end of the text, patches of the picture', async () => {
  const network = await writeTowerPair(join(folder, 'pair'));
  const model = await requireModel(settings, 'pair');
  const words = await encodeTexts(settings, model, said, 'query');
  for (const [row, text] of said.entries()) near(words, row, unit(network.text(idsOf(text))), text);
  const seen = await encodePictures(
    settings,
    model,
    pictures.map(({ encoded }) => encoded),
  );
  for (const [row, { pixels }] of pictures.entries()) near(seen, row, unit(network.image(pixels)), `picture ${row}`);
});

test('a graph that takes texts of one length only is given them filled up, which changes no vector', async () => {
  const network = await writeTowerPair(join(folder, 'mobileclip_tiny'));
  const model = await requireModel(settings, 'mobileclip_tiny');
  assert.deepEqual([model.text?.padTo, model.text?.maxTokens], [16, 16]);
  const words = await encodeTexts(settings, model, said, 'query');
  for (const [row, text] of said.entries()) near(words, row, unit(network.text(idsOf(text))), text);
});

for (const [name, config, scale] of [
  ['trained', {}, 100],
  ['own', { logit_scale: 12.5 }, 12.5],
] as const) {
  test(`probabilities of labels are the softmax over cosines times ${scale}`, async () => {
    const network = await writeTowerPair(join(folder, name), config);
    const model = await requireModel(settings, name);
    assert.equal(model.logitScale, scale);
    const words = await encodeTexts(settings, model, said, 'query');
    const directions = labelDirections({ rows: said.length, columns: words.dimension, data: words.vectors }, 1);
    const seen = await encodePictures(
      settings,
      model,
      pictures.map(({ encoded }) => encoded),
    );
    for (const [row, { pixels }] of pictures.entries()) {
      const vector = seen.vectors.subarray(row * seen.dimension, (row + 1) * seen.dimension);
      const found = probabilities(similarities(vector, directions), scale);
      const image = unit(network.image(pixels));
      const weights = said.map((text) => {
        const cosine = unit(network.text(idsOf(text))).reduce((sum, value, c) => sum + value * (image[c] ?? 0), 0);
        return Math.exp(scale * (cosine - 1));
      });
      const sum = weights.reduce((a, b) => a + b, 0);
      for (const [i, weight] of weights.entries()) {
        assert.ok(
          Math.abs((found[i] ?? 0) - weight / sum) < 1e-3,
          `${row} ${said[i]}: ${found[i]}, not ${weight / sum}`,
        );
      }
    }
  });
}
