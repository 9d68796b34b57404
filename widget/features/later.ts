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
}

export class LaterFeature implements Feature {
  readonly label: string;
  readonly #view: MapView;
  readonly #options: LaterOptions;
  #feature: Feature | null = null;
  #loading = false;

  constructor(view: MapView, options: LaterOptions) {
    this.label = options.label;
    this.#view = view;
    this.#options = options;
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
      @click=${() => void this.#open(map)}
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

  async #open({ client }: LoadedMap): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    this.#view.requestUpdate();
    try {
      const { features } = await loadMore(client.endpoint);
      this.#feature ??= features[this.#options.name](this.#view);
      this.#view.open(this.#feature);
    } catch (error) {
      this.#view.fail(error);
      this.#view.hint('This could not be loaded');
    }
    this.#loading = false;
    this.#view.requestUpdate();
  }
}
