/** Which map is meant: what the attributes say, and what is taken where they say nothing. Pure. */
import type { DatasetSummary, EmbeddingSummary, OpenJob, ProjectionSummary } from './answers.ts';
import { ClientError } from './client.ts';
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
    job: projectionSummary.isNew === true ? (projectionSummary.making ?? null) : null,
    summary,
    embeddingSummary,
    projectionSummary,
  };
}

/**
 * The data set with the maps that are in the making among those that are there: a new one as one that can be shown already, one that
 * is made anew with its job.
 */
export function withMapsInTheMaking(summary: DatasetSummary): DatasetSummary {
  const making = new Map<string, OpenJob & { readonly map: NonNullable<OpenJob['map']> }>();
  for (const job of summary.jobs ?? []) {
    if (job.map === null || job.map.components > 3) continue; // more are there to find groups in
    const key = JSON.stringify([job.map.embedding, job.map.name]);
    // Of several the one at work, which is older than those that wait.
    if (!making.has(key) || job.state === 'RUNNING') making.set(key, { ...job, map: job.map });
  }
  if (making.size === 0) return summary;
  let { embeddings } = summary;
  for (const { id, map } of making.values()) {
    const there = embeddings.find(({ name }) => name === map.embedding) ?? newEmbedding(map.embedding, summary);
    const before = there.projections.find(({ name }) => name === map.name);
    const projections =
      before === undefined
        ? [...there.projections, newMap(map, id)]
        : there.projections.map((each) => (each === before ? { ...each, making: id } : each));
    const changed = { ...there, projections };
    embeddings = embeddings.includes(there)
      ? embeddings.map((each) => (each === there ? changed : each))
      : [...embeddings, changed];
  }
  return { ...summary, embeddings };
}

/** Of an embedding that is made with its map nothing else is known. */
function newEmbedding(name: string, { itemCount }: DatasetSummary): EmbeddingSummary {
  return { name, dimension: 0, metric: 'COSINE', itemCount, model: null, projections: [] };
}

function newMap({ name, method, components }: NonNullable<OpenJob['map']>, making: string): ProjectionSummary {
  return {
    ...{ name, method, components, making, isNew: true, version: making, createdAt: new Date().toISOString() },
    ...{
      seed: null,
      parameters: null,
      device: null,
      milliseconds: null,
      explainedVariance: null,
      stale: false,
      quality: null,
    },
  };
}

/** What the columns of a clustering are called in points and filters, before its name. */
const CLUSTERS = 'clusters.';
const FIRMNESS = 'probability.';

/**
 * The clustering whose labels are shown: the one that is named, none for `none`; otherwise the one of the map, or else the
 * first of the embedding.
 */
export function chooseClustering({ summary, embedding, projection }: Names, wanted: string | null): string | null {
  if (wanted === 'none') return null;
  const own = clusteringsOf(summary, embedding);
  const found =
    wanted === null
      ? (own.find((clustering) => clustering.projection?.name === projection) ?? own[0])
      : own.find(({ name }) => name === wanted);
  return found?.name ?? null;
}

/** A column to colour by, and what people read of it. */
export interface ColorField {
  readonly name: string;
  readonly title: string;
}

/** All that can be coloured by, in groups with titles; groups that would be empty are left out. */
export function colorGroups(names: Names): { readonly title: string; readonly fields: readonly ColorField[] }[] {
  const { fields } = names.summary;
  const groups = [
    { title: 'Fields', fields: fields.flatMap(({ name, type }) => (type === 'JSON' ? [] : [{ name, title: name }])) },
    { title: 'Groups', fields: [...clusterFields(names), ...firmnessFields(names)] },
    { title: 'Prompts and comparisons', fields: toldFields(names.summary) },
    { title: 'Trust', fields: trustFields(names) },
  ];
  return groups.filter((group) => group.fields.length > 0);
}

/** What can be coloured by beside the fields: the columns of the clusterings, with what people read. */
export function clusterFields(names: Names): ColorField[] {
  const own = clusteringsOf(names.summary, names.embedding);
  return own.map(({ name }) => ({
    name: CLUSTERS + name,
    title: own.length === 1 ? 'Groups' : `Groups: ${name}`,
  }));
}

/** How firmly each item belongs to its group. */
function firmnessFields(names: Names): ColorField[] {
  const own = clusteringsOf(names.summary, names.embedding);
  return own.map(({ name }) => ({
    name: FIRMNESS + name,
    title: own.length === 1 ? 'How firmly in its group' : `How firmly in its group: ${name}`,
  }));
}

/** Whether a field is the column of a clustering. */
export function isOfClusters(field: string, { fields }: DatasetSummary): boolean {
  return field.startsWith(CLUSTERS) && !fields.some(({ name }) => name === field);
}

/** What people read of the measures of each point, by their columns. */
const trustTitles: Readonly<Record<string, string>> = {
  'quality.neighborRecall': 'Trust: neighbours kept',
  'quality.trustworthiness': 'Trust: neighbours true',
  'quality.continuity': 'Trust: neighbours near',
  'quality.tripletAccuracy': 'Trust: the whole, by triplets',
  'quality.rankCorrelation': 'Trust: the whole, by distances',
};

/** How far each point can be trusted, as what can be coloured by; nothing where only the whole was measured. */
export function trustFields({ projectionSummary: { quality } }: Names): ColorField[] {
  const columns = quality?.columns ?? [];
  return Object.entries(trustTitles)
    .filter(([name]) => columns.includes(name))
    .map(([name, title]) => ({ name, title }));
}

/** What was told of the items by prompts or by comparing embeddings: columns to colour by, with what people read. */
export function toldFields({ embeddings }: DatasetSummary): ColorField[] {
  const told = embeddings.flatMap(({ classifications = [], comparisons = [] }) => [
    ...classifications.flatMap(({ name, column, labels, probabilityColumns }) => {
      const title = name === 'zero-shot' ? 'Prompts' : `Prompts: ${name}`;
      return [
        { name: column, title },
        ...probabilityColumns.map((each, i) => ({ name: each, title: `How probable: ${labels[i] ?? each}` })),
      ];
    }),
    ...comparisons.map(({ column, embedding, other }) => ({
      name: column,
      title: `Same neighbours: ${embedding.name} / ${other.name}`,
    })),
  ]);
  return [...new Map(told.map((field) => [field.name, field])).values()];
}

/** What people read of a field. */
export function titleOf(field: string, summary: DatasetSummary): string {
  const { fields } = summary;
  if (fields.some(({ name }) => name === field)) return field;
  if (field.startsWith(CLUSTERS)) return 'Groups';
  if (field.startsWith(FIRMNESS)) return 'How firmly in its group';
  return toldFields(summary).find(({ name }) => name === field)?.title ?? trustTitles[field] ?? field;
}

function clusteringsOf({ clusterings }: DatasetSummary, embedding: string): DatasetSummary['clusterings'] {
  return clusterings.filter((clustering) => clustering.embedding.name === embedding);
}

/**
 * The field to colour by: the one that is named, none for `none`, or the first of few values. A map whose points were not measured
 * has no colour by their trust.
 */
export function colorField(summary: DatasetSummary, wanted: string | null, names: Names | null = null): string | null {
  if (wanted === 'none') return null;
  const isTrust = wanted !== null && wanted in trustTitles && !summary.fields.some(({ name }) => name === wanted);
  if (isTrust && names !== null && !trustFields(names).some(({ name }) => name === wanted)) return null;
  return wanted ?? summary.fields.find(({ type }) => type === 'CATEGORY')?.name ?? null;
}

function absent(what: string, name: string | null, present: readonly { readonly name: string }[]): ClientError | null {
  if (name === null) return null;
  const names = present.map((one) => `“${one.name}”`).join(', ');
  const there = names === '' ? 'There is none yet.' : `There are: ${names}.`;
  return new ClientError('NOT_FOUND', `There is no ${what} “${name}”. ${there}`);
}
