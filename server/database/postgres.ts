/**
 * The driver of a Postgres of one's own: a pool of connections, and one more for notifications where somebody listens.
 * Statements are prepared under a name only where that is asked for: a plan kept for any parameters cannot use the index of
 * one partition.
 */
import { createHash } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { connect } from 'node:net';

import { Client, type ClientConfig, Pool, type PoolClient } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';

import { UserError } from '../errors.ts';
import type { Database, Parameter, Queryable, QueryOptions, Row } from './database.ts';
import {
  CLOSE_WITHIN_MS,
  DatabaseError,
  databaseIsClosing,
  isConnectionLost,
  readErrorFields,
  transactionFailed,
  unavailable,
} from './databaseError.ts';
import { orAborted, untilAborted, watchInterruption } from './interruption.ts';
import { Listener } from './listener.ts';
import { decoderOf, encodeParameter, sessionSettings, setStatements } from './values.ts';

export interface PostgresOptions {
  /** Most connections at once, beside the one for notifications; 10. Whoever comes when all are in use waits. */
  readonly pool?: number;
  /** How long `close` waits for the statements that were asked for before; then it ends them. 10 s. */
  readonly closeWithinMs?: number;
}

/** Beyond this, for a connection to be made or to become free, the database counts as out of reach. */
const CONNECT_LIMIT_MS = 30_000;
/** A statement that is to stop has this long to do so before its connection is cut. */
const CANCEL_GRACE_MS = 500;

/** Makes a first connection, so that what is wrong with the address is known at once. @throws as any statement does */
export async function openPostgres(
  url: string,
  { pool = 10, closeWithinMs = CLOSE_WITHIN_MS }: PostgresOptions = {},
): Promise<Database> {
  const database = new Postgres(url, pool, closeWithinMs);
  try {
    await database.query('select 1');
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

class Postgres implements Database {
  readonly engine = 'postgres';
  readonly #pool: Pool;
  readonly #listener: Listener;
  readonly #address: Address;
  readonly #inUse = new Set<PoolClient>();
  /** Those who have or wait for a connection. */
  #askers = 0;
  #allServed: () => void = () => {};
  readonly #cutOff = new AbortController();
  #closed: Promise<void> | null = null;
  readonly #closeWithinMs: number;

  constructor(url: string, size: number, closeWithinMs: number) {
    this.#closeWithinMs = closeWithinMs;
    const config: ClientConfig = {
      connectionString: url,
      application_name: 'embedding-map',
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      types: { getTypeParser: (type: number) => decoderOf(type) },
    };
    this.#pool = new Pool({
      ...config,
      max: size,
      idleTimeoutMillis: 30_000,
      onConnect: (client) => client.query(sessionSettings),
    });
    // A connection that is lost while nobody uses it is taken out of the pool, and is no more than that.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => client.on('error', () => {}));
    setMaxListeners(0, this.#cutOff.signal); // each who waits for a connection listens: they may be hundreds
    this.#listener = new Listener(config);
    this.#address = new Client(config);
  }

  query<R extends Row>(sql: string, parameters?: readonly Parameter[], options: QueryOptions = {}): Promise<R[]> {
    return this.#lend(options, (session) => session.query<R>(sql, parameters, options));
  }

  copyIn(
    target: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: QueryOptions = {},
  ): Promise<number> {
    return this.#lend(options, (session) => session.copyIn(target, chunks, options));
  }

  async *copyOut(select: string, options: QueryOptions = {}): AsyncGenerator<Uint8Array> {
    const session = await this.#take(options);
    try {
      yield* session.copyOut(select, options);
    } finally {
      this.#giveBack(session);
    }
  }

  transaction<T>(work: (transaction: Queryable) => Promise<T>, options: QueryOptions = {}): Promise<T> {
    return this.#lend(options, async (session) => {
      const interruption = watchInterruption(options);
      try {
        await session.begin(interruption.signal, options);
        const result = await orAborted(work(session), interruption.signal);
        await session.commit();
        return result;
      } catch (error) {
        await session.rollback();
        throw error;
      } finally {
        interruption.stop();
      }
    });
  }

  listen(channel: string, receive: (payload: string) => void): Promise<() => Promise<void>> {
    return this.#listener.listen(channel, receive);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const deadline = setTimeout(() => {
      this.#cutOff.abort(databaseIsClosing());
      for (const client of this.#inUse) disconnect(client);
    }, this.#closeWithinMs);
    await this.#listener.close();
    // Before the pool is ended, which would forget those who wait for a connection.
    if (this.#askers > 0) {
      await new Promise<void>((resolve) => {
        this.#allServed = resolve;
      });
    }
    await this.#pool.end();
    clearTimeout(deadline);
  }

  async #lend<T>(options: QueryOptions, work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#take(options);
    try {
      return await work(session);
    } finally {
      this.#giveBack(session);
    }
  }

  async #take(options: QueryOptions): Promise<Session> {
    if (this.#closed !== null) throw databaseIsClosing();
    const interruption = watchInterruption(options);
    this.#askers++;
    const connecting = this.#pool.connect();
    try {
      const client = await orAborted(orAborted(connecting, interruption.signal), this.#cutOff.signal);
      this.#inUse.add(client);
      return new Session(client, this.#address);
    } catch (error) {
      // The connection may still come, and then belongs to the next.
      connecting.then((client) => client.release()).catch(() => {});
      this.#served();
      throw translate(error);
    } finally {
      interruption.stop();
    }
  }

  #giveBack(session: Session): void {
    this.#inUse.delete(session.client);
    session.client.release(session.spoilt);
    this.#served();
  }

  #served(): void {
    this.#askers--;
    if (this.#askers === 0) this.#allServed();
  }
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** What one asker does with one connection: one statement, or those of a transaction. */
class Session implements Queryable {
  readonly client: PoolClient;
  /** Whether nobody else may use the connection: it was lost, or a request to cancel may still be on its way to it. */
  spoilt = false;
  readonly #address: Address;
  #transactionSignal: AbortSignal | null = null;
  #last: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(client: PoolClient, address: Address) {
    this.client = client;
    this.#address = address;
  }

  async query<R extends Row>(
    sql: string,
    parameters: readonly Parameter[] = [],
    options: QueryOptions = {},
  ): Promise<R[]> {
    const { rows } = await this.#inTurn(options, async () => {
      if (options.settings !== undefined) {
        this.spoilt = true; // nobody else wants a connection with these settings
        await this.#run(setStatements(options.settings, 'session').join('; '), []);
      }
      return this.#run<R>(sql, parameters, options.prepared === true);
    });
    return rows;
  }

  copyIn(
    target: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: QueryOptions = {},
  ): Promise<number> {
    return this.#inTurn(options, async (signal) => {
      const stream = this.client.query(copyFrom(`copy ${target} from stdin (format binary)`));
      let refused = false;
      const refusal = new Promise<never>((_, reject) => {
        stream.on('error', (error) => {
          refused = true;
          reject(this.#translate(error));
        });
      });
      refusal.catch(() => {});
      try {
        for await (const chunk of untilAborted(chunks, signal)) {
          const written = new Promise<void>((resolve) => stream.write(chunk, () => resolve()));
          await Promise.race([written, refusal]);
        }
        stream.end();
        await Promise.race([once(stream, 'finish'), refusal]);
        return stream.rowCount;
      } catch (error) {
        if (!refused) {
          // Postgres answers to a load that its sender gives up with an error; then the connection is as before.
          stream.destroy(new Error('the source of the rows failed'));
          await refusal.catch(() => {});
        }
        throw error;
      }
    });
  }

  async *copyOut(select: string, options: QueryOptions = {}): AsyncGenerator<Uint8Array> {
    const turn = await this.#takeTurn(options);
    let ended = false;
    try {
      const stream = this.client.query(copyTo(`copy (${select}) to stdout (format binary)`));
      stream.on('error', () => {}); // seen by whoever reads, unless he has left
      try {
        yield* untilAborted<Uint8Array>(stream.iterator({ destroyOnReturn: false }), turn.signal);
        ended = true;
      } catch (error) {
        ended = true;
        throw turn.signal.aborted ? turn.signal.reason : this.#translate(error);
      } finally {
        if (!ended && this.#transactionSignal !== null) {
          // The transaction goes on when all has been read, wanted or not.
          stream.resume();
          await once(stream, 'end').catch(() => {});
        } else if (!ended) {
          this.spoilt = true; // what is left to be read would cost more than a new connection
        }
      }
    } finally {
      turn.end();
    }
  }

  /** @param signal stops whatever is asked from now on */
  async begin(signal: AbortSignal, { settings = {} }: QueryOptions): Promise<void> {
    this.#transactionSignal = signal;
    await this.query(['begin', ...setStatements(settings, 'local')].join('; '));
  }

  /** @throws when a statement had failed, so that nothing is committed */
  async commit(): Promise<void> {
    const { command } = await this.#inTurn({}, () => this.#run('commit', []));
    this.#ended = true;
    if (command === 'ROLLBACK') throw transactionFailed();
  }

  /** Never throws: where it fails the connection is not used again, and its end rolls back as well. */
  async rollback(): Promise<void> {
    this.#ended = true;
    await this.#last;
    if (this.spoilt) return;
    try {
      await this.client.query('rollback');
    } catch {
      this.spoilt = true;
    }
  }

  async #run<R extends Row>(
    sql: string,
    parameters: readonly Parameter[],
    prepared = false,
  ): Promise<{ rows: R[]; command: string }> {
    const values = parameters.map(encodeParameter);
    const name = prepared ? nameOf(sql) : undefined;
    try {
      const answer = await (values.length === 0
        ? this.client.query<R>(sql)
        : this.client.query<R>({ text: sql, values, ...(name === undefined ? {} : { name }) }));
      // Several statements in one give as many answers, which the types of pg know nothing of.
      return Array.isArray(answer) ? answer.at(-1) : answer;
    } catch (error) {
      throw this.#translate(error);
    }
  }

  #translate(error: unknown): unknown {
    const translated = translate(error);
    if (translated instanceof UserError && translated.code === 'UNAVAILABLE') this.spoilt = true;
    return translated;
  }

  async #inTurn<T>(options: QueryOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const turn = await this.#takeTurn(options);
    try {
      return await work(turn.signal);
    } catch (error) {
      throw turn.signal.aborted ? turn.signal.reason : error;
    } finally {
      turn.end();
    }
  }

  /** Waits until what was asked before has ended. Until `end`, the statement is cancelled when it is to stop. */
  async #takeTurn(options: QueryOptions): Promise<{ readonly signal: AbortSignal; end(): void }> {
    const before = this.#last;
    let pass = (): void => {};
    this.#last = new Promise((resolve) => {
      pass = resolve;
    });
    try {
      await before;
      if (this.#ended) throw new Error('The transaction has ended: nothing more can be asked of it.');
      if (this.#transactionSignal?.aborted) throw this.#transactionSignal.reason;
      if (this.spoilt) throw transactionFailed();
      const interruption = watchInterruption(options);
      const signal =
        this.#transactionSignal === null
          ? interruption.signal
          : AbortSignal.any([interruption.signal, this.#transactionSignal]);
      let cutOff: NodeJS.Timeout | undefined;
      const cancel = () => {
        this.spoilt = true;
        requestCancel(this.client, this.#address);
        cutOff = setTimeout(() => disconnect(this.client), CANCEL_GRACE_MS);
      };
      signal.addEventListener('abort', cancel, { once: true });
      return {
        signal,
        end() {
          clearTimeout(cutOff);
          signal.removeEventListener('abort', cancel);
          interruption.stop();
          pass();
        },
      };
    } catch (error) {
      pass();
      throw error;
    }
  }
}

/** The name under which a connection keeps a statement: the same for the same text, in any process. Undefined: there are too many. */
function nameOf(sql: string): string | undefined {
  let name = statementNames.get(sql);
  if (name === undefined && statementNames.size < STATEMENTS_KEPT) {
    name = createHash('sha256').update(sql).digest('hex').slice(0, 32);
    statementNames.set(sql, name);
  }
  return name;
}

/** By text; there are as many as places in the code that ask for it, some of them for each embedding. */
const statementNames = new Map<string, string>();

/** A plan takes some ten kilobytes of each connection's memory at the server. */
const STATEMENTS_KEPT = 500;

/** What the driver throws, as the port has it. */
function translate(error: unknown): unknown {
  const fields = readErrorFields(error);
  if (fields !== null && !isConnectionLost(fields.code)) {
    return new DatabaseError(error instanceof Error ? error.message : String(error), fields);
  }
  // A value that cannot be read, and faults of ours.
  if (error instanceof RangeError || error instanceof TypeError || error instanceof UserError) return error;
  return unavailable(error);
}

/**
 * Asks for the connection's statement to be cancelled, over a connection of its own that needs no place among
 * the server's. Like libpq before 17 it does so in clear: the request is two random numbers that are good for nothing else.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
function requestCancel(client: PoolClient, { host, port }: Address): void {
  if (!('processID' in client) || !('secretKey' in client)) return;
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(80_877_102, 4);
  request.writeInt32BE(Number(client.processID), 8);
  request.writeInt32BE(Number(client.secretKey), 12);
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  socket.on('error', () => {}); // then the statement's own connection is cut after a while
  socket.setTimeout(CANCEL_GRACE_MS, () => socket.destroy());
  socket.end(request);
}

/** Cuts the connection, whatever it does. */
function disconnect(client: PoolClient): void {
  if ('end' in client && typeof client.end === 'function') client.end();
}
