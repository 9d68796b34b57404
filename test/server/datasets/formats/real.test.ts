/**
 * Files as their publishers made them, from `../shared` beside the repository. Without it the tests say so and are
 * skipped; where CI is set their absence is a failure.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';

import { isMatrixTable, isRejected, type Source } from '../../../../server/datasets/formats/format.ts';
import { openTables } from '../../../../server/datasets/formats/openTables.ts';
import { fileSource, folderSources } from '../../../../server/datasets/formats/source.ts';
import { readTable } from './pieces.ts';

const shared = join(import.meta.dirname, '../../../../../shared');

let scratchDir = '';
before(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'formats-'));
});
after(() => rm(scratchDir, { recursive: true }));

/** Whether the path is there; if not the test is skipped, or fails where CI is set. */
function present(t: TestContext, path: string): boolean {
  if (existsSync(join(shared, path))) return true;
  assert.notEqual(process.env['CI'], 'true', `${path} is missing in ${shared}`);
  t.skip(`${path} is not in ${shared}`);
  return false;
}

const open = (sources: readonly Source[]) => openTables(sources, { scratchDir });
const file = (path: string) => fileSource(join(shared, path));

test('Fashion-MNIST has 60,000 images of 28 x 28 with their labels', async (t) => {
  if (!present(t, 'data/fashion-mnist')) return;
  const folder = 'data/fashion-mnist/train-';
  const [images, labels] = await open([
    await file(`${folder}images-idx3-ubyte.gz`),
    await file(`${folder}labels-idx1-ubyte.gz`),
  ]);
  assert.ok(images && labels && isMatrixTable(images));
  assert.deepEqual([images.group, labels.group], ['train', 'train']);
  assert.deepEqual(images.matrix.pixels, { width: 28, height: 28, channels: 1 });
  let count = 0;
  let sum = 0;
  for await (const block of images.matrix.blocks()) {
    assert.ok(!isRejected(block));
    count += block.count;
    sum += block.values.reduce((total, value) => total + value, 0);
  }
  assert.equal(count, 60_000);
  // The mean pixel, known from its use for normalisation: 0.2860 of 255.
  assert.equal((sum / count / 784 / 255).toFixed(4), '0.2860');
  const { rows } = await readTable(labels);
  const classes = new Map<unknown, number>();
  for (const { cells } of rows) classes.set(cells[0], (classes.get(cells[0]) ?? 0) + 1);
  assert.deepEqual([...classes.values()], new Array(10).fill(6000));
});

test('the 1,906 emoji have their pictures, names and categories', async (t) => {
  if (!present(t, 'data/emoji-noto')) return;
  const [table] = await open(await folderSources(join(shared, 'data/emoji-noto')));
  assert.ok(table);
  const { rows, rejected } = await readTable(table);
  assert.deepEqual([rows.length, rejected], [1906, []]);
  const at = (name: string) => table.columns.findIndex((column) => column.name === name);
  const grinning = rows.find(({ cells }) => cells[at('name')] === 'grinning face');
  assert.equal(grinning?.cells[at('char')], '😀');
  assert.equal(grinning?.cells[at('key')], '1f600');
  assert.ok(grinning?.cells[at('image')] instanceof Uint8Array);
});

test('200 pictures of CIFAR-10 in a folder are 200 rows', async (t) => {
  if (!present(t, 'data/cifar10-2000/png')) return;
  const [table] = await open(await folderSources(join(shared, 'data/cifar10-2000/png')));
  assert.ok(table);
  const { rows, rejected } = await readTable(table);
  assert.deepEqual([rows.length, rejected.length], [200, 0]);
});

test('20,002 words of GloVe have 50 numbers each', async (t) => {
  if (!present(t, 'models/word-vectors/glove-6B-50d-20k.txt.gz')) return;
  const [table] = await open([await file('models/word-vectors/glove-6B-50d-20k.txt.gz')]);
  assert.ok(table);
  assert.deepEqual(table.columns[1], { name: 'vectors', type: 'vector', dimension: 50 });
  const { rows, rejected } = await readTable(table);
  assert.deepEqual([rows.length, rejected], [20_002, []]);
  assert.equal(rows[0]?.cells[0], 'the');
});

test('sentences with their vectors in a compressed list of JSON are rows', async (t) => {
  if (!present(t, 'data/sentence-embeddings/minilm-l6-v2-msmarco-100.json.gz')) return;
  const [table] = await open([await file('data/sentence-embeddings/minilm-l6-v2-msmarco-100.json.gz')]);
  assert.ok(table);
  const { rows } = await readTable(table);
  assert.equal(rows.length, 100);
  for (const { cells } of rows) {
    const [, vector] = cells;
    assert.ok(vector instanceof Float32Array && vector.length === 384);
    assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-3, 'of unit length');
  }
});
