/**
 * Who may change something. Reading is free to whom the server answers at all (see http.ts); changing needs the token
 * where one is set, and is free without one on this machine only.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

import type { Config } from './config.ts';
import { UserError } from './errors.ts';

export interface Access {
  /** @throws UserError UNAUTHENTICATED or FORBIDDEN, when `authorization` does not allow to change anything */
  assertMayChange(authorization: string | undefined): void;
  /** @throws UserError UNAUTHENTICATED, when a token is set and `authorization` does not hold it */
  assertMayWatch(authorization: string | undefined): void;
}

export function createAccess({ authToken, loopback }: Pick<Config, 'authToken' | 'loopback'>): Access {
  const wanted = authToken === null ? null : digest(authToken);

  function assertToken(authorization: string | undefined): void {
    if (wanted === null) return;
    const given = /^bearer +(\S+)$/i.exec(authorization?.trim() ?? '')?.[1];
    if (given === undefined) {
      throw new UserError(
        'UNAUTHENTICATED',
        'This needs the header "Authorization: Bearer" with the token of the server.',
      );
    }
    // Digests have one length, and comparing them takes one time, whatever was given.
    if (!timingSafeEqual(digest(given), wanted)) {
      throw new UserError('UNAUTHENTICATED', 'The token in the header "Authorization" is not the one of the server.');
    }
  }

  return {
    assertMayChange(authorization) {
      if (wanted === null && !loopback) {
        throw new UserError(
          'FORBIDDEN',
          'The server listens beyond this machine without a token, so nothing may be changed. Set AUTH_TOKEN and send it as "Authorization: Bearer …".',
        );
      }
      assertToken(authorization);
    },
    assertMayWatch: assertToken,
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
