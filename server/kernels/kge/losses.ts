/**
 * Losses: from the scores of a query's candidates to the gradient by each score. Each in its plain form; the twins in
 * cpu/assembly/kge.ts work on rows of thousands.
 *
 *   SOFTMAX           -ln(e^s+ / sum e^s), all candidates against each other (Joulin et al. 2017; Lacroix, Usunier and Obozinski,
 *                     "Canonical Tensor Decomposition for Knowledge Base Completion", ICML 2018, equation 6)
 *   LOGISTIC          ln(1 + e^-s+) + v sum ln(1 + e^s-), v the weight of a negative (Trouillon et al. 2016, equation 12)
 *   SELF_ADVERSARIAL  -(ln sigma(g + s+) + sum w ln sigma(-g - s-)) / 2, w = softmax(temperature s-) held fixed
 *                     (Sun et al., ICLR 2019, equations 5 and 6; g is their margin gamma)
 *   MARGIN            v sum max(0, g - s+ + s-) (Bordes et al., NIPS 2013, equation 1)
 */

export const lossNames = ['SOFTMAX', 'LOGISTIC', 'SELF_ADVERSARIAL', 'MARGIN'] as const;
export type LossName = (typeof lossNames)[number];

export interface Loss {
  readonly name: LossName;
  /** gamma of SELF_ADVERSARIAL and MARGIN. */
  readonly margin: number;
  /** Of SELF_ADVERSARIAL: larger looks more at the negatives that are scored high. */
  readonly temperature: number;
  /** Of LOGISTIC and MARGIN: what a negative counts against a positive's 1. */
  readonly negativeWeight: number;
}

/** ln(1 + e^x) without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** ln sum e^s and so the level that turns scores into the shares of a softmax. */
export function logSumExp(scores: ArrayLike<number>, rate = 1): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < scores.length; j++) most = Math.max(most, rate * (scores[j] ?? 0));
  let sum = 0;
  for (let j = 0; j < scores.length; j++) sum += Math.exp(rate * (scores[j] ?? 0) - most);
  return most + Math.log(sum);
}

/**
 * The loss of one positive, at `positive`, against all else in `scores`; negatives that are left out have the score -Infinity.
 * Replaces the scores by the gradient of the loss by them. @returns the loss
 */
export function lossOfRow(loss: Loss, scores: Float64Array, positive: number): number {
  const own = scores[positive] ?? 0;
  const { margin, temperature, negativeWeight } = loss;
  if (loss.name === 'SOFTMAX') {
    const level = logSumExp(scores);
    for (let j = 0; j < scores.length; j++) scores[j] = Math.exp((scores[j] ?? 0) - level);
    scores[positive] = (scores[positive] ?? 0) - 1;
    return level - own;
  }
  scores[positive] = Number.NEGATIVE_INFINITY;
  let lost = 0;
  if (loss.name === 'LOGISTIC') {
    for (let j = 0; j < scores.length; j++) {
      const score = scores[j] ?? 0;
      lost += negativeWeight * softplus(score);
      scores[j] = negativeWeight * sigmoid(score);
    }
    scores[positive] = -sigmoid(-own);
    return lost + softplus(-own);
  }
  if (loss.name === 'SELF_ADVERSARIAL') {
    const level = logSumExp(scores, temperature);
    for (let j = 0; j < scores.length; j++) {
      const score = scores[j] ?? 0;
      const share = score === Number.NEGATIVE_INFINITY ? 0 : Math.exp(temperature * score - level) / 2;
      lost += share * softplus(margin + score);
      scores[j] = share * sigmoid(margin + score);
    }
    scores[positive] = -sigmoid(-(margin + own)) / 2;
    return lost + softplus(-(margin + own)) / 2;
  }
  let active = 0;
  for (let j = 0; j < scores.length; j++) {
    const above = margin - own + (scores[j] ?? 0);
    lost += negativeWeight * Math.max(0, above);
    scores[j] = above > 0 ? negativeWeight : 0;
    active += scores[j] ?? 0;
  }
  scores[positive] = -active;
  return lost;
}
