/** Processes that are killed by the system in the midst of a job: what was kept is gone on with, and the end is the same, bit for bit. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createMatrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import type { Database } from '../../../server/database/database.ts';
import { openPglite } from '../../../server/database/pglite.ts';
import { openPostgres } from '../../../server/database/postgres.ts';
import { requireDataset } from '../../../server/datasets/datasets.ts';
import { storeUpload } from '../../../server/datasets/uploads.ts';
import { requireEmbedding } from '../../../server/embeddings/embeddings.ts';
import { checkEmbedItems, type EmbedItemsInput, embedItems } from '../../../server/embeddings/embedItems.ts';
import { readMatrix } from '../../../server/embeddings/vectors.ts';
import { takeBackFrom } from '../../../server/jobs/claims.ts';
import { addJob, type JobKind, type JobResult, requireJob } from '../../../server/jobs/jobs.ts';
import type { Task } from '../../../server/jobs/task.ts';
import { workHere } from '../../../server/jobs/work.ts';
import { requireModel } from '../../../server/models/findModels.ts';
import { type ProjectEmbeddingInput, projectEmbedding } from '../../../server/projections/projectEmbedding.ts';
import { readPoints, requireProjection } from '../../../server/projections/projections.ts';
import {
  defaultTraining,
  type TrainWordVectorsInput,
  trainWordVectors,
} from '../../../server/words/trainWordVectors.ts';
import { copyPgliteTemplate, copyPostgresTemplate } from '../../helpers/database.ts';
import { makeDataset } from '../../helpers/embeddings.ts';
import { makeEmbedding } from '../../helpers/maps.ts';
import { settingsFor, words, writeTextModel } from '../../helpers/models.ts';
import { scratchDir } from '../../helpers/runTask.ts';
import { readsTypescript } from '../../helpers/typescript.ts';

const modelsDir = await scratchDir();
await writeTextModel(join(modelsDir, 'texts'));
const postgresUrl = process.env['TEST_DATABASE_URL'];

/** A database that another process can have in the meantime. */
interface Place {
  readonly dataDir: string;
  /** What the process opens. */
  readonly address: string;
  open(): Promise<Database>;
}

async function makePlace(engine: Database['engine']): Promise<Place> {
  const dataDir = await copyPgliteTemplate();
  after(() => rm(dataDir, { recursive: true, force: true }));
  if (engine === 'pglite') {
    const address = join(dataDir, 'pglite');
    return { dataDir, address, open: () => openPglite(address) };
  }
  const { url, remove } = await copyPostgresTemplate(postgresUrl ?? '');
  after(remove);
  return { dataDir, address: url, open: () => openPostgres(url, { pool: 4 }) };
}

const script = fileURLToPath(new URL('./killedProcess.ts', import.meta.url));

/** A process works at the open jobs and is killed as soon as one has kept something. */
async function workAndBeKilled({ address, dataDir }: Place): Promise<void> {
  const child = spawn(process.execPath, [...readsTypescript, script, address, dataDir, modelsDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  const [code, signal] = await once(child, 'exit');
  assert.deepEqual([code, signal], [null, 'SIGKILL']);
}

/** What runs have made that nobody has killed, by kind: the same in both databases. */
const undisturbed = new Map<JobKind, ArrayLike<number>>();

/**
 * @param prepare what the job needs; gives the input of the run that is killed and of one that is not
 * @param read what the job has made
 * @returns what was kept when the process was killed
 */
async function killAndGoOn<Input>(
  place: Place,
  kind: JobKind,
  task: Task<Input, JobResult>,
  prepare: (database: Database) => Promise<{ readonly killed: Input; readonly whole: Input }>,
  read: (database: Database, input: Input) => Promise<ArrayLike<number>>,
): Promise<{ readonly milliseconds?: number }> {
  let database = await place.open();
  const { killed, whole } = await prepare(database);
  const { id } = await addJob(database, { kind, input: killed });
  await database.close();
  await workAndBeKilled(place);

  database = await place.open();
  const left = await requireJob(database, id);
  assert.deepEqual([left.state, left.attempts], ['RUNNING', 1], 'it was in the midst of it');
  const [row] = await database.query<{ checkpoint: { readonly milliseconds?: number } | null }>(
    'select checkpoint from jobs where id = $1::uuid',
    [id],
  );
  assert.ok(row?.checkpoint, 'what it had done is kept');
  await takeBackFrom(database, null);
  const work = async (jobId: string, input: Input) => {
    const job = await workHere(database, jobId, {
      ...{ worker: 'test', dataDir: place.dataDir, models: settingsFor(modelsDir) },
      ...{ log: { info() {}, warn() {}, error() {} }, stop: new AbortController().signal },
      tasks: { [kind]: (context: Parameters<typeof task>[0]) => task(context, input) },
    });
    assert.equal(job.state, 'SUCCEEDED', JSON.stringify(job.error));
    return job;
  };
  assert.equal((await work(id, killed)).attempts, 2);
  const states = (await readdir(join(place.dataDir, 'checkpoints'), { recursive: true }).catch(() => [])).filter(
    (name) => /\.(state|corpus)$/.test(name),
  );
  assert.deepEqual(states, [], 'what was kept is gone');

  let expected = undisturbed.get(kind);
  if (expected === undefined) {
    await work((await addJob(database, { kind, input: whole })).id, whole);
    expected = await read(database, whole);
    undisturbed.set(kind, expected);
  }
  assert.ok(expected.length > 0);
  assert.deepEqual(await read(database, killed), expected);
  await database.close();
  return row.checkpoint;
}

async function vectorsOf(database: Database, slug: string, name: string): Promise<Float32Array> {
  const dataset = await requireDataset(database, slug);
  return (await readMatrix(database, await requireEmbedding(database, dataset.id, name))).matrix.data;
}

/** Words by chance, so many a line. */
function textOf(lines: number, vocabulary: number): string[] {
  const random = createRandom(7);
  const line = () => Array.from({ length: 12 }, () => `w${Math.floor(vocabulary ** random.uniform()) - 1}`).join(' ');
  return Array.from({ length: lines }, line);
}

function register(engine: Database['engine']): void {
  test('a map', async () => {
    const rows = 600;
    const random = createRandom(5);
    const matrix = createMatrix(rows, 12);
    for (let i = 0; i < matrix.data.length; i++) matrix.data[i] = random.normal() + (i % 7);
    let milliseconds = 0;
    const kept = await killAndGoOn(
      await makePlace(engine),
      'PROJECT_EMBEDDING',
      projectEmbedding,
      async (database) => {
        const items = Array.from({ length: rows }, (_, i) => ({ key: `${i}` }));
        const embedding = await makeEmbedding(database, { slug: 'cloud', items, matrix });
        const input = (name: string): ProjectEmbeddingInput => ({
          ...{ embeddingId: embedding.id, name, method: 'UMAP', components: 2, seed: 7, device: 'CPU' },
          umap: { neighbors: 10, epochs: 4000 },
        });
        return { killed: input('killed'), whole: input('whole') };
      },
      async (database, { embeddingId, name }) => {
        const projection = await requireProjection(database, embeddingId, name);
        milliseconds = projection.milliseconds ?? 0;
        for await (const { coordinates } of readPoints(database, projection)) return coordinates;
        return [];
      },
    );
    assert.ok(milliseconds > (kept.milliseconds ?? Number.POSITIVE_INFINITY), 'the time of both attempts counts');
  });

  test('an embedding of texts', async () => {
    const random = createRandom(9);
    const texts = Array.from(
      { length: 10_000 },
      () => `red ${Array.from({ length: 7 }, () => words[2 + random.below(words.length - 2)]).join(' ')}`,
    );
    await killAndGoOn(
      await makePlace(engine),
      'EMBED_ITEMS',
      embedItems,
      async (database) => {
        const items = texts.map((label, i) => ({ key: `${i}`, label }));
        const dataset = await makeDataset(database, 'texts', items);
        const model = await requireModel(settingsFor(modelsDir), 'texts');
        const input = (name: string): EmbedItemsInput =>
          checkEmbedItems(dataset, model, { name, metric: 'COSINE', projections: [] });
        return { killed: input('killed'), whole: input('whole') };
      },
      async (database, { name }) => {
        const vectors = await vectorsOf(database, 'texts', name);
        assert.equal(vectors.length, 3 * texts.length, 'each item has one vector');
        return vectors;
      },
    );
  });

  test('vectors of words', async () => {
    const place = await makePlace(engine);
    await killAndGoOn(
      place,
      'TRAIN_WORD_VECTORS',
      trainWordVectors,
      async (database) => {
        const pieces = (async function* () {
          yield Buffer.from(textOf(1200, 2000).join('\n'));
        })();
        const { id } = await storeUpload(database, place.dataDir, 'text.txt', pieces, 2 ** 30);
        const input = (dataset: string): TrainWordVectorsInput => ({
          ...{ ...defaultTraining, dataset, texts: { uploads: [id] }, epochs: 30, minCount: 2, projections: [] },
        });
        return { killed: input('killed'), whole: input('whole') };
      },
      (database, { dataset, embedding }) => vectorsOf(database, dataset, embedding),
    );
  });
}

describe('what a killed process has begun is gone on with, on PGlite', () => register('pglite'));
if (postgresUrl) {
  describe('what a killed process has begun is gone on with, on Postgres', () => register('postgres'));
} else {
  test('what a killed process has begun is gone on with, on Postgres', (context) => {
    if (process.env['CI'] === 'true' && !process.env['SKIP_POSTGRES']) throw new Error('TEST_DATABASE_URL is not set.');
    context.skip('TEST_DATABASE_URL is not set');
  });
}
