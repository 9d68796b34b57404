/** Analogies on the map, of words whose vectors are sums: royal or not, man or woman, old or young. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import type { Page } from 'playwright-core';

import { browserForTests } from '../helpers/browser.ts';
import { makeDataset, makeEmbedding } from '../helpers/embeddings.ts';
import { drawn, faultsOf, PATIENCE_MS, pageWithMap, ready, startSite, untilDrawn } from '../helpers/mapPage.ts';
import { allJobs, type TestServer, testServers } from '../helpers/server.ts';

const { newPage, skip } = await browserForTests();
const start = testServers();
const site = await startSite();

const people = ['man', 'woman', 'boy', 'girl', 'king', 'queen', 'prince', 'princess'];
const things = Array.from({ length: 24 }, (_, i) => `thing-${i}`);

/** A step of each property, and things in every direction of four more dimensions. */
function vectors(): Float32Array {
  const rows = people.map((_, i) => [i & 4 ? 2 : 0, i & 1 ? 1.2 : 0, i & 2 ? 0.7 : 0, 1, 0, 0]);
  const others = things.map((_, i) => [
    Math.sin(i),
    Math.cos(2 * i),
    0.3,
    0.2,
    2 * Math.sin(3 * i),
    2 * Math.cos(5 * i),
  ]);
  return Float32Array.from([...rows, ...others].flat());
}

describe('analogies on the map, in a real browser', { skip, concurrency: false }, () => {
  let server: TestServer;

  before(
    async () => {
      server = await start({ WORKERS: '1' });
      const items = [...people, ...things].map((key) => ({ key }));
      const words = await makeDataset(server.database, 'words', items);
      await makeEmbedding(server.database, words, 'word2vec', 'COSINE', 6, vectors());
      for (const [name, components] of Object.entries({ flat: 2, deep: 3 })) {
        await server.data(
          `mutation { projectEmbedding(input: { dataset: "words", embedding: "word2vec", name: "${name}", method: PCA, components: ${components} }) { job { id } } }`,
        );
      }
      await allJobs(server);
    },
    { timeout: 120_000 },
  );

  async function open(projection: string): Promise<Page> {
    const page = await newPage({ viewport: { width: 900, height: 600 }, reducedMotion: 'reduce' });
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(site.serve(pageWithMap(server.url, `dataset="words" projection="${projection}"`)));
    await ready(page);
    await page.getByRole('button', { name: 'Analogies' }).click();
    await page.locator('embedding-map .panel').waitFor(); // its code is fetched when it is first wanted
    return page;
  }

  async function ask(page: Page, from: string, to: string, third: string): Promise<void> {
    await page.getByLabel('First word').fill(from);
    await page.getByLabel('What it is to').fill(to);
    await page.getByLabel('Another word').fill(third);
    await page.getByLabel('Another word').press('Enter');
  }

  const answer = (page: Page, text: string) => page.locator('embedding-map output', { hasText: text }).waitFor();
  const place = (page: Page, key: string) =>
    page.evaluate((wanted) => document.querySelector('embedding-map')?.placeOf(wanted), key);

  test('man is to king as woman is to queen: by keyboard alone, listed, drawn, and brought into view', async () => {
    const page = await open('flat');
    assert.equal(await drawn(page), 0);
    await ask(page, 'man', 'King', 'woman');
    await answer(page, 'queen');
    assert.equal(await page.locator('.panel [data-key]').first().getAttribute('data-key'), 'queen');
    assert.equal(await page.locator('.panel [data-key]').count(), 10);
    assert.deepEqual(await faultsOf(page), [], 'by axe');
    const step = await untilDrawn(page, 300);
    for (const key of ['man', 'king', 'woman', 'queen']) {
      const { x, y } = (await place(page, key)) ?? { x: -1, y: -1 };
      assert.ok(x > 0 && x < 900 - 390 && y > 64 && y < 600, `${key} at ${x}, ${y}`);
    }
    // The same step again: what was found stays beside it.
    await ask(page, 'man', 'king', 'boy');
    await answer(page, 'prince');
    await untilDrawn(page, step);
    await page.getByRole('button', { name: 'Close panel' }).click();
    for (const begun = Date.now(); (await drawn(page)) > 0; ) {
      assert.ok(Date.now() - begun < PATIENCE_MS, 'the arrows are still there');
      await page.waitForTimeout(100);
    }
  });

  test('points that are clicked are the terms, in a map of three components as well; a further one is asked about', async () => {
    const page = await open('deep');
    for (const key of ['man', 'woman', 'king', 'prince']) {
      await page.evaluate((chosen) => document.querySelector('embedding-map')?.showNeighbors(chosen), key);
    }
    await answer(page, 'princess');
    assert.equal(await page.getByLabel('First word').inputValue(), 'man');
    assert.equal(await page.getByLabel('Another word').inputValue(), 'prince');
    await untilDrawn(page, 300);
  });

  test('cosines are multiplied where that is chosen, and a word that is not there is said to be missing', async () => {
    const page = await open('flat');
    const asked: string[] = [];
    page.on('request', (request) => {
      const { combine } = request.postData()?.includes('MapNearest') ? request.postDataJSON().variables : {};
      if (combine !== undefined) asked.push(combine);
    });
    await ask(page, 'man', 'king', 'woman');
    await answer(page, 'queen');
    const sum = await page.locator('.panel .distance').first().innerText();
    await page.getByLabel('Vectors are compared').selectOption('MULTIPLY');
    await page.waitForFunction(
      (before) =>
        document.querySelector('embedding-map')?.shadowRoot?.querySelector('.panel .distance')?.textContent !== before,
      sum,
    );
    await answer(page, 'queen');
    assert.deepEqual(asked, ['ADD', 'MULTIPLY']);
    await ask(page, 'man', 'kign', 'woman');
    await page.getByRole('alert').getByText('no item "kign"').waitFor();
    await answer(page, '?');
    assert.equal(await page.locator('.panel [data-key]').count(), 0);
  });
});
