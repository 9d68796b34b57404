/** The process of `withServer`. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { readConfig } from '../../server/config.ts';
import type { Database } from '../../server/database/database.ts';
import { startServer } from '../../server/index.ts';
import { timed } from './alternate.ts';
import type { Question } from './server.ts';

const delays = monitorEventLoopDelay({ resolution: 10 });
delays.enable();

const server = await startServer(readConfig());
process.once('disconnect', () => server.close());
process.on('message', (question: Question) => {
  answer(server.database, question).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.send?.({ url: server.url });

async function answer(database: Database, question: Question): Promise<number> {
  if (question.type === 'forgetDelays') delays.reset();
  if (question.type !== 'sql') return delays.percentile(99) / 1e6;
  const { before, sql, parameters } = question;
  return await timed(async () => {
    if (before === null) return await database.query(sql, parameters);
    return await database.transaction(async (transaction) => {
      await transaction.query(before);
      return await transaction.query(sql, parameters);
    });
  });
}
