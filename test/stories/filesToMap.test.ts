/** From files to a map and back to nothing, as a user would go. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { tableFromIPC } from 'apache-arrow';

import { allJobs, onEveryServer, upload } from '../helpers/server.ts';

const WORDS = ['king', 'queen', 'man', 'woman', 'prince', 'princess', 'boy', 'girl'] as const;

/** royalty, womanhood, youth: so that king - man + woman is queen. */
const vectors = Float32Array.from(WORDS.flatMap((_, i) => [i % 4 < 2 ? 1 : 0, i % 2, i < 4 ? 0 : 1, 0.25]));

/** The vectors as NumPy writes them: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
function npy(rows: number, columns: number, values: Float32Array): Uint8Array<ArrayBuffer> {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const header = `${text.padEnd(64 * Math.ceil((10 + text.length + 1) / 64) - 11)}\n`;
  const head = Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    Buffer.from([header.length, 0]),
    Buffer.from(header),
  ]);
  return Uint8Array.from(Buffer.concat([head, Buffer.from(values.buffer)]));
}

const metadata = [
  'word\tgender\tage',
  ...WORDS.map((word, i) => `${word}\t${i % 2 === 0 ? 'm' : 'f'}\t${i < 4 ? 40 : 10}`),
].join('\n');

onEveryServer((_engine, start) => {
  test('vectors and their metadata become items, neighbours and a map, and go without a trace', async () => {
    const server = await start({ WORKERS: '1' });

    // Two files, one data set.
    const uploads = await upload(server, {
      'vectors.npy': npy(WORDS.length, 4, vectors),
      'metadata.tsv': metadata,
    });
    const { importDataset } = await server.data(
      'mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id state } } }',
      {
        input: {
          dataset: 'words',
          title: 'Eight words',
          uploads,
          embedding: 'hand',
          model: 'by hand',
          metric: 'EUCLIDEAN',
        },
      },
    );
    await allJobs(server);
    const { job } = await server.data(
      'query ($id: ID!) { job(id: $id) { kind state rejectedCount warnings result { dataset { slug } embedding { name } } } }',
      { id: importDataset.job.id },
    );
    assert.deepEqual(job, {
      kind: 'IMPORT_DATASET',
      state: 'SUCCEEDED',
      rejectedCount: 0,
      warnings: job.warnings,
      result: { dataset: { slug: 'words' }, embedding: { name: 'hand' } },
    });

    // What is there.
    const { datasets } = await server.data(`{ datasets { nodes {
      id slug title itemCount fields { name type } embeddings { name dimension model { name } itemCount }
      values(field: "gender") { value count }
      items(first: 3, filter: { field: "age", lt: 20 }) { totalCount nodes { id key label fields } }
    } } }`);
    const [words] = datasets.nodes;
    assert.equal(words.title, 'Eight words');
    assert.deepEqual(words.embeddings, [{ name: 'hand', dimension: 4, model: { name: 'by hand' }, itemCount: 8 }]);
    assert.deepEqual(words.values, [
      { value: 'f', count: 4 },
      { value: 'm', count: 4 },
    ]);
    assert.equal(words.items.totalCount, 4);
    assert.deepEqual(words.items.nodes[0].fields, { gender: 'm', age: 10 });

    // The item by its global id, and its vector as it went in.
    const { node } = await server.data(
      'query ($id: ID!) { node(id: $id) { __typename ... on Item { label vector(embedding: "hand") } } }',
      { id: words.items.nodes[0].id },
    );
    assert.equal(node.label, 'prince');
    const bytes = Buffer.from(node.vector, 'base64');
    assert.deepEqual(new Float32Array(Uint8Array.from(bytes).buffer), vectors.slice(16, 20));

    // An analogy.
    const { dataset } = await server.data(`{ dataset(slug: "words") { embedding(name: "hand") {
      nearest(to: { sum: [{to: {item: "king"}}, {to: {item: "man"}, weight: -1}, {to: {item: "woman"}}] }, first: 1) {
        nodes { key } edges { rank distance similarity }
      }
    } } }`);
    assert.deepEqual(dataset.embedding.nearest, {
      nodes: [{ key: 'queen' }],
      edges: [{ rank: 1, distance: 0, similarity: 1 }],
    });

    // A map of its own, and its points.
    await server.data('mutation ($input: ProjectEmbeddingInput!) { projectEmbedding(input: $input) { job { id } } }', {
      input: { dataset: 'words', embedding: 'hand', name: 'solid', method: 'PCA', components: 3 },
    });
    await allJobs(server);
    const map = await server.data(`{ dataset(slug: "words") { embedding(name: "hand") { projection(name: "solid") {
      id stale explainedVariance points(columns: ["gender", "age"]) { url count }
    } } } }`);
    const { projection } = map.dataset.embedding;
    assert.equal(projection.stale, false);
    assert.equal(projection.explainedVariance.length, 4, 'of all directions that four numbers have');
    const response = await server.fetch(projection.points.url);
    const points = tableFromIPC(new Uint8Array(await response.arrayBuffer()));
    assert.deepEqual(
      points.schema.fields.map(({ name }) => name),
      ['key', 'x', 'y', 'z', 'gender', 'age'],
    );
    assert.deepEqual([...(points.getChild('key') ?? [])].sort(), [...WORDS].sort());
    // Three components hold all that four numbers with one constant say: distances on the map are those of the vectors.
    const at = new Map([...points].map((row) => [row['key'], [row['x'], row['y'], row['z']]]));
    const apart = (a: string, b: string) =>
      Math.hypot(...(at.get(a) ?? []).map((x: number, i: number) => x - at.get(b)?.[i]));
    assert.ok(Math.abs(apart('king', 'queen') - 1) < 1e-5);
    assert.ok(Math.abs(apart('king', 'girl') - Math.sqrt(3)) < 1e-5);

    const vectorsUrl = (await server.data('{ dataset(slug: "words") { embedding(name: "hand") { vectors { url } } } }'))
      .dataset.embedding.vectors.url;
    const stored = tableFromIPC(new Uint8Array(await (await server.fetch(vectorsUrl)).arrayBuffer()));
    assert.equal(stored.numRows, WORDS.length);

    // Away with the map, then with everything.
    const { removeProjection } = await server.data(
      'mutation ($input: RemoveProjectionInput!) { removeProjection(input: $input) { removedId } }',
      { input: { dataset: 'words', embedding: 'hand', projection: 'solid' } },
    );
    assert.equal(removeProjection.removedId, projection.id);
    assert.equal((await server.fetch(projection.points.url)).status, 404);
    const { removeDataset } = await server.data(
      'mutation ($input: RemoveDatasetInput!) { removeDataset(input: $input) { removedId } }',
      { input: { dataset: 'words' } },
    );
    assert.equal(removeDataset.removedId, words.id);
    assert.deepEqual(await server.data('{ datasets { totalCount } dataset(slug: "words") { id } }'), {
      datasets: { totalCount: 0 },
      dataset: null,
    });
    assert.equal(
      (await server.data('query ($id: ID!) { node(id: $id) { id } }', { id: words.items.nodes[0].id })).node,
      null,
    );
    assert.equal((await server.fetch(vectorsUrl)).status, 404);
    const tables = await server.database.query<{ rows: number }>(
      `select (select count(*) from items) + (select count(*) from vectors) + (select count(*) from projection_chunks)
        + (select count(*) from images) as rows`,
    );
    assert.equal(tables[0]?.rows, 0);
    assert.deepEqual(await readdir(join(server.config.dataDir, 'scratch')).catch(() => []), []);
  });
});
