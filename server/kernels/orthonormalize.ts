/** Gram and Schmidt, twice, which is enough (Giraud et al. 2005). A row that depends on those before it becomes 0. */
export function orthonormalize(vectors: Float64Array, rows: number, d: number): Float64Array {
  for (let i = 0; i < rows; i++) {
    const x = vectors.subarray(i * d, (i + 1) * d);
    const before = length(x);
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const y = vectors.subarray(j * d, (j + 1) * d);
        let dot = 0;
        for (let k = 0; k < d; k++) dot += (x[k] ?? 0) * (y[k] ?? 0);
        for (let k = 0; k < d; k++) x[k] = (x[k] ?? 0) - dot * (y[k] ?? 0);
      }
    }
    const after = length(x);
    const scale = after > before * 1e-12 ? 1 / after : 0;
    for (let k = 0; k < d; k++) x[k] = (x[k] ?? 0) * scale;
  }
  return vectors;
}

function length(x: Float64Array): number {
  let squares = 0;
  for (const value of x) squares += value * value;
  return Math.sqrt(squares);
}
