/** What can be asked of the vectors of an embedding beside "what is near", and how vectors of words are learnt and tested. */
import { requireDataset } from '../datasets/datasets.ts';
import type { FilterInput } from '../datasets/filters.ts';
import { findItemIdsByKeys } from '../datasets/items.ts';
import { requireUploads } from '../datasets/uploads.ts';
import { componentOf } from '../embeddings/components.ts';
import { type Embedding as EmbeddingRecord, requireEmbedding } from '../embeddings/embeddings.ts';
import type { NearestAnswer } from '../embeddings/nearest.ts';
import {
  compareVectors,
  extremesAlong,
  type Factor,
  fitAmongOthers,
  nearestByProduct,
} from '../embeddings/questions.ts';
import { resolveTarget, type TargetInput } from '../embeddings/targets.ts';
import { UserError } from '../errors.ts';
import type {
  EmbeddingResolvers,
  EvaluatedSectionResolvers,
  ExtremeItemResolvers,
  MutationResolvers,
  OddItemResolvers,
  TrainWordVectorsInput,
  VectorDirection,
  WordEvaluationResolvers,
} from '../generated/schema.ts';
import { addJob } from '../jobs/jobs.ts';
import { checkTraining } from '../words/checkTraining.ts';
import {
  type EvaluatedSection as EvaluatedSectionRecord,
  listEvaluations,
  removeEvaluation,
  requireEvaluation,
} from '../words/evaluations.ts';
import type { Context } from './context.ts';
import { toCondition } from './dataset.ts';
import { encodeId } from './ids.ts';

/** An item of a data set, to be read when it is asked for. */
interface ItemPlace {
  readonly datasetId: number;
  readonly itemId: number;
}

export interface AmongOthers extends ItemPlace {
  readonly similarity: number;
}

export interface AlongDirection extends ItemPlace {
  readonly value: number;
}

const PAIRS_LIMIT = 100;
const ODD_ITEMS_LIMIT = 100;

export const wordQuestions = {
  async similarities(embedding, { pairs }, context) {
    checkCount('pairs', pairs.length, 1, PAIRS_LIMIT);
    context.budget.search();
    const dataset = await datasetOf(embedding, context);
    const found = [];
    for (const { a, b } of pairs) {
      const [left, right] = [a, b].map((target) =>
        resolveTarget(context.reading, dataset, embedding, target, context.config),
      );
      const [x, y] = [await left, await right];
      if (x === undefined || y === undefined) throw new Error('a target was not resolved');
      found.push(compareVectors(x.vector, y.vector, embedding.metric));
    }
    return found;
  },

  async oddOneOut(embedding, { items }, context) {
    const keys = [...new Set(items)];
    checkCount('items', keys.length, 3, ODD_ITEMS_LIMIT);
    context.budget.search();
    const dataset = await datasetOf(embedding, context);
    const vectors: Float32Array[] = [];
    for (const item of keys) vectors.push((await resolveTarget(context.reading, dataset, embedding, { item })).vector);
    const ids = await findItemIdsByKeys(context.reading, dataset.id, keys);
    return fitAmongOthers(vectors, embedding.metric)
      .map((similarity, i): AmongOthers => ({ datasetId: dataset.id, itemId: ids[i] ?? 0, similarity }))
      .sort((a, b) => a.similarity - b.similarity);
  },

  async extremes(embedding, { direction, first, filter }, context) {
    context.budget.search();
    context.budget.page(first);
    const dataset = await datasetOf(embedding, context);
    const { vector, origin } = await directionOf(direction, embedding, context);
    const condition = await toCondition(context.reading, filter, dataset, { embedding });
    const among = { first, condition, options: context.statement };
    const { highest, lowest } = await extremesAlong(context.database, embedding, vector, among, origin);
    const place = (extreme: { itemId: number; value: number }) => ({ ...extreme, datasetId: dataset.id });
    return { highest: highest.map(place), lowest: lowest.map(place) };
  },

  evaluations: ({ id }, _arguments, { reading }) => listEvaluations(reading, id),
} satisfies EmbeddingResolvers;

export const OddItem: OddItemResolvers = { node: itemAt };
export const ExtremeItem: ExtremeItemResolvers = { node: itemAt };

export const WordEvaluation: WordEvaluationResolvers = {
  id: ({ id }) => encodeId(['WordEvaluation', id]),
  embedding: ({ embeddingId }, _arguments, context) => embeddingOf(embeddingId, context),
  total: ({ sections, kind }) => totalOf(sections, kind),
  async stale({ embeddingId, embeddingVersion }, _arguments, context) {
    return (await embeddingOf(embeddingId, context)).version !== embeddingVersion;
  },
};

export const EvaluatedSection: EvaluatedSectionResolvers = {
  accuracy: ({ right, known }) => (right === null || known === 0 ? null : right.add / known),
  accuracyMultiply: ({ right, known }) => (right === null || known === 0 ? null : right.multiply / known),
};

export const wordMutations = {
  async trainWordVectors(_root, { input }, { database }) {
    const training = trainingOf(input);
    await checkTraining(database, training);
    return { job: await addJob(database, { kind: 'TRAIN_WORD_VECTORS', input: training }) };
  },
  async evaluateWordVectors(_root, { input }, { database }) {
    const dataset = await requireDataset(database, input.dataset);
    const embedding = await requireEmbedding(database, dataset.id, input.embedding);
    await requireUploads(database, [input.upload]);
    const among = input.among ?? null;
    if (among !== null && among < 1) throw wrong(`\`among\` is ${among}; wanted: 1 or more.`);
    const job = await addJob(database, {
      kind: 'EVALUATE_WORD_VECTORS',
      input: { embeddingId: embedding.id, uploads: [input.upload], among },
      datasetId: dataset.id,
    });
    return { job };
  },
  async removeWordEvaluation(_root, { input }, { database }) {
    const dataset = await requireDataset(database, input.dataset);
    const embedding = await requireEmbedding(database, dataset.id, input.embedding);
    const evaluation = await requireEvaluation(database, embedding.id, input.evaluation);
    await removeEvaluation(database, evaluation);
    return { removedId: encodeId(['WordEvaluation', evaluation.id]) };
  },
} satisfies MutationResolvers;

function trainingOf({ texts, ...input }: TrainWordVectorsInput) {
  const { title = null, learningRate = null, projections = null, ...rest } = input;
  const { slug: dataset = null, field = null } = texts.dataset ?? {};
  return {
    ...rest,
    ...{ title, learningRate, projections },
    texts: { dataset, field, uploads: texts.uploads ?? null },
    uploads: texts.uploads ?? [], // where uploads that are in use are looked for
  };
}

/** The items nearest to a sum whose terms are multiplied. @throws UserError where the target is no sum */
export async function nearestToProduct(
  embedding: EmbeddingRecord,
  to: TargetInput,
  first: number,
  filter: FilterInput | null | undefined,
  context: Context,
): Promise<NearestAnswer> {
  if (!to.sum || to.sum.length === 0) {
    throw wrong('Only the terms of a `sum` can be multiplied. Give the target as a sum, or ask with combine: ADD.');
  }
  const dataset = await datasetOf(embedding, context);
  // As a whole, so that what cannot be a sum is refused in the same words as when it is added.
  const { exclude } = await resolveTarget(
    context.reading,
    dataset,
    { ...embedding, metric: 'EUCLIDEAN' },
    to,
    context.config,
  );
  const factors: Factor[] = [];
  for (const { to: term, weight } of to.sum) {
    const { vector } = await resolveTarget(context.reading, dataset, embedding, term, context.config);
    factors.push({ vector, weight: weight ?? 1 });
  }
  const condition = await toCondition(context.reading, filter, dataset, { embedding });
  return await nearestByProduct(context.database, embedding, factors, {
    ...{ first, exclude, condition, options: context.statement },
  });
}

async function directionOf(
  { dimension, component, axis }: VectorDirection,
  embedding: EmbeddingRecord,
  context: Context,
): Promise<{ readonly vector: Float32Array; readonly origin: number }> {
  if (typeof dimension === 'number') {
    checkCount('dimension', dimension, 1, embedding.dimension);
    const vector = new Float32Array(embedding.dimension);
    vector[dimension - 1] = 1;
    return { vector, origin: 0 };
  }
  if (typeof component === 'number') {
    checkCount('component', component, 1, embedding.dimension);
    return await componentOf(context.database, embedding, component);
  }
  if (!axis) throw wrong('A direction is one of `dimension`, `component` or `axis`; got none.');
  const dataset = await datasetOf(embedding, context);
  const sum = [{ to: axis.to }, { to: axis.from, weight: -1 }];
  const { vector } = await resolveTarget(context.reading, dataset, embedding, { sum }, context.config);
  const length = Math.hypot(...vector);
  if (length === 0) throw wrong('Both ends of the direction are the same: there is no way from one to the other.');
  return { vector: vector.map((value) => value / length), origin: 0 };
}

/** Of analogies all counts together; similarity has one section. */
function totalOf(
  sections: readonly EvaluatedSectionRecord[],
  kind: 'ANALOGIES' | 'SIMILARITY',
): EvaluatedSectionRecord {
  const [only] = sections;
  if (kind === 'SIMILARITY' && only !== undefined) return only;
  const sum = (count: (section: EvaluatedSectionRecord) => number) =>
    sections.reduce((total, section) => total + count(section), 0);
  return {
    name: 'all',
    questions: sum(({ questions }) => questions),
    known: sum(({ known }) => known),
    right: { add: sum(({ right }) => right?.add ?? 0), multiply: sum(({ right }) => right?.multiply ?? 0) },
    correlation: null,
  };
}

async function itemAt(place: ItemPlace, _arguments: unknown, { loaders }: Context) {
  const item = await loaders.items.load(place);
  if (item === null) throw new UserError('CONFLICT', 'An item that was found has been removed meanwhile. Ask again.');
  return item;
}

async function datasetOf({ datasetId }: Pick<EmbeddingRecord, 'datasetId'>, { loaders }: Context) {
  const dataset = await loaders.datasets.load(datasetId);
  if (dataset === null) throw new UserError('NOT_FOUND', 'The data set was removed meanwhile.');
  return dataset;
}

async function embeddingOf(id: number, { loaders }: Context) {
  const embedding = await loaders.embeddings.load(id);
  if (embedding === null) throw new UserError('NOT_FOUND', 'The embedding was removed meanwhile.');
  return embedding;
}

function checkCount(name: string, count: number, least: number, most: number): void {
  if (count >= least && count <= most) return;
  const what =
    name === 'pairs' || name === 'items' ? `There are ${count} different ${name}` : `\`${name}\` is ${count}`;
  throw wrong(`${what}; wanted: ${least} to ${most}.`);
}

function wrong(message: string): UserError {
  return new UserError('BAD_USER_INPUT', message);
}
