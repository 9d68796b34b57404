import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { gramNaive } from '#kernels/gram.ts';
import { productsOnGpu } from '#kernels/gramOnGpu.ts';
import { initializePca, resultOfPca, runPca } from '#kernels/pca.ts';
import { startAlongComponents } from '#kernels/subspace.ts';

import { gpuForTests } from '../../../helpers/gpu.ts';
import { groups, randomRows } from '../../../helpers/rows.ts';

const gpu = await gpuForTests();

describe('products on the graphics card', { skip: gpu.skip }, async () => {
  if (gpu.skip !== false) return;
  const backend = await gpu.backend();
  // 96 KiB: six sums of 64 x 64, and chunks of 48 rows.
  const small = await gpu.backend({ bufferBytes: 96 * 1024, pieceMs: 1 });

  test('are those of the definition, for shapes that do not fill a tile, in one buffer and in many', async () => {
    for (const [n, d] of [
      [1, 1],
      [3, 130],
      [100, 70],
    ] as const) {
      const matrix = randomRows(n, d, d);
      const mean = Float64Array.from({ length: d }, (_, j) => 0.25 + j / 512);
      const wanted = gramNaive(matrix, mean, 'rows');
      for (const card of [backend, small]) {
        const before = card.mark();
        const found = await productsOnGpu(card, matrix, undefined).centered(mean);
        card.release(before);
        found.forEach((value, i) => {
          assert.ok(Math.abs(value - (wanted[i] ?? 0)) < 1e-6 * (n + 1), `${n} x ${d}: ${value}, not ${wanted[i]}`);
        });
      }
    }
  });

  test('along directions are those of the definition', async () => {
    const [n, d, c] = [70, 13, 6];
    const matrix = randomRows(n, d, 3);
    const center = Float64Array.from({ length: d }, (_, j) => j / 16);
    const directions = Float64Array.from(randomRows(c, d, 4).data);
    const before = small.mark();
    const found = await productsOnGpu(small, matrix, undefined).along(directions, center);
    small.release(before);
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < c; k++) {
        let wanted = 0;
        for (let j = 0; j < d; j++) {
          wanted += ((matrix.data[i * d + j] ?? 0) - (center[j] ?? 0)) * (directions[k * d + j] ?? 0);
        }
        assert.ok(Math.abs((found.data[i * c + k] ?? 0) - wanted) < 1e-5);
      }
    }
  });

  test('give the principal components, up to rounding', async () => {
    const matrix = groups(200, 20);
    const state = initializePca(matrix, { components: 2 });
    runPca(state);
    const { coordinates } = resultOfPca(state);
    for (const card of [backend, small]) {
      const found = await startAlongComponents(card, matrix, 2, 'EUCLIDEAN');
      found.data.forEach((value, i) => {
        assert.ok(Math.abs(value - (coordinates.data[i] ?? 0)) < 1e-3, `${i}: ${value}`);
      });
    }
  });

  test('of rows of one column, and of more columns than a covariance can be kept for, give a start', async () => {
    const narrow = await startAlongComponents(backend, randomRows(9, 1, 1), 2, 'EUCLIDEAN');
    assert.equal(narrow.columns, 2);
    const wide = await startAlongComponents(backend, randomRows(5, 4200, 2), 2, 'COSINE');
    assert.ok(wide.data.every(Number.isFinite));
  });
});
