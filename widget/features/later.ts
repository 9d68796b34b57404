/** A feature that few use: until it is first wanted there is only its button, and its code is not fetched. */
import { html, type SVGTemplateResult, type TemplateResult } from 'lit';

import type { LoadedMap } from '../loadMap.ts';
import { loadMore, type More } from '../loadMore.ts';
import type { Names } from '../names.ts';
import type { Shape } from '../renderer/overlay.ts';
import type { Feature, MapView, MarkColors } from './feature.ts';

interface LaterOptions {
  readonly name: keyof More['features'];
  /** As the feature's own. */
  readonly label: string;
  readonly icon: SVGTemplateResult;
  /** Whether there is anything for it to do: without, it has no button. */
  readonly applies: (names: Names, map: LoadedMap) => boolean;
  /** Whether it has work to do although nobody has asked for it. */
  readonly wanted?: (names: Names) => boolean;
}

export class LaterFeature implements Feature {
  readonly label: string;
  readonly #view: MapView;
  readonly #options: LaterOptions;
  #feature: Feature | null = null;
  #loading = false;
  #failed = false;

  constructor(view: MapView, options: LaterOptions) {
    this.label = options.label;
    this.#view = view;
    this.#options = options;
    const { wanted } = options;
    if (wanted === undefined) return;
    view.addController({
      hostUpdated: () => {
        const { client, names } = view;
        if (this.#feature === null && !this.#failed && client !== null && names !== null && wanted(names)) {
          void this.#load(client.endpoint);
        }
      },
    });
  }

  hovered(map: LoadedMap, index: number): void {
    this.#feature?.hovered?.(map, index);
  }

  renderTool(map: LoadedMap, names: Names): TemplateResult | null {
    if (this.#feature !== null) return this.#feature.renderTool?.(map, names) ?? null;
    if (!this.#options.applies(names, map)) return null;
    return html`<button
      aria-label=${this.label}
      title=${this.label}
      aria-pressed="false"
      aria-busy=${this.#loading}
      @click=${() => void this.#open(map.client.endpoint)}
    >
      ${this.#options.icon}
    </button>`;
  }

  renderPanel(map: LoadedMap, names: Names): TemplateResult | null {
    return this.#feature?.renderPanel(map, names) ?? null;
  }

  shapes(colors: MarkColors): readonly Shape[] {
    return this.#feature?.shapes?.(colors) ?? [];
  }

  clear(): void {
    this.#feature?.clear?.();
  }

  loaded(map: LoadedMap): void {
    this.#feature?.loaded?.(map);
  }

  async #open(endpoint: string): Promise<void> {
    const feature = await this.#load(endpoint);
    if (feature?.start !== undefined) feature.start();
    else if (feature !== null) this.#view.toggle(feature);
  }

  async #load(endpoint: string): Promise<Feature | null> {
    if (this.#loading) return null;
    this.#loading = true;
    this.#view.requestUpdate();
    try {
      const { features, moreStyles } = await loadMore(endpoint);
      this.#view.adopt(moreStyles);
      this.#feature ??= features[this.#options.name](this.#view);
    } catch (error) {
      this.#failed = true;
      this.#view.fail(error);
      this.#view.hint('This could not be loaded');
    }
    this.#loading = false;
    this.#view.requestUpdate();
    return this.#feature;
  }
}
