/** The true nearest neighbours of a point that is chosen: a list of them, and lines to them on the map. */
import { html, type TemplateResult } from 'lit';

import { pan } from '../camera.ts';
import { NeighborsController } from '../controllers/neighborsController.ts';
import { messageOf } from '../errors.ts';
import { fire } from '../events.ts';
import type { LoadedMap } from '../loadMap.ts';
import { describeSearch, type Line, renderAbout, renderPanelHeader } from '../panels/results.ts';
import type { Shape } from '../renderer/overlay.ts';
import { NARROW_PX, PANEL_PX } from '../styles.ts';
import type { Feature, MapView, MarkColors } from './feature.ts';

const FLIGHT_MS = 420;
/** What a panel leaves of a narrow map, whose panel lies below. */
const SHARE_ABOVE_PANEL = 0.46;
/** A point nearer to the edge than this is brought into view. */
const MARGIN_PX = 24;

export class NeighborsFeature implements Feature {
  readonly label = 'Nearest neighbours';
  readonly #view: MapView;
  readonly #neighbors: NeighborsController;
  #indices: readonly number[] = [];

  constructor(view: MapView) {
    this.#view = view;
    this.#neighbors = new NeighborsController(view, () => this.#changed());
  }

  /** Asks the server for the neighbours of a point. */
  ask(map: LoadedMap, index: number): void {
    const key = map.points.key(index);
    this.#view.items.want(key, 'now');
    this.#view.open(this);
    this.#bringIntoView(index);
    const count = Math.min(100, Math.max(1, Math.round(this.#view.neighborCount) || 10));
    void this.#neighbors.ask(map.client, map.names, key, count);
  }

  renderPanel(): TemplateResult | null {
    const { key, pending, result, error } = this.#neighbors;
    const { items, current } = this.#view;
    if (key === null) return null;
    const item = items.get(key);
    const lines =
      result?.neighbors.map((neighbor): Line => ({ ...neighbor, image: items.image(neighbor.image) })) ?? [];
    const subtitle = pending
      ? 'Asking for the nearest neighbours …'
      : result === null
        ? messageOf(error)
        : describeSearch(result);
    return html`${renderPanelHeader(current < 0 ? key : this.#view.labelOf(current), subtitle, this.#view.close)}
      ${renderAbout(item, items.image(item?.image ?? null))}
      ${this.#view.renderLines(lines, lines.length)}`;
  }

  emphasis(): Uint32Array | null {
    return this.#indices.length === 0 ? null : Uint32Array.from([this.#view.current, ...this.#indices]).sort();
  }

  shapes({ accent }: MarkColors): readonly Shape[] {
    const { current } = this.#view;
    if (current < 0 || !this.#view.isOpen(this)) return [];
    const lines = this.#indices.map(
      (to, rank): Shape => ({
        kind: 'line',
        ...{ from: current, to, color: accent, width: 1.5 },
        opacity: 0.85 - 0.5 * (rank / Math.max(1, this.#indices.length)),
      }),
    );
    const rings = this.#indices.map((at): Shape => ({ kind: 'ring', at, radius: 5, color: accent, width: 1.5 }));
    return [...lines, ...rings];
  }

  closed(): void {
    this.#neighbors.clear();
    this.#view.choose(-1);
  }

  clear(): void {
    this.#neighbors.clear();
  }

  loaded({ sameItems }: LoadedMap): void {
    if (!sameItems) this.#neighbors.clear();
  }

  #changed(): void {
    const { key, result, error } = this.#neighbors;
    if (result !== null && key !== null) {
      void this.#view.indicesOf(result.neighbors.map((neighbor) => neighbor.key)).then((indices) => {
        if (this.#neighbors.result !== result) return;
        this.#indices = indices;
        this.#view.refresh();
        const [nearest] = result.neighbors;
        this.#view.announce(
          `${result.neighbors.length} nearest neighbours${nearest ? `, the first is ${nearest.label}` : ''}`,
        );
        fire(this.#view.target, 'neighbors-change', { key, ...result });
      });
    } else {
      const had = this.#indices.length > 0;
      this.#indices = [];
      if (key === null && had) fire(this.#view.target, 'neighbors-change', null);
      if (error !== null) this.#view.fail(error);
    }
    this.#view.refresh();
  }

  /** Moves the map when the panel would cover the point: beside it on a wide map, above it on a narrow one. */
  #bringIntoView(index: number): void {
    const { stage } = this.#view;
    const place = this.#view.placeOf(index);
    if (place === null) return;
    const { width, height } = stage.size;
    const wide = width >= NARROW_PX;
    const free = { width: wide ? width - PANEL_PX : width, height: wide ? height : height * SHARE_ABOVE_PANEL };
    const seen =
      place.x > MARGIN_PX &&
      place.x < free.width - MARGIN_PX &&
      place.y > MARGIN_PX &&
      place.y < free.height - MARGIN_PX;
    if (seen) return;
    const moved = pan(stage.camera, stage.size, free.width / 2 - place.x, free.height / 2 - place.y);
    stage.flyTo(moved, this.#view.milliseconds(FLIGHT_MS));
  }
}
