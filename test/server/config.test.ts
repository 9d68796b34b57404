import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { test } from 'node:test';

import { readConfig } from '../../server/config.ts';
import { UserError } from '../../server/errors.ts';

test('with nothing set it is a personal tool: loopback, an embedded database, demo data', () => {
  const config = readConfig({});
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, 4000);
  assert.equal(config.loopback, true);
  assert.equal(config.introspection, true);
  assert.equal(config.databaseUrl, null);
  assert.equal(config.dataDir, resolve('.data'));
  assert.deepEqual(config.demoDatasets, ['digits', 'emoji', 'wordnet']);
});

test('an empty variable is one that is not set', () => {
  assert.deepEqual(readConfig({ PORT: '', HOST: ' ', DATABASE_URL: '' }), readConfig({}));
});

test('beyond loopback the schema is not told unless asked for', () => {
  assert.equal(readConfig({ HOST: '0.0.0.0' }).introspection, false);
  assert.equal(readConfig({ HOST: '0.0.0.0', INTROSPECTION: 'true' }).introspection, true);
  for (const host of ['localhost', '127.0.0.5', '::1']) assert.equal(readConfig({ HOST: host }).loopback, true, host);
  for (const host of ['0.0.0.0', '::', '192.168.1.5', '127.example.org', 'example.org']) {
    assert.equal(readConfig({ HOST: host }).loopback, false, host);
  }
});

test('no demo data is loaded where none is wanted', () => {
  assert.deepEqual(readConfig({ DEMO_DATASETS: 'none' }).demoDatasets, []);
  assert.deepEqual(readConfig({ DEMO_DATASETS: 'digits, fashion-mnist,' }).demoDatasets, ['digits', 'fashion-mnist']);
});

for (const [name, value, wanted] of [
  ['PORT', '70000', /PORT is "70000"; wanted: a whole number from 0 to 65535/],
  ['PORT', '80.5', /PORT is "80.5"/],
  ['DATABASE_URL', 'mysql://a:secret@b/c', /DATABASE_URL is "mysql:\/\/…@b\/c"; wanted: an address that begins with/],
  ['CORS_ORIGINS', 'https://example.org/page', /CORS_ORIGINS is "https:\/\/example.org\/page"; wanted: \* or origins/],
  ['INTROSPECTION', 'yes', /INTROSPECTION is "yes"; wanted: true or false/],
  ['LOG_LEVEL', 'loud', /LOG_LEVEL is "loud"; wanted: fatal, error/],
  ['WORKERS', '-1', /WORKERS is "-1"/],
] as const) {
  test(`${name}=${value} is refused with what it is and what it may be`, () => {
    assert.throws(
      () => readConfig({ [name]: value }),
      (error) => {
        assert.ok(error instanceof UserError, 'a UserError');
        assert.match(error.message, wanted);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  });
}

test('the README lists every variable', async () => {
  const [source, readme] = await Promise.all(
    ['server/config.ts', 'README.md'].map((file) => readFile(new URL(`../../${file}`, import.meta.url), 'utf8')),
  );
  const read = new Set([...(source ?? '').matchAll(/(?:text|list|integer)\('([A-Z_]+)'/g)].map(([, name]) => name));
  const listed = new Set([...(readme ?? '').matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name]) => name));
  assert.ok(read.size > 10, `${read.size}`);
  assert.deepEqual([...read].sort(), [...listed].sort());
});
