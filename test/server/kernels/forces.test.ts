/** What moves the points of a map is the slope of what the papers say is to become small or large: against finite differences. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Graph } from '#kernels/graph.ts';
import { hash } from '#kernels/hash.ts';
import { BETA1 as PACMAP_BETA1, type Pairs, pairsStepPlain } from '#kernels/pacmap/layout.ts';
import { createRandom, permutation } from '#kernels/random.ts';
import { divergence, GAIN_SHRINKS, repulsionPlain, tsneStepPlain } from '#kernels/tsne/gradient.ts';
import { BETA1, BLOCK, layoutEpoch } from '#kernels/umap/layout.ts';

import fc from '../../helpers/laws.ts';

/** Positions are whole multiples of it, so that a step of a difference is exact in float32. */
const STEP = 2 ** -9;

const cases = fc.record({
  n: fc.integer({ min: 3, max: 9 }),
  dimensions: fc.constantFrom(2, 3),
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
});

/** (dimensions, n), each point in a cell of its own, some units from the next: no force is clipped, and none is softened by much. */
function placesOf(n: number, dimensions: number, seed: number): Float32Array {
  const random = createRandom(seed);
  const cells = permutation(4 ** dimensions, random);
  return Float32Array.from({ length: n * dimensions }, (_, at) => {
    const axis = Math.floor(at / n);
    const place = 2 * (Math.floor((cells[at % n] ?? 0) / 4 ** axis) % 4) + random.uniform();
    return Math.round(place / STEP) * STEP;
  });
}

/** A symmetric graph of every second pair or so, with its weights. */
function graphOf(n: number, seed: number, total: number | null): Graph {
  const random = createRandom(seed);
  const matrix = Array.from({ length: n }, () => new Float64Array(n));
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const weight = random.uniform() < 0.5 || j === i - 1 ? 0.1 + 0.9 * random.uniform() : 0;
      for (const [a, b] of [
        [i, j],
        [j, i],
      ] as const) {
        const row = matrix[a];
        if (row) row[b] = weight;
      }
      sum += 2 * weight;
    }
  }
  const edges = matrix.flatMap((row, i) => [...row].flatMap((weight, j) => (weight > 0 ? [{ i, j, weight }] : [])));
  return {
    n,
    starts: Uint32Array.from({ length: n + 1 }, (_, i) => edges.filter((edge) => edge.i < i).length),
    columns: Uint32Array.from(edges, ({ j }) => j),
    weights: Float32Array.from(edges, ({ weight }) => (total === null ? weight : (weight / sum) * total)),
  };
}

function squareOf(places: Float32Array, n: number, i: number, j: number): number {
  let square = 0;
  for (let at = 0; at < places.length; at += n) square += ((places[at + i] ?? 0) - (places[at + j] ?? 0)) ** 2;
  return square;
}

/** The slope of a function of all places, by central differences. */
function slopesOf(places: Float32Array, valueAt: (places: Float32Array) => number): Float64Array {
  return Float64Array.from(places, (_, at) => {
    const beside = (by: number) => {
      const moved = places.slice();
      moved[at] = (moved[at] ?? 0) + by;
      return valueAt(moved);
    };
    return (beside(STEP) - beside(-STEP)) / (2 * STEP);
  });
}

function assertNear(given: Float64Array, wanted: Float64Array, share: number): void {
  const size = Math.max(1e-6, ...wanted.map(Math.abs));
  given.forEach((value, at) => {
    assert.ok(Math.abs(value - (wanted[at] ?? 0)) <= share * size, `${at}: ${value}, wanted ${wanted[at]}`);
  });
}

test("t-SNE's step goes down the slope of the Kullback-Leibler divergence", () => {
  fc.assert(
    fc.property(cases, ({ n, dimensions, seed }) => {
      const places = placesOf(n, dimensions, seed);
      const graph = graphOf(n, seed + 1, 1);
      const wanted = slopesOf(places, (at) => divergence(at, dimensions, graph, repulsionPlain(at, n, dimensions).sum));
      const length = places.length;
      const layout = {
        ...{ dimensions, iteration: 0, positions: places },
        ...{ updates: new Float32Array(length), gains: new Float32Array(length).fill(1) },
      };
      const step = { exaggeration: 1, learningRate: 2 ** -6, momentum: 0, longest: Number.POSITIVE_INFINITY };
      tsneStepPlain(layout, graph, step);
      // The factor of 4 is in the learning rate.
      const given = Float64Array.from(layout.updates, (move) => (-4 * move) / (step.learningRate * GAIN_SHRINKS));
      assertNear(given, wanted, 1e-3);
    }),
    { numRuns: 40 },
  );
});

test("t-SNE's forces move no map as a whole: what pushes one point pushes another back", () => {
  fc.assert(
    fc.property(cases, ({ n, dimensions, seed }) => {
      const { forces } = repulsionPlain(placesOf(n, dimensions, seed), n, dimensions);
      for (let c = 0; c < dimensions; c++) {
        const sum = forces.subarray(c * n, (c + 1) * n).reduce((total, force) => total + force, 0);
        assert.ok(Math.abs(sum) < 1e-12 * n, `${sum}`);
      }
    }),
  );
});

test("PaCMAP's and LocalMAP's steps go down the slope of their losses, each pair's at both its ends", () => {
  fc.assert(
    fc.property(cases, fc.constantFrom(0, 1.5), ({ n, dimensions, seed }, reach) => {
      const places = placesOf(n, dimensions, seed);
      const pairs = (): Pairs => graphOf(n, ++kind, null);
      let kind = seed;
      const kinds = { near: pairs(), mid: pairs(), further: pairs() };
      const forces = { near: 2, mid: 300, further: 1, reach };
      const sumOver = ({ starts, columns }: Pairs, at: Float32Array, lossOf: (d: number) => number) => {
        let sum = 0;
        for (let i = 0; i < n; i++) {
          for (let entry = starts[i] ?? 0; entry < (starts[i + 1] ?? 0); entry++) {
            sum += lossOf(1 + squareOf(at, n, i, columns[entry] ?? 0)) / 2; // each pair stands in two rows
          }
        }
        return sum;
      };
      const near = (d: number) =>
        reach === 0
          ? d / (10 + d)
          : // The integral of 10 / (10 + D)^2 reach / (2 sqrt D) over D.
            reach * ((Math.sqrt(d) / (10 + d) + Math.atan(Math.sqrt(d / 10)) / Math.sqrt(10)) / 2);
      const wanted = slopesOf(
        places,
        (at) =>
          forces.near * sumOver(kinds.near, at, near) +
          forces.mid * sumOver(kinds.mid, at, (d) => d / (1e4 + d)) +
          forces.further * sumOver(kinds.further, at, (d) => 1 / (1 + d)),
      );
      const length = places.length;
      const layout = {
        ...{ dimensions, iteration: 0, positions: places },
        ...{ momentum: new Float32Array(length), velocity: new Float32Array(length) },
      };
      pairsStepPlain(layout, kinds, forces);
      // From nothing, the first moment is a share of the gradient.
      assertNear(
        Float64Array.from(layout.momentum, (moment) => moment / (1 - PACMAP_BETA1)),
        wanted,
        1e-3,
      );
    }),
    { numRuns: 40 },
  );
});

test("UMAP's forces go up the slope of the likelihood: of edges by the curve, of points drawn by what it leaves", () => {
  fc.assert(
    fc.property(cases, fc.constantFrom(0, 5), ({ n, dimensions, seed }, repulsion) => {
      const places = placesOf(n, dimensions, seed);
      const graph = graphOf(n, seed + 1, null);
      const [a, b] = [1.577, 0.895];
      const epoch = 3;
      const layout = {
        ...{ dimensions, epoch, positions: places },
        ...{ momentum: new Float32Array(places.length), velocity: new Float32Array(places.length) },
      };
      layoutEpoch(layout, graph, { a, b, repulsion }, 10, seed);
      const given = Float64Array.from(layout.momentum, (moment) => moment / (1 - BETA1));

      // Each vertex moves for itself, the others staying where they are.
      const key = hash((Math.imul(epoch + 1, 0x9e3779b1) ^ seed) >>> 0);
      const drawn = Array.from({ length: BLOCK }, (_, lane) => hash((key + lane) >>> 0) % n);
      const unlike = (square: number) => b * Math.log(0.001 + square) - Math.log(1 + a * square ** b);
      const wanted = new Float64Array(places.length);
      for (let i = 0; i < n; i++) {
        const likelihood = (at: Float32Array) => {
          let sum = 0;
          let degree = 0;
          for (let entry = graph.starts[i] ?? 0; entry < (graph.starts[i + 1] ?? 0); entry++) {
            const weight = graph.weights[entry] ?? 0;
            degree += weight;
            sum -= 2 * weight * Math.log(1 + a * squareOf(at, n, i, graph.columns[entry] ?? 0) ** b);
          }
          const pushed = drawn.reduce((all, j) => all + (j === i ? 0 : unlike(squareOf(at, n, i, j))), 0);
          return sum + ((repulsion * degree) / BLOCK) * pushed;
        };
        const slopes = slopesOf(places, likelihood);
        for (let c = 0; c < dimensions; c++) wanted[c * n + i] = slopes[c * n + i] ?? 0;
      }
      // What keeps the push finite at small distances, 0.001 + d^2, is not in the slope of the curve: some thousandths.
      assertNear(given, wanted, 5e-3);
    }),
    { numRuns: 40 },
  );
});
