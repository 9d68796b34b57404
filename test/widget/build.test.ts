import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { buildWidget } from '../../widget/build.ts';

const outDir = mkdtempSync(join(tmpdir(), 'embedding-map-widget-'));
after(() => rmSync(outDir, { recursive: true, force: true }));

/**
 * What a visitor waits for; regl and regl-scatterplot are more than half of it. Search by meaning and by a picture, prompts,
 * layers and comparison took 6 kB, upon which the limit went from 120 to 130 kB.
 */
const GZIP_LIMIT_BYTES = 130_000;

test('the element is one module of at most 130 kB compressed that imports nothing, beside its source map and pages', async () => {
  const { gzipBytes, built } = await buildWidget(outDir);
  assert(built);
  assert(gzipBytes <= GZIP_LIMIT_BYTES, `${gzipBytes} bytes`);
  const code = readFileSync(join(outDir, 'embedding-map.js'), 'utf8');
  assert.doesNotMatch(code, /(?:^|[;}])\s*import\s*(?:["'{*]|\w+\s+from)/m);
  assert.doesNotMatch(code, /\bimport\(/);
  assert.doesNotMatch(code, /\beval\(/);
  assert.match(readFileSync(join(outDir, 'index.html'), 'utf8'), /embedding-map\.js/);
  assert.match(readFileSync(join(outDir, 'embed.html'), 'utf8'), /embedding-map\.js/);
});

test('building again does nothing while no source has changed', async () => {
  assert.equal((await buildWidget(outDir)).built, false);
});

test('pages load nothing from elsewhere', () => {
  for (const name of ['index.html', 'embed.html', 'pages.css']) {
    assert.doesNotMatch(readFileSync(join(outDir, name), 'utf8'), /https?:\/\//);
  }
});

test('importing the element in Node defines nothing and touches no browser global', () => {
  const source = new URL('../../widget/index.ts', import.meta.url).href;
  const script = `import('${source}').then(({ EmbeddingMap }) => console.log(typeof EmbeddingMap, typeof document))`;
  assert.equal(
    execFileSync(process.execPath, ['--import', 'tsx', '-e', script], { encoding: 'utf8' }).trim(),
    'function undefined',
  );
});
