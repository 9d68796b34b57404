/** Groups as a client finds them, asks for them, filters by them and removes them. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { tableFromIPC } from 'apache-arrow';

import { createRandom } from '#kernels/random.ts';
import { allJobs, onEveryServer, type TestServer, upload } from '../../helpers/server.ts';

const COUNT = 240;
const animals = ['cat', 'horse', 'whale'] as const;

/** Three groups of animals with places of their own, and a few that lie between. */
function table(): string {
  const random = createRandom(2);
  const rows = Array.from({ length: COUNT }, (_, i) => {
    const group = i % 3;
    const center = i % 20 === 19 ? [5 * random.normal(), 5 * random.normal()] : [8 * group, 8 * (group % 2)];
    const [x, y] = center.map((value) => value + 0.5 * random.normal());
    return `a${i}\ta ${animals[group]}\t${animals[group]}\t${x}\t${y}`;
  });
  return ['key\tlabel\tkind\tx\ty', ...rows].join('\n');
}

const cluster = `mutation Cluster($input: ClusterEmbeddingInput!) { clusterEmbedding(input: $input) { job { id kind } } }`;
const where = { dataset: 'animals', embedding: 'coordinates', projection: 'given' };

onEveryServer((_engine, start) => {
  let server: TestServer;
  before(async () => {
    server = await start({ WORKERS: '1' });
    const uploads = await upload(server, { 'animals.tsv': table() });
    await server.data(`mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }`, {
      input: { dataset: 'animals', uploads },
    });
    await allJobs(server);
    const input = { ...where, name: 'kinds', hdbscan: { minClusterSize: 10 } };
    const { clusterEmbedding } = await server.data(cluster, { input });
    assert.equal(clusterEmbedding.job.kind, 'CLUSTER_EMBEDDING');
    await allJobs(server);
  });

  test('a clustering tells what it found, and where', async () => {
    const { dataset } = await server.data(`{
      dataset(slug: "animals") {
        clusterings { name }
        clustering(name: "kinds") {
          id name method seed parameters count noiseCount stale version milliseconds
          embedding { name } projection { name }
          clusters { number label size terms { term score count } traits { field value share shareElsewhere }
            representatives(first: 3) { key label } place(projection: "given") { center lower upper } }
          layers { minClusterSize count noiseCount clusters { label size } }
        }
      }
    }`);
    const { clustering } = dataset;
    assert.deepEqual(dataset.clusterings, [{ name: 'kinds' }]);
    assert.equal(clustering.method, 'HDBSCAN');
    assert.equal(clustering.seed, null);
    assert.equal(clustering.count, COUNT);
    assert.equal(clustering.stale, false);
    assert.deepEqual(clustering.embedding, { name: 'coordinates' });
    assert.deepEqual(clustering.projection, { name: 'given' });
    assert.equal(clustering.parameters.minClusterSize, 10);
    const labels = clustering.clusters.map(({ label }: { label: string }) => label);
    assert.deepEqual([...labels].sort(), [...animals]);
    for (const { label, traits, terms, representatives, place, size } of clustering.clusters) {
      assert.equal(traits[0].value, label);
      assert.equal(terms[0].term, label);
      assert.equal(representatives.length, 3);
      assert.equal(size > 60 && size <= 90, true, `${size}`);
      const group = animals.indexOf(label);
      [8 * group, 8 * (group % 2)].forEach((value, axis) => {
        assert.equal(Math.abs(place.center[axis] - value) < 1, true, `${place.center}`);
        assert.equal(place.lower[axis] < value && value < place.upper[axis], true);
      });
    }
    const { node } = await server.data(`query ($id: ID!) { node(id: $id) { ... on Clustering { name } } }`, {
      id: clustering.id,
    });
    assert.deepEqual(node, { name: 'kinds' });
  });

  test('the points of a map have columns with the cluster and the probability of each item', async () => {
    const points = await readPoints(['kind', 'clusters.kinds', 'probability.kinds']);
    const clusters = points.getChild('clusters.kinds');
    const probabilities = points.getChild('probability.kinds');
    let noise = 0;
    for (let i = 0; i < COUNT; i++) {
      const own = clusters?.get(i) ?? null;
      assert.equal((probabilities?.get(i) ?? 0) > 0, own !== null);
      if (own === null) noise++;
    }
    assert.equal(noise > 0 && noise < 30, true, `${noise}`);
  });

  test('filters know them, and say which there are', async () => {
    const count = async (filter: object) => {
      const query = `query ($filter: Filter) { dataset(slug: "animals") { items(first: 1, filter: $filter) { totalCount } } }`;
      return (await server.data(query, { filter })).dataset.items.totalCount;
    };
    const cats = await count({ field: 'clusters.kinds', eq: 'cat' });
    const none = await count({ field: 'clusters.kinds', isNull: true });
    const all = await count({ field: 'clusters.kinds', in: [...animals] });
    assert.equal(cats > 60 && cats <= 90, true, `${cats}`);
    assert.equal(all + none, COUNT);
    assert.equal(await count({ field: 'probability.kinds', gt: 0 }), all);
    assert.equal(await count({ field: 'clusters.kinds', ne: 'cat' }), COUNT - cats);
    const nearest = await server.data(`{
      dataset(slug: "animals") { embedding(name: "coordinates") {
        nearest(to: { vector: [0, 0] }, first: 5, filter: { field: "clusters.kinds", eq: "whale" }) { nodes { label } }
      } }
    }`);
    const { nodes } = nearest.dataset.embedding.nearest;
    assert.deepEqual(new Set(nodes.map(({ label }: { label: string }) => label)), new Set(['a whale']));
    const { errors } = await server.ask(
      `{ dataset(slug: "animals") { items(filter: { field: "clusters.kind", eq: "cat" }) { totalCount } } }`,
    );
    assert.match(errors[0]?.message ?? '', /no field "clusters.kind"\. Did you mean .*clusters\.kinds/);
  });

  test('what cannot be is refused at once, in words', async () => {
    const refused = async (input: object, message: RegExp) => {
      const { errors } = await server.ask(cluster, { input: { ...where, name: 'wrong', ...input } });
      assert.equal(errors[0]?.extensions.code === 'BAD_USER_INPUT' || errors[0]?.extensions.code === 'NOT_FOUND', true);
      assert.match(errors[0]?.message ?? '', message);
    };
    await refused({ name: ' ' }, /name of a clustering has 1 to 200 characters/);
    await refused({ projection: 'nowhere' }, /no projection "nowhere"/);
    await refused(
      { method: 'KMEANS', hdbscan: {} },
      /hdbscan has the options of the method HDBSCAN, but the method is KMEANS/,
    );
    await refused({ kmeans: { clusters: 3 } }, /kmeans has the options of the method KMEANS/);
    await refused({ method: 'KMEANS', kmeans: { clusters: 0 } }, /kmeans\.clusters is 0; wanted: from 1 to 1000/);
    await refused({ hdbscan: { minClusterSize: 1 } }, /hdbscan\.minClusterSize is 1; wanted: from 2/);
    await refused({ hdbscan: { epsilon: -1 } }, /hdbscan\.epsilon is -1; wanted: 0 or more/);
  });

  test('made anew and removed, it takes its columns with it', async () => {
    const before = await pointsUrl(['clusters.kinds']);
    await server.data(cluster, { input: { ...where, name: 'kinds', method: 'KMEANS', kmeans: { clusters: 5 } } });
    await allJobs(server);
    const after = await pointsUrl(['clusters.kinds']);
    assert.notEqual(after.url, before.url);
    assert.equal(after.version, before.version);
    const clusters = (await readPoints(['clusters.kinds'])).getChild('clusters.kinds');
    assert.equal(new Set(clusters ?? []).size, 5);
    const { removeClustering } = await server.data(
      `mutation { removeClustering(input: { dataset: "animals", clustering: "kinds" }) { removedId } }`,
    );
    assert.equal(typeof removeClustering.removedId, 'string');
    const { errors } = await server.ask(pointsQuery, { columns: ['clusters.kinds'] });
    assert.match(errors[0]?.message ?? '', /no column "clusters\.kinds"/);
  });

  const pointsQuery = `query ($columns: [String!]!) { dataset(slug: "animals") { embedding(name: "coordinates") {
    projection(name: "given") { points(columns: $columns) { url version } } } } }`;

  async function pointsUrl(columns: readonly string[]): Promise<{ readonly url: string; readonly version: string }> {
    return (await server.data(pointsQuery, { columns })).dataset.embedding.projection.points;
  }

  async function readPoints(columns: readonly string[]) {
    const response = await server.fetch((await pointsUrl(columns)).url);
    assert.equal(response.status, 200);
    return tableFromIPC(new Uint8Array(await response.arrayBuffer()));
  }
});
