import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { CpuTable } from '#kernels/kge/cpuTable.ts';
import { type Loss, lossNames } from '#kernels/kge/losses.ts';
import { measures } from '#kernels/kge/measure.ts';
import type { MeasureName } from '#kernels/kge/model.ts';
import { PlainTable, type Table, type TableShape } from '#kernels/kge/table.ts';
import { createRandom } from '#kernels/random.ts';
import { cpuThreads } from '../../../../server/cpuThreads.ts';
import { libraryThreads } from '../../../helpers/threads.ts';

const backend = await CpuBackend.create(null);
const twoThreads = await CpuBackend.create(cpuThreads(2));
/** By onnxruntime, on one thread and on two. */
const byLibrary = await Promise.all([1, 2].map((count) => CpuBackend.create(libraryThreads(count))));
after(() => {
  twoThreads.close();
  for (const library of byLibrary) library.close();
});

const measureNames: readonly MeasureName[] = ['INNER_PRODUCT', 'L1', 'L2', 'SQUARED_L2', 'MODULUS', 'HYPERBOLIC'];
const B = 7;
const capacity = { queries: B, scored: B, group: 3, negatives: 9, dense: true };

/** The same numbers in every table. */
function fill(table: Table): void {
  const { count, dimension: d, biased, measure } = table.shape;
  const random = createRandom(3);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < d; k++) table.values[i * table.stride + k] = 0.25 * random.normal();
    if (biased) table.values[i * table.stride + d] = random.normal();
  }
  for (let i = 0; i < B; i++) {
    for (let k = 0; k < d; k++) table.queries[i * table.stride + k] = 0.15 * random.normal();
    if (measures[measure].extra > 0) table.queries[i * table.stride + d] = 0.8 + random.uniform();
    table.biases[i] = biased ? random.normal() : 0;
    table.factors[i] = 0.5 + random.uniform();
  }
}

function shapeOf(measure: MeasureName, count: number, dimension: number): TableShape {
  // A distance itself has no room for biases: L2's way back takes the distance from the score.
  return {
    count,
    dimension,
    measure,
    biased: measure === 'SQUARED_L2' || measure === 'HYPERBOLIC' || measure === 'L1',
  };
}

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string, tolerance = 2e-4): void {
  assert.equal(actual.length, expected.length, what);
  let scale = 1e-3;
  for (let k = 0; k < expected.length; k++) scale = Math.max(scale, Math.abs(expected[k] ?? 0));
  for (let k = 0; k < expected.length; k++) {
    const difference = Math.abs((actual[k] ?? Number.NaN) - (expected[k] ?? 0));
    assert.ok(difference <= tolerance * scale, `${what}[${k}]: ${actual[k]} instead of ${expected[k]}`);
  }
}

const targets = {
  starts: Int32Array.of(0, 2, 3, 3, 4, 6, 7, 8),
  answers: Int32Array.of(0, 5, 1030, 513, 511, 512, 2, 1033),
  weights: Float32Array.of(0.5, 0.25, 1, 0.75, 0.3, 0.6, 1, 0.9),
};

const negatives = {
  group: 3,
  count: 9,
  ids: Int32Array.from({ length: 27 }, (_, k) => (k * 37) % 1034),
  known: [Int32Array.of(0, 4, 2, 0), Int32Array.of(1, 8), new Int32Array(0)],
};
const answers = Int32Array.of(3, 700, 5, 5, 1, 0, 1033);

for (const measure of measureNames) {
  describe(measure, () => {
    const shape = shapeOf(measure, 1034, 10);

    test('the fast table scores as the plain one', async () => {
      const [plain, fast] = [new PlainTable(shape, capacity), new CpuTable(backend, shape, capacity)];
      for (const table of [plain, fast]) {
        fill(table);
        await table.score(B);
      }
      const scores = (table: Table) =>
        Float64Array.from({ length: B * 1034 }, (_, k) => table.scoreAt(k % B, Math.floor(k / B)));
      near(scores(fast), scores(plain), 'scores', 1e-5);

      const thresholds = Float32Array.from({ length: B }, (_, i) => fast.scoreAt(i, 77 * i));
      const counts = await fast.countAbove(
        Int32Array.from(thresholds, (_, i) => i),
        thresholds,
      );
      const counted = Uint32Array.from({ length: 2 * B }, (_, k) => {
        const threshold = thresholds[k >> 1] ?? 0;
        const found = Array.from({ length: 1034 }, (_, j) => fast.scoreAt(k >> 1, j));
        return found.filter((score) => (k % 2 === 0 ? score > threshold : score === threshold)).length;
      });
      assert.deepEqual(counts, counted);
    });

    for (const loss of ['SOFTMAX', 'LOGISTIC'] as const) {
      for (const smoothing of [0, 0.1]) {
        test(`it learns from all candidates as the plain one: ${loss}, smoothing ${smoothing}`, async () => {
          const [plain, fast] = [new PlainTable(shape, capacity), new CpuTable(backend, shape, capacity)];
          const lost = [];
          for (const table of [plain, fast]) {
            fill(table);
            lost.push(await table.compareAll(B, targets, loss, smoothing));
          }
          near([lost[1] ?? 0], [lost[0] ?? 0], 'loss');
          near(fast.queryGradients.subarray(0, plain.queryGradients.length), plain.queryGradients, 'by queries');
          near(fast.gradients.subarray(0, plain.gradients.length), plain.gradients, 'by candidates');
          near(fast.biasGradients.subarray(0, B), plain.biasGradients, 'by biases');
          for (const table of [plain, fast]) await table.updateAll({ optimizer: 'ADAM', rate: 0.01, number: 1 });
          near(fast.first, plain.first, 'moments');
          assert.ok(fast.gradients.every((value) => value === 0));
        });
      }
    }

    for (const name of lossNames) {
      test(`it learns from sampled candidates as the plain one: ${name}`, async () => {
        const loss: Loss = { name, margin: 1.5, temperature: 0.7, negativeWeight: 0.4 };
        const [plain, fast] = [new PlainTable(shape, capacity), new CpuTable(backend, shape, capacity)];
        const lost = [];
        for (const table of [plain, fast]) {
          fill(table);
          lost.push(await table.compareSampled(B, answers, negatives, loss));
        }
        near([lost[1] ?? 0], [lost[0] ?? 0], 'loss');
        near(fast.queryGradients.subarray(0, plain.queryGradients.length), plain.queryGradients, 'by queries');
        // Under SOFTMAX what a query's bias gains it loses: 0, but for rounding.
        near(fast.biasGradients.subarray(0, B), plain.biasGradients, 'by biases', 1e-3);
        const ids = Int32Array.of(9, 5, 9);
        for (const table of [plain, fast]) {
          table.further.subarray(0, 3 * table.stride).forEach((_, k) => {
            table.further[k] = Math.sin(k);
          });
          await table.updateRows({ optimizer: 'ADAGRAD', rate: 0.05, number: 1 }, ids);
        }
        near(fast.first, plain.first, 'sums of squares');
        // What moved by rounding alone moved by the whole rate: signs of nothing.
        const moved = plain.first.map((sum) => (sum > 1e-9 ? 1 : 0));
        near(
          fast.values.map((value, k) => value * (moved[k] ?? 0)),
          plain.values.map((value, k) => value * (moved[k] ?? 0)),
          'values',
          1e-3,
        );
      });
    }

    for (const name of lossNames) {
      test(`a query whose negatives are all right answers learns what the plain table says, and no number is lost: ${name}`, async () => {
        const loss: Loss = { name, margin: 1.5, temperature: 0.7, negativeWeight: 0.4 };
        const [plain, fast] = [new PlainTable(shape, capacity), new CpuTable(backend, shape, capacity)];
        const known = [
          Int32Array.from({ length: 18 }, (_, k) => (k % 2 === 0 ? 1 : k >> 1)),
          ...negatives.known.slice(1),
        ];
        const lost = [];
        for (const table of [plain, fast]) {
          fill(table);
          lost.push(await table.compareSampled(B, answers, { ...negatives, known }, loss));
        }
        assert.ok(Number.isFinite(lost[0]), `${lost[0]}`);
        near([lost[1] ?? 0], [lost[0] ?? 0], 'loss');
        near(fast.queryGradients.subarray(0, plain.queryGradients.length), plain.queryGradients, 'by queries');
      });
    }

    test('where a query is a candidate, which has no direction, the gradient is that of the others', async () => {
      const [plain, fast] = [new PlainTable(shape, capacity), new CpuTable(backend, shape, capacity)];
      for (const table of [plain, fast]) {
        fill(table);
        const { stride } = table;
        for (let i = 0; i < B; i++) {
          for (let k = 0; k < 10; k++) table.values[(40 * i + 3) * stride + k] = table.queries[i * stride + k] ?? 0;
        }
        await table.compareAll(B, targets, 'SOFTMAX', 0);
      }
      near(fast.queryGradients.subarray(0, plain.queryGradients.length), plain.queryGradients, 'by queries');
      near(fast.gradients.subarray(0, plain.gradients.length), plain.gradients, 'by candidates');
    });

    test('the number of threads changes no bit', async () => {
      const tables = [backend, twoThreads].map((threads) => new CpuTable(threads, shape, capacity));
      const loss: Loss = { name: 'LOGISTIC', margin: 1, temperature: 1, negativeWeight: 1 };
      for (const table of tables) {
        fill(table);
        for (let number = 1; number <= 3; number++) {
          await table.compareAll(B, targets, 'SOFTMAX', 0);
          await table.updateAll({ optimizer: 'ADAGRAD', rate: 0.1, number });
          await table.compareSampled(B, answers, negatives, loss);
          await table.updateRows({ optimizer: 'ADAGRAD', rate: 0.1, number }, Int32Array.of(4));
        }
      }
      assert.ok(tables[0]?.values.some((value) => value !== 0));
      assert.deepEqual(tables[0]?.values, tables[1]?.values);
    });
  });
}

describe('with a library for products', () => {
  const shape = shapeOf('INNER_PRODUCT', 1034, 18);

  test('a table scores and learns as the plain one, with the same bits on one thread and on two', async () => {
    const plain = new PlainTable(shape, capacity);
    const [one, two] = byLibrary.map((threads) => new CpuTable(threads, shape, capacity));
    assert.ok(one !== undefined && two !== undefined);
    for (const [loss, smoothing] of [
      ['SOFTMAX', 0],
      ['SOFTMAX', 0.1],
      ['LOGISTIC', 0.1],
    ] as const) {
      const lost: number[] = [];
      for (const table of [plain, one, two]) {
        fill(table);
        lost.push(await table.compareAll(B, targets, loss, smoothing));
      }
      assert.equal(lost[1], lost[2]);
      near([lost[1] ?? 0], [lost[0] ?? 0], 'loss', 1e-5);
      near(one.queryGradients.subarray(0, plain.queryGradients.length), plain.queryGradients, 'by queries', 1e-5);
      near(one.gradients.subarray(0, plain.gradients.length), plain.gradients, 'by candidates', 1e-5);
      for (const table of [plain, one, two]) await table.updateAll({ optimizer: 'ADAGRAD', rate: 0.1, number: 1 });
      near(one.first, plain.first, 'sums of squares', 1e-5);
      assert.deepEqual(two.values, one.values);
      assert.ok(one.gradients.every((value) => value === 0));
    }
    for (const table of [plain, one, two]) await table.score(B);
    const scores = (table: Table) =>
      Float64Array.from({ length: B * 1034 }, (_, k) => table.scoreAt(k % B, Math.floor(k / B)));
    near(scores(one), scores(plain), 'scores', 1e-3);
    assert.deepEqual(scores(two), scores(one));
  });

  test('candidates with the same vector have the same score, wherever they stand, for any number of queries', async () => {
    const places = [0, 5, 511, 512, 1000, 1024, 1033];
    const wide = { ...shape, dimension: 300 };
    for (const queries of [1, 2, B]) {
      const table = new CpuTable(byLibrary[1] ?? backend, wide, capacity);
      fill(table);
      for (const place of places) table.values.copyWithin(place * table.stride, 0, table.stride);
      await table.score(queries);
      for (let i = 0; i < queries; i++) {
        assert.equal(new Set(places.map((place) => table.scoreAt(i, place))).size, 1);
        const counts = await table.countAbove(Int32Array.of(i), Float32Array.of(table.scoreAt(i, 0)));
        assert.equal(counts[1], places.length);
      }
    }
  });

  test('a table of few rows is not worth a call: the bits are those of WebAssembly', async () => {
    const few = shapeOf('INNER_PRODUCT', 100, 18);
    const tables = [backend, ...byLibrary].map((threads) => new CpuTable(threads, few, capacity));
    for (const table of tables) {
      fill(table);
      await table.score(B);
    }
    const scores = tables.map((table) => Array.from({ length: 100 }, (_, j) => table.scoreAt(2, j)));
    assert.deepEqual(scores[1], scores[0]);
    assert.deepEqual(scores[2], scores[0]);
  });
});
