/**
 * /graphiql: an editor for queries, from packages that are installed. It asks no other server for anything.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import type { FastifyInstance } from 'fastify';

import { hasCopy } from './conditions.ts';

const require = createRequire(import.meta.url);
const packageFile = (name: string, file: string): string =>
  join(dirname(require.resolve(`${name}/package.json`)), file);

const files = {
  'graphiql.css': { type: 'text/css; charset=utf-8', path: packageFile('graphiql', 'graphiql.min.css') },
  'graphiql.js': { type: 'text/javascript; charset=utf-8', path: packageFile('graphiql', 'graphiql.min.js') },
  'react.js': { type: 'text/javascript; charset=utf-8', path: packageFile('react', 'umd/react.production.min.js') },
  'react-dom.js': {
    type: 'text/javascript; charset=utf-8',
    path: packageFile('react-dom', 'umd/react-dom.production.min.js'),
  },
} as const;

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>GraphiQL: embedding-map</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="graphiql/graphiql.css">
<style>html, body, #graphiql { height: 100%; margin: 0; }</style>
</head>
<body>
<div id="graphiql"></div>
<script src="graphiql/react.js"></script>
<script src="graphiql/react-dom.js"></script>
<script src="graphiql/graphiql.js"></script>
<script src="graphiql/start.js"></script>
</body>
</html>
`;

const start = `const defaultQuery = \`# Ctrl + Enter runs, Ctrl + Space completes.
# A server with a token wants {"authorization": "Bearer …"} below, under Headers.
query Datasets {
  datasets {
    totalCount
    nodes {
      slug
      title
      kind
      itemCount
      fields { name type }
      embeddings { name dimension metric projections { name method components } }
    }
  }
}
\`;

async function ask(parameters, { headers = {} } = {}) {
  const response = await fetch('graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify(parameters),
  });
  return response.json();
}

// Subscriptions come as server-sent events: blocks of lines "event: next" and "data: {…}", parted by empty lines.
async function* watch(parameters, { headers = {} } = {}) {
  const stopped = new AbortController();
  try {
    const response = await fetch('graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
      body: JSON.stringify(parameters),
      signal: stopped.signal,
    });
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
      yield await response.json();
      return;
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      const blocks = text.split('\\n\\n');
      text = blocks.pop();
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (/^event: complete$/m.test(block)) return;
        if (data) yield JSON.parse(data);
      }
    }
  } finally {
    stopped.abort();
  }
}

function operationOf(document, name) {
  const operations = document?.definitions.filter(({ kind }) => kind === 'OperationDefinition') ?? [];
  return operations.find((operation) => !name || operation.name?.value === name)?.operation;
}

const fetcher = (parameters, options) =>
  operationOf(options?.documentAST, parameters.operationName) === 'subscription'
    ? watch(parameters, options)
    : ask(parameters, options);

ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, { fetcher, defaultQuery, shouldPersistHeaders: false }),
);
`;

/** CodeMirror, in which GraphiQL edits, sets styles on its elements. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

export async function graphiqlRoutes(app: FastifyInstance): Promise<void> {
  app.get('/graphiql', (_request, reply) =>
    reply
      .headers({ 'content-security-policy': contentSecurityPolicy, 'cache-control': 'no-cache' })
      .type('text/html; charset=utf-8')
      .send(page),
  );
  app.get('/graphiql/start.js', (_request, reply) =>
    reply.header('cache-control', 'no-cache').type('text/javascript; charset=utf-8').send(start),
  );
  for (const [name, { type, path }] of Object.entries(files)) {
    app.get(`/graphiql/${name}`, async ({ headers }, reply) => {
      const bytes = await readFile(path);
      const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
      reply.headers({ etag, 'cache-control': 'no-cache' });
      if (hasCopy(headers['if-none-match'], etag)) return reply.code(304).send();
      return reply.type(type).send(bytes);
    });
  }
}
