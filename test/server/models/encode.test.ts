/** Real models against what others computed with them. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { labelDirections, probabilities, similarities } from '../../../server/kernels/zeroShot.ts';
import { BatchSizer } from '../../../server/models/batchSizer.ts';
import type { ModelDescription } from '../../../server/models/describeModel.ts';
import { encodePictures, encodeTexts, listLayers, whereModelsRun } from '../../../server/models/encode.ts';
import { requireModel } from '../../../server/models/findModels.ts';
import {
  settingsFor,
  sharedDir,
  sharedModels,
  withShared,
  writeImageModel,
  writePairModel,
} from '../../helpers/models.ts';
import { scratchDir } from '../../helpers/runTask.ts';

const folder = await scratchDir();
await writeImageModel(join(folder, 'colours'));
await writePairModel(join(folder, 'pair'));
const settings = settingsFor(folder);

function colour(red: number, green: number, blue: number) {
  const bytes = Uint8Array.from({ length: 48 }, (_, i) => [red, green, blue][i % 3] ?? 0);
  return { bytes, mediaType: 'application/x-pixels', width: 4, height: 4, channels: 3 };
}

function photo(name: string): Promise<Buffer> {
  return readFile(join(sharedDir, 'data/photos', name));
}

test('each picture is a vector in its place; one that cannot be read says why, and the rest goes on', async () => {
  const model = await requireModel(settings, 'colours');
  const pictures = [
    colour(255, 0, 0),
    { bytes: Buffer.from('no picture') },
    colour(0, 255, 0),
    colour(0, 0, 0),
    { bytes: new Uint8Array(0) },
  ];
  const { vectors, places, refused, dimension } = await encodePictures(settings, model, pictures);
  assert.deepEqual([dimension, places], [3, [0, 2]]);
  assert.deepEqual([...vectors].map(Math.round), [1, 0, 0, 0, 1, 0]);
  assert.deepEqual(refused.map(({ index }) => index).sort(), [1, 3, 4]);
  assert.match(refused.find(({ index }) => index === 3)?.error.message ?? '', /every number of the layer is 0/);
});

test('a layer that the file keeps to itself is given out, pooled as asked', async () => {
  const model = await requireModel(settings, 'colours');
  const layers = await listLayers(settings, model);
  assert.deepEqual(
    layers.map(({ name, operator, dimensions, output }) => [name, operator, dimensions, output]),
    [
      ['twice', 'Add', [3, 4, 4], false],
      ['once', 'Mul', [3, 4, 4], false],
      ['pooled', 'GlobalAveragePool', [3, 1, 1], false],
      ['features', 'Flatten', [3], true],
    ],
  );
  const { vectors, dimension } = await encodePictures(settings, model, [colour(255, 51, 0)], {
    layer: 'twice',
    pooling: 'MAX',
  });
  assert.deepEqual(
    [dimension, ...vectors].map((value) => Math.round(value * 1e4) / 1e4),
    [3, 2, 0.4, 0],
  );
  const flat = await encodePictures(settings, model, [colour(255, 51, 0)], { layer: 'twice', pooling: 'FLATTEN' });
  assert.equal(flat.dimension, 48);
});

test('a text finds the picture that it names, in the one space of a pair', async () => {
  const model = await requireModel(settings, 'pair');
  const { vectors: pictures } = await encodePictures(settings, model, [colour(255, 0, 0), colour(0, 0, 255)]);
  const { vectors: texts } = await encodeTexts(settings, model, ['red', 'blue'], 'query');
  assert.deepEqual([...pictures].map(Math.round), [...texts].map(Math.round));
});

test('models run on the processor where that is asked for, and say why where something else cannot be had', async () => {
  assert.deepEqual(await whereModelsRun(settings), { provider: 'cpu', message: null });
  if (process.platform !== 'win32') {
    const { provider, message } = await whereModelsRun({ ...settings, device: 'directml' });
    assert.equal(provider, 'cpu');
    assert.match(
      message ?? '',
      /Models run on the processor, for directml cannot be had \(directml: this build of onnxruntime does not have it\)/,
    );
  }
});

test('the size of batches grows while that pays, and no further', () => {
  const settle = (rate: (size: number) => number, most = 1024) => {
    const sizer = new BatchSizer(1, most);
    for (let i = 0; i < 60; i++) sizer.record(sizer.size, sizer.size / rate(sizer.size));
    return sizer.size;
  };
  assert.equal(
    settle((size) => Math.min(size, 16)),
    16,
    'faster up to sixteen',
  );
  assert.equal(
    settle(() => 1),
    1,
    'never faster',
  );
  assert.equal(
    settle((size) => size),
    1024,
    'always faster',
  );
  assert.equal(
    settle((size) => (size === 4 ? 3 : size), 64),
    64,
    'one busy moment does not end the search',
  );
  const sizer = new BatchSizer(8, 64);
  for (let i = 0; i < 10; i++) sizer.record(3, 1);
  assert.equal(sizer.size, 8, 'remainders say nothing');
});

withShared(
  'features of MobileNetV2 are those of the reference, from the JPEG on',
  ['models/mobilenet_v2', 'data/photos'],
  async () => {
    const real = settingsFor(sharedModels);
    const model = await requireModel(real, 'mobilenet_v2');
    const { images } = JSON.parse(await readFile(join(sharedModels, 'mobilenet_v2/reference/expected.json'), 'utf8'));
    // The reference rounds the longer side where transformers cuts it off: these are pictures where that is the same.
    const same = images.filter(({ file }: { file: string }) => /chickadee|crow|tabby|white_dog|labrador/.test(file));
    assert.equal(same.length, 5);
    const pictures = await Promise.all(
      same.map(async ({ file }: { file: string }) => ({ bytes: await readFile(join(sharedDir, file)) })),
    );
    const { vectors, dimension } = await encodePictures(real, model, pictures);
    for (const [i, { file, features_first8, features_l2 }] of same.entries()) {
      const row = vectors.subarray(i * dimension, (i + 1) * dimension);
      for (const [c, value] of features_first8.entries())
        assert.ok(Math.abs((row[c] ?? 0) - value) < 1e-4, `${file} ${c}`);
      assert.ok(Math.abs(Math.hypot(...row) - features_l2) < 1e-3, file);
    }
  },
);

/** A model of ../shared/models with a preprocessor of our own. */
async function withPreprocessor(name: string, source: string, config: object): Promise<ModelDescription> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  await copyFile(join(sharedModels, source), join(path, 'model.onnx'));
  await writeFile(join(path, 'preprocessor_config.json'), JSON.stringify(config));
  return await requireModel(settings, name);
}

const blueFirst = { size: { height: 224, width: 224 }, rescale_factor: 1, do_flip_channel_order: true };

withShared(
  'SqueezeNet agrees with Microsoft, with float16 and float32 weights, blue first',
  ['models/squeezenet1.1'],
  async () => {
    const bytes = await readFile(join(sharedModels, 'squeezenet1.1/reference/fish.png'));
    for (const [name, source, layer, csv, tolerance] of [
      ['half', 'squeezenet1.1/SqueezeNet_fp16.onnx', 'softmaxout_1', 'Squeezenet_fp16_fish_input_CPU.csv', 1e-3],
      ['whole', 'squeezenet1.1/squeezenet1.1.onnx', 'probabilities', 'Squeezenet_fish_input_CPU.csv', 1e-3],
    ] as const) {
      const model = await withPreprocessor(name, source, blueFirst);
      assert.deepEqual([model.image?.type, model.image?.batch], name === 'half' ? ['float16', 1] : ['float32', null]);
      // Three of them, of which a graph for one picture at a time takes one after the other.
      const { vectors, dimension } = await encodePictures(settings, model, [{ bytes }, { bytes }, { bytes }], {
        layer,
      });
      const lines = (await readFile(join(sharedModels, 'squeezenet1.1/reference', csv), 'utf8'))
        .trim()
        .split(/\r?\n/)
        .slice(1);
      assert.deepEqual([dimension, lines.length, vectors.length], [1000, 1000, 3000]);
      for (const line of lines) {
        const [index = 0, value = 0] = line.split(',').map(Number);
        for (const row of [0, 2])
          assert.ok(Math.abs((vectors[row * 1000 + index] ?? 0) - value) < tolerance, `${csv} ${line}`);
      }
    }
    const features = await requireModel(settings, 'half');
    assert.deepEqual(
      [features.image?.output, features.image?.exposed],
      ['fire9/concat_2', true],
      'what the last convolution weighs',
    );
  },
);

withShared(
  'a network that takes channels last tells clothes apart',
  ['models/fashion_mnist_cnn', 'data/fashion-mnist-1900'],
  async () => {
    const model = await withPreprocessor('clothes', 'fashion_mnist_cnn/model.onnx', {
      size: { height: 28, width: 28 },
      rescale_factor: 1,
    });
    assert.deepEqual([model.image?.layout, model.image?.channels], ['NHWC', 1]);
    const images = gunzipSync(await readFile(join(sharedDir, 'data/fashion-mnist-1900/images-idx3-ubyte.gz'))).subarray(
      16,
    );
    const labels = gunzipSync(await readFile(join(sharedDir, 'data/fashion-mnist-1900/labels-idx1-ubyte.gz'))).subarray(
      8,
    );
    const count = 300;
    const pictures = Array.from({ length: count }, (_, i) => ({
      ...{ bytes: images.subarray(i * 784, (i + 1) * 784), mediaType: 'application/x-pixels' },
      ...{ width: 28, height: 28, channels: 1 },
    }));
    const { vectors } = await encodePictures(settings, model, pictures, { layer: 'fmnist_cnn/add:0' });
    const right = pictures.filter((_, i) => {
      const row = vectors.subarray(i * 10, (i + 1) * 10);
      return row.indexOf(Math.max(...row)) === labels[i];
    });
    assert.ok(right.length / count > 0.93, `${right.length} of ${count}`);
  },
);

withShared(
  'a network for one picture at a time reads digits',
  ['models/mnist_cnn', 'data/mnist/t10k-images-idx3-ubyte.gz', 'data/mnist/t10k-labels-idx1-ubyte.gz'],
  async () => {
    const size = { height: 28, width: 28 };
    const model = await withPreprocessor('digits', 'mnist_cnn/mnist.onnx', { size, rescale_factor: 1 });
    assert.deepEqual([model.image?.batch, model.image?.layout], [1, 'NCHW']);
    const images = gunzipSync(await readFile(join(sharedDir, 'data/mnist/t10k-images-idx3-ubyte.gz'))).subarray(16);
    const labels = gunzipSync(await readFile(join(sharedDir, 'data/mnist/t10k-labels-idx1-ubyte.gz'))).subarray(8);
    const pictures = Array.from({ length: 500 }, (_, i) => ({
      ...{ bytes: images.subarray(i * 784, (i + 1) * 784), mediaType: 'application/x-pixels' },
      ...{ width: 28, height: 28, channels: 1 },
    }));
    const { vectors } = await encodePictures(settings, model, pictures, { layer: 'Plus214_Output_0' });
    const right = pictures.filter((_, i) => {
      const row = vectors.subarray(i * 10, (i + 1) * 10);
      return row.indexOf(Math.max(...row)) === labels[i];
    });
    assert.equal(right.length / 500, 0.986, 'as ../shared/models/README.md has it');
  },
);

withShared(
  'the pair of towers has the checked cosines between photos and texts',
  ['models/potion-mobilenet-imagetext', 'data/photos'],
  async () => {
    const real = settingsFor(sharedModels);
    const model = await requireModel(real, 'potion-mobilenet-imagetext');
    const { photos, text_pairs } = JSON.parse(
      await readFile(join(sharedModels, 'potion-mobilenet-imagetext/reference/expected.json'), 'utf8'),
    );
    const pictures = await Promise.all(photos.files.map(async (file: string) => ({ bytes: await photo(file) })));
    const { vectors: images, dimension } = await encodePictures(real, model, pictures);
    const { vectors: texts } = await encodeTexts(real, model, photos.texts, 'query');
    const cosine = (a: Float32Array, i: number, b: Float32Array, j: number) => {
      let sum = 0;
      for (let c = 0; c < dimension; c++) sum += (a[i * dimension + c] ?? 0) * (b[j * dimension + c] ?? 0);
      return sum;
    };
    const rows: number[][] = photos.cosine;
    for (const [i, row] of rows.entries()) {
      for (const [j, value] of row.entries()) {
        assert.ok(
          Math.abs(cosine(images, i, texts, j) - value) < 1e-4,
          `${photos.files[i]} – ${photos.texts[j]}: ${cosine(images, i, texts, j)}, not ${value}`,
        );
      }
    }
    const pairs: [string, string, number][] = text_pairs;
    const { vectors: both } = await encodeTexts(
      real,
      model,
      pairs.flatMap((pair) => pair.slice(0, 2).map(String)),
      'query',
    );
    for (const [i, [a, b, value]] of pairs.entries())
      assert.ok(Math.abs(cosine(both, 2 * i, both, 2 * i + 1) - value) < 1e-4, `${a} – ${b}`);
  },
);

const clip = process.env['CLIP_MODEL_DIR'];

test('CLIP ViT-B/32 gives the probabilities and cosines that OpenAI published', async (context) => {
  if (clip === undefined) {
    context.skip('CLIP_MODEL_DIR is not set to a folder of openai/clip-vit-base-patch32 with ONNX weights');
    return;
  }
  const real = settingsFor(join(clip, '..'));
  const model = await requireModel(real, clip.split('/').at(-1) ?? '');
  const published = JSON.parse(await readFile(join(sharedDir, 'data/reference/published-similarities.json'), 'utf8'));
  const { texts, probabilities: expected } = published.clip_readme;
  const { vectors, dimension } = await encodePictures(real, model, [{ bytes: await photo('CLIP.png') }]);
  const { vectors: prompts } = await encodeTexts(real, model, texts, 'query');
  const directions = labelDirections({ rows: texts.length, columns: dimension, data: prompts }, 1);
  const found = probabilities(similarities(vectors, directions), model.logitScale ?? 100);
  for (const [i, value] of expected.entries()) assert.ok(Math.abs((found[i] ?? 0) - value) < 1e-3, texts[i]);

  const { text_prefix, texts: captions, images, cosine_rows_are_texts: rows } = published.clip_notebook;
  const shown = images
    .map((file: string, column: number) => ({ file, column }))
    .filter(({ file }: { file: string }) => file.endsWith('g'));
  const pictures = await Promise.all(shown.map(async ({ file }: { file: string }) => ({ bytes: await photo(file) })));
  const encoded = await encodePictures(real, model, pictures);
  const said = await encodeTexts(
    real,
    model,
    captions.map((caption: string) => `${text_prefix}${caption}`),
    'query',
  );
  const words = labelDirections({ rows: captions.length, columns: dimension, data: said.vectors }, 1);
  for (const [i, { file, column }] of shown.entries()) {
    const cosines = similarities(encoded.vectors.subarray(i * dimension, (i + 1) * dimension), words);
    for (const [row, value] of cosines.entries())
      assert.ok(Math.abs(value - rows[row][column]) < 0.01, `${captions[row]} – ${file}`);
  }
});
