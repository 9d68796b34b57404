import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { createMatrix, normalizeRows, rowOf } from '#kernels/matrix.ts';
import { spearman } from '#kernels/spearman.ts';
import { initializeAnalogies, runAnalogies } from '#kernels/word2vec/analogies.ts';
import { bytesSource, fileSource } from '../../../server/datasets/formats/source.ts';
import { readWordTests } from '../../../server/words/wordTests.ts';

const read = (text: string, name = 'tests.txt') =>
  readWordTests(bytesSource(name, Buffer.from(text), 7), new AbortController().signal);

test("Google's analogies have sections, MSR's have none", async () => {
  assert.deepEqual(
    await read(': capital-common-countries\nAthens Greece Oslo Norway\r\n\n: family\nboy girl king queen'),
    {
      kind: 'ANALOGIES',
      analogies: [
        { section: 'capital-common-countries', words: ['Athens', 'Greece', 'Oslo', 'Norway'] },
        { section: 'family', words: ['boy', 'girl', 'king', 'queen'] },
      ],
    },
  );
  assert.deepEqual(await read('good better rough rougher\n'), {
    kind: 'ANALOGIES',
    analogies: [{ section: 'all', words: ['good', 'better', 'rough', 'rougher'] }],
  });
});

test('similarity is read as its publishers write it', async () => {
  const pair = (a: string, b: string, score: number) => ({ words: [a, b], score });
  const files: readonly (readonly [string, readonly unknown[]])[] = [
    ['tiger\tcat\t7.35\nlove\tsex\t6.77\n', [pair('tiger', 'cat', 7.35), pair('love', 'sex', 6.77)]],
    ['Word 1,Word 2,Human (mean)\nlove,sex,6.77\n', [pair('love', 'sex', 6.77)]],
    ['word1\tword2\tPOS\tSimLex999\tconc(w1)\nold\tnew\tA\t1.58\t2.72\n', [pair('old', 'new', 1.58)]],
    ['sun sunlight 50.000000\n', [pair('sun', 'sunlight', 50)]],
    ['sun-n sunlight-n 50\nrun-v go-v 20\n', [pair('sun', 'sunlight', 50), pair('run', 'go', 20)]],
    ['x-n y 50\n', [pair('x-n', 'y', 50)]],
    ['# comment\ngem;jewel;3.94\n', [pair('gem', 'jewel', 3.94)]],
  ];
  for (const [text, pairs] of files) assert.deepEqual(await read(text), { kind: 'SIMILARITY', pairs });
});

test('what are no tests is refused with the line that is to blame', async () => {
  await assert.rejects(read(''), /tests\.txt has no tests\. Wanted: lines of four words/);
  await assert.rejects(read('only a heading here it is\n'), /has no tests/);
  await assert.rejects(read('a b c d\na b c\n'), /Line 2 of tests\.txt is "a b c"; wanted: four words/);
  await assert.rejects(read('a b 1\na b c d\n'), /Line 2 of tests\.txt is "a b c d"/);
  await assert.rejects(read('\xff\xfe\x00'.repeat(9), 'x.bin'), /has no tests|is not UTF-8/);
});

const shared = join(import.meta.dirname, '../../../../shared');

function isThere(t: TestContext, path: string): boolean {
  if (existsSync(join(shared, path))) return true;
  assert.notEqual(process.env['CI'], 'true', `${path} is missing in ${shared}`);
  t.skip(`${path} is not in ${shared}`);
  return false;
}

test('GloVe vectors score what they are known to score', async (t) => {
  const glove = 'models/word-vectors/glove-6B-50d-20k.txt.gz';
  if (!isThere(t, glove)) return;
  const [head = '', ...lines] = gunzipSync(await readFile(join(shared, glove)))
    .toString()
    .trimEnd()
    .split('\n');
  const [rows = 0, columns = 0] = head.split(' ').map(Number);
  const matrix = createMatrix(rows, columns);
  const numbers = new Map<string, number>();
  for (const [i, line] of lines.entries()) {
    const [word = '', ...values] = line.split(' ');
    numbers.set(word, i);
    matrix.data.set(values.map(Number), i * columns);
  }
  const unit = normalizeRows(matrix);
  const tests = async (name: string) =>
    readWordTests(await fileSource(join(shared, 'data/words', name)), new AbortController().signal);
  const numberOf = (word: string) => numbers.get(word.toLowerCase()) ?? -1;

  // gensim 4.2.0, KeyedVectors of the file: as in the README of the vectors.
  for (const [name, known, correlation] of [
    ['EN-WS-353-ALL.txt', 324, 0.532],
    ['EN-SIMLEX-999.txt', 937, 0.27],
    ['EN-MEN-TR-3k.txt', 2333, 0.685],
  ] as const) {
    const { kind, ...found } = await tests(name);
    assert.ok(kind === 'SIMILARITY' && 'pairs' in found);
    const pairs = found.pairs
      .map(({ words: [a, b], score }) => ({ a: numberOf(a), b: numberOf(b), score }))
      .filter(({ a, b }) => a >= 0 && b >= 0);
    assert.equal(pairs.length, known, name);
    const cosines = pairs.map(({ a, b }) =>
      rowOf(unit, a).reduce((sum, x, i) => sum + x * (rowOf(unit, b)[i] ?? 0), 0),
    );
    const scores = pairs.map(({ score }) => score);
    assert.ok(Math.abs(spearman(scores, cosines) - correlation) < 1e-3, `${name}: ${spearman(scores, cosines)}`);
  }

  const { kind, ...found } = await tests('questions-words.txt');
  assert.ok(kind === 'ANALOGIES' && 'analogies' in found);
  assert.equal(found.analogies.length, 19_544);
  const questions = found.analogies.map(({ words }) => words.map(numberOf)).filter((q) => q.every((word) => word >= 0));
  assert.equal(questions.length, 12_403);
  const state = initializeAnalogies(unit, Uint32Array.from(questions.flatMap((q) => q.slice(0, 3))), 'ADD');
  while (runAnalogies(state));
  const right = questions.filter((q, i) => state.answers[i] === q[3]).length;
  // 6,428 by gensim; the order of a sum may turn a near tie.
  assert.ok(Math.abs(right - 6428) <= 2, `${right} of 12,403`);

  const msr = await tests('msr-analogies.txt');
  assert.ok(msr.kind === 'ANALOGIES');
  assert.deepEqual([msr.analogies.length, new Set(msr.analogies.map(({ section }) => section)).size], [8000, 1]);
});
