/**
 * The port to the database. Two drivers stand behind it: a pool of connections to Postgres (postgres.ts) and PGlite
 * in a thread of its own (pglite.ts). Nothing above knows which; a job's thread reaches either through remote.ts.
 *
 * Values come back the same from both: int2, int4, int8 and oid as `number` (int8 beyond 2^53 - 1 is an error),
 * float4 and float8 as `number`, bytea as `Uint8Array`, json and jsonb parsed, timestamptz as `Date`, uuid, text,
 * numeric and vector as `string`, arrays of these but vector as arrays, null as `null`.
 */

export type Parameter = string | number | bigint | boolean | null | Date | Uint8Array | readonly Parameter[];

export type Row = Record<string, unknown>;

export interface QueryOptions {
  /**
   * Stops the statement: UserError CANCELLED, or the signal's reason where that is a UserError. On PGlite this costs a
   * restart of the engine of half a second; no acknowledged row is lost.
   */
  readonly signal?: AbortSignal;
  /** Longest run in milliseconds, and longest wait for its turn; beyond, a UserError TIMEOUT. No limit by default. */
  readonly timeoutMs?: number;
  /**
   * Settings for this one statement or transaction, by name, such as `maintenance_work_mem`. Of the statements those
   * outside of a transaction take them; `create index concurrently` may be one.
   */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Whether a connection is to keep the statement, parsed and planned: for one that almost every question asks, and whose
   * best plan is the same for all values.
   */
  readonly prepared?: boolean;
}

/** What can be asked inside and outside a transaction. */
export interface Queryable {
  /**
   * Runs one statement with values for `$1`, `$2`, …. JSON values are passed as `JSON.stringify(value)` with `$n::jsonb`.
   * A statement without parameters may be several, separated by semicolons; then the rows of the last one come back.
   */
  query<R extends Row = Row>(sql: string, parameters?: readonly Parameter[], options?: QueryOptions): Promise<R[]>;

  /**
   * Bulk load: `copyIn('items (dataset_id, id, key)', chunks)` runs `copy … from stdin (format binary)`.
   * The chunks together are one binary COPY stream with header and trailer (see copyBinary.ts). All rows or none.
   * A chunk belongs to the database once it is given: its buffer may be handed to another thread. Within a transaction a
   * failed load fails the whole. What gives the chunks must not ask the same embedded database, which waits for them.
   * @returns the number of rows
   */
  copyIn(
    target: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options?: QueryOptions,
  ): Promise<number>;

  /**
   * Bulk read: `copyOut('select …')` runs `copy (…) to stdout (format binary)` and gives the stream in pieces of any size.
   * PGlite holds the whole answer in memory: ask for ranges of some megabytes.
   */
  copyOut(select: string, options?: QueryOptions): AsyncIterable<Uint8Array>;
}

export interface Database extends Queryable {
  readonly engine: 'postgres' | 'pglite';
  /**
   * Runs `work` in a transaction on one connection: committed when it returns, rolled back when it throws. When one of its
   * statements has failed, nothing is kept and it throws. Within `work` ask the transaction, not the database: the embedded
   * one has a single session, and a statement that waits for the transaction it was asked in is refused after some seconds.
   */
  transaction<T>(work: (transaction: Queryable) => Promise<T>, options?: QueryOptions): Promise<T>;
  /**
   * Calls `receive` with the payload of each `pg_notify(channel, payload)`; what is sent while the connection is lost or the
   * engine opened again is not heard. @returns a function that ends it
   */
  listen(channel: string, receive: (payload: string) => void): Promise<() => Promise<void>>;
  /** Lets running statements end, then frees all. */
  close(): Promise<void>;
}
