/** The element while maps are in the making: it shows them converge, and makes new ones. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import type { Page } from 'playwright-core';

import { createMatrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { browserForTests } from '../helpers/browser.ts';
import { makeGraph, type TripleText } from '../helpers/graphs.ts';
import { heard, PATIENCE_MS, pageWithMap, ready, startSite } from '../helpers/mapPage.ts';
import { makeEmbedding } from '../helpers/maps.ts';
import { allJobs, type TestServer, testServers } from '../helpers/server.ts';

const { newPage, skip } = await browserForTests();
const start = testServers();
const site = await startSite();

const ROWS = 400;
const GROUPS = 6;

describe('the element while maps are made, in a real browser', { skip, concurrency: false }, () => {
  let server: TestServer;

  before(
    async () => {
      server = await start({ WORKERS: '1' });
      const random = createRandom(3);
      const matrix = createMatrix(ROWS, 12);
      for (let i = 0; i < matrix.data.length; i++) {
        const group = Math.floor(i / 12) % GROUPS;
        matrix.data[i] = random.normal() + (i % GROUPS === group ? 6 : 0);
      }
      const items = Array.from({ length: ROWS }, (_, i) => ({ key: `k${i}`, fields: { group: `g${i % GROUPS}` } }));
      const fields = [{ name: 'group', type: 'CATEGORY' as const }];
      await makeEmbedding(server.database, { slug: 'cloud', items, matrix, fields });
    },
    { timeout: 60_000 },
  );

  const project = (input: object) =>
    server.data('mutation ($input: ProjectEmbeddingInput!) { projectEmbedding(input: $input) { job { id } } }', {
      input: { dataset: 'cloud', embedding: 'vectors', ...input },
    });

  async function open(attributes: string): Promise<Page> {
    // Software draws it: the smaller, the sooner.
    const page = await newPage({ viewport: { width: 900, height: 640 } });
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(site.serve(pageWithMap(server.url, `dataset="cloud" ${attributes}`)));
    return page;
  }

  const pointsOf = (page: Page): Promise<{ key: string; x: number; y: number }> =>
    page.evaluate(() => {
      const points = document.querySelector('embedding-map')?.map?.points;
      return { key: points?.key(5) ?? '', x: points?.x[5] ?? Number.NaN, y: points?.y[5] ?? Number.NaN };
    });

  test('the first map of an embedding is seen on its way, and the finished one takes its place without a reload', async () => {
    const page = await open('');
    await heard(page, 'state-change', 'detail.state === "empty"');
    await project({ name: 'umap-2d', method: 'UMAP', umap: { epochs: 4000 } });
    await page.evaluate(() => document.querySelector('embedding-map')?.reload());
    const first = await heard(page, 'map-progress', 'detail.step > 0');
    assert.deepEqual([first.detail.projection, first.detail.steps], ['umap-2d', 4000]);
    const early = await pointsOf(page);
    // Five of them: one alone may be late, and the next then comes the sooner.
    let later = first;
    for (let frame = 0; frame < 5; frame++) {
      later = await heard(page, 'map-progress', `detail.step > ${later.detail.step}`);
    }
    assert.ok((later.at - first.at) / 5 >= 90, `${later.at - first.at} ms for five frames`);
    await page.waitForFunction((x) => document.querySelector('embedding-map')?.map?.points.x[5] !== x, early.x);
    assert.match(
      await page.locator('embedding-map .status').innerText(),
      /400 items · UMAP · step [\d,]+ of 4,000 · \d+ %/,
    );
    assert.equal(await page.locator('embedding-map .legend li').count(), GROUPS, 'the points have their colors');
    const changed = await heard(page, 'projection-change');
    assert.equal(changed.detail.projection, 'umap-2d');
    assert.match(await page.locator('embedding-map .status').innerText(), /neighbour recall/);
    await allJobs(server);
  });

  test('a page that is open notices by itself that a data set comes, that a map of it is made, and that it goes', async () => {
    const page = await newPage({ viewport: { width: 900, height: 640 } });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(site.serve(pageWithMap(server.url, 'dataset="late"')));
    await heard(page, 'map-error', 'detail.code === "NOT_FOUND"');
    const matrix = createMatrix(30, 4);
    matrix.data.forEach((_, i) => {
      matrix.data[i] = Math.sin(i * i);
    });
    const items = Array.from({ length: 30 }, (_, i) => ({ key: `l${i}` }));
    await makeEmbedding(server.database, { slug: 'late', items, matrix });
    await heard(page, 'state-change', 'detail.state === "empty"');
    await project({ dataset: 'late', name: 'flat', method: 'PCA' });
    assert.equal((await heard(page, 'projection-change')).detail.projection, 'flat');
    await server.data('mutation { removeDataset(input: { dataset: "late" }) { removedId } }');
    await heard(page, 'map-error', 'detail.code === "NOT_FOUND"');
  });

  test('a new map is made from the panel, begins where the points are, and is shown', async () => {
    const page = await open('projection="umap-2d"');
    await ready(page);
    const before = await pointsOf(page);
    await page.getByRole('button', { name: 'New map' }).click();
    const panel = page.locator('embedding-map .panel');
    await panel.getByLabel('Method').selectOption('UMAP');
    assert.equal(await panel.getByLabel('Name').inputValue(), 'umap-2d-2');
    await panel.getByLabel('Name').fill('again');
    await panel.getByLabel('Neighbours').fill('12');
    await panel.getByRole('button', { name: 'Make the map' }).click();
    await heard(page, 'projection-change', 'detail.projection === "again"');
    await allJobs(server);
    const after = await pointsOf(page);
    assert.equal(after.key, before.key, 'points keep their places in memory');
    const { dataset } = await server.data(
      '{ dataset(slug: "cloud") { embedding(name: "vectors") { projection(name: "again") { method parameters } } } }',
    );
    const { method, parameters } = dataset.embedding.projection;
    assert.deepEqual([method, parameters.neighbors, parameters.startFrom], ['UMAP', 12, 'umap-2d']);
  });

  test('a map along axes of the user, and one where a field draws items together, are made from the panel', async () => {
    const page = await open('projection="umap-2d"');
    await ready(page);
    await page.getByRole('button', { name: 'New map' }).click();
    const panel = page.locator('embedding-map .panel');
    await panel.getByLabel('Method').selectOption('CUSTOM');
    for (const [end, key] of Object.entries({ 'x from': 'k0', 'x to': 'k1', 'y from': 'k0', 'y to': 'nobody' })) {
      await panel.getByLabel(end).fill(key);
    }
    await panel.getByRole('button', { name: 'Make the map' }).click();
    assert.match(await panel.getByRole('alert').innerText(), /no item “nobody”/);
    await panel.getByLabel('y to').fill('k2');
    await panel.getByRole('button', { name: 'Make the map' }).click();
    await heard(page, 'projection-change', 'detail.projection === "axes-2d"');
    const places = await page.evaluate(() => {
      const { points } = document.querySelector('embedding-map')?.map ?? {};
      if (!points) throw new Error('no map');
      const at = (key: string) => {
        const index = Array.from({ length: points.count }, (_, i) => points.key(i)).indexOf(key);
        return [points.x, points.y].map((axis, i) => (points.middle[i] ?? 0) + (axis[index] ?? 0) * points.halfExtent);
      };
      return [at('k0')[0], at('k1')[0], at('k2')[1]];
    });
    // Where an axis begins is 0, and where it ends is 1.
    for (const [i, wanted] of [0, 1, 1].entries()) assert.ok(Math.abs((places[i] ?? 9) - wanted) < 1e-4, `${places}`);
    await panel.getByLabel('Method').selectOption('UMAP');
    await panel.getByLabel('Draw alike together').selectOption('group');
    await panel.getByLabel('Name').fill('together');
    await panel.getByRole('button', { name: 'Make the map' }).click();
    await heard(page, 'projection-change', 'detail.projection === "together"');
    const { dataset } = await server.data(
      '{ dataset(slug: "cloud") { embedding(name: "vectors") { projection(name: "together") { parameters } } } }',
    );
    assert.equal(dataset.embedding.projection.parameters.targetField, 'group');
    await panel.getByLabel('Method').selectOption('PACMAP');
    assert.equal(await panel.getByLabel('Draw alike together').count(), 0, 'PaCMAP knows the vectors alone');
    await panel.getByLabel('Method').selectOption('TSNE');
    assert.equal(await panel.getByLabel('Draw alike together').inputValue(), 'group', 'what was chosen before holds');
    // What is asked for is enough: what the server makes of it is tested there, and takes a thousand iterations.
    const asked = new Promise<string>((resolve) => {
      void page.route('**/graphql', async (route) => {
        const body = route.request().postData() ?? '';
        if (!body.includes('mutation')) return await route.continue();
        resolve(body);
        await route.abort();
      });
    });
    await panel.getByRole('button', { name: 'Make the map' }).click();
    const { input } = JSON.parse(await asked).variables;
    assert.deepEqual([input.method, input.tsne], ['TSNE', { perplexity: 30, target: { field: 'group' } }]);
    await panel.getByRole('alert').waitFor();
  });

  test("a map by another metric than the embedding's is made from the panel, where the method takes one, and says so", async () => {
    const page = await open('projection="umap-2d"');
    await ready(page);
    await page.getByRole('button', { name: 'New map' }).click();
    const panel = page.locator('embedding-map .panel');
    const near = panel.getByLabel('Near by');
    for (const method of ['PCA', 'CUSTOM']) {
      await panel.getByLabel('Method').selectOption(method);
      assert.equal(await near.count(), 0, `${method} takes no metric`);
    }
    await panel.getByLabel('Method').selectOption('PACMAP');
    assert.equal(await near.inputValue(), 'EUCLIDEAN');
    assert.match(await near.innerText(), /Euclidean distance, as the embedding/);
    await near.selectOption('COSINE');
    await panel.getByLabel('Spherize').check();
    assert.deepEqual([await near.isDisabled(), await near.inputValue()], [true, 'EUCLIDEAN'], 'one of both is meant');
    await panel.getByLabel('Spherize').uncheck();
    assert.equal(await near.inputValue(), 'COSINE', 'what was chosen before holds again');
    await panel.getByLabel('Name').fill('by angle');
    await panel.getByRole('button', { name: 'Make the map' }).click();
    await heard(page, 'projection-change', 'detail.projection === "by angle"');
    const { dataset } = await server.data(
      '{ dataset(slug: "cloud") { embedding(name: "vectors") { metric projections { name metric } } } }',
    );
    const metricOf = new Map(
      dataset.embedding.projections.map(({ name, metric }: { name: string; metric: string }) => [name, metric]),
    );
    assert.deepEqual([metricOf.get('by angle'), metricOf.get('umap-2d')], ['COSINE', 'EUCLIDEAN']);
    await page.getByRole('button', { name: 'About this map' }).click();
    const fact = panel.locator('.facts dt', { hasText: 'Near by' }).locator('+ dd');
    assert.equal(await fact.innerText(), 'cosine distance');
  });

  test('a map of the selected items alone is made where they are selected', async () => {
    const page = await open('projection="umap-2d"');
    await ready(page);
    await page.evaluate(() =>
      document.querySelector('embedding-map')?.select(Array.from({ length: 50 }, (_, i) => `k${i}`)),
    );
    await heard(page, 'selection-change');
    await page.getByRole('button', { name: 'New map' }).click();
    const panel = page.locator('embedding-map .panel');
    await panel.getByLabel('Method').selectOption('PCA');
    await panel.getByLabel('Only the 50 selected items').check();
    await panel.getByRole('button', { name: 'Make the map' }).click();
    await heard(page, 'projection-change', 'detail.projection === "pca-2d"');
    assert.equal(await page.evaluate(() => document.querySelector('embedding-map')?.map?.points.count), 50);
  });

  test('a map is paused in the panel, where it stays as it is, and goes on to its end', async () => {
    const page = await open('projection="umap-2d"');
    await ready(page);
    await page.getByRole('button', { name: 'New map' }).click();
    await project({ name: 'rested', method: 'UMAP', spherize: true, umap: { epochs: 5000 } });
    const panel = page.locator('embedding-map .panel');
    const job = panel.getByRole('region', { name: 'In the making: vectors · rested' });
    await job.getByRole('button', { name: 'Pause' }).click({ timeout: PATIENCE_MS });
    await job.getByText(/^Paused/).waitFor({ timeout: PATIENCE_MS });
    const { jobs } = await server.data('{ jobs(first: 1, state: PAUSED) { totalCount } }');
    assert.equal(jobs.totalCount, 1);
    await job.getByRole('button', { name: 'Go on' }).click();
    await job.waitFor({ state: 'detached', timeout: PATIENCE_MS });
    const { dataset } = await server.data(
      '{ dataset(slug: "cloud") { embedding(name: "vectors") { projection(name: "rested") { parameters } } } }',
    );
    assert.equal(dataset.embedding.projection.parameters.spherize, true);
  });

  test('a map is pushed in the panel, and tells where that was', async () => {
    const page = await open('projection="umap-2d"');
    await ready(page);
    await page.getByRole('button', { name: 'New map' }).click();
    await project({ name: 'pushed', method: 'UMAP', umap: { epochs: 5000 } });
    const panel = page.locator('embedding-map .panel');
    const job = panel.getByRole('region', { name: 'In the making: vectors · pushed' });
    await job.getByRole('button', { name: 'Perturb' }).click({ timeout: PATIENCE_MS });
    await job.waitFor({ state: 'detached', timeout: PATIENCE_MS });
    const { dataset } = await server.data(
      '{ dataset(slug: "cloud") { embedding(name: "vectors") { projection(name: "pushed") { parameters } } } }',
    );
    const { perturbations } = dataset.embedding.projection.parameters;
    assert.equal(perturbations.length, 1);
    assert.equal(perturbations[0].share, 0.25);
  });

  test('a map that is made anew is shown on its way; one that is cancelled leaves the map that was there', async () => {
    const page = await open('projection="umap-2d"');
    await ready(page);
    await project({ name: 'umap-2d', method: 'UMAP', startFrom: 'umap-2d', umap: { epochs: 5000 } });
    await page.evaluate(() => document.querySelector('embedding-map')?.reload());
    await heard(page, 'map-progress', 'detail.step > 0');
    await page.getByRole('button', { name: 'New map' }).click();
    await page.locator('embedding-map .panel').getByRole('button', { name: 'Cancel' }).click();
    await heard(page, 'projection-change', 'detail.projection === "umap-2d"');
    assert.match(await page.locator('embedding-map .status').innerText(), /neighbour recall/);
  });

  test('what the server refuses is said in the panel', async () => {
    const page = await open('projection="umap-2d"');
    await ready(page);
    await page.getByRole('button', { name: 'New map' }).click();
    const panel = page.locator('embedding-map .panel');
    await panel.getByLabel('Name').fill('x'.repeat(300));
    await panel.getByRole('button', { name: 'Make the map' }).click();
    assert.match(await panel.getByRole('alert').innerText(), /name/);
    assert.match(await page.locator('embedding-map .status').innerText(), /neighbour recall/);
  });

  test('the page of all data sets shows a map as soon as it is in the making, without a reload', async () => {
    const matrix = createMatrix(
      60,
      5,
      Float32Array.from({ length: 300 }, (_, i) => Math.sin(i * i)),
    );
    const items = Array.from({ length: 60 }, (_, i) => ({ key: `w${i}` }));
    await makeEmbedding(server.database, { slug: 'waves', items, matrix });
    const page = await newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(server.url);
    const none = page.locator('li', { hasText: 'waves' }).getByText('It has no map yet.');
    await none.waitFor();
    await server.data(
      'mutation { projectEmbedding(input: { dataset: "waves", embedding: "vectors", name: "flat", method: PCA }) { job { id } } }',
    );
    await page.waitForFunction(() => {
      const all = [...document.querySelectorAll('embedding-map')];
      return all.some((element) => element.datasetName === 'waves' && element.map?.points.count === 60);
    });
    assert.equal(await none.count(), 0);
  });

  test('entities find their places while a graph is learnt, beside the curve of its loss', async () => {
    const towns = Array.from(
      { length: 40 },
      (_, i): TripleText => [`t${i}`, 'next', `t${(i + 1) % 40}`, i === 7 ? 'VALIDATION' : 'TRAIN'],
    );
    await makeGraph(server.database, 'towns', towns);
    const settings =
      '{ model: COMPLEX, dimension: 16, epochs: 5000, batch: 8, objective: ONE_VS_ALL, validateEvery: 2500 }';
    const page = await open('').then(async (page) => {
      await page.evaluate(() => document.querySelector('embedding-map')?.setAttribute('dataset', 'towns'));
      return page;
    });
    await heard(page, 'state-change', 'detail.state === "empty"');
    const { trainGraph } = await server.data(
      `mutation { trainGraph(input: { dataset: "towns", name: "complex", settings: ${settings}, evaluate: false }) { job { id } } }`,
    );
    const training = async () => {
      const asked = 'query ($id: ID!) { job(id: $id) { state training { curve { epoch } } } }';
      const { job } = await server.data(asked, { id: trainGraph.job.id });
      await page.waitForTimeout(50);
      return job;
    };
    while ((await training()).state === 'QUEUED') {}
    await page.evaluate(() => document.querySelector('embedding-map')?.reload());
    const { detail } = await heard(page, 'map-progress', 'detail.step > 0');
    while (((await training()).training?.curve.length ?? 0) < 2) {}
    await page.getByRole('button', { name: 'New map' }).click();
    const panel = page.locator('embedding-map .panel');
    const curve = panel.locator('.curve', { hasText: /^\s*loss/ });
    const epochsShown = async () => ((await curve.locator('polyline').getAttribute('points')) ?? '').split(' ').length;
    const first = await epochsShown();
    while ((await epochsShown()) <= first) await page.waitForTimeout(50);
    // It rests while it is looked at: however busy the machine, it is not over before.
    await server.data('mutation ($id: ID!) { pauseJob(id: $id) { job { state } } }', { id: trainGraph.job.id });
    assert.deepEqual([detail.embedding, detail.projection, detail.steps], ['complex', 'pca-2d', 5000]);
    await page.waitForFunction(() => document.querySelector('embedding-map')?.map?.points.count === 40);

    await panel.getByText(/^Paused/).waitFor();
    assert.ok((await epochsShown()) < 5000, 'it was seen before its end');
    const before = await pointsOf(page);
    await panel.getByRole('button', { name: 'Go on' }).click();
    await page.waitForFunction((x) => document.querySelector('embedding-map')?.map?.points.x[5] !== x, before.x);
    const state = async () =>
      (await server.data('query ($id: ID!) { job(id: $id) { state } }', { id: trainGraph.job.id })).job.state;
    while (!['SUCCEEDED', 'FAILED'].includes(await state())) await page.waitForTimeout(200);
    assert.equal((await heard(page, 'projection-change')).detail.projection, 'pca-2d');
  });
});
