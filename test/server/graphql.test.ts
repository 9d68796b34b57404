import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, describe, test } from 'node:test';

import { getIntrospectionQuery } from 'graphql';
import { serverAudits } from 'graphql-http';
import { createClient as createEventClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';

import { claimJob, endJob, reportProgress } from '../../server/jobs/claims.ts';
import { addJob, cancelJob, type Job } from '../../server/jobs/jobs.ts';
import { encodeId } from '../../server/resolvers/ids.ts';
import { onEveryServer, type TestServer, testServers } from '../helpers/server.ts';

const start = testServers();

let common: Promise<TestServer> | undefined;
/** The server of those who want nothing special. */
function standard(): Promise<TestServer> {
  common ??= start();
  return common;
}

test('the audits of graphql-http find no error', async () => {
  const { url } = await standard();
  const results = await Promise.all(
    serverAudits({ url: `${url}/graphql`, fetchFn: fetch }).map(async (audit) => ({
      name: audit.name,
      result: await audit.fn(),
    })),
  );
  assert.ok(results.length >= 61);
  const not = (status: string) =>
    results
      .filter(({ result }) => result.status === status)
      .map(({ name, result }) => `${name}: ${'reason' in result ? result.reason : ''}`);
  assert.deepEqual(not('error'), []);
  // What GraphQL over HTTP advises against, and Apollo does: 4xx for a wrong document asked for as application/json.
  assert.ok(not('warn').length <= 3, not('warn').join('\n'));
});

/**
 * The checks of graphql-cop 1.14, each as one request, with what it takes for a finding. Introspection is off, as it is
 * on a server that is reached from elsewhere.
 */
describe('graphql-cop', () => {
  let server: TestServer;
  before(async () => {
    server = await start({ INTROSPECTION: 'false' });
  });
  const post = (body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    server.fetch('/graphql', {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const query = async (text: string) => {
    const response = await post({ query: text, operationName: null });
    return { status: response.status, body: await response.json() };
  };

  test('alias overloading: 101 aliases are not answered', async () => {
    const aliases = Array.from({ length: 101 }, (_, i) => `alias${i}:__typename`).join(' ');
    const { status, body } = await query(`query cop { ${aliases} }`);
    assert.equal(status, 400);
    assert.equal(body.data, undefined);
    assert.equal(body.errors[0].extensions.code, 'LIMIT_EXCEEDED');
  });

  test('array-based batching: ten operations in one request are not answered', async () => {
    const response = await post(Array.from({ length: 10 }, () => ({ query: 'query cop { __typename }' })));
    assert.equal(response.status, 400);
    assert.equal(Array.isArray(await response.json()), false);
  });

  test('directive overloading: ten times one unknown directive is not told ten times', async () => {
    const { body } = await query(`query cop { __typename ${'@aa'.repeat(10)} }`);
    assert.ok(body.errors.length < 10, String(body.errors.length));
  });

  test('circular introspection: types within fields within types are not answered', async () => {
    const { body } = await query(
      'query cop { __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }',
    );
    assert.equal(body.data, undefined);
  });

  test('field duplication: 500 times one field is no more work than once', async () => {
    const { status, body } = await query(`query cop { ${'__typename \n'.repeat(500)} }`);
    assert.equal(status, 400);
    assert.equal(body.data, undefined);
  });

  test('field suggestions: a wrong name is not corrected', async () => {
    const { body } = await query('query cop { dataset { slug } __schem { name } datset { slugg } }');
    assert.doesNotMatch(JSON.stringify(body), /Did you mean/);
  });

  test('introspection is not answered', async () => {
    for (const text of [
      getIntrospectionQuery(),
      '{ __schema { queryType { name } } }',
      '{ __type(name: "Query") { name } }',
    ]) {
      const { status, body } = await query(text);
      assert.equal(status, 400);
      assert.equal(body.data, undefined);
    }
  });

  test('queries by GET without a header that a form cannot send are not answered', async () => {
    const response = await server.fetch(`/graphql?query=${encodeURIComponent('query cop { __typename }')}`);
    assert.equal(response.status, 400);
  });

  test('mutations by GET are not answered', async () => {
    const text = encodeURIComponent('mutation cop { __typename }');
    assert.equal((await server.fetch(`/graphql?query=${text}`)).status, 400);
    const preflighted = await server.fetch(`/graphql?query=${text}`, { headers: { 'apollo-require-preflight': '1' } });
    assert.equal(preflighted.status, 405);
  });

  test('urlencoded POST, which a form can send, is not answered', async () => {
    const response = await post('query=query%20cop%20%7B__typename%7D', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    assert.equal(response.status, 415);
  });

  test('an editor is not offered at the address of the API', async () => {
    const response = await server.fetch('/graphql', { headers: { accept: 'text/html' } });
    assert.doesNotMatch(await response.text(), /graphiql|playground|apollo sandbox/i);
  });

  test('tracing is not among the extensions', async () => {
    const { body } = await query('query cop { __typename }');
    assert.equal(body.extensions, undefined);
  });

  test('an unhandled error shows nothing of the inside', async () => {
    const response = await post('qwerty cop { abc }');
    const text = await response.text();
    assert.equal(response.status, 400);
    assert.doesNotMatch(text, /stacktrace|exception|node_modules|\bat .*:\d+/i);
  });
});

describe('documents that cost too much', () => {
  let server: TestServer;
  before(async () => {
    server = await standard();
  });
  const bombs: Readonly<Record<string, string>> = {
    'braces 20,000 deep': '{a'.repeat(20_000) + '}'.repeat(20_000),
    'a chain of 10,000 fragments': `{ ...F0 } ${Array.from({ length: 10_000 }, (_, i) => `fragment F${i} on Query { ...F${i + 1} }`).join(' ')}`,
    '383 kB of inline fragments': `{ ${'... on Query { __typename }'.repeat(14_000)} }`,
    '1,000 directives': `{ __typename ${'@skip(if: false) '.repeat(1_000)} }`,
    '2,000 times one field': `{ ${'datasets { totalCount } '.repeat(1_000)} }`,
    'fragments in circles': '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
    'fields within fields': `{ datasets { nodes { embeddings { ${'dataset { embeddings { '.repeat(15)} id ${'} }'.repeat(15)} } } } }`,
    'a literal vector of 10,000 numbers': `{ dataset(slug: "a") { embedding(name: "b") { nearest(to: {vector: [${'1,'.repeat(10_000)}]}) { edges { rank } } } } }`,
  };
  for (const [name, document] of Object.entries(bombs)) {
    test(`${name} are refused within half a second`, async () => {
      const begun = performance.now();
      const { status, data, errors } = await server.ask(document);
      assert.ok(performance.now() - begun < 500, `${performance.now() - begun} ms`);
      assert.equal(status, 400);
      assert.equal(data, undefined);
      assert.ok(errors.length <= 6, String(errors.length));
      assert.ok(['LIMIT_EXCEEDED', 'BAD_USER_INPUT'].includes(String(errors[0]?.extensions.code)));
    });
  }

  test('who writes a long vector into the document is told to send it as a variable', async () => {
    const { errors } = await server.ask(`{ a(v: [${'1,'.repeat(5_000)}]) }`);
    assert.equal(errors[0]?.extensions.code, 'LIMIT_EXCEEDED');
    assert.match(String(errors[0]?.message), /as variables/);
  });

  test('pages that multiply beyond what one request may have are refused where they do', async () => {
    const pages = Array.from({ length: 30 }, (_, i) => `p${i}: jobs(first: 1000) { totalCount }`).join(' ');
    assert.equal((await server.ask(`{ ${pages} }`)).errors.length, 0);
    const small = await start({}, { entries: 10_000 });
    const { errors } = await small.ask(`{ ${pages} }`);
    assert.equal(errors[0]?.extensions.code, 'LIMIT_EXCEEDED');
  });
});

describe('errors', () => {
  let server: TestServer;
  before(async () => {
    server = await standard();
  });

  test('a variable that does not fit is told with its place, and without the whole value', async () => {
    const text =
      'query ($to: Target!) { dataset(slug: "a") { embedding(name: "b") { nearest(to: $to) { edges { rank } } } } }';
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [{ vector: ['x'] }, /"to.vector".*not a number/],
      [{ vector: `${'A'.repeat(50_000)}=` }, /not base64/],
      [{ item: 'a', vector: [1] }, /exactly one/i],
      [{}, /exactly one/i],
      [{ item: null }, /must be non-null/i],
      [{ texture: 'a' }, /"texture"/],
    ];
    for (const [to, message] of wrong) {
      const { status, errors } = await server.ask(text, { to });
      assert.equal(status, 400);
      assert.equal(errors[0]?.extensions.code, 'BAD_USER_INPUT');
      assert.match(String(errors[0]?.message), message);
      assert.ok(String(errors[0]?.message).length < 1_100);
    }
  });

  test('what the server did wrong is a general sentence for the client', async () => {
    await server.database.query('alter table jobs rename column stage to stage_gone');
    try {
      const { status, data, errors } = await server.ask('{ jobs { totalCount } }');
      assert.equal(status, 200);
      assert.equal(data ?? null, null);
      assert.deepEqual(
        errors.map(({ message, extensions }) => ({ message, extensions })),
        [
          {
            message: 'Something went wrong on the server. Its log has the details.',
            extensions: { code: 'INTERNAL_SERVER_ERROR' },
          },
        ],
      );
    } finally {
      await server.database.query('alter table jobs rename column stage_gone to stage');
    }
  });
});

onEveryServer((_engine, start) => {
  const jobFields = 'id state stage progress error { code message } result { dataset { slug } }';
  let server: TestServer;
  before(async () => {
    server = await start();
  });

  /** A job that goes through three stages while it is watched. */
  async function work(): Promise<{ job: Job; carryOn: () => Promise<void> }> {
    const job = await addJob(server.database, { kind: 'LOAD_DATASET', input: {} });
    return {
      job,
      async carryOn() {
        const claim = await claimJob(server.database, { worker: 'test', kinds: ['LOAD_DATASET'], id: job.id });
        assert.ok(claim);
        const report = { stage: 'Reading', progress: 0.5, warnings: [] };
        await reportProgress(server.database, claim, report);
        await endJob(server.database, claim, { state: 'SUCCEEDED', result: {} }, report, { count: 0, first: [] });
      },
    };
  }

  const expected = [
    { state: 'QUEUED', stage: null, progress: null },
    { state: 'RUNNING', stage: 'Reading', progress: 0.5 },
    { state: 'SUCCEEDED' },
  ];

  /** Each state that was seen, once; a slow reader may miss what was overtaken. */
  function assertWatched(seen: readonly { state: string }[]): void {
    assert.equal(seen[0]?.state, expected[0]?.state);
    assert.equal(seen.at(-1)?.state, 'SUCCEEDED');
    assert.ok(seen.length >= 2 && seen.length <= 5, JSON.stringify(seen));
  }

  test('a job is watched over a WebSocket until it has ended', async () => {
    const { job, carryOn } = await work();
    const client = createSocketClient({ url: `${server.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
    const seen: { state: string }[] = [];
    const changes = client.iterate({
      query: `subscription ($id: ID!) { job(id: $id) { ${jobFields} } }`,
      variables: { id: encodeId(['Job', job.id]) },
    });
    for await (const { data, errors } of changes) {
      assert.equal(errors, undefined);
      const now = Object(data).job;
      if (seen.length === 0) void carryOn();
      seen.push(now);
    }
    assertWatched(seen);
    await client.dispose();
  });

  test('a job is watched as server-sent events until it has ended', async () => {
    const { job, carryOn } = await work();
    const client = createEventClient({ url: `${server.url}/graphql`, fetchFn: fetch });
    const seen: { state: string }[] = [];
    const changes = client.iterate({
      query: `subscription ($id: ID!) { job(id: $id) { ${jobFields} } }`,
      variables: { id: encodeId(['Job', job.id]) },
    });
    for await (const { data, errors } of changes) {
      assert.equal(errors, undefined);
      if (seen.length === 0) void carryOn();
      seen.push(Object(data).job);
    }
    assertWatched(seen);
    client.dispose();
  });

  test('who stops watching is forgotten at once', async () => {
    const { job } = await work();
    const client = createSocketClient({ url: `${server.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
    const changes = client.iterate({
      query: 'subscription ($id: ID!) { job(id: $id) { state } }',
      variables: { id: encodeId(['Job', job.id]) },
    });
    assert.equal(Object((await changes.next()).value.data).job.state, 'QUEUED');
    const begun = performance.now();
    await changes.return?.();
    await client.dispose();
    assert.ok(performance.now() - begun < 1_000);
    await cancelJob(server.database, job.id);
  });

  test('a job that is not there cannot be watched', async () => {
    const id = encodeId(['Job', '00000000-0000-4000-8000-000000000000']);
    const client = createEventClient({ url: `${server.url}/graphql`, fetchFn: fetch });
    const { value } = await client.iterate({ query: `subscription { job(id: "${id}") { state } }` }).next();
    assert.equal(value.errors[0].extensions.code, 'NOT_FOUND');
    client.dispose();
  });
});

describe('streams', () => {
  const socketOf = (server: TestServer, headers: Record<string, string> = {}): WebSocket =>
    new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });

  test('a WebSocket that opens no conversation is closed with 4408', async () => {
    const server = await start({}, { connectionInitMs: 100 });
    const [code] = await once(socketOf(server), 'close');
    assert.equal(code, 4408);
  });

  test('a WebSocket of a foreign page, or for a foreign name, is refused', async () => {
    const server = await standard();
    for (const headers of [{ origin: 'https://evil.example' }, { host: 'attacker.tld' }]) {
      const [error] = await once(socketOf(server, headers), 'error');
      assert.match(String(error), /403/);
    }
  });

  test('no more streams than are allowed, and no more operations on one', async () => {
    const server = await start({}, { streams: 1, operationsPerSocket: 2 });
    const socket = socketOf(server);
    await once(socket, 'open');
    const [error] = await once(socketOf(server), 'error');
    assert.match(String(error), /503/);
    const events = await server.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: '{ __typename }' }),
    });
    assert.equal(events.status, 503);

    const job = await addJob(server.database, { kind: 'LOAD_DATASET', input: {} });
    socket.send(JSON.stringify({ type: 'connection_init' }));
    await once(socket, 'message');
    const query = `subscription { job(id: "${encodeId(['Job', job.id])}") { state } }`;
    const answers = new Map<string, string>();
    socket.on('message', (data) => {
      const { id, type } = JSON.parse(String(data));
      if (!answers.has(id)) answers.set(id, type);
    });
    for (const id of ['1', '2', '3']) socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }));
    while (answers.size < 3) await once(socket, 'message');
    assert.deepEqual([...answers].sort(), [
      ['1', 'next'],
      ['2', 'next'],
      ['3', 'error'],
    ]);
    socket.close();
  });

  test('the rules for documents hold on streams as well, and errors look the same', async () => {
    const server = await start({ INTROSPECTION: 'false', AUTH_TOKEN: 'token' });
    const cases: readonly (readonly [string, number, string])[] = [
      ['{ nothing }', 400, 'BAD_USER_INPUT'],
      ['{ __schema { description } }', 400, 'BAD_USER_INPUT'],
      [`{ ${'a:__typename '.repeat(40)} }`, 400, 'LIMIT_EXCEEDED'],
      [`{ ${'__typename '.repeat(5_000)} }`, 400, 'LIMIT_EXCEEDED'],
      ['subscription { job(id: "x") { id } }', 401, 'UNAUTHENTICATED'],
      ['mutation { cancelJob(id: "x") { job { id } } }', 401, 'UNAUTHENTICATED'],
    ];
    const client = createSocketClient({ url: `${server.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
    for (const [query, status, code] of cases) {
      const response = await server.fetch('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify({ query }),
      });
      assert.equal(response.status, status, query.slice(0, 50));
      const [error] = (await response.json()).errors;
      assert.equal(error.extensions.code, code);
      assert.doesNotMatch(error.message, /Did you mean/);
      await assert.rejects(
        client.iterate({ query }).next(),
        (errors: { extensions: { code: string } }[]) => errors[0]?.extensions.code === code,
      );
    }
    await client.dispose();
  });

  test('the token opens streams: in the header, or in the first message of a WebSocket', async () => {
    const server = await start({ AUTH_TOKEN: 'token' });
    const job = await addJob(server.database, { kind: 'LOAD_DATASET', input: {} });
    const query = `subscription { job(id: "${encodeId(['Job', job.id])}") { state } }`;
    const sockets = createSocketClient({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: 'Bearer token' },
    });
    const events = createEventClient({
      url: `${server.url}/graphql`,
      fetchFn: fetch,
      headers: { authorization: 'Bearer token' },
    });
    for (const client of [sockets, events]) {
      const changes = client.iterate({ query });
      assert.equal(Object((await changes.next()).value.data).job.state, 'QUEUED');
      await changes.return?.();
      await client.dispose();
    }
  });

  test('a server that stops ends the streams and goes', async () => {
    const server = await start();
    const job = await addJob(server.database, { kind: 'LOAD_DATASET', input: {} });
    const socket = socketOf(server);
    await once(socket, 'open');
    const events = await server.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: `subscription { job(id: "${encodeId(['Job', job.id])}") { state } }` }),
    });
    assert.equal(events.status, 200);
    assert.ok(events.body);
    const reader = events.body.pipeThrough(new TextDecoderStream()).getReader();
    let heard = '';
    while (!heard.includes('QUEUED')) heard += (await reader.read()).value;
    const begun = performance.now();
    const closing = server.close();
    const [code] = await once(socket, 'close');
    assert.equal(code, 1001);
    while (!(await reader.read()).done);
    await closing;
    assert.ok(performance.now() - begun < 5_000);
  });
});
