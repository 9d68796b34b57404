import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { UserError } from '../../../server/errors.ts';
import { describeModel } from '../../../server/models/describeModel.ts';
import { encodePictures, encodeTexts, releaseModels } from '../../../server/models/encode.ts';
import { listModels, requireModel } from '../../../server/models/findModels.ts';
import {
  onnxModel,
  settingsFor,
  sharedModels,
  withShared,
  writeImageModel,
  writePairModel,
  writeTextModel,
} from '../../helpers/models.ts';
import { scratchDir } from '../../helpers/runTask.ts';

const folder = await scratchDir();
await writeTextModel(join(folder, 'owner', 'texts'));
await writeImageModel(join(folder, 'pictures'));
await writePairModel(join(folder, 'pair'));

const picture = { name: 'x', type: 1, dimensions: ['n', 3, 4, 4] } as const;
const vector = { name: 'features', type: 1, dimensions: ['n', 3] } as const;

/** A folder of the given files; returns what is told of it. */
async function told(name: string, files: Readonly<Record<string, string | Uint8Array>>) {
  const path = join(folder, 'broken', name);
  for (const [file, content] of Object.entries(files)) {
    await mkdir(join(path, file, '..'), { recursive: true });
    await writeFile(join(path, file), content);
  }
  return describeModel(name, path);
}

test('models are told apart by what goes in and comes out', async () => {
  const models = await listModels(settingsFor(folder));
  const seen = models
    .filter(({ problem }) => problem === null)
    .map(({ name, text, image, logitScale }) => [name, text?.output, image?.output, logitScale]);
  assert.deepEqual(seen, [
    ['owner/texts', 'last_hidden_state', undefined, null],
    ['pair', 'text_embeds', 'image_embeds', 10],
    ['pictures', undefined, 'features', null],
  ]);
});

test('a folder of several files without usual names is several models', async () => {
  const path = join(folder, 'several');
  await writeImageModel(path);
  const model = onnxModel({
    inputs: [picture],
    outputs: [vector],
    nodes: [{ operator: 'Flatten', inputs: ['x'], output: 'features' }],
  });
  await rm(join(path, 'onnx'), { recursive: true });
  for (const name of ['several', 'larger']) await writeFile(join(path, `${name}.onnx`), model);
  const names = (await listModels(settingsFor(folder)))
    .map(({ name }) => name)
    .filter((name) => name.startsWith('several'));
  assert.deepEqual(names, ['several', 'several/larger']);
});

test('pooling, length and prompts are those that sentence-transformers keeps', async () => {
  const path = join(folder, 'sentences');
  await writeTextModel(path);
  await mkdir(join(path, '1_Pooling'), { recursive: true });
  await writeFile(join(path, '1_Pooling', 'config.json'), JSON.stringify({ pooling_mode_cls_token: true }));
  await writeFile(join(path, 'sentence_bert_config.json'), JSON.stringify({ max_seq_length: 8 }));
  await writeFile(
    join(path, 'config_sentence_transformers.json'),
    JSON.stringify({ prompts: { query: 'red ', passage: 'blue ' } }),
  );
  const model = describeModel('sentences', path);
  assert.equal(model.problem, null);
  assert.deepEqual(
    [model.text?.pooling, model.text?.maxTokens, model.text?.prompts],
    ['CLS', 8, { query: 'red ', passage: 'blue ' }],
  );
  const settings = settingsFor(folder);
  const { vectors: asked } = await encodeTexts(settings, model, ['green'], 'query');
  const { vectors: kept } = await encodeTexts(settings, model, ['green'], 'passage');
  assert.deepEqual(
    [[...asked], [...kept]],
    [
      [1, 0, 0],
      [0, 0, 1],
    ],
    'the first token is that of the prompt',
  );
});

const gather = onnxModel({
  inputs: [{ name: 'input_ids', type: 7, dimensions: ['n', 's'] }],
  outputs: [{ name: 'last_hidden_state', type: 1, dimensions: ['n', 's', 1] }],
  nodes: [{ operator: 'Gather', inputs: ['table', 'input_ids'], output: 'last_hidden_state' }],
  constants: [{ name: 'table', dimensions: [2, 1], values: new Float32Array(2) }],
});

const problems: readonly (readonly [string, Readonly<Record<string, string | Uint8Array>>, RegExp])[] = [
  ['nothing', { 'config.json': '{}' }, /It holds no ONNX file\. Wanted: onnx\/model\.onnx/],
  ['another format', { 'config.json': '{}', 'model.safetensors': '' }, /not in the form of ONNX\. Export it/],
  [
    'a broken file',
    { 'onnx/model.onnx': 'no model at all' },
    /model\.onnx is no ONNX model, or a damaged one: .*Get it again/,
  ],
  ['an empty file', { 'onnx/model.onnx': '' }, /model\.onnx is no ONNX model, or a damaged one: it has no graph/],
  [
    'a pointer of Git LFS',
    { 'onnx/model.onnx': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n' },
    /is a pointer of Git LFS/,
  ],
  ['no tokenizer', { 'onnx/model.onnx': gather }, /tokenizer\.json is missing/],
  ['a config that is no JSON', { 'onnx/model.onnx': gather, 'config.json': '{' }, /config\.json is no JSON/],
  [
    'no preprocessor',
    {
      'onnx/model.onnx': onnxModel({
        inputs: [picture],
        outputs: [vector],
        nodes: [{ operator: 'Flatten', inputs: ['x'], output: 'features' }],
      }),
    },
    /preprocessor_config\.json is missing: .*Write one with "size"/,
  ],
  [
    'a decoder',
    {
      'onnx/model.onnx': onnxModel({
        inputs: [
          { name: 'input_ids', type: 7, dimensions: ['n', 's'] },
          { name: 'past_key_values.0.key', type: 1, dimensions: ['n', 1, 's', 8] },
        ],
        outputs: [{ name: 'logits', type: 1, dimensions: ['n', 's', 9] }],
        nodes: [{ operator: 'Cast', inputs: ['input_ids'], output: 'logits' }],
      }),
    },
    /wants the input "past_key_values\.0\.key", which no tokenizer gives/,
  ],
  [
    'sound',
    {
      'onnx/model.onnx': onnxModel({
        inputs: [{ name: 'input_features', type: 1, dimensions: ['n', 80, 3000] }],
        outputs: [{ name: 'out', type: 1, dimensions: ['n', 3] }],
        nodes: [{ operator: 'Flatten', inputs: ['input_features'], output: 'out' }],
      }),
    },
    /"input_features" \(float32 of n x 80 x 3000\), which is no picture/,
  ],
  [
    'an operator from elsewhere',
    {
      'onnx/model.onnx': onnxModel({
        inputs: [picture],
        outputs: [vector],
        nodes: [{ operator: 'Swirl', domain: 'org.example', inputs: ['x'], output: 'features' }],
      }),
    },
    /needs the operator Swirl of "org\.example", which onnxruntime does not have/,
  ],
  [
    'data that are missing',
    {
      'onnx/model.onnx': onnxModel({
        inputs: [picture],
        outputs: [vector],
        nodes: [{ operator: 'Add', inputs: ['x', 'w'], output: 'features' }],
        constants: [{ name: 'w', dimensions: [1], values: new Float32Array(1), external: 'model.onnx_data' }],
      }),
    },
    /keeps its weights in the file model\.onnx_data, which is missing/,
  ],
  [
    'data from elsewhere',
    {
      'onnx/model.onnx': onnxModel({
        inputs: [picture],
        outputs: [vector],
        nodes: [{ operator: 'Add', inputs: ['x', 'w'], output: 'features' }],
        constants: [{ name: 'w', dimensions: [1], values: new Float32Array(1), external: '../../../etc/passwd' }],
      }),
    },
    /refers to data outside of its folder/,
  ],
];

for (const [name, files, reason] of problems) {
  test(`of no use, and told why: ${name}`, async () => {
    const { problem, text, image } = await told(name.replaceAll(' ', '-'), files);
    assert.match(problem ?? '', reason);
    assert.deepEqual([text, image], [null, null]);
    assert.doesNotMatch(problem ?? '', /embedding-map-test/, 'no path of this machine');
  });
}

test('weights beside the file are read, of the whole model and of a layer', async () => {
  const path = join(folder, 'beside');
  await writeImageModel(path);
  const model = onnxModel({
    inputs: [{ ...picture, name: 'pixel_values' }],
    outputs: [{ name: 'features', type: 1, dimensions: ['n', 48] }],
    nodes: [
      { operator: 'Mul', inputs: ['pixel_values', 'w'], output: 'scaled' },
      { operator: 'Flatten', inputs: ['scaled'], output: 'features' },
    ],
    constants: [{ name: 'w', dimensions: [1], values: new Float32Array(1), external: 'model.onnx_data' }],
  });
  await writeFile(join(path, 'onnx', 'model.onnx'), model);
  await writeFile(join(path, 'onnx', 'model.onnx_data'), new Uint8Array(Float32Array.of(3).buffer));
  const white = {
    bytes: new Uint8Array(48).fill(255),
    mediaType: 'application/x-pixels',
    width: 4,
    height: 4,
    channels: 3,
  };
  const settings = settingsFor(folder);
  const described = await requireModel(settings, 'beside');
  assert.equal(described.bytes, model.length + 4);
  for (const layer of [null, 'scaled']) {
    const { vectors } = await encodePictures(settings, described, [white], {
      layer,
      pooling: layer === null ? null : 'MAX',
    });
    assert.ok(
      vectors.every((value) => Math.abs(value - 3) < 1e-6),
      String(layer),
    );
  }
});

test('what onnxruntime cannot load fails with a sentence, and the next model works', async () => {
  const settings = settingsFor(folder);
  const path = join(folder, 'future');
  await writeImageModel(path);
  await writeFile(
    join(path, 'onnx', 'model.onnx'),
    onnxModel({
      inputs: [{ ...picture, name: 'pixel_values' }],
      outputs: [vector],
      nodes: [{ operator: 'NotYetInvented', inputs: ['pixel_values'], output: 'features' }],
    }),
  );
  const white = {
    bytes: new Uint8Array(48).fill(255),
    mediaType: 'application/x-pixels',
    width: 4,
    height: 4,
    channels: 3,
  };
  await assert.rejects(encodePictures(settings, await requireModel(settings, 'future'), [white]), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /needs the operator NotYetInvented|cannot load the model/);
    assert.doesNotMatch(error.message, /onnxruntime_src|embedding-map-test/);
    return true;
  });
  const { vectors } = await encodePictures(settings, await requireModel(settings, 'pictures'), [white]);
  assert.deepEqual(
    [...vectors].map((value) => Math.round(value * 1e5) / 1e5),
    [1, 1, 1],
  );
});

test('a model beyond the memory for models is refused, and one within it makes room for the next', async () => {
  const small = settingsFor(folder, { modelMemoryBytes: 100 });
  await assert.rejects(
    encodeTexts(small, await requireModel(small, 'owner/texts'), ['red'], 'query'),
    /Raise MODEL_MEMORY_BYTES, or take a smaller model/,
  );
  const one = settingsFor(folder, { modelMemoryBytes: 600 });
  for (const name of ['owner/texts', 'pair', 'owner/texts']) {
    const { places } = await encodeTexts(one, await requireModel(one, name), ['red'], 'query');
    assert.deepEqual(places, [0], name);
  }
  await releaseModels();
});

test('a model that is not there is told with those that are spelled alike, or can be fetched', async () => {
  const settings = settingsFor(folder);
  await assert.rejects(
    requireModel(settings, 'picture'),
    /There is no model "picture" here\. Did you mean "pictures"\?/,
  );
  await assert.rejects(requireModel(settings, 'Xenova/all-MiniLM-L6-v2'), /Fetch it by the mutation `fetchModel`/);
  await assert.rejects(requireModel(settingsFor(join(folder, 'nowhere')), 'x'), /Set MODELS_DIR to a folder of models/);
});

withShared('the real models are described by their files alone', ['models'], async () => {
  const models = new Map((await listModels(settingsFor(sharedModels))).map((model) => [model.name, model]));
  const pair = models.get('potion-mobilenet-imagetext');
  assert.deepEqual(
    [pair?.text?.dimension, pair?.image?.dimension, pair?.logitScale, pair?.text?.maxTokens, pair?.image?.normalize],
    [64, 64, 20, 77, true],
  );
  const mobilenet = models.get('mobilenet_v2');
  assert.deepEqual(
    [mobilenet?.image?.output, mobilenet?.image?.dimension, mobilenet?.image?.exposed, mobilenet?.bytes],
    ['features', 1280, false, 3_561_474],
  );
  assert.match(models.get('mnist_cnn')?.problem ?? '', /preprocessor_config\.json is missing/);
  assert.match(models.get('tokenizers/clip')?.problem ?? '', /no ONNX file/);
  assert.ok(models.has('cifar10_resnet/cifar10_resnet56'));
});
