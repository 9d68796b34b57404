/** What draws. A renderer is given one plain state and shows it; what differs from the state before it finds itself. */
import type { Camera, Size } from '../camera.ts';
import type { Coloring } from '../colors.ts';
import type { Hidden } from '../picking.ts';
import type { Points } from '../points.ts';

/** Everything on the canvas. Parts that have not changed are the same objects as before. */
export interface Scene {
  readonly points: Points;
  /** How the points were before, drawn on their way to `points`; null: at once. Rows mean the same items. */
  readonly from: Points | null;
  /** Length of the way. */
  readonly transitionMs: number;
  readonly coloring: Coloring;
  /** `#rrggbb` of each slot of the coloring. */
  readonly colors: readonly string[];
  readonly hidden: Hidden;
  /** Points that stand out, ascending; the others fade. null: all alike. */
  readonly emphasis: Uint32Array | null;
  readonly camera: Camera;
  readonly size: Size;
  /** Ground, `#rrggbb`, into which far points of a 3-D map fade. */
  readonly ground: string;
}

export interface Renderer {
  readonly canvas: HTMLCanvasElement;
  /** Which maps it can draw. */
  readonly components: readonly (2 | 3)[];
  /** Shows a state. Resolves when it is on the canvas, after the transition where there is one. */
  draw(scene: Scene): Promise<void>;
  /** Frees the graphics card's memory and the context. */
  destroy(): void;
}

export interface RendererEvents {
  /** The browser took the context away; the renderer is of no more use. */
  onLost(): void;
}

/** The other points' opacity when some are emphasised. */
export const FADED_OPACITY = 0.14;

/** Diameter in CSS pixels at zoom 1, and opacity: from how much of the screen the points would cover. */
export function pointStyle(count: number, size: Size): { readonly diameter: number; readonly opacity: number } {
  const side = 0.9 * Math.min(size.width, size.height);
  const diameter = Math.min(10, Math.max(2, 0.5 * (side / Math.sqrt(Math.max(1, count)))));
  const cover = (count * diameter * diameter) / (side * side || 1);
  return { diameter, opacity: Math.min(0.92, Math.max(0.35, 0.95 - 0.35 * cover)) };
}

/** How much larger points get as the camera nears: slower than the map, so that crowds come apart. */
export function diameterScale(zoom: number): number {
  return zoom <= 1 ? Math.max(0.4, zoom) : Math.asinh(zoom) / Math.asinh(1);
}

/** Slow at both ends. */
export function ease(t: number): number {
  return t < 0.5 ? 4 * t * t * t : 1 - (-2 * t + 2) ** 3 / 2;
}
