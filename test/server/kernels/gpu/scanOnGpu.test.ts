import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createMatrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { nearestRows, nearestRowsPlain, placeRows } from '#kernels/scan.ts';
import { placeOnCard } from '#kernels/scanOnGpu.ts';

import { gpuForTests } from '../../../helpers/gpu.ts';

const gpu = await gpuForTests();

describe('the rows nearest to one vector, gone through on the graphics card', { skip: gpu.skip }, async () => {
  if (gpu.skip !== false) return;
  const backend = await gpu.backend();
  // 4 KiB: rows in several buffers.
  const small = await gpu.backend({ bufferBytes: 4096, pieceMs: 0.1 });

  test('are those of the definition, however near and however equal they are', async () => {
    for (const [rows, columns, near] of [
      [1, 1, false],
      [150, 5, false],
      [150, 70, true],
      [40, 261, true],
    ] as const) {
      const random = createRandom(rows * columns);
      const next = () => (near ? 1 + 1e-6 * random.normal() : random.below(5) - 2);
      const matrix = createMatrix(rows, columns, Float32Array.from({ length: rows * columns }, next));
      const vector = Float32Array.from({ length: columns }, () =>
        near ? 1 + 1e-6 * random.normal() : random.below(5),
      );
      const among = Uint32Array.from({ length: rows }, (_, row) => row).filter((row) => row % 3 > 0);
      for (const card of [backend, small]) {
        const marks = [card.mark(), card.cpu.mark()] as const;
        const rowsOnCard = await placeOnCard(card, matrix);
        for (const metric of ['COSINE', 'EUCLIDEAN', 'INNER_PRODUCT'] as const) {
          const placed = await placeRows(card.cpu, matrix, 'EUCLIDEAN');
          assert.ok(placed);
          for (const which of [{}, { among }, { exclude: [0, 2] }]) {
            const given = await nearestRows(card.cpu, placed, vector, 7, { ...which, metric, card: rowsOnCard });
            assert.deepEqual(
              given,
              nearestRowsPlain(matrix, metric, vector, 7, which),
              `${rows} x ${columns}, ${metric}`,
            );
          }
        }
        card.release(marks[0]);
        card.cpu.release(marks[1]);
      }
    }
  });
});
