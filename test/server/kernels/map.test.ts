/** Laws of every method that `map.ts` knows. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { beginMap, type MapMethod, type MapOptions, mapMethods, resumeMap } from '#kernels/map.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';

import { cpuThreads } from '../../../server/cpuThreads.ts';

const backend = await CpuBackend.create(cpuThreads(2));
after(() => backend.close());
const tools = { backend: async () => backend };

/** Groups of rows, four to a group's centre apart. */
function groups(rows: number, columns: number): Matrix {
  const random = createRandom(3);
  const matrix = createMatrix(rows, columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) matrix.data[i * columns + j] = random.normal() + (j % 5 === i % 5 ? 4 : 0);
  }
  return matrix;
}

function optionsOf(method: MapMethod, components = 2): MapOptions {
  return { method, components, metric: 'EUCLIDEAN', seed: 42, umap: { epochs: 40 } };
}

for (const method of mapMethods) {
  describe(method, () => {
    const matrix = groups(300, 10);

    test('kept after any step and gone on with on one thread, it ends at the same bits as on two without a break', async () => {
      const whole = await beginMap(matrix, optionsOf(method), tools);
      await whole.advance(whole.steps);
      const wanted = whole.result();

      const one = await CpuBackend.create(null);
      const alone = { backend: async () => one };
      let run = await beginMap(matrix, optionsOf(method), alone);
      for (const share of [0.1, 0.5, 0.9]) {
        await run.advance(Math.floor(share * run.steps));
        run = await resumeMap(matrix, optionsOf(method), run.keep(), alone);
      }
      await run.advance(run.steps);
      assert.deepEqual(run.result(), wanted);
    });

    test('few rows, equal rows and constant columns give finite places, and what was reduced is said', async () => {
      for (const rows of [1, 2, 3, 4, 20]) {
        for (const given of [groups(rows, 4), createMatrix(rows, 4, new Float32Array(rows * 4).fill(2))]) {
          for (const components of [2, 3]) {
            const run = await beginMap(given, optionsOf(method, components), tools);
            await run.advance(run.steps);
            const { coordinates } = run.result();
            assert.equal(coordinates.rows, rows);
            assert.equal(coordinates.columns, components);
            assert.ok(coordinates.data.every(Number.isFinite), `${rows} rows`);
          }
        }
      }
    });
  });
}

test('where there are fewer rows than neighbours asked for, a sentence says how many were looked at', async () => {
  const run = await beginMap(groups(5, 4), optionsOf('UMAP'), tools);
  assert.deepEqual(run.result().notes, ['There are 5 items, so 4 neighbours are looked at instead of 15.']);
});
