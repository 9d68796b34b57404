import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { buildSchema, parse, validate } from 'graphql';

import { documents } from '../../widget/client.ts';

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));

for (const [name, document] of Object.entries(documents)) {
  test(`the document "${name}" is one that the schema allows`, () => {
    assert.deepEqual(validate(schema, parse(document)), []);
  });
}
