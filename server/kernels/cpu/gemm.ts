/**
 * A product of matrices in the memory of the CPU backend, as BLAS calls it (Dongarra et al. 1990): what a library does faster than
 * WebAssembly, where the platform has one in its threads (`CpuBackend.gemmLibrary`). Its vectors are wider, and it multiplies and adds
 * in one step: two to five times as much a second.
 *
 * C (m, n) = op(A) op(B), A (m, k) and B (k, n); float32, row by row with nothing between the rows.
 *
 * A product is one call in one thread, and work is cut in pieces that depend on sizes alone, so that the number of threads changes no bit.
 * Between two machines, whose libraries add in another order, the last bits differ.
 */
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
