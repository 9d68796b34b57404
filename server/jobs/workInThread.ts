/** A worker in a thread of its own, from its first breath to its last. Started by `workers.ts`. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

import { destination, type LevelWithSilent, pino } from 'pino';

import type { ModelSettings } from '../config.ts';
import { openPostgres } from '../database/postgres.ts';
import { connectDatabase } from '../database/remote.ts';
import { type Tasks, work } from './work.ts';

/** What the thread is given. */
export interface WorkerStart {
  /** Names the worker among all that claim from the database. */
  readonly worker: string;
  readonly database: { readonly url: string } | { readonly port: MessagePort };
  readonly dataDir: string;
  readonly models: ModelSettings;
  readonly logLevel: LevelWithSilent;
}

/** The task's statements, the heartbeat and the notifications go side by side. */
const POOL = 4;

/** Works until the parent sends a message. */
export async function workInThread(tasks: Tasks): Promise<void> {
  const { worker, database: from, dataDir, models, logLevel }: WorkerStart = workerData.data;
  const stop = new AbortController();
  parentPort?.once('message', () => stop.abort());
  const database = 'port' in from ? connectDatabase(from.port) : await openPostgres(from.url, { pool: POOL });
  const log = pino({ level: logLevel }, destination(2));
  await work(database, { worker, dataDir, models, tasks, log, stop: stop.signal });
  await database.close();
  parentPort?.close();
}
