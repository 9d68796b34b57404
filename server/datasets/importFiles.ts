/** Files of any format, uploaded or on this machine, become a data set. */
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../errors.ts';
import type { SplitOptions } from '../graphs/splitGraph.ts';
import type { JobResult } from '../jobs/jobs.ts';
import type { TaskContext } from '../jobs/task.ts';
import type { ColumnNames } from './columnRoles.ts';
import type { Source } from './formats/format.ts';
import { openGraph } from './formats/openGraph.ts';
import { openTables } from './formats/openTables.ts';
import { fileSource, folderSources } from './formats/source.ts';
import type { TripleColumns } from './formats/triples.ts';
import { importGraph } from './importGraph.ts';
import { type ImportOptions, importTables } from './importTables.ts';
import { importOrNothing } from './removeImport.ts';
import { requireUploads, uploadPath } from './uploads.ts';

export interface ImportInput extends Omit<ImportOptions, 'fill' | 'finish' | 'columns' | 'mayBeEmpty'> {
  /** Those of triples mean that the files are a graph. */
  readonly columns?: (ColumnNames & TripleColumns) | null;
  /** How many triples of a graph to set aside by chance. */
  readonly split?: SplitOptions | null;
  /** Ids of uploads. */
  readonly uploads?: readonly string[];
  /** Absolute paths of files, or folders of files, on this machine: from the command line only, never from a client. */
  readonly paths?: readonly string[];
}

/** @throws UserError for anything about the files or the names that the user can mend */
export async function importFiles(context: TaskContext, input: ImportInput): Promise<JobResult> {
  return importOrNothing(context, async () => {
    context.progress('Opening files', null);
    const sources = await openSources(context, input);
    return withScratchDir(context, async (scratchDir) => {
      const reading = { scratchDir, signal: context.signal };
      const { columns = null, ...rest } = input;
      const graph = await openGraph(sources, { ...reading, isGraph: input.kind === 'GRAPH', columns });
      if (graph !== null) return importGraph(context, graph, rest);
      if (input.split) {
        throw new UserError('BAD_USER_INPUT', 'There are no triples that could be split: the files are no graph.');
      }
      const tables = await openTables(sources, reading);
      return importTables(context, tables, input);
    });
  });
}

async function openSources(context: TaskContext, { uploads = [], paths = [] }: ImportInput): Promise<Source[]> {
  const found = await requireUploads(context.database, uploads);
  const sent = await Promise.all(found.map(({ id, name }) => fileSource(uploadPath(context.dataDir, id), name)));
  const here = await Promise.all(
    paths.map(async (path) => ((await isFolder(path)) ? await folderSources(path) : [await fileSource(path)])),
  );
  return [...sent, ...here.flat()];
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
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
