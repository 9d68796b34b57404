/** How the statements are asked that put a staged graph (stagedGraph.ts) in order: in turns with those of others, slice by slice. */
import type { Parameter, Queryable, Row } from '../database/database.ts';

/** On the embedded database, where one statement is at work at a time, others get their turn between them. */
export interface Turns {
  /** One that changes nothing, or only what no result depends on. */
  ask<R extends Row = Row>(sql: string, parameters?: readonly Parameter[]): Promise<R[]>;
  /** One that writes: kept while the import is still the worker's. */
  write<R extends Row = Row>(sql: string, parameters?: readonly Parameter[]): Promise<R[]>;
}

/** All within one transaction, for a data set that others see. */
export function turnsWithin(transaction: Queryable): Turns {
  return {
    ask: (sql, parameters) => transaction.query(sql, parameters),
    write: (sql, parameters) => transaction.query(sql, parameters),
  };
}

/**
 * Rows of the files, and entities, that one statement goes through: the embedded database answers nobody meanwhile. Of WordNet's
 * that is half a second at most; as one statement each, entities, edges and triples took 3 to 5 s.
 */
export const SLICE_ROWS = 150_000;

/** Ranges [from, to) that cover 0 to `end`. */
export function* slices(end: number, size: number): Generator<readonly [from: number, to: number]> {
  for (let from = 0; from < end; from += size) yield [from, Math.min(end, from + size)];
}

export async function numberOf(turns: Turns, sql: string, parameters: readonly Parameter[] = []): Promise<number> {
  const [row] = await turns.ask<{ number: number | null }>(sql, parameters);
  return row?.number ?? 0;
}
