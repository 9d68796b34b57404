import assert from 'node:assert/strict';
import { test } from 'node:test';

import { describeEntity, mergeProperties } from '../../../server/datasets/describeEntity.ts';

const labelOf = (key: string, properties: Parameters<typeof mergeProperties>[0][number] = {}) =>
  describeEntity(key, mergeProperties([properties])).label;

test('an entity is called by its label in English, or in no language, or else in the first there is', () => {
  const german = { value: 'Köln', language: 'de' };
  const french = { value: 'Cologne', language: 'fr' };
  const british = { value: 'Cologne on the Rhine', language: 'en-gb' };
  assert.equal(labelOf('http://example.org/k', { label: [german, british] }), 'Cologne on the Rhine');
  assert.equal(labelOf('http://example.org/k', { label: [german, { value: 'Colonia' }, french] }), 'Colonia');
  assert.equal(labelOf('http://example.org/k', { label: [german, french] }), 'Köln');
});

test('without a label it is called by the end of its address, a blank node by what it is', () => {
  const types = [{ value: 'PostalAddress' }, { value: 'Place' }];
  assert.equal(labelOf('http://example.org/People_and_places#K%C3%B6ln', { types }), 'Köln');
  assert.equal(labelOf('http://example.org/old_town/'), 'old town');
  assert.equal(labelOf('_:1-b0', { types }), 'PostalAddress; Place');
  assert.equal(labelOf('_:1-b0'), null, 'its key is its label');
  assert.equal(labelOf('Q42', { types }), null);
});
