import type { GitPath } from "../../domain/git-object.ts";

/** Can a tree that git accepts hold this path? Others mean something else in `TREE:PATH`. */
export function canBePath(path: GitPath): boolean {
  return !path.includes("\0") && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}
