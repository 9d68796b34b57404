/**
 * Which names the server goes by, and the pages of which origins may ask it. Both are checked for every request and every
 * WebSocket: the first against rebound names, the second against pages that would ask with a visitor's browser.
 */
import { isIP } from 'node:net';

import type { Config } from './config.ts';
import { UserError } from './errors.ts';

/**
 * Refuses names that the server is not known by. A page of a foreign site whose name has been made to point to this
 * machine (DNS rebinding) counts as of one origin with the server, but it cannot choose the header Host.
 * @throws UserError FORBIDDEN
 */
export function checkHost(host: string | undefined, { host: address, allowedHosts }: Config): void {
  const name = hostName(host);
  const known =
    name !== null &&
    (isLoopback(name) ||
      name === address.toLowerCase() ||
      // Listening on every address, it is reached by each of them. Addresses cannot be rebound, only names can.
      ((address === '0.0.0.0' || address === '::') && isIP(name) !== 0) ||
      allowedHosts.some((allowed) => allowed.toLowerCase() === name));
  if (!known) {
    throw new UserError(
      'FORBIDDEN',
      'The server is not known by the name in the header Host. If it should be, add the name to ALLOWED_HOSTS.',
    );
  }
}

/**
 * Refuses pages of foreign origins, in which a visitor's browser would ask on their behalf. Programs send no Origin.
 * @throws UserError FORBIDDEN
 */
export function checkOrigin(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  { corsOrigins, loopback }: Config,
): void {
  const { origin, host } = headers;
  if (typeof origin !== 'string' || corsOrigins.includes('*') || corsOrigins.includes(origin)) return;
  if (URL.canParse(origin)) {
    const page = new URL(origin);
    // The scheme is left out of account: a proxy in front may speak https.
    if (page.host !== '' && page.host === host) return;
    if (loopback && isLoopback(hostName(page.host) ?? '')) return;
  }
  throw new UserError(
    'FORBIDDEN',
    'Pages of this origin may not ask this server. If they should, add the origin to CORS_ORIGINS.',
  );
}

/** The name or address in a header Host, without port and brackets, or null. */
function hostName(host: string | undefined): string | null {
  if (host === undefined || !URL.canParse(`http://${host}/`)) return null;
  const { hostname, pathname, username } = new URL(`http://${host}/`);
  if (pathname !== '/' || username !== '') return null;
  return hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

function isLoopback(name: string): boolean {
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    (isIP(name) === 4 && name.startsWith('127.'))
  );
}
