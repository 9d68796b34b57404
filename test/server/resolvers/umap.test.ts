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

  test('by another metric it is the map that an embedding of that metric has', async () => {
    // Long and short vectors in the same directions: near by the cosine, far by their distance.
    const random = createRandom(8);
    const lines = Array.from({ length: 90 }, (_, i) => {
      const length = i % 2 === 0 ? 1 : 30;
      const vector = Array.from({ length: 4 }, (_, j) => length * ((j === i % 3 ? 3 : 0) + 0.3 * random.normal()));
      return JSON.stringify({ key: `v${i}`, vector });
    }).join('\n');
    const maps: Record<string, { readonly metric: string; readonly quality: unknown; readonly place: unknown }> = {};
    for (const own of ['COSINE', 'EUCLIDEAN']) {
      const dataset = `lengths-${own.toLowerCase()}`;
      const uploads = await upload(server, { 'lengths.jsonl': lines });
      await server.data('mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }', {
        input: { dataset, uploads, metric: own, projections: [] },
      });
      await allJobs(server);
      for (const metric of [undefined, 'EUCLIDEAN', 'COSINE'].filter((asked) => asked !== own)) {
        const name = metric ?? 'own';
        const wanted = { dataset, embedding: 'vectors', name, method: 'UMAP', device: 'CPU', umap: { epochs: 40 } };
        await server.data(project, { input: { ...wanted, ...(metric ? { metric } : {}) } });
        await allJobs(server);
        const answer = await server.data(
          `query ($dataset: String!, $name: String!) { dataset(slug: $dataset) { embedding(name: "vectors") { projection(name: $name) {
            metric quality { trustworthiness neighborRecall } place(to: { item: "v5" }) { coordinates neighbors(first: 5) { node { key } } }
          } } } }`,
          { dataset, name },
        );
        maps[`${own} ${name}`] = answer.dataset.embedding.projection;
      }
    }
    for (const [own, other] of [
      ['COSINE', 'EUCLIDEAN'],
      ['EUCLIDEAN', 'COSINE'],
    ] as const) {
      assert.equal(maps[`${own} ${other}`]?.metric, other);
      assert.deepEqual(maps[`${own} ${other}`], maps[`${other} own`]);
    }
    assert.notDeepEqual(maps['COSINE own']?.place, maps['EUCLIDEAN own']?.place);
  });

  test('what cannot be is told at once, with what can', async () => {
    for (const [options, message] of [
      [{ umap: { target: { field: 'halv' } } }, /There is no field "halv" for umap.target. Did you mean "half"\?/],
      [{ umap: { target: { field: 'half', weight: 3 } } }, /umap.target.weight is 3; wanted: from 0 to 1/],
      [{ method: 'TSNE', tsne: { target: { field: 'halv' } } }, /"halv" for tsne.target. Did you mean "half"\?/],
      [{ method: 'TSNE', tsne: { target: { field: 'half', weight: -1 } } }, /tsne.target.weight is -1; wanted: from 0/],
      [{ umap: { density: { share: 2 } } }, /umap.density.share is 2; wanted: from 0 to 1/],
      [{ umap: { density: {} }, metric: 'INNER_PRODUCT' }, /compares distances, and the metric INNER_PRODUCT is none/],
      [{ spherize: true, metric: 'COSINE' }, /spherize compares by EUCLIDEAN on the sphere, and metric is COSINE/],
      [{ method: 'PCA', metric: 'COSINE' }, /metric is of methods that move points/],
      [{ components: 11 }, /components is 11; wanted: from 2 to 10/],
      [{ umap: { initialization: 'RANDOM' }, startFrom: 'all' }, /leave one of both out/],
    ] as const) {
      const input = { ...where, name: 'wrong', method: 'UMAP', ...options };
      const { errors } = await server.ask(project, { input });
      assert.match(errors?.[0]?.message ?? '', message);
    }
  });
});
