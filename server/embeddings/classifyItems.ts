/** Zero-shot: prompts tell what a target or every item of an embedding is, by the model that made its vectors. */
import { setImmediate as pause } from 'node:timers/promises';

import { rowOf } from '#kernels/matrix.ts';
import { labelDirections, probabilities, similarities } from '#kernels/zeroShot.ts';
import type { ModelSettings } from '../config.ts';
import { UserError } from '../errors.ts';
import type { TaskContext } from '../jobs/task.ts';
import { encodeTexts } from '../models/encode.ts';
import { replaceClassification } from './classifications.ts';
import { type Embedding, findEmbeddingsById } from './embeddings.ts';
import { requireModelFor } from './encodeTargets.ts';
import { readMatrix } from './vectors.ts';

/** What labels there are, and how they are put into words. */
export interface Prompts {
  readonly labels: readonly string[];
  /** Sentences with `{}` where the label goes. */
  readonly templates: readonly string[];
  /** What cosines are multiplied by; null: the model's own. */
  readonly logitScale: number | null;
}

export interface ClassifyItemsInput extends Prompts {
  readonly embeddingId: number;
  readonly name: string;
}

/** Of a model that says nothing of it: cosines of sentence encoders spread as wide as a softmax wants at twenty. */
const LOGIT_SCALE = 20;
const LABELS_LIMIT = 1000;
const LABEL_LENGTH_LIMIT = 300;
const TEMPLATES_LIMIT = 100;
/** Runs of the text tower. */
const PROMPTS_LIMIT = 10_000;
const NAME_LENGTH_LIMIT = 100;
/** Multiplications between two looks at the clock by the rest of the thread: some ten milliseconds. */
const PAUSE_WORK = 1e7;

/** @throws UserError BAD_USER_INPUT or LIMIT_EXCEEDED that names what is wrong */
export function checkPrompts({ labels, templates, logitScale }: Prompts): void {
  if (labels.length < 2 || labels.length > LABELS_LIMIT)
    throw wrong(`There are ${labels.length} labels; wanted: 2 to ${LABELS_LIMIT}.`);
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice !== undefined) throw wrong(`The label "${twice}" is given twice.`);
  const unfit = labels.find(
    (label) =>
      label.trim() === '' || label.length > LABEL_LENGTH_LIMIT || label.includes('\0') || !label.isWellFormed(),
  );
  if (unfit !== undefined) throw wrong(`A label has 1 to ${LABEL_LENGTH_LIMIT} characters and says something.`);
  if (templates.length < 1 || templates.length > TEMPLATES_LIMIT)
    throw wrong(`There are ${templates.length} templates; wanted: 1 to ${TEMPLATES_LIMIT}.`);
  const without = templates.find((template) => !template.includes('{}'));
  if (without !== undefined)
    throw wrong(`The template "${without.slice(0, 100)}" has no place for the label. Write {} where it goes.`);
  if (labels.length * templates.length > PROMPTS_LIMIT) {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `${labels.length} labels in ${templates.length} templates are more than ${PROMPTS_LIMIT} prompts.`,
    );
  }
  if (logitScale !== null && !(logitScale >= 0.01 && logitScale <= 1000))
    throw wrong(`logitScale is ${logitScale}; wanted: 0.01 to 1000.`);
}

/** @throws UserError BAD_USER_INPUT */
export function checkClassificationName(name: string): void {
  if (name.trim() !== '' && name.length <= NAME_LENGTH_LIMIT && !name.includes('\0') && !name.includes(':')) return;
  throw wrong(`The name of a classification has 1 to ${NAME_LENGTH_LIMIT} characters and no colon.`);
}

export interface LabelProbability {
  readonly label: string;
  readonly probability: number;
  readonly similarity: number;
}

/** How probable each label is for a vector of the embedding's space, most probable first. */
export async function classifyVector(
  models: ModelSettings,
  embedding: Embedding,
  vector: Float32Array,
  prompts: Prompts,
): Promise<LabelProbability[]> {
  checkPrompts(prompts);
  const { directions, logitScale } = await directionsOf(models, embedding, prompts);
  const cosines = similarities(vector, directions);
  const shares = probabilities(cosines, logitScale);
  return prompts.labels
    .map((label, i) => ({ label, probability: shares[i] ?? 0, similarity: cosines[i] ?? 0 }))
    .sort((a, b) => b.probability - a.probability);
}

/**
 * Every item of an embedding, as a classification in place of the one of that name.
 * @throws UserError BAD_USER_INPUT where the embedding takes no texts, CANCELLED where it is removed meanwhile
 */
export async function classifyItems(
  context: TaskContext,
  input: ClassifyItemsInput,
): Promise<{ dataset: number; embedding: number }> {
  const { database, signal, models } = context;
  const [embedding] = await findEmbeddingsById(database, [input.embeddingId]);
  if (!embedding) throw new UserError('CANCELLED', 'The embedding was removed meanwhile.');
  await context.worksOn(embedding.datasetId);
  context.progress('Reading the prompts', 0);
  const { directions, logitScale, model } = await directionsOf(models, embedding, input, signal);
  const { ids, matrix, version } = await readMatrix(database, embedding, {
    signal,
    onProgress: (share) => context.progress('Reading vectors', 0.1 + 0.4 * share),
  });
  const k = input.labels.length;
  const values = new Float32Array(matrix.rows * k);
  const rowsAtOnce = Math.max(1, Math.floor(PAUSE_WORK / (k * matrix.columns)));
  for (let from = 0; from < matrix.rows; from += rowsAtOnce) {
    for (let i = from; i < Math.min(from + rowsAtOnce, matrix.rows); i++) {
      values.set(probabilities(similarities(rowOf(matrix, i), directions), logitScale), i * k);
    }
    context.progress('Comparing with the prompts', 0.5 + (0.4 * from) / matrix.rows);
    await pause();
    signal.throwIfAborted();
  }
  context.progress('Keeping the probabilities', 0.9);
  await database.transaction(
    async (transaction) => {
      const { name, labels, templates } = input;
      await replaceClassification(transaction, {
        ...{ embedding, name, labels, templates, logitScale, model },
        embeddingVersion: version,
        itemIds: ids,
        probabilities: values,
      });
      await context.guard(transaction);
    },
    { signal },
  );
  return { dataset: embedding.datasetId, embedding: embedding.id };
}

/** The directions of the labels in the embedding's space. @throws UserError where a label has none */
async function directionsOf(
  models: ModelSettings,
  embedding: Embedding,
  { labels, templates, logitScale }: Prompts,
  signal?: AbortSignal,
) {
  const model = await requireModelFor(models, embedding, 'TEXT');
  const texts = labels.flatMap((label) => templates.map((template) => template.replaceAll('{}', label)));
  const { vectors, dimension, refused } = await encodeTexts(
    models,
    model,
    texts,
    'query',
    signal === undefined ? {} : { signal },
  );
  const [first] = refused;
  if (first !== undefined) throw first.error;
  return {
    model: model.name,
    directions: labelDirections({ rows: texts.length, columns: dimension, data: vectors }, templates.length),
    logitScale: logitScale ?? model.logitScale ?? LOGIT_SCALE,
  };
}

function wrong(message: string): UserError {
  return new UserError('BAD_USER_INPUT', message);
}
