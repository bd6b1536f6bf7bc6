import type { OpenRepository } from "../../contract/context.ts";
import type { GitPath, TreeEntry } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";

/** Segments that Git has no entries for: empty ones, `.` and `..`. */
const NO_NAME = /(^|\/)(\.{0,2})(\/|$)/;

/** The entry at a path below a tree or commit; undefined when there is none, and for the root. */
export function entryAt(
  { git, view }: Pick<OpenRepository, "git" | "view">,
  treeish: Oid,
  path: GitPath,
): Promise<TreeEntry | undefined> {
  return NO_NAME.test(path) ? Promise.resolve(undefined) : git.objects.treeEntry(view, treeish, path);
}
