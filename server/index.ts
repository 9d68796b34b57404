/**
 * The server from its configuration: listen, open the database, bring it up to date, start the workers, answer. It stops
 * in reverse.
 */
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access as accessFile, mkdir } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { destination, pino } from 'pino';

import { createAccess } from './access.ts';
import type { Config } from './config.ts';
import type { Database } from './database/database.ts';
import { announceServer, openDatabase } from './database/open.ts';
import { removeLeftovers } from './datasets/removeLeftovers.ts';
import { Resident } from './embeddings/resident.ts';
import { UserError } from './errors.ts';
import { createGraphql } from './graphql.ts';
import { answerUnavailable, createHttp } from './http.ts';
import { startWorkers } from './jobs/workers.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { migrateSchema } from './migrate.ts';

export interface RunningServer {
  /** Where it is reached, without a slash at the end. */
  readonly url: string;
  readonly database: Database;
  /** Lets running requests end within a grace time, gives back the jobs at work, frees all. */
  close(): Promise<void>;
}

/**
 * Starts a server. Its port answers /health with 503 and the reason from the first moment.
 * @throws UserError when the port, the data directory or the database cannot be had; nothing is left open then
 */
export async function startServer(config: Config, limits: Limits = defaultLimits): Promise<RunningServer> {
  const log = pino({ level: config.logLevel }, destination({ dest: 2, sync: false }));
  const opened: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) {
      await close().catch((error: unknown) => log.error(error, 'not everything could be closed'));
    }
  };

  try {
    await prepareDirectory(config.dataDir);
    const port = await openPort(config, limits);
    opened.push(port.close);

    const database = await openDatabase(config, (message) => log.warn(message));
    opened.push(() => database.close());
    await migrateSchema(database);

    const access = createAccess(config);
    const graphql = await createGraphql(config, limits, access, log);
    const resident = new Resident(database, { databaseUrl: config.databaseUrl, bytes: config.residentBytes });
    opened.push(() => resident.close());
    const http = await createHttp(port.server, { config, database, resident, limits, access, graphql, log });
    opened.push(http.close);

    const workers = await startWorkers(database, config, { log });
    removeLeftovers(database, config.dataDir).catch((error: unknown) =>
      log.warn(error, 'leftovers could not be removed'),
    );
    opened.push(() => workers.stop());

    await announceServer(config, port.url);
    port.answerBy(http.answer);
    log.info({ url: port.url, engine: database.engine }, 'ready');
    return {
      url: port.url,
      database,
      async close() {
        port.answerBy(answerUnavailable('stopping', 'The server is stopping.'));
        log.info('stopping');
        await http.endStreams();
        await port.settle(limits.graceMs);
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

interface Port {
  readonly server: Server;
  readonly url: string;
  /** Hands further requests to `answer`. */
  answerBy(answer: RequestListener): void;
  /** Waits until no request is being answered, `graceMs` at most. */
  settle(graceMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Listens; until told otherwise, everything is answered with 503. @throws UserError when the port cannot be had */
async function openPort({ host, port }: Config, limits: Limits): Promise<Port> {
  let answer = answerUnavailable('starting', 'The server is starting.');
  let running = 0;
  let settled = (): void => {};
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: 0, // bodies have limits of their own: see http.ts
      connectionsCheckingInterval: Math.min(limits.headersMs, 5_000),
    },
    (request, response) => {
      running++;
      response.once('close', () => {
        running--;
        if (running === 0) settled();
      });
      answer(request, response);
    },
  );
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw portError(error, host, port);
  }
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return {
    server,
    url: `http://${name}:${actual}`,
    answerBy(next) {
      answer = next;
    },
    async settle(graceMs) {
      if (running === 0) return;
      await Promise.race([
        new Promise<void>((resolve) => (settled = resolve)),
        sleep(graceMs, undefined, { ref: false }),
      ]);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function portError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return new UserError(
        'CONFLICT',
        `Port ${port} of ${host} is taken by another program. Stop that one, or set PORT.`,
      );
    case 'EACCES':
      return new UserError(
        'FORBIDDEN',
        `Port ${port} of ${host} may not be opened by this user. Set PORT to 1024 or more.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new UserError('BAD_USER_INPUT', `HOST is "${host}", which is no address of this machine.`);
    default:
      return error;
  }
}

/** @throws UserError when the directory cannot be made or written to */
async function prepareDirectory(dataDir: string): Promise<void> {
  try {
    await makeDirectory(dataDir);
    await accessFile(dataDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new UserError(
      'UNAVAILABLE',
      `The data directory ${dataDir} cannot be written to (${code}). Set DATA_DIR to a directory that this user may write to.`,
    );
  }
}

/** As `mkdir` with `recursive`, which on Node 20 never returns where a parent is there and takes no children, as `/proc`. */
async function makeDirectory(path: string): Promise<void> {
  const make = () =>
    mkdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  try {
    await make();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT') || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await make();
  }
}
