import type { Readable } from 'node:stream';

import type { FastifyInstance } from 'fastify';

import { storeUpload } from '../datasets/uploads.ts';
import { UserError } from '../errors.ts';
import type { Services } from '../services.ts';

/**
 * POST /uploads?name=FILE: the body, whatever its type, becomes a file for `importDataset`.
 * Answers `{"id", "name", "bytes", "sha256"}`.
 */
export async function uploadRoutes(app: FastifyInstance, { config, database, access }: Services): Promise<void> {
  // In this plugin bodies are streams, JSON as well.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, body, done) => done(null, body));

  app.post<{ Querystring: { name?: string | string[] }; Body: Readable | undefined }>(
    '/uploads',
    {
      bodyLimit: config.uploadLimitBytes,
      config: { longBody: true },
      onRequest: async ({ headers }) => {
        access.assertMayChange(headers.authorization);
        if (Number(headers['content-length'] ?? 0) > config.uploadLimitBytes) throw tooLarge(config.uploadLimitBytes);
      },
    },
    async (request, reply) => {
      const name = fileName(request.query.name);
      const body = request.body ?? request.raw; // without a Content-Type, Fastify leaves the body where it is
      const upload = await storeUpload(database, config.dataDir, name, body, config.uploadLimitBytes);
      reply.code(201);
      return { id: upload.id, name: upload.name, bytes: upload.bytes, sha256: upload.sha256 };
    },
  );
}

/** The name as it was given; that of a file is made of it by `storeUpload`. @throws UserError BAD_USER_INPUT */
function fileName(given: string | string[] | undefined): string {
  if (typeof given === 'string' && given.trim() !== '') return given;
  throw new UserError('BAD_USER_INPUT', 'The upload has no name, or several; wanted: POST /uploads?name=FILE.');
}

function tooLarge(limitBytes: number): UserError {
  return new UserError('LIMIT_EXCEEDED', `The upload is larger than the ${limitBytes} bytes that are allowed here.`);
}
