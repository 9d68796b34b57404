/** Maps that the element makes of a page's own vectors on the graphics card that the browser gives: those of the processor. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import type { Page } from 'playwright-core';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { type MapOptions, makeMap } from '#kernels/map.ts';
import type { Matrix } from '#kernels/matrix.ts';

import { pointsOfFrame } from '../../widget/framePoints.ts';
import type { PageMapOptions } from '../../widget/vectors.ts';
import { browserForTests } from '../helpers/browser.ts';
import { heard, PATIENCE_MS, pageWithMap, startSite } from '../helpers/mapPage.ts';
import { groups } from '../helpers/rows.ts';
import { type TestServer, testServers } from '../helpers/server.ts';

/** WebGPU by SwiftShader; why the last one: server/gpu.ts. */
const FLAGS = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-dawn-features=disable_workgroup_init',
];
const { newPage, skip } = await browserForTests(FLAGS);
const start = testServers();
const site = await startSite();

const DIMENSION = 6;
const rows = groups(160, DIMENSION);

describe("maps of a page's own vectors on a graphics card", { skip, concurrency: false }, () => {
  let server: TestServer;

  before(async () => {
    server = await start();
  });

  async function open(): Promise<Page> {
    const page = await newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(site.serve(pageWithMap(server.url, '')));
    await page.waitForFunction(() => customElements.get('embedding-map') !== undefined);
    return page;
  }

  /** Gives the element the rows, and waits for the map. @returns its points, and what is said of how it was made */
  async function mapIn(page: Page, options: PageMapOptions) {
    await page.evaluate(
      ([numbers, dimension, wanted]) => {
        const element = document.querySelector('embedding-map');
        if (!element) throw new Error('no element');
        element.mapOptions = wanted;
        element.vectors = { rows: Float32Array.from(numbers), dimension };
      },
      [[...rows.data], DIMENSION, options] as const,
    );
    await heard(page, 'projection-change');
    const points = await page.evaluate(() => {
      const { x = [], y = [] } = document.querySelector('embedding-map')?.map?.points ?? {};
      return { x: [...x], y: [...y] };
    });
    const facts = page.locator('embedding-map .facts dt', { hasText: 'Computed' }).locator('+ dd');
    if (!(await facts.isVisible())) await page.getByRole('button', { name: 'About this map' }).click();
    const [, device] = / on (\w+)$/.exec(await facts.innerText()) ?? [];
    return { ...points, device };
  }

  const hasGpu = (page: Page) =>
    page.evaluate(async () => (await (navigator.gpu as GPU | undefined)?.requestAdapter()) != null);

  for (const [name, options] of [
    // After many steps the last bits of a power have grown to other places.
    ['UMAP', { method: 'UMAP', seed: 7, umap: { neighbors: 10, epochs: 3 } }],
    ['PaCMAP', { method: 'PACMAP', seed: 7, pacmap: { neighbors: 8, phases: [2, 2, 2] } }],
  ] as const) {
    test(`by ${name} they are the processor's, up to rounding`, async (context) => {
      const page = await open();
      if (!(await hasGpu(page))) {
        if (process.env['CI'] === 'true') assert.fail('The browser has no WebGPU, not even in software.');
        return context.skip('The browser has no WebGPU, not even in software.');
      }
      const given = { ...options, device: 'GPU' } as const;
      const made = await mapIn(page, given);
      assert.equal(made.device, 'GPU');
      const wanted = await inNode({ components: 2, metric: 'EUCLIDEAN', ...options });
      const apart = Array.from(made.x, (x, i) =>
        Math.hypot(x - (wanted.x[i] ?? 0), (made.y[i] ?? 0) - (wanted.y[i] ?? 0)),
      );
      assert.ok(Math.max(...apart) < 2e-4 * wanted.halfExtent, `${Math.max(...apart)} of ${wanted.halfExtent}`);
      // And again, bit for bit.
      if (name === 'UMAP') assert.deepEqual(await mapIn(page, given), made);
    });
  }

  test('by PCA they are made on the processor, and it is said so', async (context) => {
    const page = await open();
    if (!(await hasGpu(page))) return context.skip('The browser has no WebGPU, not even in software.');
    assert.equal((await mapIn(page, { method: 'PCA', device: 'GPU' })).device, 'CPU');
  });
});

/** What Node's processor comes to, in the world into which the element fits it. */
async function inNode(options: MapOptions) {
  const backend = await CpuBackend.create(null);
  const { coordinates }: { coordinates: Matrix } = await makeMap(rows, options, { backend: async () => backend });
  backend.close();
  const none = new Float32Array(rows.rows);
  const points = pointsOfFrame(
    {
      ...{ count: rows.rows, components: 2, x: none, y: none, z: none, middle: [0, 0, 0], halfExtent: 1, rows: null },
      ...{ key: String, columns: new Map() },
    },
    coordinates,
  );
  assert.ok(points);
  return points;
}
