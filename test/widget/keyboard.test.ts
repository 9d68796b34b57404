/** The element by the keyboard alone, and where its panel lies below the map. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import type { Page } from 'playwright-core';

import { createMatrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { browserForTests } from '../helpers/browser.ts';
import { faultsOf, heard, PATIENCE_MS, pageWithMap, ready, startSite } from '../helpers/mapPage.ts';
import { makeEmbedding } from '../helpers/maps.ts';
import { allJobs, type TestServer, testServers } from '../helpers/server.ts';

const { newPage, skip } = await browserForTests();
const start = testServers();
const site = await startSite();

const ROWS = 250;

describe('the element by the keyboard alone, in a real browser', { skip, concurrency: false }, () => {
  let server: TestServer;

  before(
    async () => {
      server = await start({ WORKERS: '1' });
      const random = createRandom(3);
      const matrix = createMatrix(
        ROWS,
        6,
        Float32Array.from({ length: ROWS * 6 }, () => random.normal()),
      );
      const items = Array.from({ length: ROWS }, (_, i) => ({
        key: `k${i}`,
        label: `item ${i}`,
        fields: { kind: `t${i % 5}` },
      }));
      const fields = [{ name: 'kind', type: 'CATEGORY' as const }];
      await makeEmbedding(server.database, { slug: 'cloud', items, matrix, fields });
      for (const components of [2, 3]) {
        const name = `pca-${components}d`;
        const input = { dataset: 'cloud', embedding: 'vectors', name, method: 'PCA', components };
        await server.data(
          'mutation ($input: ProjectEmbeddingInput!) { projectEmbedding(input: $input) { job { id } } }',
          { input },
        );
      }
      await allJobs(server);
    },
    { timeout: 60_000 },
  );

  async function open(width = 900, height = 640, projection = 'pca-2d', html = '<html lang="en">'): Promise<Page> {
    const page = await newPage({ viewport: { width, height } });
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => assert.fail(error));
    const plain = pageWithMap(server.url, `dataset="cloud" projection="${projection}"`);
    await page.goto(site.serve(plain.replace('<html lang="en">', html)));
    await ready(page);
    return page;
  }

  /** What has the focus, by name and by whether that is seen. */
  const focused = (page: Page) =>
    page.evaluate(() => {
      const active = document.querySelector('embedding-map')?.shadowRoot?.activeElement;
      if (!active) return null;
      const text = active.getAttribute('aria-label') ?? active.textContent ?? '';
      return { name: text.trim().replace(/\s+/g, ' '), seen: getComputedStyle(active).outlineStyle !== 'none' };
    });
  const nameOf = async (page: Page) => (await focused(page))?.name;
  const panel = (page: Page) => page.locator('embedding-map .panel');

  test('arrows go through the buttons, which are one stop for Tab; a panel takes the focus and gives it back to its button', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Zoom in' }).focus();
    const walked: (string | undefined)[] = [];
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press('ArrowDown');
      walked.push(await nameOf(page));
    }
    assert.deepEqual(walked, ['Zoom out', 'Show the whole map', 'Select with a lasso', 'Analogies']);
    await page.keyboard.press('End');
    assert.equal(await nameOf(page), 'About this map');
    // What is fetched when it is first wanted has its button made anew.
    await page.keyboard.press('Enter');
    await panel(page).waitFor();
    assert.deepEqual(await focused(page), { name: 'About this map', seen: true });
    assert.equal(
      await page.evaluate(() => document.querySelector('embedding-map')?.shadowRoot?.activeElement?.tagName),
      'ASIDE',
    );
    assert.deepEqual(await faultsOf(page), []);
    await page.keyboard.press('Escape');
    await panel(page).waitFor({ state: 'detached' });
    assert.equal(await nameOf(page), 'About this map');
    assert.equal(
      await page.evaluate(() => document.querySelector('embedding-map')?.shadowRoot?.activeElement?.tagName),
      'BUTTON',
    );
    await page.keyboard.press('Tab');
    assert.notEqual(await nameOf(page), 'Zoom in');
    await page.keyboard.press('Shift+Tab');
    assert.equal(await nameOf(page), 'About this map', 'the stop is where it was');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowUp');
    assert.equal(await nameOf(page), 'Zoom in', 'there is nothing above');
  });

  test('lists are walked by arrows; what goes under the focus does not take it along', async () => {
    const page = await open();
    const search = page.getByLabel('Search by label');
    await search.fill('item');
    const rows = panel(page).locator('.rows .row');
    await rows.nth(99).waitFor();
    assert.equal(await nameOf(page), 'Search by label', 'who types goes on typing');
    await rows.first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    assert.match((await nameOf(page)) ?? '', /item/);
    assert.equal(await rows.evaluateAll((all) => all.findIndex((row) => row.matches(':focus'))), 2);
    await page.keyboard.press('Tab');
    assert.match((await nameOf(page)) ?? '', /^Show more/, 'a hundred lines are one stop');
    await page.keyboard.press('Enter');
    await page.waitForFunction(
      () =>
        document
          .querySelector('embedding-map')
          ?.shadowRoot?.querySelectorAll('.panel .rows .row')[100]
          ?.matches(':focus') ?? false,
    );
    // The legend's button that shows all again goes with what it does.
    await page.locator('embedding-map .legend ul button').first().click();
    await page.getByRole('button', { name: 'Show all', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Show all', exact: true }).waitFor({ state: 'detached' });
    assert.notEqual(await focused(page), null, 'the focus has not fallen out of the map');
  });

  test("Escape does one thing at a time, and is the page's when there is nothing to do", async () => {
    const page = await open();
    await page.evaluate(() => {
      addEventListener('keydown', ({ key }) => {
        if (key === 'Escape') document.title = `${document.title}!`;
      });
    });
    await page.locator('embedding-map [role="application"]').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await heard(page, 'neighbors-change', 'detail !== null');
    await page.keyboard.press('l');
    const lasso = page.getByRole('button', { name: 'Select with a lasso' });
    const states = async () => [await lasso.getAttribute('aria-pressed'), await panel(page).count()];
    assert.deepEqual(await states(), ['true', 1]);
    await page.keyboard.press('Escape');
    assert.deepEqual(await states(), ['false', 1]);
    await page.keyboard.press('Escape');
    await panel(page).waitFor({ state: 'detached' });
    assert.equal(
      await nameOf(page),
      await page.locator('embedding-map [role="application"]').getAttribute('aria-label'),
    );
    await page.keyboard.press('ArrowRight');
    const tooltip = page.locator('embedding-map .tooltip');
    await tooltip.waitFor();
    await page.keyboard.press('Escape');
    await tooltip.waitFor({ state: 'detached' });
    assert.equal(await page.title(), 'A page');
    await page.keyboard.press('Escape');
    assert.equal(await page.title(), 'A page!');
  });

  test('on a narrow map the points move into the part that the panel leaves, and back; the panel is low until it is pulled', async () => {
    const page = await open(390, 800);
    /** The lowest and the highest point, in CSS pixels. */
    const span = () =>
      page.evaluate(async (count) => {
        const element = document.querySelector('embedding-map');
        const places = await Promise.all(Array.from({ length: count }, (_, i) => element?.placeOf(`k${i}`)));
        const ys = places.map((place) => place?.y ?? Number.NaN);
        return { top: Math.min(...ys), bottom: Math.max(...ys) };
      }, ROWS);
    const settled = async () => {
      let before = '';
      for (let now = JSON.stringify(await span()); now !== before; now = JSON.stringify(await span())) {
        before = now;
        await page.waitForTimeout(300);
      }
      return await span();
    };
    const home = await settled();
    await page.getByRole('button', { name: 'About this map' }).click();
    await panel(page).waitFor();
    const beside = await settled();
    const box = await panel(page).boundingBox();
    assert.ok(box !== null && box.height < 0.46 * 800, `${box?.height} px high`);
    assert.ok(beside.top > 50 && beside.bottom < box.y, `${JSON.stringify(beside)} above ${box.y}`);
    assert.deepEqual(await faultsOf(page), []);
    await page.getByRole('button', { name: 'High panel' }).click();
    const high = await panel(page).boundingBox();
    assert.ok(high !== null && high.height > 0.7 * 800, `${high?.height} px high`);
    const grip = await page.getByRole('button', { name: 'High panel' }).boundingBox();
    assert.ok(grip !== null);
    await page.mouse.move(grip.x + 100, grip.y + 8);
    await page.mouse.down();
    await page.mouse.move(grip.x + 100, grip.y + 14);
    await page.mouse.move(grip.x + 100, grip.y + 23);
    await page.mouse.up();
    assert.ok(((await panel(page).boundingBox())?.height ?? 800) < 0.46 * 800, 'pulled down it is low again');
    await page.keyboard.press('Escape');
    await panel(page).waitFor({ state: 'detached' });
    assert.deepEqual(await settled(), home);
  });

  test('points are selected and tagged without a pointer, and what becomes of it is told', async () => {
    const page = await open();
    const told = page.locator('embedding-map [role="status"][aria-live]');
    const selected = () => page.locator('embedding-map .panel h2').innerText();
    await page.locator('embedding-map [role="application"]').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('s');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('s');
    await heard(page, 'selection-change', 'detail.keys.length === 2');
    assert.equal(await selected(), '2 selected');
    await page.keyboard.press('s');
    const { detail } = await heard(page, 'selection-change', 'detail.keys.length === 1');
    assert.equal(await told.innerText(), '1 selected');
    await page.getByRole('button', { name: 'Tag the selected' }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Value').fill('mine');
    assert.deepEqual(await faultsOf(page), []);
    await page.getByRole('button', { name: 'Tag', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.locator('embedding-map .legend summary', { hasText: 'tag' }).waitFor();
    assert.equal(await nameOf(page), 'Tag', 'while it works the button keeps the focus');
    const { dataset } = await server.data(
      'query ($key: String!) { dataset(slug: "cloud") { item(key: $key) { fields } } }',
      { key: detail.keys[0] },
    );
    assert.equal(dataset.item.fields.tag, 'mine');
    await page.keyboard.press('Escape');
    await panel(page).waitFor({ state: 'detached' });
  });

  test('a cloud is turned, and a category shown alone; in a page from right to left the map is as it is elsewhere', async () => {
    const page = await open(900, 640, 'pca-3d', '<html lang="ar" dir="rtl">');
    const yaw = () => page.evaluate(() => document.querySelector('embedding-map')?.camera.yaw ?? Number.NaN);
    const before = await yaw();
    await page.locator('embedding-map [role="application"]').focus();
    await page.keyboard.press('Shift+ArrowRight');
    assert.notEqual(await yaw(), before);
    const pressed = () =>
      page
        .locator('embedding-map .legend ul button')
        .evaluateAll((all) => all.map((button) => button.getAttribute('aria-pressed')));
    await page.locator('embedding-map .legend ul button').nth(1).focus();
    await page.keyboard.press('Shift+Enter');
    await page.getByRole('button', { name: 'Show all', exact: true }).waitFor();
    assert.deepEqual(await pressed(), ['false', 'true', 'false', 'false', 'false']);
    const left = async (part: string) => (await page.locator(`embedding-map .${part}`).boundingBox())?.x ?? Number.NaN;
    assert.ok((await left('bar')) < 20 && (await left('legend')) < 20 && (await left('tools')) > 840);
    assert.deepEqual(await faultsOf(page), []);
  });
});
