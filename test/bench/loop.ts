/**
 * How long requests wait for the server's thread while it imports, builds an index and computes a map. Delays are seen to
 * 10 ms: that is the least there is. What the machine itself adds shows in a process that does nothing meanwhile.
 */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { median } from './alternate.ts';
import type { Figure } from './figures.ts';
import { engines, withPlace } from './places.ts';
import { askable, askGraphql, type BenchServer, fetchTimed, withProcess, withServer } from './server.ts';
import { DIMENSION, readVectors, writeNpy } from './vectors.ts';

const ROWS = 20_000;
/** A light request is asked this often meanwhile. */
const PAUSE_MS = 50;

interface Started {
  readonly started: { readonly job: { readonly id: string } };
}
interface Ended {
  readonly job: { readonly state: string; readonly error: { readonly message: string } | null };
}

const importDocument = `mutation ($upload: ID!) {
  started: importDataset(input: { dataset: "bench", embedding: "bench", uploads: [$upload], projections: [] }) { job { id } }
}`;
const indexDocument = `mutation {
  started: indexEmbedding(input: { dataset: "bench", embedding: "bench" }) { job { id } }
}`;
const projectDocument = `mutation {
  started: projectEmbedding(input: { dataset: "bench", embedding: "bench", name: "pca", method: PCA }) { job { id } }
}`;
const jobDocument = 'query ($id: ID!) { job(id: $id) { state error { message } } }';

export async function loopBench(report: (figure: Figure) => void): Promise<void> {
  const { values } = await readVectors(ROWS);
  for (const engine of engines) {
    await withPlace(engine, async (place) => {
      const file = join(place.config.dataDir, 'vectors.npy');
      await writeNpy(file, values);
      await withServer(place, (server) =>
        withProcess('./idle.process.ts', [], {}, async (_url, idleProcess) => {
          const idle = { ask: askable(idleProcess) };
          const work = async (what: string, start: () => Promise<string>): Promise<void> => {
            for (const { ask } of [server, idle]) await ask({ type: 'forgetDelays' });
            const answers = await untilDone(server, await start());
            const figure = { bench: 'loop', engine, unit: 'ms' } as const;
            report({
              ...figure,
              what: `${what}: delay of the event loop, p99`,
              value: await server.ask({ type: 'delay' }),
              raw: await idle.ask({ type: 'delay' }),
              target: { atMost: 50 },
            });
            const light = { value: median(answers), raw: null, target: null };
            report({ ...figure, what: `${what}: { __typename } meanwhile, median`, ...light });
          };
          const what = `${ROWS} x ${DIMENSION}`;
          await work(`upload and import ${what}`, async () => {
            const upload = await uploadFile(server, file);
            return startJob(server, importDocument, { upload });
          });
          await work(`index of ${what}`, () => startJob(server, indexDocument));
          await work(`PCA of ${what}`, () => startJob(server, projectDocument));
        }),
      );
    });
  }
}

async function uploadFile({ url }: BenchServer, file: string): Promise<string> {
  const upload = request(`${url}/uploads?name=vectors.npy`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
  });
  const answered = once(upload, 'response');
  await pipeline(createReadStream(file), upload);
  const [response] = await answered;
  const { id }: { id: string } = JSON.parse(await text(response));
  return id;
}

async function startJob(
  server: BenchServer,
  document: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const { data } = await askGraphql<Started>(server, document, variables);
  return data.started.job.id;
}

/** Waits for a job, and asks for next to nothing all the while. @returns the milliseconds that each answer took */
async function untilDone(server: BenchServer, id: string): Promise<number[]> {
  const answers: number[] = [];
  for (let asked = 0; ; asked++) {
    const { wholeMs } = await fetchTimed(`${server.url}/graphql`, { query: '{ __typename }' });
    answers.push(wholeMs);
    await sleep(PAUSE_MS);
    if (asked % 10 > 0) continue;
    const { data } = await askGraphql<Ended>(server, jobDocument, { id });
    const { state, error } = data.job;
    if (state === 'SUCCEEDED') return answers;
    if (state !== 'QUEUED' && state !== 'RUNNING') throw new Error(`The job ended as ${state}: ${error?.message}`);
  }
}
