/** Whether a relation that should lead from the narrow to the wide leads back to where it began. */

/**
 * A directed circle, as the places of its edges in order; empty where there is none. Edges from a node to itself are passed over.
 * Depth-first search, n + m steps: an edge to a node that is still being gone through closes a circle (Cormen et al., 22.3).
 * @param from, to the ends of each edge, 0 to nodes - 1
 */
export function findCircle(from: ArrayLike<number>, to: ArrayLike<number>, nodes: number): number[] {
  const starts = new Int32Array(nodes + 1);
  for (let edge = 0; edge < from.length; edge++) {
    const at = (from[edge] ?? 0) + 1;
    starts[at] = (starts[at] ?? 0) + 1;
  }
  for (let node = 0; node < nodes; node++) starts[node + 1] = (starts[node + 1] ?? 0) + (starts[node] ?? 0);
  const next = starts.slice();
  const edges = new Int32Array(from.length);
  for (let edge = 0; edge < from.length; edge++) {
    const node = from[edge] ?? 0;
    const at = next[node] ?? 0;
    edges[at] = edge;
    next[node] = at + 1;
  }
  next.set(starts);

  const isDone = new Uint8Array(nodes);
  // Where on the way from the root each node stands, from 1; 0: not on it.
  const depth = new Int32Array(nodes);
  for (let root = 0; root < nodes; root++) {
    if (isDone[root] === 1) continue;
    const way: number[] = [];
    depth[root] = 1;
    for (let node = root; ; ) {
      const at = next[node] ?? 0;
      if (at < (starts[node + 1] ?? 0)) {
        next[node] = at + 1;
        const edge = edges[at] ?? 0;
        const other = to[edge] ?? 0;
        const begun = depth[other] ?? 0;
        if (other === node || isDone[other] === 1) continue;
        if (begun > 0) return [...way.slice(begun - 1), edge];
        way.push(edge);
        depth[other] = way.length + 1;
        node = other;
        continue;
      }
      isDone[node] = 1;
      depth[node] = 0;
      const back = way.pop();
      if (back === undefined) break;
      node = from[back] ?? 0;
    }
  }
  return [];
}
