import { html, nothing, type TemplateResult } from 'lit';

import type { DatasetSummary, EmbeddingSummary, ProjectionSummary } from '../answers.ts';
import { metricNames } from './metricNames.ts';
import { renderReading } from './reading.ts';

/** How to read a map, how far it can be trusted, and how it was made. @param color what the colours show; null: there is one */
export function renderInfo(
  dataset: DatasetSummary,
  embedding: EmbeddingSummary,
  projection: ProjectionSummary,
  color: string | null,
): TemplateResult {
  const { quality, explainedVariance } = projection;
  const options = Object.entries(projection.parameters ?? {}).filter(
    ([, value]) => value !== null && typeof value !== 'object',
  );
  // It may be longer than the panel and has nothing in it to stop at: by the keyboard it is scrolled by being stopped at itself.
  return html`<div class="body" role="group" aria-label="How to read it, how far to trust it, how it was made" tabindex="0">
    ${renderReading(embedding, projection, color)}
    <h3>How far to trust it</h3>
    ${
      quality === null
        ? html`<p class="verdict">How far this map can be trusted was not measured.</p>`
        : html`<p class="verdict">${verdict(quality.neighborRecall, quality.neighbors)}</p>
          ${renderMeter('Trustworthiness', quality.trustworthiness, 'Neighbours on the map are neighbours in the embedding.')}
          ${renderMeter('Continuity', quality.continuity, 'Neighbours in the embedding are neighbours on the map.')}
          ${renderMeter(
            'Neighbour recall',
            quality.neighborRecall,
            `Share of the ${quality.neighbors} nearest that stay among the nearest; sample of ${quality.sample.toLocaleString()}.`,
          )}
          ${renderMeter('Triplets', quality.tripletAccuracy, 'Which of two items is nearer to a third: how often the map is right; half by chance.')}
          ${
            quality.rankCorrelation === null
              ? nothing
              : renderMeter(
                  'Rank correlation',
                  quality.rankCorrelation,
                  'Of all distances, in the embedding and on the map.',
                )
          }`
    }
    <h3>How it was made</h3>
    <dl class="facts">
      ${fact('Map', `${projection.name} (${projection.method}, ${projection.components} components)`)}
      ${fact(
        'Variance',
        explainedVariance
          ?.slice(0, projection.components)
          .map((share) => `${(100 * share).toFixed(1)} %`)
          .join(' + '),
      )}
      ${fact('Near by', projection.metric === undefined || projection.metric === embedding.metric ? null : metricNames[projection.metric])}
      ${fact('Seed', projection.seed?.toString())}
      ${options.map(([name, value]) => fact(parameterNames[name] ?? name, textOf(value)))}
      ${fact('Pushed', pushes(projection.parameters?.['perturbations']))}
      ${fact('Computed', computed(projection))}
      ${fact('Made', new Date(projection.createdAt).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }))}
      ${fact('Embedding', `${embedding.name}, ${embedding.dimension.toLocaleString()} numbers, ${metricNames[embedding.metric]}`)}
      ${fact('Model', embedding.model?.name)}
      ${fact('Data set', `${dataset.title}, ${Number(dataset.itemCount).toLocaleString()} items`)}
      ${fact('Licence', dataset.licence)}
      ${fact('Source', dataset.source)}
    </dl>
  </div>`;
}

/** Parameters as people read them; others keep the names of the schema. */
const parameterNames: Readonly<Record<string, string>> = {
  neighbors: 'Neighbours',
  minDist: 'Least distance',
  perplexity: 'Perplexity',
  epochs: 'Epochs',
  iterations: 'Iterations',
  spherize: 'Spherized',
  neighborRecall: 'Neighbours found',
  gemmLibrary: 'Products by',
  solver: 'Solver',
  directions: 'Directions',
  residual: 'Residual',
};

function textOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'number' ? value.toLocaleString(undefined, { maximumSignificantDigits: 4 }) : String(value);
}

function renderMeter(name: string, value: number, meaning: string): TemplateResult {
  const percent = `${Math.round(Math.min(1, Math.max(0, value)) * 100)}%`;
  return html`<div class="meter">
    <div class="name"><span>${name}</span><strong>${value.toFixed(3)}</strong></div>
    <div class="track" aria-hidden="true"><div style="width:${percent}"></div></div>
    <p>${meaning}</p>
  </div>`;
}

function verdict(recall: number, neighbors: number): string {
  const kept = Math.round(recall * neighbors);
  return `Of the ${neighbors} nearest items of a point, about ${kept} are also nearest here. Click a point to see the true ones.`;
}

/** How its points were pushed while it was made. */
function pushes(told: unknown): string | null {
  if (!Array.isArray(told)) return null;
  return told.map(({ step, share }) => `at step ${step} by ${Math.round(100 * share)} %`).join(', ');
}

function computed({ device, milliseconds }: ProjectionSummary): string | null {
  if (milliseconds === null) return null;
  const time = milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
  return device === null ? time : `${time} on ${device}`;
}

function fact(name: string, value: string | null | undefined): TemplateResult | typeof nothing {
  return value === null || value === undefined || value === ''
    ? nothing
    : html`<dt>${name}</dt><dd title=${value}>${value}</dd>`;
}
