import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import type { Database } from '../../../server/database/database.ts';
import { openPostgres } from '../../../server/database/postgres.ts';
import { findDataset, requireDataset } from '../../../server/datasets/datasets.ts';
import type { Rejected, Row, Table } from '../../../server/datasets/formats/format.ts';
import { type ImportOptions, importTables } from '../../../server/datasets/importTables.ts';
import { removeDataset } from '../../../server/datasets/removeDataset.ts';
import { importOrNothing } from '../../../server/datasets/removeImport.ts';
import { addJob, cancelJob, findJob, listRejections } from '../../../server/jobs/jobs.ts';
import type { TaskContext } from '../../../server/jobs/task.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { beginAndDie, dying } from '../../helpers/dying.ts';
import { runTask, scratchDir } from '../../helpers/runTask.ts';

/** Two batches of items, some of them bad, with coordinates and a field that turns from numbers to texts at the end. */
const COUNT = 1200;
const BATCH = 1000;
const REJECTED = 7 + 4;
const BLOCK = 150;

function someTable(onBlock: (block: number) => Promise<void> = async () => {}): Table {
  return {
    name: 'some',
    file: 'some.csv',
    group: null,
    format: 'CSV',
    columns: [
      { name: 'key', type: 'text' },
      { name: 'size', type: 'number' },
      { name: 'x', type: 'number' },
      { name: 'y', type: 'number' },
      { name: 'vector', type: 'vector', dimension: 2 },
    ],
    rowCount: COUNT,
    async *rows() {
      for (let at = 0; at < COUNT; at += BLOCK) {
        await onBlock(at / BLOCK);
        yield Array.from({ length: BLOCK }, (_, i) => record(at + i));
      }
    },
  };
}

function record(index: number): Row | Rejected {
  if (index % 170 === 169) return { index, line: index + 2, reason: 'it is bad' };
  const again = index % 250 === 240 ? index - 240 : index; // a key that was there, often in another batch
  const size = index === COUNT - 1 ? 'large' : index / 4;
  const vector = Float32Array.of(index + 1, Math.sin(index));
  return { index, line: index + 2, cells: [`key ${again}`, size, Math.cos(index), index, vector] };
}

const options: ImportOptions = {
  dataset: 'law',
  batchRows: BATCH,
  projections: [{ name: 'pca', method: 'PCA', components: 2 }],
};

/** What a user finds of the data set, ids of tables apart. */
async function look(database: Database): Promise<unknown> {
  const [row] = await database.query(`
    select datasets.fields, datasets.item_count, datasets.version, importing_job is null as whole,
      (select md5(string_agg(concat_ws('|', id, key, label, items.fields::text), ',' order by id)) from items
        where dataset_id = datasets.id) as items,
      (select md5(string_agg(concat_ws('|', item_id, vector::text), ',' order by item_id)) from vectors
        where embedding_id = embeddings.id) as vectors,
      (select md5(string_agg(md5(item_ids) || md5(coordinates), ',' order by chunk)) from projection_chunks
        join projections on projections.id = projection_id where embedding_id = embeddings.id) as points,
      embeddings.item_count as vector_count,
      (select count(*) from pg_class where relname ~ '^import_') as staging,
      (select count(*) from jobs where jobs.dataset_id = datasets.id and kind = 'PROJECT_EMBEDDING') as maps
    from datasets join embeddings on embeddings.dataset_id = datasets.id where slug = 'law'`);
  return row;
}

async function countLeft(database: Database): Promise<unknown> {
  const [row] = await database.query(`
    select (select count(*) from datasets) as datasets, (select count(*) from items) as items,
      (select count(*) from images) as images, (select count(*) from embeddings) as embeddings,
      (select count(*) from vectors) as vectors, (select count(*) from projections) as projections,
      (select count(*) from pg_class where relname ~ '^(import_|vectors_[0-9])') as tables`);
  return row;
}

const task = (context: TaskContext) => importOrNothing(context, () => importTables(context, [someTable()], options));

onEveryDatabase((engine, open) => {
  let database: Database;
  let dataDir: string;
  before(async () => {
    database = await open();
    dataDir = await scratchDir();
  });

  /** A data set with the first items of the table and others, into which the import then goes. */
  async function prepare(isThere: boolean): Promise<void> {
    if ((await findDataset(database, 'law')) !== null) await removeDataset(database, 'law');
    await database.query('delete from jobs');
    if (!isThere) return;
    const few: Table = {
      ...someTable(),
      rowCount: 3,
      async *rows() {
        yield [5, 7, 3000].map((index, i) => ({ ...record(index), index: i, line: i + 2 }));
      },
    };
    const first = (context: TaskContext) => importTables(context, [few], { ...options, projections: [] });
    const { job } = await runTask(database, 'IMPORT_DATASET', first, {}, { dataDir });
    assert.equal(job.state, 'SUCCEEDED');
    await database.query('delete from jobs');
  }

  for (const isThere of [false, true]) {
    const into = isThere ? 'a data set that is there' : 'a new data set';
    test(`an import into ${into} that dies at any of its transactions and is begun anew is one that never died`, async () => {
      await prepare(isThere);
      const whole = await runTask(database, 'IMPORT_DATASET', task, {}, { dataDir });
      assert.equal(whole.job.error, null);
      const expected = await look(database);
      assert.equal(whole.job.rejectedCount, REJECTED);

      let deaths = 0;
      for (;;) {
        await prepare(isThere);
        const job = await addJob(database, { kind: 'IMPORT_DATASET', input: {} });
        if (!(await beginAndDie(database, job, dying(database, deaths + 1), task))) break;
        deaths++;
        const ended = await runTask(database, 'IMPORT_DATASET', task, {}, { dataDir, jobId: job.id });
        assert.equal(ended.job.error, null);
        assert.deepEqual(await look(database), expected, `died after transaction ${deaths}`);
        assert.deepEqual(ended.rejections, whole.rejections);
        assert.equal(ended.job.rejectedCount, whole.job.rejectedCount);
        assert.equal(ended.job.attempts, 2);
      }
      assert.ok(deaths >= 4, `${deaths} deaths`); // the beginning, two batches, the end
    });

    test(`an import into ${into} that is cancelled leaves nothing`, async () => {
      await prepare(isThere);
      const before = [await countLeft(database), await look(database)];
      const { id } = await addJob(database, { kind: 'IMPORT_DATASET', input: {} });
      const cancelling = (context: TaskContext) =>
        importOrNothing(context, () =>
          importTables(
            context,
            [
              someTable(async (block) => {
                if (block === 7) await cancelJob(database, id);
              }),
            ],
            options,
          ),
        );
      const { job } = await runTask(database, 'IMPORT_DATASET', cancelling, {}, { dataDir, jobId: id });
      assert.equal(job.state, 'CANCELLED');
      assert.deepEqual([await countLeft(database), await look(database)], before);
    });

    test(`what an import into ${into} left that was given up is removed by the next one`, async () => {
      await prepare(isThere);
      const before = await countLeft(database);
      const { id } = await addJob(database, { kind: 'IMPORT_DATASET', input: {} });
      assert.ok(await beginAndDie(database, { id, kind: 'IMPORT_DATASET' }, dying(database, 4), task));
      assert.notDeepEqual(await countLeft(database), before);
      await cancelJob(database, id);
      assert.equal((await findJob(database, id))?.state, 'CANCELLED');
      const { job } = await runTask(database, 'IMPORT_DATASET', task, {}, { dataDir });
      assert.equal(job.error, null);
      assert.equal(
        (await requireDataset(database, 'law')).itemCount,
        isThere ? COUNT - REJECTED + 1 : COUNT - REJECTED,
      );
      await removeDataset(database, 'law');
      assert.deepEqual(Object.values(Object(await countLeft(database))), [0, 0, 0, 0, 0, 0, 0]);
    });
  }

  test('vectors and items are written side by side, and one after the other where there is a single connection', async () => {
    if (engine !== 'postgres') return; // the embedded database has one anyway
    await prepare(false);
    const [{ name = '' } = {}] = await database.query<{ name: string }>('select current_database() as name');
    const { href } = Object.assign(new URL(process.env['TEST_DATABASE_URL'] ?? ''), { pathname: `/${name}` });
    const single = await openPostgres(href, { pool: 1 });
    try {
      const { job } = await runTask(single, 'IMPORT_DATASET', task, {}, { dataDir });
      assert.equal(job.error, null);
      assert.equal((await requireDataset(database, 'law')).itemCount, COUNT - REJECTED);
    } finally {
      await single.close();
    }
  });

  test('nobody sees a data set before it is whole, and no two imports make the same one', async () => {
    await prepare(false);
    const seen: unknown[] = [];
    let rival: string | undefined;
    const watched = someTable(async (block) => {
      seen.push(await findDataset(database, 'law'));
      if (block !== 7) return;
      const { job } = await runTask(database, 'IMPORT_DATASET', task, {}, { dataDir });
      rival = `${job.state} ${job.error?.code}`;
    });
    const first = (context: TaskContext) => importOrNothing(context, () => importTables(context, [watched], options));
    const { job } = await runTask(database, 'IMPORT_DATASET', first, {}, { dataDir });
    assert.equal(job.state, 'SUCCEEDED');
    assert.deepEqual([seen.length, seen.every((dataset) => dataset === null)], [COUNT / BLOCK, true]);
    assert.equal(rival, 'FAILED CONFLICT');
    assert.equal((await requireDataset(database, 'law')).itemCount, COUNT - REJECTED);
    assert.equal((await listRejections(database, job.id, 100)).length, REJECTED);
  });

  test('a data set that is removed while rows for it are read fails the import, and leaves nothing', async () => {
    await prepare(true);
    const removing = someTable(async (block) => {
      if (block === 7) await removeDataset(database, 'law');
    });
    const failing = (context: TaskContext) =>
      importOrNothing(context, () => importTables(context, [removing], options));
    const { job } = await runTask(database, 'IMPORT_DATASET', failing, {}, { dataDir });
    assert.deepEqual([job.state, job.error?.code], ['FAILED', 'NOT_FOUND']);
    assert.deepEqual(Object.values(Object(await countLeft(database))), [0, 0, 0, 0, 0, 0, 0]);
  });
});
