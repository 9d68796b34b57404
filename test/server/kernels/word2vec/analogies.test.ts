import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { createMatrix, type Matrix, normalizeRows, rowOf } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { spearman } from '#kernels/spearman.ts';
import {
  ANALOGY_EPSILON,
  type AnalogyMethod,
  analogyMethods,
  initializeAnalogies,
  runAnalogies,
} from '#kernels/word2vec/analogies.ts';

function cloud(rows: number, columns: number): Matrix {
  const random = createRandom(11);
  const matrix = createMatrix(rows, columns);
  for (let i = 0; i < matrix.data.length; i++) matrix.data[i] = random.normal();
  return normalizeRows(matrix);
}

/** Word by word, as the formulas stand. */
function answerPlain(vectors: Matrix, [a, b, c]: readonly number[], method: AnalogyMethod): number {
  const cosine = (x: number, y: number) =>
    rowOf(vectors, x).reduce((sum, value, i) => sum + value * (rowOf(vectors, y)[i] ?? 0), 0);
  const moved = (x: number, y: number) => (1 + cosine(x, y)) / 2;
  let best = Number.NEGATIVE_INFINITY;
  let answer = -1;
  for (let x = 0; x < vectors.rows; x++) {
    if (x === a || x === b || x === c) continue;
    const score =
      method === 'ADD'
        ? cosine(x, b ?? 0) - cosine(x, a ?? 0) + cosine(x, c ?? 0)
        : (moved(x, b ?? 0) * moved(x, c ?? 0)) / (moved(x, a ?? 0) + ANALOGY_EPSILON);
    if (score <= best) continue;
    best = score;
    answer = x;
  }
  return answer;
}

test('analogies are answered as the formulas say, whatever is asked together', () => {
  const vectors = cloud(1300, 8); // more than two steps
  const random = createRandom(3);
  const questions = Uint32Array.from({ length: 3 * 60 }, () => random.below(1300));
  for (const method of analogyMethods) {
    const state = initializeAnalogies(vectors, questions, method);
    while (runAnalogies(state));
    const expected = Array.from({ length: 60 }, (_, q) =>
      answerPlain(vectors, [...questions.subarray(3 * q, 3 * q + 3)], method),
    );
    assert.deepEqual([...state.answers], expected, method);
  }
});

test('the words that are asked about are no answers, and without others there is none', () => {
  const vectors = cloud(3, 4);
  for (const method of analogyMethods) {
    const state = initializeAnalogies(vectors, Uint32Array.of(0, 1, 2, 0, 0, 1), method);
    while (runAnalogies(state));
    assert.deepEqual([...state.answers], [0xffffffff, 2]);
  }
});

test('rank correlation is that of the order alone', () => {
  const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 3, maxLength: 40 });
  fc.assert(
    fc.property(values, (x) => {
      fc.pre(new Set(x).size > 1);
      assert.ok(Math.abs(spearman(x, x) - 1) < 1e-12);
      assert.ok(
        Math.abs(
          spearman(
            x,
            x.map((value) => -value),
          ) + 1,
        ) < 1e-12,
      );
      const y = x.map((_, i) => ((i * 7) % 5) - x.length / 3);
      fc.pre(new Set(y).size > 1);
      assert.ok(Math.abs(spearman(x, y) - spearman(y, x)) < 1e-12);
      assert.ok(
        Math.abs(
          spearman(x, y) -
            spearman(
              x,
              y.map((value) => value ** 3 + 2),
            ),
        ) < 1e-12,
      );
    }),
    { seed: 1 },
  );
});

test('rank correlation with ties is that of scipy', () => {
  // scipy 1.10.1: spearmanr([1, 2, 2, 4, 5, 0.5], [3, 3, 1, 9, 8, 8]).statistic
  assert.ok(Math.abs(spearman([1, 2, 2, 4, 5, 0.5], [3, 3, 1, 9, 8, 8]) - 0.3134677528639293) < 1e-12);
  assert.ok(Number.isNaN(spearman([1, 1], [1, 2])));
  assert.ok(Number.isNaN(spearman([1], [2])));
  assert.throws(() => spearman([1, 2], [1]), /2 values on one side and 1 on the other/);
});
