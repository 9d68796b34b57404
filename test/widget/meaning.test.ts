/** The element on an embedding that was made here: search by meaning and by a picture, prompts, layers, comparison. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { zipSync } from 'fflate';
import type { Page } from 'playwright-core';
import sharp from 'sharp';

import { browserForTests } from '../helpers/browser.ts';
import { drawn, faultsOf, PATIENCE_MS, pageWithMap, ready, startSite, untilDrawn } from '../helpers/mapPage.ts';
import { writeImageModel, writePairModel } from '../helpers/models.ts';
import { scratchDir } from '../helpers/runTask.ts';
import { allJobs, type TestServer, testServers, upload } from '../helpers/server.ts';

const { running, skip } = await browserForTests();
const start = testServers();
const site = await startSite();
const folder = await scratchDir();
await writeImageModel(join(folder, 'pictures'));
await writePairModel(join(folder, 'pair'));

const colours = {
  ...{ crimson: '#ff1010', ruby: '#d00020', rose: '#e03030', grass: '#10ff10', moss: '#20a020', leaf: '#30c030' },
  ...{ sky: '#1010ff', sea: '#2020c0', ink: '#000080' },
};
const picture = (background: string) =>
  sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .png()
    .toBuffer();

describe('the element on an embedding that takes texts and pictures', { skip, concurrency: false }, () => {
  let server: TestServer;
  /** One for all tests: what each has opened, it closes. */
  let page: Page;

  before(
    async () => {
      server = await start({ WORKERS: '1', MODELS_DIR: folder, DEVICE: 'cpu' });
      const files: Record<string, Uint8Array> = {};
      for (const [name, background] of Object.entries(colours)) files[`${name}.png`] = await picture(background);
      const uploads = await upload(server, { 'colours.zip': Uint8Array.from(zipSync(files)) });
      await server.data('mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }', {
        input: { dataset: 'colours', uploads, projections: [] },
      });
      await allJobs(server);
      const projections = [{ name: 'flat', method: 'PCA' }];
      for (const input of [
        { model: 'pair', name: 'pair', projections },
        { model: 'pictures', layer: 'once', name: 'late', projections },
        { model: 'pictures', layer: 'twice', name: 'early', projections },
      ]) {
        await server.data('mutation ($input: EmbedItemsInput!) { embedItems(input: $input) { job { id } } }', {
          input: { dataset: 'colours', ...input },
        });
      }
      await allJobs(server);
      await open('pair');
    },
    { timeout: 300_000 },
  );

  async function open(embedding: string): Promise<void> {
    const context = await running().newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(
      site.serve(pageWithMap(server.url, `dataset="colours" embedding="${embedding}" projection="flat"`)),
    );
    await ready(page);
  }

  /** The keys of the first lines of the panel, when there are so many. */
  async function lines(count: number): Promise<string[]> {
    await page
      .locator('.panel [data-key]')
      .nth(count - 1)
      .waitFor();
    const keys = await page
      .locator('.panel [data-key]')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-key') ?? ''));
    return keys.slice(0, count);
  }

  test('a text is looked for by meaning, nearest first, or by its letters', async () => {
    await page.getByRole('searchbox', { name: 'Search by meaning' }).fill('green');
    assert.deepEqual((await lines(9)).slice(0, 3).sort(), ['grass', 'leaf', 'moss']);
    await page.getByRole('button', { name: 'By meaning' }).click();
    await page.getByRole('searchbox', { name: 'Search by label' }).fill('gras');
    await page.locator('.panel').getByText('1 match', { exact: true }).waitFor();
    assert.deepEqual(await lines(1), ['grass']);
    await page.getByRole('button', { name: 'Close panel' }).click();
  });

  test('a picture is looked for that was chosen, and one that was dropped', async () => {
    const buffer = await picture('#0808e0');
    await page.getByLabel('Search by a picture').setInputFiles({ name: 'blue.png', mimeType: 'image/png', buffer });
    await page.getByRole('heading', { name: 'Like this picture' }).waitFor();
    assert.deepEqual((await lines(9)).slice(0, 3).sort(), ['ink', 'sea', 'sky']);
    await page.getByRole('button', { name: 'Close panel' }).click();

    const red = (await picture('#ff0000')).toString('base64');
    await page.locator('embedding-map').evaluate((element, base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], 'red.png', { type: 'image/png' }));
      const frame = element.shadowRoot?.querySelector('[part=frame]');
      frame?.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, red);
    await page.getByRole('heading', { name: 'Like this picture' }).waitFor();
    assert.deepEqual((await lines(9)).slice(0, 3).sort(), ['crimson', 'rose', 'ruby']);
  });

  test('the pictures themselves stand at the points where that is wanted, those that were found first', async () => {
    assert.equal(await drawn(page), 0);
    await page.getByRole('button', { name: 'Names and pictures' }).click();
    // Nine squares of 30 pixels with their rims, less what covers another.
    const all = await untilDrawn(page, 3000);
    assert.ok(all < 12_000, `${all} pixels`);
    const red = await page.evaluate(() => {
      const canvas = document.querySelector('embedding-map')?.shadowRoot?.querySelector<HTMLCanvasElement>('.overlay');
      const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      let count = 0;
      for (let at = 0; at < data.length; at += 4) if ((data[at] ?? 0) > 200 && (data[at + 2] ?? 255) < 50) count++;
      return count;
    });
    assert.ok(red > 500, 'the three that are like the picture are red');
    await page.getByRole('button', { name: 'Names and pictures' }).click();
  });

  test("labels of one's own colour the map, and others colour it anew", async () => {
    await page.getByRole('button', { name: 'Color by prompts' }).click();
    const tell = async (labels: string) => {
      await page.getByLabel('Labels, one a line').fill(labels);
      await page.getByLabel('Sentence, {} stands for the label').fill('{}');
      await page.getByRole('button', { name: 'Color the map' }).click();
    };
    const legend = page.locator('[part=legend]');
    await tell('red\ngreen\nblue');
    for (const label of ['red', 'green', 'blue']) await legend.getByText(label, { exact: true }).waitFor();
    const counts = await legend.locator('button').allTextContents();
    assert.equal(
      counts.filter((text) => /(red|green|blue)\s*3/.test(text.replaceAll('\n', ' '))).length,
      3,
      counts.join(),
    );
    await tell('green\nbright');
    await legend.getByText('bright', { exact: true }).waitFor();
    assert.equal(await legend.getByText('blue', { exact: true }).count(), 0);
    // How probable a label is colours as well, and the ends of the scale are moved to show a part of it.
    await page.getByLabel('Color by', { exact: true }).selectOption({ label: 'How probable: green' });
    const least = page.getByRole('slider', { name: 'Least How probable: green' });
    await least.waitFor();
    await least.press('End');
    const status = page.locator('[part=status]');
    await status.getByText(/^[1-8] of 9 items/).waitFor();
    await page.getByRole('button', { name: 'Show all', exact: true }).click();
    await status.getByText(/^9 items/).waitFor();
    await tell('green\nunheard');
    await page.getByRole('alert').getByText('knows none of the words').waitFor();
  });

  test('two embeddings are compared, and the map shows whose company differs', async () => {
    await page.getByRole('button', { name: 'Compare embeddings' }).click();
    await page.getByLabel('The other embedding').selectOption('late');
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.getByText(/of 8 neighbours are the same in both/).waitFor();
    assert.equal((await lines(9)).length, 9);
    await page.getByRole('button', { name: 'Color the map by it' }).click();
    await page.waitForFunction(() => document.querySelector('embedding-map')?.map?.colorBy === 'comparison:pair:late');
  });

  test('a slider goes through the layers of a network, the first first', async () => {
    await open('early');
    await page.getByRole('button', { name: 'Layers' }).click();
    const slider = page.getByRole('slider', { name: 'Layer' });
    assert.equal(await slider.getAttribute('aria-valuetext'), 'twice');
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(() => document.querySelector('embedding-map')?.map?.names.embedding === 'late');
    assert.equal(await page.locator('embedding-map').getAttribute('projection'), 'flat');
    assert.equal(await slider.getAttribute('aria-valuetext'), 'once', 'the panel stays');
  });

  test('a map whose embedding takes pictures alone offers no words', async () => {
    assert.equal(await page.getByRole('button', { name: 'By meaning' }).count(), 0);
    assert.equal(await page.getByRole('button', { name: 'Color by prompts' }).count(), 0);
    await page.getByLabel('Search by a picture').waitFor({ state: 'attached' });
  });

  test('texts without vectors get them on the page of the server, and with them a map and search by meaning', async () => {
    const rows = ['red', 'green', 'blue', 'red red green', 'blue blue green', 'green red'];
    const uploads = await upload(server, { 'things.csv': Buffer.from(`title\n${rows.join('\n')}\n`) });
    await server.data('mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }', {
      input: { dataset: 'things', uploads },
    });
    // Not all jobs: one of a test before has failed, as it should.
    for (let there = null; there === null; ) there = (await server.data('{ dataset(slug: "things") { id } }')).dataset;
    const context = await running().newContext({ viewport: { width: 1280, height: 800 } });
    const own = await context.newPage();
    own.setDefaultTimeout(PATIENCE_MS);
    own.on('pageerror', (error) => assert.fail(error));
    await own.goto(`${server.url}/#things`);
    await own.getByRole('button', { name: 'Make vectors' }).waitFor();
    assert.deepEqual(await own.getByLabel('Model').locator('option').allInnerTexts(), [
      'pair',
      ...(await own.getByLabel('Model').locator('option', { hasText: /fetch/ }).allInnerTexts()),
    ]);
    assert.deepEqual(await faultsOf(own), []);
    await own.getByLabel('Model').selectOption('pair');
    await own.getByRole('button', { name: 'Make vectors' }).click();
    await own.waitForFunction(() => document.querySelector('embedding-map')?.map?.names.job === null);
    await own.getByLabel('Search by meaning').fill('red');
    await own.locator('.panel .row .text', { hasText: /^red$/ }).first().waitFor();
    assert.equal(await own.locator('.panel .row .text').first().innerText(), 'red');
    const { dataset } = await server.data('{ dataset(slug: "things") { embeddings { name itemCount accepts } } }');
    assert.deepEqual(dataset.embeddings, [{ name: 'pair', itemCount: 6, accepts: ['TEXT', 'IMAGE'] }]);
    await context.close();
  });
});
