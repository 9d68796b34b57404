import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, describe, test } from 'node:test';

import fc from 'fast-check';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { condenseTree } from '#kernels/hdbscan/condensedTree.ts';
import { bySize, hdbscan } from '#kernels/hdbscan/hdbscan.ts';
import { findLayers, sizeIntervals } from '#kernels/hdbscan/layers.ts';
import { ascending, neighborTree } from '#kernels/hdbscan/neighborTree.ts';
import { assignPoints, selectClusters, stabilities } from '#kernels/hdbscan/selectClusters.ts';
import { type SpanningTree, spanningTree, spanningTreePlain } from '#kernels/hdbscan/spanningTree.ts';
import { createUnionFind, find, union } from '#kernels/hdbscan/unionFind.ts';
import { nearestNeighbors } from '#kernels/knn.ts';
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { createRandom, permutation } from '#kernels/random.ts';
import { cpuThreads } from '../../../../server/cpuThreads.ts';

const alone = await CpuBackend.create(null);
const threaded = await CpuBackend.create(cpuThreads(2));
after(() => {
  alone.close();
  threaded.close();
});

interface Golden {
  readonly points: readonly number[];
  readonly lengths2: readonly number[];
  readonly lengths6: readonly number[];
  readonly clusters: readonly number[];
  readonly stabilities: readonly number[];
}
const golden: Golden = JSON.parse(await readFile(new URL('../../../golden/hdbscan.json', import.meta.url), 'utf8'));

describe('against R dbscan 1.1-11 (test/golden/hdbscan.R)', () => {
  const points = createMatrix(golden.points.length / 2, 2, Float32Array.from(golden.points));
  const condensed = condenseTree(spanningTree(points, 2), 2);
  const { labels, clusters } = assignPoints(condensed, selectClusters(condensed));

  test('the merges have the same lengths', () => {
    assertClose(sorted(spanningTree(points, 2)), Float64Array.from(golden.lengths2), 1e-6);
    assertClose(sorted(spanningTree(points, 6)), Float64Array.from(golden.lengths6), 1e-6);
  });

  test('the same clusters are selected, with the same stabilities and the same points', () => {
    const own = stabilities(condensed);
    const found = Float64Array.from(clusters, (cluster) => own[cluster] ?? 0);
    assertClose(found.sort(), Float64Array.from(golden.stabilities).sort(), 1e-4);
    const pairs = new Set(golden.clusters.map((theirs, i) => `${theirs} ${labels[i]}`));
    assert.equal(pairs.size, new Set(golden.clusters).size, [...pairs].join(', '));
    assert.equal(
      golden.clusters.every((theirs, i) => (theirs === 0) === (labels[i] === -1)),
      true,
    );
  });
});

describe('the spanning tree', () => {
  test('has the lengths of the plain one, whatever the points', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 8 }),
        // Few values, so that distances are often equal, and points too.
        fc.infiniteStream(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.float({ min: -3, max: 3, noNaN: true }))),
        (n, d, minSamples, values) => {
          const matrix = createMatrix(n, d, Float32Array.from(take(values, n * d)));
          const tree = spanningTree(matrix, minSamples);
          assert.deepEqual(sorted(tree), sorted(spanningTreePlain(matrix, minSamples)));
          assert.equal(spans(tree), true);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  test('of many points is that of the plain one', () => {
    for (const [columns, minSamples] of [
      [2, 5],
      [3, 1],
      [6, 12],
    ] as const) {
      const matrix = clouds(1200, columns);
      assert.deepEqual(sorted(spanningTree(matrix, minSamples)), sorted(spanningTreePlain(matrix, minSamples)));
    }
  });

  test('by neighbours has the same lengths where clusters lie apart, joined by their shortest edges', async () => {
    // Three clouds far from each other: fewer neighbours than a cloud has points, so that nothing joins them at first.
    const matrix = clouds(600, 40, { noise: 0, spread: 0.2 });
    const neighbors = await nearestNeighbors(alone, matrix, 40, 'EUCLIDEAN');
    const tree = await neighborTree(alone, matrix, neighbors, 5);
    assert.equal(spans(tree), true);
    const plain = spanningTreePlain(matrix, 5);
    assertClose(sorted(tree), sorted(plain), 1e-4);
  });

  test('by neighbours of more points than are looked at for joining spans them all', async () => {
    const matrix = clouds(9000, 12, { noise: 0, spread: 0.2 });
    const neighbors = await nearestNeighbors(threaded, matrix, 8, 'EUCLIDEAN');
    assert.equal(spans(await neighborTree(threaded, matrix, neighbors, 5)), true);
  });

  test('values are put into ascending order', () => {
    fc.assert(
      fc.property(fc.float32Array({ min: 0, noNaN: true, maxLength: 200 }), (values) => {
        const given = values.map((value) => Math.abs(value));
        const order = [...ascending(given)];
        const plain = [...given.keys()].sort((p, q) => (given[p] ?? 0) - (given[q] ?? 0) || p - q);
        assert.deepEqual(order, plain);
      }),
      { seed: 2, numRuns: 200 },
    );
  });
});

describe('the hierarchy', () => {
  const tree = spanningTree(clouds(500, 2), 5);
  const condensed = condenseTree(tree, 10);

  test('has parents before children, that begin where their parent ends and have no more points', () => {
    const { parents, sizes, births, deaths } = condensed;
    assert.equal(parents.length > 3, true);
    for (let cluster = 1; cluster < parents.length; cluster++) {
      const parent = parents[cluster] ?? -1;
      assert.equal(parent >= 0 && parent < cluster, true);
      assert.equal(births[cluster], deaths[parent]);
      assert.equal((deaths[cluster] ?? 0) > (births[cluster] ?? 0), true);
      assert.equal((sizes[cluster] ?? 0) >= 10 && (sizes[cluster] ?? 0) < (sizes[parent] ?? 0), true);
    }
  });

  test('is what its definition says: at every density the parts that hang together and are large enough', () => {
    for (const points of [clouds(300, 2), grid(16)]) {
      const edges = spanningTreePlain(points, 4);
      const { n, parents, births, deaths, clusterOf, lambdas } = condenseTree(edges, 7);
      for (const length of new Set(edges.weights)) {
        const component = componentsBelow(edges, length);
        const sizes = new Uint32Array(n);
        for (const one of component) sizes[one] = (sizes[one] ?? 0) + 1;
        const clusterAt = Int32Array.from({ length: n }, (_, point) => {
          if ((lambdas[point] ?? 0) <= 1 / length) return -1;
          let at = clusterOf[point] ?? 0;
          while ((births[at] ?? 0) > 1 / length) at = parents[at] ?? 0;
          return (deaths[at] ?? 0) > 1 / length ? at : -1;
        });
        const wanted = Int32Array.from(component, (one) => ((sizes[one] ?? 0) >= 7 ? one : -1));
        assert.deepEqual(bySize(clusterAt, parents.length), bySize(wanted, n), `length ${length}`);
      }
    }
  });

  test('counts in a cluster those who are left of it and of all that is within it', () => {
    const counts = new Uint32Array(condensed.parents.length);
    for (const cluster of condensed.clusterOf) {
      for (let at = cluster; at >= 0; at = condensed.parents[at] ?? -1) counts[at] = (counts[at] ?? 0) + 1;
    }
    assert.deepEqual(counts, condensed.sizes);
  });

  test('selected clusters are the best choice of clusters none of which is within another', () => {
    const own = stabilities(condensed);
    const best = (cluster: number): number => {
      const children = [...condensed.parents.keys()].filter((other) => condensed.parents[other] === cluster);
      const below = children.reduce((sum, child) => sum + best(child), 0);
      return cluster === 0 ? below : Math.max(own[cluster] ?? 0, below);
    };
    const chosen = selectClusters(condensed).reduce((sum, cluster) => sum + (own[cluster] ?? 0), 0);
    assert.equal(Math.abs(chosen - best(0)) < 1e-9 * best(0), true);
  });

  test('leaves are as many as selected clusters or more, and an epsilon joins those that part below it', () => {
    const leaves = selectClusters(condensed, { selection: 'LEAF' });
    assert.equal(leaves.length >= selectClusters(condensed).length, true);
    assert.equal(
      leaves.every((leaf) => !condensed.parents.includes(leaf)),
      true,
    );
    const epsilon = 0.6;
    const joined = selectClusters(condensed, { selection: 'LEAF', epsilon });
    assert.equal(joined.length < leaves.length, true);
    for (const cluster of joined) {
      const isBelowRoot = condensed.parents[cluster] === 0;
      assert.equal(isBelowRoot || 1 / (condensed.births[cluster] ?? 0) >= epsilon, true);
    }
    assert.deepEqual([...selectClusters(condensed, { epsilon: 1e9, allowSingleCluster: true })], [0]);
  });

  test('a layer is the leaves of the tree that is condensed with the size of the layer', () => {
    const intervals = sizeIntervals(condensed);
    for (const size of [10, 14, 20, 33, 60]) {
      const alive = [...condensed.parents.keys()].filter(
        (cluster) => (intervals.births[cluster] ?? 0) < size && size <= (intervals.deaths[cluster] ?? 0),
      );
      const anew = condenseTree(tree, size);
      const wanted = assignPoints(anew, selectClusters(anew, { selection: 'LEAF' }));
      const found = assignPoints(condensed, Uint32Array.from(alive));
      assert.equal(found.clusters.length, wanted.clusters.length, `size ${size}`);
      assert.deepEqual(
        bySize(found.labels, alive.length),
        bySize(wanted.labels, wanted.clusters.length),
        `size ${size}`,
      );
    }
  });

  test('layers go from many small clusters to few large ones, each within one of the next or within none', () => {
    const nested = condenseTree(spanningTree(families(), 5), 8);
    const layers = findLayers(nested);
    assert.deepEqual(
      layers.map(({ clusters }) => clusters.length),
      [12, 3],
    );
    for (const [place, { minClusterSize, clusters }] of layers.entries()) {
      const next = layers[place + 1];
      if (next === undefined) continue;
      assert.equal(minClusterSize < next.minClusterSize, true);
      const { labels: fine } = assignPoints(nested, clusters);
      const { labels: coarse } = assignPoints(nested, next.clusters);
      for (let label = 0; label < clusters.length; label++) {
        const within = new Set(coarse.filter((_, point) => fine[point] === label));
        assert.equal(within.size, 1);
      }
    }
  });
});

describe('HDBSCAN', () => {
  const matrix = clouds(800, 2);

  test('finds three clouds and leaves out what lies between them', async () => {
    const { clusters } = await hdbscan(alone, matrix, { minClusterSize: 40 });
    assert.equal(clusters.count, 3);
    // clouds() puts point i into cloud i % 3 unless i is one of the every tenth that are noise.
    const inCloud = [...clusters.labels.keys()].filter((i) => i % 10 !== 0);
    const pairs = new Map<string, number>();
    for (const i of inCloud) {
      const pair = `${i % 3} ${clusters.labels[i]}`;
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    const agreed = [...pairs.values()].sort((a, b) => b - a).slice(0, 3);
    assert.equal(agreed.reduce((sum, count) => sum + count, 0) > 0.95 * inCloud.length, true);
    const noise = [...clusters.labels.keys()].filter((i) => i % 10 === 0 && clusters.labels[i] === -1).length;
    assert.ok(noise > 40, `${noise} of 80`);
  });

  test('gives probabilities from 0, for noise alone, to 1, which each cluster has', async () => {
    const { clusters } = await hdbscan(alone, matrix, { minClusterSize: 20 });
    const largest = new Float32Array(clusters.count);
    clusters.labels.forEach((label, i) => {
      const probability = clusters.probabilities[i] ?? -1;
      assert.equal(probability === 0, label === -1);
      assert.equal(probability <= 1, true);
      if (label >= 0) largest[label] = Math.max(largest[label] ?? 0, probability);
    });
    assert.equal(
      largest.every((probability) => probability === 1),
      true,
    );
  });

  test('of the same points in another order has the same clusters', async () => {
    // On a grid many distances are equal: what is decided by chance among them would show.
    for (const points of [matrix, grid(15)]) {
      const order = permutation(points.rows, createRandom(3));
      const shuffled = createMatrix(points.rows, 2);
      order.forEach((row, place) => {
        shuffled.data.set(rowOf(points, row), place * 2);
      });
      const first = await hdbscan(alone, points, { minClusterSize: 8 });
      const second = await hdbscan(alone, shuffled, { minClusterSize: 8 });
      assert.equal(second.clusters.count, first.clusters.count);
      const back = new Int32Array(points.rows);
      const probabilities = new Float32Array(points.rows);
      order.forEach((row, place) => {
        back[row] = second.clusters.labels[place] ?? -1;
        probabilities[row] = second.clusters.probabilities[place] ?? -1;
      });
      assert.deepEqual(bySize(back, first.clusters.count), first.clusters.labels);
      assert.deepEqual(probabilities, first.clusters.probabilities);
    }
  });

  test('of many columns has the same clusters with one thread and with two', async () => {
    const wide = clouds(700, 30, { noise: 0.05 });
    const one = await hdbscan(alone, wide, { minClusterSize: 30, metric: 'COSINE' });
    assert.deepEqual(await hdbscan(threaded, wide, { minClusterSize: 30, metric: 'COSINE' }), one);
    assert.equal(one.clusters.count, 3);
  });

  for (const n of [0, 1, 2, 3, 4]) {
    for (const columns of [2, 20]) {
      test(`of ${n} points of ${columns} columns finds no cluster that it cannot have`, async () => {
        const few = createMatrix(n, columns, clouds(5, columns).data.slice(0, n * columns));
        const { clusters, layers } = await hdbscan(alone, few, { minClusterSize: 5 });
        assert.equal(clusters.count, 0);
        assert.deepEqual(layers, []);
        assert.deepEqual(clusters.labels, new Int32Array(n).fill(-1));
        assert.deepEqual(clusters.probabilities, new Float32Array(n));
      });
    }
  }

  test('of equal points finds nothing that stands out, or all of them as one where that is asked for', async () => {
    const same = createMatrix(50, 3, new Float32Array(150).fill(2));
    assert.equal((await hdbscan(alone, same, { minClusterSize: 5 })).clusters.count, 0);
    const { clusters } = await hdbscan(alone, same, { minClusterSize: 5, allowSingleCluster: true });
    assert.equal(clusters.count, 1);
    assert.equal(
      clusters.probabilities.every((probability) => probability === 1),
      true,
    );
  });

  test('of groups of equal points finds the groups, with finite numbers', async () => {
    const groups = createMatrix(
      60,
      2,
      Float32Array.from({ length: 120 }, (_, i) => Math.floor(i / 2) % 3),
    );
    const { clusters } = await hdbscan(alone, groups, { minClusterSize: 5 });
    assert.equal(clusters.count, 3);
    assert.equal(
      clusters.probabilities.every((probability) => probability === 1),
      true,
    );
  });

  test('refuses sizes that mean nothing', async () => {
    await assert.rejects(hdbscan(alone, matrix, { minClusterSize: 1 }), /minClusterSize is 1; wanted: 2 or more/);
    await assert.rejects(hdbscan(alone, matrix, { minClusterSize: 5, minSamples: 0 }), /minSamples is 0/);
  });
});

/** Three clouds, point i in cloud i % 3; a share of them, every tenth at most, anywhere. */
function clouds(n: number, d: number, { noise = 0.1, spread = 0.5 } = {}): Matrix {
  const random = createRandom(5);
  const centers = Array.from({ length: 3 }, () => Array.from({ length: d }, () => 6 * random.normal()));
  const matrix = createMatrix(n, d);
  for (let i = 0; i < n; i++) {
    const anywhere = i % Math.round(1 / Math.max(noise, 1e-9)) === 0 && noise > 0;
    for (let c = 0; c < d; c++) {
      const center = centers[i % 3]?.[c] ?? 0;
      matrix.data[i * d + c] = anywhere ? 10 * random.normal() : center + spread * random.normal();
    }
  }
  return matrix;
}

/** Three families of four clouds of forty points. */
function families(): Matrix {
  const random = createRandom(8);
  const matrix = createMatrix(480, 2);
  for (let i = 0; i < 480; i++) {
    const [family, member] = [i % 3, Math.floor(i / 3) % 4];
    matrix.data[2 * i] = 60 * family + 8 * (member % 2) + random.normal();
    matrix.data[2 * i + 1] = 20 * (family % 2) + 8 * Math.floor(member / 2) + random.normal();
  }
  return matrix;
}

/** By point: what stands for its part when all edges of that length or more are gone. */
function componentsBelow({ n, from, to, weights }: SpanningTree, length: number): Int32Array {
  const sets = createUnionFind(n);
  weights.forEach((weight, edge) => {
    if (weight < length) union(sets, from[edge] ?? 0, to[edge] ?? 0);
  });
  return Int32Array.from({ length: n }, (_, point) => find(sets, point));
}

/** Four squares of points on a grid, a way apart. */
function grid(side: number): Matrix {
  const matrix = createMatrix(4 * side, 2);
  const edge = Math.ceil(Math.sqrt(side));
  for (let i = 0; i < 4 * side; i++) {
    const square = Math.floor(i / side);
    matrix.data[2 * i] = (i % edge) + 20 * (square % 2);
    matrix.data[2 * i + 1] = (Math.floor(i / edge) % edge) + 20 * Math.floor(square / 2);
  }
  return matrix;
}

function sorted({ weights }: SpanningTree): Float64Array {
  return weights.slice().sort();
}

function spans({ n, from, to }: SpanningTree): boolean {
  const reached = new Set([0]);
  const neighbors = Array.from({ length: n }, (): number[] => []);
  from.forEach((i, edge) => {
    neighbors[i]?.push(to[edge] ?? 0);
    neighbors[to[edge] ?? 0]?.push(i);
  });
  for (const i of reached) for (const j of neighbors[i] ?? []) reached.add(j);
  return reached.size === n && from.length === n - 1;
}

function take(values: Iterable<number>, count: number): number[] {
  const taken: number[] = [];
  if (count === 0) return taken;
  for (const value of values) if (taken.push(value) === count) break;
  return taken;
}

/** `assert.ok` reads the source to say what was not so, which in translated code takes minutes: say it yourself. */
function assertClose(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  assert.equal(found.length, wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const difference = Math.abs((found[i] ?? Number.NaN) - (wanted[i] ?? 0));
    assert.ok(difference <= tolerance * (1 + Math.abs(wanted[i] ?? 0)), `${i}: ${found[i]} for ${wanted[i]}`);
  }
}
