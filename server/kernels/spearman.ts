/** Spearman's rank correlation (1904): how far two lists agree in their order, -1 to 1. */

/**
 * Pearson's correlation of the ranks; equal values share the mean of theirs.
 * @returns NaN for fewer than two values, or where all of one list are equal: they have no order
 */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length)
    throw new RangeError(`There are ${x.length} values on one side and ${y.length} on the other.`);
  const [a, b] = [ranks(x), ranks(y)];
  const mean = (x.length + 1) / 2;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [p, q] = [(a[i] ?? 0) - mean, (b[i] ?? 0) - mean];
    ab += p * q;
    aa += p * p;
    bb += q * q;
  }
  return ab / Math.sqrt(aa * bb);
}

/** From 1 for the smallest; equal values have the mean of their ranks. */
function ranks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from(values, (_, i) => i).sort((i, j) => (values[i] ?? 0) - (values[j] ?? 0));
  const found = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    const value = values[order[from] ?? 0];
    let to = from + 1;
    while (to < order.length && values[order[to] ?? 0] === value) to++;
    for (let place = from; place < to; place++) found[order[place] ?? 0] = (from + 1 + to) / 2;
    from = to;
  }
  return found;
}
