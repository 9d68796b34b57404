/**
 * A database seen from another thread: `serveDatabase` on the side that has it, `connectDatabase` on the other.
 * When the other thread ends, its transactions are rolled back and its statements stopped.
 */
import type { MessagePort } from 'node:worker_threads';

import { type ErrorCode, type Place, UserError } from '../errors.ts';
import type { Database, Parameter, Queryable, QueryOptions, Row } from './database.ts';
import {
  cancelled,
  DatabaseError,
  type DatabaseErrorFields,
  databaseIsClosing,
  readErrorFields,
  transactionFailed,
  unavailable,
} from './databaseError.ts';
import { orAborted, untilAborted } from './interruption.ts';
import { buffersOf, fromRows, type PlainRows, toRows, toTransfer } from './transfer.ts';

/** Pieces of a bulk load or a bulk read that may be on their way from one thread to the other. */
const WINDOW = 4;

/** In a transaction where `transaction` has its number. */
interface Asked {
  readonly transaction: number | null;
  readonly timeoutMs: number | null;
  readonly settings?: QueryOptions['settings'];
}

/** The first of these begins a conversation, and has all that belongs to it go to and fro under one number. */
type Request =
  | (Asked & { readonly type: 'query'; readonly sql: string; readonly parameters: readonly Parameter[] })
  | (Asked & { readonly type: 'copyIn'; readonly target: string })
  | (Asked & { readonly type: 'copyOut'; readonly select: string })
  | (Asked & { readonly type: 'transaction' })
  | { readonly type: 'listen'; readonly channel: string }
  /** Of a bulk load: the next chunk, the end, or that there will be none because the source has failed. */
  | { readonly type: 'chunk'; readonly bytes: Uint8Array }
  | { readonly type: 'end' }
  | { readonly type: 'failed' }
  /** Of a bulk read: a piece has been taken, or no more are wanted. */
  | { readonly type: 'taken' }
  | { readonly type: 'enough' }
  | { readonly type: 'commit' }
  | { readonly type: 'rollback' }
  | { readonly type: 'unlisten' }
  | { readonly type: 'abort' };

type Response =
  | { readonly type: 'rows'; readonly rows: PlainRows }
  | { readonly type: 'copied'; readonly rowCount: number }
  | { readonly type: 'taken' }
  | { readonly type: 'piece'; readonly bytes: Uint8Array }
  | { readonly type: 'begun' }
  | { readonly type: 'notification'; readonly payload: string }
  | { readonly type: 'done' }
  | { readonly type: 'error'; readonly error: ErrorMessage };

type ErrorMessage =
  | { readonly kind: 'database'; readonly message: string; readonly fields: DatabaseErrorFields }
  | {
      readonly kind: 'user';
      readonly message: string;
      readonly code: ErrorCode;
      readonly place: Place;
      readonly cause: string | null;
    }
  | { readonly kind: 'other'; readonly name: string; readonly message: string; readonly stack: string };

/** One side of a conversation: what has come in, in order, and a signal for when it has failed. */
class Conversation<Incoming, Outgoing> {
  readonly #send: (message: Outgoing, transfer: readonly ArrayBuffer[]) => void;
  readonly #inbox: Incoming[] = [];
  readonly #failure = new AbortController();
  #wake: (() => void) | null = null;

  constructor(send: (message: Outgoing, transfer: readonly ArrayBuffer[]) => void) {
    this.#send = send;
  }

  /** Its reason is why nothing more will come. */
  get failure(): AbortSignal {
    return this.#failure.signal;
  }

  send(message: Outgoing, transfer: readonly ArrayBuffer[] = []): void {
    this.#send(message, transfer);
  }

  deliver(message: Incoming): void {
    this.#inbox.push(message);
    this.#wake?.();
  }

  fail(error: Error): void {
    this.#failure.abort(error);
    this.#wake?.();
  }

  /** What comes next. @throws when it has failed */
  async next(): Promise<Incoming> {
    while (true) {
      const message = this.#inbox.shift();
      if (message !== undefined) return message;
      this.failure.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Answers what the other end of the port asks, until it is closed. The database stays open. */
export function serveDatabase(database: Database, port: MessagePort): void {
  const conversations = new Map<
    number,
    { readonly talk: Conversation<Request, Response>; readonly abort: () => void }
  >();
  const transactions = new Map<number, Queryable>();

  port.on('message', ({ number, request }: { readonly number: number; readonly request: Request }) => {
    const known = conversations.get(number);
    if (known !== undefined) {
      if (request.type === 'abort') known.abort();
      else known.talk.deliver(request);
      return;
    }
    if (!beginsConversation(request)) return; // it came after the end, when the other side did not know of that yet
    const talk = new Conversation<Request, Response>((response, transfer) =>
      port.postMessage({ number, response }, [...transfer]),
    );
    const stop = new AbortController();
    conversations.set(number, { talk, abort: () => stop.abort() });
    const answering = answer(database, transactions, number, request, talk, stop.signal);
    answering
      .catch((error: unknown) => talk.send({ type: 'error', error: toMessage(error) }))
      .finally(() => conversations.delete(number));
  });
  port.on('close', () => {
    for (const { talk, abort } of conversations.values()) {
      abort();
      talk.fail(new UserError('CANCELLED', 'The thread that asked has ended.'));
    }
  });
}

function beginsConversation(request: Request): boolean {
  return ['query', 'copyIn', 'copyOut', 'transaction', 'listen'].includes(request.type);
}

async function answer(
  database: Database,
  transactions: Map<number, Queryable>,
  number: number,
  request: Request,
  talk: Conversation<Request, Response>,
  signal: AbortSignal,
): Promise<void> {
  const target = (asked: Asked): Queryable => {
    if (asked.transaction === null) return database;
    const transaction = transactions.get(asked.transaction);
    if (transaction === undefined) throw transactionFailed();
    return transaction;
  };
  const options = ({ timeoutMs, settings }: Asked): QueryOptions => ({
    signal,
    ...(timeoutMs === null ? {} : { timeoutMs }),
    ...(settings === undefined ? {} : { settings }),
  });

  switch (request.type) {
    case 'query': {
      const rows = fromRows(await target(request).query(request.sql, request.parameters, options(request)));
      talk.send({ type: 'rows', rows }, buffersOf(rows));
      return;
    }
    case 'copyIn': {
      const rowCount = await target(request).copyIn(request.target, receivedChunks(talk), options(request));
      talk.send({ type: 'copied', rowCount });
      return;
    }
    case 'copyOut': {
      let untaken = 0;
      for await (const piece of target(request).copyOut(request.select, options(request))) {
        if (untaken === WINDOW) {
          const { type } = await talk.next();
          if (type === 'enough') break;
          untaken--;
        }
        const bytes = toTransfer(piece);
        talk.send({ type: 'piece', bytes }, [bytes.buffer]);
        untaken++;
      }
      talk.send({ type: 'done' });
      return;
    }
    case 'transaction': {
      const rolledBack = new Error('The other side wants it rolled back.');
      try {
        await database.transaction(async (transaction) => {
          transactions.set(number, transaction);
          talk.send({ type: 'begun' });
          const { type } = await talk.next();
          if (type === 'rollback') throw rolledBack;
        }, options(request));
      } catch (error) {
        if (error !== rolledBack) throw error;
      } finally {
        transactions.delete(number);
      }
      talk.send({ type: 'done' });
      return;
    }
    case 'listen': {
      const end = await database.listen(request.channel, (payload) => talk.send({ type: 'notification', payload }));
      talk.send({ type: 'done' });
      try {
        await talk.next();
      } catch {
        // The other thread has ended, which ends it as well.
      }
      await end();
      talk.send({ type: 'done' });
    }
  }
}

async function* receivedChunks(talk: Conversation<Request, Response>): AsyncGenerator<Uint8Array> {
  while (true) {
    const request = await talk.next();
    if (request.type === 'end') return;
    if (request.type !== 'chunk') throw new Error('The source of the rows failed.');
    talk.send({ type: 'taken' });
    yield request.bytes;
  }
}

/** The database that the other end of the port serves. Closing it closes the port. */
export function connectDatabase(port: MessagePort, engine: Database['engine'] = 'pglite'): Database {
  return new Remote(port, engine);
}

class Remote implements Database {
  readonly engine: Database['engine'];
  readonly #port: MessagePort;
  readonly #conversations = new Map<number, Conversation<Response, Request>>();
  readonly #receivers = new Map<number, (payload: string) => void>();
  #number = 0;
  #closed: Promise<void> | null = null;
  #allEnded: () => void = () => {};

  constructor(port: MessagePort, engine: Database['engine']) {
    this.engine = engine;
    this.#port = port;
    port.on('message', ({ number, response }: { readonly number: number; readonly response: Response }) => {
      const talk = this.#conversations.get(number);
      if (response.type === 'notification') this.#receivers.get(number)?.(response.payload);
      else if (response.type === 'error') talk?.fail(fromMessage(response.error));
      else talk?.deliver(response);
    });
    port.on('close', () => {
      const error = unavailable(new Error('The thread that has the database is gone.'));
      for (const talk of this.#conversations.values()) talk.fail(error);
    });
  }

  query<R extends Row>(sql: string, parameters?: readonly Parameter[], options?: QueryOptions): Promise<R[]> {
    return this.queryIn<R>(null, sql, parameters, options);
  }

  copyIn(
    target: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options?: QueryOptions,
  ): Promise<number> {
    return this.copyInto(null, target, chunks, options);
  }

  copyOut(select: string, options?: QueryOptions): AsyncIterable<Uint8Array> {
    return this.copyOutOf(null, select, options);
  }

  transaction<T>(work: (transaction: Queryable) => Promise<T>, options: QueryOptions = {}): Promise<T> {
    const { timeoutMs = null, settings } = options;
    const request = { type: 'transaction', transaction: null, timeoutMs, ...(settings && { settings }) } as const;
    return this.#converse(request, options, async (talk, number) => {
      await talk.next();
      const transaction = new RemoteTransaction(this, number);
      try {
        const result = await orAborted(work(transaction), talk.failure);
        transaction.ended = true;
        talk.send({ type: 'commit' });
        await talk.next();
        return result;
      } catch (error) {
        if (!transaction.ended) {
          transaction.ended = true;
          talk.send({ type: 'rollback' });
          await talk.next().catch(() => {});
        }
        throw error;
      }
    });
  }

  async listen(channel: string, receive: (payload: string) => void): Promise<() => Promise<void>> {
    const { talk, number } = this.#begin({ type: 'listen', channel });
    this.#receivers.set(number, receive);
    const forget = (): void => {
      this.#receivers.delete(number);
      this.#end(number);
    };
    try {
      await talk.next();
    } catch (error) {
      forget();
      throw error;
    }
    return async () => {
      if (!this.#receivers.delete(number)) return;
      talk.send({ type: 'unlisten' });
      await talk.next().catch(() => {}); // the other side is gone, and listens no more
      forget();
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const number of this.#receivers.keys()) this.#conversations.delete(number);
    if (this.#conversations.size > 0) {
      await new Promise<void>((resolve) => {
        this.#allEnded = resolve;
      });
    }
    this.#port.close();
  }

  queryIn<R extends Row>(
    transaction: number | null,
    sql: string,
    parameters: readonly Parameter[] = [],
    options: QueryOptions = {},
  ): Promise<R[]> {
    const { timeoutMs = null, settings } = options;
    const request = { type: 'query', transaction, sql, parameters, timeoutMs, ...(settings && { settings }) } as const;
    return this.#converse(request, options, async (talk) => {
      const response = await talk.next();
      if (response.type !== 'rows') throw unexpected(response);
      return toRows(response.rows) as R[];
    });
  }

  copyInto(
    transaction: number | null,
    target: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: QueryOptions = {},
  ): Promise<number> {
    const request = { type: 'copyIn', transaction, target, timeoutMs: options.timeoutMs ?? null } as const;
    return this.#converse(request, options, async (talk) => {
      let untaken = 0;
      try {
        for await (const chunk of untilAborted(chunks, talk.failure)) {
          if (untaken === WINDOW) {
            await talk.next();
            untaken--;
          }
          const bytes = toTransfer(chunk);
          talk.send({ type: 'chunk', bytes }, [bytes.buffer]);
          untaken++;
        }
      } catch (error) {
        // Nothing is kept of what has been sent: that is waited for, so that it is so when this throws.
        talk.send({ type: 'failed' });
        while (!talk.failure.aborted) await talk.next().catch(() => {});
        throw error;
      }
      talk.send({ type: 'end' });
      for (; untaken > 0; untaken--) await talk.next();
      const response = await talk.next();
      if (response.type !== 'copied') throw unexpected(response);
      return response.rowCount;
    });
  }

  async *copyOutOf(transaction: number | null, select: string, options: QueryOptions = {}): AsyncGenerator<Uint8Array> {
    const { talk, number } = this.#begin({
      type: 'copyOut',
      transaction,
      select,
      timeoutMs: options.timeoutMs ?? null,
    });
    const stopWatching = abortWith(options.signal, talk);
    let ended = false;
    try {
      while (true) {
        const response = await talk.next();
        if (response.type !== 'piece') break;
        yield response.bytes;
        talk.send({ type: 'taken' });
      }
      ended = true;
    } catch (error) {
      ended = true;
      throw options.signal?.aborted ? cancelled(options.signal) : error;
    } finally {
      if (!ended) {
        talk.send({ type: 'enough' });
        while ((await talk.next().catch(() => ({ type: 'done' }))).type !== 'done') talk.send({ type: 'enough' });
      }
      stopWatching();
      this.#end(number);
    }
  }

  /** Begins a conversation, has it held, and ends it. */
  async #converse<T>(
    request: Request,
    { signal }: QueryOptions,
    hold: (talk: Conversation<Response, Request>, number: number) => Promise<T>,
  ): Promise<T> {
    if (signal?.aborted) throw cancelled(signal);
    const { talk, number } = this.#begin(request);
    const stopWatching = abortWith(signal, talk);
    try {
      return await hold(talk, number);
    } catch (error) {
      // The reason of a signal stays in its thread: the other side knows only that it was given.
      if (signal?.aborted && error instanceof UserError && error.code === 'CANCELLED') throw cancelled(signal);
      throw error;
    } finally {
      stopWatching();
      this.#end(number);
    }
  }

  #begin(request: Request): { readonly talk: Conversation<Response, Request>; readonly number: number } {
    if (this.#closed !== null && (!('transaction' in request) || request.transaction === null)) {
      throw databaseIsClosing();
    }
    const number = ++this.#number;
    const talk = new Conversation<Response, Request>((message, transfer) =>
      this.#port.postMessage({ number, request: message }, [...transfer]),
    );
    this.#conversations.set(number, talk);
    talk.send(request);
    return { talk, number };
  }

  #end(number: number): void {
    this.#conversations.delete(number);
    if (this.#conversations.size === 0) this.#allEnded();
  }
}

class RemoteTransaction implements Queryable {
  readonly #remote: Remote;
  readonly #number: number;
  ended = false;

  constructor(remote: Remote, number: number) {
    this.#remote = remote;
    this.#number = number;
  }

  async query<R extends Row>(sql: string, parameters?: readonly Parameter[], options?: QueryOptions): Promise<R[]> {
    this.#check();
    return this.#remote.queryIn<R>(this.#number, sql, parameters, options);
  }

  async copyIn(
    target: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options?: QueryOptions,
  ): Promise<number> {
    this.#check();
    return this.#remote.copyInto(this.#number, target, chunks, options);
  }

  async *copyOut(select: string, options?: QueryOptions): AsyncGenerator<Uint8Array> {
    this.#check();
    yield* this.#remote.copyOutOf(this.#number, select, options);
  }

  #check(): void {
    if (this.ended) throw new Error('The transaction has ended: nothing more can be asked of it.');
  }
}

/** Tells the other side when the signal is given. @returns a function that ends it */
function abortWith(signal: AbortSignal | undefined, talk: Conversation<Response, Request>): () => void {
  const tell = (): void => talk.send({ type: 'abort' });
  signal?.addEventListener('abort', tell, { once: true });
  return () => signal?.removeEventListener('abort', tell);
}

function unexpected(response: Response): Error {
  return new Error(`The thread that has the database answered with "${response.type}".`);
}

function toMessage(error: unknown): ErrorMessage {
  if (error instanceof UserError) {
    const { message, code, place, cause } = error;
    return { kind: 'user', message, code, place, cause: cause === undefined ? null : String(cause) };
  }
  const fields = readErrorFields(error);
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  if (fields !== null) return { kind: 'database', message, fields };
  return { kind: 'other', name, message, stack: stack ?? '' };
}

function fromMessage(message: ErrorMessage): Error {
  if (message.kind === 'database') return new DatabaseError(message.message, message.fields);
  if (message.kind === 'user') {
    const error = new UserError(message.code, message.message, message.place);
    if (message.cause !== null) error.cause = message.cause;
    return error;
  }
  const error = new Error(message.message);
  error.name = message.name;
  error.stack = message.stack;
  return error;
}
