/** Whether a training can be asked for: told at once, not when its job has begun. */

import type { Queryable } from '../database/database.ts';
import { checkSlug, findDataset, requireDataset } from '../datasets/datasets.ts';
import { requireUploads } from '../datasets/uploads.ts';
import { UserError } from '../errors.ts';
import type { TrainWordVectorsInput } from './trainWordVectors.ts';

const NAME_LENGTH_LIMIT = 200;

/** What the numbers can be, inclusive. As schema.graphql says. */
const ranges = {
  dimension: [1, 1000],
  window: [1, 100],
  negatives: [1, 100],
  epochs: [1, 1000],
  minCount: [1, 1_000_000],
} as const satisfies { readonly [Option in keyof TrainWordVectorsInput]?: readonly [number, number] };

/** @throws UserError for options out of range, texts that are not there, or a name that is taken */
export async function checkTraining(database: Queryable, input: TrainWordVectorsInput): Promise<void> {
  checkSlug(input.dataset);
  if (input.embedding === '' || input.embedding.length > NAME_LENGTH_LIMIT) {
    throw wrong(
      `The name of an embedding has 1 to ${NAME_LENGTH_LIMIT} characters; this has ${input.embedding.length}.`,
    );
  }
  for (const [option, [least, most]] of Object.entries(ranges)) {
    const value = input[option as keyof typeof ranges];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw wrong(`${option} is ${value}; wanted: a whole number from ${least} to ${most}.`);
    }
  }
  if (!(input.subsample >= 0 && input.subsample <= 1)) throw wrong(`subsample is ${input.subsample}; wanted: 0 to 1.`);
  const { learningRate } = input;
  if (learningRate !== null && !(learningRate > 0 && learningRate <= 1)) {
    throw wrong(`learningRate is ${learningRate}; wanted: above 0, up to 1.`);
  }
  const { texts } = input;
  if (typeof texts.dataset === 'string') await requireDataset(database, texts.dataset);
  else {
    const uploads = texts.uploads ?? [];
    if (uploads.length === 0 && (texts.paths ?? []).length === 0) {
      throw wrong('There are no texts. Name a data set of texts, or give the ids of uploads.');
    }
    await requireUploads(database, uploads);
  }
  if ((await findDataset(database, input.dataset)) !== null) {
    throw new UserError(
      'CONFLICT',
      `There is a data set "${input.dataset}" already. The words get one of their own: choose another name, or remove that one first.`,
    );
  }
}

function wrong(message: string): UserError {
  return new UserError('BAD_USER_INPUT', message);
}
