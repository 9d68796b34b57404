import type { FastifyInstance } from 'fastify';

import type { Config } from '../config.ts';
import type { Database } from '../database/database.ts';
import { UserError } from '../errors.ts';
import { FRAME_MEDIA_TYPE, readFrame } from '../projections/frames.ts';
import { ARROW_STREAM } from '../projections/pointsFile.ts';
import { readPointsInTheMaking } from '../projections/pointsInTheMaking.ts';
import { columnsOf } from './points.ts';

const JOB = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * GET /frames/:job/points?columns=NAME, as `MapInTheMaking.points` gives the address: the points with what is asked for beside.
 * GET /frames/:job/:sequence, as the subscription `projectionFrames` gives the address: the points of a map in the making, of that
 * frame or a later one.
 */
export async function frameRoutes(
  app: FastifyInstance,
  { config, database }: { readonly config: Pick<Config, 'dataDir'>; readonly database: Database },
): Promise<void> {
  app.get<{ Params: Record<'job', string>; Querystring: { columns?: unknown } }>(
    '/frames/:job/points',
    async ({ params: { job }, query }, reply) => {
      if (!JOB.test(job))
        throw new UserError('NOT_FOUND', 'There is no such job. The address is the `url` of `MapInTheMaking.points`.');
      const bytes = await readPointsInTheMaking(
        database,
        { dataDir: config.dataDir, jobId: job },
        columnsOf(query.columns),
      );
      reply.header('cache-control', 'no-store').type(ARROW_STREAM);
      return reply.send(bytes);
    },
  );
  app.get<{ Params: Record<'job' | 'sequence', string> }>('/frames/:job/:sequence', async ({ params }, reply) => {
    const { job, sequence } = params;
    if (!JOB.test(job) || !/^\d{1,9}$/.test(sequence)) {
      throw new UserError('NOT_FOUND', 'There is no such frame. Its address is the `url` of `projectionFrames`.');
    }
    const bytes = await readFrame({ dataDir: config.dataDir, jobId: job }, Number(sequence));
    reply.header('cache-control', 'no-store').type(FRAME_MEDIA_TYPE);
    return reply.send(bytes);
  });
}
