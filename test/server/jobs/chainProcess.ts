/** A process that works at chains, and says when one has changed, until it is killed or its standard input ends. */
import { once } from 'node:events';

import { pino } from 'pino';

import { openPglite } from '../../../server/database/pglite.ts';
import { openPostgres } from '../../../server/database/postgres.ts';
import { startWorkers } from '../../../server/jobs/workers.ts';

const place = process.argv[2] ?? '';
const databaseUrl = place.startsWith('postgres') ? place : null;
const database = databaseUrl === null ? await openPglite(place) : await openPostgres(databaseUrl, { pool: 2 });
const workers = await startWorkers(
  database,
  { databaseUrl, dataDir: '.', logLevel: 'error', workers: 1 },
  { log: pino({ level: 'error' }), module: new URL('./chain.worker.ts', import.meta.url) },
);
await database.listen('jobs', () => process.stdout.write('a job has changed\n'));
process.stdout.write('at work\n');
await once(process.stdin.resume(), 'end');
await workers.stop();
await database.close();
