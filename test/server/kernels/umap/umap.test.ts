import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import type { Graph } from '#kernels/graph.ts';
import { hash } from '#kernels/hash.ts';
import { nearestNeighbors } from '#kernels/knn.ts';
import { makeMap } from '#kernels/map.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { fitCurve } from '#kernels/umap/curve.ts';
import { directedMemberships, fuzzyGraph } from '#kernels/umap/fuzzyGraph.ts';
import { layoutEpoch } from '#kernels/umap/layout.ts';
import { spectralStart } from '#kernels/umap/spectral.ts';
import { withTarget } from '#kernels/umap/target.ts';
import {
  initializeUmap,
  runUmap,
  type Umap,
  type UmapOptions,
  umapCoordinates,
  withForces,
} from '#kernels/umap/umap.ts';

import { cpuThreads } from '../../../../server/cpuThreads.ts';
import golden from '../../../golden/curve.json' with { type: 'json' };

test('the curve is that of umap-learn', () => {
  // Both stop when a step gains too little: scipy, by which umap-learn fits, at 1.5e-8 of the sum of squares.
  for (const { spread, minDist, a, b } of golden.curves) {
    const curve = fitCurve(minDist, spread);
    assert.ok(Math.abs(curve.a / a - 1) < 1e-5, `a ${curve.a} for ${a}`);
    assert.ok(Math.abs(curve.b / b - 1) < 1e-5, `b ${curve.b} for ${b}`);
  }
});

test('a curve that cannot be is refused with what came and what was wanted', () => {
  assert.throws(() => fitCurve(2, 1), /minDist is 2; wanted: from 0 to spread, which is 1/);
  assert.throws(() => fitCurve(0, 0), /spread is 0; wanted: more than 0/);
});

describe('the fuzzy graph', async () => {
  const { ids, distances, n, k } = await blobs(300, 10, 12);
  const graph = fuzzyGraph(ids, distances, n, k);

  test('is symmetric, with ascending rows and memberships above 0 to 1', () => {
    const entries = new Map<string, number>();
    for (let i = 0; i < n; i++) {
      let before = -1;
      for (let entry = graph.starts[i] ?? 0; entry < (graph.starts[i + 1] ?? 0); entry++) {
        const j = graph.columns[entry] ?? 0;
        const weight = graph.weights[entry] ?? 0;
        assert.ok(j > before && j !== i && weight > 0 && weight <= 1);
        before = j;
        entries.set(`${i} ${j}`, weight);
      }
    }
    for (const [ends, weight] of entries) assert.equal(entries.get(ends.split(' ').reverse().join(' ')), weight);
  });

  test('gives each point memberships that add up to log2 of the neighbours and itself', () => {
    const memberships = directedMemberships(ids, distances, n, k, 1);
    for (let i = 0; i < n; i++) {
      const sum = memberships.subarray(i * k, (i + 1) * k).reduce((total, weight) => total + weight, 0);
      assert.ok(Math.abs(sum - Math.log2(k + 1)) < 1e-3, `${sum}`);
    }
  });

  test('of the intersection is contained in that of the union', () => {
    const both = fuzzyGraph(ids, distances, n, k, { setOperationMix: 0 });
    assert.ok(both.columns.length < graph.columns.length);
  });

  test('of points that are all equal has finite memberships', () => {
    const same = fuzzyGraph(ids, new Float32Array(distances.length), n, k);
    assert.ok(same.weights.every((weight) => weight === 1));
  });
});

describe('the layout', async () => {
  const alone = await CpuBackend.create(null);
  const threaded = await CpuBackend.create(cpuThreads(2));
  after(() => {
    alone.close();
    threaded.close();
  });

  for (const components of [1, 2, 3, 4, 10]) {
    test(`after one epoch in ${components} dimensions is that of the plain form`, async () => {
      const fast = await start({ components, epochs: 50 });
      const plain = await start({ components, epochs: 50 });
      await runUmap(alone, fast, 1);
      layoutEpoch(plain.layout, plain.graph, plain.forces, 50, plain.seed);
      fast.layout.positions.forEach((position, i) => {
        const wanted = plain.layout.positions[i] ?? 0;
        assert.ok(Math.abs(position - wanted) < 1e-4, `${position} for ${wanted}`);
      });
    });
  }

  test('is the same, bit for bit, with one thread and with two, in one run and interrupted', async () => {
    const whole = await start({ components: 2, epochs: 60 });
    await runUmap(alone, whole);
    const inTwo = await start({ components: 2, epochs: 60 });
    await runUmap(threaded, inTwo, 23);
    assert.equal(inTwo.layout.epoch, 23);
    await runUmap(alone, inTwo);
    assert.deepEqual(umapCoordinates(inTwo), umapCoordinates(whole));
  });

  test('stopped by a signal keeps what was done, and goes on from there to the same end', async () => {
    const whole = await start({ components: 2, epochs: 40 });
    await runUmap(alone, whole);
    const stopped = await start({ components: 2, epochs: 40 });
    const stop = new AbortController();
    const onEpoch = (epoch: number) => epoch === 11 && stop.abort(new Error('enough'));
    await assert.rejects(runUmap(threaded, stopped, 40, { signal: stop.signal, onEpoch }), /enough/);
    assert.equal(stopped.layout.epoch, 11);
    await runUmap(threaded, stopped);
    assert.deepEqual(umapCoordinates(stopped), umapCoordinates(whole));
  });

  test('with other forces goes on from where it is', async () => {
    const calm = await start({ components: 2, epochs: 40 });
    await runUmap(alone, calm, 20);
    const pushed = withForces(calm, { repulsionStrength: 20 });
    assert.deepEqual(withForces(calm, {}).forces, calm.forces);
    assert.notDeepEqual(withForces(calm, { minDist: 0.5 }).forces.a, calm.forces.a);
    const extent = (umap: Umap) => Math.max(...umapCoordinates(umap).data);
    const before = extent(calm);
    await runUmap(threaded, pushed);
    assert.ok(extent(pushed) > 1.2 * before, `${before} → ${extent(pushed)}`);
  });

  test('depends on the seed', async () => {
    const one = await start({ components: 2, epochs: 20, seed: 1 });
    const other = await start({ components: 2, epochs: 20, seed: 2 });
    await runUmap(alone, one);
    await runUmap(alone, other);
    assert.notDeepEqual(umapCoordinates(one), umapCoordinates(other));
  });

  test('puts points of one group together: nine of ten nearest on the map are of the same group', async () => {
    const umap = await start({ components: 2, epochs: 200 });
    await runUmap(threaded, umap);
    const map = umapCoordinates(umap);
    assert.ok(map.data.every(Number.isFinite));
    const near = await nearestNeighbors(alone, map, 10, 'EUCLIDEAN');
    const same = near.ids.filter((id, at) => id % 3 === Math.floor(at / 10) % 3).length;
    assert.ok(same / near.ids.length > 0.9, `${same / near.ids.length}`);
  });

  async function start({ components, ...options }: UmapOptions & { components: number }) {
    const where = Float32Array.from({ length: 300 * components }, (_, i) => hash(i) / 2 ** 31 - 1);
    return initializeUmap(await blobs(300, 10, 12), createMatrix(300, components, where), options);
  }
});

describe('a start from the graph alone', () => {
  /** A ring, or several, each point tied to the next. */
  const rings = (count: number, size: number): Graph => {
    const n = count * size;
    const columns = Uint32Array.from({ length: 2 * n }, (_, entry) => {
      const i = entry >> 1;
      const ring = i - (i % size);
      const ends = [ring + ((i + 1) % size), ring + ((i + size - 1) % size)].sort((a, b) => a - b);
      return ends[entry & 1] ?? 0;
    });
    return {
      n,
      starts: Uint32Array.from({ length: n + 1 }, (_, i) => 2 * i),
      columns,
      weights: new Float32Array(2 * n).fill(1),
    };
  };

  test('draws a ring as a circle', () => {
    const { data } = spectralStart(rings(1, 40), createMatrix(40, 2));
    const radii = Array.from({ length: 40 }, (_, i) => Math.hypot(data[2 * i] ?? 0, data[2 * i + 1] ?? 0));
    // The two axes are each scaled by their greatest, which need not be at the same place of the circle.
    assert.ok(Math.min(...radii) > 0.9 && Math.max(...radii) < 1.1, `${Math.min(...radii)} ${Math.max(...radii)}`);
    for (let i = 0; i < 40; i++) {
      const next = (i + 1) % 40;
      const step = Math.hypot(
        (data[2 * i] ?? 0) - (data[2 * next] ?? 0),
        (data[2 * i + 1] ?? 0) - (data[2 * next + 1] ?? 0),
      );
      assert.ok(Math.abs(step - (2 * Math.PI) / 40) < 0.02, `${step}`);
    }
  });

  test('puts parts that nothing connects around their given places, points without a neighbour too', () => {
    const places = createMatrix(
      61,
      2,
      Float32Array.from({ length: 122 }, (_, at) => (at % 2 === 0 ? 10 * Math.floor(at / 40) : 0)),
    );
    const three = rings(3, 20);
    const graph = { ...three, n: 61, starts: Uint32Array.from([...three.starts, 120]) };
    const { data } = spectralStart(graph, places);
    for (let i = 0; i < 61; i++) assert.ok(Math.abs((data[2 * i] ?? 0) - 10 * Math.floor(i / 20)) < 10);
    assert.equal(data[120], 30);
    assert.ok(data.every(Number.isFinite));
  });
});

describe('a target', async () => {
  const { ids, distances, n, k } = await blobs(300, 10, 12);
  const graph = fuzzyGraph(ids, distances, n, k);
  const halves = Int32Array.from({ length: n }, (_, i) => Math.floor(i / 3) % 2); // cuts each of the groups
  const sumOf = (changed: Graph, counts: (i: number, j: number) => boolean) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      for (let entry = changed.starts[i] ?? 0; entry < (changed.starts[i + 1] ?? 0); entry++) {
        if (counts(i, changed.columns[entry] ?? 0)) sum += changed.weights[entry] ?? 0;
      }
    }
    return sum;
  };

  test('by category weakens the edges between categories, more of them with more weight', () => {
    const between = (weight: number) =>
      sumOf(withTarget(graph, { categories: halves }, weight), (i, j) => halves[i] !== halves[j]);
    assert.ok(between(0) > between(0.2) && between(0.2) > between(0.5) && between(0.5) > between(0.9));
    assert.ok(between(0.9) < 0.01 * between(0));
  });

  test('leaves the graph symmetric, and the strongest edge of each point at 1', () => {
    const numbers = Float32Array.from({ length: n }, (_, i) => (i % 7 === 0 ? Number.NaN : i));
    for (const target of [{ categories: halves }, { categories: new Int32Array(n).fill(-1) }, { numbers }]) {
      const changed = withTarget(graph, target, 0.5);
      const weights = new Map<string, number>();
      for (let i = 0; i < n; i++) {
        const first = changed.starts[i] ?? 0;
        const last = changed.starts[i + 1] ?? 0;
        assert.ok(Math.max(...changed.weights.subarray(first, last)) > 0.999);
        for (let entry = first; entry < last; entry++) {
          weights.set(`${i} ${changed.columns[entry]}`, changed.weights[entry] ?? 0);
        }
      }
      for (const [ends, weight] of weights) {
        assert.ok(Math.abs((weights.get(ends.split(' ').reverse().join(' ')) ?? 0) - weight) < 1e-6);
      }
    }
  });

  test('by number ties points of near numbers', () => {
    const numbers = Float32Array.from(halves, (half) => 100 * half);
    const changed = withTarget(graph, { numbers }, 0.5);
    assert.ok(sumOf(changed, (i, j) => halves[i] !== halves[j]) < 0.01 * sumOf(changed, () => true));
  });

  test('of another number of points, or a weight beyond 1, is refused', () => {
    assert.throws(() => withTarget(graph, { categories: new Int32Array(3) }, 0.5), /known of 3 points; wanted: of 300/);
    assert.throws(() => withTarget(graph, { categories: halves }, 2), /targetWeight is 2; wanted: from 0 to 1/);
  });

  test('draws categories apart on the map', async () => {
    const backend = await CpuBackend.create(null);
    const matrix = createMatrix(
      n,
      10,
      Float32Array.from({ length: n * 10 }, (_, i) => hash(i) / 2 ** 32),
    );
    const near = await nearestNeighbors(backend, matrix, 15, 'EUCLIDEAN');
    for (const initialization of ['GIVEN', 'SPECTRAL', 'RANDOM'] as const) {
      const options = { target: { categories: halves }, targetWeight: 0.9, initialization };
      const where = createMatrix(
        n,
        2,
        Float32Array.from({ length: n * 2 }, (_, i) => hash(i) / 2 ** 32),
      );
      const umap = initializeUmap(near, where, options);
      await runUmap(backend, umap);
      const around = await nearestNeighbors(backend, umapCoordinates(umap), 5, 'EUCLIDEAN');
      const same = around.ids.filter((id, at) => halves[id] === halves[Math.floor(at / 5)]).length;
      assert.ok(same / around.ids.length > 0.85, `${initialization}: ${same / around.ids.length}`);
    }
    backend.close();
  });
});

describe('a map by UMAP', async () => {
  const backend = await CpuBackend.create(null);
  after(() => backend.close());
  const project = (matrix: Matrix, components: number) =>
    makeMap(
      matrix,
      { method: 'UMAP', components, metric: 'EUCLIDEAN', seed: 42, umap: { epochs: 30 } },
      { backend: async () => backend },
    );

  for (const n of [1, 2, 3, 4, 17]) {
    test(`of ${n} points has finite coordinates and says how many neighbours there were`, async () => {
      const matrix = createMatrix(
        n,
        5,
        Float32Array.from({ length: n * 5 }, (_, i) => hash(i) / 2 ** 32),
      );
      const { coordinates, parameters } = await project(matrix, 2);
      assert.equal(parameters['neighbors'], Math.min(15, n - 1));
      assert.equal(coordinates.rows, n);
      assert.ok(coordinates.data.every(Number.isFinite));
    });
  }

  test('of equal points, of constant columns, and of rows of one column is finite', async () => {
    for (const matrix of [
      createMatrix(50, 4, new Float32Array(200).fill(2)),
      createMatrix(
        50,
        1,
        Float32Array.from({ length: 50 }, (_, i) => i),
      ),
    ]) {
      const { coordinates } = await project(matrix, 3);
      assert.ok(coordinates.data.every(Number.isFinite));
    }
  });

  test('of more columns than a covariance can be kept for is finite too', async () => {
    const matrix = createMatrix(
      40,
      5000,
      Float32Array.from({ length: 200_000 }, (_, i) => hash(i) / 2 ** 32),
    );
    const { coordinates } = await project(matrix, 2);
    assert.ok(coordinates.data.every(Number.isFinite));
  });
});

/** Points around three centres in turn, and their nearest neighbours. */
async function blobs(n: number, d: number, k: number) {
  const backend = await CpuBackend.create(null);
  const rows = Float32Array.from({ length: n * d }, (_, i) => {
    const group = Math.floor(i / d) % 3;
    return (i % d === group ? 3 : 0) + hash(i) / 2 ** 32;
  });
  return nearestNeighbors(backend, createMatrix(n, d, rows), k, 'EUCLIDEAN');
}
