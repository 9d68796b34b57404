import { html, nothing, type TemplateResult } from 'lit';

import { type Legend, NUMBER_STEPS } from '../colors.ts';

interface ScaleOptions {
  readonly field: string;
  readonly legend: Extract<Legend, { kind: 'number' }>;
  readonly colors: readonly string[];
  /** Steps whose points are not shown. */
  readonly hidden: ReadonlySet<number>;
  /** Shows the steps from one to another. */
  readonly onRange: (least: number, largest: number) => void;
  readonly onShowAll: () => void;
}

/** The colours from the least number to the largest; both ends can be moved, to show a part. */
export function renderScale({ field, legend, colors, hidden, onRange, onShowAll }: ScaleOptions): TemplateResult {
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
