import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { nearestNeighbors } from '#kernels/knn.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import {
  type DensityOptions,
  densityCorrelation,
  densityForces,
  densityTerms,
  firstDenseEpoch,
  logRadii,
  mapSums,
} from '#kernels/umap/density.ts';
import { fuzzyGraph } from '#kernels/umap/fuzzyGraph.ts';
import { layoutEpoch } from '#kernels/umap/layout.ts';
import { initializeUmap, runUmap, type Umap, type UmapStartOptions, umapCoordinates } from '#kernels/umap/umap.ts';

import { cpuThreads } from '../../../../server/cpuThreads.ts';
import golden from '../../../golden/densmap.json' with { type: 'json' };
import { firstColumns, randomRows } from '../../../helpers/rows.ts';

const alone = await CpuBackend.create(null);
const threaded = await CpuBackend.create(cpuThreads(2));
after(() => {
  alone.close();
  threaded.close();
});

/** Two clouds far from each other, one ten times as wide. */
function twoDensities(n: number, d: number): Matrix {
  const random = createRandom(11);
  return createMatrix(
    n,
    d,
    Float32Array.from({ length: n * d }, (_, at) => {
      const wide = Math.floor(at / d) % 2 === 1;
      return random.normal() * (wide ? 2 : 0.2) + (wide ? 20 : 0);
    }),
  );
}

async function begin(rows: Matrix, components: number, options: UmapStartOptions): Promise<Umap> {
  const near = await nearestNeighbors(alone, rows, 15, 'EUCLIDEAN');
  return initializeUmap(near, firstColumns(rows, components), { epochs: 100, ...options });
}

/** Correlation of log radii, both by the fuzzy graph of the points' own neighbours: what umap-learn gives out as `rad_orig` and `rad_emb`. */
async function radiiAgree(rows: Matrix, map: Matrix): Promise<number> {
  const [one, other] = await Promise.all(
    [rows, map].map(async (points) => {
      const near = await nearestNeighbors(alone, points, 15, 'EUCLIDEAN');
      return logRadii(fuzzyGraph(near.ids, near.distances, near.n, near.k), near);
    }),
  );
  return correlation(one ?? new Float64Array(0), other ?? new Float64Array(0));
}

function correlation(one: Float64Array, other: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [a, b] = [mean(one), mean(other)];
  let both = 0;
  let ones = 0;
  let others = 0;
  one.forEach((value, i) => {
    const apart = (other[i] ?? 0) - b;
    both += (value - a) * apart;
    ones += (value - a) ** 2;
    others += apart ** 2;
  });
  return both / Math.sqrt(ones * others);
}

async function recallOf(rows: Matrix, map: Matrix): Promise<number> {
  const truth = await nearestNeighbors(alone, rows, 15, 'EUCLIDEAN');
  const found = await nearestNeighbors(alone, map, 15, 'EUCLIDEAN');
  const hits = found.ids.filter((id, at) => {
    const row = Math.floor(at / 15) * 15;
    return truth.ids.subarray(row, row + 15).includes(id);
  });
  return hits.length / found.ids.length;
}

test('a radius is the mean squared distance to those a point is connected to, the surest counting most', async () => {
  const rows = randomRows(60, 4, 1);
  const near = await nearestNeighbors(alone, rows, 8, 'EUCLIDEAN');
  const graph = fuzzyGraph(near.ids, near.distances, 60, 8, { setOperationMix: 0.3 });
  const radii = logRadii(graph, near);
  for (let i = 0; i < 60; i++) {
    let sum = 0;
    let weights = 0;
    for (let entry = graph.starts[i] ?? 0; entry < (graph.starts[i + 1] ?? 0); entry++) {
      const j = graph.columns[entry] ?? 0;
      const weight = graph.weights[entry] ?? 0;
      for (let c = 0; c < 4; c++) sum += weight * ((rows.data[i * 4 + c] ?? 0) - (rows.data[j * 4 + c] ?? 0)) ** 2;
      weights += weight;
    }
    assert.ok(Math.abs((radii[i] ?? 0) - Math.log(sum / weights)) < 1e-5, `${i}: ${radii[i]}`);
  }
});

test('points that lie on each other, alone or all, have finite radii', async () => {
  const pairs = createMatrix(
    40,
    3,
    Float32Array.from({ length: 120 }, (_, at) => Math.floor(at / 6) * ((at % 3) + 1)),
  );
  for (const rows of [pairs, createMatrix(40, 3)]) {
    const umap = await begin(rows, 2, { density: {}, epochs: 40 });
    assert.ok(umap.density?.radii.every(Number.isFinite));
    await runUmap(alone, umap);
    assert.ok(umap.layout.positions.every(Number.isFinite));
  }
});

test('the force is twice the gradient of weight times edges times correlation', async () => {
  // So small a weight that nothing is clipped.
  const umap = await begin(twoDensities(80, 5), 2, { density: { weight: 1e-4 } });
  const { graph, forces, density, layout } = umap;
  assert.ok(density);
  layout.positions = randomRows(2, 80, 4).data.map((value) => 4 * value);
  const edges = graph.weights.reduce((sum, weight) => sum + weight / 2, 0);
  const value = (positions: Float64Array): number => {
    // As `densityCorrelation`, with the shift of the variance, in doubles.
    const logs = Float64Array.from({ length: 80 }, (_, i) => {
      let q = 0;
      let lengths = 0;
      for (let entry = graph.starts[i] ?? 0; entry < (graph.starts[i + 1] ?? 0); entry++) {
        const j = graph.columns[entry] ?? 0;
        const d2 = [0, 80].reduce((sum, c) => sum + ((positions[c + i] ?? 0) - (positions[c + j] ?? 0)) ** 2, 0);
        const membership = 1 / (1 + forces.a * d2 ** forces.b);
        q += membership;
        lengths += membership * d2;
      }
      return Math.log(1e-8 + lengths / q);
    });
    const mean = logs.reduce((sum, log) => sum + log / 80, 0);
    const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2 / 80, 0) + density.varianceShift;
    const covariance = logs.reduce((sum, log, i) => sum + ((log - mean) * (density.radii[i] ?? 0)) / 80, 0);
    return (density.weight * edges * covariance) / Math.sqrt(variance);
  };
  const sums = mapSums(layout.positions, 2, graph, forces);
  const found = densityForces(layout.positions, 2, graph, forces, densityTerms(density, graph, sums));
  const at = Float64Array.from(layout.positions);
  for (let c = 0; c < 160; c += 7) {
    const step = 1e-5;
    const [more, less] = [at.slice(), at.slice()];
    more[c] = (at[c] ?? 0) + step;
    less[c] = (at[c] ?? 0) - step;
    const gradient = (value(more) - value(less)) / (2 * step);
    const error = Math.abs((found[c] ?? 0) - 2 * gradient);
    assert.ok(error < 1e-3 * Math.abs(gradient) + 1e-9, `${c}: ${found[c]} for ${2 * gradient}`);
  }
});

describe('the layout', () => {
  for (const components of [2, 3, 5, 10]) {
    test(`with densities is that of the plain form in ${components} dimensions`, async () => {
      const [fast, plain] = await Promise.all(
        [0, 1].map(() => begin(twoDensities(300, 12), components, { density: { share: 1 }, epochs: 50 })),
      );
      assert.ok(fast && plain?.density);
      for (let epoch = 0; epoch < 2; epoch++) {
        const { layout, graph, forces, density } = plain;
        const sums = mapSums(layout.positions, components, graph, forces);
        const terms = densityTerms(density, graph, sums);
        const dense = densityForces(layout.positions, components, graph, forces, terms);
        layoutEpoch(layout, graph, forces, 50, plain.seed, dense);
      }
      await runUmap(threaded, fast, 2);
      fast.layout.positions.forEach((position, i) => {
        const wanted = plain.layout.positions[i] ?? 0;
        assert.ok(Math.abs(position - wanted) < 2e-3, `${i}: ${position} for ${wanted}`);
      });
    });
  }

  test('is the same, bit for bit, with one thread and with two, in one run and interrupted', async () => {
    const rows = twoDensities(300, 6);
    const [whole, parts] = await Promise.all([0, 1].map(() => begin(rows, 2, { density: {} })));
    assert.ok(whole && parts);
    await runUmap(alone, whole);
    for (const epoch of [30, 71, 85, 100]) await runUmap(epoch === 85 ? alone : threaded, parts, epoch);
    assert.deepEqual(umapCoordinates(parts), umapCoordinates(whole));
  });

  test('keeps the radii of two clouds of which one is ten times as wide, and plain UMAP does not', async () => {
    const rows = twoDensities(400, 6);
    const wide = (map: Matrix, which: number) => {
      const own = Array.from({ length: 200 }, (_, i) => 2 * i + which);
      const middle = [0, 1].map((c) => own.reduce((sum, i) => sum + (map.data[2 * i + c] ?? 0) / 200, 0));
      const apart = own.map((i) =>
        Math.hypot((map.data[2 * i] ?? 0) - (middle[0] ?? 0), (map.data[2 * i + 1] ?? 0) - (middle[1] ?? 0)),
      );
      return apart.sort((a, b) => a - b)[100] ?? 0;
    };
    const maps: Matrix[] = [];
    for (const density of [undefined, {}, { weight: 0 }] satisfies (DensityOptions | undefined)[]) {
      const umap = await begin(rows, 2, { density });
      await runUmap(threaded, umap);
      maps.push(umapCoordinates(umap));
    }
    const [plain, dense, weightless] = maps;
    assert.ok(plain && dense && weightless);
    assert.deepEqual(weightless, plain);
    const [before, now] = await Promise.all([plain, dense].map((map) => radiiAgree(rows, map)));
    assert.ok((now ?? 0) > 0.85 && (now ?? 0) > (before ?? 1) + 0.2, `${before} → ${now}`);
    const [ratio, ratioThen] = [plain, dense].map((map) => wide(map, 1) / wide(map, 0));
    assert.ok((ratioThen ?? 0) > 2 && (ratioThen ?? 0) > 1.5 * (ratio ?? 1), `${ratio} → ${ratioThen} times as wide`);
  });

  test('keeps radii in four and in ten dimensions, too, where groups are looked for', async () => {
    const rows = twoDensities(300, 12);
    for (const components of [4, 10]) {
      const agree: number[] = [];
      for (const density of [undefined, {}]) {
        const umap = await begin(rows, components, { density });
        await runUmap(threaded, umap);
        agree.push(await radiiAgree(rows, umapCoordinates(umap)));
      }
      const [before, now] = agree;
      assert.ok((now ?? 0) > 0.85 && (now ?? 0) > (before ?? 1) + 0.1, `${components}: ${before} → ${now}`);
    }
  });

  test('tells the correlation that it makes large', async () => {
    const umap = await begin(twoDensities(300, 6), 2, { density: {} });
    const { density, graph, forces, layout } = umap;
    assert.ok(density);
    const told = () => densityCorrelation(density, mapSums(layout.positions, 2, graph, forces));
    const first = firstDenseEpoch(density, 100);
    assert.equal(first, 70);
    await runUmap(threaded, umap, first);
    const before = told();
    await runUmap(threaded, umap);
    assert.ok(told() > before + 0.1 && told() > 0.9 && told() <= 1, `${before} → ${told()}`);
  });
});

test('keeps densities as well as umap-learn, and neighbours as well as it does then', async () => {
  const n = golden.rows.length / golden.columns;
  const rows = createMatrix(n, golden.columns, Float32Array.from(golden.rows));
  const umap = await begin(rows, 2, { density: {}, epochs: 200 });
  await runUmap(threaded, umap);
  const map = umapCoordinates(umap);
  const [agree, recall] = [await radiiAgree(rows, map), await recallOf(rows, map)];
  const { correlation: theirs, neighborRecall } = golden.densmap;
  assert.ok(agree > theirs - 0.02 && agree > golden.umap.correlation + 0.2, `correlation ${agree} beside ${theirs}`);
  assert.ok(recall > neighborRecall - 0.02, `recall ${recall} beside ${neighborRecall}`);
});
