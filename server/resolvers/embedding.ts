import { requireDataset } from '../datasets/datasets.ts';
import type { FilterInput } from '../datasets/filters.ts';
import { listClassifications } from '../embeddings/classifications.ts';
import { classifyVector } from '../embeddings/classifyItems.ts';
import { listComparisons } from '../embeddings/comparisons.ts';
import { type Embedding as EmbeddingRecord, type IndexRecord, requireEmbedding } from '../embeddings/embeddings.ts';
import { acceptedBy } from '../embeddings/encodeTargets.ts';
import { type HybridHit, hybridItems } from '../embeddings/hybrid.ts';
import { indexBytes, indexJob } from '../embeddings/indexEmbedding.ts';
import { type Hit, type NearestAnswer, type NearestQuery, nearestItems, nearestToItem } from '../embeddings/nearest.ts';
import { resolveTarget, type TargetInput } from '../embeddings/targets.ts';
import { vectorFiles } from '../embeddings/vectorFiles.ts';
import { UserError } from '../errors.ts';
import type {
  EmbeddingResolvers,
  HybridConnectionResolvers,
  HybridEdgeResolvers,
  MutationResolvers,
  NearestConnectionResolvers,
  NearestEdgeResolvers,
  VectorIndexResolvers,
} from '../generated/schema.ts';
import { addJob } from '../jobs/jobs.ts';
import { depthOfLayer } from '../models/describeModel.ts';
import { listModels } from '../models/findModels.ts';
import { findProjection, listProjections } from '../projections/projections.ts';
import type { Context } from './context.ts';
import { toCondition } from './dataset.ts';
import { encodeId } from './ids.ts';
import { modelNamed } from './model.ts';
import { nearestToProduct, wordQuestions } from './wordQuestions.ts';

/** What a search found. The items are read when they are asked for, all at once. */
export interface NearestPage {
  readonly edges: readonly NearestItem[];
  readonly search: NearestAnswer['search'];
}

export interface NearestItem extends Hit {
  readonly datasetId: number;
  /** From 1. */
  readonly rank: number;
}

/** What words and vectors found. */
export interface HybridPage {
  readonly edges: readonly HybridItem[];
  readonly search: NearestAnswer['search'];
}

export interface HybridItem extends HybridHit {
  readonly datasetId: number;
  /** From 1. */
  readonly rank: number;
}

/** An index with the embedding that it belongs to. */
export interface IndexOf extends IndexRecord {
  readonly embeddingId: number;
}

export const Embedding: EmbeddingResolvers = {
  ...wordQuestions,
  id: ({ id }) => encodeId(['Embedding', id]),
  async dataset({ datasetId }, _arguments, { loaders }) {
    const dataset = await loaders.datasets.load(datasetId);
    if (dataset === null) throw new UserError('NOT_FOUND', 'The data set was removed meanwhile.');
    return dataset;
  },
  model: ({ model }, _arguments, { config }) =>
    model === null ? null : modelNamed(config, model.name, model.description),
  layer: ({ recipe }) => recipe?.layer ?? null,
  async layerDepth({ recipe }, _arguments, { config }) {
    if (recipe === null || recipe.layer === null) return null;
    const model = (await listModels(config)).find(({ name }) => name === recipe.model);
    return model?.image == null ? null : depthOfLayer(model.image, recipe.layer);
  },
  pooling: ({ recipe }) => recipe?.pooling ?? null,
  accepts: (embedding, _arguments, { config }) => acceptedBy(config, embedding),
  index: ({ id, index }) => (index === null ? null : { ...index, embeddingId: id }),
  projections: ({ id }, _arguments, { reading }) => listProjections(reading, id),
  projection: ({ id }, { name }, { reading }) => findProjection(reading, id, name),
  async nearest(embedding, { to, first, filter, search }, context): Promise<NearestPage> {
    const { database, statement, budget } = context;
    budget.search();
    budget.page(first);
    const metric = search?.metric ?? embedding.metric;
    if (search?.combine === 'MULTIPLY') {
      if (metric !== embedding.metric) throw onlyCosines(metric);
      return pageOf(embedding, await nearestToProduct(embedding, to, first, filter, context));
    }
    const options = {
      ...{ first, method: search?.method ?? 'AUTO', efSearch: search?.efSearch ?? null, withItems: true, metric },
      ...statement,
    };
    const key = filter == null ? itemAlone(to) : null;
    const answer =
      (key === null ? null : await nearestToItem(database, embedding, key, options)) ??
      (await nearestToVector(embedding, to, filter, options, context));
    return pageOf(embedding, answer);
  },
  async hybrid(embedding, { text, to, first, filter, k, candidates }, context): Promise<HybridPage> {
    const { config, database, reading, statement, loaders, budget } = context;
    budget.search();
    budget.page(first);
    const dataset = await loaders.datasets.load(embedding.datasetId);
    if (dataset === null) throw new UserError('NOT_FOUND', 'The data set was removed meanwhile.');
    const { vector, exclude } = await resolveTarget(reading, dataset, embedding, to ?? { text }, config);
    const condition = await toCondition(reading, filter, dataset, { embedding });
    const { hits, search } = await hybridItems(database, embedding, {
      ...{ text, vector, exclude, first, k, candidates: candidates ?? null },
      ...(condition === undefined ? {} : { condition }),
      ...statement,
    });
    return { edges: hits.map((hit, i) => ({ ...hit, datasetId: embedding.datasetId, rank: i + 1 })), search };
  },
  async classify(embedding, { target, labels, templates, logitScale }, { config, reading, loaders, budget }) {
    budget.search();
    const dataset = await loaders.datasets.load(embedding.datasetId);
    if (dataset === null) throw new UserError('NOT_FOUND', 'The data set was removed meanwhile.');
    const { vector } = await resolveTarget(reading, dataset, embedding, target, config);
    return await classifyVector(config, embedding, vector, { labels, templates, logitScale: logitScale ?? null });
  },
  classifications: ({ id }, _arguments, { reading }) => listClassifications(reading, id),
  async classification({ id }, { name }, { reading }) {
    return (await listClassifications(reading, id)).find((each) => each.name === name) ?? null;
  },
  comparisons: ({ id }, _arguments, { reading }) => listComparisons(reading, id),
  vectors: ({ id, version }) => ({
    url: `/vectors/${id}/${version}`,
    mediaType: 'application/vnd.apache.arrow.stream',
  }),
  async exports(embedding, { name }, { loaders }) {
    const dataset = await loaders.datasets.load(embedding.datasetId);
    if (dataset === null) throw new UserError('NOT_FOUND', 'The data set was removed meanwhile.');
    return vectorFiles(embedding, 'items', `${dataset.slug}-${embedding.name}`, name);
  },
};

/** The key of a target that is one item and nothing else. */
function itemAlone({ item, ...others }: TargetInput): string | null {
  return typeof item === 'string' && Object.values(others).every((other) => other == null) ? item : null;
}

/** Makes the target's vector first, then searches by it. */
async function nearestToVector(
  embedding: EmbeddingRecord,
  to: TargetInput,
  filter: FilterInput | null | undefined,
  options: Omit<NearestQuery, 'vector'>,
  { config, database, resident, reading, loaders }: Context,
): Promise<NearestAnswer> {
  const dataset = await loaders.datasets.load(embedding.datasetId);
  if (dataset === null) throw new UserError('NOT_FOUND', 'The data set was removed meanwhile.');
  // What a target is follows from what is near: under COSINE the terms of a sum are brought to one length.
  const space = { ...embedding, metric: options.metric ?? embedding.metric };
  const { vector, exclude } = await resolveTarget(reading, dataset, space, to, config);
  const condition = await toCondition(reading, filter, dataset, { embedding });
  const query = { ...options, vector, exclude, resident };
  return await nearestItems(database, embedding, condition === undefined ? query : { ...query, condition });
}

function onlyCosines(metric: string): UserError {
  return new UserError(
    'BAD_USER_INPUT',
    `By \`combine: MULTIPLY\` cosines are multiplied; it cannot search by ${metric}. Leave \`metric\` out, or ask with combine: ADD.`,
  );
}

function pageOf({ datasetId }: { readonly datasetId: number }, { hits, search }: NearestAnswer): NearestPage {
  return { edges: hits.map((hit, i) => ({ ...hit, datasetId, rank: i + 1 })), search };
}

export const NearestConnection: NearestConnectionResolvers = {
  nodes: ({ edges }, _arguments, context) => Promise.all(edges.map((edge) => itemOf(edge, context))),
};

export const NearestEdge: NearestEdgeResolvers = {
  node: (edge, _arguments, context) => itemOf(edge, context),
};

export const HybridConnection: HybridConnectionResolvers = {
  nodes: ({ edges }, _arguments, context) => Promise.all(edges.map((edge) => itemOf(edge, context))),
};

export const HybridEdge: HybridEdgeResolvers = {
  node: (edge, _arguments, context) => itemOf(edge, context),
};

async function itemOf(
  { datasetId, itemId, item: known }: Pick<NearestItem, 'datasetId' | 'itemId' | 'item'>,
  { loaders }: Context,
) {
  if (known !== undefined) return known;
  const item = await loaders.items.load({ datasetId, itemId });
  if (item === null) throw new UserError('CONFLICT', 'An item that was found has been removed meanwhile. Ask again.');
  return item;
}

export const VectorIndex: VectorIndexResolvers = {
  bytes: ({ embeddingId }, _arguments, { reading }) => indexBytes(reading, { id: embeddingId }),
};

export const embeddingMutations = {
  async indexEmbedding(_root, { input }, { database }) {
    const dataset = await requireDataset(database, input.dataset);
    const embedding = await requireEmbedding(database, dataset.id, input.embedding);
    const { precision, links, efConstruction } = input;
    return {
      job: await addJob(database, indexJob(embedding, { precision: precision ?? null, links, efConstruction })),
    };
  },
} satisfies MutationResolvers;
