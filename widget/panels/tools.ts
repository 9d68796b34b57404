import { html, type TemplateResult } from 'lit';

import { icons } from './icons.ts';

interface ToolsOptions {
  readonly lasso: boolean;
  /** Buttons of what else the map can do. */
  readonly more: unknown;
  readonly onZoomIn: () => void;
  readonly onZoomOut: () => void;
  readonly onFit: () => void;
  readonly onLasso: () => void;
}

/** The buttons beside the map. */
export function renderTools(options: ToolsOptions): TemplateResult {
  return html`<div class="tools card" part="tools" role="toolbar" aria-label="Map" aria-orientation="vertical">
    <button aria-label="Zoom in" title="Zoom in (+)" @click=${options.onZoomIn}>${icons.plus}</button>
    <button aria-label="Zoom out" title="Zoom out (−)" @click=${options.onZoomOut}>${icons.minus}</button>
    <button aria-label="Show the whole map" title="Show all (0)" @click=${options.onFit}>${icons.fit}</button>
    <hr />
    <button
      aria-label="Select with a lasso"
      title="Lasso (L); Shift and drag for a rectangle"
      aria-pressed=${options.lasso}
      @click=${options.onLasso}
    >
      ${icons.lasso}
    </button>
    ${options.more}
  </div>`;
}
