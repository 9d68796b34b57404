/**
 * The only errors a client may read. Whatever else is thrown reaches the client as INTERNAL_SERVER_ERROR with a
 * general sentence, and the log whole.
 */

export const errorCodes = [
  'BAD_USER_INPUT', // the request cannot be carried out as it stands
  'NOT_FOUND', // something named does not exist
  'UNAUTHENTICATED', // a token is needed, or the one given is wrong
  'FORBIDDEN', // not allowed, whoever asks
  'CONFLICT', // it contradicts what is there or what is under way
  'LIMIT_EXCEEDED', // larger, deeper or more than is allowed
  'TIMEOUT', // it took longer than is allowed
  'CANCELLED', // it was stopped on request
  'UNAVAILABLE', // not now: starting, stopping, or the database is out of reach
  'INTERNAL_SERVER_ERROR', // our fault
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Where in a file the cause lies. */
export interface Place {
  readonly file?: string;
  /** Line or row, from 1. */
  readonly line?: number;
}

/** An error that the caller can do something about. Its message says what came, what was wanted and what to do. */
export class UserError extends Error {
  readonly code: ErrorCode;
  readonly place: Place;

  constructor(code: ErrorCode, message: string, place: Place = {}) {
    super(message);
    this.name = 'UserError';
    this.code = code;
    this.place = place;
  }
}

/** What is kept of an error, in a job or across threads. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

/** What a client may read of any error. */
export function toErrorRecord(error: unknown): ErrorRecord {
  if (error instanceof UserError) return { code: error.code, message: error.message, ...error.place };
  return { code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong on the server. Its log has the details.' };
}

/** The error that `toErrorRecord` was given, as far as a client may read it. */
export function fromErrorRecord(record: ErrorRecord): UserError {
  return new UserError(record.code, record.message, {
    ...(record.file === undefined ? {} : { file: record.file }),
    ...(record.line === undefined ? {} : { line: record.line }),
  });
}

/** `Did you mean "a" or "b"?` for the names nearest to `name`, or nothing. */
export function didYouMean(name: string, names: readonly string[]): string {
  const near = names
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(name.length * 0.4)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => `"${candidate}"`);
  if (near.length === 0) return '';
  const last = near.pop();
  return ` Did you mean ${near.length === 0 ? last : `${near.join(', ')} or ${last}`}?`;
}

/** Levenshtein's distance: insertions, deletions and replacements of one character. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
