/** The commands `import` and `words` while a server has the embedded database: they send the files there and wait for the job. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { pack } from 'tar-stream';

import { folderSources } from './datasets/formats/source.ts';
import type { ImportInput } from './datasets/importFiles.ts';
import { errorCodes, UserError } from './errors.ts';
import { hasEnded, type JobState } from './jobs/jobs.ts';
import type { TrainWordVectorsInput } from './words/trainWordVectors.ts';

/** What is asked of the job. */
export interface RemoteJob {
  readonly id: string;
  readonly state: JobState;
  readonly stage: string | null;
  readonly progress: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly warnings: readonly string[];
  readonly rejectedCount: number | string;
  readonly rejections: readonly {
    readonly file: string;
    readonly line: number | string | null;
    readonly reason: string;
  }[];
}

const POLL_MS = 300;

const jobFields = `id state stage progress error { code message } warnings rejectedCount
  rejections(first: 5) { file line reason }`;

export interface Client {
  readonly url: string;
  /** What the server wants as a bearer token; null: none. */
  readonly token: string | null;
  readonly signal: AbortSignal;
}

/** The job now and after each change, until it has ended. @throws UserError as the server answers it */
export async function* importOverHttp(
  client: Client,
  { paths = [], uploads = [], ...input }: ImportInput,
): AsyncGenerator<RemoteJob> {
  const sent: string[] = [];
  for (const path of paths) sent.push(await upload(client, path));
  const { importDataset } = await ask<{ importDataset: { job: { id: string } } }>(
    client,
    'mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }',
    { input: { ...input, uploads: [...uploads, ...sent] } },
  );
  yield* follow(client, importDataset.job.id);
}

/** As `importOverHttp`, of words that are learnt from files, or from the texts of a data set that the server has. */
export async function* learnWordsOverHttp(
  client: Client,
  { texts: { dataset, field, paths }, ...input }: TrainWordVectorsInput,
): AsyncGenerator<RemoteJob> {
  const uploads: string[] = [];
  for (const path of paths ?? []) uploads.push(await upload(client, path));
  const texts = dataset === null || dataset === undefined ? { uploads } : { dataset: { slug: dataset, field } };
  const { trainWordVectors } = await ask<{ trainWordVectors: { job: { id: string } } }>(
    client,
    'mutation ($input: TrainWordVectorsInput!) { trainWordVectors(input: $input) { job { id } } }',
    { input: { ...input, texts } },
  );
  yield* follow(client, trainWordVectors.job.id);
}

async function* follow(client: Client, id: string): AsyncGenerator<RemoteJob> {
  let seen = '';
  for (;;) {
    const { job } = await ask<{ job: RemoteJob | null }>(client, `query ($id: ID!) { job(id: $id) { ${jobFields} } }`, {
      id,
    });
    if (job === null) throw new UserError('NOT_FOUND', 'The server has forgotten the job.');
    if (JSON.stringify(job) !== seen) yield job;
    seen = JSON.stringify(job);
    if (hasEnded(job.state)) return;
    await sleep(POLL_MS, undefined, { signal: client.signal });
  }
}

/** A folder goes as an archive that is packed while it is sent. */
async function upload(client: Client, path: string): Promise<string> {
  const isFolder = (await stat(path)).isDirectory();
  const name = isFolder ? `${basename(path)}.tar` : basename(path);
  const { id } = await send<{ id: string }>(client, `/uploads?name=${encodeURIComponent(name)}`, {
    body: streamOf(isFolder ? packFolder(path) : createReadStream(path, { highWaterMark: 1 << 20 })),
    duplex: 'half', // the answer comes when all has been sent
    headers: { 'content-type': 'application/octet-stream' },
  });
  return id;
}

async function* packFolder(path: string): AsyncGenerator<Uint8Array> {
  const sources = await folderSources(path);
  const archive = pack();
  const fill = async () => {
    for (const { name, size, open } of sources) {
      const entry = archive.entry({ name, size: size ?? 0 });
      await pipeline(Readable.from(open()), entry);
    }
    archive.finalize();
  };
  fill().catch((error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))));
  for await (const piece of archive) if (piece instanceof Uint8Array) yield piece;
}

function streamOf(bytes: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const pieces = bytes[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return?.();
    },
  });
}

async function ask<T>(client: Client, query: string, variables: unknown): Promise<T> {
  const { data } = await send<{ data?: T | null }>(client, '/graphql', {
    body: JSON.stringify({ query, variables }),
    headers: { 'content-type': 'application/json' },
  });
  if (!data) throw new Error('The server answered without data.');
  return data;
}

interface Refusal {
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

async function send<T>(
  { url, token, signal }: Client,
  path: string,
  { headers, ...request }: RequestInit & { headers: Record<string, string>; duplex?: 'half' },
): Promise<T> {
  const authorization: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}${path}`, {
    ...{ ...request, method: 'POST', signal },
    headers: { ...headers, ...authorization },
  });
  const answer: T & Refusal = await response.json().catch(() => ({}));
  const [error] = answer.errors ?? (response.ok ? [] : [{ message: `The server answered ${response.status}.` }]);
  if (error === undefined) return answer;
  throw new UserError(errorCodes.find((code) => code === error.extensions?.code) ?? 'UNAVAILABLE', error.message);
}
