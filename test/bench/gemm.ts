/**
 * Products of matrices on the processor: the rate at which WebAssembly makes them inside exact neighbours and inside the scores of a graph
 * model, beside onnxruntime's MatMul of the same shapes. By seconds of the processor, of all threads together, so that the figures
 * are one core's and other work on the machine counts little.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { CpuTable } from '#kernels/kge/cpuTable.ts';
import { nearestNeighbors } from '#kernels/knn.ts';
import { createMatrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { cpuThreads } from '../../server/cpuThreads.ts';
import { onnxModel } from '../helpers/models.ts';
import type { Figure } from './figures.ts';

/** Rows whose neighbours are sought: of 60,000, a part that takes some seconds. */
const ROWS = 6000;
const COLUMNS = 784;
/** Queries that are multiplied at a time. */
const TILE = 512;
/** A batch of FB15k-237. */
const BATCH = 256;
const ENTITIES = 14_541;
const DIMENSION = 200;
/** Turns of ours and raw, after one that is not counted. */
const TURNS = 3;
const FLOAT = 1;

export async function gemmBench(report: (figure: Figure) => void): Promise<void> {
  const backend = await CpuBackend.create(cpuThreads());
  try {
    const matrix = createMatrix(ROWS, COLUMNS, randomNumbers(ROWS * COLUMNS));
    const knn = await rates(
      2 * ROWS * ROWS * COLUMNS,
      () => nearestNeighbors(backend, matrix, 15, 'EUCLIDEAN'),
      await matMul(TILE, COLUMNS, ROWS, Math.ceil(ROWS / TILE)),
      2 * TILE * COLUMNS * ROWS * Math.ceil(ROWS / TILE),
    );
    report({
      ...{ bench: 'gemm', engine: null, what: `15 exact neighbours of ${ROWS} x ${COLUMNS}, a core`, ...knn },
      ...{ unit: 'GFLOP/s', target: { atLeastTimesRaw: 0.5 } },
    });

    const shape = { count: ENTITIES, dimension: DIMENSION, measure: 'INNER_PRODUCT', biased: false } as const;
    const mark = backend.mark();
    const table = new CpuTable(backend, shape, { queries: BATCH, scored: BATCH, group: 0, negatives: 0, dense: false });
    table.values.set(randomNumbers(table.values.length));
    table.queries.set(randomNumbers(table.queries.length));
    const work = 2 * BATCH * ENTITIES * DIMENSION;
    const scores = await rates(work, () => table.score(BATCH), await matMul(BATCH, DIMENSION, ENTITIES, 1), work);
    backend.release(mark);
    report({
      ...{
        bench: 'gemm',
        engine: null,
        what: `scores of ${BATCH} queries, ${ENTITIES} entities, ${DIMENSION} numbers, a core`,
      },
      ...{ ...scores, unit: 'GFLOP/s', target: null },
    });
  } finally {
    backend.close();
  }
}

/** The same numbers each time. */
function randomNumbers(length: number): Float32Array<ArrayBuffer> {
  const random = createRandom(1);
  return Float32Array.from({ length }, () => random.uniform() - 0.5);
}

/** (m, k) by (k, n) by onnxruntime, so many times. */
async function matMul(m: number, k: number, n: number, times: number): Promise<() => Promise<void>> {
  const model = onnxModel({
    inputs: [
      { name: 'a', type: FLOAT, dimensions: [m, k] },
      { name: 'b', type: FLOAT, dimensions: [k, n] },
    ],
    outputs: [{ name: 'c', type: FLOAT, dimensions: [m, n] }],
    nodes: [{ operator: 'MatMul', inputs: ['a', 'b'], output: 'c' }],
  });
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const a = new Tensor('float32', randomNumbers(m * k), [m, k]);
  const b = new Tensor('float32', randomNumbers(k * n), [k, n]);
  return async () => {
    for (let time = 0; time < times; time++) (await session.run({ a, b }))['c']?.dispose();
  };
}

/** GFLOP per second of the processor of both, in turns: the medians. */
async function rates(
  flop: number,
  ours: () => Promise<unknown>,
  raw: () => Promise<unknown>,
  rawFlop: number,
): Promise<{ value: number; raw: number }> {
  const values: number[] = [];
  const raws: number[] = [];
  for (let turn = 0; turn <= TURNS; turn++) {
    const [own, other] = [flop / (await cpuSeconds(ours)) / 1e9, rawFlop / (await cpuSeconds(raw)) / 1e9];
    if (turn === 0) continue;
    values.push(own);
    raws.push(other);
  }
  return { value: median(values), raw: median(raws) };
}

async function cpuSeconds(work: () => Promise<unknown>): Promise<number> {
  const begun = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1e6;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
