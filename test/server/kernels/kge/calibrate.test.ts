import assert from 'node:assert/strict';
import { test } from 'node:test';

import { calibrationMetrics, fitCalibration, probabilityOf } from '#kernels/kge/calibrate.ts';
import { classify, fitThresholds, isTaken, type Judged } from '#kernels/kge/classify.ts';
import { createRandom } from '#kernels/random.ts';

/** Scores with labels that are true by a known sigmoid. */
function drawn(n: number, seed: number, slope: number, offset: number) {
  const random = createRandom(seed);
  const scores = Float64Array.from({ length: n }, () => -40 + 12 * random.normal());
  const labels = Uint8Array.from(scores, (score) =>
    random.uniform() < probabilityOf({ slope, offset }, score) ? 1 : 0,
  );
  return { scores, labels };
}

test('a calibration finds the sigmoid that the labels were drawn by', () => {
  const { scores, labels } = drawn(20_000, 1, 0.25, 9);
  const { slope, offset } = fitCalibration(scores, labels);
  assert.ok(Math.abs(slope / 0.25 - 1) < 0.05, `${slope}`);
  assert.ok(Math.abs(offset / 9 - 1) < 0.05, `${offset}`);
});

test('calibrated probabilities are as often true as they say, on other triples', () => {
  const fitted = fitCalibration(drawn(5000, 2, 0.3, 12).scores, drawn(5000, 2, 0.3, 12).labels);
  const other = drawn(5000, 3, 0.3, 12);
  const probabilities = other.scores.map((score) => probabilityOf(fitted, score));
  const good = calibrationMetrics(probabilities, other.labels);
  assert.ok(good.calibrationError < 0.02, `${good.calibrationError}`);
  // The sigmoid of the score itself says that hardly anything is true.
  const raw = calibrationMetrics(
    other.scores.map((score) => probabilityOf({ slope: 1, offset: 0 }, score)),
    other.labels,
  );
  assert.ok(raw.brier > good.brier && raw.calibrationError > 0.2);
  assert.equal(
    good.reliability.reduce((sum, { count }) => sum + count, 0),
    5000,
  );
});

test('the base rate moves the probabilities, not their order', () => {
  const { scores, labels } = drawn(5000, 4, 0.25, 10);
  const half = fitCalibration(scores, labels, 0.5);
  const rare = fitCalibration(scores, labels, 0.01);
  const mean = (calibration: typeof half) =>
    scores.reduce((sum, score) => sum + probabilityOf(calibration, score), 0) / scores.length;
  assert.ok(mean(rare) < mean(half) / 4);
  assert.ok(rare.slope > 0 && half.slope > 0);
});

test('a calibration without false triples is refused', () => {
  assert.throws(() => fitCalibration([1, 2], [1, 1]), /got 2 and 0/);
  assert.throws(() => fitCalibration([1, 2], [1, 0], 1), /base rate/);
});

test('perfect separation has a finite sigmoid', () => {
  const { slope, offset } = fitCalibration([-3, -2, 5, 6], [0, 0, 1, 1]);
  assert.ok(Number.isFinite(slope) && Number.isFinite(offset));
  assert.ok(probabilityOf({ slope, offset }, 5) > 0.7 && probabilityOf({ slope, offset }, -2) < 0.3);
});

function judgedBy(n: number, seed: number): Judged {
  const random = createRandom(seed);
  return {
    // Few different scores, so that there are ties.
    scores: Float32Array.from({ length: n }, () => random.below(7)),
    relations: Int32Array.from({ length: n }, () => random.below(3)),
    labels: Uint8Array.from({ length: n }, () => random.below(2)),
  };
}

test('no threshold is more accurate than the one that is found, and none lower is as accurate', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const judged = judgedBy(25, seed);
    const found = fitThresholds(judged, 4);
    const accuracy = (threshold: number, relation: number) =>
      judged.scores.filter(
        (score, i) => judged.relations[i] === relation && score >= threshold === (judged.labels[i] === 1),
      ).length;
    for (let relation = 0; relation < 3; relation++) {
      const own = found.byRelation[relation] ?? Number.NaN;
      if (!judged.relations.includes(relation)) assert.ok(Number.isNaN(own));
      else {
        for (const other of [Number.NEGATIVE_INFINITY, 0, 1, 2, 3, 4, 5, 6, 7]) {
          assert.ok(
            accuracy(own, relation) >= accuracy(other, relation),
            `seed ${seed}, relation ${relation}, ${own} or ${other}`,
          );
        }
      }
    }
    assert.ok(Number.isNaN(found.byRelation[3] ?? 0));
    assert.equal(isTaken(found, found.fallback, 3), true);
  }
});

test('metrics of a classification are those counted by hand', () => {
  // Yes from .5 on: 3 true and 2 false positives, 2 true negatives, 1 false one. Average precision: 1/2 at precision 1, then 1/4 at
  // 3/5 (two scores are equal), 1/4 at 4/6.
  const judged: Judged = {
    scores: Float32Array.of(0.9, 0.8, 0.3, 0.7, 0.2, 0.1, 0.6, 0.6),
    relations: new Int32Array(8),
    labels: Uint8Array.of(1, 1, 1, 0, 0, 0, 1, 0),
  };
  const found = classify(judged, { byRelation: Float64Array.of(0.5), fallback: 0 });
  assert.equal(found.accuracy, 0.625);
  assert.equal(found.balancedAccuracy, 0.625);
  assert.equal(found.precision, 0.6);
  assert.equal(found.recall, 0.75);
  assert.ok(Math.abs(found.f1 - 2 / 3) < 1e-12);
  assert.ok(Math.abs(found.correlation - 4 / Math.sqrt(240)) < 1e-12);
  assert.ok(Math.abs(found.averagePrecision - (1 / 2 + 3 / 20 + 1 / 6)) < 1e-12);
});
