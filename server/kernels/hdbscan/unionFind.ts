/** Disjoint sets of 0 … n-1, joined by size with paths halved (Tarjan and van Leeuwen 1984): next to constant time each. */
export interface UnionFind {
  readonly parents: Uint32Array;
  readonly sizes: Uint32Array;
}

/** Every element by itself. */
export function createUnionFind(n: number): UnionFind {
  return { parents: Uint32Array.from({ length: n }, (_, i) => i), sizes: new Uint32Array(n).fill(1) };
}

/** The element that stands for the set of `element`. */
export function find({ parents }: UnionFind, element: number): number {
  let at = element;
  for (;;) {
    const parent = parents[at] ?? 0;
    if (parent === at) return at;
    const above = parents[parent] ?? 0;
    parents[at] = above;
    at = above;
  }
}

/** Joins the sets of both. @returns false when they were one already */
export function union(sets: UnionFind, a: number, b: number): boolean {
  const first = find(sets, a);
  const second = find(sets, b);
  if (first === second) return false;
  const { parents, sizes } = sets;
  const [large, small] = (sizes[first] ?? 0) >= (sizes[second] ?? 0) ? [first, second] : [second, first];
  parents[small] = large;
  sizes[large] = (sizes[large] ?? 0) + (sizes[small] ?? 0);
  return true;
}
