import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Database } from '../../../server/database/database.ts';
import { readPoints, requireProjection } from '../../../server/projections/projections.ts';
import { gpuForTests } from '../../helpers/gpu.ts';
import { makeEmbedding } from '../../helpers/maps.ts';
import { groups } from '../../helpers/rows.ts';
import { type TestServer, testServers } from '../../helpers/server.ts';

const gpu = await gpuForTests();
const start = testServers();
const N = 150;

describe('a map computed on the graphics card', { skip: gpu.skip }, async () => {
  if (gpu.skip !== false) return;
  const server = await start({ WORKERS: '1' });
  const items = Array.from({ length: N }, (_, i) => ({ key: `${i}` }));
  const embedding = await makeEmbedding(server.database, { slug: 'groups', items, matrix: groups(N, 8) });

  test('says where it was computed, is as good as the other, and the same bits each time', async () => {
    const jobs = [await project(server, 'first', 'GPU'), await project(server, 'second', 'GPU')];
    await project(server, 'plain', 'CPU');
    for (const { state, warnings } of jobs) {
      assert.equal(state, 'SUCCEEDED');
      assert.ok(
        warnings.every((warning: string) => /in software/.test(warning)),
        `${warnings}`,
      );
    }
    const [first, second, plain] = await Promise.all(
      ['first', 'second', 'plain'].map((name) => requireProjection(server.database, embedding.id, name)),
    );
    if (!first || !second || !plain) return;
    assert.deepEqual([first.device, second.device, plain.device], ['GPU', 'GPU', 'CPU']);
    assert.equal(typeof first.parameters['graphicsCard'], 'string');
    assert.equal(plain.parameters['graphicsCard'], undefined);
    assert.ok((first.quality?.trustworthiness ?? 0) > (plain.quality?.trustworthiness ?? 1) - 0.01);
    assert.ok((first.quality?.neighborRecall ?? 0) > (plain.quality?.neighborRecall ?? 1) - 0.03);
    assert.deepEqual(await pointsOf(server.database, second), await pointsOf(server.database, first));
    assert.notDeepEqual(await pointsOf(server.database, plain), await pointsOf(server.database, first));
  });

  test('can be one by t-SNE or by PaCMAP', async () => {
    for (const [method, options] of [
      ['TSNE', { tsne: { perplexity: 10, iterations: 60, earlyIterations: 20 } }],
      ['PACMAP', { pacmap: { phases: [20, 20, 40] } }],
    ] as const) {
      assert.equal((await project(server, method, 'GPU', { method, ...options })).state, 'SUCCEEDED');
      const card = await requireProjection(server.database, embedding.id, method);
      assert.deepEqual([card.device, card.method], ['GPU', method]);
      // Of 0.5 by chance. How near it is to the processor's: test/server/kernels/gpu.
      assert.ok((card.quality?.trustworthiness ?? 0) > 0.8, `${method}: ${card.quality?.trustworthiness}`);
    }
  });

  test('is cancelled while the card works, and the server lives on', async () => {
    const id = await begin(server, 'cancelled', 'GPU', { method: 'UMAP', umap: { epochs: 5000 } });
    // The epochs begin at 0.425.
    while ((await jobOf(server, id)).progress < 0.44) await sleep(20);
    await server.data('mutation ($id: ID!) { cancelJob(id: $id) { job { id } } }', { id });
    const { state } = await ended(server, id);
    assert.equal(state, 'CANCELLED');
    assert.equal((await project(server, 'afterwards', 'GPU')).state, 'SUCCEEDED');
  });

  test('is not made of few points or in software unless it is asked for, and the server tells what is usual', async () => {
    const { server: about } = await server.data('{ server { device } }');
    const job = await project(server, 'usual', 'AUTO');
    const usual = await requireProjection(server.database, embedding.id, 'usual');
    assert.deepEqual(job.warnings, []);
    assert.equal(usual.device, 'CPU');
    assert.equal(about.device, gpu.software ? 'CPU' : 'GPU');
  });
});

const jobFields = 'id state progress warnings error { message }';

const usualOptions = { method: 'UMAP', umap: { epochs: 50 } };

async function begin(
  server: TestServer,
  name: string,
  device: string,
  options: object = usualOptions,
): Promise<string> {
  const input = { dataset: 'groups', embedding: 'vectors', name, device, ...options };
  const { projectEmbedding } = await server.data(
    'mutation ($input: ProjectEmbeddingInput!) { projectEmbedding(input: $input) { job { id } } }',
    { input },
  );
  return projectEmbedding.job.id;
}

async function jobOf(server: TestServer, id: string) {
  const { job } = await server.data(`query ($id: ID!) { job(id: $id) { ${jobFields} } }`, { id });
  return job;
}

async function ended(server: TestServer, id: string) {
  for (;;) {
    const job = await jobOf(server, id);
    if (!['QUEUED', 'RUNNING'].includes(job.state)) return job;
    await sleep(50);
  }
}

async function project(server: TestServer, name: string, device: string, options: object = usualOptions) {
  return await ended(server, await begin(server, name, device, options));
}

async function pointsOf(database: Database, projection: { readonly id: number }): Promise<readonly number[]> {
  const points: number[] = [];
  for await (const { coordinates } of readPoints(database, projection)) points.push(...coordinates);
  return points;
}
