import { html, nothing, type TemplateResult } from 'lit';
import type { Item } from '../answers.ts';
import type { Size } from '../camera.ts';
import { factsOf, isTiny, renderFacts } from './results.ts';

interface TooltipOptions {
  readonly label: string;
  /** What is known of the point before its item has come. */
  readonly facts: readonly (readonly [string, unknown])[];
  readonly item: Item | null;
  readonly image: string | null | undefined;
  readonly place: { readonly x: number; readonly y: number };
  readonly size: Size;
}

/** Beside the point, on the side where there is room. */
export function renderTooltip({ label, facts, item, image, place, size }: TooltipOptions): TemplateResult {
  const x = place.x > size.width / 2 ? `calc(${place.x}px - 100% - 14px)` : `${place.x + 14}px`;
  const y = place.y > size.height / 2 ? `calc(${place.y}px - 100% - 10px)` : `${place.y + 10}px`;
  const shown = item === null ? facts : factsOf(item);
  return html`<div class="tooltip card" part="tooltip" aria-hidden="true" style="transform:translate(${x}, ${y})">
    ${image ? html`<img src=${image} alt="" loading="lazy" referrerpolicy="no-referrer" class=${item !== null && isTiny(item) ? 'pixelated' : ''} />` : nothing}
    <div>
      <strong>${label}</strong>
      ${shown.length === 0 ? nothing : renderFacts(shown, 4)}
    </div>
  </div>`;
}
