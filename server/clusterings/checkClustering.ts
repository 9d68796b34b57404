/** Whether a clustering can be asked for: told at once, not when its job has begun. */
import { UserError } from '../errors.ts';
import type { ClusterEmbeddingInput, HdbscanInput, KmeansInput } from './clusterEmbedding.ts';

const NAME_LENGTH_LIMIT = 200;

/** @throws UserError BAD_USER_INPUT that names the option, what it is and what it may be */
export function checkClustering({
  name,
  method,
  kmeans,
  hdbscan,
}: Pick<ClusterEmbeddingInput, 'name' | 'method' | 'kmeans' | 'hdbscan'>): void {
  if (name.trim() === '' || name.length > NAME_LENGTH_LIMIT || /\p{Cc}/u.test(name)) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The name of a clustering has 1 to ${NAME_LENGTH_LIMIT} characters, and no control characters.`,
    );
  }
  if (kmeans !== undefined && method !== 'KMEANS') throw wrongOptions('kmeans', 'KMEANS', method);
  if (hdbscan !== undefined && method !== 'HDBSCAN') throw wrongOptions('hdbscan', 'HDBSCAN', method);
  for (const [option, [least, most]] of Object.entries(kmeansRanges)) {
    checkRange(`kmeans.${option}`, kmeans?.[option as keyof typeof kmeansRanges], least, most);
  }
  for (const [option, [least, most]] of Object.entries(hdbscanRanges)) {
    checkRange(`hdbscan.${option}`, hdbscan?.[option as keyof typeof hdbscanRanges], least, most);
  }
}

/** What each option may be, with both ends. */
const kmeansRanges = {
  clusters: [1, 1000],
  iterations: [1, 1000],
} as const satisfies { readonly [Option in keyof KmeansInput]: readonly [number, number] };

const hdbscanRanges = {
  minClusterSize: [2, 1_000_000],
  minSamples: [1, 200],
  epsilon: [0, Number.MAX_VALUE],
} as const satisfies { readonly [Option in keyof HdbscanInput]: readonly [number, number] };

function checkRange(option: string, value: number | null | undefined, least: number, most: number): void {
  if (value === null || value === undefined || (value >= least && value <= most)) return;
  throw new UserError(
    'BAD_USER_INPUT',
    most === Number.MAX_VALUE
      ? `${option} is ${value}; wanted: ${least} or more.`
      : `${option} is ${value}; wanted: from ${least} to ${most}.`,
  );
}

function wrongOptions(options: string, theirs: string, method: string): UserError {
  return new UserError(
    'BAD_USER_INPUT',
    `${options} has the options of the method ${theirs}, but the method is ${method}.`,
  );
}
