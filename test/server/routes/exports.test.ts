import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { tableFromIPC } from '@uwdata/flechette';

import { importFiles } from '../../../server/datasets/importFiles.ts';
import { requireEmbedding } from '../../../server/embeddings/embeddings.ts';
import { readMatrix } from '../../../server/embeddings/vectors.ts';
import { requireGraphModel } from '../../../server/graphs/graphModels.ts';
import { makeGraph, type TripleText } from '../../helpers/graphs.ts';
import { runTask, scratchDir } from '../../helpers/runTask.ts';
import { allJobs, onEveryServer, type TestServer, upload } from '../../helpers/server.ts';

const towns = Array.from({ length: 30 }, (_, i): TripleText[] => [
  [`town ${i}`, 'next to', `town ${(i + 1) % 30}`],
  [`town ${i}`, 'twin of', `town ${(i + 15) % 30}`],
]).flat();

interface File {
  readonly format: string;
  readonly name: string;
  readonly url: string;
  readonly mediaType: string;
}

onEveryServer((_engine, start) => {
  let server: TestServer;
  let datasetId: number;
  let files: { readonly items: readonly File[]; readonly relations: readonly File[] };
  const fileOf = (format: string, of: 'items' | 'relations' = 'items'): File => {
    const found = files[of].find((file) => file.format === format);
    assert.ok(found, format);
    return found;
  };

  before(async () => {
    server = await start({ WORKERS: '1' });
    datasetId = (await makeGraph(server.database, 'towns', towns, { 'town 3': 'Trier', 'next to': 'is next to' })).id;
    await server.data(
      `mutation { trainGraph(input: { dataset: "towns", name: "rotate", settings: { model: ROTATE, dimension: 8, epochs: 2, regularizer: NONE } }) { job { id } } }`,
    );
    await allJobs(server);
    const fields = '{ format name url mediaType }';
    const { dataset } = await server.data(
      `{ dataset(slug: "towns") { graphModel(name: "rotate") { relationExports ${fields} embedding { exports ${fields} } } } }`,
    );
    files = { items: dataset.graphModel.embedding.exports, relations: dataset.graphModel.relationExports };
  });

  test('vectors of entities and relations are fetched as Arrow with their names', async () => {
    const read = async (of: 'items' | 'relations') => {
      const answer = await server.fetch(fileOf('ARROW', of).url);
      assert.equal(answer.status, 200);
      return tableFromIPC(new Uint8Array(await answer.arrayBuffer()));
    };
    const items = await read('items');
    const embedding = await requireEmbedding(server.database, datasetId, 'rotate');
    const { matrix } = await readMatrix(server.database, embedding);
    const rows: Float32Array[] = [...items.getChild('vector')];
    assert.deepEqual(Float32Array.from(rows.flatMap((row) => [...row])), matrix.data);
    assert.deepEqual([items.getChild('key').at(3), items.getChild('label').at(3)], ['town 2', 'town 2']);

    const relations = await read('relations');
    assert.deepEqual([...relations.getChild('key')], ['next to', 'twin of', 'next to_inverse', 'twin of_inverse']);
    assert.equal(relations.getChild('label').at(0), 'is next to');
    // The phases of RotatE: a number for each pair of an entity's.
    assert.equal(relations.getChild('vector').at(0).length, 4);
    const model = await requireGraphModel(server.database, datasetId, 'rotate');
    assert.deepEqual(
      files.relations.map(({ url }) => url.split('/')[3]),
      files.relations.map(() => String(model.embeddingId)),
    );
  });

  test('what is exported of a model with biases gives its scores', async () => {
    await server.data(
      `mutation { trainGraph(input: { dataset: "towns", name: "rote", settings: { model: ROTE, dimension: 8, epochs: 3, rate: 0.1, regularizer: NONE } }) { job { id } } }`,
    );
    await allJobs(server);
    const { dataset } = await server.data(
      `{ dataset(slug: "towns") { graphModel(name: "rote") { relationExports { format url } embedding { exports { format url } }
         score(head: "town 3", relation: "next to", tail: "town 9") { score } } } }`,
    );
    const { relationExports, embedding, score } = dataset.graphModel;
    const read = async (exports: readonly File[]) => {
      const address = exports.find(({ format }) => format === 'ARROW')?.url ?? '';
      return tableFromIPC(new Uint8Array(await (await server.fetch(address)).arrayBuffer()));
    };
    const [entities, relations] = [await read(embedding.exports), await read(relationExports)];
    const of = (key: string) => {
      const row = [...entities.getChild('key')].indexOf(key);
      return { vector: [...entities.getChild('vector').at(row)], bias: entities.getChild('bias').at(row) };
    };
    const [head, tail] = [of('town 3'), of('town 9')];
    const row: number[] = [...relations.getChild('vector').at([...relations.getChild('key')].indexOf('next to'))];
    const [angles, shift] = [row.slice(0, 4), row.slice(4)];
    // RotE: -|Rot(angles) h + r - t|^2 + b_h + b_t (Chami et al. 2020).
    // Pair k of its numbers is (k, k + 4).
    const moved = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => {
      const [x, y, angle = 0] = [head.vector[k % 4], head.vector[(k % 4) + 4], angles[k % 4]];
      return k < 4 ? x * Math.cos(angle) - y * Math.sin(angle) : x * Math.sin(angle) + y * Math.cos(angle);
    });
    const distance = moved.reduce((sum, x, k) => sum + (x + (shift[k] ?? 0) - tail.vector[k]) ** 2, 0);
    assert.ok(Math.abs(head.bias) > 1e-4 && Math.abs(tail.bias) > 1e-4, 'the biases were learnt');
    assert.ok(Math.abs(head.bias + tail.bias - distance - score.score) < 1e-5);
  });

  test('every file that is listed comes as what it says it is, under its name', async () => {
    for (const { url, name, mediaType } of [...files.items, ...files.relations]) {
      const answer = await server.fetch(url);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('content-type'), mediaType);
      assert.equal(answer.headers.get('content-disposition'), `attachment; filename="${name}"`);
      const body = new Uint8Array(await answer.arrayBuffer());
      assert.ok(body.length > 0);
      const etag = answer.headers.get('etag') ?? '';
      const again = await server.fetch(url, { headers: { 'if-none-match': etag } });
      assert.deepEqual([again.status, again.headers.get('etag')], [304, etag]);
      const head = await server.fetch(url, { method: 'HEAD' });
      assert.deepEqual([head.status, await head.text()], [200, '']);
    }
    const etags = await Promise.all(
      [...files.items, ...files.relations].map(async ({ url }) => (await server.fetch(url)).headers.get('etag')),
    );
    assert.equal(new Set(etags).size, etags.length);
  });

  test('text comes compressed where that is taken, numbers as they are', async () => {
    const of = async (format: string, accepted: string) => {
      const { headers } = await server.fetch(fileOf(format).url, { headers: { 'accept-encoding': accepted } });
      return [headers.get('content-encoding'), headers.get('vary')];
    };
    assert.deepEqual(await of('WORD2VEC', 'gzip, br'), ['br', 'accept-encoding, Origin']);
    assert.deepEqual(await of('WORD2VEC', 'gzip'), ['gzip', 'accept-encoding, Origin']);
    assert.deepEqual(await of('WORD2VEC', 'identity'), [null, 'accept-encoding, Origin']);
    assert.deepEqual(await of('NPY', 'gzip, br'), [null, 'Origin']);
    const texts = await Promise.all(
      ['br', 'gzip', 'identity'].map(async (accepted) =>
        (await server.fetch(fileOf('WORD2VEC').url, { headers: { 'accept-encoding': accepted } })).text(),
      ),
    );
    assert.match(texts[0] ?? '', /^30 8\ntown_0 /);
    assert.equal(new Set(texts).size, 1);
  });

  test('labels stand in word2vec text where they are asked for', async () => {
    const { dataset } = await server.data(
      '{ dataset(slug: "towns") { embedding(name: "rotate") { exports(name: LABEL) { format url } } } }',
    );
    const { url } = dataset.embedding.exports.find((file: File) => file.format === 'WORD2VEC');
    assert.match(await (await server.fetch(url)).text(), /\nTrier /);
  });

  test('the config of the Embedding Projector names files that are there', async () => {
    const config = await (await server.fetch(fileOf('PROJECTOR_CONFIG').url)).json();
    const [tensor] = config.embeddings;
    assert.deepEqual(tensor.tensorShape, [30, 8]);
    assert.equal((await (await fetch(tensor.tensorPath)).arrayBuffer()).byteLength, 30 * 8 * 4);
    assert.equal((await (await fetch(tensor.metadataPath)).text()).trimEnd().split('\n').length, 31);
    const behindProxy = await server.fetch(fileOf('PROJECTOR_CONFIG').url, {
      headers: { 'x-forwarded-proto': 'https' },
    });
    assert.match((await behindProxy.json()).embeddings[0].tensorPath, /^https:/);
  });

  test('what was fetched is imported again as the same vectors', async () => {
    const embedding = await requireEmbedding(server.database, datasetId, 'rotate');
    const { matrix } = await readMatrix(server.database, embedding);
    const dataDir = await scratchDir();
    const ways = [['ARROW'], ['NPY', 'METADATA'], ['WORD2VEC'], ['PROJECTOR_CONFIG', 'PROJECTOR_BYTES', 'METADATA']];
    for (const [number, formats] of ways.entries()) {
      const paths = [];
      for (const format of formats) {
        const { url, name } = fileOf(format);
        paths.push(join(dataDir, name));
        await writeFile(join(dataDir, name), new Uint8Array(await (await server.fetch(url)).arrayBuffer()));
      }
      const input = { dataset: `again-${number}`, paths, projections: [] };
      const { job, rejections } = await runTask(server.database, 'IMPORT_DATASET', importFiles, input, { dataDir });
      assert.deepEqual([job.error, rejections.length], [null, 0]);
      const { dataset } = await server.data(
        `{ dataset(slug: "again-${number}") { id itemCount embeddings { name } items(first: 1) { nodes { key } } } }`,
      );
      assert.equal(dataset.items.nodes[0].key, formats[0] === 'WORD2VEC' ? 'town_0' : 'town 0');
      const [made] = await server.database.query<{ id: number }>('select id from datasets where slug = $1::text', [
        `again-${number}`,
      ]);
      const read = await requireEmbedding(server.database, made?.id ?? 0, dataset.embeddings[0].name);
      assert.deepEqual((await readMatrix(server.database, read)).matrix.data, matrix.data);
    }
  });

  test('the fields of items stand beside their names, and come back with them', async () => {
    const rows = Array.from({ length: 12 }, (_, i) =>
      JSON.stringify({
        ...{ id: `k${i}`, title: i === 1 ? '"quoted"' : `thing\t${i}`, vector: [i, 1, 2, 3 - i] },
        ...{ kind: ['red', 'blue'][i % 2], price: i / 4, sold: i > 6, day: `2024-05-0${(i % 9) + 1}` },
        ...(i === 2 ? {} : { tags: ['a', i] }),
      }),
    );
    const uploads = await upload(server, { 'things.jsonl': rows.join('\n') });
    await server.data('mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }', {
      input: { dataset: 'things', uploads, projections: [] },
    });
    await allJobs(server);
    const itemsOf = async (slug: string) =>
      (
        await server.data(
          `{ dataset(slug: "${slug}") { fields { name type } items(first: 50) { nodes { key label fields } } } }`,
        )
      ).dataset;
    const { dataset } = await server.data(
      '{ dataset(slug: "things") { embedding(name: "vectors") { exports { format name url } } } }',
    );
    const fetched: Record<string, Uint8Array<ArrayBuffer>> = {};
    for (const { format, name, url } of dataset.embedding.exports) {
      if (format !== 'NPY' && format !== 'METADATA') continue;
      fetched[name] = new Uint8Array(await (await server.fetch(url)).arrayBuffer());
    }
    const [header = '', , second = ''] = Buffer.from(fetched['things-vectors.metadata.tsv'] ?? [])
      .toString()
      .split('\n');
    assert.equal(header, 'key\tlabel\ttitle\tkind\tprice\tsold\tday\ttags');
    assert.equal(second, 'k1\t"""quoted"""\t"""quoted"""\tblue\t0.25\tfalse\t2024-05-02T00:00:00.000Z\t["a",1]');
    const again = await upload(server, fetched);
    await server.data('mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }', {
      input: { dataset: 'things-again', uploads: again, projections: [] },
    });
    await allJobs(server);
    const [first, back] = [await itemsOf('things'), await itemsOf('things-again')];
    assert.deepEqual(back.fields, first.fields);
    const plain = JSON.parse(JSON.stringify(first.items.nodes).replaceAll('\\t', ' '));
    assert.deepEqual(back.items.nodes, plain, 'a tab in a name became a blank');
  });

  test('addresses of vectors that have changed, or never were, are answered in a sentence', async () => {
    const { url } = fileOf('NPY');
    const gone = [
      url.replace('/items/', '/relations/').replace('rotate.npy', 'rotate.zip'),
      url.replace('/items/', '/others/'),
      url.replace(/\/\d+\/(?=[^/]*$)/, '/999/'),
      '/exports/items/99999999999/1/x.npy',
      '/exports/items/x/1/x.npy',
    ];
    for (const address of gone) {
      const answer = await server.fetch(address);
      assert.equal(answer.status, 404, address);
      assert.match((await answer.json()).errors[0].message, /no longer there.*Ask for the addresses again/);
    }
    assert.equal((await server.fetch(`${url}?name=both`)).status, 400);
  });
});
