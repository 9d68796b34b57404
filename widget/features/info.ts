/** How the map was made, and how far it can be trusted. */
import { html, type TemplateResult } from 'lit';

import type { LoadedMap } from '../loadMap.ts';
import { type Names, titleOf } from '../names.ts';
import { icons } from '../panels/icons.ts';
import { renderInfo } from '../panels/info.ts';
import { renderPanelHeader } from '../panels/results.ts';
import type { Feature, MapView } from './feature.ts';
import { renderPanelTool } from './panelTool.ts';

export class InfoFeature implements Feature {
  readonly label = 'About this map';
  readonly ofMap = true;
  readonly #view: MapView;

  constructor(view: MapView) {
    this.#view = view;
  }

  renderPanel({ colorBy }: LoadedMap, { summary, embeddingSummary, projectionSummary }: Names): TemplateResult {
    const color = colorBy === null ? null : titleOf(colorBy, summary);
    return html`${renderPanelHeader(summary.title, summary.description, this.#view.close)}
      ${renderInfo(summary, embeddingSummary, projectionSummary, color)}`;
  }

  renderTool(): TemplateResult {
    return renderPanelTool(this.#view, this, icons.info);
  }
}
