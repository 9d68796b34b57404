/** The world into which every map is fitted: from -1 to 1, the same scale on each axis. Pure. */
import type { Points } from './points.ts';

/** The middle of the coordinates' box and half its longest side; what is not finite does not count. @param axes an array per axis */
export function fitWorld(axes: readonly Float32Array[]): Pick<Points, 'middle' | 'halfExtent'> {
  const middle: [number, number, number] = [0, 0, 0];
  let halfExtent = 0;
  for (const [axis, values] of axes.entries()) {
    let least = Number.POSITIVE_INFINITY;
    let largest = Number.NEGATIVE_INFINITY;
    for (const value of values) {
      if (value < least) least = value;
      if (value > largest) largest = value;
    }
    if (largest < least) continue;
    middle[axis] = (least + largest) / 2;
    halfExtent = Math.max(halfExtent, (largest - least) / 2);
  }
  return { middle, halfExtent: halfExtent === 0 ? 1 : halfExtent };
}
