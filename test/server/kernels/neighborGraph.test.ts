import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { type Graph, symmetricGraph, symmetricGraphOn } from '#kernels/graph.ts';
import { type Neighbors, NONE, nearestNeighbors, nearestNeighborsPlain } from '#kernels/knn.ts';
import { createMatrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { affinities, affinitiesOn } from '#kernels/tsne/affinities.ts';
import { fuzzyGraph, fuzzyGraphOn } from '#kernels/umap/fuzzyGraph.ts';

import { cpuThreads } from '../../../server/cpuThreads.ts';
import fc from '../../helpers/laws.ts';

describe('graphs of neighbours by threads', async () => {
  const alone = await CpuBackend.create(null);
  const threaded = await CpuBackend.create(cpuThreads(2));
  after(() => {
    alone.close();
    threaded.close();
  });

  const given = fc.record({
    n: fc.integer({ min: 1, max: 120 }),
    k: fc.integer({ min: 1, max: 40 }),
    seed: fc.integer(),
    // Of whole numbers many points are equal; by the inner product distances are below 0.
    whole: fc.boolean(),
    metric: fc.constantFrom('EUCLIDEAN' as const, 'INNER_PRODUCT' as const),
    scale: fc.constantFrom(1e-12, 1, 1e12),
  });

  test('of UMAP are the plain ones', async () => {
    const options = fc.record({
      localConnectivity: fc.constantFrom(0, 0.5, 1, 1.7, 3),
      setOperationMix: fc.constantFrom(0, 0.3, 1),
    });
    await fc.assert(
      fc.asyncProperty(given, options, async (shape, chosen) => {
        const near = neighborsOf(shape);
        const plain = fuzzyGraph(near.ids, near.distances, near.n, near.k, chosen);
        const fast = await fuzzyGraphOn(alone, near, chosen);
        check(fast, plain, 1e-4);
        assert.deepEqual(await fuzzyGraphOn(threaded, near, chosen), fast);
      }),
      { numRuns: 80 },
    );
  });

  test('of t-SNE are the plain ones', async () => {
    await fc.assert(
      fc.asyncProperty(given, fc.double({ min: 1, max: 30, noNaN: true }), async (shape, perplexity) => {
        const near = neighborsOf({ ...shape, metric: 'EUCLIDEAN' });
        const used = Math.max(1, Math.min(perplexity, near.k / 3));
        const plain = affinities(near.ids, near.distances, near.n, near.k, used);
        const fast = await affinitiesOn(alone, near, used);
        // Near the least and the greatest perplexity that a row can have, the entropy hardly tells shares apart.
        check(fast, plain, 5e-3 / near.n);
        assert.deepEqual(await affinitiesOn(threaded, near, used), fast);
      }),
      { numRuns: 80 },
    );
  });

  test('are the same, bit for bit, for as many rows as make several pieces', async () => {
    const random = createRandom(3);
    const rows = createMatrix(
      2500,
      4,
      Float32Array.from({ length: 10_000 }, () => random.normal()),
    );
    const near = await nearestNeighbors(alone, rows, 12, 'EUCLIDEAN');
    const found = await affinitiesOn(threaded, near, 4);
    assert.deepEqual(found, await affinitiesOn(alone, near, 4));
    check(found, affinities(near.ids, near.distances, near.n, near.k, 4), 2e-5 / near.n);
    assert.deepEqual(await fuzzyGraphOn(threaded, near), await fuzzyGraphOn(alone, near));
    const weights = near.distances.map((distance) => 1 / (1 + distance));
    const combined = await symmetricGraphOn(threaded, near.ids, weights, near.n, near.k, { ofSum: 1, ofProduct: -1 });
    const plain = symmetricGraph(near.ids, weights, near.n, near.k, (there, back) => there + back - there * back);
    assert.deepEqual(combined, plain);
  });

  test('stop when they are not wanted any more', async () => {
    const near = neighborsOf({ n: 300, k: 12, seed: 3, whole: false, metric: 'EUCLIDEAN', scale: 1 });
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(fuzzyGraphOn(threaded, near, {}, signal), /enough/);
    await assert.rejects(affinitiesOn(threaded, near, 4, { signal }), /enough/);
  });
});

interface Shape {
  readonly n: number;
  readonly k: number;
  readonly seed: number;
  readonly whole: boolean;
  readonly metric: 'EUCLIDEAN' | 'INNER_PRODUCT';
  readonly scale: number;
}

/** Some rows know fewer neighbours than others. */
function neighborsOf({ n, k, seed, whole, metric, scale }: Shape): Neighbors {
  const random = createRandom(seed);
  const data = Float32Array.from({ length: 3 * n }, () => scale * (whole ? random.below(3) : random.normal()));
  const near = nearestNeighborsPlain(createMatrix(n, 3, data), k, metric);
  for (let i = 0; i < n; i += 11) {
    near.ids.fill(NONE, i * k + Math.ceil(k / 2), (i + 1) * k);
    near.distances.fill(Number.POSITIVE_INFINITY, i * k + Math.ceil(k / 2), (i + 1) * k);
  }
  return near;
}

/** The same edges, but for such as weigh nothing, and ascending. */
function check(fast: Graph, plain: Graph, tolerance: number): void {
  assert.equal(fast.n, plain.n);
  const wanted = edgesOf(plain);
  const found = edgesOf(fast);
  for (const ends of new Set([...wanted.keys(), ...found.keys()])) {
    const [weight, other] = [found.get(ends) ?? 0, wanted.get(ends) ?? 0];
    assert.ok(Math.abs(weight - other) <= tolerance, `${ends}: ${weight} for ${other}`);
  }
}

function edgesOf({ n, starts, columns, weights }: Graph): Map<string, number> {
  const edges = new Map<string, number>();
  assert.equal(starts[n], columns.length);
  for (let i = 0; i < n; i++) {
    let before = -1;
    for (let at = starts[i] ?? 0; at < (starts[i + 1] ?? 0); at++) {
      const column = columns[at] ?? 0;
      assert.ok(column > before && column < n && (weights[at] ?? 0) > 0);
      before = column;
      edges.set(`${i} ${column}`, weights[at] ?? 0);
    }
  }
  return edges;
}
