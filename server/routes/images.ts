import { createHash } from 'node:crypto';

import type { FastifyInstance } from 'fastify';

import { readPicture } from '../datasets/thumbnails.ts';
import { UserError } from '../errors.ts';
import type { Services } from '../services.ts';
import { hasCopy } from './conditions.ts';

/**
 * GET /images/:dataset/:version/:item, with ?size= a thumbnail of that longest edge. The version is the data set's: as
 * long as it is, the bytes of an address never change.
 */
export async function imageRoutes(app: FastifyInstance, { config, database }: Services): Promise<void> {
  app.get<{ Params: Record<'dataset' | 'version' | 'item', string>; Querystring: { size?: unknown } }>(
    '/images/:dataset/:version/:item',
    async ({ params, query, headers }, reply) => {
      const picture = await readPicture(database, config.dataDir, {
        datasetId: whole(params.dataset, 2 ** 31 - 1),
        version: whole(params.version, Number.MAX_SAFE_INTEGER),
        itemId: whole(params.item, Number.MAX_SAFE_INTEGER),
        size: sizeOf(query.size),
      });
      if (picture === null) throw new UserError('NOT_FOUND', 'There is no such picture.');
      const etag = `"${createHash('sha256').update(picture.bytes).digest('base64url')}"`;
      reply.headers({
        etag,
        'cache-control': picture.lasting ? 'public, max-age=31536000, immutable' : 'no-cache',
        // A drawing may carry scripts: shown by itself it gets no rights, and its bytes are taken for nothing else.
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
      });
      if (hasCopy(headers['if-none-match'], etag)) return reply.code(304).send();
      const { bytes } = picture;
      return reply.type(picture.mediaType).send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    },
  );
}

function whole(text: string, most: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= most) return value;
  throw new UserError('NOT_FOUND', 'There is no such picture.');
}

function sizeOf(given: unknown): number | null {
  if (given === undefined) return null;
  const size = typeof given === 'string' && /^\d{1,4}$/.test(given) ? Number(given) : Number.NaN;
  if (size >= 16 && size <= 1024) return size;
  throw new UserError('BAD_USER_INPUT', 'The size of a picture is 16 to 1024 pixels.');
}
