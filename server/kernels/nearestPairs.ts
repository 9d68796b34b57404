/**
 * The nearest rows of every row by a library that multiplies matrices (cpu/library.ts): X X' tile by tile, and of each tile the best.
 *
 * X is symmetric in its rows: the product of block I with block J has the scores of both, so only half of the products are made. n rows in
 * N blocks play a tournament: in each round every block meets another one (the circle method), and a pair of blocks is a piece of work that
 * writes to the lists of these two alone. So the number of threads changes no bit, and neither does the order of the rounds: a list
 * is in the order of scores, equal ones in that of ids.
 *
 * The products are rounded as the library rounds them: what it gives are candidates, to be ranked by exact differences.
 */
import type { CpuBackend } from './cpu/backend.ts';
import { gemm } from './cpu/library.ts';
import type { Metric } from './distance.ts';
import type { Matrix } from './matrix.ts';

export interface PairsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Share done, 0 to 1. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** Rows of a block: 512 x 512 products of 784 columns are 4 ms, with their operands 4 MB. Narrow rows are multiplied too soon for that. */
const BLOCK_ROWS = 512;
const NARROW_BLOCK_ROWS = 1024;
const NARROW_COLUMNS = 256;

/** Below it WebAssembly has compared all before the library is loaded. */
const WORTH_WORK = 5e8;
const WORTH_COLUMNS = 24;

/** Whether a library, where there is one, finds the neighbours of so many rows sooner than WebAssembly. */
export function pairsAreWorth({ rows: n, columns: d }: Matrix): boolean {
  return d >= WORTH_COLUMNS && n * n * d >= WORTH_WORK;
}

/** The rows in the backend's memory, filled up with zeros to whole blocks. @returns their offset */
export function uploadBlocks(backend: CpuBackend, { rows: n, columns: d, data }: Matrix): number {
  const block = blockOf(d);
  const length = Math.ceil(n / block) * block * d;
  const at = backend.allocate(length * 4);
  const rows = backend.float32(at, length);
  rows.set(data);
  rows.fill(0, n * d);
  return at;
}

/**
 * @param at of `uploadBlocks`
 * @param matrix for the metric COSINE: of rows of length 1
 * @param c candidates of a row
 * @returns offset of uint32 (n, c): nearest first, by their scores; 0xffffffff where there are fewer
 */
export async function nearestPairs(
  backend: CpuBackend,
  at: number,
  matrix: Matrix,
  c: number,
  metric: Metric,
  { signal, onProgress }: PairsOptions = {},
): Promise<number> {
  const { rows: n, columns: d } = matrix;
  const block = blockOf(d);
  const blocks = Math.ceil(n / block);
  const padded = blocks * block;
  const norms = backend.allocate(padded * 4);
  const worsts = backend.allocate(padded * 4);
  const candidates = backend.allocate(padded * c * 4);
  const scores = backend.allocate(padded * c * 4);
  const products = backend.allocate(backend.threadCount * block * block * 4);
  backend.float32(norms, padded).fill(Number.POSITIVE_INFINITY).set(normsOf(matrix, metric));
  backend.float32(worsts, padded).fill(Number.POSITIVE_INFINITY).fill(Number.NEGATIVE_INFINITY, n);
  backend.uint32(candidates, padded * c).fill(0xffffffff);
  backend.float32(scores, padded * c).fill(Number.POSITIVE_INFINITY);

  const meetings = [blocks > 0 ? Array.from({ length: blocks }, (_, i) => [i, i] as const) : [], ...tournament(blocks)];
  const all = meetings.reduce((sum, round) => sum + round.length, 0);
  let done = 0;
  for (const round of meetings) {
    await backend.runCalls(
      round.length,
      (piece, thread) => {
        const [i, j] = round[piece] ?? [0, 0];
        const tile = products + thread * block * block * 4;
        return [
          gemm({
            ...{ m: block, n: block, k: d, transposeA: false, transposeB: true, accumulate: false },
            ...{ a: at + i * block * d * 4, b: at + j * block * d * 4, c: tile },
          }),
          {
            name: 'selectPairs',
            parameters: [
              ...[tile, block, block, i * block, j * block, norms, metric === 'EUCLIDEAN' ? -2 : -1],
              ...[c, scores, candidates, worsts, Number(i !== j)],
            ],
          },
        ];
      },
      { signal },
    );
    done += round.length;
    onProgress?.(done / all);
  }
  return candidates;
}

/** Score of a pair: norm - 2 <x, y> by Euclid's distance, the row's own square being the same for all; - <x, y> otherwise. */
function normsOf({ rows: n, columns: d, data }: Matrix, metric: Metric): Float32Array {
  const norms = new Float32Array(n);
  if (metric !== 'EUCLIDEAN') return norms;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let at = i * d; at < (i + 1) * d; at++) sum += (data[at] ?? 0) ** 2;
    norms[i] = sum;
  }
  return norms;
}

function blockOf(d: number): number {
  return d < NARROW_COLUMNS ? NARROW_BLOCK_ROWS : BLOCK_ROWS;
}

/** Rounds in which each of `players` meets every other once, and nobody twice in a round: one stays, the others go round in a circle. */
export function tournament(players: number): (readonly [number, number])[][] {
  const even = players + (players % 2);
  return Array.from({ length: Math.max(0, even - 1) }, (_, round) => {
    const seat = (place: number) => (place === 0 ? even - 1 : (round + place - 1) % (even - 1));
    return Array.from({ length: even / 2 }, (_, i): readonly [number, number] => {
      const [one, other] = [seat(i), seat(even - 1 - i)];
      return one < other ? [one, other] : [other, one];
    }).filter(([, other]) => other < players);
  });
}
