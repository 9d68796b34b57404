import { html, nothing, type TemplateResult } from 'lit';
import { classMap } from 'lit/directives/class-map.js';

import type { ProjectionSummary } from '../answers.ts';
import type { MakingState } from '../features/feature.ts';

/** What went wrong, with a way to try again. */
export function renderError(error: Error, onRetry: () => void): TemplateResult {
  return html`<div class="message error" part="error" role="alert">
    <slot name="error">
      <h2>This map could not be shown</h2>
      <p>${error.message}</p>
    </slot>
    <button class="button" @click=${onRetry}>Try again</button>
  </div>`;
}

export function renderEmpty(reason: string): TemplateResult {
  return html`<div class="message" part="empty" role="status">
    <slot name="empty"><h2>No map to show</h2><p>${reason}</p></slot>
  </div>`;
}

export function renderLoading(doing: string): TemplateResult {
  return html`<div class="message" part="loading" role="status">
    <slot name="loading"><div class="spinner"></div><p>${doing}</p></slot>
  </div>`;
}

/** A bar along the top. `share`: 0 to 1; null while it cannot be told */
export function renderProgress(share: number | null, doing: 'Loading' | 'Making'): TemplateResult {
  return html`<div
    class=${classMap({ progress: true, unknown: share === null })}
    role="progressbar"
    aria-label="${doing} the map"
    aria-valuemin="0"
    aria-valuemax="100"
    aria-valuenow=${share === null ? nothing : Math.round(share * 100)}
  >
    <div style=${share === null ? '' : `transform:scaleX(${share})`}></div>
  </div>`;
}

function describeMaking({ stage, step, steps, progress }: MakingState): string {
  const at =
    steps > 0 ? ` · step ${step.toLocaleString()} of ${steps.toLocaleString()}` : stage === null ? '' : ` · ${stage}`;
  return progress === null ? at : `${at} · ${Math.round(100 * progress)} %`;
}

const methodNames: Readonly<Record<string, string>> = {
  ...{
    GIVEN: 'coordinates as given',
    TSNE: 't-SNE',
    PACMAP: 'PaCMAP',
    LOCALMAP: 'LocalMAP',
    CUSTOM: 'axes of its own',
  },
};

/** The line at the bottom: how many are shown, by which method, how far to trust it. */
export function renderStatus(
  projection: ProjectionSummary,
  count: number,
  hidden: number,
  making: MakingState | null,
): TemplateResult {
  const shown =
    hidden === 0 ? count.toLocaleString() : `${(count - hidden).toLocaleString()} of ${count.toLocaleString()}`;
  const method = methodNames[projection.method] ?? projection.method;
  const { quality } = projection;
  const recall = quality === null ? '' : ` · neighbour recall ${quality.neighborRecall.toFixed(2)}`;
  return html`<div class="status" part="status">
    <span class="text" title=${quality === null ? nothing : 'Recall: the share of the nearest items of a point that are nearest here, too'}>${shown} item${count === 1 ? '' : 's'} · ${method}${making === null ? recall : describeMaking(making)}</span>
    ${
      projection.stale && making === null
        ? html`<span class="badge" title="What this map was made of has changed since.">Out of date</span>`
        : nothing
    }
  </div>`;
}
