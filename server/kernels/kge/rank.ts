/**
 * Filtered ranks, the protocol of link prediction (Bordes et al. 2013, section 4.2): for each triple, its tail among all entities e
 * for which (head, relation, e) is not known, and its head likewise. All entities are candidates, also those that no triple of
 * the training names. The score of the right answer is taken from the same matrix as all others, so that equal scores are seen
 * to be equal; the rank is between
 *
 *     optimistic  = 1 + candidates with a greater score
 *     pessimistic = optimistic + other candidates with the same score
 *
 * and what is reported is their mean (Berrendorf et al., "On the Ambiguity of Rank-Based Evaluation of Entity Alignment or
 * Link Prediction Methods", 2020: "realistic").
 */
import { knownAnswers, type QueryIndex } from './graph.ts';
import { graphModels } from './models.ts';
import type { Parameters } from './parameters.ts';
import { makeQuery, type Side } from './score.ts';
import type { Table, TableShape } from './table.ts';

/** Two tasks for each triple i: 2 i asks for its tail, 2 i + 1 for its head. */
export interface Ranks {
  readonly optimistic: Int32Array;
  readonly pessimistic: Int32Array;
  /** Candidates after the filter, the right answer among them. */
  readonly candidates: Int32Array;
  /** Score of the right answer; NaN where it was not scored by numbers. */
  readonly scores: Float32Array;
}

/** The two ends of a triple in the order of the tasks. */
export const sides: readonly [Side, Side] = ['TAIL', 'HEAD'];

export interface RankOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** The table of a model's entities. */
export function entityTableShape({ model, entityCount, dimension }: Parameters): TableShape {
  const { measure, biased } = graphModels[model];
  return { count: entityCount, dimension, measure, biased };
}

/** Copies the entities into their table. */
export function loadEntities(table: Table, { entities, biases, entityCount, dimension: d }: Parameters): void {
  const { stride, values } = table;
  for (let e = 0; e < entityCount; e++) {
    values.set(entities.subarray(e * d, (e + 1) * d), e * stride);
    if (biases.length > 0) values[e * stride + d] = biases[e] ?? 0;
  }
}

/** And back. */
export function keepEntities(table: Table, { entities, biases, entityCount, dimension: d }: Parameters): void {
  const { stride, values } = table;
  for (let e = 0; e < entityCount; e++) {
    entities.set(values.subarray(e * stride, e * stride + d), e * d);
    if (biases.length > 0) biases[e] = values[e * stride + d] ?? 0;
  }
}

/** One query to be ranked for. */
export interface RankTask {
  readonly side: Side;
  /** The known end. */
  readonly entity: number;
  readonly relation: number;
  readonly answer: number;
}

/** Writes the query of a task. @returns the bias of the known end */
export type Asker = (task: RankTask, query: Float32Array) => number;

/** Asks as a model does, whose entities are in the table as they are now. */
export function modelAsker({ values, stride }: Table, parameters: Parameters): Asker {
  const { dimension, biases } = parameters;
  return ({ side, entity, relation }, query) => {
    const vector = values.subarray(entity * stride, entity * stride + dimension);
    if (!makeQuery(parameters, side, vector, relation, query)) {
      throw new RangeError(`${parameters.model} without reciprocal relations has no query for heads.`);
    }
    return biases.length === 0 ? 0 : (values[entity * stride + dimension] ?? 0);
  };
}

/**
 * Ranks of triples, in pieces of `batch` queries: what is in memory at once does not grow with their number. Tasks that ask the same are
 * ranked by the same scores: FB15k-237's 40,932 ask 22,850 things.
 * @param table holds the candidates: `loadEntities`
 * @param known what is left out: for a validation the training and validation triples, for a test also the test's
 */
export async function rankTriples(
  table: Table,
  ask: Asker,
  triples: Int32Array,
  known: QueryIndex,
  batch: number,
  { signal, onProgress }: RankOptions = {},
): Promise<Ranks> {
  const ranks = emptyRanks(triples);
  const { stride } = table;
  const queries = tasksByQuery(triples, known.relationCount);
  const rows = Array.from({ length: batch }, (_, i) => table.queries.subarray(i * stride, (i + 1) * stride).fill(0));
  for (let start = 0; start < queries.length; start += batch) {
    signal?.throwIfAborted();
    const asked = queries.slice(start, start + batch);
    asked.forEach(([task = 0], i) => {
      const row = rows[i];
      if (row !== undefined) table.biases[i] = ask(taskOf(triples, task), row);
    });
    await table.score(asked.length);
    const list = Int32Array.from(asked.flat());
    const queryOf = Int32Array.from(asked.flatMap((same, i) => same.map(() => i)));
    const thresholds = Float32Array.from(list, (task, i) =>
      table.scoreAt(queryOf[i] ?? 0, taskOf(triples, task).answer),
    );
    const counts = await table.countAbove(queryOf, thresholds);
    list.forEach((task, i) => {
      const { side, entity, relation, answer } = taskOf(triples, task);
      const threshold = thresholds[i] ?? Number.NaN;
      let greater = counts[2 * i] ?? 0;
      let equal = counts[2 * i + 1] ?? 0;
      let left = table.shape.count;
      for (const other of knownAnswers(known, entity, side === 'TAIL' ? relation : known.relationCount + relation)) {
        if (other === answer) continue;
        const score = table.scoreAt(queryOf[i] ?? 0, other);
        left--;
        if (score > threshold) greater--;
        else if (score === threshold) equal--;
      }
      ranks.optimistic[task] = 1 + greater;
      ranks.pessimistic[task] = greater + equal;
      ranks.candidates[task] = left;
      ranks.scores[task] = threshold;
    });
    onProgress?.(Math.min(1, (start + batch) / queries.length));
  }
  refuseNaN(ranks);
  return ranks;
}

/** Room for the ranks of so many triples. */
export function emptyRanks(triples: Int32Array): Ranks {
  const tasks = (triples.length / 3) * 2;
  return {
    optimistic: new Int32Array(tasks),
    pessimistic: new Int32Array(tasks),
    candidates: new Int32Array(tasks),
    scores: new Float32Array(tasks),
  };
}

/** @throws RangeError where right answers have no score */
export function refuseNaN({ scores }: Ranks): void {
  if (scores.some(Number.isNaN)) throw new RangeError('Some scores are not numbers: the training went astray.');
}

/** The tasks that ask the same, together. */
export function tasksByQuery(triples: Int32Array, relationCount: number): number[][] {
  const byQuery = new Map<number, number[]>();
  for (let task = 0; task < (triples.length / 3) * 2; task++) {
    const { side, entity, relation } = taskOf(triples, task);
    const query = entity * 2 * relationCount + (side === 'TAIL' ? relation : relationCount + relation);
    const same = byQuery.get(query);
    if (same === undefined) byQuery.set(query, [task]);
    else same.push(task);
  }
  return [...byQuery.values()];
}

/** What task `number` asks. */
export function taskOf(triples: Int32Array, number: number): RankTask {
  const at = 3 * (number >> 1);
  const head = triples[at] ?? 0;
  const relation = triples[at + 1] ?? 0;
  const tail = triples[at + 2] ?? 0;
  if (number % 2 === 0) return { side: 'TAIL', entity: head, relation, answer: tail };
  return { side: 'HEAD', entity: tail, relation, answer: head };
}

/**
 * The rank of one answer among scores, in its plain form.
 * @param left whether a candidate is left out; the answer itself never is, and neither counts what is NaN
 */
export function rankOf(
  scores: ArrayLike<number>,
  answer: number,
  left: (candidate: number) => boolean = () => false,
): { optimistic: number; pessimistic: number; candidates: number } {
  const own = scores[answer] ?? Number.NaN;
  let greater = 0;
  let equal = 0;
  let candidates = 0;
  for (let candidate = 0; candidate < scores.length; candidate++) {
    const score = scores[candidate] ?? Number.NaN;
    if (Number.isNaN(score) || (candidate !== answer && left(candidate))) continue;
    candidates++;
    if (score > own) greater++;
    else if (score === own) equal++;
  }
  return { optimistic: 1 + greater, pessimistic: greater + equal, candidates };
}

/** Floats of scores that an evaluation holds at once: 64 MiB. */
const SCORES_HELD = 2 ** 24;

/** How many tasks to rank at once: as many as fit, 4 to 512. */
export function rankBatch({ count, measure }: TableShape): number {
  const planes = measure === 'HYPERBOLIC' ? 2 : 1;
  return Math.max(4, Math.min(512, Math.floor(SCORES_HELD / (planes * count) / 4) * 4));
}
