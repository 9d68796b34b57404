/**
 * A table of candidates that queries are compared with and that learns from it: the entities, or, for the auxiliary loss, the
 * relations. Here is what a table does, in its plain form; cpuTable.ts does the same on the CPU backend, and is compared with this.
 */
import { type Loss, type LossName, logSumExp, lossOfRow, sigmoid, softplus } from './losses.ts';
import { type Measure, measures } from './measure.ts';
import type { MeasureName } from './model.ts';
import { descend, type Step } from './optimizer.ts';

// n candidates of d numbers, in rows of `stride` floats: the vector, for biased ones the bias, then zeros. B queries at most, in
// rows of the same stride.

export interface TableShape {
  readonly count: number;
  readonly dimension: number;
  readonly measure: MeasureName;
  readonly biased: boolean;
}

export interface Capacity {
  /** Queries at a time (B). */
  readonly queries: number;
  /** Queries that may be compared with all candidates at a time; at most `queries`. */
  readonly scored: number;
  /** Of sampled comparisons: queries in a group, negatives that they share. Both 0 where nothing is sampled. */
  readonly group: number;
  readonly negatives: number;
  /** Whether gradients of all rows are to be kept (`compareAll`). */
  readonly dense: boolean;
}

/** The answers that a batch wants, by query: answers[starts[i]] … answers[starts[i + 1] - 1], each with its weight. */
export interface Targets {
  readonly starts: Int32Array;
  readonly answers: Int32Array;
  readonly weights: Float32Array;
}

/** Negatives of a batch, one list for each group of queries. */
export interface Negatives {
  /** Queries in a group; the last may have fewer. */
  readonly group: number;
  /** Negatives of a group (K). */
  readonly count: number;
  /** (groups, K) */
  readonly ids: Int32Array;
  /** Known answers among them, left out: pairs of query and number of the negative, by group. */
  readonly known: readonly Int32Array[];
}

export interface Table {
  readonly shape: TableShape;
  readonly stride: number;
  /** (n, stride) */
  readonly values: Float32Array;
  /** State of the optimizer, (n, stride) each. */
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** (n, stride), dense tables only: what comparisons and the caller have added since the last `updateAll`. */
  readonly gradients: Float32Array;

  /** (B, stride), written by the caller. Beyond d and the measure's extra number rows are zeros. */
  readonly queries: Float32Array;
  /** (B) the bias of each query's known entity. */
  readonly biases: Float32Array;
  /** (B) what the loss of each query counts. */
  readonly factors: Float32Array;
  /** (B, stride) and (B): written by comparisons. */
  readonly queryGradients: Float32Array;
  readonly biasGradients: Float32Array;
  /** (2 B, stride): gradients of further rows, written by the caller before `updateRows`. */
  readonly further: Float32Array;

  /**
   * The first `count` queries against all candidates, under SOFTMAX (factor times the cross-entropy of the targets' weights, which
   * sum to the factor) or LOGISTIC (each candidate for itself). smoothing: the share of the targets that is spread over all.
   * @returns the loss
   */
  compareAll(count: number, targets: Targets, loss: LossName, smoothing: number): Promise<number>;
  /** The first `count` queries, each against its answer and the negatives of its group. @returns the loss */
  compareSampled(count: number, answers: Int32Array, negatives: Negatives, loss: Loss): Promise<number>;
  /** Moves all rows against `gradients`, which become 0. */
  updateAll(step: Step): Promise<void>;
  /**
   * Moves the rows of the last sampled comparison's candidates, and the rows that `ids` names, by the row of `further` of the
   * same number.
   */
  updateRows(step: Step, ids: Int32Array): Promise<void>;

  /** Scores of the first `count` queries against all candidates, to be looked at by the two below. */
  score(count: number): Promise<void>;
  scoreAt(query: number, candidate: number): number;
  /** Candidates with a greater score than each threshold, and with the same: pairs. `queries` (thresholds.length): whose scores. */
  countAbove(queries: Int32Array, thresholds: Float32Array): Promise<Uint32Array>;
}

/** Floats between rows: room for a vector, its bias or a query's extra number, up to a multiple of 4. */
export function strideOf({ dimension, biased, measure }: TableShape): number {
  return Math.ceil((dimension + Math.max(biased ? 1 : 0, measures[measure].extra)) / 4) * 4;
}

/** A table in plain TypeScript: sums in float64, pair by pair. */
export class PlainTable implements Table {
  readonly shape: TableShape;
  readonly stride: number;
  readonly values: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  readonly gradients: Float32Array;
  readonly queries: Float32Array;
  readonly biases: Float32Array;
  readonly factors: Float32Array;
  readonly queryGradients: Float32Array;
  readonly biasGradients: Float32Array;
  readonly further: Float32Array;
  readonly #measure: Measure;
  #scores: Float32Array[] = [];
  #sampled: { readonly ids: Int32Array; readonly gradients: Float32Array } | null = null;

  constructor(shape: TableShape, { queries }: Pick<Capacity, 'queries'>) {
    this.shape = shape;
    this.stride = strideOf(shape);
    this.#measure = measures[shape.measure];
    const rows = shape.count * this.stride;
    this.values = new Float32Array(rows);
    this.first = new Float32Array(rows);
    this.second = new Float32Array(rows);
    this.gradients = new Float32Array(rows);
    this.queries = new Float32Array(queries * this.stride);
    this.biases = new Float32Array(queries);
    this.factors = new Float32Array(queries);
    this.queryGradients = new Float32Array(queries * this.stride);
    this.biasGradients = new Float32Array(queries);
    this.further = new Float32Array(2 * queries * this.stride);
  }

  async compareAll(count: number, targets: Targets, loss: LossName, smoothing: number): Promise<number> {
    await this.score(count);
    const { count: n } = this.shape;
    const uniform = smoothing / n;
    let lost = 0;
    this.queryGradients.fill(0);
    this.biasGradients.fill(0);
    for (let i = 0; i < count; i++) {
      const scores = this.#scores[i] ?? new Float32Array(0);
      const factor = this.factors[i] ?? 0;
      const level = logSumExp(scores);
      const gradient = Float64Array.from(scores, (score) => {
        lost += factor * (loss === 'SOFTMAX' ? 0 : softplus(score)) - factor * uniform * score;
        return factor * ((loss === 'SOFTMAX' ? Math.exp(score - level) : sigmoid(score)) - uniform);
      });
      if (loss === 'SOFTMAX') lost += factor * level;
      for (let at = targets.starts[i] ?? 0; at < (targets.starts[i + 1] ?? 0); at++) {
        const answer = targets.answers[at] ?? 0;
        const weight = (1 - smoothing) * (targets.weights[at] ?? 0);
        gradient[answer] = (gradient[answer] ?? 0) - weight;
        lost -= weight * (scores[answer] ?? 0);
      }
      for (let j = 0; j < n; j++) this.#back(i, j, gradient[j] ?? 0, this.gradients, j);
    }
    return lost;
  }

  async compareSampled(count: number, answers: Int32Array, negatives: Negatives, loss: Loss): Promise<number> {
    const { group, count: k } = negatives;
    const groups = Math.ceil(count / group);
    const ids = new Int32Array(count + groups * k);
    const gradients = new Float32Array(ids.length * this.stride);
    let lost = 0;
    let end = 0;
    this.queryGradients.fill(0);
    this.biasGradients.fill(0);
    for (let g = 0; g < groups; g++) {
      const first = g * group;
      const size = Math.min(group, count - first);
      const start = end;
      end += size + k;
      ids.set(answers.subarray(first, first + size), start);
      ids.set(negatives.ids.subarray(g * k, (g + 1) * k), start + size);
      for (let i = 0; i < size; i++) {
        const scores = new Float64Array(size + k).fill(Number.NEGATIVE_INFINITY);
        const slots = [i, ...Array.from({ length: k }, (_, j) => size + j)];
        for (const slot of slots) scores[slot] = this.#scoreOf(first + i, ids[start + slot] ?? 0);
        const known = negatives.known[g] ?? new Int32Array(0);
        for (let pair = 0; pair < known.length; pair += 2) {
          if (known[pair] === i) scores[size + (known[pair + 1] ?? 0)] = Number.NEGATIVE_INFINITY;
        }
        const factor = this.factors[first + i] ?? 0;
        lost += factor * lossOfRow(loss, scores, i);
        for (const slot of slots) {
          this.#back(first + i, ids[start + slot] ?? 0, factor * (scores[slot] ?? 0), gradients, start + slot);
        }
      }
    }
    this.#sampled = { ids, gradients };
    return lost;
  }

  async updateAll(step: Step): Promise<void> {
    descend(step, this.values, this.gradients, this.first, this.second, 0, this.values.length);
  }

  async updateRows(step: Step, ids: Int32Array): Promise<void> {
    const { stride, gradients } = this;
    const touched = new Set<number>();
    const add = (row: number, from: Float32Array, number: number) => {
      touched.add(row);
      for (let k = 0; k < stride; k++) {
        gradients[row * stride + k] = (gradients[row * stride + k] ?? 0) + (from[number * stride + k] ?? 0);
      }
    };
    const sampled = this.#sampled ?? { ids: new Int32Array(0), gradients: new Float32Array(0) };
    sampled.ids.forEach((row, number) => {
      add(row, sampled.gradients, number);
    });
    ids.forEach((row, number) => {
      add(row, this.further, number);
    });
    for (const row of touched) {
      descend(step, this.values, gradients, this.first, this.second, row * stride, (row + 1) * stride);
    }
    this.#sampled = null;
  }

  async score(count: number): Promise<void> {
    this.#scores = Array.from({ length: count }, (_, i) =>
      Float32Array.from({ length: this.shape.count }, (_, j) => this.#scoreOf(i, j)),
    );
  }

  scoreAt(query: number, candidate: number): number {
    return this.#scores[query]?.[candidate] ?? Number.NaN;
  }

  async countAbove(queries: Int32Array, thresholds: Float32Array): Promise<Uint32Array> {
    const counts = new Uint32Array(2 * thresholds.length);
    thresholds.forEach((threshold, i) => {
      for (const score of this.#scores[queries[i] ?? 0] ?? []) {
        if (score > threshold) counts[2 * i] = (counts[2 * i] ?? 0) + 1;
        else if (score === threshold) counts[2 * i + 1] = (counts[2 * i + 1] ?? 0) + 1;
      }
    });
    return counts;
  }

  #scoreOf(query: number, candidate: number): number {
    const { dimension: d, biased } = this.shape;
    const at = candidate * this.stride;
    const score = this.#measure.score(this.#query(query), this.values.subarray(at, at + d));
    return biased ? score + (this.biases[query] ?? 0) + (this.values[at + d] ?? 0) : score;
  }

  #query(query: number): Float32Array {
    return this.queries.subarray(query * this.stride, (query + 1) * this.stride);
  }

  /** Adds the gradient of a loss whose derivative by the score is `factor`; the candidate's to row `row` of `into`. */
  #back(query: number, candidate: number, factor: number, into: Float32Array, row: number): void {
    if (factor === 0) return;
    const { stride } = this;
    const { dimension: d, biased } = this.shape;
    const entity = this.values.subarray(candidate * stride, candidate * stride + d);
    const byQuery = this.queryGradients.subarray(query * stride, (query + 1) * stride);
    this.#measure.addGradient(
      this.#query(query),
      entity,
      factor,
      byQuery,
      into.subarray(row * stride, row * stride + d),
    );
    if (!biased) return;
    into[row * stride + d] = (into[row * stride + d] ?? 0) + factor;
    this.biasGradients[query] = (this.biasGradients[query] ?? 0) + factor;
  }
}
