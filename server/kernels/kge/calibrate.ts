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

const MOST_ITERATIONS = 100;

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
  // Each kind as a whole counts its rate.
  const positiveWeight = (rate * n) / positives;
  const negativeWeight = ((1 - rate) * n) / negatives;
  const positiveTarget = (positives + 1) / (positives + 2);
  const negativeTarget = 1 / (negatives + 2);

  // Scores are centred and scaled first, so that Newton's steps are well conditioned whatever the model's scores are like.
  let mean = 0;
  for (let i = 0; i < n; i++) mean += (scores[i] ?? 0) / n;
  let variance = 0;
  for (let i = 0; i < n; i++) variance += ((scores[i] ?? 0) - mean) ** 2 / n;
  const scale = Math.sqrt(variance) || 1;

  const lossAt = (slope: number, offset: number) => {
    let loss = 0;
    for (let i = 0; i < n; i++) {
      const z = (slope * ((scores[i] ?? 0) - mean)) / scale + offset;
      const isTrue = labels[i] === 1;
      const target = isTrue ? positiveTarget : negativeTarget;
      loss += (isTrue ? positiveWeight : negativeWeight) * (softplus(z) - target * z);
    }
    return loss;
  };

  let slope = 0;
  let offset = Math.log(rate / (1 - rate));
  let loss = lossAt(slope, offset);
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    let [gs, go, hss, hso, hoo] = [0, 0, 1e-12, 0, 1e-12];
    for (let i = 0; i < n; i++) {
      const x = ((scores[i] ?? 0) - mean) / scale;
      const isTrue = labels[i] === 1;
      const weight = isTrue ? positiveWeight : negativeWeight;
      const p = sigmoid(slope * x + offset);
      const g = weight * (p - (isTrue ? positiveTarget : negativeTarget));
      const h = weight * p * (1 - p);
      gs += g * x;
      go += g;
      hss += h * x * x;
      hso += h * x;
      hoo += h;
    }
    const determinant = hss * hoo - hso * hso;
    const stepSlope = (hoo * gs - hso * go) / determinant;
    const stepOffset = (hss * go - hso * gs) / determinant;
    // The loss is convex; a step that overshoots is halved.
    let length = 1;
    let next = lossAt(slope - stepSlope, offset - stepOffset);
    while (!(next <= loss) && length > 1e-10) {
      length /= 2;
      next = lossAt(slope - length * stepSlope, offset - length * stepOffset);
    }
    if (!(next < loss)) break;
    slope -= length * stepSlope;
    offset -= length * stepOffset;
    const gained = loss - next;
    loss = next;
    if (gained < 1e-12 * (1 + loss)) break;
  }
  return { slope: slope / scale, offset: offset - (slope * mean) / scale };
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
