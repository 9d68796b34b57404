import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { nearestRowsPlain, placeRows } from '#kernels/scan.ts';
import { nearestOnSphere, nearestOnSpherePlain, sphereAround } from '#kernels/scanSphere.ts';
import { meanOfRows, spherize } from '#kernels/spherize.ts';

import { cpuThreads } from '../../../server/cpuThreads.ts';
import fc from '../../helpers/laws.ts';

const backend = await CpuBackend.create(cpuThreads(2));
after(() => backend.close());

/** Whole numbers, with many rows equal; a millionth around 1; so small that the squares of differences vanish in float32. */
type Spread = 'WHOLE' | 'NEAR' | 'TINY';

function rowsOf(rows: number, columns: number, seed: number, spread: Spread): Matrix {
  const random = createRandom(seed);
  const data = Float32Array.from({ length: rows * columns }, () => {
    if (spread === 'WHOLE') return random.below(5) - 2;
    return spread === 'NEAR' ? 1 + 1e-6 * random.normal() : 1e-10 * (1 + 1e-6 * random.normal());
  });
  return createMatrix(rows, columns, data);
}

test('on the sphere is found what putting every row there and comparing it finds, however near the rows are to the mean', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        rows: fc.integer({ min: 1, max: 200 }),
        columns: fc.integer({ min: 1, max: 60 }),
        seed: fc.integer(),
        spread: fc.constantFrom<Spread>('WHOLE', 'NEAR', 'TINY'),
        ofRow: fc.boolean(),
        k: fc.integer({ min: 1, max: 40 }),
        among: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        exclude: fc.array(fc.nat(199), { maxLength: 3 }),
      }),
      async ({ rows, columns, seed, spread, ofRow, k, among, exclude }) => {
        const matrix = rowsOf(rows, columns, seed, spread);
        // A row that is the mean has no direction: its place is 0.
        const mean = ofRow ? rowOf(matrix, rows >> 1).slice() : meanOfRows(matrix);
        const place = spherize(rowsOf(1, columns, seed + 1, spread), mean).data;
        const random = createRandom(seed);
        const chosen = Uint32Array.from({ length: rows }, (_, i) => i).filter(() => random.uniform() < (among ?? 1));
        const which = { among: among === null ? null : chosen, exclude };
        const before = backend.mark();
        const placed = await placeRows(backend, matrix, 'COSINE');
        assert.ok(placed);
        const sphere = await sphereAround(backend, placed, mean);
        const given = await nearestOnSphere(backend, placed, sphere, place, k, which);
        backend.release(before);
        assert.deepEqual(given, nearestOnSpherePlain(matrix, mean, place, k, which));
        assert.deepEqual(given, nearestRowsPlain(spherize(matrix, mean), 'EUCLIDEAN', place, k, which));
      },
    ),
    { numRuns: 150 },
  );
});

test('around a mean some rows lie where the others do, though they are moved together and stretched', async () => {
  const matrix = rowsOf(120, 24, 5, 'WHOLE');
  const moved = createMatrix(
    120,
    24,
    matrix.data.map((value) => 4 * value + 8),
  ); // exactly, in float32
  const found = [];
  for (const [rows, by] of [
    [matrix, (value: number) => value],
    [moved, (value: number) => 4 * value + 8],
  ] as const) {
    const mean = Float32Array.from({ length: 24 }, (_, j) => by(j % 3));
    const before = backend.mark();
    const placed = await placeRows(backend, rows, 'EUCLIDEAN');
    assert.ok(placed);
    const place = spherize(createMatrix(1, 24, rowsOf(1, 24, 6, 'WHOLE').data.map(by)), mean).data;
    found.push(await nearestOnSphere(backend, placed, await sphereAround(backend, placed, mean), place, 20));
    backend.release(before);
  }
  assert.deepEqual(found[0], found[1]);
});

test('of many wide rows most are ruled out by their sketches, and what is found is what comparing every row finds', async () => {
  const [n, d] = [12_000, 340];
  const random = createRandom(9);
  const directions = Float32Array.from({ length: 20 * d }, () => random.normal());
  const matrix = createMatrix(n, d);
  for (let i = 0; i < n; i++) {
    const row = rowOf(matrix, i);
    for (let r = 0; r < 20; r++) {
      const along = random.normal();
      for (let j = 0; j < d; j++) row[j] = (row[j] ?? 0) + along * (directions[r * d + j] ?? 0);
    }
    for (let j = 0; j < d; j++) row[j] = (row[j] ?? 0) + 0.3 * random.normal() + (j < 40 ? 1 : 0);
  }
  const mean = meanOfRows(matrix);
  rowOf(matrix, 5).set(mean);
  rowOf(matrix, 6).set(rowOf(matrix, 7));
  const before = backend.mark();
  const placed = await placeRows(backend, matrix, 'COSINE');
  assert.ok(placed?.sketch);
  const sphere = await sphereAround(backend, placed, mean);
  const sphereRows = spherize(matrix, mean);
  for (const [place, which] of [
    [rowOf(sphereRows, 7), {}],
    [rowOf(sphereRows, 7), { exclude: [7, 11], among: Uint32Array.from({ length: n / 2 }, (_, i) => 2 * i + 1) }],
    [
      spherize(
        createMatrix(
          1,
          d,
          rowOf(matrix, 9).map((value) => value + random.normal()),
        ),
        mean,
      ).data,
      {},
    ],
    [new Float32Array(d), {}],
  ] as const) {
    const given = await nearestOnSphere(backend, placed, sphere, place, 15, which);
    assert.deepEqual(given, nearestRowsPlain(sphereRows, 'EUCLIDEAN', place, 15, which));
  }
  backend.release(before);
});
