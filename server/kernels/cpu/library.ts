/**
 * What a library does with matrices in the memory of the CPU backend, faster than WebAssembly, where the platform has one in its threads
 * (`CpuBackend.gemmLibrary`): its vectors are wider, and it multiplies and adds in one step. Two to five times as much a second.
 *
 * Matrices are float32, row by row with nothing between the rows.
 *
 * A call is done by one thread, and work is cut in pieces that depend on sizes alone, so that the number of threads changes no bit.
 * Between two machines, whose libraries add in another order, the last bits differ.
 */
export interface LibraryCall {
  readonly graph: LibraryGraph;
  readonly inputs: { readonly [name: string]: Operand };
  /** Written when all inputs have been read: an output may lie where an input does. */
  readonly outputs: { readonly [name: string]: Operand };
}

/** A matrix: the byte offset of its first number, and its shape. */
export interface Operand {
  readonly at: number;
  readonly rows: number;
  readonly columns: number;
}

/** What is computed; each letter of a gemm is N, or T for a factor that lies transposed. */
export const libraryGraphs = [
  ...['gemm NN', 'gemm NT', 'gemm TN', 'gemm TT', 'gemm NN + C', 'gemm NT + C', 'gemm TN + C', 'gemm TT + C'],
  ...['softmax sums', 'softmax gradients'],
] as const;
export type LibraryGraph = `gemm ${'N' | 'T'}${'N' | 'T'}${'' | ' + C'}` | 'softmax sums' | 'softmax gradients';

/** As BLAS has it (Dongarra et al. 1990): C (m, n) = op(A) op(B), A (m, k) and B (k, n). */
export interface Gemm {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Byte offsets. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** Whether A lies as (k, m), B as (n, k). */
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** Whether the product is added to what is in C. */
  readonly accumulate: boolean;
}

export function gemm({ m, n, k, a, b, c, transposeA, transposeB, accumulate }: Gemm): LibraryCall {
  const product = { at: c, rows: m, columns: n };
  return {
    graph: `gemm ${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}${accumulate ? ' + C' : ''}`,
    inputs: {
      a: transposeA ? { at: a, rows: k, columns: m } : { at: a, rows: m, columns: k },
      b: transposeB ? { at: b, rows: n, columns: k } : { at: b, rows: k, columns: n },
      ...(accumulate ? { d: product } : {}),
    },
    outputs: { c: product },
  };
}

/** The definition, on arrays that the offsets, in floats, are of. Sums in float64. */
export function gemmPlain(memory: Float32Array, product: Gemm): void {
  const { m, n, k, a, b, c, transposeA, transposeB, accumulate } = product;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const at = c + i * n + j;
      let sum = accumulate ? (memory[at] ?? 0) : 0;
      for (let p = 0; p < k; p++) {
        const left = memory[a + (transposeA ? p * m + i : i * k + p)] ?? 0;
        sum += left * (memory[b + (transposeB ? j * k + p : p * n + j)] ?? 0);
      }
      memory[at] = sum;
    }
  }
}

/**
 * A block of the candidates V (c, d) of a softmax for each of the queries Q (b, d): the scores S = Q V' are made, used and forgotten. They are
 * made once more on the way back: to keep them costs more than that, as they do not fit into the cache (Dao et al., "FlashAttention", 2022, 3.1).
 */
export interface SoftmaxBlock {
  readonly b: number;
  readonly c: number;
  readonly d: number;
  /** Byte offsets of Q and V. */
  readonly queries: number;
  readonly candidates: number;
}

/**
 * Below this exponent a share counts as much as here, which is nothing: smaller ones would become denormal in the products with what
 * they weigh, and these are thirty times as slow.
 */
export const LEAST_EXPONENT = -60;

/** most (b, 1), max_j S_ij, and sums (b, 1), sum_j exp(S_ij - most_i). Byte offsets. */
export function softmaxSums({ b, c, d, queries, candidates }: SoftmaxBlock, most: number, sums: number): LibraryCall {
  return {
    graph: 'softmax sums',
    inputs: { q: { at: queries, rows: b, columns: d }, v: { at: candidates, rows: c, columns: d } },
    outputs: { most: { at: most, rows: b, columns: 1 }, sums: { at: sums, rows: b, columns: 1 } },
  };
}

/**
 * With W = exp(S_ij - level_i), levels (b, 1): what W V (b, d) adds to `byQueries`, and W' Q (c, d) to `byCandidates`. A level of
 * ln sum exp(S_i) - ln factor_i gives the gradients of factor_i ln sum exp(S_i). Byte offsets.
 */
export function softmaxGradients(
  { b, c, d, queries, candidates }: SoftmaxBlock,
  levels: number,
  byQueries: number,
  byCandidates: number,
): LibraryCall {
  const [dq, dv] = [
    { at: byQueries, rows: b, columns: d },
    { at: byCandidates, rows: c, columns: d },
  ];
  return {
    graph: 'softmax gradients',
    inputs: {
      ...{ q: { at: queries, rows: b, columns: d }, v: { at: candidates, rows: c, columns: d } },
      ...{ levels: { at: levels, rows: b, columns: 1 }, dq, dv },
    },
    outputs: { byQueries: dq, byCandidates: dv },
  };
}
