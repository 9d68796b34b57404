/**
 * What ranks come to: mean rank, mean reciprocal rank, hits, and what is left of these when chance is taken off, so that graphs of
 * different size can be compared (Berrendorf et al. 2020; Hoyt et al., "A Unified Framework for Rank-based Evaluation Metrics for
 * Link Prediction in Knowledge Graphs", 2022, whose names these are).
 */
import { answersPerQuery, type QueryIndex } from './graph.ts';
import type { Ranks } from './rank.ts';
import { taskOf } from './rank.ts';
import type { Side } from './score.ts';

/** How equal scores are ranked: REALISTIC is the mean of the two others. */
const tieBreaks = ['REALISTIC', 'OPTIMISTIC', 'PESSIMISTIC'] as const;
export type TieBreak = (typeof tieBreaks)[number];

const HITS = [1, 3, 10] as const;

export interface RankMetrics {
  /** Tasks. */
  readonly count: number;
  readonly meanRank: number;
  /** MRR */
  readonly meanReciprocalRank: number;
  /** Share of the ranks up to 1, 3 and 10; a rank of 1.5 is no hit at 1. */
  readonly hits: readonly [number, number, number];
}

/** 0 for chance, 1 for perfect; each with how many standard deviations above chance the metric is. */
export interface AdjustedMetrics {
  /** AMRI = 1 - (MR - 1) / (E[MR] - 1), from -1. */
  readonly meanRankIndex: number;
  readonly meanReciprocalRank: number;
  readonly hits: readonly [number, number, number];
  readonly zMeanRank: number;
  readonly zMeanReciprocalRank: number;
  readonly zHits: readonly [number, number, number];
}

/** Means over some tasks of a ranking. */
export function rankMetrics(ranks: Ranks, tasks: ArrayLike<number>, ties: TieBreak = 'REALISTIC'): RankMetrics {
  let rankSum = 0;
  let reciprocalSum = 0;
  const hits: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < tasks.length; i++) {
    const rank = rankAt(ranks, tasks[i] ?? 0, ties);
    rankSum += rank;
    reciprocalSum += 1 / rank;
    HITS.forEach((k, at) => {
      if (rank <= k) hits[at] = (hits[at] ?? 0) + 1;
    });
  }
  const count = tasks.length;
  return {
    count,
    meanRank: rankSum / count,
    meanReciprocalRank: reciprocalSum / count,
    hits: [hits[0] / count, hits[1] / count, hits[2] / count],
  };
}

/** The rank of one task. */
function rankAt({ optimistic, pessimistic }: Ranks, task: number, ties: TieBreak = 'REALISTIC'): number {
  const best = optimistic[task] ?? Number.NaN;
  const worst = pessimistic[task] ?? Number.NaN;
  if (ties === 'OPTIMISTIC') return best;
  return ties === 'PESSIMISTIC' ? worst : (best + worst) / 2;
}

/** What ranks by chance would come to: mean and standard deviation of each metric. */
export interface Chance {
  readonly meanRank: { readonly mean: number; readonly deviation: number };
  readonly meanReciprocalRank: { readonly mean: number; readonly deviation: number };
  readonly hits: readonly { readonly mean: number; readonly deviation: number }[];
}

/**
 * With C candidates a rank r by chance is uniform from 1 to C:
 *   E[r] = (C + 1) / 2, Var[r] = (C^2 - 1) / 12, E[1/r] = H(C) / C, Var[1/r] = H2(C) / C - (H(C) / C)^2,
 * H and H2 being sums of 1/k and 1/k^2; P(r <= k) = min(k, C) / C. Variances of means are sums over n^2.
 */
export function chanceOf({ candidates }: Ranks, tasks: ArrayLike<number>): Chance {
  let most = 1;
  for (let i = 0; i < tasks.length; i++) most = Math.max(most, candidates[tasks[i] ?? 0] ?? 0);
  const harmonic = new Float64Array(most + 1);
  const harmonic2 = new Float64Array(most + 1);
  for (let k = 1; k <= most; k++) {
    harmonic[k] = (harmonic[k - 1] ?? 0) + 1 / k;
    harmonic2[k] = (harmonic2[k - 1] ?? 0) + 1 / (k * k);
  }
  const sums = Array.from({ length: 2 + HITS.length }, () => ({ mean: 0, variance: 0 }));
  const add = (at: number, mean: number, variance: number) => {
    const sum = sums[at];
    if (sum === undefined) return;
    sum.mean += mean;
    sum.variance += variance;
  };
  for (let i = 0; i < tasks.length; i++) {
    const c = candidates[tasks[i] ?? 0] ?? 1;
    add(0, (c + 1) / 2, (c * c - 1) / 12);
    const reciprocal = (harmonic[c] ?? 0) / c;
    add(1, reciprocal, (harmonic2[c] ?? 0) / c - reciprocal * reciprocal);
    HITS.forEach((k, at) => {
      const share = Math.min(k, c) / c;
      add(2 + at, share, share * (1 - share));
    });
  }
  const n = tasks.length;
  const [meanRank, meanReciprocalRank, ...hits] = sums.map(({ mean, variance }) => ({
    mean: mean / n,
    deviation: Math.sqrt(variance) / n,
  }));
  const none = { mean: Number.NaN, deviation: Number.NaN };
  return { meanRank: meanRank ?? none, meanReciprocalRank: meanReciprocalRank ?? none, hits };
}

/**
 * What the metrics are above chance. Where chance is perfect, as hits at 10 are among ten candidates, nothing can be above it: 0.
 */
export function adjustedMetrics(metrics: RankMetrics, chance: Chance): AdjustedMetrics {
  const index = (value: number, mean: number) => (mean === 1 ? 0 : (value - mean) / (1 - mean));
  const hit = (at: number) => chance.hits[at] ?? { mean: Number.NaN, deviation: Number.NaN };
  const [one = Number.NaN, three = Number.NaN, ten = Number.NaN] = metrics.hits;
  const z = (value: number, { mean, deviation }: { mean: number; deviation: number }) =>
    deviation === 0 ? 0 : (value - mean) / deviation;
  return {
    meanRankIndex: chance.meanRank.mean === 1 ? 0 : 1 - (metrics.meanRank - 1) / (chance.meanRank.mean - 1),
    meanReciprocalRank: index(metrics.meanReciprocalRank, chance.meanReciprocalRank.mean),
    hits: [index(one, hit(0).mean), index(three, hit(1).mean), index(ten, hit(2).mean)],
    zMeanRank: -z(metrics.meanRank, chance.meanRank),
    zMeanReciprocalRank: z(metrics.meanReciprocalRank, chance.meanReciprocalRank),
    zHits: [z(one, hit(0)), z(three, hit(1)), z(ten, hit(2))],
  };
}

// Break-downs -------------------------------------------------------------------------------------------------------

export const relationKinds = ['ONE_TO_ONE', 'ONE_TO_MANY', 'MANY_TO_ONE', 'MANY_TO_MANY'] as const;
export type RelationKind = (typeof relationKinds)[number];

/** A side with more answers than this, on average, is "many" (Bordes et al. 2013, section 4.3.2). */
const MANY = 1.5;

/** The kind of each relation by the triples of an index (R); null for a relation without triples. */
export function kindsOfRelations(index: QueryIndex): (RelationKind | null)[] {
  const { relationCount: r } = index;
  const answers = answersPerQuery(index);
  return Array.from({ length: r }, (_, relation) => {
    if ((answers[relation] ?? 0) === 0) return null;
    const manyTails = (answers[relation] ?? 0) > MANY;
    const manyHeads = (answers[r + relation] ?? 0) > MANY;
    if (manyTails) return manyHeads ? 'MANY_TO_MANY' : 'ONE_TO_MANY';
    return manyHeads ? 'MANY_TO_ONE' : 'ONE_TO_ONE';
  });
}

/** All tasks of a ranking. */
export function allTasks({ optimistic }: Ranks): Int32Array {
  return Int32Array.from(optimistic, (_, task) => task);
}

export function tasksOfSide(ranks: Ranks, side: Side): Int32Array {
  return allTasks(ranks).filter((task) => (task % 2 === 0 ? 'TAIL' : 'HEAD') === side);
}

/** Tasks whose relation is wanted. */
export function tasksOfRelations(ranks: Ranks, triples: Int32Array, wanted: (relation: number) => boolean): Int32Array {
  return allTasks(ranks).filter((task) => wanted(taskOf(triples, task).relation));
}

/** Tasks whose answer stands in so many training triples. */
export interface FrequencyGroup {
  readonly least: number;
  readonly most: number;
  readonly tasks: Int32Array;
}

/**
 * Tasks by how often the training names their answer: those whose answer it never names, then up to four groups of about equal size.
 * Answers of the same frequency are not parted.
 */
export function tasksByFrequency(
  ranks: Ranks,
  triples: Int32Array,
  train: Int32Array,
  entityCount: number,
): FrequencyGroup[] {
  const frequency = new Int32Array(entityCount);
  train.forEach((entity, at) => {
    if (at % 3 !== 1) frequency[entity] = (frequency[entity] ?? 0) + 1;
  });
  const of = (task: number) => frequency[taskOf(triples, task).answer] ?? 0;
  const sorted = Array.from(allTasks(ranks)).sort((a, b) => of(a) - of(b) || a - b);
  const seen = sorted.filter((task) => of(task) > 0);
  const edges = [0.25, 0.5, 0.75, 1].map((share) => of(seen[Math.ceil(share * seen.length) - 1] ?? 0));
  const groups: FrequencyGroup[] = [];
  let least = 0;
  for (const most of [0, ...edges]) {
    const tasks = sorted.filter((task) => of(task) >= least && of(task) <= most);
    if (tasks.length > 0) {
      groups.push({ least: of(tasks[0] ?? 0), most: of(tasks[tasks.length - 1] ?? 0), tasks: Int32Array.from(tasks) });
    }
    least = most + 1;
  }
  return groups;
}
