/** Items whose pictures lie on other servers: a file names them, the map shows them, and nothing is told to whoever has them. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import sharp from 'sharp';

import { browserForTests } from '../helpers/browser.ts';
import { PATIENCE_MS, pageWithMap, ready, startSite } from '../helpers/mapPage.ts';
import { allJobs, type TestServer, testServers, upload } from '../helpers/server.ts';

const { newPage, skip } = await browserForTests();
const start = testServers();
const site = await startSite();

const count = 12;
const address = (i: number) => `https://pictures.example/${i}?size=large`;
const rows = Array.from({ length: count }, (_, i) => {
  const image = i === count - 1 ? '' : i === count - 2 ? 'http://pictures.example/open.png' : address(i);
  return [`item-${i}`, image, Math.cos(i), Math.sin(i), 0.1 * i].join(',');
});
const table = new TextEncoder().encode(['name,image,v1,v2,v3', ...rows].join('\n'));

describe('pictures that lie elsewhere', { concurrency: false }, () => {
  let server: TestServer;

  before(
    async () => {
      server = await start({ WORKERS: '1' });
      const uploads = await upload(server, { 'things.csv': table });
      await server.data('mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }', {
        input: {
          ...{ dataset: 'things', uploads, columns: { vector: 'v*' } },
          projections: [{ name: 'flat', method: 'PCA' }],
        },
      });
      await allJobs(server);
    },
    { timeout: 120_000 },
  );

  test('an https address in the column of pictures is kept, and is the picture; one that is open to all is refused', async () => {
    const { dataset, jobs } = await server.data(`{
      dataset(slug: "things") { fields { name type } items(first: 20) { nodes { key fields image(size: 64) { url width height } } } }
      jobs(first: 10) { nodes { kind rejections { reason } } }
    }`);
    assert.deepEqual(dataset.fields, [{ name: 'image', type: 'TEXT' }], 'the address is a field');
    const { nodes } = dataset.items;
    assert.equal(nodes.length, count - 1);
    assert.deepEqual(nodes[3].image, { url: address(3), width: null, height: null });
    assert.equal(nodes[3].fields.image, address(3));
    assert.equal(nodes.at(-1).image, null, 'an empty cell is no picture');
    const { rejections } = jobs.nodes.find(({ kind }: { kind: string }) => kind === 'IMPORT_DATASET');
    assert.match(rejections[0].reason, /"http:\/\/pictures\.example\/open\.png".*nor an https address/);
  });

  test('the map shows it beside its point and in lists, and tells its server neither the page nor the token', {
    skip,
  }, async () => {
    const page = await newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => assert.fail(error));
    const body = await sharp({ create: { width: 40, height: 40, channels: 3, background: '#c02040' } })
      .png()
      .toBuffer();
    const asked: Record<string, string>[] = [];
    await page.route('https://pictures.example/**', async (route) => {
      asked.push(await route.request().allHeaders());
      await route.fulfill({ body, contentType: 'image/png' });
    });
    await page.goto(site.serve(pageWithMap(server.url, 'dataset="things"')));
    await page.evaluate(() => {
      const element = document.querySelector('embedding-map');
      if (element !== null) element.token = 'secret-token';
    });
    await ready(page);
    await page.getByRole('searchbox').fill('item-');
    const pictures = page.locator('embedding-map .panel .row img');
    await pictures.first().waitFor();
    assert.equal(await pictures.count(), count - 2);
    assert.equal(await pictures.nth(3).getAttribute('src'), address(3));
    await page.waitForFunction(() => {
      const image = document.querySelector('embedding-map')?.shadowRoot?.querySelector('.panel .row img');
      return image instanceof HTMLImageElement && image.naturalWidth === 40;
    });
    await page.evaluate(() => document.querySelector('embedding-map')?.showNeighbors('item-3'));
    await page.locator(`embedding-map .about img[src="${address(3)}"]`).waitFor();
    assert.doesNotMatch(await page.locator('embedding-map .about').innerText(), /pictures\.example/);
    assert.ok(asked.length > 0);
    for (const headers of asked) {
      assert.equal(headers['referer'], undefined);
      assert.equal(headers['authorization'], undefined);
      assert.equal(headers['cookie'], undefined);
    }
  });

  test("the server's own pages may show pictures from elsewhere, over https alone", async () => {
    const policy = (await fetch(server.url)).headers.get('content-security-policy') ?? '';
    assert.match(policy, /img-src [^;]*https:/);
    assert.doesNotMatch(policy, /http:/);
  });
});
