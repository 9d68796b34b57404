/** A process that works at the jobs of an embedded database until it is killed. */
import { join } from 'node:path';

import { pino } from 'pino';

import { openPglite } from '../../../server/database/pglite.ts';
import { startWorkers } from '../../../server/jobs/workers.ts';

const dataDir = process.argv[2] ?? '';
const database = await openPglite(join(dataDir, 'pglite'));
await startWorkers(
  database,
  { databaseUrl: null, dataDir, logLevel: 'error', workers: 1 },
  { log: pino({ level: 'error' }) },
);
