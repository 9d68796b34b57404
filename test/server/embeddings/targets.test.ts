import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Database } from '../../../server/database/database.ts';
import type { Dataset } from '../../../server/datasets/datasets.ts';
import { type Embedding, type Metric, metrics } from '../../../server/embeddings/embeddings.ts';
import { resolveTarget, type TargetInput } from '../../../server/embeddings/targets.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeDataset, makeEmbedding } from '../../helpers/embeddings.ts';
import fc from '../../helpers/laws.ts';

const vectors = [
  [1, 0, 0],
  [0, 2, 0],
  [3, 4, 0],
  [-0.5, 0.25, 8],
];
const items = [
  { key: 'king' },
  { key: 'man' },
  { key: 'woman' },
  { key: `queen's "é" 😀` },
  { key: 't10k-0', label: 'Ankle boot' },
];
const keys = items.slice(0, 4).map(({ key }) => key);

const base64 = (values: readonly number[]) => Buffer.from(Float32Array.from(values).buffer).toString('base64');

onEveryDatabase((_engine, open) => {
  let database: Database;
  let dataset: Dataset;
  const embeddings = new Map<Metric, Embedding>();

  before(async () => {
    database = await open();
    dataset = await makeDataset(database, 'words', items);
    for (const metric of metrics) {
      const embedding = await makeEmbedding(database, dataset, metric, metric, 3, Float32Array.from(vectors.flat()));
      embeddings.set(metric, embedding);
    }
  });

  const resolve = (metric: Metric, target: TargetInput) => {
    const embedding = embeddings.get(metric);
    assert.ok(embedding);
    return resolveTarget(database, dataset, embedding, target);
  };

  test('an item is its own vector, as it is, and not among its answers', async () => {
    for (const metric of metrics) {
      for (const [i, item] of keys.entries()) {
        const { vector, exclude } = await resolve(metric, { item });
        assert.deepEqual([...vector], vectors[i]);
        assert.deepEqual(exclude, [i + 1]);
      }
    }
  });

  test('a literal vector is the same as numbers, as float32 and as base64', async () => {
    const wanted = Float32Array.of(0.1, -2e30, 3e-30);
    for (const vector of [[0.1, -2e30, 3e-30], wanted, base64([0.1, -2e30, 3e-30])]) {
      const resolved = await resolve('EUCLIDEAN', { vector });
      assert.deepEqual(resolved, { vector: wanted, exclude: [] });
    }
  });

  test('a sum is the sum of its terms, under COSINE of those terms brought to length 1', async () => {
    const term = fc.record({ i: fc.nat({ max: 3 }), weight: fc.double({ min: 0.125, max: 8, noNaN: true }) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...metrics),
        fc.array(term, { minLength: 1, maxLength: 6 }),
        async (metric, terms) => {
          const sum = terms.map(({ i, weight }) => ({ to: { item: keys[i] ?? '' }, weight }));
          const wanted = new Float64Array(3);
          for (const { i, weight } of terms) {
            const vector = vectors[i] ?? [];
            const scale = metric === 'COSINE' ? weight / Math.hypot(...vector) : weight;
            vector.forEach((value, at) => {
              wanted[at] = (wanted[at] ?? 0) + scale * value;
            });
          }
          const { vector, exclude } = await resolve(metric, { sum });
          wanted.forEach((value, at) => {
            assert.ok(Math.abs((vector[at] ?? Number.NaN) - value) <= 1e-5 * (1 + Math.abs(value)));
          });
          assert.deepEqual(new Set(exclude), new Set(terms.map(({ i }) => i + 1)));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a sum within a sum is a term like any other, and a term without weight counts once', async () => {
    const inner: TargetInput = { sum: [{ to: { item: 'king' } }, { to: { item: 'man' }, weight: -1 }] };
    const { vector, exclude } = await resolve('EUCLIDEAN', {
      sum: [{ to: inner, weight: 2 }, { to: { vector: [0, 0, 1] } }],
    });
    assert.deepEqual([...vector], [2, -4, 1]);
    assert.deepEqual([...exclude].sort(), [1, 2]);
  });

  test('a direction survives however long or short the vector is that shows it', async () => {
    for (const scale of [3e38, 1e19, 1, 1e-30, 1e-44]) {
      const { vector } = await resolve('COSINE', { vector: [scale, -scale, 0] });
      const [row] = await database.query<{ distance: number }>(`select $1::vector <=> '[1,-1,0]' as distance`, [
        `[${vector.join(',')}]`,
      ]);
      assert.ok(Math.abs(row?.distance ?? Number.NaN) < 1e-6, `${scale}`);
    }
  });

  test('an unknown item is told with what may have been meant', async () => {
    const unknown: [string, RegExp][] = [
      ['kinh', /has no item "kinh"\. Did you mean "king"\?/],
      ['King', /Did you mean "king"\?/],
      ['wooman', /Did you mean "woman"\?/],
      ['Ankle boot', /The item labelled so has the key "t10k-0"\./],
      [`'; drop table items; --`, /has no item "'; drop table items; --"\.$/],
      ['x'.repeat(1_000_000), /has no item "x{100}"\.$/],
      ['', /has no item ""/],
      ['__proto__', /has no item "__proto__"/],
    ];
    for (const [item, message] of unknown) {
      await assert.rejects(
        resolve('COSINE', { item }),
        { name: 'UserError', code: 'NOT_FOUND', message },
        item.slice(0, 20),
      );
    }
  });

  test('a target that makes no sense is told what is wrong', async () => {
    const deep = (depth: number): TargetInput => (depth === 0 ? { item: 'king' } : { sum: [{ to: deep(depth - 1) }] });
    const wrong: [Metric, TargetInput, RegExp][] = [
      ['EUCLIDEAN', {}, /one of `item`, `vector`, `sum`, `text`, `image`; got none/],
      ['EUCLIDEAN', { item: 'king', vector: [1, 2, 3] }, /got item and vector/],
      ['EUCLIDEAN', { sum: [] }, /A `sum` is empty/],
      ['EUCLIDEAN', { item: 't10k-0' }, /The item "t10k-0" has no vector in the embedding "EUCLIDEAN"/],
      ['EUCLIDEAN', { item: 'a\u0000' }, /U\+0000/],
      ['EUCLIDEAN', { vector: [] }, /The vector has 0 numbers; the vectors of this embedding have 3/],
      ['EUCLIDEAN', { vector: new Array(16_001).fill(0) }, /The vector has 16001 numbers/],
      [
        'EUCLIDEAN',
        { vector: [1, Number.NaN, 3] },
        /Number 2 of the vector is NaN; wanted: a finite number within float32/,
      ],
      ['EUCLIDEAN', { vector: [1, 2, Number.NEGATIVE_INFINITY] }, /Number 3 of the vector is -Infinity/],
      ['EUCLIDEAN', { vector: [1e39, 2, 3] }, /Number 1 of the vector is 1e\+39/],
      ['EUCLIDEAN', { vector: base64([1, Number.NaN, 3]) }, /Number 2 of the vector is NaN/],
      ['EUCLIDEAN', { vector: base64([1, 2]) }, /The vector has 2 numbers/],
      ['EUCLIDEAN', { vector: '' }, /The vector has 0 numbers/],
      ['EUCLIDEAN', { vector: 'AAA' }, /not base64/],
      ['EUCLIDEAN', { vector: '[1,2,3]' }, /not base64/],
      ['EUCLIDEAN', { vector: 'AAAA' }, /has 3 bytes in base64, which are no whole float32/],
      ['COSINE', { vector: [0, -0, 1e-50] }, /Every number of the vector is 0.*COSINE/],
      ['COSINE', { sum: [{ to: { vector: [0, 0, 0] } }] }, /Every number of the vector is 0/],
      [
        'COSINE',
        { sum: [{ to: { item: 'king' } }, { to: { vector: [7, 0, 0] }, weight: -1 }] },
        /The terms of the sum cancel out/,
      ],
      ['COSINE', { sum: [{ to: { item: 'king' }, weight: 0 }] }, /cancel out/],
      ['EUCLIDEAN', { sum: [{ to: { item: 'king' }, weight: Number.NaN }] }, /A `weight` is NaN/],
      ['EUCLIDEAN', { sum: [{ to: { item: 'king' }, weight: 1e300 }] }, /exceed what float32 holds/],
    ];
    for (const [metric, target, message] of wrong) {
      await assert.rejects(
        resolve(metric, target),
        { name: 'UserError', code: 'BAD_USER_INPUT', message },
        `${message}`,
      );
    }
    const terms = (count: number) => ({ sum: new Array(count).fill({ to: { item: 'king' } }) });
    await resolve('COSINE', deep(8));
    await resolve('COSINE', terms(100));
    for (const [target, message] of [
      [deep(9), /nested more than 8 deep/],
      [terms(101), /more than 100 terms/],
      [{ sum: new Array(51).fill({ to: { sum: [{ to: { item: 'king' } }] } }) }, /more than 100 terms/],
    ] as const) {
      await assert.rejects(resolve('COSINE', target), { code: 'LIMIT_EXCEEDED', message });
    }
  });

  test('a zero vector is as good as any where length counts', async () => {
    for (const metric of ['EUCLIDEAN', 'INNER_PRODUCT'] as const) {
      assert.deepEqual([...(await resolve(metric, { vector: [0, 0, 0] })).vector], [0, 0, 0]);
    }
  });
});
