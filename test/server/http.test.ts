import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { readConfig } from '../../server/config.ts';
import { startServer } from '../../server/index.ts';
import { checkHost, checkOrigin } from '../../server/origins.ts';
import { type TestServer, testServers } from '../helpers/server.ts';

const start = testServers();
let common: Promise<TestServer> | undefined;
/** The server of those who want nothing special. */
function standard(): Promise<TestServer> {
  common ??= start();
  return common;
}

interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

/** A request with headers that `fetch` would not send. */
function rawRequest(url: string, headers: Record<string, string>, body?: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: body === undefined ? 'GET' : 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** What comes back on a connection until it is closed. */
async function conversation(url: string, ...said: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let heard = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    heard += chunk;
  });
  for (const words of said) socket.write(words);
  await once(socket, 'close');
  return heard;
}

const json = { 'content-type': 'application/json' };
const question = JSON.stringify({ query: '{ __typename }' });

test('/health is 200 while queries are answered', async () => {
  const server = await standard();
  const response = await server.fetch('/health');
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { status: 'ok' });
});

test('a body larger than is allowed is refused with 413, told in advance or not', async () => {
  const { url } = await start({}, { bodyBytes: 10_000 });
  const long = JSON.stringify({ query: `{ __typename } #${'x'.repeat(20_000)}` });
  const told = await fetch(`${url}/graphql`, { method: 'POST', headers: json, body: long });
  assert.equal(told.status, 413);
  assert.equal((await told.json()).errors[0].extensions.code, 'LIMIT_EXCEEDED');
  const chunk = 'x'.repeat(1_000);
  const stream = new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode(chunk)); // without an end
    },
  });
  const endless: RequestInit & { duplex: 'half' } = { method: 'POST', headers: json, body: stream, duplex: 'half' };
  const untold = await fetch(`${url}/graphql`, endless);
  assert.equal(untold.status, 413);
});

test('what is not JSON in UTF-8 is refused with 4xx and a JSON answer without a stack', async () => {
  const { url } = await standard();
  const refused: readonly (readonly [number, Record<string, string>, string])[] = [
    [415, { 'content-type': 'text/plain' }, question],
    [415, { 'content-type': 'application/x-www-form-urlencoded' }, 'query={__typename}'],
    [415, { 'content-type': 'multipart/form-data; boundary=x' }, '--x--'],
    [415, { 'content-type': 'application/json; charset=utf-7' }, question],
    [415, { 'content-type': 'application/json; charset=nonsense' }, question],
    [415, { ...json, 'content-encoding': 'gzip' }, question],
    [400, json, '{'],
    [400, json, ''],
    [400, json, 'null'],
    [400, json, '[]'],
    [400, json, '"{ __typename }"'],
    [400, json, '{"query": 1}'],
    [400, json, '{"query": ""}'],
    [400, json, '{"query": "{ __typename }", "variables": "x"}'],
    [400, json, '{"query": "{ __typename }", "variables": {"__proto__": {"admin": true}}}'],
    [400, json, '{"query": "{ __typename }", "operationName": "Other"}'],
  ];
  for (const [status, headers, body] of refused) {
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
    const text = await response.text();
    const what = `${JSON.stringify(headers)} ${body}: ${response.status} ${text}`;
    assert.equal(response.status, status, what);
    assert.equal(JSON.parse(text).errors[0].extensions.code, 'BAD_USER_INPUT', what);
    assert.doesNotMatch(text, /node_modules|\.ts:|\bat .*\(/, what);
  }
});

test('a mutation by GET is refused with 405, a query by GET without a header that no form can send with 400', async () => {
  const { url } = await standard();
  const preflight = { 'apollo-require-preflight': 'true' };
  const get = (query: string, headers: Record<string, string>) =>
    fetch(`${url}/graphql?query=${encodeURIComponent(query)}`, { headers });
  assert.equal((await get('mutation { cancelJob(id: "x") { job { id } } }', preflight)).status, 405);
  assert.equal((await get('{ __typename }', {})).status, 400);
  assert.equal((await get('{ __typename }', preflight)).status, 200);
});

test('a server on loopback answers to its own names and pages only', async () => {
  const { url } = await standard();
  const { port } = new URL(url);
  const ask = (headers: Record<string, string>) => rawRequest(`${url}/graphql`, { ...json, ...headers }, question);
  for (const host of [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    'localhost',
    'LOCALHOST.',
    `[::1]:${port}`,
    'a.localhost',
  ]) {
    assert.equal((await ask({ host })).status, 200, host);
  }
  for (const host of [
    'attacker.tld',
    `attacker.tld:${port}`,
    '192.168.0.1',
    'localhost.attacker.tld',
    'localhost@x.tld',
  ]) {
    assert.equal((await ask({ host })).status, 403, host);
  }
  assert.match(await conversation(url, 'GET /health HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'), /^HTTP\/1.1 403/);
  for (const origin of [url, `http://localhost:${port}`, 'http://localhost:5173', 'http://[::1]:3000']) {
    assert.equal((await ask({ origin })).status, 200, origin);
  }
  for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example', 'file://']) {
    const { status, body } = await ask({ origin });
    assert.equal(status, 403, origin);
    assert.equal(JSON.parse(body).errors[0].extensions.code, 'FORBIDDEN');
  }
});

test('a foreign page may ask when its origin is listed, and is told so before it asks', async () => {
  const { url } = await start({ CORS_ORIGINS: 'https://example.org' });
  for (const [path, method] of [
    ['/graphql', 'POST'],
    ['/images/1/1/1', 'GET'],
    ['/uploads', 'POST'],
  ] as const) {
    const preflight = await fetch(`${url}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://example.org',
        'access-control-request-method': method,
        'access-control-request-headers': 'content-type,authorization',
      },
    });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get('access-control-allow-origin'), 'https://example.org');
    assert.match(String(preflight.headers.get('access-control-allow-headers')), /authorization/);
    assert.equal(preflight.headers.get('access-control-allow-credentials'), null);
  }
  const answer = await rawRequest(`${url}/images/1/1/1`, { origin: 'https://example.org' });
  assert.equal(answer.status, 404);
  assert.equal((await rawRequest(`${url}/images/1/1/1`, { origin: 'https://example.com' })).status, 403);
});

test('the element may be loaded by a page of any origin', async () => {
  const { url } = await standard();
  const response = await fetch(`${url}/embedding-map.js`, { headers: { origin: 'https://anywhere.example' } });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('access-control-allow-origin'), 'https://anywhere.example');
  assert.match(String(response.headers.get('content-type')), /^text\/javascript/);
  const again = await fetch(`${url}/embedding-map.js`, {
    headers: { 'if-none-match': String(response.headers.get('etag')) },
  });
  assert.equal(again.status, 304);
});

test('listening on every address, addresses are known and names only when they are listed', () => {
  const config = readConfig({ HOST: '0.0.0.0', ALLOWED_HOSTS: 'maps.example.org' });
  for (const host of ['192.168.0.7:4000', 'localhost:4000', 'maps.example.org', 'MAPS.example.org:443', '[fe80::1]']) {
    checkHost(host, config);
  }
  for (const host of ['rebound.attacker.tld', undefined, '']) {
    assert.throws(() => checkHost(host, config), { code: 'FORBIDDEN' });
  }
  // Pages on this machine are strangers then.
  assert.throws(() => checkOrigin({ origin: 'http://localhost:3000', host: '192.168.0.7:4000' }, config), {
    code: 'FORBIDDEN',
  });
  checkOrigin({ origin: 'https://maps.example.org', host: 'maps.example.org' }, config);
});

test('with a token, changing and watching need it, and reading does not', async () => {
  const server = await start({ AUTH_TOKEN: 'a-secret' });
  const change = 'mutation { cancelJob(id: "x") { job { id } } }';
  const cases: readonly (readonly [Record<string, string>, number, string])[] = [
    [{}, 401, 'UNAUTHENTICATED'],
    [{ authorization: 'Bearer wrong' }, 401, 'UNAUTHENTICATED'],
    [{ authorization: 'Basic a-secret' }, 401, 'UNAUTHENTICATED'],
    [{ authorization: 'Bearer ' }, 401, 'UNAUTHENTICATED'],
    [{ authorization: 'Bearer a-secret' }, 200, 'BAD_USER_INPUT'], // let in, and told that "x" is no id
    [{ authorization: 'bearer  a-secret' }, 200, 'BAD_USER_INPUT'],
  ];
  for (const [headers, status, code] of cases) {
    const answer = await server.ask(change, {}, headers);
    assert.equal(answer.status, status, JSON.stringify(headers));
    assert.equal(answer.errors[0]?.extensions.code, code);
    if (status === 401) assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
  }
  assert.equal((await server.ask('{ __typename }')).status, 200);
  const upload = await server.fetch('/uploads?name=a.csv', { method: 'POST', body: 'a,b' });
  assert.equal(upload.status, 401);
});

test('beyond this machine and without a token nothing can be changed, and everything read', async () => {
  const server = await start({ HOST: '0.0.0.0' });
  const answer = await server.ask('mutation { cancelJob(id: "x") { job { id } } }');
  assert.equal(answer.status, 403);
  assert.equal(answer.errors[0]?.extensions.code, 'FORBIDDEN');
  assert.match(String(answer.errors[0]?.message), /AUTH_TOKEN/);
  const upload = await server.fetch('/uploads?name=a.csv', { method: 'POST', body: 'a,b' });
  assert.equal(upload.status, 403);
  assert.deepEqual(await server.data('{ datasets { totalCount } }'), { datasets: { totalCount: 0 } });
});

test('who sends the head or the body of a request too slowly is cut off', async () => {
  const { url } = await start({}, { headersMs: 300, bodyMs: 300 });
  assert.match(await conversation(url, 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Slow: '), /^HTTP\/1.1 408/);
  const heard = await conversation(
    url,
    'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n',
    '{"query":',
  );
  assert.match(heard, /^HTTP\/1.1 408/);
  assert.match(heard, /"code":"TIMEOUT"/);
});

test('what is not HTTP is answered with 400', async () => {
  const { url } = await standard();
  assert.match(await conversation(url, 'nonsense\r\n\r\n'), /^HTTP\/1.1 400/);
});

test('an address that nothing is at gives 404 as JSON', async () => {
  const { url } = await standard();
  for (const path of ['/nothing', '/.env', '/images/../../etc/passwd', '/graphiql/../package.json', '/%00']) {
    const { status, body } = await rawRequest(`${url}${path}`, {});
    assert.ok(status === 404 || status === 400, `${path}: ${status}`);
    assert.ok(JSON.parse(body).errors[0].extensions.code);
  }
});

test('GraphiQL comes from the server itself, with nothing of another origin', async () => {
  const { url } = await standard();
  const page = await fetch(`${url}/graphiql`);
  assert.equal(page.status, 200);
  assert.match(String(page.headers.get('content-security-policy')), /script-src 'self';/);
  const html = await page.text();
  assert.doesNotMatch(html, /https?:\/\//);
  const files = [...html.matchAll(/(?:src|href)="(graphiql[^"]+)"/g)].map(([, file]) => file);
  assert.equal(files.length, 5);
  for (const file of files) {
    const response = await fetch(`${url}/${file}`);
    assert.equal(response.status, 200, file);
    await response.body?.cancel();
  }
});

test('a port that is taken, an address that is none, a data directory that cannot be: one sentence each', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const dataDir = await mkdtemp(join(tmpdir(), 'embedding-map-test-'));
  const file = join(dataDir, 'file');
  await writeFile(file, '');
  const environment = { PORT: String(port), DATA_DIR: dataDir, WORKERS: '0', LOG_LEVEL: 'silent' };
  try {
    await assert.rejects(startServer(readConfig(environment)), { code: 'CONFLICT', message: /Port \d+ .* is taken/ });
    await assert.rejects(startServer(readConfig({ ...environment, PORT: '0', HOST: '203.0.113.7' })), {
      code: 'BAD_USER_INPUT',
      message: /203\.0\.113\.7/,
    });
    for (const impossible of [join(file, 'under'), ...(existsSync('/proc/self') ? ['/proc/no/such'] : [])]) {
      await assert.rejects(startServer(readConfig({ ...environment, PORT: '0', DATA_DIR: impossible })), {
        code: 'UNAVAILABLE',
        message: /cannot be written to/,
      });
    }
  } finally {
    other.close();
    await rm(dataDir, { recursive: true });
  }
});

test('while the server starts and stops its port says so', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'embedding-map-test-'));
  // A port that is free now.
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  probe.close();
  await once(probe, 'close');
  const url = `http://127.0.0.1:${port}`;
  try {
    const starting = startServer(
      readConfig({ PORT: String(port), DATA_DIR: dataDir, WORKERS: '0', LOG_LEVEL: 'silent' }),
    );
    let first: Response | null = null;
    while (first === null) {
      first = await fetch(`${url}/health`).catch(() => null);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(first.status, 503);
    assert.deepEqual(await first.json(), { status: 'starting', reason: 'The server is starting.' });
    const asked = await fetch(`${url}/graphql`, { method: 'POST', headers: json, body: question });
    assert.equal(asked.status, 503);
    assert.equal((await asked.json()).errors[0].extensions.code, 'UNAVAILABLE');

    const server = await starting;
    assert.equal((await fetch(`${url}/health`)).status, 200);
    const stopping = server.close();
    const last = await fetch(`${url}/health`);
    assert.equal(last.status, 503);
    assert.deepEqual(await last.json(), { status: 'stopping', reason: 'The server is stopping.' });
    await stopping;
    await assert.rejects(fetch(`${url}/health`));
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
