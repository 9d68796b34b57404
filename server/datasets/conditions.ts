/** A filter in SQL, as the statements over items take it, and what may go wrong only when they run. See filters.ts. */
import type { Parameter } from '../database/database.ts';
import { DatabaseError } from '../database/databaseError.ts';
import { UserError } from '../errors.ts';

/** A boolean SQL expression over the table `items`, true or not true (false or null), with the values of its placeholders. */
export interface Condition {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
}

const INVALID_REGULAR_EXPRESSION = '2201B';

/**
 * For the `catch` of a statement with a condition: Postgres reads regular expressions only when the statement runs.
 * @throws UserError that says what is wrong with the regular expression; any other error as it is
 */
export function throwConditionError(error: unknown): never {
  if (!(error instanceof DatabaseError) || error.code !== INVALID_REGULAR_EXPRESSION) throw error;
  const reason = /^invalid regular expression: (.*)$/.exec(error.message)?.[1];
  throw new UserError(
    'BAD_USER_INPUT',
    `The regular expression in \`matches\` cannot be read${reason === undefined ? '' : `: ${reason}`}. It follows the syntax of Postgres; put a \\ before ( ) [ ] { } . * + ? ^ $ | that stand for themselves.`,
  );
}
