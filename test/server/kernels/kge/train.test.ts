import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { indexQueries, type KnowledgeGraph, knownAnswers } from '#kernels/kge/graph.ts';
import { type Loss, lossNames, lossOfRow } from '#kernels/kge/losses.ts';
import { measures } from '#kernels/kge/measure.ts';
import { allTasks, rankMetrics } from '#kernels/kge/metrics.ts';
import { type ModelName, modelNames } from '#kernels/kge/model.ts';
import { graphModels } from '#kernels/kge/models.ts';
import { bernoulliShares, drawNegatives } from '#kernels/kge/negatives.ts';
import type { Parameters } from '#kernels/kge/parameters.ts';
import { entityTableShape, loadEntities, modelAsker, rankTriples } from '#kernels/kge/rank.ts';
import { addPenaltyGradient, penaltyOf, regularizerNames } from '#kernels/kge/regularize.ts';
import { queryOf, scoreTails } from '#kernels/kge/score.ts';
import { solveEntity } from '#kernels/kge/solveEntity.ts';
import { PlainTable } from '#kernels/kge/table.ts';
import { runTraining } from '#kernels/kge/train.ts';
import {
  createTraining,
  type Objective,
  resultOfTraining,
  type Training,
  type TrainingOptions,
} from '#kernels/kge/training.ts';
import {
  parametersFromBytes,
  parametersToBytes,
  trainingFromBytes,
  trainingToBytes,
} from '#kernels/kge/trainingBytes.ts';
import { createRandom } from '#kernels/random.ts';
import { cpuThreads } from '../../../../server/cpuThreads.ts';
import { hasGraphData, readGraph } from '../../../helpers/graphData.ts';
import { libraryThreads } from '../../../helpers/threads.ts';

const backend = await CpuBackend.create(null);
const twoThreads = await CpuBackend.create(cpuThreads(2));
after(() => twoThreads.close());

const oneVsAll: Objective = { kind: 'ONE_VS_ALL' };

/**
 * A clock: entity i is followed by i + 1, preceded by i - 1, and opposite to i + n / 2. Every relation can be told from the two
 * others, so a model that composes and inverts learns what is held back.
 */
function clock(n: number): KnowledgeGraph {
  const triples: number[][] = [];
  for (let i = 0; i < n; i++) triples.push([i, 0, (i + 1) % n], [(i + 1) % n, 1, i], [i, 2, (i + n / 2) % n]);
  const random = createRandom(9);
  const held: number[][] = [];
  const kept = triples.filter((triple) => {
    const isHeld = triple[1] !== 0 && random.uniform() < 0.2;
    if (isHeld) held.push(triple);
    return !isHeld;
  });
  const half = held.length >> 1;
  return {
    entityCount: n,
    relationCount: 3,
    train: Int32Array.from(kept.flat()),
    validation: Int32Array.from(held.slice(0, half).flat()),
    test: Int32Array.from(held.slice(half).flat()),
  };
}

function options(model: ModelName, more: Partial<TrainingOptions> = {}): TrainingOptions {
  return {
    ...{ model, dimension: 8, objective: oneVsAll, epochs: 2, batch: 16, optimizer: 'ADAGRAD', rate: 0.1, patience: 0 },
    initialization: { distribution: 'NORMAL', scale: 0.3 },
    ...more,
  };
}

async function trained(
  on: CpuBackend | null,
  graph: KnowledgeGraph,
  given: TrainingOptions,
): Promise<{ parameters: Parameters; training: ReturnType<typeof createTraining> }> {
  const training = createTraining(graph, given);
  await runTraining(on, graph, training);
  return { parameters: training.parameters, training };
}

async function testMrr(parameters: Parameters, graph: KnowledgeGraph): Promise<number> {
  const table = new PlainTable(entityTableShape(parameters), { queries: 8 });
  loadEntities(table, parameters);
  const known = indexQueries(graph, [graph.train, graph.validation, graph.test]);
  const ranks = await rankTriples(table, modelAsker(table, parameters), graph.test, known, 8);
  return rankMetrics(ranks, allTasks(ranks)).meanReciprocalRank;
}

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, what);
  for (let k = 0; k < expected.length; k++) {
    const difference = Math.abs((actual[k] ?? Number.NaN) - (expected[k] ?? 0));
    assert.ok(
      difference <= tolerance * (1 + Math.abs(expected[k] ?? 0)),
      `${what}[${k}]: ${actual[k]} instead of ${expected[k]}`,
    );
  }
}

// Losses and regularizers -------------------------------------------------------------------------------------------

describe('the gradient is that of finite differences', () => {
  for (const name of lossNames) {
    test(`of the loss ${name}`, () => {
      const loss: Loss = { name, margin: 0.7, temperature: 0.5, negativeWeight: 0.3 };
      const random = createRandom(2);
      const scores = Float64Array.from({ length: 9 }, () => random.normal());
      scores[4] = Number.NEGATIVE_INFINITY;
      const gradient = scores.slice();
      lossOfRow(loss, gradient, 2);
      // The weights of the negatives are held fixed by SELF_ADVERSARIAL: they are taken from the point itself.
      const weights = scores.map((score, j) => (j === 2 ? 0 : Math.exp(0.5 * score)));
      const sum = weights.reduce((total, weight) => total + weight, 0);
      const softplus = (x: number) => Math.log1p(Math.exp(x));
      const at = (moved: Float64Array): number => {
        if (name !== 'SELF_ADVERSARIAL') return lossOfRow(loss, moved.slice(), 2);
        let lost = softplus(-(0.7 + (moved[2] ?? 0))) / 2;
        moved.forEach((score, j) => {
          if (j !== 2 && j !== 4) lost += (((weights[j] ?? 0) / sum) * softplus(0.7 + score)) / 2;
        });
        return lost;
      };
      for (let j = 0; j < scores.length; j++) {
        const moved = (step: number) => scores.map((score, k) => (k === j ? score + step : score));
        const difference = j === 4 ? 0 : (at(moved(1e-5)) - at(moved(-1e-5))) / 2e-5;
        near([gradient[j] ?? Number.NaN], [difference], 1e-8, `score ${j}`);
      }
    });
  }

  for (const name of regularizerNames) {
    for (const isComplex of [true, false]) {
      test(`of ${name} of ${isComplex ? 'complex' : 'real'} numbers`, () => {
        const random = createRandom(3);
        const row = Float64Array.from({ length: 6 }, () => random.normal());
        const gradient = new Float64Array(6);
        addPenaltyGradient(name, isComplex, row, 1, gradient);
        for (let k = 0; k < 6; k++) {
          const moved = (step: number) => row.map((value, at) => (at === k ? value + step : value));
          const difference =
            (penaltyOf(name, isComplex, moved(1e-5)) - penaltyOf(name, isComplex, moved(-1e-5))) / 2e-5;
          near([gradient[k] ?? Number.NaN], [difference], 1e-8, `number ${k}`);
        }
      });
    }
  }
});

// Negatives ---------------------------------------------------------------------------------------------------------

test('filtered negatives hold no known answer, and every other entity as often', () => {
  const graph = clock(10);
  const index = indexQueries(graph, [graph.train]);
  const entities = Int32Array.from({ length: 7 }, (_, i) => i);
  const relations = Int32Array.from({ length: 7 }, (_, i) => i % 6);
  const random = createRandom(5);
  const seen = new Set<string>();
  for (let round = 0; round < 50; round++) {
    const drawn = drawNegatives({ group: 3, count: 6 }, entities, relations, 7, 10, index, random);
    assert.equal(drawn.ids.length, 3 * 6);
    for (let i = 0; i < 7; i++) {
      const g = Math.floor(i / 3);
      const answers = knownAnswers(index, entities[i] ?? 0, relations[i] ?? 0);
      const pairs = drawn.known[g] ?? new Int32Array(0);
      for (let j = 0; j < 6; j++) {
        const entity = drawn.ids[g * 6 + j] ?? -1;
        let isOut = false;
        for (let pair = 0; pair < pairs.length; pair += 2) {
          isOut ||= pairs[pair] === i - g * 3 && pairs[pair + 1] === j;
        }
        assert.equal(isOut, answers.includes(entity), `query ${i}, entity ${entity}`);
        seen.add(`${g} ${entity}`);
      }
    }
  }
  assert.equal(seen.size, 30);
});

test('BERNOULLI replaces the side with more right answers less often', () => {
  // One head with three tails: replacing the tail may hit a right one.
  const index = indexQueries({ entityCount: 4, relationCount: 1 }, [Int32Array.of(0, 0, 1, 0, 0, 2, 0, 0, 3)]);
  near(bernoulliShares(index), [3 / 4], 1e-12, 'share of heads');
});

// Training ----------------------------------------------------------------------------------------------------------

const objectives: Readonly<Record<string, Partial<TrainingOptions>>> = {
  'ONE_VS_ALL by query': { objective: oneVsAll, regularizer: { name: 'N3', entities: 0.02, relations: 0.01 } },
  'ONE_VS_ALL by triple': { objective: { kind: 'ONE_VS_ALL', unique: false }, optimizer: 'ADAM', rate: 0.01 },
  'K_VS_ALL LOGISTIC': { objective: { kind: 'K_VS_ALL', loss: 'LOGISTIC', smoothing: 0.1 } },
  'K_VS_ALL SOFTMAX with dropout': {
    objective: { kind: 'K_VS_ALL', loss: 'SOFTMAX' },
    dropout: { entities: 0.2, relations: 0.1 },
  },
  'NEGATIVE_SAMPLING SELF_ADVERSARIAL, BERNOULLI, subsampled': {
    objective: {
      ...{ kind: 'NEGATIVE_SAMPLING', loss: 'SELF_ADVERSARIAL', negatives: 6, shared: 1 },
      ...{ sides: 'BERNOULLI', subsampling: true, margin: 3 },
    },
    regularizer: { name: 'L2', entities: 0.01, relations: 0.01 },
  },
  'NEGATIVE_SAMPLING SOFTMAX, shared, not filtered': {
    objective: { kind: 'NEGATIVE_SAMPLING', loss: 'SOFTMAX', negatives: 7, shared: 5, filtered: false },
    optimizer: 'ADAM',
    rate: 0.01,
  },
};

const graph = clock(12);

for (const [name, more] of Object.entries(objectives)) {
  describe(name, () => {
    for (const model of ['COMPLEX', 'ROTE', 'TRANSE_L2', 'ROTH'] as const) {
      test(`${model} learns on the CPU backend what it learns in plain TypeScript`, async () => {
        const given = options(model, { ...more, epochs: 2, validateEvery: 1 });
        const plain = await trained(null, graph, given);
        const fast = await trained(backend, graph, given);
        near(
          fast.training.curve.map(({ loss }) => loss),
          plain.training.curve.map(({ loss }) => loss),
          2e-3,
          'loss',
        );
        near(fast.parameters.entities, plain.parameters.entities, 0.02, 'entities');
        near(fast.parameters.relations, plain.parameters.relations, 0.02, 'relations');
        near(fast.parameters.biases, plain.parameters.biases, 0.02, 'biases');
      });
    }

    test('a run that was kept as bytes and gone on with ends as one that was not', async () => {
      const given = options('COMPLEX', { ...more, epochs: 4, validateEvery: 2 });
      const whole = await trained(backend, graph, given);
      const first = createTraining(graph, given);
      await runTraining(backend, graph, first, 2);
      const second = trainingFromBytes(trainingToBytes(first));
      await runTraining(twoThreads, graph, second);
      assert.deepEqual(second, whole.training);
    });

    test('it learns: what was held back is found', async () => {
      const learnt = await trained(
        backend,
        graph,
        options('COMPLEX', { ...more, epochs: 60, validateEvery: 0, dimension: 16 }),
      );
      const before = createTraining(graph, options('COMPLEX', { dimension: 16 })).parameters;
      const [start, end] = [await testMrr(before, graph), await testMrr(learnt.parameters, graph)];
      assert.ok(end > start + 0.1, `from ${start} to ${end}`);
      const { curve } = learnt.training;
      assert.ok((curve.at(-1)?.loss ?? 0) < (curve[0]?.loss ?? 0));
    });
  });
}

for (const name of modelNames) {
  test(`${name} learns the clock by heart`, async () => {
    const isDistance = name.startsWith('TRANSE') || name === 'ROTATE';
    const learnt = await trained(
      backend,
      graph,
      options(name, {
        epochs: 150,
        dimension: 12,
        optimizer: 'ADAM',
        rate: isDistance ? 0.05 : 0.03,
        validateEvery: 0,
      }),
    );
    let found = 0;
    for (let i = 0; i < graph.train.length; i += 3) {
      const [head = 0, relation = 0, tail = 0] = graph.train.subarray(i, i + 3);
      const scores = scoreTails(learnt.parameters, head, relation);
      if (scores.every((score) => score <= (scores[tail] ?? 0))) found++;
    }
    // A translation is not its own inverse, and a symmetric score cannot tell what follows from what precedes: these models have
    // no room for all of the clock.
    const least = name.startsWith('TRANSE') || name === 'DISTMULT' ? 0.6 : 0.9;
    assert.ok(found / (graph.train.length / 3) > least, `${found} of ${graph.train.length / 3}`);
  });
}

/** Every way to be asked, with every loss that it takes. */
const everyObjective: readonly Objective[] = [
  { kind: 'ONE_VS_ALL' },
  { kind: 'ONE_VS_ALL', unique: false },
  ...(['SOFTMAX', 'LOGISTIC'] as const).map((loss): Objective => ({ kind: 'K_VS_ALL', loss })),
  ...lossNames.map((loss): Objective => ({ kind: 'NEGATIVE_SAMPLING', loss, negatives: 8, margin: 2 })),
];

for (const name of modelNames) {
  test(`${name} learns by every objective with every loss, by either optimizer and reciprocal or not`, async () => {
    for (const [at, objective] of everyObjective.entries()) {
      for (const reciprocal of name === 'ROTH' ? [true] : [true, false]) {
        const optimizer = at % 2 === 0 ? 'ADAM' : 'ADAGRAD';
        const rate = optimizer === 'ADAM' ? 0.02 : 0.1;
        const given = options(name, { objective, reciprocal, optimizer, rate, epochs: 12, validateEvery: 0 });
        const { parameters, training } = await trained(backend, graph, given);
        const losses = training.curve.map(({ loss }) => loss);
        const [first = 0, last = 0] = [losses[0], losses.at(-1)];
        const what = `${objective.kind} ${'loss' in objective ? objective.loss : ''} ${optimizer}, reciprocal ${reciprocal}`;
        assert.ok(losses.every(Number.isFinite), what);
        assert.ok(last < 0.97 * first, `${what}: from ${first} to ${last}`);
        assert.ok(parameters.entities.every(Number.isFinite), what);
      }
    }
  });
}

test('models without reciprocal relations learn from both sides', async () => {
  const learnt = await trained(
    backend,
    graph,
    options('ROTATE', { reciprocal: false, epochs: 80, optimizer: 'ADAM', rate: 0.05 }),
  );
  assert.ok((await testMrr(learnt.parameters, graph)) > 0.6);
});

test('one softmax for any number of answers has, over the whole graph, the gradient of one softmax a triple', async () => {
  // After one step of Adagrad over everything the sums are the squares of that gradient.
  const squares = async (unique: boolean, answers = 1) => {
    const objective = { kind: 'ONE_VS_ALL', unique, ...(unique ? { answers } : {}) } as const;
    const given = options('COMPLEX', { objective, epochs: 1, batch: 1000 });
    return (await trained(backend, graph, given)).training.entityMoments.first;
  };
  const byTriple = await squares(false);
  for (const answers of [1, 2, 3, 10_000]) near(await squares(true, answers), byTriple, 1e-6, `squares of ${answers}`);
});

test('the loss by relations brings relations apart', async () => {
  const given = options('COMPLEX', { epochs: 30, relationWeight: 1 });
  const [without, with_] = await Promise.all([
    trained(null, graph, { ...given, relationWeight: 0, epochs: 3 }),
    trained(null, graph, { ...given, epochs: 3 }),
  ]);
  assert.notDeepEqual(without.parameters.relations, with_.parameters.relations);
  const fast = await trained(backend, graph, { ...given, epochs: 3 });
  near(fast.parameters.relations, with_.parameters.relations, 0.02, 'relations');
  near(fast.parameters.entities, with_.parameters.entities, 0.02, 'entities');
});

test('a training ends early when validation does not get better, and keeps what was best', async () => {
  const { training } = await trained(
    backend,
    graph,
    options('DISTMULT', { epochs: 200, patience: 3, validateEvery: 1, plateau: { factor: 0.5, patience: 0 } }),
  );
  assert.equal(training.ended, 'EARLY');
  const validated = training.curve.map(({ mrr }) => mrr ?? 0);
  assert.equal(training.best?.mrr, Math.max(...validated));
  assert.equal(training.epoch, (training.best?.epoch ?? 0) + 3);
  assert.ok(training.rate < 0.1);
  assert.equal(resultOfTraining(training), training.best?.parameters);
});

test('fewer validation triples are taken from everywhere in their order, which may be that of relations', async () => {
  const large = clock(120);
  const count = 2 * Math.floor(large.validation.length / 6);
  const validation = large.validation.subarray(0, 3 * count);
  const next = Int32Array.from([...validation.subarray(3), ...validation.subarray(0, 3)]);
  const mrrOf = async (order: Int32Array, validationTriples: number) => {
    const given = options('COMPLEX', { epochs: 4, validateEvery: 4, validationTriples });
    return (await trained(backend, { ...large, validation: order }, given)).training.best?.mrr ?? Number.NaN;
  };
  // Every second one and every other second one are all.
  const halves = [await mrrOf(validation, count / 2), await mrrOf(next, count / 2)];
  const all = await mrrOf(validation, count);
  assert.ok(Math.abs((halves[0] ?? 0) + (halves[1] ?? 0) - 2 * all) < 1e-9, `${halves} and ${all}`);
  assert.notEqual(halves[0], halves[1]);
});

test('the rate follows its steps, with a plateau as well, and a training that was kept in between goes on with them', async () => {
  const rateSteps = [
    { epoch: 2, factor: 0.5 },
    { epoch: 4, factor: 0.2 },
  ];
  const given = options('COMPLEX', { epochs: 6, rate: 0.1, rateSteps, validateEvery: 0 });
  const whole = await trained(backend, graph, given);
  assert.deepEqual(
    whole.training.curve.map(({ rate }) => rate),
    [0.1, 0.1, 0.05, 0.05, 0.05 * 0.2, 0.05 * 0.2],
  );
  for (const stop of [2, 3, 4]) {
    const begun = createTraining(graph, given);
    await runTraining(backend, graph, begun, stop);
    const goneOn = trainingFromBytes(trainingToBytes(begun));
    await runTraining(backend, graph, goneOn);
    assert.deepEqual(goneOn, whole.training);
  }
  const steady = await trained(backend, graph, { ...given, rateSteps: [] });
  assert.notDeepEqual(steady.parameters.entities, whole.parameters.entities);
  const both = await trained(
    backend,
    graph,
    options('COMPLEX', {
      ...{ epochs: 40, rateSteps: [{ epoch: 1, factor: 0.5 }], validateEvery: 1 },
      plateau: { factor: 0.5, patience: 0 },
    }),
  );
  const halvings = both.training.curve.filter(({ rate }, i, curve) => i > 0 && rate < (curve[i - 1]?.rate ?? 0)).length;
  assert.ok(halvings > 1);
});

test('steps of the rate that cannot be meant are refused', () => {
  const refused = (rateSteps: TrainingOptions['rateSteps'] & {}, message: RegExp) =>
    assert.throws(() => createTraining(graph, options('COMPLEX', { rateSteps })), message);
  refused(
    [{ epoch: 0, factor: 0.5 }],
    /The epoch of a step of the rate: a whole number from 1 to 10000 was wanted, got 0/,
  );
  refused(
    [{ epoch: 1, factor: 0 }],
    /The factor of a step of the rate: a number above 0, at most 10 was wanted, got 0/,
  );
  refused([{ epoch: 1, factor: Number.NaN }], /got NaN/);
  refused(
    [5, 5].map((epoch) => ({ epoch, factor: 1 })),
    /by rising epochs, got 5 after 5/,
  );
  const plateau = { factor: 1.5, patience: 1 };
  assert.throws(
    () => createTraining(graph, options('COMPLEX', { plateau })),
    /factor of a plateau.*at most 1 was wanted/,
  );
  refused(
    Array.from({ length: 101 }, (_, i) => ({ epoch: i + 1, factor: 1 })),
    /at most 100 steps, got 101/,
  );
});

test('the seed decides everything, and another seed something else', async () => {
  const of = async (seed: number) => (await trained(backend, graph, options('ROTE', { seed }))).parameters.entities;
  assert.deepEqual(await of(1), await of(1));
  assert.notDeepEqual(await of(1), await of(2));
});

test('a library learns what WebAssembly learns, with the same bits on one thread or two and after a pause, and is recorded', async () => {
  const large = clock(1100);
  const given = options('COMPLEX', { dimension: 16, batch: 512, validateEvery: 2 });
  const byLibrary = await Promise.all([1, 2].map((count) => CpuBackend.create(libraryThreads(count))));
  after(() => {
    for (const threads of byLibrary) threads.close();
  });
  const [one, two] = byLibrary;
  assert.ok(one !== undefined && two !== undefined);
  const plain = await trained(backend, large, given);
  const whole = await trained(two, large, given);
  const losses = ({ training }: { training: Training }) => training.curve.map(({ loss }) => loss);
  near(losses(whole), losses(plain), 1e-5, 'loss');
  // Adagrad's first steps know only signs: what is nearly 0 may go the other way.
  near(whole.parameters.entities, plain.parameters.entities, 1e-3, 'entities');
  assert.equal(plain.training.library, null);
  assert.match(whole.training.library ?? '', /^onnxruntime /);

  const paused = createTraining(large, given);
  await runTraining(one, large, paused, 1);
  const kept = trainingFromBytes(trainingToBytes(paused));
  assert.equal(kept.library, whole.training.library);
  await runTraining(two, large, kept);
  assert.deepEqual(kept.parameters, whole.parameters);
  assert.deepEqual(kept.curve, whole.training.curve);
});

test('a training whose numbers overflow says what to do, also where an epoch ends with a validation', async () => {
  for (const validateEvery of [0, 1]) {
    const astray = createTraining(
      graph,
      options('COMPLEX', { validateEvery, initialization: { distribution: 'NORMAL', scale: 1e25 } }),
    );
    await assert.rejects(
      runTraining(backend, graph, astray),
      /^RangeError: The loss of epoch 1 is .*: lower the rate\.$/,
    );
  }
});

test('a training that is told to stop stops between two steps', async () => {
  const stop = new AbortController();
  const training = createTraining(graph, options('COMPLEX', { epochs: 1000, batch: 2 }));
  const running = runTraining(backend, graph, training, 1000, { signal: stop.signal, onEpoch: () => stop.abort() });
  await assert.rejects(running, { name: 'AbortError' });
  assert.equal(training.epoch, 1);
});

test('parameters come back from their bytes, and what is none is told', () => {
  const { parameters } = createTraining(graph, options('ROTH'));
  const bytes = parametersToBytes(parameters);
  assert.deepEqual(parametersFromBytes(bytes, parameters.entities), parameters);
  assert.throws(() => parametersFromBytes(bytes, parameters.entities.slice(8)), /other lengths/);
  assert.throws(() => parametersFromBytes(new ArrayBuffer(40), parameters.entities), /not the bytes of a graph model/);
  assert.throws(
    () => parametersFromBytes(bytes.slice(0, bytes.byteLength - 4), parameters.entities),
    /should be \d+, got \d+/,
  );
  assert.throws(() => trainingFromBytes(bytes), /not the bytes of a training/);
});

test('options that cannot be meant are refused in a sentence', () => {
  const refused =
    (more: Partial<TrainingOptions>, model: ModelName = 'COMPLEX') =>
    () =>
      createTraining(graph, options(model, more));
  assert.throws(refused({ epochs: 0 }), /Epochs: a whole number from 1 to 10000 was wanted, got 0/);
  assert.throws(refused({ rate: 0 }), /The rate: a number above 0/);
  assert.throws(refused({ rate: Number.NaN }), /got NaN/);
  assert.throws(refused({ relationWeight: 1 }, 'ROTATE'), /ROTATE is not/);
  assert.throws(
    refused({ objective: { kind: 'NEGATIVE_SAMPLING', loss: 'SOFTMAX', negatives: 0 } }),
    /Negatives: a whole number from 1/,
  );
  assert.throws(
    () => createTraining({ ...graph, train: new Int32Array(0) }, options('COMPLEX')),
    /no training triples/,
  );
});

// New entities ------------------------------------------------------------------------------------------------------

for (const model of ['COMPLEX', 'TRANSE_L2', 'ROTE', 'ROTATE', 'ROTH'] as const) {
  test(`${model} places a new entity by its triples, where it answers as the one that it is a twin of`, async () => {
    const whole = clock(12);
    const learnt = await trained(
      backend,
      whole,
      options(model, { epochs: 150, dimension: 12, optimizer: 'ADAM', rate: 0.04, validateEvery: 0 }),
    );
    // A newcomer between 4 and 6: it is what 5 is.
    const solved = solveEntity(learnt.parameters, [
      { is: 'TAIL', relation: 0, other: 4 },
      { is: 'HEAD', relation: 0, other: 6 },
      { is: 'HEAD', relation: 1, other: 4 },
    ]);
    const d = learnt.parameters.dimension;
    const enlarged: Parameters = {
      ...learnt.parameters,
      entityCount: 13,
      entities: Float32Array.from([...learnt.parameters.entities, ...solved.vector]),
      biases:
        learnt.parameters.biases.length > 0
          ? Float32Array.from([...learnt.parameters.biases, solved.bias])
          : new Float32Array(0),
    };
    assert.equal(enlarged.entities.length, 13 * d);
    // Its opposite was not told: 11.
    const scores = scoreTails(enlarged, 12, 2);
    const better = Array.from(scores).filter((score) => score > (scores[11] ?? 0)).length;
    assert.ok(better <= 1, `the opposite has rank ${better + 1}`);
    assert.deepEqual(
      solveEntity(learnt.parameters, [{ is: 'TAIL', relation: 0, other: 4 }]),
      solveEntity(learnt.parameters, [{ is: 'TAIL', relation: 0, other: 4 }]),
    );
  });
}

for (const model of ['TRANSE_L1', 'TRANSE_L2', 'ROTATE', 'ROTE', 'ROTH'] as const) {
  test(`by ${model} a new entity of one triple begins where that triple has the greatest score there is`, () => {
    const scale = model === 'ROTH' ? 0.4 : 1;
    const { parameters } = createTraining(
      graph,
      options(model, { dimension: 12, initialization: { distribution: 'NORMAL', scale } }),
    );
    const { measure } = graphModels[model];
    for (const is of ['HEAD', 'TAIL'] as const) {
      const { vector } = solveEntity(parameters, [{ is, relation: 1, other: 4 }], { steps: 0 });
      const query = queryOf(parameters, is, 4, 1);
      const score = measures[measure].score(query?.vector ?? new Float32Array(), vector);
      assert.ok(score > -1e-5, `${is}: ${score}`);
      assert.ok(vector.every((value) => value !== 0));
    }
  });
}

test('a new entity without triples, or with unknown ones, is refused', () => {
  const { parameters } = createTraining(graph, options('COMPLEX'));
  assert.throws(() => solveEntity(parameters, []), /there are none/);
  assert.throws(() => solveEntity(parameters, [{ is: 'HEAD', relation: 3, other: 0 }]), /no relation 3/);
  assert.throws(() => solveEntity(parameters, [{ is: 'HEAD', relation: 0, other: 12 }]), /no entity 12/);
});

// Real data ---------------------------------------------------------------------------------------------------------

test('UMLS is learnt in seconds: MRR above .90 after ten epochs', {
  skip: !hasGraphData() && 'the shared graph data is not here',
}, async () => {
  const umls = readGraph('umls');
  const { parameters } = await trained(twoThreads, umls, {
    ...{ model: 'COMPLEX', dimension: 100, epochs: 10, batch: 100, optimizer: 'ADAGRAD', rate: 0.1, validateEvery: 0 },
    objective: { kind: 'ONE_VS_ALL', unique: false },
    regularizer: { name: 'N3', entities: 0.01, relations: 0.01 },
  });
  assert.ok((await testMrr(parameters, umls)) > 0.9);
});
