import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { tableFromIPC } from 'apache-arrow';
import fastify from 'fastify';

import { createMatrix } from '#kernels/matrix.ts';
import type { Database } from '../../../server/database/database.ts';
import { UserError } from '../../../server/errors.ts';
import { pointsOf } from '../../../server/projections/pointsFile.ts';
import { replaceProjection, requireProjection } from '../../../server/projections/projections.ts';
import { pointsRoutes } from '../../../server/routes/points.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeEmbedding } from '../../helpers/maps.ts';

const COUNT = 2000;

/** The routes on a server of their own, with a map of two thousand points. */
async function serve(database: Database) {
  const items = Array.from({ length: COUNT }, (_, i) => ({ key: `item ${i}`, fields: { group: `g${i % 7}` } }));
  const matrix = createMatrix(COUNT, 1, new Float32Array(COUNT).fill(1));
  const fields = [{ name: 'group', type: 'CATEGORY' as const }];
  const embedding = await makeEmbedding(database, { slug: 'points', fields, items, matrix });
  const place = () =>
    database.transaction((transaction) =>
      replaceProjection(transaction, {
        embedding,
        name: 'map',
        method: 'GIVEN',
        components: 2,
        itemIds: Float64Array.from(items, (_, i) => i + 1),
        coordinates: Float32Array.from({ length: COUNT * 2 }, (_, i) => i),
      }),
    );
  await place();
  const dataDir = await mkdtemp(join(tmpdir(), 'embedding-map-points-route-'));
  const app = fastify();
  app.setErrorHandler((error, _request, reply) =>
    reply.code(error instanceof UserError && error.code === 'NOT_FOUND' ? 404 : 400).send({ message: String(error) }),
  );
  await app.register(pointsRoutes, { config: { dataDir }, database });
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  after(async () => {
    await app.close();
    await rm(dataDir, { recursive: true });
  });
  const urlOf = async (columns: readonly string[]) => {
    const projection = await requireProjection(database, embedding.id, 'map');
    return `${address}${(await pointsOf(projection, columns, { database })).url}`;
  };
  return { urlOf, place };
}

const plain = { 'accept-encoding': 'identity' };

onEveryDatabase((_engine, open) => {
  test('points come whole, compressed, in part, as a head, or not at all where the client has them', async () => {
    const { urlOf } = await serve(await open());
    const url = await urlOf(['label', 'group']);
    const whole = await fetch(url, { headers: plain });
    assert.equal(whole.status, 200);
    assert.equal(whole.headers.get('content-type'), 'application/vnd.apache.arrow.stream');
    assert.match(whole.headers.get('cache-control') ?? '', /immutable/);
    assert.equal(whole.headers.get('vary'), 'accept-encoding');
    const bytes = new Uint8Array(await whole.arrayBuffer());
    assert.equal(Number(whole.headers.get('content-length')), bytes.length);
    const table = tableFromIPC(bytes);
    assert.equal(table.numRows, COUNT);
    assert.deepEqual(
      table.schema.fields.map(({ name }) => name),
      ['key', 'x', 'y', 'label', 'group'],
    );

    const compressed = await fetch(url, { headers: { 'accept-encoding': 'br' } });
    assert.equal(compressed.headers.get('content-encoding'), 'br');
    assert.ok(Number(compressed.headers.get('content-length')) < bytes.length);
    assert.notEqual(compressed.headers.get('etag'), whole.headers.get('etag'));
    assert.deepEqual(new Uint8Array(await compressed.arrayBuffer()), bytes);

    const head = await fetch(url, { method: 'HEAD', headers: plain });
    assert.equal(head.headers.get('content-length'), String(bytes.length));
    assert.equal(head.headers.get('etag'), whole.headers.get('etag'));

    const etag = whole.headers.get('etag') ?? '';
    assert.match(etag, /^"[\w-]+"$/);
    const known = await fetch(url, { headers: { ...plain, 'if-none-match': `"other", ${etag}` } });
    assert.equal(known.status, 304);
    assert.equal(await known.text(), '');

    const part = await fetch(url, { headers: { ...plain, range: 'bytes=10-19' } });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get('content-range'), `bytes 10-19/${bytes.length}`);
    assert.deepEqual(new Uint8Array(await part.arrayBuffer()), bytes.slice(10, 20));
    const rest = await fetch(url, { headers: { range: 'bytes=-5', 'if-range': etag } });
    assert.deepEqual(new Uint8Array(await rest.arrayBuffer()), bytes.slice(-5));
    const changed = await fetch(url, { headers: { ...plain, range: 'bytes=-5', 'if-range': '"another"' } });
    assert.equal(changed.status, 200);
    assert.equal((await changed.arrayBuffer()).byteLength, bytes.length);
    const beyond = await fetch(url, { headers: { ...plain, range: `bytes=${bytes.length}-` } });
    assert.equal(beyond.status, 416);
    assert.equal(beyond.headers.get('content-range'), `bytes */${bytes.length}`);
  });

  test('a client that leaves in the middle does no harm to the next', async () => {
    const { urlOf } = await serve(await open());
    const url = await urlOf([]);
    for (let i = 0; i < 5; i++) {
      const controller = new AbortController();
      const answer = await fetch(url, { headers: plain, signal: controller.signal });
      const reader = answer.body?.getReader();
      await reader?.read();
      controller.abort();
    }
    const whole = await fetch(url, { headers: plain });
    assert.equal(tableFromIPC(new Uint8Array(await whole.arrayBuffer())).numRows, COUNT);
  });

  test('what is no address of points is not found, and the answer names no path', async () => {
    const { urlOf, place } = await serve(await open());
    const url = await urlOf([]);
    await place();
    for (const wrong of [
      url,
      url.replace(/\d+-\d+-\w+$/, '..%2f..%2fetc'),
      url.replace(/points\/\d+/, 'points/99999'),
      url.replace(/points\/\d+/, 'points/99999999999'),
      url.replace(/points\/\d+/, 'points/one'),
    ]) {
      const answer = await fetch(wrong);
      assert.equal(answer.status, 404, wrong);
      assert.doesNotMatch(await answer.text(), /tmp|cache|select/);
    }
    const unknown = await fetch(`${await urlOf([])}?columns=nothing`);
    assert.equal(unknown.status, 400);
    assert.match(await unknown.text(), /no column .*nothing/);
  });
});
