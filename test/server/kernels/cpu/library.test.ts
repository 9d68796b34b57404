import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { type Gemm, gemm, gemmPlain, libraryGraphs, softmaxGradients, softmaxSums } from '#kernels/cpu/library.ts';
import { createRandom } from '#kernels/random.ts';
import { cpuThreads } from '../../../../server/cpuThreads.ts';
import { libraryModels } from '../../../../server/models/libraryModels.ts';
import { libraryThreads } from '../../../helpers/threads.ts';

const one = await CpuBackend.create(libraryThreads(1));
const two = await CpuBackend.create(libraryThreads(2));
after(() => {
  one.close();
  two.close();
});

/** So many products of one shape side by side, each with operands of its own, in one memory. */
async function multiply(
  backend: CpuBackend,
  shape: Omit<Gemm, 'a' | 'b' | 'c'>,
  count: number,
): Promise<{ products: Float32Array; expected: Float32Array }> {
  const { m, n, k } = shape;
  const size = m * k + k * n + m * n;
  const random = createRandom(m + n + k);
  const mark = backend.mark();
  const at = backend.upload(Float32Array.from({ length: size * count }, () => random.uniform() - 0.5));
  const expected = backend.float32(at, size * count).slice();
  const products: Gemm[] = Array.from({ length: count }, (_, i) => ({
    ...{ ...shape, a: i * size, b: i * size + m * k, c: i * size + m * k + k * n },
  }));
  for (const product of products) gemmPlain(expected, product);
  await backend.runCalls(count, (piece) =>
    products
      .slice(piece, piece + 1)
      .map(({ a, b, c }) => gemm({ ...shape, a: at + 4 * a, b: at + 4 * b, c: at + 4 * c })),
  );
  const found = backend.float32(at, size * count).slice();
  backend.release(mark);
  return { products: found, expected };
}

const shapes = [
  [1, 1, 1],
  [3, 5, 7],
  [64, 52, 130],
  [17, 200, 33],
] as const;
const ways = [false, true];

test('the library is named with its version, and a backend without one has none', async () => {
  assert.match((await two.gemmLibrary()) ?? '', /^onnxruntime \d+\.\d+\.\d+$/);
  const alone = await CpuBackend.create(null);
  assert.equal(await alone.gemmLibrary(), null);
  const plain = await CpuBackend.create(cpuThreads(1));
  assert.equal(await plain.gemmLibrary(), null);
  await assert.rejects(
    async () => await multiply(alone, { ...shapeOf([1, 1, 1]), accumulate: false }, 1),
    /There is no library in this thread/,
  );
  plain.close();
});

function shapeOf([m, n, k]: readonly [number, number, number]) {
  return { m, n, k, transposeA: false, transposeB: false };
}

for (const transposeA of ways) {
  for (const transposeB of ways) {
    for (const accumulate of ways) {
      const name = `${transposeA ? "A'" : 'A'} ${transposeB ? "B'" : 'B'}${accumulate ? ' + C' : ''}`;
      test(`${name} by the library is the plain product, with the same bits on one thread and on two`, async () => {
        await Promise.all([one.gemmLibrary(), two.gemmLibrary()]);
        for (const [m, n, k] of shapes) {
          const shape = { m, n, k, transposeA, transposeB, accumulate };
          const { products, expected } = await multiply(one, shape, 3);
          products.forEach((value, i) => {
            assert.ok(Math.abs(value - (expected[i] ?? 0)) < 1e-5, `${m} x ${n} x ${k}: ${value}, not ${expected[i]}`);
          });
          assert.deepEqual((await multiply(two, shape, 3)).products, products);
        }
      });
    }
  }
}

test('when a run is stopped, no thread is at work any more, and the next finds them all', async () => {
  await two.gemmLibrary();
  const mark = two.mark();
  const size = 256;
  const at = two.upload(new Float32Array(3 * size * size).fill(1));
  const product: Gemm = {
    ...{ m: size, n: size, k: size, transposeA: false, transposeB: false, accumulate: false },
    ...{ a: at, b: at + 4 * size * size, c: at + 8 * size * size },
  };
  const abort = new AbortController();
  let begun = 0;
  const stopped = two.runCalls(100, () => [gemm(product)], {
    signal: abort.signal,
    onPiece: () => ++begun === 3 && abort.abort(new Error('enough')),
  });
  await assert.rejects(stopped, /enough/);
  const reached = begun;
  await two.runCalls(2, () => [gemm(product)]);
  assert.equal(two.float32(product.c, 1)[0], size);
  assert.equal(begun, reached);
  two.release(mark);
});

test('a thread that is closed within a product goes when that is done, and the process lives', async () => {
  const backend = await CpuBackend.create(libraryThreads(1));
  await backend.gemmLibrary();
  const size = 512;
  const at = backend.upload(new Float32Array(3 * size * size).fill(1));
  const product: Gemm = {
    ...{ m: size, n: size, k: size, transposeA: false, transposeB: true, accumulate: false },
    ...{ a: at, b: at + 4 * size * size, c: at + 8 * size * size },
  };
  const running = backend.runCalls(1, () => Array.from({ length: 20 }, () => gemm(product)));
  await new Promise((resolve) => setTimeout(resolve, 10));
  backend.close();
  void running; // nobody answers any more
  const until = performance.now() + 5000;
  while (backend.float32(product.c, 1)[0] !== size && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(backend.float32(product.c, 1)[0], size);
});

test('a softmax by blocks of candidates has the sums and the gradients of its definition', async () => {
  const [b, c, d] = [5, 37, 12];
  const random = createRandom(4);
  const mark = two.mark();
  await two.gemmLibrary();
  const numbers = (length: number) => Float32Array.from({ length }, () => 4 * random.uniform() - 2);
  const [q, v, dq, dv] = [numbers(b * d), numbers(c * d), numbers(b * d), numbers(c * d)];
  const scores = Array.from({ length: b }, (_, i) =>
    Array.from({ length: c }, (_, j) => {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += (q[i * d + k] ?? 0) * (v[j * d + k] ?? 0);
      return sum;
    }),
  );
  const levels = Float32Array.from(scores, (row) => Math.log(row.reduce((sum, score) => sum + Math.exp(score), 0)));
  const places = {
    ...{ queries: two.upload(q), candidates: two.upload(v), levels: two.upload(levels) },
    ...{
      byQueries: two.upload(dq),
      byCandidates: two.upload(dv),
      most: two.allocate(b * 4),
      sums: two.allocate(b * 4),
    },
  };
  const block = { b, c, d, queries: places.queries, candidates: places.candidates };
  await two.runCalls(1, () => [
    softmaxSums(block, places.most, places.sums),
    softmaxGradients(block, places.levels, places.byQueries, places.byCandidates),
  ]);
  const near = (actual: number | undefined, expected: number, what: string) =>
    assert.ok(
      Math.abs((actual ?? Number.NaN) - expected) <= 1e-5 * (1 + Math.abs(expected)),
      `${what}: ${actual}, not ${expected}`,
    );
  const [most, sums] = [two.float32(places.most, b), two.float32(places.sums, b)];
  scores.forEach((row, i) => {
    const largest = Math.max(...row);
    near(most[i], largest, 'most');
    near(
      sums[i],
      row.reduce((sum, score) => sum + Math.exp(score - largest), 0),
      'sums',
    );
    for (let k = 0; k < d; k++) {
      const pulled = row.reduce((sum, score, j) => sum + Math.exp(score - (levels[i] ?? 0)) * (v[j * d + k] ?? 0), 0);
      near(two.float32(places.byQueries, b * d)[i * d + k], (dq[i * d + k] ?? 0) + pulled, 'by queries');
    }
  });
  for (let j = 0; j < c; j++) {
    for (let k = 0; k < d; k++) {
      const pulled = scores.reduce(
        (sum, row, i) => sum + Math.exp((row[j] ?? 0) - (levels[i] ?? 0)) * (q[i * d + k] ?? 0),
        0,
      );
      near(two.float32(places.byCandidates, c * d)[j * d + k], (dv[j * d + k] ?? 0) + pulled, 'by candidates');
    }
  }
  two.release(mark);
});

test('every graph that there is has its model', () => {
  assert.deepEqual([...libraryModels().keys()].sort(), [...libraryGraphs].sort());
});
