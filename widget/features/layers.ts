/** One set of pictures through the layers of a network: a slider from the first layer to the last. */
import { html, nothing, type TemplateResult } from 'lit';

import type { EmbeddingSummary } from '../answers.ts';
import { layersOf } from '../layers.ts';
import type { LoadedMap } from '../loadMap.ts';
import type { Names } from '../names.ts';
import { icons } from '../panels/icons.ts';
import { renderPanelHeader } from '../panels/results.ts';
import type { Feature, MapView } from './feature.ts';
import { renderPanelTool } from './panelTool.ts';

export class LayersFeature implements Feature {
  readonly label = 'Layers';
  readonly ofMap = true;
  readonly #view: MapView;

  constructor(view: MapView) {
    this.#view = view;
  }

  renderTool(_map: LoadedMap, names: Names): TemplateResult | null {
    if (layersOf(names).length < 2) return null;
    return renderPanelTool(this.#view, this, icons.layers);
  }

  renderPanel(_map: LoadedMap, names: Names): TemplateResult | null {
    const layers = layersOf(names);
    const at = layers.findIndex(({ name }) => name === names.embedding);
    const chosen = layers[at];
    if (layers.length < 2 || chosen === undefined) return null;
    const show = (index: number) => {
      const layer = layers[index];
      if (layer !== undefined) this.#view.showMap(layer.name, mapOf(layer, names));
    };
    const slid = (event: Event) => {
      if (event.currentTarget instanceof HTMLInputElement) show(Number(event.currentTarget.value));
    };
    return html`${renderPanelHeader(this.label, chosen.model?.name ?? null, this.#view.close)}
      <div class="body form">
        <input
          type="range"
          min="0"
          max=${layers.length - 1}
          step="1"
          aria-label="Layer"
          aria-valuetext=${titleOf(chosen)}
          .value=${String(at)}
          @input=${slid}
          @keydown=${(event: KeyboardEvent) => event.key.startsWith('Arrow') && event.stopPropagation()}
        />
        <ol class="rows">
          ${layers.map(
            (layer, index) => html`<li>
              <button class="row" aria-pressed=${index === at} @click=${() => show(index)}>
                <span class="text">${titleOf(layer)}</span>
                ${layer.layerDepth == null ? nothing : html`<span class="distance">depth ${layer.layerDepth}</span>`}
              </button>
            </li>`,
          )}
        </ol>
      </div>`;
  }
}

/** The map of the same name, or else of as many components, or else the first. */
function mapOf({ projections }: EmbeddingSummary, { projection, projectionSummary }: Names): string {
  const found =
    projections.find(({ name }) => name === projection) ??
    projections.find(({ components }) => components === projectionSummary.components) ??
    projections[0];
  return found?.name ?? projection;
}

function titleOf({ name, layer }: EmbeddingSummary): string {
  return layer == null ? `${name} (output)` : layer;
}
