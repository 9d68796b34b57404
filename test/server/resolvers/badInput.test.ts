/** What a client may send by mistake or by malice, with the answer that it gets: a sentence and a code, never our inside. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { encodeCursor, encodeId } from '../../../server/resolvers/ids.ts';
import { makeDataset, makeEmbedding } from '../../helpers/embeddings.ts';
import { type Answer, onEveryServer, type TestServer } from '../../helpers/server.ts';

const NASTY = [
  "'; drop table items; --",
  '$1',
  '\\',
  '"',
  '%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%_',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  '\u202eRTL',
  '😀'.repeat(50),
  'x'.repeat(1_000_000),
  ' ',
];

onEveryServer((_engine, start) => {
  let server: TestServer;
  before(async () => {
    server = await start();
    for (const slug of ['points', 'others']) {
      const items = Array.from({ length: 20 }, (_, i) => ({
        key: `p${i}`,
        label: `Point ${i}`,
        fields: { n: i, group: i % 2 === 0 ? 'even' : 'odd', big: '9007199254740993' },
      }));
      const dataset = await makeDataset(server.database, slug, items, [
        { name: 'n', type: 'NUMBER' },
        { name: 'group', type: 'CATEGORY' },
        { name: 'big', type: 'TEXT' },
      ]);
      const values = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i) + 2);
      await makeEmbedding(server.database, dataset, 'vectors', 'COSINE', 3, values);
    }
  });

  const nearest = (variables: object): Promise<Answer> =>
    server.ask(
      `query ($to: Target!, $first: Int = 5, $filter: Filter, $search: SearchOptions) {
        dataset(slug: "points") { embedding(name: "vectors") {
          nearest(to: $to, first: $first, filter: $filter, search: $search) { edges { rank distance node { key } } search { complete exact } }
        } }
      }`,
      variables,
    );
  const items = (variables: object): Promise<Answer> =>
    server.ask(
      `query ($first: Int = 5, $after: String, $filter: Filter) {
        dataset(slug: "points") { items(first: $first, after: $after, filter: $filter) { totalCount nodes { key } } }
      }`,
      variables,
    );

  /** Asserts a refusal that a client can act on. */
  function assertRefused({ errors }: Answer, codes: readonly string[], what: unknown): void {
    const shown = `${JSON.stringify(what).slice(0, 100)}: ${JSON.stringify(errors).slice(0, 500)}`;
    assert.equal(errors.length, 1, shown);
    const [error] = errors;
    assert.ok(codes.includes(String(error?.extensions.code)), shown);
    assert.doesNotMatch(String(error?.message), /select |insert |node_modules|\.ts:|SQLSTATE|pg_|relation "/, shown);
    assert.ok(String(error?.message).length <= 1_100, shown);
  }

  test('vectors that cannot be searched with', async () => {
    const wrong: readonly unknown[] = [
      [1, 2, 1e39],
      [1, 2],
      [1, 2, 3, 4],
      [],
      [0, 0, 0], // under COSINE
      'AACAPwAA',
      'AADAfwAAgD8AAIA/', // NaN
      Array.from({ length: 16_001 }, () => 1),
    ];
    for (const vector of wrong) assertRefused(await nearest({ to: { vector } }), ['BAD_USER_INPUT'], vector);
  });

  test('targets that are none', async () => {
    assertRefused(await nearest({ to: { item: 'nobody' } }), ['NOT_FOUND'], 'nobody');
    assertRefused(await nearest({ to: { sum: [] } }), ['BAD_USER_INPUT'], 'an empty sum');
    const opposite = [{ to: { item: 'p1' } }, { to: { item: 'p1' }, weight: -1 }];
    assertRefused(await nearest({ to: { sum: opposite } }), ['BAD_USER_INPUT'], 'a sum of zero');
    let deep: object = { item: 'p1' };
    for (let i = 0; i < 100; i++) deep = { sum: [{ to: deep }] };
    assertRefused(await nearest({ to: deep }), ['LIMIT_EXCEEDED', 'BAD_USER_INPUT'], 'a deep sum');
    const long = Array.from({ length: 10_000 }, () => ({ to: { item: 'p1' } }));
    assertRefused(await nearest({ to: { sum: long } }), ['LIMIT_EXCEEDED'], 'a long sum');
  });

  test('numbers out of range', async () => {
    const to = { item: 'p1' };
    for (const first of [0, -1, 1001, 1_000_000_000]) {
      assertRefused(await nearest({ to, first }), ['BAD_USER_INPUT'], { first });
      assertRefused(await items({ first }), ['BAD_USER_INPUT'], { first });
    }
    assertRefused(await items({ first: 1e10 }), ['BAD_USER_INPUT'], 'beyond 32 bits');
    assertRefused(await items({ first: null }), ['BAD_USER_INPUT'], 'null');
    for (const efSearch of [0, -1, 1001]) {
      assertRefused(await nearest({ to, search: { efSearch } }), ['BAD_USER_INPUT'], { efSearch });
    }
    const sum = { sum: [{ to: { item: 'p1' } }, { to: { item: 'p2' } }] };
    assertRefused(
      await nearest({ to: sum, search: { combine: 'MULTIPLY', metric: 'INNER_PRODUCT' } }),
      ['BAD_USER_INPUT'],
      'cosines are multiplied',
    );
    assertRefused(await nearest({ to, search: { metric: 'MANHATTAN' } }), ['BAD_USER_INPUT'], 'no such metric');
    assertRefused(await nearest({ to, search: { method: 'INDEX' } }), ['BAD_USER_INPUT', 'NOT_FOUND'], 'no index');
  });

  test('filters too deep, too long, or of what is not there', async () => {
    let deep: object = { field: 'n', eq: 1 };
    for (let i = 0; i < 500; i++) deep = { not: deep };
    assertRefused(await items({ filter: deep }), ['LIMIT_EXCEEDED'], 'depth 500');
    const many = Array.from({ length: 10_000 }, () => ({ field: 'n', eq: 1 }));
    assertRefused(await items({ filter: { or: many } }), ['LIMIT_EXCEEDED'], '10,000 conditions');
    const wrong: readonly object[] = [
      {},
      { field: 'nothing', eq: 1 },
      { field: 'n' },
      { field: 'n', contains: '1' },
      { eq: 1 },
      { field: 'n', eq: 1, and: [] },
      { field: 'label', matches: '(' },
      { field: 'n', eq: { $gt: '' } },
      { field: 'n', lt: 'x' },
    ];
    for (const filter of wrong) {
      assertRefused(await items({ filter }), ['BAD_USER_INPUT', 'LIMIT_EXCEEDED'], filter);
      assertRefused(await nearest({ to: { item: 'p1' }, filter }), ['BAD_USER_INPUT', 'LIMIT_EXCEEDED'], filter);
    }
  });

  test('a regular expression that goes astray is ended in time', async () => {
    const hasty = await start({ QUERY_TIMEOUT_MS: '3000' });
    const items = Array.from({ length: 50 }, (_, i) => ({ key: `${i}`, label: `${'a'.repeat(2_001)}b` }));
    await makeDataset(hasty.database, 'letters', items);
    // An odd number of letters cannot be twice three parts, but back references make Postgres try them all: for minutes.
    const begun = performance.now();
    const answer = await hasty.ask(
      `query ($filter: Filter) { dataset(slug: "letters") { items(filter: $filter) { totalCount } } }`,
      { filter: { field: 'label', matches: '^(a*)(a*)(a*)\\1\\2\\3b$' } },
    );
    assertRefused(answer, ['TIMEOUT', 'BAD_USER_INPUT'], 'an expensive expression');
    assert.ok(performance.now() - begun < 20_000, `${performance.now() - begun} ms`);
    await hasty.database.query('select'); // PGlite comes up again in its own time, which is not the query's
    assert.equal((await hasty.data('{ dataset(slug: "letters") { itemCount } }')).dataset.itemCount, 50);
  });

  test('texts that could be taken for something else are texts', async () => {
    for (const text of NASTY) {
      const shown = text.slice(0, 40);
      for (const filter of [
        { field: 'label', eq: text },
        { field: 'group', in: [text] },
        { field: 'key', contains: text },
        { field: 'key', startsWith: text },
        { search: text },
      ]) {
        const { data, errors } = await items({ filter });
        if (errors.length > 0)
          assertRefused(
            { data, errors, status: 200, headers: new Headers() },
            ['BAD_USER_INPUT', 'LIMIT_EXCEEDED'],
            shown,
          );
        else if (text.trim() !== '' && !('search' in filter))
          assert.equal(data.dataset.items.totalCount, 0, `${shown} ${JSON.stringify(Object.keys(filter))}`);
      }
      const named = await server.ask(
        'query ($name: String!) { dataset(slug: $name) { id } of: dataset(slug: "points") { item(key: $name) { id } embedding(name: $name) { id } } }',
        { name: text },
      );
      assert.deepEqual(named.data, { dataset: null, of: { item: null, embedding: null } }, shown);
      const change = await server.ask(
        `mutation ($name: String!) {
          importDataset(input: { dataset: $name, uploads: [] }) { job { id } }
        }`,
        { name: text },
      );
      assertRefused(change, ['BAD_USER_INPUT'], shown);
      assertRefused(
        await server.ask('mutation ($name: String!) { removeDataset(input: { dataset: $name }) { removedId } }', {
          name: text,
        }),
        ['NOT_FOUND', 'BAD_USER_INPUT'],
        shown,
      );
    }
    assert.equal((await items({})).data.dataset.items.totalCount, 20);
  });

  test('U+0000, which Postgres cannot keep, and halves of characters', async () => {
    for (const text of ['a\u0000b', '\ud800', 'a\udc00']) {
      for (const filter of [
        { field: 'label', eq: text },
        { field: 'label', contains: text },
        { field: 'group', in: [text] },
        { search: text },
      ]) {
        const answer = await items({ filter });
        if (answer.errors.length > 0) assertRefused(answer, ['BAD_USER_INPUT'], filter);
        else assert.equal(answer.data.dataset.items.totalCount, 0);
      }
      const named = await server.ask('query ($name: String!) { dataset(slug: $name) { id } }', { name: text });
      if (named.errors.length > 0) assertRefused(named, ['BAD_USER_INPUT'], text);
      else assert.equal(named.data.dataset, null);
      const change = await server.ask(
        'mutation ($id: ID!) { importDataset(input: { dataset: "new", uploads: [$id] }) { job { id } } }',
        { id: text },
      );
      assertRefused(change, ['NOT_FOUND', 'BAD_USER_INPUT'], text);
    }
  });

  test('cursors of another list, and made-up ones', async () => {
    const cursors = [
      encodeCursor('items 2', 5),
      encodeCursor('datasets', 'points'),
      encodeCursor('items 1', 'x'),
      'x',
      '',
      '5',
    ];
    for (const after of cursors) assertRefused(await items({ after }), ['BAD_USER_INPUT'], after);
    assert.equal((await items({ after: encodeCursor('items 1', 5) })).data.dataset.items.nodes[0].key, 'p5');
  });

  test('ids of another type, of nothing, and made-up ones', async () => {
    const job = 'query ($id: ID!) { job(id: $id) { id } }';
    assertRefused(await server.ask(job, { id: encodeId(['Dataset', 1]) }), ['BAD_USER_INPUT'], 'a data set');
    assertRefused(await server.ask(job, { id: 'x' }), ['BAD_USER_INPUT'], 'x');
    const absent = encodeId(['Job', '00000000-0000-4000-8000-000000000000']);
    assert.deepEqual((await server.ask(job, { id: absent })).data, { job: null });
    assertRefused(
      await server.ask('mutation ($id: ID!) { cancelJob(id: $id) { job { id } } }', { id: absent }),
      ['NOT_FOUND'],
      absent,
    );
    const node = 'query ($id: ID!) { node(id: $id) { __typename id } }';
    for (const id of [
      encodeId(['Dataset', 99]),
      encodeId(['Item', 1, 99]),
      encodeId(['Item', 99, 1]),
      encodeId(['Embedding', 99]),
      encodeId(['Projection', 99]),
      absent,
    ]) {
      assert.deepEqual((await server.ask(node, { id })).data, { node: null });
    }
    for (const id of [encodeId(['Dataset', 1]), encodeId(['Item', 1, 1]), encodeId(['Embedding', 1])]) {
      assert.equal((await server.ask(node, { id })).data.node.id, id);
    }
  });

  test('what is asked to be made but cannot be', async () => {
    const project = (input: object) =>
      server.ask('mutation ($input: ProjectEmbeddingInput!) { projectEmbedding(input: $input) { job { id } } }', {
        input: { dataset: 'points', embedding: 'vectors', name: 'map', method: 'PCA', ...input },
      });
    assertRefused(await project({ components: 4 }), ['BAD_USER_INPUT'], 'four components');
    assertRefused(await project({ method: 'GIVEN' }), ['BAD_USER_INPUT'], 'given coordinates');
    assertRefused(await project({ dataset: 'pionts' }), ['NOT_FOUND'], 'a misspelled data set');
    assertRefused(await project({ embedding: 'vektors' }), ['NOT_FOUND'], 'a misspelled embedding');
    assertRefused(await project({ name: '' }), ['BAD_USER_INPUT'], 'no name');
    assertRefused(await project({ method: 'UMAP', components: 11 }), ['BAD_USER_INPUT'], 'eleven components');
    for (const umap of [
      { initialization: 'ANYHOW' },
      { target: { field: 'x', weight: 2 } },
      { target: { field: 'no such field' } },
      { target: {} },
      { density: { weight: -1 } },
      { density: { share: 1.5 } },
      { density: { varianceShift: 0 } },
    ]) {
      assertRefused(await project({ method: 'UMAP', umap }), ['BAD_USER_INPUT'], umap);
    }
    for (const tsne of [
      { target: { field: 'x', weight: 2 } },
      { target: { field: 'no such field' } },
      { target: {} },
    ]) {
      assertRefused(await project({ method: 'TSNE', tsne }), ['BAD_USER_INPUT'], tsne);
      assertRefused(await project({ method: 'UMAP', tsne }), ['BAD_USER_INPUT'], tsne);
    }
    const begun = { method: 'UMAP', umap: { initialization: 'SPECTRAL' }, startFrom: 'map' };
    assertRefused(await project(begun), ['BAD_USER_INPUT'], 'two beginnings');
    const ends = { from: [{ item: 'p1' }], to: [{ item: 'p2' }] };
    const axes = [0, 1].map((axis) => ({ label: `${axis}`, ...ends }));
    assertRefused(await project({ method: 'CUSTOM', axes, spherize: true }), ['BAD_USER_INPUT'], 'axes on a sphere');
    const index = (input: object) =>
      server.ask('mutation ($input: IndexEmbeddingInput!) { indexEmbedding(input: $input) { job { id } } }', {
        input: { dataset: 'points', embedding: 'vectors', ...input },
      });
    for (const input of [{ links: 1 }, { links: 101 }, { efConstruction: 3 }, { links: 50, efConstruction: 64 }]) {
      assertRefused(await index(input), ['BAD_USER_INPUT'], input);
    }
    const load = (input: object) =>
      server.ask('mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }', {
        input: { dataset: 'new', uploads: ['00000000-0000-4000-8000-000000000000'], ...input },
      });
    assertRefused(await load({}), ['NOT_FOUND'], 'no such upload');
    assertRefused(await load({ dataset: 'No Slug' }), ['BAD_USER_INPUT'], 'no slug');
    assertRefused(await load({ uploads: [] }), ['BAD_USER_INPUT'], 'no uploads');
    assertRefused(await load({ rejectionLimit: -1 }), ['BAD_USER_INPUT'], 'a negative limit');
    assertRefused(
      await load({ projections: [{ name: 'a', method: 'PCA', components: 5 }] }),
      ['BAD_USER_INPUT'],
      'five',
    );
    assert.equal((await server.data('{ jobs { totalCount } }')).jobs.totalCount, 0);
  });

  test('the same import asked for twice with one key is one job', async () => {
    const response = await server.fetch('/uploads?name=a.csv', { method: 'POST', body: 'key,x,y\na,1,2' });
    const { id } = await response.json();
    const text = 'mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }';
    const input = { dataset: 'new', uploads: [id], idempotencyKey: 'once' };
    const [a, b] = await Promise.all([server.ask(text, { input }), server.ask(text, { input })]);
    assert.equal(a?.data.importDataset.job.id, b?.data.importDataset.job.id);
    assertRefused(await server.ask(text, { input: { ...input, title: 'Other' } }), ['CONFLICT'], 'another input');
  });

  test('more searches than one request may have are refused, and the rest of it answered', async () => {
    const { dataset } = await server.data('{ dataset(slug: "points") { id } }');
    assert.ok(dataset.id);
    const fields = Array.from(
      { length: 30 },
      (_, i) => `n${i}: nearest(to: {item: "p1"}, first: 1) { edges { rank } }`,
    ).join(' ');
    const { errors } = await server.ask(`{ datasets { nodes { embeddings { ${fields} } } } }`);
    assert.ok(errors.length > 0);
    assert.ok(errors.every(({ extensions }) => extensions.code === 'LIMIT_EXCEEDED'));
  });
});
