/**
 * Learns vectors of words from texts: texts → sentences → the words as a data set → their vectors, which can be watched and
 * asked while they are learnt.
 */
import { type Corpus, CorpusBuilder } from '#kernels/word2vec/corpus.ts';
import {
  initializeWord2vec,
  vectorsOf,
  type Word2vecMethod,
  type Word2vecOptions,
} from '#kernels/word2vec/word2vec.ts';
import { runKernel } from '../compute.ts';
import type { Database, Queryable } from '../database/database.ts';
import { createDataset, findDatasetsById, publishDataset } from '../datasets/datasets.ts';
import { type ProjectionOptions, queueMaps } from '../datasets/importMaps.ts';
import { appendItems } from '../datasets/items.ts';
import { removeDatasetById } from '../datasets/removeDataset.ts';
import { isFinal } from '../datasets/removeImport.ts';
import {
  analyzeVectors,
  appendVectors,
  countEmbedding,
  createEmbedding,
  type Embedding,
  findEmbeddingsById,
  PARTITION_ITEMS,
  replaceVectors,
} from '../embeddings/embeddings.ts';
import { UserError } from '../errors.ts';
import type { TaskContext } from '../jobs/task.ts';
import { replaceProjection } from '../projections/projections.ts';
import { checkTraining } from './checkTraining.ts';
import { type Learnt, learnVectors } from './learnVectors.ts';
import { readSentences, type TextsInput } from './readSentences.ts';
import { readCorpus, readState, removeStates, writeCorpus, writeState } from './trainingFiles.ts';

export interface TrainWordVectorsInput {
  /** Slug of the data set of words, which is made. */
  readonly dataset: string;
  readonly title: string | null;
  /** Name of the embedding. */
  readonly embedding: string;
  readonly texts: TextsInput;
  readonly method: Word2vecMethod;
  readonly dimension: number;
  readonly window: number;
  readonly negatives: number;
  readonly epochs: number;
  /** Null: 0.025 for skip-gram, 0.05 for CBOW. */
  readonly learningRate: number | null;
  readonly subsample: number;
  /** Words that occur less often are left out. */
  readonly minCount: number;
  readonly lowerCase: boolean;
  readonly seed: number;
  /** Maps to make when the vectors are done. Null: those of an import. */
  readonly projections: readonly ProjectionOptions[] | null;
}

/** As the defaults of schema.graphql. */
export const defaultTraining = {
  ...{ title: null, embedding: 'word2vec', method: 'SKIP_GRAM', dimension: 100, window: 5, negatives: 5, epochs: 5 },
  ...{ learningRate: null, subsample: 1e-3, minCount: 5, lowerCase: true, seed: 42, projections: null },
} as const satisfies Omit<TrainWordVectorsInput, 'dataset' | 'texts'>;

/** What of the whole work each stage takes. */
const READ_END = 0.1;
const TRAIN_END = 0.95;

/** The map that shows the words while they learn. It is made anew, as every map, when they have. */
export const WORDS_MAP = 'pca-2d';

/** What the job's checkpoint says. */
interface Progress {
  readonly datasetId: number;
  readonly embeddingId: number;
  readonly projectionId: number;
  /** The file with the state of the training; null before there is one. */
  readonly state: string | null;
  /** Spent on the training so far. */
  readonly milliseconds: number;
  /** Whether the vectors are those of the end. */
  readonly done: boolean;
}

/**
 * The data set of words is there as soon as the texts have been read. The same texts, options and seed give the same vectors, bit
 * for bit, also after an interruption. A training that fails or is cancelled leaves nothing.
 * @throws UserError for texts with too few words, and for anything else that the user can mend
 */
export async function trainWordVectors(
  context: TaskContext,
  input: TrainWordVectorsInput,
): Promise<{ dataset: number; embedding: number; projection: number }> {
  let progress = isProgress(context.checkpoint) ? context.checkpoint : null;
  try {
    const corpus = await readCorpus(context);
    if (progress !== null && corpus === null && !progress.done) {
      await discard(context.database, progress.datasetId); // what was kept beside the database is gone: all anew
      progress = null;
    }
    progress = progress === null ? await begin(context, input) : await learn(context, input, corpus, progress);
    await removeStates(context);
    const { datasetId: dataset, embeddingId: embedding, projectionId: projection } = progress;
    return { dataset, embedding, projection };
  } catch (error) {
    if (await isFinal(context, error)) {
      await removeStates(context);
      if (isProgress(context.checkpoint)) await discard(context.database, context.checkpoint.datasetId);
    }
    throw error;
  }
}

/** Texts become a corpus and its words a data set; then these learn. */
async function begin(context: TaskContext, input: TrainWordVectorsInput): Promise<Progress> {
  await checkTraining(context.database, input);
  const corpus = await readTexts(context, input);
  await writeCorpus(context, corpus);
  return await learn(context, input, corpus, await makeWords(context, input, corpus));
}

/** @throws UserError where there are no two different words that are frequent enough */
async function readTexts(context: TaskContext, input: TrainWordVectorsInput): Promise<Corpus> {
  const { database, dataDir, signal } = context;
  const onProgress = (done: number) => context.progress('Reading the texts', READ_END * done);
  onProgress(0);
  const builder = new CorpusBuilder();
  for await (const sentence of readSentences({ database, dataDir, signal, onProgress }, input.texts, input)) {
    builder.add(sentence);
  }
  const corpus = builder.finish(input.minCount);
  if (corpus.words.length >= 2) return corpus;
  const often = input.minCount === 1 ? '' : ` that occur ${input.minCount} times or more`;
  const advice = input.minCount > 1 ? 'Give more text, or a smaller minCount.' : 'Give more text.';
  throw new UserError(
    'BAD_USER_INPUT',
    `The texts have ${corpus.wordsRead} words, and ${corpus.words.length} different ones${often}; wanted: 2 at least, since a word is known by others. ${advice}`,
  );
}

/** The data set of words, with the vectors as which they begin. */
async function makeWords(context: TaskContext, input: TrainWordVectorsInput, corpus: Corpus): Promise<Progress> {
  const { words, counts } = corpus;
  const vectors = vectorsOf(initializeWord2vec(corpus, optionsOf(input)));
  const map = await runKernel('trainingMap', { vectors }, { signal: context.signal });
  return await context.database.transaction(
    async (transaction) => {
      const methodName = input.method === 'CBOW' ? 'CBOW' : 'skip-gram';
      const texts = typeof input.texts.dataset === 'string' ? ` of the data set "${input.texts.dataset}"` : '';
      const datasetId = await createDataset(
        transaction,
        {
          slug: input.dataset,
          title: input.title ?? input.dataset,
          description: `${words.length} words, with vectors learnt from ${corpus.wordsRead} words of text${texts} by word2vec (${methodName}).`,
          ...{ kind: 'TEXT', licence: null, source: null },
        },
        context.jobId,
      );
      await appendItems(transaction, datasetId, 1, {
        keys: words,
        labels: words,
        fields: words.map((_, i) => JSON.stringify({ count: counts[i], rank: i + 1 })),
      });
      const embedding = await createEmbedding(transaction, {
        ...{ datasetId, name: input.embedding, model: `word2vec (${methodName})`, dimension: input.dimension },
        ...{ metric: 'COSINE', partitioned: words.length >= PARTITION_ITEMS },
      });
      await appendVectors(transaction, embedding, idsOf(words.length), vectors.data);
      await analyzeVectors(transaction, embedding);
      await countEmbedding(transaction, embedding.id, words.length);
      const fields = (['count', 'rank'] as const).map((name) => ({ name, type: 'NUMBER' as const }));
      await publishDataset(transaction, datasetId, { fields, itemCount: words.length });
      const projectionId = await replaceMap(transaction, embedding, { vectors, map });
      const made = { datasetId, embeddingId: embedding.id, projectionId, state: null, milliseconds: 0, done: false };
      await context.worksOn(datasetId, transaction);
      await context.saveCheckpoint(made, transaction);
      return made;
    },
    { signal: context.signal },
  );
}

async function learn(
  context: TaskContext,
  input: TrainWordVectorsInput,
  corpus: Corpus | null,
  before: Progress,
): Promise<Progress> {
  if (before.done || corpus === null) return before;
  const { database, signal } = context;
  await context.worksOn(before.datasetId);
  const [embedding] = await findEmbeddingsById(database, [before.embeddingId]);
  if (!embedding) throw removed();
  const started = performance.now() - before.milliseconds;

  /** Vectors, map and state, kept together or not at all. */
  const keep = async (learnt: Learnt, state: string | null): Promise<Progress> => {
    const progress = { ...before, state, milliseconds: performance.now() - started, done: state === null };
    await database.transaction(
      async (transaction) => {
        const [dataset] = await findDatasetsById(transaction, [before.datasetId]);
        if (!dataset) throw removed();
        await replaceVectors(transaction, embedding, idsOf(learnt.vectors.rows), learnt.vectors.data);
        await replaceMap(transaction, embedding, learnt);
        if (progress.done) await queueMaps(transaction, database.engine, embedding, input.projections);
        await context.saveCheckpoint(progress, transaction);
      },
      { signal },
    );
    return progress;
  };

  const learnt = await learnVectors(context, corpus, {
    options: optionsOf(input),
    points: { datasetId: before.datasetId, embeddingId: embedding.id, itemIds: idsOf(corpus.words.length) },
    kept: before.state === null ? null : await readState(context, before.state),
    onProgress(done) {
      const epoch = Math.min(input.epochs, Math.floor(done * input.epochs) + 1);
      context.progress(`Learning, epoch ${epoch} of ${input.epochs}`, READ_END + (TRAIN_END - READ_END) * done);
    },
    keep: (bytes, interim) => writeState(context, bytes, (file) => keep(interim, file)),
  });
  context.progress('Keeping the vectors', TRAIN_END);
  return await keep(learnt, null);
}

function optionsOf({ learningRate, ...input }: TrainWordVectorsInput): Word2vecOptions {
  const { method, dimension, window, negatives, epochs, subsample, seed } = input;
  const rate = learningRate === null ? {} : { learningRate };
  return { method, dimension, window, negatives, epochs, subsample, seed, ...rate };
}

async function replaceMap(transaction: Queryable, embedding: Embedding, { vectors, map }: Learnt): Promise<number> {
  return await replaceProjection(transaction, {
    ...{ embedding, name: WORDS_MAP, method: 'PCA', components: 2, device: 'CPU' },
    itemIds: idsOf(vectors.rows),
    coordinates: map.data,
  });
}

async function discard(database: Database, datasetId: number): Promise<void> {
  await database.transaction(async (transaction) => {
    const [there] = await findDatasetsById(transaction, [datasetId]);
    if (there) await removeDatasetById(transaction, datasetId);
  });
}

function removed(): UserError {
  return new UserError('CANCELLED', 'The data set was removed meanwhile.');
}

/** Words are items in the order of their frequency, from 1. */
function idsOf(count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => i + 1);
}

function isProgress(checkpoint: unknown): checkpoint is Progress {
  return typeof checkpoint === 'object' && checkpoint !== null && 'projectionId' in checkpoint && 'done' in checkpoint;
}
