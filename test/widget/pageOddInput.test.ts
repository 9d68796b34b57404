/** Vectors of a page that are few, equal, flat or wrong: a map of finite coordinates that says what was reduced, or a sentence; never a map that stays in the making. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import type { Page } from 'playwright-core';

import { createRandom } from '#kernels/random.ts';
import type { PageMapOptions } from '../../widget/vectors.ts';
import { browserForTests } from '../helpers/browser.ts';
import { PATIENCE_MS, pageWithMap, startSite } from '../helpers/mapPage.ts';
import { type TestServer, testServers } from '../helpers/server.ts';

const { newPage, skip } = await browserForTests();
const start = testServers();
const site = await startSite();

const random = createRandom(5);
const cloud = (rows: number, columns: number, [middle = 0, scale = 1] = []) =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => middle + scale * random.normal()));

/** All that the page offers, in few steps. */
const methods: readonly PageMapOptions[] = [
  { method: 'PCA' },
  { method: 'UMAP', umap: { epochs: 30 } },
  { method: 'TSNE', tsne: { iterations: 40, earlyIterations: 20 } },
  { method: 'PACMAP', pacmap: { phases: [10, 10, 10] } },
  { method: 'LOCALMAP', pacmap: { phases: [10, 10, 10] } },
];
const isPca = ({ method }: PageMapOptions) => method === 'PCA';

const tooLong = 'The vectors are too long, or too short, to be compared.';

/** Odd, but to be mapped; and what is to be said of it by PCA and by the others. */
const odd: readonly {
  readonly what: string;
  readonly rows: readonly (readonly number[])[];
  readonly options?: PageMapOptions;
  /** How many neighbours the first has, or why that cannot be told. Default: ten, or all others. */
  readonly near?: number | string;
  readonly told?: { readonly pca: RegExp | null; readonly others: RegExp };
}[] = [
  { what: 'one', rows: cloud(1, 3), told: { pca: null, others: /There is 1 item, so/ } },
  {
    ...{ what: 'two', rows: cloud(2, 3) },
    told: { pca: /2 items of 3 numbers, which can differ along 1 direction/, others: /There are 2 items, so/ },
  },
  {
    what: 'three',
    rows: cloud(3, 3),
    told: { pca: null, others: /There are 3 items, so (2 neighbours|the perplexity)/ },
  },
  {
    ...{ what: 'twenty that are equal', rows: Array.from({ length: 20 }, () => [1, 2, 3]) },
    told: { pca: /All 20 items have the same vector/, others: /All 20 items have the same vector/ },
  },
  {
    ...{
      what: 'zeros, which the cosine knows no neighbours of',
      near: 0,
      rows: Array.from({ length: 20 }, () => [0, 0]),
      options: { metric: 'COSINE' },
    },
    told: { pca: /same vector/, others: /same vector/ },
  },
  { what: 'a constant column', rows: cloud(30, 2).map((row) => [...row, 7]) },
  {
    ...{ what: 'one number each, in three dimensions', rows: cloud(30, 1), options: { components: 3 } },
    told: { pca: /can differ along 1 direction: the other coordinates are 0/, others: /|/ },
  },
  { what: 'two groups out of sight of each other', rows: [...cloud(20, 3), ...cloud(20, 3, [1e6])] },
  { what: 'two places with twenty each', rows: Array.from({ length: 40 }, (_, i) => [i % 2, 1 - (i % 2)]) },
  { what: 'lengths whose squares are no 32-bit numbers', rows: cloud(30, 3, [0, 1e37]), near: tooLong },
  { what: 'lengths below 32-bit precision', rows: cloud(30, 3, [0, 1e-41]), near: tooLong },
];

const rows = cloud(30, 3);
const withValue = (value: number) => [...rows, [1, value, 2]];

/** Not to be mapped: the vectors, as the page might have them, or the options. */
const refused: readonly (readonly [vectors: unknown, options: object, message: RegExp])[] = [
  [{ rows: [] }, { method: 'PCA' }, /There are no vectors: `rows` is empty\./],
  [{ rows: [] }, { method: 'TSNE' }, /There are no vectors/],
  [{ rows: [[], []] }, {}, /The rows have no numbers/],
  [{}, {}, /`rows` is no list/],
  [{ rows: [[1, 2], null] }, {}, /Row 1 is no array/],
  [{ rows: [[1, 2], [1]] }, {}, /Row 1 has 1 numbers; wanted: 2/],
  [{ rows: withValue(Number.NaN) }, {}, /Row 30 has NaN at place 1; wanted: finite/],
  [{ rows: withValue(Number.NEGATIVE_INFINITY) }, {}, /Row 30 has -Infinity at place 1/],
  [{ rows: withValue(1e39) }, {}, /Row 30 has 1e\+39 at place 1; .* in the range of 32 bits/],
  [{ rows }, { method: 'TSNE', tsne: { perplexity: Number.NaN } }, /tsne\.perplexity is NaN; wanted: from 2 to 100/],
  [{ rows }, { method: 'TSNE', tsne: { perplexity: 500 } }, /tsne\.perplexity is 500/],
  [{ rows }, { umap: { neighbors: 2.5 } }, /umap\.neighbors is 2\.5; wanted: a whole number/],
  [{ rows }, { umap: { epochs: Number.POSITIVE_INFINITY } }, /umap\.epochs is Infinity/],
  [
    { rows },
    { umap: { initialization: 'nowhere' } },
    /umap\.initialization is "nowhere"; wanted: one of PCA, SPECTRAL/,
  ],
  [{ rows }, { method: 'PCA', umap: {} }, /umap has the options of the method UMAP, but the method is PCA/],
  [{ rows }, { method: 'PCA', components: 5 }, /components is 5; wanted: 2 or 3/],
  [{ rows }, { components: 1 }, /components is 1; wanted: 2 or 3/],
  [{ rows }, { method: 'umap' }, /method is "umap"; wanted: one of PCA, UMAP/],
  [{ rows }, { metric: 'cosine' }, /metric is "cosine"; wanted: one of COSINE/],
  [{ rows }, { seed: 1.5 }, /seed is 1\.5; wanted: a whole number/],
  [{ rows }, { device: 'TPU' }, /device is "TPU"; wanted: one of AUTO, GPU, CPU/],
];

describe("odd vectors of a page's own, in a real browser", { skip, concurrency: false }, () => {
  let server: TestServer;
  before(async () => {
    server = await start();
  });

  async function open(): Promise<Page> {
    const page = await newPage({ viewport: { width: 480, height: 320 } });
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(site.serve(pageWithMap(server.url, '')));
    await page.waitForFunction(() => customElements.get('embedding-map') !== undefined);
    return page;
  }

  /** Gives the vectors, and waits for the map or for why there is none; then asks of the map what a user would. */
  const outcome = (page: Page, vectors: unknown, options: object) =>
    page.evaluate(
      async ([given, wanted]) => {
        const element = document.querySelector('embedding-map');
        if (!element) throw new Error('no element');
        const ended = new Promise<string | null>((resolve) => {
          element.addEventListener('projection-change', () => resolve(null), { once: true });
          element.addEventListener('map-error', ({ detail }) => resolve(detail.message), { once: true });
          setTimeout(() => resolve('it stays in the making'), 20_000);
        });
        Object.assign(element, { mapOptions: wanted, vectors: given });
        const refusal = await ended;
        const { map } = element;
        if (refusal !== null || map === null) return { refusal, told: '' };
        const summary = await map.client.dataset('page');
        const { x, y, z, count } = map.points;
        const first = { key: map.points.key(0), row: Array.from(Object(given).rows[0], Number) };
        const near = await map.client.nearest(map.names, first.key, 10, null).catch(({ message }: Error) => message);
        // Where neighbours cannot be told, those methods cannot place by them.
        const placed = typeof near === 'string' ? [] : await element.place([first.row]);
        const distances = typeof near === 'string' ? [] : near.neighbors.map(({ distance }) => distance);
        return {
          ...{ refusal, count, told: summary?.description ?? '', inTheMaking: summary?.jobs?.length },
          near: typeof near === 'string' ? near : near.neighbors.length,
          isFinite: [...x, ...y, ...z, ...placed.flat(), ...distances].every(Number.isFinite),
        };
      },
      [vectors, options] as const,
    );

  for (const options of methods) {
    test(`by ${options.method} they are mapped to finite places, asked for neighbours and placed on, and what was reduced is told`, async () => {
      const page = await open();
      for (const { what, rows, options: more, told, near = Math.min(10, rows.length - 1) } of odd) {
        const { told: said, ...found } = await outcome(page, { rows }, { device: 'CPU', ...options, ...more });
        const count = rows.length;
        assert.deepEqual(found, { refusal: null, count, inTheMaking: 0, near, isFinite: true }, what);
        const wanted = isPca(options) ? told?.pca : told?.others;
        if (wanted) assert.match(said ?? '', wanted, what);
      }
    });
  }

  test('what cannot be mapped is refused in a sentence, and the next map is made', async () => {
    const page = await open();
    for (const [vectors, options, message] of refused) {
      assert.match((await outcome(page, vectors, { device: 'CPU', ...options })).refusal ?? 'a map', message);
      assert.match(await page.locator('embedding-map [role=alert]').innerText(), message);
    }
    assert.equal((await outcome(page, { rows }, { method: 'PCA', device: 'CPU' })).refusal, null);
    assert.match(await page.locator('embedding-map .status').innerText(), /^30 items · PCA/);
  });
});
