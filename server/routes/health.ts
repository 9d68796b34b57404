import type { FastifyInstance } from 'fastify';

import type { Services } from '../services.ts';

/** How long the database may be silent before that counts as being out of reach. */
const SILENCE_MS = 5_000;

/** GET /health: 200 while queries are answered, 503 with the reason while not. */
export async function healthRoutes(app: FastifyInstance, { database }: Services): Promise<void> {
  app.get('/health', { logLevel: 'warn' }, async (request, reply) => {
    reply.header('cache-control', 'no-store');
    try {
      const answered = database.query('select 1', [], { timeoutMs: SILENCE_MS });
      answered.catch(() => {}); // it may lose the race and fail later
      await Promise.race([answered, silence()]);
      return { status: 'ok' };
    } catch (error) {
      request.log.error(error, 'the database does not answer');
      reply.code(503);
      return { status: 'unavailable', reason: 'The database does not answer.' };
    }
  });
}

function silence(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`No answer within ${SILENCE_MS} ms.`)), SILENCE_MS).unref();
  });
}
