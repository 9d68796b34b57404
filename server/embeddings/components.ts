/** Principal components of an embedding, as directions. Found when they are first asked for, and kept while the vectors stay. */

import { buffersOf, runKernel } from '../compute.ts';
import type { Database } from '../database/database.ts';
import { UserError } from '../errors.ts';
import type { Embedding } from './embeddings.ts';
import { readMatrix } from './vectors.ts';

/** Numbers that may be read to answer a question: a second or two of work. */
const NUMBERS_LIMIT = 50_000_000;
/** Components that are found together. */
const COMPONENTS = 10;
const KEPT = 8;

interface Component {
  /** Of length 1. */
  readonly vector: Float32Array;
  /** The inner product of the mean with it: what is to be taken off the values. */
  readonly origin: number;
}

/** By embedding and version, the one asked for last at the end. */
const kept = new Map<string, Promise<readonly Component[]>>();

/** @param number from 1. @throws UserError LIMIT_EXCEEDED for an embedding too large to be read for a question */
export async function componentOf(
  database: Database,
  embedding: Pick<Embedding, 'id' | 'name' | 'dimension' | 'itemCount' | 'version'>,
  number: number,
): Promise<Component> {
  const most = Math.min(COMPONENTS, embedding.dimension, Math.max(1, embedding.itemCount - 1));
  if (number > most) {
    throw new UserError('BAD_USER_INPUT', `The component is ${number}; the first ${most} can be asked for.`);
  }
  if (embedding.itemCount * embedding.dimension > NUMBERS_LIMIT) {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `The embedding "${embedding.name}" is too large for its components to be found while you wait. Ask for a dimension or an axis, or for a map by PCA.`,
    );
  }
  const key = `${embedding.id} ${embedding.version} ${most}`;
  const found = kept.get(key) ?? findComponents(database, embedding, most);
  kept.delete(key);
  kept.set(key, found);
  const [oldest] = kept.keys();
  if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
  const component = (
    await found.catch((error: unknown) => {
      kept.delete(key);
      throw error;
    })
  )[number - 1];
  if (component === undefined) throw new Error(`no component ${number} was found`);
  return component;
}

async function findComponents(
  database: Database,
  embedding: Pick<Embedding, 'id' | 'dimension'>,
  components: number,
): Promise<readonly Component[]> {
  const { matrix } = await readMatrix(database, embedding);
  const options = { method: 'PCA', components, metric: 'EUCLIDEAN', seed: 0, kept: null, device: 'CPU' } as const;
  const { transform } = await runKernel('map', { matrix, ...options }, { transfer: buffersOf(matrix) });
  if (!transform?.pca) throw new Error('a map by PCA gave no components');
  const { mean, loadings } = transform.pca;
  return Array.from({ length: components }, (_, c): Component => {
    const loading = loadings.subarray(c * embedding.dimension, (c + 1) * embedding.dimension);
    const origin = loading.reduce((sum, value, i) => sum + value * (mean[i] ?? 0), 0);
    return { vector: Float32Array.from(loading), origin };
  });
}
