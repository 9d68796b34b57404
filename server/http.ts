/**
 * The HTTP side: what every request has to pass, whatever it asks for, and which routes there are.
 */
import { randomUUID } from 'node:crypto';
import type { RequestListener, Server, ServerResponse } from 'node:http';

import cors from '@fastify/cors';
import fastify, { type FastifyBaseLogger, type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';

import type { ErrorCode, ErrorRecord } from './errors.ts';
import { errorRecordOf } from './graphql.ts';
import type { Limits } from './limits.ts';
import { checkHost, checkOrigin } from './origins.ts';
import { exportsRoutes } from './routes/exports.ts';
import { frameRoutes } from './routes/frames.ts';
import { graphiqlRoutes } from './routes/graphiql.ts';
import { graphqlRoutes } from './routes/graphql.ts';
import { healthRoutes } from './routes/health.ts';
import { imageRoutes } from './routes/images.ts';
import { pageRoutes } from './routes/pages.ts';
import { pointsRoutes } from './routes/points.ts';
import { ranksRoutes } from './routes/ranks.ts';
import { uploadRoutes } from './routes/uploads.ts';
import { vectorsRoutes } from './routes/vectors.ts';
import type { Services } from './services.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A page of any origin may load it: it holds no data. */
    anyOrigin?: boolean;
    /** Its body may take as long as it goes on arriving. */
    longBody?: boolean;
  }
}

const statusOf: Readonly<Record<ErrorCode, number>> = {
  BAD_USER_INPUT: 400,
  NOT_FOUND: 404,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  CONFLICT: 409,
  LIMIT_EXCEEDED: 413,
  TIMEOUT: 504,
  CANCELLED: 499,
  UNAVAILABLE: 503,
  INTERNAL_SERVER_ERROR: 500,
};

export interface Http {
  /** Answers the requests of the server. */
  readonly answer: RequestListener;
  /** Ends what would go on by itself: WebSockets and event streams. */
  endStreams(): Promise<void>;
  close(): Promise<void>;
}

/** The application behind a server that listens already. */
export async function createHttp(server: Server, services: Services): Promise<Http> {
  const { config, limits } = services;
  const log: FastifyBaseLogger = services.log;
  let answer: RequestListener | undefined;
  const app = fastify({
    serverFactory(handle) {
      answer = handle;
      return server;
    },
    loggerInstance: log,
    logController: new fastify.LogController({ disableRequestLogging: true }), // one line per request, below
    genReqId: () => randomUUID(),
    bodyLimit: limits.bodyBytes,
    // Names that would reach Object.prototype are refused with 400.
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    routerOptions: { maxParamLength: 200 },
  });

  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    reply.header('x-request-id', request.id);
    checkHost(request.headers.host, config);
    if (request.routeOptions.config.anyOrigin !== true) {
      checkOrigin(request.headers, config);
    }
    checkBody(request);
    limitBodyTime(request, reply, limits);
  });
  app.addHook('onSend', async (_request, reply) => {
    // What an answer allows depends on the origin of the asking page, whatever else a route says it depends on.
    const vary = reply.getHeader('vary');
    if (!/\borigin\b/i.test(String(vary ?? '')))
      reply.header('vary', vary === undefined ? 'Origin' : `${vary}, Origin`);
  });
  app.addHook('onResponse', async (request, reply) => {
    request.log.debug(
      {
        method: request.method,
        path: request.url.split('?', 1)[0],
        status: reply.statusCode,
        milliseconds: Math.round(reply.elapsedTime),
      },
      'answered',
    );
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { status, record } = fromHttpError(error);
    const gone = request.raw.destroyed && !request.raw.complete;
    if (record.code === 'INTERNAL_SERVER_ERROR' && !gone) request.log.error(error);
    else request.log.debug(error);
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    if (status === 408 || status === 413) reply.header('connection', 'close');
    return reply.code(status).send(errorBody(record));
  });
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .send(errorBody({ code: 'NOT_FOUND', message: `There is nothing for ${request.method} at this address.` })),
  );

  await app.register(cors, {
    origin: config.corsOrigins.includes('*') ? '*' : true, // foreign origins did not come this far
    methods: ['GET', 'HEAD', 'POST'],
    allowedHeaders: [
      'content-type',
      'authorization',
      'apollo-require-preflight',
      'x-apollo-operation-name',
      'if-none-match',
      'range',
    ],
    exposedHeaders: ['etag', 'content-length', 'content-range', 'x-request-id'],
    maxAge: 600,
  });
  await app.register(healthRoutes, services);
  const streams = graphqlRoutes(app, server, services);
  await app.register(graphiqlRoutes, services);
  await app.register(uploadRoutes, services);
  await app.register(imageRoutes, services);
  await app.register(pointsRoutes, services);
  await app.register(vectorsRoutes, services);
  await app.register(exportsRoutes, services);
  await app.register(frameRoutes, services);
  await app.register(ranksRoutes, services);
  await app.register(pageRoutes, services);
  await app.ready();
  if (answer === undefined) throw new Error('Fastify did not ask for its server.');
  return {
    answer,
    endStreams: () => streams.close(),
    close: () => app.close(),
  };
}

/** What answers while the server cannot: 503 with the reason. */
export function answerUnavailable(status: 'starting' | 'stopping', reason: string): RequestListener {
  return (request, response) => {
    const health = request.url?.split('?', 1)[0] === '/health';
    const body = health ? { status, reason } : errorBody({ code: 'UNAVAILABLE', message: reason });
    endWithJson(response, 503, body, { 'retry-after': '1', connection: 'close' });
  };
}

function endWithJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string>): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(text);
}

/** The shape of every error that is not the answer to a GraphQL document: the same as there. */
function errorBody({ code, message, ...place }: ErrorRecord): object {
  return { errors: [{ message, extensions: { code, ...place } }] };
}

function fromHttpError(error: FastifyError): { status: number; record: ErrorRecord } {
  const refused = (status: number, code: ErrorCode, message: string) => ({ status, record: { code, message } });
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refused(413, 'LIMIT_EXCEEDED', 'The body is larger than is allowed here.');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return refused(415, 'BAD_USER_INPUT', 'The body is of a type that is not read here; wanted: application/json.');
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return refused(400, 'BAD_USER_INPUT', 'The body is empty; wanted: a JSON object.');
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return refused(400, 'BAD_USER_INPUT', 'The body is not JSON.');
    case 'UNSUPPORTED_MEDIA_TYPE':
      return refused(415, 'BAD_USER_INPUT', error.message);
    case 'REQUEST_TIMEOUT':
      return refused(408, 'TIMEOUT', error.message);
  }
  const record = errorRecordOf(error);
  if (record.code !== 'INTERNAL_SERVER_ERROR') return { status: statusOf[record.code], record };
  // What is left of Fastify's own: malformed addresses, headers and bodies.
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return refused(error.statusCode, 'BAD_USER_INPUT', 'The request is malformed.');
  }
  return { status: 500, record };
}

class HttpError extends Error {
  readonly code: 'UNSUPPORTED_MEDIA_TYPE' | 'REQUEST_TIMEOUT';

  constructor(code: HttpError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Bodies are read as they come: nothing is unpacked, and text is UTF-8. */
function checkBody({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new HttpError('UNSUPPORTED_MEDIA_TYPE', 'The body is packed (Content-Encoding); send it as it is.');
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new HttpError('UNSUPPORTED_MEDIA_TYPE', 'The body is in another character set than UTF-8.');
  }
}

/** Ends requests whose body does not arrive. Node's own limit is one for all routes, and uploads may take hours. */
function limitBodyTime(request: FastifyRequest, reply: FastifyReply, limits: Limits): void {
  const { raw } = request;
  if (raw.complete || (raw.headers['content-length'] === undefined && raw.headers['transfer-encoding'] === undefined)) {
    return;
  }
  const stop = (): void => clearTimeout(timer);
  const late = (): void => {
    stop();
    if (reply.sent) return;
    const error = new HttpError('REQUEST_TIMEOUT', 'The body did not arrive in time.');
    reply.raw.once('close', () => raw.destroy(error)); // whoever reads the body would wait for ever
    reply.send(error);
  };
  let timer: NodeJS.Timeout;
  if (request.routeOptions.config.longBody === true) {
    let seen = raw.socket.bytesRead;
    timer = setInterval(() => {
      if (raw.complete) stop();
      else if (raw.socket.bytesRead === seen) late();
      seen = raw.socket.bytesRead;
    }, limits.uploadIdleMs);
  } else {
    timer = setTimeout(late, limits.bodyMs);
  }
  raw.once('end', stop);
  // Of the answer, since the request does not close where its body is given up.
  reply.raw.once('close', stop);
}
