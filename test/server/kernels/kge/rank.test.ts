import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { CpuTable } from '#kernels/kge/cpuTable.ts';
import { indexQueries, type KnowledgeGraph, knownAnswers } from '#kernels/kge/graph.ts';
import {
  adjustedMetrics,
  allTasks,
  chanceOf,
  kindsOfRelations,
  rankMetrics,
  tasksByFrequency,
  tasksOfSide,
} from '#kernels/kge/metrics.ts';
import { createParameters } from '#kernels/kge/parameters.ts';
import {
  type Asker,
  entityTableShape,
  loadEntities,
  modelAsker,
  type Ranks,
  rankBatch,
  rankOf,
  rankTriples,
  taskOf,
} from '#kernels/kge/rank.ts';
import { scoreHeads, scoreTails } from '#kernels/kge/score.ts';
import { PlainTable, type Table } from '#kernels/kge/table.ts';
import { createRandom } from '#kernels/random.ts';
import { graphFile, graphLines, hasGraphData, readGraph } from '../../../helpers/graphData.ts';
import fc from '../../../helpers/laws.ts';
import { libraryThreads } from '../../../helpers/threads.ts';

const backend = await CpuBackend.create(null);
const byLibrary = await CpuBackend.create(libraryThreads(2));
after(() => byLibrary.close());

/** A small graph by chance, with repeated answers, self-loops and entities that no training triple names. */
function smallGraph(seed: number): KnowledgeGraph {
  const random = createRandom(seed);
  const [entityCount, relationCount] = [30, 4];
  const triples = (count: number, entities: number) =>
    Int32Array.from({ length: 3 * count }, (_, at) => random.below(at % 3 === 1 ? relationCount : entities));
  return { entityCount, relationCount, train: triples(90, 25), validation: triples(12, 30), test: triples(15, 30) };
}

function known(graph: KnowledgeGraph) {
  return indexQueries(graph, [graph.train, graph.validation, graph.test]);
}

test('PyKEEN 1.11 ranks these scores so (tests/test_evaluation/test_evaluators.py)', () => {
  assert.deepEqual(rankOf([2, 2, 1, 3, 5], 0), { optimistic: 3, pessimistic: 4, candidates: 5 });
  assert.deepEqual(rankOf([1, 1, 3, 4, 0], 2), { optimistic: 2, pessimistic: 2, candidates: 5 });
  assert.deepEqual(rankOf([1, 1, 3, Number.NaN, 0], 2), { optimistic: 1, pessimistic: 1, candidates: 4 });
});

test('of a graph of five million entities and a thousand relations every query knows its own answers', () => {
  // The number of a triple would be 5 * 10^16 there: beyond what a float64 tells apart.
  const [n, r] = [5_000_000, 1000];
  const triples = Int32Array.of(
    n - 1,
    r - 1,
    n - 1,
    n - 1,
    r - 1,
    n - 2,
    n - 2,
    r - 1,
    n - 1,
    n - 1,
    r - 2,
    0,
    n - 3,
    0,
    n - 4,
  );
  const index = indexQueries({ entityCount: n, relationCount: r }, [triples, triples.subarray(0, 3)]);
  assert.deepEqual([...knownAnswers(index, n - 1, r - 1)], [n - 2, n - 1]);
  assert.deepEqual([...knownAnswers(index, n - 2, r - 1)], [n - 1]);
  assert.deepEqual([...knownAnswers(index, n - 1, 2 * r - 1)], [n - 2, n - 1]);
  assert.deepEqual([...knownAnswers(index, n - 1, r - 2)], [0]);
  assert.deepEqual([...knownAnswers(index, n - 4, r)], [n - 3]);
  assert.deepEqual([...knownAnswers(index, n - 3, r)], []);
  assert.deepEqual([...index.counts].sort(), [1, 1, 1, 1, 1, 1, 1, 1, 2, 2]);
});

test('a query knows its answers from either end', () => {
  const graph = { ...smallGraph(1), train: Int32Array.of(2, 1, 7, 2, 1, 3, 5, 1, 7, 2, 1, 3, 4, 0, 4) };
  const index = indexQueries(graph, [graph.train]);
  assert.deepEqual([...knownAnswers(index, 2, 1)], [3, 7]);
  assert.deepEqual([...knownAnswers(index, 7, 4 + 1)], [2, 5]);
  assert.deepEqual([...knownAnswers(index, 4, 0)], [4]);
  assert.deepEqual([...knownAnswers(index, 9, 0)], []);
  assert.equal(
    index.counts.reduce((sum, count) => sum + count, 0),
    10,
  );
});

for (const model of ['DISTMULT', 'ROTE', 'ROTH', 'TRANSE_L1'] as const) {
  test(`ranks of ${model} are those of its scores, one by one`, async () => {
    const graph = smallGraph(4);
    const parameters = createParameters(30, 4, {
      ...{ model, dimension: 6, seed: 5, reciprocal: model !== 'TRANSE_L1' },
      initialization: { distribution: 'NORMAL', scale: 0.3 },
    });
    // Twins, so that there are ties.
    parameters.entities.copyWithin(6 * 10, 0, 6 * 8);
    const shape = entityTableShape(parameters);
    const table = new CpuTable(backend, shape, { queries: 8, scored: 8, group: 0, negatives: 0, dense: false });
    loadEntities(table, parameters);
    const index = known(graph);
    const ranks = await rankTriples(table, modelAsker(table, parameters), graph.test, index, 8);
    for (let task = 0; task < ranks.optimistic.length; task++) {
      const { side, entity, relation, answer } = taskOf(graph.test, task);
      const scores =
        side === 'TAIL' ? scoreTails(parameters, entity, relation) : scoreHeads(parameters, relation, entity);
      const others = knownAnswers(index, entity, side === 'TAIL' ? relation : 4 + relation);
      const expected = rankOf(scores, answer, (candidate) => others.includes(candidate));
      const found = {
        optimistic: ranks.optimistic[task],
        pessimistic: ranks.pessimistic[task],
        candidates: ranks.candidates[task],
      };
      assert.deepEqual(found, expected, `task ${task}`);
    }
  });
}

test('a scorer that knows nothing has the mean rank of chance, whichever way ties fall', async () => {
  const graph = smallGraph(6);
  const table = new PlainTable({ count: 30, dimension: 2, measure: 'INNER_PRODUCT', biased: false }, { queries: 4 });
  const ranks = await rankTriples(table, () => 0, graph.test, known(graph), 4);
  const tasks = allTasks(ranks);
  const chance = chanceOf(ranks, tasks);
  const metrics = rankMetrics(ranks, tasks);
  assert.ok(Math.abs(metrics.meanRank - chance.meanRank.mean) < 1e-9);
  assert.ok(Math.abs(adjustedMetrics(metrics, chance).meanRankIndex) < 1e-9);
  assert.equal(rankMetrics(ranks, tasks, 'OPTIMISTIC').meanReciprocalRank, 1);
  assert.ok(rankMetrics(ranks, tasks, 'PESSIMISTIC').meanReciprocalRank < metrics.meanReciprocalRank);
});

test('chance over known numbers of candidates is that of PyKEEN: E[Hits@10] of 5 and 20 is .75', () => {
  const of = (candidates: number[]): Ranks => ({
    optimistic: new Int32Array(candidates.length).fill(1),
    pessimistic: new Int32Array(candidates.length).fill(1),
    candidates: Int32Array.from(candidates),
    scores: new Float32Array(candidates.length),
  });
  assert.equal(chanceOf(of([5, 20]), [0, 1]).hits[2]?.mean, 0.75);
  const one = chanceOf(of([9]), [0]);
  assert.ok(Math.abs((one.meanRank.deviation ** 2 * 12) / 80 - 1) < 1e-12);
  // By hand: ranks 1 to 3, 1/r: 1, 1/2, 1/3.
  const three = chanceOf(of([3]), [0]);
  assert.ok(Math.abs(three.meanReciprocalRank.mean - 11 / 18) < 1e-12);
  assert.ok(Math.abs(three.meanReciprocalRank.deviation ** 2 - (49 / 36 / 3 - (11 / 18) ** 2)) < 1e-12);
});

test('perfect ranks have the adjusted metrics 1', () => {
  const ranks: Ranks = {
    optimistic: Int32Array.of(1, 1),
    pessimistic: Int32Array.of(1, 1),
    candidates: Int32Array.of(40, 70),
    scores: new Float32Array(2),
  };
  const adjusted = adjustedMetrics(rankMetrics(ranks, [0, 1]), chanceOf(ranks, [0, 1]));
  assert.equal(adjusted.meanRankIndex, 1);
  assert.equal(adjusted.meanReciprocalRank, 1);
  assert.deepEqual(adjusted.hits, [1, 1, 1]);
  assert.ok(adjusted.zMeanRank > 0 && adjusted.zMeanReciprocalRank > 0 && adjusted.zHits[0] > 0);
});

test('whatever the numbers of candidates, adjusted metrics are numbers: where chance is perfect nothing is above it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat(11)), { minLength: 1, maxLength: 6 }),
      (tasks) => {
        const optimistic = Int32Array.from(tasks, ([candidates, rank]) => 1 + (rank % candidates));
        const ranks: Ranks = {
          ...{ optimistic, pessimistic: optimistic, scores: new Float32Array(tasks.length) },
          candidates: Int32Array.from(tasks, ([candidates]) => candidates),
        };
        const all = tasks.map((_, task) => task);
        const { hits, zHits, ...means } = adjustedMetrics(rankMetrics(ranks, all), chanceOf(ranks, all));
        const found = [...hits, ...zHits, ...Object.values(means)];
        assert.ok(found.every(Number.isFinite), found.join());
        if (tasks.every(([candidates]) => candidates <= 10)) assert.deepEqual([hits[2], zHits[2]], [0, 0]);
        if (tasks.every(([candidates]) => candidates === 1)) assert.ok(found.every((value) => value === 0));
      },
    ),
  );
});

test('the kind of a relation is told by its mean numbers of tails and heads', () => {
  const graph = { entityCount: 10, relationCount: 5 };
  // 0: a to b once; 1: one head, three tails; 2: three heads, one tail; 3: both; 4: nothing.
  const index = indexQueries(graph, [
    Int32Array.of(0, 0, 1, 2, 0, 3),
    Int32Array.of(0, 1, 1, 0, 1, 2, 0, 1, 3),
    Int32Array.of(1, 2, 0, 2, 2, 0, 3, 2, 0),
    Int32Array.of(0, 3, 1, 0, 3, 2, 4, 3, 1, 4, 3, 2),
  ]);
  assert.deepEqual(kindsOfRelations(index), ['ONE_TO_ONE', 'ONE_TO_MANY', 'MANY_TO_ONE', 'MANY_TO_MANY', null]);
});

test('groups by frequency hold every task once, the unseen first', async () => {
  const graph = smallGraph(8);
  const table = new PlainTable({ count: 30, dimension: 2, measure: 'L1', biased: false }, { queries: 4 });
  const ranks = await rankTriples(table, () => 0, graph.test, known(graph), 4);
  const groups = tasksByFrequency(ranks, graph.test, graph.train, 30);
  assert.deepEqual(
    groups.flatMap(({ tasks }) => [...tasks]).sort((a, b) => a - b),
    [...allTasks(ranks)],
  );
  assert.equal(groups[0]?.most, 0);
  groups.slice(1).forEach((group, i) => {
    assert.ok(group.least > (groups[i]?.most ?? 0));
  });
});

// Golden files ------------------------------------------------------------------------------------------------------

interface Side {
  readonly n: number;
  readonly sum_candidates: number;
  readonly min: number;
  readonly max: number;
  readonly E_MR: number;
  readonly SD_MR: number;
  readonly E_MRR: number;
  readonly SD_MRR: number;
  readonly E_H1: number;
  readonly E_H3: number;
  readonly E_H10: number;
}

const isMissing = !hasGraphData() && 'the shared graph data is not here';
const sets = ['fb15k-237', 'wn18rr', 'umls', 'nations', 'codex-s'];

for (const name of sets) {
  test(`candidates and chance of ${name} are those of golden_candidates.json`, { skip: isMissing }, () => {
    const golden: Record<string, { readonly sides: Readonly<Record<string, Side>> }> = JSON.parse(
      graphFile('golden_candidates.json'),
    );
    const graph = readGraph(name);
    const index = known(graph);
    const tasks = 2 * (graph.test.length / 3);
    const candidates = Int32Array.from({ length: tasks }, (_, task) => {
      const { side, entity, relation } = taskOf(graph.test, task);
      const others = knownAnswers(index, entity, side === 'TAIL' ? relation : graph.relationCount + relation);
      return graph.entityCount - others.length + 1; // the answer is among them
    });
    const none = new Int32Array(tasks);
    const ranks: Ranks = { candidates, optimistic: none, pessimistic: none, scores: new Float32Array(tasks) };
    const lists = { tail: tasksOfSide(ranks, 'TAIL'), head: tasksOfSide(ranks, 'HEAD'), both: allTasks(ranks) };
    for (const [side, list] of Object.entries(lists)) {
      const wanted = golden[name]?.sides[side];
      assert.ok(wanted !== undefined);
      const own = candidates.filter((_, task) => side === 'both' || (task % 2 === 0) === (side === 'tail'));
      assert.equal(list.length, wanted.n);
      assert.equal(
        own.reduce((sum, count) => sum + count, 0),
        wanted.sum_candidates,
      );
      assert.equal(
        own.reduce((least, count) => Math.min(least, count)),
        wanted.min,
      );
      assert.equal(
        own.reduce((most, count) => Math.max(most, count)),
        wanted.max,
      );
      const chance = chanceOf(ranks, list);
      const pairs: readonly (readonly [number | undefined, number])[] = [
        [chance.meanRank.mean, wanted.E_MR],
        [chance.meanRank.deviation, wanted.SD_MR],
        [chance.meanReciprocalRank.mean, wanted.E_MRR],
        [chance.meanReciprocalRank.deviation, wanted.SD_MRR],
        [chance.hits[0]?.mean, wanted.E_H1],
        [chance.hits[1]?.mean, wanted.E_H3],
        [chance.hits[2]?.mean, wanted.E_H10],
      ];
      for (const [found, expected] of pairs)
        assert.ok(Math.abs((found ?? 0) / expected - 1) < 1e-10, `${side} ${found} ${expected}`);
    }
  });
}

// CoDEx-S has entities enough for a library to be asked: what ties must be told as equal whoever multiplies.
for (const [name, on, by] of [
  ['umls', backend, 'WebAssembly'],
  ['nations', backend, 'WebAssembly'],
  ['codex-s', backend, 'WebAssembly'],
  ['codex-s', byLibrary, 'a library'],
] as const) {
  test(`ranks of ${name} by frequency, by ${by}, are those of golden_freq_ranks.tsv.gz, each of them`, {
    skip: isMissing,
  }, async () => {
    const graph = readGraph(name);
    const R = graph.relationCount;
    // score(h, r, e) = training triples (?, r, e): entity vectors of counts, and a query that picks one.
    const shape = { count: graph.entityCount, dimension: 2 * R, measure: 'INNER_PRODUCT', biased: false } as const;
    const batch = rankBatch(shape);
    const table = new CpuTable(on, shape, { queries: batch, scored: batch, group: 0, negatives: 0, dense: false });
    countInto(table, graph);
    const ask: Asker = ({ side, relation }, query) => {
      query.fill(0);
      query[side === 'TAIL' ? relation : R + relation] = 1;
      return 0;
    };
    const ranks = await rankTriples(table, ask, graph.test, known(graph), batch);

    const golden = graphLines(`${name}/golden_freq_ranks.tsv`);
    assert.equal(golden.length, ranks.optimistic.length);
    for (const [line = '', side, candidates, optimistic, pessimistic] of golden) {
      const task = 2 * Number(line) + (side === 'tail' ? 0 : 1);
      const found = [ranks.candidates[task], ranks.optimistic[task], ranks.pessimistic[task]];
      assert.deepEqual(found, [Number(candidates), Number(optimistic), Number(pessimistic)], `line ${line} ${side}`);
    }

    const metrics: Record<string, Record<string, Record<string, Record<string, number>>>> = JSON.parse(
      graphFile('golden_freq_metrics.json'),
    );
    const lists = { tail: tasksOfSide(ranks, 'TAIL'), head: tasksOfSide(ranks, 'HEAD'), both: allTasks(ranks) };
    for (const [side, tasks] of Object.entries(lists)) {
      for (const ties of ['OPTIMISTIC', 'PESSIMISTIC', 'REALISTIC'] as const) {
        const wanted = metrics[name]?.[side]?.[ties.toLowerCase()];
        assert.ok(wanted !== undefined, `${side} ${ties}`);
        const { meanRank, meanReciprocalRank, hits } = rankMetrics(ranks, tasks, ties);
        const found = { MR: meanRank, MRR: meanReciprocalRank, H1: hits[0], H3: hits[1], H10: hits[2] };
        for (const [metric, value] of Object.entries(found)) {
          assert.ok(Math.abs(value - (wanted[metric] ?? Number.NaN)) < 1e-12, `${side} ${ties} ${metric}`);
        }
      }
    }
  });
}

function countInto({ values, stride }: Table, { train, relationCount }: KnowledgeGraph): void {
  for (let i = 0; i < train.length; i += 3) {
    const [head = 0, relation = 0, tail = 0] = train.subarray(i, i + 3);
    const asTail = tail * stride + relation;
    const asHead = head * stride + relationCount + relation;
    values[asTail] = (values[asTail] ?? 0) + 1;
    values[asHead] = (values[asHead] ?? 0) + 1;
  }
}
