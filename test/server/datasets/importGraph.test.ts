import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';

import type { Database } from '../../../server/database/database.ts';
import { findDataset, requireDataset } from '../../../server/datasets/datasets.ts';
import { type ImportInput, importFiles } from '../../../server/datasets/importFiles.ts';
import { findItemByKey, listItems } from '../../../server/datasets/items.ts';
import { removeDataset } from '../../../server/datasets/removeDataset.ts';
import { findRelation, listRelations, readTriples } from '../../../server/graphs/graphs.ts';
import { addJob } from '../../../server/jobs/jobs.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { beginAndDie, dying } from '../../helpers/dying.ts';
import { type Ended, runTask, scratchDir } from '../../helpers/runTask.ts';

type Files = Readonly<Record<string, string>>;

async function importThese(database: Database, files: Files, input: Omit<ImportInput, 'paths'>): Promise<Ended> {
  const dataDir = await scratchDir();
  const paths = await writeFiles(dataDir, files);
  return runTask(database, 'IMPORT_DATASET', importFiles, { kind: 'GRAPH', ...input, paths }, { dataDir });
}

async function writeFiles(folder: string, files: Files): Promise<string[]> {
  const paths = Object.keys(files).map((name) => join(folder, name));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return paths;
}

async function succeed(...parameters: Parameters<typeof importThese>): Promise<Ended> {
  const ended = await importThese(...parameters);
  assert.equal(ended.job.error, null);
  assert.equal(ended.job.state, 'SUCCEEDED');
  return ended;
}

/** Triples as texts, by split. */
async function triplesOf(database: Database, slug: string) {
  const graph = await readTriples(database, (await requireDataset(database, slug)).id);
  const named = (rows: Int32Array) =>
    Array.from({ length: rows.length / 3 }, (_, i) =>
      [
        graph.entityKeys[rows[3 * i] ?? 0],
        graph.relationKeys[rows[3 * i + 1] ?? 0],
        graph.entityKeys[rows[3 * i + 2] ?? 0],
      ].join(' '),
    ).sort();
  return {
    train: named(graph.train),
    validation: named(graph.validation),
    test: named(graph.test),
    testFalse: named(graph.testFalse),
  };
}

/** Everything of graphs that lies about, seen or unseen. */
async function everything(database: Database): Promise<unknown> {
  return database.query(
    `select (select count(*) from datasets) as datasets, (select count(*) from items) as items, (select count(*) from relations) as relations,
            (select count(*) from triples) as triples, (select count(*) from false_triples) as untrue,
            (select count(*) from pg_class where relname ~ '^import_') as staging`,
  );
}

const animals: Files = {
  'train.tsv': 'dog\tis-a\tmammal\ncat\tis-a\tmammal\nmammal\tis-a\tanimal\ndog\tchases\tcat\n',
  'valid.tsv': 'cat\tis-a\tanimal\n',
  'test.tsv': 'dog\tis-a\tanimal\n',
  'test_negatives.tsv': 'cat\tchases\tanimal\n',
  'entities.tsv': 'dog\tdog (domestic)\tbarks\ncat\tcat\t\nowl\towl\tin no triple\n',
  'types.tsv': 'dog\tpet, predator\n',
  'relations.tsv': 'is-a\tis a kind of\tfrom the narrow to the wide\nunused\tunused\t\n',
};

onEveryDatabase((_engine, open) => {
  let database: Database;
  before(async () => {
    database = await open();
  });

  test('files of triples and names become entities, relations and triples, split as the files are', async () => {
    const { job, rejections } = await succeed(database, animals, { dataset: 'animals' });
    assert.deepEqual(rejections, []);
    assert.deepEqual(job.warnings, []);
    const dataset = await requireDataset(database, 'animals');
    assert.deepEqual([dataset.kind, dataset.itemCount], ['GRAPH', 5]);
    assert.deepEqual(
      dataset.fields.map(({ name }) => name),
      ['description', 'types'],
    );
    assert.deepEqual(await triplesOf(database, 'animals'), {
      train: ['cat is-a mammal', 'dog chases cat', 'dog is-a mammal', 'mammal is-a animal'],
      validation: ['cat is-a animal'],
      test: ['dog is-a animal'],
      testFalse: ['cat chases animal'],
    });
    const dog = await findItemByKey(database, dataset.id, 'dog');
    assert.deepEqual([dog?.label, dog?.fields], ['dog (domestic)', { description: 'barks', types: 'pet; predator' }]);
    const isA = await findRelation(database, dataset.id, 'is-a');
    assert.deepEqual([isA?.label, isA?.description], ['is a kind of', 'from the narrow to the wide']);
    assert.deepEqual(
      (await listRelations(database, dataset.id)).map(({ key, trainCount }) => [key, trainCount]),
      [
        ['chases', 1],
        ['is-a', 3],
      ],
    );
    const [{ staging } = { staging: -1 }] = await database.query<{ staging: number }>(
      "select count(*) as staging from pg_class where relname ~ '^import_'",
    );
    assert.equal(staging, 0);
  });

  test('entities are numbered in the order in which the files first name them', async () => {
    const { items } = await listItems(database, await requireDataset(database, 'animals'), { first: 10 });
    assert.deepEqual(
      items.map(({ key }) => key),
      ['dog', 'mammal', 'cat', 'animal', 'owl'],
    );
  });

  test('further triples and names go into a graph that is there; what was there stays', async () => {
    const { job } = await succeed(
      database,
      { 'more.tsv': 'owl\tis-a\tbird\ndog\tis-a\tmammal\n', 'entities.tsv': 'bird\tBird\n' },
      { dataset: 'animals' },
    );
    assert.deepEqual(job.warnings, ['1 triple was in the graph already and stays as it was.']);
    const { id } = await requireDataset(database, 'animals');
    assert.equal((await findItemByKey(database, id, 'dog'))?.label, 'dog (domestic)');
    assert.equal((await findItemByKey(database, id, 'bird'))?.label, 'Bird');
    assert.ok((await triplesOf(database, 'animals')).train.includes('owl is-a bird'));
    await succeed(database, { 'relations.tsv': 'chases\truns after\n' }, { dataset: 'animals' });
    assert.equal((await findRelation(database, id, 'chases'))?.label, 'runs after');
  });

  test('RDF becomes a graph: labels in English where there are any, types, fields with their types', async () => {
    const turtle = `@prefix e: <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
      e:Ada_Lovelace a e:Person ; rdfs:label "Ada"@fr, "Ada Lovelace"@en ; e:born "1815-12-10"^^<http://www.w3.org/2001/XMLSchema#date> ;
        e:pages 12, 13 ; e:knows e:Charles_Babbage .
      e:Charles_Babbage e:pages 9 . e:knows rdfs:label "is acquainted with" .`;
    await succeed(database, { 'people.ttl': turtle }, { dataset: 'people', kind: null });
    const dataset = await requireDataset(database, 'people');
    const ada = await findItemByKey(database, dataset.id, 'http://example.org/Ada_Lovelace');
    assert.equal(ada?.label, 'Ada Lovelace');
    assert.deepEqual(ada?.fields, { types: 'Person', born: '1815-12-10T00:00:00.000Z', pages: [12, 13] });
    const charles = await findItemByKey(database, dataset.id, 'http://example.org/Charles_Babbage');
    assert.deepEqual([charles?.label, charles?.fields], ['Charles Babbage', { pages: 9 }]);
    assert.equal(dataset.itemCount, 3); // the class among them; a relation that has a name is none
    assert.equal((await findRelation(database, dataset.id, 'http://example.org/knows'))?.label, 'is acquainted with');
    assert.equal(dataset.fields.find(({ name }) => name === 'born')?.type, 'DATE');
  });

  test('triples are set aside by chance where that is asked for, and every entity stays in training', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => `e${i % 20}\tr${i % 3}\te${(7 * i + 3) % 20}`);
    const split = { validation: 0.1, test: 0.2, seed: 5 };
    const { job } = await succeed(database, { 'all.tsv': [...new Set(rows)].join('\n') }, { dataset: 'split', split });
    const { train, validation, test: tested } = await triplesOf(database, 'split');
    const total = train.length + validation.length + tested.length;
    assert.deepEqual([validation.length, tested.length], [Math.round(0.1 * total), Math.round(0.2 * total)]);
    assert.deepEqual(job.warnings, []);
    const trained = new Set(train.flatMap((triple) => triple.split(' ')));
    assert.ok([...validation, ...tested].every((triple) => triple.split(' ').every((name) => trained.has(name))));
    await succeed(database, { 'all.tsv': [...new Set(rows)].join('\n') }, { dataset: 'again', split });
    assert.deepEqual((await triplesOf(database, 'again')).test, tested);
  });

  test('what surprises but can stay is told with its place', async () => {
    const { job } = await succeed(
      database,
      {
        'train.tsv': 'a\tr\tb\nb\tr\tb\na\tr\tb\nb\tr\ta\n',
        'test.tsv': 'a\tnew\tb\na\tr\tstranger\n',
      },
      { dataset: 'odd' },
    );
    assert.deepEqual(job.warnings, [
      '1 triple stands there more than once and counts once; the first in train.tsv, line 3.',
      '1 triple leads from an entity to itself; the first in train.tsv, line 2: "b" "r".',
      '1 relation has no triple for training, so no model can learn it; the first is "new" in test.tsv, line 1.',
      '1 entity is in triples for validation or test, but in none for training; the first in test.tsv, line 2: "a" "r" "stranger".',
    ]);
  });

  test('a circle in what is a hierarchy by its name is told with its place, and stays', async () => {
    const { job } = await succeed(
      database,
      {
        'train.tsv': 'dog\t_hypernym\tmammal\nmammal\t_hypernym\tanimal\nanimal\tlikes\tdog\n',
        'more.tsv': 'animal\t_hypernym\tdog\ncat\t_hypernym\tmammal\n',
      },
      { dataset: 'circle' },
    );
    assert.deepEqual(job.warnings, [
      '"_hypernym" leads in a circle, where it should lead from the narrow to the wide: "dog" → "mammal" → "animal" → "dog"; the first in train.tsv, line 1.',
    ]);
    assert.equal((await triplesOf(database, 'circle')).train.length, 5);
  });

  test('what cannot stay is left out and reported with file, line and reason', async () => {
    const { rejections } = await succeed(
      database,
      {
        'train.tsv': 'a\tr\tb\nb\tr\tc\nb\tr\na\tc\tb\n',
        'test.tsv': 'c\tr\ta\na\tr\tb\n',
        'test_negatives.tsv': 'b\tr\tc\nc\tr\tb\n',
      },
      { dataset: 'left-out' },
    );
    assert.deepEqual(rejections, [
      { file: 'train.tsv', line: 3, reason: 'the row has 2 fields; wanted: 3, as in the first' },
      {
        file: 'train.tsv',
        line: 4,
        reason:
          '"c", the relation of this triple, is an entity in train.tsv, line 2; are the columns head, relation, tail?',
      },
      {
        file: 'test.tsv',
        line: 2,
        reason:
          '"a" "r" "b", which is for test, is there for training in train.tsv, line 1; a model would have seen the answer',
      },
      {
        file: 'test_negatives.tsv',
        line: 1,
        reason: '"b" "r" "c" is said not to hold, but stands as a fact in train.tsv, line 2',
      },
    ]);
    assert.deepEqual(await triplesOf(database, 'left-out'), {
      train: ['a r b', 'b r c'],
      validation: [],
      test: ['c r a'],
      testFalse: ['c r b'],
    });
  });

  const broken: readonly (readonly [what: string, files: Files, message: RegExp, line?: number])[] = [
    [
      'triples of two columns',
      { 'x.tsv': 'a\tb\nb\tc\n' },
      /^x\.tsv has 2 columns in its first line; wanted: head, relation and tail/,
      1,
    ],
    ['triples of four columns', { 'x.tsv': 'a\tr\tb\tc\na\tr\tc\td\n' }, /^x\.tsv has 4 columns in its first line/, 1],
    [
      'rows beyond those that may be left out',
      { 'x.tsv': 'a\tr\tb\na\tr\nb\tr\ta\n' },
      /^1 row cannot be imported, more than the 0 that may be left out\. x\.tsv, line 2: the row has 2 fields/,
      2,
    ],
    [
      'an entity used as a relation',
      { 'x.tsv': 'dog\tcat\tis-a\ncat\tdog\tis-a\n' },
      /x\.tsv, line 1: "cat", the relation of this triple, is an entity in x\.tsv, line 2/,
      1,
    ],
    [
      'a test triple that is in training too',
      { 'train.tsv': 'a\tr\tb\nb\tr\ta\n', 'test.tsv': 'a\tr\tb\n' },
      /test\.tsv, line 1: "a" "r" "b", which is for test, is there for training in train\.tsv, line 1/,
      1,
    ],
    ['an empty split', { 'train.tsv': 'a\tr\tb\n', 'valid.tsv': '' }, /^valid\.tsv is empty\.$/],
    [
      'a split that has only a line of names',
      { 'train.tsv': 'a\tr\tb\n', 'valid.tsv': 'head\trelation\ttail\n' },
      /^There is nothing in valid\.tsv\. Leave it out, or get it again\.$/,
    ],
    ['one entity', { 'x.tsv': 'a\tr\ta\n' }, /^There is only one entity in x\.tsv\. A graph has two at least\.$/],
    [
      'names without triples',
      { 'entities.tsv': 'a\tA\n' },
      /^There are no triples in entities\.tsv\. A new graph wants a file of triples/,
    ],
    [
      'a label of a million characters',
      { 'x.tsv': 'a\tr\tb\n', 'entities.tsv': `a\t${'x'.repeat(1e6)}\n` },
      /entities\.tsv, line 1: the label of "a" has 1000000 bytes; at most 256 KiB are kept/,
      1,
    ],
    [
      'broken N-Triples',
      { 'x.nt': '<http://e/a> <http://e/r> <http://e/b> .\n<http://e/a> <http://e/r> oops .\n' },
      /^Line 2 of x\.nt cannot be read as N-Triples: Unexpected "oops"/,
      2,
    ],
  ];

  for (const [what, files, message, line] of broken) {
    test(`${what}: refused with a sentence, and nothing of it is kept`, async () => {
      const before = await everything(database);
      const { job } = await importThese(database, files, { dataset: 'broken', rejectionLimit: 0 });
      assert.equal(job.state, 'FAILED');
      assert.equal(job.error?.code, 'BAD_USER_INPUT');
      assert.match(job.error?.message ?? '', message);
      if (line !== undefined) assert.equal(job.error?.line, line);
      assert.deepEqual(await everything(database), before);
    });
  }

  test('a graph that is there is as it was when further triples are refused', async () => {
    const before = await everything(database);
    const { job } = await importThese(
      database,
      { 'x.tsv': 'new\tr\tother\nbad\n' },
      { dataset: 'animals', rejectionLimit: 0 },
    );
    assert.equal(job.state, 'FAILED');
    assert.deepEqual(await everything(database), before);
  });

  test('shares to split by are refused where the files are split already', async () => {
    const { job } = await importThese(database, animals, {
      dataset: 'twice',
      split: { validation: 0.1, test: 0.1, seed: 1 },
    });
    assert.match(
      job.error?.message ?? '',
      /^The files say which triples are for validation and test; leave out the shares/,
    );
  });

  test('columns of triples may be named, and one that is not there is told', async () => {
    const files = { 'x.csv': 'who,why,whom,weight\na,likes,b,1\nb,likes,c,2\n' };
    const columns = { head: 'who', relation: 'why', tail: 'whom' };
    const { job } = await succeed(database, files, { dataset: 'named', kind: null, columns });
    assert.deepEqual(job.warnings, ['"weight" of x.csv was left out: a triple is a head, a relation and a tail.']);
    assert.deepEqual((await triplesOf(database, 'named')).train, ['a likes b', 'b likes c']);
    const slip = await importThese(database, files, { dataset: 'slip', columns: { ...columns, head: 'how' } });
    assert.match(
      slip.job.error?.message ?? '',
      /^x\.csv has no column "how", which was named as head\. There is "who", "why"/,
    );
  });

  for (const isThere of [false, true]) {
    const into = isThere ? 'a graph that is there' : 'a new graph';
    test(`an import into ${into} that dies at any of its transactions and is begun anew is one that never died`, async () => {
      const dataDir = await scratchDir();
      const { 'train.tsv': train = '', 'entities.tsv': entities = '' } = animals;
      const paths = await writeFiles(dataDir, {
        'train.tsv': train,
        'entities.tsv': entities,
        'test.tsv': 'dog\tis-a\tmammal\ndog\tdog\tcat\n',
      });
      const [before = ''] = await writeFiles(dataDir, { 'before.tsv': 'dog\tis-a\tpet\npet\tlikes\tdog\n' });
      const input: ImportInput = { dataset: 'dying', kind: 'GRAPH', paths };
      const prepare = async () => {
        if ((await findDataset(database, 'dying')) !== null) await removeDataset(database, 'dying');
        if (!isThere) return;
        await runTask(database, 'IMPORT_DATASET', importFiles, { ...input, paths: [before] }, { dataDir });
      };
      await prepare();
      const whole = await runTask(database, 'IMPORT_DATASET', importFiles, input, { dataDir });
      assert.equal(whole.job.error, null);
      const expected = [await triplesOf(database, 'dying'), await everything(database)];
      let deaths = 0;
      for (;;) {
        await prepare();
        const job = await addJob(database, { kind: 'IMPORT_DATASET', input: {} });
        const seen = dying(database, deaths + 1);
        if (!(await beginAndDie(database, job, seen, (context) => importFiles(context, input), dataDir))) break;
        deaths++;
        const ended = await runTask(database, 'IMPORT_DATASET', importFiles, input, { dataDir, jobId: job.id });
        assert.equal(ended.job.error, null);
        const found = [await triplesOf(database, 'dying'), await everything(database)];
        assert.deepEqual(found, expected, `died after transaction ${deaths}`);
        assert.deepEqual(ended.rejections, whole.rejections);
        assert.equal(ended.job.rejectedCount, whole.job.rejectedCount);
      }
      assert.ok(deaths >= 7, `${deaths} deaths`); // staging, three files, the check, a batch, the end
    });
  }
});
