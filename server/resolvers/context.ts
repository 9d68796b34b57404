import type { Logger } from 'pino';

import type { Config } from '../config.ts';
import type { Database, Queryable, QueryOptions } from '../database/database.ts';
import type { Resident } from '../embeddings/resident.ts';
import { Budget, type Limits } from '../limits.ts';
import { createLoaders, type Loaders } from './loaders.ts';

/** What the resolvers of one operation share. */
export interface Context {
  readonly config: Config;
  readonly database: Database;
  /** Embeddings in memory. */
  readonly resident: Resident;
  /** The same for questions: their statements end in time. */
  readonly reading: Queryable;
  /** What ends the statement of a question. */
  readonly statement: QueryOptions;
  readonly loaders: Loaders;
  readonly budget: Budget;
  /** The header `Authorization`, or its equal on a WebSocket. */
  readonly authorization: string | undefined;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export function createContext(
  shared: Pick<Context, 'config' | 'database' | 'resident'> & { readonly limits: Limits },
  request: Pick<Context, 'authorization' | 'signal' | 'log'>,
): Context {
  const { config, database, resident, limits } = shared;
  const statement: QueryOptions = {
    timeoutMs: config.queryTimeoutMs,
    // PGlite stops a statement by starting anew, half a second in which it answers nobody: more than most statements take.
    ...(database.engine === 'postgres' ? { signal: request.signal } : {}),
  };
  const reading = endingIn(database, statement);
  return {
    config,
    database,
    resident,
    reading,
    statement,
    loaders: createLoaders(reading),
    budget: new Budget(limits),
    ...request,
  };
}

/** The database, with what ends every statement that does not say otherwise. */
function endingIn(database: Database, standard: QueryOptions): Queryable {
  return {
    query: (sql, parameters, options) => database.query(sql, parameters, { ...standard, ...options }),
    copyIn: (target, chunks, options) => database.copyIn(target, chunks, { ...standard, ...options }),
    copyOut: (select, options) => database.copyOut(select, { ...standard, ...options }),
  };
}
