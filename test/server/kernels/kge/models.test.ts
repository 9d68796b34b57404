import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { measures } from '#kernels/kge/measure.ts';
import { type GraphModel, modelNames, type Numbers } from '#kernels/kge/model.ts';
import { graphModels } from '#kernels/kge/models.ts';
import { createParameters, entityOf, relationOf } from '#kernels/kge/parameters.ts';
import { expMap, logMap } from '#kernels/kge/poincare.ts';
import { type Side, scoreHeads, scoreRelations, scoreTails, scoreTriple, tripleGradient } from '#kernels/kge/score.ts';
import { createRandom } from '#kernels/random.ts';

const shape = { dimension: 6, relationDimension: 6 };
const E = 9;
const R = 3;

/** Parameters of some size, so that no score is all but 0. */
function parametersOf(model: GraphModel, reciprocal = model.headQuery === null) {
  const made = createParameters(E, R, {
    ...{ model: model.name, dimension: 6, reciprocal, seed: 7 },
    initialization: { distribution: 'NORMAL', scale: 0.4 },
  });
  const random = createRandom(8);
  made.biases.forEach((_, e) => {
    made.biases[e] = random.normal();
  });
  return made;
}

function near(actual: number, expected: number, tolerance: number, what: string): void {
  const allowed = tolerance * Math.max(1, Math.abs(expected));
  assert.ok(Math.abs(actual - expected) <= allowed, `${what}: ${actual} instead of ${expected}`);
}

/** Score of a triple by vectors in float64. */
function scoreOf(
  model: GraphModel,
  side: Side,
  head: Numbers,
  relation: Numbers,
  tail: Numbers,
  shared: Numbers,
): number {
  const measure = measures[model.measure];
  const query = new Float64Array(shape.dimension + measure.extra);
  const make = side === 'TAIL' ? model.tailQuery : model.headQuery;
  make?.({ entity: side === 'TAIL' ? head : tail, relation, shared }, query);
  return measure.score(query, side === 'TAIL' ? tail : head);
}

function draws(model: GraphModel, seed: number) {
  const random = createRandom(seed);
  const normal = (length: number) => Float64Array.from({ length }, () => 0.5 * random.normal());
  return {
    head: normal(shape.dimension),
    relation: normal(model.relationWidth(shape)),
    tail: normal(shape.dimension),
    shared: normal(model.sharedWidth(shape)),
  };
}

for (const name of modelNames) {
  const model = graphModels[name];
  const sides: readonly Side[] = model.headQuery === null ? ['TAIL'] : ['TAIL', 'HEAD'];

  describe(name, () => {
    test('a triple has the same score by itself, among all tails, among all heads and among all relations', () => {
      const parameters = parametersOf(model);
      for (let head = 0; head < E; head++) {
        for (let relation = 0; relation < R; relation++) {
          const tails = scoreTails(parameters, head, relation);
          for (let tail = 0; tail < E; tail++) {
            const alone = scoreTriple(parameters, head, relation, tail);
            near(tails[tail] ?? Number.NaN, alone, 1e-5, 'among tails');
            near(scoreRelations(parameters, head, tail)[relation] ?? Number.NaN, alone, 1e-5, 'among relations');
            const asHead = scoreTriple(parameters, head, relation, tail, 'HEAD');
            near(scoreHeads(parameters, relation, tail)[head] ?? Number.NaN, asHead, 1e-5, 'among heads');
            if (!parameters.reciprocal) near(asHead, alone, 1e-5, 'as head and as tail');
          }
        }
      }
    });

    test('with reciprocal relations heads are tails of the inverse', () => {
      const parameters = parametersOf(model, true);
      const { entityCount, relationCount } = parameters;
      const swapped = { ...parameters, relations: swapHalves(parameters.relations) };
      for (let tail = 0; tail < entityCount; tail++) {
        for (let relation = 0; relation < relationCount; relation++) {
          assert.deepEqual(scoreHeads(parameters, relation, tail), scoreTails(swapped, tail, relation));
        }
      }
    });

    test('its gradient is that of finite differences, for all that a score is made of', () => {
      for (const side of sides) {
        for (let seed = 1; seed <= 4; seed++) {
          const point = draws(model, seed);
          const found = tripleGradient(
            { model: name, ...shape },
            point.head,
            point.relation,
            point.tail,
            point.shared,
            side,
          );
          for (const part of ['head', 'relation', 'tail', 'shared'] as const) {
            for (let k = 0; k < point[part].length; k++) {
              const moved = (step: number) => {
                const there = { ...point, [part]: point[part].slice() };
                there[part][k] = (there[part][k] ?? 0) + step;
                return scoreOf(model, side, there.head, there.relation, there.tail, there.shared);
              };
              const difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
              near(found[part][k] ?? Number.NaN, difference, 1e-6, `${side} ${part}[${k}]`);
            }
          }
        }
      }
    });

    test('the gradient by the relation is that of its query, where relations can be asked for', () => {
      const { relationQuery, relationQueryGradient } = model;
      if (relationQuery === null || relationQueryGradient === null) return;
      const { head, relation, tail, shared } = draws(model, 3);
      const query = new Float64Array(relation.length);
      relationQuery(head, tail, query);
      const score = scoreOf(model, 'TAIL', head, relation, tail, shared);
      near(measures.INNER_PRODUCT.score(query, relation), score, 1e-12, 'score');
      const gradient = tripleGradient({ model: name, ...shape }, head, relation, tail, shared);
      const byHead = new Float64Array(head.length);
      const byTail = new Float64Array(tail.length);
      relationQueryGradient(head, tail, relation, byHead, byTail);
      for (let k = 0; k < head.length; k++) {
        near(byHead[k] ?? Number.NaN, gradient.head[k] ?? 0, 1e-12, 'head');
        near(byTail[k] ?? Number.NaN, gradient.tail[k] ?? 0, 1e-12, 'tail');
      }
      query.forEach((value, k) => {
        near(value, gradient.relation[k] ?? 0, 1e-12, 'relation');
      });
    });
  });
}

function swapHalves(relations: Float32Array): Float32Array {
  const half = relations.length / 2;
  const swapped = new Float32Array(relations.length);
  swapped.set(relations.subarray(half));
  swapped.set(relations.subarray(0, half), half);
  return swapped;
}

// Relation patterns -------------------------------------------------------------------------------------------------

const d = shape.dimension;
const zeros = (length: number) => new Float64Array(length);

/** Relations that make a model symmetric: score(h, r, t) = score(t, r, h). */
const symmetric: Readonly<Record<string, () => Float64Array>> = {
  TRANSE_L1: () => zeros(d),
  TRANSE_L2: () => zeros(d),
  DISTMULT: () => draws(graphModels.DISTMULT, 11).relation,
  COMPLEX: () => draws(graphModels.COMPLEX, 11).relation.fill(0, d / 2),
  ROTATE: () => Float64Array.of(Math.PI, 0, Math.PI),
  RESCAL: () => {
    const { relation } = draws(graphModels.RESCAL, 11);
    return relation.map((value, at) => value + (relation[(at % d) * d + Math.floor(at / d)] ?? 0));
  },
  ROTE: () => Float64Array.of(Math.PI, 0, Math.PI, ...zeros(d)),
  ROTH: () => Float64Array.of(Math.PI, 0, Math.PI, ...zeros(d), 0.3),
};

/** The inverse of a relation: score(h, r, t) = score(t, inverse, h). */
const inverse: Readonly<Record<string, (relation: Float64Array) => Float64Array>> = {
  TRANSE_L1: (r) => r.map((value) => -value),
  TRANSE_L2: (r) => r.map((value) => -value),
  DISTMULT: (r) => r,
  COMPLEX: (r) => r.map((value, k) => (k < d / 2 ? value : -value)),
  ROTATE: (r) => r.map((angle) => -angle),
  RESCAL: (r) => r.map((_, at) => r[(at % d) * d + Math.floor(at / d)] ?? 0),
  ROTE: (r) => {
    const shift = zeros(d);
    graphModels.ROTE.headQuery?.({ entity: zeros(d), relation: r, shared: zeros(0) }, shift);
    return Float64Array.of(...r.subarray(0, d / 2).map((angle) => -angle), ...shift);
  },
};

/** The relation that leads where first one and then the other lead: the query of the second of the first's query. */
const composed: Readonly<Record<string, (first: Float64Array, second: Float64Array) => Float64Array>> = {
  TRANSE_L1: (a, b) => a.map((value, k) => value + (b[k] ?? 0)),
  TRANSE_L2: (a, b) => a.map((value, k) => value + (b[k] ?? 0)),
  ROTATE: (a, b) => a.map((angle, k) => angle + (b[k] ?? 0)),
  RESCAL: (a, b) =>
    a.map((_, at) => {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += (a[Math.floor(at / d) * d + k] ?? 0) * (b[k * d + (at % d)] ?? 0);
      return sum;
    }),
  ROTE: (a, b) => {
    const shift = zeros(d);
    graphModels.ROTE.tailQuery({ entity: a.subarray(d / 2), relation: b, shared: zeros(0) }, shift);
    return Float64Array.of(...a.subarray(0, d / 2).map((angle, k) => angle + (b[k] ?? 0)), ...shift);
  },
};

describe('the patterns of relations that a model claims', () => {
  for (const [name, make] of Object.entries(symmetric)) {
    test(`${name} has symmetric relations`, () => {
      const model = modelOf(name);
      const { head, tail, shared } = draws(model, 5);
      const relation = make();
      const one = scoreOf(model, 'TAIL', head, relation, tail, shared);
      near(scoreOf(model, 'TAIL', tail, relation, head, shared), one, 1e-12, 'the other way round');
    });
  }

  for (const [name, invert] of Object.entries(inverse)) {
    test(`${name} has inverse relations`, () => {
      const model = modelOf(name);
      const { head, relation, tail, shared } = draws(model, 6);
      const one = scoreOf(model, 'TAIL', head, relation, tail, shared);
      near(scoreOf(model, 'TAIL', tail, invert(relation), head, shared), one, 1e-12, 'by the inverse');
    });
  }

  for (const [name, compose] of Object.entries(composed)) {
    test(`${name} composes relations`, () => {
      const model = modelOf(name);
      const { head, relation, shared } = draws(model, 9);
      const second = draws(model, 10).relation;
      const [between, twice, once] = [zeros(d), zeros(d), zeros(d)];
      model.tailQuery({ entity: head, relation, shared }, between);
      model.tailQuery({ entity: between, relation: second, shared }, twice);
      model.tailQuery({ entity: head, relation: compose(relation, second), shared }, once);
      once.forEach((value, k) => {
        near(value, twice[k] ?? Number.NaN, 1e-12, `query[${k}]`);
      });
    });
  }

  test('COMPLEX has antisymmetric relations, which DISTMULT has not', () => {
    const { head, relation, tail, shared } = draws(graphModels.COMPLEX, 12);
    relation.fill(0, 0, d / 2);
    const one = scoreOf(graphModels.COMPLEX, 'TAIL', head, relation, tail, shared);
    assert.ok(Math.abs(one) > 0.01);
    near(scoreOf(graphModels.COMPLEX, 'TAIL', tail, relation, head, shared), -one, 1e-12, 'the other way round');
  });

  test('ROTH with a small curvature is ROTE at four times the score', () => {
    // The distance of the ball at 0 is twice that of the plane.
    const { head, relation, tail, shared } = draws(graphModels.ROTE, 13);
    const flat = scoreOf(graphModels.ROTE, 'TAIL', head, relation, tail, shared);
    const bent = scoreOf(graphModels.ROTH, 'TAIL', head, Float64Array.of(...relation, -12), tail, shared);
    near(bent, 4 * flat, 1e-3, 'score');
    for (const bend of [-90, -200, -1000]) {
      const flattest = Float64Array.of(...relation, bend);
      near(scoreOf(graphModels.ROTH, 'TAIL', head, flattest, tail, shared), 4 * flat, 1e-9, `score at ${bend}`);
      const gradient = tripleGradient(
        { model: 'ROTH', dimension: d, relationDimension: d },
        ...([head, flattest, tail, shared] as const),
      );
      const numbers = [...gradient.head, ...gradient.relation, ...gradient.tail];
      assert.ok(numbers.every(Number.isFinite), `gradient at ${bend}`);
    }
  });

  test('in the Poincaré ball the way to a point and back is none, to the border', () => {
    for (const c of [1e-30, 0.3, 1, 4]) {
      for (const length of [0, 1e-12, 1e-3, 0.5, 2, 5]) {
        const tangent = Float64Array.of(0.48, -0.6, 0.64).map((value) => (value * length) / Math.sqrt(c));
        const back = new Float64Array(3);
        expMap(tangent, c, back);
        logMap(back, c, back);
        for (const [k, value] of tangent.entries()) {
          assert.ok(
            Math.abs((back[k] ?? 0) - value) <= 1e-9 * Math.abs(value),
            `${c} ${length}: ${back[k]}, not ${value}`,
          );
        }
      }
      const border = Float64Array.of(0, 1 / Math.sqrt(c));
      logMap(border, c, border);
      assert.ok(border.every(Number.isFinite));
    }
  });
});

function modelOf(name: string): GraphModel {
  const found = modelNames.find((known) => known === name);
  assert.ok(found !== undefined);
  return graphModels[found];
}

test('parameters that no model can have are refused in a sentence', () => {
  const options = { model: 'COMPLEX', dimension: 8, seed: 1 } as const;
  assert.throws(() => createParameters(3, 2, { ...options, dimension: 7 }), /takes its numbers in pairs.*got 7/);
  assert.throws(() => createParameters(3, 2, { ...options, dimension: 0 }), /from 1 to 4096, got 0/);
  assert.throws(() => createParameters(0, 2, options), /got 0 and 2/);
  assert.throws(() => createParameters(3, 2, { ...options, relationDimension: 4 }), /Only TUCKER/);
  assert.throws(() => createParameters(3, 2, { ...options, model: 'ROTH', reciprocal: false }), /reciprocal/);
});

test('the same seed gives the same start, another seed another', () => {
  const start = (seed: number) => createParameters(5, 2, { model: 'ROTE', dimension: 4, seed });
  assert.deepEqual(start(1), start(1));
  assert.notDeepEqual(entityOf(start(1), 0), entityOf(start(2), 0));
  assert.notDeepEqual(relationOf(start(1), 3), relationOf(start(2), 3));
});
