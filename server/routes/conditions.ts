/** What a request says about the copy it has and the form it takes (RFC 9110, sections 12.5.3, 13 and 14). */

/** Whether the client has the bytes of this entity tag already. */
export function hasCopy(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((given) => {
    const tag = given.trim().replace(/^W\//, '');
    return tag === '*' || tag === etag;
  });
}

/** Whether the client takes that content coding: named, or by `*`, and with a weight above 0. */
export function takesEncoding(acceptEncoding: string | undefined, encoding: string): boolean {
  let star = false;
  for (const part of (acceptEncoding ?? '').split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    const taken = weight === undefined || Number(weight.slice(2)) > 0;
    if (name === encoding) return taken;
    if (name === '*') star = taken;
  }
  return star;
}

/** First and last byte, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The part asked for of a body of `size` bytes. Null: all of it, where none, several, or something else than bytes is asked for.
 * 'unsatisfiable': the part begins behind the end.
 */
export function rangeOf(range: string | undefined, size: number): ByteRange | 'unsatisfiable' | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range?.trim() ?? '');
  if (match === null || match[0] === 'bytes=-') return null;
  const [, first = '', last = ''] = match;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return null;
  return start >= size ? 'unsatisfiable' : { start, end };
}
