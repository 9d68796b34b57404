import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { findUpload } from '../../../server/datasets/uploads.ts';
import { onEveryServer, type TestServer } from '../../helpers/server.ts';

onEveryServer((_engine, start) => {
  let server: TestServer;
  before(async () => {
    server = await start({ UPLOAD_LIMIT_BYTES: '3000000' }, { bodyBytes: 1_000, uploadIdleMs: 300 });
  });

  const upload = (name: string, body: Uint8Array<ArrayBuffer> | string, headers: Record<string, string> = {}) =>
    server.fetch(`/uploads?name=${encodeURIComponent(name)}`, { method: 'POST', body, headers });

  const files = () => readdir(join(server.config.dataDir, 'uploads')).catch(() => []);

  test('an upload is kept byte for byte, whatever its type and however large beside a GraphQL request', async () => {
    const bytes = Uint8Array.from(randomBytes(2_500_000));
    for (const type of ['application/octet-stream', 'application/json', 'text/plain', '']) {
      const response = await upload('vectors.npy', bytes, type === '' ? {} : { 'content-type': type });
      assert.equal(response.status, 201, type);
      const { id, name, bytes: size, sha256 } = await response.json();
      assert.equal(name, 'vectors.npy');
      assert.equal(size, bytes.length);
      assert.equal(sha256, createHash('sha256').update(bytes).digest('hex'));
      assert.deepEqual(Uint8Array.from(await readFile(join(server.config.dataDir, 'uploads', id))), bytes);
      assert.equal((await findUpload(server.database, id))?.sha256, sha256);
    }
  });

  test('a name loses its folders and what no name can hold, and keeps its letters', async () => {
    const names: readonly (readonly [string, string])[] = [
      ['../../etc/passwd', 'passwd'],
      ['C:\\Users\\me\\words.tsv', 'words.tsv'],
      ['a\u0000b\n.csv', 'ab.csv'],
      ['Wörter 词 😀.csv', 'Wörter 词 😀.csv'],
    ];
    for (const [given, kept] of names) {
      const response = await upload(given, 'a,b');
      assert.equal(response.status, 201);
      assert.equal((await response.json()).name, kept);
    }
  });

  test('an upload without a name, with two, or without bytes is refused and leaves nothing', async () => {
    const before = await files();
    for (const path of ['/uploads', '/uploads?name=', '/uploads?name=a&name=b']) {
      const response = await server.fetch(path, { method: 'POST', body: 'a,b' });
      assert.equal(response.status, 400, path);
      assert.equal((await response.json()).errors[0].extensions.code, 'BAD_USER_INPUT');
    }
    assert.equal((await upload('empty.csv', '')).status, 400);
    assert.deepEqual(await files(), before);
  });

  test('an upload larger than is allowed is refused with 413, told in advance or not, and leaves nothing', async () => {
    const before = await files();
    const told = await upload('large.bin', new Uint8Array(3_000_001));
    assert.equal(told.status, 413);
    assert.equal((await told.json()).errors[0].extensions.code, 'LIMIT_EXCEEDED');
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(`${server.url}/uploads?name=large.bin`, { method: 'POST' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      for (let i = 0; i < 31; i++) request.write(new Uint8Array(100_000));
      request.end();
    });
    assert.equal(status, 413);
    assert.deepEqual(await files(), before);
  });

  test('a client that goes away in the midst of its upload, or falls silent, leaves nothing', async () => {
    const before = await files();
    const begin = () => {
      const request = httpRequest(`${server.url}/uploads?name=half.bin`, {
        method: 'POST',
        headers: { 'content-length': '1000000' },
      });
      request.write(new Uint8Array(1_000));
      return request;
    };
    const aborted = begin();
    aborted.on('error', () => {});
    while ((await files()).length === before.length) await new Promise((resolve) => setTimeout(resolve, 20));
    aborted.destroy();
    const silent = begin();
    silent.on('error', () => {});
    const status = await new Promise((resolve) => {
      silent.on('response', (response) => resolve(response.statusCode));
      silent.on('close', () => resolve('closed'));
    });
    assert.ok(status === 408 || status === 'closed', String(status));
    for (let tries = 0; tries < 50 && (await files()).length > before.length; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual(await files(), before);
  });
});
