/** Laws of every method that `map.ts` knows. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { beginMap, type MapMethod, type MapOptions, mapMethods, resumeMap } from '#kernels/map.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { meanOfRows, spherize } from '#kernels/spherize.ts';

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

function optionsOf(method: MapMethod, components = 2, columns = 10): MapOptions {
  return {
    ...{ method, components, metric: 'EUCLIDEAN', seed: 42 },
    ...{ umap: { epochs: 40 }, tsne: { iterations: 60, earlyIterations: 20 }, pacmap: { phases: [10, 10, 20] } },
    axes: Array.from({ length: components }, (_, k) => ({
      from: new Float32Array(columns),
      to: new Float32Array(columns).fill(1, k, k + 2),
    })),
  };
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
            const run = await beginMap(given, optionsOf(method, components, 4), tools);
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

for (const method of mapMethods.filter((name) => name !== 'CUSTOM')) {
  test(`spherized, a map by ${method} is that of the spherized rows, also when it was kept and gone on with`, async () => {
    const matrix = groups(120, 10);
    const sphere = spherize(matrix, meanOfRows(matrix));
    const plain = await beginMap(sphere, optionsOf(method), tools);
    await plain.advance(plain.steps);

    const options = { ...optionsOf(method), metric: 'COSINE', spherize: true } as const;
    const begun = await beginMap(matrix, options, tools);
    await begun.advance(Math.floor(begun.steps / 2));
    const run = await resumeMap(matrix, options, begun.keep(), tools);
    await run.advance(run.steps);
    const { coordinates, parameters, transform, neighbors } = run.result();
    assert.deepEqual(coordinates, plain.result().coordinates);
    assert.equal(parameters['spherize'], true);
    assert.deepEqual(transform?.mean, meanOfRows(matrix));
    assert.equal(neighbors, null, 'those on the sphere are not those of the rows');
  });
}

test('axes lie among the rows as they are: a map along them cannot be spherized', async () => {
  await assert.rejects(beginMap(groups(20, 10), { ...optionsOf('CUSTOM'), spherize: true }, tools), /CUSTOM cannot/);
});

test('a perplexity above a third of the other rows is reduced, and a sentence says so', async () => {
  const run = await beginMap(groups(16, 4), optionsOf('TSNE'), tools);
  await run.advance(run.steps);
  const { notes, parameters } = run.result();
  assert.deepEqual(notes, ['There are 16 items, so the perplexity is 5 instead of 30.']);
  assert.equal(parameters['perplexity'], 5);
});

test('where there are fewer rows than neighbours asked for, a sentence says how many were looked at', async () => {
  const run = await beginMap(groups(5, 4), optionsOf('UMAP'), tools);
  await run.advance(run.steps);
  assert.deepEqual(run.result().notes, ['There are 5 items, so 4 neighbours are looked at instead of 15.']);
});

test('where all rows are equal, or have fewer numbers than the map, a sentence says so', async () => {
  const notesOf = async (rows: Matrix, method: MapMethod, components = 2) => {
    const run = await beginMap(rows, optionsOf(method, components), tools);
    await run.advance(run.steps);
    return run.result().notes;
  };
  const equal = createMatrix(40, 3, new Float32Array(120).fill(2));
  for (const method of ['PCA', 'UMAP', 'TSNE', 'PACMAP'] as const) {
    const [first] = await notesOf(equal, method);
    assert.equal(first, 'All 40 items have the same vector: the map tells nothing apart.');
  }
  const said = 'There are 20 items of 2 numbers, which can differ along 2 directions: the other coordinates are 0.';
  assert.deepEqual(await notesOf(groups(20, 2), 'PCA', 3), [said]);
  assert.deepEqual(await notesOf(groups(20, 2), 'PCA', 2), []);
  assert.deepEqual(await notesOf(groups(20, 2), 'UMAP', 3), []);
});

for (const method of ['UMAP', 'TSNE', 'PACMAP', 'LOCALMAP'] as const) {
  test(`${method} takes rows in any unit, also where their squares leave the range of float32`, async () => {
    const rows = groups(100, 5);
    const [huge, tiny] = await Promise.all(
      [100, -100].map(async (power) => {
        const run = await beginMap({ ...rows, data: rows.data.map((value) => value * 2 ** power) }, optionsOf(method), {
          backend: async () => await CpuBackend.create(null),
        });
        await run.advance(run.steps);
        return run.result().coordinates;
      }),
    );
    assert.ok(huge?.data.every(Number.isFinite));
    assert.deepEqual(huge, tiny);
  });

  test(`${method} that begins on a map ends near it, turned as it was, and rows that were not on it lie among their neighbours`, async () => {
    const matrix = groups(300, 10);
    const first = await beginMap(matrix, optionsOf(method), tools);
    await first.advance(first.steps);
    const { coordinates } = first.result();
    // The same map, seen from behind.
    const start = createMatrix(300, 2);
    for (let i = 0; i < 300; i++)
      start.data.set([5 - (coordinates.data[2 * i + 1] ?? 0), coordinates.data[2 * i] ?? 0], 2 * i);
    const known = createMatrix(300, 2, start.data.slice());
    for (let i = 0; i < 300; i += 10) known.data.fill(Number.NaN, 2 * i, 2 * i + 2);

    const again = await beginMap(matrix, { ...optionsOf(method), start: known }, tools);
    await again.advance(again.steps);
    const result = again.result();
    const extent = Math.sqrt(start.data.reduce((sum, value, i) => sum + (value - (i % 2 ? 0 : 5)) ** 2, 0) / 300);
    const apart = (from: number, step: number) => {
      let sum = 0;
      let count = 0;
      for (let i = from; i < 300; i += step, count++) {
        const [dx, dy] = [0, 1].map((c) => (result.coordinates.data[2 * i + c] ?? 0) - (start.data[2 * i + c] ?? 0));
        sum += (dx ?? 0) ** 2 + (dy ?? 0) ** 2;
      }
      return Math.sqrt(sum / count);
    };
    assert.ok(apart(0, 1) < 0.6 * extent, `${apart(0, 1)} apart on a map of extent ${extent}`);
    assert.ok(apart(0, 10) < 0.8 * extent, `${apart(0, 10)} for those that were not on it`);
  });
}

test('a run of UMAP or t-SNE can be given other forces on its way, and is kept with them', async () => {
  const matrix = groups(200, 10);
  const live = { umap: { repulsionStrength: 20, minDist: 0.5 }, tsne: { exaggeration: 4 } };
  for (const method of ['UMAP', 'TSNE'] as const) {
    const end = async (change: boolean, kept: boolean) => {
      let run = await beginMap(matrix, optionsOf(method), tools);
      await run.advance(25);
      if (change) run.change(live);
      if (kept) run = await resumeMap(matrix, optionsOf(method), run.keep(), tools);
      await run.advance(run.steps);
      return run.result();
    };
    const plain = await end(false, false);
    const changed = await end(true, false);
    assert.notDeepEqual(changed.coordinates, plain.coordinates);
    assert.deepEqual(await end(true, true), changed);
    const told = method === 'UMAP' ? live.umap : live.tsne;
    assert.deepEqual({ ...changed.parameters, ...told }, changed.parameters);
    if (method !== 'UMAP') continue;
    const extent = ({ data }: Matrix) => data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    assert.ok(extent(changed.coordinates) > 1.2 * extent(plain.coordinates));
  }
  const pca = await beginMap(matrix, optionsOf('PCA'), tools);
  assert.throws(() => pca.change(live), /Nothing of PCA can be changed while it runs/);
});
