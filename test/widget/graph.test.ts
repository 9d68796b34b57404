import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import type { Page } from 'playwright-core';

import { browserForTests } from '../helpers/browser.ts';
import { makeGraph, type TripleText } from '../helpers/graphs.ts';
import { drawn, faultsOf, PATIENCE_MS, pageWithMap, ready, startSite, untilDrawn } from '../helpers/mapPage.ts';
import { allJobs, type TestServer, testServers } from '../helpers/server.ts';

const { newPage, skip } = await browserForTests();
const start = testServers();
const site = await startSite();

/** Towns along a round way; that `town-6` is next after `town-5` is not said. */
const towns = Array.from({ length: 24 }, (_, i): TripleText[] => {
  const [here, there] = [`town-${i}`, `town-${(i + 1) % 24}`];
  const before: TripleText = [there, 'before', here, i % 4 === 0 ? 'VALIDATION' : 'TRAIN'];
  return i === 5 ? [before] : [[here, 'next', there], before];
}).flat();

const settings = `{
  model: ROTE, dimension: 8, objective: NEGATIVE_SAMPLING, loss: SOFTMAX, negatives: 12, shared: 8, epochs: 60, batch: 16,
  optimizer: ADAM, rate: 0.05, regularizer: NONE, distribution: NORMAL, scale: 0.3, validateEvery: 20
}`;

describe('the map of a graph, in a real browser', { skip, concurrency: false }, () => {
  let server: TestServer;

  before(
    async () => {
      server = await start({ WORKERS: '1' });
      await makeGraph(server.database, 'towns', towns, { next: 'is followed by' });
      await server.data(
        `mutation { trainGraph(input: { dataset: "towns", name: "rote", settings: ${settings}, seed: 3, evaluate: false }) { job { id } } }`,
      );
      await allJobs(server);
      await server.data(
        'mutation { projectEmbedding(input: { dataset: "towns", embedding: "rote", name: "pca", method: PCA }) { job { id } } }',
      );
      await allJobs(server);
    },
    { timeout: 120_000 },
  );

  async function open(): Promise<Page> {
    const page = await newPage({ viewport: { width: 900, height: 600 } });
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(site.serve(pageWithMap(server.url, 'dataset="towns" embedding="rote" projection="pca"')));
    await ready(page);
    await openPanel(page);
    return page;
  }

  async function openPanel(page: Page): Promise<void> {
    await page.locator('embedding-map .tools button[aria-label="Relations"]').click();
    await page.locator('embedding-map .panel').waitFor(); // its code is fetched when it is first wanted
  }

  test('the file of the element, copied to another site alone, fetches what it lacks from the server that it asks', async () => {
    const script = await (await server.fetch('/embedding-map.js')).text();
    const copy = site.serve(script, { 'content-type': 'text/javascript; charset=utf-8' });
    const attributes = `endpoint="${server.url}/graphql" dataset="towns" embedding="rote" projection="pca"`;
    const page = await newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(site.serve(pageWithMap(server.url, attributes).replace(/src="[^"]*"/, `src="${copy}"`)));
    await ready(page);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await openPanel(page);
    const found = asked.filter((url) => url.endsWith('/embedding-map-more.js'));
    assert.deepEqual(found, [`${site.origin}/embedding-map-more.js`, `${server.url}/embedding-map-more.js`]);
  });

  test('a relation that is chosen is drawn as arrows, and gone when it is chosen no more', async () => {
    const page = await open();
    const row = page.locator('embedding-map .panel .row[aria-pressed]', { hasText: 'is followed by' });
    assert.match(await row.innerText(), /23/);
    assert.equal(await drawn(page), 0);
    await row.click();
    await untilDrawn(page, 1000);
    await row.click();
    await page.waitForFunction(
      () => !document.querySelector('embedding-map')?.shadowRoot?.querySelector('.row[aria-pressed="true"]'),
    );
    for (const begun = Date.now(); (await drawn(page)) > 0; ) {
      assert.ok(Date.now() - begun < PATIENCE_MS, 'the arrows are still there');
      await page.waitForTimeout(100);
    }
  });

  test('a point that is clicked shows what is around it, further out step by step, and what is predicted', async () => {
    const page = await open();
    const place = await page.evaluate(() => document.querySelector('embedding-map')?.placeOf('town-5'));
    assert.ok(place);
    await page.mouse.click(place.x, place.y);
    const about = page.locator('embedding-map .panel');
    await about.getByText(/around town-5/).waitFor();
    // town-4 before it, either way, and town-6, which is known to be after it by one of both.
    assert.match(await about.innerText(), /\b3 around town-5/);
    await page.getByText('One step further').click();
    await about.getByText(/\b7 around town-5/).waitFor();
    await page.locator('embedding-map .panel .row[aria-pressed]', { hasText: 'is followed by' }).click();
    // Two steps along the one relation that is chosen, and what the model says would come next.
    await about.getByText(/\b2 around town-5 in 2 steps, 5 predicted/).waitFor();
    assert.deepEqual(await faultsOf(page), [], 'by axe');
    await untilDrawn(page, 1000);
  });

  test('a point under the pointer shows what is around it, asked for once, and is forgotten when the pointer leaves', async () => {
    const page = await open();
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.postData()?.includes('MapAround')) asked.push(request.postDataJSON().variables.key);
    });
    const place = await page.evaluate(() => document.querySelector('embedding-map')?.placeOf('town-9'));
    assert.ok(place);
    for (let time = 0; time < 2; time++) {
      await page.mouse.move(place.x, place.y);
      // A ring about the point is some 100 pixels; arrows to both sides are more.
      await untilDrawn(page, 400);
      await page.mouse.move(place.x + 60, 590);
      for (const begun = Date.now(); (await drawn(page)) > 0; ) {
        assert.ok(Date.now() - begun < PATIENCE_MS, 'the arrows are still there');
        await page.waitForTimeout(50);
      }
    }
    assert.deepEqual(asked, ['town-9']);
  });

  test('a point that the pointer is on before the relations have come shows what is around it when they come', async () => {
    const page = await newPage({ viewport: { width: 900, height: 600 } });
    page.setDefaultTimeout(PATIENCE_MS);
    let letPass = () => {};
    const hovered = new Promise<void>((resolve) => {
      letPass = resolve;
    });
    await page.route('**/graphql', async (route) => {
      if (route.request().postData()?.includes('MapGraph')) await hovered;
      await route.continue();
    });
    await page.goto(site.serve(pageWithMap(server.url, 'dataset="towns" embedding="rote" projection="pca"')));
    await ready(page);
    await openPanel(page);
    const place = await page.evaluate(() => document.querySelector('embedding-map')?.placeOf('town-9'));
    assert.ok(place);
    await page.mouse.move(place.x, place.y);
    await page.locator('embedding-map .tooltip').waitFor();
    letPass();
    await untilDrawn(page, 400);
  });

  test('the same point clicked again is followed one step further', async () => {
    const page = await open();
    await page.evaluate(() => document.querySelector('embedding-map')?.showNeighbors('town-5'));
    const about = page.locator('embedding-map .panel');
    await about.getByText(/\b3 around town-5/).waitFor();
    await page.evaluate(() => document.querySelector('embedding-map')?.showNeighbors('town-5'));
    await about.getByText(/\b7 around town-5 in 2 steps/).waitFor();
    // The list has the triples, and leads on to what they name.
    await about.locator('.row', { hasText: 'town-4 → is followed by' }).click();
    await about.getByText(/\b4 around town-4/).waitFor();
  });

  test('a graph that nobody has learnt is learnt from its page, where its map comes by itself', async () => {
    await makeGraph(server.database, 'villages', towns);
    const page = await newPage({ viewport: { width: 900, height: 700 } });
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(server.url);
    await page.getByRole('link', { name: 'Learn it' }).click();
    const how = page.getByLabel('How');
    assert.equal(await how.inputValue(), 'complex-n3', 'a start that does well on most graphs');
    await page.getByText('the mutation trainGraph').waitFor();
    assert.deepEqual(await faultsOf(page), []);
    await page.getByRole('button', { name: 'Learn it' }).click();
    await page.waitForFunction(() => (document.querySelector('embedding-map')?.map?.points.count ?? 0) === 24);
    await allJobs(server);
    const { dataset } = await server.data('{ dataset(slug: "villages") { graphModels { name } } }');
    assert.deepEqual(dataset.graphModels, [{ name: 'complex-n3' }]);
  });
});
