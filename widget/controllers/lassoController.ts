/** The lasso: whether it is taken instead of the hand, what is being drawn with it, and what becomes of that. */
import type { ReactiveControllerHost } from 'lit';

export type LassoKind = 'freehand' | 'rectangle';

interface LassoOptions {
  /** Selects what is inside the outline. @returns how many items; null: it was overtaken by another */
  readonly select: (outline: Float32Array, add: boolean) => Promise<number | null>;
  /** Another outline is to be drawn, or none. */
  readonly onDraw: () => void;
  /** Another tool was taken. */
  readonly onTool: () => void;
  readonly hint: (text: string) => void;
}

export class LassoController {
  tool: 'move' | 'lasso' = 'move';
  /** While it is drawn: x, y, x, y, … in CSS pixels; empty: nothing is. */
  outline: readonly number[] = [];
  kind: LassoKind = 'freehand';
  readonly #host: ReactiveControllerHost;
  readonly #options: LassoOptions;

  constructor(host: ReactiveControllerHost, options: LassoOptions) {
    this.#host = host;
    this.#options = options;
  }

  toggle(): void {
    this.tool = this.tool === 'lasso' ? 'move' : 'lasso';
    if (this.tool === 'lasso') this.#options.hint('Draw around the items');
    this.#options.onTool();
    this.#host.requestUpdate();
  }

  draw(outline: readonly number[], kind: LassoKind): void {
    this.outline = outline;
    this.kind = kind;
    this.#options.onDraw();
  }

  drop(): void {
    this.draw([], 'freehand');
  }

  /** It is drawn. `add`: to what is selected. */
  async end(outline: Float32Array, add: boolean): Promise<void> {
    const count = await this.#options.select(outline, add);
    this.drop();
    if (count === null) return;
    if (this.tool === 'lasso') this.toggle();
    if (count === 0) this.#options.hint('Nothing was inside');
  }
}
