import assert from 'node:assert/strict';
import { test } from 'node:test';

import { placeOf } from '../../../server/clusterings/clusterPlaces.ts';
import { distinctLabels, wordsOf } from '../../../server/clusterings/meaningOfClusters.ts';
import { type ClusteringColumns, findClusterColumn } from '../../../server/datasets/clusterColumns.ts';

test('words are told apart in any language, each once, in lower case', () => {
  assert.deepEqual([...wordsOf(['The cat, the CAT!', 'The cat, the CAT!'])], ['the', 'cat']);
  assert.deepEqual([...wordsOf(['Äpfel und 7 Birnen'])], ['äpfel', 'und', '7', 'birnen']);
  assert.equal(wordsOf(['東京に行きます']).has('東京'), true);
  assert.deepEqual([...wordsOf(['…', ''])], []);
});

test('a cluster is called by its best words, or else by its value, its most typical items or its number, each name once', () => {
  const term = (word: string, score: number, count = 3) => ({ term: word, score, count });
  const trait = { field: 'kind', value: 'fruit', share: 0.9, shareElsewhere: 0 };
  const few = { items: 10 };
  const meanings = [
    { ...few, terms: [term('apple', 1), term('pear', 0.9), term('plum', 0.5), term('fig', 0.45)], traits: [trait] },
    { ...few, terms: [term('apple', 1), term('pear', 0.9), term('plum', 0.5)], traits: [] },
    { ...few, terms: [term('rare', 1), term('common', 0.1)], traits: [] },
    { ...few, terms: [], traits: [trait] },
    // Among a hundred words, two that begin alike by chance name nothing.
    { items: 100, terms: [term('well', 1, 2)], traits: [] },
    { ...few, terms: [], traits: [] },
    { ...few, terms: [], traits: [] },
    { ...few, terms: [], traits: [] },
    { ...few, terms: [], traits: [{ ...trait, value: 'word' }] },
    { ...few, terms: [], traits: [{ ...trait, value: 'word' }] },
    { ...few, terms: [], traits: [{ ...trait, value: 'word' }] },
  ];
  const examples = [
    [],
    [],
    [],
    [],
    ['dog', 'cat', 'cat', 'horse', 'cow'],
    ['IMG_0042.png', '17', 'x'.repeat(50)],
    ['…'],
    [],
    ['oak', 'fern'],
    ['chair', 'table'],
    ['42'],
  ];
  assert.deepEqual(
    distinctLabels(meanings, examples).map(({ label }) => label),
    [
      'apple, pear, plum',
      'apple, pear, plum (2)',
      'rare',
      'fruit',
      'dog, cat, horse',
      'Cluster 6',
      'Cluster 7',
      'Cluster 8',
      'word: oak, fern',
      'word: chair, table',
      'word',
    ],
  );
});

test('a label is pinned to an item of its cluster, also where the cluster is bent', () => {
  // A horseshoe: its medians lie in the empty middle.
  const angles = Array.from({ length: 101 }, (_, i) => -0.5 + (i / 100) * (Math.PI + 1));
  const coordinates = Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
  const { center, lower, upper } = placeOf([...angles.keys()], coordinates, 2);
  assert.equal(Math.abs(Math.hypot(...center) - 1) < 1e-6, true, `${center}`);
  assert.equal((lower[0] ?? 0) < -0.95 && (upper[0] ?? 0) > 0.95, true);
});

test('a few stray items do not stretch the box of a cluster', () => {
  const coordinates = Float32Array.from({ length: 400 }, (_, i) => (i < 2 ? 1000 : (i % 20) / 20));
  const { upper } = placeOf(
    Array.from({ length: 200 }, (_, i) => i),
    coordinates,
    2,
  );
  assert.deepEqual(
    upper.map((value) => value <= 1),
    [true, true],
  );
});

test('columns are found by name and layer, whatever dots and signs a name has', () => {
  const clustering = (id: number, name: string, layers: number): ClusteringColumns => ({
    id,
    name,
    version: 1,
    layers,
  });
  const all = [clustering(1, 'umap-2d', 3), clustering(2, 'a.b#2', 1), clustering(3, 'a.b', 2)];
  const found = (name: string) => {
    const column = findClusterColumn(all, name);
    return column === null ? null : [column.clustering.id, column.part, column.layer];
  };
  assert.deepEqual(found('clusters.umap-2d'), [1, 'label', 0]);
  assert.deepEqual(found('clusters.umap-2d#3'), [1, 'label', 3]);
  assert.equal(found('clusters.umap-2d#4'), null);
  assert.equal(found('clusters.umap-2d#0'), null);
  assert.deepEqual(found('probability.umap-2d'), [1, 'probability', 0]);
  assert.equal(found('probability.umap-2d#1'), null);
  // A clustering of that very name comes before a layer of another.
  assert.deepEqual(found('clusters.a.b#2'), [2, 'label', 0]);
  assert.deepEqual(found('clusters.a.b#1'), [3, 'label', 1]);
  assert.deepEqual(found('clusters.a.b#2#1'), [2, 'label', 1]);
  for (const name of ['clusters', 'clusters.', 'cluster.umap-2d', 'umap-2d', 'clusters.nothing']) {
    assert.equal(found(name), null, name);
  }
});
