/** Whether a map can be asked for: told at once, not when its job has begun. */
import type { Metric } from '#kernels/distance.ts';
import { checkMapOptions } from '#kernels/mapOptions.ts';
import { checkShare, movingMethods, PERTURBATIONS_MOST } from '#kernels/perturb.ts';
import { UserError } from '../errors.ts';
import type { ProjectEmbeddingInput } from './projectEmbedding.ts';
import type { ProjectionMethod } from './projections.ts';
import { targetOption } from './readTarget.ts';

const NAME_LENGTH_LIMIT = 200;

/** @throws UserError BAD_USER_INPUT that names the option, what it is and what it may be */
export function checkProjection(input: Omit<ProjectEmbeddingInput, 'embeddingId' | 'device'>, own: Metric): void {
  const { name, method, metric, startFrom, target } = input;
  if (name.trim() === '' || name.length > NAME_LENGTH_LIMIT || name.includes('\0')) {
    throw wrong(`The name of a map has 1 to ${NAME_LENGTH_LIMIT} characters.`);
  }
  if (method === 'GIVEN') {
    throw wrong(
      'Maps of the method GIVEN come with the data: import columns x and y. To compute a map, ask for PCA or UMAP.',
    );
  }
  toldAsMistake(() => checkMapOptions({ ...input, method, metric: metric ?? own }));
  if (metric !== undefined && !movingMethods.includes(method)) {
    throw wrong(
      `metric is of methods that move points among their neighbours (${movingMethods.join(', ')}); by ${method} the vectors give the places.`,
    );
  }
  if (startFrom !== undefined && !movingMethods.includes(method)) {
    throw wrong(
      `startFrom is of methods that move points (${movingMethods.join(', ')}); ${method} has one place for each.`,
    );
  }
  if (input.spherize === true && metric !== undefined) {
    throw wrong(`spherize compares by EUCLIDEAN on the sphere, and metric is ${metric}: leave one of both out.`);
  }
  if (input.umap?.initialization !== undefined && startFrom !== undefined) {
    throw wrong(
      `umap.initialization is ${input.umap.initialization}, but points begin where they are on "${startFrom}": leave one of both out.`,
    );
  }
  if (target !== undefined) {
    if (method !== 'UMAP' && method !== 'TSNE') {
      throw wrong(`A target is of the methods UMAP and TSNE, but the method is ${method}.`);
    }
    if (!(target.weight >= 0 && target.weight <= 1)) {
      throw wrong(`${targetOption(method)}.weight is ${target.weight}; wanted: from 0 to 1.`);
    }
  }
}

/** So often a map can be pushed. */
export { PERTURBATIONS_MOST };

/** @throws UserError BAD_USER_INPUT where the points of a map of this method cannot be pushed, or not by so much */
export function checkPerturbation(method: ProjectionMethod, share: number): void {
  if (!movingMethods.includes(method)) {
    throw wrong(
      `Only methods that move points (${movingMethods.join(', ')}) can be pushed; by ${method} the vectors give the places.`,
    );
  }
  toldAsMistake(() => checkShare(share));
}

function toldAsMistake(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw error instanceof RangeError ? wrong(error.message) : error;
  }
}

function wrong(message: string): UserError {
  return new UserError('BAD_USER_INPUT', message);
}
