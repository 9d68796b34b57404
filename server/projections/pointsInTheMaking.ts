/**
 * The points of a map in the making, as those of a map that is there: key, axes and the columns asked for, where the points are
 * now. Whoever shows them needs the rest once, and then frames.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { frameFromBytes } from '#kernels/frame.ts';
import type { Queryable } from '../database/database.ts';
import { type Dataset, findDatasetsById } from '../datasets/datasets.ts';
import type { ToldColumn } from '../embeddings/itemColumns.ts';
import { UserError } from '../errors.ts';
import { type InTheMaking, type PointItems, readFrame, readItems, sayWatched } from './frames.ts';
import { ARROW_STREAM, checkColumns, type Points, toldColumns } from './pointsFile.ts';

/** Null while there is no frame. @throws UserError where a column is none of the data set's */
export async function pointsInTheMaking(
  database: Queryable,
  map: InTheMaking,
  columns: readonly string[],
): Promise<Points | null> {
  await sayWatched(map);
  const items = await readItems(map);
  if (items === null) return null;
  const { asked } = await columnsOf(database, items, columns);
  const query = new URLSearchParams(asked.map((column) => ['columns', column])).toString();
  return {
    count: items.itemIds.length,
    url: `/frames/${map.jobId}/points${query === '' ? '' : `?${query}`}`,
    mediaType: ARROW_STREAM,
    version: map.jobId,
  };
}

/** The bytes of that address. @throws UserError NOT_FOUND where the map is made */
export async function readPointsInTheMaking(
  database: Queryable,
  map: InTheMaking,
  columns: readonly string[],
): Promise<Buffer> {
  const items = await readItems(map);
  if (items === null) throw new UserError('NOT_FOUND', 'There are no such points: the map is made. Ask for the map.');
  const { dataset, asked, told } = await columnsOf(database, items, columns);
  const { coordinates } = frameFromBytes(await readFrame(map, 0));
  const folder = join(map.dataDir, 'cache', 'points');
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${map.jobId}-${randomUUID()}.part`);
  try {
    const { writePoints } = await import('./writePoints.ts');
    const chunk = { itemIds: items.itemIds, coordinates: coordinates.data, measures: null };
    await writePoints(database, { components: coordinates.columns, chunks: [chunk] }, dataset, { asked, told }, path);
    return await readFile(path);
  } finally {
    await rm(path, { force: true });
  }
}

async function columnsOf(
  database: Queryable,
  { datasetId, embeddingId }: PointItems,
  columns: readonly string[],
): Promise<{ dataset: Dataset; asked: string[]; told: ToldColumn[] }> {
  const [dataset] = await findDatasetsById(database, [datasetId]);
  if (!dataset) throw new UserError('NOT_FOUND', 'The data set was removed meanwhile.');
  const told = embeddingId === null ? [] : await toldColumns(database, { embeddingId }, columns);
  return { dataset, told, asked: checkColumns({ measured: false }, dataset, told, columns) };
}
