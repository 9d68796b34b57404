import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { fourier } from '#kernels/fft.ts';
import { hash } from '#kernels/hash.ts';
import { nearestNeighborsPlain } from '#kernels/knn.ts';
import { makeMap } from '#kernels/map.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { conditionalAffinities } from '#kernels/tsne/affinities.ts';
import { divergence, repulsionPlain, type TsneLayout, tsneStepPlain } from '#kernels/tsne/gradient.ts';
import { gridFor, gridRepulsionPlain } from '#kernels/tsne/grid.ts';
import {
  boundsOf,
  initializeTsne,
  repulsionByGrid,
  repulsionByTree,
  runTsne,
  type TsneOptions,
  tsneCoordinates,
  tsneDivergence,
} from '#kernels/tsne/tsne.ts';

import { cpuThreads } from '../../../../server/cpuThreads.ts';

test('the transform of Fourier is its definition, for lengths of any factors', () => {
  for (const n of [1, 2, 3, 8, 12, 35]) {
    const random = createRandom(n);
    const x = Float64Array.from({ length: n }, () => random.normal());
    const y = Float64Array.from({ length: n }, () => random.normal());
    const real = x.slice();
    const imaginary = y.slice();
    fourier(real, imaginary);
    for (let k = 0; k < n; k++) {
      let re = 0;
      let im = 0;
      for (let j = 0; j < n; j++) {
        const angle = (-2 * Math.PI * j * k) / n;
        re += (x[j] ?? 0) * Math.cos(angle) - (y[j] ?? 0) * Math.sin(angle);
        im += (x[j] ?? 0) * Math.sin(angle) + (y[j] ?? 0) * Math.cos(angle);
      }
      assert.ok(Math.hypot(re - (real[k] ?? 0), im - (imaginary[k] ?? 0)) < 1e-12 * n, `${n}, ${k}`);
    }
  }
});

describe('affinities', () => {
  const near = nearestNeighborsPlain(blobs(200, 6), 45, 'EUCLIDEAN');
  const { ids, distances, n, k } = near;

  test('of a point add up to 1 and have the entropy of the perplexity', () => {
    for (const perplexity of [2, 5, 15, 40]) {
      const shares = conditionalAffinities(ids, distances, n, k, perplexity);
      for (let i = 0; i < n; i++) {
        const row = shares.subarray(i * k, (i + 1) * k);
        const entropy = row.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0);
        assert.ok(Math.abs(row.reduce((sum, p) => sum + p, 0) - 1) < 1e-5);
        assert.ok(Math.abs(Math.exp(entropy) - perplexity) < 1e-3 * perplexity, `${Math.exp(entropy)}`);
      }
    }
  });

  test('do not change when all distances are scaled', () => {
    const scaled = conditionalAffinities(
      ids,
      distances.map((d) => 1000 * d),
      n,
      k,
      15,
    );
    conditionalAffinities(ids, distances, n, k, 15).forEach((p, i) => {
      assert.ok(Math.abs(p - (scaled[i] ?? 0)) < 1e-5);
    });
  });

  test('of a symmetric graph add up to 1, and are equal both ways', () => {
    const { affinities } = initializeTsne(near, createMatrix(n, 2), { perplexity: 10 });
    assert.ok(Math.abs(affinities.weights.reduce((sum, p) => sum + p, 0) - 1) < 1e-4);
    const edges = new Map<string, number>();
    for (let i = 0; i < n; i++) {
      for (let entry = affinities.starts[i] ?? 0; entry < (affinities.starts[i + 1] ?? 0); entry++) {
        edges.set(`${i} ${affinities.columns[entry]}`, affinities.weights[entry] ?? 0);
      }
    }
    for (const [ends, p] of edges) assert.equal(edges.get(ends.split(' ').reverse().join(' ')), p);
  });

  test('of equal points are equal', () => {
    const shares = conditionalAffinities(ids, new Float32Array(distances.length), n, k, 15);
    assert.ok(shares.every((p) => Math.abs(p - 1 / k) < 1e-6));
  });
});

describe('the repulsion', async () => {
  const alone = await CpuBackend.create(null);
  const threaded = await CpuBackend.create(cpuThreads(2));
  after(() => {
    alone.close();
    threaded.close();
  });

  for (const extent of [1e-3, 0.3, 4, 30]) {
    test(`on a grid is that of the plain form, of a map ${extent} wide, whatever the number of threads`, async () => {
      const n = 70;
      const positions = scattered(n, 2, extent);
      const { low, high } = boundsOf(positions, n, 2);
      const grid = gridFor([low[0] ?? 0, low[1] ?? 0], [high[0] ?? 0, high[1] ?? 0]);
      const wanted = gridRepulsionPlain(positions, n, grid);
      const one = await byGrid(alone, positions, n);
      const two = await byGrid(threaded, positions, n);
      assert.deepEqual(two, one);
      assert.ok(error(one.forces, wanted.forces) < 1e-3, `${error(one.forces, wanted.forces)}`);
    });
  }

  test('on a grid is near that of every pair: the sum within 0.1 %, forces within 3 % of a map as dense as usual', async () => {
    const n = 1500;
    const positions = scattered(n, 2, 20);
    const wanted = repulsionPlain(positions, n, 2);
    const found = await byGrid(alone, positions, n);
    assert.ok(Math.abs(found.sum / wanted.sum - 1) < 1e-3, `${found.sum} for ${wanted.sum}`);
    assert.ok(error(found.forces, wanted.forces) < 0.03, `${error(found.forces, wanted.forces)}`);
  });

  test('by a tree that counts no cell as a point is that of every pair; and near it with the usual angle', async () => {
    for (const n of [1, 2, 5, 333]) {
      for (const extent of [1e-3, 30]) {
        const positions = scattered(n, 3, extent);
        const wanted = repulsionPlain(positions, n, 3);
        const exact = await byTree(alone, positions, n, 0);
        assert.ok(error(exact.forces, wanted.forces) < 1e-5, `${n}, ${error(exact.forces, wanted.forces)}`);
        assert.ok(Math.abs(exact.sum - wanted.sum) < 1e-5 * wanted.sum + 1e-6);
        const near = await byTree(threaded, positions, n, 0.5);
        assert.ok(error(near.forces, wanted.forces) < 0.03, `${error(near.forces, wanted.forces)}`);
        assert.deepEqual(await byTree(alone, positions, n, 0.5), near);
      }
    }
  });

  test('by a tree of points that are all equal, or equal but for one, is none', async () => {
    const same = new Float32Array(3 * 50).fill(2);
    const found = await byTree(alone, same, 50, 0.5);
    assert.ok(found.forces.every((force) => force === 0));
    assert.equal(found.sum, 50 * 49);
    same[7] = 1e6;
    assert.ok((await byTree(alone, same, 50, 0.5)).forces.every(Number.isFinite));
  });

  async function byGrid(backend: CpuBackend, positions: Float32Array, n: number) {
    return await measure(backend, positions, n, 2, repulsionByGrid(backend, n));
  }

  async function byTree(backend: CpuBackend, positions: Float32Array, n: number, theta: number) {
    return await measure(backend, positions, n, 3, repulsionByTree(backend, n, theta));
  }

  async function measure(
    backend: CpuBackend,
    positions: Float32Array,
    n: number,
    dimensions: number,
    repulsion: ReturnType<typeof repulsionByGrid>,
  ) {
    const at = backend.upload(positions);
    const forces = backend.allocate(positions.byteLength);
    const sum = await repulsion(at, forces, boundsOf(positions, n, dimensions));
    return { sum, forces: backend.float32(forces, positions.length).slice() };
  }
});

describe('a run', async () => {
  const alone = await CpuBackend.create(null);
  const threaded = await CpuBackend.create(cpuThreads(2));
  after(() => {
    alone.close();
    threaded.close();
  });

  for (const components of [2, 3]) {
    test(`moves points in ${components} dimensions as the plain form does`, async () => {
      const tsne = start(components, { iterations: 40, earlyIterations: 20 });
      // Far enough for attraction and repulsion to be of a size.
      tsne.layout.positions.forEach((position, i) => {
        tsne.layout.positions[i] = 1e5 * position;
      });
      const plain = copy(tsne.layout);
      const step = { exaggeration: 12, learningRate: tsne.affinities.n / 12, momentum: 0.8, longest: 5 };
      for (let iteration = 0; iteration < 3; iteration++) tsneStepPlain(plain, tsne.affinities, step);
      await runTsne(alone, tsne, 3);
      assert.ok(error(tsne.layout.positions, plain.positions) < 0.01);
      assert.ok(error(tsne.layout.updates, plain.updates) < 0.02, `${error(tsne.layout.updates, plain.updates)}`);
    });

    test(`in ${components} dimensions is the same, bit for bit, with one thread and with two, in one run and interrupted`, async () => {
      const whole = start(components, { iterations: 60, earlyIterations: 30 });
      await runTsne(alone, whole);
      const stopped = start(components, { iterations: 60, earlyIterations: 30 });
      const stop = new AbortController();
      const onIteration = (iteration: number) => iteration === 23 && stop.abort(new Error('enough'));
      await assert.rejects(runTsne(threaded, stopped, 60, { signal: stop.signal, onIteration }), /enough/);
      assert.equal(stopped.layout.iteration, 23);
      await runTsne(threaded, stopped, 41);
      await runTsne(alone, stopped);
      assert.deepEqual(tsneCoordinates(stopped), tsneCoordinates(whole));
    });
  }

  test('makes the divergence small, and puts points of one group together', async () => {
    const tsne = start(2, { iterations: 400, earlyIterations: 100 });
    await runTsne(threaded, tsne, 100);
    const early = await tsneDivergence(alone, tsne);
    await runTsne(threaded, tsne);
    const { positions } = tsne.layout;
    const late = await tsneDivergence(alone, tsne);
    assert.ok(late < 0.8 * early, `${early} → ${late}`);
    const { sum } = repulsionPlain(positions, 300, 2);
    assert.ok(Math.abs(late - divergence(positions, 2, tsne.affinities, sum)) < 0.01);
    const near = nearestNeighborsPlain(tsneCoordinates(tsne), 10, 'EUCLIDEAN');
    const same = near.ids.filter((id, at) => id % 3 === Math.floor(at / 10) % 3).length;
    assert.ok(same / near.ids.length > 0.95, `${same / near.ids.length}`);
  });

  test('refuses what it cannot take', () => {
    assert.throws(() => start(4, {}), /The start has 4 components; wanted: 2 or 3/);
    assert.throws(() => start(2, { perplexity: 1 }), /perplexity is 1; wanted: more than 1/);
  });

  function start(components: number, options: TsneOptions) {
    const where = Float32Array.from({ length: 300 * components }, (_, i) => hash(i) / 2 ** 31 - 1);
    const near = nearestNeighborsPlain(blobs(300, 10), 45, 'EUCLIDEAN');
    return initializeTsne(near, createMatrix(300, components, where), { perplexity: 15, ...options });
  }
});

describe('a map by t-SNE', async () => {
  const backend = await CpuBackend.create(null);
  after(() => backend.close());
  const project = (matrix: Matrix, components: number, perplexity: number) =>
    makeMap(
      matrix,
      {
        ...{ method: 'TSNE', components, metric: 'EUCLIDEAN', seed: 42 },
        tsne: { perplexity, iterations: 60, earlyIterations: 20 },
      },
      { backend: async () => backend },
    );

  for (const n of [0, 1, 2, 3, 4, 17]) {
    test(`of ${n} points has finite coordinates and says which perplexity it has come to`, async () => {
      for (const components of [2, 3]) {
        const found = await project(blobs(n, 5), components, 30);
        assert.equal(found.coordinates.rows, n);
        assert.equal(found.coordinates.columns, components);
        assert.ok(found.coordinates.data.every(Number.isFinite));
        assert.equal(found.parameters['perplexity'], n < 2 ? 0 : Math.max(1, (n - 1) / 3));
      }
    });
  }

  test('of equal points and of constant columns is finite', async () => {
    for (const matrix of [
      createMatrix(60, 4, new Float32Array(240).fill(2)),
      createMatrix(
        60,
        3,
        Float32Array.from({ length: 180 }, (_, i) => (i % 3 === 0 ? i : 1)),
      ),
    ]) {
      for (const components of [2, 3]) {
        const { coordinates } = await project(matrix, components, 5);
        assert.ok(coordinates.data.every(Number.isFinite));
      }
    }
  });
});

function scattered(n: number, dimensions: number, extent: number): Float32Array {
  const random = createRandom(n);
  return Float32Array.from({ length: dimensions * n }, () => (extent / 4) * random.normal());
}

/** Points around three centres in turn. */
function blobs(n: number, d: number): Matrix {
  const rows = Float32Array.from({ length: n * d }, (_, i) => {
    const group = Math.floor(i / d) % 3;
    return (i % d === group ? 3 : 0) + hash(i) / 2 ** 32;
  });
  return createMatrix(n, d, rows);
}

function copy(layout: TsneLayout): TsneLayout {
  const { dimensions, iteration, positions, updates, gains } = layout;
  return { dimensions, iteration, positions: positions.slice(), updates: updates.slice(), gains: gains.slice() };
}

/** Root mean square of the differences, relative to what is wanted. */
function error(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let differences = 0;
  let squares = 0;
  for (let i = 0; i < wanted.length; i++) {
    differences += ((found[i] ?? 0) - (wanted[i] ?? 0)) ** 2;
    squares += (wanted[i] ?? 0) ** 2;
  }
  return squares === 0 ? Math.sqrt(differences) : Math.sqrt(differences / squares);
}
