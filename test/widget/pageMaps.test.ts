/** Maps that the element makes of a page's own vectors: as Node makes them, bit for bit, and nothing leaves the page. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import type { Page } from 'playwright-core';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { beginMap, type MapOptions } from '#kernels/map.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import type { Perturbation } from '#kernels/perturb.ts';
import { createRandom } from '#kernels/random.ts';
import { pointsOfFrame } from '../../widget/framePoints.ts';
import type { PageMapOptions, PageVectors } from '../../widget/vectors.ts';
import { browserForTests } from '../helpers/browser.ts';
import { heard, PATIENCE_MS, pageWithMap, startSite } from '../helpers/mapPage.ts';
import { type TestServer, testServers } from '../helpers/server.ts';

const { newPage, skip } = await browserForTests();
const start = testServers();
const site = await startSite();

const [ROWS, DIMENSION] = [240, 9];
const random = createRandom(11);
const data = Float32Array.from(
  { length: ROWS * DIMENSION },
  (_, i) => random.normal() + (Math.floor(i / DIMENSION) % 4) * 2,
);

/** What Node's processor comes to, in the world into which the element fits it. */
async function inNode(options: MapOptions, pushes: readonly Perturbation[] = []) {
  const backend = await CpuBackend.create(null);
  const run = await beginMap(createMatrix(ROWS, DIMENSION, data.slice()), options, { backend: async () => backend });
  for (const { step, share } of pushes) {
    await run.advance(step);
    run.perturb(share);
  }
  await run.advance(run.steps);
  const { coordinates }: { coordinates: Matrix } = run.result();
  backend.close();
  const none = new Float32Array(ROWS);
  const components = coordinates.columns === 3 ? 3 : 2;
  const empty = {
    count: ROWS,
    components,
    x: none,
    y: none,
    z: none,
    middle: [0, 0, 0],
    halfExtent: 1,
    rows: null,
  } as const;
  const points = pointsOfFrame({ ...empty, key: String, columns: new Map() }, coordinates);
  assert.ok(points);
  return { coordinates, x: [...points.x], y: [...points.y], halfExtent: points.halfExtent };
}

describe("maps of a page's own vectors, in a real browser", { skip, concurrency: false }, () => {
  let server: TestServer;

  before(async () => {
    server = await start();
  });

  /** A page with nothing but the element, and the requests that it has made. */
  async function open(headers: Record<string, string> = {}): Promise<{ page: Page; asked: string[] }> {
    const page = await newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => assert.fail(error));
    const asked: string[] = [];
    page.on('request', (request) => asked.push(`${request.method()} ${request.url().replace(server.url, '')}`));
    await page.goto(site.serve(pageWithMap(server.url, ''), headers));
    await page.waitForFunction(() => customElements.get('embedding-map') !== undefined);
    return { page, asked };
  }

  const give = (page: Page, vectors: Omit<PageVectors, 'rows'>, options: PageMapOptions) =>
    page.evaluate(
      ([numbers, given, wanted]) => {
        const element = document.querySelector('embedding-map');
        if (!element) throw new Error('no element');
        element.mapOptions = wanted;
        element.vectors = { ...given, rows: Float32Array.from(numbers) };
      },
      [[...data], vectors, options] as const,
    );

  const shown = (page: Page) =>
    page.evaluate(() => {
      const points = document.querySelector('embedding-map')?.map?.points;
      return { x: [...(points?.x ?? [])], y: [...(points?.y ?? [])], halfExtent: points?.halfExtent };
    });

  const group = Array.from({ length: ROWS }, (_, i) => `g${i % 4}`);
  const labels = Array.from({ length: ROWS }, (_, i) => `row ${i}`);
  const umap: MapOptions = {
    method: 'UMAP',
    components: 2,
    metric: 'EUCLIDEAN',
    seed: 7,
    umap: { neighbors: 10, epochs: 150 },
  };
  const pca: MapOptions = { method: 'PCA', components: 2, metric: 'EUCLIDEAN', seed: 7 };

  test('by PCA and by UMAP they are those of Node, bit for bit; they are coloured, searched and asked for neighbours; nothing is sent', async () => {
    const { page, asked } = await open();
    for (const options of [pca, umap]) {
      const { method, seed } = options;
      await give(
        page,
        { dimension: DIMENSION, labels, fields: { group } },
        { method, seed, umap: options.umap, device: 'CPU' },
      );
      const { detail } = await heard(page, 'projection-change');
      assert.equal(detail.projection, `${method.toLowerCase()}-2d`);
      const { coordinates: _, ...wanted } = await inNode(options);
      assert.deepEqual(await shown(page), wanted, method);
    }
    const element = page.locator('embedding-map');
    assert.equal(await element.locator('.legend li').count(), 4);
    assert.match(await element.locator('.status').innerText(), /240 items · UMAP/);

    await page.evaluate(() => document.querySelector('embedding-map')?.showNeighbors('17'));
    const { detail } = await heard(page, 'neighbors-change', 'detail !== null');
    const row = (i: number) => data.subarray(i * DIMENSION, (i + 1) * DIMENSION);
    const far = (i: number) => Math.hypot(...row(i).map((value, c) => value - (row(17)[c] ?? 0)));
    const true10 = Array.from({ length: ROWS }, (_, i) => i)
      .filter((i) => i !== 17)
      .sort((a, b) => far(a) - far(b))
      .slice(0, 10);
    assert.deepEqual(
      detail.neighbors.map(({ key }: { key: string }) => Number(key)),
      true10,
    );

    const sent = asked.filter(
      (request) => !/^GET (http:\/\/[^/]*)?\/(\d+|embedding-map(-more|-compute)?\.js)$/.test(request),
    );
    assert.deepEqual(
      sent.filter((request) => !request.includes('blob:')),
      [],
      'the page asks for scripts alone',
    );
  });

  test('by each metric they are those of Node, bit for bit, and so are the neighbours that a click finds', async () => {
    const { page } = await open();
    const row = (i: number) => data.subarray(i * DIMENSION, (i + 1) * DIMENSION);
    const dot = (i: number) => row(i).reduce((sum, value, c) => sum + value * (row(17)[c] ?? 0), 0);
    const length = (i: number) => Math.hypot(...row(i));
    const nearer = { COSINE: (i: number) => dot(i) / length(i), INNER_PRODUCT: dot } as const;
    for (const metric of ['COSINE', 'INNER_PRODUCT'] as const) {
      const options: MapOptions = { ...umap, metric };
      await give(page, { dimension: DIMENSION }, { method: 'UMAP', metric, seed: 7, umap: umap.umap, device: 'CPU' });
      await heard(page, 'projection-change');
      const { coordinates: _, ...wanted } = await inNode(options);
      assert.deepEqual(await shown(page), wanted, metric);
      await page.evaluate(() => document.querySelector('embedding-map')?.showNeighbors('17'));
      const { detail } = await heard(page, 'neighbors-change', 'detail !== null');
      assert.equal(detail.search.metric, metric);
      const nearest = Array.from({ length: ROWS }, (_, i) => i)
        .filter((i) => i !== 17)
        .sort((a, b) => nearer[metric](b) - nearer[metric](a));
      assert.deepEqual(
        detail.neighbors.map(({ key }: { key: string }) => Number(key)),
        nearest.slice(0, 10),
      );
    }
  });

  test('new rows are placed on the map: a row that is on it lies where it is, those of PCA where their components are', async () => {
    const { page } = await open();
    for (const options of [pca, umap]) {
      await give(
        page,
        { dimension: DIMENSION },
        { method: options.method, seed: 7, umap: options.umap, device: 'CPU' },
      );
      await heard(page, 'projection-change');
      const places = await page.evaluate(
        (rows) => document.querySelector('embedding-map')?.place(rows),
        [3, 90].map((i) => [...data.subarray(i * DIMENSION, (i + 1) * DIMENSION)]),
      );
      const { coordinates } = await inNode(options);
      for (const [at, i] of [3, 90].entries()) {
        const wanted = [coordinates.data[2 * i] ?? 0, coordinates.data[2 * i + 1] ?? 0];
        const [x = Number.NaN, y = Number.NaN] = places?.[at] ?? [];
        assert.ok(
          Math.hypot(x - (wanted[0] ?? 0), y - (wanted[1] ?? 0)) < 1e-4,
          `${options.method}: ${[x, y]}, wanted ${wanted}`,
        );
      }
    }
    const refused = await page.evaluate(() =>
      document
        .querySelector('embedding-map')
        ?.place([[1, 2]])
        .then(String, (error: Error) => error.message),
    );
    assert.match(refused ?? '', /have 9 numbers, got 2/);
  });

  test('threads are used where the page is isolated, and change no bit', async () => {
    const { page } = await open({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    assert.equal(await page.evaluate(() => crossOriginIsolated), true);
    await give(page, { dimension: DIMENSION }, { method: 'UMAP', seed: 7, umap: umap.umap, device: 'CPU' });
    await heard(page, 'projection-change');
    const { coordinates: _, ...wanted } = await inNode(umap);
    assert.deepEqual(await shown(page), wanted);
    await page.getByRole('button', { name: 'About this map' }).click();
    const threads = page.locator('embedding-map .facts dt', { hasText: 'threads' }).locator('+ dd');
    assert.equal(await threads.innerText(), String(await page.evaluate(() => navigator.hardwareConcurrency)));
  });

  test('where a page forbids workers the map is made in its own thread, as it is elsewhere', async () => {
    const policy = `default-src 'self' 'unsafe-inline' 'unsafe-eval' ${server.url}; worker-src 'none'`;
    const { page } = await open({ 'content-security-policy': policy });
    await give(page, { dimension: DIMENSION }, { method: 'UMAP', seed: 7, umap: umap.umap, device: 'CPU' });
    await heard(page, 'projection-change');
    const { coordinates: _, ...wanted } = await inNode(umap);
    assert.deepEqual(await shown(page), wanted);
    assert.equal(page.workers().length, 0);
  });

  test('a map is shown on its way, and one that is cancelled stays as it is', async () => {
    const { page } = await open();
    await give(page, { dimension: DIMENSION }, { method: 'TSNE', tsne: { iterations: 10_000 }, device: 'CPU' });
    const { detail } = await heard(page, 'map-progress', 'detail.step > 0');
    assert.equal(detail.steps, 10_000);
    await page.waitForFunction(() => (document.querySelector('embedding-map')?.map?.points.count ?? 0) > 0);
    await page.evaluate(() => document.querySelector('embedding-map')?.cancel());
    await heard(page, 'projection-change');
    const now = await shown(page);
    assert.equal(now.x.length, ROWS);
    await page.waitForTimeout(500);
    assert.deepEqual(await shown(page), now);
  });

  test('a map on the sphere is paused, rests, goes on from its panel, and is in the end that of Node, bit for bit', async () => {
    const { page } = await open();
    const long: MapOptions = { ...umap, spherize: true, umap: { neighbors: 10, epochs: 5000 } };
    await give(
      page,
      { dimension: DIMENSION },
      { method: 'UMAP', seed: 7, spherize: true, umap: long.umap, device: 'CPU' },
    );
    await heard(page, 'map-progress', 'detail.step > 0');
    await page.evaluate(() => document.querySelector('embedding-map')?.pause());
    await page.locator('embedding-map .status', { hasText: 'paused' }).waitFor();
    await page.waitForTimeout(300); // a frame may have been on its way
    const before = await shown(page);
    await page.waitForTimeout(500);
    assert.deepEqual(await shown(page), before);

    await page.getByRole('button', { name: 'New map' }).click();
    await page.locator('embedding-map .panel').getByRole('button', { name: 'Go on' }).click();
    await heard(page, 'projection-change');
    const { coordinates: _, ...wanted } = await inNode(long);
    assert.deepEqual(await shown(page), wanted);
    const own = data.subarray(0, DIMENSION);
    const [placed] = await page.evaluate(
      (row) => document.querySelector('embedding-map')?.place([row]) ?? [],
      [...own],
    );
    const { coordinates } = await inNode(long);
    assert.ok(
      placed?.every((value, axis) => Math.abs(value - (coordinates.data[axis] ?? 0)) < 1e-3),
      `${placed}`,
    );
  });

  test('a map is pushed by the page and from its panel, tells it, and is in the end that of Node pushed alike, bit for bit', async () => {
    const { page } = await open();
    const long: MapOptions = { ...umap, umap: { neighbors: 10, epochs: 5000 } };
    await give(page, { dimension: DIMENSION }, { method: 'UMAP', seed: 7, umap: long.umap, device: 'CPU' });
    await heard(page, 'map-progress', 'detail.step > 0');
    await page.evaluate(async () => {
      const element = document.querySelector('embedding-map');
      element?.pause();
      await element?.perturb(0.4);
    });
    await page.getByRole('button', { name: 'New map' }).click();
    await page.locator('embedding-map .panel').getByRole('button', { name: 'Go on' }).waitFor();
    // Pressed in the page, as soon as they are there: on a busy machine the map could be over before a click from outside comes.
    await page.evaluate(async () => {
      const press = async (name: string) => {
        for (;;) {
          const root = document.querySelector('embedding-map')?.shadowRoot;
          const buttons = [...(root?.querySelectorAll<HTMLElement>('.panel button') ?? [])];
          const button = buttons.find(({ textContent }) => textContent?.trim() === name);
          if (button !== undefined) return button.click();
          await new Promise(requestAnimationFrame);
        }
      };
      await press('Go on');
      await press('Perturb');
    });
    await heard(page, 'projection-change');
    await page.getByRole('button', { name: 'About this map' }).click();
    const facts = await page.locator('embedding-map .panel').innerText();
    const told = Array.from(facts.matchAll(/at step (\d+) by (\d+) %/g), ([, step, percent]) => ({
      ...{ step: Number(step), share: Number(percent) / 100 },
    }));
    assert.deepEqual(
      told.map(({ share }) => share),
      [0.4, 0.25],
    );
    assert.ok(told.every(({ step }) => step > 0 && step < 5000));
    const { coordinates: _, ...wanted } = await inNode(long, told);
    assert.deepEqual(await shown(page), wanted);

    await give(page, { dimension: DIMENSION }, { method: 'TSNE', tsne: { iterations: 10_000 }, device: 'CPU' });
    await heard(page, 'map-progress', 'detail.step > 0');
    const refused = await page.evaluate(() =>
      document
        .querySelector('embedding-map')
        ?.perturb(2)
        .catch((error: Error) => error.message),
    );
    assert.match(refused ?? '', /share is 2; wanted: above 0, and at most 1/);
    await page.evaluate(() => document.querySelector('embedding-map')?.cancel());
  });

  test('what cannot be mapped is said', async () => {
    const { page } = await open();
    const cases: [Omit<PageVectors, 'rows'>, RegExp][] = [
      [{}, /`dimension` is undefined; wanted: how many numbers a row has/],
      [{ dimension: 7 }, /no whole rows of 7/],
      [{ dimension: DIMENSION, labels: ['one'] }, /240 rows and 1 labels; wanted: one per row/],
      [{ dimension: DIMENSION, keys: labels.map(() => 'same') }, /Two rows have the same key/],
    ];
    for (const [vectors, message] of cases) {
      await give(page, vectors, { method: 'PCA' });
      const { detail } = await heard(page, 'map-error');
      assert.equal(detail.code, 'BAD_USER_INPUT');
      assert.match(detail.message, message);
    }
    await give(page, { dimension: DIMENSION }, { method: 'UMAP', umap: { minDist: -1 } });
    assert.match((await heard(page, 'map-error')).detail.message, /minDist/);
    await give(page, { dimension: DIMENSION }, { method: 'PCA' });
    await heard(page, 'projection-change');
  });
});
