/**
 * How probable an answer is that stands at the top of a list. A triple that somebody names may be true or false like a false one made by
 * chance (calibrate.ts); but the first answers to a question are the ones that the model confuses with true ones, and a sigmoid fitted
 * on false triples by chance calls nearly all of them true. So this one is fitted on what is shown: to questions of triples that were
 * set aside, the first answers that are not known; those that the set-aside triples give are true, and the others are taken to be false
 * (the closed world: a few of them will be true, and nobody has written them down).
 *
 *     p = 1 / (1 + exp(-(slope * score + offset + byQuestion[q])))        q: relation, and which end is asked for (2R)
 *
 * by logistic regression with Platt's smoothed targets (Platt 1999, equation 3), and of each question's offset the prior N(0, SPREAD^2).
 * Newton's method; the Hessian is an arrow, two full rows beside a diagonal, so that a step costs as much as it has answers.
 */
import { largest } from '../graph/largest.ts';
import type { Answerer } from './answerer.ts';
import {
  type CalibrationMetrics,
  CONVERGED,
  calibrationMetrics,
  MOST_ITERATIONS,
  RIDGE,
  SHORTEST_STEP,
} from './calibrate.ts';
import { indexQueries, type KnowledgeGraph, knownAnswers } from './graph.ts';
import { sigmoid, softplus } from './losses.ts';
import { queryOf } from './score.ts';

export interface AnswerCalibration {
  /** Not below 0: of two answers to a question the one of the greater score is the more probable. */
  readonly slope: number;
  readonly offset: number;
  /** (2R) Relation r where the tail is asked for, R + r where the head is. */
  readonly byQuestion: readonly number[];
}

/** The probability that an answer of this score is true. @param question relation r for tails, R + r for heads */
export function answerProbability(
  { slope, offset, byQuestion }: AnswerCalibration,
  score: number,
  question: number,
): number {
  return sigmoid(slope * score + offset + (byQuestion[question] ?? 0));
}

/** First answers to questions. */
export interface ShownAnswers {
  readonly scores: readonly number[];
  readonly questions: readonly number[];
  /** 1 true, 0 not known to be. */
  readonly labels: readonly number[];
}

/** Answers that are looked at of each question: what a list shows. */
const FIRST = 10;
/** Questions that are asked, and numbers that are compared for them: some seconds, as a comparison reads 3 to 4 GB/s. */
const MOST_QUESTIONS = 1000;
const MOST_NUMBERS = 1e10;

/**
 * Asks for what the triples of a split say, each question once, evenly spaced where they are many.
 * @param split VALIDATION: to fit on; what only the test knows counts as unknown. TEST: to measure
 * @throws what `signal` was aborted with
 */
export async function showAnswers(
  graph: KnowledgeGraph,
  { parameters, answer }: Answerer,
  split: 'VALIDATION' | 'TEST',
  signal?: AbortSignal,
): Promise<ShownAnswers> {
  const { train, validation, test, relationCount } = graph;
  const asked = indexQueries(graph, [split === 'TEST' ? test : validation]);
  const known = indexQueries(graph, split === 'TEST' ? [train, validation] : [train]);
  const count = asked.entities.length;
  const reflexive = reflexiveRelations(train);
  const affordable = Math.floor(MOST_NUMBERS / parameters.entities.length);
  const shown = Math.min(count, MOST_QUESTIONS, Math.max(1, affordable));
  const found = { scores: [] as number[], questions: [] as number[], labels: [] as number[] };
  for (let i = 0; i < shown; i++) {
    signal?.throwIfAborted();
    const at = Math.floor((i * count) / shown);
    const [entity, question] = [asked.entities[at] ?? 0, asked.relations[at] ?? 0];
    const isHead = question >= relationCount;
    const query = queryOf(parameters, isHead ? 'HEAD' : 'TAIL', entity, isHead ? question - relationCount : question);
    if (query === null) continue;
    const scores = await answer(query);
    const before = new Set(knownAnswers(known, entity, question));
    const right = new Set(asked.answers.subarray(asked.starts[at] ?? 0, asked.starts[at + 1] ?? 0));
    const isNone = !reflexive.has(question % relationCount);
    for (const place of largest(scores, FIRST, (other) => before.has(other) || (isNone && other === entity))) {
      found.scores.push(scores[place] ?? 0);
      found.questions.push(question);
      found.labels.push(right.has(place) ? 1 : 0);
    }
  }
  return found;
}

/** Those that lead from some entity to itself; of the others nothing answers itself. */
function reflexiveRelations(triples: Int32Array): Set<number> {
  const found = new Set<number>();
  for (let i = 0; i < triples.length; i += 3) if (triples[i] === triples[i + 2]) found.add(triples[i + 1] ?? 0);
  return found;
}

/** Standard deviation that offsets of questions are expected to have, in log odds: e^2 is from one in two to one in eight. */
const SPREAD = 2;

/** @param questions 2R. @returns null where nothing was shown */
export function fitAnswers(shown: ShownAnswers, questions: number): AnswerCalibration | null {
  if (shown.scores.length === 0) return null;
  const fitted = fit(shown, questions, true);
  // So few, or such a model, that the greater score is right less often: then it tells nothing.
  return fitted.slope >= 0 ? fitted : fit(shown, questions, false);
}

function fit({ scores, questions: ofQuestion, labels }: ShownAnswers, questions: number, withSlope: boolean) {
  const n = scores.length;
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const targets = labels.map((label) => (label === 1 ? (positives + 1) / (positives + 2) : 1 / (n - positives + 2)));
  // Scores are centred and scaled first, so that Newton's steps are well conditioned whatever the model's scores are like.
  const mean = scores.reduce((sum, score) => sum + score / n, 0);
  const scale = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2 / n, 0)) || 1;
  const xs = scores.map((score) => (withSlope ? (score - mean) / scale : 0));
  const precision = 1 / SPREAD ** 2;

  interface Point {
    readonly slope: number;
    readonly offset: number;
    readonly by: Float64Array;
  }
  const logitAt = ({ slope, offset, by }: Point, i: number) =>
    slope * (xs[i] ?? 0) + offset + (by[ofQuestion[i] ?? 0] ?? 0);
  const lossAt = (point: Point) => {
    let loss = 0;
    for (let i = 0; i < n; i++) {
      const z = logitAt(point, i);
      loss += softplus(z) - (targets[i] ?? 0) * z;
    }
    return point.by.reduce((sum, value) => sum + (precision / 2) * value * value, loss);
  };
  const share = targets.reduce((sum, target) => sum + target / n, 0);
  let point: Point = { slope: 0, offset: Math.log(share / (1 - share)), by: new Float64Array(questions) };
  let loss = lossAt(point);
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    const step = newtonStep(point, (i) => sigmoid(logitAt(point, i)), { xs, ofQuestion, targets, precision });
    let length = 1;
    const moved = (): Point => ({
      slope: point.slope - length * step.slope,
      offset: point.offset - length * step.offset,
      by: point.by.map((value, q) => value - length * (step.by[q] ?? 0)),
    });
    // The loss is convex; a step that overshoots is halved.
    while (!(lossAt(moved()) <= loss) && length > SHORTEST_STEP) length /= 2;
    const next = moved();
    const gained = loss - lossAt(next);
    if (!(gained > 0)) break;
    [point, loss] = [next, loss - gained];
    if (gained < CONVERGED * (1 + loss)) break;
  }
  return {
    slope: point.slope / scale,
    offset: point.offset - (point.slope * mean) / scale,
    byQuestion: Array.from(point.by),
  };
}

/**
 * H^-1 g of the penalized loss. With H = [[A, B], [B', D]], A (2, 2) of slope and offset and D diagonal, the offsets of the questions
 * are eliminated: (A - B D^-1 B') u = g_a - B D^-1 g_d, and v = D^-1 (g_d - B' u).
 */
function newtonStep(
  { by }: { readonly by: Float64Array },
  probability: (i: number) => number,
  of: {
    readonly xs: readonly number[];
    readonly ofQuestion: readonly number[];
    readonly targets: readonly number[];
    readonly precision: number;
  },
): { slope: number; offset: number; by: Float64Array } {
  const { xs, ofQuestion, targets, precision } = of;
  let [gs, go, hss, hso, hoo] = [0, 0, RIDGE, 0, RIDGE];
  const gradient = by.map((value) => precision * value);
  const diagonal = new Float64Array(by.length).fill(precision);
  const ofSlope = new Float64Array(by.length);
  const ofOffset = new Float64Array(by.length);
  for (let i = 0; i < xs.length; i++) {
    const [x, q] = [xs[i] ?? 0, ofQuestion[i] ?? 0];
    const p = probability(i);
    const g = p - (targets[i] ?? 0);
    const h = p * (1 - p);
    gs += g * x;
    go += g;
    hss += h * x * x;
    hso += h * x;
    hoo += h;
    gradient[q] = (gradient[q] ?? 0) + g;
    diagonal[q] = (diagonal[q] ?? 0) + h;
    ofSlope[q] = (ofSlope[q] ?? 0) + h * x;
    ofOffset[q] = (ofOffset[q] ?? 0) + h;
  }
  for (let q = 0; q < by.length; q++) {
    const [d = 1, s = 0, o = 0, g = 0] = [diagonal[q], ofSlope[q], ofOffset[q], gradient[q]];
    hss -= (s * s) / d;
    hso -= (s * o) / d;
    hoo -= (o * o) / d;
    gs -= (s * g) / d;
    go -= (o * g) / d;
  }
  const determinant = hss * hoo - hso * hso;
  const slope = (hoo * gs - hso * go) / determinant;
  const offset = (hss * go - hso * gs) / determinant;
  return {
    slope,
    offset,
    by: gradient.map((g, q) => (g - (ofSlope[q] ?? 0) * slope - (ofOffset[q] ?? 0) * offset) / (diagonal[q] ?? 1)),
  };
}

/** How far the probabilities of answers can be believed, on questions that they were not fitted on; null where there are none. */
export function measureAnswers(calibration: AnswerCalibration, shown: ShownAnswers): CalibrationMetrics | null {
  if (shown.scores.length === 0) return null;
  const probabilities = shown.scores.map((score, i) => answerProbability(calibration, score, shown.questions[i] ?? 0));
  return calibrationMetrics(probabilities, shown.labels);
}
