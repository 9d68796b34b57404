import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';

import type { ClusterSummary } from '../answers.ts';

/** Values of a field beside a cluster, and words beyond those of its label. */
const MOST_TERMS = 6;

/** The groups with their sizes and what sets them apart, the largest first. */
export function renderClusters(
  clusters: readonly ClusterSummary[],
  chosen: ClusterSummary | null,
  onChoose: (cluster: ClusterSummary) => void,
): TemplateResult {
  return html`<div class="body">
    <ol class="rows">
      ${repeat(
        clusters,
        ({ number }) => number,
        (cluster) => html`<li>
          <button
            class="row two-lines"
            aria-pressed=${chosen === cluster}
            title="Click to show it alone"
            @click=${() => onChoose(cluster)}
          >
            <span class="text">
              ${cluster.label}
              ${renderAbout(cluster)}
            </span>
            <span class="distance">${Number(cluster.size).toLocaleString()}</span>
          </button>
        </li>`,
      )}
    </ol>
  </div>`;
}

function renderAbout({ label, terms, traits }: ClusterSummary): TemplateResult | typeof nothing {
  const inLabel = new Set(label.replace(/ \(\d+\)$/, '').split(', '));
  const words = terms.map(({ term }) => term).filter((term) => !inLabel.has(term));
  const [trait] = traits;
  const told = [
    ...(trait === undefined ? [] : [`${Math.round(100 * trait.share)} % ${trait.field} ${trait.value}`]),
    ...(words.length === 0 ? [] : [words.slice(0, MOST_TERMS).join(', ')]),
  ];
  return told.length === 0 ? nothing : html`<small>${told.join(' · ')}</small>`;
}
