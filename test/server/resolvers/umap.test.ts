/** Maps by UMAP as a client asks for them: from any beginning, drawn by a field, with densities, in more components than can be seen. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { createRandom } from '#kernels/random.ts';
import { allJobs, onEveryServer, type TestServer, upload } from '../../helpers/server.ts';

const COUNT = 150;
const COLUMNS = 6;

/** Three groups of vectors, the last one wide, with a field that halves each of them. */
function table(): string {
  const random = createRandom(4);
  const names = Array.from({ length: COLUMNS }, (_, j) => `v${j}`);
  const rows = Array.from({ length: COUNT }, (_, i) => {
    const spread = i % 3 === 2 ? 3 : 0.3;
    const vector = names.map((_, j) => spread * random.normal() + (j === i % 3 ? 12 : 0));
    return JSON.stringify({ key: `r${i}`, half: i % 2 === 0 ? 'left' : 'right', size: i, vector });
  });
  return rows.join('\n');
}

const project = `mutation ($input: ProjectEmbeddingInput!) { projectEmbedding(input: $input) { job { id } } }`;

onEveryServer((_engine, start) => {
  let server: TestServer;
  let where: { dataset: string; embedding: string };
  before(async () => {
    server = await start({ WORKERS: '1' });
    const uploads = await upload(server, { 'rows.jsonl': table() });
    await server.data('mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }', {
      input: { dataset: 'rows', uploads, projections: [] },
    });
    await allJobs(server);
    const { dataset } = await server.data('{ dataset(slug: "rows") { embeddings { name } } }');
    where = { dataset: 'rows', embedding: dataset.embeddings[0].name };
  });

  const mapOf = async (name: string, options: object) => {
    await server.data(project, { input: { ...where, name, method: 'UMAP', device: 'CPU', ...options } });
    await allJobs(server);
    const { dataset } = await server.data(
      `query ($embedding: String!, $name: String!) {
        dataset(slug: "rows") { embedding(name: $embedding) { projection(name: $name) {
          components parameters quality { neighborRecall }
          place(to: { item: "r5" }) { x y z coordinates neighbors(first: 3) { node { key } } }
        } } }
      }`,
      { embedding: where.embedding, name },
    );
    return dataset.embedding.projection;
  };

  test('what was asked for is kept with the map, and what was reached', async () => {
    const umap = {
      ...{ epochs: 60, initialization: 'SPECTRAL' },
      ...{ target: { field: 'half', weight: 0.3 }, density: { weight: 1.5 } },
    };
    const { parameters, quality } = await mapOf('all', { umap });
    const { densityCorrelation, ...told } = parameters;
    assert.equal(told.initialization, 'SPECTRAL');
    assert.deepEqual([told.targetField, told.targetWeight], ['half', 0.3]);
    assert.deepEqual(told.density, { weight: 1.5, share: 0.3, varianceShift: 0.1 });
    assert.ok(densityCorrelation > 0.5 && densityCorrelation <= 1, `${densityCorrelation}`);
    assert.ok(quality.neighborRecall > 0.1);
  });

  test('a map of seven components has places of seven numbers', async () => {
    const { components, place } = await mapOf('seven', { components: 7, umap: { epochs: 30, neighbors: 10 } });
    assert.equal(components, 7);
    assert.equal(place.coordinates.length, 7);
    assert.deepEqual(place.coordinates.slice(0, 3), [place.x, place.y, place.z]);
    assert.equal(place.neighbors.length, 3);
  });

  test('what cannot be is told at once, with what can', async () => {
    for (const [options, message] of [
      [{ umap: { target: { field: 'halv' } } }, /There is no field "halv" for umap.target. Did you mean "half"\?/],
      [{ umap: { target: { field: 'half', weight: 3 } } }, /umap.target.weight is 3; wanted: from 0 to 1/],
      [{ umap: { density: { share: 2 } } }, /umap.density.share is 2; wanted: from 0 to 1/],
      [{ components: 11 }, /components is 11; wanted: from 2 to 10/],
      [{ umap: { initialization: 'RANDOM' }, startFrom: 'all' }, /leave one of both out/],
    ] as const) {
      const input = { ...where, name: 'wrong', method: 'UMAP', ...options };
      const { errors } = await server.ask(project, { input });
      assert.match(errors?.[0]?.message ?? '', message);
    }
  });
});
