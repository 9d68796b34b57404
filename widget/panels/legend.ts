import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';

import type { Legend } from '../colors.ts';

interface LegendOptions {
  readonly field: string | null;
  readonly legend: Legend;
  readonly colors: readonly string[];
  /** What points without a value are called. */
  readonly none: string;
  /** Slots whose points are not shown. */
  readonly hidden: ReadonlySet<number>;
  readonly open: boolean;
  readonly onToggle: (open: boolean) => void;
  /** A click shows or hides one; with `only`, shows nothing else. */
  readonly onSlot: (slot: number, only: boolean) => void;
  readonly onShowAll: () => void;
}

/** What the colours mean. Categories are buttons that filter; numbers are a scale. */
export function renderLegend(options: LegendOptions): TemplateResult | typeof nothing {
  const { legend, field } = options;
  if (legend.kind === 'plain' || field === null) return nothing;
  const toggled = (event: Event) => {
    if (event.currentTarget instanceof HTMLDetailsElement) options.onToggle(event.currentTarget.open);
  };
  return html`<details class="legend card" part="legend" ?open=${options.open} @toggle=${toggled}>
    <summary>${field}</summary>
    ${legend.kind === 'category' ? renderCategories(options, legend.entries) : renderScale(options.colors, legend)}
  </details>`;
}

function renderCategories(
  { colors, none, hidden, onSlot, onShowAll }: LegendOptions,
  entries: Extract<Legend, { kind: 'category' }>['entries'],
): TemplateResult {
  return html`<ul>
      ${repeat(
        entries,
        (_, slot) => slot,
        (entry, slot) => html`<li>
          <button
            aria-pressed=${!hidden.has(slot)}
            title="Click to show or hide, double-click for this one alone"
            @click=${() => onSlot(slot, false)}
            @dblclick=${() => onSlot(slot, true)}
          >
            <span class="swatch" style="--swatch:${colors[slot] ?? ''}"></span>
            <span class="text">${entry.role === 'none' ? none : entry.label === '' ? '(empty)' : entry.label}</span>
            <span class="count">${entry.count.toLocaleString()}</span>
          </button>
        </li>`,
      )}
    </ul>
    ${hidden.size === 0 ? nothing : html`<footer><button class="link" @click=${onShowAll}>Show all</button></footer>`}`;
}

function renderScale(colors: readonly string[], legend: Extract<Legend, { kind: 'number' }>): TemplateResult {
  const stops = colors.slice(0, -1).filter((_, i) => i % 7 === 0);
  return html`<div class="ramp" style="background:linear-gradient(to right, ${stops.join(', ')})"></div>
    <div class="ends"><span>${formatEnd(legend.least, legend.unit)}</span><span>${formatEnd(legend.largest, legend.unit)}</span></div>
    ${legend.missing === 0 ? nothing : html`<footer class="ends">${legend.missing.toLocaleString()} without a value</footer>`}`;
}

function formatEnd(value: number, unit: 'number' | 'date'): string {
  if (!Number.isFinite(value)) return '–';
  if (unit === 'date') return new Date(value).toLocaleDateString();
  return value.toLocaleString(undefined, { maximumSignificantDigits: 5, useGrouping: Math.abs(value) >= 10_000 });
}
