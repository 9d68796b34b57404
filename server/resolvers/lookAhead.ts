/** What a question asks for further down, so that it can be read along with what comes before. */
import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

/**
 * The values of a text argument of the fields of that name right below the one that is resolved, through fragments; of those left out
 * by a directive, too: it is a hint, not the answer.
 */
export function argumentsBelow(info: GraphQLResolveInfo, field: string, argument: string): string[] {
  const values = new Set<string>();
  const visited = new Set<string>();
  const visit = (set: SelectionSetNode | undefined): void => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.INLINE_FRAGMENT) visit(selection.selectionSet);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) {
        if (visited.has(selection.name.value)) continue;
        visited.add(selection.name.value);
        visit(info.fragments[selection.name.value]?.selectionSet);
      } else if (selection.name.value === field) {
        const given = selection.arguments?.find(({ name }) => name.value === argument)?.value;
        if (given?.kind === Kind.STRING) values.add(given.value);
        if (given?.kind !== Kind.VARIABLE) continue;
        const value = info.variableValues[given.name.value];
        if (typeof value === 'string') values.add(value);
      }
    }
  };
  for (const { selectionSet } of info.fieldNodes) visit(selectionSet);
  return [...values];
}
