import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import sharp from 'sharp';

import type { Database } from '../../../server/database/database.ts';
import { createDataset, type Dataset, publishDataset, requireDataset } from '../../../server/datasets/datasets.ts';
import { appendImages, type Image, PIXELS } from '../../../server/datasets/images.ts';
import { appendItems } from '../../../server/datasets/items.ts';
import { findEmbedding, requireEmbedding } from '../../../server/embeddings/embeddings.ts';
import {
  checkEmbedItems,
  type EmbedItemsInput,
  type EmbedItemsWish,
  embedItems,
  removeEmbedding,
} from '../../../server/embeddings/embedItems.ts';
import { acceptedBy } from '../../../server/embeddings/encodeTargets.ts';
import { resolveTarget } from '../../../server/embeddings/targets.ts';
import { readMatrix } from '../../../server/embeddings/vectors.ts';
import { addJob, listJobs, listRejections } from '../../../server/jobs/jobs.ts';
import type { TaskContext } from '../../../server/jobs/task.ts';
import { workHere } from '../../../server/jobs/work.ts';
import { requireModel } from '../../../server/models/findModels.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { settingsFor, writeImageModel, writePairModel, writeTextModel } from '../../helpers/models.ts';
import { type Ended, scratchDir } from '../../helpers/runTask.ts';

const folder = await scratchDir();
await writeTextModel(join(folder, 'texts'));
await writeImageModel(join(folder, 'pictures'));
await writePairModel(join(folder, 'pair'));
const settings = settingsFor(folder);

const JOB = '00000000-0000-4000-8000-000000000002';

/** A data set of texts, and of pictures where they are given. */
async function make(
  database: Database,
  slug: string,
  texts: readonly (string | null)[],
  images: readonly (Image | null)[] = [],
): Promise<Dataset> {
  await database.transaction(async (transaction) => {
    const kind = images.length > 0 ? 'IMAGE' : 'TEXT';
    const id = await createDataset(
      transaction,
      { slug, title: slug, description: null, kind, licence: null, source: null },
      JOB,
    );
    await appendItems(transaction, id, 1, {
      keys: texts.map((_, i) => `k${i + 1}`),
      labels: texts.map((text) => text),
      fields: texts.map((text) => JSON.stringify(text === null ? {} : { text, other: 'blue' })),
    });
    if (images.length > 0) await appendImages(transaction, id, 1, images);
    const fields = [
      { name: 'text', type: 'TEXT' },
      { name: 'other', type: 'TEXT' },
    ] as const;
    await publishDataset(transaction, id, { fields, itemCount: texts.length });
  });
  return await requireDataset(database, slug);
}

/** More items, as a second import would add them. */
async function add(database: Database, dataset: Dataset, texts: readonly string[]): Promise<void> {
  const first = dataset.itemCount + 1;
  await appendItems(database, dataset.id, first, {
    keys: texts.map((_, i) => `k${first + i}`),
    labels: texts,
    fields: texts.map((text) => JSON.stringify({ text })),
  });
}

async function wish(dataset: Dataset, model: string, more: Partial<EmbedItemsWish> = {}): Promise<EmbedItemsInput> {
  return checkEmbedItems(dataset, await requireModel(settings, model), { metric: 'COSINE', projections: [], ...more });
}

const silent = { info() {}, warn() {}, error() {} };

/** Runs it as a job. */
async function run(database: Database, input: EmbedItemsInput, jobId?: string): Promise<Ended['job']> {
  const id = jobId ?? (await addJob(database, { kind: 'EMBED_ITEMS', input })).id;
  return await workHere(database, id, {
    ...{ worker: 'test', dataDir: settings.dataDir, models: settings, log: silent, stop: new AbortController().signal },
    tasks: { EMBED_ITEMS: (context: TaskContext) => embedItems(context, input) },
  });
}

async function vectorsOf(database: Database, dataset: Dataset, name: string): Promise<Map<number, number[]>> {
  const embedding = await requireEmbedding(database, dataset.id, name);
  const { ids, matrix } = await readMatrix(database, embedding);
  return new Map(
    [...ids].map((id, i) => [
      id,
      [...matrix.data.subarray(i * 3, i * 3 + 3)].map((value) => Math.round(value * 1e2) / 1e2),
    ]),
  );
}

function colour(red: number, green: number, blue: number): Image {
  const bytes = Uint8Array.from({ length: 48 }, (_, i) => [red, green, blue][i % 3] ?? 0);
  return { bytes, mediaType: PIXELS, width: 4, height: 4, channels: 3 };
}

onEveryDatabase((_engine, open) => {
  let database: Database;
  before(async () => {
    database = await open();
  });

  test('pictures come from the addresses in a field; what cannot be had is told of its item, and the rest goes on', async () => {
    const plain = async (background: string) =>
      await sharp({ create: { width: 4, height: 4, channels: 3, background } })
        .jpeg()
        .toBuffer();
    const dataUrl = (bytes: Uint8Array) => `data:image/jpeg;base64,${Buffer.from(bytes).toString('base64')}`;
    const red = await plain('#ff0000');
    const dataset = await make(database, 'addresses', [
      dataUrl(red),
      'http://127.0.0.1:4000/graphql',
      null,
      'file:///etc/passwd',
      dataUrl(red.subarray(0, red.length / 2)),
      'https://user:secret@example.org/a.png',
      ` ${dataUrl(await plain('#0000ff'))}`,
    ]);
    const input = await wish(dataset, 'pair', { modality: 'IMAGE', field: 'text', name: 'fetched' });
    assert.equal(input.recipe.field, 'text');
    const job = await run(database, input);
    assert.deepEqual([job.state, job.error], ['SUCCEEDED', null]);
    const vectors = await vectorsOf(database, dataset, 'fetched');
    assert.deepEqual([...vectors.keys()], [1, 7]);
    assert.deepEqual(
      [vectors.get(1)?.map(Math.round), vectors.get(7)?.map(Math.round)],
      [
        [1, 0, 0],
        [0, 0, 1],
      ],
    );
    const reasons = await listRejections(database, job.id, 100);
    const reasonOf = (key: string) => reasons.find(({ file }) => file === key)?.reason ?? '';
    assert.match(reasonOf('k2'), /The host "127\.0\.0\.1" is not on the public network/);
    assert.match(reasonOf('k3'), /no address of a picture in the field "text"/);
    assert.match(reasonOf('k4'), /begins with data:, https:\/\/ or http:\/\//);
    assert.match(reasonOf('k5'), /cannot be decoded|damaged/);
    assert.match(reasonOf('k6'), /holds a user name or a password/);
    assert.equal(reasons.length, 5);
    const other = await run(database, await wish(dataset, 'pair', { modality: 'TEXT', name: 'fetched' }));
    assert.match(other.error?.message ?? '', /is of pictures whose addresses are in text by "pair"/);
  });

  test('texts become an embedding, and later items are added to it alone', async () => {
    const dataset = await make(database, 'colours', ['red', 'green', 'blue', 'red green']);
    const input = await wish(dataset, 'texts');
    assert.deepEqual([input.name, input.recipe.field], ['texts', 'text']);
    const first = await run(database, input);
    assert.deepEqual([first.state, first.error], ['SUCCEEDED', null]);
    assert.deepEqual(
      [...(await vectorsOf(database, dataset, 'texts'))],
      [
        [1, [1, 0, 0]],
        [2, [0, 1, 0]],
        [3, [0, 0, 1]],
        [4, [0.71, 0.71, 0]],
      ],
    );
    const before = await requireEmbedding(database, dataset.id, 'texts');
    assert.deepEqual(
      [before.itemCount, before.dimension, before.model?.name, before.recipe?.modality],
      [4, 3, 'texts', 'TEXT'],
    );

    const idle = await run(database, input);
    assert.deepEqual(idle.warnings, ['Every item had a vector already: nothing was added.']);
    assert.equal((await requireEmbedding(database, dataset.id, 'texts')).version, before.version);

    await add(database, dataset, ['blue red']);
    const second = await run(database, input);
    assert.deepEqual([second.state, second.warnings], ['SUCCEEDED', []]);
    assert.deepEqual((await vectorsOf(database, dataset, 'texts')).get(5), [0.71, 0, 0.71]);
    const after = await requireEmbedding(database, dataset.id, 'texts');
    assert.equal(after.itemCount, 5);
    assert.ok(after.version > before.version);
  });

  test('an item without a vector is left out with its key and the reason, and the rest goes on', async () => {
    const dataset = await make(database, 'faults', ['red', null, ' ', 'nobody knows these words', 'green']);
    const job = await run(database, await wish(dataset, 'texts'));
    assert.deepEqual([job.state, job.rejectedCount], ['SUCCEEDED', 3]);
    const rows = await listRejections(database, job.id, 10);
    assert.deepEqual(
      rows.map(({ file, reason }) => ({ file, reason })),
      [
        { file: 'k2', reason: 'The text is empty.' },
        { file: 'k3', reason: 'The text is empty.' },
        { file: 'k4', reason: 'The text "nobody knows these words" has no vector: the model knows none of the words.' },
      ],
    );
    assert.deepEqual([...(await vectorsOf(database, dataset, 'texts')).keys()], [1, 5]);
  });

  test('where no item has a vector the job fails, and no embedding is left', async () => {
    const dataset = await make(database, 'nothing', ['unknown', 'words']);
    const job = await run(database, await wish(dataset, 'texts'));
    assert.equal(job.state, 'FAILED');
    assert.match(job.error?.message ?? '', /No item of "nothing" has got a vector from the model "texts"/);
    assert.equal(await findEmbedding(database, dataset.id, 'texts'), null);
  });

  test('pictures become an embedding, by the output and by a layer; broken and missing ones are told', async () => {
    const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#0000ff' } })
      .png()
      .toBuffer();
    const images = [
      colour(255, 0, 0),
      { bytes: png, mediaType: 'image/png', width: 8, height: 8, channels: null },
      { bytes: png.subarray(0, 40), mediaType: 'image/png', width: 8, height: 8, channels: null },
      null,
    ];
    const dataset = await make(database, 'pictures', ['a', 'b', 'c', 'd'], images);
    const job = await run(database, await wish(dataset, 'pictures'));
    assert.deepEqual([job.state, job.rejectedCount], ['SUCCEEDED', 2]);
    assert.deepEqual(
      [...(await vectorsOf(database, dataset, 'pictures'))],
      [
        [1, [1, 0, 0]],
        [2, [0, 0, 1]],
      ],
    );
    const reasons = await listRejections(database, job.id, 10);
    assert.deepEqual(
      reasons.map(({ file }) => file),
      ['k3', 'k4'],
    );
    assert.match(reasons[0]?.reason ?? '', /cannot be decoded/);
    assert.match(
      reasons[1]?.reason ?? '',
      /^The item has no picture of its own\. Where a field holds the address of one, name/,
    );

    const layer = await wish(dataset, 'pictures', { layer: 'twice', pooling: 'MAX' });
    assert.equal(layer.name, 'pictures/twice-max');
    assert.equal((await run(database, layer)).state, 'SUCCEEDED');
    assert.deepEqual(
      [...(await vectorsOf(database, dataset, layer.name))],
      [
        [1, [2, 0, 0]],
        [2, [0, 0, 2]],
      ],
    );
    const embedding = await requireEmbedding(database, dataset.id, layer.name);
    assert.deepEqual(await acceptedBy(settings, embedding), ['IMAGE'], 'a layer is reached through pictures alone');
  });

  test('a run that dies goes on where it was, and ends with the same vectors', async () => {
    const texts = Array.from({ length: 2500 }, (_, i) => ['red', 'green', 'blue', 'red blue', 'unknown'][i % 5] ?? '');
    const dataset = await make(database, 'long', texts);
    const input = await wish(dataset, 'texts');
    const stop = new AbortController();
    let checkpoints = 0;
    const { id } = await addJob(database, { kind: 'EMBED_ITEMS', input });
    await workHere(database, id, {
      ...{ worker: 'test', dataDir: settings.dataDir, models: settings, log: silent, stop: stop.signal },
      tasks: {
        EMBED_ITEMS: (context: TaskContext) => {
          const { jobId, dataDir, models, signal, attempt, checkpoint } = context;
          return embedItems(
            {
              ...{ database: context.database, jobId, dataDir, models, signal, attempt, checkpoint },
              progress: (...said) => context.progress(...said),
              warn: (message) => context.warn(message),
              reject: (rows) => context.reject(rows),
              record: (curve, points) => context.record(curve, points),
              forgetAfter: async () => {},
              hearPerturbations: () => () => {},
              guard: (transaction) => context.guard(transaction),
              worksOn: (...which) => context.worksOn(...which),
              saveCheckpoint: async (value, transaction) => {
                if (++checkpoints === 2) stop.abort();
                await context.saveCheckpoint(value, transaction);
              },
            },
            input,
          );
        },
      },
    });
    const half = await requireEmbedding(database, dataset.id, 'texts');
    assert.ok(half.itemCount > 0 && half.itemCount < 2000, `${half.itemCount} vectors were kept with the checkpoint`);

    const ended = await run(database, input, id);
    assert.deepEqual([ended.state, ended.rejectedCount], ['SUCCEEDED', 500], 'no row is told twice');
    const vectors = await vectorsOf(database, dataset, 'texts');
    assert.equal(vectors.size, 2000);
    assert.deepEqual(
      [vectors.get(1), vectors.get(2499)],
      [
        [1, 0, 0],
        [0.71, 0, 0.71],
      ],
    );
    assert.equal((await requireEmbedding(database, dataset.id, 'texts')).itemCount, 2000);
  });

  test('texts that are cut are counted in one sentence', async () => {
    const dataset = await make(database, 'cut', ['red', 'red '.repeat(20), 'blue '.repeat(17)]);
    const job = await run(database, await wish(dataset, 'texts'));
    assert.deepEqual(job.warnings, [
      '2 texts were longer than the 16 tokens that the model reads, and cut; the longest by 4 tokens.',
    ]);
  });

  test('a new embedding gets its maps; one that was made otherwise keeps its name', async () => {
    const dataset = await make(database, 'maps', ['red', 'green', 'blue', 'red green', 'blue red']);
    await run(database, await wish(dataset, 'texts', { projections: null }));
    const { jobs } = await listJobs(database, { first: 10, state: 'QUEUED' });
    assert.deepEqual(
      jobs.map(({ kind }) => kind),
      ['PROJECT_EMBEDDING', 'PROJECT_EMBEDDING', 'PROJECT_EMBEDDING'],
    );
    const other = await run(database, await wish(dataset, 'texts', { field: 'other' }));
    assert.match(
      other.error?.message ?? '',
      /The embedding "texts" is of the texts in text by "texts"\. Choose another name, or remove it first/,
    );

    const removed = await requireEmbedding(database, dataset.id, 'texts');
    await removeEmbedding(database, removed);
    assert.equal(await findEmbedding(database, dataset.id, 'texts'), null);
    assert.deepEqual(await database.query('select from vectors where embedding_id = $1::int', [removed.id]), []);
  });

  describe('targets', () => {
    test('a text and a picture are targets where the model takes them, also within a sum', async () => {
      const dataset = await make(
        database,
        'asked',
        ['red', 'green', 'blue'],
        [colour(255, 0, 0), colour(0, 255, 0), colour(0, 0, 255)],
      );
      await run(database, await wish(dataset, 'pair'));
      const embedding = await requireEmbedding(database, dataset.id, 'pair');
      assert.deepEqual(await acceptedBy(settings, embedding), ['TEXT', 'IMAGE']);
      const rounded = async (target: Parameters<typeof resolveTarget>[3]) => {
        const { vector, exclude } = await resolveTarget(database, dataset, embedding, target, settings);
        return [[...vector].map((value) => Math.round(value * 1e2) / 1e2), exclude];
      };
      assert.deepEqual(await rounded({ text: 'green' }), [[0, 1, 0], []]);
      const png = await sharp({ create: { width: 2, height: 2, channels: 3, background: '#ff0000' } })
        .png()
        .toBuffer();
      const image = { url: `data:image/png;base64,${png.toString('base64')}` };
      assert.deepEqual(await rounded({ image }), [[1, 0, 0], []]);
      assert.deepEqual(
        await rounded({
          sum: [{ to: { text: 'green' } }, { to: { image }, weight: -1 }, { to: { item: 'k3' }, weight: 2 }],
        }),
        [[-1, 1, 2], [3]],
      );
      for (const [target, reason] of [
        [{ text: '' }, /The text is empty/],
        [{ text: 'half \ud83d' }, /lone surrogate/],
        [{ text: 'unknown' }, /knows none of the words/],
        [{ image: { url: 'http://127.0.0.1/' } }, /not on the public network/],
        [{ image: { url: 'data:image/png;base64,AAAA' } }, /It is no image/],
        [
          { sum: Array.from({ length: 17 }, (_, i) => ({ to: { text: `red ${i}` } })) },
          /more than 16 texts and pictures/,
        ],
      ] as const) {
        await assert.rejects(resolveTarget(database, dataset, embedding, target, settings), reason);
      }
    });

    test('an embedding that came with the data takes texts where its model is here, and says why where it is not', async () => {
      const dataset = await make(database, 'imported', ['red']);
      const of = { name: 'vectors', dimension: 3, recipe: null } as const;
      assert.deepEqual(await acceptedBy(settings, { ...of, model: { name: 'texts', description: null } }), ['TEXT']);
      assert.deepEqual(
        await acceptedBy(settings, { ...of, dimension: 384, model: { name: 'texts', description: null } }),
        [],
      );
      assert.deepEqual(await acceptedBy(settings, { ...of, model: { name: 'elsewhere', description: null } }), []);
      assert.deepEqual(await acceptedBy(settings, { ...of, model: null }), []);
      const space = { ...of, id: 1, metric: 'COSINE' } as const;
      await assert.rejects(
        resolveTarget(database, dataset, { ...space, model: null }, { text: 'red' }, settings),
        /what made its vectors is not known/,
      );
      await assert.rejects(
        resolveTarget(
          database,
          dataset,
          { ...space, model: { name: 'elsewhere', description: null } },
          { text: 'red' },
          settings,
        ),
        /its vectors were imported, and the model "elsewhere" that made them is not here/,
      );
      await assert.rejects(
        resolveTarget(
          database,
          dataset,
          { ...space, model: { name: 'texts', description: null } },
          { image: { url: 'data:image/png;base64,AA==' } },
          settings,
        ),
        /takes no pictures: its model "texts" makes no vectors of pictures/,
      );
    });
  });
});

test('what cannot be embedded is told before there is a job', async () => {
  const dataset: Dataset = {
    ...{ id: 1, slug: 'colours', title: '', description: null, licence: null, source: null, itemCount: 3, version: 1 },
    ...{
      kind: 'TEXT',
      fields: [{ name: 'text', type: 'TEXT' }],
      clusterings: [],
      createdAt: new Date(),
      updatedAt: new Date(),
    },
  };
  await mkdir(join(folder, 'unfinished'), { recursive: true });
  await writeFile(join(folder, 'unfinished', 'config.json'), '{}');
  const refused: readonly (readonly [string, Partial<EmbedItemsWish>, RegExp])[] = [
    ['texts', { field: 'txt' }, /has no field "txt"\. There is label, text/],
    ['texts', { modality: 'IMAGE' }, /makes no vectors of pictures/],
    ['texts', { layer: 'twice' }, /makes no vectors of pictures/],
    ['pair', { modality: 'TEXT', layer: 'twice' }, /are of pictures; texts have none/],
    ['pair', { modality: 'IMAGE', field: 'texts' }, /has no field "texts"/],
    ['pair', { modality: 'IMAGE', field: 'label' }, /Labels are no addresses of pictures/],
    ['texts', { name: ' ' }, /1 to 200 characters/],
    ['unfinished', {}, /cannot be used\. It holds no ONNX file/],
  ];
  for (const [model, more, reason] of refused) await assert.rejects(wish(dataset, model, more), reason);
});
