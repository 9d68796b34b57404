import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { GpuError } from '#kernels/gpu/backend.ts';
import { rankGraph } from '#kernels/kge/evaluate.ts';
import { learnsOnGpu } from '#kernels/kge/gpuModel.ts';
import type { KnowledgeGraph } from '#kernels/kge/graph.ts';
import type { ModelName } from '#kernels/kge/model.ts';
import { runTraining } from '#kernels/kge/train.ts';
import { createTraining, type Training, type TrainingOptions } from '#kernels/kge/training.ts';
import { trainingFromBytes, trainingToBytes } from '#kernels/kge/trainingBytes.ts';
import { createRandom } from '#kernels/random.ts';

import { gpuForTests } from '../../../helpers/gpu.ts';

const gpu = await gpuForTests();

/** Triples by chance: n entities, three relations, some answers shared by many questions. */
function tangle(n: number): KnowledgeGraph {
  const random = createRandom(5);
  const triples = new Map<string, number[]>();
  while (triples.size < 5 * n) {
    const triple = [random.below(n), random.below(3), Math.min(random.below(n), random.below(n))];
    triples.set(triple.join(), triple);
  }
  const all = [...triples.values()];
  const part = (from: number, to: number) => Int32Array.from(all.slice(from, to).flat());
  return {
    ...{ entityCount: n, relationCount: 3 },
    ...{ train: part(0, 4 * n), validation: part(4 * n, 4.5 * n), test: part(4.5 * n, 5 * n) },
  };
}

const graph = tangle(30);

function options(model: ModelName, more: Partial<TrainingOptions> = {}): TrainingOptions {
  return {
    ...{ model, dimension: 10, objective: { kind: 'ONE_VS_ALL' }, epochs: 2, batch: 64, optimizer: 'ADAGRAD' },
    ...{ rate: 0.1, patience: 0, validateEvery: 1, initialization: { distribution: 'NORMAL', scale: 0.3 } },
    ...more,
  };
}

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string, tolerance = 5e-3): void {
  assert.equal(actual.length, expected.length, what);
  for (let k = 0; k < expected.length; k++) {
    const difference = Math.abs((actual[k] ?? Number.NaN) - (expected[k] ?? 0));
    assert.ok(
      difference <= tolerance * (1 + Math.abs(expected[k] ?? 0)),
      `${what}[${k}]: ${actual[k]}, not ${expected[k]}`,
    );
  }
}

function same(actual: Training, expected: Training): void {
  for (const part of ['entities', 'relations', 'shared'] as const) {
    near(actual.parameters[part], expected.parameters[part], part);
  }
  for (const part of ['entityMoments', 'relationMoments', 'sharedMoments'] as const) {
    near(actual[part].first, expected[part].first, `${part}, first`);
    near(actual[part].second, expected[part].second, `${part}, second`);
  }
  const numbers = ({ curve }: Training) => curve.flatMap(({ loss, mrr, rate }) => [loss, mrr ?? 0, rate]);
  near(numbers(actual), numbers(expected), 'curve');
  assert.equal(actual.best?.epoch, expected.best?.epoch);
  assert.deepEqual([actual.epoch, actual.step, actual.ended], [expected.epoch, expected.step, expected.ended]);
}

const regularizer = { name: 'N3', entities: 0.03, relations: 0.02 } as const;

const trainings: Readonly<Record<string, TrainingOptions>> = {
  'ComplEx, N3': options('COMPLEX', { regularizer }),
  'ComplEx with the loss by relations': options('COMPLEX', { regularizer, relationWeight: 0.5 }),
  'ComplEx by triple, both ways by conjugates, ADAM': options('COMPLEX', {
    ...{
      objective: { kind: 'ONE_VS_ALL', unique: false },
      reciprocal: false,
      optimizer: 'ADAM',
      rate: 0.01,
      batch: 100,
    },
    ...{ relationWeight: 0.5, dimension: 6 },
  }),
  'DistMult, K_VS_ALL LOGISTIC, smoothed': options('DISTMULT', {
    objective: { kind: 'K_VS_ALL', loss: 'LOGISTIC', smoothing: 0.1 },
    regularizer: { name: 'L2', entities: 0.01, relations: 0.01 },
  }),
  'DistMult with the loss by relations, K_VS_ALL SOFTMAX': options('DISTMULT', {
    ...{ objective: { kind: 'K_VS_ALL', loss: 'SOFTMAX', smoothing: 0.1 }, relationWeight: 1, regularizer },
  }),
  'RESCAL, N3': options('RESCAL', { regularizer, dimension: 6 }),
  'RESCAL both ways, with the loss by relations': options('RESCAL', {
    ...{ reciprocal: false, relationWeight: 0.5, dimension: 5 },
  }),
  // A workgroup has 64 numbers of a row, of ComplEx 64 pairs.
  'ComplEx in rows of several workgroups': options('COMPLEX', { regularizer, relationWeight: 0.5, dimension: 150 }),
  'DistMult in rows of several workgroups': options('DISTMULT', { regularizer, dimension: 130 }),
  'RESCAL in rows of several workgroups': options('RESCAL', { relationWeight: 0.5, dimension: 12 }),
  TuckER: options('TUCKER', { dimension: 6, relationDimension: 3, regularizer }),
  'TuckER both ways, ADAM': options('TUCKER', {
    ...{ dimension: 5, relationDimension: 4, reciprocal: false, optimizer: 'ADAM', rate: 0.01 },
  }),
};

describe('training on the graphics card', { skip: gpu.skip }, async () => {
  if (gpu.skip !== false) return;
  const backend = await gpu.backend();
  // 12.5 KiB: entities and their scores in two buffers.
  const small = await gpu.backend({ bufferBytes: 12_800, pieceMs: 1 });

  for (const [name, given] of Object.entries(trainings)) {
    test(`${name}: learns what the plain training learns`, async () => {
      assert.equal(learnsOnGpu(given), null);
      const expected = createTraining(graph, given);
      await runTraining(null, graph, expected);
      const training = createTraining(graph, given);
      await runTraining(backend, graph, training);
      same(training, expected);
    });
  }

  const given = options('COMPLEX', { regularizer, relationWeight: 0.5, batch: 100 });

  test('in small pieces, in several buffers, stopped and gone on with: what the card learns stays the same', async () => {
    const whole = createTraining(graph, given);
    await runTraining(backend, graph, whole);
    const first = createTraining(graph, given);
    await runTraining(backend, graph, first, 1);
    const gone = trainingFromBytes(trainingToBytes(first));
    await runTraining(backend, graph, gone);
    assert.deepEqual(gone, whole, 'bit for bit');
    const inParts = createTraining(graph, given);
    await runTraining(small, graph, inParts);
    same(inParts, whole);
    const onBoth = trainingFromBytes(trainingToBytes(first));
    await runTraining(backend.cpu, graph, onBoth);
    same(onBoth, whole);
  });

  test('ranks are those of the processor, equal scores and all', async () => {
    const { parameters } = createTraining(graph, given);
    // Whole numbers, so that sums are exact; and twins, so that there are ties.
    const whole = {
      ...parameters,
      entities: parameters.entities.map((value, k) => Math.round(3 * (parameters.entities[k % 150] ?? value))),
      relations: parameters.relations.map((value) => Math.round(3 * value)),
    };
    for (const split of ['TEST', 'VALIDATION'] as const) {
      const wanted = await rankGraph(backend.cpu, graph, whole, split);
      assert.deepEqual(await rankGraph(backend, graph, whole, split), wanted);
    }
  });

  test('what the card is not made for is done by the processor beside it, to the bit', async () => {
    for (const more of [
      { model: 'TRANSE_L2' },
      { objective: { kind: 'NEGATIVE_SAMPLING', loss: 'SOFTMAX', negatives: 4 } },
      { dropout: { entities: 0.1, relations: 0 } },
    ] as const) {
      const other = { ...options('COMPLEX'), ...more };
      assert.match(learnsOnGpu(other) ?? '', /processor/);
      const [onCpu, beside] = [createTraining(graph, other), createTraining(graph, other)];
      await runTraining(backend.cpu, graph, onCpu);
      await runTraining(backend, graph, beside);
      assert.deepEqual(beside, onCpu);
    }
  });

  test('it can be stopped, and says when the card fails', async () => {
    const stop = new AbortController();
    const long = options('COMPLEX', { epochs: 1000, batch: 16, validateEvery: 0 });
    const running = runTraining(backend, graph, createTraining(graph, long), 1000, {
      signal: stop.signal,
      onEpoch: () => stop.abort(),
    });
    await assert.rejects(running, { name: 'AbortError' });
    await assert.rejects(
      runTraining(small, graph, createTraining(graph, options('COMPLEX', { dimension: 400 }))),
      GpuError,
    );
    const losing = runTraining(small, graph, createTraining(graph, long), 1000, { onEpoch: () => small.close() });
    await assert.rejects(losing, GpuError);
  });
});
