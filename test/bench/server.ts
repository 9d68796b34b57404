/** A server in a process of its own, as users run it, that also tells what can only be seen from within. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';

import type { Parameter } from '../../server/database/database.ts';
import { readsTypescript } from '../helpers/typescript.ts';
import type { Place } from './places.ts';

export type Question =
  /** Milliseconds that the statement takes in a transaction after `before`, or by itself. */
  | {
      readonly type: 'sql';
      readonly before: string | null;
      readonly sql: string;
      readonly parameters: readonly Parameter[];
    }
  /** Forgets the delays of the event loop so far. */
  | { readonly type: 'forgetDelays' }
  /** The 99th percentile of the delays since, in milliseconds. */
  | { readonly type: 'delay' };

export interface BenchServer {
  readonly url: string;
  ask(question: Question): Promise<number>;
}

export async function withServer<T>(place: Place, use: (server: BenchServer) => Promise<T>): Promise<T> {
  return withProcess('./server.process.ts', [], place.environment, (url, child) => use({ url, ask: askable(child) }));
}

/** The questions that a process answers. */
export function askable(child: Child): BenchServer['ask'] {
  return async (question) => {
    child.send(question);
    const [answer]: [{ value: number } | { error: string }] = await receive(child);
    if ('error' in answer) throw new Error(answer.error);
    return answer.value;
  };
}

type Child = ReturnType<typeof fork>;

/** Lends a process that sends its URL first. */
export async function withProcess<T>(
  module: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>>,
  use: (url: string, child: Child) => Promise<T>,
): Promise<T> {
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), parameters, {
    execArgv: [...readsTypescript],
    env: { PATH: process.env['PATH'], ...environment },
  });
  try {
    const [{ url }]: [{ url: string }] = await receive(child);
    return await use(url, child);
  } finally {
    if (child.connected) child.disconnect();
    if (child.exitCode === null) await once(child, 'exit');
  }
}

/** The next message. */
async function receive<T>(child: Child): Promise<[T]> {
  const ended = new AbortController();
  const exit = once(child, 'exit', { signal: ended.signal }).then(() => {
    throw new Error('The process of the benchmark ended.');
  });
  try {
    const [message] = await Promise.race([once(child, 'message', { signal: ended.signal }), exit]);
    return [message];
  } finally {
    ended.abort();
    exit.catch(() => {});
  }
}

/** One connection that is kept open, as a browser does. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

export interface Answer {
  readonly body: Buffer;
  /** From sending the request to the first byte of the body, and to the last. */
  readonly firstByteMs: number;
  readonly wholeMs: number;
}

/** @throws when the answer is not 200 */
export async function fetchTimed(url: string, json?: unknown): Promise<Answer> {
  const begun = performance.now();
  const asked = request(url, {
    agent,
    method: json === undefined ? 'GET' : 'POST',
    headers: { 'accept-encoding': 'identity', ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
  });
  asked.end(json === undefined ? undefined : JSON.stringify(json));
  const [response] = await once(asked, 'response');
  const pieces: Buffer[] = [];
  let firstByteMs = 0;
  for await (const piece of response) {
    if (pieces.length === 0) firstByteMs = performance.now() - begun;
    pieces.push(piece);
  }
  const wholeMs = performance.now() - begun;
  const body = Buffer.concat(pieces);
  if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode} ${body.subarray(0, 500)}`);
  return { body, firstByteMs, wholeMs };
}

/** The data of a GraphQL answer. @throws when there are errors */
export async function askGraphql<Data>(
  { url }: Pick<BenchServer, 'url'>,
  query: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<{ data: Data; wholeMs: number }> {
  const { body, wholeMs } = await fetchTimed(`${url}/graphql`, { query, variables });
  const { data, errors }: { data: Data; errors?: unknown } = JSON.parse(body.toString());
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return { data, wholeMs };
}
