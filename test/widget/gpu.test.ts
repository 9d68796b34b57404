import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { startBrowser } from '../helpers/browser.ts';
import type { PageResult } from './gpu.page.ts';

declare function run(): Promise<PageResult | null>;

/** WebGPU by SwiftShader; why the last one: server/gpu.ts. */
const FLAGS = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-dawn-features=disable_workgroup_init',
];

test('the shaders run in a page, and find there what the processor finds', async (context) => {
  const browser = await startBrowser(FLAGS).catch((error: unknown) => {
    if (process.env['CI'] === 'true') throw error;
    return null;
  });
  if (browser === null) return context.skip('no browser');
  after(() => browser.close());
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./gpu.page.ts', import.meta.url))],
    ...{ bundle: true, format: 'esm', target: 'es2022', write: false, logLevel: 'error' },
  });
  const [script] = outputFiles;
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><script type="module">${script?.text.replaceAll('</script', '<\\/script')}</script>`);
  }).listen(0, '127.0.0.1');
  after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForFunction(() => 'run' in globalThis);
  const result = await page.evaluate(() => run());

  if (result === null) {
    if (process.env['CI'] === 'true') assert.fail('The browser has no WebGPU, not even in software.');
    return context.skip('The browser has no WebGPU, not even in software.');
  }
  const { name, wrongNeighbors, umap, tsne, same } = result;
  assert.notEqual(name, '');
  assert.equal(wrongNeighbors, 0);
  assert.ok(umap < 1e-5, `${umap}`);
  assert.ok(tsne < 1e-6, `${tsne}`);
  assert.ok(same, 'a second run gives the same bits');
});
