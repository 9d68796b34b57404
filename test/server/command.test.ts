import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import sharp from 'sharp';

import type { Database } from '../../server/database/database.ts';
import { openPglite } from '../../server/database/pglite.ts';
import { findDataset } from '../../server/datasets/datasets.ts';
import { listJobs } from '../../server/jobs/jobs.ts';
import { copyPgliteTemplate } from '../helpers/database.ts';
import { testServers } from '../helpers/server.ts';
import { asTheTests } from '../helpers/typescript.ts';

const command = fileURLToPath(new URL('../../server/command.mjs', import.meta.url));

const start = testServers();

let dataDir: string;
before(async () => {
  dataDir = await copyPgliteTemplate();
});
after(() => rm(dataDir, { recursive: true, force: true }));

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

/** Runs the command in a process of its own, with nothing of this environment but the path. */
async function say(
  args: readonly string[],
  { environment = {}, killWhen }: { environment?: Record<string, string>; killWhen?: RegExp } = {},
): Promise<Said> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [...asTheTests, command, ...args], {
    env: { PATH, HOME, DATA_DIR: dataDir, DEMO_DATASETS: 'none', ...environment },
  });
  let [out, errors] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
    if (killWhen?.test(errors)) child.kill('SIGKILL');
  });
  const [code] = await once(child, 'close');
  return { code, out, errors };
}

/** Lends the database that the command works with; while it is lent, no command can have it. */
async function withDatabase<T>(use: (database: Database) => Promise<T>): Promise<T> {
  const database = await openPglite(join(dataDir, 'pglite'));
  try {
    return await use(database);
  } finally {
    await database.close();
  }
}

test('what is mistyped is named, with what was probably meant', async () => {
  const cases: readonly [string[], RegExp][] = [
    [['imprt'], /no command "imprt"\. Did you mean "import"\?/],
    [['import', '--datset', 'x'], /no option --datset\. Did you mean "--dataset"\?/],
    [['import', 'a.csv', '--dataset'], /--dataset wants a value/],
    [['import', '--dataset', 'a', '--dataset', 'b'], /given twice/],
    [['import', '--dataset', 'a'], /Name the files/],
    [['import', 'a.csv'], /Name the data set/],
    [['import', command, '--dataset', 'a', '--metric', 'cosin'], /--metric is "cosin"; wanted: COSINE, EUCLIDEAN/],
    [['migrate', '--from', 'x'], /--from wants --dataset/],
    [['migrate', 'digits'], /"digits" came/],
    [['constructor'], /no command "constructor"/],
  ];
  const said = await Promise.all(cases.map(([args]) => say(args)));
  for (const [i, { code, out, errors }] of said.entries()) {
    assert.match(errors, cases[i]?.[1] ?? /^$/);
    assert.deepEqual([code, out], [2, '']);
  }
});

test('help and version are told without opening anything', async () => {
  const environment = { DATA_DIR: '/nowhere', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
  for (const args of [[], ['help'], ['--help']]) {
    const { code, out } = await say(args, { environment });
    assert.equal(code, 0);
    for (const name of ['start', 'migrate', 'import', 'work', 'build']) assert.ok(out.includes(`\n  ${name}`));
  }
  assert.match((await say(['help', 'import'], { environment })).out, /--coordinates X,Y\[,Z\]/);
  assert.match((await say(['--version'])).out, /^\d+\.\d+\.\d+\n$/);
});

test('what cannot be done is said in one sentence, without a stack', async () => {
  const cases: readonly [string[], Record<string, string>, RegExp][] = [
    [['import', '/no/such.csv', '--dataset', 'a'], {}, /^There is no file \/no\/such\.csv\.\n$/],
    [['import', command, '--dataset', 'No'], {}, /lower-case letters/],
    [['migrate', '--dataset', 'digit'], {}, /No manifest names .* Did you mean "digits"/],
    [['migrate', '--remove', 'nothing'], {}, /no data set "nothing"/],
    [['work'], {}, /Set DATABASE_URL/],
    [['migrate'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, /cannot be reached/],
    [['migrate'], { PORT: 'x' }, /PORT is "x"/],
  ];
  for (const [args, environment, message] of cases) {
    const { code, errors } = await say(args, { environment });
    assert.match(errors, message);
    assert.doesNotMatch(errors, /\n {4}at /);
    assert.equal(code, 1);
  }
});

test('files are imported and their maps made; rows left out are told', async () => {
  const file = join(dataDir, 'places.csv');
  const rows = Array.from({ length: 20 }, (_, i) => `k${i},Place ${i},${Math.cos(i)},${Math.sin(i)},${i}`);
  await writeFile(file, `id,title,e0,e1,e2\n${rows.join('\n')}\nk0,again,1,2,3\n`);
  const { code, out, errors } = await say([
    'import',
    file,
    '--dataset',
    'places',
    '--vector',
    'e*',
    '--metric',
    'euclidean',
  ]);
  assert.equal(code, 0, errors);
  assert.match(out, /^places: 20 items\n/);
  assert.match(errors, /1 row was left out:\n {2}places\.csv, line 22: the key "k0" was there already, in line 2/);
  const maps = await withDatabase((database) => database.query('select name, count from projections order by name'));
  assert.deepEqual(maps, [
    { name: 'pca-2d', count: 20 },
    { name: 'pca-3d', count: 20 },
    { name: 'umap-2d', count: 20 },
  ]);
  const broken = await say(['import', file, '--dataset', 'other', '--key', 'titel']);
  assert.equal(broken.code, 1);
  assert.match(broken.errors, /No column is called "titel".* Did you mean "title"\?/);
});

test('an import that was killed is gone on with by the same command, and no row is lost or doubled', async () => {
  const [count, dimension] = [60_000, 128];
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, ${dimension}), }`.padEnd(117, ' ');
  const head = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  head.writeUInt16LE(header.length + 1, 8);
  const values = Float32Array.from({ length: count * dimension }, (_, i) => (i % 251) - 100);
  await mkdir(join(dataDir, 'files'), { recursive: true });
  const file = join(dataDir, 'files', 'large.npy');
  await writeFile(file, Buffer.concat([head, Buffer.from(`${header}\n`), Buffer.from(values.buffer)]));
  const args = ['import', file, '--dataset', 'large', '--no-maps'];

  const killed = await say(args, { killWhen: /Reading rows/ });
  assert.equal(killed.code, null);
  await withDatabase(async (database) => {
    const [left] = await database.query<{ count: number }>(
      `select count(*) as count from items join datasets on datasets.id = dataset_id where slug = 'large'`,
    );
    assert.ok(left !== undefined && left.count > 0 && left.count < count, `${left?.count} rows were there`);
    assert.equal(await findDataset(database, 'large'), null);
  });

  const again = await say(args);
  assert.equal(again.code, 0, again.errors);
  assert.match(again.out, /large: 60000 items/);
  await withDatabase(async (database) => {
    const [counts] = await database.query(
      `select (select count(*) from items where dataset_id = datasets.id) as items,
              (select count(distinct item_id) from vectors where embedding_id = embeddings.id) as vectors,
              (select count(*) from vectors where embedding_id = embeddings.id) as rows
         from datasets join embeddings on dataset_id = datasets.id where slug = 'large'`,
    );
    assert.deepEqual(counts, { items: count, vectors: count, rows: count });
    const { jobs } = await listJobs(database, { first: 100 });
    assert.deepEqual(
      jobs.filter(({ input }) => Object(input).dataset === 'large').map(({ attempts, state }) => [attempts, state]),
      [[2, 'SUCCEEDED']],
    );
  });
});

test('words are learnt from a text file by one command, and from a data set', async () => {
  const text = join(dataDir, 'story.txt');
  await writeFile(text, 'the king wears a crown\nthe queen wears a crown\nthe cook wears a hat\n'.repeat(30));
  const small = ['--dimension', '8', '--epochs', '2', '--no-maps'];
  const { code, out, errors } = await say(['words', text, '--dataset', 'story-words', ...small]);
  assert.equal(code, 0, errors);
  assert.match(out, /^story-words: 8 items$/m);

  const again = await say(['words', '--texts', 'story-words', '--dataset', 'story-words', ...small]);
  assert.equal(again.code, 1);
  assert.match(again.errors, /There is a data set "story-words" already/);
  const labels = await say(['words', '--texts', 'story-words', '--dataset', 'of-labels', '--min-count', '1', ...small]);
  assert.equal(labels.code, 0, labels.errors);
  assert.match(labels.out, /^of-labels: 8 items$/m);

  for (const [args, message] of [
    [['--dataset', 'x'], /Name text files, or a data set of texts by --texts NAME; one of both/],
    [[text], /Name the data set of words: --dataset NAME/],
    [[text, '--dataset', 'x', '--window', 'wide'], /--window is "wide"; wanted: a whole number/],
    [[text, '--dataset', 'x', '--method', 'SKIP'], /--method is "SKIP"; wanted: SKIP_GRAM, CBOW/],
  ] as const) {
    const wrong = await say(['words', ...args]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.errors, message);
  }
});

test('while another process has the embedded database, the command says who', async () => {
  const { code, errors } = await withDatabase(() => say(['migrate']));
  assert.equal(code, 1);
  assert.match(errors, new RegExp(`Process ${process.pid} has the embedded database`));
});

test('while a server has the embedded database, files are sent there, imported, and words learnt from them', async () => {
  const server = await start({ WORKERS: '1' });
  const environment = { DATA_DIR: server.config.dataDir };
  const table = join(server.config.dataDir, 'sent.csv');
  const text = join(server.config.dataDir, 'sent.txt');
  await writeFile(table, `id,e0,e1\n${Array.from({ length: 9 }, (_, i) => `k${i},${i},${i * i}`).join('\n')}\n`);
  await writeFile(text, 'the king wears a crown\nthe queen wears a crown\nthe cook wears a hat\n'.repeat(30));
  const folder = join(server.config.dataDir, 'pictures');
  for (const [colour, background] of [
    ['red', '#f00'],
    ['blue', '#00f'],
  ] as const) {
    await mkdir(join(folder, colour), { recursive: true });
    const picture = sharp({ create: { width: 8, height: 8, channels: 3, background } });
    for (const name of ['one', 'two'])
      await picture
        .clone()
        .png()
        .toFile(join(folder, colour, `${name}.png`));
  }
  for (const [dataset, ...args] of [
    ['sent', 'import', table],
    ['sent-pictures', 'import', folder],
    ['sent-words', 'words', text, '--dimension', '8', '--epochs', '2'],
    ['sent-labels', 'words', '--texts', 'sent-words', '--min-count', '1', '--dimension', '8', '--epochs', '2'],
  ] as const) {
    const { code, out, errors } = await say([...args, '--dataset', dataset, '--no-maps'], { environment });
    assert.equal(code, 0, errors);
    assert.match(out, new RegExp(`^${dataset} is at ${server.url}/#${dataset}$`, 'm'));
  }
  const { datasets } = await server.data('{ datasets(first: 9) { nodes { slug itemCount } } }');
  assert.deepEqual(datasets.nodes, [
    { slug: 'sent', itemCount: 9 },
    { slug: 'sent-labels', itemCount: 8 },
    { slug: 'sent-pictures', itemCount: 4 },
    { slug: 'sent-words', itemCount: 8 },
  ]);
  const again = await say(['words', text, '--dataset', 'sent-words'], { environment });
  assert.equal(again.code, 1);
  assert.match(again.errors, /There is a data set "sent-words" already/);
});
