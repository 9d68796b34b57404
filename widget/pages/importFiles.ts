import type { Client, Job } from '../client.ts';
import { importDataset } from './pagesQueries.ts';

export interface ImportProgress {
  readonly title: string;
  readonly state: 'running' | 'failed';
  /** What it is doing, or why it failed. */
  readonly message: string;
  /** 0 to 1; null while it cannot be told. */
  readonly share: number | null;
}

const POLL_MS = 400;

/** Sends files, imports them into a data set named after the first, and follows the job. The slug; null when it failed. */
export async function importFiles(
  client: Client,
  files: readonly File[],
  onProgress: (progress: ImportProgress) => void,
): Promise<string | null> {
  const [first] = files;
  if (first === undefined) return null;
  const title = first.name.replace(/(\.\w+)+$/, '') || first.name;
  const slug = slugOf(title);
  const tell = (message: string, share: number | null) => onProgress({ title, state: 'running', message, share });
  try {
    const uploads: string[] = [];
    for (const file of files) {
      tell(`Sending ${file.name}`, null);
      uploads.push(await client.upload(file));
    }
    tell('Waiting for a worker', null);
    const job = await follow(client, await importDataset(client, slug, title, uploads), tell);
    if (job.state === 'SUCCEEDED') return job.result?.dataset?.slug ?? slug;
    onProgress({ title, state: 'failed', message: reasonOf(job), share: null });
  } catch (error) {
    onProgress({
      title,
      state: 'failed',
      message: error instanceof Error ? error.message : String(error),
      share: null,
    });
  }
  return null;
}

/** Lower-case letters, digits and hyphens, as the server wants them. */
export function slugOf(title: string): string {
  const slug = title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return slug === '' ? 'imported' : slug;
}

async function follow(client: Client, id: string, tell: (message: string, share: number | null) => void): Promise<Job> {
  for (;;) {
    const job = await client.job(id);
    if (job === null) throw new Error('The server no longer knows the import.');
    if (job.state !== 'QUEUED' && job.state !== 'RUNNING') return job;
    tell(job.stage ?? (job.state === 'QUEUED' ? 'Waiting for a worker' : 'Reading'), job.progress);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function reasonOf({ error, state }: Job): string {
  if (error === null) return state === 'CANCELLED' ? 'The import was cancelled.' : 'The import failed.';
  const at = error.file === null ? '' : ` (${error.file}${error.line === null ? '' : `, line ${error.line}`})`;
  return error.message + at;
}
