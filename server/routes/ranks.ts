import { Readable } from 'node:stream';

import type { FastifyInstance } from 'fastify';

import type { Database } from '../database/database.ts';
import { UserError } from '../errors.ts';
import { ranksFile } from '../graphs/ranksFile.ts';

/** GET /ranks/:model/:split/:time.tsv, as `GraphEvaluation.ranks` gives the address: the rank of every triple from either side. */
export async function ranksRoutes(app: FastifyInstance, { database }: { readonly database: Database }): Promise<void> {
  app.get<{ Params: Record<'model' | 'split' | 'file', string> }>(
    '/ranks/:model/:split/:file',
    async ({ params, method }, reply) => {
      const id = /^\d{1,9}$/.test(params.model) ? Number(params.model) : 0;
      const split = params.split === 'test' ? 'TEST' : params.split === 'validation' ? 'VALIDATION' : null;
      const time = /^([0-9a-z]{1,12})\.tsv$/.exec(params.file)?.[1];
      if (id === 0 || split === null || time === undefined) {
        throw new UserError('NOT_FOUND', 'There are no such ranks. Ask for `GraphEvaluation.ranks`.');
      }
      const { name, pieces } = await ranksFile(database, id, split, time);
      reply
        .type('text/tab-separated-values; charset=utf-8')
        .header('content-disposition', `attachment; filename="${name}"`)
        .header('cache-control', 'no-cache');
      return method === 'HEAD' ? reply.send() : reply.send(Readable.from(pieces, { objectMode: false }));
    },
  );
}
