import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { DatasetSummary, EmbeddingSummary, ProjectionSummary } from '../../widget/answers.ts';
import {
  chooseClustering,
  clusterFields,
  colorField,
  colorGroups,
  type Names,
  resolveNames,
  titleOf,
} from '../../widget/names.ts';

const projection = (name: string, components: 2 | 3): ProjectionSummary => ({
  name,
  method: 'PCA',
  components,
  seed: 42,
  parameters: {},
  device: null,
  milliseconds: null,
  explainedVariance: null,
  stale: false,
  version: 1,
  createdAt: '2026-03-01T12:00:00.000Z',
  quality: null,
});
const embedding = (name: string, projections: readonly ProjectionSummary[]): EmbeddingSummary => ({
  name,
  dimension: 4,
  metric: 'COSINE',
  itemCount: 1,
  model: null,
  projections,
});
const dataset: DatasetSummary = {
  slug: 'words',
  title: 'Words',
  description: null,
  kind: 'TEXT',
  licence: null,
  source: null,
  itemCount: 1,
  fields: [
    { name: 'length', type: 'NUMBER' },
    { name: 'class', type: 'CATEGORY' },
  ],
  embeddings: [
    embedding('bare', []),
    embedding('vectors', [projection('cube', 3), projection('plane', 2)]),
    embedding('deep', [projection('cube', 3)]),
  ],
  clusterings: [
    { name: 'of vectors', embedding: { name: 'vectors' }, projection: null },
    { name: 'of the plane', embedding: { name: 'vectors' }, projection: { name: 'plane' } },
  ],
};
const resolve = (wantedEmbedding: string | null, wantedProjection: string | null) =>
  resolveNames(dataset, { embedding: wantedEmbedding, projection: wantedProjection });
const pair = (names: Names | Error | null) => {
  assert(names !== null && !(names instanceof Error));
  return [names.embedding, names.projection];
};

test('where nothing is named, the first embedding that has a map is shown, in two components if it can be', () => {
  assert.deepEqual(pair(resolve(null, null)), ['vectors', 'plane']);
  assert.deepEqual(pair(resolve('deep', null)), ['deep', 'cube']);
  assert.deepEqual(pair(resolve(null, 'cube')), ['vectors', 'cube']);
});

test('a name that is wrong is told, with those that are right', () => {
  const map = resolve('vectors', 'plain');
  assert(map instanceof Error);
  assert.match(map.message, /no map “plain”.*“cube”, “plane”/);
  const other = resolve('vector', null);
  assert(other instanceof Error);
  assert.match(other.message, /no embedding “vector”.*“bare”, “vectors”, “deep”/);
});

test('where there is no map yet and none is named, there is nothing to show, which is no error', () => {
  assert.equal(resolve('bare', null), null);
  assert.equal(resolveNames({ ...dataset, embeddings: [] }, { embedding: null, projection: null }), null);
});

test('colours come from the first category, from the field that is named, or from none', () => {
  assert.equal(colorField(dataset, null), 'class');
  assert.equal(colorField(dataset, 'length'), 'length');
  assert.equal(colorField(dataset, 'none'), null);
  assert.equal(colorField({ ...dataset, fields: [] }, null), null);
});

test('labels are those of the clustering that is named, or of the one of the map, or of the first of the embedding', () => {
  const names = (wantedEmbedding: string, wantedProjection: string): Names => {
    const found = resolve(wantedEmbedding, wantedProjection);
    if (found === null || found instanceof Error) throw new Error('There is no such map.');
    return found;
  };
  assert.equal(chooseClustering(names('vectors', 'plane'), null), 'of the plane');
  assert.equal(chooseClustering(names('vectors', 'cube'), null), 'of vectors');
  assert.equal(chooseClustering(names('vectors', 'plane'), 'of vectors'), 'of vectors');
  assert.equal(chooseClustering(names('vectors', 'plane'), 'none'), null);
  assert.equal(chooseClustering(names('vectors', 'plane'), 'of nothing'), null);
  assert.equal(chooseClustering(names('deep', 'cube'), null), null);
  assert.deepEqual(
    clusterFields(names('vectors', 'plane')).map(({ name }) => name),
    ['clusters.of vectors', 'clusters.of the plane'],
  );
  assert.equal(titleOf('clusters.of vectors', dataset), 'Groups');
  assert.equal(titleOf('class', dataset), 'class');
});

test('fields, groups, what was told by prompts or comparison, and trust can be coloured by, under titles', () => {
  const found = resolve('vectors', 'plane');
  assert(found !== null && !(found instanceof Error));
  const quality = {
    ...{ trustworthiness: 1, continuity: 1, neighborRecall: 1, tripletAccuracy: 1, rankCorrelation: 1 },
    ...{ neighbors: 15, sample: 100, columns: ['quality.neighborRecall'] },
  };
  const classification = {
    ...{ name: 'zero-shot', labels: ['cat', 'dog'], templates: ['{}'], column: 'classification:zero-shot' },
    probabilityColumns: ['probability:zero-shot:cat', 'probability:zero-shot:dog'],
  };
  const summary = {
    ...found.summary,
    embeddings: found.summary.embeddings.map((each) =>
      each.name === 'vectors' ? { ...each, classifications: [classification] } : each,
    ),
  };
  const names = { ...found, summary, projectionSummary: { ...found.projectionSummary, quality } };
  const groups = Object.fromEntries(
    colorGroups(names).map(({ title, fields }) => [title, fields.map(({ name }) => name)]),
  );
  assert.deepEqual(groups['Fields'], ['length', 'class']);
  assert.deepEqual(groups['Trust'], ['quality.neighborRecall']);
  assert.deepEqual(groups['Prompts and comparisons'], [
    'classification:zero-shot',
    ...classification.probabilityColumns,
  ]);
  assert.deepEqual(groups['Groups'], [
    ...['clusters.of vectors', 'clusters.of the plane'],
    ...['probability.of vectors', 'probability.of the plane'],
  ]);
  assert.equal(titleOf('probability:zero-shot:dog', summary), 'How probable: dog');
  assert.equal(titleOf('probability.of the plane', summary), 'How firmly in its group');
  // Where there is nothing of a kind there is no title.
  assert.deepEqual(
    colorGroups({
      ...names,
      summary: { ...summary, clusterings: [], embeddings: [] },
      projectionSummary: found.projectionSummary,
    }).map(({ title }) => title),
    ['Fields'],
  );
});
