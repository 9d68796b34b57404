/** Which points are inside the lasso. */
import { type Camera, project, type ScreenPoint, type Size } from './camera.ts';
import { type Bounds, forEachOnScreen, type Hidden, isWithin, type Picker } from './picking.ts';
import { eachInSlices } from './slices.ts';

/** The points inside a polygon on the screen, ascending. Works in slices. `polygon`: x, y, x, y, … in CSS pixels */
export async function pointsInPolygon(
  picker: Picker,
  camera: Camera,
  size: Size,
  polygon: Float32Array,
  hidden: Hidden,
  signal?: AbortSignal,
): Promise<Uint32Array> {
  const bounds = boundsOf(polygon);
  const candidates: number[] = [];
  const places: number[] = [];
  const collect = (index: number, screen: ScreenPoint) => {
    candidates.push(index);
    places.push(screen.x, screen.y);
  };
  if (picker.grid === null) {
    const { x, y, z, count } = picker.points;
    await eachInSlices(
      count,
      (i) => {
        if (hidden?.[i] === 1) return;
        const screen = project(camera, size, x[i] ?? Number.NaN, y[i] ?? Number.NaN, z[i] ?? 0);
        if (isWithin(screen, bounds)) collect(i, screen);
      },
      signal,
    );
  } else {
    forEachOnScreen(picker, camera, size, bounds, hidden, collect);
  }
  const inside: number[] = [];
  await eachInSlices(
    candidates.length,
    (i) => {
      if (isInside(polygon, places[2 * i] ?? 0, places[2 * i + 1] ?? 0)) inside.push(candidates[i] ?? 0);
    },
    signal,
  );
  return Uint32Array.from(inside).sort();
}

/** Whether a place is inside a polygon, by the even-odd rule. */
export function isInside(polygon: Float32Array, x: number, y: number): boolean {
  let inside = false;
  let previousX = polygon[polygon.length - 2] ?? 0;
  let previousY = polygon[polygon.length - 1] ?? 0;
  for (let i = 0; i < polygon.length; i += 2) {
    const currentX = polygon[i] ?? 0;
    const currentY = polygon[i + 1] ?? 0;
    if (
      currentY > y !== previousY > y &&
      x < ((previousX - currentX) * (y - currentY)) / (previousY - currentY) + currentX
    )
      inside = !inside;
    previousX = currentX;
    previousY = currentY;
  }
  return inside;
}

function boundsOf(polygon: Float32Array): Bounds {
  let left = Number.POSITIVE_INFINITY;
  let right = Number.NEGATIVE_INFINITY;
  let top = Number.POSITIVE_INFINITY;
  let bottom = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < polygon.length; i += 2) {
    left = Math.min(left, polygon[i] ?? 0);
    right = Math.max(right, polygon[i] ?? 0);
    top = Math.min(top, polygon[i + 1] ?? 0);
    bottom = Math.max(bottom, polygon[i + 1] ?? 0);
  }
  return { left, right, top, bottom };
}
