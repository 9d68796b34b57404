import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Relation } from '../../../server/graphs/graphs.ts';
import { localWeights } from '../../../server/graphs/meaning.ts';
import { readQuestion } from '../../../server/graphs/readQuestion.ts';
import fc from '../../helpers/laws.ts';

const relation = (id: number, key: string, label: string): Relation => ({
  ...{ id, datasetId: 1, key, label, description: null },
  ...{ trainCount: 9 - id, validationCount: 0, testCount: 0, headCount: 1, tailCount: 1 },
});
const relations = [
  relation(1, 'hypernym', 'is a kind of'),
  relation(2, 'has_part', 'has the part'),
  relation(3, '_member_of_domain_usage', '_member_of_domain_usage'),
  relation(4, 'is', 'is'),
  relation(5, 'c++', 'compiles to (c++)'),
  relation(6, 'sibling of', 'sibling of'),
  relation(7, 'https://schema.org/worksFor', 'worksFor'),
];
const read = (question: string) => {
  const { relation: of, side, name } = readQuestion(question, relations);
  return `${of.key} ${side} ${name}`;
};

describe('a question in words', () => {
  test('asks for the head or the tail of a relation, however it is turned', () => {
    assert.equal(read('what is a kind of dog?'), 'hypernym HEAD dog');
    assert.equal(read('What  is a kind of *dog*?'), 'hypernym HEAD dog');
    assert.equal(read('dog is a kind of what?'), 'hypernym TAIL dog');
    assert.equal(read('dog is a kind of'), 'hypernym TAIL dog');
    assert.equal(read('is a kind of "dog"'), 'hypernym HEAD dog');
    assert.equal(read('What is dog a kind of?'), 'hypernym TAIL dog');
    assert.equal(read('which things has the part wheel?'), 'has_part HEAD wheel');
    assert.equal(read('car HAS_PART ?'), 'has_part TAIL car');
    assert.equal(read('_ member of domain usage slang'), '_member_of_domain_usage HEAD slang');
    assert.equal(read('rust compiles to (c++) what?'), 'c++ TAIL rust');
  });

  test('says of a label without a verb what a sentence says', () => {
    assert.equal(read('Who is a sibling of person 7?'), 'sibling of HEAD person 7');
    assert.equal(read('who are the sibling of Anna'), 'sibling of HEAD Anna');
    assert.equal(read('Anna is the sibling of whom?'), 'sibling of TAIL Anna');
    assert.equal(read('sibling of Anna'), 'sibling of HEAD Anna');
    assert.equal(read('who works for ACME?'), 'https://schema.org/worksFor HEAD ACME');
    assert.equal(read('Ben worksFor ?'), 'https://schema.org/worksFor TAIL Ben');
  });

  test('means the longer of two relations that fit', () => {
    assert.equal(read('what is dog?'), 'is HEAD dog');
    assert.equal(read('dog is what?'), 'is TAIL dog');
  });

  test('names any entity, whatever letters it has', () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .map((text) => text.replace(/\s+/gu, ' ').trim())
      .filter(
        (text) => /^[^\s?!."'*“‘«_]/u.test(text) && /[^\s?!."'*”’»]$/u.test(text) && !/\bis\b|\bhas\b/iu.test(text),
      );
    fc.assert(
      fc.property(name, (text) => {
        assert.equal(read(`what is a kind of ${text}?`), `hypernym HEAD ${text}`);
        assert.equal(read(`${text} has the part what?`), `has_part TAIL ${text}`);
      }),
    );
  });

  test('that names no relation, or no entity, is answered by how to ask', () => {
    for (const question of [
      '',
      '?',
      'dogs',
      'what is a kind of what?',
      'is a kind of',
      `what is a kind of ${'x'.repeat(2000)}`,
    ]) {
      assert.throws(
        () => readQuestion(question, relations),
        /not understood. Ask "what is a kind of NAME\?".*"has the part"/,
      );
    }
    assert.throws(() => readQuestion('x', []), { name: 'UserError' });
  });
});

describe('weights of neighbours', () => {
  test('are a share each, fall with the distance, and are 0 where the first that is left out begins', () => {
    const weights = localWeights([0, 0.25, 0.5, 1], 1);
    assert.ok(Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-12);
    assert.equal(weights[3], 0);
    assert.ok(
      Math.abs((weights[2] ?? 0) / (weights[0] ?? 1) - 0.5) < 1e-12,
      'half way to what is left out, half as much',
    );
  });

  test('are the same for all where nothing is left out, or all are as far', () => {
    assert.deepEqual(localWeights([0.1, 0.9], null), [0.5, 0.5]);
    assert.deepEqual(localWeights([0.5, 0.5], 0.5), [0.5, 0.5]);
    assert.deepEqual(localWeights([0, 0], 0), [0.5, 0.5]);
  });

  test('take an inner product, which is no distance, from its nearest on', () => {
    const [near = 0, far = 0] = localWeights([-3, -2], -1);
    assert.ok(near > far && far > 0);
  });
});
