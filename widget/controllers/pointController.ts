/** The point under the pointer, the point that was chosen, and the steps of the keyboard from one to another. */
import { type Camera, project, type Size } from '../camera.ts';
import type { LoadedMap } from '../loadMap.ts';
import { type Hidden, pickPoint, pointTowards } from '../picking.ts';

/** How far from a point, in CSS pixels, the pointer still means it. */
const PICK_RADIUS_PX = { fine: 9, coarse: 18 } as const;

export interface Place {
  readonly x: number;
  readonly y: number;
}

interface PointParts {
  readonly load: { readonly map: LoadedMap | null };
  readonly stage: { readonly camera: Camera; readonly size: Size };
  readonly filter: { readonly hidden: Hidden };
  /** Another point is under the pointer; -1: none. */
  readonly onHover: (index: number) => void;
}

export class PointController {
  /** Under the pointer, or where the keyboard is; -1: none. */
  hovered = -1;
  /** Where the tooltip is shown, in CSS pixels; null: nowhere. */
  tooltipAt: Place | null = null;
  /** Chosen by click or keyboard; -1: none. */
  current = -1;
  readonly #parts: PointParts;

  constructor(parts: PointParts) {
    this.#parts = parts;
  }

  /** The one under the pointer, or else the chosen one; -1: none. */
  get meant(): number {
    return this.hovered >= 0 ? this.hovered : this.current;
  }

  /** The point at a place, nearer than a finger or a pointer is exact; -1: none. */
  at(place: Place, exactness: 'fine' | 'coarse'): number {
    return this.#pick(place, PICK_RADIUS_PX[exactness]);
  }

  placeOf(index: number): Place | null {
    const { load, stage } = this.#parts;
    const { map } = load;
    if (map === null || index < 0) return null;
    const { x, y, z } = map.points;
    return project(stage.camera, stage.size, x[index] ?? 0, y[index] ?? 0, z[index] ?? 0);
  }

  /** null: the pointer left. */
  hoverAt(place: Place | null): void {
    const index = place === null ? -1 : this.at(place, 'fine');
    this.hover(index, this.placeOf(index));
  }

  /** @param tooltipAt null: the point is marked without a tooltip */
  hover(index: number, tooltipAt: Place | null): void {
    if (this.#parts.load.map === null) return;
    if (index === this.hovered) {
      if (tooltipAt !== null && index >= 0) this.tooltipAt = tooltipAt;
      return;
    }
    this.hovered = index;
    this.tooltipAt = tooltipAt;
    this.#parts.onHover(index);
  }

  /** From point to point in a direction, from the middle of the map at first. @returns the point, or -1 */
  step(right: number, down: number): number {
    const { map } = this.#parts.load;
    const { camera, size } = this.#parts.stage;
    if (map === null) return -1;
    const from = this.meant;
    const next =
      from < 0
        ? this.#pick({ x: size.width / 2, y: size.height / 2 }, Math.max(size.width, size.height))
        : pointTowards(map.picker, camera, size, from, { x: right, y: down }, this.#parts.filter.hidden);
    if (next >= 0) this.hover(next, this.placeOf(next));
    return next;
  }

  #pick(place: Place, radius: number): number {
    const { load, stage, filter } = this.#parts;
    if (load.map === null) return -1;
    return pickPoint(load.map.picker, stage.camera, stage.size, place, radius, filter.hidden);
  }
}
