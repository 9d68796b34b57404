/** What the server's own pages ask of it. */
import type { DatasetSummary, JobState } from '../answers.ts';
import { type Client, withMapsToSee } from '../client.ts';
import { clusteringsField, jobsField, projectionFields } from '../queries.ts';

/** Held against the schema by a test. */
export const pagesDocuments = {
  datasets: `query MapDatasets($first: Int!, $after: String) {
  datasets(first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      slug title description kind licence source itemCount fields { name type }
      embeddings {
        name dimension metric itemCount model { name description }
        projections { ${projectionFields} }
      }
      ${clusteringsField}
      ${jobsField}
    }
  }
}`,
  newestJobs: `query MapNewestJobs { jobs(first: 50) { nodes { id state } } }`,
  importDataset: `mutation MapImport($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }`,
  models: `query MapModels { models { name state modalities bytes } server { mayChange } }`,
  fetchModel: `mutation MapFetchModel($input: FetchModelInput!) { fetchModel(input: $input) { job { id } } }`,
  presets: `query MapPresets { graphPresets { name description dataset expectedSeconds } server { mayChange } }`,
  trainGraph: `mutation MapTrainGraph($input: TrainGraphInput!) { trainGraph(input: $input) { job { id } } }`,
  embedItems: `mutation MapEmbedItems($input: EmbedItemsInput!) { embedItems(input: $input) { job { id } } }`,
} as const;

/** A model, as far as it tells who chooses one. */
export interface ModelSummary {
  readonly name: string;
  readonly state: 'READY' | 'UNUSABLE' | 'FETCHABLE' | 'NAMED';
  readonly modalities: readonly ('TEXT' | 'IMAGE')[];
  readonly bytes: number | string | null;
}

/** Data sets at once, and in all. */
const PAGE = 50;
const MOST = 1000;

/** The first thousand data sets. */
export async function listDatasets(client: Client): Promise<readonly DatasetSummary[]> {
  interface Answer {
    datasets: { nodes: DatasetSummary[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
  }
  const all: DatasetSummary[] = [];
  let after: string | null = null;
  do {
    const { datasets }: Answer = await client.ask<Answer>(pagesDocuments.datasets, { first: PAGE, after });
    all.push(...datasets.nodes.map(withMapsToSee));
    after = datasets.pageInfo.hasNextPage ? datasets.pageInfo.endCursor : null;
  } while (after !== null && all.length < MOST);
  return all;
}

/** The newest jobs, and where they stand. */
export async function newestJobs(
  client: Client,
): Promise<readonly { readonly id: string; readonly state: JobState }[]> {
  const { jobs } = await client.ask<{ jobs: { nodes: { id: string; state: JobState }[] } }>(
    pagesDocuments.newestJobs,
    {},
  );
  return jobs.nodes;
}

/** Starts an import of uploads. Answers the id of the job. */
export async function importDataset(
  client: Client,
  dataset: string,
  title: string,
  uploads: readonly string[],
): Promise<string> {
  const input = { dataset, title, uploads };
  const answer = await client.ask<{ importDataset: { job: { id: string } } }>(pagesDocuments.importDataset, { input });
  return answer.importDataset.job.id;
}

/** The models that are here or can be fetched, and whether whoever asks may have them work. */
export async function listModels(
  client: Client,
): Promise<{ readonly models: readonly ModelSummary[]; readonly mayChange: boolean }> {
  const { models, server } = await client.ask<{ models: ModelSummary[]; server: { mayChange: boolean } }>(
    pagesDocuments.models,
    {},
  );
  return { models, ...server };
}

/** Starts downloading a model. Answers the id of the job. */
export async function fetchModel(client: Client, name: string): Promise<string> {
  const answer = await client.ask<{ fetchModel: { job: { id: string } } }>(pagesDocuments.fetchModel, {
    input: { name },
  });
  return answer.fetchModel.job.id;
}

/** Starts making vectors of all items. @param field null: the one that is usual. Answers the id of the job. */
export async function embedItems(
  client: Client,
  dataset: string,
  model: string,
  field: string | null,
): Promise<string> {
  const input = { dataset, model, ...(field === null ? {} : { field }) };
  const answer = await client.ask<{ embedItems: { job: { id: string } } }>(pagesDocuments.embedItems, { input });
  return answer.embedItems.job.id;
}

/** A way to learn a graph. */
export interface PresetSummary {
  readonly name: string;
  readonly description: string;
  /** Slug of the data set that it was measured on; null: a start for any graph. */
  readonly dataset: string | null;
  readonly expectedSeconds: number | null;
}

/** The ways to learn the graph of a data set, those measured on it first, and whether whoever asks may. */
export async function listPresets(
  client: Client,
  dataset: string,
): Promise<{ readonly presets: readonly PresetSummary[]; readonly mayChange: boolean }> {
  const { graphPresets, server } = await client.ask<{
    graphPresets: PresetSummary[];
    server: { mayChange: boolean };
  }>(pagesDocuments.presets, {});
  const fitting = (of: string | null) => graphPresets.filter((preset) => preset.dataset === of);
  return { presets: [...fitting(dataset), ...fitting(null)], ...server };
}

/** Starts learning a graph by a preset; the model is called by its name. Answers the id of the job. */
export async function trainGraph(client: Client, dataset: string, preset: string): Promise<string> {
  const input = { dataset, preset, name: preset };
  const answer = await client.ask<{ trainGraph: { job: { id: string } } }>(pagesDocuments.trainGraph, { input });
  return answer.trainGraph.job.id;
}
