import { LARGEST_ZOOM, LEAST_ZOOM, pan, project, type Size, unproject } from '../camera.ts';
import { BAR_PX, NARROW_PX, PANEL_PX, SHEET_SHARE } from '../sizes.ts';

import type { MapView } from './feature.ts';

const FLIGHT_MS = 420;
/** A point nearer to the edge than this is brought into view. */
const MARGIN_PX = 24;

/** Around several points that are brought into view, as a share of their extent. */
const ROOM = 0.4;

/** Moves the map when the panel would cover the point: beside it on a wide map, above it on a narrow one. */
export function bringIntoView({ map, stage, milliseconds }: MapView, index: number): void {
  if (map === null || index < 0) return;
  const { x, y, z } = map.points;
  // Where it will be when the map has come to rest.
  const place = project(stage.aim, stage.size, x[index] ?? 0, y[index] ?? 0, z[index] ?? 0);
  const free = freeOf(stage.size);
  const top = stage.size.width < NARROW_PX ? BAR_PX : MARGIN_PX;
  const bottom = BAR_PX + free.height - MARGIN_PX;
  if (place.x > MARGIN_PX && place.x < free.width - MARGIN_PX && place.y > top && place.y < bottom) return;
  const moved = pan(stage.aim, stage.size, free.width / 2 - place.x, BAR_PX + free.height / 2 - place.y);
  stage.flyTo(moved, milliseconds(FLIGHT_MS));
}

/** Shows points large, those that are on the map (0 and above), where neither a panel nor the bar covers them. */
export function bringAllIntoView({ stage, placeOf, milliseconds }: MapView, indices: readonly number[]): void {
  const places = indices.flatMap((index) => placeOf(index) ?? []);
  if (places.length < 2) return;
  const { camera, size } = stage;
  const { width, height } = size;
  const free = freeOf(size);
  const x = extentOf(places.map((place) => place.x));
  const y = extentOf(places.map((place) => place.y));
  // Points that lie upon each other are not made a world of.
  const least = Math.max(x.length, y.length, Math.min(width, height) / 20) / 2;
  const nearer = Math.min(
    Math.max(1, free.width) / (Math.max(x.length, least) * (1 + ROOM)),
    Math.max(1, free.height) / (Math.max(y.length, least) * (1 + ROOM)),
  );
  const zoom = Math.min(LARGEST_ZOOM, Math.max(LEAST_ZOOM, camera.zoom * nearer));
  // What is in the middle of the points comes to the middle of what is free.
  const aside = { x: (width - free.width) / 2, y: height / 2 - (BAR_PX + free.height / 2) };
  const scale = zoom / camera.zoom;
  const middle = unproject(camera, size, x.middle + aside.x / scale, y.middle + aside.y / scale);
  stage.flyTo({ ...camera, zoom, x: middle.x, y: middle.y }, milliseconds(FLIGHT_MS));
}

/** What bar and panel leave from the left and from below the bar. */
function freeOf({ width, height }: Size): Size {
  const wide = width >= NARROW_PX;
  return {
    width: wide ? width - PANEL_PX : width,
    height: Math.max(1, (wide ? height : height * (1 - SHEET_SHARE)) - BAR_PX),
  };
}

function extentOf(values: readonly number[]): { readonly middle: number; readonly length: number } {
  const [least, largest] = [Math.min(...values), Math.max(...values)];
  return { middle: (least + largest) / 2, length: largest - least };
}
