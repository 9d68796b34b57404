/**
 * Which labels of clusters are shown, and where: pure. Layers are several ways of parting the same points, from many small
 * clusters to few large ones; the nearer the camera, the finer the layer.
 */
import { type Camera, pixelsPerUnit, project, type Size } from './camera.ts';

export interface Label {
  readonly text: string;
  /** Items. */
  readonly size: number;
  /** Where it is pinned, in the world. */
  readonly center: readonly [number, number, number];
  /** Extents of the cluster, in the world. */
  readonly lower: readonly [number, number, number];
  readonly upper: readonly [number, number, number];
}

/** Labels of one layer, the largest cluster first. */
export type LabelLayer = readonly Label[];

export interface PlacedLabel {
  readonly text: string;
  /** The middle of the text, in CSS pixels. */
  readonly x: number;
  readonly y: number;
  /** Height of the letters, in CSS pixels. */
  readonly fontPx: number;
}

/** A layer is fine enough while its clusters are, in the median, at least this wide on the screen: room for a word or two. */
const LEAST_CLUSTER_PX = 110;
const LEAST_FONT_PX = 12;
const LARGEST_FONT_PX = 17;
/** Free space around a text. */
const GAP_PX = 5;
/** Labels are placed as far outside as this, so that those within do not jump when others come in. */
const OUTSIDE_PX = 120;
/** The line at the bottom of the map, which a label would cover. */
const STATUS_PX = 26;
const MOST_LABELS = 60;
const MOST_CHARACTERS = 28;
const LINE_HEIGHT = 1.25;

/**
 * The labels that have room, none upon another: of the layer that suits the camera, then of coarser ones, for clusters of
 * which the finer ones tell nothing.
 * @param layers from the finest to the coarsest
 * @param widthOf the width of a text in letters of 1 px
 */
export function placeLabels(
  layers: readonly LabelLayer[],
  camera: Camera,
  size: Size,
  widthOf: (text: string) => number,
): PlacedLabel[] {
  const scale = pixelsPerUnit(camera, size);
  const suiting = layers.findIndex((layer) => medianExtent(layer) * scale >= LEAST_CLUSTER_PX);
  const first = suiting < 0 ? layers.length - 1 : suiting;
  const placed: (PlacedLabel & { readonly box: Box })[] = [];
  const told: Label[] = [];
  for (const layer of layers.slice(Math.max(0, first))) {
    const largest = layer[0]?.size ?? 1;
    for (const label of layer) {
      if (placed.length === MOST_LABELS) break;
      if (told.some((other) => isWithin(other.center, label))) continue;
      const pinned = project(camera, size, ...label.center);
      if (pinned.x < -OUTSIDE_PX || pinned.x > size.width + OUTSIDE_PX) continue;
      if (pinned.y < -OUTSIDE_PX || pinned.y > size.height + OUTSIDE_PX) continue;
      const text = shortened(label.text);
      const fontPx = LEAST_FONT_PX + (LARGEST_FONT_PX - LEAST_FONT_PX) * Math.sqrt(label.size / largest);
      const half = { width: (widthOf(text) * fontPx) / 2 + GAP_PX, height: (fontPx * LINE_HEIGHT) / 2 };
      const x = withinEdges(pinned.x, half.width, size.width);
      const y = pinned.y > size.height ? pinned.y : Math.min(pinned.y, size.height - STATUS_PX - half.height);
      const box = { left: x - half.width, right: x + half.width, top: y - half.height, bottom: y + half.height };
      if (placed.some((other) => overlap(other.box, box))) continue;
      placed.push({ text, x, y, fontPx, box });
      told.push(label);
    }
  }
  return placed.map(({ text, x, y, fontPx }) => ({ text, x, y, fontPx }));
}

/** A label whose cluster is on the screen is moved until all of it can be read. */
function withinEdges(x: number, half: number, width: number): number {
  if (x < 0 || x > width || 2 * half > width) return x;
  return Math.min(width - half, Math.max(half, x));
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function isWithin(center: readonly number[], { lower, upper }: Label): boolean {
  return center.every((value, axis) => value >= (lower[axis] ?? 0) && value <= (upper[axis] ?? 0));
}

/** The wider side of the boxes. */
function medianExtent(layer: LabelLayer): number {
  const extents = layer
    .map(({ lower, upper }) => Math.max(...upper.map((value, axis) => value - (lower[axis] ?? 0))))
    .sort((a, b) => a - b);
  return extents[extents.length >> 1] ?? 0;
}

/** Numbers that tell two clusters of one name apart stay in lists: on the map their places do. */
function shortened(text: string): string {
  const bare = text.replace(/ \(\d+\)$/, '');
  const characters = [...bare];
  return characters.length <= MOST_CHARACTERS
    ? bare
    : `${characters
        .slice(0, MOST_CHARACTERS - 1)
        .join('')
        .trimEnd()}…`;
}
