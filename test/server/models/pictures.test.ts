import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { PIXELS } from '../../../server/datasets/images.ts';
import { UserError } from '../../../server/errors.ts';
import { filters, resample } from '../../../server/kernels/resample.ts';
import { fromHalf, toHalf } from '../../../server/models/halfPrecision.ts';
import { decodePicture } from '../../../server/models/pictures/decodePicture.ts';
import { placeIn, preparePicture } from '../../../server/models/pictures/preparePicture.ts';
import { type Preprocessing, readPreprocessing } from '../../../server/models/pictures/preprocessing.ts';
import { pngBomb } from '../../helpers/bomb.ts';
import { sharedDir, withShared } from '../../helpers/models.ts';

const SEED = 3;

/** A picture of one colour, 6 x 4, in a format. */
function plain(
  format: 'png' | 'jpeg' | 'webp' | 'avif' | 'gif',
  background = { r: 200, g: 100, b: 50 },
): Promise<Buffer> {
  return sharp({ create: { width: 6, height: 4, channels: 3, background } })
    .toFormat(format)
    .toBuffer();
}

for (const filter of filters) {
  test(`a picture of one colour keeps it at any size: ${filter}`, () => {
    const side = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(side, side, side, side, fc.nat(255), (width, height, toWidth, toHeight, value) => {
        const data = new Uint8Array(width * height * 3).fill(value);
        const scaled = resample({ data, width, height, channels: 3 }, filter, toWidth, toHeight);
        assert.ok(scaled.data.every((sample) => sample === value));
        assert.equal(scaled.data.length, toWidth * toHeight * 3);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  test(`a part of a scaled picture is that part of the whole: ${filter}`, () => {
    const data = Uint8Array.from({ length: 13 * 9 }, (_, i) => (i * 97) % 256);
    const picture = { data, width: 13, height: 9, channels: 1 };
    const whole = resample(picture, filter, 10, 7);
    const part = resample(picture, filter, 10, 7, { left: 3, top: 2, width: 4, height: 5 });
    const cut = Array.from({ length: 20 }, (_, i) => whole.data[(2 + Math.floor(i / 4)) * 10 + 3 + (i % 4)]);
    assert.deepEqual([...part.data], cut);
  });
}

test('a picture that keeps its size keeps its bytes', () => {
  const data = Uint8Array.from({ length: 5 * 7 * 3 }, (_, i) => (i * 31) % 256);
  for (const filter of filters)
    assert.deepEqual(resample({ data, width: 5, height: 7, channels: 3 }, filter, 5, 7).data, data, filter);
});

withShared(
  'scaled and cropped pictures are those of Pillow, byte for byte',
  ['data/reference/clip-preprocess.json'],
  async () => {
    const { images, mean, std } = JSON.parse(
      await readFile(join(sharedDir, 'data/reference/clip-preprocess.json'), 'utf8'),
    );
    const preprocessing = readPreprocessing(
      {
        do_resize: true,
        size: { shortest_edge: 224 },
        resample: 3,
        do_center_crop: true,
        crop_size: 224,
        image_mean: mean,
        image_std: std,
      },
      { channels: 3, fixedWidth: null, fixedHeight: null },
    );
    assert.ok(typeof preprocessing !== 'string');
    for (const { file, resized, crop_left_top, crop_png, channel_mean, at_c_y_x } of images) {
      const picture = await decodePicture({ bytes: await readFile(join(sharedDir, file)) }, 3, 224);
      const { width, height, crop } = placeIn(picture, preprocessing);
      assert.deepEqual([width, height], resized, file);
      assert.deepEqual([crop.left, crop.top], crop_left_top, file);
      const expected = await sharp(join(sharedDir, 'data/reference', crop_png))
        .removeAlpha()
        .raw()
        .toBuffer();
      assert.ok(Buffer.from(resample(picture, 'BICUBIC', width, height, crop).data).equals(expected), file);

      const batch = new Float32Array(3 * 224 * 224);
      preparePicture(picture, preprocessing, 'NCHW', batch, 0);
      for (const [place, value] of Object.entries<number>(at_c_y_x)) {
        const [c = 0, y = 0, x = 0] = place.split(',').map(Number);
        assert.ok(Math.abs((batch[(c * 224 + y) * 224 + x] ?? 0) - value) < 1e-5, `${file} at ${place}`);
      }
      // The reference added float32 to float32, and is off by some 4e-5.
      for (const [c, value] of channel_mean.entries()) {
        const channel = batch.subarray(c * 224 * 224, (c + 1) * 224 * 224);
        assert.ok(
          Math.abs(channel.reduce((sum, each) => sum + each, 0) / channel.length - value) < 1e-4,
          `${file}: ${channel.reduce((sum, each) => sum + each, 0) / channel.length} is not ${value}`,
        );
      }
    }
  },
);

for (const format of ['png', 'jpeg', 'webp', 'avif', 'gif'] as const) {
  test(`${format} is decoded`, async () => {
    const { data, width, height } = await decodePicture({ bytes: await plain(format) }, 3, 4);
    assert.deepEqual([width, height], [6, 4]);
    for (const [c, value] of [200, 100, 50].entries()) assert.ok(Math.abs((data[c] ?? 0) - value) < 6, `channel ${c}`);
  });
}

test('a drawing is drawn as large as the model looks at it, over white', async () => {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="4" height="8" fill="#0000ff"/></svg>';
  const { data, width, height } = await decodePicture({ bytes: Buffer.from(svg) }, 3, 64);
  assert.deepEqual([width, height], [64, 64]);
  assert.deepEqual([...data.subarray(0, 3)], [0, 0, 255]);
  assert.deepEqual([...data.subarray(63 * 3, 64 * 3)], [255, 255, 255], 'what is transparent is white');
});

test('a photo that lies on its side is turned upright', async () => {
  // White on the left, black on the right; orientation 6 says that its left side is the top.
  const data = Uint8Array.from({ length: 16 * 8 }, (_, i) => (i % 16 < 8 ? 255 : 0));
  const bytes = await sharp(data, { raw: { width: 16, height: 8, channels: 1 } })
    .jpeg()
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const { data: upright, width, height } = await decodePicture({ bytes }, 1, 8);
  assert.deepEqual([width, height], [8, 16]);
  assert.ok((upright[0] ?? 0) > 250 && (upright.at(-1) ?? 255) < 5);
});

test('colour becomes grey as Pillow has it, and grey becomes colour', async () => {
  const bytes = Uint8Array.of(200, 100, 50);
  const grey = await decodePicture({ bytes, mediaType: PIXELS, width: 1, height: 1, channels: 3 }, 1, 1);
  assert.deepEqual([...grey.data], [(200 * 19595 + 100 * 38470 + 50 * 7471 + 0x8000) >> 16]);
  const colour = await decodePicture(
    { bytes: Uint8Array.of(77), mediaType: PIXELS, width: 1, height: 1, channels: 1 },
    3,
    1,
  );
  assert.deepEqual([...colour.data], [77, 77, 77]);
});

const refused: readonly (readonly [string, () => Promise<Uint8Array> | Uint8Array, RegExp])[] = [
  ['no bytes', () => new Uint8Array(0), /The image is empty/],
  ['a text', () => Buffer.from('no picture at all'), /It is no image: it begins with "no picture at all"/],
  [
    'a JPEG that was cut off',
    async () =>
      (
        await sharp({
          create: {
            width: 300,
            height: 300,
            channels: 3,
            background: '#123456',
            noise: { type: 'gaussian', mean: 128, sigma: 60 },
          },
        })
          .jpeg()
          .toBuffer()
      ).subarray(0, 9000),
    /cannot be decoded: it is damaged, or cut off/,
  ],
  [
    'a PNG of 0 x 0',
    async () => {
      const png = Buffer.from(await plain('png'));
      png.writeUInt32BE(0, 16);
      png.writeUInt32BE(0, 20);
      return png;
    },
    /cannot be decoded/,
  ],
  ['a bomb', () => pngBomb(15_000), /15000 x 15000 pixels|100 million/],
  [
    'a drawing with a script',
    () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    /SVG holds a script/,
  ],
  [
    'a drawing that refers to the network',
    () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><image href="http://169.254.169.254/"/></svg>'),
    /SVG refers to another file/,
  ],
];

for (const [name, make, reason] of refused) {
  test(`${name} is refused in one sentence`, async () => {
    const bytes = await make();
    await assert.rejects(decodePicture({ bytes }, 3, 224), (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, reason);
      return true;
    });
  });
}

/** Two pixels side by side: red, and blue. */
const twoPixels = { data: Uint8Array.of(255, 0, 0, 0, 0, 255), width: 2, height: 1, channels: 3 };
const bare: Preprocessing = {
  width: 2,
  height: 1,
  filter: 'NEAREST',
  resize: null,
  rescale: 1,
  mean: [0, 0, 0],
  deviation: [1, 1, 1],
  reversed: false,
};

test('channels stand together or apart, red or blue first, as the model wants them', () => {
  const prepared = (more: Partial<Preprocessing>, layout: 'NCHW' | 'NHWC') => {
    const batch = new Float32Array(6);
    preparePicture(twoPixels, { ...bare, ...more }, layout, batch, 0);
    return [...batch];
  };
  assert.deepEqual(prepared({}, 'NCHW'), [255, 0, 0, 0, 0, 255]);
  assert.deepEqual(prepared({}, 'NHWC'), [255, 0, 0, 0, 0, 255]);
  assert.deepEqual(prepared({ reversed: true }, 'NCHW'), [0, 255, 0, 0, 255, 0]);
  assert.deepEqual(prepared({ reversed: true, mean: [104, 117, 123] }, 'NHWC'), [-104, -117, 132, 151, -117, -123]);
  assert.deepEqual(
    prepared({ rescale: 1 / 255, deviation: [0.5, 0.5, 0.5], mean: [0.5, 0.5, 0.5] }, 'NCHW'),
    [1, -1, -1, -1, -1, 1],
  );
});

test('a picture smaller than what the model takes lies in the middle of black', () => {
  const batch = new Float32Array(3 * 4 * 3);
  preparePicture(twoPixels, { ...bare, width: 4, height: 3 }, 'NCHW', batch, 0);
  assert.deepEqual([...batch.subarray(0, 12)], [0, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0]);
});

const wanted = { channels: 3, fixedWidth: null, fixedHeight: null } as const;

test('sizes are read in every form that transformers writes them in', () => {
  const read = (config: Record<string, unknown>) => {
    const found = readPreprocessing(config, wanted);
    return typeof found === 'string' ? found : { resize: found.resize, width: found.width, height: found.height };
  };
  const square = { width: 224, height: 224 };
  assert.deepEqual(read({ size: 224 }), { resize: square, ...square });
  assert.deepEqual(read({ size: { height: 224, width: 224 } }), { resize: square, ...square });
  assert.deepEqual(read({ size: 224, do_center_crop: true, crop_size: 224 }), { resize: { shortest: 224 }, ...square });
  assert.deepEqual(
    read({ size: { shortest_edge: 256 }, do_center_crop: true, crop_size: { height: 224, width: 224 } }),
    { resize: { shortest: 256 }, ...square },
  );
  assert.deepEqual(
    read({ size: { shortest_edge: 224 }, crop_pct: 0.875 }),
    { resize: { shortest: 256 }, ...square },
    'as ConvNeXt has it',
  );
  assert.match(String(read({})), /names no "size" and the graph has none/);
});

test('what contradicts the graph, or itself, is told', () => {
  assert.match(
    String(readPreprocessing({ size: 224 }, { ...wanted, fixedWidth: 299, fixedHeight: 299 })),
    /makes pictures of 224 x 224, and the graph takes 299 x 299/,
  );
  assert.match(
    String(readPreprocessing({ size: 4, image_mean: [0.5] }, wanted)),
    /"image_mean" and "image_std" of 3 numbers/,
  );
  assert.match(
    String(readPreprocessing({ size: 4, image_mean: [0, 0, 0], image_std: [1, 0, 1] }, wanted)),
    /the latter not 0/,
  );
  assert.match(String(readPreprocessing({ size: 4, resample: 9 }, wanted)), /names the filter 9/);
});

test('every number of 16 bits survives the way to 32 bits and back', () => {
  for (let half = 0; half < 0x10000; half++) {
    const value = fromHalf(half);
    if (Number.isNaN(value)) assert.ok(Number.isNaN(fromHalf(toHalf(value))));
    else assert.equal(toHalf(value), half, `0x${half.toString(16)}`);
  }
});

test('numbers between are rounded to the nearest, ties to even, and too large ones are infinite', () => {
  assert.equal(fromHalf(toHalf(1 + 2 ** -11)), 1, 'a tie');
  assert.equal(fromHalf(toHalf(1 + 3 * 2 ** -11)), 1 + 2 ** -9, 'a tie');
  assert.equal(fromHalf(toHalf(0.1)), 0.0999755859375);
  assert.equal(fromHalf(toHalf(65_519)), 65_504);
  assert.equal(fromHalf(toHalf(65_520)), Number.POSITIVE_INFINITY);
  assert.equal(toHalf(-1e-9), 0x8000);
  assert.equal(fromHalf(toHalf(2 ** -25 * 1.5)), 2 ** -24);
});
