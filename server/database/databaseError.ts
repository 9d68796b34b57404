/** What the database says when it refuses a statement, alike from both drivers. */
import { UserError } from '../errors.ts';

/** What Postgres tells beside the message, as far as it applies. */
export interface DatabaseErrorFields {
  /** SQLSTATE, such as `23505` for a violated unique constraint. */
  readonly code: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
}

const fieldNames = ['detail', 'hint', 'schema', 'table', 'column', 'constraint'] as const;

/** Never read by a client as it is: the message may hold names and values of the database. */
export class DatabaseError extends Error {
  /** SQLSTATE: five letters or digits. */
  readonly code: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly schema: string | undefined;
  readonly table: string | undefined;
  readonly column: string | undefined;
  readonly constraint: string | undefined;

  constructor(message: string, fields: DatabaseErrorFields) {
    super(message);
    this.name = 'DatabaseError';
    this.code = fields.code;
    this.detail = fields.detail;
    this.hint = fields.hint;
    this.schema = fields.schema;
    this.table = fields.table;
    this.column = fields.column;
    this.constraint = fields.constraint;
  }
}

/** The fields of an error of either driver, or null where the database has not spoken. */
export function readErrorFields(error: unknown): DatabaseErrorFields | null {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error || error instanceof DatabaseError)) {
    return null;
  }
  const { code } = error;
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return null;
  const given: Partial<Record<string, unknown>> = { ...error };
  const fields = fieldNames.flatMap((name) => (typeof given[name] === 'string' ? [[name, given[name]]] : []));
  return { code, ...Object.fromEntries(fields) };
}

const connectionLost: ReadonlySet<string> = new Set([
  '08000', // connection exception
  '08001', // could not be made
  '08003', // does not exist
  '08004', // rejected
  '08006', // failed
  '53300', // too many connections
  '57P01', // the server is shut down
  '57P02', // the server has crashed
  '57P03', // the server is starting
  '57P05', // idle for too long
]);

/** Whether the session was lost, or could not be had, rather than the statement refused. */
export function isConnectionLost(code: string): boolean {
  return connectionLost.has(code);
}

/** The session went away: whether a statement that was under way has been carried out is not known. */
export function unavailable(cause: unknown): UserError {
  const error = new UserError(
    'UNAVAILABLE',
    'The database cannot be reached at the moment. Try again in a few seconds.',
  );
  error.cause = cause;
  return error;
}

/** So long does `close` wait for the statements that were asked for before, unless it is told otherwise. */
export const CLOSE_WITHIN_MS = 10_000;

/** What an aborted statement throws: the signal's reason where that is meant for users. */
export function cancelled(signal: AbortSignal): UserError {
  if (signal.reason instanceof UserError) return signal.reason;
  return new UserError('CANCELLED', 'The statement was stopped on request.');
}

export function timedOut(timeoutMs: number): UserError {
  return new UserError(
    'TIMEOUT',
    `The database needed longer than the ${timeoutMs / 1000} s allowed. Ask for less, or allow more time.`,
  );
}

/** As Postgres itself answers to whatever comes after a failed statement in a transaction. */
export function transactionFailed(): DatabaseError {
  return new DatabaseError('current transaction is aborted, commands ignored until end of transaction block', {
    code: '25P02',
  });
}

export function databaseIsClosing(): UserError {
  return new UserError('UNAVAILABLE', 'The database is being closed.');
}
