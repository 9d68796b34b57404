/** Two embeddings of one data set side by side: whose company is the same in both, and whose is not. */
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { runKernel } from '../compute.ts';
import { UserError } from '../errors.ts';
import type { TaskContext } from '../jobs/task.ts';
import { replaceComparison } from './comparisons.ts';
import { type Embedding, findEmbeddingsById } from './embeddings.ts';
import { readMatrix, type Vectors } from './vectors.ts';

export interface CompareEmbeddingsInput {
  readonly embeddingId: number;
  readonly otherId: number;
  /** 1 to 200. */
  readonly neighbors: number;
}

const NEIGHBORS_LIMIT = 200;
/** Where the neighbours are not found exactly, the loss is told below this. */
const GOOD_RECALL = 0.99;

/** @throws UserError BAD_USER_INPUT */
export function checkComparison(
  embedding: Pick<Embedding, 'id'>,
  other: Pick<Embedding, 'id'>,
  neighbors: number,
): void {
  if (embedding.id === other.id) throw wrong('An embedding is compared with another one, and not with itself.');
  if (!Number.isInteger(neighbors) || neighbors < 1 || neighbors > NEIGHBORS_LIMIT) {
    throw wrong(`neighbors is ${neighbors}; wanted: 1 to ${NEIGHBORS_LIMIT}.`);
  }
}

/** @throws UserError BAD_USER_INPUT where too few items have a vector in both, CANCELLED where one is removed meanwhile */
export async function compareEmbeddings(
  context: TaskContext,
  input: CompareEmbeddingsInput,
): Promise<{ dataset: number; embedding: number }> {
  const { database, signal } = context;
  const [embedding, other] = await findEmbeddingsById(database, [input.embeddingId, input.otherId]);
  if (!embedding || !other) throw new UserError('CANCELLED', 'An embedding was removed meanwhile.');
  await context.worksOn(embedding.datasetId);
  const read = (which: Embedding, from: number) =>
    readMatrix(database, which, {
      signal,
      onProgress: (share) => context.progress('Reading vectors', from + 0.1 * share),
    });
  const first = await read(embedding, 0);
  const second = await read(other, 0.1);
  const ids = inBoth(first.ids, second.ids);
  if (ids.length < 2)
    throw wrong(
      `"${embedding.name}" and "${other.name}" have ${ids.length} items in common: there are no neighbours to compare.`,
    );
  const neighbors = Math.min(input.neighbors, ids.length - 1);
  if (neighbors < input.neighbors)
    context.warn(
      `There are ${ids.length} items in both, so ${neighbors} neighbours are compared instead of ${input.neighbors}.`,
    );

  const { overlaps, recall } = await runKernel(
    'overlap',
    {
      first: { matrix: restricted(first, ids), metric: embedding.metric },
      second: { matrix: restricted(second, ids), metric: other.metric },
      neighbors,
    },
    { signal, onProgress: (share) => context.progress('Comparing neighbours', 0.2 + 0.7 * share) },
  );
  if (recall < GOOD_RECALL)
    context.warn(`Of the neighbours, ${(100 * recall).toFixed(1)} % were found: overlaps are that much too small.`);
  const meanOverlap = overlaps.reduce((sum, overlap) => sum + overlap, 0) / overlaps.length;
  context.progress('Keeping the comparison', 0.95);
  await database.transaction(
    async (transaction) => {
      await replaceComparison(transaction, {
        embeddingId: embedding.id,
        otherId: other.id,
        neighbors,
        meanOverlap,
        embeddingVersion: first.version,
        otherVersion: second.version,
        itemIds: ids,
        overlaps,
      });
      await context.guard(transaction);
    },
    { signal },
  );
  return { dataset: embedding.datasetId, embedding: embedding.id };
}

/** Both ascending. */
function inBoth(a: Float64Array, b: Float64Array): Float64Array {
  const there = new Set(b);
  return a.filter((id) => there.has(id));
}

/** The rows of these items, which the matrix has. */
function restricted({ ids, matrix }: Vectors, wanted: Float64Array): Matrix {
  if (ids.length === wanted.length) return matrix;
  const places = new Map([...ids].map((id, i) => [id, i]));
  const rows = createMatrix(wanted.length, matrix.columns);
  for (const [i, id] of wanted.entries()) rowOf(rows, i).set(rowOf(matrix, places.get(id) ?? 0));
  return rows;
}

function wrong(message: string): UserError {
  return new UserError('BAD_USER_INPUT', message);
}
