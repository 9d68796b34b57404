/** What can be done with the selected items. */
import { html, type TemplateResult } from 'lit';

import { zoomToRectangle } from '../camera.ts';
import type { Format } from '../download.ts';
import type { MapView } from '../features/feature.ts';
import { icons } from './icons.ts';

const FLIGHT_MS = 420;

/** @param onDownload starts a download; null: one is under way */
export function renderSelectedActions(view: MapView, onDownload: ((format: Format) => void) | null): TemplateResult {
  const download = (format: Format, title: string) => html`<button
    class="button"
    aria-label="Download ${title}"
    aria-disabled=${onDownload === null}
    @click=${() => onDownload?.(format)}
  >
    ${icons.download} ${title}
  </button>`;
  return html`<div class="actions">
    ${download('csv', 'CSV')} ${download('json', 'JSON')}
    <button class="button" @click=${() => zoomTo(view)}>Zoom to</button>
    <button
      class="button"
      aria-pressed=${view.isolates}
      @click=${() => view.isolate(view.isolates ? null : view.selected)}
    >
      Show alone
    </button>
  </div>`;
}

function zoomTo({ selected, placeOf, stage, milliseconds }: MapView): void {
  const { POSITIVE_INFINITY: most, NEGATIVE_INFINITY: least } = Number;
  const box = { left: most, right: least, top: most, bottom: least };
  for (const index of selected) {
    const place = placeOf(index);
    if (place === null) continue;
    box.left = Math.min(box.left, place.x);
    box.right = Math.max(box.right, place.x);
    box.top = Math.min(box.top, place.y);
    box.bottom = Math.max(box.bottom, place.y);
  }
  if (box.left <= box.right) stage.flyTo(zoomToRectangle(stage.camera, stage.size, box), milliseconds(FLIGHT_MS));
}
