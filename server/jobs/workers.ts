/** The workers of this process: threads that are watched over, and begun anew when one dies. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel, type Worker } from 'node:worker_threads';

import { type Config, type ModelSettings, usualModels } from '../config.ts';
import type { Database } from '../database/database.ts';
import { serveDatabase } from '../database/remote.ts';
import { startThread } from '../thread.ts';
import { takeBackFrom } from './claims.ts';
import type { Log } from './runJob.ts';
import type { WorkerStart } from './workInThread.ts';

export interface WorkersOptions {
  readonly log: Log;
  /** The module that each thread runs; it calls `workInThread`. */
  readonly module?: URL;
}

export interface Workers {
  /** Each worker hands its job over, to be gone on with elsewhere or after the next start. */
  stop(): Promise<void>;
}

/** A worker that does not hand its job over in this time is ended, and the job taken from it. */
const STOP_MS = 5000;

/** A dead worker is replaced after a pause that doubles, so that a fault that comes back at once does not burn a core. */
const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 30_000;

/**
 * Starts `config.workers` threads that work at the jobs of `database`. Each has connections of its own to a Postgres;
 * an embedded database is reached through this thread.
 */
export async function startWorkers(
  database: Database,
  config: Pick<Config, 'databaseUrl' | 'dataDir' | 'logLevel' | 'workers'> & Partial<ModelSettings>,
  { log, module = new URL('./worker.ts', import.meta.url) }: WorkersOptions,
): Promise<Workers> {
  // Only this process can have the embedded database: whoever was at work there is dead.
  if (database.engine === 'pglite') await takeBackFrom(database, null);

  const stopping = new AbortController();
  const watched = Array.from({ length: config.workers }, (_, i) => watch(`${hostname()}/${process.pid}/${i + 1}`));
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(watched);
    },
  };

  async function watch(place: string): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!stopping.signal.aborted) {
      const worker = `${place}/${randomUUID().slice(0, 8)}`;
      const begunAt = performance.now();
      const died = await live(worker);
      if (!died) return;
      await takeBackFrom(database, worker).catch((error: unknown) => {
        log.error({ err: error, worker }, 'The job of a dead worker could not be taken back; its lease will run out');
      });
      pauseMs = performance.now() - begunAt > LAST_PAUSE_MS ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, LAST_PAUSE_MS);
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  /** @returns whether it died, rather than stopped in good order */
  async function live(worker: string): Promise<boolean> {
    const { thread, disconnect } = start(worker);
    const stop = () => thread.postMessage('stop');
    stopping.signal.addEventListener('abort', stop);
    const code = await ended(thread, worker);
    stopping.signal.removeEventListener('abort', stop);
    disconnect();
    return code !== 0 || !stopping.signal.aborted;
  }

  function start(worker: string): { thread: Worker; disconnect: () => void } {
    const { dataDir, modelsDir, device, modelMemoryBytes, logLevel } = { ...usualModels, ...config };
    const common = { worker, dataDir, models: { dataDir, modelsDir, device, modelMemoryBytes }, logLevel };
    if (config.databaseUrl !== null) {
      const data: WorkerStart = { ...common, database: { url: config.databaseUrl } };
      return { thread: startThread(module, { name: worker, data }), disconnect: () => {} };
    }
    const { port1, port2 } = new MessageChannel();
    serveDatabase(database, port1);
    const data: WorkerStart = { ...common, database: { port: port2 } };
    return { thread: startThread(module, { name: worker, data, transfer: [port2] }), disconnect: () => port1.close() };
  }

  /** Waits for the end of a thread, and brings it about when the thread does not stop in time. */
  async function ended(thread: Worker, worker: string): Promise<number> {
    thread.on('error', (error) => log.error({ err: error, worker }, 'A worker died'));
    let deadline: NodeJS.Timeout | undefined;
    stopping.signal.addEventListener('abort', () => {
      deadline = setTimeout(() => void thread.terminate(), STOP_MS);
    });
    const code = await new Promise<number>((resolve) => thread.once('exit', resolve));
    clearTimeout(deadline);
    return code;
  }
}
