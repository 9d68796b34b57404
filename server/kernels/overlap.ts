/**
 * How alike the neighbours of each thing are in two spaces: the share that is the same in both. Zero: other company; one: the
 * same, in whatever order.
 */
import { type Neighbors, NONE } from './knn.ts';

/**
 * @param a, b neighbours of the same n things, k each
 * @returns n shares from 0 to 1
 */
export function neighborOverlap(
  a: Pick<Neighbors, 'n' | 'k' | 'ids'>,
  b: Pick<Neighbors, 'n' | 'k' | 'ids'>,
): Float32Array {
  if (a.n !== b.n || a.k !== b.k)
    throw new RangeError(`${a.n} things with ${a.k} neighbours against ${b.n} with ${b.k}`);
  const { n, k } = a;
  const shares = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const here = new Set(a.ids.subarray(i * k, (i + 1) * k));
    here.delete(NONE);
    let same = 0;
    for (let j = i * k; j < (i + 1) * k; j++) if (here.has(b.ids[j] ?? NONE)) same++;
    shares[i] = here.size === 0 ? 0 : same / here.size;
  }
  return shares;
}
