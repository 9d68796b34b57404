import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildSchema, parse, specifiedRules, validate } from 'graphql';
import { UserError } from '../../server/errors.ts';
import { Budget, defaultLimits, documentRules, type Limits } from '../../server/limits.ts';
import fc from '../helpers/laws.ts';

const schema = buildSchema(`
  directive @mark(n: Int) repeatable on FIELD | QUERY | INLINE_FRAGMENT
  type Query { a: Query, b: Query, n: Int }
`);

const limits: Limits = { ...defaultLimits, depth: 5, aliases: 4, directives: 3, rootFields: 6 };

function refusals(document: string): string[] {
  return validate(schema, parse(document), [...specifiedRules, ...documentRules(limits)]).map((error) => {
    assert.ok(error.originalError instanceof UserError, error.message);
    assert.equal(error.originalError.code, 'LIMIT_EXCEEDED');
    return error.message;
  });
}

/** `a{a{…n}}` with as many fields one within the other as `depth`. */
const nested = (depth: number): string => (depth === 1 ? 'n' : `a { ${nested(depth - 1)} }`);

test('a document is refused exactly when its fields go deeper than is allowed, fragments or not', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 6 }), fc.boolean(), (depth, cut, inline) => {
      const whole = nested(depth);
      // The same fields, the innermost ones moved to a fragment.
      const inner = nested(Math.max(depth - cut, 1));
      const moved = inline ? `... on Query { ${inner} }` : '...F';
      const parted = whole.replace(inner, moved);
      const fragment = parted.includes('...F') ? `fragment F on Query { ${inner} }` : '';
      for (const document of [`{ ${whole} }`, `{ ${parted} } ${fragment}`]) {
        assert.equal(refusals(document).length, depth > limits.depth ? 1 : 0, document);
      }
    }),
  );
});

test('a fragment counts as deep as it is at each place, however often it is used', () => {
  const fragment = 'fragment F on Query { a { a { n } } }';
  assert.deepEqual(refusals(`{ a { ...F } b { ...F } } ${fragment}`), []);
  assert.equal(refusals(`{ a { ...F } b { b { b { ...F } } } } ${fragment}`).length, 1);
});

test('aliases and directives are refused from the first one too many, once each', () => {
  const aliases = (n: number): string => `{ ${Array.from({ length: n }, (_, i) => `x${i}: n`).join(' ')} }`;
  assert.deepEqual(refusals(aliases(4)), []);
  assert.deepEqual(refusals(aliases(5)), ['The document has more than 4 aliases. Send several requests.']);
  const directives = (n: number): string => `{ n ${'@mark '.repeat(n)} }`;
  assert.deepEqual(refusals(directives(3)), []);
  assert.deepEqual(refusals(directives(4)), ['The document has more than 3 directives at one place.']);
});

test('fields at the root are counted through fragments, and a fragment spread twice once', () => {
  assert.deepEqual(refusals('{ n n n ...F ...F } fragment F on Query { n n n }'), []);
  assert.equal(refusals('{ n n n n ...F } fragment F on Query { n n n }').length, 1);
});

test('a document whose fragments go in circles is refused, not followed', () => {
  const errors = validate(
    schema,
    parse('{ ...A } fragment A on Query { a { ...B } } fragment B on Query { a { ...A } }'),
    [...specifiedRules, ...documentRules(limits)],
  );
  assert.match(String(errors[0]?.message), /Cannot spread fragment/);
});

test('a page is 1 to 1000 entries, and all pages of a request together 100,000', () => {
  for (const first of [0, -1, 1001, 1e9, 1.5, Number.NaN]) {
    assert.throws(() => new Budget(defaultLimits).page(first), { code: 'BAD_USER_INPUT' });
  }
  const budget = new Budget(defaultLimits);
  for (let i = 0; i < 100; i++) assert.equal(budget.page(1000), 1000);
  assert.throws(() => budget.page(1), { code: 'LIMIT_EXCEEDED' });
});

test('a request may search 30 times', () => {
  const budget = new Budget(defaultLimits);
  for (let i = 0; i < 30; i++) budget.search();
  assert.throws(() => budget.search(), { code: 'LIMIT_EXCEEDED' });
});
