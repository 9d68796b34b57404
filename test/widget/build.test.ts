import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { buildWidget } from '../../widget/build.ts';
import { readsTypescript } from '../helpers/typescript.ts';

const outDir = mkdtempSync(join(tmpdir(), 'embedding-map-widget-'));
after(() => rmSync(outDir, { recursive: true, force: true }));

/** What a visitor waits for; regl and regl-scatterplot are more than half of it. What few need is in the second file. */
const GZIP_LIMIT_BYTES = 120_000;

test('the element is one module of at most 120 kB compressed that imports nothing, beside its source map and pages', async () => {
  const { gzipBytes, built } = await buildWidget(outDir);
  assert(built);
  assert(gzipBytes <= GZIP_LIMIT_BYTES, `${gzipBytes} bytes`);
  const code = readFileSync(join(outDir, 'embedding-map.js'), 'utf8');
  assert.doesNotMatch(code, /(?:^|[;}])\s*import\s*(?:["'{*]|\w+\s+from)/m);
  assert.equal(code.match(/\bimport\(/g)?.length, 1, 'it loads the second file, and that alone');
  assert.doesNotMatch(code, /\beval\(/);
  const more = readFileSync(join(outDir, 'embedding-map-more.js'), 'utf8');
  assert.doesNotMatch(more, /(?:^|[;}])\s*import\s*(?:["'{*]|\w+\s+from)/m);
  assert.doesNotMatch(more, /regl|LitElement/, 'what the first file has is not in the second again');
  const compute = readFileSync(join(outDir, 'embedding-map-compute.js'), 'utf8');
  assert.doesNotMatch(compute, /(?:^|[;}])\s*import\s*(?:["'{*]|\w+\s+from)/m);
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
    execFileSync(process.execPath, [...readsTypescript, '-e', script], { encoding: 'utf8' }).trim(),
    'function undefined',
  );
});
