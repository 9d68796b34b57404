import type { ModelSettings } from '../config.ts';
import { requireDataset } from '../datasets/datasets.ts';
import { requireEmbedding } from '../embeddings/embeddings.ts';
import { checkEmbedItems, removeEmbedding } from '../embeddings/embedItems.ts';
import type { ModelResolvers, MutationResolvers, QueryResolvers } from '../generated/schema.ts';
import { addJob, cancelJobsOfEmbedding } from '../jobs/jobs.ts';
import type { ModelDescription } from '../models/describeModel.ts';
import { listLayers } from '../models/encode.ts';
import { checkFetchModel } from '../models/fetchModel.ts';
import { listModels, requireModel } from '../models/findModels.ts';
import { type KnownModel, recommended } from '../models/knownModels.ts';
import { encodeId } from './ids.ts';

/** A model, by what is known of it: its files, what its source says, or no more than its name. */
export interface ModelRecord {
  readonly name: string;
  readonly here: ModelDescription | null;
  readonly known: KnownModel | null;
  /** As the database has it. */
  readonly description?: string | null;
}

/** What is known of a model of that name. */
export async function modelNamed(
  settings: ModelSettings,
  name: string,
  description?: string | null,
): Promise<ModelRecord> {
  const here = (await listModels(settings)).find((each) => each.name === name) ?? null;
  return {
    name,
    here,
    known: recommended.find((each) => each.name === name) ?? null,
    ...(description == null ? {} : { description }),
  };
}

async function allModels(settings: ModelSettings): Promise<ModelRecord[]> {
  const found = await listModels(settings);
  const names = [...new Set([...found.map(({ name }) => name), ...recommended.map(({ name }) => name)])].sort();
  return names.map((name) => ({
    name,
    here: found.find((each) => each.name === name) ?? null,
    known: recommended.find((each) => each.name === name) ?? null,
  }));
}

export const modelQueries = {
  models: (_root, _arguments, { config }) => allModels(config),
  async model(_root, { name }, { config }) {
    const model = await modelNamed(config, name);
    return model.here === null && model.known === null ? null : model;
  },
} satisfies QueryResolvers;

export const Model: ModelResolvers = {
  description: ({ description, known }) => description ?? known?.description ?? null,
  state({ here, known }) {
    if (here !== null) return here.problem === null ? 'READY' : 'UNUSABLE';
    return known === null ? 'NAMED' : 'FETCHABLE';
  },
  problem: ({ here }) => here?.problem ?? null,
  modalities({ here, known }) {
    if (here === null) return [...(known?.modalities ?? [])];
    return [...(here.text === null ? [] : (['TEXT'] as const)), ...(here.image === null ? [] : (['IMAGE'] as const))];
  },
  dimension: ({ here, known }) =>
    here?.text?.dimension ?? here?.image?.dimension ?? (here === null ? (known?.dimension ?? null) : null),
  maxTokens: ({ here }) => here?.text?.maxTokens ?? null,
  bytes: ({ here, known }) => (here === null ? (known?.bytes ?? null) : here.problem === null ? here.bytes : null),
  licence: ({ here, known }) => here?.licence ?? known?.licence ?? null,
  revision: ({ here, known }) => (here === null ? (known?.revision ?? null) : here.revision),
  recommended: ({ known }) => known !== null,
  async layers({ here }, _arguments, { config, budget }) {
    if (here === null || here.image === null) return [];
    budget.search(); // the model runs
    const layers = await listLayers(config, here);
    return layers.map(({ name, operator, depth, output, dimensions }) => ({
      name,
      operator,
      depth,
      output,
      shape: [...dimensions],
    }));
  },
};

export const modelMutations = {
  async fetchModel(_root, { input: { name, revision } }, { database }) {
    const known = recommended.find((each) => each.name === name);
    const input = { name, revision: revision ?? known?.revision ?? 'main' };
    checkFetchModel(input);
    return { job: await addJob(database, { kind: 'FETCH_MODEL', input, idempotencyKey: name }) };
  },
  async embedItems(_root, { input }, { config, database }) {
    const dataset = await requireDataset(database, input.dataset);
    const model = await requireModel(config, input.model);
    const wanted = checkEmbedItems(dataset, model, input);
    const idempotencyKey = JSON.stringify([dataset.id, wanted.name]);
    return {
      job: await addJob(database, { kind: 'EMBED_ITEMS', input: wanted, datasetId: dataset.id, idempotencyKey }),
    };
  },
  async removeEmbedding(_root, { input }, { database }) {
    const dataset = await requireDataset(database, input.dataset);
    const embedding = await requireEmbedding(database, dataset.id, input.embedding);
    await cancelJobsOfEmbedding(database, embedding.id);
    await removeEmbedding(database, embedding);
    return { removedId: encodeId(['Embedding', embedding.id]) };
  },
} satisfies MutationResolvers;
