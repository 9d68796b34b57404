/** Sets triples of a graph aside, to choose settings by and to measure a model by. */
import { splitTriples, TEST, VALIDATION } from '#kernels/graph/splitTriples.ts';
import type { Queryable } from '../database/database.ts';
import { lockDataset, updateDataset } from '../datasets/datasets.ts';
import { UserError } from '../errors.ts';
import type { Task } from '../jobs/task.ts';
import { countTriples, readTriples, type Split, writeSplits } from './graphs.ts';

/** As the input `SplitInput` of schema.graphql. */
export interface SplitOptions {
  /** Shares of all triples. */
  readonly validation: number;
  readonly test: number;
  readonly seed: number;
}

export interface SplitInput extends SplitOptions {
  readonly datasetId: number;
}

/** What was set aside, of how many triples. */
export interface SplitCounts {
  readonly tripleCount: number;
  readonly validationCount: number;
  readonly testCount: number;
}

/** @throws UserError BAD_USER_INPUT where the shares leave nothing to train on */
export function checkSplit({ validation, test }: Pick<SplitOptions, 'validation' | 'test'>): void {
  if (validation >= 0 && test >= 0 && validation + test < 1) return;
  throw new UserError(
    'BAD_USER_INPUT',
    `The shares for validation and test are ${validation} and ${test}; wanted: 0 or more each, and less than 1 together.`,
  );
}

/** Splits the triples of a data set anew, whatever their split was before. The job of `splitGraph`. */
export const splitGraph: Task<SplitInput, { dataset: number }> = async (context, { datasetId, ...options }) => {
  checkSplit(options);
  context.progress('Splitting the triples', null);
  return context.database.transaction(
    async (transaction) => {
      const { fields } = await lockDataset(transaction, datasetId);
      const counts = await splitInto(transaction, datasetId, options, context.signal);
      const missing = shortfall(counts, options);
      if (missing !== null) context.warn(missing);
      await updateDataset(transaction, datasetId, fields, {});
      await context.guard(transaction);
      return { dataset: datasetId };
    },
    { signal: context.signal },
  );
};

const RANGE_ROWS = 20_000;

/** The same within a transaction that has the data set to itself. */
export async function splitInto(
  transaction: Queryable,
  datasetId: number,
  options: SplitOptions,
  signal?: AbortSignal,
): Promise<SplitCounts> {
  const graph = await readTriples(transaction, datasetId, signal === undefined ? {} : { signal });
  const triples = inOrder(graph.train, graph.validation, graph.test);
  const chosen = splitTriples(triples, graph.entityIds.length, graph.relationIds.length, options);
  await writeSplits(transaction, datasetId, ranges());
  await countTriples(transaction, datasetId);
  return {
    tripleCount: chosen.length,
    validationCount: chosen.filter((split) => split === VALIDATION).length,
    testCount: chosen.filter((split) => split === TEST).length,
  };

  function* ranges() {
    for (const [code, split] of [
      [VALIDATION, 'VALIDATION'],
      [TEST, 'TEST'],
    ] as const satisfies (readonly [number, Split])[]) {
      const rows = Array.from(chosen.keys()).filter((i) => chosen[i] === code);
      for (let at = 0; at < rows.length; at += RANGE_ROWS) {
        const range = rows.slice(at, at + RANGE_ROWS);
        yield {
          split,
          relations: range.map((i) => graph.relationIds[triples[3 * i + 1] ?? 0] ?? 0),
          heads: range.map((i) => graph.entityIds[triples[3 * i] ?? 0] ?? 0),
          tails: range.map((i) => graph.entityIds[triples[3 * i + 2] ?? 0] ?? 0),
        };
      }
    }
  }
}

/** Why fewer were set aside than asked for, or null. */
export function shortfall(counts: SplitCounts, { validation, test }: SplitOptions): string | null {
  const wanted = Math.round(validation * counts.tripleCount) + Math.round(test * counts.tripleCount);
  const found = counts.validationCount + counts.testCount;
  if (found >= wanted) return null;
  return `${found} triples are set aside instead of ${wanted}: each further one would leave an entity or a relation without a triple to learn from.`;
}

/** Triples (n, 3) in one order, whatever their split was, so that the same seed splits the same graph alike. */
function inOrder(...parts: readonly Int32Array[]): Int32Array {
  const [whole, ...others] = parts.filter(({ length }) => length > 0);
  // Of one split alone they are read in this order: sorting half a million takes two seconds.
  if (whole !== undefined && others.length === 0) return whole;
  const rows = parts.flatMap((part) =>
    Array.from({ length: part.length / 3 }, (_, i) => part.subarray(3 * i, 3 * i + 3)),
  );
  rows.sort((a, b) => (a[1] ?? 0) - (b[1] ?? 0) || (a[0] ?? 0) - (b[0] ?? 0) || (a[2] ?? 0) - (b[2] ?? 0));
  const ordered = new Int32Array(3 * rows.length);
  for (const [i, row] of rows.entries()) ordered.set(row, 3 * i);
  return ordered;
}
