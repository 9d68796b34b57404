/**
 * Many vectors become one: those of the tokens of a text, or those of the places of a picture.
 *
 * n texts or pictures, s tokens, c channels, h x w places, d numbers per vector.
 */
import type { TextPooling } from './describeModel.ts';

export const layerPoolings = ['AVERAGE', 'MAX', 'FLATTEN'] as const;
export type LayerPooling = (typeof layerPoolings)[number];

/**
 * @param states (n, s, d)
 * @param mask (n, s): 1 for a token, 0 for filling
 * @returns (n, d); zeros for a text without tokens
 */
export function poolTokens(
  states: Float32Array,
  mask: Uint8Array,
  n: number,
  pooling: Exclude<TextPooling, 'NONE'>,
): Float32Array {
  const s = mask.length / n;
  const d = states.length / mask.length;
  const pooled = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    const row = pooled.subarray(i * d, (i + 1) * d);
    const tokens = Array.from({ length: s }, (_, t) => t).filter((t) => mask[i * s + t] === 1);
    const state = (t: number) => states.subarray((i * s + t) * d, (i * s + t + 1) * d);
    const first = tokens[0];
    const last = tokens.at(-1);
    if (first === undefined || last === undefined) continue;
    if (pooling === 'CLS') row.set(state(first));
    else if (pooling === 'LAST') row.set(state(last));
    else {
      if (pooling === 'MAX') row.fill(Number.NEGATIVE_INFINITY);
      for (const t of tokens) {
        const values = state(t);
        for (let c = 0; c < d; c++) {
          const value = values[c] ?? 0;
          row[c] = pooling === 'MAX' ? Math.max(row[c] ?? 0, value) : (row[c] ?? 0) + value / tokens.length;
        }
      }
    }
  }
  return pooled;
}

/**
 * The activations of a layer as one vector per picture.
 * @param dimensions (n, c, h, w): pooled over places; (n, s, c), as transformers have it: pooled over s, whose first stands
 *   for the whole where no pooling is asked for; (n, d): as it is
 * @throws RangeError for another number of dimensions
 */
export function poolLayer(
  values: Float32Array,
  dimensions: readonly number[],
  pooling: LayerPooling | null,
): { vectors: Float32Array; dimension: number } {
  const [n = 1, second = 1, third = 1] = dimensions;
  const size = n === 0 ? 0 : values.length / n;
  const rank = dimensions.length;
  if (rank < 2) throw new RangeError(`a tensor of ${rank} dimensions has no vector for each picture`);
  const places = rank === 3 ? second : size / second;
  const channels = rank === 3 ? third : second;
  if (pooling === 'FLATTEN' || rank === 2 || places === 1)
    return { vectors: Float32Array.from(values), dimension: size };
  // Where the channels of a place lie, and how far apart.
  const step = rank === 3 ? channels : 1;
  const channelStep = rank === 3 ? 1 : places;
  const vectors = new Float32Array(n * channels);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < channels; c++) {
      const from = i * size + c * channelStep;
      if (pooling === null && rank === 3) {
        vectors[i * channels + c] = values[from] ?? 0;
        continue;
      }
      let sum = 0;
      let most = Number.NEGATIVE_INFINITY;
      for (let p = 0, at = from; p < places; p++, at += step) {
        const value = values[at] ?? 0;
        sum += value;
        if (value > most) most = value;
      }
      vectors[i * channels + c] = pooling === 'MAX' ? most : sum / places;
    }
  }
  return { vectors, dimension: channels };
}

/** Brings each row to length 1, in place; a row of zeros stays. @param d numbers per row */
export function normalizeRows(rows: Float32Array, d: number): Float32Array {
  for (let at = 0; at < rows.length; at += d) {
    let sum = 0;
    for (let c = 0; c < d; c++) sum += (rows[at + c] ?? 0) ** 2;
    const length = Math.sqrt(sum);
    if (length === 0) continue;
    for (let c = 0; c < d; c++) rows[at + c] = (rows[at + c] ?? 0) / length;
  }
  return rows;
}
