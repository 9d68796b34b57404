/** Pointer, wheel and keyboard become camera, hover, click and lasso. Listens on one element, and on nothing above it. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

import { type Camera, orbit, pan, type Size, zoomAt } from '../camera.ts';

export interface GestureTarget {
  readonly camera: Camera;
  readonly size: Size;
  readonly components: 2 | 3;
  readonly tool: 'move' | 'lasso';
  /** Wheel and one finger belong to the page; the map moves by Ctrl and wheel, or two fingers. */
  readonly cooperative: boolean;
  moveCamera(camera: Camera): void;
  /** null: the pointer left. */
  hover(at: { readonly x: number; readonly y: number } | null): void;
  click(at: { readonly x: number; readonly y: number }): void;
  /** While it is drawn: x, y, x, y, … in CSS pixels. */
  drawLasso(outline: readonly number[], kind: 'freehand' | 'rectangle'): void;
  /** It is drawn. `add`: to what is selected. */
  endLasso(outline: Float32Array, add: boolean): void;
  cancelLasso(): void;
  /** A wheel was left to the page. */
  refuseWheel(): void;
}

type Drag =
  | { readonly kind: 'press'; readonly x: number; readonly y: number; moved: boolean; readonly turns: boolean }
  | { readonly kind: 'pinch' }
  | {
      readonly kind: 'lasso';
      readonly shape: 'freehand' | 'rectangle';
      readonly outline: number[];
      readonly add: boolean;
    };

/** Farther than this and a press is a drag, not a click: CSS pixels, by pointer. */
const CLICK_SLOP_PX = { mouse: 4, pen: 6, touch: 10 } as const;
/** Least distance between corners of the lasso. Finer than the eye needs, coarse enough for quick tests. */
const LASSO_STEP_PX = 3;

export class GestureController implements ReactiveController {
  readonly #target: GestureTarget;
  #layer: HTMLElement | null = null;
  #listening: AbortController | null = null;
  readonly #pointers = new Map<number, { x: number; y: number }>();
  #drag: Drag | null = null;

  constructor(host: ReactiveControllerHost, target: GestureTarget) {
    this.#target = target;
    host.addController(this);
  }

  /** Listens on `layer`, and no longer on the one before. */
  attach(layer: HTMLElement): void {
    if (this.#layer === layer && this.#listening !== null) return;
    this.hostDisconnected();
    this.#layer = layer;
    const listening = new AbortController();
    this.#listening = listening;
    const { signal } = listening;
    layer.addEventListener('pointerdown', (event) => this.#down(event), { signal });
    layer.addEventListener('pointermove', (event) => this.#move(event), { signal });
    layer.addEventListener('pointerup', (event) => this.#up(event, true), { signal });
    layer.addEventListener('pointercancel', (event) => this.#up(event, false), { signal });
    layer.addEventListener('pointerleave', () => this.#target.hover(null), { signal });
    layer.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
    layer.addEventListener('wheel', (event) => this.#wheel(event), { signal, passive: false });
  }

  hostDisconnected(): void {
    this.#listening?.abort();
    this.#listening = null;
    this.#pointers.clear();
    this.#drag = null;
  }

  /** Drops what is being drawn. True when there was something. */
  cancel(): boolean {
    if (this.#drag?.kind !== 'lasso') return false;
    this.#drag = null;
    this.#target.cancelLasso();
    return true;
  }

  #down(event: PointerEvent): void {
    const at = this.#place(event);
    // Fingers in cooperative mode move the page until there are two.
    if (event.button !== 0 && event.button !== 2) return;
    this.#pointers.set(event.pointerId, at);
    this.#layer?.setPointerCapture(event.pointerId);
    if (this.#pointers.size === 2) {
      this.cancel();
      this.#drag = { kind: 'pinch' };
      return;
    }
    if (this.#pointers.size > 2) return;
    const rectangle = event.shiftKey && this.#target.tool === 'move';
    if (event.button === 0 && (rectangle || this.#target.tool === 'lasso')) {
      const add = event.shiftKey && !rectangle ? true : event.ctrlKey || event.metaKey;
      this.#drag = { kind: 'lasso', shape: rectangle ? 'rectangle' : 'freehand', outline: [at.x, at.y], add };
      return;
    }
    const turns = this.#target.components === 3 && event.button === 0;
    this.#drag = { kind: 'press', x: at.x, y: at.y, moved: false, turns };
  }

  #move(event: PointerEvent): void {
    const at = this.#place(event);
    const before = this.#pointers.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType !== 'touch') this.#target.hover(at);
      return;
    }
    const drag = this.#drag;
    const { camera, size } = this.#target;
    if (drag?.kind === 'pinch') {
      const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other !== undefined) {
        const gap = (a: { x: number; y: number }) => Math.max(1, Math.hypot(a.x - other.x, a.y - other.y));
        const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
        const shifted = pan(camera, size, (at.x - before.x) / 2, (at.y - before.y) / 2);
        this.#target.moveCamera(zoomAt(shifted, size, gap(at) / gap(before), middle.x, middle.y));
      }
    } else if (drag?.kind === 'press') {
      const slop =
        event.pointerType === 'touch' || event.pointerType === 'pen'
          ? CLICK_SLOP_PX[event.pointerType]
          : CLICK_SLOP_PX.mouse;
      if (!drag.moved && Math.hypot(at.x - drag.x, at.y - drag.y) > slop) {
        drag.moved = true;
        this.#target.hover(null);
      }
      if (drag.moved && !(this.#target.cooperative && event.pointerType === 'touch')) {
        const moved = drag.turns
          ? orbit(camera, size, at.x - before.x, at.y - before.y)
          : pan(camera, size, at.x - before.x, at.y - before.y);
        this.#target.moveCamera(moved);
      }
    } else if (drag?.kind === 'lasso') {
      this.#extend(drag, at);
    }
    this.#pointers.set(event.pointerId, at);
  }

  #up(event: PointerEvent, meant: boolean): void {
    if (!this.#pointers.delete(event.pointerId)) return;
    const drag = this.#drag;
    this.#drag = null;
    if (drag?.kind === 'press' && !drag.moved && meant && event.button === 0)
      this.#target.click({ x: drag.x, y: drag.y });
    if (drag?.kind === 'lasso') {
      if (meant && drag.outline.length >= 6) this.#target.endLasso(Float32Array.from(drag.outline), drag.add);
      else this.#target.cancelLasso();
    }
    const [left] = this.#pointers.values();
    // One finger of two is left: it goes on moving the map, but is no click.
    if (left !== undefined) this.#drag = { kind: 'press', ...left, moved: true, turns: false };
  }

  #extend(drag: Extract<Drag, { kind: 'lasso' }>, at: { x: number; y: number }): void {
    const { outline } = drag;
    const [startX = at.x, startY = at.y] = outline;
    if (drag.shape === 'rectangle') {
      outline.splice(0, outline.length, startX, startY, at.x, startY, at.x, at.y, startX, at.y);
    } else {
      const lastX = outline.at(-2) ?? at.x;
      const lastY = outline.at(-1) ?? at.y;
      if (Math.hypot(at.x - lastX, at.y - lastY) < LASSO_STEP_PX) return;
      outline.push(at.x, at.y);
    }
    this.#target.drawLasso([...outline], drag.shape);
  }

  #wheel(event: WheelEvent): void {
    if (this.#target.cooperative && !event.ctrlKey && !event.metaKey) {
      this.#target.refuseWheel();
      return;
    }
    event.preventDefault();
    // A line is about 16 pixels, a page about 400; a pinch on a trackpad comes as small deltas with Ctrl.
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1);
    const factor = Math.exp(-Math.max(-300, Math.min(300, pixels)) * (event.ctrlKey ? 0.01 : 0.0022));
    const at = this.#place(event);
    this.#target.moveCamera(zoomAt(this.#target.camera, this.#target.size, factor, at.x, at.y));
  }

  #place(event: MouseEvent): { x: number; y: number } {
    const box = this.#layer?.getBoundingClientRect();
    return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) };
  }
}
