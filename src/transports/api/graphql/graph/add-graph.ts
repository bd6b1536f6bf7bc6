import type { NounType } from "../output-types.ts";
import type { TypeNames } from "../type-names.ts";
import { commitType, repositoryOf } from "./commit-type.ts";
import { fileType } from "./file-type.ts";
import type { GraphParts } from "./graph-parts.ts";
import { repositoryType } from "./repository-type.ts";
import { treeType } from "./tree-type.ts";

/** The nouns of operations that have edges in the graph. */
export function graphNouns(parts: GraphParts, names: TypeNames): ReadonlyMap<string, NounType> {
  const tree = treeType(parts, names);
  return new Map([
    ["Commit", commitType(parts, tree)],
    ["File", fileType(parts, tree, names)],
    ["Repository", repositoryType(parts, names)],
  ]);
}

/** Adds where the graph begins, besides `node` and `nodes`. */
export function addGraphFields(parts: GraphParts): void {
  parts.builder.queryField("repository", (t) =>
    t.field({
      description: "A repository, and what is in it",
      type: parts.noun("Repository"),
      args: { fullName: t.arg.id({ required: true, description: "Full name, such as alice/myrepo" }) },
      complexity: 10,
      resolve: (_root, { fullName }, context) => repositoryOf(fullName, context),
    }),
  );
}
