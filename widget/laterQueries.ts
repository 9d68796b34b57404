/** What the features of the second file ask of the server. */
import type { Item, ItemSummary, JobState, PointsFile, PointsInTheMaking } from './answers.ts';
import type { Client } from './client.ts';
import { hasEnded } from './jobs.ts';
import type { MapNames } from './loadMap.ts';

/** Held against the schema by a test. */
export const laterDocuments = {
  graph: `query MapGraph($dataset: String!) {
  dataset(slug: $dataset) { graph { relations(first: 200) { key label tripleCount } } graphModels { name } }
}`,
  around: `query MapAround($dataset: String!, $key: String!, $hops: Int!, $relations: [String!], $first: Int!) {
  dataset(slug: $dataset) {
    graph { neighborhood(of: [$key], hops: $hops, relations: $relations, first: $first) { nodes { head { key } relation { key } tail { key } } pageInfo { hasNextPage } } }
  }
}`,
  sampleTriples: `query MapSampleTriples($dataset: String!, $relation: String!, $first: Int!) {
  dataset(slug: $dataset) {
    graph { sampleTriples(relation: $relation, first: $first) { head { key } relation { key } tail { key } } }
  }
}`,
  links: `query MapLinks($dataset: String!, $model: String!, $head: String, $tail: String, $relation: String!, $first: Int!) {
  dataset(slug: $dataset) {
    graphModel(name: $model) { predictLinks(head: $head, tail: $tail, relation: $relation, first: $first) {
      edges { probability score node { key label } why(first: 1) { triples { head { label } relation { label } tail { label } } } }
    } }
  }
}`,
  items: `query MapItems($dataset: String!, $keys: [JSON!]!, $first: Int!) {
  dataset(slug: $dataset) {
    items(first: $first, filter: { field: "key", in: $keys }) { nodes { key label fields image { url width height } } }
  }
}`,
  place: `query MapPlace($dataset: String!, $embedding: String!, $projection: String!, $vector: Vector!) {
  dataset(slug: $dataset) { embedding(name: $embedding) { projection(name: $projection) { place(to: { vector: $vector }) { x y z } } } }
}`,
  pointsInTheMaking: `query MapPointsInTheMaking($job: ID!, $columns: [String!]!) {
  job(id: $job) { state map { points(columns: $columns) { count url mediaType version } } }
}`,
  changed: `query MapChanged($dataset: String!, $embedding: String!, $first: Int!) {
  dataset(slug: $dataset) {
    embedding(name: $embedding) {
      comparisons { column changed(first: $first) { overlap node { key label image(size: 64) { url width height } } } }
    }
  }
}`,
  pictures: `query MapPictures($dataset: String!, $keys: [JSON!]!, $first: Int!) {
  dataset(slug: $dataset) { items(first: $first, filter: { field: "key", in: $keys }) { nodes { key image(size: 64) { url } } } }
}`,
  named: `query MapNamed($dataset: String!, $name: String!, $label: JSON!) {
  dataset(slug: $dataset) { item(key: $name) { key } items(first: 1, filter: { field: "label", eq: $label }) { nodes { key } } }
}`,
  classifyItems: `mutation MapClassify($input: ClassifyItemsInput!) { classifyItems(input: $input) { job { id } } }`,
  importFields: `mutation MapImportFields($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }`,
  compareEmbeddings: `mutation MapCompare($input: CompareEmbeddingsInput!) { compareEmbeddings(input: $input) { job { id } } }`,
} as const;

/** What a map needs to know of a graph. */
export interface GraphSummary {
  readonly relations: readonly { readonly key: string; readonly label: string; readonly tripleCount: number }[];
  /** Names of the models that were learnt of it. */
  readonly models: readonly string[];
}

/** Triples by their keys, and whether there are more. */
export interface TriplePage {
  readonly triples: readonly { readonly head: string; readonly relation: string; readonly tail: string }[];
  readonly more: boolean;
}

export interface PredictedLink {
  readonly key: string;
  readonly label: string;
  readonly score: number;
  /** 0 to 1; null where the model is not calibrated. */
  readonly probability: number | null;
  /** A known triple that is like it, in words; null where there is none. */
  readonly why: string | null;
}

/** An item whose company differs between two embeddings. */
export interface ChangedItem extends ItemSummary {
  /** Share of its neighbours that are the same in both. */
  readonly overlap: number;
}

interface TriplesAnswer {
  readonly nodes: readonly {
    readonly head: { key: string };
    readonly relation: { key: string };
    readonly tail: { key: string };
  }[];
  readonly pageInfo: { readonly hasNextPage: boolean };
}

function toTriplePage(answer: TriplesAnswer | undefined): TriplePage {
  return { triples: toTriples(answer?.nodes ?? []), more: answer?.pageInfo.hasNextPage ?? false };
}

function toTriples(nodes: TriplesAnswer['nodes']): TriplePage['triples'] {
  return nodes.map(({ head, relation, tail }) => ({ head: head.key, relation: relation.key, tail: tail.key }));
}

/** The relations of a data set's graph, those with most triples first, and its models; null where it has none. */
export async function graph(client: Client, dataset: string, signal?: AbortSignal): Promise<GraphSummary | null> {
  interface Answer {
    dataset: {
      graph: { relations: { key: string; label: string; tripleCount: number | string }[] } | null;
      graphModels: { name: string }[];
    } | null;
  }
  const { dataset: found } = await client.ask<Answer>(laterDocuments.graph, { dataset }, signal);
  if (!found?.graph) return null;
  return {
    relations: found.graph.relations.map(({ tripleCount, ...named }) => ({
      ...named,
      tripleCount: Number(tripleCount),
    })),
    models: found.graphModels.map(({ name }) => name),
  };
}

/** The triples around an entity, the nearest first. */
export async function around(
  client: Client,
  dataset: string,
  key: string,
  options: { readonly hops: number; readonly relations: readonly string[] | null; readonly first: number },
  signal?: AbortSignal,
): Promise<TriplePage> {
  interface Answer {
    dataset: { graph: { neighborhood: TriplesAnswer } | null } | null;
  }
  const answer = await client.ask<Answer>(laterDocuments.around, { dataset, key, ...options }, signal);
  return toTriplePage(answer.dataset?.graph?.neighborhood);
}

/** The triples of a relation, or so many of them by chance. */
export async function sampleTriples(
  client: Client,
  dataset: string,
  relation: string,
  first: number,
  signal?: AbortSignal,
): Promise<TriplePage['triples']> {
  interface Answer {
    dataset: { graph: { sampleTriples: TriplesAnswer['nodes'] } | null } | null;
  }
  const answer = await client.ask<Answer>(laterDocuments.sampleTriples, { dataset, relation, first }, signal);
  return toTriples(answer.dataset?.graph?.sampleTriples ?? []);
}

/** What most plausibly stands at the other end of a relation from an entity and is not known to, by a graph model. */
export async function predictLinks(
  client: Client,
  dataset: string,
  model: string,
  question: ({ readonly head: string } | { readonly tail: string }) & {
    readonly relation: string;
    readonly first: number;
  },
  signal?: AbortSignal,
): Promise<readonly PredictedLink[]> {
  interface Answer {
    dataset: {
      graphModel: {
        predictLinks: {
          edges: {
            probability: number | null;
            score: number;
            node: { key: string; label: string };
            why: { triples: { head: { label: string }; relation: { label: string }; tail: { label: string } }[] };
          }[];
        };
      } | null;
    } | null;
  }
  const answer = await client.ask<Answer>(laterDocuments.links, { dataset, model, ...question }, signal);
  return (answer.dataset?.graphModel?.predictLinks.edges ?? []).map(({ node, why, ...edge }) => {
    const [like] = why.triples;
    const words = like === undefined ? null : `${like.head.label} ${like.relation.label} ${like.tail.label}`;
    return { ...edge, ...node, why: words };
  });
}

/** Items by key, 500 a request. `onProgress` is told how many have come. */
export async function items(
  client: Client,
  dataset: string,
  keys: readonly string[],
  onProgress: (count: number) => void,
  signal: AbortSignal,
): Promise<readonly Item[]> {
  const BATCH = 500;
  const all: Item[] = [];
  for (let start = 0; start < keys.length; start += BATCH) {
    const batch = keys.slice(start, start + BATCH);
    const answer = await client.ask<{ dataset: { items: { nodes: Item[] } } | null }>(
      laterDocuments.items,
      { dataset, keys: batch, first: batch.length },
      signal,
    );
    all.push(...(answer.dataset?.items.nodes ?? []));
    onProgress(all.length);
  }
  return all;
}

/** Looks again for the points of a map that has none yet after so long. */
const WAIT_MS = 300;

/** Where the points of a map in the making are, as soon as it has any; null: its job has ended, or is no longer known. */
export async function pointsInTheMaking(
  client: Client,
  job: string,
  columns: readonly string[],
  signal: AbortSignal,
): Promise<PointsFile | null> {
  interface Answer {
    job: { state: JobState; map: { points: PointsFile | null } | null } | null;
  }
  const ask = async (): Promise<PointsInTheMaking> => {
    const { job: found } = await client.ask<Answer>(laterDocuments.pointsInTheMaking, { job, columns }, signal);
    return { state: found?.state ?? 'CANCELLED', points: found?.map?.points ?? null };
  };
  for (;;) {
    const { state, points } = await (client.pointsInTheMaking?.() ?? ask());
    if (points !== null || hasEnded(state)) return points;
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    signal.throwIfAborted();
  }
}

/** Where vectors would lie on a map, as its coordinates. @throws Error where there is no such map */
export async function place(
  client: Client,
  { dataset, embedding, projection }: MapNames,
  rows: readonly Float32Array[],
): Promise<readonly (readonly number[])[]> {
  interface Answer {
    dataset: {
      embedding: { projection: { place: { x: number; y: number; z: number | null } } | null } | null;
    } | null;
  }
  return await Promise.all(
    rows.map(async (row) => {
      const variables = { dataset, embedding, projection, vector: [...row] };
      const answer = await client.ask<Answer>(laterDocuments.place, variables);
      const found = answer.dataset?.embedding?.projection?.place;
      if (!found) throw new Error(`There is no map "${projection}" of "${embedding}".`);
      return found.z === null ? [found.x, found.y] : [found.x, found.y, found.z];
    }),
  );
}

/** The items whose company differs most between an embedding and another, by the column of their comparison. */
export async function changed(
  client: Client,
  { dataset, embedding }: { readonly dataset: string; readonly embedding: string },
  column: string,
  first: number,
  signal?: AbortSignal,
): Promise<readonly ChangedItem[]> {
  interface Answer {
    dataset: {
      embedding: { comparisons: { column: string; changed: { overlap: number; node: ItemSummary }[] }[] } | null;
    } | null;
  }
  const answer = await client.ask<Answer>(laterDocuments.changed, { dataset, embedding, first }, signal);
  const found = answer.dataset?.embedding?.comparisons.find((comparison) => comparison.column === column);
  return found?.changed.map(({ node, overlap }) => ({ ...node, overlap })) ?? [];
}

/** The addresses of the pictures of items, of those that have one. */
export async function pictures(
  client: Client,
  dataset: string,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<readonly { readonly key: string; readonly url: string }[]> {
  interface Answer {
    dataset: { items: { nodes: { key: string; image: { url: string } | null }[] } } | null;
  }
  const variables = { dataset, keys, first: keys.length };
  const answer = await client.ask<Answer>(laterDocuments.pictures, variables, signal);
  return (answer.dataset?.items.nodes ?? []).flatMap(({ key, image }) =>
    image === null ? [] : { key, url: image.url },
  );
}

/** The key of the item of this key or this label; null where there is none. */
export async function keyOf(client: Client, dataset: string, name: string): Promise<string | null> {
  interface Answer {
    dataset: { item: { key: string } | null; items: { nodes: { key: string }[] } } | null;
  }
  const { dataset: found } = await client.ask<Answer>(laterDocuments.named, { dataset, name, label: name });
  return found?.item?.key ?? found?.items.nodes[0]?.key ?? null;
}

/** Starts telling by prompts what items are. Answers the id of the job. */
export async function classifyItems(
  client: Client,
  input: {
    readonly dataset: string;
    readonly embedding: string;
    readonly labels: readonly string[];
    readonly templates: readonly string[];
  },
): Promise<string> {
  return (await client.ask<{ classifyItems: { job: { id: string } } }>(laterDocuments.classifyItems, { input }))
    .classifyItems.job.id;
}

/** Starts putting fields of items that are there from a file that was uploaded. Answers the id of the job. */
export async function importFields(client: Client, dataset: string, upload: string): Promise<string> {
  const input = { dataset, uploads: [upload], projections: [], columns: { key: 'key', label: 'label' } };
  const answer = await client.ask<{ importDataset: { job: { id: string } } }>(laterDocuments.importFields, { input });
  return answer.importDataset.job.id;
}

/** Starts comparing two embeddings. Answers the id of the job. */
export async function compareEmbeddings(
  client: Client,
  input: {
    readonly dataset: string;
    readonly embedding: string;
    readonly other: string;
  },
): Promise<string> {
  return (await client.ask<{ compareEmbeddings: { job: { id: string } } }>(laterDocuments.compareEmbeddings, { input }))
    .compareEmbeddings.job.id;
}

/** Sends a file. @returns its id, for whatever takes uploads */
export async function upload(client: Client, file: File, signal?: AbortSignal): Promise<string> {
  const address = new URL('/uploads', client.endpoint);
  address.searchParams.set('name', file.name);
  const response = await client.send(address.href, {
    method: 'POST',
    body: file,
    headers: { ...client.headers(), 'content-type': 'application/octet-stream' },
    ...(signal ? { signal } : {}),
  });
  const { id }: { id: string } = await response.json();
  return id;
}
