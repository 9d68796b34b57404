/**
 * /graphql: GraphQL over HTTP by Apollo; operations that go on (subscriptions) over a WebSocket (`graphql-transport-ws`)
 * or as server-sent events.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLError } from 'graphql';
import { createHandler, type Response } from 'graphql-sse';
import { useServer as serveWebSockets } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';

import { UserError } from '../errors.ts';
import { type Graphql, OperationRefused } from '../graphql.ts';
import { checkHost, checkOrigin } from '../origins.ts';
import { type Context, createContext } from '../resolvers/context.ts';
import type { Services } from '../services.ts';

const PATH = '/graphql';
/** Between two signs of life on a WebSocket, in milliseconds; proxies close what is silent for a minute. */
const KEEP_ALIVE_MS = 12_000;

/** WebSockets and event streams that are open. */
interface Streams {
  open: number;
}

/** Adds the routes. @returns what ends the open streams */
export function graphqlRoutes(app: FastifyInstance, server: Server, services: Services): { close(): Promise<void> } {
  const streams: Streams = { open: 0 };
  const events = serveEvents(services, streams);
  const sockets = serveSockets(server, services, streams);
  const answerByApollo = fastifyApolloHandler<Context>(services.graphql.apollo, {
    context: async (request, reply) => contextOf(services, request, reply),
  });

  app.route({
    method: ['GET', 'POST'],
    url: PATH,
    handler(request, reply) {
      if (request.headers.accept === 'text/event-stream') return events.answer(request, reply);
      return answerByApollo.call(this, request, reply);
    },
  });

  return {
    async close() {
      events.close();
      await sockets.close();
    },
  };
}

function contextOf(services: Services, request: FastifyRequest, reply: FastifyReply): Context {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return createContext(services, {
    authorization: request.headers.authorization,
    signal: gone.signal,
    log: services.log.child({ reqId: request.id }),
  });
}

// Server-sent events --------------------------------------------------------------------------------------------------

/** One operation for each request ("distinct connections" of the protocol). */
function serveEvents({ graphql, ...services }: Services, streams: Streams) {
  const open = new Set<AsyncGenerator<string, void, undefined>>();
  const handle = createHandler<FastifyRequest, FastifyReply, Context & Record<PropertyKey, unknown>>({
    authenticate: () => null,
    onSubscribe({ raw, context }, { query, operationName, variables }) {
      const operationContext = { ...contextOf({ graphql, ...services }, raw, context) };
      try {
        const prepared = graphql.prepare({ query, operationName, variables }, operationContext);
        return { ...prepared, contextValue: operationContext };
      } catch (error) {
        return refusal(error, graphql, operationContext);
      }
    },
    validate: () => [], // `prepare` has
    onNext: (context, _request, result) =>
      result.errors === undefined ? undefined : { ...result, errors: graphql.format(result.errors, context.log) },
  });

  return {
    async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      if (streams.open >= services.limits.streams) throw tooManyStreams();
      const [body, { status, headers }] = await handle({
        method: request.method,
        url: request.url,
        headers: { get: (name) => one(request.headers[name]) },
        body: () => (isRecord(request.body) ? request.body : null),
        raw: request,
        context: reply,
      });
      reply.code(status).headers(headers ?? {});
      if (body === null || typeof body === 'string') return reply.send(body);

      streams.open++;
      open.add(body);
      const { raw } = reply.hijack();
      raw.once('close', () => void body.return());
      raw.writeHead(status, { ...plain(reply.getHeaders()), 'x-accel-buffering': 'no' });
      try {
        for await (const event of body) {
          if (raw.destroyed) break;
          // A reader that does not keep up holds back the operation, not our memory.
          if (!raw.write(event)) await new Promise((resolve) => raw.once('drain', resolve).once('close', resolve));
        }
      } catch (error) {
        request.log.error(error, 'an event stream failed');
      } finally {
        streams.open--;
        open.delete(body);
        raw.end();
      }
      return reply;
    },
    close(): void {
      for (const body of open) void body.return();
    },
  };
}

/** Why an operation does not become a stream, as an ordinary answer. */
function refusal(error: unknown, graphql: Graphql, { log }: Context): Response {
  if (!(error instanceof OperationRefused)) throw error;
  const errors = graphql.format(error.errors, log);
  const code = errors[0]?.extensions?.['code'];
  const status = code === 'UNAUTHENTICATED' ? 401 : code === 'FORBIDDEN' ? 403 : 400;
  return [
    JSON.stringify({ errors }),
    {
      status,
      statusText: '',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      },
    },
  ];
}

// WebSockets ----------------------------------------------------------------------------------------------------------

function serveSockets(server: Server, { graphql, ...services }: Services, streams: Streams) {
  const { limits, config } = services;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.bodyBytes });
  const closed = new WeakMap<WebSocket, AbortSignal>();

  const told = (errors: readonly GraphQLError[]) => graphql.format(errors, services.log).map((error) => error.toJSON());

  const conversations = serveWebSockets(
    {
      connectionInitWaitTimeout: limits.connectionInitMs,
      onSubscribe({ extra, connectionParams, subscriptions }, _id, payload) {
        const context = createContext(services, {
          authorization: authorizationOf(connectionParams, extra.request),
          signal: closed.get(extra.socket) ?? AbortSignal.abort(),
          log: services.log,
        });
        try {
          const { operationsPerSocket } = limits;
          if (Object.keys(subscriptions).length > operationsPerSocket) {
            const message = `This socket has ${operationsPerSocket} operations under way, as many as it may. Complete some first.`;
            throw OperationRefused.because(new UserError('LIMIT_EXCEEDED', message));
          }
          return graphql.prepare(payload, context);
        } catch (error) {
          if (error instanceof OperationRefused) return error.errors;
          throw error;
        }
      },
      onError: (_context, _id, _payload, errors) => told(errors),
      onNext(_context, _id, _payload, _args, { data = null, errors }) {
        return errors === undefined ? undefined : { data, errors: told(errors) };
      },
      isProd: true, // reasons of closing carry no messages of ours
    },
    sockets,
    KEEP_ALIVE_MS,
  );

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    const refuse = (status: string): void => {
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    };
    try {
      checkHost(request.headers.host, config);
      checkOrigin(request.headers, config);
    } catch {
      refuse('403 Forbidden');
      return;
    }
    if (request.url?.split('?', 1)[0] !== PATH) {
      refuse('404 Not Found');
      return;
    }
    if (streams.open >= limits.streams) {
      refuse('503 Service Unavailable');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      streams.open++;
      const gone = new AbortController();
      closed.set(webSocket, gone.signal);
      webSocket.once('close', () => {
        streams.open--;
        gone.abort();
      });
      sockets.emit('connection', webSocket, request);
    });
  };
  server.on('upgrade', upgrade);

  return {
    async close(): Promise<void> {
      server.off('upgrade', upgrade);
      await conversations.dispose();
    },
  };
}

/** A browser cannot set headers on a WebSocket: there the token comes in the first message. */
function authorizationOf(
  parameters: Readonly<Record<string, unknown>> | undefined,
  request: IncomingMessage,
): string | undefined {
  const given = parameters?.['authorization'] ?? parameters?.['Authorization'];
  return typeof given === 'string' ? given : request.headers.authorization;
}

function tooManyStreams(): UserError {
  return new UserError('UNAVAILABLE', 'As many streams are open as the server allows. Try again later.');
}

function isRecord(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}

function one(header: string | string[] | undefined): string | null {
  return Array.isArray(header) ? header.join(', ') : (header ?? null);
}

function plain(
  headers: Readonly<Record<string, number | string | string[] | undefined>>,
): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'number' ? String(value) : value]],
    ),
  );
}
