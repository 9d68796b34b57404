/** What clients rely on: each document of the contract, run as written against a started server. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { before, test } from 'node:test';

import { tableFromIPC } from 'apache-arrow';
import { createClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';

import { allJobs, onEveryServer, type TestServer, upload } from './helpers/server.ts';

const folder = new URL('../../shared/contract/', import.meta.url);
const documents = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.graphql'));

const COUNT = 60;
const where = { dataset: 'words', embedding: 'vectors', projection: 'pca-2d' };

/** Sixty points on a circle, every third of a split of its own. */
const table = [
  'key\tlabel\tsplit\tprice\tvector',
  ...Array.from({ length: COUNT }, (_, i) => {
    const angle = (2 * Math.PI * i) / COUNT;
    return `w${i}\tWord ${i}\t${i % 3 === 0 ? 'test' : 'train'}\t${i}\t[${Math.cos(angle)}, ${Math.sin(angle)}, 0.5]`;
  }),
].join('\n');

/** What is done with each document, in order: the first ones make what the others ask for. */
const runs: Readonly<Record<string, (server: TestServer, document: string) => Promise<void>>> = {
  async 'import.graphql'(server, document) {
    const uploads = await upload(server, { 'words.tsv': table });
    const projections = [
      { name: 'pca-2d', method: 'PCA', components: 2 },
      { name: 'pca-3d', method: 'PCA', components: 3 },
    ];
    const input = { dataset: 'words', uploads, metric: 'COSINE', projections };
    const { importDataset } = await server.data(document, { input });
    assert.equal(typeof importDataset.job.id, 'string');
    await allJobs(server);
  },

  async 'datasets.graphql'(server, document) {
    const { datasets } = await server.data(document);
    assert.equal(datasets.totalCount, 1);
    assert.deepEqual(datasets.nodes[0], {
      slug: 'words',
      title: 'words',
      kind: 'VECTOR',
      itemCount: COUNT,
      fields: [
        { name: 'split', type: 'CATEGORY' },
        { name: 'price', type: 'NUMBER' },
      ],
      embeddings: [
        {
          name: 'vectors',
          dimension: 3,
          metric: 'COSINE',
          itemCount: COUNT,
          model: null,
          projections: [
            { name: 'pca-2d', method: 'PCA', components: 2 },
            { name: 'pca-3d', method: 'PCA', components: 3 },
          ],
        },
      ],
    });
  },

  async 'items.graphql'(server, document) {
    const filter = { and: [{ field: 'split', in: ['test'] }, { not: { field: 'price', gte: 30 } }] };
    const keys: string[] = [];
    let after: string | null = null;
    do {
      const { dataset }: { dataset: { items: ItemPage } } = await server.data(document, {
        dataset: 'words',
        first: 4,
        after,
        filter,
      });
      assert.equal(dataset.items.totalCount, 10);
      keys.push(...dataset.items.nodes.map(({ key }) => key));
      after = dataset.items.pageInfo.hasNextPage ? dataset.items.pageInfo.endCursor : null;
    } while (after !== null);
    assert.deepEqual(
      keys,
      Array.from({ length: 10 }, (_, i) => `w${3 * i}`),
    );
  },

  async 'nearest.graphql'(server, document) {
    const ask = async (to: object, more: object = {}) => {
      const { dataset } = await server.data(document, { ...where, to, first: 2, ...more });
      return dataset.embedding.nearest;
    };
    const keysOf = ({ edges }: { edges: { node: { key: string } }[] }) => edges.map(({ node }) => node.key).sort();

    const byItem = await ask({ item: 'w10' }, { search: { method: 'EXACT', efSearch: 100 } });
    assert.deepEqual(keysOf(byItem), ['w11', 'w9']);
    assert.equal(byItem.edges[0].rank, 1);
    assert.ok(Math.abs(byItem.edges[0].distance + byItem.edges[0].similarity - 1) < 1e-6);
    assert.equal(byItem.search.method, 'EXACT');
    assert.equal(byItem.search.complete, true);

    const numbers = [Math.cos(0), Math.sin(0), 0.5];
    assert.ok(keysOf(await ask({ vector: numbers })).includes('w0'));
    const base64 = Buffer.from(Float32Array.from(numbers).buffer).toString('base64');
    assert.deepEqual(await keysOf(await ask({ vector: base64 })), keysOf(await ask({ vector: numbers })));
    const sum = [{ to: { item: 'w9' } }, { to: { item: 'w11' }, weight: 1 }];
    assert.ok(keysOf(await ask({ sum })).includes('w10'));
    const filtered = await ask({ item: 'w10' }, { filter: { field: 'split', eq: 'test' } });
    assert.deepEqual(keysOf(filtered), ['w12', 'w9']);
  },

  async 'project.graphql'(server, document) {
    const input = {
      ...where,
      projection: undefined,
      name: 'again',
      method: 'PCA',
      components: 2,
      seed: 42,
      device: 'AUTO',
    };
    const { projectEmbedding } = await server.data(document, { input });
    assert.equal(typeof projectEmbedding.job.id, 'string');
    await allJobs(server);
  },

  async 'projection.graphql'(server, document) {
    const { dataset } = await server.data(document, { ...where, projection: 'again' });
    const { points, quality, parameters, milliseconds, ...rest } = dataset.embedding.projection;
    assert.deepEqual(rest, { name: 'again', method: 'PCA', components: 2, seed: 42, device: 'CPU' });
    assert.equal(typeof parameters, 'object');
    assert.ok(milliseconds > 0);
    for (const share of Object.values(quality)) assert.ok(Number(share) > 0.5 && Number(share) <= 1);

    assert.equal(points.count, COUNT);
    assert.equal(points.mediaType, 'application/vnd.apache.arrow.stream');
    const response = await server.fetch(points.url);
    assert.equal(response.status, 200);
    assert.ok(response.headers.get('etag'));
    assert.ok(response.headers.get('content-length'));
    const columns = tableFromIPC(new Uint8Array(await response.arrayBuffer()));
    assert.deepEqual(
      columns.schema.fields.map(({ name }) => name),
      ['key', 'x', 'y', 'label'],
    );
    assert.equal(columns.numRows, COUNT);
    const label = columns.getChild('label');
    [...(columns.getChild('key') ?? [])].forEach((key, i) => {
      assert.equal(label?.get(i), String(key).replace('w', 'Word '));
    });
  },

  async 'place.graphql'(server, document) {
    const ask = async (to: object) => {
      const { dataset } = await server.data(document, { ...where, to });
      return dataset.embedding.projection.place;
    };
    const { x, y, z, neighbors } = await ask({ item: 'w10' });
    assert.ok(Number.isFinite(x) && Number.isFinite(y));
    assert.equal(z, null);
    const [first, second] = neighbors;
    assert.deepEqual([first.node.key, second.node.key].sort(), ['w11', 'w9']);
    assert.ok(first.distance > 0 && first.distance <= second.distance);
    // On a circle, halfway between two neighbours lies between them on the map.
    const between = await ask({ sum: [{ to: { item: 'w9' } }, { to: { item: 'w11' } }] });
    assert.ok(Math.hypot(between.x - x, between.y - y) < 0.5);
  },

  async 'job.graphql'(server, document) {
    // One document with three operations: each is asked for by its name.
    const ask = async (operationName: string, id: string) => {
      const response = await server.fetch('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: document, operationName, variables: { id } }),
      });
      const { data, errors } = await response.json();
      assert.equal(errors, undefined);
      return data;
    };
    const { jobs } = await server.data('{ jobs(first: 1) { nodes { id } } }');
    const [{ id }] = jobs.nodes;
    const { job } = await ask('Job', id);
    assert.equal(job.id, id);
    assert.equal(job.kind, 'PROJECT_EMBEDDING');
    assert.equal(job.state, 'SUCCEEDED');
    assert.equal(job.error, null);
    assert.ok(Date.parse(job.startedAt) <= Date.parse(job.finishedAt));
    assert.deepEqual(await ask('CancelJob', id), { cancelJob: { job: { id, state: 'SUCCEEDED' } } });

    const events = createClient({ url: `${server.url}/graphql`, fetchFn: fetch });
    const sockets = createSocketClient({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
    });
    for (const client of [events, sockets]) {
      const seen: unknown[] = [];
      const changes = client.iterate({ query: document, operationName: 'JobProgress', variables: { id } });
      for await (const { data } of changes) seen.push(data);
      assert.deepEqual(seen, [{ job: { id, state: 'SUCCEEDED', stage: job.stage, progress: 1 } }]);
      await client.dispose();
    }
  },
};

interface ItemPage {
  readonly totalCount: number;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  readonly nodes: readonly { readonly key: string }[];
}

if (documents.length === 0) {
  test('the documents of the contract run as written', (context) => {
    if (process.env['CI'] === 'true') throw new Error('The contract is not at ../shared/contract.');
    context.skip('the contract is not at ../shared/contract');
  });
} else {
  test('every document of the contract is run', () => {
    assert.deepEqual(documents.toSorted(), Object.keys(runs).sort());
  });

  onEveryServer((_engine, start) => {
    let server: TestServer;
    before(async () => {
      server = await start({ WORKERS: '1' });
    });
    for (const [name, run] of Object.entries(runs)) {
      test(`${name} is answered as written`, async () => {
        await run(server, await readFile(new URL(name, folder), 'utf8'));
      });
    }
  });
}
