/** Which map is meant: what the attributes say, and what is taken where they say nothing. Pure. */
import { ClientError, type DatasetSummary, type EmbeddingSummary, type ProjectionSummary } from './client.ts';
import type { MapNames } from './loadMap.ts';

export interface Names extends MapNames {
  readonly summary: DatasetSummary;
  readonly embeddingSummary: EmbeddingSummary;
  readonly projectionSummary: ProjectionSummary;
}

/**
 * The embedding: the one that is named, or the first that has a map. The map: the one that is named, or the first of two
 * components, or the first. null where nothing is named and there is none; an error where a name is wrong.
 */
export function resolveNames(
  summary: DatasetSummary,
  wanted: { readonly embedding: string | null; readonly projection: string | null },
): Names | ClientError | null {
  const embeddingSummary =
    wanted.embedding === null
      ? summary.embeddings.find(({ projections }) => projections.length > 0)
      : summary.embeddings.find(({ name }) => name === wanted.embedding);
  if (embeddingSummary === undefined) return absent('embedding', wanted.embedding, summary.embeddings);
  const { projections } = embeddingSummary;
  const projectionSummary =
    wanted.projection === null
      ? (projections.find(({ components }) => components === 2) ?? projections[0])
      : projections.find(({ name }) => name === wanted.projection);
  if (projectionSummary === undefined) return absent('map', wanted.projection, projections);
  return {
    dataset: summary.slug,
    embedding: embeddingSummary.name,
    projection: projectionSummary.name,
    summary,
    embeddingSummary,
    projectionSummary,
  };
}

/** The field to colour by: the one that is named, none for `none`, or the first of few values. */
export function colorField(summary: DatasetSummary, wanted: string | null): string | null {
  if (wanted === 'none') return null;
  return wanted ?? summary.fields.find(({ type }) => type === 'CATEGORY')?.name ?? null;
}

function absent(what: string, name: string | null, present: readonly { readonly name: string }[]): ClientError | null {
  if (name === null) return null;
  const names = present.map((one) => `“${one.name}”`).join(', ');
  const there = names === '' ? 'There is none yet.' : `There are: ${names}.`;
  return new ClientError('NOT_FOUND', `There is no ${what} “${name}”. ${there}`);
}
