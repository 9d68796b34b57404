import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { tableFromIPC as readByFlechette } from '@uwdata/flechette';
import { tableFromIPC } from 'apache-arrow';
import fastify from 'fastify';

import { createMatrix, rowOf } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { UserError } from '../../../server/errors.ts';
import { vectorsRoutes } from '../../../server/routes/vectors.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeEmbedding } from '../../helpers/maps.ts';

// 4 MiB of vectors in a batch: these are three, the last one short.
const ROWS = 2500;
const DIMENSION = 1024;

onEveryDatabase((_engine, open) => {
  test('all vectors of an embedding come as they went in, in the order of import', async () => {
    const database = await open();
    const random = createRandom(3);
    const matrix = createMatrix(ROWS, DIMENSION);
    for (let i = 0; i < matrix.data.length; i++) matrix.data[i] = random.uniform() - 0.5;
    const items = Array.from({ length: ROWS }, (_, i) => ({ key: `ключ ${i}` }));
    const embedding = await makeEmbedding(database, { slug: 'all', items, matrix });

    const app = fastify();
    app.setErrorHandler((error, _request, reply) =>
      reply.code(error instanceof UserError && error.code === 'NOT_FOUND' ? 404 : 500).send({ message: String(error) }),
    );
    await app.register(vectorsRoutes, { database });
    const address = await app.listen({ port: 0, host: '127.0.0.1' });
    after(() => app.close());
    const url = `${address}/vectors/${embedding.id}/${embedding.version}`;

    const answer = await fetch(url);
    assert.equal(answer.headers.get('content-type'), 'application/vnd.apache.arrow.stream');
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const table = tableFromIPC(bytes);
    assert.equal(table.numRows, ROWS);
    assert.equal(table.batches.length, 3);
    assert.equal(String(table.schema.fields[1]?.type), `FixedSizeList[${DIMENSION}]<Float32>`);
    const flechette = readByFlechette(bytes);
    for (const i of [0, 1023, 1024, 2047, ROWS - 1]) {
      assert.equal(table.getChild('key')?.get(i), `ключ ${i}`);
      assert.deepEqual(Float32Array.from(table.getChild('vector')?.get(i)), rowOf(matrix, i));
      assert.deepEqual(Float32Array.from(flechette.getChild('vector').at(i)), rowOf(matrix, i));
    }

    const etag = answer.headers.get('etag') ?? '';
    assert.equal((await fetch(url, { headers: { 'if-none-match': etag } })).status, 304);
    const head = await fetch(url, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('etag')], [200, etag]);
    for (const wrong of [
      `${address}/vectors/${embedding.id}/999`,
      `${address}/vectors/12345/1`,
      `${address}/vectors/x/1`,
    ]) {
      assert.equal((await fetch(wrong)).status, 404);
    }
  });
});
