import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { buildSchema, parse, validate } from 'graphql';

import { watchDocuments } from '../../widget/controllers/makingController.ts';
import { mapsDocuments } from '../../widget/features/maps.ts';
import { jobDocuments } from '../../widget/jobs.ts';
import { laterDocuments } from '../../widget/laterQueries.ts';
import { pagesDocuments } from '../../widget/pages/pagesQueries.ts';
import { documents } from '../../widget/queries.ts';

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));

function prefixed(of: string, given: Readonly<Record<string, string>>) {
  return Object.fromEntries(Object.entries(given).map(([name, document]) => [`${of}: ${name}`, document]));
}

for (const [name, document] of Object.entries({
  ...documents,
  ...laterDocuments,
  ...jobDocuments,
  ...prefixed('watch', watchDocuments),
  ...prefixed('maps', mapsDocuments),
  ...prefixed('pages', pagesDocuments),
})) {
  test(`the document "${name}" is one that the schema allows`, () => {
    assert.deepEqual(validate(schema, parse(document)), []);
  });
}
