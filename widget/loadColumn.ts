import { pointsInTheMaking } from './laterQueries.ts';
import type { LoadedMap } from './loadMap.ts';
import { alignPoints, type Column } from './points.ts';

/** A column of a map that is loaded, fetched where it is not there; null where the map was made anew since. */
export async function loadColumn(map: LoadedMap, name: string, signal: AbortSignal): Promise<Column | null> {
  const there = map.points.columns.get(name);
  if (there !== undefined) return there;
  const { client, names } = map;
  const file =
    names.job === null
      ? await client.points(names, [name], signal)
      : await pointsInTheMaking(client, names.job, [name], signal);
  if (file === null || file.version !== map.file.version) return null;
  const decoded = await client.readPoints(file, () => {}, signal);
  const { rows } = map.points;
  return (rows === null ? decoded : await alignPoints(decoded, rows, signal)).columns.get(name) ?? null;
}
