import type { PointsFile } from './answers.ts';
import type { Client } from './client.ts';
import { type Coloring, colorBy, plainColoring } from './colors.ts';
import { loadMore } from './loadMore.ts';
import { createPicker, type Picker } from './picking.ts';
import { alignPoints, indexKeys, type Points } from './points.ts';
import { eachInSlices } from './slices.ts';

export interface MapNames {
  readonly dataset: string;
  readonly embedding: string;
  readonly projection: string;
  /** The job that is making it: its points are on their way. null: it is made. */
  readonly job: string | null;
}

/** A map, ready to be drawn and asked. */
export interface LoadedMap {
  readonly client: Client;
  readonly names: MapNames;
  readonly file: PointsFile;
  readonly points: Points;
  readonly picker: Picker;
  readonly coloring: Coloring;
  readonly colorBy: string | null;
  /** The point of each key; made when it is first asked for. */
  readonly indexOf: () => Promise<ReadonlyMap<string, number>>;
  /** The points before, in the same order of rows, when the same items moved from one map to another. */
  readonly movedFrom: Points | null;
  /** Whether point i is the same item as point i of the map before. */
  readonly sameItems: boolean;
}

/**
 * Fetches, decodes and indexes a map. What the map before already has is not fetched again: of the same projection
 * only the columns that are missing, whose rows come in the same order; nothing at all for a color that is known.
 * The items of another projection of the same items are put into the order of the one before, so that they can move.
 * @param anew whether nothing of the map before is taken over but the order of its items
 */
export async function loadMap(
  client: Client,
  names: MapNames,
  columns: { readonly label: string; readonly color: string | null },
  before: LoadedMap | null,
  onProgress: (stage: 'fetching' | 'reading', share: number | null) => void,
  signal: AbortSignal,
  anew = false,
): Promise<LoadedMap> {
  const asked = [...new Set(['label', columns.label, columns.color])].filter((name) => name !== null && name !== 'key');
  const same = !anew && before?.client === client && sameNames(before.names, names) ? before : null;
  const missing = asked.filter((name) => name !== null && !same?.points.columns.has(name)).map(String);
  if (same !== null && missing.length === 0) return await recolor(same, columns.color, signal);

  onProgress('fetching', null);
  const file = await pointsOf(client, names, missing, signal);
  const decoded = await client.readPoints(file, onProgress, signal);
  if (same !== null) {
    // Made anew since: what is here belongs to another version, but the items may be the same.
    if (same.file.version !== file.version || same.points.count !== decoded.count) {
      return await loadMap(client, names, columns, before, onProgress, signal, true);
    }
    const { rows } = same.points;
    const added = rows === null ? decoded : await alignPoints(decoded, rows, signal);
    const points = { ...same.points, columns: new Map([...same.points.columns, ...added.columns]) };
    return await recolor({ ...same, points }, columns.color, signal);
  }

  const moved =
    before?.names.dataset === names.dataset && before.client === client ? await follow(before, decoded, signal) : null;
  const points = moved ?? decoded;
  return {
    client,
    names,
    file,
    points,
    picker: await createPicker(points, signal),
    coloring: await coloringOf(points, columns.color, signal),
    colorBy: columns.color,
    indexOf: moved === null || before === null ? once(() => indexKeys(points)) : before.indexOf,
    movedFrom: moved?.components === before?.points.components ? (before?.points ?? null) : null,
    sameItems: moved !== null,
  };
}

/** A map in the making is waited for until it has points. @throws MapIsMade where its job has ended meanwhile */
async function pointsOf(
  client: Client,
  names: MapNames,
  columns: readonly string[],
  signal: AbortSignal,
): Promise<PointsFile> {
  if (names.job === null) return await client.points(names, columns, signal);
  const { pointsInTheMaking } = await loadMore(client.endpoint);
  const file = await pointsInTheMaking(client, names.job, columns, signal);
  if (file === null) throw new MapIsMade();
  return file;
}

/** The map is no longer in the making: what there is has to be asked for anew. */
export class MapIsMade extends Error {}

async function recolor(map: LoadedMap, color: string | null, signal: AbortSignal): Promise<LoadedMap> {
  if (map.colorBy === color) return { ...map, movedFrom: null, sameItems: true };
  return {
    ...map,
    coloring: await coloringOf(map.points, color, signal),
    colorBy: color,
    movedFrom: null,
    sameItems: true,
  };
}

async function coloringOf(points: Points, color: string | null, signal: AbortSignal): Promise<Coloring> {
  const column = color === null ? undefined : points.columns.get(color);
  return column === undefined ? plainColoring(points.count) : await colorBy(column, points.count, signal);
}

/** The points in the order of the map before; null when they are not the same items. */
async function follow(before: LoadedMap, points: Points, signal: AbortSignal): Promise<Points | null> {
  if (before.points.count !== points.count) return null;
  const rows = new Uint32Array(points.count);
  const indexOf = await indexKeys(points, signal);
  let strangers = 0;
  await eachInSlices(
    points.count,
    (i) => {
      const row = indexOf.get(before.points.key(i));
      if (row === undefined) strangers++;
      else rows[i] = row;
    },
    signal,
  );
  return strangers === 0 ? await alignPoints(points, rows, signal) : null;
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

function sameNames(a: MapNames, b: MapNames): boolean {
  return a.dataset === b.dataset && a.embedding === b.embedding && a.projection === b.projection && a.job === b.job;
}
