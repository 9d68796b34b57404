import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mapMethods } from '#kernels/map.ts';
import { type CheckedOptions, checkMapOptions } from '#kernels/mapOptions.ts';

const usual: CheckedOptions = { method: 'UMAP', components: 2, metric: 'EUCLIDEAN', seed: 42 };
const refusal = (options: object): string => {
  try {
    checkMapOptions({ ...usual, ...options });
    return '';
  } catch (error) {
    assert.ok(error instanceof RangeError, `${error}`);
    return error.message;
  }
};

test('every method is taken with its defaults, and with both ends of its ranges', () => {
  for (const method of mapMethods) {
    assert.equal(refusal({ method, ...(method === 'CUSTOM' ? { axes: ['x', 'y'] } : {}) }), '', method);
  }
  for (const umap of [
    { neighbors: 2 },
    { neighbors: 200, minDist: 1 },
    { epochs: 1 },
    { epochs: 5000 },
    { spread: 100 },
  ]) {
    assert.equal(refusal({ umap }), '');
  }
  for (const tsne of [{ perplexity: 2 }, { perplexity: 99.5, iterations: 1 }, { momentum: 0.99, earlyIterations: 0 }]) {
    assert.equal(refusal({ method: 'TSNE', tsne }), '');
  }
  assert.equal(refusal({ method: 'LOCALMAP', pacmap: { phases: [0, 0, 5000], reach: 0.1 } }), '');
  assert.equal(refusal({ components: 10 }), '', 'UMAP gives more, to find groups in');
});

test('what is beyond its range, no number, no whole number, or of another method is named with what it may be', () => {
  const cases: [object, string][] = [
    [{ umap: { neighbors: 1 } }, 'umap.neighbors is 1; wanted: from 2 to 200.'],
    [{ umap: { epochs: 5001 } }, 'umap.epochs is 5001; wanted: from 1 to 5000.'],
    [{ umap: { epochs: 1.5 } }, 'umap.epochs is 1.5; wanted: a whole number from 1 to 5000.'],
    [{ umap: { spread: Number.NaN } }, 'umap.spread is NaN; wanted: from 0.01 to 100.'],
    [{ umap: { minDist: '1' } }, 'umap.minDist is 1; wanted: from 0 to 100.'],
    [{ umap: { minDist: 2 } }, 'umap.minDist is 2; wanted: at most umap.spread, which is 1.'],
    [{ umap: { density: { share: 2 } } }, 'umap.density.share is 2; wanted: from 0 to 1.'],
    [
      { method: 'TSNE', tsne: { perplexity: Number.POSITIVE_INFINITY } },
      'tsne.perplexity is Infinity; wanted: from 2 to 100.',
    ],
    [{ method: 'PCA', tsne: {} }, 'tsne has the options of the method TSNE, but the method is PCA.'],
    [
      { method: 'PACMAP', pacmap: { phases: [1, 2, 0.5] } },
      'pacmap.phases are 1, 2, 0.5; wanted: three numbers of iterations, each from 0 to 5000.',
    ],
    [{ method: 'PCA', components: 4 }, 'components is 4; wanted: 2 or 3, and up to 10 by the method UMAP.'],
    [{ components: 2.5 }, 'components is 2.5; wanted: from 2 to 10.'],
    [{ method: 'CUSTOM', axes: ['x'] }, 'There are 1 axes for a map of 2 components; wanted: one for each.'],
    [{ seed: 0.5 }, 'seed is 0.5; wanted: a whole number.'],
    [{ metric: 'MANHATTAN' }, 'metric is "MANHATTAN"; wanted: one of COSINE, EUCLIDEAN, INNER_PRODUCT.'],
  ];
  for (const [options, sentence] of cases) assert.equal(refusal(options), sentence);
});
