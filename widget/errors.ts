/** What was thrown, as an error. */
export function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** What an error says; null where there is none. */
export function messageOf(error: unknown): string | null {
  return error === null || error === undefined ? null : errorOf(error).message;
}
