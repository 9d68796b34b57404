import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  type AnswerCalibration,
  answerProbability,
  fitAnswers,
  measureAnswers,
  type ShownAnswers,
  showAnswers,
} from '#kernels/kge/answerCalibration.ts';
import { createAnswerer } from '#kernels/kge/answerer.ts';
import { fitCalibration, probabilityOf } from '#kernels/kge/calibrate.ts';
import { corrupt, scoreList } from '#kernels/kge/evaluate.ts';
import { indexQueries, type KnowledgeGraph, knownAnswers } from '#kernels/kge/graph.ts';
import { queryOf } from '#kernels/kge/score.ts';
import { runTraining } from '#kernels/kge/train.ts';
import { createTraining } from '#kernels/kge/training.ts';
import { createRandom } from '#kernels/random.ts';
import fc from '../../../helpers/laws.ts';

/** Answers that are true as often as a calibration says. */
function drawn(calibration: AnswerCalibration, count: number, seed: number): ShownAnswers {
  const random = createRandom(seed);
  const questions = Array.from({ length: count }, () => random.below(calibration.byQuestion.length));
  const scores = questions.map(() => 3 * random.normal() - 40);
  const labels = scores.map((score, i) =>
    random.uniform() < answerProbability(calibration, score, questions[i] ?? 0) ? 1 : 0,
  );
  return { scores, questions, labels };
}

const world: AnswerCalibration = { slope: 0.6, offset: 22, byQuestion: [0, 2.5, -3, 1] };

test('probabilities are as often true as they say, relation by relation, on answers that they were not fitted on', () => {
  const fitted = fitAnswers(drawn(world, 20_000, 1), 4);
  assert.ok(fitted !== null);
  const other = drawn(world, 20_000, 2);
  for (const question of [0, 1, 2, 3]) {
    const of = (list: readonly number[]) => list.filter((_, i) => other.questions[i] === question);
    const part = { scores: of(other.scores), questions: of(other.questions), labels: of(other.labels) };
    const metrics = measureAnswers(fitted, part);
    assert.ok(metrics !== null && metrics.calibrationError < 0.02, `${question}: ${metrics?.calibrationError}`);
    const alike = fitCalibration(drawn(world, 20_000, 1).scores, drawn(world, 20_000, 1).labels);
    const told = part.scores.map((score) => probabilityOf(alike, score));
    const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value / list.length, 0);
    const apart = Math.abs(mean(told) - mean(part.labels));
    if (question === 2) assert.ok(apart > 0.2, `one sigmoid for all relations is off by ${apart} here`);
  }
});

test('no other slope and offsets explain the answers better, as far as the prior lets them', () => {
  const shown = drawn(world, 500, 3);
  const best = fitAnswers(shown, 4);
  assert.ok(best !== null);
  const positives = shown.labels.reduce((sum, label) => sum + label, 0);
  // The penalized loss in plain terms: Platt's targets, and (offset / 2)^2 / 2 of each question.
  const loss = ({ slope, offset, byQuestion }: AnswerCalibration) =>
    shown.scores.reduce((sum, score, i) => {
      const p = answerProbability({ slope, offset, byQuestion }, score, shown.questions[i] ?? 0);
      const target = shown.labels[i] === 1 ? (positives + 1) / (positives + 2) : 1 / (500 - positives + 2);
      return sum - target * Math.log(p) - (1 - target) * Math.log1p(-p);
    }, 0) + byQuestion.reduce((sum, value) => sum + value ** 2 / 8, 0);
  const least = loss(best);
  for (const step of [1e-3, -1e-3]) {
    assert.ok(loss({ ...best, slope: best.slope + step, offset: best.offset + 40 * step }) > least);
    assert.ok(loss({ ...best, offset: best.offset + step }) > least);
    for (const q of [0, 1, 2, 3]) {
      const byQuestion = best.byQuestion.map((value, other) => (other === q ? value + step : value));
      assert.ok(loss({ ...best, byQuestion }) > least);
    }
  }
});

test('whatever was shown, a greater score is never less probable, and every probability lies between 0 and 1', () => {
  const shown = fc.array(
    fc.record({ score: fc.double({ min: -1e3, max: 1e3, noNaN: true }), question: fc.nat(3), label: fc.nat(1) }),
    { minLength: 1, maxLength: 40 },
  );
  fc.assert(
    fc.property(shown, (list) => {
      const fitted = fitAnswers(
        {
          scores: list.map(({ score }) => score),
          questions: list.map(({ question }) => question),
          labels: list.map(({ label }) => label),
        },
        4,
      );
      assert.ok(fitted !== null && fitted.slope >= 0);
      for (const { score, question } of list) {
        const p = answerProbability(fitted, score, question);
        assert.ok(p > 0 && p < 1, `${p}`);
        assert.ok(answerProbability(fitted, score + 1, question) >= p);
      }
    }),
  );
});

test('where no first answer was true none is called probable; where nothing was shown nothing is said', () => {
  const scores = Array.from({ length: 200 }, (_, i) => i / 10);
  const fitted = fitAnswers({ scores, questions: scores.map(() => 0), labels: scores.map(() => 0) }, 2);
  assert.ok(fitted !== null);
  for (const score of [-1000, 0, 20, 1000]) assert.ok(answerProbability(fitted, score, 0) < 0.01);
  assert.equal(fitAnswers({ scores: [], questions: [], labels: [] }, 2), null);
  assert.equal(measureAnswers(world, { scores: [], questions: [], labels: [] }), null);
});

// A ring that is learnt well, and a relation by chance, of which nothing can be learnt.
const N = 60;

function ringAndChance(): KnowledgeGraph {
  const random = createRandom(5);
  const lists: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < N; i++) {
    const triples = [
      [i, 0, (i + 1) % N],
      [(i + 1) % N, 1, i],
      [i, 2, random.below(N)],
    ];
    for (const triple of triples) {
      const at = random.uniform();
      lists[triple[1] === 0 || at < 0.5 ? 0 : at < 0.75 ? 1 : 2].push(...triple);
    }
  }
  const [train, validation, test] = lists.map((list) => Int32Array.from(list));
  const none = new Int32Array(0);
  const splits = { train: train ?? none, validation: validation ?? none, test: test ?? none };
  return { entityCount: N, relationCount: 3, ...splits };
}

const graph = ringAndChance();
const training = createTraining(graph, {
  ...{ model: 'ROTATE', dimension: 16, epochs: 80, batch: 32, optimizer: 'ADAM', rate: 0.05, validateEvery: 0 },
  objective: { kind: 'ONE_VS_ALL' },
  initialization: { distribution: 'UNIFORM', scale: 0.5 },
});
await runTraining(null, graph, training);
const { parameters } = training;
const answerer = await createAnswerer(parameters);

test('what is shown are the first unknown answers to each question, and what the test alone knows is not known', async () => {
  const shown = await showAnswers(graph, answerer, 'VALIDATION');
  const asked = indexQueries(graph, [graph.validation]);
  const known = indexQueries(graph, [graph.train]);
  const left = Array.from(asked.entities, (entity, i) =>
    Math.min(10, N - knownAnswers(known, entity, asked.relations[i] ?? 0).length),
  );
  assert.equal(
    shown.scores.length,
    left.reduce((sum, count) => sum + count, 0),
  );
  const none = new Int32Array(0);
  assert.deepEqual(await showAnswers({ ...graph, test: none }, answerer, 'VALIDATION'), shown);
  const right = shown.labels.reduce((sum, label) => sum + label, 0);
  assert.ok(right > 0 && right <= (2 * graph.validation.length) / 3);
});

test('first answers of a relation by chance are called improbable, where a sigmoid fitted on false triples by chance calls them probable', async () => {
  const fitted = fitAnswers(await showAnswers(graph, answerer, 'VALIDATION'), 6);
  assert.ok(fitted !== null);
  const other = await showAnswers(graph, answerer, 'TEST');
  const metrics = measureAnswers(fitted, other);
  assert.ok(metrics !== null && metrics.calibrationError < 0.1, `${metrics?.calibrationError}`);
  const wrong = corrupt(graph, graph.validation, 1);
  const scores = [...scoreList(parameters, graph.validation), ...scoreList(parameters, wrong)];
  const byChance = fitCalibration(
    scores,
    scores.map((_, i) => (i < graph.validation.length / 3 ? 1 : 0)),
  );
  const mean = (probability: (score: number, question: number) => number, relation: number) => {
    const told = other.scores.flatMap((score, i) => {
      const question = other.questions[i] ?? 0;
      return question % 3 === relation ? [probability(score, question)] : [];
    });
    return told.reduce((sum, p) => sum + p / told.length, 0);
  };
  const honest = mean((score, question) => answerProbability(fitted, score, question), 2);
  assert.ok(honest < 0.1, `${honest}`);
  assert.ok(mean((score) => probabilityOf(byChance, score), 2) > 3 * honest);
});

test('what is asked for is no answer to itself, unless the relation leads from some entity to itself', async () => {
  const shown = await showAnswers(graph, answerer, 'VALIDATION');
  const loop = Int32Array.of(7, 2, 7);
  const looping = await showAnswers(
    { ...graph, train: Int32Array.of(...graph.train, ...loop) },
    answerer,
    'VALIDATION',
  );
  const { entities, relations } = indexQueries(graph, [graph.validation]);
  let itself = 0;
  for (const [i, entity] of entities.entries()) {
    const question = relations[i] ?? 0;
    const query = queryOf(parameters, question >= 3 ? 'HEAD' : 'TAIL', entity, question % 3);
    assert.ok(query !== null);
    const own = (await answerer.answer(query))[entity] ?? 0;
    const of = ({ scores }: ShownAnswers) => scores.slice(10 * i, 10 * i + 10);
    assert.ok(!of(shown).includes(own));
    if (question % 3 !== 2) assert.ok(!of(looping).includes(own));
    else if (of(looping).includes(own)) itself++;
  }
  assert.ok(itself > 0);
});
