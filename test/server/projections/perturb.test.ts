/** Maps whose points are pushed while they are made, as a client asks for it. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { createMatrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { findCheckpoint, findJob } from '../../../server/jobs/jobs.ts';
import { type ProjectEmbeddingInput, projectEmbedding } from '../../../server/projections/projectEmbedding.ts';
import { readPoints, requireProjection } from '../../../server/projections/projections.ts';
import { makeEmbedding } from '../../helpers/maps.ts';
import { runTask } from '../../helpers/runTask.ts';
import { type TestServer, testServers } from '../../helpers/server.ts';

/** So many, and so many epochs, that something is kept before the end. */
const [ROWS, EPOCHS] = [600, 4000];

const start = testServers();

describe('a push at the points of a map', () => {
  let server: TestServer;
  before(async () => {
    server = await start(); // nobody works but the tests
    const random = createRandom(5);
    const matrix = createMatrix(ROWS, 12);
    for (let i = 0; i < matrix.data.length; i++) matrix.data[i] = random.normal() + (i % 7);
    const items = Array.from({ length: ROWS }, (_, i) => ({ key: `${i}` }));
    await makeEmbedding(server.database, { slug: 'cloud', items, matrix });
  });

  /** A job that waits: its id for clients, and in the database. */
  async function ask(name: string, method = 'UMAP', options: object = { umap: { epochs: EPOCHS } }) {
    const input = { dataset: 'cloud', embedding: 'vectors', name, method, device: 'CPU', ...options };
    const { projectEmbedding: asked } = await server.data(
      'mutation ($input: ProjectEmbeddingInput!) { projectEmbedding(input: $input) { job { id } } }',
      { input },
    );
    const [, jobId = ''] = JSON.parse(Buffer.from(asked.job.id, 'base64url').toString());
    return { id: asked.job.id, jobId };
  }

  const push = (job: string, share?: number) =>
    server.ask(
      'mutation ($job: ID!, $share: Float) { perturbProjection(job: $job, share: $share) { job { state } } }',
      {
        job,
        ...(share === undefined ? {} : { share }),
      },
    );

  /** Works at it to its end. */
  async function work(jobId: string): Promise<ArrayLike<number>> {
    const { database, config } = server;
    const added = await findJob(database, jobId);
    // What the job was given was checked when it was added.
    const input = added?.input as ProjectEmbeddingInput;
    const { job } = await runTask(database, 'PROJECT_EMBEDDING', projectEmbedding, input, {
      dataDir: config.dataDir,
      jobId,
    });
    assert.equal(job.state, 'SUCCEEDED', JSON.stringify(job.error));
    const projection = await requireProjection(database, input.embeddingId, input.name);
    for await (const { coordinates } of readPoints(database, projection)) return coordinates;
    return [];
  }

  /** Waits until it has kept something. */
  async function kept(jobId: string): Promise<void> {
    while ((await findCheckpoint(server.database, jobId)) === null) {
      const job = await findJob(server.database, jobId);
      assert.ok(job?.state === 'QUEUED' || job?.state === 'RUNNING', 'it was over before it had kept anything');
      await sleep(10);
    }
  }

  async function parametersOf(name: string) {
    const { dataset } = await server.data(
      'query ($name: String!) { dataset(slug: "cloud") { embedding(name: "vectors") { projection(name: $name) { parameters } } } }',
      { name },
    );
    return dataset.embedding.projection.parameters;
  }

  test('a map that is pushed before its first step, paused and resumed ends at the same bits as one without a pause', async () => {
    const whole = await ask('whole');
    const rested = await ask('rested');
    for (const { id } of [whole, rested]) {
      assert.equal((await push(id)).data.perturbProjection.job.state, 'QUEUED');
      assert.deepEqual((await push(id, 0.4)).errors, []);
    }
    const coordinates = await work(whole.jobId);
    assert.deepEqual((await parametersOf('whole')).perturbations, [
      { step: 0, share: 0.25 },
      { step: 0, share: 0.4 },
    ]);

    const working = work(rested.jobId);
    await kept(rested.jobId);
    await server.data('mutation ($id: ID!) { pauseJob(id: $id) { job { state } } }', { id: rested.id });
    while ((await findJob(server.database, rested.jobId))?.state !== 'PAUSED') await sleep(10);
    await server.data('mutation ($id: ID!) { resumeJob(id: $id) { job { state } } }', { id: rested.id });
    assert.deepEqual(await working, coordinates);
    assert.equal((await findJob(server.database, rested.jobId))?.attempts, 2);
  });

  test('a map at work is pushed within a second, once, where it is', async () => {
    const { id, jobId } = await ask('pushed');
    const working = work(jobId);
    await kept(jobId);
    assert.deepEqual((await push(id)).errors, []);
    await working;
    const { perturbations } = await parametersOf('pushed');
    assert.equal(perturbations.length, 1);
    assert.ok(perturbations[0].step > 0 && perturbations[0].step < EPOCHS, JSON.stringify(perturbations));
    const after = await push(id);
    assert.equal(after.data.perturbProjection.job.state, 'SUCCEEDED', 'one that has ended stays as it is');
  });

  test('what cannot be pushed is told: another method, another job, a share that cannot be meant', async () => {
    const pca = await ask('pca', 'PCA', {});
    const umap = await ask('umap');
    const cases: [string, number, RegExp][] = [
      [
        pca.id,
        0.2,
        /Only methods that move points \(UMAP, TSNE, PACMAP, LOCALMAP\).*by PCA the vectors give the places/,
      ],
      [umap.id, 0, /share is 0; wanted: above 0, and at most 1/],
      [umap.id, 7, /share is 7; wanted: above 0/],
    ];
    for (const [job, share, message] of cases) {
      const { errors } = await push(job, share);
      assert.equal(errors[0]?.extensions.code, 'BAD_USER_INPUT');
      assert.match(errors[0]?.message ?? '', message);
    }
    for (let i = 0; i < 100; i++) assert.deepEqual((await push(umap.id)).errors, []);
    const { errors } = await push(umap.id);
    assert.equal(errors[0]?.extensions.code, 'CONFLICT');
    assert.match(errors[0]?.message ?? '', /pushed 100 times already/);
  });
});
