/** From a frame to the points that are drawn. Pure. */
import type { Matrix } from '#kernels/matrix.ts';

import type { Points } from './points.ts';
import { fitWorld } from './world.ts';

/**
 * The points at the coordinates of a frame, fitted into the world as a map that is loaded is: so the last frame and the finished map
 * lie in the same places. null where the frame is of other points.
 * @param coordinates (n, components), in the order of the points' file
 */
export function pointsOfFrame(points: Points, { rows: n, columns, data }: Matrix): Points | null {
  if (n !== points.count || columns !== points.components) return null;
  const axes = Array.from({ length: columns }, (_, axis) => {
    const values = new Float32Array(n);
    for (let i = 0; i < n; i++) values[i] = data[(points.rows?.[i] ?? i) * columns + axis] ?? Number.NaN;
    return values;
  });
  const { middle, halfExtent } = fitWorld(axes);
  for (const [axis, values] of axes.entries()) {
    const center = middle[axis] ?? 0;
    for (let i = 0; i < n; i++) values[i] = ((values[i] ?? Number.NaN) - center) / halfExtent;
  }
  const [x = points.x, y = points.y, z = points.z] = axes;
  return { ...points, x, y, z, middle, halfExtent };
}
