import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { createRandom } from '#kernels/random.ts';
import { type Corpus, CorpusBuilder, wordsOf } from '#kernels/word2vec/corpus.ts';
import { initializeWord2vec, runWord2vec, vectorsOf, type Word2vecOptions } from '#kernels/word2vec/word2vec.ts';
import type { Database } from '../../../server/database/database.ts';
import { findDataset, requireDataset } from '../../../server/datasets/datasets.ts';
import { findItemByKey, listItems } from '../../../server/datasets/items.ts';
import { storeUpload } from '../../../server/datasets/uploads.ts';
import { requireEmbedding } from '../../../server/embeddings/embeddings.ts';
import { readMatrix } from '../../../server/embeddings/vectors.ts';
import { addJob, cancelJob, listCurves, listJobs } from '../../../server/jobs/jobs.ts';
import { workHere } from '../../../server/jobs/work.ts';
import { listProjections } from '../../../server/projections/projections.ts';
import { checkTraining } from '../../../server/words/checkTraining.ts';
import { type TrainWordVectorsInput, trainWordVectors } from '../../../server/words/trainWordVectors.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeDataset } from '../../helpers/embeddings.ts';
import { type Ended, runTask, scratchDir } from '../../helpers/runTask.ts';

/** Sentences of words that follow Zipf's law. */
function zipf(words: number, sentences: number): string {
  const random = createRandom(7);
  const sentence = () => Array.from({ length: 12 }, () => `w${Math.floor(words ** random.uniform()) - 1}`).join(' ');
  return Array.from({ length: sentences }, sentence).join('\n');
}

function corpusOf(text: string, minCount: number): Corpus {
  const builder = new CorpusBuilder();
  for (const line of text.split('\n')) builder.add(wordsOf(line));
  return builder.finish(minCount);
}

/** What the kernel makes of it by itself. */
async function learnDirectly(corpus: Corpus, options: Word2vecOptions): Promise<Float32Array> {
  const backend = await CpuBackend.create(null);
  const word2vec = initializeWord2vec(corpus, options);
  await runWord2vec(backend, word2vec);
  return vectorsOf(word2vec).data;
}

const options = {
  ...{ method: 'SKIP_GRAM', dimension: 10, window: 3, negatives: 4, epochs: 3, subsample: 1e-3, seed: 5 },
} as const satisfies Word2vecOptions;

onEveryDatabase((_engine, open) => {
  let database: Database;
  let dataDir: string;

  before(async () => {
    database = await open();
    dataDir = await scratchDir();
  });

  const upload = async (name: string, text: string | Uint8Array): Promise<string> => {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    const pieces = (async function* () {
      yield bytes;
    })();
    return (await storeUpload(database, dataDir, name, pieces, 2 ** 30)).id;
  };
  const inputOf = (given: Partial<TrainWordVectorsInput>): TrainWordVectorsInput => ({
    ...{ dataset: 'words', title: null, embedding: 'word2vec', texts: {}, ...options, learningRate: null },
    ...{ minCount: 5, lowerCase: true, projections: null, ...given },
  });
  const train = (given: Partial<TrainWordVectorsInput>): Promise<Ended> =>
    runTask(database, 'TRAIN_WORD_VECTORS', trainWordVectors, inputOf(given), { dataDir });
  const errorOf = async (given: Partial<TrainWordVectorsInput>): Promise<string> => {
    const { job } = await train(given);
    assert.equal(job.state, 'FAILED');
    assert.notEqual(job.error?.code, 'INTERNAL_SERVER_ERROR', job.error?.message);
    assert.equal(await findDataset(database, given.dataset ?? 'words'), null, 'a training that failed leaves nothing');
    return job.error?.message ?? '';
  };
  const vectorsIn = async (slug: string): Promise<Float32Array> => {
    const embedding = await requireEmbedding(database, (await requireDataset(database, slug)).id, 'word2vec');
    return (await readMatrix(database, embedding)).matrix.data;
  };

  test('the words of a file become items by frequency, with the vectors that the kernel makes', async () => {
    const text = zipf(200, 400);
    const corpus = corpusOf(text, 5);
    const { job } = await train({ dataset: 'from-file', texts: { uploads: [await upload('a.txt', text)] } });
    assert.equal(job.state, 'SUCCEEDED', job.error?.message);

    const dataset = await requireDataset(database, 'from-file');
    assert.deepEqual([dataset.kind, dataset.itemCount], ['TEXT', corpus.words.length]);
    const { items } = await listItems(database, dataset, { first: 1000 });
    assert.deepEqual(
      items.map(({ key, fields }) => [key, fields['count'], fields['rank']]),
      corpus.words.map((word, i) => [word, corpus.counts[i], i + 1]),
    );
    const embedding = await requireEmbedding(database, dataset.id, 'word2vec');
    assert.deepEqual(
      [embedding.itemCount, embedding.metric, embedding.model?.name],
      [corpus.words.length, 'COSINE', 'word2vec (skip-gram)'],
    );
    assert.deepEqual(await vectorsIn('from-file'), await learnDirectly(corpus, options));

    assert.deepEqual(job.result, { dataset: dataset.id, embedding: embedding.id, projection: job.result?.projection });
    const [map] = await listProjections(database, embedding.id);
    assert.deepEqual([map?.id, map?.name, map?.count], [job.result?.projection, 'pca-2d', corpus.words.length]);
    const { jobs } = await listJobs(database, { first: 10, state: 'QUEUED' });
    assert.deepEqual(jobs.map(({ input }) => Object(input).name).sort(), ['pca-2d', 'pca-3d', 'umap-2d']);
    const [curve, ...others] = await listCurves(database, job.id);
    assert.deepEqual([curve?.name, others], ['loss', []]);
    assert.deepEqual(
      curve?.points.map(({ at }) => at),
      [1, 2, 3],
    );
    const [first, , last] = curve?.points ?? [];
    assert.ok((first?.value ?? 0) < 5 * Math.LN2 && (last?.value ?? 9) < (first?.value ?? 0));
    assert.deepEqual(await readdir(join(dataDir, 'checkpoints')), [], 'nothing is kept of a training that has ended');
  });

  test('the texts of a data set are the field text, or the field that is named, or the labels', async () => {
    const lines = zipf(60, 120).split('\n');
    const items = lines.map((line, i) => ({
      key: `${i}`,
      label: line.split(' ').reverse().join(' '),
      fields: { text: line, title: `t${i % 9} u${i % 7}` },
    }));
    await makeDataset(database, 'lines', items, [
      { name: 'title', type: 'TEXT' },
      { name: 'text', type: 'TEXT' },
    ]);
    await makeDataset(
      database,
      'labels',
      items.map(({ key, label }) => ({ key, label })),
    );
    const learnt = async (slug: string, texts: TrainWordVectorsInput['texts']) => {
      const { job } = await train({ dataset: slug, texts });
      assert.equal(job.state, 'SUCCEEDED', job.error?.message);
      return await vectorsIn(slug);
    };
    const expected = (texts: readonly string[]) => learnDirectly(corpusOf(texts.join('\n'), 5), options);
    assert.deepEqual(await learnt('a', { dataset: 'lines' }), await expected(lines));
    assert.deepEqual(
      await learnt('b', { dataset: 'lines', field: 'title' }),
      await expected(items.map(({ fields }) => fields.title)),
    );
    assert.deepEqual(await learnt('c', { dataset: 'labels' }), await expected(items.map(({ label }) => label)));
    assert.match(
      await errorOf({ dataset: 'd', texts: { dataset: 'lines', field: 'texts' } }),
      /no field "texts"\. Did you mean "text"/,
    );
  });

  test('a packed file is read, and half surrogate pairs and a megabyte without a blank are no words', async () => {
    const text = `${zipf(30, 40)}\n${'x'.repeat(1 << 20)}\n\ud83d w0 \udc00\n\n${'w1 '.repeat(1 << 18)}`;
    const [plain, packed] = [await upload('b.txt', text), await upload('b.txt.gz', gzipSync(text))];
    for (const [slug, id] of [
      ['plain', plain],
      ['packed', packed],
    ] as const) {
      const { job } = await train({ dataset: slug, texts: { uploads: [id] }, epochs: 1, minCount: 1 });
      assert.equal(job.state, 'SUCCEEDED', job.error?.message);
    }
    assert.deepEqual(await vectorsIn('packed'), await vectorsIn('plain'));
    const dataset = await requireDataset(database, 'plain');
    assert.equal((await findItemByKey(database, dataset.id, 'w1'))?.fields['rank'], 1);
    assert.equal(await findItemByKey(database, dataset.id, 'x'.repeat(1 << 20)), null);
  });

  test('a training that was stopped goes on from where it was kept, and ends at the same bits', async () => {
    const text = zipf(2000, 1200);
    const long = { ...options, dimension: 100, window: 5, epochs: 60 };
    const given = inputOf({
      dataset: 'stopped',
      texts: { uploads: [await upload('c.txt', text)] },
      ...long,
      minCount: 2,
    });
    const { id } = await addJob(database, { kind: 'TRAIN_WORD_VECTORS', input: given });
    const attempt = (stop: AbortSignal) =>
      workHere(database, id, {
        ...{ worker: 'test', dataDir, log: { info() {}, warn() {}, error() {} }, stop },
        tasks: { TRAIN_WORD_VECTORS: (context) => trainWordVectors(context, given) },
      });
    const stop = new AbortController();
    const watching = (async () => {
      for (;;) {
        const [row] = await database.query<{ kept: boolean }>(
          `select checkpoint ->> 'state' is not null as kept from jobs where id = $1::uuid`,
          [id],
        );
        if (row?.kept !== false) return stop.abort();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    await Promise.all([attempt(stop.signal).catch(() => {}), watching]);

    const begun = await vectorsIn('stopped'); // there already, to be watched and asked
    const corpus = corpusOf(text, 2);
    const expected = await learnDirectly(corpus, long);
    assert.notDeepEqual(begun, expected);
    assert.notDeepEqual(begun, vectorsOf(initializeWord2vec(corpus, long)).data);
    const job = await attempt(new AbortController().signal);
    assert.deepEqual([job.state, job.attempts], ['SUCCEEDED', 2], job.error?.message);
    assert.deepEqual(await vectorsIn('stopped'), expected);
    const [curve] = await listCurves(database, id);
    assert.deepEqual(
      curve?.points.map(({ at }) => at),
      Array.from({ length: 60 }, (_, i) => i + 1),
    );
  });

  test('a training that is cancelled leaves nothing', async () => {
    const given = inputOf({
      dataset: 'gone',
      texts: { uploads: [await upload('d.txt', zipf(500, 800))] },
      epochs: 1000,
    });
    const { id } = await addJob(database, { kind: 'TRAIN_WORD_VECTORS', input: given });
    const running = workHere(database, id, {
      ...{ worker: 'test', dataDir, log: { info() {}, warn() {}, error() {} }, stop: new AbortController().signal },
      tasks: { TRAIN_WORD_VECTORS: (context) => trainWordVectors(context, given) },
    });
    while ((await findDataset(database, 'gone')) === null) await new Promise((resolve) => setTimeout(resolve, 20));
    await cancelJob(database, id);
    assert.equal((await running).state, 'CANCELLED');
    for (let waited = 0; (await findDataset(database, 'gone')) !== null && waited < 5000; waited += 20) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(await findDataset(database, 'gone'), null);
  });

  test('texts with too few words are refused in a sentence', async () => {
    const of = async (text: string, more: Partial<TrainWordVectorsInput> = {}) =>
      errorOf({ dataset: 'few', texts: { uploads: [await upload('e.txt', text)] }, ...more });
    assert.match(await of(' \n, . !\n'), /have 0 words, and 0 different ones.*wanted: 2 at least/);
    assert.match(await of('alone alone', { minCount: 1 }), /have 2 words, and 1 different ones;.*Give more text\.$/);
    assert.match(await of('a b a b'), /0 different ones that occur 5 times or more;.*or a smaller minCount/);
    await makeDataset(database, 'empty', []);
    assert.match(await errorOf({ dataset: 'few', texts: { dataset: 'empty' } }), /have 0 words/);
    assert.match(await of('a\xff'.repeat(3), { minCount: 1 }), /1 different ones/);
    const latin = await upload('latin.txt', Buffer.from([0x61, 0xff, 0x62, 0x0a]));
    assert.match(await errorOf({ dataset: 'few', texts: { uploads: [latin] } }), /Line 1 of latin\.txt is not UTF-8/);
  });

  test('options that cannot be are refused before a job begins', async () => {
    const id = await upload('f.txt', 'a b');
    const wrong: readonly (readonly [Partial<TrainWordVectorsInput>, RegExp])[] = [
      [{ window: 0 }, /window is 0; wanted: a whole number from 1 to 100/],
      [{ dimension: 1001 }, /dimension is 1001/],
      [{ minCount: 0 }, /minCount is 0/],
      [{ negatives: 0 }, /negatives is 0/],
      [{ epochs: 0 }, /epochs is 0/],
      [{ subsample: -1 }, /subsample is -1; wanted: 0 to 1/],
      [{ learningRate: 2 }, /learningRate is 2; wanted: above 0, up to 1/],
      [{ dataset: 'No' }, /lower-case/],
      [{ embedding: '' }, /name of an embedding has 1 to 200/],
      [{ texts: { uploads: [] } }, /There are no texts/],
      [{ texts: { uploads: ['nothing'] } }, /There is no upload "nothing"/],
      [{ texts: { dataset: 'nowhere' } }, /There is no data set "nowhere"/],
      [{ dataset: 'labels' }, /There is a data set "labels" already/],
    ];
    for (const [given, message] of wrong) {
      await assert.rejects(checkTraining(database, inputOf({ texts: { uploads: [id] }, ...given })), message);
    }
    await checkTraining(database, inputOf({ dataset: 'right', texts: { uploads: [id] } }));
  });
});
