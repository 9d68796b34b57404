import { requireDataset } from '../datasets/datasets.ts';
import {
  type Classification as ClassificationRecord,
  mostProbable,
  readProbabilities,
  removeClassification,
  requireClassification,
} from '../embeddings/classifications.ts';
import { checkClassificationName, checkPrompts } from '../embeddings/classifyItems.ts';
import { checkComparison } from '../embeddings/compareEmbeddings.ts';
import {
  type Comparison as ComparisonRecord,
  readOverlaps,
  removeComparison,
  requireComparison,
} from '../embeddings/comparisons.ts';
import { requireEmbedding } from '../embeddings/embeddings.ts';
import { requireModelFor } from '../embeddings/encodeTargets.ts';
import { classificationColumn, comparisonColumn, probabilityColumn } from '../embeddings/itemColumns.ts';
import { didYouMean, UserError } from '../errors.ts';
import type {
  ChangedItemResolvers,
  ClassificationResolvers,
  ClassifiedItemResolvers,
  ComparisonResolvers,
  MutationResolvers,
} from '../generated/schema.ts';
import { addJob } from '../jobs/jobs.ts';
import type { Context } from './context.ts';
import { encodeId } from './ids.ts';

/** An item with a number. The item is read when it is asked for, all at once. */
export interface ScoredItem {
  readonly datasetId: number;
  readonly itemId: number;
  readonly score: number;
}

export const Classification: ClassificationResolvers = {
  id: ({ id }) => encodeId(['Classification', id]),
  embedding: ({ embeddingId }, _arguments, context) => embeddingOf(embeddingId, context),
  itemCount: ({ count }) => count,
  async stale({ embeddingId, embeddingVersion }, _arguments, context) {
    return (await embeddingOf(embeddingId, context)).version !== embeddingVersion;
  },
  async counts(classification, _arguments, { reading, budget }) {
    budget.search();
    const { values } = await readProbabilities(reading, classification);
    const counts = classification.labels.map(() => 0);
    for (const label of mostProbable(values, counts.length)) counts[label] = (counts[label] ?? 0) + 1;
    return counts;
  },
  column: ({ name }) => classificationColumn(name),
  probabilityColumns: ({ name, labels }) => labels.map((label) => probabilityColumn(name, label)),
  async items(classification, { label, first }, context): Promise<ScoredItem[]> {
    const { reading, budget } = context;
    budget.search();
    budget.page(first);
    const place = classification.labels.indexOf(label);
    if (place === -1) {
      throw new UserError(
        'BAD_USER_INPUT',
        `The classification "${classification.name}" has no label "${label}".${didYouMean(label, classification.labels)}`,
      );
    }
    const { datasetId } = await embeddingOf(classification.embeddingId, context);
    const { itemIds, values } = await readProbabilities(reading, classification);
    const k = classification.labels.length;
    const best = mostProbable(values, k);
    return [...itemIds]
      .flatMap((itemId, i) => (best[i] === place ? [{ datasetId, itemId, score: values[i * k + place] ?? 0 }] : []))
      .sort((a, b) => b.score - a.score || a.itemId - b.itemId)
      .slice(0, first);
  },
};

export const ClassifiedItem: ClassifiedItemResolvers = {
  node: (scored, _arguments, context) => itemOf(scored, context),
  probability: ({ score }) => score,
};

export const Comparison: ComparisonResolvers = {
  id: ({ id }) => encodeId(['Comparison', id]),
  embedding: ({ embeddingId }, _arguments, context) => embeddingOf(embeddingId, context),
  other: ({ otherId }, _arguments, context) => embeddingOf(otherId, context),
  itemCount: ({ count }) => count,
  async stale({ embeddingId, otherId, embeddingVersion, otherVersion }, _arguments, context) {
    const [embedding, other] = await Promise.all([embeddingOf(embeddingId, context), embeddingOf(otherId, context)]);
    return embedding.version !== embeddingVersion || other.version !== otherVersion;
  },
  async column({ embeddingId, otherId }, _arguments, context) {
    const [embedding, other] = await Promise.all([embeddingOf(embeddingId, context), embeddingOf(otherId, context)]);
    return comparisonColumn(embedding.name, other.name);
  },
  async changed(comparison, { first }, context): Promise<ScoredItem[]> {
    const { reading, budget } = context;
    budget.search();
    budget.page(first);
    const { datasetId } = await embeddingOf(comparison.embeddingId, context);
    const { itemIds, overlaps } = await readOverlaps(reading, comparison);
    return [...itemIds]
      .map((itemId, i) => ({ datasetId, itemId, score: overlaps[i] ?? 0 }))
      .sort((a, b) => a.score - b.score || a.itemId - b.itemId)
      .slice(0, first);
  },
};

export const ChangedItem: ChangedItemResolvers = {
  node: (scored, _arguments, context) => itemOf(scored, context),
  overlap: ({ score }) => score,
};

async function embeddingOf(id: number, { loaders }: Context) {
  const embedding = await loaders.embeddings.load(id);
  if (embedding === null) throw new UserError('NOT_FOUND', 'The embedding was removed meanwhile.');
  return embedding;
}

async function itemOf({ datasetId, itemId }: ScoredItem, { loaders }: Context) {
  const item = await loaders.items.load({ datasetId, itemId });
  if (item === null) throw new UserError('CONFLICT', 'An item that was found has been removed meanwhile. Ask again.');
  return item;
}

export type { ClassificationRecord, ComparisonRecord };

export const classificationMutations = {
  async classifyItems(_root, { input }, { config, database }) {
    const dataset = await requireDataset(database, input.dataset);
    const embedding = await requireEmbedding(database, dataset.id, input.embedding);
    const { name, labels, templates } = input;
    const prompts = { labels, templates, logitScale: input.logitScale ?? null };
    checkClassificationName(name);
    checkPrompts(prompts);
    await requireModelFor(config, embedding, 'TEXT');
    const job = await addJob(database, {
      kind: 'CLASSIFY_ITEMS',
      input: { embeddingId: embedding.id, name, ...prompts },
      datasetId: dataset.id,
    });
    return { job };
  },
  async removeClassification(_root, { input }, { database }) {
    const dataset = await requireDataset(database, input.dataset);
    const embedding = await requireEmbedding(database, dataset.id, input.embedding);
    const classification = await requireClassification(database, embedding.id, input.classification);
    await removeClassification(database, classification);
    return { removedId: encodeId(['Classification', classification.id]) };
  },
  async compareEmbeddings(_root, { input }, { database }) {
    const dataset = await requireDataset(database, input.dataset);
    const embedding = await requireEmbedding(database, dataset.id, input.embedding);
    const other = await requireEmbedding(database, dataset.id, input.other);
    checkComparison(embedding, other, input.neighbors);
    // Overlap is the same from either side: kept once for each pair.
    const [first, second] = embedding.id < other.id ? [embedding, other] : [other, embedding];
    const job = await addJob(database, {
      kind: 'COMPARE_EMBEDDINGS',
      input: { embeddingId: first.id, otherId: second.id, neighbors: input.neighbors },
      datasetId: dataset.id,
    });
    return { job };
  },
  async removeComparison(_root, { input }, { database }) {
    const dataset = await requireDataset(database, input.dataset);
    const embedding = await requireEmbedding(database, dataset.id, input.embedding);
    const other = await requireEmbedding(database, dataset.id, input.other);
    const comparison = await requireComparison(database, embedding, other);
    await removeComparison(database, comparison);
    return { removedId: encodeId(['Comparison', comparison.id]) };
  },
} satisfies MutationResolvers;
