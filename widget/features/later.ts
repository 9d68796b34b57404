/** A feature that few use: until it is first wanted there is only its button, and its code is not fetched. */
import { html, type SVGTemplateResult, type TemplateResult } from 'lit';

import type { LoadedMap } from '../loadMap.ts';
import type { More } from '../loadMore.ts';
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
        const { names } = view;
        if (this.#feature === null && !this.#failed && names !== null && wanted(names)) void this.#load();
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
      @click=${() => void this.#open()}
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

  async #open(): Promise<void> {
    const feature = await this.#load();
    if (feature?.start !== undefined) feature.start();
    else if (feature !== null) this.#view.toggle(feature);
  }

  async #load(): Promise<Feature | null> {
    if (this.#loading) return null;
    this.#loading = true;
    this.#view.requestUpdate();
    const more = await this.#view.more.want();
    this.#failed = more === null;
    if (more !== null) this.#feature ??= more.features[this.#options.name](this.#view);
    this.#loading = false;
    this.#view.requestUpdate();
    return this.#feature;
  }
}
