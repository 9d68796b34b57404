/**
 * Triple classification: is a triple true? A score is taken to say yes from a threshold on, one for each relation, that fits a
 * validation set best (Socher, Chen, Manning and Ng, "Reasoning With Neural Tensor Networks for Knowledge Base Completion", NIPS
 * 2013, section 4.2; hard negatives as Safavi and Koutra, "CoDEx", EMNLP 2020, section 5).
 */

/** Scores of triples that are known to be true or false, each with its relation. */
export interface Judged {
  readonly scores: Float32Array;
  readonly relations: Int32Array;
  /** 1 true, 0 false. */
  readonly labels: Uint8Array;
}

export interface Thresholds {
  /** (R) NaN where the validation has none of the relation: `fallback` holds. */
  readonly byRelation: Float64Array;
  /** The threshold that fits all relations together best. */
  readonly fallback: number;
}

/** For each relation the threshold of the highest accuracy; among equals the lowest. */
export function fitThresholds(judged: Judged, relationCount: number): Thresholds {
  const groups = Array.from({ length: relationCount }, (): number[] => []);
  judged.relations.forEach((relation, i) => {
    groups[relation]?.push(i);
  });
  const everything = Array.from(judged.scores, (_, i) => i);
  return {
    byRelation: Float64Array.from(groups, (group) => (group.length === 0 ? Number.NaN : bestThreshold(judged, group))),
    fallback: bestThreshold(judged, everything),
  };
}

/** The scores themselves are the thresholds that can make a difference: the least says yes to all of the group, Infinity to none. */
function bestThreshold({ scores, labels }: Judged, group: readonly number[]): number {
  const sorted = [...group].sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  // Right answers if all are taken to be true; each score that the threshold passes turns one answer round.
  let right = group.filter((i) => labels[i] === 1).length;
  let best = { threshold: scores[sorted[0] ?? 0] ?? Number.NEGATIVE_INFINITY, right };
  for (let at = 0; at < sorted.length; at++) {
    const i = sorted[at] ?? 0;
    right += labels[i] === 1 ? -1 : 1;
    const next = scores[sorted[at + 1] ?? -1];
    if (next === scores[i]) continue;
    const threshold = next ?? Number.POSITIVE_INFINITY;
    if (right > best.right) best = { threshold, right };
  }
  return best.threshold;
}

/** Whether a score of a relation says yes. */
export function isTaken({ byRelation, fallback }: Thresholds, score: number, relation: number): boolean {
  const threshold = byRelation[relation] ?? Number.NaN;
  return score >= (Number.isNaN(threshold) ? fallback : threshold);
}

export interface ClassificationMetrics {
  readonly count: number;
  readonly accuracy: number;
  /** Mean of the shares of true and of false triples that are told. */
  readonly balancedAccuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Matthews' correlation coefficient, -1 to 1. */
  readonly correlation: number;
  /** Area under the curve of precision over recall, by scores as they are: average precision. */
  readonly averagePrecision: number;
}

/** How well thresholds tell other triples. Where nothing is said yes to, precision and F1 are 0. */
export function classify(judged: Judged, thresholds: Thresholds): ClassificationMetrics {
  const { scores, relations, labels } = judged;
  let [truePositives, falsePositives, trueNegatives, falseNegatives] = [0, 0, 0, 0];
  scores.forEach((score, i) => {
    const taken = isTaken(thresholds, score, relations[i] ?? 0);
    if (labels[i] === 1) taken ? truePositives++ : falseNegatives++;
    else taken ? falsePositives++ : trueNegatives++;
  });
  const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
  const precision = ratio(truePositives, truePositives + falsePositives);
  const recall = ratio(truePositives, truePositives + falseNegatives);
  const product =
    (truePositives + falsePositives) *
    (truePositives + falseNegatives) *
    (trueNegatives + falsePositives) *
    (trueNegatives + falseNegatives);
  return {
    count: scores.length,
    accuracy: ratio(truePositives + trueNegatives, scores.length),
    balancedAccuracy: (recall + ratio(trueNegatives, trueNegatives + falsePositives)) / 2,
    precision,
    recall,
    f1: ratio(2 * precision * recall, precision + recall),
    correlation: ratio(truePositives * trueNegatives - falsePositives * falseNegatives, Math.sqrt(product)),
    averagePrecision: averagePrecision(judged),
  };
}

/** sum (R_n - R_(n-1)) P_n over the different scores from the highest down. */
function averagePrecision({ scores, labels }: Judged): number {
  const sorted = Array.from(scores, (_, i) => i).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const positives = labels.reduce((sum, label) => sum + label, 0);
  if (positives === 0) return 0;
  let found = 0;
  let before = 0;
  let area = 0;
  sorted.forEach((i, at) => {
    found += labels[i] ?? 0;
    if (at + 1 < sorted.length && scores[sorted[at + 1] ?? 0] === scores[i]) return;
    area += ((found - before) / positives) * (found / (at + 1));
    before = found;
  });
  return area;
}
