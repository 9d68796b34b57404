/**
 * Many arrows between the same regions of the map become a bundle: pure. After Holten (2006, "Hierarchical Edge Bundles"), with
 * a hierarchy of one level: the map is cut into equal cells, and arrows of one kind that lead from the same cell to the same other
 * cell are drawn to a way that they share, between the mean of their beginnings and the mean of their ends.
 */

/** A place in the world, from -1 to 1 on each axis. */
export type World = readonly [number, number, number];

/** Where a line passes on its way: the two inner control points of a cubic Bézier curve. */
export type Way = readonly [World, World];

/** Cells along each axis: few enough that arrows meet in one, many enough that a bundle says where it comes from. */
const CELLS = 5;
/** 0 leaves all lines straight, 1 puts all upon the shared way (β of Holten's equation 1, who found .85 to be good). */
const STRENGTH = 0.85;
/** A bundle bows to the right of its direction, by this share of its length, so that those to and fro are two. */
const BOW = 0.08;

interface Bundle {
  readonly from: [number, number, number];
  readonly to: [number, number, number];
  count: number;
}

/**
 * The way of each arrow; null: straight, as it is alone between its cells or stays within one.
 * @param arrows with the kind that is bundled apart from others
 */
export function bundleLines(
  arrows: readonly { readonly from: World; readonly to: World; readonly kind: string }[],
): (Way | null)[] {
  const keys = arrows.map(({ from, to, kind }) => {
    const [start, end] = [cellOf(from), cellOf(to)];
    return start === end ? null : `${start} ${end} ${kind}`;
  });
  const bundles = new Map<string, Bundle>();
  arrows.forEach(({ from, to }, i) => {
    const key = keys[i] ?? null;
    if (key === null) return;
    const bundle = bundles.get(key) ?? { from: [0, 0, 0], to: [0, 0, 0], count: 0 };
    bundles.set(key, bundle);
    bundle.count++;
    for (const axis of [0, 1, 2] as const) {
      bundle.from[axis] += from[axis];
      bundle.to[axis] += to[axis];
    }
  });
  return arrows.map(({ from, to }, i) => {
    const bundle = bundles.get(keys[i] ?? '');
    if (bundle === undefined || bundle.count < 2) return null;
    const start = scale(bundle.from, 1 / bundle.count);
    const end = scale(bundle.to, 1 / bundle.count);
    const right: World = [BOW * (end[1] - start[1]), -BOW * (end[0] - start[0]), 0];
    const at = (share: number) => mix(mix(from, to, share), add(mix(start, end, share), right), STRENGTH);
    return [at(1 / 3), at(2 / 3)];
  });
}

const LEAST_OPACITY = 0.07;
const MOST_OPACITY = 0.85;

/**
 * How opaque each arrow is drawn, 0 to 1: many together are fainter, and fainter still where they fill a part of the map only. Drawn as
 * those across the whole of it, a thousand within one group would be a blot that hides the group.
 */
export function opacityOfLines(arrows: readonly { readonly from: World; readonly to: World }[]): number {
  const ends = arrows.flatMap(({ from, to }) => [from, to]);
  // Places all over the map deviate by 1 / sqrt(3) from their mean.
  const share = Math.min(1, Math.sqrt(3 * deviation(ends, 0) * deviation(ends, 1)));
  const opacity = (7 / Math.sqrt(Math.max(1, arrows.length))) * share;
  return Math.min(MOST_OPACITY, Math.max(LEAST_OPACITY, opacity));
}

function deviation(places: readonly World[], axis: 0 | 1): number {
  const mean = places.reduce((sum, place) => sum + place[axis], 0) / places.length;
  return Math.sqrt(places.reduce((sum, place) => sum + (place[axis] - mean) ** 2, 0) / places.length);
}

function cellOf(place: World): number {
  const along = (value: number) => Math.min(CELLS - 1, Math.max(0, Math.floor(((value + 1) / 2) * CELLS)));
  return place.reduce((cell, value) => cell * CELLS + along(value), 0);
}

function mix(a: World, b: World, share: number): World {
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2])];
}

function add(a: World, b: World): World {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

function scale(a: World, factor: number): World {
  return [factor * a[0], factor * a[1], factor * a[2]];
}
