/** A group that was chosen in the list: where it lies, and which points are its own. */
import type { ClusterSummary } from '../answers.ts';
import { zoomToRectangle } from '../camera.ts';
import { loadColumn } from '../loadColumn.ts';
import type { LoadedMap } from '../loadMap.ts';
import { placeInWorld } from '../points.ts';
import type { MapView } from './feature.ts';

const FLIGHT_MS = 600;

/** Shows it large, with so much around it that what it is next to is still seen. */
export function zoomToCluster({ stage, milliseconds }: MapView, map: LoadedMap, { place }: ClusterSummary): void {
  if (place === null) return;
  const corners = cornersOf(placeInWorld(map.points, place.lower), placeInWorld(map.points, place.upper));
  const seen = corners.map((corner) => stage.project(corner));
  const xs = seen.map(({ x }) => x);
  const ys = seen.map(({ y }) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const [width, height] = [right - left, bottom - top];
  const around = {
    ...{ left: left - width / 3, right: right + width / 3 },
    ...{ top: top - height / 3, bottom: bottom + height / 3 },
  };
  stage.flyTo(zoomToRectangle(stage.camera, stage.size, around), milliseconds(FLIGHT_MS));
}

/** The points of a group, ascending; null where the map was made anew since. @throws what the client throws */
export async function membersOf(
  map: LoadedMap,
  clustering: string,
  { label }: ClusterSummary,
  signal: AbortSignal,
): Promise<Uint32Array | null> {
  const column = await loadColumn(map, `clusters.${clustering}`, signal);
  signal.throwIfAborted();
  if (column?.kind !== 'category') return null;
  const members: number[] = [];
  const own = new Map<number, boolean>();
  column.codes.forEach((code, index) => {
    if (code < 0) return;
    const isOwn = own.get(code) ?? column.value(code) === label;
    own.set(code, isOwn);
    if (isOwn) members.push(index);
  });
  return Uint32Array.from(members);
}

type World = readonly [number, number, number];

function cornersOf(lower: World, upper: World): World[] {
  return Array.from({ length: 8 }, (_, corner): World => {
    const at = (axis: 0 | 1 | 2) => (((corner >> axis) & 1) === 0 ? lower[axis] : upper[axis]);
    return [at(0), at(1), at(2)];
  });
}
