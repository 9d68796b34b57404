/** Files of any format, uploaded or on this machine, become a data set. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { JobResult } from '../jobs/jobs.ts';
import type { TaskContext } from '../jobs/task.ts';
import type { Source } from './formats/format.ts';
import { openTables } from './formats/openTables.ts';
import { fileSource } from './formats/source.ts';
import { type ImportOptions, importOrNothing, importTables } from './importTables.ts';
import { requireUploads, uploadPath } from './uploads.ts';

export interface ImportInput extends Omit<ImportOptions, 'finish'> {
  /** Ids of uploads. */
  readonly uploads?: readonly string[];
  /** Absolute paths of files on this machine: from the command line only, never from a client. */
  readonly paths?: readonly string[];
}

/** @throws UserError for anything about the files or the names that the user can mend */
export async function importFiles(context: TaskContext, input: ImportInput): Promise<JobResult> {
  return importOrNothing(context, async () => {
    context.progress('Opening files', null);
    const sources = await openSources(context, input);
    return withScratchDir(context, async (scratchDir) => {
      const tables = await openTables(sources, { scratchDir, signal: context.signal });
      return importTables(context, tables, input);
    });
  });
}

async function openSources(context: TaskContext, { uploads = [], paths = [] }: ImportInput): Promise<Source[]> {
  const found = await requireUploads(context.database, uploads);
  return Promise.all([
    ...found.map(({ id, name }) => fileSource(uploadPath(context.dataDir, id), name)),
    ...paths.map((path) => fileSource(path)),
  ]);
}

/** Lends a folder that is gone afterwards; what an attempt that died left of it is gone before. */
export async function withScratchDir<T>(
  { dataDir, jobId }: Pick<TaskContext, 'dataDir' | 'jobId'>,
  use: (scratchDir: string) => Promise<T>,
): Promise<T> {
  const scratchDir = join(dataDir, 'scratch', jobId);
  await rm(scratchDir, { recursive: true, force: true });
  await mkdir(scratchDir, { recursive: true });
  try {
    return await use(scratchDir);
  } finally {
    await rm(scratchDir, { recursive: true, force: true });
  }
}
