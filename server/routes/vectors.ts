import { Readable } from 'node:stream';

import type { FastifyInstance } from 'fastify';

import type { Database } from '../database/database.ts';
import { findDatasetsById } from '../datasets/datasets.ts';
import { findEmbeddingsById } from '../embeddings/embeddings.ts';
import { vectorTable } from '../embeddings/vectorTable.ts';
import { UserError } from '../errors.ts';
import { ARROW_STREAM } from '../projections/pointsFile.ts';
import { hasCopy } from './conditions.ts';

/**
 * GET /vectors/:embedding/:version, as `Embedding.vectors` gives the address: read while it is sent, as fast as the client takes
 * it, and so without a length. It comes as it is, because float32 values hardly compress.
 */
export async function vectorsRoutes(
  app: FastifyInstance,
  { database }: { readonly database: Database },
): Promise<void> {
  app.get<{ Params: Record<'embedding' | 'version', string> }>(
    '/vectors/:embedding/:version',
    async ({ params, headers, method }, reply) => {
      const id = /^\d{1,10}$/.test(params.embedding) ? Number(params.embedding) : Number.NaN;
      const [embedding] = id < 2 ** 31 ? await findEmbeddingsById(database, [id]) : [];
      const [dataset] = embedding ? await findDatasetsById(database, [embedding.datasetId]) : [];
      if (!embedding || !dataset || params.version !== String(embedding.version)) {
        throw new UserError(
          'NOT_FOUND',
          'These vectors are no longer there: they have changed or were removed. Ask for `Embedding.vectors` again.',
        );
      }
      const etag = `"${embedding.id}-${embedding.version}-${dataset.version}-${dataset.createdAt.getTime().toString(36)}"`;
      reply.headers({ etag, 'cache-control': 'no-cache' });
      if (hasCopy(headers['if-none-match'], etag)) return reply.code(304).send();
      reply.type(ARROW_STREAM);
      if (method === 'HEAD') return reply.send();
      // Arrow takes 0.2 s to load: not before it is needed.
      const { streamVectors } = await import('../embeddings/streamVectors.ts');
      const table = vectorTable(database, embedding);
      return reply.send(Readable.from(streamVectors(table, { withLabels: false }), { objectMode: false }));
    },
  );
}
