import type { OpenRepository } from "../../contract/context.ts";
import type { GitPath, TreeEntry } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import { soleSubtree } from "../../domain/sole-subtree.ts";

/** Trees that are followed down at most; a chain of folders with one folder each can be long. */
const STEPS_MAX = 9;

/**
 * For each entry the deepest folder down to which there is nothing but one folder in each; the path itself for what is no
 * tree. All chains are followed one step at a time.
 */
export async function flatPaths(
  { git, view, objectFormat }: OpenRepository,
  entries: readonly TreeEntry[],
): Promise<GitPath[]> {
  const paths = entries.map(({ path }) => path);
  let open: { readonly index: number; readonly oid: Oid }[] = [];
  for (const [index, { type, oid }] of entries.entries()) if (type === "tree") open.push({ index, oid });
  for (let step = 0; step < STEPS_MAX && open.length > 0; step++) {
    const trees = await git.objects.readMany(
      view,
      open.map(({ oid }) => oid),
    );
    const deeper: typeof open = [];
    for (const [at, { index }] of open.entries()) {
      const tree = trees[at];
      const sole = tree?.type === "tree" ? soleSubtree(tree.content, objectFormat) : undefined;
      if (sole === undefined) continue;
      paths[index] += `/${sole.name}`;
      deeper.push({ index, oid: sole.oid });
    }
    open = deeper;
  }
  return paths;
}
