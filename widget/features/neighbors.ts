/** The true nearest neighbours of a point that is chosen: a list of them, and lines to them on the map. */
import { html, type TemplateResult } from 'lit';

import type { Metric } from '../answers.ts';
import { NeighborsController } from '../controllers/neighborsController.ts';
import { messageOf } from '../errors.ts';
import { fire } from '../events.ts';
import type { LoadedMap } from '../loadMap.ts';
import { describeSearch, type Line, renderAbout, renderPanelHeader } from '../panels/results.ts';
import type { Shape } from '../renderer/overlay.ts';
import { bringIntoView } from './bringIntoView.ts';
import type { Feature, MapView, MarkColors } from './feature.ts';

/** How many neighbours can be asked for. */
const MOST = 100;
const COUNTS = [5, 10, 20, 50, MOST];
/** What neighbours can be near by, as the server calls it and as people read it. */
const metrics: Readonly<Record<Metric, string>> = {
  COSINE: 'cosine',
  EUCLIDEAN: 'distance',
  INNER_PRODUCT: 'inner product',
};

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
    bringIntoView(this.#view, index);
    void this.#neighbors.ask(map.client, map.names, key, this.#count, this.#metric);
  }

  /** As the server calls it; null: the embedding's own. */
  get #metric(): string | null {
    return this.#view.metric?.toUpperCase() ?? null;
  }

  get #count(): number {
    return Math.min(MOST, Math.max(1, Math.round(this.#view.neighborCount) || 10));
  }

  renderPanel(): TemplateResult | null {
    const { key, pending, result, error } = this.#neighbors;
    const { items, current, names } = this.#view;
    const own = names?.embeddingSummary.metric;
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
      <div class="actions told">
        <select
          aria-label="How many neighbours"
          @change=${this.#choice((value) => {
            this.#view.neighborCount = Number(value);
          })}
        >
          ${[...new Set([...COUNTS, this.#count])]
            .sort((a, b) => a - b)
            .map((count) => html`<option ?selected=${count === this.#count}>${count}</option>`)}
        </select>
        nearest by
        <select
          aria-label="What is near"
          @change=${this.#choice((value) => {
            this.#view.metric = value === own ? null : value;
          })}
        >
          ${Object.entries(metrics).map(
            ([metric, title]) =>
              html`<option value=${metric} ?selected=${metric === (this.#metric ?? own)}>${title}</option>`,
          )}
        </select>
      </div>
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

  /** Takes what was chosen, and asks anew. */
  #choice(take: (value: string) => void): (event: Event) => void {
    return ({ currentTarget }) => {
      const { map, current } = this.#view;
      if (!(currentTarget instanceof HTMLSelectElement) || map === null || current < 0) return;
      take(currentTarget.value);
      this.ask(map, current);
    };
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
}
