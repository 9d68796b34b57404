/**
 * What a visitor sees and does, on real photos, emoji, models and texts, in a real browser: pictures searched by words and by a picture
 * that is dropped, coloured by prompts, seen through the layers of a network; words that find their places while they are learnt, and
 * are asked for an analogy.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import type { Page } from 'playwright-core';
import sharp from 'sharp';

import { browserForTests } from '../helpers/browser.ts';
import { heard, PATIENCE_MS, pageWithMap, ready, startSite, untilDrawn } from '../helpers/mapPage.ts';
import { sharedDir, sharedModels, withShared } from '../helpers/models.ts';
import { importEmoji, importPhotos, photoFile, photos, shown } from '../helpers/pictures.ts';
import { allJobs, testServers, upload } from '../helpers/server.ts';

const { newPage, skip } = await browserForTests();
const start = testServers();
const site = await startSite();
const PAIR = 'potion-mobilenet-imagetext';
const LAYERS = ['block_2', 'block_12', 'features'];

/** Waits until the panel's list begins with these, in any order. */
async function listed(page: Page, wanted: readonly string[]): Promise<void> {
  await page.waitForFunction((keys) => {
    const rows = document.querySelector('embedding-map')?.shadowRoot?.querySelectorAll('.panel [data-key]') ?? [];
    const first = [...rows].slice(0, keys.length).map((row) => row.getAttribute('data-key') ?? '');
    return String(first.sort()) === String(keys);
  }, [...wanted].sort());
}

/** Drops a picture on the map, as from a folder, and waits for what is like it. */
async function drop(page: Page, picture: Buffer): Promise<void> {
  await page.locator('embedding-map').evaluate((element, base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], 'dropped.png', { type: 'image/png' }));
    const frame = element.shadowRoot?.querySelector('[part=frame]');
    frame?.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  }, picture.toString('base64'));
  await page.getByRole('heading', { name: 'Like this picture' }).waitFor();
  await page.locator('.panel [data-key]').first().waitFor();
}

async function open(server: string, attributes: string): Promise<Page> {
  // Software draws it: the smaller, the sooner.
  const page = await newPage({ viewport: { width: 760, height: 560 }, reducedMotion: 'reduce' });
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('pageerror', (error) => assert.fail(error));
  await page.goto(site.serve(pageWithMap(server, attributes)));
  return page;
}

/** What the points of the map are told to be: the values of a column by their keys. */
const columnOf = (page: Page, name: string): Promise<Record<string, string>> =>
  page.evaluate((wanted) => {
    const points = document.querySelector('embedding-map')?.map?.points;
    const column = points?.columns.get(wanted);
    if (!points || column?.kind !== 'category') throw new Error(`There is no category ${wanted}.`);
    return Object.fromEntries(
      Array.from(column.codes, (code, index) => [points.key(index), code < 0 ? '' : column.value(code)]),
    );
  }, name);

const pointsOf = (page: Page): Promise<readonly number[]> =>
  page.evaluate(() => [...(document.querySelector('embedding-map')?.map?.points.x ?? [])]);

if (skip === false) {
  withShared(
    'photos and emoji are searched by words and by a dropped picture, coloured by prompts, and seen through three layers',
    [`models/${PAIR}`, 'models/mobilenet_v2', 'data/photos', 'data/emoji-noto'],
    async () => {
      const server = await start({ WORKERS: '1', MODELS_DIR: sharedModels, DEVICE: 'cpu' });
      await importPhotos(server);
      const emoji = await importEmoji(server, (place, name) => place % 20 === 0 || /truck|engine/.test(name));
      await allJobs(server);
      const projections = [{ name: 'flat', method: 'PCA' }];
      for (const input of [
        { dataset: 'photos', model: PAIR, name: 'clip' },
        ...LAYERS.map((layer) => ({ dataset: 'photos', model: 'mobilenet_v2', layer, name: layer })),
        { dataset: 'emoji', model: PAIR, name: 'clip' },
      ]) {
        await server.data('mutation ($input: EmbedItemsInput!) { embedItems(input: $input) { job { id } } }', {
          input: { ...input, projections },
        });
      }
      await allJobs(server);

      const page = await open(server.url, 'dataset="photos" embedding="clip"');
      await ready(page);
      const search = page.getByRole('searchbox', { name: 'Search by meaning' });
      for (const what of ['dog', 'cat'] as const) {
        await search.fill(`a ${what}`);
        await search.press('Enter');
        await listed(page, shown(what));
      }
      // A photo that is not among them.
      await drop(
        page,
        await sharp(await photoFile('two_dogs'))
          .resize(300)
          .png()
          .toBuffer(),
      );
      await listed(page, shown('dog'));

      await page.getByRole('button', { name: 'Color by prompts' }).click();
      await page.getByLabel('Labels, one a line').fill('dog\ncat\nbird\nhot dog\nflower\ninsect');
      await page.getByLabel('Sentence, {} stands for the label').fill('a photo of a {}');
      await page.getByRole('button', { name: 'Color the map' }).click();
      await page.waitForFunction(() => document.querySelector('embedding-map')?.map?.colorBy?.startsWith('classif'));
      const told = await columnOf(page, 'classification:zero-shot');
      const named: Record<string, string> = { food: 'hot dog' };
      const right = Object.entries(photos).filter(([key, kind]) => told[key] === (named[kind] ?? kind));
      assert.ok(right.length >= 11, `${right.length} of ${Object.keys(photos).length} are told what they are`);
      const legend = page.locator('[part=legend]');
      const count = Object.values(told).filter((label) => label === 'dog').length;
      assert.match(await legend.locator('li', { hasText: /^\s*dog/ }).innerText(), new RegExp(`dog\\s*${count}`));

      // The same photos through the network: each layer has another map of them.
      await page.evaluate(() => document.querySelector('embedding-map')?.setAttribute('embedding', 'block_2'));
      await heard(page, 'projection-change', 'detail.embedding === "block_2"');
      await page.getByRole('button', { name: 'Layers' }).click();
      const slider = page.getByRole('slider', { name: 'Layer' });
      const seen = [await pointsOf(page)];
      for (const layer of LAYERS.slice(1)) {
        await slider.press('ArrowRight');
        await heard(page, 'projection-change', `detail.embedding === "${layer}"`);
        assert.equal(await slider.getAttribute('aria-valuetext'), layer);
        seen.push(await pointsOf(page));
      }
      assert.equal(new Set(seen.map(String)).size, 3, 'the points have moved');
      assert.deepEqual(await columnOf(page, 'classification:zero-shot'), told, 'the colours stay');

      // Emoji, whose pictures are drawings, by words and by a photo.
      await page.evaluate(() => {
        const map = document.querySelector('embedding-map');
        map?.removeAttribute('color-by');
        map?.setAttribute('embedding', 'clip');
        map?.setAttribute('dataset', 'emoji');
      });
      await heard(page, 'projection-change', 'detail.dataset === "emoji"');
      const keyOf = (name: string) => emoji.find((one) => one.name === name)?.file.replace(/^img\/|\.png$/g, '') ?? '';
      await search.fill('a truck');
      await search.press('Enter');
      const { dataset } = await server.data(
        `{ dataset(slug: "emoji") { embedding(name: "clip") { nearest(to: { text: "a truck" }, first: 3) { nodes { key label } } } } }`,
      );
      const found: readonly { key: string; label: string }[] = dataset.embedding.nearest.nodes;
      assert.match(found[0]?.label ?? '', /truck|engine/);
      await listed(
        page,
        found.map(({ key }) => key),
      );
      await drop(page, await readFile(join(sharedDir, `data/emoji-noto/img/${keyOf('fire engine')}.png`)));
      const first = await page
        .locator('.panel [data-key]')
        .evaluateAll((rows) => rows.slice(0, 3).map((row) => row.getAttribute('data-key')));
      assert.ok(first.includes(keyOf('fire engine')), `like the fire engine: ${first}`);
      await server.close();
    },
  );

  withShared(
    'words find their places on the map while they are learnt, and steps between them answer an analogy as arrows',
    ['data/text/brown.txt.gz'],
    async () => {
      const server = await start({ WORKERS: '1' });
      const brown = gunzipSync(await readFile(join(sharedDir, 'data/text/brown.txt.gz'))).toString();
      const sentences = brown.split('\n').filter((line) => !line.startsWith('###'));
      const [text] = await upload(server, { 'fiction.txt': sentences.slice(-6000).join('\n') }); // novels stand at the end
      const page = await open(server.url, 'dataset="words"');
      await heard(page, 'map-error', 'detail.code === "NOT_FOUND"');
      await server.data(
        'mutation ($input: TrainWordVectorsInput!) { trainWordVectors(input: $input) { job { id } } }',
        {
          input: {
            ...{ dataset: 'words', texts: { uploads: [text] }, dimension: 24, epochs: 20 },
            projections: [{ name: 'flat', method: 'PCA' }],
          },
        },
      );
      // The page was open before. It would look by itself; a fast machine is done by then.
      for (let words = null; words === null; )
        words = (await server.data('{ dataset(slug: "words") { slug } }')).dataset;
      await page.evaluate(() => document.querySelector('embedding-map')?.reload());
      const first = await heard(page, 'map-progress', 'detail.step > 0');
      assert.deepEqual([first.detail.dataset, first.detail.projection], ['words', 'pca-2d']);
      const early = await pointsOf(page);
      await page.waitForFunction((x) => document.querySelector('embedding-map')?.map?.points.x[7] !== x, early[7]);
      assert.equal((await heard(page, 'projection-change')).detail.projection, 'pca-2d');
      await allJobs(server);

      await page.getByRole('button', { name: 'Analogies' }).click();
      await page.getByLabel('First word').fill('he');
      await page.getByLabel('What it is to').fill('his');
      await page.getByLabel('Another word').fill('she');
      await page.getByLabel('Another word').press('Enter');
      await page.locator('embedding-map output', { hasText: 'her' }).waitFor();
      await listed(page, ['her']);
      await untilDrawn(page, 200);
      await server.close();
    },
  );
}
