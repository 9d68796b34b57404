import type { Client } from '../client.ts';
import { errorOf } from '../errors.ts';
import { finished } from '../jobs.ts';
import { upload } from '../laterQueries.ts';
import { importDataset } from './pagesQueries.ts';

export interface ImportProgress {
  readonly title: string;
  readonly state: 'running' | 'failed';
  /** What it is doing, or why it failed. */
  readonly message: string;
  /** 0 to 1; null while it cannot be told. */
  readonly share: number | null;
}

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
      uploads.push(await upload(client, file));
    }
    tell('Waiting for a worker', null);
    const id = await importDataset(client, slug, title, uploads);
    const { result } = await finished(client, id, ({ state, stage, progress }) =>
      tell(stage ?? (state === 'QUEUED' ? 'Waiting for a worker' : 'Reading'), progress),
    );
    return result?.dataset?.slug ?? slug;
  } catch (error) {
    onProgress({ title, state: 'failed', message: errorOf(error).message, share: null });
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
