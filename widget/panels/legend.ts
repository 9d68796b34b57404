import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';

import type { Legend } from '../colors.ts';
import type { renderScale } from './scale.ts';

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
  /** Draws a scale of numbers: it comes with the second file; undefined: not yet. */
  readonly renderScale: typeof renderScale | undefined;
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
    ${legend.kind === 'category' ? renderCategories(options, legend.entries) : options.renderScale?.({ ...options, field, legend })}
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
            title="Click to show or hide; double-click, or with Shift, for this one alone"
            @click=${({ shiftKey }: MouseEvent) => onSlot(slot, shiftKey)}
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
