import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';

import { type Legend, NUMBER_STEPS } from '../colors.ts';

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
  /** Shows the steps of a scale from one to another. */
  readonly onRange: (least: number, largest: number) => void;
  readonly onShowAll: () => void;
}

/** What the colours mean. Categories are buttons that filter; numbers are a scale, whose ends can be moved. */
export function renderLegend(options: LegendOptions): TemplateResult | typeof nothing {
  const { legend, field } = options;
  if (legend.kind === 'plain' || field === null) return nothing;
  const toggled = (event: Event) => {
    if (event.currentTarget instanceof HTMLDetailsElement) options.onToggle(event.currentTarget.open);
  };
  return html`<details class="legend card" part="legend" ?open=${options.open} @toggle=${toggled}>
    <summary>${field}</summary>
    ${legend.kind === 'category' ? renderCategories(options, legend.entries) : renderScale(options, legend)}
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

function renderScale(
  { field, colors, hidden, onRange, onShowAll }: LegendOptions,
  legend: Extract<Legend, { kind: 'number' }>,
): TemplateResult {
  const stops = colors.slice(0, -1).filter((_, i) => i % 7 === 0);
  const last = NUMBER_STEPS - 1;
  const shown = Array.from({ length: NUMBER_STEPS }, (_, step) => step).filter((step) => !hidden.has(step));
  const [from, to] = [shown[0] ?? 0, shown.at(-1) ?? last];
  const at = (edge: number) =>
    formatEnd(legend.least + ((legend.largest - legend.least) * edge) / NUMBER_STEPS, legend.unit);
  const end = (which: 'Least' | 'Largest', step: number, edge: number, move: (step: number) => number) => html`<input
    type="range"
    min="0"
    max=${last}
    .value=${String(step)}
    aria-label="${which} ${field}"
    aria-valuetext=${at(edge)}
    style="z-index:${which === 'Least' && from > last / 2 ? 1 : 0}"
    @input=${({ currentTarget }: Event) => {
      if (currentTarget instanceof HTMLInputElement) currentTarget.value = String(move(Number(currentTarget.value)));
    }}
  />`;
  // Neither end goes beyond the other.
  const moveLeast = (step: number) => {
    const least = Math.min(step, to);
    onRange(least, to);
    return least;
  };
  const moveLargest = (step: number) => {
    const largest = Math.max(step, from);
    onRange(from, largest);
    return largest;
  };
  return html`<div class="ramp" style="background:linear-gradient(to right, ${stops.join(', ')})">
      ${end('Least', from, from, moveLeast)}
      ${end('Largest', to, to + 1, moveLargest)}
    </div>
    <div class="ends"><span>${at(from)}</span><span>${at(to + 1)}</span></div>
    ${legend.missing === 0 ? nothing : html`<div class="ends">${legend.missing.toLocaleString()} without a value</div>`}
    ${hidden.size === 0 ? nothing : html`<footer><button class="link" @click=${onShowAll}>Show all</button></footer>`}`;
}

function formatEnd(value: number, unit: 'number' | 'date'): string {
  if (!Number.isFinite(value)) return '–';
  if (unit === 'date') return new Date(value).toLocaleDateString();
  return value.toLocaleString(undefined, { maximumSignificantDigits: 5, useGrouping: Math.abs(value) >= 10_000 });
}
