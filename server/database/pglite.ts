/**
 * The driver of the embedded database. PGlite has one session and blocks its thread, so it is lent to one statement or
 * one transaction at a time, in the order of asking. To stop a statement its thread is ended and the engine opened
 * again: that costs half a second, and nothing but the statement (or its transaction) is lost, as after any crash.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Worker } from 'node:worker_threads';

import { UserError } from '../errors.ts';
import { startThread } from '../thread.ts';
import type { Database, Parameter, Queryable, QueryOptions, Row } from './database.ts';
import { CLOSE_WITHIN_MS, DatabaseError, databaseIsClosing, transactionFailed, unavailable } from './databaseError.ts';
import { orAborted, untilAborted, watchInterruption } from './interruption.ts';
import { lockDirectory } from './lock.ts';
import type { EngineData, Request, Response } from './pglite.worker.ts';
import { toRows, toTransfer } from './transfer.ts';
import { encodeBytea, encodeParameter, quoteChannel, setStatements } from './values.ts';

/** The major version of the Postgres within the pinned PGlite: it opens no other's directory. */
const POSTGRES_MAJOR = '18';
/** A bulk load below this size waits for its source before it asks for the engine, and is one statement: at most a piece of the worker's. */
const COPY_WHOLE_BYTES = 2 * 1024 * 1024;
/** Chunks of a bulk load on their way to the engine's thread. */
const COPY_WINDOW = 4;
/** So long may a statement wait for the engine that is held by the transaction it was asked in. */
const SELF_WAIT_MS = 5_000;

export interface PgliteOptions {
  /** How long `close` waits for the statements that were asked for before; then it ends them. 10 s. */
  readonly closeWithinMs?: number;
}

/**
 * Opens the database in this directory, which is made where it is missing, and holds its lock until closed.
 * @throws UserError when another process has it open, or it holds something else
 */
export async function openPglite(
  directory: string,
  { closeWithinMs = CLOSE_WITHIN_MS }: PgliteOptions = {},
): Promise<Database> {
  const path = resolve(directory);
  await mkdir(path, { recursive: true });
  const lock = await lockDirectory(path);
  try {
    await prepareDirectory(path);
    return new Pglite(path, await Engine.start(path), () => lock.release(), closeWithinMs);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** A new database is made beside its place and moved there when it is whole: a process killed meanwhile leaves no half. */
async function prepareDirectory(path: string): Promise<void> {
  const versionFile = `${path}/PG_VERSION`;
  if (existsSync(versionFile)) {
    const version = (await readFile(versionFile, 'utf8')).trim();
    if (version === POSTGRES_MAJOR) return;
    throw new UserError(
      'UNAVAILABLE',
      `The database in ${path} was made by Postgres ${version}, and this version of embedding-map brings Postgres ` +
        `${POSTGRES_MAJOR}. Export it with the version that made it, or set DATA_DIR to a new directory and import again.`,
    );
  }
  const found = (await readdir(path))[0];
  if (found !== undefined) {
    throw new UserError(
      'UNAVAILABLE',
      `${path} holds no database, but "${found}". Empty it, or set DATA_DIR to another directory.`,
    );
  }
  const unfinished = `${path}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const engine = await Engine.start(unfinished);
  await engine.close();
  await rmdir(path);
  await rename(unfinished, path);
}

/** Compiled once for all engines of the process: half of the work of opening one, and the code stays warm when it is ended. */
let compiled: Promise<WebAssembly.Module> | null = null;

async function compileEngine(): Promise<WebAssembly.Module> {
  const file = new URL('./pglite.wasm', import.meta.resolve('@electric-sql/pglite'));
  return WebAssembly.compile(await readFile(file));
}

/** The thread of PGlite. It does one thing at a time: whoever calls has to see to that. */
class Engine {
  readonly #thread: Worker;
  readonly #exited: Promise<void>;
  /** Why it must not be used any more. */
  #death: Error | null = null;
  #onDeath: (error: Error) => void = () => {};
  /** Responses that nobody has asked for yet, and who waits for one. */
  #inbox: Response[] = [];
  #onResponse: (response: Response) => void = () => {};
  /** The number of the request under way: what comes late for an earlier one is of no use any more. */
  #request = 0;
  onNotification: (channel: string, payload: string) => void = () => {};

  /** @throws UserError UNAVAILABLE when the thread does not come up */
  static async start(directory: string): Promise<Engine> {
    compiled ??= compileEngine();
    const engine = new Engine(directory, await compiled);
    await engine.#next();
    return engine;
  }

  private constructor(directory: string, module: WebAssembly.Module) {
    const data: EngineData = { directory, module };
    this.#thread = startThread(new URL('./pglite.worker.ts', import.meta.url), { name: 'pglite', data });
    this.#thread.on('message', ({ request, response }: { request: number; response: Response }) => {
      if (response.type === 'notification') this.onNotification(response.channel, response.payload);
      else if (request === this.#request) this.#onResponse(response);
    });
    this.#thread.on('error', (error) => this.#die(unavailable(error)));
    this.#exited = new Promise((resolve) => {
      this.#thread.on('exit', () => {
        this.#die(unavailable(new Error('The thread of PGlite ended.')));
        resolve();
      });
    });
    this.#listen();
  }

  get dead(): boolean {
    return this.#death !== null;
  }

  /** Ends the thread; what it does now fails with this error. Resolves when nothing of it touches the directory any more. */
  async kill(error: Error): Promise<void> {
    this.#die(error);
    await this.#thread.terminate();
    await this.#exited;
  }

  async query(sql: string, parameters: readonly Parameter[]): Promise<{ rows: Row[]; command: string }> {
    const values = parameters.map((parameter) => {
      const value = encodeParameter(parameter);
      return value instanceof Uint8Array ? encodeBytea(value) : value;
    });
    this.#ask({ type: 'query', sql, parameters: values.length === 0 ? null : values });
    const response = await this.#next();
    if (response.type !== 'result') throw unexpected(response);
    return { rows: toRows(response.rows), command: response.command };
  }

  /** @returns the number of rows */
  async copyIn(target: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
    this.#ask({ type: 'copyIn', target });
    let untaken = 0;
    for await (const chunk of chunks) {
      if (untaken === COPY_WINDOW) {
        await this.#next();
        untaken--;
      }
      const bytes = toTransfer(chunk);
      this.#send({ type: 'chunk', bytes }, [bytes.buffer]);
      untaken++;
    }
    this.#send({ type: 'end' });
    for (; untaken > 0; untaken--) await this.#next();
    const response = await this.#next();
    if (response.type !== 'result') throw unexpected(response);
    return Number(response.command.split(' ').at(-1));
  }

  async copyOut(select: string): Promise<Uint8Array> {
    this.#ask({ type: 'copyOut', select });
    const response = await this.#next();
    if (response.type !== 'bytes') throw unexpected(response);
    return response.bytes;
  }

  async close(): Promise<void> {
    this.#ask({ type: 'close' });
    await this.#exited;
  }

  #ask(request: Request): void {
    this.#request++;
    this.#inbox = [];
    this.#send(request);
  }

  #send(request: Request, transfer: readonly ArrayBuffer[] = []): void {
    this.#thread.postMessage({ number: this.#request, request }, [...transfer]);
  }

  /** The next response to the request under way. @throws what the engine answers with, or died of */
  async #next(): Promise<Response> {
    const response =
      this.#inbox.shift() ??
      (await new Promise<Response>((resolve, reject) => {
        if (this.#death !== null) reject(this.#death);
        this.#onResponse = resolve;
        this.#onDeath = reject;
      }));
    this.#listen();
    if (response.type !== 'error') return response;
    if (response.fatal) {
      const error = unavailable(new Error(response.message));
      await this.kill(error);
      throw error;
    }
    throw response.fields === null ? new Error(response.message) : new DatabaseError(response.message, response.fields);
  }

  #listen(): void {
    this.#onResponse = (response) => this.#inbox.push(response);
    this.#onDeath = () => {};
  }

  #die(error: Error): void {
    if (this.#death !== null) return;
    this.#death = error;
    this.#onDeath(error);
  }
}

function unexpected(response: Response): Error {
  return new Error(`The engine's thread answered with "${response.type}".`);
}

/** Lends the engine to one asker at a time, in the order of asking. */
class Turns {
  #taken = false;
  readonly #waiting = new Set<{ wake(): void; refuse(error: Error): void }>();

  /** Waits until it is this asker's turn, or throws when the signal is given before. @returns gives the turn back */
  async take(signal: AbortSignal): Promise<() => void> {
    if (this.#taken) {
      const waiter = { wake: () => {}, refuse: (_: Error) => {} };
      let woken = false;
      const turn = new Promise<void>((resolve, reject) => {
        waiter.wake = () => {
          woken = true;
          resolve();
        };
        waiter.refuse = reject;
      });
      this.#waiting.add(waiter);
      try {
        await orAborted(turn, signal);
      } catch (error) {
        this.#waiting.delete(waiter);
        // Interrupted in the very moment in which it was woken: then the turn goes on to the next.
        if (woken) this.#next();
        throw error;
      }
    }
    this.#taken = true;
    return () => this.#next();
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#taken = false;
    } else {
      this.#waiting.delete(first);
      first.wake();
    }
  }

  /** Sends away all who wait. */
  refuse(error: Error): void {
    for (const waiter of this.#waiting) waiter.refuse(error);
    this.#waiting.clear();
  }
}

/** What one asker does with the engine while it is his turn: one statement, or those of a transaction. */
class Session implements Queryable {
  readonly #engine: Engine;
  readonly #signal: AbortSignal | null;
  #last: Promise<unknown> = Promise.resolve();
  #ended = false;
  #failed = false;

  /** @param signal stops the whole of it */
  constructor(engine: Engine, signal: AbortSignal | null = null) {
    this.#engine = engine;
    this.#signal = signal;
  }

  async query<R extends Row>(
    sql: string,
    parameters: readonly Parameter[] = [],
    options: QueryOptions = {},
  ): Promise<R[]> {
    const { rows } = await this.#afterLast(options, async () => {
      const { settings } = options;
      if (settings === undefined) return this.#engine.query(sql, parameters);
      await this.#engine.query(setStatements(settings, 'session').join('; '), []);
      try {
        return await this.#engine.query(sql, parameters);
      } finally {
        const resets = Object.keys(settings).map((name) => `reset ${name}`);
        if (!this.#engine.dead) await this.#engine.query(resets.join('; '), []);
      }
    });
    return rows as R[];
  }

  copyIn(
    target: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: QueryOptions = {},
  ): Promise<number> {
    return this.#afterLast(options, async (signal) => {
      try {
        return await this.#engine.copyIn(target, untilAborted(chunks, signal));
      } catch (error) {
        this.#failed = true; // pieces before the last may be in, and must not be kept
        throw error;
      }
    });
  }

  async *copyOut(select: string, options: QueryOptions = {}): AsyncGenerator<Uint8Array> {
    yield await this.#afterLast(options, () => this.#engine.copyOut(select));
  }

  /** @throws when a statement had failed, so that nothing is committed */
  async commit(): Promise<void> {
    const { command } = await this.#afterLast({}, () => this.#engine.query('commit', []));
    this.#ended = true;
    if (command === 'ROLLBACK') throw transactionFailed();
  }

  async rollback(): Promise<void> {
    this.#ended = true;
    await this.#last;
    if (!this.#engine.dead) await this.#engine.query('rollback', []);
  }

  /** Runs the work when that before it has ended, and ends the engine's thread when it is to stop. */
  #afterLast<T>(options: QueryOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const run = this.#last.then(async () => {
      if (this.#ended) throw new Error('The transaction has ended: nothing more can be asked of it.');
      if (this.#signal?.aborted) throw this.#signal.reason;
      if (this.#failed) throw transactionFailed();
      const interruption = watchInterruption(options);
      const signal = this.#signal === null ? interruption.signal : AbortSignal.any([interruption.signal, this.#signal]);
      const kill = () => void this.#engine.kill(signal.reason);
      signal.addEventListener('abort', kill, { once: true });
      try {
        return await work(signal);
      } finally {
        signal.removeEventListener('abort', kill);
        interruption.stop();
        if (this.#engine.dead) this.#failed = true;
      }
    });
    this.#last = run.catch(() => {});
    return run;
  }
}

class Pglite implements Database {
  readonly engine = 'pglite';
  readonly #path: string;
  readonly #unlock: () => Promise<void>;
  readonly #turns = new Turns();
  readonly #receivers = new Map<string, Set<(payload: string) => void>>();
  /** In which transaction something is asked, to notice what would wait for itself. */
  readonly #askedIn = new AsyncLocalStorage<Session>();
  #engine: Engine;
  #session: Session | null = null;
  #closed: Promise<void> | null = null;
  /** Aborts when `close` waits no longer. */
  readonly #deadline = new AbortController();
  readonly #closeWithinMs: number;

  constructor(path: string, engine: Engine, unlock: () => Promise<void>, closeWithinMs: number) {
    this.#path = path;
    this.#unlock = unlock;
    this.#closeWithinMs = closeWithinMs;
    this.#engine = engine;
    this.#receiveFrom(engine);
  }

  query<R extends Row>(sql: string, parameters?: readonly Parameter[], options: QueryOptions = {}): Promise<R[]> {
    return this.#lend(options, (engine) => new Session(engine).query<R>(sql, parameters, options));
  }

  async copyIn(
    target: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: QueryOptions = {},
  ): Promise<number> {
    const interruption = watchInterruption(options);
    try {
      const source = untilAborted(chunks, interruption.signal);
      const first: Uint8Array[] = [];
      let size = 0;
      let whole = false;
      while (size < COPY_WHOLE_BYTES && !whole) {
        const next = await source.next();
        if (next.done) {
          whole = true;
        } else {
          first.push(next.value);
          size += next.value.length;
        }
      }
      const options = { signal: interruption.signal };
      if (whole) return await this.#lend(options, (engine) => new Session(engine).copyIn(target, first, options));
      return await this.transaction((transaction) => transaction.copyIn(target, chain(first, source)), options);
    } finally {
      interruption.stop();
    }
  }

  async *copyOut(select: string, options: QueryOptions = {}): AsyncGenerator<Uint8Array> {
    // The engine is given back before the bytes are looked at.
    yield* await this.#lend(options, async (engine) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of new Session(engine).copyOut(select, options)) pieces.push(piece);
      return pieces;
    });
  }

  transaction<T>(work: (transaction: Queryable) => Promise<T>, options: QueryOptions = {}): Promise<T> {
    return this.#lend(options, async (engine) => {
      const interruption = watchInterruption(options);
      const session = new Session(engine, interruption.signal);
      this.#session = session;
      try {
        await session.query(['begin', ...setStatements(options.settings ?? {}, 'local')].join('; '));
        const result = await this.#askedIn.run(session, () => orAborted(work(session), interruption.signal));
        await session.commit();
        return result;
      } catch (error) {
        await session.rollback();
        throw error;
      } finally {
        this.#session = null;
        interruption.stop();
      }
    });
  }

  async listen(channel: string, receive: (payload: string) => void): Promise<() => Promise<void>> {
    const name = quoteChannel(channel);
    const receivers = this.#receivers.get(channel) ?? new Set();
    this.#receivers.set(channel, receivers.add(receive));
    // Also when others listen already: it may be that their `listen` has not been carried out yet.
    try {
      await this.query(`listen ${name}`);
    } catch (error) {
      receivers.delete(receive);
      throw error;
    }
    return async () => {
      receivers.delete(receive);
      if (receivers.size > 0 || this.#receivers.get(channel) !== receivers) return;
      this.#receivers.delete(channel);
      if (this.#closed === null) await this.query(`unlisten ${name}`);
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const timer = setTimeout(() => {
      this.#deadline.abort(databaseIsClosing());
      this.#turns.refuse(databaseIsClosing());
    }, this.#closeWithinMs);
    try {
      await this.#turns.take(this.#deadline.signal); // after all that was asked for before
      if (!this.#engine.dead) await orAborted(this.#engine.close(), this.#deadline.signal);
    } catch {
      await this.#engine.kill(databaseIsClosing());
    } finally {
      clearTimeout(timer);
      await this.#unlock();
    }
  }

  /** Waits for the engine, opens it again where it was ended, and has the work done with it. */
  async #lend<T>(options: QueryOptions, work: (engine: Engine) => Promise<T>): Promise<T> {
    if (this.#closed !== null) throw databaseIsClosing();
    const giveBack = await this.#takeTurn(options);
    try {
      if (this.#engine.dead) await this.#reopen();
      const engine = this.#engine;
      try {
        return await work(engine);
      } finally {
        // Not left to the next one who asks.
        if (engine.dead && this.#closed === null) this.#lend({}, async () => {}).catch(() => {});
      }
    } finally {
      giveBack();
    }
  }

  async #takeTurn(options: QueryOptions): Promise<() => void> {
    const interruption = watchInterruption(options);
    const own = this.#askedIn.getStore();
    try {
      if (own === undefined || own !== this.#session) return await this.#turns.take(interruption.signal);
      const selfWait = new AbortController();
      const timer = setTimeout(() => selfWait.abort(waitsForItself()), SELF_WAIT_MS);
      try {
        return await this.#turns.take(AbortSignal.any([interruption.signal, selfWait.signal]));
      } finally {
        clearTimeout(timer);
      }
    } finally {
      interruption.stop();
    }
  }

  async #reopen(): Promise<void> {
    await this.#engine.kill(databaseIsClosing()); // it is dead already: this waits until nothing of it is left
    this.#deadline.signal.throwIfAborted();
    const engine = await Engine.start(this.#path);
    this.#receiveFrom(engine);
    this.#engine = engine;
    for (const channel of this.#receivers.keys()) await engine.query(`listen ${quoteChannel(channel)}`, []);
  }

  #receiveFrom(engine: Engine): void {
    engine.onNotification = (channel, payload) => {
      for (const receive of this.#receivers.get(channel) ?? []) receive(payload);
    };
  }
}

async function* chain<T>(first: Iterable<T>, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield* first;
  yield* rest;
}

function waitsForItself(): Error {
  return new Error(
    'A statement was asked of the database within a transaction that waits for it: ask the transaction instead.',
  );
}
