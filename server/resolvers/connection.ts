import type { PageInfo } from '../generated/schema.ts';

/** A page of a list with its cursors, as the connections of schema.graphql have them. */
export interface Connection<T> {
  readonly edges: { readonly cursor: string; readonly node: T }[];
  readonly nodes: T[];
  readonly pageInfo: PageInfo;
}

/** @param after the cursor that the page was asked with: where there is one, there is an entry before */
export function toConnection<T>(
  nodes: readonly T[],
  cursorOf: (node: T) => string,
  { hasNextPage, after }: { readonly hasNextPage: boolean; readonly after: string | null | undefined },
): Connection<T> {
  const edges = nodes.map((node) => ({ cursor: cursorOf(node), node }));
  return {
    edges,
    nodes: [...nodes],
    pageInfo: {
      hasNextPage,
      hasPreviousPage: typeof after === 'string',
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
