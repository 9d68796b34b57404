/** What is seen, kept and shown again: names at the points, a few points alone, how many neighbours, and an address of all that. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';

import type { Page } from 'playwright-core';

import { createMatrix } from '#kernels/matrix.ts';
import { browserForTests } from '../helpers/browser.ts';
import { drawn, faultsOf, heard, PATIENCE_MS, pageWithMap, ready, startSite, untilDrawn } from '../helpers/mapPage.ts';
import { makeEmbedding } from '../helpers/maps.ts';
import { allJobs, type TestServer, testServers } from '../helpers/server.ts';

const { newPage, skip } = await browserForTests();
const start = testServers();
const site = await startSite();
const ROWS = 120;

describe('what is seen of a map', { skip, concurrency: false }, () => {
  let server: TestServer;

  before(
    async () => {
      server = await start({ WORKERS: '1' });
      const matrix = createMatrix(ROWS, 4);
      matrix.data.forEach((_, i) => {
        matrix.data[i] = Math.sin(i * i + i);
      });
      const items = Array.from({ length: ROWS }, (_, i) => ({ key: `w${i}`, fields: { group: `g${i % 3}` } }));
      const fields = [{ name: 'group', type: 'CATEGORY' as const }];
      await makeEmbedding(server.database, { slug: 'waves', items, matrix, fields });
      for (const [name, components] of Object.entries({ flat: 2, deep: 3 })) {
        await server.data(
          `mutation { projectEmbedding(input: { dataset: "waves", embedding: "vectors", name: "${name}", method: PCA, components: ${components} }) { job { id } } }`,
        );
      }
      await allJobs(server);
    },
    { timeout: 120_000 },
  );

  async function open(address: string): Promise<Page> {
    const page = await newPage({ viewport: { width: 760, height: 560 }, reducedMotion: 'reduce' });
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(address);
    return page;
  }
  const openMap = async (attributes = '') => {
    const page = await open(site.serve(pageWithMap(server.url, `dataset="waves" projection="flat" ${attributes}`)));
    await ready(page);
    return page;
  };

  test('names stand at the points where that is wanted, in a map of three components too, and go again', async () => {
    const page = await openMap();
    assert.equal(await drawn(page), 0);
    const button = page.getByRole('button', { name: 'Names and pictures' });
    await button.click();
    await untilDrawn(page, 1000);
    assert.equal(await button.getAttribute('aria-pressed'), 'true');
    assert.equal(await page.locator('embedding-map').getAttribute('captions'), '');
    await page.evaluate(() => document.querySelector('embedding-map')?.setAttribute('projection', 'deep'));
    await heard(page, 'projection-change', 'detail.projection === "deep"');
    await untilDrawn(page, 1000);
    await button.click();
    for (const begun = Date.now(); (await drawn(page)) > 0; ) {
      assert.ok(Date.now() - begun < PATIENCE_MS, 'the names are still there');
      await page.waitForTimeout(100);
    }
  });

  test('selected points are shown alone, and all again when the selection goes', async () => {
    const page = await openMap();
    await page.evaluate(() => document.querySelector('embedding-map')?.select(['w1', 'w2', 'w3', 'w4']));
    await page.getByRole('button', { name: 'Show alone' }).click();
    await page
      .locator('embedding-map .status')
      .getByText(/^4 of 120 items/)
      .waitFor();
    // Of those, the legend hides some.
    await page.locator('embedding-map .legend').getByRole('button', { name: /g1/ }).click();
    await page
      .locator('embedding-map .status')
      .getByText(/^2 of 120 items/)
      .waitFor();
    await page.getByRole('button', { name: 'Close panel' }).click();
    await page
      .locator('embedding-map .status')
      .getByText(/^80 of 120 items/)
      .waitFor();
  });

  test('selected items are tagged: the server keeps it, the map is coloured by it, and labels stay', async () => {
    const page = await openMap();
    assert.equal(await page.getByRole('button', { name: 'Tag the selected' }).count(), 0, 'nothing is selected');
    await page.evaluate(() => document.querySelector('embedding-map')?.select(['w1', 'w2', 'w3']));
    await page.getByRole('button', { name: 'Tag the selected' }).click();
    const panel = page.locator('embedding-map .panel');
    await panel.getByLabel('Value').fill('good');
    await panel.getByLabel('Field').fill('label');
    await panel.getByRole('button', { name: 'Tag', exact: true }).click();
    assert.match(await panel.getByRole('alert').innerText(), /cannot be called “label”/);
    await panel.getByLabel('Field').fill('quality of sound');
    await panel.getByRole('button', { name: 'Tag', exact: true }).click();
    const legend = page.locator('embedding-map .legend');
    await legend.getByRole('button', { name: /^good\s*3/ }).waitFor();
    await legend.getByRole('button', { name: /^no value\s*117/ }).waitFor();
    const { dataset } = await server.data(
      '{ dataset(slug: "waves") { itemCount item(key: "w2") { label fields } embedding(name: "vectors") { itemCount } } }',
    );
    assert.deepEqual(dataset.item, { label: 'w2', fields: { group: 'g2', 'quality of sound': 'good' } });
    assert.deepEqual([Number(dataset.itemCount), Number(dataset.embedding.itemCount)], [ROWS, ROWS]);
  });

  test('as many neighbours are listed as are asked for in the panel', async () => {
    const page = await openMap('neighbor-count="7"');
    await page.evaluate(() => document.querySelector('embedding-map')?.showNeighbors('w5'));
    assert.equal((await heard(page, 'neighbors-change')).detail.neighbors.length, 7);
    const count = page.getByLabel('How many neighbours');
    assert.equal(await count.inputValue(), '7');
    await count.selectOption('20');
    assert.equal((await heard(page, 'neighbors-change')).detail.neighbors.length, 20);
    assert.equal(await page.locator('.panel [data-key]').count(), 20);
    assert.deepEqual(await faultsOf(page), [], 'by axe');
  });

  test('it is told how to read a map: what near means by its method, how much of all is seen, what the colors are', async () => {
    const page = await openMap();
    await page.getByRole('button', { name: 'About this map' }).click();
    const reading = page.locator('embedding-map .panel .reading');
    const { dataset } = await server.data(
      '{ dataset(slug: "waves") { embedding(name: "vectors") { projection(name: "flat") { explainedVariance } } } }',
    );
    const [first, second] = dataset.embedding.projection.explainedVariance;
    const text = await reading.innerText();
    assert.match(text, /known by 4 numbers\.\s+Items whose numbers are alike, by Euclidean distance/);
    assert.match(text, new RegExp(`Here ${Math.round(100 * (first + second))} % of all differences are seen`));
    assert.match(text, /Colors show group\./);
  });

  test('the lines of the README show a map in a page of another origin', async () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const lines = /```html\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const own = { 'http://127.0.0.1:4000': server.url, digits: 'waves', pixels: 'vectors', 'umap-2d': 'flat' };
    const html = Object.entries(own).reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), lines);
    const page = await open(site.serve(html.replace('"digit"', '"group"')));
    await page
      .locator('embedding-map .status')
      .getByText(/^120 items/)
      .waitFor();
    assert.equal(await page.locator('embedding-map .legend li').count(), 3);
    assert.equal(await page.evaluate(() => document.querySelector('embedding-map')?.map?.names.projection), 'flat');
  });

  test("the address of the server's page says what is seen, and shows the same to whoever opens it", async () => {
    const page = await open(`${server.url}/#waves`);
    await page.waitForFunction(() => (document.querySelector('embedding-map')?.map?.points.count ?? 0) > 0);
    await page
      .locator('embedding-map .status')
      .getByText(/^120 items/)
      .waitFor();
    await page.getByRole('combobox', { name: 'Map' }).selectOption('deep (3-D)');
    await page.waitForFunction(() => document.querySelector('embedding-map')?.map?.names.projection === 'deep');
    await page.evaluate(() => {
      const map = document.querySelector('embedding-map');
      if (!map) return;
      map.captions = true;
      map.camera = { ...map.camera, zoom: 2.5, x: 0.125 };
    });
    await page.evaluate(() => document.querySelector('embedding-map')?.select(['w7', 'w11']));
    await page.waitForFunction(() => location.hash.includes('selected=w11'));
    const address = page.url();

    const other = await open(address);
    await other.locator('embedding-map .panel').getByText('2 selected').waitFor();
    await other.waitForFunction(() => document.querySelector('embedding-map')?.camera.zoom === 2.5);
    const seen = await other.evaluate(() => document.querySelector('embedding-map')?.viewState);
    assert.deepEqual(seen, await page.evaluate(() => document.querySelector('embedding-map')?.viewState));
    assert.deepEqual([seen?.projection, seen?.captions, seen?.camera.x], ['deep', true, 0.125]);
  });
});
