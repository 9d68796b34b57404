/** A collection that changes, as that of a shop does: things go, come, and are described anew; search and maps keep up. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { tableFromIPC } from 'apache-arrow';
import { zipSync } from 'fflate';
import sharp from 'sharp';

import { findDataset } from '../../../server/datasets/datasets.ts';
import { claimJob, endJob } from '../../../server/jobs/claims.ts';
import { addJob } from '../../../server/jobs/jobs.ts';
import { writePairModel, writeTextModel } from '../../helpers/models.ts';
import { scratchDir } from '../../helpers/runTask.ts';
import { allJobs, onEveryServer, type TestServer, upload } from '../../helpers/server.ts';

const folder = await scratchDir();
await writeTextModel(join(folder, 'texts'));
await writePairModel(join(folder, 'pair'));

const colours = ['red', 'green', 'blue'] as const;
const COUNT = 60;

/** Things of three colours, each with a place of its own beside others of its colour. */
function things(): string {
  const rows = Array.from({ length: COUNT }, (_, i) => {
    const colour = colours[i % 3];
    const shade = ['', 'dark ', 'bright '][Math.floor(i / 3) % 3];
    return [`t${i}`, `${shade}${colour}`, i % 2, 10 * (i % 3) + i / COUNT, (i * 7) % 11].join('\t');
  });
  return `key\ttext\tshelf\tx\ty\n${rows.join('\n')}\n`;
}

onEveryServer((_engine, start) => {
  let server: TestServer;
  const data: TestServer['data'] = (query, variables) => server.data(query, variables);
  const importFiles = async (files: Parameters<typeof upload>[1], input: object) => {
    const uploads = await upload(server, files);
    const { importDataset } = await data(
      'mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }',
      { input: { uploads, projections: [], ...input } },
    );
    await allJobs(server);
    const { job } = await data('query ($id: ID!) { job(id: $id) { warnings } }', { id: importDataset.job.id });
    return job;
  };
  const run = async (mutation: string, input: object) => {
    const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
    await data(`mutation ($input: ${type}!) { ${mutation}(input: $input) { job { id } } }`, { input });
    await allJobs(server);
  };
  const remove = (input: object) =>
    data('mutation ($input: RemoveItemsInput!) { removeItems(input: $input) { removedCount missingKeys } }', { input });

  before(async () => {
    server = await start({ WORKERS: '1', MODELS_DIR: folder, DEVICE: 'cpu' });
    await importFiles({ 'things.tsv': things() }, { dataset: 'shop' });
    const projections = [{ name: 'flat', method: 'PCA' }];
    await run('embedItems', { dataset: 'shop', model: 'texts', name: 'meaning', projections });
    await run('classifyItems', { dataset: 'shop', embedding: 'meaning', labels: colours });
    await run('compareEmbeddings', { dataset: 'shop', embedding: 'meaning', other: 'coordinates', neighbors: 5 });
    await run('clusterEmbedding', { dataset: 'shop', embedding: 'coordinates', name: 'groups', method: 'KMEANS' });
  });

  /** All that can be asked of the items, each thing told with the key that it is of. */
  async function everything() {
    const { dataset } = await data(`{ dataset(slug: "shop") {
      itemCount
      items(first: 1000) { totalCount nodes { key label fields } }
      red: items(filter: { field: "classification:zero-shot", eq: "red" }, first: 1000) { nodes { key } }
      meaning: embedding(name: "meaning") {
        itemCount nearest(to: { text: "bright red" }, first: 1000) { edges { distance node { key } } }
        hybrid(text: "dark", first: 1000) { edges { node { key } } }
        classification(name: "zero-shot") { itemCount counts items(label: "blue", first: 1000) { probability node { key } } }
        comparisons { itemCount changed(first: 1000) { overlap node { key } } }
        projection(name: "flat") { points(columns: ["shelf", "classification:zero-shot"]) { count url } }
      }
      coordinates: embedding(name: "coordinates") {
        itemCount nearest(to: { vector: [0, 0] }, first: 1000) { edges { distance node { key } } }
        projection(name: "given") { points(columns: ["clusters.groups"]) { count url } }
      }
    } }`);
    const rowsOf = async ({ url, count }: { url: string; count: number }) => {
      const response = await server.fetch(url);
      const rows = tableFromIPC(new Uint8Array(await response.arrayBuffer())).toArray();
      assert.equal(rows.length, count);
      return rows.map((row) => row.toJSON());
    };
    const { meaning, coordinates } = dataset;
    return {
      counts: [
        ...[dataset.itemCount, dataset.items.totalCount, meaning.itemCount, coordinates.itemCount],
        ...[meaning.classification.itemCount, meaning.comparisons[0].itemCount],
        meaning.classification.counts.reduce((sum: number, count: number) => sum + count, 0),
      ],
      lists: {
        items: dataset.items.nodes,
        red: dataset.red.nodes,
        byMeaning: meaning.nearest.edges,
        byWords: meaning.hybrid.edges.map(({ node }: { node: object }) => node),
        blue: meaning.classification.items,
        changed: meaning.comparisons[0].changed,
        byPlace: coordinates.nearest.edges,
        flat: await rowsOf(meaning.projection.points),
        given: await rowsOf(coordinates.projection.points),
      },
    };
  }

  test('nothing is removed while a job is at work that has read it', async () => {
    const shop = await findDataset(server.database, 'shop');
    assert.ok(shop);
    const job = { kind: 'PROJECT_EMBEDDING', input: {}, datasetId: shop.id, reserved: true } as const;
    const { id } = await addJob(server.database, job);
    const claim = await claimJob(server.database, { worker: 'here', kinds: [job.kind], id });
    assert.ok(claim);
    await assert.rejects(
      remove({ dataset: 'shop', keys: ['t0'] }),
      /Jobs are at work on \\?"shop\\?" \(PROJECT_EMBEDDING\) and have read what is to be removed/,
    );
    const nothing = { stage: null, progress: null, warnings: [] };
    await endJob(server.database, claim, { state: 'SUCCEEDED', result: {} }, nothing, { count: 0, first: [] });
  });

  const keyOf = (row: { key?: string; node?: { key: string } }) => row.key ?? row.node?.key ?? '';

  test('what is removed is in no answer any more, and all else is answered as before, to the bit', async () => {
    const earlier = await everything();
    const gone = ['t3', 't7', 't59'];
    const { removeItems } = await remove({ dataset: 'shop', keys: [...gone, 'nobody', 't3', 'no\0key'] });
    assert.deepEqual(removeItems, { removedCount: 3, missingKeys: ['nobody', 'no\0key'] });
    const later = await everything();
    assert.deepEqual(later.counts, Array(7).fill(COUNT - 3));
    for (const [name, rows] of Object.entries(earlier.lists)) {
      const left = rows.filter((row: object) => !gone.includes(keyOf(row)));
      assert.deepEqual(Object.entries(later.lists).find(([other]) => other === name)?.[1], left, name);
    }
    const { dataset } =
      await data(`{ dataset(slug: "shop") { item(key: "t3") { key } clustering(name: "groups") { stale }
      embedding(name: "meaning") { projection(name: "flat") { stale } classification(name: "zero-shot") { stale } comparisons { stale } } } }`);
    assert.equal(dataset.item, null);
    const { projection, classification, comparisons } = dataset.embedding;
    assert.deepEqual(
      [dataset.clustering.stale, projection.stale, classification.stale, comparisons[0].stale],
      [true, true, true, true],
    );
    const { errors } = await server.ask(
      '{ dataset(slug: "shop") { embedding(name: "meaning") { nearest(to: { item: "t3" }) { nodes { key } } } } }',
    );
    assert.equal(errors[0]?.extensions.code, 'NOT_FOUND');
  });

  test('a key that comes again is another item: nothing of the old one clings to it', async () => {
    await importFiles({ 'again.tsv': 'key\ttext\tshelf\nt3\tbright blue\t9\n' }, { dataset: 'shop' });
    const { dataset } = await data(`{ dataset(slug: "shop") {
      item(key: "t3") { label fields vector(embedding: "meaning") }
      items(filter: { and: [{ field: "key", eq: "t3" }, { or: [{ field: "clusters.groups", isNull: false },
        { field: "classification:zero-shot", isNull: false }] }] }) { totalCount }
    } }`);
    assert.deepEqual(dataset.item, { label: 'bright blue', fields: { text: 'bright blue', shelf: 9 }, vector: null });
    assert.equal(dataset.items.totalCount, 0);
  });

  test('items are removed by a filter, also by one of what was found out; of none that match nothing changes', async () => {
    const version = async () => (await data('{ dataset(slug: "shop") { version itemCount } }')).dataset;
    const earlier = await version();
    const none = await remove({ dataset: 'shop', filter: { field: 'text', eq: 'black' } });
    assert.deepEqual(none.removeItems, { removedCount: 0, missingKeys: [] });
    assert.deepEqual(await version(), earlier);
    const filter = {
      and: [
        { field: 'classification:zero-shot', eq: 'green' },
        { field: 'shelf', eq: 1 },
      ],
    };
    const { removeItems } = await remove({ dataset: 'shop', filter });
    assert.equal(removeItems.removedCount, 9, 'of ten, one was removed before');
    const left = await data(
      'query ($filter: Filter) { dataset(slug: "shop") { items(filter: $filter) { totalCount } } }',
      {
        filter,
      },
    );
    assert.equal(left.dataset.items.totalCount, 0);
    assert.equal((await version()).itemCount, earlier.itemCount - 9);
  });

  test('all may go, and others come', async () => {
    await importFiles({ 'few.csv': 'key,x,y\na,1,2\nb,3,5\nc,4,1\n' }, { dataset: 'few' });
    const pointsOf = async () => {
      const { dataset } = await data(
        '{ dataset(slug: "few") { itemCount embedding(name: "coordinates") { itemCount projection(name: "given") { points { count url } } } } }',
      );
      const { points } = dataset.embedding.projection;
      const response = await server.fetch(points.url);
      const { numRows } = tableFromIPC(new Uint8Array(await response.arrayBuffer()));
      return [dataset.itemCount, dataset.embedding.itemCount, points.count, numRows];
    };
    assert.deepEqual(await pointsOf(), [3, 3, 3, 3]);
    await remove({ dataset: 'few', filter: { field: 'key', isNull: false } });
    assert.deepEqual(await pointsOf(), [0, 0, 0, 0]);
    await importFiles({ 'others.csv': 'key,x,y\na,1,2\nd,3,5\n' }, { dataset: 'few' });
    assert.deepEqual(await pointsOf(), [2, 2, 2, 2]);
  });

  test('what cannot be removed is said, and nothing is', async () => {
    const mutation = 'mutation ($input: RemoveItemsInput!) { removeItems(input: $input) { removedCount } }';
    const refused: readonly (readonly [object, string, RegExp])[] = [
      [{ dataset: 'shop' }, 'BAD_USER_INPUT', /by `keys` or by `filter`: none came/],
      [
        { dataset: 'shop', keys: ['t0'], filter: { field: 'key', eq: 't0' } },
        'BAD_USER_INPUT',
        /by `keys` or by `filter`: both came/,
      ],
      [{ dataset: 'shop', keys: [] }, 'BAD_USER_INPUT', /"keys" names 0 items; wanted: 1 to 10000/],
      [{ dataset: 'shop', filter: { field: 'shelff', eq: 1 } }, 'BAD_USER_INPUT', /Did you mean "shelf"/],
      [{ dataset: 'shopp', keys: ['t0'] }, 'NOT_FOUND', /Did you mean "shop"/],
    ];
    for (const [input, code, message] of refused) {
      const { errors } = await server.ask(mutation, { input });
      assert.match(errors[0]?.message ?? '', message);
      assert.equal(errors[0]?.extensions.code, code);
    }
    assert.notEqual((await data('{ dataset(slug: "shop") { item(key: "t0") { key } } }')).dataset.item, null);
  });

  test('an entity goes with its triples, unless a model has learnt it', async () => {
    const triples = Array.from(
      { length: 12 },
      (_, i) => `e${i}\tnext\te${(i + 1) % 12}\ne${i}\tover\te${(i + 2) % 12}`,
    );
    await importFiles({ 'train.tsv': triples.join('\n') }, { dataset: 'ring', kind: 'GRAPH' });
    const { removeItems } = await remove({ dataset: 'ring', keys: ['e0'] });
    assert.equal(removeItems.removedCount, 1);
    const { dataset } = await data(
      '{ dataset(slug: "ring") { graph { entityCount tripleCount trainCount relations { key tripleCount } } } }',
    );
    assert.deepEqual(dataset.graph, {
      ...{ entityCount: 11, tripleCount: 20, trainCount: 20 },
      relations: [
        { key: 'next', tripleCount: 10 },
        { key: 'over', tripleCount: 10 },
      ],
    });
    await run('trainGraph', { dataset: 'ring', name: 'm', settings: { model: 'DISTMULT', dimension: 4, epochs: 1 } });
    const { errors } = await server.ask(
      'mutation ($input: RemoveItemsInput!) { removeItems(input: $input) { removedCount } }',
      { input: { dataset: 'ring', keys: ['e1'] } },
    );
    assert.equal(errors[0]?.extensions.code, 'CONFLICT');
    assert.match(errors[0]?.message ?? '', /rows of its graph models \("m"\).*`removeGraphModel`/);
  });

  const nearest = async (dataset: string, text: string, first: number): Promise<string[]> => {
    const answer = await data(
      `query ($dataset: String!, $to: Target!, $first: Int!) {
         dataset(slug: $dataset) { embedding(name: "meaning") { nearest(to: $to, first: $first) { nodes { key } } } } }`,
      { dataset, to: { text }, first },
    );
    return answer.dataset.embedding.nearest.nodes.map(keyOf);
  };

  test('what is described anew is found by its new text alone, at once where the import embeds', async () => {
    const text = (rows: Readonly<Record<string, string>>) => ({
      'rows.csv': `key,text\n${Object.entries(rows)
        .map((row) => row.join(','))
        .join('\n')}\n`,
    });
    await importFiles(text({ a: 'red', b: 'green', c: 'blue' }), { dataset: 'news' });
    await run('embedItems', { dataset: 'news', model: 'texts', name: 'meaning', projections: [] });
    const vectorOf = async (key: string) =>
      (await data(`{ dataset(slug: "news") { item(key: "${key}") { vector(embedding: "meaning") } } }`)).dataset.item
        .vector;
    const same = await vectorOf('b');

    const { warnings } = await importFiles(text({ a: 'blue', b: 'green', d: 'red' }), { dataset: 'news' });
    assert.deepEqual(warnings, [
      '1 item has another text now, and no vector in "meaning" until `embedItems` is asked for that name again; an import with `embed` asks by itself.',
    ]);
    assert.deepEqual(
      await nearest('news', 'red', 5),
      ['b', 'c'].sort(),
      'neither the old text nor the new item has a vector yet',
    );

    const silent = await importFiles(text({ a: 'red', b: 'green', c: 'bright red', e: 'bright green' }), {
      ...{ dataset: 'news', embed: true },
    });
    assert.deepEqual(silent.warnings, []);
    assert.deepEqual((await nearest('news', 'red', 3)).sort(), ['a', 'c', 'd']);
    assert.deepEqual((await nearest('news', 'green', 2)).sort(), ['b', 'e']);
    assert.equal(await vectorOf('b'), same);

    // Another field has changed: that is no other text.
    const quiet = await importFiles({ 'prices.csv': 'key,price\na,3\n' }, { dataset: 'news' });
    assert.deepEqual(quiet.warnings, []);
    assert.deepEqual((await nearest('news', 'red', 3)).sort(), ['a', 'c', 'd']);
  });

  test('so it is with another picture', async () => {
    const zip = async (files: Readonly<Record<string, string>>) => {
      const pictures: Record<string, Uint8Array> = {};
      for (const [name, background] of Object.entries(files)) {
        pictures[`${name}.png`] = await sharp({ create: { width: 8, height: 8, channels: 3, background } })
          .png()
          .toBuffer();
      }
      return { 'pictures.zip': Uint8Array.from(zipSync(pictures)) };
    };
    await importFiles(await zip({ one: '#ff0000', two: '#00ff00' }), { dataset: 'shots' });
    await run('embedItems', { dataset: 'shots', model: 'pair', name: 'meaning', projections: [] });
    assert.deepEqual(await nearest('shots', 'red', 1), ['one']);
    await importFiles(await zip({ one: '#0000ff', two: '#00ff00', three: '#ff0000' }), {
      dataset: 'shots',
      embed: true,
    });
    assert.deepEqual(await nearest('shots', 'red', 1), ['three']);
    assert.deepEqual(await nearest('shots', 'blue', 1), ['one']);
  });
});
