/** Whether a map can be asked for: told at once, not when its job has begun. */
import type { UmapMapOptions } from '#kernels/map.ts';
import { UserError } from '../errors.ts';
import type { ProjectEmbeddingInput } from './projectEmbedding.ts';

const NAME_LENGTH_LIMIT = 200;

/** @throws UserError BAD_USER_INPUT that names the option, what it is and what it may be; UNAVAILABLE for a device that is not there */
export function checkProjection({
  name,
  method,
  components,
  device,
  umap,
}: Omit<ProjectEmbeddingInput, 'embeddingId'>): void {
  if (name.trim() === '' || name.length > NAME_LENGTH_LIMIT || name.includes('\0')) {
    throw new UserError('BAD_USER_INPUT', `The name of a map has 1 to ${NAME_LENGTH_LIMIT} characters.`);
  }
  if (method === 'GIVEN') {
    throw new UserError(
      'BAD_USER_INPUT',
      'Maps of the method GIVEN come with the data: import columns x and y. To compute a map, ask for PCA or UMAP.',
    );
  }
  if (components !== 2 && components !== 3) {
    throw new UserError('BAD_USER_INPUT', `components is ${components}; wanted: 2 or 3.`);
  }
  if (device === 'GPU') {
    throw new UserError(
      'UNAVAILABLE',
      `${method} is not computed on a graphics card yet. Ask for the device AUTO or CPU.`,
    );
  }
  if (umap === undefined) return;
  if (method !== 'UMAP') {
    throw new UserError('BAD_USER_INPUT', `umap has the options of the method UMAP, but the method is ${method}.`);
  }
  checkUmap(umap);
}

/** What each option of UMAP may be, with both ends. */
const ranges = {
  neighbors: [2, 200],
  spread: [0.01, 100],
  minDist: [0, 100],
  epochs: [1, 5000],
  negativeRate: [0, 100],
  repulsionStrength: [0, 100],
  localConnectivity: [0, 200],
  setOperationMix: [0, 1],
} as const satisfies { readonly [Option in keyof Required<UmapMapOptions>]: readonly [number, number] };

function checkUmap(umap: UmapMapOptions): void {
  for (const [option, [least, most]] of Object.entries(ranges)) {
    const value = umap[option as keyof UmapMapOptions];
    if (value !== undefined && !(value >= least && value <= most)) {
      throw new UserError('BAD_USER_INPUT', `umap.${option} is ${value}; wanted: from ${least} to ${most}.`);
    }
  }
  const { minDist = 0.1, spread = 1, localConnectivity = 1, neighbors = 15 } = umap;
  if (minDist > spread) {
    throw new UserError(
      'BAD_USER_INPUT',
      `umap.minDist is ${minDist}; wanted: at most umap.spread, which is ${spread}.`,
    );
  }
  if (localConnectivity > neighbors) {
    throw new UserError(
      'BAD_USER_INPUT',
      `umap.localConnectivity is ${localConnectivity}; wanted: at most umap.neighbors, which is ${neighbors}.`,
    );
  }
}
