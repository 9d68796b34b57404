/**
 * The distribution of negatives, unigrams to the power of 3/4 (Mikolov, Sutskever, Chen, Corrado and Dean 2013, section 2.2), to be
 * drawn from in constant time by Walker's alias method (Walker 1977; Vose 1991).
 *
 * Words are dealt into B blocks, word w into block w mod B, and each block has a table of its own.
 */
import { hash } from '../hash.ts';

const POWER = 0.75;

/** Of the words of one block: column c stands for word c B + block. */
export interface NegativesTable {
  /** Columns. */
  readonly size: number;
  /** A draw up to this stays with the column's own word. */
  readonly limits: Uint32Array;
  /** The column whose word it is otherwise. */
  readonly aliases: Uint32Array;
}

export function negativesTable(counts: Float64Array, blocks: number, block: number): NegativesTable {
  const weights: number[] = [];
  for (let w = block; w < counts.length; w += blocks) weights.push((counts[w] ?? 0) ** POWER);
  const size = weights.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const shares = weights.map((weight) => (weight / total) * size);
  const limits = new Uint32Array(size).fill(0xffffffff);
  const aliases = Uint32Array.from({ length: size }, (_, c) => c);
  const small = [...shares.keys()].filter((c) => (shares[c] ?? 0) < 1);
  const large = [...shares.keys()].filter((c) => (shares[c] ?? 0) >= 1);
  for (;;) {
    const less = small.pop();
    const more = large.pop();
    if (less === undefined || more === undefined) break; // what is left has a share of 1, but for rounding
    const share = shares[less] ?? 0;
    limits[less] = Math.min(0xffffffff, Math.round(share * 2 ** 32));
    aliases[less] = more;
    shares[more] = (shares[more] ?? 0) + share - 1;
    if ((shares[more] ?? 0) < 1) small.push(more);
    else large.push(more);
  }
  return { size, limits, aliases };
}

/** The k-th word that is drawn with `key`, and its place among the words of the block. */
export function drawNegative({ size, limits, aliases }: NegativesTable, key: number, k: number): number {
  const column = hash((key + 2 * k) >>> 0) % size;
  return hash((key + 2 * k + 1) >>> 0) <= (limits[column] ?? 0) ? column : (aliases[column] ?? 0);
}
