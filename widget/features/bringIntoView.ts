import { pan } from '../camera.ts';
import { NARROW_PX, PANEL_PX } from '../sizes.ts';
import type { MapView } from './feature.ts';

const FLIGHT_MS = 420;
/** What a panel leaves of a narrow map, whose panel lies below. */
const SHARE_ABOVE_PANEL = 0.46;
/** A point nearer to the edge than this is brought into view. */
const MARGIN_PX = 24;

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
