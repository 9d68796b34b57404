/** Removes what jobs have left that nobody will go on with, and uploads that nobody has used for a week. */
import type { Database } from '../database/database.ts';
import { listJobs } from '../jobs/jobs.ts';
import { sweepCheckpoints } from '../projections/checkpoints.ts';
import { sweepFrames } from '../projections/frames.ts';
import { sweepImports } from './removeImport.ts';
import { sweepUploads } from './uploads.ts';

const JOBS_LOOKED_AT = 1000;

export async function removeLeftovers(database: Database, dataDir: string): Promise<void> {
  await sweepImports(database);
  const open = await Promise.all(
    (['QUEUED', 'RUNNING', 'PAUSED'] as const).map((state) => listJobs(database, { first: JOBS_LOOKED_AT, state })),
  );
  if (open.some(({ hasNextPage }) => hasNextPage)) return; // too busy to tell what is in use
  const ids = open.flatMap(({ jobs }) => jobs.map(({ id }) => id));
  await sweepCheckpoints(dataDir, ids);
  await sweepFrames(dataDir, ids);
  const inUse = open.flatMap(({ jobs }) => jobs.flatMap(({ input }) => uploadsOf(input)));
  await sweepUploads(database, dataDir, inUse);
}

function uploadsOf(input: unknown): string[] {
  const { uploads }: { readonly uploads?: readonly string[] } = Object(input);
  return [...(uploads ?? [])];
}
