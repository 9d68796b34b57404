/** Items that the user has selected by a lasso, a rectangle or the page: a list of them, to be downloaded. */
import { html, type TemplateResult } from 'lit';

import { zoomToRectangle } from '../camera.ts';
import { SelectionController } from '../controllers/selectionController.ts';
import type { Format } from '../download.ts';
import { messageOf } from '../errors.ts';
import { fire } from '../events.ts';
import type { LoadedMap } from '../loadMap.ts';
import { icons } from '../panels/icons.ts';
import { type Line, renderPanelHeader } from '../panels/results.ts';
import { pointsInPolygon } from '../picking.ts';
import type { Feature, MapView } from './feature.ts';

const FLIGHT_MS = 420;

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

  /**
   * Selects what is inside an outline and shown, x, y, x, y, … in CSS pixels.
   * @returns how many; null where another outline or another map has come meanwhile
   */
  async selectInside(outline: Float32Array, add: boolean): Promise<number | null> {
    this.#selecting?.abort();
    const selecting = new AbortController();
    this.#selecting = selecting;
    const { map, stage, hidden } = this.#view;
    if (map === null) return null;
    const inside = await pointsInPolygon(map.picker, stage.camera, stage.size, outline, hidden, selecting.signal);
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
      <div class="actions">
        <button class="button" aria-disabled=${busy} @click=${() => void this.#download(map, 'csv')}>${icons.download} CSV</button>
        <button class="button" aria-disabled=${busy} @click=${() => void this.#download(map, 'json')}>${icons.download} JSON</button>
        <button class="button" @click=${() => this.#zoomTo()}>Zoom to</button>
        <button class="button" aria-pressed=${this.#view.isolates} @click=${() => this.#toggleAlone()}>Show alone</button>
      </div>
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

  #toggleAlone(): void {
    this.#view.isolate(this.#view.isolates ? null : this.#selection.indices);
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

  #zoomTo(): void {
    const places = Array.from(this.#selection.indices, (index) => this.#view.placeOf(index)).filter(
      (place) => place !== null,
    );
    const [first] = places;
    if (first === undefined) return;
    const box = { left: first.x, right: first.x, top: first.y, bottom: first.y };
    for (const { x, y } of places) {
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x);
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y);
    }
    const { stage } = this.#view;
    stage.flyTo(zoomToRectangle(stage.camera, stage.size, box), this.#view.milliseconds(FLIGHT_MS));
  }

  async #download(map: LoadedMap, format: Format): Promise<void> {
    try {
      await this.#selection.download(map, format, (index) => this.#view.labelOf(index));
    } catch (error) {
      this.#view.fail(error);
      this.#view.hint(`The download failed. ${messageOf(error) ?? ''}`);
    }
  }
}
