import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import sharp from 'sharp';

import type { Database } from '../../../server/database/database.ts';
import { countValues, requireDataset } from '../../../server/datasets/datasets.ts';
import { readImage } from '../../../server/datasets/images.ts';
import { type ImportInput, importFiles } from '../../../server/datasets/importFiles.ts';
import { findItemByKey, listItems } from '../../../server/datasets/items.ts';
import { storeUpload } from '../../../server/datasets/uploads.ts';
import { listEmbeddings, requireEmbedding } from '../../../server/embeddings/embeddings.ts';
import { listProjections, readPoints } from '../../../server/projections/projections.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { type Ended, runTask, scratchDir } from '../../helpers/runTask.ts';

/** Everything that a user could see, or that would lie about unseen, but for the jobs. */
async function snapshot(database: Database): Promise<unknown> {
  const parts = {
    datasets: `select slug, title, kind, fields, item_count, importing_job from datasets order by slug`,
    items: `select slug, items.id, key, label, items.fields from items join datasets on datasets.id = dataset_id order by slug, items.id`,
    images: `select slug, item_id, media_type, width, height, md5(bytes) from images join datasets on datasets.id = dataset_id order by 1, 2`,
    embeddings: `select slug, name, dimension, metric, embeddings.item_count, partitioned from embeddings join datasets on datasets.id = dataset_id order by 1, 2`,
    vectors: `select slug, name, item_id, md5(vector::text) from vectors join embeddings on embeddings.id = embedding_id
      join datasets on datasets.id = dataset_id order by 1, 2, 3`,
    projections: `select name, method, components, count from projections order by name`,
    chunks: `select name, chunk, md5(item_ids) as ids, md5(coordinates) as points from projection_chunks
      join projections on projections.id = projection_id order by 1, 2`,
    tables: `select relname from pg_class where relname ~ '^import_' order by relname`,
    follow_ups: `select input - 'embeddingId' as input from jobs where kind = 'PROJECT_EMBEDDING' order by created_at, input::text`,
  };
  const answer: Record<string, unknown> = {};
  for (const [name, sql] of Object.entries(parts)) answer[name] = await database.query(sql);
  return answer;
}

/** A .npy file of float32, version 1. */
function npy(shape: readonly number[], values: Float32Array): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`.padEnd(117, ' ');
  const head = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  head.writeUInt16LE(header.length + 1, 8);
  return Buffer.concat([head, Buffer.from(`${header}\n`), Buffer.from(values.buffer, 0, values.byteLength)]);
}

/** IDX of bytes. */
function idx(shape: readonly number[], bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.set([0, 0, 8, shape.length]);
  for (const [i, length] of shape.entries()) head.writeUInt32BE(length, 4 + 4 * i);
  return Buffer.concat([head, bytes]);
}

/** (count, dimension), different for each row and never zero. */
function numbers(count: number, dimension: number): Float32Array {
  return Float32Array.from({ length: count * dimension }, (_, i) => Math.sin(i + 1) + 1.5);
}

type Files = Readonly<Record<string, string | Uint8Array>>;

async function importThese(
  database: Database,
  files: Files,
  input: Omit<ImportInput, 'paths' | 'uploads'>,
): Promise<Ended> {
  const dataDir = await scratchDir();
  const paths = await Promise.all(
    Object.entries(files).map(async ([name, content]) => {
      const path = join(dataDir, name);
      await writeFile(path, content);
      return path;
    }),
  );
  return runTask(database, 'IMPORT_DATASET', importFiles, { ...input, paths }, { dataDir });
}

async function succeed(...parameters: Parameters<typeof importThese>): Promise<Ended> {
  const ended = await importThese(...parameters);
  assert.equal(ended.job.error, null);
  assert.equal(ended.job.state, 'SUCCEEDED');
  return ended;
}

async function firstItems(database: Database, slug: string, first = 1000) {
  return (await listItems(database, await requireDataset(database, slug), { first })).items;
}

/** Names of the maps that wait to be computed. */
async function queuedMaps(database: Database, embeddingId: number): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `select input->>'name' as name from jobs where kind = 'PROJECT_EMBEDDING' and state = 'QUEUED'
       and (input->>'embeddingId')::int = $1::int order by 1`,
    [embeddingId],
  );
  return rows.map(({ name }) => name);
}

const csv = [
  'id,title,price,split,sold,day,note',
  'a,Alpha,1.5,train,true,2024-01-02,first note of all',
  'b,Beta,2,test,false,2024-01-03,a second note',
  'c,Gamma,,train,true,2024-02-01,',
  'd,"Delta, the ""fourth""",-7e3,test,false,2024-02-02,yet another',
].join('\n');

onEveryDatabase((_engine, open) => {
  let database: Database;
  before(async () => {
    database = await open();
  });

  test('numbers in a column `label` are classes: a field to colour by, and no names where there are better', async () => {
    const rows = Array.from({ length: 8 }, (_, i) => `text ${i},${i % 2}`);
    await succeed(database, { 'texts.csv': ['text,label', ...rows].join('\n') }, { dataset: 'classes' });
    const dataset = await requireDataset(database, 'classes');
    assert.deepEqual(dataset.fields, [
      { name: 'text', type: 'TEXT' },
      { name: 'class', type: 'CATEGORY' },
    ]);
    const [first] = await firstItems(database, 'classes');
    assert.deepEqual([first?.label, first?.fields], ['text 0', { text: 'text 0', class: '0' }]);
    const vectors = rows.map((row, i) => `${row.split(',')[1]},${i},1,2,3`);
    await succeed(database, { 'v.csv': ['label,d0,d1,d2,d3', ...vectors].join('\n') }, { dataset: 'bare-classes' });
    const [bare] = await firstItems(database, 'bare-classes');
    assert.deepEqual([bare?.label, bare?.fields], ['0', { class: '0' }]);
    await succeed(database, { 'n.csv': 'text,label\nlong,one\nlonger,two\n' }, { dataset: 'named' });
    assert.deepEqual(
      (await firstItems(database, 'named')).map(({ label, fields }) => [label, fields]),
      [
        ['one', { text: 'long' }],
        ['two', { text: 'longer' }],
      ],
    );
  });

  test('that a word has made texts of numbers is told, and so is what to do about triples that are joined as tables', async () => {
    const prices = Array.from({ length: 40 }, (_, i) => `${i},${i}`);
    const { job } = await succeed(
      database,
      { 'p.csv': ['id,price', ...prices, '40,?'].join('\n') },
      { dataset: 'odd' },
    );
    assert.deepEqual(job.warnings, [
      'The field "price" holds texts: 40 of its values are numbers, but "?" is not. Leave such cells empty to have numbers.',
    ]);
    const triples = { 'train.tsv': 'Q1\tP1\tQ2\nQ2\tP1\tQ3\n', 'valid.tsv': 'Q1\tP1\tQ3\n' };
    const refused = await importThese(database, triples, { dataset: 'no-graph' });
    assert.match(refused.job.error?.message ?? '', /If these are triples of a graph, say so: kind GRAPH\.$/);
  });

  test('rows without keys that change what is there say so', async () => {
    await succeed(database, { 'a.csv': 'text\none\ntwo\n' }, { dataset: 'keyless' });
    const { job } = await succeed(database, { 'b.csv': 'text\nthree\nfour\nfive\n' }, { dataset: 'keyless' });
    assert.deepEqual(job.warnings, [
      'The rows have no keys, so their numbers were taken for them: 2 items that were there have changed. To add items instead, name a column as key.',
    ]);
  });

  test('a folder of pictures is one data set, with its folders as a field', async () => {
    const dataDir = await scratchDir();
    for (const [name, background] of [
      ['red/one', '#f00'],
      ['red/two', '#e00'],
      ['blue/one', '#00f'],
      ['blue/two', '#00e'],
    ] as const) {
      await mkdir(join(dataDir, 'shots', name, '..'), { recursive: true });
      const picture = sharp({ create: { width: 8, height: 8, channels: 3, background } });
      await picture.png().toFile(join(dataDir, 'shots', `${name}.png`));
    }
    await writeFile(join(dataDir, 'shots', '.hidden'), 'x');
    const input = { dataset: 'shots', paths: [join(dataDir, 'shots')], projections: [] };
    const { job } = await runTask(database, 'IMPORT_DATASET', importFiles, input, { dataDir });
    assert.equal(job.error, null);
    const items = await firstItems(database, 'shots');
    assert.deepEqual(
      items.map(({ key, fields }) => [key, fields]),
      [
        ['blue/one', { folder: 'blue' }],
        ['blue/two', { folder: 'blue' }],
        ['red/one', { folder: 'red' }],
        ['red/two', { folder: 'red' }],
      ],
    );
  });

  test('a table of texts and numbers becomes items with typed fields', async () => {
    const { job } = await succeed(database, { 'things.csv': csv }, { dataset: 'things', title: 'Things' });
    const dataset = await requireDataset(database, 'things');
    assert.equal(dataset.itemCount, 4);
    assert.equal(job.result?.dataset, dataset.id);
    assert.deepEqual(dataset.fields, [
      { name: 'title', type: 'TEXT' },
      { name: 'price', type: 'NUMBER' },
      { name: 'split', type: 'CATEGORY' },
      { name: 'sold', type: 'BOOLEAN' },
      { name: 'day', type: 'DATE' },
      { name: 'note', type: 'TEXT' },
    ]);
    const items = await firstItems(database, 'things');
    assert.deepEqual(
      items.map(({ id, key, label }) => [id, key, label]),
      [
        [1, 'a', 'Alpha'],
        [2, 'b', 'Beta'],
        [3, 'c', 'Gamma'],
        [4, 'd', 'Delta, the "fourth"'],
      ],
    );
    assert.equal(items[3]?.fields['price'], -7000);
    assert.equal('price' in (items[2]?.fields ?? {}), false);
    assert.deepEqual(await countValues(database, dataset, 'split', 10), [
      { value: 'test', count: 2 },
      { value: 'train', count: 2 },
    ]);
  });

  test('vectors meet their metadata row by row, and maps of them are queued', async () => {
    const { job } = await succeed(
      database,
      { 'vectors.npy': npy([4, 5], numbers(4, 5)), 'metadata.csv': csv },
      { dataset: 'joined', model: 'some-model' },
    );
    const dataset = await requireDataset(database, 'joined');
    const embedding = await requireEmbedding(database, dataset.id, 'vectors');
    assert.equal(embedding.id, job.result?.embedding);
    assert.deepEqual(
      [embedding.dimension, embedding.metric, embedding.itemCount, embedding.model?.name, embedding.partitioned],
      [5, 'COSINE', 4, 'some-model', false],
    );
    const [row] = await database.query<{ vector: string }>(
      'select vector::text as vector from vectors where embedding_id = $1::int and item_id = 2',
      [embedding.id],
    );
    assert.deepEqual(Float32Array.from(JSON.parse(row?.vector ?? '')), numbers(4, 5).slice(5, 10));
    assert.deepEqual(await queuedMaps(database, embedding.id), ['pca-2d', 'pca-3d', 'umap-2d']);
    assert.equal((await firstItems(database, 'joined'))[1]?.label, 'Beta');
  });

  test('images and labels of a training and a test part are read one after the other', async () => {
    const bytes = Uint8Array.from({ length: 3 * 4 }, (_, i) => i * 20);
    await succeed(
      database,
      {
        'train-images-idx3-ubyte': idx([2, 2, 2], bytes.subarray(0, 8)),
        't10k-images-idx3-ubyte': idx([1, 2, 2], bytes.subarray(8)),
        't10k-labels-idx1-ubyte': idx([1], Uint8Array.of(9)),
        'train-labels-idx1-ubyte': idx([2], Uint8Array.of(7, 7)),
      },
      { dataset: 'pixels' },
    );
    const dataset = await requireDataset(database, 'pixels');
    assert.deepEqual([dataset.kind, dataset.itemCount], ['IMAGE', 3]);
    const items = await firstItems(database, 'pixels');
    assert.deepEqual(
      items.map(({ label }) => label),
      ['7', '7', '9'],
    );
    assert.deepEqual(items[2]?.image, { mediaType: 'application/x-pixels', width: 2, height: 2 });
    const image = await readImage(database, dataset.id, 2);
    assert.deepEqual([...(image?.bytes ?? [])], [80, 100, 120, 140]);
    const embedding = await requireEmbedding(database, dataset.id, 'pixels');
    assert.deepEqual([embedding.metric, embedding.model?.name, embedding.itemCount], ['EUCLIDEAN', 'pixels', 3]);
    const [row] = await database.query<{ vector: string }>(
      'select vector::text as vector from vectors where embedding_id = $1::int and item_id = 3',
      [embedding.id],
    );
    assert.deepEqual(
      Float32Array.from(JSON.parse(row?.vector ?? '')),
      Float32Array.of(160 / 255, 180 / 255, 200 / 255, 220 / 255),
    );
  });

  test('coordinates made elsewhere are a map of their own', async () => {
    const table = 'id\tx\ty\tname\na\t0\t1\tone\nb\t2\t3\ttwo\nc\t4\t5\tthree\n';
    await succeed(database, { 'map.tsv': table }, { dataset: 'placed' });
    const dataset = await requireDataset(database, 'placed');
    const embedding = await requireEmbedding(database, dataset.id, 'coordinates');
    assert.deepEqual([embedding.dimension, embedding.metric], [2, 'EUCLIDEAN']);
    const [projection, ...others] = await listProjections(database, embedding.id);
    assert.ok(projection);
    assert.deepEqual([projection.method, projection.components, projection.count, others.length], ['GIVEN', 2, 3, 0]);
    const points = new Map<number, number[]>();
    for await (const { itemIds, coordinates } of readPoints(database, projection)) {
      for (const [i, id] of itemIds.entries()) points.set(id, [...coordinates.subarray(i * 2, i * 2 + 2)]);
    }
    assert.deepEqual([...points].sort(), [
      [1, [0, 1]],
      [2, [2, 3]],
      [3, [4, 5]],
    ]);
    // The coordinates are of the map, not fields of the items.
    assert.deepEqual(dataset.fields, [{ name: 'name', type: 'TEXT' }]);
    assert.deepEqual(await queuedMaps(database, embedding.id), []);
  });

  test('vectors in columns of their own, named by their prefix, are one vector', async () => {
    const table = 'word,e0,e1,e2\nking,1,2,3\nqueen,4,5,6\n';
    await succeed(database, { 'w.csv': table }, { dataset: 'words', columns: { vector: 'e*' } });
    const dataset = await requireDataset(database, 'words');
    assert.deepEqual([dataset.kind, dataset.fields.length], ['TEXT', 0]);
    assert.equal((await requireEmbedding(database, dataset.id, 'vectors')).dimension, 3);
    assert.equal((await findItemByKey(database, dataset.id, 'queen'))?.label, 'queen');
  });

  test('pictures without vectors are compared by their pixels, and what is no picture is left out', async () => {
    const picture = (background: string) =>
      sharp({ create: { width: 40, height: 20, channels: 3, background } })
        .png()
        .toBuffer();
    const { rejections } = await succeed(
      database,
      {
        'red.png': await picture('#ff0000'),
        'blue.png': await picture('#0000ff'),
        'green.png': await picture('#00ff00'),
        'broken.png': Buffer.from('<html>no picture</html>'),
      },
      { dataset: 'pictures' },
    );
    const dataset = await requireDataset(database, 'pictures');
    assert.deepEqual([dataset.kind, dataset.itemCount], ['IMAGE', 3]);
    const [embedding] = await listEmbeddings(database, dataset.id);
    assert.deepEqual([embedding?.name, embedding?.dimension, embedding?.itemCount], ['pixels', 24 * 24 * 3, 3]);
    const items = await firstItems(database, 'pictures');
    assert.deepEqual(items[0]?.image, { mediaType: 'image/png', width: 40, height: 20 });
    assert.equal(rejections.length, 1);
    assert.match(`${rejections[0]?.file} ${rejections[0]?.reason}`, /broken\.png.*(image|picture)/);
  });

  test('an upload is imported like a file, and one that is gone is named', async () => {
    const dataDir = await scratchDir();
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(csv.slice(0, 50));
      yield Buffer.from(csv.slice(50));
    }
    const upload = await storeUpload(database, dataDir, '../../things.csv', stream(), 10_000);
    assert.deepEqual([upload.name, upload.bytes], ['things.csv', Buffer.byteLength(csv)]);
    const input = { dataset: 'uploaded', uploads: [upload.id] };
    const { job } = await runTask(database, 'IMPORT_DATASET', importFiles, input, { dataDir });
    assert.equal(job.state, 'SUCCEEDED');
    assert.equal((await requireDataset(database, 'uploaded')).itemCount, 4);
    await assert.rejects(storeUpload(database, dataDir, 'x', stream(), 60), /larger than the 60 bytes/);
    const gone = { dataset: 'uploaded', uploads: ['00000000-0000-4000-8000-00000000000f'] };
    const failed = await runTask(database, 'IMPORT_DATASET', importFiles, gone, { dataDir });
    assert.equal(failed.job.error?.code, 'NOT_FOUND');
  });

  test('the same file twice leaves the same items, but for the version', async () => {
    const files = { 'vectors.npy': npy([4, 5], numbers(4, 5)), 'metadata.csv': csv };
    await succeed(database, files, { dataset: 'twice', projections: [] });
    const once = await snapshot(database);
    const { version } = await requireDataset(database, 'twice');
    await succeed(database, files, { dataset: 'twice', projections: [] });
    assert.deepEqual(await snapshot(database), once);
    assert.equal((await requireDataset(database, 'twice')).version, version + 1);
  });

  test('rows whose key is there change the item, others are added, and what is not given stays', async () => {
    await succeed(
      database,
      { 'a.csv': 'key,label,color,size\na,Alpha,red,1\nb,Beta,blue,2\n', 'a.npy': npy([2, 3], numbers(2, 3)) },
      { dataset: 'changed', projections: [] },
    );
    await succeed(
      database,
      { 'b.csv': 'key,size,weight\nb,20,heavy\nc,30,light\n', 'b.npy': npy([2, 3], numbers(4, 3).slice(6)) },
      { dataset: 'changed', projections: [] },
    );
    const dataset = await requireDataset(database, 'changed');
    assert.equal(dataset.itemCount, 3);
    const items = await firstItems(database, 'changed');
    assert.deepEqual(
      items.map(({ id, key, label, fields }) => [id, key, label, fields]),
      [
        [1, 'a', 'Alpha', { color: 'red', size: 1 }],
        [2, 'b', 'Beta', { color: 'blue', size: 20, weight: 'heavy' }],
        [3, 'c', 'c', { size: 30, weight: 'light' }],
      ],
    );
    const embedding = await requireEmbedding(database, dataset.id, 'vectors');
    assert.deepEqual([embedding.itemCount, embedding.version], [3, 2]);
    const rows = await database.query<{ vector: string }>(
      'select vector::text as vector from vectors where embedding_id = $1::int order by item_id',
      [embedding.id],
    );
    const all = rows.flatMap(({ vector }): number[] => JSON.parse(vector));
    const expected = numbers(4, 3);
    assert.deepEqual(Float32Array.from(all), Float32Array.of(...expected.slice(0, 3), ...expected.slice(6)));
  });

  test('a field whose values turn out to be of several types holds texts', async () => {
    await succeed(database, { 'a.csv': 'id,size\na,1\nb,2.5\n' }, { dataset: 'mixed' });
    await succeed(database, { 'b.csv': 'id,size\nc,large\nd,small\n' }, { dataset: 'mixed' });
    const dataset = await requireDataset(database, 'mixed');
    assert.deepEqual(dataset.fields, [{ name: 'size', type: 'TEXT' }]);
    assert.deepEqual(
      (await firstItems(database, 'mixed')).map(({ fields }) => fields['size']),
      ['1', '2.5', 'large', 'small'],
    );
  });

  test('an embedding of another dimension or metric than the one of its name is refused, and nothing changes', async () => {
    await succeed(database, { 'a.npy': npy([3, 4], numbers(3, 4)) }, { dataset: 'fixed', projections: [] });
    const before = await snapshot(database);
    const wide = await importThese(database, { 'b.npy': npy([3, 5], numbers(3, 5)) }, { dataset: 'fixed' });
    assert.match(wide.job.error?.message ?? '', /vectors have 5 numbers, those of the embedding "vectors" .* have 4/);
    const other = { dataset: 'fixed', metric: 'EUCLIDEAN' as const };
    const metric = await importThese(database, { 'b.npy': npy([3, 4], numbers(3, 4)) }, other);
    assert.match(metric.job.error?.message ?? '', /compared by COSINE, not by EUCLIDEAN/);
    assert.deepEqual(await snapshot(database), before);
    await succeed(
      database,
      { 'b.npy': npy([3, 5], numbers(3, 5)) },
      { dataset: 'fixed', embedding: 'second', projections: [] },
    );
    const dataset = await requireDataset(database, 'fixed');
    assert.equal(dataset.itemCount, 3);
    assert.deepEqual(
      (await listEmbeddings(database, dataset.id)).map(({ name, dimension }) => [name, dimension]),
      [
        ['vectors', 4],
        ['second', 5],
      ],
    );
  });

  test('bad rows are left out, each with its file, line and reason', async () => {
    const long = 'k'.repeat(1_000_000);
    const lines = [
      '{"key": "a", "vector": [1, 2], "text": "fine"}',
      '{"key": "b", "vector": [1, 2, 3]}',
      '{"key": "c", "vector": [0, 0]}',
      '{"key": "a", "vector": [3, 4]}',
      '{"key": "", "vector": [3, 4]}',
      '{"key": "nul\\u0000", "vector": [3, 4]}',
      '{"key": "half \\ud800", "vector": [3, 4]}',
      `{"key": "${long}", "vector": [3, 4]}`,
      '{"key": "d", "vector": [3, 4], "text": "a\\u0000b"}',
      '{"key": "e", "vector": [1e39, 4]}',
      '{"key": "__proto__", "vector": [5, 6], "__proto__": "x", "constructor": "y", "text": "half \\udfff"}',
      'no json',
      '{"key": "f"}',
      '{"key": "ماريا 🧑‍🚀", "vector": [-1, 0], "text": "قاموس"}',
    ];
    const { job, rejections } = await succeed(database, { 'rows.jsonl': lines.join('\n') }, { dataset: 'picky' });
    const dataset = await requireDataset(database, 'picky');
    const items = await firstItems(database, 'picky');
    assert.deepEqual(
      items.map(({ key }) => key),
      ['a', '__proto__', 'ماريا 🧑‍🚀'],
    );
    assert.equal(dataset.itemCount, 3);
    assert.deepEqual(Object.entries(items[1]?.fields ?? {}).sort(), [
      ['__proto__', 'x'],
      ['constructor', 'y'],
      ['text', 'half \ufffd'],
    ]);
    const told = new Map(rejections.map(({ line, reason }) => [line, reason]));
    assert.equal(job.rejectedCount, 11);
    assert.deepEqual([...told.keys()], [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13]);
    assert.match(told.get(3) ?? '', /zero and has no direction/);
    assert.match(told.get(4) ?? '', /key "a" was there already, in line 1/);
    assert.match(told.get(5) ?? '', /no key/);
    assert.match(told.get(6) ?? '', /U\+0000/);
    assert.match(told.get(7) ?? '', /surrogate/);
    assert.match(told.get(8) ?? '', /has 1000000 bytes; at most 1000/);
    assert.match(told.get(9) ?? '', /its text holds the character U\+0000/);
    for (const { file, reason } of rejections) {
      assert.equal(file, 'rows.jsonl');
      assert.ok(reason.length < 400);
    }
  });

  test('more bad rows than the limit fail the import with the first reasons, and leave nothing', async () => {
    const before = await snapshot(database);
    const rows = Array.from({ length: 30 }, (_, i) => `k${i % 10},${i}`);
    const failed = await importThese(
      database,
      { 'a.csv': `key,n\n${rows.join('\n')}` },
      { dataset: 'refused', rejectionLimit: 5 },
    );
    assert.equal(failed.job.state, 'FAILED');
    assert.match(
      failed.job.error?.message ?? '',
      /^6 rows cannot be imported, more than the 5 .* a\.csv, line 12: the key "k0" was there already, in line 2\./,
    );
    assert.deepEqual([failed.job.error?.file, failed.job.error?.line], ['a.csv', 12]);
    assert.equal(failed.job.rejectedCount, 6);
    assert.deepEqual(await snapshot(database), before);
    const patient = { dataset: 'refused', rejectionLimit: 20 };
    await succeed(database, { 'a.csv': `key,n\n${rows.join('\n')}` }, patient);
    assert.equal((await requireDataset(database, 'refused')).itemCount, 10);
  });

  test('each way in which files can be wrong has its sentence, and leaves nothing', async () => {
    await succeed(database, { 'a.csv': csv }, { dataset: 'there' });
    const before = await snapshot(database);
    const cases: readonly [Files, Partial<ImportInput>, RegExp][] = [
      [{ 'a.csv': 'id,name\n' }, {}, /no rows/],
      [{ 'empty.csv': '' }, {}, /empty/],
      [
        { 'a.npy': npy([3, 2], numbers(3, 2)), 'b.csv': 'id\na\nb\n' },
        {},
        /a\.npy.* 3 .*b\.csv.* 2.*joined row by row|b\.csv.* 2 .*a\.npy.* 3.*joined row by row/,
      ],
      [{ 'zero.npy': npy([2, 2], new Float32Array(4)) }, {}, /Not one of the 2 rows .* zero/],
      [{ 'a.csv': csv }, { columns: { key: 'titel' } }, /"titel".*named as key\. Did you mean "title"\?/],
      [{ 'a.csv': csv }, { columns: { vector: 'price' } }, /"price".*holds number; wanted: lists/],
      [{ 'a.csv': csv }, { columns: { coordinates: ['price'] } }, /2 or 3 coordinates/],
      [{ 'a.csv': csv }, { dataset: 'No Slug' }, /lower-case letters, digits and hyphens/],
      [
        { 'a.csv': csv },
        { dataset: 'fresh', projections: [{ name: 'm', method: 'GIVEN', components: 2 }] },
        /no columns of coordinates/,
      ],
    ];
    for (const [files, input, message] of cases) {
      for (const dataset of ['new', 'there']) {
        const { job } = await importThese(database, files, { dataset, ...input });
        assert.equal(job.state, 'FAILED', JSON.stringify(Object.keys(files)));
        assert.match(job.error?.message ?? '', message);
        assert.notEqual(job.error?.code, 'INTERNAL_SERVER_ERROR');
      }
    }
    assert.deepEqual(await snapshot(database), before);
  });
});
