import { checkSlug, findDataset } from '../datasets/datasets.ts';
import type { ImportInput } from '../datasets/importFiles.ts';
import { requireUploads } from '../datasets/uploads.ts';
import { UserError } from '../errors.ts';
import type { MutationResolvers } from '../generated/schema.ts';
import { checkSplit } from '../graphs/splitGraph.ts';
import { addJob } from '../jobs/jobs.ts';

/** Uploads of one import: a sprite, a table and some tensors are a handful, parts of one large table perhaps a hundred. */
const MOST_UPLOADS = 1_000;

export const importMutations = {
  async importDataset(_root, { input }, { database }) {
    const { dataset: slug, uploads, rejectionLimit, projections, idempotencyKey } = input;
    checkSlug(slug);
    if (uploads.length < 1 || uploads.length > MOST_UPLOADS) {
      throw new UserError('BAD_USER_INPUT', `"uploads" names ${uploads.length} uploads; wanted: 1 to ${MOST_UPLOADS}.`);
    }
    if (typeof rejectionLimit === 'number' && rejectionLimit < 0) {
      throw new UserError('BAD_USER_INPUT', `"rejectionLimit" is ${rejectionLimit}; wanted: 0 or more.`);
    }
    if (input.split) checkSplit(input.split);
    for (const { name, components } of projections ?? []) checkMap(name, components);
    await requireUploads(database, uploads);
    const dataset = await findDataset(database, slug);
    const { idempotencyKey: _, ...job } = input;
    return {
      job: await addJob(database, {
        kind: 'IMPORT_DATASET',
        input: job satisfies ImportInput,
        ...(dataset === null ? {} : { datasetId: dataset.id }),
        ...(typeof idempotencyKey === 'string' ? { idempotencyKey } : {}),
      }),
    };
  },
} satisfies MutationResolvers;

/** Longest name of a map, in characters. */
const NAME_CHARACTERS = 200;

/** What a map can be told beforehand not to become. @throws UserError BAD_USER_INPUT */
function checkMap(name: string, components: number): void {
  if (name.trim() === '' || name.length > NAME_CHARACTERS || /\p{Cc}/u.test(name)) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The name of a map has 1 to ${NAME_CHARACTERS} characters, and no control characters.`,
    );
  }
  if (components !== 2 && components !== 3) {
    throw new UserError('BAD_USER_INPUT', `The map "${name}" is to have ${components} components; wanted: 2 or 3.`);
  }
}
