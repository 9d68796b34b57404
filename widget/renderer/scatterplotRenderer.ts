/**
 * Two components, drawn by regl-scatterplot. Of the library only the drawing is used: picking, gestures, camera, lasso
 * and tooltips are ours (it has no touch, listens on `window`, and puts its lasso into `document.body`).
 *
 * - It is given a renderer of ours in place of its own, which draws through a float buffer as large as the window and
 *   copies the pixels to a second canvas at each frame. Ours draws on the visible canvas, and only when asked.
 * - It is given an empty spatial index: it would build its own in a worker made of text, which a page may forbid.
 * - Ids for its filter always ascend: it sorts them by insertion, which is quadratic on shuffled ids.
 */
import createRegl, { type Regl } from 'regl';
import createScatterplot from 'regl-scatterplot';

import { type Camera, pixelsPerUnit, type Size } from '../camera.ts';
import { parseColor } from '../colors.ts';
import { eachInSlices } from '../slices.ts';
import {
  diameterScale,
  ease,
  FADED_OPACITY,
  pointStyle,
  type Renderer,
  type RendererEvents,
  type Scene,
} from './renderer.ts';

/** null where regl-scatterplot cannot work: no float textures, or a page that forbids making code from text. */
export function createScatterplotRenderer(size: Size, events: RendererEvents): Renderer | null {
  const canvas = document.createElement('canvas');
  const gl = canvas.getContext('webgl', { antialias: false, alpha: true, premultipliedAlpha: true });
  if (gl === null || gl.getExtension('OES_texture_float') === null) return null;
  try {
    return new ScatterplotRenderer(canvas, gl, size, events);
  } catch (error) {
    if (error instanceof EvalError) return null;
    throw error;
  }
}

/** An index of no points, in the format of KDBush: magic, version and type, node size, count. */
const emptySpatialIndex = Uint8Array.from([0xdb, 0x18, 64, 0, 0, 0, 0, 0]).buffer;

type Plot = ReturnType<typeof createScatterplot>;

class ScatterplotRenderer implements Renderer {
  readonly canvas: HTMLCanvasElement;
  readonly components = [2] as const;
  readonly #gl: WebGLRenderingContext;
  readonly #regl: Regl;
  readonly #plot: Plot;
  readonly #canMove: boolean;
  #size: Size;
  readonly #rows: number[][] = [];
  #drawFrame: () => void = () => {};
  #frame = 0;
  /** Frames go on while the library is on its way from one state to the next. */
  #busy = 0;
  #drawn: Scene | null = null;
  #wanted: Scene | null = null;
  #drawing: Promise<void> | null = null;
  #destroyed = false;

  constructor(canvas: HTMLCanvasElement, gl: WebGLRenderingContext, size: Size, events: RendererEvents) {
    this.canvas = canvas;
    this.#size = size;
    this.#gl = gl;
    this.#regl = createRegl({
      gl,
      extensions: ['OES_texture_float'],
      optionalExtensions: ['OES_element_index_uint', 'WEBGL_color_buffer_float', 'EXT_float_blend'],
    });
    this.#canMove = this.#regl.hasExtension('WEBGL_color_buffer_float');
    const regl = this.#regl;
    const setDrawFrame = (drawFrame: () => void) => {
      this.#drawFrame = drawFrame;
      return () => {
        this.#drawFrame = () => {};
      };
    };
    this.#plot = createScatterplot({
      canvas,
      renderer: {
        canvas,
        regl,
        gamma: 1,
        isSupported: true,
        isDestroyed: false,
        render(draw: () => void) {
          regl.clear({ color: [0, 0, 0, 0], depth: 1 });
          draw();
        },
        onFrame: setDrawFrame,
        refresh: () => regl.poll(),
        resize() {},
        destroy() {},
      },
      syncEvents: true,
      cameraIsFixed: true,
      width: size.width,
      height: size.height,
      lassoInitiator: false,
      lassoOnLongPress: false,
      deselectOnDblClick: false,
      deselectOnEscape: false,
      colorBy: 'valueA',
      pointOutlineWidth: 0,
      pointSizeSelected: 1,
      opacityInactiveMax: FADED_OPACITY,
      opacityInactiveScale: 1,
      spatialIndexUseWorker: false,
      lassoInitiatorParentElement: document.createElement('div'),
      lassoLongPressIndicatorParentElement: document.createElement('div'),
    });
    canvas.addEventListener('webglcontextlost', (event) => {
      event.preventDefault();
      if (!this.#destroyed) events.onLost();
    });
  }

  async draw(scene: Scene): Promise<void> {
    this.#wanted = scene;
    // The library refuses a second drawing while one is under way; the latest state wanted is drawn next.
    this.#drawing ??= this.#drawWanted().finally(() => {
      this.#drawing = null;
    });
    if (this.#drawn?.points.x === scene.points.x) this.#moveCamera(scene);
    await this.#drawing;
  }

  destroy(): void {
    this.#destroyed = true;
    cancelAnimationFrame(this.#frame);
    this.#plot.destroy();
    this.#regl.destroy();
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext();
    this.canvas.width = 0;
    this.canvas.remove();
  }

  async #drawWanted(): Promise<void> {
    while (this.#wanted !== null && this.#wanted !== this.#drawn && !this.#destroyed) {
      const scene = this.#wanted;
      this.#busy++;
      try {
        await this.#apply(scene);
      } finally {
        this.#busy--;
      }
    }
  }

  async #apply(scene: Scene): Promise<void> {
    const before = this.#drawn;
    const plot = this.#plot;
    const { width, height } = scene.size;
    if (width !== this.#size.width || height !== this.#size.height) {
      this.#size = scene.size;
      await plot.set({ width, height });
      if (this.#destroyed) return;
    }
    if (before?.colors !== scene.colors) {
      const colors = scene.colors.map((color) => [...parseColor(color), 1]);
      plot.set({ pointColor: colors, pointColorActive: colors, pointColorHover: colors });
    }
    if (before?.points.x !== scene.points.x || before.coloring.slots !== scene.coloring.slots) {
      const { points, coloring } = scene;
      // The library wants an array per point. They are used again: 100,000 thrown away are a long collection of garbage.
      const rows = this.#rows;
      rows.length = Math.min(rows.length, points.count);
      await eachInSlices(points.count, (i) => {
        const row = rows[i] ?? [0, 0, 0, 0];
        row[0] = points.x[i] ?? 0;
        row[1] = points.y[i] ?? 0;
        row[2] = coloring.slots[i] ?? 0;
        rows[i] = row;
      });
      if (this.#destroyed) return;
      const moves = this.#canMove && before !== null && scene.from?.x === before.points.x && scene.transitionMs > 0;
      this.#moveCamera(scene);
      const drawn = plot.draw(rows, {
        spatialIndex: emptySpatialIndex,
        zDataType: 'categorical',
        preventFilterReset: before !== null && before.points.count === points.count,
        ...(moves ? { transition: true, transitionDuration: scene.transitionMs, transitionEasing: ease } : {}),
      });
      this.#requestFrame();
      await drawn;
      if (this.#destroyed) return;
    }
    if (
      (before?.hidden ?? null) !== scene.hidden ||
      (before !== null && before.points.count !== scene.points.count && scene.hidden !== null)
    ) {
      const filtered =
        scene.hidden === null
          ? plot.unfilter({ preventEvent: true })
          : plot.filter(await shownIds(scene.hidden), { preventEvent: true });
      this.#requestFrame();
      await filtered;
      if (this.#destroyed) return;
    }
    if (
      (before?.emphasis ?? null) !== scene.emphasis ||
      before?.hidden !== scene.hidden ||
      before.points.x !== scene.points.x
    ) {
      if (scene.emphasis === null) plot.deselect({ preventEvent: true });
      else plot.select([...scene.emphasis], { preventEvent: true });
    }
    this.#drawn = scene;
    this.#moveCamera(this.#wanted ?? scene);
    await this.#nextFrame();
  }

  #moveCamera(scene: Scene): void {
    if (this.#destroyed) return;
    const style = pointStyle(scene.points.count, scene.size);
    // Its point size grows with the scale of the view by a rule like `diameterScale`; what differs is made up for here.
    const view = viewMatrix(scene.camera, scene.size);
    const theirScale = view[0] ?? 1;
    const theirs = theirScale > 1 ? Math.asinh(theirScale) / Math.asinh(1) : theirScale;
    const diameter = Math.round(((style.diameter * diameterScale(scene.camera.zoom)) / theirs) * 20) / 20;
    const opacity = Math.round(Math.min(0.92, style.opacity * scene.camera.zoom ** 0.35) * 50) / 50;
    if (diameter !== this.#diameter || opacity !== this.#opacity) {
      this.#plot.set({ pointSize: diameter, opacity });
      this.#diameter = diameter;
      this.#opacity = opacity;
    }
    this.#plot.view(view, { preventEvent: true });
    this.#requestFrame();
  }

  #diameter = 0;
  #opacity = 0;

  #requestFrame(): void {
    if (this.#frame !== 0 || this.#destroyed) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#destroyed) return;
      this.#drawFrame();
      if (this.#busy > 0) this.#requestFrame();
    });
  }

  #nextFrame(): Promise<void> {
    this.#requestFrame();
    return new Promise((resolve) => requestAnimationFrame(() => resolve()));
  }
}

/** Its view, column-major, from our camera: it measures in halves of the height and shifts after scaling. */
function viewMatrix(camera: Camera, size: Size): number[] {
  const scale = pixelsPerUnit(camera, size) / (size.height / 2);
  return [scale, 0, 0, 0, 0, scale, 0, 0, 0, 0, 1, 0, -camera.x * scale, -camera.y * scale, 0, 1];
}

async function shownIds(hidden: Uint8Array): Promise<number[]> {
  const ids: number[] = [];
  await eachInSlices(hidden.length, (i) => {
    if (hidden[i] === 0) ids.push(i);
  });
  return ids;
}
