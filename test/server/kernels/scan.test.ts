import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import type { Metric } from '#kernels/distance.ts';
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { nearestRows, nearestRowsPlain, placeRows } from '#kernels/scan.ts';

import { cpuThreads } from '../../../server/cpuThreads.ts';
import fc from '../../helpers/laws.ts';

const backend = await CpuBackend.create(cpuThreads(2));
after(() => backend.close());

const metrics = ['COSINE', 'EUCLIDEAN', 'INNER_PRODUCT'] as const;

/** Rows of a few whole numbers, many of them equal and some zero, or of any numbers very near to each other. */
function rowsOf(rows: number, columns: number, seed: number, near: boolean): Matrix {
  const random = createRandom(seed);
  const data = Float32Array.from({ length: rows * columns }, () =>
    near ? 1 + 1e-6 * random.normal() : random.below(5) - 2,
  );
  return createMatrix(rows, columns, data);
}

/** @param asked by what is searched, where that is not by what the rows were placed */
async function check(
  matrix: Matrix,
  metric: Metric,
  vector: Float32Array,
  k: number,
  which: object,
  asked: Metric | undefined = undefined,
): Promise<void> {
  const before = backend.mark();
  const placed = await placeRows(backend, matrix, metric);
  assert.ok(placed);
  const given = await nearestRows(
    backend,
    placed,
    vector,
    k,
    asked === undefined ? which : { ...which, metric: asked },
  );
  backend.release(before);
  assert.deepEqual(given, nearestRowsPlain(matrix, asked ?? metric, vector, k, which));
}

test('what is found is what comparing every row finds, however near and however equal they are', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        rows: fc.integer({ min: 1, max: 300 }),
        columns: fc.integer({ min: 1, max: 70 }),
        seed: fc.integer(),
        near: fc.boolean(),
        metric: fc.constantFrom(...metrics),
        asked: fc.constantFrom(undefined, ...metrics),
        k: fc.integer({ min: 1, max: 40 }),
        among: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        exclude: fc.array(fc.nat(299), { maxLength: 3 }),
      }),
      async ({ rows, columns, seed, near, metric, asked, k, among, exclude }) => {
        const matrix = rowsOf(rows, columns, seed, near);
        const vector = rowsOf(1, columns, seed + 1, near).data;
        if (vector.every((value) => value === 0)) vector[0] = 1;
        const random = createRandom(seed);
        const chosen = Uint32Array.from({ length: rows }, (_, i) => i).filter(() => random.uniform() < (among ?? 1));
        await check(matrix, metric, vector, k, { among: among === null ? null : chosen, exclude }, asked);
      },
    ),
    { numRuns: 150 },
  );
});

test('rows too long or too short for float32 are not placed, and zero rows are no answer under COSINE', async () => {
  for (const length of [1e16, 1e-17]) {
    assert.equal(await placeRows(backend, createMatrix(1, 2, Float32Array.of(length, 0)), 'COSINE'), null);
  }
  const matrix = createMatrix(3, 2, Float32Array.of(0, 0, 1, 0, 0, 1));
  await check(matrix, 'COSINE', Float32Array.of(1, 1), 3, {});
  const placed = await placeRows(backend, matrix, 'COSINE');
  assert.ok(placed);
  assert.equal((await nearestRows(backend, placed, Float32Array.of(1, 1), 3)).rows.length, 2);
  assert.equal(rowOf(matrix, 0).length, 2);
});

test('of many wide rows most are ruled out by their sketches, and what is found is what comparing every row finds', async () => {
  const n = 12_000;
  const d = 340;
  const random = createRandom(9);
  const noise = createMatrix(
    n,
    d,
    Float32Array.from({ length: n * d }, () => random.normal()),
  );
  // Twenty directions hold most; some rows are equal, some zero, some ten times as long.
  const directions = Float32Array.from({ length: 20 * d }, () => random.normal());
  const clouds = createMatrix(n, d);
  for (let i = 0; i < n; i++) {
    const row = rowOf(clouds, i);
    if (i % 1000 === 7) continue;
    if (i % 1000 === 9) {
      row.set(rowOf(clouds, i - 1));
      continue;
    }
    const long = i % 1000 === 11 ? 10 : 1;
    for (let r = 0; r < 20; r++) {
      const along = long * random.normal();
      for (let j = 0; j < d; j++) row[j] = (row[j] ?? 0) + along * (directions[r * d + j] ?? 0);
    }
    for (let j = 0; j < d; j++) row[j] = (row[j] ?? 0) + 0.3 * random.normal();
  }
  for (const [matrix, own, placedBy] of [
    [clouds, metrics, 'COSINE'],
    [noise, ['EUCLIDEAN'], 'INNER_PRODUCT'],
  ] as const) {
    for (const metric of own) {
      const before = backend.mark();
      const placed = await placeRows(backend, matrix, placedBy);
      assert.ok(placed?.sketch);
      const some = Uint32Array.from({ length: n / 2 }, (_, i) => 2 * i);
      for (const [query, k, which] of [
        [rowOf(matrix, 8), 15, {}],
        [rowOf(matrix, 5000).map((value) => value + 0.1 * random.normal()), 15, { exclude: [5000, 8] }],
        [rowOf(matrix, 17).map((value) => 3 * value), 40, { among: some }],
      ] as const) {
        const given = await nearestRows(backend, placed, query, k, { ...which, metric });
        assert.deepEqual(given, nearestRowsPlain(matrix, metric, query, k, which), metric);
      }
      backend.release(before);
    }
  }
});
