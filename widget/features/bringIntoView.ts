import { pan, zoomToRectangle } from '../camera.ts';
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
const ROOM = 0.25;

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

/** Shows points large, those that are on the map (0 and above), with the panel beside or below them. */
export function bringAllIntoView({ stage, placeOf, milliseconds }: MapView, indices: readonly number[]): void {
  const places = indices.flatMap((index) => placeOf(index) ?? []);
  if (places.length < 2) return;
  const { width, height } = stage.size;
  const wide = width >= NARROW_PX;
  const [xs, ys] = [places.map(({ x }) => x), places.map(({ y }) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  // Points that lie upon each other are not made a world of.
  const extent = Math.max(right - left, bottom - top, Math.min(width, height) / 20);
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const across = Math.max(right - left, extent / 2) * (0.5 + ROOM);
  const down = Math.max(bottom - top, extent / 2) * (0.5 + ROOM);
  // The rectangle is made larger on the side of the panel, by as much as that covers.
  const beside = wide ? (2 * across * PANEL_PX) / Math.max(1, width - PANEL_PX) : 0;
  const below = wide ? 0 : (2 * down * (1 - SHARE_ABOVE_PANEL)) / SHARE_ABOVE_PANEL;
  const above = ((2 * down + below) * BAR_PX[wide ? 'wide' : 'narrow']) / Math.max(200, height);
  const rectangle = { left: x - across, right: x + across + beside, top: y - down - above, bottom: y + down + below };
  stage.flyTo(zoomToRectangle(stage.camera, stage.size, rectangle), milliseconds(FLIGHT_MS));
}
