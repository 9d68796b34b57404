/**
 * What a map shows, for who has not seen one before: what a point is, what near means by its method and what its other features do
 * not mean, and what the colours are. Of maps of neighbours see Wattenberg, Viégas and Johnson 2016 (How to Use t-SNE Effectively)
 * and Coenen and Pearce 2019 (Understanding UMAP).
 */
import { html, nothing, type TemplateResult } from 'lit';

import type { EmbeddingSummary, ProjectionSummary } from '../answers.ts';
import { metricNames } from './metricNames.ts';

const OF_NEIGHBORS = 'How large a group is, how far groups lie apart, and which way is up tell little.';

/** What places mean. */
const meanings: Readonly<Record<string, string>> = {
  UMAP: `UMAP keeps neighbours together. ${OF_NEIGHBORS}`,
  TSNE: `t-SNE keeps neighbours together. ${OF_NEIGHBORS}`,
  PACMAP: `PaCMAP keeps neighbours together, and the rough order of the groups. Which way is up tells nothing.`,
  LOCALMAP: `LocalMAP keeps neighbours together and draws groups apart. ${OF_NEIGHBORS}`,
  PCA: 'PCA looks along the directions in which the items differ most. What lies apart is different; what lies together may differ in a direction that is not seen.',
  CUSTOM:
    'Each axis leads from one end to another, and an item lies where it is between them; in all else items may differ unseen.',
  GIVEN: 'The places were given with the data.',
};

/** @param color what the colours show; null: there is one */
export function renderReading(
  { dimension, metric, model }: EmbeddingSummary,
  projection: ProjectionSummary,
  color: string | null,
): TemplateResult {
  const { method, components, explainedVariance } = projection;
  const numbers = `${dimension.toLocaleString()} numbers${model == null ? '' : ` (${model.name})`}`;
  const near = metricNames[projection.metric ?? metric];
  const drawn = projection.parameters?.['targetField'];
  const seen = explainedVariance?.slice(0, components).reduce((sum, share) => sum + share, 0);
  return html`<div class="reading">
    <p>
      Each point is an item, known by ${dimension > 0 ? numbers : 'its place'}.
      ${dimension > 0 ? html`Items whose numbers are alike, by ${near}, are meant to lie near each other.` : nothing}
    </p>
    <p>
      ${meanings[method] ?? nothing}
      ${seen === undefined ? nothing : html`Here ${(100 * seen).toFixed(0)} % of all differences are seen.`}
      ${typeof drawn === 'string' ? html`Items of like ${drawn} were drawn together.` : nothing}
    </p>
    ${color === null ? nothing : html`<p>Colors show ${color}.</p>`}
  </div>`;
}
