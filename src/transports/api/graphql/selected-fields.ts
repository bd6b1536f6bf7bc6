import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from "graphql";

/** Is something below the field asked for, by the names of the fields that lead to it? Fields that are left out by a directive count. */
export function isSelected({ fieldNodes, fragments }: GraphQLResolveInfo, ...path: readonly string[]): boolean {
  return fieldNodes.some(({ selectionSet }) => isIn(selectionSet, path, fragments));
}

function isIn(
  set: SelectionSetNode | undefined,
  [name, ...rest]: readonly string[],
  fragments: GraphQLResolveInfo["fragments"],
): boolean {
  if (name === undefined) return true;
  return (set?.selections ?? []).some((selection) => {
    if (selection.kind === Kind.FIELD)
      return selection.name.value === name && isIn(selection.selectionSet, rest, fragments);
    const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments[selection.name.value];
    return isIn(inner?.selectionSet, [name, ...rest], fragments);
  });
}
