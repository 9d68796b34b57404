/**
 * From scores to probabilities: Platt's sigmoid (Platt, "Probabilistic Outputs for Support Vector Machines", 1999, with the smoothed
 * targets of his equation 3; Tabacof and Costabello, "Probability Calibration for Knowledge Graph Embedding Models", ICLR 2020,
 * for graphs).
 *
 *     p = 1 / (1 + exp(-(slope * score + offset)))
 *
 * fitted by Newton's method on triples known to be true and false. A sigmoid of the raw score is no probability: its slope and its
 * offset are those of the loss, not of the world.
 */
import { sigmoid, softplus } from './losses.ts';

export interface Calibration {
  readonly slope: number;
  readonly offset: number;
}

/** Newton's steps at most. */
export const MOST_ITERATIONS = 100;

/**
 * @param labels 1 true, 0 false; both must occur
 * @param baseRate the share of true triples among those that will be asked, 0 to 1; default: as among those given. With sampled
 *   negatives, which are as many as one likes, it is to be said.
 * @throws RangeError when there are no true or no false ones
 */
export function fitCalibration(scores: ArrayLike<number>, labels: ArrayLike<number>, baseRate?: number): Calibration {
  const n = scores.length;
  let positives = 0;
  for (let i = 0; i < n; i++) positives += labels[i] ?? 0;
  const negatives = n - positives;
  if (positives === 0 || negatives === 0) {
    throw new RangeError(`A calibration needs true and false triples, got ${positives} and ${negatives}.`);
  }
  const rate = baseRate ?? positives / n;
  if (!(rate > 0 && rate < 1)) throw new RangeError(`The base rate lies between 0 and 1, got ${rate}.`);
  const { mean, scale } = spreadOf(scores);
  // Each kind as a whole counts its rate; targets are smoothed.
  const sample: Sample = {
    n,
    at: (i) => ((scores[i] ?? 0) - mean) / scale,
    isTrue: (i) => labels[i] === 1,
    true: { weight: (rate * n) / positives, target: (positives + 1) / (positives + 2) },
    false: { weight: ((1 - rate) * n) / negatives, target: 1 / (negatives + 2) },
  };

  let fit: Calibration = { slope: 0, offset: Math.log(rate / (1 - rate)) };
  let loss = lossOf(sample, fit);
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    const step = newtonStep(sample, fit);
    // The loss is convex; a step that overshoots is halved.
    let length = 1;
    let next = moved(fit, step, length);
    let nextLoss = lossOf(sample, next);
    while (!(nextLoss <= loss) && length > SHORTEST_STEP) {
      length /= 2;
      next = moved(fit, step, length);
      nextLoss = lossOf(sample, next);
    }
    if (!(nextLoss < loss)) break;
    const gained = loss - nextLoss;
    [fit, loss] = [next, nextLoss];
    if (gained < CONVERGED * (1 + loss)) break;
  }
  return { slope: fit.slope / scale, offset: fit.offset - (fit.slope * mean) / scale };
}

/** Share of Newton's step below which nothing is gained, and of the loss below which a gain is none: rounding of sums in float64. */
export const SHORTEST_STEP = 1e-10;
export const CONVERGED = 1e-12;
/** Added to the second derivatives along the diagonal, which vanish where all probabilities are 0 or 1. */
export const RIDGE = 1e-12;

/** Scores centred and scaled, so that Newton's steps are well conditioned whatever the model's scores are like. */
interface Sample {
  readonly n: number;
  readonly at: (i: number) => number;
  readonly isTrue: (i: number) => boolean;
  /** What a triple of each kind counts, and the probability that is wanted of it: Platt's equation 3. */
  readonly true: { readonly weight: number; readonly target: number };
  readonly false: { readonly weight: number; readonly target: number };
}

function spreadOf(scores: ArrayLike<number>): { readonly mean: number; readonly scale: number } {
  const n = scores.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += (scores[i] ?? 0) / n;
  let variance = 0;
  for (let i = 0; i < n; i++) variance += ((scores[i] ?? 0) - mean) ** 2 / n;
  return { mean, scale: Math.sqrt(variance) || 1 };
}

/** The weighted cross entropy of the targets: -(t log p + (1 - t) log(1 - p)) = softplus(z) - t z, with p = sigmoid(z). */
function lossOf(sample: Sample, { slope, offset }: Calibration): number {
  let loss = 0;
  for (let i = 0; i < sample.n; i++) {
    const z = slope * sample.at(i) + offset;
    const { weight, target } = sample.isTrue(i) ? sample.true : sample.false;
    loss += weight * (softplus(z) - target * z);
  }
  return loss;
}

/** H^-1 g: with x the score, g = sum of weight (p - t) (x, 1) and H = sum of weight p (1 - p) (x, 1)(x, 1)'. */
function newtonStep(sample: Sample, { slope, offset }: Calibration): Calibration {
  let [gs, go, hss, hso, hoo] = [0, 0, RIDGE, 0, RIDGE];
  for (let i = 0; i < sample.n; i++) {
    const x = sample.at(i);
    const { weight, target } = sample.isTrue(i) ? sample.true : sample.false;
    const p = sigmoid(slope * x + offset);
    const g = weight * (p - target);
    const h = weight * p * (1 - p);
    gs += g * x;
    go += g;
    hss += h * x * x;
    hso += h * x;
    hoo += h;
  }
  const determinant = hss * hoo - hso * hso;
  return { slope: (hoo * gs - hso * go) / determinant, offset: (hss * go - hso * gs) / determinant };
}

function moved({ slope, offset }: Calibration, step: Calibration, length: number): Calibration {
  return { slope: slope - length * step.slope, offset: offset - length * step.offset };
}

/** The probability that a triple of this score is true. */
export function probabilityOf({ slope, offset }: Calibration, score: number): number {
  return sigmoid(slope * score + offset);
}

/** Ten equal parts of 0 to 1; a point of the reliability curve for each that has probabilities. */
const BINS = 10;

export interface ReliabilityPoint {
  /** Mean probability of the triples whose probability lies in the part. */
  readonly probability: number;
  /** The share of them that is true. */
  readonly share: number;
  readonly count: number;
}

export interface CalibrationMetrics {
  /** Mean squared difference between probability and truth (Brier 1950); smaller is better. */
  readonly brier: number;
  readonly logLoss: number;
  /** Mean difference between probability and share over the parts, each by its count (ECE). */
  readonly calibrationError: number;
  readonly reliability: readonly ReliabilityPoint[];
}

/** How far probabilities can be believed, on triples that they were not fitted on. */
export function calibrationMetrics(probabilities: ArrayLike<number>, labels: ArrayLike<number>): CalibrationMetrics {
  const n = probabilities.length;
  const bins = Array.from({ length: BINS }, () => ({ sum: 0, positives: 0, count: 0 }));
  let brier = 0;
  let logLoss = 0;
  for (let i = 0; i < n; i++) {
    const p = probabilities[i] ?? 0;
    const label = labels[i] ?? 0;
    brier += (p - label) ** 2 / n;
    logLoss -= Math.log(Math.max(1e-15, label === 1 ? p : 1 - p)) / n;
    const bin = bins[Math.min(BINS - 1, Math.floor(p * BINS))];
    if (bin === undefined) continue;
    bin.sum += p;
    bin.positives += label;
    bin.count++;
  }
  const filled = bins.filter(({ count }) => count > 0);
  return {
    brier,
    logLoss,
    calibrationError: filled.reduce((sum, bin) => sum + Math.abs(bin.sum - bin.positives) / n, 0),
    reliability: filled.map(({ sum, positives, count }) => ({
      probability: sum / count,
      share: positives / count,
      count,
    })),
  };
}
