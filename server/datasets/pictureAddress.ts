/** Pictures that lie elsewhere: an item whose field holds the address of one. Nothing is fetched; whoever looks at it asks for it. */

const LONGEST_ADDRESS = 2000;
/** What fields of addresses of pictures are called, with or without a word for address. */
const NAMES =
  /^(.*[_\- .])?(image|img|picture|pic|photo|thumbnail|thumb|poster|avatar|icon|logo|cover)([_\- .]?(url|uri|href|link|src|address))?$/i;
const ENDING = /\.(png|jpe?g|webp|avif|gif|svg)$/i;

/**
 * The address of an item's picture: of the first field that is called like a picture, or else of the first whose address ends like
 * one; null where there is none. Only https, without a name and password: others may be read or changed on their way.
 */
export function pictureAddress(fields: Readonly<Record<string, unknown>>): string | null {
  let other: string | null = null;
  for (const [name, value] of Object.entries(fields)) {
    const address = httpsAddress(value);
    if (address === null) continue;
    if (NAMES.test(name)) return address.href;
    if (ENDING.test(address.pathname)) other ??= address.href;
  }
  return other;
}

/** The address that a value is, or null where it is none that a picture may have. */
export function httpsAddress(value: unknown): URL | null {
  if (typeof value !== 'string' || value.length > LONGEST_ADDRESS || !/^https:\/\//i.test(value)) return null;
  if (!URL.canParse(value)) return null;
  const address = new URL(value);
  return address.username === '' && address.password === '' ? address : null;
}
