import { createReadStream, open } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { Config } from '../config.ts';
import type { Database } from '../database/database.ts';
import { UserError } from '../errors.ts';
import { ARROW_STREAM, pointsFile } from '../projections/pointsFile.ts';
import { hasCopy, rangeOf, takesEncoding } from './conditions.ts';

/** Read from the file at a time. */
const READ_BYTES = 2 ** 16;

type Address = { Params: Record<'projection' | 'version', string>; Querystring: { columns?: unknown } };

/**
 * GET /points/:projection/:version?columns=NAME&columns=NAME, as `Projection.points` gives the address. The bytes of an address
 * never change; they come compressed by Brotli where the client takes that and it saves something, or in part.
 */
export async function pointsRoutes(
  app: FastifyInstance,
  { config, database }: { readonly config: Pick<Config, 'dataDir'>; readonly database: Database },
): Promise<void> {
  const cacheDir = join(config.dataDir, 'cache');

  // Fastify's own answer to HEAD would say that the length is 0.
  const options = { method: ['GET', 'HEAD'], url: '/points/:projection/:version', exposeHeadRoute: false };
  app.route<Address>({ ...options, handler: send });

  async function send({ params, query, headers, method }: FastifyRequest<Address>, reply: FastifyReply) {
    const address = { ...addressOf(params), columns: columnsOf(query.columns) };
    const file = await pointsFile(database, cacheDir, address);
    const compressed = headers.range === undefined && takesEncoding(headers['accept-encoding'], 'br') && file.brotli;
    const { path, bytes } = compressed || file;
    const etag = compressed ? file.etag.replace(/"$/, '-br"') : file.etag;
    reply.headers({
      etag,
      'cache-control': 'public, max-age=31536000, immutable',
      'accept-ranges': 'bytes',
      vary: 'accept-encoding',
    });
    if (hasCopy(headers['if-none-match'], etag)) return reply.code(304).send();

    const current = headers['if-range'] === undefined || headers['if-range'] === etag;
    const range = current ? rangeOf(headers.range, bytes) : null;
    if (range === 'unsatisfiable') {
      return reply.code(416).header('content-range', `bytes */${bytes}`).send();
    }
    const { start, end } = range ?? { start: 0, end: bytes - 1 };
    if (range !== null) reply.code(206).header('content-range', `bytes ${start}-${end}/${bytes}`);
    if (compressed) reply.header('content-encoding', 'br');
    reply.type(ARROW_STREAM).header('content-length', end - start + 1);
    if (method === 'HEAD') return reply.send();
    // By its number: the stream of a FileHandle sends a third slower.
    const fd = await promisify(open)(path, 'r');
    return reply.send(createReadStream(path, { fd, start, end, highWaterMark: READ_BYTES }));
  }
}

function addressOf({ projection, version }: Address['Params']): { projectionId: number; version: string } {
  const projectionId = /^\d{1,10}$/.test(projection) ? Number(projection) : Number.NaN;
  if (projectionId < 2 ** 31 && /^\d{1,16}-\d{1,16}-[0-9a-z]{1,16}(-[0-9a-f]{12})?$/.test(version))
    return { projectionId, version };
  throw new UserError('NOT_FOUND', 'There are no such points. Their address is the `url` of `Projection.points`.');
}

/** Of a query string. */
export function columnsOf(given: unknown): string[] {
  const columns = given === undefined ? [] : Array.isArray(given) ? given : [given];
  return columns.map(String);
}
