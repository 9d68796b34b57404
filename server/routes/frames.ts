import type { FastifyInstance } from 'fastify';

import type { Config } from '../config.ts';
import { UserError } from '../errors.ts';
import { FRAME_MEDIA_TYPE, readFrame } from '../projections/frames.ts';

/**
 * GET /frames/:job/:sequence, as the subscription `projectionFrames` gives the address: the points of a map in the making, of that
 * frame or a later one.
 */
export async function frameRoutes(
  app: FastifyInstance,
  { config }: { readonly config: Pick<Config, 'dataDir'> },
): Promise<void> {
  app.get<{ Params: Record<'job' | 'sequence', string> }>('/frames/:job/:sequence', async ({ params }, reply) => {
    const { job, sequence } = params;
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(job) || !/^\d{1,9}$/.test(sequence)) {
      throw new UserError('NOT_FOUND', 'There is no such frame. Its address is the `url` of `projectionFrames`.');
    }
    const bytes = await readFrame({ dataDir: config.dataDir, jobId: job }, Number(sequence));
    reply.header('cache-control', 'no-store').type(FRAME_MEDIA_TYPE);
    return reply.send(bytes);
  });
}
