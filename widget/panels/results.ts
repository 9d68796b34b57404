import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';

import type { Item, Matches, Neighbors } from '../answers.ts';
import { icons } from './icons.ts';

/** A line of a list. */
export interface Line {
  readonly key: string;
  readonly label: string;
  readonly rank?: number;
  readonly distance?: number;
  /** What stands in the place of the distance. */
  readonly note?: string;
  /** What an `img` may show; null while it is fetched; absent where there is none. */
  readonly image?: string | null | undefined;
}

export interface LineActions {
  readonly onChoose: (key: string) => void;
  readonly onHover: (key: string | null) => void;
}

/** Above a list: what it is, and a button that closes it. */
export function renderPanelHeader(
  title: string,
  subtitle: string | TemplateResult | null,
  onClose: () => void,
): TemplateResult {
  return html`<header>
    <div>
      <h2>${title}</h2>
      ${subtitle === null ? nothing : html`<p>${subtitle}</p>`}
    </div>
    <button aria-label="Close panel" title="Close (Esc)" @click=${onClose}>${icons.close}</button>
  </header>`;
}

export function renderLines(lines: readonly Line[], { onChoose, onHover }: LineActions): TemplateResult {
  return html`<ol class="rows">
    ${repeat(
      lines,
      (line) => line.key,
      (line) => html`<li>
        <button
          class="row"
          data-key=${line.key}
          @click=${() => onChoose(line.key)}
          @pointerenter=${() => onHover(line.key)}
          @pointerleave=${() => onHover(null)}
          @focus=${() => onHover(line.key)}
          @blur=${() => onHover(null)}
        >
          ${line.rank === undefined ? nothing : html`<span class="rank">${line.rank}</span>`}
          ${
            line.image === undefined
              ? nothing
              : line.image === null
                ? html`<span class="blank"></span>`
                : html`<img src=${line.image} alt="" loading="lazy" referrerpolicy="no-referrer" />`
          }
          <span class="text">${line.label}</span>
          ${line.distance === undefined ? nothing : html`<span class="distance" title="Distance">${formatDistance(line.distance)}</span>`}
          ${line.note === undefined ? nothing : html`<span class="distance">${line.note}</span>`}
        </button>
      </li>`,
    )}
  </ol>`;
}

/** How the neighbours were found, told truthfully. */
export function describeSearch({ neighbors, search }: Neighbors): string {
  const how = search.exact ? 'Exact' : 'Approximate, by index';
  const missing = search.complete ? '' : '; there may be more';
  return `${how}, ${neighbors.length} found in ${search.milliseconds.toFixed(search.milliseconds < 10 ? 1 : 0)} ms${missing}`;
}

export function describeMatches({ totalCount, items }: Matches, onMap: number): string {
  if (totalCount === 0) return 'No match';
  const shown = items.length < totalCount ? `, the first ${items.length.toLocaleString()} are shown` : '';
  const absent = onMap < items.length ? `, ${(items.length - onMap).toLocaleString()} not on this map` : '';
  return `${totalCount.toLocaleString()} ${totalCount === 1 ? 'match' : 'matches'}${shown}${absent}`;
}

/** The item itself, above the list of its neighbours. */
export function renderAbout(item: Item | null, image: string | null | undefined): TemplateResult | typeof nothing {
  if (item === null) return nothing;
  const facts = factsOf(item);
  if (facts.length === 0 && !image) return nothing;
  return html`<div class="about">
    ${image ? html`<img src=${image} alt="" loading="lazy" referrerpolicy="no-referrer" class=${isTiny(item) ? 'pixelated' : ''} />` : nothing}
    ${renderFacts(facts, 8)}
  </div>`;
}

/** The fields that have a value, without the address of the picture that is shown. */
export function factsOf({ fields, image }: Item): readonly (readonly [string, unknown])[] {
  return Object.entries(fields).filter(([, value]) => value !== null && value !== '' && value !== image?.url);
}

export function renderFacts(facts: readonly (readonly [string, unknown])[], limit: number): TemplateResult {
  return html`<dl>${facts.slice(0, limit).map(([name, value]) => html`<dt>${name}</dt><dd>${formatValue(value)}</dd>`)}</dl>`;
}

/** Pictures smaller than their place are shown by their pixels, as a digit of 28 is meant to be. */
export function isTiny(item: Item): boolean {
  return item.image?.width !== null && item.image?.width !== undefined && item.image.width <= 32;
}

function formatValue(value: unknown): string {
  if (typeof value === 'number')
    return value.toLocaleString(undefined, { maximumFractionDigits: 4, useGrouping: false });
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function formatDistance(distance: number): string {
  return Math.abs(distance) >= 100 ? distance.toFixed(1) : distance.toPrecision(4);
}
