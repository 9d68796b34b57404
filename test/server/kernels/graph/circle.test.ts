import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { findCircle } from '#kernels/graph/circle.ts';
import fc from '../../../helpers/laws.ts';

type Edge = readonly [from: number, to: number];

const find = (edges: readonly Edge[], nodes: number) =>
  findCircle(
    edges.map(([from]) => from),
    edges.map(([, to]) => to),
    nodes,
  );

/** Whether what is left when leaves are taken away again and again is nothing (Kahn 1962). */
function isWithoutCircle(edges: readonly Edge[], nodes: number): boolean {
  let left = edges.filter(([from, to]) => from !== to);
  for (let round = 0; round < nodes; round++) {
    const leads = new Set(left.map(([from]) => from));
    left = left.filter(([, to]) => leads.has(to));
  }
  return left.length === 0;
}

describe('a circle in a relation', () => {
  test('is found where there is one, and its edges lead round', () => {
    const graph = fc.integer({ min: 1, max: 12 }).chain((nodes) => {
      const node = fc.integer({ min: 0, max: nodes - 1 });
      return fc.record({ nodes: fc.constant(nodes), edges: fc.array(fc.tuple(node, node), { maxLength: 20 }) });
    });
    fc.assert(
      fc.property(graph, ({ nodes, edges }) => {
        const circle = find(edges, nodes);
        assert.equal(circle.length === 0, isWithoutCircle(edges, nodes));
        circle.forEach((edge, i) => {
          const after = circle[(i + 1) % circle.length] ?? 0;
          assert.equal(edges[edge]?.[1], edges[after]?.[0]);
          assert.notEqual(edges[edge]?.[0], edges[edge]?.[1]);
        });
        assert.equal(new Set(circle).size, circle.length);
      }),
      { numRuns: 500 },
    );
  });

  test('is looked for through a chain of a hundred thousand without running out of stack', () => {
    const chain = Array.from({ length: 100_000 }, (_, i): Edge => [i, i + 1]);
    assert.deepEqual(find(chain, 100_001), []);
    assert.equal(find([...chain, [100_000, 99_998]], 100_001).length, 3);
  });
});
