/** A push at the points of a map: what it is, and that maps fall back from it. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { beginMap, type MapOptions, type MapRun, mapMethods, resumeMap } from '#kernels/map.ts';
import { movingMethods, perturb, radiusOf } from '#kernels/perturb.ts';
import { createRandom } from '#kernels/random.ts';

import { cpuThreads } from '../../../server/cpuThreads.ts';
import { groups, qualityOf } from '../../helpers/rows.ts';

/** (c, n), around (5, 5). */
function cloud(n: number, dimensions: number): Float32Array {
  const random = createRandom(n);
  return Float32Array.from({ length: n * dimensions }, () => 5 + 3 * random.normal());
}

const moves = (before: Float32Array, after: Float32Array) => before.map((value, at) => (after[at] ?? 0) - value);

describe('a push', () => {
  for (const dimensions of [2, 3]) {
    test(`moves points in ${dimensions} dimensions by its share of their spread, in the root mean square, and nowhere on the whole`, () => {
      const positions = cloud(20_000, dimensions);
      for (const share of [0.05, 0.25, 1]) {
        const far = moves(positions, perturb(positions, dimensions, share, 7));
        const square = far.reduce((sum, move) => sum + move * move, 0) / 20_000;
        // Of 20,000 draws or more the deviation is known to 1 %.
        assert.ok(Math.abs(Math.sqrt(square) / (share * radiusOf(positions, dimensions)) - 1) < 0.02, `${share}`);
        const mean = far.reduce((sum, move) => sum + move, 0) / far.length;
        assert.ok(Math.abs(mean) < (0.03 * Math.sqrt(square)) / Math.sqrt(dimensions));
        // Normal: .6827 within one deviation, .9545 within two.
        const deviation = Math.sqrt(square / dimensions);
        for (const [within, wanted] of [
          [1, 0.6827],
          [2, 0.9545],
        ] as const) {
          const inside = far.filter((move) => Math.abs(move) < within * deviation).length / far.length;
          assert.ok(Math.abs(inside - wanted) < 0.01, `${inside} within ${within}`);
        }
      }
    });
  }

  test('is the same for the same seed, another for another, and writes nothing to what it is given', () => {
    const positions = cloud(500, 2);
    const before = positions.slice();
    const first = perturb(positions, 2, 0.3, 1);
    assert.deepEqual(perturb(positions, 2, 0.3, 1), first);
    assert.deepEqual(positions, before);
    const [a, b] = [moves(positions, first), moves(positions, perturb(positions, 2, 0.3, 2))];
    const along = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, at) => sum + value * (y[at] ?? 0), 0);
    assert.ok(Math.abs(along(a, b) / Math.sqrt(along(a, a) * along(b, b))) < 0.15, 'two seeds have nothing in common');
  });

  test('knows no unit, and leaves points that are all in one place', () => {
    const positions = cloud(100, 3);
    const larger = positions.map((value) => value * 2 ** 10);
    assert.deepEqual(
      perturb(larger, 3, 0.2, 5),
      perturb(positions, 3, 0.2, 5).map((value) => value * 2 ** 10),
    );
    const one = new Float32Array(60).fill(4);
    assert.deepEqual(perturb(one, 2, 1, 5), one);
    assert.deepEqual(perturb(new Float32Array(0), 2, 1, 5), new Float32Array(0));
  });
});

const backend = await CpuBackend.create(cpuThreads(2));
after(() => backend.close());
const tools = { backend: async () => backend };
const matrix = groups(300, 10);

const optionsOf = (method: (typeof mapMethods)[number], components = 2): MapOptions => ({
  ...{ method, components, metric: 'EUCLIDEAN', seed: 42 },
  ...{ umap: { epochs: 120 }, tsne: { iterations: 300, earlyIterations: 60 }, pacmap: { phases: [40, 40, 100] } },
  axes: Array.from({ length: components }, (_, k) => ({
    from: new Float32Array(10),
    to: new Float32Array(10).fill(1, k, k + 2),
  })),
});

const atHalf = async (run: MapRun) => {
  await run.advance(Math.floor(run.steps / 2));
  return run;
};

for (const method of mapMethods.filter((name) => movingMethods.includes(name))) {
  describe(method, () => {
    test('pushed at half, kept and gone on with on one thread, it ends at the same bits as on two without a break', async () => {
      for (const components of [2, 3]) {
        const whole = await atHalf(await beginMap(matrix, optionsOf(method, components), tools));
        whole.perturb(0.2);
        whole.perturb();
        await whole.advance(whole.steps);
        const wanted = whole.result();
        assert.deepEqual(wanted.parameters['perturbations'], [
          { step: Math.floor(whole.steps / 2), share: 0.2 },
          { step: Math.floor(whole.steps / 2), share: 0.25 },
        ]);

        const one = await CpuBackend.create(null);
        const alone = { backend: async () => one };
        let run = await atHalf(await beginMap(matrix, optionsOf(method, components), alone));
        run.perturb(0.2);
        run = await resumeMap(matrix, optionsOf(method, components), run.keep(), alone);
        assert.equal(run.perturbations, 1);
        run.perturb();
        await run.advance(run.step + 3);
        run = await resumeMap(matrix, optionsOf(method, components), run.keep(), alone);
        await run.advance(run.steps);
        assert.deepEqual(run.result(), wanted);
      }
    });

    test('pushed at half it falls back: neighbours are neighbours as if it had not been pushed', async () => {
      const calm = await beginMap(matrix, optionsOf(method), tools);
      await calm.advance(calm.steps);
      const pushed = await atHalf(await beginMap(matrix, optionsOf(method), tools));
      const before = qualityOf(matrix, pushed.coordinates() ?? assert.fail()).trustworthiness;
      pushed.perturb();
      const scattered = qualityOf(matrix, pushed.coordinates() ?? assert.fail()).trustworthiness;
      assert.ok(scattered < before - 0.02, `a push shows: ${before} before, ${scattered} after`);
      await pushed.advance(pushed.steps);
      const [unpushed, fallenBack] = [calm, pushed].map(
        (run) => qualityOf(matrix, run.result().coordinates).trustworthiness,
      );
      assert.ok((fallenBack ?? 0) > (unpushed ?? 1) - 0.01, `${unpushed} unpushed, ${fallenBack} pushed`);
    });

    test('refuses a share that cannot be meant, and a push after the last step; on the sphere it is pushed, too', async () => {
      const run = await beginMap(matrix, { ...optionsOf(method), spherize: true }, tools);
      for (const share of [0, -1, 1.5, Number.NaN])
        assert.throws(() => run.perturb(share), /share is .*; wanted: above 0/);
      run.perturb(1);
      assert.equal(run.perturbations, 1);
      await run.advance(run.steps);
      assert.throws(() => run.perturb(), /The map is made/);
      assert.deepEqual(run.result().parameters['perturbations'], [{ step: 0, share: 1 }]);
    });
  });
}

for (const method of mapMethods.filter((name) => !movingMethods.includes(name))) {
  test(`the points of ${method} cannot be pushed, which is said`, async () => {
    const run = await beginMap(matrix, optionsOf(method), tools);
    assert.throws(() => run.perturb(), RangeError);
    assert.equal(run.perturbations, 0);
  });
}
