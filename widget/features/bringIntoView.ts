import { LARGEST_ZOOM, LEAST_ZOOM, pan, unproject } from '../camera.ts';
import { NARROW_PX, PANEL_PX } from '../sizes.ts';

import type { MapView } from './feature.ts';

const FLIGHT_MS = 420;
/** What a panel leaves of a narrow map, whose panel lies below. */
const SHARE_ABOVE_PANEL = 0.46;
/** A point nearer to the edge than this is brought into view. */
const MARGIN_PX = 24;

/** What search and choices cover above, where they are in one line and where in two. */
const BAR_PX = { wide: 64, narrow: 100 } as const;
/** Around several points that are brought into view, as a share of their extent. */
const ROOM = 0.4;

/** Moves the map when the panel would cover the point: beside it on a wide map, above it on a narrow one. */
export function bringIntoView({ stage, placeOf, milliseconds }: MapView, index: number): void {
  const place = placeOf(index);
  if (place === null) return;
  const { width, height } = stage.size;
  const wide = width >= NARROW_PX;
  const free = { width: wide ? width - PANEL_PX : width, height: wide ? height : height * SHARE_ABOVE_PANEL };
  const seen =
    place.x > MARGIN_PX && place.x < free.width - MARGIN_PX && place.y > MARGIN_PX && place.y < free.height - MARGIN_PX;
  if (seen) return;
  const moved = pan(stage.camera, stage.size, free.width / 2 - place.x, free.height / 2 - place.y);
  stage.flyTo(moved, milliseconds(FLIGHT_MS));
}

/** Shows points large, those that are on the map (0 and above), where neither a panel nor the bar covers them. */
export function bringAllIntoView({ stage, placeOf, milliseconds }: MapView, indices: readonly number[]): void {
  const places = indices.flatMap((index) => placeOf(index) ?? []);
  if (places.length < 2) return;
  const { camera, size } = stage;
  const { width, height } = size;
  const wide = width >= NARROW_PX;
  const top = BAR_PX[wide ? 'wide' : 'narrow'];
  const free = { width: wide ? width - PANEL_PX : width, height: (wide ? height : height * SHARE_ABOVE_PANEL) - top };
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
  const aside = { x: (width - free.width) / 2, y: height / 2 - (top + free.height / 2) };
  const scale = zoom / camera.zoom;
  const middle = unproject(camera, size, x.middle + aside.x / scale, y.middle + aside.y / scale);
  stage.flyTo({ ...camera, zoom, x: middle.x, y: middle.y }, milliseconds(FLIGHT_MS));
}

function extentOf(values: readonly number[]): { readonly middle: number; readonly length: number } {
  const [least, largest] = [Math.min(...values), Math.max(...values)];
  return { middle: (least + largest) / 2, length: largest - least };
}
