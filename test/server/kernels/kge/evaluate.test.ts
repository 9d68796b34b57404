import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { corrupt, fitJudgement, rankGraph, summarize, testJudgement } from '#kernels/kge/evaluate.ts';
import { indexQueries, type KnowledgeGraph, knownAnswers } from '#kernels/kge/graph.ts';
import { runTraining } from '#kernels/kge/train.ts';
import { createTraining } from '#kernels/kge/training.ts';
import { createRandom } from '#kernels/random.ts';

const backend = await CpuBackend.create(null);

/** Two relations over a ring: what follows, and what precedes. */
function ring(n: number): KnowledgeGraph {
  const random = createRandom(2);
  const lists: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < n; i++) {
    for (const triple of [
      [i, 0, (i + 1) % n],
      [(i + 1) % n, 1, i],
    ]) {
      const drawn = random.uniform();
      lists[triple[1] === 0 || drawn < 0.6 ? 0 : drawn < 0.8 ? 1 : 2].push(...triple);
    }
  }
  const [train, validation, test] = lists.map((list) => Int32Array.from(list));
  const none = new Int32Array(0);
  return {
    ...{ entityCount: n, relationCount: 2 },
    ...{ train: train ?? none, validation: validation ?? none, test: test ?? none },
  };
}

const graph = ring(40);
const training = createTraining(graph, {
  ...{ model: 'ROTATE', dimension: 16, epochs: 80, batch: 32, optimizer: 'ADAM', rate: 0.05, validateEvery: 0 },
  objective: { kind: 'ONE_VS_ALL' },
  initialization: { distribution: 'UNIFORM', scale: 0.5 },
});
await runTraining(backend, graph, training);
const { parameters } = training;

test('the parts of an evaluation add up to the whole', async () => {
  const ranks = await rankGraph(backend, graph, parameters, 'TEST');
  const found = summarize(ranks, graph, graph.test);
  const mean = (
    parts: readonly {
      readonly summary: { readonly realistic: { readonly count: number; readonly meanReciprocalRank: number } };
    }[],
  ) => {
    const count = parts.reduce((sum, { summary }) => sum + summary.realistic.count, 0);
    const sum = parts.reduce(
      (total, { summary: { realistic } }) => total + realistic.count * realistic.meanReciprocalRank,
      0,
    );
    assert.equal(count, found.both.realistic.count);
    return sum / count;
  };
  const whole = found.both.realistic.meanReciprocalRank;
  const sides = [{ summary: found.heads }, { summary: found.tails }];
  for (const parts of [sides, found.byRelation, found.byKind, found.byFrequency]) {
    assert.ok(Math.abs(mean(parts) - whole) < 1e-12);
  }
  assert.equal(found.both.realistic.count, 2 * (graph.test.length / 3));
  const { optimistic, realistic, pessimistic } = found.both;
  assert.ok(optimistic.meanRank <= realistic.meanRank && realistic.meanRank <= pessimistic.meanRank);
  assert.ok(found.both.adjusted.zMeanReciprocalRank > 5, 'a trained model is far above chance');
});

test('a validation does not leave out what only the test knows', async () => {
  const alone = await rankGraph(backend, { ...graph, test: new Int32Array(0) }, parameters, 'VALIDATION');
  assert.deepEqual(await rankGraph(backend, graph, parameters, 'VALIDATION'), alone);
});

test('corrupted triples are in no split, and differ from the true ones in one end', () => {
  const known = indexQueries(graph, [graph.train, graph.validation, graph.test]);
  const wrong = corrupt(graph, graph.test, 3);
  for (let i = 0; i < wrong.length; i += 3) {
    const [head = 0, relation = 0, tail = 0] = wrong.subarray(i, i + 3);
    assert.ok(!knownAnswers(known, head, relation).includes(tail));
    assert.equal(graph.test[i + 1], relation);
    assert.equal(Number(graph.test[i] !== head) + Number(graph.test[i + 2] !== tail), 1);
  }
  assert.deepEqual(corrupt(graph, graph.test, 3), wrong);
});

test('no triple that a split has is ever called false, however much of the graph is true', () => {
  const none = new Int32Array(0);
  /** Over n entities all (h, 0, t) are true but those that lead to the last few. */
  const nearlyAll = (n: number, last: number): KnowledgeGraph => {
    const pairs = Array.from({ length: n * (n - last) }, (_, i) => [Math.floor(i / (n - last)), 0, i % (n - last)]);
    return {
      ...{ entityCount: n, relationCount: 1, train: Int32Array.from(pairs.flat()) },
      validation: none,
      test: none,
    };
  };
  const dense = nearlyAll(90, 1);
  const wrong = corrupt(dense, dense.train.subarray(0, 3000), 4);
  assert.equal(wrong.length, 3000);
  for (let i = 0; i < wrong.length; i += 3) assert.equal(wrong[i + 2], 89, 'the only entity that is no right tail');
  const whole = nearlyAll(5, 0);
  assert.deepEqual(corrupt(whole, whole.train, 4), none);
  assert.equal(
    fitJudgement({ ...whole, validation: whole.train }, parameters, { validation: none, test: none }, 1),
    null,
  );
});

test('of a query that nearly all entities answer the others are drawn, each of them', () => {
  const n = 20_000;
  const others = new Set([3, 4, 9000, 19_999]);
  const train = Array.from({ length: n }, (_, tail) => [1, 0, tail]).filter(([, , tail = 0]) => !others.has(tail));
  const star: KnowledgeGraph = {
    ...{ entityCount: n, relationCount: 1, train: Int32Array.from(train.flat()) },
    ...{ validation: new Int32Array(0), test: new Int32Array(0) },
  };
  const asked = Int32Array.from({ length: 3 * 60 }, (_, at) => [1, 0, 5][at % 3] ?? 0);
  const wrong = corrupt(star, asked, 7);
  const drawn = new Set<number>();
  for (let i = 0; i < wrong.length; i += 3) if (wrong[i] === 1) drawn.add(wrong[i + 2] ?? 0);
  assert.deepEqual(
    [...drawn].sort((a, b) => a - b),
    [...others],
  );
});

test('true triples are told from false ones, and probabilities say so', () => {
  const none = { validation: new Int32Array(0), test: new Int32Array(0) };
  const judgement = fitJudgement(graph, parameters, none, 1);
  assert.ok(judgement !== null && !judgement.chosen);
  const metrics = testJudgement(graph, parameters, none, judgement, 1);
  assert.ok(metrics !== null);
  assert.ok(metrics.classification.accuracy > 0.85, `${metrics.classification.accuracy}`);
  assert.ok(metrics.calibration.brier < 0.15, `${metrics.calibration.brier}`);
  const given = { validation: corrupt(graph, graph.validation, 9), test: corrupt(graph, graph.test, 9) };
  assert.equal(fitJudgement(graph, parameters, given, 1)?.chosen, true);
  assert.equal(fitJudgement({ ...graph, validation: new Int32Array(0) }, parameters, none, 1), null);
});
