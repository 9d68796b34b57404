import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { tableFromIPC } from 'apache-arrow';
import { createClient } from 'graphql-sse';

import { frameFromBytes } from '#kernels/frame.ts';
import { createMatrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { FrameWriter, readFrame, readItems, watchFrames } from '../../../server/projections/frames.ts';
import { orderOfPoints, readPoints, requireProjection } from '../../../server/projections/projections.ts';
import { makeGraph, type TripleText } from '../../helpers/graphs.ts';
import { makeEmbedding } from '../../helpers/maps.ts';
import { allJobs, type TestServer, testServers } from '../../helpers/server.ts';

const start = testServers();
const folder = await mkdtemp(join(tmpdir(), 'embedding-map-frames-'));
after(() => rm(folder, { recursive: true, force: true }));

test('a map that is paused stays as it was seen last, and is in the end the one that was never paused, bit for bit', async () => {
  const server = await start({ WORKERS: '1', COMPUTE_DEVICE: 'cpu' });
  const random = createRandom(6);
  const matrix = createMatrix(500, 8);
  for (let i = 0; i < matrix.data.length; i++) matrix.data[i] = random.normal() + (i % 3);
  const items = Array.from({ length: matrix.rows }, (_, i) => ({ key: `${i}` }));
  const embedding = await makeEmbedding(server.database, { slug: 'cloud', items, matrix });
  const begin = async (name: string): Promise<string> => {
    const input = { dataset: 'cloud', embedding: 'vectors', name, method: 'UMAP', umap: { epochs: 4000 } };
    const { projectEmbedding } = await server.data(
      `mutation ($input: ProjectEmbeddingInput!) { projectEmbedding(input: $input) { job { id } } }`,
      { input },
    );
    return projectEmbedding.job.id;
  };
  const look = async (id: string) =>
    (await server.data(`query ($id: ID!) { job(id: $id) { state attempts map { points { url } } } }`, { id })).job;
  const change = (mutation: 'pauseJob' | 'resumeJob', id: string) =>
    server.data(`mutation ($id: ID!) { ${mutation}(id: $id) { job { id } } }`, { id });

  const id = await begin('paused');
  for (let job = await look(id); job.map.points === null; job = await look(id)) await sleep(50);
  await change('pauseJob', id);
  for (let job = await look(id); job.state !== 'PAUSED'; job = await look(id)) {
    assert.equal(job.state, 'RUNNING', 'it was made before it could be paused');
    await sleep(20);
  }
  const seen = async () => {
    const answer = await server.fetch((await look(id)).map.points.url);
    return tableFromIPC(new Uint8Array(await answer.arrayBuffer()))
      .getChild('x')
      ?.toArray();
  };
  const before = await seen();
  assert.equal(before?.length, 500);
  const open = await server.data(`{ dataset(slug: "cloud") { jobs { id state } } }`);
  assert.deepEqual(open.dataset.jobs, [{ id, state: 'PAUSED' }]);

  // Others have the worker meanwhile.
  const other = await begin('never paused');
  for (let job = await look(other); job.state !== 'SUCCEEDED'; job = await look(other)) await sleep(50);
  assert.deepEqual(await seen(), before);

  await change('resumeJob', id);
  await allJobs(server);
  assert.deepEqual([(await look(id)).state, (await look(id)).attempts], ['SUCCEEDED', 2]);
  const coordinatesOf = async (name: string) => {
    const all: number[] = [];
    const projection = await requireProjection(server.database, embedding.id, name);
    for await (const { coordinates } of readPoints(server.database, projection)) all.push(...coordinates);
    return all;
  };
  assert.deepEqual(await coordinatesOf('paused'), await coordinatesOf('never paused'));
});

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

/** The map that the data set's one job makes, as soon as its points have places; null when the job has ended. */
async function inTheMaking(server: TestServer, slug: string, column: string) {
  for (;;) {
    const { dataset } = await server.data(
      `query ($slug: String!, $column: String!) {
        dataset(slug: $slug) { jobs { kind map { embedding name method components points(columns: [$column]) { count url } } } }
      }`,
      { slug, column },
    );
    const [job] = dataset.jobs;
    if (job === undefined) return null;
    if (job.map.points !== null) return job;
    await sleep(20);
  }
}

async function tableAt(server: TestServer, url: string) {
  const response = await server.fetch(url);
  assert.equal(response.status, 200, await response.clone().text());
  return tableFromIPC(new Uint8Array(await response.arrayBuffer()));
}

test('the points of a map in the making are those of the finished map, in its order, with the columns that were asked for', async () => {
  const server = await start({ WORKERS: '1' });
  const random = createRandom(6);
  const matrix = createMatrix(500, 8);
  for (let i = 0; i < matrix.data.length; i++) matrix.data[i] = random.normal();
  const items = Array.from({ length: 500 }, (_, i) => ({ key: `k${i}`, fields: { size: i } }));
  const fields = [{ name: 'size', type: 'NUMBER' as const }];
  await makeEmbedding(server.database, { slug: 'cloud', items, matrix, fields });
  const input = { dataset: 'cloud', embedding: 'vectors', name: 'map', method: 'UMAP', components: 3 };
  await server.data(`mutation ($input: ProjectEmbeddingInput!) { projectEmbedding(input: $input) { job { id } } }`, {
    input: { ...input, umap: { epochs: 5000 } },
  });
  const job = await inTheMaking(server, 'cloud', 'size');
  assert.ok(job, 'the map was made before anybody could look');
  const { points, ...map } = job.map;
  assert.deepEqual(
    [job.kind, map],
    ['PROJECT_EMBEDDING', { embedding: 'vectors', name: 'map', method: 'UMAP', components: 3 }],
  );
  const early = await tableAt(server, points.url);
  const { errors } = await server.ask(
    '{ dataset(slug: "cloud") { jobs { map { points(columns: ["colour"]) { url } } } } }',
  );
  assert.match(errors[0]?.message ?? '', /no column "colour"/);

  await allJobs(server);
  const { dataset } = await server.data(
    '{ dataset(slug: "cloud") { jobs { id } embedding(name: "vectors") { projection(name: "map") { points(columns: ["size"]) { url } } } } }',
  );
  assert.deepEqual(dataset.jobs, []);
  const late = await tableAt(server, dataset.embedding.projection.points.url);
  for (const column of ['key', 'size']) {
    assert.deepEqual([...(early.getChild(column) ?? [])], [...(late.getChild(column) ?? [])]);
  }
  assert.ok([...(early.getChild('z') ?? [])].every(Number.isFinite));
  assert.equal((await server.fetch(points.url)).status, 404, 'the map is made');
});

test('the entities of a graph can be watched while they are learnt, and the last picture is left as a map', async () => {
  const server = await start({ WORKERS: '1' });
  const towns = Array.from(
    { length: 40 },
    (_, i): TripleText => [`town-${i}`, 'next', `town-${(i + 1) % 40}`, 'TRAIN'],
  );
  await makeGraph(server.database, 'towns', towns);
  const settings = `{ model: COMPLEX, dimension: 16, epochs: 6000, batch: 8, objective: ONE_VS_ALL }`;
  const { trainGraph } = await server.data(
    `mutation { trainGraph(input: { dataset: "towns", name: "towns", settings: ${settings}, seed: 3, evaluate: false }) { job { id } } }`,
  );
  const client = createClient({ url: `${server.url}/graphql` });
  const query = `subscription ($job: ID!) { projectionFrames(job: $job) { step steps progress url } }`;
  const pictures: { step: number; places: Float32Array }[] = [];
  for await (const { data } of client.iterate<{
    projectionFrames: { step: number; steps: number; progress: number; url: string };
  }>({ query, variables: { job: trainGraph.job.id } })) {
    if (!data) continue;
    const { step, steps, progress, url } = data.projectionFrames;
    assert.ok(steps === 6000 && step < steps && Math.abs(progress - step / steps) < 1e-6);
    const response = await server.fetch(url);
    if (response.status !== 200) continue;
    pictures.push({ step, places: frameFromBytes(new Uint8Array(await response.arrayBuffer())).coordinates.data });
  }
  assert.ok(pictures.length >= 2, `${pictures.length} pictures`);
  await allJobs(server);
  const { dataset } = await server.data(
    '{ dataset(slug: "towns") { embedding(name: "towns") { projections { name method points { count url } } } } }',
  );
  const [map] = dataset.embedding.projections;
  assert.deepEqual([map.name, map.method, map.points.count], ['pca-2d', 'PCA', 40]);
  const table = await tableAt(server, map.points.url);
  const [x, y] = [table.getChild('x'), table.getChild('y')];
  const end = Float32Array.from({ length: 80 }, (_, i) => (i % 2 === 0 ? x : y)?.get(i >> 1) ?? Number.NaN);
  /** Share of the squares that is not in common: 0 for the same places, near 2 for unrelated ones of the same size. */
  const apart = (places: Float32Array) =>
    places.reduce((sum, value, i) => sum + (value - (end[i] ?? 0)) ** 2, 0) /
    end.reduce((sum, value) => sum + value ** 2, 0);
  assert.ok(apart(pictures.at(-1)?.places ?? end) < 0.2, 'the end does not turn away from the last picture');
});

test('a map that nobody watches is asked for no frame, and one that is watched for the newest', async () => {
  const map = { dataDir: folder, jobId: 'a' };
  const points = { datasetId: 7, embeddingId: null, itemIds: Float64Array.of(10, 11, 12) };
  let wishes = 0;
  const writer = new FrameWriter(map, points, () => wishes++);
  await sleep(700);
  assert.equal(wishes, 0);

  const enough = new AbortController();
  const watching = watchFrames(map, enough.signal);
  const first = watching.next();
  await sleep(900);
  assert.ok(wishes > 0);
  const coordinates = createMatrix(3, 2, Float32Array.of(0, 0, 1, 1, 2, 2));
  await writer.write({ progress: 0.5, step: 3, steps: 6, coordinates });
  const { value } = await first;
  assert.deepEqual(value, { sequence: 1, progress: 0.5, step: 3, steps: 6, url: '/frames/a/1' });
  const order = orderOfPoints(3);
  const shown = frameFromBytes(await readFrame(map, 1)).coordinates.data;
  assert.deepEqual(shown, Float32Array.from([...order].flatMap((row) => [row, row])), 'in the order of the points');
  const items = await readItems(map);
  assert.deepEqual(items, { ...points, itemIds: Float64Array.from(order, (row) => 10 + row) });
  await assert.rejects(readFrame(map, 2), { code: 'NOT_FOUND' });

  enough.abort();
  assert.equal((await watching.next()).done, true);
  await writer.close({ keep: false });
  await assert.rejects(readFrame(map, 1), { code: 'NOT_FOUND' });
});
