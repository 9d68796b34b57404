import { html, type SVGTemplateResult, type TemplateResult } from 'lit';

import type { Feature, MapView } from './feature.ts';

/** The button of a feature that opens its panel, and closes it again. */
export function renderPanelTool(view: MapView, feature: Feature, icon: SVGTemplateResult): TemplateResult {
  return html`<button
    aria-label=${feature.label}
    title=${feature.label}
    aria-pressed=${view.isOpen(feature)}
    @click=${() => view.toggle(feature)}
  >
    ${icon}
  </button>`;
}
