/**
 * The picture behind an address that a client gives. The server asks on the client's behalf, and so must not reach what
 * only the server can: addresses are resolved here, each has to be on the public network, the connection goes to the
 * address that was checked, and no redirect is followed.
 */
import { lookup } from 'node:dns/promises';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';

import ipaddr from 'ipaddr.js';

import { UserError } from '../../errors.ts';

/** A photo of a good camera. */
const LIMIT_BYTES = 32 << 20;
const TIMEOUT_MS = 10_000;

export interface FetchOptions {
  readonly signal?: AbortSignal;
  /** Which addresses may be asked; default: those on the public network. */
  readonly isAllowed?: (address: string) => boolean;
}

/**
 * The bytes of a picture.
 * @param url a data URL, or an http(s) address
 * @throws UserError BAD_USER_INPUT or FORBIDDEN that says what is wrong with the address, UNAVAILABLE where nothing answers
 */
export async function fetchPicture(url: string, options: FetchOptions = {}): Promise<Uint8Array> {
  const shown = url.length > 80 ? `${url.slice(0, 80)}…` : url;
  if (/^data:/i.test(url)) return readDataUrl(url);
  if (!URL.canParse(url)) throw wrong(`"${shown}" is no address. Give a data URL, or one that begins with https://.`);
  const address = new URL(url);
  if (address.protocol !== 'http:' && address.protocol !== 'https:') {
    throw wrong(`The address of a picture begins with data:, https:// or http://; "${shown}" does not.`);
  }
  if (address.username !== '' || address.password !== '') {
    throw wrong('The address of the picture holds a user name or a password. Leave them out.');
  }
  return await download(address, await resolve(address, options), options);
}

/** Base64 alone: that is what browsers make. */
function readDataUrl(url: string): Uint8Array {
  const comma = url.indexOf(',');
  const head = url.slice(0, comma === -1 ? 0 : comma);
  const data = url.slice(comma + 1);
  if (!/^data:image\/[\w.+-]+(;[\w.+-]+=[^;,]*)*;base64$/i.test(head)) {
    throw wrong('The data URL does not begin with `data:image/…;base64,`: wanted is a picture in base64.');
  }
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(data)) throw wrong('What follows the comma of the data URL is not base64.');
  if (data === '') throw wrong('The data URL holds no bytes.');
  return Buffer.from(data, 'base64');
}

/** An address of the host that may be asked. @throws UserError FORBIDDEN where one of them may not */
async function resolve({ hostname }: URL, { isAllowed = isPublic }: FetchOptions): Promise<string> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const found = isIP(host)
    ? [host]
    : await lookup(host, { all: true }).then(
        (all) => all.map(({ address }) => address),
        () => {
          throw new UserError('UNAVAILABLE', `There is no host "${host}", or its address cannot be found out now.`);
        },
      );
  if (found.length === 0 || !found.every(isAllowed)) {
    throw new UserError(
      'FORBIDDEN',
      `The host "${host}" is not on the public network. Give the picture itself, as a data URL.`,
    );
  }
  return found[0] ?? '';
}

/** Not this machine, not the networks around it, no multicast, nothing reserved, and none of these in other clothes. */
export function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

async function download(url: URL, address: string, { signal }: FetchOptions): Promise<Uint8Array> {
  const family = isIP(address) === 6 ? 6 : 4;
  const ask = url.protocol === 'https:' ? requestHttps : requestHttp;
  const stop = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal === undefined ? [] : [signal])]);
  return await new Promise<Uint8Array>((resolved, rejected) => {
    const unreachable = () => {
      if (signal?.aborted === true) rejected(signal.reason);
      else
        rejected(
          new UserError(
            'UNAVAILABLE',
            `The picture could not be fetched from ${url.host}: nothing answers, or too slowly.`,
          ),
        );
    };
    const sent = ask(
      url,
      {
        agent: false,
        signal: stop,
        headers: { accept: 'image/*', 'user-agent': 'embedding-map' },
        // The name was resolved already: asked again, it could have another address.
        lookup: (_host, options, callback) => {
          if (options.all === true) callback(null, [{ address, family }]);
          else callback(null, address, family);
        },
      },
      (response) => {
        const status = response.statusCode ?? 0;
        const refuse = (error: UserError) => {
          rejected(error);
          sent.destroy();
        };
        if (status >= 300 && status < 400) {
          return refuse(
            new UserError(
              'FORBIDDEN',
              `${url.host} sends on to another address, which is not followed. Give the address of the picture itself.`,
            ),
          );
        }
        if (status !== 200) return refuse(wrong(`${url.host} answers ${status} and gives no picture.`));
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > LIMIT_BYTES)
            refuse(
              new UserError('LIMIT_EXCEEDED', `The picture has more than ${LIMIT_BYTES >> 20} MiB. Scale it down.`),
            );
          else chunks.push(chunk);
        });
        response.on('end', () => resolved(Buffer.concat(chunks)));
        response.on('error', unreachable);
      },
    );
    sent.on('error', unreachable);
    sent.end();
  });
}

function wrong(message: string): UserError {
  return new UserError('BAD_USER_INPUT', message);
}
