/**
 * At which points there is room for a caption, a name or a picture: pure. Points that come first in the file have room first, so that
 * of words in the order of their frequency the common ones are seen from afar, and the others as the camera nears.
 */
import { type Camera, pixelsPerUnit, project, type Size } from './camera.ts';
import type { Hidden } from './picking.ts';
import type { Points } from './points.ts';

export interface Box {
  /** The middle, in CSS pixels. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Caption extends Box {
  /** The point. */
  readonly index: number;
}

interface CaptionOptions {
  readonly points: Points;
  readonly camera: Camera;
  readonly size: Size;
  readonly hidden: Hidden;
  /** The points that may have one; null: all. */
  readonly only: Uint32Array | null;
  /** What stands there already. */
  readonly taken: readonly Box[];
  /** Width and height of a point's caption in CSS pixels. */
  readonly sizeOf: (index: number) => { readonly width: number; readonly height: number };
  /** How far its middle is below the point; negative: above. */
  readonly below: number;
}

/** More would take long to draw, and leave nothing of the map. */
const MOST_CAPTIONS = 300;
/**
 * A frame is to take milliseconds, however many points there are. Of those on the screen so many captions are measured, for which texts
 * are read; the others have none until the camera nears.
 */
const MOST_MEASURED = 1000;
/** In 3 ms, of three components in 15; those after these have none until the legend hides some. */
const MOST_LOOKED_AT = 300_000;
/** Where there is no room for this much, there is none for any. */
const LEAST_WIDTH_PX = 24;
/** Room is given in squares of this size. */
const CELL_PX = 6;

/** Captions that do not overlap and are wholly on the map, those of the first points first. */
export function placeCaptions(options: CaptionOptions): Caption[] {
  const { points, camera, size, hidden, only, taken, sizeOf, below } = options;
  const room = new Room(size);
  for (const box of taken) room.take(box);
  const placed: Caption[] = [];
  const count = only?.length ?? points.count;
  const flat = points.components === 2;
  const scale = pixelsPerUnit(camera, size);
  const [left, top] = [size.width / 2 - camera.x * scale, size.height / 2 + camera.y * scale];
  let looked = 0;
  let measured = 0;
  for (let i = 0; i < count && looked < MOST_LOOKED_AT && placed.length < MOST_CAPTIONS; i++) {
    const index = only === null ? i : (only[i] ?? 0);
    if (hidden?.[index] === 1) continue;
    looked++;
    // Of two components no object is made for each point.
    const seen = flat ? null : project(camera, size, points.x[index] ?? 0, points.y[index] ?? 0, points.z[index] ?? 0);
    const x = seen?.x ?? left + (points.x[index] ?? 0) * scale;
    const y = (seen?.y ?? top - (points.y[index] ?? 0) * scale) + below;
    const half = LEAST_WIDTH_PX / 2;
    if (!room.isFreeAt(x, y) || !room.isFreeAt(x - half, y) || !room.isFreeAt(x + half, y)) continue;
    if (measured++ >= MOST_MEASURED) break;
    const box = { index, x, y, ...sizeOf(index) };
    if (room.take(box)) placed.push(box);
  }
  return placed;
}

/** What of the screen is taken, by squares. */
class Room {
  readonly #columns: number;
  readonly #rows: number;
  readonly #taken: Uint8Array;

  constructor({ width, height }: Size) {
    this.#columns = Math.ceil(width / CELL_PX);
    this.#rows = Math.ceil(height / CELL_PX);
    this.#taken = new Uint8Array(this.#columns * this.#rows);
  }

  /** Whether a place is on the screen and free. */
  isFreeAt(x: number, y: number): boolean {
    const [column, row] = [Math.floor(x / CELL_PX), Math.floor(y / CELL_PX)];
    if (!(column >= 0 && column < this.#columns && row >= 0 && row < this.#rows)) return false;
    return this.#taken[row * this.#columns + column] === 0;
  }

  /** Takes a box where all of it is free and on the screen. @returns whether it is */
  take({ x, y, width, height }: Box): boolean {
    const [left, right] = [Math.floor((x - width / 2) / CELL_PX), Math.floor((x + width / 2) / CELL_PX)];
    const [top, bottom] = [Math.floor((y - height / 2) / CELL_PX), Math.floor((y + height / 2) / CELL_PX)];
    if (!(left >= 0 && right < this.#columns && top >= 0 && bottom < this.#rows)) return false;
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        if (this.#taken[row * this.#columns + column] === 1) return false;
      }
    }
    for (let row = top; row <= bottom; row++) {
      this.#taken.fill(1, row * this.#columns + left, row * this.#columns + right + 1);
    }
    return true;
  }
}
