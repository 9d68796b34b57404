/**
 * A server of one's own on a fresh database, in this process, asked over the network as a client would.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { type Config, readConfig } from '../../server/config.ts';
import type { Database } from '../../server/database/database.ts';
import { type RunningServer, startServer } from '../../server/index.ts';
import { defaultLimits, type Limits } from '../../server/limits.ts';
import { copyPgliteTemplate, copyPostgresTemplate } from './database.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: an answer is what the query asked for
  readonly data: any;
  readonly errors: readonly AnswerError[];
}

export interface AnswerError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string; readonly [name: string]: unknown };
}

export interface TestServer extends RunningServer {
  readonly config: Config;
  /** POST /graphql. */
  ask(query: string, variables?: object, headers?: Record<string, string>): Promise<Answer>;
  /** The same, for what has to succeed: its data. */
  // biome-ignore lint/suspicious/noExplicitAny: an answer is what the query asked for
  data(query: string, variables?: object): Promise<any>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

type Environment = Readonly<Record<string, string>>;
export type StartTestServer = (environment?: Environment, limits?: Partial<Limits>) => Promise<TestServer>;

/**
 * Registers the same tests for a server on PGlite and, where `TEST_DATABASE_URL` is set, on Postgres. Every call of
 * `start` gives another server, without workers where `WORKERS` is not given; all are stopped after the tests.
 */
export function onEveryServer(register: (engine: Database['engine'], start: StartTestServer) => void): void {
  describe('on PGlite', () => register('pglite', starter(null)));
  const url = process.env['TEST_DATABASE_URL'];
  if (url !== undefined && url !== '') {
    describe('on Postgres', () => register('postgres', starter(url)));
  } else {
    test('on Postgres', (context) => {
      if (process.env['CI'] === 'true' && !process.env['SKIP_POSTGRES']) {
        throw new Error('TEST_DATABASE_URL is not set: the tests would not run on Postgres.');
      }
      context.skip('TEST_DATABASE_URL is not set');
    });
  }
}

/** The same on PGlite alone, for what does not depend on the database. */
export function testServers(): StartTestServer {
  return starter(null);
}

function starter(postgres: string | null): StartTestServer {
  const removals: (() => Promise<void>)[] = [];
  after(async () => {
    for (const remove of removals.reverse()) await remove();
  });
  return async (environment = {}, limits = {}) => {
    const dataDir =
      postgres === null ? await copyPgliteTemplate() : await mkdtemp(join(tmpdir(), 'embedding-map-test-'));
    removals.push(() => rm(dataDir, { recursive: true, force: true }));
    const database: Record<string, string> = {};
    if (postgres !== null) {
      const copy = await copyPostgresTemplate(postgres);
      removals.push(copy.remove);
      database['DATABASE_URL'] = copy.url;
    }
    const config = readConfig({
      PORT: '0',
      DATA_DIR: dataDir,
      WORKERS: '0',
      LOG_LEVEL: 'silent',
      ...database,
      ...environment,
    });
    const server = await startServer(config, { ...defaultLimits, ...limits });
    let closing: Promise<void> | null = null;
    const close = (): Promise<void> => {
      closing ??= server.close();
      return closing;
    };
    removals.push(close);
    return { ...server, close, config, ...clientOf(server.url) };
  };
}

/** Asks the server of that address. */
export function clientOf(url: string): Pick<TestServer, 'ask' | 'data' | 'fetch'> {
  const ask: TestServer['ask'] = async (query, variables = {}, headers = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    const body = await response.json();
    return { status: response.status, headers: response.headers, data: body.data, errors: body.errors ?? [] };
  };
  return {
    ask,
    async data(query, variables) {
      const { data, errors } = await ask(query, variables);
      if (errors.length > 0) throw new Error(`The server answered: ${JSON.stringify(errors)}`);
      return data;
    },
    fetch: (path, init) => fetch(`${url}${path}`, init),
  };
}

const jobEnded = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED']);

/** Uploads files as a client would. @returns their ids */
export async function upload(
  { fetch: send }: Pick<TestServer, 'fetch'>,
  files: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>,
): Promise<string[]> {
  const ids: string[] = [];
  for (const [name, body] of Object.entries(files)) {
    const response = await send(`/uploads?name=${encodeURIComponent(name)}`, { method: 'POST', body });
    const { id, errors } = await response.json();
    if (typeof id !== 'string') throw new Error(`The upload of ${name} was refused: ${JSON.stringify(errors)}`);
    ids.push(id);
  }
  return ids;
}

/** Waits until no job is waiting or at work. @throws when one has not succeeded */
export async function allJobs({ data }: Pick<TestServer, 'data'>): Promise<void> {
  // To ask takes some milliseconds of a processor that the jobs want as well: the longer they last, the more seldom.
  for (let pauseMs = 20; ; pauseMs = Math.min(1.2 * pauseMs, 250)) {
    const { jobs } = await data('{ jobs(first: 1000) { nodes { kind state error { code message } } } }');
    const states: { state: string }[] = jobs.nodes;
    const failed = states.filter(({ state }) => state === 'FAILED' || state === 'CANCELLED');
    if (failed.length > 0) throw new Error(`A job has not succeeded: ${JSON.stringify(failed)}`);
    if (states.every(({ state }) => jobEnded.has(state))) return;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
