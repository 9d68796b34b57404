import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { Database } from '../../../server/database/database.ts';
import { requireDataset } from '../../../server/datasets/datasets.ts';
import { findItemByKey } from '../../../server/datasets/items.ts';
import { loadManifest } from '../../../server/datasets/loadManifest.ts';
import { type GraphManifest, listManifests, requireManifest } from '../../../server/datasets/manifests.ts';
import { readTriples } from '../../../server/graphs/graphs.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { runTask, scratchDir } from '../../helpers/runTask.ts';

const graphs = fileURLToPath(new URL('../../../../shared/data/kg/', import.meta.url));

async function graphManifest(slug: string): Promise<GraphManifest> {
  const manifest = await requireManifest(slug);
  assert.ok('openGraph' in manifest);
  return manifest;
}

/** What all files of a graph say: how many triples by relation, and what is said of some entities. */
async function readAll(manifest: GraphManifest, paths: readonly string[]) {
  const counts = new Map<string, number>();
  const triples = new Set<string>();
  const said = new Map<string, string[]>();
  for (const file of await manifest.openGraph(paths, { scratchDir: await scratchDir() })) {
    for await (const block of file.blocks()) {
      assert.deepEqual(block.unfit, []);
      for (const { head, relation, tail } of block.triples) {
        counts.set(relation, (counts.get(relation) ?? 0) + 1);
        triples.add(`${head} ${relation} ${tail}`);
      }
      for (const { key, properties } of block.entities) {
        const values = Object.entries(properties).map(
          ([name, given]) => `${name}: ${given.map(({ value }) => value).join('; ')}`,
        );
        said.set(key, [...(said.get(key) ?? []), ...values]);
      }
    }
  }
  return { counts, triples, said };
}

test('WordNet is read whole: its senses by name, their words, and the relations between them', async () => {
  const manifest = await graphManifest('wordnet');
  const { resolve } = createRequire(import.meta.url);
  const paths = manifest.files.map(({ from }) => resolve('package' in from ? `${from.package}/${from.path}` : ''));
  const { counts, triples, said } = await readAll(manifest, paths);
  // As many as the data files have lines, and the index files have senses: wndb(5WN).
  assert.equal([...said.keys()].filter((key) => /\.[nvasr]\.\d\d+$/.test(key)).length, 117_791);
  assert.equal(counts.get('hypernym'), 89_172);
  assert.equal(counts.get('sense'), 207_235);
  assert.ok(triples.has('dog.n.01 hypernym canine.n.02'));
  assert.ok(triples.has('dog sense dog.n.01'));
  assert.ok(triples.has('good.a.01 antonym bad.a.01'));
  assert.ok(triples.has('einstein.n.01 instance_hypernym physicist.n.01'));
  assert.deepEqual(said.get('dog.n.01')?.slice(0, 1), ['label: dog']);
  assert.ok(said.get('dog.n.01')?.includes('words: dog, domestic dog, Canis familiaris'));
  assert.ok(said.get('dog.n.01')?.includes('field: animal'));
});

test('every manifest of a graph names what it may be used for', async () => {
  for (const slug of await listManifests()) {
    const manifest = await requireManifest(slug);
    if (!('openGraph' in manifest)) continue;
    assert.ok(manifest.licence.length > 10, slug);
    for (const { sha256, bytes } of [...manifest.files, ...(manifest.otherFiles ?? [])]) {
      assert.match(sha256, /^[0-9a-f]{64}$/);
      assert.ok(bytes > 0);
    }
  }
});

test('CoDEx-M is read in the layout of its source: names from JSON, types by their names, triples that do not hold', async () => {
  const manifest = await graphManifest('codex-m');
  const texts: Readonly<Record<string, string>> = {
    'train.txt': 'Q1\tP31\tQ5\nQ2\tP31\tQ5\nQ1\tP26\tQ2\n',
    'valid.txt': 'Q2\tP26\tQ1\n',
    'test.txt': 'Q5\tP279\tQ1\n',
    'valid_negatives.txt': 'Q1\tP26\tQ5\n',
    'test_negatives.txt': 'Q5\tP26\tQ1\n',
    'relations.json': JSON.stringify({
      P26: { label: 'spouse', description: 'married to' },
      P9999: { label: 'unused' },
    }),
    'types.json': JSON.stringify({ Q5: { label: 'human', description: 'a person' } }),
    'entity2types.json': JSON.stringify({ Q1: ['Q5'], Q2: ['Q5', 'Q77'], Q3: ['Q5'] }),
  };
  const folder = await scratchDir();
  // As the manifest names its files, and in its order.
  const paths = manifest.files.map(({ name }) => join(folder, name));
  assert.deepEqual(manifest.files.map(({ name }) => name).sort(), Object.keys(texts).sort());
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text);
  const files = await manifest.openGraph(paths, { scratchDir: folder });
  const parts = files.map(({ file, split, holds }) => ({ file, split, holds }));
  const tables = parts.filter(({ file }) => file.endsWith('.txt'));
  assert.deepEqual(tables.map(({ split, holds }) => `${split} ${holds}`).sort(), [
    'TEST false',
    'TEST true',
    'TRAIN true',
    'VALIDATION false',
    'VALIDATION true',
  ]);
  const { counts, said } = await readAll(manifest, paths);
  assert.deepEqual(Object.fromEntries(counts), { P31: 2, P26: 4, P279: 1 });
  assert.deepEqual(said.get('Q5'), ['label: human', 'description: a person']);
  assert.deepEqual(said.get('Q2'), ['types: human; Q77']);
  assert.equal(said.get('Q3'), undefined, 'nothing is said of what is in no triple');
});

if (!existsSync(graphs)) {
  test('the benchmark graphs are loaded', (context) => {
    if (process.env['CI'] === 'true') throw new Error('The graphs are not at ../shared/data/kg.');
    context.skip('the graphs are not at ../shared/data/kg');
  });
} else {
  // Triples in training, validation and test as counted in the data's own README; entities and relations of all splits.
  const benchmarks = [
    { slug: 'wn18rr', entities: 40_943, relations: 11, triples: 86_835 + 3_034 + 3_134 },
    { slug: 'fb15k-237', entities: 14_541, relations: 237, triples: 272_115 + 17_535 + 20_466 },
  ];
  for (const { slug, entities, relations, triples: count } of benchmarks) {
    test(`${slug} is read from a folder as others hand it on`, async () => {
      const manifest = await graphManifest(slug);
      const paths = (manifest.otherFiles ?? []).map(({ name }) => `${graphs}${slug}/${name}`);
      const { counts, triples, said } = await readAll(manifest, paths);
      assert.equal(triples.size, count);
      assert.equal(counts.size, relations);
      assert.equal(said.size, entities);
    });
  }

  onEveryDatabase((_engine, open) => {
    let database: Database;
    before(async () => {
      database = await open();
    });

    test('CoDEx-S is loaded from a folder: names, types, splits, and triples that do not hold', async () => {
      const dataDir = await scratchDir();
      const input = { slug: 'codex-s', folders: [`${graphs}codex-s`] };
      const { job } = await runTask(database, 'LOAD_DATASET', loadManifest, input, { dataDir });
      assert.equal(job.error, null);
      assert.deepEqual(job.warnings, []);
      const dataset = await requireDataset(database, 'codex-s');
      assert.equal(dataset.itemCount, 2_034);
      assert.match(dataset.licence ?? '', /^MIT/);
      const graph = await readTriples(database, dataset.id);
      const lengths = [graph.train, graph.validation, graph.test, graph.validationFalse, graph.testFalse].map(
        (rows) => rows.length / 3,
      );
      assert.deepEqual(lengths, [32_888, 1_827, 1_828, 1_827, 1_828]);
      assert.equal(graph.relationKeys.length, 42);
      const germany = await findItemByKey(database, dataset.id, 'Q188');
      assert.deepEqual(
        [germany?.label, germany?.fields['types']],
        ['German', 'language; modern language; High German languages'],
      );
    });
  });
}
