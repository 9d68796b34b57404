/**
 * Products of matrices on the processor: the rate at which exact neighbours, the scores of a graph model and the steps of its training
 * make them, in WebAssembly and by the library that the server has, beside onnxruntime's MatMul of the same shapes. By seconds of the
 * processor, of all threads together, so that the figures are one core's and other work on the machine counts little.
 *
 * Counted is what the definition multiplies: n^2 d for neighbours, of which the library makes half, each pair once; three products for a
 * step, of which it makes one twice. A step that has a ratio of r to the bare products of its shapes spends at least r of its time in them.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';

import { CpuBackend, type CpuThreads } from '#kernels/cpu/backend.ts';
import { CpuTable } from '#kernels/kge/cpuTable.ts';
import { nearestNeighbors } from '#kernels/knn.ts';
import { createMatrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { cpuThreads } from '../../server/cpuThreads.ts';
import { onnxModel } from '../helpers/models.ts';
import { libraryThreads } from '../helpers/threads.ts';
import type { Figure } from './figures.ts';

/** Rows whose neighbours are sought: what takes seconds, and by the library all that was promised, which takes half a minute of two cores. */
const ROWS = 6000;
const ALL_ROWS = 60_000;
const COLUMNS = 784;
/** Queries that are multiplied at a time. */
const TILE = 512;
/** A batch of FB15k-237. */
const BATCH = 256;
const ENTITIES = 14_541;
const DIMENSIONS = [50, 200];
/** Turns of ours and raw, after one that is not counted. */
const TURNS = 3;
const FLOAT = 1;

/** (m, k) by (k, n). */
interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

const ways: readonly { readonly by: string; readonly threads: () => CpuThreads; readonly ratio: number | null }[] = [
  { by: 'WebAssembly', threads: () => cpuThreads(), ratio: null },
  { by: 'onnxruntime', threads: () => libraryThreads(), ratio: 0.5 },
];

export async function gemmBench(report: (figure: Figure) => void): Promise<void> {
  for (const { by, threads, ratio } of ways) {
    const backend = await CpuBackend.create(threads());
    const tell = (what: string, found: { value: number; raw: number }) =>
      report({
        ...{ bench: 'gemm', engine: null, what: `${what}, ${by}, a core`, ...found, unit: 'GFLOP/s' },
        target: ratio === null ? null : { atLeastTimesRaw: ratio },
      });
    try {
      for (const rows of ratio === null ? [ROWS] : [ROWS, ALL_ROWS]) {
        const matrix = createMatrix(rows, COLUMNS, randomNumbers(rows * COLUMNS));
        const search = () =>
          nearestNeighbors(backend, matrix, 15, 'EUCLIDEAN', { exactWork: Number.POSITIVE_INFINITY });
        const tiles = Array.from({ length: Math.ceil(ROWS / TILE) }, () => ({ m: TILE, k: COLUMNS, n: ROWS }));
        const turns = rows === ROWS ? TURNS : 1;
        tell(`15 exact neighbours of ${rows} x ${COLUMNS}`, await rates(2 * rows ** 2 * COLUMNS, search, tiles, turns));
      }
      for (const dimension of DIMENSIONS) await graphModelRates(backend, dimension, tell);
    } finally {
      backend.close();
    }
  }
}

/** Of scores, and of steps under a softmax over all entities, the optimizer's part included. */
async function graphModelRates(
  backend: CpuBackend,
  d: number,
  tell: (what: string, found: { value: number; raw: number }) => void,
): Promise<void> {
  const mark = backend.mark();
  const shape = { count: ENTITIES, dimension: d, measure: 'INNER_PRODUCT', biased: false } as const;
  const table = new CpuTable(backend, shape, { queries: BATCH, scored: BATCH, group: 0, negatives: 0, dense: true });
  const random = randomNumbers(table.values.length);
  for (let i = 0; i < ENTITIES; i++) table.values.set(random.subarray(i * d, (i + 1) * d), i * table.stride);
  for (let i = 0; i < BATCH; i++) table.queries.set(random.subarray(i * d, (i + 1) * d), i * table.stride);
  table.factors.fill(1 / BATCH);
  const work = 2 * BATCH * ENTITIES * d;
  const products = [
    { m: BATCH, k: d, n: ENTITIES },
    { m: BATCH, k: ENTITIES, n: d },
    { m: ENTITIES, k: BATCH, n: d },
  ];
  const of = `${BATCH} queries, ${ENTITIES} entities, ${d} numbers`;
  tell(`scores of ${of}`, await rates(work, () => table.score(BATCH), products.slice(0, 1), TURNS));
  const starts = Int32Array.from({ length: BATCH + 1 }, (_, i) => i);
  const answers = Int32Array.from({ length: BATCH }, (_, i) => (37 * i) % ENTITIES);
  const weights = new Float32Array(BATCH).fill(1 / BATCH);
  let number = 0;
  const step = async () => {
    await table.compareAll(BATCH, { starts, answers, weights }, 'SOFTMAX', 0);
    await table.updateAll({ optimizer: 'ADAGRAD', rate: 0.01, number: ++number });
  };
  tell(`a training step of ${of}`, await rates(3 * work, step, products, TURNS));
  backend.release(mark);
}

/** The same numbers each time. */
function randomNumbers(length: number): Float32Array<ArrayBuffer> {
  const random = createRandom(1);
  return Float32Array.from({ length }, () => random.uniform() - 0.5);
}

/** These products by onnxruntime, one after another. */
async function matMul(products: readonly Product[]): Promise<() => Promise<void>> {
  const model = onnxModel({
    inputs: [
      { name: 'a', type: FLOAT, dimensions: ['m', 'k'] },
      { name: 'b', type: FLOAT, dimensions: ['k', 'n'] },
    ],
    outputs: [{ name: 'c', type: FLOAT, dimensions: ['m', 'n'] }],
    nodes: [{ operator: 'MatMul', inputs: ['a', 'b'], output: 'c' }],
  });
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const first = products[0];
  const made = products.map(({ m, k, n }, i) => {
    // Tiles that are all alike are one.
    if (i > 0 && first?.m === m && first.k === k && first.n === n) return null;
    return {
      a: new Tensor('float32', randomNumbers(m * k), [m, k]),
      b: new Tensor('float32', randomNumbers(k * n), [k, n]),
    };
  });
  return async () => {
    for (const feeds of made) {
      const given = feeds ?? made[0];
      if (given) (await session.run(given))['c']?.dispose();
    }
  };
}

/** GFLOP per second of the processor of both, in turns after one that is not counted: the medians. */
async function rates(
  flop: number,
  ours: () => Promise<unknown>,
  products: readonly Product[],
  turns: number,
): Promise<{ value: number; raw: number }> {
  const raw = await matMul(products);
  const rawFlop = products.reduce((sum, { m, k, n }) => sum + 2 * m * k * n, 0);
  // What takes milliseconds is done so often that it takes a second.
  const repeat = async (work: () => Promise<unknown>) => {
    const once = await cpuSeconds(work);
    return Math.max(1, Math.min(50, Math.round(1 / once)));
  };
  const [ownTimes, rawTimes] = turns === 1 ? [1, 1] : [await repeat(ours), await repeat(raw)];
  const values: number[] = [];
  const raws: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    values.push((flop * ownTimes) / (await cpuSeconds(ours, ownTimes)) / 1e9);
    raws.push((rawFlop * rawTimes) / (await cpuSeconds(raw, rawTimes)) / 1e9);
  }
  return { value: median(values), raw: median(raws) };
}

async function cpuSeconds(work: () => Promise<unknown>, times = 1): Promise<number> {
  const begun = process.cpuUsage();
  for (let time = 0; time < times; time++) await work();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1e6;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
