import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';

import sharp from 'sharp';

import type { Database } from '../../../server/database/database.ts';
import { createDataset, lockDataset, publishDataset, updateDataset } from '../../../server/datasets/datasets.ts';
import { appendImages, type Image, PIXELS } from '../../../server/datasets/images.ts';
import { appendItems } from '../../../server/datasets/items.ts';
import { onEveryServer, type TestServer } from '../../helpers/server.ts';

const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10" viewBox="0 0 20 10">
  <script>alert(1)</script><rect width="20" height="10" fill="#f00"/></svg>`;

/** One picture of each kind: bare samples in grey, a photograph, a drawing, none, and one whose bytes are none. */
async function pictures(): Promise<(Image | null)[]> {
  const photograph = await sharp({ create: { width: 400, height: 200, channels: 3, background: '#0a0' } })
    .jpeg()
    .toBuffer();
  const image = (
    mediaType: string,
    width: number,
    height: number,
    bytes: Uint8Array,
    channels: number | null = null,
  ): Image => ({
    mediaType,
    width,
    height,
    channels,
    bytes,
  });
  return [
    image(PIXELS, 3, 2, Uint8Array.of(0, 50, 100, 150, 200, 250), 1),
    image('image/jpeg', 400, 200, photograph),
    image('image/svg+xml', 20, 10, Buffer.from(drawing)),
    null,
    image('image/png', 10, 10, Buffer.from('no picture')),
  ];
}

async function makePictures(database: Database): Promise<void> {
  const images = await pictures();
  await database.transaction(async (transaction) => {
    const about = {
      slug: 'pictures',
      title: 'Pictures',
      description: null,
      kind: 'IMAGE',
      licence: null,
      source: null,
    } as const;
    const id = await createDataset(transaction, about, '00000000-0000-4000-8000-000000000001');
    const keys = images.map((_, i) => `picture ${i}`);
    await appendItems(transaction, id, 1, { keys, labels: keys, fields: keys.map(() => '{}') });
    await appendImages(transaction, id, 1, images);
    await publishDataset(transaction, id, { fields: [], itemCount: keys.length });
  });
}

onEveryServer((_engine, start) => {
  let server: TestServer;
  let urls: (size: number | null) => Promise<(string | null)[]>;
  before(async () => {
    server = await start();
    await makePictures(server.database);
    urls = async (size) => {
      const { dataset } = await server.data(
        'query ($size: Int) { dataset(slug: "pictures") { items { nodes { image(size: $size) { url width height } } } } }',
        { size },
      );
      return dataset.items.nodes.map(({ image }: { image: { url: string } | null }) => image?.url ?? null);
    };
  });

  async function get(url: string | null | undefined, headers: Record<string, string> = {}) {
    assert.equal(typeof url, 'string');
    const response = await server.fetch(String(url), { headers });
    return { response, bytes: new Uint8Array(await response.arrayBuffer()) };
  }

  test('bare samples come as PNG, sample by sample, and larger by whole factors', async () => {
    const [original] = await urls(null);
    const { response, bytes } = await get(original);
    assert.equal(response.headers.get('content-type'), 'image/png');
    const { data, info } = await sharp(bytes).greyscale().raw().toBuffer({ resolveWithObject: true });
    assert.deepEqual([info.width, info.height], [3, 2]);
    assert.deepEqual([...data], [0, 50, 100, 150, 200, 250]);

    const [large] = await urls(16);
    const scaled = await sharp((await get(large)).bytes)
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    assert.deepEqual([scaled.info.width, scaled.info.height], [15, 10]);
    scaled.data.forEach((sample, i) => {
      const [x, y] = [Math.floor((i % 15) / 5), Math.floor(i / 15 / 5)];
      assert.equal(sample, data[3 * y + x]);
    });
  });

  test('a photograph comes as it was imported, or no larger than asked for', async () => {
    const [, original] = await urls(null);
    assert.equal((await get(original)).response.headers.get('content-type'), 'image/jpeg');
    const [, small] = await urls(64);
    const { width, height, format } = await sharp((await get(small)).bytes).metadata();
    assert.deepEqual([width, height, format], [64, 32, 'webp']);
    const [, larger] = await urls(1024);
    assert.equal((await sharp((await get(larger)).bytes).metadata()).width, 400);
  });

  test('a drawing is drawn sharply at the size asked for, and in its own form has no rights', async () => {
    const [, , large] = await urls(256);
    const { response, bytes } = await get(large);
    assert.equal(response.headers.get('content-type'), 'image/webp');
    const { width, height } = await sharp(bytes).metadata();
    assert.deepEqual([width, height], [256, 128]);
    const [, , original] = await urls(null);
    const own = await get(original);
    assert.equal(own.response.headers.get('content-type'), 'image/svg+xml');
    assert.match(String(own.response.headers.get('content-security-policy')), /default-src 'none';.*sandbox/);
    assert.equal(own.response.headers.get('x-content-type-options'), 'nosniff');
  });

  test('a picture is made once, kept by browsers for good, and not sent to who has it', async () => {
    const [, url] = await urls(32);
    const first = await get(url);
    assert.equal(first.response.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    const etag = String(first.response.headers.get('etag'));
    const again = await get(url, { 'if-none-match': etag });
    assert.equal(again.response.status, 304);
    assert.equal(again.bytes.length, 0);
    const folder = join(server.config.dataDir, 'cache', 'thumbnails', '1', '1');
    assert.ok((await readdir(folder)).includes('2-32.webp'));
    const many = await Promise.all(Array.from({ length: 20 }, () => get(url)));
    assert.equal(new Set(many.map(({ response }) => response.headers.get('etag'))).size, 1);
  });

  test('an item without a picture has none; one that cannot be shown says so; sizes are 16 to 1024', async () => {
    const [, , , none, broken] = await urls(64);
    assert.equal(none, null);
    const { response, bytes } = await get(broken);
    assert.equal(response.status, 404);
    assert.equal(JSON.parse(Buffer.from(bytes).toString()).errors[0].extensions.code, 'NOT_FOUND');
    for (const path of [
      '/images/1/1/4',
      '/images/1/1/99',
      '/images/9/1/1',
      '/images/x/1/1',
      '/images/1/1/1e3',
      '/images/99999999999/1/1',
    ]) {
      assert.equal((await get(path)).response.status, 404, path);
    }
    for (const size of ['0', '15', '1025', '-1', '1e2', '', 'x']) {
      assert.equal((await get(`/images/1/1/1?size=${size}`)).response.status, 400, size);
    }
    for (const size of [15, 1025]) {
      const { errors } = await server.ask(
        'query ($size: Int) { dataset(slug: "pictures") { items { nodes { image(size: $size) { url } } } } }',
        { size },
      );
      assert.equal(errors[0]?.extensions.code, 'BAD_USER_INPUT');
    }
  });

  test('when items change the address changes, and an old address promises nothing for ever', async () => {
    const [, old] = await urls(48);
    await server.database.transaction(async (transaction) => {
      await lockDataset(transaction, 1);
      await updateDataset(transaction, 1, [], {});
    });
    const [, fresh] = await urls(48);
    assert.notEqual(fresh, old);
    assert.equal((await get(old)).response.headers.get('cache-control'), 'no-cache');
    assert.match(String((await get(fresh)).response.headers.get('cache-control')), /immutable/);
    assert.deepEqual(await readdir(join(server.config.dataDir, 'cache', 'thumbnails', '1')), ['2']);
  });

  test('with the data set its pictures go', async () => {
    const [, url] = await urls(48);
    await server.data('mutation { removeDataset(input: { dataset: "pictures" }) { removedId } }');
    assert.equal((await get(url)).response.status, 404);
    assert.deepEqual(await readdir(join(server.config.dataDir, 'cache', 'thumbnails')), []);
  });
});
