import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { createClient } from 'graphql-sse';

import { frameFromBytes } from '#kernels/frame.ts';
import { createMatrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { FrameWriter, readFrame, watchFrames } from '../../../server/projections/frames.ts';
import { readPoints, requireProjection } from '../../../server/projections/projections.ts';
import { makeEmbedding } from '../../helpers/maps.ts';
import { allJobs, testServers } from '../../helpers/server.ts';

const start = testServers();
const folder = await mkdtemp(join(tmpdir(), 'embedding-map-frames-'));
after(() => rm(folder, { recursive: true, force: true }));

test('who watches a map in the making gets its points, ten times a second at most, and the end of the job ends it', async () => {
  const server = await start({ WORKERS: '1' });
  const rows = 600;
  const random = createRandom(5);
  const matrix = createMatrix(rows, 10);
  for (let i = 0; i < matrix.data.length; i++) matrix.data[i] = random.normal() + (i % 7);
  const items = Array.from({ length: rows }, (_, i) => ({ key: `${i}` }));
  const embedding = await makeEmbedding(server.database, { slug: 'cloud', items, matrix });
  const { projectEmbedding } = await server.data(
    `mutation ($input: ProjectEmbeddingInput!) { projectEmbedding(input: $input) { job { id } } }`,
    { input: { dataset: 'cloud', embedding: 'vectors', name: 'map', method: 'UMAP', umap: { epochs: 5000 } } },
  );

  const client = createClient({ url: `${server.url}/graphql` });
  const query = `subscription ($job: ID!) { projectionFrames(job: $job) { sequence progress url mediaType } }`;
  const frames: { sequence: number; progress: number; positions: Float32Array }[] = [];
  const begun = performance.now();
  for await (const { data } of client.iterate<{
    projectionFrames: { sequence: number; progress: number; url: string; mediaType: string };
  }>({ query, variables: { job: projectEmbedding.job.id } })) {
    if (!data) continue;
    const { sequence, progress, url, mediaType } = data.projectionFrames;
    const response = await server.fetch(url);
    if (response.status === 404) continue; // the map was made in this moment
    assert.equal(response.headers.get('content-type'), mediaType);
    const frame = frameFromBytes(new Uint8Array(await response.arrayBuffer()));
    assert.ok(frame.sequence >= sequence && frame.progress >= progress - 1e-6);
    assert.deepEqual([frame.coordinates.rows, frame.coordinates.columns], [rows, 2]);
    frames.push({ sequence, progress, positions: frame.coordinates.data });
  }
  const seconds = (performance.now() - begun) / 1000;
  assert.ok(frames.length >= 2, `${frames.length} frames in ${seconds} s`);
  assert.ok(frames.length <= 10 * seconds + 2, `${frames.length} frames in ${seconds} s`);
  for (const [i, { sequence, progress, positions }] of frames.entries()) {
    const before = frames[i - 1];
    assert.ok(before === undefined || (sequence > before.sequence && progress >= before.progress));
    assert.ok(positions.every(Number.isFinite));
  }

  // In the order of the finished map: late frames lie near it.
  await allJobs(server);
  const projection = await requireProjection(server.database, embedding.id, 'map');
  for await (const { coordinates } of readPoints(server.database, projection)) {
    const apart = (positions: Float32Array) =>
      positions.reduce((sum, value, i) => sum + (value - (coordinates[i] ?? 0)) ** 2, 0);
    assert.ok(apart(frames.at(-1)?.positions ?? coordinates) < apart(frames[0]?.positions ?? coordinates));
  }
  assert.deepEqual(await readdir(join(server.config.dataDir, 'cache/frames')), [], 'nothing is left behind');

  const gone = await server.fetch(`/frames/${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}/1`);
  assert.equal(gone.status, 404);
  assert.equal((await server.fetch('/frames/..%2f..%2fetc/1')).status, 404);
});

test('a map that nobody watches is asked for no frame, and one that is watched for the newest', async () => {
  const map = { dataDir: folder, jobId: 'a' };
  let wishes = 0;
  const writer = new FrameWriter(map, Uint32Array.of(2, 0, 1), () => wishes++);
  await sleep(700);
  assert.equal(wishes, 0);

  const enough = new AbortController();
  const watching = watchFrames(map, enough.signal);
  const first = watching.next();
  await sleep(900);
  assert.ok(wishes > 0);
  await writer.write(createMatrix(3, 2, Float32Array.of(0, 0, 1, 1, 2, 2)), 0.5);
  const { value } = await first;
  assert.deepEqual(value, { sequence: 1, progress: 0.5, url: '/frames/a/1' });
  const { coordinates } = frameFromBytes(await readFrame(map, 1));
  assert.deepEqual(coordinates.data, Float32Array.of(2, 2, 0, 0, 1, 1), 'in the order of the points');
  await assert.rejects(readFrame(map, 2), { code: 'NOT_FOUND' });

  enough.abort();
  assert.equal((await watching.next()).done, true);
  await writer.close();
  await assert.rejects(readFrame(map, 1), { code: 'NOT_FOUND' });
});
