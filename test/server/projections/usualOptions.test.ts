/** A map's record is enough to make it again. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';

import { tableFromIPC } from 'apache-arrow';
import { buildSchema, GraphQLInputObjectType } from 'graphql';
import { CpuBackend } from '#kernels/cpu/backend.ts';
import { makeMap } from '#kernels/map.ts';
import { createMatrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { usualOptions } from '../../../server/projections/usualOptions.ts';
import { allJobs, type TestServer, testServers, upload } from '../../helpers/server.ts';

const schema = buildSchema(await readFile(new URL('../../../schema.graphql', import.meta.url), 'utf8'));

const inputs = { UMAP: 'UmapInput', TSNE: 'TsneInput', PACMAP: 'PacmapInput', LOCALMAP: 'PacmapInput' } as const;

test('what is usual is so in the schema, too', () => {
  for (const [method, name] of Object.entries(inputs)) {
    const type = schema.getType(name);
    assert.ok(type instanceof GraphQLInputObjectType);
    const told = Object.entries(type.getFields()).flatMap(([field, { defaultValue }]) =>
      defaultValue === undefined || (field === 'reach' && method === 'PACMAP') ? [] : [[field, defaultValue]],
    );
    assert.deepEqual(usualOptions[method as keyof typeof inputs], Object.fromEntries(told), method);
  }
});

test('what is usual is what kernels do where they are told nothing', async () => {
  const random = createRandom(3);
  const matrix = createMatrix(
    40,
    5,
    Float32Array.from({ length: 200 }, () => random.normal()),
  );
  const alone = await CpuBackend.create(null);
  const tools = { backend: async () => alone };
  const asked = { UMAP: 'umap', TSNE: 'tsne', PACMAP: 'pacmap', LOCALMAP: 'pacmap' } as const;
  for (const method of ['UMAP', 'TSNE', 'PACMAP', 'LOCALMAP'] as const) {
    const options = { method, components: 2, metric: 'EUCLIDEAN', seed: 42 } as const;
    const told = await makeMap(matrix, { ...options, [asked[method]]: usualOptions[method] }, tools);
    const untold = await makeMap(matrix, options, tools);
    assert.deepEqual(told.coordinates, untold.coordinates, method);
  }
});

const start = testServers();
let server: TestServer;

before(async () => {
  server = await start({ WORKERS: '1', COMPUTE_DEVICE: 'cpu' });
  const random = createRandom(3);
  const rows = Array.from({ length: 60 }, (_, i) =>
    [`p${i}`, i % 3, ...Array.from({ length: 5 }, () => random.normal() + 4 * (i % 3))].join('\t'),
  );
  const uploads = await upload(server, { 'points.tsv': `key\tgroup\td0\td1\td2\td3\td4\n${rows.join('\n')}\n` });
  await server.data('mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }', {
    input: { dataset: 'points', uploads, metric: 'EUCLIDEAN', projections: [] },
  });
  await allJobs(server);
});

async function make(input: object): Promise<{ parameters: Record<string, unknown>; coordinates: unknown[] }> {
  await server.data('mutation ($input: ProjectEmbeddingInput!) { projectEmbedding(input: $input) { job { id } } }', {
    input: { dataset: 'points', embedding: 'vectors', name: 'map', ...input },
  });
  await allJobs(server);
  const { dataset } = await server.data(
    '{ dataset(slug: "points") { embedding(name: "vectors") { projection(name: "map") { parameters points { url } } } } }',
  );
  const { parameters, points } = dataset.embedding.projection;
  const response = await server.fetch(points.url);
  const table = tableFromIPC(new Uint8Array(await response.arrayBuffer()));
  return { parameters, coordinates: table.toArray().map((row) => row.toJSON()) };
}

/** Of what a map tells, what can be asked for. */
function askedAgain(parameters: Record<string, unknown>): object {
  const type = schema.getType('UmapInput');
  assert.ok(type instanceof GraphQLInputObjectType);
  return Object.fromEntries(Object.entries(parameters).filter(([option]) => Object.hasOwn(type.getFields(), option)));
}

test('a map tells all its options, also those that nobody asked for, and with these it is the same', async () => {
  const first = await make({ method: 'UMAP' });
  assert.deepEqual({ ...first.parameters, ...usualOptions.UMAP, initialization: 'PCA' }, first.parameters);
  const again = await make({ method: 'UMAP', umap: askedAgain(first.parameters) });
  assert.deepEqual(again, first);
});

test('so does one along axes: its ends can be asked for again', async () => {
  const axes = [
    { from: [{ item: 'p0' }, { item: 'p3' }], to: [{ vector: [4, 4, 4, 4, 4] }], label: 'up' },
    { from: [{ item: 'p1' }], to: [{ sum: [{ to: { item: 'p2' } }, { to: { item: 'p5' }, weight: 0.5 }] }] },
  ];
  const first = await make({ method: 'CUSTOM', axes });
  const { axes: labels, axisEnds } = first.parameters;
  assert.ok(Array.isArray(labels) && Array.isArray(axisEnds));
  const again = await make({ method: 'CUSTOM', axes: axisEnds.map((ends, i) => ({ ...ends, label: labels[i] })) });
  assert.deepEqual(again, first);
});
