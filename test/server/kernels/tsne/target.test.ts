import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { nearestNeighborsPlain } from '#kernels/knn.ts';
import { type MapOptions, makeMap } from '#kernels/map.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { NONE } from '#kernels/neighbors.ts';
import { createRandom } from '#kernels/random.ts';
import { affinitiesOn, conditionalAffinities } from '#kernels/tsne/affinities.ts';
import { drawnConditionals } from '#kernels/tsne/target.ts';
import type { Target } from '#kernels/umap/target.ts';

import fc from '../../../helpers/laws.ts';

const backend = await CpuBackend.create(null);

function cloud(n: number, seed: number): Matrix {
  const random = createRandom(seed);
  return createMatrix(
    n,
    5,
    Float32Array.from({ length: n * 5 }, () => random.normal()),
  );
}

const [N, K] = [90, 24];
const near = nearestNeighborsPlain(cloud(N, 3), K, 'EUCLIDEAN');
const shares = conditionalAffinities(near.ids, near.distances, N, K, 8);
const drawn = (target: Target, weight: number) => drawnConditionals(near.ids, shares, N, K, { target, weight });

describe('t-SNE drawn to what is known of the points', () => {
  test('at a weight of 0 the affinities are those of the vectors, bit for bit', async () => {
    const target = { categories: Int32Array.from({ length: N }, (_, i) => i % 3) };
    assert.equal(drawn(target, 0), shares);
    const [without, with0] = [{}, { drawnTo: { target, weight: 0 } }].map((options) =>
      affinitiesOn(backend, near, 8, options),
    );
    assert.deepEqual(await with0, await without);
  });

  test('of each point those alike count for more and others for less, who has no value counts as before, and together they are as many', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1, max: 2 }), { minLength: N, maxLength: N }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, weight) => {
          const categories = Int32Array.from(values);
          const changed = drawn({ categories }, weight);
          const renamed = drawn({ categories: categories.map((value) => (value < 0 ? value : 7 - value)) }, weight);
          assert.deepEqual(changed, renamed, 'names of categories mean nothing');
          for (let i = 0; i < N; i++) {
            let [sum, before] = [0, 0];
            for (let at = i * K; at < (i + 1) * K; at++) {
              const [a, b] = [categories[i] ?? -1, categories[near.ids[at] ?? NONE] ?? -1];
              const [was, is] = [shares[at] ?? 0, changed[at] ?? 0];
              if (a < 0 || b < 0) assert.equal(is, was);
              else if (a === b) assert.ok(is >= was * (1 - 1e-6), `${is} of ${was}`);
              sum += is;
              before += was;
            }
            assert.ok(Math.abs(sum - before) < 1e-5, `${sum} instead of ${before}`);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('the larger the weight, the less is left of what differs; at 1 nothing, unless all differ', () => {
    const categories = Int32Array.from({ length: N }, (_, i) => i % 2);
    const others = (weight: number) => {
      const changed = drawn({ categories }, weight);
      return changed.reduce((sum, share, at) => {
        return sum + ((near.ids[at] ?? 0) % 2 === Math.floor(at / K) % 2 ? 0 : share / N);
      }, 0);
    };
    const left = [0, 0.25, 0.5, 0.75, 1].map(others);
    assert.ok(
      left.every((share, i) => i === 0 || share < (left[i - 1] ?? 0)),
      `${left}`,
    );
    assert.ok((left[0] ?? 0) > 0.4 && left[4] === 0, `${left}`);
    const each = { categories: Int32Array.from({ length: N }, (_, i) => i) };
    for (const [at, share] of drawn(each, 1).entries()) assert.ok(Math.abs(share - (shares[at] ?? 0)) < 1e-6);
  });

  test('near numbers draw, in whatever unit they are told; equal ones draw no one', () => {
    const numbers = Float32Array.from({ length: N }, (_, i) => (i % 10) / 4);
    const changed = drawn({ numbers }, 0.6);
    const inOthers = drawn({ numbers: numbers.map((value) => 8 * value - 3) }, 0.6);
    for (const [at, share] of changed.entries()) assert.ok(Math.abs(share - (inOthers[at] ?? 0)) < 1e-5);
    const apart = (list: Float32Array) =>
      list.reduce((sum, share, at) => {
        const difference = (numbers[Math.floor(at / K)] ?? 0) - (numbers[near.ids[at] ?? 0] ?? 0);
        return sum + share * Math.abs(difference);
      }, 0);
    assert.ok(apart(changed) < 0.5 * apart(shares));
    const equal = drawn({ numbers: new Float32Array(N).fill(4) }, 0.6);
    for (const [at, share] of equal.entries()) assert.ok(Math.abs(share - (shares[at] ?? 0)) < 1e-6);
    assert.deepEqual(drawn({ numbers: new Float32Array(N).fill(Number.NaN) }, 1), shares);
  });

  test('on the map points of one value come together as the weight grows, and where no value is known it is as without', async () => {
    const matrix = cloud(150, 9);
    const categories = Int32Array.from({ length: 150 }, (_, i) => i % 3);
    const made = async (more: Partial<MapOptions>) => {
      const { tsne, ...rest } = more;
      const options: MapOptions = {
        ...{ method: 'TSNE', components: 2, metric: 'EUCLIDEAN', seed: 1, ...rest },
        tsne: { perplexity: 10, iterations: 300, earlyIterations: 100, ...tsne },
      };
      return (await makeMap(matrix, options, { backend: async () => backend })).coordinates;
    };
    const maps: Matrix[] = [];
    for (const targetWeight of [0, 0.5, 0.9]) maps.push(await made({ target: { categories }, tsne: { targetWeight } }));
    const silhouettes = maps.map((map) => silhouette(map, categories));
    const [none = 0, some = 0, more = 0] = silhouettes;
    assert.ok(none < 0.1 && some > none + 0.4 && more > some + 0.02, `${silhouettes}`);
    const unknown = await made({ target: { categories: new Int32Array(150).fill(-1) }, tsne: { targetWeight: 0.8 } });
    const plain = await made({});
    assert.deepEqual(unknown, plain);
    assert.deepEqual(maps[0], plain);
  });

  test('a target of other points, and a weight that cannot be, are refused in a sentence', () => {
    assert.throws(() => drawn({ categories: new Int32Array(3) }, 0.5), /known of 3 points; wanted: of 90/);
    assert.throws(() => drawn({ categories: new Int32Array(N) }, 1.5), /targetWeight is 1.5; wanted: from 0 to 1/);
  });
});

/** Mean silhouette of groups on a map (Rousseeuw 1987), -1 to 1: (b - a) / max(a, b) of the distances to one's own and to the next group. */
function silhouette(map: Matrix, groups: Int32Array): number {
  const count = Math.max(...groups) + 1;
  let sum = 0;
  for (let i = 0; i < map.rows; i++) {
    const [sums, sizes] = [new Float64Array(count), new Float64Array(count)];
    for (let j = 0; j < map.rows; j++) {
      if (i === j) continue;
      const group = groups[j] ?? 0;
      const [x = 0, y = 0, u = 0, v = 0] = [
        ...map.data.subarray(2 * i, 2 * i + 2),
        ...map.data.subarray(2 * j, 2 * j + 2),
      ];
      sums[group] = (sums[group] ?? 0) + Math.hypot(x - u, y - v);
      sizes[group] = (sizes[group] ?? 0) + 1;
    }
    const means = Array.from(sums, (total, group) => total / (sizes[group] ?? 1));
    const own = means[groups[i] ?? 0] ?? 0;
    const next = Math.min(...means.filter((_, group) => group !== groups[i]));
    sum += (next - own) / Math.max(next, own) / map.rows;
  }
  return sum;
}
