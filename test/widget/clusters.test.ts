/** Groups on the map, in a real browser: labels from afar and from near, the list of them, their colours. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import type { Page } from 'playwright-core';

import { createRandom } from '#kernels/random.ts';
import type { EmbeddingMap } from '../../widget/embedding-map.ts';
import { browserForTests } from '../helpers/browser.ts';
import { pageWithMap, ready, startSite } from '../helpers/mapPage.ts';
import { allJobs, type TestServer, testServers, upload } from '../helpers/server.ts';

const families = ['bird', 'fish', 'tree'] as const;
const start = testServers();
const site = await startSite();

/** Three families far from each other, of four kinds each that lie side by side. */
function table(): string {
  const random = createRandom(9);
  const rows = Array.from({ length: 600 }, (_, i) => {
    const [family, kind] = [i % 3, Math.floor(i / 3) % 4];
    const x = 40 * family + 6 * (kind % 2) + random.normal();
    const y = 20 * (family % 2) + 6 * Math.floor(kind / 2) + random.normal();
    return `k${i}\t${families[family]} kind${family}${kind}\t${x}\t${y}`;
  });
  return ['key\tlabel\tx\ty', ...rows].join('\n');
}

describe('groups on the map', async () => {
  const { newPage, skip } = await browserForTests();
  let server: TestServer;
  let address: string;
  before(async () => {
    server = await start({ WORKERS: '1', CORS_ORIGINS: '*' });
    const uploads = await upload(server, { 'kinds.tsv': table() });
    await server.data('mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }', {
      input: { dataset: 'kinds', uploads },
    });
    await allJobs(server);
    const input = {
      ...{ dataset: 'kinds', embedding: 'coordinates', projection: 'given', name: 'groups' },
      hdbscan: { minClusterSize: 20, selection: 'LEAF' },
    };
    await server.data('mutation ($input: ClusterEmbeddingInput!) { clusterEmbedding(input: $input) { job { id } } }', {
      input,
    });
    await allJobs(server);
    address = site.serve(pageWithMap(server.url, 'dataset="kinds" color-by="clusters.groups"'));
  });

  async function open(): Promise<Page> {
    const page = await newPage();
    await page.goto(address);
    await ready(page);
    await page.waitForFunction(() => (document.querySelector<EmbeddingMap>('embedding-map')?.labels.length ?? 0) > 0);
    return page;
  }

  const labelsOf = (page: Page) =>
    page.evaluate(() => (document.querySelector<EmbeddingMap>('embedding-map')?.labels ?? []).map(({ text }) => text));

  test('from afar each family has a label, from near each kind', { skip }, async () => {
    const page = await open();
    const far = await labelsOf(page);
    assert.equal(far.length, 3, far.join(' | '));
    for (const family of families) assert.equal(far.filter((text) => text.includes(family)).length, 1, far.join(' | '));
    await page.evaluate(() => {
      const map = document.querySelector<EmbeddingMap>('embedding-map');
      if (map !== null) map.camera = { ...map.camera, zoom: 6 };
    });
    const near = await labelsOf(page);
    assert.equal(near.length > 0 && near.every((text) => text.includes('kind')), true, near.join(' | '));
  });

  test('colours by group have a legend, and the list shows a group alone', { skip }, async () => {
    const page = await open();
    const map = page.locator('embedding-map');
    assert.match(await map.locator('.legend').innerText(), /Groups/);
    await map.getByRole('button', { name: 'Groups', exact: true }).click();
    const rows = map.locator('.panel .row');
    await rows.first().waitFor(); // its code is fetched when it is first wanted
    assert.equal(await rows.count(), 12);
    assert.match(await map.locator('.panel header').innerText(), /12 groups by HDBSCAN/);
    await rows.first().click();
    assert.equal(await rows.first().getAttribute('aria-pressed'), 'true');
    await page.waitForFunction(() => (document.querySelector<EmbeddingMap>('embedding-map')?.camera.zoom ?? 1) > 2);
    await map.getByRole('button', { name: 'Close panel' }).click();
    assert.equal(await rows.count(), 0);
  });

  test('where none are wanted, there are none', { skip }, async () => {
    const page = await open();
    await page.evaluate(async () => {
      const map = document.querySelector<EmbeddingMap>('embedding-map');
      map?.setAttribute('clusters', 'none');
      await map?.updateComplete;
    });
    assert.deepEqual(await labelsOf(page), []);
    assert.equal(await page.locator('embedding-map').getByRole('button', { name: 'Groups', exact: true }).count(), 0);
  });
});
