/** A worker's thread that can do nothing but `chain`, die, or keep the database busy. */
import { workInThread } from '../../../server/jobs/workInThread.ts';
import { chain } from './chain.ts';

await workInThread({
  PROJECT_EMBEDDING: chain,
  INDEX_EMBEDDING: async (context) => {
    if (context.attempt === 1) process.exit(1); // in a thread this ends the thread alone
    return { embedding: context.attempt };
  },
  LOAD_DATASET: async ({ database, signal }) => {
    await database.query('select pg_sleep(60)', [], { signal });
    return {};
  },
});
