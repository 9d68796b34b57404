/** Items that the user has selected by a lasso, a rectangle or the page: a list of them, to be downloaded. */
import { html, type TemplateResult } from 'lit';

import { SelectionController } from '../controllers/selectionController.ts';
import type { Format } from '../download.ts';
import { messageOf } from '../errors.ts';
import { fire } from '../events.ts';
import type { LoadedMap } from '../loadMap.ts';
import { type Line, renderPanelHeader } from '../panels/results.ts';
import type { Feature, MapView } from './feature.ts';

export class SelectionFeature implements Feature {
  readonly label = 'Selected items';
  readonly #view: MapView;
  readonly #selection: SelectionController;
  #selecting: AbortController | null = null;

  constructor(view: MapView) {
    this.#view = view;
    this.#selection = new SelectionController(view, () => this.#changed());
    view.addController({ hostDisconnected: () => this.#selecting?.abort() });
  }

  /** The points that are selected, ascending. */
  get indices(): Uint32Array {
    return this.#selection.indices;
  }

  /** Selects these points, ascending, and no others. */
  set(indices: Uint32Array): void {
    this.#selection.set(indices);
  }

  /** Selects a point beside the others, or no longer; below 0: none is meant. */
  toggle(index: number): void {
    if (index < 0) return;
    const others = this.indices.filter((other) => other !== index);
    if (others.length < this.indices.length) this.set(others);
    else this.#selection.add(Uint32Array.of(index));
  }

  /**
   * Selects what is inside an outline and shown, x, y, x, y, … in CSS pixels.
   * @returns how many; null where another outline or another map has come meanwhile
   */
  async selectInside(outline: Float32Array, add: boolean): Promise<number | null> {
    this.#selecting?.abort();
    const selecting = new AbortController();
    this.#selecting = selecting;
    const { map, stage, hidden } = this.#view;
    const { camera, size } = stage;
    const more = await this.#view.more.want();
    if (map === null || more === null || selecting.signal.aborted) return null;
    const inside = await more.pointsInPolygon(map.picker, camera, size, outline, hidden, selecting.signal);
    if (selecting.signal.aborted || this.#view.map?.points.x !== map.points.x) return null;
    if (add) this.#selection.add(inside);
    else this.#selection.set(inside);
    return inside.length;
  }

  renderPanel(map: LoadedMap): TemplateResult {
    const { indices, downloading } = this.#selection;
    const count = indices.length;
    const lines = Array.from(
      indices.subarray(0, this.#view.listed),
      (index): Line => ({ key: map.points.key(index), label: this.#view.labelOf(index) }),
    );
    const busy = downloading !== null;
    return html`${renderPanelHeader(
      `${count.toLocaleString()} selected`,
      busy ? `Fetching fields: ${downloading.toLocaleString()} of ${count.toLocaleString()}` : null,
      this.#view.close,
    )}
      ${this.#view.more.now?.renderSelectedActions(this.#view, busy ? null : (format) => void this.#download(map, format))}
      ${this.#view.renderLines(lines, count)}`;
  }

  emphasis(): Uint32Array | null {
    return this.#selection.indices.length === 0 ? null : this.#selection.indices;
  }

  closed(): void {
    this.clear();
  }

  clear(): void {
    this.#selection.set(new Uint32Array());
  }

  loaded({ sameItems }: LoadedMap): void {
    if (!sameItems) this.clear();
  }

  #changed(): void {
    const { indices } = this.#selection;
    if (this.#view.isolates) this.#view.isolate(indices.length === 0 ? null : indices);
    if (indices.length > 0) this.#view.open(this);
    else this.#view.shut(this);
    this.#view.announce(`${indices.length.toLocaleString()} selected`);
    const { map } = this.#view;
    fire(this.#view.target, 'selection-change', {
      keys: map === null ? [] : Array.from(indices, (index) => map.points.key(index)),
    });
  }

  async #download(map: LoadedMap, format: Format): Promise<void> {
    try {
      await this.#selection.download(map, format, (index) => this.#view.labelOf(index));
      this.#view.announce('Downloaded');
    } catch (error) {
      this.#view.fail(error);
      this.#view.hint(`The download failed. ${messageOf(error) ?? ''}`);
    }
  }
}
