/** The stage: keeps a renderer while the map can be seen, sizes it, moves the camera, and draws what it is told. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

import { between, type Camera, flatView, orbitView, pan, pixelsPerUnit, project, type Size } from '../camera.ts';
import { createRenderer } from '../renderer/createRenderer.ts';
import { drawOverlay, type Marks } from '../renderer/overlay.ts';
import { ease, type Renderer, type Scene } from '../renderer/renderer.ts';

export type StageScene = Omit<Scene, 'camera' | 'size'>;
export type StageMarks = Omit<Marks, 'camera' | 'size' | 'points'>;

interface StageHost extends ReactiveControllerHost, Element {}

interface StageOptions {
  /** Where the canvases go, once it is rendered. */
  readonly container: () => HTMLElement | null;
  readonly marks: () => StageMarks;
  /** The kind of map that is on its way: its renderer is set up meanwhile, which may take the graphics card a while. */
  readonly expected: () => 2 | 3 | null;
  readonly covered: () => Covered;
  /** Of the GraphQL server. */
  readonly endpoint: () => string;
  /** The map cannot be drawn here. */
  readonly onFailure: (error: Error) => void;
  /** A scene is on the canvas, after its transition. */
  readonly onShown: (scene: StageScene) => void;
  /** Size or camera changed. */
  readonly onMove: () => void;
}

/** How much of the map bar, buttons and panel lie upon, from each edge, in CSS pixels. */
export interface Covered {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A lost context is rebuilt this often in a row before the user is told. */
const REBUILD_LIMIT = 3;

export class StageController implements ReactiveController {
  camera: Camera = flatView;
  size: Size = { width: 0, height: 0 };
  readonly #host: StageHost;
  readonly #options: StageOptions;
  readonly #overlay: HTMLCanvasElement | null;
  #renderer: Renderer | null = null;
  #creating: Promise<void> | null = null;
  #scene: StageScene | null = null;
  #visible = false;
  #connected = false;
  #resizes: ResizeObserver | null = null;
  #sight: IntersectionObserver | null = null;
  #frame = 0;
  #flight: {
    readonly from: Camera;
    readonly to: Camera;
    readonly began: number;
    readonly milliseconds: number;
  } | null = null;
  #rebuilt = 0;
  #covered: Covered = { top: 0, right: 0, bottom: 0 };

  constructor(host: StageHost, options: StageOptions) {
    this.#host = host;
    this.#options = options;
    this.#overlay = typeof document === 'undefined' ? null : document.createElement('canvas');
    this.#overlay?.setAttribute('aria-hidden', 'true');
    this.#overlay?.classList.add('overlay');
    host.addController(this);
  }

  hostConnected(): void {
    this.#connected = true;
    this.#resizes = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      const { width, height } = entry.contentRect;
      if (width === this.size.width && height === this.size.height) return;
      this.size = { width, height };
      this.requestFrame();
      this.#options.onMove();
    });
    // Browsers keep about 16 contexts a page: a map that is out of sight gives its own back.
    this.#sight = new IntersectionObserver(
      ([entry]) => {
        this.#visible = entry?.isIntersecting ?? false;
        if (this.#visible) this.requestFrame();
        else this.#release();
      },
      { rootMargin: '200px' },
    );
    this.#sight.observe(this.#host);
  }

  hostUpdated(): void {
    const container = this.#options.container();
    if (container === null || this.#overlay === null) return;
    if (this.#overlay.parentElement !== container) {
      container.append(this.#overlay);
      this.#resizes?.disconnect();
      this.#resizes?.observe(container);
    }
  }

  hostDisconnected(): void {
    this.#connected = false;
    this.#resizes?.disconnect();
    this.#sight?.disconnect();
    this.#overlay?.remove();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#flight = null;
    this.#release();
  }

  /** Where a point of the world is seen, in CSS pixels. */
  project(world: readonly [number, number, number]): { readonly x: number; readonly y: number } {
    return project(this.camera, this.size, ...world);
  }

  /** Whether the map is on the screen, or nearly. */
  get isSeen(): boolean {
    return this.#visible;
  }

  /** Where the camera is going, or is. */
  get aim(): Camera {
    return this.#flight?.to ?? this.camera;
  }

  get moving(): boolean {
    return this.#flight !== null;
  }

  /** Shows a scene; null: nothing. */
  show(scene: StageScene | null): void {
    if (scene === this.#scene) return;
    if (scene !== null && this.#scene?.points.components !== scene.points.components) this.camera = this.#homeOf(scene);
    this.#scene = scene;
    this.requestFrame();
  }

  /** Puts the camera somewhere at once. */
  moveCamera(camera: Camera): void {
    this.#flight = null;
    this.camera = camera;
    this.requestFrame();
    this.#options.onMove();
  }

  /** Moves the camera there in so many milliseconds; 0: at once. */
  flyTo(camera: Camera, milliseconds: number): void {
    if (milliseconds === 0) {
      this.moveCamera(camera);
      return;
    }
    this.#flight = { from: this.camera, to: camera, began: performance.now(), milliseconds };
    this.requestFrame();
  }

  /** The whole map. */
  flyHome(milliseconds: number): void {
    this.flyTo(this.#scene === null ? flatView : this.#homeOf(this.#scene), milliseconds);
  }

  /** Looks whether more or less is covered than before: what was seen whole is seen whole beside it, what was in the middle stays there. */
  makeRoom(milliseconds: number): void {
    const [before, now] = [this.#covered, this.#options.covered()];
    if (before.top === now.top && before.right === now.right && before.bottom === now.bottom) return;
    const scene = this.#scene;
    const wasHome = scene !== null && isSame(this.aim, this.#homeOf(scene));
    this.#covered = now;
    if (scene === null) return;
    const [right, down] = [(before.right - now.right) / 2, (now.top - before.top - now.bottom + before.bottom) / 2];
    this.flyTo(wasHome ? this.#homeOf(scene) : pan(this.aim, this.size, right, down), milliseconds);
  }

  requestFrame(): void {
    if (this.#frame !== 0 || !this.#connected) return;
    this.#frame = requestAnimationFrame((now) => {
      this.#frame = 0;
      this.#draw(now);
    });
  }

  /** Draws anew in the next frame when `scene` has not changed but the marks have. */
  #draw(now: number): void {
    const flight = this.#flight;
    if (flight !== null) {
      const share = Math.min(1, Math.max(0, (now - flight.began) / flight.milliseconds));
      this.camera = between(flight.from, flight.to, ease(share));
      if (share === 1) this.#flight = null;
      this.requestFrame();
      this.#options.onMove();
    }
    const scene = this.#scene;
    if (this.#overlay !== null && this.size.width > 0) {
      drawOverlay(this.#overlay, {
        ...this.#options.marks(),
        points: scene?.points ?? null,
        camera: this.camera,
        size: this.size,
      });
    }
    if (!this.#visible || this.size.width === 0 || this.size.height === 0) return;
    const components = scene?.points.components ?? this.#options.expected();
    if (components === null) return;
    if (this.#renderer?.components.includes(components) === false) this.#release();
    if (this.#renderer === null) {
      this.#creating ??= this.#create(components);
      return;
    }
    if (scene === null) return;
    void this.#renderer.draw({ ...scene, camera: this.camera, size: this.size }).then(
      () => {
        if (this.#scene === scene) this.#options.onShown(scene);
      },
      (error: unknown) => this.#options.onFailure(error instanceof Error ? error : new Error(String(error))),
    );
  }

  async #create(components: 2 | 3): Promise<void> {
    try {
      const renderer = await createRenderer(components, this.size, this.#options.endpoint(), {
        onLost: () => this.#rebuild(),
      });
      if (!this.#connected || !this.#visible) {
        renderer.destroy();
        return;
      }
      renderer.canvas.setAttribute('aria-hidden', 'true');
      this.#options.container()?.prepend(renderer.canvas);
      this.#renderer = renderer;
    } catch (error) {
      this.#options.onFailure(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#creating = null;
      if (this.#renderer !== null) this.requestFrame();
    }
  }

  /** The whole map in what is not covered. */
  #homeOf(scene: StageScene): Camera {
    const home = scene.points.components === 3 ? orbitView : flatView;
    const { width, height } = this.size;
    const { top, right, bottom } = this.#covered;
    const free = { width: width - right, height: height - top - bottom };
    if (free.width <= 0 || free.height <= 0) return home;
    const camera = { ...home, zoom: pixelsPerUnit(home, free) / pixelsPerUnit(home, this.size) };
    return pan(camera, this.size, -right / 2, (top - bottom) / 2);
  }

  #rebuild(): void {
    this.#release();
    this.#rebuilt++;
    if (this.#rebuilt > REBUILD_LIMIT) {
      this.#options.onFailure(
        new Error(
          'The browser keeps taking the graphics context away. Close other pages that draw in 3-D, then try again.',
        ),
      );
      return;
    }
    this.requestFrame();
  }

  #release(): void {
    this.#renderer?.destroy();
    this.#renderer = null;
  }
}

function isSame(a: Camera, b: Camera): boolean {
  return a.x === b.x && a.y === b.y && a.zoom === b.zoom && a.yaw === b.yaw && a.pitch === b.pitch;
}
