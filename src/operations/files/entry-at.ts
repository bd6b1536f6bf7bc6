import type { OpenRepository } from "../../contract/context.ts";
import type { AtOnce } from "../../domain/at-once.ts";
import type { GitPath, TreeEntry } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";

/** Segments that Git has no entries for: empty ones, `.` and `..`. */
const NO_NAME = /(^|\/)(\.{0,2})(\/|$)/;

/** Can there be an entry at a path? There is none for the root. */
export const canHaveEntry = (path: GitPath): boolean => !NO_NAME.test(path);

/** The entry at a path below a tree or commit; undefined when there is none, and for the root. */
export function entryAt(
  { git, view }: Pick<OpenRepository, "git" | "view">,
  treeish: Oid,
  path: GitPath,
): AtOnce<TreeEntry | undefined> {
  return canHaveEntry(path) ? git.objects.treeEntry(view, treeish, path) : undefined;
}
