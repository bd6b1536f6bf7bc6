import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import { strictPath } from "../files/strict-path.ts";

/** Linux' NAME_MAX. */
const NAME_BYTES_MAX = 255;
/** Of Linux' PATH_MAX (4096) the place of the worktree needs some. */
const PATH_BYTES_MAX = 3072;

/** Checks a path that a caller names in a worktree: as in a tree, and no longer than a file system takes. Throws `invalid_path`. */
export function worktreePath(path: GitPath): GitPath {
  const clean = strictPath(path);
  if (clean.length > PATH_BYTES_MAX || clean.split("/").some((name) => name.length > NAME_BYTES_MAX))
    throw new OperationError("invalid_path", { path, problem: "too_long" });
  return clean;
}
